//! A real InfluxDB 1.x, written to and read through this crate alone. Runs when `INFLUXDB_V1_URL`
//! says where one is; the databases it makes begin with `influx_edge_v1`.

use crate::common::hostile;
use std::collections::BTreeSet;

use influx_edge::line::{Encoder, Point};
use influx_edge::{Client, Precision, Stored, Timestamp};

/// A client and a database of its own, made anew.
fn fresh(name: &str) -> Option<(Client, String)> {
    let Ok(url) = std::env::var("INFLUXDB_V1_URL") else {
        eprintln!("skipped: INFLUXDB_V1_URL not set");
        return None;
    };
    let client = crate::common::gzip::forced(Client::builder(url))
        .build()
        .unwrap();
    client.ping().unwrap();
    let db = format!("influx_edge_v1_{name}");
    let admin = client.v1("");
    admin
        .query(format!("DROP DATABASE \"{db}\""))
        .run()
        .unwrap();
    admin
        .query(format!("CREATE DATABASE \"{db}\""))
        .run()
        .unwrap();
    Some((client, db))
}

const T: i64 = 1_700_000_000_000_000_000;

#[test]
fn all_types_and_their_extremes() {
    let Some((client, db)) = fresh("types") else {
        return;
    };
    let plant = client.v1(&db);
    let floats = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.1,
        1.0 / 3.0,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        9_007_199_254_740_993.0,
        1e21,
        123_456_789_012_345_680_000.0,
        2.220_446_049_250_313e-16,
        9.109_383_701_5e-31,
        8.409_179_889_2e222,
    ];
    let ints = [0, 1, -1, i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1];
    let mut enc = Encoder::with_sink(Vec::new());
    for (i, f) in floats.iter().enumerate() {
        let time = T + i64::try_from(i).unwrap();
        enc.line("f").field("v", *f).timestamp(time).unwrap();
    }
    for (i, n) in ints.iter().enumerate() {
        let time = T + i64::try_from(i).unwrap();
        enc.line("i").field("v", *n).timestamp(time).unwrap();
    }
    enc.line("b")
        .field("v", true)
        .field("w", false)
        .timestamp(T)
        .unwrap();
    plant.write(enc.lines()).unwrap();

    let mut rows = plant.query("SELECT v FROM f").chunk_size(3).call().unwrap();
    let mut got = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        got.push((
            row.time().unwrap().as_nanos() - T,
            row.get::<f64>("v").unwrap().to_bits(),
        ));
    }
    let wanted: Vec<_> = (0..).zip(floats.map(f64::to_bits)).collect();
    assert_eq!(got, wanted);

    let mut rows = plant.query("SELECT v FROM i").chunk_size(2).call().unwrap();
    let mut got = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        got.push(row.get::<i64>("v").unwrap());
    }
    assert_eq!(got, ints);

    let mut rows = plant.query("SELECT v, w FROM b").call().unwrap();
    let row = rows.next().unwrap().unwrap();
    assert!(row.get::<bool>("v").unwrap() && !row.get::<bool>("w").unwrap());
}

#[test]
fn times_of_every_precision() {
    let Some((client, db)) = fresh("times") else {
        return;
    };
    for (precision, step) in [
        (Precision::Second, 1_000_000_000),
        (Precision::Millisecond, 1_000_000),
        (Precision::Microsecond, 1_000),
        (Precision::Nanosecond, 1),
    ] {
        let plant = client.v1(&db);
        let name = precision.as_str();
        let mut enc = Encoder::with_sink(Vec::new()).precision(precision);
        enc.line(name)
            .field("v", 1_i64)
            .timestamp(T / step + 7)
            .unwrap();
        plant.write(enc.lines()).unwrap();
        let mut rows = plant.query(format!("SELECT v FROM {name}")).call().unwrap();
        let row = rows.next().unwrap().unwrap();
        assert_eq!(row.time().unwrap().as_nanos(), T + 7 * step, "{name}");
    }
    // The first and the last nanosecond that can be written.
    let plant = client.v1(&db);
    let edges = [i64::MIN + 2, -1, 0, i64::MAX - 2];
    let points = edges.map(|t| {
        Point::new("edge")
            .field("v", t)
            .time(Timestamp::from_nanos(t))
    });
    plant.write(&points[..]).unwrap();
    let mut rows = plant
        .query(
            "SELECT v FROM edge WHERE time >= -9223372036854775806 AND time <= 9223372036854775805",
        )
        .call()
        .unwrap();
    let mut got = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        assert_eq!(row.get::<i64>("v").unwrap(), row.time().unwrap().as_nanos());
        got.push(row.time().unwrap().as_nanos());
    }
    assert_eq!(got, edges);
}

