//! Unit tests of `target`.

use super::super::{encode_component, encode_segment};
use alloc::string::String;
use core::fmt;

fn encoded(encode: impl Fn(&str, &mut String) -> fmt::Result, text: &str) -> String {
    let mut out = String::new();
    encode(text, &mut out).unwrap();
    out
}

#[test]
fn names_stay_names() {
    for (text, component, segment) in [
        ("", "", ""),
        ("plain-1_~.x", "plain-1_~.x", "plain-1_~.x"),
        ("a b&c=d", "a%20b%26c%3Dd", "a%20b%26c%3Dd"),
        ("ü\r\n", "%C3%BC%0D%0A", "%C3%BC%0D%0A"),
        ("/..?#%+", "%2F..%3F%23%25%2B", "%2F..%3F%23%25%2B"),
        ("../x", "..%2Fx", "..%2Fx"),
        (".", ".", "%2E"),
        ("..", "..", "%2E%2E"),
        ("...", "...", "..."),
    ] {
        assert_eq!(encoded(encode_component, text), component);
        assert_eq!(encoded(encode_segment, text), segment);
    }
}

#[test]
fn every_byte_but_the_unreserved_is_encoded() {
    for byte in 0..=127u8 {
        let mut text = String::new();
        text.push(char::from(byte));
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let expected = if plain {
            text.clone()
        } else {
            alloc::format!("%{byte:02X}")
        };
        assert_eq!(encoded(encode_component, &text), expected);
    }
}

#[test]
fn encoded_parts_make_a_target() {
    let mut target = String::from("/api/");
    encode_segment("..", &mut target).unwrap();
    for (mark, name, value) in [("?", "a", "1"), ("&", "a", "2&b=3"), ("&", "?", "")] {
        target.push_str(mark);
        encode_component(name, &mut target).unwrap();
        target.push('=');
        encode_component(value, &mut target).unwrap();
    }
    assert_eq!(target, "/api/%2E%2E?a=1&a=2%26b%3D3&%3F=");
}

/// A buffer of a few bytes.
struct Small(usize);

impl fmt::Write for Small {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[test]
fn a_full_writer_is_an_error() {
    const LEN: usize = "..%2Fa%20".len();
    for space in 0..=LEN {
        let component = encode_component("../a ", &mut Small(space));
        let segment = encode_segment("../a ", &mut Small(space));
        let fits = space == LEN;
        assert_eq!(
            (component.is_ok(), segment.is_ok()),
            (fits, fits),
            "{space}"
        );
    }
}
