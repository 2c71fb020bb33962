//! Names of buckets that nothing can be sent to: refused before a line is taken.

use crate::common::wire::closed_port;
use influx_edge::line::Point;
use influx_edge::writer::OverflowPolicy;
use influx_edge::{Client, Precision, WriteError};
use std::time::Duration;

/// A client of a server that isn't there.
fn client(org: &str) -> Client {
    let client = Client::builder(closed_port());
    let client = match org {
        "" => client,
        _ => client.org(org),
    };
    client.build().unwrap()
}

fn point() -> Point {
    Point::new("t")
        .field("v", 1)
        .time(influx_edge::Timestamp::from_nanos(1))
}

/// What is refused where 1 023 bytes are the most, and what is not.
fn names(most: usize) -> (Vec<String>, Vec<String>) {
    let long = |len: usize| "é".repeat(len / 2) + &"x".repeat(len % 2);
    let bad = ["", "\0", "sensors\0", "\0\0x"].map(String::from);
    let bad = bad.into_iter().chain([long(most + 1), long(4_096)]);
    let good = ["alarms", " ", "a/b?c=%00", "_x", "\u{1}"].map(String::from);
    let good = good.into_iter().chain([long(most)]);
    (bad.collect(), good.collect())
}

const SENTENCE: &str = "the name of the bucket is empty, has a zero byte, or is longer than ";

#[test]
fn refused_by_writer_and_handle() {
    let most = 1_023;
    let (bad, good) = names(most);
    let mut w = client("acme")
        .writer("sensors")
        .send_in_write(false)
        .build()
        .unwrap();
    for name in &bad {
        let error = w.write_to(name, point()).unwrap_err();
        assert_eq!(error, WriteError::BucketName(most), "{name:?}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("{SENTENCE}{most} bytes")),
            "{error}"
        );
        assert!(!error.is_retryable());
        assert_eq!(w.write_to(name, "t v=1 1\nt v=2 2"), Err(error.clone()));
        let lines = w.write_lines_to(name, "t v=1 1\nno line\nt v=3 3", Precision::Nanosecond);
        assert_eq!((lines.accepted, lines.rejected.len()), (0, 3));
        assert_eq!(lines.rejected[0], (1, error.clone()));
        assert!(matches!(lines.rejected[1], (2, WriteError::Syntax(_))));
        assert_eq!(lines.rejected[2], (3, error));
    }
    let stats = w.stats();
    assert_eq!((stats.accepted, stats.buffered_bytes), (0, 0));
    assert_eq!(stats.not_accepted, 5 * bad.len() as u64);
    for name in &good {
        w.write_to(name, point()).unwrap();
        assert!(
            w.write_lines_to(name, "t v=1 2", Precision::Nanosecond)
                .is_complete()
        );
    }
    assert_eq!(w.stats().accepted, 2 * good.len() as u64);
    drop(w.close_within(Duration::ZERO));

    let w = client("acme").writer("sensors").build().unwrap();
    let mut handle = w.spawn(OverflowPolicy::Reject).unwrap();
    for name in &bad {
        let error = handle.write_to(name, point()).unwrap_err();
        assert_eq!(error, WriteError::BucketName(most), "{name:?}");
        assert_eq!(handle.write_to(name, "t v=1 1"), Err(error.clone()));
        let lines = handle.write_lines_to(name, "t v=1 1\nno line\nt v=3 3", Precision::Nanosecond);
        assert_eq!((lines.accepted, lines.rejected.len()), (0, 3));
        assert_eq!(lines.rejected[2], (3, error));
    }
    assert_eq!(handle.stats().accepted, 0);
    for name in &good {
        handle.write_to(name, point()).unwrap();
    }
    drop(handle.close_within(Duration::ZERO));
}

#[test]
fn refused_by_the_builder() {
    let (bad, good) = names(1_023);
    for name in bad {
        let error = client("acme").writer(&*name).build().unwrap_err();
        assert!(error.is_config(), "{name:?}: {error}");
    }
    for name in good {
        client("acme").writer(&*name).build().unwrap();
    }
}

/// There the organization's name counts as well.
#[cfg(feature = "spool")]
#[test]
fn refused_with_a_spool() {
    use crate::common::temp_dir::TempDir;
    use influx_edge::Spool;

    for org in [
        "acme",
        "",
        "66de4893384f6b2b",
        &*"o".repeat(500),
        &*"o".repeat(1_016),
    ] {
        let most = 1_023 - org.len();
        let (bad, good) = names(most);
        let dir = TempDir::new("buckets");
        let client = client(org);
        let spool = || Spool::open(dir.path()).unwrap();
        for name in &bad {
            assert!(
                client
                    .writer(&**name)
                    .spool(spool())
                    .build()
                    .unwrap_err()
                    .is_config()
            );
        }
        let mut w = client.writer("sensors").spool(spool()).build().unwrap();
        for name in &bad {
            let error = w.write_to(name, point()).unwrap_err();
            assert_eq!(error, WriteError::BucketName(most), "{name:?}");
        }
        let good: Vec<String> = good.into_iter().filter(|name| name.len() <= most).collect();
        for name in &good {
            w.write_to(name, point()).unwrap();
        }
        // All of it goes to disk.
        let outcome = w.close_within(Duration::ZERO).unwrap();
        assert_eq!(outcome.spooled, good.len() as u64, "{org}");
        let targets = spool().targets();
        assert_eq!(targets.len(), good.len());
    }
    let dir = TempDir::new("buckets");
    let long = client(&"o".repeat(1_020));
    let spool = Spool::open(dir.path()).unwrap();
    let error = long.writer("sensors").spool(spool).build().unwrap_err();
    assert!(error.to_string().contains("1023 bytes together"), "{error}");
}
