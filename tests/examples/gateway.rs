//! The example `minimal_gateway` as a process: its server goes away and comes back, Ctrl-C and SIGTERM end it,
//! and no line is lost.

use super::switch::Switched;
use crate::common::temp_dir::TempDir;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway at work, its output in files.
struct Gateway<'a> {
    process: Child,
    dir: &'a Path,
}

/// Its last account, in lines.
#[derive(Debug, PartialEq)]
struct Account {
    delivered: usize,
    on_disk: usize,
}

impl<'a> Gateway<'a> {
    fn start(server: &Switched, dir: &'a Path) -> Self {
        let file = |name: &str| File::create(dir.join(name)).unwrap();
        let process = Command::new(crate::common::built::example("minimal_gateway"))
            .args(["sensor", "no-such-sensor"])
            .current_dir(dir)
            .env("INFLUXDB_V2_URL", server.url())
            .env("INFLUXDB_V2_TOKEN", server.token())
            .env("INFLUXDB_V2_ORG", server.org())
            .env("INFLUXDB_V2_BUCKET", "sensors")
            .stdout(file("out"))
            .stderr(file("err"))
            .spawn()
            .unwrap();
        Gateway { process, dir }
    }

    fn printed(&self, what: &str) -> String {
        fs::read_to_string(self.dir.join(what)).unwrap()
    }

    /// A signal, the end, and the account.
    fn stop(mut self, signal: &str) -> Account {
        let kill = format!("kill -{signal} {}", self.process.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it doesn't end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let (out, err) = (self.printed("out"), self.printed("err"));
        assert!(status.success(), "{signal}: {status}\n{out}\n{err}");
        crate::common::mock_server::no_secret_in(self.dir);
        // A sensor that can't be read is reported, and the other one is written.
        assert!(err.contains("no-such-sensor: No such file"), "{err}");
        let mut account = Account {
            delivered: 0,
            on_disk: 0,
        };
        for part in out.trim_end().split(", ") {
            match part.split_once(' ') {
                Some((n, "delivered")) => account.delivered = n.parse().unwrap(),
                Some((n, "on disk")) => account.on_disk = n.parse().unwrap(),
                // Neither rejected nor dropped.
                _ => panic!("{out}\n{err}"),
            }
        }
        account
    }
}

impl Drop for Gateway<'_> {
    fn drop(&mut self) {
        // After `stop` there is nothing to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_server_goes_and_comes_back_and_no_line_is_lost() {
    let dir = TempDir::new("gateway");
    fs::write(dir.path().join("sensor"), "21.5 of 100\n").unwrap();
    let mut server = Switched::start();

    // It works; the server goes; it goes on; the server comes back, and has everything.
    let gateway = Gateway::start(&server, dir.path());
    until("points arrive", || server.points() > 1);
    assert!(server.off());
    until("it notices", || {
        gateway.printed("err").contains("; again in")
    });
    let without = server.points();
    server.on();
    until("it sees the server again", || {
        gateway.printed("err").contains("delivers again")
    });
    until("points arrive again", || server.points() > without + 1);
    let first = gateway.stop("INT");
    assert_eq!((first.delivered, first.on_disk), (server.points(), 0));
    // Readings, and its own health.
    let fields = server.fields();
    let has = |measurement: &str, field: &str| {
        fields
            .iter()
            .any(|point| point.measurement == measurement && point.field == field)
    };
    assert!(has("sensors", "value") && has("gateway", "delivered"));

    // SIGTERM while the server is away: what it could not have is on disk.
    let gateway = Gateway::start(&server, dir.path());
    until("more points arrive", || {
        server.points() > first.delivered + 1
    });
    server.off();
    until("it notices", || {
        gateway.printed("err").contains("; again in")
    });
    let second = gateway.stop("TERM");
    assert!(second.on_disk > 0, "{second:?}");
    // A batch whose response got lost is stored, and on disk as well.
    let twice = server.points() - first.delivered - second.delivered;
    assert!(twice <= second.on_disk, "{twice} {second:?}");

    // And the next start delivers it.
    server.on();
    let gateway = Gateway::start(&server, dir.path());
    let before = server.points() + second.on_disk - twice;
    until("what was on disk arrives", || server.points() > before);
    let third = gateway.stop("TERM");
    assert_eq!(third.on_disk, 0, "{third:?}");
    assert!(third.delivered > second.on_disk, "{third:?}");
    // (What was stored twice was delivered once.)
    let delivered = first.delivered + second.delivered + third.delivered;
    assert_eq!(server.points(), delivered, "{second:?} {third:?}");
}

/// What is wrong at the start ends it, in a sentence.
#[test]
fn a_second_gateway_does_not_share_the_spool() {
    let dir = TempDir::new("gateway-twice");
    fs::write(dir.path().join("sensor"), "1\n").unwrap();
    let server = Switched::start();
    let first = Gateway::start(&server, dir.path());
    until("it is at work", || server.points() > 0);
    let second = Command::new(crate::common::built::example("minimal_gateway"))
        .current_dir(dir.path())
        .env("INFLUXDB_V2_URL", server.url())
        .env("INFLUXDB_V2_BUCKET", "sensors")
        .output()
        .unwrap();
    let err = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{err}");
    assert!(
        err.contains("in use by another process") && err.lines().count() == 1,
        "{err}"
    );
    assert_eq!(first.stop("TERM").on_disk, 0);
}
