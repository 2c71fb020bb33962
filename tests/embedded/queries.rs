//! Queries: rows in any split, what can break them, and that a part never looks whole.

use crate::scripted::{CONFIG, Scripted, requests, response};
use embedded_io::ErrorKind;
use influx_edge::csv::{DecodeError, Decoder, Record, Step};
use influx_edge::embedded::{Connection, Error};
use influx_edge::flux::{FluxError, ToFlux};
use influx_edge::http::{ParseError, Remedy, Stored};
use serde_json::Value;
use std::cell::Cell;
use std::fmt::Write;

fn text(record: Record<'_>) -> String {
    let cells = record
        .cells()
        .map(|cell| String::from_utf8_lossy(cell.as_bytes()).into_owned());
    cells.collect::<Vec<_>>().join("|")
}

/// The records of a body, by the decoder alone.
fn decoded(mut body: &[u8]) -> (Vec<String>, Result<(), DecodeError>) {
    let (mut buffer, mut ends) = (vec![0; 64 * 1024], vec![0; 4096]);
    let mut decoder = Decoder::new(&mut buffer, &mut ends);
    let mut rows = Vec::new();
    loop {
        let step = if body.is_empty() {
            decoder.finish()
        } else {
            decoder.feed(body).map(|(used, step)| {
                body = &body[used..];
                step
            })
        };
        match step {
            Ok(Step::Record) => rows.push(text(decoder.record())),
            Ok(Step::End) => return (rows, Ok(())),
            Ok(_) => {}
            Err(error) => return (rows, Err(error)),
        }
    }
}

type Failure = Error<ErrorKind>;

/// The records, how it ended, whether the connection can be used again.
fn queried(transport: Scripted, size: usize) -> (Vec<String>, Result<(), Failure>, bool) {
    let (mut buffer, mut text_buffer, mut ends) =
        (vec![0; size], vec![0; 64 * 1024], vec![0; 4096]);
    let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
    let mut seen = Vec::new();
    let result = match connection.query("x", &[], &mut Decoder::new(&mut text_buffer, &mut ends)) {
        Err(error) => Err(error),
        Ok(mut rows) => loop {
            match rows.next() {
                Ok(Some(record)) => seen.push(text(record)),
                Ok(None) => {
                    // It stays so.
                    assert!(matches!(rows.next(), Ok(None)));
                    break Ok(());
                }
                Err(error) => {
                    // An error never turns into an end.
                    for _ in 0..3 {
                        assert!(!matches!(rows.next(), Ok(None)), "{error:?}");
                    }
                    if error == Error::Rows(DecodeError::Server) {
                        assert!(rows.server_error().is_some());
                    }
                    break Err(error);
                }
            }
        },
    };
    (seen, result, connection.is_open())
}

/// The function of a program that reads rows: one error type for the call, the rows and their values.
fn newest(transport: Scripted) -> Result<Option<f64>, Failure> {
    let (mut buffer, mut text, mut ends) = ([0; 256], [0; 256], [0; 64]);
    let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
    let mut decoder = Decoder::new(&mut text, &mut ends);
    let mut rows = connection.query("x", &[], &mut decoder)?;
    let mut newest = None;
    while let Some(record) = rows.next()? {
        newest = Some(record.get("_value")?);
    }
    Ok(newest)
}

#[test]
fn one_error_type_serves_call_rows_and_values() {
    let table = |cells: &str| {
        format!(
            "#datatype,string,long,double\r\n#group,false,false,false\r\n#default,_result,,\r\n\
             ,result,table,_value\r\n{cells}\r\n"
        )
    };
    for (cells, expected) in [
        (",,0,21.5", Ok(Some(21.5))),
        (
            ",,0,",
            Err("row 1, column 0: wanted f64: the value is null"),
        ),
        (
            ",,0,1\r\n,,0,warm",
            Err("row 2, column 0: wanted f64: the text is not such a value"),
        ),
    ] {
        let result = newest(Scripted::new(&[&response(
            "200 OK",
            CSV,
            table(cells).as_bytes(),
            None,
        )]));
        if let Err(error) = result {
            // Neither a repeated call nor other lines help: the script or the program is wrong.
            assert!(matches!(error, Error::Value(_)), "{error:?}");
            assert_eq!(error.remedy(), Remedy::Operator);
            assert!(error.response().is_none());
        }
        assert_eq!(
            result.map_err(|error| error.to_string()),
            expected.map_err(str::to_owned)
        );
    }
    let missing = newest(Scripted::new(&[&response("404 Not Found", "", b"", None)]));
    assert!(matches!(missing, Err(Error::Response(_))), "{missing:?}");
}

