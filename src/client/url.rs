//! The base URL, and request targets as strings. The percent-encoding is this crate's own: the HTTP library
//! sends non-ASCII as it is, and would detect line breaks too late.

use super::names::is_id;
use crate::error::{Error, TransportErrorKind, has};
use crate::http::{encode_component, is_unreserved, percent_encode};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

/// `http://host:port/prefix`, parsed and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    pub(crate) https: bool,
    /// As in the URL: `host`, `host:port`, `[::1]:8086`.
    pub(crate) authority: String,
    /// Always with the port, for messages: `host:8086`.
    pub(crate) host_port: String,
    /// Empty, or `/prefix` without a trailing slash.
    pub(crate) prefix: String,
    /// The part that no setting contains: the whole URL, or its port.
    pub(crate) assumed: Option<Assumed>,
}

/// A part of the URL that is a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assumed {
    Url,
    Port,
}

impl BaseUrl {
    /// Parses a URL. Rejects one that would fail later or in a surprising way, with the reason.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let bad = |why: &str| {
            Error::config(format!(
                "the URL {:?} can't be used: {why}",
                hide(url.trim().trim_matches(['"', '\'']))
            ))
        };
        let trimmed = url.trim();
        if trimmed.is_empty() {
            return Err(Error::config("the URL is empty"));
        }
        if trimmed.starts_with(['"', '\'']) {
            return Err(bad("it stands in quotes"));
        }
        if !trimmed.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(bad(
                "it contains a space, a control character or a character outside ASCII (write a host in its xn-- form, a path percent-encoded)",
            ));
        }
        let (https, rest) = if let Some(rest) = strip_scheme(trimmed, "http://") {
            (false, rest)
        } else if let Some(rest) = strip_scheme(trimmed, "https://") {
            (true, rest)
        } else {
            return Err(bad("it must start with http:// or https://"));
        };
        if ["http:", "https:"]
            .iter()
            .any(|s| strip_scheme(rest, s).is_some_and(|r| r.starts_with('/')))
        {
            return Err(bad("its scheme stands there twice"));
        }
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if path.contains(['?', '#']) {
            let token = if has(&path.to_ascii_lowercase(), "token") {
                "; a token is given as ClientBuilder::token or INFLUXDB_V2_TOKEN"
            } else {
                ""
            };
            return Err(bad(&format!(
                "it has a query or a fragment; give only scheme, host, port and path prefix{token}"
            )));
        }
        if authority.contains('@') {
            return Err(bad(
                "credentials don't belong in a URL; give them as token, session or basic",
            ));
        }
        let (host, port) = split_port(authority).map_err(bad)?;
        if let Err(why) = check_host(host) {
            let wrong = host.chars().find(|c| !in_name(*c));
            return Err(match wrong.filter(|_| !host.starts_with('[')) {
                Some(c) => bad(&format!("{why}, {c:?}")),
                None => bad(why),
            });
        }
        let prefix = path.trim_end_matches('/');
        if let Some(b) = prefix.bytes().find(|b| !in_path(*b) && *b != b'%') {
            return Err(bad(&format!(
                "{:?} in its path must be percent-encoded",
                char::from(b)
            )));
        }
        if let Some(start) = before_call(prefix) {
            let scheme = if https { "https" } else { "http" };
            return Err(bad(&format!(
                "its path is that of a call, and the client adds those itself; give {scheme}://{authority}{start}"
            )));
        }
        let number = port.unwrap_or(if https { 443 } else { 80 });
        Ok(BaseUrl {
            https,
            authority: match port {
                Some(p) => format!("{host}:{p}"),
                None => host.to_owned(),
            },
            host_port: format!("{host}:{number}"),
            prefix: prefix.to_owned(),
            assumed: port.is_none().then_some(Assumed::Port),
        })
    }

    /// A hint for an error of this kind, such as that no setting names the port.
    pub(crate) fn hint(&self, kind: TransportErrorKind) -> &'static str {
        use TransportErrorKind::{Connect, Dns, Refused};
        match (self.assumed, kind) {
            (Some(Assumed::Url), Refused | Dns | Connect) => {
                "; no URL is set, and this is the default: set INFLUXDB_V2_URL"
            }
            (Some(Assumed::Port), Refused) => "; the URL names no port, and InfluxDB's is 8086",
            _ => "",
        }
    }

    /// The URL as text.
    pub(crate) fn to_text(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.prefix)
    }

    /// Whether the host is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self
            .host_port
            .rsplit_once(':')
            .map_or("", |(h, _)| h)
            .trim_matches(['[', ']']);
        host.eq_ignore_ascii_case("localhost")
            || host
                .parse::<core::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback())
    }

    /// Starts a request target: prefix and path. The path starts with `/` and may hold a query.
    pub(crate) fn target(&self, path: &str) -> Target {
        let mut text = String::with_capacity(self.prefix.len() + path.len() + 64);
        text.push_str(&self.prefix);
        text.push_str(path);
        let has_query = path.contains('?');
        Target { text, has_query }
    }
}

