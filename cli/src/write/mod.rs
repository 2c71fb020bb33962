//! `write`: standard input or files into a bucket.
//!
//! `run` has the loop: it sends, and takes what the thread of `input` has read. `intake` makes blocks of
//! lines of it, `outlet` hands them to the writer and follows those that were rejected. `finish` is the end.

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
            help: "where they go; it has to be there",
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
        "What a broker publishes, as it comes",
        "mosquitto_sub -t 's/#' -F 'w,topic=%t v=%p' | influx-edge write sensors",
    )],
    commands: &[],
    run: run::run,
};

const NOTES: &str = "\
What can't be delivered waits in the spool for the next run; without a spool
it comes out on standard output. Exit codes: 0, 2 rejected, 75 not delivered.

Each record of --csv and --jsonl becomes one line. Columns are measurement, tags or time as the options \
name them; all others are fields, or those that --fields names. Keys of nested JSON objects are joined by _ \
(a_b).

The type of a field never depends on the values that come: InfluxDB keeps the type of the first value \
and rejects all others. So numbers are floats, 7 as well as 7.5, unless --types declares them int or uint; in \
CSV, where a text and a number look the same, a field that is no number has to be declared (--types \
state=string,on=bool; *=string for all that are not named), otherwise its records are rejected. In JSON a \
string is a string and true is a boolean unless declared otherwise. An empty cell or null is left out; a \
record without any field, with NaN or an infinity, or with an array is rejected.

A time is RFC 3339, also \
with a space in place of the T; without an offset only with --utc. A number is a time only if --precision says \
its unit: seconds that are taken for nanoseconds would be written to 1970. Decimals are exact. If there is a \
time column a record without a time is rejected; otherwise, and for JSON without --time, a record without one \
gets the machine's. Numbers of rejected records are those of the input's lines.";
