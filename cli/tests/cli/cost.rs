//! The processor time of a run, only of a released binary: `INFLUX_EDGE_COMMAND` is its path.

use crate::run::{TOKEN, server};
use std::process::Command;

/// Milliseconds of processor time for one `ping`, the start of the process included.
const LIMIT: f64 = 5.0;
const RUNS: u32 = 100;

#[test]
fn a_ping_takes_little_processor_time() {
    let Some(program) = std::env::var_os("INFLUX_EDGE_COMMAND") else {
        eprintln!("skipped: INFLUX_EDGE_COMMAND is not set");
        return;
    };
    let server = server();
    // The second line of `times` is the time of the children.
    let script =
        format!("i=0; while [ $i -lt {RUNS} ]; do \"$1\" ping -q || exit; i=$((i+1)); done; times");
    let output = Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(program)
        .env("INFLUXDB_V2_URL", server.url())
        .env("INFLUXDB_V2_TOKEN", TOKEN)
        .output()
        .expect("sh");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    let children = text.lines().nth(1).expect("two lines");
    let seconds: f64 = children.split_whitespace().map(seconds).sum();
    let each = seconds * 1000.0 / f64::from(RUNS);
    println!("ping: {each:.1} ms of processor time (at most {LIMIT})");
    assert!(each > 0.0 && each <= LIMIT, "{each:.1} ms: {text}");
}

/// `0m1.25s`
fn seconds(text: &str) -> f64 {
    let (minutes, seconds) = text.trim_end_matches('s').split_once('m').expect("a time");
    let number = |text: &str| text.replace(',', ".").parse::<f64>().expect("a number");
    number(minutes) * 60.0 + number(seconds)
}
