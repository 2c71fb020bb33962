//! `Outlet`: passes blocks of lines to the writer, and follows each line to its outcome.

use super::account::Account;
use super::block::{Block, Numbers};
use super::format::Lines;
use super::recent::Recent;
use super::rejects::{Entry, Rejects};
use super::rewrite::Rewrite;
use crate::report::Report;
use influx_edge::writer::Stats;
use influx_edge::{Error, ErrorKind, WriteError, Writer};
use std::collections::VecDeque;
use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

/// The most bytes of lines in memory.
pub(super) const MAX_BUFFER: usize = 2 << 20;
/// Reading waits if less memory is free: the size of a piece of short lines after each of them got a time.
const MARGIN: usize = 400 * 1024;

pub(super) struct Outlet {
    report: Report,
    pub(super) writer: Writer,
    pub(super) rewrite: Rewrite,
    rejects: Rejects,
    recent: Recent,
    /// The names of the inputs, if there are several.
    names: Option<Vec<String>>,
    /// Lines that didn't fit into the writer's buffer.
    waiting: VecDeque<Block>,
    accepted: u64,
    /// Lines rejected by the command or by the writer.
    rejected: u64,
    /// Lines rejected by the server, and recorded.
    listed: u64,
    /// `true` if nothing can be delivered: further lines are printed.
    pub(super) gave_up: bool,
    /// Printed lines that the writer never had, and all lines that couldn't be printed.
    given_back: u64,
    unprinted: u64,
}

impl Outlet {
    pub(super) fn new(
        writer: Writer,
        rewrite: Rewrite,
        rejects: Rejects,
        names: Vec<String>,
        report: Report,
    ) -> Outlet {
        Outlet {
            report,
            writer,
            rewrite,
            rejects,
            recent: Recent::default(),
            names: (names.len() > 1).then_some(names),
            waiting: VecDeque::new(),
            accepted: 0,
            rejected: 0,
            listed: 0,
            gave_up: false,
            given_back: 0,
            unprinted: 0,
        }
    }

