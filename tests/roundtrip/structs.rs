//! Structs by serde: random ones as lines, read by the published parser; and through the server, pivoted,
//! back into the struct.

use crate::common::mock_server::Server;
use crate::common::random::{Draw, Rng};
use influx_edge::line::{Encoder, Schema};
use influx_edge::writer::OverflowPolicy;
use influx_edge::{Client, Precision, Timestamp};
use influxdb_line_protocol::{FieldValue, parse_lines};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Idle,
    ChargingSlowly,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Celsius(f32);

/// A value of every kind that comes back as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    time: Timestamp,
    station: String,
    temp: Celsius,
    exact: f64,
    channel: u16,
    tiny: i8,
    count: i64,
    total: u64,
    open: bool,
    letter: char,
    #[serde(rename = "the note")]
    note: String,
    state: State,
    mode: State,
    gust: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    site: Option<String>,
    seen: Timestamp,
}

const READING: Schema = Schema::new("weather")
    .tags(&["station", "channel", "mode", "site"])
    .time("time");

fn text(rng: &mut Rng) -> String {
    const PARTS: [&str; 10] = ["a", " ", ",", "=", "\"", "ü", "zrh", "-", "🌡", "7"];
    let len = 1 + rng.below(6);
    (0..len).map(|_| PARTS[rng.below(PARTS.len())]).collect()
}

fn float(rng: &mut Rng) -> f64 {
    loop {
        let value = f64::from_bits(rng.bits());
        if value.is_finite() {
            return value;
        }
    }
}

fn state(rng: &mut Rng) -> State {
    [State::Idle, State::ChargingSlowly][rng.below(2)]
}

fn reading(rng: &mut Rng, nanos: i64) -> Reading {
    let single = loop {
        let value = f32::from_bits(rng.bits() as u32);
        if value.is_finite() {
            break value;
        }
    };
    Reading {
        time: Timestamp::from_nanos(nanos),
        station: text(rng),
        temp: Celsius(single),
        exact: float(rng),
        channel: rng.bits() as u16,
        tiny: rng.bits() as i8,
        count: rng.bits() as i64,
        total: rng.bits(),
        open: rng.below(2) == 0,
        letter: ['a', 'ü', '"', '\\'][rng.below(4)],
        note: text(rng),
        state: state(rng),
        mode: state(rng),
        gust: (rng.below(2) == 0).then(|| float(rng)),
        site: (rng.below(2) == 0).then(|| text(rng)),
        seen: Timestamp::from_nanos(rng.bits() as i64 / 2),
    }
}

#[test]
fn the_published_parser_reads_what_was_serialized() {
    let rng = &mut Rng::with_seed(19);
    let mut enc = Encoder::with_sink(Vec::new());
    for _ in 0..2_000 {
        let nanos = rng.bits() as i64 / 2;
        let value = reading(rng, nanos);
        enc.clear();
        enc.serialize(&READING, &value).expect("a line");
        let line = std::str::from_utf8(enc.as_bytes()).expect("UTF-8");
        let parsed: Vec<_> = parse_lines(line).collect::<Result<_, _>>().expect(line);
        let [parsed] = &parsed[..] else {
            panic!("{line}")
        };
        assert_eq!(parsed.timestamp, Some(nanos));
        assert_eq!(parsed.series.measurement.as_str(), "weather");
        let tags: BTreeMap<String, String> = parsed
            .series
            .tag_set
            .iter()
            .flatten()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        let fields: BTreeMap<String, FieldValue<'_>> = parsed
            .field_set
            .iter()
            .map(|(key, value)| (key.to_string(), value.clone()))
            .collect();
        assert_eq!(tags["station"], value.station, "{line}");
        assert_eq!(tags["channel"], value.channel.to_string());
        assert_eq!(tags.get("site"), value.site.as_ref());
        let float = |name: &str| match fields[name] {
            FieldValue::F64(v) => v,
            _ => panic!("{line}"),
        };
        let string = |name: &str| match &fields[name] {
            FieldValue::String(v) => v.to_string(),
            _ => panic!("{line}"),
        };
        assert_eq!(float("temp") as f32, value.temp.0);
        assert_eq!(float("exact").to_bits(), value.exact.to_bits());
        assert_eq!(fields.contains_key("gust"), value.gust.is_some());
        assert!(matches!(fields["tiny"], FieldValue::I64(v) if v == i64::from(value.tiny)));
        assert!(matches!(fields["count"], FieldValue::I64(v) if v == value.count));
        assert!(matches!(fields["total"], FieldValue::U64(v) if v == value.total));
        assert!(matches!(fields["open"], FieldValue::Boolean(v) if v == value.open));
        assert_eq!(string("letter"), value.letter.to_string());
        assert_eq!(string("the note"), value.note);
        assert_eq!(string("seen"), value.seen.to_string());
    }
}

