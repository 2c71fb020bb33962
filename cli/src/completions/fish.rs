//! For fish.

use crate::command::{Command, Entry, Kind};
use std::fmt::Write;

/// The names of the subcommand are always the first arguments.
const HEAD: &str = r#"# fish completion of influx-edge
function __influx_edge_at
    set -l typed (commandline -opc)
    set -l last (math 1 + (count $argv))
    test (count $typed) -ge $last; or return 1
    test "$typed[2..$last]" = "$argv"
end
function __influx_edge_needs
    test (count (commandline -opc)) -eq (math 1 + (count $argv)); or return 1
    test (count $argv) -eq 0; or __influx_edge_at $argv
end
complete -c influx-edge -f
complete -c influx-edge -n __influx_edge_needs -l help -d 'print help'
complete -c influx-edge -n __influx_edge_needs -l version -d 'print the version'
"#;

pub(super) fn script(entries: &[Entry]) -> String {
    let mut text = String::from(HEAD);
    let top = entries.iter().filter(|entry| !entry.path.contains(' '));
    subcommands(&mut text, "", top.map(|entry| entry.command));
    for entry in entries {
        let path = &entry.path;
        subcommands(&mut text, path, entry.command.commands.iter().copied());
        let at = format!("complete -c influx-edge -n '__influx_edge_at {path}'");
        for opt in entry.command.options() {
            let _ = write!(text, "{at} -l {}", opt.long);
            if let Some(short) = opt.short {
                let _ = write!(text, " -s {short}");
            }
            if opt.value.is_some() {
                text.push_str(&match opt.kind {
                    Kind::File => " -r -F".to_owned(),
                    kind => format!(" -x{}", words(kind)),
                });
            }
            let _ = writeln!(text, " -d {}", quoted(opt.help));
        }
        for operand in entry.command.operands {
            match operand.kind {
                Kind::Text => {}
                Kind::File => {
                    let _ = writeln!(text, "{at} -F");
                }
                kind => {
                    let _ = writeln!(text, "{at}{}", words(kind));
                }
            }
        }
    }
    text
}

fn subcommands<'a>(text: &mut String, path: &str, commands: impl Iterator<Item = &'a Command>) {
    let needs = format!("__influx_edge_needs {path}");
    for command in commands {
        let _ = writeln!(
            text,
            "complete -c influx-edge -n '{}' -a {} -d {}",
            needs.trim_end(),
            command.name,
            quoted(command.summary)
        );
    }
}

fn words(kind: Kind) -> String {
    match kind {
        Kind::Text => String::new(),
        Kind::File => " -F".to_owned(),
        Kind::Directory => " -a '(__fish_complete_directories (commandline -ct))'".to_owned(),
        Kind::Choice(choice) => format!(" -a {}", quoted(&choice.join(" "))),
    }
}

/// Quotes a text for fish, whose single quotes allow `\'` and `\\`.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}
