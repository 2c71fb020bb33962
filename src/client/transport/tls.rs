//! The settings of TLS, and whether this build has any.

use alloc::string::String;
use alloc::vec::Vec;

/// What the builder collected: PEM files, not looked into yet.
#[derive(Clone, Default)]
pub(crate) struct TlsSettings {
    /// Trust these and no others.
    pub(crate) ca: Option<PemFile>,
    /// Certificate chain and private key.
    pub(crate) client: Option<(PemFile, PemFile)>,
    pub(crate) no_verification: bool,
}

/// A file as it was read, and what it is for: "the CA file /etc/ca.pem".
#[derive(Clone)]
#[cfg_attr(
    not(any(feature = "rustls", feature = "native-tls")),
    expect(dead_code, reason = "such settings are refused")
)]
pub(crate) struct PemFile {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl core::fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TlsSettings")
            .field("ca", &self.ca.is_some())
            .field("client_certificate", &self.client.is_some())
            .field("no_verification", &self.no_verification)
            .finish()
    }
}

/// A reason not to use this build for `https`.
pub(crate) fn missing() -> Option<String> {
    if cfg!(any(feature = "rustls", feature = "native-tls")) {
        None
    } else {
        Some(String::from(
            "the URL is https, but this build has no TLS; enable rustls or native-tls",
        ))
    }
}
