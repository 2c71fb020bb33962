//! Finds the lines of a batch that a server refuses without naming them, by bisection, and never rejects a line
//! because of a fault of the path. The module [`writer`](crate::writer#the-lines-or-the-path) has the diagram.
//!
//! A refused request has two explanations: a bad line in it, or a path (proxy, gateway, quota) that refuses
//! everything. Every conclusion is about the first, so each needs evidence against the second:
//!
//! | event | proves |
//! |---|---|
//! | piece refused | bad, if the path works: halved into a left half and `OtherHalf` |
//! | left half stored | the path works, so the right half is `Bad`: halved again without being sent |
//! | left half refused | nothing about the right half: it is sent as it is |
//! | one line of a `Bad` piece refused | bad: all other lines of that piece have been stored since |
//! | any other single line refused | a suspect; the pieces behind it are sent, for evidence |
//! | anything stored | the path works: suspects become `Refused`, and are sent again |
//! | `Refused` line refused again | bad: the same line failed before and after the path worked |
//! | `Refused` line stored | the path was at fault: all suspicions of this kind are void |
//! | 8 refusals, or nothing left to send | nothing: a probe is sent |
//! | probe stored | the path works, as above |
//! | probe refused | the path is at fault: everything is kept, and retried slowly |
//!
//! A 500 is ambiguous in the same way (a bad line may crash a query engine; a full disk fails every write), so it is
//! treated alike, with probes after four failures, and four confirmations before a line is rejected.

use super::super::account::RejectReason;
use super::super::settings::pause;
use super::super::split::split;
use super::Engine;
use super::batch::{Fault, Suspicion, number_of};
use super::results::message;
use crate::error::{Error, ErrorKind, Remedy, TransportErrorKind};

/// The smallest request whose size may be the reason for a broken connection.
const LARGE: usize = 16 * 1024;
/// After so many broken connections the body of a large request waits for `100 Continue`,
const BREAKS_TO_EXPECT: u8 = 3;
/// and after so many the request is split in two.
const BREAKS_TO_SPLIT: u8 = 4;
/// After so many internal errors on the same lines a probe shows whether they are the reason.
const FAULTS_TO_PROBE: u8 = 4;
/// After so many refusals in a row that name no line, a probe shows whether the lines or the path is at fault.
const REFUSALS_TO_PROBE: u8 = 8;
/// The refusals that count as made after the path was at fault: one more is enough for the next probe.
const REFUSALS_KEPT: u8 = REFUSALS_TO_PROBE - 1;
/// A line is rejected after so many internal errors while the server worked otherwise, with delays between them: to
/// reject a good line because a server is unstable would lose it.
const MAX_CONFIRMED: u8 = 4;

impl Engine {
    /// Handles a refusal that names no line: 400, or 413. The piece is split, down to one line. A single line is
    /// rejected if the evidence is complete, else suspected.
    pub(super) fn doubt(&mut self, at: usize, reason: RejectReason, error: Error) {
        let bad = reason == RejectReason::Refused;
        let Some(batch) = self.queues[at].head() else {
            return;
        };
        batch.refusals = batch.refusals.saturating_add(1);
        let Some(piece) = batch.piece() else {
            return;
        };
        piece.fault = piece.fault.calm();
        // (`Bad`: all other lines of the refused piece have been stored since, which proves both that the path works
        // and that this line is bad. A 413, or an earlier 500, is not the same refusal, and proves less.)
        let confirmed = match piece.suspicion {
            Suspicion::Refused => true,
            Suspicion::Bad => bad && piece.fault == Fault::None,
            Suspicion::None | Suspicion::OtherHalf | Suspicion::Stored => false,
        };
        if batch.halve(bad) {
            // (Each half is sent by itself.)
        } else if confirmed {
            batch.bad_run = batch.bad_run.saturating_add(1);
            self.reject_piece(at, reason, message(&error, 1));
        } else {
            batch.suspect();
        }
        let random = self.jitter.next();
        let Some(batch) = self.queues[at].head().filter(|batch| !batch.is_done()) else {
            return;
        };
        if batch.refusals < REFUSALS_TO_PROBE && batch.piece().is_some() {
            return;
        }
        if !self.queues[at].plan_probe(random) {
            self.blame_path(at, error);
        }
    }

