//! `completions`: scripts for shell completion, from the tables of the subcommands.

mod bash;
mod fish;
mod zsh;

use crate::command::{Command, Count, Kind, Matches, Operand};
use crate::failure::Failure;
use std::io::{self, Write};
use std::process::ExitCode;

const SHELLS: &[&str] = &["bash", "zsh", "fish"];

pub(crate) const COMMAND: Command = Command {
    name: "completions",
    summary: "print the completion script for bash, zsh or fish",
    operands: &[Operand {
        name: "SHELL",
        help: "bash, zsh or fish",
        count: Count::One,
        kind: Kind::Choice(SHELLS),
    }],
    options: &[],
    connects: false,
    notes: "",
    examples: &[
        ("In ~/.bashrc", "eval \"$(influx-edge completions bash)\""),
        (
            "For zsh, read by the next compinit",
            "influx-edge completions zsh >/usr/local/share/zsh/site-functions/_influx-edge",
        ),
        (
            "For fish",
            "influx-edge completions fish >~/.config/fish/completions/influx-edge.fish",
        ),
    ],
    commands: &[],
    run,
};

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    let entries = crate::command::all(crate::COMMANDS);
    let text = match matches.operand(0)? {
        Some("bash") => bash::script(&entries),
        Some("zsh") => zsh::script(&entries),
        Some("fish") => fish::script(&entries),
        other => {
            let shell = other.unwrap_or_default();
            return Err(matches.misused(format_args!(
                "{shell:?} is not supported; use {}",
                SHELLS.join(", ")
            )));
        }
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Quotes a text for bash, zsh and any POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
