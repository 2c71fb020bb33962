//! Delivery of a batch: when it is retried, split, rejected or dropped. What a response means is
//! decided in `http/write_status`; the delay before a retry in `writer/settings`.

use super::account::{DropReason, Place, RejectReason};
use super::batch::{Batch, Piece, TakenOut, names};
use super::core::Core;
use super::event::Event;
use super::lane::Lane;
use super::rejected::Rejected;
use super::seams::{Clock, Parcel, Transport};
use super::settings::{HUMAN_PAUSE, pause};
use super::split::split;
use crate::error::{Error, ErrorKind, Remedy, TransportErrorKind, cut};
use crate::line::Lines;
use alloc::string::{String, ToString};
use core::time::Duration;

/// A request of at least this size may be what breaks the path; a smaller one is not blamed.
const LARGE: usize = 16 * 1024;
/// So often the path may break under a large request until its body waits for the server's word,
const BREAKS_TO_EXPECT: u8 = 3;
/// and so often until it is cut in two.
const BREAKS_TO_SPLIT: u8 = 4;
/// So often a server may fail on the same lines until it is asked whether they are to blame.
const FAULTS_TO_PROVE: u8 = 4;
/// So many pieces may be refused in a row, without a line named, until it is asked whether they or
/// the path is to blame.
const REFUSALS_TO_PROVE: u8 = 8;
/// So many count as refused after the path was to blame: the next one is enough to ask again.
const PARDONED: u8 = REFUSALS_TO_PROVE - 1;
/// After so many bad lines in a row the next ones are asked about one by one: where most lines are
/// bad, halving takes twice the requests.
const BAD_RUN: u8 = 4;
/// So often a line must fail while the server works, with pauses between, until it is given up: to
/// reject a good line for a server that stumbles would be to lose it.
const CONVICTIONS: u8 = 4;
/// Of what a server says about a line, this much is kept with it.
const MAX_MESSAGE: usize = 512;

impl<C: Clock, T: Transport> Core<C, T> {
    /// Sends the first piece of a lane's first batch, once, and does what the response asks for.
    pub(super) fn attempt(&mut self, at: usize, limit: Option<Duration>) {
        let precision = self.precision();
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        if lane.drain.is_none() && lane.sealed.is_empty() {
            lane.seal(false);
            self.spool_if_due(at);
        }
        if !self.read_back(at) {
            return;
        }
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        let written_in = lane
            .drain
            .as_ref()
            .map_or(precision, |drain| drain.precision);
        let Some(batch) = lane.head() else {
            return;
        };
        if batch.piece().is_some_and(|piece| piece.stored) {
            self.count_delivered(at);
            self.retire(at);
            return;
        }
        // What is known to hold a bad line is cut without asking.
        while batch.piece().is_some_and(|piece| piece.bad) && batch.halve(true) {}
        if batch.bad_run >= BAD_RUN {
            batch.cut_off(1, false);
        }
        let prove = batch.prove;
        // (There is none to send where all that is left has been refused, and the path is in doubt.)
        let piece = batch.piece().copied().or(prove.then(Piece::default));
        let Some(piece) = piece else {
            self.retire(at);
            return;
        };
        let (bytes, precision) = match lane.peek() {
            Some(batch) if !prove => (batch.piece_bytes(), written_in),
            _ => (lane.proof(), precision),
        };
        let parcel = Parcel {
            bucket: &lane.bucket,
            lines: Lines { bytes, precision },
            expect: piece.expect,
            limit,
        };
        let size = bytes.len();
        let from_disk = lane.drain.is_some();
        self.stats.requests = self.stats.requests.saturating_add(1);
        self.stats.bytes_sent = self.stats.bytes_sent.saturating_add(size as u64);
        let result = self.transport.send(parcel);
        if prove {
            self.proven(at, result);
        } else {
            match result {
                Ok(()) => self.delivered(at),
                Err(error) => self.refused(at, size, error),
            }
        }
        self.retire(at);
        if !self.uncompressed && self.transport.refuses_compression() {
            self.uncompressed = true;
            self.tell(at, |bucket| Event::Uncompressed { bucket });
        }
        if from_disk {
            self.keep_pace(at, size);
        }
    }

