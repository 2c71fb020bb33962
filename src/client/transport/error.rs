//! Conversion of errors of the HTTP library and its sockets into the crate's own.

use super::detail::Detail;
use crate::error::TransportErrorKind;
use alloc::boxed::Box;
use alloc::string::ToString;
use core::fmt;
use std::io;
use ureq::{Error, Timeout};

/// A failure of the transport, before it is known of which call.
#[derive(Debug)]
pub(crate) struct HttpError {
    pub(crate) kind: TransportErrorKind,
    pub(crate) detail: Detail,
    /// Only errors of std are a source, so that no dependency's type leaks.
    pub(crate) source: Option<io::Error>,
}

impl HttpError {
    pub(crate) fn new(kind: TransportErrorKind, detail: impl Into<Detail>) -> Self {
        HttpError {
            kind,
            detail: detail.into(),
            source: None,
        }
    }

    /// The error of a request that can't be written as HTTP.
    pub(super) fn request(detail: Detail) -> Self {
        HttpError::new(TransportErrorKind::Request, detail)
    }

    /// The error of reading a body: an `HttpError` within an `io::Error`, or the system's.
    pub(crate) fn from_read(e: io::Error) -> Self {
        if e.get_ref().is_some_and(|inner| inner.is::<HttpError>()) {
            return match e
                .into_inner()
                .map(<dyn std::error::Error + Send + Sync>::downcast)
            {
                Some(Ok(http_error)) => *http_error,
                _ => HttpError::new(TransportErrorKind::Closed, "the response's body broke off"),
            };
        }
        HttpError::from(Error::from(e))
    }

    pub(crate) fn into_io(self) -> io::Error {
        io::Error::new(self.io_kind(), self)
    }

    /// Returns the nearest kind of std's.
    pub(crate) fn io_kind(&self) -> io::ErrorKind {
        match self.kind {
            TransportErrorKind::Timeout => io::ErrorKind::TimedOut,
            TransportErrorKind::Closed => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Detail::printable` prints it, with secrets masked.
        f.write_str("***")
    }
}

impl std::error::Error for HttpError {}

/// The library passes it through unchanged.
impl From<HttpError> for Error {
    fn from(e: HttpError) -> Self {
        Error::Other(Box::new(e))
    }
}

impl From<Error> for HttpError {
    fn from(e: Error) -> Self {
        match e {
            Error::Io(e) => from_io(e),
            Error::Timeout(which) => HttpError::new(TransportErrorKind::Timeout, limit(which)),
            Error::HostNotFound => {
                HttpError::new(TransportErrorKind::Dns, "no address for this name")
            }
            Error::ConnectionFailed => HttpError::new(TransportErrorKind::Connect, "no connection"),
            Error::LargeResponseHeader(..) => HttpError::new(
                TransportErrorKind::Protocol,
                "the response's header is longer than 8 KiB",
            ),
            Error::Protocol(why) => foreign(TransportErrorKind::Protocol, &why),
            Error::Tls(why) => foreign(TransportErrorKind::Tls, &why),
            Error::TlsRequired => {
                HttpError::new(TransportErrorKind::Tls, "the connection isn't encrypted")
            }
            Error::BodyStalled => HttpError::new(TransportErrorKind::Closed, "the body stalled"),
            Error::Other(inner) => match inner.downcast::<HttpError>() {
                Ok(http_error) => *http_error,
                Err(inner) => foreign(TransportErrorKind::Protocol, &inner),
            },
            other => foreign(TransportErrorKind::Protocol, &other),
        }
    }
}

/// A message of this crate in an `io::Error`, for errors that the library has to see as one.
#[derive(Debug)]
pub(super) struct OwnMessage(pub(super) &'static str);

impl fmt::Display for OwnMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for OwnMessage {}

/// An error of the library, which may quote a server.
fn foreign(kind: TransportErrorKind, why: &dyn fmt::Display) -> HttpError {
    HttpError::new(kind, Detail::foreign(why.to_string()))
}

fn limit(which: Timeout) -> &'static str {
    match which {
        Timeout::Resolve => "looking up the name exceeded `connect_timeout`",
        Timeout::Connect => "connecting exceeded `connect_timeout`",
        Timeout::PerRead => "nothing arrived within `read_timeout`",
        Timeout::PerWrite => "nothing could be sent within `write_timeout`",
        _ => "the call exceeded `timeout`",
    }
}

/// Hides an `io::Error` from the library, which takes some kinds of them for the end of a body.
#[cold]
pub(super) fn disguised(e: io::Error) -> Error {
    Error::Other(Box::new(from_io(e)))
}

fn from_io(e: io::Error) -> HttpError {
    use io::ErrorKind as Kind;
    let fault = match e.kind() {
        Kind::ConnectionRefused => TransportErrorKind::Refused,
        Kind::TimedOut | Kind::WouldBlock => TransportErrorKind::Timeout,
        Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable
        | Kind::PermissionDenied => TransportErrorKind::Connect,
        Kind::UnexpectedEof
        | Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::BrokenPipe
        | Kind::NotConnected
        | Kind::WriteZero => TransportErrorKind::Closed,
        Kind::InvalidData | Kind::InvalidInput => TransportErrorKind::Protocol,
        // The rest is this machine's: no descriptors, no memory.
        _ => TransportErrorKind::Connect,
    };
    let text = e.to_string();
    HttpError {
        kind: fault,
        // The system's errors are numbers. An error within one is a library's.
        detail: match e.get_ref() {
            Some(inner) if !inner.is::<OwnMessage>() => Detail::foreign(text),
            _ => Detail::own(text),
        },
        source: Some(e),
    }
}
