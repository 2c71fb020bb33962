//! `LineError`: one line that a server rejected.

use alloc::string::String;

/// A line that a server rejected, or a possible cause of a type conflict.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let lines = "weather temp_c=1 1\nweather temp_c= 2\nweather temp_c=3 3\n";
/// let error = client.write("sensors", lines).unwrap_err();
/// let [bad] = error.line_errors() else { panic!("{error}") };
/// assert_eq!((bad.number, bad.line.as_str()), (Some(2), "weather temp_c= 2"));
/// assert_eq!(bad.reason, "missing field value");
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineError {
    /// The line's number in the body sent, from 1. `None` if the server's message matches no line, or
    /// more than one.
    pub number: Option<u32>,
    /// The line as it was sent, without its newline; empty if the server's message matches no line. It
    /// is your own data: mind where you print it.
    pub line: String,
    /// The server's reason. If it matches no line, with the server's text for the line. Like
    /// [`Error::message`](crate::Error::message) it may be printed: secrets are `***`, and control
    /// characters are escaped. At most 4 KiB.
    pub reason: String,
}
