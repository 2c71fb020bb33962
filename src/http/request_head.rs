//! `RequestHead`: the request line and the headers, for those who have no HTTP client.

use super::target::TargetWriter;
use super::text_buffer::TextBuffer;
use crate::Precision;
use core::fmt::{self, Write};

/// What a request asks of a server: method, path, query parameters and the type of its body.
///
/// Names may be any text: they are percent-encoded. An empty `org` is left out.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::http::{Operation, RequestHead};
///
/// let write = Operation::Write { bucket: "a b&c", org: "acme", precision: Precision::Second };
/// let mut head = String::new();
/// RequestHead::new("influx:8086", write).content_length(7).write_to(&mut head)?;
/// assert!(head.starts_with("POST /api/v2/write?bucket=a%20b%26c&org=acme&precision=s HTTP/1.1\r\n"));
/// # Ok::<(), influx_edge::http::HeadError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation<'a> {
    /// `POST /api/v2/write`: line protocol. InfluxDB 2.x and Cloud, VictoriaMetrics, InfluxDB 1.8 and 3.
    Write {
        /// Name of the bucket.
        bucket: &'a str,
        /// Name of the organization.
        org: &'a str,
        /// Unit of the timestamps.
        precision: Precision,
    },
    /// `POST /write`: line protocol. InfluxDB 1.x, VictoriaMetrics, InfluxDB 3.
    WriteV1 {
        /// Name of the database.
        database: &'a str,
        /// Name of the retention policy; empty for the default one.
        retention_policy: &'a str,
        /// Unit of the timestamps.
        precision: Precision,
    },
    /// `POST /api/v3/write_lp`: line protocol. InfluxDB 3.
    WriteV3 {
        /// Name of the database.
        database: &'a str,
        /// Unit of the timestamps.
        precision: Precision,
        /// Whether the good lines of a batch are stored when it has bad ones. The server's default: true.
        accept_partial: bool,
        /// Whether the server responds before the lines are on its disk. The server's default: false.
        no_sync: bool,
    },
    /// `POST /api/v2/query`: Flux in a JSON body, annotated CSV in the response.
    Query {
        /// Name of the organization.
        org: &'a str,
    },
    /// `POST /api/v2/delete`: a time range and a predicate in a JSON body.
    Delete {
        /// Name of the bucket.
        bucket: &'a str,
        /// Name of the organization.
        org: &'a str,
    },
    /// `GET /ping`.
    Ping,
    /// `GET /health`.
    Health,
}

impl Operation<'_> {
    /// Whether the request has a body.
    #[must_use]
    pub const fn has_body(&self) -> bool {
        !matches!(self, Operation::Ping | Operation::Health)
    }

    /// The name that a server has no default for is empty.
    fn lacks_name(&self) -> bool {
        match self {
            Operation::Write { bucket: name, .. }
            | Operation::Delete { bucket: name, .. }
            | Operation::WriteV1 { database: name, .. }
            | Operation::WriteV3 { database: name, .. } => name.is_empty(),
            Operation::Query { .. } | Operation::Ping | Operation::Health => false,
        }
    }

    fn path(&self) -> &'static str {
        match self {
            Operation::Write { .. } => "/api/v2/write",
            Operation::WriteV1 { .. } => "/write",
            Operation::WriteV3 { .. } => "/api/v3/write_lp",
            Operation::Query { .. } => "/api/v2/query",
            Operation::Delete { .. } => "/api/v2/delete",
            Operation::Ping => "/ping",
            Operation::Health => "/health",
        }
    }

    fn content_type(&self) -> &'static str {
        match self {
            Operation::Query { .. } | Operation::Delete { .. } => "application/json",
            _ => "text/plain; charset=utf-8",
        }
    }

    fn write_query(&self, out: &mut dyn Write) -> fmt::Result {
        let mut target = TargetWriter::new(out);
        // In the order of `query`: a name and the value of each, left out if it is empty.
        let mut query = |pairs: [(&str, &str); 4]| {
            for (name, value) in pairs {
                if !value.is_empty() {
                    target.query(name, value)?;
                }
            }
            Ok(())
        };
        const NONE: (&str, &str) = ("", "");
        match *self {
            Operation::Write {
                bucket,
                org,
                precision,
            } => query([
                ("bucket", bucket),
                ("org", org),
                ("precision", precision.as_str()),
                NONE,
            ]),
            Operation::WriteV1 {
                database,
                retention_policy,
                precision,
            } => query([
                ("db", database),
                ("rp", retention_policy),
                ("precision", v1_precision(precision)),
                NONE,
            ]),
            Operation::WriteV3 {
                database,
                precision,
                accept_partial,
                no_sync,
            } => query([
                ("db", database),
                ("precision", v3_precision(precision)),
                ("accept_partial", if accept_partial { "" } else { "false" }),
                ("no_sync", if no_sync { "true" } else { "" }),
            ]),
            Operation::Query { org } => query([("org", org), NONE, NONE, NONE]),
            Operation::Delete { bucket, org } => {
                query([("bucket", bucket), ("org", org), NONE, NONE])
            }
            Operation::Ping | Operation::Health => Ok(()),
        }
    }
}

