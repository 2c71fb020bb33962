//! The example for InfluxDB 3, run against its mock server.

use crate::common::built;
use crate::common::mock_server::Server;
use std::process::{Command, Output};

fn run(url: &str, token: Option<&str>, station: &str) -> Output {
    let mut command = Command::new(built::example("sql"));
    command.env_remove("INFLUXDB3_TOKEN").arg(station);
    match token {
        Some(token) => command.env("INFLUXDB3_TOKEN", token),
        None => &mut command,
    };
    command.env("INFLUXDB3_URL", url).output().expect("it runs")
}

#[test]
fn its_readings_are_stored_and_found() {
    let server = Server::v3();
    for (station, readings) in [("zrh-1", 1), ("x' OR 1=1 --", 1), ("zrh-1", 2)] {
        let output = run(&server.url(), Some(server.token()), station);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{err}");
        let out = String::from_utf8(output.stdout).expect("text");
        assert_eq!(out.lines().count(), readings, "{out}");
        assert!(out.lines().all(|line| line.ends_with("Z 21.5 °C")), "{out}");
    }
}

#[test]
fn it_says_what_is_missing() {
    let output = Command::new(built::example("sql"))
        .env_remove("INFLUXDB3_URL")
        .output()
        .expect("it runs");
    assert!(!output.status.success());
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(
        err.contains("set INFLUXDB3_URL and INFLUXDB3_TOKEN"),
        "{err}"
    );
    let server = Server::v3();
    let output = run(&server.url(), None, "zrh-1");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("unauthorized"));
    let output = run(&crate::common::wire::closed_port(), Some("token"), "zrh-1");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing listens"));
}
