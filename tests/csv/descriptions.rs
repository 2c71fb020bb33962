//! What tables, rows, cells and errors say of themselves: names, counts, and text for people.

use std::error::Error;
use std::io::{self, Read};

use influx_edge::csv::{
    DecodeError, Decoder, Key, OwnedTable, ReadError, ReadErrorKind, Row, Rows, Step, ValueError,
    ValueErrorKind,
};

const BODY: &str = "#datatype,string,long,double,string,strange\r\n\
    #group,false,false,false,true,false\r\n#default,_result,,,,\r\n,result,table,v,station,x\r\n\
    ,,0,20.25,zrh-1,a\r\n,,0,5,bern,bcd\r\n,,1,7.5,,\r\n";

fn tables(body: &str) -> Vec<OwnedTable> {
    Rows::new(body.as_bytes()).tables().unwrap()
}

fn row(table: &OwnedTable, index: usize) -> Row<'_> {
    table.rows().nth(index).expect("a row")
}

fn error(body: &str) -> ReadError {
    let mut rows = Rows::new(body.as_bytes());
    loop {
        match rows.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("no error"),
            Err(error) => return error,
        }
    }
}

#[test]
fn a_table_counts_its_columns_and_rows() {
    let tables = tables(BODY);
    let counts: Vec<_> = tables
        .iter()
        .map(|table| (table.rows().len(), table.rows().count()))
        .collect();
    assert_eq!(counts, [(2, 2), (1, 1)]);
    // Each row by its index, cells of every length.
    let cell = |row, column| {
        let row = tables[0].rows().nth(row)?;
        Some(row.get::<String>(column).unwrap())
    };
    assert_eq!(cell(0, "station").as_deref(), Some("zrh-1"));
    assert_eq!(cell(1, "station").as_deref(), Some("bern"));
    assert_eq!(cell(1, "x").as_deref(), Some("bcd"));
    assert_eq!(cell(2, "x"), None);
    let row = row(&tables[0], 1);
    assert_eq!(
        (row.record().row_number(), row.record().cells().len()),
        (2, 3)
    );

    let mut columns = tables[0].table().columns();
    for left in (1..=3).rev() {
        assert_eq!(columns.len(), left);
        columns.next();
    }
    assert_eq!((columns.len(), columns.next().is_none()), (0, true));
    let mut cells = row.record().cells();
    for left in (1..=3).rev() {
        assert_eq!(cells.len(), left);
        cells.next();
    }
    assert_eq!((cells.len(), cells.next().is_none()), (0, true));

    let empty = "#datatype,string,long,double\r\n#group,false,false,true\r\n\
        #default,_result,3,1.5\r\n,result,table,v\r\n";
    let empty = self::tables(empty);
    assert_eq!((empty.len(), empty[0].rows().len()), (1, 0));
    assert_eq!(
        tables.iter().map(|table| table.rows().len()).sum::<usize>(),
        3
    );
}

#[test]
fn a_column_says_where_it_stands_and_what_it_holds() {
    let tables = tables(BODY);
    let table = tables[0].table();
    for (name, index, text) in [
        ("v", Some(0), "double"),
        ("station", Some(1), "string"),
        ("x", Some(2), "strange"),
        ("result", None, "string"),
        ("table", None, "long"),
    ] {
        let column = table.column(name).unwrap();
        assert_eq!((column.index(), column.data_type_text()), (index, text));
    }
    // Cells are alike if their text and their datatype are.
    let of = |index, name| self::row(&tables[0], index).record().cell(name).unwrap();
    assert_eq!(of(0, "v"), of(0, "v"));
    assert_ne!(of(0, "v"), of(1, "v"));
    let twins = "#datatype,string,long,double,long,long\r\n,result,table,a,b,c\r\n,r,0,7,7,7\r\n";
    let twins = self::tables(twins);
    let of = |name| self::row(&twins[0], 0).record().cell(name).unwrap();
    assert_ne!(of("a"), of("b"));
    assert_eq!(of("b"), of("c"));
}

#[test]
fn a_key_finds_its_column_in_every_table() {
    let body = ",result,table,a,b\r\n,r,0,1,2\r\n,r,0,3,4\r\n\r\n\
        ,result,table,b,a\r\n,r,1,5,6\r\n\r\n,result,table,b\r\n,r,2,7\r\n\r\n\
        ,result,table,c,b,result,table\r\n,r,3,8,9,x,y\r\n,r,3,8,9,z,z\r\n";
    for (name, expected) in [
        ("a", ["1", "3", "6", "-", "-", "-"]),
        ("b", ["2", "4", "5", "7", "9", "9"]),
        // The user's own column, where there is one.
        ("result", ["r", "r", "r", "r", "x", "z"]),
        ("table", ["0", "0", "1", "2", "y", "z"]),
    ] {
        let key = Key::new(name);
        assert_eq!(format!("{key:?}"), format!("{name:?}"));
        let mut rows = Rows::new(body.as_bytes());
        for expected in expected {
            let row = rows.next().unwrap().unwrap();
            match row.get::<&str>(&key) {
                Ok(found) => assert_eq!(found, expected, "{name}"),
                Err(error) => {
                    assert_eq!(expected, "-", "{name}");
                    assert!(error.to_string().contains(name), "{error}");
                }
            }
        }
    }
}

