//! What a person is told to do: about settings in quotes, limits, organizations and predicates, and how
//! errors print. The bodies are those of InfluxDB 2.9.1.

use crate::common::wire::{TOKEN, Wire, json_error};
use influx_edge::client::{ClientBuilder, Method};
use influx_edge::csv::Rows;
use influx_edge::line::Encoder;
use influx_edge::{Client, Error, Timestamp};
use std::time::{Duration, Instant};

fn query(client: &Client) -> Result<(), Error> {
    client.query("buckets()").call().map(drop)
}

fn variables(url: &str, pairs: &[(&str, &str)]) -> ClientBuilder {
    let url = [("INFLUXDB_V2_URL", url)];
    let pairs = url.iter().chain(pairs);
    ClientBuilder::from_variables(pairs.map(|(name, value)| (name.to_string(), value.to_string())))
        .unwrap()
}

#[test]
fn the_refusal_of_a_setting_in_quotes_names_the_quotes() {
    const QUOTES: &str = "; it stands in quotes, which are taken as a part of it";
    let unauthorized = ("401 Unauthorized", "unauthorized", "unauthorized access");
    let no_org = |org: &str| format!("organization name {org:?} not found");
    let token = |quoted: &str| [("INFLUXDB_V2_TOKEN", quoted.to_owned())];
    let org = |quoted: &str| [("INFLUXDB_V2_ORG", quoted.to_owned())];
    for (settings, (status, code, message), hinted) in [
        (token("\"canary-7f3a-token\"").to_vec(), unauthorized, true),
        (token("'canary-7f3a-token'").to_vec(), unauthorized, true),
        (token("canary-7f3a-token").to_vec(), unauthorized, false),
        (token("\"canary-7f3a-token").to_vec(), unauthorized, false),
        (
            org("\"acme\"").to_vec(),
            ("404 Not Found", "not found", &*no_org("\"acme\"")),
            true,
        ),
        (
            org("'acme'").to_vec(),
            ("404 Not Found", "not found", &*no_org("'acme'")),
            true,
        ),
        (
            org("acme").to_vec(),
            ("404 Not Found", "not found", &*no_org("acme")),
            false,
        ),
        // Another setting's quotes have nothing to do with it.
        (org("\"acme\"").to_vec(), unauthorized, false),
        (
            token("\"canary-7f3a-token\"").to_vec(),
            ("404 Not Found", "not found", "bucket \"edge\" not found"),
            false,
        ),
    ] {
        let wire = Wire::responding(json_error(status, code, message));
        let settings: Vec<(&str, &str)> = settings.iter().map(|(n, v)| (*n, &**v)).collect();
        let client = variables(&wire.url(), &settings).build().unwrap();
        let error = client.write("edge", "m v=1").unwrap_err();
        assert_eq!(error.to_string().ends_with(QUOTES), hinted, "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

/// A server that takes requests and never responds.
fn silent() -> Wire {
    Wire::each(1, |peer| {
        peer.request();
        peer.wait_for_close();
    })
}

#[test]
fn limits_of_the_client_hold_for_queries_and_are_named() {
    type Limited = fn(ClientBuilder) -> ClientBuilder;
    type Asked = fn(&Client) -> Result<(), Error>;
    let short = Duration::from_millis(150);
    let whole: Limited = |b| b.timeout(Duration::from_millis(150));
    let read: Limited = |b| b.read_timeout(Duration::from_millis(150));
    let both: Limited = |b| {
        b.read_timeout(Duration::from_millis(150))
            .timeout(Duration::from_secs(9))
    };
    let none: Limited = |b| b;
    let write: Asked = |c| c.write("edge", "m v=1");
    let of_query: Asked = |c| {
        c.query("buckets()")
            .timeout(Duration::from_millis(150))
            .call()
            .map(drop)
    };
    let read_of_query: Asked = |c| {
        c.query("buckets()")
            .read_timeout(Duration::from_millis(150))
            .call()
            .map(drop)
    };
    let script: Asked = |c| {
        let id = "0123456789abcdef".parse()?;
        c.scripts().invoke(&id, &()).call().map(drop)
    };
    const WHOLE: &str = "(the call exceeded `timeout`)";
    const READ: &str = "(nothing arrived within `read_timeout`)";
    for (limits, call, names) in [
        (whole, query as Asked, WHOLE),
        (read, query, READ),
        (both, query, READ),
        (none, of_query, WHOLE),
        (none, read_of_query, READ),
        (whole, write, WHOLE),
        (read, write, READ),
        (whole, script, WHOLE),
    ] {
        let wire = silent();
        let client = limits(wire.builder()).build().unwrap();
        let start = Instant::now();
        let error = call(&client).unwrap_err();
        let took = start.elapsed();
        assert!(took >= short && took < Duration::from_secs(3), "{took:?}");
        assert!(error.is_timeout(), "{error}");
        assert!(error.to_string().contains(names), "{error}");
    }
    let wire = silent();
    let client = variables(&wire.url(), &[("INFLUXDB_V2_TIMEOUT", "150")]);
    let error = query(&client.build().unwrap()).unwrap_err();
    assert!(error.to_string().contains(WHOLE), "{error}");
}

#[test]
fn a_limit_of_a_query_itself_is_the_one_that_counts() {
    let wire = Wire::each(1, |peer| {
        peer.request();
        std::thread::sleep(Duration::from_millis(400));
        peer.send("HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 0\r\n\r\n");
    });
    let client = wire
        .builder()
        .timeout(Duration::from_millis(100))
        .read_timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let asked = client
        .query("buckets()")
        .timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(5));
    assert!(asked.call().is_ok());
}

#[test]
fn a_timeout_that_may_be_meant_in_seconds_is_warned_of() {
    for (ms, warned) in [
        ("1", true),
        ("2", true),
        ("30", true),
        ("60", true),
        ("99", true),
        ("100", false),
        ("6000", false),
    ] {
        let builder = variables("http://localhost:8086", &[("INFLUXDB_V2_TIMEOUT", ms)]);
        let warnings = builder.build().unwrap().warnings().to_vec();
        let expected = format!(
            "INFLUXDB_V2_TIMEOUT is {ms}, and the unit is milliseconds; were seconds meant?"
        );
        assert_eq!(warnings == [expected], warned, "{warnings:?}");
    }
}

#[test]
fn an_id_of_an_organization_that_is_none_is_refused_when_built() {
    let build = |id: &str| Client::builder("http://localhost:8086").org_id(id).build();
    for id in [
        "acme",
        "a",
        "66de4893384f6b2",
        "66de4893384f6b2b0",
        "66de4893384f6b2x",
        "66de4893384f6b2\u{e9}",
        "\"66de4893384f6b2b\"",
    ] {
        let error = build(id).unwrap_err();
        assert!(error.is_config());
        assert_eq!(
            error.to_string(),
            "the organization's id isn't 16 hexadecimal digits; a name is given as `org`",
            "{id:?}"
        );
    }
    assert!(build("66de4893384f6b2b").is_ok() && build("66DE4893384F6B2B").is_ok());
    // The last of both counts.
    let builder = || Client::builder("http://localhost:8086");
    assert!(builder().org_id("x").org("acme").build().is_ok());
    assert!(builder().org("acme").org_id("x").build().is_err());
}

#[test]
fn a_missing_organization_is_not_found_whatever_the_status() {
    type Asked = fn(&Client) -> Result<(), Error>;
    let list: Asked = |c| c.variables().list().next().unwrap().map(drop);
    let raw: Asked = |c| {
        let request = c.request(Method::Get, "/api/v2/variables");
        request.call()?.error_for_status().map(drop)
    };
    let tasks: Asked = |c| c.tasks().list().next().unwrap().map(drop);
    let bucket: Asked = |c| c.buckets().find_by_name("edge").map(drop);
    let buckets: Asked = |c| c.buckets().list().next().unwrap().map(drop);
    let of_server = "500 Internal Server Error";
    for (call, status, code, message) in [
        (
            query as Asked,
            "400 Bad Request",
            "invalid",
            "failed to decode request body: organization name \"nope\" not found",
        ),
        (
            query,
            "400 Bad Request",
            "invalid",
            "failed to decode request body: organization not found",
        ),
        (
            list,
            of_server,
            "internal error",
            "could not read variables: organization name \"nope\" not found",
        ),
        (
            raw,
            of_server,
            "internal error",
            "could not read variables: organization name \"nope\" not found",
        ),
        (
            tasks,
            "400 Bad Request",
            "invalid",
            "failed to decode request: organization name \"nope\" not found",
        ),
        (
            raw,
            "404 Not Found",
            "not found",
            "invalid org \"nope\": organization not found",
        ),
        (
            buckets,
            "404 Not Found",
            "not found",
            "organization name \"nope\" not found",
        ),
        (
            bucket,
            "404 Not Found",
            "not found",
            "organization name \"nope\" not found",
        ),
    ] {
        let wire = Wire::responding(json_error(status, code, message));
        let error = call(&wire.client()).unwrap_err();
        assert!(error.is_not_found() && !error.is_retryable(), "{error}");
        let says = format!(
            "{} has no such organization, or the credentials are of another ({}: {message}); check the org",
            wire.addr(),
            &status[..3]
        );
        assert!(error.to_string().ends_with(&says), "{error}\nnot: {says}");
    }
    // What a bucket's name finds nothing of is no error, and nor is an organization's.
    let not_there = |message: &str| {
        Wire::responding(json_error("404 Not Found", "not found", message)).client()
    };
    let c = not_there("bucket \"edge\" not found");
    assert_eq!(c.buckets().find_by_name("edge").unwrap(), None);
    let c = not_there("organization name \"nope\" not found");
    assert_eq!(c.organizations().find_by_name("nope").unwrap(), None);
}

#[test]
fn a_path_that_the_server_does_not_have() {
    for (method, path) in [
        (Method::Get, "/api/v2/nope"),
        (Method::Post, "/api/v2/nope"),
        (Method::Get, "/api/v2/bucket"),
        (Method::Delete, "/api/v2/deletes"),
        (Method::Get, "/api/v3/query_sql"),
    ] {
        let wire = Wire::responding(json_error("404 Not Found", "not found", "path not found"));
        let response = wire.client().request(method, path).call().unwrap();
        let error = response.error_for_status().unwrap_err();
        let says = format!("{} has no such call (404: path not found)", wire.addr());
        assert!(error.to_string().ends_with(&says), "{error}");
        assert!(error.is_not_found(), "{error}");
    }
}

#[test]
fn a_predicate_that_the_server_cannot_read() {
    const HOW: &str = "; a predicate is key=\"value\" with one = and double quotes, more of them joined by AND; a measurement is _measurement=\"name\"";
    let delete = |client: &Client, predicate: &str| {
        client
            .delete_points("edge", Timestamp::MIN, Timestamp::MAX)
            .predicate(predicate)
            .call()
            .unwrap_err()
    };
    for (predicate, message) in [
        (
            "a='1'",
            "error decoding json body: bad tag value: \"1\", at position 1",
        ),
        (
            "a==\"1\"",
            "error decoding json body: bad tag value: \"\", at position 2",
        ),
        (
            "measurement=\"m\"",
            "error decoding json body: bad logical expression, at position 0",
        ),
        (
            "a=\"1\" OR b=\"2\"",
            "error decoding json body: the logical operator OR is not supported yet at position 6",
        ),
        (
            "a=~/x/",
            "error decoding json body: operator: \"=~\" at position: 1 is not supported yet",
        ),
        (
            "a>\"1\"",
            "error decoding json body: invalid operator \">\" at position: 1",
        ),
        (
            "a",
            "error decoding json body: invalid operator \"EOF\" at position: 2",
        ),
        (
            "= \"1\"",
            "invalid request; error parsing predicate: found =, expected identifier, string, number, bool at line 1, char 1",
        ),
    ] {
        let wire = Wire::responding(json_error("400 Bad Request", "invalid", message));
        let error = delete(&wire.client(), predicate);
        let says = format!("refuses the request (400: {message}){HOW}");
        assert!(error.to_string().ends_with(&says), "{predicate}: {error}");
    }
    // Of what isn't about it, nothing is said.
    let wire = Wire::responding(json_error(
        "404 Not Found",
        "not found",
        "bucket \"edge\" not found",
    ));
    assert!(
        !delete(&wire.client(), "a=\"1\"")
            .to_string()
            .contains("predicate is")
    );
    // Nothing is sent of an empty one, which would delete everything.
    for predicate in ["", " ", "\t\n", "()", " ( ) ", "\u{feff}", "\u{a0}"] {
        let wire = Wire::responding("");
        let error = delete(&wire.client(), predicate);
        assert!(error.is_config(), "{error}");
        assert_eq!(
            error.to_string(),
            "the predicate of a delete is empty; leave it out to delete all points between the two times"
        );
        assert!(wire.seen().is_empty(), "{predicate:?}");
    }
}

#[test]
fn a_query_that_names_parameters_and_has_none() {
    const HINT: &str = "; the query has no parameters: give them by Query::param";
    for (given, message, hinted) in [
        (false, "error @1:14-1:20: undefined identifier params", true),
        (
            false,
            "compilation failed: error @3:9-3:15: undefined identifier params",
            true,
        ),
        (true, "error @1:14-1:20: undefined identifier params", false),
        (false, "error @1:14-1:20: undefined identifier param", false),
        (false, "record is missing label b", false),
    ] {
        let wire = Wire::responding(json_error("400 Bad Request", "invalid", message));
        let client = wire.client();
        let mut query = client.query("from(bucket: params.b)");
        if given {
            query = query.param("a", "x");
        }
        let error = query.call().unwrap_err();
        assert_eq!(error.to_string().ends_with(HINT), hinted, "{error}");
    }
}

/// Whatever the kind, the alternate form has the sentence and the parts.
#[test]
fn the_alternate_form_has_the_sentence_and_the_parts() {
    let encode = Encoder::with_sink(Vec::new())
        .line("m")
        .field("temp", f64::NAN)
        .finish()
        .unwrap_err();
    let mut rows = Rows::new(&b"#datatype,string,long,double\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,_value\r\n,,0,1\r\n"[..]);
    let rows = rows.next().unwrap().unwrap().get::<f64>("v").unwrap_err();
    let refused = Wire::responding(json_error("401 Unauthorized", "unauthorized", "no"));
    let nobody = Client::builder("http://127.0.0.1:1").token(TOKEN).build();
    let nan = client_with_points();
    let errors: Vec<(&str, Error)> = vec![
        ("Config", Client::builder("localhost").build().unwrap_err()),
        ("Encode", encode.into()),
        ("Encode", nan),
        ("Rows", rows.into()),
        (
            "Response",
            refused.client().write("b", "m v=1").unwrap_err(),
        ),
        (
            "Transport",
            nobody.unwrap().write("b", "m v=1").unwrap_err(),
        ),
    ];
    for (kind, error) in errors {
        let text = format!("{error:#?}");
        assert!(
            text.starts_with(&format!("Error {{\n    kind: {kind},\n")),
            "{text}"
        );
        assert!(
            text.contains(&format!("\n    display: {error},\n")),
            "{text}"
        );
        assert!(text.contains("\n    retryable: "), "{text}");
        assert_eq!(format!("{error:?}"), error.to_string());
    }
}

fn client_with_points() -> Error {
    use influx_edge::line::Point;
    let client = Client::builder("http://127.0.0.1:1").build().unwrap();
    let points = [
        Point::new("m").field("a", 1.0),
        Point::new("m").field("a", f64::NAN),
    ];
    client.write("b", points).unwrap_err()
}
