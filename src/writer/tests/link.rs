//! A loop with a tick, a slow link, and requests that the tick cuts off.

use super::sim::{SimCore, check, world};
use crate::writer::engine::MAIN;
use crate::writer::seams::Clock as _;
use core::time::Duration;

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
