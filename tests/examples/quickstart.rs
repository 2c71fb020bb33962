//! The quickstart, run as a person runs it, where everything works and where it does not.

/// The example's own ends it where nobody reads its output.
macro_rules! say {
    ($($text:tt)*) => { println!($($text)*) };
}
#[path = "../../examples/quickstart/plot.rs"]
#[allow(dead_code, reason = "the example uses more of it")]
mod plot;

use std::net::TcpListener;
use std::process::Command;

use influx_edge::Timestamp;
use plot::{Canvas, Series};

use crate::common::mock_server::{Fault, Server};
use crate::run::{Run, ended};

/// A token that must never be seen again.
const TOKEN: &str = "s3cret-t0ken-aAzZ09==";

impl Run {
    /// Runs with these settings and no others.
    fn with(settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(crate::common::built::example("quickstart"));
        for name in ["URL", "TOKEN", "ORG", "BUCKET"] {
            command.env_remove(format!("INFLUXDB_V2_{name}"));
        }
        let output = command
            .env("COLUMNS", "90")
            .envs(settings.iter().copied())
            .output();
        let run = ended(output.expect("the example runs"));
        assert!(
            !run.out.contains(TOKEN) && !run.err.contains(TOKEN),
            "the token shows"
        );
        run
    }

    /// Runs against this URL and bucket.
    fn against(url: &str, bucket: &str) -> Self {
        Self::with(&[
            ("INFLUXDB_V2_URL", url),
            ("INFLUXDB_V2_TOKEN", TOKEN),
            ("INFLUXDB_V2_ORG", "acme"),
            ("INFLUXDB_V2_BUCKET", bucket),
        ])
    }

    /// It failed as it should: exit code 1, and one line that holds all these words.
    fn failed(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{}", self.err);
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "no {word:?} in: {}", self.err);
        }
    }

    /// The readings that were not delivered are printed.
    fn kept_the_readings(&self) {
        // Whole lines, with their times: the one shown as an example is cut off.
        let whole = |line: &&str| {
            let time = line.rsplit(' ').next().unwrap_or_default();
            line.starts_with("quickstart,host=") && time.parse::<i64>().is_ok()
        };
        assert!(self.out.lines().filter(whole).count() >= 10, "{}", self.out);
        assert!(
            self.out.contains("None of these lines were stored"),
            "{}",
            self.out
        );
    }
}

#[test]
fn without_settings_it_runs_against_the_mock_server_and_says_so() {
    let run = Run::with(&[]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(run.err, "");
    assert!(
        run.out
            .contains("mock server inside this program; it is not InfluxDB")
    );
    let exports = run
        .out
        .lines()
        .filter(|line| line.starts_with("  export INFLUXDB_V2_"));
    assert_eq!(exports.count(), 2);
    // The table: ten rows, each with a time of day.
    let is_row =
        |line: &&str| line.len() > 12 && line.as_bytes()[2] == b':' && line.as_bytes()[8] == b'.';
    assert_eq!(run.out.lines().filter(is_row).count(), 10, "{}", run.out);
    // The plots, in plain ASCII because this is not a terminal.
    assert!(
        run.out.contains("| ") || run.out.contains("|#"),
        "{}",
        run.out
    );
    assert!(run.out.contains("wakeup_late_ms"), "{}", run.out);
    assert!(run.out.is_ascii(), "{}", run.out);
    assert!(!run.out.contains('\x1b') && !run.out.contains('\r'));
    let widest = run.out.lines().map(str::len).max();
    assert!(widest <= Some(90), "{widest:?}: {}", run.out);
}

#[test]
fn with_settings_the_readings_are_on_that_server() {
    let server = Server::with_token(TOKEN);
    let run = Run::against(&server.url(), server.bucket());
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(!run.out.contains("mock server"), "{}", run.out);
    let points = server.points(server.bucket());
    let samples = points
        .iter()
        .filter(|point| point.field == "wakeup_late_ms");
    assert_eq!(samples.count(), 10);
    assert!(
        run.out.contains(&format!("{} values back", points.len())),
        "{}",
        run.out
    );
}

/// Each case is a run of three seconds, most of it asleep: they run side by side.
#[test]
fn where_it_cannot_work_it_says_why() {
    let cases: [fn(); 8] = [
        half_of_the_settings_are_not_enough,
        a_wrong_url,
        a_closed_port,
        a_token_that_is_not_accepted,
        a_bucket_that_does_not_exist,
        a_web_page_where_the_api_should_be,
        a_captive_portal_that_redirects,
        an_error_behind_the_first_rows_of_the_response,
    ];
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(case);
        }
    });
}

fn half_of_the_settings_are_not_enough() {
    let run = Run::with(&[
        ("INFLUXDB_V2_URL", "http://127.0.0.1:1"),
        ("INFLUXDB_V2_TOKEN", TOKEN),
    ]);
    run.failed(&["INFLUXDB_V2_ORG", "not"]);
}

