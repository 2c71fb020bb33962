//! `Inspector`: reads a spool's directory without changing it, beside a running owner.

use super::ack::{AckFile, MAX_SEQ};
use super::directory::Directory;
use super::error::SpoolError;
use super::format::{Flags, HeaderError, RecordHeader, SEGMENT_HEADER, SegmentHeader};
use super::fs::{Access, Fs, FsFile, LOCK, OsDisk, read_full};
use super::recovery::MAX_FILE;
use super::rejected::split_reason;
use super::scan::{Bounds, Cursor, Step, Window};
use super::segment::parse_name;
use super::target::Target;
use crate::Precision;
use alloc::vec::Vec;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Reads a spool's directory and changes nothing. Takes no lock, so it works beside a running
/// owner; what that one writes or removes meanwhile may or may not be seen.
///
/// ```no_run
/// use influx_edge::spool::{Inspector, Entry, Section};
///
/// let inspector = Inspector::new("/var/lib/logger/spool")?;
/// inspector.walk(Section::Rejected, &mut |item| {
///     if let Entry::Batch(batch) = item {
///         println!("{}: {:?}", batch.target.bucket(), batch.reason);
///     }
/// })?;
/// # Ok::<(), influx_edge::spool::SpoolError>(())
/// ```
#[derive(Debug)]
pub struct Inspector {
    dir: PathBuf,
    directory: Directory,
    acked: u64,
}

/// Which part of a spool to look at.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-section", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Entry, Inspector, Rejection, Section, Spool, Target};
/// # let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// # let (lines, count, reason) = (b"t v= 60\n", 1, "missing field value");
/// # spool.reject(Rejection { target: &target, precision: Precision::Second, lines, count, reason })?;
/// let batches = |section| {
///     let mut count = 0;
///     let inspector = Inspector::new(&dir)?;
///     inspector.walk(section, &mut |entry| count += u32::from(matches!(entry, Entry::Batch(_))))?;
///     Ok::<_, influx_edge::spool::SpoolError>(count)
/// };
/// assert_eq!((batches(Section::Queue)?, batches(Section::Rejected)?), (0, 1));
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What waits to be delivered, and what is delivered but not yet removed.
    Queue,
    /// What a server refused for good.
    Rejected,
}

/// What is found on the way, in the order of the files and of what is in them.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-entry", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Entry, Inspector, Section, Spool, Target};
/// # let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// # spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
/// let mut lines = Vec::new();
/// Inspector::new(&dir)?.walk(Section::Queue, &mut |entry| match entry {
///     Entry::Batch(batch) => lines.extend_from_slice(batch.lines),
///     Entry::Damage { at, bytes } => eprintln!("no batch: {bytes} bytes at {at}"),
///     _ => {}
/// })?;
/// assert_eq!(lines, b"t v=1 60\n");
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Entry<'a> {
    /// A segment begins.
    Segment {
        /// Its file.
        path: &'a Path,
        /// Its header.
        header: SegmentHeader,
        /// The file's length.
        len: u64,
    },
    /// A whole batch.
    Batch(StoredBatch<'a>),
    /// A batch whose header holds but whose content doesn't.
    Corrupt {
        /// Its number.
        seq: u64,
        /// Points it held.
        points: u32,
        /// Bytes of its content.
        bytes: u32,
    },
    /// Bytes that are no batch, with others after them.
    Damage {
        /// Where they begin in the segment.
        at: u64,
        /// How many.
        bytes: u64,
    },
    /// Bytes behind the last batch of the newest segment: one that was being written when the power
    /// went, or that its owner is writing just now.
    Tail {
        /// Where they begin in the segment.
        at: u64,
        /// How many.
        bytes: u64,
    },
    /// A file with a segment's name that isn't one, or of another version.
    Unreadable {
        /// The file.
        path: &'a Path,
        /// Why.
        why: HeaderError,
    },
    /// Something else: a file that was set aside, or of somebody else's.
    Other {
        /// What it is.
        path: &'a Path,
    },
}

/// A batch in a spool.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-storedbatch", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Entry, Inspector, Section, Spool, Target};
/// # let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// # spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
/// # let mut batches = 0;
/// Inspector::new(&dir)?.walk(Section::Queue, &mut |entry| {
///     if let Entry::Batch(batch) = entry {
///         assert_eq!((batch.seq, batch.points, batch.delivered), (1, 1, false));
///         assert_eq!(batch.target.bucket(), "sensors");
/// #       batches += 1;
///     }
/// })?;
/// # assert_eq!(batches, 1);
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredBatch<'a> {
    /// Its number.
    pub seq: u64,
    /// Where it is to go.
    pub target: Target,
    /// The unit of its timestamps.
    pub precision: Precision,
    /// How many points it holds, or lines that were rejected.
    pub points: u32,
    /// The lines.
    pub lines: &'a [u8],
    /// Why they were rejected, if they were.
    pub reason: Option<&'a str>,
    /// Whether it is delivered already, as far as the disk knows.
    pub delivered: bool,
}

impl Inspector {
    /// Looks at the spool of a directory.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-new", std::process::id()));
    /// use influx_edge::spool::{Inspector, Spool};
    ///
    /// let spool = Spool::open(&dir)?;
    /// assert_eq!(Inspector::new(&dir)?.acked(), 0); // beside a running owner
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the directory does not exist or can't be read.
    pub fn new(dir: impl Into<PathBuf>) -> Result<Self, SpoolError> {
        let dir = dir.into();
        let reading = |error| SpoolError::from_io(READING, &dir, error);
        // A directory that isn't there is a mistake, not an empty spool.
        let directory = Directory::open(OsDisk, &dir).map_err(reading)?;
        let ack = AckFile::read(&directory, PathBuf::from("ack"), Access::Read).map_err(reading)?;
        let acked = ack.acked();
        Ok(Inspector {
            dir,
            directory,
            acked,
        })
    }

