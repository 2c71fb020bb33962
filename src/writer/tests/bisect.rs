//! Which lines are blamed when a server fails or the path breaks: every request of it, in order.

use super::long_runs::core;
use super::sim::{SimClock, broken};
use crate::error::{Error, TransportErrorKind};
use crate::testing::{write_error, write_error_of};
use crate::writer::WriterBuilder;
use crate::writer::drive::inline::Inline;
use crate::writer::engine::Attempt;
use crate::writer::event::Event;
use crate::writer::seams::Transport;
use crate::writer::split::split;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;
use std::sync::Mutex;

pub(super) type Response = fn(&str, usize) -> Result<(), Error>;

/// Responds as configured, and records the requests.
///
/// Lines are named by the letter they begin with. A pause of a second or more before a request is a
/// `.`, a body that waits for the server's word has an `?`.
#[derive(Clone)]
struct Script {
    response: Response,
    clock: SimClock,
    asked: Rc<RefCell<(Duration, Vec<String>)>>,
}

impl Transport for Script {
    fn send(&mut self, attempt: &Attempt) -> Result<(), Error> {
        let (last, asked) = &mut *self.asked.borrow_mut();
        let names: String = split(attempt.lines().bytes)
            .map(|line| char::from(line[0]))
            .collect();
        let now = crate::writer::seams::Clock::now(&self.clock);
        let mut entry = String::new();
        if now.saturating_sub(*last) >= Duration::from_secs(1) {
            entry.push('.');
        }
        *last = now;
        entry.push_str(&names);
        if attempt.expect {
            entry.push('?');
        }
        let earlier = asked.len();
        asked.push(entry);
        (self.response)(&names, earlier)
    }
}

