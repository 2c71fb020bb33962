//! Rows: loops over them, whole tables, owned ones, and what a cell can be read as.

use crate::{FLUX, Outcome, TEMPERATURES, weather};
use influx_edge::csv::{Key, OwnedRow, Rows, Value};
use influx_edge::{Error, SignedDuration, Timestamp};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

#[test]
fn while_let() -> Outcome {
    let (_server, client) = weather();
    let mut sum = 0.0;
    let mut rows = client.query(TEMPERATURES).call()?;
    while let Some(row) = rows.next()? {
        let value: f64 = row.get("_value")?;
        sum += value;
    }
    assert_eq!(sum, 63.0);
    Ok(())
}

#[test]
fn a_for_loop_over_rows() -> Outcome {
    let (_server, client) = weather();
    let mut sum = 0.0;
    for row in client.query(TEMPERATURES).call()? {
        let row = row?;
        sum += row.get::<f64>("_value")?;
    }
    assert_eq!(sum, 63.0);
    Ok(())
}

#[test]
fn collect_rows_into_a_vec() -> Outcome {
    let (_server, client) = weather();
    let rows: Vec<OwnedRow> = client
        .query(TEMPERATURES)
        .call()?
        .into_iter()
        .collect::<Result<_, Error>>()?;
    assert_eq!(rows.len(), 3);
    let stations: Vec<&str> = rows
        .iter()
        .map(|row| row.get("station"))
        .collect::<Result<_, _>>()?;
    assert_eq!(stations, ["zrh-1", "zrh-1", "zrh-2"]);
    let kept = rows.clone();
    let thread = std::thread::spawn(move || kept[2].get::<f64>("_value").unwrap());
    assert_eq!(thread.join().unwrap(), 19.0);
    Ok(())
}

#[test]
fn iterator_adapters() -> Outcome {
    let (_server, client) = weather();
    let warm = client
        .query(TEMPERATURES)
        .call()?
        .into_iter()
        .filter_map(Result::ok)
        .filter(|row| row.get::<f64>("_value").is_ok_and(|v| v > 20.0))
        .count();
    assert_eq!(warm, 2);
    Ok(())
}

#[test]
fn for_each() -> Outcome {
    let (_server, client) = weather();
    let mut sum = 0.0;
    client.query(TEMPERATURES).call()?.for_each(|row| {
        sum += row.get::<f64>("_value")?;
        Ok(())
    })?;
    assert_eq!(sum, 63.0);
    Ok(())
}

#[test]
fn for_each_ends_at_the_closures_error() -> Outcome {
    let (_server, client) = weather();
    let mut seen = 0;
    let mut rows = client.query(TEMPERATURES).call()?;
    let error = rows.for_each(|row| {
        seen += 1;
        row.get::<bool>("_value")?;
        Ok(())
    });
    assert!(error.unwrap_err().to_string().contains("bool"));
    assert_eq!(seen, 1);
    Ok(())
}

#[test]
fn tables_and_their_rows() -> Outcome {
    let (_server, client) = weather();
    let tables = client.query(TEMPERATURES).call()?.tables()?;
    assert_eq!(tables.len(), 2);
    let mut sum = 0.0;
    for table in &tables {
        for row in table.rows() {
            sum += row.get::<f64>("_value")?;
        }
    }
    assert_eq!(sum, 63.0);
    assert_eq!(tables.iter().flat_map(|table| table.rows()).count(), 3);
    Ok(())
}

#[test]
fn into_structs() -> Outcome {
    #[derive(serde::Deserialize)]
    struct Reading {
        station: String,
        #[serde(rename = "_value")]
        value: f32,
    }
    let (_server, client) = weather();
    let readings: Vec<Reading> = client
        .query(TEMPERATURES)
        .deserialize()?
        .collect::<Result<_, _>>()?;
    assert_eq!((readings[2].value, &*readings[2].station), (19.0, "zrh-2"));
    Ok(())
}

#[test]
fn a_row_as_a_map() -> Outcome {
    let (_server, client) = weather();
    let mut rows = client.query(TEMPERATURES).call()?;
    let row = rows.next()?.expect("a row");
    let map: BTreeMap<&str, Value> = row.values().collect::<Result<_, _>>()?;
    assert!(map["_value"].as_f64().is_some());
    assert_eq!(map["station"], Value::Text("zrh-1"));
    let map: HashMap<String, String> = row
        .values()
        .map(|column| column.map(|(name, value)| (name.to_string(), value.to_string())))
        .collect::<Result<_, _>>()?;
    assert_eq!(map["_field"], "temp_c");
    Ok(())
}

