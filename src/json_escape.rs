//! The escapes of JSON strings (RFC 8259, 7), for the readers of JSON that work without a heap.

/// Decodes the escape at the start of a text, which begins behind the backslash. Returns the character and the
/// length of the escape. Half a surrogate pair becomes U+FFFD. Returns `None` if the text ends within the escape, or
/// `\u` lacks its four digits.
#[inline(never)]
pub(crate) fn decode(text: &[u8]) -> Option<(char, usize)> {
    let escape = *text.first()?;
    let character = match escape {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => return code_point(text.get(1..)?),
        // A character that stands for itself, in JSON or not.
        itself if itself.is_ascii() => char::from(itself),
        _ => return None,
    };
    Some((character, 1))
}

/// Decodes the digits behind `\u`, or a surrogate pair of two such escapes.
fn code_point(text: &[u8]) -> Option<(char, usize)> {
    let first = four_digits(text)?;
    if let (0xD800..0xDC00, Some([b'\\', b'u', low @ ..])) = (first, text.get(4..)) {
        if let Some(second @ 0xDC00..0xE000) = four_digits(low) {
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            return char::from_u32(code).map(|character| (character, 11));
        }
    }
    let character = char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((character, 5))
}

#[inline(never)]
fn four_digits(text: &[u8]) -> Option<u32> {
    text.get(..4)?.iter().try_fold(0, |value, digit| {
        Some(value << 4 | char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
#[path = "tests/json_escape.rs"]
mod tests;
