//! What is sent, and what its result means for the lines: delivered, sent again, split, rejected or
//! dropped. What a response means is decided in `http/write_status`; the delay before a retry in
//! `writer/settings`.

use super::super::account::{DropReason, Place, RejectReason};
use super::super::rejected::Rejected;
use super::super::settings::{HUMAN_PAUSE, pause};
use super::backoff::{Pause, Streak};
use super::batch::{BAD_RUN, Batch, Piece, Suspicion, number_of};
use super::link::{Limit, Link};
use super::{Attempt, Engine, Note, Out};
use crate::error::{Error, ErrorKind, Remedy};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

impl Engine {
    /// The first piece of a queue's first batch, as a request. `None`: there is nothing to send, or
    /// not in the time there is.
    pub(super) fn prepare(&mut self, at: usize, limit: Limit) -> Option<Attempt> {
        if self.queues[at].head().is_none() {
            self.seal(at);
        }
        loop {
            if !self.read_back(at) {
                return None;
            }
            let batch = self.queues[at].head()?;
            match batch.next_piece() {
                Some(piece) if piece.suspicion == Suspicion::Stored => {
                    self.count_delivered(at);
                    self.retire(at);
                }
                // (All that is left has been refused, and the path is in doubt.)
                None if !batch.probe => {
                    self.retire(at);
                    return None;
                }
                _ => break,
            }
        }
        let most = self.link.fits(limit, self.now)?;
        let batch = self.queues[at].head()?;
        // What is known to hold a bad line is cut without trying.
        let is_bad = |piece: Piece| piece.suspicion == Suspicion::Bad;
        while batch.next_piece().is_some_and(is_bad) && batch.halve(true) {}
        if batch.bad_run >= BAD_RUN {
            batch.cut_off(1, false);
        }
        batch.cut_to(Link::share(limit, batch.piece_bytes().len(), most));
        self.request(at, limit)
    }

    fn request(&mut self, at: usize, limit: Limit) -> Option<Attempt> {
        let queue = &self.queues[at];
        let batch = queue.sealed.front()?;
        let piece = batch.next_piece().unwrap_or_default();
        let (body, range, precision) = match batch.probe {
            true => {
                let line = Vec::from(queue.probe.lines());
                let range = 0..line.len();
                (Arc::new(line), range, self.settings.precision)
            }
            false => {
                let (body, range) = batch.share_piece();
                (body, range, batch.precision)
            }
        };
        self.stats.requests = self.stats.requests.saturating_add(1);
        let out = Out {
            id: self.stats.requests,
            queue: at,
            size: range.len(),
            from_disk: queue.held() > 0,
            since: self.now,
            limit,
        };
        self.out = Some(out);
        self.stats.bytes_sent = self.stats.bytes_sent.saturating_add(range.len() as u64);
        Some(Attempt {
            id: out.id,
            bucket: Arc::clone(&queue.bucket),
            body,
            range,
            precision,
            expect: piece.expect,
            limit: limit.left(self.now),
        })
    }

