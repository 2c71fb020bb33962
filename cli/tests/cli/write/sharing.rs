//! Two runs on one spool.

use super::*;
use crate::common::mock_server::Fault;
use crate::common::temp_dir::TempDir;
use std::fs::File;
use std::io::Seek;

/// A run that has the spool, with its input held open.
fn holder(url: &str, spool: &str) -> Pipe {
    let mut pipe = Pipe::start(at(url, ["write", "--spool", spool, "sensors"]));
    pipe.send("weather,of=holder n=1i 1\n");
    pipe
}

#[test]
fn the_second_run_waits_for_the_first() {
    let dir = TempDir::new("write-waits");
    let path = dir.path().to_str().expect("text");
    let server = server();
    let first = holder(&server.url(), path);
    until("the first run's line", || stored(&server) == 1);
    let args = ["write", "--spool", path, "--lock-wait", "60s", "sensors"];
    let mut second = Pipe::start(at(&server.url(), args));
    second.send("weather n=2i 2\n");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(stored(&server), 1, "it waits");
    assert_eq!(first.end().code, Some(0));
    let run = second.end();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!run.err.contains("another run"), "{run:?}");
    assert_eq!(stored(&server), 2);
}

#[test]
fn then_it_delivers_without_the_spool() {
    let dir = TempDir::new("write-without");
    let path = dir.path().to_str().expect("text");
    let server = server();
    let first = holder(&server.url(), path);
    until("the first run's line", || stored(&server) == 1);
    let args = ["write", "--spool", path, "--lock-wait", "200ms", "sensors"];
    let second = run(at(&server.url(), args), b"weather n=2i 2\n");
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(
        second.err.contains("another run has the spool"),
        "{second:?}"
    );
    assert_eq!(stored(&server), 2);
    assert_eq!(first.end().code, Some(0));
}

#[test]
fn or_it_ends_with_its_input_unread() {
    let dir = TempDir::new("write-unread");
    let spool = dir.path().join("spool");
    let path = spool.to_str().expect("text");
    let server = server();
    let first = holder(&server.url(), path);
    until("the first run's line", || stored(&server) == 1);
    let input = dir.path().join("input.lp");
    std::fs::write(&input, "weather n=2i 2\n").expect("a file");
    let mut file = File::open(&input).expect("the file");
    let args = ["write", "--spool", path, "--lock-wait", "200ms", "sensors"];
    let mut command = at(&nothing_there(), args);
    command.stdin(file.try_clone().expect("a handle"));
    let second = ended(command.spawn().expect("the command starts"));
    assert_eq!((second.code, &*second.out), (Some(75), ""), "{second:?}");
    assert!(second.err.contains("nothing was read"), "{second:?}");
    // Both handles share the position.
    assert_eq!(file.stream_position().expect("a position"), 0);
    assert_eq!(first.end().code, Some(0));
}

/// Many at once, as when a cron job takes longer than its interval: nothing is lost.
#[test]
fn many_runs_at_once() {
    let dir = TempDir::new("write-many");
    let path = dir.path().to_str().expect("text");
    let server = server();
    server.fault(Fault::hang_up().times(2));
    let args = ["write", "--spool", path, "--lock-wait", "60s", "sensors"];
    let mut runs: Vec<Pipe> = (0..5)
        .map(|_| Pipe::start(at(&server.url(), args)))
        .collect();
    for (n, pipe) in (0..).zip(&mut runs) {
        pipe.send(&lines(n * 10..n * 10 + 10));
        drop(pipe.0.stdin.take());
    }
    let mut spooled = 0;
    for pipe in runs {
        let run = pipe.end();
        assert_eq!(run.code, Some(0), "{run:?}");
        spooled += usize::from(run.account().contains("spooled"));
    }
    let last = run(at(&server.url(), args), b"");
    assert_eq!(last.code, Some(0), "{last:?} after {spooled}");
    assert_eq!(stored(&server), 50);
}
