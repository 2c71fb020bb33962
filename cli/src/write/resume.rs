//! `Resume`: the position up to which each input file is delivered or spooled, in a state file that is replaced
//! atomically.
//!
//! A file is identified by its content, not by its name: by hashes of its first bytes and of those before the
//! position. So a rotated log is continued under its new name, and a replaced one is noticed.
//!
//! Lines without a time get `time` plus a nanosecond for each line after the position. A run that is killed may
//! have sent lines after the position, and the next run must send them with the same times: otherwise they would
//! be stored twice. So the state has `time` and `until`, a bound of the bytes that were used, on disk before any
//! of these bytes are used:
//!
//! ```text
//! begin    time = now, if none is left from an earlier run; until = length of the file
//! reads    until grows before bytes beyond it are used
//! reached  the position moves on, and time with it, by a nanosecond per line; as soon as all
//!          bytes up to until are used, no earlier run can have sent further lines: time = now
//! ```

use super::format::Position;
use super::input::Source;
use super::rewrite::Times;
use crate::failure::{Failure, LATER, SETTINGS};
use crate::report::Report;
use crate::state::{beside, sync_parent};
use influx_edge::Timestamp;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of each of the two hashes that identify a file.
const SAMPLE: u64 = 4096;

pub(super) struct Resume {
    report: Report,
    path: PathBuf,
    /// Bucket and server: a position is valid only for the same target.
    target: String,
    /// The entries of this run's sources, in their order.
    entries: Vec<Entry>,
    /// The entries of files that this run doesn't read.
    others: Vec<Entry>,
    _lock: Option<File>,
    /// The error of the state file was printed.
    failed: bool,
}

/// A file, and the position in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    path: String,
    at: Position,
    head: u64,
    tail: u64,
    /// The time of the next line without one; set while lines after the position may have been sent.
    time: Option<i64>,
    /// With a time: no run has used more bytes than these.
    until: u64,
}

impl Resume {
    /// Reads the state, and sets the start of the sources.
    ///
    /// # Errors
    /// Returns an error if the state can't be read, is in use, or is for another target.
    pub(super) fn load(
        path: &Path,
        target: String,
        sources: &mut [Source],
        lock_wait: Duration,
        report: Report,
    ) -> Result<Resume, Failure> {
        let lock = lock(path, lock_wait)?;
        let mut known = match fs::read(path) {
            Ok(bytes) => parse(&bytes, &target)
                .map_err(|why| Failure::new(SETTINGS, format_args!("{}: {why}", path.display())))?,
            Err(why) if why.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(why) => return Err(Failure::new(1, format_args!("{}: {why}", path.display()))),
        };
        for source in sources.iter_mut() {
            let Some(path) = &source.path else { continue };
            let file = File::open(path).map_err(|why| Failure::no_input(path.display(), why))?;
            source.file = Some(Arc::new(file));
        }
        let mut found: Vec<Option<Entry>> = vec![None; sources.len()];
        // By name first, so that of two files with the same content each gets its own entry.
        for by_name in [true, false] {
            for (source, found) in sources.iter().zip(&mut found) {
                let name = name_of(source);
                let fits = |entry: &Entry| match by_name {
                    true => entry.path == name && entry.is_of(source),
                    false => entry.sampled() > 0 && entry.is_of(source),
                };
                if found.is_none() {
                    let index = known.iter().position(fits);
                    *found = index.map(|index| known.swap_remove(index));
                }
            }
        }
        let mut entries = Vec::new();
        for (source, found) in sources.iter_mut().zip(found) {
            let name = name_of(source);
            let mut entry = found.unwrap_or_default();
            let replaced = known.iter().position(|entry| entry.path == name);
            if let Some(index) = replaced {
                let old = known.swap_remove(index);
                if entry.at.bytes == 0 && old.at.bytes > 0 {
                    report.error(format_args!(
                        "{name} was changed or replaced since line {}, and is read from its beginning",
                        old.at.lines
                    ));
                }
            }
            if entry.at.bytes > 0 {
                report.note(format_args!("{name}: from line {}", entry.at.lines + 1));
            }
            entry.path = name;
            source.start = entry.at;
            entries.push(entry);
        }
        Ok(Resume {
            report,
            path: path.to_owned(),
            target,
            entries,
            others: known,
            _lock: lock,
            failed: false,
        })
    }

