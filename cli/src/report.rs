//! Messages for the operator: notes on standard error, and a progress line on a terminal.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use crate::command::Matches;
use crate::failure::for_operator;
use std::time::Duration;

/// Standard error: only errors with `--quiet`, and a progress line only on a terminal.
#[derive(Clone, Copy, Debug, Default)]
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

    /// Prints a line, unless `--quiet` is set.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        if !self.quiet {
            self.print(&text);
        }
    }

    /// Prints a line in any case. Control characters are escaped, names of the library are replaced by options.
    pub(crate) fn error(&self, text: impl fmt::Display) {
        self.print(&text);
    }

    fn print(&self, text: &dyn fmt::Display) {
        self.clear();
        let text = for_operator(&text.to_string());
        let _ = writeln!(io::stderr().lock(), "influx-edge: {}", Printable(&text));
    }

    /// Returns `true` if the progress line is shown.
    pub(crate) fn shows_progress(&self) -> bool {
        self.terminal && !self.quiet && !self.json
    }

    /// Replaces the progress line.
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

/// Returns a duration in milliseconds, rounded to a microsecond.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1000.0
}

/// Escapes newlines and other control characters.
pub(crate) fn one_line(text: &str) -> String {
    Printable(&text.replace('\n', "\\n")).to_string()
}

/// Text for a terminal: control characters except newlines are escaped.
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
