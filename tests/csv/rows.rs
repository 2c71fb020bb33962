//! `Rows` over readers that behave badly, values, and errors that name names.

use crate::common::random::{Draw, Rng};
use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use influx_edge::Timestamp;
use influx_edge::csv::{
    DataType, DecodeError, Item, Key, ReadError, ReadErrorKind, Rows, ValueErrorKind,
};

const TYPES: &str = "#datatype,string,long,string,boolean,long,unsignedLong,double,\
    dateTime:RFC3339,duration,base64Binary,strange\r\n\
    #group,false,false,true,false,false,false,false,false,false,false,false\r\n\
    #default,_result,,fallback,,,,,,,,\r\n\
    ,result,table,s,b,i,u,f,t,d,x,o\r\n\
    ,,0,text,TRUE,-1,18446744073709551615,1.5,2023-11-14T22:13:20.123456789Z,1h2m3.5s,aGVsbG8=,raw\r\n\
    ,,0,,,,,,,,,\r\n";

#[test]
fn each_type_by_name_and_index() {
    let mut rows = Rows::new(TYPES.as_bytes());
    let row = rows.next().unwrap().unwrap();
    assert_eq!(row.get::<&str>("s").unwrap(), "text");
    assert_eq!(row.get::<String>(0).unwrap(), "text");
    assert!(row.get::<bool>("b").unwrap());
    assert_eq!(row.get::<i64>("i").unwrap(), -1);
    assert_eq!(row.get::<u64>("u").unwrap(), u64::MAX);
    assert_eq!(row.get::<f64>("f").unwrap(), 1.5);
    assert_eq!(row.get::<f64>("i").unwrap(), -1.0);
    let nanos = 1_700_000_000_123_456_789;
    assert_eq!(
        row.get::<Timestamp>("t").unwrap(),
        Timestamp::from_nanos(nanos)
    );
    assert_eq!(row.get::<i64>(5).unwrap(), nanos);
    assert_eq!(
        row.get::<SystemTime>("t").unwrap(),
        SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos as u64)
    );
    assert_eq!(
        row.get::<Duration>("d").unwrap(),
        Duration::from_millis(3_723_500)
    );
    assert_eq!(row.get::<&[u8]>("x").unwrap(), b"aGVsbG8=");
    assert_eq!(row.record().base64("x", &mut [0; 5]).unwrap(), b"hello");
    assert_eq!(row.get::<&str>("o").unwrap(), "raw");
    // What belongs to the table is no column, but it can be read by name.
    assert_eq!(row.get::<u64>("table").unwrap(), 0);
    assert_eq!(row.get::<&str>("result").unwrap(), "_result");
    assert_eq!(row.table().result(), "_result");
    assert_eq!(row.table().id(), Some(0));
    let key: Vec<_> = row
        .table()
        .columns()
        .filter(|column| column.is_group())
        .map(|column| column.name())
        .collect();
    assert_eq!(key, ["s"]);

    let row = rows.next().unwrap().unwrap();
    assert_eq!(row.get::<Option<&str>>("s").unwrap(), Some("fallback"));
    assert_eq!(row.get::<Option<bool>>("b").unwrap(), None);
    assert_eq!(row.get::<Option<f64>>("f").unwrap(), None);
    assert_eq!(row.get::<Option<&str>>("o").unwrap(), None);
    assert_eq!(row.get::<&str>("o").unwrap(), "");
    assert!(rows.next().unwrap().is_none());
    assert!(rows.next().unwrap().is_none());
}

/// A name can hold anything; the error that lists it stays on one line, and ends.
#[test]
fn the_columns_that_an_error_lists_stay_on_one_line() {
    let long = "n".repeat(300);
    let text = format!(
        "#datatype,string,long,double,string\r\n#group,false,false,false,false\r\n\
         #default,_result,,,\r\n,result,table,\"a\nb\u{1b}c\",{long}\r\n,,0,1.5,x\r\n"
    );
    let mut rows = Rows::new(text.as_bytes());
    let row = rows.next().unwrap().unwrap();
    let error = row.get::<f64>("nope").unwrap_err().to_string();
    assert!(error.contains("a b c"), "{error:?}");
    assert!(!error.contains(char::is_control), "{error:?}");
    assert!(error.len() < 300, "{error:?}");
}

