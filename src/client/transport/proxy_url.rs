//! Parsing of a proxy's URL. An invalid one is an error when the client is built, with a correction and without
//! the secret.

use crate::client::secret::Secret;
use crate::client::url::{check_host, split_port, strip_scheme};
use crate::error::Error;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ureq::http::Uri;

/// The parts of `http://user:password@host:port`.
pub(super) struct ProxyAddress {
    /// Scheme, host and port only.
    pub(super) uri: Uri,
    /// For messages, always with the port.
    pub(super) host_port: String,
    /// User and password in the form of Basic authentication (RFC 7617).
    pub(super) basic: Option<Secret>,
}

pub(super) fn parse(url: &str) -> Result<ProxyAddress, Error> {
    let bad = |why: &str| Error::config(format!("the proxy's URL can't be used: {why}"));
    let url = url.trim();
    let (https, rest) = match (strip_scheme(url, "http://"), strip_scheme(url, "https://")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ if url.starts_with(['"', '\'']) => return Err(bad("it stands in quotes")),
        _ => return Err(bad("it must start with http:// or https://")),
    };
    if https && !cfg!(any(feature = "rustls", feature = "native-tls")) {
        return Err(bad(
            "it is https, but this build has no TLS; enable rustls or native-tls",
        ));
    }
    if !rest.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(bad(
            "it has a space, a control character or a character outside ASCII; in user and password write it percent-encoded (a space is %20), a host in its xn-- form",
        ));
    }
    let must_be_encoded = |c: char| {
        bad(&format!(
            "a {c} in its user or password must be written as %{:02X}",
            u32::from(c)
        ))
    };
    let (authority, behind) = match rest.find(['/', '\\', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if let (Some(first), true) = (behind.chars().next(), behind.contains('@')) {
        // An @ after the authority: the user's name would be the host, and a part of the password the path.
        return Err(must_be_encoded(first));
    }
    if !matches!(behind, "" | "/") {
        return Err(bad(
            "it has a path, a query or a fragment; give only http://user:password@host:port",
        ));
    }
    let (user_info, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    if user_info.contains('@') {
        return Err(must_be_encoded('@'));
    }
    let (host, port) = split_port(host_port).map_err(bad)?;
    check_host(host).map_err(bad)?;
    let port = port.unwrap_or(if https { 443 } else { 80 });
    let host_port = format!("{host}:{port}");
    let scheme = if https { "https" } else { "http" };
    let uri = Uri::try_from(format!("{scheme}://{host_port}/"))
        .map_err(|_| bad("its host can't be used"))?;

    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let mut pair = decode(user);
    if pair.contains(&b':') {
        return Err(bad(
            "its user has a colon (%3A): Basic authentication ends the user there",
        ));
    }
    pair.push(b':');
    pair.extend_from_slice(&decode(password));
    if pair.iter().any(u8::is_ascii_control) {
        return Err(bad("its user or password has a control character"));
    }
    let basic = (pair.len() > 1).then(|| Secret::new(BASE64_STANDARD.encode(&pair)));
    Ok(ProxyAddress {
        uri,
        host_port,
        basic,
    })
}

/// Percent-decodes by the URL standard: a `%` without two digits after it stands for itself, as does a `+`.
fn decode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digit = |at: usize| {
            let digit = behind.get(at).map(|b| char::from(*b).to_digit(16));
            digit.flatten().and_then(|d| u8::try_from(d).ok())
        };
        rest = behind;
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4) | low);
                rest = behind.get(2..).unwrap_or(&[]);
            }
            _ => out.push(*first),
        }
    }
    out
}

#[cfg(test)]
#[path = "tests/proxy_url.rs"]
mod tests;
