//! Unit tests of `settings`.

use super::*;

const SEC: Duration = Duration::from_secs(1);

#[test]
fn pauses_have_full_jitter_within_bounds() {
    let policy = RetryPolicy::unbounded();
    for (streak, high) in [(1, 2), (2, 4), (5, 32), (8, 256), (9, 300), (1_000, 300)] {
        assert_eq!(pause(&policy, streak, None, 0), SEC);
        let most = pause(&policy, streak, None, u64::MAX);
        assert!(most <= SEC * high && most > SEC * (high - 1), "{most:?}");
    }
    assert_eq!(pause(&policy, 1, Some(SEC * 30), 0), SEC * 30);
    assert!(pause(&policy, 1, Some(SEC * 30), u64::MAX) <= SEC * 33);
    let odd = RetryPolicy {
        exponential_base: u32::MAX,
        interval: Duration::MAX,
        max_interval: SEC,
        ..policy
    };
    assert_eq!(pause(&odd, u32::MAX, None, u64::MAX), SEC);
}

#[test]
fn a_server_asks_for_more_patience_and_never_for_less() {
    use crate::http::retry_after;
    const DATE: &str = "Sun, 22 Nov 2026 06:00:00 GMT";
    let policy = RetryPolicy::unbounded();
    // Failure number, the header, and the pause with the random number at its smallest and largest.
    let table = [
        (1, "0", 1_000, 2_000),
        (1, "0.0", 1_000, 2_000),
        (1, "1e-400", 1_000, 2_000),
        (1, "1e-9", 1_000, 2_000),
        (1, "0.999999999", 1_000, 2_000),
        (1, "Sun, 22 Nov 2026 06:00:00 GMT", 1_000, 2_000),
        (1, "Sun, 22 Nov 2026 05:59:59 GMT", 1_000, 2_000),
        (1, "Thu, 01 Jan 1970 00:00:00 GMT", 1_000, 2_000),
        (1, "1.5", 1_500, 2_000),
        (1, "30", 30_000, 33_000),
        (1, "Sun, 22 Nov 2026 06:00:30 GMT", 30_000, 33_000),
        // The policy's own pause is the longer one.
        (5, "3", 3_000, 32_000),
        (1_000, "1", 1_000, 300_000),
        // Ten minutes are the most.
        (1, "601", 600_000, 660_000),
        (1, "1e300", 600_000, 660_000),
        (1, "1e400", 600_000, 660_000),
        (1, "Fri, 31 Dec 9999 23:59:59 GMT", 600_000, 660_000),
    ];
    for (streak, header, least, most) in table {
        let asked = retry_after(header, Some(DATE));
        assert!(asked.is_some(), "{header}");
        for random in [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
            let wait = pause(&policy, streak, asked, random);
            let own = pause(&policy, streak, None, random);
            assert!(wait >= own, "{header}: {wait:?} is sooner than {own:?}");
            let bounds = Duration::from_millis(least)..=Duration::from_millis(most);
            assert!(bounds.contains(&wait), "{header}, {random}: {wait:?}");
        }
    }
    // Whoever read the header, the limit holds.
    let asked = Some(Duration::MAX);
    assert_eq!(pause(&policy, 1, asked, 0), SEC * 600);
    assert_eq!(policy.delay(1, Duration::ZERO, asked, 0), Some(SEC * 600));
}

#[test]
fn jitter_fills_its_range() {
    let mut jitter = Jitter::new(0);
    let mean = (0..10_000)
        .map(|_| (jitter.next() >> 32) as f64)
        .sum::<f64>()
        / 10_000.0;
    assert!((mean / 2f64.powi(31) - 1.0).abs() < 0.05);
}
