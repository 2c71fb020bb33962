//! The settings of a TLS library, and the errors that its failures become.

use super::detail::Detail;
use super::error::{HttpError, OwnMessage};
use super::pem::Key;
use crate::error::TransportErrorKind;
use alloc::string::String;
use alloc::vec::Vec;
use std::io;

/// The trusted certificates.
pub(super) enum Trust {
    /// The library's own: Mozilla's roots with rustls, else the system's.
    Default,
    /// These certificates, as DER.
    Only(Vec<Vec<u8>>),
    /// Any certificate.
    All,
}

/// A client certificate with its issuers, as DER, and its key.
pub(super) struct Identity {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) key: Key,
}

/// The setting for which the library can't be set up, and the reason.
pub(super) enum Unusable {
    Ca(String),
    Client(String),
    Library(String),
}

/// An error of the TLS library, for the HTTP library to hand on.
pub(super) fn failed(kind: TransportErrorKind, detail: impl Into<Detail>) -> ureq::Error {
    HttpError::new(kind, detail).into()
}

/// The error of a handshake at a port without TLS.
pub(super) fn no_tls() -> ureq::Error {
    let detail = Detail::own("what it sent isn't TLS");
    let detail = detail.advise("if the port speaks plain HTTP, write http:// in the URL");
    failed(TransportErrorKind::Tls, detail)
}

/// The relation of an alert to this client's certificate, or to the lack of one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AboutClient {
    Surely,
    /// With TLS 1.2, OpenSSL's alert only reports that the handshake failed.
    Maybe,
    No,
}

/// The error of an alert that may reject this client's certificate. In TLS 1.3 it is received in the place of
/// the first response (RFC 8446 §2: the client finishes the handshake before the server has verified its certificate).
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

/// The error of a connection that broke after the handshake. Another connection may work.
pub(super) fn broken(why: &str) -> ureq::Error {
    let detail = Detail::quote("its TLS connection broke: ", why, "");
    failed(TransportErrorKind::Closed, detail)
}

/// The error of a connection that ended in the handshake, or without TLS' `close_notify`.
pub(super) fn ended() -> ureq::Error {
    let why = OwnMessage("the TLS connection ended");
    io::Error::new(io::ErrorKind::UnexpectedEof, why).into()
}
