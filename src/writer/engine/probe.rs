//! What is sent to find out whether the path to the database works: a line that was stored already,
//! or one that waits.

use super::super::split::split;
use crate::Precision;
use alloc::vec::Vec;

/// What is kept for that, at most.
pub(crate) const MAX_PROBE: usize = 4 * 1024;

/// The lines that a queue can probe with.
#[derive(Debug)]
pub(crate) struct Probe {
    /// The writer's unit of times. A line of another one would be another point in it.
    pub(crate) unit: Precision,
    /// The last line the server stored. Sent again it changes nothing, but shows whether the
    /// server works.
    stored: Vec<u8>,
    /// It has been refused since it was stored. That shows that the path is to blame, unless the
    /// database has changed; so that nothing waits for ever, other lines are tried as well.
    doubted: bool,
    /// Where nothing was stored yet, or that is in doubt: one of the lines that still wait, to the
    /// same end. Its turn comes again, so nothing is out of order in the end.
    waiting: Vec<u8>,
    /// The last line that went to disk, while it is there: it comes again, too.
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

    /// What to probe with, if there is anything.
    pub(crate) fn lines(&self) -> &[u8] {
        if self.waiting.is_empty() {
            &self.stored
        } else {
            &self.waiting
        }
    }

    /// These lines were stored, and the last is the newest there is: an older one may have been
    /// overwritten since. It is kept, if it can be sent again.
    pub(crate) fn stored(&mut self, lines: &[u8], unit: Precision) {
        keep_last(&mut self.stored, lines, unit == self.unit);
        self.doubted = false;
    }

    /// Something newer may be stored now, unknown what.
    pub(crate) fn forget(&mut self) {
        self.stored.clear();
    }

    /// These lines went to disk. The last one is kept, if it can be sent again.
    pub(crate) fn spooled(&mut self, lines: &[u8], unit: Precision) {
        keep_last(&mut self.newest, lines, unit == self.unit);
    }

    /// The probe was refused.
    pub(crate) fn refused(&mut self) {
        self.doubted = true;
    }

    /// The probe was stored. If it was a line that waits it proves from now on: it comes again in
    /// its turn, and what is delivered before that takes its place.
    pub(crate) fn succeeded(&mut self) {
        self.doubted = false;
        if !self.waiting.is_empty() {
            core::mem::swap(&mut self.stored, &mut self.waiting);
            self.waiting.clear();
        }
    }

    /// Sees to it that there is something to probe with: what was stored, or one of the lines of
    /// `others`, or the newest on disk (if `on_disk`). False if there is nothing.
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
        // The newest on disk is as likely as any of the others.
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

/// One of these lines.
fn pick_line(bytes: &[u8], random: u64) -> Option<&[u8]> {
    let count = u64::try_from(split(bytes).count()).ok()?;
    let number = random.checked_rem(count)?;
    split(bytes).nth(usize::try_from(number).ok()?)
}
