//! InfluxQL queries to InfluxDB 1.x and compatible servers.

use super::cell::{Cell, Column, Head, Kind, Sink};
use super::{Request, broken_off};
use crate::failure::Failure;
use influx_edge::Timestamp;
use influx_edge::v1::{Row, Value};

/// Passes the rows to `sink` and returns their number. If a statement fails, the rows of the statements after
/// it come before its error.
pub(super) fn run(request: &Request<'_>, sink: &mut dyn Sink) -> Result<u64, Failure> {
    let database = request.client.v1(request.db.as_str());
    let mut query = database.query(request.text.as_str());
    for (name, param) in &request.params {
        query = query.param(name.as_str(), param.json(name)?);
    }
    let mut rows = query.call()?;
    let mut count = 0u64;
    let mut block = Block::default();
    let mut failure: Option<Failure> = None;
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                count = count.saturating_add(1);
                if block.take(&row) {
                    sink.table(block.head())?;
                }
                let values = block.values(&row);
                let cells = values.iter().map(|(kind, text)| Cell {
                    kind: *kind,
                    text: text.as_bytes(),
                });
                sink.row(&cells.collect::<Vec<_>>())?;
            }
            Ok(None) => break,
            Err(error) => {
                if let Some(earlier) = failure.replace(broken_off(error, count)) {
                    request.report.error(earlier);
                }
            }
        }
    }
    for message in rows.messages() {
        request
            .report
            .note(format_args!("{}: {}", message.level, message.text));
    }
    failure.map_or(Ok(count), Err)
}

/// Rows of one statement and series.
#[derive(Default)]
struct Block {
    statement: u32,
    series: String,
    tags: Vec<(String, String)>,
    columns: Vec<String>,
    begun: bool,
}

impl Block {
    /// Takes a row; returns `true` if it begins another block.
    fn take(&mut self, row: &Row<'_>) -> bool {
        let tags = self.tags.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        if self.begun
            && self.statement == row.statement()
            && self.series == row.series()
            && self.columns == row.columns()
            && tags.eq(row.tags())
        {
            return false;
        }
        *self = Block {
            statement: row.statement(),
            series: row.series().to_owned(),
            tags: row
                .tags()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
            columns: row.columns().to_vec(),
            begun: true,
        };
        true
    }

    /// Returns the series' name and tags, without those for which there is a column.
    fn group(&self) -> impl Iterator<Item = (&str, &str)> {
        let name = (!self.series.is_empty()).then_some(("name", self.series.as_str()));
        let tags = self.tags.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        let has_tag = self.tags.iter().any(|(tag, _)| tag == "name");
        let name = name.filter(|_| !has_tag);
        let group = name.into_iter().chain(tags);
        group.filter(|(name, _)| !self.columns.iter().any(|column| column == name))
    }

    fn head(&self) -> Head {
        let column = |name: &str, is_group| Column {
            name: name.to_owned(),
            is_group,
        };
        let group = self.group().map(|(name, _)| column(name, true));
        let columns = self.columns.iter().map(|name| column(name, false));
        Head {
            statement: self.statement,
            columns: group.chain(columns).collect(),
        }
    }

    fn values(&self, row: &Row<'_>) -> Vec<(Kind, String)> {
        let group = self.group().map(|(_, text)| (Kind::Text, text.to_owned()));
        let values = self.columns.iter().enumerate().map(|(n, name)| {
            match (row.values().get(n), name.as_str()) {
                // The query requests nanoseconds.
                (Some(Value::Int(nanos)), "time") => {
                    (Kind::Time, Timestamp::from_nanos(*nanos).to_string())
                }
                (Some(Value::Int(number)), _) => (Kind::Number, number.to_string()),
                (Some(Value::UInt(number)), _) => (Kind::Number, number.to_string()),
                (Some(Value::Float(number)), _) => {
                    (Kind::Number, serde_json::Value::from(*number).to_string())
                }
                (Some(Value::Bool(yes)), _) => (Kind::Bool, yes.to_string()),
                (Some(Value::Text(text)), _) => (Kind::Text, text.clone()),
                _ => (Kind::Null, String::new()),
            }
        });
        group.chain(values).collect()
    }
}
