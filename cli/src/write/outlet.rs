//! `Outlet`: blocks of lines into the writer, and what becomes of each line.

use super::account::Account;
use super::block::{Block, Numbers};
use super::format::Lines;
use super::recent::Recent;
use super::rejects::{Entry, Rejects};
use super::rewrite::Rewrite;
use super::run::MAX_BUFFER;
use crate::report::Report;
use influx_edge::writer::Stats;
use influx_edge::{WriteError, Writer};
use std::collections::VecDeque;
use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

/// Space that is left in memory when reading waits: what a piece of short lines takes when each of them is
/// given a time.
const MARGIN: usize = 400 * 1024;

pub(super) struct Outlet {
    pub(super) writer: Writer,
    pub(super) rewrite: Rewrite,
    rejects: Rejects,
    recent: Recent,
    /// Of the inputs, if there are several.
    names: Option<Vec<String>>,
    /// Lines for which there was no space.
    waiting: VecDeque<Block>,
    accepted: u64,
    /// Rejected before they came to the writer, or by it.
    rejected: u64,
    /// Rejected by the server, and listed.
    listed: u64,
    /// What comes is printed: nothing goes out.
    pub(super) gave_up: bool,
    /// Lines that were given back, and those of them that could not be printed.
    given_back: u64,
    unprinted: u64,
}

impl Outlet {
    pub(super) fn new(
        writer: Writer,
        rewrite: Rewrite,
        rejects: Rejects,
        names: Vec<String>,
        several: bool,
    ) -> Outlet {
        Outlet {
            writer,
            rewrite,
            rejects,
            recent: Recent::default(),
            names: several.then_some(names),
            waiting: VecDeque::new(),
            accepted: 0,
            rejected: 0,
            listed: 0,
            gave_up: false,
            given_back: 0,
            unprinted: 0,
        }
    }

