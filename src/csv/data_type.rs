//! The datatypes of columns.

use core::fmt;

use super::schema::GROUP;

/// The type of a column's values, by the `#datatype` row.
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// use influx_edge::csv::DataType;
///
/// let column = rows.next()?.unwrap().table().column("_value").unwrap();
/// assert_eq!(column.data_type(), DataType::Double);
/// assert_eq!(column.data_type().to_string(), "double");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataType {
    /// `string`, and every column of a response without datatypes.
    #[default]
    String,
    /// `long`: an `i64`.
    Long,
    /// `unsignedLong`: a `u64`.
    UnsignedLong,
    /// `double`: an `f64`; `NaN`, `+Inf` and `-Inf` included.
    Double,
    /// `boolean`.
    Boolean,
    /// `dateTime`, `dateTime:RFC3339` or `dateTime:RFC3339Nano`.
    Time,
    /// `duration`: a number of nanoseconds, or text such as `1h2m3.5s`.
    Duration,
    /// `base64Binary`.
    Base64,
    /// Any other: its values can only be read as text.
    Unknown,
    /// The type of all columns of InfluxDB 3, whose responses have no datatypes: a cell is parsed as the requested
    /// type.
    Untyped,
}

impl DataType {
    pub(super) fn parse(text: &[u8]) -> DataType {
        // A list: a `match` of texts is ten times the code, and this runs once per table.
        const NAMES: [(&str, DataType); 10] = [
            ("string", DataType::String),
            ("long", DataType::Long),
            ("unsignedLong", DataType::UnsignedLong),
            ("double", DataType::Double),
            ("boolean", DataType::Boolean),
            ("dateTime", DataType::Time),
            ("dateTime:RFC3339", DataType::Time),
            ("dateTime:RFC3339Nano", DataType::Time),
            ("duration", DataType::Duration),
            ("base64Binary", DataType::Base64),
        ];
        let known = NAMES.iter().find(|(name, _)| name.as_bytes() == text);
        known.map_or(DataType::Unknown, |(_, data_type)| *data_type)
    }

    /// The lower bits of a flag byte, which [`from_flags`](DataType::from_flags) reads; 0 is that of a block without datatypes.
    pub(super) const fn code(self) -> u8 {
        self as u8
    }

    #[inline]
    pub(super) const fn from_flags(flags: u8) -> DataType {
        match flags & !GROUP {
            0 => DataType::String,
            1 => DataType::Long,
            2 => DataType::UnsignedLong,
            3 => DataType::Double,
            4 => DataType::Boolean,
            5 => DataType::Time,
            6 => DataType::Duration,
            7 => DataType::Base64,
            #[cfg(feature = "v3")]
            9 => DataType::Untyped,
            _ => DataType::Unknown,
        }
    }

    /// The name of the type, as the server writes it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            DataType::String => "string",
            DataType::Long => "long",
            DataType::UnsignedLong => "unsignedLong",
            DataType::Double => "double",
            DataType::Boolean => "boolean",
            DataType::Time => "dateTime:RFC3339",
            DataType::Duration => "duration",
            DataType::Base64 => "base64Binary",
            DataType::Unknown => "unknown",
            DataType::Untyped => "untyped",
        }
    }
}

// `from_flags` has the codes as numbers. A type inserted into the enum changes those behind it.
const _: () = assert!(DataType::Untyped.code() == 9);

/// The name of the type, as the server writes it: `double`.
impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
