//! `Intake`: the bytes of an input as blocks of lines.

use super::block::{Block, Numbers};
use super::cutter::{Cut, Cutter, TOO_LONG};
use super::format::{Format, Lines, Position};
use super::input::Source;
use super::options::Options;
use super::outlet::Outlet;
use crate::failure::{Failure, NO_INPUT};
use crate::report::Report;
use influx_edge::Precision;
use influx_edge::line::OwnedDefaultTags;
use std::fs::File;
use std::time::Instant;

/// Bytes that a format takes at once: their lines are taken by the writer as a whole, and their copies stay in
/// the processor's cache.
const PART: usize = 16 * 1024;

pub(super) enum Intake {
    Closed,
    /// Line protocol.
    Text(Cutter, Precision),
    /// Anything else. The bytes that were pushed.
    Format(Box<dyn Format>, Box<Lines>, u64),
}

impl Intake {
    /// # Errors
    /// Returns an error if the format's header can't be read again.
    pub(super) fn open(
        source: &Source,
        options: &Options,
        tags: &OwnedDefaultTags,
    ) -> Result<Intake, Failure> {
        let Some(mut format) = options.format()? else {
            return Ok(Intake::Text(
                Cutter::new(source.start, !source.regular),
                options.precision,
            ));
        };
        if let (Some(path), true) = (&source.path, source.start.bytes > 0) {
            let failed = |why| Failure::new(NO_INPUT, format_args!("{}: {why}", path.display()));
            let mut start = File::open(path).map_err(failed)?;
            format.resume(source.start, &mut start)?;
        }
        let pushed = source.start.bytes;
        let lines = Box::new(options.lines(tags.clone()));
        Ok(Intake::Format(format, lines, pushed))
    }

    /// Takes bytes, and hands on what is whole.
    ///
    /// # Errors
    /// Returns an error if no record can be read.
    pub(super) fn push(
        &mut self,
        source: usize,
        bytes: &[u8],
        outlet: &mut Outlet,
        report: &Report,
    ) -> Result<(), Failure> {
        match self {
            Intake::Closed => {}
            Intake::Text(cutter, precision) => {
                cutter.push(bytes);
                let now = Instant::now();
                while let Some(cut) = cutter.next(now) {
                    hand_on(cutter, cut, source, *precision, outlet, report);
                }
            }
            Intake::Format(format, lines, pushed) => {
                for part in bytes.chunks(PART) {
                    *pushed = pushed.saturating_add(part.len() as u64);
                    format.push(part, lines)?;
                    hand_on_records(lines, source, outlet, report);
                }
            }
        }
        Ok(())
    }

    /// The input has ended: what is left is the last line.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(super) fn finish(
        &mut self,
        source: usize,
        outlet: &mut Outlet,
        report: &Report,
    ) -> Result<(), Failure> {
        match self {
            Intake::Closed => {}
            Intake::Text(cutter, precision) => {
                while let Some(cut) = cutter.rest() {
                    hand_on(cutter, cut, source, *precision, outlet, report);
                }
            }
            Intake::Format(format, lines, _) => {
                format.finish(lines)?;
                hand_on_records(lines, source, outlet, report);
            }
        }
        Ok(())
    }

    /// Where the next line begins.
    pub(super) fn position(&self) -> Option<Position> {
        match self {
            Intake::Closed => None,
            Intake::Text(cutter, _) => Some(cutter.position()),
            Intake::Format(format, ..) => Some(format.position()),
        }
    }

    /// How many bytes were taken, with those that an earlier run took.
    pub(super) fn read(&self) -> u64 {
        let whole = self.position().unwrap_or_default().bytes;
        whole.saturating_add(self.unfinished())
    }

    /// Bytes behind the last whole line.
    pub(super) fn unfinished(&self) -> u64 {
        match self {
            Intake::Closed => 0,
            Intake::Text(cutter, _) => cutter.pending().len() as u64,
            Intake::Format(format, _, pushed) => pushed.saturating_sub(format.position().bytes),
        }
    }

    /// The line whose end was not read, for it was interrupted; whole lines before it are handed on.
    pub(super) fn interrupted(&mut self, source: usize, outlet: &mut Outlet, report: &Report) {
        const REASON: &str = "the run was interrupted before the line's end";
        match self {
            Intake::Closed => {}
            Intake::Text(cutter, precision) => {
                while let Some(mut cut) = cutter.rest() {
                    let pending = cutter.pending();
                    let blank = matches!(pending.trim_ascii_start(), [] | [b'#', ..]);
                    let last = cut == Cut::Lines(pending.len()) && !pending.ends_with(b"\n");
                    if last && !blank {
                        cut = Cut::Bad(pending.len(), REASON);
                    }
                    hand_on(cutter, cut, source, *precision, outlet, report);
                }
            }
            Intake::Format(format, _, pushed) => {
                let at = format.position();
                if *pushed > at.bytes {
                    outlet.reject(report, source, at.lines.saturating_add(1), &REASON, b"");
                }
            }
        }
    }
}

fn hand_on(
    cutter: &mut Cutter,
    cut: Cut,
    source: usize,
    precision: Precision,
    outlet: &mut Outlet,
    report: &Report,
) {
    let number = cutter.position().lines.saturating_add(1);
    let mut text = outlet.buffer();
    cutter.take(cut, &mut text);
    match cut {
        Cut::Lines(_) => outlet.take(
            report,
            Block {
                source,
                text,
                numbers: Numbers::From(number),
                precision,
            },
        ),
        Cut::Bad(_, reason) => outlet.reject(report, source, number, &reason, &text),
        Cut::Part { first, last, .. } => {
            if first {
                outlet.begin_long(report, source, number, TOO_LONG);
            }
            outlet.part_of_long(report, &text, last);
        }
    }
}

fn hand_on_records(lines: &mut Lines, source: usize, outlet: &mut Outlet, report: &Report) {
    for one in lines.rejected.drain(..) {
        outlet.reject(report, source, one.number, &one.reason, &one.record);
    }
    outlet.take_encoded(report, source, lines);
}
