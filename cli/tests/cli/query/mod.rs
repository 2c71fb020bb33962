//! `query`: its input, each output in a pipe, its exit codes.

mod other_servers;
mod plots;
mod streams;
mod terminal;

use crate::common::mock_server::{Fault, Server};
use crate::common::temp_dir::TempDir;
use crate::run::{Run, at, command, run, server};
use serde_json::Value;

const FLUX: &str = "from(bucket: \"sensors\") |> range(start: 0)";

/// A recorded response of a real server: `csv/numbers.csv`.
fn recording(name: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/recordings");
    std::fs::read_to_string(format!("{root}/{name}")).expect("a recording")
}

/// The next Flux query gets this response.
fn play(server: &Server, body: impl Into<Vec<u8>>) {
    let csv = Fault::status(200).header("Content-Type", "text/csv; charset=utf-8");
    server.fault(csv.body(body).on("/api/v2/query"));
}

/// Runs a query in a pipe against a recorded response.
fn played(body: impl Into<Vec<u8>>, args: &[&str]) -> Run {
    let server = server();
    play(&server, body);
    run(query(&server, args), b"")
}

fn query(server: &Server, args: &[&str]) -> std::process::Command {
    let flux = ["query", FLUX].into_iter();
    at(&server.url(), flux.chain(args.iter().copied()))
}

/// The body of the last query.
fn asked(server: &Server) -> Value {
    let requests = server.requests();
    let last = requests.iter().rfind(|one| one.path().ends_with("/query"));
    serde_json::from_slice(&last.expect("a query").body).expect("JSON")
}

#[test]
fn the_query_comes_as_an_argument_from_a_file_or_on_standard_input() {
    let server = server();
    let dir = TempDir::new("query-text");
    let file = dir.path().join("q.flux");
    std::fs::write(&file, format!("\u{feff}{FLUX}")).unwrap();
    let file = file.to_str().unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["query", FLUX], ""),
        (&["query"], FLUX),
        (&["query", "-"], FLUX),
        (&["query", "-f", file], ""),
        (&["query", "--file", file, "-q"], ""),
    ];
    for (args, input) in cases {
        let run = run(at(&server.url(), *args), input.as_bytes());
        assert_eq!(run.code, Some(0), "{args:?}: {run:?}");
        assert_eq!(asked(&server)["query"], FLUX, "{args:?}");
        let note = if args.contains(&"-q") {
            ""
        } else {
            "influx-edge: no rows\n"
        };
        assert_eq!((&*run.out, &*run.err), ("", note), "{args:?}");
    }
}

#[test]
fn arguments_that_are_wrong() {
    let cases: &[(&[&str], &str, i32, &str)] = &[
        (&["query"], "", 64, "the query is empty"),
        (&["query", " \n"], "", 64, "the query is empty"),
        (&["query", "x", "-f", "y"], "", 64, "given twice"),
        (&["query", "-f", "/no/such.flux"], "", 66, "/no/such.flux"),
        (&["query", "x", "y"], "", 64, "unexpected argument"),
        (
            &["query", "x", "-O", "xml"],
            "",
            64,
            "the formats are table, csv",
        ),
        (
            &["query", "x", "--json", "-O", "csv"],
            "",
            64,
            "exclude each other",
        ),
        (&["query", "x", "-p", "n"], "", 64, "expected NAME=VALUE"),
        (&["query", "x", "-p", "=1"], "", 64, "expected NAME=VALUE"),
        (
            &["query", "x", "-p", "n:int=1.5"],
            "",
            64,
            "--param n:int=1.5: invalid digit",
        ),
        (
            &["query", "x", "-p", "n:day=1"],
            "",
            64,
            "day is not a type; the types are string",
        ),
        (
            &["query", "x", "-p", "n:time=today"],
            "",
            64,
            "--param n:time=today",
        ),
        (
            &["query", "x", "-p", "n:duration=1"],
            "",
            64,
            "--param n:duration=1",
        ),
        (&["query", "x", "-p", "a b=1"], "", 78, "a b"),
        (
            &["query", "x", "--sql", "--influxql"],
            "",
            64,
            "exclude each other",
        ),
        (&["query", "x", "--sql"], "", 64, "--db is missing"),
        (&["query", "x", "--db", "d"], "", 64, "--db needs --sql"),
        (&["query", "x", "--v1"], "", 64, "--v1 needs --influxql"),
        (&["query", "x", "--width", "wide"], "", 64, "--width wide"),
        (&["query", "x", "--wait", "long"], "", 64, "--wait long"),
    ];
    let server = server();
    for (args, input, code, text) in cases {
        let run = run(at(&server.url(), *args), input.as_bytes());
        assert_eq!(run.code, Some(*code), "{args:?}: {run:?}");
        assert!(run.err.contains(text), "{args:?}: {run:?}");
        assert_eq!(run.out, "", "{args:?}");
    }
    let too_long = vec![b' '; (1 << 20) + 1];
    let run_of = |input: &[u8]| run(at(&server.url(), ["query"]), input);
    assert!(run_of(&too_long).err.contains("more than 1 MiB"));
    assert!(run_of(b"\xff").err.contains("not UTF-8"));
    assert!(server.requests().is_empty(), "nothing was asked");
}

