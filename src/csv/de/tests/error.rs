//! Unit tests of `error`.

use super::*;
use std::string::ToString;

#[test]
fn without_a_heap_a_message_is_cut_between_characters() {
    for (text, kept) in [
        ("wanted f64: the value is null".to_string(), 29),
        ("x".repeat(95), 95),
        ("x".repeat(96), 95),
        ("ü".repeat(60), 94),
        ("x".repeat(94) + "ü", 94),
    ] {
        let error = DeserializeError::custom(&text);
        assert_eq!(error.message.as_str(), &text[..kept]);
        assert_eq!(error.to_string(), std::format!("row 0: {}", &text[..kept]));
        let shown = std::format!("{:?}", error.message);
        assert_eq!(shown, std::format!("{:?}", &text[..kept]));
    }
}
