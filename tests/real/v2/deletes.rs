//! Deleting points by predicates.

use std::collections::BTreeSet;

use influx_edge::Timestamp;
use influx_edge::client::Method;
use influx_edge::flux::Predicate;
use influx_edge::line::Encoder;

use super::T;
use super::place::Place;
use crate::common::hostile::{self, Position};

fn left(place: &Place, bucket: &str, tag: &str) -> BTreeSet<String> {
    let flux = "from(bucket: params.b) |> range(start: 1970-01-01T00:00:00Z) |> group() |> keep(columns: [params.tag])";
    let query = place.client.query(flux).param("b", bucket);
    let mut rows = query.param("tag", tag).call().unwrap();
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next().unwrap() {
        found.insert(row.get::<String>(tag).unwrap());
    }
    found
}

/// Every second tag value is deleted by a predicate that names it. What is left must be the others:
/// neither a value too few is gone, nor one too many.
#[test]
fn a_value_names_its_own_points_and_no_others() {
    let Some(place) = Place::new("hostile deletes") else {
        return;
    };
    let mut values = Vec::new();
    for text in hostile::strings() {
        let sent = text.len() < 10_000 && !text.is_empty();
        if sent && !hostile::must_be_refused(Position::TagValue, &text, false) {
            values.push(text);
        }
    }
    assert!(values.len() > 400, "{}", values.len());
    let mut enc = Encoder::with_sink(Vec::new());
    for (n, value) in (0..).zip(&values) {
        enc.line("m")
            .tag("t", value.as_str())
            .field("v", n)
            .timestamp(T + n)
            .unwrap();
    }
    place.client.write("b", enc.lines()).unwrap();
    assert_eq!(left(&place, "b", "t").len(), values.len());
    let (start, stop) = (
        Timestamp::from_nanos(0),
        Timestamp::from_nanos(T + 1_000_000),
    );
    let mut wanted = BTreeSet::new();
    for (n, value) in values.iter().enumerate() {
        if n % 2 == 1 {
            wanted.insert(value.clone());
            continue;
        }
        let predicate = Predicate::new()
            .measurement("m")
            .and_then(|p| p.tag("t", value))
            .unwrap_or_else(|e| panic!("{value:?}: {e}"));
        let deletion = place
            .client
            .delete_points("b", start, stop)
            .predicate(predicate);
        deletion.call().unwrap_or_else(|e| panic!("{value:?}: {e}"));
    }
    let found = left(&place, "b", "t");
    let too_many: Vec<_> = found.difference(&wanted).collect();
    let too_few: Vec<_> = wanted.difference(&found).collect();
    assert!(
        too_many.is_empty() && too_few.is_empty(),
        "stayed {too_many:?}, went {too_few:?}"
    );
}

/// The same for names of tags and of measurements.
#[test]
fn so_do_names() {
    let Some(place) = Place::new("hostile names") else {
        return;
    };
    let names = [
        "a b", "a,b", "a=b", "é", "q\"q", "it's", "日本", "x.y", "${z}", "and", "AND", "or",
        "select", "from", "where", "time2", "_t", "-", "1", "1a", "a/b", "/re/", "(", ")", "%",
        "*", "a\\b",
    ];
    let mut enc = Encoder::with_sink(Vec::new());
    for (n, name) in (0..).zip(names) {
        enc.line("keys")
            .tag(name, "v")
            .field("n", n)
            .timestamp(T + n)
            .unwrap();
        enc.line(name)
            .tag("kept", "v")
            .field("n", n)
            .timestamp(T + n)
            .unwrap();
    }
    place.client.write("b", enc.lines()).unwrap();
    let (start, stop) = (
        Timestamp::from_nanos(0),
        Timestamp::from_nanos(T + 1_000_000),
    );
    for (gone, name) in (1..).zip(names) {
        let by_key = Predicate::new().tag(name, "v").unwrap();
        let deletion = place
            .client
            .delete_points("b", start, stop)
            .predicate(by_key);
        deletion.call().unwrap_or_else(|e| panic!("{name:?}: {e}"));
        let all = i64::try_from(names.len()).unwrap();
        assert_eq!(place.count("b", "keys", "n"), all - gone, "{name:?}");
        assert_eq!(place.count("b", name, "n"), 1, "{name:?}");
        let by_measurement = Predicate::new().measurement(name).unwrap();
        let deletion = place
            .client
            .delete_points("b", start, stop)
            .predicate(by_measurement);
        deletion.call().unwrap_or_else(|e| panic!("{name:?}: {e}"));
        assert_eq!(place.count("b", name, "n"), 0, "{name:?}");
    }
}