#[test]
fn help_fits_a_screen() {
    let run = run(command(["query", "--help"]), b"");
    assert_eq!((run.code, &*run.err), (Some(0), ""));
    assert!(run.out.lines().count() <= 40, "{}", run.out);
    for line in run.out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn parameters_have_types() {
    let server = server();
    let cases: &[(&str, &str)] = &[
        (
            "s=a \"b\" ${c}",
            r#"{"type":"StringLiteral","value":"a \"b\" ${c}"}"#,
        ),
        ("s=a=b:c", r#"{"type":"StringLiteral","value":"a=b:c"}"#),
        ("s:string=5", r#"{"type":"StringLiteral","value":"5"}"#),
        (
            "i:int=9007199254740993",
            r#"{"type":"IntegerLiteral","value":"9007199254740993"}"#,
        ),
        (
            "u:uint=18446744073709551615",
            r#"{"type":"UnsignedIntegerLiteral","value":"18446744073709551615"}"#,
        ),
        ("f:float=1.5", r#"{"type":"FloatLiteral","value":1.5}"#),
        ("b:bool=true", r#"{"type":"BooleanLiteral","value":true}"#),
        (
            "t:time=2023-11-14T22:13:20.000000001Z",
            r#"{"type":"DateTimeLiteral","value":"2023-11-14T22:13:20.000000001Z"}"#,
        ),
    ];
    for (param, ast) in cases {
        let run = run(query(&server, &["-p", param]), b"");
        assert_eq!(run.code, Some(0), "{param}: {run:?}");
        let sent = asked(&server)["extern"].to_string();
        let ast: Value = serde_json::from_str(ast).unwrap();
        assert!(sent.contains(&ast.to_string()), "{param}: {sent}");
    }
    let run = run(query(&server, &["-p", "d:duration=-1h30m"]), b"");
    assert_eq!(run.code, Some(0));
    assert!(
        asked(&server)["extern"]
            .to_string()
            .contains("DurationLiteral")
    );
}

/// Rows that a client has written, queried with parameters.
#[test]
fn what_was_written_is_read() {
    let server = server();
    let client = influx_edge::Client::builder(server.url())
        .org("acme")
        .token(crate::run::TOKEN)
        .build()
        .unwrap();
    client
        .write(
            "sensors",
            "weather,station=zrh-1 n=9007199254740993i 1700000000000000000",
        )
        .unwrap();
    let flux = "from(bucket: params.b) |> range(start: params.start) \
        |> filter(fn: (r) => r.station == params.s)";
    let start = "start:time=2023-11-14T00:00:00Z";
    let args = [
        "query",
        flux,
        "-p",
        "b=sensors",
        "-p",
        start,
        "-p",
        "s=zrh-1",
        "--json",
    ];
    let there = run(at(&server.url(), args), b"");
    assert_eq!((there.code, &*there.err), (Some(0), ""), "{there:?}");
    let row: Value = serde_json::from_str(&there.out).unwrap();
    assert_eq!(row["_value"], 9_007_199_254_740_993_i64);
    assert_eq!(row["_time"], "2023-11-14T22:13:20Z");
    let args = [
        "query",
        flux,
        "-p",
        "b=sensors",
        "-p",
        start,
        "-p",
        "s=x",
        "--fail-if-empty",
    ];
    let none = run(at(&server.url(), args), b"");
    assert_eq!((none.code, &*none.out), (Some(3), ""));
    assert_eq!(none.err, "influx-edge: no rows\n");
}

/// In CSV and in JSON lines every recorded response has the same values as the decoder reads.
#[test]
fn csv_and_json_lines_of_every_recording() {
    use influx_edge::csv::{DataType, Rows};
    let server = server();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/recordings/csv");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".csv") || name.contains("delimiter") || name.contains("header-false") {
            continue;
        }
        let body = recording(&format!("csv/{name}"));
        let (mut rows, mut expected) = (Rows::new(body.as_bytes()), Vec::new());
        let mut fails = false;
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    let columns = row.table();
                    let columns = columns.columns().map(|column| column.name().to_owned());
                    let cells = row.cells().map(|cell| {
                        let text = String::from_utf8(cell.as_bytes().to_vec()).unwrap();
                        (cell.data_type(), text)
                    });
                    expected.push(columns.zip(cells).collect::<Vec<_>>());
                }
                Ok(None) => break,
                Err(_) => {
                    fails = true;
                    break;
                }
            }
        }
        for output in ["csv", "jsonl"] {
            play(&server, body.clone());
            let run = run(query(&server, &["-O", output]), b"");
            let code = if fails { Some(1) } else { Some(0) };
            assert_eq!(run.code, code, "{name}: {run:?}");
            if output == "csv" {
                let mut reader = run.out.as_str();
                for row in &expected {
                    for (_, (_, text)) in row {
                        let at = reader.find(&text.replace('"', "\"\""));
                        reader = &reader[at.unwrap_or_else(|| panic!("{name}: {text}"))..];
                    }
                }
                continue;
            }
            let lines: Vec<&str> = run.out.lines().collect();
            assert_eq!(lines.len(), expected.len(), "{name}: {run:?}");
            for (line, row) in lines.iter().zip(&expected) {
                let json: Value = serde_json::from_str(line).unwrap();
                for (column, (kind, text)) in row {
                    let value = &json[column];
                    let same = match kind {
                        _ if text.is_empty() => value.is_null(),
                        DataType::Boolean => {
                            value.as_bool() == text.to_ascii_lowercase().parse().ok()
                        }
                        DataType::Long => value.as_i64() == text.parse().ok(),
                        DataType::UnsignedLong => value.as_u64() == text.parse().ok(),
                        DataType::Double => match text.parse::<f64>().unwrap() {
                            number if number.is_finite() => value.as_f64() == Some(number),
                            _ => value.is_null(),
                        },
                        _ => value == text,
                    };
                    assert!(same, "{name} {column}: {value} for {text:?}");
                }
            }
        }
        seen += 1;
    }
    assert!(seen > 25, "{seen}");
}

