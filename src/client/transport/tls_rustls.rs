//! TLS by rustls.

use super::certificate::Certificate;
use super::detail::Detail;
use super::pem::KeyForm;
use super::tls_cause::{Cause, explain};
use super::tls_library::{
    AboutClient, Identity, Trust, Unusable, broken, ended, failed, from_alert, no_tls,
};
use crate::error::TransportErrorKind;
use alloc::borrow::ToOwned as _;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct,
    InvalidMessage, OtherError, RootCertStore, SignatureScheme,
};
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use ureq::Error;
use ureq::unversioned::transport::TransportAdapter;

/// The settings of all connections.
#[derive(Clone)]
pub(super) struct Library {
    config: Arc<ClientConfig>,
    has_identity: bool,
    /// The trusted roots are Mozilla's.
    bundled_roots: bool,
}

impl Library {
    pub(super) fn new(trust: Trust, identity: Option<Identity>) -> Result<Self, Unusable> {
        let library = |e: &dyn fmt::Display| Unusable::Library(e.to_string());
        let provider = CryptoProvider::get_default()
            .cloned()
            .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .map_err(|e| library(&e))?;
        let bundled_roots = matches!(trust, Trust::Default);
        let mut own = Vec::new();
        let roots = match trust {
            Trust::Default => Some(RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            }),
            Trust::Only(given) => {
                let mut roots = RootCertStore::empty();
                for der in given {
                    own.push(CertificateDer::from(der.clone()));
                    // Invalid ones must not be skipped without an error: nothing would be trusted.
                    roots
                        .add(der.into())
                        .map_err(|e| Unusable::Ca(e.to_string()))?;
                }
                Some(roots)
            }
            Trust::All => None,
        };
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier {
                roots,
                own,
                algorithms: provider.signature_verification_algorithms,
            }));
        let has_identity = identity.is_some();
        let config = match identity {
            Some(Identity { chain, key }) => {
                let chain: Vec<_> = chain.into_iter().map(CertificateDer::from).collect();
                // rustls parses only the first.
                for certificate in &chain {
                    ParsedCertificate::try_from(certificate)
                        .map_err(|e| Unusable::Client(e.to_string()))?;
                }
                let key = match key.form {
                    KeyForm::Pkcs8 => PrivateKeyDer::Pkcs8(key.der.into()),
                    KeyForm::Pkcs1 => PrivateKeyDer::Pkcs1(key.der.into()),
                    KeyForm::Sec1 => PrivateKeyDer::Sec1(key.der.into()),
                };
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|e| Unusable::Client(e.to_string()))?
            }
            None => builder.with_no_client_auth(),
        };
        Ok(Library {
            config: Arc::new(config),
            has_identity,
            bundled_roots,
        })
    }

    /// Performs the handshake.
    pub(super) fn connect(&self, host: &str, socket: TransportAdapter) -> Result<Session, Error> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            failed(
                TransportErrorKind::Tls,
                Detail::own(["no certificate can be for the name ", host].concat())
                    .advise("use a name in the URL that one can be for"),
            )
        })?;
        let connection = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|e| failed(TransportErrorKind::Tls, Detail::foreign(e.to_string())))?;
        let mut session = Session {
            connection,
            socket,
            has_identity: self.has_identity,
        };
        while session.connection.is_handshaking() {
            if !session.advance(|e| self.refused(&e, host))? {
                return Err(ended());
            }
        }
        session.flush()?;
        Ok(session)
    }

    /// The error of a handshake, with advice where the cause is known.
    fn refused(&self, e: &rustls::Error, host: &str) -> Error {
        use CertificateError as Bad;
        let days = |from: UnixTime, to: UnixTime| {
            let seconds = to.as_secs().checked_sub(from.as_secs());
            seconds.and_then(|s| s.checked_div(86_400))
        };
        let cause = match e {
            rustls::Error::InvalidCertificate(bad) => match bad {
                Bad::UnknownIssuer => Some(Cause::UnknownIssuer),
                Bad::Other(why) => match why.0.downcast_ref() {
                    Some(Problem::Version1 { own }) => Some(Cause::Version1 { own: *own }),
                    Some(Problem::Nameless { own }) => Some(Cause::Nameless { own: *own }),
                    Some(Problem::SelfSigned) => Some(Cause::SelfSigned),
                    None => None,
                },
                Bad::NotValidForName => Some(Cause::OtherName(String::new())),
                Bad::NotValidForNameContext { presented, .. } => {
                    Some(Cause::OtherName(hosts(presented)))
                }
                Bad::Expired => Some(Cause::Expired(None)),
                Bad::ExpiredContext { time, not_after } => {
                    Some(Cause::Expired(days(*not_after, *time)))
                }
                Bad::NotValidYet => Some(Cause::NotYetValid(None)),
                Bad::NotValidYetContext { time, not_before } => {
                    Some(Cause::NotYetValid(days(*time, *not_before)))
                }
                _ => None,
            },
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => return no_tls(),
            _ => None,
        };
        match cause {
            Some(cause) => {
                let detail = explain(cause, host, !self.bundled_roots);
                failed(TransportErrorKind::Tls, detail)
            }
            None => from_alert(about_client(e), self.has_identity, e.to_string()),
        }
    }
}

