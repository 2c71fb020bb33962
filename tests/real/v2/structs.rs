//! Structs by serde, on a server: written by client, writer and handle, read back pivoted.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use influx_edge::Timestamp;
use influx_edge::line::Schema;
use influx_edge::writer::OverflowPolicy;
use serde::{Deserialize, Serialize};

use super::T;
use super::place::Place;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    time: Timestamp,
    station: String,
    channel: u16,
    temp: f32,
    exact: f64,
    count: i64,
    total: u64,
    open: bool,
    letter: char,
    #[serde(rename = "the note")]
    note: String,
    mode: Mode,
    gust: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    site: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Idle,
    ChargingSlowly,
}

const READING: Schema = Schema::new("weather")
    .tags(&["station", "channel", "mode", "site"])
    .time("time");

const FLUX: &str = "from(bucket: \"b\") |> range(start: 0, stop: 2100-01-01T00:00:00Z)
    |> filter(fn: (r) => r._measurement == params.name)";

fn reading(n: i64) -> Reading {
    let text = ["plain", "a, b=c", "a \"quote\"", "back\\slash", "ü 🌡"];
    Reading {
        time: Timestamp::from_nanos(T + n),
        station: text[n as usize % 5].to_owned(),
        channel: n as u16 % 3,
        temp: [21.7, -0.1, 1e-20, 3.4e38][n as usize % 4],
        exact: [0.1 + 0.2, f64::MIN_POSITIVE, -1.5e300][n as usize % 3],
        count: [i64::MIN, -1, i64::MAX][n as usize % 3],
        total: [0, u64::MAX][n as usize % 2],
        open: n % 2 == 0,
        letter: ['a', 'ü', '"', ','][n as usize % 4],
        note: text[(n as usize + 2) % 5].to_owned(),
        mode: [Mode::Idle, Mode::ChargingSlowly][n as usize % 2],
        gust: (n % 3 != 0).then_some(0.5 + n as f64),
        site: (n % 4 == 0).then(|| format!("site {n}")),
    }
}

#[test]
fn what_was_serialized_comes_back_into_the_struct() {
    let Some(place) = Place::new("structs") else {
        return;
    };
    let client = &place.client;
    let mut values: Vec<Reading> = (0..300).map(reading).collect();
    client
        .write_each("b", values[..100].iter().map(|v| READING.point(v)))
        .unwrap();
    let mut w = client.writer("b").build().unwrap();
    for value in &values[100..200] {
        w.write(READING.point(value)).unwrap();
    }
    let mut handle = w.spawn(OverflowPolicy::Reject).unwrap();
    for value in &values[200..] {
        handle.write(READING.point(value)).unwrap();
    }
    assert_eq!(handle.close().unwrap().delivered, 200);
    let query = client.query(FLUX).param("name", "weather");
    let found = query.pivot(&READING).deserialize::<Reading>().unwrap();
    let mut found: Vec<Reading> = found.collect::<Result<_, _>>().unwrap();
    found.sort_by_key(|value| value.time);
    values.sort_by_key(|value| value.time);
    assert_eq!(found, values);
}

#[test]
fn maps_flattened_parts_and_tagged_enums_come_back() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        time: SystemTime,
        site: String,
        #[serde(flatten)]
        inner: Inner,
        #[serde(flatten)]
        extra: BTreeMap<String, f64>,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        level: f64,
        state: String,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Event {
        Opened { by: String },
        Measured { value: f64 },
    }
    let Some(place) = Place::new("flattened structs") else {
        return;
    };
    let client = &place.client;
    let flat = Schema::new("flat").tags(&["site", "state"]).time("time");
    let values: Vec<Flat> = (0..4)
        .map(|n| Flat {
            time: SystemTime::UNIX_EPOCH + Duration::from_nanos((T + n) as u64),
            site: format!("s,{}", n % 2),
            inner: Inner {
                level: n as f64 / 3.0,
                state: "on line".to_owned(),
            },
            extra: BTreeMap::from([("a b".to_owned(), n as f64), ("c".to_owned(), -0.25)]),
        })
        .collect();
    client
        .write_each("b", values.iter().map(|v| flat.point(v)))
        .unwrap();
    let query = client.query(FLUX).param("name", "flat").pivot(&flat);
    let mut found = Vec::new();
    for value in query.deserialize::<Flat>().unwrap() {
        found.push(value.unwrap());
    }
    found.sort_by_key(|value| value.time);
    assert_eq!(found, values);

    let event = Schema::new("event").tags(&["kind"]);
    for value in [
        Event::Opened {
            by: "me".to_owned(),
        },
        Event::Measured { value: 1.5 },
    ] {
        client.write("b", event.point(&value)).unwrap();
        let kind = match &value {
            Event::Opened { .. } => "Opened",
            Event::Measured { .. } => "Measured",
        };
        let flux = format!("{FLUX} |> filter(fn: (r) => r.kind == \"{kind}\")");
        let query = client.query(&flux).param("name", "event").pivot(&event);
        let found = query.deserialize::<Event>().unwrap();
        let found: Vec<Event> = found.collect::<Result<_, _>>().unwrap();
        assert_eq!(found, [value]);
    }
}
