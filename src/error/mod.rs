//! The `Error` of everything above the codecs: one pointer wide, with its kind and remedy.
//!
//! **In scope**: what went wrong ([`ErrorKind`]), whether trying again can help
//! ([`Error::is_retryable`]), when ([`Error::retry_after`]), and one sentence a person can act on
//! (its `Display`). **Out of scope**: the codecs' own errors, which are `Copy` and need no heap;
//! they convert into this one, so `?` works across the whole crate.
//!
//! **What to watch**: no token, password or cookie ever gets in here. What a server or a proxy
//! said is cut to a bounded excerpt, with secrets that it repeats as `***` and control characters
//! escaped; so its fields may be printed as well as the whole.

mod delivery;
mod line_error;
mod point;
mod response;
mod response_text;
mod text;
mod transport;

use crate::csv::{ReadError, ReadErrorKind, ValueError};
use crate::flux::FluxError;
pub use crate::http::{Remedy, Stored};
use crate::line::{EncodeError, SerializeError};
use crate::rfc3339::TimestampError;
pub use delivery::{ClockError, DiskError, FlushError, WriteError};
pub use line_error::LineError;
pub use point::PointError;
pub use response::ResponseError;
pub(crate) use response::{CredentialKind, ResponseParts};
pub(crate) use response_text::NO_PATH;
use text::Escaped;
pub(crate) use text::{Printable, cut, has};
pub use transport::{TransportError, TransportErrorKind};

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;

/// What went wrong, as one opaque value the size of a pointer.
///
/// `Debug` prints the same sentence, for a `main` that returns it; `{:#?}` prints its parts.
///
/// Ask it by predicate ([`is_retryable`](Error::is_retryable), [`is_not_found`](Error::is_not_found),
/// …) or look inside with [`kind`](Error::kind). Printed, it is one sentence: what failed, whose
/// fault it is, what to try.
///
/// ```
/// use influx_edge::Client;
///
/// let error = Client::builder("localhost:8086").build().unwrap_err();
/// assert!(error.is_config());
/// assert!(!error.is_retryable());
/// assert!(error.to_string().contains("http://"));
/// ```
pub struct Error(Box<ErrorKind>);

/// The ways to fail, and what is known about each.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::{ErrorKind, Point};
///
/// let error = client.write("nowhere", "weather temp_c=21.5").unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Response(response) if response.status() == 404));
/// let error = client.write("sensors", Point::new("weather").field("temp_c", f64::NAN)).unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Encode(_))); // nothing was sent
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What this program asked for can't be: a URL without a scheme, a token with a line break,
    /// `https` in a build without TLS. Nothing was sent.
    Config(ConfigError),
    /// No complete response came: the network, the name, the TLS handshake, a time limit.
    Transport(TransportError),
    /// A server, or something in front of it, responded, but not with what the call hoped for.
    Response(ResponseError),
    /// A response with the right status whose content can't be read as what it should be.
    Content(ContentError),
    /// The response to a query: it isn't the CSV it should be, a value isn't of the type asked for, or
    /// the server reported in its middle that the query failed.
    Rows(ReadError),
    /// A point that can't be written as line protocol. Nothing was sent.
    Encode(PointError),
    /// The batching writer didn't take a point: its buffer is full, the clock isn't set.
    Write(WriteError),
    /// The batching writer ran out of time with lines still undelivered.
    Flush(FlushError),
    /// A spool's disk failed, or another process has the spool.
    Disk(DiskError),
}

/// A mistake in what the program asked for, found before anything was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    message: String,
}

/// A successful response with unreadable content: wrong JSON, a table that isn't annotated CSV.
///
/// ```
/// use influx_edge::{Error, ErrorKind, Timestamp};
///
/// let error: Error = Timestamp::parse("yesterday").unwrap_err().into();
/// let ErrorKind::Content(content) = error.kind() else { panic!("{error}") };
/// assert_eq!(content.what(), "cannot use a time");
/// assert_eq!(content.message(), "not an RFC 3339 time");
/// ```
#[derive(Debug)]
pub struct ContentError {
    pub(crate) what: String,
    pub(crate) message: String,
    /// It is about something that the server doesn't have.
    pub(crate) not_found: bool,
}

