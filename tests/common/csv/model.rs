//! Random documents in the server's dialect, and what they mean: a writer that shares nothing with
//! the decoder.

use super::{Column, Event, NAN, Value};
use crate::common::random::{Draw, Rng};

/// A document and its meaning.
pub(crate) struct Document {
    pub body: Vec<u8>,
    pub events: Vec<Event>,
}

/// The annotations that are written, in their order.
struct Dialect {
    annotations: Vec<&'static str>,
    /// Quote cells that don't need it, too.
    eager_quotes: bool,
}

impl Dialect {
    fn has(&self, annotation: &str) -> bool {
        self.annotations.contains(&annotation)
    }
}

struct Schema {
    names: Vec<String>,
    datatypes: Vec<&'static str>,
    groups: Vec<bool>,
    /// As text; empty if there is none.
    defaults: Vec<String>,
}

const TYPES: [&str; 11] = [
    "string",
    "string",
    "long",
    "unsignedLong",
    "double",
    "boolean",
    "dateTime:RFC3339",
    "dateTime:RFC3339Nano",
    "duration",
    "base64Binary",
    "somethingNew",
];

const NAMES: [&str; 14] = [
    "_time",
    "_value",
    "_field",
    "_measurement",
    "_start",
    "_stop",
    "station",
    "result",
    "table",
    "error",
    "reference",
    "a,b",
    "quote \" name",
    "größe 😀",
];

pub(crate) fn document(random: &mut Rng) -> Document {
    let mut annotations = vec!["datatype", "group", "default"];
    for left in (1..annotations.len()).rev() {
        annotations.swap(left, random.below(left + 1));
    }
    if random.chance(30) {
        annotations.truncate(random.below(3));
    }
    let dialect = Dialect {
        annotations,
        eager_quotes: random.chance(20),
    };
    let mut document = Document {
        body: Vec::new(),
        events: Vec::new(),
    };
    for result in 0..random.below(4) {
        let result = ["_result", "mean", "with, comma", "ünï"][result];
        let mut id = 0;
        for _ in 0..random.below(4) {
            let schema = schema(random, &dialect);
            block(random, &dialect, &schema, result, &mut id, &mut document);
        }
    }
    if document.body.is_empty() {
        document.body = b"\r\n".to_vec();
    }
    match random.below(10) {
        0 => error_table(random, &dialect, &mut document),
        1 if !document.events.is_empty() => {
            document
                .body
                .extend(b"{\"code\":\"internal error\",\"message\":\"a \\\"panic\\\"\"}");
            document.events.push(Event::Server {
                message: "a \"panic\"".into(),
                code: "internal error".into(),
            });
        }
        _ => {}
    }
    document
}

fn schema(random: &mut Rng, dialect: &Dialect) -> Schema {
    let columns = 1 + random.below(7);
    let datatypes: Vec<_> = (0..columns).map(|_| *random.pick(&TYPES)).collect();
    let defaults = datatypes.iter().map(|data_type| {
        if dialect.has("default") && random.chance(15) {
            text(random, data_type)
        } else {
            String::new()
        }
    });
    let defaults = defaults.collect();
    Schema {
        names: (0..columns)
            .map(|_| (*random.pick(&NAMES)).to_owned())
            .collect(),
        groups: (0..columns).map(|_| random.chance(40)).collect(),
        datatypes,
        defaults,
    }
}

