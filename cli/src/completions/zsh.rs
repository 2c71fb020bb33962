//! For zsh, by `_arguments`.

use super::quoted;
use crate::command::{Command, Count, Entry, Kind, Opt};
use std::fmt::Write;

pub(super) fn script(entries: &[Entry]) -> String {
    let mut text = String::from("#compdef influx-edge\n\n");
    let top: Vec<_> = entries
        .iter()
        .filter(|entry| !entry.path.contains(' '))
        .map(|entry| entry.command)
        .collect();
    let own = [
        "(- *)--help[print help]",
        "(- *)--version[print the version]",
    ];
    let own = own.map(quoted);
    parent(&mut text, "_influx-edge", &own, &top);
    for entry in entries {
        let function = function(&entry.path);
        let mut specs: Vec<_> = entry.command.options().flat_map(option).collect();
        if !entry.command.commands.is_empty() {
            parent(&mut text, &function, &specs, entry.command.commands);
            continue;
        }
        for operand in entry.command.operands {
            let action = action(operand.kind);
            let name = escaped(operand.name);
            specs.push(quoted(&match operand.count {
                Count::One => format!(":{name}:{action}"),
                Count::Optional => format!("::{name}:{action}"),
                Count::Any => format!("*:{name}:{action}"),
            }));
        }
        let _ = writeln!(text, "{function}() {{\n    _arguments -s -S \\");
        let _ = writeln!(text, "        {}\n}}\n", specs.join(" \\\n        "));
    }
    // Autoloaded, this file is the body of the function; sourced, it is not.
    text.push_str(
        "if [[ $funcstack[1] == _influx-edge ]]; then\n    _influx-edge \"$@\"\nelse\n    \
         compdef _influx-edge influx-edge\nfi\n",
    );
    text
}

/// Appends the function of a command with subcommands.
fn parent(text: &mut String, function: &str, specs: &[String], commands: &[&Command]) {
    let _ = write!(
        text,
        "{function}() {{\n    local curcontext=\"$curcontext\" state line\n    \
         typeset -A opt_args\n    _arguments -C"
    );
    for spec in specs {
        let _ = write!(text, " \\\n        {spec}");
    }
    text.push_str(
        " \\\n        '1: :->command' '*:: :->rest'\n    case $state in\n    (command)\n",
    );
    text.push_str("        local -a commands=(\n");
    for command in commands {
        let line = format!("{}:{}", command.name, command.summary.replace(':', "\\:"));
        let _ = writeln!(text, "            {}", quoted(&line));
    }
    text.push_str("        )\n        _describe command commands\n        ;;\n    (rest)\n");
    text.push_str("        case $line[1] in\n");
    for command in commands {
        let name = command.name;
        let _ = writeln!(text, "        ({name}) {function}_{name} ;;");
    }
    text.push_str("        esac\n        ;;\n    esac\n}\n\n");
}

fn function(path: &str) -> String {
    format!("_influx-edge_{}", path.replace(' ', "_"))
}

/// Returns a specification for the long name and one for the short.
fn option(opt: &'static Opt) -> impl Iterator<Item = String> {
    let value = opt
        .value
        .map(|name| format!(":{}:{}", escaped(name), action(opt.kind)))
        .unwrap_or_default();
    let help = escaped(opt.help);
    // `*`: the option may be repeated.
    let long = if opt.value.is_some() {
        format!("*--{}=[{help}]{value}", opt.long)
    } else {
        format!("(--{})--{}[{help}]", opt.long, opt.long)
    };
    let short = opt.short.map(|short| {
        let plus = if opt.value.is_some() { "+" } else { "" };
        format!("*-{short}{plus}[{help}]{value}")
    });
    [Some(long), short]
        .into_iter()
        .flatten()
        .map(|spec| quoted(&spec))
}

fn action(kind: Kind) -> String {
    match kind {
        Kind::Text => " ".to_owned(),
        Kind::File => "_files".to_owned(),
        Kind::Directory => "_files -/".to_owned(),
        Kind::Choice(choice) => format!("({})", choice.join(" ")),
    }
}

/// Escapes the characters that end a description or a message of `_arguments`.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '[' | ']' | ':' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
