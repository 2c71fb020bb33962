//! Unit tests of `error_body`.

use super::super::ErrorBody;
use super::super::error_body::Form;
use super::{line, named};
use alloc::format;
use alloc::vec;

#[test]
fn an_error_body_has_many_shapes() {
    use Form::{Foreign, InfluxDb, Plain, Text};
    for (body, code, message, form) in [
        // InfluxDB 2, Cloud.
        (
            r#"{"code":"c","message":"m"}"#,
            Some("c"),
            Some("m"),
            InfluxDb,
        ),
        (
            r#"{"code":3,"message":"m","details":[]}"#,
            Some("3"),
            Some("m"),
            InfluxDb,
        ),
        (
            r#"{"code":"c","line":2,"message":"m"}"#,
            Some("c"),
            Some("m"),
            InfluxDb,
        ),
        (
            r#"{"message":"m","error":"e","code":"c"}"#,
            Some("c"),
            Some("m"),
            InfluxDb,
        ),
        (
            r#"{"message":"a","code":"c","message":"b"}"#,
            Some("c"),
            Some("b"),
            InfluxDb,
        ),
        (
            r#" {"code" : "c" , "mess\u0061ge" : "m"} "#,
            Some("c"),
            Some("m"),
            InfluxDb,
        ),
        // InfluxDB 3.
        (
            r#"{"error":"m","data":[{"error_message":"e"},{}]}"#,
            None,
            Some("m"),
            InfluxDb,
        ),
        (
            r#"{"error":"m","data":{"error_message":"e"}}"#,
            None,
            Some("m"),
            InfluxDb,
        ),
        // InfluxDB 1.x and 3; gateways, too.
        (r#"{"error":"m"}"#, None, Some("m"), Plain),
        (r#"{"error":"m","data":null}"#, None, Some("m"), Plain),
        (r#"{"error":"m","data":[]}"#, None, Some("m"), Plain),
        (r#"{"error":"m","data":{}}"#, None, Some("m"), Plain),
        (r#"{"error":"m","data":[[],7]}"#, None, Some("m"), Plain),
        (r#"{"err":"m","op":"o"}"#, None, Some("m"), Plain),
        // InfluxDB 3 without JSON: the body is the message.
        (
            "error in InfluxQL statement: parsing error: \\ \"",
            None,
            None,
            Text,
        ),
        (
            "query error: error while planning query: SQL error: x",
            None,
            None,
            Text,
        ),
        ("query error: database not found", None, None, Text),
        ("serde error: missing field `db`", None, None, Text),
        (" query error: x", None, None, Foreign),
        ("query error", None, None, Foreign),
        ("<p>query error: x", None, None, Foreign),
        // A server that starts.
        (r#"{"status":"m"}"#, None, Some("m"), Foreign),
        // API gateways.
        (
            r#"{"message":"Bad Request"}"#,
            None,
            Some("Bad Request"),
            Foreign,
        ),
        (r#"{"message":null,"requestId":"x"}"#, None, None, Foreign),
        (
            r#"{"code":400,"message":"m"}"#,
            Some("400"),
            Some("m"),
            Foreign,
        ),
        (
            r#"{"statusCode":400,"message":"m"}"#,
            None,
            Some("m"),
            Foreign,
        ),
        (
            r#"{"error":{"code":400,"message":"m"}}"#,
            None,
            Some("m"),
            Foreign,
        ),
        (
            r#"{"error":"e","message":"m","status":400}"#,
            None,
            Some("m"),
            Foreign,
        ),
        (r#"{"fault":{"faultstring":"m"}}"#, None, None, Foreign),
        (r#"{"code":"c"}"#, Some("c"), None, Foreign),
        (r#"{"code":null,"message":"m"}"#, None, Some("m"), Foreign),
        (r#"{"message":7}"#, None, None, Foreign),
        (r#"["message"]"#, None, None, Foreign),
        ("{}", None, None, Foreign),
        ("null", None, None, Foreign),
        ("message", None, None, Foreign),
        ("<html>400</html>", None, None, Foreign),
        ("", None, None, Foreign),
    ] {
        let read = ErrorBody::read(body.as_bytes());
        assert_eq!(read.form, form, "{body}");
        assert_eq!(read.is_from_influxdb(), form != Foreign, "{body}");
        for (ours, expected) in [(read.code(), code), (read.message(), message)] {
            assert_eq!(ours.is_some(), expected.is_some(), "{body}");
            assert_eq!(ours.unwrap_or_default(), expected.unwrap_or(""), "{body}");
        }
    }
    let latin_1 = ErrorBody::read(b"{\"code\":\"c\",\"message\":\"\xe9\"}");
    assert_eq!(latin_1, ErrorBody::default());
}

#[test]
fn lines_are_named_in_many_ways() {
    let message = "partial write error (2 written): m";
    for (rest, lines, dropped) in [
        (r#""line":2"#, vec![line(Some(2), "", message)], None),
        (r#""line":1"#, vec![line(Some(1), "", message)], None),
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
            vec![line(Some(2), "", message)],
            None,
        ),
        (r#""data":[],"line":2"#, vec![], Some(0)),
    ] {
        let body = format!(r#"{{"code":"invalid","message":"{message}",{rest}}}"#);
        let read = ErrorBody::read(body.as_bytes());
        assert_eq!(named(read.line_errors()), lines, "{rest}");
        assert_eq!(read.dropped(), dropped, "{rest}");
    }
}

#[test]
fn lines_are_quoted_in_a_message() {
    for (message, lines) in [
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
        (
            r"unable to parse 'e\nunable to parse 'a': b",
            vec![line(None, "a", "b")],
        ),
        (
            r#"unable to parse 'm f=\"\u00e9\\\\\" \ud83d\ude00': b"#,
            vec![line(None, "m f=\"é\\\\\" 😀", "b")],
        ),
        ("unable to parse a: b", vec![]),
    ] {
        let body = format!(r#"{{"code":"invalid","message":"{message}"}}"#);
        let read = ErrorBody::read(body.as_bytes());
        assert_eq!(named(read.line_errors()), lines, "{message}");
        // The number beside it counts where no line is quoted.
        let body = format!(r#"{{"code":"invalid","line":7,"message":"{message}"}}"#);
        let read = ErrorBody::read(body.as_bytes());
        let first = named(read.line_errors()).remove(0).0;
        assert_eq!(first, lines.is_empty().then_some(7), "{message}");
    }
}

#[test]
fn dropped_lines_are_counted_by_the_server() {
    for (message, dropped) in [
        ("partial write: x dropped=3", Some(3)),
        ("partial write: x dropped=3 for database: y", Some(3)),
        ("dropped=1 partial write dropped=20,", Some(20)),
        ("dropped=", None),
        ("dropped=x", None),
        // With 32 bits no batch has so many lines.
        (
            "dropped=18446744073709551615",
            usize::try_from(u64::MAX).is_ok().then_some(u64::MAX),
        ),
        ("dropped=18446744073709551616", None),
        ("dropped 3", None),
    ] {
        let body = format!(r#"{{"code":"invalid","message":"{message}"}}"#);
        assert_eq!(
            ErrorBody::read(body.as_bytes()).dropped(),
            dropped,
            "{message}"
        );
    }
}

#[test]
fn the_start_of_a_body_shows_what_is_there() {
    // Each byte by byte: never more lines than at the end, and those are the same.
    for (body, first) in [
        (
            r#"{"code":"invalid","message":"unable to parse 'é \"1': r\nunable to parse '2': s"}"#,
            line(None, "é \"1", "r"),
        ),
        (
            r#"{"error":"partial write of line protocol occurred","data":[{"error_message":"r","line_number":12,"original_line":"é"},{"error_message":"s","line_number":3}]}"#,
            line(Some(12), "é", "r"),
        ),
    ] {
        let all = named(ErrorBody::read(body.as_bytes()).line_errors());
        assert_eq!(all.len(), 2);
        let mut most = 0;
        for len in 0..body.len() {
            let start = &body.as_bytes()[..len];
            assert_eq!(ErrorBody::read(start), ErrorBody::default());
            let read = ErrorBody::read_start(start);
            assert_eq!(read.dropped(), None);
            let some = named(read.line_errors());
            assert_eq!(some, all[..some.len()], "{len}");
            assert!(some.len() >= most, "{len}");
            most = some.len();
            if most == 1 {
                assert_eq!(some[0], first);
            }
        }
        assert!(most > 0);
        let begins = ErrorBody::read_start(&body.as_bytes()[..40]);
        assert!(begins.is_from_influxdb());
    }
    for foreign in [
        "<html>",
        r#"{"message":"unable to pa"#,
        "{",
        "",
        "{\"code\":\"in",
    ] {
        assert!(!ErrorBody::read_start(foreign.as_bytes()).is_from_influxdb());
    }
}