#[test]
fn what_goes_to_a_log_says_what_it_is() {
    let tables = tables(BODY);
    let row = row(&tables[0], 0).record();
    let rows = Rows::new(BODY.as_bytes());
    let (mut text, mut ends) = ([0; 512], [0; 64]);
    let mut decoder = Decoder::new(&mut text, &mut ends);
    let mut input = BODY.as_bytes();
    loop {
        let (used, step) = decoder.feed(input).unwrap();
        input = &input[used..];
        if step == Step::Record {
            break;
        }
    }
    for (said, parts) in [
        (
            format!("{row:?}"),
            &["\"v\": \"20.25\"", "\"station\": \"zrh-1\""][..],
        ),
        (
            format!("{:?}", row.cell("v").unwrap()),
            &["\"20.25\"", "Double"],
        ),
        (
            format!("{:?}", tables[0]),
            &[
                "OwnedTable",
                "\"_result\"",
                "Some(0)",
                "[\"v\": double",
                "rows: 2",
            ],
        ),
        (
            format!("{:?}", tables[0].table()),
            &[
                "Table",
                "\"_result\"",
                "Some(0)",
                "\"v\": double, \"station\": string",
            ],
        ),
        (
            format!("{:?}", tables[0].table().column("station").unwrap()),
            &["\"station\": string"],
        ),
        (format!("{rows:?}"), &["Rows", "over: false"]),
        (format!("{decoder:?}"), &["Decoder", "row: 1"]),
    ] {
        for part in parts {
            assert!(said.contains(part), "{said}");
        }
    }
}

#[test]
fn each_error_is_a_sentence() {
    for (error, text) in [
        (
            DecodeError::RecordTooLong { row: 7 },
            "CSV row 7 is too long for the record buffer",
        ),
        (
            DecodeError::TooManyColumns { row: 7 },
            "CSV row 7 has too many columns for the buffer",
        ),
        (
            DecodeError::RowLength {
                row: 7,
                expected: 5,
                found: 4,
            },
            "CSV row 7 has 4 cells, its table has 5",
        ),
        (
            DecodeError::UnexpectedRow { row: 7 },
            "CSV row 7 is not annotated CSV",
        ),
        (
            DecodeError::NotUtf8 { row: 7 },
            "CSV row 7 names columns that are not UTF-8",
        ),
        (
            DecodeError::UnexpectedEnd { row: 7 },
            "the stream ends in the middle, after CSV row 7",
        ),
        (
            DecodeError::Server,
            "the server reports that the query failed",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
    for (column, text) in [
        (Some(2), "row 7, column 2: wanted f64: the value is null"),
        (None, "row 7: wanted f64: the value is null"),
    ] {
        let error = ValueError {
            kind: ValueErrorKind::Null,
            row: 7,
            column,
            wanted: "f64",
        };
        assert_eq!(error.to_string(), text);
    }
}

/// A body that breaks off.
struct Breaks;

impl Read for Breaks {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("pulled out"))
    }
}

#[test]
fn an_error_says_who_is_at_fault_and_has_its_cause() {
    let broke = Rows::new(Breaks).next().unwrap_err();
    let short = error(",result,table,v\r\n,r,0\r\n");
    let failed = error(",error,reference\r\n,it broke,897\r\n");
    let nameless = error(",error,reference\r\n,it broke,\r\n");
    let in_a_row = error(
        ",result,table,a rather long name\r\n,r,0,1\r\n\
        ,r,0,{\"code\":\"internal error\",\"message\":\"it broke, there\"}",
    );
    for (error, server, text, cause) in [
        (
            &broke,
            false,
            "reading the response failed: pulled out",
            Some("pulled out"),
        ),
        (
            &short,
            false,
            "CSV row 2 has 3 cells, its table has 4: \",r,0\"",
            // The sentence has all of it.
            None,
        ),
        (
            &failed,
            true,
            "the query failed on the server: it broke (897)",
            None,
        ),
        (
            &nameless,
            true,
            "the query failed on the server: it broke",
            None,
        ),
        (
            &in_a_row,
            true,
            "the query failed on the server: it broke, there (internal error)",
            None,
        ),
    ] {
        assert_eq!(
            (
                matches!(error.kind(), ReadErrorKind::Server { .. }),
                error.to_string().as_str()
            ),
            (server, text)
        );
        let source = error.source().map(ToString::to_string);
        assert_eq!(source.as_deref(), cause);
    }
}

/// What an error shows of a row: 64 bytes at most, and no part of a character.
#[test]
fn a_long_row_is_shown_in_part() {
    for filler in ["x", "ü", "日", "😀"] {
        for before in 0..4 {
            for len in [10, 60, 61, 62, 63, 64, 65, 66, 67, 68, 200] {
                let mut text = "a".repeat(before);
                while text.len() < len {
                    text.push_str(filler);
                }
                let error = error(&text);
                let ReadErrorKind::Decode { excerpt, .. } = error.kind() else {
                    panic!("{error:?}");
                };
                if text.len() <= 64 {
                    assert_eq!(*excerpt, format!("{text:?}"));
                    continue;
                }
                let shown = excerpt.strip_prefix('"').unwrap();
                let shown = shown.strip_suffix("\"…").unwrap();
                assert!(text.starts_with(shown), "{excerpt}");
                assert!((60..=64).contains(&shown.len()), "{excerpt}");
            }
        }
    }
    // What is no text at all, byte by byte.
    let mut rows = Rows::new(&b"a\xFFb"[..]);
    let error = rows.next().unwrap_err();
    assert!(error.to_string().ends_with(": \"a\\xffb\""), "{error}");
}

/// The space for columns and the space for bytes are two things.
#[test]
fn many_columns_may_stand_in_few_bytes() {
    let body = format!(
        ",result,table{}\r\n,r,0{}\r\n",
        ",a".repeat(300),
        ",".repeat(300)
    );
    let mut rows = Rows::new(body.as_bytes()).max_record_bytes(1024);
    assert_eq!(rows.next().unwrap().unwrap().cells().count(), 300);
}
