//! The rows of an InfluxQL response, chunk by chunk.

use super::QUERY;
use super::statements::Statements;
use super::value::{FromValue, Value};
use crate::Timestamp;
use crate::client::Client;
use crate::client::execute::json_trouble;
use crate::client::names::What;
use crate::client::transport::{Body, HttpError};
use crate::error::{Error, ErrorKind};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::{IntoIter, Vec};
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use serde::Deserialize;
use serde_json::StreamDeserializer;
use serde_json::de::IoRead;
use std::io::{self, BufReader, Read};

/// The rows of a response, as they are received.
///
/// They come in the order of the statements, and within a statement series by series. One chunk is in memory. Owns
/// the connection until the end, and closes it if dropped earlier.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let mut rows = client
///     .v1("plant")
///     .query("SELECT * FROM weather GROUP BY station")
///     .call()?;
/// let mut stations = Vec::new();
/// while let Some(row) = rows.next()? {
///     stations.extend(row.tag("station").map(String::from));
/// }
/// assert_eq!(stations, ["zrh-1", "zrh-2"]);
/// # Ok::<(), influx_edge::Error>(())
/// ```
//
// The response is a stream of JSON objects, by RFC 9112's chunks or not:
//
//   {"results":[{"statement_id":0,"series":[{"name":…,"columns":[…],"values":[[…],…]}],"partial":true}]}
//
// `next` takes values from `rows`, then a series from `series`, then a result from `results`, then an object
// from `chunks`. A statement or a series may continue in the next object, where it is repeated; `partial` marks
// this. The end counts as complete if the last result wasn't partial and all statements had a result.
pub struct Rows {
    client: Client,
    db: String,
    chunks: StreamDeserializer<'static, IoRead<Limited>, Chunk>,
    left: Arc<AtomicUsize>,
    max_chunk: usize,
    results: IntoIter<StatementResult>,
    series: IntoIter<Series>,
    rows: IntoIter<Vec<Value>>,
    statement: u32,
    /// The results that must be received.
    statements: Statements,
    /// The number of results that have begun.
    begun: u32,
    messages: Vec<Message>,
    head: SeriesHead,
    row: Vec<Value>,
    /// The last result is partial.
    more: bool,
    ended: bool,
}

/// A JSON object of the response, which is all of it or a chunk.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    results: Option<Vec<StatementResult>>,
    #[serde(default)]
    error: Option<String>,
}

/// The result of a statement, or a part of it.
#[derive(Deserialize)]
struct StatementResult {
    #[serde(default)]
    statement_id: u32,
    #[serde(default)]
    series: Option<Vec<Series>>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    partial: bool,
    #[serde(default)]
    messages: Option<Vec<RawMessage>>,
}

#[derive(Deserialize)]
struct RawMessage {
    #[serde(default)]
    level: String,
    #[serde(default)]
    text: String,
}

/// A server's message about a statement, in addition to its rows.
///
/// InfluxDB 1.x, for example, warns of deprecated statements. See [`Rows::messages`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::v1::Message;
///
/// let mut rows = client.v1("plant").query("SHOW MEASUREMENTS").call()?;
/// while rows.next()?.is_some() {}
/// let warnings = |message: &&Message| message.level == "warning";
/// assert_eq!(rows.messages().iter().filter(warnings).count(), 0);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The index of the statement in the query, from 0.
    pub statement: u32,
    /// The server's level, such as `warning`.
    pub level: String,
    /// The server's text, at most 512 bytes, with control characters escaped.
    pub text: String,
}

/// The beginnings of a server's errors for names that don't exist, or that the credentials can't see.
const NOT_FOUND: [&str; 2] = ["database not found", "retention policy not found"];
/// The bytes of the columns' names that an error lists.
const NAMES: usize = 200;
/// The bytes of a message that are kept.
const MAX_MESSAGE: usize = 512;
/// The messages that are kept.
const MAX_MESSAGES: usize = 100;

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    columns: Option<Vec<String>>,
    #[serde(default)]
    values: Option<Vec<Vec<Value>>>,
}

/// The description of a series, shared by its rows.
#[derive(Default)]
struct SeriesHead {
    name: String,
    tags: BTreeMap<String, String>,
    columns: Vec<String>,
}

