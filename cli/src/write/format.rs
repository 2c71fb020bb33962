//! `Format`: input in some format as lines of line protocol.

use crate::failure::Failure;
use influx_edge::Precision;

/// Turns one input, in pieces of any length, into lines of line protocol. Each record becomes one line, or
/// is rejected; a bad record changes nothing for the next one. Each file has a value of its own.
pub(crate) trait Format {
    /// Takes the next piece. What is left of a record at its end is kept for the next piece.
    ///
    /// # Errors
    /// Returns an error if nothing in this input can be read: a header that lacks a column.
    fn push(&mut self, piece: &[u8], lines: &mut Lines) -> Result<(), Failure>;

    /// The end of the input: what is left is the last record.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    fn finish(&mut self, lines: &mut Lines) -> Result<(), Failure>;

    /// Where the next record begins: a resumed run goes on there. Behind the header of a CSV file.
    fn position(&self) -> Position;

    /// How many bytes at the beginning of the input a resumed run has to read in any case: the header of a
    /// CSV file, once it was read.
    fn header_bytes(&self) -> u64 {
        0
    }

    /// What is pushed next stands here in the input. A resumed run calls it once, after it has pushed the
    /// first [`header_bytes`](Self::header_bytes) of the input.
    fn resume(&mut self, at: Position);
}

/// A place between two records of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Bytes before it.
    pub(crate) bytes: u64,
    /// Lines before it, blank ones counted.
    pub(crate) lines: u64,
}

/// What records became.
#[derive(Default)]
pub(crate) struct Lines {
    /// Lines of line protocol, each with its newline.
    pub(crate) text: Vec<u8>,
    /// For each line in `text`, the number of the input's line at which its record begins, from 1.
    pub(crate) numbers: Vec<u64>,
    pub(crate) rejected: Vec<RejectedRecord>,
    /// The unit of the times in `text`.
    pub(crate) precision: Precision,
}

impl Lines {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.numbers.clear();
        self.rejected.clear();
    }
}

/// A record that is no line, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RejectedRecord {
    /// The number of the input's line at which it begins, from 1.
    pub(crate) number: u64,
    /// As it was read; of a record that is too long, its beginning.
    pub(crate) record: Vec<u8>,
    pub(crate) reason: String,
}
