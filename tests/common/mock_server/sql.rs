//! A little of SQL and InfluxQL: `SELECT … FROM m [WHERE … AND …] [ORDER BY …] [LIMIT n]`. Whatever else was
//! recorded of an InfluxDB 3.6.0 is played; the rest is an error, never guessed at.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use super::http::{Request, Response};
use super::query::Buckets;
use super::store::{Bucket, Value};
use super::time;
use super::v3::{Tables, json_error, plain, unknown_format};
use super::v3_lines::Columns;

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/http-3.6.0");

/// A query with all that belongs to it, from wherever in the request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    influxql: bool,
    db: String,
    q: String,
    format: String,
    params: BTreeMap<String, Json>,
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Result<Self, Response> {
        let body: Json = serde_json::from_slice(&request.body).unwrap_or_default();
        let find = |name: &str| {
            let in_body = body[name].as_str().map(str::to_owned);
            in_body.or_else(|| request.query(name))
        };
        let missing = |name: &str| plain(400, &format!("serde error: missing field `{name}`"));
        let accepts = match request.header("Accept") {
            Some("text/csv") => "csv",
            Some("application/jsonl") => "jsonl",
            _ => "json",
        };
        let format = find("format").unwrap_or(accepts.into());
        let params = body["params"].as_object().cloned().unwrap_or_default();
        let asked = Asked {
            influxql: request.path().ends_with("query_influxql"),
            db: find("db").ok_or_else(|| missing("db"))?,
            q: find("q").ok_or_else(|| missing("q"))?,
            format: format.replace("json_lines", "jsonl"),
            params: params.into_iter().collect(),
        };
        match asked.format.as_str() {
            "parquet" | "csv" | "pretty" | "json" | "jsonl" => Ok(asked),
            other => Err(unknown_format(other)),
        }
    }

    /// The recorded response of a real server to the same query.
    fn recorded(&self) -> Option<Response> {
        let group = if self.influxql { "influxql" } else { "sql" };
        for file in std::fs::read_dir(Path::new(RECORDINGS).join(group)).ok()? {
            let text = std::fs::read(file.ok()?.path()).ok()?;
            let all: Json = serde_json::from_slice(&text).ok()?;
            let (request, response) = (&all["request"], &all["response"]);
            let headers = request["headers"].as_object().into_iter().flatten();
            let request = Request {
                method: request["method"].as_str()?.to_owned(),
                target: request["target"].as_str()?.to_owned(),
                headers: headers
                    .map(|(name, value)| (name.clone(), value.as_str().unwrap_or("").to_owned()))
                    .collect(),
                body: request["body"].as_str()?.as_bytes().to_vec(),
            };
            if Asked::of(&request).is_ok_and(|recorded| recorded == *self) {
                let status = response["status"].as_u64()?;
                return Some(Response {
                    status: u16::try_from(status).ok()?,
                    headers: response["headers"]["content-type"]
                        .as_str()
                        .map(|kind| ("content-type".to_owned(), kind.to_owned()))
                        .into_iter()
                        .collect(),
                    body: response["body"].as_str()?.as_bytes().to_vec(),
                    chunked: status == 200,
                    cut: response["cut"] == true,
                });
            }
        }
        None
    }
}

/// Responds to a query with a valid token.
pub(crate) fn response(
    asked: &Asked,
    databases: &BTreeMap<String, Tables>,
    buckets: &Buckets,
) -> Result<Response, Response> {
    let none = Tables::new();
    let tables = match databases.get(&asked.db) {
        Some(tables) => tables,
        None if asked.db == "_internal" => &none,
        // A recording needs no database.
        None => {
            let words = format!("query error: database not found: {}", asked.db);
            return asked.recorded().ok_or_else(|| json_error(404, &words));
        }
    };
    match run(asked, tables, buckets.get(&asked.db)) {
        Ok((columns, rows)) => Ok(Response::new(200)
            .header("content-type", content_type(&asked.format))
            .body(encode(&asked.format, &columns, &rows))
            .chunked()),
        Err(Failed::Odd) => asked.recorded().ok_or_else(|| {
            plain(
                500,
                "query error: error while planning query: This feature is not implemented: the mock server knows nothing of this query",
            )
        }),
        Err(Failed::Planning(words)) => {
            let words = format!("query error: error while planning query: {words}");
            Err(plain(500, &words))
        }
    }
}

