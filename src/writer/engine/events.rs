//! The events that wait to be emitted: bounded, and merged if many wait.

use super::super::account::Place;
use super::super::event::Event;
use crate::error::Error;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

/// The most events that wait; more are only counted.
const MAX: usize = 64;
/// From so many waiting events on, consecutive equal ones are merged.
const CROWD: usize = 16;

/// An [`Event`] that owns its data.
#[derive(Clone, Debug)]
pub(crate) enum Note {
    /// Lines moved to disk, or to a place that they don't leave again.
    Lines(Arc<str>, u64, Place),
    Failed(Arc<str>, Arc<Error>, Duration),
    Recovered(Arc<str>, Duration),
    SpoolFailed(Arc<str>, String),
    Uncompressed(Arc<str>),
    ClockStepped(Duration),
    Foreign(u64),
    Missed(u64),
}

/// The events that were not emitted yet.
#[derive(Debug)]
pub(crate) struct Events {
    /// There is a listener.
    pub(crate) listens: bool,
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

    /// Removes and returns the oldest.
    pub(crate) fn next(&mut self) -> Option<Note> {
        let next = self.queue.pop_front();
        next.or_else(|| match core::mem::take(&mut self.missed) {
            0 => None,
            missed => Some(Note::Missed(missed)),
        })
    }
}

impl Note {
    /// Merges the next one into this one, if both are of one kind and bucket.
    fn merge(&mut self, next: &Note) -> bool {
        match (self, next) {
            (Note::Lines(a, lines, to), Note::Lines(b, more, also)) if a == b && to == also => {
                *lines = lines.saturating_add(*more);
                true
            }
            (Note::SpoolFailed(a, before), Note::SpoolFailed(b, now)) => a == b && before == now,
            _ => false,
        }
    }

    /// The event as it is emitted.
    pub(crate) fn event(&self) -> Event<'_> {
        match *self {
            Note::Lines(ref bucket, lines, place) => match place {
                // (Only `Spooled` of these three is noted.)
                Place::Outside | Place::Buffered | Place::Spooled => {
                    Event::Spooled { bucket, lines }
                }
                Place::Delivered => Event::Delivered { bucket, lines },
                Place::Rejected(reason) => Event::Rejected {
                    bucket,
                    lines,
                    reason,
                },
                Place::Dropped(reason) => Event::Dropped {
                    bucket,
                    lines,
                    reason,
                },
            },
            Note::Failed(ref bucket, ref error, retry_in) => Event::Failed {
                bucket,
                error,
                retry_in,
            },
            Note::Recovered(ref bucket, after) => Event::Recovered { bucket, after },
            Note::SpoolFailed(ref bucket, ref message) => Event::SpoolFailed { bucket, message },
            Note::Uncompressed(ref bucket) => Event::Uncompressed { bucket },
            Note::ClockStepped(back) => Event::ClockStepped { back },
            Note::Foreign(lines) => Event::Foreign { lines },
            Note::Missed(events) => Event::Missed { events },
        }
    }
}
