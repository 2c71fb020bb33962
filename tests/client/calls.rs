//! The calls of a session, over a bare socket: what goes out, what comes back, and the one sentence
//! for each thing that can be wrong with a first try.

use crate::common::wire::{NO_CONTENT, TOKEN, Wire, closed_port, json_error, no_secret, response};
use influx_edge::client::Method;
use influx_edge::line::{Encoder, Lines, Point};
use influx_edge::{Client, Precision, Remedy, Stored, Timestamp, TransportErrorKind};

const LINE: &str = "weather,station=zrh-1 temp_c=21.5 1700000000000000000";

#[test]
fn a_byte_order_mark_is_no_part_of_a_name() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    client.write("b", "\u{feff}m v=1 1").unwrap();
    client.write("b", "\u{feff}m v=1 1".to_string()).unwrap();
    let text = "\u{feff}m v=1 1".to_string();
    client.write("b", &text).unwrap();
    // One is the mark, a second one is text.
    client.write("b", "\u{feff}\u{feff}m v=1 1").unwrap();
    client.write("b", "m\u{feff} v=1 1").unwrap();
    // Nothing is left: nothing is sent.
    client.write("b", "\u{feff}").unwrap();
    // A point's own name is.
    let point = influx_edge::Point::new("\u{feff}m").field("v", 1.0);
    client.write("b", point).unwrap();
    let bodies: Vec<_> = wire.seen().into_iter().map(|seen| seen.body).collect();
    let expected = [
        "m v=1 1",
        "m v=1 1",
        "m v=1 1",
        "\u{feff}m v=1 1",
        "m\u{feff} v=1 1",
        "\u{feff}m v=1\n",
    ];
    assert_eq!(bodies, expected.map(|text| text.as_bytes().to_vec()));
}

/// Servers take one for a part of the last value, and refuse the line.
#[test]
fn a_carriage_return_at_a_lines_end_is_left_out() {
    for (text, sent) in [
        ("m v=1 1\r\n", "m v=1 1\n"),
        ("m v=1 1\r\nm v=2 2\r\n", "m v=1 1\nm v=2 2\n"),
        ("m v=1 1\r\nm v=2 2\nm v=3 3\r", "m v=1 1\nm v=2 2\nm v=3 3"),
        ("\u{feff}m v=1\r\n\r\n\r\nm v=t\r\n", "m v=1\n\n\nm v=t\n"),
        // Within a string it is the user's.
        ("m s=\"a\r\nb\" 1\r\n", "m s=\"a\r\nb\" 1\n"),
        (
            "m s=\"a\\\"\r\n\",t=\"\r\n\"\r\nm v=1",
            "m s=\"a\\\"\r\n\",t=\"\r\n\"\nm v=1",
        ),
        ("m s=\"\r\" 1", "m s=\"\r\" 1"),
        // A quote in a name or a comment opens none.
        ("m,t=\"a v=1 1\r\nm v=2 2\r\n", "m,t=\"a v=1 1\nm v=2 2\n"),
        (
            " # s=\"\r\nm s=\"a\r\nb\" 1\r\n",
            " # s=\"\nm s=\"a\r\nb\" 1\n",
        ),
        ("m v=1 1\n", "m v=1 1\n"),
    ] {
        let wire = Wire::responding(NO_CONTENT);
        let client = wire.client();
        client.write("b", text).unwrap();
        client.write("b", text.to_string()).unwrap();
        client.write("b", text.as_bytes()).unwrap();
        client.write("b", [text]).unwrap();
        let seen = wire.seen();
        for each in &seen[..3] {
            assert_eq!(each.body, sent.as_bytes(), "{text:?}");
        }
        // (The last line of a text in a list ends.)
        assert!(seen[3].body.starts_with(sent.as_bytes()), "{text:?}");
        // Encoded lines are sent as they are.
        let bytes = text.as_bytes();
        let lines = influx_edge::line::Lines {
            bytes,
            precision: influx_edge::Precision::Nanosecond,
        };
        client.write("b", lines).unwrap();
        assert_eq!(wire.seen()[4].body, bytes);
    }
}