enum Failed {
    /// A token that this grammar doesn't have.
    Odd,
    Planning(String),
}

#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Null,
    Text(String),
    Field(Value),
    Time(i64),
}

type Rows = Vec<Vec<Cell>>;

#[derive(Clone, Debug, PartialEq)]
enum Word {
    /// Bare, as it was written.
    Name(String),
    Quoted(String),
    Text(String),
    Param(String),
    Number(f64),
    Sign(&'static str),
}

fn words(q: &str, influxql: bool) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = q.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let run = |text: &str| text.find(|c| !is_name(c)).unwrap_or(text.len());
        match first {
            '\'' | '"' => {
                let (text, after) = quoted(rest, first, influxql)?;
                words.push(match first {
                    '"' => Word::Quoted(text),
                    _ => Word::Text(text),
                });
                rest = after;
            }
            '$' => {
                let end = 1 + run(&rest[1..]);
                words.push(Word::Param(rest[1..end].to_owned()));
                rest = &rest[end..];
            }
            c if c.is_ascii_digit() || (c == '-' && rest[1..].starts_with(char::is_numeric)) => {
                let end = rest[1..]
                    .find(|c: char| !c.is_ascii_digit() && c != '.')
                    .map_or(rest.len(), |end| end + 1);
                words.push(Word::Number(rest[..end].parse().ok()?));
                rest = &rest[end..];
            }
            c if is_name(c) => {
                let end = run(rest);
                words.push(Word::Name(rest[..end].to_owned()));
                rest = &rest[end..];
            }
            _ => {
                let signs = ["<>", "!=", ">=", "<=", "=", ">", "<", "*", ",", ";"];
                let sign = signs.into_iter().find(|sign| rest.starts_with(sign))?;
                words.push(Word::Sign(sign));
                rest = &rest[sign.len()..];
            }
        }
        rest = rest.trim_start();
    }
    while words.last() == Some(&Word::Sign(";")) {
        words.pop();
    }
    Some(words)
}

/// The text within quotes, and what follows. SQL doubles a quote within, InfluxQL puts a backslash before it.
fn quoted(text: &str, quote: char, influxql: bool) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text[1..].char_indices();
    while let Some((at, c)) = chars.next() {
        if influxql && c == '\\' {
            out.push(match chars.next()?.1 {
                'n' => '\n',
                c => c,
            });
        } else if c == quote {
            let after = &text[1 + at + 1..];
            if influxql || !after.starts_with(quote) {
                return Some((out, after));
            }
            chars.next();
            out.push(quote);
        } else {
            out.push(c);
        }
    }
    None
}

/// The rest of a query.
struct Parser<'a> {
    words: &'a [Word],
    at: usize,
    params: &'a BTreeMap<String, Json>,
    influxql: bool,
}

