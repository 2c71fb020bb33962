//! `SerializeError`: the reason why a value was rejected, and the name of the field.

use core::fmt;

use super::text::TextBuffer;
use crate::line::error::{EncodeError, Location};

/// The first bytes of a field's name.
pub(super) type Name = TextBuffer<48>;

/// The reason why a value can't be serialized, and the name of the field.
///
/// Returned by [`Encoder::serialize`](crate::line::Encoder::serialize). The line was rolled back.
///
/// ```
/// use influx_edge::line::{EncodeError, Encoder, Schema};
///
/// #[derive(serde::Serialize)]
/// struct Reading {
///     temps: [f64; 2],
/// }
///
/// let mut enc = Encoder::with_sink(Vec::new());
/// let error = enc
///     .serialize(&Schema::new("weather"), &Reading { temps: [1.0, 2.0] })
///     .unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the value of field `temps` is a sequence, which has no form in line protocol"
/// );
/// assert_eq!(error.name(), Some("temps"));
/// assert!(matches!(error.error(), EncodeError::Unsupported(..)));
/// ```
#[derive(Clone, Copy)]
pub struct SerializeError {
    error: EncodeError,
    name: Option<Name>,
}

impl SerializeError {
    #[cold]
    pub(super) fn new(error: EncodeError, name: Option<Name>) -> Self {
        SerializeError {
            error,
            // `BufferFull` is about no field.
            name: name.filter(|_| error.location().is_some()),
        }
    }

    /// Returns the error and its position in the line.
    #[must_use]
    pub fn error(&self) -> EncodeError {
        self.error
    }

    /// Returns the name of the field, as serde sees it, cut to 48 bytes. `None` if the error is about no field.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(Name::as_str)
    }
}

impl From<SerializeError> for EncodeError {
    fn from(error: SerializeError) -> Self {
        error.error
    }
}

impl PartialEq for SerializeError {
    fn eq(&self, other: &Self) -> bool {
        self.error == other.error && self.name() == other.name()
    }
}

impl Eq for SerializeError {}

impl fmt::Debug for SerializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SerializeError")
            .field("error", &self.error)
            .field("name", &self.name())
            .finish()
    }
}

impl fmt::Display for SerializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.error.location(), self.name()) {
            (Some(location), Some(name)) => self.error.describe(f, &Named { location, name }),
            _ => self.error.fmt(f),
        }
    }
}

impl core::error::Error for SerializeError {}

/// A part of the line, named by the field that it comes from.
struct Named<'a> {
    location: Location,
    name: &'a str,
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} `{}`",
            self.location.part.named(),
            self.name.escape_debug()
        )
    }
}
