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
//! | [`Client`] | calls; cheap to clone, one clone per thread |
//! | [`WriteData`] | the types that [`Client::write`] takes |
//! | [`Query`], [`Rows`] | Flux, and its result row by row |
//! | [`DeletePoints`] | deletes of points |
//! | [`Request`], [`Response`] | any other call of the v2 interface |
//! | [`RetryPolicy`] | retries of single calls |
//! | [`Validation`] | a check of server, credentials and clock when a program starts |
//!
//! For batches, and for data that must survive an outage, use the [`writer`](crate::writer) on top of this
//! module; for buckets, tasks, tokens and other resources, [`api`](crate::api).
//!
//! # Time limits
//! Every call blocks and has limits: 5 s to connect, 20 s without a byte, 30 s in total. A query may take
//! 1 min without a byte and 5 min in total. Under a watchdog, set shorter limits. Nothing is retried unless
//! [`ClientBuilder::retry`] is set, with one exception: a pooled connection that turns out to be dead is
//! replaced once, immediately. There is no runtime and no hidden thread.
//!
//! # Responses
//! A write succeeds only with 204: a captive portal's 200 is an error. Redirects are never followed, and
//! proxies from the environment are never used. Responses are streamed; one that is read as a whole has a
//! limit.
//!
//! # Memory
//! About 16 KiB for a client with one connection (`cargo bench --bench client` prints it), and up to
//! 64 KiB more while a body is sent.
//!
//! # Secrets
//! No token, password or cookie appears in any `Debug` output, error or log line of this crate. If a server
//! repeats a secret, every run of 8 or more of its characters is masked before the text is printed: also in
//! another case, broken across lines, percent-encoded, as form data, in HTML entities, JSON escapes or
//! base64 at any of its three alignments, and in two of these encodings at once. Hexadecimal, reversed text
//! and other encodings aren't found; [`guide::security`](crate::guide::security) has the table. A secret of
//! fewer than 8 characters is masked only as a separate word. The crate's own messages and host names are
//! printed unmasked, even if part of a secret occurs in them; [`Client::warnings`] reports both cases. Rows,
//! header values, and bodies that the program reads itself are returned unchanged.
//!
//! Over `http://` secrets travel in clear text; [`ClientBuilder::https_only`] rejects such URLs. The HTTP
//! library underneath, `ureq_proto`, logs everything it handles at level `trace`. Credentials bypass it, and
//! secrets in the head of a response are masked before it sees them. But your own headers, bodies in both
//! directions, cookies that a server sets and tokens that it creates are in that log: keep that target at
//! `debug`.

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
pub(crate) mod response_limits;
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
