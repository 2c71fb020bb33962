//! `/api/v2/query`: Flux in, annotated CSV out.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::csv::{self, Cell, Column, Dialect, Table};
use super::flux;
use super::http::{Request, Response};
use super::plan::{self, Plan, Planner, Step};
use super::store::{Bucket, Series, Value};
use super::time;

/// The buckets, by name.
pub(crate) type Buckets = BTreeMap<String, Bucket>;

/// Responds to a query with a valid token and organization.
pub(crate) fn response(request: &Request, buckets: &Buckets) -> Response {
    match parse_request(request) {
        Err(words) => {
            let words = format!("failed to decode request body: {words}");
            Response::error(400, "invalid", &words).header("Vary", "Accept-Encoding")
        }
        Ok(query) => match run(&query, buckets) {
            Err(refused) => Response::error(refused.status, refused.code, &refused.message)
                .header("Vary", "Accept-Encoding")
                .chunked(),
            Ok(results) => Response::new(200)
                .header("Content-Type", "text/csv; charset=utf-8")
                .header("Vary", "Accept-Encoding")
                .body(csv::encode(&results, &query.dialect))
                .chunked(),
        },
    }
}

struct Query {
    text: String,
    dialect: Dialect,
    params: Option<plan::Params>,
    /// The value of `now()`, in nanoseconds.
    now: i64,
}

fn parse_request(request: &Request) -> Result<Query, String> {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    if request.header("Content-Type") == Some("application/vnd.flux") {
        return Ok(Query {
            text: body,
            dialect: Dialect::default(),
            params: None,
            now: time::now(),
        });
    }
    let json: Json = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    let text = json["query"].as_str().unwrap_or_default().to_owned();
    if text.is_empty() {
        return Err("request body requires either query or AST".into());
    }
    if !matches!(json["type"].as_str(), None | Some("flux")) {
        return Err(format!("unknown query type: {}", json["type"]));
    }
    // A `params` member is ignored, as OSS ignores it; only `extern` defines parameters.
    let params = match &json["extern"] {
        Json::Null => None,
        file => Some(plan::params(file).ok_or("extern is not a file of Flux")?),
    };
    let mut dialect = Dialect::default();
    let wish = &json["dialect"];
    if let Some(header) = wish["header"].as_bool() {
        dialect.header = header;
    }
    if let Some(delimiter) = wish["delimiter"].as_str().and_then(|d| d.chars().next()) {
        dialect.delimiter = delimiter;
    }
    for annotation in wish["annotations"].as_array().into_iter().flatten() {
        match annotation.as_str() {
            Some(name @ ("datatype" | "group" | "default")) => {
                dialect.annotations.push(name.to_owned());
            }
            _ => return Err(format!("unknown dialect annotation type: {annotation}")),
        }
    }
    let now = match json["now"].as_str() {
        None => time::now(),
        Some(text) => time::parse(text).ok_or_else(|| format!("now is not a time: {text}"))?,
    };
    Ok(Query {
        text,
        dialect,
        params,
        now,
    })
}

/// A query that failed before the first byte of its response.
struct Refused {
    status: u16,
    code: &'static str,
    message: String,
}

impl From<String> for Refused {
    fn from(message: String) -> Self {
        Self {
            status: 400,
            code: "invalid",
            message,
        }
    }
}

type Results = Vec<(String, Vec<Table>)>;

fn run(query: &Query, buckets: &Buckets) -> Result<Results, Refused> {
    let planner = Planner {
        params: query.params.clone(),
        now: query.now,
    };
    let statements = flux::parse(&query.text)?;
    let plans = statements.iter().map(|statement| planner.plan(statement));
    let plans: Vec<Plan> = plans.collect::<Result<_, _>>()?;
    let mut results = Results::new();
    for plan in plans {
        if results.iter().any(|(name, _)| *name == plan.name) {
            let words = format!(
                "tried to produce more than one result with the name \"{}\"",
                plan.name
            );
            return Err(words.into());
        }
        let tables = tables(&plan, buckets)?;
        results.push((plan.name, tables));
    }
    Ok(results)
}

fn tables(plan: &Plan, buckets: &Buckets) -> Result<Vec<Table>, Refused> {
    let starting = "error in building plan while starting program";
    let Some((start, stop)) = plan.range else {
        let words = format!(
            "{starting}: cannot submit unbounded read to \"{}\"; try bounding 'from' with a call to \
             'range'",
            plan.bucket
        );
        return Err(words.into());
    };
    if start >= stop {
        return Err(format!("{starting}: cannot query an empty range").into());
    }
    let bucket = buckets.get(&plan.bucket).ok_or_else(|| Refused {
        status: 404,
        code: "not found",
        message: format!(
            "failed to initialize execute state: could not find bucket \"{}\"",
            plan.bucket
        ),
    })?;
    let all = bucket.series();
    let mut tables: Vec<Table> = all
        .map(|(series, values)| series_table(series, values, start, stop))
        .filter(|table| !table.rows.is_empty())
        .collect();
    for step in &plan.steps {
        match step {
            Step::Filter(predicate) => {
                tables.retain(|t| predicate.holds(&|label| t.group_text(label)) == Some(true));
            }
            Step::Limit(count) => tables.iter_mut().for_each(|t| t.rows.truncate(*count)),
            Step::Last => {
                for table in &mut tables {
                    if table.column("_value").is_none() {
                        return Err("runtime error: last: column \"_value\" does not exist"
                            .to_owned()
                            .into());
                    }
                    table.rows.drain(..table.rows.len() - 1);
                }
            }
            Step::Pivot => tables = pivot(tables)?,
            Step::Rename(names) => {
                for table in &mut tables {
                    for (old, new) in names {
                        let Some(index) = table.column(old) else {
                            let words = format!("rename error: column \"{old}\" doesn't exist");
                            return Err(words.into());
                        };
                        table.columns[index].label.clone_from(new);
                    }
                }
            }
            Step::Drop(names) => {
                for table in &mut tables {
                    for name in names {
                        if let Some(index) = table.column(name) {
                            table.columns.remove(index);
                            table
                                .rows
                                .iter_mut()
                                .for_each(|row| drop(row.remove(index)));
                        }
                    }
                }
            }
        }
    }
    Ok(tables)
}

