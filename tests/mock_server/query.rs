//! The mock server's query path against the recordings of a real server.

use std::io::Read as _;

use crate::common::mock_server::{Fault, Server};
use crate::common::replay::{Client, Response, TOKEN, exchange, file, meaning};
use serde_json::{Value as Json, json};

const AUTH: (&str, &str) = ("Authorization", "Token edge-test-operator-token");

fn connect() -> (Server, Client) {
    let server = Server::with_token(TOKEN);
    server.add_bucket("edge");
    server.add_bucket("poison");
    let client = Client::connect(&server.url());
    (server, client)
}

fn write(client: &mut Client, bucket: &str, lines: &str) {
    let target = format!("/api/v2/write?org=acme&bucket={bucket}");
    let response = client.exchange("POST", &target, &[AUTH], lines.as_bytes());
    let response = response.expect("a response");
    assert_eq!(response.status, 204, "{}", response.text());
}

fn ask(client: &mut Client, body: &Json) -> Response {
    let headers = [AUTH, ("Content-Type", "application/json")];
    let body = body.to_string();
    let response = client.exchange("POST", "/api/v2/query?org=acme", &headers, body.as_bytes());
    response.expect("a response")
}

fn all_annotations() -> Json {
    json!({"header": true, "delimiter": ",", "annotations": ["datatype", "group", "default"]})
}

