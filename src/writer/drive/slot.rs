//! A handle's own part of the inbox: lines are copied there under a lock that only the keeper takes, too,
//! so that handles don't hold each other up.

use crate::Precision;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many bytes a handle may have here at most; with more it goes to the inbox.
pub(super) const MAX_SLOT: usize = 8 * 1024;

/// Lines of one handle that are accepted and not yet in the inbox. Apart from those of other handles in
/// the processor's cache, too.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Slot {
    lines: Mutex<Lines>,
    /// How many, for whoever only looks.
    count: AtomicUsize,
    bytes: AtomicUsize,
}

#[derive(Default)]
pub(super) struct Lines {
    /// None if there are no lines.
    bucket: Option<Arc<str>>,
    precision: Precision,
    bytes: Vec<u8>,
    count: usize,
    /// When the first of them came.
    since: Duration,
}

impl Lines {
    pub(super) fn is_empty(&self) -> bool {
        self.bucket.is_none()
    }
}

impl Slot {
    pub(super) fn lock(&self) -> MutexGuard<'_, Lines> {
        // Nothing that can panic is done under the lock.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many lines there are.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// How many bytes they have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }

    fn publish(&self, lines: &Lines) {
        self.bytes.store(lines.bytes.len(), Ordering::SeqCst);
        self.count.store(lines.count, Ordering::SeqCst);
    }

    /// Adds lines. False if they don't fit those that are there (other bucket, other unit, too much), or
    /// nothing is taken any more.
    #[inline]
    pub(super) fn add(
        &self,
        (ended, max_bytes): (&AtomicBool, usize),
        bucket: &Arc<str>,
        (bytes, precision): (&[u8], Precision),
        count: usize,
        now: impl FnOnce() -> Duration,
    ) -> bool {
        let mut lines = self.lock();
        // (Looked at under the lock: whoever ends the writer empties all slots after it has said so.)
        if ended.load(Ordering::SeqCst) || lines.bytes.len().saturating_add(bytes.len()) > max_bytes
        {
            return false;
        }
        match &lines.bucket {
            // (Usually the same one: then nothing is read that other handles write to.)
            Some(own)
                if (Arc::ptr_eq(own, bucket) || *own == *bucket)
                    && lines.precision == precision => {}
            Some(_) => return false,
            None => {
                lines.bucket = Some(Arc::clone(bucket));
                lines.precision = precision;
                lines.since = now();
            }
        }
        lines.bytes.extend_from_slice(bytes);
        lines.count = lines.count.saturating_add(count);
        self.publish(&lines);
        true
    }

    /// Moves the lines to the end of the inbox, by the lock of both.
    pub(super) fn drain(
        &self,
        lines: &mut Lines,
        put: impl FnOnce(&Arc<str>, (&[u8], Precision), (usize, Duration)),
    ) {
        if let Some(bucket) = lines.bucket.take() {
            let bytes = (&*lines.bytes, lines.precision);
            put(&bucket, bytes, (lines.count, lines.since));
            lines.bytes.clear();
            lines.count = 0;
            self.publish(lines);
        }
    }
}
