//! InfluxDB 3: line protocol by `/api/v3/write_lp`, SQL and InfluxQL. Behind the feature `v3`.
//!
//! ```
//! use influx_edge::{Client, Timestamp};
//!
//! let client = Client::builder("http://localhost:8181").token("my-token").build()?;
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
//! let sensors = client.v3("sensors");
//! sensors.write("weather,station=zrh-1 temp_c=21.5 1700000000000000000")?;
//!
//! let mut rows = sensors.sql("SELECT * FROM weather ORDER BY time, station").call()?;
//! while let Some(row) = rows.next()? {
//!     println!("{} {}", row.get::<Timestamp>("time")?, row.get::<f64>("temp_c")?);
//! }
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! **In scope**: writing into a database; SQL and InfluxQL, their responses row by row; databases, tables and
//! tokens.
//!
//! **Out of scope**: Flux, deletes of points and the resources of InfluxDB 2, which InfluxDB 3 doesn't have;
//! Arrow Flight. The triggers, plugins and caches of InfluxDB 3 are one
//! [raw request](crate::Client::request) away.
//!
//! # Batches
//! [`Database::writer`] collects points and delivers them through outages as the one of
//! [`Client::writer`] does; a [bucket](crate::writer) is a database there.
//!
//! ```
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
//! use influx_edge::line::Point;
//!
//! let mut w = client.v3("sensors").writer().build()?;
//! w.write(&Point::new("weather").tag("station", "zrh-1").field("temp_c", 21.5))?;
//! println!("{}", w.close()?);
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! - *Bad lines* cost no request: the server stores the good ones and names the others by number, and the
//!   writer keeps these with their whole text and the server's reason
//!   ([`Rejected`](crate::writer::Rejected)). With [`accept_partial(false)`](Database::accept_partial) the
//!   server names one bad line a request, and stores nothing until none is left.
//! - *A long list of them* is read up to 64 KiB: the lines behind the last one named are sent again, for the
//!   server to name the rest. (An error of [`Database::write`] has the first part then, and
//!   [`dropped`](crate::ResponseError::dropped) is unset.)
//! - *A spool* keeps for each batch that it is for InfluxDB 3, in no organization. What it has for another
//!   [kind of server](crate::spool::ServerKind) stays for a writer of that kind, counted as
//!   [`Stats::foreign`](crate::writer::Stats::foreign). After a move from InfluxDB 2 to 3
//!   [`adopt_all`](crate::writer::WriterBuilder::adopt_all) sends the backlog of each bucket to the database of
//!   that name.
//! - *With [`no_sync`](Database::no_sync)* delivered means received: what the server hasn't on its disk yet is
//!   lost when it fails.
//!
//! # Rows
//! A response comes as CSV, is read row by row in constant memory, and a cell is parsed as the type it is
//! asked for. The server could send a JSON object a row (`jsonl`) instead. What decided, of a million rows
//! with the columns of `SELECT *` (`cargo bench --features v3 --bench v3`):
//!
//! | | CSV | jsonl |
//! |---|---|---|
//! | bytes a row | 48 to 70 | 78 to 124 |
//! | time into a struct | 150 to 210 ns | 250 to 270 ns |
//! | a null, and a column that isn't there | a null; an error that names the columns | the same: neither is in the object |
//! | NaN, infinities, and null | distinct | all of them null |
//! | an empty string, and null | **the same: an empty cell** | distinct |
//! | lists and structs | **not sent: the response breaks off** | as JSON |
//! | types | **not sent** | number, boolean, text |
//! | columns of an empty result | **not sent** | not sent |
//!
//! So these are what is lost:
//! - *An empty string is null.* `get::<Option<&str>>` returns `None` for both, `get::<&str>` returns `""`.
//!   Where that matters, ask for `s IS NULL` in a column of its own.
//! - *Lists and structs* (`make_array`, `struct`) have no CSV, by the source of the server's CSV writer. Ask
//!   for `array_to_string(a, ',')`, or for fields one by one.
//! - *Types.* A cell is what it is asked for, if its text is such a value: `get::<i64>` of `21.0` is an error,
//!   `get::<f64>` of an integer is not. Maps get texts.
//! - *Times* have no zone and are in UTC; [`Timestamp`](crate::Timestamp), `SystemTime` and integers read
//!   them. A date is its midnight. Times of day and intervals (`1 hours 2 mins`) are text.
//!
//! # What to watch
//! - *What hangs where.* [`Client::v3`] names a database: writes, queries and [`tables`](Database::tables) are
//!   its methods. What belongs to the server hangs on the client: [`Client::v3_databases`],
//!   [`Client::v3_tokens`], and [`Client::version`], [`ping`](Client::ping) and [`health`](Client::health),
//!   which are the same for all servers.
//! - *Names that are taken* are [`is_conflict`](crate::Error::is_conflict) (409), what isn't there is
//!   [`is_not_found`](crate::Error::is_not_found) (404).
//! - *Without a token*, or with a wrong one, everything is [`is_unauthorized`](crate::Error::is_unauthorized)
//!   (401), a ping too, unless the server was started without tokens.
//! - *Calls of InfluxDB 2* fail with a sentence that names what works in place of them; that needs no feature.
//! - *A response that breaks off is an error*, after the rows that came. InfluxDB 3 sends 200 before it makes
//!   the rows, so an error in one of them, a division by zero, ends the response in its middle, and only the
//!   server's log says why. It looks like a lost connection, and so counts as one:
//!   [`is_retryable`](crate::Error::is_retryable) is true.
//! - *Parameters* (`$name`) are recorded for SQL. One that the query names and that isn't given is an error of
//!   the server's.
//! - *Syntax and planning errors* are status 500, and all the same not to be retried.

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

/// One database of InfluxDB 3. Made by [`Client::v3`].
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
/// use influx_edge::Stored;
///
/// let lines = "weather temp_c=21.5 1\nweather temp_c=\"x\" 2\nbad line\nweather temp_c=22 4\n";
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
    /// A database of InfluxDB 3. Sends nothing.
    pub fn v3(&self, db: impl Into<String>) -> Database<'_> {
        Database {
            client: self,
            db: db.into(),
            options: WriteOptions::default(),
        }
    }
}
