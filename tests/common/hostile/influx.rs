//! InfluxDB 1.x, and 2.x by its 1.x-compatible query: written by the encoder, read by InfluxQL.

use super::Position;
use super::http::{Response, Server, query_string};
use super::json::Json;
use super::report::Limit;
use influx_edge::Precision;
use std::time::SystemTime;

/// The strings that InfluxDB can't return.
pub(crate) const LIMITS: &[Limit] = &[Limit {
    reason: "InfluxQL keeps these measurement names for its own catalogue and finds no points in them",
    applies: |position, text| {
        let own = [
            "_series",
            "_fieldKeys",
            "_tagKeys",
            "_tags",
            "_measurements",
        ];
        position == Position::Measurement && own.contains(&text)
    },
}];

pub(crate) struct Influx {
    server: Server,
    database: String,
    kind: Kind,
}

enum Kind {
    /// A database of our own, dropped at the end.
    One,
    Two {
        org: String,
    },
}

/// One point as a query gives it: tags that are empty and fields that are null are absent.
#[derive(Debug, PartialEq)]
pub(crate) struct Point {
    pub time: i64,
    pub measurement: String,
    pub tags: Vec<(String, String)>,
    pub fields: Vec<(String, Json)>,
}

impl Influx {
    pub(crate) fn one(url: &str) -> Influx {
        let server = Server::new(url, None);
        let age = SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let database = format!("hostile_{}_{}", std::process::id(), age.as_nanos());
        let influx = Influx {
            server,
            database,
            kind: Kind::One,
        };
        influx.query(&[format!("CREATE DATABASE {}", identifier(&influx.database))]);
        influx
    }

    pub(crate) fn two(url: &str, token: &str, org: &str, bucket: &str) -> Influx {
        Influx {
            server: Server::new(url, Some(token)),
            database: bucket.to_owned(),
            kind: Kind::Two {
                org: org.to_owned(),
            },
        }
    }

    /// `true` if the server has unsigned integers. 1.x is built without them.
    pub(crate) fn has_unsigned(&self) -> bool {
        matches!(self.kind, Kind::Two { .. })
    }

    pub(crate) fn write(&self, precision: Precision, lines: &[u8]) -> Response {
        let precision = match (&self.kind, precision) {
            // 1.x takes a unit it does not know for nanoseconds, and `us` is one.
            (Kind::One, Precision::Microsecond) => "u",
            (_, precision) => precision.as_str(),
        };
        self.write_with(precision, lines)
    }

    /// As [`write`](Self::write), with the precision's name as it goes out.
    pub(crate) fn write_with(&self, precision: &str, lines: &[u8]) -> Response {
        let target = match &self.kind {
            Kind::One => {
                let query = query_string(&[("db", &self.database), ("precision", precision)]);
                format!("/write?{query}")
            }
            Kind::Two { org } => {
                let bucket = ("bucket", self.database.as_str());
                let query = query_string(&[("org", org), bucket, ("precision", precision)]);
                format!("/api/v2/write?{query}")
            }
        };
        self.server.post(&target, lines)
    }

    /// Runs InfluxQL statements, many to a request. Each gives the points it found, or an error.
    pub(crate) fn query(&self, statements: &[String]) -> Vec<Result<Vec<Point>, String>> {
        let (mut found, mut rest) = (Vec::new(), statements);
        while !rest.is_empty() {
            let batch = rest.get(..100).unwrap_or(rest);
            let text = batch.join(";\n");
            let form = [
                ("db", self.database.as_str()),
                ("epoch", "ns"),
                ("q", text.as_str()),
            ];
            let response = self.server.post_form("/query", &form);
            assert_eq!(response.status, 200, "{}", response.body);
            let json = Json::parse(response.body.trim());
            let results = json.get("results").map(Json::list).unwrap_or_default();
            assert!((1..=batch.len()).contains(&results.len()), "{json:?}");
            found.extend(results.iter().map(result));
            // 1.x ends at the first statement that fails.
            rest = &rest[results.len()..];
        }
        found
    }

    /// Looks up each of these points by measurement and time, and describes the difference.
    pub(crate) fn compare(&self, expected: &[Point]) -> Vec<Option<String>> {
        let statements: Vec<String> = expected
            .iter()
            .map(|point| {
                let from = identifier(&point.measurement);
                format!(
                    "SELECT * FROM {from} WHERE time = {} GROUP BY *",
                    point.time
                )
            })
            .collect();
        let found = self.query(&statements);
        expected
            .iter()
            .zip(found)
            .map(|(expected, found)| match found {
                Ok(points) if points == [expected] => None,
                found => Some(format!("expected {expected:?}, found {found:?}")),
            })
            .collect()
    }
}

impl PartialEq<&Point> for Point {
    fn eq(&self, other: &&Point) -> bool {
        self == *other
    }
}

impl Drop for Influx {
    fn drop(&mut self) {
        if matches!(self.kind, Kind::One) && !std::thread::panicking() {
            self.query(&[format!("DROP DATABASE {}", identifier(&self.database))]);
        }
    }
}

fn result(result: &Json) -> Result<Vec<Point>, String> {
    if let Some(error) = result.get("error").and_then(Json::text) {
        return Err(error.to_owned());
    }
    let mut points = Vec::new();
    for series in result.get("series").map(Json::list).unwrap_or_default() {
        let columns = series.get("columns").expect("columns").list();
        let tags = series.get("tags").map(Json::members).unwrap_or_default();
        for row in series.get("values").expect("values").list() {
            let mut cells = columns
                .iter()
                .map(|name| name.text().expect("a name").to_owned())
                .zip(row.list().iter().cloned())
                .filter(|(_, value)| *value != Json::Null)
                .peekable();
            let time = cells.next_if(|(name, _)| name == "time");
            points.push(Point {
                time: time.map_or(0, |(_, time)| time.number().unwrap().parse().unwrap()),
                measurement: series.get("name").and_then(Json::text).unwrap().to_owned(),
                tags: tags
                    .iter()
                    .map(|(key, value)| (key.clone(), value.text().expect("text").to_owned()))
                    .filter(|(_, value)| !value.is_empty())
                    .collect(),
                fields: cells.collect(),
            });
        }
    }
    Ok(points)
}

/// A name in InfluxQL.
pub(crate) fn identifier(name: &str) -> String {
    let escaped = name
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
