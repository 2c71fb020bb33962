//! The rows of a response, one by one or deserialized.

use crate::Precision;
use crate::client::Client;
use crate::client::names::What;
use crate::client::rows::explain;
use crate::client::transport::{Body, HttpError};
use crate::csv::{self, OwnedPlainRows, PlainRows};
use crate::error::{Error, TransportErrorKind};
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use serde::de::DeserializeOwned;
use std::io::Read;

pub(super) const QUERY: &str = "query database";
const BROKE_OFF: &str = "; InfluxDB 3 breaks a response off, too, when a query fails while its rows are \
    made, such as by a division by zero: its log has the reason";

type Reader = Box<dyn Read + Send>;

/// The rows of a response, as they are received.
///
/// Owns the connection until the end, and closes it if dropped earlier.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// let mut rows = client
///     .v3("sensors")
///     .sql("SELECT * FROM weather ORDER BY time, station")
///     .call()?;
/// let mut sum = 0.0;
/// while let Some(row) = rows.next()? {
///     sum += row.get::<f64>("temp_c")?;
/// }
/// assert_eq!(sum, 176.5);
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub struct Rows {
    inner: PlainRows<Reader>,
    source: Source,
}

/// The source of rows, for their errors.
struct Source {
    /// `None` for a reader, whose bytes are the caller's and need no masking.
    client: Option<Client>,
    db: String,
}

impl Source {
    #[cold]
    fn explain(&self, e: csv::ReadError) -> Error {
        match &self.client {
            Some(client) => explain(client, e, |http_error| broken(client, &self.db, http_error)),
            None => e.into(),
        }
    }
}

/// The error of an incomplete response.
#[cold]
pub(super) fn broken(client: &Client, db: &str, mut http_error: HttpError) -> Error {
    // The server sends status 200 before it computes the rows, and has no trailer for an error in one. It closes
    // the connection without the last chunk, which looks the same here as a network failure.
    if http_error.kind == TransportErrorKind::Closed {
        http_error.detail.hint(BROKE_OFF);
    }
    client.transport_error(&What(QUERY, db), http_error, false)
}

impl Rows {
    pub(super) fn of_response(
        client: Client,
        db: String,
        body: Body,
        max_record_bytes: usize,
        max_columns: Option<usize>,
    ) -> Self {
        let mut inner = PlainRows::new(Box::new(body) as Reader).max_record_bytes(max_record_bytes);
        if let Some(columns) = max_columns {
            inner = inner.max_columns(columns);
        }
        let client = Some(client);
        Rows {
            inner,
            source: Source { client, db },
        }
    }