fn recordings() -> Vec<(String, Vec<u8>)> {
    let dir = format!("{}/tests/recordings/csv", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let csv = files.filter(|file| file.extension().is_some_and(|end| end == "csv"));
    let mut all: Vec<_> = csv
        .map(|file| (file.display().to_string(), std::fs::read(&file).unwrap()))
        .collect();
    all.sort();
    all
}

const CSV: &str = "Content-Type: text/csv; charset=utf-8\r\n";

/// Every recorded body, in chunks and reads of every size.
#[test]
fn rows_are_those_of_the_decoder() {
    let (mut count, mut errors) = (0, 0);
    for (name, body) in recordings() {
        let expected = decoded(&body);
        for chunks in [None, Some(1), Some(3), Some(100), Some(100_000)] {
            let response = response("200 OK", CSV, &body, chunks);
            for (size, read) in [(64, usize::MAX), (100, 1), (512, 7), (4_096, usize::MAX)] {
                for interrupts in [false, true] {
                    let mut transport = Scripted::new(&[&response]).most(read, usize::MAX);
                    transport.interrupts = interrupts;
                    let (rows, result, open) = queried(transport, size);
                    assert_eq!(rows, expected.0, "{name}");
                    assert_eq!(result, expected.1.map_err(Error::Rows), "{name}");
                    // (An error at the very end leaves nothing of the response behind.)
                    assert!(open || result.is_err(), "{name}");
                    count += rows.len();
                    errors += usize::from(result.is_err());
                }
            }
        }
    }
    println!("{count} records, {errors} errors");
    assert!(count > 1_000 && errors > 100);
}

fn body() -> Vec<u8> {
    let dir = env!("CARGO_MANIFEST_DIR");
    let all = std::fs::read(format!("{dir}/tests/recordings/csv/types.csv"));
    let one = std::fs::read(format!("{dir}/tests/recordings/csv/one-table.csv"));
    let all = all.unwrap();
    if all.len() < 3_000 { all } else { one.unwrap() }
}

/// Cut off or broken at each byte: an error, never an end.
#[test]
fn a_part_never_looks_whole() {
    let body = body();
    let expected = decoded(&body).0;
    assert!(expected.len() > 1);
    for chunks in [None, Some(10), Some(200)] {
        let response = response("200 OK", CSV, &body, chunks);
        for len in 0..response.len() {
            for error in [None, Some(ErrorKind::TimedOut)] {
                let mut script = Scripted::new(&[&response[..len]]);
                if len == 0 {
                    script.incoming.clear();
                }
                if let Some(error) = error {
                    script = script.then(error);
                }
                let (rows, result, open) = queried(script, 512);
                assert!(expected.starts_with(&rows));
                assert!(!open);
                let found = result.unwrap_err();
                match error {
                    Some(error) => assert_eq!(found, Error::Transport { error, sent: true }),
                    None => {
                        let cut = matches!(
                            found,
                            Error::Rows(DecodeError::UnexpectedEnd { .. })
                                | Error::Parse(ParseError::Truncated)
                                | Error::Closed { .. }
                        );
                        assert!(cut, "{len}: {found:?}");
                    }
                }
                assert_eq!(found.remedy(), Remedy::Retry, "{found:?}");
            }
        }
    }
}

/// Chunks that are damaged, of a body that would be complete.
#[test]
fn damaged_chunks_are_an_error() {
    let body = body();
    let whole = response("200 OK", CSV, &body, Some(100));
    let start = whole.windows(4).position(|at| at == b"\r\n\r\n").unwrap() + 4;
    let (mut found, most) = (0, decoded(&body).0.len());
    for at in start..whole.len() {
        for byte in [b'\r', b'\n', b'0', b'z', 0] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            let (rows, result, _) = queried(Scripted::new(&[&damaged]), 256);
            if let Err(Error::Parse(_) | Error::Rows(DecodeError::UnexpectedEnd { .. })) = result {
                found += 1;
            }
            // Not one record more than were sent.
            assert!(rows.len() <= most, "{at} {byte}: {rows:?}");
        }
    }
    assert!(found > 50);
}

