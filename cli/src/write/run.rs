//! The loop of `write`.

use super::input::{Message, Reader, Source};
use super::intake::Intake;
use super::options::Options;
use super::outlet::{MAX_BUFFER, Outlet};
use super::rejects::Rejects;
use super::resume::Resume;
use super::rewrite::Rewrite;
use super::{finish, spooling};
use crate::command::Matches;
use crate::failure::Failure;
use crate::report::Report;
use crate::service::Notify;
use crate::settings;
use crate::signals::Stop;
use influx_edge::line::OwnedDefaultTags;
use influx_edge::writer::{DropReason, Event};
use influx_edge::{Client, Error, Remedy, Spool, Writer};
use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The longest pause of the loop.
const IDLE: Duration = Duration::from_secs(1);
/// The longest pause while reading waits for space: no message ends it.
const HELD_BACK: Duration = Duration::from_millis(100);
/// The interval of the progress line.
const PROGRESS: Duration = Duration::from_millis(200);
/// The client's default limit of a request.
const REQUEST: Duration = Duration::from_secs(30);
/// The least limit of a request: a shorter one would end requests that are slow only because the machine is
/// busy.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest time that a checkpoint waits for the server.
const SAFE: Duration = Duration::from_secs(10);
/// The intervals of checkpoints: a resumed run repeats no more than this.
const CHECKPOINT: Duration = Duration::from_secs(1);
const CHECKPOINT_BYTES: u64 = 8 << 20;

pub(super) fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    let report = Report::new(matches);
    let mut options = Options::new(matches)?;
    let notify = Notify::from_env()
        .map_err(|why| Failure::settings(format_args!("NOTIFY_SOCKET: {why}")))?;
    let client = client(matches, &options, &notify, &report)?;
    let tags = client.default_tags().cloned().unwrap_or_default();
    let rejects = Rejects::new(options.rejected.as_deref(), report)?;
    let mut sources = std::mem::take(&mut options.sources);
    let resume = match &options.resume {
        None => None,
        Some(path) => {
            let target = format!("{} at {}", options.bucket, client.url());
            let wait = options.lock_wait;
            Some(Resume::load(path, target, &mut sources, wait, report)?)
        }
    };
    let spool = spooling::open(&options, &client, &report)?;
    let writer = writer(&options, &client, spool, report)?;
    let reader = Reader::start(sources.clone())
        .map_err(|why| Failure::new(1, format_args!("the input can't be read: {why}")))?;
    let stop = Stop::listen(reader.waker())?;
    let names = sources.iter().map(|source| source.name().into_owned());
    let rewrite = Rewrite::new(&tags);
    let outlet = Outlet::new(writer, rewrite, rejects, names.collect(), report);
    let mut run = Run {
        options: &options,
        tags,
        report,
        sources,
        current: 0,
        is_done: false,
        reader,
        intake: Intake::Closed,
        outlet,
        resume,
        stop,
        notify,
        begun: Instant::now(),
        shown: None,
        moved: (0, Instant::now()),
        saved: (0, Instant::now()),
        unfinished: 0,
    };
    if let Err(why) = run.notify.ready() {
        report.error(format_args!("the service manager: {why}"));
    }
    let end = run.pump();
    finish::finish(run, end)
}

/// Builds the client. Under a watchdog, and unless a limit is set, a request takes no longer than a third of
/// the watchdog's interval: the loop notifies the manager between two requests.
fn client(
    matches: &Matches,
    options: &Options,
    notify: &Notify,
    report: &Report,
) -> Result<Client, Failure> {
    let mut builder = settings::builder(matches)?;
    for (key, value) in &options.tags {
        builder = builder.default_tag(key, value);
    }
    let free = !matches.has("timeout")
        && !matches.has("config")
        && std::env::var_os("INFLUXDB_V2_TIMEOUT").is_none();
    let limit = notify
        .watchdog()
        .map(|interval| (interval / 3).max(SHORTEST));
    if let Some(limit) = limit.filter(|limit| free && *limit < REQUEST) {
        builder = builder.timeout(limit);
    }
    let client = builder.build()?;
    settings::warn(&client, report);
    Ok(client)
}

