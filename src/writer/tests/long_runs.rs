//! Runs at full length, against a server that remembers nothing but how far it got: every position
//! of a batch, every second of a day.

use super::sim::{SILENT, SimClock, Words, Worst, long, worst};
use crate::client::Client;
use crate::error::Error;
use crate::testing::write_error_of;
use crate::writer::drive::inline::Inline;
use crate::writer::engine::Attempt;
use crate::writer::engine::MAIN;
use crate::writer::seams::Transport;
use crate::writer::{RejectReason, WriterBuilder};
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;

const SEC: Duration = Duration::from_secs(1);

pub(super) fn core<T: Transport>(
    transport: T,
    clock: &SimClock,
    change: impl FnOnce(WriterBuilder) -> WriterBuilder,
) -> Inline<SimClock, T> {
    let client = Client::builder("http://localhost:8086").build().unwrap();
    let builder = change(client.writer("sensors"));
    builder.build_on(clock.clone(), transport, 1).unwrap()
}

const LINES: usize = 5_000;

/// Lines of one length: `n` for what is good, `b` for what is bad.
fn line(n: usize, field: char) -> String {
    let number = 1_000_000 + n;
    format!("m,s=1 {field}={number}i {number}\n")
}

/// Where a line names its field.
const FIELD: usize = "m,s=1 ".len();

/// Takes the good lines in their order and nothing else, and says in its words which one is bad.
#[derive(Clone)]
struct Picky(Rc<RefCell<Order>>);

struct Order {
    words: Words,
    len: usize,
    /// What has to be stored in the end.
    good: Vec<u8>,
    stored: usize,
    requests: u64,
    proofs: u64,
}

impl Transport for Picky {
    fn send(&mut self, attempt: &Attempt) -> Result<(), Error> {
        let order = &mut *self.0.borrow_mut();
        order.requests += 1;
        let body = attempt.lines().bytes;
        let mut lines = body.chunks(order.len).enumerate();
        let Some((at, bad)) = lines.find(|(_, line)| line[FIELD] == b'b') else {
            let end = order.stored + body.len();
            // A line that was stored before, or waits, shows that the path works.
            if order.good.get(order.stored..end) != Some(body) && body.len() == order.len {
                order.proofs += 1;
                let mut lines = order.good.chunks(order.len);
                assert!(lines.any(|line| line == body), "never a line of ours");
                return Ok(());
            }
            assert_eq!(body, &order.good[order.stored..end], "not what comes next");
            order.stored = end;
            return Ok(());
        };
        let bad = core::str::from_utf8(bad).unwrap().trim_end();
        let response = match order.words {
            Words::Quoted => serde_json::json!({
                "code": "invalid", "message": format!("unable to parse '{bad}': invalid boolean")
            }),
            Words::Numbered => serde_json::json!({
                "error": "parsing failed for write_lp endpoint",
                "data": {"line_number": at + 1, "error_message": "no", "original_line": bad}
            }),
            Words::Silent => serde_json::from_str(SILENT).unwrap(),
        };
        let response = response.to_string();
        Err(write_error_of(
            attempt.lines().bytes,
            400,
            &[],
            response.as_bytes(),
        ))
    }
}

