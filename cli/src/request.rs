//! `request`: any request to the server's HTTP API.

use crate::command::{Command, Count, Kind, Matches, Operand, Opt};
use crate::failure::{Failure, NO_PERMISSION};
use crate::object::Object;
use crate::report::{Printable, Report};
use crate::settings;
use influx_edge::client::{Method, Response};
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

pub(crate) const COMMAND: Command = Command {
    name: "request",
    summary: "send any request to the server's HTTP API",
    operands: &[
        Operand {
            name: "METHOD",
            help: "method: GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
            count: Count::One,
            kind: Kind::Choice(METHODS),
        },
        Operand {
            name: "PATH",
            help: "path below the server's URL: /api/v2/labels",
            count: Count::One,
            kind: Kind::Text,
        },
        Operand {
            name: "KEY=VALUE",
            help: "query parameters",
            count: Count::Any,
            kind: Kind::Text,
        },
    ],
    options: &[
        Opt::value("data", "FILE", Kind::File, "the body; - is standard input").short('d'),
        Opt::value(
            "content-type",
            "TYPE",
            Kind::Text,
            "type of the body (default application/json)",
        ),
        Opt::flag("include", "print the response's headers as well").short('i'),
    ],
    connects: true,
    notes: "POST, PUT and PATCH read the body from standard input, unless it is a\n\
            terminal or --data names a file. The response's body, up to 16 MiB, goes to\n\
            standard output, its status to standard error. The exit code is 0 for a\n\
            status of 2xx, 77 for 401 and 403, otherwise 1. The organization is added to\n\
            the query; org= or orgID= replaces it.",
    examples: &[
        (
            "List the labels",
            "influx-edge request GET /api/v2/labels limit=10",
        ),
        (
            "Create a label",
            "echo '{\"name\":\"north\",\"orgID\":\"…\"}' | influx-edge request POST /api/v2/labels",
        ),
    ],
    commands: &[],
    run,
};

const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    let report = Report::new(matches);
    let text = matches.operand(0)?.unwrap_or_default();
    let method: Method = text.parse().map_err(|_| {
        matches.misused(format_args!(
            "{text:?} is not a method; use {}",
            METHODS.join(", ")
        ))
    })?;
    let path = matches.operand(1)?.unwrap_or_default();
    let mut pairs = Vec::new();
    for pair in matches.operands_from(2) {
        match pair.to_str().and_then(|pair| pair.split_once('=')) {
            Some(pair) => pairs.push(pair),
            None => return Err(matches.misused(format_args!("{pair:?}: expected KEY=VALUE"))),
        }
    }
    let client = settings::client(matches, &report)?;
    let mut request = client.request(method, path);
    if pairs.iter().any(|(key, _)| matches!(*key, "org" | "orgID")) {
        request = request.without_org();
    }
    for (key, value) in pairs {
        request = request.query(key, value);
    }
    if let Some(limit) = matches.duration("timeout")? {
        request = request.timeout(limit);
    }
    if let Some(body) = body(matches, method)? {
        let kind = matches.text("content-type")?.unwrap_or("application/json");
        request = request.header("Content-Type", kind).body(body);
    }
    let response = request.call()?;
    let status = response.status();
    print(matches, &report, response)?;
    Ok(match status {
        200..=299 => ExitCode::SUCCESS,
        401 | 403 => ExitCode::from(NO_PERMISSION),
        _ => ExitCode::FAILURE,
    })
}

/// Returns the body to be sent, if there is one.
fn body(matches: &Matches, method: Method) -> Result<Option<Vec<u8>>, Failure> {
    let named = matches
        .path("data")
        .filter(|file| *file != std::path::Path::new("-"));
    if let Some(file) = named {
        let read = fs::read(file);
        return read
            .map(Some)
            .map_err(|why| Failure::no_input(file.display(), why));
    }
    let takes = matches!(method, Method::Post | Method::Put | Method::Patch);
    let piped = takes && !io::stdin().is_terminal();
    if !matches.has("data") && !piped {
        return Ok(None);
    }
    let mut body = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut body)
        .map_err(|why| Failure::no_input("standard input", why))?;
    // An empty body is sent only if `--data -` asked for it.
    Ok((!body.is_empty() || matches.has("data")).then_some(body))
}

fn print(matches: &Matches, report: &Report, response: Response) -> Result<(), Failure> {
    let status = response.status();
    let shown = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers: Vec<(String, String)> = response
        .headers()
        .map(|(name, value)| (name.to_owned(), shown(value)))
        .collect();
    let body = response.into_bytes()?;
    let mut out = io::stdout().lock();
    if report.json {
        let mut all = Object::default();
        for (name, value) in headers {
            all.set(&name, value);
        }
        let mut line = Object::default();
        line.set("status", status);
        line.set("headers", all);
        let text = |_| serde_json::Value::from(shown(&body));
        line.set("body", serde_json::from_slice(&body).unwrap_or_else(text));
        writeln!(out, "{line}")?;
        return Ok(());
    }
    report.note(format_args!("status {status}"));
    if matches.has("include") {
        for (name, value) in &headers {
            writeln!(out, "{}: {}", Printable(name), Printable(value))?;
        }
        writeln!(out)?;
    }
    if io::stdout().is_terminal() {
        let text = shown(&body);
        write!(out, "{}", Printable(text.trim_end()))?;
        writeln!(out)?;
    } else {
        out.write_all(&body)?;
    }
    out.flush()?;
    Ok(())
}
