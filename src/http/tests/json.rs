//! Unit tests of `json`: it reads what `serde_json` reads.

use super::super::JsonStr;
use super::super::json::Json;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use fastrand::Rng;
use serde_json::Value;

fn items(json: Json<'_>) -> Option<Vec<Json<'_>>> {
    let mut items = json.items()?;
    let mut list = Vec::new();
    while let Some((item, whole)) = items.next_item() {
        assert!(whole);
        list.push(item);
    }
    Some(list)
}

/// Whether both readers see the same in it.
fn alike(json: Json<'_>, value: &Value) -> bool {
    let is_object = json.is_object() == value.is_object();
    is_object
        && match value {
            Value::Object(members) => members.iter().all(|(name, value)| {
                // Of two members with one name the last counts, here as there.
                json.get(name).is_some_and(|json| alike(json, value))
            }),
            Value::Array(values) => items(json).is_some_and(|items| {
                items.len() == values.len()
                    && items.iter().zip(values).all(|(json, v)| alike(*json, v))
            }),
            Value::String(text) => json.text().is_some_and(|s| s == text.as_str()),
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
    let ours = core::str::from_utf8(text).ok();
    let ours = ours.and_then(|text| Json::object(text, false));
    match (ours, serde_json::from_slice::<Value>(text)) {
        (Some(json), Ok(value)) => {
            assert!(value.is_object(), "{shown}");
            assert!(alike(json, &value), "{shown}");
        }
        (None, Ok(value)) => assert!(!value.is_object(), "{shown}"),
        (None, Err(_)) => {}
        (Some(_), Err(e)) => {
            let why = format!("{e}");
            let known = ["surrogate", "number out of range", "hex escape"];
            assert!(known.iter().any(|k| why.contains(k)), "{shown}: {why}");
        }
    }
}

const SAMPLES: [&str; 10] = [
    r#" {"code":"invalid","message":"unable to parse 'a b': missing \"fields\"\n","line":3} "#,
    r#"{"error":{"message":"\u00e9\ud83d\ude00\/\b\f\n\r\t\\"},"n":[-0.5e+10,0,10,1E2]}"#,
    r#"{"data":[{"error_message":"no","line_number":2,"original_line":"x"},{"a":null}]}"#,
    r#"{"a":{"b":{"c":[[],{},[{}],true,false,null]}},"a":"last"}"#,
    r#"{"line":4294967295,"x":4294967296,"y":-1,"z":1.0,"":"","é":"✓"}"#,
    r#"{"\u0061":1,"a\"":[ { } , [ ] ], "b" : { "c" : "}" } }"#,
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

fn random_text(rng: &mut Rng) -> String {
    let len = rng.usize(..8);
    core::iter::repeat_with(|| match rng.u8(..6) {
        0 => rng.char('\0'..'\u{30}'),
        1 => rng.char(..),
        2 => '\\',
        3 => '"',
        _ => rng.char('a'..='e'),
    })
    .take(len)
    .collect()
}

fn random_value(rng: &mut Rng, depth: u8) -> Value {
    match rng.u8(..if depth == 0 { 6 } else { 10 }) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 => rng.i64(..).into(),
        3 => rng.u32(..).into(),
        4 => (rng.f64() * 1e30).into(),
        5 => random_text(rng).into(),
        6 | 7 => {
            let len = rng.usize(..4);
            core::iter::repeat_with(|| random_value(rng, depth - 1))
                .take(len)
                .collect()
        }
        _ => random_object(rng, depth - 1),
    }
}

fn random_object(rng: &mut Rng, depth: u8) -> Value {
    let len = rng.usize(..4);
    let mut members = serde_json::Map::new();
    for _ in 0..len {
        members.insert(random_text(rng), random_value(rng, depth));
    }
    members.into()
}

#[test]
fn the_library_sees_the_same_in_random_texts() {
    let mut rng = Rng::with_seed(16);
    for _ in 0..2_000 {
        let value = random_object(&mut rng, 3);
        for text in [
            value.to_string(),
            serde_json::to_string_pretty(&value).unwrap(),
        ] {
            let json = Json::object(&text, false).unwrap();
            assert!(alike(json, &value), "{text}");
            // One byte of it is another.
            let mut damaged = text.clone().into_bytes();
            let at = rng.usize(..damaged.len());
            damaged[at] = b"\"\\{}[],:01. \nax"[rng.usize(..15)];
            check(&damaged);
        }
    }
}

/// What is whole before the cut is as it was; of the last value there is a part.
#[test]
fn a_start_shows_what_is_there() {
    let mut rng = Rng::with_seed(17);
    for _ in 0..500 {
        let text = random_object(&mut rng, 3).to_string();
        let all: Vec<_> = Json::object(&text, false).unwrap().members().collect();
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            let start = &text[..cut];
            assert_eq!(Json::object(start, false), None, "{start}");
            let Some(json) = Json::object(start, true) else {
                assert_eq!(start, "");
                continue;
            };
            let some: Vec<_> = json.members().collect();
            assert!(some.len() <= all.len(), "{start}");
            for (n, ((key, part), (full_key, full))) in some.iter().zip(&all).enumerate() {
                assert_eq!(key, full_key, "{start}");
                let last = n + 1 == some.len();
                assert!(part == full || last, "{start}");
                let (part, full) = (part.text(), full.text());
                assert_eq!(part.is_some(), full.is_some(), "{start}");
                let (part, full) = (part.unwrap_or_default(), full.unwrap_or_default());
                assert!(starts_with(full, part), "{start}");
            }
        }
    }
}

/// A pair of surrogates may be cut in the middle.
fn starts_with(full: JsonStr<'_>, part: JsonStr<'_>) -> bool {
    full.as_raw().starts_with(part.as_raw())
}

#[test]
fn digits_may_be_missing_behind_a_cut() {
    for (text, line) in [
        (r#"{"line":1"#, None),
        (r#"{"line":12"#, None),
        (r#"{"line":12,"#, Some(12)),
        (r#"{"line":12 "#, Some(12)),
        (r#"{"line":12}"#, Some(12)),
    ] {
        let json = Json::object(text, true).unwrap();
        assert_eq!(json.get("line").and_then(Json::integer), line, "{text}");
    }
}

#[test]
fn nesting_has_a_limit() {
    for (deep, fits) in [(1, true), (63, true), (64, false), (100_000, false)] {
        for brackets in [("[", "]"), ("{\"a\":", "}")] {
            let text = format!(
                "{{\"a\":{}0{}}}",
                brackets.0.repeat(deep),
                brackets.1.repeat(deep)
            );
            assert_eq!(Json::object(&text, false).is_some(), fits, "{deep}");
        }
    }
}
