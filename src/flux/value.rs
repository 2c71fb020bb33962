//! Rust values as Flux literals and parameters.

use core::fmt::Write;
use core::time::Duration;

use super::FluxError;
use super::collection::Record;
use super::text::{json_string, regex_literal, string_literal};
use crate::signed_duration::SignedDuration;
use crate::timestamp::Timestamp;

/// A value that Flux has a form for.
///
/// | Rust | Flux |
/// |---|---|
/// | `bool` | boolean |
/// | `i8`…`i64`, `isize` | integer |
/// | `u8`…`u64`, `usize` | unsigned integer |
/// | `f32`, `f64` | float |
/// | `str`, `String`, `char` | string |
/// | [`Timestamp`], `SystemTime` | time |
/// | [`Duration`], [`SignedDuration`] | duration; `-1h` is `SignedDuration::hours(-1)` |
/// | [`Regex`], [`Bytes`] | regular expression, bytes |
/// | slices, arrays, `Vec` | array |
/// | [`Dict`](super::Dict), `BTreeMap`, `HashMap` | dictionary |
/// | [`Record`] | record |
/// | [`Ast`] | the expression it says |
/// | `Option` | as the value; `None` is left out of parameters |
///
/// A Rust integer's type decides, so that `7_i64` is comparable with an integer field; a bare
/// literal is an `i32` and so an integer too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value that Flux has a form for",
    label = "not a parameter",
    note = "from chrono and jiff: `SystemTime::from(time)`; for anything that has a `Display`: `value.to_string()`"
)]
pub trait ToFlux {
    /// Writes the value as Flux source.
    ///
    /// # Errors
    ///
    /// Returns an error if the value has no such form, or the writer is full.
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError>;

    /// Writes the value as an expression of Flux's syntax tree, in JSON.
    ///
    /// # Errors
    ///
    /// Returns an error if the value has no such form, or the writer is full.
    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError>;

    /// Whether there is no value: such a parameter is left out.
    ///
    /// ```
    /// use influx_edge::flux::ToFlux;
    ///
    /// assert!(None::<f64>.is_none() && ToFlux::is_none(&None::<f64>) && !ToFlux::is_none(&1.5));
    /// ```
    fn is_none(&self) -> bool {
        false
    }
}

impl ToFlux for bool {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        Ok(write!(out, "{self}")?)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        Ok(write!(
            out,
            r#"{{"type":"BooleanLiteral","value":{self}}}"#
        )?)
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl ToFlux for $type {
            fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
                // The smallest i64 is the one whose digits alone overflow.
                if i64::try_from(*self) == Ok(i64::MIN) {
                    return Ok(out.write_str("int(v: \"-9223372036854775808\")")?);
                }
                Ok(write!(out, "{self}")?)
            }

            fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
                Ok(write!(out, r#"{{"type":"IntegerLiteral","value":"{self}"}}"#)?)
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 isize);

macro_rules! unsigned {
    ($($type:ty)*) => {$(
        impl ToFlux for $type {
            /// Flux has no unsigned literals, only a conversion.
            fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
                Ok(write!(out, "uint(v: \"{self}\")")?)
            }

            fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
                Ok(write!(out, r#"{{"type":"UnsignedIntegerLiteral","value":"{self}"}}"#)?)
            }
        }
    )*};
}

unsigned!(u8 u16 u32 u64 usize);

impl ToFlux for f64 {
    /// Flux has no exponents and needs the point. What isn't finite is a conversion.
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        if self.is_nan() {
            out.write_str("float(v: \"NaN\")")?;
        } else if self.is_infinite() {
            let sign = if *self > 0.0 { '+' } else { '-' };
            write!(out, "float(v: \"{sign}Inf\")")?;
        } else if *self % 1.0 == 0.0 {
            write!(out, "{self}.0")?;
        } else {
            write!(out, "{self}")?;
        }
        Ok(())
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        if !self.is_finite() {
            return Err(FluxError::NotFinite);
        }
        // The debug form has a point or an exponent: a number that stays a float in JSON.
        Ok(write!(
            out,
            r#"{{"type":"FloatLiteral","value":{self:?}}}"#
        )?)
    }
}

impl ToFlux for f32 {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        f64::from(*self).write_literal(out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        f64::from(*self).write_ast(out)
    }
}

impl ToFlux for str {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        Ok(string_literal(self, out)?)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        quoted("StringLiteral", self, out)
    }
}

impl ToFlux for char {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        self.encode_utf8(&mut [0; 4]).write_literal(out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        self.encode_utf8(&mut [0; 4]).write_ast(out)
    }
}

/// With nine fraction digits, in UTC.
impl ToFlux for Timestamp {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        Ok(write!(out, "{}", self.rfc3339_nanos())?)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        let text = self.rfc3339_nanos();
        Ok(write!(
            out,
            r#"{{"type":"DateTimeLiteral","value":"{text}"}}"#
        )?)
    }
}

