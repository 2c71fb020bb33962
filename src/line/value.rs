//! Tag values and field values: their types, and which of them are no value (NaN, infinities, `None`).

use core::fmt;
use core::fmt::Write as _;

use super::error::{EncodeError, Location, Part};
use super::escape::{self, Name};
#[cfg(feature = "alloc")]
use super::kept;
use super::number;
use super::slice_writer::SliceWriter;

/// A value a field can have: floats, integers, booleans, text, and `Option` of them.
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
/// The small unsigned types go out as integers, because an integer holds them exactly and every
/// server reads integers (InfluxDB 1.x reads no `5u`). `u64` and `usize` go out as unsigned on
/// every platform, so that a field has the same type whatever built the program.
///
/// The trait is sealed: its forms are the line protocol's, and there are no others.
///
/// ```
/// # let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
/// let fields = enc.line("t").field("f", 21.5).field("i", 7u8).field("u", 7u64);
/// fields.field("b", true).field("s", "on").field("none", None::<f64>).finish()?;
/// assert_eq!(enc.as_bytes(), b"t f=21.5,i=7i,u=7u,b=true,s=\"on\"\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value of a field",
    label = "not a float, integer, boolean or text",
    note = "for the text of whatever has a `Display`, write `Text(value)` (`influx_edge::line::Text`)",
    note = "a list or a struct is several fields: one `.field(key, value)` for each part"
)]
pub trait FieldValue: sealed::Field {}

/// A value a tag can have: text, or anything with a text form.
///
/// `&str`, `String`, `char`, integers, `bool`, [`fmt::Arguments`] (`format_args!`), [`Text`]
/// around any `Display`, and `Option` of them. Formatted values are written straight into the
/// buffer and escaped there; nothing is allocated. An empty text or `None` means the tag is
/// absent, as every official client has it.
///
/// The trait is sealed.
///
/// ```
/// # let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
/// let tags = enc.line("t").tag("station", "zrh 1").tag("channel", 3).tag("site", None::<&str>);
/// tags.field("v", 1).finish()?;
/// assert_eq!(enc.as_bytes(), b"t,station=zrh\\ 1,channel=3 v=1i\n");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value of a tag",
    label = "not a text, integer or boolean",
    note = "for the text of whatever has a `Display`, write `Text(value)` (`influx_edge::line::Text`)",
    note = "a measured value is a field: write `.field(key, value)`"
)]
pub trait TagValue: sealed::Tag {}

/// Any `Display` as text, without an allocation: a tag's value, or a string field.
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

/// What a value has to say before anything of its field is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Present,
    Absent,
    NotFinite,
}

/// How values are written.
#[derive(Clone, Copy, Default)]
pub(super) struct ValueRules {
    pub(super) reject_newlines: bool,
}

pub(super) mod sealed {
    use super::{EncodeError, Name, Presence, SliceWriter, ValueRules};

    pub trait Field {
        /// Appends the value to a point, or nothing if it is absent.
        #[cfg(feature = "alloc")]
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError>;
        #[doc(hidden)]
        #[allow(private_interfaces)] // sealed: nobody outside can name these
        fn presence(&self) -> Presence {
            Presence::Present
        }
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn put(
            &self,
            cursor: &mut SliceWriter<'_>,
            rules: ValueRules,
            index: u16,
        ) -> Result<(), EncodeError>;
    }

    pub trait Tag {
        /// Appends the value to a point; `None` as well.
        #[cfg(feature = "alloc")]
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError>;
        /// True if it is known without writing that there is no value.
        #[doc(hidden)]
        fn is_absent(&self) -> bool {
            false
        }
        /// True if the value is `None`: absent on purpose, and not by an empty text.
        #[doc(hidden)]
        fn is_none(&self) -> bool {
            false
        }
        /// Writes nothing if the tag is absent.
        #[doc(hidden)]
        #[allow(private_interfaces)]
        fn put(&self, cursor: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError>;
    }
}

macro_rules! integers {
    ($suffix:literal: $($t:ty)*) => {$(
        impl FieldValue for $t {}
        #[allow(private_interfaces)]
        impl sealed::Field for $t {
            #[cfg(feature = "alloc")]
            #[inline]
            fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
                kept::verbatim(out, |out| sealed::Field::put(self, out, ValueRules::default(), 0))
            }
            #[inline]
            fn put(&self, cursor: &mut SliceWriter<'_>, _: ValueRules, _: u16) -> Result<(), EncodeError> {
                number::integer(cursor, *self)?;
                cursor.put($suffix)
            }
        }
        impl TagValue for $t {}
        #[allow(private_interfaces)]
        impl sealed::Tag for $t {
            #[cfg(feature = "alloc")]
            #[inline]
            fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
                kept::verbatim(out, |out| number::integer(out, *self))
            }
            #[inline]
            fn put(&self, cursor: &mut SliceWriter<'_>, _: Name) -> Result<(), EncodeError> {
                number::integer(cursor, *self)
            }
        }
    )*};
}
integers!(b'i': i8 i16 i32 i64 isize u8 u16 u32);
integers!(b'u': u64 usize);