/// A writer takes all lines of a text or none: which one is at fault, it says.
#[test]
fn a_text_that_is_no_line_protocol_is_refused_by_line() {
    let wire = Wire::responding(NO_CONTENT);
    for (text, place) in [
        (&b"m v="[..], "at byte 4"),
        (b"m v=\n\n", "at byte 4"),
        (b"m v=\nm v=1", "at byte 4 of line 1"),
        (b"m v=1\r\nm v=\r\n", "at byte 4 of line 2"),
        (b"# c\n\nm s=\"a\nb\"\n  m v=\n", "at byte 4 of line 5"),
        (b"m v=1\nm v=\xff\nm v=2", "at byte 4 of line 2"),
        (b"m v=\xff", "at byte 4"),
    ] {
        let mut writer = wire.client().writer("b").build().unwrap();
        let error = writer.write(text).unwrap_err().to_string();
        assert!(error.ends_with(place), "{error}");
        let mut handle = writer.spawn(influx_edge::OverflowPolicy::Reject).unwrap();
        assert_eq!(handle.write(text).unwrap_err().to_string(), error);
        assert!(handle.close().unwrap().is_safe());
    }
    assert!(wire.seen().is_empty());
}

#[test]
fn a_write_is_one_post() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
    enc.line("weather")
        .tag("station", "zrh-1")
        .field("temp_c", 21.5)
        .timestamp(1_700_000_000_i64)
        .unwrap();
    client.write("my sensors", enc.lines()).unwrap();

    let seen = wire.seen();
    assert_eq!(seen.len(), 1);
    let seen = &seen[0];
    assert_eq!(seen.method, "POST");
    assert_eq!(
        seen.target,
        "/api/v2/write?org=acme&bucket=my%20sensors&precision=s"
    );
    assert_eq!(seen.body, b"weather,station=zrh-1 temp_c=21.5 1700000000\n");
    assert_eq!(
        seen.header("authorization"),
        Some(&*format!("Token {TOKEN}"))
    );
    assert_eq!(
        seen.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(seen.header("content-length"), Some("45"));
    assert_eq!(seen.header("transfer-encoding"), None);
    assert_eq!(seen.header("expect"), None);
    assert!(
        seen.header("user-agent")
            .unwrap()
            .starts_with("influx-edge/")
    );
}

#[test]
fn everything_that_can_be_written() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    let point = || {
        Point::new("m")
            .field("f", 1_i64)
            .time(Timestamp::from_nanos(7))
    };
    client.write("b", LINE).unwrap();
    client.write("b", LINE.to_string()).unwrap();
    let (text, points) = (LINE.to_string(), vec![point(), point()]);
    client.write("b", &text).unwrap();
    let millis = Lines {
        bytes: b"m f=1 1",
        precision: Precision::Millisecond,
    };
    client.write("b", millis).unwrap();
    client.write("b", point()).unwrap();
    client.write("b", [point()]).unwrap();
    client.write("b", &[point(), point()][..]).unwrap();
    client.write("b", &points).unwrap();
    client.write("b", points.iter()).unwrap();
    client.write("b", &points[..]).unwrap();
    client.write("b", points).unwrap();
    client.write_each("b", (0..2).map(|_| point())).unwrap();
    let bodies: Vec<_> = wire
        .seen()
        .into_iter()
        .map(|s| String::from_utf8(s.body).unwrap())
        .collect();
    assert_eq!(
        bodies,
        [
            LINE,
            LINE,
            LINE,
            "m f=1 1",
            "m f=1i 7\n",
            "m f=1i 7\n",
            "m f=1i 7\nm f=1i 7\n",
            "m f=1i 7\nm f=1i 7\n",
            "m f=1i 7\nm f=1i 7\n",
            "m f=1i 7\nm f=1i 7\n",
            "m f=1i 7\nm f=1i 7\n",
            "m f=1i 7\nm f=1i 7\n",
        ]
    );
    // All of it over one connection.
    assert!(wire.seen().iter().all(|s| s.connection == 0));
}

