//! Writes by `/api/v3/write_lp`.

use super::{Database, What};
use crate::Precision;
use crate::client::WriteData;
use crate::client::transport::RequestBody;
use crate::error::Error;
use crate::line::Lines;

impl Database<'_> {
    /// Sets whether the good lines of a batch are stored when it has bad ones. Default: true, and the bad
    /// ones are reported by number; false: one bad line rejects the batch.
    #[must_use]
    pub fn accept_partial(mut self, yes: bool) -> Self {
        self.accept_partial = yes;
        self
    }

    /// Sets whether the server may respond before the lines are on its disk. Default: false.
    #[must_use]
    pub fn no_sync(mut self, yes: bool) -> Self {
        self.no_sync = yes;
        self
    }

    /// Writes points, lines or text, whatever [`Client::write`](crate::Client::write) takes, into the database.
    ///
    /// # Errors
    /// As [`Client::write`](crate::Client::write): ask the error what is stored and what to do.
    pub fn write(&self, data: impl WriteData) -> Result<(), Error> {
        self.client.lines_of(&data, |lines| self.write_lines(lines))
    }

    pub(crate) fn write_lines(&self, lines: Lines<'_>) -> Result<(), Error> {
        if self.db.is_empty() {
            return Err(Error::config("the name of the database is empty"));
        }
        if lines.bytes.is_empty() {
            return Ok(());
        }
        // Without one, InfluxDB 3 guesses it from the size of the number.
        let precision = match lines.precision {
            Precision::Second => "second",
            Precision::Millisecond => "millisecond",
            Precision::Microsecond => "microsecond",
            Precision::Nanosecond => "nanosecond",
        };
        let mut target = self.client.inner().base.target("/api/v3/write_lp");
        target.push_query("db", &self.db);
        target.push_query("precision", precision);
        if !self.accept_partial {
            target.push_query("accept_partial", "false");
        }
        if self.no_sync {
            target.push_query("no_sync", "true");
        }
        let client = self.client;
        let what = What("write to", &self.db);
        let mut out = client.http_request("POST", target);
        out.content_type = Some("text/plain; charset=utf-8");
        // The same points written twice are the same points.
        out.repeatable = true;
        let compressed = client.compress(lines.bytes);
        out.gzipped = compressed.is_some();
        out.body = RequestBody::Bytes(compressed.as_deref().unwrap_or(lines.bytes));
        client.run_attempts(&mut out, |out| {
            client.attempt_write(out, lines.bytes, |out| {
                let response = client.authorized(&what, out)?;
                if response.status == 204 {
                    return Ok(());
                }
                Err(client.refused_write(&what, response, lines.bytes))
            })
        })
    }
}
