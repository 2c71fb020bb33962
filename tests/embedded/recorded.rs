//! Recorded responses to writes, and those of the table of write statuses, through the client and through a
//! board's connection: the same stored, remedy, delay and line.

use crate::scripted::{CONFIG, Scripted};
use influx_edge::embedded::Connection;
use influx_edge::http::{Remedy, Stored, WriteResponse, WriteStatus};
use influx_edge::line::Lines;
use influx_edge::{Client, Precision};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a write came to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    status: u16,
    stored: Stored,
    remedy: Option<Remedy>,
    retry_after: Option<Duration>,
    /// The first line that the server names.
    line: Option<u32>,
}

const STORED: Outcome = Outcome {
    status: 204,
    stored: Stored::All,
    remedy: None,
    retry_after: None,
    line: None,
};

/// The token, which is watched for.
const TOKEN: &str = "canary-7f3a";

/// Sends one response to each request, and closes.
struct Server {
    client: Client,
    response: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    fn start() -> Self {
        crate::common::watch::watch(TOKEN);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let response = Arc::new(Mutex::new(Vec::new()));
        let next = Arc::clone(&response);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                respond(stream, &next.lock().unwrap());
            }
        });
        let client = Client::builder(url)
            .org("acme")
            .token(TOKEN)
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        Server { client, response }
    }

    fn write(&self, response: &[u8], lines: &str) -> Outcome {
        *self.response.lock().unwrap() = response.to_vec();
        match self.client.write(
            "b",
            Lines {
                bytes: lines.as_bytes(),
                precision: Precision::Second,
            },
        ) {
            Ok(()) => STORED,
            Err(error) => Outcome {
                status: error.status().unwrap_or_else(|| panic!("{error}")),
                stored: error.stored(),
                remedy: Some(error.remedy()),
                retry_after: error.retry_after(),
                line: error
                    .line_errors()
                    .iter()
                    .find(|line| !line.line.is_empty())
                    .and_then(|line| line.number),
            },
        }
    }
}

/// Reads one request and sends the response.
fn respond(mut stream: TcpStream, response: &[u8]) {
    let mut request = Vec::new();
    let mut buffer = [0; 64 * 1024];
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut headers);
        if let Ok(httparse::Status::Complete(head)) = parsed.parse(&request) {
            let length = parsed
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case("content-length"));
            let length: usize = length.map_or(0, |header| {
                std::str::from_utf8(header.value).unwrap().parse().unwrap()
            });
            if request.len() >= head + length {
                break;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(len) => request.extend_from_slice(&buffer[..len]),
        }
    }
    let _ = stream.write_all(response);
}

/// The same over a transport in memory, with a buffer of this size and reads of so many bytes.
fn board(response: &[u8], lines: &str, size: usize, read: usize) -> Outcome {
    let mut buffer = vec![0; size];
    let transport = Scripted::new(&[response]).most(read, usize::MAX);
    let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
    let lines = Lines {
        bytes: lines.as_bytes(),
        precision: Precision::Second,
    };
    match connection.write("b", lines) {
        Ok(()) => STORED,
        Err(error) => Outcome {
            status: error
                .response()
                .map(|r| r.status)
                .unwrap_or_else(|| panic!("{error:?}")),
            stored: error.stored(),
            remedy: Some(error.remedy()),
            retry_after: error.response().and_then(|r| r.retry_after),
            line: error.response().and_then(|r| r.line),
        },
    }
}

/// The response as it goes over the wire, the last of its connection.
fn wire(status: u16, headers: &str, body: &str, chunked: bool) -> Vec<u8> {
    let headers = format!("Date: Sun, 22 Nov 2026 06:00:00 GMT\r\nConnection: close\r\n{headers}");
    if matches!(status, 204 | 304) {
        return format!("HTTP/1.1 {status} X\r\n{headers}\r\n").into_bytes();
    }
    crate::scripted::response(
        &format!("{status} X"),
        &headers,
        body.as_bytes(),
        chunked.then_some(100),
    )
}

fn compare(
    server: &Server,
    name: &str,
    response: &[u8],
    lines: &str,
    names_lines: bool,
) -> Outcome {
    let client = server.write(response, lines);
    let expected = Outcome {
        // What the client finds out itself of a line that the server doesn't name.
        line: client.line.filter(|_| names_lines),
        ..client
    };
    for (size, read) in [(16 * 1024, usize::MAX), (16 * 1024, 1), (8 * 1024, 37)] {
        assert_eq!(board(response, lines, size, read), expected, "{name}");
    }
    // What doesn't fit into the buffer may cost the line, not the meaning. (128 bytes tell what an error is
    // about.)
    for size in [192, 256, 512, 1_024] {
        let found = board(response, lines, size, 50);
        let line = found.line.filter(|line| Some(*line) == expected.line);
        assert_eq!(found.line, line, "{name}, {size}");
        let stored = match (found.stored, expected.stored) {
            // The count of the lines dropped may stand behind the cut.
            (Stored::Partial, Stored::None) if expected.remedy == Some(Remedy::None) => {
                Stored::None
            }
            (stored, _) => stored,
        };
        assert_eq!(
            Outcome {
                line: expected.line,
                stored,
                ..found
            },
            expected,
            "{name}, {size}"
        );
    }
    expected
}

