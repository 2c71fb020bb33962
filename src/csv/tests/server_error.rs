//! Unit tests of `server_error`.

use super::*;
use std::string::{String, ToString};

fn read(text: &str) -> Option<(String, String)> {
    let mut text = text.to_string().into_bytes();
    let tail = parse(&mut text)?;
    let part = |range| String::from_utf8_lossy(&text[range]).into_owned();
    Some((part(tail.code), part(tail.message)))
}

#[test]
fn code_and_message_in_any_order() {
    let expected = Some(("internal error".into(), "it broke".into()));
    assert_eq!(
        read(r#"{"code":"internal error","message":"it broke"}"#),
        expected
    );
    assert_eq!(
        read(r#"{ "message" : "it broke", "code" : "internal error" }"#),
        expected
    );
    assert_eq!(
        read(r#"{"code":"internal error","n":1,"o":{"message":2},"message":"it broke"}"#),
        expected
    );
}

#[test]
fn escapes_are_resolved() {
    let text = r#"{"message":"a \"b\" \\ \/ \n\té😀 \ud83d\ude00 \ud83d \udc00\udc01 é"}"#;
    let expected = "a \"b\" \\ / \n\t\u{e9}😀 😀 \u{fffd} \u{fffd}\u{fffd} é";
    assert_eq!(read(text), Some((String::new(), expected.into())));
}

#[test]
fn every_cut_gives_what_there_is() {
    let text = r#"{"code":"internal error","message":"a \"quoted\" é panic"}"#;
    for cut in 0..text.len() {
        if !text.is_char_boundary(cut) {
            continue;
        }
        match read(&text[..cut]) {
            Some((code, message)) => {
                assert_eq!(code, "internal error");
                assert!(cut >= 36, "{cut}: {message}");
            }
            None => assert!(cut < 36, "{cut}"),
        }
    }
}

#[test]
fn without_message_it_is_no_error_object() {
    assert_eq!(read("{}"), None);
    assert_eq!(read(r#"{"code":"x"}"#), None);
    assert_eq!(read(r#"{"status":"pass"}"#), None);
    assert_eq!(read(r#"{"message":1}"#), None);
}
