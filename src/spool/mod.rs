//! The spool: batches on disk, until the server has them.
//!
//! **What it is for.** A batch that can't be delivered now is put on disk, and `Ok` means that it
//! stays there: through `kill -9` always, through power cuts as the [`Durability`] says. Later it is
//! read back, in order, and acknowledged.
//!
//! **In scope**: files that a crash at any moment leaves readable (the
//! [guide to reliability](crate::guide::reliability#on-disk) describes each byte of them); one owner
//! per directory; a limit on disk space and what happens at it; what a server refused for good, kept
//! for a person to look at ([`Spool::reject`], [`Inspector`]).
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
//!   `OsManaged`. (The kernel's account of the files, as `cargo bench --bench spool` prints it; a
//!   journaling file system adds its own.) With [`Mode::OnFailure`] nothing is written while the server
//!   responds.
//! - *Damage* is skipped and counted, never an error: [`OpenReport`] and [`SpoolStats`] tell.
//! - *Failing disks*: a batch whose write or sync fails is tried once more, on a new file. A sync that
//!   failed is never repeated on the same descriptor. If the new file fails too, `append` fails, and
//!   the batch is the caller's still.
//! - *A sector that can't be read* makes [`Spool::read_batches`] fail, and its target wait, until it can be
//!   read or the segment is dropped: the disk may only be unplugged, so nothing is given up for it.
//! - *The disk is trusted* in this: what it acknowledges a sync of is there after a power cut. Cards
//!   exist that lie.
//!
//! # What can go wrong
//! The rows of the fault table that are about the disk, each with the tests that prove it. (Those about
//! the way to the server are 1 to 36.)
//!
//! | # | fault | what comes of it | tests |
//! |---|---|---|---|
//! | 37 | disk full | what the [`OverflowPolicy`] says; nothing is acknowledged that isn't there | `src/spool/tests/faults.rs::a_full_disk_is_what_the_policy_says` |
//! | 37 | read-only, out of descriptors, permission lost | no `Ok`; nothing that was there is lost; works again when the disk does | `src/spool/tests/faults.rs::a_disk_that_became_read_only_or_a_process_out_of_descriptors` |
//! | 37 | a sync fails | a new file; never again on that one; if that fails too, no `Ok` | `src/spool/tests/faults.rs::a_failed_sync_is_met_by_a_new_segment_and_never_repeated`, `src/spool/tests/faults.rs::when_the_new_segment_fails_too_nothing_is_acknowledged` |
//! | 37 | the directory is deleted | no `Ok`; what was in it is counted as lost | `src/spool/tests/faults.rs::a_directory_that_was_deleted_takes_no_batch`, `src/spool/tests/damage.rs::a_segment_deleted_by_hand_while_running` |
//! | 37 | a sector can't be read | waits, nothing is given up | `src/spool/tests/faults.rs::what_cannot_be_read_now_is_read_later` |
//! | 37 | any of these anywhere, then a power cut | nothing acknowledged is lost | `src/spool/tests/faults.rs::any_failure_anywhere_and_a_power_cut_after_it` |
//! | 38 | `kill -9` at any moment | nothing acknowledged is lost, in every [`Durability`] | `tests/spool_kill/main.rs::nothing_that_was_acknowledged_is_lost` |
//! | 38 | power cut at any operation | nothing acknowledged is lost, as the [`Durability`] says | `src/spool/tests/power_cut.rs::every_batch_survives_every_cut`, `src/spool/tests/power_cut.rs::what_was_synced_survives_every_cut`, `tests/spool_kill/main.rs::nothing_that_was_acknowledged_is_lost_by_ext4` |
//! | 39 | two owners of one directory | the second is told at once; it gets the directory when the first has died | `tests/spool/basics.rs::a_second_owner_is_told_at_once`, `tests/spool_kill/main.rs::the_lock_dies_with_its_owner` |
//! | 40 | foreign files, links, pipes, empty files, 4 GiB of nothing | left alone or set aside; under 1 MiB of memory | `src/spool/tests/damage.rs::a_hostile_directory` |
//! | 40 | other versions, renamed segments | set aside, the four newest kept | `src/spool/tests/damage.rs::other_versions_and_renamed_segments_are_set_aside`, `src/spool/tests/damage.rs::what_is_set_aside_is_bounded` |
//! | 40 | flipped bits, truncations, forged records | what is whole is delivered, the rest counted; no panic | `src/spool/tests/damage.rs::every_flipped_bit`, `src/spool/tests/damage.rs::every_truncation`, `src/spool/tests/damage.rs::a_forged_record_in_a_payload_is_not_brought_to_life` |

mod ack;
mod batch;
mod builder;
mod error;
mod format;
mod fs;
mod inspect;
mod log;
mod read;
mod recovery;
mod rejected;
mod scan;
mod segment;
#[allow(clippy::module_inception)] // the type's own file, as everywhere in this crate
mod spool;
mod stats;
mod sync;
mod target;
#[cfg(test)]
mod tests;

pub use crate::overflow_policy::OverflowPolicy;
pub use batch::{Batch, BatchGroup, BatchId};
pub use builder::{Durability, Mode, SpoolBuilder};
pub use error::{SpoolError, SpoolErrorKind};
pub use format::{HeaderError, SegmentHeader};
pub use inspect::{Entry, Inspector, Section, StoredBatch};
pub use rejected::Rejection;
pub use spool::Spool;
pub use stats::{Backlog, OpenReport, SpoolStats};
pub use target::Target;
