//! `RequestHead`: request line and headers, for programs without an HTTP client.

use super::target::encode_component;
use super::text_buffer::TextBuffer;
use crate::Precision;
use core::fmt::{self, Write};

/// The operation that a request is for.
///
/// Method, path, query parameters, and the type of the body.
///
/// Names may be any text, and are percent-encoded. A parameter with an empty name or value is left out.
/// `Debug` hides the value of `p`, the password of InfluxDB 1.x.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::http::{Operation, RequestHead};
///
/// let write = Operation::write("a b&c", "acme", Precision::Second);
/// let mut head = String::new();
/// RequestHead::new("influx:8086", write)
///     .content_length(7)
///     .write_to(&mut head)?;
/// assert!(head.starts_with(
///     "POST /api/v2/write?bucket=a%20b%26c&org=acme&precision=s HTTP/1.1\r\n"
/// ));
/// # Ok::<(), influx_edge::http::HeadError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Operation<'a> {
    path: &'static str,
    /// The type of the body. Empty without one, and then the method is GET.
    content_type: &'static str,
    query: [(&'a str, &'a str); 5],
    /// The first invalid setting, an error of the head.
    error: Option<HeadError>,
}

// Functions and not an enum, so that a program is linked only with those that it calls.
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

    /// Requires the name of the bucket or database, for which servers have no default.
    fn require_name(mut self, name: &str) -> Self {
        self.error = name.is_empty().then_some(HeadError::Name);
        self
    }

    /// `POST /api/v2/write`: line protocol. InfluxDB 2.x and Cloud, VictoriaMetrics, InfluxDB 1.8 and 3.
    /// `org` may be empty for servers without organizations.
    #[must_use]
    pub fn write(bucket: &'a str, org: &'a str, precision: Precision) -> Self {
        let precision = ("precision", precision.as_str());
        let query = [("bucket", bucket), ("org", org), precision];
        Self::new("/api/v2/write", LINES, query).require_name(bucket)
    }

    /// `POST /write`: line protocol. InfluxDB 1.x, VictoriaMetrics, InfluxDB 3. Without the parameter `rp`,
    /// lines go to the database's default retention policy. InfluxDB 2.x accepts it for databases with a DBRP
    /// mapping, but reads 1.x's name of microseconds, `u`, as nanoseconds, without an error.
    #[must_use]
    pub fn write_v1(database: &'a str, precision: Precision) -> Self {
        let precision = ("precision", v1_precision(precision));
        let query = [("db", database), precision, NO_PARAM];
        Self::new("/write", LINES, query).require_name(database)
    }

    /// `POST /api/v3/write_lp`: line protocol. InfluxDB 3. Its parameters can be added: `accept_partial`
    /// (default: `true`, the good lines of a batch are stored even if it has bad ones) and `no_sync`
    /// (default: `false`).
    #[must_use]
    pub fn write_v3(database: &'a str, precision: Precision) -> Self {
        let precision = ("precision", v3_precision(precision));
        let query = [("db", database), precision, NO_PARAM];
        Self::new("/api/v3/write_lp", LINES, query).require_name(database)
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
        Self::new("/api/v2/delete", JSON, query).require_name(bucket)
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

    /// Adds a query parameter. At most five are possible, including those of the operation; one more is an
    /// error of the head ([`HeadError::Params`]).
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

/// InfluxDB 1.x' name of a unit. Nanoseconds have none: they are its default.
pub(crate) fn v1_precision(precision: Precision) -> &'static str {
    match precision {
        Precision::Nanosecond => "",
        Precision::Microsecond => "u",
        other => other.as_str(),
    }
}

/// InfluxDB 3's name of a unit. Without one, it guesses the unit from the size of the number.
pub(crate) fn v3_precision(precision: Precision) -> &'static str {
    match precision {
        Precision::Second => "second",
        Precision::Millisecond => "millisecond",
        Precision::Microsecond => "microsecond",
        Precision::Nanosecond => "nanosecond",
    }
}

/// The credentials of a request, for its header `Authorization`. `Debug` shows no secret.
///
/// ```
/// use influx_edge::http::Credentials;
///
/// assert_eq!(
///     format!("{:?}", Credentials::token("secret")),
///     "Credentials(\"Token\", …)"
/// );
/// ```
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    scheme: &'static Scheme,
    user: &'a str,
    secret: &'a str,
}

