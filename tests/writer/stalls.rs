//! A server that accepts and stalls, under a writer with threads.

use crate::help::{MS, SEC, stalling, within};
use influx_edge::OverflowPolicy::Reject;
use influx_edge::writer::WriterHandle;
use influx_edge::{Error, ErrorKind, FlushError, Writer};
use std::time::Instant;

/// Writes 1 000 points a second for four seconds; the most lines that were in memory alone.
fn write_for_four_seconds(w: &mut WriterHandle) -> u64 {
    let start = Instant::now();
    let mut most = 0;
    for n in 0..4_000i64 {
        w.write_with(|enc| enc.line("t").field("n", n).timestamp(n))
            .unwrap();
        let stats = w.stats();
        assert!(stats.is_balanced(), "{stats:?}");
        most = most.max(stats.buffered);
        let next = start + MS * (n as u32 + 1);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    most
}

/// The default limit of a request.
fn writer(url: &crate::common::wire::Wire) -> influx_edge::writer::WriterBuilder {
    let client = url.builder().timeout(30 * SEC).build().unwrap();
    client.writer("sensors")
}

fn undelivered(error: &Error) -> &FlushError {
    match error.kind() {
        ErrorKind::Flush(undelivered) => undelivered,
        other => panic!("{other:?}"),
    }
}

#[cfg(feature = "spool")]
#[test]
fn with_a_spool_memory_holds_two_seconds_and_a_flush_returns_in_time() {
    use crate::common::temp_dir::TempDir;
    use crate::help::disk;
    use influx_edge::Spool;
    within(40 * SEC, || {
        let (wire, dir) = (stalling(), TempDir::new("stalls"));
        let spool = disk::open(|| Spool::builder(dir.path()));
        let w = writer(&wire).spool(spool).build().unwrap();
        let mut w = w.spawn(Reject).unwrap();
        let most = write_for_four_seconds(&mut w);
        println!("at most {most} lines in memory");
        // One flush interval and what handles have collected meanwhile.
        assert!(most <= 2_200, "{most}");
        let start = Instant::now();
        let outcome = w.flush_within(SEC).unwrap();
        let took = start.elapsed();
        assert!(took <= 2 * SEC, "{took:?}");
        assert!(outcome.is_safe());
        assert_eq!((outcome.delivered, outcome.spooled), (0, 4_000));
        let stats = w.stats();
        assert_eq!((stats.spooled, stats.buffered), (4_000, 0), "{stats:?}");
        let on_disk = disk::lines(dir.path());
        let expected: Vec<_> = (0..4_000).map(|n| format!("t n={n}i {n}")).collect();
        assert!(on_disk == expected, "{} lines on disk", on_disk.len());
        let start = Instant::now();
        let outcome = w.close_within(SEC / 2).unwrap();
        assert!(start.elapsed() <= SEC, "{:?}", start.elapsed());
        assert_eq!((outcome.delivered, outcome.spooled), (0, 4_000));
        assert_eq!(disk::lines(dir.path()).len(), 4_000);
    });
}

#[test]
fn without_a_spool_a_flush_and_a_close_are_errors_in_time() {
    within(40 * SEC, || {
        let wire = stalling();
        let mut w = writer(&wire).build().unwrap().spawn(Reject).unwrap();
        let most = write_for_four_seconds(&mut w);
        assert!(most > 3_000, "{most}");
        let start = Instant::now();
        let error = w.flush_within(SEC).unwrap_err();
        let took = start.elapsed();
        assert!(took <= 2 * SEC, "{took:?}");
        let left = undelivered(&error);
        assert_eq!((left.lines(), left.is_lost()), (4_000, false), "{error}");
        let stats = w.stats();
        assert_eq!((stats.buffered, stats.dropped.total()), (4_000, 0));
        let other = w.clone();
        let start = Instant::now();
        let error = w.close_within(SEC / 2).unwrap_err();
        let took = start.elapsed();
        assert!(took <= SEC, "{took:?}");
        let left = undelivered(&error);
        assert_eq!((left.lines(), left.is_lost()), (4_000, true), "{error}");
        let stats = other.stats();
        assert!(stats.is_balanced());
        assert_eq!(stats.dropped.closed, 4_000, "{stats:?}");
        assert_eq!((stats.buffered, stats.dropped.total()), (0, 4_000));
    });
}

/// The handle that is dropped last waits for `flush_timeout` and no longer, though a request is out.
#[test]
fn the_last_handle_does_not_wait_for_a_request_beyond_the_flush_timeout() {
    within(20 * SEC, || {
        let wire = stalling();
        let w = writer(&wire).flush_timeout(SEC / 2).batch_lines(1);
        let mut w = w.build().unwrap().spawn(Reject).unwrap();
        w.write_with(|enc| enc.line("t").field("v", 1).finish())
            .unwrap();
        std::thread::sleep(100 * MS);
        let start = Instant::now();
        drop(w);
        assert!(start.elapsed() <= SEC, "{:?}", start.elapsed());
    });
}

/// A writer without threads waits for its request as long as it said, and holds what is unsent.
#[test]
fn a_writer_without_threads_returns_in_time_and_lists_what_is_unsent() {
    within(20 * SEC, || {
        let wire = stalling();
        let mut w: Writer = writer(&wire).build().unwrap();
        w.write_with(|enc| enc.line("t").field("v", 1i64).timestamp(1i64))
            .unwrap();
        let start = Instant::now();
        let error = w.flush_within(SEC / 2).unwrap_err();
        let took = start.elapsed();
        assert!(took <= SEC + SEC / 2, "{took:?}");
        assert_eq!(undelivered(&error).lines(), 1);
        let unsent: Vec<_> = w.unsent().map(|(_, lines)| lines.bytes).collect();
        assert_eq!(unsent, [b"t v=1i 1\n"]);
        let start = Instant::now();
        assert!(undelivered(&w.close_within(SEC / 2).unwrap_err()).is_lost());
        assert!(start.elapsed() <= SEC, "{:?}", start.elapsed());
    });
}
