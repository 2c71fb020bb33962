//! The trait `Driver`: the calls that a writer on its caller's thread and a handle have in common.

use super::super::account::{Outcome, Stats};
use super::super::lines::LinesOutcome;
use super::super::rejected::Rejected;
use super::super::settings::BatchEncoder;
use crate::Precision;
use crate::client::WriteData;
use crate::error::{Error, WriteError};
use crate::line::EncodeError;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// What runs the engine of a [`Writer`](crate::writer::Writer).
///
/// `bucket`: `None` is the one that the writer was built for. `limit`: `None` is its `flush_timeout`.
pub trait Driver: fmt::Debug {
    fn write(&mut self, bucket: Option<&str>, data: &impl WriteData) -> Result<(), WriteError>;

    fn write_with(
        &mut self,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError>;

    fn write_lines(
        &mut self,
        bucket: Option<&str>,
        text: &str,
        precision: Precision,
    ) -> LinesOutcome;

    fn flush(&mut self, limit: Option<Duration>) -> Result<Outcome, Error>;

    fn close(&mut self, limit: Option<Duration>) -> Result<Outcome, Error>;

    fn stats(&self) -> Stats;

    fn last_error(&self) -> Option<Arc<Error>>;

    fn take_rejected(&mut self) -> Vec<Rejected>;
}
