//! Unit tests of `write_status`.

use super::super::response_error::MAX_READ;
use super::*;
use std::format;
use std::vec;

const HTML: &str = "<html>nginx";
const PARTIAL: &str = r#"{"code":"x","message":"partial write: type conflict dropped=3"}"#;
const OTHER: &str = r#"{"code":"x","message":"who knows"}"#;

#[test]
fn each_status_means_one_thing() {
    use Remedy::{Operator, RemoveBadLines, Retry, Split};
    use Stored::{All, Partial, Unknown};

    // The statuses, what they mean in words we don't know, in a proxy's words, and where a part
    // was written.
    type Means = (Stored, Option<Remedy>);
    let good: Means = (All, None);
    let human = |stored| (stored, Some(Operator));
    let retry = |stored| (stored, Some(Retry));
    let lines: Means = (Stored::None, Some(RemoveBadLines));
    let part: Means = (Partial, Some(Remedy::None));
    let split: Means = (Stored::None, Some(Split));
    let same = |means| [means; 3];
    for (statuses, means) in [
        (0..=199, same(human(Unknown))),
        (200..=203, same(human(Unknown))),
        (204..=204, same(good)),
        (205..=299, same(human(Unknown))),
        (300..=399, same(human(Stored::None))),
        (400..=400, [lines, human(Stored::None), part]),
        (401..=407, same(human(Stored::None))),
        (408..=408, same(retry(Unknown))),
        (409..=412, same(human(Stored::None))),
        (413..=413, same(split)),
        (414..=421, same(human(Stored::None))),
        (422..=422, [lines, human(Stored::None), part]),
        (423..=424, same(human(Stored::None))),
        (425..=425, same(retry(Unknown))),
        (426..=428, same(human(Stored::None))),
        (429..=429, same(retry(Stored::None))),
        (430..=499, same(human(Stored::None))),
        (500..=500, [retry(Unknown), retry(Unknown), part]),
        (501..=501, same(human(Stored::None))),
        (502..=504, same(retry(Unknown))),
        (505..=505, same(human(Stored::None))),
        (506..=599, same(retry(Unknown))),
        (600..=999, same(human(Unknown))),
    ] {
        for status in statuses {
            for (body, (stored, remedy)) in [OTHER, HTML, PARTIAL].into_iter().zip(means) {
                let write_status = classify_write(status, &Headers::default(), body.as_bytes());
                let what = format!("{status} {body}");
                assert_eq!(
                    (write_status.stored, write_status.remedy),
                    (stored, remedy),
                    "{what}"
                );
                let dropped = (stored == Partial).then_some(3);
                assert_eq!(write_status.dropped, dropped, "{what}");
                assert_eq!(write_status.retry_after, None, "{what}");
            }
        }
    }
}

#[test]
fn a_message_cut_short_is_influxdbs_if_it_begins_so() {
    let begins = r#"{"code":"invalid","message":"unable to parse 'm"#;
    for (begins, len, whose) in [
        (begins, MAX_READ, Remedy::RemoveBadLines),
        (begins, MAX_READ + 1, Remedy::RemoveBadLines),
        // It came whole and is no JSON.
        (begins, MAX_READ - 1, Remedy::Operator),
        (r#"{"error":"#, MAX_READ, Remedy::Operator),
        ("<html>", MAX_READ, Remedy::Operator),
    ] {
        let mut body = begins.as_bytes().to_vec();
        body.resize(len, b'x');
        let write_status = classify_write(400, &Headers::default(), &body);
        assert_eq!(write_status.remedy, Some(whose), "{begins} of {len}");
    }
}

#[test]
fn an_error_body_has_many_shapes() {
    for (body, code, message) in [
        (r#"{"code":"c","message":"m"}"#, Some("c"), Some("m")),
        (r#"{"code":3,"message":"m"}"#, Some("3"), Some("m")),
        (r#"{"code":"c"}"#, Some("c"), None),
        (r#"{"error":"m"}"#, None, Some("m")),
        (r#"{"error":{"message":"m"}}"#, None, Some("m")),
        (r#"{"err":"m"}"#, None, Some("m")),
        (r#"{"status":"m"}"#, None, Some("m")),
        (r#"{"message":"m","error":"e"}"#, None, Some("m")),
        (r#"{"message":7}"#, None, None),
        (r#"["message"]"#, None, None),
        ("message", None, None),
        ("", None, None),
    ] {
        let error_body = ErrorBody::read(body.as_bytes());
        assert_eq!(error_body.code.as_deref(), code, "{body}");
        assert_eq!(error_body.message.as_deref(), message, "{body}");
        let any = code.is_some() || message.is_some();
        assert_eq!(error_body.from_influxdb, any, "{body}");
    }
}

#[test]
fn lines_are_named_in_many_ways() {
    fn line(number: Option<u32>, line: &str, reason: &str) -> LineError {
        LineError {
            number,
            line: line.to_owned(),
            reason: reason.to_owned(),
        }
    }
    let partial = "partial write error (2 written): m";
    for (rest, line_errors, dropped) in [
        (r#""line":2"#, vec![line(Some(2), "", partial)], None),
        (r#""line":1"#, vec![line(Some(1), "", partial)], None),
        // Lines are counted from 1.
        (r#""line":0"#, vec![], None),
        (r#""line":-1"#, vec![], None),
        (r#""line":"2""#, vec![], None),
        (
            r#""data":[{"line_number":2,"error_message":"r","original_line":"m f="},{"error_message":"s"},{"line_number":4}]"#,
            vec![line(Some(2), "m f=", "r"), line(None, "", "s")],
            Some(3),
        ),
        (
            r#""data":{"line_number":2,"error_message":"r"}"#,
            vec![line(Some(2), "", "r")],
            None,
        ),
        // What neither lists lines nor is one says nothing; the number beside it does.
        (
            r#""data":null,"line":2"#,
            vec![line(Some(2), "", partial)],
            None,
        ),
        (r#""data":[],"line":2"#, vec![], Some(0)),
    ] {
        let body = format!(r#"{{"code":"invalid","message":"{partial}",{rest}}}"#);
        let write_status = classify_write(400, &Headers::default(), body.as_bytes());
        assert_eq!(write_status.line_errors, line_errors, "{rest}");
        assert_eq!(write_status.dropped, dropped, "{rest}");
    }
    for (message, line_errors) in [
        ("unable to parse 'a': b", vec![line(None, "a", "b")]),
        ("x: unable to parse 'a': b", vec![line(None, "a", "b")]),
        (
            r"unable to parse 'a': b\nunable to parse 'c': d: e",
            vec![line(None, "a", "b"), line(None, "c", "d: e")],
        ),
        (
            r"unable to parse 'a\nb': c': d\nunable to parse 'e",
            vec![line(None, "a\nb': c", "d")],
        ),
        ("unable to parse a: b", vec![]),
    ] {
        let body = format!(r#"{{"code":"invalid","message":"{message}"}}"#);
        let write_status = classify_write(400, &Headers::default(), body.as_bytes());
        assert_eq!(write_status.line_errors, line_errors, "{message}");
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
    ] {
        let body = format!(r#"{{"code":"invalid","message":"{message}"}}"#);
        let write_status = classify_write(400, &Headers::default(), body.as_bytes());
        assert_eq!(write_status.remedy, Some(Remedy::Operator), "{message}");
        assert_eq!(write_status.stored, Stored::None, "{message}");
    }
}