/// A group of exchanges: name, request and response.
fn group(path: &str) -> Vec<(String, Value, Value)> {
    let dir = format!("{}/tests/recordings/{path}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let mut all: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let name = format!("{path}/{}", file.file_stem().unwrap().to_string_lossy());
        (name, all["request"].take(), all["response"].take())
    };
    files.iter().map(read).collect()
}

#[test]
fn recorded_writes_mean_to_both_the_same() {
    let server = Server::start();
    let (mut count, mut named, mut partial) = (0, 0, 0);
    let groups = [
        "http/write",
        "http-3.6.0/auth",
        "http-3.6.0/limits",
        "http-3.6.0/write-v1",
        "http-3.6.0/write-v2",
        "http-3.6.0/write-v3",
        "http-1.6.7",
        "http-nginx-1.22.1",
    ];
    for (name, request, response) in groups.into_iter().flat_map(group) {
        if !request["target"].as_str().unwrap().contains("/write") {
            continue;
        }
        let lines = request["body"]
            .as_str()
            .filter(|body| !body.is_empty())
            .unwrap_or("m f=1 1\n");
        let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
        let body = response["body"].as_str().unwrap_or("");
        let mut headers = String::new();
        let mut chunked = false;
        for (name, value) in response["headers"].as_object().unwrap() {
            match &**name {
                "Transfer-Encoding" => chunked = true,
                _ => headers += &format!("{name}: {}\r\n", value.as_str().unwrap()),
            }
        }
        let meaning = WriteStatus::classify(&WriteResponse {
            status,
            body: body.as_bytes(),
            ..WriteResponse::default()
        });
        let names_lines = meaning.line_errors.clone().next().is_some();
        for chunked in [chunked, !chunked] {
            let outcome = compare(
                &server,
                &name,
                &wire(status, &headers, body, chunked),
                lines,
                names_lines,
            );
            assert_eq!(
                (outcome.status, outcome.remedy),
                (status, meaning.remedy),
                "{name}"
            );
            // (A server that drops every line has stored none.)
            if outcome.stored != meaning.stored {
                assert_eq!(
                    (outcome.stored, meaning.stored),
                    (Stored::None, Stored::Partial),
                    "{name}"
                );
                partial += 1;
            }
            assert!(
                outcome.line.is_some() || !names_lines,
                "{name}: {lines:?} {body}"
            );
            named += usize::from(outcome.line.is_some());
        }
        count += 1;
    }
    println!("{count} recordings; {named} name a line, {partial} dropped all");
    assert!(count > 60 && named > 20 && partial > 0);
}