fn connect(server: &Server) -> Client {
    let builder = Client::builder(server.url()).org(server.org());
    builder.token(server.token()).build().expect("a client")
}

const FLUX: &str = "from(bucket: params.bucket) |> range(start: 0) |> filter(fn: (r) => \
    r._measurement == params.name) // the end of a line";

fn read<T: serde::de::DeserializeOwned>(
    client: &Client,
    bucket: &str,
    name: &str,
    schema: &Schema<'_>,
) -> Vec<T> {
    let query = client
        .query(FLUX)
        .param("bucket", bucket)
        .param("name", name);
    let values = query.pivot(schema).deserialize::<T>().expect("a response");
    values.collect::<Result<_, _>>().expect("every row fits")
}

#[test]
fn what_was_written_comes_back_into_the_struct() {
    let server = Server::start();
    let client = connect(&server);
    let rng = &mut Rng::with_seed(91);
    let mut values: Vec<Reading> = (1..=300).map(|n| reading(rng, n)).collect();
    client
        .write_each(
            server.bucket(),
            values[..100].iter().map(|v| READING.point(v)),
        )
        .expect("written");
    let mut w = client.writer(server.bucket()).build().expect("a writer");
    for value in &values[100..200] {
        w.write(READING.point(value)).expect("accepted");
    }
    let mut handle = w.spawn(OverflowPolicy::Reject).expect("a handle");
    for value in &values[200..] {
        handle.write(READING.point(value)).expect("accepted");
    }
    assert_eq!(handle.close().expect("closed").delivered, 200);

    let mut found: Vec<Reading> = read(&client, server.bucket(), "weather", &READING);
    found.sort_by_key(|value| value.time);
    values.sort_by_key(|value| value.time);
    assert_eq!(found, values);
}

#[test]
fn times_of_every_kind_come_back() {
    let server = Server::start();
    let client = connect(&server);
    macro_rules! round_trip {
        ($name:literal, $type:ty, $value:expr, $precision:expr) => {{
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            struct Timed {
                kind: String,
                v: i64,
                at: $type,
            }
            let schema = Schema::measurement_from("kind").time("at");
            let schema = match $precision {
                Some(precision) => schema.precision(precision),
                None => schema,
            };
            let value = Timed {
                kind: $name.into(),
                v: 1,
                at: $value,
            };
            client
                .write(server.bucket(), schema.point(&value))
                .expect("written");
            let found: Vec<Timed> = read(&client, server.bucket(), $name, &schema);
            assert_eq!(found, [value], $name);
        }};
    }
    let since = Duration::new(1_700_000_000, 123_456_789);
    round_trip!("nanos", i64, 1_700_000_000_123_456_789, None);
    round_trip!("unsigned nanos", u64, 1_700_000_000_123_456_789, None);
    round_trip!("seconds", u32, 1_700_000_000, Some(Precision::Second));
    round_trip!(
        "millis",
        i64,
        1_700_000_000_123,
        Some(Precision::Millisecond)
    );
    round_trip!(
        "micros",
        i64,
        1_700_000_000_123_456,
        Some(Precision::Microsecond)
    );
    round_trip!("system", SystemTime, SystemTime::UNIX_EPOCH + since, None);
    round_trip!("text", String, String::from("2023-11-14T22:13:20.5Z"), None);
    round_trip!("maybe", Option<i64>, Some(7), None);
}

#[test]
fn what_cannot_come_back_is_an_error() {
    let server = Server::start();
    let client = connect(&server);
    #[derive(Debug, Serialize, Deserialize)]
    struct Inner {
        channel: u16,
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Flat {
        v: f64,
        #[serde(flatten)]
        inner: Inner,
    }
    let schema = Schema::new("flat").tags(&["channel"]);
    let value = Flat {
        v: 1.5,
        inner: Inner { channel: 7 },
    };
    client
        .write(server.bucket(), schema.point(value))
        .expect("written");
    let query = client.query(FLUX).param("bucket", server.bucket());
    let values = query.param("name", "flat").pivot(&schema);
    let errors: Vec<_> = values.deserialize::<Flat>().expect("a response").collect();
    let [Err(error)] = &errors[..] else {
        panic!("{errors:?}")
    };
    assert!(error.to_string().contains("expected u16"), "{error}");
}

#[test]
fn a_value_without_a_form_is_named_and_nothing_is_sent() {
    #[derive(Serialize)]
    struct Bad {
        v: i64,
        list: Vec<i64>,
    }
    let server = Server::start();
    let client = connect(&server);
    const BAD: Schema = Schema::new("t");
    let bad = Bad { v: 1, list: vec![] };
    let sentence = "the value of field `list` is a sequence, which has no form in line protocol";
    let error = client.write(server.bucket(), BAD.point(&bad));
    let error = error.expect_err("refused").to_string();
    assert_eq!(error, format!("cannot encode point 1: {sentence}"));
    let mut w = client.writer(server.bucket()).build().expect("a writer");
    let error = w.write(BAD.point(&bad)).expect_err("refused").to_string();
    assert!(error.ends_with(sentence), "{error}");
    let typo = w.write(BAD.tags(&["v", "lst"]).point(&bad));
    let typo = typo.expect_err("refused").to_string();
    assert!(typo.contains("tag key `lst` is in the schema"), "{typo}");
    assert_eq!(w.close().expect("closed").delivered, 0);
    assert!(server.points(server.bucket()).is_empty());
}

/// A struct whose parts are in other structs, in a map, and in an enum that is told apart by a tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Composed {
    time: SystemTime,
    site: String,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    kind: Kind,
    #[serde(flatten)]
    extra: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Inner {
    level: f64,
    place: String,
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    Opened { by: String },
    Measured { value: f64, count: i64 },
}

const COMPOSED: Schema = Schema::new("composed")
    .tags(&["site", "place", "kind", "nowhere"])
    .time("time");

/// Keys that no other part has.
fn key(rng: &mut Rng) -> String {
    format!("x{}", text(rng))
}

fn composed(rng: &mut Rng, nanos: u64) -> Composed {
    Composed {
        time: SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos),
        site: text(rng),
        inner: Inner {
            level: float(rng),
            place: text(rng),
            open: rng.below(2) == 0,
        },
        kind: match rng.below(2) {
            0 => Kind::Opened { by: text(rng) },
            _ => Kind::Measured {
                value: float(rng),
                count: rng.bits() as i64,
            },
        },
        extra: (0..rng.below(4)).map(|_| (key(rng), float(rng))).collect(),
    }
}