#[cfg(feature = "std")]
impl ToFlux for std::time::SystemTime {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        Timestamp::try_from(*self)
            .map_err(|_| FluxError::OutOfRange)?
            .write_literal(out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        Timestamp::try_from(*self)
            .map_err(|_| FluxError::OutOfRange)?
            .write_ast(out)
    }
}

impl ToFlux for Duration {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        nanoseconds(*self)?.write_literal(out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        nanoseconds(*self)?.write_ast(out)
    }
}

fn nanoseconds(duration: Duration) -> Result<SignedDuration, FluxError> {
    i64::try_from(duration.as_nanos())
        .map(SignedDuration)
        .map_err(|_| FluxError::OutOfRange)
}

impl ToFlux for SignedDuration {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        Ok(write!(out, "{self}")?)
    }

    /// A negative one is the minus sign applied to a positive one, as the parser makes it.
    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        let nanos = i64::try_from(self.0.unsigned_abs()).map_err(|_| FluxError::OutOfRange)?;
        if self.0 < 0 {
            out.write_str(r#"{"type":"UnaryExpression","operator":"-","argument":"#)?;
        }
        write!(
            out,
            r#"{{"type":"DurationLiteral","values":[{{"magnitude":{nanos},"unit":"ns"}}]}}"#
        )?;
        if self.0 < 0 {
            out.write_char('}')?;
        }
        Ok(())
    }
}

/// A regular expression, in the syntax of Go's `regexp`, without slashes.
///
/// ```
/// use influx_edge::flux::{Regex, to_literal};
///
/// assert_eq!(to_literal(&Regex("^zrh/[0-9]+$"))?, r"/^zrh\/[0-9]+$/");
/// # Ok::<(), influx_edge::flux::FluxError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Regex<'a>(pub &'a str);

impl ToFlux for Regex<'_> {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        Ok(regex_literal(self.0, out)?)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        quoted("RegexpLiteral", self.0, out)
    }
}

/// Bytes, as the call `bytes(v: "…")`. They have to be UTF-8, since that takes a text.
///
/// ```
/// use influx_edge::flux::{Bytes, FluxError, to_literal};
///
/// assert_eq!(to_literal(&Bytes(b"zrh-1"))?, r#"bytes(v: "zrh-1")"#);
/// assert_eq!(to_literal(&Bytes(b"\xFF")), Err(FluxError::NotUtf8));
/// # Ok::<(), FluxError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bytes<'a>(pub &'a [u8]);

impl ToFlux for Bytes<'_> {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        let text = core::str::from_utf8(self.0).map_err(|_| FluxError::NotUtf8)?;
        out.write_str("bytes(v: ")?;
        string_literal(text, out)?;
        Ok(out.write_char(')')?)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        let text = core::str::from_utf8(self.0).map_err(|_| FluxError::NotUtf8)?;
        out.write_str(concat!(
            r#"{"type":"CallExpression","callee":{"type":"Identifier","name":"bytes"},"#,
            r#""arguments":["#
        ))?;
        Record(&[("v", &text)]).write_ast(out)?;
        Ok(out.write_str("]}")?)
    }
}

/// An expression of Flux's syntax tree in JSON, written as it is: for what has no type here.
///
/// It has to be one whole JSON object, such as
/// `{"type":"Identifier","name":"x"}`. Nothing is checked, so it must not come from outside.
///
/// ```
/// use influx_edge::flux::{Ast, FluxError, Params, to_literal};
///
/// let now = Ast(r#"{"type":"CallExpression","callee":{"type":"Identifier","name":"now"}}"#);
/// assert!(Params::new().insert("until", now)?.to_json().contains(now.0));
/// assert_eq!(to_literal(&now), Err(FluxError::NotSource));
/// # Ok::<(), FluxError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ast<'a>(pub &'a str);

impl ToFlux for Ast<'_> {
    fn write_literal(&self, _: &mut dyn Write) -> Result<(), FluxError> {
        Err(FluxError::NotSource)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        Ok(out.write_str(self.0)?)
    }
}

impl<T: ToFlux> ToFlux for Option<T> {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        self.as_ref().ok_or(FluxError::Null)?.write_literal(out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        self.as_ref().ok_or(FluxError::Null)?.write_ast(out)
    }

    fn is_none(&self) -> bool {
        self.as_ref().is_none_or(ToFlux::is_none)
    }
}

impl<T: ToFlux + ?Sized> ToFlux for &T {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        (**self).write_literal(out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        (**self).write_ast(out)
    }

    fn is_none(&self) -> bool {
        (**self).is_none()
    }
}

#[cfg(feature = "alloc")]
impl ToFlux for alloc::string::String {
    fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        self.as_str().write_literal(out)
    }

    fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
        self.as_str().write_ast(out)
    }
}

fn quoted(kind: &str, text: &str, out: &mut dyn Write) -> Result<(), FluxError> {
    out.write_str(r#"{"type":""#)?;
    out.write_str(kind)?;
    out.write_str(r#"","value":"#)?;
    json_string(text, out)?;
    Ok(out.write_char('}')?)
}