    /// The number up to which all is delivered, as far as the disk knows.
    #[must_use]
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// Goes through a part, checking every checksum. Memory: a window of 64 KiB and the batch at
    /// hand.
    ///
    /// # Errors
    /// Returns an error if a file can't be read. A part that isn't there is empty.
    pub fn walk(&self, part: Section, each: &mut dyn FnMut(Entry<'_>)) -> Result<(), SpoolError> {
        let (sub, acked) = match part {
            Section::Queue => (Path::new(""), self.acked),
            Section::Rejected => (Path::new("rejected"), 0),
        };
        let dir = self.dir.join(sub);
        let mut walk = Walk {
            directory: &self.directory,
            sub,
            acked,
            window: Window::default(),
            payload: Vec::new(),
            each,
        };
        let listed = self.directory.list(sub);
        match listed.and_then(|names| walk.files(&dir, names)) {
            Err(e) if part == Section::Rejected && e.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(|error| SpoolError::from_io(READING, &dir, error)),
        }
    }
}

/// For error messages.
const READING: &str = "read the spool";

struct Walk<'a> {
    directory: &'a Directory,
    /// The part of the directory, relative to it.
    sub: &'a Path,
    acked: u64,
    window: Window,
    payload: Vec<u8>,
    each: &'a mut dyn FnMut(Entry<'_>),
}

impl Walk<'_> {
    fn files(&mut self, dir: &Path, mut names: Vec<OsString>) -> io::Result<()> {
        let mut segments = Vec::new();
        names.sort_unstable();
        for name in &names {
            match parse_name(name).filter(|base| (1..MAX_SEQ).contains(base)) {
                Some(base) => segments.push((base, name)),
                None if [LOCK, "ack", "ack.new", "rejected"]
                    .iter()
                    .any(|known| name == known) => {}
                None => (self.each)(Entry::Other {
                    path: &dir.join(name),
                }),
            }
        }
        for (index, (base, name)) in segments.iter().enumerate() {
            let next = segments.get(index.saturating_add(1)).map(|next| next.0);
            let path = &dir.join(name);
            match self.directory.open(&self.sub.join(name), Access::Read) {
                Ok(file) => self.segment(&*file, path, *base, next)?,
                // Delivered and removed since the listing.
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) if e.kind() == io::ErrorKind::InvalidInput => {
                    (self.each)(Entry::Other { path });
                }
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn segment(
        &mut self,
        file: &dyn FsFile,
        path: &Path,
        base: u64,
        next: Option<u64>,
    ) -> io::Result<()> {
        let len = file.status()?.len;
        let mut head = [0; SEGMENT_HEADER];
        let n = read_full(file, &mut head, 0)?;
        let header = match SegmentHeader::decode(head.get(..n).unwrap_or_default()) {
            Ok(header) if header.base_seq == base => header,
            Ok(_) => {
                (self.each)(Entry::Other { path });
                return Ok(());
            }
            Err(why) => {
                (self.each)(Entry::Unreadable { path, why });
                return Ok(());
            }
        };
        (self.each)(Entry::Segment { path, header, len });
        let bounds = Bounds {
            key: header.key(),
            base,
            below: next.unwrap_or(MAX_SEQ),
            end: len.min(MAX_FILE),
        };
        self.window.forget();
        self.window.select(base);
        let mut cursor = Cursor::start(base);
        loop {
            let at = cursor.at;
            match cursor.step(&mut self.window, file, &bounds)? {
                Step::End => return Ok(()),
                Step::Damage(bytes) if cursor.at >= bounds.end && next.is_none() => {
                    (self.each)(Entry::Tail { at, bytes });
                }
                Step::Damage(bytes) => (self.each)(Entry::Damage { at, bytes }),
                Step::Record(record) => {
                    self.record(file, &cursor, &bounds, &record)?;
                    cursor.pass(&record);
                }
            }
        }
    }

    fn record(
        &mut self,
        file: &dyn FsFile,
        cursor: &Cursor,
        bounds: &Bounds,
        record: &RecordHeader,
    ) -> io::Result<()> {
        let target = cursor.target(&mut self.window, file, bounds, record)?;
        let target = Target::from_record(record.flags, target);
        let at = cursor.at.saturating_add(record.payload_offset() as u64);
        // The length is checked: the header's checksum holds, and the file is as long.
        self.payload.resize(record.payload_len as usize, 0);
        let n = read_full(file, &mut self.payload, at)?;
        self.payload.truncate(n);
        let whole = bounds.key.checksum(&self.payload) == record.payload_crc;
        let split = if record.flags.has(Flags::REJECTED) {
            split_reason(&self.payload).map(|(reason, lines)| (Some(reason), lines))
        } else {
            Some((None, self.payload.as_slice()))
        };
        match (target, split) {
            (Some(target), Some((reason, lines))) if whole => {
                (self.each)(Entry::Batch(StoredBatch {
                    seq: record.seq,
                    target,
                    precision: record.precision,
                    points: record.points,
                    lines,
                    reason,
                    delivered: record.seq <= self.acked,
                }));
            }
            _ => (self.each)(Entry::Corrupt {
                seq: record.seq,
                points: record.points,
                bytes: record.payload_len,
            }),
        }
        Ok(())
    }
}