struct Select {
    /// Columns and their aliases; none selects all.
    columns: Vec<(String, String)>,
    table: String,
    conditions: Vec<(String, &'static str, Cell)>,
    order: Vec<(String, bool)>,
    limit: usize,
}

impl Parser<'_> {
    fn keyword(&mut self, wanted: &str) -> bool {
        let found = matches!(self.words.get(self.at),
            Some(Word::Name(name)) if name.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.words.get(self.at), Some(Word::Sign(sign)) if *sign == wanted);
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> Result<&Word, Failed> {
        let word = self.words.get(self.at).ok_or(Failed::Odd)?;
        self.at += 1;
        Ok(word)
    }

    fn name(&mut self) -> Result<String, Failed> {
        let influxql = self.influxql;
        match self.next()? {
            // SQL's names are in lower case.
            Word::Name(name) if !influxql => Ok(name.to_ascii_lowercase()),
            Word::Name(name) | Word::Quoted(name) => Ok(name.clone()),
            _ => Err(Failed::Odd),
        }
    }

    fn select(&mut self) -> Result<Select, Failed> {
        if !self.keyword("select") {
            return Err(Failed::Odd);
        }
        let mut columns = Vec::new();
        if !self.sign("*") {
            loop {
                let column = self.name()?;
                let named = if self.keyword("as") {
                    self.name()?
                } else {
                    column.clone()
                };
                columns.push((column, named));
                if !self.sign(",") {
                    break;
                }
            }
        }
        if !self.keyword("from") {
            return Err(Failed::Odd);
        }
        let table = self.name()?;
        let mut conditions = Vec::new();
        if self.keyword("where") {
            conditions.push(self.condition()?);
            while self.keyword("and") {
                conditions.push(self.condition()?);
            }
        }
        let mut order = Vec::new();
        if self.keyword("order") && self.keyword("by") {
            loop {
                let column = self.name()?;
                let descending = self.keyword("desc");
                let _ = self.keyword("asc");
                order.push((column, descending));
                if !self.sign(",") {
                    break;
                }
            }
        }
        let mut limit = usize::MAX;
        if self.keyword("limit") {
            let Word::Number(most) = self.next()? else {
                return Err(Failed::Odd);
            };
            limit = *most as usize;
        }
        match self.at == self.words.len() {
            true => Ok(Select {
                columns,
                table,
                conditions,
                order,
                limit,
            }),
            false => Err(Failed::Odd),
        }
    }

    fn condition(&mut self) -> Result<(String, &'static str, Cell), Failed> {
        let column = self.name()?;
        if self.keyword("is") {
            let sign = if self.keyword("not") { "<>" } else { "=" };
            return match self.keyword("null") {
                true => Ok((column, sign, Cell::Null)),
                false => Err(Failed::Odd),
            };
        }
        let Word::Sign(sign) = *self.next()? else {
            return Err(Failed::Odd);
        };
        let params = self.params;
        let value = match self.next()? {
            Word::Text(text) => Cell::Text(text.clone()),
            Word::Number(number) => Cell::Field(Value::Float(*number)),
            Word::Name(name) if name.eq_ignore_ascii_case("true") => {
                Cell::Field(Value::Boolean(true))
            }
            Word::Name(name) if name.eq_ignore_ascii_case("false") => {
                Cell::Field(Value::Boolean(false))
            }
            Word::Param(name) => match params.get(name) {
                Some(Json::String(text)) => Cell::Text(text.clone()),
                Some(Json::Bool(value)) => Cell::Field(Value::Boolean(*value)),
                Some(Json::Number(number)) => match (number.as_i64(), number.as_u64()) {
                    (Some(whole), _) => Cell::Field(Value::Integer(whole)),
                    (_, Some(whole)) => Cell::Field(Value::Unsigned(whole)),
                    _ => Cell::Field(Value::Float(number.as_f64().unwrap_or(f64::NAN))),
                },
                _ => {
                    return Err(Failed::Planning(format!(
                        "Error during planning: No value found for placeholder with name ${name}"
                    )));
                }
            },
            _ => return Err(Failed::Odd),
        };
        Ok((column, sign, value))
    }
}

fn run(
    asked: &Asked,
    tables: &Tables,
    bucket: Option<&Bucket>,
) -> Result<(Vec<String>, Rows), Failed> {
    if ["pretty", "parquet"].contains(&asked.format.as_str()) {
        return Err(Failed::Odd);
    }
    let words = words(&asked.q, asked.influxql).ok_or(Failed::Odd)?;
    let select = Parser {
        words: &words,
        at: 0,
        params: &asked.params,
        influxql: asked.influxql,
    }
    .select()?;
    let table = &select.table;
    let schema = match tables.get(table) {
        Some(schema) => schema,
        // In InfluxQL a table without points doesn't exist.
        None if asked.influxql => return Ok((Vec::new(), Vec::new())),
        None => {
            let words = format!("Error during planning: table 'public.iox.{table}' not found");
            return Err(Failed::Planning(words));
        }
    };
    let mut columns = select.columns;
    if columns.is_empty() {
        let all = schema
            .keys()
            .filter(|name| !asked.influxql || *name != "time");
        columns = all.map(|name| (name.clone(), name.clone())).collect();
    }
    if asked.influxql {
        columns.retain(|(column, _)| column != "time");
        columns.insert(0, ("time".into(), "time".into()));
    }
    let used = columns.iter().map(|(column, _)| column);
    let used = used.chain(select.conditions.iter().map(|(column, ..)| column));
    for column in used.chain(select.order.iter().map(|(column, _)| column)) {
        if !schema.contains_key(column) && !asked.influxql {
            return Err(no_field(column, table, schema));
        }
    }
    let mut rows = rows_of(bucket, table);
    rows.retain(|row| {
        let mut conditions = select.conditions.iter();
        conditions.all(|(column, sign, value)| holds(cell(row, column), sign, value))
    });
    if asked.influxql && select.order.is_empty() {
        rows.sort_by(|a, b| compare(&cell(a, "time"), &cell(b, "time")));
    }
    rows.sort_by(|a, b| {
        let keys = select.order.iter().map(|(column, descending)| {
            let order = compare(&cell(a, column), &cell(b, column));
            if *descending { order.reverse() } else { order }
        });
        keys.fold(Ordering::Equal, Ordering::then)
    });
    rows.truncate(select.limit);
    let mut names: Vec<String> = columns.iter().map(|(_, name)| name.clone()).collect();
    let cells = |row: &Row| {
        columns
            .iter()
            .map(|(column, _)| cell(row, column))
            .collect()
    };
    let mut cells: Rows = rows.iter().map(cells).collect();
    if asked.influxql {
        names.insert(0, "iox::measurement".into());
        for row in &mut cells {
            row.insert(0, Cell::Text(table.clone()));
        }
    }
    Ok((names, cells))
}

fn no_field(column: &str, table: &str, schema: &Columns) -> Failed {
    let valid: Vec<_> = schema
        .keys()
        .map(|name| format!("{table}.{name}"))
        .collect();
    Failed::Planning(format!(
        "Schema error: No field named {column}. Valid fields are {}.",
        valid.join(", ")
    ))
}

type Row = BTreeMap<String, Cell>;

fn cell(row: &Row, column: &str) -> Cell {
    row.get(column).cloned().unwrap_or(Cell::Null)
}

/// The rows of a table: its points of one series and time are one.
fn rows_of(bucket: Option<&Bucket>, table: &str) -> Vec<Row> {
    let mut rows: BTreeMap<(Vec<(String, String)>, i64), Row> = BTreeMap::new();
    let points = bucket.map(Bucket::points).unwrap_or_default().into_iter();
    for point in points.filter(|point| point.measurement == table) {
        let row = rows.entry((point.tags.clone(), point.time)).or_default();
        for (key, value) in point.tags {
            row.insert(key, Cell::Text(value));
        }
        row.insert("time".into(), Cell::Time(point.time));
        let value = match point.value {
            Value::String(text) => Cell::Text(text),
            value => Cell::Field(value),
        };
        row.insert(point.field, value);
    }
    rows.into_values().collect()
}

fn holds(cell: Cell, sign: &str, value: &Cell) -> bool {
    if *value == Cell::Null {
        return (cell == Cell::Null) == (sign == "=");
    }
    if cell == Cell::Null {
        return false;
    }
    let value = match (&cell, value) {
        (Cell::Time(_), Cell::Text(text)) => {
            let zoned = format!("{}Z", text.trim_end_matches('Z').replace(' ', "T"));
            time::parse(&zoned).map_or(Cell::Null, Cell::Time)
        }
        _ => value.clone(),
    };
    let order = compare(&cell, &value);
    match sign {
        "=" => order == Ordering::Equal,
        "<>" | "!=" => order != Ordering::Equal,
        ">" => order == Ordering::Greater,
        ">=" => order != Ordering::Less,
        "<" => order == Ordering::Less,
        _ => order != Ordering::Greater,
    }
}

/// Nulls come last, as in SQL.
fn compare(a: &Cell, b: &Cell) -> Ordering {
    let number = |cell: &Cell| match cell {
        Cell::Field(Value::Float(v)) => Some(*v),
        Cell::Field(Value::Integer(v)) => Some(*v as f64),
        Cell::Field(Value::Unsigned(v)) => Some(*v as f64),
        Cell::Field(Value::Boolean(v)) => Some(f64::from(u8::from(*v))),
        Cell::Time(v) => Some(*v as f64),
        _ => None,
    };
    match (a, b) {
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::Time(a), Cell::Time(b)) => a.cmp(b),
        (Cell::Field(Value::Integer(a)), Cell::Field(Value::Integer(b))) => a.cmp(b),
        (Cell::Field(Value::Unsigned(a)), Cell::Field(Value::Unsigned(b))) => a.cmp(b),
        (Cell::Null, Cell::Null) => Ordering::Equal,
        (Cell::Null, _) => Ordering::Greater,
        (_, Cell::Null) => Ordering::Less,
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        },
    }
}