impl Rows {
    pub(super) fn new(
        client: Client,
        db: String,
        body: Body,
        max_chunk: usize,
        statements: Statements,
    ) -> Self {
        let left = Arc::new(AtomicUsize::new(max_chunk));
        let source = Limited {
            inner: BufReader::new(body),
            left: Arc::clone(&left),
        };
        Rows {
            client,
            db,
            chunks: StreamDeserializer::new(IoRead::new(source)),
            left,
            max_chunk,
            results: Vec::new().into_iter(),
            series: Vec::new().into_iter(),
            rows: Vec::new().into_iter(),
            statement: 0,
            statements,
            begun: 0,
            messages: Vec::new(),
            head: SeriesHead::default(),
            row: Vec::new(),
            more: false,
            ended: false,
        }
    }

    /// Returns the next row, which is borrowed until the next call; `None` after the last one. Blocks until a
    /// chunk is received.
    ///
    /// # Errors
    /// Returns an error if a statement failed, even with status 200; the rows of other statements follow.
    /// Returns an error, and then `None`, if the connection breaks, a time limit is exceeded, or the response
    /// has no result, ends before the result of the last statement or in the middle of one, or isn't valid.
    #[allow(
        clippy::should_implement_trait,
        reason = "an iterator can't lend; `while let Some(row) = rows.next()?` is the loop"
    )]
    pub fn next(&mut self) -> Result<Option<Row<'_>>, Error> {
        loop {
            if let Some(row) = self.rows.next() {
                self.row = row;
                break;
            }
            if let Some(block) = self.series.next() {
                self.head = SeriesHead {
                    name: block.name.unwrap_or_default(),
                    tags: block.tags.unwrap_or_default(),
                    columns: block.columns.unwrap_or_default(),
                };
                self.rows = block.values.unwrap_or_default().into_iter();
            } else if let Some(part) = self.results.next() {
                self.begun = self.begun.max(part.statement_id.saturating_add(1));
                self.statement = part.statement_id;
                self.more = part.partial;
                self.keep(part.messages);
                self.series = part.series.unwrap_or_default().into_iter();
                if let Some(error) = part.error {
                    return Err(self.failed(&error));
                }
            } else if !self.chunk()? {
                return Ok(None);
            }
        }
        Ok(Some(Row {
            client: &self.client,
            statement: self.statement,
            head: &self.head,
            values: &self.row,
        }))
    }

    /// Reads the next chunk; `false` at the end.
    fn chunk(&mut self) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        self.left.store(self.max_chunk, Ordering::Relaxed);
        let chunk = match self.chunks.next() {
            Some(Ok(chunk)) => chunk,
            Some(Err(e)) => {
                self.ended = true;
                return Err(self.transport_error(e));
            }
            None => {
                self.ended = true;
                if self.more {
                    return Err(self.unreadable("it ends where more was promised"));
                }
                // On 2.x a deletion has no result, and its response no body.
                let done = self.statements.silent && self.statements.last == 0;
                if self.begun == 0 && !done {
                    return Err(self.unreadable("it has no result, not even an empty one"));
                }
                if self.begun < self.statements.last {
                    return Err(self.unreadable(&format!(
                        "it ends after {} of {} statements",
                        self.begun, self.statements.last
                    )));
                }
                return Ok(false);
            }
        };
        self.results = chunk.results.unwrap_or_default().into_iter();
        match chunk.error {
            Some(error) => {
                self.more = false;
                Err(self.failed(&error))
            }
            None => Ok(true),
        }
    }

    /// Returns the server's messages so far, at most 100. The rows are complete all the same.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    fn keep(&mut self, messages: Option<Vec<RawMessage>>) {
        let secrets = self.client.secrets();
        let space = MAX_MESSAGES.saturating_sub(self.messages.len());
        let messages = messages.into_iter().flatten().take(space);
        self.messages.extend(messages.map(|message| Message {
            statement: self.statement,
            level: secrets.printable(&message.level, MAX_MESSAGE),
            text: secrets.printable(&message.text, MAX_MESSAGE),
        }));
    }

    fn failed(&mut self, error: &str) -> Error {
        // Statements after a failed one may have no result.
        self.statements.last = 0;
        self.begun = self.begun.max(1);
        let what = What(QUERY, &self.db);
        let message = self.client.secrets().printable(error, 4096);
        let not_found = NOT_FOUND.iter().any(|words| message.starts_with(words));
        let hint = if not_found {
            "it isn't there, or the credentials may not see it; "
        } else {
            ""
        };
        ErrorKind::Content {
            what: format!(
                "cannot {what}: {hint}the server reports for statement {}",
                // Counted from 1 in messages.
                self.statement.saturating_add(1)
            ),
            message,
            not_found,
        }
        .into()
    }

    fn unreadable(&self, why: &str) -> Error {
        let what = What(QUERY, &self.db);
        Error::content(format!("cannot {what}: the response can't be read"), why)
    }

    fn transport_error(&self, e: serde_json::Error) -> Error {
        if self.left.load(Ordering::Relaxed) == 0 {
            return self.unreadable(&format!(
                "a chunk of it has more than {} bytes; ask for fewer rows a chunk (`chunk_size`) or allow more (`max_chunk_bytes`)",
                self.max_chunk
            ));
        }
        if e.is_io() {
            let what = What(QUERY, &self.db);
            return self.client.transport_error(
                &what,
                HttpError::from_read(io::Error::from(e)),
                false,
            );
        }
        self.unreadable(&json_trouble(&e))
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

/// A row, borrowed from [`Rows`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let mut rows = client.v1("plant").query("SELECT temp_c FROM weather").call()?;
/// let row = rows.next()?.expect("a row");
/// assert_eq!((row.statement(), row.series()), (0, "weather"));
/// assert_eq!(row.columns(), ["time", "temp_c"]);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Row<'a> {
    client: &'a Client,
    statement: u32,
    head: &'a SeriesHead,
    values: &'a [Value],
}

