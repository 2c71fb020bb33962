//! The InfluxDB v2 client for machines at the edge: blocking, no async runtime, few dependencies,
//! and codecs that run without std and without a heap.
//!
//! A reading takes three steps. It becomes a **line** of line protocol in a buffer that is used
//! again and again; a **client** brings the lines to a server; a **query** brings rows back.
//!
//! ```no_run
//! use influx_edge::Client;
//! use influx_edge::line::Encoder;
//! use std::time::SystemTime;
//!
//! # fn main() -> Result<(), influx_edge::Error> {
//! let client = Client::builder("http://localhost:8086").org("acme").token("my-token").build()?;
//!
//! let mut enc = Encoder::with_sink(Vec::new());
//! enc.line("weather").tag("station", "zrh-1").field("temp_c", 21.5).timestamp(SystemTime::now())?;
//! client.write("sensors", enc.lines())?;
//!
//! let flux = r#"from(bucket: params.b) |> range(start: -1h)"#;
//! let mut rows = client.query(flux).param("b", "sensors").call()?;
//! while let Some(row) = rows.next()? {
//!     let (field, value): (&str, f64) = (row.get("_field")?, row.get("_value")?);
//!     println!("{field} {value}");
//! }
//! # Ok(()) }
//! ```
//!
//! # The rooms
//! | module | what it is | needs |
//! |---|---|---|
//! | [`line`](mod@line) | points into line protocol: whole lines or none, nothing a server could misread | nothing |
//! | [`csv`] | annotated CSV into rows: pushed in, in pieces of any size, over fixed buffers | nothing |
//! | [`flux`] | values into Flux: parameters, literals, delete predicates | nothing |
//! | `client` | HTTP: write, query, delete, any other call; one meaning for every answer | feature `client` |
//! | `api` | buckets, tokens, tasks and whatever else a server lets you manage, typed | feature `client` |
//! | `v1` | InfluxDB 1.x: writes, and InfluxQL row by row | feature `v1` |
//! | `writer` | points one by one, sent in batches, and what became of each | feature `client` |
//! | `spool` | batches on disk until the server has them: through `kill -9` and power cuts | feature `spool` |
//!
//! Each room's page says what it does, what it leaves to others, and what to watch.
//!
//! # Features
//! | feature | brings | costs |
//! |---|---|---|
//! | (none) | the codecs, `no_std`, no allocator | |
//! | `alloc` | growing buffers, owned points | an allocator |
//! | `std` | rows from any `io::Read`, `SystemTime`, lines into any `io::Write` | |
//! | `serde` | rows into your own types, also without std | serde |
//! | `client` | the HTTP client | ureq, serde_json |
//! | `gzip` | compressed writes and answers | flate2 |
//! | `spool` | store and forward on disk | crc32fast (in the tree with gzip), rustix |
//! | `rustls` | https by rustls, with Mozilla's roots or your own CA | rustls, ring |
//! | `native-tls` | https by the system's library | native-tls |
//! | `v1` | InfluxDB 1.x's `/write` and `/query` | exact floats in serde_json |
//!
//! The default is `client`, `gzip`, `rustls` and `spool`. A feature only adds; none changes what another
//! does.
//!
//! # Without std
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
//!
//! # When something goes wrong
//! The codecs have small `Copy` errors of their own. Above them there is one error, a pointer
//! wide, that answers the questions a program has: `is_retryable`, `retry_after`,
//! `is_unauthorized`, `is_not_found`. Printed, it is one sentence: what failed, whose fault it is,
//! what to try. The token is in none of it.

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(unreachable_pub)]
// On a lower rung the pages still speak of what the upper ones add.
#![cfg_attr(not(feature = "client"), allow(rustdoc::broken_intra_doc_links))]
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
pub mod csv;
#[cfg(feature = "client")]
mod error;
pub mod flux;
pub mod line;
mod precision;
#[cfg(feature = "spool")]
pub mod spool;
mod time;
#[cfg(feature = "v1")]
pub mod v1;
#[cfg(feature = "client")]
pub mod writer;

#[cfg(feature = "client")]
pub use client::Client;
#[cfg(feature = "client")]
pub use error::{
    AnswerError, BadLine, ConfigError, ContentError, DiskError, Error, ErrorKind, Fault,
    NotAccepted, Remedy, Stored, TransportError, Undelivered,
};
pub use precision::Precision;
#[cfg(feature = "spool")]
pub use spool::Spool;
pub use time::{Time, TimeError};
#[cfg(feature = "client")]
pub use writer::Writer;

/// The README's examples are compiled with the rest.
#[cfg(all(doctest, feature = "client"))]
#[doc = include_str!("../README.md")]
struct Readme;
