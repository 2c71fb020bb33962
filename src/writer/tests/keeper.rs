//! Random lives of the threaded driver: its keeper is stepped through any order of what handles, keeper
//! and sender do, without threads. Requests stall, results come late or never, the disk is small, and
//! points are corrected while an older value of theirs is under way.
//!
//! After each step the account is balanced and says what is on disk. In the end every point has the
//! value that was written last.

use super::sim::{Draw, SimClock, SimServer, World, check_engine, long};
use crate::OverflowPolicy;
use crate::Precision;
use crate::client::Client;
use crate::error::{Error, WriteError};
use crate::spool::{Durability, Mode};
use crate::testing::TempDir;
use crate::writer::drive::{Command, Entry, Input, Keeper};
use crate::writer::engine::{Attempt, Finished};
use crate::writer::seams::{Clock, Transport};
use crate::writer::{Outcome, Stats};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use fastrand::Rng;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

const SEC: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

/// A request that the sender has.
struct Sent {
    attempt: Attempt,
    /// What the server did with it already; the result is on its way.
    result: Option<Result<(), Error>>,
}

/// Somebody who waits for a flush.
struct Waiting {
    reply: Receiver<Result<Outcome, Error>>,
    deadline: Duration,
}

/// Whether a line is accepted.
type Taken = Receiver<Result<(), WriteError>>;

struct Life {
    keeper: Keeper,
    clock: SimClock,
    server: SimServer,
    sent: Option<Sent>,
    inbox: VecDeque<Entry>,
    commands: Vec<Command>,
    finished: Option<Finished>,
    waiting: Vec<Waiting>,
    wakeup: Option<Duration>,
    /// Of each line in the inbox: bucket and series with time, its number, and whether it is accepted.
    lines: Vec<(String, u64, Taken)>,
    number: u64,
    /// Of each point, the numbers that were accepted, in order.
    accepted: BTreeMap<String, Vec<u64>>,
    ahead: bool,
    small: bool,
}

impl Life {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    /// A handle writes a point; few different ones, so that they overwrite each other.
    fn write(&mut self, rng: &mut Rng) {
        let settings = &self.keeper.engine.settings;
        let drops = settings.overflow_policy == OverflowPolicy::DropOldest;
        let waiting: usize = self.inbox.iter().map(|entry| entry.bytes.len()).sum();
        if !drops && self.keeper.engine.bytes + waiting > settings.max_buffer_bytes {
            return; // as the inbox has it
        }
        self.number += 1;
        let bucket = if rng.chance(20) { "other" } else { "sensors" };
        let (series, time) = (rng.below(3), rng.below(6));
        let long = if self.small { 800 } else { 60 };
        let text = "x".repeat(rng.below(long) as usize);
        let number = self.number;
        let line = format!("m,s={series} n={number}i,t=\"{text}\" {time}\n");
        let key = format!("{bucket} m,s={series} {time}");
        self.put(bucket, line, (key, number));
    }

    fn put(&mut self, bucket: &str, line: String, (key, number): (String, u64)) {
        let (reply, accepted) = sync_channel(1);
        self.lines.push((key, number, accepted));
        let since = self.now();
        self.inbox.push_back(Entry {
            since,
            bucket: bucket.into(),
            bytes: line.into_bytes(),
            precision: Precision::Nanosecond,
            lines: 1,
            last: 0,
            waiting: vec![reply],
        });
    }

    /// The keeper's turn.
    fn step(&mut self) {
        let now = self.now();
        let input = Input {
            entries: core::mem::take(&mut self.inbox),
            commands: core::mem::take(&mut self.commands),
            finished: self.finished.take(),
            ..Input::default()
        };
        let reading = self.clock.reading(false);
        let output = self.keeper.step(now, reading, input);
        for (reply, taken) in output.settled {
            assert!(taken.is_ok() || self.ahead);
            reply.send(taken).unwrap();
        }
        for (key, line, taken) in self.lines.drain(..) {
            if taken.try_recv().unwrap().is_ok() {
                self.accepted.entry(key).or_default().push(line);
            }
        }
        if let Some(attempt) = output.attempt {
            assert!(self.sent.is_none(), "one request at a time");
            self.sent = Some(Sent {
                attempt,
                result: None,
            });
        }
        for (command, outcome) in output.replies {
            command.reply.unwrap().send(outcome).unwrap();
        }
        assert!(!output.ended);
        self.wakeup = output.wakeup;
        self.check();
    }

    /// The keeper is not to be called again and again at one time while nothing comes in.
    fn rests(&mut self) {
        for _ in 0..5 {
            self.step();
            if self.wakeup.is_none_or(|at| at > self.now()) {
                return;
            }
        }
        panic!("it never rests: {:?} at {:?}", self.wakeup, self.now());
    }

