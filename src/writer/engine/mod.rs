//! The delivery engine: queues, batches, the disk, and the counts of all lines.
//!
//! It is sans-IO: no thread, no clock, no network. Each call is passed the time. [`Engine::next_request`] returns the
//! request to make, [`Engine::on_result`] takes its result, [`Engine::next_wakeup`] returns when to call again. While a
//! request is in flight, everything else goes on. Events are collected in [`Engine::events`]; no listener is called.

mod accept;
mod ahead;
mod backoff;
mod batch;
mod bisect;
mod drain_rate;
mod events;
mod flush;
mod hand_over;
mod link;
mod probe;
mod queue;
mod report;
mod results;

use super::account::{Place, Stats};
use super::rejected::RejectedStore;
use super::settings::{Jitter, Settings};
use super::spool::Disk;
use super::stamp::Stamper;
use crate::Precision;
use crate::error::{Error, WriteError};
use crate::line::Lines;
use alloc::sync::Arc;
use alloc::vec::Vec;
use batch::Batch;
use core::ops::Range;
use core::time::Duration;

pub(crate) use accept::{Accepted, Pending, not_encoded};
pub(crate) use events::{Events, Note};
pub(crate) use flush::{Goal, GoalState};
pub(crate) use link::Limit;
pub(crate) use queue::{Queue, Queues};

/// The first queue: the bucket the writer was made for.
pub(crate) const MAIN: usize = 0;

/// All lines that a writer accepted, and their counts; see the module.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) settings: Settings,
    pub(crate) queues: Queues,
    /// The counts. Lines are moved only by [`Stats::transfer`].
    stats: Stats,
    pub(crate) rejected: RejectedStore,
    pub(crate) events: Events,
    pub(crate) last_error: Option<Arc<Error>>,
    pub(crate) disk: Option<Disk>,
    jitter: Jitter,
    stamper: Stamper,
    /// Storage for lines that get a time.
    stamped: Vec<u8>,
    /// The time of this call. Monotonic.
    now: Duration,
    /// The bytes of lines that are in memory alone.
    pub(crate) bytes: usize,
    /// The counts at the last flush.
    flushed: Stats,
    /// The queue that is asked first for the next request.
    turn: usize,
    batches: u64,
    /// The request in flight.
    out: Option<Out>,
    /// The measured speed of the link.
    link: link::Link,
    /// It was reported that the server accepts no compressed bodies.
    uncompressed: bool,
    /// The time when the writer's own line is due.
    report_at: Option<Duration>,
    /// After the disk refused lines, stalled lines are not offered to it again before this time.
    disk_rests_until: Duration,
}

/// One request: lines for a bucket. The body is shared with the batch that it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) id: u64,
    pub(crate) bucket: Arc<str>,
    body: Arc<Vec<u8>>,
    range: Range<usize>,
    precision: Precision,
    /// The body waits for `100 Continue`.
    pub(crate) expect: bool,
    /// A limit for the attempt, if it is shorter than the client's.
    pub(crate) limit: Option<Duration>,
}

impl Attempt {
    pub(crate) fn lines(&self) -> Lines<'_> {
        let bytes = self.body.get(self.range.clone()).unwrap_or_default();
        let precision = self.precision;
        Lines { bytes, precision }
    }
}

/// The result of an attempt.
pub(crate) struct Finished {
    pub(crate) id: u64,
    /// `Ok` is 204 and nothing else.
    pub(crate) result: Result<(), Error>,
    /// The server is known not to accept compressed bodies.
    pub(crate) uncompressed: bool,
}

/// The request in flight, as far as its result needs it.
#[derive(Clone, Copy, Debug)]
struct Out {
    id: u64,
    queue: usize,
    size: usize,
    from_disk: bool,
    since: Duration,
    limit: Limit,
}

impl Engine {
    pub(crate) fn new(settings: Settings, (bucket, listens): (&str, bool), seed: u64) -> Self {
        Engine {
            queues: Queues::new(Queue::new(bucket, settings.precision)),
            stats: Stats::default(),
            rejected: RejectedStore::new(settings.max_rejected_bytes),
            events: Events::new(listens),
            last_error: None,
            disk: None,
            jitter: Jitter::new(seed),
            stamper: Stamper::new(settings.guard),
            stamped: Vec::new(),
            now: Duration::ZERO,
            bytes: 0,
            flushed: Stats::default(),
            turn: 0,
            // (0 is for batches from disk, which are older than any batch that a flush waits for.)
            batches: 1,
            out: None,
            link: link::Link::default(),
            uncompressed: false,
            report_at: settings.report.as_ref().map(|_| Duration::ZERO),
            disk_rests_until: Duration::ZERO,
            settings,
        }
    }

    /// The queue of a bucket by its name, which has to be one that a bucket can have.
    pub(crate) fn named_queue(&mut self, bucket: &str) -> Result<usize, WriteError> {
        self.settings.check_bucket(bucket)?;
        Ok(self.queue(bucket))
    }

    /// The queue of a bucket; a new one if need be.
    pub(crate) fn queue(&mut self, bucket: &str) -> usize {
        self.queues.number_of(bucket, self.settings.precision)
    }

    pub(crate) fn main_bucket(&self) -> Arc<str> {
        Arc::clone(&self.queues[MAIN].bucket)
    }

    /// Takes the stamper, for a driver whose lines are stamped on other threads.
    pub(crate) fn take_stamper(&mut self) -> Stamper {
        let other = Stamper::new(self.settings.guard);
        core::mem::replace(&mut self.stamper, other)
    }

