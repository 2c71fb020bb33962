//! The cookies of a session (RFC 6265). A load balancer sets cookies as well, to route all calls to the
//! server that has the session. So all of them are kept and sent back, whatever their names; only that of
//! OSS is documented (`influxdb-oss-session`).
//!
//! One host and one path prefix make a much simpler jar than a browser's: `Domain`, `Path`, `Secure` and
//! `SameSite` have no effect here, and a cookie never leaves the server of the client's URL.

use super::scrub::{Needles, RUN};
use super::transport::{HeaderText, Headers};
use crate::http::parse_date;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The most bytes of all cookies together: one header, which must fit into a request.
const MAX_COOKIES: usize = 4000;

/// The cookies of a session.
#[derive(Clone)]
pub(crate) struct Cookies {
    /// The value of `Cookie`: each as `name=value`, one a name.
    pub(crate) header: HeaderText,
    /// The values of 8 bytes or more, which are masked in text from outside.
    pub(crate) needles: Arc<Needles>,
    /// The number of the sign-in, so that of many threads that get a 401 only the first signs in again.
    pub(crate) generation: u64,
}

impl Cookies {
    /// The cookies that the response to a sign-in sets, or the reason why there is no session.
    pub(super) fn of_sign_in(headers: &Headers, generation: u64) -> Result<Self, &'static str> {
        match merge("", headers) {
            text if text.is_empty() => Err("the server set no cookie"),
            text => Self::new(&text, generation).ok_or("its cookies are longer than 4000 bytes"),
        }
    }

    /// Merges those of a later response: a load balancer chose another server, or the session got another
    /// value. `Some(None)` if all cookies have expired, and with them the session. `None` if the new ones
    /// are too long, so that the old ones stay.
    pub(super) fn merged(&self, headers: &Headers) -> Option<Option<Self>> {
        match merge(self.header.text(), headers) {
            text if text.is_empty() => Some(None),
            text => Self::new(&text, self.generation).map(Some),
        }
    }

    fn new(text: &str, generation: u64) -> Option<Self> {
        if text.len() > MAX_COOKIES {
            return None;
        }
        let values = text.split("; ").filter_map(|pair| pair.split_once('='));
        let mut needles = Needles::NONE;
        // A short value is no session id, and as a word it would be masked in every message: a load
        // balancer may number its servers.
        let long = values.filter(|(_, value)| value.len() >= RUN);
        long.for_each(|(_, value)| needles.add(value));
        Some(Cookies {
            header: HeaderText::new(text)?,
            needles: Arc::new(needles),
            generation,
        })
    }
}

/// Merges the value of `Cookie` with the cookies that a response sets, by name (RFC 6265, section 5.3).
/// Attributes aren't sent back; of them only those that expire a cookie count.
fn merge(before: &str, headers: &Headers) -> String {
    let now = headers.get("date").and_then(parse_date).unwrap_or(0);
    let mut pairs: Vec<&str> = before.split("; ").filter(|pair| !pair.is_empty()).collect();
    for line in headers.get_all("set-cookie") {
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let pair = pair.trim();
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        if name.trim().is_empty() {
            continue;
        }
        let named = |pair: &&str| pair.split('=').next().map(str::trim) == Some(name.trim());
        pairs.retain(|pair| !named(pair));
        if !value.is_empty() && !is_over(attributes, now) {
            pairs.push(pair);
        }
    }
    pairs.join("; ")
}

/// Whether attributes expire their cookie: `Max-Age`, else `Expires` (RFC 6265, section 5.3, step 3). The
/// time is the `Date` of the response, as this machine's clock may be wrong.
fn is_over(attributes: &str, now: i64) -> bool {
    let of = |wanted: &str| {
        let named = |attribute: &&str| {
            let name = attribute.split('=').next().unwrap_or("");
            name.trim().eq_ignore_ascii_case(wanted)
        };
        let attribute = attributes.split(';').rfind(named)?;
        attribute.split_once('=').map(|(_, value)| value.trim())
    };
    match of("max-age").and_then(|seconds| seconds.parse::<i64>().ok()) {
        Some(seconds) => seconds <= 0,
        None => of("expires")
            .and_then(parse_date)
            .is_some_and(|at| at <= now),
    }
}
