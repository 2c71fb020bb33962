//! `DeserializeError`, with a heap and without.

use core::fmt;

use serde::de::{self, Error as _};

use crate::csv::cell::Cell;
use crate::csv::error::ValueErrorKind;
use crate::csv::excerpt::Excerpt;
use crate::csv::record::Record;

/// The error of a record that can't be deserialized into the requested type.
///
/// ```
/// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
/// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
/// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
/// # let mut rows = influx_edge::csv::Rows::new(&response[..]);
/// let record = rows.next()?.expect("two rows").record();
/// let error = record.deserialize::<(i64, &str)>().unwrap_err();
/// assert_eq!(error.row_number(), 1);
/// assert!(error.to_string().contains(r#"wanted i64, found "20.25" (double)"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DeserializeError {
    pub(super) row: u64,
    /// The cell's index, from the annotation column on; 0 if the error isn't about a cell.
    pub(super) place: usize,
    pub(super) message: Message,
}

impl DeserializeError {
    /// Returns the number of the record in the response, from 1; 0 if the error isn't about a record.
    #[must_use]
    pub fn row_number(&self) -> u64 {
        self.row
    }

    pub(super) fn at(mut self, record: &Record<'_>, place: usize) -> DeserializeError {
        self.row = record.row;
        if self.place == 0 {
            self.place = place;
        }
        self
    }

    #[cold]
    pub(super) fn value(kind: ValueErrorKind, wanted: &str, cell: Cell<'_>) -> DeserializeError {
        if kind == ValueErrorKind::Null {
            return DeserializeError::custom(format_args!("wanted {wanted}: {kind}"));
        }
        DeserializeError::custom(format_args!(
            "wanted {wanted}, found {} ({}): {kind}",
            Excerpt(cell.as_bytes()),
            cell.data_type().as_str(),
        ))
    }
}

impl fmt::Display for DeserializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if self.place != 0 {
            write!(f, ", cell {}", self.place)?;
        }
        write!(f, ": {}", self.message.as_str())
    }
}

impl core::error::Error for DeserializeError {}

impl de::Error for DeserializeError {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> DeserializeError {
        DeserializeError {
            row: 0,
            place: 0,
            message: Message::new(message),
        }
    }
}

/// The text of an error: on the heap with `alloc`, else in place and cut to 95 bytes.
#[derive(Clone)]
pub(super) struct Message {
    #[cfg(feature = "alloc")]
    text: alloc::boxed::Box<str>,
    #[cfg(not(feature = "alloc"))]
    text: [u8; 95],
    #[cfg(not(feature = "alloc"))]
    len: u8,
}

impl Message {
    #[cfg(feature = "alloc")]
    fn new(message: impl fmt::Display) -> Message {
        Message {
            text: alloc::string::ToString::to_string(&message).into_boxed_str(),
        }
    }

    #[cfg(feature = "alloc")]
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    #[cfg(not(feature = "alloc"))]
    fn new(message: impl fmt::Display) -> Message {
        let mut new = Message {
            text: [0; 95],
            len: 0,
        };
        // An error means that the text was cut.
        let _ = fmt::write(&mut new, format_args!("{message}"));
        new
    }

    #[cfg(not(feature = "alloc"))]
    pub(super) fn as_str(&self) -> &str {
        crate::csv::table::utf8(self.text.get(..usize::from(self.len)).unwrap_or_default())
    }
}

#[cfg(not(feature = "alloc"))]
impl fmt::Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let at = usize::from(self.len);
            let end = at + character.len_utf8();
            let space = self.text.get_mut(at..end).ok_or(fmt::Error)?;
            character.encode_utf8(space);
            self.len = u8::try_from(end).map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(all(test, not(feature = "alloc")))]
#[path = "tests/error.rs"]
mod tests;
