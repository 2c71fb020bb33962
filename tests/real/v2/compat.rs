//! The routes that 2.x keeps for programs of InfluxDB 1.x.

use std::collections::BTreeMap;

use influx_edge::api::{NewBucket, NewDbrp, Permission};
use influx_edge::line::Encoder;
use influx_edge::{Client, Precision, Remedy, Stored};

use super::T;
use super::place::Place;
use crate::common::hostile::{self, Position};

#[test]
fn a_database_is_a_mapping() {
    let Some(place) = Place::new("compat") else {
        return;
    };
    // On these routes the organization is the token's own.
    let client = &place.allowed(Permission::all_access());
    let other = client.buckets().create(&NewBucket::new("other")).unwrap();
    let dbrps = client.dbrps();
    dbrps
        .create(&NewDbrp::new(&place.bucket.id, "plant", "raw"))
        .unwrap();
    dbrps
        .create(&NewDbrp::new(&other.id, "plant", "hourly"))
        .unwrap();
    let plant = client.v1("plant").on_v2();
    let hourly = client.v1("plant").on_v2().retention_policy("hourly");
    for (precision, step) in [
        (Precision::Second, 1_000_000_000),
        (Precision::Millisecond, 1_000_000),
        (Precision::Microsecond, 1_000),
        (Precision::Nanosecond, 1),
    ] {
        let mut enc = Encoder::with_sink(Vec::new()).precision(precision);
        let name = precision.as_str();
        enc.line(name)
            .field("v", 1.5)
            .timestamp(T / step + 7)
            .unwrap();
        plant.write(enc.lines()).unwrap();
        let mut rows = plant.query(format!("SELECT v FROM {name}")).call().unwrap();
        let row = rows.next().unwrap().unwrap();
        assert_eq!(row.time().unwrap().as_nanos(), T + 7 * step, "{name}");
        assert_eq!(row.get::<f64>("v").unwrap().to_bits(), 1.5_f64.to_bits());
        assert!(rows.next().unwrap().is_none());
    }
    hourly.write("h v=1i 1").unwrap();
    assert_eq!(place.count("other", "h", "v"), 1);
    assert_eq!(place.count("b", "h", "v"), 0);
    let mut rows = plant.query("SELECT v FROM plant.hourly.h").call().unwrap();
    assert_eq!(rows.next().unwrap().unwrap().get::<i64>("v").unwrap(), 1);
    drop(rows);

    // What isn't there, and what can't be.
    let nowhere = client.v1("no such database").on_v2();
    let error = nowhere.write("m v=1 1").unwrap_err();
    assert_eq!(error.status(), Some(404), "{error}");
    assert_eq!(
        (error.stored(), error.remedy()),
        (Stored::None, Remedy::Operator)
    );
    let error = nowhere.query("SELECT * FROM m").run().unwrap_err();
    assert!(error.message().contains("database not found"), "{error}");
    let error = plant.query("SELEC").run().unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    let error = plant.write("m v=1 1\nm v= 2").unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    assert_eq!(error.remedy(), Remedy::RemoveBadLines);
    assert_eq!(error.line_errors()[0].line, "m v= 2");
    plant.write("m v=1 1").unwrap();
    let error = plant.write("m v=2 2\nm v=\"x\" 3").unwrap_err();
    assert_eq!(error.status(), Some(422), "{error}");
    assert_eq!(error.stored(), Stored::Partial);
    assert_eq!(error.response().unwrap().dropped(), Some(1));
    let mut rows = plant.query("SELECT count(v) FROM m").call().unwrap();
    assert_eq!(
        rows.next().unwrap().unwrap().get::<i64>("count").unwrap(),
        2
    );
}

/// Statements of InfluxDB 1.x: those that 2.x carries out, without a result in its response, and those
/// that it refuses.
#[test]
fn deletions_and_administration() {
    let Some(place) = Place::new("compat statements") else {
        return;
    };
    let dbrp = NewDbrp::new(&place.bucket.id, "plant", "raw");
    place.client.dbrps().create(&dbrp).unwrap();
    let client = place.allowed(Permission::all_access());
    let plant = client.v1("plant").on_v2();
    let fill = || plant.write("m,t=a v=1 1\nm,t=b v=1 2\nn v=1 1").unwrap();
    for (q, left) in [
        ("DELETE FROM m WHERE t = 'a'", 1),
        ("delete from m", 0),
        ("DROP MEASUREMENT m", 0),
        ("DELETE FROM m; DROP MEASUREMENT n", 0),
        ("DELETE FROM m WHERE time = 2", 1),
        ("/* ; */ DELETE FROM /m;|m/", 0),
        ("-- a; b\nDROP MEASUREMENT \"m\"; SHOW MEASUREMENTS", 0),
        ("SHOW MEASUREMENTS; DELETE FROM m;", 0),
    ] {
        fill();
        plant.query(q).run().unwrap_or_else(|e| panic!("{q}: {e}"));
        assert_eq!(place.count("b", "m", "v"), left, "{q}");
    }
    for q in [
        "CREATE DATABASE a",
        "DROP DATABASE a",
        "DROP SERIES FROM m",
        "SELECT v INTO o FROM m",
        "CREATE RETENTION POLICY a ON plant DURATION 1d REPLICATION 1",
        "SHOW QUERIES",
        "SHOW USERS",
        "SHOW SERIES CARDINALITY",
        "DELETE FROM m; DROP DATABASE a",
    ] {
        let error = plant.query(q).run().unwrap_err();
        assert!(error.message().contains("not implemented"), "{q}: {error}");
        assert!(!error.is_retryable(), "{q}: {error}");
    }
    for q in ["", ";", " -- DELETE FROM m"] {
        let error = plant.query(q).run().unwrap_err();
        assert!(error.is_config(), "{q:?}: {error}");
        assert_eq!(error.to_string(), "the query has no statement", "{q:?}");
    }
    for q in [
        "SHOW DATABASES",
        "SHOW RETENTION POLICIES",
        "SHOW MEASUREMENTS",
        "SHOW TAG KEYS",
        "SHOW TAG VALUES WITH KEY = t",
        "SHOW FIELD KEYS",
        "SHOW SERIES",
    ] {
        fill();
        let mut rows = plant.query(q).call().unwrap();
        assert!(rows.next().unwrap().is_some(), "{q}");
    }
}

