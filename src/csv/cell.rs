//! `Cell`, one value of a record, and `FromCell`, the types that it can be read as.

use core::fmt;

use super::data_type::DataType;
use super::error::ValueErrorKind;
use super::excerpt::Excerpt;

/// One value as it came: text and the column's datatype.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    /// The text and whatever lies behind it in the buffer: eight bytes can be looked at in one
    /// go, even if the text is shorter.
    pub(super) tail: &'a [u8],
    pub(super) len: usize,
    pub(super) flags: u8,
}

impl<'a> Cell<'a> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8], flags: u8) -> Cell<'a> {
        Cell {
            tail: bytes,
            len: bytes.len(),
            flags,
        }
    }

    /// Whether there is no value: an empty cell without default.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let record = rows.next()?.unwrap().record();
    /// assert!(record.cells().all(|cell| !cell.is_null()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn is_null(&self) -> bool {
        self.len == 0
    }

    /// The text; empty if null.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let record = rows.next()?.unwrap().record();
    /// assert_eq!(record.cell("station").unwrap().as_bytes(), b"zrh-1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.tail.get(..self.len).unwrap_or_default()
    }

    /// What the column's values are.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// use influx_edge::csv::DataType;
    ///
    /// let record = rows.next()?.unwrap().record();
    /// assert_eq!(record.cell("_value").unwrap().data_type(), DataType::Double);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn data_type(&self) -> DataType {
        DataType::from_flags(self.flags)
    }

    /// The value as `T`; see [`Record::get`].
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let record = rows.next()?.unwrap().record();
    /// let cell = record.cell("_value").unwrap();
    /// assert_eq!(cell.parse::<f64>(), Ok(20.25));
    /// assert_eq!(cell.parse::<&str>(), Ok("20.25"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the cell is null where `T` needs a value, or it is no `T` by its datatype or
    /// its text.
    #[inline]
    pub fn parse<T: FromCell<'a>>(&self) -> Result<T, ValueErrorKind> {
        T::from_cell(*self)
    }
}

/// Equal text, equal datatype.
impl PartialEq for Cell<'_> {
    fn eq(&self, other: &Cell<'_>) -> bool {
        self.as_bytes() == other.as_bytes() && self.data_type() == other.data_type()
    }
}

impl Eq for Cell<'_> {}

impl fmt::Debug for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cell")
            .field("text", &Excerpt(self.as_bytes()))
            .field("data_type", &self.data_type())
            .finish()
    }
}

/// A type that a cell can be read as.
///
/// | type | from columns of |
/// |---|---|
/// | `f64` | `double`; `long` and `unsignedLong` (the nearest float) |
/// | `f32` | the same, if it isn't beyond the largest `f32` |
/// | `i64` | `long`; `unsignedLong` if it fits; times and durations as nanoseconds |
/// | `i8`, `i16`, `i32`, `isize` | the same, if it fits |
/// | `i128` | the same; every `unsignedLong` |
/// | `u64` | `unsignedLong`; `long` if it isn't negative |
/// | `u8`, `u16`, `u32`, `u128`, `usize` | the same, if it fits |
/// | `bool` | `boolean` |
/// | [`Timestamp`](crate::Timestamp), `SystemTime` | `dateTime:RFC3339` |
/// | [`SignedDuration`](crate::SignedDuration); [`Duration`](core::time::Duration) | `duration`; one that isn't negative |
/// | `&str`, `&[u8]`, `String`, `Cow<str>` | everything, as the server wrote it; null is empty |
/// | `char` | everything whose text is one character |
/// | [`Value`](super::Value) | everything, as its datatype says |
/// | `Option<T>` | as `T`; null is `None` |
///
/// A `string` column is parsed as whatever is asked for: tags hold numbers, and a response without
/// datatypes is all strings. So is one of InfluxDB 3, whose responses name no types
/// ([`DataType::Untyped`]); there a time has no zone and is in UTC, and may be a date. Between other types nothing is converted, so that `get::<i64>` of a
/// `double` fails at once and not at the first fraction.
///
/// Implement it for your own types; a cell offers [`parse`](Cell::parse) for the parts.
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// use influx_edge::csv::{Cell, FromCell, ValueErrorKind};
///
/// struct Station(u8);
///
/// impl<'a> FromCell<'a> for Station {
///     const WANTED: &'static str = "a station";
///
///     fn from_cell(cell: Cell<'a>) -> Result<Self, ValueErrorKind> {
///         let number = cell.parse::<&str>()?.strip_prefix("zrh-");
///         number.and_then(|n| n.parse().ok()).map(Station).ok_or(ValueErrorKind::Syntax)
///     }
/// }
///
/// let row = rows.next()?.expect("two rows");
/// assert_eq!(row.get::<Station>("station")?.0, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a cell can't be read as `{Self}`",
    label = "not a number, boolean, time, duration or text",
    note = "for any datatype, write `row.get::<Value>(key)` (`influx_edge::csv::Value`); for the text, \
            `row.get::<&str>(key)`",
    note = "to chrono: `row.get::<SystemTime>(key)?.into()`; to jiff: `row.get::<SystemTime>(key)?.try_into()?`",
    note = "a struct takes a row, not a cell: `client.query(flux).deserialize::<T>()`"
)]
pub trait FromCell<'a>: Sized {
    /// What errors call the type.
    const WANTED: &'static str;

    /// Reads the cell.
    ///
    /// # Errors
    ///
    /// Returns an error that says what is wrong with the cell, such as [`ValueErrorKind::Null`] or
    /// [`ValueErrorKind::Syntax`]; row and column are added by the caller.
    fn from_cell(cell: Cell<'a>) -> Result<Self, ValueErrorKind>;
}
