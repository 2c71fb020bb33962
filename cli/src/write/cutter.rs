//! `Cutter`: cuts line protocol, which is received in pieces, into blocks of whole lines. It doesn't parse the
//! lines; the writer does.
//!
//! A newline ends a line, unless it is inside a string: then the line goes on to the newline after the closing
//! quote. If the quote is missing, all following lines would belong to the string. So an open string is given up
//! at the end of the input, after [`MAX_LINE`] bytes, or, in a pipe, after [`MAX_OPEN`]: its first physical line is
//! rejected, and cutting goes on after it.

use super::block::newlines;
use super::format::Position;
use influx_edge::line::whole_lines;
use std::time::{Duration, Instant};

/// The longest line.
pub(super) const MAX_LINE: usize = 1 << 20;
/// The longest time for which a string with newlines may be open in a pipe.
const MAX_OPEN: Duration = Duration::from_secs(5);

pub(super) const TOO_LONG: &str = "the line is longer than 1 MiB";
pub(super) const NOT_CLOSED: &str =
    "a string in the line isn't closed (a quote is missing, or there is one too many)";

/// The cutter of one input.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    pending: Vec<u8>,
    /// The position of `pending`.
    at: Position,
    /// `true` for a pipe, whose next bytes may be late; those of a file are there.
    follows: bool,
    /// When `pending` was found to begin with an open string with a newline.
    open: Option<Instant>,
    /// `pending` continues a line that is too long.
    too_long: bool,
    /// `pending` was searched without success, and nothing was added that could change that.
    cut: bool,
}

/// The beginning of `pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Whole lines, and their length in bytes.
    Lines(usize),
    /// A bad line: its length, and the reason.
    Bad(usize, &'static str),
    /// A part of a line that is too long; the last one has the newline.
    Part { len: usize, first: bool, last: bool },
}

impl Cut {
    pub(super) fn len(self) -> usize {
        match self {
            Cut::Lines(len) | Cut::Bad(len, _) | Cut::Part { len, .. } => len,
        }
    }
}

impl Cutter {
    pub(super) fn new(at: Position, follows: bool) -> Cutter {
        Cutter {
            at,
            follows,
            ..Cutter::default()
        }
    }

    /// Returns the position of the next cut.
    pub(super) fn position(&self) -> Position {
        self.at
    }

    /// Returns the bytes after the last cut.
    pub(super) fn pending(&self) -> &[u8] {
        &self.pending
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        self.pending.extend_from_slice(piece);
        // Only a quote can close a string.
        self.cut = self.open.is_some() && !piece.contains(&b'"');
    }

    /// Returns the next cut, if there is one; [`take`](Self::take) removes it.
    pub(super) fn next(&mut self, now: Instant) -> Option<Cut> {
        if self.too_long {
            return self.rest_of_line();
        }
        let whole = match self.cut {
            true => 0,
            false => whole_lines(&self.pending),
        };
        if whole > 0 {
            return Some(Cut::Lines(whole));
        }
        self.cut = true;
        let first = self.first_line();
        if self.pending.len() > MAX_LINE {
            return Some(match first {
                Some(len) => Cut::Bad(len, NOT_CLOSED),
                None => Cut::Part {
                    len: self.pending.len(),
                    first: true,
                    last: false,
                },
            });
        }
        let len = first?;
        let since = *self.open.get_or_insert(now);
        let stale = self.follows && now.saturating_duration_since(since) > MAX_OPEN;
        (stale && self.pending.ends_with(b"\n")).then_some(Cut::Bad(len, NOT_CLOSED))
    }

    /// Returns the next cut after the end of the input.
    pub(super) fn rest(&mut self) -> Option<Cut> {
        let len = self.pending.len();
        if len == 0 {
            return None;
        }
        if self.too_long {
            return Some(self.rest_of_line().unwrap_or(Cut::Part {
                len,
                first: false,
                last: true,
            }));
        }
        Some(match (whole_lines(&self.pending), self.first_line()) {
            (0, None) => Cut::Lines(len),
            (0, Some(first)) => Cut::Bad(first, NOT_CLOSED),
            (whole, _) => Cut::Lines(whole),
        })
    }

