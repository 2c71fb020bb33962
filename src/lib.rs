//! A blocking InfluxDB client for machines at the edge: writes points, queries rows, and keeps data on disk through
//! outages. No async runtime, few dependencies; the codecs run without std and without a heap.
//!
//! # Write
//! ```
//! use influx_edge::{Client, Point};
//! use std::time::SystemTime;
//!
//! # fn main() -> Result<(), influx_edge::Error> {
//! let client = Client::builder("http://localhost:8086")
//!     .org("acme")
//!     .token("my-token")
//!     .build()?;
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
//! let point = Point::new("weather")
//!     .tag("station", "zrh-1")
//!     .field("temp_c", 21.5)
//!     .time(SystemTime::now());
//! client.write("sensors", [point])?;
//! # Ok(()) }
//! ```
//! `Ok` means that the server has stored the points. The call blocks for at most the client's time limits, and sends one
//! request unless a [`RetryPolicy`](client::RetryPolicy) is set. [`Client::from_env`] reads the variables that
//! other InfluxDB clients read.
//!
//! Tags identify the sensor and are indexed; fields hold the measurements. Measurement, tags and time identify a point:
//! writing the same point twice stores it once.
//!
//! # Query
//! ```
//! # fn main() -> Result<(), influx_edge::Error> {
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
//! let flux = r#"from(bucket: params.b) |> range(start: -1h)"#;
//! let mut rows = client.query(flux).param("b", "sensors").call()?;
//! while let Some(row) = rows.next()? {
//!     let (field, value): (&str, f64) = (row.get("_field")?, row.get("_value")?);
//!     println!("{field} {value}");
//! }
//! # Ok(()) }
//! ```
//! Rows are decoded one at a time, however long the response is. If a query fails midway or its response is truncated,
//! an error follows the last row, so a partial result never looks complete. Values are passed as parameters, so no value
//! can change the query.
//! [`deserialize`](client::Query::deserialize) returns your own structs, and [`tables`](client::Rows::tables) a table to
//! print. [`Schema::point`](line::Schema::point) writes the same struct: see [structs](guide::structs).
//!
//! # Log through outages
//! ```no_run
//! use core::time::Duration;
//! use influx_edge::Spool;
//! use std::time::Instant;
//!
//! # fn main() -> Result<(), influx_edge::Error> {
//! # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
//! # let reading = influx_edge::Point::new("weather").field("temp_c", 21.5);
//! let mut writer = client
//!     .writer("sensors")
//!     .spool(Spool::open("/var/lib/logger/spool")?)
//!     .build()?;
//! let mut next_tick = Instant::now();
//! for _ in 0..60 {
//!     if let Err(error) = writer.write(&reading) {
//!         eprintln!("{error}"); // one invalid value doesn't end the logger
//!     }
//!     next_tick += Duration::from_secs(1);
//!     writer.run_until(next_tick)?; // sends what is due and returns at the tick
//! }
//! println!("{}", writer.close()?); // 60 delivered
//! # Ok(()) }
//! ```
//! A [`Writer`] sends points in batches, on the caller's thread or on one of its own ([`spawn`](Writer::spawn)). Batches that
//! can't be delivered wait in the spool's directory, and are sent in order when the server is back. They survive `kill -9`
//! and power failures. A crash loses the points that are only in memory, about a second's;
//! [write-ahead](writer#write-ahead) leaves none there. A rejected line doesn't affect its neighbours. The writer counts
//! the outcome of every point.
//!
//! [A gateway](guide::reliability#a-gateway) is one program with all of this: two threads, two buckets, write-ahead, a list
//! of rejected lines, and its own health as a point.
//!
//! # Handle errors
//! ```
//! # fn main() -> Result<(), influx_edge::Error> {
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
//! match client.write("sensors", "weather,station=zrh-1 temp_c=21.5") {
//!     Ok(()) => {}
//!     Err(e) if e.is_retryable() => {
//!         println!("retry in {:?}: {e}", e.retry_after())
//!     }
//!     Err(e) if e.is_unauthorized() => {
//!         println!("the token is invalid or expired: {e}")
//!     }
//!     Err(e) => return Err(e),
//! }
//! # Ok(()) }
//! ```
//! [`Error`] is one pointer wide. Its text is one sentence: what failed, whose fault it is, and what to try. It never
//! contains the token. The codecs have small `Copy` errors of their own.
//!
//! # Encode without allocating
//! ```
//! use influx_edge::line::{EncodeError, Encoder};
//! use influx_edge::Precision;
//!
//! # fn uart_write(_: &[u8]) {}
//! let mut storage = [0u8; 256];
//! let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
//! match enc
//!     .line("weather")
//!     .tag("station", "zrh-1")
//!     .field("temp_c", 21.5)
//!     .timestamp(1_700_000_000)
//! {
//!     Ok(()) => {}
//!     Err(EncodeError::BufferFull) => {
//!         uart_write(enc.as_bytes());
//!         enc.clear(); // then encode the line again
//!     }
//!     Err(error) => return Err(error),
//! }
//! assert_eq!(
//!     enc.as_bytes(),
//!     b"weather,station=zrh-1 temp_c=21.5 1700000000\n"
//! );
//! # Ok::<(), EncodeError>(())
//! ```
//! A line is written completely or not at all, and names that any supported server would misparse are rejected. Set
//! `default-features = false` for a target without std. With the feature `embedded`, a microcontroller sends its lines
//! itself, over a modem or a TCP socket: see the module `embedded` and its [guide](guide::microcontrollers).
//!
//! # Modules
//! | module | purpose | feature |
//! |---|---|---|
//! | [`client`] | HTTP requests: write, query, delete, health, any other path | `client` |
//! | [`writer`] | batches points and reports the outcome of each | `client` |
//! | [`spool`] | stores batches on disk until the server has them | `spool` |
//! | [`api`] | buckets, tokens, tasks and the other resources of a server | `client` |
//! | `v1` | InfluxDB 1.x: writes and InfluxQL | `v1` |
//! | `v3` | InfluxDB 3: writes, SQL, InfluxQL, databases and tokens | `v3` |
//! | [`line`](mod@line) | encodes line protocol | none |
//! | [`csv`] | decodes annotated CSV | none |
//! | [`flux`] | Flux literals, parameters and delete predicates | none |
//! | [`http`] | request heads, a response parser, the meaning of a response | none |
//! | `embedded` | writes and queries from a microcontroller, over `embedded_io` | `embedded` |
//!
//! # Guides
//! | guide | contents |
//! |---|---|
//! | [Getting started](guide::getting_started) | server, token, first point, first query, first plot |
//! | [Structs](guide::structs) | serde structs as points, and back from rows |
//! | [Reliability](guide::reliability) | the guarantee, and what happens in each fault |
//! | [Embedded](guide::embedded) | Linux boards: cross-compiling, read-only disks, clocks, flash wear |
//! | [Microcontrollers](guide::microcontrollers) | writes and queries without std, sizes |
//! | [Service](guide::service) | systemd, timers and cron, containers |
//! | [Servers](guide::servers) | what each server supports |
//! | [Security](guide::security) | injection, secrets, TLS, files |
//! | [Performance](guide::performance) | throughput, memory, tuning |
//! | [Migration](guide::migration) | from Python, Go, Arduino, Telegraf and other crates |
//!
//! # Features
//! | feature | adds | dependencies |
//! |---|---|---|
//! | (none) | the codecs, `no_std`, without an allocator | csv-core, heapless, itoa, zmij, base64 |
//! | `alloc` | growing buffers, owned points | |
//! | `std` | rows from any `io::Read`, lines to any `io::Write`, `SystemTime` | |
//! | `serde` | structs to lines and from rows, also without std | serde |
//! | `embedded` | a connection without std and without a heap | embedded-io |
//! | `client` | the HTTP client | ureq, serde_json, toml_parser |
//! | `gzip` | compressed requests and responses | flate2 |
//! | `spool` | store and forward on disk | crc32fast, rustix |
//! | `rustls` | HTTPS by rustls, with Mozilla's roots or your own CA | rustls, webpki-roots |
//! | `native-tls` | HTTPS by the system's library and its roots | native-tls |
//! | `v1` | InfluxDB 1.x | |
//! | `v3` | InfluxDB 3 | |
//! | `log` | one log record per call, without secrets or data | log |
//!
//! Default: `client`, `gzip`, `rustls`, `spool`. Features only add; none changes what another one does.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// At a lower feature level the pages still link to what the higher levels add.
#![cfg_attr(
    not(all(feature = "client", feature = "spool")),
    allow(rustdoc::broken_intra_doc_links)
)]
// Outside data never meets a panic: the lints hold everywhere but in tests.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable
    )
)]