#[test]
fn ranges_and_refusals() {
    let Some(place) = Place::new("ranges") else {
        return;
    };
    let mut enc = Encoder::with_sink(Vec::new());
    for n in 0..100_i64 {
        let side = if n % 2 == 0 { "even" } else { "odd" };
        enc.line("m")
            .tag("side", side)
            .field("v", n)
            .timestamp(T + n)
            .unwrap();
    }
    place.client.write("b", enc.lines()).unwrap();
    let delete = |from: i64, to: i64| {
        place.client.delete_points(
            "b",
            Timestamp::from_nanos(T + from),
            Timestamp::from_nanos(T + to),
        )
    };
    // Both ends included.
    delete(10, 19).call().unwrap();
    assert_eq!(place.count("b", "m", "v"), 90);
    // Nothing there to delete.
    delete(10, 19).call().unwrap();
    let not = Predicate::new()
        .measurement("m")
        .unwrap()
        .tag_not("side", "odd")
        .unwrap();
    delete(20, 29).predicate(not).call().unwrap();
    assert_eq!(place.count("b", "m", "v"), 85);
    for (predicate, status) in [
        ("side=\"odd\" OR side=\"even\"", 400),
        ("side=~/o/", 400),
        ("side=", 400),
        ("_field=\"v\"", 501),
    ] {
        let error = delete(0, 99).predicate(predicate).call().unwrap_err();
        assert_eq!(error.status(), Some(status), "{predicate}: {error}");
        assert!(!error.is_retryable(), "{predicate}: {error}");
    }
    assert_eq!(place.count("b", "m", "v"), 85);
    // What the server would take for done, with every point still there.
    for predicate in [
        "_measurement!=\"other\"",
        "_time=\"x\"",
        "_value=1",
        "side=\"\"",
    ] {
        let error = delete(0, 99).predicate(predicate).call().unwrap_err();
        assert!(error.is_config(), "{predicate}: {error}");
    }
    // All times there are.
    let nothing = Predicate::new().tag("side", "nope").unwrap();
    place
        .client
        .delete_points("b", Timestamp::MIN, Timestamp::MAX)
        .predicate(nothing)
        .call()
        .unwrap();
    assert_eq!(place.count("b", "m", "v"), 85);
    // By the bucket's id; without a predicate, everything in the range.
    let all = place.client.delete_points(
        place.bucket.id.as_str(),
        Timestamp::from_nanos(T),
        Timestamp::from_nanos(T + 1_000),
    );
    all.call().unwrap();
    assert_eq!(place.count("b", "m", "v"), 0);
}

/// Measurements and their tag `t` that are left.
fn series(place: &Place) -> BTreeSet<(String, String)> {
    let flux = "from(bucket: params.b) |> range(start: 1970-01-01T00:00:00Z) |> group() |> keep(columns: [\"_measurement\", \"t\"])";
    let mut rows = place.client.query(flux).param("b", "b").call().unwrap();
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next().unwrap() {
        found.insert((row.get("_measurement").unwrap(), row.get("t").unwrap()));
    }
    found
}