#[test]
fn csv_has_names_once_and_an_empty_line_before_others() {
    let two = "#datatype,string,long,string,double\r\n#group,false,false,true,false\r\n\
        #default,_result,,,\r\n,result,table,host,_value\r\n\
        ,,0,a,1\r\n,,1,\"b,\"\"c\"\"\",2\r\n\r\n\
        #datatype,string,long,long\r\n#group,false,false,false\r\n#default,_result,,\r\n\
        ,result,table,n\r\n,,2,\r\n,,2,7\r\n\r\n";
    let csv = played(two, &["-O", "csv"]);
    assert_eq!(
        csv.out,
        "host,_value\na,1\n\"b,\"\"c\"\"\",2\n\nn\n\"\"\n7\n"
    );
    // Two results, of which each has a name.
    let yields = played(recording("csv/two-yields.csv"), &["-O", "csv"]);
    let heads = yields
        .out
        .lines()
        .filter(|line| line.starts_with("result,"));
    assert!(heads.count() >= 1, "{yields:?}");
    let json = played(recording("csv/two-yields.csv"), &["--json"]);
    let names: std::collections::BTreeSet<String> = json
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["result"].to_string())
        .collect();
    assert_eq!(names.len(), 2, "{json:?}");
}

#[test]
fn raw_is_what_the_server_sent() {
    for name in ["odd-strings", "numbers", "header-false", "annotations-none"] {
        let body = recording(&format!("csv/{name}.csv"));
        let run = played(body.clone(), &["-O", "raw"]);
        assert_eq!((run.code, &*run.out), (Some(0), &*body), "{name}");
    }
    let empty = played("\r\n", &["-O", "raw", "--fail-if-empty"]);
    assert_eq!((empty.code, &*empty.out), (Some(3), "\r\n"));
}

/// Errors before the first row: a bad request, an unknown token, no server.
#[test]
fn a_query_that_fails_before_its_first_row() {
    let server = server();
    let bad = run(at(&server.url(), ["query", "from("]), b"");
    assert_eq!((bad.code, &*bad.out), (Some(1), ""));
    assert!(bad.err.contains("compilation failed"), "{bad:?}");
    server.fault(Fault::error(401, "unauthorized", "unauthorized access"));
    let unknown = run(query(&server, &["-O", "csv"]), b"");
    assert_eq!(unknown.code, Some(77), "{unknown:?}");
    let away = run(at("http://127.0.0.1:9", ["query", FLUX]), b"");
    assert_eq!(away.code, Some(69), "{away:?}");
    // With --wait a server that comes back gets the query.
    server.fault(Fault::error(503, "unavailable", "starting").header("Retry-After", "0"));
    let back = run(query(&server, &["--wait", "20s"]), b"");
    assert_eq!(back.code, Some(0), "{back:?}");
    assert!(back.err.contains("trying again in"), "{back:?}");
}

/// A missing organization is a wrong setting. Messages name options and variables, not functions of the library.
#[test]
fn missing_settings_are_named() {
    let server = server();
    for (variable, value, code, text) in [
        ("INFLUXDB_V2_ORG", "", 78, "set it: --org, INFLUXDB_V2_ORG"),
        ("INFLUXDB_V2_ORG", "nowhere", 78, "nowhere"),
        ("INFLUXDB_V2_TOKEN", "", 77, "set a token: --token-file, "),
    ] {
        let mut query = at(&server.url(), ["query", "from(bucket: \"sensors\")"]);
        query.env(variable, value);
        let run = run(query, b"");
        assert_eq!(run.code, Some(code), "{variable}={value}: {run:?}");
        assert!(run.err.contains(text), "{variable}={value}: {run:?}");
        assert!(!run.err.contains("::"), "{variable}={value}: {run:?}");
    }
}
