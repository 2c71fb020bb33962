//! `PointError`: a point that can't be written as line protocol, with its key and its number.

use super::Printable;
use crate::line::{EncodeError, Encoder, Location, SerializeError, Sink};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use core::fmt;

/// The error of a point that can't be written as line protocol.
///
/// It has the reason, the key, and the number of the point.
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
/// let ErrorKind::Encode(e) = error.kind() else {
///     unreachable!()
/// };
/// assert_eq!((e.number, e.key.as_deref()), (Some(2), Some("temp_c")));
/// assert!(
///     error.to_string().starts_with(
///         "cannot encode point 2: the value of field `temp_c` is NaN"
///     )
/// );
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PointError {
    /// The reason, with the position in the line.
    pub error: EncodeError,
    /// The key of the tag or field at fault, as it was given (that of a
    /// [`FieldKey`](crate::line::FieldKey): escaped), cut to 256 bytes. `None` if no key is at fault,
    /// or an empty one is.
    pub key: Option<Box<str>>,
    /// The number of the point among those handed over together, from 1. A
    /// [`ToLine`](crate::line::ToLine) that writes several lines counts each. `None` for the first
    /// point given to a writer, and for a converted [`EncodeError`] or [`SerializeError`].
    pub number: Option<usize>,
}

impl PointError {
    /// The error of the line that `enc` rejected last.
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

    /// The same for points that usually come one by one: the first has no number.
    #[cold]
    pub(crate) fn of_next<S: Sink>(enc: &Encoder<S>, error: EncodeError) -> Self {
        let mut e = Self::of(enc, error);
        e.number = e.number.filter(|number| *number > 1);
        e
    }

    /// The same error for the point of this number.
    pub(crate) fn numbered(mut self, number: usize) -> Self {
        self.number = Some(number);
        self
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
        match (self.key.as_deref(), self.error.location()) {
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
