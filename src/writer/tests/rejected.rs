//! Unit tests of `rejected`.

use super::*;

#[test]
fn the_latest_are_kept_within_the_limit() {
    let mut store = RejectedStore::new(10 * (size_of::<Rejected>() + 30));
    for n in 0..100 {
        store.push(Rejected {
            bucket: "sensors".into(),
            line: alloc::format!("weather f={n} {n}"),
            precision: Precision::Second,
            lines: 1,
            reason: RejectReason::Refused,
            message: "no".into(),
        });
        assert!(store.bytes <= store.max_bytes);
    }
    assert!(store.list.len() >= 10);
    assert_eq!(
        store.list.iter().last().map(|r| r.line.as_str()),
        Some("weather f=99 99")
    );
    store.push(Rejected {
        bucket: String::new(),
        line: "x".repeat(1_000_000),
        precision: Precision::Second,
        lines: 1,
        reason: RejectReason::TooLarge,
        message: String::new(),
    });
    assert!(store.bytes <= store.max_bytes);
    let last = store.take().last().unwrap();
    assert!(last.line.starts_with("xxx") && last.line.ends_with('…'));
    assert_eq!(store.bytes, 0);
}
