//! InfluxQL queries.

use super::rows::Rows;
use super::statements::{Statements, writes};
use super::{Database, QUERY};
use crate::client::execute::is_page;
use crate::client::names::{What, without_bom};
use crate::client::transport::RequestBody;
use crate::client::url::encode_segment;
use crate::error::{Error, Printable, cut};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;
use serde::Serialize;

/// An InfluxQL query under construction. Made by [`Database::query`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let plant = client.v1("plant");
/// let mut rows = plant.query("SELECT temp_c FROM weather").call()?;
/// assert_eq!(rows.next()?.expect("a row").get::<f64>("temp_c")?, 21.5);
/// // The server would drop a condition with a list, so the query isn't sent.
/// let list = plant
///     .query("SELECT * FROM weather WHERE station = $s")
///     .param("s", ["zrh-1"]);
/// assert!(list.call().unwrap_err().is_config());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[must_use = "nothing is sent until `.call()?` or `.run()?`"]
pub struct Query<'a> {
    v1: Database<'a>,
    q: String,
    params: BTreeMap<String, serde_json::Value>,
    chunk_size: u32,
    get: bool,
    timeout: Duration,
    max_chunk: usize,
    /// The first invalid parameter, an error of the call.
    wrong: Option<Error>,
}

impl<'a> Database<'a> {
    /// Starts a query: one InfluxQL statement, or several with `;` between them. Pass values as
    /// [`param`](Query::param)s, not in its text. Sends nothing.
    pub fn query(&self, q: impl Into<String>) -> Query<'a> {
        Query {
            v1: self.clone(),
            q: without_bom(q.into()),
            params: BTreeMap::new(),
            chunk_size: 1_000,
            get: false,
            timeout: self.client.inner().query_limits.overall,
            max_chunk: 16 << 20,
            wrong: None,
        }
    }
}

