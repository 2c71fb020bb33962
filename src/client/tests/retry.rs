//! Unit tests of `retry`.

use super::*;

const SEC: Duration = Duration::from_secs(1);

#[test]
fn pauses_grow_and_stay_within_bounds() {
    let policy = RetryPolicy::default();
    let table = [
        (1, 5, 10),
        (2, 10, 20),
        (3, 20, 40),
        (4, 40, 80),
        (5, 80, 125),
    ];
    for (attempt, low, high) in table {
        for random in [0, 1, u64::MAX / 2, u64::MAX] {
            let pause = policy.delay(attempt, Duration::ZERO, None, random).unwrap();
            assert!(
                pause >= SEC * low && pause <= SEC * high,
                "{attempt}: {pause:?}"
            );
        }
    }
    assert_eq!(policy.delay(0, Duration::ZERO, None, 0), None);
    assert_eq!(policy.delay(6, Duration::ZERO, None, 0), None);
    assert_eq!(RetryPolicy::none().delay(1, Duration::ZERO, None, 0), None);
}

#[test]
fn the_total_is_kept() {
    let policy = RetryPolicy::default();
    assert_eq!(policy.delay(5, SEC * 179, None, 0), Some(SEC));
    assert_eq!(policy.delay(1, SEC * 180, None, 0), None);
    assert_eq!(policy.delay(1, SEC * 9999, None, 0), None);
}

#[test]
fn the_servers_wish_is_a_lower_bound() {
    let policy = RetryPolicy::default();
    assert_eq!(
        policy.delay(1, Duration::ZERO, Some(SEC * 30), 0),
        Some(SEC * 30)
    );
    let most = policy
        .delay(1, Duration::ZERO, Some(SEC * 30), u64::MAX)
        .unwrap();
    assert!(most > SEC * 30 && most <= SEC * 33);
    // A server that asks for no pause gets the policy's own.
    for asked in [0, 1, 4_999] {
        let asked = Some(Duration::from_millis(asked));
        assert_eq!(policy.delay(1, Duration::ZERO, asked, 0), Some(SEC * 5));
        assert_eq!(policy.delay(3, Duration::ZERO, asked, 0), Some(SEC * 20));
    }
    // Never beyond the total.
    assert_eq!(
        policy.delay(1, SEC * 100, Some(SEC * 9999), 7),
        Some(SEC * 80)
    );
}

#[test]
fn without_bounds_nothing_is_given_up() {
    let policy = RetryPolicy::unbounded();
    for (attempt, elapsed) in [(1, 0), (6, 181), (100, 86_400), (u32::MAX, u64::MAX / 2)] {
        let elapsed = Duration::from_secs(elapsed);
        for random in [0, u64::MAX] {
            let pause = policy.delay(attempt, elapsed, None, random);
            let pause = pause.expect("another attempt");
            assert!(pause >= SEC && pause <= SEC * 300, "{attempt}: {pause:?}");
        }
    }
}

#[test]
fn odd_settings_do_not_overflow() {
    let policy = RetryPolicy {
        max_retries: u32::MAX,
        interval: Duration::MAX,
        max_interval: Duration::MAX,
        max_time: Duration::MAX,
        exponential_base: u32::MAX,
    };
    assert!(
        policy
            .delay(u32::MAX, Duration::ZERO, None, u64::MAX)
            .is_some()
    );
    let zero = RetryPolicy {
        exponential_base: 0,
        interval: Duration::ZERO,
        ..RetryPolicy::default()
    };
    assert_eq!(
        zero.delay(3, Duration::ZERO, None, u64::MAX),
        Some(Duration::ZERO)
    );
}
