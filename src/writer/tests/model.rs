//! Ten thousand random lives of a writer, each against a server that fails in every known way.
//! After each step the counts are balanced; in the end the outcome of every line is the true one.

use super::refusals::REFUSALS;
#[cfg(feature = "spool")]
use super::sim::another;
use super::sim::{Draw, SimClock, SimServer, Words, check, long, world};
use crate::OverflowPolicy;
use crate::error::WriteError;
use crate::writer::WriterBuilder;
use crate::writer::drive::inline::Inline;
use crate::writer::engine::MAIN;
use crate::writer::seams::Clock as _;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use fastrand::Rng;

/// What the program wrote.
#[derive(Debug, Default)]
struct Written {
    /// Accepted good lines: number, and its key (bucket, series, time).
    good: BTreeMap<u64, String>,
    /// Accepted lines that the server won't take.
    doomed: BTreeMap<u64, &'static str>,
    number: u64,
}

fn write(
    core: &mut Inline<SimClock, SimServer>,
    written: &mut Written,
    rng: &mut Rng,
    (doom, long): (u64, bool),
) -> Result<(), WriteError> {
    let queue = if rng.chance(20) {
        core.engine.queue("other")
    } else {
        MAIN
    };
    let bucket = core.engine.queues[queue].bucket.clone();
    let lines = match long {
        true => 1,
        false => 1 + rng.below(3) * rng.below(2),
    };
    let text = match long {
        true => "x".repeat(400),
        false => String::from("a b,c=d\n\"e"),
    };
    let mut items = Vec::new();
    for _ in 0..lines {
        written.number += 1;
        let field = match rng.chance(doom) {
            true => ["bad", "conflict", "poison"][rng.below(3) as usize],
            false => "n",
        };
        let series = format!("m,s={}", rng.below(4));
        // Few times, so that points overwrite each other.
        items.push((written.number, field, series, rng.below(50) as i64));
    }
    core.write(queue, |enc| {
        for (number, field, series, time) in &items {
            let tag = series.rsplit('=').next().unwrap();
            enc.line("m")
                .tag("s", tag)
                .field(field, *number as i64)
                .field("text", text.as_str())
                .timestamp(*time)?;
        }
        Ok(())
    })?;
    for (number, field, series, time) in items {
        if field == "n" {
            written
                .good
                .insert(number, format!("{bucket} {series} {time}"));
        } else {
            written.doomed.insert(number, field);
        }
    }
    Ok(())
}