fn content_type(format: &str) -> &'static str {
    match format {
        "csv" => "text/csv",
        "jsonl" => "application/jsonl",
        _ => "application/json",
    }
}

fn encode(format: &str, columns: &[String], rows: &Rows) -> String {
    if format == "csv" {
        let mut out = String::new();
        if !rows.is_empty() {
            let names = columns.iter().map(|name| Cell::Text(name.clone()));
            csv_record(names.collect::<Vec<_>>().as_slice(), &mut out);
        }
        for row in rows {
            csv_record(row, &mut out);
        }
        return out;
    }
    let objects = rows.iter().map(|row| {
        let members = columns.iter().zip(row).filter_map(|(name, cell)| {
            Some(format!("{}:{}", Json::from(name.as_str()), json(cell)?))
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    });
    match format {
        "jsonl" => objects.map(|object| object + "\n").collect(),
        _ => format!("[{}]", objects.collect::<Vec<_>>().join(",")),
    }
}

/// A value in JSON; a null is omitted.
fn json(cell: &Cell) -> Option<String> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Text(text) => Json::from(text.as_str()).to_string(),
        Cell::Time(nanos) => format!("\"{}\"", local(*nanos)),
        Cell::Field(Value::Float(v)) if !v.is_finite() => "null".into(),
        Cell::Field(Value::Float(v)) => {
            let text = format!("{v:?}");
            match text.split_once('e') {
                Some((digits, power)) if !digits.contains('.') => format!("{digits}.0e{power}"),
                _ => text,
            }
        }
        Cell::Field(value) => value.to_string(),
    })
}

/// Times have no zone.
fn local(nanos: i64) -> String {
    time::format(nanos).trim_end_matches('Z').to_owned()
}

fn csv_record(cells: &[Cell], out: &mut String) {
    let start = out.len();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        match cell {
            Cell::Null => {}
            Cell::Text(text) if text.contains(['"', ',', '\n', '\r']) => {
                out.push_str(&format!("\"{}\"", text.replace('"', "\"\"")));
            }
            Cell::Text(text) => out.push_str(text),
            Cell::Time(nanos) => out.push_str(&local(*nanos)),
            Cell::Field(Value::Float(v)) => out.push_str(&format!("{v:?}")),
            Cell::Field(value) => out.push_str(&value.to_string()),
        }
    }
    // A record of one empty cell must not be an empty line.
    if out.len() == start {
        out.push_str("\"\"");
    }
    out.push('\n');
}
