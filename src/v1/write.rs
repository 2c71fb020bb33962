//! Writes into a database and retention policy.

use super::Database;
use crate::client::WriteData;
use crate::client::execute::is_page;
use crate::client::names::What;
use crate::client::transport::HttpResponse;
use crate::error::{Error, Stored};
use crate::http::v1_precision;
use crate::line::Lines;
use crate::{Client, Precision};

impl Database<'_> {
    /// Writes one batch by `/write`, otherwise like [`Client::write`](crate::Client::write). `Ok` is status 204,
    /// or 201 of InfluxDB Cloud after it created the bucket.
    ///
    /// # Errors
    /// Returns the same errors as [`Client::write`](crate::Client::write), with what is stored and what to do.
    pub fn write(&self, data: impl WriteData) -> Result<(), Error> {
        self.client.lines_of(&data, |lines| self.write_lines(lines))
    }

    fn write_lines(&self, lines: Lines<'_>) -> Result<(), Error> {
        if self.db.is_empty() {
            return Err(Error::config("the name of the database is empty"));
        }
        if lines.bytes.is_empty() {
            return Ok(());
        }
        let mut target = self.target("/write")?;
        let precision = match lines.precision {
            Precision::Microsecond if self.on_v2 => Precision::Microsecond.as_str(),
            other => v1_precision(other),
        };
        if !precision.is_empty() {
            target.push_query("precision", precision);
        }
        if let Some(level) = self.consistency {
            target.push_query("consistency", level.as_str());
        }
        let client = &self.client();
        let what = What("write to database", &self.db);
        let compressed = client.compress(lines.bytes);
        let mut out = client.lines_request(target, lines, compressed.as_deref());
        client.run_attempts(&mut out, |out| {
            client.attempt_write(out, lines.bytes, |out| {
                let response = client.authorized(&what, out)?;
                written(client, &what, response, lines.bytes).map_err(|e| self.explain(e))
            })
        })
    }
}

fn written(
    client: &Client,
    what: &What<'_>,
    response: HttpResponse,
    lines: &[u8],
) -> Result<(), Error> {
    if response.status == 204 {
        return Ok(());
    }
    let made_the_bucket = response.status == 201 && !is_page(&response);
    let error = client.refused_write(what, response, lines);
    // An older Cloud reports a partial write with 201.
    if made_the_bucket && error.stored() != Stored::Partial {
        return Ok(());
    }
    Err(error)
}
