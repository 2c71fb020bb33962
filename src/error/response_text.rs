//! `Display` of `ResponseError`: one sentence that says what failed, whose fault it is, what to try.

use super::response::{CredentialKind, ResponseParts};
use super::{Printable, Remedy, ResponseError, Stored, cut};
use core::fmt;

/// How much of a message the sentence shows. [`ResponseError::message`] has more.
const SHOWN: usize = 512;
/// So many numbers of bad lines are in the sentence.
const NUMBERS: usize = 5;

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

impl ResponseParts {
    fn sentence(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, status) = (&self.host, self.status);
        let excerpt = Excerpt(self);
        write!(f, "cannot {}: ", Printable(&self.what))?;
        match status {
            _ if self.blames_path => write!(
                f,
                "{host} refuses all that it is sent ({status}: {excerpt}), so nothing shows that the data are at fault; check what stands between here and the database, its limits, and the database itself"
            ),
            200..=299 if self.remedy != Remedy::None => {
                let kind = self.content_type.as_deref().unwrap_or("no content type");
                write!(
                    f,
                    "{host} responded with {status} with {} instead of what InfluxDB sends: {excerpt}; is the URL {} right, or does a proxy or a captive portal respond?",
                    Printable(cut(kind, 60)),
                    self.url,
                )
            }
            300..=399 => {
                write!(f, "{host} redirects ({status})")?;
                if let Some(location) = &self.location {
                    write!(f, " to {}", Printable(cut(location, 200)))?;
                }
                f.write_str(", which is not followed; is the URL right (http or https, a path prefix), or does a captive portal respond?")
            }
            400 if self.speaks_tls() => write!(
                f,
                "the port at {host} speaks TLS (400: {excerpt}); write https:// in the URL"
            ),
            407 => write!(
                f,
                "a proxy before {host} asks for credentials (407: {excerpt}); give it as `proxy`, with user and password"
            ),
            404 if self.v3.is_some() => {
                let version = Printable(self.v3.as_deref().unwrap_or_default());
                write!(
                    f,
                    "{host} has no such call (404: {excerpt}): it is InfluxDB {version}, which has no Flux, no deletes and no resources of InfluxDB 2"
                )
            }
            400..=499
                if !self.from_influxdb && !matches!(status, 401 | 403 | 408 | 413 | 425 | 429) =>
            {
                self.foreign(f)
            }
            501 | 505 if !self.from_influxdb => self.foreign(f),
            _ if self.lacks_permission() => self.no_permission(f),
            401 => self.unauthorized(f),
            403 => write!(
                f,
                "{host} doesn't allow it (403: {excerpt}), or a proxy or firewall refuses; check what the credentials may do"
            ),
            400..=499 if !self.has_org && self.asks_for_org() => write!(
                f,
                "no organization is set, and {host} asks for one ({status}: {excerpt}); set it: ClientBuilder::org, INFLUXDB_V2_ORG, or org in the configuration file"
            ),
            400..=499 if self.message.contains("could not find bucket") => write!(
                f,
                "{host} has no such bucket, or the token may not read it ({status}: {excerpt}); check its name, the organization and the token's permissions"
            ),
            400..=499 if self.misses_org() => write!(
                f,
                "{host} has no such organization, or the token is of another one ({status}: {excerpt}); check the org"
            ),
            404 => write!(
                f,
                "{host} doesn't have it (404: {excerpt}); check the names and the org, or create it"
            ),
            413 => write!(
                f,
                "the request is larger than {host} takes (413: {excerpt}); send smaller pieces"
            ),
            408 | 425 | 429 => {
                write!(f, "{host} asks to try again later ({status}: {excerpt})")?;
                self.again(f)
            }
            500 if self.remedy == Remedy::Retry && !self.from_influxdb => write!(
                f,
                "the server at {host} failed, in other words than InfluxDB's (500: {excerpt}); try again later; if it goes on, check the URL, with its path prefix, and any proxy"
            ),
            500..=599 if self.remedy == Remedy::Retry => {
                write!(f, "the server at {host} failed ({status}: {excerpt})")?;
                self.again(f)
            }
            _ if self.remedy == Remedy::None => {
                match (self.stored, self.sent_lines) {
                    (Stored::None, 1) => write!(f, "{host} stored nothing: it dropped the line")?,
                    (Stored::None, lines) => {
                        write!(f, "{host} stored nothing: it dropped all {lines} lines")?;
                    }
                    _ => write!(f, "{host} stored the good lines and dropped the others")?,
                }
                write!(f, " ({status}: {excerpt})")?;
                self.numbers(f, "; probably ")?;
                f.write_str("; correct the data, sending it again won't help")
            }
            // A 500 that isn't retried is about the request.
            _ if (400..=500).contains(&status) => {
                write!(f, "{host} refuses the request ({status}: {excerpt})")?;
                self.numbers(f, "; at fault: ")?;
                f.write_str("; correct it, sending it again won't help")
            }
            501 => write!(f, "{host} can't do this (501: {excerpt})"),
            _ => write!(
                f,
                "{host} responded with the unknown status {status}: {excerpt}; check the URL and any proxy"
            ),
        }
    }

    /// A refusal that InfluxDB doesn't send.
    fn foreign(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, status) = (&self.host, self.status);
        if self.empty {
            write!(
                f,
                "{host} responded with {status} and an empty body, as InfluxDB doesn't"
            )?;
        } else {
            let excerpt = Excerpt(self);
            write!(
                f,
                "{host} responded with {status} in other words than InfluxDB's: {excerpt}"
            )?;
        }
        f.write_str("; check the URL, with its path prefix, and any proxy")
    }

    /// The credentials are known, and may not do this.
    fn no_permission(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match self.credentials {
            CredentialKind::Token => "token",
            _ => "user",
        };
        let (host, status, excerpt) = (&self.host, self.status, Excerpt(self));
        if self.message.contains("is inactive") {
            return write!(
                f,
                "{host} knows the {who}, but it is inactive ({status}: {excerpt}); activate it or use another"
            );
        }
        write!(f, "{host} knows the {who}, but it lacks ")?;
        match self.message.strip_suffix(" is unauthorized") {
            Some(permission) => write!(f, "the permission {}", Printable(cut(permission, 200)))?,
            None if self.message.contains("for write") || self.message.contains("to write") => {
                f.write_str("the permission to write to the bucket")?;
            }
            None if self.message.contains("to delete") => {
                f.write_str("the permission to write to the bucket, which deletes need")?;
            }
            None => f.write_str("the permission for this")?,
        }
        write!(f, " ({status}: {excerpt})")
    }

    /// The credentials are missing or not known.
    fn unauthorized(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        let excerpt = Excerpt(self);
        match self.credentials {
            CredentialKind::None => write!(
                f,
                "{host} asks for credentials (401: {excerpt}), and none are set; set a token: ClientBuilder::token, INFLUXDB_V2_TOKEN, or token in the configuration file"
            ),
            CredentialKind::Token => write!(
                f,
                "{host} doesn't accept the token (401: {excerpt}); check that it is whole, and of this server"
            ),
            CredentialKind::Basic => write!(
                f,
                "{host} doesn't accept user and password (401: {excerpt}); check them; InfluxDB 2 takes them only by ClientBuilder::session, and with each request only on the paths of InfluxDB 1"
            ),
            CredentialKind::Session => write!(
                f,
                "{host} doesn't accept user and password, or no longer the session (401: {excerpt}); check user and password"
            ),
            CredentialKind::Header => write!(
                f,
                "{host} doesn't accept the credentials (401: {excerpt}); check the header that they are in"
            ),
        }
    }

    /// Whether the credentials are known, but not allowed to do this: InfluxDB's 403; its 401 with a
    /// permission or an inactive token; and its 500 about tasks. Seen of InfluxDB 2.9.1.
    pub(crate) fn lacks_permission(&self) -> bool {
        let message = self.message.as_str();
        self.from_influxdb
            && match self.status {
                403 => true,
                401 => message.ends_with(" is unauthorized") || message == "token is inactive",
                500 => message == "unauthorized" || message.ends_with(": unauthorized"),
                _ => false,
            }
    }

    /// Whether the server asks for an organization, in any of the ways that InfluxDB 2.9.1 does.
    fn asks_for_org(&self) -> bool {
        [
            "provide either orgID or org",
            "organization id must be provided",
            "missing orgID and org",
            "orgID is required",
            "'org' or 'orgID' must be provided",
            "invalid org id",
        ]
        .iter()
        .any(|words| self.message.contains(words))
    }

    fn misses_org(&self) -> bool {
        let message = self.message.as_str();
        message.ends_with(" not found")
            && (message.contains("organization name ") || message == "organization not found")
    }

    /// The numbers of the lines that are named.
    fn numbers(&self, f: &mut fmt::Formatter<'_>, before: &str) -> fmt::Result {
        let mut numbers = self.line_errors.iter().filter_map(|line| line.number);
        let Some(first) = numbers.next() else {
            return Ok(());
        };
        let rest = numbers.clone().count();
        let plural = if rest > 0 { "s" } else { "" };
        write!(f, "{before}line{plural} {first}")?;
        let shown = NUMBERS.saturating_sub(1);
        for number in numbers.take(shown) {
            write!(f, ", {number}")?;
        }
        match rest.saturating_sub(shown) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }

    /// Whether these are the words of a server that got plain HTTP at a port for TLS: of Go's and
    /// Caddy, of nginx, of Apache. (Others respond with a TLS record, which is
    /// [`NeedsTls`](super::TransportErrorKind::NeedsTls), or close.)
    fn speaks_tls(&self) -> bool {
        let words = [
            "to an HTTPS server",
            "sent to HTTPS port",
            "to an SSL-enabled",
        ];
        !self.from_influxdb
            && self.url.starts_with("http://")
            && words.iter().any(|words| self.message.contains(words))
    }

    fn again(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retry_after {
            Some(wait) => {
                // Rounded up, and not as a float: printing one takes 12 KB of a small program.
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

/// The server's words; of long ones the start, or what they say of the first line that they name.
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
