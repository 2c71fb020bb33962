//! The gateway example as a process: its server goes away and comes back, Ctrl-C ends it, and its
//! last words account for every point.

#[path = "../../examples/gateway/switch.rs"]
#[allow(dead_code, reason = "the example uses more of it")]
pub(super) mod switch;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use switch::Demo;

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway at work, its output in files.
struct Gateway {
    process: Child,
    dir: PathBuf,
}

/// Its last account.
#[derive(Debug, PartialEq)]
struct Account {
    accepted: usize,
    delivered: usize,
    on_disk: usize,
    rejected: usize,
    dropped: usize,
    in_memory: usize,
}

impl Gateway {
    fn start(demo: &Demo, dir: PathBuf) -> Self {
        let process = Command::new(crate::common::built::example("gateway"))
            .env("INFLUXDB_V2_URL", demo.url())
            .env("INFLUXDB_V2_TOKEN", demo.token())
            .env("INFLUXDB_V2_ORG", demo.org())
            .env("INFLUXDB_V2_BUCKET", "sensors")
            .env("SPOOL", dir.join("spool"))
            .env_remove("SECONDS")
            .stdout(File::create(dir.join("out")).unwrap())
            .stderr(File::create(dir.join("err")).unwrap())
            .spawn()
            .unwrap();
        Gateway { process, dir }
    }

    fn said(&self, what: &str) -> String {
        fs::read_to_string(self.dir.join(what)).unwrap()
    }

    /// Ctrl-C, the end, and the account.
    fn stop(mut self) -> Account {
        let kill = format!("kill -INT {}", self.process.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "it doesn't end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let (out, err) = (self.said("out"), self.said("err"));
        assert!(status.success(), "{status}\n{out}\n{err}");
        crate::common::mock_server::watch(Demo::start().token());
        crate::common::mock_server::no_secret_in(&self.dir);
        let line = out
            .lines()
            .find(|l| l.starts_with("accepted "))
            .expect(&out);
        let numbers: Vec<usize> = line
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|n| n.parse().ok())
            .collect();
        let [accepted, delivered, on_disk, rejected, dropped, in_memory] = numbers[..] else {
            panic!("{line}")
        };
        let account = Account {
            accepted,
            delivered,
            on_disk,
            rejected,
            dropped,
            in_memory,
        };
        assert_eq!(
            accepted,
            delivered + on_disk + rejected + dropped + in_memory
        );
        assert_eq!((rejected, dropped, in_memory), (0, 0, 0), "{line}\n{err}");
        account
    }
}

impl Drop for Gateway {
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
fn the_server_goes_and_comes_back_and_every_point_is_accounted_for() {
    let dir = std::env::temp_dir().join(format!("influx-edge-gateway-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    let mut demo = Demo::start();

    // It works; the server goes; it goes on; the server comes back, and has everything.
    let gateway = Gateway::start(&demo, dir.clone());
    until("points arrive", || demo.points() > 20);
    assert!(demo.off());
    until("it notices", || gateway.said("err").contains("; again in"));
    std::thread::sleep(Duration::from_millis(500));
    let without = demo.points();
    demo.on();
    until("it sees the server again", || {
        gateway.said("err").contains("the server is back")
    });
    until("points arrive again", || demo.points() > without + 20);
    let first = gateway.stop();
    assert_eq!(
        (first.accepted, first.on_disk),
        (demo.points(), 0),
        "{first:?}"
    );

    // Ctrl-C while the server is away: what it could not have is on disk.
    let gateway = Gateway::start(&demo, dir.clone());
    until("more points arrive", || {
        demo.points() > first.delivered + 20
    });
    demo.off();
    until("it notices", || gateway.said("err").contains("; again in"));
    std::thread::sleep(Duration::from_millis(500));
    let second = gateway.stop();
    assert!(second.on_disk > 0, "{second:?}");
    // A batch whose response got lost is stored, and on disk as well.
    let stored = demo.points();
    assert!(
        stored >= first.delivered + second.delivered,
        "{stored} {second:?}"
    );
    assert!(
        stored <= first.delivered + second.accepted,
        "{stored} {second:?}"
    );

    // And the next life delivers it.
    demo.on();
    let gateway = Gateway::start(&demo, dir.clone());
    let before = first.delivered + second.accepted;
    until("what was on disk arrives", || demo.points() > before + 20);
    let third = gateway.stop();
    assert_eq!(third.on_disk, 0, "{third:?}");
    assert!(third.accepted > second.on_disk);
    assert_eq!(
        demo.points(),
        first.delivered + second.delivered + third.delivered
    );
    fs::remove_dir_all(&dir).unwrap();
}
