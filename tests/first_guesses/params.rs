//! Parameters of a query.

use crate::{Outcome, weather};
use influx_edge::{SignedDuration, Timestamp};
use std::time::{Duration, SystemTime};

const SINCE: &str = r#"from(bucket: params.bucket) |> range(start: params.start)
    |> filter(fn: (r) => r._field == "temp_c")"#;

#[test]
fn the_start_of_a_range() -> Outcome {
    let (_server, client) = weather();
    let hour = Duration::from_secs(3600);
    let count = |query: influx_edge::client::Query<'_>| -> Result<usize, influx_edge::Error> {
        Ok(query
            .param("bucket", "sensors")
            .call()?
            .tables()?
            .iter()
            .map(|table| table.rows().len())
            .sum())
    };
    let query = || client.query(SINCE);
    assert_eq!(count(query().param("start", SignedDuration::hours(-1)))?, 3);
    assert_eq!(count(query().param("start", SignedDuration::ago(hour)))?, 3);
    assert_eq!(
        count(query().param("start", "-1h".parse::<SignedDuration>()?))?,
        3
    );
    assert_eq!(count(query().param("start", Timestamp::now() - hour))?, 3);
    assert_eq!(count(query().param("start", Timestamp::from_secs(0)))?, 3);
    assert_eq!(count(query().param("start", SystemTime::now() - hour))?, 3);
    Ok(())
}

#[test]
fn a_range_by_two_durations() -> Outcome {
    let (_server, client) = weather();
    let rows = client
        .query(r#"from(bucket: "sensors") |> range(start: params.start, stop: params.stop)"#)
        .param("start", SignedDuration::hours(-1))
        .param("stop", Duration::from_secs(60))
        .call()?;
    assert!(rows.into_iter().count() > 0);
    Ok(())
}

#[test]
fn a_text_as_a_duration_is_refused_before_it_is_sent() -> Outcome {
    for (flux, words) in [
        (
            SINCE,
            "range(start: …) takes a time or a duration: give a Timestamp, SignedDuration::hours(-1) or",
        ),
        (
            "range(start: -1h, stop: params.start)",
            "range(stop: …) takes a time or a duration",
        ),
        (
            "aggregateWindow(every: params.start, fn: mean)",
            "aggregateWindow(every: …) takes a duration",
        ),
        (
            "window(every: 1m, period: params.start)",
            "window(period: …) takes a duration",
        ),
        (
            "timeShift(duration: params.start)",
            "\"-1h\".parse::<SignedDuration>()?",
        ),
        (
            "derivative(unit: params.start)",
            "the query's parameter \"start\" is a text",
        ),
    ] {
        let (server, client) = weather();
        let before = server.requests().len();
        let text = String::from("-1h");
        for query in [
            client.query(flux).param("start", "-1h"),
            client.query(flux).param("start", &text),
            client.query(flux).param("start", Some(&text)),
            client.query(flux).param("start", "2023-11-14T22:13:20Z"),
        ] {
            let error = query.param("bucket", "sensors").call().unwrap_err();
            assert!(
                error.is_config() && error.to_string().contains(words),
                "{error}"
            );
        }
        assert_eq!(server.requests().len(), before);
    }
    Ok(())
}

/// A range from the future until now.
#[test]
fn a_positive_duration_as_a_start_is_refused_before_it_is_sent() -> Outcome {
    let words = "the query's parameter \"start\" is a positive duration, and range(start: …) without a stop \
        would begin in the future: give SignedDuration::ago(duration) or SignedDuration::hours(-1)";
    let hour = Duration::from_secs(3600);
    let (server, client) = weather();
    let before = server.requests().len();
    for query in [
        client.query(SINCE).param("start", hour),
        client.query(SINCE).param("start", Some(hour)),
        client.query(SINCE).param("start", Duration::from_nanos(1)),
        client.query(SINCE).param("start", SignedDuration::hours(1)),
        client
            .query(SINCE)
            .param("start", "1h".parse::<SignedDuration>()?),
        client.query(SINCE).param("start", SignedDuration(i64::MAX)),
    ] {
        let error = query.param("bucket", "sensors").call().unwrap_err();
        assert!(error.is_config(), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    assert_eq!(server.requests().len(), before);
    Ok(())
}

#[test]
fn texts_numbers_and_lists() -> Outcome {
    let (_server, client) = weather();
    let flux = r#"from(bucket: params.bucket) |> range(start: -1h)
        |> filter(fn: (r) => r.station == params.station) |> limit(n: params.n)"#;
    let station = String::from("zrh-1");
    let rows = client
        .query(flux)
        .param("bucket", "sensors")
        .param("station", &station)
        .param("n", 1)
        .param("unused", vec![1.5, 2.5])
        .param("also", ["a", "b"])
        .param("flag", true)
        .param("missing", None::<i64>)
        .call()?;
    assert_eq!(rows.into_iter().count(), 2);
    Ok(())
}
