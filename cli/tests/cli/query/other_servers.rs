//! SQL and InfluxQL queries to InfluxDB 1.x and 3.

use super::recording;
use crate::common::mock_server::{Fault, Server};
use crate::run::{TOKEN, command, run};
use serde_json::Value;

/// The recorded exchange as a response to the next request of this path.
fn play(server: &Server, name: &str, path: &str) -> String {
    let all: Value = serde_json::from_str(&recording(name)).unwrap();
    let response = &all["response"];
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    let mut fault = Fault::status(status);
    for (name, value) in response["headers"].as_object().unwrap() {
        if !name.eq_ignore_ascii_case("transfer-encoding") {
            fault = fault.header(name, value.as_str().unwrap());
        }
    }
    let body = response["body"].as_str().unwrap().to_owned();
    server.fault(fault.body(body.clone()).on(path));
    body
}

fn v3(server: &Server, args: &[&str]) -> std::process::Command {
    let mut command = command(["query"].iter().chain(args));
    command.envs([
        ("INFLUXDB3_URL", &*server.url()),
        ("INFLUXDB3_TOKEN", server.token()),
        // The response of another server.
        ("INFLUXDB_V2_TOKEN", TOKEN),
        ("INFLUXDB_V2_ORG", "acme"),
    ]);
    command
}

fn written() -> Server {
    let server = Server::v3();
    let client = influx_edge::Client::builder(server.url()).token(server.token());
    let client = client.build().unwrap();
    let lines = "weather,room=12,station=zrh-1 n=9007199254740993i,t=21.5 1700000000000000000\n\
        weather,room=12,station=zrh-1 n=1i,t=22.5 1700000060000000001\n\
        weather,room=12,station=zrh-2 n=2i,note=\"a,b\" 1700000060000000000";
    client.v3("sensors").write(lines).unwrap();
    server
}

const SQL: &str = "SELECT * FROM weather WHERE room = $room ORDER BY time, station";

#[test]
fn sql_of_influxdb_3() {
    let server = written();
    let with = |args: &[&str]| {
        let all = [&["--sql", "--db", "sensors", SQL, "-p", "room=12"], args].concat();
        let run = run(v3(&server, &all), b"");
        assert_eq!((run.code, &*run.err), (Some(0), ""), "{run:?}");
        run.out
    };
    assert_eq!(
        with(&["-O", "csv"]),
        "n,note,room,station,t,time\n\
         9007199254740993,,12,zrh-1,21.5,2023-11-14T22:13:20Z\n\
         2,\"a,b\",12,zrh-2,,2023-11-14T22:14:20Z\n\
         1,,12,zrh-1,22.5,2023-11-14T22:14:20.000000001Z\n"
    );
    let table = with(&[]);
    assert!(
        table.contains("9007199254740993  ") && table.contains("2023-11-14T22:13:20Z"),
        "{table}"
    );
    // Types: the tag `12` is text, the integer is whole.
    let json = with(&["--json"]);
    let rows: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 3, "{json}");
    assert_eq!(rows[0]["room"], "12");
    assert_eq!(rows[0]["n"].to_string(), "9007199254740993");
    assert_eq!(rows[0]["time"], "2023-11-14T22:13:20Z");
    assert_eq!(rows[2]["time"], "2023-11-14T22:14:20.000000001Z");
    assert_eq!(rows[0].get("note"), None);
    // Rows of two stations are two series of each number.
    let spark = with(&["-O", "sparkline"]);
    assert!(spark.contains("room=12"), "{spark}");
    assert_eq!(spark.matches("zrh-1").count(), 2, "{spark}");
    let raw = with(&["-O", "raw"]);
    assert!(
        raw.starts_with("n,note,room,station,t,time\n9007199254740993,,12"),
        "{raw}"
    );
    let none = [
        "--sql",
        "--db",
        "sensors",
        SQL,
        "-p",
        "room=13",
        "--fail-if-empty",
    ];
    assert_eq!(run(v3(&server, &none), b"").code, Some(3));
    let requests = server.requests();
    assert!(requests.iter().all(|one| {
        one.header("authorization")
            .is_none_or(|text| !text.contains(TOKEN))
    }));
    assert!(requests.len() > 6);
}

#[test]
fn influxql_asks_the_server_which_it_is() {
    let server = written();
    let q = "SELECT t FROM weather WHERE station = 'zrh-1'";
    let args = ["--influxql", "--db", "sensors", q, "-O", "csv"];
    let there = run(v3(&server, &args), b"");
    assert_eq!(there.code, Some(0), "{there:?}");
    assert!(there.out.contains("2023-11-14T22:13:20Z,21.5"), "{there:?}");
    let paths: Vec<String> = server
        .requests()
        .iter()
        .map(|one| one.path().to_owned())
        .collect();
    assert!(
        paths.iter().any(|path| path == "/api/v3/query_influxql"),
        "{paths:?}"
    );
}

