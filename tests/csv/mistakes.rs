//! Mistakes that other clients make or made, each with the input that shows it.

use crate::common::csv::{Event, Value, decode, decode_all};
use influx_edge::csv::{DecodeError, Decoder, Step};

fn events(body: &str) -> Vec<Event> {
    let whole = decode_all([body.as_bytes()]);
    for size in [1, 2, 3, 5] {
        assert_eq!(
            decode_all(body.as_bytes().chunks(size)),
            whole,
            "in pieces of {size}"
        );
    }
    whole
}

fn rows(event: &Event) -> &[Vec<Value>] {
    let Event::Table { rows, .. } = event else {
        panic!("no table: {event:?}");
    };
    rows
}

fn server(message: &str, code: &str) -> Event {
    Event::Server {
        message: message.into(),
        code: code.into(),
    }
}

fn text(value: &str) -> Value {
    Value::String(value.into())
}

const DATA: &str = "#datatype,string,long,double\r\n#group,false,false,false\r\n\
    #default,_result,,\r\n,result,table,_value\r\n,,0,1.5\r\n";
const ERROR_HEAD: &str = "\r\n#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n";

#[test]
fn error_table_never_noticed() {
    let found = events(&format!(
        "{DATA}{ERROR_HEAD},error,reference\r\n,it broke,897\r\n"
    ));
    assert_eq!(rows(&found[0]), [[Value::Double(1.5_f64.to_bits())]]);
    assert_eq!(found[1..], [server("it broke", "897")]);
}

#[test]
fn error_table_without_annotations_never_noticed() {
    let found = events(",result,table,v\r\n,_result,0,x\r\n\r\n,error,reference\r\n,it broke,\r\n");
    assert_eq!(found.len(), 2);
    assert_eq!(found[1], server("it broke", ""));
    assert_eq!(
        events(",error,reference\r\n,it broke,"),
        [server("it broke", "")]
    );
}

#[test]
fn error_header_and_then_the_end_taken_for_success() {
    for end in [
        ",error,reference",
        ",error,reference\r\n",
        ",error,reference\r\n\r\n",
    ] {
        let found = events(&format!("{DATA}{ERROR_HEAD}{end}"));
        assert_eq!(found[1..], [server("", "")], "{end:?}");
    }
    // An empty table before it is still reported.
    let found = events("#default,r,7,\r\n,result,table,v\r\n\r\n,error,reference");
    assert!(matches!(&found[0], Event::Table { id: Some(7), rows, .. } if rows.is_empty()));
    assert_eq!(found[1..], [server("", "")]);
}

#[test]
fn panic_message_read_as_a_row() {
    let tail = r#"{"code":"internal error","message":"a panic has occurred: \"x\", y"}"#;
    let found = events(&format!("{DATA}{tail}"));
    assert_eq!(rows(&found[0]).len(), 1);
    assert_eq!(
        found[1..],
        [server("a panic has occurred: \"x\", y", "internal error")]
    );
    // Also with a line end, behind an empty table, and as the whole body.
    assert_eq!(events(&format!("{DATA}{tail}\n"))[1..], found[1..]);
    assert_eq!(events(&format!("{tail}\n")), found[1..]);
    let found = events(&format!("#default,r,7,\r\n,result,table,v\r\n{tail}"));
    assert_eq!(found.len(), 2);
}

#[test]
fn panic_message_in_the_middle_of_a_row() {
    let tail = r#"{"code":"internal error","message":"a panic: x is A, not B"}"#;
    let expected = server("a panic: x is A, not B", "internal error");
    for cut in ["", ",", ",,", ",,0", ",,0,", ",,0,1."] {
        let found = events(&format!("{DATA}{cut}{tail}"));
        assert_eq!(found[1..], *std::slice::from_ref(&expected), "{cut:?}");
    }
    // The cells may happen to be as many as they should: still no record.
    let found = events(&format!(
        "{},,{tail}",
        DATA.replace(",,0,1.5\r\n", ",,0,1.5\r\n,,1,2.5\r\n")
    ));
    assert_eq!(found.len(), 3);
    assert_eq!(found[2], expected);
}