#[test]
fn errors_name_row_column_wanted_and_found() {
    let mut rows = Rows::new(TYPES.as_bytes());
    let row = rows.next().unwrap().unwrap();
    let cases: &[(ReadError, ValueErrorKind, &str)] = &[
        (
            row.get::<f64>("s").unwrap_err(),
            ValueErrorKind::Syntax,
            "row 1, column `s` (string): wanted f64, found \"text\": the text is not such a value",
        ),
        (
            row.get::<i64>("f").unwrap_err(),
            ValueErrorKind::Type,
            "row 1, column `f` (double): wanted i64, found \"1.5\": the column has another datatype",
        ),
        (
            row.get::<i64>("u").unwrap_err(),
            ValueErrorKind::OutOfRange,
            "row 1, column `u` (unsignedLong): wanted i64, found \"18446744073709551615\": \
             the value is out of range",
        ),
        (
            row.get::<f64>("nope").unwrap_err(),
            ValueErrorKind::NoSuchColumn,
            "row 1: there is no column \"nope\", only s, b, i, u, f, t, d, x, o",
        ),
        (
            row.get::<f64>(&Key::new("nope")).unwrap_err(),
            ValueErrorKind::NoSuchColumn,
            "row 1: there is no column \"nope\", only s, b, i, u, f, t, d, x, o",
        ),
        (
            row.get::<f64>(9).unwrap_err(),
            ValueErrorKind::NoSuchColumn,
            "row 1: there is no column 9, only s, b, i, u, f, t, d, x, o",
        ),
    ];
    for (error, kind, text) in cases {
        assert!(
            matches!(error.kind(), ReadErrorKind::Value { kind: found, .. } if found == kind),
            "{error:?}"
        );
        assert_eq!(error.to_string(), *text);
    }
    let error = row.record().base64("x", &mut [0; 4]).unwrap_err();
    assert_eq!(error.kind, ValueErrorKind::BufferTooSmall);
    assert_eq!(
        row.record().explain(&error).to_string(),
        "row 1, column `x` (base64Binary): wanted bytes in base64, found \"aGVsbG8=\": \
         the buffer is too small"
    );
    // The core's small error says the same when it is explained.
    let error = row.record().get::<f64>("s").unwrap_err();
    assert_eq!(row.record().explain(&error).to_string(), cases[0].2);
    assert!(size_of_val(&error) <= 48);
    assert_eq!(size_of::<ReadError>(), size_of::<usize>());

    let row = rows.next().unwrap().unwrap();
    assert_eq!(
        row.get::<f64>("f").unwrap_err().to_string(),
        "row 2, column `f` (double): wanted f64, found \"\": the value is null"
    );
}

/// Gives 0 to 5 bytes at a time, now and then interrupted; fails at the end if told so.
struct Slow<'a> {
    body: &'a [u8],
    random: Rng,
    fails: bool,
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.random.chance(20) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.body.is_empty() && self.fails {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let bytes = (1 + self.random.below(5))
            .min(self.body.len())
            .min(buffer.len());
        buffer[..bytes].copy_from_slice(&self.body[..bytes]);
        self.body = &self.body[bytes..];
        Ok(bytes)
    }
}

#[test]
fn a_slow_reader_gives_the_same_rows() {
    for seed in 0..100 {
        let random = Rng::with_seed(seed);
        let reader = Slow {
            body: TYPES.as_bytes(),
            random,
            fails: false,
        };
        let mut rows = Rows::new(reader);
        assert_eq!(
            rows.next().unwrap().unwrap().get::<&str>("s").unwrap(),
            "text"
        );
        assert_eq!(
            rows.next().unwrap().unwrap().get::<&str>("s").unwrap(),
            "fallback"
        );
        assert!(rows.next().unwrap().is_none());
    }
}

#[test]
fn a_truncated_body_is_an_error_after_the_rows_before_it() {
    let reader = Slow {
        body: TYPES.as_bytes(),
        random: Rng::with_seed(1),
        fails: true,
    };
    let mut rows = Rows::new(reader);
    assert!(rows.next().unwrap().is_some());
    assert!(rows.next().unwrap().is_some());
    let error = rows.next().unwrap_err();
    assert!(
        matches!(error.kind(), ReadErrorKind::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof)
    );
    // Said once.
    assert!(rows.next().unwrap().is_none());
}

