//! `Display` of `ResponseError`: one sentence that says what failed, whose fault it is, what to try.

use super::response::{CredentialKind, ResponseParts};
use super::{Printable, Remedy, ResponseError, Stored, cut, has};
use core::fmt;

/// How much of a message the sentence shows. [`ResponseError::message`] has more.
const SHOWN: usize = 512;
/// So many numbers of bad lines are in the sentence.
const NUMBERS: usize = 5;
/// How InfluxDB says that a permission is missing, behind the permission.
const UNAUTHORIZED: &str = " is unauthorized";
/// How InfluxDB 2.9.1 asks for an organization.
const ASKS_FOR_ORG: &str = "provide either orgID or org
organization id must be provided
missing orgID and org
orgID is required
'org' or 'orgID' must be provided
invalid org id";
const CHECK_URL: &str = "; check the URL, with its path prefix, and any proxy";

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

/// What stands before the host, between it and the server's words, and behind those.
type Words = (&'static str, &'static str, &'static str);

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
        let (before, between, behind) = self.words();
        write!(f, "{before}{host}{between}")?;
        if (300..=399).contains(&status) {
            write!(f, " ({status})")?;
            if let Some(location) = &self.location {
                write!(f, " to {}", Printable(cut(location, 200)))?;
            }
            return f.write_str(behind);
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
        f.write_str(behind)?;
        match &self.v3 {
            Some(version) => write!(
                f,
                ": it is InfluxDB {}, without Flux, deletes and the resources of InfluxDB 2",
                Printable(version)
            ),
            None if self.remedy == Remedy::Retry && behind.is_empty() => self.again(f),
            None => Ok(()),
        }
    }

    fn words(&self) -> Words {
        let ours = self.from_influxdb;
        match self.status {
            _ if self.blames_path => (
                "",
                " refuses all that it is sent",
                ", so nothing shows that the data are at fault; check the path to the database, its limits, and the database",
            ),
            300..=399 => (
                "",
                " redirects",
                ", which is not followed; is the URL right (http or https, a path prefix), or does a captive portal respond?",
            ),
            400 if self.speaks_tls() => {
                ("the port at ", " speaks TLS", "; write https:// in the URL")
            }
            407 => (
                "a proxy before ",
                " asks for credentials",
                "; give it as `proxy`",
            ),
            404 if self.v3.is_some() => ("", " has no such call", ""),
            400..=499 | 501 | 505
                if !ours && !matches!(self.status, 401 | 403 | 408 | 413 | 425 | 429) =>
            {
                let between = match self.empty {
                    true => " responded with an empty body, as InfluxDB doesn't",
                    false => " responded in other words than InfluxDB's",
                };
                ("", between, CHECK_URL)
            }
            _ if self.lacks_permission() => self.no_permission(),
            401 => self.unauthorized(),
            403 => (
                "",
                " doesn't allow it",
                ", or a proxy or firewall refuses; check the permissions",
            ),
            408 | 425 | 429 => ("", " asks to try again later", ""),
            413 => (
                "the request is larger than ",
                " takes",
                "; send smaller pieces",
            ),
            400..=499 if !self.has_org && self.says(ASKS_FOR_ORG) => (
                "no organization is set, and ",
                " asks for one",
                "; set it: ClientBuilder::org, INFLUXDB_V2_ORG, or org in a file",
            ),
            400..=499 if self.says("could not find bucket\nno buckets found") => {
                let between = match self.credentials {
                    CredentialKind::Basic | CredentialKind::Session => {
                        " has no such bucket, or the user may not read it"
                    }
                    _ => " has no such bucket, or the token may not read it",
                };
                ("", between, "; check its name, the org and the permissions")
            }
            _ if ours && self.misses_org() => (
                "",
                " has no such organization, or the credentials are of another",
                "; check the org",
            ),
            404 => (
                "",
                " doesn't have it, or not for these credentials",
                "; check the names, the org and the permissions, or create it",
            ),
            500 if self.remedy == Remedy::Retry && !ours => (
                "the server at ",
                " failed, in other words than InfluxDB's",
                "; try again later, or check the URL, with its path prefix, and any proxy",
            ),
            500..=599 if self.remedy == Remedy::Retry => ("the server at ", " failed", ""),
            _ if self.remedy == Remedy::None => {
                let between = match self.stored {
                    Stored::None => " stored nothing: it dropped ",
                    _ => " stored the good lines and dropped the others",
                };
                ("", between, "; correct it, sending it again won't help")
            }
            // A 500 that isn't retried is about the request.
            _ if (400..=500).contains(&self.status) => (
                "",
                " refuses the request",
                "; correct it, sending it again won't help",
            ),
            501 => ("", " can't do this", ""),
            _ => (
                "",
                " responded with an unknown status",
                "; check the URL and any proxy",
            ),
        }
    }

    /// The credentials are known, and may not do this.
    fn no_permission(&self) -> Words {
        let between = match self.credentials {
            CredentialKind::Basic | CredentialKind::Session => {
                " knows the user, who lacks the permission"
            }
            _ if self.says("is inactive") => {
                return (
                    "",
                    " knows the token, but it is inactive",
                    "; activate it or use another",
                );
            }
            _ if self.message.ends_with(UNAUTHORIZED) => {
                " knows the token, but it lacks the permission"
            }
            // Deletes need it, too.
            _ if self.says("for write\nto write\nto delete") => {
                " knows the token, but it lacks the permission to write to the bucket"
            }
            _ => " knows the token, but it lacks the permission for this",
        };
        ("", between, "")
    }

    /// The credentials are missing or not known.
    fn unauthorized(&self) -> Words {
        match self.credentials {
            CredentialKind::None => (
                "",
                " asks for credentials, and none are set",
                "; set a token: ClientBuilder::token, INFLUXDB_V2_TOKEN, or token in a file",
            ),
            CredentialKind::Token => (
                "",
                " doesn't accept the token",
                "; check that it is whole, active and of this server",
            ),
            CredentialKind::Basic => (
                "",
                " doesn't accept user and password",
                "; check them; InfluxDB 2 takes them for a session only (ClientBuilder::session), or on the paths of InfluxDB 1",
            ),
            CredentialKind::Session => (
                "",
                " doesn't accept user and password, or the session",
                "; check user and password",
            ),
            CredentialKind::Header => (
                "",
                " doesn't accept the credentials",
                "; check their header",
            ),
        }
    }

    /// Whether the server says any of these, one a line. (A text is half as large as an array.)
    #[inline(never)]
    fn says(&self, words: &str) -> bool {
        words.lines().any(|words| has(&self.message, words))
    }

    /// Whether the credentials are known, but not allowed to do this: InfluxDB's 403; its 401 with a
    /// permission or an inactive token; and its 401 and 500 about tasks. Seen of InfluxDB 2.9.1.
    pub(crate) fn lacks_permission(&self) -> bool {
        let message = self.message.as_str();
        self.from_influxdb
            && match self.status {
                403 => true,
                401 if message.ends_with(UNAUTHORIZED) || message == "token is inactive" => true,
                401 => message.ends_with(": unauthorized"),
                500 => message == "unauthorized" || message.ends_with(": unauthorized"),
                _ => false,
            }
    }

    fn misses_org(&self) -> bool {
        let message = self.message.as_str();
        message.ends_with(" not found")
            && (self.says("organization name ") || message.ends_with("organization not found"))
    }

    /// The numbers of the lines that are named.
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

    /// Whether these are the words of a server that got plain HTTP at a port for TLS: of Go's and
    /// Caddy, of nginx, of Apache. (Others respond with a TLS record, which is
    /// [`NeedsTls`](super::TransportErrorKind::NeedsTls), or close.)
    fn speaks_tls(&self) -> bool {
        let words = "to an HTTPS server\nsent to HTTPS port\nto an SSL-enabled";
        !self.from_influxdb && self.url.starts_with("http://") && self.says(words)
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
