//! `Rows`: the rows of a query's response, whose errors have host and call, and no secrets.

use super::Client;
use super::transport::{Body, HttpError};
use crate::csv;
use crate::error::Error;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use serde::de::DeserializeOwned;

/// The name of the call in errors.
pub(super) const WHAT: &str = "query";

/// The rows of a query's response, read from the connection one at a time.
///
/// Owns the connection until the end, and closes it if dropped earlier.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let mut rows = client.query("buckets()").call()?;
/// let mut names = Vec::new();
/// while let Some(row) = rows.next()? {
///     names.push(row.get::<String>("name")?);
/// }
/// assert_eq!(names, ["_monitoring", "_tasks", "hourly", "sensors"]);
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub struct Rows {
    pub(super) inner: csv::Rows<Body>,
    pub(super) client: Client,
}

impl Rows {
    /// Returns the next row, lent until the next call; `None` after the last. Blocks until a row is received.
    /// Allocates nothing per row.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let mut rows = client.query("buckets()").call()?;
    /// let first = rows.next()?.map(|row| row.get::<String>("name")).transpose()?;
    /// # assert_eq!(first.as_deref(), Some("_monitoring"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the connection breaks or a timeout expires, if the server reports that the query failed,
    /// or if the response isn't annotated CSV. The rows before it are valid, but the result is incomplete. After the
    /// error comes `None`.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator can't lend; `while let Some(row) = rows.next()?` is the loop"
    )]
    pub fn next(&mut self) -> Result<Option<csv::Row<'_>>, Error> {
        let client = &self.client;
        self.inner.next().map_err(|e| explain_flux(client, e))
    }

    /// Calls a closure with each remaining row. Blocks until the response ends; allocates nothing per row.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let mut names = Vec::new();
    /// client.query("buckets()").call()?.for_each(|row| {
    ///     names.push(row.get::<String>("name")?);
    ///     Ok(())
    /// })?;
    /// # assert_eq!(names.first().map(String::as_str), Some("_monitoring"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`next`](Rows::next), and the first error of the closure, which ends the loop.
    pub fn for_each(
        &mut self,
        mut each: impl FnMut(csv::Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while let Some(row) = self.next()? {
            each(row)?;
        }
        Ok(())
    }

    /// Reads all remaining tables with their rows into memory, for small results; see [`csv::Rows::tables`]. Blocks
    /// until the response ends.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let tables = client.query("buckets()").call()?.tables()?;
    /// for row in tables.iter().flat_map(|table| table.rows()) {
    ///     println!("{}", row.get::<&str>("name")?);
    /// }
    /// # assert!(tables[0].rows().len() > 1);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`next`](Rows::next); the tables before the error are lost.
    pub fn tables(self) -> Result<Vec<csv::OwnedTable>, Error> {
        let client = self.client;
        self.inner.tables().map_err(|e| explain_flux(&client, e))
    }

    /// Returns an iterator of the remaining rows as values of type `T`; see
    /// [`Query::deserialize`](super::Query::deserialize). A row that can't be deserialized is an error of its own, and
    /// the rows after it follow.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// #[derive(serde::Deserialize)]
    /// struct Sample {
    ///     _value: f64,
    /// }
    ///
    /// let query = client.query(r#"from(bucket: "b") |> range(start: -1h)"#);
    /// let mut rows = query.profiler("query").profiler("operator").call()?;
    /// for sample in rows.deserialize::<Sample>() {
    ///     assert!(sample?._value > 0.0);
    /// }
    /// assert!(rows.profile().contains("TotalDuration"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn deserialize<T: DeserializeOwned>(&mut self) -> impl Iterator<Item = Result<T, Error>> {
        let client = &self.client;
        let values = self.inner.deserialize();
        values.map(move |value| value.map_err(|e| explain_flux(client, e)))
    }

    pub(super) fn into_deserialize<T: DeserializeOwned>(
        self,
    ) -> impl Iterator<Item = Result<T, Error>> {
        let Rows { inner, client } = self;
        let values = inner.into_deserialize();
        values.map(move |value| value.map_err(|e| explain_flux(&client, e)))
    }

    /// Returns the next table or row, for programs that need the boundaries of tables, or tables without rows.
    ///
    /// # Errors
    /// Returns the same errors as [`next`](Rows::next).
    pub fn next_item(&mut self) -> Result<Option<csv::Item<'_>>, Error> {
        let client = &self.client;
        self.inner.next_item().map_err(|e| explain_flux(client, e))
    }

    /// Returns the output of the [profilers](super::Query::profiler) as text for people, with a line for each value.
    /// The server sends it last, so it is complete when [`next`](Rows::next) has returned `None`. At most 1 MiB;
    /// control characters are escaped.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.inner.profile()
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

/// Iterates over the remaining rows, each of which owns its text: `for row in rows`. Ends after the first error. An
/// [`OwnedRow`](csv::OwnedRow) costs two allocations; [`Rows::next`] and [`Rows::for_each`] need none.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// for row in client.query("buckets()").call()? {
///     let row = row?;
///     println!("{}", row.get::<&str>("name")?);
/// }
/// # Ok::<(), influx_edge::Error>(())
/// ```
impl IntoIterator for Rows {
    type Item = Result<csv::OwnedRow, Error>;
    type IntoIter = Box<dyn Iterator<Item = Self::Item> + Send>;

    fn into_iter(self) -> Self::IntoIter {
        let Rows { inner, client } = self;
        Box::new(
            inner
                .into_owned()
                .map(move |row| row.map_err(|e| explain_flux(&client, e))),
        )
    }
}

#[cold]
fn explain_flux(client: &Client, e: csv::ReadError) -> Error {
    explain(client, e, |http_error| {
        client.transport_error(&WHAT, http_error, false)
    })
}

/// Turns an error of the decoder into one of the query. All text from the response is scrubbed of secrets and
/// escaped: a body that isn't CSV may be a page that repeats the request, with its token.
pub(crate) fn explain(
    client: &Client,
    e: csv::ReadError,
    broken: impl FnOnce(HttpError) -> Error,
) -> Error {
    let print = |text: &mut String| *text = client.secrets().printable(text, 4096);
    let mut kind = e.into_kind();
    match &mut kind {
        csv::ReadErrorKind::Io(_)
        | csv::ReadErrorKind::TooManyColumns { .. }
        | csv::ReadErrorKind::RecordTooLong { .. } => {}
        csv::ReadErrorKind::Decode { excerpt, .. } => print(excerpt),
        csv::ReadErrorKind::Server { message, code } => [message, code].into_iter().for_each(print),
        csv::ReadErrorKind::Value {
            column,
            data_type,
            found,
            ..
        } => [column, data_type, found].into_iter().for_each(print),
        csv::ReadErrorKind::Deserialize {
            column, message, ..
        } => column.iter_mut().chain([message]).for_each(print),
    }
    match kind {
        csv::ReadErrorKind::Io(e) => broken(HttpError::from_read(e)),
        kind => csv::ReadError::new(kind).into(),
    }
}
