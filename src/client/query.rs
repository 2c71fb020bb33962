//! Flux queries: text, parameters, dialect, and their own default timeouts.

use super::Client;
use super::execute::has_type;
use super::names::without_bom;
use super::rows::{Rows, Values, WHAT};
use super::transport::{HttpError, HttpResponse, RequestBody};
use crate::csv;
use crate::error::{Error, ErrorKind, ResponseError};
use crate::flux::{Params, ToFlux, Yields, json_string, range_ahead, text_for_duration, yields};
use crate::line::{Measurement, Schema};
use crate::{Precision, Timestamp};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use serde::de::DeserializeOwned;
use std::io;

/// A Flux query under construction. Made by [`Client::query`], or for a script on the server by
/// [`invoke`](crate::api::Resources::invoke).
#[must_use = "nothing is asked until `.call()?` for rows, `.deserialize::<T>()?` or `.write_to(&mut out)?`"]
pub struct Query<'a> {
    client: &'a Client,
    flux: String,
    /// A script on the server that is invoked instead: the path of that, and the body.
    script: Option<(String, Vec<u8>)>,
    params: Params,
    dialect: Dialect,
    /// A profiler is on, and its tables are to be kept apart.
    profiled: bool,
    now: Option<Timestamp>,
    /// Of times that are deserialized as integers.
    time_unit: Precision,
    timeout: Duration,
    read_timeout: Duration,
    max_body_bytes: u64,
    max_record_bytes: usize,
    max_columns: Option<usize>,
    /// The first mistake in the query, an error of the call.
    wrong: Option<Error>,
}

/// How a server writes its response. The default, all annotations and a comma, is what
/// [`Query::call`] reads best; others are for [`Query::write_to`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::client::Dialect;
///
/// let flux = r#"import "array" array.from(rows: [{_value: 20.25}])"#;
/// let mut file = Vec::new();
/// client.query(flux).dialect(Dialect::default().delimiter(';')).write_to(&mut file)?;
/// assert!(String::from_utf8_lossy(&file).contains(";result;table;_value"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    header: bool,
    delimiter: char,
    annotations: bool,
    nanoseconds: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect {
            header: true,
            delimiter: ',',
            annotations: true,
            nanoseconds: false,
        }
    }
}

impl Dialect {
    /// Whether the names of the columns stand above the rows. Default true. Without them only
    /// [`Query::write_to`] can be used, for a first row of names and one of values look the same.
    #[must_use]
    pub fn header(mut self, yes: bool) -> Self {
        self.header = yes;
        self
    }

    /// What stands between cells: one ASCII character, no quote and no line end. Default a comma.
    #[must_use]
    pub fn delimiter(mut self, c: char) -> Self {
        self.delimiter = c;
        self
    }

    /// No annotation rows: names and values only, all of them text. Default: all three.
    #[must_use]
    pub fn without_annotations(mut self) -> Self {
        self.annotations = false;
        self
    }

    /// `,"dialect":{…}` of a query's body.
    fn write(&self, out: &mut String) {
        out.push_str(if self.header {
            r#","dialect":{"header":true,"delimiter":"#
        } else {
            r#","dialect":{"header":false,"delimiter":"#
        });
        // (A string is never full.)
        let _ = json_string(self.delimiter.encode_utf8(&mut [0; 4]), out);
        out.push_str(if self.annotations {
            r#","annotations":["datatype","group","default"]"#
        } else {
            r#","annotations":[]"#
        });
        if self.nanoseconds {
            out.push_str(r#","dateTimeFormat":"RFC3339Nano""#);
        }
        out.push('}');
    }

    /// Times with up to nine digits (`RFC3339Nano`), as servers write them by default anyway.
    #[must_use]
    pub fn nanoseconds(mut self) -> Self {
        self.nanoseconds = true;
        self
    }
}

impl Client {
    /// Starts a Flux query. Values don't belong into its text: give them as
    /// [`param`](Query::param)s. A byte order mark in front of it is taken off.
    pub fn query(&self, flux: impl Into<String>) -> Query<'_> {
        let mut params = Params::new();
        for name in &self.inner().profilers {
            params.profiler(name);
        }
        Query {
            client: self,
            flux: without_bom(flux.into()),
            script: None,
            params,
            dialect: Dialect::default(),
            profiled: !self.inner().profilers.is_empty(),
            now: None,
            time_unit: Precision::Nanosecond,
            timeout: self.inner().query_limits.overall,
            read_timeout: self.inner().query_limits.read,
            max_body_bytes: u64::MAX,
            max_record_bytes: csv::MAX_RECORD_BYTES,
            max_columns: None,
            wrong: None,
        }
    }
}

