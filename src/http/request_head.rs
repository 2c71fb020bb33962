//! `RequestHead`: the request line and the headers, for those who have no HTTP client.

use super::target::encode_component;
use super::text_buffer::TextBuffer;
use crate::Precision;
use core::fmt::{self, Write};

/// What a request asks of a server: method, path, query parameters and the type of its body.
///
/// Names may be any text: they are percent-encoded. A parameter without name or value is left out. `Debug`
/// shows no value of `p`, which is the password of InfluxDB 1.x.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::http::{Operation, RequestHead};
///
/// let write = Operation::write("a b&c", "acme", Precision::Second);
/// let mut head = String::new();
/// RequestHead::new("influx:8086", write).content_length(7).write_to(&mut head)?;
/// assert!(head.starts_with("POST /api/v2/write?bucket=a%20b%26c&org=acme&precision=s HTTP/1.1\r\n"));
/// # Ok::<(), influx_edge::http::HeadError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Operation<'a> {
    path: &'static str,
    /// Of the body; empty without one.
    content_type: &'static str,
    query: [(&'a str, &'a str); 5],
    /// Why it can't be asked.
    error: Option<HeadError>,
}

// Functions and not variants: a program is linked with those that it calls.
impl<'a> Operation<'a> {
    const fn new(
        path: &'static str,
        content_type: &'static str,
        [first, second, third]: [(&'a str, &'a str); 3],
    ) -> Self {
        Operation {
            path,
            content_type,
            query: [first, second, third, NO_PARAM, NO_PARAM],
            error: None,
        }
    }

    /// The bucket or database that it is about. Servers have no default for it.
    fn about(mut self, name: &str) -> Self {
        self.error = name.is_empty().then_some(HeadError::Name);
        self
    }

    /// `POST /api/v2/write`: line protocol. InfluxDB 2.x and Cloud, VictoriaMetrics, InfluxDB 1.8 and 3.
    /// Servers that know no organizations take an empty `org`.
    #[must_use]
    pub fn write(bucket: &'a str, org: &'a str, precision: Precision) -> Self {
        let precision = ("precision", precision.as_str());
        let query = [("bucket", bucket), ("org", org), precision];
        Self::new("/api/v2/write", LINES, query).about(bucket)
    }

    /// `POST /write`: line protocol. InfluxDB 1.x, VictoriaMetrics, InfluxDB 3. Without the parameter `rp`
    /// the database's default retention policy is meant. InfluxDB 2.x has it for databases with a DBRP mapping;
    /// it reads 1.x's word for microseconds as nanoseconds, without an error.
    #[must_use]
    pub fn write_v1(database: &'a str, precision: Precision) -> Self {
        let precision = ("precision", v1_precision(precision));
        let query = [("db", database), precision, NO_PARAM];
        Self::new("/write", LINES, query).about(database)
    }

    /// `POST /api/v3/write_lp`: line protocol. InfluxDB 3. Its parameters `accept_partial` (default `true`:
    /// the good lines of a batch are stored when it has bad ones) and `no_sync` (default `false`) can be added.
    #[must_use]
    pub fn write_v3(database: &'a str, precision: Precision) -> Self {
        let precision = ("precision", v3_precision(precision));
        let query = [("db", database), precision, NO_PARAM];
        Self::new("/api/v3/write_lp", LINES, query).about(database)
    }

    /// `POST /api/v2/query`: Flux in a JSON body ([`flux::write_query`](crate::flux::write_query)), annotated
    /// CSV in the response ([`csv`](crate::csv)).
    #[must_use]
    pub fn query(org: &'a str) -> Self {
        let query = [("org", org), NO_PARAM, NO_PARAM];
        Self::new("/api/v2/query", JSON, query)
    }

    /// `POST /api/v2/delete`: a time range and a predicate in a JSON body.
    #[must_use]
    pub fn delete(bucket: &'a str, org: &'a str) -> Self {
        let query = [("bucket", bucket), ("org", org), NO_PARAM];
        Self::new("/api/v2/delete", JSON, query).about(bucket)
    }

    /// `GET /ping`.
    #[must_use]
    pub const fn ping() -> Self {
        Self::new("/ping", "", [NO_PARAM; 3])
    }

    /// `GET /health`.
    #[must_use]
    pub const fn health() -> Self {
        Self::new("/health", "", [NO_PARAM; 3])
    }

    /// Adds a query parameter; five there can be, those of the operation included. One more is an error of
    /// the head ([`HeadError::Params`]).
    #[must_use]
    pub fn param(mut self, name: &'a str, value: &'a str) -> Self {
        match self.query.iter_mut().find(|slot| slot.0.is_empty()) {
            Some(slot) => *slot = (name, value),
            None => self.error = self.error.or(Some(HeadError::Params)),
        }
        self
    }

    fn write_query(&self, out: &mut Pieces<'_>) {
        let mut mark = "?";
        for (name, value) in &self.query {
            if !name.is_empty() && !value.is_empty() {
                out.add(mark);
                out.add_encoded(name);
                out.add("=");
                out.add_encoded(value);
                mark = "&";
            }
        }
    }
}