    fn retire(&mut self, at: usize) {
        let batch_ids = self.lanes.get_mut(at).and_then(Lane::retire);
        if let (Some(batch_ids), Some(disk)) = (batch_ids, &mut self.disk) {
            disk.ack(&batch_ids);
        }
    }

    /// The first piece is done with: its bytes leave the count.
    fn pop(&mut self, at: usize, good: bool) -> usize {
        let Some(lane) = self.lanes.get_mut(at) else {
            return 0;
        };
        let place = lane.place();
        let Some(batch) = lane.head() else {
            return 0;
        };
        let lines = batch.piece().map_or(0, |piece| piece.lines);
        if place == Place::Memory {
            self.bytes = self.bytes.saturating_sub(batch.piece_bytes().len());
        }
        batch.pop(good);
        batch.failures = 0;
        batch.failing_since = None;
        lines
    }

    fn place(&self, at: usize) -> Place {
        self.lanes.get(at).map_or(Place::Memory, Lane::place)
    }

    /// Lines left the disk, if that is where they were.
    fn left(&mut self, at: usize, place: Place, lines: usize) {
        if let (Place::Disk, Some(lane)) = (place, self.lanes.get_mut(at)) {
            lane.spooled = lane.spooled.saturating_sub(lines as u64);
        }
    }

    fn delivered(&mut self, at: usize) {
        let precision = self.precision();
        if let Some(lane) = self.lanes.get_mut(at) {
            lane.keep_proof(precision);
        }
        let head = self.lanes.get_mut(at).and_then(Lane::head);
        match head
            .filter(|batch| batch.has_suspects())
            .and_then(Batch::piece)
        {
            // To be sent again if an older line is stored after it; see `Piece::stored`.
            Some(piece) => piece.stored = true,
            None => self.count_delivered(at),
        }
        self.heard(at);
    }

    fn count_delivered(&mut self, at: usize) {
        let place = self.place(at);
        let lines = self.pop(at, true);
        self.stats.deliver(place, lines);
        self.left(at, place, lines);
        self.tell(at, |bucket| Event::Delivered {
            bucket,
            lines: lines as u64,
        });
    }

    /// The path works: something was stored, or the server named lines that it had read.
    fn heard(&mut self, at: usize) {
        let now = self.clock.now();
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        if let Some(batch) = lane.head() {
            batch.vouch();
        }
        if let Some(since) = lane.succeeded() {
            self.last_error = None;
            let after = now.saturating_sub(since);
            self.tell(at, |bucket| Event::Recovered { bucket, after });
        }
    }

    fn refused(&mut self, at: usize, size: usize, error: Error) {
        match error.remedy() {
            Remedy::RemoveBadLines => self.take_out(at, error),
            Remedy::None => self.report(at, &error),
            Remedy::Split => self.doubt(at, RejectReason::TooLarge, error),
            Remedy::Retry | Remedy::Operator => {
                let again_at_once = self.suspect(at, size, &error);
                if !again_at_once {
                    self.failed(at, error);
                }
            }
        }
    }

    /// Nothing was stored, because of some lines: they go, the others are sent once more.
    fn take_out(&mut self, at: usize, error: Error) {
        let place = self.place(at);
        let Some(batch) = self.lanes.get_mut(at).and_then(|l| l.head()) else {
            return;
        };
        let before = batch.rest().len();
        let taken = batch.take_out(error.line_errors());
        let gone = before.saturating_sub(batch.rest().len());
        if place == Place::Memory {
            self.bytes = self.bytes.saturating_sub(gone);
        }
        if taken.is_empty() {
            self.doubt(at, RejectReason::Refused, error);
        } else {
            self.heard(at);
            self.reject(at, RejectReason::Refused, taken);
        }
    }

