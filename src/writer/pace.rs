//! The rate at which a backlog is sent.
//!
//! When a server comes back, everybody who waited for it has an outage's worth of data. If each sent
//! as fast as it can, the server would be gone again. So what waited on disk is sent at a bounded
//! rate, and no two machines keep the same time.

use super::core::Core;
use super::disk::Disk;
use super::seams::{Clock, Transport};
use crate::client::retry::part;
use core::time::Duration;

impl<C: Clock, T: Transport> Core<C, T> {
    /// After a request of so many bytes from the disk was sent: the next one has to wait.
    ///
    /// Only a backlog is held back: what passes the disk on its way ([`Mode::WriteAhead`]) isn't. And
    /// not at any price: a disk that fills up would lose data, so from the half on there is no pace.
    ///
    /// [`Mode::WriteAhead`]: crate::spool::Mode::WriteAhead
    pub(super) fn keep_pace(&mut self, at: usize, size: usize) {
        let now = self.clock.now();
        let rate = self.settings.drain_bytes_per_second;
        let pause = pace(size, rate, self.jitter.next());
        let filling = self.disk.as_ref().is_some_and(Disk::is_half_full);
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        if lane.spooled == 0 {
            lane.backlog = false;
        }
        // (After a failure there is another, longer pause.)
        if !lane.backlog || lane.streak > 0 || filling {
            return;
        }
        let next = now.saturating_add(pause);
        if next > lane.next_at {
            lane.next_at = next;
            lane.paced = true;
        }
    }
}

/// How long so many bytes take at a rate, and up to half of that again.
fn pace(size: usize, rate: u64, random: u64) -> Duration {
    let nanos = (size as u128).saturating_mul(1_000_000_000) / u128::from(rate.max(1));
    let least = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    least.saturating_add(part(least / 2, random))
}

#[cfg(test)]
#[path = "tests/pace.rs"]
mod tests;
