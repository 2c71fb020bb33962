//! A batch of lines, and the pieces it is split into to find the lines that a server rejects.

use super::super::account::RejectReason;
use super::super::rejected::Rejected;
use super::super::split::split;
use super::super::spool::Ranges;
use super::backoff::Streak;
use crate::Precision;
use crate::error::{LineError, cut};
use crate::line::Lines;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

/// The most bytes that are kept of a server's message about a line.
const MAX_MESSAGE: usize = 512;

/// After so many consecutive bad lines the next ones are sent one by one: if most lines are bad, bisection takes
/// twice as many requests.
pub(super) const BAD_RUN: u8 = 4;

/// Whole lines that wait or are sent together. Its pieces are sent one after the other, in the order of their lines;
/// usually there is one.
///
/// The bytes are shared with the request in flight, so meanwhile the batch can be written to disk, listed, or sent
/// again.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) on_disk: OnDisk,
    /// Counts all batches of an engine: a flush waits for those below a number.
    pub(crate) number: u64,
    /// The unit of its times.
    pub(crate) precision: Precision,
    bytes: Arc<Vec<u8>>,
    pieces: VecDeque<Piece>,
    /// The start of a line, near the end of the batch if such a one is known: the last line is then found without
    /// splitting all of them.
    pub(crate) last: usize,
    /// Consecutive failed attempts.
    pub(crate) failing: Streak,
    /// The number of pieces at the front that are single lines which were refused without being named. They wait
    /// until the path is known to work; the pieces behind them are sent.
    suspects: usize,
    /// The refusals that named no line, since the path was last known to work.
    pub(crate) refusals: u8,
    /// The lines that were rejected without being named, since a line was stored.
    pub(crate) bad_run: u8,
    /// The next request is a probe, or the one in flight is: it shows whether the lines or the path is at fault.
    pub(crate) probe: bool,
}

/// Whether a batch in memory is on disk as well.
#[derive(Debug)]
pub(crate) enum OnDisk {
    /// No, and it never was.
    No,
    /// Yes, as these batches: it was read back to be sent, or written there while it was in flight.
    Held(Ranges),
    /// No more. It is older than all batches that are there now.
    Evicted,
}

/// Consecutive lines of a batch, to be sent in one request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Piece {
    start: usize,
    end: usize,
    pub(crate) lines: usize,
    pub(crate) suspicion: Suspicion,
    pub(crate) fault: Fault,
    /// How often the connection broke or time ran out during its request.
    pub(crate) breaks: u8,
    /// Its body waits for `100 Continue`.
    pub(crate) expect: bool,
}

/// What refusals have proved about a piece. [`bisect`](super::bisect) has the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// Nothing.
    #[default]
    None,
    /// The piece before it is the other half of a bad piece: if that is stored, this one is bad.
    OtherHalf,
    /// It has at least one line that the server refuses.
    Bad,
    /// A single line that was refused, after which the path worked: if it is refused again, it is rejected.
    Refused,
    /// Stored ahead of an older line that is still suspected. If that line is stored after all, this piece is sent
    /// again, because it may have a newer value of the same point.
    Stored,
}

/// What internal errors of the server (500) have proved about a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The server failed on it so many times; it isn't known to work otherwise.
    Failed(u8),
    /// The server works otherwise, by a probe, after it failed on this piece. So many probes showed that.
    Confirmed(u8),
    /// The same, and the server has failed on the piece again: the next probe shows whether it still works.
    Again(u8),
}

impl Fault {
    /// The state after a response that is no internal error.
    pub(crate) fn calm(self) -> Self {
        match self {
            Fault::None | Fault::Failed(_) => Fault::None,
            Fault::Confirmed(_) | Fault::Again(_) => Fault::Confirmed(0),
        }
    }
}

impl Batch {
    pub(crate) fn new((number, precision): (u64, Precision), bytes: Vec<u8>, lines: usize) -> Self {
        let piece = Piece {
            end: bytes.len(),
            lines,
            ..Piece::default()
        };
        Batch {
            on_disk: OnDisk::No,
            number,
            precision,
            bytes: Arc::new(bytes),
            pieces: VecDeque::from([piece]),
            last: 0,
            failing: Streak::default(),
            suspects: 0,
            refusals: 0,
            bad_run: 0,
            probe: false,
        }
    }

    /// The batches on disk that it stands for as well.
    pub(crate) fn held(&self) -> Option<&Ranges> {
        match &self.on_disk {
            OnDisk::Held(ranges) => Some(ranges),
            OnDisk::No | OnDisk::Evicted => None,
        }
    }

    /// The piece to send next.
    pub(crate) fn piece(&mut self) -> Option<&mut Piece> {
        self.pieces.get_mut(self.suspects)
    }

