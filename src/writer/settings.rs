//! The settings of a writer and their defaults, and the delay before a retry (`pause`).

use super::stamp::ClockGuard;
use crate::client::RetryPolicy;
use crate::client::retry::part;
use crate::{OverflowPolicy, Precision};
use core::time::Duration;

/// The pause after a failure that only a person can end is at least this long.
pub(crate) const HUMAN_PAUSE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) batch_lines: usize,
    pub(crate) batch_bytes: usize,
    pub(crate) flush_interval: Duration,
    pub(crate) max_buffer_bytes: usize,
    pub(crate) max_rejected_bytes: usize,
    pub(crate) retry: RetryPolicy,
    pub(crate) precision: Precision,
    pub(crate) guard: ClockGuard,
    pub(crate) overflow_policy: OverflowPolicy,
    pub(crate) send_in_write: bool,
    pub(crate) poll_limit: Duration,
    pub(crate) flush_timeout: Duration,
    pub(crate) drain_bytes_per_second: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            batch_lines: 5_000,
            batch_bytes: 256 * 1024,
            flush_interval: Duration::from_secs(1),
            max_buffer_bytes: 16 << 20,
            max_rejected_bytes: 64 * 1024,
            retry: patient(),
            precision: Precision::default(),
            guard: ClockGuard::default(),
            overflow_policy: OverflowPolicy::Reject,
            send_in_write: true,
            poll_limit: Duration::from_secs(1),
            flush_timeout: Duration::from_secs(60),
            drain_bytes_per_second: 1 << 20,
        }
    }
}

/// From 1 s to 5 min, for ever.
fn patient() -> RetryPolicy {
    RetryPolicy {
        max_retries: u32::MAX,
        interval: Duration::from_secs(1),
        max_interval: Duration::from_secs(300),
        max_time: Duration::MAX,
        exponential_base: 2,
    }
}

/// The pause after failure number `streak` (from 1): evenly between the policy's `interval` and
/// `interval · base^streak`, at most `max_interval`. (The policy's own pauses grow narrow at their
/// upper end; a fleet that waits for one server for hours must not fall into step.)
pub(crate) fn pause(
    policy: &RetryPolicy,
    streak: u32,
    asked: Option<Duration>,
    random: u64,
) -> Duration {
    if let Some(asked) = asked {
        return asked.saturating_add(part(asked / 10, random));
    }
    let base = policy.exponential_base.max(1);
    let high = base
        .checked_pow(streak)
        .and_then(|factor| policy.interval.checked_mul(factor))
        .unwrap_or(Duration::MAX)
        .min(policy.max_interval);
    let low = policy.interval.min(high);
    low.saturating_add(part(high.saturating_sub(low), random))
}

/// A small generator for jitter (xorshift64*): nothing here needs to be hard to guess.
#[derive(Clone, Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Jitter(seed | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

#[cfg(test)]
#[path = "tests/settings.rs"]
mod tests;
