//! Unit tests of `json_str`.

use super::super::JsonStr;
use alloc::format;
use alloc::string::{String, ToString};

#[test]
fn escapes_are_decoded() {
    for (raw, text) in [
        ("", ""),
        ("plain é ✓ 😀", "plain é ✓ 😀"),
        (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r"\u0041\u00e9\u2713", "Aé✓"),
        (r"\ud83d\ude00!", "😀!"),
        // Half a pair.
        (r"\ud83d", "\u{fffd}"),
        (r"\ude00x", "\u{fffd}x"),
        (r"\ud83d\u0041", "\u{fffd}A"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        (r"\ud83dA", "\u{fffd}A"),
        // Cut within an escape.
        (r"a\", "a"),
        (r"a\u", "a"),
        (r"a\u00e", "a"),
        (r"a\ud83d\ude0", "a\u{fffd}"),
    ] {
        let string = JsonStr::new(raw);
        assert_eq!(string.chars().collect::<String>(), text, "{raw}");
        assert_eq!(string, text, "{raw}");
        assert_ne!(string, format!("{text}x").as_str(), "{raw}");
        assert_eq!(string.as_raw(), raw);
        assert_eq!(string.is_empty(), raw.is_empty());
    }
}

#[test]
fn patterns_are_found_however_they_are_written() {
    for (raw, pattern, first, last) in [
        ("a-b-c", "-", Some(("a", "b-c")), Some(("a-b", "c"))),
        ("abc", "abc", Some(("", "")), Some(("", ""))),
        ("abc", "abcd", None, None),
        ("", "a", None, None),
        (r"a\nb", "\n", Some(("a", "b")), Some(("a", "b"))),
        (r"a\u000ab", "\nb", Some(("a", "")), Some(("a", ""))),
        // The n of an escape is no n.
        (r"\n", "n", None, None),
        (r"\u0027x\u0027", "'", Some(("", "x'")), Some(("'x", ""))),
    ] {
        let string = JsonStr::new(raw);
        let text = |pair: Option<(JsonStr<'_>, JsonStr<'_>)>| {
            pair.map(|(a, b)| (a.chars().collect::<String>(), b.chars().collect::<String>()))
        };
        let expected = |pair: Option<(&str, &str)>| pair.map(|(a, b)| (a.into(), b.into()));
        assert_eq!(text(string.split_once(pattern)), expected(first), "{raw}");
        assert_eq!(text(string.rsplit_once(pattern)), expected(last), "{raw}");
        assert_eq!(string.contains(pattern), first.is_some(), "{raw}");
    }
}

#[test]
fn nothing_reaches_a_terminal_raw() {
    for c in ['\0', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}']
        .into_iter()
        .chain("\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}".chars())
    {
        let raw = format!("a\\u{:04x}b{}", u32::from(c), if c < ' ' { 'c' } else { c });
        let shown = JsonStr::new(&raw).to_string();
        assert!(!shown.contains(c), "{shown:?}");
        assert!(shown.is_ascii(), "{shown:?}");
    }
    assert_eq!(JsonStr::new("é ✓ \u{200b}").to_string(), "é ✓ \u{200b}");
}