#[test]
fn parts_maps_and_tagged_enums_are_parsed_as_written() {
    let rng = &mut Rng::with_seed(20);
    let mut enc = Encoder::with_sink(Vec::new());
    for _ in 0..2_000 {
        let nanos = rng.bits() / 4;
        let value = composed(rng, nanos);
        enc.clear();
        enc.serialize(&COMPOSED, &value).expect("a line");
        let line = std::str::from_utf8(enc.as_bytes()).expect("UTF-8");
        let parsed: Vec<_> = parse_lines(line).collect::<Result<_, _>>().expect(line);
        let [parsed] = &parsed[..] else {
            panic!("{line}")
        };
        let since = value.time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(parsed.timestamp, Some(since.as_nanos() as i64), "{line}");
        let tags = parsed.series.tag_set.iter().flatten();
        let tags: BTreeMap<String, String> = tags
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        let fields = parsed.field_set.iter();
        let fields: BTreeMap<String, FieldValue<'_>> = fields
            .map(|(key, value)| (key.to_string(), value.clone()))
            .collect();
        let (kind, of_kind): (_, Vec<(&str, FieldValue<'_>)>) = match &value.kind {
            Kind::Opened { by } => (
                "opened",
                vec![("by", FieldValue::String(by.as_str().into()))],
            ),
            Kind::Measured { value, count } => (
                "measured",
                vec![
                    ("value", FieldValue::F64(*value)),
                    ("count", FieldValue::I64(*count)),
                ],
            ),
        };
        let expected = [
            ("site", &*value.site),
            ("place", &value.inner.place),
            ("kind", kind),
        ];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(tags, BTreeMap::from(expected), "{line}");
        let mut expected = BTreeMap::from([
            ("level".to_owned(), FieldValue::F64(value.inner.level)),
            ("open".to_owned(), FieldValue::Boolean(value.inner.open)),
        ]);
        expected.extend(
            of_kind
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value)),
        );
        let extra = value.extra.iter();
        expected.extend(extra.map(|(key, value)| (key.clone(), FieldValue::F64(*value))));
        assert_eq!(fields, expected, "{line}");
    }
}

/// A part, and a map of what is left: one at a time, for the map takes the columns of other points, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct WithMap {
    time: SystemTime,
    site: String,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    extra: BTreeMap<String, f64>,
}

#[test]
fn parts_maps_and_tagged_enums_come_back() {
    let server = Server::start();
    let client = connect(&server);
    let rng = &mut Rng::with_seed(92);
    for n in 1..=60 {
        let Composed {
            time,
            site,
            inner,
            kind,
            extra,
        } = composed(rng, n);
        let value = WithMap {
            time,
            site,
            inner,
            extra,
        };
        let (part, one) = (format!("part{n}"), format!("one{n}"));
        let parts = Schema::new(&part).tags(&["site", "place"]).time("time");
        let kinds = Schema::new(&one).tags(&["kind"]);
        client
            .write(server.bucket(), parts.point(&value))
            .expect("written");
        client
            .write(server.bucket(), kinds.point(&kind))
            .expect("written");
        let found: Vec<WithMap> = read(&client, server.bucket(), &part, &parts);
        assert_eq!(found, [value]);
        let found: Vec<Kind> = read(&client, server.bucket(), &one, &kinds);
        assert_eq!(found, [kind]);
    }
}
