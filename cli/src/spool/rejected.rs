//! `spool rejected`: the lines that a server rejected, and the reasons.

use super::{BUCKET, DIR, Stored, count, entries, moves, name};
use crate::command::{Command, Matches, Opt};
use crate::failure::Failure;
use crate::report::{Report, one_line};
use crate::spool::survey::Survey;
use influx_edge::Spool;
use influx_edge::spool::Inspector;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

pub(super) const COMMAND: Command = Command {
    name: "rejected",
    summary: "list the lines that the server rejected, and why",
    operands: DIR,
    options: &[
        Opt::flag("export", "print the lines, each reason in a comment"),
        Opt::flag("drop", "remove all of them from the spool"),
        BUCKET,
        entries::PRECISION,
    ],
    connects: false,
    notes: "Export the lines, correct and write them, then drop them here. If the cause\n\
            was on the server, spool resend --rejected sends them again.",
    examples: &[
        (
            "1. Edit rejected.lp",
            "influx-edge spool rejected --export >rejected.lp",
        ),
        ("2. Write it again", "influx-edge write sensors rejected.lp"),
        ("3. Remove them here", "influx-edge spool rejected --drop"),
    ],
    commands: &[],
    run,
};

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    let report = Report::new(matches);
    let (exports, drops) = (matches.has("export"), matches.has("drop"));
    if exports && drops {
        return Err(matches.misused("--export and --drop exclude each other"));
    }
    if drops && matches.has("bucket") {
        return Err(matches.misused("--drop removes the lines for all buckets; leave out --bucket"));
    }
    let stored = Stored::open(matches)?;
    if exports {
        return entries::print(matches, &stored, Inspector::walk_rejected);
    }
    if drops {
        if stored.inspector.is_none() {
            return dropped(&report, 0);
        }
        let mut spool = moves::gentle(Spool::builder(stored.dir)).open()?;
        let lines = spool.clear_rejected()?;
        spool.close()?;
        return dropped(&report, lines);
    }
    let survey = stored.survey(Inspector::walk_rejected)?;
    list(&report, matches.text("bucket")?, &survey)?;
    Ok(ExitCode::from(u8::from(survey.damaged > 0)))
}

fn dropped(report: &Report, lines: u64) -> Result<ExitCode, Failure> {
    if report.json {
        writeln!(io::stdout(), "{}", serde_json::json!({ "dropped": lines }))?;
    } else {
        report.note(format_args!("{} dropped", count(lines, "rejected line")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a line for each reason.
fn list(report: &Report, bucket: Option<&str>, survey: &Survey) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    if report.json {
        for line in survey.reasons_json(bucket) {
            writeln!(out, "{line}")?;
        }
    } else {
        for ((target, reason), lines) in survey.reasons_of(bucket) {
            let (name, reason) = (name(target), one_line(reason));
            writeln!(out, "{name}: {}: {reason}", count(*lines, "line"))?;
        }
    }
    out.flush()?;
    for text in &survey.damage {
        report.error(format_args!("damaged: {text}"));
    }
    Ok(())
}
