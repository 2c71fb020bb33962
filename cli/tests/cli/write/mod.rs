//! `write`: every line is stored, spooled, recorded as rejected, or printed, whatever happens.

mod faults;
mod input;
mod outage;
mod rejected;
mod resume;
mod sharing;

use crate::common::mock_server::Server;
use crate::run::{Run, at, command, ended, run, server};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// The arguments, without a spool.
fn write<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["write", "--no-spool"], args].concat()
}

/// An active run, with its standard input held open.
struct Pipe(Child);

impl Pipe {
    fn start(mut command: Command) -> Pipe {
        Pipe(command.spawn().expect("the command starts"))
    }

    fn send(&mut self, text: &str) {
        let stdin = self.0.stdin.as_mut().expect("it is piped");
        stdin.write_all(text.as_bytes()).expect("it reads");
    }

    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let kill = Command::new("kill").args([name, &pid]).status();
        assert!(kill.expect("kill").success());
    }

    /// Waits for its end with its input held open.
    fn wait(&mut self) {
        until("the end of the run", || {
            self.0.try_wait().expect("a child").is_some()
        });
    }

    /// Closes its input, and waits for its end.
    fn end(mut self) -> Run {
        drop(self.0.stdin.take());
        ended(self.0)
    }
}

impl Run {
    /// The last line, without its beginning.
    fn account(&self) -> &str {
        let last = self.err.lines().last().unwrap_or_default();
        last.strip_prefix("influx-edge: ").unwrap_or(last)
    }
}

/// A port of the loopback interface at which nothing listens.
fn nothing_there() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "waiting for {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How many points a bucket has.
fn stored(server: &Server) -> usize {
    server.points("sensors").len()
}

/// Lines with times from one number to another.
fn lines(numbers: std::ops::Range<u64>) -> String {
    numbers
        .map(|n| format!("weather,station=s n={n}i {}\n", n + 1))
        .collect()
}
