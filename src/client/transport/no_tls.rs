//! `TlsConnector` in a build without TLS.

use super::tls::TlsSettings;
use crate::error::Error;

impl TlsSettings {
    pub(super) fn connector(&self, _: bool) -> Result<TlsConnector, Error> {
        if self.ca.is_some() || self.client.is_some() || self.no_verification {
            return Err(Error::config(
                "TLS settings are given, but this build has no TLS; enable rustls or native-tls",
            ));
        }
        Ok(TlsConnector)
    }
}

/// Not a part of the chain.
#[derive(Clone)]
pub(super) struct TlsConnector;
