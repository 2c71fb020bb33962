//! What a TLS library is given, and the errors that its failures become.

use super::detail::Detail;
use super::error::{HttpError, OwnWords};
use super::pem::Key;
use crate::error::TransportErrorKind;
use alloc::string::String;
use alloc::vec::Vec;
use std::io;

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
