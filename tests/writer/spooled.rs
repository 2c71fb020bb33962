//! A small spool, and one with lines of another organization.

use crate::common::mock_server::Server;
use crate::common::temp_dir::TempDir;
use crate::help::{SEC, disk, nowhere, until, within, writer};
use influx_edge::OverflowPolicy::Reject;
use influx_edge::spool::{Batch, Mode, Target};
use influx_edge::writer::Event;
use influx_edge::{Precision, Spool, WriteError};
use std::sync::{Arc, Mutex};

#[test]
fn a_batch_is_no_larger_than_a_small_spool_takes() {
    within(60 * SEC, || {
        for mode in [Mode::OnFailure, Mode::WriteAhead] {
            for threaded in [false, true] {
                let dir = TempDir::new("small");
                let open = || Spool::builder(dir.path()).max_bytes(64 << 10).mode(mode);
                let spool = disk::open(open);
                let most = spool.max_batch_bytes();
                assert_eq!(most, 16 << 10);
                let builder = nowhere().writer("sensors").flush_timeout(SEC);
                let mut w = builder.spool(spool).build().unwrap();
                assert!(format!("{w:?}").contains(&format!("batch_bytes: {most}")));
                let long = "x".repeat(most);
                let padding = "y".repeat(600);
                let (refused, outcome) = if threaded {
                    let mut w = w.spawn(Reject).unwrap();
                    let refused = w.write_with(|e| e.line("t").field("s", &*long).timestamp(1i64));
                    for n in 0..40i64 {
                        w.write_with(|e| e.line("t").field("s", &*padding).timestamp(n))
                            .unwrap();
                    }
                    let text = format!("t s=\"{long}\" 1\nt n=1i 1\n");
                    let lines = w.write_lines(&text, Precision::Nanosecond);
                    assert_eq!(lines.accepted, 1);
                    assert_eq!(lines.rejected, [(1, WriteError::TooLarge(most))]);
                    let outcome = w.flush().unwrap();
                    assert_eq!(w.stats().not_accepted, 2);
                    (refused, outcome)
                } else {
                    let refused = w.write_with(|e| e.line("t").field("s", &*long).timestamp(1i64));
                    for n in 0..40i64 {
                        w.write_with(|e| e.line("t").field("s", &*padding).timestamp(n))
                            .unwrap();
                    }
                    let text = format!("t s=\"{long}\" 1\nt n=1i 1\n");
                    let lines = w.write_lines(&text, Precision::Nanosecond);
                    assert_eq!(lines.accepted, 1);
                    assert_eq!(lines.rejected, [(1, WriteError::TooLarge(most))]);
                    let outcome = w.flush().unwrap();
                    assert_eq!(w.stats().not_accepted, 2);
                    (refused, outcome)
                };
                assert_eq!(refused, Err(WriteError::TooLarge(most)));
                assert!(outcome.is_safe(), "{outcome}");
                assert_eq!((outcome.delivered, outcome.spooled), (0, 41));
                assert_eq!(disk::lines(dir.path()).len(), 41);
            }
        }
    });
}

#[test]
fn lines_of_another_organization_are_reported_and_sent_when_adopted() {
    within(30 * SEC, || {
        for threaded in [false, true] {
            let (server, dir) = (Server::start(), TempDir::new("foreign"));
            let open = || Spool::builder(dir.path());
            let mut spool = disk::open(open);
            for (org, time) in [("renamed", 1), ("acme", 2), ("renamed", 3), ("third", 4)] {
                let target = Target::new(org, "sensors").unwrap();
                let line = format!("t org=\"{org}\" {time}\n");
                let batch = Batch::new(&target, Precision::Nanosecond, 1, line.as_bytes());
                spool.append(batch).unwrap();
            }
            drop(spool);
            let seen = Arc::new(Mutex::new(Vec::new()));
            let log = Arc::clone(&seen);
            let w = writer(&server)
                .spool(disk::open(open))
                .on_event(move |event| {
                    if let Event::Foreign { lines } = event {
                        log.lock().unwrap().push(*lines);
                    }
                })
                .build()
                .unwrap();
            assert_eq!(*seen.lock().unwrap(), [3], "once, when it is built");
            let stats = w.stats();
            assert!(stats.is_balanced());
            assert_eq!((stats.foreign, stats.recovered, stats.spooled), (3, 1, 1));
            let outcome = if threaded {
                let w = w.spawn(Reject).unwrap();
                assert_eq!(w.stats().foreign, 3);
                until("delivered", || w.stats().delivered == 1);
                w.close().unwrap()
            } else {
                let mut w = w;
                until("delivered", || {
                    let _ = w.flush().unwrap();
                    w.stats().delivered == 1
                });
                assert_eq!(w.stats().foreign, 3);
                w.close().unwrap()
            };
            assert_eq!((outcome.delivered, outcome.spooled), (1, 0));
            assert_eq!(server.points("sensors").len(), 1);
            let on_disk = disk::lines(dir.path());
            let foreign = on_disk.iter().filter(|line| !line.contains("acme"));
            assert_eq!(foreign.count(), 3, "they stay");
            let w = writer(&server).spool(disk::open(open)).adopt_all();
            let mut w = w.build().unwrap();
            let stats = w.stats();
            // The disk notes up to which number all is delivered: what is delivered behind a foreign
            // line is sent once more.
            assert_eq!((stats.foreign, stats.recovered, stats.spooled), (0, 4, 4));
            until("delivered", || {
                let _ = w.flush().unwrap();
                w.stats().delivered == 4
            });
            let outcome = w.close().unwrap();
            assert_eq!((outcome.delivered, outcome.spooled), (4, 0));
            assert_eq!(server.points("sensors").len(), 4);
            assert_eq!(disk::lines(dir.path()), [""; 0]);
            assert!(disk::open(open).is_empty());
        }
    });
}
