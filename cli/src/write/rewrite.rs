//! `Rewrite`: adds tags and times to lines of text. The writer adds tags only to points, and knows no times that
//! are the same in a later run.

use super::block::{Block, Found, Numbers};
use influx_edge::Precision;
use influx_edge::line::{OwnedDefaultTags, TextLine};
use std::io::Write;

#[derive(Debug, Default)]
pub(super) struct Rewrite {
    tags: Vec<Tag>,
    /// The times of lines without one.
    pub(super) times: Option<Times>,
}

/// A tag in line protocol.
#[derive(Debug, PartialEq, Eq)]
struct Tag {
    /// Escaped.
    key: Vec<u8>,
    /// `,key=value`, escaped.
    text: Vec<u8>,
}

/// Times by line number, so that a resumed run sends the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    /// The time of the line `first`, in nanoseconds.
    pub(super) base: i64,
    /// The number of that line; the next one is a nanosecond later.
    pub(super) first: u64,
}

impl Times {
    /// Returns the time of a line.
    pub(super) fn at(self, number: u64) -> i64 {
        let behind = number.saturating_sub(self.first);
        self.base.saturating_add_unsigned(behind)
    }
}

impl Rewrite {
    /// Returns a rewriter that adds these tags.
    pub(super) fn new(tags: &OwnedDefaultTags) -> Rewrite {
        let tags = tags_of(tags.as_bytes())
            .map(|(key, text)| Tag {
                key: key.to_vec(),
                text: text.to_vec(),
            })
            .collect();
        Rewrite { tags, times: None }
    }

    /// Returns `true` if lines of a text may need a tag or a time.
    pub(super) fn is_needed(&self, text: &[u8]) -> bool {
        !self.tags.is_empty() || self.needs_times(text)
    }

    /// Returns `true` if lines of a text may need a time.
    pub(super) fn needs_times(&self, text: &[u8]) -> bool {
        self.times.is_some() && !all_have_times(text)
    }

    /// Copies the lines of a block to another one, with tags and times. Bad lines are passed to `reject`.
    pub(super) fn apply(
        &self,
        from: &Block,
        to: &mut Block,
        reject: &mut dyn FnMut(&Found<'_>, &dyn std::fmt::Display),
    ) {
        let mut numbers = Vec::new();
        to.source = from.source;
        to.precision = from.precision;
        for found in from.lines() {
            let line = match found.line {
                Ok(line) => line,
                Err(error) => {
                    let error = influx_edge::WriteError::Syntax(error);
                    reject(&found, &error);
                    continue;
                }
            };
            let time = self.times.filter(|_| !line.has_time);
            if time.is_some() && from.precision != Precision::Nanosecond {
                reject(
                    &found,
                    &"the line has no time, and --resume adds times in nanoseconds only",
                );
                continue;
            }
            self.tag(line, &mut to.text);
            if let Some(times) = time {
                let _ = write!(to.text, " {}", times.at(found.number));
            }
            to.text.push(b'\n');
            numbers.push(found.number);
        }
        to.numbers = Numbers::List(numbers);
    }

    fn tag(&self, line: TextLine<'_>, out: &mut Vec<u8>) {
        let bytes = line.bytes;
        let end = end_of(bytes, |byte| matches!(byte, b',' | b' '));
        let (measurement, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        out.extend_from_slice(measurement);
        for tag in &self.tags {
            if !tags_of(rest).any(|(key, _)| key == tag.key) {
                out.extend_from_slice(&tag.text);
            }
        }
        out.extend_from_slice(rest);
    }
}

/// Returns `true` if all lines end with digits after a space, that is with a time. It doesn't parse them: a part of
/// a string with newlines looks like a line without a time, which only costs a rewrite that changes nothing.
fn all_have_times(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').all(|line| {
        let line = line.trim_ascii_end();
        let digits = line.iter().rev().take_while(|byte| byte.is_ascii_digit());
        let digits = digits.count();
        let before = line.get(..line.len().saturating_sub(digits));
        let before = before.unwrap_or_default();
        let before = before.strip_suffix(b"-").unwrap_or(before);
        (digits > 0 && before.ends_with(b" ")) || matches!(line, [] | [b'#', ..])
    })
}

/// Returns the tags at the beginning of a text: the key, and the whole tag with its comma.
fn tags_of(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let len = end_of(text, |byte| byte == b' ');
    let mut rest = text.get(..len).unwrap_or_default();
    std::iter::from_fn(move || {
        let tag = rest.strip_prefix(b",")?;
        let key = tag.get(..end_of(tag, |byte| byte == b'='))?;
        let len = end_of(tag, |byte| byte == b',').saturating_add(1);
        let (tag, left) = rest.split_at_checked(len)?;
        rest = left;
        Some((key, tag))
    })
}

/// Returns the offset of the first such byte that isn't escaped, or the length.
fn end_of(text: &[u8], is_end: impl Fn(u8) -> bool) -> usize {
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let here = !escaped && is_end(*byte);
        escaped = !escaped && *byte == b'\\';
        here
    });
    end.unwrap_or(text.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn tags_and_times_where_there_are_none() {
        let tags = OwnedDefaultTags::new().tag("host", "gw,7");
        let tags = tags.and_then(|tags| tags.tag("site", "north wing"));
        let mut rewrite = Rewrite::new(&tags.unwrap());
        assert!(rewrite.is_needed(b""));
        rewrite.times = Some(Times {
            base: 1_000,
            first: 20,
        });
        let mut from = Block {
            text: b"m f=1\n# c\nm,host=own f=1 5\nbad\nm\\,x,a=b f=\"x\ny\"\nm f=1".to_vec(),
            numbers: Numbers::From(21),
            ..Block::default()
        };
        let mut to = Block::default();
        let mut bad = Vec::new();
        rewrite.apply(&from, &mut to, &mut |found, _| bad.push(found.number));
        assert_eq!(bad, [24]);
        assert_eq!(to.numbers, Numbers::List(vec![21, 23, 25, 27]));
        let north = "site=north\\ wing";
        let expected = format!(
            "m,host=gw\\,7,{north} f=1 1001\nm,{north},host=own f=1 5\n\
             m\\,x,host=gw\\,7,{north},a=b f=\"x\ny\" 1005\nm,host=gw\\,7,{north} f=1 1007\n"
        );
        assert_eq!(String::from_utf8(to.text).unwrap(), expected);
        from.precision = Precision::Second;
        let (mut to, mut bad) = (Block::default(), 0);
        rewrite.apply(&from, &mut to, &mut |_, _| bad += 1);
        assert_eq!(bad, 4);
        assert_eq!(to.numbers, Numbers::List(vec![23]));
    }

    #[test]
    fn nothing_is_rewritten_without_tags() {
        let mut rewrite = Rewrite::new(&OwnedDefaultTags::default());
        assert!(!rewrite.is_needed(b"m f=1\n"));
        rewrite.times = Some(Times { base: 0, first: 1 });
        for (text, needed) in [
            (&b""[..], false),
            (b"m f=1 5\nm f=1 -5 \r\n\n# c\nm f=1 7", false),
            (b"m f=1 5\nm f=15\n", true),
            (b"m f=1 5\nm f=-5\n", true),
            (b"m f=\"x\ny\" 5\n", true),
            (b"m f=\"1 5\"\n", true),
        ] {
            assert_eq!(rewrite.is_needed(text), needed, "{text:?}");
        }
    }
}
