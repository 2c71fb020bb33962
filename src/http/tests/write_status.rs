//! Unit tests of `write_status`: the table, status by status.

use super::super::{Remedy, Stored, WriteResponse, WriteStatus};
use super::{classify, line, named};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

type Meaning = (Stored, Option<Remedy>);

fn meaning(status: u16, body: &str) -> Meaning {
    let status = classify(status, body);
    (status.stored, status.remedy)
}

const OPERATOR: Meaning = (Stored::None, Some(Remedy::Operator));
const LINES: Meaning = (Stored::None, Some(Remedy::RemoveBadLines));
const PARTIAL: Meaning = (Stored::Partial, Some(Remedy::None));

#[test]
fn each_status_means_one_thing() {
    use Remedy::{Operator, Retry, Split};
    use Stored::{All, Unknown};

    let partial = r#"{"code":"x","message":"partial write: type conflict dropped=3"}"#;
    let other = r#"{"code":"x","message":"who knows"}"#;
    // The statuses, what they mean in words we don't know, in a proxy's words, and where a part
    // was written.
    let good: Meaning = (All, None);
    let retry = |stored| (stored, Some(Retry));
    let unknown: Meaning = (Unknown, Some(Operator));
    for (statuses, means) in [
        (0..=200, [unknown; 3]),
        (201..=201, [unknown, unknown, PARTIAL]),
        (202..=203, [unknown; 3]),
        (204..=204, [good; 3]),
        (205..=299, [unknown; 3]),
        (300..=399, [OPERATOR; 3]),
        (400..=400, [LINES, OPERATOR, PARTIAL]),
        (401..=407, [OPERATOR; 3]),
        (408..=408, [retry(Unknown); 3]),
        (409..=412, [OPERATOR; 3]),
        (413..=413, [(Stored::None, Some(Split)); 3]),
        (414..=421, [OPERATOR; 3]),
        (422..=422, [LINES, OPERATOR, PARTIAL]),
        (423..=424, [OPERATOR; 3]),
        (425..=425, [retry(Unknown); 3]),
        (426..=428, [OPERATOR; 3]),
        (429..=429, [retry(Stored::None); 3]),
        (430..=499, [OPERATOR; 3]),
        (500..=500, [retry(Unknown), retry(Unknown), PARTIAL]),
        (501..=501, [OPERATOR; 3]),
        (502..=504, [retry(Unknown); 3]),
        (505..=505, [OPERATOR; 3]),
        (506..=599, [retry(Unknown); 3]),
        (600..=999, [unknown; 3]),
    ] {
        for status in statuses {
            for (body, expected) in [other, "<html>nginx", partial].into_iter().zip(means) {
                let result = classify(status, body);
                assert_eq!((result.stored, result.remedy), expected, "{status} {body}");
                let dropped = (expected == PARTIAL).then_some(3);
                assert_eq!(result.dropped, dropped, "{status} {body}");
                assert_eq!(result.retry_after, None);
            }
        }
    }
}

