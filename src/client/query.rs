//! Flux queries: text, parameters, dialect, and their own default timeouts.

use super::Client;
use super::execute::has_type;
use super::names::without_bom;
use super::response_limits::{ResponseLimits, limit_setters};
use super::rows::{Rows, WHAT};
use super::transport::{HttpResponse, RequestBody};
use crate::csv;
use crate::error::{Error, ErrorKind, ResponseError};
use crate::flux::{Params, ToFlux, Yields, json_string, range_ahead, text_for_duration, yields};
use crate::line::{Measurement, Schema};
use crate::{Precision, Timestamp};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use serde::de::DeserializeOwned;
use std::io;

/// A Flux query under construction.
///
/// Made by [`Client::query`], or for a script on the server by [`invoke`](crate::api::Resources::invoke).
#[must_use = "nothing is asked until `.call()?` for rows, `.deserialize::<T>()?` or `.write_to(&mut out)?`"]
pub struct Query<'a> {
    client: &'a Client,
    flux: String,
    /// A script on the server that is invoked instead: the path of that, and the body.
    script: Option<(String, Vec<u8>)>,
    params: Params,
    dialect: Dialect,
    /// A profiler is on, and its tables are split from the rows.
    profiled: bool,
    now: Option<Timestamp>,
    /// The unit of times that are deserialized as integers.
    time_unit: Precision,
    limits: ResponseLimits,
    /// The first mistake in the query, an error of the call.
    wrong: Option<Error>,
}

/// The dialect of CSV in which the server writes a response.
///
/// [`Query::call`] needs the header, and the annotations for the types of columns; other dialects are for
/// [`Query::write_to`]. Default: header, all annotations, commas.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::client::Dialect;
///
/// let flux = r#"import "array" array.from(rows: [{_value: 20.25}])"#;
/// let mut file = Vec::new();
/// client
///     .query(flux)
///     .dialect(Dialect::default().delimiter(';'))
///     .write_to(&mut file)?;
/// assert!(String::from_utf8_lossy(&file).contains(";result;table;_value"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    header: bool,
    delimiter: char,
    annotations: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect {
            header: true,
            delimiter: ',',
            annotations: true,
        }
    }
}

impl Dialect {
    /// Sets whether the response has a header row with the names of the columns. Default: `true`. Without it only
    /// [`Query::write_to`] works, since header and values can't be told apart.
    #[must_use]
    pub fn header(mut self, yes: bool) -> Self {
        self.header = yes;
        self
    }

    /// Sets the character that separates cells: ASCII, neither a quote nor a line end. Default: a comma.
    #[must_use]
    pub fn delimiter(mut self, c: char) -> Self {
        self.delimiter = c;
        self
    }

    /// Leaves out the annotation rows, so that all columns are strings. Default: all three rows.
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
        // (Writing to a `String` doesn't fail.)
        let _ = json_string(self.delimiter.encode_utf8(&mut [0; 4]), out);
        out.push_str(if self.annotations {
            r#","annotations":["datatype","group","default"]"#
        } else {
            r#","annotations":[]"#
        });
        out.push('}');
    }
}

impl Client {
    /// Starts a Flux query. Pass values as [`param`](Query::param)s, not in the text. A byte order mark in front of
    /// the text is removed.
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
            limits: ResponseLimits::of(self),
            wrong: None,
        }
    }
}

impl<'a> Query<'a> {
    /// Creates the invocation of a script on the server, whose parameters are in the body.
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

    /// Adds a parameter, which the query reads as `params.name`. No value can change what the query does. A `None` is
    /// left out, and then the query must not read it.
    ///
    /// The start of a range may be a [`Timestamp`], a `SystemTime` or a [`SignedDuration`](crate::SignedDuration), into
    /// which a string such as `-1h` parses. A std `Duration` is positive, so as a start it is in the future; use
    /// [`SignedDuration::ago`](crate::SignedDuration::ago). Two mistakes are an error of the call before anything is
    /// sent: a start in the future in a range without `stop`, and a string in place of a time or duration, which Flux
    /// doesn't convert.
    pub fn param(mut self, name: &str, value: impl ToFlux) -> Self {
        if let Err(e) = self.params.insert(name, value) {
            self.wrong.get_or_insert(Error::config(format!(
                "the query's parameter {name:?}: {e}"
            )));
        }
        self
    }

