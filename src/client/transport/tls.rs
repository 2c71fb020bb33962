//! The settings of TLS.

use alloc::string::String;
use alloc::vec::Vec;

/// The PEM files from the builder, not parsed yet.
#[derive(Clone, Default)]
pub(crate) struct TlsSettings {
    /// The only trusted certificates.
    pub(crate) ca: Option<PemFile>,
    /// Certificate chain and private key.
    pub(crate) client: Option<(PemFile, PemFile)>,
    pub(crate) no_verification: bool,
}

/// The content of a file, and its name in errors: "the CA file /etc/ca.pem".
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

/// Returns the reason why this build can't use `https`, if there is one.
pub(crate) fn missing() -> Option<String> {
    if cfg!(any(feature = "rustls", feature = "native-tls")) {
        None
    } else {
        Some(String::from(
            "the URL is https, but this build has no TLS; enable rustls or native-tls",
        ))
    }
}
