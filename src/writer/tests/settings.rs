//! Unit tests of `settings`.

use super::*;

const SEC: Duration = Duration::from_secs(1);

#[test]
fn pauses_have_full_jitter_within_bounds() {
    let policy = patient();
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
fn jitter_fills_its_range() {
    let mut jitter = Jitter::new(0);
    let mean = (0..10_000)
        .map(|_| (jitter.next() >> 32) as f64)
        .sum::<f64>()
        / 10_000.0;
    assert!((mean / 2f64.powi(31) - 1.0).abs() < 0.05);
}
