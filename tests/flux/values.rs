//! Literals, parameters and predicates: what is written is what Flux's own scanner reads back.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use influx_edge::flux::{
    Bytes, Dict, FluxError, Params, Predicate, Record, Regex, ToFlux, to_literal, write_extern,
};
use influx_edge::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

fn ast(value: &dyn ToFlux) -> Result<Json, FluxError> {
    let mut text = String::new();
    value.write_ast(&mut text)?;
    Ok(serde_json::from_str(&text).expect("valid JSON"))
}

#[test]
fn each_type_has_its_literal_and_its_node() {
    let map = BTreeMap::from([("a", 1), ("b", 2)]);
    let time = Timestamp::from_nanos(1_700_000_000_500_000_000);
    let system = SystemTime::UNIX_EPOCH + Duration::from_millis(1);
    let string = |value: &str| json!({"type": "StringLiteral", "value": value});
    let integer = |value: &str| json!({"type": "IntegerLiteral", "value": value});
    let duration =
        |n: u64| json!({"type": "DurationLiteral", "values": [{"magnitude": n, "unit": "ns"}]});
    let date = |value: &str| json!({"type": "DateTimeLiteral", "value": value});
    let property = |name: &str, value: Json| json!({"type": "Property", "key": {"type": "Identifier", "name": name}, "value": value});
    let cases: &[(&dyn ToFlux, &str, Json)] = &[
        (
            &true,
            "true",
            json!({"type": "BooleanLiteral", "value": true}),
        ),
        (&-7_i64, "-7", integer("-7")),
        (
            &i64::MIN,
            r#"int(v: "-9223372036854775808")"#,
            integer("-9223372036854775808"),
        ),
        (
            &u64::MAX,
            r#"uint(v: "18446744073709551615")"#,
            json!({"type": "UnsignedIntegerLiteral", "value": "18446744073709551615"}),
        ),
        (
            &20.25,
            "20.25",
            json!({"type": "FloatLiteral", "value": 20.25}),
        ),
        (
            &-2.0,
            "-2.0",
            json!({"type": "FloatLiteral", "value": -2.0}),
        ),
        (
            &1e21,
            "1000000000000000000000.0",
            json!({"type": "FloatLiteral", "value": 1e21}),
        ),
        (&"a \"b\"", r#""a \"b\"""#, string("a \"b\"")),
        (&'é', "\"é\"", string("é")),
        (&String::from("x"), "\"x\"", string("x")),
        (
            &time,
            "2023-11-14T22:13:20.500000000Z",
            date("2023-11-14T22:13:20.500000000Z"),
        ),
        (
            &system,
            "1970-01-01T00:00:00.001000000Z",
            date("1970-01-01T00:00:00.001000000Z"),
        ),
        (
            &Duration::from_millis(90_001),
            "1m30s1ms",
            duration(90_001_000_000),
        ),
        (
            &SignedDuration(-3_600_000_000_000),
            "-1h",
            json!({"type": "UnaryExpression", "operator": "-", "argument": duration(3_600_000_000_000)}),
        ),
        (&SignedDuration(0), "0ns", duration(0)),
        (
            &Regex("^a/b$"),
            r"/^a\/b$/",
            json!({"type": "RegexpLiteral", "value": "^a/b$"}),
        ),
        (
            &Bytes(b"ab"),
            r#"bytes(v: "ab")"#,
            json!({
                "type": "CallExpression",
                "callee": {"type": "Identifier", "name": "bytes"},
                "arguments": [{"type": "ObjectExpression", "properties": [property("v", string("ab"))]}]
            }),
        ),
        (
            &[1, 2],
            "[1, 2]",
            json!({"type": "ArrayExpression", "elements": [integer("1"), integer("2")]}),
        ),
        (
            &Vec::<&str>::new(),
            "[]",
            json!({"type": "ArrayExpression", "elements": []}),
        ),
        (
            &map,
            r#"["a": 1, "b": 2]"#,
            json!({"type": "DictExpression", "elements": [
                {"key": string("a"), "val": integer("1")},
                {"key": string("b"), "val": integer("2")},
            ]}),
        ),
        (
            &Dict::<&str, i64>(&[]),
            "[:]",
            json!({"type": "DictExpression", "elements": []}),
        ),
        (
            &Record(&[("a", &1), ("b c", &"x"), ("left out", &None::<f64>)]),
            r#"{a: 1, "b c": "x"}"#,
            json!({"type": "ObjectExpression", "properties": [
                property("a", integer("1")),
                {"type": "Property", "key": string("b c"), "value": string("x")},
            ]}),
        ),
        (&Some("x"), "\"x\"", string("x")),
    ];
    for (value, literal, node) in cases {
        assert_eq!(to_literal(*value).as_deref(), Ok(*literal));
        assert_eq!(ast(*value).as_ref(), Ok(node), "{literal}");
    }
}

#[test]
fn what_has_no_form_is_refused() {
    assert_eq!(to_literal(&f64::NAN).unwrap(), r#"float(v: "NaN")"#);
    assert_eq!(
        to_literal(&f64::NEG_INFINITY).unwrap(),
        r#"float(v: "-Inf")"#
    );
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(ast(&float), Err(FluxError::NotFinite));
        assert_eq!(ast(&[1.0, float]), Err(FluxError::NotFinite));
    }
    assert_eq!(to_literal(&None::<i64>), Err(FluxError::Null));
    assert_eq!(ast(&[Some(1), None]), Err(FluxError::Null));
    assert_eq!(to_literal(&Bytes(b"\xFF")), Err(FluxError::NotUtf8));
    assert_eq!(to_literal(&Duration::MAX), Err(FluxError::OutOfRange));
}

/// The escapes of Flux strings and of delete predicates, resolved as the servers' scanners do.
fn unescape(literal: &str, known: &str) -> String {
    let inner = literal
        .strip_prefix('"')
        .unwrap()
        .strip_suffix('"')
        .unwrap();
    let (mut text, mut characters) = (String::new(), inner.chars());
    while let Some(character) = characters.next() {
        assert!(character != '"', "an unescaped quote in {literal}");
        assert!(
            !(character == '$' && characters.as_str().starts_with('{')),
            "{literal}"
        );
        if character != '\\' {
            text.push(character);
            continue;
        }
        let escape = characters.next().unwrap();
        assert!(
            known.contains(escape),
            "unknown escape {escape:?} in {literal}"
        );
        text.push(match escape {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' => {
                let digits: String = characters.by_ref().take(2).collect();
                char::from(u8::from_str_radix(&digits, 16).unwrap())
            }
            other => other,
        });
    }
    text
}

