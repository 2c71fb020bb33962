//! HTTP proxies: a tunnel to a server on https (`CONNECT`, RFC 9110 §9.3.6), and requests in absolute form to
//! one on http (RFC 9112 §3.2.2), as curl does. Many proxies allow `CONNECT` to port 443 only.
//!
//! The library's own support isn't used: it knows only `CONNECT`, starts the time limit anew with every byte
//! that the proxy sends, and reports each failure as a rejection.
//!
//! All of this is reached through [`ProxyUrl::new`] only, so a program without a proxy isn't linked with it.

use super::call_trace::CallTrace;
use super::connector::{Deadline, ProxyConnector, chain, send};
use super::detail::Detail;
use super::error::HttpError;
use super::head::INPUT_BUFFER;
use super::headers::HeaderList;
use super::proxy_url::{self, ProxyAddress};
use super::resolver::CachingResolver;
use super::tls_connector::TlsConnector;
use crate::client::secret::Secret;
use crate::client::url::BaseUrl;
use crate::error::{Error as CrateError, TransportErrorKind as Kind};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use std::sync::Arc;
use ureq::Error;
use ureq::http::{HeaderMap, Uri};
use ureq::unversioned::resolver::Resolver;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// A proxy's URL. `open` is a pointer, so that only programs with a proxy are linked with this module.
#[derive(Clone)]
pub(crate) struct ProxyUrl {
    url: Secret,
    open: fn(&Secret, ProxyContext<'_>) -> Result<Opened, CrateError>,
}

/// The settings of the client that a proxy needs.
pub(super) struct ProxyContext<'a> {
    pub(super) base: &'a BaseUrl,
    /// The headers for the proxy only.
    pub(super) headers: &'a HeaderList,
    pub(super) user_agent: &'a str,
    pub(super) resolver: CachingResolver,
    /// For a proxy on https.
    pub(super) tls: TlsConnector,
}

/// The connector through a proxy, and the proxy's part in later failures.
type Opened = (ProxyConnector, Arc<dyn ProxyFaults>);

/// A proxy's part in failures after the connection was made.
pub(super) trait ProxyFaults: Send + Sync {
    /// Returns the error of a 407 with these headers. `None` for a tunnel, in which it is the server's.
    fn refusal(&self, headers: &HeaderMap) -> Option<HttpError>;

    /// Returns the proxy's `host:port`. `None` for a tunnel, which hides requests and responses from it.
    fn sees_requests(&self) -> Option<&str>;

    /// Names the proxy in an error that may be its own, the server's, or that of the path between.
    /// `silent`: a new connection was closed without a byte of a response.
    fn involve(&self, http_error: &mut HttpError, silent: bool);
}

impl ProxyUrl {
    pub(crate) fn new(url: Secret) -> Self {
        ProxyUrl { url, open }
    }

    pub(super) fn open(&self, context: ProxyContext<'_>) -> Result<Opened, CrateError> {
        (self.open)(&self.url, context)
    }
}

fn open(url: &Secret, context: ProxyContext<'_>) -> Result<Opened, CrateError> {
    let ProxyContext {
        base,
        headers,
        user_agent,
        resolver,
        tls,
    } = context;
    let ProxyAddress {
        uri,
        host_port,
        basic,
    } = proxy_url::parse(url.reveal())?;
    let has_credentials = basic.is_some() || headers.has("proxy-authorization");
    let mut lines = b"Proxy-Connection: Keep-Alive\r\n".to_vec();
    if let Some(basic) = basic {
        if headers.has("proxy-authorization") {
            return Err(CrateError::config(
                "the proxy's URL has a user name, and there is a header Proxy-Authorization; give one of them",
            ));
        }
        for part in ["Proxy-Authorization: Basic ", basic.reveal(), "\r\n"] {
            lines.extend_from_slice(part.as_bytes());
        }
    }
    lines.extend_from_slice(&headers.to_lines());
    let target = base.host_port.clone();
    let opening = if base.https {
        let mut head =
            format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {user_agent}\r\n")
                .into_bytes();
        head.append(&mut lines);
        head.extend_from_slice(b"\r\n");
        Opening::Tunnel(head)
    } else {
        Opening::AbsoluteForm {
            origin: format!("http://{}", base.authority),
            lines,
        }
    };
    let proxy = Arc::new(Proxy {
        uri,
        host_port,
        target,
        opening,
        has_credentials,
    });
    let connector = Connect {
        proxy: Arc::clone(&proxy),
        direct: chain(None, tls),
        resolver,
    };
    Ok((Box::new(connector), proxy))
}

