//! The trait `ToLine`: your own types as lines.

use super::encoder::Encoder;
use super::error::EncodeError;
use super::sink::Sink;

/// A type that writes itself as one line, or as several.
///
/// Collections of such types, and the iterator of a slice, implement it as well: each element is a line of its
/// own, written whole or not at all. The first error ends the collection, and the lines before it stay.
///
/// ```
/// use influx_edge::line::{EncodeError, Encoder, Sink, ToLine};
///
/// struct Reading {
///     station: u16,
///     temp_c: f32,
///     at: i64,
/// }
///
/// impl ToLine for Reading {
///     fn to_line<S: Sink>(
///         &self,
///         enc: &mut Encoder<S>,
///     ) -> Result<(), EncodeError> {
///         enc.line("weather")
///             .tag("station", self.station)
///             .field("temp_c", self.temp_c)
///             .timestamp(self.at)
///     }
/// }
///
/// let readings = [
///     Reading { station: 7, temp_c: 21.5, at: 1 },
///     Reading { station: 8, temp_c: 19.0, at: 1 },
/// ];
/// let mut storage = [0u8; 128];
/// let mut enc = Encoder::new(&mut storage);
/// enc.encode(&readings)?;
/// assert_eq!(
///     enc.as_bytes(),
///     b"weather,station=7 temp_c=21.5 1\nweather,station=8 temp_c=19 1\n"
/// );
/// # Ok::<(), EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be written as a line",
    label = "not a point or a collection of points",
    note = "write a `Point`, or `impl ToLine for` the type; without a type: `w.write_with(|enc| …)`",
    note = "for an iterator of points, write `write_each(…)`; a text, or a list of texts \
            (`lines.collect::<Vec<_>>()`), is written by `write`, a struct with serde's \
            `Serialize` by `schema.point(&value)`"
)]
pub trait ToLine {
    /// Writes the value to the encoder.
    ///
    /// # Errors
    /// Returns the error of [`Fields::timestamp`](super::Fields::timestamp) or
    /// [`Fields::finish`](super::Fields::finish) if a line is rejected.
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError>;
}

impl<S: Sink> Encoder<S> {
    /// Writes a value that implements [`ToLine`].
    ///
    /// ```
    /// use influx_edge::line::{Encoder, Point};
    ///
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// enc.encode(&Point::new("t").field("v", 1).time(7))?;
    /// assert_eq!(enc.as_bytes(), b"t v=1i 7\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the error of the value's first line that is rejected. Lines completed before it stay.
    #[inline]
    pub fn encode(&mut self, value: &(impl ToLine + ?Sized)) -> Result<(), EncodeError> {
        value.to_line(self)
    }
}

impl<T: ToLine + ?Sized> ToLine for &T {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        (**self).to_line(enc)
    }
}

impl<T: ToLine> ToLine for [T] {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        self.iter().try_for_each(|item| item.to_line(enc))
    }
}

impl<T: ToLine, const N: usize> ToLine for [T; N] {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        self.as_slice().to_line(enc)
    }
}

impl<T: ToLine> ToLine for core::slice::Iter<'_, T> {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        self.as_slice().to_line(enc)
    }
}

impl<T: ToLine> ToLine for Option<T> {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        self.as_ref().map_or(Ok(()), |item| item.to_line(enc))
    }
}

#[cfg(feature = "alloc")]
impl<T: ToLine> ToLine for alloc::vec::Vec<T> {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        self.as_slice().to_line(enc)
    }
}

#[cfg(feature = "alloc")]
impl<T: ToLine + ?Sized> ToLine for alloc::boxed::Box<T> {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        (**self).to_line(enc)
    }
}