/// `ns` is no word of 1.x, but what it takes a time for.
fn v1_precision(precision: Precision) -> &'static str {
    match precision {
        Precision::Nanosecond => "",
        Precision::Microsecond => "u",
        other => other.as_str(),
    }
}

/// Without one, InfluxDB 3 guesses it from the size of the number.
fn v3_precision(precision: Precision) -> &'static str {
    match precision {
        Precision::Second => "second",
        Precision::Millisecond => "millisecond",
        Precision::Microsecond => "microsecond",
        Precision::Nanosecond => "nanosecond",
    }
}

/// The credentials of a request, as its header `Authorization` has them. `Debug` shows no secret.
///
/// ```
/// use influx_edge::http::Credentials;
///
/// assert_eq!(format!("{:?}", Credentials::Token("secret")), "Token(…)");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials<'a> {
    /// No header.
    #[default]
    None,
    /// `Authorization: Token …`: InfluxDB 2.x and 3; in InfluxDB 1.8 the token is `user:password`.
    Token(&'a str),
    /// `Authorization: Bearer …`: InfluxDB 3, VictoriaMetrics and proxies.
    Bearer(&'a str),
    /// `Authorization: Basic …`: InfluxDB 1.x and proxies. The user's name has no colon.
    Basic {
        /// The user's name.
        user: &'a str,
        /// The password.
        password: &'a str,
    },
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::None => "None",
            Credentials::Token(_) => "Token(…)",
            Credentials::Bearer(_) => "Bearer(…)",
            Credentials::Basic { .. } => "Basic(…)",
        })
    }
}

impl Credentials<'_> {
    fn are_valid(&self) -> bool {
        match *self {
            Credentials::None => true,
            Credentials::Token(token) | Credentials::Bearer(token) => is_visible(token),
            Credentials::Basic { user, password } => {
                let printable = |byte: u8| byte >= b' ' && byte != 0x7f;
                !user.is_empty()
                    && user.bytes().all(|byte| printable(byte) && byte != b':')
                    && password.bytes().all(printable)
            }
        }
    }

    fn write_to(&self, out: &mut dyn Write) -> fmt::Result {
        let (scheme, token) = match *self {
            Credentials::None => return Ok(()),
            Credentials::Token(token) => ("Token ", token),
            Credentials::Bearer(token) => ("Bearer ", token),
            Credentials::Basic { .. } => ("Basic ", ""),
        };
        out.write_str("\r\nAuthorization: ")?;
        out.write_str(scheme)?;
        match *self {
            Credentials::Basic { user, password } => write_basic(user, password, out),
            _ => out.write_str(token),
        }
    }
}

