//! Every recorded query in SQL and InfluxQL: the same is asked, and what came means the same.

use crate::server::{Asked, Recorded, csv, group, play, recorded};
use influx_edge::v3::{Query, Rows};
use influx_edge::{Client, Error, Precision, Timestamp};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

/// The recorded query as this crate asks it.
fn query<'c>(client: &'c Client, asked: &Asked) -> Query<'c> {
    let db = client.v3(&*asked.db);
    let mut query = match &*asked.path {
        "/api/v3/query_sql" => db.sql(&*asked.q),
        "/api/v3/query_influxql" => db.influxql(&*asked.q),
        other => panic!("{other}"),
    };
    for (name, value) in asked.params.as_object().into_iter().flatten() {
        query = query.param(&**name, value);
    }
    query
}

/// Names and cells, as text.
type Table = (Vec<String>, Vec<Vec<String>>);

fn table(rows: &mut Rows) -> Result<Table, Error> {
    let columns = rows.columns()?.map(str::to_owned).collect();
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = row.cells().map(|cell| cell.parse().unwrap());
        all.push(cells.collect());
    }
    Ok((columns, all))
}

/// Asks the recorded query, compares what was sent, and reads the response.
fn played(exchange: &Recorded, response: &Recorded) -> Result<Table, Error> {
    let wanted = exchange.asked();
    let ask = |client: &Client| {
        query(client, &wanted)
            .call()
            .and_then(|mut rows| table(&mut rows))
    };
    let (done, asked) = play(response, ask);
    // The format is always the one that this crate reads.
    let format = String::from("csv");
    assert_eq!(asked, Asked { format, ..wanted }, "{}", exchange.name);
    done
}

type JsonTable = (Vec<String>, Vec<Map<String, Json>>);