#[cfg(any(feature = "alloc", test))]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// Rustdoc lists the methods of `Client` in the order of these modules, and of those in `client`: the
// everyday path first (`writer`, then building, writing, querying), administration (`api`) last.
#[cfg(feature = "client")]
pub mod writer;

#[cfg(feature = "client")]
pub mod client;

#[cfg(feature = "spool")]
mod clock;
pub mod csv;
#[cfg(feature = "embedded")]
pub mod embedded;
#[cfg(feature = "client")]
mod error;
pub mod flux;
// Pages only: in the documentation and its tests, not in programs. They link to every module.
#[cfg(all(any(doc, doctest), feature = "client", feature = "spool"))]
pub mod guide;
pub mod http;
mod json_escape;
pub mod line;
#[cfg(any(feature = "client", feature = "spool"))]
mod overflow_policy;
mod power_of_ten;
mod precision;
mod rfc3339;
mod signed_duration;
#[cfg(feature = "spool")]
pub mod spool;
mod swar;
#[cfg(test)]
mod testing;
mod timestamp;
#[cfg(feature = "v1")]
pub mod v1;
#[cfg(feature = "v3")]
pub mod v3;

#[cfg(feature = "client")]
pub mod api;

#[cfg(feature = "client")]
pub use client::Client;
#[cfg(feature = "client")]
pub use error::{
    ClockError, Error, ErrorKind, FlushError, LineError, PointError, Remedy, ResponseError, Stored,
    TransportError, TransportErrorKind, WriteError,
};
#[cfg(feature = "alloc")]
pub use line::Point;
pub use line::{Encoder, ToLine};
#[cfg(any(feature = "client", feature = "spool"))]
pub use overflow_policy::OverflowPolicy;
pub use precision::Precision;
pub use rfc3339::TimestampError;
pub use signed_duration::{DurationError, SignedDuration};
#[cfg(feature = "spool")]
pub use spool::Spool;
pub use timestamp::Timestamp;
#[cfg(feature = "client")]
pub use writer::Writer;

/// Whether fast paths are compiled: second implementations, each only faster than the general one
/// that follows it, and much longer in machine code. A program without std runs where bytes are
/// counted, and mostly on 32 bits without an instruction for floats, where they gain little.
pub(crate) const FAST_PATHS: bool = cfg!(feature = "std");

/// The README's examples are compiled with the rest.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;
