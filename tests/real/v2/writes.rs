//! Writes, and what the server makes of them.

use influx_edge::api::{NewBucket, hours};
use influx_edge::line::{Encoder, Lines, Point};
use influx_edge::{Client, Precision, Remedy, Stored};

use super::T;
use super::place::Place;

struct Case {
    name: &'static str,
    lines: String,
    status: u16,
    stored: Stored,
    remedy: Remedy,
    /// What the server names: the line, and a part of the reason.
    bad: Vec<(String, &'static str)>,
    dropped: Option<u64>,
    /// How many points of `m` with a field `v` there are afterwards.
    points: i64,
}

fn refused(name: &'static str, lines: &str, bad: &[(&str, &'static str)]) -> Case {
    Case {
        name,
        lines: lines.to_owned(),
        status: 400,
        stored: Stored::None,
        remedy: Remedy::RemoveBadLines,
        bad: bad
            .iter()
            .map(|(line, why)| ((*line).to_owned(), *why))
            .collect(),
        dropped: None,
        points: 0,
    }
}

fn partial(
    name: &'static str,
    lines: &str,
    bad: &[(&str, &'static str)],
    dropped: u64,
    points: i64,
) -> Case {
    Case {
        name,
        lines: lines.to_owned(),
        status: 422,
        stored: Stored::Partial,
        remedy: Remedy::None,
        bad: bad
            .iter()
            .map(|(line, why)| ((*line).to_owned(), *why))
            .collect(),
        dropped: Some(dropped),
        points,
    }
}

fn cases() -> Vec<Case> {
    let long = "x".repeat(300);
    let long_line = format!("m,t={long} v={long} 1");
    vec![
        refused(
            "one bad line among good ones",
            "m v=1 1\nm v= 2\nm v=3 3",
            &[("m v= 2", "missing field value")],
        ),
        refused(
            "three, of three kinds",
            "m,=x v=2 2\nm v=1 1\nm v=x 4\nm v=1 12x",
            &[
                ("m,=x v=2 2", "missing tag key"),
                ("m v=x 4", "invalid boolean"),
                ("m v=1 12x", "bad timestamp"),
            ],
        ),
        refused(
            "one that looks like the server's own message",
            "m v=1 1\nm,t=': s=\"unable to parse 'm v=1': no\n': \",v= 3",
            &[(
                "m,t=': s=\"unable to parse 'm v=1': no\n': \",v= 3",
                "missing field value",
            )],
        ),
        refused(
            "twice the same tag",
            "m,a=1,a=2 v=1 1",
            &[("m,a=1,a=2 v=1 1", "duplicate tags")],
        ),
        refused(
            "a time that can't be",
            "m v=1 9223372036854775807",
            &[("m v=1 9223372036854775807", "time outside range")],
        ),
        refused(
            "not a number",
            "m v=NaN 1",
            &[("m v=NaN 1", "invalid number")],
        ),
        refused("a long one", &long_line, &[(&long_line, "invalid")]),
        partial(
            "another type",
            "m v=1 1\nm v=\"text\" 2\nm v=3 3\nm v=4i 4",
            &[
                ("m v=\"text\" 2", "field type conflict"),
                ("m v=4i 4", "field type conflict"),
            ],
            2,
            2,
        ),
        partial(
            "a text that is too long",
            &format!("m s=\"{}\" 1\nm v=1 1", "y".repeat((1 << 20) + 1)),
            &[],
            1,
            1,
        ),
    ]
}

#[test]
fn every_outcome() {
    let Some(place) = Place::new("statuses") else {
        return;
    };
    for (n, case) in cases().into_iter().enumerate() {
        let name = format!("case{n}");
        let bucket = NewBucket::new(&name);
        place.client.buckets().create(&bucket).unwrap();
        let error = place.client.write(&name, &case.lines).unwrap_err();
        let about = case.name;
        assert_eq!(error.status(), Some(case.status), "{about}: {error}");
        assert_eq!(error.stored(), case.stored, "{about}: {error}");
        assert_eq!(error.remedy(), case.remedy, "{about}: {error}");
        assert!(!error.is_retryable(), "{about}: {error}");
        let response = error.response().unwrap();
        assert!(response.is_from_influxdb(), "{about}");
        assert_eq!(response.dropped(), case.dropped, "{about}: {error}");
        let named: Vec<_> = error.line_errors().iter().map(|bad| &bad.line).collect();
        let wanted: Vec<_> = case.bad.iter().map(|(line, _)| line).collect();
        assert_eq!(named, wanted, "{about}: {error}");
        for (bad, (_, why)) in error.line_errors().iter().zip(&case.bad) {
            assert!(bad.reason.contains(why), "{about}: {bad:?}");
            // OSS counts no lines; the client finds its own.
            let before = case.lines.find(&bad.line).map(|at| &case.lines[..at]);
            let number = before.map(|lines| u32::try_from(lines.lines().count() + 1).unwrap());
            assert_eq!(bad.number, number, "{about}: {bad:?}");
        }
        assert_eq!(place.count(&name, "m", "v"), case.points, "{about}");
    }
}

#[test]
fn what_is_older_than_the_retention_is_dropped_and_counted() {
    let Some(place) = Place::new("retention") else {
        return;
    };
    let hour = NewBucket::new("hour").retention(hours(1));
    place.client.buckets().create(&hour).unwrap();
    let now = crate::common::hostile::connect::now();
    let lines = format!("m v=1 {T}\nm v=2 {now}\nm v=3 {}", T + 1);
    let error = place.client.write("hour", &lines).unwrap_err();
    assert_eq!(error.status(), Some(422), "{error}");
    assert_eq!(
        (error.stored(), error.remedy()),
        (Stored::Partial, Remedy::None)
    );
    assert_eq!(error.response().unwrap().dropped(), Some(2), "{error}");
    assert_eq!(place.count("hour", "m", "v"), 1);
}

/// So many bad lines that their message is longer than what is read of it.
#[test]
fn thousands_of_bad_lines_are_still_a_refusal() {
    let Some(place) = Place::new("many bad") else {
        return;
    };
    let lines: String = (0..20_000).map(|n| format!("m,n={n} v= {n}\n")).collect();
    let error = place.client.write("b", &lines).unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    assert_eq!(error.stored(), Stored::None);
    assert_eq!(error.remedy(), Remedy::RemoveBadLines);
    assert!(error.response().unwrap().is_from_influxdb());
    // What is named must be lines that were sent, cut or whole.
    for bad in error.line_errors() {
        assert!(lines.contains(&*bad.line), "{bad:?}");
    }
}

#[test]
fn what_is_taken_is_there() {
    let Some(place) = Place::new("taken") else {
        return;
    };
    let plain = place.builder().gzip_min_bytes(usize::MAX);
    let gzip = place.builder().gzip_min_bytes(1);
    let token = std::env::var("INFLUXDB_V2_TOKEN").unwrap();
    let mut written = 0;
    for builder in [plain, gzip] {
        let client: Client = builder.token(&token).build().unwrap();
        for (precision, step) in [
            (Precision::Second, 1_000_000_000),
            (Precision::Millisecond, 1_000_000),
            (Precision::Microsecond, 1_000),
            (Precision::Nanosecond, 1),
        ] {
            let mut enc = Encoder::with_sink(Vec::new()).precision(precision);
            for n in 0..100 {
                let time = T / step + written;
                enc.line("m").field("v", n).timestamp(time).unwrap();
                written += 1;
            }
            // By name and by id.
            client.write("b", enc.lines()).unwrap();
            client.write(place.bucket.id.as_str(), enc.lines()).unwrap();
        }
        client.write("b", "").unwrap();
        client.write("b", "# nothing but words\n\n").unwrap();
    }
    assert_eq!(place.count("b", "m", "v"), written);
    // A large body, at once: OSS sets no limit of its own.
    let mut enc = Encoder::with_sink(Vec::new());
    let text = "z".repeat(1_000);
    for n in 0..30_000_i64 {
        enc.line("large")
            .field("v", n)
            .field("s", &*text)
            .timestamp(T + n)
            .unwrap();
    }
    let lines: Lines<'_> = enc.lines();
    assert!(lines.bytes.len() > 30_000_000);
    place.client.write("b", lines).unwrap();
    assert_eq!(place.count("b", "large", "v"), 30_000);
    // Written once more they are the same points.
    place.client.write("b", lines).unwrap();
    assert_eq!(place.count("b", "large", "v"), 30_000);
}

#[test]
fn a_point_without_a_time_gets_the_servers() {
    let Some(place) = Place::new("now") else {
        return;
    };
    let before = crate::common::hostile::connect::now();
    place
        .client
        .write("b", Point::new("m").field("v", 1))
        .unwrap();
    let flux = r#"from(bucket: "b") |> range(start: -1h, stop: 1h)"#;
    let mut rows = place.client.query(flux).call().unwrap();
    let row = rows.next().unwrap().unwrap();
    let time = row
        .get::<influx_edge::Timestamp>("_time")
        .unwrap()
        .as_nanos();
    assert!((before..=crate::common::hostile::connect::now()).contains(&time));
}
