//! What a person sees beside the data: notes on standard error, a progress line on a terminal.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use crate::command::Matches;

/// Standard error, with the manners of a command: nothing but errors if `--quiet`, one line that is written
/// over only on a terminal.
pub(crate) struct Report {
    quiet: bool,
    pub(crate) json: bool,
    terminal: bool,
}

impl Report {
    pub(crate) fn new(matches: &Matches) -> Report {
        Report {
            quiet: matches.has("quiet"),
            json: matches.has("json"),
            terminal: io::stderr().is_terminal(),
        }
    }

    /// A line that `--quiet` leaves out.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        if !self.quiet {
            self.error(text);
        }
    }

    /// A line in any case. Control characters in it are escaped.
    pub(crate) fn error(&self, text: impl fmt::Display) {
        self.clear();
        let _ = writeln!(
            io::stderr().lock(),
            "influx-edge: {}",
            Printable(&text.to_string())
        );
    }

    /// Whether a progress line can be seen.
    pub(crate) fn shows_progress(&self) -> bool {
        self.terminal && !self.quiet && !self.json
    }

    /// Writes the progress line over the one before.
    pub(crate) fn progress(&self, text: impl fmt::Display) {
        if self.shows_progress() {
            let _ = write!(io::stderr().lock(), "\r\x1b[K{text}");
        }
    }

    /// Removes the progress line.
    pub(crate) fn clear(&self) {
        if self.shows_progress() {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// Text of one line: newlines and other control characters are escaped.
pub(crate) fn one_line(text: &str) -> String {
    Printable(&text.replace('\n', "\\n")).to_string()
}

/// Text that a terminal shows as it is: control characters but newlines are escaped.
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let control = |c: char| c.is_control() && c != '\n';
        for piece in self.0.split_inclusive(control) {
            let last = piece.chars().next_back().filter(|c| control(*c));
            let plain = piece.len() - last.map_or(0, char::len_utf8);
            f.write_str(piece.get(..plain).unwrap_or_default())?;
            if let Some(last) = last {
                write!(f, "{}", last.escape_default())?;
            }
        }
        Ok(())
    }
}
