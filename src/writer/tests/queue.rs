//! Unit tests of `queue` and `probe`.

use super::super::probe::MAX_PROBE;
use super::*;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;

const UNIT: Precision = Precision::Nanosecond;

/// A queue with these batches, and these lines behind them.
fn queue(batches: &[&str], open: &str) -> Queue {
    let mut queue = Queue::new("sensors", UNIT);
    for text in batches {
        for line in split(text.as_bytes()) {
            collect(&mut queue, line, 1);
        }
        queue.seal(0, false);
    }
    collect(&mut queue, open.as_bytes(), open.lines().count());
    queue
}

fn collect(queue: &mut Queue, bytes: &[u8], lines: usize) {
    queue.write_behind(bytes);
    queue.keep(bytes.len(), lines, 0);
}

/// What is in hand comes from disk, with times of this unit.
fn hold(queue: &mut Queue, text: &str, precision: Precision) {
    let lines = text.lines().count();
    let mut batch = Batch::new((0, precision), text.into(), lines);
    batch.on_disk = OnDisk::Held(Ranges::default());
    queue.sealed.push_front(batch);
}

/// The first batch goes to disk.
fn spool_first(queue: &mut Queue) {
    if let Some(batch) = queue.sealed.pop_front() {
        queue.probe.spooled(batch.end_of_rest(), batch.precision);
    }
}

/// All that is ever taken to probe with.
fn trials(queue: &mut Queue) -> Vec<String> {
    let mut random = crate::writer::settings::Jitter::new(7);
    let mut all = BTreeSet::new();
    for _ in 0..500 {
        let found = queue.plan_probe(random.next());
        let line = String::from_utf8(queue.probe.lines().to_vec()).unwrap();
        assert_eq!(found, !line.is_empty());
        all.insert(line);
    }
    all.into_iter().collect()
}

#[test]
fn what_was_stored_last_is_the_probe() {
    let long = alloc::format!("l f=\"{}\" 1\n", "x".repeat(MAX_PROBE));
    let fits = alloc::format!("l f=\"{}\" 1\n", "x".repeat(MAX_PROBE - 9));
    assert_eq!(fits.len(), 4_096);
    for (stored, proof) in [
        ("a f=1 1\nb f=1 2\n", "b f=1 2\n"),
        (&*fits, &*fits),
        (&*long, ""),
    ] {
        // From memory, and from disk.
        let mut here = queue(&[stored], "");
        here.note_stored();
        assert_eq!(here.probe.lines(), proof.as_bytes());
        let mut there = queue(&["c f=1 1\n"], "");
        hold(&mut there, stored, UNIT);
        there.note_stored();
        assert_eq!(there.probe.lines(), proof.as_bytes());
        // The same digits would be another time.
        hold(&mut there, stored, Precision::Second);
        there.note_stored();
        assert_eq!(there.probe.lines(), b"");
        // It stays until it is taken.
        assert!(proof.is_empty() || trials(&mut here) == [proof]);
        here.probe.forget();
        assert_eq!(here.probe.lines(), b"");
    }
    // One line, though several were written in one go.
    let mut queue = queue(&[], "a f=1 1\nb f=1 2\n");
    queue.seal(0, false);
    queue.note_stored();
    assert_eq!(queue.probe.lines(), b"b f=1 2\n");
}

