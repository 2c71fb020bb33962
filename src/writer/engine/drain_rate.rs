//! The rate at which a backlog is sent.
//!
//! When a server comes back, everybody who waited for it has an outage's worth of data. If each sent
//! as fast as it can, the server would be gone again. So what waited on disk is sent at a bounded
//! rate, and no two machines keep the same time.

use super::super::spool::Disk;
use super::Engine;
use super::backoff::Pause;
use crate::client::retry::part;
use core::time::Duration;

impl Engine {
    /// After a request of so many bytes from the disk, begun at `since`: the next one has to wait,
    /// unless this one took long enough by itself, as over a thin link.
    ///
    /// Only a backlog is held back: what passes the disk on its way ([`Mode::WriteAhead`]) isn't. And
    /// not at any price: a disk that fills up would lose data, so from the half on there is no limit.
    ///
    /// [`Mode::WriteAhead`]: crate::spool::Mode::WriteAhead
    pub(super) fn keep_rate(&mut self, at: usize, size: usize, since: Duration) {
        let rate = self.settings.drain_bytes_per_second;
        let pause = pause(size, rate, self.jitter.next());
        let filling = self.disk.as_ref().is_some_and(Disk::is_half_full);
        let queue = &mut self.queues[at];
        if queue.spooled == 0 {
            queue.backlog = false;
        }
        // (After a failure there is another, longer pause.)
        let backoff = &mut queue.backoff;
        let until = since.saturating_add(pause);
        let holds_back = queue.backlog && backoff.failing.count == 0 && !filling;
        if holds_back && until > backoff.until {
            backoff.wait(until, Pause::DrainRate);
        }
    }
}

/// How long so many bytes take at a rate, and up to half of that again.
fn pause(size: usize, rate: u64, random: u64) -> Duration {
    let nanos = (size as u128).saturating_mul(1_000_000_000) / u128::from(rate.max(1));
    let least = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    least.saturating_add(part(least / 2, random))
}

#[cfg(test)]
#[path = "../tests/drain_rate.rs"]
mod tests;
