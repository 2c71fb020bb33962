//! `Block`: whole lines of line protocol, and their numbers in the input.

use influx_edge::Precision;
use influx_edge::line::{LineSyntaxError, TextLine, text_lines};

#[derive(Debug, Default)]
pub(super) struct Block {
    /// The index of the input.
    pub(super) source: usize,
    pub(super) text: Vec<u8>,
    pub(super) numbers: Numbers,
    /// The unit of its times.
    pub(super) precision: Precision,
}

/// The numbers of lines in their input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// The text is an unchanged part of the input, and begins with this line.
    From(u64),
    /// The number of each line.
    List(Vec<u64>),
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers::From(1)
    }
}

/// A line of a block.
pub(super) struct Found<'a> {
    /// Its number in the block, from 1, as `write_lines` counts.
    pub(super) row: u64,
    /// Its number in the input.
    pub(super) number: u64,
    pub(super) line: Result<TextLine<'a>, LineSyntaxError>,
    /// Its text, without the newline.
    pub(super) raw: &'a str,
}

impl Block {
    /// Returns the number of the line that begins at this byte.
    pub(super) fn number_at(&self, offset: usize) -> u64 {
        let before = self.text.get(..offset).unwrap_or_default();
        match &self.numbers {
            Numbers::From(first) => first.saturating_add(newlines(before)),
            Numbers::List(list) => {
                let before = std::str::from_utf8(before).unwrap_or_default();
                let index = text_lines(before).count();
                list.get(index).copied().unwrap_or_default()
            }
        }
    }

    /// Returns its lines; none if it isn't UTF-8.
    pub(super) fn lines(&self) -> impl Iterator<Item = Found<'_>> {
        let text = std::str::from_utf8(&self.text).unwrap_or_default();
        let mut lines = text_lines(text);
        let mut index = 0;
        std::iter::from_fn(move || {
            let start = lines.offset();
            let (row, line) = lines.next()?;
            let number = match &self.numbers {
                Numbers::From(first) => first.saturating_add(row).saturating_sub(1),
                Numbers::List(list) => list.get(index).copied().unwrap_or_default(),
            };
            index = index.saturating_add(1);
            let raw = text.get(start..lines.offset()).unwrap_or_default();
            Some(Found {
                row,
                number,
                line,
                raw: line_itself(raw),
            })
        })
    }
}

/// Counts newlines, in groups whose count fits in a byte: the compiler vectorizes that, which is four times as
/// fast.
pub(super) fn newlines(bytes: &[u8]) -> u64 {
    let count = |group: &[u8]| {
        group
            .iter()
            .map(|byte| u8::from(*byte == b'\n'))
            .sum::<u8>()
    };
    bytes.chunks(255).map(|group| u64::from(count(group))).sum()
}

/// Removes the blank lines and comments before a line, and its line end.
fn line_itself(mut text: &str) -> &str {
    while let Some((first, rest)) = text.split_once('\n') {
        let first = first.trim_start_matches([' ', '\t', '\u{feff}']);
        if !(first.is_empty() || first == "\r" || first.starts_with('#')) {
            break;
        }
        text = rest;
    }
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn lines_and_their_numbers() {
        let text = "\u{feff}# c\n\r\n a f=1\r\nb f=\"x\n# y\"\nbad\n\nc f=1";
        let mut block = Block {
            text: text.as_bytes().to_vec(),
            numbers: Numbers::From(11),
            ..Block::default()
        };
        let found = |block: &Block| -> Vec<(u64, u64, bool, String)> {
            let lines = block.lines();
            lines
                .map(|one| (one.row, one.number, one.line.is_ok(), one.raw.to_owned()))
                .collect()
        };
        let raw = [" a f=1", "b f=\"x\n# y\"", "bad", "c f=1"];
        let rows = [(3, 13, true), (4, 14, true), (6, 16, false), (8, 18, true)];
        let expected: Vec<_> = (rows.iter().zip(raw))
            .map(|((row, number, good), raw)| (*row, *number, *good, raw.to_owned()))
            .collect();
        assert_eq!(found(&block), expected);
        let start = text.find("bad").unwrap();
        assert_eq!(block.number_at(start), 16);
        block.numbers = Numbers::List(vec![2, 3, 5, 9]);
        assert_eq!(block.number_at(start), 5);
        let numbers: Vec<_> = block.lines().map(|one| one.number).collect();
        assert_eq!(numbers, [2, 3, 5, 9]);
    }
}