impl<'a> Row<'a> {
    /// Returns the index of the row's statement in the query, from 0.
    #[must_use]
    pub fn statement(&self) -> u32 {
        self.statement
    }

    /// Returns the name of the series: the measurement, or the thing shown by a `SHOW`. Empty if it has none.
    #[must_use]
    pub fn series(&self) -> &'a str {
        &self.head.name
    }

    /// Returns the value of a tag that the query groups by. Other tags are columns.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let plant = client.v1("plant");
    /// let mut rows = plant.query("SELECT * FROM weather GROUP BY station").call()?;
    /// if let Some(row) = rows.next()? {
    ///     println!("{:?}", row.tag("station"));
    /// #   assert_eq!(row.tag("station"), Some("zrh-1"));
    /// }
    /// # assert_eq!(rows.next()?.and_then(|row| row.tag("station")), Some("zrh-2"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&'a str> {
        self.head.tags.get(name).map(String::as_str)
    }

    /// Returns the tags that the query groups by, in the order of their names.
    pub fn tags(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let tags = self.head.tags.iter();
        tags.map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// Returns the names of the columns.
    #[must_use]
    pub fn columns(&self) -> &'a [String] {
        &self.head.columns
    }

    /// Returns the values, in the order of the columns.
    #[must_use]
    pub fn values(&self) -> &'a [Value] {
        self.values
    }

    /// Returns the column `time`; `None` without one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let plant = client.v1("plant");
    /// let mut rows = plant.query("SELECT * FROM weather LIMIT 1").call()?;
    /// let time = rows.next()?.and_then(|row| row.time());
    /// # assert_eq!(time, Some(influx_edge::Timestamp::from_nanos(1_700_000_000_000_000_000)));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        self.get("time").ok()
    }

    /// Returns the value in a column as one of the types of [`FromValue`], or as an `Option` of one if it may be
    /// null.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let plant = client.v1("plant");
    /// let mut rows = plant.query("SELECT temp_c FROM weather").call()?;
    /// if let Some(row) = rows.next()? {
    ///     let temp: Option<f64> = row.get("temp_c")?; // None for null
    /// #   assert_eq!(temp, Some(21.5));
    /// }
    /// # assert!(rows.next()?.is_none());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such column, or its value isn't of that type.
    pub fn get<T: FromValue<'a>>(&self, column: &str) -> Result<T, Error> {
        let at = self.head.columns.iter().position(|name| name == column);
        let Some(value) = at.and_then(|at| self.values.get(at)) else {
            return Err(Error::content(
                "cannot read a row",
                format!(
                    "it has no column {column:?}, only {}",
                    self.client
                        .secrets()
                        .printable(&self.head.columns.join(", "), NAMES)
                ),
            ));
        };
        T::from_value(value).ok_or_else(|| {
            Error::content(
                "cannot read a row",
                format!("column {column:?} is {}, not {}", value.kind(), T::NAME),
            )
        })
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("statement", &self.statement)
            .field("series", &self.series())
            .field("columns", &self.columns())
            .field("values", &self.values)
            .finish_non_exhaustive()
    }
}

/// The body, with a limit for the bytes of one chunk, which `Rows` resets before each.
struct Limited {
    inner: BufReader<Body>,
    left: Arc<AtomicUsize>,
}

impl Read for Limited {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        let space = buf.len().min(left);
        if space == 0 && !buf.is_empty() {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        let n = self.inner.read(buf.get_mut(..space).unwrap_or_default())?;
        self.left.store(left.saturating_sub(n), Ordering::Relaxed);
        Ok(n)
    }
}
