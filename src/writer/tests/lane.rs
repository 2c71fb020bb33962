//! Unit tests of `lane`.

use super::*;
use alloc::collections::BTreeSet;
use alloc::vec;

const UNIT: Precision = Precision::Nanosecond;

/// A lane with these batches, and these lines behind them.
fn lane(batches: &[&str], open: &str) -> Lane {
    let mut lane = Lane::new("sensors".into());
    for text in batches {
        for line in split(text.as_bytes()) {
            lane.append(line, 1, 1 << 20);
        }
        lane.seal(false);
    }
    lane.append(open.as_bytes(), open.lines().count(), 1 << 20);
    lane
}

/// What is in hand comes from disk, with times of this unit.
fn drain(lane: &mut Lane, text: &str, precision: Precision) {
    lane.drain = Some(Drain {
        batch: Batch::new(text.into(), text.lines().count(), 0).without_last(),
        precision,
        batch_ids: Tickets::default(),
    });
}

/// All that is ever taken to ask with.
fn trials(lane: &mut Lane) -> Vec<String> {
    let mut random = crate::writer::settings::Jitter::new(7);
    let mut all = BTreeSet::new();
    for _ in 0..500 {
        let found = lane.find_proof(random.next(), UNIT);
        let line = String::from_utf8(lane.proof().to_vec()).unwrap();
        assert_eq!(found, !line.is_empty());
        all.insert(line);
    }
    all.into_iter().collect()
}

#[test]
fn what_was_stored_last_proves() {
    let long = alloc::format!("l f=\"{}\" 1\n", "x".repeat(MAX_PROOF));
    let fits = alloc::format!("l f=\"{}\" 1\n", "x".repeat(MAX_PROOF - 9));
    assert_eq!(fits.len(), 4_096);
    for (stored, proof) in [
        ("a f=1 1\nb f=1 2\n", "b f=1 2\n"),
        (&*fits, &*fits),
        (&*long, ""),
    ] {
        // From memory, and from disk.
        let mut here = lane(&[stored], "");
        here.keep_proof(UNIT);
        assert_eq!(here.proof(), proof.as_bytes());
        let mut there = lane(&["c f=1 1\n"], "");
        drain(&mut there, stored, UNIT);
        there.keep_proof(UNIT);
        assert_eq!(there.proof(), proof.as_bytes());
        // The same digits would be another time.
        there.keep_proof(Precision::Second);
        assert_eq!(there.proof(), b"");
        // It stays as long as nobody takes it away.
        assert!(proof.is_empty() || trials(&mut here) == [proof]);
        here.forget_proof();
        assert_eq!(here.proof(), b"");
    }
    // What was written in one go was stored in one go.
    let mut lane = lane(&[], "a f=1 1\nb f=1 2\n");
    lane.seal(false);
    lane.keep_proof(UNIT);
    assert_eq!(lane.proof(), b"a f=1 1\nb f=1 2\n");
}

