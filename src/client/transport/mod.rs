//! HTTP/1.1 transport. This folder is the only place that names the HTTP library, `ureq`; what
//! comes out of it are our own types, so the library can be replaced without anybody noticing.
//!
//! The rules it keeps, each for a fault that was seen:
//! - no redirect is followed: a POST would be replayed as a GET without body and look like success,
//!   and a token would travel on;
//! - no proxy unless asked: the environment's would see the token; one that is asked for has the
//!   limits of the server, and its failures name it;
//! - every call has limits: connect, each read, each write, and an overall one, without a thread;
//! - small buffers: some 12 KiB a connection instead of 260;
//! - bodies are read to their end, or the connection isn't used again; a 204 has none to wait for;
//! - the cap on a body counts decompressed bytes;
//! - a pooled connection that turns out dead is replaced once, at once; so is one over which
//!   something came before the request;
//! - a large body waits for `100 Continue`, so that an early 401 or 413 is seen; but not at a server
//!   that once refused `Expect` or didn't react to it.

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

/// What the request line, or one header, may be, at most. Also the size of the write buffer.
const OUTPUT_BUFFER: usize = 4096;
/// From this size on a body waits for the server's `100 Continue`.
const EXPECT_FROM: u64 = 256 * 1024;
/// How long it waits at most; then it is sent without having been asked for.
const CONTINUE_WITHIN: Duration = Duration::from_secs(1);
/// How long an unused connection is kept. Longer than a minute, for those who report once a minute.
const MAX_IDLE: Duration = Duration::from_secs(150);
/// The longest time limit. The library adds limits to the time that it is, which panics where the
/// sum is past the end of all times.
const MAX_LIMIT: Duration = Duration::from_secs(10 * 365 * 86_400);

/// A time limit that can be added to any time.
#[inline(never)]
pub(crate) fn bounded(limit: Duration) -> Duration {
    limit.min(MAX_LIMIT)
}

/// The settings of the wire, checked.
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
    /// The server, or what is before it, refused `Expect` or didn't react to it: no body waits for
    /// `100 Continue` any more. For as long as the client lives, for such a server is old, and all
    /// that is lost if it's replaced is that a refusal shows later.
    no_expect: Arc<AtomicBool>,
    proxy_faults: Option<Arc<dyn ProxyFaults>>,
    /// What must not be printed of what comes back.
    pub(crate) secrets: Arc<Secrets>,
}

/// One request on its way out.
pub(crate) struct HttpRequest<'a> {
    pub(crate) method: &'a str,
    /// Path and query, encoded.
    pub(crate) target: String,
    pub(crate) content_type: Option<&'static str>,
    /// The body is gzip.
    pub(crate) gzipped: bool,
    /// The response may be gzip.
    pub(crate) accept_gzip: bool,
    /// Goes out without the client's credentials: where there are none yet.
    pub(crate) anonymous: bool,
    /// `Authorization` or `Cookie`.
    pub(crate) credential: Option<(&'static str, HeaderText)>,
    /// Headers of this call only; they replace those that every call has.
    pub(crate) headers: Option<&'a HeaderList>,
    pub(crate) body: RequestBody<'a>,
    /// The whole call, until the end of the response's body.
    pub(crate) overall: Duration,
    /// How long nothing may arrive. The client's own when none is given.
    pub(crate) read: Option<Duration>,
    /// Doing it twice is no different from doing it once.
    pub(crate) repeatable: bool,
    /// The most bytes the response's body may have, decompressed.
    pub(crate) cap: u64,
    /// The body waits for `100 Continue` however small it is: for a path that broke before.
    pub(crate) expect: bool,
}

/// The body of a request.
pub(crate) enum RequestBody<'a> {
    /// None at all, as for GET.
    None,
    /// All of it in memory. May be empty: `Content-Length: 0`.
    Bytes(&'a [u8]),
    /// Read while it's sent, once; with its length if known, else chunked.
    Reader(&'a mut dyn io::Read, Option<u64>),
}

/// What came back. Its body is still on the wire.
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Body,
}

