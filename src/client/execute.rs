//! Execution of a request: credentials, renewal of a session, retries, errors. Redirects, the pool and
//! `100 Continue` are in `transport`.
//
//   run             retries by the policy; advice for InfluxDB 3
//   +- authorized   adds the credentials; renews an expired session once
//      +- send      one exchange: log line, server's clock
//         +- Http   (transport) replaces a dead pooled connection once

use super::Client;
use super::Org;
use super::auth::{Auth, Session};
use super::cookies::Cookies;
use super::logging;
use super::on_v3::on_v3;
use super::response_error::{Asked, Kind, MAX_READ, refused};
use super::retry::random;
use super::secret::{Secret, SecretSource};
use super::setting_text::is_quoted;
use super::transport::{Headers, HttpError, HttpRequest, HttpResponse, RequestBody, SendError};
use super::url::Target;
use crate::error::{CredentialKind, Error, ResponseError, Stored, TransportError};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::sync::PoisonError;
use std::thread;
use std::time::Instant;

/// The most bytes of a text of a library, a proxy or a certificate in a transport error.
const MAX_DETAIL: usize = 1024;
/// The least limit of a request.
const LEAST_LIMIT: Duration = Duration::from_millis(1);
/// The limit of the request for the server's version, which only the text of an error needs.
const PING_LIMIT: Duration = Duration::from_secs(5);
/// The most bytes of a response that is read into memory, decompressed.
pub(crate) const DEFAULT_CAP: u64 = 16 << 20;

/// The attempts of one call.
struct Attempts {
    start: Instant,
    /// The limit of an attempt.
    limit: Duration,
    count: u32,
    /// An earlier attempt may have been stored.
    unknown: bool,
}

