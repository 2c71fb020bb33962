//! Numbers, booleans and times at their edges, read back from real servers.

use crate::common::hostile::connect::{an_hour_ago, influx_one, influx_two, now, victoria};
use crate::common::hostile::influx::{Influx, Point};
use crate::common::hostile::json::Json;
use crate::common::random::{Draw, Rng};
use influx_edge::Precision;
use influx_edge::line::{EncodeError, Encoder};
use std::collections::BTreeMap;

fn encoder() -> Encoder<Vec<u8>> {
    Encoder::with_sink(Vec::new())
}

/// Powers of ten and two over the whole range, their neighbours, and random bits.
fn floats() -> Vec<f64> {
    let mut all = vec![
        0.0,
        -0.0,
        0.1,
        21.5,
        1.0 / 3.0,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        f64::EPSILON,
        5e-324,
        2.225_073_858_507_201e-308,
        9_007_199_254_740_993.0,
        123_456_789.123_456_79,
        1e15,
        1e16,
        1e17,
        1e21,
        1e22,
        1e23,
    ];
    for exponent in -307..=307 {
        all.push(format!("1e{exponent}").parse().unwrap());
        all.push(format!("-9.87654321e{exponent}").parse().unwrap());
    }
    for exponent in (-1074..1024).step_by(7) {
        let power = 2f64.powi(exponent);
        let bits = power.to_bits();
        all.extend([
            power,
            f64::from_bits(bits + 1),
            f64::from_bits(bits.saturating_sub(1)),
        ]);
    }
    let mut random = Rng::with_seed(64);
    all.extend((0..3_000).map(|_| f64::from_bits(random.bits())));
    // What sensors say: few decimals.
    all.extend((0..2_000).map(|_| (random.below(2_000_000) as f64 - 1e6) / 1_000.0));
    all.retain(|value| value.is_finite());
    all
}

fn integers() -> Vec<i64> {
    let mut all = vec![0];
    for bits in [7, 8, 15, 16, 31, 32, 53, 62] {
        let power = 1i64 << bits;
        all.extend([power - 1, power, power + 1, 1 - power, -power, -1 - power]);
    }
    all.extend([i64::MAX, i64::MAX - 1, i64::MIN, i64::MIN + 1]);
    all
}

fn each_influx(test: impl Fn(&Influx)) {
    for server in [influx_one(), influx_two()].into_iter().flatten() {
        test(&server);
    }
}

/// Writes the lines, and gives the points found with this statement.
fn round_trip(
    server: &Influx,
    precision: Precision,
    enc: Encoder<Vec<u8>>,
    statement: String,
) -> Vec<Point> {
    let response = server.write(precision, enc.as_bytes());
    assert_eq!(response.status, 204, "{}", response.body);
    server.query(&[statement]).remove(0).unwrap()
}

fn number(point: &Point) -> &str {
    assert_eq!(point.fields.len(), 1, "{point:?}");
    point.fields[0].1.number().unwrap()
}

#[test]
fn influxdb_gives_every_float_back_bit_for_bit() {
    each_influx(|server| {
        let (base, floats) = (an_hour_ago(), floats());
        let mut enc = encoder();
        for (time, value) in (base..).zip(&floats) {
            enc.line("floats")
                .field("f", *value)
                .timestamp(time)
                .unwrap();
        }
        let query = format!("SELECT f FROM floats WHERE time >= {base}");
        let found = round_trip(server, Precision::Nanosecond, enc, query);
        assert_eq!(found.len(), floats.len());
        for (point, value) in found.iter().zip(&floats) {
            let back: f64 = number(point).parse().unwrap();
            assert_eq!(
                back.to_bits(),
                value.to_bits(),
                "{value:e} came back as {back:e}"
            );
        }
        println!("{} floats equal", floats.len());
    });
}

#[test]
fn influxdb_gives_every_single_float_back_bit_for_bit() {
    each_influx(|server| {
        let base = an_hour_ago();
        let mut random = Rng::with_seed(32);
        let mut floats: Vec<f32> = (0..2_000)
            .map(|_| f32::from_bits(random.bits() as u32))
            .collect();
        floats.extend([0.1, f32::MAX, f32::MIN_POSITIVE, 1e-45, -0.0, 16_777_217.0]);
        floats.retain(|value| value.is_finite());
        let mut enc = encoder();
        for (time, value) in (base..).zip(&floats) {
            enc.line("singles")
                .field("f", *value)
                .timestamp(time)
                .unwrap();
        }
        let query = format!("SELECT f FROM singles WHERE time >= {base}");
        let found = round_trip(server, Precision::Nanosecond, enc, query);
        assert_eq!(found.len(), floats.len());
        for (point, value) in found.iter().zip(&floats) {
            let back: f32 = number(point).parse().unwrap();
            assert_eq!(
                back.to_bits(),
                value.to_bits(),
                "{value:e} came back as {back:e}"
            );
        }
        println!("{} single floats equal", floats.len());
    });
}