fn block(
    random: &mut Rng,
    dialect: &Dialect,
    schema: &Schema,
    result: &str,
    id: &mut u64,
    document: &mut Document,
) {
    let empty = random.chance(15);
    let body = &mut document.body;
    for annotation in &dialect.annotations {
        let mut cells = vec![format!("#{annotation}")];
        match *annotation {
            "datatype" => {
                cells.extend(["string".into(), "long".into()]);
                cells.extend(
                    schema
                        .datatypes
                        .iter()
                        .map(|data_type| (*data_type).to_owned()),
                );
            }
            "group" => {
                cells.extend(["false".into(), "false".into()]);
                cells.extend(schema.groups.iter().map(bool::to_string));
            }
            _ => {
                let id = if empty { id.to_string() } else { String::new() };
                cells.extend([result.to_owned(), id]);
                cells.extend(schema.defaults.iter().cloned());
            }
        }
        row(random, dialect, &cells, body);
    }
    let mut header = vec![String::new(), "result".into(), "table".into()];
    header.extend(schema.names.iter().cloned());
    row(random, dialect, &header, body);
    let columns: Vec<Column> = (0..schema.names.len())
        .map(|index| {
            let data_type = if dialect.has("datatype") {
                schema.datatypes[index]
            } else {
                "string"
            };
            Column {
                name: schema.names[index].clone(),
                data_type: match data_type {
                    "somethingNew" => "unknown".into(),
                    "dateTime:RFC3339Nano" => "dateTime:RFC3339".into(),
                    known => known.into(),
                },
                group: dialect.has("group") && schema.groups[index],
                default: value(data_type, &schema.defaults[index]),
            }
        })
        .collect();
    if empty {
        let known = dialect.has("default");
        document.events.push(Event::Table {
            result: if known { result.into() } else { String::new() },
            id: known.then_some(*id),
            columns: columns.clone(),
            rows: Vec::new(),
        });
        *id += 1;
    } else {
        for _ in 0..1 + random.below(3) {
            let mut rows = Vec::new();
            for _ in 0..1 + random.below(4) {
                let name = if dialect.has("default") { "" } else { result };
                let mut cells = vec![String::new(), name.into(), id.to_string()];
                let mut values = Vec::new();
                for (index, column) in columns.iter().enumerate() {
                    let data_type = schema.datatypes[index];
                    let mut text = if random.chance(15) {
                        String::new()
                    } else {
                        text(random, data_type)
                    };
                    // A row that reads like a header can't come from a server: `table` is a number.
                    if text.is_empty() {
                        values.push(column.default.clone());
                    } else {
                        let data_type = if dialect.has("datatype") {
                            data_type
                        } else {
                            "string"
                        };
                        values.push(value(data_type, &text));
                    }
                    text = text.replace('\n', "\r\n");
                    cells.push(text);
                }
                row(random, dialect, &cells, body);
                rows.push(values);
            }
            document.events.push(Event::Table {
                result: result.into(),
                id: Some(*id),
                columns: columns.clone(),
                rows,
            });
            *id += 1;
        }
    }
    body.extend(b"\r\n");
}

fn error_table(random: &mut Rng, dialect: &Dialect, document: &mut Document) {
    let body = &mut document.body;
    body.extend(b"\r\n".repeat(random.below(3)));
    for annotation in &dialect.annotations {
        let row: &[u8] = match *annotation {
            "datatype" => b"#datatype,string,string\r\n",
            "group" => b"#group,true,true\r\n",
            _ => b"#default,,\r\n",
        };
        body.extend(row);
    }
    body.extend(b",error,reference\r\n");
    let mut message = text(random, "string");
    if random.chance(20) {
        // The value row is missing.
        message.clear();
    } else {
        let cells = [String::new(), message.replace('\n', "\r\n"), "897".into()];
        row(random, dialect, &cells, body);
        if random.chance(30) {
            // No line end either.
            body.truncate(body.len() - 2);
        }
    }
    let code = if message.is_empty() && body.ends_with(b"reference\r\n") {
        ""
    } else {
        "897"
    };
    document.events.push(Event::Server {
        message,
        code: code.into(),
    });
}

fn row(random: &mut Rng, dialect: &Dialect, cells: &[String], body: &mut Vec<u8>) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        let needed = cell.contains([',', '"', '\r', '\n']) || cell.starts_with(' ');
        if needed || (dialect.eager_quotes && random.chance(30)) {
            body.push(b'"');
            body.extend(cell.replace('"', "\"\"").bytes());
            body.push(b'"');
        } else {
            body.extend(cell.bytes());
        }
    }
    body.extend(b"\r\n");
}

