//! What happened, until it is told: bounded, and counted together where many wait.

use super::super::account::{DropReason, RejectReason};
use super::super::event::Event;
use crate::error::Error;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

/// So many events wait at most; more are counted.
const MAX: usize = 64;
/// From so many on equal ones in a row are told as one.
const CROWD: usize = 16;

/// An [`Event`] that owns what it says.
#[derive(Clone, Debug)]
pub(crate) enum Note {
    Delivered(Arc<str>, u64),
    Failed(Arc<str>, Arc<Error>, Duration),
    Recovered(Arc<str>, Duration),
    Rejected(Arc<str>, u64, RejectReason),
    Spooled(Arc<str>, u64),
    SpoolFailed(Arc<str>, String),
    Uncompressed(Arc<str>),
    Dropped(Arc<str>, u64, DropReason),
    ClockStepped(Duration),
    Foreign(u64),
    Missed(u64),
}

/// The events that nobody was told yet.
#[derive(Debug)]
pub(crate) struct Events {
    listens: bool,
    queue: VecDeque<Note>,
    missed: u64,
}

impl Events {
    pub(crate) fn new(listens: bool) -> Self {
        Events {
            listens,
            queue: VecDeque::new(),
            missed: 0,
        }
    }

    /// Whether anybody is told at all.
    pub(crate) fn listens(&self) -> bool {
        self.listens
    }

    pub(crate) fn push(&mut self, note: Note) {
        if !self.listens {
            return;
        }
        let crowded = self.queue.len() >= CROWD;
        if crowded && self.queue.back_mut().is_some_and(|last| last.merge(&note)) {
            return;
        }
        if self.queue.len() < MAX {
            self.queue.push_back(note);
        } else {
            self.missed = self.missed.saturating_add(1);
        }
    }

    /// The oldest, taken out.
    pub(crate) fn next(&mut self) -> Option<Note> {
        let next = self.queue.pop_front();
        next.or_else(|| match core::mem::take(&mut self.missed) {
            0 => None,
            missed => Some(Note::Missed(missed)),
        })
    }
}

impl Note {
    /// Adds another to this one, if both say the same of the same bucket.
    fn merge(&mut self, next: &Note) -> bool {
        if let (Note::SpoolFailed(a, said), Note::SpoolFailed(b, says)) = (&*self, next) {
            return a == b && said == says;
        }
        let (lines, more) = match (self, next) {
            (Note::Delivered(a, lines), Note::Delivered(b, more))
            | (Note::Spooled(a, lines), Note::Spooled(b, more))
                if a == b =>
            {
                (lines, more)
            }
            (Note::Rejected(a, lines, why), Note::Rejected(b, more, also))
                if a == b && why == also =>
            {
                (lines, more)
            }
            (Note::Dropped(a, lines, why), Note::Dropped(b, more, also))
                if a == b && why == also =>
            {
                (lines, more)
            }
            _ => return false,
        };
        *lines = lines.saturating_add(*more);
        true
    }

    /// The event as it is told.
    pub(crate) fn event(&self) -> Event<'_> {
        match self {
            Note::Delivered(bucket, lines) => Event::Delivered {
                bucket,
                lines: *lines,
            },
            Note::Failed(bucket, error, retry_in) => Event::Failed {
                bucket,
                error,
                retry_in: *retry_in,
            },
            Note::Recovered(bucket, after) => Event::Recovered {
                bucket,
                after: *after,
            },
            Note::Rejected(bucket, lines, reason) => Event::Rejected {
                bucket,
                lines: *lines,
                reason: *reason,
            },
            Note::Spooled(bucket, lines) => Event::Spooled {
                bucket,
                lines: *lines,
            },
            Note::SpoolFailed(bucket, message) => Event::SpoolFailed { bucket, message },
            Note::Uncompressed(bucket) => Event::Uncompressed { bucket },
            Note::Dropped(bucket, lines, reason) => Event::Dropped {
                bucket,
                lines: *lines,
                reason: *reason,
            },
            Note::ClockStepped(back) => Event::ClockStepped { back: *back },
            Note::Foreign(lines) => Event::Foreign { lines: *lines },
            Note::Missed(events) => Event::Missed { events: *events },
        }
    }
}
