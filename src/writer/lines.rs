//! `LinesOutcome`: the outcome of line protocol that was written as text.

use crate::client::EncodedLines;
use crate::error::WriteError;
use crate::line::{LineSyntaxError, TextLine, text_lines};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

/// The number of accepted lines of a text, and the reason for each other line.
///
/// Each line is accepted or rejected by itself: one that isn't line protocol ([`WriteError::Syntax`]) doesn't affect
/// those behind it. Lines for which the buffer has no space, or the clock isn't set, are listed as well;
/// [`WriteError::is_retryable`] is true for those that can be written again later.
///
/// ```
/// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
/// use influx_edge::Precision;
///
/// let mut w = client.writer("sensors").build()?;
/// let outcome =
///     w.write_lines("t v=1i 60\nt v=1,5 61\nt v=2i 62\n", Precision::Second);
/// // The second line is malformed:
/// assert_eq!((outcome.accepted, outcome.rejected[0].0), (2, 2));
/// # drop(w.close_within(core::time::Duration::ZERO));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "lines may have been rejected"]
#[non_exhaustive]
pub struct LinesOutcome {
    /// The number of accepted lines.
    pub accepted: u64,
    /// The number and the reason of each line that was not accepted, in the order of the text. Numbers are those
    /// that an editor shows: from 1, and counting blank lines, comments and newlines in strings.
    pub rejected: Vec<(u64, WriteError)>,
}

impl LinesOutcome {
    /// Returns `true` if every line was accepted.
    ///
    /// ```
    /// assert!(influx_edge::writer::LinesOutcome::default().is_complete());
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rejected.is_empty()
    }
}

/// One line, with the first of the rejected ones: `3 lines accepted, 2 rejected: line 5: the line isn't line
/// protocol: a field has no =, at byte 4`. Without data.
impl fmt::Display for LinesOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.accepted == 1 { "" } else { "s" };
        write!(f, "{} line{plural} accepted", self.accepted)?;
        match self.rejected.first() {
            Some((number, why)) => write!(
                f,
                ", {} rejected: line {number}: {why}",
                self.rejected.len()
            ),
            None => Ok(()),
        }
    }
}

/// Line protocol of which all lines are accepted or none.
pub(crate) struct WholeText<'a> {
    /// The lines, each with its newline; the last one may lack it.
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) lines: usize,
    /// At least one of them has no time.
    pub(crate) untimed: bool,
}

impl<'a> WholeText<'a> {
    pub(crate) fn of_line(line: &TextLine<'a>) -> Self {
        WholeText {
            bytes: Cow::Borrowed(line.bytes),
            lines: 1,
            untimed: !line.has_time,
        }
    }

    /// The lines as they are to be sent. Those of an encoder need no check.
    ///
    /// # Errors
    /// Returns an error for the first line that isn't line protocol.
    pub(crate) fn new(given: &'a EncodedLines<'_>) -> Result<Self, LineSyntaxError> {
        let bytes: &[u8] = &given.bytes;
        if let Some((lines, untimed)) = given.counts {
            return Ok(WholeText {
                bytes: Cow::Borrowed(bytes),
                lines,
                untimed,
            });
        }
        let several = bytes.trim_ascii_end().contains(&b'\n');
        let in_line = |error: LineSyntaxError, number| match several {
            true => error.in_line(number),
            false => error,
        };
        let text = core::str::from_utf8(bytes).map_err(|error| {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let of_line = valid.iter().rev().take_while(|byte| **byte != b'\n');
            let before = valid.iter().filter(|byte| **byte == b'\n').count();
            let number = u64::try_from(before).unwrap_or(u64::MAX).saturating_add(1);
            in_line(LineSyntaxError::not_utf8(of_line.count()), number)
        })?;
        let mut all = Vec::with_capacity(bytes.len().saturating_add(1));
        let (mut lines, mut untimed) = (0_usize, false);
        for (number, line) in text_lines(text) {
            let line = line.map_err(|error| in_line(error, number))?;
            all.extend_from_slice(line.bytes);
            all.push(b'\n');
            lines = lines.saturating_add(1);
            untimed |= !line.has_time;
        }
        Ok(WholeText {
            bytes: Cow::Owned(all),
            lines,
            untimed,
        })
    }
}

#[cfg(test)]
#[path = "tests/lines.rs"]
mod tests;
