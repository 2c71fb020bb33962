//! Tests: one error of each kind through every method of `Error`.

use crate::error::*;
use crate::line::Encoder;
#[cfg(feature = "spool")]
use crate::spool::SpoolError;
use alloc::string::ToString;
use alloc::vec::Vec;
use alloc::{format, vec};
use std::error::Error as _;

/// An error and what its methods return: how its text begins, the other side's or the check's
/// message, whether the call may be repeated, what was stored, what helps, and whether there is
/// something behind it.
struct Row {
    error: Error,
    says: &'static str,
    message: &'static str,
    retryable: bool,
    stored: Stored,
    remedy: Remedy,
    source: bool,
}

fn encode() -> EncodeError {
    let mut buffer = [0u8; 64];
    let mut enc = Encoder::new(&mut buffer);
    enc.line("m").field("time", 1).finish().unwrap_err()
}

fn flush_error(lines: u64, lost: bool, cause: Option<Error>) -> Error {
    let cause = cause.map(alloc::sync::Arc::new);
    ErrorKind::Flush(FlushError { lines, lost, cause }).into()
}

fn rows() -> Vec<Row> {
    vec![
        Row {
            error: Error::config("no scheme"),
            says: "no scheme",
            message: "no scheme",
            retryable: false,
            stored: Stored::None,
            remedy: Remedy::Operator,
            source: false,
        },
        Row {
            error: Error::content("cannot read a row", "not a number"),
            says: "cannot read a row: not a number",
            message: "not a number",
            retryable: false,
            stored: Stored::Unknown,
            remedy: Remedy::Operator,
            source: false,
        },
        bad_point(encode().into()),
        // The same by the way of the writer.
        bad_point(WriteError::from(PointError::from(encode())).into()),
        write_error(
            WriteError::Full,
            "the writer's buffer is full",
            Remedy::Retry,
        ),
        write_error(
            WriteError::ClockNotSet(ClockError::Unreadable),
            "the point has no time, and this machine's clock isn't set (it shows a time outside the years 1677 to 2262): wait for NTP",
            Remedy::Retry,
        ),
        write_error(
            WriteError::Syntax(not_line_protocol()),
            "the line isn't line protocol: a field has no =, at byte 3",
            Remedy::RemoveBadLines,
        ),
        write_error(
            WriteError::TooLarge(1_000),
            "what was handed over is larger than one batch may be (1000 bytes): hand over fewer points at once; if it is a single one, shorten it or raise batch_bytes",
            Remedy::Split,
        ),
        write_error(WriteError::Closed, "the writer is closed", Remedy::Operator),
        Row {
            error: flush_error(1, false, None),
            says: "1 line is not delivered yet and is kept in memory: time ran out",
            message: "time ran out before the first attempt",
            retryable: true,
            stored: Stored::None,
            remedy: Remedy::Retry,
            source: false,
        },
        Row {
            error: flush_error(2, true, Some(Error::config("no scheme"))),
            says: "2 lines are not delivered and are lost with the writer: no scheme",
            message: "no scheme",
            retryable: false,
            stored: Stored::None,
            remedy: Remedy::Operator,
            source: true,
        },
        #[cfg(feature = "spool")]
        Row {
            error: SpoolError::Io {
                doing: "open the spool",
                call: "open",
                path: "/spool".into(),
                error: std::io::Error::other("no space\u{1b}[2J"),
            }
            .into(),
            says: "cannot open the spool: open \"/spool\": no space\\u{1b}[2J",
            message: "an operation on the spool's files failed",
            retryable: false,
            stored: Stored::None,
            remedy: Remedy::Operator,
            source: true,
        },
    ]
}

fn not_line_protocol() -> crate::line::LineSyntaxError {
    let (_, line) = crate::line::text_lines("m f").next().expect("a line");
    line.expect_err("no field")
}

/// A point that is no line.
fn bad_point(error: Error) -> Row {
    Row {
        error,
        says: "cannot encode a point: ",
        message: "the point can't be written as line protocol",
        retryable: false,
        stored: Stored::None,
        remedy: Remedy::RemoveBadLines,
        // The sentence has all of it.
        source: false,
    }
}

/// A refusal of the writer's.
fn write_error(why: WriteError, says: &'static str, remedy: Remedy) -> Row {
    Row {
        error: why.into(),
        says,
        message: "the writer did not take the point",
        retryable: remedy == Remedy::Retry,
        stored: Stored::None,
        remedy,
        source: false,
    }
}

#[test]
fn each_method_of_each_kind() {
    for row in rows() {
        let error = row.error;
        let says = error.to_string();
        assert!(says.starts_with(row.says), "{says:?}");
        assert_eq!(error.message(), row.message, "{says}");
        assert_eq!(error.is_retryable(), row.retryable, "{says}");
        assert_eq!(error.stored(), row.stored, "{says}");
        assert_eq!(error.remedy(), row.remedy, "{says}");
        assert_eq!(error.source().is_some(), row.source, "{says}");
        // None of these came from a server, or from a clock.
        assert_eq!((error.status(), error.code()), (None, None), "{says}");
        assert!(
            !error.is_timeout() && error.retry_after().is_none(),
            "{says}"
        );
        assert!(error.line_errors().is_empty(), "{says}");
        // What a `main` that returns it prints, and what a programmer asks for.
        assert_eq!(format!("{error:?}"), says);
        let parts = format!("{error:#?}");
        assert!(parts.starts_with("Error {\n    kind: "), "{parts}");
        assert!(parts.contains("retryable: "), "{parts}");
    }
}

#[test]
fn errors_of_other_modules_convert_to_the_right_kind() {
    let time = "2023-13-01T00:00:00Z"
        .parse::<crate::Timestamp>()
        .unwrap_err();
    let error = Error::from(time);
    assert!(
        matches!(error.kind(), ErrorKind::Content { .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().starts_with("cannot use a time: "),
        "{error}"
    );
    // A timeout behind an undelivered line is still one.
    let slow = TransportError {
        kind: TransportErrorKind::Timeout,
        what: "write".to_string(),
        host: "localhost:8086".to_string(),
        detail: "simulated".to_string(),
        unsent: false,
        source: None,
    };
    let error = flush_error(3, false, Some(slow.into()));
    assert!(error.is_timeout() && error.is_retryable());
    assert_eq!(error.stored(), Stored::Unknown);
}
