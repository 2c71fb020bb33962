//! The examples `cron_report`, `raw_call` and `provision`, run as a person or cron runs them: what
//! they print, how they end, and that they end.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use crate::common::mock_server::Server;
use crate::common::wire::{TOKEN, Wire, closed_port};
use crate::provision::example::mock_server::MockServer;
use crate::{Run, ended};
use influx_edge::Client;
use influx_edge::line::Point;

/// Runs with these settings and no others. Nothing but the caller's own secret may show, and it
/// ends within ten seconds.
fn run(example: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Run {
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
    fn says(&self, code: i32, words: &[&str]) {
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

fn settings<'a>(url: &'a str, token: &'a str, bucket: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("INFLUXDB_V2_URL", url),
        ("INFLUXDB_V2_TOKEN", token),
        ("INFLUXDB_V2_ORG", "acme"),
        ("INFLUXDB_V2_BUCKET", bucket),
        ("INFLUXDB_V2_TIMEOUT", "1500"),
    ]
}

const EXAMPLES: [&str; 3] = ["cron_report", "raw_call", "provision"];

#[test]
fn without_settings_they_run_against_the_mock_server_and_say_so() {
    let lines = [
        "temp_c station=zrh-1     23   9.20  15.26  21.00  9.20",
        "a second run found all of it and made nothing",
        "the status, out of its JSON: \"pass\"",
    ];
    for (example, line) in EXAMPLES.into_iter().zip([lines[0], lines[2], lines[1]]) {
        let run = run(example, &[], &[]);
        run.says(0, &["mock server", line]);
        assert_eq!(run.err, "", "{example}");
    }
}

#[test]
fn a_report_is_of_that_server_and_of_each_series() {
    let server = Server::with_token(TOKEN);
    let url = server.url();
    let settings = settings(&url, TOKEN, server.bucket());
    // Nothing there: nothing to report is a response of its own.
    run("cron_report", &["weather"], &settings).says(2, &["No numbers of \"weather\""]);

    let client = Client::builder(&url).org("acme").token(TOKEN).build();
    let now = SystemTime::now();
    let mut points = Vec::new();
    for minute in 1..=100u32 {
        for (station, value) in [("a", f64::from(minute)), ("b", -1.5)] {
            points.push(
                Point::new("weather")
                    .tag("station", station)
                    .field("temp_c", value)
                    .field("state", "ok")
                    .time(now - Duration::from_secs(60) * minute),
            );
        }
    }
    // Of the day before yesterday, and so of another report.
    let old = Point::new("weather").field("old", 1.0);
    points.push(old.time(now - Duration::from_secs(2 * 86_400)));
    client.unwrap().write(server.bucket(), points).unwrap();

    let report = run("cron_report", &["weather"], &settings);
    report.says(
        0,
        &[
            "200 readings of \"weather\"",
            "temp_c station=a    100   1.00  50.50  100.00   1.00",
            "temp_c station=b    100  -1.50  -1.50   -1.50  -1.50",
            "(200 values are no numbers)",
        ],
    );
    assert!(report.out.is_ascii(), "{}", report.out);
    assert!(!report.out.contains("old") && !report.out.contains("mock server"));
    // A plot for each, no wider than there is space.
    assert_eq!(report.out.matches(" |").count(), 8, "{}", report.out);
    assert!(report.out.lines().all(|line| line.len() <= 90));
}

#[test]
fn any_call_of_one_s_own() {
    let server = Server::with_token(TOKEN);
    let url = server.url();
    let settings = settings(&url, TOKEN, server.bucket());
    let shown = run("raw_call", &["get", "/health"], &settings);
    shown.says(0, &["get /health: 200", "\"status\":\"pass\""]);
    // A refusal is a response, too.
    let refused = run("raw_call", &["GET", "/api/v2/nothing", "a=b c"], &settings);
    refused.says(0, &["404", "path not found"]);
    run("raw_call", &["GET", "no-slash"], &settings).says(1, &["must start with /"]);
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

/// Cron can't press Ctrl-C.
#[test]
fn where_it_cannot_work_they_say_why_and_end() {
    let refused = closed_port();
    let silent = Wire::each(8, |peer| peer.wait_for_close());
    for example in EXAMPLES {
        let settings = settings(&refused, TOKEN, "sensors");
        let run_1 = run(example, &[], &settings);
        run_1.says(1, &[example, "nothing listens"]);
        let url = silent.url();
        let settings = self::settings(&url, TOKEN, "sensors");
        run(example, &[], &settings).says(1, &[example, "took too long"]);
    }
    let server = Server::with_token("another");
    let url = server.url();
    let settings = settings(&url, TOKEN, server.bucket());
    run("cron_report", &[], &settings).says(1, &["401", "INFLUXDB_V2_TOKEN"]);
    run("cron_report", &[], &settings[..2]).says(1, &["INFLUXDB_V2_ORG is not"]);
}
