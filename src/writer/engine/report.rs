//! The writer's own health as points.

use super::super::stamp::Reading;
use super::accept::{Accepted, Pending};
use super::{Engine, MAIN};
use crate::line::ToLine;
use core::time::Duration;

impl Engine {
    /// Whether the writer's own line is due, and has a place: not while other lines are about to be taken
    /// there, or a text of another unit is.
    pub(crate) fn report_is_due(&self, now: Duration) -> bool {
        let main = &self.queues[MAIN];
        let free = main.aside == 0 && main.precision == self.settings.precision;
        free && self.report_at.is_some_and(|at| at <= now)
    }

    /// Writes the account as a line, if its time has come. It takes no space from the program's lines:
    /// if there is none, or the clock isn't set, it is left out.
    pub(crate) fn report(&mut self, now: Duration, reading: Reading) {
        self.now = self.now.max(now);
        let Some((measurement, every)) = self.settings.report.clone() else {
            return;
        };
        self.report_at = Some(self.now.saturating_add(every));
        let stats = self.stats(now);
        let to = &mut self.queues[MAIN];
        let mut enc = self.spec.encoder(&mut to.open, to.open_len);
        if stats.named(&measurement).to_line(&mut enc).is_err() {
            return;
        }
        let pending = Pending::new(MAIN, enc.as_bytes().len(), 1);
        let refused = self.stats.not_accepted;
        match self.take(pending, Some(reading)) {
            Ok(Accepted::Yes | Accepted::Full) => {
                self.stats.own = self.stats.own.saturating_add(1);
            }
            Ok(Accepted::NoSpace(_)) => self.queues[MAIN].aside = 0,
            Err(_) => self.stats.not_accepted = refused,
        }
    }
}
