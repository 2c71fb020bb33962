//! The library's errors, and those of the sockets under it, sorted into ours.

use super::connect::SpeaksTls;
use super::resolve::NotFound;
use crate::error::Fault;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt;
use std::io;
use ureq::{Error, Timeout};

/// Where and how the way broke, before it is known for which call.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) fault: Fault,
    pub(crate) detail: String,
    /// Only std's own errors are handed on as a source: no dependency's type leaks.
    pub(crate) source: Option<io::Error>,
}

impl Broken {
    pub(crate) fn new(fault: Fault, detail: impl Into<String>) -> Self {
        Broken {
            fault,
            detail: detail.into(),
            source: None,
        }
    }

    /// An error out of reading a body: one of ours in an `io::Error`'s clothes, or a real one.
    pub(crate) fn from_read(e: io::Error) -> Self {
        if e.get_ref().is_some_and(|inner| inner.is::<Broken>()) {
            return match e
                .into_inner()
                .map(<dyn std::error::Error + Send + Sync>::downcast)
            {
                Some(Ok(broken)) => *broken,
                _ => Broken::new(Fault::Closed, "the answer's body broke off"),
            };
        }
        Broken::from(Error::from(e))
    }

    pub(crate) fn into_io(self) -> io::Error {
        io::Error::new(self.io_kind(), self)
    }

    /// The nearest of std's kinds.
    pub(crate) fn io_kind(&self) -> io::ErrorKind {
        match self.fault {
            Fault::Timeout => io::ErrorKind::TimedOut,
            Fault::Closed => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Broken {}

impl From<Error> for Broken {
    fn from(e: Error) -> Self {
        match e {
            Error::Io(e) => from_io(e),
            Error::Timeout(which) => Broken::new(Fault::Timeout, limit(which)),
            Error::HostNotFound => Broken::new(Fault::Dns, "no address for this name"),
            Error::ConnectionFailed => Broken::new(Fault::Connect, "no connection"),
            Error::ConnectProxyFailed(why) => Broken::new(Fault::Proxy, why),
            Error::InvalidProxyUrl => Broken::new(Fault::Proxy, "its URL is invalid"),
            Error::LargeResponseHeader(..) => {
                Broken::new(Fault::Protocol, "the answer's header is longer than 8 KiB")
            }
            Error::Protocol(why) => Broken::new(Fault::Protocol, why.to_string()),
            Error::Tls(why) => Broken::new(Fault::Tls, why),
            Error::TlsRequired => Broken::new(Fault::Tls, "the connection isn't encrypted"),
            Error::BodyStalled => Broken::new(Fault::Closed, "the body stalled"),
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            Error::Pem(why) => Broken::new(Fault::Tls, alloc::format!("PEM: {why:?}")),
            #[cfg(feature = "rustls")]
            Error::Rustls(why) => Broken::new(Fault::Tls, why.to_string()),
            #[cfg(feature = "native-tls")]
            Error::NativeTls(why) => Broken::new(Fault::Tls, why.to_string()),
            #[cfg(feature = "gzip")]
            Error::Decompress(_, e) => match e.kind() {
                // The compressed stream ended early: usually the connection did.
                io::ErrorKind::UnexpectedEof => {
                    Broken::new(Fault::Compression, "gzip ends too early")
                }
                _ => Broken::new(Fault::Compression, e.to_string()),
            },
            Error::Other(inner) => from_other(inner),
            other => Broken::new(Fault::Protocol, other.to_string()),
        }
    }
}

fn from_other(inner: Box<dyn std::error::Error + Send + Sync>) -> Broken {
    if inner.is::<SpeaksTls>() {
        Broken::new(Fault::NeedsTls, inner.to_string())
    } else if inner.is::<NotFound>() {
        Broken::new(Fault::Dns, inner.to_string())
    } else {
        Broken::new(Fault::Protocol, inner.to_string())
    }
}

fn limit(which: Timeout) -> &'static str {
    match which {
        Timeout::Resolve => "looking up the name exceeded its time limit",
        Timeout::Connect => "connecting exceeded its time limit",
        Timeout::PerRead => "nothing arrived within the read time limit",
        Timeout::PerWrite => "nothing could be sent within the write time limit",
        _ => "the call exceeded its overall time limit",
    }
}

fn from_io(e: io::Error) -> Broken {
    use io::ErrorKind as Kind;
    // A TLS library reports through the stream it wraps.
    if let Some(inner) = e.get_ref() {
        if let Some(fault) = tls_inside(inner) {
            return Broken::new(fault, inner.to_string());
        }
    }
    let fault = match e.kind() {
        Kind::ConnectionRefused => Fault::Refused,
        Kind::TimedOut | Kind::WouldBlock => Fault::Timeout,
        Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable
        | Kind::PermissionDenied => Fault::Connect,
        Kind::UnexpectedEof
        | Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::BrokenPipe
        | Kind::NotConnected
        | Kind::WriteZero => Fault::Closed,
        Kind::InvalidData | Kind::InvalidInput => Fault::Protocol,
        // What is left is this machine's: no descriptors, no memory.
        _ => Fault::Connect,
    };
    Broken {
        fault,
        detail: e.to_string(),
        source: Some(e),
    }
}

/// Whether what an `io::Error` carries is the TLS library's error. Its type can't be named here,
/// that crate being no dependency of ours; the variant that holds it knows it.
#[cfg(feature = "rustls")]
fn tls_inside(inner: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<Fault> {
    fn holds<T: std::error::Error + 'static>(
        _variant: fn(T) -> Error,
        inner: &(dyn std::error::Error + Send + Sync + 'static),
    ) -> bool {
        inner.is::<T>()
    }
    holds(Error::Rustls, inner).then_some(Fault::Tls)
}

#[cfg(not(feature = "rustls"))]
fn tls_inside(_: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<Fault> {
    None
}