    /// The piece was refused and no line named. That may be about its lines: it is cut, down to one.
    /// Or it is about the path: a gateway refuses in a server's words, or has a limit below the
    /// shortest line. So no line is rejected unless it is refused by itself twice and the path worked
    /// in between.
    fn doubt(&mut self, at: usize, reason: RejectReason, error: Error) {
        let bad = reason == RejectReason::Refused;
        let Some(batch) = self.lanes.get_mut(at).and_then(Lane::head) else {
            return;
        };
        batch.refusals = batch.refusals.saturating_add(1);
        let Some(piece) = batch.piece() else {
            return;
        };
        (piece.faults, piece.convictions) = (0, 0);
        // (If the other lines of what was refused have been stored, that has shown both. Not so of
        // lines that a server failed on.)
        let convicted = piece.refused || (piece.bad && bad && !piece.judged);
        if batch.halve(bad) {
            // Each half is asked about by itself.
        } else if convicted {
            batch.bad_run = batch.bad_run.saturating_add(1);
            self.reject_piece(at, reason, &error);
        } else {
            batch.suspect();
        }
        let random = self.jitter.next();
        let precision = self.precision();
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        let Some(batch) = lane.head().filter(|batch| !batch.is_done()) else {
            return;
        };
        if batch.refusals < REFUSALS_TO_PROVE && batch.piece().is_some() {
            return;
        }
        let can_prove = lane.find_proof(random, precision);
        match lane.head() {
            Some(batch) if can_prove => batch.prove = true,
            _ => self.blame_path(at, error),
        }
    }

    /// Nothing shows that the lines are to blame for being refused: they are kept until somebody has
    /// looked at the path, or something is stored.
    fn blame_path(&mut self, at: usize, error: Error) {
        if let Some(batch) = self.lanes.get_mut(at).and_then(Lane::head) {
            batch.pardon(PARDONED);
        }
        self.failed(at, error.blame_path());
    }

    /// The good lines are stored: what the server dropped is told, nothing is sent again.
    fn report(&mut self, at: usize, error: &Error) {
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        // Something newer may be stored now, nobody knows what.
        lane.forget_proof();
        let suspects = lane.head().is_some_and(|batch| batch.has_suspects());
        self.heard(at);
        if suspects {
            // Its turn comes again, behind those that now are asked about once more.
            return;
        }
        let Some(batch) = self.lanes.get_mut(at).and_then(|l| l.head()) else {
            return;
        };
        let all = batch.piece().map_or(0, |piece| piece.lines);
        let mut named = batch.named(error.line_errors());
        let count = dropped(error, all);
        if count.is_some_and(|count| count < named.len()) {
            // They can be the cause, but not all of them are: nobody knows which.
            named.clear();
        }
        let said = count.unwrap_or(0).max(named.len()).clamp(1, all.max(1));
        let unnamed = said.saturating_sub(named.len());
        let place = self.place(at);
        self.pop(at, false);
        let stored = all.saturating_sub(said);
        if stored > 0 {
            self.stats.deliver(place, stored);
            self.left(at, place, stored);
            self.tell(at, |bucket| Event::Delivered {
                bucket,
                lines: stored as u64,
            });
        }
        if !named.is_empty() {
            self.reject(at, RejectReason::Partial, named);
        }
        if unnamed > 0 {
            self.keep(at, String::new(), unnamed, RejectReason::Partial, error);
        }
    }