/// The points behind the recorded CSVs, in line protocol.
fn recorded_points() -> String {
    const START: i64 = 1_700_000_000_000_000_000;
    const SECOND: i64 = 1_000_000_000;
    let mut lines = String::new();
    for i in 0..20 {
        let time = START + i * 60 * SECOND + i;
        let (temp, hum, wet) = (20.0 + 0.25 * i as f64, 40 + i, i % 3 != 0);
        for station in ["zrh-1", "zrh-2"] {
            lines += &format!(
                "weather,station={station},site=north temp_c={temp},hum={hum}i,cnt={i}u,wet={wet},\
                 note=\"n{i}\" {time}\n"
            );
        }
    }
    for (i, (k, s)) in [
        (r"a\,b\ c\=d", r#"quote \" and back\\slash"#),
        ("newline", "line one\nline two\r\nline three"),
        ("emoji😀", "grüezi 😀 \t tab"),
        ("empty", ""),
        ("comma", "a,b,,c"),
        ("hash", "#datatype,string"),
        ("onlyquote", r#"\""#),
        ("spaces", "  padded  "),
        ("cr", "a\rb"),
    ]
    .into_iter()
    .enumerate()
    {
        let n = if i == 0 { ",n=1i" } else { "" };
        let time = START + i as i64 * SECOND;
        lines += &format!("odd,k={k} s=\"{s}\"{n} {time}\n");
    }
    lines
        + "num f=1e300 1\nnum f=-1e-300 2\nnum f=0.1 3\nnum f=-0 4\nnum f=9007199254740993 5\n\
        num i=9223372036854775807i 6\nnum i=-9223372036854775808i 7\n\
        num u=18446744073709551615u 8\nnum f=1e21 9\nnum f=123456789.12345679 10\n"
}

/// Query and dialect of a recording. The mock server knows no regular expressions, so the one that
/// occurs is written out; it selects the same.
fn recorded_query(name: &str) -> (String, Json) {
    let text = String::from_utf8(file(&format!("csv/{name}.flux"))).expect("text");
    let (text, dialect) = match text.split_once("\n// dialect: ") {
        Some((text, dialect)) => (text, serde_json::from_str(dialect).expect("a dialect")),
        None => (text.as_str(), all_annotations()),
    };
    let regex = "r._field=~/temp_c|hum/";
    let text = text.replace(regex, r#"(r._field=="temp_c" or r._field=="hum")"#);
    (text, dialect)
}

#[test]
fn recorded_csv_comes_out_byte_for_byte() {
    let (_server, mut client) = connect();
    write(&mut client, "sensors", &recorded_points());
    for name in [
        "all-types-many-tables",
        "annotations-datatype",
        "annotations-default-only",
        "annotations-group-datatype",
        "annotations-none",
        "annotations-reordered",
        "delimiter-semicolon",
        "header-false",
        "header-false-annotated",
        "no-result",
        "numbers",
        "odd-strings",
        "one-table",
        "pivot",
    ] {
        let (query, dialect) = recorded_query(name);
        let response = ask(&mut client, &json!({"query": query, "dialect": dialect}));
        assert_eq!(response.status, 200, "{name}: {}", response.text());
        let expected = String::from_utf8(file(&format!("csv/{name}.csv"))).expect("text");
        assert_eq!(response.text(), expected, "{name}");
    }
}

#[test]
fn recorded_failures_in_mid_stream_come_out_byte_for_byte() {
    let (server, mut client) = connect();
    write(&mut client, "sensors", &recorded_points());
    let poison = "ok,k=v f=0 1700000000000000000\nok,k=v f=1 1700000001000000000\n\
        ok,k=v f=2 1700000002000000000\n";
    write(&mut client, "poison", poison);
    for (name, fault) in [
        (
            "mid-stream-error",
            Fault::error_table(
                "runtime error: cannot convert string \"n0\" to Float due to invalid syntax",
            ),
        ),
        (
            "mid-stream-error-die",
            Fault::error_table(
                "runtime error @2:159-3:24: map: failed to evaluate map function: \
                 boom, \"quoted\"\nsecond line",
            ),
        ),
        (
            "mid-stream-panic",
            Fault::panic_tail(
                "a panic has occurred: /api/v2/query?org=acme: interface conversion: \
                 array.Array is *array.String, not *array.Int64",
            ),
        ),
    ] {
        server.fault(fault);
        // Only the first pipeline of these gave rows; the second one is what failed.
        let (query, dialect) = recorded_query(name);
        let query = query.lines().next().expect("a pipeline");
        let response = ask(&mut client, &json!({"query": query, "dialect": dialect}));
        assert_eq!(response.status, 200, "{name}");
        let expected = String::from_utf8(file(&format!("csv/{name}.csv"))).expect("text");
        assert_eq!(response.text(), expected, "{name}");
    }
}

#[test]
fn recorded_queries_get_the_recorded_response() {
    let (_server, mut client) = connect();
    let lines = "v1m,site=a v=1.5 1700000000000000000\n\
        weather,station=zrh-1 temp_c=21.5 1700000002000000000\n\
        weather,station=zrh-1 temp_c=22 1700000003000000000\n\
        weather,station=zrh-1 temp_c=23 1700000004000000000\n";
    write(&mut client, "edge", lines);
    for name in [
        "compile-error",
        "empty",
        "no-org",
        "ok",
        "params-ignored",
        "unbounded",
        "undefined",
        "unknown-bucket",
        "unknown-org",
        "vnd-flux",
        "wrong-token",
    ] {
        let recorded = exchange(&format!("query/{name}"));
        let response = recorded.replay(&mut client);
        assert_eq!(response.status, recorded.response.status, "{name}");
        assert_eq!(response.text(), recorded.response.text(), "{name}");
        assert_eq!(meaning(&response), meaning(&recorded.response), "{name}");
    }
}

/// The `_value` column of an annotated response of one block.
fn values(response: &Response) -> Vec<String> {
    assert_eq!(response.status, 200, "{}", response.text());
    let text = response.text();
    let mut rows = text.lines().skip_while(|row| row.starts_with('#'));
    let header: Vec<_> = rows.next().expect("a header").split(',').collect();
    let column = header.iter().position(|label| *label == "_value");
    let column = column.expect("values");
    rows.take_while(|row| !row.is_empty())
        .map(|row| row.split(',').nth(column).expect("a value").to_owned())
        .collect()
}

#[test]
fn what_the_examples_ask_is_understood() {
    let (_server, mut client) = connect();
    let lines = "m,host=a f=1,g=10 1700000000000000000\nm,host=a f=2,g=20 1700000001000000000\n\
        m,host=b f=3 1700000002000000000\nM,Host=c f=4 1700000003000000000\n";
    write(&mut client, "edge", lines);
    let day =
        "from(bucket: \"edge\") |> range(start: 2023-11-14T00:00:00Z, stop: 2023-11-15T00:00:00Z)";
    for (pipeline, expected) in [
        (
            r#"filter(fn: (r) => r._measurement == "m" and r._field == "f")"#,
            "1 2 3",
        ),
        (
            r#"filter(fn: (r) => r["host"] == "a" and r["_field"] != "g")"#,
            "1 2",
        ),
        (
            r#"filter(fn: (r) => r.host == "b" or r._field == "g")"#,
            "10 20 3",
        ),
        // A tag that is not there is neither equal nor unequal.
        (r#"filter(fn: (r) => r.host != "a")"#, "3"),
        (r#"filter(fn: (r) => r.host == "a") |> last()"#, "2 20"),
        (r#"filter(fn: (r) => r.host == "a") |> limit(n: 1)"#, "1 10"),
        (
            r#"filter(fn: (r) => r.Host == "c") |> yield(name: "x")"#,
            "4",
        ),
    ] {
        let query = format!("// a comment\n{day}\n  |> {pipeline}");
        let response = ask(
            &mut client,
            &json!({"query": query, "type": "flux", "dialect": all_annotations()}),
        );
        assert_eq!(
            values(&response),
            expected.split(' ').collect::<Vec<_>>(),
            "{pipeline}"
        );
    }
}

#[test]
fn ranges_are_half_open_and_come_in_every_form() {
    let (_server, mut client) = connect();
    write(
        &mut client,
        "edge",
        "m f=1 10000000000\nm f=2 20000000000\nn f=9",
    );
    for (range, expected) in [
        ("start: 10, stop: 20", "1"),
        ("start: 10, stop: 21", "1 2"),
        (
            "start: 1970-01-01T00:00:10.000000001Z, stop: 1970-01-01T01:00:20.1+01:00",
            "2",
        ),
        ("start: 1970-01-01, stop: 15", "1"),
        ("start: -1h", "9"),
        ("start: -1d1h1m1s1ms1us1ns, stop: 1m", "9"),
    ] {
        let query = format!("from(bucket: \"edge\") |> range({range})");
        let response = ask(
            &mut client,
            &json!({"query": query, "dialect": all_annotations()}),
        );
        assert_eq!(
            values(&response),
            expected.split(' ').collect::<Vec<_>>(),
            "{range}"
        );
    }
}

#[test]
fn a_request_can_say_what_now_is() {
    let (_server, mut client) = connect();
    write(&mut client, "edge", "m f=1 10000000000\nm f=2 20000000000");
    let query = "from(bucket: \"edge\") |> range(start: -5s)";
    let now = "1970-01-01T00:00:21.5Z";
    let body = json!({"query": query, "now": now, "dialect": all_annotations()});
    assert_eq!(values(&ask(&mut client, &body)), ["2"]);
}

fn with_params(query: &str, properties: &[(&str, Json)]) -> Json {
    let properties: Vec<_> = properties
        .iter()
        .map(|(name, value)| {
            json!({"type": "Property", "key": {"type": "Identifier", "name": name}, "value": value})
        })
        .collect();
    json!({"query": query, "dialect": all_annotations(), "extern": {
        "type": "File", "package": null, "imports": null, "body": [{
            "type": "OptionStatement", "assignment": {
                "type": "VariableAssignment", "id": {"type": "Identifier", "name": "params"},
                "init": {"type": "ObjectExpression", "properties": properties}}}]}})
}

#[test]
fn parameters_are_put_in_whatever_they_hold() {
    let (_server, mut client) = connect();
    let hostile = "a \"q\" ${x} \\ \n z";
    write(
        &mut client,
        "edge",
        "m,k=a\\ \"q\"\\ ${x} f=1 10000000000\nm,k=b f=2 20000000000",
    );
    let text = |text: &str| json!({"type": "StringLiteral", "value": text});
    let query = "from(bucket: params.b) |> range(start: params.from, stop: params.to) \
        |> filter(fn: (r) => r.k == params.k) |> limit(n: params.n)";
    let body = with_params(
        query,
        &[
            ("b", text("edge")),
            ("k", text("a \"q\" ${x}")),
            ("n", json!({"type": "IntegerLiteral", "value": "3"})),
            (
                "from",
                json!({"type": "UnaryExpression", "operator": "-", "argument":
                {"type": "DurationLiteral", "values": [{"magnitude": 3_000_000_000_i64, "unit": "s"}]}}),
            ),
            (
                "to",
                json!({"type": "DateTimeLiteral", "value": "1970-01-01T00:01:00.000000000Z"}),
            ),
        ],
    );
    assert_eq!(values(&ask(&mut client, &body)), ["1"]);

    let query = "from(bucket: params.b) |> range(start: 0)";
    let response = ask(&mut client, &with_params(query, &[("b", text(hostile))]));
    assert_eq!(response.status, 404);
    let json: Json = serde_json::from_slice(&response.body).expect("JSON");
    let words = format!("failed to initialize execute state: could not find bucket \"{hostile}\"");
    assert_eq!(json["message"], words);
}

#[test]
fn what_is_not_understood_is_an_error_of_the_query() {
    let (_server, mut client) = connect();
    write(&mut client, "edge", "m f=1 1");
    for (query, words) in [
        ("import \"math\"", "undefined identifier import"),
        ("buckets()", "error @1:1-1:8: undefined identifier buckets"),
        (
            "from(bucket: \"edge\")\n |> range(start: 0) |> mean()",
            "error @2:24-2:28: undefined identifier mean",
        ),
        ("from()", "missing required argument bucket"),
        (
            "from(bucket: \"edge\", host: \"x\")",
            "found unexpected argument host",
        ),
        ("from(bucket: 1)", "expected string but found int"),
        (
            "from(bucket: \"a${b}\")",
            "error @1:14-1:22: invalid expression",
        ),
        (
            "from(bucket: \"edge\") |> range(start: 5, stop: 5)",
            "cannot query an empty range",
        ),
        (
            "from(bucket: \"edge\") |> range(start: 0) |> filter(fn: (r) => r._value > 1.0)",
            "compilation failed",
        ),
    ] {
        let response = ask(&mut client, &json!({"query": query}));
        assert_eq!(response.status, 400, "{query}");
        let json: Json = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!(json["code"], "invalid", "{query}");
        let message = json["message"].as_str().expect("words");
        assert!(message.contains(words), "{query}: {message}");
    }
}

#[test]
fn a_missing_field_leaves_a_null_in_a_pivot() {
    let (_server, mut client) = connect();
    write(
        &mut client,
        "edge",
        "m a=1,b=2i 1\nm b=3i 2\nm a=4 3\nm c=\"x\" 0",
    );
    let query = "from(bucket: \"edge\") |> range(start: 0, stop: 1) \
        |> pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\")";
    let response = ask(
        &mut client,
        &json!({"query": query, "dialect": all_annotations()}),
    );
    let text = response.text();
    let rows: Vec<_> = text.lines().skip(3).collect();
    let lead = ",,0,1970-01-01T00:00:00Z,1970-01-01T00:00:01Z";
    assert_eq!(
        rows,
        [
            ",result,table,_start,_stop,_time,_measurement,a,b,c".to_owned(),
            format!("{lead},1970-01-01T00:00:00Z,m,,,x"),
            format!("{lead},1970-01-01T00:00:00.000000001Z,m,1,2,"),
            format!("{lead},1970-01-01T00:00:00.000000002Z,m,,3,"),
            format!("{lead},1970-01-01T00:00:00.000000003Z,m,4,,"),
            String::new(),
        ]
    );
}

#[test]
fn a_response_comes_gzipped_to_those_who_ask() {
    let (_server, mut client) = connect();
    write(&mut client, "edge", "m f=1 1");
    let body = json!({"query": "from(bucket: \"edge\") |> range(start: 0, stop: 1)"}).to_string();
    let headers = [
        AUTH,
        ("Content-Type", "application/json"),
        ("Accept-Encoding", "gzip"),
    ];
    let response = client.exchange("POST", "/api/v2/query?org=acme", &headers, body.as_bytes());
    let response = response.expect("a response");
    assert_eq!(response.header("Content-Encoding"), Some("gzip"));
    let mut text = String::new();
    let mut unpacker = flate2::read::GzDecoder::new(response.body.as_slice());
    unpacker.read_to_string(&mut text).expect("gzip");
    assert!(text.ends_with(",1,f,m\r\n\r\n"), "{text}");
}
