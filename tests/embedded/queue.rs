//! The queue against a model that keeps whole lines in a list; and tables for what a refusal does.
//!
//! `INFLUX_EDGE_CASES` sets the number of scripts (a tenth of it), `INFLUX_EDGE_SEED` the seed.

use crate::common::random::{Draw, Rng};
use crate::connection::lines;
use influx_edge::Precision;
use influx_edge::embedded::{Error, Queue, QueueError, QueueStats, ResponseError};
use influx_edge::http::{Remedy, Stored, WriteResponse, WriteStatus};
use influx_edge::line::Lines;
use std::collections::VecDeque;

type Failure = Error<()>;

pub(crate) fn number(name: &str, default: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// The error of a response.
fn refused(status: u16, body: &str, line: Option<u32>) -> Failure {
    let response = WriteResponse {
        status,
        body: body.as_bytes(),
        ..WriteResponse::default()
    };
    let mut error = ResponseError::new(status, &WriteStatus::classify(&response));
    error.line = line;
    Error::Response(error)
}

fn bad_line(number: Option<u32>) -> Failure {
    refused(
        400,
        r#"{"code":"invalid","message":"unable to parse 'x': y"}"#,
        number,
    )
}

fn partial(dropped: Option<u32>) -> Failure {
    let count = dropped.map_or(String::new(), |n| format!(" dropped={n}"));
    refused(
        422,
        &format!(r#"{{"code":"x","message":"partial write: type conflict{count}"}}"#),
        None,
    )
}

/// Whether it is known how many lines are stored.
fn counted(error: &Failure) -> bool {
    matches!(error, Error::Response(e) if e.dropped.is_some() || e.stored == Stored::None)
}

fn all_dropped() -> Failure {
    let Error::Response(mut error) = partial(Some(1)) else {
        unreachable!()
    };
    error.stored = Stored::None;
    Error::Response(error)
}

const TOO_LARGE: &str = "<html>413";

/// Each invariant, after each step.
fn check(queue: &Queue<'_>, model: &VecDeque<Vec<u8>>) -> QueueStats {
    let stats = queue.stats();
    let sum = stats.delivered + stats.rejected + stats.dropped + stats.buffered;
    assert_eq!(stats.accepted, sum, "{stats:?}");
    assert_eq!(stats.buffered, model.len() as u64, "{stats:?}");
    assert_eq!(queue.is_empty(), model.is_empty());
    stats
}

struct Script<'b> {
    queue: Queue<'b>,
    size: usize,
    rejects_new: bool,
    /// The lines that wait, the oldest first.
    model: VecDeque<Vec<u8>>,
    /// After a refusal that names no line.
    most: u64,
    next: u64,
}

impl Script<'_> {
    fn line(&mut self, random: &mut Rng, longest: usize) -> Vec<u8> {
        self.next += 1;
        // Each line once, so that one that is twice in the buffer shows.
        let mut line = match random.below(8) {
            0 => format!(
                "m f=\"{}\n{}\"",
                self.next,
                "\n\\\"".repeat(random.below(3))
            ),
            1 => format!("# {}", self.next),
            _ => format!("m f={}", self.next),
        };
        let len = line.len() + 1;
        if longest > len {
            line.push_str(&" ".repeat(random.below(longest - len)));
        }
        line.push('\n');
        line.into_bytes()
    }

    fn push(&mut self, random: &mut Rng) {
        let longest = match random.below(30) {
            0 => self.size * 2,
            1 => self.size,
            _ => self.size / 4 + 2,
        };
        let new: Vec<_> = (0..random.below(4))
            .map(|_| self.line(random, longest))
            .collect();
        let mut bytes = new.concat();
        let precision = if random.one_in(30) {
            Precision::Nanosecond
        } else {
            Precision::Second
        };
        let incomplete = random.one_in(30);
        if incomplete {
            let odd: [&[u8]; 5] = [
                b"m f=1",
                b"m f=\"\n",
                b"m\\\n",
                b"x",
                b"m f=\"a\" \"\nm f=\"\n",
            ];
            bytes.extend_from_slice(odd[random.below(odd.len())]);
        }
        let before = self.queue.stats();
        let result = self.queue.push(Lines {
            bytes: &bytes,
            precision,
        });
        let stats = self.queue.stats();
        if let Err(error) = result {
            match error {
                QueueError::Precision => assert_eq!(precision, Precision::Nanosecond),
                QueueError::Incomplete => assert!(incomplete),
                QueueError::TooLong => assert!(new.iter().any(|line| line.len() > self.size)),
                QueueError::Full => {
                    assert!(self.rejects_new && !self.model.is_empty() || bytes.len() > self.size);
                }
                other => panic!("{other}"),
            }
            assert_eq!(stats, before, "nothing was taken, and nothing dropped");
            return;
        }
        assert!(!incomplete && precision == Precision::Second);
        assert_eq!(stats.accepted, before.accepted + new.len() as u64);
        self.model.extend(new);
        let dropped = stats.dropped - before.dropped;
        assert!(dropped == 0 || !self.rejects_new);
        for _ in 0..dropped {
            self.model.pop_front().unwrap();
        }
        let len: usize = self.model.iter().map(Vec::len).sum();
        assert!(len <= self.size);
    }

    fn deliver(&mut self, random: &mut Rng) {
        let most = *random.pick(&[1, self.size / 8 + 1, self.size, usize::MAX]);
        let draw = random.below(12);
        let mut batch = Vec::new();
        let mut outcome = Ok(());
        let lines = |batch: &[u8]| lines_in(batch);
        let result = self.queue.deliver(most, |given| {
            assert_eq!(given.precision, Precision::Second);
            batch = given.bytes.to_vec();
            let count = lines(&batch) as u64;
            outcome = match draw {
                0 => Err(Error::NotOpen),
                1 => Err(Error::Transport {
                    error: (),
                    sent: random.chance(50),
                }),
                2 => Err(refused(503, "", None)),
                3 => Err(refused(401, "", None)),
                4 => Err(refused(413, TOO_LARGE, None)),
                5 => Err(bad_line(None)),
                6 | 7 => Err(bad_line(Some(random.below(count as usize + 3) as u32))),
                8 => Err(partial(*random.pick(&[
                    None,
                    Some(1),
                    Some(2),
                    Some(1_000),
                ]))),
                9 => Err(all_dropped()),
                _ => Ok(()),
            };
            outcome
        });
        if self.model.is_empty() {
            assert_eq!((result, batch.len()), (Ok(0), 0));
            return;
        }
        // Whole lines from the front, in order, and as many as may be.
        let count = lines_in(&batch);
        let front: Vec<u8> = self.model.iter().take(count).flatten().copied().collect();
        assert!(count > 0 && batch == front);
        assert!(count == 1 || (batch.len() <= most && count as u64 <= self.most));
        match outcome {
            Ok(()) => {
                assert_eq!(result, Ok(count as u64));
                self.model.drain(..count);
                self.most = self.most.saturating_mul(2);
            }
            Err(error) => {
                assert_eq!(result, Err(error), "the error itself");
                match (error.remedy(), error.response().and_then(|r| r.line)) {
                    (Remedy::None, _) if counted(&error) => drop(self.model.drain(..count)),
                    (Remedy::RemoveBadLines, Some(n)) if n > 0 && n as usize <= count => {
                        self.model.remove(n as usize - 1);
                    }
                    (Remedy::RemoveBadLines | Remedy::Split | Remedy::None, _) => match count {
                        1 => drop(self.model.pop_front()),
                        _ => self.most = count as u64 / 2,
                    },
                    _ => {}
                }
            }
        }
    }
}

