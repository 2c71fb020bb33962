//! The blocking HTTP client: one server, its connections, and every request to it.
//!
//! ```
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
//! use influx_edge::client::Method;
//!
//! client.write("sensors", "weather,station=zrh-1 temp_c=21.5")?;
//! let mut rows = client
//!     .query(r#"from(bucket: "sensors") |> range(start: -1h)"#)
//!     .call()?;
//! while let Some(row) = rows.next()? {
//!     println!("{}", row.get::<f64>("_value")?);
//! }
//! let metrics = client
//!     .request(Method::Get, "/metrics")
//!     .call()?
//!     .error_for_status()?;
//! assert!(metrics.into_string()?.contains("influxdb_buckets_total"));
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! | type | for |
//! |---|---|
//! | [`ClientBuilder`] | settings: by method, from the environment or from a file |
//! | [`Client`] | calls; cheap to clone, one clone a thread |
//! | [`WriteData`] | the types that [`Client::write`] takes |
//! | [`Query`], [`Rows`] | Flux, and its result row by row |
//! | [`DeletePoints`] | deletes of points |
//! | [`Request`], [`Response`] | any other call of the v2 interface |
//! | [`RetryPolicy`] | retries of single calls |
//! | [`Validation`] | a check of server, credentials and clock at a program's start |
//!
//! Batches, and data that must survive an outage, are for the [`writer`](crate::writer), on top of this
//! module; buckets, tasks, tokens and other resources for [`api`](crate::api).
//!
//! # Time limits
//! Every call blocks and has limits: 5 s to connect, 20 s without a byte, 30 s in all; for queries a
//! minute without a byte and five minutes in all. A program with a watchdog sets them shorter. Nothing
//! is retried unless [`ClientBuilder::retry`] asks for it, with one exception: a pooled connection that
//! turns out to be dead is replaced once, at once. There is no runtime and no hidden thread.
//!
//! # Responses
//! Only 204 is the success of a write: a captive portal's 200 is an error. Redirects are never followed,
//! proxies from the environment never used. Responses are streamed, and read whole only up to a limit.
//!
//! # Memory
//! About 16 KiB for a client with one connection (`cargo bench --bench client` prints it), and up to
//! 64 KiB more while a body is sent.
//!
//! # Secrets
//! No token, password or cookie is in any `Debug`, error or log line of this crate, nor in what is
//! printed of a server's text: neither the whole secret nor 8 characters of it, in other case, broken
//! over lines, percent-encoded, as form data, in HTML entities, JSON escapes or base64 at any of its
//! three alignments, nor in two of these encodings at once. Hexadecimal, reversed text and other
//! encodings aren't found; [`guide::security`](crate::guide::security) has the table. A secret of fewer
//! than 8 characters is masked only as a separate word. The crate's own words and hosts are printed
//! whole, even if a secret is part of them; [`Client::warnings`] reports both cases. Bodies that the
//! program reads itself, rows, and values of headers are handed over unchanged.
//!
//! Over `http://` secrets travel in clear; [`ClientBuilder::https_only`] refuses that. The HTTP library
//! below, `ureq_proto`, logs what it handles at the level `trace`. Credentials bypass it, and secrets in
//! the head of a response are masked before. But your own headers, bodies in both directions, cookies
//! that a server sets and tokens that it makes are in that log: leave that target at `debug`.

// Rustdoc lists the methods of `Client` in the order of these modules: the everyday path first.
mod builder;

mod write;

mod query;

#[allow(clippy::module_inception)] // the type's own file, as everywhere in this crate
mod client;

mod config;

pub(crate) mod auth;
mod build;
mod checks;
#[cfg(feature = "gzip")]
mod compression;
mod config_file;
mod cookies;
mod decode_echo;
mod delete;
pub(crate) mod execute;
pub mod faults;
mod logging;
mod method;
mod named_lines;
pub(crate) mod names;
mod on_v3;
mod own_words;
mod request;
mod response;
pub(crate) mod response_error;
pub(crate) mod retry;
pub(crate) mod rows;
mod scrub;
pub(crate) mod secret;
mod server_clock;
mod setting_text;
pub(crate) mod transport;
mod type_conflict;
pub(crate) mod url;
mod validate;
mod write_data;

mod health;
pub(crate) mod setup;

pub use builder::ClientBuilder;
pub use client::Client;
pub(crate) use client::{Inner, OnRetry, Org};
pub use delete::DeletePoints;
pub use health::{Health, Ready};
pub use method::Method;
#[cfg(all(test, feature = "embedded"))]
pub(crate) use named_lines::line_errors;
pub use query::{Dialect, Query};
pub use request::Request;
pub use response::Response;
pub use retry::RetryPolicy;
pub use rows::Rows;
pub(crate) use server_clock::ServerTime;
pub use setup::{Setup, SetupDone};
pub use validate::{Check, Validation};
pub(crate) use write_data::EncodedLines;
pub use write_data::WriteData;
