//! HTTP/1.1 transport. Only this module uses the HTTP library, `ureq`, and its interface has no type of it, so
//! the library can be replaced.
//!
//! Its rules, each for a fault that was observed:
//! - Redirects aren't followed: a POST would be replayed as a GET without a body and look like a success, and
//!   a token would be sent to another server.
//! - A proxy is used only if it is set, since one from the environment would see the token. It has the same time
//!   limits as the server, and errors name it.
//! - Every call has time limits, without a thread: for connecting, for each read, for each write, and overall.
//! - A connection's buffers take 12 KiB instead of 260.
//! - A connection is reused only after the whole body was read. A 204 has no body.
//! - The limit of a body counts decompressed bytes.
//! - A connection from the pool that is closed is replaced once, without delay. So is one with bytes received
//!   before the request.
//! - A large body waits for `100 Continue`, so that an early 401 or 413 is seen; but not if the server once
//!   rejected `Expect` or didn't respond to it.

mod body;
mod call_trace;
#[cfg(feature = "rustls")]
mod certificate;
mod connector;
mod decoder;
mod detail;
mod error;
mod head;
mod headers;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod pem;
mod proxy;
mod proxy_url;
mod resolver;
mod tcp;
mod tls;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls_cause;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls_connector;
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[path = "no_tls.rs"]
mod tls_connector;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tls_library;
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
mod tls_native;
#[cfg(feature = "rustls")]
mod tls_rustls;

pub(crate) use body::Body;
pub(crate) use error::HttpError;

pub(crate) use headers::{HeaderList, HeaderText, Headers};
pub(crate) use tls::{PemFile, TlsSettings, missing as tls_missing};

use super::secret::Secrets;
use super::url::BaseUrl;
use crate::error::{Error, TransportErrorKind};
use alloc::format;
use alloc::string::String;
use call_trace::CallTrace;
use connector::EdgeConnector;
use core::time::Duration;
use decoder::Decoder;
use detail::Detail;
use head::INPUT_BUFFER;
pub(crate) use proxy::ProxyUrl;
use proxy::{ProxyContext, ProxyFaults};
use resolver::{Addresses, CachingResolver};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use ureq::http::uri::{Authority, PathAndQuery, Scheme};
use ureq::http::{HeaderValue, Method, Request, Response, Uri, Version, header, response};
use ureq::{Agent, AsSendBody, SendBody};

/// The size of the write buffer, which is the longest request line and the longest header.
const OUTPUT_BUFFER: usize = 4096;
/// The size from which a body waits for `100 Continue`.
const EXPECT_FROM: u64 = 256 * 1024;
/// The longest wait for `100 Continue`. Then the body is sent without it (RFC 9110 §10.1.1).
const CONTINUE_WITHIN: Duration = Duration::from_secs(1);
/// The time for which an idle connection is kept. More than a minute, for programs that write once a minute.
const MAX_IDLE: Duration = Duration::from_secs(150);
/// The longest time limit. The library adds limits to the current time, which panics on overflow.
const MAX_LIMIT: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Returns a time limit that can be added to any time.
#[inline(never)]
pub(crate) fn bounded(limit: Duration) -> Duration {
    limit.min(MAX_LIMIT)
}

/// The settings of the transport, validated.
pub(crate) struct HttpSettings {
    pub(crate) connect: Duration,
    pub(crate) read: Duration,
    pub(crate) write: Duration,
    pub(crate) overall: Duration,
    pub(crate) pool: usize,
    pub(crate) proxy: Option<ProxyUrl>,
    pub(crate) proxy_headers: HeaderList,
    pub(crate) user_agent: String,
    pub(crate) headers: HeaderList,
    pub(crate) tls: TlsSettings,
    pub(crate) secrets: Arc<Secrets>,
}