impl Error {
    /// What went wrong, to look inside.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// The HTTP status of the response, if there was one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://127.0.0.1:1").org("acme").build()?;
    /// if let Err(error) = client.ping() {
    ///     println!("{:?}", error.status()); // None: not even a response
    /// }
    /// # assert_eq!(client.ping().unwrap_err().status(), None);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.response().map(ResponseError::status)
    }

    /// InfluxDB's own word for the error (`"not found"`, `"unauthorized"`, …), from the body's
    /// `code` or the header `X-Platform-Error-Code`.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("revoked").build()?;
    /// if let Err(error) = client.write("sensors", "t v=1") {
    ///     println!("{}", error.code().unwrap_or("no word of InfluxDB's"));
    /// }
    /// # assert_eq!(client.ping().unwrap_err().code(), Some("unauthorized"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.response().and_then(ResponseError::code)
    }

    /// What the other side, or the check that failed, said; without the sentence around it that
    /// `Display` adds.
    ///
    /// ```
    /// let error = influx_edge::Client::builder("localhost").build().unwrap_err();
    /// assert!(!error.message().is_empty());
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        match &*self.0 {
            ErrorKind::Config(e) => &e.message,
            ErrorKind::Transport(e) => e.detail(),
            ErrorKind::Response(e) => e.message(),
            ErrorKind::Content(e) => &e.message,
            ErrorKind::Rows(e) => match e.kind() {
                ReadErrorKind::Server { message, .. } => message,
                _ => "the response can't be read as asked",
            },
            ErrorKind::Encode(_) => "the point can't be written as line protocol",
            ErrorKind::Disk(e) => e.message(),
            ErrorKind::Write(_) => "the writer did not take the point",
            ErrorKind::Flush(e) => match e.cause() {
                Some(cause) => cause.message(),
                None => "time ran out before the first attempt",
            },
        }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    ///
    /// True for a lost connection, a time limit, a name that doesn't resolve, and the statuses 408,
    /// 425, 429 and 5xx but 501 and 505, unless InfluxDB's 500 is about a partial write, a missing
    /// permission or the request itself. False where a person must act first (token, bucket,
    /// certificate, configuration) and where the data themselves are refused.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// while let Err(error) = client.write("sensors", "t v=1 1") {
    ///     if !error.is_retryable() {
    ///         return Err(error);
    ///     }
    ///     std::thread::sleep(error.retry_after().unwrap_or(core::time::Duration::from_secs(5)));
    /// }
    /// # let nobody = influx_edge::Client::builder("http://127.0.0.1:1").build()?;
    /// # assert!(nobody.ping().unwrap_err().is_retryable());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &*self.0 {
            ErrorKind::Config(_)
            | ErrorKind::Content(_)
            | ErrorKind::Encode(_)
            | ErrorKind::Rows(_) => false,
            ErrorKind::Transport(e) => e.is_retryable(),
            ErrorKind::Response(e) => e.is_retryable(),
            ErrorKind::Write(e) => e.is_retryable(),
            ErrorKind::Disk(_) => false,
            // What is lost can't be tried again.
            ErrorKind::Flush(e) => !e.is_lost() && e.cause().is_none_or(Error::is_retryable),
        }
    }

    /// How long the server asked to wait (`Retry-After`), at most ten minutes.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("proxied").build()?;
    /// if let Err(error) = client.write("sensors", "t v=1 1") {
    ///     let pause = error.retry_after().unwrap_or(core::time::Duration::from_secs(5));
    /// #     assert_eq!(pause, core::time::Duration::from_secs(5));
    ///     println!("again in {pause:?}");
    /// }
    /// # assert!(client.ping().is_err());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.response().and_then(ResponseError::retry_after)
    }

    /// 404, or a body that says `not found`; whatever the status, an organization that the server
    /// doesn't have, and InfluxQL's `database not found` and `retention policy not found`.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// match client.write("nowhere", "t v=1") {
    ///     Err(error) if error.is_not_found() => println!("somebody has to make the bucket"),
    ///     other => other?,
    /// }
    /// # assert!(client.write("nowhere", "t v=1").unwrap_err().is_not_found());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.says(404, "not found")
            || match &*self.0 {
                ErrorKind::Content(e) => e.not_found,
                _ => self.response().is_some_and(|e| e.0.misses_org()),
            }
    }

    /// The name is taken: 409, or InfluxDB's 422 with the code `conflict`.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewBucket;
    ///
    /// match client.buckets().create(&NewBucket::new("edge")) {
    ///     Err(error) if error.is_conflict() => println!("it is there already"),
    ///     other => drop(other?),
    /// }
    /// # assert!(client.buckets().create(&NewBucket::new("edge")).unwrap_err().is_conflict());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.says(409, "conflict")
    }

    /// The token, password or session is missing, unknown or expired: 401.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("revoked").build()?;
    /// if client.ping().is_err_and(|error| error.is_unauthorized()) {
    ///     println!("the token is not (or no longer) known");
    /// }
    /// # assert!(client.ping().unwrap_err().is_unauthorized());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.says(401, "unauthorized")
    }

    /// Who we are is known, but this isn't allowed: 403. (InfluxDB responds with 401 instead for most
    /// resources; 403 is for data.)
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// if client.write("system", "t v=1").is_err_and(|error| error.is_forbidden()) {
    ///     println!("the token is good, but not for this bucket");
    /// }
    /// # assert!(client.write("system", "t v=1").unwrap_err().is_forbidden());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.says(403, "forbidden")
    }

    /// The server asks to slow down: 429.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.says(429, "too many requests")
    }

    /// The body is larger than the server, or a proxy before it, takes: 413. Send smaller pieces.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let lines = "t v=1 1\nt v=2 2\n";
    /// if client.write("sensors", lines).is_err_and(|error| error.is_too_large()) {
    ///     for line in lines.lines() {
    ///         client.write("sensors", line)?;
    ///     }
    /// }
    /// # assert!(client.write("sensors", lines).unwrap_err().is_too_large());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.says(413, "request too large")
    }

    /// A time limit of this client ran out.
    ///
    /// ```
    /// # let deaf = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    /// # let url = format!("http://{}", deaf.local_addr().expect("its address"));
    /// # let client = influx_edge::Client::builder(url).timeout(core::time::Duration::from_millis(20)).build()?;
    /// if client.ping().is_err_and(|error| error.is_timeout()) {
    ///     println!("the limits of the builder are shorter than the line is long");
    /// }
    /// # assert!(client.ping().unwrap_err().is_timeout());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &*self.0 {
            ErrorKind::Transport(e) => e.kind() == TransportErrorKind::Timeout,
            ErrorKind::Flush(e) => e.cause().is_some_and(Error::is_timeout),
            _ => false,
        }
    }

    /// No complete response came; see [`TransportError`].
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://127.0.0.1:1").org("acme").build()?;
    /// if client.ping().is_err_and(|error| error.is_transport()) {
    ///     println!("nobody responded: cable, name, port, certificate");
    /// }
    /// # assert!(client.ping().unwrap_err().is_transport());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_transport(&self) -> bool {
        matches!(&*self.0, ErrorKind::Transport(_))
    }

    /// The program asked for something that can't be; nothing was sent.
    ///
    /// ```
    /// let error = influx_edge::Client::builder("ftp://localhost").build().unwrap_err();
    /// assert!(error.is_config()); // nothing was sent
    /// ```
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(&*self.0, ErrorKind::Config(_))
    }

    /// The other side's response, if there was one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("revoked").build()?;
    /// if let Err(error) = client.write("sensors", "t v=1") {
    ///     let ours = error.response().is_some_and(|response| response.is_from_influxdb());
    /// #     assert!(ours);
    ///     println!("InfluxDB itself said no: {ours}");
    /// }
    /// # assert!(client.ping().unwrap_err().response().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn response(&self) -> Option<&ResponseError> {
        match &*self.0 {
            ErrorKind::Response(e) => Some(e),
            ErrorKind::Flush(e) => e.cause()?.response(),
            _ => None,
        }
    }

    /// After a failed write: how much of it is in the database.
    ///
    /// Only a write's error can say [`Stored::Partial`]; a request that never left is
    /// [`Stored::None`]; where nobody can know, it is [`Stored::Unknown`], and sending the same
    /// points again is safe as long as they carry their own timestamps. Where a
    /// [`RetryPolicy`](crate::client::RetryPolicy) made several attempts, it speaks of all of them.
    /// A server that drops every line of a write, for a type conflict say, leaves [`Stored::None`] with
    /// [`Remedy::None`]: there is nothing to send again.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::Stored;
    ///
    /// if let Err(error) = client.write("sensors", "t v=1 1\nt v=\"two\" 2") {
    ///     match error.stored() {
    ///         Stored::Partial => println!("only the bad line is missing"),
    ///         other => println!("to be sent again: {other:?}"),
    ///     }
    /// }
    /// # assert_eq!(client.write("sensors", "t v=1 1\nt v=\"two\" 2").unwrap_err().stored(), Stored::Partial);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn stored(&self) -> Stored {
        match &*self.0 {
            ErrorKind::Config(_)
            | ErrorKind::Encode(_)
            | ErrorKind::Write(_)
            | ErrorKind::Disk(_) => Stored::None,
            ErrorKind::Flush(e) => e.cause().map_or(Stored::None, Error::stored),
            ErrorKind::Transport(e) => e.stored(),
            ErrorKind::Response(e) => e.stored(),
            ErrorKind::Content(_) | ErrorKind::Rows(_) => Stored::Unknown,
        }
    }

    /// After a failed write: what may be done about it. The batching writer follows it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://127.0.0.1:1").org("acme").build()?;
    /// use influx_edge::Remedy;
    ///
    /// if let Err(error) = client.write("sensors", "t v=1 1") {
    ///     match error.remedy() {
    ///         Remedy::Retry => println!("later"),
    ///         Remedy::Operator => println!("call somebody"),
    ///         other => println!("{other:?}"),
    ///     }
    /// }
    /// # assert_eq!(client.write("sensors", "t v=1 1").unwrap_err().remedy(), Remedy::Retry);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match &*self.0 {
            ErrorKind::Config(_) | ErrorKind::Content(_) | ErrorKind::Rows(_) => Remedy::Operator,
            ErrorKind::Encode(_) => Remedy::RemoveBadLines,
            ErrorKind::Write(e) => match e {
                WriteError::Full | WriteError::ClockNotSet(_) | WriteError::NotDurable(_) => {
                    Remedy::Retry
                }
                WriteError::TooLarge(_) => Remedy::Split,
                WriteError::Encode(_) | WriteError::Syntax(_) => Remedy::RemoveBadLines,
                WriteError::Closed
                | WriteError::Forked
                | WriteError::OwnThread
                | WriteError::BucketName(_) => Remedy::Operator,
            },
            ErrorKind::Disk(_) => Remedy::Operator,
            ErrorKind::Flush(e) => e.cause().map_or(Remedy::Retry, Error::remedy),
            ErrorKind::Transport(e) if e.is_retryable() => Remedy::Retry,
            ErrorKind::Transport(_) => Remedy::Operator,
            ErrorKind::Response(e) => e.remedy(),
        }
    }

    /// After a refused write: the lines the server named as bad, in its order. Where it names a type
    /// conflict by measurement and field only (InfluxDB 1 and 2): the lines that can be its cause, in
    /// theirs.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// if let Err(error) = client.write("sensors", "weather temp_c=1 1\nweather temp_c= 2\n") {
    ///     for bad in error.line_errors() {
    ///         println!("{}: {}", bad.line, bad.reason);
    ///     }
    /// }
    /// # assert_eq!(client.write("sensors", "weather temp_c=1 1\nweather temp_c= 2\n").unwrap_err().line_errors().len(), 1);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn line_errors(&self) -> &[LineError] {
        self.response().map_or(&[], ResponseError::line_errors)
    }

    fn says(&self, status: u16, code: &str) -> bool {
        self.response()
            .is_some_and(|a| a.status() == status || a.code() == Some(code))
    }
    /// A mistake of the caller, found before anything is sent.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        ErrorKind::Config(ConfigError {
            message: message.into(),
        })
        .into()
    }

    /// Content that can't be read.
    pub(crate) fn content(what: impl Into<String>, message: impl Into<String>) -> Self {
        ErrorKind::Content(ContentError {
            what: what.into(),
            message: message.into(),
            not_found: false,
        })
        .into()
    }

    pub(crate) fn kind_mut(&mut self) -> &mut ErrorKind {
        &mut self.0
    }
}

