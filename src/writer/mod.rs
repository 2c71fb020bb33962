//! The batching writer: points go in one at a time, and the outcome of each is reported.
//!
//! **What it is for.** A program hands over points as they come. The [`Writer`] collects them,
//! sends them in batches, retries when that fails, and keeps one bad point from harming the
//! others. At any moment it reports the outcome of every point it accepted.
//!
//! **In scope**: batches by number, size and age; several buckets; times for points without one;
//! retries; isolating what a server refuses; bounded memory; counts of every outcome.
//!
//! **Out of scope**: what a response means (the client decides that), how batches lie on disk (the
//! [`spool`](crate::spool) knows; the writer decides what goes there, and sends what comes back).
//!
#![cfg_attr(feature = "spool", doc = "```no_run")]
#![cfg_attr(not(feature = "spool"), doc = "```ignore")]
//! # use core::time::Duration;
//! # use influx_edge::{Client, Spool, line::Point};
//! # let client = Client::builder("http://localhost:8086").build()?;
//! # let reading = Point::new("weather").field("temp_c", 21.5);
//! use std::time::Instant;
//!
//! let mut w = client
//!     .writer("sensors")
//!     .flush_interval(Duration::from_secs(5))
//!     .spool(Spool::open("/var/lib/logger/spool")?)
//!     .build()?;
//! let mut next_tick = Instant::now();
//! for _ in 0..3_600 {
//!     if let Err(e) = w.write(&reading) {
//!         eprintln!("{e}"); // one value that can't be written doesn't end a logger
//!     }
//!     next_tick += Duration::from_secs(1);
//!     w.run_until(next_tick)?; // sends what is due, and returns at the tick
//! }
//! println!("{}", w.close()?); // 3600 delivered
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! # The contract
//! At every moment **accepted = delivered + spooled + rejected + dropped + buffered**; see
//! [`Stats`]. A count changes only when lines move from one of these places to another.
//!
//! | `Ok` of | means |
//! |---|---|
//! | `write` | the point is accepted; in [write-ahead](#write-ahead) it is on disk, too |
//! | `flush` | every point accepted before is delivered, on disk and synced, or counted as rejected or dropped; the [`Outcome`] has the numbers since the flush before |
//! | `close` | the same of the whole run, and the writer has ended |
//!
//! No line disappears without a count, also when a writer is dropped.
//!
//! ```text
//!                  204
//!          ┌───────────────────────────────────────────────▶ delivered ◀──┐
//!  write   │       refused by the server                                  │ 204
//! ──────▶ buffered ────────────────────────────────────────▶ rejected  ◀──┤ refused
//!  │       │   ▲ │ overflow, given up, closed, panicked                   │
//!  │       │   │ └─────────────────────────────────────────▶ dropped   ◀──┤ the disk lost it
//!  │       │   │                                                          │
//!  │       ▼   │ lost by the disk, but still in memory                    │
//!  └────▶ spooled ────────────────────────────────────────────────────────┘
//!   write-ahead, or found on disk when the writer is built
//! ```
//!
//! *Held* lines are on disk and in memory: they were read back to be sent, or went to disk while their
//! request was under way. They count as spooled. What the disk drops ([`OverflowPolicy::DropOldest`]),
//! finds damaged or can't sync is counted at once: as buffered again if it is held, and then sent before what
//! is still on disk, else as dropped ([`DropReason::Spool`]).
//!
//! | response | what the writer does |
//! |---|---|
//! | 204 | delivered |
//! | bad lines, named | exactly those are rejected, the others sent once more |
//! | bad lines, not named | found by halving, rejected if the [path works](#the-lines-or-the-path) |
//! | the good lines are stored, others dropped | reported; nothing is sent again, but what a list of them that was cut leaves open |
//! | too large | cut in two, down to one line; that is rejected if the path works |
//! | either of these two, whatever is sent | kept, tried each minute or more slowly; an operator has to act |
//! | none, 408, 425, 429, 5xx | kept, tried again after 1 s … 5 min, later if the server asks for it, never sooner |
//! | connections break under the same large batch | its body waits for `100 Continue`; then it is cut in two |
//! | the client's time limit ends a request | the batch is cut in two, down to 16 KiB; larger ones follow when these take half of the limit |
//! | 500 again and again on the same batch | what was stored before is sent once more; if that works, the lines to blame are found by halving |
//! | *with a spool:* anything after which data are kept | the batch goes to disk, and so do those behind it, until the disk is empty again |
//! | token, bucket, permission, certificate, a foreign page | kept, tried each minute or more slowly; an operator has to act |
//!
//! # A queue
//! Each bucket has a queue of its own: one that is missing or slow holds up no other, except that one
//! request is under way at a time. Queues take turns.
//!
//! ```text
//!          full, flush_interval old,
//!          flush, another precision             its turn          204
//!  write ─▶ collecting ─────▶ sealed ───────────▶ in flight ─────────▶ delivered
//!                              │  ▲                │  │
//!                              │  └── no spool ────┘  │ a failure
//!     behind others on disk,   │      a failure       │ or a stall,
//!   or behind a stall; a flush ▼                      │ with a spool
//!                           spooled ◀─────────────────┘
//!                              │ ▲
//!               its turn again │ │ a failure
//!                              ▼ │         204
//!                        held, in flight ───────▶ delivered, acknowledged on disk
//! ```
//! A request *stalls* when it has been out for a `flush_interval`: with a spool, and a thread of the
//! writer's own, all that waits goes to disk then. With [`Writer::run_until`] the deadline ends it instead;
//! what was cut off is sent in smaller pieces, which is no failure.
//!
//! When the queue may send again:
//!
//! ```text
//!   ┌──────┐  failure                ┌─────────────────────────────────────────┐
//!   │      │ ──────────────────────▶ │ retry: 1 s … 5 min. A flush ends it.    │
//!   │      │ ◀────────────────────── └─────────────────────────────────────────┘
//!   │      │  success, or a line named by the server
//!   │ none │  failure, Retry-After   ┌─────────────────────────────────────────┐
//!   │      │ ──────────────────────▶ │ server asked: a flush doesn't end it.   │
//!   │      │ ◀────────────────────── └─────────────────────────────────────────┘
//!   │      │  success                ┌─────────────────────────────────────────┐
//!   │      │ ──────────────────────▶ │ drain rate: nothing has failed; a flush │
//!   └──────┘  of a backlog on disk   │ waits for it.                           │
//!             ◀───────────────────── └─────────────────────────────────────────┘
//! ```
//! The number of failures in a row, from which the retry's pause grows, lasts until a success.
//!
//! # Order on disk
//! Within a bucket, what is on disk is older than what is in memory. So as long as anything is on disk, new
//! batches go behind it and the disk is what is sent from. And before any batch goes to disk, the one in
//! flight goes: if its response is lost it is sent again, and behind a newer value of the same series and
//! time that repeat would overwrite it. If its 204 arrives after all, it is acknowledged there.
//!
//! # Write-ahead
//! With [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead) lines go to disk before `write` returns, are
//! counted as spooled, and are sent from there in batches of the usual size.
//!
//! | durability | when `write` returns the lines |
//! |---|---|
//! | `EveryBatch` | are synced; lines that several handles write at the same time share a sync |
//! | `Interval(d)` | are with the operating system, and synced within `d` |
//! | `OsManaged` | are with the operating system |
//!
//! A disk that fails makes `write` return [`WriteError::NotDurable`], one that is full, by its
//! [`OverflowPolicy`], [`WriteError::Full`]: the line is not accepted. A `write` from a handle waits for as long
//! as the disk takes: only then is it known.
//!
//! # Two drivers
//! | | [`Writer`] | [`WriterHandle`], by [`Writer::spawn`] |
//! |---|---|---|
//! | threads | the caller's | a keeper, which has the queues and the disk; a sender, which makes the requests |
//! | `write` | encodes into the batch that is collected. If that is full it is sent, unless [`send_in_write`](WriterBuilder::send_in_write) is off | encodes on its own, then copies under a lock that is held for neither network nor disk. Waits only with [`OverflowPolicy::Block`] and in write-ahead |
//! | time passes in | [`poll`](Writer::poll), [`run_until`](Writer::run_until), [`flush`](Writer::flush) | its own threads |
//! | while a request is out | the caller waits | lines are accepted, batches go to disk, the disk is synced |
//! | `flush_within(d)`, `close_within(d)` | the request is cut off at `d` | return at `d`, and the request goes on: with a spool the lines are on disk, without one they are kept ([`FlushError`]), after close counted as [`DropReason::Closed`] |
//! | full memory | [`overflow_policy`](WriterBuilder::overflow_policy) | the policy given to `spawn`; what is in flight is never dropped |
//! | dropped | closes, within [`flush_timeout`](WriterBuilder::flush_timeout) | the last handle waits as long, and 1 s more, then leaves the threads to themselves |
//!
//! A result that arrives late moves lines only from where they are by then.
//!
//! # The lines or the path
//! A gateway may refuse every request, in the database's own words; some databases respond with one sentence
//! to any bad line. So a refusal that names no line, and a 413, may be the fault of the lines or of the path
//! to the database. A line is rejected for one only if it was refused by itself twice and something was
//! stored in between, or if all other lines of a refused piece have been stored since.
//!
//! ```text
//! sent ──refused──▶ halved ──one line, refused──▶ suspected; what stands behind it is sent
//!                                                      │
//!             ┌───────────── anything stored ──────────┤
//!             │                                        │ 8 refusals, or nothing left to send
//!             ▼                                        ▼
//!   suspected lines are sent again ◀──stored── the probe is sent
//!             │                                        │
//!   refused: rejected; stored: delivered               │ refused, or there is none
//!                                                      ▼
//!     all are kept, `Event::Failed` and `last_error` ask for an operator; again after a minute or more
//! ```
//!
//! The probe is the last line that was stored, sent again: that changes nothing. If nothing was stored
//! yet, or the probe itself is refused, it is one of the lines that wait, from this batch or behind it;
//! it is sent again in its turn, so that the last value of a point stays. A bucket whose first
//! line is bad waits until another line was stored.
//!
//! One bad line among `n` takes some `2 · log2(n)` requests and at most one probe. If all lines are bad,
//! each takes two requests, and there is a probe after every eight. While everything is refused, an
//! attempt takes two requests (the first, nine).
//!
//! # Memory
//! Lines in memory alone are at most [`max_buffer_bytes`](WriterBuilder::max_buffer_bytes), those that wait
//! for the keeper included. A point that comes then is rejected, blocks, or drops the oldest, as the
//! [`OverflowPolicy`] defines. How much of it is used:
//!
//! | | lines in memory, for each bucket |
//! |---|---|
//! | no spool and a failing server, or a disk that takes nothing | up to the limit |
//! | spool, the server responds | those of one `flush_interval` or one request, whichever is longer |
//! | spool, a failing server | those of one `flush_interval`, and the batch that is held |
//! | spool, a stalled request, threaded | those of about two `flush_interval`s, and the batch in flight |
//! | write-ahead | the batch that is held |
//!
//! On top come, for each bucket, storage to be used again (that of an open batch and of one that was sent),
//! the held batch (of a backlog that is compressed up to 1 MiB), and 12 KiB for probes; [`max_rejected_bytes`](WriterBuilder::max_rejected_bytes); 64 events;
//! for each handle 128 KiB at most, for all handles 1 MiB. A handle with [`OverflowPolicy::DropOldest`] may exceed the limit by one batch,
//! until the keeper makes space.
//!
//! # Listeners
//! [`WriterBuilder::on_event`] sets a callback. It is called outside all locks, after the counts
//! are consistent: by the thread that called the [`Writer`], or by the keeper.
//! - On the keeper's thread handles can write: without blocking, and not in write-ahead. `flush`, `close` and
//!   whatever else would wait for the keeper return [`WriteError::OwnThread`]; dropping the last handle there
//!   doesn't wait.
//! - While it runs the keeper does nothing else. Keep it short.
//! - A line that it writes for each [`Event::Delivered`] is delivered, too, and emits the next one, without
//!   end. Write for other events, or count.
//! - [`Event::SpoolFailed`] is emitted for each bucket when the disk begins to take nothing; again when it
//!   fails in another way, or after it has taken something in between.
//! - At most 64 events wait. Equal ones are merged when 16 do; those beyond are counted in [`Event::Missed`].
//! - One that panics isn't called again, with one line on stderr. (With `panic = "abort"` it ends the
//!   program, as any panic.)
//!
//! # The end of a program
//! A [`Writer`], or the last [`WriterHandle`], closes itself when it is dropped. But `Drop` runs neither for a
//! `static` nor in `std::process::exit`, `abort`, or by a signal that ends the process. What is in memory
//! then is lost: at most what came since the flush before. End in `main`, and call `close` before any exit;
//! it also returns what was lost.
//!
//! ```no_run
//! use influx_edge::{Client, Error, writer::OverflowPolicy};
//! use std::process::exit;
//!
//! fn main() {
//!     let ended = run(); // the writer is closed by now, whatever came in between
//!     exit(match ended {
//!         Ok(()) => 0,
//!         Err(error) => {
//!             eprintln!("{error}");
//!             1
//!         }
//!     });
//! }
//!
//! fn run() -> Result<(), Error> {
//!     let client = Client::builder("http://localhost:8086").org("acme").build()?;
//!     let mut w = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
//!     w.write_with(|enc| enc.line("boot").field("ok", true).finish())?;
//!     println!("{}", w.close()?);
//!     Ok(())
//! }
//! ```
//! Of a handle in a `static` each thread makes a clone to write with, and one is flushed before the exit. In
//! write-ahead nothing is lost however the program ends.
//!
//! ```
//! use influx_edge::{Client, Error, writer::{OverflowPolicy, WriterHandle}};
//! use std::sync::OnceLock;
//!
//! static WRITER: OnceLock<WriterHandle> = OnceLock::new();
//!
//! # fn main() -> Result<(), Error> {
//! # let client = Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
//! let w = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
//! let first = WRITER.get_or_init(|| w);
//! let mut mine = first.clone(); // once for each thread
//! mine.write_with(|enc| enc.line("boot").field("ok", true).finish())?;
//! println!("{}", mine.flush()?); // before `std::process::exit`
//! # Ok(())
//! # }
//! ```
//! On Ctrl-C and SIGTERM the default is to end the program at once, without `Drop`. Let a signal handler (that
//! of the crate `ctrlc` with its feature `termination`, for instance) only set a flag that the loop reads, and
//! close after the loop; the example `minimal_gateway` does so.
//!
//! **Daemonize first**, then open the spool, build the writer and spawn it. A process that is forked later has
//! no threads, and neither spool nor writer: its handles return [`WriteError::Forked`], the spool
//! [`SpoolError::Forked`](crate::spool::SpoolError::Forked). (Of a [`Writer`] without a spool nothing
//! notices a fork: both processes send what it holds, which stores the same points twice over.)
//!
//! # What to watch
//! - *Nothing happens by itself* in a [`Writer`]: [`Writer::run_until`] and [`Writer::poll`] are what makes
//!   time pass. Call one of them in the loop's idle time, or use [`Writer::spawn`].
//! - *Time.* A request may take as long as the client's limits allow (30 s), and a `poll` that long beyond
//!   its own limit. [`Writer::run_until`] returns at its deadline; if that is always sooner than a response
//!   comes, nothing is delivered. Under a watchdog, turn [`WriterBuilder::send_in_write`] off.
//! - *Boards without a battery-backed clock* start in 1970. Points without a time are refused until
//!   the clock is set, unless [`ClockGuard`] allows them. Points with a time of their own are
//!   never checked.
//! - *The same point twice* does no harm: a point is its series and its time, and a repeated request
//!   writes the same again. Untimed points would multiply, which is why the writer gives them a time
//!   when they come: in nanoseconds none is given twice, over all handles.

mod account;
mod builder;
mod display;
mod drive;
mod engine;
mod event;
mod lines;
mod rejected;
mod report;
mod route;
mod settings;
mod spool;
mod stamp;
#[allow(clippy::module_inception)] // the type's own file, as everywhere in this crate
mod writer;

use crate::line::split_lines as split;
use drive::seams;

pub use crate::error::{ClockError, FlushError, PointError, WriteError};
pub use crate::overflow_policy::OverflowPolicy;
pub use account::{DropReason, DroppedLines, Outcome, RejectReason, RejectedLines, Stats};
pub use builder::WriterBuilder;
pub use event::Event;
pub use lines::LinesOutcome;
pub use rejected::Rejected;
pub use settings::BatchEncoder;
pub use stamp::ClockGuard;
pub use writer::{Writer, WriterHandle};

#[cfg(test)]
mod tests;
