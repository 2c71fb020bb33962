//! `Format`: input in some format as lines of line protocol.

use influx_edge::Precision;

/// Turns input, in pieces of any length, into lines of line protocol. Each record becomes one line, or is
/// rejected; a bad record changes nothing for the next one.
pub(crate) trait Format {
    /// Takes the next piece. What is left of a record at its end is kept for the next piece.
    fn push(&mut self, piece: &[u8], lines: &mut Lines);

    /// The end of the input: what is left is the last record.
    fn finish(&mut self, lines: &mut Lines);

    /// How many bytes of the input whole records have taken, the header of a CSV file among them: where a
    /// resumed run goes on.
    fn consumed(&self) -> u64;
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

/// A record that is no line, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RejectedRecord {
    /// The number of the input's line at which it begins, from 1.
    pub(crate) number: u64,
    /// As it was read.
    pub(crate) record: Vec<u8>,
    pub(crate) reason: String,
}
