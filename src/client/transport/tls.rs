//! TLS: trusted roots and client certificates. Everything that would fail, or panic, at the first
//! connection is checked here, when the client is built.

use crate::client::secret::Secret;
use crate::error::Error;
use alloc::string::String;
use alloc::vec::Vec;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

/// What the builder collected, as PEM.
#[derive(Clone, Default)]
pub(crate) struct TlsSettings {
    /// Trust these and no others. The Mozilla roots when absent.
    pub(crate) ca_pem: Option<Vec<u8>>,
    /// Certificate chain and private key.
    pub(crate) client_pem: Option<(Vec<u8>, Secret)>,
    pub(crate) no_verification: bool,
}

impl TlsSettings {
    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    pub(super) fn apply(
        &self,
        builder: ConfigBuilder<AgentScope>,
    ) -> Result<ConfigBuilder<AgentScope>, Error> {
        if self.ca_pem.is_some() || self.client_pem.is_some() || self.no_verification {
            return Err(Error::config(
                "TLS settings are given, but this build has no TLS; enable the feature rustls or native-tls",
            ));
        }
        Ok(builder)
    }

    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub(super) fn apply(
        &self,
        builder: ConfigBuilder<AgentScope>,
    ) -> Result<ConfigBuilder<AgentScope>, Error> {
        use ureq::tls::{ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, TlsProvider};

        let provider = if cfg!(feature = "rustls") {
            TlsProvider::Rustls
        } else {
            TlsProvider::NativeTls
        };
        let mut tls = TlsConfig::builder()
            .provider(provider)
            .disable_verification(self.no_verification);
        let certificates = |pem: &[u8], what: &str| {
            let mut found = Vec::new();
            for item in ureq::tls::parse_pem(pem) {
                match item {
                    Ok(PemItem::Certificate(c)) => found.push(c),
                    Ok(_) => {}
                    Err(_) => return Err(Error::config(alloc::format!("{what} isn't valid PEM"))),
                }
            }
            if found.is_empty() {
                return Err(Error::config(alloc::format!(
                    "{what} holds no PEM certificate"
                )));
            }
            Ok(found)
        };
        if let Some(pem) = &self.ca_pem {
            let roots = certificates(pem, "the CA file")?;
            check_roots(roots.iter().map(|c| c.der()))?;
            tls = tls.root_certs(RootCerts::new_with_certs(&roots));
        }
        if let Some((chain, key)) = &self.client_pem {
            let chain = certificates(chain, "the client certificate")?;
            if has_password(key.reveal()) {
                return Err(Error::config(
                    "the client key is protected by a password, and such keys aren't read; decrypt it once: (umask 077; openssl pkey -in client.key -out client-plain.key)",
                ));
            }
            let key = PrivateKey::from_pem(key.reveal().as_bytes())
                .map_err(|_| Error::config("the client key holds no PEM private key"))?;
            check_pair(chain.iter().map(|c| c.der()), &key)?;
            tls = tls.client_cert(Some(ClientCert::new_with_certs(&chain, key)));
        }
        Ok(builder.tls_config(tls.build()))
    }
}

/// Whether a PEM key is encrypted: as PKCS #8, or in OpenSSL's older way. Decrypting would need
/// PBES2 with its hashes, ciphers and ASN.1, which ring doesn't have and others have in twenty
/// crates.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn has_password(pem: &str) -> bool {
    pem.lines().map(str::trim).any(|line| {
        line == "-----BEGIN ENCRYPTED PRIVATE KEY-----" || line == "Proc-Type: 4,ENCRYPTED"
    })
}

/// Certificates that can't be read would be left out in silence, and nothing be trusted.
#[cfg(feature = "rustls")]
fn check_roots<'a>(roots: impl Iterator<Item = &'a [u8]>) -> Result<(), Error> {
    let mut store = rustls::RootCertStore::empty();
    for der in roots {
        store.add(der.to_vec().into()).map_err(|e| {
            Error::config(alloc::format!(
                "a certificate of the CA file can't be used: {e}"
            ))
        })?;
    }
    Ok(())
}

/// A key that doesn't belong to its certificate makes the HTTP library panic.
#[cfg(feature = "rustls")]
fn check_pair<'a>(
    chain: impl Iterator<Item = &'a [u8]>,
    key: &ureq::tls::PrivateKey<'static>,
) -> Result<(), Error> {
    use alloc::sync::Arc;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let unusable = |e: &dyn core::fmt::Display| {
        Error::config(alloc::format!(
            "the client certificate and its key can't be used: {e}"
        ))
    };
    let key = PrivateKeyDer::try_from(key.der().to_vec()).map_err(|e| unusable(&e))?;
    let chain = chain
        .map(|der| CertificateDer::from(der.to_vec()))
        .collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .map_err(|e| unusable(&e))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_client_auth_cert(chain, key)
        .map_err(|e| unusable(&e))?;
    Ok(())
}

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
fn check_roots<'a>(_: impl Iterator<Item = &'a [u8]>) -> Result<(), Error> {
    Ok(())
}

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
fn check_pair<'a>(
    _: impl Iterator<Item = &'a [u8]>,
    _: &ureq::tls::PrivateKey<'static>,
) -> Result<(), Error> {
    Ok(())
}

impl core::fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TlsSettings")
            .field("ca", &self.ca_pem.is_some())
            .field("client_certificate", &self.client_pem.is_some())
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
            "the URL is https, but this build has no TLS; enable the feature rustls or native-tls",
        ))
    }
}
