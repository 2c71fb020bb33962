//! A mock server: enough of an InfluxDB v2 to be written to and queried by the tests and the
//! quickstart, on any machine, with nothing installed.
//!
//! It is not InfluxDB: its headers and its health response name it `mock server`.
//! Its responses equal the recorded ones of InfluxDB OSS 2.9.1 to the byte: the framing of annotated CSV,
//! the messages, status and headers of errors, no point stored if a line is bad, the good points stored if
//! a field's type conflicts. Every line is checked twice: by the published `influxdb-line-protocol` parser
//! (the 3.x family), and by the rules of 2.x that this parser doesn't have.
//!
//! [`Server::v3`] is a mock of InfluxDB 3 Core 3.6.0 in its place: `/api/v3/write_lp` with and without
//! partial writes, the two older write paths, databases, tables, tokens, and of SQL and InfluxQL the simple
//! `SELECT … FROM m [WHERE tag = $p AND …] [ORDER BY …] [LIMIT n]` and whatever was recorded. It calls itself
//! `3.6.0-mock`.
//!
//! In scope: `/api/v2/write`, `/api/v2/query` (`from |> range |> filter |> last |> limit |> pivot
//! |> yield`, parameters by `extern`), `/ping`, `/health`, `/ready`, faults on demand ([`Fault`]).
//! Out of scope: resources, retention, InfluxQL, TLS, and anything else in Flux, which is an
//! error of the query.
//!
//! ```ignore
//! let server = mock_server::Server::start();
//! server.fault(Fault::status(503).header("Retry-After", "1"));
//! // … a client at server.url(), with server.token(), server.org(), server.bucket() …
//! assert_eq!(server.points(server.bucket()).len(), 1);
//! ```
//!
//! It binds a free port of the loopback interface and stops when dropped.
#![allow(
    dead_code,
    unused_imports,
    reason = "every test binary includes this module whole and uses a part of it"
)]

mod csv;
mod fault;
mod flux;
mod handlers;
mod http;
mod lines;
mod plan;
mod query;
mod server;
mod sql;
mod store;
mod time;
mod token;
mod v3;
mod v3_lines;
pub(crate) use fault::Fault;
pub(crate) use http::Request;
pub(crate) use server::Server;
pub(crate) use store::{Point, Value};
// Not in the examples, which configure their logging themselves.
#[cfg(test)]
pub(crate) use crate::common::watch::{no_secret_in, watch};