#[test]
fn influxdb_gives_every_integer_back() {
    each_influx(|server| {
        let (base, integers) = (an_hour_ago(), integers());
        let mut enc = encoder();
        for (time, value) in (base..).zip(&integers) {
            enc.line("integers")
                .field("i", *value)
                .timestamp(time)
                .unwrap();
        }
        let query = format!("SELECT i FROM integers WHERE time >= {base}");
        let found = round_trip(server, Precision::Nanosecond, enc, query);
        let back: Vec<i64> = found.iter().map(|p| number(p).parse().unwrap()).collect();
        assert_eq!(back, integers);
        println!("{} integers equal", integers.len());
    });
}

#[test]
fn influxdb_gives_small_types_and_booleans_back() {
    each_influx(|server| {
        let time = an_hour_ago();
        let mut enc = encoder();
        enc.line("types")
            .field("a", i8::MIN)
            .field("b", u8::MAX)
            .field("c", i16::MIN)
            .field("d", u16::MAX)
            .field("e", i32::MIN)
            .field("f", u32::MAX)
            .field("g", true)
            .field("h", false)
            .field("i", None::<f64>)
            .timestamp(time)
            .unwrap();
        let query = format!("SELECT * FROM types WHERE time = {time}");
        let found = round_trip(server, Precision::Nanosecond, enc, query);
        let text = |text: &str| Json::Number(text.to_owned());
        let expected = [
            text("-128"),
            text("255"),
            text("-32768"),
            text("65535"),
            text("-2147483648"),
            text("4294967295"),
            Json::Bool(true),
            Json::Bool(false),
        ];
        let back: Vec<_> = found[0].fields.iter().map(|(_, value)| value).collect();
        assert_eq!(back, expected.iter().collect::<Vec<_>>());
    });
}

#[test]
fn unsigned_integers_come_back_from_2_and_are_refused_by_1() {
    each_influx(|server| {
        let base = an_hour_ago();
        let values = [0u64, 1, 1 << 63, u64::MAX - 1, u64::MAX];
        let mut enc = encoder();
        for (time, value) in (base..).zip(values) {
            enc.line("unsigned")
                .field("u", value)
                .timestamp(time)
                .unwrap();
        }
        if !server.has_unsigned() {
            // 1.x is built without them. If this ever fails, the docs of `FieldValue` are out of date.
            let response = server.write(Precision::Nanosecond, enc.as_bytes());
            assert_eq!(response.status, 400, "{}", response.body);
            assert!(
                response.body.contains("invalid number"),
                "{}",
                response.body
            );
            return;
        }
        let query = format!("SELECT u FROM unsigned WHERE time >= {base}");
        let found = round_trip(server, Precision::Nanosecond, enc, query);
        let back: Vec<u64> = found.iter().map(|p| number(p).parse().unwrap()).collect();
        assert_eq!(back, values);
    });
}

const PRECISIONS: [Precision; 4] = [
    Precision::Second,
    Precision::Millisecond,
    Precision::Microsecond,
    Precision::Nanosecond,
];