impl fmt::Debug for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = self.query.map(|(name, value)| match name {
            "p" => (name, "…"),
            _ => (name, value),
        });
        f.debug_struct("Operation")
            .field("path", &self.path)
            .field("query", &query)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

const NO_PARAM: (&str, &str) = ("", "");
const LINES: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// The word of InfluxDB 1.x for a unit. `ns` is none, but what it takes a time for.
pub(crate) fn v1_precision(precision: Precision) -> &'static str {
    match precision {
        Precision::Nanosecond => "",
        Precision::Microsecond => "u",
        other => other.as_str(),
    }
}

/// The word of InfluxDB 3 for a unit. Without one, it guesses it from the size of the number.
pub(crate) fn v3_precision(precision: Precision) -> &'static str {
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
/// assert_eq!(format!("{:?}", Credentials::token("secret")), "Credentials(\"Token\", …)");
/// ```
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    scheme: &'static Scheme,
    user: &'a str,
    secret: &'a str,
}

/// A scheme of `Authorization`. Behind pointers, so that only programs with a password are linked with
/// base64.
struct Scheme {
    name: &'static str,
    are_valid: fn(&Credentials<'_>) -> bool,
    write: fn(&Credentials<'_>, &mut Pieces<'_>),
}

impl Scheme {
    const fn token(name: &'static str) -> Self {
        Scheme {
            name,
            are_valid: |of| !of.secret.is_empty() && all(of.secret, is_visible),
            write: |of, out| out.add(of.secret),
        }
    }
}

impl<'a> Credentials<'a> {
    /// No header.
    pub const NONE: Credentials<'static> = Credentials {
        scheme: &Scheme {
            name: "",
            are_valid: |_| true,
            write: |_, _| {},
        },
        user: "",
        secret: "",
    };

    /// `Authorization: Token …`: InfluxDB 2.x and 3; in InfluxDB 1.8 the token is `user:password`.
    #[must_use]
    pub const fn token(token: &'a str) -> Self {
        Credentials {
            scheme: const { &Scheme::token("Token") },
            user: "",
            secret: token,
        }
    }

    /// `Authorization: Bearer …`: InfluxDB 2.x but for its `/write`, InfluxDB 3, VictoriaMetrics and proxies.
    #[must_use]
    pub const fn bearer(token: &'a str) -> Self {
        Credentials {
            scheme: const { &Scheme::token("Bearer") },
            user: "",
            secret: token,
        }
    }

    /// `Authorization: Basic …`: InfluxDB 1.x and proxies. InfluxDB 2.x takes it on `/write` alone, any name
    /// with the token for a password. The user's name has no colon.
    #[must_use]
    pub const fn basic(user: &'a str, password: &'a str) -> Self {
        Credentials {
            scheme: &Scheme {
                name: "Basic",
                are_valid: is_pair,
                write: write_basic,
            },
            user,
            secret: password,
        }
    }
}

impl Default for Credentials<'_> {
    fn default() -> Self {
        Credentials::NONE
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?}, …)", self.scheme.name)
    }
}

fn is_pair(credentials: &Credentials<'_>) -> bool {
    let Credentials { user, secret, .. } = credentials;
    let printable = |byte: u8| byte >= b' ' && byte != 0x7f;
    !user.is_empty()
        && user.bytes().all(|byte| printable(byte) && byte != b':')
        && secret.bytes().all(printable)
}

/// Base64 of `user:password`, three bytes at a time: nothing holds the whole.
fn write_basic(credentials: &Credentials<'_>, out: &mut Pieces<'_>) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let Credentials { user, secret, .. } = credentials;
    let mut bytes = user.bytes().chain([b':']).chain(secret.bytes());
    while let Some(first) = bytes.next() {
        let (second, third) = (bytes.next(), bytes.next());
        let group = u32::from_be_bytes([0, first, second.unwrap_or(0), third.unwrap_or(0)]);
        let present = 2 + usize::from(second.is_some()) + usize::from(third.is_some());
        for (index, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = ALPHABET.get((group >> shift & 63) as usize);
            out.add_byte(match letter {
                Some(letter) if index < present => *letter,
                _ => b'=',
            });
        }
    }
}

/// Where the pieces of a head go, up to the first error. A `dyn fmt::Write` would bring all of `fmt` by its
/// `write_fmt`.
struct Pieces<'o> {
    out: &'o mut dyn FnMut(&str) -> fmt::Result,
    result: fmt::Result,
}

impl Pieces<'_> {
    #[inline(never)]
    fn add(&mut self, piece: &str) {
        if self.result.is_ok() {
            self.result = (self.out)(piece);
        }
    }

    fn add_byte(&mut self, byte: u8) {
        self.add(core::str::from_utf8(&[byte]).unwrap_or_default());
    }

    /// Adds percent-encoded text.
    #[inline(never)]
    fn add_encoded(&mut self, text: &str) {
        // The error stays.
        let _ = encode_component(text, self);
    }

    /// Adds decimal digits, without the machinery of `fmt`.
    fn add_number(&mut self, number: usize) {
        let mut unit = 1_usize;
        while let Some(more) = unit.checked_mul(10).filter(|more| *more <= number) {
            unit = more;
        }
        while unit > 0 {
            self.add_byte(b'0' + (number / unit % 10) as u8);
            unit /= 10;
        }
    }
}

