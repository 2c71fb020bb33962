//! Column keys: a name, an index, or a name with a cached index.

use core::cell::Cell;
use core::fmt;

use super::table::{Column, Table};

/// A column's name, its index, or a [`Key`].
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// use influx_edge::csv::Key;
///
/// let value = Key::new("_value"); // for a loop over many rows
/// let row = rows.next()?.expect("two rows");
/// let by = (
///     row.get::<f64>("_value")?,
///     row.get::<f64>(0_usize)?,
///     row.get::<f64>(&value)?,
/// );
/// assert_eq!(by, (20.25, 20.25, 20.25));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no column",
    label = "not a name, an index or a `Key`",
    note = "write `row.get::<f64>(\"_value\")`, `row.get::<f64>(0_usize)`"
)]
pub trait ColumnKey: sealed::Sealed + fmt::Debug {
    #[doc(hidden)]
    fn cell(&self, table: &Table<'_>) -> Option<usize>;
}

/// A column's name with a cached index, for loops over many rows.
///
/// It costs one comparison per row; a plain name is searched for in every row. If the column at the cached index
/// has another name, it is searched for again, so one `Key` serves any number of tables. Make it outside of the
/// loop, not as a `const`: each use of a `const` is a new `Key`.
///
/// ```
/// use influx_edge::csv::{Decoder, Key, Step};
///
/// let (mut text, mut ends) = ([0; 256], [0; 32]);
/// let mut decoder = Decoder::new(&mut text, &mut ends);
/// let mut input: &[u8] =
///     b"#datatype,string,long,double\r\n,result,table,_value\r\n\
///     ,_result,0,1.5\r\n,_result,0,2.5\r\n";
/// let value = Key::new("_value");
/// let mut sum = 0.0;
/// loop {
///     let (used, step) = decoder.feed(input)?;
///     input = &input[used..];
///     match step {
///         Step::Record => sum += decoder.record().get::<f64>(&value)?,
///         Step::NeedInput => break,
///         _ => {}
///     }
/// }
/// assert_eq!(sum, 4.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Key<'n> {
    name: &'n str,
    place: Cell<usize>,
}

impl<'n> Key<'n> {
    /// Returns a key for the column of this name.
    ///
    /// ```
    /// use influx_edge::csv::Key;
    ///
    /// let key = Key::new("_value");
    /// assert_eq!(format!("{key:?}"), r#""_value""#);
    /// ```
    #[must_use]
    pub const fn new(name: &'n str) -> Key<'n> {
        Key {
            name,
            place: Cell::new(0),
        }
    }
}

/// The name, as a string literal.
impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

impl ColumnKey for Key<'_> {
    #[inline]
    fn cell(&self, table: &Table<'_>) -> Option<usize> {
        let place = self.place.get();
        // If a name occurs twice, a place that was cached in another table may be that of the second one.
        if place != 0 && !table.schema.duplicates && table.is_named(place, self.name) {
            return Some(place);
        }
        let found = table.find(self.name);
        self.place.set(found.unwrap_or(0));
        found
    }
}

impl ColumnKey for str {
    #[inline]
    fn cell(&self, table: &Table<'_>) -> Option<usize> {
        table.find(self)
    }
}

#[cfg(feature = "alloc")]
impl ColumnKey for alloc::string::String {
    #[inline]
    fn cell(&self, table: &Table<'_>) -> Option<usize> {
        table.find(self)
    }
}

impl<K: ColumnKey + ?Sized> ColumnKey for &K {
    #[inline]
    fn cell(&self, table: &Table<'_>) -> Option<usize> {
        (**self).cell(table)
    }
}

impl ColumnKey for usize {
    #[inline]
    fn cell(&self, table: &Table<'_>) -> Option<usize> {
        table.cell_at(*self)
    }
}

impl<'a> Table<'a> {
    /// Returns the column with this name or index, or `None`. Of two columns with the same name it is the first.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
    /// assert!(rows.next()?.unwrap().table().column("station").is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn column(&self, key: impl ColumnKey) -> Option<Column<'a>> {
        let cell = key.cell(self)?;
        Some(Column { table: *self, cell })
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Key<'_> {}
    impl Sealed for str {}
    #[cfg(feature = "alloc")]
    impl Sealed for alloc::string::String {}
    impl<K: Sealed + ?Sized> Sealed for &K {}
    impl Sealed for usize {}
}
