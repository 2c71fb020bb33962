//! Finds the column of an error without one. serde buffers the values of a flattened struct and of an internally
//! tagged enum, and passes them to the fields without their names. But its messages contain the value, so a
//! column is found by deserializing each cell into a type that accepts nothing, and comparing the messages.

use core::fmt;

use alloc::string::String;

use serde::de::{Deserializer, Error as _, Visitor};

use super::cell::CellDeserializer;
use super::error::DeserializeError;
use crate::Precision;
use crate::csv::cell::Cell;
use crate::csv::record::Record;
use crate::csv::table::utf8;

/// Returns the error with its column if its message has a value that only one column has. If several columns have
/// it, the message lists them.
#[cold]
pub(super) fn located(error: DeserializeError, record: &Record<'_>) -> DeserializeError {
    if error.place != 0 {
        return error.at(record, 0);
    }
    let columns = record.table.schema.first_column()..record.table.schema.cells;
    let mut found = columns.filter(|place| states(error.message.as_str(), record.cell_at(*place)));
    let Some(first) = found.next() else {
        return error.at(record, 0);
    };
    let mut names = String::new();
    for place in found {
        names.push_str(", ");
        names.push_str(utf8(record.table.name_bytes(place)));
    }
    if names.is_empty() {
        return error.at(record, first);
    }
    let (message, first) = (error.message.as_str(), utf8(record.table.name_bytes(first)));
    DeserializeError::custom(format_args!(
        "{message}, in one of the columns {first}{names}"
    ))
    .at(record, 0)
}

/// Returns `true` if an error's message, in serde's form, is about this cell's value.
fn states(message: &str, cell: Cell<'_>) -> bool {
    let variant = message.strip_prefix("unknown variant `");
    if let Some(rest) = variant.and_then(|rest| rest.strip_prefix(utf8(cell.as_bytes()))) {
        return rest.starts_with("`, ");
    }
    let cell = CellDeserializer {
        cell,
        unit: Precision::Nanosecond,
    };
    let Err(refused) = cell.deserialize_any(Nothing) else {
        return false;
    };
    let value = refused.message.as_str().strip_prefix(TYPE);
    let value = value.and_then(|text| text.strip_suffix(NOTHING));
    let stated = message.strip_prefix(TYPE);
    let stated = stated.or_else(|| message.strip_prefix("invalid value: "));
    match (stated, value) {
        (Some(stated), Some(value)) => stated
            .strip_prefix(value)
            .is_some_and(|rest| rest.starts_with(", expected ")),
        _ => false,
    }
}

const TYPE: &str = "invalid type: ";
const NOTHING: &str = ", expected nothing";

/// A type that accepts no value.
struct Nothing;

impl Visitor<'_> for Nothing {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }
}
