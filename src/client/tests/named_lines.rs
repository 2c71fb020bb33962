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
    line_errors(named, body.as_bytes(), &secrets, 100).0
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

/// InfluxDB 3 counts neither comments nor empty lines, and takes the text from another count: every
/// newline ends a line there. The good line that it then repeats is not the one that it means.
/// InfluxDB 2 repeats a line without the blanks before it.
#[test]
fn comments_and_newlines_in_strings_shift_no_line() {
    let good = "good f=1 1";
    let bad = "bad f= 2";
    let table: [(&str, Option<u32>, &str, Option<u32>); 12] = [
        ("# all\n{good}\n{bad}", Some(2), good, Some(3)),
        ("\n{good}\n{bad}\n", Some(2), good, Some(3)),
        ("{good}\n \t\n#\n{bad}", Some(2), " \t", Some(4)),
        ("m f=\"a\nb\" 1\n{good}\n{bad}", Some(3), good, Some(3)),
        ("m f=\"a\nb\" 1\n{bad}\n{good}", Some(2), "b\" 1", Some(2)),
        (
            "m f=\"a\nb\" 1\r\n{good}\r\n{bad}\r\n",
            Some(3),
            good,
            Some(3),
        ),
        ("{good}\r\n{bad}\r\n", Some(2), bad, Some(2)),
        ("{good}\r\n{bad}\r\n", None, bad, Some(2)),
        ("  {good}\n\t {bad}\n", None, bad, Some(2)),
        ("  {good}\n\t {bad}\n", Some(2), "\t {bad}", Some(2)),
        // The number alone, where it depends on the server what it counts.
        ("{good}\n#\n{bad}\n{good}", Some(1), "", Some(1)),
        ("#\n{good}\n{bad}\n{good}", Some(2), "", None),
    ];
    let fill = |text: &str| text.replace("{good}", good).replace("{bad}", bad);
    for (body, number, text, expected) in table {
        let errors = named(number, &fill(text), &fill(body));
        let numbers: Vec<_> = errors.iter().filter_map(|e| e.number).collect();
        assert_eq!(numbers, Vec::from_iter(expected), "{body:?}");
        let line = errors.first().map_or("", |e| e.line.trim());
        match numbers.first() {
            Some(1) => assert_eq!(line, good, "{body:?}"),
            Some(_) => assert_eq!(line, bad, "{body:?}"),
            None => assert_eq!(line, "", "{body:?}"),
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
    let (errors, _) = line_errors(named, body.as_bytes(), &secrets, 100);
    assert_eq!(errors.len(), 3_000);
    let back = errors.iter().rev().map(|e| e.line.clone());
    assert!(back.eq(lines.iter().map(ToString::to_string)));
}
