//! `Failure`: the reason why a command ends, as a sentence and an exit code.

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

/// The reason why a command ends early.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    /// One sentence. Empty if there is nothing to print: standard output was closed.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl fmt::Display) -> Failure {
        // One copy of the code for all types of messages.
        fn new(code: u8, message: &dyn fmt::Display) -> Failure {
            Failure {
                code,
                message: for_operator(&message.to_string()),
            }
        }
        new(code, &message)
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Failure {
        Failure::new(USAGE, message)
    }

    pub(crate) fn settings(message: impl fmt::Display) -> Failure {
        Failure::new(SETTINGS, message)
    }

    /// An input that can't be read.
    pub(crate) fn no_input(name: impl fmt::Display, why: impl fmt::Display) -> Failure {
        Failure::new(NO_INPUT, format_args!("{name}: {why}"))
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

/// Names of the library in its messages, and their counterparts on the command line.
const OPERATOR_NAMES: &[(&str, &str)] = &[
    ("ClientBuilder::token", "--token-file"),
    ("ClientBuilder::org", "--org"),
    ("ClientBuilder::basic", "INFLUXDB_V2_AUTH_BASIC=true"),
    (
        "ClientBuilder::session",
        "without INFLUXDB_V2_AUTH_BASIC=true",
    ),
    ("give them by Query::param", "give them by --param"),
    (
        "correct that, or allow it with SpoolBuilder::allow_shared_directory",
        "correct its owner or mode",
    ),
];

/// Replaces names of the library, which an operator doesn't have, by options and environment variables.
pub(crate) fn for_operator(message: &str) -> String {
    let names = OPERATOR_NAMES.iter();
    names.fold(message.to_owned(), |text, (name, option)| {
        text.replace(*name, option)
    })
}

/// Returns the exit code for an error of the library.
pub(crate) fn code(error: &Error) -> u8 {
    if error.is_config() || lacks_org(error) {
        SETTINGS
    } else if error.is_unauthorized() || error.is_forbidden() {
        NO_PERMISSION
    } else if error.is_transport() || error.is_timeout() || error.is_retryable() {
        UNAVAILABLE
    } else {
        1
    }
}

/// Returns `true` if no organization is set where the server requires one, or if it doesn't exist.
fn lacks_org(error: &Error) -> bool {
    error.is_not_found() && error.message().contains("organization")
        || error.to_string().contains("no organization is set")
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

/// An error of standard output. If its reader has closed it, the command ends without a message.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Failure::new(0, "");
        }
        Failure::new(1, format_args!("standard output: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{OPERATOR_NAMES, for_operator};

    #[test]
    fn a_message_names_options_and_variables_only() {
        for (message, shown) in [
            (
                "set a token: ClientBuilder::token, INFLUXDB_V2_TOKEN, or token in a file",
                "set a token: --token-file, INFLUXDB_V2_TOKEN, or token in a file",
            ),
            (
                "set it: ClientBuilder::org, INFLUXDB_V2_ORG",
                "set it: --org, INFLUXDB_V2_ORG",
            ),
            (
                "user and password (ClientBuilder::basic) for InfluxDB 1",
                "user and password (INFLUXDB_V2_AUTH_BASIC=true) for InfluxDB 1",
            ),
            ("the bucket is missing", "the bucket is missing"),
        ] {
            assert_eq!(for_operator(message), shown);
        }
        for (name, option) in OPERATOR_NAMES {
            assert_eq!(for_operator(name), *option);
            assert!(!option.contains("::"), "{option}");
        }
    }
}
