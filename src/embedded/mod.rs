//! Writes and queries from a microcontroller, over any byte stream.
//!
//! ```
//! use influx_edge::Precision;
//! use influx_edge::embedded::{Config, Connection, Queue};
//! use influx_edge::line::Encoder;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # mod board { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/transport.rs")); }
//! # let socket = board::connect(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs")));
//! const CONFIG: Config<'static> = Config::new("192.168.1.10:8086")
//!     .org("acme")
//!     .token("my-token");
//!
//! let (mut buffer, mut ring, mut storage) = ([0; 512], [0; 4096], [0; 128]);
//! let mut connection = Connection::new(socket, &mut buffer, &CONFIG);
//! let mut queue = Queue::new(&mut ring, Precision::Second);
//! let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
//! enc.line("weather")
//!     .tag("station", "zrh-1")
//!     .field("temp_c", 21.5)
//!     .timestamp(1_700_000_000)?;
//! queue.push(enc.lines())?;
//! let delivered =
//!     queue.deliver(1024, |lines| connection.write("sensors", lines))?;
//! assert_eq!(delivered, 1);
//! # Ok(()) }
//! ```
//!
//! | for | take |
//! |---|---|
//! | requests over a transport with `Read` and `Write` of [`embedded-io`](https://docs.rs/embedded-io/0.7) 0.7: a TCP socket of smoltcp or embassy-net, a modem in transparent mode, a TLS session | [`Connection`] |
//! | server and credentials, in a `const` | [`Config`] |
//! | lines in a ring buffer during an outage | [`Queue`] |
//! | the time of the next attempt | [`Backoff`] |
//! | a time limit for a transport that has none | [`Timed`] |
//!
//! Responses are classified by the same [table](crate::http#the-table-of-write-statuses) as the client's.
//! Opening a connection, DNS and TLS are up to the transport. Open it again when [`Connection::is_open`] returns
//! `false`. [The guide](crate::guide::microcontrollers) has the loop of a station and a list of transports.
//!
//! Everything here is `no_std`, allocates nothing and blocks. A call takes at most 2 KiB of stack on a
//! Cortex-M (measured: 1 KiB), in addition to the transport's.

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