/// A request target under construction: path, then `?name=value&…`, encoded.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    text: String,
    has_query: bool,
}

impl Target {
    /// Adds one query parameter, both parts percent-encoded.
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.push_query(name, value);
        self
    }

    pub(crate) fn push_query(&mut self, name: &str, value: &str) {
        let mark = if self.has_query { '&' } else { '?' };
        self.has_query = true;
        for (before, part) in [(mark, name), ('=', value)] {
            self.text.push(before);
            // Writing to a `String` never fails.
            let _ = encode_component(part, &mut self.text);
        }
    }

    pub(crate) fn into_string(self) -> String {
        self.text
    }
}

/// Percent-encodes one path segment, as an id. `/`, `?` and `.` alone can't escape it.
pub(crate) fn encode_segment(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    let _ = crate::http::encode_segment(segment, &mut out);
    out
}

/// Percent-encodes the bytes that aren't allowed in a path or query. The rest is unchanged: `%41` stays.
pub(crate) fn encode_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let _ = percent_encode(path, &mut out, |b| in_path(b) || matches!(b, b'%' | b'?'));
    out
}

/// RFC 3986 §3.3 `pchar` and `/`, without `%`.
fn in_path(b: u8) -> bool {
    is_unreserved(b)
        || matches!(
            b,
            b'/' | b':'
                | b'@'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
        )
}

/// The part of a path before an endpoint, or before a page of the user interface, if the path ends with
/// one: such a URL was copied from documentation or a browser. `/api/v1/…` in the middle stays, as in the
/// URL of a Kubernetes proxy.
fn before_call(path: &str) -> Option<&str> {
    fn last_segment(path: &str) -> (&str, &str) {
        let path = path.trim_end_matches('/');
        path.rsplit_once('/').unwrap_or((path, ""))
    }
    let is =
        |segment: &str, names: &[&str]| names.iter().any(|name| segment.eq_ignore_ascii_case(name));
    let versions = ["v1", "v2", "v3"];
    let (before_one, one) = last_segment(path);
    let (before_two, two) = last_segment(before_one);
    let (before_three, three) = last_segment(before_two);
    let page = is(two, &["orgs"]) && is_id(one);
    let start = if is(three, &["api"]) && is(two, &versions) {
        before_three
    } else if page || is(two, &["api"]) && is(one, &versions) {
        before_two
    } else if is(
        one,
        &["write", "query", "ping", "health", "ready", "signin"],
    ) {
        before_one
    } else {
        return None;
    };
    Some(start.trim_end_matches('/'))
}

pub(super) fn strip_scheme<'a>(url: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = url.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

pub(super) fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    // An IPv6 address has colons of its own, inside brackets.
    let after_host = match authority.rfind(']') {
        Some(at) => at,
        None if authority.starts_with('[') => return Err("its bracket isn't closed"),
        None if authority.matches(':').count() > 1 => {
            return Err(
                if has(authority, "::") || authority.matches(':').count() > 6 {
                    "an IPv6 address must stand in [brackets]"
                } else {
                    "it has a colon too many: its host is followed by one colon and one port"
                },
            );
        }
        None => 0,
    };
    let tail = authority.get(after_host..).unwrap_or("");
    match tail.find(':') {
        None if after_host > 0 && tail.len() > 1 => Err("something follows the IPv6 address"),
        None => Ok((authority, None)),
        Some(at) => {
            let (host, port) = authority.split_at(after_host.saturating_add(at));
            let port = port.get(1..).unwrap_or("");
            match port.parse::<u16>() {
                Ok(p) if p > 0 && port.bytes().all(|b| b.is_ascii_digit()) => Ok((host, Some(p))),
                _ => Err("its port isn't a number from 1 to 65535"),
            }
        }
    }
}

pub(super) fn check_host(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err("it names no host");
    }
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or("its bracket isn't closed")?;
        if inner.contains('%') {
            return Err(
                "zones of IPv6 addresses (%25eth0) aren't supported; give an address that needs none, or a name",
            );
        }
        return inner
            .parse::<core::net::Ipv6Addr>()
            .map(|_| ())
            .map_err(|_| "what stands in brackets isn't an IPv6 address");
    }
    if host.chars().all(in_name) {
        Ok(())
    } else {
        Err("its host has a character that no host name has")
    }
}

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')
}

