//! Every time that a user can set, at its extremes: refused when built, or good for a call. None
//! panics, and none is added to the time that it is past the end of all times.

use std::time::Duration;

use crate::common::wire::{NO_CONTENT, Wire, response};
use influx_edge::api::{NewBucket, NewTask};
use influx_edge::client::{Method, RetryPolicy, Setup};
use influx_edge::flux::to_literal;
use influx_edge::line::Point;
use influx_edge::writer::OverflowPolicy;
use influx_edge::{Error, ErrorKind, TransportErrorKind};

const NS: Duration = Duration::from_nanos(1);
const MS: Duration = Duration::from_millis(1);
const TIMES: [Duration; 7] = [
    Duration::ZERO,
    NS,
    MS,
    Duration::from_secs(400 * 365 * 86_400),
    // What 64 bits of seconds, and of nanoseconds, hold with a sign.
    Duration::from_secs(i64::MAX as u64),
    Duration::from_secs(u64::MAX),
    Duration::MAX,
];

/// Long enough to be met by no test.
fn is_long(time: Duration) -> bool {
    time > MS
}

/// Responds to whatever comes: to writes with 204, to what else with an empty table.
fn server() -> Wire {
    Wire::each(64, |peer| {
        while let Some(seen) = peer.request() {
            if seen.target.contains("/write") {
                peer.send(NO_CONTENT);
            } else {
                peer.send(response("200 OK", "Content-Type: text/csv\r\n", "\r\n"));
            }
        }
    })
}

/// What is long goes well; what is short may, or runs out of time.
#[track_caller]
fn fits<T>(result: Result<T, Error>, time: Duration, what: &str) {
    let Err(error) = result else { return };
    let in_time =
        matches!(error.kind(), ErrorKind::Transport(e) if e.kind() == TransportErrorKind::Timeout);
    assert!(in_time && !is_long(time), "{what}({time:?}): {error:?}");
}

#[test]
fn limits_of_a_client() {
    let wire = server();
    for time in TIMES {
        for (what, builder) in [
            ("connect_timeout", wire.builder().connect_timeout(time)),
            ("read_timeout", wire.builder().read_timeout(time)),
            ("write_timeout", wire.builder().write_timeout(time)),
            ("timeout", wire.builder().timeout(time)),
            (
                "all",
                wire.builder()
                    .connect_timeout(time)
                    .read_timeout(time)
                    .write_timeout(time)
                    .timeout(time),
            ),
        ] {
            match builder.build() {
                Ok(client) => {
                    assert!(time >= MS, "{what}({time:?})");
                    // A new connection, and one out of the pool.
                    fits(client.write("b", "m f=1"), time, what);
                    fits(client.write("b", "m f=1"), time, what);
                }
                Err(error) => {
                    assert!(
                        time < MS && error.to_string().contains("shorter than 1 ms"),
                        "{error}"
                    );
                }
            }
        }
    }
}

#[test]
fn limits_of_a_call() {
    let wire = server();
    let client = wire.client();
    for time in TIMES {
        let ask = |timeout, read| {
            let mut rows = client
                .query("x")
                .timeout(timeout)
                .read_timeout(read)
                .call()?;
            while rows.next()?.is_some() {}
            Ok::<_, Error>(())
        };
        fits(ask(time, Duration::from_secs(60)), time, "query timeout");
        fits(
            ask(Duration::from_secs(60), time),
            time,
            "query read_timeout",
        );
        fits(ask(time, time), time, "query timeout and read_timeout");
        let request = client.request(Method::Get, "/x").timeout(time);
        fits(request.call().and_then(|r| r.into_bytes()), time, "request");
        // As a body that waits for `100 Continue`, too.
        let mut body: &[u8] = b"m f=1";
        let request = client.request(Method::Post, "/x").timeout(time);
        fits(request.reader(&mut body, None).call(), time, "request");
        #[cfg(feature = "v1")]
        {
            let none = r#"{"results":[{"statement_id":0}]}"#;
            let wire = Wire::responding(response("200 OK", "", none));
            let client = wire.client();
            let database = client.v1("db");
            let run = database.query("DROP SERIES").timeout(time).run();
            fits(run, time, "InfluxQL");
        }
    }
}

#[test]
fn times_of_a_writer() {
    let wire = server();
    let client = wire.client();
    for time in TIMES {
        let policy = RetryPolicy {
            interval: time,
            max_interval: time,
            max_time: time,
            exponential_base: u32::MAX,
            ..RetryPolicy::default()
        };
        for attempt in [1, 5] {
            for random in [0, u64::MAX] {
                for elapsed in TIMES {
                    let pause = policy.delay(attempt, elapsed, Some(time), random);
                    assert!(pause.is_none_or(|pause| pause <= time));
                    let pause = policy.delay(attempt, elapsed, None, random);
                    assert!(pause.is_none_or(|pause| pause <= time));
                }
            }
        }
        let build = || {
            let block = OverflowPolicy::Block(time);
            let times = client.writer("b").flush_interval(time).poll_limit(time);
            let times = times.flush_timeout(time).retry(policy.clone());
            let sizes = times.overflow_policy(block).batch_bytes(64);
            sizes.max_buffer_bytes(128).build()
        };
        let point = |i: i64| {
            Point::new("m")
                .tag("t", "t")
                .field("f", i)
                .time(influx_edge::Timestamp::from_nanos(i))
        };
        let mut writer = build().unwrap();
        for i in 0..20 {
            let taken = writer.write(point(i));
            assert!(taken.is_ok() || !is_long(time), "{time:?}: {taken:?}");
        }
        writer.poll().unwrap();
        let flushed = writer.flush_within(time);
        assert!(flushed.is_ok() || !is_long(time), "{time:?}");
        let _ = writer.write(point(20));
        let closed = writer.close_within(time);
        assert!(closed.is_ok() || !is_long(time), "{time:?}");
        // The same on a thread of its own.
        let mut handle = build().unwrap().spawn(OverflowPolicy::Block(time)).unwrap();
        for i in 0..20 {
            let taken = handle.write(point(i));
            assert!(taken.is_ok() || !is_long(time), "{time:?}: {taken:?}");
        }
        let closed = handle.close_within(time);
        assert!(closed.is_ok() || !is_long(time), "{time:?}");
    }
}

/// Times that travel to the server as text or numbers.
#[test]
fn times_that_are_sent() {
    let wire = server();
    let client = wire.client();
    for time in TIMES {
        // The server here isn't one: only that nothing panics on the way.
        let setup = Setup::new("u", "o", "b").retention(time);
        client.setup(&setup).unwrap_err();
        let bucket = NewBucket::new("b")
            .retention(time)
            .shard_group_duration(time);
        client.buckets().create(&bucket).unwrap_err();
        let task = NewTask::every("t", time, "x").offset(time);
        client.tasks().create(&task).unwrap_err();
        let id = "00000000000000a1".parse().unwrap();
        let script = client.scripts().invoke(&id, &());
        fits(script.timeout(time).call(), time, "script");
        let _ = to_literal(&time);
    }
}
