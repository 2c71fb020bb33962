//! InfluxDB 1.x's interface over a bare socket: what goes out, and every form of what comes back.

use crate::common::api::{self, play_as, recorded};
use crate::common::wire::{NO_CONTENT, TOKEN, Wire, closed_port, no_secret, response};
use influx_edge::client::ClientBuilder;
use influx_edge::line::Lines;
use influx_edge::v1::{Consistency, Row, Rows, Value};
use influx_edge::{Client, Error, Precision, Stored, Timestamp};
use std::io::Read as _;

fn as_it_is(builder: ClientBuilder) -> ClientBuilder {
    builder
}

const CHUNKED: &[(&str, &str)] = &[("chunked", "true"), ("chunk_size", "1000"), ("epoch", "ns")];

#[test]
fn as_recorded_on_2_9_1() {
    play_as(&[recorded("v1/write")], as_it_is, |c| {
        let lines = Lines {
            bytes: b"v1m,site=a v=1.5 1700000000\n",
            precision: Precision::Second,
        };
        c.v1("plant")
            .retention_policy("weekly")
            .write(lines)
            .unwrap();
    });
    play_as(&[recorded("v1/write-unknown-db")], as_it_is, |c| {
        let error = c.v1("nodb").write("m f=1 1\n").unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(error.stored(), Stored::None);
        assert!(
            error.to_string().contains("no dbrp mapping found"),
            "{error}"
        );
    });
    play_as(&[recorded("v1/query").also(CHUNKED)], as_it_is, |c| {
        let plant = c.v1("plant").retention_policy("weekly");
        let mut rows = plant.query("SELECT * FROM v1m").call().unwrap();
        let row = rows.next().unwrap().unwrap();
        assert_eq!((row.statement(), row.series()), (0, "v1m"));
        assert_eq!(row.columns(), ["time", "site", "v"]);
        assert_eq!(
            row.time(),
            Some(Timestamp::from_nanos(1_700_000_000_000_000_000))
        );
        assert_eq!(row.get::<&str>("site").unwrap(), "a");
        assert_eq!(row.get::<f64>("v").unwrap().to_bits(), 1.5_f64.to_bits());
        assert!(rows.next().unwrap().is_none());
        assert!(rows.next().unwrap().is_none());
    });
    play_as(&[recorded("v1/query-show").also(CHUNKED)], as_it_is, |c| {
        let mut rows = c.v1("").query("SHOW DATABASES").use_get().call().unwrap();
        let mut names = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            names.push(row.get::<String>("name").unwrap());
        }
        assert_eq!(names[..2], ["plant", "_monitoring"]);
        assert_eq!(names.len(), 7);
    });
    play_as(
        &[recorded("v1/query-unknown-db").also(CHUNKED)],
        as_it_is,
        |c| {
            let mut rows = c
                .v1("nodb")
                .query("SELECT * FROM m")
                .use_get()
                .call()
                .unwrap();
            let error = rows.next().unwrap_err();
            assert_eq!(error.message(), "database not found: nodb");
            assert!(rows.next().unwrap().is_none());
        },
    );
}

#[test]
fn what_a_write_says() {
    let wire = Wire::responding(NO_CONTENT);
    let c = wire.client();
    let at = |precision| Lines {
        bytes: b"m f=1 1\n",
        precision,
    };
    let db = c.v1("a b&c").consistency(Consistency::Quorum);
    db.write(at(Precision::Nanosecond)).unwrap();
    c.v1("d").write(at(Precision::Microsecond)).unwrap();
    c.v1("d").on_v2().write(at(Precision::Microsecond)).unwrap();
    c.v1("d").write(at(Precision::Millisecond)).unwrap();
    c.v1("d").write("").unwrap();
    let targets: Vec<_> = wire.seen().into_iter().map(|s| s.target).collect();
    assert_eq!(
        targets,
        [
            "/write?db=a%20b%26c&consistency=quorum",
            "/write?db=d&precision=u",
            "/write?db=d&precision=us",
            "/write?db=d&precision=ms",
        ]
    );
    assert!(c.v1("").write("m f=1").unwrap_err().is_config());
}

