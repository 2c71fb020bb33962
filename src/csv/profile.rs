//! Profiler tables as text.

use alloc::string::String;
use core::fmt::Write;

use super::record::Record;

/// The name of the result that has the profiles.
pub(super) const RESULT: &str = "_profiler";

/// The limit of the text; the profile of a real query has a few kilobytes.
const MAX_BYTES: usize = 1 << 20;
/// The last line of a profile that was cut.
const CUT: &str = "\n… the profile goes on; more than 1 MiB of it is not kept\n";

/// Appends a row of a profile, one line per value:
///
/// ```text
/// profiler/operator
///   Type: *influxdb.readFilterSource
///   Count: 4
/// ```
///
/// A value of several lines, such as the query plan, begins on a new line. Control characters are escaped, since
/// the text is for a terminal.
pub(super) fn describe(record: Record<'_>, out: &mut String) {
    if out.len() > MAX_BYTES {
        return;
    }
    let name: &str = record.get("_measurement").unwrap_or_default();
    push(name, "", out);
    out.push('\n');
    for (column, cell) in record.table().columns().zip(record.cells()) {
        if column.name() == "_measurement" || cell.is_null() {
            continue;
        }
        let value = String::from_utf8_lossy(cell.as_bytes());
        let value = value.trim_end();
        out.push_str("  ");
        push(column.name(), "", out);
        out.push_str(if value.contains('\n') {
            ":\n    "
        } else {
            ": "
        });
        push(value, "    ", out);
        out.push('\n');
    }
    if out.len() > MAX_BYTES {
        let end = (0..=MAX_BYTES).rev().find(|at| out.is_char_boundary(*at));
        out.truncate(end.unwrap_or(0));
        out.push_str(CUT);
    }
}

/// Appends text; each line after the first is indented.
fn push(text: &str, indent: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\n' => {
                out.push('\n');
                out.push_str(indent);
            }
            c if c.is_control() && c != '\t' => {
                // Writing to a `String` doesn't fail.
                let _ = write!(out, "{}", c.escape_default());
            }
            c => out.push(c),
        }
    }
}
