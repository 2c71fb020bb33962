//! Each form that serde gives a value, and the line it becomes.

use influx_edge::line::{DefaultTags, EncodeError, Encoder, Schema};
use influx_edge::{Precision, Timestamp};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

fn line<T: Serialize + ?Sized>(schema: &Schema<'_>, value: &T) -> String {
    let mut enc = Encoder::with_sink(Vec::new());
    enc.serialize(schema, value).unwrap();
    let text = String::from_utf8(enc.into_sink()).unwrap();
    // Every size of a fixed buffer: whole or full.
    for size in 0..text.len() {
        let mut storage = vec![0; size];
        let error = Encoder::new(&mut storage)
            .serialize(schema, value)
            .unwrap_err();
        assert_eq!(error.error(), EncodeError::BufferFull, "{size} bytes");
    }
    let mut storage = vec![0; text.len()];
    let mut enc = Encoder::new(&mut storage);
    enc.serialize(schema, value).unwrap();
    assert_eq!(enc.as_bytes(), text.as_bytes());
    text
}

#[derive(Serialize)]
struct Of<T> {
    x: T,
}

#[derive(Serialize)]
struct Timed<T> {
    v: i64,
    at: T,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    NorthWest,
}

#[derive(Serialize)]
struct Celsius(f32);

#[test]
fn values_as_fields_and_as_tags() {
    const FIELD: Schema = Schema::new("t");
    const TAG: Schema = Schema::new("t").tags(&["x"]);
    #[derive(Serialize)]
    struct Tagged<T> {
        v: bool,
        x: T,
    }
    macro_rules! table {
        ($($value:expr, $field:literal, $tag:literal;)*) => {$(
            assert_eq!(line(&FIELD, &Of { x: $value }), concat!("t x=", $field, "\n"));
            assert_eq!(line(&TAG, &Tagged { v: true, x: $value }), concat!("t,x=", $tag, " v=true\n"));
        )*};
    }
    table! {
        1.5f64, "1.5", "1.5";
        0.1f32, "0.1", "0.1";
        16777216f32, "16777216", "16777216";
        1e300, "1e+300", "1e+300";
        -7i8, "-7i", "-7";
        -7i16, "-7i", "-7";
        -7i32, "-7i", "-7";
        i64::MIN, "-9223372036854775808i", "-9223372036854775808";
        -7i128, "-7i", "-7";
        7u8, "7u", "7";
        7u16, "7u", "7";
        7u32, "7u", "7";
        u64::MAX, "18446744073709551615u", "18446744073709551615";
        7u128, "7u", "7";
        true, "true", "true";
        'ü', "\"ü\"", "ü";
        "a b,c=d", "\"a b,c=d\"", "a\\ b\\,c\\=d";
        String::from("a\"b\\c"), "\"a\\\"b\\\\c\"", "a\"b\\c";
        Unit::NorthWest, "\"north_west\"", "north_west";
        Celsius(21.5), "21.5", "21.5";
        Some(Some(Celsius(21.5))), "21.5", "21.5";
        std::net::Ipv4Addr::LOCALHOST, "\"127.0.0.1\"", "127.0.0.1";
        Timestamp::from_nanos(0), "\"1970-01-01T00:00:00Z\"", "1970-01-01T00:00:00Z";
    }
}