#[test]
fn credentials_where_each_is_valid() {
    let seen = |build: fn(ClientBuilder) -> ClientBuilder, in_url: bool| {
        let wire = Wire::responding(NO_CONTENT);
        let c = build(Client::builder(wire.url())).build().unwrap();
        let mut db = c.v1("d");
        if in_url {
            db = db.credentials_in_url("u ser", TOKEN);
        }
        db.write("m f=1 1").unwrap();
        assert!(!format!("{db:?} {:?}", db.query("x")).contains(TOKEN));
        let seen = wire.seen().remove(0);
        let header = seen.header("authorization").map(str::to_owned);
        (seen.target, header)
    };
    let plain = "/write?db=d".to_owned();
    assert_eq!(
        seen(|b| b.basic("me", "pw"), false),
        (plain.clone(), Some("Basic bWU6cHc=".to_owned()))
    );
    assert_eq!(
        seen(|b| b.token("me:pw"), false),
        (plain, Some("Token me:pw".to_owned()))
    );
    let url = format!("/write?db=d&u=u%20ser&p={TOKEN}");
    assert_eq!(seen(|b| b, true), (url, None));
    let c = Client::builder(closed_port()).token("x").build().unwrap();
    let error = c.v1("d").credentials_in_url("u", TOKEN).write("m f=1 1");
    let error = error.unwrap_err();
    assert!(error.is_config());
    no_secret(&error);
    // Nor does an error of the wire show what the URL holds.
    let c = Client::builder(closed_port()).build().unwrap();
    let db = c.v1("d").credentials_in_url("u", TOKEN);
    no_secret(&db.write("m f=1 1").unwrap_err());
    no_secret(&db.query("SELECT 1").call().unwrap_err());
}

#[test]
fn parameters_travel_beside_the_query() {
    let empty = response(
        "200 OK",
        "Content-Type: application/json\r\n",
        r#"{"results":[{"statement_id":0}]}"#,
    );
    let wire = Wire::responding(empty);
    let c = wire.client();
    let query = || c.v1("d").query("SELECT f FROM m WHERE t = $t AND f > $n");
    query().param("t", "x' OR 1").param("n", 2.5).run().unwrap();
    query().param("t", "é").use_get().run().unwrap();
    let seen = wire.seen();
    assert_eq!(
        String::from_utf8(seen[0].body.clone()).unwrap(),
        "q=SELECT%20f%20FROM%20m%20WHERE%20t%20%3D%20%24t%20AND%20f%20%3E%20%24n&params=%7B%22n%22%3A2.5%2C%22t%22%3A%22x%27%20OR%201%22%7D"
    );
    let (path, query) = api::split(&seen[1].target);
    assert_eq!(
        (path.as_str(), query["params"].as_str()),
        ("/query", "{\"t\":\"é\"}")
    );
    assert!(seen[1].body.is_empty());
    assert!(matches!(
        c.v1("d").query("x").param("n", Unwritable).run(),
        Err(e) if e.is_config()
    ));
}

struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

#[test]
fn a_201_is_a_success_unless_a_part_is_stored() {
    let json = "Content-Type: application/json\r\n";
    for body in ["", "{}", r#"{"code":"ok","message":"bucket created"}"#] {
        let wire = Wire::responding(response("201 Created", json, body));
        wire.client().v1("d").write("m f=1 1\n").unwrap();
    }
    let partial = r#"{"code":"invalid","line":2,"message":"partial write has occurred"}"#;
    let wire = Wire::responding(response("201 Created", json, partial));
    let error = wire
        .client()
        .v1("d")
        .write("m f=1 1\nm f=x 2\n")
        .unwrap_err();
    assert_eq!(error.stored(), Stored::Partial);
    assert_eq!(error.line_errors()[0].number, Some(2));
    let page = response("201 Created", "Content-Type: text/html\r\n", "<html>log in");
    let error = Wire::responding(page).client().v1("d").write("m f=1 1\n");
    assert_eq!(error.unwrap_err().stored(), Stored::Unknown);
}

/// A server that responds to a query with this body, in pieces.
fn rows_of(body: &str) -> (Wire, Rows) {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut out = head.to_owned();
    for piece in body.as_bytes().chunks(7) {
        let piece = String::from_utf8_lossy(piece);
        out += &format!("{:x}\r\n{piece}\r\n", piece.len());
    }
    out += "0\r\n\r\n";
    let wire = Wire::responding(out);
    let rows = wire.client().v1("d").query("q").call().unwrap();
    (wire, rows)
}

/// Everything in order: `statement series tags values`, or the error.
fn tell(rows: &mut Rows) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..1_000 {
        match rows.next() {
            Ok(Some(row)) => told.push(one(&row)),
            Ok(None) => return told,
            Err(e) => told.push(format!("error: {}", e.message())),
        }
    }
    panic!("it never ends: {told:?}");
}

