//! The format on disk: headers of segments and records, and checksums. Accesses no file, allocates
//! nothing.
//!
//! The tables that this module implements, and an example byte by byte, are in
//! `docs/spool-format.md`. Any change to them is another version.

use crate::Precision;
use crc32fast::Hasher;

/// The size of a segment header.
pub(super) const SEGMENT_HEADER: usize = 64;
/// The size of a record header, without the target.
pub(super) const RECORD_HEADER: usize = 32;
/// The size of the largest payload.
pub(super) const MAX_PAYLOAD: usize = 16 << 20;
/// The size of the largest target: `org`, a zero byte and `bucket`.
pub(super) const MAX_TARGET: usize = 1024;
/// The size of the smallest record.
pub(super) const MIN_RECORD: usize = RECORD_HEADER + 2;
/// The version this code writes, and the only one it reads.
pub(super) const VERSION: u16 = 1;

const SEGMENT_MAGIC: [u8; 8] = [0x89, b'I', b'E', b'S', b'P', b'L', b'\r', b'\n'];
// Not zero, so an all-zero tail never parses (the CRC of nothing is 0). 0xF5 occurs in no UTF-8 text, so
// line protocol never contains it.
/// The first four bytes of a record.
pub(super) const RECORD_MAGIC: [u8; 4] = [0xF5, b'R', b'E', b'C'];
const KNOWN_FLAGS: u8 = Flags::REJECTED.0 | Flags::ORG_ID.0 | Flags::SERVER;

/// The header of a segment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// The sequence number of its first record.
    pub(super) base_seq: u64,
    /// The seed of its records' checksums.
    pub(super) salt: u64,
    /// The time of creation in Unix seconds, by the clock of that moment. Information only.
    pub(super) created: u64,
}

/// The reason why the first bytes of a file are not a segment header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    /// Fewer than 64 bytes.
    Short,
    /// Another kind of file.
    Magic,
    /// The checksum is invalid.
    Checksum,
    /// A version or header length that is not supported.
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
    /// The kind of record.
    pub(super) flags: Flags,
    /// The unit of the payload's timestamps.
    pub(super) precision: Precision,
    /// The number of points in the payload, as the caller stated it.
    pub(super) points: u32,
    /// The checksum of the payload.
    pub(super) payload_crc: u32,
}

/// The flags of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(pub(super) u8);

/// The reason why bytes are not a record header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordError {
    /// At least this many bytes are needed to decide.
    NeedBytes(usize),
    /// They are not.
    NotARecord,
}

/// The seed of one segment's checksums: the CRC of its random salt, in place of the usual start value.
///
/// Payloads come from outside. A sender that embeds a forged record in one can't guess the salt, so damage
/// in front of it can't turn the forgery into a record. For the same reason, records of an older file in
/// disk blocks that this one reuses are invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChecksumSeed(u32);

impl SegmentHeader {
    /// Encodes the header.
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

    /// Decodes a header from the first bytes of a file.
    ///
    /// # Errors
    /// The checksum is checked before the version, so [`HeaderError::Version`] is never damage. A version
    /// that puts its checksum elsewhere looks like damage, with the same consequence.
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

    /// The seed of its records' checksums.
    #[must_use]
    pub(super) fn key(&self) -> ChecksumSeed {
        ChecksumSeed::new(self.salt)
    }
}

impl RecordHeader {
    /// Encodes the header, which the target and the payload follow in the file. Its checksum also covers
    /// `target`, whose length must be [`target_len`](RecordHeader::target_len).
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
        let crc = key.checksum([out.get(..28).unwrap_or_default(), target]);
        put(&mut out, 28, &crc.to_le_bytes());
        out
    }

    /// Decodes and checks the header and the target. Does not look at the payload.
    ///
    /// # Errors
    /// Returns [`RecordError::NeedBytes`] while `bytes` is too short to decide, with at most
    /// [`RECORD_HEADER`] + [`MAX_TARGET`]; otherwise [`RecordError::NotARecord`].
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
        if u32_at(head, 28) != Some(key.checksum([covered, target])) {
            return Err(RecordError::NotARecord);
        }
        Ok(header)
    }

    /// The offset of the payload in the record.
    #[must_use]
    pub(super) fn payload_offset(&self) -> usize {
        RECORD_HEADER.saturating_add(usize::from(self.target_len))
    }

    /// The size of the whole record.
    #[must_use]
    pub(super) fn record_len(&self) -> u64 {
        (self.payload_offset() as u64).saturating_add(u64::from(self.payload_len))
    }

    /// Decodes the fields, if each is in its range. Does not check the checksum.
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
    /// The payload is the reason of a rejection (its length in two bytes, and its text) and the lines.
    pub(super) const REJECTED: Flags = Flags(1);
    /// The organization is an id, not a name.
    pub(super) const ORG_ID: Flags = Flags(2);
    /// The bits of the kind of server, see [`ServerKind`](super::ServerKind).
    const SERVER: u8 = 0xF0;

    /// Returns `true` if all of `other` is set.
    #[must_use]
    pub(super) fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The flags that belong to the target.
    #[must_use]
    pub(super) fn of_target(self) -> Flags {
        Flags(self.0 & (Flags::ORG_ID.0 | Flags::SERVER))
    }

    /// The code of the kind of server.
    #[must_use]
    pub(super) fn server(self) -> u8 {
        (self.0 & Flags::SERVER) >> 4
    }

    /// Replaces the kind of server.
    #[must_use]
    pub(super) fn with_server(self, code: u8) -> Flags {
        Flags((self.0 & !Flags::SERVER) | ((code & 0x0F) << 4))
    }
}

impl ChecksumSeed {
    /// Creates the seed from a salt.
    #[must_use]
    pub(super) fn new(salt: u64) -> Self {
        ChecksumSeed(crc32fast::hash(&salt.to_le_bytes()))
    }

    /// The checksum of these pieces, one after the other.
    #[must_use]
    pub(super) fn checksum<const N: usize>(self, pieces: [&[u8]; N]) -> u32 {
        let mut crc = self.crc();
        pieces.iter().for_each(|piece| crc.update(piece));
        crc.finalize()
    }

    /// Begins the checksum of a payload that is read in pieces.
    #[must_use]
    pub(super) fn crc(self) -> Hasher {
        Hasher::new_with_initial(self.0)
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
