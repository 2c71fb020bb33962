//! The batching writer: points go in one at a time, and the outcome of each is reported.
//!
//! **What it is for.** A program hands over points as they come. The [`Writer`] collects them,
//! sends them in batches, tries again when that fails, and keeps one bad point from harming the
//! others. At any moment it reports the outcome of every point it accepted.
//!
//! **In scope**: batches by number, size and age; several buckets; times for points without one;
//! retries; taking out what a server refuses; bounded memory; the account.
//!
//! **Out of scope**: what a response means (the client decides that), how batches lie on disk (the
//! spool knows; the writer decides what goes there, and sends what comes back).
//!
#![cfg_attr(feature = "spool", doc = "```no_run")]
#![cfg_attr(not(feature = "spool"), doc = "```ignore")]
//! # use core::time::Duration;
//! # use influx_edge::{Client, Spool, line::Point};
//! # let client = Client::builder("http://localhost:8086").build()?;
//! # let reading = Point::new("weather").field("temp_c", 21.5);
//! let mut w = client
//!     .writer("sensors")
//!     .batch_lines(5_000)
//!     .flush_interval(Duration::from_secs(1))
//!     .spool(Spool::open("/var/lib/logger/spool")?)
//!     .build()?;
//! w.write(&reading)?;
//! w.poll()?;
//! let outcome = w.flush()?;
//! println!("{outcome}");
//! # let _ =
//! w.close()?;
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! # The contract
//! At every moment **accepted = delivered + spooled + rejected + dropped + buffered**; see
//! [`Stats`]. `write` returns `Ok`: the point is accepted. `flush` returns `Ok`: every accepted
//! point is delivered, on disk, or counted as rejected or dropped, and the [`Outcome`] says how
//! many. Nothing leaves the account in silence, not even when a writer is dropped.
//!
//! | what the server says | what the writer does |
//! |---|---|
//! | 204 | delivered |
//! | bad lines, named | exactly those are rejected, the others sent once more |
//! | bad lines, not named | found by halving, rejected if the [path works](#the-lines-or-the-path) |
//! | the good lines are stored, others dropped | told; nothing is sent again |
//! | too large | cut in two, down to one line; that is rejected if the path works |
//! | either of these two, whatever is sent | kept, tried each minute or more slowly; a person has to act |
//! | no response, 408, 425, 429, 5xx | kept, tried again: 1 s … 5 min, the server's own wish first |
//! | connections break under the same large batch | its body waits for `100 Continue`; then it is cut in two |
//! | 500 again and again on the same batch | what was stored before is sent once more; if that works, the lines to blame are found by halving |
//! | *with a spool:* anything after which data are kept | the batch goes to disk, and so do those behind it, until the disk is empty again |
//! | token, bucket, permission, certificate, a foreign page | kept, tried each minute or more slowly; a person has to act |
//!
//! # The lines or the path
//! A gateway may refuse every request, in the database's own words; some databases say one sentence of
//! any bad line. So a refusal that names no line, and a 413, may be the fault of the lines or of the path
//! to the database. A line is rejected for one only if it was refused by itself twice and something was
//! stored in between, or if all other lines of a refused piece have been stored since.
//!
//! ```text
//! sent ──refused──▶ halved ──one line, refused──▶ suspected; what stands behind it is sent
//!                                                      │
//!             ┌───────────── anything stored ──────────┤
//!             │                                        │ 8 refusals, or nothing left to send
//!             ▼                                        ▼
//!   suspected lines are sent again ◀──stored── the proof is sent
//!             │                                        │
//!   refused: rejected; stored: delivered               │ refused, or there is none
//!                                                      ▼
//!                 all are kept, `last_error` asks for a person; again after a minute or more
//! ```
//!
//! The proof is the last line that was stored, sent again: that changes nothing. If nothing was stored
//! yet, or the proof itself is refused, it is one of the lines that wait, from this batch or behind it;
//! it is sent again in its turn, so that the last value of a point stays. A bucket whose first
//! line is bad waits until another line was stored.
//!
//! One bad line among `n` takes some `2 · log2(n)` requests and at most one proof. If all lines are bad,
//! each takes two requests, and there is a proof after every eight. While everything is refused, an
//! attempt takes two requests (the first, nine).
//!
//! # What to watch
//! - *Nothing happens by itself.* There is no thread; [`Writer::poll`] is what makes time pass.
//!   Call it in the loop's idle time, or use [`Writer::spawn`].
//! - *Time.* A request may take as long as the client's limits allow (30 s). Under a watchdog,
//!   shorten those, and turn [`WriterBuilder::send_in_write`] off.
//! - *Memory.* At most [`WriterBuilder::max_buffer_bytes`] of lines, and one open batch's storage for
//!   each bucket. A point that comes then is rejected, blocks, or drops the oldest, as the
//!   [`OverflowPolicy`] says.
//! - *Boards without a battery-backed clock* start in 1970. Points without a time are refused until
//!   the clock is set, unless [`ClockGuard`] says otherwise. Points with a time of their own are
//!   never judged.
//! - *The same point twice* is no harm: a point is its series and its time, and a repeated request
//!   writes the same again. Untimed points would multiply, which is why the writer gives them a time
//!   when they come.

mod account;
mod batch;
mod builder;
mod core;
mod deliver;
#[cfg(feature = "spool")]
mod disk;
#[cfg(not(feature = "spool"))]
#[path = "no_disk.rs"]
mod disk;
mod event;
mod handle;
mod inbox;
mod lane;
mod pace;
mod rejected;
mod remote;
mod room;
mod seams;
mod settings;
mod spooling;
mod stamp;
mod thread;

use crate::client::split_lines as split;

pub use self::core::BatchEncoder;
pub use crate::error::{FlushError, PointError, WriteError};
pub use crate::overflow_policy::OverflowPolicy;
pub use account::{DropReason, DroppedLines, Outcome, RejectReason, RejectedLines, Stats};
pub use builder::WriterBuilder;
pub use event::Event;
pub use handle::Writer;
pub use rejected::Rejected;
pub use remote::WriterHandle;
pub use stamp::ClockGuard;

#[cfg(test)]
mod tests;