fn writer(
    options: &Options,
    client: &Client,
    spool: Option<Spool>,
    report: Report,
) -> Result<Writer, Error> {
    let builder = client
        .writer(&options.bucket)
        .precision(options.precision)
        .flush_interval(options.flush)
        .flush_timeout(options.patience)
        .max_buffer_bytes(MAX_BUFFER)
        // Rejected lines are taken after each step, so this must hold those of one step.
        .max_rejected_bytes(64 << 20)
        .on_event({
            let mut shown = Vec::new();
            move |event| show(&report, &mut shown, event)
        });
    match spool {
        Some(spool) => builder.spool(spool).build(),
        None => builder.build(),
    }
}

/// The most different errors that are printed in one outage.
const ERRORS_SHOWN: usize = 8;

/// Prints an event that the operator should see at once; the counts are printed at the end. An error is printed
/// once in an outage, not at each attempt: `shown` holds those of the present outage.
fn show(report: &Report, shown: &mut Vec<String>, event: &Event<'_>) {
    match event {
        Event::Failed {
            error, retry_in, ..
        } => {
            let text = error.to_string();
            if shown.len() >= ERRORS_SHOWN || shown.contains(&text) {
                return;
            }
            // A wrong token or a missing bucket needs the operator, so `--quiet` doesn't hide it.
            match error.remedy() {
                Remedy::Operator => report.error(&text),
                _ => report.note(format_args!(
                    "{text}; next attempt in {:.1} s",
                    retry_in.as_secs_f32()
                )),
            }
            shown.push(text);
        }
        Event::Recovered { after, .. } => {
            shown.clear();
            report.note(format_args!(
                "the server responds again, after {:.1} s",
                after.as_secs_f32()
            ));
        }
        Event::SpoolFailed { message, .. } => {
            report.error(format_args!("the spool takes nothing: {message}"));
        }
        Event::ClockStepped { back } => report.note(format_args!(
            "the machine's clock was set back by {:.1} s",
            back.as_secs_f32()
        )),
        Event::Foreign { lines } => report.note(format_args!(
            "{lines} lines in the spool are for another organization, and stay there"
        )),
        // These lines are on standard output.
        Event::Dropped {
            reason: DropReason::Closed,
            ..
        } => {}
        Event::Dropped { lines, reason, .. } => {
            report.error(format_args!("{lines} lines were dropped: {reason:?}"));
        }
        _ => {}
    }
}

/// The reason why the loop has ended.
pub(super) enum End {
    /// All inputs are read.
    Input,
    /// A signal was received.
    Stopped,
    /// Nothing can be delivered, and the inputs can be read another time.
    GaveUp,
    Failed(Failure),
}

/// A run of `write`.
pub(super) struct Run<'a> {
    pub(super) options: &'a Options,
    tags: OwnedDefaultTags,
    pub(super) report: Report,
    pub(super) sources: Vec<Source>,
    /// The index of the source that is being read.
    pub(super) current: usize,
    /// All sources are read.
    is_done: bool,
    pub(super) reader: Reader,
    pub(super) intake: Intake,
    pub(super) outlet: Outlet,
    pub(super) resume: Option<Resume>,
    pub(super) stop: Stop,
    pub(super) notify: Notify,
    begun: Instant,
    /// When the progress line was last written.
    shown: Option<Instant>,
    /// The number of lines that have left memory, and when it last changed.
    moved: (u64, Instant),
    /// The position and the time of the last checkpoint.
    saved: (u64, Instant),
    /// Bytes at the ends of inputs that are left for a later run.
    pub(super) unfinished: u64,
}

