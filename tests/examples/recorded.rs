//! An example in the documentation that shows a response shows one that a real server sent: its server
//! (`tests/doc/server.rs`) plays recordings, it has no other one, and what it holds as text is in a
//! recording byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value as Json;

use super::commands::{files, pages, read, root};

#[test]
fn the_server_of_the_examples_plays_recordings_byte_for_byte() {
    let url: String = include!("../doc/server.rs");
    let mut rules = 0;
    let page = read("tests/doc/responses.txt");
    let lines = page
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'));
    for rule in lines {
        let parts: Vec<&str> = rule.split('|').map(str::trim).collect();
        let [asked, has, name] = parts[..] else {
            panic!("three columns: {rule}");
        };
        assert!(!name.contains(".."), "{rule}");
        let text = fs::read_to_string(root().join("tests/recordings").join(name));
        let text = text.unwrap_or_else(|error| panic!("{rule}: {error}"));
        let recorded: Json = serde_json::from_str(&text).unwrap();
        let recorded = &recorded["response"];

        let (status, headers, body) = ask(&url, asked, &has.replace("\\n", "\n"));
        assert_eq!(recorded["status"], status, "{rule}");
        for (name, value) in recorded["headers"].as_object().unwrap() {
            let framing = ["transfer-encoding", "content-length"];
            if !framing.contains(&&*name.to_ascii_lowercase()) {
                let found = headers.get(name).map(String::as_str);
                assert_eq!(found, value.as_str(), "{name}: {rule}");
            }
        }
        let whole = recorded["body"].as_str().unwrap_or("");
        let whole = if asked.starts_with("HEAD") { "" } else { whole };
        assert_eq!(body, whole, "{rule}");
        rules += 1;
    }
    assert!(rules > 80, "{rules}");
    // Nor are there other responses, beside the recordings.
    let mut there = Vec::new();
    files(&root().join("tests/doc"), &mut there);
    there.sort();
    let names = there.iter().map(|p| p.file_name().unwrap());
    assert!(names.eq(["influx.toml", "responses.txt", "server.rs", "transport.rs"]));
}

/// A request as a rule describes it; status, headers and body of the response to it.
fn ask(url: &str, asked: &str, has: &str) -> (u16, BTreeMap<String, String>, String) {
    let (method, path) = asked.split_once(' ').unwrap();
    let method = if method == "*" { "GET" } else { method };
    let path = if path == "*" { "/" } else { path };
    let (mut query, mut header, mut body) = ("", String::new(), "m f=1 1");
    if has.starts_with("Token ") {
        header = format!("Authorization: {has}\r\n");
    } else if has.contains(['"', ' ', '\n']) {
        body = has;
    } else {
        query = has;
    }
    if matches!(method, "GET" | "HEAD" | "DELETE") {
        body = "";
    }
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "{method} {path}?{query} HTTP/1.1\r\n{header}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_owned(), value.to_owned());
    }
    let length = headers.get("Content-Length").filter(|_| method != "HEAD");
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    (status, headers, String::from_utf8(body).unwrap())
}

