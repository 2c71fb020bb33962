//! One client in many threads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::wire::{self, NO_CONTENT, Wire};
use influx_edge::Client;
use influx_edge::line::{Lines, Point};
use influx_edge::{Precision, Timestamp};

#[test]
fn a_client_can_be_handed_around() {
    let _alone = crate::alone();
    fn check<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    check::<Client>();
    assert_eq!(
        size_of::<Client>(),
        size_of::<usize>(),
        "a clone is one count"
    );
    fn send<T: Send>() {}
    send::<influx_edge::client::Rows>();
    send::<influx_edge::client::Response>();
}

#[test]
fn sixteen_threads_share_one_pool() {
    let _alone = crate::alone();
    const THREADS: i64 = 16;
    const EACH: i64 = 50;
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let wire = Wire::each(200, move |peer| {
        counter.fetch_add(1, Ordering::SeqCst);
        while peer.request().is_some() {
            peer.send(NO_CONTENT);
        }
    });
    let client = wire.builder().pool_size(16).build().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let client = client.clone();
            scope.spawn(move || {
                for i in 0..EACH {
                    let point = Point::new("m")
                        .tag("t", thread.to_string())
                        .field("i", i)
                        .time(Timestamp::from_nanos(i));
                    client.write("b", [point]).unwrap();
                }
            });
        }
    });
    let seen = wire.seen();
    let bodies: BTreeSet<_> = seen.iter().map(|s| s.body.clone()).collect();
    assert_eq!(
        seen.len(),
        usize::try_from(THREADS * EACH).unwrap(),
        "each once"
    );
    assert_eq!(bodies.len(), seen.len(), "none twice, none mixed up");
    // Never more connections than threads, save a few that were dropped while all were busy.
    assert!(connections.load(Ordering::SeqCst) <= 24, "{connections:?}");
}

/// A warm call makes no thread, whatever the limits are. (A name's first lookup makes one.)
#[cfg(target_os = "linux")]
#[test]
fn a_warm_call_makes_no_thread() {
    let _alone = crate::alone();
    fn started() -> u64 {
        // Every thread and process of the system has its number, given in order.
        let stat = std::fs::read_to_string("/proc/loadavg").unwrap();
        stat.split_whitespace().last().unwrap().parse().unwrap()
    }
    fn threads() -> usize {
        std::fs::read_dir("/proc/self/task").unwrap().count()
    }
    let wire = Wire::responding(NO_CONTENT);
    let url = wire.url().replace("127.0.0.1", "localhost");
    let client = Client::builder(url).token(wire::TOKEN).build().unwrap();
    let lines = Lines {
        bytes: b"m f=1",
        precision: Precision::Second,
    };
    client.write("b", lines).unwrap();
    let now = threads();
    // Other processes of the machine start some, too, at times thousands; one a call would be 150 in
    // each twentieth.
    let mut made = u64::MAX;
    for _ in 0..20 {
        let before = started();
        for _ in 0..150 {
            client.write("b", lines).unwrap();
            assert!(threads() <= now + 40, "threads pile up");
        }
        made = made.min(started() - before);
    }
    assert!(
        made < 75,
        "{made} threads or processes were made in the calmest of the twenty"
    );
}
