//! A server that is away, for a moment, for a run, or for ever.

use super::*;
use crate::common::mock_server::{Fault, no_secret_in};
use crate::common::temp_dir::TempDir;
use crate::run::TOKEN;

/// The server goes away in the middle and comes back: everything waits, everything arrives.
#[test]
fn an_outage_in_the_middle() {
    for spool in [false, true] {
        let dir = TempDir::new("write-outage");
        let path = dir.path().to_str().expect("text");
        let server = server();
        let how = if spool {
            &["--spool", path][..]
        } else {
            &["--no-spool"]
        };
        let mut pipe = Pipe::start(at(&server.url(), [&["write"], how, &["sensors"]].concat()));
        pipe.send("weather n=1i 1\n");
        until("the first", || stored(&server) == 1);
        server.fault(Fault::hang_up().times(2));
        pipe.send("weather n=2i 2\n");
        until("the outage", || server.requests().len() >= 3);
        pipe.send("weather n=3i 3\n");
        until("the rest", || stored(&server) == 3);
        let run = pipe.end();
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(
            run.err.contains("the server responds again, after"),
            "{run:?}"
        );
        assert_eq!(run.err.matches("next attempt in").count(), 1, "{run:?}");
        if spool {
            no_secret_in(dir.path());
        }
        assert_eq!(run.account(), "3 lines read = 3 delivered");
    }
}

/// A problem that needs the operator is an error, so that cron sends a mail.
#[test]
fn a_missing_bucket_and_a_wrong_token_are_shown_in_quiet_runs() {
    let server = server();
    let cases = [
        ("absent", TOKEN, "absent"),
        ("sensors", "another-token", "token"),
    ];
    for (bucket, token, word) in cases {
        let dir = TempDir::new("write-operator");
        let path = dir.path().to_str().expect("text");
        let mut command = at(&server.url(), ["write", "-q", "--spool", path, bucket]);
        command.env("INFLUXDB_V2_TOKEN", token);
        let found = run(command, b"weather n=1i 1\n");
        assert_eq!(found.code, Some(0), "{found:?}");
        assert_eq!(found.err.lines().count(), 1, "{found:?}");
        assert!(found.err.contains(word), "{found:?}");
    }
    // An outage isn't one.
    let dir = TempDir::new("write-operator");
    let path = dir.path().to_str().expect("text");
    let command = at(
        &nothing_there(),
        ["write", "-q", "--spool", path, "sensors"],
    );
    let found = run(command, b"weather n=1i 1\n");
    assert_eq!((found.code, &*found.err), (Some(0), ""), "{found:?}");
}

/// There is no server during one run, and the next one delivers the lines that the first put on disk.
#[test]
fn the_next_run_delivers_what_is_in_the_spool() {
    let dir = TempDir::new("write-next");
    let state = dir.path().to_str().expect("text");
    let input = lines(0..100);
    let mut command = at(&nothing_there(), ["write", "sensors"]);
    command.env("STATE_DIRECTORY", state);
    let first = run(command, input.as_bytes());
    assert_eq!((first.code, &*first.out), (Some(0), ""), "{first:?}");
    assert_eq!(
        first.account(),
        "100 lines read = 0 delivered + 100 spooled"
    );
    assert!(dir.path().join("spool").is_dir());
    no_secret_in(dir.path());
    let server = server();
    let mut command = at(&server.url(), ["write", "sensors"]);
    command.env("STATE_DIRECTORY", state);
    let mut pipe = Pipe::start(command);
    until("the old ones", || stored(&server) == 100);
    pipe.send("weather n=101i 1001\n");
    let second = pipe.end();
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(
        second.account(),
        "1 line read and 100 found in the spool = 101 delivered"
    );
    assert_eq!(stored(&server), 101);
}

/// `spool list` and `write` both ignore a relative directory, as the specification requires.
#[test]
fn the_default_spool_is_the_one_that_is_listed() {
    let dir = TempDir::new("write-relative");
    let home = dir.path().join("home");
    let settings = |mut command: Command| {
        command.env("XDG_STATE_HOME", "relative").env("HOME", &home);
        command.current_dir(dir.path());
        command
    };
    let write = at(&nothing_there(), ["write", "sensors", "--patience", "0s"]);
    let write = run(settings(write), lines(0..10).as_bytes());
    assert_eq!(write.code, Some(0), "{write:?}");
    let list = run(settings(command(["spool", "list"])), b"");
    assert!(list.out.contains("sensors"), "{list:?}");
}

