//! Queries: errors before and in the middle of a response, and values that come back as they went.

use std::collections::BTreeMap;
use std::time::Duration;

use influx_edge::client::{Dialect, Rows};
use influx_edge::csv::Item;
use influx_edge::flux::{Dict, Record, Regex, to_literal};
use influx_edge::line::Encoder;
use influx_edge::{Client, Error, SignedDuration, Timestamp};

use super::T;
use super::place::Place;
use crate::common::hostile;

fn ask(client: &Client, flux: &str) -> Result<Vec<String>, Error> {
    let mut rows = client.query(flux).call()?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row.get::<String>("v")?);
    }
    Ok(found)
}

#[test]
fn what_cannot_be_run_is_refused_with_where() {
    let Some(place) = Place::new("compile errors") else {
        return;
    };
    for (flux, said) in [
        (
            "from(bucket: \"b\") |> rang(start: 0)",
            "undefined identifier rang",
        ),
        ("x = ", "invalid expression"),
        (
            "from(bucket: \"b\") |> range(start: -1h) |> filter(fn: (r) => r._value > \"a\" + 1)",
            "expected",
        ),
        ("from(bucket: \"b\")", "unbounded"),
        ("", "query"),
    ] {
        let error = place.client.query(flux).call().map(drop).unwrap_err();
        assert_eq!(error.status(), Some(400), "{flux}: {error}");
        assert!(!error.is_retryable(), "{error}");
        assert!(error.message().contains(said), "{flux}: {error}");
        assert!(error.response().unwrap().is_from_influxdb(), "{error}");
    }
    let error = ask(&place.client, "from(bucket: \"nope\") |> range(start: 0)").unwrap_err();
    assert!(
        error.message().contains("could not find bucket \"nope\""),
        "{error}"
    );
}