/// Lines in this batch: those of the tests have a newline in a string, or none.
fn lines_in(batch: &[u8]) -> usize {
    let text = std::str::from_utf8(batch).unwrap();
    let (mut count, mut in_text, mut escaped, mut comment, mut start) =
        (0, false, false, false, true);
    for c in text.chars() {
        if start {
            (comment, start) = (c == '#', false);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if !comment => in_text = !in_text,
            '\n' if !in_text => (count, start) = (count + 1, true),
            _ => {}
        }
    }
    assert!(start && !in_text);
    count
}

#[test]
fn the_queue_is_a_list_of_lines() {
    let seed = number("INFLUX_EDGE_SEED", 20_260_101);
    println!("INFLUX_EDGE_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let mut total = QueueStats::default();
    let scripts = number("INFLUX_EDGE_CASES", 10_000) / 10;
    for script in 0..scripts {
        let size = match script % 4 {
            0 => (script / 4 % 64) as usize,
            1 => 8 + random.below(100),
            _ => 64 + random.below(1_000),
        };
        let mut ring = vec![b'#'; size];
        let rejects_new = random.chance(30);
        let queue = Queue::new(&mut ring, Precision::Second);
        let queue = if rejects_new {
            queue.reject_new()
        } else {
            queue
        };
        let mut script = Script {
            queue,
            size,
            rejects_new,
            model: VecDeque::new(),
            most: u64::MAX,
            next: 0,
        };
        for _ in 0..200 {
            match random.below(2) {
                0 => script.push(&mut random),
                _ => script.deliver(&mut random),
            }
            check(&script.queue, &script.model);
        }
        // What is left comes out, each line once, in order.
        let mut rest = Vec::new();
        while script.queue.deliver(usize::MAX, |lines| {
            rest.extend_from_slice(lines.bytes);
            Ok::<_, Failure>(())
        }) != Ok(0)
        {}
        assert_eq!(rest, script.model.make_contiguous().concat());
        let stats = check(&script.queue, &VecDeque::new());
        total.delivered += stats.delivered;
        total.rejected += stats.rejected;
        total.dropped += stats.dropped;
        total.accepted += stats.accepted;
    }
    println!("{total}");
    assert!(total.delivered > scripts && total.rejected > scripts && total.dropped > scripts);
}

/// A ring of any size takes a line as long as itself; the newest lines stay.
#[test]
fn a_full_ring_drops_the_oldest() {
    for size in 1..100 {
        let mut ring = vec![0; size];
        let mut queue = Queue::new(&mut ring, Precision::Second);
        let whole = ["x".repeat(size - 1), "\n".into()].concat();
        for n in 1..5 {
            queue.push(lines(whole.as_bytes())).unwrap();
            let stats = queue.stats();
            assert_eq!(
                (stats.accepted, stats.dropped, stats.buffered),
                (n, n - 1, 1)
            );
        }
        assert_eq!(
            queue.push(lines(format!("x{whole}").as_bytes())),
            Err(QueueError::TooLong)
        );
        // Lines of two bytes: all but one of those that fit, at least.
        for _ in 0..200 {
            if size > 1 {
                queue.push(lines(b"y\n")).unwrap();
            }
        }
        let buffered = queue.stats().buffered as usize;
        assert!(size == 1 || buffered == size / 2, "{size}: {buffered}");
    }
    let mut queue = Queue::new(&mut [], Precision::Second);
    assert_eq!(queue.push(lines(b"\n")), Err(QueueError::TooLong));
    assert_eq!(queue.push(lines(b"")), Ok(()));
    assert_eq!(queue.deliver(9, |_| Ok::<_, Failure>(())), Ok(0));
}

#[test]
fn what_is_not_whole_is_not_taken() {
    let mut ring = [0; 32];
    let mut queue = Queue::new(&mut ring, Precision::Second);
    queue.push(lines(b"first f=1\n")).unwrap();
    for (bytes, expected) in [
        (&b"m f=1"[..], QueueError::Incomplete),
        (b"m f=1\nm f=2", QueueError::Incomplete),
        // The newline belongs to the string, or to the name.
        (b"m f=\"a\n", QueueError::Incomplete),
        (b"m f=1\nm f=\"a\n", QueueError::Incomplete),
        (b"m\\\n", QueueError::Incomplete),
        (b"m f=\"a\\\"\n", QueueError::Incomplete),
        (b"01234567890123456789012345678901\n", QueueError::TooLong),
        (
            b"m f=1\n01234567890123456789012345678901\n",
            QueueError::TooLong,
        ),
    ] {
        assert_eq!(
            queue.push(lines(bytes)),
            Err(expected),
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
        assert!(!expected.to_string().is_empty());
    }
    let other = Lines {
        bytes: b"m f=1\n",
        precision: Precision::Nanosecond,
    };
    assert_eq!(queue.push(other), Err(QueueError::Precision));
    assert_eq!(queue.stats().accepted, 1);
    let mut queue = Queue::new(&mut ring, Precision::Second).reject_new();
    queue
        .push(lines(b"0123456789012345678901234567\n"))
        .unwrap();
    assert_eq!(queue.push(lines(b"m f\n")), Err(QueueError::Full));
    queue.push(lines(b"m\n")).unwrap();
    assert_eq!(queue.push(lines(b"a\n")), Err(QueueError::Full));
    assert_eq!(queue.stats().buffered, 2);
}

/// A server that knows the bad lines by their text, as far as the error says so.
struct Judge {
    bad: Vec<&'static str>,
    /// Whether the server says which.
    names: bool,
    most_bytes: usize,
    stored: Vec<String>,
    calls: usize,
}

impl Judge {
    fn write(&mut self, lines: Lines<'_>) -> Result<(), Failure> {
        self.calls += 1;
        let text = std::str::from_utf8(lines.bytes).unwrap();
        if text.len() > self.most_bytes {
            return Err(refused(413, TOO_LARGE, None));
        }
        match text.lines().position(|line| self.bad.contains(&line)) {
            Some(at) => Err(bad_line(self.names.then_some(at as u32 + 1))),
            None => {
                self.stored.extend(text.lines().map(String::from));
                Ok(())
            }
        }
    }
}

/// Bad lines are found by their numbers or by halves, and a batch too large is halved: what is good is
/// stored once, in order.
#[test]
fn bad_lines_are_found_and_the_others_stored() {
    let all: Vec<String> = (0..16).map(|n| format!("m f={n}")).collect();
    let body: String = all.iter().map(|line| format!("{line}\n")).collect();
    for (bad, names, most_bytes, most_calls, rejected) in [
        (vec![], true, usize::MAX, 1, 0),
        (vec!["m f=0"], true, usize::MAX, 2, 1),
        (vec!["m f=15"], true, usize::MAX, 2, 1),
        (vec!["m f=3", "m f=4", "m f=11"], true, usize::MAX, 4, 3),
        (vec!["m f=0"], false, usize::MAX, 16, 1),
        (vec!["m f=5"], false, usize::MAX, 16, 1),
        (vec!["m f=15"], false, usize::MAX, 16, 1),
        (vec!["m f=3", "m f=4", "m f=11"], false, usize::MAX, 34, 3),
        (vec![], true, 40, 14, 0),
        (vec!["m f=7"], true, 40, 18, 1),
        // Even one line is too large.
        (vec![], true, 6, 34, 6),
        (vec![], true, 0, 34, 16),
    ] {
        let mut ring = [0; 200];
        let mut queue = Queue::new(&mut ring, Precision::Second);
        queue.push(lines(body.as_bytes())).unwrap();
        let mut judge = Judge {
            bad: bad.clone(),
            names,
            most_bytes,
            stored: Vec::new(),
            calls: 0,
        };
        while !queue.is_empty() {
            let before = queue.stats();
            let result = queue.deliver(usize::MAX, |lines| judge.write(lines));
            let stats = queue.stats();
            assert_eq!(result.is_ok(), stats.delivered > before.delivered);
            assert!(judge.calls <= most_calls, "{bad:?}: {} calls", judge.calls);
        }
        let good: Vec<_> = all
            .iter()
            .filter(|line| !bad.contains(&line.as_str()) && line.len() < most_bytes)
            .cloned()
            .collect();
        assert_eq!(judge.stored, good, "{bad:?} {most_bytes}");
        let stats = queue.stats();
        assert_eq!(
            (stats.delivered, stats.rejected, stats.dropped),
            (16 - rejected, rejected, 0),
            "{bad:?}"
        );
    }
}

/// What each kind of error does to three lines.
#[test]
fn each_error_has_its_effect() {
    for (error, delivered, rejected, buffered) in [
        (Error::NotOpen, 0, 0, 3),
        (Error::Closed { sent: true }, 0, 0, 3),
        (
            Error::Transport {
                error: (),
                sent: true,
            },
            0,
            0,
            3,
        ),
        (refused(500, "", None), 0, 0, 3),
        (refused(429, "", None), 0, 0, 3),
        (refused(401, "", None), 0, 0, 3),
        (refused(301, "", None), 0, 0, 3),
        (refused(200, "<html>", None), 0, 0, 3),
        (refused(413, "", None), 0, 0, 3),
        (bad_line(None), 0, 0, 3),
        (bad_line(Some(2)), 0, 1, 2),
        (bad_line(Some(0)), 0, 0, 3),
        (bad_line(Some(4)), 0, 0, 3),
        // How many aren't stored is found out by halving.
        (partial(None), 0, 0, 3),
        (partial(Some(0)), 3, 0, 0),
        (partial(Some(2)), 1, 2, 0),
        (partial(Some(9)), 0, 3, 0),
        (all_dropped(), 0, 3, 0),
    ] {
        let mut ring = [0; 64];
        let mut queue = Queue::new(&mut ring, Precision::Second);
        queue.push(lines(b"a f=1\nb f=2\nc f=3\n")).unwrap();
        assert_eq!(queue.deliver(99, |_| Err(error)), Err(error));
        let stats = queue.stats();
        assert_eq!(
            (stats.delivered, stats.rejected, stats.buffered),
            (delivered, rejected, buffered),
            "{error:?}"
        );
    }
    let mut ring = [0; 64];
    let mut queue = Queue::new(&mut ring, Precision::Second);
    queue.push(lines(b"secret f=1\n")).unwrap();
    assert!(!format!("{queue:?}").contains("secret"));
}
