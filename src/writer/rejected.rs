//! `Rejected`: the bounded list of rejected lines in memory.

use super::account::RejectReason;
use crate::Precision;
use crate::error::cut;
use alloc::collections::VecDeque;
use alloc::string::String;

/// A line the server refused for good, and why. Holds data: mind where it is shown.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let mut w = client.writer("sensors").build()?;
/// w.write("t v=1 1\nt v=\"two\" 2")?; // two types in one field
/// w.flush()?;
/// let one = w.take_rejected().pop().expect("a line was refused");
/// assert_eq!((one.bucket.as_str(), one.lines), ("sensors", 1));
/// assert!(one.message.contains("field type conflict"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// The bucket it was meant for.
    pub bucket: String,
    /// The line, without its newline. Empty where the server only gave how many it dropped, not
    /// which.
    pub line: String,
    /// The unit of the line's times: the writer's, or the one that the text was in
    /// ([`write_lines`](super::Writer::write_lines)). The line is written again with it.
    pub precision: Precision,
    /// How many lines this stands for: one, or as many as the server didn't name.
    pub lines: u64,
    /// What kind of refusal it was.
    pub reason: RejectReason,
    /// The server's message, as it may be printed: without secrets of the client's, and with control
    /// characters escaped.
    pub message: String,
}

impl Rejected {
    fn bytes(&self) -> usize {
        self.line
            .len()
            .saturating_add(self.message.len())
            .saturating_add(self.bucket.len())
            .saturating_add(size_of::<Self>())
    }
}

/// The latest refusals, within a limit of bytes.
#[derive(Debug)]
pub(crate) struct RejectedStore {
    pub(crate) list: VecDeque<Rejected>,
    bytes: usize,
    max_bytes: usize,
}

impl RejectedStore {
    pub(crate) fn new(max_bytes: usize) -> Self {
        RejectedStore {
            list: VecDeque::new(),
            bytes: 0,
            max_bytes,
        }
    }

    /// Adds one; the oldest go for it. One that would take most of the store is shortened.
    pub(crate) fn push(&mut self, mut rejected: Rejected) {
        let most = self.max_bytes / 4;
        for text in [&mut rejected.line, &mut rejected.message] {
            let end = cut(text, most).len();
            if end < text.len() {
                text.truncate(end);
                text.push('…');
                text.shrink_to_fit();
            }
        }
        let size = rejected.bytes();
        while self.bytes.saturating_add(size) > self.max_bytes {
            match self.list.pop_front() {
                Some(oldest) => self.bytes = self.bytes.saturating_sub(oldest.bytes()),
                // A store of hardly any size keeps nothing.
                None => return,
            }
        }
        self.bytes = self.bytes.saturating_add(size);
        self.list.push_back(rejected);
    }

    pub(crate) fn take(&mut self) -> impl Iterator<Item = Rejected> + use<> {
        self.bytes = 0;
        core::mem::take(&mut self.list).into_iter()
    }
}

#[cfg(test)]
#[path = "tests/rejected.rs"]
mod tests;
