//! Unit tests of `report`.

use super::*;
use crate::writer::{DroppedLines, RejectedLines};
use alloc::vec::Vec;

#[test]
fn every_number_is_on_the_line() {
    // Each number once, so that none can stand in another's place.
    let stats = Stats {
        accepted: 1,
        recovered: 2,
        delivered: 3,
        spooled: 4,
        rejected: RejectedLines {
            refused: 5,
            partial: 6,
            too_large: 7,
            poison: 8,
        },
        dropped: DroppedLines {
            overflow: 9,
            given_up: 10,
            closed: 11,
            spool: 12,
            panicked: 13,
        },
        buffered: 14,
        buffered_bytes: 15,
        not_accepted: 16,
        own: 19,
        foreign: 20,
        skipped_fields: 21,
        empty_tags: 22,
        requests: 17,
        failures: 18,
        bytes_sent: u64::MAX,
        next_attempt: Some(Duration::from_millis(1_500)),
    };
    let fields = "accepted=1i,recovered=2i,delivered=3i,spooled=4i,buffered=14i,buffered_bytes=15i,\
        not_accepted=16i,own=19i,foreign=20i,skipped_fields=21i,empty_tags=22i,rejected=26i,rejected_refused=5i,rejected_partial=6i,rejected_too_large=7i,\
        rejected_poison=8i,dropped=55i,dropped_overflow=9i,dropped_given_up=10i,dropped_closed=11i,\
        dropped_spool=12i,dropped_panicked=13i,requests=17i,failures=18i,\
        bytes_sent=9223372036854775807i,next_attempt_s=1.5\n";
    let mut enc = Encoder::with_sink(Vec::new());
    enc.encode(&stats).unwrap();
    enc.encode(&stats.named("my logger")).unwrap();
    let text = alloc::format!("influx_edge_writer {fields}my\\ logger {fields}");
    assert_eq!(core::str::from_utf8(enc.as_bytes()), Ok(&*text));

    enc.clear();
    enc.encode(&Stats::default()).unwrap();
    let text = core::str::from_utf8(enc.as_bytes()).unwrap();
    assert!(text.ends_with(",bytes_sent=0i,next_attempt_s=0\n"));
    assert_eq!(text.matches("=0").count(), 26);
    // A name that can't be written is refused as everywhere.
    assert!(enc.encode(&stats.named("")).is_err());
    assert_eq!(enc.line_count(), 1);
}
