//! TLS by rustls.

use super::pem::KeyForm;
use super::tls_connector::{
    AboutClient, Identity, NO_TLS, Trust, Unusable, broken, ended, failed, from_alert,
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

/// The settings, and what goes with each connection.
#[derive(Clone)]
pub(super) struct Library {
    config: Arc<ClientConfig>,
    has_identity: bool,
    /// Mozilla's roots are the ones in use.
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
                    // One that can't be read would be left out in silence, and nothing be trusted.
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
                // rustls itself looks at the first only.
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

    /// Shakes hands.
    pub(super) fn connect(&self, host: &str, socket: TransportAdapter) -> Result<Session, Error> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            failed(
                TransportErrorKind::Tls,
                ["no certificate can be for the name ", host].concat(),
            )
        })?;
        let connection = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|e| failed(TransportErrorKind::Tls, e.to_string()))?;
        let mut session = Session {
            connection,
            socket,
            has_identity: self.has_identity,
        };
        while session.connection.is_handshaking() {
            match session.advance() {
                Ok(true) => {}
                Ok(false) => return Err(ended()),
                Err(Failure::Io(e)) => return Err(e.into()),
                Err(Failure::Tls(e)) => return Err(self.refused(&e, host)),
            }
        }
        session.flush()?;
        Ok(session)
    }

    /// The error of a handshake, with what to do where rustls' own text leaves that open.
    fn refused(&self, e: &rustls::Error, host: &str) -> Error {
        let why = match e {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
                if self.bundled_roots =>
            {
                let advice = "; trusted are Mozilla's roots, which are part of this program: ca_file takes others, as the system's in /etc/ssl/certs/ca-certificates.crt";
                [&e.to_string(), advice].concat()
            }
            rustls::Error::InvalidCertificate(CertificateError::Other(why)) => {
                match why.0.downcast_ref() {
                    Some(OwnCa::Nameless) => nameless(host),
                    Some(own) => own.to_string(),
                    None => e.to_string(),
                }
            }
            rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                presented,
                ..
            }) if presented.is_empty() => nameless(host),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => NO_TLS.to_owned(),
            _ => e.to_string(),
        };
        from_alert(about_client(e), self.has_identity, why)
    }
}

/// What is wrong with a certificate without a subjectAltName, and the command that makes one for this
/// host, to be run as it is.
fn nameless(host: &str) -> String {
    let kind = match host.parse::<core::net::IpAddr>() {
        Ok(_) => "IP:",
        Err(_) => "DNS:",
    };
    let parts = [
        "it has no subjectAltName, and its common name doesn't count; make one that has, and give server.crt as ca_file: openssl req -x509 -newkey rsa:2048 -nodes -days 825 -keyout server.key -out server.crt -subj /CN=influxdb -addext subjectAltName=",
        kind,
        host,
    ];
    parts.concat()
}

/// Why a CA's own certificate, as `openssl req -x509` makes them, is not taken for a server's.
#[derive(Debug)]
enum OwnCa {
    /// It has no subjectAltName.
    Nameless,
    /// There is a CA file without it.
    NotInFile,
    /// There is no CA file.
    NoFile,
}

impl fmt::Display for OwnCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OwnCa::Nameless => "it has no subjectAltName",
            OwnCa::NotInFile => "it is self-signed, or a CA's own, and isn't the one in ca_file",
            OwnCa::NoFile => "it is self-signed, or a CA's own: give it as ca_file",
        })
    }
}

impl core::error::Error for OwnCa {}

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

/// One connection behind its handshake.
pub(super) struct Session {
    connection: ClientConnection,
    socket: TransportAdapter,
    has_identity: bool,
}

enum Failure {
    Io(io::Error),
    Tls(rustls::Error),
}

impl Session {
    pub(super) fn socket(&mut self) -> &mut TransportAdapter {
        &mut self.socket
    }

    /// Whether nothing has come that isn't read yet.
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

    /// Nothing more comes when this is 0, and the other side said so. That it just stops is an
    /// error.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.connection.reader().read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(ended());
                }
                other => return Ok(other?),
            }
            match self.advance() {
                Ok(_) => {}
                Err(Failure::Io(e)) => return Err(e.into()),
                Err(Failure::Tls(e)) => {
                    return Err(match about_client(&e) {
                        about @ AboutClient::Surely => {
                            from_alert(about, self.has_identity, e.to_string())
                        }
                        _ => broken(&e.to_string()),
                    });
                }
            }
        }
    }

    /// Sends what is due, then waits for bytes and takes them in: false at their end.
    fn advance(&mut self) -> Result<bool, Failure> {
        while self.connection.wants_write() {
            self.connection
                .write_tls(&mut self.socket)
                .map_err(Failure::Io)?;
        }
        let n = self
            .connection
            .read_tls(&mut self.socket)
            .map_err(Failure::Io)?;
        if let Err(e) = self.connection.process_new_packets() {
            // The other side gets to know why, if it listens.
            let _ = self.connection.write_tls(&mut self.socket);
            return Err(Failure::Tls(e));
        }
        Ok(n > 0)
    }
}

/// Whether the complaint is that a CA's certificate is used as a server's. Its type can't be named
/// here: it belongs to a crate of rustls'.
fn is_ca(why: &rustls::OtherError) -> bool {
    why.to_string() == "CaUsedAsEndEntity"
}

/// Whether a certificate has a subjectAltName, by that extension's OID in DER. Without one rustls
/// takes no certificate for a server's.
fn has_names(der: &[u8]) -> bool {
    der.windows(5).any(|w| w == [0x06, 0x03, 0x55, 0x1d, 0x11])
}

/// Trusts what the roots have signed, as rustls' own verifier does (which is larger, for it knows
/// revocation lists), and a server that shows one of the CA file's certificates as its own.
/// `openssl req -x509` makes certificates that are both a CA's and a server's, which webpki takes for
/// a CA's only.
struct Verifier {
    /// Without any, for `danger_accept_any_certificate`, everything is right.
    roots: Option<RootCertStore>,
    /// Those of the CA file. Each may be a server's, too, if it has a subjectAltName.
    own: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
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
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let by_roots = verify_server_cert_signed_by_trust_anchor(
                &certificate,
                roots,
                intermediates,
                now,
                self.algorithms.all,
            );
            match by_roots {
                // This is found only after the time of validity has been checked.
                Err(rustls::Error::InvalidCertificate(CertificateError::Other(why)))
                    if is_ca(&why) =>
                {
                    let why = if !has_names(end_entity) {
                        OwnCa::Nameless
                    } else if self.own.is_empty() {
                        OwnCa::NoFile
                    } else if !self.own.contains(end_entity) {
                        OwnCa::NotInFile
                    } else {
                        verify_server_name(&certificate, server_name)?;
                        return Ok(ServerCertVerified::assertion());
                    };
                    let why = CertificateError::Other(OtherError(Arc::new(why)));
                    return Err(rustls::Error::InvalidCertificate(why));
                }
                other => other?,
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
        if self.roots.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.roots.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.algorithms.supported_schemes();
        if self.roots.is_none() {
            // Nobody verifies them.
            schemes.extend([
                SignatureScheme::RSA_PKCS1_SHA1,
                SignatureScheme::ECDSA_NISTP521_SHA512,
                SignatureScheme::ED448,
            ]);
        }
        schemes
    }
}