macro_rules! floats {
    ($($t:ty, $write:path;)*) => {$(
        impl FieldValue for $t {}
        #[allow(private_interfaces)]
        impl sealed::Field for $t {
            #[cfg(feature = "alloc")]
            #[inline]
            fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
                if self.is_finite() {
                    kept::verbatim(out, |out| $write(out, *self))
                } else {
                    kept::none(out)
                }
            }
            #[inline]
            fn presence(&self) -> Presence {
                if self.is_finite() { Presence::Present } else { Presence::NotFinite }
            }
            #[inline]
            fn put(&self, cursor: &mut SliceWriter<'_>, _: ValueRules, _: u16) -> Result<(), EncodeError> {
                $write(cursor, *self)
            }
        }
    )*};
}
floats!(f64, number::float; f32, number::float32;);

/// A float as the value of a tag, which serde may ask for: its shortest text. It must be finite.
#[cfg(feature = "serde")]
#[derive(Clone, Copy)]
pub(super) struct FloatTag<F>(pub(super) F);

#[cfg(feature = "serde")]
macro_rules! float_tags {
    ($($t:ty, $write:path;)*) => {$(
        impl TagValue for FloatTag<$t> {}
        #[allow(private_interfaces)]
        impl sealed::Tag for FloatTag<$t> {
            #[cfg(feature = "alloc")]
            fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
                kept::verbatim(out, |out| $write(out, self.0))
            }
            fn put(&self, cursor: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
                if self.0.is_finite() {
                    return $write(cursor, self.0);
                }
                let place = Location::new(name.part, name.index, 0);
                Err(EncodeError::NotFinite(place))
            }
        }
    )*};
}
#[cfg(feature = "serde")]
float_tags!(f64, number::float; f32, number::float32;);

impl FieldValue for bool {}
#[allow(private_interfaces)]
impl sealed::Field for bool {
    #[cfg(feature = "alloc")]
    #[inline]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::verbatim(out, |out| out.copy_short(truth(*self).as_bytes()))
    }

    #[inline]
    fn put(&self, cursor: &mut SliceWriter<'_>, _: ValueRules, _: u16) -> Result<(), EncodeError> {
        cursor.copy_short(truth(*self).as_bytes())
    }
}

impl TagValue for bool {}
#[allow(private_interfaces)]
impl sealed::Tag for bool {
    #[cfg(feature = "alloc")]
    #[inline]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::verbatim(out, |out| out.copy_short(truth(*self).as_bytes()))
    }

    #[inline]
    fn put(&self, cursor: &mut SliceWriter<'_>, _: Name) -> Result<(), EncodeError> {
        cursor.copy_short(truth(*self).as_bytes())
    }
}

#[inline]
fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

impl FieldValue for str {}
#[allow(private_interfaces)]
impl sealed::Field for str {
    #[cfg(feature = "alloc")]
    #[inline]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::text(out, self)
    }

    #[inline]
    fn put(
        &self,
        cursor: &mut SliceWriter<'_>,
        rules: ValueRules,
        index: u16,
    ) -> Result<(), EncodeError> {
        put_string(cursor, self.as_bytes(), rules, index)
    }
}

/// Writes a string field's value, quotes included. `text` is UTF-8.
#[inline]
pub(super) fn put_string(
    cursor: &mut SliceWriter<'_>,
    text: &[u8],
    rules: ValueRules,
    index: u16,
) -> Result<(), EncodeError> {
    if rules.reject_newlines {
        refuse_newline(text, index)?;
    }
    cursor.put(b'"')?;
    escape::string(cursor, text)?;
    cursor.put(b'"')
}