fn series_table(series: &Series, values: &BTreeMap<i64, Value>, start: i64, stop: i64) -> Table {
    let mut names = series.tags.clone();
    names.push(("_field".to_owned(), series.field.clone()));
    names.push(("_measurement".to_owned(), series.measurement.clone()));
    names.sort();
    let rows: Vec<Vec<Cell>> = values
        .range(start..stop)
        .map(|(time, value)| {
            let mut row = vec![Cell::Time(start), Cell::Time(stop), Cell::Time(*time)];
            row.push(Cell::Value(value.clone()));
            row.extend(
                names
                    .iter()
                    .map(|(_, text)| Cell::Value(Value::String(text.clone()))),
            );
            row
        })
        .collect();
    let datatype = values.values().next().map_or("string", Value::datatype);
    let mut columns = vec![
        column("_start", "dateTime:RFC3339", true),
        column("_stop", "dateTime:RFC3339", true),
        column("_time", "dateTime:RFC3339", false),
        column("_value", datatype, false),
    ];
    columns.extend(names.iter().map(|(label, _)| column(label, "string", true)));
    Table { columns, rows }
}

fn column(label: &str, datatype: &'static str, group: bool) -> Column {
    Column {
        label: label.to_owned(),
        datatype,
        group,
    }
}

impl Table {
    fn column(&self, label: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.label == label)
    }

    /// The text of a group column: it is the same in every row.
    fn group_text(&self, label: &str) -> Option<String> {
        let index = self
            .column(label)
            .filter(|index| self.columns[*index].group)?;
        match &self.rows.first()?[index] {
            Cell::Value(Value::String(text)) => Some(text.clone()),
            _ => None,
        }
    }
}

/// One column per field, one row per time, one table per series of tags.
fn pivot(tables: Vec<Table>) -> Result<Vec<Table>, String> {
    /// A pivoted table in the making.
    struct Wide {
        key: Vec<Cell>,
        columns: Vec<Column>,
        rows: BTreeMap<i64, Vec<Cell>>,
    }
    let mut wides: Vec<Wide> = Vec::new();
    for table in tables {
        let find = |label| {
            let missing = format!("runtime error: pivot: specified column does not exist: {label}");
            table.column(label).ok_or(missing)
        };
        let (time, value, field) = (find("_time")?, find("_value")?, find("_field")?);
        let Cell::Value(Value::String(label)) = table.rows[0][field].clone() else {
            return Err("runtime error: pivot: _field is not a string".into());
        };
        let kept: Vec<usize> = (0..table.columns.len())
            .filter(|index| *index != value && *index != field)
            .collect();
        if kept
            .iter()
            .any(|index| table.columns[*index].label == label)
        {
            return Err(format!(
                "runtime error: pivot: column \"{label}\" exists already"
            ));
        }
        let columns: Vec<Column> = kept.iter().map(|i| table.columns[*i].clone()).collect();
        let cells = |row: &Vec<Cell>| kept.iter().map(|i| row[*i].clone()).collect::<Vec<_>>();
        let mut key = cells(&table.rows[0]);
        key[columns.iter().position(|c| c.label == "_time").unwrap_or(0)] = Cell::Null;
        let same = |wide: &Wide| wide.key == key && wide.columns[..columns.len()] == columns;
        let index = wides.iter().position(same).unwrap_or_else(|| {
            wides.push(Wide {
                key,
                columns: columns.clone(),
                rows: BTreeMap::new(),
            });
            wides.len() - 1
        });
        let wide = &mut wides[index];
        let datatype = table.columns[value].datatype;
        wide.columns.push(column(&label, datatype, false));
        let width = wide.columns.len();
        for row in &table.rows {
            let Cell::Time(at) = row[time] else { continue };
            let wide_row = wide.rows.entry(at).or_insert_with(|| cells(row));
            wide_row.resize(width, Cell::Null);
            wide_row[width - 1] = row[value].clone();
        }
    }
    let finish = |wide: Wide| {
        let width = wide.columns.len();
        let mut rows: Vec<Vec<Cell>> = wide.rows.into_values().collect();
        rows.iter_mut()
            .for_each(|row| row.resize(width, Cell::Null));
        Table {
            columns: wide.columns,
            rows,
        }
    };
    Ok(wides.into_iter().map(finish).collect())
}