    /// What became of a request. A result that nobody waits for any more changes nothing.
    ///
    /// `uncompressed`: the server is known to take no compressed bodies.
    pub(crate) fn on_result(
        &mut self,
        now: Duration,
        id: u64,
        result: Result<(), Error>,
        uncompressed: bool,
    ) {
        self.now = self.now.max(now);
        let Some(out) = self.out.take_if(|out| out.id == id) else {
            return;
        };
        let at = out.queue;
        let cut = matches!(&result, Err(error) if self.was_cut_off(&out, error));
        if !cut {
            self.learn(&out, &result);
        }
        match result {
            Err(error) if cut => {
                self.link.cut_off(out.size);
                self.note_error(at, Arc::new(error));
                // What is too slow for the caller's ticks waits on disk, if there is one.
                self.spool_sealed(at);
            }
            result if self.is_probe(at) => self.probed(at, result),
            Ok(()) => self.delivered(at),
            Err(error) => match error.remedy() {
                Remedy::RemoveBadLines => self.take_out(at, error),
                Remedy::None if self.leaves_unknown(at, &error) => {
                    self.failed(at, error);
                }
                Remedy::None => self.report_partial(at, &error),
                Remedy::Split => self.doubt(at, RejectReason::TooLarge, error),
                Remedy::Retry | Remedy::Operator => {
                    let again_at_once = self.suspect(at, out.size, &error);
                    if !again_at_once {
                        self.failed(at, error);
                    }
                }
            },
        }
        self.retire(at);
        if uncompressed && !self.uncompressed {
            self.uncompressed = true;
            // (A larger request pays only as long as it is compressed.)
            self.settings.merge_bytes = self.settings.batch_bytes;
            self.note(at, Note::Uncompressed);
        }
        if out.from_disk && !cut {
            self.keep_rate(at, out.size, out.since);
        }
        self.check();
    }

    /// Returns `true` if the request of a queue is a probe, which its first batch is planned for until the
    /// result is there.
    fn is_probe(&self, at: usize) -> bool {
        let batch = self.queues[at].sealed.front();
        batch.is_some_and(|batch| batch.probe)
    }

    /// What a result shows of the link.
    fn learn(&mut self, out: &Out, result: &Result<(), Error>) {
        let settings = &mut self.settings;
        let error = result.as_ref().err();
        if error.is_none_or(|e| e.status().is_some()) {
            let took = self.now.saturating_sub(out.since);
            self.link.responded(out.size, took, settings.request_limit);
        } else if error.is_some_and(timed_out) {
            self.link.timed_out(out.size);
        }
        if out.size > settings.batch_bytes && error.is_some_and(|e| e.remedy() == Remedy::Split) {
            // More than the server takes, or a gateway: not again.
            settings.merge_bytes = settings.batch_bytes;
        }
    }

    fn note_error(&mut self, at: usize, error: Arc<Error>) {
        self.queues[at].last_error = Some(Arc::clone(&error));
        self.last_error = Some(error);
    }

    /// Whether the caller's limit ended the request, not the client's own: no failure, only too
    /// much for the time there was.
    fn was_cut_off(&self, out: &Out, error: &Error) -> bool {
        let now = self.now.saturating_add(Duration::from_millis(5));
        error.is_timeout() && out.limit.end().is_some_and(|end| now >= end)
    }

    /// The first batch is done with if nothing of it is left.
    fn retire(&mut self, at: usize) {
        let done = self.queues[at].retire();
        if let (Some(ranges), Some(disk)) = (done, &mut self.disk) {
            disk.ack(&ranges);
        }
    }

    /// The first piece is done with: its bytes leave the count. Where its lines are, and how many.
    fn pop(&mut self, at: usize, good: bool) -> (Place, usize) {
        let place = self.queues[at].place();
        let Some(batch) = self.queues[at].head() else {
            return (place, 0);
        };
        let lines = batch.next_piece().map_or(0, |piece| piece.lines);
        if place == Place::Buffered {
            self.bytes = self.bytes.saturating_sub(batch.piece_bytes().len());
        }
        batch.pop(good);
        batch.failing = Streak::default();
        (place, lines)
    }

    fn delivered(&mut self, at: usize) {
        let queue = &mut self.queues[at];
        queue.note_stored();
        let suspected = queue.head().filter(|batch| batch.has_suspects());
        match suspected.and_then(Batch::piece) {
            // To be sent again if an older line is stored after it; see `Suspicion::Stored`.
            Some(piece) => piece.suspicion = Suspicion::Stored,
            None => self.count_delivered(at),
        }
        self.path_works(at);
    }

    fn count_delivered(&mut self, at: usize) {
        let (place, lines) = self.pop(at, true);
        self.finish(at, place, Place::Delivered, lines as u64);
    }