#[test]
fn a_body_until_the_close_ends_with_it() {
    let body = body();
    let response = [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n",
        &body[..],
    ]
    .concat();
    let (rows, result, open) = queried(Scripted::new(&[&response]), 512);
    assert_eq!((rows, result, open), (decoded(&body).0, Ok(()), false));
    let (_, result, _) = queried(
        Scripted::new(&[&response]).then(ErrorKind::ConnectionReset),
        512,
    );
    assert_eq!(
        result,
        Err(Error::Transport {
            error: ErrorKind::ConnectionReset,
            sent: true
        })
    );
}

#[test]
fn small_buffers_are_an_error() {
    let body = body();
    let response = response("200 OK", CSV, &body, Some(50));
    for (text_len, ends_len) in [(0, 0), (0, 100), (1000, 0), (20, 100), (1000, 3)] {
        let (mut buffer, mut text, mut ends) = ([0; 512], vec![0; text_len], vec![0; ends_len]);
        let mut connection = Connection::new(Scripted::new(&[&response]), &mut buffer, &CONFIG);
        let mut decoder = Decoder::new(&mut text, &mut ends);
        let mut rows = connection.query("x", &[], &mut decoder).unwrap();
        let error = loop {
            match rows.next() {
                Ok(record) => assert!(record.is_some()),
                Err(error) => break error,
            }
        };
        let small = matches!(
            error,
            Error::Rows(DecodeError::RecordTooLong { .. } | DecodeError::TooManyColumns { .. })
        );
        assert!(small, "{text_len} {ends_len}: {error:?}");
        assert_eq!(error.remedy(), Remedy::Operator);
        assert!(!connection.is_open());
    }
}

/// What the server says, in each of its forms.
#[test]
fn refusals_and_pages() {
    let compile = r#"{"code":"invalid","message":"compilation failed: error @1:1"}"#;
    for (status, content_type, body, message, remedy) in [
        (
            400,
            "application/json",
            compile,
            Some("compilation failed: error @1:1"),
            Remedy::Operator,
        ),
        (
            401,
            "application/json",
            r#"{"code":"unauthorized","message":"unauthorized access"}"#,
            Some("unauthorized access"),
            Remedy::Operator,
        ),
        (503, "text/html", "<html>", None, Remedy::Retry),
        (
            429,
            "application/json",
            r#"{"code":"too many requests","message":"x"}"#,
            Some("x"),
            Remedy::Retry,
        ),
        (200, "text/html", "<html>Welcome", None, Remedy::Operator),
        (200, "application/json", "{}", None, Remedy::Operator),
        (206, "text/csv", "", None, Remedy::Operator),
        (302, "text/csv", "", None, Remedy::Operator),
    ] {
        for chunks in [None, Some(3)] {
            let headers = format!("Content-Type: {content_type}\r\n");
            let page = response(&format!("{status} X"), &headers, body.as_bytes(), chunks);
            let (mut buffer, mut text, mut ends) = ([0; 512], [0; 512], [0; 64]);
            let mut connection = Connection::new(Scripted::new(&[&page]), &mut buffer, &CONFIG);
            let error = connection
                .query("x", &[], &mut Decoder::new(&mut text, &mut ends))
                .err()
                .unwrap();
            assert_eq!(
                (error.response().map(|r| r.status), error.remedy()),
                (Some(status), remedy),
                "{body}"
            );
            let found = connection
                .error_body()
                .message()
                .map(|text| text.to_string());
            assert_eq!(found.as_deref(), message);
            assert!(connection.is_open());
        }
    }
    // Without a type, and by its older name, it is read as CSV.
    let body = body();
    for headers in [
        "",
        "Content-Type: APPLICATION/CSV\r\n",
        "Content-Type: text/csv ;x\r\n",
    ] {
        let page = response("200 OK", headers, &body, None);
        assert_eq!(queried(Scripted::new(&[&page]), 512).1, Ok(()));
    }
    let page = response("204 No Content", "", b"", None);
    assert!(queried(Scripted::new(&[&page]), 512).1.is_err());
}

