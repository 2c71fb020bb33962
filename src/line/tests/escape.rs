//! Unit tests of `escape`.

use super::*;

const PARTS: [Part; 4] = [
    Part::Measurement,
    Part::TagKey,
    Part::TagValue,
    Part::FieldKey,
];

/// Every character of one byte, and those of two with the same first byte, in every place of a text of up
/// to 19 characters, among neighbours of all kinds, into every size of buffer that makes a difference: the
/// same as byte by byte.
#[test]
fn eight_at_once_says_the_same_as_one_by_one() {
    for c in '\0'..='\u{C1}' {
        let mut own = [0; 4];
        let own = &*c.encode_utf8(&mut own);
        for filler in ['a', 'ä', '°', '!', '<', ',', ' ', '=', '"'] {
            let mut fillers = [0; 4];
            let filler = filler.encode_utf8(&mut fillers);
            for len in 1..=19usize {
                let at = (c as usize * 7 + len * 5) % len;
                for at in [0, at, len - 1] {
                    let text = filler.repeat(at) + own + &filler.repeat(len - 1 - at);
                    same(&text);
                }
            }
        }
    }
}

fn bytewise(out: &mut SliceWriter<'_>, text: &[u8], special: impl Fn(u8) -> bool) {
    for &byte in text {
        if special(byte) {
            out.put(b'\\').unwrap();
        }
        out.put(byte).unwrap();
    }
}

fn same(text: &str) {
    let bytes = text.as_bytes();
    for part in PARTS {
        let name_of = Name { part, index: 0 };
        let mut expected = [0; 128];
        let mut out = SliceWriter::new(&mut expected, 0);
        let done = check_name(bytes, name_of).map(|_| ());
        bytewise(&mut out, bytes, |b| needs_escape(b, part));
        let expected = out.written(0);
        for size in [expected.len(), expected.len() + 1, expected.len() + 9, 128] {
            let mut buf = [0; 128];
            let mut out = SliceWriter::new(&mut buf[..size], 0);
            assert_eq!(name(&mut out, bytes, name_of), done, "{text:?}");
            if done.is_ok() {
                assert_eq!(out.written(0), expected, "{text:?}");
            }
        }
    }
    let mut expected = [0; 128];
    let mut out = SliceWriter::new(&mut expected, 0);
    bytewise(&mut out, bytes, special_in_string);
    let expected = out.written(0);
    for size in 0..=expected.len() + 25 {
        let mut buf = [0; 128];
        let mut out = SliceWriter::new(&mut buf[..size], 0);
        let done = string(&mut out, text.as_bytes());
        assert_eq!(done.is_ok(), expected.len() <= size, "{text:?}");
        if done.is_ok() {
            assert_eq!(out.written(0), expected, "{text:?}");
        }
    }
}