#[test]
fn no_example_has_a_response_of_its_own() {
    let bodies = recorded_bodies(&root().join("tests/recordings"));
    let (mut wrong, mut held) = (Vec::new(), 0);
    for (path, text) in pages() {
        let published = ["src", "docs", "README.md"].map(|dir| root().join(dir));
        if !published.iter().any(|dir| path.starts_with(dir)) && !path.ends_with("README.md") {
            continue;
        }
        for code in examples(&text) {
            held += literals(&code).iter().filter(|l| is_response(l)).count();
            if let Err(error) = check(&code, &bodies) {
                wrong.push(format!("{}: {error}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(held > 50, "{held} responses were found in the examples");
}

#[test]
fn responses_written_for_an_example_are_found() {
    let bodies = [
        r#"{"code":"invalid","message":"a 'b'"}"#,
        "#datatype,string\r\n,a\r\n",
    ];
    let bodies = bodies.map(String::from);
    for right in [
        r##"ErrorBody::read(br#"{"code":"invalid","message":"a 'b'"}"#)"##,
        r#"let start = b"{\"code\":\"invalid\",\"message\":\"a";"#,
        "let csv = \"#datatype,string\\r\\n\\\n     ,a\\r\\n\";",
        "let query = \"from(bucket: params.b)\"; // not a \"#datatype\" of a response",
        r##"let request = r#"{"query":"buckets()"}"#;"##,
        "let deaf = std::net::TcpListener::bind(\"127.0.0.1:0\");",
    ] {
        assert_eq!(check(right, &bodies), Ok(()), "{right}");
    }
    for (wrong, error) in [
        (
            r##"ErrorBody::read(br#"{"code":"invalid","message":"c"}"#)"##,
            r#"not in a recording: {"code":"invalid","message":"c"}"#,
        ),
        (
            "let csv = b\"#datatype,string\\n,a\\n\";",
            "not in a recording: #datatype,string\n,a\n",
        ),
        (
            "let head = \"HTTP/1.1 204 No Content\\r\\n\\r\\n\";",
            "not in a recording: HTTP/1.1 204 No Content\r\n\r\n",
        ),
        (r#"let page = "<html>x";"#, "not in a recording: <html>x"),
        (
            r##"let v1 = r#"{"results":[]}"#;"##,
            r#"not in a recording: {"results":[]}"#,
        ),
        (
            "let (stream, _) = listener.accept()?;",
            "a server of its own: accept(",
        ),
        (
            "for stream in listener.incoming() {}",
            "a server of its own: incoming(",
        ),
    ] {
        assert_eq!(check(wrong, &bodies), Err(error.to_owned()), "{wrong}");
    }
}

/// The bodies of all recorded responses.
fn recorded_bodies(dir: &Path) -> Vec<String> {
    let mut bodies = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            bodies.extend(recorded_bodies(&path));
        } else if ending == Some("csv") {
            bodies.push(fs::read_to_string(&path).unwrap());
        } else if ending == Some("json") {
            let text = fs::read_to_string(&path).unwrap();
            let exchange: Json = serde_json::from_str(&text).unwrap_or_default();
            bodies.extend(exchange["response"]["body"].as_str().map(String::from));
        }
    }
    bodies
}

/// The blocks of Rust code on a page, without the marks of hidden lines.
fn examples(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block = None::<String>;
    for line in page.lines().map(str::trim_start) {
        if let Some(language) = line.strip_prefix("```") {
            match block.take() {
                Some(code) => found.push(code),
                None => block = Some(String::new()),
            }
            if ["text", "sh", "toml", "python"]
                .iter()
                .any(|l| language.starts_with(l))
            {
                block = block.map(|_| String::from("\0"));
            }
        } else if let Some(code) = &mut block {
            let line = line.strip_prefix("# ").unwrap_or(line);
            *code += line;
            code.push('\n');
        }
    }
    found.retain(|code| !code.starts_with('\0'));
    found
}

fn check(code: &str, bodies: &[String]) -> Result<(), String> {
    let servers = ["accept(", "incoming(", "mock_server", "UnixListener"];
    if let Some(server) = servers.iter().find(|server| code.contains(**server)) {
        return Err(format!("a server of its own: {server}"));
    }
    let mut responses = literals(code).into_iter().filter(|l| is_response(l));
    match responses.find(|text| !bodies.iter().any(|body| body.contains(text.as_str()))) {
        Some(text) => Err(format!("not in a recording: {text}")),
        None => Ok(()),
    }
}

/// Whether a text is one that servers send.
fn is_response(text: &str) -> bool {
    let members = ["code", "message", "error", "results", "data"];
    let json = text.trim_start().starts_with('{')
        && members
            .iter()
            .any(|name| text.contains(&format!("\"{name}\":")));
    // Longer than a name that the text of an example speaks of.
    let csv =
        text.contains("#datatype,") || text.contains("#datatype;") || text.contains(",result,");
    json || csv || text.starts_with("HTTP/1.") || text.contains("<html")
}

/// The string literals of a piece of code, as the compiler reads them.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (before, here) = rest.split_at(at);
        if here.starts_with("//") {
            rest = here.split_once('\n').map_or("", |(_, rest)| rest);
            continue;
        }
        if let Some(behind) = here.strip_prefix("'\"'") {
            rest = behind;
            continue;
        }
        if !here.starts_with('"') {
            rest = &here[1..];
            continue;
        }
        let hashes = &before[before.trim_end_matches('#').len()..];
        if before.trim_end_matches('#').ends_with('r') {
            let Some((text, behind)) = here[1..].split_once(&format!("\"{hashes}")) else {
                break;
            };
            found.push(text.to_owned());
            rest = behind;
            continue;
        }
        let mut text = String::new();
        let mut chars = here[1..].chars();
        while let Some(c) = chars.next().filter(|c| *c != '"') {
            match (c, if c == '\\' { chars.next() } else { None }) {
                (_, Some('r')) => text.push('\r'),
                (_, Some('n')) => text.push('\n'),
                (_, Some('\n')) => chars = chars.as_str().trim_start().chars(),
                (_, Some(other)) => text.push(other),
                (c, None) => text.push(c),
            }
        }
        found.push(text);
        rest = chars.as_str();
    }
    found
}