#[test]
fn times() {
    const NANOS: Schema = Schema::new("t").time("at");
    const SECONDS: Schema = NANOS.precision(Precision::Second);
    let instant = Timestamp::from_nanos(-1);
    let system = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_700_000_000_999_999_999);
    macro_rules! table {
        ($($schema:ident $at:expr, $in_nanos:literal, $in_seconds:literal;)*) => {$(
            for (precision, expected) in
                [(Precision::Nanosecond, $in_nanos), (Precision::Second, $in_seconds)]
            {
                let mut enc = Encoder::with_sink(Vec::new()).precision(precision);
                enc.serialize(&$schema, &Timed { v: 1, at: $at }).unwrap();
                let found = std::str::from_utf8(enc.as_bytes()).unwrap();
                assert_eq!(found, format!("t v=1i{expected}\n"));
            }
        )*};
    }
    table! {
        NANOS 7i64, " 7", " 7";
        NANOS 7u8, " 7", " 7";
        NANOS -7i32, " -7", " -7";
        SECONDS 7u8, " 7000000000", " 7";
        SECONDS -7i64, " -7000000000", " -7";
        NANOS Some(7u64), " 7", " 7";
        NANOS None::<i64>, "", "";
        NANOS instant, " -1", " -1";
        SECONDS instant, " -1", " -1";
        NANOS system, " 1700000000999999999", " 1700000000";
        NANOS "1970-01-01T01:00:00.5+01:00", " 500000000", " 0";
        NANOS Ticks(7), " 7", " 7";
    }
}

/// A time of its own type.
#[derive(Serialize)]
struct Ticks(i64);

#[test]
fn structs_of_every_shape() {
    #[derive(Serialize)]
    struct Skipping {
        #[serde(skip_serializing_if = "Option::is_none")]
        site: Option<&'static str>,
        #[serde(rename = "temp c")]
        temp: f64,
        #[serde(skip)]
        #[allow(dead_code)]
        secret: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<i64>,
    }
    let skipping = Skipping {
        site: None,
        temp: 1.0,
        secret: 1,
        at: None,
    };
    let schema = Schema::new("t").tags(&["site"]).time("at");
    assert_eq!(line(&schema, &skipping), "t temp\\ c=1\n");

    #[derive(Serialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        A { v: i64 },
        B(Inner),
    }
    #[derive(Serialize)]
    struct Inner {
        w: i64,
    }
    let by_tag = Schema::new("t").tags(&["kind"]);
    let by_name = Schema::measurement_from("kind");
    assert_eq!(line(&by_tag, &Tagged::A { v: 1 }), "t,kind=A v=1i\n");
    assert_eq!(line(&by_tag, &Tagged::B(Inner { w: 1 })), "t,kind=B w=1i\n");
    assert_eq!(line(&by_name, &Tagged::A { v: 1 }), "A v=1i\n");
    assert_eq!(line(&by_name, &Tagged::B(Inner { w: 1 })), "B w=1i\n");
    // An unused tag's field stays a field.
    assert_eq!(
        line(&Schema::new("t"), &Tagged::A { v: 1 }),
        "t kind=\"A\",v=1i\n"
    );

    #[derive(Serialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(f64),
        Nothing,
    }
    assert_eq!(
        line(
            &Schema::new("t"),
            &Of {
                x: Untagged::Number(1.5)
            }
        ),
        "t x=1.5\n"
    );
    #[derive(Serialize)]
    struct Two {
        x: Untagged,
        y: bool,
    }
    let two = Two {
        x: Untagged::Nothing,
        y: true,
    };
    assert_eq!(line(&Schema::new("t"), &two), "t y=true\n");

    #[derive(Serialize)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        inner: Inner,
        #[serde(flatten)]
        extra: BTreeMap<String, f64>,
        #[serde(flatten)]
        none: Option<Inner>,
        #[serde(flatten)]
        external: External,
        time: i64,
    }
    #[derive(Serialize)]
    enum External {
        One(i64),
    }
    let flat = Flat {
        id: 7,
        inner: Inner { w: 1 },
        extra: BTreeMap::from([("a".into(), 1.5), ("b c".into(), 2.0)]),
        none: None,
        external: External::One(3),
        time: 9,
    };
    let schema = Schema::new("t").tags(&["id", "w", "absent"]).time("time");
    assert_eq!(line(&schema, &flat), "t,id=7,w=1 a=1.5,b\\ c=2,One=3i 9\n");

    #[derive(Serialize)]
    struct Wrapper(Skipping);
    assert_eq!(
        line(&Schema::new("t"), &Some(&Wrapper(skipping))),
        "t temp\\ c=1\n"
    );
}

