//! `write` under a service manager: ready, alive also in an outage, and stopping.

use crate::common::service_manager::{ServiceManager, signal};
use crate::common::temp_dir::TempDir;
use crate::run::{at, command, ended, server};
use std::io::Write;
use std::time::Duration;

#[test]
fn write_is_ready_alive_in_an_outage_and_stops_at_sigterm() {
    let dir = TempDir::new("service");
    let mut manager = ServiceManager::new(dir.path());
    let server = server();
    let mut program = at(&server.url(), ["write", "sensors", "--patience", "2s"]);
    program.env("STATE_DIRECTORY", dir.path());
    let mut child = manager.start(&mut program, Duration::from_millis(400));
    let mut input = child.stdin.take().expect("piped");
    manager.wait_for("READY=1", 1);
    assert_eq!(manager.messages, ["READY=1"], "nothing before it");
    input.write_all(b"weather temp_c=21.5\n").expect("a line");
    manager.wait_for("WATCHDOG=1", 3);
    // Ten seconds are enough for a line that is sent after one.
    let mut ticks = manager.count("WATCHDOG=1");
    while server.points("sensors").is_empty() {
        ticks += 1;
        assert!(ticks < 50, "no point arrives: {:?}", manager.messages);
        manager.wait_for("WATCHDOG=1", ticks);
    }
    drop(server);
    input.write_all(b"weather temp_c=21.6\n").expect("a line");
    manager.wait_for("WATCHDOG=1", manager.count("WATCHDOG=1") + 10);
    manager.wait_for("STATUS=", 1);
    signal(&child, "TERM");
    manager.wait_for("STOPPING=1", 1);
    let run = ended(child);
    assert_eq!(run.code, Some(143), "{run:?}");
    assert!(run.err.contains("1 spooled"), "{run:?}");
    assert_eq!(manager.count("READY=1"), 1);
    drop(input);
}

#[test]
fn the_end_of_the_input_is_an_end_for_the_manager_too() {
    let dir = TempDir::new("service-end");
    let mut manager = ServiceManager::new(dir.path());
    let server = server();
    let mut program = at(&server.url(), ["write", "sensors", "--no-spool"]);
    let mut child = manager.start(&mut program, Duration::from_secs(60));
    manager.wait_for("READY=1", 1);
    drop(child.stdin.take());
    manager.wait_for("STOPPING=1", 1);
    assert_eq!(ended(child).code, Some(0));
}

#[test]
fn a_socket_that_is_none_is_a_wrong_setting() {
    let server = server();
    let mut program = at(&server.url(), ["write", "sensors", "--no-spool"]);
    program.env("NOTIFY_SOCKET", "vsock:2:1");
    let run = crate::run::run(program, b"");
    assert_eq!(run.code, Some(78), "{run:?}");
    assert!(run.err.contains("NOTIFY_SOCKET"), "{run:?}");
    // Other commands ignore it.
    let mut program = command(["--version"]);
    program.env("NOTIFY_SOCKET", "vsock:2:1");
    assert_eq!(crate::run::run(program, b"").code, Some(0));
}
