//! The batching writer: points go in one at a time, and the outcome of each is reported.
//!
//! ```
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).build()?;
//! use influx_edge::line::Point;
//!
//! let mut w = client.writer("sensors").build()?;
//! w.write(&Point::new("weather").field("temp_c", 21.5))?;
//! w.write("weather temp_c=21.7")?;
//! assert_eq!(w.close()?.delivered, 2);
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! | take | if |
//! |---|---|
//! | [`Client::write`](crate::Client::write) | the program has whole batches, and handles failures itself |
//! | [`Writer`] | one thread writes, and has idle time in which to send |
//! | [`WriterHandle`] | several threads write, or no thread may wait for the server |
//!
//! The writer collects points, sends them in batches, and retries when that fails; one bad point does not
//! affect the others. A batch is due by its number of lines, its size or its age. One writer serves several
//! buckets, gives a time to points without one, uses bounded memory, and counts every outcome. With a
//! [`spool`](crate::spool) it decides which batches go to disk, and sends those that are there. The client
//! decides what a response means. [A gateway](crate::guide::reliability#a-gateway) is a complete program.
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
//! At every moment **accepted = delivered + spooled + rejected + dropped + buffered**; see [`Stats`]. A count
//! changes only when lines move from one of these places to another.
//!
//! `Ok` of each call means:
//! - `write`: the point is accepted. In [write-ahead](#write-ahead) it is also on disk.
//! - `flush`: every point accepted before is delivered, on disk and synced, or counted as rejected or dropped.
//!   The [`Outcome`] has the numbers since the previous flush.
//! - `close`: the same for the whole run, and the writer has ended.
//!
//! No line disappears without being counted, even when a writer is dropped.
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
//! *Held* lines are both on disk and in memory: they were read back to be sent, or written to disk while their
//! request was in flight. They count as spooled. Lines that the spool drops ([`OverflowPolicy::DropOldest`]), finds
//! damaged or can't sync are counted at once. If they are held they count as buffered again, and are sent before
//! the lines that are still on disk. Otherwise they count as dropped ([`DropReason::Spool`]).
//!
//! | response | action |
//! |---|---|
//! | 204 | delivered |
//! | bad lines, named | exactly those are rejected, the others are sent again |
//! | bad lines, not named | found by bisection, rejected if the [path works](#the-lines-or-the-path) |
//! | the good lines are stored, others dropped | reported; only lines behind the end of a truncated list are sent again |
//! | too large | the batch is split in two, down to one line; that line is rejected if the path works |
//! | bad lines, not named, or too large, for every request | kept, retried each minute or more slowly; an operator has to act |
//! | none, 408, 425, 429, 5xx | kept, retried after 1 s … 5 min; later if the server asks for it, never sooner |
//! | connections break during the same large batch | its body waits for `100 Continue`; then the batch is split in two |
//! | the client's time limit ends a request | the batch is split in two, down to 16 KiB; batches grow again when requests take at most half of the limit |
//! | 500 repeatedly on the same batch | a line that was stored before is sent again; if that works, the bad lines are found by bisection |
//! | *with a spool:* any response after which lines are kept | the batch goes to disk, and so do those behind it, until none is left on disk |
//! | token, bucket, permission, certificate, another program's page | kept, retried each minute or more slowly; an operator has to act |
//!
//! # A queue
//! Each bucket has its own queue, so a missing or slow bucket doesn't hold up the others, except that only one
//! request is in flight at a time. Queues take turns.
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
//! A request *stalls* when it has been in flight for a `flush_interval`. With a spool, a [`WriterHandle`]'s
//! threads then write everything that waits to disk. With [`Writer::run_until`] the deadline ends the request
//! instead; its lines are sent in smaller pieces, and this doesn't count as a failure.
//!
//! Before it sends again, a queue waits for at most one of these delays:
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
//! The delay before a retry grows with the number of consecutive failures, which a success resets.
//!
//! # Order on disk
//! Within a bucket, lines on disk are older than lines in memory. So as long as anything is on disk, new batches
//! are written behind it, and requests are made from disk. Before any batch goes to disk, the one in flight is
//! written there. Its response may be lost, and if it were sent again behind a newer value of the same series and
//! time, it would overwrite that value. When its 204 arrives, it is acknowledged on disk.
//!
//! # Write-ahead
//! With [`Mode::WriteAhead`](crate::spool::Mode::WriteAhead) lines are on disk before `write` returns, count as
//! spooled, and are sent from there in batches of the usual size. It is a setting of the spool:
//! `Spool::builder(dir).mode(Mode::WriteAhead).open()?`.
//!
//! When `write` returns:
//! - `EveryBatch`: the lines are synced. Handles that write at the same time share a sync.
//! - `Interval(d)`: the lines were passed to the operating system, and are synced within `d`.
//! - `OsManaged`: the lines were passed to the operating system.
//!
//! If the disk fails, `write` returns [`WriteError::NotDurable`]; if it is full and its [`OverflowPolicy`] makes
//! no space, [`WriteError::Full`]. The line is not accepted then. A handle's `write` waits for the disk without
//! a time limit, because the outcome isn't known before.
//!
//! # Two drivers
//! | | [`Writer`] | [`WriterHandle`], by [`Writer::spawn`] |
//! |---|---|---|
//! | threads | the caller's | a *keeper*, which owns the queues and the disk; a *sender*, which makes the requests |
//! | `write` | encodes into the batch being collected, and sends it when full, unless [`send_in_write`](WriterBuilder::send_in_write) is off | encodes into its own buffer, then copies under a lock that is held for neither network nor disk. Waits only with [`OverflowPolicy::Block`] and in write-ahead |
//! | sends in | [`poll`](Writer::poll), [`run_until`](Writer::run_until), [`flush`](Writer::flush) | its own threads |
//! | while a request is in flight | the caller waits | lines are accepted, batches go to disk, the disk is synced |
//! | a time limit `d` of flush or close | the request is ended at `d` | returns at `d`, and the request goes on |
//! | full memory | [`overflow_policy`](WriterBuilder::overflow_policy) | the policy given to `spawn`; lines in flight are never dropped |
//! | dropped | closes, within [`flush_timeout`](WriterBuilder::flush_timeout) | the last handle closes; it waits for the same time and 1 s more, then leaves the threads running |
//!
//! When a handle's `flush_within(d)` or `close_within(d)` returns at its limit, the lines are on disk if there is a
//! spool. Without one they are kept ([`FlushError`]), or after a close counted as [`DropReason::Closed`]. A late response
//! moves lines only from the place where they are at that time.
//!
//! # The lines or the path
//! A gateway may refuse every request with the database's own message, and some databases respond with the same
//! sentence to any bad line. So a refusal that names no line, and a 413, may be caused by the lines or by the path
//! to the database. Either rejects a line only if it was refused alone twice and something was stored in
//! between, or if all other lines of a refused piece have been stored since.
//!
//! ```text
//! sent ──refused──▶ halved ──one line, refused──▶ suspected; the lines behind it are sent
//!                                                      │
//!             ┌───────────── anything stored ──────────┤
//!             │                                        │ 8 refusals, or nothing left to send
//!             ▼                                        ▼
//!   suspected lines are sent again ◀──stored── the probe is sent
//!             │                                        │
//!   refused: rejected; stored: delivered               │ refused, or there is none
//!                                                      ▼
//!     all are kept; `Event::Failed` and `last_error` report it; again after a minute
//! ```
//!
//! The probe is the last line that was stored: storing it again changes nothing. If nothing was stored yet, or the
//! probe itself is refused, one of the waiting lines takes its place, from this batch or a later one. That line is
//! sent again in its turn, so that the last value of a point remains. A bucket whose first line is bad waits until
//! another line is stored.
//!
//! One bad line among `n` takes about `2 · log2(n)` requests and at most one probe. If all lines are bad, each takes
//! two requests, with a probe after every eight. While everything is refused, an attempt takes two requests (the
//! first attempt, nine).
//!
//! # Memory
//! Lines in memory alone take at most [`max_buffer_bytes`](WriterBuilder::max_buffer_bytes), including those that
//! wait for the keeper. At that limit the [`OverflowPolicy`] decides: a new point is rejected, waits, or displaces
//! the oldest lines. Typical use:
//!
//! | | lines in memory, for each bucket |
//! |---|---|
//! | no spool and a failing server, or a disk that accepts nothing | up to the limit |
//! | spool, the server responds | those of one `flush_interval` or one request, whichever is longer |
//! | spool, a failing server | those of one `flush_interval`, and the held batch |
//! | spool, a stalled request, threaded | those of about two `flush_interval`s, and the batch in flight |
//! | write-ahead | the held batch |
//!
//! Additional memory: for each bucket, reusable storage (that of the open batch and of one that was sent), the held
//! batch (up to 1 MiB from a compressed backlog), and 12 KiB for probes;
//! [`max_rejected_bytes`](WriterBuilder::max_rejected_bytes); 64 events; at most 128 KiB for each handle, and 1 MiB
//! for all handles. A handle with [`OverflowPolicy::DropOldest`] may exceed the limit by one batch until the keeper
//! makes space.
//!
//! # Listeners
//! [`WriterBuilder::on_event`] sets a callback. It is called outside all locks and with consistent counts: on the
//! thread that called the [`Writer`], or on the keeper's.
//! - On the keeper's thread handles can write, without blocking and not in write-ahead. `flush`, `close` and every
//!   other call that would wait for the keeper return [`WriteError::OwnThread`]; dropping the last handle there
//!   doesn't wait.
//! - While the callback runs, the keeper does nothing else. Keep it short.
//! - A line written for each [`Event::Delivered`] is delivered as well and emits the next such event, in an
//!   endless loop. Write for other events, or count.
//! - [`Event::SpoolFailed`] is emitted for each bucket when the disk starts to refuse lines, and again when the
//!   error changes or after the disk accepted something in between.
//! - At most 64 events wait. From 16 on equal ones are merged; those beyond 64 are counted in [`Event::Missed`].
//! - A callback that panics isn't called again; one line on stderr reports it. (With `panic = "abort"` it ends the
//!   program, as any panic does.)
//!
//! # The end of a program
//! A [`Writer`], or the last [`WriterHandle`], closes itself when it is dropped. But `Drop` runs neither for a
//! `static` nor in `std::process::exit`, `abort`, or when a signal ends the process. Lines in memory are lost then:
//! at most those written since the last flush. Return from `main`, and call `close` before any exit; it also
//! reports what was lost.
//!
//! ```no_run
//! use influx_edge::{Client, Error, writer::OverflowPolicy};
//! use std::process::exit;
//!
//! fn main() {
//!     let ended = run(); // the writer is closed by now, even after an error
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
//! By default Ctrl-C and SIGTERM end the program at once, without `Drop`. Have a signal handler (for instance that
//! of the crate `ctrlc` with its feature `termination`) only set a flag that the loop reads, and close after the
//! loop; the example `minimal_gateway` does so.
//!
//! **Daemonize first**, then open the spool, build the writer and spawn it. A process that is forked later doesn't
//! have the threads: its handles return [`WriteError::Forked`], its spool
//! [`SpoolError::Forked`](crate::spool::SpoolError::Forked). (A fork of a [`Writer`] without a spool isn't
//! detected: both processes send its lines, which stores the same points twice, as one.)
//!
//! # Notes
//! - *A [`Writer`] has no thread.* It sends only in [`Writer::run_until`], [`Writer::poll`], `flush`, and a `write`
//!   that completes a batch. Call one of the first two in the loop's idle time, or use [`Writer::spawn`].
//! - *Time.* A request may take as long as the client's limits allow (30 s), and `poll` may exceed its own limit by
//!   that long. [`Writer::run_until`] returns at its deadline; if every response takes longer than that, nothing is
//!   delivered. Under a watchdog, turn [`WriterBuilder::send_in_write`] off.
//! - *Boards without a battery-backed clock* start in 1970. Points without a time are not accepted until the clock is
//!   set, unless [`ClockGuard`] allows them. Points with a time of their own are never checked.
//! - *Repeated requests do no harm.* A point is identified by its series and time, so the server stores the same
//!   point again. Points without a time would be stored twice, so the writer gives them one when they are written:
//!   in nanoseconds no two get the same time, across all handles.

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
