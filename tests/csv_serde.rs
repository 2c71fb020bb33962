//! Rows into types by serde.
#![cfg(all(feature = "serde", feature = "std"))]

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use influx_edge::Time;
use influx_edge::csv::{ReadErrorKind, Rows};
use serde::Deserialize;

const BODY: &str = "#datatype,string,long,dateTime:RFC3339,double,string,long,boolean\r\n\
    #group,false,false,false,false,true,false,false\r\n\
    #default,_result,,,,,,\r\n\
    ,result,table,_time,_value,station,count,ok\r\n\
    ,,0,2023-11-14T22:13:20.5Z,20.25,zrh-1,7,true\r\n\
    ,,1,2023-11-14T22:13:21Z,,zrh-2,-3,false\r\n\r\n\
    #datatype,string,long,string,double,dateTime:RFC3339\r\n#default,_result,,,,\r\n\
    ,result,table,station,_value,_time\r\n,,2,zrh-3,1,1970-01-01T00:00:00Z\r\n\r\n";

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Station {
    #[serde(rename = "zrh-1")]
    First,
    Zrh2,
    Zrh3,
    #[serde(rename = "zrh-2")]
    Second,
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Sample {
    #[serde(rename = "_time")]
    time: Time,
    #[serde(rename = "_value")]
    value: Option<f64>,
    station: Station,
    #[serde(default)]
    count: i16,
    ok: Option<bool>,
    table: u32,
}

#[test]
fn structs_take_the_columns_of_their_fields() {
    let rows: Vec<Sample> = Rows::new(BODY.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .unwrap();
    let sample = |nanos, value, station, count, ok, table| Sample {
        time: Time::from_nanos(nanos),
        value,
        station,
        count,
        ok,
        table,
    };
    assert_eq!(
        rows,
        [
            sample(
                1_700_000_000_500_000_000,
                Some(20.25),
                Station::First,
                7,
                Some(true),
                0
            ),
            sample(
                1_700_000_001_000_000_000,
                None,
                Station::Second,
                -3,
                Some(false),
                1
            ),
            // Another schema: the columns are found again.
            sample(0, Some(1.0), Station::Other, 0, None, 2),
        ]
    );
}

#[test]
fn rows_lend_text() {
    #[derive(Deserialize)]
    struct Borrowed<'a> {
        station: &'a str,
    }
    let mut rows = Rows::new(BODY.as_bytes());
    let mut stations = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let row: Borrowed<'_> = row.deserialize().unwrap();
        stations.push(row.station.to_owned());
    }
    assert_eq!(stations, ["zrh-1", "zrh-2", "zrh-3"]);
}

#[test]
fn maps_take_all_columns() {
    let mut rows = Rows::new(BODY.as_bytes());
    let row = rows.next().unwrap().unwrap();
    let map: BTreeMap<String, String> = row.deserialize().unwrap();
    let expected = [
        ("_time", "2023-11-14T22:13:20.5Z"),
        ("_value", "20.25"),
        ("count", "7"),
        ("ok", "true"),
        ("station", "zrh-1"),
    ];
    assert!(
        map.iter()
            .map(|(name, value)| (&**name, &**value))
            .eq(expected)
    );
    let map: HashMap<&str, serde_json::Value> = row.deserialize().unwrap();
    assert_eq!(map["_value"], 20.25);
    assert_eq!(map["count"], 7);
    assert_eq!(map["ok"], true);
    let row = rows.next().unwrap().unwrap();
    let map: HashMap<&str, Option<f64>> = row.deserialize().map(|()| HashMap::new()).unwrap();
    assert!(map.is_empty());
    let map: serde_json::Value = row.deserialize().unwrap();
    assert!(map["_value"].is_null());
}

#[test]
fn flattened_structs_and_new_types() {
    #[derive(Deserialize)]
    struct Outer {
        station: String,
        #[serde(flatten)]
        rest: HashMap<String, serde_json::Value>,
    }
    #[derive(Deserialize)]
    struct Wrapped(Outer);

    let rows: Vec<Wrapped> = Rows::new(BODY.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(rows[0].0.station, "zrh-1");
    assert_eq!(rows[0].0.rest["count"], 7);
    assert_eq!(rows[0].0.rest.len(), 4);
}

#[test]
fn tuples_take_the_columns_in_order() {
    let body = "#datatype,string,long,dateTime:RFC3339,double,duration\r\n\
        ,result,table,_time,_value,d\r\n,_result,0,1970-01-01T00:00:01Z,1.5,90s\r\n";
    let rows = |body| Rows::new(str::as_bytes(body));
    let row: (i64, f64, Duration) = rows(body).deserialize().next().unwrap().unwrap();
    assert_eq!(row, (1_000_000_000, 1.5, Duration::from_secs(90)));
    let row: (SystemTime, f32, i64) = rows(body).deserialize().next().unwrap().unwrap();
    let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    assert_eq!(row, (second, 1.5, 90_000_000_000));
    // A tuple of another length would take the wrong columns, so it is refused.
    let error = rows(body)
        .deserialize::<(i64, f64)>()
        .next()
        .unwrap()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 3: a tuple of 2 for a table of 3 columns"
    );
}

#[test]
fn a_single_value_takes_the_only_column() {
    let body =
        "#datatype,string,long,double\r\n,result,table,_value\r\n,_result,0,1.5\r\n,_result,0,\r\n";
    let values: Vec<Option<f64>> = Rows::new(body.as_bytes())
        .deserialize::<(Option<f64>,)>()
        .map(|row| row.unwrap().0)
        .collect();
    assert_eq!(values, [Some(1.5), None]);
    let first = Rows::new(body.as_bytes())
        .deserialize::<f64>()
        .next()
        .unwrap();
    assert_eq!(first.unwrap(), 1.5);
    let error = Rows::new(BODY.as_bytes())
        .deserialize::<f64>()
        .next()
        .unwrap();
    assert_eq!(
        error.unwrap_err().to_string(),
        "row 5: a single value for a table of 5 columns"
    );
}

#[test]
fn owned_bytes_are_decoded() {
    struct Owned(Vec<u8>);
    impl<'de> Deserialize<'de> for Owned {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Owned, D::Error> {
            struct Visitor;
            impl serde::de::Visitor<'_> for Visitor {
                type Value = Owned;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("bytes")
                }
                fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Owned, E> {
                    Ok(Owned(bytes))
                }
            }
            deserializer.deserialize_byte_buf(Visitor)
        }
    }
    let body = "#datatype,string,long,base64Binary\r\n,result,table,x\r\n,_result,0,aGVsbG8=\r\n";
    let row = Rows::new(body.as_bytes()).deserialize::<Owned>().next();
    assert_eq!(row.unwrap().unwrap().0, b"hello");
}

#[test]
fn errors_name_row_and_column_and_the_next_row_still_comes() {
    #[derive(Debug, Deserialize)]
    struct Strict {
        #[serde(rename = "_value")]
        value: f64,
        count: u8,
    }
    let mut rows = Rows::new(BODY.as_bytes()).deserialize::<Strict>();
    let first = rows.next().unwrap().unwrap();
    assert_eq!((first.value, first.count), (20.25, 7));
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 6, column `_value`: wanted f64: the value is null"
    );
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "row 10: missing field `count`");
    assert!(matches!(
        error.kind(),
        ReadErrorKind::Deserialize {
            row: 10,
            column: None,
            ..
        }
    ));
    assert!(rows.next().is_none());
}
