//! A world in which time passes as the tests like: a clock, and a server that judges lines, stores
//! what it takes, and fails in every way that is known.

use crate::client::Client;
use crate::error::{Error, TransportError, TransportErrorKind};
#[cfg(feature = "spool")]
use crate::testing::TempDir;
use crate::testing::{write_error, write_error_of};
use crate::writer::drive::inline::Inline;
use crate::writer::engine::{Attempt, Engine, Queue};
use crate::writer::seams::{Clock, Transport};
use crate::writer::split::split;
use crate::writer::stamp::Reading;
use crate::writer::{Outcome, Stats, WriterBuilder};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ops::Range;
use core::time::Duration;
use fastrand::Rng;

const SEC: Duration = Duration::from_secs(1);

/// Draws of the random generator.
pub(super) trait Draw {
    fn below(&mut self, n: u64) -> u64;

    /// True in this many of a hundred draws.
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

impl Draw for Rng {
    fn below(&mut self, n: u64) -> u64 {
        self.u64(..n)
    }
}

/// A clock that only the test moves.
#[derive(Clone, Debug)]
pub(super) struct SimClock {
    now: Rc<Cell<Duration>>,
    wall: Rc<Cell<i64>>,
}

impl SimClock {
    pub(super) fn new() -> Self {
        SimClock {
            now: Rc::default(),
            wall: Rc::new(Cell::new(1_700_000_000_000_000_000)),
        }
    }

    pub(super) fn advance(&self, time: Duration) {
        self.now.set(self.now.get() + time);
        self.wall
            .set(self.wall.get() + i64::try_from(time.as_nanos()).unwrap());
    }

    pub(super) fn step_wall(&self, nanos: i64) {
        self.wall.set(self.wall.get().saturating_add(nanos));
    }

    pub(super) fn set_wall(&self, nanos: i64) {
        self.wall.set(nanos);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Duration {
        self.now.get()
    }
    fn reading(&self, _compares: bool) -> Reading {
        Reading::from(Some(self.wall.get()))
    }
    fn sleep(&mut self, time: Duration) {
        self.advance(time);
    }
}

/// What InfluxDB 3.6.0 says of any bad line (`tests/recordings/http-3.6.0/write-v2`).
pub(super) const SILENT: &str =
    r#"{"code":"invalid","message":"write buffer error: parsing for line protocol failed"}"#;

/// How a server tells which lines it won't have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// InfluxDB 2: each line in quotes.
    Quoted,
    /// InfluxDB 3: numbers and lines.
    Numbered,
    /// The lines aren't named.
    Silent,
}

/// What the server is like at the moment.
#[derive(Debug)]
pub(super) struct World {
    pub(super) words: Words,
    /// Larger bodies are 413.
    pub(super) max_body_bytes: usize,
    /// It was so at some time.
    pub(super) was_small: bool,
    /// Of so many percent of the requests something goes wrong that has nothing to do with them.
    pub(super) trouble: u64,
    /// A part that is stored is responded with 201, as Cloud did it.
    pub(super) older_cloud: bool,
    /// A gateway in front of the server refuses every request, with this status and body,
    pub(super) refuses: Option<(u16, &'static str)>,
    /// of those with these numbers.
    pub(super) refuses_at: Range<u64>,
    /// What it says of bad lines if it names none.
    pub(super) silent: (u16, &'static str),
    /// How long each request takes, and how many bytes are sent in a second.
    pub(super) link: Option<(Duration, u64)>,
    /// After this time the client gives a request up.
    pub(super) patience: Option<Duration>,
    /// Sizes of all bodies, and whether they came through.
    pub(super) sent: Vec<(usize, bool)>,
    /// The path breaks under larger bodies.
    pub(super) breaks_over: usize,
    /// Nothing listens.
    pub(super) down: bool,
    /// Nor before this time.
    pub(super) back_at: Duration,
    pub(super) rng: Rng,
    /// What is stored: bucket, series and time, and the number of the line that says so.
    pub(super) stored: BTreeMap<String, u64>,
    /// Of every line that was ever stored, its number.
    pub(super) seen: BTreeMap<u64, u64>,
    /// The number of the line stored last for the first time, by series.
    newest: BTreeMap<String, u64>,
    pub(super) out_of_order: u64,
    pub(super) requests: u64,
    /// Sizes of the bodies that waited for the server's word.
    pub(super) expected: Vec<usize>,
    clock: SimClock,
}

/// A path to a [`World`].
#[derive(Clone, Debug)]
pub(super) struct SimServer(pub(super) Rc<RefCell<World>>);

impl SimServer {
    pub(super) fn new(clock: &SimClock, seed: u64) -> Self {
        SimServer(Rc::new(RefCell::new(World {
            words: Words::Quoted,
            max_body_bytes: usize::MAX,
            was_small: false,
            trouble: 0,
            older_cloud: false,
            refuses: None,
            refuses_at: 0..u64::MAX,
            silent: (400, SILENT),
            link: None,
            patience: None,
            sent: Vec::new(),
            breaks_over: usize::MAX,
            down: false,
            back_at: Duration::ZERO,
            rng: Rng::with_seed(seed),
            stored: BTreeMap::new(),
            seen: BTreeMap::new(),
            newest: BTreeMap::new(),
            out_of_order: 0,
            requests: 0,
            expected: Vec::new(),
            clock: clock.clone(),
        })))
    }
}

pub(super) fn broken(fault: TransportErrorKind, unsent: bool) -> Error {
    TransportError {
        kind: fault,
        what: "write to bucket \"sensors\"".to_string(),
        host: "localhost:8086".to_string(),
        detail: "simulated".to_string(),
        unsent,
        source: None,
    }
    .into()
}

/// What the server thinks of a line, by the name of its first field.
fn kind(line: &str) -> &'static str {
    ["bad=", "conflict=", "poison="]
        .into_iter()
        .find(|kind| line.contains(&format!(" {kind}")))
        .unwrap_or("good")
}

/// `series field=NUMBER time` and what it means.
fn parts(bucket: &str, line: &str) -> (String, String, u64) {
    let (series, rest) = line.split_once(' ').unwrap();
    let (fields, time) = rest.rsplit_once(' ').unwrap();
    let number = fields.split_once('=').unwrap().1;
    let number = number.split(',').next().unwrap().trim_end_matches('i');
    (
        format!("{bucket} {series}"),
        format!("{bucket} {series} {time}"),
        number.parse().unwrap(),
    )
}

impl World {
    pub(super) fn store(&mut self, bucket: &str, lines: &[&str]) {
        let all_new = lines.iter().all(|line| {
            let (.., number) = parts(bucket, line);
            !self.seen.contains_key(&number)
        });
        for line in lines {
            let (series, key, number) = parts(bucket, line);
            let times = self.seen.entry(number).or_default();
            *times += 1;
            self.stored.insert(key, number);
            // A single line may be a trial; its turn comes again.
            if all_new && lines.len() > 1 {
                let before = self.newest.insert(series, number);
                if before.is_some_and(|before| before >= number) {
                    self.out_of_order += 1;
                }
            }
        }
    }

