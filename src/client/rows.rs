//! The rows of a Flux query's response: one by one, or deserialized into your own types.

use super::Client;
use super::transport::{Body, HttpError};
use crate::csv;
use crate::error::Error;
use alloc::string::String;
use core::fmt;
use serde::de::DeserializeOwned;

/// The call, in its errors.
pub(super) const WHAT: &str = "query";

/// The rows of a response, as they come from the server. Owns the connection until the end; dropped
/// earlier it closes it.
pub struct Rows {
    pub(super) inner: csv::Rows<Body>,
    pub(super) client: Client,
}

impl Rows {
    /// The next row, lent until the one after it is asked for; `None` after the last. Blocks until
    /// a row is there. Nothing is allocated per row.
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
    /// Returns an error if the connection breaks or time runs out, the server reports that the
    /// query failed in its middle, or the response isn't annotated CSV. The response is incomplete
    /// then, however many rows came.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator can't lend; `while let Some(row) = rows.next()?` is the loop"
    )]
    pub fn next(&mut self) -> Result<Option<csv::Row<'_>>, Error> {
        let client = &self.client;
        self.inner.next().map_err(|e| explain_flux(client, e))
    }

    /// Hands every row that is left to a closure. Blocks until the response ends; allocates nothing per
    /// row.
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

    /// All tables that are left with all their rows, in memory: for small results. See
    /// [`csv::Rows::tables`]. Blocks until the response ends.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let tables = client.query("buckets()").call()?.tables()?;
    /// for row in tables.rows() {
    ///     println!("{}", row.get::<&str>("name")?);
    /// }
    /// # assert!(tables.rows().count() > 1);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`next`](Rows::next); the tables before it are lost then.
    pub fn tables(self) -> Result<csv::Tables, Error> {
        let client = self.client;
        self.inner.tables().map_err(|e| explain_flux(&client, e))
    }

    /// The next table or row, for those who want to know where a table begins, and empty tables.
    ///
    /// # Errors
    /// Returns the same errors as [`next`](Rows::next).
    pub fn next_item(&mut self) -> Result<Option<csv::Item<'_>>, Error> {
        let client = &self.client;
        self.inner.next_item().map_err(|e| explain_flux(client, e))
    }

    /// What the [profilers](super::Query::profiler) said, if any was switched on: a line a value, for
    /// people to read. The server sends it last, so it is complete when [`next`](Rows::next) has
    /// given `None`. At most 1 MiB; control characters are escaped.
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

/// The rows that are left, each of its own: `for row in rows`. An [`OwnedRow`](csv::OwnedRow) costs two
/// allocations; [`Rows::next`] and [`Rows::for_each`] need none.
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
    type IntoIter = OwnedRows;

    fn into_iter(self) -> OwnedRows {
        OwnedRows {
            inner: self.inner.into_iter(),
            client: self.client,
        }
    }
}

/// [`Rows`] as an iterator, by [`IntoIterator`]. It ends after the first error.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::csv::OwnedRow;
///
/// let rows = client.query("buckets()").call()?.into_iter();
/// let rows = rows.collect::<Result<Vec<OwnedRow>, _>>()?;
/// assert_eq!(rows.last().expect("four buckets").get::<&str>("name")?, "sensors");
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub struct OwnedRows {
    inner: csv::OwnedRows<Body>,
    client: Client,
}

impl OwnedRows {
    /// What the profilers said; see [`Rows::profile`]. Complete when [`next`](Iterator::next) has
    /// given `None`.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.inner.profile()
    }
}

impl Iterator for OwnedRows {
    type Item = Result<csv::OwnedRow, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let client = &self.client;
        let next = self.inner.next()?;
        Some(next.map_err(|e| explain_flux(client, e)))
    }
}

impl fmt::Debug for OwnedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedRows").finish_non_exhaustive()
    }
}

/// The rows of a response as values of one type. A row that doesn't fit is an error of its own; the
/// rows behind it still come.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// #[derive(serde::Deserialize)]
/// struct Bucket {
///     name: String,
/// }
///
/// let values = client.query("buckets()").deserialize::<Bucket>()?;
/// let names = values.map(|bucket| Ok(bucket?.name)).collect::<Result<Vec<_>, influx_edge::Error>>()?;
/// assert_eq!(names, ["_monitoring", "_tasks", "hourly", "sensors"]);
/// # Ok::<(), influx_edge::Error>(())
/// ```
pub struct Values<T> {
    pub(super) inner: csv::Deserialized<Body, T>,
    pub(super) client: Client,
}

impl<T: DeserializeOwned> Iterator for Values<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Result<T, Error>> {
        let client = &self.client;
        let next = self.inner.next()?;
        Some(next.map_err(|e| explain_flux(client, e)))
    }
}

impl<T> Values<T> {
    /// What the profilers said; see [`Rows::profile`]. Complete when [`next`](Iterator::next) has
    /// given `None`, so keep the iterator: `for row in rows.by_ref()`.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.inner.profile()
    }
}

impl<T> fmt::Debug for Values<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}

#[cold]
fn explain_flux(client: &Client, e: csv::ReadError) -> Error {
    explain(client, e, |http_error| {
        client.transport_error(&WHAT, http_error, false)
    })
}

/// Makes the error of a query out of the cursor's, with the source's words as they may be printed: what
/// isn't CSV is quoted, and may be a page that repeats the request.
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
