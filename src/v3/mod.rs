//! InfluxDB 3: writes by `/api/v3/write_lp`, SQL and InfluxQL.
//!
//! Behind the feature `v3`.
//!
//! ```
//! use influx_edge::{Client, Timestamp};
//!
//! let client = Client::builder("http://localhost:8181")
//!     .token("my-token")
//!     .build()?;
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
//! let sensors = client.v3("sensors");
//! sensors.write("weather,station=zrh-1 temp_c=21.5 1700000000000000000")?;
//!
//! let mut rows = sensors
//!     .sql("SELECT * FROM weather ORDER BY time, station")
//!     .call()?;
//! let row = rows.next()?.expect("a row");
//! assert_eq!(
//!     row.get::<Timestamp>("time")?,
//!     Timestamp::from_secs(1_700_000_000)
//! );
//! assert_eq!(row.get::<f64>("temp_c")?, 21.5);
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! | for | take |
//! |---|---|
//! | writes into a database | [`Database::write`], [`Database::writer`] |
//! | rows of SQL and InfluxQL | [`Database::sql`], [`Database::influxql`] |
//! | tables with typed columns | [`Database::tables`] |
//! | databases and tokens, which belong to the server | [`Client::v3_databases`], [`Client::v3_tokens`] |
//! | anything else, such as triggers, plugins and caches | a [raw request](crate::Client::request) |
//!
//! InfluxDB 3 has no Flux, no deletes of points, and none of the resources of InfluxDB 2. Calls for these are
//! errors that name the alternative, also without this feature. Arrow Flight isn't supported.
//!
//! # Batches
//! [`Database::writer`] collects points and delivers them through outages like that of [`Client::writer`]. Its
//! [bucket](crate::writer) is the database.
//!
//! ```
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
//! use influx_edge::line::Point;
//!
//! let mut w = client.v3("sensors").writer().build()?;
//! w.write(&Point::new("weather").tag("station", "zrh-1").field("temp_c", 21.5))?;
//! assert_eq!(w.close()?.delivered, 1);
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! - *Bad lines* cost no further request: the server stores the good ones and names the others by number. The
//!   writer keeps these with their whole text and the server's reason ([`Rejected`](crate::writer::Rejected)).
//!   With [`accept_partial(false)`](Database::accept_partial), the server names one bad line a request, and
//!   stores nothing until none is left.
//! - *A long list of bad lines* is read up to 64 KiB. The lines after the last one named are sent again, so that
//!   the server names the rest. (An error of [`Database::write`] then has the first part, and
//!   [`dropped`](crate::ResponseError::dropped) is unset.)
//! - *A spool* records for each batch that it is for InfluxDB 3, without an organization. Batches for another
//!   [kind of server](crate::spool::ServerKind) stay for a writer of that kind, counted as
//!   [`Stats::foreign`](crate::writer::Stats::foreign). After a move from InfluxDB 2 to 3,
//!   [`adopt_all`](crate::writer::WriterBuilder::adopt_all) sends the backlog of each bucket to the database of
//!   the same name.
//! - *With [`no_sync`](Database::no_sync)*, delivered means received: lines that aren't on the server's disk yet
//!   are lost if it fails.
//!
//! # Rows
//! A response is CSV, read row by row in constant memory. A cell is parsed as the type that is asked for. The
//! server can also send one JSON object a row (`jsonl`). The comparison, of a million rows with the columns of
//! `SELECT *` (`cargo bench --features v3 --bench v3`):
//!
//! | | CSV | jsonl |
//! |---|---|---|
//! | bytes a row | 48 to 70 | 78 to 124 |
//! | time into a struct | 150 to 210 ns | 250 to 270 ns |
//! | a null, and a missing column | a null; an error that names the columns | alike: neither is in the object |
//! | NaN, infinities, and null | distinct | all null |
//! | an empty string, and null | **alike: an empty cell** | distinct |
//! | lists and structs | **not sent: the response breaks off** | as JSON |
//! | types | **not sent** | number, boolean, text |
//! | columns of an empty result | **not sent** | not sent |
//!
//! CSV therefore has these limits:
//! - *An empty string is null.* `get::<Option<&str>>` returns `None` for both, and `get::<&str>` returns `""`.
//!   To tell them apart, select `s IS NULL` as a column of its own.
//! - *Lists and structs* (`make_array`, `struct`) can't be sent as CSV by the server. Select
//!   `array_to_string(a, ',')`, or single fields.
//! - *Types aren't sent.* A cell is of the requested type if its text is such a value: `get::<i64>` of `21.0` is
//!   an error, `get::<f64>` of an integer isn't. In maps all values are text.
//! - *Times* have no zone and are in UTC. [`Timestamp`](crate::Timestamp), `SystemTime` and integers parse them.
//!   A date is its midnight. Times of day and intervals (`1 hours 2 mins`) are text.
//!
//! # Errors
//! - *A name that exists* is [`is_conflict`](crate::Error::is_conflict) (409), and one that doesn't is
//!   [`is_not_found`](crate::Error::is_not_found) (404).
//! - *Without a valid token*, every call, also [`ping`](Client::ping), is
//!   [`is_unauthorized`](crate::Error::is_unauthorized) (401), unless the server was started without tokens.
//! - *A response that breaks off* is an error after the rows that were received. InfluxDB 3 sends status 200 before
//!   it computes the rows, so an error in one of them, such as a division by zero, ends the response in its
//!   middle, with the reason in the server's log only. It looks like a lost connection, so
//!   [`is_retryable`](crate::Error::is_retryable) returns `true`.
//! - *Syntax and planning errors* have status 500, but aren't retryable.
//! - *Parameters* (`$name`): one that isn't set is an error of the server.

mod admin;
mod databases;
mod query;
mod rows;
mod tables;
mod tokens;
mod write;

pub use databases::{Databases, NewDatabase};
pub use query::Query;
pub use rows::Rows;
pub use tables::{NewTable, Tables};
pub use tokens::{Token, Tokens};
pub(crate) use write::WriteOptions;

use crate::client::Client;
use alloc::string::String;

/// A database of InfluxDB 3. Made by [`Client::v3`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// use influx_edge::Stored;
///
/// let lines = "weather temp_c=21.5 1\nweather temp_c=\"x\" 2\n\
///     bad line\nweather temp_c=22 4\n";
/// let error = client.v3("rec").write(lines).unwrap_err();
/// assert_eq!(error.stored(), Stored::Partial); // the good ones
/// assert_eq!(error.line_errors()[1].number, Some(3));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Database<'a> {
    client: &'a Client,
    db: String,
    options: WriteOptions,
}

impl Client {
    /// Returns a database of InfluxDB 3. Sends nothing.
    pub fn v3(&self, db: impl Into<String>) -> Database<'_> {
        Database {
            client: self,
            db: db.into(),
            options: WriteOptions::default(),
        }
    }
}
