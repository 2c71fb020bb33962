//! Rust values as Flux literals and parameters.

use core::fmt::Write;
use core::time::Duration;

use super::FluxError;
use super::collection::Record;
use super::text::{json_string, regex_literal, string_literal};
use super::to_flux::ToFlux;
use crate::signed_duration::SignedDuration;
use crate::timestamp::Timestamp;

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
                // Flux parses the sign and the digits apart, and the digits of the smallest i64 overflow.
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
            /// A conversion: Flux has no unsigned literals.
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
    /// With a point and without exponent, as Flux requires. NaN and infinities are conversions.
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
        // `Debug` writes a point or an exponent, with which the number is a float in JSON too.
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

    /// A negative one is a minus sign applied to a positive one, as in the parser's tree.
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

/// Bytes, as the call `bytes(v: "…")`. They must be UTF-8, since `bytes` takes a string.
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
