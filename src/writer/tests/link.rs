//! A loop with a tick, a slow link, and requests that the tick cuts off.

use super::sim::{SimCore, check, world};
use crate::writer::engine::MAIN;
use crate::writer::seams::Clock as _;
use core::time::Duration;
#[cfg(feature = "spool")]
use std::vec::Vec;

const SEC: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

fn write(core: &mut SimCore, n: i64) {
    core.write(MAIN, |enc| {
        let line = enc.line("m").tag("s", 1).field("n", n);
        line.timestamp(n)
    })
    .unwrap();
}

/// A backlog of 100 000 points drains between ticks, and no tick is late.
#[test]
fn a_backlog_drains_between_the_ticks() {
    for (latency, rate) in [(300 * MS, 32_000), (MS * 50, 8_000), (MS * 10, 1 << 20)] {
        let (mut core, clock, server) = world(1, |b| b.send_in_write(false));
        for n in 0..100_000 {
            write(&mut core, n);
        }
        server.0.borrow_mut().link = Some((latency, rate));
        let (mut n, mut ticks) = (100_000, 0);
        let mut tick = core.clock.now();
        while core.stats().buffered > 1 {
            tick += SEC;
            core.run_until(tick);
            let late = clock
                .now()
                .checked_sub(tick)
                .expect("it waits for the tick");
            assert!(late <= 50 * MS, "{late:?}");
            check(&core);
            write(&mut core, n);
            (n, ticks) = (n + 1, ticks + 1);
            assert!(ticks < 1_000, "{:?}", core.stats());
        }
        let stats = core.stats();
        assert_eq!((stats.failures, stats.dropped.total()), (0, 0), "{stats:?}");
        // Half of what the link can carry, at least.
        let bytes = 25 * n as u64;
        let least = bytes / rate;
        assert!(
            ticks <= 20 + 2 * least + least / 2,
            "{ticks} ticks for {least} s"
        );
        std::println!("{latency:?}, {rate} B/s: {ticks} ticks, {least} s of bytes");
    }
}

/// A tick shorter than a request: still something is tried in each, down to a line, and nothing counts
/// as a failure.
#[test]
fn a_tick_shorter_than_any_request_is_no_failure() {
    let (mut core, _, server) = world(1, |b| b.send_in_write(false));
    (0..1_000).for_each(|n| write(&mut core, n));
    server.0.borrow_mut().link = Some((300 * MS, 1 << 20));
    for _ in 0..40 {
        let tick = core.clock.now() + 200 * MS;
        core.run_until(tick);
        assert_eq!(core.clock.now(), tick);
    }
    let stats = core.stats();
    assert_eq!((stats.delivered, stats.failures), (0, 0));
    assert!((30..=45).contains(&stats.requests), "{stats:?}");
    // Each was half of the one before.
    assert!(stats.bytes_sent < 60_000, "{stats:?}");
    // As soon as there is time, it goes on.
    let tick = core.clock.now() + SEC * 60;
    core.run_until(tick);
    assert_eq!(core.stats().delivered, 1_000);
    check(&core);
}

/// In an outage the loop is back at each tick, and the pauses between attempts grow as ever.
#[test]
fn a_tick_is_kept_in_an_outage() {
    let (mut core, _, server) = world(1, |b| b.send_in_write(false));
    server.0.borrow_mut().down = true;
    for n in 0..600 {
        write(&mut core, n);
        let tick = core.clock.now() + SEC;
        core.run_until(tick);
        assert!(core.clock.now() - tick <= 50 * MS);
    }
    let stats = core.stats();
    assert!((5..40).contains(&stats.failures), "{stats:?}");
    assert_eq!(stats.buffered, 600);
    server.0.borrow_mut().down = false;
    core.run_until(core.clock.now() + SEC * 600);
    assert_eq!(core.stats().delivered, 600);
}

/// What a flush cuts off is no failure either; the error says what it was.
#[test]
fn a_flush_that_cuts_a_request_off_says_so() {
    let (mut core, _, server) = world(1, |b| b.send_in_write(false));
    server.0.borrow_mut().link = Some((SEC * 5, 1 << 20));
    (0..100).for_each(|n| write(&mut core, n));
    let error = core.flush(SEC).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!((core.stats().failures, core.stats().buffered), (0, 100));
    assert!(core.flush(SEC * 60).is_ok());
}

