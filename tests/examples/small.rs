//! The example `provision`, run as a person runs it: what it prints, how it ends, and that it ends.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::wire::{TOKEN, Wire, closed_port};
use crate::provision::example::mock_server::MockServer;
use crate::{Run, ended};

/// Runs with these settings and no others. No secret may show, and it ends within ten seconds.
#[track_caller]
pub(crate) fn run(example: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Run {
    let mut command = Command::new(crate::common::built::example(example));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("INFLUXDB_V2_") {
            command.env_remove(name);
        }
    }
    let start = Instant::now();
    let output = command
        .args(arguments)
        .env("COLUMNS", "90")
        .envs(settings.iter().copied())
        .output();
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

#[test]
fn without_settings_it_runs_against_the_mock_server_and_says_so() {
    let run = run("provision", &[], &[]);
    run.says(
        0,
        &[
            "mock server",
            "a second run found all of it and made nothing",
        ],
    );
    assert_eq!(run.err, "");
}

#[test]
fn a_server_is_provisioned_with_a_token_or_with_a_password() {
    let server = MockServer::start();
    let settings = [
        ("INFLUXDB_V2_URL", server.url()),
        ("INFLUXDB_V2_USERNAME", "admin"),
        ("INFLUXDB_V2_PASSWORD", "long-enough"),
    ];
    let first = run("provision", &["keep"], &settings);
    first.says(0, &["set up", "token         mock-server-token-"]);
    assert_eq!(server.count("buckets"), 2);
    // Signs in, finds all of it, and takes it away again.
    let second = run("provision", &[], &settings);
    second.says(0, &["there already", "removed"]);
    assert!(!second.out.contains("set up"), "{}", second.out);
    assert_eq!((server.count("orgs"), server.count("buckets")), (0, 0));
    let wrong = [settings[0], settings[1], ("INFLUXDB_V2_PASSWORD", TOKEN)];
    run("provision", &[], &wrong).says(1, &["cannot sign in", "401"]);
}

#[test]
fn where_it_cannot_work_it_says_why_and_ends() {
    let refused = closed_port();
    let set = settings(&refused, TOKEN, "sensors");
    run("provision", &[], &set).says(1, &["provision", "nothing listens"]);
    let silent = Wire::each(8, |peer| peer.wait_for_close());
    let url = silent.url();
    let set = settings(&url, TOKEN, "sensors");
    run("provision", &[], &set).says(1, &["provision", "took too long"]);
}
