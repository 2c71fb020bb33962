//! Duplicate keys on a line: a Bloom filter and fingerprints, in fixed storage.

// Servers disagree about a key that stands twice on a line, so each new key has to be compared with all
// before it. To do so by text would cost as much as the rest of the encoder. Three steps, each of which
// decides nearly everything that the one before it left open:
//
// 1. A Bloom filter (Bloom, "Space/Time Trade-offs in Hash Coding with Allowable Errors", 1970) of 64 bits
//    and one hash function: six bits of a key's hash choose a bit. Not set, the key is new.
// 2. Fingerprints: sixteen other bits of the hash, kept for the first 32 keys. Not among them, the key is
//    new. A line of 12 fields comes here once on average (66 pairs, 64 bits), and one in ten thousand goes
//    on.
// 3. The bytes of the line, parsed into keys. Only this step can find a duplicate.
//
// False positives cost time, never correctness. There are no false negatives: what is forgotten (the
// fingerprints of further keys, all those of a prepared series) sets `more`, which makes step 2 undecided.

use heapless::Vec;

/// The most keys with a fingerprint.
const FINGERPRINTS: usize = 32;

/// The keys of a line so far.
#[derive(Clone, Debug, Default)]
pub(super) struct KeySet {
    bits: Bits,
    fingerprints: Vec<u16, FINGERPRINTS>,
    /// True if there are keys without a fingerprint.
    more: bool,
}

/// The Bloom filter. In machine words, whose alignment costs no padding.
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

    /// Begins with the bits of a prepared series, whose fingerprints are unknown.
    #[inline]
    pub(super) fn seed(&mut self, bits: Bits) {
        self.bits = bits;
        self.fingerprints.clear();
        self.more = bits != Bits::default();
    }

    /// Returns the bits for a later [`seed`](Self::seed).
    #[inline]
    pub(super) fn bits(&self) -> Bits {
        self.bits
    }

    /// Returns `false` if the key is new. `true` decides nothing.
    #[inline]
    pub(super) fn might_contain(&self, key: KeyHash) -> bool {
        self.bits.contain(key)
    }

    /// Returns `true` if the key is new. `false` decides nothing.
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
    /// Hashes the first and the last eight bytes of the key and its length.
    #[inline]
    pub(super) fn of(key: &[u8]) -> KeyHash {
        let (first, last) = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => short(key),
        };
        // Keys of one line often differ in one place only (`core0`, `core1`; `temp_c`, `temp_f`), mostly at the
        // end. Fibonacci hashing (Knuth, vol. 3, 6.4) spreads that over the high bits, which are used.
        let mixed = first ^ last.rotate_left(29) ^ (key.len() as u64) << 8;
        let mixed = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        KeyHash(mixed ^ (mixed >> 29))
    }

    /// Returns the bit, and the word that it is in.
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

/// Returns all bytes of a key of up to seven.
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

/// Returns `true` if the escaped `key` is among the tags of a series key (`m,a=1,b=2`) or, with `fields`,
/// among the keys of a field list (`a=1,b="x"`).
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

/// Returns the escaped tags of a list `,a=1,b=2` one by one: `a=1`, then `b=2`.
pub(super) fn tags(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list;
    core::iter::from_fn(move || {
        rest = rest.strip_prefix(b",")?;
        let (tag, more) = rest.split_at_checked(end_of(rest, b',', false))?;
        rest = more;
        Some(tag)
    })
}

/// Returns the escaped key of an escaped tag.
pub(super) fn key_of(tag: &[u8]) -> &[u8] {
    tag.get(..end_of(tag, b'=', false)).unwrap_or(tag)
}

/// Returns the offset of the first `stop` that is neither escaped nor, in a field's value, inside quotes.
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
