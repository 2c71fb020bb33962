//! Annotated CSV: no input makes the decoder or `Rows` panic or loop, and the result does not depend
//! on how the input is split.
//!
//! The first four bytes of the input are the options, the rest is the document.

#![no_main]

use influx_edge::csv::{Decoder, Item, Record, Rows, Step, Table};
use libfuzzer_sys::fuzz_target;
use std::fmt::Write as _;
use std::io::Read;

fuzz_target!(|input: &[u8]| {
    let Some((options, body)) = input.split_first_chunk::<4>() else {
        return;
    };
    let [buffers, seed, flags, delimiter] = *options;
    // Most buffers hold most documents; some are too small.
    let sizes = match buffers {
        0..=199 => (8192, 512),
        _ => (usize::from(buffers - 200) * 8, usize::from(seed) % 40),
    };
    let keep_crlf = flags & 1 == 1;
    let delimiter = if flags & 2 == 2 { delimiter } else { b',' };

    let whole = decode(body, sizes, keep_crlf, delimiter, Pieces::whole());
    let split = decode(body, sizes, keep_crlf, delimiter, Pieces::of(seed));
    assert_eq!(whole, split, "decoder: whole and split");

    let whole = rows(body, keep_crlf, delimiter, Pieces::whole());
    let split = rows(body, keep_crlf, delimiter, Pieces::of(seed));
    assert_eq!(whole, split, "rows: whole and split");
});

/// Lengths of the pieces that the input is split into. Deterministic.
#[derive(Clone, Copy)]
struct Pieces {
    state: u32,
    longest: u32,
}

impl Pieces {
    fn whole() -> Self {
        Pieces {
            state: 0,
            longest: 0,
        }
    }

    fn of(seed: u8) -> Self {
        Pieces {
            state: u32::from(seed),
            longest: [1, 3, 17, 200][usize::from(seed) % 4],
        }
    }

    fn next(&mut self, left: usize) -> usize {
        if self.longest == 0 {
            return left;
        }
        self.state = self
            .state
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        left.min(1 + (self.state >> 16) as usize % self.longest as usize)
    }
}

/// Everything that a caller of the decoder sees, as text.
fn decode(
    body: &[u8],
    (text, ends): (usize, usize),
    keep_crlf: bool,
    delimiter: u8,
    mut pieces: Pieces,
) -> String {
    let (mut text, mut ends) = (vec![0; text], vec![0; ends]);
    let mut decoder = Decoder::new(&mut text, &mut ends)
        .keep_crlf(keep_crlf)
        .delimiter(delimiter);
    let mut seen = String::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (mut piece, tail) = rest.split_at(pieces.next(rest.len()));
        rest = tail;
        loop {
            match decoder.feed(piece) {
                Ok((used, Step::NeedInput)) => {
                    assert_eq!(used, piece.len());
                    break;
                }
                Ok((used, step)) => {
                    show(&mut seen, step, decoder.table(), || decoder.record());
                    piece = &piece[used..];
                }
                Err(error) => {
                    let _ = write!(seen, "{error:?} {:?}", decoder.server_error());
                    assert_eq!(decoder.finish(), Err(error), "an error is final");
                    return seen;
                }
            }
        }
    }
    loop {
        match decoder.finish() {
            Ok(Step::End) => return seen + "end",
            Ok(step) => show(&mut seen, step, decoder.table(), || decoder.record()),
            Err(error) => {
                let _ = write!(seen, "{error:?} {:?}", decoder.server_error());
                return seen;
            }
        }
    }
}

fn show<'a>(seen: &mut String, step: Step, table: Table<'a>, record: impl Fn() -> Record<'a>) {
    match step {
        Step::Table => show_table(seen, table),
        _ => show_record(seen, record()),
    }
}

fn show_table(seen: &mut String, table: Table<'_>) {
    let _ = write!(seen, "table {:?} {:?}:", table.result(), table.id());
    for column in table.columns() {
        let _ = write!(
            seen,
            " {:?} {:?} {}",
            column.name(),
            column.data_type_text(),
            column.is_group()
        );
    }
    seen.push('\n');
}

fn show_record(seen: &mut String, record: Record<'_>) {
    let _ = write!(seen, "record {}:", record.row_number());
    for cell in record.cells() {
        let _ = write!(
            seen,
            " {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            cell.as_bytes(),
            // As bits: NaN differs from itself.
            cell.parse::<f64>().map(f64::to_bits),
            cell.parse::<i64>(),
            cell.parse::<u64>(),
            cell.parse::<bool>(),
            cell.parse::<influx_edge::Timestamp>(),
            cell.parse::<core::time::Duration>(),
        );
    }
    let _ = record.base64(0, &mut [0; 16]);
    seen.push('\n');
}

/// Everything that a caller of `Rows` sees, as text.
fn rows(body: &[u8], keep_crlf: bool, delimiter: u8, pieces: Pieces) -> String {
    let mut rows = Rows::new(Reader { rest: body, pieces })
        .keep_crlf(keep_crlf)
        .delimiter(delimiter)
        .max_record_bytes(4096);
    let mut seen = String::new();
    loop {
        match rows.next_item() {
            Ok(Some(Item::Table(table))) => show_table(&mut seen, table),
            Ok(Some(Item::Row(row))) => show_record(&mut seen, row.record()),
            Ok(None) => return seen + "end",
            Err(error) => {
                // Not the excerpt of the offending row: without a row that is whole in one piece
                // there are no delimiters in it.
                let text = format!("{:?}", error.kind());
                return seen + text.split(", excerpt:").next().unwrap_or(&text);
            }
        }
    }
}

/// A source that returns the document in pieces.
struct Reader<'a> {
    rest: &'a [u8],
    pieces: Pieces,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = self.pieces.next(self.rest.len().min(buffer.len()));
        let (piece, rest) = self.rest.split_at(len);
        buffer[..len].copy_from_slice(piece);
        self.rest = rest;
        Ok(len)
    }
}
