//! `spool export`: prints spooled lines as line protocol.

use super::{BUCKET, DIR, Stored, entries};
use crate::command::{Command, Matches};
use crate::failure::Failure;
use influx_edge::spool::Inspector;
use std::process::ExitCode;

pub(super) const COMMAND: Command = Command {
    name: "export",
    summary: "print the spooled lines as line protocol; they stay",
    operands: DIR,
    options: &[BUCKET, entries::PRECISION],
    connects: false,
    notes: "Only reads: safe while the spool is in use. A comment before\n\
            each batch names its target. Times are converted to one unit, so that write\n\
            can read them. A line whose time doesn't fit becomes a comment, and the exit\n\
            code is 1, as it is if the spool is damaged. With --json a batch is an object.",
    examples: &[(
        "Send the lines for one bucket to another server",
        "influx-edge spool export --bucket old | influx-edge write new --url URL",
    )],
    commands: &[],
    run,
};

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    entries::print(matches, &Stored::open(matches)?, Inspector::walk_queue)
}
