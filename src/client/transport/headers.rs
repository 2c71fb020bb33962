//! Headers of requests and responses, without the library's types.

use crate::client::secret::Secrets;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The headers of a response. Names are compared without regard to case.
#[derive(Clone)]
pub(crate) struct Headers {
    map: HeaderMap,
    /// The secrets that `Debug` masks.
    secrets: Arc<Secrets>,
}

impl Headers {
    pub(super) fn new(map: HeaderMap, secrets: Arc<Secrets>) -> Self {
        Headers { map, secrets }
    }

    /// Returns `true` if a header that InfluxDB adds to each of its responses is among them.
    pub(crate) fn names_influxdb(&self) -> bool {
        self.get("x-influxdb-version").is_some() || self.get("x-influxdb-build").is_some()
    }

    /// Makes headers of pairs, for tests.
    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&'static str, &str)]) -> Self {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        Headers::new(map, Arc::new(Secrets::none()))
    }

    /// Returns the first value of a header, if there is one and it is visible ASCII.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.map.get(name).and_then(|v| v.to_str().ok())
    }

    /// Returns the values of a header that may occur more than once, such as `Set-Cookie`. Values that aren't
    /// visible ASCII are left out.
    pub(crate) fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.map
            .get_all(name)
            .into_iter()
            .filter_map(|v| v.to_str().ok())
    }

    /// Returns all headers: the name in lower case, and the bytes of the value.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.map.iter().map(|(k, v)| (k.as_str(), v.as_bytes()))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in &self.map {
            let print = |text: &str| self.secrets.printable(text, 512);
            // A session cookie is equivalent to a password.
            let value = match name.as_str() {
                "set-cookie" => String::from("***"),
                _ => print(&String::from_utf8_lossy(value.as_bytes())),
            };
            map.entry(&print(name.as_str()), &value);
        }
        map.finish()
    }
}

/// A valid header value, cheap to clone. It is marked as sensitive, which hides it in every `Debug`.
#[derive(Clone)]
pub(crate) struct HeaderText(pub(super) HeaderValue);

impl HeaderText {
    /// Returns `None` if the text is no valid value: a line break, for example, would start another header.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(text).ok()?;
        value.set_sensitive(true);
        Some(HeaderText(value))
    }

    /// Returns the text, of which another header is made.
    pub(crate) fn text(&self) -> &str {
        self.0.to_str().unwrap_or("")
    }

    pub(super) fn fixed(text: &'static str) -> Self {
        HeaderText(HeaderValue::from_static(text))
    }
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The headers of requests.
#[derive(Clone, Default)]
pub(crate) struct HeaderList(Vec<(HeaderName, HeaderText)>);

impl HeaderList {
    /// Adds a header, or returns the reason why it is invalid.
    pub(crate) fn add(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Ok(parsed) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err(alloc::format!("{name:?} can't be a header's name"));
        };
        // A wrong one of these would let the server misread where the request ends (request smuggling).
        if matches!(
            parsed.as_str(),
            "content-length" | "transfer-encoding" | "host" | "connection" | "expect" | "upgrade"
        ) {
            return Err(alloc::format!(
                "the header {parsed} is set by the client itself"
            ));
        }
        let Some(value) = HeaderText::new(value) else {
            return Err(alloc::format!(
                "the value of the header {parsed} has a character that can't be in one"
            ));
        };
        self.0.push((parsed, value));
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets credentials that are valid.
    pub(crate) fn authorization(&mut self, value: HeaderText) {
        self.set(header::AUTHORIZATION, value);
    }

    /// Returns the lines of a request's head, with their line ends.
    pub(super) fn to_lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for (name, value) in &self.0 {
            lines.extend_from_slice(name.as_str().as_bytes());
            lines.extend_from_slice(b": ");
            lines.extend_from_slice(value.0.as_bytes());
            lines.extend_from_slice(b"\r\n");
        }
        lines
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    pub(super) fn set(&mut self, name: HeaderName, value: HeaderText) {
        self.0.retain(|(n, _)| *n != name);
        self.0.push((name, value));
    }

    /// Adds the headers of another list, which replace those of the same name.
    pub(super) fn replace_by(&mut self, other: &HeaderList) {
        self.0
            .retain(|(name, _)| !other.0.iter().any(|(n, _)| n == name));
        self.0.extend(other.0.iter().cloned());
    }

    pub(super) fn write_to(&self, map: &mut HeaderMap) {
        for (name, value) in &self.0 {
            map.append(name.clone(), value.0.clone());
        }
    }

    pub(super) fn replace_in(&self, map: &mut HeaderMap) {
        for (name, _) in &self.0 {
            map.remove(name);
        }
        self.write_to(map);
    }
}

impl fmt::Debug for HeaderList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name.as_str()))
            .finish()
    }
}
