//! The rule of `named_line` is the client's: whatever a server names, both find the same line first.
//!
//! `INFLUX_EDGE_CASES` sets the number of cases, `INFLUX_EDGE_SEED` the seed.

use super::first_named;
use crate::client::line_errors;
use crate::client::secret::Secrets;
use crate::http::ErrorBody;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use fastrand::Rng;

fn number(name: &str, default: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// The first line that the client finds.
fn clients(response: &str, body: &[u8]) -> Option<u32> {
    let named = ErrorBody::read(response.as_bytes()).line_errors();
    let (errors, _) = line_errors(named, body, &Secrets::none(), 100);
    // A number behind the last line is the server's word, and no line.
    let lines = crate::line::split_lines::split(body).count();
    let mut found = errors.iter().filter_map(|error| error.number);
    found.find(|n| *n as usize <= lines)
}

fn ours(response: &str, body: &[u8]) -> Option<u32> {
    first_named(body, ErrorBody::read(response.as_bytes()).line_errors())
}

fn body(rng: &mut Rng) -> String {
    let lines = [
        "a f=1 1",
        "a f=1 1",
        "a f=1",
        "long f=123456789 3",
        "long f=1234 4",
        "  a f=1 1",
        "\t\u{b}long f=12",
        "# all",
        " # some",
        "",
        " \t",
        "m f=\"a\nb\" 1",
        "m f=\"a f=1 1\na f=1 1\" 1",
        "bad f= 2",
        "ä f=\"…\" 1",
        "a f=1 1...",
        "…",
        "...",
        ".",
        "\u{c}",
        "\r",
        "a f=1 1 ",
        "long",
        "m\\\nn f=1",
        "\"",
        "a f=1 1…",
    ];
    let mut body = String::new();
    for _ in 0..rng.usize(..7) {
        body.push_str(lines[rng.usize(..lines.len())]);
        body.push_str(["\n", "\n", "\n", "\r\n", "\r\r\n", "\n\n"][rng.usize(..6)]);
    }
    if rng.bool() && body.ends_with('\n') {
        body.pop();
    }
    body
}

/// A line of the body, or something like it.
fn text(rng: &mut Rng, body: &str) -> String {
    let mut all: Vec<&str> = body.split('\n').collect();
    all.extend(
        crate::line::split_lines::split(body.as_bytes())
            .map(|line| core::str::from_utf8(line).unwrap()),
    );
    let mut text = all[rng.usize(..all.len())].to_string();
    for _ in 0..rng.usize(..3) {
        match rng.u8(..9) {
            0 => drop(text.pop()),
            1 => text.push_str(["…", "...", ".", "\n", "\r", " ", "\r\r", "x"][rng.usize(..8)]),
            2 => text.insert_str(
                0,
                [" ", "\t", "\u{b}", "\u{c}", "\u{a0}", "\r", "\n", "x"][rng.usize(..8)],
            ),
            3 => text = text.trim().to_string(),
            4 => {
                let cut = text.chars().take(rng.usize(..12)).collect();
                text = cut;
            }
            5 => text.clear(),
            _ => {}
        }
    }
    text
}

#[test]
fn both_find_the_same_line_first() {
    let seed = number("INFLUX_EDGE_SEED", 20_260_101);
    std::println!("INFLUX_EDGE_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let (mut found, mut none) = (0, 0);
    let cases = number("INFLUX_EDGE_CASES", 10_000) * 5;
    for case in 0..cases {
        let body = body(&mut rng);
        let mut entries = Vec::new();
        let mut message = Vec::new();
        for _ in 0..rng.usize(1..4) {
            let text = text(&mut rng, &body);
            let mut entry = serde_json::json!({"error_message": "why", "original_line": text});
            if rng.u8(..3) > 0 {
                entry["line_number"] = rng.u32(..9).into();
            }
            if rng.u8(..8) == 0 {
                entry.as_object_mut().unwrap().remove("original_line");
            }
            entries.push(entry);
            message.push(alloc::format!("unable to parse '{text}': why"));
        }
        let response = match rng.u8(..4) {
            0 => serde_json::json!({"code": "invalid", "message": message.join("\n")}),
            1 => {
                serde_json::json!({"code": "invalid", "message": "partial write", "line": rng.u32(..9)})
            }
            2 => serde_json::json!({"error": "parsing failed", "data": entries[0]}),
            _ => serde_json::json!({"error": "partial write", "data": entries}),
        };
        let response = response.to_string();
        let expected = clients(&response, body.as_bytes());
        assert_eq!(
            ours(&response, body.as_bytes()),
            expected,
            "case {case}: {response} of {body:?}"
        );
        match expected {
            Some(_) => found += 1,
            None => none += 1,
        }
    }
    std::println!("{found} found, {none} not");
    assert!(found > cases / 10 && none > cases / 10);
}
