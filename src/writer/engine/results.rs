//! What is sent, and what its result means for the lines: delivered, sent again, split, rejected or
//! dropped. What a response means is decided in `http/write_status`; the delay before a retry in
//! `writer/settings`.

use super::super::account::{DropReason, Place, RejectReason};
use super::super::rejected::Rejected;
use super::super::settings::{HUMAN_PAUSE, pause};
use super::backoff::Pause;
use super::batch::{Batch, Piece, Suspicion, TakenOut, text};
use super::bisect::BAD_RUN;
use super::link::Limit;
use super::{Attempt, Engine, Note, Out, Queue};
use crate::error::{Error, ErrorKind, Remedy, TransportErrorKind, cut};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

/// Of what a server says about a line, this much is kept with it.
const MAX_MESSAGE: usize = 512;

impl Engine {
    /// The first piece of a queue's first batch, as a request. `None`: there is nothing to send, or
    /// not in the time there is.
    pub(super) fn prepare(&mut self, at: usize, limit: Limit) -> Option<Attempt> {
        let queue = self.queues.get_mut(at)?;
        if queue.held.is_none() && queue.sealed.is_empty() {
            self.seal(at);
        }
        loop {
            if !self.read_back(at) {
                return None;
            }
            let queue = self.queues.get_mut(at)?;
            let batch = queue.head()?;
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
        let batch = self.queues.get_mut(at)?.head()?;
        // What is known to hold a bad line is cut without trying.
        let is_bad = |piece: Piece| piece.suspicion == Suspicion::Bad;
        while batch.next_piece().is_some_and(is_bad) && batch.halve(true) {}
        if batch.bad_run >= BAD_RUN {
            batch.cut_off(1, false);
        }
        batch.cut_to(most);
        self.request(at, limit)
    }

    fn request(&mut self, at: usize, limit: Limit) -> Option<Attempt> {
        let own = self.precision();
        let queue = self.queues.get(at)?;
        let batch = queue.peek()?;
        let piece = batch.next_piece().unwrap_or_default();
        let (body, range, precision) = match batch.probe {
            true => {
                let line = Vec::from(queue.probe.lines());
                let range = 0..line.len();
                (Arc::new(line), range, own)
            }
            false => {
                let (body, range) = batch.share_piece();
                (body, range, batch.precision)
            }
        };
        self.attempts = self.attempts.saturating_add(1);
        let out = Out {
            id: self.attempts,
            queue: at,
            size: range.len(),
            probe: batch.probe,
            from_disk: queue.held.is_some(),
            since: self.now,
            limit,
        };
        self.out = Some(out);
        self.stats.requests = self.stats.requests.saturating_add(1);
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
        match result {
            Err(error) if cut => {
                self.link.cut_off(out.size);
                self.note_error(at, Arc::new(error));
                // What is too slow for the caller's ticks waits on disk, if there is one.
                self.spool_sealed(at);
            }
            result => {
                if result.as_ref().err().is_none_or(|e| e.status().is_some()) {
                    let took = self.now.saturating_sub(out.since);
                    self.link.responded(out.size, took);
                }
                self.apply(&out, result);
            }
        }
        self.retire(at);
        if uncompressed && !self.uncompressed {
            self.uncompressed = true;
            self.note(at, Note::Uncompressed);
        }
        if out.from_disk && !cut {
            self.keep_rate(at, out.size);
        }
        self.check();
    }

    fn note_error(&mut self, at: usize, error: Arc<Error>) {
        if let Some(queue) = self.queues.get_mut(at) {
            queue.last_error = Some(Arc::clone(&error));
        }
        self.last_error = Some(error);
    }

    /// Whether the caller's limit ended the request, not the client's own: no failure, only too
    /// much for the time there was.
    fn was_cut_off(&self, out: &Out, error: &Error) -> bool {
        let (Limit::Until(end) | Limit::Tick { end, .. }) = out.limit else {
            return false;
        };
        let timeout = matches!(
            error.kind(),
            ErrorKind::Transport(e) if e.kind() == TransportErrorKind::Timeout
        );
        timeout && self.now.saturating_add(Duration::from_millis(5)) >= end
    }

    fn apply(&mut self, out: &Out, result: Result<(), Error>) {
        let at = out.queue;
        match result {
            result if out.probe => self.probed(at, result),
            Ok(()) => self.delivered(at),
            Err(error) => match error.remedy() {
                Remedy::RemoveBadLines => self.take_out(at, error),
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
    }

    /// The first batch is done with if nothing of it is left.
    fn retire(&mut self, at: usize) {
        let done = self.queues.get_mut(at).and_then(Queue::retire);
        if let (Some(ranges), Some(disk)) = (done, &mut self.disk) {
            disk.ack(&ranges);
        }
    }

    pub(super) fn head(&mut self, at: usize) -> Option<&mut Batch> {
        self.queues.get_mut(at).and_then(Queue::head)
    }

    /// The first piece is done with: its bytes leave the count. How many lines it has.
    pub(super) fn pop(&mut self, at: usize, good: bool) -> u64 {
        let place = self.place(at);
        let Some(batch) = self.queues.get_mut(at).and_then(Queue::head) else {
            return 0;
        };
        let lines = batch.next_piece().map_or(0, |piece| piece.lines);
        if place == Place::Buffered {
            self.bytes = self.bytes.saturating_sub(batch.piece_bytes().len());
        }
        batch.pop(good);
        batch.failing = None;
        lines as u64
    }

    fn delivered(&mut self, at: usize) {
        let precision = self.precision();
        let Some(queue) = self.queues.get_mut(at) else {
            return;
        };
        queue.note_stored(precision);
        let suspected = queue.head().filter(|batch| batch.has_suspects());
        match suspected.and_then(Batch::piece) {
            // To be sent again if an older line is stored after it; see `Suspicion::Stored`.
            Some(piece) => piece.suspicion = Suspicion::Stored,
            None => self.count_delivered(at),
        }
        self.path_works(at);
    }

    fn count_delivered(&mut self, at: usize) {
        let place = self.place(at);
        let lines = self.pop(at, true);
        self.transfer(at, place, Place::Delivered, lines);
        self.note(at, |bucket| Note::Delivered(bucket, lines));
    }

    /// Something was stored, or the server named lines that it had read.
    pub(super) fn path_works(&mut self, at: usize) {
        let Some(queue) = self.queues.get_mut(at) else {
            return;
        };
        if let Some(batch) = queue.head() {
            batch.path_works();
        }
        let since = queue.backoff.succeeded();
        queue.last_error = None;
        self.last_error = None;
        if let Some(since) = since {
            let after = self.now.saturating_sub(since);
            self.note(at, |bucket| Note::Recovered(bucket, after));
        }
    }

    /// Nothing was stored, because of some lines: they go, the others are sent once more.
    fn take_out(&mut self, at: usize, error: Error) {
        let place = self.place(at);
        let Some(batch) = self.head(at) else {
            return;
        };
        let before = batch.rest().len();
        let taken = batch.take_out(error.line_errors());
        let gone = before.saturating_sub(batch.rest().len());
        if place == Place::Buffered {
            self.bytes = self.bytes.saturating_sub(gone);
        }
        if taken.is_empty() {
            self.doubt(at, RejectReason::Refused, error);
        } else {
            self.path_works(at);
            self.reject(at, place, RejectReason::Refused, taken);
        }
    }

    /// The good lines are stored: what the server dropped is told, nothing is sent again.
    fn report_partial(&mut self, at: usize, error: &Error) {
        let Some(queue) = self.queues.get_mut(at) else {
            return;
        };
        queue.probe.forget();
        let suspects = queue.head().is_some_and(|batch| batch.has_suspects());
        self.path_works(at);
        if suspects {
            // Its turn comes again, behind those that now are sent once more.
            return;
        }
        let Some(batch) = self.head(at) else {
            return;
        };
        let all = batch.next_piece().map_or(0, |piece| piece.lines);
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
        let stored = all.saturating_sub(said) as u64;
        if stored > 0 {
            self.transfer(at, place, Place::Delivered, stored);
            self.note(at, |bucket| Note::Delivered(bucket, stored));
        }
        self.reject(at, place, RejectReason::Partial, named);
        if unnamed > 0 {
            self.keep(
                at,
                place,
                String::new(),
                unnamed as u64,
                RejectReason::Partial,
                error,
            );
        }
    }

    pub(super) fn first_line(&self, at: usize) -> String {
        let batch = self.queues.get(at).and_then(|queue| queue.peek());
        batch.map_or(String::new(), |b| text(b.piece_bytes()))
    }

    /// The whole piece is refused.
    pub(super) fn reject_piece(&mut self, at: usize, reason: RejectReason, error: &Error) {
        let line = self.first_line(at);
        let place = self.place(at);
        let lines = self.pop(at, false);
        self.keep(at, place, line, lines, reason, error);
    }

    fn reject(&mut self, at: usize, place: Place, reason: RejectReason, taken: Vec<TakenOut>) {
        for out in taken {
            let rejected = Rejected {
                bucket: String::new(),
                line: out.line,
                lines: 1,
                reason,
                message: cut(&out.message, MAX_MESSAGE).to_string(),
            };
            self.keep_rejected(at, place, rejected);
        }
    }

    fn keep(
        &mut self,
        at: usize,
        place: Place,
        line: String,
        lines: u64,
        reason: RejectReason,
        error: &Error,
    ) {
        let named = error.line_errors().first().filter(|_| lines == 1);
        let message = named.map_or(error.message(), |bad| bad.reason.as_str());
        let rejected = Rejected {
            bucket: String::new(),
            line,
            lines,
            reason,
            message: cut(message, MAX_MESSAGE).to_string(),
        };
        self.keep_rejected(at, place, rejected);
    }

    pub(super) fn keep_rejected(&mut self, at: usize, place: Place, mut rejected: Rejected) {
        let (lines, reason) = (rejected.lines, rejected.reason);
        if let Some(bucket) = self.bucket(at) {
            rejected.bucket.push_str(&bucket);
        }
        // (It stays in its place until it is retired.)
        let batch = self.queues.get(at).and_then(Queue::peek);
        let precision = batch.map_or(self.settings.precision, |batch| batch.precision);
        if let Some(disk) = &mut self.disk {
            let (line, message) = (&rejected.line, &rejected.message);
            disk.reject(&rejected.bucket, precision, line, message);
        }
        self.rejected.push(rejected);
        self.transfer(at, place, Place::Rejected(reason), lines);
        self.note(at, |bucket| Note::Rejected(bucket, lines, reason));
    }

    /// The data are kept and tried again later, unless the policy is at its end.
    pub(super) fn failed(&mut self, at: usize, error: Error) {
        let (now, random) = (self.now, self.jitter.next());
        let policy = &self.settings.retry;
        let Some(queue) = self.queues.get_mut(at) else {
            return;
        };
        let count = queue.backoff.failed(now);
        let asked = error.retry_after();
        let own = pause(policy, count, None, random);
        let mut wait = pause(policy, count, asked, random);
        // (A shorter one than the policy's own is nobody's wish: it may be cut short.)
        let asked = asked.filter(|_| wait > own);
        if error.remedy() == Remedy::Operator {
            wait = wait.max(HUMAN_PAUSE);
        }
        let until = now.saturating_add(wait);
        queue.backoff.wait(match asked {
            Some(_) => Pause::ServerAsked(until),
            None => Pause::Retry(until),
        });
        queue.backlog = true;
        let kept = self.disk.is_some();
        let over = !kept
            && queue.head().is_some_and(|batch| {
                let (before, since) = batch.failing.unwrap_or((0, now));
                let failures = before.saturating_add(1);
                batch.failing = Some((failures, since));
                failures > policy.max_retries || now.saturating_sub(since) >= policy.max_time
            });
        self.stats.failures = self.stats.failures.saturating_add(1);
        let error = Arc::new(error);
        self.note_error(at, Arc::clone(&error));
        self.note(at, |bucket| Note::Failed(bucket, error, wait));
        if over {
            self.drop_first(at, DropReason::GivenUp);
        }
        self.spool_sealed(at);
    }
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
