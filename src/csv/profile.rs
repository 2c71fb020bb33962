//! Profiler tables as text.

use alloc::string::String;
use core::fmt::Write;

use super::record::Record;

/// The result that the server puts profiles into.
pub(super) const RESULT: &str = "_profiler";

/// Appends a row of a profile, one line per value:
///
/// ```text
/// profiler/operator
///   Type: *influxdb.readFilterSource
///   Count: 4
/// ```
pub(super) fn describe(record: Record<'_>, out: &mut String) {
    let name: &str = record.get("_measurement").unwrap_or_default();
    out.push_str(name);
    out.push('\n');
    for (column, cell) in record.table().columns().zip(record.cells()) {
        if column.name() == "_measurement" || cell.is_null() {
            continue;
        }
        let value = String::from_utf8_lossy(cell.bytes());
        // The query plan is a text of many lines: it begins on a line of its own.
        let separator = if value.contains('\n') { "\n" } else { " " };
        // A string takes everything.
        let _ = writeln!(out, "  {}:{separator}{}", column.name(), value.trim_end());
    }
}