/// A URL for a message: scheme, host and port, also if they are mistyped. The rest may contain a secret and
/// becomes `***`, and so does a text that isn't a URL at all.
//
// A token that was set as the URL must not be printed, but a mistyped URL should be. So a text is shown only
// as far as it has the form of `is_authority`. Tokens that InfluxDB generates don't have it: they are longer
// than the words of a host name, and end with `==`.
fn hide(url: &str) -> String {
    let bytes = url.as_bytes();
    let mut start = scheme_len(bytes);
    let behind = |start: usize| bytes.get(start..).unwrap_or_default();
    if behind(start)
        .get(..4)
        .is_some_and(|b| b.eq_ignore_ascii_case(b"http"))
    {
        // The scheme is there twice.
        start = start.saturating_add(scheme_len(behind(start)));
    }
    let is_end = |b: &u8| matches!(b, b'/' | b'?' | b'#');
    let len = behind(start).iter().position(is_end);
    let end = len.map_or(bytes.len(), |len| start.saturating_add(len));
    let authority = bytes.get(start..end).unwrap_or_default();
    let mut shown = "***".to_owned();
    if !bytes.contains(&b'@') && is_authority(authority, start > 0) {
        // Up to the first byte after it, which is ASCII; all of it if the path is that of the interface.
        let path = behind(end).strip_suffix(b"/").unwrap_or(behind(end));
        let more = path.len() > 1 && path != b"/api/v2";
        let end = if more { end } else { bytes.len() };
        let kept = end.saturating_add(usize::from(more)).min(bytes.len());
        shown.insert_str(0, url.get(..kept).unwrap_or_default());
        if !more {
            shown.truncate(kept);
        }
    }
    shown
}

/// The length of the scheme, also of a mistyped one: `htp://`, `http:/`, `http//`.
fn scheme_len(url: &[u8]) -> usize {
    let name = url.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let rest = url.get(name..).unwrap_or_default();
    let is_mark = |b: &&u8| matches!(**b, b':' | b';' | b'/');
    let marks = rest.iter().take_while(is_mark).count();
    let slash = rest.iter().take(marks).any(|b| *b == b'/') && marks > 1;
    let http = rest.first() == Some(&b':') && url.get(..name).is_some_and(|n| n == b"http");
    if http || slash && (1..=6).contains(&name) {
        name.saturating_add(marks)
    } else {
        0
    }
}

/// Whether a text is a host with a port, perhaps mistyped, and thus no secret: words of letters and digits,
/// none longer than in host names, and only numbers after the first colon, semicolon or comma. Without a
/// scheme there must be a port or a well-known host. An IPv6 address is one, too.
fn is_authority(text: &[u8], scheme: bool) -> bool {
    let known =
        |host: &[u8]| host == b"localhost" || host.iter().all(|b| matches!(b, b'0'..=b'9' | b'.'));
    if let Some(at) = text.iter().position(|b| *b == b':').filter(|_| scheme) {
        let (host, port) = text.split_at(at);
        let word = port.get(1..).unwrap_or_default();
        if known(host) && word.len() < 6 && word.iter().all(u8::is_ascii_lowercase) {
            return true;
        }
    }
    let (mut word, mut digits, mut ports) = (0u32, true, 0u32);
    let mut all_digits = true;
    let mut ipv6 = text.windows(2).any(|pair| pair == b"::");
    let mut right = true;
    for byte in text {
        ipv6 &= byte.is_ascii_hexdigit() || matches!(byte, b':' | b'[' | b']' | b'.' | b'%');
        match byte {
            b'.' if ports == 0 => word = 0,
            b':' | b';' | b',' => {
                right &= ports == 0 || word > 0 || scheme;
                (word, digits) = (0, true);
                ports = ports.saturating_add(u32::from(*byte == b':').saturating_add(1));
            }
            b'0'..=b'9' => word = word.saturating_add(1),
            b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | 0x80.. => {
                word = word.saturating_add(1);
                (digits, all_digits) = (false, false);
            }
            _ => right = false,
        }
        let most = if ports == 0 { 24 } else { 6 };
        right &= word <= most && (ports == 0 || digits);
    }
    right &= scheme || ports == 0 || word > 0;
    let known = text.starts_with(b"localhost")
        || b"influxdb".starts_with(text) && text.len() > 5
        || all_digits;
    ipv6 || right && (scheme || known || ports > 1)
}

#[cfg(test)]
#[path = "tests/url.rs"]
mod tests;
