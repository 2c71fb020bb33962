//! The spool: batches on disk, until the server has them.
//!
//! **What it is for.** A batch that can't be delivered now is put on disk, and `Ok` means that it
//! stays there: through `kill -9` always, through power cuts as the [`Durability`] says. Later it is
//! read back, in order, and acknowledged.
//!
//! **In scope**: files that a crash at any moment leaves readable ([`frame`] says byte by byte what is
//! in them); one owner per directory; a limit on disk space and what happens at it; what a server
//! refused for good, kept for a person to look at ([`Spool::reject`],
//! [`Inspector`]).
//!
//! **Out of scope**: HTTP and line protocol. The spool sees targets and bytes; when to deliver,
//! retry, split and give up is the writer's. **The token is never here.**
//!
//! # In the directory
//! ```text
//! LOCK                     held by the owner; the kernel frees it when the process ends
//! 0000000000000001.seg     segments; the name is the first record's number, so name order is
//! 00000000000000c9.seg       sequence order. There is no manifest to disagree with them
//! ack                      up to which number everything is delivered
//! rejected/                the same kind of segments, with what a server refused, and why
//! *.bad                    segments that can't be read, set aside; the four newest
//! ```
//! The directory is its owner's alone (0700), and so is each file (0600). Other things in it are left
//! alone; links are not followed.
//!
//! # What to watch
//! - *At least once.* An acknowledgement is not synced. After a crash some batches are delivered
//!   again, which changes nothing in the database if every point has its own timestamp.
//! - *Order* holds within a target. A target whose server refuses doesn't hold up another.
//! - *Flash wear*: bytes that go to the disk for each byte of 5 KB batches: 1.8 in `EveryBatch`, because
//!   the last block of a batch is written again with the next one; 1.01 in `Interval(100 ms)` and
//!   `OsManaged`. (The kernel's account of the files; a journaling file system adds its own.) With
//!   [`Mode::OnFailure`] nothing is written while the server answers.
//! - *Damage* is skipped and counted, never an error: [`OpenReport`] and [`SpoolStats`] tell.
//! - *Failing disks*: a batch whose write or sync fails is tried once more, on a new file. A sync that
//!   failed is never repeated on the same descriptor. If the new file fails too, `append` fails, and
//!   the batch is the caller's still.
//! - *A sector that can't be read* makes [`Spool::collect`] fail, and its target wait, until it can be
//!   read or the segment is dropped: the disk may only be unplugged, so nothing is given up for it.
//! - *The disk is trusted* in this: what it acknowledges a sync of is there after a power cut. Cards
//!   exist that lie.

mod account;
mod ack;
mod batch;
mod clock;
mod collect;
mod config;
mod error;
pub mod frame;
pub mod fs;
mod inspect;
mod lock;
mod log;
mod queue;
mod recovery;
mod rejected;
mod report;
mod scan;
mod segment;
mod target;

pub use batch::{Batch, Bundle, Ticket};
pub use clock::{Clock, SystemClock};
pub use config::{Durability, FullPolicy, Mode, SpoolBuilder};
pub use error::{SpoolError, SpoolErrorKind};
pub use inspect::{Inspector, Item, Part, StoredBatch};
pub use lock::OsLock;
pub use queue::Spool;
pub use rejected::Rejection;
pub use report::{Backlog, OpenReport, SpoolStats};
pub use target::Target;
