//! The writer's own line, and lines of another unit, between the program's: what was accepted is sent as it
//! was written, with the unit it was written in.

use super::sim::{SILENT, SimClock, broken};
use crate::client::Client;
use crate::error::{Error, TransportErrorKind};
use crate::testing::write_error;
use crate::writer::WriterBuilder;
use crate::writer::drive::inline::Inline;
use crate::writer::engine::{Attempt, MAIN};
use crate::writer::seams::Transport;
use crate::{OverflowPolicy, Precision};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::time::Duration;

const SEC: Duration = Duration::from_secs(1);

/// What a server does with every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Stores,
    Away,
    /// In a gateway's words.
    Refuses,
    /// The first line, by its number.
    NamesFirst,
}

#[derive(Clone, Debug)]
struct Recorder {
    mood: Rc<Cell<Mood>>,
    /// Of each line that was stored, its unit.
    stored: Rc<RefCell<Vec<(String, Precision)>>>,
    /// Of each that was sent.
    sent: Rc<RefCell<Vec<(String, Precision)>>>,
}

impl Transport for Recorder {
    fn send(&mut self, attempt: &Attempt) -> Result<(), Error> {
        let lines = attempt.lines();
        let body = core::str::from_utf8(lines.bytes).unwrap();
        let lines: Vec<_> = body
            .lines()
            .map(|line| (line.to_string(), lines.precision))
            .collect();
        self.sent.borrow_mut().extend(lines.iter().cloned());
        match self.mood.get() {
            Mood::Stores => self.stored.borrow_mut().extend(lines),
            Mood::Away => return Err(broken(TransportErrorKind::Refused, true)),
            Mood::Refuses => return Err(write_error(400, &[], SILENT.as_bytes())),
            Mood::NamesFirst => {
                self.mood.set(Mood::Stores);
                let body = serde_json::json!({
                    "error": "parsing failed for write_lp endpoint", "data": {
                        "line_number": 1, "error_message": "no", "original_line": lines[0].0
                    }
                })
                .to_string();
                let sent = attempt.lines().bytes;
                return Err(crate::testing::write_error_of(
                    sent,
                    400,
                    &[],
                    body.as_bytes(),
                ));
            }
        }
        Ok(())
    }
}

type Core = Inline<SimClock, Recorder>;

fn world(change: impl FnOnce(WriterBuilder) -> WriterBuilder) -> (Core, SimClock, Recorder) {
    let clock = SimClock::new();
    let recorder = Recorder {
        mood: Rc::new(Cell::new(Mood::Stores)),
        stored: Rc::default(),
        sent: Rc::default(),
    };
    let client = Client::builder("http://localhost:8086").build().unwrap();
    let core = change(client.writer("sensors")).build_on(clock.clone(), recorder.clone(), 7);
    (core.unwrap(), clock, recorder)
}

fn write(core: &mut Core, n: i64) -> bool {
    let line = core.write(MAIN, |enc| enc.line("m").field("n", n).timestamp(n));
    line.is_ok()
}

/// While a line waits for space the writer's own line is due.
#[test]
fn the_writers_own_line_is_not_written_over_one_that_waits_for_space() {
    let policies = [
        OverflowPolicy::Reject,
        OverflowPolicy::DropOldest,
        OverflowPolicy::Block(SEC),
    ];
    let mut own = 0;
    for policy in policies {
        for max in [1_000, 1_500, 3_000, 4_001] {
            for back in [false, true] {
                let (mut core, clock, server) = world(|b| {
                    b.batch_bytes(1_000)
                        .max_buffer_bytes(max)
                        .overflow_policy(policy)
                        .report_stats("own", SEC)
                });
                server.mood.set(Mood::Away);
                let mut accepted = Vec::new();
                for n in 0..400 {
                    clock.advance(SEC / 2);
                    if back && n == 300 {
                        server.mood.set(Mood::Stores);
                        clock.advance(SEC * 600);
                    }
                    if write(&mut core, n) {
                        accepted.push(format!("m n={n}i {n}"));
                    }
                    core.engine.check();
                }
                server.mood.set(Mood::Stores);
                clock.advance(SEC * 600);
                let _ = core.flush(SEC * 600).unwrap();
                let stats = core.stats();
                assert_eq!(stats.accepted - stats.own, accepted.len() as u64);
                let stored = server.stored.borrow();
                for (line, _) in stored.iter() {
                    let own = line.starts_with("own accepted=") && line.contains("_s=");
                    assert!(own || accepted.contains(line), "{line}");
                }
                let known = |line: &&String| stored.iter().any(|(stored, _)| stored == *line);
                let lost = accepted.iter().filter(|line| !known(line)).count() as u64;
                assert!(lost <= stats.dropped.total(), "{lost} {stats:?}");
                own += stats.own;
            }
        }
    }
    assert!(own > 10, "{own}");
}

