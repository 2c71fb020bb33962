//! `LineError`: one line that a server refused.

use alloc::string::String;

/// One line that a server refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineError {
    /// Its number in the body sent, from 1, where the server says so (InfluxDB 3, Cloud).
    pub number: Option<u32>,
    /// The line as the server repeats it; may be shortened there, and is empty if it isn't repeated.
    pub line: String,
    /// Why it was refused.
    pub reason: String,
}
