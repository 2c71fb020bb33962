//! Checks of default tags, headers and TLS files. They are reached by function pointers that the builder's
//! methods set, so that a program without such settings isn't linked with them.

use super::secret::Secret;
use super::setting_text::label;
use super::transport::{HeaderList, PemFile, TlsSettings};
use crate::error::Error;
use crate::line::OwnedDefaultTags;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::path::{Path, PathBuf};

/// The TLS settings, with the paths of files.
#[derive(Clone, Default)]
pub(super) struct TlsFiles {
    pub(super) ca: Option<PathBuf>,
    /// The certificate chain and the key.
    pub(super) client: Option<(PathBuf, PathBuf)>,
    pub(super) no_verification: bool,
}

/// Checks the program's headers for the server or a proxy.
pub(super) fn check_headers(given: &[(String, Secret)]) -> Result<HeaderList, String> {
    let mut headers = HeaderList::default();
    for (name, value) in given {
        headers.add(name, value.reveal())?;
    }
    Ok(headers)
}

/// Checks the default tags, after reading those from the environment.
pub(super) fn check_tags(given: &[(String, String)]) -> Result<OwnedDefaultTags, Error> {
    let mut tags = OwnedDefaultTags::new();
    for (key, value) in given {
        tags = tags.tag(key, placeholder(value).as_deref()).map_err(|e| {
            let key = label(key);
            Error::config(format!("the default tag {key} can't be used: {e}"))
        })?;
    }
    Ok(tags)
}

/// Reads the files that the TLS settings name.
pub(super) fn read_files(
    given: &TlsFiles,
    warnings: &mut Vec<String>,
) -> Result<TlsSettings, Error> {
    let mut tls = TlsSettings {
        no_verification: given.no_verification,
        ..TlsSettings::default()
    };
    if let Some(path) = &given.ca {
        tls.ca = Some(read(path, "the CA file")?);
    }
    let Some((chain, key)) = &given.client else {
        return Ok(tls);
    };
    tls.client = Some((
        read(chain, "the client certificate")?,
        read(key, "the client key")?,
    ));
    if let Some(mode) = others_may_read(key) {
        let key = key.display();
        warnings.push(format!(
            "others may read the client key {key} (mode {mode:o}); chmod 600"
        ));
    }
    Ok(tls)
}

fn read(path: &Path, what: &str) -> Result<PemFile, Error> {
    let name = format!("{what} {}", path.display());
    match std::fs::read(path) {
        Ok(bytes) => Ok(PemFile { name, bytes }),
        Err(e) => Err(Error::config(format!("{name} can't be read: {e}"))),
    }
}

/// The mode of a file that its group or other users may read.
#[cfg(unix)]
pub(super) fn others_may_read(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o044 != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(super) fn others_may_read(_: &Path) -> Option<u32> {
    None
}

/// The value of a default tag: the text itself, or for `${env.NAME}` that variable, which may be unset.
pub(super) fn placeholder(text: &str) -> Option<String> {
    match text
        .strip_prefix("${env.")
        .and_then(|t| t.strip_suffix('}'))
    {
        Some(name) => std::env::var(name).ok().filter(|value| !value.is_empty()),
        None => Some(text.to_owned()),
    }
}
