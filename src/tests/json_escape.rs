//! Each escape, and those that are none.

use super::decode;

#[test]
fn escapes() {
    type Case<'a> = (&'a [u8], Option<(char, usize)>);
    let cases: &[Case<'_>] = &[
        (b"nx", Some(('\n', 1))),
        (b"r", Some(('\r', 1))),
        (b"t", Some(('\t', 1))),
        (b"b", Some(('\u{8}', 1))),
        (b"f", Some(('\u{c}', 1))),
        (b"\"", Some(('"', 1))),
        (b"\\n", Some(('\\', 1))),
        (b"/", Some(('/', 1))),
        (b"q", Some(('q', 1))),
        (b"u00e9!", Some(('é', 5))),
        (b"u00E9", Some(('é', 5))),
        (b"ud83d\\ude00", Some(('\u{1F600}', 11))),
        (b"ud83d\\u0041", Some(('\u{FFFD}', 5))),
        (b"ud83d\\ud83d", Some(('\u{FFFD}', 5))),
        (b"ud83d\\n", Some(('\u{FFFD}', 5))),
        (b"ud83d", Some(('\u{FFFD}', 5))),
        (b"ude00", Some(('\u{FFFD}', 5))),
        (b"ud83d\\ude0", Some(('\u{FFFD}', 5))),
        (b"u00e", None),
        (b"u", None),
        (b"u00g0", None),
        (b"u+0e9", None),
        (b"", None),
        ("é".as_bytes(), None),
    ];
    for (text, expected) in cases {
        assert_eq!(decode(text), *expected, "{}", text.escape_ascii());
    }
}

/// What serde_json writes is read back.
#[cfg(feature = "client")]
#[test]
fn every_character_that_serde_json_escapes() {
    for code in 0..0x80_u8 {
        let text = serde_json::to_string(&char::from(code)).unwrap();
        if let Some(escape) = text.strip_prefix("\"\\") {
            let (character, used) = decode(escape.as_bytes()).unwrap();
            assert_eq!(character, char::from(code));
            assert_eq!(&escape[used..], "\"", "{text}");
        }
    }
}
