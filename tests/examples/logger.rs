//! The program on the front page of `README.md`: the same text as the example, and what the page says of it.

use super::switch::Switched;
use crate::common::temp_dir::TempDir;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_front_page_shows_the_example_in_at_most_thirty_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = fs::read_to_string(root.join("examples/logger/front_page.rs")).unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut blocks = readme.split("```rust,no_run\n").skip(1);
    let shown = blocks.next().and_then(|block| block.split("```").next());
    assert_eq!(shown, Some(&*example));
    assert_eq!(blocks.count(), 0, "one program is the front page");
    assert!(
        readme.lines().count() <= 120,
        "the front page is one to read at once"
    );
    let code = example.lines().filter(|line| !line.trim().is_empty());
    assert!(code.count() <= 30);
}

#[test]
fn it_survives_a_nan_an_outage_and_ctrl_c() {
    let dir = TempDir::new("logger");
    let file = |name: &str| dir.path().join(name);
    let read = |name: &str| fs::read_to_string(file(name)).unwrap();
    let mut server = Switched::start();
    fs::write(file("sensor"), "21500\n").unwrap();
    let mut process = Command::new(crate::common::built::example("logger"))
        .arg("sensor")
        .current_dir(dir.path())
        .env("INFLUXDB_V2_URL", server.url())
        .env("INFLUXDB_V2_TOKEN", server.token())
        .env("INFLUXDB_V2_ORG", server.org())
        .stdout(File::create(file("out")).unwrap())
        .stderr(File::create(file("err")).unwrap())
        .spawn()
        .unwrap();
    until("points arrive", || server.points() > 0);

    fs::write(file("sensor"), "out of order\n").unwrap();
    let refused = |times: usize| {
        let err = read("err");
        err.matches("`temp_c` is NaN or infinite").count() >= times
    };
    until("two readings are refused", || refused(2));
    fs::write(file("sensor"), "-3250\n").unwrap();
    let before = server.points();
    until("it goes on", || server.points() > before);

    assert!(server.off());
    std::thread::sleep(Duration::from_secs(3));
    server.on();
    let kill = format!("kill -INT {}", process.id());
    let killed = Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(killed.success());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        assert!(start.elapsed() < PATIENCE, "it doesn't end");
        std::thread::sleep(Duration::from_millis(20));
    };
    let (out, err) = (read("out"), read("err"));
    assert!(status.success(), "{status}\n{out}\n{err}");

    // What it wrote is what it reads, and the server has no point that is not in the account.
    let stored = server.points();
    let account = out.lines().next().unwrap_or_default();
    assert!(
        account.starts_with(&format!("{stored} delivered")),
        "{out}\n{err}"
    );
    let back: Vec<&str> = out.lines().skip(1).collect();
    assert_eq!(back.len(), stored, "{out}");
    assert!(
        back.iter().any(|line| line.ends_with("Z sensor 21.5")),
        "{out}"
    );
    assert!(
        back.iter().any(|line| line.ends_with("Z sensor -3.25")),
        "{out}"
    );
    let lines: Vec<&str> = err
        .lines()
        .filter(|line| !line.contains("is NaN or infinite"))
        .collect();
    // What was checked at the start, and nothing else.
    assert_eq!(lines.len(), 4, "{err}");
    assert!(lines[0].contains("is InfluxDB"), "{err}");
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