/// The server responds with success to these and leaves what they name: the client refuses them.
/// The others it carries out, or refuses itself: the client sends them.
#[test]
fn what_a_predicate_names_is_gone_or_it_is_refused() {
    let Some(place) = Place::new("predicates") else {
        return;
    };
    let all = [
        ("a", "x"),
        ("m", "x"),
        ("m", "y"),
        ("m", "TRUE"),
        ("m", "now()"),
        ("m", "1."),
        ("m", "-1h"),
        ("m", "-  x"),
        ("z", "x"),
    ];
    let mut enc = Encoder::with_sink(Vec::new());
    for (n, (measurement, t)) in (0..).zip(all) {
        let line = enc.line(measurement).tag("t", t).field("v", n);
        line.timestamp(T).unwrap();
    }
    let all: BTreeSet<_> = all.map(|(m, t)| (m.to_owned(), t.to_owned())).into();
    let (start, stop) = (Timestamp::from_nanos(T), Timestamp::from_nanos(T + 1));
    // What they name and what stays.
    for (predicate, measurement, t) in [
        ("_measurement <> \"a\"", "z", "x"),
        ("_measurement != \"m\"", "z", "x"),
        ("(t=\"x\" AND _measurement<>m)", "z", "x"),
        ("_Measurement = \"m\"", "m", "x"),
        ("\"m\" = _measurement", "m", "x"),
        ("\" _measurement\"=\"m\"", "m", "x"),
        ("_field != \"w\"", "m", "x"),
        ("_field<>\"w\" AND t=\"x\"", "m", "x"),
        ("_FIELD=\"v\"", "m", "x"),
        ("_value=1", "m", "x"),
        ("_Value = \"1\"", "m", "x"),
        ("_time=\"x\"", "m", "x"),
        ("_TIME != \"x\"", "m", "x"),
        ("_stop<>\"x\"", "m", "x"),
        ("time=\"x\"", "m", "x"),
        ("t=\"\"", "m", "x"),
        ("t=\"x\" AND t=\"y\"", "m", "y"),
        ("t=TRUE", "m", "TRUE"),
        ("t=now()", "m", "now()"),
        ("t=1.", "m", "1."),
        ("t=-  \"x\"", "m", "-  x"),
        ("_measurement=\"m\" AND t=\"x\"\0 AND t=\"y\"", "m", "y"),
    ] {
        place.client.write("b", enc.lines()).unwrap();
        let delete = place.client.delete_points("b", start, stop);
        let error = delete.predicate(predicate).call().unwrap_err();
        assert!(error.is_config(), "{predicate}: {error}");
        let body = serde_json::json!({
            "start": start.to_string(),
            "stop": stop.to_string(),
            "predicate": predicate,
        });
        let request = place
            .client
            .request(Method::Post, "/api/v2/delete")
            .query("orgID", place.org.id.as_str())
            .query("bucket", "b")
            .json(&body);
        assert_eq!(request.call().unwrap().status(), 204, "{predicate}");
        let stayed = (measurement.to_owned(), t.to_owned());
        assert!(series(&place).contains(&stayed), "{predicate}");
    }
    // How many of them go.
    for (predicate, gone) in [
        ("t != \"x\"", 6),
        ("t <> \"x\"", 6),
        ("(t<>\"x\") and (_measurement=\"m\")", 6),
        ("t != \"\"", 9),
        ("_measurement=m AND t <> \"\"", 7),
        ("t=\"TRUE\"", 1),
        ("t=\"now()\"", 1),
        ("t=\"1.\"", 1),
        ("t=-1h", 1),
        ("t=x", 3),
        ("(_measurement=\"m\")AND((t=x))", 1),
        ("t=\"x\" AND t=\"x\"", 3),
        // None at all.
        ("", 9),
    ] {
        place.client.write("b", enc.lines()).unwrap();
        assert_eq!(series(&place), all);
        let mut delete = place.client.delete_points("b", start, stop);
        if !predicate.is_empty() {
            delete = delete.predicate(predicate);
        }
        let result = delete.call();
        result.unwrap_or_else(|e| panic!("{predicate}: {e}"));
        assert_eq!(all.len() - series(&place).len(), gone, "{predicate}");
    }
    place.client.write("b", enc.lines()).unwrap();
    for predicate in [
        "_measurement == \"m\"",
        "_measurement =~ /m/",
        "t !~ /x/",
        "t > \"x\"",
        "NOT t=\"x\"",
        "not (t=\"x\")",
        "!t=\"x\"",
        "t=\"x\" or t=\"y\"",
        "t=\"x\" && t=\"y\"",
        "t=\"x\", t=\"y\"",
        "t='x'",
        "t IN (\"x\")",
        "t=(\"x\")",
        "(t=\"x\"",
        "t=\"x\" -- c",
        "t=/* c */\"x\"",
        "t::tag=\"x\"",
        "t=1e3",
    ] {
        let delete = place.client.delete_points("b", start, stop);
        let error = delete.predicate(predicate).call().unwrap_err();
        assert_eq!(error.status(), Some(400), "{predicate}: {error}");
    }
    assert_eq!(series(&place), all);
}
