//! Random responses that are valid, split at random: they are read as they were meant, and their heads as
//! another parser reads them. The same with bytes changed: no split changes what is seen.
//!
//! `INFLUX_EDGE_CASES` sets the number of cases, `INFLUX_EDGE_SEED` the seed.

use super::super::ParseError;
use super::response_parser::{Seen, parse};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use fastrand::Rng;

fn number(name: &str, default: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(default)
}

pub(super) fn cases() -> u64 {
    number("INFLUX_EDGE_CASES", 10_000)
}

pub(super) fn rng() -> Rng {
    let seed = number("INFLUX_EDGE_SEED", 20_260_101);
    std::println!("INFLUX_EDGE_SEED={seed}");
    Rng::with_seed(seed)
}

pub(super) fn pick<'a, T: ?Sized>(rng: &mut Rng, of: &[&'a T]) -> &'a T {
    of[rng.usize(..of.len())]
}

/// A response, and what it means.
struct Valid {
    bytes: Vec<u8>,
    /// Where the head of the final response begins and ends.
    head: core::ops::Range<usize>,
    status: u16,
    body: Vec<u8>,
    has_end: bool,
    keeps_alive: bool,
}

fn any_case(rng: &mut Rng, name: &str) -> String {
    let flip = |c: char| match rng.bool() {
        true => c.to_ascii_uppercase(),
        false => c.to_ascii_lowercase(),
    };
    name.chars().map(flip).collect()
}

fn value(rng: &mut Rng) -> String {
    let len = match rng.u8(..20) {
        0 => rng.usize(80..300),
        _ => rng.usize(..40),
    };
    let text: String = (0..len)
        .map(|_| {
            pick(
                rng,
                &[
                    "a", "Z", "0", " ", ":", ";", "\t", "ä", "\"", "=", "close", "chunked", ",",
                ],
            )
        })
        .collect();
    text.trim().to_string()
}

fn line_end(rng: &mut Rng) -> &'static str {
    if rng.u8(..30) == 0 { "\n" } else { "\r\n" }
}

fn header(rng: &mut Rng, name: &str, values: &[&str], out: &mut String) {
    let value = pick(rng, values);
    let name = any_case(rng, name);
    let before = pick(rng, &["", " ", " ", " ", "\t", "  "]);
    let behind = pick(rng, &["", "", "", " ", " \t"]);
    let end = line_end(rng);
    *out += &format!("{name}:{before}{value}{behind}{end}");
}

fn others(rng: &mut Rng, out: &mut String) {
    for _ in 0..rng.u8(..4) {
        let name = pick(
            rng,
            &[
                "X-Influxdb-Version",
                "Server",
                "Date",
                "Content-Type",
                "Retry-After",
                "Vary",
                "X-Y",
                "!#$%&'*+-.^_`|~",
                "ETag",
            ],
        );
        let value = value(rng);
        header(rng, name, &[&value], out);
    }
}

