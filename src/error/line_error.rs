//! `LineError`: one line that a server refused.

use alloc::string::String;

/// One line that a server refused, or that can be the cause of a type conflict that it reports.
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
