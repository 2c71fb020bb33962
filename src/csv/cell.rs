//! `Cell`, one value of a record, and `FromCell`, the types that it can be read as.

use core::fmt;

use super::data_type::DataType;
use super::error::ValueErrorKind;
use super::excerpt::Excerpt;

/// One value of a record: its text and the column's datatype.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    /// The buffer from the text's start on, so that eight bytes can be loaded even if the text is shorter.
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

    /// Returns `true` if the cell is empty and its column has no default.
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

    /// Returns the text; empty if null.
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

    /// Returns the type of the column's values.
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

    /// Returns the value as `T`; see [`Record::get`](super::Record::get).
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
    /// Returns an error if the cell is null and `T` is no `Option` or text, or if its datatype or its text isn't
    /// that of a `T`.
    #[inline]
    pub fn parse<T: FromCell<'a>>(&self) -> Result<T, ValueErrorKind> {
        T::from_cell(*self)
    }
}

/// Compares text and datatype.
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
/// | `f64` | `double`; `long` and `unsignedLong`, as the nearest float |
/// | `f32` | the same, unless it exceeds the largest `f32` |
/// | `i64` | `long`; `unsignedLong` if it fits; times and durations as nanoseconds |
/// | `i8`, `i16`, `i32`, `isize` | the same, if it fits |
/// | `i128` | the same, and every `unsignedLong` |
/// | `u64` | `unsignedLong`; `long` if it isn't negative |
/// | `u8`, `u16`, `u32`, `u128`, `usize` | the same, if it fits |
/// | `bool` | `boolean` |
/// | [`Timestamp`](crate::Timestamp), `SystemTime` | `dateTime:RFC3339` |
/// | [`SignedDuration`](crate::SignedDuration); [`Duration`](core::time::Duration) | `duration`; for `Duration`, one that isn't negative |
/// | `&str`, `&[u8]`, `String`, `Cow<str>` | any column, as the server wrote it; null is empty |
/// | `char` | any column, if the text is one character |
/// | [`Value`](super::Value) | any column, by its datatype |
/// | `Option<T>` | as `T`; null is `None` |
///
/// A `string` column can be read as any of these types: tags hold numbers, and without annotations all columns
/// are strings. The same holds for InfluxDB 3, whose responses have no datatypes ([`DataType::Untyped`]); its
/// times have no zone and are in UTC, and may be dates. No other types are converted: `get::<i64>` of a `double`
/// fails for every value, not only for the first one with a fraction.
///
/// Implement it for your own types, with [`Cell::parse`] for the parts.
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
///         number
///             .and_then(|n| n.parse().ok())
///             .map(Station)
///             .ok_or(ValueErrorKind::Syntax)
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
    /// Name of the type in errors.
    const WANTED: &'static str;

    /// Reads the cell.
    ///
    /// # Errors
    ///
    /// Returns an error without row and column, which the caller adds, such as [`ValueErrorKind::Null`] or
    /// [`ValueErrorKind::Syntax`].
    fn from_cell(cell: Cell<'a>) -> Result<Self, ValueErrorKind>;
}