    /// A copy of that piece.
    pub(crate) fn next_piece(&self) -> Option<Piece> {
        self.pieces.get(self.suspects).copied()
    }

    /// The range of the lines of that piece.
    fn piece_range(&self) -> Range<usize> {
        self.next_piece().map_or(0..0, |p| p.start..p.end)
    }

    /// The bytes of that piece, to be sent.
    pub(crate) fn share_piece(&self) -> (Arc<Vec<u8>>, Range<usize>) {
        (Arc::clone(&self.bytes), self.piece_range())
    }

    /// The lines of that piece.
    pub(crate) fn piece_bytes(&self) -> &[u8] {
        self.bytes.get(self.piece_range()).unwrap_or_default()
    }

    /// All lines that are left.
    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.get(self.rest_range()).unwrap_or_default()
    }

    fn rest_range(&self) -> Range<usize> {
        let len = self.bytes.len();
        self.pieces.front().map_or(len, |p| p.start)..len
    }

    /// The end of the piece to send next: its last line, and perhaps some before it.
    pub(crate) fn end_of_piece(&self) -> &[u8] {
        self.end_of(self.piece_range())
    }

    /// The end of all lines that are left.
    pub(crate) fn end_of_rest(&self) -> &[u8] {
        self.end_of(self.rest_range())
    }

    fn end_of(&self, Range { start, end }: Range<usize>) -> &[u8] {
        let known = (start..end).contains(&self.last);
        let start = if known { self.last } else { start };
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// All lines that are left, with the unit of their times.
    pub(crate) fn unsent(&self) -> Lines<'_> {
        Lines {
            bytes: self.rest(),
            precision: self.precision,
        }
    }

    /// The number of lines that are left.
    pub(crate) fn lines(&self) -> usize {
        self.pieces.iter().map(|piece| piece.lines).sum()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Removes the piece. `good`: all of it was stored.
    pub(crate) fn pop(&mut self, good: bool) {
        let gone = self.pieces.remove(self.suspects);
        if good {
            self.bad_run = 0;
            // A line that was refused before is stored now. So the path was at fault, for the other suspects as well.
            let path_was_bad = gone.is_some_and(|piece| piece.suspicion == Suspicion::Refused);
            for piece in &mut self.pieces {
                let forget = match piece.suspicion {
                    Suspicion::Stored => true,
                    Suspicion::Refused => path_was_bad,
                    _ => false,
                };
                if forget {
                    piece.suspicion = Suspicion::None;
                }
            }
        }
        self.resolve_other_half(self.suspects, good);
    }

    /// Suspects the piece, a line that was refused: the piece behind it is next.
    pub(crate) fn suspect(&mut self) {
        self.suspects = self.suspects.saturating_add(1).min(self.pieces.len());
    }

    /// Returns `true` if there are suspected lines before the piece.
    pub(crate) fn has_suspects(&self) -> bool {
        self.suspects > 0
    }

    /// Takes note that the path works: the suspected lines are sent again.
    pub(crate) fn path_works(&mut self) {
        self.refusals = 0;
        if self.suspects == 0 {
            return;
        }
        self.resolve_other_half(self.suspects, false);
        for piece in self.pieces.iter_mut().take(self.suspects) {
            piece.suspicion = Suspicion::Refused;
        }
        self.suspects = 0;
    }

    /// Takes note that the path is at fault: conclusions from its refusals are void. `refusals`: the number that
    /// counts as made from now on.
    pub(crate) fn forget_suspicions(&mut self, refusals: u8) {
        self.suspects = 0;
        self.refusals = refusals;
        for piece in &mut self.pieces {
            piece.suspicion = Suspicion::None;
            piece.fault = Fault::None;
        }
    }

    /// Returns the storage, unless a request still has it.
    pub(crate) fn into_bytes(self) -> Option<Vec<u8>> {
        Arc::try_unwrap(self.bytes).ok()
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Frees unused storage of a batch that will wait.
    pub(crate) fn shrink(&mut self) {
        if let Some(bytes) = Arc::get_mut(&mut self.bytes) {
            if bytes.capacity() > bytes.len().saturating_add(bytes.len() / 16) {
                bytes.shrink_to_fit();
            }
        }
    }

    /// Splits the piece in two, between lines. Returns `false` if it has one line. `bad`: one half is at fault.
    pub(crate) fn halve(&mut self, bad: bool) -> bool {
        let lines = self.next_piece().map_or(0, |piece| piece.lines);
        self.cut_off(lines / 2, bad)
    }

    /// Splits the piece if need be, so that it has at most so many bytes, or a single line.
    pub(crate) fn cut_to(&mut self, bytes: usize) {
        if self.piece_bytes().len() <= bytes {
            return;
        }
        let mut sum = 0usize;
        let fit = split(self.piece_bytes()).take_while(|line| {
            sum = sum.saturating_add(line.len());
            sum <= bytes
        });
        let fit = fit.count().max(1);
        self.cut_off(fit, false);
    }

    /// Splits the piece in two, behind so many lines.
    pub(crate) fn cut_off(&mut self, left_lines: usize, bad: bool) -> bool {
        let Some(piece) = self.next_piece() else {
            return false;
        };
        let left_bytes: usize = split(self.piece_bytes())
            .take(left_lines)
            .map(<[u8]>::len)
            .sum();
        let middle = piece.start.saturating_add(left_bytes);
        if middle <= piece.start || middle >= piece.end {
            return false;
        }
        let left = Piece {
            start: piece.start,
            end: middle,
            lines: left_lines,
            fault: piece.fault.calm(),
            expect: piece.expect,
            ..Piece::default()
        };
        let right = Piece {
            start: middle,
            end: piece.end,
            lines: piece.lines.saturating_sub(left_lines),
            suspicion: if bad {
                Suspicion::OtherHalf
            } else {
                Suspicion::None
            },
            ..left
        };
        // The piece behind would be at fault if all of this one was good, which it isn't.
        if bad {
            self.resolve_other_half(self.suspects.saturating_add(1), false);
        }
        if let Some(piece) = self.piece() {
            *piece = right;
        }
        self.pieces.insert(self.suspects, left);
        true
    }

    /// Draws the conclusion for a second half, now that the first half was stored or not.
    fn resolve_other_half(&mut self, at: usize, good: bool) {
        let piece = self.pieces.get_mut(at);
        if let Some(piece) = piece.filter(|piece| piece.suspicion == Suspicion::OtherHalf) {
            piece.suspicion = if good {
                Suspicion::Bad
            } else {
                Suspicion::None
            };
        }
    }

    /// Removes the named lines from the piece. A number that is no line of it has no effect.
    pub(crate) fn take_out(&mut self, named: &[LineError], why: RejectReason) -> Vec<Rejected> {
        let out = self.named(named, why);
        let Some(piece) = self.next_piece().filter(|_| !out.is_empty()) else {
            return out;
        };
        let mut kept = Vec::with_capacity(self.piece_bytes().len());
        for (line, bad) in split(self.piece_bytes()).zip(by_line(named, piece.lines)) {
            if bad.is_none() {
                kept.extend_from_slice(line);
            }
        }
        let gone = self.piece_bytes().len().saturating_sub(kept.len());
        Arc::make_mut(&mut self.bytes).splice(piece.start..piece.end, kept);
        self.last = 0;
        let behind = self.suspects.saturating_add(1);
        for later in self.pieces.iter_mut().skip(behind) {
            later.start = later.start.saturating_sub(gone);
            later.end = later.end.saturating_sub(gone);
        }
        // (The piece behind would be at fault if this one was good, which it wasn't.)
        self.resolve_other_half(behind, false);
        if let Some(front) = self.piece() {
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
        out
    }

    /// The lines of the piece that the server named. They stay.
    pub(crate) fn named(&self, named: &[LineError], why: RejectReason) -> Vec<Rejected> {
        let lines = self.next_piece().map_or(0, |piece| piece.lines);
        split(self.piece_bytes())
            .zip(by_line(named, lines))
            .filter_map(|(line, bad)| Some(self.rejected(line, 1, why, &bad?.reason)))
            .collect()
    }

    /// Rejected lines of this batch. (The caller adds the bucket.)
    pub(crate) fn rejected(
        &self,
        line: &[u8],
        lines: usize,
        reason: RejectReason,
        message: &str,
    ) -> Rejected {
        let line = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
        Rejected {
            bucket: String::new(),
            line: line.into_owned(),
            precision: self.precision,
            lines: lines as u64,
            reason,
            message: cut(message, MAX_MESSAGE).into(),
        }
    }
}

/// The number of the line, among the first `lines` of a piece, that the error is about.
pub(crate) fn number_of(named: &LineError, lines: usize) -> Option<usize> {
    let number = usize::try_from(named.number?).ok()?;
    (1..=lines).contains(&number).then_some(number)
}

/// For each line of a piece the error that names it, if any.
fn by_line(named: &[LineError], lines: usize) -> Vec<Option<&LineError>> {
    let mut by_line = alloc::vec![None; lines];
    for bad in named {
        let index = number_of(bad, lines).and_then(|n| n.checked_sub(1));
        if let Some(slot) = index.and_then(|n| by_line.get_mut(n)) {
            *slot = Some(bad);
        }
    }
    by_line
}

#[cfg(test)]
#[path = "../tests/batch.rs"]
mod tests;
