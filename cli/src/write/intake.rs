//! `Intake`: the bytes of an input as blocks of lines.

use super::block::{Block, Numbers};
use super::cutter::{Cut, Cutter, TOO_LONG};
use super::format::{Format, Lines, Position};
use super::input::Source;
use super::options::Options;
use super::outlet::Outlet;
use crate::failure::Failure;
use influx_edge::Precision;
use influx_edge::line::OwnedDefaultTags;
use std::fs::File;
use std::time::Instant;

/// Bytes that a format takes at once. The writer takes their lines as a whole, and the copies fit in the
/// processor's cache.
const PART: usize = 16 * 1024;

pub(super) enum Intake {
    Closed,
    /// Line protocol.
    Text(Cutter, Precision),
    /// Another format, its lines, and the number of bytes pushed.
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
            let opened = File::open(path);
            let mut start = opened.map_err(|why| Failure::no_input(path.display(), why))?;
            format.resume(source.start, &mut start)?;
        }
        let pushed = source.start.bytes;
        Ok(Intake::Format(
            format,
            Box::new(options.lines(tags.clone())),
            pushed,
        ))
    }

    /// Takes bytes, and passes whole lines to the outlet.
    ///
    /// # Errors
    /// Returns an error if the input can't be read in this format.
    pub(super) fn push(
        &mut self,
        source: usize,
        bytes: &[u8],
        outlet: &mut Outlet,
    ) -> Result<(), Failure> {
        match self {
            Intake::Closed => {}
            Intake::Text(cutter, precision) => {
                cutter.push(bytes);
                let now = Instant::now();
                while let Some(cut) = cutter.next(now) {
                    pass_on(cutter, cut, source, *precision, outlet);
                }
            }
            Intake::Format(format, lines, pushed) => {
                for part in bytes.chunks(PART) {
                    *pushed = pushed.saturating_add(part.len() as u64);
                    format.push(part, lines)?;
                    pass_on_records(lines, source, outlet);
                }
            }
        }
        Ok(())
    }

    /// Ends the input: the rest is the last line.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(super) fn finish(&mut self, source: usize, outlet: &mut Outlet) -> Result<(), Failure> {
        match self {
            Intake::Closed => {}
            Intake::Text(cutter, precision) => {
                while let Some(cut) = cutter.rest() {
                    pass_on(cutter, cut, source, *precision, outlet);
                }
            }
            Intake::Format(format, lines, _) => {
                format.finish(lines)?;
                pass_on_records(lines, source, outlet);
            }
        }
        Ok(())
    }

    /// Returns the position of the next line.
    pub(super) fn position(&self) -> Option<Position> {
        match self {
            Intake::Closed => None,
            Intake::Text(cutter, _) => Some(cutter.position()),
            Intake::Format(format, ..) => Some(format.position()),
        }
    }

    /// Returns the number of bytes taken, including those of earlier runs.
    pub(super) fn read(&self) -> u64 {
        let whole = self.position().unwrap_or_default().bytes;
        whole.saturating_add(self.unfinished())
    }

    /// Returns the number of bytes after the last whole line.
    pub(super) fn unfinished(&self) -> u64 {
        match self {
            Intake::Closed => 0,
            Intake::Text(cutter, _) => cutter.pending().len() as u64,
            Intake::Format(format, _, pushed) => pushed.saturating_sub(format.position().bytes),
        }
    }

    /// Passes whole lines to the outlet, and rejects the last one if a signal came before its end.
    pub(super) fn interrupted(&mut self, source: usize, outlet: &mut Outlet) {
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
                    pass_on(cutter, cut, source, *precision, outlet);
                }
            }
            Intake::Format(format, _, pushed) => {
                let at = format.position();
                if *pushed > at.bytes {
                    outlet.reject(source, at.lines.saturating_add(1), &REASON, b"");
                }
            }
        }
    }
}

fn pass_on(
    cutter: &mut Cutter,
    cut: Cut,
    source: usize,
    precision: Precision,
    outlet: &mut Outlet,
) {
    let number = cutter.position().lines.saturating_add(1);
    let mut text = outlet.buffer();
    cutter.take(cut, &mut text);
    match cut {
        Cut::Lines(_) => outlet.take(Block {
            source,
            text,
            numbers: Numbers::From(number),
            precision,
        }),
        Cut::Bad(_, reason) => outlet.reject(source, number, &reason, &text),
        Cut::Part { first, last, .. } => {
            if first {
                outlet.begin_long(source, number, TOO_LONG);
            }
            outlet.part_of_long(&text, last);
        }
    }
}

fn pass_on_records(lines: &mut Lines, source: usize, outlet: &mut Outlet) {
    for one in lines.rejected.drain(..) {
        outlet.reject(source, one.number, &one.reason, &one.record);
    }
    outlet.take_encoded(source, lines);
}