    /// Something was stored, or the server named lines that it had read.
    pub(super) fn path_works(&mut self, at: usize) {
        let queue = &mut self.queues[at];
        if let Some(batch) = queue.head() {
            batch.path_works();
        }
        let failing = core::mem::take(&mut queue.backoff).failing;
        queue.last_error = None;
        self.last_error = None;
        if failing.count > 0 {
            let after = self.now.saturating_sub(failing.since);
            self.note(at, |bucket| Note::Recovered(bucket, after));
        }
    }

    /// Nothing was stored, because of some lines: they go, the others are sent once more.
    fn take_out(&mut self, at: usize, error: Error) {
        let place = self.queues[at].place();
        let Some(batch) = self.queues[at].head() else {
            return;
        };
        let before = batch.rest().len();
        let taken = batch.take_out(error.line_errors(), RejectReason::Refused);
        let gone = before.saturating_sub(batch.rest().len());
        if place == Place::Buffered {
            self.bytes = self.bytes.saturating_sub(gone);
        }
        if taken.is_empty() {
            return self.doubt(at, RejectReason::Refused, error);
        }
        self.path_works(at);
        for rejected in taken {
            self.reject(at, place, rejected);
        }
    }

    /// Whether which lines are stored is in a part of the response that was lost.
    fn leaves_unknown(&mut self, at: usize, error: &Error) -> bool {
        let piece = self.queues[at].head().and_then(|batch| batch.next_piece());
        let lines = piece.map_or(0, |piece| piece.lines);
        named_in_part(error) && last_named(error, lines).is_none()
    }

    /// The good lines are stored: what the server dropped is reported, nothing is sent again.
    fn report_partial(&mut self, at: usize, error: &Error) {
        let queue = &mut self.queues[at];
        queue.probe.forget();
        let suspects = queue.head().is_some_and(|batch| batch.has_suspects());
        self.path_works(at);
        // (Of suspects the turn comes again, behind those that now are sent once more.)
        let Some(batch) = self.queues[at].head().filter(|_| !suspects) else {
            return;
        };
        let sent = batch.next_piece().map_or(0, |piece| piece.lines);
        if let Some(last) = last_named(error, sent).filter(|_| named_in_part(error)) {
            // Behind the last line that was read of the server's list others may have been dropped: what
            // stands there is sent again, for the server to name them.
            batch.cut_off(last, false);
        }
        let all = batch.next_piece().map_or(0, |piece| piece.lines);
        let mut rejected = batch.named(error.line_errors(), RejectReason::Partial);
        let count = dropped(error, all).or_else(|| {
            // What names no line was dropped as well.
            let unknown = error.line_errors().iter();
            let unknown = unknown.filter(|one| one.number.is_none()).count();
            let count = rejected.len().saturating_add(unknown);
            named_in_part(error).then(|| count.min(all))
        });
        if count.is_some_and(|count| count < rejected.len()) {
            // They can be the cause, but not all of them are: it is unknown which.
            rejected.clear();
        }
        let named = rejected.len();
        let dropped = count.unwrap_or(0).max(named).clamp(1, all.max(1));
        if dropped > named {
            let lines = dropped.saturating_sub(named);
            let other = error
                .line_errors()
                .iter()
                .find(|one| number_of(one, all).is_none());
            let message = match other {
                Some(other) if lines == 1 => other.reason.as_str(),
                _ if named > 0 => error.message(),
                _ => message(error, lines),
            };
            rejected.push(batch.rejected(b"", lines, RejectReason::Partial, message));
        }
        let (place, _) = self.pop(at, false);
        let stored = all.saturating_sub(dropped) as u64;
        if stored > 0 {
            self.finish(at, place, Place::Delivered, stored);
        }
        for rejected in rejected {
            self.reject(at, place, rejected);
        }
    }

