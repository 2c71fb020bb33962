//! The program of `docs/service.md`: the same text as the example, and what it sends to a service manager.

use crate::common::mock_server::Server;
use crate::common::service_manager::{ServiceManager, signal};
use crate::common::temp_dir::TempDir;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn the_page_shows_the_example_in_at_most_forty_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = fs::read_to_string(root.join("examples/service.rs")).unwrap();
    assert!(example.lines().count() <= 40, "{}", example.lines().count());
    let code: String = example
        .lines()
        .skip_while(|line| line.starts_with("//!"))
        .map(|line| format!("{line}\n"))
        .collect();
    let page = fs::read_to_string(root.join("docs/service.md")).unwrap();
    let mut blocks = page.split("```rust,no_run\n").skip(1);
    let shown = blocks.next().and_then(|block| block.split("```").next());
    assert_eq!(shown, Some(&*code));
}

/// Each file of `cli/systemd` is a block of the page that begins with its name, and the other way round.
#[test]
fn the_page_shows_the_units_that_are_checked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(dir) = fs::read_dir(root.join("cli/systemd")) else {
        return; // the package has only the library
    };
    let page = fs::read_to_string(root.join("docs/service.md")).unwrap();
    let blocks = page.split("```ini\n# ").skip(1);
    let mut shown: Vec<_> = blocks
        .map(|block| format!("# {}", block.split("```").next().unwrap()))
        .collect();
    let paths = dir.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending != "sh"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    shown.sort();
    files.sort();
    assert_eq!(shown, files);
}

#[test]
fn it_is_ready_alive_in_an_outage_and_stops_at_sigterm() {
    let dir = TempDir::new("service");
    let mut manager = ServiceManager::new(dir.path());
    let server = Server::start();
    let url = server.url();
    let mut program = Command::new(crate::common::built::example("service"));
    program
        .env("INFLUXDB_V2_URL", &url)
        .env("INFLUXDB_V2_TOKEN", server.token())
        .env("INFLUXDB_V2_ORG", server.org())
        .env("STATE_DIRECTORY", dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = manager.start(&mut program, Duration::from_secs(30));
    manager.wait_for("READY=1", 1);
    manager.wait_for("WATCHDOG=1", 2);
    assert_eq!(manager.messages[0], "READY=1");
    drop(server);
    let before = manager.count("WATCHDOG=1");
    manager.wait_for("WATCHDOG=1", before + 3);
    signal(&child, "TERM");
    manager.wait_for("STOPPING=1", 1);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let account = String::from_utf8(output.stdout).unwrap();
    assert!(account.contains(" on disk"), "{account}");
    assert_eq!(manager.count("READY=1"), 1);
}
