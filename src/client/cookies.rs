//! The cookies of a session. Not only the server sets them: a load balancer's keeps all calls at the
//! server that knows the session. So all of them are kept and sent back, whatever their names; only
//! OSS documents its own (`influxdb-oss-session`).

use super::scrub::{Needles, RUN};
use super::transport::{HeaderText, Headers};
use crate::http::parse_date;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The most bytes that all cookies have together: one header, which must fit into a request.
const MAX_COOKIES: usize = 4000;

/// What the server knows us by, until it forgets.
#[derive(Clone)]
pub(crate) struct Cookies {
    /// `Cookie`: each as `name=value`, one of a name.
    pub(crate) header: HeaderText,
    /// The values of 8 bytes or more, as they are looked for in text from outside.
    pub(crate) needles: Arc<Needles>,
    /// Which sign-in they are from, so that of many threads that see a 401 only the first signs in.
    pub(crate) generation: u64,
}

impl Cookies {
    /// Those that the response to a sign-in sets; or why there is no session.
    pub(super) fn of_sign_in(headers: &Headers, generation: u64) -> Result<Self, &'static str> {
        match merge("", headers) {
            text if text.is_empty() => Err("the server set no cookie"),
            text => Self::new(&text, generation).ok_or("its cookies are longer than 4000 bytes"),
        }
    }

    /// With what a later response sets: a load balancer that chose another server, a session that goes on
    /// under another value. `Some(None)` if all are over, and so is the session; `None` if nothing changes,
    /// since it doesn't fit.
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
        // A short value is no session's, and as a word it would be looked for in every message: a load
        // balancer numbers its servers.
        let long = values.filter(|(_, value)| value.len() >= RUN);
        long.for_each(|(_, value)| needles.add(value));
        Some(Cookies {
            header: HeaderText::new(text)?,
            needles: Arc::new(needles),
            generation,
        })
    }
}

/// The value of `Cookie` before a response, and what it sets, by name (RFC 6265, 5.3). Attributes
/// aren't sent back; of them only those that end a cookie count.
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

/// Whether attributes end the cookie that they stand behind. The time is the response's own.
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
