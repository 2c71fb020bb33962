//! The InfluxDB v2 client for machines at the edge: blocking, no async runtime, few dependencies,
//! and codecs that run without std and without a heap.
//!
//! This page is a tutorial: from one reading to a logger that survives outages, one step after the
//! other. Each step works by itself, and each module it uses has a page of its own.
//!
//! # 1 · A reading becomes a line
//! ```
//! use influx_edge::line::Encoder;
//!
//! let mut enc = Encoder::with_sink(Vec::new());
//! enc.line("weather")
//!     .tag("station", "zrh-1")
//!     .field("temp_c", 21.5)
//!     .timestamp(1_700_000_000_000_000_000)?;
//! assert_eq!(enc.as_bytes(), b"weather,station=zrh-1 temp_c=21.5 1700000000000000000\n");
//! # Ok::<(), influx_edge::line::EncodeError>(())
//! ```
//! Tags say which sensor it was and are indexed; fields are what was measured; together with the time,
//! measurement and tags are the point's identity, so the same line twice is one point. A line is written
//! whole or not at all, and what some server would misparse is rejected. The buffer is used again
//! and again: [`line`](mod@line) allocates nothing per point.
//!
//! # 2 · A client brings it to a server
//! ```
//! use influx_edge::Client;
//! use influx_edge::line::Point;
//! use std::time::SystemTime;
//!
//! # fn main() -> Result<(), influx_edge::Error> {
//! let client = Client::builder("http://localhost:8086").org("acme").token("my-token").build()?;
//! for warning in client.warnings() {
//!     eprintln!("{warning}"); // what works, but a person should know
//! }
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
//! let point = Point::new("weather").tag("station", "zrh-1").field("temp_c", 21.5).time(SystemTime::now());
//! client.write("sensors", [point])?; // or enc.lines(), or a type of your own
//! # Ok(()) }
//! ```
//! `Ok` means that the server has stored it. A call blocks, for at most the client's limits, and is
//! made once unless a policy says otherwise. [`Client::from_env`] reads the settings that the other
//! clients read.
//!
//! # 3 · A query brings rows back
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
//! Rows come one by one, however long the response is, or as structs of yours, by serde; the same struct is
//! written by [`Client::write_serialized`] (see [structs](guide::structs)). A small result is a table to print:
//! [`tables`](client::Rows::tables). A query that fails in its middle, or is cut off, ends with an error and never
//! looks complete. Values go in as parameters, so that none can change the query.
//!
//! # 4 · A writer collects, sends and keeps account
//! ```no_run
//! use core::time::Duration;
//! use influx_edge::Spool;
//! use std::time::Instant;
//!
//! # fn main() -> Result<(), influx_edge::Error> {
//! # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
//! # let reading = influx_edge::line::Point::new("weather").field("temp_c", 21.5);
//! let mut w = client
//!     .writer("sensors")
//!     .spool(Spool::open("/var/lib/logger/spool")?)
//!     .build()?;
//! let mut next_tick = Instant::now();
//! for _ in 0..60 {
//!     if let Err(e) = w.write(&reading) {
//!         eprintln!("{e}"); // one value that can't be written doesn't end a logger
//!     }
//!     next_tick += Duration::from_secs(1);
//!     w.run_until(next_tick)?; // sends what is due, and returns at the tick
//! }
//! println!("{}", w.close()?); // so many delivered, so many on disk, …
//! # Ok(()) }
//! ```
//! What can't be delivered waits on disk, through `kill -9` and power failures, and goes out in order when
//! the server is back. One bad line doesn't harm its neighbours. At any moment the writer reports
//! the outcome of every point.
//!
//! # 5 · Errors say whose fault it is
//! ```
//! # fn main() -> Result<(), influx_edge::Error> {
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
//! match client.write("sensors", "weather,station=zrh-1 temp_c=21.5") {
//!     Ok(()) => {}
//!     Err(e) if e.is_retryable() => println!("later, in {:?}: {e}", e.retry_after()),
//!     Err(e) if e.is_unauthorized() => println!("somebody has to renew the token: {e}"),
//!     Err(e) => return Err(e),
//! }
//! # Ok(()) }
//! ```
//! The codecs have small `Copy` errors of their own. Above them there is one [`Error`], a pointer wide.
//! Printed, it is one sentence: what failed, whose fault it is, what to try. The token is in none of it.
//!
//! # 6 · Without std
//! ```toml
//! influx-edge = { version = "0.1", default-features = false }
//! ```
//! ```
//! use influx_edge::Precision;
//! use influx_edge::line::{EncodeError, Encoder};
//!
//! # fn uart_write(_: &[u8]) {}
//! # let mut storage = [0u8; 256];
//! let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
//! match enc.line("weather").tag("station", "zrh-1").field("temp_c", 21.5).timestamp(1_700_000_000) {
//!     Ok(()) => {}
//!     Err(EncodeError::BufferFull) => { uart_write(enc.as_bytes()); enc.clear(); /* again */ }
//!     Err(refused) => return Err(refused),
//! }
//! # Ok::<(), EncodeError>(())
//! ```
//! With the feature `embedded` a board brings its lines to a server itself, over a modem or a TCP socket, and
//! queries: the module `embedded`, and [the page](guide::embedded) with the loop of a station.
//!
//! # The modules
//! | module | what it is | needs |
//! |---|---|---|
//! | [`line`](mod@line) | points into line protocol: whole lines or none, nothing a server could misread | nothing |
//! | [`csv`] | annotated CSV into rows: pushed in, in pieces of any size, over fixed buffers | nothing |
//! | [`flux`] | values into Flux: parameters, literals, delete predicates | nothing |
//! | [`http`] | request heads, a response parser, what a response means | nothing |
//! | `embedded` | a connection for microcontrollers: writes and queries over `embedded_io` | feature `embedded` |
//! | [`client`] | HTTP: write, query, delete, any other call; one meaning for every response | feature `client` |
//! | [`api`] | buckets, tokens, tasks and whatever else a server lets you manage, typed | feature `client` |
//! | `v1` | InfluxDB 1.x: writes, and InfluxQL row by row | feature `v1` |
//! | `v3` | InfluxDB 3: writes, SQL and InfluxQL row by row, databases and tables | feature `v3` |
//! | [`writer`] | points one by one, sent in batches, with the outcome of each | feature `client` |
//! | [`spool`] | batches on disk until the server has them: through `kill -9` and power failures | feature `spool` |
//!
//! Each module's page says what it does, what it leaves to others, and what to watch.
//!
//! # The pages
//! [Embedded](guide::embedded): onto a Linux board, watchdogs, clocks, read-only disks, sizes, no std.
//! [Reliability](guide::reliability): the promise, every error, every fault and its test.
//! [Structs](guide::structs): by serde, into lines and back from rows.
//! [Security](guide::security): injection, secrets, TLS, files.
//! [Servers](guide::servers): feature matrix, and how each entry was verified.
//! [Migration](guide::migration): from the Python client, `influxdb2`, `influxdb`, `questdb-rs`.
//!
//! # Features
//! | feature | brings | costs |
//! |---|---|---|
//! | (none) | the codecs, `no_std`, no allocator | |
//! | `alloc` | growing buffers, owned points | an allocator |
//! | `std` | rows from any `io::Read`, `SystemTime`, lines into any `io::Write` | |
//! | `serde` | your own types into lines and from rows, also without std | serde |
//! | `embedded` | a connection without std and without a heap | embedded-io 0.7, which is traits only |
//! | `client` | the HTTP client | ureq, serde_json, toml_parser |
//! | `gzip` | compressed writes and responses | flate2 |
//! | `spool` | store and forward on disk | crc32fast (in the tree with gzip), rustix |
//! | `rustls` | https by rustls, with Mozilla's roots or your own CA | rustls, ring, webpki-roots |
//! | `native-tls` | https by the system's library, with what the system trusts | native-tls |
//! | `v1` | InfluxDB 1.x's `/write` and `/query` | exact floats in serde_json |
//! | `v3` | InfluxDB 3 | |
//! | `log` | a line a call to your logger; no secret, no data | log (in ureq's tree) |
//!
//! The default is `client`, `gzip`, `rustls` and `spool`. A feature only adds; none changes what another
//! does.

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

#[cfg(feature = "client")]
pub mod api;
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
pub mod writer;

#[cfg(feature = "client")]
pub use client::Client;
#[cfg(feature = "client")]
pub use error::{
    ClockError, ConfigError, ContentError, DiskError, Error, ErrorKind, FlushError, LineError,
    PointError, Remedy, ResponseError, Stored, TransportError, TransportErrorKind, WriteError,
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