    /// Returns the times of a source's lines without one, once the state is on disk.
    pub(super) fn begin(&mut self, source: usize, input: &Source) -> Option<Times> {
        let now = Timestamp::now().as_nanos();
        let entry = self.entries.get_mut(source)?;
        let base = *entry.time.get_or_insert(now);
        entry.until = entry.until.max(len_of(input));
        entry.sample(input);
        let first = entry.at.lines.saturating_add(1);
        self.save();
        Some(Times { base, first })
    }

    /// Records that the first `bytes` of a source may be used. Called before they are.
    pub(super) fn reads(&mut self, source: usize, input: &Source, bytes: u64) {
        let Some(entry) = self.entries.get_mut(source) else {
            return;
        };
        if bytes > entry.until {
            entry.until = bytes.max(len_of(input));
            entry.sample(input);
            self.save();
        }
    }

    /// Records that everything before a position is delivered or spooled, and that `read` bytes were used.
    /// Returns the times of the lines after it; with `ended` this run sends none of them.
    pub(super) fn reached(
        &mut self,
        source: usize,
        input: &Source,
        at: Position,
        read: u64,
        ended: bool,
    ) -> Option<Times> {
        let now = Timestamp::now().as_nanos();
        let entry = self.entries.get_mut(source)?;
        let before = entry.clone();
        let lines = at.lines.saturating_sub(entry.at.lines);
        let used = entry.time.map(|base| base.saturating_add_unsigned(lines));
        let mut base = used.unwrap_or(now);
        entry.at = at;
        entry.time = Some(base);
        // Otherwise an earlier run may have sent further lines, which keep their times.
        if read >= entry.until {
            base = base.max(now);
            entry.time = (!ended).then_some(base);
            entry.until = if ended { 0 } else { read.max(len_of(input)) };
        }
        entry.sample(input);
        let first = at.lines.saturating_add(1);
        if self.save() {
            return Some(Times { base, first });
        }
        if let Some(entry) = self.entries.get_mut(source) {
            *entry = before;
        }
        None
    }

    /// Replaces the state; returns `false` on an error, after which the old state is valid.
    fn save(&mut self) -> bool {
        let entries = self.entries.iter().chain(&self.others);
        let inputs: Vec<Value> = entries.map(Entry::to_json).collect();
        let state = json!({"version": 1, "target": self.target, "inputs": inputs});
        match replace(&self.path, format!("{state:#}\n").as_bytes()) {
            Ok(()) => true,
            Err(why) => {
                if !std::mem::replace(&mut self.failed, true) {
                    self.report.error(format_args!(
                        "{}: {why}; the next run would send again what is delivered from now on",
                        self.path.display()
                    ));
                }
                false
            }
        }
    }

    /// Returns `true` if the state couldn't be written at any time.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }
}

impl Entry {
    /// Returns the number of bytes that identify the file: those before the position, otherwise those that a
    /// run may have sent.
    fn sampled(&self) -> u64 {
        match self.at.bytes {
            0 => self.until,
            bytes => bytes,
        }
    }

    fn sample(&mut self, source: &Source) {
        if let Some((head, tail)) = samples(source, self.sampled()) {
            (self.head, self.tail) = (head, tail);
        }
    }

    /// Returns `true` if the file has the content of this entry.
    fn is_of(&self, source: &Source) -> bool {
        let sampled = self.sampled();
        sampled == 0 || samples(source, sampled) == Some((self.head, self.tail))
    }