    fn judge(&mut self, bucket: &str, body: &str) -> Result<(), Error> {
        if let Some((status, body)) = self.refuses {
            if self.refuses_at.contains(&self.requests) {
                return Err(write_error(status, &[], body.as_bytes()));
            }
        }
        let lines_sent = body.as_bytes();
        let lines: Vec<&str> = split(lines_sent)
            .map(|line| core::str::from_utf8(line).unwrap().trim_end_matches('\n'))
            .collect();
        if body.len() > self.max_body_bytes {
            return Err(match self.rng.below(2) {
                0 => write_error(
                    413,
                    &[],
                    br#"{"code":"request too large","message":"too large"}"#,
                ),
                _ => write_error(413, &[("content-type", "text/html")], b"<html>413</html>"),
            });
        }
        let of = |wanted: &str| -> Vec<(usize, &str)> {
            let numbered = lines.iter().copied().enumerate();
            numbered.filter(|(_, line)| kind(line) == wanted).collect()
        };
        if !of("poison=").is_empty() {
            let body =
                br#"{"code":"internal error","message":"runtime error: index out of range"}"#;
            return Err(write_error(500, &[], body));
        }
        let entries = |list: &[(usize, &str)]| -> Vec<serde_json::Value> {
            list.iter()
                .map(|(n, line)| {
                    serde_json::json!({
                        "line_number": n + 1, "error_message": "no", "original_line": line
                    })
                })
                .collect()
        };
        let bad = of("bad=");
        if !bad.is_empty() {
            let body = match self.words {
                Words::Quoted => {
                    let named: Vec<String> = bad
                        .iter()
                        .map(|(_, line)| format!("unable to parse '{line}': invalid boolean"))
                        .collect();
                    serde_json::json!({"code": "invalid", "message": named.join("\n")})
                }
                Words::Numbered => serde_json::json!({
                    "error": "parsing failed for write_lp endpoint", "data": entries(&bad)[0]
                }),
                Words::Silent => {
                    let (status, body) = self.silent;
                    return Err(write_error(status, &[], body.as_bytes()));
                }
            };
            let response = body.to_string();
            return Err(write_error_of(lines_sent, 400, &[], response.as_bytes()));
        }
        let conflicts = of("conflict=");
        let good: Vec<&str> = of("good").into_iter().map(|(_, line)| line).collect();
        self.store(bucket, &good);
        if conflicts.is_empty() {
            return Ok(());
        }
        let (status, body) = match self.words {
            _ if self.older_cloud => (
                201,
                serde_json::json!({"code": "invalid", "line": conflicts[0].0 + 1, "message": format!(
                    "partial write error ({} written): field type conflict", good.len()
                )}),
            ),
            // (The first versions of InfluxDB 2 returned 500.)
            Words::Quoted => (
                if self.rng.chance(80) { 422 } else { 500 },
                serde_json::json!({"code": "unprocessable entity", "message": format!(
                    "failure writing points to database: partial write: field type conflict dropped={}",
                    conflicts.len()
                )}),
            ),
            Words::Numbered => (
                400,
                serde_json::json!({
                    "error": "partial write of line protocol occurred", "data": entries(&conflicts)
                }),
            ),
            Words::Silent => (
                400,
                serde_json::json!({"code": "invalid", "message": format!(
                    "partial write error ({} written): field type conflict", good.len()
                )}),
            ),
        };
        let response = body.to_string();
        Err(write_error_of(lines_sent, status, &[], response.as_bytes()))
    }
}

impl Transport for SimServer {
    fn send(&mut self, attempt: &Attempt) -> Result<(), Error> {
        let mut world = self.0.borrow_mut();
        let world = &mut *world;
        world.requests += 1;
        let body = core::str::from_utf8(attempt.lines().bytes).unwrap();
        assert!(!body.is_empty() && body.ends_with('\n'));
        if attempt.expect {
            world.expected.push(body.len());
        }
        let spent = match world.link {
            None => Duration::from_millis(1 + world.rng.below(20)),
            Some((latency, rate)) => latency + SEC * body.len() as u32 / rate as u32,
        };
        let limit = attempt.limit.into_iter().chain(world.patience).min();
        let limit = limit.filter(|limit| *limit < spent);
        world.sent.push((body.len(), limit.is_none()));
        if let Some(limit) = limit {
            world.clock.advance(limit);
            return Err(broken(TransportErrorKind::Timeout, false));
        }
        world.clock.advance(spent);
        if world.down || world.clock.now() < world.back_at {
            return Err(broken(TransportErrorKind::Refused, true));
        }
        if body.len() > world.breaks_over {
            return Err(broken(TransportErrorKind::Closed, false));
        }
        if !world.rng.chance(world.trouble) {
            return world.judge(&attempt.bucket, body);
        }
        let json = |code: &str| format!("{{\"code\":\"{code}\",\"message\":\"simulated\"}}");
        match world.rng.below(14) {
            0 => Err(broken(TransportErrorKind::Refused, true)),
            1 => Err(broken(TransportErrorKind::Closed, false)),
            2 | 3 => {
                // Applied, but the response is lost.
                drop(world.judge(&attempt.bucket, body));
                Err(broken(TransportErrorKind::Closed, false))
            }
            4 => {
                let limit = attempt.limit.unwrap_or(Duration::from_secs(30));
                world.clock.advance(limit.min(Duration::from_secs(30)));
                if world.rng.chance(50) {
                    drop(world.judge(&attempt.bucket, body));
                }
                Err(broken(TransportErrorKind::Timeout, false))
            }
            5 => {
                let wait = world.rng.below(100).to_string();
                Err(write_error(
                    503,
                    &[("retry-after", &wait)],
                    json("unavailable").as_bytes(),
                ))
            }
            6 => Err(write_error(
                429,
                &[("retry-after", "7.5")],
                json("too many requests").as_bytes(),
            )),
            7 | 8 => Err(write_error(500, &[], json("internal error").as_bytes())),
            9 => Err(write_error(502, &[], b"<html>bad gateway</html>")),
            10 => Err(write_error(401, &[], json("unauthorized").as_bytes())),
            11 => Err(write_error(404, &[], json("not found").as_bytes())),
            12 => Err(write_error(
                200,
                &[("content-type", "text/html")],
                b"<html>log in</html>",
            )),
            _ => Err(write_error(302, &[("location", "http://portal/")], b"")),
        }
    }
}

/// A writer in a world of its own.
pub(super) fn world(
    seed: u64,
    change: impl FnOnce(WriterBuilder) -> WriterBuilder,
) -> (Inline<SimClock, SimServer>, SimClock, SimServer) {
    let clock = SimClock::new();
    let server = SimServer::new(&clock, seed);
    (another(seed, &clock, &server, change), clock, server)
}

/// A writer in a world of its own.
pub(super) type SimCore = Inline<SimClock, SimServer>;

/// Another writer in the same world.
pub(super) fn another(
    seed: u64,
    clock: &SimClock,
    server: &SimServer,
    change: impl FnOnce(WriterBuilder) -> WriterBuilder,
) -> Inline<SimClock, SimServer> {
    let client = Client::builder("http://localhost:8086").build().unwrap();
    let builder = change(client.writer("sensors"));
    builder
        .build_on(clock.clone(), server.clone(), seed)
        .unwrap()
}

/// Opens a spool in this directory, without syncs.
#[cfg(feature = "spool")]
pub(super) fn spool(dir: &TempDir, mode: crate::spool::Mode) -> crate::Spool {
    spool_with(dir, |b| b.mode(mode))
}

#[cfg(feature = "spool")]
pub(super) fn spool_with(
    dir: &TempDir,
    change: impl FnOnce(crate::spool::SpoolBuilder) -> crate::spool::SpoolBuilder,
) -> crate::Spool {
    let builder = crate::Spool::builder(dir.path());
    change(builder.durability(crate::spool::Durability::OsManaged))
        .open()
        .unwrap()
}

/// Takes whole lines that are encoded and have their times.
pub(super) fn take<C: Clock, T: Transport>(core: &mut Inline<C, T>, bytes: &[u8], lines: usize) {
    let pending = core.engine.pend(crate::writer::engine::MAIN, bytes, lines);
    core.engine.tick(core.clock.now());
    let accepted = core.engine.accept(pending);
    core.written(accepted).unwrap();
}

/// The account is right, by counting from the ground up.
pub(super) fn check(core: &Inline<SimClock, SimServer>) {
    check_engine(&core.engine, core.clock.now());
}

/// The same of an engine: it is balanced, and says what is in memory and on disk.
pub(super) fn check_engine(engine: &Engine, now: Duration) -> Stats {
    let stats = engine.stats(now);
    assert!(stats.is_balanced(), "{stats:?}");
    let lines: usize = engine.queues.iter().map(Queue::lines).sum();
    assert_eq!(stats.buffered, lines as u64, "{stats:?}");
    let spooled: u64 = engine.queues.iter().map(|queue| queue.spooled).sum();
    assert_eq!(stats.spooled, spooled, "{stats:?}");
    let held: Vec<(usize, usize)> = engine
        .unsent()
        .map(|(_, lines)| (lines.bytes.len(), split(lines.bytes).count()))
        .collect();
    let bytes = held.iter().map(|h| h.0).sum::<usize>();
    assert_eq!(stats.buffered_bytes as usize, bytes);
    assert_eq!(lines, held.iter().map(|h| h.1).sum::<usize>());
    assert!(bytes <= engine.settings.max_buffer_bytes + engine.settings.merge_bytes);
    #[cfg(feature = "spool")]
    if let Some(disk) = &engine.disk {
        // What is held is on disk as a whole, and counted as far as it is left.
        let held = engine.queues.iter().filter_map(|q| q.sealed.front());
        let settled: u64 = held
            .filter_map(|batch| {
                let ranges = batch.held()?.iter();
                let all: u64 = ranges.map(|range| range.points).sum();
                Some(all - batch.lines() as u64)
            })
            .sum();
        assert_eq!(
            disk.spool().stats().points,
            stats.spooled + settled,
            "{stats:?}"
        );
    }
    stats
}

/// Whether the tests take the time that they take in CI: `INFLUX_EDGE_LONG=1`.
pub(super) fn long() -> bool {
    std::env::var_os("INFLUX_EDGE_LONG").is_some()
}

/// The worst that happened to any line of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worst {
    Delivered,
    Spooled,
    Rejected,
    Dropped,
}

pub(crate) fn worst(outcome: &Outcome) -> Worst {
    if outcome.dropped.total() > 0 {
        Worst::Dropped
    } else if outcome.rejected.total() > 0 {
        Worst::Rejected
    } else if outcome.spooled > 0 {
        Worst::Spooled
    } else {
        Worst::Delivered
    }
}