/// A proxy and the requests to it.
struct Proxy {
    uri: Uri,
    host_port: String,
    /// The server's `host:port`.
    target: String,
    opening: Opening,
    /// Credentials for the proxy are set.
    has_credentials: bool,
}

enum Opening {
    /// The head of a `CONNECT` request.
    Tunnel(Vec<u8>),
    /// The scheme and the authority before the path of a request line, and the header lines for the proxy.
    AbsoluteForm { origin: String, lines: Vec<u8> },
}

struct Connect<C> {
    proxy: Arc<Proxy>,
    /// A TCP socket, and TLS if the proxy's URL is `https`.
    direct: C,
    resolver: CachingResolver,
}

impl<C: Connector<()>> Connector<()> for Connect<C> {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let proxy = &self.proxy;
        // One limit for name resolution, the connection, its TLS and the tunnel.
        let deadline = Deadline::new(details.timeout);
        let transport = self
            .open(details, &deadline)
            .map_err(|e| proxy.at_fault(e))?;
        let mut through = Through {
            inner: transport,
            proxy: Arc::clone(proxy),
        };
        if let Opening::Tunnel(head) = &proxy.opening {
            proxy
                .tunnel(&mut *through.inner, head, &deadline)
                .map_err(|e| proxy.at_fault(e))?;
        }
        Ok(Some(Box::new(through)))
    }
}

impl<C: Connector<()>> Connect<C> {
    fn open(
        &self,
        details: &ConnectionDetails<'_>,
        deadline: &Deadline,
    ) -> Result<Box<dyn Transport>, Error> {
        let uri = &self.proxy.uri;
        let addrs = self
            .resolver
            .resolve(uri, details.config, deadline.left()?)?;
        let details = ConnectionDetails {
            uri,
            addrs,
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: ureq::unversioned::transport::time::Instant::now(),
            timeout: deadline.left()?,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        match self.direct.connect(&details, None)? {
            Some(transport) => Ok(Box::new(transport)),
            None => Err(Error::ConnectionFailed),
        }
    }
}

impl Proxy {
    /// Opens a tunnel: sends `CONNECT` and reads the head of the response.
    //
    //   send CONNECT -> read a head -- 1xx -------------------> read a head
    //                               -- 2xx -------------------> the tunnel is open
    //                               -- 2xx and more bytes ----> error
    //                               -- any other status ------> error with status and reason
    //
    // A 2xx has no body, even with a length (RFC 9110 §9.3.6). Bytes after its head would be the server's, but
    // in TLS the client speaks first: they are the proxy's, and must not enter the handshake. `deadline` limits
    // all of it, so that a proxy that sends a byte now and then can't extend it.
    fn tunnel(
        &self,
        transport: &mut dyn Transport,
        head: &[u8],
        deadline: &Deadline,
    ) -> Result<(), Error> {
        let protocol = |why: &'static str| Error::from(HttpError::new(Kind::Protocol, why));
        send(transport, head, deadline)?;
        loop {
            let input = transport.buffers().input();
            if !begins_as_http(input) {
                return Err(protocol(NO_HTTP));
            }
            let Some(end) = head_end(input) else {
                if input.len() >= INPUT_BUFFER {
                    return Err(protocol("the head of its response is longer than 8 KiB"));
                }
                if !transport.await_input(deadline.left()?)? {
                    return Err(HttpError::new(Kind::Closed, "no complete response").into());
                }
                continue;
            };
            let text = String::from_utf8_lossy(input.get(..end).unwrap_or(&[])).into_owned();
            let behind = input.len().saturating_sub(end);
            transport.buffers().input_consume(end);
            let mut lines = text.lines();
            let (status, reason) = lines
                .next()
                .and_then(status_line)
                .ok_or_else(|| protocol("its response has no status"))?;
            match status {
                100..=199 => deadline.left().map(drop)?,
                200..=299 if behind > 0 => {
                    return Err(protocol("bytes follow its response to CONNECT"));
                }
                200..=299 => return Ok(()),
                _ => {
                    let challenges = lines
                        .filter_map(|line| line.split_once(':'))
                        .filter(|(name, _)| name.eq_ignore_ascii_case("proxy-authenticate"))
                        .map(|(_, value)| value);
                    return Err(self.refused(status, reason, challenges).into());
                }
            }
        }
    }

