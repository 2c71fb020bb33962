//! Queries over a bare socket: what goes out, rows and values as they come, and responses that are
//! not what they should be.

use std::time::Duration;

use crate::common::wire::{Wire, json_error, no_secret, response};
use influx_edge::client::{ClientBuilder, Dialect};
use influx_edge::{ErrorKind, Timestamp, TransportErrorKind, csv};

const CSV: &str = "#datatype,string,long,dateTime:RFC3339,double,string\r\n\
    #group,false,false,false,false,true\r\n#default,_result,,,,\r\n\
    ,result,table,_time,_value,station\r\n\
    ,,0,2023-11-14T22:13:20Z,20.5,zrh-1\r\n\
    ,,0,2023-11-14T22:13:21Z,21.5,zrh-1\r\n\r\n";

const FLUX: &str = "from(bucket: params.b) |> range(start: -1h)";

fn csv(body: &str) -> Vec<u8> {
    response("200 OK", "Content-Type: text/csv; charset=utf-8\r\n", body)
}

fn chunked(pieces: &[&str], end: &str) -> Vec<u8> {
    let mut out = String::from(
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    for piece in pieces {
        out.push_str(&format!("{:x}\r\n{piece}\r\n", piece.len()));
    }
    out.push_str(end);
    out.into_bytes()
}

#[derive(serde::Deserialize)]
struct Sample {
    #[serde(rename = "_time")]
    time: Timestamp,
    #[serde(rename = "_value")]
    value: f64,
}

#[test]
fn rows_and_values() {
    let wire = Wire::responding(chunked(
        &[&CSV[..100], &CSV[100..101], &CSV[101..]],
        "0\r\n\r\n",
    ));
    let client = wire.client();
    let mut rows = client.query(FLUX).param("b", "sensors").call().unwrap();
    let mut values = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let value: f64 = row.get("_value").unwrap();
        let station: &str = row.get("station").unwrap();
        values.push((value, station.to_string()));
    }
    assert_eq!(
        values,
        [(20.5, "zrh-1".to_string()), (21.5, "zrh-1".to_string())]
    );
    assert!(rows.next().unwrap().is_none());

    let mut total = 0.0;
    for sample in client
        .query(FLUX)
        .param("b", "sensors")
        .deserialize::<Sample>()
        .unwrap()
    {
        let sample = sample.unwrap();
        assert!(sample.time > Timestamp::from_nanos(0));
        total += sample.value;
    }
    assert_eq!(total, 42.0);

    let mut copy = Vec::new();
    let n = client
        .query(FLUX)
        .param("b", "sensors")
        .write_to(&mut copy)
        .unwrap();
    assert_eq!(n, CSV.len() as u64);
    assert_eq!(copy, CSV.as_bytes());
    // Each response was read to its end, so all went over one connection.
    assert!(wire.seen().iter().all(|s| s.connection == 0));
}

#[test]
fn what_a_query_sends() {
    let wire = Wire::responding(csv(CSV));
    let client = wire.client();
    let mut out = Vec::new();
    client
        .query("x = \"a\\b\nü\"")
        .param("s", "${evil}\"")
        .param("none", None::<i64>)
        .now(Timestamp::from_nanos(1_700_000_000_000_000_001))
        .dialect(
            Dialect::default()
                .delimiter(';')
                .without_annotations()
                .header(false),
        )
        .write_to(&mut out)
        .unwrap();
    let seen = &wire.seen()[0];
    assert_eq!(seen.method, "POST");
    assert_eq!(seen.target, "/api/v2/query?org=acme");
    assert_eq!(seen.header("content-type"), Some("application/json"));
    let gzip = cfg!(feature = "gzip").then_some("gzip");
    assert_eq!(seen.header("accept-encoding"), gzip);
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(body["query"], "x = \"a\\b\nü\"");
    assert_eq!(body["now"], "2023-11-14T22:13:20.000000001Z");
    assert_eq!(
        body["dialect"],
        serde_json::json!({"header": false, "delimiter": ";", "annotations": []})
    );
    let properties = &body["extern"]["body"][0]["assignment"]["init"]["properties"];
    assert_eq!(properties.as_array().unwrap().len(), 1);
    assert_eq!(properties[0]["value"]["value"], "${evil}\"");

    client.query("buckets()").call().unwrap();
    let body: serde_json::Value = serde_json::from_slice(&wire.seen()[1].body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "query": "buckets()",
            "dialect": {"header": true, "delimiter": ",", "annotations": ["datatype", "group", "default"]},
        })
    );
}

#[test]
fn a_parameter_that_cannot_be_is_found_before_sending() {
    let wire = Wire::responding(csv(CSV));
    let client = wire.client();
    for query in [
        client.query(FLUX).param("b", f64::NAN),
        client.query(FLUX).param("not a name", 1_i64),
        client.query(FLUX).param("b", 1_i64).param("b", 2_i64),
    ] {
        assert!(query.call().unwrap_err().is_config());
    }
    for dialect in [
        Dialect::default().delimiter('ü'),
        Dialect::default().delimiter('"'),
        Dialect::default().delimiter('\n'),
        // The first row would be taken for the names of the columns, and be lost.
        Dialect::default().header(false),
    ] {
        let error = client.query(FLUX).dialect(dialect).call().unwrap_err();
        assert!(error.is_config(), "{error}");
    }
    assert!(wire.seen().is_empty());
}

