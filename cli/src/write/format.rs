//! `Format`: input in some format as lines of line protocol.

use crate::failure::Failure;
use influx_edge::Precision;
use influx_edge::line::{Encoder, OwnedDefaultTags};
use std::io::Read;

/// Turns one input, in pieces of any length, into lines of line protocol. Each record becomes one line, or
/// is rejected; a bad record changes nothing for the next one.
pub(crate) trait Format {
    /// Takes the next piece, and appends to `lines`. What is left of a record at its end is kept for the next
    /// piece.
    ///
    /// # Errors
    /// Returns an error if no record can be read: a CSV header without the columns that are named.
    fn push(&mut self, piece: &[u8], lines: &mut Lines) -> Result<(), Failure>;

    /// The end of the input: what is left is the last record.
    ///
    /// # Errors
    /// As [`push`](Format::push).
    fn finish(&mut self, lines: &mut Lines) -> Result<(), Failure>;

    /// Where whole records end, the header of a CSV file among them: where a resumed run goes on.
    fn position(&self) -> Position;

    /// Takes up an input at a position of an earlier run: the next piece is what follows it. Called before
    /// anything else. `start` reads the same input from its beginning, for a CSV header.
    ///
    /// # Errors
    /// As [`push`](Format::push); or if `start` can't be read or has no header any more.
    fn resume(&mut self, at: Position, start: &mut dyn Read) -> Result<(), Failure>;
}

/// A position between two records of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Bytes before it.
    pub(crate) bytes: u64,
    /// Line ends before it.
    pub(crate) lines: u64,
}

/// What writes lines, with the tags that each of them gets.
pub(crate) type LineEncoder = Encoder<(Vec<u8>, OwnedDefaultTags)>;

/// What records became.
pub(crate) struct Lines {
    pub(crate) encoder: LineEncoder,
    /// For each line in `encoder`, the number of the input's line at which its record begins, from 1.
    pub(crate) numbers: Vec<u64>,
    pub(crate) rejected: Vec<RejectedRecord>,
}

impl Lines {
    /// None yet. Their times will be in this unit.
    pub(crate) fn new(precision: Precision, tags: OwnedDefaultTags) -> Lines {
        let encoder = Encoder::with_sink(Vec::new()).precision(precision);
        Lines {
            encoder: encoder.default_tags(tags),
            numbers: Vec::new(),
            rejected: Vec::new(),
        }
    }
}

/// A record that is no line, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RejectedRecord {
    /// The number of the input's line at which it begins, from 1.
    pub(crate) number: u64,
    /// As it was read, without its line end; of a record that is too long, the beginning.
    pub(crate) record: Vec<u8>,
    pub(crate) reason: String,
}
