//! `TransportError`: no complete response was received (DNS, TCP, TLS, timeout, protocol).

use super::{Error, ErrorKind, Printable, Stored};
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

/// Where the path to the server broke.
///
/// ```
/// use influx_edge::{Client, ErrorKind, TransportErrorKind};
///
/// let kind = |client: Client| match client.ping().unwrap_err().kind() {
///     ErrorKind::Transport(error) => error.kind(),
///     other => panic!("{other:?}"),
/// };
/// let nothing_there = "http://127.0.0.1:1";
/// assert_eq!(kind(Client::builder(nothing_there).build()?), TransportErrorKind::Refused);
/// let by_proxy = Client::builder("http://influx.example:8086").proxy(nothing_there).build()?;
/// assert_eq!(kind(by_proxy), TransportErrorKind::ProxyUnavailable);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host's name doesn't resolve (now).
    Dns,
    /// The host is there, but nothing listens at the port.
    Refused,
    /// The host or network can't be reached.
    Connect,
    /// A time limit of this client ran out.
    Timeout,
    /// The connection closed or broke before the response was complete.
    Closed,
    /// What came isn't HTTP, or breaks its rules.
    Protocol,
    /// The TLS handshake failed: certificate, name, trust, or no TLS at the other end.
    Tls,
    /// Plain HTTP was spoken to a TLS port, which responded with a TLS record. (One that responds with
    /// 400 in words is a [`ResponseError`](crate::ResponseError) that says the same; one that only
    /// closes is [`Closed`](Self::Closed), whose sentence names the possibility.)
    NeedsTls,
    /// The response, decompressed, is larger than the cap of this call.
    TooLarge,
    /// The response's compressed body is damaged, or encoded in a way that this client didn't ask
    /// for.
    Compression,
    /// The proxy refused a tunnel (407, 403, a redirect), it is no HTTP proxy, or its URL has the wrong
    /// one of http and https. A person is needed; what to do is in [`TransportError::detail`]. With a
    /// server on http a 407, and what isn't HTTP/1, are known to be the proxy's: its other refusals are a
    /// [`ResponseError`](crate::ResponseError), which names the proxy if InfluxDB doesn't respond so.
    Proxy,
    /// The proxy can't be reached or used for now: it is down, its name doesn't resolve, or it
    /// reports, when asked for a tunnel, that it can't reach the server. May pass by itself. (A proxy
    /// that is too slow is a [`Timeout`](Self::Timeout).)
    ProxyUnavailable,
    /// The request can't be put into HTTP: a path or a header is too long, a method unknown.
    Request,
}

/// No complete response came. Whether the server acted on the request is unknown once it was sent.
#[derive(Debug)]
pub struct TransportError {
    pub(crate) kind: TransportErrorKind,
    /// What was tried, as "write to bucket \"x\"".
    pub(crate) what: String,
    /// `host:port`.
    pub(crate) host: String,
    pub(crate) detail: String,
    /// It failed before the first byte of the request was sent.
    pub(crate) unsent: bool,
    pub(crate) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl TransportError {
    /// Where it broke.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://127.0.0.1:1").org("acme").build()?;
    /// use influx_edge::{ErrorKind, TransportErrorKind};
    ///
    /// if let Err(error) = client.ping() {
    ///     if let ErrorKind::Transport(broken) = error.kind() {
    ///         match broken.kind() {
    ///             TransportErrorKind::Dns | TransportErrorKind::Refused => println!("{} is not there", broken.host()),
    ///             TransportErrorKind::Tls => println!("its certificate: {}", broken.detail()),
    ///             other => println!("{other:?}"),
    ///         }
    ///     }
    /// }
    /// # assert!(matches!(client.ping().unwrap_err().kind(), ErrorKind::Transport(broken) if broken.kind() == TransportErrorKind::Refused));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// What was tried, in words: `write to bucket "sensors"`.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The `host:port` the call was meant for.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The cause: in this crate's words, in those of the layer that saw it (without secrets, and cut to
    /// 1 KiB), or both. For [`Tls`](TransportErrorKind::Tls) with what to do; a command in it is its end.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            TransportErrorKind::Dns
            | TransportErrorKind::Refused
            | TransportErrorKind::Connect
            | TransportErrorKind::Timeout
            | TransportErrorKind::Closed
            // A proxy restarts like a server does.
            | TransportErrorKind::ProxyUnavailable => true,
            TransportErrorKind::Protocol
            | TransportErrorKind::Proxy
            | TransportErrorKind::Tls
            | TransportErrorKind::NeedsTls
            | TransportErrorKind::TooLarge
            | TransportErrorKind::Compression
            | TransportErrorKind::Request => false,
        }
    }

    /// Whether anything can have reached the server: a request that was never sent stored nothing.
    /// Once a byte of it was, it doesn't matter what failed.
    pub(crate) fn stored(&self) -> Stored {
        // A TLS port can't have understood plain HTTP.
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
                "the port at {host} speaks TLS ({detail}); write https:// in the URL"
            ),
            TransportErrorKind::TooLarge => write!(
                f,
                "the response of {host} is larger than this call allows ({detail}); ask for less or raise the cap"
            ),
            TransportErrorKind::Compression => write!(
                f,
                "the compressed response of {host} can't be read ({detail}); the server or a proxy is at fault"
            ),
            // What to do about a proxy is in the detail: programs without one aren't linked with it.
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
