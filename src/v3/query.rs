//! Queries in SQL and InfluxQL, by `/api/v3/query_sql` and `/api/v3/query_influxql`.

use super::Database;
use super::rows::Rows;
use crate::Precision;
use crate::client::Client;
use crate::client::execute::has_type;
use crate::client::names::What;
use crate::client::response_limits::{ResponseLimits, limit_setters};
use crate::client::transport::{HttpResponse, RequestBody};
use crate::error::Error;
use crate::flux::json_string;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::fmt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;

/// A query under construction. Made by [`Database::sql`] and [`Database::influxql`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// let mut rows = client
///     .v3("sensors")
///     .sql(
///         "SELECT station, temp_c, hum, note FROM weather \
///          WHERE station = $station AND temp_c > $least",
///     )
///     .param("station", "zrh-1")
///     .param("least", 20.5)
///     .call()?;
/// let row = rows.next()?.expect("a row");
/// assert_eq!(row.get::<f64>("temp_c")?, 21.5);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[must_use = "nothing is sent until `call`, `deserialize` or `write_to`"]
pub struct Query<'a> {
    database: Database<'a>,
    path: &'static str,
    q: String,
    /// Names and values, the values as JSON.
    params: BTreeMap<String, String>,
    time_unit: Precision,
    limits: ResponseLimits,
    /// The first invalid parameter, an error of the call.
    wrong: Option<Error>,
}

/// The form of a response.
#[derive(Clone, Copy)]
struct Format {
    name: &'static str,
    content_type: &'static str,
}

const CSV: Format = Format {
    name: "csv",
    content_type: "text/csv",
};
const JSON_LINES: Format = Format {
    name: "jsonl",
    content_type: "application/jsonl",
};

impl<'a> Database<'a> {
    /// Starts a query in SQL: one statement that reads. Pass values as [`param`](Query::param)s, not in its
    /// text. Sends nothing.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// let mut rows = client
    ///     .v3("sensors")
    ///     .sql("SELECT * FROM weather ORDER BY time, station")
    ///     .call()?;
    /// let mut warm = 0;
    /// while let Some(row) = rows.next()? {
    ///     warm += u32::from(row.get::<f64>("temp_c")? > 25.0);
    /// }
    /// assert_eq!(warm, 3);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn sql(&self, q: impl Into<String>) -> Query<'a> {
        Query::new(self.clone(), "/api/v3/query_sql", q.into())
    }

    /// Starts a query in InfluxQL: one statement. The first column of its rows, `iox::measurement`, is the
    /// measurement; of a `SHOW`, it is the thing shown. Sends nothing.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// let mut rows = client
    ///     .v3("sensors")
    ///     .influxql("SELECT * FROM weather LIMIT 2")
    ///     .call()?;
    /// let row = rows.next()?.expect("a row");
    /// assert_eq!(row.get::<&str>("iox::measurement")?, "weather");
    /// assert_eq!(row.get::<Option<i64>>("hum")?, Some(40));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn influxql(&self, q: impl Into<String>) -> Query<'a> {
        Query::new(self.clone(), "/api/v3/query_influxql", q.into())
    }
}

impl<'a> Query<'a> {
    fn new(database: Database<'a>, path: &'static str, q: String) -> Self {
        Query {
            path,
            q,
            params: BTreeMap::new(),
            time_unit: Precision::Nanosecond,
            limits: ResponseLimits::of(database.client),
            wrong: None,
            database,
        }
    }

    /// Adds a value that the query names `$name`: text, a finite number or a boolean, of any type that serde
    /// serializes as one. No value can change the meaning of the query. A [`Timestamp`](crate::Timestamp) is
    /// text, which SQL compares with times.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// # let sensors = client.v3("sensors");
    /// let q = "SELECT station, temp_c, hum, note FROM weather \
    ///          WHERE station = $station AND temp_c > $least";
    /// let query = sensors
    ///     .sql(q)
    ///     .param("station", "zrh-1")
    ///     .param("least", 20.5);
    /// assert!(query.call()?.next()?.is_some());
    ///
    /// // No column can equal these.
    /// for refused in [None, Some(f64::NAN)] {
    ///     assert!(sensors.sql(q).param("least", refused).call().is_err());
    /// }
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn param(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        let json = serde_json::to_string(&value);
        self.add(name, json);
        self
    }