#[test]
fn an_owned_row_as_a_map() -> Outcome {
    let (_server, client) = weather();
    for row in client.query(FLUX).call()? {
        let row = row?;
        let map = row
            .as_row()
            .values()
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        assert!(matches!(map["_time"], Value::Time(t) if t > Timestamp::from_secs(0)));
    }
    Ok(())
}

#[test]
fn columns_and_cells_in_a_loop() -> Outcome {
    let (_server, client) = weather();
    let mut rows = client.query(TEMPERATURES).call()?;
    while let Some(row) = rows.next()? {
        for (column, cell) in row.table().columns().zip(row.cells()) {
            println!("{}: {}", column.name(), cell.parse::<Value>()?);
        }
    }
    Ok(())
}

#[test]
fn columns_by_name_string_index_and_key() -> Outcome {
    let (_server, client) = weather();
    let value = Key::new("_value");
    let name = String::from("_value");
    let mut rows = client.query(TEMPERATURES).call()?;
    while let Some(row) = rows.next()? {
        let place = row
            .table()
            .column("_value")
            .and_then(|c| c.index())
            .unwrap();
        let all: [f64; 4] = [
            row.get("_value")?,
            row.get(&*name)?,
            row.get(&value)?,
            row.get(place)?,
        ];
        assert!(all.iter().all(|v| *v == all[0]));
    }
    Ok(())
}

#[test]
fn a_string_names_a_column() -> Outcome {
    let (_server, client) = weather();
    let name = String::from("_value");
    let mut rows = client.query(TEMPERATURES).call()?;
    let row = rows.next()?.expect("a row");
    assert_eq!(row.get::<f64>(&name)?, row.get::<f64>(name)?);
    Ok(())
}

/// One row with a column of each datatype.
const EACH: &str = "#datatype,string,long,long,unsignedLong,double,boolean,string,dateTime:RFC3339,\
    duration,base64Binary,string,long\r\n#group,false,false,false,false,false,false,false,false,false,\
    false,false,false\r\n#default,_result,,,,,,,,,,,\r\n\
    ,result,table,long,unsigned,double,boolean,string,time,duration,bytes,letter,null\r\n\
    ,,0,-7,7,20.5,true,text,2023-11-14T22:13:20Z,-90m,aGk=,ä,\r\n";

#[test]
fn a_cell_as_every_type() -> Outcome {
    let mut rows = Rows::new(EACH.as_bytes());
    let row = rows.next()?.expect("a row");
    assert_eq!(row.get::<i8>("long")?, -7);
    assert_eq!(row.get::<i16>("long")?, -7);
    assert_eq!(row.get::<i32>("long")?, -7);
    assert_eq!(row.get::<i64>("long")?, -7);
    assert_eq!(row.get::<i128>("long")?, -7);
    assert_eq!(row.get::<isize>("long")?, -7);
    assert_eq!(row.get::<u8>("unsigned")?, 7);
    assert_eq!(row.get::<u16>("unsigned")?, 7);
    assert_eq!(row.get::<u32>("unsigned")?, 7);
    assert_eq!(row.get::<u64>("unsigned")?, 7);
    assert_eq!(row.get::<u128>("unsigned")?, 7);
    assert_eq!(row.get::<usize>("unsigned")?, 7);
    assert_eq!(row.get::<f32>("double")?, 20.5);
    assert_eq!(row.get::<f32>("long")?, -7.0);
    assert_eq!(row.get::<f64>("double")?, 20.5);
    assert!(row.get::<bool>("boolean")?);
    assert_eq!(row.get::<char>("letter")?, 'ä');
    assert_eq!(row.get::<&str>("string")?, "text");
    assert_eq!(row.get::<&[u8]>("string")?, b"text");
    assert_eq!(row.get::<String>("string")?, "text");
    assert_eq!(row.get::<Cow<str>>("string")?, "text");
    let time = Timestamp::from_secs(1_700_000_000);
    assert_eq!(row.get::<Timestamp>("time")?, time);
    assert_eq!(row.get::<SystemTime>("time")?, SystemTime::try_from(time)?);
    assert_eq!(
        row.get::<SignedDuration>("duration")?,
        SignedDuration::minutes(-90)
    );
    assert!(row.get::<Duration>("duration").is_err());
    assert_eq!(row.get::<Option<u16>>("null")?, None);
    assert_eq!(row.get::<Option<f32>>("double")?, Some(20.5));
    Ok(())
}

