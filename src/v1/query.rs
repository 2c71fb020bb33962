//! InfluxQL queries, and their own default timeouts.

use super::rows::Rows;
use super::statements::{Statements, writes};
use super::{Database, QUERY};
use crate::client::execute::{is_page, json_param};
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
/// // A list would drop the condition, so it isn't sent.
/// let list = plant.query("SELECT * FROM weather WHERE station = $s").param("s", ["zrh-1"]);
/// assert!(list.call().unwrap_err().is_config());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[must_use = "nothing is asked until `.call()?` or `.run()?`"]
pub struct Query<'a> {
    v1: Database<'a>,
    q: String,
    params: BTreeMap<String, serde_json::Value>,
    chunk_size: u32,
    get: bool,
    timeout: Duration,
    max_chunk: usize,
    /// The first mistake in the query, an error of the call.
    wrong: Option<Error>,
}

impl<'a> Database<'a> {
    /// Starts a query: one InfluxQL statement, or several with `;` between them. Values don't belong
    /// into its text: give them as [`param`](Query::param)s.
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
    /// A value for the query, which calls it `$name`, in a `WHERE`: text, a number or a boolean. No
    /// value can change what the query does: anything else is refused by [`call`](Query::call), for
    /// to InfluxDB 1.x an object is a name or a pattern in the value's place (`{"identifier": "a"}`
    /// makes `a = $n` true of every point), and null or a list drops the condition. InfluxDB 3 knows
    /// parameters from 3.7; to those before, `$name` is an error.
    pub fn param(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match json_param(&name, value) {
            Ok(value) if value.is_string() || value.is_number() || value.is_boolean() => {
                self.params.insert(name, value);
            }
            Ok(_) => {
                self.wrong.get_or_insert(Error::config(format!(
                    "the parameter {name:?} is neither text nor a number nor a boolean (NaN and infinite numbers are none)"
                )));
            }
            Err(e) => {
                self.wrong.get_or_insert(e);
            }
        }
        self
    }

    /// How many rows the server sends, and this side holds in memory, at once. Default 1000.
    pub fn chunk_size(mut self, rows: u32) -> Self {
        self.chunk_size = rows.max(1);
        self
    }

    /// The most bytes of JSON of one chunk that are read. Default 16 MiB. A server that doesn't
    /// chunk sends everything in one.
    pub fn max_chunk_bytes(mut self, bytes: usize) -> Self {
        self.max_chunk = bytes;
        self
    }

    /// Asks by GET, as InfluxDB Cloud documents it: the query is in the URL, and only what reads is
    /// allowed. Since InfluxDB 2.9.1 carries out `DELETE` and `DROP` by GET, too, [`call`](Query::call)
    /// refuses each statement but `SELECT` without `INTO`, `SHOW` and `EXPLAIN`. Default POST, which 1.x
    /// and OSS take, and which keeps it out of logs.
    pub fn use_get(mut self) -> Self {
        self.get = true;
        self
    }

    /// How long the whole query may take, until its last row is read. Default: five minutes, or the
    /// [client's](crate::client::ClientBuilder::timeout) if that is set. How long nothing may arrive
    /// is a minute, or the client's [`read_timeout`](crate::client::ClientBuilder::read_timeout) if
    /// that is set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Asks, and gives the rows as they come. Blocks until the head of the response is there.
    ///
    /// # Errors
    /// Returns an error if a parameter isn't text, a finite number or a boolean, there is no statement,
    /// or one that may write by GET (nothing is sent then), the query can't be parsed (400, with the
    /// position), the credentials are unknown, or no response is received. What fails later in a
    /// statement, an unknown database included, is an error of [`Rows::next`].
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
        // Nanoseconds as numbers, or times would be text; and as 1.x and 2.x both call them.
        target.push_query("epoch", "ns");
        target.push_query("chunked", "true");
        target.push_query("chunk_size", &self.chunk_size.to_string());
        let mut body = String::new();
        if self.get {
            target.push_query("q", &self.q);
            if let Some(params) = &params {
                target.push_query("params", params);
            }
        } else {
            body = format!("q={}", encode_segment(&self.q));
            if let Some(params) = &params {
                body.push_str("&params=");
                body.push_str(&encode_segment(params));
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
        // An empty body is a response only of a server that says which it is.
        statements.silent &= response.headers.names_influxdb();
        Ok(Rows::new(
            client,
            self.v1.db,
            response.body,
            self.max_chunk,
            statements,
        ))
    }

    /// Asks, and wants nothing but success: for `CREATE DATABASE …` and the like. Rows that come
    /// all the same are read and dropped.
    ///
    /// # Errors
    /// Returns the same errors as [`call`](Query::call), and the first error of a statement.
    pub fn run(self) -> Result<(), Error> {
        let mut rows = self.call()?;
        while rows.next()?.is_some() {}
        Ok(())
    }
}

/// Parameters as JSON.
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
            // Servers read a number without a point as an integer: 1e21 would be none.
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
        // Not the parameters: they are the user's data.
        f.debug_struct("Query")
            .field("v1", &self.v1)
            .field("q", &self.q)
            .finish_non_exhaustive()
    }
}