#[test]
fn where_nothing_was_stored_any_other_line_may_prove() {
    let rows = |lines: &[&str]| -> Vec<String> {
        let lines = lines.iter();
        lines.map(|line| alloc::format!("{line}\n")).collect()
    };
    let first = "a f=1 1\nb f=1 2\nc f=1 3\n";
    let mut here = lane(&[first, "d f=1 4\ne f=1 5\n"], "g f=1 6\n");
    let all = rows(&["b f=1 2", "c f=1 3", "d f=1 4", "e f=1 5", "g f=1 6"]);
    assert_eq!(trials(&mut here), all);
    // What has once proven goes on doing so.
    assert!(here.find_proof(0, UNIT));
    let stood = here.proof().to_vec();
    here.proof_stood();
    assert_eq!(trials(&mut here), [String::from_utf8(stood).unwrap()]);
    // From disk: all in memory is later. Times of another unit don't do.
    for (unit, lines) in [
        (UNIT, &["c f=1 3", "d f=1 4", "y f=1 8"][..]),
        (Precision::Second, &["c f=1 3", "d f=1 4"]),
    ] {
        let mut lane = lane(&["c f=1 3\n"], "d f=1 4\n");
        drain(&mut lane, "x f=1 7\ny f=1 8\n", unit);
        assert_eq!(trials(&mut lane), rows(lines));
    }
    // The only line there is proves nothing about itself, nor does one that is too long.
    assert_eq!(trials(&mut lane(&["a f=1 1\n"], "")), [""]);
    assert_eq!(trials(&mut lane(&[], "")), [""]);
    let long = alloc::format!("a f=1 1\nb f=\"{}\" 1\n", "x".repeat(MAX_PROOF));
    assert_eq!(trials(&mut lane(&[&long], "")), [""]);
    let fits = alloc::format!("b f=\"{}\" 1\n", "x".repeat(MAX_PROOF - 9));
    let both = alloc::format!("a f=1 1\n{fits}");
    assert_eq!(trials(&mut lane(&[&both], "")), [fits]);
}

/// Once what was stored has been refused, other lines are tried as well, and what is stored of them
/// takes its place.
#[test]
fn a_proof_in_doubt_shares_its_part() {
    let rows = ["b f=1 2\n", "z f=1 1\n"];
    let doubted = || {
        let mut here = lane(&["z f=1 1\n", "a f=1 1\nb f=1 2\n"], "");
        here.keep_proof(UNIT);
        here.sealed.pop_front();
        assert_eq!(trials(&mut here), ["z f=1 1\n"]);
        here.doubt_proof();
        assert_eq!(trials(&mut here), rows);
        here
    };
    for row in rows {
        let mut here = doubted();
        let mut random = crate::writer::settings::Jitter::new(3);
        while here.proof() != row.as_bytes() {
            assert!(here.find_proof(random.next(), UNIT));
        }
        here.proof_stood();
        assert_eq!(trials(&mut here), [row]);
    }
    // What is delivered is in no doubt; what there is nothing else than is tried all the same.
    let mut here = doubted();
    here.keep_proof(UNIT);
    assert_eq!(trials(&mut here), ["b f=1 2\n"]);
    let mut alone = doubted();
    alone.sealed.clear();
    assert_eq!(trials(&mut alone), ["z f=1 1\n"]);
}

#[test]
fn the_last_line_that_went_to_disk_may_prove_while_it_is_there() {
    let long = alloc::format!("l f=\"{}\" 1\n", "x".repeat(MAX_PROOF));
    for (to_disk, in_hand, spooled, found) in [
        ("a f=1 1\nb f=1 2\n", "x f=1 7\n", 3, "b f=1 2\n"),
        // It is itself what is in hand.
        ("b f=1 2\n", "b f=1 2\n", 1, ""),
        // The disk is empty.
        ("b f=1 2\n", "x f=1 7\n", 0, ""),
        (&*long, "x f=1 7\n", 2, ""),
    ] {
        let mut lane = lane(&[to_disk], "");
        lane.keep_newest();
        lane.sealed.clear();
        drain(&mut lane, in_hand, UNIT);
        lane.spooled = spooled;
        assert_eq!(trials(&mut lane), [found], "{to_disk} {in_hand} {spooled}");
    }
    // Nothing ever went there.
    let mut lane = lane(&[], "");
    lane.keep_newest();
    drain(&mut lane, "x f=1 7\n", UNIT);
    lane.spooled = 1;
    assert_eq!(trials(&mut lane), [""]);
}

#[test]
fn the_larger_storage_is_kept() {
    for (sizes, kept) in [(vec![10, 100], 100), (vec![100, 10], 100), (vec![10], 10)] {
        let mut lane = lane(&[], "");
        for size in sizes {
            lane.reuse(Vec::with_capacity(size));
        }
        assert_eq!(lane.storage().capacity(), kept);
        assert_eq!(lane.storage().capacity(), 0);
    }
}