/// One server, its connections, and the headers that every request to it has.
#[derive(Clone)]
pub(crate) struct Http {
    agent: Agent,
    scheme: Scheme,
    authority: Authority,
    overall: Duration,
    read: Duration,
    headers: HeaderList,
    /// The server, or a proxy, rejected `Expect` or didn't respond to it, so no body waits for `100 Continue`
    /// any more. This is never reset: such a server is old, and if it is replaced, a rejection is only seen
    /// later.
    no_expect: Arc<AtomicBool>,
    proxy_faults: Option<Arc<dyn ProxyFaults>>,
    /// The secrets to mask in responses.
    pub(crate) secrets: Arc<Secrets>,
}

/// A request to be sent.
pub(crate) struct HttpRequest<'a> {
    pub(crate) method: &'a str,
    /// Path and query, encoded.
    pub(crate) target: String,
    pub(crate) content_type: Option<&'static str>,
    /// The body is gzip.
    pub(crate) gzipped: bool,
    /// The response may be gzip.
    pub(crate) accept_gzip: bool,
    /// The client's credentials aren't sent, for calls that create them.
    pub(crate) anonymous: bool,
    /// `Authorization` or `Cookie`.
    pub(crate) credential: Option<(&'static str, HeaderText)>,
    /// Headers of this call only. They replace the client's.
    pub(crate) headers: Option<&'a HeaderList>,
    pub(crate) body: RequestBody<'a>,
    /// The time limit of the whole call, until the end of the response's body.
    pub(crate) overall: Duration,
    /// The time limit of each read. Default: the client's.
    pub(crate) read: Option<Duration>,
    /// The request is idempotent.
    pub(crate) repeatable: bool,
    /// The limit of the response's body, in decompressed bytes.
    pub(crate) cap: u64,
    /// A body of any size waits for `100 Continue`, after a connection broke.
    pub(crate) expect: bool,
}

/// The body of a request.
pub(crate) enum RequestBody<'a> {
    /// No body, as for GET.
    None,
    /// A body in memory. If it is empty, `Content-Length: 0` is sent.
    Bytes(&'a [u8]),
    /// A body that is read while it is sent, once; with its length if known, else chunked.
    Reader(&'a mut dyn io::Read, Option<u64>),
}

/// A response whose body isn't read yet.
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Body,
}

/// The error of a call without a response.
#[derive(Debug)]
pub(crate) struct SendError {
    pub(crate) http_error: HttpError,
    /// No byte of the request was sent.
    pub(crate) unsent: bool,
}

impl Http {
    /// Returns the time limit of each read.
    pub(crate) fn read_limit(&self) -> Duration {
        self.read
    }