    fn add(&mut self, name: String, json: Result<String, serde_json::Error>) {
        let is =
            |what| format!("the parameter {name:?} is {what}, and not text, a number or a boolean");
        let wrong = match json {
            _ if name.is_empty() || name.starts_with('$') => format!(
                "the parameter {name:?} has to be named without the $ that stands before it in the query"
            ),
            // The first byte of JSON shows its type. serde_json writes null for NaN and infinities, too.
            Ok(json) => match json.as_bytes() {
                [b'n', ..] => is("null, NaN or infinite"),
                [b'[', ..] => is("a list"),
                [b'{', ..] => is("a map or a struct"),
                _ => {
                    self.params.insert(name, json);
                    return;
                }
            },
            Err(e) => format!("the parameter {name:?} can't be written as JSON: {e}"),
        };
        self.wrong.get_or_insert(Error::config(wrong));
    }

    /// Sets the unit in which [`deserialize`](Query::deserialize) reads times into integers, rounded down.
    /// Default: nanoseconds.
    pub fn time_precision(mut self, unit: Precision) -> Self {
        self.time_unit = unit;
        self
    }

    limit_setters!();

    /// Sends the query, and returns its rows as they are received. Blocks until the head of the response is
    /// received. Allocates the request and the buffers of the rows.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// let error = client.v3("sensors").sql("SELECT * FROM nope").call().unwrap_err();
    /// assert!(error.to_string().contains("table 'public.iox.nope' not found"));
    /// assert!(!error.is_retryable());
    ///
    /// let error = client.v3("nope").sql("SELECT 1").call().unwrap_err();
    /// assert!(error.is_not_found());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if a parameter is invalid (nothing is sent then), the database is unknown, the query
    /// can't be planned (with the server's message, not retryable), the credentials are unknown, or no response
    /// is received. An error while the server computes the rows is one of [`Rows::next`].
    pub fn call(self) -> Result<Rows, Error> {
        let (longest, columns) = (self.limits.longest_record(), self.limits.max_columns);
        let (client, db, response) = self.send(CSV)?;
        Ok(Rows::of_response(
            client,
            db,
            response.body,
            longest,
            columns,
        ))
    }

    /// Sends the query, and returns each row as a value of your own type, by the names of its columns. A row
    /// that doesn't fit is an error of its own; the rows after it still follow. For unknown columns take a map:
    /// `BTreeMap<String, String>` has the texts of all cells. Blocks and allocates like [`call`](Query::call).
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// #[derive(serde::Deserialize)]
    /// struct Reading {
    ///     time: influx_edge::Timestamp,
    ///     station: String,
    ///     temp_c: f64,
    ///     hum: Option<i64>,
    /// }
    ///
    /// let query = client
    ///     .v3("sensors")
    ///     .sql("SELECT * FROM weather ORDER BY time, station");
    /// let readings: Vec<Reading> = query.deserialize()?.collect::<Result<_, _>>()?;
    /// assert_eq!(readings[0].time.to_string(), "2023-11-14T22:13:20Z");
    /// assert_eq!(
    ///     (readings[0].station.as_str(), readings[0].temp_c),
    ///     ("zrh-1", 21.5)
    /// );
    /// assert_eq!((readings[0].hum, readings[1].hum), (Some(40), None));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`call`](Query::call).
    pub fn deserialize<T: DeserializeOwned>(
        self,
    ) -> Result<impl Iterator<Item = Result<T, Error>> + use<T>, Error> {
        let unit = self.time_unit;
        Ok(self.call()?.into_values(unit))
    }