    /// The error of a proxy's rejection. `challenges` are the values of `Proxy-Authenticate`.
    fn refused<'a>(
        &self,
        status: u16,
        reason: &str,
        challenges: impl Iterator<Item = &'a str>,
    ) -> HttpError {
        let Proxy {
            host_port, target, ..
        } = self;
        let advice = match status {
            407 if self.has_credentials => {
                "check user and password in the proxy's URL, or the header Proxy-Authorization"
            }
            407 => {
                "it wants credentials: give user and password in the proxy's URL, or a proxy_header Proxy-Authorization"
            }
            403 => "it must be set to allow this host and port",
            300..=399 => "it may be a login page or no proxy; check the proxy's URL",
            408 | 425 | 429 | 500 | 502..=504 => {
                "the proxy can't reach the server now, or is overloaded; try again later"
            }
            _ => "it may be no proxy, or takes no CONNECT; check the proxy's URL",
        };
        let kind = match status {
            408 | 425 | 429 | 500 | 502..=504 => Kind::ProxyUnavailable,
            _ => Kind::Proxy,
        };
        let mut foreign = reason.trim().to_owned();
        if !foreign.is_empty() {
            foreign.insert(0, ' ');
        }
        for scheme in challenges.filter_map(|value| value.split_ascii_whitespace().next()) {
            for part in [", asks for ", scheme] {
                foreign.push_str(part);
            }
        }
        let before =
            format!("the proxy {host_port} refused a request for {target} (status {status}");
        let after = ["); ", advice].concat();
        HttpError::new(kind, Detail::quote(&before, &foreign, &after))
    }

    /// Makes any other error before the tunnel is open one that names the proxy.
    fn at_fault(&self, error: Error) -> Error {
        let mut found = HttpError::from(error);
        let (kind, before, advice) = match found.kind {
            Kind::Proxy | Kind::ProxyUnavailable => return found.into(),
            Kind::Timeout => {
                let before = ["waiting for the proxy ", &self.host_port, ": "].concat();
                found.detail = found.detail.within(&before, "", "");
                return found.into();
            }
            Kind::Dns => (
                Kind::ProxyUnavailable,
                "no address is known for",
                "check the proxy's URL and this machine's DNS",
            ),
            Kind::Refused => (
                Kind::ProxyUnavailable,
                "nothing listens at",
                "start the proxy or correct its URL",
            ),
            Kind::Closed => (
                Kind::ProxyUnavailable,
                "the connection was closed by",
                "try again; check that the port is the proxy's, and whether it speaks TLS",
            ),
            Kind::Tls => (
                Kind::Proxy,
                "no trusted TLS connection to",
                "check its certificate and whether that port speaks TLS, or write http:// in the proxy's URL; a private CA is given as ca_file",
            ),
            Kind::NeedsTls => (
                Kind::Proxy,
                "plain HTTP is not understood by",
                "write https:// in the proxy's URL",
            ),
            Kind::Protocol => (
                Kind::Proxy,
                "no HTTP proxy responds at",
                "check the proxy's URL",
            ),
            _ => (
                Kind::ProxyUnavailable,
                "this machine can't reach",
                "check this machine's network and the proxy's URL",
            ),
        };
        let before = [before, " the proxy ", &self.host_port, " ("].concat();
        HttpError {
            kind,
            detail: found.detail.within(&before, ")", &["; ", advice].concat()),
            source: found.source,
        }
        .into()
    }

    /// Returns the start of a request's head in absolute form, with the header lines for the proxy.
    //
    //   POST /api/v2/write HTTP/1.1          ->   POST http://influx:8086/api/v2/write HTTP/1.1
    //                                             Proxy-Connection: Keep-Alive
    //   Host: influx:8086                         Host: influx:8086
    fn absolute(&self, start: &[u8]) -> Vec<u8> {
        let Opening::AbsoluteForm { origin, lines } = &self.opening else {
            return start.to_owned();
        };
        let line = start.iter().position(|b| *b == b'\n');
        let (line, rest) = start
            .split_at_checked(line.map_or(start.len(), |at| at.saturating_add(1)))
            .unwrap_or((start, &[]));
        let method = line.iter().position(|b| *b == b' ');
        let (method, line) = line
            .split_at_checked(method.map_or(0, |at| at.saturating_add(1)))
            .unwrap_or((&[], line));
        [method, origin.as_bytes(), line, lines, rest].concat()
    }
}

