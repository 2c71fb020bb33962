//! The HTTP client: one server, its connections, and every request to it.
//!
//! **What it is for.** [`Client`] writes line protocol, asks Flux queries, deletes, checks the
//! server's health, and makes any other call of InfluxDB's v2 interface ([`Client::request`]). It
//! blocks; there is no runtime and no hidden thread.
//!
//! **In scope**: the settings ([`ClientBuilder`], environment, configuration file), HTTP, sessions,
//! compression, the meaning of every response, retries when asked for.
//!
//! **Out of scope**: batching and keeping data through an outage (the writer does, on top of
//! this), typed buckets, tasks and tokens (the resources do).
//!
//! # What to watch
//! - *Time.* Every call has limits and keeps them: 5 s to connect, 20 s of silence, 30 s in all
//!   (queries: a minute of silence, five minutes in all). A program with a watchdog sets them
//!   shorter. Nothing is retried unless [`ClientBuilder::retry`] says so, save one: a pooled
//!   connection that turns out to be dead is replaced, at once and once.
//! - *Success* of a write is 204 and nothing else. A captive portal's 200 is an error.
//! - *Redirects* are never followed, proxies in the environment never used.
//! - *Memory*: some 16 KiB for a client with one connection (`cargo bench --bench client` prints
//!   it), and up to 64 KiB more while a body is sent; responses are streamed, and read whole only up to
//!   a cap.
//! - *Secrets*: no token, password or cookie is in any `Debug`, error or log line of this crate, nor
//!   what a server repeats of one: whole or 8 characters of it, in other case, broken over lines, in
//!   percent-encoding, as a form, in HTML entities, JSON escapes or base64 at any of its three
//!   alignments, and in two of these at once. Not found are hexadecimal, a reversed text and other
//!   encodings; [`guide::security`](crate::guide::security) has the table. A secret of less than 8 characters is found only
//!   as a word of its own, and the crate's own words and hosts are printed whole, even if a secret is
//!   in them ([`Client::warnings`] says both). Bodies that you read yourself, rows and the
//!   values of headers are handed over as they come. Secrets travel
//!   in clear over `http://`; [`ClientBuilder::https_only`] refuses that. The HTTP
//!   library below, `ureq_proto`, dumps what it handles to the log at the level `trace`: credentials
//!   go around it, and what the head of a response repeats of them is masked before; but headers of
//!   your own, bodies of either direction, cookies that a server sets and tokens that it makes are in
//!   there. Leave that target at `debug`.

pub(crate) mod auth;
mod build;
mod builder;
mod checks;
#[allow(clippy::module_inception)] // the type's own file, as everywhere in this crate
mod client;
#[cfg(feature = "gzip")]
mod compression;
mod config;
mod config_file;
mod cookies;
mod decode_echo;
mod delete;
pub(crate) mod execute;
pub mod faults;
mod health;
mod logging;
mod method;
mod named_lines;
pub(crate) mod names;
mod on_v3;
mod own_words;
mod query;
mod request;
mod response;
pub(crate) mod response_error;
pub(crate) mod retry;
pub(crate) mod rows;
mod scrub;
pub(crate) mod secret;
mod server_clock;
mod setting_text;
pub(crate) mod setup;
pub(crate) mod transport;
mod type_conflict;
pub(crate) mod url;
mod validate;
mod write;
mod write_data;

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
pub use retry::{Retry, RetryPolicy};
pub use rows::Rows;
pub(crate) use server_clock::ServerTime;
pub use setup::{Me, Setup, SetupDone};
pub use transport::Headers;
pub use validate::{Check, Validation};
pub(crate) use write_data::EncodedLines;
pub use write_data::WriteData;
