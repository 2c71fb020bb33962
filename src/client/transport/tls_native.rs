//! TLS by the system's library: OpenSSL, or that of macOS or Windows.

use super::detail::Detail;
use super::pem::inside;
use super::tls_cause::{Cause, explain};
use super::tls_library::{
    AboutClient, Identity, Trust, Unusable, broken, ended, failed, from_alert, no_tls,
};
use crate::error::TransportErrorKind;
use alloc::format;
use alloc::string::{String, ToString as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use native_tls::{Certificate, HandshakeError, TlsConnector, TlsStream};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use ureq::Error;
use ureq::unversioned::transport::TransportAdapter;

/// The settings of all connections.
#[derive(Clone)]
pub(super) struct Library {
    connector: TlsConnector,
    has_identity: bool,
    ca_file: bool,
}

impl Library {
    pub(super) fn new(trust: Trust, identity: Option<Identity>) -> Result<Self, Unusable> {
        let mut builder = TlsConnector::builder();
        let ca_file = matches!(trust, Trust::Only(_));
        match trust {
            Trust::Default => {}
            Trust::Only(given) => {
                builder.disable_built_in_roots(true);
                for der in &given {
                    let root =
                        Certificate::from_der(der).map_err(|e| Unusable::Ca(e.to_string()))?;
                    builder.add_root_certificate(root);
                }
            }
            Trust::All => {
                builder.danger_accept_invalid_certs(true);
                builder.danger_accept_invalid_hostnames(true);
            }
        }
        let has_identity = identity.is_some();
        if let Some(Identity { chain, key }) = identity {
            if !chain
                .first()
                .is_some_and(|first| same_kind(first, &key.der))
            {
                let why = "the key is of another kind than the certificate's";
                return Err(Unusable::Client(String::from(why)));
            }
            let chain: String = chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
            let key = pem("PRIVATE KEY", &key.der);
            let identity = native_tls::Identity::from_pkcs8(chain.as_bytes(), key.as_bytes())
                .map_err(|e| Unusable::Client(e.to_string()))?;
            builder.identity(identity);
        }
        let connector = builder.build().map_err(|e| {
            // The files were parsed before, so a failure means that the key doesn't match the certificate.
            if has_identity {
                Unusable::Client(e.to_string())
            } else {
                Unusable::Library(e.to_string())
            }
        })?;
        Ok(Library {
            connector,
            has_identity,
            ca_file,
        })
    }

    /// Performs the handshake.
    pub(super) fn connect(&self, host: &str, socket: TransportAdapter) -> Result<Session, Error> {
        let outcome = Arc::new(Mutex::new(Outcome::default()));
        let socket = Socket {
            socket,
            outcome: Arc::clone(&outcome),
        };
        match self.connector.connect(host, socket) {
            Ok(stream) => Ok(Session {
                stream,
                outcome,
                has_identity: self.has_identity,
            }),
            Err(e) => {
                below(&outcome)?;
                let why = match e {
                    HandshakeError::Failure(e) => e.to_string(),
                    HandshakeError::WouldBlock(_) => {
                        let detail = Detail::own("it waits for more");
                        return Err(failed(TransportErrorKind::Tls, detail));
                    }
                };
                Err(if why.contains("has been shut down") {
                    ended()
                } else if why.contains("wrong version number") {
                    no_tls()
                } else if let Some(cause) = cause(&why) {
                    failed(TransportErrorKind::Tls, explain(cause, host, self.ca_file))
                } else {
                    from_alert(about_client(&why), self.has_identity, why)
                })
            }
        }
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("native-tls")
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let mut pem = format!("-----BEGIN {label}-----\n");
    // 64 digits a line.
    for piece in der.chunks(48) {
        STANDARD.encode_string(piece, &mut pem);
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

/// Returns `true` if a key and a certificate are of the same kind: both contain the same
/// AlgorithmIdentifier, which follows the version in PKCS #8. OpenSSL compares two of the same kind itself, but
/// accepts two of different kinds, and uses neither.
fn same_kind(certificate: &[u8], pkcs8: &[u8]) -> bool {
    let Some([0x02, 1, _, algorithm @ ..]) = inside(pkcs8) else {
        return false;
    };
    let size = algorithm
        .get(1)
        .map_or(0, |n| usize::from(*n))
        .saturating_add(2);
    let algorithm = algorithm.get(..size);
    algorithm.is_some_and(|algorithm| certificate.windows(size).any(|w| w == algorithm))
}

/// Returns the cause in OpenSSL's message about a certificate, at whose end it is in parentheses. Other systems
/// have other messages. The names in the certificate aren't part of it.
fn cause(why: &str) -> Option<Cause> {
    let why = why.to_ascii_lowercase();
    let (_, words) = why.split_once("certificate verify failed")?;
    let has = |any: &[&str]| any.iter().any(|text| words.contains(text));
    if has(&["mismatch"]) {
        Some(Cause::OtherName(String::new()))
    } else if has(&["has expired"]) {
        Some(Cause::Expired(None))
    } else if has(&["not yet valid"]) {
        Some(Cause::NotYetValid(None))
    } else if has(&["in certificate chain", "local issuer", "first certificate"]) {
        Some(Cause::UnknownIssuer)
    } else if has(&["self-signed", "self signed"]) {
        Some(Cause::SelfSigned)
    } else {
        None
    }
}

/// Returns the meaning of OpenSSL's message about an alert.
fn about_client(why: &str) -> AboutClient {
    let alert = why.split_once("alert ").map_or("", |(_, alert)| alert);
    let surely = [
        "certificate required",
        "no certificate",
        "bad certificate",
        "unsupported certificate",
        "certificate revoked",
        "certificate expired",
        "certificate unknown",
        "unknown ca",
        "access denied",
    ];
    if surely.iter().any(|about| alert.starts_with(about)) {
        AboutClient::Surely
    } else if alert.starts_with("handshake failure") {
        AboutClient::Maybe
    } else {
        AboutClient::No
    }
}

/// A connection after its handshake.
pub(super) struct Session {
    stream: TlsStream<Socket>,
    outcome: Arc<Mutex<Outcome>>,
    has_identity: bool,
}

impl Session {
    pub(super) fn socket(&mut self) -> &mut TransportAdapter {
        &mut self.stream.get_mut().socket
    }

    /// Returns `true` if there is no unread input.
    pub(super) fn is_silent(&mut self) -> bool {
        self.stream.buffered_read_size().is_ok_and(|n| n == 0)
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.write_all(bytes).or_else(|e| self.failed(&e))
    }

    /// Receives decrypted bytes. Returns 0 after a `close_notify`; an end of the stream without one is an
    /// error, since it may be an attacker's (RFC 8446 §6.1).
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        match self.stream.read(buffer) {
            // Libraries differ in whether an end without `close_notify` is an error.
            Ok(0) => below(&self.outcome).map(|()| 0),
            Ok(n) => Ok(n),
            Err(e) => self.failed(&e).map(|()| 0),
        }
    }

    fn failed(&self, e: &io::Error) -> Result<(), Error> {
        below(&self.outcome)?;
        let why = e.to_string();
        Err(match about_client(&why) {
            about @ AboutClient::Surely => from_alert(about, self.has_identity, why),
            _ => broken(&why),
        })
    }
}

/// The end of the underlying connection, which the library reports in a text of its own or not at all.
#[derive(Default)]
struct Outcome {
    error: Option<Error>,
    /// The stream ended.
    ended: bool,
}

/// Returns the error of the underlying connection, if there is one.
fn below(outcome: &Mutex<Outcome>) -> Result<(), Error> {
    let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
    match outcome.error.take() {
        Some(e) => Err(e),
        None if outcome.ended => Err(ended()),
        None => Ok(()),
    }
}

/// The underlying connection, as passed to the library.
struct Socket {
    socket: TransportAdapter,
    outcome: Arc<Mutex<Outcome>>,
}

impl Socket {
    fn note(&self, change: impl FnOnce(&mut Outcome)) {
        change(&mut self.outcome.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Keeps an error, and returns another one to the library, which would retry after some kinds.
    fn keep(&self, e: io::Error) -> io::Error {
        self.note(|outcome| outcome.error = Some(e.into()));
        io::Error::other("see the error kept")
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.socket.read(buffer) {
            Ok(n) => {
                if n == 0 && !buffer.is_empty() {
                    self.note(|outcome| outcome.ended = true);
                }
                Ok(n)
            }
            Err(e) => Err(self.keep(e)),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes).map_err(|e| self.keep(e))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush().map_err(|e| self.keep(e))
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}