    /// Keeps the lines because the path may be at fault, until something is stored or an operator has fixed it.
    fn blame_path(&mut self, at: usize, error: Error) {
        if let Some(batch) = self.queues[at].head() {
            batch.forget_suspicions(REFUSALS_KEPT);
        }
        self.failed(at, error.blame_path());
    }

    /// Handles an ambiguous failure: nothing is known about the lines, but if it recurs on the same lines they may be
    /// the reason. Returns `true` if there is something to try at once.
    pub(super) fn suspect(&mut self, at: usize, size: usize, error: &Error) -> bool {
        let random = self.jitter.next();
        let Some(batch) = self.queues[at].head() else {
            return false;
        };
        let Some(piece) = batch.piece() else {
            return false;
        };
        if is_break(error) && size >= LARGE {
            // A server that responds 413 or 401 before it has read a large body closes the connection, and the client
            // sees a reset; a slow path looks the same. `Expect: 100-continue` makes such a response visible.
            // If that doesn't help, smaller requests may.
            piece.breaks = piece.breaks.saturating_add(1);
            if piece.breaks >= BREAKS_TO_SPLIT {
                batch.halve(false);
            } else if piece.breaks >= BREAKS_TO_EXPECT {
                piece.expect = true;
            }
            return false;
        }
        if error.status() != Some(500) {
            // (Not an internal error: it isn't about these lines.)
            piece.fault = piece.fault.calm();
            return false;
        }
        match piece.fault {
            Fault::None => piece.fault = Fault::Failed(1),
            Fault::Failed(times) => {
                let times = times.saturating_add(1);
                piece.fault = Fault::Failed(times);
                if times >= FAULTS_TO_PROBE {
                    self.queues[at].plan_probe(random);
                }
            }
            Fault::Confirmed(_) | Fault::Again(_) if piece.lines > 1 => return batch.halve(true),
            Fault::Confirmed(times) | Fault::Again(times) => {
                piece.fault = Fault::Again(times);
                return self.queues[at].plan_probe(random);
            }
        }
        false
    }

    /// Handles the result of a probe, which shows whether the path works while the piece at hand is refused or makes
    /// the server fail.
    pub(super) fn probed(&mut self, at: usize, result: Result<(), Error>) {
        let queue = &mut self.queues[at];
        // (A server that drops the line, or names it, has parsed it: the path works.)
        let read = match &result {
            Ok(()) => true,
            Err(error) => {
                let lines = split(queue.probe.lines()).count();
                let mut named = error.line_errors().iter();
                error.remedy() == Remedy::None || named.any(|one| number_of(one, lines).is_some())
            }
        };
        if result.is_ok() {
            queue.probe.succeeded();
        }
        let Some(batch) = queue.head() else {
            return;
        };
        batch.probe = false;
        if let (false, Err(error)) = (read, result) {
            if matches!(error.remedy(), Remedy::Retry | Remedy::Operator) {
                batch.forget_suspicions(REFUSALS_KEPT);
                return self.failed(at, error);
            }
            queue.probe.refused();
            return self.blame_path(at, error);
        }
        // (Suspects come first. The piece on which the server failed is handled in its turn.)
        let suspects = batch.has_suspects();
        let piece = batch.piece().filter(|_| !suspects);
        let times = match piece.as_deref().map(|piece| piece.fault) {
            Some(Fault::Failed(_)) => 1,
            Some(Fault::Again(times)) => times.saturating_add(1),
            _ => return self.path_works(at),
        };
        if let Some(piece) = piece {
            piece.fault = Fault::Confirmed(times);
        }
        self.path_works(at);
        if self.queues[at]
            .head()
            .is_some_and(|batch| batch.halve(true))
        {
            // (Each half is sent by itself.)
        } else if times < MAX_CONFIRMED {
            let random = self.jitter.next();
            let wait = pause(&self.settings.retry, u32::from(times), None, random);
            self.retry_in(at, wait);
        } else {
            let message = "the server fails (500) on this line, and only on it";
            self.reject_piece(at, RejectReason::Poison, message);
        }
    }
}

/// Returns `true` if the connection broke during the request, or time ran out.
fn is_break(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Transport(e) if matches!(e.kind(), TransportErrorKind::Closed | TransportErrorKind::Timeout)
    )
}
