//! Flux queries to InfluxDB 2.x.

use super::cell::{Cell, Column, Head, Sink};
use super::params::Param;
use super::raw::{Kept, Watched};
use super::{Request, broken_off};
use crate::failure::Failure;
use influx_edge::client::Query;
use influx_edge::csv::{Decoder, Item, Table};
use std::io::Write;

/// The column with the name of a `yield`.
const RESULT: &str = "result";

fn query<'c>(request: &Request<'c>) -> Query<'c> {
    let mut query = request.client.query(request.text.as_str());
    for (name, param) in &request.params {
        query = match param {
            Param::Text(value) => query.param(name, value.as_str()),
            Param::Int(value) => query.param(name, *value),
            Param::UInt(value) => query.param(name, *value),
            Param::Float(value) => query.param(name, *value),
            Param::Bool(value) => query.param(name, *value),
            Param::Duration(value) => query.param(name, *value),
            Param::Time(value) => query.param(name, *value),
        };
    }
    query
}

/// Passes the rows to `sink` and returns their number.
pub(super) fn run(request: &Request<'_>, sink: &mut dyn Sink) -> Result<u64, Failure> {
    let mut rows = query(request).call()?;
    let mut count = 0u64;
    let mut named = None;
    loop {
        match rows.next_item() {
            Ok(Some(Item::Table(table))) => {
                named = name(table);
                sink.table(head(table, named.is_some()))?;
            }
            Ok(Some(Item::Row(row))) => {
                count = count.saturating_add(1);
                let name = named.as_deref().map(Cell::text);
                let cells = name.into_iter().chain(row.cells().map(Cell::from));
                sink.row(&cells.collect::<Vec<_>>())?;
            }
            Ok(None) => return Ok(count),
            Err(error) => return Err(broken_off(error, count)),
        }
    }
}

/// Returns the name of the `yield`, unless the table has a column `result` itself.
fn name(table: Table<'_>) -> Option<String> {
    let name = table.result();
    let taken = table.columns().any(|column| column.name() == RESULT);
    (!taken && !matches!(name, "" | "_result")).then(|| name.to_owned())
}

fn head(table: Table<'_>, named: bool) -> Head {
    let name = named.then(|| Column {
        name: RESULT.to_owned(),
        is_group: true,
    });
    let columns = table.columns().map(|column| Column {
        name: column.name().to_owned(),
        is_group: column.is_group(),
    });
    Head {
        statement: 0,
        columns: name.into_iter().chain(columns).collect(),
    }
}

/// Copies the response; an error at its end is returned as well.
pub(super) fn raw(request: &Request<'_>, out: &mut dyn Write) -> Result<u64, Failure> {
    // Zeroed memory that is never touched costs nothing.
    let (mut text, mut ends) = (vec![0; 16 << 20], vec![0; 64 << 10]);
    let decoder = Decoder::new(&mut text, &mut ends);
    let mut kept = Kept { out, error: None };
    let mut watched = Watched::new(&mut kept, decoder);
    let done = query(request).write_to(&mut watched);
    if done.is_ok() {
        watched.finish();
    }
    let (rows, error) = (watched.rows, watched.error.take());
    let count = if watched.is_empty() { 0 } else { rows.max(1) };
    if let Some(error) = kept.error {
        return Err(error.into());
    }
    match (done, error) {
        (Err(error), _) if rows > 0 => Err(broken_off(error, rows)),
        (Err(error), _) => Err(error.into()),
        (Ok(_), Some(error)) => Err(broken_off(
            format_args!("the server reports that the query failed: {error}"),
            rows,
        )),
        (Ok(_), None) => Ok(count),
    }
}
