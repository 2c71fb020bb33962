//! What a person gets wrong on the paths of InfluxDB 1, and what is said about it. The bodies are those
//! of InfluxDB 2.9.1, and of 1.6.7 where it says so.

use crate::common::wire::{Wire, closed_port, json_error, response};
use influx_edge::client::ClientBuilder;
use influx_edge::{Client, Error};

/// A client that reaches nobody: whatever isn't refused before is a transport error.
fn nobody() -> Client {
    Client::builder(closed_port()).build().unwrap()
}

#[test]
fn a_query_by_get_does_not_write() {
    let client = nobody();
    let get = |q: &str| client.v1("plant").query(q).use_get().run().unwrap_err();
    for (q, word) in [
        ("DROP MEASUREMENT m", "DROP"),
        ("delete from m", "delete"),
        ("DROP\tDATABASE plant", "DROP"),
        ("CREATE DATABASE x", "CREATE"),
        ("ALTER RETENTION POLICY a ON b DEFAULT", "ALTER"),
        ("GRANT ALL TO x", "GRANT"),
        ("KILL QUERY 3", "KILL"),
        ("SELECT v FROM m; DROP MEASUREMENT m", "DROP"),
        ("SELECT v FROM m;;\n ;Drop measurement m;", "Drop"),
        ("/* SELECT */ DROP MEASUREMENT m", "DROP"),
        ("-- SELECT\nDROP MEASUREMENT m", "DROP"),
        ("SELECT v FROM \"a;b\"; DROP MEASUREMENT m", "DROP"),
        (
            "SELECT v FROM m WHERE a = 'x\\'; SELECT'; DELETE FROM m",
            "DELETE",
        ),
        ("SELECT v FROM /a;/; DROP MEASUREMENT m", "DROP"),
        ("SELECT v / 2 FROM m; DROP MEASUREMENT m", "DROP"),
        (
            "SELECT v FROM /'/; DROP MEASUREMENT m; SELECT v FROM /'/",
            "DROP",
        ),
        (
            "SELECT v FROM m WHERE a =~ /x/; /* */ DROP MEASUREMENT m",
            "DROP",
        ),
        ("SELECT * INTO n FROM m", "INTO"),
        ("select*into\"n\"from m", "into"),
        ("SELECT v / 2 INTO n FROM m", "INTO"),
        ("EXPLAIN ANALYZE SELECT * INTO n FROM m", "INTO"),
        ("SELECTED v FROM m", "SELECTED"),
        ("SELEC", "SELEC"),
        ("'SELECT'", "_"),
    ] {
        let error = get(q);
        assert!(error.is_config(), "{q}: {error}");
        assert_eq!(
            error.to_string(),
            format!(
                "a query by GET only reads, with SELECT without INTO, SHOW and EXPLAIN, and this one has {word}; leave `use_get` out"
            ),
            "{q}"
        );
    }
    for q in [
        "SELECT v FROM m",
        " select v from m ; ",
        "SELECT\"v\"FROM\"m\"",
        "show databases",
        "EXPLAIN SELECT v FROM m",
        "SELECT v FROM \"DROP; DELETE\"",
        "SELECT v FROM m WHERE a = '; INTO'",
        "SELECT v -- ; DROP\nFROM m",
        "/* DROP */ SELECT v FROM m",
        "SELECT v FROM /cpu.*/; SHOW DATABASES;",
        "SELECT v / 2 FROM m",
        "SELECT \"into\" FROM m",
    ] {
        let error = get(q);
        assert!(error.is_transport(), "{q}: {error}");
    }
    // By POST they are sent.
    let error = client.v1("plant").query("DROP MEASUREMENT m").run();
    assert!(error.unwrap_err().is_transport());
}

#[test]
fn a_query_without_a_statement_and_parameters_that_are_none_are_refused() {
    let client = nobody();
    for q in [
        "",
        " ",
        "\n\t",
        ";",
        " ; ;",
        "-- SELECT",
        "/* SELECT */",
        "/* SELECT",
    ] {
        let error = client.v1("plant").query(q).call().unwrap_err();
        assert!(error.is_config(), "{q:?}: {error}");
        assert_eq!(error.to_string(), "the query has no statement", "{q:?}");
    }
    for nan in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let query = client.v1("plant").query("SELECT v FROM m WHERE v > $x");
        let error = query.param("x", nan).call().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the parameter \"x\" is neither text nor a number nor a boolean (NaN and infinite numbers are none)"
        );
    }
    let query = client.v1("plant").query("SELECT v FROM m WHERE v > $x");
    let error = query.param("x", f32::NAN).call().unwrap_err();
    assert!(error.is_config(), "{error}");
}

#[test]
fn a_session_is_refused_before_it_signs_in() {
    let client = Client::builder(closed_port()).session("admin", "canary-7f3a-password");
    let client = client.build().unwrap();
    let plant = client.v1("plant");
    let policy = plant.clone().retention_policy("rp").on_v2();
    for error in [
        plant.write("m v=1").unwrap_err(),
        plant.query("SELECT v FROM m").call().map(drop).unwrap_err(),
        plant.query("SHOW DATABASES").use_get().run().unwrap_err(),
        plant.query("DROP MEASUREMENT m").run().unwrap_err(),
        client.v1("").query("SHOW DATABASES").run().unwrap_err(),
        policy.write("m v=1").unwrap_err(),
        policy.query("SHOW SERIES").call().map(drop).unwrap_err(),
    ] {
        assert!(error.is_config(), "{error}");
        assert_eq!(
            error.to_string(),
            "the paths of InfluxDB 1 take no session; give the client a token, or user and password as `basic`"
        );
    }
}

