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

/// The rows of a response, as they come from the server: those of the first statement's first
/// series, its second, …, then those of the second statement. Owns the connection until the end;
/// dropped earlier it closes it. One chunk is in memory.
pub struct Rows {
    client: Client,
    db: String,
    chunks: StreamDeserializer<'static, IoRead<Limited>, Chunk>,
    left: Arc<AtomicUsize>,
    max_chunk: usize,
    results: IntoIter<Part>,
    series: IntoIter<Block>,
    rows: IntoIter<Vec<Value>>,
    statement: u32,
    /// What must come.
    statements: Statements,
    /// How many results began.
    begun: u32,
    messages: Vec<Message>,
    head: Head,
    row: Vec<Value>,
    /// The last result said that more of it would come.
    more: bool,
    ended: bool,
}

/// One JSON object of the response: all of it, or a chunk.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    results: Option<Vec<Part>>,
    #[serde(default)]
    error: Option<String>,
}

/// Of one statement's result.
#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    statement_id: u32,
    #[serde(default)]
    series: Option<Vec<Block>>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    partial: bool,
    #[serde(default)]
    messages: Option<Vec<Said>>,
}

/// What the server remarks.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    level: String,
    #[serde(default)]
    text: String,
}

/// What a server remarks on a statement, beside its rows: 1.x warns of statements that it will not
/// know for ever. See [`Rows::messages`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Which of the query's statements it is about, from 0.
    pub statement: u32,
    /// `warning`, or another word of the server's.
    pub level: String,
    /// The remark. Text from the server, its control characters escaped.
    pub text: String,
}

/// How a server says that it has no such thing, or shows none to these credentials.
const NOT_FOUND: [&str; 2] = ["database not found", "retention policy not found"];
/// How many bytes of the columns' names an error lists.
const NAMES: usize = 200;
/// So many bytes of a message are kept,
const MAX_REMARK: usize = 512;
/// and so many messages.
const MAX_MESSAGES: usize = 100;

/// Of one series.
#[derive(Deserialize)]
struct Block {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    columns: Option<Vec<String>>,
    #[serde(default)]
    values: Option<Vec<Vec<Value>>>,
}

/// What is said once for a series' rows.
#[derive(Default)]
struct Head {
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
            head: Head::default(),
            row: Vec::new(),
            more: false,
            ended: false,
        }
    }

    /// The next row, lent until the one after it is asked for; `None` after the last. Blocks until
    /// a chunk is there.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let plant = client.v1("plant");
    /// let mut rows = plant.query("SELECT * FROM weather GROUP BY station").call()?;
    /// while let Some(row) = rows.next()? {
    ///     println!("{} {:?}", row.series(), row.tag("station"));
    /// }
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if a statement failed, though the response's status is 200: the rows of the
    /// other statements still come. Returns an error, after which nothing more comes, if the
    /// connection breaks, time runs out, or the response has no result, ends before the last
    /// statement's or in the middle, or isn't the JSON it should be.
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
                self.head = Head {
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

    /// Reads the next chunk; false at the end.
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
                // A deletion has no result on 2.x, nor the response a body.
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

    /// What the server remarked so far, statement by statement: 100 remarks at most. Nothing is
    /// wrong with the rows.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let plant = client.v1("plant");
    /// let mut rows = plant.query("SHOW MEASUREMENTS").call()?;
    /// while rows.next()?.is_some() {}
    /// for message in rows.messages() {
    ///     eprintln!("{}: {}", message.level, message.text);
    /// }
    /// # assert!(rows.messages().is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    fn keep(&mut self, said: Option<Vec<Said>>) {
        let clean = |text: &str| self.client.secrets().printable(text, MAX_REMARK);
        let space = MAX_MESSAGES.saturating_sub(self.messages.len());
        let kept: Vec<_> = said
            .unwrap_or_default()
            .iter()
            .take(space)
            .map(|said| Message {
                statement: self.statement,
                level: clean(&said.level),
                text: clean(&said.text),
            })
            .collect();
        self.messages.extend(kept);
    }

    fn failed(&mut self, error: &str) -> Error {
        // Nothing behind a failed statement need be there.
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
                // People count from one.
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

/// One row, lent by [`Rows`].
#[derive(Clone, Copy)]
pub struct Row<'a> {
    client: &'a Client,
    statement: u32,
    head: &'a Head,
    values: &'a [Value],
}

impl<'a> Row<'a> {
    /// Which of the query's statements this belongs to, from 0.
    #[must_use]
    pub fn statement(&self) -> u32 {
        self.statement
    }

    /// The series' name: the measurement, or what a `SHOW` shows. Empty if it has none.
    #[must_use]
    pub fn series(&self) -> &'a str {
        &self.head.name
    }

    /// The value of a tag that the query groups by. Other tags are columns.
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

    /// The tags that the query groups by, in the order of their names.
    pub fn tags(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let tags = self.head.tags.iter();
        tags.map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The columns' names.
    #[must_use]
    pub fn columns(&self) -> &'a [String] {
        &self.head.columns
    }

    /// The values, in the order of the columns.
    #[must_use]
    pub fn values(&self) -> &'a [Value] {
        self.values
    }

    /// When: the column `time`. `None` without one.
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

    /// The value in a column, as the type that is asked for: `f64`, `i64`, `u64`, `bool`, `&str`,
    /// `String`, [`Timestamp`], or `Option` of one of them for what may be null.
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

/// The body, of which one chunk may have so many bytes and no more.
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
