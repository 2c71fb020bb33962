//! The bytes on disk: headers of segments and records, checksums. No file is touched here, nothing is
//! allocated.
//!
//! The tables that this module implements, and an example byte by byte, are in
//! `docs/spool-format.md`. Any change to them is another version.

use crate::Precision;
use crc32fast::Hasher;

/// Bytes of a segment's header.
pub(super) const SEGMENT_HEADER: usize = 64;
/// Bytes of a record before its target.
pub(super) const RECORD_HEADER: usize = 32;
/// The longest payload of one record: 16 MiB.
pub(super) const MAX_PAYLOAD: usize = 16 << 20;
/// The longest target of one record, `org`, the zero byte and `bucket` together.
pub(super) const MAX_TARGET: usize = 1024;
/// The shortest record there can be.
pub(super) const MIN_RECORD: usize = RECORD_HEADER + 2;
/// The version this code writes, and the only one it reads.
pub(super) const VERSION: u16 = 1;

const SEGMENT_MAGIC: [u8; 8] = [0x89, b'I', b'E', b'S', b'P', b'L', b'\r', b'\n'];
/// The first four bytes of a record.
pub(super) const RECORD_MAGIC: [u8; 4] = [0xF5, b'R', b'E', b'C'];
const KNOWN_FLAGS: u8 = Flags::REJECTED.0 | Flags::ORG_ID.0 | Flags::SERVER;

/// The header of a segment file.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-segmentheader", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Entry, Inspector, Section, Spool, Target};
/// # let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// # spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
/// # let mut segments = 0;
/// Inspector::new(&dir)?.walk(Section::Queue, &mut |entry| {
///     if let Entry::Segment { path, header, .. } = entry {
///         println!("{} begins with batch {}", path.display(), header.base_seq);
/// #       assert_eq!(header.base_seq, 1);
/// #       segments += 1;
///     }
/// })?;
/// # assert_eq!(segments, 1);
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// The sequence number of its first record.
    pub base_seq: u64,
    /// What the checksums of its records start from.
    pub salt: u64,
    /// When it was made, in Unix seconds by the clock of then. Information only.
    pub created: u64,
}

/// The reason why the first bytes of a file are not a segment header.
///
/// ```
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-type-headererror", std::process::id()));
/// # use influx_edge::Precision;
/// # use influx_edge::spool::{Batch, Entry, HeaderError, Inspector, Section, Spool, Target};
/// # let mut spool = Spool::open(&dir)?;
/// # let target = Target::new("acme", "sensors")?;
/// # spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
/// # let mut segment = None;
/// # Inspector::new(&dir)?.walk(Section::Queue, &mut |entry| {
/// #     if let Entry::Segment { path, .. } = entry {
/// #         segment = Some(path.to_owned());
/// #     }
/// # })?;
/// # let segment = segment.expect("a segment");
/// # let mut found = Vec::new();
/// std::fs::write(segment, b"")?; // an accident
/// Inspector::new(&dir)?.walk(Section::Queue, &mut |entry| {
///     if let Entry::Unreadable { why, .. } = entry {
///         found.push(why);
///     }
/// })?;
/// assert_eq!(found, [HeaderError::Short]);
/// # drop(spool);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// Fewer than 64 bytes.
    Short,
    /// Another kind of file.
    Magic,
    /// The checksum doesn't hold.
    Checksum,
    /// A segment, but of a version or header length this code doesn't know.
    Version(u16),
}

/// The header of a record, without its target and payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    /// Bytes of the payload, 1 to [`MAX_PAYLOAD`].
    pub(super) payload_len: u32,
    /// The record's number.
    pub(super) seq: u64,
    /// Bytes of the target, 1 to [`MAX_TARGET`].
    pub(super) target_len: u16,
    /// What kind of record it is.
    pub(super) flags: Flags,
    /// The unit of the payload's timestamps.
    pub(super) precision: Precision,
    /// How many points the payload holds, by the word of who wrote it.
    pub(super) points: u32,
    /// The payload's checksum, as [`ChecksumSeed::checksum`] makes it.
    pub(super) payload_crc: u32,
}

/// The flags of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(pub(super) u8);

/// Why bytes aren't a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordError {
    /// So far it may be one: give at least this many bytes.
    NeedBytes(usize),
    /// It isn't one.
    NotARecord,
}

/// What the checksums of one segment start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChecksumSeed(u32);