impl TagValue for str {}
#[allow(private_interfaces)]
impl sealed::Tag for str {
    #[cfg(feature = "alloc")]
    #[inline]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::text(out, self)
    }
    #[inline]
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
    #[inline]
    fn put(&self, cursor: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        escape::name(cursor, self.as_bytes(), name)
    }
}

impl TagValue for char {}
#[allow(private_interfaces)]
impl sealed::Tag for char {
    #[cfg(feature = "alloc")]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::text(out, self.encode_utf8(&mut [0; 4]))
    }

    fn put(&self, cursor: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        escape::name(cursor, self.encode_utf8(&mut [0; 4]).as_bytes(), name)
    }
}

impl<T: fmt::Display> FieldValue for Text<T> {}
#[allow(private_interfaces)]
impl<T: fmt::Display> sealed::Field for Text<T> {
    #[cfg(feature = "alloc")]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::format(out, format_args!("{}", self.0))
    }

    fn put(
        &self,
        cursor: &mut SliceWriter<'_>,
        rules: ValueRules,
        index: u16,
    ) -> Result<(), EncodeError> {
        sealed::Field::put(&format_args!("{}", self.0), cursor, rules, index)
    }
}

impl<T: fmt::Display> TagValue for Text<T> {}
#[allow(private_interfaces)]
impl<T: fmt::Display> sealed::Tag for Text<T> {
    #[cfg(feature = "alloc")]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::format(out, format_args!("{}", self.0))
    }

    fn put(&self, cursor: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        sealed::Tag::put(&format_args!("{}", self.0), cursor, name)
    }
}

impl FieldValue for fmt::Arguments<'_> {}
#[allow(private_interfaces)]
impl sealed::Field for fmt::Arguments<'_> {
    #[cfg(feature = "alloc")]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::format(out, *self)
    }

    fn put(
        &self,
        cursor: &mut SliceWriter<'_>,
        rules: ValueRules,
        index: u16,
    ) -> Result<(), EncodeError> {
        cursor.put(b'"')?;
        let start = cursor.pos();
        raw(cursor, *self, Location::new(Part::FieldValue, index, 0))?;
        if rules.reject_newlines {
            refuse_newline(cursor.written(start), index)?;
        }
        escape::string_in_place(cursor, start)?;
        cursor.put(b'"')
    }
}

impl TagValue for fmt::Arguments<'_> {}
#[allow(private_interfaces)]
impl sealed::Tag for fmt::Arguments<'_> {
    #[cfg(feature = "alloc")]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::format(out, *self)
    }

    fn put(&self, cursor: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        let start = cursor.pos();
        raw(cursor, *self, Location::new(name.part, name.index, 0))?;
        escape::name_in_place(cursor, start, name)
    }
}

/// Writes the text as it is; the caller escapes it in place, where pieces can't hide a sequence.
pub(super) fn raw(
    cursor: &mut SliceWriter<'_>,
    text: fmt::Arguments<'_>,
    place: Location,
) -> Result<(), EncodeError> {
    let mut out = Raw {
        cursor,
        full: false,
    };
    match out.write_fmt(text) {
        Ok(()) => Ok(()),
        Err(_) if out.full => Err(EncodeError::BufferFull),
        Err(_) => Err(EncodeError::Format(place)),
    }
}

/// Tells a full buffer from a `Display` that failed by itself.
struct Raw<'c, 'b> {
    cursor: &'c mut SliceWriter<'b>,
    full: bool,
}

impl fmt::Write for Raw<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let done = self.cursor.copy(text.as_bytes());
        self.full |= done.is_err();
        done.map_err(|_| fmt::Error)
    }
}

fn refuse_newline(text: &[u8], index: u16) -> Result<(), EncodeError> {
    match text.iter().position(|byte| *byte == b'\n') {
        Some(offset) => Err(EncodeError::Newline(Location::new(
            Part::FieldValue,
            index,
            offset,
        ))),
        None => Ok(()),
    }
}