    /// The whole piece is refused.
    pub(super) fn reject_piece(&mut self, at: usize, reason: RejectReason, message: &str) {
        let Some(batch) = self.queues[at].head() else {
            return;
        };
        let lines = batch.next_piece().map_or(0, |piece| piece.lines);
        let rejected = batch.rejected(batch.piece_bytes(), lines, reason, message);
        let (place, _) = self.pop(at, false);
        self.reject(at, place, rejected);
    }

    /// Lines are refused for good: they are kept to be looked at, on disk as well if there is one.
    fn reject(&mut self, at: usize, place: Place, mut rejected: Rejected) {
        rejected.bucket.push_str(&self.queues[at].bucket);
        if let Some(disk) = &mut self.disk {
            disk.reject(&rejected);
        }
        let to = Place::Rejected(rejected.reason);
        let lines = rejected.lines;
        self.rejected.push(rejected);
        self.finish(at, place, to, lines);
    }

    /// The data are kept and tried again later, unless the policy is at its end.
    pub(super) fn failed(&mut self, at: usize, error: Error) {
        let (now, random) = (self.now, self.jitter.next());
        let policy = &self.settings.retry;
        let queue = &mut self.queues[at];
        queue.backoff.failing.add(now);
        let count = queue.backoff.failing.count;
        let asked = error.retry_after();
        let own = pause(policy, count, None, random);
        let mut wait = pause(policy, count, asked, random);
        // (A shorter one than the policy's own was not asked for: it may be cut short.)
        let asked = asked.filter(|_| wait > own);
        if error.remedy() == Remedy::Operator {
            wait = wait.max(HUMAN_PAUSE);
        }
        let until = now.saturating_add(wait);
        let pause = asked.map_or(Pause::Retry, |_| Pause::ServerAsked);
        queue.backoff.wait(until, pause);
        queue.backlog = true;
        // (What is kept on disk is never given up.)
        let over = self.disk.is_none()
            && queue.head().is_some_and(|batch| {
                batch.failing.add(now);
                let failing = now.saturating_sub(batch.failing.since);
                batch.failing.count > policy.max_retries || failing >= policy.max_time
            });
        self.stats.failures = self.stats.failures.saturating_add(1);
        let error = Arc::new(error);
        self.note_error(at, Arc::clone(&error));
        self.note(at, |bucket| Note::Failed(bucket, error, wait));
        if over {
            self.drop_at(at, 0, DropReason::GivenUp);
        }
        self.spool_sealed(at);
    }
}

/// What a server says about so many lines that it rejects.
pub(super) fn message(error: &Error, lines: usize) -> &str {
    let named = error.line_errors().first().filter(|_| lines == 1);
    named.map_or(error.message(), |bad| bad.reason.as_str())
}

/// Whether the client's own limit was over before a response came, but not before anything was sent.
fn timed_out(error: &Error) -> bool {
    error.is_timeout() && matches!(error.kind(), ErrorKind::Transport(e) if !e.unsent)
}

/// Whether a partial write dropped lines that are named behind the end of what was received.
fn named_in_part(error: &Error) -> bool {
    error
        .response()
        .is_some_and(|response| response.0.named_in_part)
}

/// The number of the last of so many lines that is named.
fn last_named(error: &Error, lines: usize) -> Option<usize> {
    let named = error.line_errors().iter();
    named.filter_map(|one| number_of(one, lines)).max()
}

/// How many lines of a partial write weren't stored: as the server says, or as follows from how
/// many were. `None` if it says neither.
fn dropped(error: &Error, all: usize) -> Option<usize> {
    let stated = error.response().and_then(|response| response.dropped());
    if let Some(stated) = stated {
        return Some(usize::try_from(stated).unwrap_or(usize::MAX).min(all));
    }
    // Cloud: `partial write error (5 written): …`.
    let (before, _) = error.message().split_once(" written)")?;
    let digits = before.rsplit('(').next().unwrap_or("");
    let written: usize = digits.parse().ok()?;
    Some(all.saturating_sub(written))
}
