//! `man`: the manual page, from the tables of the subcommands.

use crate::command::{COMMON, CONNECTION, Command, Entry, Matches, Opt};
use crate::failure::{CODES, Failure};
use crate::help;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::process::ExitCode;

pub(crate) const COMMAND: Command = Command {
    name: "man",
    summary: "print the manual page of all commands",
    operands: &[],
    options: &[],
    connects: false,
    notes: "",
    examples: &[
        ("To read it", "influx-edge man | man -l -"),
        (
            "To install it, for all users",
            "influx-edge man >/usr/local/share/man/man1/influx-edge.1",
        ),
    ],
    commands: &[],
    run,
};

/// The date of the page, in the format of man(7).
const DATE: &str = "2026-11-27";

/// Environment variables and their meaning.
const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "INFLUXDB_V2_URL",
        "The server. Default: http://localhost:8086.",
    ),
    ("INFLUXDB_V2_ORG", "The organization, by name."),
    ("INFLUXDB_V2_TOKEN", "The token."),
    (
        "INFLUXDB_V2_USERNAME, INFLUXDB_V2_PASSWORD",
        "User and password of a session, instead of a token; of Basic authentication if INFLUXDB_V2_AUTH_BASIC \
         is true.",
    ),
    (
        "INFLUXDB_V2_TIMEOUT",
        "Limit of each request in milliseconds.",
    ),
    (
        "INFLUXDB_V2_SSL_CA_CERT, INFLUXDB_V2_CERT_FILE, INFLUXDB_V2_CERT_KEY_FILE, INFLUXDB_V2_VERIFY_SSL",
        "Certificates to trust, the client's own certificate and its key; false turns verification off.",
    ),
    ("INFLUXDB_V2_TAG_NAME", "A tag of this name for all lines."),
    (
        "INFLUXDB3_URL, INFLUXDB3_TOKEN",
        "URL and token of InfluxDB 3, if INFLUXDB_V2_URL is unset.",
    ),
    (
        "STATE_DIRECTORY, XDG_STATE_HOME, HOME",
        "The spool's directory, see FILES.",
    ),
    (
        "NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID",
        "Set by systemd, to which write reports that it is ready, alive and stopping.",
    ),
    (
        "NO_COLOR, TERM",
        "NO_COLOR with any value, or TERM=dumb, turns colours off.",
    ),
    (
        "COLUMNS",
        "The terminal's width, on systems other than Unix.",
    ),
];

/// Files and their meaning.
const FILES: &[(&str, &str)] = &[
    (
        "--config FILE",
        "INI or TOML with the sections [influx2] and [tags], JSON with the same names, or the file configs of the \
         influx CLI (~/.influxdbv2/configs).",
    ),
    (
        "$STATE_DIRECTORY/spool, else $XDG_STATE_HOME/influx-edge/spool, else $HOME/.local/state/influx-edge/spool",
        "The spool: lines that can't be delivered yet. One process at a time may use it.",
    ),
];

