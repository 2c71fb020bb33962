//! Lines that are on disk before `write` returns: seen in the directory, after `kill -9`, and where the
//! disk doesn't take them.

use crate::common::temp_dir::TempDir;
use crate::help::{MS, SEC, child, disk, job, nowhere, stalling, within};
use influx_edge::OverflowPolicy::{DropOldest, Reject};
use influx_edge::spool::{Durability, Mode, SpoolBuilder, SpoolError};
use influx_edge::writer::WriterHandle;
use influx_edge::{Precision, Spool, WriteError, Writer};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

const DURABILITIES: [(&str, Durability); 3] = [
    ("every", Durability::EveryBatch),
    ("interval", Durability::Interval(Duration::from_millis(20))),
    ("os", Durability::OsManaged),
];

fn spool(dir: &Path, durability: Durability) -> SpoolBuilder {
    Spool::builder(dir)
        .mode(Mode::WriteAhead)
        .durability(durability)
}

/// A writer whose server isn't there.
fn writer(dir: &Path, durability: Durability) -> Writer {
    let spool = disk::open(|| spool(dir, durability));
    let builder = nowhere().writer("sensors").flush_timeout(SEC / 5);
    builder.spool(spool).build().unwrap()
}

fn write(w: &mut WriterHandle, thread: usize, n: i64) -> Result<(), WriteError> {
    w.write_with(|enc| {
        enc.line("t")
            .field("thread", thread as i64)
            .field("n", n)
            .timestamp(n)
    })
}

fn line(thread: usize, n: i64) -> String {
    format!("t thread={thread}i,n={n}i {n}")
}

#[test]
fn each_line_is_in_the_directory_when_write_returns() {
    within(60 * SEC, || {
        for (name, durability) in DURABILITIES {
            let dir = TempDir::new("ahead");
            let mut w = writer(dir.path(), durability);
            for n in 0..60i64 {
                w.write_with(|enc| {
                    enc.line("t")
                        .field("thread", 0i64)
                        .field("n", n)
                        .timestamp(n)
                })
                .unwrap();
                let there = disk::lines(dir.path());
                assert_eq!(there.last(), Some(&line(0, n)), "{name}");
                let stats = w.stats();
                assert_eq!((stats.spooled, stats.buffered), (n as u64 + 1, 0), "{name}");
                assert_eq!(stats.buffered_bytes, 0, "{name}");
            }
            drop(w);
            assert_eq!(disk::lines(dir.path()).len(), 60, "{name}");
        }
    });
}

#[test]
fn each_line_is_in_the_directory_when_a_handles_write_returns() {
    within(120 * SEC, || {
        for (name, durability) in DURABILITIES {
            for handles in [1, 4, 16] {
                let dir = TempDir::new("ahead");
                let w = writer(dir.path(), durability).spawn(Reject).unwrap();
                let each = 64 / handles as i64;
                let threads: Vec<_> = (0..handles)
                    .map(|thread| {
                        let (mut w, dir) = (w.clone(), dir.path().to_owned());
                        std::thread::spawn(move || {
                            for n in 0..each {
                                write(&mut w, thread, n).unwrap();
                                let there = disk::lines(&dir);
                                let own = line(thread, n);
                                assert!(there.contains(&own), "{own} isn't there");
                                assert!(w.stats().is_balanced());
                            }
                        })
                    })
                    .collect();
                for thread in threads {
                    thread.join().unwrap();
                }
                let stats = w.stats();
                assert_eq!(
                    (stats.accepted, stats.spooled),
                    (64, 64),
                    "{name} {handles}"
                );
                assert_eq!((stats.buffered, stats.not_accepted), (0, 0));
                drop(w);
                assert_eq!(disk::lines(dir.path()).len(), 64, "{name} {handles}");
            }
        }
    });
}