fn a_wrong_url() {
    Run::against("localhost:8086", "sensors").failed(&["http://", "INFLUXDB_V2_URL"]);
}

fn a_closed_port() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let run = Run::against(&format!("http://{address}"), "sensors");
    run.failed(&["nothing listens", &address.to_string(), "INFLUXDB_V2_URL"]);
    run.kept_the_readings();
}

fn a_token_that_is_not_accepted() {
    let server = Server::with_token("another");
    let run = Run::against(&server.url(), server.bucket());
    run.failed(&["401", "INFLUXDB_V2_TOKEN"]);
    run.kept_the_readings();
}

fn a_bucket_that_does_not_exist() {
    let server = Server::with_token(TOKEN);
    let run = Run::against(&server.url(), "nope");
    run.failed(&["bucket \"nope\" not found", "INFLUXDB_V2_BUCKET"]);
    run.kept_the_readings();
}

fn a_web_page_where_the_api_should_be() {
    let server = Server::with_token(TOKEN);
    let run = Run::against(&format!("{}/grafana", server.url()), server.bucket());
    run.failed(&["INFLUXDB_V2_URL"]);
    assert!(server.points(server.bucket()).is_empty());

    // A captive portal that wakes up between two requests.
    let page = Fault::status(200)
        .header("Content-Type", "text/html")
        .body("<html>Log in!</html>");
    server.fault(page.on("/api/v2/write"));
    let run = Run::against(&server.url(), server.bucket());
    run.failed(&["200", "INFLUXDB_V2_URL"]);
    assert!(run.out.contains("quickstart,host="), "{}", run.out);
}

fn a_captive_portal_that_redirects() {
    let server = Server::with_token(TOKEN);
    let portal = "http://portal.example/login?back=1";
    server.fault(Fault::status(302).header("Location", portal).times(99));
    let run = Run::against(&server.url(), server.bucket());
    run.failed(&["redirects", "portal.example", "INFLUXDB_V2_URL"]);
    run.kept_the_readings();
    assert!(server.points(server.bucket()).is_empty());
}

fn an_error_behind_the_first_rows_of_the_response() {
    let server = Server::with_token(TOKEN);
    server.fault(Fault::error_table("memory allocation limit reached").on("/api/v2/query"));
    let run = Run::against(&server.url(), server.bucket());
    run.failed(&["memory allocation limit reached"]);
}

/// The axis has round numbers; every value is between them, and the least is no empty line.
#[test]
fn plots_show_every_value() {
    for (values, high, low, least) in [
        // Values, the labels, and the bar of the first value, from the bottom.
        (&[3.64, 12.0, 9.5][..], "15", "0", "#"),
        (&[2.21, 2.33], "2.35", "2.15", "#."),
        (&[401.23, 402.0, 403.94], "404", "400", "#."),
        (&[0.0, 1.67], "2.0", "0.0", "."),
        (&[0.09, 3.44], "4", "0", "."),
        // What doesn't move is drawn as well.
        (&[3.64, 3.64, 3.64], "4", "0", "###:"),
        (&[0.72], "0.8", "0.0", "###:"),
        (&[0.0, 0.0], "1.0", "0.0", "."),
        (&[-1.5, -1.5], "0.0", "-2.0", "#"),
        (&[-20.0, 20.0], "20", "-30", ":"),
        (&[1e12, 3e12], "3.0e12", "5.0e11", ":"),
        (&[1e-9, 2e-9], "2.0e-9", "5.0e-10", "#."),
        (&[f64::MIN, f64::MAX], "", "", "."),
        (&[f64::NAN, 5.0], "", "", "."),
    ] {
        let times: Vec<Timestamp> = (1..).map(Timestamp::from_secs).take(values.len()).collect();
        let points = times.iter().copied().zip(values.iter().copied()).collect();
        let name = String::from("series");
        let series = Series { name, points };
        let canvas = Canvas {
            width: 60,
            is_terminal: false,
            colours: false,
        };
        let lines = canvas.bars(&times, &series);
        assert_eq!(lines.len(), 4, "{lines:#?}");
        let column = |line: &String| line.split('|').nth(1)?.chars().next();
        let bar: String = lines.iter().rev().filter_map(column).collect();
        assert_eq!(bar.trim_end(), least, "{values:?}: {lines:#?}");
        if !high.is_empty() {
            let label = |line: &String| line.split('|').next().unwrap_or("").trim().to_owned();
            assert_eq!(label(&lines[0]), format!("series{high:>24}"), "{lines:#?}");
            assert_eq!(label(&lines[3]), low, "{lines:#?}");
        }
        assert!(lines.iter().all(|line| line.len() <= 60), "{lines:#?}");
    }
}
