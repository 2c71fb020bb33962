//! In place of `enabled` where the feature `spool` is off: a type that has no value.

use super::Loss;
use crate::Precision;
use crate::error::Error;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

pub(crate) type Ranges = Vec<Range>;

/// Batches on a disk.
#[derive(Debug)]
pub(crate) struct Range;

/// There is none.
#[derive(Debug)]
pub(crate) enum Disk {}

/// What it would fail with.
#[derive(Debug)]
pub(crate) struct NoDisk;

impl fmt::Display for NoDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no disk")
    }
}

impl From<NoDisk> for Error {
    fn from(error: NoDisk) -> Self {
        Error::config(alloc::format!("{error}"))
    }
}

impl NoDisk {
    #[allow(clippy::unused_self, reason = "as an error of the spool is asked")]
    pub(crate) fn is_full(&self) -> bool {
        false
    }
}

#[allow(
    clippy::needless_pass_by_ref_mut,
    clippy::unused_self,
    clippy::type_complexity,
    reason = "the same calls as those of the disk that there may be"
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

    pub(crate) fn is_half_full(&self) -> bool {
        match *self {}
    }

    pub(crate) fn found(&self) -> Vec<(String, u64)> {
        match *self {}
    }

    pub(crate) fn foreign(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn put(
        &mut self,
        _: &str,
        _: Precision,
        _: u64,
        _: &[u8],
    ) -> (Result<Range, NoDisk>, Vec<Loss>) {
        match *self {}
    }

    pub(crate) fn take(
        &mut self,
        _: &str,
        _: usize,
        _: &mut Vec<u8>,
    ) -> (Result<Option<(Precision, u64, Ranges)>, NoDisk>, Vec<Loss>) {
        match *self {}
    }

    pub(crate) fn hold(&mut self, _: &Range) {
        match *self {}
    }

    pub(crate) fn ack(&mut self, _: &Ranges) {
        match *self {}
    }

    pub(crate) fn reject(&mut self, _: &str, _: Precision, _: &str, _: &str) {
        match *self {}
    }

    pub(crate) fn sync_due(&mut self) -> (Result<(), NoDisk>, Vec<Loss>) {
        match *self {}
    }

    pub(crate) fn sync_all(&mut self) -> (Result<(), NoDisk>, Vec<Loss>) {
        match *self {}
    }

    pub(crate) fn next_sync(&self) -> Option<Duration> {
        match *self {}
    }
}
