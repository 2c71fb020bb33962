//! `Rejects`: records rejected lines, with their numbers and the reasons.

use crate::failure::Failure;
use crate::report::Report;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The most lines printed without a file.
const SHOWN: u64 = 10;
/// The most bytes printed of a line.
const EXCERPT: usize = 160;
/// The number of bytes after which entries are written to the file.
const BUFFER: usize = 64 * 1024;

/// A rejected line.
pub(super) struct Entry<'a> {
    /// The name of its input, if there are several.
    pub(super) source: Option<&'a str>,
    /// Its number there; `None` if it is no longer known.
    pub(super) number: Option<u64>,
    pub(super) reason: &'a str,
    /// Empty if the server reported only the number of dropped lines.
    pub(super) line: &'a [u8],
    /// The number of lines: one, or that of the lines that the server didn't identify.
    pub(super) lines: u64,
}

#[derive(Default)]
pub(super) struct Rejects {
    report: Report,
    target: Option<Target>,
    /// Entries for the file that are not written yet.
    buffer: Vec<u8>,
    buffered: u64,
    shown: u64,
    /// Lines that couldn't be written to the file, and were printed.
    printed: u64,
    /// Lines that couldn't be printed either.
    pub(super) unrecorded: u64,
    /// The file's error was printed.
    reported: bool,
    /// Standard output's error was printed.
    unprintable: bool,
}

enum Target {
    Stdout,
    File(PathBuf, File),
}

impl Rejects {
    /// # Errors
    /// Returns an error if the file can't be opened.
    pub(super) fn new(path: Option<&Path>, report: Report) -> Result<Rejects, Failure> {
        let target = match path {
            None => None,
            Some(path) if path.as_os_str() == "-" => Some(Target::Stdout),
            Some(path) => {
                let file = OpenOptions::new().append(true).create(true).open(path);
                let file =
                    file.map_err(|why| Failure::new(1, format_args!("{}: {why}", path.display())))?;
                Some(Target::File(path.to_owned(), file))
            }
        };
        Ok(Rejects {
            report,
            target,
            ..Rejects::default()
        })
    }

    /// Writes a comment with number and reason, and the line below it; or prints both.
    pub(super) fn add(&mut self, entry: &Entry<'_>) {
        self.begin(entry);
        if self.target.is_some() && !entry.line.is_empty() {
            self.part(entry.line);
            self.part(b"\n");
        }
        if self.buffer.len() > BUFFER {
            self.flush();
        }
    }

    /// As [`add`](Self::add), for a line that follows in parts, by [`part`](Self::part).
    pub(super) fn begin(&mut self, entry: &Entry<'_>) {
        let place = place(entry);
        if self.target.is_some() {
            self.buffered = self.buffered.saturating_add(entry.lines);
            let reason = entry.reason.replace(char::is_control, " ");
            let _ = writeln!(self.buffer, "# {place}: {reason}");
        } else if self.shown < SHOWN {
            let excerpt = excerpt(entry.line);
            let gap = if excerpt.is_empty() { "" } else { ": " };
            self.report.error(format_args!(
                "{place} rejected: {}{gap}{excerpt}",
                entry.reason
            ));
            self.shown = self.shown.saturating_add(1);
        }
    }

    /// Bytes of a line, as they were read.
    pub(super) fn part(&mut self, bytes: &[u8]) {
        if self.target.is_some() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Writes what is buffered.
    pub(super) fn flush(&mut self) {
        if self.buffer.is_empty() || self.target.is_none() {
            return;
        }
        if let Some(Target::File(path, file)) = &mut self.target {
            match file.write_all(&self.buffer) {
                Ok(()) => {
                    self.buffer.clear();
                    self.buffered = 0;
                    return;
                }
                Err(why) if !self.reported => {
                    self.report.error(format_args!(
                        "rejected lines can't be written to {}: {why}; they are printed",
                        path.display()
                    ));
                    self.reported = true;
                }
                Err(_) => {}
            }
            self.printed = self.printed.saturating_add(self.buffered);
        }
        let mut out = io::stdout().lock();
        if let Err(why) = out.write_all(&self.buffer).and_then(|()| out.flush()) {
            self.unrecorded = self.unrecorded.saturating_add(self.buffered);
            if !std::mem::replace(&mut self.unprintable, true) {
                self.report.error(format_args!(
                    "rejected lines can't be written to standard output: {why}"
                ));
            }
        }
        self.buffer.clear();
        self.buffered = 0;
    }

    /// Writes what is buffered, and syncs the file.
    pub(super) fn sync(&mut self) {
        self.flush();
        if let Some(Target::File(path, file)) = &self.target {
            if let Err(why) = file.sync_data() {
                self.report.error(format_args!("{}: {why}", path.display()));
            }
        }
    }

    /// Prints a summary, if lines were rejected.
    pub(super) fn end(&mut self, rejected: u64) {
        self.flush();
        match &self.target {
            _ if rejected == 0 => {}
            None => {
                let more = rejected.saturating_sub(self.shown);
                if more > 0 {
                    self.report.error(format_args!(
                        "{more} more rejected; --rejected FILE keeps them all"
                    ));
                }
            }
            Some(Target::File(path, _)) => {
                let kept = rejected.saturating_sub(self.printed);
                let lines = if kept == 1 { "line is" } else { "lines are" };
                self.report.note(format_args!(
                    "{kept} rejected {lines} in {}, with the reasons",
                    path.display()
                ));
            }
            Some(Target::Stdout) => {}
        }
    }
}

/// `line 17`, `line 17 of today.lp`.
fn place(entry: &Entry<'_>) -> String {
    match (entry.lines, entry.number, entry.source) {
        (0 | 1, Some(number), None) => format!("line {number}"),
        (0 | 1, Some(number), Some(source)) => {
            format!("line {number} of {}", source.replace(char::is_control, "?"))
        }
        (0 | 1, None, _) => "a line of unknown number".to_owned(),
        (lines, ..) => format!("{lines} lines that the server doesn't identify"),
    }
}

fn excerpt(line: &[u8]) -> String {
    let shown = line.get(..EXCERPT).unwrap_or(line);
    let mut text = String::from_utf8_lossy(shown).into_owned();
    if shown.len() < line.len() {
        text.push('…');
    }
    text
}
