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

/// Of what a server says about a line, this much is kept with it.
const MAX_MESSAGE: usize = 512;

/// After so many bad lines in a row the next ones are sent one by one: where most lines are bad,
/// halving takes twice the requests.
pub(super) const BAD_RUN: u8 = 4;

/// Whole lines that wait or travel together. Its pieces are sent one after the other, in the order
/// of their lines; usually there is one.
///
/// The bytes are shared with the request that is under way: while it is out the batch can be put on
/// disk, listed, or sent again.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) on_disk: OnDisk,
    /// Counts up over all batches of an engine: a flush waits for those below a number.
    pub(crate) number: u64,
    /// The unit of its times.
    pub(crate) precision: Precision,
    bytes: Arc<Vec<u8>>,
    pieces: VecDeque<Piece>,
    /// Here a line begins, near the end if that is known.
    pub(crate) last: usize,
    /// Attempts in a row that failed.
    pub(crate) failing: Streak,
    /// So many pieces at the front are single lines that were refused, unnamed. Until the path is
    /// known to work they wait, and what stands behind them is sent.
    suspects: usize,
    /// Refusals that named no line, since the path was last known to work.
    pub(crate) refusals: u8,
    /// Single lines that were rejected without being named, since one was stored.
    pub(crate) bad_run: u8,
    /// The next request finds out which is to blame: the lines or the path.
    pub(crate) probe: bool,
}

/// Whether a batch in memory is on disk as well.
#[derive(Debug)]
pub(crate) enum OnDisk {
    /// It never was.
    No,
    /// As these batches: it was read back to be sent, or put there while it was under way.
    Held(Ranges),
    /// No more: it is older than whatever is there now.
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
    /// How often the path broke or time ran out under it.
    pub(crate) breaks: u8,
    /// Its body waits until the server asks for it.
    pub(crate) expect: bool,
}

/// What refusals have shown of a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// Nothing.
    #[default]
    None,
    /// If the piece before it turns out good, this one is bad.
    OtherHalf,
    /// It holds at least one line that the server won't take.
    Bad,
    /// A single line that was refused before the path was known to work: once more, and it is
    /// rejected.
    Refused,
    /// Stored ahead of a line that is still suspected. If that line is stored after all, this has to
    /// be sent again: it is newer.
    Stored,
}

/// What internal errors of the server (500) have shown of a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The server failed on it so many times; nothing says that it works.
    Failed(u8),
    /// The server is known to work: if it fails on the piece, the piece is at fault. So often it did.
    Confirmed(u8),
    /// The same, and it has failed again since: a probe is to show that it still works.
    Again(u8),
}

impl Fault {
    /// A response came that says nothing of the kind.
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

    /// The same, to look at.
    pub(crate) fn next_piece(&self) -> Option<Piece> {
        self.pieces.get(self.suspects).copied()
    }

    /// Where the lines of that piece are.
    fn piece_range(&self) -> Range<usize> {
        self.next_piece().map_or(0..0, |p| p.start..p.end)
    }

    /// The bytes of that piece, to be sent.
    pub(crate) fn share_piece(&self) -> (Arc<Vec<u8>>, Range<usize>) {
        (Arc::clone(&self.bytes), self.piece_range())
    }

    /// Its lines.
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

