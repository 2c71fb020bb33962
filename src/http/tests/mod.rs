//! Unit tests of `http`, by subject.

mod error_body;
mod json;
mod json_str;
mod random_responses;
mod recordings;
mod request_head;
mod response_limits;
mod response_parser;
mod retry_after;
mod target;
mod write_status;

use super::{LineErrorRef, LineErrors, WriteResponse, WriteStatus};
use alloc::string::String;
use alloc::vec::Vec;

/// A line that a server named: number, line, reason.
type Named = (Option<u32>, String, String);

fn named(lines: LineErrors<'_>) -> Vec<Named> {
    lines
        .map(
            |LineErrorRef {
                 number,
                 line,
                 reason,
             }| { (number, line.chars().collect(), reason.chars().collect()) },
        )
        .collect()
}

fn line(number: Option<u32>, line: &str, reason: &str) -> Named {
    (number, line.into(), reason.into())
}

fn classify(status: u16, body: &str) -> WriteStatus<'_> {
    WriteStatus::classify(&WriteResponse {
        status,
        body: body.as_bytes(),
        ..WriteResponse::default()
    })
}
