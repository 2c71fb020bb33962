//! `TransportError`: no complete response was received (DNS, TCP, TLS, timeout, protocol).

use super::{Error, ErrorKind, Printable, Remedy, Stored};
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

/// The stage at which a call failed without a complete response.
///
/// ```
/// use influx_edge::{Client, ErrorKind, TransportErrorKind};
///
/// let kind = |client: Client| match client.ping().unwrap_err().kind() {
///     ErrorKind::Transport(error) => error.kind(),
///     other => panic!("{other:?}"),
/// };
/// let nothing_there = "http://127.0.0.1:1";
/// assert_eq!(
///     kind(Client::builder(nothing_there).build()?),
///     TransportErrorKind::Refused
/// );
/// let by_proxy = Client::builder("http://influx.example:8086")
///     .proxy(nothing_there)
///     .build()?;
/// assert_eq!(kind(by_proxy), TransportErrorKind::ProxyUnavailable);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host name doesn't resolve, at the moment.
    Dns,
    /// The host refuses the connection: nothing listens at the port.
    Refused,
    /// The host or network can't be reached.
    Connect,
    /// A time limit of this client expired.
    Timeout,
    /// The connection closed or broke before the response was complete.
    Closed,
    /// The response isn't HTTP, or violates it.
    Protocol,
    /// The TLS handshake failed: certificate, name, trust, or no TLS at the server's port.
    Tls,
    /// Plain HTTP was sent to a TLS port, which responded with a TLS record. (If it responds with 400
    /// and a text, the error is a [`ResponseError`](crate::ResponseError); if it only closes,
    /// [`Closed`](Self::Closed), whose sentence names the possibility.)
    NeedsTls,
    /// The response, decompressed, is larger than the limit of this call.
    TooLarge,
    /// The response's compressed body is damaged, or has an encoding that this client didn't accept.
    Compression,
    /// The proxy refused a tunnel (407, 403, a redirect), isn't an HTTP proxy, or its URL has http in
    /// place of https or the reverse. A person must act; [`TransportError::detail`] says how. With a
    /// server on http, only a 407 and a response that isn't HTTP/1 are certain to be the proxy's. Its
    /// other refusals are a [`ResponseError`](crate::ResponseError), which names the proxy if the body
    /// isn't InfluxDB's.
    Proxy,
    /// The proxy can't be used at the moment: it is down, its name doesn't resolve, or it responds to
    /// `CONNECT` that it can't reach the server. (A proxy that is too slow is a
    /// [`Timeout`](Self::Timeout).)
    ProxyUnavailable,
    /// The request can't be expressed in HTTP: a path or a header is too long.
    Request,
}

/// The error of a call without a complete response.
///
/// Once the request was sent, it is unknown whether the server acted on it.
///
/// ```
/// # let client = influx_edge::Client::builder("http://127.0.0.1:1").org("acme").build()?;
/// use influx_edge::{ErrorKind, TransportErrorKind};
///
/// let error = client.ping().unwrap_err();
/// let ErrorKind::Transport(transport) = error.kind() else {
///     panic!("{error}")
/// };
/// assert_eq!(
///     (transport.kind(), transport.host()),
///     (TransportErrorKind::Refused, "127.0.0.1:1")
/// );
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug)]
pub struct TransportError {
    pub(crate) kind: TransportErrorKind,
    pub(crate) what: String,
    pub(crate) host: String,
    pub(crate) detail: String,
    /// It failed before the first byte of the request was sent.
    pub(crate) unsent: bool,
    pub(crate) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl TransportError {
    /// Returns the stage at which the call failed.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns what was attempted: `write to bucket "sensors"`.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Returns the `host:port` that the call was meant for.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the cause: this crate's text, that of the failing layer (without secrets, cut to 1 KiB),
    /// or both. For [`Tls`](TransportErrorKind::Tls) it ends with what to do, or with a command.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    pub(super) fn remedy(&self) -> Remedy {
        match self.kind {
            TransportErrorKind::Dns
            | TransportErrorKind::Refused
            | TransportErrorKind::Connect
            | TransportErrorKind::Timeout
            | TransportErrorKind::Closed
            // A proxy restarts like a server does.
            | TransportErrorKind::ProxyUnavailable => Remedy::Retry,
            TransportErrorKind::Protocol
            | TransportErrorKind::Proxy
            | TransportErrorKind::Tls
            | TransportErrorKind::NeedsTls
            | TransportErrorKind::TooLarge
            | TransportErrorKind::Compression
            | TransportErrorKind::Request => Remedy::Operator,
        }
    }

    /// A request that was never sent stored nothing. Once a byte of it was sent the server may have
    /// acted on it, whatever failed afterwards.
    pub(crate) fn stored(&self) -> Stored {
        // A TLS port can't have parsed plain HTTP.
        if self.unsent || self.kind == TransportErrorKind::NeedsTls {
            Stored::None
        } else {
            Stored::Unknown
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        let detail = Printable(&self.detail);
        write!(f, "cannot {}: ", Printable(&self.what))?;
        match self.kind {
            TransportErrorKind::Dns => write!(
                f,
                "the name of {host} doesn't resolve ({detail}); check the URL and this machine's DNS"
            ),
            TransportErrorKind::Refused => write!(
                f,
                "nothing listens at {host} ({detail}); start InfluxDB there or correct the URL"
            ),
            TransportErrorKind::Connect => write!(
                f,
                "{host} can't be reached ({detail}); check this machine's network and the URL"
            ),
            TransportErrorKind::Timeout => write!(
                f,
                "{host} took too long ({detail}); the server, the network or a proxy is slow or stuck, try again later or raise the limit"
            ),
            TransportErrorKind::Closed => write!(
                f,
                "{host} closed the connection before its response was complete ({detail}); the server or the network failed, try again"
            ),
            TransportErrorKind::Protocol => write!(
                f,
                "the response of {host} isn't valid HTTP ({detail}); check that the URL points to InfluxDB"
            ),
            TransportErrorKind::Tls => write!(f, "no trusted TLS connection to {host}: {detail}"),
            TransportErrorKind::NeedsTls => write!(
                f,
                "the port at {host} expects TLS ({detail}); write https:// in the URL"
            ),
            TransportErrorKind::TooLarge => write!(
                f,
                "the response of {host} is larger than this call allows ({detail}); ask for less or raise the cap"
            ),
            TransportErrorKind::Compression => write!(
                f,
                "the compressed response of {host} can't be read ({detail}); the server or a proxy is at fault"
            ),
            // The detail has the advice about a proxy: programs without one aren't linked with it.
            TransportErrorKind::Proxy | TransportErrorKind::ProxyUnavailable => {
                write!(f, "on the way to {host}, {detail}")
            }
            TransportErrorKind::Request => write!(f, "{detail}"),
        }
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.source {
            Some(e) => Some(&**e),
            None => None,
        }
    }
}

impl From<TransportError> for Error {
    fn from(e: TransportError) -> Self {
        ErrorKind::Transport(e).into()
    }
}
