//! A batch of lines in flight, and the pieces it is split into to find the lines that a server rejects.

use super::split::split;
use crate::error::LineError;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Whole lines that wait or travel together. Its pieces are sent one after the other, in the order
/// of their lines; usually there is one.
#[derive(Debug)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    pieces: VecDeque<Piece>,
    /// What was written last, as long as all of it is stored or may yet be.
    last: Option<Range<usize>>,
    /// Attempts in a row that failed, and when they began.
    pub(crate) failures: u32,
    pub(crate) failing_since: Option<core::time::Duration>,
}

/// Consecutive lines of a batch, to be sent in one request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Piece {
    start: usize,
    end: usize,
    pub(crate) lines: usize,
    /// It holds at least one line the server won't take.
    pub(crate) bad: bool,
    /// If the piece before it turns out good, this one is the bad one.
    heir: bool,
    /// The server is known to work: if it fails on this piece, the piece is at fault.
    pub(crate) judged: bool,
    /// The server failed on it so often that the next request finds out who is at fault.
    pub(crate) prove: bool,
    /// How often the way broke or time ran out under it.
    pub(crate) breaks: u8,
    /// How often the server failed on it (500).
    pub(crate) faults: u8,
    /// How often it failed while the server works.
    pub(crate) convictions: u8,
    /// Its body waits until the server asks for it.
    pub(crate) expect: bool,
}

/// A line taken out of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TakenOut {
    pub(crate) line: String,
    pub(crate) message: String,
}

impl Batch {
    /// `last` is where the last thing written begins.
    pub(crate) fn new(bytes: Vec<u8>, lines: usize, last: usize) -> Self {
        let piece = Piece {
            end: bytes.len(),
            lines,
            ..Piece::default()
        };
        Batch {
            last: Some(last..bytes.len()),
            bytes,
            pieces: VecDeque::from([piece]),
            failures: 0,
            failing_since: None,
        }
    }

    /// The same, if where its last item begins isn't known.
    pub(crate) fn without_last(mut self) -> Self {
        self.last = None;
        self
    }

    /// The piece to send next.
    pub(crate) fn piece(&mut self) -> Option<&mut Piece> {
        self.pieces.front_mut()
    }

    /// Its lines.
    pub(crate) fn piece_bytes(&self) -> &[u8] {
        self.pieces
            .front()
            .and_then(|piece| self.bytes.get(piece.start..piece.end))
            .unwrap_or_default()
    }

    /// All lines that are left.
    pub(crate) fn rest(&self) -> &[u8] {
        let start = self.pieces.front().map_or(self.bytes.len(), |p| p.start);
        self.bytes.get(start..).unwrap_or_default()
    }

