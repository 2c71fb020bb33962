//! `Rejected`: a rejected line, and their bounded list in memory.

use super::account::RejectReason;
use crate::Precision;
use crate::error::cut;
use alloc::collections::VecDeque;
use alloc::string::String;

/// A rejected line and the reason.
///
/// The server refused it for good. It holds data: take care where it is printed.
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
    /// The line, without its newline. Empty if the server gave only the number of lines that it dropped.
    pub line: String,
    /// The unit of the line's time: the writer's, or that of the text
    /// ([`write_lines`](super::Writer::write_lines)). Give it again when you write the line again.
    pub precision: Precision,
    /// The number of lines that this stands for: one, or those that the server didn't name.
    pub lines: u64,
    /// The kind of refusal.
    pub reason: RejectReason,
    /// The server's message, safe to print: without the client's secrets, and with control characters escaped.
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

/// The latest rejected lines, within a limit of bytes.
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

    /// Adds one, in place of the oldest if need be. One that would take most of the store is shortened.
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
                // It is larger than the whole store.
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
