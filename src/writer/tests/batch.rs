//! Unit tests of `batch`.

use super::*;

const KIND: (u64, Precision) = (0, Precision::Nanosecond);

/// A line as text, without its newline.
fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line)).into_owned()
}

fn bad(number: u32) -> LineError {
    LineError {
        number: Some(number),
        line: "as it was sent".into(),
        reason: "why".into(),
    }
}

fn batch(lines: &[&str]) -> Batch {
    let text: String = lines
        .iter()
        .map(|line| alloc::format!("{line}\n"))
        .collect();
    Batch::new(KIND, text.into_bytes(), lines.len())
}

#[test]
fn numbers_name_lines_of_the_piece() {
    let lines = ["a f=1 1", "b f=\"x\ny\" 2", "c f=1 3", "d f=1 4", "e f=1 5"];
    let table: [(&[u32], &[usize]); 6] = [
        (&[1], &[0]),
        (&[2, 5], &[1, 4]),
        (&[3, 3], &[2]),
        (&[5, 4, 3, 2, 1], &[0, 1, 2, 3, 4]),
        // What names no line has no effect.
        (&[0, 6, u32::MAX], &[]),
        (&[], &[]),
    ];
    for (numbers, expected) in table {
        let mut batch = batch(&lines);
        let named: Vec<_> = numbers.iter().map(|number| bad(*number)).collect();
        let seen = batch.named(&named, RejectReason::Refused);
        let out = batch.take_out(&named, RejectReason::Refused);
        assert_eq!(seen, out, "{numbers:?}");
        let meant: Vec<_> = expected.iter().map(|n| lines[*n]).collect();
        let taken: Vec<_> = out.iter().map(|out| out.line.as_str()).collect();
        assert_eq!(taken, meant, "{numbers:?}");
        let left: String = (0..lines.len())
            .filter(|n| !expected.contains(n))
            .map(|n| alloc::format!("{}\n", lines[n]))
            .collect();
        assert_eq!(batch.rest(), left.as_bytes());
        assert_eq!(batch.lines(), lines.len() - expected.len());
    }
}

#[test]
fn what_waits_keeps_no_more_storage_than_it_needs() {
    for (used, storage, kept) in [
        (160, 1_000, 160),
        (160, 171, 160),
        // A sixteenth isn't worth a copy.
        (160, 170, 170),
        (160, 160, 160),
        (0, 100, 0),
    ] {
        let mut bytes = Vec::with_capacity(storage);
        assert_eq!(bytes.capacity(), storage);
        bytes.resize(used, b'\n');
        let mut batch = Batch::new(KIND, bytes, used);
        batch.shrink();
        assert_eq!(batch.capacity(), kept, "{used} of {storage}");
    }
}

#[test]
fn pieces_inherit_what_is_known_of_them() {
    for (fault, of_halves, expect) in [
        (Fault::None, Fault::None, false),
        (Fault::Failed(3), Fault::None, false),
        (Fault::Confirmed(2), Fault::Confirmed(0), false),
        (Fault::Again(1), Fault::Confirmed(0), false),
        (Fault::None, Fault::None, true),
    ] {
        let mut batch = batch(&["a f=1 1", "b f=1 2", "c f=1 3", "d f=1 4"]);
        let piece = batch.piece().unwrap();
        (piece.fault, piece.expect, piece.breaks) = (fault, expect, 2);
        assert!(batch.halve(true));
        for suspicion in [Suspicion::None, Suspicion::Bad] {
            let piece = batch.next_piece().unwrap();
            assert_eq!((piece.fault, piece.expect), (of_halves, expect));
            assert_eq!((piece.suspicion, piece.breaks), (suspicion, 0));
            // What is left of it is another body, but goes the same way.
            assert_eq!(batch.take_out(&[bad(1)], RejectReason::Refused).len(), 1);
            let piece = batch.next_piece().unwrap();
            assert_eq!((piece.fault, piece.expect), (Fault::None, expect));
            // (The first was the bad one after all, or not: then it is the other.)
            batch.pop(true);
            if let Some(next) = batch.piece() {
                assert_eq!(next.suspicion, Suspicion::None, "a line was taken out");
                next.suspicion = Suspicion::Bad;
            }
        }
    }
}

#[test]
fn a_piece_is_cut_to_what_fits_and_a_line_always_does() {
    let lines = ["a f=1 1", "bb f=1 2", "ccc f=1 3"];
    for (bytes, left) in [
        (usize::MAX, 3),
        (27, 3),
        (26, 2),
        (17, 2),
        (16, 1),
        (8, 1),
        (1, 1),
        (0, 1),
    ] {
        let mut batch = batch(&lines);
        batch.cut_to(bytes);
        assert_eq!(batch.next_piece().unwrap().lines, left, "{bytes}");
        assert_eq!(batch.lines(), 3);
    }
}