#[test]
fn a_cell_as_a_dynamic_value() -> Outcome {
    let mut rows = Rows::new(EACH.as_bytes());
    let row = rows.next()?.expect("a row");
    for (column, value, text) in [
        ("long", Value::Integer(-7), "-7"),
        ("unsigned", Value::Unsigned(7), "7"),
        ("double", Value::Float(20.5), "20.5"),
        ("boolean", Value::Bool(true), "true"),
        ("string", Value::Text("text"), "text"),
        (
            "time",
            Value::Time(Timestamp::from_secs(1_700_000_000)),
            "2023-11-14T22:13:20Z",
        ),
        (
            "duration",
            Value::Duration(SignedDuration::minutes(-90)),
            "-1h30m",
        ),
        ("bytes", Value::Base64("aGk="), "aGk="),
        ("null", Value::Null, ""),
    ] {
        let found = row.get::<Value>(column)?;
        assert_eq!((found, &*found.to_string()), (value, text));
        assert_eq!(found == Value::Null, column == "null");
    }
    assert_eq!(row.get::<Value>("unsigned")?.as_f64(), Some(7.0));
    assert_eq!(row.get::<Value>("string")?.as_str(), Some("text"));
    assert_eq!(row.get::<Option<Value>>("null")?, None);
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error_that_says_so() -> Outcome {
    let text = "#datatype,string,long,long,unsignedLong,double,string\r\n\
        #group,false,false,false,false,false,false\r\n#default,_result,,,,,\r\n\
        ,result,table,long,unsigned,double,string\r\n\
        ,,0,-129,4294967296,1e300,text\r\n";
    let mut rows = Rows::new(text.as_bytes());
    let row = rows.next()?.expect("a row");
    for (error, words) in [
        (
            row.get::<i8>("long").unwrap_err(),
            "wanted i8, found \"-129\": the value is out of range",
        ),
        (
            row.get::<u8>("long").unwrap_err(),
            "wanted u8, found \"-129\": the value is out of range",
        ),
        (
            row.get::<u32>("unsigned").unwrap_err(),
            "wanted u32, found \"4294967296\": the value is out of range",
        ),
        (
            row.get::<i32>("double").unwrap_err(),
            "wanted i32, found \"1e300\": the column has another datatype",
        ),
        (
            row.get::<f32>("double").unwrap_err(),
            "wanted f32, found \"1e300\": the value is out of range",
        ),
        (
            row.get::<char>("string").unwrap_err(),
            "wanted a character, found \"text\": the text is not such a value",
        ),
        (
            row.get::<u16>("string").unwrap_err(),
            "wanted u16, found \"text\": the text is not such a value",
        ),
    ] {
        assert!(error.to_string().contains(words), "{error}");
    }
    Ok(())
}

#[test]
fn an_f32_comes_back_with_its_bits() -> Outcome {
    let mut rng = fastrand::Rng::with_seed(7);
    let values: Vec<f32> = std::iter::repeat_with(|| f32::from_bits(rng.u32(..)))
        .filter(|value| value.is_finite())
        .take(2_000)
        .collect();
    let mut text = String::from(
        "#datatype,string,long,double\r\n#group,false,false,false\r\n#default,_result,,\r\n\
         ,result,table,_value\r\n",
    );
    for value in &values {
        text.push_str(&format!(",,0,{value}\r\n"));
    }
    let mut read = Vec::new();
    let mut rows = Rows::new(text.as_bytes());
    while let Some(row) = rows.next()? {
        read.push(row.get::<f32>("_value")?);
    }
    assert_eq!(read, values);
    Ok(())
}

#[test]
fn owned_rows_outlive_their_tables() -> Outcome {
    let text = "#datatype,string,long,double\r\n#group,false,false,false\r\n#default,_result,,\r\n\
        ,result,table,a\r\n,,0,1.5\r\n,,1,2.5\r\n\r\n\
        #datatype,string,long,string\r\n#group,false,false,false\r\n#default,other,,filled\r\n\
        ,result,table,b\r\n,,0,\"x\"\"y\"\r\n,,0,\r\n";
    let mut rows = Rows::new(text.as_bytes());
    let first = OwnedRow::from(rows.next()?.expect("a row"));
    let rest = rows.owned().collect::<Result<Vec<_>, _>>()?;
    assert_eq!(first.get::<f64>("a")?, 1.5);
    assert_eq!(first.as_row().table().id(), Some(0));
    assert_eq!(rest[0].get::<f64>("a")?, 2.5);
    assert_eq!(rest[0].as_row().table().id(), Some(1));
    assert_eq!(rest[1].get::<&str>("b")?, "x\"y");
    assert_eq!(rest[2].get::<&str>("b")?, "filled");
    assert_eq!(rest[2].as_row().table().result(), "other");
    assert_eq!(rest[2].as_row().record().row_number(), 4);
    Ok(())
}

#[test]
fn an_error_ends_the_owned_rows() -> Outcome {
    let text = ",result,table,a\r\n,,0,1\r\n,,0\r\n,,0,1\r\n";
    let rows: Vec<_> = Rows::new(text.as_bytes()).owned().collect();
    assert_eq!(rows.len(), 2);
    assert!(rows[0].is_ok() && rows[1].is_err());
    Ok(())
}