#[test]
fn the_error_table_comes_with_message_and_code() {
    let body = ",result,table,_value\r\n,_result,0,1\r\n\r\n,error,reference\r\n,it broke,897\r\n";
    let mut rows = Rows::new(body.as_bytes());
    assert!(rows.next().unwrap().is_some());
    let error = rows.next().unwrap_err();
    assert!(matches!(
        error.kind(),
        ReadErrorKind::Server { message, code } if message == "it broke" && code == "897"
    ));
    assert!(rows.next().unwrap().is_none());
}

#[test]
fn limits_hold() {
    let long = format!(",result,table,a\r\n,_result,0,{}\r\n", "x".repeat(5000));
    let mut rows = Rows::new(long.as_bytes());
    assert_eq!(
        rows.next()
            .unwrap()
            .unwrap()
            .get::<&str>("a")
            .unwrap()
            .len(),
        5000
    );
    let mut rows = Rows::new(long.as_bytes()).max_record_bytes(4096);
    let error = rows.next().unwrap_err();
    assert!(matches!(
        error.kind(),
        ReadErrorKind::RecordTooLong {
            row: 2,
            max_record_bytes: 4096,
        }
    ));
    assert_eq!(
        error.to_string(),
        "CSV row 2 and its table's description are longer than 4096 bytes, the limit of \
         max_record_bytes: raise it, or ask for fewer columns (keep() in Flux, their names in SQL)"
    );
    let wide = |columns: usize| {
        let names: Vec<_> = (0..columns).map(|index| format!("c{index}")).collect();
        format!(
            ",result,table,{}\r\n,_result,0{}\r\n",
            names.join(","),
            ",1".repeat(columns)
        )
    };
    let body = wide(100);
    let mut rows = Rows::new(body.as_bytes()).max_columns(100);
    assert_eq!(rows.next().unwrap().unwrap().cells().count(), 100);
    let mut rows = Rows::new(body.as_bytes()).max_columns(99);
    let error = rows.next().unwrap_err();
    assert!(matches!(
        error.kind(),
        ReadErrorKind::TooManyColumns {
            row: 1,
            max_columns: 99,
        }
    ));
    assert_eq!(
        error.to_string(),
        "the table at CSV row 1 has more than 99 columns, the limit of max_columns: raise it, or \
         ask for fewer columns (keep() in Flux, their names in SQL)"
    );
    // In whichever order they are set.
    let body = body.replace(',', ";");
    let mut rows = Rows::new(body.as_bytes()).max_columns(99).delimiter(b';');
    assert!(rows.next().is_err());
    // A server's message has space, or as much as is given to a record.
    let message = "x".repeat(20_000);
    let body = format!(
        ";result;table;a\r\n;_result;0;1\r\n{{\"code\":\"internal error\",\"message\":\"{message}\"}}"
    );
    for (space, expected) in [(usize::MAX, 20_000), (9_000, 9_000)] {
        let mut rows = Rows::new(body.as_bytes())
            .max_record_bytes(space)
            .delimiter(b';');
        assert!(rows.next().unwrap().is_some());
        let error = rows.next().unwrap_err();
        let ReadErrorKind::Server { message, .. } = error.kind() else {
            panic!("{error:?}");
        };
        assert!(
            message.len() <= expected && message.len() > expected / 2,
            "{}",
            message.len()
        );
    }
}

#[test]
fn what_is_not_csv_is_shown() {
    for body in [
        "<!DOCTYPE html>\n<html><body>Please log in</body></html>",
        "{\"status\":\"pass\"}",
        "name,tags,time,value\r\n",
    ] {
        let mut rows = Rows::new(body.as_bytes());
        let error = rows.next().unwrap_err();
        let ReadErrorKind::Decode { excerpt, .. } = error.kind() else {
            panic!("{error:?}");
        };
        assert!(excerpt.len() > 10 && excerpt.len() < 80, "{excerpt}");
    }
}

