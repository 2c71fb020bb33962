//! Unit tests of `plain`: any split of the input gives the same rows and the same error.

use super::*;
use crate::csv::ValueErrorKind;
use crate::testing::rng;
use alloc::string::{String, ToString};
use alloc::vec;
use std::io;

/// Gives a text in pieces of these sizes, the last again and again.
struct Pieces<'a> {
    left: &'a [u8],
    sizes: Vec<usize>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let size = match self.sizes.len() {
            1 => self.sizes[0],
            _ => self.sizes.remove(0),
        };
        let size = size.min(buf.len()).min(self.left.len());
        let (piece, left) = self.left.split_at(size);
        buf[..size].copy_from_slice(piece);
        self.left = left;
        Ok(size)
    }
}

type Table = Vec<Vec<String>>;

/// Header and rows, and the error behind them.
fn read(rows: PlainRows<impl Read>) -> (Table, Option<String>) {
    let mut rows = rows;
    let mut table = Vec::new();
    if let Err(error) = rows.read_header() {
        return (table, Some(error.to_string()));
    }
    let names = rows.table().columns().map(|c| c.name().to_string());
    table.push(names.collect());
    loop {
        match rows.next() {
            Ok(None) => return (table, None),
            Err(error) => {
                assert!(matches!(rows.next(), Ok(None)), "an error is the last");
                return (table, Some(error.to_string()));
            }
            Ok(Some(row)) => {
                assert_eq!(row.record().row_number(), table.len() as u64);
                let by_cells = row
                    .cells()
                    .map(|c| c.parse::<String>().unwrap())
                    .collect::<Vec<_>>();
                let by_index =
                    (0..row.table().columns().len()).map(|n| row.get::<String>(n).unwrap());
                assert_eq!(by_index.collect::<Vec<_>>(), by_cells);
                table.push(by_cells);
            }
        }
    }
}

fn in_pieces(text: &[u8], sizes: Vec<usize>) -> (Table, Option<String>) {
    read(PlainRows::new(Pieces { left: text, sizes }))
}

/// As the csv crate writes, by which the server does.
fn write(table: &Table) -> String {
    let mut text = String::new();
    for row in table {
        for (n, cell) in row.iter().enumerate() {
            if n > 0 {
                text.push(',');
            }
            let alone = row.len() == 1 && cell.is_empty();
            if alone || cell.contains([',', '"', '\r', '\n']) {
                text.push('"');
                text.push_str(&cell.replace('"', "\"\""));
                text.push('"');
            } else {
                text.push_str(cell);
            }
        }
        text.push('\n');
    }
    text
}

fn random_table(rng: &mut fastrand::Rng) -> Table {
    const CELLS: [&str; 24] = [
        "",
        "",
        "21.5",
        "-0.0",
        "NaN",
        "zrh-1",
        "2023-11-14T22:13:20.123456789",
        "\n",
        "\r\n",
        "\r",
        "\"",
        "\"\"",
        ",",
        "a,b\"c\r\nd",
        "é度😀",
        "#datatype",
        "{",
        "result",
        "table",
        "error",
        "\u{feff}x",
        " ",
        "eight888",
        "a long cell that goes over more than one word of eight bytes",
    ];
    let columns = rng.usize(1..7);
    let rows = rng.usize(1..12);
    let mut cell = || match rng.u8(..) {
        0..3 => "x".repeat(rng.usize(0..3000)),
        _ => CELLS[rng.usize(..CELLS.len())].to_string(),
    };
    (0..rows)
        .map(|_| (0..columns).map(|_| cell()).collect())
        .collect()
}

#[test]
fn any_split_gives_the_same_rows() {
    let mut rng = rng();
    for _ in 0..600 {
        let table = random_table(&mut rng);
        let text = write(&table);
        for sizes in [
            vec![usize::MAX],
            vec![1],
            vec![rng.usize(1..40)],
            (0..text.len() + 1).map(|_| rng.usize(1..30)).collect(),
        ] {
            let read = in_pieces(text.as_bytes(), sizes);
            assert_eq!(read, (table.clone(), None), "{text:?}");
        }
        // The line ends of other writers.
        if !text.contains(['"', '\r']) {
            let crlf = text.replace('\n', "\r\n");
            for size in [1, 7, usize::MAX] {
                assert_eq!(
                    in_pieces(crlf.as_bytes(), vec![size]),
                    (table.clone(), None)
                );
            }
        }
    }
}