/// A value as the server writes it; never empty.
fn text(random: &mut Rng, data_type: &str) -> String {
    match data_type {
        "long" => match random.below(5) {
            0 => i64::MIN.to_string(),
            1 => i64::MAX.to_string(),
            _ => ((random.bits() as i64) >> random.below(64)).to_string(),
        },
        "unsignedLong" => match random.below(5) {
            0 => u64::MAX.to_string(),
            _ => (random.bits() >> random.below(64)).to_string(),
        },
        "double" => match random.below(8) {
            0 => "NaN".into(),
            1 => "+Inf".into(),
            2 => "-Inf".into(),
            3 => "-0".into(),
            4 => {
                let float = f64::from_bits(random.bits());
                if float.is_finite() {
                    float.to_string()
                } else {
                    "5".into()
                }
            }
            _ => (random.below(1_000_000) as f64 / 100.0).to_string(),
        },
        "boolean" => (*random.pick(&["true", "false", "TRUE", "False"])).into(),
        "dateTime:RFC3339" | "dateTime:RFC3339Nano" => match random.below(6) {
            0 => instant(i64::MIN),
            1 => instant(i64::MAX),
            2 => instant(random.bits() as i64 / 1_000_000_000 * 1_000_000_000),
            _ => instant(random.bits() as i64),
        },
        "duration" => (*random.pick(&["125", "-1h2m3.5s", "0s"])).into(),
        "base64Binary" => (*random.pick(&["aGVsbG8=", "AA=="])).into(),
        _ => {
            const PARTS: [&str; 20] = [
                "a",
                "b c",
                " ",
                ",",
                ",,",
                "\"",
                "\"\"",
                "\n",
                "\n\n",
                "é",
                "😀",
                "#datatype",
                "#",
                "{\"code\":",
                "}",
                "\\",
                "'",
                "result",
                "true",
                "0",
            ];
            let parts = 1 + random.below(6);
            (0..parts).map(|_| *random.pick(&PARTS)).collect()
        }
    }
}

/// The value of a text in a column of that type.
fn value(data_type: &str, text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    match data_type {
        "string" => Value::String(text.into()),
        "long" => Value::Long(text.parse().unwrap()),
        "unsignedLong" => Value::UnsignedLong(text.parse().unwrap()),
        "double" => Value::Double(match text {
            "NaN" => NAN,
            text => text.parse::<f64>().unwrap().to_bits(),
        }),
        "boolean" => Value::Boolean(text.eq_ignore_ascii_case("true")),
        "dateTime:RFC3339" | "dateTime:RFC3339Nano" => Value::Time(nanos(text)),
        _ => Value::Raw(text.into()),
    }
}

/// RFC 3339 in UTC as Go writes it, by counting years and months.
pub(crate) fn instant(nanos: i64) -> String {
    let second = nanos.div_euclid(1_000_000_000);
    let (mut days, clock) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let mut year = 1970;
    while days < 0 {
        year -= 1;
        days += days_of(year);
    }
    while days >= days_of(year) {
        days -= days_of(year);
        year += 1;
    }
    let mut month = 0;
    while days >= MONTHS[month] + i64::from(month == 1 && days_of(year) == 366) {
        days -= MONTHS[month] + i64::from(month == 1 && days_of(year) == 366);
        month += 1;
    }
    let (hour, minute) = (clock / 3600, clock / 60 % 60);
    let mut text = format!(
        "{year:04}-{:02}-{:02}T{hour:02}:{minute:02}:{:02}",
        month + 1,
        days + 1,
        clock % 60
    );
    let fraction = format!("{:09}", nanos.rem_euclid(1_000_000_000));
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text + "Z"
}

/// The same backwards.
pub(crate) fn nanos(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text.get(range).unwrap().parse::<i128>().unwrap();
    let (year, month) = (number(0..4) as i64, number(5..7) as usize);
    let mut days = number(8..10) - 1;
    for (month, length) in MONTHS.iter().enumerate().take(month - 1) {
        days += i128::from(length + i64::from(month == 1 && days_of(year) == 366));
    }
    for year in 1970..year {
        days += i128::from(days_of(year));
    }
    for year in year..1970 {
        days -= i128::from(days_of(year));
    }
    let seconds = days * 86_400 + number(11..13) * 3600 + number(14..16) * 60 + number(17..19);
    let fraction = text[19..].trim_start_matches('.').trim_end_matches('Z');
    let fraction: i128 = format!("{fraction:0<9}").parse().unwrap();
    (seconds * 1_000_000_000 + fraction).try_into().unwrap()
}

const MONTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn days_of(year: i64) -> i64 {
    if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 {
        366
    } else {
        365
    }
}
