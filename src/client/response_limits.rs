//! `ResponseLimits`: the limits of a query whose rows are streamed, in Flux, SQL or InfluxQL of InfluxDB 3.

use super::Client;
use super::transport::HttpRequest;
use crate::csv;
use core::time::Duration;

/// The limits of a response of rows.
pub(crate) struct ResponseLimits {
    pub(crate) timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) max_body_bytes: u64,
    pub(crate) max_record_bytes: usize,
    pub(crate) max_columns: Option<usize>,
}

impl ResponseLimits {
    /// Creates the defaults, with the timeouts of the client.
    pub(crate) fn of(client: &Client) -> Self {
        let limits = &client.inner().query_limits;
        ResponseLimits {
            timeout: limits.overall,
            read_timeout: limits.read,
            max_body_bytes: u64::MAX,
            max_record_bytes: csv::MAX_RECORD_BYTES,
            max_columns: None,
        }
    }

    /// Returns the most bytes of a row, which can't be longer than the response.
    pub(crate) fn longest_record(&self) -> usize {
        let response = usize::try_from(self.max_body_bytes.saturating_add(1)).unwrap_or(usize::MAX);
        response.min(self.max_record_bytes)
    }

    /// Sets the limits of a request.
    pub(crate) fn apply(&self, request: &mut HttpRequest<'_>) {
        request.overall = self.timeout;
        request.read = Some(self.read_timeout);
        request.cap = self.max_body_bytes;
    }
}

/// The setters of a query's `limits: ResponseLimits`. Stands inside the `impl` of the query, whose module has
/// `Rows`. (A trait would have to be imported by every program that sets a limit.)
macro_rules! limit_setters {
    () => {
        /// Sets the timeout of the whole query, until its last row is read. Default: 5 min, or the
        /// [client's](crate::client::ClientBuilder::timeout) if that is set.
        pub fn timeout(mut self, limit: core::time::Duration) -> Self {
            self.limits.timeout = limit;
            self
        }

        /// Sets how long the connection may be silent. Default: 60 s, since a server may compute for long before
        /// its first row, or the [client's](crate::client::ClientBuilder::read_timeout) if that is set.
        pub fn read_timeout(mut self, limit: core::time::Duration) -> Self {
            self.limits.read_timeout = limit;
            self
        }

        /// Sets the most bytes of the response, decompressed. Default: no limit, since only one row is in memory
        /// at a time.
        pub fn max_body_bytes(mut self, bytes: u64) -> Self {
            self.limits.max_body_bytes = bytes;
            self
        }

        /// Sets the most bytes that a table's description and one of its rows may take in memory together.
        /// Default: 16 MiB. Memory is allocated as needed.
        ///
        /// A longer row is an error of [`Rows::next`]
        /// ([`RecordTooLong`](crate::csv::ReadErrorKind::RecordTooLong)).
        pub fn max_record_bytes(mut self, bytes: usize) -> Self {
            self.limits.max_record_bytes = bytes;
            self
        }

        /// Sets the most columns that a table may have, so that no response can use up the memory. A column takes
        /// four words (32 bytes on a 64-bit machine) in addition to its text. Default: 4096.
        ///
        /// A wider table is an error of [`Rows::next`]
        /// ([`TooManyColumns`](crate::csv::ReadErrorKind::TooManyColumns)). In Flux, `pivot` makes each field a
        /// column, and `keep(columns: […])` selects columns.
        pub fn max_columns(mut self, columns: usize) -> Self {
            self.limits.max_columns = Some(columns);
            self
        }
    };
}
pub(crate) use limit_setters;
