//! Masks secrets in text from outside, in whatever encoding a server or a proxy repeats them.
//!
//! Every run of 8 bytes of a secret is a needle, and so is every run of its base64 at each of the three
//! alignments in a longer text. So a part of a secret is found as well as the whole, wherever it was cut.
//! Case is folded, the two alphabets of base64 are treated as one, and invisible bytes are skipped. The
//! text is searched as it is and with up to two encodings decoded.
//!
//! This is the multi-pattern search of Rabin and Karp with an exact key: the last 8 bytes of the text are
//! a `u64`, shifted by one byte at a time, so no hash has to be verified. A Bloom filter of two bits a run
//! rejects nearly all positions; those that pass are searched for in the needles themselves, so its false
//! positives cost time but never mask a word that is no secret.

use super::decode_echo::{BASE64, ENCODINGS, Unit, decode, squeeze, units};
use crate::http::write_printable;
use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The length of a run. A shorter secret is masked only as a separate word.
pub(crate) const RUN: usize = 8;
/// The bytes of a text that are searched at once: it bounds the memory, which is a multiple of them.
const PIECE: usize = 2048;
/// The bytes of a piece that are searched again with the next one: more than a run of 8 takes, each byte
/// encoded twice.
const OVERLAP: usize = 512;
/// The most encodings, one inside the other, that are decoded.
const DEPTH: usize = 2;

/// The secrets to be masked.
#[derive(Clone)]
pub(crate) struct Needles {
    /// Each secret and its forms in base64, folded, with a zero behind each.
    texts: Vec<u8>,
    /// A Bloom filter of the runs in `texts`.
    filter: Vec<u64>,
    /// Shorter secrets as the low bytes of a number, and their lengths.
    words: Vec<(u64, usize)>,
}

impl Needles {
    pub(crate) const NONE: Needles = Needles {
        texts: Vec::new(),
        filter: Vec::new(),
        words: Vec::new(),
    };

    /// Whether a run is part of a secret.
    fn has(&self, run: u64) -> bool {
        let passes = |(at, bit)| self.filter.get(at).is_some_and(|word| word & bit != 0);
        if !places(run, self.filter.len()).into_iter().all(passes) {
            return false;
        }
        let mut here = 0u64;
        self.texts.iter().any(|byte| {
            here = here << 8 | u64::from(*byte);
            here == run
        })
    }

    /// Adds a secret.
    pub(crate) fn add(&mut self, secret: &str) {
        let mut plain = units(secret.as_bytes());
        squeeze(&mut plain);
        if plain.len() < RUN && !plain.is_empty() {
            let word = plain.iter().fold(0, |word, unit| word << 8 | unit.folded());
            self.words.push((word, plain.len()));
        }
        let plain: Vec<u8> = plain.iter().map(|unit| unit.byte).collect();
        self.add_text(&plain);
        // Base64 at its three alignments: behind 0, 1 or 2 other bytes of a group. `skip` leaves out the
        // first digits, which depend on the bytes before; an incomplete last digit, which depends on those
        // after, is never pushed. So the text is a part of each base64 text that contains the secret.
        for shift in 0..3usize {
            let (mut bits, mut held, mut skip) = (0u32, 0u32, shift.saturating_mul(4).div_ceil(3));
            let mut text = Vec::new();
            for byte in [0; 2].iter().take(shift).chain(secret.as_bytes()) {
                bits = bits << 8 | u32::from(*byte);
                held = held.saturating_add(8);
                while held >= 6 {
                    held = held.saturating_sub(6);
                    if skip > 0 {
                        skip = skip.saturating_sub(1);
                    } else {
                        text.push(digit(bits >> held & 63));
                    }
                }
            }
            self.add_text(&text);
        }
        self.index();
    }

    /// Adds the value of a program's header, unless the header is a common one, whose value is in every
    /// response, or the value is a short word like `north`.
    pub(crate) fn add_header(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        if name.starts_with("accept") || name.starts_with("content-") || name == "user-agent" {
            return;
        }
        // Also the part after a scheme, as in `Bearer xyz`.
        let behind = value.split_once(' ').map_or("", |(_, secret)| secret);
        for secret in [value, behind].into_iter().filter(|s| s.len() >= RUN) {
            self.add(secret);
        }
    }