#[test]
fn strings_and_names_of_every_kind() {
    let Some((client, db)) = fresh("strings") else {
        return;
    };
    let plant = client.v1(&db);
    let strings = [
        "",
        " ",
        "plain",
        "a,b=c d",
        "\"quoted\"",
        "back\\slash",
        "trail\\",
        "two\\\\",
        "\\\"",
        "line\nbreak",
        "tab\tand\rcr",
        "é 日本 🦀",
        "' OR 1=1 --",
        "{\"json\": [1]}",
        "\u{1}\u{7f}",
        "\u{feff}bom",
        "#comment",
    ];
    let mut enc = Encoder::with_sink(Vec::new());
    for (i, s) in strings.iter().enumerate() {
        let time = T + i64::try_from(i).unwrap();
        enc.line("s").field("v", *s).timestamp(time).unwrap();
    }
    // Tags and names: those that line protocol can carry everywhere.
    let names = [
        "a b", "a,b", "a=b", "é", "q\"q", "it's", "日本", "x.y", "${z}",
    ];
    for (i, s) in names.iter().enumerate() {
        let time = T + i64::try_from(i).unwrap();
        enc.line("t")
            .tag("place", *s)
            .field("v", i64::try_from(i).unwrap())
            .timestamp(time)
            .unwrap();
    }
    enc.line("odd name,x")
        .tag("tag key", "x")
        .field("field=key", 1_i64)
        .timestamp(T)
        .unwrap();
    plant.write(enc.lines()).unwrap();

    let mut rows = plant.query("SELECT v FROM s").chunk_size(4).call().unwrap();
    let mut got = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        got.push(row.get::<String>("v").unwrap());
    }
    assert_eq!(got, strings);

    let mut rows = plant.query("SELECT v, place FROM t").call().unwrap();
    let mut got = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        got.push(row.get::<String>("place").unwrap());
    }
    assert_eq!(got, names);
    for (i, name) in (0_i64..).zip(names) {
        let mut rows = plant
            .query("SELECT v FROM t WHERE place = $place")
            .param("place", name)
            .call()
            .unwrap();
        assert_eq!(
            rows.next().unwrap().unwrap().get::<i64>("v").unwrap(),
            i,
            "{name:?}"
        );
        assert!(rows.next().unwrap().is_none());
    }
    let mut rows = plant.query(r#"SELECT * FROM "odd name,x""#).call().unwrap();
    let row = rows.next().unwrap().unwrap();
    assert_eq!(row.series(), "odd name,x");
    assert_eq!(row.get::<&str>("tag key").unwrap(), "x");
    assert_eq!(row.get::<i64>("field=key").unwrap(), 1);
}