/// Status 500, and words that are about the request.
#[test]
fn a_500_about_the_request_is_not_retried() {
    let retry: Meaning = (Stored::Unknown, Some(Remedy::Retry));
    for (body, expected) in [
        (r#"{"error":"retention policy not found: a"}"#, OPERATOR),
        (
            r#"{"error":"\u0072etention policy not found: a"}"#,
            OPERATOR,
        ),
        ("error in InfluxQL statement: x", OPERATOR),
        (
            "query error: error while planning query: SQL error: x",
            OPERATOR,
        ),
        (
            "query error: error while planning query: IO error: x",
            retry,
        ),
        ("query error: x", retry),
        (r#"{"error":"write failed"}"#, retry),
        (r#"{"error":"no retention policy not found"}"#, retry),
        (r#"{"message":"retention policy not found: a"}"#, retry),
        // Here the good lines are stored.
        (
            r#"{"error":"partial write: retention policy not found dropped=1"}"#,
            PARTIAL,
        ),
    ] {
        assert_eq!(meaning(500, body), expected, "{body}");
        if expected == OPERATOR {
            for status in [502, 503, 504, 507] {
                assert_eq!(meaning(status, body), retry, "{status} {body}");
            }
            assert_eq!(named(classify(500, body).line_errors), []);
        }
    }
}

#[test]
fn a_201_with_partial_write_is_one() {
    let older_cloud = r#"{"code":"invalid","line":2,"message":"partial write error (2 written): unable to parse: invalid field"}"#;
    let status = classify(201, older_cloud);
    assert_eq!((status.stored, status.remedy), PARTIAL);
    assert_eq!(status.dropped, None);
    let reason = "partial write error (2 written): unable to parse: invalid field";
    assert_eq!(named(status.line_errors), [line(Some(2), "", reason)]);
    for (body, expected) in [
        (
            r#"{"code":"invalid","message":"partial write has occurred"}"#,
            PARTIAL,
        ),
        (
            r#"{"error":"partial write of line protocol occurred","data":[{"error_message":"bad"}]}"#,
            PARTIAL,
        ),
        // Somebody else's, or of a bucket that was made: not what a write responds.
        (
            r#"{"message":"partial write"}"#,
            (Stored::Unknown, Some(Remedy::Operator)),
        ),
        (
            r#"{"error":"partial write"}"#,
            (Stored::Unknown, Some(Remedy::Operator)),
        ),
        (
            r#"{"code":"ok","message":"made"}"#,
            (Stored::Unknown, Some(Remedy::Operator)),
        ),
        (
            "<html>partial write",
            (Stored::Unknown, Some(Remedy::Operator)),
        ),
        ("", (Stored::Unknown, Some(Remedy::Operator))),
    ] {
        assert_eq!(meaning(201, body), expected, "{body}");
    }
}

#[test]
fn a_gateways_refusal_is_not_about_lines() {
    for body in [
        // AWS, Kong, Azure, Apigee, Google, Spring, Tyk, Envoy, nginx, nothing.
        r#"{"message":"Bad Request"}"#,
        r#"{"message": null}"#,
        r#"{"message":"Bad Request","request_id":"8f0c"}"#,
        r#"{"statusCode":400,"message":"Unable to parse the request"}"#,
        r#"{"fault":{"faultstring":"Decompression failure","detail":{"errorcode":"x"}}}"#,
        r#"{"code":400,"message":"INVALID_ARGUMENT: bad body"}"#,
        r#"{"error":{"code":400,"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT"}}"#,
        r#"{"timestamp":"2026-11-22","status":400,"error":"Bad Request","path":"/api/v2/write"}"#,
        r#"{"error":"There was a problem proxying the request"}"#,
        r#"{"error":"JSON parsing failed","data":{}}"#,
        r#"{"error":"Bad Request","message":"body too odd","code":null}"#,
        r#"{"errors":["partial write"]}"#,
        r#"["partial write"]"#,
        r#"{"message":"partial write"}"#,
        "upstream connect error or disconnect/reset before headers",
        "<html><h1>400 Bad Request</h1>unable to parse 'm f=': partial write</html>",
        "unable to parse 'm f=': missing field value",
        "",
    ] {
        for status in [400, 422] {
            assert_eq!(meaning(status, body), OPERATOR, "{status} {body}");
            assert_eq!(named(classify(status, body).line_errors), []);
        }
        assert_eq!(
            meaning(413, body),
            (Stored::None, Some(Remedy::Split)),
            "{body}"
        );
    }
}

#[test]
fn a_1x_error_is_about_lines_if_it_says_so() {
    for (message, expected) in [
        ("unable to parse 'm': missing fields", LINES),
        (
            "partial write: field type conflict: input field dropped=1",
            PARTIAL,
        ),
        ("database is required", OPERATOR),
        ("invalid precision", OPERATOR),
    ] {
        let body = format!(r#"{{"error":"{message}"}}"#);
        assert_eq!(meaning(400, &body), expected, "{message}");
    }
}

#[test]
fn what_is_about_the_request_takes_out_no_line() {
    for message in [
        "Please provide either orgID or org",
        "invalid precision; valid precision units are ns, us, ms, and s",
        "precision unit",
        "bucketID or bucket",
        "id must have a length of 16 bytes",
        "Client sent an HTTP request to an HTTPS server.",
        "write buffer error: catalog update error: Adding a new database would exceed limit of 5 databases",
    ] {
        let body = format!(r#"{{"code":"invalid","message":"{message}"}}"#);
        assert_eq!(meaning(400, &body), OPERATOR, "{message}");
    }
}

#[test]
fn a_quoted_line_decides_nothing() {
    for line in ["partial write", "invalid precision", "namespace name"] {
        let body = format!(
            r#"{{"code":"invalid","message":"unable to parse 'm f=\"{line}': unbalanced quotes"}}"#
        );
        assert_eq!(meaning(400, &body), LINES, "{line}");
    }
}

#[test]
fn a_message_cut_short_is_influxdbs_if_it_begins_so() {
    let begins = r#"{"code":"invalid","message":"unable to parse 'm"#;
    for (begins, truncated, expected) in [
        (begins, true, LINES),
        // It came whole and is no JSON.
        (begins, false, OPERATOR),
        (r#"{"error":"#, true, OPERATOR),
        ("<html>", true, OPERATOR),
        (
            r#"{"code":"invalid","message":"partial write: field type conflict: inp"#,
            true,
            PARTIAL,
        ),
    ] {
        for more in [0, 70_000] {
            let body = [begins, &"x".repeat(more)].concat();
            let status = WriteStatus::classify(&WriteResponse {
                status: 400,
                body: body.as_bytes(),
                truncated,
                ..WriteResponse::default()
            });
            assert_eq!((status.stored, status.remedy), expected, "{begins}");
            assert_eq!(named(status.line_errors), []);
        }
    }
}

/// Thousands of bad lines in one message, as InfluxDB 2 sends them: those before the cut count.
#[test]
fn the_lines_before_a_cut_are_named() {
    let message: Vec<String> = (0..5_000)
        .map(|n| format!(r"unable to parse 'm,t={n} f=x': invalid boolean"))
        .collect();
    let message = message.join(r"\n");
    let body = format!(r#"{{"code":"invalid","message":"{message}"}}"#);
    for (len, expected) in [(64 * 1024, 1_000), (body.len(), 5_000)] {
        let status = WriteStatus::classify(&WriteResponse {
            status: 400,
            body: &body.as_bytes()[..len],
            truncated: len < body.len(),
            ..WriteResponse::default()
        });
        assert_eq!((status.stored, status.remedy), LINES);
        let lines = named(status.line_errors);
        assert!(lines.len() >= expected, "{}", lines.len());
        for (n, bad) in lines.iter().enumerate() {
            assert_eq!(bad, &line(None, &format!("m,t={n} f=x"), "invalid boolean"));
        }
    }
}

#[test]
fn the_servers_wish_is_read_whatever_the_status() {
    for status in [204, 400, 429, 503] {
        let response = WriteResponse {
            status,
            retry_after: Some("Sun, 22 Nov 2026 06:00:09 GMT"),
            date: Some("Sun, 22 Nov 2026 06:00:00 GMT"),
            ..WriteResponse::default()
        };
        let expected = Some(Duration::from_secs(9));
        assert_eq!(WriteStatus::classify(&response).retry_after, expected);
    }
}
