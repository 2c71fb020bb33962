//! Nothing is allocated: not in the core, and not per row outside of it.

use std::fmt::Write;

use allocation_counter::measure;
use influx_edge::Timestamp;
use influx_edge::csv::{Decoder, Key, Rows, Step};

/// Many tables of one schema, then another schema and a quoted cell: longest records first.
fn body(rows: usize) -> String {
    let mut body = String::new();
    for (block, kind) in ["double", "string"].into_iter().enumerate() {
        write!(
            body,
            "#datatype,string,long,dateTime:RFC3339,{kind},string\r\n\
             #group,false,false,false,false,true\r\n#default,_result,,,,\r\n\
             ,result,table,_time,_value,station\r\n"
        )
        .unwrap();
        for row in 0..rows {
            let table = 10 + block * rows + row / 10;
            let value = if kind == "double" {
                "20.25"
            } else {
                "\"a \"\"b\"\"\r\nc\""
            };
            write!(
                body,
                ",,{table},2023-11-14T22:13:20.123456789Z,{value},zrh-1\r\n"
            )
            .unwrap();
        }
        body.push_str("\r\n");
    }
    body
}

#[test]
fn the_core_allocates_nothing_at_all() {
    let body = body(500);
    let (mut text, mut ends) = ([0; 512], [0; 64]);
    let mut records = 0;
    let info = measure(|| {
        let value = Key::new("_value");
        let mut decoder = Decoder::new(&mut text, &mut ends);
        for mut piece in body.as_bytes().chunks(100) {
            loop {
                let (used, step) = decoder.feed(piece).unwrap();
                piece = &piece[used..];
                match step {
                    Step::NeedInput => break,
                    Step::Record => {
                        let record = decoder.record();
                        assert!(record.get::<Timestamp>("_time").is_ok());
                        assert!(record.get::<&str>(&value).is_ok());
                        assert!(record.get::<f64>("station").is_err());
                        records += 1;
                    }
                    _ => {}
                }
            }
        }
        while decoder.finish().unwrap() != Step::End {}
    });
    assert_eq!(records, 1000);
    assert_eq!((info.count_total, info.bytes_total), (0, 0));
}

#[test]
fn rows_allocate_for_the_first_table_only() {
    let body = body(500);
    let mut rows = Rows::new(body.as_bytes());
    assert!(rows.next().unwrap().is_some());
    let mut count = 1;
    let info = measure(|| {
        while let Some(row) = rows.next().unwrap() {
            let _: &str = row.get("_value").unwrap();
            let _: i64 = row.get("_time").unwrap();
            count += 1;
        }
    });
    assert_eq!(count, 1000);
    assert_eq!(info.count_total, 0);
}

#[test]
fn structs_without_owned_fields_cost_nothing() {
    #[derive(serde::Deserialize)]
    struct Sample {
        #[serde(rename = "_time")]
        time: Timestamp,
        #[serde(rename = "_value")]
        _value: Option<f64>,
        station: Station,
    }
    #[derive(serde::Deserialize, PartialEq)]
    enum Station {
        #[serde(rename = "zrh-1")]
        Zrh1,
    }
    let body = body(500);
    let doubles = body.split("\r\n\r\n").next().unwrap().to_owned() + "\r\n";
    let mut rows = Rows::new(doubles.as_bytes());
    let mut samples = rows.deserialize::<Sample>();
    assert!(samples.next().unwrap().is_ok());
    let mut count = 1;
    let info = measure(|| {
        for sample in &mut samples {
            let sample = sample.unwrap();
            assert!(sample.station == Station::Zrh1 && sample.time > Timestamp::from_nanos(0));
            count += 1;
        }
    });
    assert_eq!(count, 500);
    assert_eq!(info.count_total, 0);
}