impl<'a> Query<'a> {
    /// The invocation of a script on the server, whose parameters are in the body.
    pub(crate) fn invocation(
        client: &'a Client,
        path: String,
        body: Result<Vec<u8>, Error>,
    ) -> Query<'a> {
        let mut query = client.query("");
        query.params = Params::new();
        query.profiled = false;
        match body {
            Ok(body) => query.script = Some((path, body)),
            Err(e) => query.wrong = Some(e),
        }
        query
    }

    /// A value for the query, which calls it `params.name`. No value can change what the query
    /// does. A `None` is left out, and then the query must not name it.
    ///
    /// The start of a range may be a [`Timestamp`], a `SystemTime` or a
    /// [`SignedDuration`](crate::SignedDuration), which a text such as `-1h` parses as. A std
    /// `Duration` is a positive one: as a start it is in the future,
    /// [`SignedDuration::ago`](crate::SignedDuration::ago) makes it the past. A start in the future is
    /// refused before anything is sent unless the range has a `stop`, and so is a text in such a place:
    /// Flux makes no duration of it.
    pub fn param(mut self, name: &str, value: impl ToFlux) -> Self {
        if let Err(e) = self.params.insert(name, value) {
            self.wrong.get_or_insert(Error::config(format!(
                "the query's parameter {name:?}: {e}"
            )));
        }
        self
    }

    /// Makes the query's rows what was written by [`Encoder::serialize`](crate::Encoder::serialize) with
    /// this schema, for [`deserialize`](Query::deserialize) into the same struct: one row a point, with its
    /// tags and fields as columns, the time and the measurement named as in the schema. Integer times are
    /// in [the schema's precision](Schema::precision), by default nanoseconds.
    ///
    /// Adds `pivot`, `rename` and `drop` to the end of the script, whose last expression therefore has to
    /// be the stream of tables, and whose rows have to have their `_time`, `_field` and `_value` still.
    /// They come before a `yield` that is the script's last step; with any other `yield`, whose rows
    /// would not be pivoted, the query is refused before it is sent.
    /// It should give points of one measurement, or the struct takes those of others as well. Rows are in
    /// the order of time within each series. [The page on structs](crate::guide::structs) lists what
    /// doesn't come back as it was written.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::line::Schema;
    ///
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Reading {
    ///     station: String,
    ///     temp_c: f32,
    ///     time: influx_edge::Timestamp,
    /// }
    ///
    /// const WEATHER: Schema = Schema::new("weather").tags(&["station"]).time("time");
    ///
    /// let flux = r#"from(bucket: "sensors") |> range(start: -1h)
    ///     |> filter(fn: (r) => r._measurement == "weather")"#;
    /// # fn read(client: &influx_edge::Client, flux: &str) -> Result<(), influx_edge::Error> {
    /// for reading in client.query(flux).pivot(&WEATHER).deserialize::<Reading>()? {
    ///     let Reading { station, temp_c, time } = reading?;
    ///     println!("{time} {station} {temp_c}");
    /// }
    /// # Ok(()) }
    /// # let _ = (client, flux, read);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn pivot(mut self, schema: &Schema<'_>) -> Self {
        let mut steps = String::from(
            "\n|> pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\")",
        );
        let time = schema.time_name().filter(|name| *name != "_time");
        let measurement = match schema.measurement() {
            Measurement::FromField(name) if name != "_measurement" => Some(name),
            _ => None,
        };
        let mut before = "\n|> rename(columns: {";
        for (column, name) in [("_time", time), ("_measurement", measurement)] {
            if let Some(name) = name {
                steps.push_str(before);
                steps.push_str(column);
                steps.push_str(": ");
                // (A string is never full.)
                let _ = name.write_literal(&mut steps);
                before = ", ";
            }
        }
        if before == ", " {
            steps.push_str("})");
        }
        steps.push_str(match schema.measurement() {
            Measurement::FromField(_) => "\n|> drop(columns: [\"_start\", \"_stop\"])",
            // (A struct has no field of its name, but a map would take it for one.)
            _ => "\n|> drop(columns: [\"_start\", \"_stop\", \"_measurement\"])",
        });
        match yields(&self.flux) {
            Yields::None => self.flux.push_str(&steps),
            Yields::AtEnd(at) => {
                let end = self.flux.split_off(at);
                self.flux.push_str(&steps);
                self.flux.push('\n');
                self.flux.push_str(&end);
            }
            Yields::Elsewhere => {
                self.wrong.get_or_insert(Error::config(
                    "a script with a `yield` before its end can't be pivoted, since the rows of that result \
                     come as they are: take it out, or make it the script's last and only one",
                ));
            }
        }
        self.time_unit = schema.time_unit().unwrap_or_default();
        self
    }

    /// Switches one of the server's profilers on: `query` tells how long what took, `operator` the
    /// same of each step. What they say comes last and is no row: it is text for people, at
    /// [`Rows::profile`] or [`Values::profile`] when the rows are through. ([`write_to`](Query::write_to)
    /// leaves it where it is, in tables whose result is `_profiler`.) Default none, or the
    /// [client's](super::ClientBuilder::profiler).
    ///
    /// ```
    /// # use influx_edge::Client;
    /// # let client = Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// let mut rows = client
    ///     .query(r#"from(bucket: "b") |> range(start: -1h)"#)
    ///     .profiler("query")
    ///     .profiler("operator")
    ///     .call()?;
    /// while let Some(row) = rows.next()? {
    ///     println!("{}", row.get::<f64>("_value")?);
    /// }
    /// eprint!("{}", rows.profile());
    /// # assert!(rows.profile().contains("TotalDuration"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn profiler(mut self, name: &str) -> Self {
        self.params.profiler(name);
        self.profiled = true;
        self
    }

    /// What `now()` is for this query. Default: the server's clock.
    pub fn now(mut self, time: Timestamp) -> Self {
        self.now = Some(time);
        self
    }

    /// How the response is written. [`call`](Query::call) follows the delimiter.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// How long the whole query may take, until its last row is read. Default: five minutes, or the
    /// [client's](super::ClientBuilder::timeout) if that is set.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How long nothing may arrive. Default: a minute, for servers think before their first row, or
    /// the [client's](super::ClientBuilder::read_timeout) if that is set.
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        self.read_timeout = limit;
        self
    }

    /// The most bytes of response, decompressed. Default no limit: rows are streamed, and only one is
    /// in memory.
    pub fn max_body_bytes(mut self, bytes: u64) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// The most bytes that a table's description and one of its rows may take in memory together.
    /// Default: 16 MiB. See [`csv::Rows::max_record_bytes`].
    ///
    /// A longer row is an error of [`Rows::next`] that names the limit
    /// ([`RecordTooLong`](csv::ReadErrorKind::RecordTooLong)).
    pub fn max_record_bytes(mut self, bytes: usize) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// The most columns that a table may have. Default: 4096, against a response that would take all
    /// memory. A column takes four words of memory (32 bytes on a 64-bit machine) beside its text.
    ///
    /// `pivot` makes a column of each field. A wider table is an error of [`Rows::next`] that names
    /// the limit ([`TooManyColumns`](csv::ReadErrorKind::TooManyColumns)); `keep(columns: […])` in
    /// the query makes them fewer.
    pub fn max_columns(mut self, columns: usize) -> Self {
        self.max_columns = Some(columns);
        self
    }

    /// Asks, and gives the rows as they come. Blocks until the first bytes are there.
    ///
    /// # Errors
    /// Returns an error if the query is rejected (400, with the reason), the credentials or the
    /// bucket are unknown, or no response is received. What fails later is an error of
    /// [`Rows::next`].
    #[doc(alias = "rows")]
    #[doc(alias = "execute")]
    #[doc(alias = "records")]
    #[doc(alias = "collect")]
    #[doc(alias = "send")]
    #[doc(alias = "run")]
    pub fn call(self) -> Result<Rows, Error> {
        if !self.dialect.header {
            return Err(Error::config(
                "rows can't be told from their names without a header; use `write_to` with such a dialect",
            ));
        }
        let (delimiter, profiled) = (self.dialect.delimiter, self.profiled);
        // No row is longer than the whole response may be.
        let longest = usize::try_from(self.max_body_bytes.saturating_add(1)).unwrap_or(usize::MAX);
        let longest = longest.min(self.max_record_bytes);
        let max_columns = self.max_columns;
        let (client, response) = self.ask()?;
        let mut inner = csv::Rows::new(response.body)
            .max_record_bytes(longest)
            .split_profile(profiled);
        if let Some(columns) = max_columns {
            inner = inner.max_columns(columns);
        }
        if let Ok(delimiter) = u8::try_from(delimiter) {
            inner = inner.delimiter(delimiter);
        }
        Ok(Rows { inner, client })
    }

    /// Asks, and gives each row as a value of your own type, by the names of its columns; or as a map, for
    /// columns that aren't known beforehand: `BTreeMap<String, String>` has the texts of all cells.
    ///
    /// ```
    /// # use influx_edge::Client;
    /// # let client = Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// #[derive(serde::Deserialize)]
    /// struct Sample {
    ///     #[serde(rename = "_value")]
    ///     value: f64,
    /// }
    ///
    /// let mut total = 0.0;
    /// for sample in client.query(r#"from(bucket: "b") |> range(start: -1h)"#).deserialize::<Sample>()? {
    ///     total += sample?.value;
    /// }
    /// # assert!(total > 0.0);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`call`](Query::call).
    pub fn deserialize<T: DeserializeOwned>(self) -> Result<Values<T>, Error> {
        let unit = self.time_unit;
        let Rows { inner, client } = self.call()?;
        Ok(Values {
            inner: inner.deserialize().time_precision(unit),
            client,
        })
    }

    /// Asks, and copies the response as it is, CSV, to a file or any other writer. Gives the number
    /// of bytes.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let mut csv = Vec::new(); // or a file, or a socket
    /// let bytes = client.query("buckets()").write_to(&mut csv)?;
    /// println!("{bytes} bytes of CSV");
    /// # assert_eq!(usize::try_from(bytes), Ok(csv.len()));
    /// # assert!(csv.starts_with(b"#datatype"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`call`](Query::call), and an error if the response breaks off or
    /// the writer fails. An error that the server reports after its first rows is CSV, too, and is
    /// not looked for here.
    #[doc(alias = "query_raw")]
    #[doc(alias = "raw")]
    pub fn write_to(self, to: &mut dyn io::Write) -> Result<u64, Error> {
        let (client, mut response) = self.ask()?;
        let mut piece = [0u8; 8192];
        let mut total = 0u64;
        loop {
            let n = match io::Read::read(&mut response.body, &mut piece) {
                Ok(0) => return Ok(total),
                Ok(n) => n,
                Err(e) => {
                    return Err(client.transport_error(&WHAT, HttpError::from_read(e), false));
                }
            };
            to.write_all(piece.get(..n).unwrap_or(&[])).map_err(|e| {
                Error::content("cannot pass the response of the query on", e.to_string())
            })?;
            total = total.saturating_add(n as u64);
        }
    }

    fn ask(mut self) -> Result<(Client, HttpResponse), Error> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        self.check_texts()?;
        self.check_range()?;
        let delimiter = self.dialect.delimiter;
        if !delimiter.is_ascii() || matches!(delimiter, '"' | '\r' | '\n' | '\0') {
            return Err(Error::config(
                "the dialect's delimiter isn't one ASCII character, or is a quote or a line end",
            ));
        }
        let client = self.client;
        // A query that is sent twice is still a query; a script may do anything.
        let repeatable = self.script.is_none();
        let (target, body) = match self.script.take() {
            None => (
                client.target_with_org("/api/v2/query"),
                self.body().into_bytes(),
            ),
            Some((path, body)) => {
                self.check_unchanged()?;
                (client.inner().base.target(&path), body)
            }
        };
        let mut out = client.http_request("POST", target);
        out.content_type = Some("application/json");
        out.accept_gzip = true;
        out.body = RequestBody::Bytes(&body);
        out.overall = self.timeout;
        out.read = Some(self.read_timeout);
        out.cap = self.max_body_bytes;
        out.repeatable = repeatable;
        let response = client.run(&WHAT, &mut out, |response| {
            let untyped = response.headers.get("content-type").is_none();
            let is_csv = untyped || has_type(&response.headers, &["text/csv", "application/csv"]);
            if response.status != 200 || !is_csv {
                return Err(no_params(client.refused(&WHAT, response), &self.params));
            }
            Ok(response)
        })?;
        Ok((client.clone(), response))
    }

    /// Rejects what belongs to the text of a query where a script is invoked, which has its own.
    fn check_unchanged(&self) -> Result<(), Error> {
        let unchanged = self.flux.is_empty()
            && self.params.is_empty()
            && self.now.is_none()
            && self.dialect == Dialect::default();
        if unchanged {
            return Ok(());
        }
        Err(Error::config(
            "a script runs as it is stored, so `pivot`, `profiler`, `now` and `dialect` can't be used with it; \
             its parameters are an argument of `invoke`, not of `param`",
        ))
    }

    /// Refuses a range that begins in the future and ends now: a server refuses it without naming the
    /// start, or gives nothing.
    fn check_range(&self) -> Result<(), Error> {
        let found = range_ahead(&self.flux, |name| self.params.is_ahead(name));
        found.map_or(Ok(()), |argument| {
            Err(Error::config(format!(
                "the query's parameter {:?} is a positive duration, and range(start: …) without a stop would \
                 begin in the future: give SignedDuration::ago(duration) or SignedDuration::hours(-1)",
                argument.param,
            )))
        })
    }

    /// Refuses a text where Flux takes a duration or a time only: it is never made one.
    fn check_texts(&self) -> Result<(), Error> {
        let found = text_for_duration(&self.flux, |name| self.params.is_text(name));
        found.map_or(Ok(()), |argument| {
            let (takes, instead) = match argument.function {
                "range" => (
                    "a time or a duration",
                    r#"a Timestamp, SignedDuration::hours(-1) or "-1h".parse::<SignedDuration>()?"#,
                ),
                _ => (
                    "a duration",
                    r#"a Duration, SignedDuration::hours(-1) or "-1h".parse::<SignedDuration>()?"#,
                ),
            };
            Err(Error::config(format!(
                "the query's parameter {:?} is a text, and {}({}: …) takes {takes}: give {instead}",
                argument.param, argument.function, argument.name,
            )))
        })
    }

    /// `{"query":…,"dialect":…,"extern":…,"now":…}`. By hand: the parameters are JSON already, and a
    /// program that only queries needs no other.
    fn body(&self) -> String {
        let mut body = String::from(r#"{"query":"#);
        // A string is never full.
        let _ = json_string(&self.flux, &mut body);
        self.dialect.write(&mut body);
        if !self.params.is_empty() {
            body.push_str(r#","extern":"#);
            body.push_str(&self.params.to_json());
        }
        if let Some(now) = self.now {
            body.push_str(",\"now\":\"");
            body.push_str(&now.to_string());
            body.push('"');
        }
        body.push('}');
        body
    }
}

/// The error of a query that names parameters, and got none.
fn no_params(mut error: Error, params: &Params) -> Error {
    if let ErrorKind::Response(ResponseError(parts)) = error.kind_mut() {
        if params.is_empty() && parts.message.ends_with("undefined identifier params") {
            parts.advice = "; the query has no parameters: give them by Query::param";
        }
    }
    error
}

impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the parameters: they are the user's data.
        f.debug_struct("Query")
            .field("flux", &self.flux)
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}