/// Each batch on disk was synced by itself, so their number is that of the syncs.
#[test]
fn handles_share_their_syncs() {
    within(60 * SEC, || {
        for (handles, shares) in [(1, false), (16, true)] {
            let dir = TempDir::new("ahead");
            let w = writer(dir.path(), Durability::EveryBatch);
            let w = w.spawn(Reject).unwrap();
            let start = Arc::new(Barrier::new(handles));
            let threads: Vec<_> = (0..handles)
                .map(|thread| {
                    let (mut w, start) = (w.clone(), Arc::clone(&start));
                    std::thread::spawn(move || {
                        start.wait();
                        (0..40).for_each(|n| write(&mut w, thread, n).unwrap());
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
            drop(w);
            let (mut batches, mut lines) = (0, 0);
            disk::each_batch(dir.path(), |batch| {
                batches += 1;
                lines += batch.lines().count();
            });
            println!("{handles} handles: {lines} writes, {batches} batches synced");
            assert_eq!(lines, handles * 40);
            match shares {
                true => assert!(batches < lines, "{batches} of {lines}"),
                false => assert_eq!(batches, lines),
            }
        }
    });
}

/// What a child does, until it is killed: says of each line that it was accepted.
fn victim(job: &str) {
    let [name, handles, dir] = job.splitn(3, ':').collect::<Vec<_>>()[..] else {
        panic!("{job}")
    };
    let durability = DURABILITIES.iter().find(|d| d.0 == name).unwrap().1;
    let mut w = writer(Path::new(dir), durability);
    let said = |thread, n| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "+{}", line(thread, n)).unwrap();
        out.flush().unwrap();
    };
    let handles: usize = handles.parse().unwrap();
    if handles == 0 {
        for n in 0..1_000_000i64 {
            w.write_with(|enc| {
                enc.line("t")
                    .field("thread", 0i64)
                    .field("n", n)
                    .timestamp(n)
            })
            .unwrap();
            said(0, n);
        }
    }
    let w = w.spawn(Reject).unwrap();
    let threads: Vec<_> = (0..handles)
        .map(|thread| {
            let mut w = w.clone();
            std::thread::spawn(move || {
                for n in 0..1_000_000 {
                    write(&mut w, thread, n).unwrap();
                    said(thread, n);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn what_was_accepted_is_there_after_a_kill() {
    if let Some(job) = job() {
        return victim(&job);
    }
    within(120 * SEC, || {
        for (name, _) in DURABILITIES {
            for handles in [0, 1, 4, 16] {
                let dir = TempDir::new("ahead");
                let job = format!("{name}:{handles}:{}", dir.path().display());
                let mut child = child("ahead::what_was_accepted_is_there_after_a_kill", &job)
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap();
                let lines = BufReader::new(child.stdout.take().unwrap()).lines();
                let mut said = BTreeSet::new();
                for line in lines {
                    // (The last may be cut off. The first stands behind the name of the test.)
                    let Ok(line) = line else { break };
                    let Some((_, own)) = line.split_once('+') else {
                        continue;
                    };
                    said.insert(own.to_owned());
                    if said.len() == 100 {
                        child.kill().unwrap();
                    }
                }
                #[cfg(unix)]
                {
                    use std::os::unix::process::ExitStatusExt;
                    assert_eq!(child.wait().unwrap().signal(), Some(9), "{job}");
                }
                assert!(said.len() >= 100, "{job}: {}", said.len());
                let there: BTreeSet<_> = disk::lines(dir.path()).into_iter().collect();
                // The last may be said in part.
                let lost: Vec<_> = said.difference(&there).collect();
                let cut = |l: &&&String| there.iter().any(|t| t.starts_with(l.as_str()));
                assert!(lost.iter().all(|l| cut(&l)), "{job}: {lost:?}");
                assert!(lost.len() <= 1, "{job}: {lost:?}");
                let w = writer(dir.path(), Durability::OsManaged);
                assert_eq!(w.stats().recovered, there.len() as u64, "{job}");
                assert_eq!(w.stats().spooled, there.len() as u64, "{job}");
            }
        }
    });
}

#[test]
fn a_disk_that_fails_is_an_error_and_the_line_is_not_accepted() {
    within(30 * SEC, || {
        for (name, durability) in DURABILITIES {
            let dir = TempDir::new("ahead");
            let inner = dir.path().join("spool");
            let mut w = writer(&inner, durability);
            w.write_with(|enc| enc.line("t").field("n", 1i64).timestamp(1i64))
                .unwrap();
            std::fs::remove_dir_all(&inner).unwrap();
            let taken = w.write_with(|enc| enc.line("t").field("n", 2i64).timestamp(2i64));
            assert!(
                matches!(taken, Err(WriteError::NotDurable(_))),
                "{name}: {taken:?}"
            );
            let stats = w.stats();
            assert!(stats.is_balanced(), "{stats:?}");
            assert_eq!((stats.accepted, stats.not_accepted), (1, 1), "{name}");
        }
    });
}

#[test]
fn a_disk_that_fails_is_an_error_of_each_handle() {
    within(30 * SEC, || {
        for (name, durability) in DURABILITIES {
            let dir = TempDir::new("ahead");
            let inner = dir.path().join("spool");
            let mut w = writer(&inner, durability).spawn(Reject).unwrap();
            write(&mut w, 0, 1).unwrap();
            std::fs::remove_dir_all(&inner).unwrap();
            let start = Arc::new(Barrier::new(8));
            let threads: Vec<_> = (0..8)
                .map(|thread| {
                    let (mut w, start) = (w.clone(), Arc::clone(&start));
                    std::thread::spawn(move || {
                        start.wait();
                        write(&mut w, thread, 2)
                    })
                })
                .collect();
            for thread in threads {
                let taken = thread.join().unwrap();
                assert!(
                    matches!(taken, Err(WriteError::NotDurable(_))),
                    "{name}: {taken:?}"
                );
            }
            let stats = w.stats();
            assert!(stats.is_balanced(), "{stats:?}");
            assert_eq!((stats.accepted, stats.not_accepted), (1, 8), "{name}");
            // In the list of lines, too.
            let lines = w.write_lines("t n=1i 1\nt n=2i 2\n", Precision::Nanosecond);
            assert_eq!((lines.accepted, lines.rejected.len()), (0, 2), "{name}");
            assert_eq!(w.stats().not_accepted, 10, "{name}");
        }
    });
}

#[test]
fn a_full_disk_is_an_error_of_each_handle_and_what_was_accepted_stays() {
    within(60 * SEC, || {
        for threaded in [false, true] {
            let dir = TempDir::new("ahead");
            let open = || {
                spool(dir.path(), Durability::OsManaged)
                    .max_bytes(64 << 10)
                    .overflow_policy(Reject)
            };
            let builder = nowhere().writer("sensors").flush_timeout(SEC / 5);
            let mut w = builder.spool(disk::open(open)).build().unwrap();
            let padding = "x".repeat(1_000);
            let mut accepted = 0;
            let (stats, refused) = if threaded {
                let mut w = w.spawn(Reject).unwrap();
                let refused = (0..200i64).find_map(|n| {
                    let taken = w.write_with(|e| e.line("t").field("s", &*padding).timestamp(n));
                    accepted += u64::from(taken.is_ok());
                    taken.err()
                });
                (w.stats(), refused)
            } else {
                let refused = (0..200i64).find_map(|n| {
                    let taken = w.write_with(|e| e.line("t").field("s", &*padding).timestamp(n));
                    accepted += u64::from(taken.is_ok());
                    taken.err()
                });
                (w.stats(), refused)
            };
            assert_eq!(refused, Some(WriteError::Full), "{stats:?}");
            assert!(stats.is_balanced() && accepted > 20, "{stats:?}");
            assert_eq!(
                (stats.accepted, stats.spooled),
                (accepted, accepted),
                "{stats:?}"
            );
            assert_eq!(stats.not_accepted, 1, "{stats:?}");
            assert_eq!(disk::lines(dir.path()).len() as u64, accepted);
        }
    });
}

/// A request that stalls holds up no handle.
#[test]
fn a_server_that_stalls_holds_up_no_write() {
    within(30 * SEC, || {
        let (wire, dir) = (stalling(), TempDir::new("ahead"));
        let spool = disk::open(|| spool(dir.path(), Durability::OsManaged));
        let client = wire.builder().timeout(30 * SEC).build().unwrap();
        let w = client.writer("sensors").batch_lines(10).spool(spool);
        let mut w = w.build().unwrap().spawn(Reject).unwrap();
        let mut longest = Duration::ZERO;
        for n in 0..2_000 {
            let start = std::time::Instant::now();
            write(&mut w, 0, n).unwrap();
            longest = longest.max(start.elapsed());
        }
        assert!(longest < SEC, "{longest:?}");
        let start = std::time::Instant::now();
        let outcome = w.close_within(SEC / 2).unwrap();
        assert!(
            start.elapsed() < SEC / 2 + 500 * MS,
            "{:?}",
            start.elapsed()
        );
        assert_eq!(outcome.spooled, 2_000);
        assert_eq!(disk::lines(dir.path()).len(), 2_000);
    });
}

/// Whoever has closed a writer may open its spool again at once, though other handles are left.
#[test]
fn a_closed_writers_spool_can_be_opened_at_once() {
    within(30 * SEC, || {
        let dir = TempDir::new("ahead");
        let mut left = Vec::new();
        let mut waited = 0;
        for n in 0..100 {
            let w = writer(dir.path(), Durability::OsManaged);
            let mut w = w.spawn(Reject).unwrap();
            write(&mut w, 0, n).unwrap();
            left.push(w.clone());
            assert_eq!(
                w.close_within(Duration::ZERO).unwrap().spooled,
                n as u64 + 1
            );
            // (Beside a process that another test starts.)
            if let Err(error) = spool(dir.path(), Durability::OsManaged).open() {
                assert!(matches!(error, SpoolError::Locked { .. }), "{error}");
                waited += 1;
            }
        }
        println!("it was locked {waited} of 100 times");
        assert!(waited < 20, "it was locked {waited} of 100 times");
    });
}

/// A listener's thread is the one that would put its line on disk.
#[test]
fn a_listener_that_writes_gets_an_error_at_once() {
    within(20 * SEC, || {
        let dir = TempDir::new("ahead");
        let spool = disk::open(|| spool(dir.path(), Durability::OsManaged));
        let slot = Arc::new(Mutex::new(None::<WriterHandle>));
        let mine = Arc::clone(&slot);
        let (said, hear) = std::sync::mpsc::channel();
        let w = nowhere()
            .writer("sensors")
            .flush_timeout(SEC / 5)
            .flush_interval(20 * MS)
            .spool(spool)
            .on_event(move |_| {
                if let Some(mut handle) = mine.lock().unwrap().take() {
                    let first = write(&mut handle, 7, 7);
                    let lines = handle.write_lines("t n=1i 1", Precision::Nanosecond);
                    let _ = said.send((first, lines.rejected));
                }
            })
            .build()
            .unwrap();
        let mut w = w.spawn(Reject).unwrap();
        *slot.lock().unwrap() = Some(w.clone());
        write(&mut w, 0, 0).unwrap();
        let (first, lines) = hear.recv_timeout(5 * SEC).unwrap();
        assert_eq!(first, Err(WriteError::OwnThread));
        assert_eq!(lines, [(1, WriteError::OwnThread)]);
        write(&mut w, 0, 1).unwrap();
        let stats = w.stats();
        assert_eq!((stats.accepted, stats.not_accepted), (2, 2), "{stats:?}");
        assert_eq!(w.close().unwrap().spooled, 2);
        assert_eq!(disk::lines(dir.path()), [line(0, 0), line(0, 1)]);
    });
}

/// Where memory is short, whoever waits for its line to be on disk isn't told that it is when another one
/// has taken its place.
#[test]
fn what_is_not_on_disk_yet_is_not_dropped() {
    within(120 * SEC, || {
        let dir = TempDir::new("ahead");
        let spool = disk::open(|| spool(dir.path(), Durability::EveryBatch));
        let builder = nowhere().writer("sensors").flush_timeout(SEC / 5);
        let builder = builder.batch_bytes(2_000).max_buffer_bytes(4_000);
        let w = builder.spool(spool).build().unwrap();
        let w = w.spawn(DropOldest).unwrap();
        let threads: Vec<_> = (0..16)
            .map(|thread| {
                let mut w = w.clone();
                std::thread::spawn(move || {
                    let padding = "y".repeat(900);
                    (0..20)
                        .filter(|n| {
                            let taken = w.write_with(|enc| {
                                enc.line("t")
                                    .field("thread", thread as i64)
                                    .field("padding", &*padding)
                                    .timestamp(*n)
                            });
                            taken.is_ok()
                        })
                        .count()
                })
            })
            .collect();
        let accepted: usize = threads.into_iter().map(|t| t.join().unwrap()).sum();
        let stats = w.stats();
        drop(w);
        assert_eq!(disk::lines(dir.path()).len(), accepted, "{stats}");
        assert_eq!(stats.dropped.total(), 0, "{stats}");
        assert_eq!(accepted, 320, "{stats}");
    });
}
