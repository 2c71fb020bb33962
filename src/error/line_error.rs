//! `LineError`: one line that a server refused.

use alloc::string::String;

/// One line that a server refused, or that can be the cause of a type conflict that it reports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineError {
    /// Its number in the body sent, from 1. `None` if the server's words fit no line, or more than
    /// one.
    pub number: Option<u32>,
    /// The line as it was sent, without its newline: your own data, so mind where you print it. Empty
    /// if the server's words fit no line.
    pub line: String,
    /// Why it was refused, in the server's words; with those for the line if they fit none. As
    /// [`ResponseError::message`](crate::ResponseError::message) it may be printed: no secret of the
    /// client's is in it, and nothing that a terminal obeys. At most 4 KiB.
    pub reason: String,
}
