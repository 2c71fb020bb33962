//! Opens the spool of a run, or decides to run without it.

use super::options::{Options, SpoolDir};
use crate::failure::{Failure, LATER, NO_INPUT};
use crate::report::Report;
use influx_edge::spool::SpoolError;
use influx_edge::{Client, OverflowPolicy, Spool};
use std::path::Path;
use std::time::{Duration, Instant};

/// The interval between attempts to lock the spool.
const RETRY: Duration = Duration::from_millis(50);

/// Opens the spool before anything is read; `None` if this run has none.
///
/// # Errors
/// Returns an error if a named directory can't be used; or [`LATER`] if another run uses it and the server
/// can't be reached either.
pub(super) fn open(
    options: &Options,
    client: &Client,
    report: &Report,
) -> Result<Option<Spool>, Failure> {
    let (dir, named) = match &options.spool {
        SpoolDir::Named(dir) => (dir, true),
        SpoolDir::Default(dir) => (dir, false),
        SpoolDir::Off => return Ok(None),
        SpoolDir::Nowhere => {
            report.note(
                "no spool: none of STATE_DIRECTORY, XDG_STATE_HOME and HOME is set (--spool DIR, \
                 or --no-spool)",
            );
            return Ok(None);
        }
    };
    match open_within(options, dir) {
        Ok(spool) => {
            let found = spool.open_report();
            if !found.is_clean() {
                report.error(format_args!(
                    "the spool {} was damaged: {} batches and {} bytes in it can't be read, {} are \
                     missing, {} files are set aside; influx-edge spool verify lists them",
                    dir.display(),
                    found.corrupt_batches,
                    found.corrupt_bytes,
                    found.missing,
                    found.quarantined
                ));
            }
            Ok(Some(spool))
        }
        Err(SpoolError::Locked { .. }) => without(client, dir, report),
        Err(error) if named => Err(Failure::new(NO_INPUT, error)),
        Err(error) => {
            report.error(format_args!("no spool: {error}"));
            Ok(None)
        }
    }
}

fn open_within(options: &Options, dir: &Path) -> Result<Spool, SpoolError> {
    let begun = Instant::now();
    loop {
        // A full spool rejects lines, which makes reading wait, instead of dropping any.
        let mut builder = Spool::builder(dir).overflow_policy(OverflowPolicy::Reject);
        if let Some(bytes) = options.spool_bytes {
            builder = builder.max_bytes(bytes);
        }
        match builder.open() {
            Err(SpoolError::Locked { .. }) if begun.elapsed() < options.lock_wait => {
                std::thread::sleep(RETRY);
            }
            opened => return opened,
        }
    }
}

/// Runs without a spool, because another run uses it, if the server responds.
fn without(client: &Client, dir: &Path, report: &Report) -> Result<Option<Spool>, Failure> {
    match client.version() {
        Ok(_) => {
            report.note(format_args!(
                "another run has the spool {}: this one delivers without it",
                dir.display()
            ));
            Ok(None)
        }
        Err(error) => Err(Failure::new(
            LATER,
            format_args!(
                "another run has the spool {}, and the server can't be reached; nothing was read: \
                 {error}",
                dir.display()
            ),
        )),
    }
}
