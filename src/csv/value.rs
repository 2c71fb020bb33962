//! `Value`: a cell as a value of its column's datatype.

use core::fmt;

use super::cell::{Cell, FromCell};
use super::data_type::DataType;
use super::error::ValueErrorKind;
use crate::signed_duration::SignedDuration;
use crate::timestamp::Timestamp;

/// A cell's value, of its column's datatype, for programs that don't know the columns.
///
/// Borrows its text, and doesn't allocate. [`Display`](fmt::Display) writes the bare value: text without quotes,
/// nothing for null.
///
/// ```
/// use influx_edge::csv::{Rows, Value};
///
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n";
/// let mut rows = Rows::new(&response[..]);
/// let row = rows.next()?.unwrap();
/// match row.get("_value")? {
///     Value::Float(v) => println!("{v:.1}"),
///     other => println!("{other}"),
/// }
/// # assert_eq!(row.get::<Value>("_value")?, Value::Float(20.25));
/// # assert_eq!(row.get::<Value>("station")?, Value::Text("zrh-1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// An empty cell.
    #[default]
    Null,
    /// Of a `boolean` column.
    Bool(bool),
    /// Of a `long` column.
    Integer(i64),
    /// Of an `unsignedLong` column.
    Unsigned(u64),
    /// Of a `double` column.
    Float(f64),
    /// Of a `string` column, and of one without a datatype or with an unknown one.
    Text(&'a str),
    /// Of a `dateTime` column.
    Time(Timestamp),
    /// Of a `duration` column.
    Duration(SignedDuration),
    /// Of a `base64Binary` column, still in base64.
    Base64(&'a str),
}

impl<'a> Value<'a> {
    /// Returns a number of any type as the nearest float; `None` if the value isn't a number.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "documented")]
    pub const fn as_f64(&self) -> Option<f64> {
        match *self {
            Value::Float(v) => Some(v),
            Value::Integer(v) => Some(v as f64),
            Value::Unsigned(v) => Some(v as f64),
            _ => None,
        }
    }

    /// Returns the text, or base64 as text; `None` if the value isn't text.
    #[must_use]
    pub const fn as_str(&self) -> Option<&'a str> {
        match self {
            Value::Text(text) | Value::Base64(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> FromCell<'a> for Value<'a> {
    const WANTED: &'static str = "a value of the column's datatype";

    fn from_cell(cell: Cell<'a>) -> Result<Value<'a>, ValueErrorKind> {
        if cell.is_null() {
            return Ok(Value::Null);
        }
        match cell.data_type() {
            DataType::String | DataType::Unknown | DataType::Untyped => {
                cell.parse().map(Value::Text)
            }
            DataType::Long => cell.parse().map(Value::Integer),
            DataType::UnsignedLong => cell.parse().map(Value::Unsigned),
            DataType::Double => cell.parse().map(Value::Float),
            DataType::Boolean => cell.parse().map(Value::Bool),
            DataType::Time => cell.parse().map(Value::Time),
            DataType::Duration => cell.parse().map(Value::Duration),
            DataType::Base64 => cell.parse().map(Value::Base64),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => Ok(()),
            Value::Bool(v) => v.fmt(f),
            Value::Integer(v) => v.fmt(f),
            Value::Unsigned(v) => v.fmt(f),
            Value::Float(v) => v.fmt(f),
            Value::Text(v) | Value::Base64(v) => v.fmt(f),
            Value::Time(v) => v.fmt(f),
            Value::Duration(v) => v.fmt(f),
        }
    }
}
