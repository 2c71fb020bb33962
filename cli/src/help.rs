//! `--help`, from the table of each subcommand.

use crate::command::{COMMON, CONNECTION, Command, Count, Operand, Opt};
use std::fmt::Write;

/// The command's own help: its subcommands, a line each.
pub(crate) fn overview(commands: &[&Command]) -> String {
    let mut text = String::from(
        "influx-edge: points into InfluxDB over bad links, and queries out of it\n\n\
         usage: influx-edge COMMAND [OPTION…] [ARGUMENT…]\n\n",
    );
    for command in commands {
        let _ = writeln!(text, "  {:<13}{}", command.name, command.summary);
    }
    text.push_str(
        "\ninflux-edge COMMAND --help lists its options; influx-edge man prints the manual.\n\
         The server comes from INFLUXDB_V2_URL, INFLUXDB_V2_ORG and INFLUXDB_V2_TOKEN,\n\
         or from a file: --config FILE.\n",
    );
    text
}

/// One subcommand on one screen. `path` is what was typed: `spool list`.
pub(crate) fn command(command: &Command, path: &str) -> String {
    let mut text = format!("{}\n\nusage: influx-edge {path}", command.summary);
    if !command.commands.is_empty() {
        text.push_str(" COMMAND");
    }
    for operand in command.operands {
        let _ = write!(text, " {}", shown(operand));
    }
    text.push_str(" [OPTION…]\n");
    section(
        &mut text,
        command
            .commands
            .iter()
            .map(|one| (one.name.to_owned(), one.summary)),
    );
    section(
        &mut text,
        command
            .operands
            .iter()
            .map(|one| (one.name.to_owned(), one.help)),
    );
    section(
        &mut text,
        command.options.iter().map(|opt| (spelling(opt), opt.help)),
    );
    if command.connects {
        let names = CONNECTION
            .iter()
            .map(|opt| format!("--{}", opt.long))
            .collect::<Vec<_>>();
        let _ = writeln!(text, "\nserver: {}", names.join(", "));
    }
    let common = COMMON
        .iter()
        .map(|opt| format!("--{}", opt.long))
        .collect::<Vec<_>>();
    let _ = writeln!(
        text,
        "{}all commands: {}",
        if command.connects { "" } else { "\n" },
        common.join(", ")
    );
    if !command.notes.is_empty() {
        let _ = writeln!(text, "\n{}", command.notes);
    }
    for (comment, line) in command.examples {
        let _ = write!(text, "\n  # {comment}\n  {line}\n");
    }
    text
}

/// Lines of a name and what it is for.
fn section<'a>(text: &mut String, lines: impl Iterator<Item = (String, &'a str)>) {
    for (number, (name, help)) in lines.enumerate() {
        let gap = if number == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}  {name:<23} {help}");
    }
}

/// `-o, --org ORG`
pub(crate) fn spelling(opt: &Opt) -> String {
    let short = opt
        .short
        .map(|short| format!("-{short}, "))
        .unwrap_or_default();
    let value = opt
        .value
        .map(|value| format!(" {value}"))
        .unwrap_or_default();
    format!("{short}--{}{value}", opt.long)
}

/// `[FILE…]`
pub(crate) fn shown(operand: &Operand) -> String {
    match operand.count {
        Count::One => operand.name.to_owned(),
        Count::Optional => format!("[{}]", operand.name),
        Count::Any => format!("[{}…]", operand.name),
    }
}