/// Returns the plain names of webpki's `DnsName("localhost")` and `IpAddress(127.0.0.1)`.
fn hosts(presented: &[String]) -> String {
    let mut hosts = String::new();
    for name in presented {
        let inner = name.strip_suffix(')').and_then(|name| {
            let quoted = name.strip_prefix("DnsName(\"");
            let quoted = quoted.and_then(|name| name.strip_suffix('"'));
            quoted.or_else(|| name.strip_prefix("IpAddress("))
        });
        if !hosts.is_empty() {
            hosts.push_str(", ");
        }
        hosts.push_str(inner.unwrap_or(name));
    }
    hosts
}

/// The reason why a certificate is rejected, where rustls has no error for it. `own`: it is self-signed, or a
/// CA's own, as made by `openssl req -x509`.
#[derive(Debug)]
enum Problem {
    Version1 { own: bool },
    Nameless { own: bool },
    SelfSigned,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl core::error::Error for Problem {}

impl From<Problem> for rustls::Error {
    fn from(problem: Problem) -> Self {
        let why = OtherError(Arc::new(problem));
        rustls::Error::InvalidCertificate(CertificateError::Other(why))
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rustls")
    }
}

fn about_client(e: &rustls::Error) -> AboutClient {
    use AlertDescription as Alert;
    let rustls::Error::AlertReceived(alert) = e else {
        return AboutClient::No;
    };
    match alert {
        Alert::NoCertificate
        | Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied
        | Alert::CertificateRequired => AboutClient::Surely,
        Alert::HandshakeFailure => AboutClient::Maybe,
        _ => AboutClient::No,
    }
}

/// A connection after its handshake.
pub(super) struct Session {
    connection: ClientConnection,
    socket: TransportAdapter,
    has_identity: bool,
}

impl Session {
    pub(super) fn socket(&mut self) -> &mut TransportAdapter {
        &mut self.socket
    }

    /// Returns `true` if there is no unread input and no end of the stream.
    pub(super) fn is_silent(&mut self) -> bool {
        self.connection
            .process_new_packets()
            .is_ok_and(|state| state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed())
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.connection.writer().write_all(bytes)?;
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Error> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.socket)?;
        }
        Ok(())
    }

    /// Receives decrypted bytes. Returns 0 after a `close_notify`; an end of the stream without one is an
    /// error, since it may be an attacker's (RFC 8446 §6.1).
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.connection.reader().read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(ended());
                }
                other => return Ok(other?),
            }
            let has_identity = self.has_identity;
            self.advance(|e| match about_client(&e) {
                about @ AboutClient::Surely => from_alert(about, has_identity, e.to_string()),
                _ => broken(&e.to_string()),
            })?;
        }
    }

    /// Sends what is due, then waits for bytes and takes them in; `false` at the end of the stream. `failed`
    /// makes an error of what is wrong with the bytes.
    fn advance(&mut self, failed: impl FnOnce(rustls::Error) -> Error) -> Result<bool, Error> {
        self.flush()?;
        let n = self.connection.read_tls(&mut self.socket)?;
        if let Err(e) = self.connection.process_new_packets() {
            // The alert that tells the peer why. It may be gone already.
            let _ = self.connection.write_tls(&mut self.socket);
            return Err(failed(e));
        }
        Ok(n > 0)
    }
}

/// Returns `true` for webpki's error of a CA's certificate in the place of a server's. (Its type belongs to a
/// crate that isn't a dependency.)
fn is_ca(why: &rustls::OtherError) -> bool {
    why.to_string() == "CaUsedAsEndEntity"
}

/// Trusts certificates that the roots have signed, and servers with one of the CA file's own certificates.
//
// The first is what rustls' own verifier does, which is larger because of revocation lists. The second is for
// `openssl req -x509`, whose certificates are both a CA's and a server's: webpki rejects them as
// `CaUsedAsEndEntity`, after it has checked the time of validity. Only for those that are byte for byte in the
// CA file this error is ignored; the name is verified in any case.
struct Verifier {
    /// `None` accepts any certificate, for `danger_accept_any_certificate`.
    roots: Option<RootCertStore>,
    /// The certificates of the CA file. Each may be a server's as well, if it has a subjectAltName.
    own: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn verify_signature(
        &self,
        verify: impl FnOnce(
            &WebPkiSupportedAlgorithms,
        ) -> Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self.roots {
            Some(_) => verify(&self.algorithms),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let read = Certificate::read(end_entity);
            let own = read.own;
            if read.version_1 {
                return Err(Problem::Version1 { own }.into());
            }
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let by_roots = verify_server_cert_signed_by_trust_anchor(
                &certificate,
                roots,
                intermediates,
                now,
                self.algorithms.all,
            );
            let unknown = match &by_roots {
                Ok(()) => false,
                Err(rustls::Error::InvalidCertificate(CertificateError::Other(why)))
                    if is_ca(why) =>
                {
                    !self.own.contains(end_entity)
                }
                Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) if own => {
                    true
                }
                Err(_) => {
                    by_roots?;
                    true
                }
            };
            if !read.named {
                return Err(Problem::Nameless { own }.into());
            }
            if unknown {
                return Err(Problem::SelfSigned.into());
            }
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(|algorithms| {
            verify_tls12_signature(message, certificate, signature, algorithms)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify_signature(|algorithms| {
            verify_tls13_signature(message, certificate, signature, algorithms)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.algorithms.supported_schemes();
        if self.roots.is_none() {
            // Offered as well, since no signature is verified.
            schemes.extend([
                SignatureScheme::RSA_PKCS1_SHA1,
                SignatureScheme::ECDSA_NISTP521_SHA512,
                SignatureScheme::ED448,
            ]);
        }
        schemes
    }
}
