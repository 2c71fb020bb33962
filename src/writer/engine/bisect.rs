//! Which lines of a batch a server won't take: by halving, without ever blaming a line for what is the
//! path's fault. The module [`writer`](crate::writer#the-lines-or-the-path) has the diagram.

use super::super::account::RejectReason;
use super::super::settings::pause;
use super::super::split::split;
use super::Engine;
use super::batch::{Fault, Suspicion, number_of};
use super::results::message;
use crate::error::{Error, ErrorKind, Remedy, TransportErrorKind};

/// A request of at least this size may be what breaks the path; a smaller one is not blamed.
const LARGE: usize = 16 * 1024;
/// So often the path may break under a large request until its body waits for the server's word,
const BREAKS_TO_EXPECT: u8 = 3;
/// and so often until it is cut in two.
const BREAKS_TO_SPLIT: u8 = 4;
/// So often a server may fail on the same lines until a probe finds out whether they are to blame.
const FAULTS_TO_PROBE: u8 = 4;
/// So many pieces may be refused in a row, without a line named, until a probe finds out whether they
/// or the path is to blame.
const REFUSALS_TO_PROBE: u8 = 8;
/// So many count as refused after the path was to blame: the next one is enough to probe again.
const REFUSALS_KEPT: u8 = REFUSALS_TO_PROBE - 1;
/// So often a line must fail while the server works, with pauses between, until it is given up: to
/// reject a good line for a server that stumbles would be to lose it.
const MAX_CONFIRMED: u8 = 4;

impl Engine {
    /// The piece was refused and no line named. That may be about its lines: it is cut, down to one.
    /// Or it is about the path: a gateway refuses in a server's words, or has a limit below the
    /// shortest line. So no line is rejected unless it is refused by itself twice and the path worked
    /// in between.
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
        // (If the other lines of what was refused have been stored, that has shown both. Not so of
        // lines that a server failed on.)
        let confirmed = match piece.suspicion {
            Suspicion::Refused => true,
            Suspicion::Bad => bad && piece.fault == Fault::None,
            Suspicion::None | Suspicion::OtherHalf | Suspicion::Stored => false,
        };
        if batch.halve(bad) {
            // Each half is sent by itself.
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

    /// Nothing shows that the lines are to blame for being refused: they are kept until somebody has
    /// looked at the path, or something is stored.
    fn blame_path(&mut self, at: usize, error: Error) {
        if let Some(batch) = self.queues[at].head() {
            batch.forget_suspicions(REFUSALS_KEPT);
        }
        self.failed(at, error.blame_path());
    }

    /// An attempt failed without anything known about the lines. But if it fails on the same lines
    /// again and again, they may be to blame after all. True if there is something to try at once.
    pub(super) fn suspect(&mut self, at: usize, size: usize, error: &Error) -> bool {
        let random = self.jitter.next();
        let Some(batch) = self.queues[at].head() else {
            return false;
        };
        let Some(piece) = batch.piece() else {
            return false;
        };
        if is_break(error) && size >= LARGE {
            // An early refusal looks like this, for large bodies; so does a path too slow for them.
            piece.breaks = piece.breaks.saturating_add(1);
            if piece.breaks >= BREAKS_TO_SPLIT {
                batch.halve(false);
            } else if piece.breaks >= BREAKS_TO_EXPECT {
                piece.expect = true;
            }
            return false;
        }
        if error.status() != Some(500) {
            // Whatever this is, it is not about these lines.
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

    /// A probe was sent, to see whether the path to the database works while the piece at hand is
    /// refused or makes the server fail.
    pub(super) fn probed(&mut self, at: usize, result: Result<(), Error>) {
        let queue = &mut self.queues[at];
        // A server that dropped it, or names it, has read it.
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
        // (What was refused before it is sent first; what the server fails on has its turn.)
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
            // Each half is looked at by itself.
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

/// Whether the path broke under the request, or time ran out.
fn is_break(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Transport(e) if matches!(e.kind(), TransportErrorKind::Closed | TransportErrorKind::Timeout)
    )
}
