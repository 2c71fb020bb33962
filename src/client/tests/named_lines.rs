//! Unit tests of `named_lines`.

use super::*;
use crate::http::ErrorBody;
use alloc::string::ToString;

const LINES: [&str; 5] = [
    "a f=1 1",
    "b f=\"x': y\nunable to parse 'c f=1 1': z\" 2",
    "a f=1 1",
    "long f=123456789 3",
    "long f=1234 4",
];

/// What becomes of one line that a server names in InfluxDB 3's form.
fn named(number: Option<u32>, line: &str, body: &str) -> Vec<LineError> {
    let mut entry = serde_json::json!({"error_message": "why\u{1b}", "original_line": line});
    if let Some(number) = number {
        entry["line_number"] = number.into();
    }
    let response = serde_json::json!({"error": "partial write", "data": [entry]}).to_string();
    let named = ErrorBody::read(response.as_bytes()).line_errors();
    let secrets = Secrets::none();
    line_errors(named, body.as_bytes(), &secrets, 100)
}

#[test]
fn names_find_their_lines() {
    let body = LINES.join("\n");
    let table: [(Option<u32>, &str, &[usize]); 12] = [
        // By text, wherever it stands; twice the same line is twice as bad.
        (None, LINES[0], &[0, 2]),
        (None, LINES[1], &[1]),
        // By number, alone or with the text or its start.
        (Some(3), LINES[0], &[2]),
        (Some(4), "", &[3]),
        (Some(4), "long f=12345", &[3]),
        (Some(5), "long f=1…", &[4]),
        // By the start, if it is one line's only.
        (None, "long f=12345...", &[3]),
        (None, "long f=1...", &[]),
        // The text counts more than the number, and nothing is guessed.
        (Some(1), LINES[3], &[3]),
        (Some(9), "", &[]),
        (Some(1), "something else", &[]),
        (Some(0), "", &[]),
    ];
    for (number, line, expected) in table {
        let errors = named(number, line, &body);
        let numbers: Vec<_> = errors.iter().filter_map(|e| e.number).collect();
        if expected.is_empty() {
            assert_eq!(errors.len(), 1, "{line}");
            assert_eq!(errors[0].line, "", "{line}");
            assert!(errors[0].reason.contains(line), "{line}");
            assert!(numbers.is_empty() || numbers == [9], "{line}: {numbers:?}");
            continue;
        }
        let meant: Vec<_> = expected.iter().map(|n| *n as u32 + 1).collect();
        assert_eq!(numbers, meant, "{line}");
        for (error, n) in errors.iter().zip(expected) {
            assert_eq!((&*error.line, &*error.reason), (LINES[*n], "why\\u{1b}"));
        }
    }
}

/// Without the body at hand there are only the server's number and words.
#[test]
fn without_a_body_there_are_only_the_servers_words() {
    for (number, line, reason) in [
        (Some(2), "m f=", "'m f=': why\\u{1b}"),
        (Some(2), "", "why\\u{1b}"),
        (None, "m\r\nf", "'m\\r\\nf': why\\u{1b}"),
    ] {
        let errors = named(number, line, "");
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].number, number);
        assert_eq!((&*errors[0].line, &*errors[0].reason), ("", reason));
    }
}

/// Each line is reported once, however often and in whatever order it is named, and quickly.
#[test]
fn thousands_of_lines_are_each_found_once() {
    let lines: Vec<String> = (0..3_000)
        .map(|n| format!("m,t={n} f= {}", n % 7))
        .collect();
    let body = lines.join("\n");
    let message: String = lines
        .iter()
        .rev()
        .chain(&lines)
        .map(|line| format!("unable to parse '{line}': missing field value\n"))
        .collect();
    let response = serde_json::json!({"code": "invalid", "message": message}).to_string();
    let named = ErrorBody::read(response.as_bytes()).line_errors();
    let secrets = Secrets::none();
    let errors = line_errors(named, body.as_bytes(), &secrets, 100);
    assert_eq!(errors.len(), 3_000);
    let back = errors.iter().rev().map(|e| e.line.clone());
    assert!(back.eq(lines.iter().map(ToString::to_string)));
}