/// The rows of a JSON response. A column that is null in all of them isn't known.
fn json_rows(exchange: &Recorded) -> Option<JsonTable> {
    let kind = exchange
        .headers
        .iter()
        .find(|(name, _)| name == "content-type");
    let rows: Vec<Map<String, Json>> = match &*kind?.1 {
        "application/jsonl" => exchange
            .body
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
        "application/json" => serde_json::from_str(&exchange.body).unwrap(),
        _ => return None,
    };
    let mut columns = Vec::new();
    for name in rows.iter().flat_map(Map::keys) {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    Some((columns, rows))
}

/// A JSON value as it stands in a cell.
fn text(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}

#[test]
fn every_recorded_query() {
    let (mut tables, mut errors, mut transcribed) = (0, 0, 0);
    for exchange in group("sql").into_iter().chain(group("influxql")) {
        println!("{}", exchange.name);
        let is_csv = exchange
            .headers
            .contains(&("content-type".into(), "text/csv".into()));
        if exchange.status != 200 || exchange.cut {
            let error = match exchange.cut {
                // Cut before a row, whatever the format.
                true => {
                    let mut response = csv("");
                    response.cut = true;
                    played(&exchange, &response).unwrap_err()
                }
                false => played(&exchange, &exchange).unwrap_err(),
            };
            says(&exchange, &error);
            errors += 1;
        } else if is_csv {
            let (columns, rows) = played(&exchange, &exchange).unwrap();
            // Written again, it is the text that came.
            let mut again = String::new();
            for row in [&columns]
                .into_iter()
                .chain(&rows)
                .filter(|row| !row.is_empty())
            {
                again += &row
                    .iter()
                    .map(|cell| quoted(cell))
                    .collect::<Vec<_>>()
                    .join(",");
                again.push('\n');
            }
            assert_eq!(again, exchange.body, "{}", exchange.name);
            tables += 1;
        } else if let Some((columns, rows)) = json_rows(&exchange) {
            // Not the format that is asked for: an error, and no rows.
            let error = played(&exchange, &exchange).unwrap_err();
            assert!(!error.is_retryable(), "{error}");
            if rows
                .iter()
                .flat_map(Map::values)
                .any(|v| v.is_array() || v.is_object())
            {
                // 3.6.0 has no CSV of these.
                assert_eq!(exchange.name, "sql/nested");
                continue;
            }
            // The same rows in CSV.
            let mut body = String::new();
            let cells: Vec<Vec<String>> = rows
                .iter()
                .map(|row| columns.iter().map(|name| text(row.get(name))).collect())
                .collect();
            for row in [&columns]
                .into_iter()
                .chain(&cells)
                .filter(|row| !row.is_empty())
            {
                body += &row
                    .iter()
                    .map(|cell| quoted(cell))
                    .collect::<Vec<_>>()
                    .join(",");
                body.push('\n');
            }
            let read = played(&exchange, &csv(&body)).unwrap();
            assert_eq!(read, (columns, cells), "{}", exchange.name);
            transcribed += 1;
        } else {
            // For people.
            assert_eq!(exchange.name, "sql/all-types-pretty");
            let error = played(&exchange, &exchange).unwrap_err();
            assert!(!error.is_retryable(), "{error}");
        }
    }
    assert_eq!((tables, errors, transcribed), (8, 11, 18));
}

/// What a recorded failure means.
fn says(exchange: &Recorded, error: &Error) {
    let text = error.to_string();
    match &*exchange.name {
        "sql/error-division" | "sql/late-error" => {
            assert!(error.is_retryable(), "a lost connection: {text}");
            assert!(
                text.contains("InfluxDB 3 breaks a response off, too"),
                "{text}"
            );
        }
        "sql/error-db" => {
            assert!(error.is_not_found() && !error.is_retryable(), "{text}");
            assert!(
                text.contains("query error: database not found: nope"),
                "{text}"
            );
            assert!(
                text.starts_with("cannot query database \"nope\": "),
                "{text}"
            );
        }
        _ => {
            assert!(!error.is_retryable() && !error.is_not_found(), "{text}");
            let sentence = exchange
                .body
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            assert!(text.contains(&sentence), "{text}\n{sentence}");
        }
    }
}

/// Where both formats were recorded of one query: what is lost in either.
#[test]
fn the_two_formats_say_the_same_but_for_what_is_documented() {
    for (of_csv, of_json) in [
        ("sql/all-types-csv", "sql/all-types-jsonl"),
        ("sql/all-types-csv", "sql/all-types-json"),
        ("sql/nulls-csv", "sql/nulls"),
        ("sql/specials-csv", "sql/specials"),
        ("sql/strings-csv", "sql/strings"),
        ("sql/times-csv", "sql/times"),
        ("sql/empty-csv", "sql/empty"),
        ("sql/empty-csv", "sql/empty-json"),
        ("influxql/csv", "influxql/select"),
    ] {
        let csv = recorded(of_csv);
        let (columns, cells) = played(&csv, &csv).unwrap();
        let (_, objects) = json_rows(&recorded(of_json)).unwrap();
        let of_csv_rows: Vec<BTreeMap<_, _>> = cells
            .iter()
            .map(|cells| columns.iter().zip(cells).collect())
            .collect();
        let is_same = |row: &BTreeMap<&String, &String>, object: &Map<String, Json>| {
            row.iter().all(|(name, cell)| match object.get(*name) {
                // jsonl: no NaN, no infinity, and no column that is null.
                Some(Json::Null) => *cell == "NaN" || *cell == "inf",
                None => cell.is_empty(),
                // csv: no types, and no empty string.
                Some(Json::Number(number)) => {
                    **cell == number.to_string() || cell.parse::<f64>().ok() == number.as_f64()
                }
                Some(other) => **cell == text(Some(other)),
            })
        };
        // One of the two may have been asked for fewer rows.
        let same = |row| objects.iter().any(|object| is_same(row, object));
        let missing = of_csv_rows.iter().filter(|row| !same(row)).count();
        assert_eq!(
            of_csv_rows.len() - missing,
            of_csv_rows.len().min(objects.len()),
            "{of_csv}"
        );
    }
}

#[test]
fn values_of_every_type() {
    let exchange = recorded("sql/specials-csv");
    let ((), _) = play(&exchange, |client| {
        let mut rows = client.v3("rec").sql("x").call().unwrap();
        let row = rows.next().unwrap().unwrap();
        assert!(row.get::<f64>("a").unwrap().is_nan());
        assert_eq!(row.get::<f64>("b").unwrap(), f64::INFINITY);
        assert!(row.get::<f64>("d").unwrap().is_sign_negative());
        assert_eq!(row.get::<f64>("e").unwrap(), 1e300);
        assert_eq!(row.get::<i64>("f").unwrap(), i64::MAX);
        assert_eq!(row.get::<u64>("g").unwrap(), u64::MAX);
        assert!(row.get::<i64>("g").is_err());
        assert!(row.get::<i64>("d").is_err());
        assert!(row.get::<&str>("iox::measurement").is_err());
        assert!(row.get::<Timestamp>("time").is_err());
        assert_eq!(
            format!("{:?}", row.record()),
            r#"{"a": "NaN", "b": "inf", "d": "-0.0", "e": "1e300", "f": "9223372036854775807", "g": "18446744073709551615"}"#
        );
    });
    let exchange = recorded("sql/times-csv");
    let ((), _) = play(&exchange, |client| {
        let mut rows = client.v3("rec").sql("x").call().unwrap();
        let row = rows.next().unwrap().unwrap();
        let nanos = |name| row.get::<Timestamp>(name).unwrap().as_nanos();
        assert_eq!(nanos("a"), -1);
        assert_eq!(nanos("b"), 1_700_000_000_123_456_789);
        assert_eq!(nanos("c"), 1_700_000_000_123_000_000);
        assert_eq!(nanos("d"), 1_709_164_800_000_000_000);
        assert_eq!(row.get::<i64>("b").unwrap(), 1_700_000_000_123_456_789);
        let system: std::time::SystemTime = row.get("c").unwrap();
        assert_eq!(
            system,
            UNIX_EPOCH + Duration::from_millis(1_700_000_000_123)
        );
        assert_eq!(row.get::<&str>("e").unwrap(), "1 hours 2 mins");
        let error = row.get::<Timestamp>("e").unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 1, column `e` (untyped): wanted a time, found \"1 hours 2 mins\": not an RFC 3339 time"
        );
    });
    let exchange = recorded("sql/strings-csv");
    let ((), _) = play(&exchange, |client| {
        let mut rows = client.v3("rec").sql("x").call().unwrap();
        let row = rows.next().unwrap().unwrap();
        assert_eq!(row.get::<&str>("s").unwrap(), "a \"q\" ,;\nx\r\tü😀");
        // Null or empty: nobody knows.
        assert_eq!(row.get::<Option<&str>>("t").unwrap(), None);
        assert_eq!(row.get::<String>("t").unwrap(), "");
    });
    let exchange = recorded("influxql/csv");
    let ((), _) = play(&exchange, |client| {
        let mut rows = client.v3("rec").influxql("x").call().unwrap();
        let row = rows.next().unwrap().unwrap();
        assert_eq!(row.get::<&str>("iox::measurement").unwrap(), "weather");
        let time = Timestamp::from_secs(1_700_000_000);
        assert_eq!(row.get::<Timestamp>("time").unwrap(), time);
        assert_eq!(row.table().columns().len(), 8);
        assert!(row.get::<bool>("ok").unwrap());
        assert_eq!(row.get::<u8>(3_usize).unwrap(), 7);
    });
}

