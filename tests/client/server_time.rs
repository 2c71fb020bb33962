//! The server's clock, from the `Date` of its responses.

use crate::common::wire::{Wire, response};
use influx_edge::client::Method;
use influx_edge::{ErrorKind, Timestamp, WriteError};
use std::time::Duration;

const DATE: &str = "Date: Sun, 22 Nov 2026 06:00:00 GMT\r\n";

#[test]
fn only_influxdb_sets_the_clock() {
    let at = Timestamp::parse("2026-11-22T06:00:00Z").unwrap();
    let influx = format!("X-Influxdb-Version: v2.9.1\r\n{DATE}");
    let table = [
        ("204 No Content", DATE.to_string(), true),
        ("204 No Content", influx.clone(), true),
        ("200 OK", influx.clone(), true),
        ("503 Service Unavailable", influx.clone(), true),
        (
            "401 Unauthorized",
            format!("X-Influxdb-Build: OSS\r\n{DATE}"),
            true,
        ),
        // No date, none that can be read, a captive portal's, a proxy's copy.
        ("204 No Content", String::new(), false),
        (
            "204 No Content",
            "Date: 2026-11-22T06:00:00Z\r\n".to_string(),
            false,
        ),
        ("200 OK", DATE.to_string(), false),
        ("502 Bad Gateway", DATE.to_string(), false),
        ("200 OK", format!("Age: 0\r\n{influx}"), false),
    ];
    for (status, headers, told) in table {
        let wire = Wire::responding(response(status, &headers, ""));
        let client = wire.builder().build().unwrap();
        let clone = client.clone();
        assert_eq!(client.server_time(), None);
        client.request(Method::Get, "/ping").call().unwrap();
        match (clone.server_time(), told) {
            (None, false) => {}
            (Some(time), true) => {
                let late = time.as_nanos() - at.as_nanos();
                assert!((0..10_000_000_000).contains(&late), "{status}: {time}");
            }
            (time, _) => panic!("{status}, {headers:?}: {time:?}"),
        }
    }
}

#[test]
fn bounds_of_the_clock_are_checked_when_a_writer_is_built() {
    let client = Wire::responding(response("204 No Content", "", "")).client();
    let time = |text| Timestamp::parse(text).unwrap();
    let refused = client
        .writer("b")
        .clock_not_before(time("2027-01-01T00:00:00Z"))
        .clock_not_after(time("2026-12-31T00:00:00Z"))
        .build()
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "clock_not_before (2027-01-01T00:00:00Z) is after clock_not_after (2026-12-31T00:00:00Z)"
    );
    for (seconds, fits) in [(0, false), (4, false), (5, true), (u64::MAX, true)] {
        let most = Duration::from_secs(seconds);
        let built = client.writer("b").clock_max_difference(most).build();
        assert_eq!(built.is_ok(), fits, "{seconds} s");
    }
    // A bound that this machine's clock is outside of.
    let mut late = client
        .writer("b")
        .clock_not_before(time("2250-01-01T00:00:00Z"))
        .build()
        .unwrap();
    let error = late
        .write_with(|enc| enc.line("m").field("f", 1).finish())
        .unwrap_err();
    assert!(matches!(error, WriteError::ClockNotSet(_)), "{error}");
    assert!(
        error
            .to_string()
            .contains("which is before 2250-01-01T00:00:00Z")
    );
    assert!(matches!(
        influx_edge::Error::from(error).kind(),
        ErrorKind::Write(_)
    ));
    late.write_with(|enc| enc.line("m").field("f", 1).timestamp(1))
        .unwrap();
    drop(late.close_within(Duration::ZERO));
}

/// The clock's sentence of `Client::validate`; a server without a `Date` fails no check.
#[test]
fn a_validation_compares_the_clocks() {
    for (date, failed, sentence) in [
        (DATE, true, "cannot use this machine's clock: it shows 20"),
        (
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
            true,
            "the server's 1994-11-06T08:49",
        ),
        (
            "Date: Fri, 01 Jan 2100 00:00:00 GMT\r\n",
            true,
            "the server's 2100-01-01T00:00",
        ),
        ("", false, "have no Date"),
        ("Date: today\r\n", false, "have no Date"),
    ] {
        let client = Wire::responding(response("204 No Content", date, "")).client();
        let found = client.validate("b");
        assert!(
            found.server.is_passed() && found.write.is_passed(),
            "{found}"
        );
        assert!(found.clock.to_string().contains(sentence), "{found}");
        assert_eq!(found.clock.error().is_some(), failed, "{found}");
        // A 204 is no result of a query.
        assert!(found.read.error().is_some(), "{found}");
        assert_eq!(found.to_string().lines().count(), 4, "{found}");
        let error = found.into_result().unwrap_err();
        assert_eq!(matches!(error.kind(), ErrorKind::Content { .. }), failed);
    }
}
