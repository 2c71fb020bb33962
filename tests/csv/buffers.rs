//! Buffers of every size: too small says so, right is enough, and no size gives wrong data.

use crate::common::csv::model::document;
use crate::common::csv::{Event, decode};
use crate::common::random::Rng;
use influx_edge::csv::{DecodeError, Decoder};

/// What the small buffers gave is the beginning of the truth, and ends with the right error.
fn check(body: &[u8], truth: &[Event], text: usize, ends: usize) -> bool {
    let (mut text_buffer, mut ends_buffer) = (vec![0xAA; text], vec![7; ends]);
    let decoder = Decoder::new(&mut text_buffer, &mut ends_buffer);
    let mut found = decode([body], decoder);
    for size in [1, 3, 64] {
        let decoder = Decoder::new(&mut text_buffer, &mut ends_buffer);
        assert_eq!(
            decode(body.chunks(size), decoder),
            found,
            "{text}/{ends} in pieces of {size}"
        );
    }
    if found == truth {
        return true;
    }
    let how = format!("buffers of {text} and {ends}");
    match found.pop() {
        Some(Event::Broken(DecodeError::RecordTooLong { .. })) => {}
        Some(Event::Broken(DecodeError::TooManyColumns { .. })) => {}
        // A message is cut to what there is space for, and still an error.
        Some(Event::Server { message, .. }) => {
            let Some(Event::Server { message: whole, .. }) = truth.last() else {
                panic!("{how}: an error from nowhere");
            };
            assert!(whole.starts_with(&message), "{how}: {message}");
            assert_eq!(found, truth[..truth.len() - 1], "{how}");
            return false;
        }
        // The object was cut before its message.
        Some(Event::Broken(DecodeError::UnexpectedRow { .. })) => {
            assert!(matches!(truth.last(), Some(Event::Server { .. })), "{how}");
            assert_eq!(found, truth[..truth.len() - 1], "{how}");
            return false;
        }
        other => panic!("{how}: {other:?}"),
    }
    for (found, truth) in found.iter().zip(truth) {
        match (found, truth) {
            (
                Event::Table {
                    result,
                    id,
                    columns,
                    rows,
                },
                Event::Table {
                    result: r,
                    id: i,
                    columns: c,
                    rows: all,
                },
            ) => {
                assert_eq!((result, id, columns), (r, i, c), "{how}");
                assert_eq!(rows[..], all[..rows.len()], "{how}");
            }
            _ => assert_eq!(found, truth, "{how}"),
        }
    }
    false
}

#[test]
fn every_size_from_nothing_to_enough() {
    let mut documents: Vec<(Vec<u8>, Vec<Event>)> = (0..60)
        .map(|seed| document(&mut Rng::with_seed(seed)))
        .map(|document| (document.body, document.events))
        .collect();
    documents.retain(|(body, events)| !events.is_empty() && body.len() < 3000);
    assert!(documents.len() > 20);
    for (body, truth) in &documents {
        let mut enough = 0;
        for text in 0..2000 {
            let now = check(body, truth, text, 200);
            assert!(
                now || enough == 0,
                "{text} bytes are too few, one less is enough"
            );
            enough += u32::from(now);
            if enough == 10 {
                break;
            }
        }
        assert_eq!(enough, 10, "{}", String::from_utf8_lossy(body));
        let mut enough = false;
        for ends in 0..=50 {
            let now = check(body, truth, 4000, ends);
            assert!(
                now || !enough,
                "{ends} entries are too few, one less is enough"
            );
            enough = now;
        }
        assert!(enough, "{}", String::from_utf8_lossy(body));
    }
}

/// What the documentation says about sizes: four entries per column, and the annotation rows, one
/// byte per column and the longest record.
#[test]
fn documented_sizes_are_enough() {
    let annotations = "#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
        #default,_result,,,\r\n";
    let header = ",result,table,_value,station\r\n";
    let record = ",,12,-12345.678901,a rather long name of a station\r\n";
    let body = format!("{annotations}{header}{record}\r\n");
    let text = annotations.len() + header.len() + 5 + record.len();
    let (mut text, mut ends) = (vec![0; text], vec![0; 4 * 5]);
    let events = decode([body.as_bytes()], Decoder::new(&mut text, &mut ends));
    assert!(
        matches!(&events[..], [Event::Table { rows, .. }] if rows.len() == 1),
        "{events:?}"
    );
}

/// The least there is: a header, which takes its text and one byte per column.
#[test]
fn a_header_alone_needs_nothing_else() {
    for (text, enough) in [(2, false), (3, true), (4, true)] {
        let (mut text, mut ends) = (vec![0; text], vec![0; 4]);
        let events = decode([&b",a\r\n"[..]], Decoder::new(&mut text, &mut ends));
        assert_eq!(
            matches!(events[..], [Event::Table { .. }]),
            enough,
            "{events:?}"
        );
    }
}

/// A row of one cell takes as much space with its (missing) delimiters as without.
#[test]
fn a_broken_row_breaks_alike_in_one_piece_and_in_many() {
    let body = b",result,table,v\r\n,_result,0,1\r\nabcdefghijklmnopqrst\r\n,_result,0,2\r\n";
    for size in 0..96 {
        let (mut text, mut ends) = (vec![0; size], vec![0; 32]);
        let whole = decode([&body[..]], Decoder::new(&mut text, &mut ends));
        let pieces = decode(body.chunks(3), Decoder::new(&mut text, &mut ends));
        assert_eq!(whole, pieces, "{size} bytes");
        assert!(matches!(whole.last(), Some(Event::Broken(_))));
    }
}

/// The server's error in the middle of a row has its commas again where there is space for them, and
/// is an error where there isn't.
#[test]
fn an_error_in_a_row_is_one_in_a_buffer_of_any_size() {
    let head = ",result,table,v,w\r\n,r,0,1,2\r\n";
    let tail = ",r,0,{\"code\":\"internal error\",\"message\":\"a, b, c\"}";
    let body = format!("{head}{tail}");
    // Five columns, their names, the result and the table that the row before named; and of the row
    // all but the quotes that begin a cell and end there.
    let enough = 5 + "resulttablevw".len() + "r0".len() + tail.len() - 2;
    for size in 0..2 * enough {
        let (mut text, mut ends) = (vec![0; size], vec![0; 40]);
        let events = decode([body.as_bytes()], Decoder::new(&mut text, &mut ends));
        let whole = matches!(
            events.last(),
            Some(Event::Server { message, code }) if message == "a, b, c" && code == "internal error"
        );
        assert_eq!(whole, size >= enough, "{size}: {events:?}");
        assert!(
            !matches!(events.last(), Some(Event::Table { .. })),
            "{events:?}"
        );
    }
}