    /// How many lines are left.
    pub(crate) fn lines(&self) -> usize {
        self.pieces.iter().map(|piece| piece.lines).sum()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The piece is done with. `good`: all of it was stored.
    pub(crate) fn pop(&mut self, good: bool) {
        self.pieces.pop_front();
        if !good {
            self.last = None;
        }
        if let Some(next) = self.pieces.front_mut() {
            next.bad |= next.heir && good;
            next.heir = false;
        }
    }

    /// What was written last, as long as the batch is in one piece.
    pub(crate) fn last_written(&self) -> Option<&[u8]> {
        match self.pieces.len() {
            1 => self.bytes.get(self.last.clone()?),
            _ => None,
        }
    }

    /// Gives the storage back.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives back what the storage has too much, for a batch that will wait.
    pub(crate) fn shrink(&mut self) {
        if self.bytes.capacity() > self.bytes.len().saturating_add(self.bytes.len() / 16) {
            self.bytes.shrink_to_fit();
        }
    }

    /// Cuts the piece in two, between lines. False if there is nothing to cut. `bad`: one half is
    /// to blame.
    pub(crate) fn halve(&mut self, bad: bool) -> bool {
        let Some(piece) = self.pieces.front().copied() else {
            return false;
        };
        let left_lines = piece.lines / 2;
        let left_bytes: usize = split(self.piece_bytes())
            .take(left_lines)
            .map(<[u8]>::len)
            .sum();
        let middle = piece.start.saturating_add(left_bytes);
        if middle <= piece.start || middle >= piece.end {
            return false;
        }
        let fresh = Piece {
            judged: piece.judged,
            expect: piece.expect,
            ..Piece::default()
        };
        let left = Piece {
            start: piece.start,
            end: middle,
            lines: left_lines,
            ..fresh
        };
        let right = Piece {
            start: middle,
            end: piece.end,
            lines: piece.lines.saturating_sub(left_lines),
            heir: bad,
            ..fresh
        };
        // What follows is to blame only if all of this piece was good, which it isn't.
        if bad {
            if let Some(next) = self.pieces.get_mut(1) {
                next.heir = false;
            }
        }
        if let Some(front) = self.pieces.front_mut() {
            *front = right;
        }
        self.pieces.push_front(left);
        true
    }

    /// Takes the named lines out of the piece. What names no line of it has no effect.
    pub(crate) fn take_out(&mut self, named: &[LineError]) -> Vec<TakenOut> {
        let guilty = Guilty::new(named, self.piece_bytes());
        if guilty.found.is_empty() {
            return Vec::new();
        }
        let Some(piece) = self.pieces.front().copied() else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let mut kept = Vec::with_capacity(self.piece_bytes().len());
        for (number, line) in split(self.piece_bytes()).enumerate() {
            match guilty.found.get(&number) {
                Some(bad) => out.push(TakenOut {
                    line: text(line),
                    message: bad.reason.clone(),
                }),
                None => kept.extend_from_slice(line),
            }
        }
        let gone = piece
            .end
            .saturating_sub(piece.start)
            .saturating_sub(kept.len());
        self.bytes.splice(piece.start..piece.end, kept);
        self.last = None;
        for later in self.pieces.iter_mut().skip(1) {
            later.start = later.start.saturating_sub(gone);
            later.end = later.end.saturating_sub(gone);
        }
        if let Some(front) = self.pieces.front_mut() {
            *front = Piece {
                start: piece.start,
                end: piece.end.saturating_sub(gone),
                lines: piece.lines.saturating_sub(out.len()),
                expect: piece.expect,
                ..Piece::default()
            };
            if front.lines == 0 {
                self.pop(false);
            }
        }
        // Whoever was to blame if this piece was good: it wasn't.
        if let Some(next) = self.pieces.get_mut(1) {
            next.heir = false;
        }
        out
    }

    /// Which lines of the piece the server named, without touching them.
    pub(crate) fn named(&self, named: &[LineError]) -> Vec<TakenOut> {
        let guilty = Guilty::new(named, self.piece_bytes());
        split(self.piece_bytes())
            .enumerate()
            .filter_map(|(number, line)| {
                guilty.found.get(&number).map(|bad| TakenOut {
                    line: text(line),
                    message: bad.reason.clone(),
                })
            })
            .collect()
    }
}

/// A line as text, without its newline. (An encoder writes nothing but UTF-8.)
pub(crate) fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).into_owned()
}

/// Which lines a server's words mean, by their number from 0.
struct Guilty<'a> {
    found: BTreeMap<usize, &'a LineError>,
}

impl<'a> Guilty<'a> {
    /// A line is meant by its exact text; by its number, if no text is given or the text agrees as
    /// far as it goes; by the beginning of its text, if that fits one line only. To take out a line
    /// that wasn't meant would be to lose it, so whatever fits less well means none.
    fn new(named: &'a [LineError], bytes: &[u8]) -> Self {
        let mut found = BTreeMap::new();
        if named.is_empty() {
            return Guilty { found };
        }
        let lines: Vec<&[u8]> = split(bytes)
            .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
            .collect();
        let mut by_text: BTreeMap<&[u8], &LineError> = BTreeMap::new();
        for bad in named.iter().filter(|bad| !bad.line.is_empty()) {
            by_text.insert(bad.line.as_bytes(), bad);
        }
        let mut exact: Vec<&[u8]> = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            if let Some(bad) = by_text.get(line) {
                found.insert(number, *bad);
                exact.push(line);
            }
        }
        exact.sort_unstable();
        for bad in named {
            if !bad.line.is_empty() && exact.binary_search(&bad.line.as_bytes()).is_ok() {
                continue;
            }
            let start = shortened(&bad.line);
            let number = bad
                .number
                .and_then(|n| usize::try_from(n).ok()?.checked_sub(1))
                .filter(|n| lines.get(*n).is_some_and(|line| line.starts_with(start)));
            let only = || {
                let mut fitting = lines
                    .iter()
                    .enumerate()
                    .filter(|(_, line)| !start.is_empty() && line.starts_with(start));
                match (fitting.next(), fitting.next()) {
                    (Some((number, _)), None) => Some(number),
                    _ => None,
                }
            };
            if let Some(number) = number.or_else(only) {
                found.insert(number, bad);
            }
        }
        Guilty { found }
    }
}

/// The text without the dots that say it goes on.
fn shortened(line: &str) -> &[u8] {
    line.trim_end_matches(['…', '.', '\n']).as_bytes()
}

#[cfg(test)]
#[path = "tests/batch.rs"]
mod tests;
