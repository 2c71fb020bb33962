//! Structs by serde against the same lines by hand: ratios, measured in one run.
//!
//! `cargo bench --bench serialize`. The method is in `benches/README.md`.

#[allow(
    dead_code,
    reason = "shared by several benchmarks, each of which uses a part"
)]
mod support;

use influx_edge::line::{EncodeError, Encoder, Schema, SerializeError};
use influx_edge::{Precision, Timestamp};
use serde::Serialize;
use std::hint::black_box;
use support::{Contest, Rng};

const COUNT: usize = 1_000;
const BUFFER: usize = 1 << 20;

fn main() {
    println!(
        "serialize: time per line, and the ratio to the same line by hand (lower is better)\n"
    );
    let rng = &mut Rng(7);
    contest(
        "small: 1 tag, 2 fields",
        &all(rng, small),
        |enc, value| enc.serialize(&SMALL, value),
        by_hand_small,
    );
    contest(
        "wide: 3 tags, 12 fields",
        &all(rng, wide),
        |enc, value| enc.serialize(&WIDE, value),
        by_hand_wide,
    );
    contest(
        "wide, tags last, measurement from a field",
        &all(rng, named),
        |enc, value| enc.serialize(&NAMED, value),
        by_hand_named,
    );
    contest(
        "small, the time a Timestamp",
        &all(rng, timed),
        |enc, value| enc.serialize(&SMALL, value),
        by_hand_timed,
    );
}

fn all<T>(rng: &mut Rng, make: impl Fn(&mut Rng) -> T) -> Vec<T> {
    (0..COUNT).map(|_| make(rng)).collect()
}

fn contest<T: Serialize>(
    title: &str,
    values: &[T],
    by_serde: impl Fn(&mut Encoder<&mut [u8]>, &T) -> Result<(), SerializeError>,
    by_hand: impl Fn(&mut Encoder<&mut [u8]>, &T) -> Result<(), EncodeError>,
) {
    let (mut hand_storage, mut serde_storage) = (vec![0u8; BUFFER], vec![0u8; BUFFER]);
    let mut hand = Encoder::new(&mut hand_storage).precision(Precision::Second);
    let mut serde = Encoder::new(&mut serde_storage).precision(Precision::Second);
    for value in values {
        by_hand(&mut hand, value).expect("the line is right");
        by_serde(&mut serde, value).expect("the line is right");
    }
    assert_eq!(
        String::from_utf8_lossy(hand.as_bytes()),
        String::from_utf8_lossy(serde.as_bytes()),
        "both write the same"
    );
    let mut contest = Contest::new(title, values.len());
    contest.floor("by hand", || {
        hand.clear();
        for value in black_box(values) {
            by_hand(&mut hand, value).expect("the line is right");
        }
        black_box(hand.as_bytes().len());
    });
    contest.run("by serde", || {
        serde.clear();
        for value in black_box(values) {
            by_serde(&mut serde, value).expect("the line is right");
        }
        black_box(serde.as_bytes().len());
    });
    contest.print();
}

fn float(rng: &mut Rng) -> f64 {
    (rng.next() % 10_000) as f64 / 100.0
}

fn station(rng: &mut Rng) -> String {
    format!("zrh-{}", rng.next() % 100)
}

fn time(rng: &mut Rng) -> i64 {
    1_700_000_000 + (rng.next() % 1_000_000) as i64
}

const SMALL: Schema = Schema::new("weather").tags(&["station"]).time("time");

#[derive(Serialize)]
struct Small<T> {
    station: String,
    temp_c: f64,
    humidity: f64,
    time: T,
}

fn small(rng: &mut Rng) -> Small<i64> {
    Small {
        station: station(rng),
        temp_c: float(rng),
        humidity: float(rng),
        time: time(rng),
    }
}

fn by_hand_small(enc: &mut Encoder<&mut [u8]>, value: &Small<i64>) -> Result<(), EncodeError> {
    enc.line("weather")
        .tag("station", &value.station)
        .field("temp_c", value.temp_c)
        .field("humidity", value.humidity)
        .timestamp(value.time)
}

