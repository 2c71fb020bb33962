//! `PointError`: a point that can't be written as line protocol, with its key and its number.

use super::Printable;
use crate::line::{EncodeError, Encoder, Location, SerializeError, Sink};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use core::fmt;

/// A point that can't be written as line protocol: why, which key, and which point of the batch.
///
/// ```
/// # let client = influx_edge::Client::builder("http://127.0.0.1:1").org("acme").build()?;
/// use influx_edge::{ErrorKind, Point};
///
/// let points = [
///     Point::new("weather").field("temp_c", 21.5),
///     Point::new("weather").field("temp_c", f64::NAN),
/// ];
/// let error = client.write("sensors", &points).unwrap_err(); // nothing was sent
/// let ErrorKind::Encode(e) = error.kind() else { unreachable!() };
/// assert_eq!((e.number(), e.key()), (Some(2), Some("temp_c")));
/// assert!(error.to_string().starts_with("cannot encode point 2: the value of field `temp_c` is NaN"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointError {
    error: EncodeError,
    key: Option<Box<str>>,
    number: Option<usize>,
}

impl PointError {
    /// The error of the line that `enc` refused last.
    #[cold]
    pub(crate) fn of<S: Sink>(enc: &Encoder<S>, error: EncodeError) -> Self {
        PointError {
            error,
            key: enc
                .error_key(&error)
                .map(|key| key.to_owned().into_boxed_str()),
            number: Some(enc.line_count().saturating_add(1)),
        }
    }

    /// The same where points usually come one by one: the first has no number.
    #[cold]
    pub(crate) fn of_next<S: Sink>(enc: &Encoder<S>, error: EncodeError) -> Self {
        let mut e = Self::of(enc, error);
        e.number = e.number.filter(|number| *number > 1);
        e
    }

    /// The same as the point of that number.
    pub(crate) fn numbered(mut self, number: usize) -> Self {
        self.number = Some(number);
        self
    }

    /// What is wrong, and where in the line.
    #[must_use]
    pub fn error(&self) -> EncodeError {
        self.error
    }

    /// The key of the tag or field that the error is about, as it was given (a
    /// [`FieldKey`](crate::line::FieldKey): as it is escaped); of a long one the start, at most 256
    /// bytes. `None` if it is about no key, or about an empty one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The number of the point among those that were handed over together, from 1. A
    /// [`ToLine`](crate::line::ToLine) that writes several lines counts as so many. `None` for the first
    /// one given to a writer, and for an [`EncodeError`] or [`SerializeError`] that was converted.
    #[must_use]
    pub fn number(&self) -> Option<usize> {
        self.number
    }
}

impl From<EncodeError> for PointError {
    fn from(error: EncodeError) -> Self {
        PointError {
            error,
            key: None,
            number: None,
        }
    }
}

/// The name of the field is the key.
impl From<SerializeError> for PointError {
    fn from(e: SerializeError) -> Self {
        PointError {
            error: e.error(),
            key: e.name().map(|name| name.to_owned().into_boxed_str()),
            number: None,
        }
    }
}

impl fmt::Display for PointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "cannot encode point {number}: ")?,
            None => f.write_str("cannot encode a point: ")?,
        }
        match (self.key(), self.error.location()) {
            (Some(key), Some(location)) => self.error.describe(f, &Named { location, key }),
            _ => write!(f, "{}", self.error),
        }
    }
}

/// A tag or field, by its key.
struct Named<'a> {
    location: Location,
    key: &'a str,
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} `{}`",
            self.location.part.named(),
            Printable(self.key)
        )
    }
}

impl std::error::Error for PointError {}