/// Some 100 bytes a line, `lines` of them on disk, from an outage; then the link is there, and the client
/// gives a request up after 20 s. How long it takes, and which bodies are sent.
#[cfg(feature = "spool")]
fn backlog(
    url: &str,
    lines: i64,
    (latency, rate): (Duration, u64),
    change: impl FnOnce(crate::writer::WriterBuilder) -> crate::writer::WriterBuilder,
    most: usize,
) -> (Duration, Vec<(usize, bool)>) {
    use super::sim::{SimClock, SimServer, spool};
    let dir = crate::testing::TempDir::new("link");
    let clock = SimClock::new();
    let server = SimServer::new(&clock, 7);
    let client = crate::Client::builder(url).build().unwrap();
    let builder = client.writer("sensors").send_in_write(false);
    let builder = change(builder).spool(spool(&dir, crate::spool::Mode::OnFailure));
    let mut core = builder.build_on(clock.clone(), server.clone(), 7).unwrap();
    server.0.borrow_mut().down = true;
    for n in 0..lines {
        core.write(MAIN, |enc| {
            let line = enc
                .line("weather")
                .tag("station", 1)
                .tag("pad", "x".repeat(60));
            line.field("n", n).timestamp(n)
        })
        .unwrap();
    }
    let _ = core.flush(SEC);
    assert_eq!(core.stats().spooled, lines as u64);
    {
        let world = &mut *server.0.borrow_mut();
        (world.down, world.link) = (false, Some((latency, rate)));
        (world.patience, world.max_body_bytes) = (Some(SEC * 20), most);
        world.sent.clear();
    }
    clock.advance(SEC * 600);
    let start = clock.now();
    while core.stats().spooled > 0 {
        let wait = core.poll();
        check(&core);
        if core.stats().spooled > 0 {
            clock.advance(wait);
        }
        assert!(clock.now() - start < SEC * 3600 * 12, "{:?}", core.stats());
    }
    let stats = core.stats();
    assert_eq!(stats.delivered, lines as u64, "{stats:?}");
    // What the backlog took is given back.
    let kept: usize = core.engine.queues.iter().map(|q| q.storage_bytes()).sum();
    assert!(kept <= 600 * 1024, "{kept}");
    let sent = server.0.borrow().sent.clone();
    (clock.now() - start, sent)
}

/// A backlog in requests as large as the client's limit allows, if they are compressed.
#[cfg(feature = "spool")]
#[test]
fn a_backlogs_requests_are_as_large_as_the_link_has_time_for() {
    const KIB: usize = 1024;
    const ANY: usize = usize::MAX;
    let far = "http://db.example:8086";
    // The URL, bytes of lines in a second, what the server takes; the largest body, and how much of
    // what the link can carry is delivered in percent, at least.
    let table = [
        (far, 200_000, ANY, 900..=1024, 90),
        (far, 1 << 20, ANY, 900..=1024, 60),
        // No more than half of the time limit has time for.
        (far, 60_000, ANY, 256..=700, 90),
        (far, 30_000, ANY, 200..=330, 90),
        // A gateway that takes no more than before.
        (far, 200_000, 300 * KIB, 700..=1024, 60),
        // Nothing is compressed.
        ("http://localhost:8086", 200_000, ANY, 200..=256, 75),
    ];
    if cfg!(not(feature = "gzip")) {
        return;
    }
    for (url, rate, most, largest, percent) in table {
        let lines = 40_000;
        let (took, sent) = backlog(url, lines, (300 * MS, rate), |b| b, most);
        let what = (url, rate, most);
        let max = sent.iter().map(|(size, _)| *size).max().unwrap() / KIB;
        assert!(largest.contains(&max), "{what:?}: {max} KiB, {sent:?}");
        let stored: usize = sent.iter().map(|(size, _)| *size).sum();
        assert!(sent.iter().all(|(_, came)| *came), "{what:?}: {sent:?}");
        let ideal = stored as f64 / rate as f64;
        let reached = 100.0 * ideal / took.as_secs_f64();
        std::println!(
            "{what:?}: {took:?}, {reached:.0} %, {} requests",
            sent.len()
        );
        assert!(
            reached >= f64::from(percent),
            "{what:?}: {reached} %, {sent:?}"
        );
        if most < ANY {
            let refused = sent.iter().filter(|(size, _)| *size > most).count();
            assert!(refused <= 3, "{what:?}: {sent:?}");
        }
    }
    // A size that was set is the largest there is.
    let set = |b: crate::writer::WriterBuilder| b.batch_bytes(64 * KIB);
    let (_, sent) = backlog(far, 10_000, (300 * MS, 200_000), set, ANY);
    assert!(sent.iter().all(|(size, _)| *size <= 64 * KIB), "{sent:?}");
    // So is half of a small memory.
    let small = |b: crate::writer::WriterBuilder| b.max_buffer_bytes(600 * KIB);
    let (_, sent) = backlog(far, 20_000, (300 * MS, 200_000), small, ANY);
    assert!(sent.iter().all(|(size, _)| *size <= 300 * KIB), "{sent:?}");
}

/// Over a link that has no time for a batch, bodies are made smaller: no body twice, and a good part of
/// the time is spent on what comes through.
#[cfg(feature = "spool")]
#[test]
fn over_the_thinnest_link_there_is_progress() {
    // Bytes of lines in a second: 9.6 kbit/s and what is compressed to a sixth, the same uncompressed,
    // half of it, and one that hardly carries anything.
    for (rate, percent) in [(7_900, 40), (1_200, 40), (1_000, 40), (850, 30)] {
        let lines = 6_000;
        let latency = 300 * MS;
        let (took, sent) = backlog(
            "http://db.example",
            lines,
            (latency, rate),
            |b| b,
            usize::MAX,
        );
        let failed: Vec<usize> = sent.iter().filter(|s| !s.1).map(|s| s.0).collect();
        let stored: usize = sent.iter().filter(|s| s.1).map(|s| s.0).sum();
        let reached = 100.0 * stored as f64 / rate as f64 / took.as_secs_f64();
        std::println!("{rate} B/s: {took:?}, {reached:.0} %, {sent:?}");
        let halves = failed.iter().zip(failed.iter().skip(1));
        assert!(failed.len() <= 8, "{rate}: {sent:?}");
        assert!(halves.clone().all(|(a, b)| a != b), "{rate}: {sent:?}");
        assert!(
            reached >= f64::from(percent),
            "{rate}: {reached} %, {sent:?}"
        );
    }
}
