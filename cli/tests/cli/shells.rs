//! `completions` and `man`, by the shells and the formatters that read them. Those that are not installed are
//! skipped, except those that `INFLUX_EDGE_NEEDS` names.

use crate::common::temp_dir::TempDir;
use crate::run::{command, run};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn printed(args: &[&str]) -> String {
    let run = run(command(args), b"");
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{args:?}");
    run.out
}

/// This program's output for an input; `None` if it is not installed.
fn piped(mut program: Command, input: &str) -> Option<Output> {
    let name = program.get_program().to_string_lossy().into_owned();
    let child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        let needed = std::env::var("INFLUX_EDGE_NEEDS").unwrap_or_default();
        assert!(
            !needed.split(' ').any(|one| one == name),
            "{name} is missing"
        );
        eprintln!("skipped: {name} is not installed");
        return None;
    };
    let mut stdin = child.stdin.take().expect("piped");
    // A program that ended early explains it on standard error.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    Some(child.wait_with_output().expect("it ends"))
}

#[test]
fn the_shells_and_the_formatters_find_nothing_to_complain_about() {
    let dir = TempDir::new("shells");
    let cases: &[(&str, &[&str])] = &[
        ("bash", &["bash", "-n"]),
        ("zsh", &["zsh", "-f", "-n"]),
        ("fish", &["fish", "--no-config", "-n"]),
        ("man", &["groff", "-man", "-Tascii", "-ww", "-z"]),
        ("man", &["mandoc", "-Tlint", "-Wstyle"]),
    ];
    for (kind, words) in cases {
        let text = match *kind {
            "man" => printed(&["man"]),
            shell => printed(&["completions", shell]),
        };
        let path = dir.path().join(kind);
        std::fs::write(&path, text).expect("it is written");
        let mut program = Command::new(words[0]);
        program.args(&words[1..]).arg(&path);
        if let Some(output) = piped(program, "") {
            assert!(output.status.success(), "{words:?}: {output:?}");
            let complaints = [output.stdout, output.stderr].concat();
            assert_eq!(String::from_utf8_lossy(&complaints), "", "{words:?}");
        }
    }
    let unknown = run(command(["completions", "csh"]), b"");
    assert_eq!(unknown.code, Some(64));
    assert!(unknown.err.contains("bash, zsh, fish"), "{unknown:?}");
}

/// Every subcommand, and every option of each, is in every script and in the page.
#[test]
fn everything_that_the_help_lists_is_in_the_scripts_and_the_page() {
    let texts = [
        ("bash", printed(&["completions", "bash"])),
        ("zsh", printed(&["completions", "zsh"])),
        (
            "fish",
            printed(&["completions", "fish"]).replace("-l ", "--"),
        ),
        ("man", printed(&["man"]).replace("\\-", "-")),
    ];
    let mut options = 0;
    for name in commands() {
        let help = printed(&[&name, "--help"]);
        let words = help.split(|c: char| c.is_whitespace() || [',', '/'].contains(&c));
        let long = words.filter(|word| word.starts_with("--") && word.len() > 2);
        let long: Vec<_> = long
            .map(|word| {
                let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '-';
                word.split(is_end).next().unwrap()
            })
            .collect();
        for (kind, text) in &texts {
            assert!(text.contains(&name), "{kind}: {name}");
            for option in &long {
                assert!(text.contains(option), "{kind}: {name} {option}");
            }
        }
        options += long.len();
    }
    assert!(options > 10, "only {options} options were found");
}

/// The names that the overview lists.
fn commands() -> Vec<String> {
    let overview = printed(&["--help"]);
    let lines = overview.lines().filter(|line| line.starts_with("  "));
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

/// Completion by the Tab key on a terminal (that of `script`); the command itself only prints its arguments.
#[test]
fn a_person_at_a_terminal_presses_tab() {
    let cases = [
        ("bash", "bash --norc -i", "source ./completions"),
        (
            "zsh",
            "zsh -i",
            "autoload -U compinit; compinit -u -D; unsetopt zle_bracketed_paste; source ./completions",
        ),
    ];
    for (shell, start, load) in cases {
        let dir = TempDir::new("tab");
        let put = |name: &str, text: &str| {
            std::fs::write(dir.path().join(name), text).expect("it is written");
        };
        put("completions", &printed(&["completions", shell]));
        put("all in one.pem", "");
        let mut probe = Command::new(shell);
        probe.args(["-c", "exit"]);
        if piped(probe, "").is_none() {
            continue;
        }
        let typed = format!(
            "{load}; influx-edge() {{ printf '<%s>' \"$@\" >>./typed; }}\n\
             influx-edge pi\t --time\t 1s --ca-file all\t --js\t\n\
             influx-edge completions fi\t\n\
             exit\n"
        );
        let mut terminal = Command::new("script");
        terminal
            .args(["-qec", start, "/dev/null"])
            .current_dir(dir.path())
            .env("HOME", dir.path())
            .env("TERM", "dumb");
        let Some(output) = piped(terminal, &typed) else {
            return;
        };
        let expected =
            "<ping><--timeout><1s><--ca-file><all in one.pem><--json><completions><fish>";
        let seen = typed_words(dir.path());
        let screen = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            seen.replace("--timeout=><1s", "--timeout><1s"),
            expected,
            "{screen}"
        );
    }
}

fn typed_words(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("typed")).unwrap_or_default()
}