/// Base64 of `user:password`, three bytes at a time: nothing holds the whole.
fn write_basic(user: &str, password: &str, out: &mut dyn Write) -> fmt::Result {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = user.bytes().chain([b':']).chain(password.bytes());
    while let Some(first) = bytes.next() {
        let (second, third) = (bytes.next(), bytes.next());
        let group = u32::from_be_bytes([0, first, second.unwrap_or(0), third.unwrap_or(0)]);
        let present = 2 + usize::from(second.is_some()) + usize::from(third.is_some());
        for (index, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = ALPHABET.get((group >> shift & 63) as usize);
            out.write_char(match letter {
                Some(letter) if index < present => char::from(*letter),
                _ => '=',
            })?;
        }
    }
    Ok(())
}

/// The head of an HTTP/1.1 request: its request line and its headers.
///
/// It is checked before the first byte is written, and a buffer that is too small is an error: there is
/// never a part of a head. Nothing allocates.
///
/// The response is asked for as it is, not compressed, and the connection stays open.
///
/// ```
/// use influx_edge::http::{Credentials, Operation, RequestHead};
///
/// let head = RequestHead::new("192.168.1.10:8086", Operation::Query { org: "acme" })
///     .credentials(Credentials::Token("my-token"))
///     .content_length(25);
/// let mut buffer = [0; 256];
/// assert_eq!(
///     head.write_into(&mut buffer)?,
///     format!(
///         "POST /api/v2/query?org=acme HTTP/1.1\r\nHost: 192.168.1.10:8086\r\n\
///          Authorization: Token my-token\r\nUser-Agent: influx-edge/{}\r\n\
///          Content-Type: application/json\r\nContent-Length: 25\r\n\r\n",
///         env!("CARGO_PKG_VERSION"),
///     )
/// );
/// # Ok::<(), influx_edge::http::HeadError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHead<'a> {
    host: &'a str,
    operation: Operation<'a>,
    path: &'a str,
    credentials: Credentials<'a>,
    user_agent: &'a str,
    content_length: usize,
}

impl<'a> RequestHead<'a> {
    /// A head without credentials, for an empty body. `host` is the header `Host`: a name or an address,
    /// and the port unless it is 80 (443 with TLS).
    #[must_use]
    pub const fn new(host: &'a str, operation: Operation<'a>) -> Self {
        RequestHead {
            host,
            operation,
            path: "",
            credentials: Credentials::None,
            user_agent: concat!("influx-edge/", env!("CARGO_PKG_VERSION")),
            content_length: 0,
        }
    }

    /// Sets the credentials. Default: none.
    #[must_use]
    pub const fn credentials(self, credentials: Credentials<'a>) -> Self {
        RequestHead {
            credentials,
            ..self
        }
    }

    /// Sets what stands before the server's own paths behind a proxy, such as `/influx`. It is
    /// percent-encoded already, begins with a slash and doesn't end with one. Default: nothing.
    #[must_use]
    pub const fn path_prefix(self, path: &'a str) -> Self {
        RequestHead { path, ..self }
    }

    /// Sets the header `User-Agent`. Default: `influx-edge/` and the version.
    #[must_use]
    pub const fn user_agent(self, user_agent: &'a str) -> Self {
        RequestHead { user_agent, ..self }
    }

    /// Sets the length of the body in bytes. Default: 0.
    #[must_use]
    pub const fn content_length(self, bytes: usize) -> Self {
        RequestHead {
            content_length: bytes,
            ..self
        }
    }

    /// Writes the head, piece by piece, the blank line at its end included.
    ///
    /// # Errors
    /// Returns an error if a part of it can't be in a head, before anything is written, and
    /// [`HeadError::Full`] if the writer reports an error.
    pub fn write_to(&self, out: &mut dyn Write) -> Result<(), HeadError> {
        self.check()?;
        self.write_checked(out)
            .map_err(|fmt::Error| HeadError::Full)
    }

