//! Tests: the lines that can be the cause of a type conflict.

use super::*;
use alloc::format;
use alloc::vec;

fn message(field: &str, measurement: &str, stored: &str) -> String {
    format!(
        "failure writing points to database: partial write: field type conflict: input field \"{field}\" on measurement \"{measurement}\" is type other, already exists as type {stored} dropped=1"
    )
}

#[test]
fn the_lines_with_that_field_of_another_type() {
    let table: [(&str, [&str; 3], Vec<u32>); 22] = [
        (
            "m v=1 1\nm v=\"a\" 2\nm v=2i 3",
            ["v", "m", "float"],
            vec![2, 3],
        ),
        (
            "m v=1 1\nm v=\"a\" 2\nm v=2 3",
            ["v", "m", "string"],
            vec![1, 3],
        ),
        (
            "m v=1i\nm v=1u\nm v=1\nm v=t\nm v=FALSE\nm v=-1e5",
            ["v", "m", "integer"],
            vec![2, 3, 4, 5, 6],
        ),
        (
            "m v=1i\nm v=1u\nm v=1\nm v=t\nm v=FALSE\nm v=-1e5",
            ["v", "m", "unsigned"],
            vec![1, 3, 4, 5, 6],
        ),
        (
            "m v=1i\nm v=1u\nm v=1\nm v=t\nm v=FALSE\nm v=-1e5",
            ["v", "m", "float"],
            vec![1, 2, 4, 5],
        ),
        (
            "m v=1i\nm v=1u\nm v=1\nm v=t\nm v=FALSE\nm v=-1e5",
            ["v", "m", "boolean"],
            vec![1, 2, 3, 6],
        ),
        // Another measurement, another field, a tag of that name.
        (
            "n v=\"a\"\nm w=\"a\"\nm,v=\"a\" w=1\nm,v=x v=\"a\"",
            ["v", "m", "integer"],
            vec![4],
        ),
        // Behind other fields, whose text looks like it.
        (r#"m a="v=1,v=2",b=1,v="x" 5"#, ["v", "m", "float"], vec![1]),
        (r#"m a="\",v=1",b=1 5"#, ["v", "m", "string"], vec![]),
        (
            "m a=\"line\nm v=1\",b=1\nm v=1",
            ["v", "m", "string"],
            vec![2],
        ),
        // Comments and empty lines have numbers, too.
        (
            "# m v=\"a\"\n\n  m v=\"a\"\r\nm v=1",
            ["v", "m", "float"],
            vec![3],
        ),
        // Escapes.
        (
            r#"my\ m\,x,t=1 a\=b\ c="x" 1"#,
            ["a=b c", "my m,x", "boolean"],
            vec![1],
        ),
        (r#"m\x v\y="x" 1"#, ["v\\y", "m\\x", "boolean"], vec![1]),
        // As 2.9.1 writes them: with Go's escapes.
        (r#"m "v"="x" 1"#, [r#"\"v\""#, "m", "float"], vec![1]),
        (r#"m a"b="x""#, [r#"a\"b"#, "m", "float"], vec![1]),
        (r#"m"x v="x""#, ["v", r#"m\"x"#, "float"], vec![1]),
        (r#"m\x v\y="x""#, [r"v\\y", r"m\\x", "float"], vec![1]),
        // Several spaces before the fields.
        ("m  v=\"x\"", ["v", "m", "float"], vec![1]),
        ("m,t=1    a=1,v=\"x\" 1", ["v", "m", "float"], vec![1]),
        // Names that hold the words between them.
        (
            "m v\"\\ on\\ measurement\\ \"m=1\nm\"\\ on\\ measurement\\ \"m v=1\nm v=1",
            ["v", "m\" on measurement \"m", "string"],
            vec![1, 2],
        ),
        // What isn't line protocol is none of them.
        (
            "m\nm v\nm v=\n=\n\"\n\\\nm v=\"",
            ["v", "m", "string"],
            vec![],
        ),
        ("", ["v", "m", "float"], vec![]),
    ];
    for (body, [field, measurement, stored], expected) in table {
        let message = message(field, measurement, stored);
        let found = causes(&message, body.as_bytes(), "why");
        let numbers: Vec<u32> = found.iter().filter_map(|line| line.number).collect();
        assert_eq!(numbers, expected, "{body} {message}");
        for line in found {
            assert_eq!(line.reason, "why");
            assert!(body.contains(line.line.trim_end()), "{line:?}");
        }
    }
}

#[test]
fn other_messages_name_none() {
    for message in [
        "",
        "partial write: points beyond retention policy dropped=1",
        "field type conflict: input field \"v",
        "field type conflict: input field \"v\" on measurement \"m\" is type string",
        "field type conflict: input field \"v\" is type string, already exists as type float",
    ] {
        assert!(causes(message, b"m v=\"a\"", "why").is_empty(), "{message}");
    }
}
