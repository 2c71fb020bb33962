//! What the tests of threads and processes share.

use crate::common::mock_server::Server;
use crate::common::wire::Wire;
use crate::common::wire::gzip::forced;
use influx_edge::Client;
use influx_edge::writer::WriterBuilder;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SEC: Duration = Duration::from_secs(1);

pub(crate) fn client(server: &Server) -> Client {
    let client = Client::builder(server.url())
        .org(server.org())
        .token(server.token())
        .timeout(5 * SEC);
    forced(client).build().unwrap()
}

pub(crate) fn writer(server: &Server) -> WriterBuilder {
    client(server).writer(server.bucket())
}

/// Where nobody listens.
pub(crate) fn nowhere() -> Client {
    Client::builder(crate::common::wire::closed_port())
        .org("acme")
        .token("mock-server-token")
        .timeout(5 * SEC)
        .build()
        .unwrap()
}

/// A server that accepts, reads a request and never responds.
pub(crate) fn stalling() -> Wire {
    Wire::each(64, |peer| {
        let _ = peer.request();
        peer.wait_for_close();
    })
}

/// Runs a test that would hang if what it tests is wrong.
#[track_caller]
pub(crate) fn within<T: Send + 'static>(
    limit: Duration,
    test: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, result) = channel();
    let thread = std::thread::spawn(move || {
        let _ = done.send(test());
    });
    match result.recv_timeout(limit) {
        Ok(value) => value,
        Err(RecvTimeoutError::Timeout) => panic!("it takes longer than {limit:?}"),
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => unreachable!(),
        },
    }
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < 10 * SEC, "not {what} after 10 s");
        std::thread::sleep(2 * MS);
    }
}

/// What a child process is to do, in this variable.
const JOB: &str = "WRITER_TEST_CHILD";

/// What this process is to do, if it is a child.
pub(crate) fn job() -> Option<String> {
    std::env::var(JOB).ok()
}

/// This program once more, as a process that runs one test and knows its job.
pub(crate) fn child(test: &str, job: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(JOB, job)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null());
    command
}

#[cfg(feature = "spool")]
pub(crate) mod disk {
    use influx_edge::Spool;
    use influx_edge::spool::{Entry, Inspector, SpoolBuilder, SpoolError};
    use std::path::Path;
    use std::time::Instant;

    /// Opens a spool. A process that another test starts has a copy of its lock until it executes its
    /// own program.
    #[track_caller]
    pub(crate) fn open(builder: impl Fn() -> SpoolBuilder) -> Spool {
        let start = Instant::now();
        loop {
            match builder().open() {
                Err(SpoolError::Locked { .. }) if start.elapsed() < 5 * super::SEC => {
                    std::thread::sleep(super::MS);
                }
                other => return other.unwrap(),
            }
        }
    }

    /// Calls with each batch that a directory holds and that isn't known to be delivered.
    pub(crate) fn each_batch(dir: &Path, mut each: impl FnMut(&str)) {
        let inspector = Inspector::new(dir).unwrap();
        inspector
            .walk_queue(&mut |entry| match entry {
                Entry::Batch {
                    batch,
                    delivered: false,
                    ..
                } => {
                    each(std::str::from_utf8(batch.lines).unwrap());
                }
                Entry::Corrupt { .. } | Entry::Damage { .. } => panic!("{entry:?}"),
                _ => {}
            })
            .unwrap();
    }

    /// The lines that a directory holds, in order.
    pub(crate) fn lines(dir: &Path) -> Vec<String> {
        let mut lines = Vec::new();
        each_batch(dir, |batch| lines.extend(batch.lines().map(str::to_owned)));
        lines
    }
}