impl Query<'_> {
    /// Adds a value that the query names `$name`, in a `WHERE`: text, a finite number or a boolean. Anything
    /// else is an error of [`call`](Query::call), so no value can change the meaning of the query. InfluxDB 3
    /// accepts parameters from 3.7; before, `$name` is an error.
    //
    // In InfluxDB 1.x an object would be a name or a pattern in the place of the value: with
    // `{"identifier": "a"}`, `a = $n` is true of every point. Null or a list removes the condition.
    pub fn param(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        let wrong = match serde_json::to_value(value) {
            Ok(value) if value.is_string() || value.is_number() || value.is_boolean() => {
                self.params.insert(name, value);
                return self;
            }
            Ok(_) => format!(
                "the parameter {name:?} is neither text nor a number nor a boolean (NaN and infinite numbers are none)"
            ),
            Err(e) => format!("the parameter {name:?} can't be written as JSON: {e}"),
        };
        self.wrong.get_or_insert(Error::config(wrong));
        self
    }

    /// Sets the number of rows that are sent, and held in memory, at once. Default: 1000.
    pub fn chunk_size(mut self, rows: u32) -> Self {
        self.chunk_size = rows.max(1);
        self
    }

    /// Limits the bytes of JSON in one chunk. Default: 16 MiB. A server without chunks sends the whole
    /// response as one.
    pub fn max_chunk_bytes(mut self, bytes: usize) -> Self {
        self.max_chunk = bytes;
        self
    }

    /// Sends the query by GET, in the URL, as InfluxDB Cloud documents it. Default: POST, which 1.x and OSS
    /// accept, and which keeps the query out of logs.
    ///
    /// InfluxDB 2.9.1 executes `DELETE` and `DROP` by GET, too. With GET, [`call`](Query::call) therefore
    /// rejects all statements but `SELECT` without `INTO`, `SHOW` and `EXPLAIN`.
    pub fn use_get(mut self) -> Self {
        self.get = true;
        self
    }

    /// Limits the time of the whole query, until its last row is read. Default: 5 min, or the
    /// [client's](crate::client::ClientBuilder::timeout) if that is set. The limit of each read is 1 min, or
    /// the client's [`read_timeout`](crate::client::ClientBuilder::read_timeout) if that is set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Sends the query, and returns its rows as they are received. Blocks until the head of the response is
    /// received.
    ///
    /// # Errors
    /// Returns an error if a parameter is invalid, there is no statement, or a statement may write by GET
    /// (nothing is sent then), the query can't be parsed (400, with the position), the credentials are unknown,
    /// or no response is received. Later failures of a statement, including an unknown database, are errors of
    /// [`Rows::next`].
    pub fn call(mut self) -> Result<Rows, Error> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        let mut statements = Statements::of(&self.q);
        if statements.is_empty() {
            return Err(Error::config("the query has no statement"));
        }
        if self.get {
            if let Some(word) = writes(&self.q) {
                return Err(Error::config(format!(
                    "a query by GET only reads, with SELECT without INTO, SHOW and EXPLAIN, and this one has {}; leave `use_get` out",
                    Printable(cut(&word, 40))
                )));
            }
        }
        let params = (!self.params.is_empty()).then(|| params_text(&self.params));
        let mut target = self.v1.target("/query")?;
        // Times as numbers instead of text, in a unit that 1.x and 2.x name alike.
        target.push_query("epoch", "ns");
        target.push_query("chunked", "true");
        target.push_query("chunk_size", &self.chunk_size.to_string());
        let mut body = String::new();
        for (name, value) in [("q", Some(&self.q)), ("params", params.as_ref())] {
            match value {
                Some(value) if self.get => target.push_query(name, value),
                Some(value) => {
                    body.push_str(if body.is_empty() { "" } else { "&" });
                    body.push_str(&format!("{name}={}", encode_segment(value)));
                }
                None => {}
            }
        }
        let client = self.v1.client();
        let what = What(QUERY, &self.v1.db);
        let mut out = client.http_request(if self.get { "GET" } else { "POST" }, target);
        if !self.get {
            out.content_type = Some("application/x-www-form-urlencoded");
            out.body = RequestBody::Bytes(body.as_bytes());
        }
        out.accept_gzip = true;
        out.overall = self.timeout;
        out.read = Some(client.inner().query_limits.read);
        out.cap = u64::MAX;
        let response = client.run(&what, &mut out, |response| {
            if response.status != 200 || is_page(&response) {
                return Err(self.v1.explain(client.refused(&what, response)));
            }
            Ok(response)
        })?;
        // An empty body is a valid response only if a header shows that it is InfluxDB's.
        statements.silent &= response.headers.names_influxdb();
        Ok(Rows::new(
            client,
            self.v1.db,
            response.body,
            self.max_chunk,
            statements,
        ))
    }

    /// Sends the query, and returns only its success: for `CREATE DATABASE …` and similar statements. Rows are
    /// read and discarded. Blocks until the end of the response.
    ///
    /// # Errors
    /// Returns the same errors as [`call`](Query::call), and the first error of a statement.
    pub fn run(self) -> Result<(), Error> {
        let mut rows = self.call()?;
        while rows.next()?.is_some() {}
        Ok(())
    }
}

/// Returns the parameters as JSON.
fn params_text(params: &BTreeMap<String, serde_json::Value>) -> String {
    let mut out = String::from("{");
    for (name, value) in params {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&serde_json::Value::from(name.as_str()).to_string());
        out.push(':');
        let text = value.to_string();
        match text.split_once('e') {
            // Servers parse a number without a point as an integer, and reject 1e21.
            Some((digits, exponent)) if value.is_f64() && !digits.contains('.') => {
                out.push_str(digits);
                out.push_str(".0e");
                out.push_str(exponent);
            }
            _ => out.push_str(&text),
        }
    }
    out.push('}');
    out
}

impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the parameters, which are the user's data.
        f.debug_struct("Query")
            .field("v1", &self.v1)
            .field("q", &self.q)
            .finish_non_exhaustive()
    }
}