fn valid(rng: &mut Rng) -> Valid {
    let mut text = String::new();
    for _ in 0..rng.u8(..20).saturating_sub(17) {
        text += &format!(
            "HTTP/1.1 10{}{}",
            pick(rng, &["0", "2", "3"]),
            line_end(rng)
        );
        others(rng, &mut text);
        text += line_end(rng);
    }
    let start = text.len();
    let http_1_0 = rng.u8(..8) == 0;
    let status: u16 = match rng.u8(..4) {
        0 => 204,
        1 => 200,
        _ => rng.u16(200..600),
    };
    let reason = value(rng);
    text += &format!(
        "HTTP/1.{} {status}{}{}{}",
        u8::from(!http_1_0),
        if reason.is_empty() { "" } else { " " },
        reason,
        line_end(rng)
    );
    let bodiless = matches!(status, 204 | 304);
    let body: Vec<u8> = match rng.u8(..4) {
        0 => Vec::new(),
        1 => (0..rng.usize(..4)).map(|_| rng.u8(..)).collect(),
        _ => (0..rng.usize(..600)).map(|_| rng.u8(..)).collect(),
    };
    let (mut close, mut keep) = (false, false);
    others(rng, &mut text);
    let chunked = !bodiless && !http_1_0 && rng.bool();
    let length = !chunked && rng.u8(..4) > 0;
    if chunked {
        header(rng, "transfer-encoding", &["chunked", "Chunked"], &mut text);
    }
    if length {
        header(rng, "content-length", &[&body.len().to_string()], &mut text);
    }
    others(rng, &mut text);
    match rng.u8(..6) {
        0 => {
            close = true;
            header(
                rng,
                "connection",
                &["close", "Close", "a,close", "close , b"],
                &mut text,
            );
        }
        1 => {
            keep = true;
            header(
                rng,
                "connection",
                &["keep-alive", "Keep-Alive", "x, keep-alive"],
                &mut text,
            );
        }
        2 => header(rng, "connection", &["", "closed", "upgrade"], &mut text),
        _ => {}
    }
    if rng.u8(..6) == 0 {
        header(rng, "content-encoding", &["identity"], &mut text);
    }
    text += line_end(rng);
    let end = text.len();
    let mut bytes = text.into_bytes();
    if chunked {
        let mut rest = &body[..];
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rng.usize(1..=rest.len().min(200)));
            rest = behind;
            let size = format!("{:x}", piece.len());
            let size = any_case(rng, &size);
            let zeros = pick(rng, &["", "", "", "0", "000", "0000000000000000"]);
            let extension = pick(rng, &["", "", "", ";a", " ;a=b", ";a=\"b;c\""]);
            bytes
                .extend_from_slice(format!("{zeros}{size}{extension}{}", line_end(rng)).as_bytes());
            bytes.extend_from_slice(piece);
            bytes.extend_from_slice(line_end(rng).as_bytes());
        }
        let mut last = format!("0{}", line_end(rng));
        others(rng, &mut last);
        last += line_end(rng);
        bytes.extend_from_slice(last.as_bytes());
    } else if !bodiless {
        bytes.extend_from_slice(&body);
    }
    let has_end = chunked || length || bodiless;
    // A 204 has none.
    let odd = status == 204 && length && !body.is_empty();
    Valid {
        bytes,
        head: start..end,
        status,
        body: if bodiless { Vec::new() } else { body },
        has_end,
        keeps_alive: has_end && !close && !odd && (!http_1_0 || keep),
    }
}

/// In pieces of random sizes.
fn parse_split(rng: &mut Rng, mut bytes: &[u8]) -> Seen {
    let longest = pick(rng, &[&1, &2, &5, &40, &300, &5_000]);
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let len = rng.usize(..=bytes.len().min(*longest));
        let (piece, behind) = bytes.split_at(len);
        pieces.push(piece);
        bytes = behind;
    }
    parse(pieces)
}

#[test]
fn valid_responses_are_read_as_they_are_meant() {
    let mut rng = rng();
    let (mut chunks, mut kept) = (0, 0);
    for case in 0..cases() {
        let valid = valid(&mut rng);
        let text = String::from_utf8_lossy(&valid.bytes);
        let seen = parse([&valid.bytes[..]]);
        for _ in 0..4 {
            assert_eq!(
                parse_split(&mut rng, &valid.bytes),
                seen,
                "case {case}: {text:?}"
            );
        }
        assert_eq!(seen.end, Some(Ok(())), "case {case}: {text:?}");
        let head = seen.head.as_ref().unwrap();
        assert_eq!(
            (head.status, head.keeps_alive),
            (valid.status, valid.keeps_alive),
            "case {case}: {text:?}"
        );
        assert_eq!(seen.body, valid.body, "case {case}: {text:?}");
        compare(&valid, &seen, case);
        (chunks, kept) = (
            chunks + usize::from(head.length.is_none()),
            kept + usize::from(head.keeps_alive),
        );

        // Cut off, it isn't complete; and with a byte too many neither.
        let len = rng.usize(..valid.bytes.len());
        let cut = parse_split(&mut rng, &valid.bytes[..len]);
        if valid.has_end || len < valid.head.end {
            assert_eq!(
                cut.end,
                Some(Err(ParseError::Truncated)),
                "case {case}: {len} of {text:?}"
            );
        }
        let longer = [&valid.bytes[..], b"\n"].concat();
        let longer = parse_split(&mut rng, &longer).end;
        let expected = if valid.has_end {
            Err(ParseError::AfterEnd)
        } else {
            Ok(())
        };
        assert_eq!(longer, Some(expected), "case {case}: {text:?}");
    }
    assert!(chunks > 0 && kept > 0);
}

