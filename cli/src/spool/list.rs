//! `spool list` and `spool verify`.

use super::survey::{self, Survey, age, bytes};
use super::{DIR, Stored, count, json, name};
use crate::command::{Command, Matches, Opt};
use crate::failure::Failure;
use crate::report::{Printable, Report, one_line};
use influx_edge::spool::{Entry, Inspector};
use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::Path;
use std::process::ExitCode;

pub(super) const LIST: Command = Command {
    name: "list",
    summary: "list spooled lines with their ages, and rejected lines",
    operands: DIR,
    options: &[Opt::flag(
        "batches",
        "list each segment and its batches as well",
    )],
    connects: false,
    notes: "Only reads: safe while the spool is in use. An age is that of the segment: its\n\
            oldest batch is no older.",
    examples: &[(
        "The spool of a service",
        "influx-edge spool list /var/lib/logger/spool",
    )],
    commands: &[],
    run: run_list,
};

pub(super) const VERIFY: Command = Command {
    name: "verify",
    summary: "check every checksum; exit code 1 if damaged",
    operands: DIR,
    options: &[],
    connects: false,
    notes: "Only reads: safe while the spool is in use. Intact batches of a damaged spool\n\
            are delivered; the rest is skipped and counted.",
    examples: &[],
    commands: &[],
    run: run_verify,
};

/// The most reasons that are listed; `spool rejected` lists all.
const REASONS: usize = 10;

fn run_list(matches: &Matches) -> Result<ExitCode, Failure> {
    let report = Report::new(matches);
    let spool = Stored::open(matches)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut waiting = Survey::default();
    let mut printed = Ok(());
    spool.walk(Inspector::walk_queue, &mut |entry| {
        if matches.has("batches") && printed.is_ok() {
            printed = print_entry(&mut out, &entry, report.json);
        }
        waiting.take(&entry);
    })?;
    printed?;
    let rejected = spool.survey(Inspector::walk_rejected)?;
    if report.json {
        let lines = serde_json::json!({
            "directory": spool.dir.to_string_lossy(),
            "delivered_up_to": spool.inspector.as_ref().map_or(0, Inspector::acked),
            "segments": waiting.segments,
            "batches": waiting.total.batches,
            "points": waiting.total.points,
            "bytes": waiting.total.bytes,
            "delivered_batches": waiting.delivered,
            "targets": waiting.targets_json(),
            "rejected_lines": rejected.total.points,
            "rejected": (rejected.reasons_json(None)),
            "damaged": waiting.damaged.saturating_add(rejected.damaged),
            "damage": (all(&waiting.damage, &rejected.damage)),
            "notes": (all(&waiting.notes, &rejected.notes)),
        });
        writeln!(out, "{lines}")?;
    } else {
        print_list(&mut out, &spool.dir, &waiting, &rejected)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn print_list(
    out: &mut impl Write,
    dir: &Path,
    waiting: &Survey,
    rejected: &Survey,
) -> io::Result<()> {
    let dir = dir.display().to_string();
    let total = &waiting.total;
    writeln!(
        out,
        "{}\nwaiting: {}, {}, {} in {}; {} more delivered already",
        Printable(&dir),
        count(total.batches, "batch"),
        count(total.points, "point"),
        bytes(total.bytes),
        count(waiting.segments, "segment"),
        count(waiting.delivered, "batch"),
    )?;
    for (target, counts) in &waiting.targets {
        writeln!(out, "  {}", survey::line(target, counts))?;
    }
    writeln!(out, "rejected: {}", count(rejected.total.points, "line"))?;
    for ((target, reason), lines) in rejected.reasons.iter().take(REASONS) {
        let (name, reason) = (name(target), one_line(reason));
        writeln!(out, "  {name}: {}: {reason}", count(*lines, "line"))?;
    }
    let more = rejected.reasons.len().saturating_sub(REASONS);
    if more > 0 {
        writeln!(
            out,
            "  and {more} more reasons; see influx-edge spool rejected"
        )?;
    }
    print_damage(out, &[waiting, rejected])
}

fn print_damage(out: &mut impl Write, surveys: &[&Survey]) -> io::Result<()> {
    let damaged = surveys.iter().map(|survey| survey.damaged).sum::<u64>();
    writeln!(out, "damaged places: {damaged}")?;
    for survey in surveys {
        for text in survey.damage.iter().chain(&survey.notes) {
            writeln!(out, "  {}", Printable(text))?;
        }
    }
    Ok(())
}

fn all(waiting: &[String], rejected: &[String]) -> Vec<String> {
    [waiting, rejected].concat()
}

/// A line for a segment or a batch.
fn print_entry(
    out: &mut BufWriter<StdoutLock<'_>>,
    entry: &Entry<'_>,
    as_json: bool,
) -> io::Result<()> {
    match entry {
        Entry::Segment {
            path,
            created,
            bytes: len,
            ..
        } => {
            let path = path.to_string_lossy();
            if as_json {
                let line = serde_json::json!({ "segment": path, "bytes": len, "begun": created });
                return writeln!(out, "{line}");
            }
            let (size, begun) = (bytes(*len), age(*created));
            writeln!(out, "{}: {size}, begun {begun}", Printable(&path))
        }
        Entry::Batch {
            batch,
            seq,
            delivered,
            ..
        } => {
            let (unit, len) = (batch.precision.as_str(), batch.lines.len());
            if as_json {
                let mut line = json(batch.target);
                line.set("batch", *seq);
                line.set("points", batch.points);
                line.set("bytes", len);
                line.set("precision", unit);
                line.set("delivered", *delivered);
                return writeln!(out, "{line}");
            }
            writeln!(
                out,
                "  batch {seq}: {}, {} for {}, times in {unit}{}",
                count(u64::from(batch.points), "point"),
                bytes(len as u64),
                name(batch.target),
                if *delivered { ", delivered" } else { "" }
            )
        }
        _ => Ok(()),
    }
}

fn run_verify(matches: &Matches) -> Result<ExitCode, Failure> {
    let report = Report::new(matches);
    let spool = Stored::open(matches)?;
    let waiting = &spool.survey(Inspector::walk_queue)?;
    let rejected = &spool.survey(Inspector::walk_rejected)?;
    let damaged = waiting.damaged.saturating_add(rejected.damaged);
    let mut out = io::stdout().lock();
    if report.json {
        let line = serde_json::json!({
            "directory": spool.dir.to_string_lossy(),
            "segments": waiting.segments.saturating_add(rejected.segments),
            "batches": waiting.total.batches.saturating_add(waiting.delivered),
            "rejected_batches": rejected.total.batches,
            "damaged": damaged,
            "damage": (all(&waiting.damage, &rejected.damage)),
            "notes": (all(&waiting.notes, &rejected.notes)),
        });
        writeln!(out, "{line}")?;
    } else if damaged > 0 || !matches.has("quiet") {
        let dir = spool.dir.display().to_string();
        writeln!(
            out,
            "{}: {} intact in {}",
            Printable(&dir),
            count(
                waiting
                    .total
                    .batches
                    .saturating_add(waiting.delivered)
                    .saturating_add(rejected.total.batches),
                "batch"
            ),
            count(
                waiting.segments.saturating_add(rejected.segments),
                "segment"
            ),
        )?;
        print_damage(&mut out, &[waiting, rejected])?;
    }
    Ok(ExitCode::from(u8::from(damaged > 0)))
}
