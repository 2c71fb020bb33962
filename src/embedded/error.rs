//! `Error`: the error of a call, its effect on a write, and the next action.

use crate::csv::{DecodeError, ValueError};
use crate::flux::FluxError;
use crate::http::{HeadError, ParseError, Remedy, Stored};
use core::fmt;
use core::time::Duration;

/// The error of a call of a [`Connection`](super::Connection).
///
/// `E` is the transport's error. The error is `Copy` if `E` is. It holds no text of the server, which is in
/// [`Connection::error_body`](super::Connection::error_body).
///
/// ```
/// use core::time::Duration;
/// use influx_edge::embedded::{Error, ResponseError};
/// use influx_edge::http::{Remedy, Stored, WriteResponse, WriteStatus};
///
/// let status = WriteStatus::classify(&WriteResponse {
///     status: 503,
///     retry_after: Some("7"),
///     ..WriteResponse::default()
/// });
/// let error: Error<core::fmt::Error> =
///     Error::Response(ResponseError::new(503, &status));
/// assert_eq!(
///     (error.stored(), error.remedy()),
///     (Stored::Unknown, Remedy::Retry)
/// );
/// assert_eq!(
///     error.response().and_then(|response| response.retry_after),
///     Some(Duration::from_secs(7))
/// );
/// assert_eq!(
///     error.to_string(),
///     "the server responded with status 503 (stored: unknown); send it again later"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E> {
    /// The transport failed, or a read reached its time limit.
    Transport {
        /// The transport's own error.
        error: E,
        /// `true` if a part of the request was sent.
        sent: bool,
    },
    /// The server closed the connection before it responded, as servers do with idle connections.
    Closed {
        /// `true` if a part of the request was sent.
        sent: bool,
    },
    /// The connection isn't open: open the transport again, then call
    /// [`Connection::reopen`](super::Connection::reopen). Nothing was sent.
    NotOpen,
    /// The response reports an error.
    Response(ResponseError),
    /// The response isn't valid HTTP.
    Parse(ParseError),
    /// The request can't be written, because of an invalid setting or an empty name. Nothing was sent.
    Head(HeadError),
    /// A parameter of the query is invalid. Nothing was sent.
    Flux(FluxError),
    /// The rows of the response can't be decoded, or the server reported an error among them.
    Rows(DecodeError),
    /// A value of a record isn't of the type that the program asked for. No call returns it: it is for `?` in a
    /// function that reads rows.
    Value(ValueError),
}

/// The meaning of a response that reports an error. It takes a few words of memory.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::embedded::{Config, Connection, Error};
/// use influx_edge::http::{Remedy, Stored};
/// use influx_edge::line::Lines;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # mod board { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/transport.rs")); }
/// # let socket = board::connect(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs")));
/// # const CONFIG: Config<'static> = Config::new("192.168.1.10:8086").org("acme").token("my-token");
/// # let mut buffer = [0; 512];
/// # let mut connection = Connection::new(socket, &mut buffer, &CONFIG);
/// let bytes = b"weather temp_c=1 1\nweather temp_c= 2\nweather temp_c=3 3\n";
/// match connection
///     .write("sensors", Lines { bytes, precision: Precision::Nanosecond })
/// {
///     Err(Error::Response(error)) => {
///         assert_eq!((error.status, error.line), (400, Some(2)));
///         assert_eq!(
///             (error.stored, error.remedy),
///             (Stored::None, Remedy::RemoveBadLines)
///         );
///     }
///     other => panic!("{other:?}"),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseError {
    /// The HTTP status.
    pub status: u16,
    /// The part of a write that is in the database.
    pub stored: Stored,
    /// The next action.
    pub remedy: Remedy,
    /// The delay that the server asks for, at most ten minutes.
    pub retry_after: Option<Duration>,
    /// The number, from 1, of the first line that the server names as bad, among the lines sent.
    pub line: Option<u32>,
    /// After a partial write: the number of dropped lines, if the server reports it.
    pub dropped: Option<u32>,
}

impl ResponseError {
    /// Makes an error of a status and its meaning, without the number of a line.
    #[must_use]
    pub fn new(status: u16, meaning: &crate::http::WriteStatus<'_>) -> Self {
        ResponseError {
            status,
            stored: meaning.stored,
            remedy: meaning.remedy.unwrap_or(Remedy::Operator),
            retry_after: meaning.retry_after,
            line: None,
            dropped: meaning.dropped.and_then(|lines| u32::try_from(lines).ok()),
        }
    }
}

impl<E> Error<E> {
    /// Returns the part of a write that is in the database. [`Stored::Unknown`] is safe to send again if the
    /// lines carry timestamps. It has no meaning for a query.
    #[must_use]
    pub fn stored(&self) -> Stored {
        match self {
            Error::Response(response) => response.stored,
            Error::Transport { sent: false, .. }
            | Error::Closed { sent: false }
            | Error::NotOpen
            | Error::Head(_)
            | Error::Flux(_) => Stored::None,
            _ => Stored::Unknown,
        }
    }

    /// Returns the next action, on which [`Queue`](super::Queue) and [`Backoff`](super::Backoff) act.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Error::Response(response) => response.remedy,
            Error::Transport { .. }
            | Error::Closed { .. }
            | Error::NotOpen
            | Error::Parse(ParseError::Truncated)
            | Error::Rows(DecodeError::UnexpectedEnd { .. }) => Remedy::Retry,
            _ => Remedy::Operator,
        }
    }

    /// Returns the response that reports the error, if one was received and can be read.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseError> {
        match self {
            Error::Response(response) => Some(response),
            _ => None,
        }
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Transport { error, .. } => write!(f, "the connection failed: {error}"),
            Error::Closed { .. } => f.write_str(
                "the server closed the connection before it responded; open it again and repeat the call",
            ),
            Error::NotOpen => f.write_str("the connection isn't open; open it again"),
            Error::Response(response) => response.fmt(f),
            Error::Parse(error) => error.fmt(f),
            Error::Head(error) => error.fmt(f),
            Error::Flux(error) => error.fmt(f),
            Error::Rows(error) => error.fmt(f),
            Error::Value(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ResponseError {
            status,
            stored,
            remedy,
            ..
        } = self;
        write!(
            f,
            "the server responded with status {status} (stored: {stored}); {remedy}"
        )?;
        if let Some(dropped) = self.dropped {
            write!(f, "; lines dropped: {dropped}")?;
        }
        match self.line {
            Some(line) => write!(f, "; it names line {line}"),
            None => Ok(()),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for Error<E> {}

impl<E> From<HeadError> for Error<E> {
    fn from(error: HeadError) -> Self {
        Error::Head(error)
    }
}

impl<E> From<FluxError> for Error<E> {
    fn from(error: FluxError) -> Self {
        Error::Flux(error)
    }
}

impl<E> From<ParseError> for Error<E> {
    fn from(error: ParseError) -> Self {
        Error::Parse(error)
    }
}

impl<E> From<DecodeError> for Error<E> {
    fn from(error: DecodeError) -> Self {
        Error::Rows(error)
    }
}

impl<E> From<ValueError> for Error<E> {
    fn from(error: ValueError) -> Self {
        Error::Value(error)
    }
}
