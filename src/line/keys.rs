//! Has this key been on the line before? Without storage, and nearly without cost.
//!
//! Each key sets one of 64 bits, chosen by a cheap hash. A key whose bit is still clear is surely
//! new; only a hit looks back over the bytes of the line. Two keys sharing a bit cost one look.

/// The bits of the keys seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyMask(u64);

impl KeyMask {
    /// Adds a key (in any form, as long as it is always the same). True if it may have been there.
    #[inline]
    pub(super) fn add(&mut self, key: &[u8]) -> bool {
        let bit = 1u64 << (hash(key) & 63);
        let seen = self.0 & bit != 0;
        self.0 |= bit;
        seen
    }
}

/// Keys of one line often differ in one place only (`core0`, `core1`; `temp_c`, `hum_c`), so the
/// first, the middle and the last bytes count, and the length.
#[inline]
fn hash(key: &[u8]) -> u32 {
    let byte = |at: usize| u32::from(key.get(at).copied().unwrap_or_default());
    let len = key.len();
    let mixed = byte(0)
        .wrapping_mul(5)
        .wrapping_add(byte(len / 2).wrapping_mul(11))
        .wrapping_add(byte(len.wrapping_sub(2)).wrapping_mul(10))
        .wrapping_add(byte(len.wrapping_sub(1)))
        .wrapping_add(len as u32);
    mixed ^ (mixed >> 6)
}

/// True if the escaped `key` stands among the tags of a series key (`m,a=1,b=2`), or among the
/// fields of a field list (`a=1,b="x"`) when `fields` says so.
pub(super) fn contains(list: &[u8], key: &[u8], fields: bool) -> bool {
    let mut rest = list;
    if !fields {
        rest = after(rest, end_of(rest, b',', false));
    }
    while !rest.is_empty() {
        let key_end = end_of(rest, b'=', false);
        if rest.get(..key_end) == Some(key) {
            return true;
        }
        rest = after(rest, key_end);
        rest = after(rest, end_of(rest, b',', fields));
    }
    false
}

/// The tags of a list `,a=1,b=2`, one by one, still escaped: `a=1`, then `b=2`.
pub(super) fn tags(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list;
    core::iter::from_fn(move || {
        rest = rest.strip_prefix(b",")?;
        let (tag, more) = rest.split_at_checked(end_of(rest, b',', false))?;
        rest = more;
        Some(tag)
    })
}

/// The escaped key of an escaped tag.
pub(super) fn key_of(tag: &[u8]) -> &[u8] {
    tag.get(..end_of(tag, b'=', false)).unwrap_or(tag)
}

/// The offset of the first `stop` that is neither escaped nor, in a field's value, inside quotes.
fn end_of(text: &[u8], stop: u8, quotes: bool) -> usize {
    let mut escaped = false;
    let mut quoted = false;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' if quotes => quoted = !quoted,
            _ if byte == stop && !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

fn after(text: &[u8], at: usize) -> &[u8] {
    text.get(at.saturating_add(1)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_back_over_escapes_and_quotes() {
        let tags = br"m\,x=1,a=b\,c\=d,e\ f=\g,last=1".as_slice();
        for (key, there) in [
            (br"a".as_slice(), true),
            (br"e\ f", true),
            (br"last", true),
            (br"c\=d", false),
            (br"b\", false),
            (br"x", false),
            (br"m\", false),
            (br"\g", false),
            (br"", false),
        ] {
            assert_eq!(contains(tags, key, false), there, "{key:?}");
        }
        let fields = br#"a=1,b="x,y=\"2\",z=3",c\,d=5i,q="\\",w=t"#.as_slice();
        for (key, there) in [
            (br"a".as_slice(), true),
            (br"b", true),
            (br"y", false),
            (br"z", false),
            (br"c\,d", true),
            (br"d", false),
            (br"q", true),
            (br"w", true),
        ] {
            assert_eq!(contains(fields, key, true), there, "{key:?}");
        }
    }

    #[test]
    fn a_new_key_is_seldom_looked_up() {
        // The cost is right only while usual keys spread over the bits.
        let mut hits = 0;
        let mut mask = KeyMask::default();
        for key in [
            "temp_c",
            "hum_pct",
            "press_hpa",
            "wind_ms",
            "rain_mm",
            "batt_v",
            "rssi_dbm",
            "uptime_s",
        ] {
            hits += u32::from(mask.add(key.as_bytes()));
        }
        let mut mask = KeyMask::default();
        for key in [
            "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11",
        ] {
            hits += u32::from(mask.add(key.as_bytes()));
        }
        assert!(hits <= 2, "{hits}");
    }
}
