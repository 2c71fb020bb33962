//! `Recent`: the last blocks that were passed to the writer, in which a line that the server rejects is found, with
//! its number in the input.
//!
//! A queue of bounded size: when a block is added, the oldest ones are removed, except those whose lines may still
//! be in the writer's buffer. Accepted lines cost nothing but the copy; a rejected one costs a search, which begins
//! after the last one found, because servers usually report lines in their order.

use super::block::Block;
use std::collections::VecDeque;

/// Bytes that are kept in addition to the writer's buffer: a batch that was just sent, and a block.
const MAX_BYTES: usize = 320 * 1024;

#[derive(Default)]
pub(super) struct Recent {
    blocks: VecDeque<Block>,
    bytes: usize,
    /// The block and offset after the last line found, where the next search begins.
    cursor: (usize, usize),
    spare: Option<Vec<u8>>,
}

impl Recent {
    /// Returns an empty buffer for the next block.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.spare.take().unwrap_or_default()
    }

    /// Keeps a block. `buffered` is the number of bytes in the writer's buffer.
    pub(super) fn keep(&mut self, block: Block, buffered: usize) {
        self.bytes = self.bytes.saturating_add(block.text.len());
        self.blocks.push_back(block);
        let most = buffered.saturating_add(MAX_BYTES);
        while let Some(oldest) = self.blocks.front() {
            let left = self.bytes.saturating_sub(oldest.text.len());
            if left < most {
                break;
            }
            self.bytes = left;
            let (block, at) = self.cursor;
            self.cursor = match block.checked_sub(1) {
                Some(before) => (before, at),
                None => (0, 0),
            };
            if let Some(mut block) = self.blocks.pop_front() {
                block.text.clear();
                self.spare = Some(block.text);
            }
        }
    }

    /// Finds a line that was sent, unchanged or with an added time; returns its source and number.
    pub(super) fn find(&mut self, line: &str) -> Option<(usize, u64)> {
        let (first, at) = self.cursor;
        let behind =
            (first..self.blocks.len()).zip(std::iter::once(at).chain(std::iter::repeat(0)));
        let before = (0..=first).map(|block| (block, 0));
        for (index, from) in behind.chain(before) {
            let Some(block) = self.blocks.get(index) else {
                continue;
            };
            if let Some((start, end)) = find_in(&block.text, from, line.as_bytes()) {
                self.cursor = (index, end);
                return Some((block.source, block.number_at(start)));
            }
        }
        None
    }
}

/// Finds a line in a text from an offset on, which is the start of a line. Returns the start and the end.
fn find_in(text: &[u8], from: usize, line: &[u8]) -> Option<(usize, usize)> {
    let untimed = without_time(line);
    let mut at = from;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
        let blanks = blanks.count();
        let found = rest.get(blanks..).unwrap_or_default();
        let end = |tail: Option<&[u8]>| {
            let tail = tail?;
            let spaces = tail.iter().take_while(|byte| **byte == b' ').count();
            let ends = matches!(
                tail.get(spaces..),
                None | Some([] | [b'\n', ..] | [b'\r', b'\n', ..] | [b'\r'])
            );
            ends.then_some(tail.len())
        };
        let whole = end(found.strip_prefix(line));
        if let Some(left) = whole.or_else(|| end(found.strip_prefix(untimed?))) {
            let end = text.len().saturating_sub(left);
            let newline = text.get(end..).unwrap_or_default();
            let newline = newline.iter().position(|byte| *byte == b'\n');
            let behind = newline.map_or(text.len(), |newline| end + newline + 1);
            return Some((at, behind));
        }
        let newline = rest.iter().position(|byte| *byte == b'\n')?;
        at = at.saturating_add(newline).saturating_add(1);
    }
    None
}

/// Removes the time at the end of a line; `None` if there is none.
fn without_time(line: &[u8]) -> Option<&[u8]> {
    let space = line.iter().rposition(|byte| *byte == b' ')?;
    let (line, time) = line.split_at_checked(space)?;
    let digits = time.get(1..)?;
    let digits = digits.strip_prefix(b"-").unwrap_or(digits);
    (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then_some(line)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::write::block::Numbers;

    fn block(source: usize, first: u64, text: &str) -> Block {
        Block {
            source,
            text: text.as_bytes().to_vec(),
            numbers: Numbers::From(first),
            ..Block::default()
        }
    }

    #[test]
    fn lines_are_found_in_their_order() {
        let mut recent = Recent::default();
        recent.keep(
            block(0, 1, "# a f=1\n  a f=1 \r\nb f=\"x\ny\" 5\na f=1 7\n"),
            0,
        );
        recent.keep(block(1, 10, "a f=1\na f=1\nc f=2"), 0);
        for (line, found) in [
            ("a f=1 1700000000", Some((0, 2))),
            ("b f=\"x\ny\" 5", Some((0, 3))),
            ("a f=1 7", Some((0, 5))),
            ("a f=1 8", Some((1, 10))),
            ("a f=1 9", Some((1, 11))),
            ("c f=2 9", Some((1, 12))),
            ("c f=3 9", None),
            ("f=1", None),
            // From the beginning again.
            ("b f=\"x\ny\" 5", Some((0, 3))),
        ] {
            assert_eq!(recent.find(line), found, "{line:?}");
        }
    }

    #[test]
    fn old_lines_are_forgotten_and_buffers_used_again() {
        let mut recent = Recent::default();
        let text = "m f=1\n".repeat(10_000);
        for number in 0..100 {
            recent.keep(block(0, number * 10_000, &text), 0);
        }
        assert!(recent.bytes < MAX_BYTES + 2 * text.len());
        assert!(recent.buffer().capacity() >= text.len());
        assert!(
            recent
                .find("m f=1 5")
                .is_some_and(|(_, number)| number >= 900_000)
        );
    }
}
