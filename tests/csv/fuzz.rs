//! Broken input of every kind: no panic, no byte outside the buffers, no endless loop, and one
//! input means one thing, however it is split.
//!
//! Recordings and model documents are mutated and decoded over buffers of random size. It is
//! deterministic; `INFLUX_EDGE_FUZZ_RUNS=10000000 cargo test --release --test csv fuzz::` runs more
//! of it, `INFLUX_EDGE_FUZZ_SEED` starts elsewhere.

use crate::common::random::{Draw, Rng};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::common::csv::model::document;
use crate::common::csv::value;
use influx_edge::csv::{Decoder, Step};

#[test]
fn mutated_documents() {
    let runs = number("INFLUX_EDGE_FUZZ_RUNS").unwrap_or(20_000);
    let mut random = Rng::with_seed(number("INFLUX_EDGE_FUZZ_SEED").unwrap_or(7));
    let seeds = seeds();
    let (mut text, mut ends) = (vec![0; 8192], vec![0; 512]);
    let (mut records, mut errors) = (0, 0);
    for run in 0..runs {
        let mut body = random.pick(&seeds).clone();
        for _ in 0..random.below(6) {
            mutate(&mut body, &seeds, &mut random);
        }
        // Most buffers hold most documents; some hold nothing.
        let text_len = if random.chance(70) {
            text.len()
        } else {
            random.below(600)
        };
        let ends_len = if random.chance(70) {
            ends.len()
        } else {
            random.below(60)
        };
        let (text, ends) = (&mut text[..text_len], &mut ends[..ends_len]);
        let keep = random.chance(10);
        // What the buffers hold doesn't matter.
        text.fill(random.bits() as u8);
        let whole = decode(&body, body.len(), text, ends, keep, &mut random);
        text.fill(random.bits() as u8);
        let longest = [1, 2, 7, 50, 400][random.below(5)];
        let pieces = decode(&body, longest, text, ends, keep, &mut random);
        assert_eq!(
            whole,
            pieces,
            "run {run}, pieces of up to {longest}, buffers of {text_len} and {ends_len}:\n{:?}",
            String::from_utf8_lossy(&body)
        );
        records += whole.records;
        errors += u64::from(whole.failed);
    }
    println!("{runs} runs, {records} records, {errors} errors");
    // The mutations leave enough intact, and break enough.
    assert!(records > runs && errors > runs / 5 && errors < runs * 19 / 20);
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// All that a reader can see, as a number.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    hash: u64,
    records: u64,
    failed: bool,
}

fn decode(
    body: &[u8],
    longest: usize,
    text: &mut [u8],
    ends: &mut [usize],
    keep_crlf: bool,
    random: &mut Rng,
) -> Seen {
    let mut hasher = DefaultHasher::new();
    let mut records = 0;
    let mut decoder = Decoder::new(text, ends).keep_crlf(keep_crlf);
    let mut rest = body;
    let result = loop {
        let (mut piece, tail) = rest.split_at((1 + random.below(longest.max(1))).min(rest.len()));
        if longest == body.len() {
            (piece, rest) = (rest, &[]);
        } else {
            rest = tail;
        }
        let result = loop {
            match decoder.feed(piece) {
                Ok((used, Step::NeedInput)) => {
                    assert_eq!(used, piece.len());
                    break Ok(());
                }
                Ok((used, step)) => {
                    records += u64::from(step == Step::Record);
                    look(&decoder, step, records, &mut hasher);
                    piece = &piece[used..];
                }
                Err(error) => break Err(error),
            }
        };
        if result.is_err() || rest.is_empty() {
            break result;
        }
    };
    let result = result.and_then(|()| {
        loop {
            match decoder.finish()? {
                Step::End => return Ok(()),
                step => {
                    records += u64::from(step == Step::Record);
                    look(&decoder, step, records, &mut hasher);
                }
            }
        }
    });
    result.hash(&mut hasher);
    if let Some(error) = decoder.server_error() {
        (error.message, error.code).hash(&mut hasher);
    }
    if let Err(error) = result {
        assert_eq!(decoder.finish(), Err(error));
    }
    Seen {
        hash: hasher.finish(),
        records,
        failed: result.is_err(),
    }
}

fn look(decoder: &Decoder<'_>, step: Step, records: u64, hasher: &mut DefaultHasher) {
    let table = decoder.table();
    step.hash(hasher);
    (table.result(), table.id(), table.columns().len()).hash(hasher);
    if step == Step::Table {
        for column in table.columns() {
            (column.name(), column.data_type_text(), column.is_group()).hash(hasher);
            format!("{:?}", value(column.default_cell())).hash(hasher);
        }
        return;
    }
    let record = decoder.record();
    // However the text is split, and whatever stands between the records.
    assert_eq!(record.row_number(), records);
    assert_eq!(record.cells().len(), table.columns().len());
    for cell in record.cells() {
        cell.as_bytes().hash(hasher);
        // Parsing as anything may fail, but never panic.
        let _ = (
            cell.parse::<f64>(),
            cell.parse::<i64>(),
            cell.parse::<u64>(),
        );
        let _ = (
            cell.parse::<influx_edge::Timestamp>(),
            cell.parse::<core::time::Duration>(),
        );
        let _ = (cell.parse::<bool>(), cell.parse::<&str>());
    }
    let _ = record.base64(0, &mut [0; 16]);
    assert!(record.get::<&[u8]>("_value").is_ok() == table.column("_value").is_some());
}

fn mutate(body: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Rng) {
    const TOKENS: [&[u8]; 19] = [
        b",",
        b"\"",
        b"\"\"",
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"#",
        b"#datatype",
        b"#group",
        b"#default",
        b",result,table",
        b",error,reference\r\n",
        b"{\"code\":\"",
        b"{",
        b"\xEF\xBB\xBF",
        b"\xFF",
        b"-",
        b"99999999999999999999",
    ];
    let at = random.below(body.len() + 1);
    let len = random.below(40).min(body.len() - at);
    match random.below(7) {
        0 if at < body.len() => body[at] ^= 1 << random.below(8),
        1 if at < body.len() => body[at] = random.bits() as u8,
        2 => drop(body.splice(at..at, random.pick(&TOKENS).iter().copied())),
        3 => drop(body.drain(at..at + len)),
        4 => body.truncate(at),
        5 => {
            let part = body[at..at + len].to_vec();
            drop(body.splice(at..at, part));
        }
        _ => {
            let other = random.pick(seeds);
            let from = random.below(other.len() + 1);
            let part = &other[from..(from + 200).min(other.len())];
            drop(body.splice(at..at, part.iter().copied()));
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/csv");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    files.sort();
    let mut seeds: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    // Long ones only take time.
    seeds.retain(|seed| seed.len() < 2500);
    assert!(seeds.len() > 20);
    seeds.extend((0..100).map(|seed| document(&mut Rng::with_seed(seed)).body));
    seeds
}