impl Client {
    /// A request with this client's limits and defaults.
    pub(crate) fn http_request<'a>(&self, method: &'a str, target: Target) -> HttpRequest<'a> {
        HttpRequest {
            method,
            target: target.into_string(),
            content_type: None,
            gzipped: false,
            accept_gzip: false,
            anonymous: false,
            credential: None,
            headers: None,
            body: RequestBody::None,
            overall: self.inner().overall,
            read: None,
            repeatable: matches!(method, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE"),
            cap: DEFAULT_CAP,
            expect: false,
        }
    }

    /// Sends a request and converts the response with `done`. Retryable errors are retried by the client's
    /// policy, if the request can be repeated.
    pub(crate) fn run<T>(
        &self,
        what: &dyn fmt::Display,
        out: &mut HttpRequest<'_>,
        mut done: impl FnMut(HttpResponse) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.run_attempts(out, |out| self.authorized(what, out).and_then(&mut done))
            .map_err(|error| self.instead(error, &out.target))
    }

    /// Adds advice to the error of a call that InfluxDB 3 lacks. (Not for writes, which it has.)
    pub(crate) fn instead(&self, error: Error, target: &str) -> Error {
        on_v3(error, &self.inner().base.prefix, target)
    }

    /// The same for attempts of more than one request.
    pub(crate) fn run_attempts<'a, T>(
        &self,
        out: &mut HttpRequest<'a>,
        mut attempt_once: impl FnMut(&mut HttpRequest<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut attempts = Attempts {
            start: Instant::now(),
            limit: out.overall,
            count: 0,
            unknown: false,
        };
        loop {
            match attempt_once(out) {
                Ok(value) => return Ok(value),
                Err(error) => self.wait_for_next(&mut attempts, out, error)?,
            }
        }
    }

    /// Sleeps until a failed attempt may be repeated. Returns its error if it was the last one.
    //
    // A call that can't be repeated without harm (POST of a new resource, a body that was streamed) is
    // never retried. If any attempt may have been stored, the final error says so.
    #[inline(never)]
    fn wait_for_next(
        &self,
        attempts: &mut Attempts,
        out: &mut HttpRequest<'_>,
        mut error: Error,
    ) -> Result<(), Error> {
        let policy = &self.inner().retry;
        if attempts.unknown {
            error = error.after_unknown();
        }
        attempts.unknown = error.stored() == Stored::Unknown;
        attempts.count = attempts.count.saturating_add(1);
        let replayable = out.repeatable && !matches!(out.body, RequestBody::Reader(..));
        if !replayable || !error.is_retryable() {
            return Err(error);
        }
        let elapsed = attempts.start.elapsed();
        let Some(pause) = policy.delay(attempts.count, elapsed, error.retry_after(), random())
        else {
            return Err(error);
        };
        logging::retry(attempts.count, pause, &error);
        if let Some(on_retry) = &self.inner().on_retry {
            on_retry(attempts.count, pause, &error);
        }
        thread::sleep(pause);
        // The limit of the last attempt is what is left of the policy's `max_time`.
        let left = policy.max_time.saturating_sub(attempts.start.elapsed());
        if left < Duration::from_millis(1) {
            return Err(error);
        }
        out.overall = attempts.limit.min(left);
        Ok(())
    }

    /// Sends with the credentials. An expired session is renewed once: a 401 means that nothing was done, so
    /// the call can be repeated.
    pub(crate) fn authorized(
        &self,
        what: &dyn fmt::Display,
        out: &mut HttpRequest<'_>,
    ) -> Result<HttpResponse, Error> {
        match &*self.inner().auth {
            _ if out.anonymous => self.send(what, out),
            Auth::None => self.send(what, out),
            Auth::Header { value, .. } => {
                out.credential = Some(("authorization", value.clone()));
                self.send(what, out)
            }
            Auth::Session(session) => {
                let limit = out.overall;
                let response = self.with_session(session, what, out);
                out.overall = limit;
                response
            }
        }
    }

    /// Sends with a session. All requests together stay within the limit of one.
    fn with_session(
        &self,
        session: &Session,
        what: &dyn fmt::Display,
        out: &mut HttpRequest<'_>,
    ) -> Result<HttpResponse, Error> {
        let (start, limit) = (Instant::now(), out.overall);
        let left = || limit.saturating_sub(start.elapsed()).max(LEAST_LIMIT);
        let mut cookies = match session.cookies() {
            Some(cookies) => cookies,
            None => (session.sign_in)(self, session, None, limit)?,
        };
        let mut again = !matches!(out.body, RequestBody::Reader(..));
        loop {
            out.credential = Some(("cookie", cookies.header));
            out.overall = left();
            let response = self.send(what, out)?;
            if response.status != 401 || !core::mem::replace(&mut again, false) {
                (session.keep)(session, cookies.generation, &response.headers);
                return Ok(response);
            }
            cookies = (session.sign_in)(self, session, Some(cookies.generation), left())?;
        }
    }

    /// Sends a request as it is.
    pub(crate) fn send(
        &self,
        what: &dyn fmt::Display,
        out: &mut HttpRequest<'_>,
    ) -> Result<HttpResponse, Error> {
        let exchange = logging::Exchange::begin();
        let result = self.inner().http.send(out);
        exchange.end(out.method, &out.target, &result);
        if let Ok(response) = &result {
            self.inner().observed.server_clock.note(response);
        }
        if out.method == "DELETE"
            && result
                .as_ref()
                .is_ok_and(|r| (200..300).contains(&r.status))
        {
            self.inner()
                .observed
                .deletions
                .fetch_add(1, Ordering::Relaxed);
        }
        result.map_err(
            |SendError {
                 http_error, unsent, ..
             }| self.transport_error(what, http_error, unsent),
        )
    }

    /// Exchanges user name and password for cookies, within `limit`. Of several threads whose session of the
    /// generation `forgotten` has expired, the first signs in and the others use its cookies.
    pub(crate) fn open_session(
        &self,
        session: &Session,
        forgotten: Option<u64>,
        limit: Duration,
    ) -> Result<Cookies, Error> {
        let _one_at_a_time = session.door.lock().unwrap_or_else(PoisonError::into_inner);
        let current = session.cookies();
        if let Some(cookies) = &current {
            if Some(cookies.generation) != forgotten {
                return Ok(cookies.clone());
            }
        }
        let generation = current.map_or(0, |c| c.generation.wrapping_add(1));
        session.set_cookies(None);
        let what = "sign in";
        let mut out = self.http_request("POST", self.inner().base.target("/api/v2/signin"));
        out.body = RequestBody::Bytes(&[]);
        out.repeatable = true;
        out.overall = out.overall.min(limit);
        out.credential = Some(("authorization", session.basic.clone()));
        let mut response = self.send(&what, &mut out)?;
        self.no_content(&what, &mut response)
            .map_err(|error| self.instead(error, &out.target))?;
        let cookies = Cookies::of_sign_in(&response.headers, generation)
            .map_err(|why| Error::content(what, why))?;
        session.set_cookies(Some(cookies.clone()));
        Ok(cookies)
    }

    /// The error of a call without a complete response.
    pub(crate) fn transport_error(
        &self,
        what: &dyn fmt::Display,
        http_error: HttpError,
        unsent: bool,
    ) -> Error {
        let base = &self.inner().base;
        let detail = http_error.detail.printable(self.secrets(), MAX_DETAIL);
        let detail = detail + base.hint(http_error.kind);
        // An error with a payload of a library may contain text from outside; one of the system is a number.
        let source = http_error.source.map(|e| match e.get_ref() {
            None => e,
            Some(_) => io::Error::new(e.kind(), detail.clone()),
        });
        TransportError {
            kind: http_error.kind,
            what: what.to_string(),
            host: base.host_port.clone(),
            detail,
            unsent,
            source: source.map(|e| Box::new(e) as _),
        }
        .into()
    }

    /// The error of an unexpected response. Reads its body, up to a limit.
    pub(crate) fn refused(&self, what: &dyn fmt::Display, mut response: HttpResponse) -> Error {
        let body = response.body.read_some(MAX_READ);
        self.refused_with(what, &response, &body)
    }

    /// The same with the body already read.
    pub(crate) fn refused_with(
        &self,
        what: &dyn fmt::Display,
        response: &HttpResponse,
        body: &[u8],
    ) -> Error {
        let mut error = self.response_error(what, response, body, Kind::Other);
        if is_no_route(response.status, body) {
            error.0.no_such_call = self.is_v3();
            if error.0.no_such_call {
                error.0.advice = ": it is InfluxDB 3, without Flux, deletes and the resources of InfluxDB 2; what it has is `client.v3(db)` (feature `v3`)";
            }
        }
        error.into()
    }

    /// The error of a write of these lines.
    pub(crate) fn refused_write(
        &self,
        what: &dyn fmt::Display,
        mut response: HttpResponse,
        lines: &[u8],
    ) -> Error {
        let body = response.body.read_some(MAX_READ);
        self.response_error(what, &response, &body, Kind::Write(lines))
            .into()
    }

    fn response_error(
        &self,
        what: &dyn fmt::Display,
        response: &HttpResponse,
        body: &[u8],
        kind: Kind<'_>,
    ) -> ResponseError {
        let parts = (response.status, &response.headers, body);
        let broke = response.body.broke.as_ref();
        let inner = self.inner();
        let asked = Asked {
            base: &inner.base,
            proxy: inner.http.proxy(),
            credentials: match &*inner.auth {
                Auth::None if inner.http.has_own_credentials() => CredentialKind::Header,
                Auth::None => CredentialKind::None,
                Auth::Header { kind, .. } => *kind,
                Auth::Session(_) => CredentialKind::Session,
            },
            has_org: inner.org.is_some(),
        };
        let mut error = refused(what, &asked, parts, broke, self.secrets(), kind);
        let blamed = match &inner.org {
            _ if response.status == 401 => inner.auth.secrets().first().map(Secret::reveal),
            Some(Org::Name(org)) if error.0.misses_org() => Some(org.as_str()),
            _ => None,
        };
        if blamed.is_some_and(is_quoted) {
            error.0.advice = "; it stands in quotes, which are taken as a part of it";
        }
        error
    }

    /// Whether the server is InfluxDB 3. It is asked once, after a call that it lacks.
    fn is_v3(&self) -> bool {
        let known = &self.inner().observed.v3;
        if known.load(Ordering::Relaxed) == 0 {
            let mut out = self.http_request("GET", self.inner().base.target("/ping"));
            out.overall = out.overall.min(PING_LIMIT);
            // Without a session: InfluxDB 3 has none, and the failed call may be the sign-in itself.
            out.anonymous = matches!(*self.inner().auth, Auth::Session(_));
            let response = self.authorized(&"ping", &mut out);
            // After a 401 it is still unknown.
            if let Some(response) = response.ok().filter(|r| r.status != 401) {
                let version = response.headers.get("x-influxdb-version").unwrap_or("");
                let is_v3 = version.trim_start_matches('v').starts_with("3.");
                known.store(if is_v3 { 2 } else { 1 }, Ordering::Relaxed);
            }
        }
        known.load(Ordering::Relaxed) == 2
    }

    /// Sends a request whose response is JSON.
    pub(crate) fn json<T: DeserializeOwned>(
        &self,
        what: &dyn fmt::Display,
        out: &mut HttpRequest<'_>,
    ) -> Result<T, Error> {
        let read = |mut response: HttpResponse| {
            let body = self.json_body(what, &mut response)?;
            serde_json::from_slice(&body).map_err(|e| self.no_json(what, &response, &body, &e))
        };
        self.run(what, out, read)
    }

    /// Reads the body of a successful response.
    #[inline(never)]
    fn json_body(
        &self,
        what: &dyn fmt::Display,
        response: &mut HttpResponse,
    ) -> Result<Vec<u8>, Error> {
        // The user interface responds to unknown paths outside /api with 200 and a page.
        if !(200..300).contains(&response.status) || is_page(response) {
            let body = response.body.read_some(MAX_READ);
            return Err(self.refused_with(what, response, &body));
        }
        let body = response.body.read_all();
        body.map_err(|http_error| self.transport_error(what, http_error, false))
    }

    #[cold]
    #[inline(never)]
    fn no_json(
        &self,
        what: &dyn fmt::Display,
        response: &HttpResponse,
        body: &[u8],
        error: &serde_json::Error,
    ) -> Error {
        if body.trim_ascii_start().starts_with(b"<") {
            // A page, whatever its Content-Type.
            return self.refused_with(what, response, body);
        }
        Error::content(
            alloc::format!("cannot {what}: the response isn't the JSON expected"),
            json_trouble(error),
        )
    }

    /// Sends a request whose successful response is 204, or another 2xx without a body.
    pub(crate) fn empty(
        &self,
        what: &dyn fmt::Display,
        out: &mut HttpRequest<'_>,
    ) -> Result<(), Error> {
        self.run(what, out, |mut response| {
            self.no_content(what, &mut response)
        })
    }

    /// Returns an error unless a response is a success without content. A 2xx other than 204 counts only
    /// without a body (so InfluxDB OSS responds when a run is canceled) and with InfluxDB's own header:
    /// captive portals and user interfaces respond to everything with 200.
    pub(crate) fn no_content(
        &self,
        what: &dyn fmt::Display,
        response: &mut HttpResponse,
    ) -> Result<(), Error> {
        if response.status == 204 {
            return Ok(());
        }
        let body = response.body.read_some(MAX_READ);
        let success = (200..300).contains(&response.status);
        if success && body.is_empty() && response.headers.names_influxdb() {
            return Ok(());
        }
        Err(self.refused_with(what, response, &body))
    }
}

