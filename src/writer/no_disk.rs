//! In place of `disk` where the feature `spool` is off.

use super::lane::Lane;
use crate::Precision;
use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::time::Duration;

pub(crate) type Tickets = Vec<Infallible>;

/// There is none.
#[derive(Debug)]
pub(crate) enum Disk {}

#[allow(
    clippy::needless_pass_by_ref_mut,
    clippy::unused_self,
    reason = "the same calls as those of the disk that there may be"
)]
impl Disk {
    pub(crate) fn is_ahead(&self) -> bool {
        match *self {}
    }

    pub(crate) fn block(&self) -> Option<Duration> {
        match *self {}
    }

    pub(crate) fn is_half_full(&self) -> bool {
        match *self {}
    }

    pub(crate) fn found(&self) -> Vec<(String, u64)> {
        match *self {}
    }

    pub(crate) fn append(
        &mut self,
        _: &str,
        _: Precision,
        _: usize,
        _: &[u8],
    ) -> Result<(), Infallible> {
        match *self {}
    }

    pub(crate) fn collect(
        &mut self,
        _: &str,
        _: usize,
        _: &mut Vec<u8>,
    ) -> Result<Option<(Precision, u64, Tickets)>, Infallible> {
        match *self {}
    }

    pub(crate) fn ack(&mut self, _: &Tickets) {
        match *self {}
    }

    pub(crate) fn lost(&self, _: &Lane) -> u64 {
        match *self {}
    }

    pub(crate) fn reject(&mut self, _: &str, _: Precision, _: &str, _: &str) {
        match *self {}
    }

    pub(crate) fn poll(&mut self) -> Result<Option<Duration>, Infallible> {
        match *self {}
    }

    pub(crate) fn sync(&mut self) -> Result<(), Infallible> {
        match *self {}
    }
}
