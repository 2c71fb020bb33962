//! Hostile strings as parameters, in queries, as names and as values.

use crate::common::hostile::strings;
use crate::common::wire::Wire;
use crate::server::{csv, play};
use influx_edge::Client;

/// Through a connection of its own each: some of the longest apart.
fn sample() -> Vec<String> {
    let all = strings();
    assert!(all.len() > 600);
    all.into_iter().filter(|text| text.len() < 40_000).collect()
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

#[test]
fn as_parameters_and_values_they_stay_what_they_are() {
    let all = sample();
    // All of them as values in one response, as tag values and fields come.
    let mut body = String::from("s,n\n");
    for (n, text) in all.iter().enumerate() {
        body += &format!("{},{n}\n", quoted(text));
    }
    let ((), asked) = play(&csv(&body), |client: &Client| {
        let mut query = client.v3("db").sql("SELECT s FROM t WHERE s = $p0");
        for (n, text) in all.iter().enumerate() {
            query = query.param(format!("p{n}"), text);
        }
        let mut rows = query.call().unwrap();
        for (n, text) in all.iter().enumerate() {
            let row = rows.next().unwrap().unwrap();
            assert_eq!(row.get::<&str>("s").unwrap(), text);
            assert_eq!(row.get::<usize>("n").unwrap(), n);
        }
        assert!(rows.next().unwrap().is_none());
    });
    let params = asked.params.as_object().unwrap();
    assert_eq!(params.len(), all.len());
    for (n, text) in all.iter().enumerate() {
        assert_eq!(params[&format!("p{n}")], **text);
    }
}

#[test]
fn as_names_of_databases_queries_parameters_and_columns() {
    for text in sample().iter().filter(|text| !text.is_empty()).step_by(9) {
        let body = format!("{},time\n1,2023-11-14T22:13:20\n", quoted(text));
        let named = !text.starts_with('$');
        let ((), asked) = play(&csv(&body), |client| {
            let mut query = client.v3(text).influxql(text);
            if named {
                query = query.param(text, true);
            }
            let mut rows = query.call().unwrap();
            assert_eq!(rows.columns().unwrap().collect::<Vec<_>>(), [text, "time"]);
            let row = rows.next().unwrap().unwrap();
            assert_eq!(row.get::<i64>(text).unwrap(), 1);
        });
        assert_eq!((&asked.db, &asked.q), (text, text));
        if named {
            assert_eq!(asked.params, serde_json::json!({ text: true }));
        }
    }
}

#[test]
fn parameters_of_every_type_that_has_a_place_in_sql() {
    let ((), asked) = play(&csv(""), |client| {
        let query = client.v3("db").sql("x");
        let time = influx_edge::Timestamp::from_secs(1_700_000_000);
        let query = query
            .param("text", "x' OR 1=1 -- \" \\ \n")
            .param("string", String::from("s"))
            .param("char", 'c')
            .param("int", -7)
            .param("large", i64::MIN)
            .param("unsigned", u64::MAX)
            .param("float", 22.75)
            .param("single", 0.5_f32)
            .param("huge", 1e300)
            .param("bool", false)
            .param("some", Some(1))
            .param("time", time)
            .param("twice", 1)
            .param("twice", 2);
        assert!(query.call().unwrap().next().unwrap().is_none());
    });
    assert_eq!(
        asked.params,
        serde_json::json!({
            "text": "x' OR 1=1 -- \" \\ \n", "string": "s", "char": "c", "int": -7,
            "large": i64::MIN, "unsigned": u64::MAX, "float": 22.75, "single": 0.5, "huge": 1e300,
            "bool": false, "some": 1, "time": "2023-11-14T22:13:20Z", "twice": 2,
        })
    );
}

#[test]
fn other_parameters_are_refused_before_anything_is_sent() {
    let wire = Wire::responding("HTTP/1.1 204 No Content\r\n\r\n");
    let client = wire.client();
    let db = client.v3("db");
    let sql = || db.sql("SELECT $p");
    let none: Option<&str> = None;
    let no_text = std::collections::BTreeMap::from([((1, 2), 3)]);
    for (query, sentence) in [
        (
            sql().param("p", none),
            "the parameter \"p\" is null, NaN or infinite, and not text, a number or a boolean",
        ),
        (
            sql().param("p", f64::NAN),
            "the parameter \"p\" is null, NaN or infinite, and not text, a number or a boolean",
        ),
        (
            sql().param("p", f64::NEG_INFINITY),
            "the parameter \"p\" is null, NaN or infinite, and not text, a number or a boolean",
        ),
        (
            sql().param("p", ()),
            "the parameter \"p\" is null, NaN or infinite, and not text, a number or a boolean",
        ),
        (
            sql().param("p", [1, 2]),
            "the parameter \"p\" is a list, and not text, a number or a boolean",
        ),
        (
            sql().param("p", serde_json::json!({"a": 1})),
            "the parameter \"p\" is a map or a struct, and not text, a number or a boolean",
        ),
        (
            sql().param("p", no_text),
            "the parameter \"p\" can't be written as JSON: key must be a string",
        ),
        (
            sql().param("$p", 1),
            "the parameter \"$p\" has to be named without the $ that stands before it in the query",
        ),
        (
            sql().param("", 1),
            "the parameter \"\" has to be named without the $ that stands before it in the query",
        ),
        (
            sql().param("p", none).param("p", 1),
            "the parameter \"p\" is null, NaN or infinite, and not text, a number or a boolean",
        ),
        (
            client.v3("").sql("SELECT 1"),
            "the name of the database is empty",
        ),
    ] {
        assert!(!format!("{query:?}").contains("secret"));
        let error = query.call().unwrap_err();
        assert!(error.to_string().ends_with(sentence), "{error}");
        assert!(!error.is_retryable());
    }
    assert!(wire.seen().is_empty());
    // Of parameters nothing is printed.
    let query = sql().param("p", "a-secret");
    assert!(!format!("{query:?}").contains("a-secret"), "{query:?}");
}
