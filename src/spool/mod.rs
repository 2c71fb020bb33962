//! Store and forward: batches on disk until the server has them.
//!
//! ```
//! use influx_edge::Precision;
//! use influx_edge::spool::{Batch, Spool, Target};
//!
//! # let dir = std::env::temp_dir().join(format!("spool-doc-{}-module", std::process::id()));
//! let mut spool = Spool::open(&dir)?;
//! let sensors = Target::new("acme", "sensors")?;
//! // When this returns, the batch is on disk:
//! spool.append(Batch::new(&sensors, Precision::Second, 1, b"t v=1 60\n"))?;
//! drop(spool); // or a crash
//!
//! let mut spool = Spool::open(&dir)?;
//! let mut body = Vec::new();
//! let group = spool
//!     .read_batches(&sensors, 64 * 1024, &mut body)?
//!     .expect("one batch");
//! assert_eq!(body, b"t v=1 60\n");
//! spool.ack(&group); // after the server has stored it
//! assert!(spool.is_empty());
//! # drop(spool);
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Most programs open a [`Spool`] (or configure one with [`SpoolBuilder`]) and give it to
//! [`WriterBuilder::spool`](crate::writer::WriterBuilder::spool): the [`Writer`](crate::Writer) decides when
//! to deliver, retry, split and give up. To inspect a spool beside its owner, take an [`Inspector`].
//!
//! The spool handles targets and bytes; it doesn't parse lines and sends nothing. Lines that a server
//! rejected are kept for an operator ([`Spool::reject`], [`Inspector::walk_rejected`],
//! [`Spool::clear_rejected`]). **The token is never stored.**
//!
//! # Files
//! ```text
//! 0000000000000001.seg     segments; the name is the number of the first record, so name order is
//! 00000000000000c9.seg       sequence order. There is no manifest that could disagree
//! ack                      the number up to which everything is delivered
//! rejected/                segments of the same format, with rejected lines and the reasons
//! *.bad                    quarantined segments, which can't be read; the four newest
//! LOCK                     only where a directory can't be locked itself
//! ```
//! The [format](crate::guide::spool_format) describes each byte. Directory and files
//! are accessible to their owner only (0700 and 0600). Other files in the directory are left alone;
//! symbolic links are not followed, and a file with a second hard link is read but not written.
//!
//! A directory that belongs to another user, or that is writable by all, is an error, because its content
//! could be changed; root's is accepted. [`SpoolBuilder::allow_shared_directory`] accepts any.
//!
//! # One owner
//! A directory has one owner, a process. Its lock is released when the process ends, however it ends.
//! In a fork of that process, calls return [`SpoolError::Forked`]: daemonize first, then open. (If the owner
//! is killed, a fork keeps the lock until it ends or executes another program.)
//!
//! The lock depends on the system:
//! - **Linux, Android, FreeBSD, NetBSD, OpenBSD, DragonFly, macOS, iOS.** The lock is `flock` on the directory, which is
//!   held as a descriptor (`openat`): renaming it or changing links while it is open has no effect. If the file system
//!   can't lock directories (NFS), the lock is `flock` on the file `LOCK`. Before each `Ok`, acknowledgement and removal
//!   that file is checked to still have its name.
//! - **Other Unix.** The lock is `flock` on the file `LOCK`, with the same check. The directory is held by its path, in
//!   which links are resolved when it is opened.
//! - **Windows.** The file `LOCK` is open without sharing, so it can't be removed. The directory is held by its path.
//! - **ESP-IDF.** The lock is an entry in a list in memory, since only one program runs there. A second [`Spool`] with
//!   the same path is rejected, regardless of case, and a reset leaves no lock behind. Another name of the directory (a
//!   short one on FAT) is not recognized.
//! - **Solaris, and systems that are neither Unix nor Windows.** Opening a spool is an error of the kind `Unsupported`.
//!
//! The [guide to small machines](crate::guide::embedded#other-systems) has the tests of each, and the
//! properties of ESP-IDF's file systems.
//!
//! # Read-only disks
//! A spool on a file system that is mounted read-only can be opened and drained. So can one that this user
//! may read but not write; if it is empty, opening it is an error. [`OpenReport::read_only`] is set.
//! Acknowledgements are kept in memory, so the next open finds the same batches again;
//! [`Spool::append`] returns [`SpoolError::ReadOnly`] until the spool is reopened.
//!
//! # Guarantees and limits
//! - *At least once.* Acknowledgements are not synced, and `ack` holds one number for all targets. After a
//!   restart, batches behind the oldest one that still waits may be delivered again, also those of other
//!   targets. That changes nothing in the database if every point has its own timestamp. A line that was
//!   rejected may be rejected, and kept, once more. A target that can't be delivered for long also keeps the
//!   segments that it shares with others on disk.
//! - *Order* holds within a target. A target whose requests are refused doesn't hold up the others.
//! - *Flash wear*: the bytes written to disk per byte of 5 KB batches are 1.8 with `EveryBatch`, because the
//!   last block of a batch is written again with the next one, and 1.01 with `Interval(100 ms)` and
//!   `OsManaged` (the kernel's counter for the files, printed by `cargo bench --bench spool`; a journaling
//!   file system adds its own). With [`Mode::OnFailure`] nothing is written while the server responds.
//! - *Damage* is skipped and counted in [`OpenReport`] and [`SpoolStats`]. It is never an error.
//! - *Failing disks*: after a failed write or sync the batch is written once more, to a new file. A sync is
//!   never repeated on the same descriptor. If the new file fails too, `append` returns an error, and the
//!   batch still belongs to the caller. Earlier batches that waited for the sync, as with `Interval`, are
//!   read back, written to another file under the same name, and synced there before any later
//!   [`Spool::sync`] returns `Ok`.
//! - *Full disks*: [`OverflowPolicy::DropOldest`] drops whole segments, and for a batch no more than it needs.
//!   If that doesn't help, nothing more is dropped and `append` fails.
//! - *Many targets*: a segment is read once, whatever the number of its targets. An index of the two segments
//!   that were read last takes 8 bytes for each batch in them.
//! - *An unreadable sector* makes [`Spool::read_batches`] return an error. Its target waits until the sector
//!   can be read or the segment is dropped: the disk may only be unplugged, so nothing is given up.
//! - *The disk is trusted* to keep what it has acknowledged a sync of. Some cards don't.
//!
//! # Faults
//! The faults of the disk, D1 to D4, each with the tests that prove the behaviour. (Those of the network
//! and the server are 1 to 45, in [`client::faults`](crate::client::faults).)
//!
//! ## D1 A failing disk
//! - **Disk full.** The [`OverflowPolicy`] decides; no `Ok` for a batch that isn't on disk.
//!
//!   `src/spool/tests/faults.rs::a_full_disk_is_what_the_policy_says`
//! - **Read-only, out of descriptors, permission lost.** No `Ok`; nothing on disk is lost. The spool
//!   recovers with the disk.
//!
//!   `src/spool/tests/faults.rs::a_disk_that_became_read_only_or_a_process_out_of_descriptors`
//! - **Read-only when the spool is opened.** It can be drained, with acknowledgements in memory. Appending is
//!   an error.
//!
//!   `src/spool/tests/directory.rs::a_spool_that_cannot_be_written_to_is_drained`
//!   `tests/spool/directory.rs::a_read_only_mount_is_drained`
//! - **A file system that can't sync directories.** [`OpenReport::unsynced_directory`] is set.
//!
//!   `src/spool/tests/directory.rs::a_directory_that_cannot_be_synced_is_mentioned`
//! - **Files of another user.** The error names the file, its owner and mode, and this user.
//!
//!   `src/spool/tests/directory.rs::a_denied_permission_names_the_file_its_owner_and_us`
//!   `tests/spool/directory.rs::another_users_files_are_named_with_owner_and_mode`
//! - **Any error of the operating system.** The error names the call and the file.
//!
//!   `src/spool/tests/directory.rs::every_error_names_the_call_and_the_file`
//! - **A sync fails.** It is repeated on a new file, never on that one; if that fails too, no `Ok`.
//!
//!   `src/spool/tests/faults.rs::a_failed_sync_is_met_by_a_new_segment_and_never_repeated`
//!   `src/spool/tests/faults.rs::when_the_new_segment_fails_too_nothing_is_acknowledged`
//! - **A sync fails where earlier batches wait for it.** No later `Ok` before they are in another file,
//!   synced, or counted as lost.
//!
//!   `src/spool/tests/unsynced.rs::no_flush_is_ok_before_the_batches_are_on_the_disk`
//!   `src/spool/tests/unsynced.rs::what_does_not_read_back_is_given_back_and_the_rest_is_written`
//!   `src/spool/tests/unsynced.rs::whatever_fails_an_ok_of_a_sync_holds`
//! - **The disk stays full, whatever is dropped.** No more is dropped than the batch takes, in whole
//!   segments, until an append succeeds.
//!
//!   `src/spool/tests/full.rs::a_drop_that_does_not_help_is_not_repeated`
//! - **The directory is deleted.** No `Ok`; its content is counted as lost.
//!
//!   `src/spool/tests/faults.rs::a_directory_that_was_deleted_takes_no_batch`
//!   `src/spool/tests/damage.rs::a_segment_deleted_by_hand_while_running`
//! - **A sector can't be read.** Its target waits; nothing is given up.
//!
//!   `src/spool/tests/faults.rs::what_cannot_be_read_now_is_read_later`
//! - **Any of these at any operation, then a power failure.** Nothing acknowledged is lost.
//!
//!   `src/spool/tests/faults.rs::any_failure_anywhere_and_a_power_cut_after_it`
//!
//! ## D2 A crash
//! - **`kill -9` at any moment.** Nothing acknowledged is lost, in every [`Durability`].
//!
//!   `tests/spool_kill/main.rs::nothing_that_was_acknowledged_is_lost`
//! - **Power failure at any operation.** Nothing acknowledged is lost, as the [`Durability`] says.
//!
//!   `src/spool/tests/power_cut.rs::every_batch_survives_every_cut`
//!   `src/spool/tests/power_cut.rs::what_was_synced_survives_every_cut`
//!   `tests/spool_kill/main.rs::nothing_that_was_acknowledged_is_lost_by_ext4`
//!
//! ## D3 Two owners
//! - **Two owners of one directory.** The second gets an error at once, and the directory when the first
//!   has ended.
//!
//!   `tests/spool/basics.rs::a_second_owner_gets_an_error_at_once`
//!   `tests/spool_kill/main.rs::the_lock_dies_with_its_owner`
//! - **Files removed by a temp cleaner.** The directory itself is locked; a lock file that lost its name
//!   is no lock.
//!
//!   `tests/spool/directory.rs::the_lock_is_the_directorys_own`
//!   `src/spool/tests/directory.rs::a_lock_file_that_lost_its_name_is_no_lock`
//!   `src/spool/tests/directory.rs::without_the_lock_nothing_is_confirmed_and_nothing_removed`
//! - **A forked process.** Gets an error and changes nothing.
//!
//!   `src/spool/tests/directory.rs::a_child_process_is_refused`
//!   `src/spool/tests/directory.rs::a_child_process_changes_nothing_in_the_directory`
//! - **The directory is deleted and created again.** Used if it is empty; the content of the old one is
//!   counted as lost.
//!
//!   `tests/spool/directory.rs::a_directory_that_was_deleted_and_made_again_is_used`
//! - **The path leads elsewhere while the spool is open.** The directory that was opened is used.
//!
//!   `tests/spool/directory.rs::everything_goes_on_in_the_directory_that_was_opened`
//!
//! ## D4 Foreign and damaged files
//! - **A directory of another user, or writable by all.** An error unless allowed.
//!
//!   `src/spool/tests/directory.rs::the_owner_of_the_directory`
//!   `tests/spool/directory.rs::a_directory_that_all_may_write_to_is_refused`
//! - **A hard link in place of `ack` or a segment.** Read, never written; `ack` is replaced by rename.
//!
//!   `tests/spool/directory.rs::linked_files_are_read_and_never_written`
//! - **Foreign files, links, pipes, empty files, 4 GiB of zeros.** Left alone or quarantined; under 1 MiB
//!   of memory.
//!
//!   `src/spool/tests/damage.rs::a_hostile_directory`
//! - **Forged sequence numbers.** Waiting batches are delivered, and numbers remain.
//!
//!   `src/spool/tests/numbers.rs::forged_numbers_cost_neither_what_waits_nor_what_comes`
//! - **Other versions, renamed segments.** Quarantined, the four newest kept.
//!
//!   `src/spool/tests/damage.rs::other_versions_and_renamed_segments_are_set_aside`
//!   `src/spool/tests/damage.rs::what_is_set_aside_is_bounded`
//! - **Flipped bits, truncations, forged records.** Whole batches are delivered, the rest is counted; no
//!   panic.
//!
//!   `src/spool/tests/damage.rs::every_flipped_bit`
//!   `src/spool/tests/damage.rs::every_truncation`
//!   `src/spool/tests/damage.rs::a_forged_record_in_a_payload_is_not_brought_to_life`

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
mod fs_file;
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
mod os_disk;
mod read;
mod recovery;
mod rejected;
mod rewrite;
mod scan;
mod segment;
mod settings;
#[allow(clippy::module_inception)] // the type's own file, as everywhere in this crate
mod spool;
mod stats;
mod sync;
mod target;
mod targets;
#[cfg(test)]
pub(crate) mod tests;

pub use crate::overflow_policy::OverflowPolicy;
#[cfg(feature = "client")]
pub(crate) use batch::BatchRange;
pub use batch::{Batch, BatchGroup};
pub use builder::SpoolBuilder;
pub use error::SpoolError;
pub use inspect::{Entry, Inspector};
#[cfg(feature = "client")]
#[allow(unused_imports, reason = "for the writer's engine")]
pub(crate) use losses::{Loss, LossCause, Losses};
pub use settings::{Durability, Mode};
pub use spool::Spool;
pub use stats::{Backlog, OpenReport, SpoolStats};
pub use target::{ServerKind, Target};
