//! `Display` of `ResponseError`: one sentence with what failed, whose fault it is, and what to do.

use super::response::{CredentialKind, ResponseParts};
use super::{Printable, Remedy, ResponseError, Stored, cut, has};
use core::fmt;

/// The bytes of a message that the sentence shows. [`Error::message`](super::Error::message) has more.
const SHOWN: usize = 512;
/// The most line numbers in the sentence.
const NUMBERS: usize = 5;
/// InfluxDB's text for a missing permission, which precedes it.
const UNAUTHORIZED: &str = " is unauthorized";
/// The texts, one a line, by which InfluxDB 2.9.1 asks for an organization.
const ASKS_FOR_ORG: &str = "orgID
organization id must
invalid org id";
/// InfluxDB 2.9.1's text for an endpoint that it lacks.
pub(crate) const NO_PATH: &str = "path not found";

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = &*self.0;
        p.sentence(f)?;
        if let Some(proxy) = p.proxy.as_ref().filter(|_| !p.from_influxdb) {
            write!(
                f,
                "; the request went through the proxy {proxy}, which may have responded itself"
            )?;
        }
        if p.after_unknown {
            f.write_str("; an earlier attempt may have stored it")?;
        }
        Ok(())
    }
}

/// The three parts of a sentence, one a line: before the host, between the host and the server's
/// message, and after the message. `!` and `?` abbreviate two frequent third parts. (One text takes
/// less space in a program than three.)
type Words = &'static str;

