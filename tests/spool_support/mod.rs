//! What the tests of the spool share.
#![allow(dead_code)]

pub mod rng;
pub mod sim;

use influx_edge::Precision;
use influx_edge::spool::{Batch, BatchId, Clock, Spool, SpoolError, Target, fs::Fs};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A directory that goes with the value.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let base =
            option_env!("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let path = base.join(format!("spool-{name}-{}-{n}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        TempDir(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn target() -> Target {
    Target::new("acme", "sensors").unwrap()
}

/// Appends a batch of one point.
pub fn append<F: Fs, C: Clock>(
    spool: &mut Spool<F, C>,
    target: &Target,
    bytes: &[u8],
) -> Result<BatchId, SpoolError> {
    spool.append(Batch::new(target, Precision::Nanosecond, 1, bytes))
}

/// Everything that waits for a target, batch by batch, in order; acknowledged.
pub fn drain<F: Fs, C: Clock>(spool: &mut Spool<F, C>, target: &Target) -> Vec<(u64, Vec<u8>)> {
    let mut out = Vec::new();
    let mut body = Vec::new();
    // At most 0 bytes: one batch each.
    while let Some(bundle) = spool.read_batches(target, 0, &mut body).unwrap() {
        assert_eq!(bundle.batch_ids().len(), 1);
        out.push((bundle.batch_ids()[0].seq(), body.clone()));
        spool.ack(bundle.batch_ids());
    }
    out
}

/// A clock that goes when told to. Clones share the time.
#[derive(Clone, Default)]
pub struct TestClock(std::rc::Rc<std::cell::Cell<u64>>);

impl TestClock {
    pub fn advance(&self, millis: u64) {
        self.0.set(self.0.get() + millis);
    }
}

impl Clock for TestClock {
    fn monotonic(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.get())
    }

    fn unix_seconds(&self) -> u64 {
        1_700_000_000 + self.0.get() / 1000
    }
}