impl Run<'_> {
    fn pump(&mut self) -> End {
        if let Err(failure) = self.open() {
            return End::Failed(failure);
        }
        loop {
            // An outage is not an error here: only a closed writer returns one.
            let due = self.outlet.poll().min(IDLE);
            let tick = self.notify.tick();
            let tick = tick.map(|at| at.saturating_duration_since(Instant::now()));
            let mut wait = due.min(tick.unwrap_or(IDLE));
            self.show_progress();
            if self.stop.is_requested() {
                return End::Stopped;
            }
            if self.is_held_back() {
                if self.is_hopeless() {
                    return End::GaveUp;
                }
                std::thread::sleep(wait.min(HELD_BACK));
                self.checkpoint(false);
                continue;
            }
            if self.report.shows_progress() {
                wait = wait.min(PROGRESS);
            }
            let step = match self.reader.next(wait) {
                None | Some(Message::Wake) => self.step(&[]),
                Some(Message::Piece(piece)) => {
                    let step = self.step(piece.bytes());
                    self.reader.done(piece);
                    step
                }
                Some(Message::Failed(why)) => Err(self.unreadable(&why)),
                Some(Message::End) => match self.close() {
                    Ok(()) if self.is_done => return End::Input,
                    other => other,
                },
            };
            if let Err(failure) = step {
                return End::Failed(failure);
            }
            self.checkpoint(false);
        }
    }

    pub(super) fn unreadable(&self, why: &dyn fmt::Display) -> Failure {
        let source = self.sources.get(self.current);
        let name = source.map(|source| source.name().into_owned());
        Failure::no_input(name.unwrap_or_default(), why)
    }

    /// Returns the source that is being read, if one is left.
    pub(super) fn source(&self) -> Option<&Source> {
        self.sources.get(self.current).filter(|_| !self.is_done)
    }

    /// Begins the current source.
    fn open(&mut self) -> Result<(), Failure> {
        let Some(source) = self.sources.get(self.current) else {
            return Ok(());
        };
        self.intake = Intake::open(source, self.options, &self.tags)?;
        self.saved = (source.start.bytes, Instant::now());
        if let Some(resume) = &mut self.resume {
            self.outlet.rewrite.times = resume.begin(self.current, source);
        }
        Ok(())
    }

    /// Takes bytes of the current source. Without any, lines that have waited too long are taken.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let source = self.sources.get(self.current);
        if let (Some(resume), Some(source)) = (&mut self.resume, source) {
            let read = self.intake.read().saturating_add(bytes.len() as u64);
            resume.reads(self.current, source, read);
        }
        self.intake.push(self.current, bytes, &mut self.outlet)
    }

    /// Ends the current source: takes its last line, and begins the next source.
    pub(super) fn close(&mut self) -> Result<(), Failure> {
        if self.resume.is_none() {
            self.intake.finish(self.current, &mut self.outlet)?;
        } else {
            // Another process may still be writing a line without a newline.
            let left = self.intake.unfinished();
            self.unfinished = self.unfinished.saturating_add(left);
            if left > 0 {
                let name = self.source().map(|source| source.name().into_owned());
                self.report.note(format_args!(
                    "{}: the last line ({left} bytes) has no end yet, and is left for the next run",
                    name.unwrap_or_default()
                ));
            }
        }
        // The last source ends with the run, which has its own time limit.
        let next = self.current.saturating_add(1);
        if next >= self.sources.len() {
            self.is_done = true;
            return Ok(());
        }
        while !self.checkpoint(true) && self.outlet.is_failing() && !self.stop.is_requested() {
            let wait = self.outlet.poll().min(HELD_BACK);
            self.notify.tick();
            self.show_progress();
            std::thread::sleep(wait);
        }
        self.current = next;
        self.open()
    }

    /// Returns `true` if reading must wait: for space in memory or, if the input can be read again, for the
    /// server.
    fn is_held_back(&mut self) -> bool {
        self.outlet.submit_waiting();
        let left = self.outlet.left_memory();
        if left != self.moved.0 {
            self.moved = (left, Instant::now());
        }
        let held = self.outlet.is_full() || (self.resume.is_some() && self.outlet.is_failing());
        if !held {
            self.moved.1 = Instant::now();
        }
        held
    }

    /// Returns `true` if nothing has left memory within the limit and the inputs are files, which keep what isn't
    /// read.
    fn is_hopeless(&self) -> bool {
        let rest = self.sources.get(self.current..).unwrap_or_default();
        self.resume.is_none()
            && rest.iter().all(|source| source.regular)
            && self.moved.1.elapsed() > self.options.patience
    }

    /// Writes the position in the inputs, if it is due. Returns `false` if lines before it are neither delivered
    /// nor on disk.
    pub(super) fn checkpoint(&mut self, force: bool) -> bool {
        let Some(resume) = &mut self.resume else {
            return true;
        };
        let (Some(source), Some(at)) = (self.sources.get(self.current), self.intake.position())
        else {
            return true;
        };
        let (bytes, time) = self.saved;
        let more = at.bytes.saturating_sub(bytes);
        // After a failure `time` is in the future.
        let large = more > CHECKPOINT_BYTES && time <= Instant::now();
        let due = more > 0 && (large || time.elapsed() >= CHECKPOINT);
        if !(force || due) {
            return true;
        }
        let limit = self.options.patience.min(SAFE);
        if !self.outlet.make_safe(limit) {
            // Each attempt is a request, so the next one is later.
            self.saved.1 = Instant::now() + SAFE;
            return false;
        }
        let read = self.intake.read();
        let times = resume.reached(self.current, source, at, read, force);
        self.outlet.rewrite.times = times.or(self.outlet.rewrite.times);
        self.saved = (at.bytes, Instant::now());
        true
    }

    fn show_progress(&mut self) {
        let due = self.shown.is_none_or(|at| at.elapsed() > PROGRESS);
        if !due {
            return;
        }
        self.shown = Some(Instant::now());
        let progress = Progress {
            account: self.outlet.account(),
            elapsed: self.begun.elapsed(),
            share: self.share(),
        };
        if self.report.shows_progress() {
            self.report.progress(&progress);
        }
        self.notify.status(&progress.to_string());
    }

    /// Returns the part of the inputs that is read, if their sizes are known: of everything, and of what earlier
    /// runs have left.
    fn share(&self) -> Option<(f64, f64)> {
        let (mut read, mut skipped, mut all) = (0u64, 0u64, 0u64);
        for (index, source) in self.sources.iter().enumerate() {
            let len = source.len?;
            let at = match index.cmp(&self.current) {
                std::cmp::Ordering::Less => len,
                std::cmp::Ordering::Equal => self.intake.position().map_or(0, |at| at.bytes),
                std::cmp::Ordering::Greater => source.start.bytes,
            };
            read = read.saturating_add(at.min(len));
            skipped = skipped.saturating_add(source.start.bytes.min(len));
            all = all.saturating_add(len);
        }
        let part = |bytes: u64, of: u64| bytes as f64 / of.max(1) as f64;
        Some((
            part(read, all),
            part(read.saturating_sub(skipped), all.saturating_sub(skipped)),
        ))
    }
}

/// `12000 lines, 45000/s, 34 %, 80 s left, 2 rejected, 8 spooled`.
struct Progress {
    account: super::account::Account,
    elapsed: Duration,
    /// As returned by [`Run::share`].
    share: Option<(f64, f64)>,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        let rate = self.account.read as f64 / seconds.max(0.001);
        write!(f, "{} lines, {rate:.0}/s", self.account.read)?;
        if let Some((all, own)) = self.share {
            write!(f, ", {:.0} %", all * 100.0)?;
            if own > 0.001 && seconds > 1.0 {
                write!(f, ", {:.0} s left", seconds / own - seconds)?;
            }
        }
        for (number, outcome) in [
            (self.account.rejected, "rejected"),
            (self.account.spooled, "spooled"),
        ] {
            if number > 0 {
                write!(f, ", {number} {outcome}")?;
            }
        }
        Ok(())
    }
}