impl SegmentHeader {
    /// The header's bytes.
    #[must_use]
    pub(super) fn encode(&self) -> [u8; SEGMENT_HEADER] {
        let mut out = [0; SEGMENT_HEADER];
        put(&mut out, 0, &SEGMENT_MAGIC);
        put(&mut out, 8, &VERSION.to_le_bytes());
        put(&mut out, 10, &(SEGMENT_HEADER as u16).to_le_bytes());
        put(&mut out, 16, &self.base_seq.to_le_bytes());
        put(&mut out, 24, &self.salt.to_le_bytes());
        put(&mut out, 32, &self.created.to_le_bytes());
        let crc = crc32fast::hash(out.get(..60).unwrap_or_default());
        put(&mut out, 60, &crc.to_le_bytes());
        out
    }

    /// Reads a header from the first bytes of a file.
    ///
    /// # Errors
    /// Returns what is wrong with them. The checksum is looked at before the version, so
    /// [`HeaderError::Version`] is another version's header and not damage; a version that puts its
    /// checksum elsewhere reads as damage, with the same consequence.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let bytes = bytes.get(..SEGMENT_HEADER).ok_or(HeaderError::Short)?;
        if !bytes.starts_with(&SEGMENT_MAGIC) {
            return Err(HeaderError::Magic);
        }
        let covered = bytes.get(..60).ok_or(HeaderError::Short)?;
        if u32_at(bytes, 60) != Some(crc32fast::hash(covered)) {
            return Err(HeaderError::Checksum);
        }
        let version = u16_at(bytes, 8).ok_or(HeaderError::Short)?;
        let len = u16_at(bytes, 10).ok_or(HeaderError::Short)?;
        if version != VERSION || usize::from(len) != SEGMENT_HEADER {
            return Err(HeaderError::Version(version));
        }
        Ok(SegmentHeader {
            base_seq: u64_at(bytes, 16).ok_or(HeaderError::Short)?,
            salt: u64_at(bytes, 24).ok_or(HeaderError::Short)?,
            created: u64_at(bytes, 32).ok_or(HeaderError::Short)?,
        })
    }

    /// What the checksums of this segment's records start from.
    #[must_use]
    pub(super) fn key(&self) -> ChecksumSeed {
        ChecksumSeed::new(self.salt)
    }
}

impl RecordHeader {
    /// The header's bytes; the target and the payload follow them in the file.
    ///
    /// `target` is what the header's checksum covers too; its length must be
    /// [`target_len`](RecordHeader::target_len), or the record won't read back.
    #[must_use]
    pub(super) fn encode(&self, key: ChecksumSeed, target: &[u8]) -> [u8; RECORD_HEADER] {
        let mut out = [0; RECORD_HEADER];
        put(&mut out, 0, &RECORD_MAGIC);
        put(&mut out, 4, &self.payload_len.to_le_bytes());
        put(&mut out, 8, &self.seq.to_le_bytes());
        put(&mut out, 16, &self.target_len.to_le_bytes());
        put(
            &mut out,
            18,
            &[self.flags.0, precision_code(self.precision)],
        );
        put(&mut out, 20, &self.points.to_le_bytes());
        put(&mut out, 24, &self.payload_crc.to_le_bytes());
        let crc = key.checksum2(out.get(..28).unwrap_or_default(), target);
        put(&mut out, 28, &crc.to_le_bytes());
        out
    }

    /// Reads the header and checks it, its target included. The payload is not looked at.
    ///
    /// # Errors
    /// Returns [`RecordError::NeedBytes`] while `bytes` is too short to tell (at most
    /// [`RECORD_HEADER`] + [`MAX_TARGET`] are asked for), [`RecordError::NotARecord`] else.
    pub(super) fn decode(key: ChecksumSeed, bytes: &[u8]) -> Result<Self, RecordError> {
        let head = bytes
            .get(..RECORD_HEADER)
            .ok_or(RecordError::NeedBytes(RECORD_HEADER))?;
        if !head.starts_with(&RECORD_MAGIC) {
            return Err(RecordError::NotARecord);
        }
        let header = Self::fields(head).ok_or(RecordError::NotARecord)?;
        let end = header.payload_offset();
        let target = bytes
            .get(RECORD_HEADER..end)
            .ok_or(RecordError::NeedBytes(end))?;
        let covered = head.get(..28).ok_or(RecordError::NotARecord)?;
        if u32_at(head, 28) != Some(key.checksum2(covered, target)) {
            return Err(RecordError::NotARecord);
        }
        Ok(header)
    }