    /// An attempt failed without anything known about the lines. But if it fails on the same lines
    /// again and again, they may be to blame after all. True if there is something to try at once.
    fn suspect(&mut self, at: usize, size: usize, error: &Error) -> bool {
        let broke = is_break(error);
        let random = self.jitter.next();
        let precision = self.precision();
        let Some(lane) = self.lanes.get_mut(at) else {
            return false;
        };
        let Some(piece) = lane.head().and_then(|b| b.piece()) else {
            return false;
        };
        if broke && size >= LARGE {
            // An early refusal looks like this, for large bodies; so does a path too slow for them.
            piece.breaks = piece.breaks.saturating_add(1);
            if piece.breaks >= BREAKS_TO_SPLIT {
                self.halve(at, false);
            } else if piece.breaks >= BREAKS_TO_EXPECT {
                piece.expect = true;
            }
            return false;
        }
        if error.status() != Some(500) {
            // Whatever this is, it is not about these lines.
            (piece.faults, piece.convictions) = (0, 0);
            return false;
        }
        piece.faults = piece.faults.saturating_add(1);
        if piece.judged && piece.lines > 1 {
            return self.halve(at, true);
        }
        if !piece.judged && piece.faults < FAULTS_TO_PROVE {
            return false;
        }
        let judged = piece.judged;
        let can_prove = lane.find_proof(random, precision);
        if let Some(batch) = lane.head() {
            batch.prove = can_prove;
        }
        judged && can_prove
    }

    /// What was stored before was sent again, to see whether the path to the database works while the
    /// piece at hand is refused or makes the server fail.
    fn proven(&mut self, at: usize, result: Result<(), Error>) {
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        // A server that dropped it, or names it, has read it.
        let read = match &result {
            Ok(()) => true,
            Err(error) => {
                error.remedy() == Remedy::None
                    || names(error.line_errors(), split(lane.proof()).count())
            }
        };
        if result.is_ok() {
            lane.proof_stood();
        }
        let Some(batch) = lane.head() else {
            return;
        };
        batch.prove = false;
        if let (false, Err(error)) = (read, result) {
            if matches!(error.remedy(), Remedy::Retry | Remedy::Operator) {
                batch.pardon(PARDONED);
                return self.failed(at, error);
            }
            lane.doubt_proof();
            return self.blame_path(at, error);
        }
        // (What was refused before it is asked about first; what the server fails on has its turn.)
        let suspects = batch.has_suspects();
        let piece = batch.piece().filter(|piece| !suspects && piece.faults > 0);
        let Some(piece) = piece else {
            return self.heard(at);
        };
        piece.faults = 0;
        piece.judged = true;
        piece.convictions = piece.convictions.saturating_add(1);
        let convictions = piece.convictions;
        self.heard(at);
        if self.halve(at, true) {
            // Each half is looked at by itself.
        } else if convictions < CONVICTIONS {
            self.rest(at, u32::from(convictions));
        } else {
            let lines = self.first_line(at);
            let lost = self.pop(at, false);
            let out = Rejected {
                bucket: String::new(),
                line: lines,
                lines: lost as u64,
                reason: RejectReason::Poison,
                message: "the server fails (500) on this line, and only on it".to_string(),
            };
            self.keep_rejected(at, out);
        }
    }

    /// A pause that is no failure.
    fn rest(&mut self, at: usize, streak: u32) {
        let random = self.jitter.next();
        let wait = pause(&self.settings.retry, streak, None, random);
        let now = self.clock.now();
        if let Some(lane) = self.lanes.get_mut(at) {
            lane.next_at = now.saturating_add(wait);
        }
    }

    fn halve(&mut self, at: usize, bad: bool) -> bool {
        self.lanes
            .get_mut(at)
            .and_then(|lane| lane.head())
            .is_some_and(|batch| batch.halve(bad))
    }

    fn first_line(&self, at: usize) -> String {
        let batch = self.lanes.get(at).and_then(|lane| lane.peek());
        batch.map_or(String::new(), |b| super::batch::text(b.piece_bytes()))
    }

    /// The whole piece is refused.
    fn reject_piece(&mut self, at: usize, reason: RejectReason, error: &Error) {
        let line = self.first_line(at);
        let lines = self.pop(at, false);
        self.keep(at, line, lines, reason, error);
    }

