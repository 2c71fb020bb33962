//! Duplicate keys on a line: a Bloom filter and fingerprints, in fixed storage.
//!
//! Each key gives a hash. Six bits of it choose one of 64 bits, and a key whose bit is not set
//! is surely new. If it is set, sixteen other bits are looked for among those of the first keys;
//! not there, the key is new as well. Only what is left looks back over the bytes of the line.

use heapless::Vec;

/// How many keys leave their sixteen bits behind; longer lines look back more often.
const FINGERPRINTS: usize = 32;

/// The keys seen so far, as far as that takes no looking back.
#[derive(Clone, Debug, Default)]
pub(super) struct KeySet {
    bits: Bits,
    fingerprints: Vec<u16, FINGERPRINTS>,
    /// There are keys without a fingerprint.
    more: bool,
}

/// One bit for each of 64 groups of keys. In words of the machine, to which it may be aligned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits([usize; 64 / usize::BITS as usize]);

impl Bits {
    #[cfg(feature = "client")]
    pub(super) const ALL: Self = Bits([usize::MAX; 64 / usize::BITS as usize]);

    pub(super) fn contain(self, key: KeyHash) -> bool {
        let (word, bit) = key.bit();
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(super) fn insert(&mut self, key: KeyHash) {
        let (word, bit) = key.bit();
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }
}

/// A key's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyHash(u64);

impl KeySet {
    /// Forgets all keys.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.seed(Bits::default());
    }

    /// Takes over the bits of a prepared series; of its keys nothing else is known.
    #[inline]
    pub(super) fn seed(&mut self, bits: Bits) {
        self.bits = bits;
        self.fingerprints.clear();
        self.more = bits != Bits::default();
    }

    /// What [`seed`](Self::seed) takes.
    #[inline]
    pub(super) fn bits(&self) -> Bits {
        self.bits
    }

    /// False if the key can't have been there. True decides nothing, and seldom comes for a new
    /// key: then ask [`definitely_absent`](Self::definitely_absent).
    #[inline]
    pub(super) fn might_contain(&self, key: KeyHash) -> bool {
        self.bits.contain(key)
    }

    /// True if the key can't have been there. False decides nothing.
    #[inline]
    pub(super) fn definitely_absent(&self, key: KeyHash) -> bool {
        !self.might_contain(key) || self.not_among_fingerprints(key)
    }

    #[cold]
    fn not_among_fingerprints(&self, key: KeyHash) -> bool {
        !self.more && !self.fingerprints.contains(&key.fingerprint())
    }

    /// Remembers a key.
    #[inline]
    pub(super) fn insert(&mut self, key: KeyHash) {
        self.bits.insert(key);
        if self.fingerprints.push(key.fingerprint()).is_err() {
            self.more = true;
        }
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

    /// One of 64 bits, and the word that it is in.
    #[inline]
    fn bit(self) -> (usize, usize) {
        let bit = (self.0 >> 58) as usize;
        let word = usize::BITS as usize;
        (bit / word, 1 << (bit % word))
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
