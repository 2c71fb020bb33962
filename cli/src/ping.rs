//! `ping`: checks that the server responds.

use crate::command::{Command, Matches};
use crate::failure::Failure;
use crate::report::{Report, milliseconds};
use crate::settings;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

pub(crate) const COMMAND: Command = Command {
    name: "ping",
    summary: "check that the server responds, and print its version",
    operands: &[],
    options: &[],
    connects: true,
    notes: "",
    examples: &[(
        "In a script that waits for its server",
        "until influx-edge ping -q; do sleep 5; done",
    )],
    commands: &[],
    run,
};

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    let report = Report::new(matches);
    let client = settings::client(matches, &report)?;
    let begun = Instant::now();
    let version = client.version()?;
    let took = begun.elapsed();
    let mut out = io::stdout().lock();
    if report.json {
        let line = serde_json::json!({
            "url": client.url(), "version": version, "milliseconds": milliseconds(took),
        });
        writeln!(out, "{line}")?;
    } else if !matches.has("quiet") {
        let version = version.as_deref().unwrap_or("no version");
        writeln!(
            out,
            "{}: {version}, {:.1} ms",
            client.url(),
            milliseconds(took)
        )?;
    }
    Ok(ExitCode::SUCCESS)
}
