//! The replacement of `enabled` without the feature `spool`: a type that has no value.

use super::super::rejected::Rejected;
use super::{Lossy, Ranges, Taken};
use crate::line::Lines;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// The error of a call.
pub(crate) use crate::error::Error as DiskError;

/// Batches on a disk.
pub(crate) use core::convert::Infallible as Range;

/// The disk, of which there is none.
#[derive(Debug)]
pub(crate) enum Disk {}

#[allow(
    clippy::needless_pass_by_ref_mut,
    clippy::unused_self,
    reason = "the same calls as in `enabled`"
)]
impl Disk {
    pub(crate) fn is_ahead(&self) -> bool {
        match *self {}
    }

    pub(crate) fn block(&self) -> Option<Duration> {
        match *self {}
    }

    pub(crate) fn max_batch_bytes(&self) -> usize {
        match *self {}
    }

    pub(crate) fn check_bucket(&self, _: &str) -> Result<(), DiskError> {
        match *self {}
    }

    pub(crate) fn org_bytes(&self) -> usize {
        match *self {}
    }

    pub(crate) fn is_half_full(&self) -> bool {
        match *self {}
    }

    pub(crate) fn is_full(_: &DiskError) -> bool {
        false
    }

    pub(crate) fn found(&self) -> (Vec<(String, u64)>, u64) {
        match *self {}
    }

    pub(crate) fn put(&mut self, _: &str, _: Lines<'_>, _: u64, _: bool) -> Lossy<Range> {
        match *self {}
    }

    pub(crate) fn take(&mut self, _: &str, _: usize, _: &mut Vec<u8>) -> Lossy<Option<Taken>> {
        match *self {}
    }

    pub(crate) fn ack(&mut self, _: &Ranges) {
        match *self {}
    }

    pub(crate) fn reject(&mut self, _: &Rejected) {
        match *self {}
    }

    pub(crate) fn sync(&mut self, _: bool) -> Lossy<()> {
        match *self {}
    }

    pub(crate) fn next_sync(&self) -> Option<Duration> {
        match *self {}
    }
}