#[test]
fn influxql_of_influxdb_1() {
    let server = crate::run::server();
    let ask = |args: &[&str]| {
        let base = [
            "query",
            "--influxql",
            "--db",
            "plant",
            "SELECT * FROM weather GROUP BY station",
        ];
        run(crate::run::at(&server.url(), base.iter().chain(args)), b"")
    };
    play(&server, "http-1.6.7/group-by.json", "/query");
    let csv = ask(&["-O", "csv"]);
    assert_eq!(
        csv.out,
        "name,station,time,temp_c\n\
         weather,zrh-1,2023-11-14T22:13:20Z,21.5\n\
         weather,zrh-2,2023-11-14T22:13:20Z,19.5\n",
        "{csv:?}"
    );
    let pinged = server
        .requests()
        .iter()
        .filter(|one| one.path() == "/ping")
        .count();
    assert_eq!(pinged, 1);
    play(&server, "http-1.6.7/group-by.json", "/query");
    let table = ask(&["--v1"]);
    assert_eq!(
        table.out,
        "name=weather\n\
         station  time                  temp_c\n\
         zrh-1    2023-11-14T22:13:20Z    21.5\n\
         zrh-2    2023-11-14T22:13:20Z    19.5\n",
        "{table:?}"
    );
    let pinged = server
        .requests()
        .iter()
        .filter(|one| one.path() == "/ping")
        .count();
    assert_eq!(pinged, 1, "--v1 pings no server");
    play(&server, "http-1.6.7/group-by.json", "/query");
    let json = ask(&["--v1", "--json"]);
    let first: Value = serde_json::from_str(json.out.lines().next().unwrap()).unwrap();
    assert_eq!(
        first,
        serde_json::json!({"name": "weather", "station": "zrh-1", "time": "2023-11-14T22:13:20Z", "temp_c": 21.5})
    );
    let raw = ask(&["--v1", "-O", "raw"]);
    assert_eq!(raw.code, Some(64), "{raw:?}");
}

/// Of two statements each has its header; if the first fails, the second still has rows.
#[test]
fn statements() {
    let server = crate::run::server();
    let body = "{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"m\",\"columns\":[\"time\",\"v\"],\
        \"values\":[[1700000000000000000,1]]}]},{\"statement_id\":1,\"error\":\"no such \\u001bthing\"},\
        {\"statement_id\":2,\"series\":[{\"name\":\"m\",\"columns\":[\"time\",\"v\"],\
        \"values\":[[1700000000000000000,2.5]]}]}]}\n";
    let response = Fault::status(200).header("Content-Type", "application/json");
    server.fault(
        response
            .header("X-Influxdb-Version", "1.6.7")
            .body(body)
            .on("/query"),
    );
    let args = [
        "query",
        "--influxql",
        "--v1",
        "--db",
        "d",
        "SELECT 1; SELECT 2; SELECT 3",
        "-O",
        "csv",
    ];
    let run = run(crate::run::at(&server.url(), args), b"");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(
        run.out,
        "name,time,v\nm,2023-11-14T22:13:20Z,1\n\nname,time,v\nm,2023-11-14T22:13:20Z,2.5\n"
    );
    assert!(
        run.err.contains("statement 2") && !run.err.contains('\u{1b}'),
        "{run:?}"
    );
}

/// Flux on InfluxDB 3 is an error; a response that breaks off is an error after its rows.
#[test]
fn mistakes() {
    let server = written();
    let flux = run(
        v3(&server, &["from(bucket: \"b\") |> range(start: 0)"]),
        b"",
    );
    assert_eq!(flux.code, Some(1), "{flux:?}");
    assert!(flux.err.contains("has no Flux"), "{flux:?}");
    let args = ["--sql", "--db", "sensors", "SELECT nonsense FROM weather"];
    for output in ["csv", "jsonl", "raw", "plot"] {
        let run = run(v3(&server, &[&args[..], &["-O", output]].concat()), b"");
        assert_eq!((run.code, &*run.out), (Some(1), ""), "{output}: {run:?}");
    }
    let jsonl = "{\"a\":1}\n{\"a\":2}\nnonsense\n";
    let response = Fault::status(200).header("Content-Type", "application/jsonl");
    server.fault(response.body(jsonl).on("/api/v3/query_sql"));
    let broken = run(v3(&server, &[&args[..], &["--json"]].concat()), b"");
    assert_eq!(broken.code, Some(1), "{broken:?}");
    assert_eq!(broken.out, "{\"a\":1}\n{\"a\":2}\n");
    assert!(broken.err.contains("row 3 of the response"), "{broken:?}");
    let duration = [&args[..], &["-p", "d:duration=1h"]].concat();
    let duration = run(v3(&server, &duration), b"");
    assert_eq!(duration.code, Some(64), "{duration:?}");
}