impl Write for Pieces<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.add(text);
        self.result
    }
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
/// let head = RequestHead::new("192.168.1.10:8086", Operation::query("acme"))
///     .credentials(Credentials::token("my-token"))
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
#[derive(Clone, Copy, Debug)]
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
            credentials: Credentials::NONE,
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
    pub fn write_to(&self, out: &mut impl Write) -> Result<(), HeadError> {
        self.write_pieces(&mut |piece| out.write_str(piece))
    }

    /// Writes the head to the start of a buffer and returns it.
    ///
    /// # Errors
    /// Returns the same errors as [`write_to`](Self::write_to): [`HeadError::Full`] if the buffer
    /// is too small.
    pub fn write_into<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b str, HeadError> {
        let mut out = TextBuffer::new(buffer);
        self.write_to(&mut out)?;
        Ok(out.into_str())
    }

    /// Writes the request target alone, path prefix, path and query, for a modem that makes the head itself.
    ///
    /// ```
    /// use influx_edge::Precision;
    /// use influx_edge::http::{HeadError, Operation, RequestHead};
    ///
    /// let write = Operation::write("a b&c", "acme", Precision::Second);
    /// let mut url = String::from("http://influx:8086");
    /// RequestHead::new("influx:8086", write).write_target_to(&mut url)?;
    /// assert_eq!(url, "http://influx:8086/api/v2/write?bucket=a%20b%26c&org=acme&precision=s");
    /// # Ok::<(), HeadError>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`write_to`](Self::write_to), also for parts of the head that
    /// aren't written here.
    pub fn write_target_to(&self, out: &mut impl Write) -> Result<(), HeadError> {
        self.check()?;
        let mut out = Pieces {
            out: &mut |piece| out.write_str(piece),
            result: Ok(()),
        };
        self.write_target(&mut out);
        out.result.map_err(|fmt::Error| HeadError::Full)
    }

    pub(crate) fn write_pieces(
        &self,
        out: &mut dyn FnMut(&str) -> fmt::Result,
    ) -> Result<(), HeadError> {
        self.check()?;
        let mut out = Pieces {
            out,
            result: Ok(()),
        };
        self.write_checked(&mut out);
        out.result.map_err(|fmt::Error| HeadError::Full)
    }

    fn check(&self) -> Result<(), HeadError> {
        if self.host.is_empty()
            || !all(self.host, |byte| {
                is_visible(byte) && !matches!(byte, b'/' | b'@' | b'?' | b'#')
            })
        {
            return Err(HeadError::Host);
        }
        let path = self.path.as_bytes();
        let ends_well =
            path.is_empty() || (path.first() == Some(&b'/') && path.last() != Some(&b'/'));
        if !ends_well
            || !all(self.path, |byte| {
                is_visible(byte) && !matches!(byte, b'?' | b'#')
            })
        {
            return Err(HeadError::Path);
        }
        if !(self.credentials.scheme.are_valid)(&self.credentials) {
            return Err(HeadError::Credentials);
        }
        if !all(self.user_agent, |byte| (b' '..0x7f).contains(&byte)) {
            return Err(HeadError::UserAgent);
        }
        self.operation.error.map_or(Ok(()), Err)
    }

    fn write_target(&self, out: &mut Pieces<'_>) {
        out.add(self.path);
        out.add(self.operation.path);
        self.operation.write_query(out);
    }

    fn write_checked(&self, out: &mut Pieces<'_>) {
        let has_body = !self.operation.content_type.is_empty();
        out.add(if has_body { "POST " } else { "GET " });
        self.write_target(out);
        out.add(" HTTP/1.1\r\nHost: ");
        out.add(self.host);
        let scheme = self.credentials.scheme;
        if !scheme.name.is_empty() {
            out.add("\r\nAuthorization: ");
            out.add(scheme.name);
            out.add(" ");
            (scheme.write)(&self.credentials, out);
        }
        if !self.user_agent.is_empty() {
            out.add("\r\nUser-Agent: ");
            out.add(self.user_agent);
        }
        if has_body {
            out.add("\r\nContent-Type: ");
            out.add(self.operation.content_type);
            out.add("\r\nContent-Length: ");
            out.add_number(self.content_length);
        }
        out.add("\r\n\r\n");
    }
}

#[inline(never)]
fn all(text: &str, allowed: fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
}

fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

/// Why a head can't be written.
///
/// ```
/// use influx_edge::http::{HeadError, Operation, RequestHead};
///
/// let head = RequestHead::new("influx\r\nX-Injected: 1", Operation::ping());
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
    /// The operation has more than five query parameters.
    Params,
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
            HeadError::Params => "the request has more than five query parameters",
            HeadError::Full => "the request head doesn't fit into the buffer",
        })
    }
}

impl core::error::Error for HeadError {}
