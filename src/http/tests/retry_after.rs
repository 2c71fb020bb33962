//! Unit tests of `retry_after`.

use super::super::{parse_date, retry_after};
use core::time::Duration;

#[test]
fn retry_after_in_all_its_forms() {
    let date = Some("Sun, 22 Nov 2026 06:00:00 GMT");
    let ms = |ms| Some(Duration::from_millis(ms));
    for (value, expected) in [
        ("0", ms(0)),
        ("120", ms(120_000)),
        (" 7 ", ms(7_000)),
        ("1.5", ms(1_500)),
        ("0.001", ms(1)),
        ("1e12", ms(600_000)),
        ("1e+2", ms(100_000)),
        ("3000e-3", ms(3_000)),
        ("2.0000000001", ms(2_000)),
        ("1.", ms(1_000)),
        ("1.5s", None),
        ("1e", None),
        ("e1", None),
        (".5", None),
        ("99999999999999999999999", ms(600_000)),
        ("600", ms(600_000)),
        ("601", ms(600_000)),
        ("5, 10", ms(5_000)),
        ("Sun, 22 Nov 2026 06:00:09 GMT", ms(9_000)),
        (" Sun, 22 Nov 2026 06:00:09 GMT ", ms(9_000)),
        ("Sun, 22 Nov 2026 05:59:00 GMT", ms(0)),
        ("Mon, 01 Jan 2999 00:00:00 GMT", ms(600_000)),
        ("soon", None),
        ("-3", None),
        ("inf", None),
        ("1e4294967295", ms(600_000)),
        ("2e2147483648", ms(600_000)),
        ("599e-2147483648", ms(0)),
        ("0e2147483648", ms(0)),
        ("1.5E-4294967295", ms(0)),
        ("1e99999999999999999999", None),
        ("", None),
    ] {
        assert_eq!(retry_after(value, date), expected, "{value:?}");
    }
    // A date without the server's own is worth nothing: our clock may be anywhere.
    for date in [None, Some("today"), Some("")] {
        assert_eq!(retry_after("Sun, 22 Nov 2026 06:00:09 GMT", date), None);
        assert_eq!(retry_after("9", date), ms(9_000));
    }
}

#[test]
fn dates_count_leap_years() {
    for (text, expected) in [
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
        ("Tue, 29 Feb 2000 12:00:00 GMT", Some(951_825_600)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", Some(1_483_228_800)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
        ("Mon, 29 Feb 1999 12:00:00 GMT", None),
        ("Wed, 31 Dec 1969 23:59:59 GMT", None),
        ("Sat, 01 Jan 0000 00:00:00 GMT", None),
        ("Sat, 31 Jan 0000 23:59:60 GMT", None),
        ("Tue, 29 Feb 0000 00:00:00 GMT", None),
        ("Wed, 01 Mar 0000 00:00:00 GMT", None),
        ("Sun, 31 Dec 0000 23:59:59 GMT", None),
        ("Sun, 00 Feb 0000 99:99:99 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ("Sun, 06 Foo 1994 08:49:37 GMT", None),
        ("Sun, 00 Nov 1994 08:49:37 GMT", None),
        ("Sun, 31 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 24:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:60:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:61 GMT", None),
        ("Sun, 06 Nov 1994 08:49 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37:01 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT ago", None),
        ("Sun, +6 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 19940 08:49:37 GMT", None),
        ("Sunday, 06-Nov-94 08:49:37 GMT", None),
        ("Sun Nov  6 08:49:37 1994", None),
        ("Sun, ", None),
        ("", None),
    ] {
        assert_eq!(parse_date(text), expected, "{text}");
    }
}
