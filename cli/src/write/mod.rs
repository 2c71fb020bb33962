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
it comes out on standard output. Exit codes: 0, 2 rejected, 75 not delivered.";