/// The bodies of the tables of `http`'s unit tests: InfluxDB's, gateways', proxies'.
const BODIES: &[&str] = &[
    "",
    "<html>nginx",
    "<html>partial write",
    r#"{"code":"x","message":"who knows"}"#,
    r#"{"code":"x","message":"partial write: type conflict dropped=3"}"#,
    r#"{"code":"x","message":"partial write: type conflict dropped=2"}"#,
    r#"{"code":"x","message":"partial write: type conflict dropped=1"}"#,
    r#"{"code":"x","message":"partial write"}"#,
    r#"{"error":"retention policy not found: a"}"#,
    r#"{"error":"\u0072etention policy not found: a"}"#,
    "error in InfluxQL statement: x",
    "query error: error while planning query: SQL error: x",
    "query error: error while planning query: IO error: x",
    "query error: x",
    r#"{"error":"write failed"}"#,
    r#"{"error":"no retention policy not found"}"#,
    r#"{"message":"retention policy not found: a"}"#,
    r#"{"error":"partial write: retention policy not found dropped=1"}"#,
    r#"{"code":"invalid","line":2,"message":"partial write error (2 written): unable to parse: invalid field"}"#,
    r#"{"code":"invalid","line":2,"message":"unable to parse: invalid field"}"#,
    r#"{"code":"invalid","line":7,"message":"unable to parse: invalid field"}"#,
    r#"{"code":"invalid","message":"partial write has occurred"}"#,
    r#"{"error":"partial write of line protocol occurred","data":[{"error_message":"bad"}]}"#,
    r#"{"error":"partial write of line protocol occurred","data":[{"error_message":"bad","line_number":2,"original_line":"two f= 2"}]}"#,
    r#"{"error":"partial write of line protocol occurred","data":[{"error_message":"bad","line_number":1,"original_line":"one f=1"},{"error_message":"bad","line_number":2,"original_line":"two f= 2"}]}"#,
    r#"{"error":"parsing failed for write_lp endpoint","data":{"error_message":"bad","line_number":2,"original_line":"two f="}}"#,
    r#"{"error":"parsing failed for write_lp endpoint","data":{"error_message":"bad","line_number":1,"original_line":"two f= 2"}}"#,
    r#"{"error":"parsing failed","data":{"error_message":"bad","line_number":0,"original_line":""}}"#,
    r#"{"message":"partial write"}"#,
    r#"{"error":"partial write"}"#,
    r#"{"code":"ok","message":"made"}"#,
    r#"{"message":"Bad Request"}"#,
    r#"{"message": null}"#,
    r#"{"statusCode":400,"message":"Unable to parse the request"}"#,
    r#"{"fault":{"faultstring":"Decompression failure","detail":{"errorcode":"x"}}}"#,
    r#"{"code":400,"message":"INVALID_ARGUMENT: bad body"}"#,
    r#"{"error":{"code":400,"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT"}}"#,
    r#"{"timestamp":"2026-11-22","status":400,"error":"Bad Request","path":"/api/v2/write"}"#,
    r#"{"error":"JSON parsing failed","data":{}}"#,
    r#"{"errors":["partial write"]}"#,
    r#"["partial write"]"#,
    "upstream connect error or disconnect/reset before headers",
    "<html><h1>400 Bad Request</h1>unable to parse 'm f=': partial write</html>",
    "unable to parse 'm f=': missing field value",
    r#"{"error":"unable to parse 'two f= 2': missing field value"}"#,
    r#"{"error":"unable to parse 'm': missing fields"}"#,
    r#"{"error":"database is required"}"#,
    r#"{"error":"invalid precision"}"#,
    r#"{"code":"invalid","message":"unable to parse 'two f= 2': missing field value"}"#,
    r#"{"code":"invalid","message":"unable to parse 'gone': missing fields\nunable to parse 'two f= 2': missing field value"}"#,
    r#"{"code":"invalid","message":"unable to parse 'm f=\"partial write': unbalanced quotes"}"#,
    r#"{"code":"invalid","message":"unable to parse 'm f=\"invalid precision': unbalanced quotes"}"#,
    r#"{"code":"invalid","message":"Please provide either orgID or org"}"#,
    r#"{"code":"invalid","message":"invalid precision; valid precision units are ns, us, ms, and s"}"#,
    r#"{"code":"invalid","message":"id must have a length of 16 bytes"}"#,
    r#"{"code":"invalid","message":"Client sent an HTTP request to an HTTPS server."}"#,
    r#"{"code":"unauthorized","message":"unauthorized access"}"#,
    r#"{"code":3,"message":"unable to parse 'two f= 2': x","details":[]}"#,
    "{\"code\":\"invalid\",\"message\":\"bad \u{fffd} utf-8\"}",
];

/// Two points, a comment, an empty line.
const LINES: &str = "one f=1 1\n# two\n\ntwo f= 2\n";

#[test]
fn statuses_mean_to_both_the_same() {
    let server = Server::start();
    let first = [BODIES[1], BODIES[3], BODIES[4]];
    let mut count = 0;
    for status in (200..=599).chain([600, 799, 999]) {
        let bodies = match status {
            200..=204 | 400 | 401 | 413 | 422 | 429 | 500 | 503 => BODIES,
            _ => &first[..],
        };
        for body in bodies {
            let meaning = WriteStatus::classify(&WriteResponse {
                status,
                body: body.as_bytes(),
                ..WriteResponse::default()
            });
            let response = wire(
                status,
                "Content-Type: application/json\r\n",
                body,
                count % 2 == 0,
            );
            let name = format!("{status} {body}");
            let names_lines = meaning.line_errors.clone().next().is_some();
            let outcome = compare(&server, &name, &response, LINES, names_lines);
            assert_eq!(outcome.remedy, meaning.remedy, "{name}");
            count += 1;
        }
    }
    println!("{count} responses");
}

/// How long the server asks to wait, in every form.
#[test]
fn delays_are_to_both_the_same() {
    let server = Server::start();
    let mut seen = Vec::new();
    for value in [
        "0",
        "7",
        "120",
        "0.5",
        "1e2",
        "1e12",
        "601",
        "-1",
        "soon",
        "",
        " 9 ",
        "7, 8",
        "1.5.2",
        "18446744073709551616",
        "Sun, 22 Nov 2026 06:00:09 GMT",
        "Sun, 22 Nov 2026 05:00:09 GMT",
        "Sun, 22 Nov 2027 06:00:09 GMT",
        "Sunday, 22-Nov-26 06:00:09 GMT",
        "Sun Nov 22 06:00:09 2026",
    ] {
        for status in [429, 503, 400, 500, 401, 301] {
            let response = wire(status, &format!("Retry-After: {value}\r\n"), "", false);
            seen.push(compare(&server, value, &response, LINES, true).retry_after);
        }
    }
    // Of two the first.
    for headers in [
        "Retry-After: 7\r\nRetry-After: 8\r\n",
        "Retry-After: x\r\nRetry-After: 8\r\n",
    ] {
        let response = wire(503, headers, "", false);
        compare(&server, headers, &response, LINES, true);
    }
    assert!(seen.contains(&Some(Duration::from_secs(9))) && seen.contains(&None));
}