/// Some rows, and then the reason why there are no more.
#[test]
fn what_fails_in_the_middle_is_an_error_after_the_rows() {
    let Some(place) = Place::new("mid-stream") else {
        return;
    };
    let mut enc = Encoder::with_sink(Vec::new());
    for n in 0..5_000 {
        enc.line("good").field("v", n).timestamp(T + n).unwrap();
    }
    place.client.write("b", enc.lines()).unwrap();
    let mut in_the_middle = 0;
    for (bad, said) in [
        (
            "float(v: \"no number\" + string(v: r._value))",
            "cannot convert string",
        ),
        (
            "if r._value > 0 then die(msg: \"boom, \\\"quoted\\\"\nnext\") else 1.0",
            "boom, \"quoted\"\nnext",
        ),
    ] {
        // Counting takes a while, so that the good rows are on their way, mostly: else it's a
        // plain 400.
        let flux = format!(
            "import \"internal/gen\"
            from(bucket: \"b\") |> range(start: 2023-11-14T00:00:00Z, stop: 2023-11-15T00:00:00Z)
                |> yield(name: \"a\")
            gen.tables(n: 3000000) |> count() |> map(fn: (r) => ({{v: {bad}}})) |> yield(name: \"b\")"
        );
        for _ in 0..4 {
            // The same client, again: the connection has not suffered.
            let mut rows = match place.client.query(&flux).call() {
                Ok(rows) => rows,
                Err(error) => {
                    assert_eq!(error.status(), Some(400), "{error}");
                    let said = said.replace('\n', "\\n");
                    assert!(error.message().contains(&said), "{error}");
                    continue;
                }
            };
            in_the_middle += 1;
            let mut good = 0;
            let error = loop {
                match rows.next() {
                    Ok(Some(row)) => {
                        assert_eq!(row.table().result(), "a");
                        good += 1;
                    }
                    Ok(None) => panic!("{bad}: the response ended as if it were whole"),
                    Err(error) => break error,
                }
            };
            assert_eq!(good, 5_000, "{error}");
            // What a terminal would obey comes out escaped.
            let said = said.replace('\n', "\\n");
            assert!(error.message().contains(&said), "{error}");
            assert!(!error.is_retryable());
            assert_eq!(error.status(), None, "the status was 200");
            assert!(rows.next().unwrap().is_none(), "nothing after an error");
        }
    }
    assert!(in_the_middle > 0, "not once");
}

#[test]
fn responses_of_every_shape() {
    let Some(place) = Place::new("shapes") else {
        return;
    };
    let mut enc = Encoder::with_sink(Vec::new());
    for series in 0..50_i64 {
        for n in 0..20_i64 {
            enc.line("m")
                .tag("s", format!("{series:02}").as_str())
                .field("v", series * 100 + n)
                .timestamp(T + n)
                .unwrap();
        }
    }
    place.client.write("b", enc.lines()).unwrap();
    let flux = r#"from(bucket: params.bucket) |> range(start: params.start, stop: params.stop)"#;
    let query = || {
        place
            .client
            .query(flux)
            .param("bucket", "b")
            .param("start", Timestamp::from_nanos(T))
            .param("stop", Timestamp::from_nanos(T + 20))
    };
    let rows_of = |mut rows: Rows| {
        let (mut found, mut tables) = (Vec::new(), 0);
        loop {
            match rows.next_item().unwrap() {
                Some(Item::Table(_)) => tables += 1,
                Some(Item::Row(row)) => found.push(row.get::<i64>("_value").unwrap()),
                None => break,
            }
        }
        found.sort_unstable();
        (found, tables)
    };
    let wanted: Vec<i64> = (0..50)
        .flat_map(|s| (0..20).map(move |n| s * 100 + n))
        .collect();
    let (found, tables) = rows_of(query().call().unwrap());
    assert_eq!(found, wanted);
    assert!(tables >= 1);
    // Other dialects say the same.
    let dialect = Dialect::default().delimiter(';');
    assert_eq!(rows_of(query().dialect(dialect).call().unwrap()).0, wanted);
    // `now` moves a relative range.
    let mut rows = place
        .client
        .query(r#"from(bucket: "b") |> range(start: -5ns) |> count() |> group() |> sum()"#)
        .now(Timestamp::from_nanos(T + 20))
        .call()
        .unwrap();
    assert_eq!(
        rows.next().unwrap().unwrap().get::<i64>("_value").unwrap(),
        250
    );
    // Profiles stay apart from the data.
    let profiled = query().profiler("query").profiler("operator");
    let mut rows = profiled.call().unwrap();
    let mut data = 0;
    while let Some(row) = rows.next().unwrap() {
        assert_ne!(row.table().result(), "_profiler");
        data += 1;
    }
    assert_eq!(data, 1_000);
    assert!(
        rows.profile().contains("TotalDuration"),
        "{}",
        rows.profile()
    );
    // Copied as it is.
    let mut bytes = Vec::new();
    let length = query().write_to(&mut bytes).unwrap();
    assert_eq!(length, bytes.len() as u64);
    assert!(
        bytes.starts_with(b"#datatype,string,long,"),
        "{:?}",
        bytes.get(..40)
    );
    // Into a type of one's own.
    #[derive(serde::Deserialize)]
    struct Sample {
        s: String,
        #[serde(rename = "_value")]
        value: i64,
    }
    let samples = query().deserialize::<Sample>().unwrap().map(Result::unwrap);
    let mut count = 0;
    for sample in samples {
        assert_eq!(sample.s, format!("{:02}", sample.value / 100));
        count += 1;
    }
    assert_eq!(count, 1_000);
    // Nothing found is no error, and half read is none for the next one.
    let flux =
        r#"from(bucket: "b") |> range(start: 1970-01-01T00:00:00Z, stop: 1971-01-01T00:00:00Z)"#;
    assert!(
        place
            .client
            .query(flux)
            .call()
            .unwrap()
            .next()
            .unwrap()
            .is_none()
    );
    let mut rows = query().call().unwrap();
    rows.next().unwrap();
    drop(rows);
    assert_eq!(rows_of(query().call().unwrap()).0, wanted);
}

/// Text as a parameter, and text as a literal: both come back as they were, whatever they are.
#[test]
fn hostile_text_comes_back() {
    let Some(place) = Place::new("text") else {
        return;
    };
    let mut texts = hostile::strings();
    texts.extend(
        [
            "${1+1}",
            "$${x}",
            "\\${y}",
            "a\r\nb",
            "\u{2028}",
            "\u{1}\u{7f}",
            "$\"",
            "$$",
            "$\\",
            "a$\n$\"}) |> x //",
            "</script>",
        ]
        .map(String::from),
    );
    let from = |rows: &str| {
        format!("import \"array\"\narray.from(rows: [{rows}]) |> sort(columns: [\"n\"])")
    };
    for batch in texts.chunks(100) {
        let names: Vec<String> = (0..batch.len()).map(|n| format!("p{n}")).collect();
        let rows: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(n, name)| format!("{{n: {n}, v: params.{name}}}"))
            .collect();
        let flux = from(&rows.join(", "));
        let mut query = place.client.query(flux);
        for (name, text) in names.iter().zip(batch) {
            query = query.param(name, text);
        }
        compare(query.call().unwrap(), batch);
        let literals = batch.iter().map(|text| to_literal(text).unwrap());
        let literals: Vec<String> = literals.collect();
        let row = |(n, literal): (usize, &String)| format!("{{n: {n}, v: {literal}}}");
        let rows: Vec<String> = literals.iter().enumerate().map(row).collect();
        let flux = from(&rows.join(", "));
        compare(place.client.query(flux).call().unwrap(), batch);
        // What CSV can't bring back is compared over there.
        let equal: Vec<String> = names
            .iter()
            .zip(&literals)
            .zip(batch)
            .map(|((name, literal), text)| {
                let length = text.chars().count();
                format!("params.{name} == {literal} and strings.strlen(v: {literal}) == {length}")
            })
            .enumerate()
            .map(|(n, equal)| format!("{{n: {n}, v: {equal}}}"))
            .collect();
        let flux = format!("import \"strings\"\n{}", from(&equal.join(", ")));
        let mut query = place.client.query(flux);
        for (name, text) in names.iter().zip(batch) {
            query = query.param(name, text);
        }
        let mut rows = query.call().unwrap();
        for text in batch {
            let row = rows.next().unwrap().unwrap();
            assert!(row.get::<bool>("v").unwrap(), "{text:?}");
        }
    }
}

fn compare(mut rows: Rows, texts: &[String]) {
    for text in texts {
        let row = rows.next().unwrap().unwrap();
        let found: Option<&str> = row.get("v").unwrap();
        // An empty cell is null in annotated CSV, which has no empty text; and the server's CSV
        // drops every CR.
        assert_eq!(found.unwrap_or(""), text.replace('\r', ""));
    }
    assert!(rows.next().unwrap().is_none());
}

#[test]
fn every_type_is_a_parameter() {
    let Some(place) = Place::new("parameters") else {
        return;
    };
    // What Flux makes of a parameter, as text; and the same by a literal.
    let as_text =
        |flux: &str, build: &dyn Fn(influx_edge::client::Query<'_>) -> Result<Rows, Error>| {
            let flux =
                format!("import \"array\"\nimport \"dict\"\narray.from(rows: [{{v: {flux}}}])");
            let query = place.client.query(&flux);
            let mut rows = build(query).unwrap_or_else(|e| panic!("{flux}: {e}"));
            let row = rows.next().unwrap().unwrap();
            row.get::<String>("v").unwrap()
        };
    macro_rules! same {
        ($value:expr, $flux:expr, $wanted:expr) => {
            let value = $value;
            let wanted: &str = $wanted;
            let by_parameter = as_text(&$flux.replace("{}", "params.p"), &|q| {
                q.param("p", &value).call()
            });
            assert_eq!(
                by_parameter,
                wanted,
                "{} as a parameter",
                stringify!($value)
            );
            let literal = to_literal(&value).unwrap();
            let by_literal = as_text(&$flux.replace("{}", &literal), &|q| q.call());
            assert_eq!(by_literal, wanted, "{literal}");
        };
    }
    same!(true, "string(v: {})", "true");
    same!(-7_i64, "string(v: {})", "-7");
    same!(i64::MAX, "string(v: {})", "9223372036854775807");
    same!(i64::MIN, "string(v: {})", "-9223372036854775808");
    same!(u64::MAX, "string(v: {})", "18446744073709551615");
    same!(0_u64, "string(v: {})", "0");
    same!(1.5, "string(v: {})", "1.5");
    same!(-0.1, "string(v: {})", "-0.1");
    same!(
        1e300,
        "string(v: {} / 1e299)".replace("1e299", "float(v: \"1e299\")"),
        "10"
    );
    // What isn't finite is a literal only: the syntax tree is JSON.
    for (value, text) in [
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
    ] {
        let flux = format!("string(v: {})", to_literal(&value).unwrap());
        assert_eq!(as_text(&flux, &|q| q.call()), text);
        let query = place.client.query("x").param("p", value);
        assert!(query.call().map(drop).unwrap_err().is_config());
    }
    same!('é', "{}", "é");
    same!(
        Timestamp::from_nanos(T + 1),
        "string(v: {})",
        "2023-11-14T22:13:20.000000001Z"
    );
    same!(
        Timestamp::from_nanos(-1),
        "string(v: {})",
        "1969-12-31T23:59:59.999999999Z"
    );
    same!(
        Duration::from_millis(90_061_001),
        "string(v: int(v: {}))",
        "90061001000000"
    );
    same!(SignedDuration(-90), "string(v: int(v: {}))", "-90");
    same!(Regex("^a/b\\.c$"), "string(v: \"a/b.c\" =~ {})", "true");
    same!(["x", "y"], "{}[1]", "y");
    same!([1_i64, 2, 3].to_vec(), "string(v: {}[2])", "3");
    same!(
        Dict(&[("k", 1.25)]),
        "string(v: dict.get(dict: {}, key: \"k\", default: 0.0))",
        "1.25"
    );
    let map = BTreeMap::from([("a", "b\"c")]);
    same!(map, "dict.get(dict: {}, key: \"a\", default: \"\")", "b\"c");
    same!(
        Record(&[("host name", &"gw"), ("n", &2_i64)]),
        "{}[\"host name\"]",
        "gw"
    );
    same!(Some("there"), "{}", "there");
    // Absent is absent: what isn't named does no harm, and `exists` comes too late.
    let none: Option<&str> = None;
    let text = as_text("params.other", &|q| {
        q.param("gone", none).param("other", "there").call()
    });
    assert_eq!(text, "there");
    let flux = "import \"array\"\narray.from(rows: [{v: exists params.gone}])";
    let query = place.client.query(flux).param("gone", none);
    let error = query.param("other", 1).call().map(drop).unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
}
