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
    // Never beyond the total.
    assert_eq!(
        policy.delay(1, SEC * 100, Some(SEC * 9999), 7),
        Some(SEC * 80)
    );
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

#[test]
fn retry_after_in_all_its_forms() {
    let date = "Sun, 22 Nov 2026 06:00:00 GMT";
    let table: [(&str, Option<u64>); 20] = [
        ("0", Some(0)),
        ("120", Some(120)),
        (" 7 ", Some(7)),
        ("1.5", Some(1500)),
        ("1e12", Some(600)),
        ("1e+2", Some(100)),
        ("3000e-3", Some(3)),
        ("2.0000000001", Some(2)),
        ("1.5s", None),
        ("1e", None),
        ("e1", None),
        ("99999999999999999999999", Some(600)),
        ("5, 10", Some(5)),
        ("Sun, 22 Nov 2026 06:00:09 GMT", Some(9)),
        ("Sun, 22 Nov 2026 05:59:00 GMT", Some(0)),
        ("Mon, 01 Jan 2999 00:00:00 GMT", Some(600)),
        ("soon", None),
        ("-3", None),
        ("inf", None),
        ("", None),
    ];
    for (value, expected) in table {
        let headers = Headers::of(&[("date", date), ("retry-after", value)]);
        let expected = expected.map(|n| {
            if value == "1.5" {
                Duration::from_millis(n)
            } else {
                Duration::from_secs(n)
            }
        });
        assert_eq!(retry_after(&headers), expected, "{value:?}");
    }
    // A date without the server's own is worth nothing: our clock may be anywhere.
    let headers = Headers::of(&[("retry-after", "Sun, 22 Nov 2026 06:00:09 GMT")]);
    assert_eq!(retry_after(&headers), None);
}

#[test]
fn dates_count_leap_years() {
    let table = [
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
        ("Tue, 29 Feb 2000 12:00:00 GMT", Some(951_825_600)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
        ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ("Sun, 06 Foo 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 25:49:37 GMT", None),
        ("Sunday, 06-Nov-94 08:49:37 GMT", None),
    ];
    for (text, expected) in table {
        assert_eq!(http_date(text), expected, "{text}");
    }
}
