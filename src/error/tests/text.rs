//! Unit tests of `text`.

use super::*;
use crate::error::Error;
use alloc::string::ToString;

#[test]
fn control_characters_are_escaped() {
    let error = Error::config("a\r\nb\u{1b}[2Jc\u{202e}");
    assert_eq!(error.to_string(), "a\\r\\nb\\u{1b}[2Jc\\u{202e}");
}

#[test]
fn cutting_respects_characters() {
    assert_eq!(cut("aé", 2), "a");
    assert_eq!(cut("aé", 3), "aé");
    assert_eq!(cut("", 3), "");
}
