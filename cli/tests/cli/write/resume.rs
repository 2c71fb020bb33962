//! `--resume`: a backfill continues at its position, whatever ended it.

use super::*;
use crate::common::mock_server::Fault;
use crate::common::temp_dir::TempDir;
use std::path::PathBuf;

struct Backfill {
    dir: TempDir,
    server: Server,
}

impl Backfill {
    fn new(name: &str) -> Backfill {
        Backfill {
            dir: TempDir::new(name),
            server: server(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).expect("a file");
    }

    fn command(&self, url: &str, files: &[&str]) -> Command {
        let mut command = at(url, ["write", "sensors", "--json"]);
        command.arg("--spool").arg(self.file("spool"));
        command.arg("--resume").arg(self.file("state"));
        command.args(files.iter().map(|name| self.file(name)));
        command
    }

    /// Runs to the end, and returns the run with the numbers of lines read and delivered.
    fn run(&self, files: &[&str]) -> (Run, u64, u64) {
        let run = run(self.command(&self.server.url(), files), b"");
        let account = serde_json::from_str(&run.out);
        let account: serde_json::Value = account.unwrap_or_else(|_| panic!("{run:?}"));
        let number = |name: &str| account[name].as_u64().expect("a number");
        let (read, delivered) = (number("read"), number("delivered"));
        (run, read, delivered)
    }
}

#[test]
fn a_log_that_grows_goes_on() {
    let it = Backfill::new("write-grows");
    it.put("a.lp", &lines(0..10));
    assert_eq!(it.run(&["a.lp"]).1, 10);
    assert_eq!(it.run(&["a.lp"]).1, 0);
    // The last line is being written.
    it.put("a.lp", &(lines(0..12) + "weather n="));
    let (run, read, _) = it.run(&["a.lp"]);
    assert_eq!((run.code, read), (Some(0), 2), "{run:?}");
    assert!(run.err.contains("has no end yet"), "{run:?}");
    it.put("a.lp", &(lines(0..12) + "weather n=7i 7\n"));
    assert_eq!(it.run(&["a.lp"]).1, 1);
    // Rotated: each goes on under its own name.
    std::fs::rename(it.file("a.lp"), it.file("a.lp.1")).expect("a new name");
    it.put("a.lp", &lines(100..105));
    let (run, read, _) = it.run(&["a.lp.1", "a.lp"]);
    assert_eq!(read, 5, "{run:?}");
    assert_eq!(stored(&it.server), 18);
}

#[test]
fn a_file_that_was_replaced_is_noticed() {
    let it = Backfill::new("write-replaced");
    for (text, read) in [
        (lines(0..10), 10),
        // Another beginning, and the same length; shorter; the same up to the middle.
        (lines(10..20), 10),
        (lines(10..15), 5),
        (lines(10..14) + &lines(90..99), 13),
    ] {
        it.put("a.lp", &text);
        let (run, found, _) = it.run(&["a.lp"]);
        assert_eq!((run.code, found), (Some(0), read), "{text}: {run:?}");
        let noticed = run.err.contains("was changed or replaced since line");
        assert_eq!(noticed, text != lines(0..10), "{run:?}");
    }
}

#[test]
fn a_state_is_of_one_bucket_and_of_one_run() {
    let it = Backfill::new("write-state");
    it.put("a.lp", &lines(0..3));
    assert_eq!(it.run(&["a.lp"]).1, 3);
    it.server.add_bucket("others");
    let mut other = at(&it.server.url(), ["write", "others", "--no-spool"]);
    other
        .arg("--resume")
        .arg(it.file("state"))
        .arg(it.file("a.lp"));
    let other = run(other, b"");
    assert_eq!(other.code, Some(78), "{other:?}");
    assert!(other.err.contains("name another file"), "{other:?}");
    it.put("state", "{}");
    let broken = run(it.command(&it.server.url(), &["a.lp"]), b"");
    assert_eq!(broken.code, Some(78), "{broken:?}");
    std::fs::remove_file(it.file("state")).expect("the state");
    assert_eq!(it.run(&["a.lp"]).1, 3);
    // Another run is active: it waits for the server, because there is more to read.
    it.put("a.lp", &lines(0..100_000));
    it.server.fault(Fault::status(503).times(1_000));
    let pipe = Pipe::start(it.command(&it.server.url(), &["a.lp"]));
    let before = it.server.requests().len();
    until("its first request", || it.server.requests().len() > before);
    let mut second = it.command(&it.server.url(), &["a.lp"]);
    second.args(["--lock-wait", "100ms"]);
    let second = run(second, b"");
    assert_eq!(second.code, Some(75), "{second:?}");
    pipe.signal("-TERM");
    let first = pipe.end();
    assert_eq!(first.code, Some(143), "{first:?}");
}

/// In an outage reading waits: a backfill doesn't fill the disk.
#[test]
fn an_outage_fills_no_disk_and_a_signal_ends_it() {
    let it = Backfill::new("write-backpressure");
    it.put("a.lp", &lines(0..150_000));
    let away = nothing_there();
    let mut pipe = Pipe::start(it.command(&away, &["a.lp"]));
    let size = || -> u64 {
        let entries = std::fs::read_dir(it.file("spool")).into_iter().flatten();
        entries
            .filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()))
            .sum()
    };
    until("lines in the spool", || size() > 10_000);
    std::thread::sleep(Duration::from_secs(2));
    assert!(size() < 4 << 20, "{}", size());
    pipe.signal("-TERM");
    pipe.wait();
    let stopped = pipe.end();
    assert_eq!(stopped.code, Some(143), "{stopped:?}");
    // The server has another URL, and the state was edited accordingly.
    let state = std::fs::read_to_string(it.file("state")).expect("the state");
    it.put("state", &state.replace(&away, &it.server.url()));
    let (run, _, delivered) = it.run(&["a.lp"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(
        delivered, 150_000,
        "each line once: what was spooled is found, the rest read"
    );
    assert_eq!(stored(&it.server), 150_000);
}

/// Kill -9 at random moments, with outages in between: every line is once in the database, also lines
/// without a time, which would be there twice if a later run gave them another one.
#[test]
fn killed_again_and_again() {
    const LINES: u64 = 40_000;
    let it = Backfill::new("write-killed");
    let timed: String = (0..LINES)
        .map(|n| format!("weather n={n}i {}\n", 1_000 + n))
        .collect();
    let untimed: String = (0..LINES)
        .map(|n| format!("log n={n}i\n# a comment\n"))
        .collect();
    it.put("timed.lp", &timed);
    it.put("untimed.lp", &untimed);
    let mut rng = fastrand::Rng::with_seed(7);
    let mut kills = 0;
    for round in 0.. {
        assert!(round < 40, "it never ends");
        it.server
            .fault(Fault::slow(Duration::from_millis(20)).times(5));
        if round % 3 == 1 {
            it.server.fault(Fault::hang_up());
        }
        if round % 3 == 2 {
            it.server.fault(Fault::lost_response());
        }
        let files = ["timed.lp", "untimed.lp"];
        let mut pipe = Pipe::start(it.command(&it.server.url(), &files));
        let limit = match round < 12 {
            true => Duration::from_millis(rng.u64(20..200)),
            false => Duration::from_secs(100),
        };
        let begun = Instant::now();
        while begun.elapsed() < limit && pipe.0.try_wait().expect("a child").is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        if pipe.0.try_wait().expect("a child").is_none() {
            pipe.signal("-KILL");
            kills += 1;
        }
        let ended = pipe.end();
        if ended.code.is_some() {
            assert_eq!(ended.code, Some(0), "{ended:?}");
            break;
        }
    }
    assert!(kills >= 2, "{kills} kills");
    let points = it.server.points("sensors");
    assert_eq!(points.len() as u64, 2 * LINES);
    let (again, read, _) = it.run(&["timed.lp", "untimed.lp"]);
    assert_eq!((again.code, read), (Some(0), 0), "{again:?}");
}

/// A run that is killed has sent lines without a time; the next one ends before it comes to them, and the file
/// has got another name by then. In the third one they have the times that they had.
#[test]
fn times_of_lines_that_two_runs_ago_were_sent() {
    const LINES: usize = 100_000;
    let it = Backfill::new("write-times");
    let text: String = (0..LINES).map(|n| format!("log n={n}i\n")).collect();
    for renamed in [false, true] {
        it.put("a.lp", &text);
        let before = stored(&it.server);
        let first = Pipe::start(it.command(&it.server.url(), &["a.lp"]));
        until("lines", || stored(&it.server) > before + LINES / 3);
        first.signal("-KILL");
        first.end();
        let name = if renamed { "a.lp.1" } else { "a.lp" };
        std::fs::rename(it.file("a.lp"), it.file(name)).expect("a new name");
        let move_to = |from: &str, to: &str| {
            let state = std::fs::read_to_string(it.file("state")).expect("the state");
            it.put("state", &state.replace(from, to));
        };
        let away = nothing_there();
        move_to(&it.server.url(), &away);
        let mut second = Pipe::start(it.command(&away, &[name]));
        let list = || -> String {
            let mut list = command(["spool", "list"]);
            list.arg(it.file("spool"));
            run(list, b"").out
        };
        until("lines in the spool", || list().contains("sensors"));
        second.signal("-TERM");
        second.wait();
        let second = second.end();
        assert_eq!(second.code, Some(143), "{second:?}");
        move_to(&away, &it.server.url());
        let (third, ..) = it.run(&[name]);
        assert_eq!(third.code, Some(0), "{third:?}");
        assert_eq!(stored(&it.server), before + LINES, "each line once");
        std::fs::remove_file(it.file("state")).expect("the state");
    }
}

/// Times added to lines are distinct only in nanoseconds.
#[test]
fn lines_without_a_time_in_coarse_units() {
    let it = Backfill::new("write-coarse");
    it.put("a.lp", "m f=1i 5\nm f=2i\n");
    let mut command = it.command(&it.server.url(), &["a.lp"]);
    command.args(["--precision", "s"]);
    let run = run(command, b"");
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.err.contains("line 2 rejected: the line has no time"),
        "{run:?}"
    );
    assert_eq!(stored(&it.server), 1);
}

/// The next file isn't begun before the state records that the previous one is safe.
#[test]
fn an_outage_between_two_files() {
    let it = Backfill::new("write-between");
    it.put("a.lp", &lines(0..10));
    it.put("b.lp", &lines(10..20));
    it.server.fault(Fault::status(503));
    let mut command = it.command(&it.server.url(), &["a.lp", "b.lp"]);
    // Without a spool; the options before are those of the others.
    command = {
        let mut bare = at(&it.server.url(), ["write", "sensors", "--no-spool"]);
        bare.args(command.get_args().skip(5));
        bare
    };
    let run = run(command, b"");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(stored(&it.server), 20);
    assert_eq!(it.run(&["a.lp", "b.lp"]).1, 0);
}
