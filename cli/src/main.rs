//! The command `influx-edge`: writes points to InfluxDB and queries it, from shell, cron and systemd.
//!
//! Each subcommand is a module with a table of its operands and options; parsing, help, shell completions
//! and the man page read the same table.

mod check;
mod command;
mod completions;
mod failure;
mod help;
mod man;
mod object;
mod ping;
mod provision;
mod query;
mod report;
mod request;
mod service;
mod settings;
mod signals;
mod spool;
mod state;
mod terminal;
mod write;

use command::{Command, Matches};
use failure::Failure;
use std::io::{self, Write};
use std::process::ExitCode;

/// The subcommands, in the order of the help.
pub(crate) const COMMANDS: &[&Command] = &[
    &write::COMMAND,
    &query::COMMAND,
    &spool::COMMAND,
    &check::COMMAND,
    &ping::COMMAND,
    &provision::COMMAND,
    &request::COMMAND,
    &completions::COMMAND,
    &man::COMMAND,
];

fn main() -> ExitCode {
    match run(lexopt::Parser::from_env()) {
        Ok(code) => code,
        Err(failure) => {
            if !failure.message.is_empty() {
                let text = failure.message.as_str();
                let _ = writeln!(io::stderr(), "influx-edge: {}", report::Printable(text));
            }
            failure.exit_code()
        }
    }
}

fn run(mut parser: lexopt::Parser) -> Result<ExitCode, Failure> {
    use lexopt::Arg::{Long, Short, Value};
    match parser.next()? {
        Some(Value(name)) => dispatch(COMMANDS, String::new(), &name, parser),
        Some(Long("version") | Short('V')) => {
            print(concat!("influx-edge ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        Some(Long("help") | Short('h')) => print(&help::overview(COMMANDS)),
        Some(other) => Err(Failure::usage(other.unexpected())),
        None => Err(Failure::usage(help::overview(COMMANDS))),
    }
}

/// Runs the subcommand of this name, or its nested subcommand.
fn dispatch(
    commands: &'static [&'static Command],
    path: String,
    name: &std::ffi::OsStr,
    mut parser: lexopt::Parser,
) -> Result<ExitCode, Failure> {
    let Some(command) = commands.iter().find(|command| name == command.name) else {
        let names = commands
            .iter()
            .map(|command| command.name)
            .collect::<Vec<_>>();
        return Err(Failure::usage(format_args!(
            "{name:?} is not a command; the commands are {}",
            names.join(", ")
        )));
    };
    let path = if path.is_empty() {
        command.name.to_owned()
    } else {
        format!("{path} {}", command.name)
    };
    if !command.commands.is_empty() {
        return match parser.next()? {
            Some(lexopt::Arg::Value(name)) => dispatch(command.commands, path, &name, parser),
            Some(lexopt::Arg::Long("help") | lexopt::Arg::Short('h')) => {
                print(&help::command(command, &path))
            }
            _ => Err(Failure::usage(help::command(command, &path))),
        };
    }
    let matches = Matches::parse(command, path, &mut parser)?;
    if matches.has("help") {
        return print(&help::command(command, &matches.path));
    }
    (command.run)(&matches)
}

fn print(text: &str) -> Result<ExitCode, Failure> {
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