fn one(row: &Row<'_>) -> String {
    let tags: Vec<_> = row.tags().collect();
    format!(
        "{} {} {tags:?} {:?}",
        row.statement(),
        row.series(),
        row.values()
    )
}

#[test]
fn statements_series_chunks_and_errors_in_their_order() {
    // In one object.
    let (_wire, mut rows) = rows_of(
        r#"{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"a":"x"},"columns":["time","v"],"values":[[1,1.5],[2,null]]},{"name":"m","tags":{"a":"y"},"columns":["time","v"],"values":[[3,true]]}]},{"statement_id":1},{"statement_id":2,"error":"no such thing"},{"statement_id":3,"series":[{"columns":["x"],"values":[["t"]]}],"messages":[{"level":"warning"}]}]}"#,
    );
    assert_eq!(
        tell(&mut rows),
        [
            r#"0 m [("a", "x")] [Int(1), Float(1.5)]"#,
            r#"0 m [("a", "x")] [Int(2), Null]"#,
            r#"0 m [("a", "y")] [Int(3), Bool(true)]"#,
            "error: no such thing",
            r#"3  [] [Text("t")]"#,
        ]
    );
    // In chunks, as 1.6.7 sends them.
    let (_wire, mut rows) = rows_of(
        "{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"m\",\"columns\":[\"v\"],\"values\":[[1],[2]],\"partial\":true}],\"partial\":true}]}\n{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"m\",\"columns\":[\"v\"],\"values\":[[3]]}]}]}\n{\"results\":[{\"statement_id\":1,\"error\":\"timeout\"}]}\n",
    );
    assert_eq!(
        tell(&mut rows),
        [
            "0 m [] [Int(1)]",
            "0 m [] [Int(2)]",
            "0 m [] [Int(3)]",
            "error: timeout"
        ]
    );
    // An error for the whole, in the middle.
    let (_wire, mut rows) = rows_of(
        "{\"results\":[{\"series\":[{\"columns\":[\"v\"],\"values\":[[1]],\"partial\":true}],\"partial\":true}]}\n{\"error\":\"killed\"}",
    );
    assert_eq!(tell(&mut rows), ["0  [] [Int(1)]", "error: killed"]);
    // No row.
    for empty in [
        "{\"results\":[{}]}",
        "{\"results\":[{\"statement_id\":0}]}\n",
    ] {
        assert!(tell(&mut rows_of(empty).1).is_empty(), "{empty:?}");
    }
}