#[test]
fn everything_that_a_writer_takes() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    let points: Vec<Point> = (0..2)
        .map(|n| Point::new("m").field("f", n).time(n))
        .collect();
    let writer = || {
        client
            .writer("b")
            .precision(Precision::Second)
            .build()
            .unwrap()
    };
    let mut w = writer();
    w.write(&points).unwrap();
    w.write(points.iter()).unwrap();
    w.write(&points[..]).unwrap();
    w.write(points.clone()).unwrap();
    w.write(&points[1]).unwrap();
    w.write_to("b", points.iter()).unwrap();
    w.write_each(&points).unwrap();
    assert!(w.close().unwrap().is_safe());
    let mut handle = writer().spawn(influx_edge::OverflowPolicy::Reject).unwrap();
    handle.write(&points).unwrap();
    handle.write(points.iter()).unwrap();
    handle.write_to("b", points).unwrap();
    assert!(handle.close().unwrap().is_safe());
    let pair = "m f=0i 0\nm f=1i 1\n";
    let bodies: String = wire
        .seen()
        .into_iter()
        .map(|s| String::from_utf8(s.body).unwrap())
        .collect();
    let single = "m f=1i 1\n";
    assert_eq!(bodies, [&pair.repeat(4), single, &pair.repeat(5)].concat());
}

#[test]
fn nothing_to_write_sends_nothing() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    client.write("b", "").unwrap();
    client.write("b", Vec::<Point>::new()).unwrap();
    client
        .write(
            "b",
            Lines {
                bytes: b"",
                precision: Precision::Second,
            },
        )
        .unwrap();
    assert!(wire.seen().is_empty());
    // A point that can't be encoded is found before anything is sent.
    let error = client.write("b", [Point::new("m")]).unwrap_err();
    assert_eq!(error.stored(), Stored::None);
    // Nor does anything go to a bucket without a name.
    let (first, last) = (Timestamp::MIN, Timestamp::MAX);
    for error in [
        client.write("", LINE).unwrap_err(),
        client
            .write_each("", [Point::new("m").field("f", 1)])
            .unwrap_err(),
        client.delete_points("", first, last).call().unwrap_err(),
    ] {
        assert!(error.is_config() && !error.is_retryable(), "{error}");
        sentence(&error, &["no bucket"]);
    }
    assert!(wire.seen().is_empty());
}