    pub(crate) fn new(base: &BaseUrl, settings: HttpSettings) -> Result<Self, Error> {
        let scheme = if base.https {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        let authority = Authority::try_from(base.authority.as_str())
            .map_err(|_| Error::config(format!("the host {} can't be used", base.authority)))?;
        let user_agent = HeaderText::new(&settings.user_agent)
            .ok_or_else(|| Error::config("the user agent isn't visible ASCII"))?;
        let mut headers = HeaderList::default();
        headers.set(header::USER_AGENT, user_agent);
        headers.set(header::ACCEPT, HeaderText::fixed("*/*"));
        headers.replace_by(&settings.headers);

        let builder = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The environment's isn't used, and one that is set is a connector of ours.
            .proxy(None)
            .timeout_global(Some(settings.overall))
            .timeout_connect(Some(settings.connect))
            .timeout_await_100(Some(continue_within(settings.read, settings.overall)))
            .timeout_per_read(Some(settings.read))
            .timeout_per_write(Some(settings.write))
            .input_buffer_size(INPUT_BUFFER)
            .output_buffer_size(OUTPUT_BUFFER)
            // Less than the buffer, so that a head that fills it is an error of its own.
            .max_response_header_size(INPUT_BUFFER - 1)
            .max_idle_connections(settings.pool)
            .max_idle_connections_per_host(settings.pool)
            .max_idle_age(MAX_IDLE)
            .allow_non_standard_methods(true)
            // These three are in `headers`. The library would build them anew for each request.
            .user_agent("")
            .accept("")
            .accept_encoding("");
        let config = builder.build();
        // The connection to a proxy may use TLS as well.
        let tls = settings
            .tls
            .connector(base.https || settings.proxy.is_some())?;
        let addresses = Arc::new(Addresses::default());
        let mut resolver = CachingResolver {
            addresses: Arc::clone(&addresses),
            limit: settings.connect,
            left_to_proxy: false,
        };
        let (proxy, proxy_faults) = match &settings.proxy {
            Some(proxy) => {
                let (connector, faults) = proxy.open(ProxyContext {
                    base,
                    headers: &settings.proxy_headers,
                    user_agent: &settings.user_agent,
                    resolver: resolver.clone(),
                    tls: tls.clone(),
                })?;
                resolver.left_to_proxy = true;
                (Some(connector), Some(faults))
            }
            None if !settings.proxy_headers.is_empty() => {
                return Err(Error::config("there are headers for a proxy, but no proxy"));
            }
            None => (None, None),
        };
        let agent = Agent::with_parts(
            config,
            EdgeConnector {
                inner: connector::chain(proxy, tls),
                addresses,
            },
            resolver,
        );
        Ok(Http {
            agent,
            scheme,
            authority,
            overall: settings.overall,
            read: settings.read,
            headers,
            no_expect: Arc::default(),
            proxy_faults,
            secrets: settings.secrets,
        })
    }

    /// Returns the `host:port` of a proxy that sees the requests and may respond to them: one to a server on
    /// http.
    pub(crate) fn proxy(&self) -> Option<&str> {
        self.proxy_faults.as_ref()?.sees_requests()
    }

    /// Returns `true` if a header that the program set has credentials.
    pub(crate) fn has_own_credentials(&self) -> bool {
        self.headers.has("authorization") || self.headers.has("cookie")
    }

    /// Sends a request and reads the head of the response.
    //
    // It is sent a second time at once, within the same time limit, in these cases only:
    //
    //   417 to `Expect`              without `Expect`, for this and all later calls (RFC 9110 §10.1.1)
    //   a connection from the pool   closed without a byte of a response: by the server, or forgotten by a NAT.
    //                                That shows nothing about the server now. (RFC 9112 §9.3.1 and §9.6)
    //   bytes before the request     nothing was sent over that connection
    //
    // The last two once a call, and only if the request is idempotent or no byte of it was sent. In no case if
    // a part of a body was read from a reader, which yields it only once.
    pub(crate) fn send(&self, out: &mut HttpRequest<'_>) -> Result<HttpResponse, SendError> {
        let start = std::time::Instant::now();
        let overall = bounded(out.overall);
        let mut left = overall;
        let mut reconnected = false;
        let mut unsent = true;
        loop {
            let expect = self.expects(out);
            let (mut result, trace) = self.send_once(out, left, expect);
            if let Err(failed) = &mut result {
                // An earlier attempt may have sent bytes.
                failed.unsent &= unsent;
                unsent = failed.unsent;
            }
            let whole = !trace.body_begun || !matches!(out.body, RequestBody::Reader(..));
            let again = match &result {
                Ok(response) if expect && response.status == 417 => {
                    self.no_expect.store(true, Ordering::Relaxed);
                    whole
                }
                // No `100 Continue` came within the full time, and the body was accepted: later ones don't
                // wait. If the call's own limit shortened the wait, that shows nothing.
                Ok(response) => {
                    let waited = continue_within(self.read, left)
                        == continue_within(self.read, self.overall);
                    if trace.silent && waited && response.status < 400 {
                        self.no_expect.store(true, Ordering::Relaxed);
                    }
                    false
                }
                Err(failed) => {
                    let stale = !trace.connected
                        && !trace.responded
                        && failed.http_error.kind == TransportErrorKind::Closed;
                    let first = !core::mem::replace(&mut reconnected, true);
                    first && (stale || trace.early) && whole && (out.repeatable || failed.unsent)
                }
            };
            left = overall.saturating_sub(start.elapsed());
            if !again || left.is_zero() {
                return result;
            }
        }
    }

    /// Returns `true` if the body waits for `100 Continue`.
    fn expects(&self, out: &HttpRequest<'_>) -> bool {
        let size = match &out.body {
            RequestBody::None => 0,
            RequestBody::Bytes(bytes) => bytes.len() as u64,
            RequestBody::Reader(_, length) => length.unwrap_or(u64::MAX),
        };
        (size >= EXPECT_FROM || (out.expect && size > 0)) && !self.no_expect.load(Ordering::Relaxed)
    }

    fn send_once(
        &self,
        out: &mut HttpRequest<'_>,
        overall: Duration,
        expect: bool,
    ) -> (Result<HttpResponse, SendError>, CallTrace) {
        // A header of the call replaces the credential of the same name.
        let credential = out
            .credential
            .as_ref()
            .filter(|(name, _)| !out.headers.is_some_and(|own| own.has(name)))
            .cloned();
        // The call may be nested: a body that is read while it is sent may make calls of its own.
        let outer = CallTrace::now();
        let body = match &out.body {
            RequestBody::Bytes(bytes) => bytes.len() as u64,
            RequestBody::Reader(_, Some(length)) => *length,
            _ => 0,
        };
        CallTrace::begin(credential, body);
        let result = head::masking(&self.secrets, || self.run(out, overall, expect));
        let trace = CallTrace::end(outer);
        let result = result.map_err(|mut http_error| {
            // Some TLS servers close the connection after plain HTTP without an alert.
            let silent = http_error.kind == TransportErrorKind::Closed
                && (trace.connected && trace.sent && !trace.responded)
                && self.scheme == Scheme::HTTP;
            match &self.proxy_faults {
                Some(faults) => faults.involve(&mut http_error, silent),
                None if silent => http_error
                    .detail
                    .hint("; if that port speaks TLS, write https:// in the URL"),
                None => {}
            }
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            let http_error = tls_connector::advised(http_error);
            SendError {
                http_error,
                unsent: !trace.sent,
            }
        });
        (result, trace)
    }

    fn run(
        &self,
        out: &mut HttpRequest<'_>,
        overall: Duration,
        expect: bool,
    ) -> Result<HttpResponse, HttpError> {
        let mut request = Request::new(());
        *request.method_mut() = method(out.method)?;
        *request.uri_mut() = self.uri(&out.target)?;
        let headers = request.headers_mut();
        self.headers.write_to(headers);
        if let Some((_, value)) = &out.credential {
            if value.0.len() + 32 > OUTPUT_BUFFER {
                let why = format!("the token is longer than {OUTPUT_BUFFER} bytes");
                return Err(HttpError::request(Detail::own(why)));
            }
        }
        if let Some(kind) = out.content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if out.gzipped {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if out.accept_gzip && cfg!(feature = "gzip") {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if expect {
            headers.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        }
        if let Some(own) = out.headers {
            own.replace_in(headers);
        }
        if let Some((name, _)) = headers
            .iter()
            .find(|(name, value)| name.as_str().len() + value.len() + 4 > OUTPUT_BUFFER)
        {
            let longer = format!(" is longer than {OUTPUT_BUFFER} bytes");
            let detail = Detail::quote("the header ", name.as_str(), &longer);
            return Err(HttpError::request(detail));
        }
        let as_asked = out.headers.is_some_and(|own| own.has("accept-encoding"));
        let read = out.read.map(bounded);
        let response = match &mut out.body {
            RequestBody::None => self.hand_over(request.map(|()| SendBody::none()), read, overall),
            RequestBody::Bytes(bytes) => {
                request
                    .headers_mut()
                    .insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
                // As a reader, because the unread rest shows if the server accepted the whole body.
                let mut left: &[u8] = bytes;
                let body = SendBody::from_reader(&mut left);
                let response = self.hand_over(request.map(|()| body), read, overall)?;
                let incomplete = !left.is_empty() || CallTrace::now().cut;
                let status = response.status().as_u16();
                if incomplete && status < 400 {
                    // A success for a body that wasn't sent.
                    let why = format!("it responded with {status} before it took the body");
                    return Err(HttpError::new(TransportErrorKind::Closed, Detail::own(why)));
                }
                Ok(response)
            }
            RequestBody::Reader(reader, length) => {
                if let Some(length) = length {
                    request
                        .headers_mut()
                        .insert(header::CONTENT_LENGTH, HeaderValue::from(*length));
                }
                let body = SendBody::from_reader(&mut **reader);
                self.hand_over(request.map(|()| body), read, overall)
            }
        }?;
        let (mut parts, body) = response.into_parts();
        head::restore(&mut parts.headers);
        if let (407, Some(faults)) = (parts.status.as_u16(), &self.proxy_faults) {
            if let Some(refusal) = faults.refusal(&parts.headers) {
                // The proxy forwarded nothing.
                CallTrace::note(|t| t.sent = false);
                return Err(refusal);
            }
        }
        let open_ended = is_open_ended(&parts);
        let body = Decoder::new(&mut parts.headers, body, as_asked);
        Ok(HttpResponse {
            status: parts.status.as_u16(),
            headers: Headers::new(parts.headers, Arc::clone(&self.secrets)),
            body: Body::new(body, open_ended, out.cap),
        })
    }

    fn hand_over(
        &self,
        request: Request<impl AsSendBody>,
        read: Option<Duration>,
        overall: Duration,
    ) -> Result<Response<ureq::Body>, HttpError> {
        // Other limits than the client's need a copy of the configuration.
        if overall == self.overall && read.is_none() {
            return Ok(self.agent.run(request)?);
        }
        let mut config = self
            .agent
            .configure_request(request)
            .timeout_global(Some(overall))
            .timeout_await_100(Some(continue_within(read.unwrap_or(self.read), overall)));
        if read.is_some() {
            config = config.timeout_per_read(read);
        }
        Ok(self.agent.run(config.build())?)
    }

    fn uri(&self, target: &str) -> Result<Uri, HttpError> {
        // With "POST " before it and " HTTP/1.1" after it.
        if target.len() + 32 > OUTPUT_BUFFER {
            return Err(HttpError::request(Detail::own(format!(
                "path and query are longer than {OUTPUT_BUFFER} bytes; put it in the body"
            ))));
        }
        let bad = || {
            let path = format!("{target:?}");
            HttpError::request(Detail::quote("the path ", &path, " can't be used"))
        };
        let mut parts = ureq::http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::try_from(target).map_err(|_| bad())?);
        Uri::from_parts(parts).map_err(|_| bad())
    }
}

impl core::fmt::Debug for Http {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // Without the headers, which may hold secrets.
        f.debug_struct("Http")
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

/// Returns the wait for `100 Continue`, which is shorter than the limits that would end the call.
fn continue_within(read: Duration, overall: Duration) -> Duration {
    CONTINUE_WITHIN.min(read / 2).min(overall / 4)
}

/// Returns `true` if the end of the connection may end the body. A chunked body has a last chunk. With a
/// length, the library reports an early end anyway.
fn is_open_ended(head: &response::Parts) -> bool {
    let chunked = head
        .headers
        .get(header::TRANSFER_ENCODING)
        .and_then(|value| value.as_bytes().last_chunk())
        .is_some_and(|end: &[u8; 7]| end.eq_ignore_ascii_case(b"chunked"));
    head.version == Version::HTTP_10 || !chunked
}

fn method(name: &str) -> Result<Method, HttpError> {
    Method::from_bytes(name.as_bytes()).map_err(|_| {
        let name = format!("{name:?}");
        HttpError::request(Detail::quote("", &name, " is no HTTP method"))
    })
}

#[cfg(test)]
#[path = "tests/expect.rs"]
mod tests;