#[test]
fn items_show_tables_without_records() {
    let body = "#datatype,string,long,double\r\n#group,false,false,true\r\n#default,_result,3,1.5\r\n\
        ,result,table,v\r\n\r\n#datatype,string,long,double\r\n#default,_result,,\r\n\
        ,result,table,v\r\n,,4,2.5\r\n\r\n";
    let mut rows = Rows::new(body.as_bytes());
    let mut seen = Vec::new();
    while let Some(item) = rows.next_item().unwrap() {
        seen.push(match item {
            Item::Table(table) => {
                let column = table.column("v").unwrap();
                format!(
                    "{:?} {:?}",
                    table.id(),
                    column.default_cell().parse::<&str>().unwrap()
                )
            }
            Item::Row(row) => row.get::<f64>("v").unwrap().to_string(),
        });
    }
    assert_eq!(seen, ["Some(3) \"1.5\"", "Some(4) \"\"", "2.5"]);
}

/// What scripts return: no annotations, every value a string.
#[test]
fn without_annotations_every_value_is_a_string_that_can_be_parsed() {
    let body = ",result,table,_time,_value,n\r\n,_result,0,2023-11-14T22:13:20Z,20.25,\r\n";
    let mut rows = Rows::new(body.as_bytes());
    let row = rows.next().unwrap().unwrap();
    assert_eq!(row.get::<&str>("_value").unwrap(), "20.25");
    assert_eq!(row.get::<f64>("_value").unwrap(), 20.25);
    assert_eq!(
        row.get::<Timestamp>("_time").unwrap().as_nanos(),
        1_700_000_000_000_000_000
    );
    assert_eq!(row.get::<Option<i64>>("n").unwrap(), None);
    let types: Vec<_> = row.cells().map(|cell| cell.data_type()).collect();
    assert_eq!(types, [DataType::String; 3]);
    let texts: Vec<_> = row
        .table()
        .columns()
        .map(|column| column.data_type_text())
        .collect();
    assert_eq!(texts, [""; 3]);
}

#[test]
fn profiles_are_taken_apart_when_asked_for() {
    let body = include_bytes!("../recordings/csv/profilers.csv");
    let count = |rows: &mut Rows<&[u8]>| {
        let mut count = 0;
        while rows.next().unwrap().is_some() {
            count += 1;
        }
        count
    };
    // Tables like others, if not.
    let mut rows = Rows::new(&body[..]);
    assert_eq!(count(&mut rows), 5);
    assert_eq!(rows.profile(), "");

    let mut rows = Rows::new(&body[..]).split_profile(true);
    assert_eq!(count(&mut rows), 2);
    let profile = rows.profile();
    assert!(
        profile.starts_with("profiler/query\n  TotalDuration: 4722946\n"),
        "{profile}"
    );
    assert!(
        profile
            .contains("\n  flux/query-plan:\n    digraph {\n      \"merged_ReadRange4_filter2\"\n"),
        "{profile}"
    );
    let operator = "profiler/operator\n  Type: *universe.limitTransformation\n  Label: limit3\n";
    assert!(profile.contains(operator), "{profile}");
    assert_eq!(profile.matches("profiler/operator").count(), 2);
}

/// It is made to be shown, and comes from outside: no control characters, and not without end.
#[test]
fn profiles_are_safe_to_show() {
    let head = "#datatype,string,long,string,string\r\n#group,false,false,true,false\r\n\
        #default,_profiler,,,\r\n,result,table,_measurement,Label\r\n";
    let profile = |rows: &str| {
        let body = format!("{head}{rows}");
        let mut rows = Rows::new(body.as_bytes()).split_profile(true);
        assert!(rows.next().unwrap().is_none());
        rows.profile().to_owned()
    };
    assert_eq!(
        profile(",,0,profiler/operator,\x1b[2Ja\tb\u{85}c\r\n"),
        "profiler/operator\n  Label: \\u{1b}[2Ja\tb\\u{85}c\n"
    );
    let row = format!(",,0,profiler/operator,{}\r\n", "ü".repeat(1000));
    let long = profile(&row.repeat(2000));
    assert!(long.len() < (1 << 20) + 100, "{}", long.len());
    assert!(
        long.ends_with("not kept\n"),
        "{:?}",
        &long[long.len() - 100..]
    );
    let huge = profile(&row.replace('ü', &"ü".repeat(600)));
    assert!(huge.len() < (1 << 20) + 100, "{}", huge.len());
}