#[test]
fn a_response_without_each_statements_result_is_incomplete() {
    let one = r#"{"results":[{"statement_id":0}]}"#;
    let row = r#"{"results":[{"statement_id":0,"series":[{"columns":["v"],"values":[[1]]}]}]}"#;
    let two = r#"{"results":[{"statement_id":0},{"statement_id":1}]}"#;
    let second = r#"{"results":[{"statement_id":1}]}"#;
    let failed = r#"{"results":[{"statement_id":0,"error":"no"}]}"#;
    let chunks = format!("{row}\n{second}\n");
    for (q, body, wanted) in [
        ("q", "", "no result"),
        ("q", " \n ", "no result"),
        ("q", "{}", "no result"),
        ("q", "{}\n{}", "no result"),
        ("q", r#"{"results":null}"#, "no result"),
        ("q", r#"{"results":[]}"#, "no result"),
        ("a;b", one, "after 1 of 2"),
        ("a;b", row, "after 1 of 2"),
        ("a ; b ; ", row, "after 1 of 2"),
        ("a;b;c", two, "after 2 of 3"),
        ("a 'x;y' ; b \"x;y\"", one, "after 1 of 2"),
        ("a 'x\\';' ;b", one, "after 1 of 2"),
        // Whole.
        ("q", one, ""),
        ("q;", row, ""),
        (";q;;", row, ""),
        ("q 'a;b' \"c;d\"", one, ""),
        ("a;b", two, ""),
        ("a;b", &chunks, ""),
        ("a; -- b; c", one, ""),
        // Who knows.
        ("a /x;y/; b", one, ""),
        ("a /* ;b; */", one, ""),
        ("a -- b; c\n; d", one, "after 1 of 2"),
        ("a /* ;b; */; c", one, "after 1 of 2"),
        ("a 'it\\'s; \"x'; b", one, "after 1 of 2"),
        // A deletion has no result on 2.9.1, but a response.
        ("DELETE FROM m", "{}", ""),
        (" delete from /a;b/", "{}\n", ""),
        ("DROP\n measurement \"a;b\";", "{}", ""),
        ("-- a; b\nDELETE FROM m", "{}", ""),
        ("/* a */DELETE FROM m; DROP MEASUREMENT n", "{}", ""),
        ("DELETE FROM m", one, ""),
        ("DELETE FROM m", "", ""),
        ("DELETE FROM m", " \n", ""),
        ("DELETE FROM m; b", "{}", "no result"),
        ("DELETE FROM m; b", second, ""),
        ("DELETE FROM m; b", one, "after 1 of 2"),
        ("a; DELETE FROM m", "{}", "no result"),
        ("a; DELETE FROM m", one, ""),
        ("a; DELETE FROM m; c", one, "after 1 of 3"),
        ("DROP SERIES FROM m", "{}", "no result"),
        ("DROP DATABASE measurement", "{}", "no result"),
        ("DELETED", "{}", "no result"),
        ("\"DELETE\" a", "{}", "no result"),
        ("SELECT 'x' FROM \"DELETE\"", "{}", "no result"),
        ("é", "{}", "no result"),
        // The rest need not be run.
        ("a;b;c", failed, "no"),
    ] {
        let json = "Content-Type: application/json\r\nX-Influxdb-Version: v2.9.1\r\n";
        let wire = Wire::responding(response("200 OK", json, body));
        let mut rows = wire.client().v1("d").query(q).call().unwrap();
        let told = tell(&mut rows);
        let error = told.iter().find_map(|line| line.strip_prefix("error: "));
        match wanted {
            "" => assert_eq!(error, None, "{q:?} {body:?}"),
            _ => assert!(
                error.is_some_and(|e| e.contains(wanted)),
                "{q:?} {body:?}: {told:?}"
            ),
        }
        assert!(rows.next().unwrap().is_none(), "{q:?} {body:?}");
    }
}

/// Of a deletion a proxy's empty body says nothing.
#[test]
fn a_deletion_without_a_result_is_influxdb_s() {
    for (headers, body, done) in [
        ("X-Influxdb-Version: v2.9.1\r\n", "", true),
        ("X-Influxdb-Build: OSS\r\n", "{}", true),
        ("Content-Type: application/json\r\n", "", false),
        ("Content-Type: application/json\r\n", "{}", false),
        ("", "", false),
    ] {
        let wire = Wire::responding(response("200 OK", headers, body));
        let result = wire.client().v1("d").query("DELETE FROM m").run();
        assert_eq!(result.is_ok(), done, "{headers:?} {body:?} {result:?}");
    }
}

#[test]
fn what_the_server_remarks_is_handed_over() {
    let (_wire, mut rows) = rows_of(concat!(
        r#"{"results":[{"statement_id":0,"messages":[{"level":"warning","text":"deprecated: \u001b[31muse SHOW"}]},"#,
        r#"{"statement_id":1,"messages":null,"series":[{"columns":["v"],"values":[[1]]}]}]}"#,
        "\n",
        r#"{"results":[{"statement_id":1,"messages":[{"level":"info"},{"text":"two"}]}]}"#,
    ));
    assert!(rows.messages().is_empty());
    assert_eq!(tell(&mut rows), ["1  [] [Int(1)]"]);
    let said: Vec<_> = rows
        .messages()
        .iter()
        .map(|m| (m.statement, m.level.as_str(), m.text.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (0, "warning", "deprecated: \\u{1b}[31muse SHOW"),
            (1, "info", ""),
            (1, "", "two"),
        ]
    );
    // A server that never stops remarking.
    let many = vec![r#"{"level":"w","text":"t"}"#; 500].join(",");
    let (_wire, mut rows) = rows_of(&format!(r#"{{"results":[{{"messages":[{many}]}}]}}"#));
    assert!(tell(&mut rows).is_empty());
    assert_eq!(rows.messages().len(), 100);
}

/// Servers of 1.x put an object's value into the query as a name or a pattern.
#[test]
fn a_parameter_is_a_value_and_nothing_else() {
    use serde_json::json;
    let wire = Wire::responding(response(
        "200 OK",
        "",
        r#"{"results":[{"statement_id":0}]}"#,
    ));
    let client = wire.client();
    let asked = |value: serde_json::Value| {
        let query = client.v1("d").query("SELECT v FROM m WHERE a = $n");
        query.param("n", value).call().map(drop)
    };
    for bad in [
        json!({"identifier": "a"}),
        json!({"regex": ".*"}),
        json!({"duration": "1h"}),
        json!({"string": "x"}),
        json!({}),
        json!(null),
        json!([]),
        json!(["a"]),
        json!([1, 2]),
    ] {
        let error = asked(bad.clone()).unwrap_err();
        assert!(error.is_config(), "{bad}: {error}");
        assert!(
            error.to_string().contains("\"n\" is neither text"),
            "{bad}: {error}"
        );
    }
    assert!(wire.seen().is_empty());
    for good in [
        json!("a"),
        json!(""),
        json!("{\"identifier\": \"a\"}"),
        json!(1),
        json!(-1.5),
        json!(u64::MAX),
        json!(true),
    ] {
        asked(good).unwrap();
    }
    assert_eq!(wire.seen().len(), 7);
    // A number that has a fraction, or could have one, is written with a point.
    for (value, text) in [
        (json!(1e21), "1.0e+21"),
        (json!(5e-324), "5.0e-324"),
        (json!(-1e300), "-1.0e+300"),
        (json!(f64::MAX), "1.7976931348623157e+308"),
        (json!(1.0), "1.0"),
        (json!(0.1), "0.1"),
        (json!(1), "1"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!("1e21"), "\"1e21\""),
        (json!("a\"\u{1}"), "\"a\\\"\\u0001\""),
    ] {
        let query = client.v1("d").query("SELECT q").use_get();
        query.param("n\"", value).run().unwrap();
        let (_, query) = api::split(&wire.seen().last().unwrap().target);
        assert_eq!(query["params"], format!("{{\"n\\\"\":{text}}}"));
    }
}

#[test]
fn a_response_that_is_not_whole_is_not_taken_for_whole() {
    let part =
        "{\"results\":[{\"series\":[{\"columns\":[\"v\"],\"values\":[[1]]}],\"partial\":true}]}";
    let told = tell(&mut rows_of(part).1);
    assert_eq!(told[1], "error: it ends where more was promised");
    // Cut at every byte: an error, or, behind the last brace, the end.
    for cut in 1..part.len() {
        let told = tell(&mut rows_of(&part[..cut]).1);
        assert!(
            told.last().unwrap().starts_with("error: "),
            "{cut}: {told:?}"
        );
    }
    let told = tell(&mut rows_of("<html>").1);
    assert!(told[0].contains("valid JSON"), "{told:?}");
    // The connection breaks off.
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n";
    let whole = part.replace(",\"partial\":true", "");
    let text = format!("{head}{whole}\n");
    let wire = Wire::each(1, move |peer| {
        if peer.request().is_some() {
            peer.send(&text);
        }
    });
    let mut rows = wire.client().v1("d").query("q").call().unwrap();
    assert!(rows.next().unwrap().is_some());
    assert!(rows.next().unwrap_err().is_transport());
    assert!(rows.next().unwrap().is_none());
}

#[test]
fn a_chunk_has_a_limit_and_the_response_none() {
    let chunk =
        "{\"results\":[{\"series\":[{\"columns\":[\"v\"],\"values\":[[\"0123456789\"]]}]}]}\n";
    let many = chunk.repeat(100);
    let whole = response("200 OK", "Content-Type: application/json\r\n", many);
    let wire = Wire::responding(whole);
    let client = wire.client();
    let query = || client.v1("d").query("q");
    let mut rows = query().max_chunk_bytes(chunk.len() + 1).call().unwrap();
    assert_eq!(tell(&mut rows).len(), 100);
    let mut rows = query().max_chunk_bytes(40).call().unwrap();
    let told = tell(&mut rows);
    assert!(told[0].contains("more than 40 bytes"), "{told:?}");
    assert_eq!(told.len(), 1);
}

#[test]
fn values_are_what_is_asked_for_or_an_error() {
    let (_wire, mut rows) = rows_of(
        r#"{"results":[{"series":[{"columns":["i","u","f","whole","huge","neg","b","s","n","t"],"values":[[-9223372036854775808,18446744073709551615,5e-324,2,123456789012345680000,-0,false,"é","x","2023-11-14T22:13:20Z"]]}]}]}"#,
    );
    let row = rows.next().unwrap().unwrap();
    assert_eq!(row.get::<i64>("i").unwrap(), i64::MIN);
    assert_eq!(row.get::<u64>("u").unwrap(), u64::MAX);
    assert_eq!(row.values()[1], Value::UInt(u64::MAX));
    let bits = |column| row.get::<f64>(column).unwrap().to_bits();
    assert_eq!(bits("f"), 1);
    assert_eq!(bits("whole"), 2.0_f64.to_bits());
    assert_eq!(bits("huge"), 123_456_789_012_345_680_000.0_f64.to_bits());
    assert_eq!(bits("neg"), (-0.0_f64).to_bits());
    assert!(!row.get::<bool>("b").unwrap());
    assert_eq!(row.get::<&str>("s").unwrap(), "é");
    assert_eq!(row.get::<Option<&str>>("n").unwrap(), Some("x"));
    let time = row.get::<Timestamp>("t").unwrap();
    assert_eq!(time.as_nanos(), 1_700_000_000_000_000_000);
    assert_eq!(row.time(), None);
    let wrong = |e: Error, said: &str| assert!(e.message().contains(said), "{e}");
    wrong(row.get::<i64>("s").unwrap_err(), "is text, not an integer");
    wrong(
        row.get::<u64>("i").unwrap_err(),
        "is a number, not an unsigned",
    );
    wrong(row.get::<&str>("b").unwrap_err(), "is a boolean, not text");
    wrong(row.get::<f64>("none").unwrap_err(), "no column");
}

/// What a statement's error, a chunk's or a refusal repeats of a password is in no error.
#[test]
fn what_is_repeated_of_a_password_is_not_printed() {
    let password = "canary-7f3a/QXZ+JKVWYQX";
    for echo in [
        password.to_string(),
        password.to_uppercase(),
        password.replace('/', "%2F").replace('+', "%2B"),
        "dTpjYW5hcnktN2YzYS9RWForSktWV1lRWA==".to_string(),
        "Y2FuYXJ5LTdmM2EvUVhaK0pLVldZUVg".to_string(),
        "canary-7f3a\\/\u{1b}QXZ+JKVWYQX".to_string(),
    ] {
        let text = serde_json::to_string(&format!("no: {echo}\r\n\u{202e}")).unwrap();
        let statement = format!(r#"{{"results":[{{"statement_id":0,"error":{text}}}]}}"#);
        let chunk = format!(r#"{{"error":{text}}}"#);
        for body in [&statement, &chunk] {
            for in_url in [false, true] {
                let wire = Wire::each(2, {
                    let bodies = [response("200 OK", "", body), response("400 No", "", &chunk)];
                    move |peer| {
                        while let Some(seen) = peer.request() {
                            let written = seen.target.starts_with("/write");
                            peer.send(&bodies[usize::from(written)]);
                        }
                    }
                });
                let builder = Client::builder(wire.url());
                let client = match in_url {
                    true => builder.build().unwrap(),
                    false => builder.basic("u", password).build().unwrap(),
                };
                let mut db = client.v1("plant");
                if in_url {
                    db = db.credentials_in_url("u", password);
                }
                for error in [
                    db.query("SELECT 1").run().unwrap_err(),
                    db.write("m f=1").unwrap_err(),
                ] {
                    no_secret(&error);
                    let shown = format!("{error} {error:?} {}", error.message());
                    assert!(error.message().contains("***"), "{shown}");
                    assert!(!shown.contains("QXZ"), "{shown}");
                    let obeyed = |c: char| c.is_control() || c == '\u{202e}';
                    assert!(!shown.contains(obeyed), "{shown}");
                }
            }
        }
    }
}

#[test]
fn a_response_without_an_end_is_complete_at_an_orderly_close_only() {
    let series = r#"{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[1,1.5],[2,2.5]]}]}]}"#;
    let partial = r#"{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[1,1.5],[2,2.5]],"partial":true}],"partial":true}]}"#;
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
    ] {
        for body in [format!("{series}\n"), format!("{partial}\n{series}\n")] {
            for reset in [false, true] {
                let bytes = format!("{head}{body}");
                let wire = Wire::each(1, move |peer| {
                    if reset {
                        // A close with bytes unread is a reset.
                        peer.stream.read_exact(&mut [0; 100]).unwrap();
                    } else {
                        peer.request();
                    }
                    peer.send(&bytes);
                    std::thread::sleep(std::time::Duration::from_millis(30));
                });
                let client = wire.client();
                let query = format!("SELECT v FROM m -- {}", "x".repeat(2000));
                let end = client.v1("plant").query(query).call().and_then(|mut rows| {
                    while rows.next()?.is_some() {}
                    Ok(())
                });
                match end {
                    Ok(()) => assert!(!reset, "a silent end: {body}"),
                    Err(error) => {
                        assert!(reset && error.is_retryable(), "{body}: {error}");
                    }
                }
            }
        }
    }
}