/// Rows that are given up close the connection; read to their end they keep it, over any number of calls.
#[test]
fn keep_alive() {
    let body = body();
    let chunked = response("200 OK", CSV, &body, Some(64));
    let plain = response("200 OK", CSV, &body, None);
    let close = response(
        "200 OK",
        "Connection: close\r\nContent-Type: text/csv\r\n",
        &body,
        Some(64),
    );
    let behind = [&chunked[..], b"x"].concat();
    let count = decoded(&body).0.len();
    let stored = crate::connection::STORED;
    let responses = [&chunked[..], stored, &plain, &chunked, stored, &close];
    let (mut buffer, mut text, mut ends) = ([0; 256], [0; 2_048], [0; 64]);
    let mut connection = Connection::new(Scripted::new(&responses), &mut buffer, &CONFIG);
    for (call, response) in responses.into_iter().enumerate() {
        assert!(connection.is_open(), "{call}");
        if response == stored {
            connection
                .write("b", crate::connection::lines(b"m f=1\n"))
                .unwrap();
            continue;
        }
        let mut decoder = Decoder::new(&mut text, &mut ends);
        let mut rows = connection.query("x", &[], &mut decoder).unwrap();
        let mut seen = 0;
        while rows.next().unwrap().is_some() {
            seen += 1;
            assert!(!rows.table().result().is_empty());
        }
        assert_eq!(seen, count);
    }
    assert!(!connection.is_open());
    assert_eq!(requests(&connection.into_transport().written).len(), 6);

    for given_up in 0..=count {
        let mut connection = Connection::new(Scripted::new(&[&chunked]), &mut buffer, &CONFIG);
        let mut decoder = Decoder::new(&mut text, &mut ends);
        let mut rows = connection.query("x", &[], &mut decoder).unwrap();
        for _ in 0..given_up {
            assert!(rows.next().unwrap().is_some());
        }
        assert!(!connection.is_open(), "{given_up} of {count}");
        assert_eq!(connection.ping(), Err(Error::NotOpen));
    }
    for size in [64, 256, 4_096] {
        let (rows, result, _) = queried(Scripted::new(&[&behind]), size);
        assert_eq!((rows.len(), result), (count, Ok(())));
    }
    assert!(!queried(Scripted::new(&[&behind]), 4_096).2);
}

