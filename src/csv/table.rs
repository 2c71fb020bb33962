//! The description of a table: result, id, and its columns.

use core::fmt;

use super::column_key::ColumnKey;
use super::schema::{GROUP, Schema, Stored, cell_of};

/// The table that the next records belong to: a view into the decoder's buffers.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    pub(super) schema: &'a Schema,
    pub(super) text: &'a [u8],
    pub(super) ends: &'a [usize],
}

impl<'a> Table<'a> {
    /// The result this table belongs to: the name given to `yield`, by default `_result`.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// rows.next()?;
    /// assert_eq!(rows.table().result(), "_result"); // what `yield` named it
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn result(&self) -> &'a str {
        utf8(self.result_bytes())
    }

    pub(super) fn result_bytes(&self) -> &'a [u8] {
        if self.schema.has_result_columns && self.schema.result_len == 0 {
            return self.schema.default_of(1, self.text, self.ends);
        }
        let at = self.schema.text_len;
        self.text
            .get(at..at + self.schema.result_len)
            .unwrap_or_default()
    }

    /// The table's number within its result, counted from 0; `None` if the server gave none.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// rows.next()?;
    /// assert_eq!(rows.table().id(), Some(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> Option<u64> {
        let id = self.id_bytes();
        super::number::parse_u64(id, id.len()).ok()
    }

    pub(super) fn id_bytes(&self) -> &'a [u8] {
        if self.schema.has_result_columns && self.schema.id_len == 0 {
            return self.schema.default_of(2, self.text, self.ends);
        }
        let at = self.schema.text_len + self.schema.result_len;
        self.text
            .get(at..at + self.schema.id_len)
            .unwrap_or_default()
    }

    /// How many columns the data has; `result` and `table` don't count.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// rows.next()?;
    /// assert_eq!(rows.table().width(), 2); // `result` and `table` are not columns of the data
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn width(&self) -> usize {
        self.schema.cells.saturating_sub(self.schema.first_column())
    }

    /// The column of that name or index; `None` if there is none. Of two with the same name, a
    /// name gives the first.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// rows.next()?;
    /// assert!(rows.table().column("station").is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn column(&self, key: impl ColumnKey) -> Option<Column<'a>> {
        let cell = key.cell(self)?;
        Some(Column { table: *self, cell })
    }

    /// All columns of the data, in order.
    #[must_use]
    pub fn columns(&self) -> Columns<'a> {
        Columns {
            table: *self,
            next: self.schema.first_column(),
        }
    }

    /// The columns of the group key: those whose value is the same in the whole table.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// rows.next()?;
    /// let table = rows.table();
    /// let mut key = table.group_key().map(|column| column.name());
    /// assert_eq!((key.next(), key.next()), (Some("station"), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn group_key(&self) -> impl Iterator<Item = Column<'a>> + use<'a> {
        self.columns().filter(Column::is_group)
    }

    /// The cell of the first data column so called; failing that, `result` and `table`.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let names = self.schema.names?;
        let ends = self.ends.get(names.ends..names.ends + self.schema.cells)?;
        let text = self.text.get(names.text..)?;
        let first = self.schema.first_column();
        let mut start = ends.get(first.checked_sub(1)?).copied()?;
        for (cell, &end) in ends.iter().enumerate().skip(first) {
            // Lengths first: most names differ there.
            if end - start == name.len() && text.get(start..end) == Some(name.as_bytes()) {
                return Some(cell);
            }
            start = end;
        }
        if !self.schema.has_result_columns {
            return None;
        }
        match name {
            "result" => Some(1),
            "table" => Some(2),
            _ => None,
        }
    }

    /// Whether the cell is so called: a quick check of a remembered place.
    pub(super) fn is_named(&self, cell: usize, name: &str) -> bool {
        cell < self.schema.cells && self.name_bytes(cell) == name.as_bytes()
    }

    /// The cell of the `index`th data column.
    pub(super) fn cell_at(&self, index: usize) -> Option<usize> {
        let cell = self.schema.first_column().checked_add(index)?;
        (cell < self.schema.cells).then_some(cell)
    }

    pub(super) fn name_bytes(&self, cell: usize) -> &'a [u8] {
        self.kept(self.schema.names, cell)
    }

    fn kept(&self, row: Option<Stored>, cell: usize) -> &'a [u8] {
        match row {
            Some(row) => {
                let ends = self.ends.get(row.ends..).unwrap_or_default();
                cell_of(self.text.get(row.text..).unwrap_or_default(), ends, 0, cell)
            }
            None => &[],
        }
    }
}

