//! Standard input to a bucket, in the manner of a Unix tool: nothing is lost without a word.
//!
//! ```sh
//! printf 'weather,station=zrh-1 temp_c=21.5\n' | cargo run --example pipe -- --demo sensors
//! printf 'temp_c 21.5\nhum_pct 40\n' | cargo run --example pipe -- --demo --pairs weather sensors
//! cargo run --example pipe -- --help
//! ```
//!
//! The server comes from `INFLUXDB_V2_URL`, `_TOKEN` and `_ORG`, or from a file (`--config`).
//! What can't be delivered goes to disk (`--spool`) and is delivered by the next run. What is refused,
//! here or by the server, and what could neither be delivered nor put on disk, comes out again on
//! standard output, so that `pipe sensors <today.lp >left.lp` leaves nothing to guess. The account of
//! every line is on standard error, at the end.
//!
//! One loop sends; a thread does nothing but read, so that points don't wait for the next line, and
//! Ctrl-C doesn't either.

#[path = "pipe/input.rs"]
mod input;
#[path = "../tests/common/mock_server/mod.rs"]
mod mock_server;
#[path = "pipe/options.rs"]
mod options;

use influx_edge::writer::{DropReason, Event, Writer};
use influx_edge::{Client, Error, Spool, WriteError};
use input::Input;
use mock_server::Server;
use options::{Ask, Form, Options};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// How often the loop looks up while nothing comes.
const TICK: Duration = Duration::from_millis(100);
/// Refused lines are given back after each step, so this much has to hold those of one step.
const REFUSED_BYTES: usize = 64 << 20;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args_os().skip(1)) {
        Ok(Ask::Run(options)) => options,
        Ok(Ask::Help) => {
            let _ = io::stdout().write_all(options::HELP.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprintln!("pipe: {mistake}\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    let stop = Arc::new(AtomicBool::new(false));
    let ring = Arc::clone(&stop);
    // A second Ctrl-C ends the program at once.
    let handled = ctrlc::set_handler(move || {
        if ring.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
    if let Err(error) = handled {
        eprintln!("pipe: Ctrl-C can't be caught: {error}");
    }
    let mock = options.demo.then(|| {
        eprintln!("pipe: writing to a mock server inside this program, which keeps nothing");
        let server = Server::start();
        server.add_bucket(&options.bucket);
        server
    });
    let writer = connect(&options, mock.as_ref()).and_then(|client| start(&options, &client));
    match writer {
        Ok(w) => Pipe::new(w, &options, &stop).run(),
        Err(error) => {
            eprintln!("pipe: {error}");
            ExitCode::from(2)
        }
    }
}

fn connect(options: &Options, mock: Option<&Server>) -> Result<Client, Error> {
    match (mock, &options.config) {
        (Some(server), _) => Client::builder(server.url())
            .org(server.org())
            .token(server.token())
            .build(),
        (None, Some(file)) => Client::from_config_file(file),
        (None, None) => Client::from_env(),
    }
}

fn start(options: &Options, client: &Client) -> Result<Writer, Error> {
    let mut builder = client
        .writer(&options.bucket)
        .precision(options.precision)
        .max_rejected_bytes(REFUSED_BYTES)
        .on_event(tell);
    for (key, value) in &options.tags {
        builder = builder.default_tag(key, value.as_str());
    }
    if let Some(dir) = &options.spool {
        builder = builder.spool(Spool::open(dir)?);
    }
    builder.build()
}

/// What a person should hear of while it happens. The rest is in the account.
fn tell(event: &Event<'_>) {
    match event {
        Event::Failed {
            error, retry_in, ..
        } => {
            eprintln!("pipe: {error}; again in {:.1} s", retry_in.as_secs_f32());
        }
        Event::Recovered { after, .. } => {
            eprintln!(
                "pipe: the server is back, after {:.1} s",
                after.as_secs_f32()
            );
        }
        Event::SpoolFailed { message, .. } => eprintln!("pipe: the disk: {message}"),
        // What is closed upon was given back.
        Event::Dropped {
            reason: DropReason::Closed,
            ..
        } => {}
        Event::Dropped { lines, reason, .. } => {
            eprintln!("pipe: {lines} lines dropped: {reason:?}")
        }
        _ => {}
    }
}

/// The lines on their way, and the account.
struct Pipe<'a> {
    w: Writer,
    options: &'a Options,
    stop: &'a Arc<AtomicBool>,
    /// Lines that were neither empty nor a comment.
    read: u64,
    /// Of those, what this program refused.
    refused: u64,
    /// Lines that couldn't be printed, since standard output is closed, or since the server didn't
    /// say which they were.
    unseen: u64,
}

impl<'a> Pipe<'a> {
    fn new(w: Writer, options: &'a Options, stop: &'a Arc<AtomicBool>) -> Self {
        Pipe {
            w,
            options,
            stop,
            read: 0,
            refused: 0,
            unseen: 0,
        }
    }

    fn run(mut self) -> ExitCode {
        let mut input = Input::start(Arc::clone(self.stop));
        loop {
            // An error would be the writer's end; a server that is away is none.
            let wait = self.w.poll().map_or(TICK, |due| due.min(TICK));
            self.print_rejected();
            match input.lines(wait, &mut |line, whole| self.take(line, whole)) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if let Some((part, whole)) = input.rest() {
            if self.stop.load(Ordering::SeqCst) {
                self.read += 1;
                self.refuse(&part, &"interrupted before its end");
            } else {
                self.take(&part, whole);
            }
        }
        self.end()
    }

    /// One line, without its end; or a part of one that is too long to be taken.
    fn take(&mut self, line: &[u8], whole: bool) {
        if whole && input::is_blank(line) {
            return;
        }
        self.read += 1;
        if !whole {
            return self.refuse(line, &"it is too long");
        }
        let point = match &self.options.form {
            Form::Lines => input::line(line, self.options.precision),
            Form::Pairs(measurement) => input::pair(line, measurement, self.options.precision),
        };
        let point = match point {
            Ok(point) => point,
            Err(why) => return self.refuse(line, &why),
        };
        let begun = Instant::now();
        loop {
            match self.w.write(&point) {
                Ok(()) => return,
                // Nobody reads on meanwhile: whoever writes into the pipe waits, too.
                Err(WriteError::Full) if begun.elapsed() < self.patience() => {
                    let wait = self.w.poll().map_or(TICK, |due| due.min(TICK));
                    self.print_rejected();
                    std::thread::sleep(wait);
                }
                Err(why) => return self.refuse(line, &why),
            }
        }
    }

    /// How long a line may wait for space in memory: for ever, unless somebody wants to leave.
    fn patience(&self) -> Duration {
        if self.stop.load(Ordering::SeqCst) {
            self.options.patience
        } else {
            Duration::MAX
        }
    }

    fn refuse(&mut self, line: &[u8], why: &dyn std::fmt::Display) {
        eprintln!("pipe: line {} refused: {why}", self.read);
        self.refused += 1;
        self.print(line);
    }

    /// Gives lines back, whole.
    fn print(&mut self, lines: &[u8]) {
        let mut out = io::stdout().lock();
        let printed = out.write_all(lines).and_then(|()| match lines {
            [.., b'\n'] => Ok(()),
            _ => out.write_all(b"\n"),
        });
        if printed.and_then(|()| out.flush()).is_err() {
            self.unseen += 1;
        }
    }

    fn print_rejected(&mut self) {
        let rejected: Vec<_> = self.w.take_rejected().collect();
        for one in rejected {
            eprintln!("pipe: refused by the server: {}", one.message);
            if one.line.is_empty() {
                self.unseen += one.lines;
            } else {
                self.print(one.line.as_bytes());
            }
        }
    }

    /// Everything to the server, or to disk, or back.
    fn end(mut self) -> ExitCode {
        let flushed = self.w.flush_within(self.options.patience);
        self.print_rejected();
        if let Err(error) = flushed {
            eprintln!("pipe: {error}");
            let unsent: Vec<Vec<u8>> = (self.w.unsent())
                .map(|(_, lines)| lines.bytes.to_vec())
                .collect();
            for lines in unsent {
                self.print(&lines);
            }
        }
        let s = self.w.stats();
        let (refused, lost) = (
            self.refused + s.rejected.total(),
            s.buffered + s.dropped.total(),
        );
        let found = match s.recovered {
            0 => String::new(),
            n => format!(" and {n} found on disk"),
        };
        eprintln!(
            "pipe: {} lines read{found} = {} delivered + {} on disk + {refused} refused + {lost} not delivered",
            self.read, s.delivered, s.spooled,
        );
        if self.unseen > 0 {
            eprintln!("pipe: {} of them could not be printed", self.unseen);
        }
        // What is still in memory was just printed; nothing is to be sent behind the account.
        drop(self.w.close_within(Duration::ZERO));
        let balanced = self.read + s.recovered == s.delivered + s.spooled + refused + lost;
        if refused + lost + self.unseen > 0 || !balanced {
            ExitCode::FAILURE
        } else if self.stop.load(Ordering::SeqCst) {
            ExitCode::from(130)
        } else {
            ExitCode::SUCCESS
        }
    }
}