#[test]
fn the_hostile_set_comes_back() {
    let Some((client, db)) = fresh("hostile") else {
        return;
    };
    let plant = client.v1(&db);
    let strings = hostile::strings();
    let mut enc = Encoder::with_sink(Vec::new());
    // What the encoder takes, by its place: text of a field, value of a tag, name.
    let mut fields = Vec::new();
    let mut tags = Vec::new();
    let mut names = BTreeSet::new();
    for (n, text) in (0_i64..).zip(&strings) {
        if enc
            .line("sf")
            .field("v", text.as_str())
            .timestamp(T + n)
            .is_ok()
        {
            fields.push((n, text.as_str()));
        }
        let tagged = enc.line("tv").tag("t", text.as_str());
        if !text.is_empty() && tagged.field("n", n).timestamp(T + n).is_ok() {
            tags.push((n, text.as_str()));
        }
        if enc.line(text).field("n", n).timestamp(T + n).is_ok() {
            names.insert(text.clone());
        }
    }
    assert!(fields.len() > 550 && tags.len() > 450 && names.len() > 400);
    plant.write(enc.lines()).unwrap();

    let mut rows = plant
        .query("SELECT v FROM sf")
        .chunk_size(50)
        .call()
        .unwrap();
    for (n, text) in fields {
        let row = rows.next().unwrap().unwrap();
        assert_eq!(row.time().unwrap().as_nanos(), T + n, "{text:?}");
        assert_eq!(row.get::<&str>("v").unwrap(), text);
    }
    assert!(rows.next().unwrap().is_none());

    let mut rows = plant
        .query("SELECT n, t FROM tv")
        .chunk_size(50)
        .call()
        .unwrap();
    for (n, text) in tags {
        let row = rows.next().unwrap().unwrap();
        assert_eq!(row.get::<i64>("n").unwrap(), n, "{text:?}");
        assert_eq!(row.get::<&str>("t").unwrap(), text);
    }
    assert!(rows.next().unwrap().is_none());

    let mut rows = plant.query("SHOW MEASUREMENTS").call().unwrap();
    let mut got = BTreeSet::new();
    while let Some(row) = rows.next().unwrap() {
        got.insert(row.get::<String>("name").unwrap());
    }
    names.extend(["sf".to_owned(), "tv".to_owned()]);
    assert_eq!(got, names);
}

#[test]
fn many_series_and_several_statements() {
    let Some((client, db)) = fresh("many") else {
        return;
    };
    let plant = client.v1(&db);
    let mut enc = Encoder::with_sink(Vec::new());
    for series in 0..500_i64 {
        for point in 0..5_i64 {
            enc.line("m")
                .tag("sensor", format!("s{series:03}").as_str())
                .field("v", series * 10 + point)
                .timestamp(T + point)
                .unwrap();
        }
    }
    plant.write(enc.lines()).unwrap();
    let q = "SELECT v FROM m GROUP BY sensor; SELECT v FROM nothing; SELECT count(v) FROM m";
    let mut rows = plant.query(q).chunk_size(7).call().unwrap();
    let mut seen = 0_i64;
    let mut count = None;
    while let Some(row) = rows.next().unwrap() {
        match row.statement() {
            0 => {
                let (series, point) = (seen / 5, seen % 5);
                assert_eq!(row.tag("sensor"), Some(&*format!("s{series:03}")));
                assert_eq!(row.get::<i64>("v").unwrap(), series * 10 + point);
                assert_eq!(row.time().unwrap().as_nanos(), T + point);
                seen += 1;
            }
            2 => count = Some(row.get::<i64>("count").unwrap()),
            other => panic!("a row of statement {other}"),
        }
    }
    assert_eq!((seen, count), (2_500, Some(2_500)));
}

#[test]
fn errors_as_the_server_says_them() {
    let Some((client, db)) = fresh("errors") else {
        return;
    };
    let plant = client.v1(&db);
    // Inside 200; what follows it is not executed, and says so.
    let mut rows = client
        .v1("influx_edge_v1_none")
        .query("SELECT * FROM m; SHOW DATABASES")
        .call()
        .unwrap();
    let error = rows.next().unwrap_err();
    assert!(error.message().contains("database not found"), "{error}");
    let error = rows.next().unwrap_err();
    assert_eq!(error.message(), "not executed");
    assert!(rows.next().unwrap().is_none());
    // In the query itself.
    let error = plant.query("SELEC").call().unwrap_err();
    assert_eq!(error.status(), Some(400));
    // In writes.
    let error = client.v1("influx_edge_v1_none").write("m f=1").unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.stored(), Stored::None);
    plant.write("m f=1 1").unwrap();
    let error = plant.write("m f=2 2\nm f=\"x\" 3").unwrap_err();
    assert_eq!(error.stored(), Stored::Partial);
    assert_eq!(error.response().unwrap().dropped(), Some(1));
    let mut rows = plant.query("SELECT count(f) FROM m").call().unwrap();
    assert_eq!(
        rows.next().unwrap().unwrap().get::<i64>("count").unwrap(),
        2
    );
    // Empty.
    assert!(
        plant
            .query("SELECT * FROM none")
            .call()
            .unwrap()
            .next()
            .unwrap()
            .is_none()
    );
}

