//! The writer's own health as points.

use super::super::stamp::Reading;
use super::accept::{Accepted, Pending};
use super::{Engine, MAIN};
use crate::line::ToLine;
use core::time::Duration;

impl Engine {
    /// Writes the counts as a line, if that is due. It displaces no line of the program: if there is no space, or the
    /// clock isn't set, it is left out. It waits while the place behind the collected lines is in use, or text of
    /// another unit is being accepted.
    pub(crate) fn report(&mut self, now: Duration, reading: impl FnOnce() -> Reading) {
        let main = &self.queues[MAIN];
        let free = main.aside == 0 && main.precision == self.settings.precision;
        let is_due = free && self.report_at.is_some_and(|at| at <= now);
        let Some((measurement, every)) = self.settings.report.clone().filter(|_| is_due) else {
            return;
        };
        self.now = self.now.max(now);
        self.report_at = Some(self.now.saturating_add(every));
        let stats = self.stats(now);
        let to = &mut self.queues[MAIN];
        let mut enc = self.settings.encoder(&mut to.open, to.open_len);
        if stats.named(&measurement).to_line(&mut enc).is_err() {
            return;
        }
        let pending = Pending::new(MAIN, enc.as_bytes().len(), 1);
        match self.take(pending, Some(reading())) {
            Ok(Accepted::Yes | Accepted::Full) => {
                self.stats.own = self.stats.own.saturating_add(1);
            }
            Ok(Accepted::NoSpace(_)) => self.queues[MAIN].aside = 0,
            Err(_) => {}
        }
    }
}