fn script(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let doom = [0, 0, 2, 10][rng.below(4) as usize];
    let drop_oldest = rng.chance(30);
    let batch_lines = 1 + rng.below(20) as usize;
    let max_buffer = [1_500, 4_000, 1 << 20][rng.below(3) as usize];
    let send_in_write = rng.chance(70);
    let settings = |builder: WriterBuilder| {
        builder
            .batch_lines(batch_lines)
            .batch_bytes(700)
            .max_buffer_bytes(max_buffer)
            .max_rejected_bytes(1 << 20)
            .send_in_write(send_in_write)
            .overflow_policy(if drop_oldest {
                OverflowPolicy::DropOldest
            } else {
                OverflowPolicy::Reject
            })
    };
    #[cfg(feature = "spool")]
    let dir = crate::testing::TempDir::new("writer");
    #[cfg(feature = "spool")]
    let mode = match rng.below(4) {
        0 => Some(crate::spool::Mode::OnFailure),
        1 => Some(crate::spool::Mode::WriteAhead),
        _ => None,
    };
    // Now and then a small disk, and long lines that fill it.
    #[cfg(feature = "spool")]
    let small = mode.is_some() && rng.chance(20);
    #[cfg(not(feature = "spool"))]
    let small = false;
    #[cfg(feature = "spool")]
    let full = match rng.below(3) {
        0 => OverflowPolicy::DropOldest,
        1 => OverflowPolicy::Reject,
        _ => OverflowPolicy::Block(Duration::from_secs(rng.below(20))),
    };
    #[cfg(feature = "spool")]
    let rate = [1 << 20, 5_000, 500][rng.below(3) as usize];
    #[cfg(feature = "spool")]
    let settings = |builder| {
        let Some(mode) = mode else {
            return settings(builder);
        };
        let spool = super::sim::spool_with(&dir, |b| {
            let b = b.mode(mode).overflow_policy(full);
            if small { b.max_bytes(64 << 10) } else { b }
        });
        settings(builder).spool(spool).drain_bytes_per_second(rate)
    };
    let (mut core, clock, server) = world(seed, settings);
    let merge = |core: &mut Inline<SimClock, SimServer>| {
        if seed % 2 == 0 {
            core.engine.settings.merge_bytes = 3_500;
        }
    };
    merge(&mut core);
    #[cfg_attr(
        not(feature = "spool"),
        expect(unused_mut, reason = "one life without a disk")
    )]
    let mut lives = 1;
    {
        let mut world = server.0.borrow_mut();
        world.words = [Words::Quoted, Words::Numbered, Words::Silent][rng.below(3) as usize];
        world.trouble = [0, 10, 30, 70][rng.below(4) as usize];
        if rng.chance(20) {
            world.was_small = true;
            world.max_body_bytes = 200 + rng.below(300) as usize;
        }
    }
    let mut written = Written::default();
    let steps = if small { 400 } else { 60 };
    for _ in 0..rng.below(steps) {
        match rng.below(13) {
            // Another life, with what is on disk. (Not with a full one: that loses what is in memory.)
            #[cfg(feature = "spool")]
            12 if mode.is_some() && !small => {
                let limit = Duration::from_secs(rng.below(3));
                if let Err(error) = core.close(limit) {
                    panic!("the disk takes everything: {error}");
                }
                check(&core);
                let spooled = core.stats().spooled;
                drop(core);
                core = another(seed + lives, &clock, &server, settings);
                merge(&mut core);
                lives += 1;
                assert!(core.stats().recovered >= spooled);
            }
            0..=6 => {
                for _ in 0..=rng.below(8) {
                    let refused = write(&mut core, &mut written, &mut rng, (doom, small));
                    if let Err(refused) = refused {
                        // (What has to be on disk first can't be taken if that is full.)
                        assert_eq!(refused, WriteError::Full);
                        assert!(!drop_oldest || core.engine.is_ahead());
                    }
                }
            }
            7 | 8 => {
                core.poll();
            }
            9 => clock.advance(Duration::from_millis(rng.below(5_000))),
            10 => {
                clock.step_wall(rng.u64(..) as i64 / 100);
                let mut world = server.0.borrow_mut();
                world.down = rng.chance(30);
                world.refuses = rng.chance(20).then(|| REFUSALS[rng.below(7) as usize]);
            }
            _ => {
                let limit = Duration::from_secs(rng.below(20));
                let before = core.clock.now();
                match core.flush(limit) {
                    Ok(_) => assert_eq!(core.stats().buffered, 0),
                    Err(error) => {
                        assert!(core.stats().buffered > 0);
                        assert!(!alloc::string::ToString::to_string(&error).is_empty());
                    }
                }
                // One attempt's length over the limit at most, and that attempt was limited, too.
                let spent = core.clock.now() - before;
                assert!(
                    spent <= limit + Duration::from_millis(100),
                    "{spent:?} > {limit:?}"
                );
            }
        }
        check(&core);
    }
    // The server is well again: everything finds its place.
    {
        let mut world = server.0.borrow_mut();
        world.down = false;
        world.trouble = 0;
        world.refuses = None;
        world.max_body_bytes = usize::MAX;
    }
    settle(&mut core, &mut written, &clock);
    check(&core);
    judge(&core, &server, &written, lives);
}

/// Polls until nothing is left.
fn settle(core: &mut Inline<SimClock, SimServer>, written: &mut Written, clock: &SimClock) {
    for turn in 0..1_000u64 {
        let wait = core.poll();
        check(core);
        if core.stats().buffered + core.stats().spooled == 0 {
            return;
        }
        clock.advance(wait);
        if turn % 50 != 49 {
            continue;
        }
        // A line that makes the server fail shows by the side of one that doesn't.
        for queue in 0..core.engine.queues.len() {
            let bucket = core.engine.queues[queue].bucket.clone();
            written.number += 1;
            let number = written.number;
            let taken = core.write(queue, |enc| {
                let line = enc.line("m").tag("s", 9).field("n", number as i64);
                line.timestamp(1)
            });
            if taken.is_ok() {
                written.good.insert(number, format!("{bucket} m,s=9 1"));
            }
        }
    }
    panic!("still there after 1 000 polls: {:?}", core.stats());
}

