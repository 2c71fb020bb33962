//! Writes by `/api/v3/write_lp`.

use super::Database;
use crate::client::names::What;
use crate::client::transport::HttpRequest;
use crate::client::{Client, WriteData};
use crate::error::Error;
use crate::http::v3_precision;
use crate::line::Lines;
use alloc::borrow::ToOwned;
use core::time::Duration;

/// The options of a write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriteOptions {
    accept_partial: bool,
    no_sync: bool,
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions {
            accept_partial: true,
            no_sync: false,
        }
    }
}

impl Database<'_> {
    /// Sets whether the good lines of a batch with bad ones are stored. Default: `true`, and the bad lines are
    /// reported by number. With `false`, one bad line rejects the batch.
    #[must_use]
    pub fn accept_partial(mut self, yes: bool) -> Self {
        self.options.accept_partial = yes;
        self
    }

    /// Sets whether the server may respond before the lines are on its disk. Default: `false`.
    #[must_use]
    pub fn no_sync(mut self, yes: bool) -> Self {
        self.options.no_sync = yes;
        self
    }

    /// Writes points, lines, text or structs, like [`Client::write`](crate::Client::write), by
    /// `/api/v3/write_lp`.
    ///
    /// # Errors
    /// Returns the same errors as [`Client::write`](crate::Client::write), with what is stored and what to do.
    pub fn write(&self, data: impl WriteData) -> Result<(), Error> {
        self.client.lines_of(&data, |lines| self.write_lines(lines))
    }

    fn write_lines(&self, lines: Lines<'_>) -> Result<(), Error> {
        self.check_name()?;
        if lines.bytes.is_empty() {
            return Ok(());
        }
        let compressed = self.client.compress(lines.bytes);
        let mut out = self.write_request(lines, compressed.as_deref());
        self.client
            .run_attempts(&mut out, |out| self.write_attempt(out, lines.bytes))
    }

    /// Makes one attempt, whatever the client's policy of retries; like
    /// [`Client::write_once`](crate::Client::write_once).
    pub(crate) fn write_once(
        &self,
        lines: Lines<'_>,
        expect: bool,
        limit: Option<Duration>,
    ) -> Result<(), Error> {
        self.check_name()?;
        let (compressed, left) = self.client.compress_within(lines.bytes, limit);
        let mut out = self.write_request(lines, compressed.as_deref());
        out.expect = expect;
        out.overall = out.overall.min(left);
        self.write_attempt(&mut out, lines.bytes)
    }

    pub(super) fn check_name(&self) -> Result<(), Error> {
        match self.db.is_empty() {
            true => Err(Error::config("the name of the database is empty")),
            false => Ok(()),
        }
    }

    fn write_request<'b>(&self, lines: Lines<'b>, compressed: Option<&'b [u8]>) -> HttpRequest<'b> {
        let mut target = self.client.inner().base.target("/api/v3/write_lp");
        target.push_query("db", &self.db);
        target.push_query("precision", v3_precision(lines.precision));
        // Only options that differ from the server's defaults are sent.
        if !self.options.accept_partial {
            target.push_query("accept_partial", "false");
        }
        if self.options.no_sync {
            target.push_query("no_sync", "true");
        }
        self.client.lines_request(target, lines, compressed)
    }

    fn write_attempt<'b>(&self, out: &mut HttpRequest<'b>, lines: &'b [u8]) -> Result<(), Error> {
        let (client, what) = (self.client, What("write to", &self.db));
        client.attempt_write(out, lines, |out| {
            let response = client.authorized(&what, out)?;
            match response.status {
                204 => Ok(()),
                _ => Err(client.refused_write(&what, response, lines)),
            }
        })
    }
}

// For the writer, which sends later and from other threads.
impl<'a> Database<'a> {
    pub(crate) fn with_options(client: &'a Client, db: &str, options: WriteOptions) -> Self {
        let db = db.to_owned();
        Database {
            client,
            db,
            options,
        }
    }

    pub(crate) fn parts(&self) -> (&'a Client, &str, WriteOptions) {
        (self.client, &self.db, self.options)
    }
}