/// One column of a [`Table`].
#[derive(Clone, Copy)]
pub struct Column<'a> {
    table: Table<'a>,
    cell: usize,
}

impl<'a> Column<'a> {
    /// Its name, such as `_value`.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// rows.next()?;
    /// let names: Vec<_> = rows.table().columns().map(|column| column.name()).collect();
    /// assert_eq!(names, ["_value", "station"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &'a str {
        utf8(self.table.name_bytes(self.cell))
    }

    /// Its index among the columns of the data; `None` for `result` and `table`.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// rows.next()?;
    /// assert_eq!(rows.table().column("station").unwrap().index(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        self.cell.checked_sub(self.table.schema.first_column())
    }

    /// What its values are. [`DataType::String`] if no datatypes were sent.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// use influx_edge::csv::DataType;
    ///
    /// rows.next()?;
    /// let column = rows.table().column("_value").unwrap();
    /// assert_eq!(column.data_type(), DataType::Double);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn data_type(&self) -> DataType {
        DataType::from_flags(self.table.schema.flags(self.cell, self.table.text))
    }

    /// The datatype as the server wrote it, such as `dateTime:RFC3339`; empty if none was sent.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// rows.next()?;
    /// assert_eq!(rows.table().column("_value").unwrap().data_type_text(), "double");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn data_type_text(&self) -> &'a str {
        utf8(self.table.kept(self.table.schema.datatypes, self.cell))
    }

    /// The datatype for an error: what isn't said to be anything else is a string.
    pub(super) fn datatype_or_string(&self) -> &'a str {
        match self.data_type_text() {
            "" => self.data_type().as_str(),
            text => text,
        }
    }

    /// Whether it belongs to the group key. `false` if that was not sent.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// rows.next()?;
    /// assert!(rows.table().column("station").unwrap().is_group());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_group(&self) -> bool {
        self.table.schema.flags(self.cell, self.table.text) & GROUP != 0
    }

    /// The value of its empty cells; empty if there is none. In a table without records it is the
    /// value of the group key's column.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// rows.next()?;
    /// assert_eq!(rows.table().column("station").unwrap().default_text(), "");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn default_text(&self) -> &'a str {
        utf8(self.default_bytes())
    }

    /// The default as a cell, to be read like one of a record.
    #[must_use]
    pub fn default_cell(&self) -> super::Cell<'a> {
        let flags = self.table.schema.flags(self.cell, self.table.text);
        super::Cell::new(self.default_bytes(), flags)
    }

    fn default_bytes(&self) -> &'a [u8] {
        self.table
            .schema
            .default_of(self.cell, self.table.text, self.table.ends)
    }
}

/// The columns of a table in order; see [`Table::columns`].
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// rows.next()?;
/// let columns = rows.table().columns();
/// assert_eq!(format!("{columns:?}"), r#"["_value": double, "station": string]"#);
/// assert_eq!(columns.map(|column| column.name()).collect::<Vec<_>>(), ["_value", "station"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Columns<'a> {
    table: Table<'a>,
    next: usize,
}

impl<'a> Iterator for Columns<'a> {
    type Item = Column<'a>;

    fn next(&mut self) -> Option<Column<'a>> {
        let cell = self.next;
        if cell >= self.table.schema.cells {
            return None;
        }
        self.next += 1;
        Some(Column {
            table: self.table,
            cell,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.table.schema.cells.saturating_sub(self.next);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Columns<'_> {}

/// Result, id and columns.
impl fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("result", &self.result())
            .field("id", &self.id())
            .field("columns", &self.columns())
            .finish()
    }
}

/// Name and datatype.
impl fmt::Debug for Column<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.name(), self.datatype_or_string())
    }
}

/// The columns that are left.
impl fmt::Debug for Columns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// What a column's values are, as the `#datatype` row says.
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
    /// Any other: the raw text is all there is to give.
    Unknown,
    /// Of a response that names no types, InfluxDB 3's: a cell is parsed as what is asked for.
    Untyped,
}

impl DataType {
    pub(super) fn parse(text: &[u8]) -> DataType {
        // A list, since a `match` of texts is ten times the code, and this is rare.
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

    /// One byte of it, for the flags; 0 is what a block without datatypes has.
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
    ///
    /// ```
    /// use influx_edge::csv::DataType;
    ///
    /// assert_eq!(DataType::Double.as_str(), "double");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
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

/// Names, datatypes and defaults were checked when they came, so this never falls back for them.
pub(super) fn utf8(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}
