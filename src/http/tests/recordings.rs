//! Every recorded response to a write means what its server meant.

use super::super::{Remedy, Stored, WriteResponse, WriteStatus};
use super::{line, named};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::Value;

type Meaning = (Stored, Option<Remedy>);

const STORED: Meaning = (Stored::All, None);
const OPERATOR: Meaning = (Stored::None, Some(Remedy::Operator));
const LINES: Meaning = (Stored::None, Some(Remedy::RemoveBadLines));
const PARTIAL: Meaning = (Stored::Partial, Some(Remedy::None));
const RETRY: Meaning = (Stored::Unknown, Some(Remedy::Retry));

/// A group of exchanges: name, request and response.
fn group(path: &str) -> Vec<(String, Value, Value)> {
    let dir = format!("{}/tests/recordings/{path}", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    files
        .map(|file| {
            let mut all: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
            let name = file.file_stem().unwrap().to_string_lossy();
            let name = format!("{path}/{name}");
            (name, all["request"].take(), all["response"].take())
        })
        .collect()
}

const TABLE: [(&str, Meaning, &[&str]); 11] = [
    (
        "http/write",
        STORED,
        &[
            "empty",
            "ok",
            "ok-gzip",
            "ok-org-id",
            "ok-seconds",
            "ok-writer-token",
            "only-comment",
            "only-newlines",
        ],
    ),
    (
        "http/write",
        LINES,
        &[
            "bad-line-long",
            "bad-line-with-quote",
            "bad-timestamp",
            "duplicate-tag",
            "nan",
            "one-bad-line",
            "reserved-tag",
            "timestamp-overflow",
            "two-bad-lines",
        ],
    ),
    (
        "http/write",
        PARTIAL,
        &[
            "all-outside-retention",
            "outside-retention",
            "type-conflict",
        ],
    ),
    (
        "http/write",
        OPERATOR,
        &[
            "bad-precision",
            "inactive-token",
            "no-bucket",
            "no-org",
            "no-token",
            "read-only-token",
            "unknown-bucket",
            "unknown-org",
            "wrong-method",
            "wrong-token",
        ],
    ),
    ("http/write", RETRY, &["bad-gzip"]),
    (
        "http-3.6.0",
        STORED,
        &[
            "auth/write-bearer",
            "auth/write-token",
            "write-v1/ok",
            "write-v2/gzip",
            "write-v2/no-time",
            "write-v2/ok",
            "write-v3/auto",
            "write-v3/no-sync",
            "write-v3/ok",
        ],
    ),
    (
        "http-3.6.0",
        LINES,
        &[
            "write-v1/bad",
            "write-v2/control-name",
            "write-v2/many-columns",
            "write-v2/not-utf8",
            "write-v2/parse-error",
            "write-v2/tag-then-field",
            "write-v2/type-conflict",
            "write-v3/not-partial",
        ],
    ),
    // (Of a batch of bad lines only, the good ones are stored, too.)
    (
        "http-3.6.0",
        PARTIAL,
        &["write-v3/all-bad", "write-v3/partial"],
    ),
    (
        "http-3.6.0",
        OPERATOR,
        &[
            "auth/v3-write-none",
            "auth/write-none",
            "auth/write-wrong",
            "limits/write-new-database",
        ],
    ),
    (
        "http-3.6.0",
        OPERATOR,
        &[
            "write-v2/bad-name",
            "write-v2/bad-precision",
            "write-v2/empty",
            "write-v2/gzip-broken",
            "write-v2/missing-bucket",
            "write-v2/no-bucket",
        ],
    ),
    (
        "http-3.6.0",
        OPERATOR,
        &[
            "write-v3/bad-db",
            "write-v3/bad-precision",
            "write-v3/empty",
            "write-v3/no-db",
        ],
    ),
];

#[test]
fn every_recorded_write_means_what_its_server_meant() {
    let mut expected = BTreeMap::new();
    for (group, meaning, names) in TABLE {
        for name in names {
            let twice = expected.insert(format!("{group}/{name}"), meaning);
            assert_eq!(twice, None, "{name}");
        }
    }
    let groups = [
        "http/write",
        "http-3.6.0/auth",
        "http-3.6.0/limits",
        "http-3.6.0/write-v1",
        "http-3.6.0/write-v2",
        "http-3.6.0/write-v3",
    ];
    for (name, request, response) in groups.into_iter().flat_map(group) {
        // Of tokens, databases and queries.
        let target = request["target"].as_str().unwrap();
        if name.starts_with("http-3.6.0") && !target.contains("/write") {
            continue;
        }
        let meaning = expected.remove(&name);
        let meaning = meaning.unwrap_or_else(|| panic!("{name} has no expectation"));
        let body = response["body"].as_str().unwrap_or("");
        let response = WriteResponse {
            status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
            retry_after: response["headers"]["Retry-After"].as_str(),
            date: response["headers"]["Date"].as_str(),
            body: body.as_bytes(),
            truncated: false,
        };
        let status = WriteStatus::classify(&response);
        assert_eq!((status.stored, status.remedy), meaning, "{name}: {body}");

        // Whatever line is named, by its text or its number, is one that was sent.
        let sent = request["body"].as_str().unwrap_or("");
        let sent: Vec<&str> = sent.lines().collect();
        let lines = named(status.line_errors);
        for (number, text, reason) in &lines {
            assert!(!reason.is_empty(), "{name}");
            let by_number = number.map(|n| sent[usize::try_from(n).unwrap() - 1]);
            assert!(
                by_number.map_or(sent.contains(&text.as_str()), |line| line.starts_with(text)),
                "{name}: {text}"
            );
        }
        let counts = match name.rsplit_once('/').unwrap().1 {
            "two-bad-lines" => (2, None),
            "partial" | "all-bad" => (2, Some(2)),
            "all-outside-retention" | "outside-retention" | "type-conflict"
                if meaning == PARTIAL =>
            {
                (0, Some(1))
            }
            _ if meaning == LINES && !name.contains("write-v2") => (1, None),
            _ => (0, None),
        };
        assert_eq!((lines.len(), status.dropped), counts, "{name}");

        // A buffer that is too small loses lines, never the meaning.
        for len in 128..body.len() {
            let cut = WriteStatus::classify(&WriteResponse {
                body: &body.as_bytes()[..len],
                truncated: true,
                ..response
            });
            assert_eq!((cut.stored, cut.remedy), meaning, "{name}, {len} bytes");
            let some = named(cut.line_errors);
            assert!(
                lines.starts_with(&some) || some.len() == 1,
                "{name}: {some:?}"
            );
        }
    }
    assert!(expected.is_empty(), "not recorded: {expected:?}");
}

#[test]
fn influxdb_3_numbers_its_lines() {
    let all = group("http-3.6.0/write-v3");
    let (_, _, response) = all.iter().find(|x| x.0.ends_with("/partial")).unwrap();
    let body = response["body"].as_str().unwrap().to_string();
    let status = super::classify(400, &body);
    assert_eq!(
        named(status.line_errors),
        [
            line(
                Some(2),
                "weather,station=zrh-",
                "invalid column type for column 'temp_c', expected iox::column_type::field::float, got iox::column_type::field::string"
            ),
            line(Some(3), "bad line", "No fields were provided"),
        ]
    );
}