    /// Sends the query, and copies the response, which is CSV, to a file or another writer. Returns the number
    /// of bytes. [`Rows::from_reader`] reads the copy. Blocks until the response ends; allocates the request.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
    /// let mut csv = Vec::new(); // or a file, or a socket
    /// let query = client
    ///     .v3("sensors")
    ///     .sql("SELECT * FROM weather ORDER BY time, station");
    /// assert_eq!(query.write_to(&mut csv)?, 359);
    /// assert!(csv.starts_with(b"hum,n,note,ok,station,temp_c,time\n40,7,"));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`call`](Query::call), and an error if the response breaks off or
    /// the writer fails.
    pub fn write_to(self, to: &mut dyn io::Write) -> Result<u64, Error> {
        self.copy(CSV, to)
    }

    /// Sends the query, and copies the response, which is JSON with one object a line, to a writer. Returns the
    /// number of bytes.
    ///
    /// Unlike CSV, it has types, with all 64 bits of integers. A null is a column missing in its row, NaN and
    /// infinities are `null`, and times are in UTC without a zone. Blocks until the response ends; allocates the
    /// request.
    ///
    /// ```no_run
    /// # let client = influx_edge::Client::builder("http://localhost:8181").build()?;
    /// let query = client.v3("sensors").sql("SELECT time, temp_c FROM weather");
    /// query.write_json_lines_to(&mut std::io::stdout())?;
    /// // {"time":"2023-11-14T22:13:20","temp_c":21.5}
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`write_to`](Query::write_to).
    pub fn write_json_lines_to(self, to: &mut dyn io::Write) -> Result<u64, Error> {
        self.copy(JSON_LINES, to)
    }

    fn copy(self, format: Format, to: &mut dyn io::Write) -> Result<u64, Error> {
        let (client, db, mut response) = self.send(format)?;
        let broken = |http_error| super::rows::broken(&client, &db, http_error);
        response.body.copy_to(to, broken)
    }

    fn send(mut self, format: Format) -> Result<(Client, String, HttpResponse), Error> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        self.database.check_name()?;
        let (client, db) = (self.database.client, self.database.db);
        let body = body(&db, &self.q, format, &self.params);
        let what = What(super::rows::QUERY, &db);
        let mut out = client.http_request("POST", client.inner().base.target(self.path));
        out.content_type = Some("application/json");
        out.accept_gzip = true;
        out.body = RequestBody::Bytes(body.as_bytes());
        self.limits.apply(&mut out);
        out.repeatable = true;
        let response = client.run(&what, &mut out, |response| {
            if response.status != 200 || !has_type(&response.headers, &[format.content_type]) {
                return Err(client.refused(&what, response));
            }
            Ok(response)
        })?;
        Ok((client.clone(), db, response))
    }
}

/// Returns `{"db":…,"q":…,"format":"csv","params":{…}}`. Written by hand, because the parameters are JSON already
/// and a program that only queries needs no other JSON.
fn body(db: &str, q: &str, format: Format, params: &BTreeMap<String, String>) -> String {
    let mut body = String::from(r#"{"db":"#);
    // Writing to a string can't fail.
    let _ = json_string(db, &mut body);
    body.push_str(r#","q":"#);
    let _ = json_string(q, &mut body);
    body.push_str(r#","format":""#);
    body.push_str(format.name);
    body.push('"');
    let mut before = r#","params":{"#;
    for (name, json) in params {
        body.push_str(before);
        let _ = json_string(name, &mut body);
        body.push(':');
        body.push_str(json);
        before = ",";
    }
    if !params.is_empty() {
        body.push('}');
    }
    body.push('}');
    body
}

impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the parameters, which are the user's data.
        f.debug_struct("Query")
            .field("database", &self.database)
            .field("q", &self.q)
            .finish_non_exhaustive()
    }
}
