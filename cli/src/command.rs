//! The definition of a subcommand: operands and options as data, from which parsing, help, completions and
//! the man page are derived.

use crate::failure::Failure;
use influx_edge::Precision;
use lexopt::Arg;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

/// A subcommand, or one of its own (`spool list`).
pub(crate) struct Command {
    /// The name on the command line.
    pub(crate) name: &'static str,
    /// One line, without a full stop.
    pub(crate) summary: &'static str,
    /// In their order.
    pub(crate) operands: &'static [Operand],
    /// Its own options; `connects` adds those of the connection.
    pub(crate) options: &'static [Opt],
    /// `true` if it contacts a server; the options of the connection then apply.
    pub(crate) connects: bool,
    /// Paragraphs for the man page, and below the options in the help.
    pub(crate) notes: &'static str,
    /// A comment and a command line each.
    pub(crate) examples: &'static [(&'static str, &'static str)],
    /// Subcommands of this one. If there are any, `run` is never called.
    pub(crate) commands: &'static [&'static Command],
    pub(crate) run: fn(&Matches) -> Result<ExitCode, Failure>,
}

pub(crate) struct Operand {
    /// In capitals.
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) count: Count,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    One,
    Optional,
    Any,
}

/// The kind of a value, for shell completion.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    File,
    Directory,
    /// One of these.
    Choice(&'static [&'static str]),
}

#[derive(Clone, Copy)]
pub(crate) struct Opt {
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// The name of its value in capitals; `None` for a flag.
    pub(crate) value: Option<&'static str>,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
}

impl Opt {
    pub(crate) const fn flag(long: &'static str, help: &'static str) -> Opt {
        Opt {
            long,
            short: None,
            value: None,
            kind: Kind::Text,
            help,
        }
    }

    pub(crate) const fn value(
        long: &'static str,
        value: &'static str,
        kind: Kind,
        help: &'static str,
    ) -> Opt {
        Opt {
            long,
            short: None,
            value: Some(value),
            kind,
            help,
        }
    }

    pub(crate) const fn short(mut self, short: char) -> Opt {
        self.short = Some(short);
        self
    }
}

/// Concatenates two tables of options to one of `N`.
#[allow(clippy::indexing_slicing, reason = "while compiling")]
pub(crate) const fn joined<const N: usize>(first: &[Opt], second: &[Opt]) -> [Opt; N] {
    assert!(first.len() + second.len() == N, "the number of options");
    let mut all = [Opt::flag("", ""); N];
    let mut at = 0;
    while at < N {
        all[at] = if at < first.len() {
            first[at]
        } else {
            second[at - first.len()]
        };
        at += 1;
    }
    all
}

/// The options of every subcommand that contacts a server.
pub(crate) const CONNECTION: &[Opt] = &[
    Opt::value("url", "URL", Kind::Text, "the server (INFLUXDB_V2_URL)"),
    Opt::value(
        "org",
        "ORG",
        Kind::Text,
        "organization, by name (INFLUXDB_V2_ORG)",
    )
    .short('o'),
    Opt::value(
        "token-file",
        "FILE",
        Kind::File,
        "file that holds only the token (INFLUXDB_V2_TOKEN)",
    ),
    Opt::value(
        "config",
        "FILE",
        Kind::File,
        "settings of the official clients or the influx CLI; replaces the environment",
    )
    .short('c'),
    Opt::value("ca-file", "FILE", Kind::File, "certificates to trust, PEM"),
    Opt::value(
        "timeout",
        "TIME",
        Kind::Text,
        "limit of each request (10s, 500ms, 2m)",
    ),
];

/// The options of every subcommand.
pub(crate) const COMMON: &[Opt] = &[
    Opt::flag("quiet", "print errors only").short('q'),
    Opt::flag("json", "print the report as JSON, for programs"),
    Opt::flag("help", "print this help").short('h'),
];

/// The parsed arguments of a subcommand.
pub(crate) struct Matches {
    pub(crate) command: &'static Command,
    /// The full name of the subcommand: `spool list`.
    pub(crate) path: String,
    values: Vec<(&'static str, OsString)>,
    operands: Vec<OsString>,
}

impl Matches {
    /// Reads the arguments of a subcommand.
    ///
    /// # Errors
    /// Returns a usage error for an option that the subcommand doesn't have, a value that is missing, and
    /// operands that are too few or too many.
    pub(crate) fn parse(
        command: &'static Command,
        path: String,
        parser: &mut lexopt::Parser,
    ) -> Result<Matches, Failure> {
        let mut matches = Matches {
            command,
            path,
            values: Vec::new(),
            operands: Vec::new(),
        };
        while let Some(arg) = parser.next()? {
            let found = match &arg {
                Arg::Value(_) => None,
                Arg::Long(name) => Some(command.options().find(|opt| opt.long == *name)),
                Arg::Short(name) => Some(command.options().find(|opt| opt.short == Some(*name))),
            };
            match (found, arg) {
                (Some(Some(opt)), _) => {
                    let value = match opt.value {
                        Some(_) => parser.value()?,
                        None => OsString::new(),
                    };
                    matches.values.push((opt.long, value));
                }
                (_, Arg::Value(value)) => matches.operands.push(value),
                (_, Arg::Long("token" | "password") | Arg::Short('t')) => {
                    return Err(matches.misused(
                        "other users can see arguments, so no secret is accepted there; use --token-file FILE \
                         or INFLUXDB_V2_TOKEN",
                    ));
                }
                (_, arg) => return Err(matches.misused(arg.unexpected())),
            }
        }
        if !matches.has("help") {
            matches.check_operands()?;
        }
        Ok(matches)
    }

