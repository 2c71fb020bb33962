//! VictoriaMetrics: written by the encoder, read by its export.
//!
//! It keeps numbers only. Measurement and field key become the metric's name, joined by `_`; tags
//! become labels; a string becomes the number it looks like, or 0.

use super::connect::now;
use super::http::{Server, query_string};
use super::json::Json;
use super::report::Limit;
use super::{POSITIONS, Position};
use std::collections::BTreeMap;

/// The strings that VictoriaMetrics can't return.
pub(crate) const LIMITS: &[Limit] = &[
    Limit {
        reason: "label values longer than -maxLabelValueLen (16 KiB) are cut",
        applies: |position, text| {
            let own = match position {
                // The name is a label value, too, with `_n` behind or `fk0000_` before.
                Position::Measurement => text.len() + 2,
                Position::FieldKey => text.len() + 7,
                Position::TagValue => text.len(),
                _ => 0,
            };
            own > 16_384
        },
    },
    Limit {
        reason: "label names longer than 256 bytes are cut",
        applies: |position, text| position == Position::TagKey && text.len() > 256,
    },
    Limit {
        reason: "the label __name__ is the metric's name, so a tag of that name is lost",
        applies: |position, text| position == Position::TagKey && text == "__name__",
    },
];

pub(crate) struct Victoria {
    server: Server,
    run: String,
}

/// One series as the export gives it.
#[derive(Debug, PartialEq)]
pub(crate) struct Series {
    pub name: String,
    /// Without the label that marks the run.
    pub labels: BTreeMap<String, String>,
    pub values: Vec<String>,
    /// Milliseconds since the epoch.
    pub times: Vec<i64>,
}

impl Victoria {
    /// `run` marks everything written through this value, so that a server that holds other data
    /// can be used, and so that nothing written can hide.
    pub(crate) fn new(url: &str, run: String) -> Victoria {
        Victoria {
            server: Server::new(url, None),
            run,
        }
    }

    pub(crate) fn write(&self, precision: &str, lines: &[u8]) {
        let mark = format!("hostile_run={}", self.run);
        let query = query_string(&[("precision", precision), ("extra_label", &mark)]);
        let response = self.server.post(&format!("/api/v2/write?{query}"), lines);
        assert_eq!(response.status, 204, "{}", response.body);
    }

    /// Everything that was written by this run.
    pub(crate) fn export(&self) -> Vec<Series> {
        assert_eq!(self.server.get("/internal/force_flush").status, 200);
        let marked = format!("{{hostile_run=\"{}\"}}", self.run);
        // Up to the future: what a server misreads may lose its time, and then it counts as now.
        let tomorrow = (now() / 1_000_000_000 + 86_400).to_string();
        let query = query_string(&[("match[]", &marked), ("start", "0"), ("end", &tomorrow)]);
        let response = self.server.get(&format!("/api/v1/export?{query}"));
        assert_eq!(response.status, 200, "{}", response.body);
        response.body.lines().map(series).collect()
    }
}

fn series(line: &str) -> Series {
    let json = Json::parse(line);
    let list = |key| json.get(key).expect("values and timestamps").list();
    let mut labels: BTreeMap<String, String> = json
        .get("metric")
        .expect("a metric")
        .members()
        .iter()
        .map(|(key, value)| (key.clone(), value.text().expect("text").to_owned()))
        .collect();
    labels.remove("hostile_run");
    Series {
        name: labels.remove("__name__").unwrap_or_default(),
        labels,
        values: list("values")
            .iter()
            .map(|v| v.number().unwrap_or("null").to_owned())
            .collect(),
        times: list("timestamps")
            .iter()
            .map(|t| t.number().unwrap().parse().unwrap())
            .collect(),
    }
}

/// The series that a line of [`write_line`](super::write_line) must have become.
pub(crate) fn expected(position: Position, text: &str, n: i64, millis: i64) -> Series {
    let index = POSITIONS.iter().position(|p| *p == position).unwrap();
    let name = [
        format!("{text}_n"),
        format!("tk{n:04}_n"),
        "tv_n".to_owned(),
        format!("fk{n:04}_{text}"),
        "sf_n".to_owned(),
    ];
    let mut labels = BTreeMap::from([("hostile_n".to_owned(), n.to_string())]);
    match position {
        Position::TagKey => labels.insert(text.to_owned(), "v".to_owned()),
        Position::TagValue if !text.is_empty() => labels.insert("t".to_owned(), text.to_owned()),
        _ => None,
    };
    Series {
        name: name.into_iter().nth(index).unwrap(),
        labels,
        values: vec![n.to_string()],
        times: vec![millis],
    }
}
