//! The example `pipe`, run as a person runs it: every line is in the server, on disk, or comes out
//! again, whatever happens.

use crate::common::mock_server::{Fault, Server, no_secret_in};
use crate::common::temp_dir::TempDir;
use crate::run::{Run, ended};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A token that must never be seen again.
const TOKEN: &str = "s3cret-t0ken-aAzZ09==";

/// The example on its way, with its standard input held open.
struct Pipe(Child);

impl Pipe {
    fn start(url: &str, args: &[&str]) -> Self {
        let mut command = Command::new(crate::common::built::example("pipe"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("INFLUXDB_V2_") {
                command.env_remove(name);
            }
        }
        let child = command
            .args(args)
            .envs([
                ("INFLUXDB_V2_URL", url),
                ("INFLUXDB_V2_TOKEN", TOKEN),
                ("INFLUXDB_V2_ORG", "acme"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Pipe(child.expect("the example runs"))
    }

    fn send(&mut self, text: &str) {
        let stdin = self.0.stdin.as_mut().expect("it is piped");
        stdin.write_all(text.as_bytes()).expect("it reads");
    }

    fn end(mut self) -> Run {
        drop(self.0.stdin.take());
        let run = ended(self.0.wait_with_output().expect("it ends"));
        assert!(!run.out.contains(TOKEN) && !run.err.contains(TOKEN));
        run
    }
}

impl Run {
    fn of(url: &str, args: &[&str], input: &str) -> Self {
        let mut pipe = Pipe::start(url, args);
        // While this writes, the other side may wait for somebody to read.
        let mut stdin = pipe.0.stdin.take().expect("it is piped");
        let input = input.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
        let run = pipe.end();
        writer.join().expect("no panic").expect("it reads");
        run
    }

    /// The account, which is the last line.
    fn account(&self) -> &str {
        let last = self.err.lines().last().unwrap_or_default();
        last.strip_prefix("pipe: ").unwrap_or(last)
    }
}

/// A port of the loopback at which nobody is.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waiting: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn lines_go_to_the_bucket_and_bad_ones_come_out_again() {
    let server = Server::with_token(TOKEN);
    let input = "# a comment\n\nweather,station=zrh-1 temp_c=21.5,n=3i,u=4u,ok=t 1700000000\n\
                 no fields\nweather temp_c=1 1700000001\r\n\u{b5},t=x s=\"a \\\"b\\\"\" 1700000002\n\
                 weather,time=x temp_c=1 1\nweather temp_c=2 1700000003";
    let run = Run::of(&server.url(), &["--precision", "s", "sensors"], input);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert_eq!(run.out, "no fields\nweather,time=x temp_c=1 1\n");
    assert!(run.err.contains("line 2 refused: "), "{}", run.err);
    assert!(run.err.contains("line 5 refused: "), "{}", run.err);
    assert_eq!(
        run.account(),
        "6 lines read = 4 delivered + 0 on disk + 2 refused + 0 not delivered"
    );
    // Field by field: 4, 1, 1, 1.
    let points = server.points("sensors");
    assert_eq!(points.len(), 7, "{points:#?}");
}

#[test]
fn pairs_become_fields_with_tags_and_times() {
    let server = Server::with_token(TOKEN);
    let args = ["--pairs=weather", "--tag", "site=north", "sensors"];
    let run = Run::of(&server.url(), &args, "temp_c 21.5\nn 4i 5\nok true\nx y\n");
    assert_eq!((run.code, &*run.out), (Some(1), "x y\n"), "{}", run.err);
    let sent: Vec<String> = server.requests().iter().map(|r| r.text()).collect();
    let sent = sent.concat();
    assert!(sent.contains("weather,site=north temp_c=21.5 1"), "{sent}");
    assert!(sent.contains("weather,site=north n=4i 5\n"), "{sent}");
    assert!(sent.contains("weather,site=north ok=true 1"), "{sent}");
}

/// The server goes away in the middle and comes back: everything waits, everything arrives.
#[test]
fn an_outage_in_the_middle() {
    for spool in [false, true] {
        let dir = TempDir::new("pipe-outage");
        let server = Server::with_token(TOKEN);
        let mut args = vec!["sensors"];
        if spool {
            args.extend(["--spool", dir.path().to_str().unwrap()]);
        }
        let mut pipe = Pipe::start(&server.url(), &args);
        pipe.send("weather n=1i 1\n");
        until("the first", || server.points("sensors").len() == 1);
        server.fault(Fault::hang_up().times(2));
        pipe.send("weather n=2i 2\n");
        until("the outage", || server.requests().len() >= 3);
        pipe.send("weather n=3i 3\n");
        until("the rest", || server.points("sensors").len() == 3);
        let run = pipe.end();
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(run.err.contains("the server is back, after"), "{}", run.err);
        if spool {
            no_secret_in(dir.path());
        }
        assert_eq!(
            run.account(),
            "3 lines read = 3 delivered + 0 on disk + 0 refused + 0 not delivered"
        );
    }
}

/// No server for the whole of one run, and the next one brings what the first put on disk.
#[test]
fn the_next_run_delivers_what_is_on_disk() {
    let dir = TempDir::new("pipe-next");
    let args = ["--spool", dir.path().to_str().unwrap(), "sensors"];
    let lines: String = (1..=100).map(|n| format!("weather n={n}i {n}\n")).collect();
    let run = Run::of(&nobody(), &args, &lines);
    assert_eq!((run.code, &*run.out), (Some(0), ""), "{}", run.err);
    assert_eq!(
        run.account(),
        "100 lines read = 0 delivered + 100 on disk + 0 refused + 0 not delivered"
    );
    let server = Server::with_token(TOKEN);
    no_secret_in(dir.path());
    let mut pipe = Pipe::start(&server.url(), &args);
    until("the old ones", || server.points("sensors").len() == 100);
    pipe.send("weather n=101i 101\n");
    let run = pipe.end();
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(
        run.account(),
        "1 lines read and 100 found on disk = 101 delivered + 0 on disk + 0 refused + 0 not delivered"
    );
    assert_eq!(server.points("sensors").len(), 101);
}

/// Without a spool, what could not be delivered is given back, and can be piped in again.
#[test]
fn what_nobody_takes_comes_out_again() {
    let lines = "weather n=1i 1\nweather n=2i 2\n";
    let args = ["--patience", "0.3", "sensors"];
    let run = Run::of(&nobody(), &args, lines);
    assert_eq!((run.code, &*run.out), (Some(1), lines), "{}", run.err);
    assert_eq!(
        run.account(),
        "2 lines read = 0 delivered + 0 on disk + 0 refused + 2 not delivered"
    );
    // The server's own refusals, too: the field's type is settled by the first line.
    let server = Server::with_token(TOKEN);
    assert_eq!(Run::of(&server.url(), &["sensors"], lines).code, Some(0));
    let run = Run::of(
        &server.url(),
        &["sensors"],
        "weather n=\"text\" 3\nweather n=4i 4\n",
    );
    assert_eq!(run.code, Some(1), "{}", run.err);
    // A partial write says how many and which field; the line is found by that.
    assert_eq!(run.out, "weather n=\"text\" 3\n", "{}", run.err);
    assert_eq!(
        run.account(),
        "2 lines read = 1 delivered + 0 on disk + 1 refused + 0 not delivered"
    );
    assert_eq!(server.points("sensors").len(), 3);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_an_account() {
    let server = Server::with_token(TOKEN);
    for (input, code, account) in [
        (
            "weather n=1i 1\n",
            130,
            "1 lines read = 1 delivered + 0 on disk + 0 refused + 0 not delivered",
        ),
        (
            "weather n=2i 2\nweather n=",
            1,
            "2 lines read = 1 delivered + 0 on disk + 1 refused + 0 not delivered",
        ),
    ] {
        let before = server.points("sensors").len();
        let mut pipe = Pipe::start(&server.url(), &["sensors"]);
        pipe.send(input);
        until("the line", || server.points("sensors").len() > before);
        let pid = pipe.0.id().to_string();
        let kill = Command::new("kill").args(["-INT", &pid]).status();
        assert!(kill.expect("kill").success());
        // Its input is open still: it ends by itself.
        until("the end", || pipe.0.try_wait().expect("a child").is_some());
        let run = pipe.end();
        assert_eq!(run.code, Some(code), "{}", run.err);
        assert_eq!(run.account(), account);
        assert_eq!(run.out, if code == 1 { "weather n=\n" } else { "" });
    }
}

#[test]
fn nobody_reads_what_it_gives_back() {
    let server = Server::with_token(TOKEN);
    let mut pipe = Pipe::start(&server.url(), &["sensors"]);
    drop(pipe.0.stdout.take());
    pipe.send("bad\nweather n=1i 1\n");
    let run = pipe.end();
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(!run.err.contains("panicked"), "{}", run.err);
    assert_eq!(run.account(), "1 of them could not be printed");
    assert_eq!(server.points("sensors").len(), 1);
}

#[test]
fn a_line_too_long_is_refused_in_parts_and_its_neighbours_live() {
    let server = Server::with_token(TOKEN);
    // Behind the limit, what is left of it looks like a line.
    let long = format!(
        "a s=\"{}\nweather n=1i 1\n",
        "weather n=9i 9 ".repeat(100_000)
    );
    let run = Run::of(&server.url(), &["sensors"], &long);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert_eq!(server.points("sensors").len(), 1);
    assert!(run.account().contains("1 delivered"), "{}", run.err);
    let given = run.out.replace('\n', "");
    assert_eq!(given.len() + "weather n=1i 1\n\n".len(), long.len());
}

#[test]
fn options_are_checked_before_anything_is_read() {
    for args in [
        &[][..],
        &["a", "b"],
        &["--nothing", "a"],
        &["--precision", "h", "a"],
        &["--tag", "x", "a"],
        &["--patience", "-1", "a"],
        &["--demo=yes", "a"],
        &["a", "--spool"],
        &["--config", "/nowhere/at/all", "a"],
        &["--spool", "/proc/none/such", "a"],
        &["--tag", "time=x", "a"],
    ] {
        let run = Pipe::start(&nobody(), args).end();
        assert_eq!(run.code, Some(2), "{args:?}: {}", run.err);
        assert!(run.out.is_empty() && run.err.starts_with("pipe: "));
    }
    let run = Pipe::start(&nobody(), &["--help"]).end();
    assert_eq!(run.code, Some(0));
    assert!(run.out.starts_with("usage: pipe ") && run.err.is_empty());
    let run = Run::of(&nobody(), &["--demo", "anything"], "weather n=1i 1\n");
    assert_eq!(run.code, Some(0), "{}", run.err);
}