impl<T: FieldValue> FieldValue for Option<T> {}
#[allow(private_interfaces)]
impl<T: FieldValue> sealed::Field for Option<T> {
    #[cfg(feature = "alloc")]
    #[inline]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        self.as_ref().map_or(Ok(()), |value| value.keep(out))
    }

    #[inline]
    fn presence(&self) -> Presence {
        self.as_ref()
            .map_or(Presence::Absent, sealed::Field::presence)
    }
    #[inline]
    fn put(
        &self,
        cursor: &mut SliceWriter<'_>,
        rules: ValueRules,
        index: u16,
    ) -> Result<(), EncodeError> {
        match self {
            Some(value) => value.put(cursor, rules, index),
            None => Ok(()),
        }
    }
}

impl<T: TagValue> TagValue for Option<T> {}
#[allow(private_interfaces)]
impl<T: TagValue> sealed::Tag for Option<T> {
    #[cfg(feature = "alloc")]
    #[inline]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        match self {
            Some(value) => value.keep(out),
            None => kept::none(out),
        }
    }
    #[inline]
    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(sealed::Tag::is_absent)
    }
    #[inline]
    fn is_none(&self) -> bool {
        self.as_ref().is_none_or(sealed::Tag::is_none)
    }
    #[inline]
    fn put(&self, cursor: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        match self {
            Some(value) => value.put(cursor, name),
            None => Ok(()),
        }
    }
}

impl<T: FieldValue + ?Sized> FieldValue for &T {}
#[allow(private_interfaces)]
impl<T: FieldValue + ?Sized> sealed::Field for &T {
    #[cfg(feature = "alloc")]
    #[inline]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        (**self).keep(out)
    }

    #[inline]
    fn presence(&self) -> Presence {
        (**self).presence()
    }
    #[inline]
    fn put(
        &self,
        cursor: &mut SliceWriter<'_>,
        rules: ValueRules,
        index: u16,
    ) -> Result<(), EncodeError> {
        (**self).put(cursor, rules, index)
    }
}

impl<T: TagValue + ?Sized> TagValue for &T {}
#[allow(private_interfaces)]
impl<T: TagValue + ?Sized> sealed::Tag for &T {
    #[cfg(feature = "alloc")]
    #[inline]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        (**self).keep(out)
    }
    #[inline]
    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }
    #[inline]
    fn is_none(&self) -> bool {
        sealed::Tag::is_none(&**self)
    }
    #[inline]
    fn put(&self, cursor: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        (**self).put(cursor, name)
    }
}

impl<const N: usize> FieldValue for heapless::String<N> {}
#[allow(private_interfaces)]
impl<const N: usize> sealed::Field for heapless::String<N> {
    #[cfg(feature = "alloc")]
    #[inline]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::text(out, self.as_str())
    }

    fn put(
        &self,
        cursor: &mut SliceWriter<'_>,
        rules: ValueRules,
        index: u16,
    ) -> Result<(), EncodeError> {
        self.as_str().put(cursor, rules, index)
    }
}

impl<const N: usize> TagValue for heapless::String<N> {}
#[allow(private_interfaces)]
impl<const N: usize> sealed::Tag for heapless::String<N> {
    #[cfg(feature = "alloc")]
    #[inline]
    fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
        kept::text(out, self.as_str())
    }
    #[inline]
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
    fn put(&self, cursor: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
        sealed::Tag::put(self.as_str(), cursor, name)
    }
}

#[cfg(feature = "alloc")]
mod owned {
    use super::{EncodeError, FieldValue, Name, SliceWriter, TagValue, ValueRules, kept, sealed};
    use alloc::{borrow::Cow, string::String};

    macro_rules! text {
        ($($t:ty)*) => {$(
            impl FieldValue for $t {}
            #[allow(private_interfaces)]
            impl sealed::Field for $t {
                fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
                    kept::text(out, self)
                }
                fn put(&self, cursor: &mut SliceWriter<'_>, rules: ValueRules, index: u16) -> Result<(), EncodeError> {
                    sealed::Field::put(&**self, cursor, rules, index)
                }
            }
            impl TagValue for $t {}
            #[allow(private_interfaces)]
            impl sealed::Tag for $t {
                fn keep(&self, out: &mut SliceWriter<'_>) -> Result<(), EncodeError> {
                    kept::text(out, self)
                }
                fn is_absent(&self) -> bool {
                    self.is_empty()
                }
                fn put(&self, cursor: &mut SliceWriter<'_>, name: Name) -> Result<(), EncodeError> {
                    sealed::Tag::put(&**self, cursor, name)
                }
            }
        )*};
    }
    text!(String Cow<'_, str>);
}
