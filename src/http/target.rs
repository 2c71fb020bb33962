//! Request targets: path and query, percent-encoded.

use core::fmt;

/// Writes a request target: path segments, then query parameters, each percent-encoded, so that no
/// name can change the path or add a parameter. Nothing allocates.
///
/// ```
/// use influx_edge::http::TargetWriter;
///
/// let mut target = TargetWriter::new(String::new());
/// target.segment("api")?;
/// target.segment("v2")?;
/// target.segment("write")?;
/// target.query("bucket", "a/b&c")?;
/// target.query("precision", "ns")?;
/// assert_eq!(target.into_inner(), "/api/v2/write?bucket=a%2Fb%26c&precision=ns");
/// # Ok::<(), core::fmt::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TargetWriter<W> {
    out: W,
    has_query: bool,
}

impl<W: fmt::Write> TargetWriter<W> {
    /// Starts an empty target.
    pub fn new(out: W) -> Self {
        TargetWriter {
            out,
            has_query: false,
        }
    }

    /// Continues a target that has been written to `out`, and whether it has a query already.
    #[cfg(feature = "client")]
    pub(crate) fn resume(out: W, has_query: bool) -> Self {
        TargetWriter { out, has_query }
    }

    /// Adds a slash and a path segment. Comes before the query.
    ///
    /// # Errors
    /// Returns an error if the writer is full.
    pub fn segment(&mut self, segment: &str) -> fmt::Result {
        self.out.write_char('/')?;
        encode_segment(segment, &mut self.out)
    }

    /// Adds a query parameter. The same name may be added more than once.
    ///
    /// # Errors
    /// Returns an error if the writer is full.
    pub fn query(&mut self, name: &str, value: &str) -> fmt::Result {
        self.out
            .write_char(if self.has_query { '&' } else { '?' })?;
        self.has_query = true;
        encode_component(name, &mut self.out)?;
        self.out.write_char('=')?;
        encode_component(value, &mut self.out)
    }

    /// Returns the writer.
    pub fn into_inner(self) -> W {
        self.out
    }
}

/// Percent-encodes one path segment. `/`, `?` and a segment of dots can't escape it.
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
        // A whole segment of dots would climb the path.
        "." => out.write_str("%2E"),
        ".." => out.write_str("%2E%2E"),
        _ => encode_component(segment, out),
    }
}

/// Percent-encodes a name or a value of a query: whatever isn't unreserved (RFC 3986 §2.3).
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

/// Encodes the bytes that aren't to be kept.
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