/// Lines under suspicion wait at the front, whole and counted, while the next ones are asked about.
#[test]
fn suspects_wait_at_the_front() {
    let lines = ["a f=1 1", "b f=1 2", "c f=1 3", "d f=1 4", "e f=1 5"];
    for suspects in 0..=lines.len() {
        let mut batch = batch(&lines);
        for _ in 0..suspects {
            batch.cut_off(1, true);
            batch.suspect();
            batch.refusals += 1;
        }
        let all: String = lines.iter().map(|l| alloc::format!("{l}\n")).collect();
        let behind: String = all.split_inclusive('\n').skip(suspects).collect();
        assert_eq!(batch.piece_bytes(), behind.as_bytes());
        assert_eq!((batch.rest(), batch.lines()), (all.as_bytes(), 5));
        assert_eq!(batch.has_suspects(), suspects > 0);
        assert_eq!(batch.piece().is_none(), suspects == lines.len());
        // What is named behind them leaves the rest as it was.
        let last = u32::try_from(lines.len() - suspects).unwrap();
        let taken = batch.take_out(&[bad(last)], RejectReason::Refused).len();
        assert_eq!(taken, usize::from(suspects < 5));
        let left = all.strip_suffix("e f=1 5\n").unwrap();
        if taken > 0 {
            assert_eq!((batch.rest(), batch.lines()), (left.as_bytes(), 4));
        }
        // They are asked about again, and known to be; or nothing is known of anything.
        let mut again = batch;
        if suspects % 2 == 0 {
            again.path_works();
            assert_eq!(again.refusals, 0);
        } else {
            again.forget_suspicions(3);
            assert_eq!(again.refusals, 3);
        }
        assert!(!again.has_suspects());
        let mut seen = Vec::new();
        while let Some(piece) = again.piece().copied() {
            let refused = suspects % 2 == 0 && seen.len() < suspects;
            assert_eq!(piece.suspicion == Suspicion::Refused, refused);
            assert!(piece.suspicion != Suspicion::Bad);
            seen.extend(split(again.piece_bytes()).map(text));
            again.pop(suspects % 2 == 1);
        }
        assert_eq!(seen, lines[..lines.len() - taken]);
    }
}

#[test]
fn names_are_of_one_of_these_lines_or_not() {
    let unnamed = LineError {
        number: None,
        ..bad(1)
    };
    for (named, yes) in [
        (&[][..], false),
        (&[bad(1)], true),
        (&[bad(2)], true),
        (&[bad(3)], false),
        (&[bad(0)], false),
        (core::slice::from_ref(&unnamed), false),
        (&[unnamed.clone(), bad(2)], true),
    ] {
        assert_eq!(
            named.iter().any(|one| number_of(one, 2).is_some()),
            yes,
            "{named:?}"
        );
    }
}

#[test]
fn pieces_stay_in_order_through_every_cut() {
    let lines: Vec<String> = (0..100).map(|n| alloc::format!("m f={n} {n}")).collect();
    let refs: Vec<&str> = lines.iter().map(String::as_str).collect();
    let mut batch = batch(&refs);
    let mut sent = Vec::new();
    let mut turn = 0u32;
    while !batch.is_done() {
        turn += 1;
        if turn % 3 != 0 && batch.halve(turn % 2 == 0) {
            continue;
        }
        if turn % 7 == 0 {
            let out = batch.take_out(&[bad(1)], RejectReason::Refused);
            assert_eq!(out.len(), 1);
            sent.push(out[0].line.clone());
            continue;
        }
        sent.extend(split(batch.piece_bytes()).map(text));
        batch.pop(turn % 2 == 0);
    }
    assert_eq!(sent, lines);
}

/// The end that is looked at for the last line has it, whichever thing written last is known, whatever was
/// cut off or taken out.
#[test]
fn the_end_has_the_last_line() {
    let lines = ["a f=1 1", "b f=\"x\ny f=2\" 2", "c f=1 3", "d f=\"\n\n\" 4"];
    let starts = [0, 8, 24, 32];
    let last = |bytes: &[u8]| split(bytes).last().map(<[u8]>::to_vec);
    let mut ends = 0;
    for hint in starts {
        for cut in 0..4 {
            for gone in 0..5u32 {
                let mut batch = batch(&lines);
                batch.last = hint;
                let _ = batch.cut_off(cut, false);
                let named = [bad(gone)];
                let _ = batch.take_out(&named[..usize::from(gone > 0)], RejectReason::Refused);
                let (rest, piece) = (last(batch.rest()), last(batch.piece_bytes()));
                assert_eq!(last(batch.end_of_rest()), rest, "{hint} {cut} {gone}");
                assert_eq!(last(batch.end_of_piece()), piece, "{hint} {cut} {gone}");
                ends += usize::from(batch.end_of_rest().len() < batch.rest().len());
            }
        }
    }
    // (It is shorter in some of them.)
    assert!(ends > 10, "{ends}");
}
