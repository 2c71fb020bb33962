//! `Polled`: the driver of a writer that runs on its caller's thread.

use super::super::account::{Outcome, Stats};
use super::super::engine::MAIN;
use super::super::lines::LinesOutcome;
use super::super::rejected::Rejected;
use super::super::route::Sender;
use super::super::settings::BatchEncoder;
use super::driver::Driver;
use super::inline::Inline;
use super::seams::SystemClock;
use super::{complain, write_text};
use crate::Precision;
use crate::client::WriteData;
use crate::error::{Error, WriteError};
use crate::line::EncodeError;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// Runs a writer on its caller's thread.
///
/// [`Writer::poll`](crate::Writer::poll) and [`Writer::run_until`](crate::Writer::run_until) let time pass.
pub struct Polled {
    pub(crate) inline: Inline<SystemClock, Sender>,
}

impl Polled {
    #[inline]
    fn queue(&mut self, bucket: Option<&str>) -> Result<usize, WriteError> {
        bucket.map_or(Ok(MAIN), |bucket| self.inline.engine.named_queue(bucket))
    }

    fn limit(&self, limit: Option<Duration>) -> Duration {
        limit.unwrap_or(self.inline.engine.settings.flush_timeout)
    }
}

impl Driver for Polled {
    #[inline]
    fn write(&mut self, bucket: Option<&str>, data: &impl WriteData) -> Result<(), WriteError> {
        match self.queue(bucket) {
            Ok(queue) => self.inline.write_data(queue, data),
            Err(error) => Err(self.inline.engine.refused(error)),
        }
    }

    #[inline]
    fn write_with(
        &mut self,
        encode: impl FnOnce(&mut BatchEncoder<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), WriteError> {
        self.inline.write(MAIN, encode)
    }

    fn write_lines(
        &mut self,
        bucket: Option<&str>,
        text: &str,
        precision: Precision,
    ) -> LinesOutcome {
        match self.queue(bucket) {
            Ok(queue) => self.inline.write_lines(queue, text, precision),
            Err(no_bucket) => write_text(text, |line| {
                let error = line.err().unwrap_or_else(|| no_bucket.clone());
                Err(self.inline.engine.refused(error))
            }),
        }
    }

    fn flush(&mut self, limit: Option<Duration>) -> Result<Outcome, Error> {
        self.inline.flush(self.limit(limit))
    }

    fn close(&mut self, limit: Option<Duration>) -> Result<Outcome, Error> {
        self.inline.close(self.limit(limit))
    }

    fn stats(&self) -> Stats {
        self.inline.stats()
    }

    fn last_error(&self) -> Option<Arc<Error>> {
        self.inline.engine.last_error.clone()
    }

    fn take_rejected(&mut self) -> Vec<Rejected> {
        self.inline.engine.rejected.take().collect()
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        if self.inline.closed {
            return;
        }
        let limit = std::thread::panicking().then_some(Duration::ZERO);
        let silent = self.inline.listener.is_none();
        if let Err(error) = self.close(limit) {
            if silent {
                complain(&alloc::format!("a writer was dropped: {error}"));
            }
        }
    }
}

impl fmt::Debug for Polled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("client", &self.inline.transport.client)
            .field("route", &self.inline.transport.route)
            .field("settings", &self.inline.engine.settings)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
