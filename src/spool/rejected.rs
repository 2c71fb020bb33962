//! The store of rejected lines on disk, with reasons: the subdirectory `rejected`.
//!
//! The same segments as the spool's own, with records whose payload begins with the reason: its
//! length in two bytes, little-endian, then its text. Bounded; the oldest segment goes first.

use super::format::{Flags, MAX_PAYLOAD};
use super::fs::Fs;
use super::log::{Log, NewRecord};
use super::recovery::{make_dir, recover};
use super::rewrite::Rewritten;
use super::scan::Window;
use super::segment::{TargetCount, parse_name};
use super::stats::OpenReport;
use super::target::Target;
use crate::Precision;
use crate::clock::Clock;
use alloc::sync::Arc;
use std::io;
use std::path::PathBuf;

/// The most of a reason that is kept.
const MAX_REASON: usize = 1024;

/// Lines that a server refused for good.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-rejection", std::process::id()));
/// use influx_edge::Precision;
/// use influx_edge::spool::{Rejection, Spool, Target};
///
/// let mut spool = Spool::open(&dir)?;
/// spool.reject(Rejection {
///     target: &Target::new("acme", "sensors")?,
///     precision: Precision::Second,
///     lines: b"t v= 60\n",
///     count: 1,
///     reason: "missing field value",
/// })?;
/// assert_eq!((spool.stats().rejected_lines, spool.stats().batches), (1, 0));
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rejection<'a> {
    /// Where they were to go.
    pub target: &'a Target,
    /// The unit of their timestamps.
    pub precision: Precision,
    /// The lines, as they were sent.
    pub lines: &'a [u8],
    /// How many there are.
    pub count: u32,
    /// The server's message; 1 KiB of it is kept.
    pub reason: &'a str,
}

pub(super) struct Rejected {
    log: Log,
    max_bytes: u64,
    /// Something that is no directory has the name.
    blocked: bool,
    /// Lines dropped to free space.
    pub(super) dropped: u64,
}

impl Rejected {
    /// Takes up what is there; a directory that isn't there is made with the first rejection.
    pub(super) fn open(
        fs: Arc<dyn Fs>,
        dir: PathBuf,
        max_bytes: u64,
        durable: bool,
        window: &mut Window,
    ) -> io::Result<Self> {
        let mut rejected = Rejected {
            log: Log::new(fs, dir, max_bytes / 4, durable),
            max_bytes,
            blocked: false,
            dropped: 0,
        };
        match rejected.take_up(window) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) if e.kind() == io::ErrorKind::NotADirectory => rejected.blocked = true,
            result => result?,
        }
        Ok(rejected)
    }

    fn take_up(&mut self, window: &mut Window) -> io::Result<()> {
        let mut report = OpenReport::default();
        let adopt = &mut |_: &_, _: &[u8]| Some(0);
        recover(&mut self.log, window, 0, &[], &mut report, adopt).map(|_| ())
    }

    /// Lines that are kept.
    pub(super) fn lines(&self) -> u64 {
        let segments = self.log.segments.iter();
        segments.fold(0, |sum: u64, segment| {
            sum.saturating_add(segment.share(0).unwrap_or_default().points)
        })
    }

    pub(super) fn keep(
        &mut self,
        rejection: &Rejection<'_>,
        sync: bool,
        clock: &dyn Clock,
    ) -> io::Result<()> {
        if self.blocked {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let reason = rejection.reason;
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let reason = reason.get(..end).unwrap_or_default().as_bytes();
        let reason_len = (reason.len() as u16).to_le_bytes();
        // More than fits is cut: a record of the first lines is better than none.
        let most = MAX_PAYLOAD
            .saturating_sub(MAX_REASON)
            .min(usize::try_from(self.max_bytes / 4).unwrap_or(usize::MAX));
        let lines = rejection.lines;
        let record = NewRecord {
            target: 0,
            target_bytes: rejection.target.bytes(),
            flags: Flags(Flags::REJECTED.0 | rejection.target.flags().0),
            precision: rejection.precision,
            points: rejection.count,
            payload: [&reason_len, reason, lines.get(..most).unwrap_or(lines)],
            now: clock.unix_seconds(),
            sync,
        };
        while self.log.footprint_with(record.record_len()) > self.max_bytes && self.drop_oldest() {}
        if self.log.segments.is_empty() {
            make_dir(&*self.log.fs, &self.log.dir)?;
        }
        self.log.append(&record).map(|_| ())
    }

    /// As [`Spool::sync`](super::Spool::sync) does with the queue; lines that can't be read back
    /// count as dropped.
    pub(super) fn sync(&mut self, window: &mut Window) -> io::Result<()> {
        self.log.sync_files();
        while let Some(index) = self.log.first_failed() {
            let mut found = TargetCount::none(0);
            let rewritten = self.log.rewrite(index, window, &mut |record, _| {
                found.add(1, u64::from(record.points), u64::from(record.payload_len));
            })?;
            let Some(segment) = self.log.segments.get_mut(index) else {
                break;
            };
            let all = segment.share(0).unwrap_or_default();
            let lost = match rewritten {
                Rewritten::Copied => all.without(&found),
                Rewritten::Gone => all,
            };
            segment.take(lost);
            self.dropped = self.dropped.saturating_add(lost.points);
            if matches!(rewritten, Rewritten::Gone) {
                self.log.remove(index);
            }
        }
        self.log.sync_names()
    }

    /// Removes everything; how many lines there were.
    pub(super) fn clear(&mut self) -> io::Result<u64> {
        let lines = self.lines();
        while self.log.remove(0).is_some() {}
        // A removal that fails leaves its file: what is there still is taken up again, to be seen.
        let left = match self.log.fs.list(&self.log.dir) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(lines),
            names => names?,
        };
        if left.iter().any(|name| parse_name(name).is_some()) {
            self.take_up(&mut Window::default())?;
            return Err(io::Error::other("a file in it can't be removed"));
        }
        self.log.sync_names()?;
        Ok(lines)
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(segment) = self.log.remove(0) else {
            return false;
        };
        let lines = segment.share(0).unwrap_or_default().points;
        self.dropped = self.dropped.saturating_add(lines);
        true
    }
}

/// The reason and the lines of a rejected record's payload.
pub(super) fn split_reason(payload: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = payload.split_first_chunk::<2>()?;
    let (reason, lines) = rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
    Some((core::str::from_utf8(reason).ok()?, lines))
}
