//! Values of every type, written by the client and read back by it, over the mock server.

use crate::common::mock_server::Server;
use influx_edge::line::Encoder;
use influx_edge::{Client, Precision, Timestamp};
use serde::Deserialize;

const ALL: &str = "from(bucket: params.bucket) |> range(start: params.start, stop: params.stop)";

fn connect(server: &Server) -> Client {
    let builder = Client::builder(server.url()).org(server.org());
    builder.token(server.token()).build().expect("a client")
}

/// Every value of a field, in the order of time.
macro_rules! read_back {
    ($client:expr, $bucket:expr, $field:expr, $type:ty) => {{
        let flux = format!("{ALL} |> filter(fn: (r) => r._field == params.field)");
        let mut rows = $client
            .query(&flux)
            .param("bucket", $bucket)
            .param("start", Timestamp::from_nanos(0))
            .param("stop", Timestamp::from_nanos(1_000_000))
            .param("field", $field)
            .call()
            .expect("a response");
        let mut values = Vec::new();
        while let Some(row) = rows.next().expect("a row") {
            values.push(row.get::<$type>("_value").expect("a value"));
        }
        values
    }};
}

#[test]
fn every_type_comes_back_to_the_bit() {
    let server = Server::start();
    let client = connect(&server);
    let floats = [
        0.0,
        -0.0,
        1.0,
        0.1,
        -1.5,
        1e21,
        1e-7,
        5e-324,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::MIN,
        123_456_789.123_456_79,
        9_007_199_254_740_993.0,
        f64::EPSILON,
    ];
    let integers = [0, -1, 42, i64::MAX, i64::MIN];
    let unsigned = [0, 1, u64::MAX];
    let mut enc = Encoder::with_sink(Vec::new());
    for (time, value) in (0_i64..).zip(floats) {
        enc.line("m")
            .field("f", value)
            .timestamp(time)
            .expect("a line");
    }
    for (time, value) in (0_i64..).zip(integers) {
        enc.line("m")
            .field("i", value)
            .timestamp(time)
            .expect("a line");
    }
    for (time, value) in (0_i64..).zip(unsigned) {
        enc.line("m")
            .field("u", value)
            .timestamp(time)
            .expect("a line");
    }
    for (time, value) in (0_i64..).zip([true, false]) {
        enc.line("m")
            .field("b", value)
            .timestamp(time)
            .expect("a line");
    }
    client.write(server.bucket(), enc.lines()).expect("204");

    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let back = read_back!(client, server.bucket(), "f", f64);
    assert_eq!(bits(&back), bits(&floats));
    assert_eq!(read_back!(client, server.bucket(), "i", i64), integers);
    assert_eq!(read_back!(client, server.bucket(), "u", u64), unsigned);
    assert_eq!(
        read_back!(client, server.bucket(), "b", bool),
        [true, false]
    );
}

#[test]
fn every_precision_gives_the_same_instant() {
    for (precision, count) in [
        (Precision::Second, 1_700_000_000),
        (Precision::Millisecond, 1_700_000_000_000),
        (Precision::Microsecond, 1_700_000_000_000_000),
        (Precision::Nanosecond, 1_700_000_000_000_000_000),
    ] {
        let server = Server::start();
        let client = connect(&server);
        let mut enc = Encoder::with_sink(Vec::new()).precision(precision);
        enc.line("m")
            .field("f", 1.0)
            .timestamp(count)
            .expect("a line");
        client.write(server.bucket(), enc.lines()).expect("204");
        let instant = Timestamp::from_nanos(1_700_000_000_000_000_000);
        assert_eq!(server.points(server.bucket())[0].time, instant.as_nanos());
        let mut rows = client
            .query(ALL)
            .param("bucket", server.bucket())
            .param("start", instant)
            .param("stop", Timestamp::from_nanos(instant.as_nanos() + 1))
            .call()
            .expect("a response");
        let row = rows.next().expect("a row").expect("one row");
        assert_eq!(
            row.get::<Timestamp>("_time").expect("a time"),
            instant,
            "{precision:?}"
        );
    }
}