    fn to_json(&self) -> Value {
        json!({
            "path": self.path, "bytes": self.at.bytes, "lines": self.at.lines, "time": self.time,
            "until": self.until,
            "head": format!("{:016x}", self.head), "tail": format!("{:016x}", self.tail),
        })
    }

    fn from_json(value: &Value) -> Option<Entry> {
        let number = |name: &str| value.get(name)?.as_u64();
        let hash = |name: &str| u64::from_str_radix(value.get(name)?.as_str()?, 16).ok();
        Some(Entry {
            path: value.get("path")?.as_str()?.to_owned(),
            at: Position {
                bytes: number("bytes")?,
                lines: number("lines")?,
            },
            head: hash("head")?,
            tail: hash("tail")?,
            time: value.get("time")?.as_i64(),
            until: number("until")?,
        })
    }
}

fn parse(bytes: &[u8], target: &str) -> Result<Vec<Entry>, String> {
    let state: Option<Value> = serde_json::from_slice(bytes).ok();
    let entries = || {
        let state = state.as_ref()?;
        let inputs = state.get("inputs")?.as_array()?;
        let version = state.get("version")?.as_u64()?;
        let inputs: Option<Vec<_>> = inputs.iter().map(Entry::from_json).collect();
        Some((version, state.get("target")?.as_str()?, inputs?))
    };
    match entries() {
        Some((1, of, entries)) if of == target => Ok(entries),
        Some((1, of, _)) => Err(format!(
            "this state is for {of}, not for {target}; name another file for --resume"
        )),
        _ => Err(
            "not a state of --resume; without this file the inputs are read from their \
                  beginning"
                .to_owned(),
        ),
    }
}

/// Returns the absolute path of a source.
fn name_of(source: &Source) -> String {
    let path = source.path.as_deref().unwrap_or(Path::new("-"));
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.to_string_lossy().into_owned()
}

/// Hashes the beginning and the end of the file's first `bytes` bytes; `None` if it is shorter.
fn samples(source: &Source, bytes: u64) -> Option<(u64, u64)> {
    let file = source.file.as_ref()?;
    let len = SAMPLE.min(bytes);
    let mut sample = vec![0; usize::try_from(len).ok()?];
    read_at(file, source, &mut sample, 0).ok()?;
    let head = hash(&sample);
    read_at(file, source, &mut sample, bytes.checked_sub(len)?).ok()?;
    Some((head, hash(&sample)))
}

fn len_of(source: &Source) -> u64 {
    let found = source.file.as_ref().map(|file| file.metadata());
    found.and_then(Result::ok).map_or(0, |found| found.len())
}

/// Reads at an offset without moving the position, from which another thread reads.
#[cfg(unix)]
fn read_at(file: &File, _: &Source, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(not(unix))]
fn read_at(_: &File, source: &Source, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    let path = source.path.as_deref().unwrap_or(Path::new("-"));
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}

/// FNV-1a with 64 bits. The state is on disk, so the hash must not depend on the version of the program.
fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Replaces a file atomically: writes a temporary one, syncs it, renames it and syncs the directory.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = beside(path, ".new");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, path)?;
    sync_parent(path)
}

/// Locks the state against a second run.
#[cfg(unix)]
fn lock(path: &Path, wait: Duration) -> Result<Option<File>, Failure> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    let path = beside(path, ".lock");
    let failed = |why: io::Error| Failure::new(1, format_args!("{}: {why}", path.display()));
    let file = File::create(&path).map_err(failed)?;
    let begun = Instant::now();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(file)),
            Err(Errno::WOULDBLOCK) if begun.elapsed() < wait => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(Errno::WOULDBLOCK) => {
                return Err(Failure::new(
                    LATER,
                    format_args!(
                        "{}: in use by another run; nothing was read",
                        path.display()
                    ),
                ));
            }
            Err(Errno::INTR) => {}
            Err(why) => return Err(failed(why.into())),
        }
    }
}

#[cfg(not(unix))]
fn lock(_path: &Path, _wait: Duration) -> Result<Option<File>, Failure> {
    Ok(None)
}
