//! The tests of the spool that need its file system, its clock or its bytes.

mod damage;
mod directory;
#[cfg(feature = "client")]
pub(crate) mod disk;
mod faults;
mod format;
mod full;
mod model;
mod numbers;
mod power_cut;
#[cfg(unix)]
mod program_lock;
mod sim;
mod targets;
mod unsynced;

use super::{Batch, BatchGroup, Spool, SpoolError, Target};
use crate::Precision;
use crate::clock::Clock;
use crate::testing::TempDir;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::error::Error as _;
use core::ops::RangeInclusive;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use fastrand::Rng;
use std::io;

fn target() -> Target {
    Target::new("acme", "sensors").unwrap()
}

/// Appends a batch of one point.
fn append(spool: &mut Spool, target: &Target, bytes: &[u8]) -> Result<BatchGroup, SpoolError> {
    spool.append(Batch::new(target, Precision::Nanosecond, 1, bytes))
}

/// Everything that waits for a target, batch by batch, in order; acknowledged.
fn drain(spool: &mut Spool, target: &Target) -> Vec<(u64, Vec<u8>)> {
    let mut out = Vec::new();
    let mut body = Vec::new();
    // At most 0 bytes: one batch each.
    while let Some(group) = spool.read_batches(target, 0, &mut body).unwrap() {
        assert_eq!(group.batches, 1);
        out.push((group.first_seq, body.clone()));
        spool.ack(&group);
    }
    out
}

/// The error of the operating system, if that is the cause.
fn io_error(error: &SpoolError) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

/// A clock that advances only on request. Clones share the time.
#[derive(Clone, Default)]
struct TestClock(Arc<AtomicU64>);

impl TestClock {
    fn advance(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn unix_seconds(&self) -> u64 {
        1_700_000_000 + self.0.load(Ordering::Relaxed) / 1000
    }
}

/// What the random tests draw besides numbers.
trait RngExt {
    /// True once in `n` times.
    fn one_in(&mut self, n: u64) -> bool;
    /// As many random bytes as the range allows.
    fn bytes(&mut self, len: RangeInclusive<usize>) -> Vec<u8>;
}

impl RngExt for Rng {
    fn one_in(&mut self, n: u64) -> bool {
        self.u64(..n) == 0
    }

    fn bytes(&mut self, len: RangeInclusive<usize>) -> Vec<u8> {
        let mut bytes = alloc::vec![0; self.usize(len)];
        self.fill(&mut bytes);
        bytes
    }
}

/// The number in an environment variable, or another.
fn env_or(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => default,
    }
}
