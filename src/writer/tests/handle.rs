//! A handle in a process that was forked after `spawn`: no call takes a line, waits, or needs a lock.

use crate::error::{ErrorKind, WriteError};
use crate::line::{Point, ToLine};
use crate::writer::{Stats, WriterHandle};
use crate::{Client, OverflowPolicy, Precision};
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use std::time::Instant;

/// A handle, and what a child has of it, which is its memory.
fn forked(w: &WriterHandle) -> WriterHandle {
    let mut child = w.clone();
    child.driver.process = w.driver.process.wrapping_add(1);
    child
}

#[test]
fn every_call_of_a_child_is_refused_at_once() {
    let client = Client::builder("http://127.0.0.1:9").build().unwrap();
    let writer = client.writer("sensors").flush_timeout(Duration::ZERO);
    let mut w = writer
        .build()
        .unwrap()
        .spawn(OverflowPolicy::Block(Duration::from_secs(60)))
        .unwrap();
    let point = Point::new("t")
        .field("v", 1)
        .time(crate::Timestamp::from_nanos(1));
    // With lines before it in the child's copy of the memory, and without.
    for lines in 0..2 {
        let mut child = forked(&w);
        let slot = Arc::clone(&child.driver.slot);
        if lines > 0 {
            child.driver.process = w.driver.process;
            child.write(&point).unwrap();
            child.driver.process = w.driver.process.wrapping_add(1);
        }
        // Another thread of the parent may have been in the middle of something.
        let state = w.driver.shared.state();
        let before = slot.lock().lines;
        let start = Instant::now();
        let forked = Err(WriteError::Forked);
        assert_eq!(child.write(&point), forked);
        assert_eq!(child.write_with(|enc| point.to_line(enc)), forked);
        assert_eq!(child.write_to("other", &point), forked);
        assert_eq!(child.write_each([&point]), forked);
        assert_eq!(child.write(Point::new("t").field("v", 1)), forked);
        let text = "t v=1 1\n?\nt v=1\n";
        for outcome in [
            child.write_lines(text, Precision::Second),
            child.write_lines_to("other", text, Precision::Second),
        ] {
            assert_eq!(outcome.accepted, 0);
            let refused = outcome.rejected.into_iter().map(|(_, error)| error);
            assert_eq!(refused.collect::<Vec<_>>(), vec![WriteError::Forked; 3]);
        }
        let is_forked = |error: crate::Error| {
            assert!(error.to_string().contains("fork"), "{error}");
            matches!(error.kind(), ErrorKind::Write(WriteError::Forked))
        };
        assert!(is_forked(child.flush().unwrap_err()));
        assert!(is_forked(child.clone().close().unwrap_err()));
        assert_eq!(child.stats(), Stats::default());
        assert!(child.take_rejected().is_empty());
        assert!(child.last_error().is_none());
        drop(child);
        assert!(start.elapsed() < Duration::from_secs(5));
        assert_eq!(slot.lock().lines, before);
        drop(state);
    }
    w.write(&point).unwrap();
    assert_eq!(w.stats().accepted, 2);
    // (The copies count as handles here, but not in the children.)
    w.driver.shared.state().slots.truncate(1);
}
