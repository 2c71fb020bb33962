//! `Inspector`: reads the directory of a spool beside its owner, and changes nothing.

use super::ack::{AckFile, MAX_SEQ};
use super::batch::Batch;
use super::directory::Directory;
use super::error::SpoolError;
use super::format::{Flags, HeaderError, RecordHeader};
use super::fs::{Access, Fs, FsFile, LOCK};
use super::os_disk::OsDisk;
use super::rejected::split_reason;
use super::scan::{Bounds, Cursor, MAX_FILE, Step, Window, read_header};
use super::segment::parse_name;
use super::target::Target;
use alloc::vec::Vec;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// A read-only view of the directory of a spool.
///
/// Takes no lock, so it can be used beside the owner. Batches that the owner appends or removes meanwhile may
/// or may not be seen.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-inspector", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Spool, Target};
/// use influx_edge::spool::{Entry, Inspector};
///
/// # let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// # spool.reject(Batch::new(&target, Precision::Second, 1, b"t v= 60\n"), "missing field value")?;
/// let inspector = Inspector::new(&dir)?;
/// let mut reasons = Vec::new();
/// inspector.walk_rejected(&mut |entry| {
///     if let Entry::Batch { batch, reason: Some(reason), .. } = entry {
///         reasons.push(format!("{}: {reason}", batch.target.bucket()));
///     }
/// })?;
/// assert_eq!(reasons, ["sensors: missing field value"]);
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Inspector {
    dir: PathBuf,
    directory: Directory,
    acked: u64,
}

/// An item that [`Inspector`] found, in the order of the files and of their content.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-entry", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Entry, Inspector, Spool, Target};
/// # let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// # spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
/// let mut lines = Vec::new();
/// Inspector::new(&dir)?.walk_queue(&mut |entry| match entry {
///     Entry::Batch { batch, delivered: false, .. } => {
///         lines.extend_from_slice(batch.lines)
///     }
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
    /// The beginning of a segment.
    Segment {
        /// The file.
        path: &'a Path,
        /// The sequence number of its first batch.
        first_seq: u64,
        /// The time of its creation in Unix seconds, by the clock of that moment.
        created: u64,
        /// The length of the file.
        bytes: u64,
    },
    /// A whole batch.
    Batch {
        /// The batch. In [`walk_rejected`](Inspector::walk_rejected), `points` is a number of lines.
        batch: Batch<'a>,
        /// Its sequence number.
        seq: u64,
        /// The reason, if it was rejected.
        reason: Option<&'a str>,
        /// It is delivered and not yet removed, as far as the disk shows.
        delivered: bool,
    },
    /// A batch whose header is intact and whose content is not.
    Corrupt {
        /// Its sequence number.
        seq: u64,
        /// The number of points it held.
        points: u32,
        /// The size of its content.
        bytes: u32,
    },
    /// Bytes that are no batch, before others that are.
    Damage {
        /// Their offset in the segment.
        at: u64,
        /// Their number.
        bytes: u64,
    },
    /// Bytes behind the last batch of the newest segment: an append that a crash interrupted, or that
    /// is in progress.
    Tail {
        /// Their offset in the segment.
        at: u64,
        /// Their number.
        bytes: u64,
    },
    /// A file that has a segment's name and can't be read as one.
    Unreadable {
        /// The file.
        path: &'a Path,
        /// The version in its header, if this crate does not support that. `None`: the header is
        /// damaged, incomplete, or of another kind of file.
        version: Option<u16>,
    },
    /// A file that is not part of the spool, or that was quarantined (`*.bad`).
    Other {
        /// The file.
        path: &'a Path,
    },
}

impl Inspector {
    /// Opens the directory of a spool for reading.
    ///
    /// # Errors
    /// Returns an error if the directory does not exist or can't be read.
    pub fn new(dir: impl Into<PathBuf>) -> Result<Self, SpoolError> {
        let dir = dir.into();
        let reading = |error| SpoolError::from_io(READING, &dir, error);
        let directory = Directory::open(OsDisk, &dir).map_err(reading)?;
        let ack = AckFile::read(&directory, PathBuf::from("ack"), Access::Read).map_err(reading)?;
        let acked = ack.acked();
        Ok(Inspector {
            dir,
            directory,
            acked,
        })
    }

    /// Returns the sequence number up to which all batches are delivered, as far as the disk shows.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-acked", std::process::id()));
    /// use influx_edge::spool::{Inspector, Spool};
    ///
    /// let spool = Spool::open(&dir)?;
    /// assert_eq!(Inspector::new(&dir)?.acked(), 0); // beside the owner
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// Calls `each` for everything in the queue: batches that wait, and batches that are delivered but
    /// not yet removed. Verifies every checksum. Memory: 64 KiB and one batch.
    ///
    /// # Errors
    /// Returns an error if a file can't be read.
    pub fn walk_queue(&self, each: &mut dyn FnMut(Entry<'_>)) -> Result<(), SpoolError> {
        let walked = self.walk(Path::new(""), self.acked, each);
        walked.map_err(|error| SpoolError::from_io(READING, &self.dir, error))
    }

    /// Calls `each` for everything that was rejected, like [`walk_queue`](Inspector::walk_queue).
    ///
    /// # Errors
    /// Returns an error if a file can't be read.
    pub fn walk_rejected(&self, each: &mut dyn FnMut(Entry<'_>)) -> Result<(), SpoolError> {
        let sub = Path::new("rejected");
        match self.walk(sub, 0, each) {
            // Created with the first rejection.
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            walked => {
                walked.map_err(|error| SpoolError::from_io(READING, &self.dir.join(sub), error))
            }
        }
    }

    fn walk(&self, sub: &Path, acked: u64, each: &mut dyn FnMut(Entry<'_>)) -> io::Result<()> {
        let mut walk = Walk {
            directory: &self.directory,
            sub,
            acked,
            window: Window::default(),
            payload: Vec::new(),
            each,
        };
        walk.files(&self.dir.join(sub), self.directory.list(sub)?)
    }
}

/// For error messages.
const READING: &str = "read the spool";

struct Walk<'a> {
    directory: &'a Directory,
    /// The directory that is read, relative to the spool's.
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
        let header = match read_header(file)? {
            Ok(header) if header.base_seq == base => header,
            Ok(_) => {
                (self.each)(Entry::Other { path });
                return Ok(());
            }
            Err(why) => {
                let version = match why {
                    HeaderError::Version(version) => Some(version),
                    HeaderError::Short | HeaderError::Magic | HeaderError::Checksum => None,
                };
                (self.each)(Entry::Unreadable { path, version });
                return Ok(());
            }
        };
        (self.each)(Entry::Segment {
            path,
            first_seq: base,
            created: header.created,
            bytes: len,
        });
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
        let whole = cursor.read_payload(file, bounds, record, &mut self.payload)?;
        let split = if record.flags.has(Flags::REJECTED) {
            split_reason(&self.payload).map(|(reason, lines)| (Some(reason), lines))
        } else {
            Some((None, self.payload.as_slice()))
        };
        let (seq, points) = (record.seq, record.points);
        (self.each)(match (&target, split) {
            (Some(target), Some((reason, lines))) if whole => Entry::Batch {
                batch: Batch::new(target, record.precision, points, lines),
                seq,
                reason,
                delivered: seq <= self.acked,
            },
            _ => Entry::Corrupt {
                seq,
                points,
                bytes: record.payload_len,
            },
        });
        Ok(())
    }
}
