//! `write`: standard input or files into a bucket.
//!
//! The data flow, driven by the loop in `run`; `finish` ends it:
//!
//! ```text
//! input ─ pieces ─> intake ─ blocks of lines ─> outlet ─> Writer ─> server or spool
//!                     │                           │
//!                     └──── rejected lines ───────┴─> rejects
//! ```

mod account;
mod block;
mod cell;
mod columns;
mod csv;
mod cutter;
mod finish;
mod format;
mod input;
mod intake;
mod json;
mod options;
mod outlet;
mod pairs;
mod recent;
mod records;
mod rejects;
mod resume;
mod rewrite;
mod run;
mod spooling;
mod time;

use crate::command::{Command, Count, Kind, Operand};

pub(crate) const COMMAND: Command = Command {
    name: "write",
    summary: "write lines of standard input or files into a bucket",
    operands: &[
        Operand {
            name: "BUCKET",
            help: "bucket for the lines; it must exist",
            count: Count::One,
            kind: Kind::Text,
        },
        Operand {
            name: "FILE",
            help: "line protocol, or see below (-, and by default: stdin)",
            count: Count::Any,
            kind: Kind::File,
        },
    ],
    options: options::OPTIONS,
    connects: true,
    notes: NOTES,
    examples: &[(
        "Everything that a broker publishes",
        "mosquitto_sub -t 's/#' -F 'w,topic=%t v=%p' | influx-edge write sensors",
    )],
    commands: &[],
    run: run::run,
};

const NOTES: &str = "\
Lines that can't be delivered wait in the spool for the next run; without a spool
they are printed on standard output. Exit codes: 0, 2 rejected, 75 not delivered.

Each record of --csv and --jsonl becomes one line. Options name the columns of measurement, tags and time; \
all others are fields, or only those of --fields. Keys of nested JSON objects are joined by _ (a_b).

The type of a field never depends on its values, because InfluxDB keeps the type of the first value and \
rejects others. Numbers, 7 as well as 7.5, are floats unless --types declares them int or uint. In CSV, where \
text and numbers look the same, other types must be declared (--types state=string,on=bool; *=string for all \
other fields), otherwise the records are rejected. In JSON a string is a string and true is a boolean unless \
declared otherwise. An empty cell or null is left out; a record without fields, with NaN or an infinity, or \
with an array is rejected.

Times are in RFC 3339, with T or a space; without an offset only with --utc. Numbers need --precision for \
their unit, because seconds read as nanoseconds would be written to 1970. Decimals are exact. If there is a \
time column, records without a time are rejected; otherwise, and for JSON without --time, they get the \
machine's time. The numbers of rejected records are line numbers of the input.";