    /// Makes rows of a response that [`Query::write_to`](super::Query::write_to) copied to a file. Reads
    /// nothing. No buffered reader is needed, since 16 KiB are read at once.
    ///
    /// ```
    /// use influx_edge::v3::Rows;
    ///
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// let mut csv = Vec::new();
    /// client
    ///     .v3("sensors")
    ///     .sql("SELECT * FROM weather ORDER BY time, station")
    ///     .write_to(&mut csv)?;
    /// let mut rows = Rows::from_reader(std::io::Cursor::new(csv)); // or a file
    /// assert_eq!(rows.next()?.expect("a row").get::<u64>("n")?, 7);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn from_reader(reader: impl Read + Send + 'static) -> Self {
        Rows {
            inner: PlainRows::new(Box::new(reader)),
            source: Source {
                client: None,
                db: String::new(),
            },
        }
    }

    /// Returns the next row, which is borrowed until the next call; `None` after the last one. Blocks until a
    /// row is received. Allocates only for a row that is longer than all before it.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// # let sensors = client.v3("sensors");
    /// let mut rows = sensors
    ///     .sql("SELECT * FROM weather ORDER BY time, station")
    ///     .call()?;
    /// let row = rows.next()?.expect("a row");
    /// assert_eq!(row.get::<u64>("n")?, 7);
    /// assert!(row.get::<i64>("temp_c").is_err()); // 21.5 isn't cut to 21
    ///
    /// let row = rows.next()?.expect("another row");
    /// assert_eq!(row.get::<Option<i64>>("hum")?, None); // null
    /// assert!(row.get::<i64>("hum").is_err());
    ///
    /// // A misspelt column isn't null:
    /// let error = row.get::<Option<f64>>("temp").unwrap_err();
    /// assert!(
    ///     error
    ///         .to_string()
    ///         .starts_with("row 2: there is no column \"temp\", only hum, n, note")
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the response is incomplete, because the connection is lost, a time limit is exceeded,
    /// or the query failed on the server while it computed the rows. Returns an error if the response isn't CSV
    /// with rows of equal length, or exceeds a limit. After an error, `None` is returned.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator can't lend; `while let Some(row) = rows.next()?` is the loop"
    )]
    #[inline]
    pub fn next(&mut self) -> Result<Option<csv::Row<'_>>, Error> {
        self.inner.next().map_err(|e| self.source.explain(e))
    }

    /// Calls a closure with each remaining row. Blocks until the response ends; allocates nothing per row.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// let mut stations = std::collections::BTreeSet::new();
    /// client
    ///     .v3("sensors")
    ///     .sql("SELECT * FROM weather ORDER BY time, station")
    ///     .call()?
    ///     .for_each(|row| {
    ///         stations.insert(row.get::<String>("station")?);
    ///         Ok(())
    ///     })?;
    /// assert_eq!(stations.len(), 5);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`next`](Rows::next), and the first error of the closure, which
    /// ends the loop.
    pub fn for_each(
        &mut self,
        mut each: impl FnMut(csv::Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while let Some(row) = self.next()? {
            each(row)?;
        }
        Ok(())
    }

    /// Returns the names of the columns, in order. There are none if the response has no rows, because the server
    /// then sends no names. Blocks until the first row is received.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// let mut rows = client
    ///     .v3("sensors")
    ///     .influxql("SELECT * FROM weather LIMIT 2")
    ///     .call()?;
    /// let columns: Vec<&str> = rows.columns()?.collect();
    /// assert_eq!(
    ///     columns,
    ///     [
    ///         "iox::measurement",
    ///         "time",
    ///         "hum",
    ///         "n",
    ///         "note",
    ///         "ok",
    ///         "station",
    ///         "temp_c"
    ///     ]
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`next`](Rows::next).
    pub fn columns(&mut self) -> Result<impl ExactSizeIterator<Item = &str>, Error> {
        if let Err(e) = self.inner.read_header() {
            return Err(self.source.explain(e));
        }
        Ok(self.inner.table().columns().map(|column| column.name()))
    }

    /// Returns the remaining rows as values of one type, by the names of the columns; see
    /// [`Query::deserialize`](super::Query::deserialize).
    ///
    /// ```
    /// use influx_edge::v3::Rows;
    ///
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// # let mut csv = Vec::new();
    /// # client.v3("sensors").sql("SELECT * FROM weather ORDER BY time, station").write_to(&mut csv)?;
    /// #[derive(serde::Deserialize)]
    /// struct Reading {
    ///     station: String,
    ///     temp_c: f64,
    /// }
    ///
    /// let stored = std::io::Cursor::new(csv);
    /// let last = Rows::from_reader(stored)
    ///     .deserialize::<Reading>()
    ///     .flatten()
    ///     .last();
    /// assert_eq!(
    ///     last.map(|r| (r.station, r.temp_c)),
    ///     Some((String::from("now"), 1.0))
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn deserialize<T: DeserializeOwned>(
        self,
    ) -> impl Iterator<Item = Result<T, Error>> + use<T> {
        self.into_values(Precision::Nanosecond)
    }

    pub(super) fn into_values<T: DeserializeOwned>(
        self,
        unit: Precision,
    ) -> impl Iterator<Item = Result<T, Error>> + use<T> {
        let values = self.inner.deserialize(unit);
        values.map(move |value| value.map_err(|e| self.source.explain(e)))
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

/// Iterates over the remaining rows as owned ones: `for row in rows`. It ends after the first error. An
/// [`OwnedRow`](csv::OwnedRow) takes two allocations; [`Rows::next`] and [`Rows::for_each`] need none.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// let rows = client
///     .v3("sensors")
///     .sql("SELECT * FROM weather ORDER BY time, station")
///     .call()?;
/// let rows: Vec<_> = rows.into_iter().collect::<Result<_, _>>()?;
/// assert_eq!(rows[8].get::<&str>("station")?, "now");
/// # Ok::<(), influx_edge::Error>(())
/// ```
impl IntoIterator for Rows {
    type Item = Result<csv::OwnedRow, Error>;
    type IntoIter = Box<dyn Iterator<Item = Self::Item> + Send>;

    fn into_iter(self) -> Self::IntoIter {
        let Rows { inner, source } = self;
        let rows = OwnedPlainRows::new(inner);
        Box::new(rows.map(move |row| row.map_err(|e| source.explain(e))))
    }
}
