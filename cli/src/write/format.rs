//! `Format`: converts an input to line protocol.

use crate::failure::Failure;
use influx_edge::Precision;
use influx_edge::line::{Encoder, OwnedDefaultTags};
use std::io::Read;

/// Converts one input, in pieces of any length, to line protocol. Each record becomes one line or is rejected; a
/// bad record doesn't affect the next one.
pub(crate) trait Format {
    /// Takes the next piece and appends to `lines`. A record that isn't complete is kept for the next piece.
    ///
    /// # Errors
    /// Returns an error if no record can be read, for example if a CSV header lacks a named column.
    fn push(&mut self, piece: &[u8], lines: &mut Lines) -> Result<(), Failure>;

    /// Ends the input: the rest is the last record.
    ///
    /// # Errors
    /// As [`push`](Format::push).
    fn finish(&mut self, lines: &mut Lines) -> Result<(), Failure>;

    /// Returns the position after the last whole record or CSV header, at which a resumed run continues.
    fn position(&self) -> Position;

    /// Continues an input at a position of an earlier run: the next piece begins there. Called before anything
    /// else. `start` reads the same input from its beginning, for a CSV header.
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

/// The encoder of lines, with the tags that each of them gets.
pub(crate) type LineEncoder = Encoder<(Vec<u8>, OwnedDefaultTags)>;

/// The lines and the rejected records of an input.
pub(crate) struct Lines {
    pub(crate) encoder: LineEncoder,
    /// For each line in `encoder`, the input's line number at which its record begins, from 1.
    pub(crate) numbers: Vec<u64>,
    pub(crate) rejected: Vec<RejectedRecord>,
}

impl Lines {
    /// Returns an empty buffer, for times in this unit.
    pub(crate) fn new(precision: Precision, tags: OwnedDefaultTags) -> Lines {
        let encoder = Encoder::with_sink(Vec::new()).precision(precision);
        Lines {
            encoder: encoder.default_tags(tags),
            numbers: Vec::new(),
            rejected: Vec::new(),
        }
    }
}

/// A rejected record, and the reason.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RejectedRecord {
    /// The input's line number at which it begins, from 1.
    pub(crate) number: u64,
    /// Its text, without the line end; of a record that is too long, the beginning.
    pub(crate) record: Vec<u8>,
    pub(crate) reason: String,
}