#[test]
fn where_nothing_was_stored_any_other_line_may_be_it() {
    let rows = |lines: &[&str]| -> Vec<String> {
        let lines = lines.iter();
        lines.map(|line| alloc::format!("{line}\n")).collect()
    };
    let first = "a f=1 1\nb f=1 2\nc f=1 3\n";
    let mut here = queue(&[first, "d f=1 4\ne f=1 5\n"], "g f=1 6\n");
    let all = rows(&["b f=1 2", "c f=1 3", "d f=1 4", "e f=1 5", "g f=1 6"]);
    assert_eq!(trials(&mut here), all);
    // What has been a probe once goes on being it.
    assert!(here.plan_probe(0));
    let stood = here.probe.lines().to_vec();
    here.probe.succeeded();
    assert_eq!(trials(&mut here), [String::from_utf8(stood).unwrap()]);
    // From disk: all in memory is later. Times of another unit don't do.
    for (unit, lines) in [
        (UNIT, &["c f=1 3", "d f=1 4", "y f=1 8"][..]),
        (Precision::Second, &["c f=1 3", "d f=1 4"]),
    ] {
        let mut queue = queue(&["c f=1 3\n"], "d f=1 4\n");
        hold(&mut queue, "x f=1 7\ny f=1 8\n", unit);
        assert_eq!(trials(&mut queue), rows(lines));
    }
    // The only line there is shows nothing about itself, nor does one that is too long.
    assert_eq!(trials(&mut queue(&["a f=1 1\n"], "")), [""]);
    assert_eq!(trials(&mut queue(&[], "")), [""]);
    let long = alloc::format!("a f=1 1\nb f=\"{}\" 1\n", "x".repeat(MAX_PROBE));
    assert_eq!(trials(&mut queue(&[&long], "")), [""]);
    let fits = alloc::format!("b f=\"{}\" 1\n", "x".repeat(MAX_PROBE - 9));
    let both = alloc::format!("a f=1 1\n{fits}");
    assert_eq!(trials(&mut queue(&[&both], "")), [fits]);
}

/// Once what was stored has been refused, other lines are tried as well, and what is stored of them
/// takes its place.
#[test]
fn a_probe_in_doubt_shares_its_part() {
    let rows = ["b f=1 2\n", "z f=1 1\n"];
    let doubted = || {
        let mut here = queue(&["z f=1 1\n", "a f=1 1\nb f=1 2\n"], "");
        here.note_stored();
        here.sealed.pop_front();
        assert_eq!(trials(&mut here), ["z f=1 1\n"]);
        here.probe.refused();
        assert_eq!(trials(&mut here), rows);
        here
    };
    for row in rows {
        let mut here = doubted();
        let mut random = crate::writer::settings::Jitter::new(3);
        while here.probe.lines() != row.as_bytes() {
            assert!(here.plan_probe(random.next()));
        }
        here.probe.succeeded();
        assert_eq!(trials(&mut here), [row]);
    }
    // What is delivered is in no doubt; what there is nothing else than is tried all the same.
    let mut here = doubted();
    here.note_stored();
    assert_eq!(trials(&mut here), ["b f=1 2\n"]);
    let mut alone = doubted();
    alone.sealed.clear();
    assert_eq!(trials(&mut alone), ["z f=1 1\n"]);
}

#[test]
fn the_last_line_that_went_to_disk_may_be_it_while_it_is_there() {
    let long = alloc::format!("l f=\"{}\" 1\n", "x".repeat(MAX_PROBE));
    for (to_disk, in_hand, spooled, found) in [
        ("a f=1 1\nb f=1 2\n", "x f=1 7\n", 3, "b f=1 2\n"),
        // It is itself what is in hand.
        ("b f=1 2\n", "b f=1 2\n", 1, ""),
        // The disk is empty.
        ("b f=1 2\n", "x f=1 7\n", 0, ""),
        (&*long, "x f=1 7\n", 2, ""),
    ] {
        let mut queue = queue(&[to_disk], "");
        spool_first(&mut queue);
        hold(&mut queue, in_hand, UNIT);
        queue.spooled = spooled;
        assert_eq!(trials(&mut queue), [found], "{to_disk} {in_hand} {spooled}");
    }
    // Nothing ever went there.
    let mut queue = queue(&[], "");
    spool_first(&mut queue);
    hold(&mut queue, "x f=1 7\n", UNIT);
    queue.spooled = 1;
    assert_eq!(trials(&mut queue), [""]);
}

#[test]
fn the_larger_storage_is_kept() {
    for (sizes, kept) in [(vec![10, 100], 100), (vec![100, 10], 100), (vec![10], 10)] {
        let mut queue = queue(&[], "");
        for size in sizes {
            queue.reuse(Some(Vec::with_capacity(size)));
        }
        assert_eq!(queue.storage().capacity(), kept);
        assert_eq!(queue.storage().capacity(), 0);
    }
}