    /// Adds the password in a proxy's URL, and its base64 with the name. Returns `true` if it is short.
    pub(crate) fn add_proxy(&mut self, url: &str) -> bool {
        let before = url.rsplit_once('@').map_or("", |(before, _)| before);
        let pair = before.split_once("://").map_or("", |(_, pair)| pair);
        let encoded = units(pair.as_bytes());
        let plain = decode(0, &encoded).unwrap_or(encoded);
        let plain: Vec<u8> = plain.iter().map(|unit| unit.byte).collect();
        let plain = String::from_utf8_lossy(&plain);
        let password = plain.split_once(':').map_or("", |(_, password)| password);
        self.add(&STANDARD.encode(&*plain));
        self.add(password);
        !password.is_empty() && password.chars().count() < RUN
    }

    fn add_text(&mut self, bytes: &[u8]) {
        if bytes.len() >= RUN {
            self.texts.extend(bytes.iter().map(|byte| fold(*byte)));
            self.texts.push(0);
        }
    }

    fn index(&mut self) {
        self.texts.shrink_to_fit();
        // Eight bits a run and two bits set: (1 - e^(-2/8))^2, one in twenty other runs passes.
        self.filter = alloc::vec![0; (self.texts.len() / 8).saturating_add(1)];
        let (mut run, mut len) = (0u64, 0usize);
        for byte in &self.texts {
            run = run << 8 | u64::from(*byte);
            len = if *byte == 0 { 0 } else { len.saturating_add(1) };
            for (at, bit) in places(run, self.filter.len()) {
                if let Some(word) = self.filter.get_mut(at).filter(|_| len >= RUN) {
                    *word |= bit;
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.words.is_empty()
    }
}

/// The two bits of a run in a Bloom filter of so many words, from one multiplicative (Fibonacci) hash:
/// 2^64 divided by the golden ratio spreads the input over the high bits (Knuth, TAOCP 3, 6.4). The top
/// 26 bits and the next 26 are used as two hashes.
fn places(run: u64, words: usize) -> [(usize, u64); 2] {
    let hash = run.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    [hash >> 38, hash >> 12 & 0x3FF_FFFF].map(|hash| {
        let at = usize::try_from(hash >> 6).unwrap_or(0);
        (at.checked_rem(words).unwrap_or(0), 1 << (hash & 63))
    })
}

/// Maps equivalent characters to one: both cases, and both alphabets of base64.
fn fold(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other.to_ascii_lowercase(),
    }
}

/// A digit of base64, folded.
fn digit(value: u32) -> u8 {
    const DIGITS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789+/";
    let at = usize::try_from(value).unwrap_or(0);
    DIGITS.get(at).copied().unwrap_or(b'/')
}

impl Unit {
    fn folded(&self) -> u64 {
        u64::from(fold(self.byte))
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// A search through one piece of a text.
struct Search<'a> {
    needles: &'a [&'a Needles],
    /// For each byte of the piece, whether it belongs to a secret.
    found: &'a mut [bool],
}

impl Search<'_> {
    /// Searches a text, and then its decodings, each unit of which has the range of bytes it comes from.
    fn look(&mut self, mut units: Vec<Unit>, depth: usize, words: bool) {
        squeeze(&mut units);
        let units = units.as_slice();
        let mut run = 0u64;
        for (at, unit) in units.iter().enumerate() {
            run = run << 8 | unit.folded();
            for needles in self.needles {
                if at >= RUN - 1 && needles.has(run) {
                    self.mark(units, at, RUN);
                }
                for (word, len) in needles.words.iter().filter(|_| words) {
                    let bits = u32::try_from(len.saturating_mul(8)).unwrap_or(0);
                    let same = run & !(u64::MAX << bits) == *word;
                    if same && stands_alone(units, at, *len) {
                        self.mark(units, at, *len);
                    }
                }
            }
        }
        let Some(deeper) = depth.checked_sub(1) else {
            return;
        };
        for encoding in 0..ENCODINGS {
            if let Some(decoded) = decode(encoding, units) {
                // Ordinary text, decoded as base64, contains every short word by chance.
                self.look(decoded, deeper, words && encoding < BASE64);
            }
        }
    }

    /// Marks the bytes that the `len` units up to `last` come from.
    fn mark(&mut self, units: &[Unit], last: usize, len: usize) {
        let first = last.saturating_add(1).saturating_sub(len);
        if let (Some(first), Some(last)) = (units.get(first), units.get(last)) {
            if let Some(bytes) = self.found.get_mut(first.start.into()..last.end.into()) {
                bytes.fill(true);
            }
        }
    }
}

/// Whether the `len` units up to `last` are a separate word.
fn stands_alone(units: &[Unit], last: usize, len: usize) -> bool {
    let Some(first) = last.saturating_add(1).checked_sub(len) else {
        return false;
    };
    let open = |at: usize| units.get(at).is_none_or(|unit| !is_word(unit.byte));
    let gap = |at: usize| units.get(at).is_some_and(|unit| unit.gap);
    let next = last.saturating_add(1);
    (gap(first) || first.checked_sub(1).is_none_or(open)) && (gap(next) || open(next))
}

/// For each byte of a text, whether it belongs to a secret.
fn found_in(needles: &[&Needles], text: &[u8], words: bool) -> Vec<bool> {
    let mut found = alloc::vec![false; text.len()];
    let mut start = 0usize;
    while needles.iter().any(|n| !n.is_empty()) {
        let end = start.saturating_add(PIECE).min(text.len());
        if let (Some(piece), Some(found)) = (text.get(start..end), found.get_mut(start..end)) {
            Search { needles, found }.look(units(piece), DEPTH, words);
        }
        if end == text.len() {
            break;
        }
        start = end.saturating_sub(OVERLAP);
    }
    found
}

/// Text from outside in printable form, at most `max` bytes: secrets are `***`, and control characters
/// are escaped.
pub(crate) fn printable(needles: &[&Needles], text: &str, max: usize) -> String {
    // Only the start that can be printed is searched, and some bytes more, so that a secret is whole
    // even if the limit cuts it.
    let reach = max.saturating_mul(4);
    let seen = crate::error::cut(text, reach.saturating_add(OVERLAP));
    let found = found_in(needles, seen.as_bytes(), true);
    let mut out = String::new();
    let mut hidden = false;
    for (at, c) in seen.char_indices() {
        let before = out.len();
        let end = at.saturating_add(c.len_utf8());
        let secret = found.get(at..end).is_some_and(|f| f.contains(&true));
        if !secret {
            let _ = write_printable(core::iter::once(c), &mut out);
        } else if !hidden {
            out.push_str("***");
        }
        hidden = secret;
        if out.len() > max || at >= reach {
            out.truncate(if out.len() > max { before } else { out.len() });
            break;
        }
    }
    out
}

/// Whether bytes contain a secret unencoded. Fast, without allocation.
pub(crate) fn repeats(needles: &[&Needles], bytes: &[u8]) -> bool {
    let (mut run, mut len) = (0u64, 0usize);
    bytes.iter().filter(|byte| **byte > b' ').any(|byte| {
        run = run << 8 | u64::from(fold(*byte));
        len = len.saturating_add(1);
        len >= RUN && needles.iter().any(|n| n.has(run))
    })
}

/// Whether bytes may contain a secret, encoded or not. Errs on the side of `true`.
pub(crate) fn may_repeat(needles: &[&Needles], bytes: &[u8]) -> bool {
    let encoded = |byte: &u8| matches!(byte, b'%' | b'&' | b'\\' | b'<');
    bytes.iter().any(encoded) || repeats(needles, bytes)
}

/// Appends bytes to `out`, with `***` in place of each secret of 8 bytes or more.
pub(crate) fn mask(needles: &[&Needles], bytes: &[u8], out: &mut Vec<u8>) {
    let mut hidden = false;
    for (byte, secret) in bytes.iter().zip(found_in(needles, bytes, false)) {
        if !secret {
            out.push(*byte);
        } else if !hidden {
            out.extend_from_slice(b"***");
        }
        hidden = secret;
    }
}

#[cfg(test)]
#[path = "tests/scrub.rs"]
mod tests;
