//! A connection for microcontrollers: writes and queries over anything that reads and writes bytes.
//!
//! # In scope
//! - [`Connection`]: blocking requests over a transport that implements `Read` and `Write` of
//!   [`embedded-io`](https://docs.rs/embedded-io/0.7) 0.7: a TCP socket of smoltcp or embassy-net, a modem in transparent mode, a TLS session. Responses mean what
//!   they mean to the client: both read them by [`http`](crate::http)'s table.
//! - [`Config`]: server and credentials, a `const`.
//! - [`Backoff`]: when to try again. [`Queue`]: lines in a ring buffer while the server is away.
//!
//! # Out of scope
//! - Opening a connection, DNS, TLS: the transport's owner does it, and opens it again when
//!   [`Connection::is_open`] says so.
//! - Time limits: the transport's reads have them, and report an error. [`Timed`] adds one.
//!
//! [The guide](crate::guide::microcontrollers) has the loop of a station, and which transports there are.
//!
//! Everything here is `no_std`, allocates nothing and blocks. A call takes at most 2 KiB of stack on a
//! Cortex-M (measured: 1 KiB), beside what the transport takes.

mod backoff;
mod config;
mod connection;
mod error;
mod named_line;
mod queue;
mod rows;
mod sender;
mod timed;

pub use backoff::Backoff;
pub use config::Config;
pub use connection::Connection;
pub use error::{Error, ResponseError};
pub use queue::{Queue, QueueError, QueueStats};
pub use rows::Rows;
pub use timed::Timed;
