//! Unit tests of `json`.

use super::*;
use alloc::vec;
use serde_json::Value;

/// Whether both readers see the same in it.
fn alike(json: Json<'_>, value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().all(|(name, value)| {
            // A name with escapes isn't found.
            json.get(name)
                .map_or(json.0.contains(&b'\\'), |json| alike(json, value))
        }),
        Value::Array(values) => json.items().is_some_and(|items| {
            items.len() == values.len() && items.iter().zip(values).all(|(json, v)| alike(*json, v))
        }),
        Value::String(text) => json.text().as_ref() == Some(text),
        Value::Number(number) => {
            let small = number.as_u64().and_then(|n| u32::try_from(n).ok());
            json.integer() == small && json.number().is_some()
        }
        _ => json.text().is_none() && json.number().is_none() && json.items().is_none(),
    }
}

/// As the library judges: an object and nothing else, or no JSON.
fn check(text: &[u8]) {
    let shown = String::from_utf8_lossy(text);
    match (Json::object(text), serde_json::from_slice::<Value>(text)) {
        (Some(json), Ok(value)) => {
            assert!(value.is_object(), "{shown}");
            assert!(alike(json, &value), "{shown}");
        }
        (None, Ok(value)) => assert!(!value.is_object(), "{shown}"),
        (None, Err(_)) => {}
        (Some(_), Err(e)) => {
            let why = alloc::format!("{e}");
            let known = ["surrogate", "number out of range", "hex escape"];
            assert!(known.iter().any(|k| why.contains(k)), "{shown}: {why}");
        }
    }
}

const SAMPLES: [&str; 9] = [
    r#" {"code":"invalid","message":"unable to parse 'a b': missing \"fields\"\n","line":3} "#,
    r#"{"error":{"message":"\u00e9\ud83d\ude00\/\b\f\n\r\t\\"},"n":[-0.5e+10,0,10,1E2]}"#,
    r#"{"data":[{"error_message":"no","line_number":2,"original_line":"x"},{"a":null}]}"#,
    r#"{"a":{"b":{"c":[[],{},[{}],true,false,null]}},"a":"last"}"#,
    r#"{"line":4294967295,"x":4294967296,"y":-1,"z":1.0,"":"","é":"✓"}"#,
    r#"["not","an","object"]"#,
    "{}",
    "  ",
    "<html>{}</html>",
];

#[test]
fn the_library_sees_the_same() {
    for sample in SAMPLES {
        check(sample.as_bytes());
    }
}

#[test]
fn the_library_sees_the_same_in_damaged_texts() {
    let odd = b"\"\\{}[],:0e.+-u \n\x01\x80tn";
    for sample in SAMPLES {
        for at in 0..sample.len() {
            check(&sample.as_bytes()[..at]);
            let mut without = sample.as_bytes().to_vec();
            without.remove(at);
            check(&without);
            for &byte in odd {
                let mut changed = sample.as_bytes().to_vec();
                changed[at] = byte;
                check(&changed);
                changed[at] = sample.as_bytes()[at];
                changed.insert(at, byte);
                check(&changed);
            }
        }
    }
}

#[test]
fn half_a_pair_is_a_replacement_character() {
    for (text, expected) in [
        (r#"{"m":"\ud83d"}"#, "\u{fffd}"),
        (r#"{"m":"\ude00x"}"#, "\u{fffd}x"),
        (r#"{"m":"\ud83d\u0041"}"#, "\u{fffd}A"),
        (r#"{"m":"\ud83dA"}"#, "\u{fffd}A"),
    ] {
        let json = Json::object(text.as_bytes()).unwrap();
        assert_eq!(
            json.get("m").and_then(Json::text).as_deref(),
            Some(expected)
        );
    }
}

#[test]
fn nesting_has_a_limit() {
    for (deep, fits) in [(120, true), (100_000, false)] {
        let mut text = b"{\"a\":".to_vec();
        text.extend(vec![b'['; deep]);
        text.extend(vec![b']'; deep]);
        text.push(b'}');
        assert_eq!(Json::object(&text).is_some(), fits);
    }
}