    fn reject(&mut self, at: usize, reason: RejectReason, taken: alloc::vec::Vec<TakenOut>) {
        for out in taken {
            let rejected = Rejected {
                bucket: String::new(),
                line: out.line,
                lines: 1,
                reason,
                message: cut(&out.message, MAX_MESSAGE).to_string(),
            };
            self.keep_rejected(at, rejected);
        }
    }

    fn keep(&mut self, at: usize, line: String, lines: usize, reason: RejectReason, error: &Error) {
        let named = error.line_errors().first().filter(|_| lines == 1);
        let message = named.map_or(error.message(), |bad| bad.reason.as_str());
        let rejected = Rejected {
            bucket: String::new(),
            line,
            lines: lines as u64,
            reason,
            message: cut(message, MAX_MESSAGE).to_string(),
        };
        self.keep_rejected(at, rejected);
    }

    fn keep_rejected(&mut self, at: usize, mut rejected: Rejected) {
        let (lines, reason) = (rejected.lines, rejected.reason);
        if let Some(lane) = self.lanes.get(at) {
            rejected.bucket.push_str(&lane.bucket);
        }
        if let Some(disk) = &mut self.disk {
            let precision = self.settings.precision;
            disk.reject(
                &rejected.bucket,
                precision,
                &rejected.line,
                &rejected.message,
            );
        }
        self.rejected.push(rejected);
        let count = usize::try_from(lines).unwrap_or(usize::MAX);
        let place = self.place(at);
        self.stats.reject(place, reason, count);
        self.left(at, place, count);
        self.tell(at, |bucket| Event::Rejected {
            bucket,
            lines,
            reason,
        });
    }

    /// The data are kept and tried again later, unless the policy is at its end.
    fn failed(&mut self, at: usize, error: Error) {
        let now = self.clock.now();
        let random = self.jitter.next();
        let policy = &self.settings.retry;
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        lane.streak = lane.streak.saturating_add(1);
        lane.failing_since.get_or_insert(now);
        let asked = error.retry_after();
        let mut wait = pause(policy, lane.streak, asked, random);
        if error.remedy() == Remedy::Operator {
            wait = wait.max(HUMAN_PAUSE);
        }
        lane.asked = asked.is_some();
        lane.paced = false;
        lane.backlog = true;
        lane.next_at = now.saturating_add(wait);
        let kept = self.disk.is_some();
        let over = !kept
            && lane.head().is_some_and(|batch| {
                batch.failures = batch.failures.saturating_add(1);
                let since = *batch.failing_since.get_or_insert(now);
                batch.failures > policy.max_retries || now.saturating_sub(since) >= policy.max_time
            });
        self.stats.failures = self.stats.failures.saturating_add(1);
        let bucket = lane.bucket.as_str();
        if let Some(listener) = &mut self.listener {
            listener(&Event::Failed {
                bucket,
                error: &error,
                retry_in: wait,
            });
        }
        self.last_error = Some(error);
        if over {
            self.drop_first(at, DropReason::GivenUp);
        }
        self.spool_sealed(at);
    }
}

/// Whether the path broke under the request, or time ran out.
fn is_break(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Transport(e) if matches!(e.kind(), TransportErrorKind::Closed | TransportErrorKind::Timeout)
    )
}

/// How many lines of a partial write weren't stored: as the server says, or as follows from how
/// many were. `None` if it says neither.
fn dropped(error: &Error, all: usize) -> Option<usize> {
    let said = error.response().and_then(|response| response.dropped());
    if let Some(said) = said {
        return Some(usize::try_from(said).unwrap_or(usize::MAX).min(all));
    }
    // Cloud: `partial write error (5 written): …`.
    let (before, _) = error.message().split_once(" written)")?;
    let digits = before.rsplit('(').next().unwrap_or("");
    let written: usize = digits.parse().ok()?;
    Some(all.saturating_sub(written))
}
