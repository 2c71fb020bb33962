//! The settings of a writer and their defaults, and the delay before a retry (`pause`).

use super::stamp::ClockRules;
use crate::client::RetryPolicy;
use crate::client::retry::{at_least, part};
use crate::error::WriteError;
use crate::line::{Appending, Encoder, OwnedDefaultTags};
use crate::{OverflowPolicy, Precision};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

/// The most bytes of a bucket's name; with a spool, of the organization's and the bucket's together.
pub(crate) const MAX_NAMES: usize = 1_023;

/// The least delay after a failure that an operator has to fix.
pub(crate) const OPERATOR_PAUSE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) batch_lines: usize,
    pub(crate) batch_bytes: usize,
    /// The most bytes of a backlog's request, as long as it is compressed.
    pub(crate) merge_bytes: usize,
    /// The client gives up a request after this time at the earliest.
    pub(crate) request_limit: Duration,
    pub(crate) flush_interval: Duration,
    pub(crate) max_buffer_bytes: usize,
    pub(crate) max_rejected_bytes: usize,
    pub(crate) retry: RetryPolicy,
    pub(crate) precision: Precision,
    pub(crate) guard: ClockRules,
    pub(crate) overflow_policy: OverflowPolicy,
    pub(crate) send_in_write: bool,
    pub(crate) poll_limit: Duration,
    pub(crate) flush_timeout: Duration,
    pub(crate) drain_bytes_per_second: u64,
    /// The longest name of a bucket.
    pub(crate) max_bucket_bytes: usize,
    /// The measurement of the writer's own line, and how often it is written.
    pub(crate) report: Option<(Arc<str>, Duration)>,
    pub(crate) tags: OwnedDefaultTags,
    pub(crate) skip_non_finite: bool,
    pub(crate) reject_newlines: bool,
    pub(crate) reject_empty_tags: bool,
}

/// The encoder that [`Writer::write_with`](super::Writer::write_with) passes to its closure.
///
/// It is bounded by the size of a batch, and has the writer's precision and default tags. It appends to the
/// batch that is being collected, and can't change the lines in it.
pub type BatchEncoder<'a> = Encoder<Appending<'a>>;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            batch_lines: 5_000,
            batch_bytes: 256 * 1024,
            merge_bytes: 1 << 20,
            request_limit: Duration::from_secs(20),
            flush_interval: Duration::from_secs(1),
            max_buffer_bytes: 16 << 20,
            max_rejected_bytes: 64 * 1024,
            retry: RetryPolicy::unbounded(),
            precision: Precision::default(),
            guard: ClockRules::default(),
            overflow_policy: OverflowPolicy::Reject,
            send_in_write: true,
            poll_limit: Duration::from_secs(1),
            flush_timeout: Duration::from_secs(60),
            drain_bytes_per_second: 1 << 20,
            max_bucket_bytes: MAX_NAMES,
            report: None,
            tags: OwnedDefaultTags::default(),
            skip_non_finite: false,
            reject_newlines: false,
            reject_empty_tags: false,
        }
    }
}

impl Settings {
    /// Returns an encoder for one item, behind the first `base` bytes.
    #[inline]
    pub(crate) fn encoder<'a>(&'a self, bytes: &'a mut Vec<u8>, base: usize) -> BatchEncoder<'a> {
        let defaults = self.tags.as_bytes();
        Encoder::with_sink(Appending::new(bytes, base, self.batch_bytes, defaults))
            .precision(self.precision)
            .skip_non_finite(self.skip_non_finite)
            .reject_newlines(self.reject_newlines)
            .reject_empty_tags(self.reject_empty_tags)
    }

    /// Refuses the name of a bucket that no server can have or that the disk can't store: its lines would stay in
    /// memory for ever.
    #[inline]
    pub(crate) fn check_bucket(&self, name: &str) -> Result<(), WriteError> {
        let fits = (1..=self.max_bucket_bytes).contains(&name.len());
        match fits && !name.as_bytes().contains(&0) {
            true => Ok(()),
            false => Err(WriteError::BucketName(self.max_bucket_bytes)),
        }
    }
}

/// The delay after failure number `streak` (from 1): at random between the policy's `interval` and
/// `interval · base^streak`, at most `max_interval`. If the server asked for a longer one, at most 10 min, that.
pub(crate) fn pause(
    policy: &RetryPolicy,
    streak: u32,
    asked: Option<Duration>,
    random: u64,
) -> Duration {
    // Exponential back-off with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015), from `interval` up.
    // The policy's own delays, of a single write, are drawn from the upper half of this range; with the limit of
    // `max_interval` that half shrinks to a point, and a fleet that waits for one server would send in step.
    let base = policy.exponential_base.max(1);
    let high = base
        .checked_pow(streak)
        .and_then(|factor| policy.interval.checked_mul(factor))
        .unwrap_or(Duration::MAX)
        .min(policy.max_interval);
    let low = policy.interval.min(high);
    let own = low.saturating_add(part(high.saturating_sub(low), random));
    at_least(own, asked, random)
}

/// A generator of random numbers for jitter and for the choice of a probe: xorshift64* (Vigna, 2016). Nothing here
/// needs to be unpredictable.
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
