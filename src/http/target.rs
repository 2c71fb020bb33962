//! Percent-encoding of request targets (RFC 3986).

use core::fmt;

/// Percent-encodes one path segment, so that no name can change the path.
///
/// `/`, `?` and the segments `.` and `..` are encoded. Doesn't allocate.
///
/// ```
/// use influx_edge::http::encode_segment;
///
/// let mut path = String::from("/api/v2/buckets/");
/// encode_segment("../x", &mut path)?;
/// assert_eq!(path, "/api/v2/buckets/..%2Fx");
/// # Ok::<(), core::fmt::Error>(())
/// ```
///
/// # Errors
/// Returns an error if the writer is full.
pub fn encode_segment(segment: &str, out: &mut impl fmt::Write) -> fmt::Result {
    match segment {
        // Dot segments would be resolved against the path (RFC 3986 §5.2.4).
        "." => out.write_str("%2E"),
        ".." => out.write_str("%2E%2E"),
        _ => encode_component(segment, out),
    }
}

/// Percent-encodes the name or the value of a query parameter.
///
/// Encodes every byte that isn't unreserved (RFC 3986 §2.3). Doesn't allocate.
///
/// ```
/// use influx_edge::http::encode_component;
///
/// let mut query = String::from("org=");
/// encode_component("a b&c", &mut query)?;
/// assert_eq!(query, "org=a%20b%26c");
/// # Ok::<(), core::fmt::Error>(())
/// ```
///
/// # Errors
/// Returns an error if the writer is full.
pub fn encode_component(text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    percent_encode(text, out, is_unreserved)
}

/// Percent-encodes all bytes but those for which `keep` returns `true`.
pub(crate) fn percent_encode(
    text: &str,
    out: &mut impl fmt::Write,
    keep: impl Fn(u8) -> bool,
) -> fmt::Result {
    for byte in text.bytes() {
        let encoded = [b'%', hex(byte >> 4), hex(byte & 0x0f)];
        let ascii: &[u8] = if keep(byte) { &[byte] } else { &encoded };
        out.write_str(core::str::from_utf8(ascii).unwrap_or_default())?;
    }
    Ok(())
}

fn hex(nibble: u8) -> u8 {
    nibble + if nibble < 10 { b'0' } else { b'A' - 10 }
}

/// RFC 3986 §2.3.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