/// Lines without a time get the time of their arrival, also if a later run delivers them.
#[test]
fn times_are_those_of_the_arrival() {
    let dir = TempDir::new("write-times");
    let path = dir.path().to_str().expect("text");
    let args = ["write", "--spool", path, "sensors"];
    assert_eq!(
        run(at(&nothing_there(), args), b"m f=1i\nm f=2i\n").code,
        Some(0)
    );
    let now = std::time::SystemTime::now();
    let now = now
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock")
        .as_nanos();
    let server = server();
    assert_eq!(run(at(&server.url(), args), b"").code, Some(0));
    let sent: String = server.requests().iter().map(|r| r.text()).collect();
    let times: Vec<u128> = sent
        .lines()
        .filter_map(|line| line.rsplit_once(' ')?.1.parse().ok())
        .collect();
    assert_eq!(times.len(), 2, "{sent}");
    assert!(times.iter().all(|time| *time < now), "{times:?} {now}");
}

/// Without a spool undelivered lines are printed, and can be piped in again.
#[test]
fn what_is_not_delivered_comes_out() {
    let input = "weather n=1i 1\nweather n=2i 2\n";
    let args = write(&["--patience", "300ms", "sensors"]);
    let run = run(at(&nothing_there(), args), input.as_bytes());
    assert_eq!((run.code, &*run.out), (Some(75), input), "{run:?}");
    assert_eq!(
        run.account(),
        "2 lines read = 0 delivered + 2 not delivered"
    );
    let undelivered = "2 lines not delivered, printed on standard output: ";
    assert!(run.err.contains(undelivered), "{run:?}");
    assert!(!run.err.contains("in memory"), "{run:?}");
}

/// A large file without a spool: lines that don't fit in memory are printed as well, in order.
#[test]
fn a_large_file_comes_out_whole() {
    let dir = TempDir::new("write-large");
    let file = dir.path().join("large.lp");
    let input = lines(0..120_000) + "bad\n" + &lines(120_000..130_000);
    std::fs::write(&file, &input).expect("a file");
    let path = file.to_str().expect("text");
    let args = write(&["--patience", "300ms", "sensors", path]);
    let run = run(at(&nothing_there(), args), b"");
    assert_eq!(run.code, Some(75), "{}", run.err);
    // Lines that are printed without being parsed may be bad.
    assert!(run.out.replace("bad\n", "") == input.replace("bad\n", ""));
    assert!(
        run.account().starts_with("130001 lines read = 0 delivered"),
        "{}",
        run.err
    );
}

/// A pipe waits instead, because its content exists nowhere else.
#[test]
fn a_pipe_waits_for_the_server() {
    let server = server();
    server.fault(Fault::status(503).times(3));
    let input = lines(0..100_000);
    let args = write(&["--patience", "30s", "sensors"]);
    let run = run(at(&server.url(), args), input.as_bytes());
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(stored(&server), 100_000);
}

#[test]
fn signals_end_it_with_an_account() {
    let server = server();
    for (signal, code, input, account) in [
        ("-INT", 130, "weather n=1i 1\n", "1 line read = 1 delivered"),
        (
            "-TERM",
            143,
            "weather n=2i 2\n",
            "1 line read = 1 delivered",
        ),
        (
            "-INT",
            130,
            "weather n=3i 3\nweather n=",
            "2 lines read = 1 delivered + 1 rejected",
        ),
    ] {
        let before = stored(&server);
        let mut pipe = Pipe::start(at(&server.url(), write(&["--flush", "1h", "sensors"])));
        pipe.send(input);
        // The run must have begun; the pipe's content may not have been read yet.
        until("its threads", || threads(&pipe) >= 3);
        std::thread::sleep(Duration::from_millis(300));
        pipe.signal(signal);
        // Its input is open still: it ends by itself.
        pipe.wait();
        let run = pipe.end();
        assert_eq!(run.code, Some(code), "{run:?}");
        assert_eq!(run.account(), account);
        assert_eq!(stored(&server), before + 1);
    }
}

/// The number of threads of a run.
fn threads(pipe: &Pipe) -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", pipe.0.id()));
    tasks.map_or(0, Iterator::count)
}

/// Lines that aren't delivered when the signal is received are spooled or printed.
#[test]
fn signals_in_an_outage() {
    let dir = TempDir::new("write-signal");
    let path = dir.path().to_str().expect("text");
    let input = lines(0..10);
    for (how, code, out, account) in [
        (
            &["--spool", path][..],
            143,
            "",
            "10 lines read = 0 delivered + 10 spooled",
        ),
        (
            &["--no-spool", "--patience", "1s"],
            75,
            &*input,
            "10 lines read = 0 delivered + 10 not delivered",
        ),
    ] {
        let args = [&["write"], how, &["sensors"]].concat();
        let mut pipe = Pipe::start(at(&nothing_there(), args));
        pipe.send(&input);
        until("its threads", || threads(&pipe) >= 3);
        std::thread::sleep(Duration::from_millis(300));
        pipe.signal("-TERM");
        pipe.wait();
        let run = pipe.end();
        assert_eq!((run.code, &*run.out), (Some(code), out), "{run:?}");
        assert_eq!(run.account(), account);
    }
}
