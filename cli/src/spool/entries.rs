//! Batches as line protocol on standard output, for `spool export` and `spool rejected --export`.

use super::rescale::rescale;
use super::{Stored, Walk, count, json, name};
use crate::command::{Kind, Matches, Opt, unit};
use crate::failure::Failure;
use crate::report::{Printable, Report, one_line};
use influx_edge::Precision;
use influx_edge::spool::{Batch, Entry};
use std::collections::BTreeSet;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

pub(super) const PRECISION: Opt = Opt::value(
    "precision",
    "UNIT",
    Kind::Choice(&["ns", "us", "ms", "s", "stored"]),
    "unit of the times: ns (default), us, ms, s, stored",
);

/// Returns the requested unit; `None` is that of each batch.
fn requested_unit(matches: &Matches) -> Result<Option<Precision>, Failure> {
    match matches.text("precision")?.unwrap_or("ns") {
        "stored" => Ok(None),
        name if unit(name).is_some() => Ok(unit(name)),
        other => Err(matches.misused(format_args!(
            "--precision {other}: the units are ns, us, ms, s and stored"
        ))),
    }
}

struct Export<'a, W> {
    out: W,
    unit: Option<Precision>,
    bucket: Option<&'a str>,
    json: bool,
    /// `true` to escape control characters.
    terminal: bool,
    points: u64,
    buckets: BTreeSet<String>,
    damaged: u64,
    /// Lines whose time doesn't fit the unit.
    misfits: u64,
    lines: Vec<u8>,
    left_over: Vec<u8>,
}

/// Prints the batches of a walk. The exit code is 1 if some of them could not be printed.
pub(super) fn print(matches: &Matches, spool: &Stored, walk: Walk) -> Result<ExitCode, Failure> {
    let report = Report::new(matches);
    let mut export = Export {
        out: BufWriter::new(io::stdout().lock()),
        unit: requested_unit(matches)?,
        bucket: matches.text("bucket")?,
        json: report.json,
        terminal: io::stdout().is_terminal(),
        points: 0,
        buckets: BTreeSet::new(),
        damaged: 0,
        misfits: 0,
        lines: Vec::new(),
        left_over: Vec::new(),
    };
    let mut printed = Ok(());
    spool.walk(walk, &mut |entry| match entry {
        Entry::Batch {
            batch,
            reason,
            delivered: false,
            ..
        } if printed.is_ok() => {
            printed = export.batch(&batch, reason);
        }
        Entry::Corrupt { .. } | Entry::Damage { .. } | Entry::Unreadable { .. } => {
            export.damaged = export.damaged.saturating_add(1);
        }
        _ => {}
    })?;
    printed?;
    export.out.flush()?;
    let Export {
        points,
        buckets,
        damaged,
        misfits,
        ..
    } = export;
    report.note(format_args!(
        "{} exported, {}",
        count(points, "point"),
        count(damaged, "damaged place")
    ));
    if buckets.len() > 1 {
        report.note(format_args!(
            "they are for {} buckets; --bucket BUCKET exports those of one",
            buckets.len()
        ));
    }
    if misfits > 0 {
        report.error(format_args!(
            "{misfits} lines have times that don't fit the unit, and are in comments; --precision stored \
             keeps all times"
        ));
    }
    Ok(ExitCode::from(u8::from(damaged > 0 || misfits > 0)))
}

impl<W: Write> Export<'_, W> {
    fn batch(&mut self, batch: &Batch<'_>, reason: Option<&str>) -> io::Result<()> {
        let bucket = batch.target.bucket();
        if self.bucket.is_some_and(|only| only != bucket) {
            return Ok(());
        }
        self.points = self.points.saturating_add(u64::from(batch.points));
        if !self.buckets.contains(bucket) {
            self.buckets.insert(bucket.to_owned());
        }
        let unit = self.unit.unwrap_or(batch.precision);
        self.lines.clear();
        self.left_over.clear();
        let (out, left_over) = (&mut self.lines, &mut self.left_over);
        let misfits = rescale(batch.lines, batch.precision, unit, out, left_over);
        self.misfits = self.misfits.saturating_add(misfits);
        if self.json {
            let mut line = json(batch.target);
            line.set("precision", unit.as_str());
            line.set("points", batch.points);
            line.set("lines", String::from_utf8_lossy(&self.lines));
            if misfits > 0 {
                line.set("left_over", String::from_utf8_lossy(&self.left_over));
                line.set("left_over_precision", batch.precision.as_str());
            }
            if let Some(reason) = reason {
                line.set("reason", reason);
            }
            return writeln!(self.out, "{line}");
        }
        // A comment of line protocol. Names and reasons can't end it: they are escaped.
        let reason = reason.map(|reason| format!(" rejected: {}", one_line(reason)));
        writeln!(
            self.out,
            "# {} precision={}{}",
            name(batch.target),
            unit.as_str(),
            reason.unwrap_or_default()
        )?;
        if self.terminal {
            let text = String::from_utf8_lossy(&self.lines);
            write!(self.out, "{}", Printable(&text))?;
        } else {
            self.out.write_all(&self.lines)?;
        }
        if misfits == 0 {
            return Ok(());
        }
        let stored = batch.precision.as_str();
        writeln!(self.out, "# not in {}, but in {stored}:", unit.as_str())?;
        let text = String::from_utf8_lossy(&self.left_over);
        for line in text.lines() {
            writeln!(self.out, "# {}", Printable(line))?;
        }
        Ok(())
    }
}
