//! Serializing a struct allocates nothing: counted.

use influx_edge::line::{Encoder, Schema};
use influx_edge::{Precision, Timestamp};
use serde::Serialize;
use std::net::Ipv4Addr;
use std::time::SystemTime;

#[derive(Serialize)]
struct Reading<'a> {
    kind: &'a str,
    station: &'a str,
    channel: u16,
    address: Ipv4Addr,
    letter: char,
    temp_c: f32,
    exact: f64,
    count: i64,
    total: u64,
    open: bool,
    note: &'a str,
    gone: Option<f64>,
    ip: Ipv4Addr,
    at: SystemTime,
}

#[test]
fn serializing_allocates_nothing() {
    const READING: Schema = Schema::measurement_from("kind")
        .tags(&["station", "channel", "address"])
        .time("at");
    let reading = Reading {
        kind: "weather",
        station: "zürich 1",
        channel: 7,
        address: Ipv4Addr::LOCALHOST,
        letter: 'ü',
        temp_c: 21.57,
        exact: 0.1 + 0.2,
        count: -5,
        total: u64::MAX,
        open: true,
        note: "a \"quoted\" word",
        gone: None,
        ip: Ipv4Addr::LOCALHOST,
        at: SystemTime::UNIX_EPOCH,
    };
    let text = (Timestamp::from_nanos(1_700_000_000_000_000_000), [1.5; 2]);
    #[derive(Serialize)]
    struct Timed<'a> {
        time: Timestamp,
        v: &'a [f64],
    }
    let refused = Timed {
        time: text.0,
        v: &text.1,
    };
    const TIMED: Schema = Schema::new("t").time("time").precision(Precision::Second);
    let mut storage = [0u8; 1024];
    let mut enc = Encoder::new(&mut storage);
    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            enc.clear();
            enc.serialize(&READING, &reading).unwrap();
            enc.serialize(&TIMED, &refused).unwrap_err();
        }
    });
    assert_eq!(counted.count_total, 0);
    assert_eq!(
        std::str::from_utf8(enc.as_bytes()).unwrap(),
        "weather,station=zürich\\ 1,channel=7,address=127.0.0.1 letter=\"ü\",temp_c=21.57,\
         exact=0.30000000000000004,count=-5i,total=18446744073709551615u,open=true,\
         note=\"a \\\"quoted\\\" word\",ip=\"127.0.0.1\" 0\n"
    );
}