/// A scheme of `Authorization`. Its functions are pointers, so that only programs with a password are linked
/// with base64.
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

    /// `Authorization: Token …`: InfluxDB 2.x and 3. In InfluxDB 1.8 the token is `user:password`.
    #[must_use]
    pub const fn token(token: &'a str) -> Self {
        Self::new(const { &Scheme::token("Token") }, "", token)
    }

    /// `Authorization: Bearer …`: InfluxDB 2.x except its `/write`, InfluxDB 3, VictoriaMetrics and proxies.
    #[must_use]
    pub const fn bearer(token: &'a str) -> Self {
        Self::new(const { &Scheme::token("Bearer") }, "", token)
    }

    /// `Authorization: Basic …` (RFC 7617): InfluxDB 1.x and proxies. InfluxDB 2.x accepts it on `/write`
    /// only, with any name and the token as the password. The user's name can't contain a colon.
    #[must_use]
    pub const fn basic(user: &'a str, password: &'a str) -> Self {
        const BASIC: &Scheme = &Scheme {
            name: "Basic",
            are_valid: is_pair,
            write: write_basic,
        };
        Self::new(BASIC, user, password)
    }

    const fn new(scheme: &'static Scheme, user: &'a str, secret: &'a str) -> Self {
        Credentials {
            scheme,
            user,
            secret,
        }
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

/// Writes `user:password` in base64 (RFC 4648 §4), three bytes at a time, so that no buffer is needed.
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

/// The receiver of the pieces of a head, up to its first error. A `dyn fmt::Write` would be linked with all
/// of `fmt`, through its method `write_fmt`.
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
        // `self.result` has the error.
        let _ = encode_component(text, self);
    }

    /// Adds decimal digits, without the code of `fmt`.
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
/// All parts are checked before the first byte is written, and a buffer that is too small is an error: no
/// incomplete head is ever sent. Nothing allocates.
///
/// It asks for a response that isn't compressed, over a connection that stays open.
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
    /// with the port unless it is 80 (443 with TLS).
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

    /// Sets the prefix that a proxy puts before the server's own paths, such as `/influx`. It is
    /// percent-encoded, begins with a slash and doesn't end with one. Default: none.
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

    /// Writes the head piece by piece, including the empty line at its end.
    ///
    /// # Errors
    /// Returns an error if a part is invalid, before anything is written, and [`HeadError::Full`] if the
    /// writer fails.
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

    /// Writes only the request target, that is path prefix, path and query, for a modem that makes the head
    /// itself.
    ///
    /// ```
    /// use influx_edge::Precision;
    /// use influx_edge::http::{HeadError, Operation, RequestHead};
    ///
    /// let write = Operation::write("a b&c", "acme", Precision::Second);
    /// let mut url = String::from("http://influx:8086");
    /// RequestHead::new("influx:8086", write).write_target_to(&mut url)?;
    /// assert_eq!(
    ///     url,
    ///     "http://influx:8086/api/v2/write?bucket=a%20b%26c&org=acme&precision=s"
    /// );
    /// # Ok::<(), HeadError>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`write_to`](Self::write_to), also for parts of the head that
    /// aren't written here.
    pub fn write_target_to(&self, out: &mut impl Write) -> Result<(), HeadError> {
        self.write_part(&mut |piece| out.write_str(piece), Self::write_target)
    }

    pub(crate) fn write_pieces(
        &self,
        out: &mut dyn FnMut(&str) -> fmt::Result,
    ) -> Result<(), HeadError> {
        self.write_part(out, Self::write_checked)
    }

    fn write_part(
        &self,
        out: &mut dyn FnMut(&str) -> fmt::Result,
        write: impl FnOnce(&Self, &mut Pieces<'_>),
    ) -> Result<(), HeadError> {
        self.check()?;
        let mut out = Pieces {
            out,
            result: Ok(()),
        };
        write(self, &mut out);
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

/// The reason why a head can't be written.
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
    /// The host is empty or contains an invalid character.
    Host,
    /// The path prefix doesn't begin with a slash, ends with one, or contains an invalid character.
    Path,
    /// The token is empty or isn't visible ASCII; the user's name is empty or contains a colon; or the name
    /// or the password contains a control character.
    Credentials,
    /// The `User-Agent` contains an invalid character.
    UserAgent,
    /// The name of the bucket or database is empty.
    Name,
    /// The operation has more than five query parameters.
    Params,
    /// The buffer is too small, or the writer failed.
    Full,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HeadError::Host => "the host is empty or contains an invalid character",
            HeadError::Path => {
                "the path prefix is invalid: it must begin with a slash and not end with one"
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