impl ConfigError {
    /// What is wrong, and what to do about it.
    ///
    /// ```
    /// use influx_edge::{Client, ErrorKind};
    ///
    /// let error = Client::builder("localhost").build().unwrap_err();
    /// let ErrorKind::Config(mistake) = error.kind() else { unreachable!() };
    /// assert!(mistake.message().contains("http://"));
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl ContentError {
    /// What was being read.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Why it can't be read.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Error(Box::new(kind))
    }
}

impl From<EncodeError> for Error {
    fn from(e: EncodeError) -> Self {
        PointError::from(e).into()
    }
}

impl From<SerializeError> for Error {
    fn from(e: SerializeError) -> Self {
        PointError::from(e).into()
    }
}

impl From<PointError> for Error {
    fn from(e: PointError) -> Self {
        ErrorKind::Encode(e).into()
    }
}

impl From<ReadError> for Error {
    fn from(e: ReadError) -> Self {
        ErrorKind::Rows(e).into()
    }
}

/// A text that is no time, or a time that no server can store.
impl From<TimestampError> for Error {
    fn from(e: TimestampError) -> Self {
        Error::content("cannot use a time", e.to_string())
    }
}

/// A value of a record that isn't what was asked for.
impl From<ValueError> for Error {
    fn from(e: ValueError) -> Self {
        Error::content("cannot read a row", e.to_string())
    }
}

