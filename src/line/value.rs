//! Tag values and field values: their types, and the form in which each is written.

use core::fmt;

use self::sealed::{Form, ValueWriter};
use super::error::EncodeError;
use super::number::{self, Integer};
use super::slice_writer::SliceWriter;

/// A value of a field: a float, an integer, a boolean, a text, or an `Option` of them.
///
/// | Rust | line protocol |
/// |---|---|
/// | `f64` `f32` | shortest text that reads back to the same bits; must be finite |
/// | `i8` … `i64` `isize`, `u8` `u16` `u32` | integer, `5i` |
/// | `u64` `usize` | unsigned, `5u` |
/// | `bool` | `true` / `false` |
/// | `&str` `String` [`fmt::Arguments`] [`Text`] | string in quotes |
/// | `Option<T>` | `T`, or nothing at all for `None` |
///
/// The small unsigned types are written as integers, which hold them exactly and which every server reads
/// (InfluxDB 1.x doesn't read `5u`). `u64` and `usize` are unsigned on every platform, so that the type of a
/// field doesn't depend on the platform.
///
/// The trait is sealed, because line protocol has no other types.
///
/// ```
/// # let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
/// let fields = enc.line("t").field("f", 21.5).field("i", 7u8).field("u", 7u64);
/// fields.field("b", true).field("s", "on").field("none", None::<f64>).finish()?;
/// assert_eq!(enc.as_bytes(), b"t f=21.5,i=7i,u=7u,b=true,s=\"on\"\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a field value",
    label = "not a float, integer, boolean or text",
    note = "for the text of whatever has a `Display`, write `Text(value)` (`influx_edge::line::Text`)",
    note = "a list or a struct is several fields: one `.field(key, value)` for each part"
)]
pub trait FieldValue: sealed::Value {}

/// A value of a tag: a text, or anything with a text form.
///
/// These are `&str`, `String`, `char`, integers, `bool`, [`fmt::Arguments`] (`format_args!`), [`Text`]
/// around any `Display`, and `Option` of them. Formatted values are written straight into the buffer and
/// escaped there, without an allocation. With an empty text or `None` the tag is absent, as in every official
/// client.
///
/// The trait is sealed.
///
/// ```
/// # let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
/// let tags = enc
///     .line("t")
///     .tag("station", "zrh 1")
///     .tag("channel", 3)
///     .tag("site", None::<&str>);
/// tags.field("v", 1).finish()?;
/// assert_eq!(enc.as_bytes(), b"t,station=zrh\\ 1,channel=3 v=1i\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tag value",
    label = "not a text, integer or boolean",
    note = "for the text of whatever has a `Display`, write `Text(value)` (`influx_edge::line::Text`)",
    note = "a measured value is a field: write `.field(key, value)`"
)]
pub trait TagValue: sealed::Value {}

/// Any `Display` as the value of a tag or of a string field, without an allocation.
///
/// ```
/// use influx_edge::line::{Encoder, Text};
///
/// let address = core::net::Ipv4Addr::new(10, 0, 0, 7);
/// let mut storage = [0u8; 64];
/// let mut enc = Encoder::new(&mut storage);
/// enc.line("boot").tag("host", Text(address)).field("count", 3).finish()?;
/// assert_eq!(enc.as_bytes(), b"boot,host=10.0.0.7 count=3i\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Text<T>(pub T);

// A value writes itself by one method: it calls the one of a `ValueWriter`'s methods that fits what it is.
// There are three writers: of a line's field, of a line's or a series' tag, and of what a `Point` keeps. So
// a type of value is described once, and not once for each place that it can be written to. (serde's
// `Serialize` and `Serializer` divide the work in the same way.) Both traits are generic and their methods
// are inlined: of a call with a value of a known type only the code for that type is left.
pub(super) mod sealed {
    use super::{EncodeError, SliceWriter, fmt};

