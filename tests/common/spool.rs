//! Shared code of the tests of the spool's public interface.
#![allow(
    dead_code,
    reason = "shared by several test programs, each of which uses a part"
)]

use influx_edge::Precision;
use influx_edge::spool::{Batch, BatchGroup, Spool, SpoolError, Target};

pub(crate) fn target() -> Target {
    Target::new("acme", "sensors").unwrap()
}

/// Appends a batch of one point.
pub(crate) fn append(
    spool: &mut Spool,
    target: &Target,
    bytes: &[u8],
) -> Result<BatchGroup, SpoolError> {
    spool.append(Batch::new(target, Precision::Nanosecond, 1, bytes))
}

/// Everything that waits for a target, batch by batch, in order; acknowledged.
pub(crate) fn drain(spool: &mut Spool, target: &Target) -> Vec<(u64, Vec<u8>)> {
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

/// The number in an environment variable, or another.
pub(crate) fn env_or(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => default,
    }
}