#[test]
fn times_come_back_to_the_nanosecond_from_1677_to_2262() {
    let server = Server::start();
    let client = connect(&server);
    let times = [
        i64::MIN + 2,
        -1,
        0,
        1,
        1_700_000_000_100_000_000,
        1_700_000_000_123_456_789,
        i64::MAX - 2,
    ];
    let mut enc = Encoder::with_sink(Vec::new());
    for time in times {
        enc.line("m")
            .field("f", 1.0)
            .timestamp(time)
            .expect("a line");
    }
    client.write(server.bucket(), enc.lines()).expect("204");
    let mut rows = client
        .query(ALL)
        .param("bucket", server.bucket())
        .param("start", Timestamp::from_nanos(i64::MIN + 2))
        .param("stop", Timestamp::from_nanos(i64::MAX - 1))
        .call()
        .expect("a response");
    let mut back = Vec::new();
    while let Some(row) = rows.next().expect("a row") {
        back.push(row.get::<Timestamp>("_time").expect("a time").as_nanos());
    }
    assert_eq!(back, times);
}

#[derive(Debug, Deserialize, PartialEq)]
struct Weather {
    _time: Timestamp,
    station: String,
    temp_c: Option<f64>,
    wet: Option<bool>,
    note: Option<String>,
    count: u64,
}

#[test]
fn a_pivot_fills_a_struct() {
    let server = Server::start();
    let client = connect(&server);
    let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
    for (station, time) in [("zrh-1", 1_i64), ("zrh-2", 1), ("zrh-1", 2)] {
        enc.line("weather")
            .tag("station", station)
            .field("temp_c", (time == 1).then_some(20.5))
            .field("wet", (station == "zrh-1").then_some(true))
            .field("note", (time == 2).then_some("fog, \"thick\"\nand wet"))
            .field("count", time.unsigned_abs())
            .timestamp(time)
            .expect("a line");
    }
    client.write(server.bucket(), enc.lines()).expect("204");
    let flux = format!(
        "{ALL} |> pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\")"
    );
    let rows: Vec<Weather> = client
        .query(&flux)
        .param("bucket", server.bucket())
        .param("start", Timestamp::from_nanos(0))
        .param("stop", Timestamp::from_nanos(3_000_000_000))
        .deserialize::<Weather>()
        .expect("a response")
        .map(|row| row.expect("a row"))
        .collect();
    let weather = |station: &str, time: i64, temp_c, wet, note: Option<&str>| Weather {
        _time: Timestamp::from_nanos(time * 1_000_000_000),
        station: station.to_owned(),
        temp_c,
        wet,
        note: note.map(str::to_owned),
        count: time.unsigned_abs(),
    };
    assert_eq!(
        rows,
        [
            weather("zrh-1", 1, Some(20.5), Some(true), None),
            weather(
                "zrh-1",
                2,
                None,
                Some(true),
                Some("fog, \"thick\"\nand wet")
            ),
            weather("zrh-2", 1, Some(20.5), None, None),
        ]
    );
}

#[test]
fn an_empty_response_has_no_rows() {
    let server = Server::start();
    let client = connect(&server);
    assert_eq!(read_back!(client, server.bucket(), "f", f64), [0.0; 0]);
}

#[test]
fn the_server_stamps_lines_without_a_time() {
    let server = Server::start();
    let client = connect(&server);
    let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
    enc.line("m").field("f", 1.0).finish().expect("a line");
    let before = Timestamp::try_from(std::time::SystemTime::now())
        .expect("a time")
        .as_nanos();
    client.write(server.bucket(), enc.lines()).expect("204");
    let stamped = server.points(server.bucket())[0].time;
    assert_eq!(stamped % 1_000_000_000, 0);
    assert!((before - 1_000_000_000..=before + 60_000_000_000).contains(&stamped));
}