/// The script and its parameters arrive as they are, whatever is in them.
#[test]
fn the_body_is_json_of_the_length_that_is_sent() {
    let odd = "a \"b\" \\ \r\n \u{1} ä 🦀 ${x}";
    for flux in ["buckets()", odd, &"long ".repeat(500)] {
        for params in [
            &[][..],
            &[
                ("a", &odd as &dyn ToFlux),
                ("b", &1.5),
                ("c", &-7_i64),
                ("d", &true),
            ],
        ] {
            for size in [64, 100, 5_000] {
                let mut buffer = vec![0; size];
                let transport = Scripted::new(&[b"HTTP/1.1 400 B\r\nContent-Length: 0\r\n\r\n"])
                    .most(usize::MAX, 11);
                let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
                assert!(
                    connection
                        .query(flux, params, &mut Decoder::new(&mut [0; 64], &mut [0; 8]))
                        .is_err()
                );
                let written = connection.into_transport().written;
                let [request] = &requests(&written)[..] else {
                    panic!("one request")
                };
                assert_eq!(
                    (&*request.method, &*request.target),
                    ("POST", "/api/v2/query?org=acme")
                );
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                assert_eq!(body["query"], flux);
                assert_eq!(
                    body["dialect"]["annotations"],
                    serde_json::json!(["datatype", "group", "default"])
                );
                assert_eq!(body["extern"].is_object(), !params.is_empty());
                let shown = body["extern"].to_string();
                assert!(
                    params.is_empty() || shown.contains(r#"a \"b\" \\ \r\n \u0001 ä 🦀 ${x}"#),
                    "{shown}"
                );
            }
        }
    }
    // What can't be a parameter: nothing is sent.
    let mut buffer = [0; 512];
    let mut connection = Connection::new(Scripted::new(&[]), &mut buffer, &CONFIG);
    for name in ["", "a b", "1a", "a-b", "a\n"] {
        let error = connection
            .query(
                "x",
                &[(name, &1_i64)],
                &mut Decoder::new(&mut [0; 64], &mut [0; 8]),
            )
            .err()
            .unwrap();
        assert!(matches!(error, Error::Flux(_)), "{name}: {error:?}");
        assert_eq!(
            (error.stored(), error.remedy()),
            (Stored::None, Remedy::Operator)
        );
        assert!(connection.is_open() && connection.transport().written.is_empty());
    }
}

/// A value that is another one each time it is written, as a clock's: the request stays one, of the length
/// that it says.
#[test]
fn a_parameter_that_changes_is_no_second_request() {
    struct Changing(Cell<usize>, &'static [&'static str]);
    impl Changing {
        fn next(&self) -> Result<&'static str, FluxError> {
            let text = self.1.get(self.0.get());
            self.0.set(self.0.get() + 1);
            text.copied().ok_or(FluxError::Null)
        }
    }
    impl ToFlux for Changing {
        fn write_literal(&self, out: &mut dyn Write) -> Result<(), FluxError> {
            self.next()?.write_literal(out)
        }
        fn write_ast(&self, out: &mut dyn Write) -> Result<(), FluxError> {
            self.next()?.write_ast(out)
        }
    }
    for (texts, is_json) in [
        (&["12:00:00", "12:00:01"][..], true),
        (&["12:00:00.25", "12:00:01"], true),
        (&["a", ""], true),
        (&["", "a"], false),
        (&["12:00:00", "12:00:00.25"], false),
        (&["x", "GET /admin HTTP/1.1\r\nHost: h\r\n\r\n"], false),
        (&["ab", "\u{e4}\u{e4}\u{e4}"], false),
        (&["the second time it can't be one"], false),
    ] {
        for size in [64, 5_000] {
            for refused in [false, true] {
                let value = Changing(Cell::new(0), texts);
                let stored = crate::connection::STORED;
                let accepted = response("200 OK", CSV, b"", Some(1));
                let bad = response("400 B", "", b"{}", None);
                let first = if refused { &bad } else { &accepted };
                let mut buffer = vec![0; size];
                let transport = Scripted::new(&[first, stored]);
                let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
                let (mut text, mut ends) = ([0; 64], [0; 8]);
                let mut decoder = Decoder::new(&mut text, &mut ends);
                let params: [(&str, &dyn ToFlux); 1] = [("now", &value)];
                match connection.query("x", &params, &mut decoder) {
                    Ok(mut rows) => assert!(!refused && rows.next().unwrap().is_none()),
                    Err(error) => {
                        assert_eq!(error.response().map(|r| r.status), refused.then_some(400))
                    }
                }
                connection.ping().unwrap();
                let written = connection.into_transport().written;
                let [query, ping] = &requests(&written)[..] else {
                    panic!("{texts:?}: {:?}", String::from_utf8_lossy(&written))
                };
                assert_eq!((&*query.method, &*ping.target), ("POST", "/ping"));
                let body: Result<Value, _> = serde_json::from_slice(&query.body);
                assert_eq!(body.is_ok(), is_json, "{texts:?}");
            }
        }
    }
}
