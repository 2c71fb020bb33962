//! The escapes of JSON strings (RFC 8259, 7), for the readers of JSON that work without a heap.

/// Returns the character of the escape whose text behind the backslash this begins with, and how many bytes
/// that text has. Half a surrogate pair is U+FFFD. `None` if the text ends within the escape, or a `\u` has
/// no four digits.
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
        // No escape of JSON's, or one that stands for itself.
        itself if itself.is_ascii() => char::from(itself),
        _ => return None,
    };
    Some((character, 1))
}

/// The character behind `\u`, which may be two of them.
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
