//! The TLS layer over a connection, by rustls (`tls_rustls`) or by the system's library
//! (`tls_native`). Everything that would fail at the first connection is checked when the client is
//! built.
//!
//! The connectors are ours and not the HTTP library's, because its own hide what decides about
//! data: whether the other side ended a connection in good order, and whether what failed was the
//! handshake, after which nothing was sent, or what came after it.

use super::detail::Detail;
use super::error::{HttpError, OwnWords};
use super::pem::Key;
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
use super::pem::KeyForm;
use super::tls::TlsSettings;
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
use super::tls_native as library;
#[cfg(feature = "rustls")]
use super::tls_rustls as library;
use crate::error::{Error, TransportErrorKind};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use std::io;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

/// Whom to trust.
pub(super) enum Trust {
    /// The library's own: Mozilla's roots with rustls, else the system's.
    Default,
    /// These certificates, as DER.
    Only(Vec<Vec<u8>>),
    /// Anybody.
    All,
}

/// A client certificate with its issuers, as DER, and its key.
pub(super) struct Identity {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) key: Key,
}

/// Why the library can't be set up.
pub(super) enum Unusable {
    Ca(String),
    Client(String),
    Library(String),
}

impl TlsSettings {
    /// Reads the files and sets the library up, if there is something for it to do.
    pub(super) fn connector(&self, wanted: bool) -> Result<TlsConnector, Error> {
        let trust = match &self.ca {
            Some(ca) => Trust::Only(ca.certificates()?),
            None => Trust::Default,
        };
        let identity = match &self.client {
            Some((chain, key)) => {
                let chain = chain.certificates()?;
                let pem = key;
                let key = pem.key()?;
                #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
                if key.form != KeyForm::Pkcs8 {
                    return Err(pem.not_pkcs8());
                }
                Some(Identity { chain, key })
            }
            None => None,
        };
        if !wanted && self.ca.is_none() && identity.is_none() {
            return Ok(TlsConnector(None));
        }
        let trust = if self.no_verification {
            Trust::All
        } else {
            trust
        };
        library::Library::new(trust, identity)
            .map(|library| TlsConnector(Some(library)))
            .map_err(|unusable| self.unusable(&unusable))
    }

    fn unusable(&self, unusable: &Unusable) -> Error {
        let (name, with, why) = match (unusable, &self.ca, &self.client) {
            (Unusable::Ca(why), Some(ca), _) => (ca.name.as_str(), "", why),
            (Unusable::Client(why), _, Some((chain, key))) => {
                (chain.name.as_str(), key.name.as_str(), why)
            }
            (Unusable::Ca(why) | Unusable::Client(why) | Unusable::Library(why), ..) => {
                ("TLS", "", why)
            }
        };
        let (and, together) = if with.is_empty() {
            ("", "")
        } else {
            (" and ", "; do they belong together?")
        };
        Error::config([name, and, with, " can't be used: ", why, together].concat())
    }
}

/// Puts TLS around a connection if the URL says so.
#[derive(Clone, Debug)]
pub(super) struct TlsConnector(Option<library::Library>);

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(inner) = chained else {
            return Ok(None);
        };
        let (Some(library), true) = (&self.0, details.needs_tls() && !inner.is_tls()) else {
            return Ok(Some(Either::A(inner)));
        };
        // The brackets of an IPv6 address belong to the URL, not to the address.
        let host = details.uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').unwrap_or(host);
        let host = host.strip_suffix(']').unwrap_or(host);
        let mut socket = TransportAdapter::new(inner.boxed(), details.current_time.clone());
        // The handshake is a part of connecting, and has what the rest of it has left.
        let mut timeout = details.timeout;
        if let Instant::Exact(begun) = details.now {
            timeout.after = Duration::Exact(timeout.after.saturating_sub(begun.elapsed()));
        }
        socket.set_timeout(timeout);
        let session = library.connect(host, socket)?;
        let config = details.config;
        Ok(Some(Either::B(TlsTransport {
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            session,
        })))
    }
}

pub(super) struct TlsTransport {
    buffers: LazyBuffers,
    session: library::Session,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.session.socket().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or(&[]);
        self.session.send(output)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.session.socket().set_timeout(timeout);
        let amount = self.session.receive(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        // What is in there already the socket doesn't show: a farewell, or a response that nobody
        // asked for, which would be taken for the next call's.
        self.session.is_silent() && self.session.socket().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTransport").finish_non_exhaustive()
    }
}

/// An error of the TLS library, for the HTTP library to hand on.
pub(super) fn failed(kind: TransportErrorKind, detail: impl Into<Detail>) -> ureq::Error {
    HttpError::new(kind, detail).into()
}

/// What a handshake ends with at a port that speaks no TLS.
pub(super) fn no_tls() -> ureq::Error {
    let detail = Detail::own("what it sent isn't TLS");
    let detail = detail.advise("if the port speaks plain HTTP, write http:// in the URL");
    failed(TransportErrorKind::Tls, detail)
}

/// With what may be the cause of a failed handshake, if it isn't known.
pub(super) fn advised(mut e: HttpError) -> HttpError {
    if e.kind == TransportErrorKind::Tls {
        e.detail = e.detail.advise("check the certificate, the host name, the clock, and whether that port speaks TLS; a private CA is given as ca_file");
    }
    e
}

/// What an alert has to do with the certificate that this side showed, or didn't.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AboutClient {
    Surely,
    /// With TLS 1.2 OpenSSL says no more than that the handshake failed.
    Maybe,
    No,
}

/// The error for an alert by which a server says no to this client's certificate. With TLS 1.3 it
/// comes in the place of the first response.
pub(super) fn from_alert(about: AboutClient, has_identity: bool, why: String) -> ureq::Error {
    let meaning = match (about, has_identity) {
        (AboutClient::No, _) => "",
        (AboutClient::Surely, true) => {
            "the server doesn't accept the certificate given as client_certificate: "
        }
        (AboutClient::Maybe, true) => {
            "perhaps the server doesn't accept the certificate given as client_certificate: "
        }
        (AboutClient::Surely, false) => {
            "the server asks for a client certificate, and none is given as client_certificate: "
        }
        (AboutClient::Maybe, false) => {
            "perhaps the server asks for a client certificate; none is given as client_certificate: "
        }
    };
    let detail = Detail::quote(meaning, &why, "");
    let detail = match (about, has_identity) {
        (AboutClient::Surely, true) => detail.advise("give one that the server's CA signed"),
        (AboutClient::Surely, false) => detail.advise("give the certificate and its key"),
        _ => detail,
    };
    failed(TransportErrorKind::Tls, detail)
}

/// The error for what broke behind the handshake: the certificate was all right, and another
/// connection may be.
pub(super) fn broken(why: &str) -> ureq::Error {
    let detail = Detail::quote("its TLS connection broke: ", why, "");
    failed(TransportErrorKind::Closed, detail)
}

/// The error for a connection that ended in the handshake, or without TLS's own farewell.
pub(super) fn ended() -> ureq::Error {
    let why = OwnWords("the TLS connection ended");
    io::Error::new(io::ErrorKind::UnexpectedEof, why).into()
}
