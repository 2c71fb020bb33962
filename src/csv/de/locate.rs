//! The column of an error that has lost it: serde keeps the values of a flattened part, and of an
//! internally tagged enum, and gives them to the fields without their names.

use core::fmt;

use alloc::string::String;

use serde::de::{Deserializer, Error as _, Visitor};

use super::cell::CellDeserializer;
use super::error::DeserializeError;
use crate::Precision;
use crate::csv::cell::Cell;
use crate::csv::record::Record;
use crate::csv::table::utf8;

/// The error with its column, if its message states a value that one column alone has; with a list of
/// the columns in the message, if several have it.
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

/// Whether an error's message, of the form that serde gives it, is about this cell's value.
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

/// Takes no value of any type.
struct Nothing;

impl Visitor<'_> for Nothing {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }
}