/// One bad line at every position of a batch of 5 000: it alone is rejected, and the others are
/// stored once, in their order. (Every position with `INFLUX_EDGE_LONG=1`, else some.)
fn every_position(words: Words, most: u64) {
    let all: Vec<u8> = (0..LINES).flat_map(|n| line(n, 'n').into_bytes()).collect();
    let len = line(0, 'n').len();
    let clock = SimClock::new();
    let server = Picky(Rc::new(RefCell::new(Order {
        words,
        len,
        good: Vec::new(),
        stored: 0,
        requests: 0,
        proofs: 0,
    })));
    let mut core = core(server.clone(), &clock, |b| {
        b.batch_bytes(1 << 20).batch_lines(LINES)
    });
    let step = if long() { 1 } else { 97 };
    let (mut worst, mut looked) = (0, 0);
    for bad in (0..LINES).step_by(step).chain([1, LINES - 1]) {
        let (start, end) = (bad * len, (bad + 1) * len);
        {
            let order = &mut *server.0.borrow_mut();
            order.good.clear();
            order.good.extend_from_slice(&all[..start]);
            order.good.extend_from_slice(&all[end..]);
            (order.stored, order.requests, order.proofs) = (0, 0, 0);
        }
        let mut body = all.clone();
        body[start + FIELD] = b'b';
        super::sim::take(&mut core, &body, LINES);
        let outcome = core.flush(SEC * 60).unwrap();
        assert_eq!(
            (
                super::sim::worst(&outcome),
                outcome.delivered,
                outcome.rejected.refused
            ),
            (Worst::Rejected, 4_999, 1)
        );
        let out: Vec<_> = core.engine.rejected.take().collect();
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].line, line(bad, 'b').trim_end());
        assert_eq!(out[0].reason, RejectReason::Refused);
        let order = server.0.borrow();
        assert_eq!(order.stored, order.good.len());
        assert!(order.proofs <= u64::from(words == Words::Silent));
        worst = worst.max(order.requests);
        looked += 1;
    }
    std::println!("{looked} positions, {words:?}: {worst} requests at most");
    assert!(worst <= most, "{worst} requests");
}

#[test]
fn a_bad_line_anywhere_that_is_quoted() {
    every_position(Words::Quoted, 2);
}

#[test]
fn a_bad_line_anywhere_that_is_numbered() {
    every_position(Words::Numbered, 2);
}

#[test]
fn a_bad_line_anywhere_that_is_not_named() {
    // 2 + 2 · log2(5 000) = 26.6; and where eight pieces in a row were refused, something that was
    // stored shows that the path works.
    every_position(Words::Silent, 28);
}

/// Counts the lines it is sent.
#[derive(Clone, Default)]
struct Sink(Rc<RefCell<u64>>);

impl Transport for Sink {
    fn send(&mut self, attempt: &Attempt) -> Result<(), Error> {
        let lines = attempt
            .lines()
            .bytes
            .iter()
            .filter(|b| **b == b'\n')
            .count();
        *self.0.borrow_mut() += lines as u64;
        Ok(())
    }
}

/// Kilobytes of this process that are in memory and are no file's.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("RssAnon:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A day of a gateway with ten points a second. What the heap holds is watched by a counting
/// allocator, thread by thread; what the process holds is looked at too where this test runs alone
/// (`INFLUX_EDGE_ALONE=1`).
#[test]
fn a_day_takes_as_much_memory_as_a_minute() {
    let clock = SimClock::new();
    let server = Sink::default();
    let mut core = core(server.clone(), &clock, |b| b);
    let mut number = 0i64;
    let mut minutes = |core: &mut Inline<SimClock, Sink>, minutes: u32| {
        for _ in 0..minutes * 60 {
            for sensor in 0..10 {
                number += 1;
                core.write(MAIN, |enc| {
                    let line = enc.line("weather").tag("sensor", sensor);
                    line.field("n", number).field("temp_c", 21.5).finish()
                })
                .unwrap();
            }
            core.poll();
            clock.advance(SEC);
        }
    };
    minutes(&mut core, 1);
    let before = resident();
    let used = allocation_counter::measure(|| minutes(&mut core, 24 * 60 - 1));
    let after = resident();
    assert!(used.bytes_current <= 0, "{} bytes more", used.bytes_current);
    assert!(used.bytes_max < 16 << 10, "{} bytes", used.bytes_max);
    if let (Some(before), Some(after)) = (before, after) {
        std::println!("a day: {before} KiB after a minute, {after} KiB at its end");
        let alone = std::env::var_os("INFLUX_EDGE_ALONE").is_some();
        assert!(!alone || after <= before + 64, "{before} -> {after} KiB");
    }
    assert_eq!(worst(&core.flush(SEC).unwrap()), Worst::Delivered);
    let stats = core.stats();
    assert_eq!((stats.delivered, *server.0.borrow()), (864_000, 864_000));
    assert!(stats.requests <= 24 * 3_600);
}