/// Status and headers as `httparse` reads them.
fn compare(valid: &Valid, seen: &Seen, case: u64) {
    let head = &valid.bytes[valid.head.clone()];
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(&valid.bytes[valid.head.start..]);
    assert_eq!(
        parsed,
        Ok(httparse::Status::Complete(head.len())),
        "case {case}"
    );
    let ours = seen.head.as_ref().unwrap();
    assert_eq!(response.code, Some(ours.status));
    let first = |name: &str| {
        let named = |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case(name);
        let mut values = response.headers.iter().filter(named).map(|header| {
            let value = core::str::from_utf8(header.value).unwrap();
            (value, header.name.len() + value.len())
        });
        values.find(|(value, _)| !value.is_empty())
    };
    for (name, ours, most) in [
        ("date", &ours.date, 32),
        ("retry-after", &ours.retry_after, 32),
    ] {
        // (Of two, one that is too long gives way to the next.)
        if let Some((theirs, len)) = first(name).filter(|(value, _)| value.len() <= most) {
            if len < 85 {
                assert_eq!(ours.as_deref(), Some(theirs), "case {case}");
            }
        }
        assert!(first(name).is_some() || ours.is_none());
    }
    if let Some(ours) = &ours.content_type {
        let has_it = |header: &httparse::Header<'_>| header.value.starts_with(ours.as_bytes());
        assert!(response.headers.iter().any(has_it), "case {case}: {ours}");
    }
    let length = first("content-length").filter(|_| first("transfer-encoding").is_none());
    assert_eq!(
        ours.length.map(|n| n.to_string()).as_deref(),
        length.map(|(value, _)| value),
        "case {case}"
    );
}

/// Whatever comes, it is seen the same in pieces of any size.
#[test]
fn damaged_responses_are_seen_the_same_in_pieces() {
    let mut rng = rng();
    let (mut errors, mut ends) = (0, 0);
    for case in 0..cases() {
        let mut bytes = valid(&mut rng).bytes;
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..bytes.len());
            let odd = *pick(
                &mut rng,
                &[
                    &b'\r', &b'\n', &0, &b':', &b' ', &b'0', &b'f', &b';', &0x7f, &0x80, &b'-',
                ],
            );
            match rng.u8(..5) {
                0 => bytes[at] = rng.u8(..),
                1 => bytes[at] = odd,
                2 => bytes.insert(at, odd),
                3 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {
                    let to = rng.usize(at..=bytes.len());
                    let again = bytes[at..to.min(at + 50)].to_vec();
                    bytes.splice(at..at, again);
                }
            }
        }
        let whole = parse([&bytes[..]]);
        let split = parse_split(&mut rng, &bytes);
        assert_eq!(
            split,
            whole,
            "case {case}: {:?}",
            String::from_utf8_lossy(&bytes)
        );
        assert_eq!(
            parse(bytes.chunks(1)),
            whole,
            "case {case}: {:?}",
            String::from_utf8_lossy(&bytes)
        );
        match whole.end {
            Some(Ok(())) => ends += 1,
            _ => errors += 1,
        }
    }
    std::println!("{ends} complete, {errors} errors");
    assert!(ends > cases() / 10 && errors > cases() / 10);
}