fn run(_: &Matches) -> Result<ExitCode, Failure> {
    io::stdout().write_all(page().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn page() -> String {
    let entries = crate::command::all(crate::COMMANDS);
    let mut page = Page(format!(
        ".TH INFLUX\\-EDGE 1 \"{DATE}\" \"influx\\-edge {}\" \"User Commands\"\n",
        Escaped(env!("CARGO_PKG_VERSION"))
    ));
    page.section("NAME");
    page.text("influx-edge - write points to InfluxDB over unreliable links, and query them");
    page.section("SYNOPSIS");
    for (number, entry) in leaves(&entries).enumerate() {
        if number > 0 {
            page.line(".br");
        }
        page.usage(entry);
    }
    page.section("DESCRIPTION");
    page.text(
        "For shell scripts, cron and systemd: writes points, also over links that fail, and reads them back. Data \
         go to standard output, messages to standard error. The server is set by the environment, see \
         ENVIRONMENT, or by a file (--config FILE), never by both. Options override either; --url and --config \
         exclude each other. A token can't be an argument, because other users could see it.",
    );
    page.section("COMMANDS");
    for entry in leaves(&entries) {
        page.command(entry);
    }
    page.section("OPTIONS OF THE CONNECTION");
    page.text("Commands that contact a server take these as well.");
    page.options(CONNECTION);
    page.section("OPTIONS OF ALL COMMANDS");
    page.options(COMMON);
    page.section("EXIT STATUS");
    for (code, meaning) in CODES {
        page.item(&code.to_string(), &sentence(meaning));
    }
    page.section("ENVIRONMENT");
    for (name, meaning) in ENVIRONMENT {
        page.item(name, meaning);
    }
    page.section("FILES");
    for (name, meaning) in FILES {
        page.item(name, meaning);
    }
    page.section("EXAMPLES");
    let examples = leaves(&entries).flat_map(|entry| entry.command.examples);
    for (number, (comment, line)) in examples.enumerate() {
        if number > 0 {
            page.line(".PP");
        }
        page.text(&format!("{comment}:"));
        page.code(line);
    }
    page.section("SEE ALSO");
    page.line(".BR systemd.service (5),");
    page.line(".BR systemd.timer (5)");
    page.0
}

/// Returns the subcommands that have no nested ones.
fn leaves(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    let runs = |entry: &&Entry| entry.command.commands.is_empty();
    entries.iter().filter(runs)
}

/// Makes a sentence of a text from a table.
fn sentence(text: &str) -> String {
    // `params.NAME`, `v2` and the first of several values keep their spelling.
    let word = text.split(' ').next().unwrap_or_default();
    let is_word = word.chars().all(|c| c.is_alphabetic() || c == '\'');
    let mut chars = text.chars();
    let first = chars.next().into_iter();
    let first = first.flat_map(|c| {
        c.to_uppercase()
            .filter(|_| is_word)
            .chain(Some(c).filter(|_| !is_word))
    });
    let stop = if text.ends_with('.') { "" } else { "." };
    first.chain(chars).chain(stop.chars()).collect()
}

/// A page in the macros of man(7).
struct Page(String);

impl Page {
    /// Appends a line of roff unchanged.
    fn line(&mut self, request: &str) {
        self.0.push_str(request);
        self.0.push('\n');
    }

    fn section(&mut self, title: &str) {
        let _ = writeln!(self.0, ".SH {title}");
    }

    /// A paragraph, or several with an empty line between them.
    fn text(&mut self, text: &str) {
        for (number, paragraph) in text.split("\n\n").enumerate() {
            if number > 0 {
                self.line(".PP");
            }
            for line in help::wrapped(paragraph, 60) {
                let _ = writeln!(self.0, "{}", Escaped(&line));
            }
        }
    }

    fn item(&mut self, name: &str, text: &str) {
        let _ = writeln!(self.0, ".TP\n.B {}", Escaped(name));
        self.text(text);
    }

    fn code(&mut self, line: &str) {
        let _ = writeln!(self.0, ".PP\n.RS\n.nf\n{}\n.fi\n.RE", Escaped(line));
    }

    fn usage(&mut self, entry: &Entry) {
        let _ = write!(self.0, ".B influx\\-edge {}\n.RI ", Escaped(&entry.path));
        // `.RI` alternates between roman and italic arguments.
        let operands = entry.command.operands.iter().map(help::shown);
        let words = operands
            .map(|word| Escaped(&word).to_string())
            .collect::<Vec<_>>();
        let _ = writeln!(self.0, "\"\" \"{}\" \" [OPTION...]\"", words.join(" "));
    }

    fn command(&mut self, entry: &Entry) {
        let command = entry.command;
        let _ = writeln!(self.0, ".SS {}", Escaped(&entry.path));
        self.usage(entry);
        self.line(".PP");
        self.text(&sentence(command.summary));
        for operand in command.operands {
            let _ = writeln!(self.0, ".TP\n.I {}", Escaped(operand.name));
            self.text(&sentence(operand.help));
        }
        self.options(command.options);
        if !command.notes.is_empty() {
            self.line(".PP");
            self.text(command.notes);
        }
    }

    fn options(&mut self, options: &[Opt]) {
        for opt in options {
            let short = opt.short.map(|short| format!("\\-{short}, "));
            let _ = write!(self.0, ".TP\n.B {}", short.unwrap_or_default());
            let _ = write!(self.0, "{}", Escaped(&format!("--{}", opt.long)));
            if let Some(value) = opt.value {
                let _ = write!(self.0, " \\fI{}\\fR", Escaped(value));
            }
            self.0.push('\n');
            self.text(&sentence(opt.help));
        }
    }
}

/// Text escaped for roff: no line is a request, and `-` is an ASCII hyphen that can be copied.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.starts_with(['.', '\'']) {
            f.write_str("\\&")?;
        }
        for c in self.0.chars() {
            match c {
                '\\' => f.write_str("\\e")?,
                '-' => f.write_str("\\-")?,
                '\'' => f.write_str("\\(aq")?,
                '`' => f.write_str("\\(ga")?,
                '"' => f.write_str("\\(dq")?,
                '^' => f.write_str("\\(ha")?,
                '~' => f.write_str("\\(ti")?,
                '…' => f.write_str("...")?,
                c if c.is_ascii() => f.write_char(c)?,
                c => write!(f, "\\[u{:04X}]", u32::from(c))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{ENVIRONMENT, Escaped, sentence};
    use std::path::Path;

    fn source(dir: &Path, text: &mut String) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                source(&path, text);
            } else if !path.ends_with("tests.rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap_or_default());
            }
        }
    }

    #[test]
    fn every_variable_that_is_read_is_in_the_page() {
        let mut text = String::new();
        source(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut text,
        );
        let capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let calls = [
            "var(\"",
            "var_os(\"",
            "variable(\"",
            "number(\"",
            "unset(\"",
            "set(\"",
        ];
        let calls = calls.iter().flat_map(|call| text.split(call).skip(1));
        let names = calls.filter_map(|rest| Some(rest.split_once('"')?.0));
        let names = names.filter(|name| name.chars().all(capital));
        let mut count = 0;
        for name in names {
            let mut listed = ENVIRONMENT.iter().flat_map(|(names, _)| names.split(", "));
            assert!(listed.any(|listed| listed == name), "{name}");
            count += 1;
        }
        assert!(count >= 5, "only {count} names were found");
    }

    #[test]
    fn text_is_never_a_request() {
        let cases = [
            (".TH x", "\\&.TH x"),
            ("'br", "\\&\\(aqbr"),
            ("--tag k=v", "\\-\\-tag k=v"),
            (r"a\n", r"a\en"),
            ("[FILE…] µs", "[FILE...] \\[u00B5]s"),
        ];
        for (text, escaped) in cases {
            assert_eq!(Escaped(text).to_string(), escaped);
        }
        assert_eq!(sentence("the server (X)"), "The server (X).");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence("v2 or v3"), "v2 or v3.");
        assert_eq!(sentence("float, int"), "float, int.");
    }
}
