//! `write`: standard input or files into a bucket.
//!
//! `run` has the loop: it sends, and takes what the thread of `input` has read. `intake` makes blocks of
//! lines of it, `outlet` hands them to the writer and follows those that were rejected. `finish` is the end.

mod account;
mod block;
mod cutter;
mod finish;
mod format;
mod input;
mod intake;
mod options;
mod outlet;
mod pairs;
mod recent;
mod rejects;
mod resume;
mod rewrite;
mod run;
mod spooling;

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
            help: "line protocol (default, and -: standard input)",
            count: Count::Any,
            kind: Kind::File,
        },
    ],
    options: options::OPTIONS,
    connects: true,
    notes: NOTES,
    examples: &[
        (
            "What a broker publishes, as it comes",
            "mosquitto_sub -t 's/#' -F 'w,topic=%t v=%p' | influx-edge write sensors",
        ),
        (
            "A large file; the same command goes on after a power failure",
            "influx-edge write sensors --resume today.state today.lp",
        ),
    ],
    commands: &[],
    run: run::run,
};

const NOTES: &str = "\
What can't be delivered waits in the spool for the next run; without a spool
it comes out on standard output. Exit codes: 0, 2 rejected, 75 not delivered.";