#[test]
fn whole_tables_are_kept() {
    let body = include_bytes!("../recordings/csv/two-yields.csv");
    let tables = Rows::new(&body[..]).tables().unwrap();
    let seen: Vec<_> = tables
        .iter()
        .map(|table| {
            (
                table.table().result(),
                table.table().id(),
                table.rows().len(),
            )
        })
        .collect();
    let expected = [
        ("mean", Some(0), 1),
        ("mean", Some(1), 1),
        ("max", Some(0), 1),
        ("max", Some(1), 1),
    ];
    assert_eq!(seen, expected);
    assert_eq!(tables.iter().flat_map(|table| table.rows()).count(), 4);
    let row = tables[3].rows().next().unwrap();
    assert_eq!(row.get::<f64>("_value").unwrap(), 24.75);
    assert_eq!(row.get::<&str>("station").unwrap(), "zrh-2");
    assert!(tables[3].rows().nth(1).is_none());
    // An error in the stream is an error of the whole.
    let body = include_bytes!("../recordings/csv/mid-stream-error.csv");
    let error = Rows::new(&body[..]).tables().unwrap_err();
    assert!(matches!(error.kind(), ReadErrorKind::Server { .. }));
}

#[test]
fn bytes_that_are_not_utf8() {
    let body = b",result,table,v\r\n,_result,0,\xFF\xFE\r\n";
    let mut rows = Rows::new(&body[..]);
    let row = rows.next().unwrap().unwrap();
    assert_eq!(row.get::<&[u8]>("v").unwrap(), b"\xFF\xFE");
    let error = row.get::<&str>("v").unwrap_err();
    let text =
        "row 1, column `v` (string): wanted text, found \"\\xff\\xfe\": the text is not UTF-8";
    assert_eq!(error.to_string(), text);
    // Names have to be, cell by cell: here two halves of a character stand side by side.
    let error = Rows::new(&b",result,table,\xC3,\xA9\r\n"[..])
        .next()
        .unwrap_err();
    let expected = DecodeError::NotUtf8 { row: 1 };
    assert!(matches!(error.kind(), ReadErrorKind::Decode { error, .. } if *error == expected));
}

#[test]
fn a_leap_second_is_called_one() {
    let body = "#datatype,string,long,dateTime:RFC3339\r\n,result,table,t\r\n\
        ,_result,0,2016-12-31T23:59:60Z\r\n";
    let mut rows = Rows::new(body.as_bytes());
    let error = rows
        .next()
        .unwrap()
        .unwrap()
        .get::<Timestamp>("t")
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("leap seconds are not supported"),
        "{error}"
    );
}

/// The largest and the smallest value of each column as the widest types, and one beyond.
#[test]
fn wide_integers() {
    for (datatype, text, signed, unsigned) in [
        (
            "long",
            "9223372036854775807",
            Some(i128::from(i64::MAX)),
            Some(u128::from(i64::MAX as u64)),
        ),
        (
            "long",
            "-9223372036854775808",
            Some(i128::from(i64::MIN)),
            None,
        ),
        ("unsignedLong", "0", Some(0), Some(0)),
        (
            "unsignedLong",
            "9223372036854775808",
            Some(1 << 63),
            Some(1 << 63),
        ),
        (
            "unsignedLong",
            "18446744073709551615",
            Some(i128::from(u64::MAX)),
            Some(u128::from(u64::MAX)),
        ),
        (
            "string",
            "18446744073709551615",
            Some(i128::from(u64::MAX)),
            Some(u128::from(u64::MAX)),
        ),
        (
            "string",
            "-9223372036854775808",
            Some(i128::from(i64::MIN)),
            None,
        ),
        ("string", "18446744073709551616", None, None),
        ("string", "-9223372036854775809", None, None),
        ("string", "1.5", None, None),
        ("double", "1", None, None),
        ("duration", "-1s", Some(-1_000_000_000), None),
        (
            "dateTime:RFC3339",
            "1970-01-01T00:00:01Z",
            Some(1_000_000_000),
            None,
        ),
    ] {
        let response = format!(
            "#datatype,string,long,{datatype}\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,v\r\n,,0,{text}\r\n"
        );
        let mut rows = Rows::new(response.as_bytes());
        let row = rows.next().unwrap().unwrap();
        assert_eq!(row.get::<i128>("v").ok(), signed, "{datatype} {text}");
        assert_eq!(row.get::<u128>("v").ok(), unsigned, "{datatype} {text}");
    }
}
