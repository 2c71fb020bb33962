//! `Account`: the number of lines with each outcome.

use crate::failure::{LATER, REJECTED};
use crate::report::Report;
use crate::signals::Stop;
use serde_json::json;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Lines of the input, without blank ones and comments.
    pub(super) read: u64,
    /// Lines that waited in the spool when the run began.
    pub(super) found: u64,
    pub(super) delivered: u64,
    pub(super) spooled: u64,
    /// By the server or by this command.
    pub(super) rejected: u64,
    pub(super) not_delivered: u64,
    /// Undelivered lines that couldn't be printed.
    pub(super) unprinted: u64,
    /// Rejected lines that could be neither written to their file nor printed.
    pub(super) unrecorded: u64,
    /// Bytes at the end of inputs that aren't a whole line yet.
    pub(super) unfinished: u64,
}

impl Account {
    /// Returns `true` if each line has an outcome.
    pub(super) fn is_balanced(&self) -> bool {
        let outcomes = [
            self.delivered,
            self.spooled,
            self.rejected,
            self.not_delivered,
        ];
        let outcomes = outcomes.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        self.read.saturating_add(self.found) == outcomes
    }

    /// Prints it on standard error, or as JSON on standard output.
    ///
    /// # Errors
    /// Returns an error if standard output is closed.
    pub(super) fn print(&self, report: &Report) -> io::Result<()> {
        if self.unprinted > 0 {
            report.error(format_args!(
                "{} of the lines that were not delivered could not be printed",
                self.unprinted
            ));
        }
        if self.unrecorded > 0 {
            report.error(format_args!(
                "{} rejected lines could be neither recorded nor printed",
                self.unrecorded
            ));
        }
        if !self.is_balanced() {
            report.error("the account is not balanced; please report this");
        }
        if report.json {
            let line = json!({
                "read": self.read, "found": self.found, "delivered": self.delivered,
                "spooled": self.spooled, "rejected": self.rejected,
                "not_delivered": self.not_delivered, "unprinted": self.unprinted,
                "unrecorded": self.unrecorded, "unfinished_bytes": self.unfinished,
            });
            let mut out = io::stdout().lock();
            return writeln!(out, "{line}").and_then(|()| out.flush());
        }
        if self.not_delivered > 0 {
            report.error(self);
        } else {
            report.note(self);
        }
        Ok(())
    }

    /// Returns the exit code. Undelivered lines come first, then the signal: 2 would mean that all lines of the
    /// input except the rejected ones are safe, but the rest is unread.
    pub(super) fn exit_code(&self, stop: &Stop) -> ExitCode {
        if self.not_delivered > 0 || !self.is_balanced() {
            ExitCode::from(LATER)
        } else if let Some(code) = stop.exit_code() {
            code
        } else if self.rejected > 0 {
            ExitCode::from(REJECTED)
        } else {
            ExitCode::SUCCESS
        }
    }
}

/// `1000 lines read = 990 delivered + 8 spooled + 2 rejected`.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.read == 1 { "" } else { "s" };
        write!(f, "{} line{plural} read", self.read)?;
        if self.found > 0 {
            write!(f, " and {} found in the spool", self.found)?;
        }
        write!(f, " = {} delivered", self.delivered)?;
        for (number, outcome) in [
            (self.spooled, "spooled"),
            (self.rejected, "rejected"),
            (self.not_delivered, "not delivered"),
        ] {
            if number > 0 {
                write!(f, " + {number} {outcome}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::Account;

    #[test]
    fn one_line() {
        let mut account = Account {
            read: 1000,
            delivered: 990,
            spooled: 8,
            rejected: 2,
            ..Account::default()
        };
        assert!(account.is_balanced());
        assert_eq!(
            account.to_string(),
            "1000 lines read = 990 delivered + 8 spooled + 2 rejected"
        );
        account = Account {
            read: 1,
            found: 100,
            delivered: 100,
            not_delivered: 1,
            ..Account::default()
        };
        assert_eq!(
            account.to_string(),
            "1 line read and 100 found in the spool = 100 delivered + 1 not delivered"
        );
        account.read = 2;
        assert!(!account.is_balanced());
    }
}