/// A parameter or literal that Flux has no form for.
impl From<FluxError> for Error {
    fn from(e: FluxError) -> Self {
        Error::config(e.to_string())
    }
}

/// The sentence, for a program whose `main` returns the error; in the alternate form (`{:#?}`) what
/// can be asked of it, by name.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        // Not the kinds' own `Debug`, which would bring all of them into the smallest program.
        let kind = match &*self.0 {
            ErrorKind::Config(_) => "Config",
            ErrorKind::Transport(_) => "Transport",
            ErrorKind::Response(_) => "Response",
            ErrorKind::Content(_) => "Content",
            ErrorKind::Rows(_) => "Rows",
            ErrorKind::Encode(_) => "Encode",
            ErrorKind::Write(_) => "Write",
            ErrorKind::Flush(_) => "Flush",
            ErrorKind::Disk(_) => "Disk",
        };
        write!(f, "Error {{\n    kind: {kind},\n")?;
        if let Some(status) = self.status() {
            writeln!(f, "    status: {status},")?;
        }
        write!(
            f,
            "    retryable: {},\n    message: {:?},\n    display: {self},\n    ..\n}}",
            self.is_retryable(),
            self.message()
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ErrorKind::Config(e) => write!(f, "{e}"),
            ErrorKind::Transport(e) => write!(f, "{e}"),
            ErrorKind::Response(e) => write!(f, "{e}"),
            ErrorKind::Content(e) => write!(f, "{e}"),
            ErrorKind::Rows(e) => write!(f, "{}", Escaped(e)),
            ErrorKind::Encode(e) => write!(f, "{e}"),
            ErrorKind::Write(e) => write!(f, "{e}"),
            ErrorKind::Flush(e) => write!(f, "{e}"),
            ErrorKind::Disk(e) => write!(f, "{e}"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(&self.message))
    }
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, Printable(&self.message))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            ErrorKind::Transport(e) => std::error::Error::source(e),
            ErrorKind::Rows(e) => std::error::Error::source(e),
            ErrorKind::Write(e) => std::error::Error::source(e),
            ErrorKind::Flush(e) => std::error::Error::source(e),
            ErrorKind::Disk(e) => std::error::Error::source(e),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
