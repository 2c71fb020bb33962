//! `Probe`: the line that is sent after ambiguous failures, to learn whether the path to the database works.
//!
//! A probe must change nothing, whatever its result. The safe choice is the line that was stored last: storing the
//! same series, time and values again is a no-op, and it is the newest line, so it can't replace a newer value.
//! Without such a line (or with one that was refused, half of the time) a waiting line is chosen at random: if it is
//! stored, it is sent again in its turn, so newer values of the same point still come after it.

use super::super::split::split;
use crate::Precision;
use alloc::vec::Vec;

/// The longest line that is kept for that.
pub(crate) const MAX_PROBE: usize = 4 * 1024;

/// The lines that a queue can use as probes.
#[derive(Debug)]
pub(crate) struct Probe {
    /// The writer's unit of times, in which probes are sent.
    pub(crate) unit: Precision,
    /// The last line that the server stored.
    stored: Vec<u8>,
    /// It has been refused since it was stored. Then the path is at fault, or the database has changed (a type, the
    /// retention). So other lines are tried as well, or a changed database would block the queue for ever.
    doubted: bool,
    /// A line that still waits, if no stored one can be used.
    waiting: Vec<u8>,
    /// The last line that went to disk, which also waits.
    pub(crate) newest: Vec<u8>,
}

impl Probe {
    pub(crate) fn new(unit: Precision) -> Self {
        Probe {
            unit,
            stored: Vec::new(),
            doubted: false,
            waiting: Vec::new(),
            newest: Vec::new(),
        }
    }

    /// The line of the next probe; empty if there is none.
    pub(crate) fn lines(&self) -> &[u8] {
        if self.waiting.is_empty() {
            &self.stored
        } else {
            &self.waiting
        }
    }

    /// Keeps the last of these lines, which were stored. (An older one may have been overwritten since.)
    pub(crate) fn stored(&mut self, lines: &[u8], unit: Precision) {
        keep_last(&mut self.stored, lines, unit == self.unit);
        self.doubted = false;
    }

    /// Forgets the stored line: a newer one, unknown which, may be stored.
    pub(crate) fn forget(&mut self) {
        self.stored.clear();
    }

    /// Keeps the last of these lines, which went to disk.
    pub(crate) fn spooled(&mut self, lines: &[u8], unit: Precision) {
        keep_last(&mut self.newest, lines, unit == self.unit);
    }

    /// Takes note that the probe was refused.
    pub(crate) fn refused(&mut self) {
        self.doubted = true;
    }

    /// Takes note that the probe was stored. A waiting line is the stored one from now on, until another line is
    /// delivered.
    pub(crate) fn succeeded(&mut self) {
        self.doubted = false;
        if !self.waiting.is_empty() {
            core::mem::swap(&mut self.stored, &mut self.waiting);
            self.waiting.clear();
        }
    }

    /// Chooses the line: the stored one, or one of `others`, or the newest on disk (if `on_disk`). Returns `false` if
    /// there is none.
    pub(crate) fn choose<'a>(
        &mut self,
        random: u64,
        others: impl Iterator<Item = &'a [u8]> + Clone,
        on_disk: bool,
    ) -> bool {
        self.waiting.clear();
        let other = self.doubted && random & 1 << 32 != 0;
        if !self.stored.is_empty() && !other {
            return true;
        }
        let (batch, line) = (random >> 40, random & 0xffff_ffff);
        let others = others.filter(|bytes| !bytes.is_empty());
        // (The newest on disk is as likely as any other batch.)
        let newest = on_disk && !self.newest.is_empty();
        let count = others.clone().count().saturating_add(usize::from(newest));
        let at = usize::try_from(batch)
            .ok()
            .and_then(|n| n.checked_rem(count));
        let bytes = at.map(|at| others.clone().nth(at).unwrap_or(&self.newest));
        let line = bytes.and_then(|bytes| pick_line(bytes, line));
        keep(&mut self.waiting, line);
        !self.lines().is_empty()
    }
}

fn keep_last(place: &mut Vec<u8>, lines: &[u8], same_unit: bool) {
    keep(place, split(lines).last().filter(|_| same_unit));
}

fn keep(place: &mut Vec<u8>, line: Option<&[u8]>) {
    place.clear();
    if let Some(line) = line.filter(|line| line.len() <= MAX_PROBE) {
        place.extend_from_slice(line);
    }
}

/// Picks one of these lines.
fn pick_line(bytes: &[u8], random: u64) -> Option<&[u8]> {
    let count = u64::try_from(split(bytes).count()).ok()?;
    let number = random.checked_rem(count)?;
    split(bytes).nth(usize::try_from(number).ok()?)
}
