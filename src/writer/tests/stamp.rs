//! Unit tests of `stamp`.

use super::*;
use alloc::string::String;
use core::time::Duration;

struct At(Option<i64>);
impl Clock for At {
    fn now(&self) -> Duration {
        Duration::ZERO
    }
    fn wall(&self) -> Option<i64> {
        self.0
    }
    fn sleep(&mut self, _: Duration) {}
}

const NOW: i64 = 1_700_000_000_123_456_789;

fn stamped(stamper: &mut Stamper, lines: &str, now: i64) -> Result<String, WriteError> {
    let out = stamper.stamp(lines.as_bytes(), &At(Some(now)))?;
    let text = String::from_utf8(out.clone()).unwrap();
    stamper.reuse(out);
    Ok(text)
}

#[test]
fn only_lines_without_a_time_get_one_and_none_gets_it_twice() {
    let mut stamper = Stamper::new(Precision::Nanosecond, ClockGuard::Reject);
    assert_eq!(
        stamped(&mut stamper, "a f=1\nb f=\"x 5\n\"\nc f=1 5\n", NOW).unwrap(),
        "a f=1 1700000000123456789\nb f=\"x 5\n\" 1700000000123456790\nc f=1 5\n"
    );
    // A clock that stands still, one that wavers, and one that is set back for good.
    assert_eq!(
        stamped(&mut stamper, "a f=1\n", NOW).unwrap(),
        "a f=1 1700000000123456791\n"
    );
    assert_eq!(
        stamped(&mut stamper, "a f=1\n", NOW - 100).unwrap(),
        "a f=1 1700000000123456792\n"
    );
    assert_eq!(
        stamped(&mut stamper, "a f=1\n", NOW - 3_600_000_000_000).unwrap(),
        "a f=1 1699996400123456789\n"
    );
}

#[test]
fn coarse_units_round_down() {
    for (precision, expected) in [
        (Precision::Second, "a f=1 1700000000\n"),
        (Precision::Millisecond, "a f=1 1700000000123\n"),
        (Precision::Microsecond, "a f=1 1700000000123456\n"),
    ] {
        let mut stamper = Stamper::new(precision, ClockGuard::Reject);
        assert_eq!(stamped(&mut stamper, "a f=1\n", NOW).unwrap(), expected);
        assert_eq!(stamped(&mut stamper, "a f=1\n", NOW).unwrap(), expected);
    }
}

#[test]
fn a_clock_that_is_not_set() {
    let unset = EARLIEST - 1;
    let mut refuse = Stamper::new(Precision::Second, ClockGuard::Reject);
    assert_eq!(
        stamped(&mut refuse, "a f=1\n", unset),
        Err(WriteError::ClockNotSet)
    );
    assert!(stamped(&mut refuse, "a f=1\n", EARLIEST).is_ok());
    assert!(refuse.stamp(b"a f=1\n", &At(None)).is_err());
    let mut mark = Stamper::new(Precision::Second, ClockGuard::Mark);
    assert_eq!(
        stamped(&mut mark, "a f=1\nb f=1 3\n", 5_000_000_000).unwrap(),
        "a f=1,clock_unset=true 5\nb f=1 3\n"
    );
    let mut server = Stamper::new(Precision::Second, ClockGuard::ServerTime);
    assert_eq!(stamped(&mut server, "a f=1\n", 5).unwrap(), "a f=1\n");
    assert_eq!(
        stamped(&mut server, "a f=1\n", NOW).unwrap(),
        "a f=1 1700000000\n"
    );
}
