//! `Failure`: why a command ends, as a sentence and an exit code.

use influx_edge::Error;
use std::fmt;
use std::process::ExitCode;

/// The exit codes, as the help and the man page list them. Above 63 they are those of `sysexits.h`.
pub(crate) const CODES: &[(u8, &str)] = &[
    (0, "done; what write couldn't deliver is in the spool"),
    (1, "failed"),
    (
        2,
        "lines were rejected; all others are delivered or spooled",
    ),
    (3, "no rows (query --fail-if-empty)"),
    (64, "wrong arguments"),
    (66, "an input file or a spool's directory can't be read"),
    (69, "the server can't be reached"),
    (
        75,
        "try again later: the input, or what was printed, is not delivered",
    ),
    (77, "the token lacks a permission"),
    (78, "wrong settings"),
    (130, "interrupted by Ctrl-C"),
    (143, "ended by SIGTERM"),
];

pub(crate) const REJECTED: u8 = 2;
pub(crate) const EMPTY: u8 = 3;
pub(crate) const USAGE: u8 = 64;
pub(crate) const NO_INPUT: u8 = 66;
pub(crate) const UNAVAILABLE: u8 = 69;
pub(crate) const LATER: u8 = 75;
pub(crate) const NO_PERMISSION: u8 = 77;
pub(crate) const SETTINGS: u8 = 78;

/// Why a command ends before its end.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    /// One sentence. Empty if there is nothing to print: standard output was closed.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl fmt::Display) -> Failure {
        Failure {
            code,
            message: message.to_string(),
        }
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Failure {
        Failure::new(USAGE, message)
    }

    pub(crate) fn settings(message: impl fmt::Display) -> Failure {
        Failure::new(SETTINGS, message)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The exit code of an error of the library.
pub(crate) fn code(error: &Error) -> u8 {
    if error.is_config() {
        SETTINGS
    } else if error.is_unauthorized() || error.is_forbidden() {
        NO_PERMISSION
    } else if error.is_transport() || error.is_timeout() || error.is_retryable() {
        UNAVAILABLE
    } else {
        1
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::new(code(&error), error)
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Failure {
        Failure::usage(error)
    }
}

/// Standard output. A reader that has gone away ends the command in silence.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Failure::new(0, "");
        }
        Failure::new(1, format_args!("standard output: {error}"))
    }
}
