//! The rate at which a backlog is sent.
//!
//! When a server comes back, every machine that waited for it has the data of an outage. If each sent as fast as it
//! can, the server would be overloaded at once. So a backlog on disk is sent at a bounded rate, with random
//! extra delays, so that machines don't send in step.

use super::super::spool::Disk;
use super::Engine;
use super::backoff::Pause;
use crate::client::retry::part;
use core::time::Duration;

impl Engine {
    /// Delays the next request after one of so many bytes from disk, begun at `since`.
    ///
    /// Only a backlog is delayed; lines that pass the disk on their way ([`Mode::WriteAhead`]) aren't. From a
    /// half-full disk on there is no delay, because a full one would lose data.
    ///
    /// [`Mode::WriteAhead`]: crate::spool::Mode::WriteAhead
    pub(super) fn keep_rate(&mut self, at: usize, size: usize, since: Duration) {
        // Pacing, without a bucket of tokens: a request of n bytes pays for itself with a time of n / rate from its
        // own start. On a slow link the request takes that long anyway, and no delay is added; a burst can't build up,
        // because idle time earns no credit.
        let rate = self.settings.drain_bytes_per_second;
        let pause = pause(size, rate, self.jitter.next());
        let filling = self.disk.as_ref().is_some_and(Disk::is_half_full);
        let queue = &mut self.queues[at];
        if queue.spooled == 0 {
            queue.backlog = false;
        }
        // (After a failure the delay of the retry counts, which is longer.)
        let backoff = &mut queue.backoff;
        let until = since.saturating_add(pause);
        let holds_back = queue.backlog && backoff.failing.count == 0 && !filling;
        if holds_back && until > backoff.until {
            backoff.wait(until, Pause::DrainRate);
        }
    }
}

/// The time for so many bytes at a rate, and a random extra of up to half of it.
fn pause(size: usize, rate: u64, random: u64) -> Duration {
    let nanos = (size as u128).saturating_mul(1_000_000_000) / u128::from(rate.max(1));
    let least = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    least.saturating_add(part(least / 2, random))
}

#[cfg(test)]
#[path = "../tests/drain_rate.rs"]
mod tests;