/// Right or wrong: rows, and the error with its place and excerpt.
#[test]
fn any_split_of_any_bytes_comes_to_the_same() {
    const PARTS: [&[u8]; 12] = [
        b",",
        b",",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b"\"",
        b"\"\"",
        b"a",
        b"12345678",
        b"\xff",
        b" ",
    ];
    let mut rng = rng();
    for _ in 0..10_000 {
        let text: Vec<u8> = (0..rng.usize(0..24))
            .flat_map(|_| PARTS[rng.usize(..PARTS.len())])
            .copied()
            .collect();
        // Not of text that isn't UTF-8 where it is asked for as text.
        let text = match rng.bool() {
            true => text,
            false => String::from_utf8_lossy(&text).into_owned().into_bytes(),
        };
        let read = |sizes: Vec<usize>| {
            let left = &*text;
            let mut rows = PlainRows::new(Pieces { left, sizes }).max_columns(6);
            let mut found = Vec::new();
            loop {
                match rows.next() {
                    Ok(Some(row)) => {
                        let cells = row.cells().map(|c| c.as_bytes().to_vec());
                        found.push(cells.collect::<Vec<_>>());
                    }
                    Ok(None) => return (found, None),
                    Err(error) => {
                        assert!(matches!(rows.next(), Ok(None)), "an error is the last");
                        return (found, Some(error.to_string()));
                    }
                }
            }
        };
        let whole = read(vec![usize::MAX]);
        for size in [1, 2, 3, rng.usize(4..30)] {
            assert_eq!(
                read(vec![size]),
                whole,
                "{:?} by {size}",
                text.escape_ascii().to_string()
            );
        }
    }
}

#[test]
fn a_text_that_ends_early_is_an_error_after_its_rows() {
    let mut rng = rng();
    for _ in 0..300 {
        let table = random_table(&mut rng);
        let text = write(&table);
        let at = rng.usize(1..text.len());
        // A cut behind a line end is one that the transport has to see.
        let whole = (1..=table.len()).find(|n| write(&table[..*n].to_vec()).len() >= at);
        let whole = whole.unwrap();
        let boundary = write(&table[..whole].to_vec()).len() == at;
        let cut = &text.as_bytes()[..at];
        let first = in_pieces(cut, vec![usize::MAX]);
        for size in [1, 5, 64] {
            assert_eq!(in_pieces(cut, vec![size]), first, "{text:?} {at}");
        }
        if boundary {
            assert_eq!(first, (table[..whole].to_vec(), None));
        } else {
            assert_eq!(first.0, table[..whole - 1].to_vec(), "{text:?} {at}");
            let error = first.1.unwrap();
            assert!(
                error.starts_with("the stream ends in the middle"),
                "{error}"
            );
        }
    }
}

#[test]
fn what_is_no_table_is_an_error_however_it_is_split() {
    let wide = |n: usize| write(&vec![(0..n).map(|n| n.to_string()).collect::<Vec<_>>(); 2]);
    let long = |n: usize| alloc::format!("name\n{}\n", "x".repeat(n));
    let cases: [(String, &str); 10] = [
        (
            "a,b\n1,2\n3\n4,5\n".into(),
            "CSV row 3 has 1 cells, its table has 2: \"3\"",
        ),
        (
            "a,b\n1,2,3\n".into(),
            "CSV row 2 has 3 cells, its table has 2: \"123\"",
        ),
        (
            "a,b\n1,\"2\",3,4,5,6\n".into(),
            "CSV row 2 has 6 cells, its table has 2: \"123456\"",
        ),
        (
            "a\n\"\"\n1,2\n".into(),
            "CSV row 3 has 2 cells, its table has 1: \"12\"",
        ),
        (
            "a,b\n1,".into(),
            "the stream ends in the middle, after CSV row 2: \"1\"",
        ),
        (
            "a".into(),
            "the stream ends in the middle, after CSV row 1: \"a\"",
        ),
        (
            "a\n\"x\"".into(),
            "the stream ends in the middle, after CSV row 2: \"x\"",
        ),
        (
            wide(9),
            "the table at CSV row 1 has more than 8 columns, the limit of max_columns: raise it, or ask for fewer columns (keep() in Flux, their names in SQL)",
        ),
        (
            long(4096),
            "CSV row 2 and its table's description are longer than 4096 bytes, the limit of max_record_bytes: raise it, or ask for fewer columns (keep() in Flux, their names in SQL)",
        ),
        (
            "x".repeat(5000),
            "CSV row 1 and its table's description are longer than 4096 bytes, the limit of max_record_bytes: raise it, or ask for fewer columns (keep() in Flux, their names in SQL)",
        ),
    ];
    for (text, wanted) in &cases {
        for size in [1, 2, 3, 5, 8, 1000, usize::MAX] {
            let (left, sizes) = (text.as_bytes(), vec![size]);
            let rows = PlainRows::new(Pieces { left, sizes });
            let (_, error) = read(rows.max_columns(8).max_record_bytes(4096));
            assert_eq!(error.as_deref(), Some(*wanted), "{text:.20}");
        }
    }
    // The limits' own sizes fit.
    for text in [wide(8), long(4000)] {
        for size in [1, usize::MAX] {
            let (left, sizes) = (text.as_bytes(), vec![size]);
            let rows = PlainRows::new(Pieces { left, sizes });
            assert_eq!(read(rows.max_columns(8).max_record_bytes(4096)).1, None);
        }
    }
    for name in [&b"\xff\n1\n"[..], b"\xc3,\xa9\n1,2\n"] {
        let error = in_pieces(name, vec![1]).1.unwrap();
        assert!(
            error.contains("names columns that are not UTF-8"),
            "{error}"
        );
    }
}