#[test]
fn status_calls() {
    let wire = Wire::scenes(vec![Box::new(|peer| {
        while let Some(seen) = peer.request() {
            match seen.target.as_str() {
                "/ping" => peer.send("HTTP/1.1 204 No Content\r\nX-Influxdb-Build: OSS\r\nX-Influxdb-Version: v2.9.1\r\n\r\n"),
                "/health" => peer.send(response("200 OK", "Content-Type: application/json\r\n", r#"{"name":"influxdb", "message":"ready for queries and writes", "status":"pass", "checks":[], "version": "v2.9.1", "commit": "v2.9.1"}"#)),
                "/ready" => peer.send(response("200 OK", "Content-Type: application/json\r\n", r#"{"status": "ready", "started": "2026-11-22T03:46:41.762623124Z", "up": "223.482249ms"}"#)),
                other => panic!("{other}"),
            }
        }
    })]);
    let client = wire.client();
    client.ping().unwrap();
    assert_eq!(client.version().unwrap().as_deref(), Some("v2.9.1"));
    let ping = client.request(Method::Get, "/ping").call().unwrap();
    assert_eq!(ping.header("X-Influxdb-Build"), Some("OSS"));
    let health = client.health().unwrap();
    assert_eq!(health.status, "pass");
    assert_eq!(health.version.as_deref(), Some("v2.9.1"));
    assert_eq!(client.ready().unwrap().up.as_deref(), Some("223.482249ms"));
}

#[test]
fn a_sick_server_says_so_and_is_no_error() {
    let sick = r#"{"name":"influxdb","status":"fail","message":"disk"}"#;
    let wire = Wire::responding(response(
        "503 Service Unavailable",
        "Content-Type: application/json\r\n",
        sick,
    ));
    let health = wire.client().health().unwrap();
    assert_eq!(health.status, "fail");
    // While the server starts, it responds to anything with this.
    let wire = Wire::responding(response(
        "503 Service Unavailable",
        "",
        r#"{"status":"starting"}"#,
    ));
    let error = wire.client().ready().unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(error.message(), "starting");
}

#[test]
fn the_raw_call() {
    let wire = Wire::responding(response(
        "404 Not Found",
        "Content-Type: application/json\r\nX-Platform-Error-Code: not found\r\n",
        r#"{"code":"not found","message":"path not found"}"#,
    ));
    let client = wire.client();
    let response = client
        .request(Method::Get, "/api/v2/labels")
        .query("limit", "10")
        .query("x y", "ü&")
        .call()
        .unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.header("X-Platform-Error-Code"), Some("not found"));
    let value: serde_json::Value = response.into_json().unwrap();
    assert_eq!(value["code"], "not found");

    let error = client
        .request(Method::Get, "/api/v2/labels")
        .call()
        .unwrap()
        .error_for_status()
        .unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.code(), Some("not found"));
    no_secret(&error);

    client
        .request(Method::Patch, "/api/v2/labels/1?a=b")
        .header("X-Extra", "yes")
        .json(&serde_json::json!({"name": "n"}))
        .call()
        .unwrap()
        .into_bytes()
        .unwrap();
    client
        .request(Method::Post, "/api/v2/x")
        .without_org()
        .call()
        .unwrap()
        .into_string()
        .unwrap();
    let mut body: &[u8] = b"streamed";
    client
        .request(Method::Put, "/raw")
        .reader(&mut body, None)
        .call()
        .unwrap()
        .into_string()
        .unwrap();
    client
        .request(Method::Delete, "/api/v2/labels/1")
        .query("org", "other")
        .call()
        .unwrap()
        .into_bytes()
        .unwrap();

    let seen = wire.seen();
    assert_eq!(
        seen[0].target,
        "/api/v2/labels?org=acme&limit=10&x%20y=%C3%BC%26"
    );
    assert_eq!(seen[2].method, "PATCH");
    assert_eq!(seen[2].target, "/api/v2/labels/1?a=b&org=acme");
    assert_eq!(seen[2].header("x-extra"), Some("yes"));
    assert_eq!(seen[2].header("content-type"), Some("application/json"));
    assert_eq!(seen[2].body, br#"{"name":"n"}"#);
    assert_eq!(seen[3].target, "/api/v2/x");
    assert_eq!(seen[3].header("content-length"), Some("0"));
    assert_eq!(seen[4].target, "/raw");
    assert_eq!(seen[4].body, b"streamed");
    assert_eq!(seen[4].header("transfer-encoding"), Some("chunked"));
    assert_eq!(seen[5].target, "/api/v2/labels/1?org=other");
    assert!(
        seen.iter().all(|s| s.connection == 0),
        "one connection for all"
    );
}

/// All times are all that the server takes, whose own words name the limits.
#[test]
fn the_times_of_a_delete_are_those_that_the_server_takes() {
    let (first, last) = (
        "1677-09-21T00:12:43.145224194Z",
        "2262-04-11T23:47:16.854775806Z",
    );
    let nanos = Timestamp::from_nanos;
    for (start, stop, sent) in [
        (Timestamp::MIN, Timestamp::MAX, (first, last)),
        (nanos(i64::MIN + 1), nanos(i64::MAX), (first, last)),
        (nanos(i64::MIN + 2), nanos(i64::MAX - 1), (first, last)),
        (nanos(0), Timestamp::MAX, ("1970-01-01T00:00:00Z", last)),
        (Timestamp::MIN, nanos(0), (first, "1970-01-01T00:00:00Z")),
        (
            nanos(i64::MIN + 3),
            nanos(i64::MAX - 2),
            (
                "1677-09-21T00:12:43.145224195Z",
                "2262-04-11T23:47:16.854775805Z",
            ),
        ),
    ] {
        let wire = Wire::responding(NO_CONTENT);
        wire.client()
            .delete_points("edge", start, stop)
            .call()
            .unwrap();
        let body: serde_json::Value = serde_json::from_slice(&wire.seen()[0].body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({"start": sent.0, "stop": sent.1}),
            "{start:?} {stop:?}"
        );
    }
}

/// To these InfluxDB 2.9.1 responds with 204 without having deleted what they name; `tests/real`
/// asks a server.
#[test]
fn a_predicate_that_deletes_nothing_is_refused() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.client();
    let delete = |predicate: &str| {
        client
            .delete_points("edge", Timestamp::MIN, Timestamp::MAX)
            .predicate(predicate)
            .call()
    };
    for (predicate, key, why) in [
        (r#"_measurement != "m1""#, "_measurement !=", "name each"),
        (r#""_measurement"!="m1""#, "_measurement !=", "name each"),
        (
            r#"a="x" AND _measurement!="m1""#,
            "_measurement !=",
            "name each",
        ),
        (
            r#"(a="x") AND (_measurement != "m1")"#,
            "_measurement !=",
            "name each",
        ),
        (r#"_time > "2020-01-01T00:00:00Z""#, "_time", "two times"),
        (r#"_time="x""#, "_time", "two times"),
        (r#"_start="x""#, "_start", "two times"),
        (r#"_stop = "x""#, "_stop", "two times"),
        (r#"time<"x""#, "time", "two times"),
        ("_value=1", "_value", "field's value"),
        (r#"a="x" and "_value" = "1""#, "_value", "field's value"),
        (r#"a="""#, "a", "never empty"),
        (r#"_measurement="""#, "_measurement", "never empty"),
        (r#"_measurement <> "m1""#, "_measurement <>", "name each"),
        (r#"_measurement<>m1"#, "_measurement <>", "name each"),
        (
            r#"(a="x" AND ("_measurement"<>"m1"))"#,
            "_measurement <>",
            "name each",
        ),
        (r#"_measurement != """#, "_measurement !=", "name each"),
        (
            r#"_measurement="m" AND _measurement != "n""#,
            "_measurement !=",
            "name each",
        ),
        (
            r#"_Measurement="m1""#,
            "_Measurement",
            "called _measurement",
        ),
        (
            r#"_MEASUREMENT != "m1""#,
            "_MEASUREMENT",
            "called _measurement",
        ),
        (
            r#"" _measurement"="m1""#,
            " _measurement",
            "called _measurement",
        ),
        (r#""m1" = _measurement"#, "m1", "before the operator"),
        (r#""m1" <> _measurement"#, "m1", "before the operator"),
        (r#"_field != "f""#, "_field", "field's name"),
        (
            r#"_measurement="m" AND _field<>"f""#,
            "_field",
            "field's name",
        ),
        (r#"_FIELD="f""#, "_FIELD", "field's name"),
        (r#"_TIME="x""#, "_TIME", "two times"),
        (r#"_stop <> "1""#, "_stop", "two times"),
        (r#"_Value="1""#, "_Value", "field's value"),
        (r#"a="x" AND a="y""#, "a", "two values at once"),
        (
            r#"(_measurement=m) AND "_measurement"="n""#,
            "_measurement",
            "two values at once",
        ),
        ("a=TRUE", "a", "double quotes"),
        ("a != False", "a", "double quotes"),
        ("a=now()", "a", "double quotes"),
        ("a=x ( )", "a", "double quotes"),
        ("a = - \"x\"", "a", "double quotes"),
        ("a=1.", "a", "double quotes"),
        ("a=\"x\" \0 AND b=\"y\"", "NUL", "predicate's end"),
    ] {
        let error = delete(predicate).unwrap_err();
        assert!(error.is_config(), "{predicate}: {error}");
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("the predicate of a delete can't use {key}: ")),
            "{predicate}: {text}"
        );
        assert!(text.contains(why), "{predicate}: {text}");
    }
    // Nor do times in the wrong order.
    let nanos = Timestamp::from_nanos;
    let swapped = "is after its stop";
    let beyond = "no point can be";
    for (start, stop, why) in [
        (nanos(1), nanos(0), swapped),
        (Timestamp::MAX, Timestamp::MIN, swapped),
        (Timestamp::MAX, nanos(i64::MAX - 1), swapped),
        (nanos(0), nanos(-1), swapped),
        (nanos(i64::MIN + 1), Timestamp::MIN, swapped),
        // The next point there can be is none of theirs.
        (Timestamp::MIN, Timestamp::MIN, beyond),
        (Timestamp::MIN, nanos(i64::MIN + 1), beyond),
        (Timestamp::MAX, Timestamp::MAX, beyond),
    ] {
        let error = client.delete_points("b", start, stop).call().unwrap_err();
        assert!(error.is_config(), "{error}");
        let text = error.to_string();
        assert!(text.contains(why), "{text}");
        assert_eq!(text.ends_with("; swap them"), why == swapped, "{text}");
        assert!(text.contains(&start.to_string()), "{text}");
        assert!(text.contains(&stop.to_string()), "{text}");
    }
    assert!(wire.seen().is_empty());
    // What deletes, or what the server refuses by itself.
    for predicate in [
        r#"a="_time=""#,
        r#"_measurement="m" AND a != """#,
        r#"a<>"""#,
        r#"a <> "x""#,
        r#"a != "x" AND a != "y""#,
        r#"a="x" AND a="x""#,
        r#"a="_measurement""#,
        r#"a="TRUE" AND b="1." AND c="now()""#,
        "a=true AND b=1.5 AND c=-1 AND d=-1h AND e=-b",
        r#"Time="x""#,
        r#"(a="x")AND(b=y)"#,
        r#"_measurement == "m""#,
        r#"_measurement =~ /m/"#,
        r#"not _measurement="m""#,
        r#"a="\" AND _value=""#,
        r#"a="x" AND b != "y""#,
        r#"(a="x") AND (_measurement="m1")"#,
        r#"a='x' AND a=x"#,
        "a=",
        r#"a="x" OR a="y""#,
        r#"(a="x") or (a="y")"#,
        r#"_field="v""#,
        r#"table="x" AND _t="_start""#,
        r#"_measurement="!=""#,
        "=",
        "!=!=!=",
        "\"",
    ] {
        delete(predicate).unwrap_or_else(|e| panic!("{predicate}: {e}"));
    }
}

#[test]
fn deleting_points() {
    let wire = Wire::responding(NO_CONTENT);
    wire.client()
        .delete_points(
            "edge",
            Timestamp::from_nanos(1_700_000_000_000_000_000),
            Timestamp::from_nanos(1_700_000_001_000_000_000),
        )
        .predicate("_measurement=\"weather\" AND station=\"zrh-2\"")
        .call()
        .unwrap();
    let seen = &wire.seen()[0];
    assert_eq!(seen.target, "/api/v2/delete?org=acme&bucket=edge");
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "start": "2023-11-14T22:13:20Z",
            "stop": "2023-11-14T22:13:21Z",
            "predicate": "_measurement=\"weather\" AND station=\"zrh-2\"",
        })
    );
}

/// One sentence, with what failed, whose fault it is, and what to try.
#[track_caller]
fn sentence(error: &influx_edge::Error, words: &[&str]) {
    no_secret(error);
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

#[test]
fn a_wrong_url() {
    let error = Client::builder("localhost:8086")
        .token(TOKEN)
        .build()
        .unwrap_err();
    sentence(&error, &["localhost:8086", "must start with http://"]);
    assert!(error.is_config());
}

#[test]
fn a_closed_port() {
    let client = Client::builder(closed_port())
        .org("acme")
        .token(TOKEN)
        .build()
        .unwrap();
    let error = client.write("sensors", LINE).unwrap_err();
    sentence(
        &error,
        &[
            "cannot write to bucket \"sensors\"",
            "nothing listens at 127.0.0.1",
            "start InfluxDB",
        ],
    );
    assert!(error.is_retryable());
    assert_eq!(error.stored(), Stored::None);
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn a_wrong_token() {
    let wire = Wire::responding(json_error(
        "401 Unauthorized",
        "unauthorized",
        "unauthorized access",
    ));
    let error = wire.client().write("sensors", LINE).unwrap_err();
    sentence(
        &error,
        &[
            "doesn't accept the token",
            "unauthorized access",
            "check that it is whole, active and of this server",
        ],
    );
    assert!(error.is_unauthorized() && !error.is_retryable());
    assert_eq!(error.status(), Some(401));
    assert_eq!(error.remedy(), Remedy::Operator);
}

#[test]
fn a_missing_bucket() {
    let wire = Wire::responding(json_error(
        "404 Not Found",
        "not found",
        "bucket \"nope\" not found",
    ));
    let error = wire.client().write("nope", LINE).unwrap_err();
    sentence(&error, &["bucket \"nope\" not found", "create it"]);
    assert!(error.is_not_found());
}

#[test]
fn a_page_instead_of_influxdb() {
    let page = "<html>\n<title>Welcome\r\nto the Hotel</title>";
    for status in ["200 OK", "202 Accepted"] {
        let wire = Wire::responding(response(status, "Content-Type: text/html\r\n", page));
        let client = wire.client();
        let error = client.write("sensors", LINE).unwrap_err();
        sentence(
            &error,
            &["text/html", "Welcome to the Hotel", "captive portal"],
        );
        assert_eq!(error.stored(), Stored::Unknown);
        assert_eq!(error.remedy(), Remedy::Operator);
        assert!(client.ping().is_err());
        assert!(client.health().is_err());
        assert!(client.ready().is_err());
        assert!(
            client
                .delete_points("b", Timestamp::from_nanos(0), Timestamp::from_nanos(1))
                .call()
                .is_err()
        );
    }
}

#[test]
fn a_redirect() {
    let wire = Wire::responding(response(
        "302 Found",
        "Location: http://user:pw@portal.example/login?x=1\r\n",
        "",
    ));
    let error = wire.client().write("sensors", LINE).unwrap_err();
    sentence(
        &error,
        &[
            "redirects (302) to http://portal.example,",
            "not followed",
            "captive portal",
        ],
    );
    assert!(!error.to_string().contains("pw@"), "{error}");
    assert_eq!(error.stored(), Stored::None);
    assert_eq!(wire.seen().len(), 1);
}

#[test]
fn a_name_that_does_not_resolve() {
    let client = Client::builder("http://no-such-host.invalid:8086")
        .token(TOKEN)
        .build()
        .unwrap();
    let error = client.ping().unwrap_err();
    sentence(
        &error,
        &[
            "no-such-host.invalid:8086",
            "check the URL and this machine's DNS",
        ],
    );
    let influx_edge::ErrorKind::Transport(inner) = error.kind() else {
        panic!("{error:?}")
    };
    assert_eq!(inner.kind(), TransportErrorKind::Dns);
}
