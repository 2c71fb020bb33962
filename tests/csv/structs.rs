//! Rows into types by serde.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use influx_edge::Timestamp;
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
    time: Timestamp,
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
        time: Timestamp::from_nanos(nanos),
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

/// serde gives a flattened field its value without the column's name: the error has it all the same.
#[test]
fn errors_of_flattened_fields_name_the_column() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Door,
    }
    let _ = Kind::Door;

    const BODY: &str = "#datatype,string,long,dateTime:RFC3339,double,string,long,boolean,long,string,string\r\n\
        #default,_result,,,,,,,,,\r\n\
        ,result,table,_time,_value,unit,count,ok,slot,kind,kin\r\n\
        ,,0,2023-11-14T22:13:20.5Z,20.25,7,70000,true,,weather,weather\r\n";
    macro_rules! flattened {
        ($($type:ty, $name:literal, $message:literal;)*) => {$({
            #[derive(Debug, Deserialize)]
            struct Inner {
                #[serde(rename = $name)]
                _field: $type,
            }
            #[derive(Debug, Deserialize)]
            struct Outer {
                #[serde(rename = "_value")]
                _value: f64,
                #[serde(flatten)]
                _rest: Inner,
            }
            let mut rows = Rows::new(BODY.as_bytes());
            let row = rows.next().unwrap().unwrap();
            let one = row.deserialize::<Outer>().unwrap_err();
            assert_eq!(one.to_string(), concat!("row 1", $message));
            let mut all = Rows::new(BODY.as_bytes());
            let all = all.deserialize::<Outer>().next().unwrap().unwrap_err();
            assert_eq!(all.to_string(), one.to_string());
        })*};
    }
    flattened! {
        u16, "unit", ", column `unit`: invalid type: string \"7\", expected u16";
        u16, "count", ", column `count`: invalid value: integer `70000`, expected u16";
        bool, "count", ", column `count`: invalid type: integer `70000`, expected a boolean";
        String, "_value", ": missing field `_value`";
        u8, "ok", ", column `ok`: invalid type: boolean `true`, expected u8";
        i64, "_time", ", column `_time`: invalid type: string \"2023-11-14T22:13:20.5Z\", expected i64";
        i32, "slot", ", column `slot`: invalid type: Option value, expected i32";
        Vec<u8>, "unit", ", column `unit`: invalid type: string \"7\", expected a sequence";
        // Two columns have the value.
        i64, "kin", ": invalid type: string \"weather\", expected i64, in one of the columns kind, kin";
        Kind, "kind", ": unknown variant `weather`, expected `door`, in one of the columns kind, kin";
        // It is about no column that there is.
        i64, "absent", ": missing field `absent`";
    }
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
        "row 1: a tuple of 2 for a table of 3 columns"
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
        "row 1: a single value for a table of 5 columns"
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
    // Only those: any other text is its own bytes, which a visitor of owned ones isn't given.
    let text = body.replace("base64Binary", "string");
    let mut rows = Rows::new(text.as_bytes());
    let error = rows.deserialize::<Owned>().next().unwrap().err().unwrap();
    assert!(
        error.to_string().contains("invalid type: byte array"),
        "{error}"
    );
}

#[test]
fn what_takes_anything_gets_what_the_datatype_says() {
    let body = "#datatype,string,long,double,long,unsignedLong,boolean,string,dateTime:RFC3339\r\n\
        ,result,table,f,i,u,b,s,t\r\n\
        ,_result,0,1.5,-7,18446744073709551615,true,7,2024-05-02T10:00:00Z\r\n,_result,0,,,,,,\r\n";
    let mut rows = Rows::new(body.as_bytes());
    let mut rows = rows.deserialize::<serde_json::Value>();
    let row = rows.next().unwrap().unwrap();
    for (name, expected) in [
        ("f", serde_json::json!(1.5)),
        ("i", serde_json::json!(-7)),
        ("u", serde_json::json!(u64::MAX)),
        ("b", serde_json::json!(true)),
        ("s", serde_json::json!("7")),
        ("t", serde_json::json!("2024-05-02T10:00:00Z")),
    ] {
        assert_eq!(row[name], expected, "{name}");
    }
    let row = rows.next().unwrap().unwrap();
    assert!(
        ["f", "i", "u", "b", "s", "t"]
            .iter()
            .all(|name| row[name].is_null())
    );
}

#[test]
fn a_sequence_says_how_many_columns_are_left() {
    #[derive(Debug, PartialEq)]
    struct Left(Vec<Option<usize>>);
    impl<'de> Deserialize<'de> for Left {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Left, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Left;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("columns")
                }
                fn visit_seq<A: serde::de::SeqAccess<'de>>(
                    self,
                    mut seq: A,
                ) -> Result<Left, A::Error> {
                    let mut left = vec![seq.size_hint()];
                    while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {
                        left.push(seq.size_hint());
                    }
                    Ok(Left(left))
                }
            }
            deserializer.deserialize_seq(Visitor)
        }
    }
    let mut rows = Rows::new(BODY.as_bytes());
    let row = rows.next().unwrap().unwrap();
    let columns = row.table().columns().len();
    let expected = (0..=columns).rev().map(Some).collect();
    assert_eq!(row.deserialize::<Left>().unwrap(), Left(expected));
}

/// Of the record itself, which knows no names.
#[test]
fn a_record_says_which_cell_does_not_fit() {
    let mut rows = Rows::new(BODY.as_bytes());
    let record = rows.next().unwrap().unwrap().record();
    let error = record
        .deserialize::<(f64, f64, f64, f64, f64)>()
        .unwrap_err();
    assert_eq!(error.row_number(), 1);
    assert_eq!(
        error.to_string(),
        "row 1, cell 3: wanted f64, found \"2023-11-14T22:13:20.5Z\" (dateTime:RFC3339): \
        the column has another datatype"
    );
    let said = format!("{error:?}");
    assert!(said.contains("\"wanted f64, found "), "{said}");
    let error = record.deserialize::<f64>().unwrap_err();
    let text = error.to_string();
    assert_eq!(text, "row 1: a single value for a table of 5 columns");
}

#[test]
fn values_leave_the_profile_to_be_asked_for() {
    let body = include_bytes!("../recordings/csv/profilers.csv");
    let mut plain = Rows::new(&body[..]).split_profile(true);
    while plain.next().unwrap().is_some() {}
    let mut rows = Rows::new(&body[..]).split_profile(true);
    let values = rows.deserialize::<serde_json::Value>();
    assert_eq!(values.filter(Result::is_ok).count(), 2);
    assert!(rows.profile().starts_with("profiler/query\n"));
    assert_eq!(rows.profile(), plain.profile());
}

#[test]
fn errors_name_row_and_column_and_the_next_row_still_comes() {
    #[derive(Debug, Deserialize)]
    struct Strict {
        #[serde(rename = "_value")]
        value: f64,
        count: u8,
    }
    let mut rows = Rows::new(BODY.as_bytes());
    let mut rows = rows.deserialize::<Strict>();
    let first = rows.next().unwrap().unwrap();
    assert_eq!((first.value, first.count), (20.25, 7));
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 2, column `_value`: wanted f64: the value is null"
    );
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "row 3: missing field `count`");
    assert!(matches!(
        error.kind(),
        ReadErrorKind::Deserialize {
            row: 3,
            column: None,
            ..
        }
    ));
    assert!(rows.next().is_none());
}