    /// An empty buffer for lines.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.recent.buffer()
    }

    /// Sends what is due, and returns how long it is until the next call is useful.
    pub(super) fn poll(&mut self, report: &Report) -> Duration {
        let wait = self.writer.poll().unwrap_or_default();
        self.list_rejected(report);
        self.rejects.flush(report);
        wait
    }

    /// Whether there is no space in memory for what comes next.
    pub(super) fn is_full(&self) -> bool {
        !self.waiting.is_empty() || self.free() < MARGIN
    }

    fn free(&self) -> usize {
        let buffered = usize::try_from(self.writer.stats().buffered_bytes);
        MAX_BUFFER.saturating_sub(buffered.unwrap_or(usize::MAX))
    }

    /// Whether lines don't get to the server as they come.
    pub(super) fn is_failing(&self) -> bool {
        self.writer.last_error().is_some() || self.writer.stats().spooled > 0
    }

    /// How many lines have left memory.
    pub(super) fn left_memory(&self) -> u64 {
        let stats = self.writer.stats();
        stats.accepted.saturating_sub(stats.buffered)
    }

    /// Takes whole lines.
    pub(super) fn take(&mut self, report: &Report, block: Block) {
        if !self.rewrite.is_needed(&block.text) {
            return self.deliver(report, block);
        }
        let block = match std::str::from_utf8(&block.text) {
            Ok(_) => block,
            Err(_) => self.without_bad_text(report, block),
        };
        let mut changed = Block {
            text: self.buffer(),
            ..Block::default()
        };
        let mut bad = Vec::new();
        self.rewrite.apply(&block, &mut changed, &mut |found, why| {
            bad.push((found.number, why.to_string(), found.raw.to_owned()));
        });
        for (number, why, line) in bad {
            self.reject(report, block.source, number, &why, line.as_bytes());
        }
        self.deliver(report, changed);
    }

    /// Takes what an encoder wrote: as it is, which needs no second look at it. Where that can't be, its lines
    /// are taken as those of a text are, each by itself.
    pub(super) fn take_encoded(&mut self, report: &Report, source: usize, lines: &mut Lines) {
        let Lines {
            encoder, numbers, ..
        } = lines;
        if encoder.is_empty() {
            return;
        }
        let mut text = self.buffer();
        text.extend_from_slice(encoder.as_bytes());
        let block = Block {
            source,
            text,
            numbers: Numbers::List(std::mem::take(numbers)),
            precision: encoder.lines().precision,
        };
        let as_it_is =
            !self.gave_up && self.waiting.is_empty() && !self.rewrite.needs_times(&block.text);
        if as_it_is && self.writer.write(&*encoder).is_ok() {
            let accepted = encoder.line_count() as u64;
            self.accepted = self.accepted.saturating_add(accepted);
            self.keep(block);
            self.list_rejected(report);
        } else {
            self.take(report, block);
        }
        encoder.clear();
    }

    fn deliver(&mut self, report: &Report, block: Block) {
        if self.gave_up {
            let lines = block.lines().count() as u64;
            return self.give_back(&block.text, lines);
        }
        if !self.waiting.is_empty() {
            return self.waiting.push_back(block);
        }
        let Ok(text) = std::str::from_utf8(&block.text) else {
            let good = self.without_bad_text(report, block);
            return self.deliver(report, good);
        };
        let outcome = self.writer.write_lines(text, block.precision);
        self.accepted = self.accepted.saturating_add(outcome.accepted);
        if !outcome.is_complete() {
            self.refused(report, &block, &outcome.rejected);
        }
        self.keep(block);
        self.list_rejected(report);
    }

    fn keep(&mut self, block: Block) {
        let buffered = self.writer.stats().buffered_bytes;
        let buffered = usize::try_from(buffered).unwrap_or(usize::MAX);
        self.recent.keep(block, buffered);
    }

    /// The lines of a block that are UTF-8; each of the others is a bad one.
    fn without_bad_text(&mut self, report: &Report, block: Block) -> Block {
        // The places of the ends of lines don't depend on what isn't ASCII.
        let ascii = |byte: &u8| if byte.is_ascii() { *byte } else { b'?' };
        let shape = Block {
            text: block.text.iter().map(ascii).collect(),
            numbers: block.numbers.clone(),
            ..Block::default()
        };
        let (mut good, mut numbers) = (Vec::new(), Vec::new());
        let start = shape.text.as_ptr() as usize;
        for found in shape.lines() {
            let at = (found.raw.as_ptr() as usize).saturating_sub(start);
            let raw = block.text.get(at..at.saturating_add(found.raw.len()));
            let raw = raw.unwrap_or_default();
            if let Err(why) = std::str::from_utf8(raw) {
                let reason = format!("the line isn't UTF-8, at byte {}", why.valid_up_to());
                self.reject(report, block.source, found.number, &reason, raw);
                continue;
            }
            good.extend_from_slice(raw);
            good.push(b'\n');
            numbers.push(found.number);
        }
        Block {
            text: good,
            numbers: Numbers::List(numbers),
            ..block
        }
    }

    /// Lines that the writer didn't take: those for which there was no space wait.
    fn refused(&mut self, report: &Report, block: &Block, rejected: &[(u64, WriteError)]) {
        let mut waiting = Block {
            source: block.source,
            precision: block.precision,
            ..Block::default()
        };
        let mut numbers = Vec::new();
        let mut rejected = rejected.iter().peekable();
        for found in block.lines() {
            let Some((_, why)) = rejected.next_if(|(row, _)| *row == found.row) else {
                continue;
            };
            if matches!(why, WriteError::Full) {
                waiting.text.extend_from_slice(found.raw.as_bytes());
                waiting.text.push(b'\n');
                numbers.push(found.number);
            } else {
                self.reject(
                    report,
                    block.source,
                    found.number,
                    why,
                    found.raw.as_bytes(),
                );
            }
        }
        if !numbers.is_empty() {
            waiting.numbers = Numbers::List(numbers);
            self.waiting.push_back(waiting);
        }
    }

    /// Tries once more what waits.
    pub(super) fn submit_waiting(&mut self, report: &Report) {
        for block in std::mem::take(&mut self.waiting) {
            match self.free() < MARGIN {
                true => self.waiting.push_back(block),
                false => self.deliver(report, block),
            }
        }
    }

    /// Counts and records a line that is none.
    pub(super) fn reject(
        &mut self,
        report: &Report,
        source: usize,
        number: u64,
        reason: &dyn Display,
        line: &[u8],
    ) {
        self.rejected = self.rejected.saturating_add(1);
        let reason = reason.to_string();
        let entry = Entry {
            source: name(&self.names, source),
            number: Some(number),
            reason: &reason,
            line,
            lines: 1,
        };
        self.rejects.add(report, &entry);
    }

    /// The same of a line that is too long, by its parts.
    pub(super) fn begin_long(&mut self, report: &Report, source: usize, number: u64, why: &str) {
        self.rejected = self.rejected.saturating_add(1);
        let entry = Entry {
            source: name(&self.names, source),
            number: Some(number),
            reason: why,
            line: b"",
            lines: 1,
        };
        self.rejects.begin(report, &entry);
    }

    pub(super) fn part_of_long(&mut self, report: &Report, bytes: &[u8], last: bool) {
        self.rejects.part(bytes);
        if last && !bytes.ends_with(b"\n") {
            self.rejects.part(b"\n");
        }
        self.rejects.flush(report);
    }

    /// Records what the server rejected.
    fn list_rejected(&mut self, report: &Report) {
        if self.writer.stats().rejected.total() == self.listed {
            return;
        }
        for one in self.writer.take_rejected() {
            self.listed = self.listed.saturating_add(one.lines);
            let found = match one.line.is_empty() {
                true => None,
                false => self.recent.find(&one.line),
            };
            let entry = Entry {
                source: found.and_then(|(source, _)| name(&self.names, source)),
                number: found.map(|(_, number)| number),
                reason: &one.message,
                line: one.line.as_bytes(),
                lines: one.lines,
            };
            self.rejects.add(report, &entry);
        }
    }

    /// Brings everything that was taken to the server, or to the spool and the disk. Whether that worked.
    pub(super) fn make_safe(&mut self, report: &Report, limit: Duration) -> bool {
        self.submit_waiting(report);
        // Without a spool nothing is gained by trying while the server is away.
        let futile = self.writer.spool().is_none() && self.writer.last_error().is_some();
        let safe = !futile && self.waiting.is_empty() && self.writer.flush_within(limit).is_ok();
        self.list_rejected(report);
        self.rejects.sync(report);
        safe && self.rejects.unrecorded == 0 && self.writer.stats().dropped.total() == 0
    }

    /// The last flush. Lines that were not delivered and are not in the spool are printed, unless their
    /// input is read again.
    pub(super) fn finish(&mut self, report: &Report, limit: Duration, print: bool) {
        let mut flushed = self.writer.flush_within(limit);
        if !self.waiting.is_empty() && flushed.is_ok() {
            self.submit_waiting(report);
            flushed = self.writer.flush_within(limit);
        }
        self.list_rejected(report);
        if let Err(error) = flushed {
            report.error(error);
        }
        if !print {
            return;
        }
        let unsent = self.writer.unsent();
        let unsent: Vec<Vec<u8>> = unsent.map(|(_, lines)| lines.bytes.to_vec()).collect();
        for lines in unsent {
            let count = lines.iter().filter(|byte| **byte == b'\n').count();
            self.print(&lines, count as u64);
        }
        for block in std::mem::take(&mut self.waiting) {
            self.give_back(&block.text, block.lines().count() as u64);
        }
    }

    /// Prints lines that the writer never had.
    fn give_back(&mut self, text: &[u8], lines: u64) {
        self.given_back = self.given_back.saturating_add(lines);
        self.print(text, lines);
    }

    fn print(&mut self, text: &[u8], lines: u64) {
        let mut out = io::stdout().lock();
        let printed = out.write_all(text).and_then(|()| match text {
            [] | [.., b'\n'] => Ok(()),
            _ => out.write_all(b"\n"),
        });
        if printed.and_then(|()| out.flush()).is_err() {
            self.unprinted = self.unprinted.saturating_add(lines);
        }
    }

    /// The last words about rejected lines.
    pub(super) fn end(&mut self, report: &Report) {
        let rejected = self.account().rejected;
        self.rejects.end(report, rejected);
    }

    pub(super) fn account(&self) -> Account {
        let stats: Stats = self.writer.stats();
        let waiting = self
            .waiting
            .iter()
            .map(|block| block.lines().count() as u64);
        let given_back = self.given_back.saturating_add(waiting.sum());
        Account {
            read: self
                .accepted
                .saturating_add(self.rejected)
                .saturating_add(given_back),
            found: stats.recovered,
            delivered: stats.delivered,
            spooled: stats.spooled,
            rejected: self.rejected.saturating_add(stats.rejected.total()),
            not_delivered: stats
                .dropped
                .total()
                .saturating_add(stats.buffered)
                .saturating_add(given_back),
            unprinted: self.unprinted,
            unrecorded: self.rejects.unrecorded,
            unfinished: 0,
        }
    }
}

/// The name of an input, if there are several.
fn name(names: &Option<Vec<String>>, source: usize) -> Option<&str> {
    names.as_ref()?.get(source).map(String::as_str)
}