/// Counts of one precision: the ends of the range the encoder allows, around zero, and today.
fn counts(precision: Precision) -> Vec<i64> {
    let unit = precision.nanos();
    let (first, last) = ((i64::MIN + 2) / unit, (i64::MAX - 2) / unit);
    let mut all = vec![first, first + 1, -1, 0, 1, 1_700_000_000_123_456_789 / unit];
    all.extend([last - 1, last]);
    for year in (-290..290).step_by(20) {
        all.push(year * (31_556_952 * 1_000_000_000 / unit) + 1);
    }
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn influxdb_gives_every_time_back_in_each_precision() {
    each_influx(|server| {
        for precision in PRECISIONS {
            // A new series each time: a 2.9.1 that was restarted in between stores a point of 1677's
            // first days once more when it's written again.
            let name = format!("times_{}_{}", precision.as_str(), now());
            let counts = counts(precision);
            let mut enc = encoder().precision(precision);
            for count in &counts {
                enc.line(&name)
                    .field("n", *count)
                    .timestamp(*count)
                    .unwrap();
            }
            let query = format!("SELECT n FROM {name}");
            let found = round_trip(server, precision, enc, query);
            let back: Vec<_> = found.iter().map(|point| point.time).collect();
            let expected: Vec<_> = counts.iter().map(|n| n * precision.nanos()).collect();
            assert_eq!(back, expected, "{precision:?}");
            for (point, count) in found.iter().zip(&counts) {
                assert_eq!(number(point), count.to_string());
            }
        }
    });
}

#[test]
fn influxdb_1_takes_us_for_nanoseconds() {
    // Why the tests write `u` there. If this ever fails, they need not any more.
    let Some(server) = influx_one() else { return };
    let mut enc = encoder().precision(Precision::Microsecond);
    let count = an_hour_ago() / 1_000;
    enc.line("us").field("n", 1).timestamp(count).unwrap();
    assert_eq!(server.write_with("us", enc.as_bytes()).status, 204);
    let statement = "SELECT n FROM us".to_owned();
    let found = server.query(&[statement]).remove(0).unwrap();
    assert_eq!(found[0].time, count);
}

#[test]
fn the_longest_key_is_stored_and_the_next_one_refused() {
    each_influx(|server| {
        let (time, longest) = (an_hour_ago(), 65_535 - 4 - "f".len());
        let mut enc = encoder();
        let name = "k".repeat(longest);
        enc.line(&name).field("f", 1).timestamp(time).unwrap();
        let refused = enc.line(&format!("{name}k")).field("f", 1).finish();
        assert!(matches!(refused, Err(EncodeError::KeyTooLong(..))));
        assert_eq!(
            server.write(Precision::Nanosecond, enc.as_bytes()).status,
            204
        );
        let point = Point {
            time,
            measurement: name,
            tags: Vec::new(),
            fields: vec![("f".to_owned(), Json::Number("1".to_owned()))],
        };
        assert_eq!(server.compare(&[point]), [None]);
    });
}

#[test]
fn victoriametrics_keeps_sensor_readings_exactly() {
    let Some(server) = victoria("values") else {
        return;
    };
    let base = an_hour_ago();
    let mut random = Rng::with_seed(7);
    let mut values: Vec<f64> = (0..2_000)
        .map(|_| (random.below(200_000_000) as f64 - 1e8) / 1_000.0)
        .collect();
    values.extend([0.0, 0.1, 1e-3, 1e6, 123_456.789_012]);
    let mut enc = encoder();
    for (n, value) in (0i64..).zip(&values) {
        let time = base + n * 1_000_000;
        enc.line("readings")
            .field("f", *value)
            .timestamp(time)
            .unwrap();
    }
    server.write("ns", enc.as_bytes());
    let found = server.export();
    assert_eq!(found.len(), 1, "{found:?}");
    let back: Vec<f64> = found[0].values.iter().map(|v| v.parse().unwrap()).collect();
    assert_eq!(back, values);
}

#[test]
fn victoriametrics_reads_each_precision() {
    for precision in PRECISIONS {
        let Some(server) = victoria("times") else {
            return;
        };
        let unit = precision.nanos();
        let counts = [
            1_000_000_000 / unit,
            1_700_000_000_123_456_789 / unit,
            (an_hour_ago() + 123_456_789) / unit,
        ];
        let mut enc = encoder().precision(precision);
        for count in counts {
            enc.line("times").field("n", 1).timestamp(count).unwrap();
        }
        server.write(precision.as_str(), enc.as_bytes());
        let found = server.export();
        let millis = counts.map(|count| count * unit / 1_000_000);
        assert_eq!(found[0].times, millis, "{precision:?}");
    }
}

#[test]
fn victoriametrics_cuts_a_string_at_its_newline() {
    // Why `reject_newlines` is there: without it a string writes points of its own.
    let Some(server) = victoria("newline") else {
        return;
    };
    let time = an_hour_ago();
    let evil = format!("x\ninjected v=666 {time}\n");
    let mut enc = encoder();
    enc.line("honest")
        .field("s", evil.as_str())
        .timestamp(time)
        .unwrap();
    server.write("ns", enc.as_bytes());
    let names: BTreeMap<_, _> = server
        .export()
        .into_iter()
        .map(|series| (series.name, series.values))
        .collect();
    assert_eq!(names.get("injected_v"), Some(&vec!["666".to_owned()]));

    let mut enc = encoder().reject_newlines(true);
    let refused = enc.line("honest").field("s", evil.as_str()).timestamp(time);
    assert!(matches!(refused, Err(EncodeError::Newline(_))));
    assert!(enc.is_empty());
}

#[test]
fn victoriametrics_takes_a_quote_in_a_field_key_for_a_string() {
    // Why `reject_quoted_keys` is there: without it a string writes a field of its own.
    let Some(server) = victoria("quoted_key") else {
        return;
    };
    let (time, evil) = (an_hour_ago(), "x,evil=5");
    let mut enc = encoder();
    let line = enc.line("honest").field("\"", 1.0).field("s", evil);
    line.timestamp(time).unwrap();
    server.write("ns", enc.as_bytes());
    let found = server.export();
    assert!(
        found.iter().any(|series| series.name == "honest_evil"),
        "{found:?}"
    );

    let mut enc = encoder().reject_quoted_keys(true);
    let refused = enc
        .line("honest")
        .field("\"", 1.0)
        .field("s", evil)
        .finish();
    assert!(matches!(refused, Err(EncodeError::Quote(_))));
}