impl ResponseParts {
    fn sentence(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, status) = (&self.host, self.status);
        write!(f, "cannot {}: ", Printable(&self.what))?;
        if (200..=299).contains(&status) && self.remedy != Remedy::None {
            let kind = self.content_type.as_deref().unwrap_or("no content type");
            return write!(
                f,
                "{host} responded with {status} with {} instead of what InfluxDB sends: {}; is the URL {} right, or does a proxy or a captive portal respond?",
                Printable(cut(kind, 60)),
                Excerpt(self),
                self.url,
            );
        }
        let mut words = self.words().lines();
        let mut next = || words.next().unwrap_or("");
        let (before, between) = (next(), next());
        let mut end = match next() {
            "!" => "; correct it, sending it again won't help",
            "?" => "; check the URL, with its path prefix, and any proxy",
            other => other,
        };
        if !self.advice.is_empty() {
            end = self.advice;
        }
        write!(f, "{before}{host}{between}")?;
        if (300..=399).contains(&status) {
            write!(f, " ({status})")?;
            if let Some(location) = &self.location {
                write!(f, " to {}", Printable(cut(location, 200)))?;
            }
            return f.write_str(end);
        }
        if self.remedy == Remedy::None && self.stored == Stored::None {
            match self.sent_lines {
                1 => f.write_str("the line")?,
                lines => write!(f, "all {lines} lines")?,
            }
        }
        if let Some(permission) = self.message.strip_suffix(UNAUTHORIZED) {
            write!(f, " {}", Printable(cut(permission, 200)))?;
        }
        write!(f, " ({status}: {})", Excerpt(self))?;
        self.numbers(f)?;
        f.write_str(end)?;
        if self.remedy == Remedy::Retry && end.is_empty() {
            return self.again(f);
        }
        Ok(())
    }

    fn words(&self) -> Words {
        let ours = self.from_influxdb;
        match self.status {
            _ if self.blames_path => {
                "\n refuses everything it is sent\n, so nothing shows that the data are at fault; check the database, its limits, and the path to it"
            }
            300..=399 => {
                "\n redirects\n, which is not followed; is the URL right (http or https, a path prefix), or does a captive portal respond?"
            }
            400 if self.needs_tls() => "the port at \n expects TLS\n; write https:// in the URL",
            407 => "a proxy before \n asks for credentials\n; give it as `proxy`",
            404 if self.no_such_call || self.message == NO_PATH => "\n has no such call",
            400..=499 | 501 | 505
                if !ours && !matches!(self.status, 401 | 403 | 408 | 413 | 425 | 429) =>
            {
                match self.empty {
                    true => "\n responded with an empty body, which InfluxDB never sends\n?",
                    false => "\n responded, but not as InfluxDB does\n?",
                }
            }
            _ if self.lacks_permission() => self.no_permission(),
            401 => self.unauthorized(),
            403 => "\n doesn't allow it\n, or a proxy or firewall refuses; check the permissions",
            408 | 425 | 429 => "\n asks to try again later",
            413 => "the request is larger than \n takes\n; send smaller pieces",
            400..=499 if !self.has_org && self.has_any(ASKS_FOR_ORG) => {
                "no organization is set, and \n asks for one\n; set it: ClientBuilder::org, INFLUXDB_V2_ORG, or org in a file"
            }
            _ if self.misses_org() => {
                "\n has no such organization, or the credentials are of another\n; check the org"
            }
            // 2.9.1 also responds so for buckets that the token may not read.
            404 => {
                "\n doesn't have it, or not for these credentials\n; check the names, the org and the permissions, or create it"
            }
            500 if self.remedy == Remedy::Retry && !ours => {
                "the server at \n failed, but not as InfluxDB does\n; try again later, or check the URL and any proxy"
            }
            500..=599 if self.remedy == Remedy::Retry => "the server at \n failed",
            _ if self.remedy == Remedy::None => match self.stored {
                Stored::None => "\n stored nothing: it dropped \n!",
                _ => "\n stored the good lines and dropped the others\n!",
            },
            // A 500 that isn't retried is about the request.
            _ if (400..=500).contains(&self.status) => "\n refuses the request\n!",
            501 => "\n can't do this",
            _ => "\n responded with an unknown status\n?",
        }
    }

    /// The credentials are valid, but lack the permission.
    fn no_permission(&self) -> Words {
        match self.credentials {
            CredentialKind::Basic | CredentialKind::Session => {
                "\n accepts the user, who lacks the permission"
            }
            _ if self.has_any("is inactive") => {
                "\n rejects the token, because it is inactive\n; activate it or use another"
            }
            _ if self.message.ends_with(UNAUTHORIZED) => {
                "\n accepts the token, but it lacks the permission"
            }
            // Deletes need it as well.
            _ if self.has_any("for write\nto write\nto delete") => {
                "\n accepts the token, but it lacks the permission to write to the bucket"
            }
            _ => "\n accepts the token, but it lacks the permission for this",
        }
    }

    /// The credentials are missing or invalid.
    fn unauthorized(&self) -> Words {
        match self.credentials {
            CredentialKind::None => {
                "\n asks for credentials, and none are set\n; set a token: ClientBuilder::token, INFLUXDB_V2_TOKEN, or token in a file"
            }
            CredentialKind::Token => {
                "\n doesn't accept the token\n; check that it is whole, active and of this server"
            }
            CredentialKind::Basic => {
                "\n doesn't accept user and password\n; check them; InfluxDB 2 takes them for a session only (ClientBuilder::session)"
            }
            CredentialKind::Session => {
                "\n doesn't accept user and password, or the session\n; check user and password"
            }
            CredentialKind::Header => "\n doesn't accept the credentials\n; check their header",
        }
    }

    /// Whether the message contains any of these texts, one a line. (One text takes half the space of an
    /// array.)
    #[inline(never)]
    fn has_any(&self, texts: &str) -> bool {
        texts.lines().any(|text| has(&self.message, text))
    }

    /// Whether the credentials are valid but lack the permission: InfluxDB's 403; its 401 that names a
    /// permission or an inactive token; and its 401 and 500 for tasks. Observed with InfluxDB 2.9.1.
    pub(crate) fn lacks_permission(&self) -> bool {
        let message = self.message.as_str();
        self.from_influxdb
            && match self.status {
                403 => true,
                401 if message.ends_with(UNAUTHORIZED) || message == "token is inactive" => true,
                500 if message == "unauthorized" => true,
                401 | 500 => message.ends_with(": unauthorized"),
                _ => false,
            }
    }

    pub(crate) fn misses_org(&self) -> bool {
        let message = self.message.as_str();
        self.from_influxdb
            && message.ends_with(" not found")
            && (self.has_any("organization name ") || message.ends_with("organization not found"))
    }

    /// Writes the numbers of the lines at fault.
    fn numbers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut more = 0u32;
        let numbers = self.line_errors.iter().filter_map(|line| line.number);
        for (at, number) in numbers.enumerate() {
            let before = match (at, self.remedy) {
                (0, Remedy::None) => "; lines probably at fault: ",
                (0, _) => "; lines at fault: ",
                (1..NUMBERS, _) => ", ",
                _ => {
                    more = more.saturating_add(1);
                    continue;
                }
            };
            write!(f, "{before}{number}")?;
        }
        match more {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }

    /// Whether the message is that of a server that received plain HTTP at a port for TLS: of Go and
    /// Caddy, nginx, or Apache. (Others respond with a TLS record, which is
    /// [`NeedsTls`](super::TransportErrorKind::NeedsTls), or close the connection.)
    fn needs_tls(&self) -> bool {
        let texts = "to an HTTPS server\nsent to HTTPS port\nto an SSL-enabled";
        !self.from_influxdb && self.url.starts_with("http://") && self.has_any(texts)
    }

    fn again(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retry_after {
            Some(wait) => {
                // Rounded up to an integer: code that prints a float adds 12 KB to a small program.
                let begun = u64::from(wait.subsec_nanos() > 0);
                write!(
                    f,
                    "; try again in {} s",
                    wait.as_secs().saturating_add(begun)
                )
            }
            None => f.write_str("; try again later"),
        }
    }
}

/// The server's message. Of a long one the start, or its part about the first line that it names.
struct Excerpt<'a>(&'a ResponseParts);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.0.message.as_str();
        if message.len() <= SHOWN {
            return write!(f, "{}", Printable(message));
        }
        let text = match self.0.line_errors.first() {
            Some(line) => line.reason.as_str(),
            None => message,
        };
        let shown = cut(text, SHOWN);
        let more = if shown.len() < text.len() { "…" } else { "" };
        write!(f, "{}{more}", Printable(shown))
    }
}