/// A call that got no response.
#[derive(Debug)]
pub(crate) struct SendError {
    pub(crate) http_error: HttpError,
    /// Not a byte of the request was sent.
    pub(crate) unsent: bool,
}

impl Http {
    /// How long nothing may arrive.
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
            // Neither the environment's nor one that is asked for: that is a connector's.
            .proxy(None)
            .timeout_global(Some(settings.overall))
            .timeout_connect(Some(settings.connect))
            .timeout_await_100(Some(continue_within(settings.read, settings.overall)))
            .timeout_per_read(Some(settings.read))
            .timeout_per_write(Some(settings.write))
            .input_buffer_size(INPUT_BUFFER)
            .output_buffer_size(OUTPUT_BUFFER)
            // One less than the buffer, so that a head that fills it is told from a broken one.
            .max_response_header_size(INPUT_BUFFER - 1)
            .max_idle_connections(settings.pool)
            .max_idle_connections_per_host(settings.pool)
            .max_idle_age(MAX_IDLE)
            .allow_non_standard_methods(true)
            // These three are in `headers`: the library would build them anew for each request.
            .user_agent("")
            .accept("")
            .accept_encoding("");
        let config = builder.build();
        // A proxy may be asked for over TLS, too.
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

    /// `host:port` of a proxy that sees the requests and may respond itself: one to a server on http.
    pub(crate) fn proxy(&self) -> Option<&str> {
        self.proxy_faults.as_ref()?.sees_requests()
    }

    /// Whether a header that the program set says who it is.
    pub(crate) fn has_own_credentials(&self) -> bool {
        self.headers.has("authorization") || self.headers.has("cookie")
    }

    /// Sends a request and reads the head of the response.
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
                // An earlier one may have got there.
                failed.unsent &= unsent;
                unsent = failed.unsent;
            }
            // A reader gives its bytes once: nobody may have asked for any.
            let whole = !trace.body_begun || !matches!(out.body, RequestBody::Reader(..));
            let again = match &result {
                // It did nothing but read the head. (RFC 9110, 10.1.1: to be repeated without.)
                Ok(response) if expect && response.status == 417 => {
                    self.no_expect.store(true, Ordering::Relaxed);
                    whole
                }
                // It took the body without a word: the next one needn't wait for one. Unless it
                // was the call that had no time.
                Ok(response) => {
                    let waited = continue_within(self.read, left)
                        == continue_within(self.read, self.overall);
                    if trace.silent && waited && response.status < 400 {
                        self.no_expect.store(true, Ordering::Relaxed);
                    }
                    false
                }
                // The connection came from the pool and was dead: the other side had closed it, or
                // a NAT had forgotten it. Unless it began to respond, that says nothing about the
                // server now. Nor does what came before the request, of which nothing was sent then.
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

    /// Whether the body waits for `100 Continue`.
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
        // A call's own header of the same name takes its place.
        let credential = out
            .credential
            .as_ref()
            .filter(|(name, _)| !out.headers.is_some_and(|own| own.has(name)))
            .cloned();
        // A body that is read while it's sent may make calls of its own, in this thread.
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
            // TLS that only closes when it gets plain HTTP.
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
                // As a reader, for what is left of it tells whether it was asked for.
                let mut left: &[u8] = bytes;
                let body = SendBody::from_reader(&mut left);
                let response = self.hand_over(request.map(|()| body), read, overall)?;
                let incomplete = !left.is_empty() || CallTrace::now().cut;
                let status = response.status().as_u16();
                if incomplete && status < 400 {
                    // A success for what was never sent.
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
                // It handed nothing on.
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
        // Limits other than the client's own cost a copy of the configuration.
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
        // "POST " and " HTTP/1.1" around it.
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
        // Without the headers: they may hold what the user considers secret.
        f.debug_struct("Http")
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

/// How long a body waits for `100 Continue`: never so long that a call's own limits end it.
fn continue_within(read: Duration, overall: Duration) -> Duration {
    CONTINUE_WITHIN.min(read / 2).min(overall / 4)
}

/// Whether a body is not in chunks, whose last one says that it is. A length says so, too, but there
/// the connection's end is an error anyway.
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