    /// Moves a cut to `out`.
    pub(super) fn take(&mut self, cut: Cut, out: &mut Vec<u8>) {
        let len = cut.len().min(self.pending.len());
        // The rest is usually the shorter part, so it is copied and the buffers are swapped.
        out.clear();
        out.extend_from_slice(self.pending.get(len..).unwrap_or_default());
        std::mem::swap(out, &mut self.pending);
        out.truncate(len);
        self.at.bytes = self.at.bytes.saturating_add(len as u64);
        self.at.lines = self.at.lines.saturating_add(newlines(out));
        self.open = None;
        self.cut = false;
        self.too_long = matches!(cut, Cut::Part { last: false, .. });
    }

    fn rest_of_line(&self) -> Option<Cut> {
        let end = self.first_line();
        let len = end.unwrap_or(self.pending.len());
        (len > 0).then_some(Cut::Part {
            len,
            first: false,
            last: end.is_some(),
        })
    }

    /// Returns the length of the first physical line: any newline ends it.
    fn first_line(&self) -> Option<usize> {
        let newline = self.pending.iter().position(|byte| *byte == b'\n')?;
        Some(newline.saturating_add(1))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn cuts(pieces: &[&str], later: Duration) -> Vec<(Cut, String)> {
        let now = Instant::now();
        let mut cutter = Cutter::new(Position::default(), !later.is_zero());
        let (mut out, mut cuts) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        for piece in pieces {
            cutter.push(piece.as_bytes());
            bytes += piece.len();
            for time in [now, now + later] {
                while let Some(cut) = cutter.next(time) {
                    cutter.take(cut, &mut out);
                    cuts.push((cut, String::from_utf8(out.clone()).unwrap()));
                }
            }
        }
        while let Some(cut) = cutter.rest() {
            cutter.take(cut, &mut out);
            cuts.push((cut, String::from_utf8(out.clone()).unwrap()));
        }
        let all: String = cuts.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(all, pieces.concat());
        assert_eq!(cutter.position().bytes, bytes as u64);
        assert_eq!(cutter.position().lines, all.matches('\n').count() as u64);
        cuts
    }

    #[test]
    fn blocks_of_whole_lines() {
        let short = |pieces: &[&str], later| -> Vec<String> {
            let texts = cuts(pieces, Duration::from_secs(later)).into_iter();
            texts
                .map(|(cut, text)| match cut {
                    Cut::Lines(_) => text,
                    Cut::Bad(..) => format!("! {text}"),
                    Cut::Part { .. } => format!("+ {text}"),
                })
                .collect()
        };
        for (pieces, later, expected) in [
            (
                &["a f=1\nb", " f=2\nc"][..],
                0,
                &["a f=1\n", "b f=2\n", "c"][..],
            ),
            // A string with newlines is one line.
            (
                &["a f=\"x\ny", "\nz\" 7\nb"],
                0,
                &["a f=\"x\ny\nz\" 7\n", "b"],
            ),
            (
                &["a f=\"x\n", "y f=1\n", "z\"\n"],
                4,
                &["a f=\"x\ny f=1\nz\"\n"],
            ),
            // One that isn't closed is a bad line in the end, and holds up others for a while only.
            (&["a f=\"x\nb f=1\nc"], 0, &["! a f=\"x\n", "b f=1\n", "c"]),
            (
                &["a f=\"x\nb f=1\n", "c f=1\n"],
                6,
                &["! a f=\"x\n", "b f=1\n", "c f=1\n"],
            ),
            (&["\n\r\n#\"\n"], 0, &["\n\r\n#\"\n"]),
        ] {
            assert_eq!(short(pieces, later), expected, "{pieces:?}");
        }
    }

    #[test]
    fn lines_that_are_too_long() {
        let long = "x".repeat(MAX_LINE);
        let found = cuts(&[&long, "y", "z\nb f=1\n"], Duration::ZERO);
        let found: Vec<_> = found.iter().map(|(cut, text)| (*cut, text.len())).collect();
        let part = |len, first, last| (Cut::Part { len, first, last }, len);
        assert_eq!(
            found,
            [
                part(MAX_LINE + 1, true, false),
                part(2, false, true),
                (Cut::Lines(6), 6)
            ]
        );
        let open = format!("a f=\"\nb f=1\n{long}");
        let found = cuts(&[&open], Duration::ZERO);
        assert_eq!(found[0].0, Cut::Bad(6, NOT_CLOSED));
        assert_eq!(found[1].0, Cut::Lines(6));
    }
}