    /// Returns an empty buffer for lines.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.recent.buffer()
    }

    /// Sends what is due, and returns the time until the next call is due.
    pub(super) fn poll(&mut self) -> Duration {
        let wait = self.writer.poll().unwrap_or_default();
        self.list_rejected();
        self.rejects.flush();
        wait
    }

    /// Returns `true` if the next piece may not fit in memory.
    pub(super) fn is_full(&self) -> bool {
        !self.waiting.is_empty() || self.free() < MARGIN
    }

    fn free(&self) -> usize {
        let buffered = usize::try_from(self.writer.stats().buffered_bytes);
        MAX_BUFFER.saturating_sub(buffered.unwrap_or(usize::MAX))
    }

    /// Returns `true` in an outage, and until the spool is empty after it.
    pub(super) fn is_failing(&self) -> bool {
        self.writer.last_error().is_some() || self.writer.stats().spooled > 0
    }

    /// Returns the number of lines that have left memory.
    pub(super) fn left_memory(&self) -> u64 {
        let stats = self.writer.stats();
        stats.accepted.saturating_sub(stats.buffered)
    }

    /// Takes whole lines.
    pub(super) fn take(&mut self, block: Block) {
        if !self.rewrite.is_needed(&block.text) {
            return self.deliver(block);
        }
        let block = match std::str::from_utf8(&block.text) {
            Ok(_) => block,
            Err(_) => self.without_bad_text(block),
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
            self.reject(block.source, number, &why, line.as_bytes());
        }
        self.deliver(changed);
    }

    /// Takes the lines of an encoder. The writer takes them as a whole without parsing them again, if it can;
    /// otherwise each line is taken like one of a text.
    pub(super) fn take_encoded(&mut self, source: usize, lines: &mut Lines) {
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
            self.list_rejected();
        } else {
            self.take(block);
        }
        encoder.clear();
    }

    fn deliver(&mut self, block: Block) {
        if self.gave_up {
            let lines = block.lines().count() as u64;
            return self.give_back(&block.text, lines);
        }
        if !self.waiting.is_empty() {
            return self.waiting.push_back(block);
        }
        let Ok(text) = std::str::from_utf8(&block.text) else {
            let good = self.without_bad_text(block);
            return self.deliver(good);
        };
        let outcome = self.writer.write_lines(text, block.precision);
        self.accepted = self.accepted.saturating_add(outcome.accepted);
        if !outcome.is_complete() {
            self.not_taken(&block, &outcome.rejected);
        }
        self.keep(block);
        self.list_rejected();
    }

    fn keep(&mut self, block: Block) {
        let buffered = self.writer.stats().buffered_bytes;
        let buffered = usize::try_from(buffered).unwrap_or(usize::MAX);
        self.recent.keep(block, buffered);
    }

    /// Returns the lines of a block that are UTF-8, and rejects the others.
    fn without_bad_text(&mut self, block: Block) -> Block {
        // Only ASCII bytes affect where lines end, so a copy without the others has the same lines.
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
                self.reject(block.source, found.number, &reason, raw);
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

    /// Handles lines that the writer rejected: they wait if its buffer is full.
    fn not_taken(&mut self, block: &Block, rejected: &[(u64, WriteError)]) {
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
                self.reject(block.source, found.number, why, found.raw.as_bytes());
            }
        }
        if !numbers.is_empty() {
            waiting.numbers = Numbers::List(numbers);
            self.waiting.push_back(waiting);
        }
    }

    /// Passes waiting lines to the writer, as far as there is space.
    pub(super) fn submit_waiting(&mut self) {
        for block in std::mem::take(&mut self.waiting) {
            match self.free() < MARGIN {
                true => self.waiting.push_back(block),
                false => self.deliver(block),
            }
        }
    }

    /// Counts and records a line that the command rejects.
    pub(super) fn reject(&mut self, source: usize, number: u64, reason: &dyn Display, line: &[u8]) {
        self.record(source, number, reason, line, Rejects::add);
    }

    /// As [`reject`](Self::reject), for a line that is too long and follows in parts.
    pub(super) fn begin_long(&mut self, source: usize, number: u64, why: &str) {
        self.record(source, number, &why, b"", Rejects::begin);
    }

    fn record(
        &mut self,
        source: usize,
        number: u64,
        reason: &dyn Display,
        line: &[u8],
        to: fn(&mut Rejects, &Entry<'_>),
    ) {
        self.rejected = self.rejected.saturating_add(1);
        let entry = Entry {
            source: name(&self.names, source),
            number: Some(number),
            reason: &reason.to_string(),
            line,
            lines: 1,
        };
        to(&mut self.rejects, &entry);
    }

    pub(super) fn part_of_long(&mut self, bytes: &[u8], last: bool) {
        self.rejects.part(bytes);
        if last && !bytes.ends_with(b"\n") {
            self.rejects.part(b"\n");
        }
        self.rejects.flush();
    }

    /// Records the lines that the server rejected.
    fn list_rejected(&mut self) {
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
            self.rejects.add(&entry);
        }
    }

    /// Delivers or spools everything that was taken; returns `true` if all of it is safe.
    pub(super) fn make_safe(&mut self, limit: Duration) -> bool {
        self.submit_waiting();
        // In an outage without a spool an attempt only costs time.
        let futile = self.writer.spool().is_none() && self.writer.last_error().is_some();
        let safe = !futile && self.waiting.is_empty() && self.writer.flush_within(limit).is_ok();
        self.list_rejected();
        self.rejects.sync();
        safe && self.rejects.unrecorded == 0 && self.writer.stats().dropped.total() == 0
    }

    /// Flushes for the last time. Undelivered lines that are not in the spool are printed, unless their input is
    /// read again.
    pub(super) fn finish(&mut self, limit: Duration, print: bool) {
        let mut flushed = self.writer.flush_within(limit);
        if !self.waiting.is_empty() && flushed.is_ok() {
            self.submit_waiting();
            flushed = self.writer.flush_within(limit);
        }
        self.list_rejected();
        if let Err(error) = flushed {
            self.report.error(undelivered(&error, print));
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

    /// Counts and prints lines that the writer never had.
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

    /// Prints the summary of rejected lines.
    pub(super) fn end(&mut self) {
        let rejected = self.account().rejected;
        self.rejects.end(rejected);
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

/// Describes a failed flush. The error's own text is for a program that keeps the lines in memory.
fn undelivered(error: &Error, printed: bool) -> String {
    let ErrorKind::Flush(flush) = error.kind() else {
        return error.to_string();
    };
    let plural = if flush.lines() == 1 { "" } else { "s" };
    let outcome = match printed {
        true => "printed on standard output",
        false => "left for the next run",
    };
    let cause = match flush.cause() {
        Some(cause) => cause.to_string(),
        None => "time ran out before the first attempt".to_owned(),
    };
    format!(
        "{} line{plural} not delivered, {outcome}: {cause}",
        flush.lines()
    )
}

/// Returns the name of an input, if there are several.
fn name(names: &Option<Vec<String>>, source: usize) -> Option<&str> {
    names.as_ref()?.get(source).map(String::as_str)
}
