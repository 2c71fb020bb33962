//! The spool: batches on disk, until the server has them.
//!
//! **What it is for.** A batch that can't be delivered now is put on disk, and `Ok` means that it
//! stays there: through `kill -9` always, through power failures as the [`Durability`] says. Later it is
//! read back, in order, and acknowledged.
//!
//! **In scope**: files that a crash at any moment leaves readable (the
//! [format](crate::guide::spool_format) describes each byte of them); one owner
//! per directory; a limit on disk space and what happens at it; what a server refused for good, kept
//! for a person to look at and to remove ([`Spool::reject`], [`Inspector`], [`Spool::clear_rejected`]).
//!
//! **Out of scope**: HTTP and line protocol. The spool sees targets and bytes; when to deliver,
//! retry, split and give up is the writer's. **The token is never here.**
//!
//! # In the directory
//! ```text
//! 0000000000000001.seg     segments; the name is the first record's number, so name order is
//! 00000000000000c9.seg       sequence order. There is no manifest to disagree with them
//! ack                      up to which number everything is delivered
//! rejected/                the same kind of segments, with what a server refused, and why
//! *.bad                    segments that can't be read, set aside; the four newest
//! LOCK                     only where a directory can't be locked itself
//! ```
//! The directory is its owner's alone (0700), and so is each file (0600). Other things in it are left
//! alone; links are not followed, and a file with a second name (a hard link) is read, but not written.
//!
//! A directory that belongs to another user, or that all users may write to, is refused: what is in it
//! could be changed. Root's is taken. [`SpoolBuilder::allow_shared_directory`] takes any.
//!
//! # One owner
//! A spool is its process's alone, and its lock is free when the process ends, however it ends.
//! A child process made by fork is refused with [`SpoolErrorKind::Forked`]: daemonize first, then open. (If
//! the owner is killed, such a child keeps the lock until it ends or starts another program.)
//!
//! | system | the directory is held | its lock |
//! |---|---|---|
//! | Linux, Android, FreeBSD, NetBSD, OpenBSD, DragonFly, macOS, iOS | as a descriptor (`openat`): links re-pointed and directories renamed in mid-run change nothing | `flock` on the directory |
//! | the same, where the file system locks no directories (NFS) | the same | `flock` on the file `LOCK`; that it still has its name is checked before each `Ok`, acknowledgement and removal |
//! | other Unix | by path, links in it resolved when it is opened | the same |
//! | Windows | the same | the file `LOCK`, open for nobody else, so it can't be removed |
//! | ESP-IDF | the same | an entry in a list of the program's, the only one that runs there: a second [`Spool`] of the path is refused, whatever the case of its letters, and a reset leaves no lock behind. Another name of the directory (a short one on FAT) is not noticed |
//! | Solaris, and what is neither Unix nor Windows | | none: opening a spool is an error of the kind `Unsupported` |
//!
//! How each of them is checked, and what ESP-IDF's file systems mean for a spool, is in the
//! [guide to small machines](crate::guide::embedded#other-systems).
//!
//! # Read-only disks
//! A spool on a file system that is mounted read-only is opened, and what waits in it is delivered. So is
//! one that this user may read but not write to, unless it is empty, which is an error.
//! [`OpenReport::read_only`] is set; acknowledgements are kept in memory, so the next open finds the
//! same batches again; [`Spool::append`] returns [`SpoolErrorKind::ReadOnly`] until the spool is opened anew.
//!
//! # What to watch
//! - *At least once.* An acknowledgement is not synced. After a crash some batches are delivered
//!   again, which changes nothing in the database if every point has its own timestamp.
//! - *Order* holds within a target. A target whose server refuses doesn't hold up another.
//! - *Flash wear*: bytes that go to the disk for each byte of 5 KB batches: 1.8 in `EveryBatch`, because
//!   the last block of a batch is written again with the next one; 1.01 in `Interval(100 ms)` and
//!   `OsManaged`. (The kernel's count for the files, as `cargo bench --bench spool` prints it; a
//!   journaling file system adds its own.) With [`Mode::OnFailure`] nothing is written while the server
//!   responds.
//! - *Damage* is skipped and counted, never an error: [`OpenReport`] and [`SpoolStats`] tell.
//! - *Failing disks*: a batch whose write or sync fails is tried once more, on a new file. A sync that
//!   failed is never repeated on the same descriptor. If the new file fails too, `append` fails, and
//!   the batch is the caller's still. Batches that waited in the file for a sync, as in `Interval`, are
//!   read back, written to another file under the same name and synced there, before any later
//!   [`Spool::sync`] returns `Ok`.
//! - *Full disks*: with [`OverflowPolicy::DropOldest`] no more is dropped for a batch than it takes, in
//!   whole segments. While that doesn't help, nothing more is dropped and `append` fails.
//! - *Many targets*: a segment is read once, whatever the number of its targets; an index of the
//!   two that were read last takes 8 bytes for each batch in them.
//! - *A sector that can't be read* makes [`Spool::read_batches`] fail, and its target wait, until it can be
//!   read or the segment is dropped: the disk may only be unplugged, so nothing is given up for it.
//! - *The disk is trusted* in this: what it acknowledges a sync of is there after a power failure. Cards
//!   exist that lie.
//!
//! # What can go wrong
//! The disk's faults, D1 to D4, each with the tests that prove it. (Those of the network and the server
//! are 1 to 45, in [`client::faults`](crate::client::faults).)
//!
//! | # | fault | what comes of it | tests |
//! |---|---|---|---|
//! | D1 | disk full | what the [`OverflowPolicy`] says; nothing is acknowledged that isn't there | `src/spool/tests/faults.rs::a_full_disk_is_what_the_policy_says` |
//! | D1 | read-only, out of descriptors, permission lost | no `Ok`; nothing that was there is lost; works again when the disk does | `src/spool/tests/faults.rs::a_disk_that_became_read_only_or_a_process_out_of_descriptors` |
//! | D1 | read-only when the spool is opened | drained; acknowledgements in memory; appending is an error | `src/spool/tests/directory.rs::a_spool_that_cannot_be_written_to_is_drained`, `tests/spool/directory.rs::a_read_only_mount_is_drained` |
//! | D1 | a file system that can't sync directories | [`OpenReport::unsynced_directory`]; goes on | `src/spool/tests/directory.rs::a_directory_that_cannot_be_synced_is_mentioned` |
//! | D1 | files of another user | the error names the file, its owner and mode, and this user | `src/spool/tests/directory.rs::a_denied_permission_names_the_file_its_owner_and_us`, `tests/spool/directory.rs::another_users_files_are_named_with_owner_and_mode` |
//! | D1 | any error of the system's | it names the call and the file | `src/spool/tests/directory.rs::every_error_names_the_call_and_the_file` |
//! | D1 | a sync fails | a new file; never again on that one; if that fails too, no `Ok` | `src/spool/tests/faults.rs::a_failed_sync_is_met_by_a_new_segment_and_never_repeated`, `src/spool/tests/faults.rs::when_the_new_segment_fails_too_nothing_is_acknowledged` |
//! | D1 | a sync fails where earlier batches wait for it | no later `Ok` before they are in another file, synced, or counted as lost | `src/spool/tests/unsynced.rs::no_flush_is_ok_before_the_batches_are_on_the_disk`, `src/spool/tests/unsynced.rs::what_does_not_read_back_is_given_back_and_the_rest_is_written`, `src/spool/tests/unsynced.rs::whatever_fails_an_ok_of_a_sync_holds` |
//! | D1 | the disk stays full, whatever is dropped | no more is dropped than the batch takes, in whole segments, until an append succeeds | `src/spool/tests/full.rs::a_drop_that_does_not_help_is_not_repeated` |
//! | D1 | the directory is deleted | no `Ok`; what was in it is counted as lost | `src/spool/tests/faults.rs::a_directory_that_was_deleted_takes_no_batch`, `src/spool/tests/damage.rs::a_segment_deleted_by_hand_while_running` |
//! | D1 | a sector can't be read | waits, nothing is given up | `src/spool/tests/faults.rs::what_cannot_be_read_now_is_read_later` |
//! | D1 | any of these anywhere, then a power failure | nothing acknowledged is lost | `src/spool/tests/faults.rs::any_failure_anywhere_and_a_power_cut_after_it` |
//! | D2 | `kill -9` at any moment | nothing acknowledged is lost, in every [`Durability`] | `tests/spool_kill/main.rs::nothing_that_was_acknowledged_is_lost` |
//! | D2 | power failure at any operation | nothing acknowledged is lost, as the [`Durability`] says | `src/spool/tests/power_cut.rs::every_batch_survives_every_cut`, `src/spool/tests/power_cut.rs::what_was_synced_survives_every_cut`, `tests/spool_kill/main.rs::nothing_that_was_acknowledged_is_lost_by_ext4` |
//! | D3 | two owners of one directory | the second gets an error at once; it gets the directory when the first has died | `tests/spool/basics.rs::a_second_owner_is_told_at_once`, `tests/spool_kill/main.rs::the_lock_dies_with_its_owner` |
//! | D3 | files removed by a temp cleaner | the lock is the directory's own; a lock file that lost its name is no lock | `tests/spool/directory.rs::the_lock_is_the_directorys_own`, `src/spool/tests/directory.rs::a_lock_file_that_lost_its_name_is_no_lock`, `src/spool/tests/directory.rs::without_the_lock_nothing_is_confirmed_and_nothing_removed` |
//! | D3 | a child process | refused; it changes nothing | `src/spool/tests/directory.rs::a_child_process_is_refused`, `src/spool/tests/directory.rs::a_child_process_changes_nothing_in_the_directory` |
//! | D3 | the directory is deleted and made again | taken if it is empty; what was in the old one is counted as lost | `tests/spool/directory.rs::a_directory_that_was_deleted_and_made_again_is_used` |
//! | D3 | the path leads elsewhere in mid-run | everything goes on in the directory that was opened | `tests/spool/directory.rs::everything_goes_on_in_the_directory_that_was_opened` |
//! | D4 | a directory of another user, or for all | refused unless allowed | `src/spool/tests/directory.rs::the_owner_of_the_directory`, `tests/spool/directory.rs::a_directory_that_all_may_write_to_is_refused` |
//! | D4 | a linked file in place of the acknowledgements or of a segment | read, never written; the acknowledgements are replaced by rename | `tests/spool/directory.rs::linked_files_are_read_and_never_written` |
//! | D4 | foreign files, links, pipes, empty files, 4 GiB of nothing | left alone or set aside; under 1 MiB of memory | `src/spool/tests/damage.rs::a_hostile_directory` |
//! | D4 | forged sequence numbers | what waits is delivered, and there are numbers left | `src/spool/tests/numbers.rs::forged_numbers_cost_neither_what_waits_nor_what_comes` |
//! | D4 | other versions, renamed segments | set aside, the four newest kept | `src/spool/tests/damage.rs::other_versions_and_renamed_segments_are_set_aside`, `src/spool/tests/damage.rs::what_is_set_aside_is_bounded` |
//! | D4 | flipped bits, truncations, forged records | what is whole is delivered, the rest counted; no panic | `src/spool/tests/damage.rs::every_flipped_bit`, `src/spool/tests/damage.rs::every_truncation`, `src/spool/tests/damage.rs::a_forged_record_in_a_payload_is_not_brought_to_life` |