fn timed(rng: &mut Rng) -> Small<Timestamp> {
    Small {
        station: station(rng),
        temp_c: float(rng),
        humidity: float(rng),
        time: Timestamp::from_nanos(time(rng) * 1_000_000_000 + 123_456_789),
    }
}

fn by_hand_timed(
    enc: &mut Encoder<&mut [u8]>,
    value: &Small<Timestamp>,
) -> Result<(), EncodeError> {
    enc.line("weather")
        .tag("station", &value.station)
        .field("temp_c", value.temp_c)
        .field("humidity", value.humidity)
        .timestamp(value.time)
}

macro_rules! wide {
    ($name:ident { $($first:ident: $first_type:ty,)* } { $($last:ident: $last_type:ty,)* }) => {
        #[derive(Serialize)]
        struct $name {
            $($first: $first_type,)*
            temp_c: f64,
            dew_point_c: f64,
            humidity: f64,
            pressure: f32,
            wind_speed: f32,
            gust: Option<f64>,
            direction: i32,
            count: i64,
            total: u64,
            raining: bool,
            battery: f64,
            state: &'static str,
            $($last: $last_type,)*
        }

        impl $name {
            fn new(rng: &mut Rng) -> Self {
                $name {
                    $($first: Make::make(rng),)*
                    temp_c: float(rng),
                    dew_point_c: float(rng),
                    humidity: float(rng),
                    pressure: float(rng) as f32,
                    wind_speed: float(rng) as f32,
                    gust: Some(float(rng)),
                    direction: (rng.next() % 360) as i32,
                    count: (rng.next() % 1_000_000) as i64,
                    total: rng.next() % 1_000_000,
                    raining: rng.next() % 2 == 0,
                    battery: float(rng),
                    state: "charging",
                    $($last: Make::make(rng),)*
                }
            }

            fn by_hand(&self, enc: &mut Encoder<&mut [u8]>, name: &str) -> Result<(), EncodeError> {
                enc.line(name)
                    .tag("station", &self.station)
                    .tag("site", &self.site)
                    .tag("channel", self.channel)
                    .field("temp_c", self.temp_c)
                    .field("dew_point_c", self.dew_point_c)
                    .field("humidity", self.humidity)
                    .field("pressure", self.pressure)
                    .field("wind_speed", self.wind_speed)
                    .field("gust", self.gust)
                    .field("direction", self.direction)
                    .field("count", self.count)
                    .field("total", self.total)
                    .field("raining", self.raining)
                    .field("battery", self.battery)
                    .field("state", self.state)
                    .timestamp(self.time)
            }
        }
    };
}

/// A value of a tag or a time.
trait Make {
    fn make(rng: &mut Rng) -> Self;
}

impl Make for String {
    fn make(rng: &mut Rng) -> Self {
        station(rng)
    }
}

impl Make for u16 {
    fn make(rng: &mut Rng) -> Self {
        rng.next() as u16
    }
}

impl Make for i64 {
    fn make(rng: &mut Rng) -> Self {
        time(rng)
    }
}

wide!(Wide { station: String, site: String, channel: u16, } { time: i64, });
wide!(Named { time: i64, } { station: String, site: String, channel: u16, name: String, });

const WIDE: Schema = Schema::new("weather")
    .tags(&["station", "site", "channel"])
    .time("time");
const NAMED: Schema = Schema::measurement_from("name")
    .tags(&["station", "site", "channel"])
    .time("time");

fn wide(rng: &mut Rng) -> Wide {
    Wide::new(rng)
}

fn by_hand_wide(enc: &mut Encoder<&mut [u8]>, value: &Wide) -> Result<(), EncodeError> {
    value.by_hand(enc, "weather")
}

fn named(rng: &mut Rng) -> Named {
    Named::new(rng)
}

fn by_hand_named(enc: &mut Encoder<&mut [u8]>, value: &Named) -> Result<(), EncodeError> {
    value.by_hand(enc, &value.name)
}
