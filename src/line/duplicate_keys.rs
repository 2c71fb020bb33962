//! Duplicate keys on a line: a Bloom filter and fingerprints, in fixed storage.
//!
//! Each key gives a hash. Six bits of it choose one of 64 bits, and a key whose bit is not set
//! is surely new. If it is set, sixteen other bits are looked for among those of the first keys;
//! not there, the key is new as well. Only what is left looks back over the bytes of the line.

/// How many keys leave their sixteen bits behind; longer lines look back more often.
const FINGERPRINTS: usize = 32;

/// The keys seen so far, as far as that takes no looking back.
#[derive(Clone, Debug, Default)]
pub(super) struct KeySet {
    bits: u64,
    fingerprints: [u16; FINGERPRINTS],
    len: u16,
}

/// A key's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyHash(u64);

impl KeySet {
    /// Forgets all keys.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.bits = 0;
        self.len = 0;
    }

    /// Takes over the bits of a prepared series; of its keys nothing else is known.
    #[inline]
    pub(super) fn seed(&mut self, bits: u64) {
        self.bits = bits;
        self.len = if bits == 0 { 0 } else { u16::MAX };
    }

    /// What [`seed`](Self::seed) takes.
    #[inline]
    pub(super) fn bits(&self) -> u64 {
        self.bits
    }

    /// False if the key can't have been there. True decides nothing, and seldom comes for a new
    /// key: then ask [`definitely_absent`](Self::definitely_absent).
    #[inline]
    pub(super) fn might_contain(&self, key: KeyHash) -> bool {
        self.bits & key.bit() != 0
    }

    /// True if the key can't have been there. False decides nothing.
    #[inline]
    pub(super) fn definitely_absent(&self, key: KeyHash) -> bool {
        !self.might_contain(key) || self.not_among_fingerprints(key)
    }

    #[cold]
    fn not_among_fingerprints(&self, key: KeyHash) -> bool {
        let known = self.fingerprints.get(..usize::from(self.len));
        known.is_some_and(|fingerprints| !fingerprints.contains(&key.fingerprint()))
    }

    /// Remembers a key.
    #[inline]
    pub(super) fn insert(&mut self, key: KeyHash) {
        self.bits |= key.bit();
        if let Some(slot) = self.fingerprints.get_mut(usize::from(self.len)) {
            *slot = key.fingerprint();
        }
        self.len = self.len.saturating_add(1);
    }
}

impl KeyHash {
    /// The first and the last eight bytes of the key and its length, mixed: keys of one line often
    /// differ in one place only (`core0`, `core1`; `temp_c`, `temp_f`).
    #[inline]
    pub(super) fn of(key: &[u8]) -> KeyHash {
        let (first, last) = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => short(key),
        };
        let mixed = first ^ last.rotate_left(29) ^ (key.len() as u64) << 8;
        let mixed = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        KeyHash(mixed ^ (mixed >> 29))
    }

    /// One of 64 bits.
    #[inline]
    pub(super) fn bit(self) -> u64 {
        1 << (self.0 >> 58)
    }

    #[inline]
    fn fingerprint(self) -> u16 {
        (self.0 >> 36) as u16
    }
}

/// All bytes of a key of up to seven.
#[inline]
fn short(key: &[u8]) -> (u64, u64) {
    match (key.first_chunk::<4>(), key.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let word = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
            (word(first), word(last))
        }
        _ => (
            key.iter()
                .fold(0, |word, byte| word << 8 | u64::from(*byte)),
            0,
        ),
    }
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
#[path = "tests/duplicate_keys.rs"]
mod tests;
