//! `--help`, from the table of each subcommand: one screen of 80 columns and 40 lines.

use crate::command::{COMMON, CONNECTION, Command, Count, Operand, Opt};
use std::fmt::Write;

const WIDTH: usize = 80;
const HEIGHT: usize = 40;
/// The help of a longer name begins on the next line.
const LONGEST_NAME: usize = 26;

/// Returns the help of the whole command: its subcommands, one per line.
pub(crate) fn overview(commands: &[&Command]) -> String {
    let mut text = String::from(
        "write points to InfluxDB over unreliable links, and query them\n\n\
         usage: influx-edge COMMAND [ARGUMENT…] [OPTION…]\n\n",
    );
    for command in commands {
        let _ = writeln!(text, "  {:<13}{}", command.name, command.summary);
    }
    text.push_str(
        "\ninflux-edge COMMAND --help lists its options; influx-edge man prints the manual.\n\
         INFLUXDB_V2_URL, INFLUXDB_V2_ORG and INFLUXDB_V2_TOKEN set the server, or a\n\
         file does: --config FILE.\n",
    );
    text
}

/// Returns the help of a subcommand on one screen: its operands and options, then as many of the examples and
/// notes as fit. `path` is its full name: `spool list`.
pub(crate) fn command(command: &Command, path: &str) -> String {
    let mut text = format!("{}\n\n", command.summary);
    let mut usage = format!("usage: influx-edge {path}");
    if !command.commands.is_empty() {
        usage.push_str(" COMMAND");
    }
    for operand in command.operands {
        let _ = write!(usage, " {}", shown(operand));
    }
    usage.push_str(" [OPTION…]");
    paragraph(&mut text, "", &usage);

    let commands = command.commands.iter();
    let operands = command.operands.iter();
    let options = command.options.iter();
    let sections: [Vec<(String, &str)>; 3] = [
        commands
            .map(|one| (one.name.to_owned(), one.summary))
            .collect(),
        operands
            .map(|one| (one.name.to_owned(), one.help))
            .collect(),
        options.map(|opt| (spelling(opt), opt.help)).collect(),
    ];
    let names = sections.iter().flatten();
    let column = names
        .map(|(name, _)| name.chars().count())
        .filter(|length| *length <= LONGEST_NAME)
        .max()
        .unwrap_or_default();
    for section in sections {
        if !section.is_empty() {
            text.push('\n');
        }
        for (name, help) in section {
            entry(&mut text, &name, help, column);
        }
    }

    text.push('\n');
    if command.connects {
        paragraph(&mut text, "connection: ", &names_of(CONNECTION));
    }
    paragraph(&mut text, "all commands: ", &names_of(COMMON));
    rest(&mut text, command);
    text
}

/// Appends the notes and examples that fit on the screen, and a reference to the others.
fn rest(text: &mut String, command: &Command) {
    let examples = command.examples.iter();
    let mut examples: Vec<_> = examples
        .map(|(comment, line)| format!("\n  # {comment}\n  {line}\n"))
        .collect();
    let mut notes: Vec<_> = command
        .notes
        .split("\n\n")
        .filter(|note| !note.is_empty())
        .map(|note| {
            let mut lines = String::from("\n");
            paragraph(&mut lines, "", note);
            lines
        })
        .collect();
    let height = |texts: &[String]| texts.iter().map(|one| one.lines().count()).sum::<usize>();
    let space = HEIGHT.saturating_sub(text.lines().count());
    let all = height(&notes) + height(&examples) <= space;
    // The reference takes a line, with an empty one before it.
    let space = if all { space } else { space.saturating_sub(2) };
    // One example helps more than any note.
    while height(&notes) > space.saturating_sub(examples.first().map_or(0, |_| 3)) {
        notes.pop();
    }
    while height(&notes) + height(&examples) > space {
        examples.pop();
    }
    for piece in notes.iter().chain(&examples) {
        text.push_str(piece);
    }
    if !all {
        text.push_str("\nMore: influx-edge man\n");
    }
}

/// Appends a name and its help, which is in a column of its own.
fn entry(text: &mut String, name: &str, help: &str, column: usize) {
    let indent = column.saturating_add(4);
    let mut lines = wrapped(help, WIDTH.saturating_sub(indent)).into_iter();
    if name.chars().count() > column {
        let _ = writeln!(text, "  {name}");
    } else {
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(text, "  {name:<column$}  {first}");
    }
    for line in lines {
        let _ = writeln!(text, "{:indent$}{line}", "");
    }
}

/// Appends a paragraph after a title, indented by the title's length.
fn paragraph(text: &mut String, title: &str, body: &str) {
    let indent = title.chars().count();
    for (number, line) in wrapped(body, WIDTH.saturating_sub(indent))
        .iter()
        .enumerate()
    {
        let title = if number == 0 { title } else { "" };
        let _ = writeln!(text, "{title:<indent$}{line}");
    }
}