#[test]
fn changed_table_id_ignored() {
    let found = events(&format!(
        "{DATA},,0,2.5\r\n,,1,3.5\r\n,,10,4.5\r\n,,1,5.5\r\n"
    ));
    let ids: Vec<_> = found
        .iter()
        .map(|event| match event {
            Event::Table { id, rows, .. } => (*id, rows.len()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        ids,
        [(Some(0), 2), (Some(1), 1), (Some(10), 1), (Some(1), 1)]
    );
}

/// Each table's result, its id and how many rows it has.
fn tables(text: &str) -> String {
    let of = |event: &Event| match event {
        Event::Table {
            result, id, rows, ..
        } => format!("{result} {}: {}", id.unwrap(), rows.len()),
        other => panic!("{other:?}"),
    };
    events(text).iter().map(of).collect::<Vec<_>>().join(", ")
}

#[test]
fn changed_result_ignored() {
    let table = [
        // Two results of equal schema, without the default: only the name tells.
        (
            ",result,table,v\r\n,a,0,x\r\n,a,0,y\r\n,b,0,z\r\n,long name,0,w\r\n",
            "a 0: 2, b 0: 1, long name 0: 1",
        ),
        // With a default, an empty cell means that, and not the record's before.
        (
            "#datatype,string,long,string\r\n#group,false,false,false\r\n#default,a,7,\r\n\
            ,result,table,v\r\n,,,1\r\n,a,7,2\r\n,,,3\r\n,b,7,4\r\n,,7,5\r\n,a,,6\r\n\
            ,,8,7\r\n,,,8\r\n,,7,9\r\n",
            "a 7: 3, b 7: 1, a 7: 2, a 8: 1, a 7: 2",
        ),
        // Also where the records before it left the id to the default.
        (
            "#datatype,string,long,string\r\n#group,false,false,false\r\n#default,a,7,\r\n\
            ,result,table,v\r\n,b,,1\r\n,,,2 of the next\r\n,b,,3 of the last\r\n\
            ,7,7,a result that is called as the table\r\n,,7,x\r\n",
            "b 7: 1, a 7: 1, b 7: 1, 7 7: 1, a 7: 1",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(tables(text), expected, "{text}");
    }
}

#[test]
fn defaults_lost_when_they_come_before_the_datatypes() {
    let found = events(
        "#default,_result,,fallback,\r\n#datatype,string,long,string,long\r\n\
         ,result,table,s,n\r\n,,0,,\r\n,,0,x,1\r\n",
    );
    assert_eq!(
        rows(&found[0]),
        [[text("fallback"), Value::Null], [text("x"), Value::Long(1)]]
    );
}

#[test]
fn annotations_of_the_block_before_leak() {
    let found = events(
        "#datatype,string,long,double\r\n#group,false,false,true\r\n#default,a,,9.5\r\n\
         ,result,table,v\r\n,,0,\r\n\r\n#datatype,string,long,string\r\n\
         ,result,table,v\r\n,b,1,\r\n\r\n,result,table,v\r\n,c,2,1\r\n",
    );
    let columns: Vec<_> = found
        .iter()
        .map(|event| match event {
            Event::Table {
                columns,
                rows,
                result,
                ..
            } => {
                let column = &columns[0];
                (
                    &**result,
                    &*column.data_type,
                    column.group,
                    rows[0][0].clone(),
                )
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        columns,
        [
            ("a", "double", true, Value::Double(9.5_f64.to_bits())),
            ("b", "string", false, Value::Null),
            // Without any annotation the header alone tells that a block begins. The one before
            // had datatypes; this one has none.
            ("c", "string", false, text("1")),
        ]
    );
}

#[test]
fn empty_tables_skipped() {
    let empty = "#datatype,string,long,double\r\n#group,false,false,true\r\n#default,r,3,1.5\r\n\
        ,result,table,v\r\n\r\n";
    for body in [
        empty.to_owned(),
        format!("{DATA}\r\n{empty}"),
        format!("{empty}{DATA}"),
    ] {
        let found = events(&body);
        let table = found.iter().find(|event| rows(event).is_empty());
        let Some(Event::Table {
            id: Some(3),
            columns,
            ..
        }) = table
        else {
            panic!("{found:?}");
        };
        assert_eq!(columns[0].default, Value::Double(1.5_f64.to_bits()));
    }
}

#[test]
fn one_cell_row_indexed_out_of_bounds() {
    for row in ["x\r\n", ",\r\n", ",,0\r\n", ",,0,1,2\r\n", "\"\"\r\n"] {
        let found = events(&format!("{DATA}{row}"));
        assert!(matches!(found.last(), Some(Event::Broken(_))), "{row:?}");
    }
    let found = events(&format!("{DATA},,0\r\n"));
    let expected = DecodeError::RowLength {
        row: 6,
        expected: 4,
        found: 3,
    };
    assert_eq!(found[1], Event::Broken(expected));
}

#[test]
fn html_page_parsed_as_csv() {
    let page = "<!DOCTYPE html>\r\n<html><body>Log in, please</body></html>\r\n";
    let expected = Event::Broken(DecodeError::UnexpectedRow { row: 1 });
    assert_eq!(events(page), [expected]);
}

#[test]
fn truncated_row_taken_for_a_whole_one() {
    // 1.5 may be the beginning of 1.55.
    let body = DATA.strip_suffix("\r\n").unwrap();
    let expected = Event::Broken(DecodeError::UnexpectedEnd { row: 5 });
    assert_eq!(events(body), [expected]);
    assert!(matches!(
        events("#datatype,string,long,double\r\n")[..],
        [Event::Broken(DecodeError::UnexpectedEnd { .. })]
    ));
}

#[test]
fn blank_lines_taken_for_rows() {
    let found = events(&format!("\r\n\r\n{}", DATA.replace("\r\n", "\r\n\r\n\n")));
    assert_eq!(rows(&found[0]).len(), 1);
    assert_eq!(events("\r\n"), []);
    assert_eq!(events(""), []);
}

#[test]
fn integers_saturated_or_rounded() {
    let found = events(
        "#datatype,string,long,long,unsignedLong\r\n,result,table,i,u\r\n\
         ,_result,0,-9223372036854775808,18446744073709551615\r\n",
    );
    assert_eq!(
        rows(&found[0]),
        [[Value::Long(i64::MIN), Value::UnsignedLong(u64::MAX)]]
    );
}

#[test]
fn nanoseconds_lost() {
    let found = events(
        "#datatype,string,long,dateTime:RFC3339\r\n,result,table,t\r\n\
         ,_result,0,2023-11-14T22:13:20.123456789Z\r\n",
    );
    assert_eq!(rows(&found[0]), [[Value::Time(1_700_000_000_123_456_789)]]);
}

/// `events` cuts at every byte: in the doubled quote, between CR and LF, inside a character.
#[test]
fn quoted_cells_torn_between_pieces() {
    let found =
        events(",result,table,v,w\r\n,_result,0,\"a \"\"b\"\"\r\n\r\ncé😀,d\",\"\"\"\"\r\n");
    assert_eq!(rows(&found[0]), [[text("a \"b\"\n\ncé😀,d"), text("\"")]]);
}

#[test]
fn newlines_in_cells_doubled() {
    let body = b",result,table,v\r\n,_result,0,\"a\r\nb\"\r\n";
    assert_eq!(rows(&decode_all([&body[..]])[0]), [[text("a\nb")]]);
    // A CR that ends one cell and an LF that begins the next are no line end.
    let body = b",result,table,v,w\r\n,_result,0,\"a\r\",\"\nb\"\r\n";
    let found = decode_all([&body[..]]);
    assert_eq!(rows(&found[0]), [[text("a\r"), text("\nb")]]);
    // As sent, if asked for.
    let body = b",result,table,v\r\n,_result,0,\"a\r\nb\"\r\n";
    let (mut space, mut ends) = ([0; 64], [0; 16]);
    let decoder = Decoder::new(&mut space, &mut ends).keep_crlf(true);
    assert_eq!(rows(&decode([&body[..]], decoder)[0]), [[text("a\r\nb")]]);
}

#[test]
fn commas_split_where_another_delimiter_was_asked_for() {
    let read = |delimiter, body: &str| {
        let (mut space, mut ends) = ([0; 128], [0; 32]);
        // Before it and after it, another setting stays.
        let one = Decoder::new(&mut space, &mut ends);
        let found = decode([body.as_bytes()], one.keep_crlf(true).delimiter(delimiter));
        let two = Decoder::new(&mut space, &mut ends);
        let again = decode([body.as_bytes()], two.delimiter(delimiter).keep_crlf(true));
        assert_eq!(found, again);
        found
    };
    for delimiter in [b';', b'\t', b'|', b' ', b',', 0, 0x7F] {
        let body = ",result,table,v,w\r\n,_result,0,\"a\r\nb\",c\r\n,_result,0,d,e\r\n";
        let body = body.replace(',', &char::from(delimiter).to_string());
        let found = read(delimiter, &body);
        assert_eq!(
            rows(&found[0]),
            [[text("a\r\nb"), text("c")], [text("d"), text("e")]],
            "{delimiter}"
        );
    }
    // What can't be one changes nothing.
    for delimiter in [b'"', b'\r', b'\n', 0x80, 0xC3, 0xFF] {
        let found = read(delimiter, ",result,table,v,w\r\n,_result,0,x,\"\r\n\"\r\n");
        assert_eq!(rows(&found[0]), [[text("x"), text("\r\n")]], "{delimiter}");
    }
}

#[test]
fn each_buffer_that_is_too_small_has_its_own_error() {
    // One cell and one byte less than needed, each with its own error.
    let body = ",result,table,v,w\n,_result,0,x,y\n";
    let error = |space: usize, ends: usize| {
        let (mut space, mut ends) = (vec![0; space], vec![0; ends]);
        match decode([body.as_bytes()], Decoder::new(&mut space, &mut ends)).last() {
            Some(Event::Broken(error)) => Some(*error),
            _ => None,
        }
    };
    let (mut space, mut ends) = (200, 100);
    while error(space - 1, 100).is_none() {
        space -= 1;
    }
    while error(200, ends - 1).is_none() {
        ends -= 1;
    }
    assert_eq!(error(space, ends), None);
    assert!(matches!(
        error(space - 1, ends),
        Some(DecodeError::RecordTooLong { row: 2 })
    ));
    assert!(matches!(
        error(space, ends - 1),
        Some(DecodeError::TooManyColumns { row: 2 })
    ));
    assert!(matches!(
        error(0, ends),
        Some(DecodeError::RecordTooLong { row: 1 })
    ));
    assert!(matches!(
        error(space, 0),
        Some(DecodeError::TooManyColumns { row: 1 })
    ));
}

#[test]
fn user_columns_named_error_taken_for_an_error() {
    let found = events(",result,table,error,reference\r\n,_result,0,fine,1\r\n");
    assert_eq!(rows(&found[0]), [[text("fine"), text("1")]]);
    // A value may be anything, quoted where it looks like an annotation.
    let found =
        events(",result,table,v\r\n,_result,0,\"#datatype,string\"\r\n,_result,0,error\r\n");
    assert_eq!(
        rows(&found[0]),
        [[text("#datatype,string")], [text("error")]]
    );
}

/// A header and its rows, without annotations: how many columns, and how many rows, of which table.
fn shape(body: &str) -> Vec<(String, Option<u64>, usize, usize)> {
    events(body)
        .into_iter()
        .map(|event| match event {
            Event::Table {
                result,
                id,
                columns,
                rows,
            } => (result, id, columns.len(), rows.len()),
            other => panic!("{body:?}: {other:?}"),
        })
        .collect()
}

#[test]
fn what_looks_like_a_frame_taken_for_one() {
    let named = |result: &str, id, columns, rows| (result.to_owned(), id, columns, rows);
    // Only `result` and then `table` say which table a record is of.
    for header in [",result,id,v", ",name,table,v", ",table,result,v"] {
        let found = shape(&format!("{header}\r\n,a,1,2\r\n,b,2,3\r\n"));
        assert_eq!(found, [named("", None, 3, 2)], "{header}");
    }
    // A record of a result called so is no header; where there is no frame, neither is the pair.
    let found = shape(",result,table,v\r\n,result,1,v\r\n,result,1,w\r\n");
    assert_eq!(found, [named("result", Some(1), 1, 2)]);
    let found = shape(",a,b,c\r\n,result,table,v\r\n,x,y,z\r\n");
    assert_eq!(found, [named("", None, 3, 2)]);
    let found = shape(",result,table,v\r\n,a,1,v\r\n,result,table,w\r\n,a,1,w\r\n");
    assert_eq!(
        found,
        [named("a", Some(1), 1, 1), named("a", Some(1), 1, 1)]
    );
}

#[test]
fn half_of_an_error_header_taken_for_an_error() {
    let named = |columns, rows| (String::new(), None, columns, rows);
    for (body, columns) in [
        (",error,code\r\n,x,y\r\n", 2),
        (",message,reference\r\n,x,y\r\n", 2),
        (",error,reference,v\r\n,x,y,z\r\n", 3),
        (",v,error,reference\r\n,x,y,z\r\n", 3),
        (",error\r\n,x\r\n", 1),
    ] {
        assert_eq!(shape(body), [named(columns, 1)], "{body:?}");
    }
    // In the rows of a table of as many columns, too.
    let body = ",a,b\r\n,error,x\r\n,x,reference\r\n";
    assert_eq!(shape(body), [named(2, 2)]);
    assert_eq!(
        events(",a,b\r\n,error,reference\r\n,it broke,7\r\n")[1..],
        [server("it broke", "7")]
    );
}

#[test]
fn duplicate_column_names_overwrite_each_other() {
    let (mut space, mut ends) = ([0; 128], [0; 32]);
    let mut decoder = Decoder::new(&mut space, &mut ends);
    let key = influx_edge::csv::Key::new("a");
    let mut body: &[u8] = b",result,table,b,a\r\n,r,0,1,2\r\n\r\n,result,table,a,a\r\n,r,1,3,4\r\n";
    let mut seen = Vec::new();
    loop {
        let (used, step) = decoder.feed(body).unwrap();
        body = &body[used..];
        match step {
            Step::Record => {
                let record = decoder.record();
                let by_name = record.get::<i64>("a").unwrap();
                assert_eq!(record.get::<i64>(&key).unwrap(), by_name);
                seen.push((
                    by_name,
                    record.get::<i64>(0).unwrap(),
                    record.get::<i64>(1).unwrap(),
                ));
            }
            Step::NeedInput => break,
            _ => {}
        }
    }
    assert_eq!(seen, [(2, 1, 2), (3, 3, 4)]);
}

#[test]
fn byte_order_mark_kept_in_the_first_name() {
    let found = events(&format!("\u{FEFF}{DATA}"));
    assert_eq!(rows(&found[0]).len(), 1);
    // Half of one is no CSV.
    let expected = Event::Broken(DecodeError::UnexpectedRow { row: 1 });
    assert_eq!(
        decode_all([&b"\xEF\xBB,result,table,v\r\n"[..]]),
        std::slice::from_ref(&expected)
    );
    assert_eq!(decode_all([&b"\xEF"[..], b"\xBB", b","]), [expected]);
    for half in [&b"\xEF"[..], b"\xEF\xBB"] {
        let expected = Event::Broken(DecodeError::UnexpectedEnd { row: 0 });
        assert_eq!(decode_all([half]), [expected]);
    }
    assert_eq!(decode_all(["\u{FEFF}".as_bytes()]), []);
}

#[test]
fn rows_after_the_end_begin_anew() {
    let (mut space, mut ends) = ([0; 128], [0; 32]);
    let mut decoder = Decoder::new(&mut space, &mut ends);
    assert_eq!(decoder.feed(b"\r\n"), Ok((2, Step::NeedInput)));
    assert_eq!(decoder.finish(), Ok(Step::End));
    assert_eq!(decoder.finish(), Ok(Step::End));
    // Nothing is nothing, and an empty line is no row.
    assert_eq!(decoder.feed(b""), Ok((0, Step::NeedInput)));
    assert_eq!(decoder.feed(b"\r\n"), Ok((2, Step::NeedInput)));
    let error = Err(DecodeError::UnexpectedRow { row: 1 });
    assert_eq!(decoder.feed(b"#datatype,string,long\r\n"), error);
}
