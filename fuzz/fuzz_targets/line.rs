//! Line protocol: any point is rejected, or encoded to one line that the published parser of
//! InfluxDB 3 reads back as the same point.

#![no_main]

use arbitrary::Arbitrary;
use influx_edge::line::{EncodeError, Encoder};
use influxdb_line_protocol::{FieldValue, parse_lines};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Clone, Debug)]
struct Input {
    measurement: String,
    time: Option<i64>,
    tags: Vec<(String, String)>,
    fields: Vec<(String, Value)>,
}

#[derive(Arbitrary, Clone, Debug)]
enum Value {
    Float(f64),
    Integer(i64),
    Unsigned(u64),
    Boolean(bool),
    Text(String),
    Missing,
}

/// A value as the parser returns it; a float as its bits, which tell 0.0 from -0.0.
#[derive(Debug, PartialEq)]
enum Read {
    Float(u64),
    Integer(i64),
    Unsigned(u64),
    Boolean(bool),
    Text(String),
}

const BEFORE: &str = "before,t=1 f=1i 1\n";

fuzz_target!(|input: Input| {
    let mut encoder = Encoder::with_sink(Vec::new());
    encoder
        .line("before")
        .tag("t", "1")
        .field("f", 1)
        .timestamp(1)
        .expect("a valid line");
    let result = encode(&mut encoder, &input);
    let text = std::str::from_utf8(encoder.as_bytes()).expect("UTF-8");
    let line = text
        .strip_prefix(BEFORE)
        .expect("the line before is intact");
    if result.is_err() {
        assert_eq!(line, "", "a rejected line leaves nothing behind");
        return;
    }
    assert_eq!(encoder.line_count(), 2);
    compare(line, &input);
});

fn encode(encoder: &mut Encoder<Vec<u8>>, input: &Input) -> Result<(), EncodeError> {
    let mut line = encoder.line(&input.measurement);
    for (key, value) in &input.tags {
        line = line.tag(key, value);
    }
    let mut line = line.fields();
    for (key, value) in &input.fields {
        line = match value {
            Value::Float(v) => line.field(key, *v),
            Value::Integer(v) => line.field(key, *v),
            Value::Unsigned(v) => line.field(key, *v),
            Value::Boolean(v) => line.field(key, *v),
            Value::Text(v) => line.field(key, v),
            Value::Missing => line.field(key, None::<f64>),
        };
    }
    match input.time {
        Some(time) => line.timestamp(time),
        None => line.finish(),
    }
}

fn compare(text: &str, input: &Input) {
    let lines: Vec<_> = parse_lines(text).collect();
    assert_eq!(lines.len(), 1, "{text:?}");
    let line = match &lines[0] {
        Ok(line) => line,
        Err(error) => panic!("{text:?}: {error}"),
    };
    assert_eq!(
        line.series.measurement.as_str(),
        input.measurement,
        "{text:?}"
    );
    assert_eq!(line.timestamp, input.time, "{text:?}");

    let tags = line.series.tag_set.iter().flatten();
    let tags: Vec<_> = tags.map(|(k, v)| (k.to_string(), v.to_string())).collect();
    // A tag with an empty value is left out.
    let expected: Vec<_> = input
        .tags
        .iter()
        .filter(|(_, v)| !v.is_empty())
        .cloned()
        .collect();
    assert_eq!(tags, expected, "{text:?}");

    let read = |value: &FieldValue<'_>| match value {
        FieldValue::F64(v) => Read::Float(v.to_bits()),
        FieldValue::I64(v) => Read::Integer(*v),
        FieldValue::U64(v) => Read::Unsigned(*v),
        FieldValue::Boolean(v) => Read::Boolean(*v),
        FieldValue::String(v) => Read::Text(v.to_string()),
    };
    let fields: Vec<_> = line
        .field_set
        .iter()
        .map(|(k, v)| (k.to_string(), read(v)))
        .collect();
    let expected: Vec<_> = input
        .fields
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), written(value)?)))
        .collect();
    assert_eq!(fields, expected, "{text:?}");
}

fn written(value: &Value) -> Option<Read> {
    Some(match value {
        Value::Float(v) => Read::Float(v.to_bits()),
        Value::Integer(v) => Read::Integer(*v),
        Value::Unsigned(v) => Read::Unsigned(*v),
        Value::Boolean(v) => Read::Boolean(*v),
        Value::Text(v) => Read::Text(v.clone()),
        Value::Missing => return None,
    })
}