    /// Pivots the rows into points, one row each, for [`deserialize`](Query::deserialize).
    ///
    /// The points are those that [`Encoder::serialize`](crate::Encoder::serialize) wrote with this schema, to
    /// be read into the same struct: tags and fields are columns, and time and measurement are named as in
    /// the schema. Integer times are in [the schema's precision](Schema::precision), by default nanoseconds.
    ///
    /// Appends `pivot`, `rename` and `drop` to the script. So its last expression must be the stream of tables, whose
    /// rows still have `_time`, `_field` and `_value`. The steps go before a `yield` that is the script's last step; any
    /// other `yield`, whose rows would not be pivoted, is an error before the query is sent. Filter for one measurement,
    /// or the struct reads the points of others too. Rows are in order of time within each series.
    /// [The page on structs](crate::guide::structs) lists which values don't read back as they were written.
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
                // (Writing to a `String` doesn't fail.)
                let _ = name.write_literal(&mut steps);
                before = ", ";
            }
        }
        if before == ", " {
            steps.push_str("})");
        }
        steps.push_str(match schema.measurement() {
            Measurement::FromField(_) => "\n|> drop(columns: [\"_start\", \"_stop\"])",
            // (A struct ignores the column, but a map would have it as an entry.)
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

    /// Switches on a profiler of the server.
    ///
    /// `query` measures the query, `operator` each of its steps. Their output follows the last row, and is
    /// text for people, in [`Rows::profile`]. ([`write_to`](Query::write_to) leaves it in the response, in
    /// tables whose result is `_profiler`.) Default: that of the variable `INFLUXDB_V2_PROFILERS`.
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

    /// Sets the time of `now()` in this query. Default: the server's clock.
    pub fn now(mut self, time: Timestamp) -> Self {
        self.now = Some(time);
        self
    }

    /// Sets the dialect of the response. [`call`](Query::call) reads any delimiter.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    limit_setters!();

    /// Sends the query and returns the rows as they are received. Blocks until the response begins.
    ///
    /// # Errors
    /// Returns an error if the query is rejected (400, with the reason), the credentials or the bucket are unknown, or
    /// no response is received. Later failures are errors of [`Rows::next`].
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
        let (delimiter, profiled, time_unit) =
            (self.dialect.delimiter, self.profiled, self.time_unit);
        let (longest, max_columns) = (self.limits.longest_record(), self.limits.max_columns);
        let (client, response) = self.ask()?;
        let mut inner = csv::Rows::new(response.body)
            .max_record_bytes(longest)
            .split_profile(profiled)
            .time_precision(time_unit);
        if let Some(columns) = max_columns {
            inner = inner.max_columns(columns);
        }
        if let Ok(delimiter) = u8::try_from(delimiter) {
            inner = inner.delimiter(delimiter);
        }
        Ok(Rows { inner, client })
    }

    /// Sends the query and returns an iterator of its rows as values of type `T`, by the names of the columns. For
    /// columns that aren't known beforehand, `T` may be a map: `BTreeMap<String, String>` has the texts of all cells.
    ///
    /// A row that can't be deserialized is an error of its own, and the rows after it follow. For the profile, use
    /// [`Rows::deserialize`].
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
    /// for sample in client
    ///     .query(r#"from(bucket: "b") |> range(start: -1h)"#)
    ///     .deserialize::<Sample>()?
    /// {
    ///     total += sample?.value;
    /// }
    /// # assert!(total > 0.0);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`call`](Query::call).
    pub fn deserialize<T: DeserializeOwned>(
        self,
    ) -> Result<impl Iterator<Item = Result<T, Error>> + use<T>, Error> {
        self.call().map(Rows::into_deserialize)
    }

    /// Sends the query, copies the CSV of the response to a writer, and returns the number of bytes.
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
    /// Returns the same errors as [`call`](Query::call), and an error if the response breaks off or the writer fails.
    /// An error that the server reports after its first rows is part of the CSV, and is not detected.
    #[doc(alias = "query_raw")]
    #[doc(alias = "raw")]
    pub fn write_to(self, to: &mut dyn io::Write) -> Result<u64, Error> {
        let (client, mut response) = self.ask()?;
        let broken = |http_error| client.transport_error(&WHAT, http_error, false);
        response.body.copy_to(to, broken)
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
        self.limits.apply(&mut out);
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

    /// Rejects settings that change the text of a query where a script, which is stored, is invoked.
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

    /// Rejects a range that begins in the future and ends now: a server rejects it without naming the start, or
    /// returns no rows.
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

    /// Rejects a string in place of a duration or a time, which Flux doesn't convert.
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

    /// Returns `{"query":…,"dialect":…,"extern":…,"now":…}`. Written by hand: the parameters are JSON already, and a
    /// program that only queries links no other JSON writer.
    fn body(&self) -> String {
        let mut body = String::from(r#"{"query":"#);
        // Writing to a `String` doesn't fail.
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

/// Adds advice to the error of a query that reads parameters and has none.
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