/// A text in seconds fills batches, which are sent, and the writer's own line is due.
#[test]
fn the_writers_own_line_keeps_its_unit_among_a_text_of_another_one() {
    for unit in [
        Precision::Second,
        Precision::Millisecond,
        Precision::Nanosecond,
    ] {
        let (mut core, clock, server) = world(|b| b.batch_lines(10).report_stats("own", SEC));
        let mut text = String::new();
        (0..35).for_each(|n| text.push_str(&format!("m n={n}i {n}\n")));
        for _ in 0..5 {
            clock.advance(SEC * 2);
            assert_eq!(core.write_lines(MAIN, &text, unit).accepted, 35);
        }
        core.poll();
        let _ = core.flush(SEC).unwrap();
        let stored = server.stored.borrow();
        assert_eq!(stored.len() as u64, 35 * 5 + core.stats().own);
        assert!(core.stats().own > 0);
        for (line, is) in stored.iter() {
            let meant = match line.starts_with("own ") {
                true => Precision::Nanosecond,
                false => unit,
            };
            assert_eq!(*is, meant, "{line}");
        }
    }
}

/// What is sent to find out whether the path works was written in the unit that it is sent with.
#[cfg(feature = "spool")]
#[test]
fn no_line_is_sent_with_another_unit_than_its_own() {
    use crate::spool::Mode;
    for mode in [Mode::OnFailure, Mode::WriteAhead] {
        for unit in [
            Precision::Second,
            Precision::Microsecond,
            Precision::Nanosecond,
        ] {
            for seed in 0..10 {
                let dir = crate::testing::TempDir::new("unit");
                let spool = super::sim::spool(&dir, mode);
                let (mut core, clock, server) = world(|b| b.spool(spool).batch_lines(3));
                server.mood.set(Mood::Refuses);
                for n in 0..10 + seed {
                    assert!(write(&mut core, n));
                    let text = format!("t n={n}i 60\n");
                    assert_eq!(core.write_lines(MAIN, &text, unit).accepted, 1);
                    clock.advance(SEC * 70);
                    core.poll();
                }
                server.mood.set(Mood::Stores);
                clock.advance(SEC * 600);
                let _ = core.flush(SEC * 600).unwrap();
                for (line, is) in server.sent.borrow().iter() {
                    let meant = match line.starts_with("m ") {
                        true => Precision::Nanosecond,
                        false => unit,
                    };
                    assert_eq!(*is, meant, "{mode:?} {seed}: {line}");
                }
            }
        }
    }
}

/// A refused line tells the unit of its time, so it can be written again as it is.
#[test]
fn a_rejected_line_has_its_unit() {
    for unit in [
        Precision::Second,
        Precision::Millisecond,
        Precision::Microsecond,
        Precision::Nanosecond,
    ] {
        let (mut core, _clock, server) = world(|b| b);
        server.mood.set(Mood::NamesFirst);
        let text = "t n=1i 60\nt n=2i 61\n";
        assert_eq!(core.write_lines(MAIN, text, unit).accepted, 2);
        // (Of the writer's own unit.)
        let own = core.write_lines(MAIN, "t n=3i 62\n", Precision::Nanosecond);
        assert_eq!(own.accepted, 1);
        let outcome = core.flush(SEC).unwrap();
        assert_eq!((outcome.delivered, outcome.rejected.refused), (2, 1));
        let refused: Vec<_> = core.engine.rejected.take().collect();
        let [line] = &*refused else {
            panic!("{refused:?}");
        };
        assert_eq!((&*line.line, line.precision), ("t n=1i 60", unit));
        let again = core.write_lines(MAIN, &line.line, line.precision);
        assert_eq!(again.accepted, 1);
        assert_eq!(core.flush(SEC).unwrap().delivered, 1);
        let stored = server.stored.borrow();
        assert_eq!(stored.last(), Some(&(String::from("t n=1i 60"), unit)));
    }
}

/// A refused line is kept on disk with the unit of its time.
#[cfg(feature = "spool")]
#[test]
fn a_refused_line_is_kept_with_its_unit() {
    use crate::spool::{Entry, Inspector, Mode};
    for mode in [Mode::OnFailure, Mode::WriteAhead] {
        for unit in [
            Precision::Second,
            Precision::Microsecond,
            Precision::Nanosecond,
        ] {
            let dir = crate::testing::TempDir::new("unit");
            let spool = super::sim::spool(&dir, mode);
            let (mut core, _clock, server) = world(|b| b.spool(spool));
            server.mood.set(Mood::NamesFirst);
            let text = "t n=1i 60\nt n=2i 61\n";
            assert_eq!(core.write_lines(MAIN, text, unit).accepted, 2);
            let outcome = core.flush(SEC).unwrap();
            assert_eq!((outcome.delivered, outcome.rejected.refused), (1, 1));
            drop(core);
            let mut kept = Vec::new();
            let inspector = Inspector::new(dir.path()).unwrap();
            inspector
                .walk_rejected(&mut |entry| {
                    if let Entry::Batch { batch, .. } = entry {
                        kept.push(batch.precision);
                    }
                })
                .unwrap();
            assert_eq!(kept, [unit], "{mode:?}");
        }
    }
}
