//! `completions`: the words that a shell completes, from the tables of the subcommands.

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
    summary: "print what bash, zsh or fish needs to complete this command",
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
                "{shell:?} is none of the shells {}",
                SHELLS.join(", ")
            )));
        }
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// In single quotes; bash, zsh and the usual sh read such a word as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
