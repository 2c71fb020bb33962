//! Hostile strings as tag values, fields and parameters: written to an InfluxDB 3, or to its mock, and read
//! back by SQL and InfluxQL.

use influx_edge::line::Encoder;
use influx_edge::{Client, Timestamp};

use super::hostile::{Position, must_be_refused, strings};

/// Writes all strings into a table, reads them back, and queries one in `step` of them by a parameter.
/// Returns the numbers of compared and queried strings.
pub(crate) fn every_string(client: &Client, db: &str, table: &str, step: usize) -> (usize, usize) {
    let database = client.v3(db);
    let texts = strings();
    let base = 1_700_000_000_000_000_000;
    let mut enc = Encoder::with_sink(Vec::new());
    for (n, text) in (0..).zip(&texts) {
        let mut line = enc.line(table);
        if !must_be_refused(Position::TagValue, text, false) {
            line = line.tag("t", text);
        }
        line.field("s", text)
            .field("n", n)
            .timestamp(base + n)
            .unwrap_or_else(|error| panic!("{text:?}: {error}"));
    }
    database.write(enc.lines()).unwrap();

    let q = format!("SELECT n, t, s, time FROM {table} ORDER BY time");
    let mut rows = database.sql(q).call().unwrap();
    let mut compared = 0;
    for (n, text) in (0..).zip(&texts) {
        let row = rows.next().unwrap().expect("a row for each string");
        assert_eq!(row.get::<i64>("n").unwrap(), n);
        let time: Timestamp = row.get("time").unwrap();
        assert_eq!(time, Timestamp::from_nanos(base + n));
        // An empty string and a null are the same cell.
        let kept = Some(text.as_str()).filter(|text| !text.is_empty());
        assert_eq!(row.get::<Option<&str>>("s").unwrap(), kept, "{text:?}");
        let kept = kept.filter(|text| !must_be_refused(Position::TagValue, text, false));
        assert_eq!(row.get::<Option<&str>>("t").unwrap(), kept, "{text:?}");
        compared += 1;
    }
    assert!(rows.next().unwrap().is_none());

    let mut asked = 0;
    for (n, text) in (0..).zip(&texts).step_by(step) {
        let of = |column: &str, text: &str| -> Vec<i64> {
            let q = format!("SELECT n FROM {table} WHERE {column} = $text");
            let rows = database.sql(q).param("text", text).call();
            let mut rows = rows.unwrap_or_else(|error| panic!("{text:?}: {error}"));
            let mut found = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                found.push(row.get::<i64>("n").unwrap());
            }
            found
        };
        assert_eq!(of("s", text), [n], "{text:?}");
        let is_tag = !text.is_empty() && !must_be_refused(Position::TagValue, text, false);
        assert_eq!(of("t", text), [n][usize::from(!is_tag)..], "{text:?}");
        asked += 1;
    }
    (compared, asked)
}
