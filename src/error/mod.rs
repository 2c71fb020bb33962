//! The error type of the client, the writer and the spool, and its kinds.
//!
//! The codecs ([`line`](mod@crate::line), [`csv`](crate::csv), [`flux`](crate::flux)) have their own
//! errors, which are `Copy` and need no heap. They convert into [`Error`], so `?` works across the
//! whole crate.
//!
//! No token, password or cookie gets into an error. Text from a server or a proxy is cut to a bounded
//! excerpt in which secrets are `***` and control characters are escaped, so each part may be printed
//! as well as the whole.

mod delivery;
mod line_error;
mod point;
mod predicates;
mod response;
mod response_text;
mod text;
mod transport;

use crate::csv::{ReadError, ReadErrorKind, ValueError};
use crate::flux::FluxError;
pub use crate::http::{Remedy, Stored};
use crate::line::{EncodeError, SerializeError};
use crate::rfc3339::TimestampError;
#[cfg(feature = "spool")]
use crate::spool::SpoolError;
pub use delivery::{ClockError, FlushError, WriteError};
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

/// The error of every call above the codecs, the size of a pointer.
///
/// `Display` writes one sentence: what failed, whose fault it is, and what to do. `Debug` writes the
/// same sentence, for a `main` that returns the error; `{:#?}` adds the kind, the status and the
/// message.
///
/// Programs decide by predicates ([`is_retryable`](Error::is_retryable),
/// [`is_not_found`](Error::is_not_found), …) or match on [`kind`](Error::kind). Details of an HTTP
/// response are in [`response`](Error::response).
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

/// The kinds of [`Error`], with the details of each.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::{ErrorKind, Point, Timestamp};
///
/// let error = client.write("nowhere", "weather temp_c=21.5").unwrap_err();
/// assert!(
///     matches!(error.kind(), ErrorKind::Response(response) if response.status() == 404)
/// );
/// let error = client
///     .write("sensors", Point::new("weather").field("temp_c", f64::NAN))
///     .unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Encode(_))); // nothing was sent
/// let error: influx_edge::Error =
///     Timestamp::parse("yesterday").unwrap_err().into();
/// let ErrorKind::Content { message, .. } = error.kind() else {
///     panic!("{error}")
/// };
/// assert_eq!(message, "not an RFC 3339 time");
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The program asked for something impossible: a URL without a scheme, a token with a line break,
    /// `https` in a build without TLS. Nothing was sent. The text is the reason and what to do.
    Config(String),
    /// No complete response was received: DNS, network, TLS handshake, time limit.
    Transport(TransportError),
    /// The server, or something in front of it, responded with an error or an unexpected status.
    Response(ResponseError),
    /// A response with the right status has content that can't be used: wrong JSON, an error inside a
    /// 200, a time out of range.
    #[non_exhaustive]
    Content {
        /// What was attempted: `cannot use a time`.
        what: String,
        /// The reason.
        message: String,
        /// The content reports that the database or retention policy doesn't exist.
        not_found: bool,
    },
    /// A query's response isn't valid CSV, a value isn't of the requested type, or the server reported
    /// within the response that the query failed.
    Rows(ReadError),
    /// A point can't be written as line protocol. Nothing was sent.
    Encode(PointError),
    /// The batching writer didn't take a point: its buffer is full, or the clock isn't set.
    Write(WriteError),
    /// The batching writer ran out of time with lines still undelivered.
    Flush(FlushError),
    /// A spool's disk failed, or another process uses the spool.
    #[cfg(feature = "spool")]
    Disk(SpoolError),
}