mod ack;
mod append;
mod backlog;
mod batch;
mod builder;
mod delivered;
mod directory;
mod error;
mod format;
mod fs;
#[cfg_attr(
    not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd",
        target_os = "dragonfly",
        target_vendor = "apple",
    )),
    path = "fs_path.rs"
)]
mod fs_os;
#[cfg(all(test, unix))]
mod fs_path;
mod held;
mod index;
mod inspect;
mod log;
mod losses;
mod numbers;
mod read;
mod recovery;
mod rejected;
mod rewrite;
mod scan;
mod segment;
#[allow(clippy::module_inception)] // the type's own file, as everywhere in this crate
mod spool;
mod stats;
mod sync;
mod target;
mod targets;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::overflow_policy::OverflowPolicy;
pub use batch::{Batch, BatchGroup, BatchRange};
pub use builder::{Durability, Mode, SpoolBuilder};
pub use error::{SpoolError, SpoolErrorKind};
pub use format::{HeaderError, SegmentHeader};
pub use inspect::{Entry, Inspector, Section, StoredBatch};
#[cfg(feature = "client")]
#[allow(unused_imports, reason = "for the writer's engine")]
pub(crate) use losses::{Loss, LossCause, Losses};
pub use rejected::Rejection;
pub use spool::Spool;
pub use stats::{Backlog, OpenReport, SpoolStats};
pub use target::{ServerKind, Target};