/// Reads a literal as Flux's scanner does, which must find one string and nothing behind it. A
/// dollar takes the character behind it along, whatever that is; `\$` is an escape before `{` only.
fn is_one_token(literal: &str) {
    let mut characters = literal.chars().peekable();
    assert_eq!(characters.next(), Some('"'));
    loop {
        match characters.next() {
            Some('"') => break,
            Some('$') if characters.peek() == Some(&'"') => {}
            Some('$') => {
                let taken = characters.next();
                assert!(taken.is_some_and(|c| c != '{'), "{literal}");
            }
            Some('\\') => match characters.next() {
                Some('n' | 'r' | 't' | '\\' | '"') => {}
                Some('$') => assert_eq!(characters.next(), Some('{'), "{literal}"),
                Some('x') => (0..2).for_each(|_| {
                    assert!(characters.next().unwrap().is_ascii_hexdigit(), "{literal}");
                }),
                other => panic!("no escape: {other:?} in {literal}"),
            },
            Some(_) => {}
            None => panic!("no end: {literal}"),
        }
    }
    assert_eq!(characters.next(), None, "code behind the text: {literal}");
}

#[test]
fn hostile_strings_come_back() {
    let parts = [
        "${", "$", "{x}", "\\", "\"", "\n", "\r", "\t", "\0", "\x7F", "a", "é", "😀", "//",
    ];
    for a in parts {
        for b in parts {
            for c in parts {
                let text = format!("{a}{b}{c}");
                let literal = to_literal(&text).unwrap();
                is_one_token(&literal);
                assert_eq!(unescape(&literal, "nrt\\\"$x"), text);
                let node = ast(&text).unwrap();
                assert_eq!(node["value"], Json::from(text.as_str()));
            }
        }
    }
}

/// What Flux's scanner makes of a regular expression literal before compiling it.
fn unescape_regex(literal: &str) -> String {
    let inner = literal
        .strip_prefix('/')
        .unwrap()
        .strip_suffix('/')
        .unwrap();
    let (mut text, mut characters) = (String::new(), inner.chars());
    while let Some(character) = characters.next() {
        assert!(character != '/' && character != '\n', "{literal}");
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters
            .next()
            .expect("a backslash swallows the closing slash")
        {
            '/' => text.push('/'),
            'x' => panic!("a hex escape would be resolved too early: {literal}"),
            other => text.extend(['\\', other]),
        }
    }
    text
}

