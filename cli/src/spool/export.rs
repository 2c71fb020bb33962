//! `spool export`: what waits, as line protocol.

use super::{BUCKET, DIR, entries, inspect};
use crate::command::{Command, Matches};
use crate::failure::Failure;
use influx_edge::spool::Inspector;
use std::process::ExitCode;

pub(super) const COMMAND: Command = Command {
    name: "export",
    summary: "print what waits as line protocol; it stays",
    operands: DIR,
    options: &[BUCKET, entries::PRECISION],
    connects: false,
    notes: "Only reads: safe beside a running owner. A comment line before each batch\n\
            says where it is to go. Times are converted to one unit, so that write can\n\
            take them: a time that doesn't fit is left in a comment, and the exit code\n\
            is 1, as it is if the spool is damaged. With --json a batch is an object.",
    examples: &[(
        "What waits here, to another server",
        "influx-edge spool export --bucket old | influx-edge write new --url URL",
    )],
    commands: &[],
    run,
};

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    let (_, inspector) = inspect(matches)?;
    entries::print(matches, &inspector, Inspector::walk_queue)
}