impl ProxyFaults for Proxy {
    fn refusal(&self, headers: &HeaderMap) -> Option<HttpError> {
        self.sees_requests()?;
        let challenges = headers.get_all("proxy-authenticate").into_iter();
        let challenges = challenges.filter_map(|value| value.to_str().ok());
        Some(self.refused(407, "", challenges))
    }

    fn sees_requests(&self) -> Option<&str> {
        match self.opening {
            Opening::Tunnel(_) => None,
            Opening::AbsoluteForm { .. } => Some(&self.host_port),
        }
    }

    fn involve(&self, http_error: &mut HttpError, silent: bool) {
        let detail = &mut http_error.detail;
        // An invalid request wasn't sent.
        if http_error.kind != Kind::Request && !detail.has(&self.host_port) {
            for part in [", through the proxy ", &self.host_port] {
                detail.push(part);
            }
        }
        if silent && self.uri.scheme_str() == Some("http") {
            detail.hint("; if the proxy's port speaks TLS, write https:// in the proxy's URL");
        }
    }
}

/// The error of a port that isn't an HTTP proxy's.
const NO_HTTP: &str = "what it sends isn't HTTP/1";

/// Returns `true` if the input so far is a prefix or the start of an HTTP/1 response.
fn begins_as_http(input: &[u8]) -> bool {
    let start = b"HTTP/1.";
    input.iter().zip(start).all(|(is, should)| is == should)
}

/// Returns the length of a complete head. A lone line feed ends a line, too (RFC 9112 §2.2).
fn head_end(input: &[u8]) -> Option<usize> {
    let mut at = 0usize;
    for line in input.split_inclusive(|b| *b == b'\n') {
        at = at.saturating_add(line.len());
        if matches!(line, b"\n" | b"\r\n") {
            return Some(at);
        }
    }
    None
}

/// Returns status and reason of `HTTP/1.1 200 Connection established`.
fn status_line(line: &str) -> Option<(u16, &str)> {
    let (_, rest) = line.split_once(' ')?;
    let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let number = status.parse().ok()?;
    (100..=999).contains(&number).then_some((number, reason))
}

/// A connection through a proxy: the inside of a tunnel, or one for requests in absolute form.
struct Through {
    inner: Box<dyn Transport>,
    proxy: Arc<Proxy>,
}

impl Transport for Through {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let mut begun = matches!(self.proxy.opening, Opening::Tunnel(_));
        if !begun {
            CallTrace::note(|t| begun = core::mem::replace(&mut t.begun, true));
        }
        if begun {
            return self.inner.transmit_output(amount, timeout);
        }
        let output = self.inner.buffers().output();
        let head = self.proxy.absolute(output.get(..amount).unwrap_or(&[]));
        send(&mut *self.inner, &head, &Deadline::new(timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        match self.inner.await_input(timeout) {
            Err(Error::Other(e)) => {
                let kind = e.downcast_ref().map(|e: &HttpError| e.kind);
                let e = Error::Other(e);
                if kind != Some(Kind::NeedsTls) {
                    return Err(e);
                }
                // The proxy's port expects TLS, not the server's.
                CallTrace::note(|t| t.sent = false);
                Err(self.proxy.at_fault(e))
            }
            Ok(true) => {
                // Only the first bytes of a new connection. On one from the pool they may belong to an earlier
                // response.
                let trace = CallTrace::now();
                let first = trace.connected && !trace.responded;
                let sees = self.proxy.sees_requests().is_some();
                if sees && first && !begins_as_http(self.inner.buffers().input()) {
                    CallTrace::note(|t| t.sent = false);
                    let none = HttpError::new(Kind::Protocol, NO_HTTP);
                    return Err(self.proxy.at_fault(none.into()));
                }
                Ok(true)
            }
            result => result,
        }
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    /// TLS to the proxy isn't TLS to the server, which the connector has to add.
    fn is_tls(&self) -> bool {
        false
    }
}

impl fmt::Debug for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Through(***)")
    }
}

impl<C> fmt::Debug for Connect<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connect(***)")
    }
}