#[test]
fn regular_expressions_keep_their_meaning() {
    for (pattern, meaning) in [
        ("^a/b$", "^a/b$"),
        (r"a\/b", "a/b"),
        (r"\d+\.\d", r"\d+\.\d"),
        (r"a\x2eb", r"a\.b"),
        (r"[\x2d\x41]", r"[\-A]"),
        (r"\\x2e", r"\\x2e"),
        (r"\xff", "ÿ"),
        ("line\nend", r"line\nend"),
        ("trailing\\", r"trailing\\"),
        ("", "(?:)"),
        ("//", "//"),
    ] {
        assert_eq!(
            unescape_regex(&to_literal(&Regex(pattern)).unwrap()),
            meaning,
            "{pattern}"
        );
    }
}

#[test]
fn parameters_are_an_option_called_params() {
    let mut params = Params::new();
    assert!(params.is_empty());
    params.insert("bucket", "a\"b").unwrap();
    params.insert("none", None::<i64>).unwrap();
    params.insert("limit", 10_u32).unwrap();
    assert!(!params.is_empty());
    let json: Json = serde_json::from_str(&params.to_json()).unwrap();
    let expected = json!({
        "type": "File", "package": null, "imports": null,
        "body": [{"type": "OptionStatement", "assignment": {
            "type": "VariableAssignment",
            "id": {"type": "Identifier", "name": "params"},
            "init": {"type": "ObjectExpression", "properties": [
                {"type": "Property", "key": {"type": "Identifier", "name": "bucket"},
                 "value": {"type": "StringLiteral", "value": "a\"b"}},
                {"type": "Property", "key": {"type": "Identifier", "name": "limit"},
                 "value": {"type": "UnsignedIntegerLiteral", "value": "10"}},
            ]},
        }}],
    });
    assert_eq!(json, expected);

    // The same without an allocator.
    let mut text = String::new();
    let same: &[(&str, &dyn ToFlux)] = &[
        ("bucket", &"a\"b"),
        ("none", &None::<i64>),
        ("limit", &10_u32),
    ];
    write_extern(same, &[], &mut text).unwrap();
    assert_eq!(text, params.to_json());
}

#[test]
fn profilers_are_an_import_and_an_option() {
    let mut params = Params::new();
    params.profiler("query").profiler("operator");
    let json: Json = serde_json::from_str(&params.to_json()).unwrap();
    assert_eq!(json["imports"][0]["path"]["value"], "profiler");
    let assignment = &json["body"][0]["assignment"];
    assert_eq!(assignment["member"]["object"]["name"], "profiler");
    assert_eq!(assignment["member"]["property"]["name"], "enabledProfilers");
    assert_eq!(assignment["init"]["elements"][1]["value"], "operator");
}

#[test]
fn wrong_parameters_add_nothing() {
    let mut params = Params::new();
    for name in ["", "1a", "a b", "a-b", "é", "a\"b", "option"] {
        assert_eq!(
            params.insert(name, 1).err(),
            Some(FluxError::Name),
            "{name}"
        );
        let one: &[(&str, &dyn ToFlux)] = &[(name, &1)];
        assert_eq!(
            write_extern(one, &[], &mut String::new()),
            Err(FluxError::Name)
        );
    }
    params.insert("a", 1).unwrap();
    let before = params.to_json();
    assert_eq!(params.insert("a", 2).err(), Some(FluxError::Duplicate));
    assert_eq!(
        params.insert("b", f64::NAN).err(),
        Some(FluxError::NotFinite)
    );
    assert_eq!(
        params.insert("c", [Some(1), None]).err(),
        Some(FluxError::Null)
    );
    assert_eq!(params.to_json(), before);
}

#[test]
fn predicates_know_their_own_escapes() {
    assert_eq!(Predicate::new().as_str(), "");
    let predicate = Predicate::new()
        .measurement("weather")
        .and_then(|predicate| predicate.tag("name", "and"))
        .and_then(|predicate| predicate.tag_not("k", "v"))
        .unwrap();
    assert_eq!(
        predicate.as_str(),
        r#""_measurement"="weather" AND "name"="and" AND "k"!="v""#
    );
    for text in ["a\"b", "a\\", "a\nb", "a\tb", "x\" OR \"1\"=\"1", "$ {x}"] {
        let predicate = Predicate::new().tag("k", text).unwrap();
        let value = predicate.as_str().strip_prefix("\"k\"=").unwrap();
        assert_eq!(unescape(value, "n\\\"'"), text);
    }
    for text in ["\r", "\0"] {
        assert_eq!(Predicate::new().tag("k", text), Err(FluxError::Character));
        assert_eq!(Predicate::new().tag(text, "v"), Err(FluxError::Character));
    }
}
