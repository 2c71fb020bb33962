//! `Table` and `Column`: the description of a table.

use core::fmt;

use super::cell::Cell;
use super::data_type::DataType;
use super::schema::{GROUP, Schema, Stored, cell_of};

/// The description of a table: result, id and columns. A view into the decoder's buffers.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    pub(super) schema: &'a Schema,
    pub(super) text: &'a [u8],
    pub(super) ends: &'a [usize],
}

impl<'a> Table<'a> {
    /// Returns the name of the table's result: the one given to `yield`, by default `_result`.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// assert_eq!(rows.next()?.unwrap().table().result(), "_result");
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

    /// Returns the table's number within its result, from 0; `None` if the response has none.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// assert_eq!(rows.next()?.unwrap().table().id(), Some(0));
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

    /// Returns the columns of the data in order, without `result` and `table`.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let columns = rows.next()?.unwrap().table().columns();
    /// let names: Vec<_> = columns.clone().map(|column| column.name()).collect();
    /// assert_eq!((columns.len(), names), (2, vec!["_value", "station"]));
    ///
    /// // The group key: the columns whose value is the same in the whole table.
    /// let key: Vec<_> = columns.filter(|column| column.is_group()).collect();
    /// assert_eq!(key[0].name(), "station");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'a>> + Clone + use<'a> {
        let table = *self;
        (self.schema.first_column()..self.schema.cells).map(move |cell| Column { table, cell })
    }

    /// Finds the cell of the first data column with this name, else of `result` or `table`.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let names = self.schema.names?;
        let ends = self.ends.get(names.ends..names.ends + self.schema.cells)?;
        let text = self.text.get(names.text..)?;
        let first = self.schema.first_column();
        let mut start = ends.get(first.checked_sub(1)?).copied()?;
        for (cell, &end) in ends.iter().enumerate().skip(first) {
            // Lengths first, in which most names differ already.
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

    /// Checks a cached place.
    pub(super) fn is_named(&self, cell: usize, name: &str) -> bool {
        cell < self.schema.cells && self.name_bytes(cell) == name.as_bytes()
    }

    /// Returns the cell of the `index`th data column.
    pub(super) fn cell_at(&self, index: usize) -> Option<usize> {
        let cell = self.schema.first_column().checked_add(index)?;
        (cell < self.schema.cells).then_some(cell)
    }

    pub(super) fn name_bytes(&self, cell: usize) -> &'a [u8] {
        self.kept(self.schema.names, cell)
    }

    fn kept(&self, row: Option<Stored>, cell: usize) -> &'a [u8] {
        // Not by `Schema::stored`: with that call LLVM no longer inlines `is_named` into the lookup of a `Key`, which costs
        // a typed loop a fifth of its speed.
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
    pub(super) table: Table<'a>,
    pub(super) cell: usize,
}

impl<'a> Column<'a> {
    /// Returns the column's name, such as `_value`.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let table = rows.next()?.unwrap().table();
    /// let names: Vec<_> = table.columns().map(|column| column.name()).collect();
    /// assert_eq!(names, ["_value", "station"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &'a str {
        utf8(self.table.name_bytes(self.cell))
    }

    /// Returns the index among the columns of the data; `None` for `result` and `table`.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// assert_eq!(
    ///     rows.next()?
    ///         .unwrap()
    ///         .table()
    ///         .column("station")
    ///         .unwrap()
    ///         .index(),
    ///     Some(1)
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        self.cell.checked_sub(self.table.schema.first_column())
    }

    /// Returns the type of the column's values; [`DataType::String`] in a response without datatypes.
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
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn data_type(&self) -> DataType {
        DataType::from_flags(self.table.schema.flags(self.cell, self.table.text))
    }

    /// Returns the datatype as the server wrote it, such as `dateTime:RFC3339`; empty in a response without
    /// datatypes.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// assert_eq!(
    ///     rows.next()?
    ///         .unwrap()
    ///         .table()
    ///         .column("_value")
    ///         .unwrap()
    ///         .data_type_text(),
    ///     "double"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn data_type_text(&self) -> &'a str {
        utf8(self.table.kept(self.table.schema.datatypes, self.cell))
    }

    /// Returns the datatype for an error; `string` if the response has none.
    pub(super) fn datatype_or_string(&self) -> &'a str {
        match self.data_type_text() {
            "" => self.data_type().as_str(),
            text => text,
        }
    }

    /// Returns `true` if the column belongs to the group key; `false` in a response without `#group`.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// assert!(rows.next()?.unwrap().table().column("station").unwrap().is_group());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_group(&self) -> bool {
        self.table.schema.flags(self.cell, self.table.text) & GROUP != 0
    }

    /// Returns the value of the column's empty cells, to be read like a cell of a record; null if there
    /// is none. In a table without records, the default of a group key's column is its value.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// let station = rows.next()?.unwrap().table().column("station").unwrap();
    /// assert!(station.default_cell().is_null());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn default_cell(&self) -> Cell<'a> {
        let flags = self.table.schema.flags(self.cell, self.table.text);
        let default = self
            .table
            .schema
            .default_of(self.cell, self.table.text, self.table.ends);
        Cell::new(default, flags)
    }
}

/// Result, id and columns.
impl fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("result", &self.result())
            .field("id", &self.id())
            .field("columns", &ColumnList(*self))
            .finish()
    }
}

/// Name and datatype.
impl fmt::Debug for Column<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.name(), self.datatype_or_string())
    }
}

/// The columns of a table, in its `Debug`.
struct ColumnList<'a>(Table<'a>);

impl fmt::Debug for ColumnList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.columns()).finish()
    }
}

/// Names, datatypes and defaults were checked when they were read, so the fallback is never used for them.
pub(super) fn utf8(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}