#[test]
fn nothing_is_no_row_and_no_column() {
    for text in ["", "\n", "\r\n\n"] {
        assert_eq!(in_pieces(text.as_bytes(), vec![1]), (vec![vec![]], None));
    }
    // Names without rows, which 3.6.0 doesn't send.
    let (table, error) = in_pieces(b"a,b\n", vec![1]);
    assert_eq!((table.len(), error), (1, None));
}

#[test]
fn a_source_that_fails_is_an_error_after_its_rows() {
    struct Fails(bool);
    impl Read for Fails {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if core::mem::replace(&mut self.0, true) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            buf[..6].copy_from_slice(b"a\n1\n2\n");
            Ok(6)
        }
    }
    let (table, error) = read(PlainRows::new(Fails(false)));
    assert_eq!(table.len(), 3);
    assert!(error.unwrap().starts_with("reading the response failed"));
}

#[test]
fn cells_are_what_is_asked_for() {
    let text = b"f,i,u,b,t,d,s,inf,time\n-0.0,-7,18446744073709551615,true,\
        2023-11-14T22:13:20.5,2024-02-29,,-inf,1969-12-31T23:59:59.999999999\n";
    let mut rows = PlainRows::new(&text[..]);
    let row = rows.next().unwrap().unwrap();
    assert!(row.get::<f64>("f").unwrap().is_sign_negative());
    assert_eq!(row.get::<i64>("i").unwrap(), -7);
    assert_eq!(row.get::<i8>("i").unwrap(), -7);
    assert_eq!(row.get::<u64>("u").unwrap(), u64::MAX);
    assert_eq!(row.get::<i128>("u").unwrap(), i128::from(u64::MAX));
    assert!(row.get::<bool>("b").unwrap());
    assert_eq!(row.get::<i64>("t").unwrap(), 1_700_000_000_500_000_000);
    let date: crate::Timestamp = row.get("d").unwrap();
    assert_eq!(date.to_string(), "2024-02-29T00:00:00Z");
    assert_eq!(row.get::<Option<&str>>("s").unwrap(), None);
    assert_eq!(row.get::<&str>("s").unwrap(), "");
    assert_eq!(row.get::<f64>("inf").unwrap(), f64::NEG_INFINITY);
    let before: std::time::SystemTime = row.get("time").unwrap();
    assert!(before < std::time::UNIX_EPOCH);
    assert_eq!(row.get::<i64>("time").unwrap(), -1);
    for (column, wrong) in [
        ("f", ValueErrorKind::Syntax),
        ("b", ValueErrorKind::Syntax),
        ("s", ValueErrorKind::Null),
        ("u", ValueErrorKind::OutOfRange),
        ("nope", ValueErrorKind::NoSuchColumn),
    ] {
        let error = row.record().get::<i64>(column).unwrap_err();
        assert_eq!(error.kind, wrong, "{column}");
    }
    // As values they are text, which is all that is known of them.
    assert_eq!(
        row.get::<crate::csv::Value<'_>>("i").unwrap(),
        crate::csv::Value::Text("-7")
    );
}