    /// Writes the head to the start of a buffer and returns it.
    ///
    /// # Errors
    /// As [`write_to`](Self::write_to); [`HeadError::Full`] if the buffer is too small.
    pub fn write_into<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b str, HeadError> {
        let mut out = TextBuffer::new(buffer);
        self.write_to(&mut out)?;
        Ok(out.into_str())
    }

    fn check(&self) -> Result<(), HeadError> {
        if !is_visible(self.host) || self.host.contains(['/', '@', '?', '#']) {
            return Err(HeadError::Host);
        }
        let path_fits =
            self.path.is_empty() || (self.path.starts_with('/') && is_visible(self.path));
        if !path_fits || self.path.ends_with('/') || self.path.contains(['?', '#']) {
            return Err(HeadError::Path);
        }
        if !self.credentials.are_valid() {
            return Err(HeadError::Credentials);
        }
        if !self
            .user_agent
            .bytes()
            .all(|byte| (b' '..0x7f).contains(&byte))
        {
            return Err(HeadError::UserAgent);
        }
        if self.operation.lacks_name() {
            return Err(HeadError::Name);
        }
        Ok(())
    }

    fn write_checked(&self, out: &mut dyn Write) -> fmt::Result {
        let has_body = self.operation.has_body();
        out.write_str(if has_body { "POST " } else { "GET " })?;
        out.write_str(self.path)?;
        out.write_str(self.operation.path())?;
        self.operation.write_query(out)?;
        out.write_str(" HTTP/1.1\r\nHost: ")?;
        out.write_str(self.host)?;
        self.credentials.write_to(out)?;
        if !self.user_agent.is_empty() {
            out.write_str("\r\nUser-Agent: ")?;
            out.write_str(self.user_agent)?;
        }
        if has_body {
            out.write_str("\r\nContent-Type: ")?;
            out.write_str(self.operation.content_type())?;
            out.write_str("\r\nContent-Length: ")?;
            write_number(self.content_length, out)?;
        }
        out.write_str("\r\n\r\n")
    }
}

/// Visible ASCII, at least one character of it.
fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Decimal digits, without the machinery of `fmt`.
fn write_number(number: usize, out: &mut dyn Write) -> fmt::Result {
    let mut digits = [0; 20];
    let (mut rest, mut len) = (number, 0);
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        len += 1;
        if rest == 0 {
            break;
        }
    }
    let unused = digits.len().saturating_sub(len);
    digits
        .iter()
        .skip(unused)
        .try_for_each(|digit| out.write_char(char::from(*digit)))
}

/// Why a head can't be written.
///
/// ```
/// use influx_edge::http::{HeadError, Operation, RequestHead};
///
/// let head = RequestHead::new("influx\r\nX-Injected: 1", Operation::Ping);
/// assert_eq!(head.write_into(&mut [0; 128]), Err(HeadError::Host));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadError {
    /// The host is empty, or has a character that can't be in one.
    Host,
    /// The path prefix doesn't begin with a slash, ends with one, or has a character that can't be in it.
    Path,
    /// The token is empty or not visible ASCII; the user's name is empty or has a colon; it or the
    /// password has a control character.
    Credentials,
    /// The `User-Agent` has a character that can't be in a header.
    UserAgent,
    /// The name of the bucket or database is empty.
    Name,
    /// The buffer is too small, or the writer reported an error.
    Full,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HeadError::Host => "the host is empty or has a character that can't be in a host",
            HeadError::Path => {
                "the path prefix can't be one: it begins with a slash and doesn't end with one"
            }
            HeadError::Credentials => {
                "the credentials are empty or have a character that can't be in a header"
            }
            HeadError::UserAgent => "the user agent has a character that can't be in a header",
            HeadError::Name => "the name of the bucket or database is empty",
            HeadError::Full => "the request head doesn't fit into the buffer",
        })
    }
}

impl core::error::Error for HeadError {}