    /// The same, with the unit of their times.
    pub(crate) fn unsent(&self) -> Lines<'_> {
        Lines {
            bytes: self.rest(),
            precision: self.precision,
        }
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
        let gone = self.pieces.remove(self.suspects);
        if good {
            self.bad_run = 0;
            // A line that was refused is stored now: the path was to blame, then, for the others as well.
            let absolved = gone.is_some_and(|piece| piece.suspicion == Suspicion::Refused);
            for piece in &mut self.pieces {
                let forget = match piece.suspicion {
                    Suspicion::Stored => true,
                    Suspicion::Refused => absolved,
                    _ => false,
                };
                if forget {
                    piece.suspicion = Suspicion::None;
                }
            }
        }
        self.judge_other_half(self.suspects, good);
    }

    /// The piece is a line that was refused: what stands behind it is next.
    pub(crate) fn suspect(&mut self) {
        self.suspects = self.suspects.saturating_add(1).min(self.pieces.len());
    }

    /// Whether lines before the piece wait for a decision.
    pub(crate) fn has_suspects(&self) -> bool {
        self.suspects > 0
    }

    /// The path works: what was refused is sent once more.
    pub(crate) fn path_works(&mut self) {
        self.refusals = 0;
        if self.suspects == 0 {
            return;
        }
        self.judge_other_half(self.suspects, false);
        for piece in self.pieces.iter_mut().take(self.suspects) {
            piece.suspicion = Suspicion::Refused;
        }
        self.suspects = 0;
    }

    /// The path is to blame: what was concluded from its refusals counts for nothing. `refusals`:
    /// how many of those there are to be from now on.
    pub(crate) fn forget_suspicions(&mut self, refusals: u8) {
        self.suspects = 0;
        self.refusals = refusals;
        for piece in &mut self.pieces {
            piece.suspicion = Suspicion::None;
            piece.fault = Fault::None;
        }
    }

    /// Gives the storage back, unless a request still has it.
    pub(crate) fn into_bytes(self) -> Option<Vec<u8>> {
        Arc::try_unwrap(self.bytes).ok()
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives back what the storage has too much, for a batch that will wait.
    pub(crate) fn shrink(&mut self) {
        if let Some(bytes) = Arc::get_mut(&mut self.bytes) {
            if bytes.capacity() > bytes.len().saturating_add(bytes.len() / 16) {
                bytes.shrink_to_fit();
            }
        }
    }

    /// Cuts the piece in two, between lines. False if there is nothing to cut. `bad`: one half is
    /// to blame.
    pub(crate) fn halve(&mut self, bad: bool) -> bool {
        let lines = self.next_piece().map_or(0, |piece| piece.lines);
        self.cut_off(lines / 2, bad)
    }

    /// Sees to it that the piece has at most so many bytes, or a single line.
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

    /// Cuts the piece in two, behind so many lines.
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
        // What follows is to blame only if all of this piece was good, which it isn't.
        if bad {
            self.judge_other_half(self.suspects.saturating_add(1), false);
        }
        if let Some(piece) = self.piece() {
            *piece = right;
        }
        self.pieces.insert(self.suspects, left);
        true
    }

    /// What is known of a piece, now that the one before it turned out good or not.
    fn judge_other_half(&mut self, at: usize, good: bool) {
        let piece = self.pieces.get_mut(at);
        if let Some(piece) = piece.filter(|piece| piece.suspicion == Suspicion::OtherHalf) {
            piece.suspicion = if good {
                Suspicion::Bad
            } else {
                Suspicion::None
            };
        }
    }

    /// Takes the named lines out of the piece. What names no line of it has no effect.
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
        // Whichever was to blame if this piece was good: it wasn't.
        self.judge_other_half(behind, false);
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

    /// Which lines of the piece the server named, without touching them.
    pub(crate) fn named(&self, named: &[LineError], why: RejectReason) -> Vec<Rejected> {
        let lines = self.next_piece().map_or(0, |piece| piece.lines);
        split(self.piece_bytes())
            .zip(by_line(named, lines))
            .filter_map(|(line, bad)| Some(self.rejected(line, 1, why, &bad?.reason)))
            .collect()
    }

    /// Lines of this batch that are rejected. (Whose they are is added by their queue.)
    pub(crate) fn rejected(
        &self,
        line: &[u8],
        lines: usize,
        reason: RejectReason,
        message: &str,
    ) -> Rejected {
        // An encoder writes nothing but UTF-8.
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

/// For each line of a piece what the error says of it, by the numbers that the error found.
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