/// What the profilers say is no row, in whatever way the rows are read; and of the server's tables
/// none is kept from who reads them raw, or asked for them in the query's own text.
#[test]
fn profiles_stand_apart_from_the_rows() {
    #[derive(serde::Deserialize)]
    struct Temperature {
        _value: f64,
        station: String,
    }
    let body = include_str!("../recordings/csv/profilers.csv");
    let wire = Wire::responding(csv(body));
    let client = wire.client();
    let shown = |profile: &str| {
        for words in [
            "profiler/query\n  TotalDuration: 4722946\n",
            "\n  flux/query-plan:\n    digraph {\n",
            "profiler/operator\n  Type: *universe.limitTransformation\n  Label: limit3\n",
            "  MeanDuration: 30487.25\n",
        ] {
            assert!(profile.contains(words), "{words:?} is not in {profile}");
        }
    };

    let ask = || client.query("x").profiler("query").profiler("operator");
    let mut rows = ask().call().unwrap();
    let mut values = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        assert_eq!(row.table().result(), "_result");
        values.push(row.get::<f64>("_value").unwrap());
    }
    assert_eq!(values, [20.0, 20.0]);
    shown(rows.profile());

    // Every row fits the type, for those that wouldn't are the profile's.
    let mut rows = ask().call().unwrap();
    let stations: Vec<_> = rows
        .deserialize::<Temperature>()
        .map(|t| t.map(|t| (t.station, t._value)).unwrap())
        .collect();
    assert_eq!(
        stations,
        [("zrh-1".to_owned(), 20.0), ("zrh-2".to_owned(), 20.0)]
    );
    shown(rows.profile());

    // For all queries of a client.
    let settings = [
        ("INFLUXDB_V2_URL", wire.url()),
        ("INFLUXDB_V2_PROFILERS", "query".to_owned()),
    ];
    let profiled = ClientBuilder::from_variables(settings).unwrap();
    let profiled = profiled.build().unwrap();
    let mut rows = profiled.query("x").call().unwrap();
    let mut tables = 0;
    while let Some(item) = rows.next_item().unwrap() {
        tables += usize::from(matches!(item, csv::Item::Table(_)));
    }
    assert_eq!(tables, 2);
    shown(rows.profile());
    for (request, names) in [(0, &["query", "operator"][..]), (2, &["query"])] {
        let sent: serde_json::Value = serde_json::from_slice(&wire.seen()[request].body).unwrap();
        let list = &sent["extern"]["body"][0]["assignment"]["init"]["elements"];
        let list: Vec<_> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|e| &e["value"])
            .collect();
        assert_eq!(list, names);
    }

    let mut copy = Vec::new();
    ask().write_to(&mut copy).unwrap();
    assert_eq!(copy, body.as_bytes());
    let mut rows = client.query("import \"profiler\"").call().unwrap();
    let mut count = 0;
    while rows.next().unwrap().is_some() {
        count += 1;
    }
    assert_eq!((count, rows.profile()), (5, ""));
}

#[test]
fn a_refused_query_says_why() {
    let wire = Wire::responding(json_error(
        "400 Bad Request",
        "invalid",
        "compilation failed: error @1:1-1:13: expected RPAREN, got EOF\n\nerror",
    ));
    let error = wire.client().query("from(").call().unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert_eq!(error.code(), Some("invalid"));
    assert!(!error.is_retryable());
    let text = error.to_string();
    assert!(
        text.contains("expected RPAREN") && !text.contains('\n'),
        "{text}"
    );
    no_secret(&error);
}

#[test]
fn an_error_in_the_middle_is_an_error() {
    let body = format!(
        "{CSV}#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,\"it broke\u{1b}[2J\",897\r\n"
    );
    let wire = Wire::responding(chunked(&[&body], "0\r\n\r\n"));
    let mut rows = wire.client().query(FLUX).call().unwrap();
    assert!(rows.next().unwrap().is_some());
    assert!(rows.next().unwrap().is_some());
    let error = rows.next().unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Rows(e) if matches!(e.kind(), csv::ReadErrorKind::Server { .. })
    ));
    assert!(error.message().starts_with("it broke"));
    assert!(!error.to_string().contains('\u{1b}'), "{error}");
    assert!(rows.next().unwrap().is_none());
}

#[test]
fn a_body_cut_short_is_an_error_after_its_rows() {
    let whole = chunked(&[CSV], "0\r\n\r\n");
    let in_chunk = chunked(&[CSV], "ff\r\n,,0,2023-11-14T22:13:2");
    let mut with_length = csv(CSV);
    with_length.truncate(with_length.len() - 4);
    for cut in [whole[..whole.len() - 5].to_vec(), in_chunk, with_length] {
        let wire = Wire::each(1, move |peer| {
            peer.request().unwrap();
            peer.send(&cut);
        });
        let mut rows = wire.client().query(FLUX).call().unwrap();
        let error = loop {
            match rows.next() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("a silent end"),
                Err(e) => break e,
            }
        };
        let ErrorKind::Transport(inner) = error.kind() else {
            panic!("{error:?}");
        };
        assert_eq!(inner.kind(), TransportErrorKind::Closed, "{error}");
        assert!(
            error.to_string().starts_with("cannot query: 127.0.0.1:"),
            "{error}"
        );
        assert!(error.is_retryable());
    }
}

