//! The example of a microcontroller's program, run to its end: its readings are in the server.

use crate::common::built;
use crate::common::mock_server::Server;
use influx_edge::Client;
use std::process::Command;

#[test]
fn its_readings_are_stored() {
    let server = Server::start();
    let output = Command::new(built::example("embedded_tcp"))
        .env("INFLUXDB_V2_URL", server.url())
        .env("INFLUXDB_V2_ORG", server.org())
        .env("INFLUXDB_V2_TOKEN", server.token())
        .env("INFLUXDB_V2_BUCKET", server.bucket())
        .output()
        .expect("it runs");
    let out = String::from_utf8(output.stdout).expect("text");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{out}\n{err}");
    assert!(
        out.starts_with("accepted 10: 10 delivered, "),
        "{out}\n{err}"
    );
    let client = Client::builder(server.url())
        .org(server.org())
        .token(server.token())
        .build()
        .unwrap();
    let flux = format!("from(bucket: {:?}) |> range(start: -1h)", server.bucket());
    let mut rows = client.query(flux).call().unwrap();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        assert_eq!(row.get::<&str>("station").unwrap(), "zrh-1");
        count += 1;
    }
    assert_eq!(count, 10);
}

/// What a person has to correct is printed, and the readings wait.
#[test]
fn it_says_why_nothing_is_stored() {
    let server = Server::start();
    let output = Command::new(built::example("embedded_tcp"))
        .env("INFLUXDB_V2_URL", server.url())
        .env("INFLUXDB_V2_ORG", server.org())
        .env("INFLUXDB_V2_TOKEN", "wrong")
        .env("INFLUXDB_V2_BUCKET", server.bucket())
        .output()
        .expect("it runs");
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(out.ends_with(" 10 buffered\n"), "{out}\n{err}");
    assert!(err.contains("status 401"), "{out}\n{err}");
}

#[test]
fn it_says_that_the_server_is_away() {
    let url = crate::common::wire::closed_port();
    let output = Command::new(built::example("embedded_tcp"))
        .env("INFLUXDB_V2_URL", &url)
        .env("INFLUXDB_V2_ORG", "acme")
        .env("INFLUXDB_V2_TOKEN", "token")
        .env("INFLUXDB_V2_BUCKET", "sensors")
        .output()
        .expect("it runs");
    assert!(!output.status.success());
    let words = format!("{}: Connection refused", url.trim_start_matches("http://"));
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains(&words), "{err}");
}

#[test]
fn it_says_what_to_set() {
    let output = Command::new(built::example("embedded_tcp"))
        .env_remove("INFLUXDB_V2_URL")
        .output()
        .expect("it runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("set INFLUXDB_V2_URL"));
}
