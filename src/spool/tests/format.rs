//! The bytes of the spool: the example in the docs, known values, round trips, every flipped bit.

use crate::Precision;
use crate::spool::format::{
    ChecksumSeed, Flags, HeaderError, MAX_PAYLOAD, MAX_TARGET, MIN_RECORD, RECORD_HEADER,
    RecordError, RecordHeader, SEGMENT_HEADER, SegmentHeader, VERSION,
};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use std::fmt::Write as _;

use super::RngExt;
use fastrand::Rng;

fn example() -> Vec<u8> {
    let segment = SegmentHeader {
        base_seq: 7,
        salt: 0x0123_4567_89AB_CDEF,
        created: 1_700_000_000,
    };
    let (target, payload) = (b"acme\0sensors", b"t v=1 60\n");
    let record = RecordHeader {
        payload_len: payload.len() as u32,
        seq: 7,
        target_len: target.len() as u16,
        flags: Flags::default(),
        precision: Precision::Second,
        points: 1,
        payload_crc: segment.key().checksum([payload]),
    };
    let mut bytes = segment.encode().to_vec();
    bytes.extend(record.encode(segment.key(), target));
    bytes.extend(target);
    bytes.extend(payload);
    bytes
}

fn hex_dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (row, chunk) in bytes.chunks(16).enumerate() {
        let mut hex = String::new();
        for (i, b) in chunk.iter().enumerate() {
            let gap = if i == 8 { "  " } else { " " };
            write!(hex, "{gap}{b:02x}").unwrap();
        }
        let printable = |&b: &u8| match b {
            b' '..=b'~' => b as char,
            _ => '.',
        };
        let text: String = chunk.iter().map(printable).collect();
        writeln!(out, "{:08x} {hex:<49}  |{text}|", row * 16).unwrap();
    }
    out
}

#[test]
fn the_example_in_the_docs_is_what_is_written() {
    let page = include_str!("../../../docs/spool-format.md");
    let dump = hex_dump(&example());
    let documented: String = page
        .lines()
        .skip_while(|line| !line.starts_with("## An example"))
        .skip_while(|line| *line != "```text")
        .skip(1)
        .take_while(|line| *line != "```")
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(documented, dump, "the docs should say:\n{dump}");
}

#[test]
fn the_checksum_is_the_one_that_everybody_means() {
    assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
}

#[test]
fn checksums_begin_with_the_salt() {
    let (one, two) = (ChecksumSeed::new(1), ChecksumSeed::new(2));
    assert_ne!(one.checksum([b"x"]), two.checksum([b"x"]));
    assert_ne!(one.checksum([b""]), 0, "nothing must not look like zeros");
    let mut pieces = one.crc();
    pieces.update(b"12345");
    pieces.update(b"");
    pieces.update(b"6789");
    assert_eq!(pieces.finalize(), one.checksum([b"123456789"]));
}

#[test]
fn headers_read_back() {
    let mut rng = Rng::with_seed(1);
    for _ in 0..10_000 {
        let header = SegmentHeader {
            base_seq: rng.u64(..),
            salt: rng.u64(..),
            created: rng.u64(..),
        };
        let bytes = header.encode();
        assert_eq!(SegmentHeader::decode(&bytes), Ok(header));
        let cut = rng.usize(..SEGMENT_HEADER);
        assert_eq!(
            SegmentHeader::decode(&bytes[..cut]),
            Err(HeaderError::Short)
        );
    }
}

#[test]
fn records_read_back_and_say_how_much_they_need() {
    let mut rng = Rng::with_seed(2);
    for _ in 0..10_000 {
        let key = ChecksumSeed::new(rng.u64(..));
        let target = rng.bytes(1..=MAX_TARGET);
        let header = RecordHeader {
            payload_len: rng.u32(1..=MAX_PAYLOAD as u32),
            seq: rng.u64(..),
            target_len: target.len() as u16,
            flags: Flags(rng.u8(..4)),
            precision: [
                Precision::Second,
                Precision::Millisecond,
                Precision::Microsecond,
                Precision::Nanosecond,
            ][rng.usize(..4)],
            points: rng.u32(..),
            payload_crc: rng.u32(..),
        };
        let mut bytes = header.encode(key, &target).to_vec();
        bytes.extend(&target);
        assert_eq!(RecordHeader::decode(key, &bytes), Ok(header));
        let mut have = rng.usize(..bytes.len());
        let mut rounds = 0;
        while let Err(RecordError::NeedBytes(need)) = RecordHeader::decode(key, &bytes[..have]) {
            assert!(need > have && need <= bytes.len());
            have = need;
            rounds += 1;
        }
        assert!(rounds <= 2);
        assert_eq!(RecordHeader::decode(key, &bytes[..have]), Ok(header));
        let other = ChecksumSeed::new(rng.u64(..));
        assert_eq!(
            RecordHeader::decode(other, &bytes),
            Err(RecordError::NotARecord),
            "another segment's record"
        );
    }
}

#[test]
fn no_flipped_bit_passes() {
    let example = example();
    let key = ChecksumSeed::new(0x0123_4567_89AB_CDEF);
    for bit in 0..SEGMENT_HEADER * 8 {
        let mut bad = example.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(SegmentHeader::decode(&bad).is_err(), "bit {bit}");
    }
    let record = &example[SEGMENT_HEADER..];
    for bit in 0..(RECORD_HEADER + 12) * 8 {
        let mut bad = record.to_vec();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(RecordHeader::decode(key, &bad).is_err(), "bit {bit}");
    }
}