    /// The sender's turn: the server does what it is asked, or the result arrives.
    fn send(&mut self) {
        let Some(sent) = &mut self.sent else {
            return;
        };
        match sent.result.take() {
            None => sent.result = Some(self.server.send(&sent.attempt)),
            Some(result) => {
                assert!(self.finished.is_none());
                self.finished = Some(Finished {
                    id: sent.attempt.id,
                    result,
                    uncompressed: false,
                });
                self.sent = None;
            }
        }
    }

    fn flush(&mut self, limit: Duration) {
        let (reply, receive) = sync_channel(1);
        let deadline = self.now() + limit;
        self.commands.push(Command {
            deadline,
            closes: false,
            reply: Some(reply),
        });
        self.waiting.push(Waiting {
            reply: receive,
            deadline,
        });
    }

    /// Whoever waits for a flush hears of it in time.
    fn hear(&mut self) {
        let now = self.now();
        self.waiting
            .retain(|waiting| match waiting.reply.try_recv() {
                Ok(_) => false,
                Err(TryRecvError::Empty) => {
                    assert!(now < waiting.deadline, "a flush that never ends");
                    true
                }
                Err(TryRecvError::Disconnected) => panic!("no reply"),
            });
    }

    fn check(&self) -> Stats {
        check_engine(&self.keeper.engine, self.now())
    }

    /// Runs for so long, each in its turn when it is due.
    fn run(&mut self, time: Duration, stalls: bool) {
        let end = self.now() + time;
        while self.now() < end {
            self.step();
            self.hear();
            if !stalls {
                self.send();
            }
            let busy = self.finished.is_some() || (self.sent.is_some() && !stalls);
            let next = self.wakeup.filter(|_| !busy).unwrap_or(self.now());
            let wait = next.saturating_sub(self.now()).clamp(MS, SEC);
            self.clock.advance(wait);
        }
    }
}

fn life(
    seed: u64,
    dir: &TempDir,
    (mode, durability, small): (Option<Mode>, Durability, bool),
    policy: OverflowPolicy,
) -> Life {
    let clock = SimClock::new();
    let server = SimServer::new(&clock, seed);
    let client = Client::builder("http://localhost:8086").build().unwrap();
    let mut builder = client
        .writer("sensors")
        .batch_lines(20)
        .batch_bytes(1_000)
        .max_buffer_bytes(8_000)
        .send_in_write(false)
        .overflow_policy(policy)
        .drain_bytes_per_second(u64::MAX);
    if let Some(mode) = mode {
        let spool = super::sim::spool_with(dir, |b| {
            let b = b.mode(mode).durability(durability);
            if small {
                b.max_bytes(64 << 10).segment_bytes(4 << 10)
            } else {
                b
            }
        });
        builder = builder.spool(spool);
    }
    let inline = builder
        .build_on(clock.clone(), server.clone(), seed)
        .unwrap();
    let mut inline = inline;
    // Every second one merges what is on disk.
    if seed % 2 == 0 {
        inline.engine.settings.merge_bytes = 6_000;
    }
    Life {
        keeper: Keeper::new(inline.engine),
        clock,
        server,
        sent: None,
        inbox: VecDeque::new(),
        commands: Vec::new(),
        finished: None,
        waiting: Vec::new(),
        wakeup: None,
        lines: Vec::new(),
        number: 0,
        accepted: BTreeMap::new(),
        ahead: mode == Some(Mode::WriteAhead),
        small,
    }
}

fn script(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let dir = TempDir::new("keeper");
    let mode = match rng.below(4) {
        0 => None,
        1 => Some(Mode::WriteAhead),
        _ => Some(Mode::OnFailure),
    };
    // A small disk, and long lines that fill it.
    let small = rng.chance(30);
    let policy = match rng.chance(30) {
        true => OverflowPolicy::DropOldest,
        false => OverflowPolicy::Reject,
    };
    let mut life = life(seed, &dir, (mode, Durability::OsManaged, small), policy);
    life.server.0.borrow_mut().trouble = [0, 0, 20, 50][rng.below(4) as usize];
    let steps = 50 + rng.below(200);
    for _ in 0..steps {
        match rng.below(12) {
            0..=4 => (0..=rng.below(12)).for_each(|_| life.write(&mut rng)),
            5 | 6 => life.step(),
            7 => life.rests(),
            8 | 9 => life.send(),
            10 => {
                let time = MS * u32::try_from(rng.below(4_000)).unwrap();
                let stalls = rng.chance(50);
                life.run(time, stalls);
            }
            _ => {
                let limit = MS * u32::try_from(rng.below(3_000)).unwrap();
                if life.waiting.is_empty() {
                    life.flush(limit);
                }
            }
        }
        life.check();
    }
    // The server is well, and the sender goes on: everything finds its place.
    life.server.0.borrow_mut().trouble = 0;
    for _ in 0..2_000 {
        life.run(SEC * 5, false);
        let stats = life.check();
        if stats.buffered + stats.spooled == 0 && life.sent.is_none() && life.inbox.is_empty() {
            break;
        }
    }
    judge(&life);
}

