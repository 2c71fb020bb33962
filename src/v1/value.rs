//! The values of an InfluxQL response.

use crate::Timestamp;
use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};

/// A value of a row.
///
/// JSON has one type of number, so the float 1.0 is `Int(1)` here. [`Row::get`](super::Row::get) converts it to
/// the type that is asked for.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::v1::Value;
///
/// let mut rows = client
///     .v1("plant")
///     .query("SELECT * FROM weather LIMIT 1")
///     .call()?;
/// let row = rows.next()?.expect("a row");
/// assert_eq!(row.columns(), ["time", "station", "temp_c"]);
/// let values = [
///     Value::Int(1_700_000_000_000_000_000),
///     Value::Text("zrh-1".into()),
///     Value::Float(21.5),
/// ];
/// assert_eq!(row.values(), values);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// No value: the point has no such field.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number without a fraction: an integer, or a float with an integral value.
    Int(i64),
    /// A number without a fraction that exceeds `i64`.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
}

impl Value {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::UInt(_) | Value::Float(_) => "a number",
            Value::Text(_) => "text",
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("null, a boolean, a number or text")
            }

            fn visit_unit<E: Error>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E: Error>(self, v: bool) -> Result<Value, E> {
                Ok(Value::Bool(v))
            }

            fn visit_i64<E: Error>(self, v: i64) -> Result<Value, E> {
                Ok(Value::Int(v))
            }

            fn visit_u64<E: Error>(self, v: u64) -> Result<Value, E> {
                Ok(i64::try_from(v).map_or(Value::UInt(v), Value::Int))
            }

            fn visit_f64<E: Error>(self, v: f64) -> Result<Value, E> {
                Ok(Value::Float(v))
            }

            fn visit_str<E: Error>(self, v: &str) -> Result<Value, E> {
                Ok(Value::Text(v.to_owned()))
            }

            fn visit_string<E: Error>(self, v: String) -> Result<Value, E> {
                Ok(Value::Text(v))
            }

            /// A number, if another crate of the program enables serde_json's feature `arbitrary_precision`:
            /// it is a map with one member, the text of the number.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let number = map.next_entry::<String, String>()?;
                let text = number
                    .filter(|(name, _)| name == "$serde_json::private::Number")
                    .map(|(_, text)| text)
                    .ok_or_else(|| A::Error::invalid_type(Unexpected::Map, &self))?;
                // The rule of serde_json: a fraction or an exponent makes a float, and so does -0.
                if let Ok(v) = text.parse::<i64>() {
                    if v != 0 || !text.starts_with('-') {
                        return Ok(Value::Int(v));
                    }
                } else if let Ok(v) = text.parse::<u64>() {
                    return Ok(Value::UInt(v));
                }
                let float = text.parse().map_err(A::Error::custom)?;
                Ok(Value::Float(float))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// A type that [`Row::get`](super::Row::get) returns.
///
/// These are `f64`, `i64`, `u64`, `bool`, `&str`, `String`, [`Timestamp`], and `Option` of these for values that may
/// be null.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let mut rows = client
///     .v1("plant")
///     .query("SELECT * FROM weather LIMIT 1")
///     .call()?;
/// let row = rows.next()?.expect("a row");
/// assert_eq!(row.get::<&str>("station")?, "zrh-1");
/// assert_eq!(row.get::<Option<f64>>("temp_c")?, Some(21.5));
/// assert!(row.get::<i64>("temp_c").is_err()); // not cut to 21
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a value of InfluxQL can't be read as `{Self}`",
    label = "not `f64`, `i64`, `u64`, `bool`, `&str`, `String`, `Timestamp` or an `Option` of these",
    note = "read the wide type and convert it: `i32::try_from(row.get::<i64>(name)?)`"
)]
pub trait FromValue<'a>: Sized + sealed::Sealed {
    /// The name of the type in errors.
    #[doc(hidden)]
    const NAME: &'static str;

    /// Converts a value, if it is of this type.
    #[doc(hidden)]
    fn from_value(value: &'a Value) -> Option<Self>;
}

mod sealed {
    use crate::Timestamp;
    use alloc::string::String;

    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for i64 {}
    impl Sealed for u64 {}
    impl Sealed for bool {}
    impl Sealed for &str {}
    impl Sealed for String {}
    impl Sealed for Timestamp {}
    impl<T: Sealed> Sealed for Option<T> {}
}

impl FromValue<'_> for f64 {
    const NAME: &'static str = "a float";

    fn from_value(value: &Value) -> Option<Self> {
        match *value {
            Value::Float(v) => Some(v),
            // Exact if the field is a float, from which the number was printed.
            #[allow(clippy::cast_precision_loss)]
            Value::Int(v) => Some(v as f64),
            #[allow(clippy::cast_precision_loss)]
            Value::UInt(v) => Some(v as f64),
            _ => None,
        }
    }
}

impl FromValue<'_> for i64 {
    const NAME: &'static str = "an integer";

    fn from_value(value: &Value) -> Option<Self> {
        match *value {
            Value::Int(v) => Some(v),
            _ => None,
        }
    }
}

impl FromValue<'_> for u64 {
    const NAME: &'static str = "an unsigned integer";

    fn from_value(value: &Value) -> Option<Self> {
        match *value {
            Value::Int(v) => u64::try_from(v).ok(),
            Value::UInt(v) => Some(v),
            _ => None,
        }
    }
}

impl FromValue<'_> for bool {
    const NAME: &'static str = "a boolean";

    fn from_value(value: &Value) -> Option<Self> {
        match *value {
            Value::Bool(v) => Some(v),
            _ => None,
        }
    }
}

impl<'a> FromValue<'a> for &'a str {
    const NAME: &'static str = "text";

    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::Text(v) => Some(v),
            _ => None,
        }
    }
}

impl FromValue<'_> for String {
    const NAME: &'static str = "text";

    fn from_value(value: &Value) -> Option<Self> {
        <&str>::from_value(value).map(ToOwned::to_owned)
    }
}

impl FromValue<'_> for Timestamp {
    const NAME: &'static str = "a time";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Int(nanos) => Some(Timestamp::from_nanos(*nanos)),
            Value::Text(text) => Timestamp::parse(text).ok(),
            _ => None,
        }
    }
}

impl<'a, T: FromValue<'a>> FromValue<'a> for Option<T> {
    const NAME: &'static str = T::NAME;

    fn from_value(value: &'a Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}