    fn check_operands(&self) -> Result<(), Failure> {
        let given = self.operands.len();
        let operands = self.command.operands;
        let required = operands.iter().filter(|one| one.count == Count::One);
        if let Some(missing) = required.clone().nth(given) {
            return Err(self.misused(format_args!("{} is missing", missing.name)));
        }
        let any = operands.iter().any(|one| one.count == Count::Any);
        if let (false, Some(extra)) = (any, self.operands.get(operands.len())) {
            return Err(self.misused(format_args!("unexpected argument {extra:?}")));
        }
        Ok(())
    }

    /// Returns a usage error that refers to the subcommand's help.
    pub(crate) fn misused(&self, why: impl std::fmt::Display) -> Failure {
        self.usage(&why)
    }

    fn usage(&self, why: &dyn std::fmt::Display) -> Failure {
        Failure::usage(format_args!(
            "{why}\ninflux-edge {} --help lists the options",
            self.path
        ))
    }

    /// Returns `true` if the option was given.
    pub(crate) fn has(&self, long: &str) -> bool {
        self.os(long).is_some()
    }

    /// Returns the value of an option; of several, the last.
    pub(crate) fn os(&self, long: &str) -> Option<&OsStr> {
        debug_assert!(
            self.command.options().any(|opt| opt.long == long),
            "--{long} is not in the table of {}",
            self.path
        );
        self.values
            .iter()
            .rfind(|(name, _)| *name == long)
            .map(|(_, value)| value.as_os_str())
    }

    /// Returns all values of an option, in their order.
    pub(crate) fn all<'a>(&'a self, long: &'a str) -> impl Iterator<Item = &'a OsStr> + 'a {
        let of_name = move |(name, _): &&(&str, OsString)| *name == long;
        self.values
            .iter()
            .filter(of_name)
            .map(|(_, value)| value.as_os_str())
    }

    /// # Errors
    /// Returns a usage error if the value isn't UTF-8.
    pub(crate) fn text(&self, long: &str) -> Result<Option<&str>, Failure> {
        self.os(long)
            .map(|value| self.utf8(long, value))
            .transpose()
    }

    /// # Errors
    /// Returns a usage error if a value isn't UTF-8.
    pub(crate) fn texts<'a>(&'a self, long: &'a str) -> Result<Vec<&'a str>, Failure> {
        self.all(long).map(|value| self.utf8(long, value)).collect()
    }

    pub(crate) fn path(&self, long: &str) -> Option<&Path> {
        self.os(long).map(Path::new)
    }

    /// # Errors
    /// Returns a usage error if the value can't be parsed as a `T`.
    pub(crate) fn parsed<T: FromStr>(&self, long: &str) -> Result<Option<T>, Failure>
    where
        T::Err: std::fmt::Display,
    {
        let Some(text) = self.text(long)? else {
            return Ok(None);
        };
        let value = text.parse();
        value
            .map(Some)
            .map_err(|why| self.misused(format_args!("--{long} {text}: {why}")))
    }

    /// Returns a duration such as `500ms`, `10s`, `2m`, `1h` or `7d`; a bare number is in seconds.
    ///
    /// # Errors
    /// Returns a usage error if the value isn't a duration.
    pub(crate) fn duration(&self, long: &str) -> Result<Option<Duration>, Failure> {
        let Some(text) = self.text(long)? else {
            return Ok(None);
        };
        match duration(text) {
            Some(duration) => Ok(Some(duration)),
            None => Err(self.misused(format_args!(
                "--{long} {text}: expected a time such as 500ms, 10s, 2m, 1h"
            ))),
        }
    }

    /// # Errors
    /// Returns a usage error if the operand isn't UTF-8.
    pub(crate) fn operand(&self, index: usize) -> Result<Option<&str>, Failure> {
        let name = self
            .command
            .operands
            .get(index)
            .map_or("argument", |operand| operand.name);
        self.operands
            .get(index)
            .map(|value| self.utf8(name, value))
            .transpose()
    }

    /// Returns the operands from `index` on.
    pub(crate) fn operands_from(&self, index: usize) -> impl Iterator<Item = &OsStr> {
        self.operands.iter().skip(index).map(OsString::as_os_str)
    }

    fn utf8<'a>(&self, name: &str, value: &'a OsStr) -> Result<&'a str, Failure> {
        value
            .to_str()
            .ok_or_else(|| self.misused(format_args!("{name} {value:?}: not UTF-8")))
    }
}

impl Command {
    /// Returns its own options, those of the connection and the common ones.
    pub(crate) fn options(&self) -> impl Iterator<Item = &'static Opt> {
        let connection = if self.connects { CONNECTION } else { &[] };
        self.options.iter().chain(connection).chain(COMMON)
    }
}

/// A subcommand and its full name: `spool list`.
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) command: &'static Command,
}

/// Returns all subcommands, each before its nested ones.
pub(crate) fn all(commands: &[&'static Command]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for command in commands.iter().copied() {
        let path = command.name.to_owned();
        entries.push(Entry { path, command });
        entries.extend(all(command.commands).into_iter().map(|mut entry| {
            entry.path = format!("{} {}", command.name, entry.path);
            entry
        }));
    }
    entries
}

/// Parses a unit of timestamps: `ns`, `us`, `ms` or `s`.
pub(crate) fn unit(name: &str) -> Option<Precision> {
    use Precision::{Microsecond, Millisecond, Nanosecond, Second};
    let units = [Nanosecond, Microsecond, Millisecond, Second];
    units.into_iter().find(|unit| unit.as_str() == name)
}

/// Parses a duration with its unit; a bare number is in seconds.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (count, unit) = text.split_at_checked(digits)?;
    let count: u64 = count.parse().ok()?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(count)),
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}