/// Whether this is InfluxDB 3's response to an unknown path: 404 with two words of text, observed with
/// 3.6.0.
fn is_no_route(status: u16, body: &[u8]) -> bool {
    status == 404 && body == b"not found"
}

/// Whether a response is a page for people, and so not from InfluxDB's interface.
pub(crate) fn is_page(response: &HttpResponse) -> bool {
    has_type(&response.headers, &["text/html", "application/xhtml+xml"])
}

/// Whether the media type is one of these, in any case and with any parameters (RFC 9110 §8.3.1).
pub(crate) fn has_type(headers: &Headers, types: &[&str]) -> bool {
    let value = headers.get("content-type").unwrap_or("");
    let given = value.split(';').next().unwrap_or("").trim();
    types.iter().any(|name| given.eq_ignore_ascii_case(name))
}

/// A value as JSON.
pub(crate) fn to_json(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value)
        .map_err(|e| Error::config(alloc::format!("the body can't be written as JSON: {e}")))
}

/// The reason why JSON can't be read, without its values: a response may contain tokens.
pub(crate) fn json_trouble(e: &serde_json::Error) -> String {
    let text = e.to_string();
    if text.starts_with("missing field") {
        return text;
    }
    let kind = match e.classify() {
        serde_json::error::Category::Data => "it doesn't fit the type",
        serde_json::error::Category::Eof => "it ends too early",
        _ => "it isn't valid JSON",
    };
    alloc::format!("{kind}, line {} column {}", e.line(), e.column())
}
