//! `Stats`, events and reasons as text for people.

use super::account::{ByReason, DropReason, DroppedLines, RejectReason, RejectedLines, Stats};
use super::event::Event;
use core::fmt;
use core::time::Duration;

/// One line: `1200 accepted: 1000 delivered, 150 on disk, 40 in memory (3210 bytes), 7 rejected (4 refused,
/// 3 partial), 3 dropped (overflow); 2 not accepted; next attempt in 12.3 s`. Numbers
/// other than `accepted` are left out if they are zero.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} accepted", self.accepted)?;
        let mut list = List::new(": ");
        list.item(f, self.delivered, &"delivered")?;
        list.item(f, self.spooled, &"on disk")?;
        let bytes = Bytes(self.buffered_bytes);
        list.item(f, self.buffered, &format_args!("in memory{bytes}"))?;
        let reasons = Reasons(&self.rejected);
        list.item(f, self.rejected.total(), &format_args!("rejected{reasons}"))?;
        let reasons = Reasons(&self.dropped);
        list.item(f, self.dropped.total(), &format_args!("dropped{reasons}"))?;
        for (number, what) in [
            (self.not_accepted, "not accepted"),
            (self.own, "of them its own"),
            (self.skipped_fields, "fields skipped"),
            (self.empty_tags, "empty tags"),
            (self.foreign, "on disk for others"),
        ] {
            if number > 0 {
                write!(f, "; {number} {what}")?;
            }
        }
        match self.next_attempt {
            Some(wait) => write!(f, "; next attempt in {}", Seconds(wait)),
            None => Ok(()),
        }
    }
}

/// The total, and the number of each reason if there are several: `7 (4 refused, 3 partial)`.
impl fmt::Display for RejectedLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.total(), Reasons(self))
    }
}

/// The total, and the number of each reason if there are several: `3 (2 overflow, 1 closed)`.
impl fmt::Display for DroppedLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.total(), Reasons(self))
    }
}

/// The reason in one or two words: `refused`, `partial`, `too large`, `poison`.
impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RejectReason::Refused => "refused",
            RejectReason::Partial => "partial",
            RejectReason::TooLarge => "too large",
            RejectReason::Poison => "poison",
        })
    }
}

/// The reason in one or two words: `overflow`, `given up`, `closed`, `spool`, `panicked`.
impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DropReason::Overflow => "overflow",
            DropReason::GivenUp => "given up",
            DropReason::Closed => "closed",
            DropReason::Spool => "spool",
            DropReason::Panicked => "panicked",
        })
    }
}

/// One line, with the bucket where there is one: `sensors: 500 lines delivered`.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Delivered { bucket, lines } => {
                write!(f, "{bucket}: {} delivered", Lines(*lines))
            }
            Event::Failed {
                bucket,
                error,
                retry_in,
            } => write!(f, "{bucket}: {error}; again in {}", Seconds(*retry_in)),
            Event::Recovered { bucket, after } => {
                write!(f, "{bucket}: delivers again, after {}", Seconds(*after))
            }
            Event::Rejected {
                bucket,
                lines,
                reason,
            } => write!(f, "{bucket}: {} rejected ({reason})", Lines(*lines)),
            Event::Spooled { bucket, lines } => write!(f, "{bucket}: {} to disk", Lines(*lines)),
            Event::SpoolFailed { bucket, message } => write!(
                f,
                "{bucket}: the disk didn't take lines, they are kept in memory: {message}"
            ),
            Event::Uncompressed { bucket } => write!(
                f,
                "{bucket}: the server takes no compressed lines, they are sent uncompressed from now on"
            ),
            Event::Foreign { lines } => write!(
                f,
                "{} on disk for another organization: they stay there",
                Lines(*lines)
            ),
            Event::Missed { events } => write!(f, "{events} more events"),
            Event::ClockStepped { back } => {
                write!(f, "the machine's clock was set back by {}", Seconds(*back))
            }
            Event::Dropped {
                bucket,
                lines,
                reason,
            } => write!(f, "{bucket}: {} dropped ({reason})", Lines(*lines)),
        }
    }
}

/// Numbers with their names, separated by commas; those that are zero are left out.
struct List {
    separator: &'static str,
}

impl List {
    fn new(before: &'static str) -> Self {
        List { separator: before }
    }

    fn item(
        &mut self,
        f: &mut fmt::Formatter<'_>,
        number: u64,
        word: &dyn fmt::Display,
    ) -> fmt::Result {
        if number == 0 {
            return Ok(());
        }
        write!(f, "{}{number} {word}", self.separator)?;
        self.separator = ", ";
        Ok(())
    }
}

/// The text after a total: nothing, the only reason, or each reason with its number.
struct Reasons<'a, T>(&'a T);

impl<T: ByReason> fmt::Display for Reasons<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.0.each();
        let mut counted = each.clone().filter(|(_, number)| *number > 0);
        match (counted.next(), counted.next()) {
            (None, _) => Ok(()),
            (Some((only, _)), None) => write!(f, " ({only})"),
            _ => {
                let mut list = List::new(" (");
                for (reason, number) in each {
                    list.item(f, number, &reason)?;
                }
                f.write_str(")")
            }
        }
    }
}

struct Lines(u64);

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 line"),
            lines => write!(f, "{lines} lines"),
        }
    }
}

struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            bytes => write!(f, " ({bytes} bytes)"),
        }
    }
}

/// `12.3 s`; from a minute on whole seconds. Without floats, because their formatting would be the largest part of
/// this module in a small program.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ 60.. => write!(f, "{seconds} s"),
            seconds => write!(f, "{seconds}.{} s", self.0.subsec_millis() / 100),
        }
    }
}

#[cfg(test)]
#[path = "tests/display.rs"]
mod tests;
