//! What the unit tests of several modules share. Only in test builds.

#[cfg(feature = "spool")]
pub(crate) use temp_dir::TempDir;

/// The random generator of the unit tests, from a fixed seed.
pub(crate) fn rng() -> fastrand::Rng {
    fastrand::Rng::with_seed(0x9E37_79B9_7F4A_7C15)
}

/// Returns the error that a write ends with when this is the response, which names no line.
#[cfg(feature = "client")]
pub(crate) fn write_error(
    status: u16,
    headers: &[(&'static str, &str)],
    body: &[u8],
) -> crate::Error {
    write_error_of(b"", status, headers, body)
}

/// Returns the error that a write of these lines ends with when this is the response.
#[cfg(feature = "client")]
pub(crate) fn write_error_of(
    lines: &[u8],
    status: u16,
    headers: &[(&'static str, &str)],
    body: &[u8],
) -> crate::Error {
    use crate::client::response_error::{Asked, Kind, refused};
    use crate::client::secret::Secrets;
    use crate::client::transport::Headers;
    use crate::client::url::BaseUrl;

    let parts = (status, &Headers::of(headers), body);
    let what = "write to bucket \"sensors\"";
    let base = BaseUrl::parse("http://localhost:8086").unwrap();
    let secrets = Secrets::none();
    let asked = Asked {
        base: &base,
        proxy: None,
        credentials: crate::error::CredentialKind::Token,
        has_org: true,
    };
    refused(&what, &asked, parts, None, &secrets, Kind::Write(lines)).into()
}

#[cfg(feature = "spool")]
mod temp_dir {
    use core::sync::atomic::{AtomicU64, Ordering};
    use std::format;
    use std::path::{Path, PathBuf};

    /// A directory that is removed when the value is dropped.
    #[derive(Debug)]
    pub(crate) struct TempDir(PathBuf);

    impl TempDir {
        pub(crate) fn new(name: &str) -> Self {
            static COUNT: AtomicU64 = AtomicU64::new(0);
            let n = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("influx-edge-unit-{name}-{}-{n}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir_all(&path).unwrap();
            TempDir(path)
        }

        pub(crate) fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for TempDir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