/// Each point has the value that was accepted last, unless lines were lost, which is counted.
fn judge(life: &Life) {
    let stats = life.check();
    assert_eq!(stats.buffered + stats.spooled, 0, "{stats:?}");
    let world: &World = &life.server.0.borrow();
    let accepted: usize = life.accepted.values().map(Vec::len).sum();
    assert_eq!(stats.accepted, accepted as u64, "{stats:?}");
    assert_eq!(stats.rejected.total(), 0, "{stats:?}");
    assert_eq!(stats.delivered + stats.dropped.total(), stats.accepted);
    if stats.dropped.total() > 0 {
        // Of what was stored the latest stays.
        for (key, numbers) in &life.accepted {
            let stored = numbers.iter().rfind(|n| world.seen.contains_key(n));
            assert_eq!(world.stored.get(key), stored, "{key}: {numbers:?}");
        }
        return;
    }
    for (key, numbers) in &life.accepted {
        assert_eq!(world.stored.get(key), numbers.last(), "{key}: {numbers:?}");
    }
}

/// Ten thousand with `INFLUX_EDGE_LONG=1`, else a hundred; `INFLUX_EDGE_KEEPER_SEED` for one of them.
#[test]
fn random_lives_of_a_keeper() {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    if let Some(seed) = number("INFLUX_EDGE_KEEPER_SEED") {
        return script(seed);
    }
    let all = if long() { 10_000 } else { 100 };
    let scripts = number("INFLUX_EDGE_MODEL_SCRIPTS").map_or(all, |n| n / 3);
    for seed in (super::model::seed()..).take(usize::try_from(scripts).unwrap()) {
        if let Err(panic) = std::panic::catch_unwind(|| script(seed)) {
            std::eprintln!("again with INFLUX_EDGE_KEEPER_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// A point is under way when the server stalls, and is corrected meanwhile: the correction goes to disk
/// behind it. The server stores the old value late, and it is sent again: the correction stays.
#[test]
fn a_correction_during_a_stall_is_what_stays() {
    for result_comes in [true, false] {
        let dir = TempDir::new("keeper");
        let settings = (Some(Mode::OnFailure), Durability::OsManaged, false);
        let mut life = life(1, &dir, settings, OverflowPolicy::Reject);
        let put = |life: &mut Life, number: u64| {
            let line = format!("m,s=1 n={number}i 7\n");
            life.put("sensors", line, (String::from("sensors m,s=1 7"), number));
        };
        put(&mut life, 1);
        life.run(SEC * 2, true);
        assert!(life.sent.is_some(), "under way");
        put(&mut life, 2);
        life.run(SEC * 3, true);
        let stats = life.check();
        assert_eq!((stats.spooled, stats.buffered), (2, 0), "both, in order");
        // The server stores it now; its response comes, or the connection breaks.
        life.send();
        if !result_comes {
            let sent = life.sent.as_mut().unwrap();
            sent.result = Some(Err(super::sim::broken(
                crate::error::TransportErrorKind::Closed,
                false,
            )));
        }
        life.run(SEC * 600, false);
        let stats = life.check();
        assert_eq!((stats.delivered, stats.spooled), (2, 0), "{stats:?}");
        assert_eq!(life.server.0.borrow().stored["sensors m,s=1 7"], 2);
    }
}

/// That the test before this one would notice: had the correction gone to disk alone, the repeat of
/// the older value would come behind it.
#[test]
fn a_repeat_behind_a_correction_would_be_seen() {
    let clock = SimClock::new();
    let server = SimServer::new(&clock, 1);
    let mut world = server.0.borrow_mut();
    for number in [1, 2, 1] {
        let line = format!("m,s=1 n={number}i 7");
        world.store("sensors", &[&line]);
    }
    assert_ne!(world.stored["sensors m,s=1 7"], 2);
}

/// Behind a request that stalls no more than an interval's lines and one batch are in memory alone.
#[test]
fn a_stalled_server_leaves_little_in_memory() {
    let dir = TempDir::new("keeper");
    let settings = (Some(Mode::OnFailure), Durability::OsManaged, false);
    let mut life = life(3, &dir, settings, OverflowPolicy::Reject);
    life.keeper.engine.settings.batch_lines = 5_000;
    life.keeper.engine.settings.batch_bytes = 256 << 10;
    life.keeper.engine.settings.max_buffer_bytes = 16 << 20;
    let mut rng = Rng::with_seed(1);
    let mut most = 0;
    for _ in 0..300 {
        // A thousand a second, for half a minute.
        (0..100).for_each(|_| life.write(&mut rng));
        life.run(SEC / 10, true);
        most = most.max(life.check().buffered);
    }
    assert!(life.sent.is_some(), "the request is still out");
    let stats = life.check();
    assert_eq!(stats.accepted, 30_000);
    assert!(most <= 2_200, "{most} lines in memory alone");
}