/// By its name or into a struct.
#[test]
fn a_number_beyond_the_largest_f32_is_an_error_and_infinity_is_none() {
    #[derive(serde::Deserialize)]
    struct Narrow {
        a: f32,
        b: Option<f32>,
    }
    let table = [
        ("1.5", Some(1.5)),
        ("3.4028235e38", Some(f32::MAX)),
        ("-3.4028235e38", Some(f32::MIN)),
        ("340282350000000000000000000000000000000.0", Some(f32::MAX)),
        ("1e-50", Some(0.0)),
        ("inf", Some(f32::INFINITY)),
        ("-inf", Some(f32::NEG_INFINITY)),
        ("3.5e38", None),
        ("-1e39", None),
        ("3402823500000000000000000000000000000000", None),
        ("1.7976931348623157e308", None),
        ("1.7976931348623159e308", None),
        ("1e400", None),
        ("-1e400", None),
    ];
    for (cell, expected) in table {
        let body = format!("a,b\n{cell},{cell}\n");
        let ((), _) = play(&csv(&body), |client| {
            let mut rows = client.v3("rec").sql("x").call().unwrap();
            let row = rows.next().unwrap().unwrap();
            let by_name = row.get::<f32>("a").map_err(|e| e.to_string());
            let by_struct = row.deserialize::<Narrow>().map_err(|e| e.to_string());
            let Some(value) = expected else {
                for error in [by_name.unwrap_err(), by_struct.map(drop).unwrap_err()] {
                    assert!(error.contains("the value is out of range"), "{error}");
                }
                return;
            };
            let narrow = by_struct.unwrap();
            assert_eq!((by_name.unwrap(), narrow.a), (value, value), "{cell}");
            assert_eq!(narrow.b, Some(value), "{cell}");
        });
    }
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Weather {
    station: String,
    temp_c: f32,
    hum: Option<i32>,
    n: Option<u64>,
    note: Option<String>,
    ok: Option<bool>,
    time: Timestamp,
}

#[derive(serde::Deserialize)]
struct Seconds {
    time: u32,
}

#[test]
fn rows_become_structs_maps_and_rows_of_their_own() {
    let exchange = recorded("sql/all-types-csv");
    let (all, _) = play(&exchange, |client| {
        let query = client.v3("rec").sql("x");
        let all: Result<Vec<Weather>, _> = query.deserialize().unwrap().collect();
        all.unwrap()
    });
    assert_eq!(all.len(), 9);
    assert_eq!(
        all[0],
        Weather {
            station: "zrh-1".into(),
            temp_c: 21.5,
            hum: Some(40),
            n: Some(7),
            note: Some("a \"b\" \\ c".into()),
            ok: Some(true),
            time: Timestamp::from_secs(1_700_000_000),
        }
    );
    assert_eq!((all[1].hum, &all[1].note), (None, &None));

    let (seconds, _) = play(&exchange, |client| {
        let query = client.v3("rec").sql("x").time_precision(Precision::Second);
        let mut all = query.deserialize::<Seconds>().unwrap();
        all.next().unwrap().unwrap().time
    });
    assert_eq!(seconds, 1_700_000_000);

    let (maps, _) = play(&exchange, |client| {
        let query = client.v3("rec").sql("x");
        let all: Result<Vec<BTreeMap<String, String>>, _> = query.deserialize().unwrap().collect();
        all.unwrap()
    });
    assert_eq!(maps[8]["time"], "2026-11-26T18:02:32");

    let (rows, _) = play(&exchange, |client| {
        let rows = client.v3("rec").sql("x").call().unwrap();
        rows.into_iter().collect::<Result<Vec<_>, _>>().unwrap()
    });
    assert_eq!(rows.len(), 9);
    assert_eq!(rows[8].get::<&str>("station").unwrap(), "now");
    assert_eq!(rows[0].get::<Option<i64>>("hum").unwrap(), Some(40));

    let (count, _) = play(&exchange, |client| {
        let mut count = 0;
        let mut rows = client.v3("rec").sql("x").call().unwrap();
        let done = rows.for_each(|row| {
            count += 1;
            row.get::<f64>("temp_c").map(drop)?;
            row.get::<i64>("n").map(drop)?;
            Ok(())
        });
        assert!(done.unwrap_err().to_string().contains("the value is null"));
        count
    });
    assert_eq!(count, 2, "the closure's error ends it");

    let (error, _) = play(&exchange, |client| {
        let query = client.v3("rec").sql("x");
        let errors = query.deserialize::<BTreeMap<String, u8>>().unwrap();
        let errors: Vec<_> = errors.map(Result::unwrap_err).collect();
        assert_eq!(
            errors.len(),
            9,
            "the rows behind a row that doesn't fit still come"
        );
        errors[1].to_string()
    });
    assert_eq!(error, "row 2, column `hum`: wanted u64: the value is null");
}

#[test]
fn a_misspelt_column_is_an_error_that_names_those_there_are() {
    for key in ["temp", "Temp_c", "temp_c ", "", "iox::measurement"] {
        let ((), _) = play(&recorded("sql/nulls-csv"), |client| {
            let mut rows = client.v3("rec").sql("x").call().unwrap();
            let row = rows.next().unwrap().unwrap();
            assert_eq!(
                row.get::<Option<f64>>(key).unwrap_err().to_string(),
                format!("row 1: there is no column {key:?}, only station, temp_c, hum, note")
            );
        });
    }
}

#[test]
fn json_lines_come_as_they_are() {
    let whole = recorded("sql/all-types-jsonl");
    let ((bytes, out), asked) = play(&whole, |client| {
        let mut out = Vec::new();
        let query = client.v3("rec").sql("x").param("n", 1);
        (query.write_json_lines_to(&mut out).unwrap(), out)
    });
    assert_eq!(String::from_utf8(out).unwrap(), whole.body);
    assert_eq!(bytes, whole.body.len() as u64);
    assert_eq!((&*asked.format, &asked.params["n"]), ("jsonl", &1.into()));
    // CSV in its place is another server's.
    let (error, _) = play(&csv("a\n1\n"), |client| {
        let query = client.v3("rec").sql("x");
        query.write_json_lines_to(&mut Vec::new()).unwrap_err()
    });
    assert!(error.to_string().contains("text/csv"), "{error}");
}