/// Responses with 500, though the request is at fault.
#[test]
fn a_retention_policy_that_is_not_there() {
    let Some((client, db)) = fresh("policies") else {
        return;
    };
    let nope = client.v1(&db).retention_policy("nope");
    let error = nope.write("m v=1").unwrap_err();
    let said = "retention policy not found: nope";
    assert_eq!(error.status(), Some(500), "{error}");
    assert!(error.to_string().contains("refuses the request (500: ret"));
    assert_eq!(error.message(), said);
    assert!(!error.is_retryable(), "{error}");
    assert_eq!(error.stored(), Stored::None);
    for q in ["SELECT v FROM m", "SHOW MEASUREMENTS; SELECT v FROM m"] {
        let mut rows = nope.query(q).call().unwrap();
        let error = loop {
            match rows.next() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("{q}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.message(), said, "{q}");
        assert!(!error.is_retryable(), "{error}");
    }
    let make = format!("CREATE RETENTION POLICY nope ON {db} DURATION 1w REPLICATION 1");
    client.v1("").query(make).run().unwrap();
    nope.write("m v=1").unwrap();
    let mut rows = nope.query("SELECT v FROM m").call().unwrap();
    assert!(rows.next().unwrap().is_some());
    // Nothing was asked: the server isn't either.
    for q in [";", "-- nothing", " ; ; "] {
        let error = client.v1(&db).query(q).run().unwrap_err();
        assert_eq!(error.to_string(), "the query has no statement", "{q}");
    }
}

/// Numbers, texts and booleans as parameters, each found again and nothing else.
#[test]
fn parameters_of_every_kind() {
    let Some((client, db)) = fresh("parameters") else {
        return;
    };
    let plant = client.v1(&db);
    let mut enc = Encoder::with_sink(Vec::new());
    for (n, v) in (0..).zip(FLOATS) {
        enc.line("f").field("v", v).timestamp(T + n).unwrap();
    }
    for (n, v) in (0..).zip(INTEGERS) {
        enc.line("i").field("v", v).timestamp(T + n).unwrap();
    }
    for (n, v) in (0..).zip(hostile::strings()) {
        if v.len() < 10_000 {
            enc.line("s").field("v", &*v).timestamp(T + n).unwrap();
        }
    }
    enc.line("b").field("v", true).timestamp(T).unwrap();
    enc.line("b").field("v", false).timestamp(T + 1).unwrap();
    plant.write(enc.lines()).unwrap();
    let found = |from: &str, param: serde_json::Value| {
        let text = format!("SELECT v FROM {from} WHERE v = $v");
        let query = plant.query(text).param("v", &param);
        let mut rows = query.call().unwrap_or_else(|e| panic!("{param}: {e}"));
        let mut times = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            times.push(row.time().unwrap().as_nanos() - T);
        }
        times
    };
    for (n, v) in (0..).zip(FLOATS) {
        assert_eq!(found("f", v.into()), [n], "{v:e}");
    }
    for (n, v) in (0..).zip(INTEGERS) {
        assert_eq!(found("i", v.into()), [n], "{v}");
    }
    assert_eq!(found("b", true.into()), [0]);
    assert_eq!(found("b", false.into()), [1]);
    for (n, v) in (0..).zip(hostile::strings()) {
        if v.len() < 10_000 {
            assert_eq!(found("s", (&*v).into()), [n], "{v:?}");
        }
    }
    // An integer that the server can't hold: its sentence.
    let query = plant.query("SELECT v FROM i WHERE v = $v");
    let error = query.param("v", u64::MAX).run().unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    assert!(error.message().contains("value out of range"), "{error}");
}

const FLOATS: [f64; 10] = [
    1.5,
    -1.0,
    1e21,
    -1e300,
    5e-324,
    f64::MAX,
    f64::MIN_POSITIVE,
    0.1,
    1e-7,
    123_456_789.25,
];
const INTEGERS: [i64; 6] = [0, 1, -1, i64::MAX, i64::MIN, 1 << 53];
