//! Requests, and the consequences of their results for lines: delivered, sent again, split, rejected or dropped.
//! `http/write_status` decides what a response means, `writer/settings` the delay before a retry.
//!
//! ```text
//!                    ┌────────────────────────── retry later (failed) ◀──────────────┐
//!                    ▼                                                                │
//!  head batch ─▶ prepare: skip, halve, fit ─▶ in flight ─▶ on_result ─┬─ ambiguous ──┤ suspect
//!                    ▲                                                ├─ refused, no line named ─▶ doubt ─▶ halve,
//!                    │                                                │     suspect, reject, or probe
//!                    ├──────────── the others, at once ◀──────────────┼─ lines named ─▶ take_out ─▶ rejected
//!                    │                                                ├─ partial write ─▶ delivered and rejected
//!                    └──────────── the next piece ◀───────────────────┴─ 204 ─▶ delivered
//! ```

use super::super::account::{DropReason, Place, RejectReason};
use super::super::rejected::Rejected;
use super::super::settings::{OPERATOR_PAUSE, pause};
use super::backoff::{Pause, Streak};
use super::batch::{BAD_RUN, Batch, Piece, Suspicion, number_of};
use super::link::{Limit, Link};
use super::{Attempt, Engine, Finished, Note, Out};
use crate::error::{Error, ErrorKind, Remedy};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