fn judge(core: &Inline<SimClock, SimServer>, server: &SimServer, written: &Written, lives: u64) {
    let world = server.0.borrow();
    let stats = core.stats();
    // Nothing is stored that wasn't written, and nothing that the server refused.
    for number in world.seen.keys() {
        assert!(
            written.good.contains_key(number),
            "{number} was never accepted"
        );
    }
    if lives == 1 {
        assert_eq!(
            stats.accepted,
            (written.good.len() + written.doomed.len()) as u64
        );
    }
    assert_eq!(world.out_of_order, 0);
    if lives > 1 {
        // The account of the earlier lives is gone; what was taken for too large in them, too.
        let few = written.good.keys().filter(|n| !world.seen.contains_key(n));
        assert!(world.was_small || few.count() == 0);
        return;
    }
    let missing: Vec<u64> = written
        .good
        .keys()
        .filter(|number| !world.seen.contains_key(number))
        .copied()
        .collect();
    // What wasn't stored was dropped, and reported; or refused for its size.
    let lost = stats.dropped.total() + stats.rejected.too_large;
    assert!(missing.len() as u64 <= lost, "{missing:?} {stats:?}");
    if lost == 0 {
        assert_eq!(stats.delivered, written.good.len() as u64, "{stats:?}");
        assert_eq!(stats.rejected.total(), written.doomed.len() as u64);
        // Of points with one key, the last written is the one that stays.
        let mut last = BTreeMap::new();
        for (number, key) in &written.good {
            last.insert(key.clone(), *number);
        }
        assert_eq!(world.stored, last);
        // And exactly the doomed ones are the rejected ones, each for its own reason.
        let count = |wanted| {
            written
                .doomed
                .values()
                .filter(|kind| **kind == wanted)
                .count() as u64
        };
        assert_eq!(stats.rejected.refused, count("bad"), "{stats:?}");
        assert_eq!(stats.rejected.partial, count("conflict"), "{stats:?}");
        assert_eq!(stats.rejected.poison, count("poison"), "{stats:?}");
        for rejected in core
            .engine
            .rejected
            .list
            .iter()
            .filter(|r| !r.line.is_empty())
        {
            let number = rejected.line.split_once('=').unwrap().1;
            let number = number.split_once('=').unwrap().1;
            let number = number.split(['i', ',']).next().unwrap();
            assert!(
                written.doomed.contains_key(&number.parse().unwrap()),
                "{rejected:?}"
            );
        }
    }
}

/// Ten thousand with `INFLUX_EDGE_LONG=1`, else a few; `INFLUX_EDGE_MODEL_SCRIPTS` for another
/// number, `INFLUX_EDGE_MODEL_SEED` for one of them.
#[test]
fn random_lives() {
    let number = |name| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    if let Some(seed) = number("INFLUX_EDGE_MODEL_SEED") {
        return script(seed);
    }
    let scripts = number("INFLUX_EDGE_MODEL_SCRIPTS").unwrap_or(if long() { 10_000 } else { 300 });
    let base = crate::writer::tests::model::seed();
    std::println!("model: {scripts} scripts from seed {base}");
    for seed in (base..).take(usize::try_from(scripts).unwrap()) {
        let run = std::panic::catch_unwind(|| script(seed));
        if let Err(panic) = run {
            std::eprintln!("again with INFLUX_EDGE_MODEL_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

/// A life that found a fault once: three lines that a gateway refused, two of which were stored, and the third
/// was rejected.
#[test]
fn a_life_that_found_something() {
    script(91_670);
}

/// Where the seeds begin: the same place each time, so that a failure comes back;
/// `INFLUX_EDGE_SEED` begins elsewhere.
pub(super) fn seed() -> u64 {
    let set = std::env::var("INFLUX_EDGE_SEED").ok();
    set.and_then(|seed| seed.parse().ok()).unwrap_or(1)
}