    /// The form of bytes that are written as a value.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Form {
        /// As they are: a number or a boolean.
        Verbatim,
        /// As UTF-8 text, escaped; a field's also in quotes.
        Text,
        /// Not at all: a `Display` failed.
        Failed,
    }

    pub trait Value {
        /// Calls the method of `writer` for this value, and no other.
        #[doc(hidden)]
        fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done;
    }

    #[allow(private_bounds)] // sealed: never called from outside
    pub trait ValueWriter: Sized {
        type Done;
        /// True if a tag is written: its integers have no suffix.
        const TAG: bool;
        /// Writes no value: `None`.
        fn none(self) -> Self::Done;
        /// Takes a NaN or an infinity, which line protocol has no form for.
        fn not_finite(self) -> Self::Done;
        /// Writes a number or a boolean, whose text needs no escapes.
        fn verbatim(
            self,
            write: impl Fn(&mut SliceWriter<'_>) -> Result<(), EncodeError>,
        ) -> Self::Done;
        /// Writes bytes in this form. (One method for all forms: a point keeps values of any, and the code that
        /// writes their keys must be there once for the compiler to inline it.)
        fn bytes(self, bytes: &[u8], form: Form) -> Self::Done;
        /// Writes a formatted text.
        fn display(self, text: fmt::Arguments<'_>) -> Self::Done;
    }
}

macro_rules! integers {
    ($suffix:literal: $($t:ty)*) => {$(
        impl FieldValue for $t {}
        impl TagValue for $t {}
        impl sealed::Value for $t {
            #[inline(always)]
            fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
                writer.verbatim(|out| integer(out, *self, $suffix, W::TAG))
            }
        }
    )*};
}
integers!(b'i': i8 i16 i32 i64 isize u8 u16 u32);
integers!(b'u': u64 usize);

#[inline]
fn integer(
    out: &mut SliceWriter<'_>,
    value: impl Integer,
    suffix: u8,
    tag: bool,
) -> Result<(), EncodeError> {
    number::integer(out, value)?;
    if tag { Ok(()) } else { out.put(suffix) }
}

impl FieldValue for f64 {}
// (Sealed, a float is also a tag's value, for serde.)
impl sealed::Value for f64 {
    #[inline(always)]
    fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
        match self.is_finite() {
            true => writer.verbatim(|out| number::float(out, *self)),
            false => writer.not_finite(),
        }
    }
}

impl FieldValue for f32 {}
impl sealed::Value for f32 {
    #[inline(always)]
    fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
        match self.is_finite() {
            true => writer.verbatim(|out| number::float32(out, *self)),
            false => writer.not_finite(),
        }
    }
}

impl FieldValue for bool {}
impl TagValue for bool {}
impl sealed::Value for bool {
    #[inline(always)]
    fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
        writer.bytes(if *self { b"true" } else { b"false" }, Form::Verbatim)
    }
}

impl FieldValue for str {}
impl TagValue for str {}
impl sealed::Value for str {
    #[inline(always)]
    fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
        writer.bytes(self.as_bytes(), Form::Text)
    }
}

impl TagValue for char {}
impl sealed::Value for char {
    fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
        writer.bytes(self.encode_utf8(&mut [0; 4]).as_bytes(), Form::Text)
    }
}

impl FieldValue for fmt::Arguments<'_> {}
impl TagValue for fmt::Arguments<'_> {}
impl sealed::Value for fmt::Arguments<'_> {
    fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
        writer.display(*self)
    }
}

impl<T: fmt::Display> FieldValue for Text<T> {}
impl<T: fmt::Display> TagValue for Text<T> {}
impl<T: fmt::Display> sealed::Value for Text<T> {
    fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
        writer.display(format_args!("{}", self.0))
    }
}

impl<T: FieldValue> FieldValue for Option<T> {}
impl<T: TagValue> TagValue for Option<T> {}
impl<T: sealed::Value> sealed::Value for Option<T> {
    #[inline(always)]
    fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
        match self {
            Some(value) => value.write_to(writer),
            None => writer.none(),
        }
    }
}

/// Types that are written as what they dereference to.
macro_rules! lent {
    ($([$($generics:tt)*] $t:ty;)*) => {$(
        impl<$($generics)*> sealed::Value for $t {
            #[inline(always)]
            fn write_to<W: ValueWriter>(&self, writer: W) -> W::Done {
                sealed::Value::write_to(&**self, writer)
            }
        }
    )*};
}
lent!([T: sealed::Value + ?Sized] &T; [const N: usize] heapless::String<N>;);
#[cfg(feature = "alloc")]
lent!([] alloc::string::String; [] alloc::borrow::Cow<'_, str>;);

impl<T: FieldValue + ?Sized> FieldValue for &T {}
impl<T: TagValue + ?Sized> TagValue for &T {}
impl<const N: usize> FieldValue for heapless::String<N> {}
impl<const N: usize> TagValue for heapless::String<N> {}
#[cfg(feature = "alloc")]
impl FieldValue for alloc::string::String {}
#[cfg(feature = "alloc")]
impl TagValue for alloc::string::String {}
#[cfg(feature = "alloc")]
impl FieldValue for alloc::borrow::Cow<'_, str> {}
#[cfg(feature = "alloc")]
impl TagValue for alloc::borrow::Cow<'_, str> {}