#[test]
fn each_way_to_say_who_one_is() {
    let Some(place) = Place::new("compat access") else {
        return;
    };
    let id = &place.bucket.id;
    place
        .client
        .dbrps()
        .create(&NewDbrp::new(id, "plant", "raw"))
        .unwrap();
    let may = [
        Permission::read().bucket(id),
        Permission::write().bucket(id),
    ];
    let tokens = place.client.authorizations();
    let made = tokens
        .create(&influx_edge::api::NewAuthorization::new(may))
        .unwrap();
    let token = made.reveal_token().unwrap();
    let bare = Client::builder(&place.url).build().unwrap();
    let clients = [
        (
            "token",
            Client::builder(&place.url).token(token).build().unwrap(),
        ),
        (
            "name:token",
            Client::builder(&place.url)
                .token(format!("x:{token}"))
                .build()
                .unwrap(),
        ),
        (
            "basic",
            Client::builder(&place.url)
                .basic("anybody", token)
                .build()
                .unwrap(),
        ),
    ];
    let wanted = |name: &str, plant: influx_edge::v1::Database<'_>| {
        plant
            .write(format!("who,by={} v=1i 1", name.replace(':', "-")))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut rows = plant.query("SELECT count(v) FROM who").call().unwrap();
        assert!(rows.next().unwrap().is_some(), "{name}");
    };
    for (name, client) in &clients {
        wanted(name, client.v1("plant").on_v2());
    }
    wanted(
        "url",
        bare.v1("plant")
            .on_v2()
            .credentials_in_url("anybody", token),
    );
    assert_eq!(place.count("b", "who", "v"), 4);
    for client in [
        bare.clone(),
        Client::builder(&place.url)
            .basic("a", "canary")
            .build()
            .unwrap(),
    ] {
        let error = client.v1("plant").on_v2().write("m v=1 1").unwrap_err();
        assert!(error.is_unauthorized(), "{error}");
        assert!(!format!("{error:?}").contains("canary"));
        let error = client
            .v1("plant")
            .on_v2()
            .query("SELECT v FROM m")
            .run()
            .unwrap_err();
        assert!(error.is_unauthorized(), "{error}");
    }
}

#[test]
fn hostile_text_as_parameters_and_back() {
    let Some(place) = Place::new("compat text") else {
        return;
    };
    let dbrp = NewDbrp::new(&place.bucket.id, "plant", "raw");
    place.client.dbrps().create(&dbrp).unwrap();
    let client = place.allowed(Permission::all_access());
    let plant = client.v1("plant").on_v2();
    let mut enc = Encoder::with_sink(Vec::new());
    let (mut texts, mut tags) = (Vec::new(), BTreeMap::new());
    for (n, text) in (0..).zip(hostile::strings()) {
        if text.len() > 10_000 {
            continue;
        }
        enc.line("sf").field("v", &*text).timestamp(T + n).unwrap();
        if !text.is_empty() && !hostile::must_be_refused(Position::TagValue, &text, false) {
            enc.line("tv")
                .tag("t", &*text)
                .field("n", n)
                .timestamp(T + n)
                .unwrap();
            tags.insert(n, text.clone());
        }
        texts.push((T + n, text));
    }
    plant.write(enc.lines()).unwrap();
    for chunk in [7, 1_000] {
        let mut rows = plant
            .query("SELECT v FROM sf")
            .chunk_size(chunk)
            .call()
            .unwrap();
        for (time, text) in &texts {
            let row = rows.next().unwrap().unwrap();
            assert_eq!(row.time().unwrap().as_nanos(), *time);
            assert_eq!(row.get::<&str>("v").unwrap(), text);
        }
        assert!(rows.next().unwrap().is_none());
    }
    for (n, text) in tags.iter().step_by(3) {
        let query = plant
            .query("SELECT n FROM tv WHERE t = $t")
            .param("t", text);
        let mut rows = query.call().unwrap();
        let row = rows
            .next()
            .unwrap()
            .unwrap_or_else(|| panic!("{text:?} is not found"));
        assert_eq!(row.get::<i64>("n").unwrap(), *n, "{text:?}");
        assert!(rows.next().unwrap().is_none(), "{text:?}");
    }
    // Several statements, one of them without a response; many series.
    let mut rows = plant
        .query("SELECT n FROM tv GROUP BY t; SELECT v FROM nothing; SELECT count(v) FROM sf")
        .chunk_size(50)
        .call()
        .unwrap();
    let (mut series, mut count) = (0, None);
    while let Some(row) = rows.next().unwrap() {
        match row.statement() {
            0 => {
                let n = row.get::<i64>("n").unwrap();
                assert_eq!(row.tag("t"), tags.get(&n).map(String::as_str));
                series += 1;
            }
            2 => count = Some(row.get::<i64>("count").unwrap()),
            other => panic!("a row of statement {other}"),
        }
    }
    assert_eq!(series, tags.len());
    assert_eq!(count, i64::try_from(texts.len()).ok());
}
