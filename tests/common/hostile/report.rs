//! Counting: what was sent, what came back equal, what was refused, and what a server can't do.

use super::Position;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Something a server is known not to give back as it was sent. It must be true of every string it
/// names: one that comes back equal means that the exception is out of date.
pub(crate) struct Limit {
    /// The effect and its reason, in one line.
    pub reason: &'static str,
    /// The strings and places it happens to.
    pub applies: fn(Position, &str) -> bool,
}

/// One place of a line on one server.
#[derive(Default)]
pub(crate) struct Report {
    title: String,
    sent: usize,
    equal: usize,
    refused: usize,
    limited: BTreeMap<&'static str, usize>,
    differences: Vec<String>,
}

impl Report {
    pub(crate) fn new(title: String) -> Report {
        Report {
            title,
            ..Report::default()
        }
    }

    pub(crate) fn refused(&mut self) {
        self.refused += 1;
    }

    /// One string that was sent: `difference` says how its return differed from it.
    pub(crate) fn came_back(
        &mut self,
        text: &str,
        difference: Option<String>,
        limit: Option<&Limit>,
    ) {
        self.sent += 1;
        match (difference, limit) {
            (None, None) => self.equal += 1,
            (Some(_), Some(limit)) => *self.limited.entry(limit.reason).or_default() += 1,
            (Some(how), None) => self.difference(text, &how),
            (None, Some(limit)) => {
                let how = format!("equal, so this is no longer true: {}", limit.reason);
                self.difference(text, &how);
            }
        }
    }

    pub(crate) fn difference(&mut self, text: &str, how: &str) {
        let shown: String = text.chars().take(60).collect();
        let how: String = how.chars().take(600).collect();
        self.differences.push(format!("{shown:?}: {how}"));
    }

    /// Prints the counts, and gives the differences for the test to fail with.
    pub(crate) fn finish(self) -> Vec<String> {
        let mut line = format!(
            "{}: {} sent, {} equal, {} refused by the encoder, {} different",
            self.title,
            self.sent,
            self.equal,
            self.refused,
            self.differences.len()
        );
        for (reason, count) in &self.limited {
            write!(line, "\n    {count} by a limit of the server: {reason}").unwrap();
        }
        println!("{line}");
        self.differences
            .into_iter()
            .map(|difference| format!("{}: {difference}", self.title))
            .collect()
    }
}