    /// Where the payload begins, counted from the record's first byte.
    #[must_use]
    pub(super) fn payload_offset(&self) -> usize {
        RECORD_HEADER.saturating_add(usize::from(self.target_len))
    }

    /// Bytes of the whole record.
    #[must_use]
    pub(super) fn record_len(&self) -> u64 {
        (self.payload_offset() as u64).saturating_add(u64::from(self.payload_len))
    }

    /// The fields, if each is in its range. No checksum is looked at.
    fn fields(head: &[u8]) -> Option<Self> {
        let header = RecordHeader {
            payload_len: u32_at(head, 4)?,
            seq: u64_at(head, 8)?,
            target_len: u16_at(head, 16)?,
            flags: Flags(*head.get(18)?),
            precision: precision_of(*head.get(19)?)?,
            points: u32_at(head, 20)?,
            payload_crc: u32_at(head, 24)?,
        };
        let payload = (1..=MAX_PAYLOAD as u32).contains(&header.payload_len);
        let target = (1..=MAX_TARGET).contains(&usize::from(header.target_len));
        let flags = header.flags.0 & !KNOWN_FLAGS == 0;
        (payload && target && flags).then_some(header)
    }
}

impl Flags {
    /// The payload is what a server refused for good, after the reason: its length in two bytes,
    /// and its text.
    pub(super) const REJECTED: Flags = Flags(1);
    /// The target's first part is the organization's id, not its name.
    pub(super) const ORG_ID: Flags = Flags(2);
    /// The bits of the kind of server: 0 InfluxDB 2, 1 InfluxDB 1, 2 InfluxDB 3.
    const SERVER: u8 = 0xF0;

    /// Whether all of `other` is set.
    #[must_use]
    pub(super) fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags that are the target's: all but what is about the payload.
    #[must_use]
    pub(super) fn of_target(self) -> Flags {
        Flags(self.0 & (Flags::ORG_ID.0 | Flags::SERVER))
    }

    /// The code of the kind of server.
    #[must_use]
    pub(super) fn server(self) -> u8 {
        (self.0 & Flags::SERVER) >> 4
    }

    /// The same with another kind of server.
    #[must_use]
    pub(super) fn with_server(self, code: u8) -> Flags {
        Flags((self.0 & !Flags::SERVER) | ((code & 0x0F) << 4))
    }
}

impl ChecksumSeed {
    /// The key of a segment with this salt.
    #[must_use]
    pub(super) fn new(salt: u64) -> Self {
        ChecksumSeed(crc32fast::hash(&salt.to_le_bytes()))
    }

    /// The checksum of a payload.
    #[must_use]
    pub(super) fn checksum(self, payload: &[u8]) -> u32 {
        let mut running = self.crc();
        running.update(payload);
        running.value()
    }

    /// A checksum of a payload that comes in pieces.
    #[must_use]
    pub(super) fn crc(self) -> Crc {
        Crc(Hasher::new_with_initial(self.0))
    }

    fn checksum2(self, first: &[u8], second: &[u8]) -> u32 {
        let mut running = self.crc();
        running.update(first);
        running.update(second);
        running.value()
    }
}

/// A checksum on its way.
#[derive(Clone, Debug)]
pub(super) struct Crc(Hasher);

impl Crc {
    /// Takes the next piece.
    pub(super) fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The checksum of the pieces so far.
    #[must_use]
    pub(super) fn value(self) -> u32 {
        self.0.finalize()
    }
}

fn precision_code(precision: Precision) -> u8 {
    match precision {
        Precision::Second => 0,
        Precision::Millisecond => 1,
        Precision::Microsecond => 2,
        Precision::Nanosecond => 3,
    }
}

fn precision_of(code: u8) -> Option<Precision> {
    match code {
        0 => Some(Precision::Second),
        1 => Some(Precision::Millisecond),
        2 => Some(Precision::Microsecond),
        3 => Some(Precision::Nanosecond),
        _ => None,
    }
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    let end = at.saturating_add(bytes.len());
    if let Some(place) = out.get_mut(at..end) {
        place.copy_from_slice(bytes);
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(array_at(bytes, at)?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(array_at(bytes, at)?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(array_at(bytes, at)?))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    let end = at.checked_add(N)?;
    bytes.get(at..end)?.try_into().ok()
}