impl Error {
    /// Returns the kind of the error, with its details.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// Returns the reason alone, without the sentence around it.
    ///
    /// It is the server's message, or that of the check that failed. `Display` writes the whole sentence.
    ///
    /// A server's message is the body's `message`, else its `error`, else the first 512 bytes of the
    /// body, else an error header, else the reason phrase of the status. At most 4 KiB. It may be
    /// printed: the client's secrets in it are `***`, and control characters, line breaks among them,
    /// are escaped.
    ///
    /// ```
    /// let error = influx_edge::Client::builder("localhost").build().unwrap_err();
    /// assert!(!error.message().is_empty());
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        match &*self.0 {
            ErrorKind::Config(message) | ErrorKind::Content { message, .. } => message,
            ErrorKind::Transport(e) => e.detail(),
            ErrorKind::Response(e) => &e.0.message,
            ErrorKind::Rows(e) => match e.kind() {
                ReadErrorKind::Server { message, .. } => message,
                _ => "the response can't be read as asked",
            },
            ErrorKind::Encode(_) => "the point can't be written as line protocol",
            #[cfg(feature = "spool")]
            ErrorKind::Disk(e) => e.reason(),
            ErrorKind::Write(_) => "the writer did not take the point",
            ErrorKind::Flush(e) => match e.cause() {
                Some(cause) => cause.message(),
                None => "time ran out before the first attempt",
            },
        }
    }

    /// Returns the response that caused the error, if there was one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("revoked").build()?;
    /// let error = client.write("sensors", "t v=1").unwrap_err();
    /// let response = error.response().expect("the server responded");
    /// assert!(response.is_from_influxdb()); // and not a proxy
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

    /// Returns the HTTP status, if there was a response.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://127.0.0.1:1").org("acme").build()?;
    /// assert_eq!(client.ping().unwrap_err().status(), None); // nothing listens there
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.response().map(ResponseError::status)
    }

    /// Returns InfluxDB's error code (`"not found"`, `"unauthorized"`, …): the body's `code`, else the
    /// header `X-Platform-Error-Code`.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("revoked").build()?;
    /// let error = client.write("sensors", "t v=1").unwrap_err();
    /// assert_eq!(error.code(), Some("unauthorized"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.response()?.0.code.as_deref()
    }

    /// Returns `true` if the same call may succeed later without any intervention.
    ///
    /// That is so for a lost connection, a time limit, a name that doesn't resolve, and the statuses
    /// 408, 425, 429 and 5xx except 501 and 505. InfluxDB's 500 for a partial write, a missing
    /// permission or a bad request isn't retryable, nor is an error that a person must resolve first
    /// (token, bucket, certificate, configuration) or a refusal of the data.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// while let Err(error) = client.write("sensors", "t v=1 1") {
    ///     if !error.is_retryable() {
    ///         return Err(error);
    ///     }
    ///     std::thread::sleep(
    ///         error
    ///             .retry_after()
    ///             .unwrap_or(core::time::Duration::from_secs(5)),
    ///     );
    /// }
    /// # let unreachable = influx_edge::Client::builder("http://127.0.0.1:1").build()?;
    /// # assert!(unreachable.ping().unwrap_err().is_retryable());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        // Lines that are lost with the writer can't be sent again, whatever their last error was.
        let lost = matches!(&*self.0, ErrorKind::Flush(e) if e.is_lost());
        !lost && self.remedy() == Remedy::Retry
    }

    /// Returns the delay that the server asked for (`Retry-After`: seconds, decimals or a date), at
    /// most ten minutes. `None` if the header is absent or unreadable.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").token("proxied").build()?;
    /// let error = client.write("sensors", "t v=1 1").unwrap_err();
    /// let pause = error.retry_after().unwrap_or(core::time::Duration::from_secs(5));
    /// assert_eq!(pause, core::time::Duration::from_secs(5));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.response()?.0.retry_after
    }

    /// Returns how much of a failed write is in the database.
    ///
    /// [`Stored::None`] if the request never left, [`Stored::Unknown`] if that can't be determined:
    /// sending the same points again is safe if they carry their own timestamps. Only a write returns
    /// [`Stored::Partial`]. If a [`RetryPolicy`](crate::client::RetryPolicy) made several attempts, the
    /// value covers all of them. A server that drops every line of a write, for a type conflict for
    /// example, yields [`Stored::None`] with [`Remedy::None`]: there is nothing to send again.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::Stored;
    ///
    /// let error = client.write("sensors", "t v=1 1\nt v=\"two\" 2").unwrap_err();
    /// assert_eq!(error.stored(), Stored::Partial); // all but the bad line
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn stored(&self) -> Stored {
        match &*self.0 {
            ErrorKind::Config(_) | ErrorKind::Encode(_) | ErrorKind::Write(_) => Stored::None,
            #[cfg(feature = "spool")]
            ErrorKind::Disk(_) => Stored::None,
            ErrorKind::Flush(e) => e.cause().map_or(Stored::None, Error::stored),
            ErrorKind::Transport(e) => e.stored(),
            ErrorKind::Response(e) => e.0.stored,
            ErrorKind::Content { .. } | ErrorKind::Rows(_) => Stored::Unknown,
        }
    }

    /// Returns what to do about a failed write. The batching writer follows it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://127.0.0.1:1").org("acme").build()?;
    /// use influx_edge::Remedy;
    ///
    /// match client.write("sensors", "t v=1 1").unwrap_err().remedy() {
    ///     Remedy::Retry => println!("send it again later"),
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match &*self.0 {
            ErrorKind::Config(_) | ErrorKind::Content { .. } | ErrorKind::Rows(_) => {
                Remedy::Operator
            }
            #[cfg(feature = "spool")]
            ErrorKind::Disk(_) => Remedy::Operator,
            ErrorKind::Encode(_) => Remedy::RemoveBadLines,
            ErrorKind::Write(e) => e.remedy(),
            ErrorKind::Flush(e) => e.cause().map_or(Remedy::Retry, Error::remedy),
            ErrorKind::Transport(e) => e.remedy(),
            ErrorKind::Response(e) => e.0.remedy,
        }
    }

    /// Returns the lines that the server named as bad, in its order. There may be more bad lines.
    ///
    /// InfluxDB 1 and 2 name a type conflict by measurement and field only. The lines that can be its
    /// cause are returned then, in the order in which they were sent.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let error = client
    ///     .write("sensors", "weather temp_c=1 1\nweather temp_c= 2\n")
    ///     .unwrap_err();
    /// let [bad] = error.line_errors() else { panic!("{error}") };
    /// assert_eq!(bad.line, "weather temp_c= 2");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn line_errors(&self) -> &[LineError] {
        self.response().map_or(&[], |e| &e.0.line_errors)
    }

    /// A mistake of the caller, found before anything is sent.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        ErrorKind::Config(message.into()).into()
    }

    /// Content that can't be used.
    pub(crate) fn content(what: impl Into<String>, message: impl Into<String>) -> Self {
        ErrorKind::Content {
            what: what.into(),
            message: message.into(),
            not_found: false,
        }
        .into()
    }

    pub(crate) fn kind_mut(&mut self) -> &mut ErrorKind {
        &mut self.0
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

#[cfg(feature = "spool")]
impl From<SpoolError> for Error {
    fn from(e: SpoolError) -> Self {
        ErrorKind::Disk(e).into()
    }
}

/// Text that isn't a time, or a time that no server can store.
impl From<TimestampError> for Error {
    fn from(e: TimestampError) -> Self {
        Error::content("cannot use a time", e.to_string())
    }
}

/// A value of a record that isn't of the requested type.
impl From<ValueError> for Error {
    fn from(e: ValueError) -> Self {
        Error::content("cannot read a row", e.to_string())
    }
}

/// A parameter or literal that Flux can't express.
impl From<FluxError> for Error {
    fn from(e: FluxError) -> Self {
        Error::config(e.to_string())
    }
}

/// Writes the sentence of `Display`, which a `main` that returns the error prints. The alternate form
/// (`{:#?}`) adds kind, status and message.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        // The kinds' derived `Debug` would link all of them into the smallest program.
        let kind = match &*self.0 {
            ErrorKind::Config(_) => "Config",
            ErrorKind::Transport(_) => "Transport",
            ErrorKind::Response(_) => "Response",
            ErrorKind::Content { .. } => "Content",
            ErrorKind::Rows(_) => "Rows",
            ErrorKind::Encode(_) => "Encode",
            ErrorKind::Write(_) => "Write",
            ErrorKind::Flush(_) => "Flush",
            #[cfg(feature = "spool")]
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
            ErrorKind::Config(message) => write!(f, "{}", Printable(message)),
            ErrorKind::Transport(e) => write!(f, "{e}"),
            ErrorKind::Response(e) => write!(f, "{e}"),
            ErrorKind::Content { what, message, .. } => {
                write!(f, "{what}: {}", Printable(message))
            }
            ErrorKind::Rows(e) => write!(f, "{}", Escaped(e)),
            ErrorKind::Encode(e) => write!(f, "{e}"),
            ErrorKind::Write(e) => write!(f, "{e}"),
            ErrorKind::Flush(e) => write!(f, "{e}"),
            #[cfg(feature = "spool")]
            ErrorKind::Disk(e) => write!(f, "{}", Escaped(e)),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            ErrorKind::Transport(e) => std::error::Error::source(e),
            ErrorKind::Rows(e) => std::error::Error::source(e),
            ErrorKind::Flush(e) => std::error::Error::source(e),
            #[cfg(feature = "spool")]
            ErrorKind::Disk(e) => std::error::Error::source(e),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