pub(super) fn status(status: u16, message: &str) -> Result<(), Error> {
    let body = format!(r#"{{"code":"internal error","message":"{message}"}}"#);
    Err(write_error(status, &[], body.as_bytes()))
}

/// What came of it.
pub(super) struct Tried {
    pub(super) asked: String,
    /// The events, with the number of lines: `failed`, `delivered`, or the reason why not.
    pub(super) events: String,
    /// Of so many lines, what the server says of them.
    pub(super) rejected: String,
    pub(super) buffered: u64,
}

/// Writes these lines of `size` bytes (or somewhat more), of which `first` have been delivered
/// before; then the server responds like this, until nothing is left or `requests` were made.
pub(super) fn tried(
    first: &str,
    lines: &str,
    size: usize,
    requests: usize,
    response: Response,
) -> Tried {
    let clock = SimClock::new();
    let script = Script {
        response: |_, _| Ok(()),
        clock: clock.clone(),
        asked: Rc::default(),
    };
    let events: Arc<Mutex<Vec<String>>> = Arc::default();
    let reported = Arc::clone(&events);
    let mut core = core(script.clone(), &clock, |b: WriterBuilder| {
        b.batch_lines(100)
            .batch_bytes(1 << 20)
            .on_event(move |event| {
                reported.lock().unwrap().push(match event {
                    Event::Delivered { lines, .. } => format!("delivered {lines}"),
                    Event::Rejected { lines, reason, .. } => format!("{reason:?} {lines}"),
                    Event::Failed { .. } => "failed".to_string(),
                    _ => return,
                });
            })
    });
    let write = |core: &mut Inline<SimClock, Script>, names: &str| {
        for (time, name) in names.chars().enumerate() {
            let text = "x".repeat(size);
            let line = format!("{name} f=1i,s=\"{text}\" {time}\n");
            super::sim::take(core, line.as_bytes(), 1);
        }
    };
    if !first.is_empty() {
        write(&mut core, first);
        assert!(core.flush(Duration::from_secs(1)).is_ok());
        script.asked.borrow_mut().1.clear();
        events.lock().unwrap().clear();
    }
    write(&mut core, lines);
    core.transport.response = response;
    for _ in 0..100_000 {
        let left = core.stats().buffered;
        if left == 0 || script.asked.borrow().1.len() >= requests {
            break;
        }
        core.poll();
        clock.advance(Duration::from_millis(100));
    }
    let asked = script.asked.borrow().1.join(" ");
    let rejected = core.engine.rejected.take();
    let rejected: Vec<_> = rejected
        .map(|r| format!("{}: {}", r.lines, r.message))
        .collect();
    assert!(core.stats().is_balanced());
    Tried {
        buffered: core.stats().buffered,
        asked,
        events: events.lock().unwrap().join(", "),
        rejected: rejected.join(", "),
    }
}

fn poisoned(lines: &str, _: usize) -> Result<(), Error> {
    match lines.contains('p') {
        true => status(500, "index out of range"),
        false => Ok(()),
    }
}

/// Four failures with pauses between; then something that was stored before, or one of the lines,
/// shows that the server works; the halves are looked at one by one; and a line is given up only
/// after it failed four times, with pauses, while the server worked.
#[test]
fn a_line_that_the_server_fails_on() {
    let table: [(&str, &str, Response, &str, &str); 8] = [
        (
            "z",
            "abcpefgh",
            poisoned,
            ".abcpefgh .abcpefgh .abcpefgh .abcpefgh .z abcp ab c p c .p c .p c .p c efgh",
            "failed, failed, failed, failed, delivered 2, delivered 1, Poison 1, delivered 4",
        ),
        // Nothing was stored before: one of the lines themselves.
        (
            "",
            "abcpefgh",
            poisoned,
            ".abcpefgh .abcpefgh .abcpefgh .abcpefgh .g abcp ab c p c .p c .p c .p c efgh",
            "failed, failed, failed, failed, delivered 2, delivered 1, Poison 1, delivered 4",
        ),
        (
            "z",
            "p",
            poisoned,
            ".p .p .p .p .z .p z .p z .p z",
            "failed, failed, failed, failed, Poison 1",
        ),
        // The server itself fails for a while: what that says of the lines counts for nothing.
        (
            "z",
            "pa",
            |lines, n| {
                if n < 6 {
                    status(500, "no")
                } else {
                    poisoned(lines, n)
                }
            },
            ".pa .pa .pa .pa .z .pa .pa .pa .pa .z p z .p z .p z .p z a",
            "failed, failed, failed, failed, failed, failed, failed, failed, failed, Poison 1, delivered 1",
        ),
        (
            "z",
            "p",
            |lines, n| {
                if n == 8 {
                    status(503, "no")
                } else {
                    poisoned(lines, n)
                }
            },
            ".p .p .p .p .z .p z .p z .p .p .p .p .z .p z .p z .p z",
            "failed, failed, failed, failed, failed, failed, failed, failed, failed, Poison 1",
        ),
        // Failures of another kind between them: they begin anew.
        (
            "z",
            "a",
            |_, n| match n {
                3 => status(503, "no"),
                7 => Ok(()),
                _ => status(500, "no"),
            },
            ".a .a .a .a .a .a .a .a",
            "failed, failed, failed, failed, failed, failed, failed, delivered 1",
        ),
        // To name what proves is to have read it.
        (
            "z",
            "pa",
            |lines, n| {
                if lines == "z" {
                    let named =
                        br#"{"code":"invalid","message":"unable to parse 'z f=1i,s=\"x\" 0': no"}"#;
                    Err(write_error_of(b"z f=1i,s=\"x\" 0\n", 400, &[], named))
                } else {
                    poisoned(lines, n)
                }
            },
            ".pa .pa .pa .pa .z p z .p z .p z .p z a",
            "failed, failed, failed, failed, Poison 1, delivered 1",
        ),
        // To refuse it without a name is not: a gateway may refuse everything. Another line
        // shows that the server works after all.
        (
            "z",
            "pa",
            |lines, n| {
                if lines == "z" {
                    status(400, "no")
                } else {
                    poisoned(lines, n)
                }
            },
            ".pa .pa .pa .pa .z .pa .pa .pa .pa .a p a .p a .p a .p a a",
            "failed, failed, failed, failed, failed, failed, failed, failed, failed, Poison 1, delivered 1",
        ),
    ];
    for (first, lines, response, asked, events) in table {
        let tried = tried(first, lines, 1, 60, response);
        assert_eq!(tried.asked, asked, "{first} {lines}");
        assert_eq!(tried.events, events, "{first} {lines}");
        let reported = "1: the server fails (500) on this line, and only on it";
        assert_eq!(!tried.rejected.is_empty(), lines.contains('p'));
        assert!(tried.rejected.is_empty() || tried.rejected == reported);
    }
}

/// Alone with a line and with nothing to compare, the fault can't be assigned: it is kept.
#[test]
fn a_line_that_cannot_be_shown_to_be_bad_stays() {
    let tried = tried("", "p", 1, 40, poisoned);
    assert_eq!(tried.asked, [".p"; 40].join(" "));
    assert_eq!(tried.events, ["failed"; 40].join(", "));
    assert_eq!(tried.buffered, 1);
}

/// A path that breaks under large bodies: after three times they wait for the server's word, after
/// four they are cut, and so are the halves. Where time runs out they are cut at once, down to what any
/// link has time for. Nothing else does that.
#[test]
fn what_breaks_the_way() {
    let closed: Response = |_, _| Err(broken(TransportErrorKind::Closed, false));
    let timeout: Response = |_, _| Err(broken(TransportErrorKind::Timeout, false));
    let cut = ".abcd .abcd .abcd .abcd? .ab? .ab? .ab? .ab? .a? .a? .a? .a?";
    let slow = ".abcd .ab .a .a .a .a? .a? .a? .a? .a? .a? .a?";
    let whole = [".abcd"; 12].join(" ");
    let table: [(usize, Response, &str); 6] = [
        (20_000, closed, cut),
        (20_000, timeout, slow),
        (20_000, |_, _| status(503, "no"), &whole),
        (
            20_000,
            |_, _| Err(broken(TransportErrorKind::Refused, true)),
            &whole,
        ),
        (1_000, closed, &whole),
        (1_000, timeout, &whole),
    ];
    for (size, response, asked) in table {
        let tried = tried("z", "abcd", size, 12, response);
        assert_eq!(tried.asked, asked, "{size}");
        assert_eq!(tried.events, ["failed"; 12].join(", "), "{size}");
    }
    // Halves go on waiting for the server's word when it has named a bad line of theirs.
    let tried = tried("z", "abcd", 20_000, 9, |lines, n| match n {
        0..4 => Err(broken(TransportErrorKind::Closed, false)),
        4 if lines == "ab" => {
            let body = br#"{"error":"parsing failed for write_lp endpoint","data":{"line_number":1,"error_message":"no"}}"#;
            Err(write_error(400, &[], body))
        }
        _ => Ok(()),
    });
    assert_eq!(tried.asked, ".abcd .abcd .abcd .abcd? .ab? b? cd?");
    assert_eq!(
        tried.events,
        "failed, failed, failed, failed, Refused 1, delivered 1, delivered 2"
    );
    assert_eq!(tried.rejected, "1: no");
}

/// The reports of lines that the server refused: each once, with the words that are about it, and
/// nothing about none.
#[test]
fn reports_of_rejected_lines() {
    let table: [(&str, Response, &str, &str); 5] = [
        (
            "ab",
            |_, _| status(422, "partial write: no such type dropped=2"),
            "Partial 2",
            "2: partial write: no such type dropped=2",
        ),
        (
            "ab",
            |_, _| status(422, "partial write: no such type dropped=1"),
            "delivered 1, Partial 1",
            "1: partial write: no such type dropped=1",
        ),
        (
            "ab",
            |_, _| {
                let line = |n| format!(r#"{{"line_number":{n},"error_message":"no"}}"#);
                let (a, b) = (line(1), line(2));
                let error = "partial write of line protocol occurred";
                let body = format!(r#"{{"error":"{error}","data":[{a},{b}]}}"#);
                Err(write_error(400, &[], body.as_bytes()))
            },
            "Partial 1, Partial 1",
            "1: no, 1: no",
        ),
        // One line, and the server's words fit it badly: they are about it all the same.
        (
            "a",
            |lines, _| match lines {
                "z" => Ok(()),
                _ => status(400, "unable to parse 'something else': invalid boolean"),
            },
            "Refused 1",
            "1: 'something else': invalid boolean",
        ),
        (
            "ab",
            |lines, _| match lines {
                "b" => Ok(()),
                _ => status(400, "unable to parse 'something else': invalid boolean"),
            },
            "Refused 1, delivered 1",
            "1: 'something else': invalid boolean",
        ),
    ];
    for (lines, response, events, rejected) in table {
        let tried = tried("z", lines, 1, 20, response);
        assert_eq!(
            (&*tried.events, &*tried.rejected),
            (events, rejected),
            "{lines}"
        );
        assert_eq!(tried.buffered, 0);
    }
}

/// While a batch waits and is tried, the lines behind it go on making one of full size.
#[test]
fn batches_are_not_cut_by_attempts() {
    let clock = SimClock::new();
    let script = Script {
        response: |_, _| status(503, "no"),
        clock: clock.clone(),
        asked: Rc::default(),
    };
    let mut core = core(script.clone(), &clock, |b| {
        b.batch_lines(5).flush_interval(Duration::from_secs(3_600))
    });
    for (names, asked) in [("abcde", "abcde"), ("fg", ".abcde"), ("hij", "fghij")] {
        if names == "hij" {
            core.transport.response = |_, _| Ok(());
        }
        for name in names.chars() {
            super::sim::take(&mut core, format!("{name} f=1i 1\n").as_bytes(), 1);
        }
        for _ in 0..100_000 {
            core.poll();
            clock.advance(Duration::from_millis(100));
            if script
                .asked
                .borrow()
                .1
                .last()
                .is_some_and(|last| last == asked)
            {
                break;
            }
        }
        assert_eq!(script.asked.borrow().1.last().unwrap(), asked);
    }
}