impl Engine {
    /// Makes a request of the next piece of a queue's first batch. `None`: there is nothing to send, or not in the
    /// time left.
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
                // (All lines that are left are suspects, and no probe is planned.)
                None if !batch.probe => {
                    self.retire(at);
                    return None;
                }
                _ => break,
            }
        }
        let most = self.link.fits(limit, self.now)?;
        let batch = self.queues[at].head()?;
        // (A piece that is known to have a bad line is halved without being sent.)
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

    /// Takes the result of a request. One that is no longer waited for has no effect.
    pub(crate) fn on_result(&mut self, now: Duration, finished: Finished) {
        self.now = self.now.max(now);
        let Finished {
            id,
            result,
            uncompressed,
        } = finished;
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
                // (Lines that are too slow for the caller's ticks wait on disk, if there is one.)
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

    /// Learns the speed of the link from a result.
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
            // (The server or a gateway accepts no requests of this size.)
            settings.merge_bytes = settings.batch_bytes;
        }
    }

    fn note_error(&mut self, at: usize, error: Arc<Error>) {
        self.queues[at].last_error = Some(Arc::clone(&error));
        self.last_error = Some(error);
    }

    /// Returns `true` if the caller's limit, not the client's, ended the request. That is no failure: there were too
    /// many bytes for the time.
    fn was_cut_off(&self, out: &Out, error: &Error) -> bool {
        let now = self.now.saturating_add(Duration::from_millis(5));
        error.is_timeout() && out.limit.end().is_some_and(|end| now >= end)
    }

    /// Removes the first batch if no lines of it are left.
    fn retire(&mut self, at: usize) {
        let done = self.queues[at].retire();
        if let (Some(ranges), Some(disk)) = (done, &mut self.disk) {
            disk.ack(&ranges);
        }
    }

    /// Removes the piece. Returns the place of its lines, and their number; the caller moves them.
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
            // (It may have to be sent again; see `Suspicion::Stored`.)
            Some(piece) => piece.suspicion = Suspicion::Stored,
            None => self.count_delivered(at),
        }
        self.path_works(at);
    }

    fn count_delivered(&mut self, at: usize) {
        let (place, lines) = self.pop(at, true);
        self.finish(at, place, Place::Delivered, lines as u64);
    }

    /// Takes note that the path works: something was stored, or the server named lines.
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

    /// Handles a refusal that names lines, after which nothing is stored: these are rejected, the others sent again.
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

    /// Returns `true` if the list of lines in the response was truncated before any of them.
    fn leaves_unknown(&mut self, at: usize, error: &Error) -> bool {
        let piece = self.queues[at].head().and_then(|batch| batch.next_piece());
        let lines = piece.map_or(0, |piece| piece.lines);
        named_in_part(error) && last_named(error, lines).is_none()
    }

    /// Handles a partial write: the good lines are stored, and the dropped ones reported.
    fn report_partial(&mut self, at: usize, error: &Error) {
        let queue = &mut self.queues[at];
        queue.probe.forget();
        let suspects = queue.head().is_some_and(|batch| batch.has_suspects());
        self.path_works(at);
        // (Suspects are sent again first now; the piece itself after them.)
        let Some(batch) = self.queues[at].head().filter(|_| !suspects) else {
            return;
        };
        let sent = batch.next_piece().map_or(0, |piece| piece.lines);
        if let Some(last) = last_named(error, sent).filter(|_| named_in_part(error)) {
            // The server's list is truncated: lines behind the last named one may have been dropped as well. They are
            // sent again, so that the server names them.
            batch.cut_off(last, false);
        }
        let all = batch.next_piece().map_or(0, |piece| piece.lines);
        let mut rejected = batch.named(error.line_errors(), RejectReason::Partial);
        let count = dropped(error, all).or_else(|| {
            // (Entries that name no line of the piece are dropped lines as well.)
            let unknown = error.line_errors().iter();
            let unknown = unknown.filter(|one| one.number.is_none()).count();
            let count = rejected.len().saturating_add(unknown);
            named_in_part(error).then(|| count.min(all))
        });
        if count.is_some_and(|count| count < rejected.len()) {
            // (The server dropped fewer lines than it names, so it is unknown which.)
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

    /// Rejects the whole piece.
    pub(super) fn reject_piece(&mut self, at: usize, reason: RejectReason, message: &str) {
        let Some(batch) = self.queues[at].head() else {
            return;
        };
        let lines = batch.next_piece().map_or(0, |piece| piece.lines);
        let rejected = batch.rejected(batch.piece_bytes(), lines, reason, message);
        let (place, _) = self.pop(at, false);
        self.reject(at, place, rejected);
    }

    /// Rejects lines: keeps them for inspection, on disk as well if there is one.
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

    /// Keeps the lines for a later attempt, or drops them if the retry policy's limit is reached.
    pub(super) fn failed(&mut self, at: usize, error: Error) {
        let (now, random) = (self.now, self.jitter.next());
        let policy = &self.settings.retry;
        let queue = &mut self.queues[at];
        queue.backoff.failing.add(now);
        let count = queue.backoff.failing.count;
        let asked = error.retry_after();
        let own = pause(policy, count, None, random);
        let mut wait = pause(policy, count, asked, random);
        // (If the policy's own delay is longer, the server's request is met anyway, and a flush may end the delay.)
        let asked = asked.filter(|_| wait > own);
        if error.remedy() == Remedy::Operator {
            wait = wait.max(OPERATOR_PAUSE);
        }
        let until = now.saturating_add(wait);
        let pause = asked.map_or(Pause::Retry, |_| Pause::ServerAsked);
        queue.backoff.wait(until, pause);
        queue.backlog = true;
        // (With a disk no batch is given up.)
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

/// The server's message about so many rejected lines.
pub(super) fn message(error: &Error, lines: usize) -> &str {
    let named = error.line_errors().first().filter(|_| lines == 1);
    named.map_or(error.message(), |bad| bad.reason.as_str())
}

/// Returns `true` if the client's limit ended the request after something was sent.
fn timed_out(error: &Error) -> bool {
    error.is_timeout() && matches!(error.kind(), ErrorKind::Transport(e) if !e.unsent)
}

/// Returns `true` if the list of dropped lines is longer than the part of the response that was read.
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

/// The number of lines of a partial write that weren't stored, by the server's count of these or of the stored ones.
/// `None` if the response has neither.
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