fn names_of(options: &[Opt]) -> String {
    let names = options.iter().map(|opt| match opt.short {
        Some(short) => format!("-{short}/--{}", opt.long),
        None => format!("--{}", opt.long),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Breaks a text into lines of at most `width` characters, unless a single word is longer.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut length) = (String::new(), 0_usize);
    for word in text.split_whitespace() {
        let word_length = word.chars().count();
        if length > 0 && length.saturating_add(word_length) >= width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length = length.saturating_add(1);
        }
        line.push_str(word);
        length = length.saturating_add(word_length);
    }
    if length > 0 {
        lines.push(line);
    }
    lines
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

#[cfg(test)]
mod tests {
    use super::{HEIGHT, WIDTH, command, overview, wrapped};
    use crate::command::{COMMON, CONNECTION, Command, Opt, all};

    fn too_large(text: &str) -> Option<String> {
        if text.lines().count() > HEIGHT {
            return Some(format!("{} lines", text.lines().count()));
        }
        let wide = text.lines().find(|line| line.chars().count() > WIDTH);
        wide.map(|line| format!("{line:?} is too wide"))
    }

    #[test]
    fn each_help_fits_on_a_screen_and_names_every_option() {
        assert_eq!(too_large(&overview(crate::COMMANDS)), None);
        for entry in all(crate::COMMANDS) {
            let text = command(entry.command, &entry.path);
            assert_eq!(too_large(&text), None, "{}:\n{text}", entry.path);
            for opt in entry.command.options() {
                let long = format!("--{}", opt.long);
                let words = text.split([' ', ',', '\n', '/']);
                assert_eq!(
                    words.filter(|word| **word == *long).count().min(1),
                    1,
                    "{}: {long}",
                    entry.path
                );
            }
        }
    }

    /// Help begins in lower case, the comment of an example with a capital.
    #[test]
    fn the_tables_are_in_one_style() {
        let small = |text: &str, of: &str| {
            let proper = ["Flux", "SQL", "InfluxQL", "InfluxDB", "JSON", "CSV", "TOML"];
            let begins = text.starts_with(char::is_lowercase)
                || text.starts_with(|c: char| !c.is_alphabetic())
                || proper.iter().any(|name| text.starts_with(name));
            assert!(begins, "{of}: {text:?} begins with a capital");
            assert!(!text.ends_with('.'), "{of}: {text:?} ends with a full stop");
        };
        let mut options: Vec<(String, &Opt)> = Vec::new();
        options.extend(
            CONNECTION
                .iter()
                .chain(COMMON)
                .map(|opt| (String::new(), opt)),
        );
        for entry in all(crate::COMMANDS) {
            let Command {
                summary,
                operands,
                options: own,
                notes,
                examples,
                ..
            } = entry.command;
            small(summary, &entry.path);
            for operand in *operands {
                small(operand.help, &entry.path);
                assert_eq!(operand.name, operand.name.to_uppercase(), "{}", entry.path);
            }
            options.extend(own.iter().map(|opt| (entry.path.clone(), opt)));
            for note in notes.split("\n\n").filter(|note| !note.is_empty()) {
                let end = note.trim_end().ends_with(['.', ')', ':']);
                assert!(end, "{}: {note:?} is not a sentence", entry.path);
            }
            for (comment, line) in *examples {
                assert!(!comment.starts_with(char::is_lowercase), "{comment:?}");
                assert!(!comment.ends_with(['.', ':']), "{comment:?}");
                assert!(line.contains("influx-edge "), "{line:?}");
            }
        }
        for (path, opt) in options {
            let of = format!("{path} --{}", opt.long);
            small(opt.help, &of);
            let value = opt.value.unwrap_or_default();
            assert!(
                !value.contains(char::is_lowercase) || value.contains('='),
                "{of}: {value}"
            );
        }
    }

    /// No option twice, neither long nor short, those of the connection and the common ones included.
    #[test]
    fn no_spelling_means_two_things() {
        for entry in all(crate::COMMANDS) {
            let mut long: Vec<_> = entry.command.options().map(|opt| opt.long).collect();
            let mut short: Vec<_> = entry
                .command
                .options()
                .filter_map(|opt| opt.short)
                .collect();
            let (count_long, count_short) = (long.len(), short.len());
            long.sort_unstable();
            long.dedup();
            short.sort_unstable();
            short.dedup();
            assert_eq!(
                (long.len(), short.len()),
                (count_long, count_short),
                "{}",
                entry.path
            );
        }
    }

    /// Notes and examples that don't fit are left to the manual.
    #[test]
    fn a_long_table_still_fits() {
        const LONG: &[Opt] =
            &[const { Opt::flag("flag", "a flag that has a text of some length") }; 26];
        const NOTES: &str = "One paragraph of a few words.\n\nAnother one, as long as a note may be: \
            word word word word word word word word word word word word word word word word word word \
            word word word word word word word word word word word word word word word word word word.";
        static MANY: Command = Command {
            name: "many",
            summary: "do many things",
            operands: &[],
            options: LONG,
            connects: true,
            notes: NOTES,
            examples: &[("One", "influx-edge many"), ("Two", "influx-edge many")],
            commands: &[],
            run: |_| Ok(std::process::ExitCode::SUCCESS),
        };
        let text = command(&MANY, "many");
        assert_eq!(too_large(&text), None, "{text}");
        assert!(
            text.contains("# One") && !text.contains("Another"),
            "{text}"
        );
        assert!(text.ends_with("More: influx-edge man\n"), "{text}");
    }

    #[test]
    fn lines_are_broken_between_words() {
        let cases: [(&str, usize, &[&str]); 4] = [
            ("", 5, &[]),
            ("one two", 80, &["one two"]),
            ("one two three", 8, &["one two", "three"]),
            ("incomprehensible one", 4, &["incomprehensible", "one"]),
        ];
        for (text, width, lines) in cases {
            assert_eq!(wrapped(text, width), lines, "{text}");
        }
    }
}