#[test]
fn what_is_needed_is_named() {
    type Build = fn(&str) -> ClientBuilder;
    let none: Build = |url| Client::builder(url);
    let token: Build = |url| Client::builder(url).token("canary-7f3a-token");
    let basic: Build = |url| Client::builder(url).basic("logger", "canary-7f3a-password");
    let quoted: Build = |url| Client::builder(url).token("\"canary-7f3a-token\"");
    const NONE: &str = "asks for credentials, and none are set (401: …); set user and password (ClientBuilder::basic) for InfluxDB 1, or a token (ClientBuilder::token, INFLUXDB_V2_TOKEN) for the paths of InfluxDB 1 on 2.x";
    const TOKEN: &str = "doesn't accept the token (401: …); check that it is whole, active and of this server; InfluxDB 1 takes user and password (ClientBuilder::basic)";
    const BASIC: &str = "doesn't accept user and password (401: …); check them; InfluxDB 2 takes those of a v1 authorization here (`influx v1 auth create`), or any name with a token as the password";
    const QUOTED: &str =
        "doesn't accept the token (401: …); it stands in quotes, which are taken as a part of it";
    const NOT_THERE: &str = "doesn't have it, or not for these credentials (404: …); check the name, or create the database (on 2.x a bucket, and a DBRP mapping for it)";
    let unauthorized = || json_error("401 Unauthorized", "unauthorized", "Unauthorized");
    let of_1 = |status: &str, error: &str| {
        response(
            status,
            "Content-Type: application/json\r\n",
            format!("{{\"error\":\"{error}\"}}"),
        )
    };
    for (build, in_url, response, message, says) in [
        (none, false, unauthorized(), "Unauthorized", NONE),
        (
            none,
            false,
            of_1(
                "401 Unauthorized",
                "unable to parse authentication credentials",
            ),
            "unable to parse authentication credentials",
            NONE,
        ),
        (token, false, unauthorized(), "Unauthorized", TOKEN),
        (quoted, false, unauthorized(), "Unauthorized", QUOTED),
        (basic, false, unauthorized(), "Unauthorized", BASIC),
        (
            basic,
            false,
            of_1("401 Unauthorized", "authorization failed"),
            "authorization failed",
            BASIC,
        ),
        (none, true, unauthorized(), "Unauthorized", BASIC),
        (
            token,
            false,
            json_error("404 Not Found", "not found", "no dbrp mapping found"),
            "no dbrp mapping found",
            NOT_THERE,
        ),
        (
            none,
            false,
            of_1("404 Not Found", "database not found: \\\"plant\\\""),
            "database not found: \"plant\"",
            NOT_THERE,
        ),
    ] {
        for write in [true, false] {
            let wire = Wire::responding(response.clone());
            let client = build(&wire.url()).build().unwrap();
            let mut plant = client.v1("plant");
            if in_url {
                plant = plant.credentials_in_url("logger", "canary-7f3a-password");
            }
            let error = match write {
                true => plant.write("m v=1").unwrap_err(),
                false => plant.query("SELECT v FROM m").call().map(drop).unwrap_err(),
            };
            let says = format!("{} {}", wire.addr(), says.replace('…', message));
            let text = error.to_string();
            assert!(text.ends_with(&says), "{text}\nnot: {says}");
            assert!(!text.contains("canary"), "{text}");
            assert_eq!(error.is_not_found(), text.contains("(404"), "{text}");
        }
    }
}

#[test]
fn what_a_statement_does_not_find_is_not_found() {
    let failed = |id: u32, error: &str| -> Error {
        let body = format!("{{\"results\":[{{\"statement_id\":{id},\"error\":\"{error}\"}}]}}");
        let wire = Wire::responding(response(
            "200 OK",
            "Content-Type: application/json\r\n",
            body,
        ));
        let client = wire.client();
        client
            .v1("plant")
            .query("SELECT v FROM m")
            .run()
            .unwrap_err()
    };
    for (id, message, not_found) in [
        (0, "database not found: plant", true),
        (2, "database not found: x", true),
        (0, "database not found", true),
        (0, "retention policy not found: nope", true),
        (1, "retention policy not found", true),
        (0, "measurement not found", false),
        (0, "not executed", false),
        (1, "timeout", false),
        (9, "undefined function foo()", false),
        (0, "shard is disabled", false),
        (0, "error parsing query: database not found", false),
    ] {
        let error = failed(id, message);
        assert_eq!(error.is_not_found(), not_found, "{error}");
        assert!(!error.is_retryable());
        assert_eq!(error.message(), message);
        let hint = "it isn't there, or the credentials may not see it; ";
        let hint = if not_found { hint } else { "" };
        // People count from one.
        let number = id + 1;
        assert_eq!(
            error.to_string(),
            format!(
                "cannot query database \"plant\": {hint}the server reports for statement {number}: {message}"
            )
        );
    }
}

#[test]
fn an_unknown_column_is_an_error_that_names_the_others() {
    let body = r#"{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","temp_c","hum"],"values":[[1,2,3]]}]}]}"#;
    let wire = Wire::responding(response(
        "200 OK",
        "Content-Type: application/json\r\n",
        body,
    ));
    let client = wire.client();
    let mut rows = client.v1("plant").query("SELECT * FROM m").call().unwrap();
    let row = rows.next().unwrap().unwrap();
    for name in ["value", "", "Time", "temp", "m"] {
        let error = row.get::<f64>(name).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot read a row: it has no column {name:?}, only time, temp_c, hum")
        );
    }
}