#[test]
fn maps_with_any_scalar_key() {
    let t = Schema::new("t");
    assert_eq!(
        line(&t, &BTreeMap::from([(1u8, 1), (2, 3)])),
        "t 1=1i,2=3i\n"
    );
    assert_eq!(line(&t, &BTreeMap::from([(-1i64, true)])), "t -1=true\n");
    assert_eq!(line(&t, &BTreeMap::from([('x', "y")])), "t x=\"y\"\n");
    assert_eq!(line(&t, &BTreeMap::from([(true, 1.5)])), "t true=1.5\n");
    assert_eq!(
        line(&t, &BTreeMap::from([(Timestamp::from_nanos(0), 1)])),
        "t 1970-01-01T00:00:00Z=1i\n"
    );
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Key(Side);
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    enum Side {
        Left,
    }
    assert_eq!(
        line(&t, &BTreeMap::from([(Key(Side::Left), Some(1))])),
        "t Left=1i\n"
    );
    let long = "k".repeat(1_000);
    assert_eq!(
        line(&t, &BTreeMap::from([(&long, 1)])),
        format!("t {long}=1i\n")
    );

    struct Apart;
    impl Serialize for Apart {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            map.serialize_key("site")?;
            map.serialize_value("zrh")?;
            map.serialize_key(&1.5)?;
            map.serialize_value(&1)?;
            map.end()
        }
    }
    let schema = Schema::new("t").tags(&["site", "other"]).time("time");
    assert_eq!(line(&schema, &Apart), "t,site=zrh 1.5=1i\n");
}

#[test]
fn a_value_that_changes_between_the_walks_gives_one_consistent_line() {
    /// Another shape each time it is asked.
    struct Changing(Cell<u32>);
    impl Serialize for Changing {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let turn = self.0.get();
            self.0.set(turn + 1);
            let mut map = serializer.serialize_map(None)?;
            if turn % 2 == 0 {
                map.serialize_entry("site", &turn)?;
            }
            map.serialize_entry("a", &turn)?;
            if turn % 2 == 1 {
                map.serialize_entry("b", &turn)?;
                map.serialize_entry("site", "no field")?;
            }
            map.end()
        }
    }
    let schema = Schema::new("t").tags(&["site"]);
    for (start, expected) in [(0, "t,site=0 a=1u,b=1u\n"), (1, "t,site=no\\ field a=2u\n")] {
        let mut enc = Encoder::with_sink(Vec::new());
        enc.serialize(&schema, &Changing(Cell::new(start))).unwrap();
        assert_eq!(std::str::from_utf8(enc.as_bytes()).unwrap(), expected);
    }
}

#[test]
fn the_encoders_settings_hold() {
    let schema = Schema::new("t").tags(&["id"]);
    #[derive(Serialize)]
    struct Reading<'a> {
        id: &'a str,
        v: f64,
        note: &'a str,
    }
    let reading = Reading {
        id: "",
        v: f64::NAN,
        note: "a\nb",
    };
    let tags = DefaultTags::<32>::new()
        .tag("host", "gw")
        .unwrap()
        .tag("id", "z")
        .unwrap();
    let mut enc = Encoder::with_sink(Vec::new())
        .skip_non_finite(true)
        .default_tags(tags);
    enc.serialize(&schema, &reading).unwrap();
    assert_eq!(enc.as_bytes(), b"t,host=gw,id=z note=\"a\nb\"\n");
    assert_eq!((enc.skipped(), enc.empty_tags()), (1, 1));

    let mut enc = Encoder::with_sink(Vec::new())
        .skip_non_finite(true)
        .reject_newlines(true);
    let error = enc.serialize(&schema, &reading).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the value of field `note` has a newline at byte 1"
    );
    let mut enc = Encoder::with_sink(Vec::new()).reject_empty_tags(true);
    let error = enc.serialize(&schema, &reading).unwrap_err();
    assert_eq!(error.to_string(), "the value of tag `id` is empty");
}