#[test]
fn another_version_is_no_damage() {
    let mut bytes = example();
    bytes[8] = 2;
    assert_eq!(SegmentHeader::decode(&bytes), Err(HeaderError::Checksum));
    let crc = crc32fast::hash(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    assert_eq!(SegmentHeader::decode(&bytes), Err(HeaderError::Version(2)));
}

/// The checksum holds in all of them, so what refuses them is the field alone.
#[test]
fn each_field_of_the_segments_header_is_looked_at() {
    for (at, value, expected) in [
        (8, VERSION, None),
        (8, 0, Some(HeaderError::Version(0))),
        (8, 0x0101, Some(HeaderError::Version(0x0101))),
        (10, 63, Some(HeaderError::Version(1))),
        (10, 65, Some(HeaderError::Version(1))),
        (10, 0, Some(HeaderError::Version(1))),
        // Reserved: a later version may use them, and says so by its number.
        (12, 7, None),
        (58, 7, None),
    ] {
        let mut bytes = example();
        bytes[at..at + 2].copy_from_slice(&u16::to_le_bytes(value));
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_le_bytes());
        let read = SegmentHeader::decode(&bytes);
        assert_eq!(read.err(), expected, "{value} at {at}");
    }
}

/// The same for a record: what is out of range is no record, whatever its checksum says.
#[test]
fn each_field_of_a_record_has_its_range() {
    assert_eq!(MAX_PAYLOAD, 16 * 1024 * 1024);
    let key = ChecksumSeed::new(9);
    let record = |payload_len: usize, target_len: usize, flags: u8, precision: Option<u8>| {
        let target = vec![b't'; target_len];
        let header = RecordHeader {
            payload_len: payload_len as u32,
            seq: 1,
            target_len: target_len as u16,
            flags: Flags(flags),
            precision: Precision::Second,
            points: 1,
            payload_crc: 0,
        };
        let mut bytes = header.encode(key, &target).to_vec();
        bytes.extend(&target);
        if let Some(code) = precision {
            bytes[19] = code;
            let mut crc = key.crc();
            crc.update(&bytes[..28]);
            crc.update(&target);
            bytes[28..32].copy_from_slice(&crc.finalize().to_le_bytes());
        }
        let read = RecordHeader::decode(key, &bytes);
        if let Ok(read) = read {
            assert_eq!(read.payload_offset(), RECORD_HEADER + target_len);
            assert_eq!(
                read.record_len(),
                (RECORD_HEADER + target_len + payload_len) as u64
            );
        }
        read.map(|read| (read.flags, read.precision))
    };
    let good = Ok((Flags(0), Precision::Second));
    let bad = Err(RecordError::NotARecord);
    for (payload, target, flags, precision, expected) in [
        (1, 1, 0, None, good),
        (0, 1, 0, None, bad),
        (MAX_PAYLOAD, 1, 0, None, good),
        (MAX_PAYLOAD + 1, 1, 0, None, bad),
        (1, 0, 0, None, bad),
        (1, MAX_TARGET, 0, None, good),
        (1, MAX_TARGET + 1, 0, None, bad),
        (1, 1, 1, None, Ok((Flags::REJECTED, Precision::Second))),
        (1, 1, 2, None, Ok((Flags::ORG_ID, Precision::Second))),
        (1, 1, 3, None, Ok((Flags(3), Precision::Second))),
        (1, 1, 4, None, bad),
        (1, 1, 8, None, bad),
        (1, 1, 0x0C, None, bad),
        (1, 1, 0x14, None, bad),
        (1, 1, 0x10, None, Ok((Flags(0x10), Precision::Second))),
        (1, 1, 0x23, None, Ok((Flags(0x23), Precision::Second))),
        (1, 1, 0xF0, None, Ok((Flags(0xF0), Precision::Second))),
        (1, 1, 0, Some(0), good),
        (1, 1, 0, Some(1), Ok((Flags(0), Precision::Millisecond))),
        (1, 1, 0, Some(2), Ok((Flags(0), Precision::Microsecond))),
        (1, 1, 0, Some(3), Ok((Flags(0), Precision::Nanosecond))),
        (1, 1, 0, Some(4), bad),
    ] {
        let case = format!("{payload} {target} {flags} {precision:?}");
        assert_eq!(
            record(payload, target, flags, precision),
            expected,
            "{case}"
        );
    }
    // The shortest of all says how short it can get.
    assert_eq!(MIN_RECORD, RECORD_HEADER + "t".len() + "p".len());
}

#[test]
fn flags_are_distinguished() {
    let both = Flags(3);
    for (flags, rejected, by_id) in [
        (Flags::default(), false, false),
        (Flags::REJECTED, true, false),
        (Flags::ORG_ID, false, true),
        (both, true, true),
    ] {
        assert_eq!(flags.has(Flags::REJECTED), rejected, "{flags:?}");
        assert_eq!(flags.has(Flags::ORG_ID), by_id, "{flags:?}");
        assert_eq!(flags.has(both), rejected && by_id, "{flags:?}");
    }
}

#[test]
fn zeros_and_noise_are_nothing() {
    let key = ChecksumSeed::new(5);
    assert_eq!(SegmentHeader::decode(&[0; 64]), Err(HeaderError::Magic));
    for len in 0..2048 {
        let zeros = vec![0; len];
        assert!(RecordHeader::decode(key, &zeros).is_err());
    }
    let mut rng = Rng::with_seed(3);
    for _ in 0..100_000 {
        let mut noise = rng.bytes(32..=64);
        noise[..4].copy_from_slice(&[0xF5, b'R', b'E', b'C']);
        assert!(RecordHeader::decode(key, &noise).is_err());
    }
}