    /// Returns the request to make now, if any: at most one is in flight at a time.
    pub(crate) fn next_request(&mut self, now: Duration, limit: Limit) -> Option<Attempt> {
        self.now = self.now.max(now);
        if self.out.is_some() {
            return None;
        }
        let count = self.queues.len();
        for offset in 0..count {
            let at = self.turn.wrapping_add(offset).checked_rem(count)?;
            let due = self.due_at(&self.queues[at]);
            if due.is_none_or(|due| due > self.now) {
                continue;
            }
            if let Some(attempt) = self.prepare(at, limit) {
                self.turn = at.wrapping_add(1);
                return Some(attempt);
            }
        }
        None
    }

    fn due_at(&self, queue: &Queue) -> Option<Duration> {
        let until = queue.backoff.until;
        if !queue.sealed.is_empty() || queue.spooled > 0 {
            let fresh = self.fresh_at(queue).unwrap_or(Duration::ZERO);
            return Some(until.max(fresh));
        }
        self.aged_at(queue).map(|aged| aged.max(until))
    }

    /// The time when the collected lines are old enough to be a batch.
    fn aged_at(&self, queue: &Queue) -> Option<Duration> {
        (queue.open_lines > 0).then(|| queue.opened_at.saturating_add(self.settings.flush_interval))
    }

    /// The same if there is a disk that they may have to go to. (Without one they are collected until they can be
    /// sent.)
    fn spools_at(&self, queue: &Queue) -> Option<Duration> {
        self.disk.as_ref().and_then(|_| self.aged_at(queue))
    }

    /// Does what is due by now: old lines become a batch, lines that belong on disk are written there.
    pub(crate) fn tick(&mut self, now: Duration) {
        self.now = self.now.max(now);
        // (A failure is reported by an event.)
        let _ = self.sync(false);
        let stalled = self.stalls_at().is_some_and(|at| at <= self.now);
        for at in 0..self.queues.len() {
            let aged = self.spools_at(&self.queues[at]);
            if aged.is_some_and(|at| at <= self.now) {
                self.seal(at);
            } else {
                self.spool_if_due(at);
            }
            if stalled {
                self.spool_sealed(at);
            }
        }
        self.check();
    }

    /// The time when the next call of [`tick`](Self::tick) is useful or, unless a request is in flight, of
    /// [`next_request`](Self::next_request). `None`: not before something is written.
    pub(crate) fn next_wakeup(&self) -> Option<Duration> {
        let aged = self.queues.iter().filter_map(|q| self.spools_at(q));
        let due = self.queues.iter().filter(|_| self.out.is_none());
        let due = due.filter_map(|q| self.due_at(q));
        let sync = self.disk.as_ref().and_then(Disk::next_sync);
        let sync = sync.map(|left| self.now.saturating_add(left));
        let own = self.stalls_at().into_iter().chain(self.report_at);
        aged.chain(due).chain(sync).chain(own).min()
    }

    /// The time when the next request is due.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        let due = self.queues.iter().filter_map(|q| self.due_at(q));
        due.min()
    }

    /// Makes a batch of the lines that a queue has collected.
    pub(crate) fn seal(&mut self, at: usize) {
        let (number, now, out) = (self.batches, self.now, self.out.is_some());
        let queue = &mut self.queues[at];
        let waits = out || !queue.sealed.is_empty() || queue.backoff.until > now;
        if queue.seal(number, waits) {
            self.batches = self.batches.saturating_add(1);
        }
        self.spool_if_due(at);
    }

    /// Moves lines of a queue from one place to another.
    fn transfer(&mut self, at: usize, from: Place, to: Place, lines: u64) {
        self.stats.transfer(from, to, lines);
        let spooled = &mut self.queues[at].spooled;
        if from == Place::Spooled {
            *spooled = spooled.saturating_sub(lines);
        }
        if to == Place::Spooled {
            *spooled = spooled.saturating_add(lines);
        }
    }

    /// Moves lines to a place that they don't leave again, which is an event.
    fn finish(&mut self, at: usize, from: Place, to: Place, lines: u64) {
        self.transfer(at, from, to, lines);
        self.note(at, |bucket| Note::Lines(bucket, lines, to));
    }

    /// The counts as of now.
    pub(crate) fn stats(&self, now: Duration) -> Stats {
        let waits = self.queues.iter().map(|queue| queue.backoff.until);
        let next = waits.filter(|until| *until > now).min();
        Stats {
            buffered_bytes: self.bytes as u64,
            next_attempt: next.map(|at| at.saturating_sub(now)),
            ..self.stats
        }
    }

    /// The lines in memory alone, with their bucket, including those in flight.
    pub(crate) fn unsent(&self) -> impl Iterator<Item = (&str, Lines<'_>)> {
        self.queues.iter().flat_map(|queue| {
            let sealed = queue.in_memory().map(Batch::unsent);
            let lines = sealed.chain([queue.collected()]);
            let lines = lines.filter(|lines| !lines.bytes.is_empty());
            lines.map(|lines| (&*queue.bucket, lines))
        })
    }

    /// Notes an event of a queue, if there is a listener.
    fn note(&mut self, at: usize, event: impl FnOnce(Arc<str>) -> Note) {
        if self.events.listens {
            let bucket = Arc::clone(&self.queues[at].bucket);
            self.events.push(event(bucket));
        }
    }

    /// Checks in debug builds that the counts are balanced and equal to the lines that are there.
    pub(crate) fn check(&self) {
        if cfg!(debug_assertions) {
            let lines: usize = self.queues.iter().map(Queue::lines).sum();
            let spooled: u64 = self.queues.iter().map(|queue| queue.spooled).sum();
            debug_assert!(self.stats.is_balanced(), "{:?}", self.stats);
            debug_assert_eq!(self.stats.buffered, lines as u64, "{:?}", self.stats);
            debug_assert_eq!(self.stats.spooled, spooled, "{:?}", self.stats);
        }
    }
}
