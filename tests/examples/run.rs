//! An example as a process: its settings, its end, and what it printed.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::common::wire::TOKEN;

/// What came of one run.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// An example that has ended.
pub(crate) fn ended(output: Output) -> Run {
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// An example with these settings and no others, its output in pipes.
pub(crate) fn command(example: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(crate::common::built::example(example));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("INFLUXDB_V2_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).env("COLUMNS", "90");
    command.envs(settings.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs with these settings and no others. No secret may show, and it ends within ten seconds.
#[track_caller]
pub(crate) fn run(example: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Run {
    let start = Instant::now();
    let output = command(example, arguments, settings).output();
    let run = ended(output.unwrap());
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{example}: {}",
        run.err
    );
    assert!(
        !run.out.contains(TOKEN) && !run.err.contains(TOKEN),
        "{example} shows the token"
    );
    run
}

impl Run {
    #[track_caller]
    pub(crate) fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        for word in words {
            assert!(
                self.out.contains(word) || self.err.contains(word),
                "no {word:?} in: {}\n{}",
                self.out,
                self.err
            );
        }
    }
}

pub(crate) fn settings<'a>(
    url: &'a str,
    token: &'a str,
    bucket: &'a str,
) -> [(&'static str, &'a str); 5] {
    [
        ("INFLUXDB_V2_URL", url),
        ("INFLUXDB_V2_TOKEN", token),
        ("INFLUXDB_V2_ORG", "acme"),
        ("INFLUXDB_V2_BUCKET", bucket),
        ("INFLUXDB_V2_TIMEOUT", "1500"),
    ]
}