#[test]
fn a_value_of_another_type_names_its_column() {
    let wire = Wire::responding(csv(CSV));
    let mut rows = wire.client().query(FLUX).call().unwrap();
    let row = rows.next().unwrap().unwrap();
    let error: influx_edge::Error = row.get::<f64>("station").unwrap_err().into();
    let text = error.to_string();
    assert!(text.contains("station") && text.contains("zrh-1"), "{text}");
}

#[test]
fn not_csv() {
    for kind in ["text/html", "application/json", "text/plain"] {
        let wire = Wire::responding(response(
            "200 OK",
            &format!("Content-Type: {kind}\r\n"),
            "<html>hello",
        ));
        let error = wire.client().query(FLUX).call().unwrap_err();
        assert_eq!(error.status(), Some(200));
        assert!(error.to_string().contains(kind), "{error}");
    }
    let wire = Wire::responding(csv("<html>\r\n<p>a,b,c,d\r\n"));
    let client = wire.client();
    let mut rows = client.query(FLUX).call().unwrap();
    let error = loop {
        match rows.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("HTML was taken for rows"),
            Err(e) => break e,
        }
    };
    assert!(matches!(error.kind(), ErrorKind::Rows(_)));
}

#[test]
fn limits_of_a_query() {
    let wire = Wire::each(2, |peer| {
        peer.request();
        std::thread::sleep(Duration::from_millis(400));
    });
    let client = wire.client();
    let error = client
        .query(FLUX)
        .read_timeout(Duration::from_millis(50))
        .call()
        .unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let error = client
        .query(FLUX)
        .timeout(Duration::from_millis(50))
        .call()
        .unwrap_err();
    assert!(error.is_timeout(), "{error}");

    let wire = Wire::responding(csv(CSV));
    let client = wire.client();
    client
        .query(FLUX)
        .max_body_bytes(CSV.len() as u64)
        .write_to(&mut Vec::new())
        .unwrap();
    let error = client
        .query(FLUX)
        .max_body_bytes(CSV.len() as u64 - 1)
        .write_to(&mut Vec::new())
        .unwrap_err();
    assert!(error.to_string().contains("more than"), "{error}");
}

/// A response of `columns` data columns and one row.
fn wide(columns: usize) -> String {
    let names: Vec<_> = (0..columns).map(|n| format!("field_{n}")).collect();
    format!(
        ",result,table,{}\r\n,_result,0{}\r\n\r\n",
        names.join(","),
        ",1".repeat(columns)
    )
}

#[test]
fn wide_tables_are_limited_by_settings_that_the_error_names() {
    const COLUMNS: &str = "the table at CSV row 1 has more than {} columns, the limit of max_columns: raise \
        it, or ask for fewer columns (keep() in Flux, their names in SQL)";
    const BYTES: &str = "CSV row 1 and its table's description are longer than {} bytes, the limit of \
        max_record_bytes: raise it, or ask for fewer columns (keep() in Flux, their names in SQL)";
    /// Columns, the two limits, and the sentence with its limit.
    type Case = (
        usize,
        Option<usize>,
        Option<usize>,
        Option<(&'static str, usize)>,
    );
    let table: [Case; 9] = [
        (4096, None, None, None),
        (4097, None, None, Some((COLUMNS, 4096))),
        (5000, None, None, Some((COLUMNS, 4096))),
        (5000, Some(5000), None, None),
        (5000, Some(4999), None, Some((COLUMNS, 4999))),
        (5000, Some(usize::MAX), None, None),
        (3, Some(2), None, Some((COLUMNS, 2))),
        (300, None, Some(1024), Some((BYTES, 1024))),
        (20_000, Some(20_000), Some(1 << 20), None),
    ];
    for (columns, max_columns, max_record_bytes, error) in table {
        let wire = Wire::responding(csv(&wide(columns)));
        let client = wire.client();
        let mut query = client.query("pivot");
        if let Some(max) = max_columns {
            query = query.max_columns(max);
        }
        if let Some(max) = max_record_bytes {
            query = query.max_record_bytes(max);
        }
        let mut rows = query.call().unwrap();
        let what = format!("{columns} columns, {max_columns:?}, {max_record_bytes:?}");
        let read = rows.next().map(|row| row.unwrap().cells().count());
        match (read, error) {
            (Ok(read), None) => assert_eq!(read, columns, "{what}"),
            (Err(read), Some((text, limit))) => {
                let text = text.replace("{}", &limit.to_string());
                assert!(read.to_string().ends_with(&text), "{what}: {read}");
                assert!(!read.is_retryable(), "{what}");
            }
            (read, _) => panic!("{what}: {read:?}"),
        }
    }
}
