//! Eight threads that do with their handles what they like, over a server that fails in every way; in
//! the end every line that was accepted is in one place, and no other line is anywhere.

use crate::common::mock_server::{Fault, Server};
use crate::common::random::{Draw, Rng};
use crate::common::temp_dir::TempDir;
use crate::help::{MS, SEC, client, disk, within};
use influx_edge::OverflowPolicy::{self, Block, DropOldest, Reject};
use influx_edge::client::RetryPolicy;
use influx_edge::spool::{Durability, Mode};
use influx_edge::writer::{Event, WriterHandle};
use influx_edge::{Precision, Spool, WriteError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn fault(rng: &mut Rng) -> Fault {
    match rng.below(11) {
        0 | 1 => Fault::hang_up(),
        2 | 3 => Fault::lost_response(),
        4 | 5 => Fault::status(503).header("Retry-After", "0.01"),
        6 => Fault::status(429).header("Retry-After", "0"),
        7 => Fault::error(500, "internal error", "cache-max-memory-size exceeded"),
        8 => Fault::slow(Duration::from_millis(rng.u64(..500))),
        9 => Fault::hang_up().delay(Duration::from_millis(rng.u64(..200))),
        _ => Fault::lost_response().delay(Duration::from_millis(rng.u64(..200))),
    }
}

/// What a thread got accepted: lines as they are sent, without their newline.
#[derive(Default)]
struct Said {
    accepted: BTreeSet<String>,
    refused: BTreeSet<String>,
}

fn write_one(w: &mut WriterHandle, rng: &mut Rng, thread: u64, n: u64, said: &mut Said) {
    let padding = "x".repeat(rng.below(120));
    let line = format!("t,thread={thread} n={n}i,s=\"{padding}\" {n}");
    let taken = match rng.below(3) {
        0 => {
            let mut lines = w.write_lines(&line, Precision::Nanosecond);
            lines.rejected.pop().map_or(Ok(()), |(_, error)| Err(error))
        }
        _ => w.write_with(|enc| {
            enc.line("t")
                .tag("thread", &*thread.to_string())
                .field("n", n as i64)
                .field("s", &*padding)
                .timestamp(n as i64)
        }),
    };
    match taken {
        Ok(()) => said.accepted.insert(line),
        Err(WriteError::Full | WriteError::Closed | WriteError::NotDurable(_)) => {
            said.refused.insert(line)
        }
        Err(other) => panic!("{other}"),
    };
}

fn live(
    first: WriterHandle,
    seed: u64,
    thread: u64,
    closes: bool,
    closed: &AtomicBool,
    until: Instant,
) -> Said {
    let mut rng = Rng::with_seed(seed ^ (thread + 1).wrapping_mul(0x9E37_79B9));
    let mut said = Said::default();
    let mut handles = vec![first];
    for n in 0.. {
        if Instant::now() >= until || handles.is_empty() {
            break;
        }
        let at = rng.below(handles.len());
        match rng.below(1_000) {
            0..8 => {
                let limit = Duration::from_millis(rng.u64(..300));
                let start = Instant::now();
                if let Ok(outcome) = handles[at].flush_within(limit) {
                    assert!(outcome.dropped.panicked == 0);
                }
                let took = start.elapsed();
                assert!(took < limit + SEC, "a flush of {limit:?} took {took:?}");
            }
            8..16 if handles.len() < 5 => {
                let more = handles[at].clone();
                handles.push(more);
            }
            16..24 if handles.len() > 1 => drop(handles.swap_remove(at)),
            24..30 => drop(handles[at].take_rejected()),
            30..40 => std::thread::sleep(Duration::from_millis(rng.u64(..20))),
            40 if closes && rng.one_in(20) => {
                let handle = handles.swap_remove(at);
                let limit = Duration::from_millis(rng.u64(..400));
                let start = Instant::now();
                let _ = handle.close_within(limit);
                closed.store(true, Ordering::Relaxed);
                let took = start.elapsed();
                assert!(took < limit + SEC, "a close of {limit:?} took {took:?}");
            }
            _ => {
                write_one(&mut handles[at], &mut rng, thread, n, &mut said);
                if rng.one_in(20) {
                    let stats = handles[at].stats();
                    assert!(stats.is_balanced(), "{stats:?}");
                }
                if closed.load(Ordering::Relaxed) && rng.one_in(10) {
                    break;
                }
            }
        }
    }
    said
}

/// One life of a writer.
fn life(seed: u64, policy: OverflowPolicy, mode: Option<Mode>, lasts: Duration) {
    let (server, dir) = (Server::start(), TempDir::new("stress"));
    let mut rng = Rng::with_seed(seed);
    let told = Arc::new(Mutex::new((0, 0, 0)));
    let log = Arc::clone(&told);
    let missed = Arc::new(AtomicU64::new(0));
    let miss = Arc::clone(&missed);
    let retry = RetryPolicy {
        interval: 2 * MS,
        max_interval: 40 * MS,
        ..RetryPolicy::unbounded()
    };
    let mut builder = client(&server)
        .writer("sensors")
        .retry(retry)
        .batch_lines(200)
        .flush_interval(50 * MS)
        .max_buffer_bytes(64 << 10)
        .flush_timeout(SEC)
        .on_event(move |event| {
            let mut told = log.lock().unwrap();
            match event {
                Event::Delivered { lines, .. } => told.0 += lines,
                Event::Rejected { lines, .. } => told.1 += lines,
                Event::Dropped { lines, .. } => told.2 += lines,
                Event::Missed { events } => drop(miss.fetch_add(*events, Ordering::Relaxed)),
                _ => {}
            }
        });
    if let Some(mode) = mode {
        let spool = Spool::builder(dir.path())
            .mode(mode)
            .durability(Durability::OsManaged);
        let spool = spool.open().unwrap();
        builder = builder.spool(spool);
    }
    let w = builder.build().unwrap().spawn(policy).unwrap();
    let closed = Arc::new(AtomicBool::new(false));
    let until = Instant::now() + lasts;
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let (w, closed) = (w.clone(), Arc::clone(&closed));
            std::thread::spawn(move || live(w, seed, thread, thread == 0, &closed, until))
        })
        .collect();
    while Instant::now() < until {
        server.fault(fault(&mut rng));
        std::thread::sleep(Duration::from_millis(rng.u64(..120)));
    }
    let said: Vec<Said> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    let mut last = w.clone();
    let start = Instant::now();
    let _ = w.close_within(SEC);
    assert!(start.elapsed() < 3 * SEC, "{:?}", start.elapsed());
    let stats = last.stats();
    let mut rejected: Vec<_> = last.take_rejected();
    assert!(stats.is_balanced(), "{stats:?}");
    assert_eq!(stats.buffered, 0, "{stats:?}");
    let accepted: BTreeSet<_> = said.iter().flat_map(|s| s.accepted.clone()).collect();
    let refused: BTreeSet<_> = said.iter().flat_map(|s| s.refused.clone()).collect();
    assert_eq!(stats.accepted, accepted.len() as u64, "{stats:?}");
    assert_eq!(stats.not_accepted, refused.len() as u64, "{stats:?}");
    // What is in the database, by thread and number.
    let key = |line: &str| {
        let (series, rest) = line.split_once(' ').unwrap();
        let time = rest.rsplit(' ').next().unwrap();
        format!("{series} {time}")
    };
    let stored: BTreeSet<_> = server
        .points("sensors")
        .iter()
        .map(|p| format!("t,thread={} {}", p.tags[0].1, p.time))
        .collect();
    let on_disk = disk::lines(dir.path()).into_iter();
    let on_disk: Vec<_> = match mode {
        Some(_) => on_disk.map(|l| key(&l)).collect(),
        None => Vec::new(),
    };
    let ours: BTreeSet<_> = accepted.iter().map(|l| key(l)).collect();
    let foreign: Vec<_> = refused.iter().map(|l| key(l)).collect();
    for line in &foreign {
        assert!(!stored.contains(line), "{line} was refused, and is stored");
        assert!(
            !on_disk.contains(line),
            "{line} was refused, and is on disk"
        );
    }
    let disk: BTreeSet<_> = on_disk.iter().cloned().collect();
    assert!(disk.is_subset(&ours) && stored.is_subset(&ours));
    // (Lines that are stored though no response said so are stored and on disk, or rejected.)
    assert!(
        stored.len() as u64 >= stats.delivered,
        "{} {stats:?}",
        stored.len()
    );
    let mut safe: BTreeSet<_> = stored.union(&disk).cloned().collect();
    safe.extend(rejected.drain(..).map(|r| key(&r.line)));
    let missing = ours.difference(&safe).count() as u64;
    let lost = stats.dropped.total();
    assert!(
        missing <= lost + stats.rejected.total(),
        "{missing} of {} are missing: {stats:?}",
        ours.len()
    );
    if mode.is_some() {
        assert_eq!(lost, 0, "{stats:?}");
        let mut spool = disk::open(|| Spool::builder(dir.path()));
        let report = *spool.open_report();
        assert!(report.is_clean(), "{report:?}");
        let there = spool.stats().points;
        assert!(there >= stats.spooled, "{there} on disk, {stats:?}");
        let _ = &mut spool;
    }
    // The listener was told of everything, unless it missed events.
    if missed.load(Ordering::Relaxed) == 0 {
        let (delivered, refused, _) = *told.lock().unwrap();
        assert_eq!(delivered, stats.delivered, "{stats:?}");
        assert_eq!(refused, stats.rejected.total(), "{stats:?}");
    }
    println!(
        "seed {seed}, {policy:?}, {mode:?}: {} accepted, {} refused, {} delivered, {} on disk, {} rejected, {lost} dropped, closed early: {}",
        stats.accepted,
        stats.not_accepted,
        stats.delivered,
        stats.spooled,
        stats.rejected.total(),
        closed.load(Ordering::Relaxed),
    );
}

#[test]
fn eight_threads_at_random_over_a_server_that_fails_in_every_way() {
    let seed = match std::env::var("INFLUX_EDGE_STRESS_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => fastrand::u64(..1_000_000),
    };
    println!("again with INFLUX_EDGE_STRESS_SEED={seed}");
    within(60 * SEC, move || {
        let lives = [
            (Block(50 * MS), None),
            (DropOldest, None),
            (Reject, Some(Mode::OnFailure)),
            (Block(50 * MS), Some(Mode::WriteAhead)),
        ];
        for (policy, mode) in lives {
            life(seed, policy, mode, SEC + SEC / 4);
        }
    });
}
