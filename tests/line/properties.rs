//! Random lines: refused by us, or read back equal by two readers that share no code with us: the
//! published parser of InfluxDB 3, and the grammar in `common::line::grammar`.
//!
//! `INFLUX_EDGE_CASES` sets the number of cases, `INFLUX_EDGE_SEED` the seed.

use crate::common::line::arbitrary;
use crate::common::line::{Spec, Value, encode, grammar};
use crate::common::random::{Draw, Rng};
use influx_edge::line::{EncodeError, Encoder, FieldKey, Part, Series, Text, sanitize};
use influx_edge::{Precision, Timestamp};
use influxdb_line_protocol as official;

fn cases() -> u64 {
    let set = std::env::var("INFLUX_EDGE_CASES").ok();
    set.and_then(|n| n.parse().ok()).unwrap_or(10_000)
}

fn seed() -> u64 {
    let set = std::env::var("INFLUX_EDGE_SEED").ok();
    let seed = set.and_then(|n| n.parse().ok()).unwrap_or(20_260_101);
    println!("seed {seed}");
    seed
}

/// What a reader should make of the line: absent tags and missing fields are not there.
fn expected(spec: &Spec) -> grammar::Parsed {
    let keep = |(_, value): &&(String, Value)| *value != Value::Missing;
    grammar::Parsed {
        measurement: spec.measurement.clone(),
        tags: spec
            .tags
            .iter()
            .filter(|(_, v)| !v.is_empty())
            .cloned()
            .collect(),
        fields: spec.fields.iter().filter(keep).cloned().collect(),
        time: spec.time,
    }
}

fn official_reading(line: &str) -> grammar::Parsed {
    let lines: Vec<_> = official::parse_lines(line).collect();
    assert_eq!(lines.len(), 1, "{line:?}");
    let line = lines[0]
        .as_ref()
        .unwrap_or_else(|e| panic!("{line:?}: {e}"));
    let tags = line.series.tag_set.iter().flatten();
    let value = |v: &official::FieldValue<'_>| match v {
        official::FieldValue::I64(v) => Value::Integer(*v),
        official::FieldValue::U64(v) => Value::Unsigned(*v),
        official::FieldValue::F64(v) => Value::Float(*v),
        official::FieldValue::String(v) => Value::Text(v.to_string()),
        official::FieldValue::Boolean(v) => Value::Boolean(*v),
    };
    grammar::Parsed {
        measurement: line.series.measurement.to_string(),
        tags: tags.map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        fields: line
            .field_set
            .iter()
            .map(|(k, v)| (k.to_string(), value(v)))
            .collect(),
        time: line.timestamp,
    }
}

/// `PartialEq` of floats does not see the sign of zero.
fn same(a: &grammar::Parsed, b: &grammar::Parsed) -> bool {
    let bits = |p: &grammar::Parsed| -> Vec<_> {
        let bits = |v: &Value| match v {
            Value::Float(f) => Some(f.to_bits()),
            _ => None,
        };
        p.fields.iter().map(|(_, v)| bits(v)).collect()
    };
    a == b && bits(a) == bits(b)
}

/// What no accepted line may hold, whatever the readers say.
fn looks_right(line: &str) {
    let body = line.strip_suffix('\n').expect("a newline at the end");
    assert!(!body.ends_with(['\r', ' ']), "{line:?}");
    assert!(!body.starts_with([' ', '#']), "{line:?}");
    // Outside of strings there are no control characters; the readers see to the strings.
    let strings = body.split('"').skip(1).step_by(2).collect::<String>();
    let controls = |text: &str| text.chars().filter(|c| *c < ' ' || *c == '\x7F').count();
    assert!(controls(body) == 0 || !strings.is_empty(), "{line:?}");
}

/// One case: true if the line was accepted.
fn check(spec: &Spec) -> bool {
    let line = match encode(spec) {
        Ok(line) => line,
        Err(error) => {
            assert!(!matches!(
                error,
                EncodeError::BufferFull | EncodeError::Sink
            ));
            assert!(refusal_is_right(spec, error), "{spec:?}: {error:?}");
            return false;
        }
    };
    looks_right(&line);
    let want = expected(spec);
    assert_eq!(grammar::lines(&line).len(), 1, "{line:?}");
    let ours =
        grammar::parse(line.trim_end_matches('\n')).unwrap_or_else(|e| panic!("{line:?}: {e}"));
    assert!(same(&ours, &want), "{line:?}\n{ours:?}\n{want:?}");
    let theirs = official_reading(&line);
    assert!(same(&theirs, &want), "{line:?}\n{theirs:?}\n{want:?}");
    true
}

/// The refused text, found by the place in the error, has what the error says.
fn refusal_is_right(spec: &Spec, error: EncodeError) -> bool {
    let Some(place) = error.location() else {
        let fields = spec
            .fields
            .iter()
            .filter(|(_, v)| *v != Value::Missing)
            .count();
        return error == EncodeError::NoFields && fields == 0;
    };
    let index = usize::from(place.index);
    // Absent tags and missing fields are not counted.
    let tags: Vec<_> = spec.tags.iter().collect();
    let texts: Vec<&str> = match place.part {
        Part::Measurement => vec![&spec.measurement],
        Part::TagKey => tags.iter().map(|(k, _)| k.as_str()).skip(index).collect(),
        Part::TagValue => tags.iter().map(|(_, v)| v.as_str()).skip(index).collect(),
        _ => spec
            .fields
            .iter()
            .map(|(k, _)| k.as_str())
            .skip(index)
            .collect(),
    };
    let at = place.offset as usize;
    let any = |is: &dyn Fn(&str) -> bool| texts.iter().any(|t| is(t));
    match error {
        EncodeError::Empty(_) => any(&|t| t.is_empty()),
        EncodeError::Comment => spec.measurement.starts_with('#'),
        EncodeError::ControlCharacter(_, code) => {
            let here = |t: &str| t.get(at..).and_then(|rest| rest.chars().next());
            any(&|t| here(t) == Some(char::from(code)))
        }
        EncodeError::Backslash(_) => any(&|t| t.as_bytes().get(at) == Some(&b'\\')),
        EncodeError::StorageSeparator(_) => {
            any(&|t| t.as_bytes()[at.min(t.len())..].starts_with(b"#!~"))
        }
        EncodeError::Reserved(_) => any(&|t| t == "time" || t.starts_with('_')),
        EncodeError::Duplicate(_) => any(&|t| {
            spec.tags.iter().filter(|(k, _)| k == t).count() > 1
                || spec.fields.iter().filter(|(k, _)| k == t).count() > 1
        }),
        EncodeError::NotFinite(_) => spec
            .fields
            .iter()
            .any(|(_, v)| matches!(v, Value::Float(f) if !f.is_finite())),
        EncodeError::TimestampOutOfRange => {
            let time = i128::from(spec.time.expect("a time")) * i128::from(spec.precision.nanos());
            time < i128::from(i64::MIN) + 2 || time > i128::from(i64::MAX) - 2
        }
        _ => false,
    }
}

#[test]
fn every_line_is_refused_or_read_back_equal() {
    let mut rng = Rng::with_seed(seed());
    for calm in [2, 8, 30, 1_000] {
        let accepted = (0..cases())
            .filter(|_| check(&arbitrary::spec(&mut rng, calm)))
            .count() as u64;
        println!(
            "one piece in {calm} makes trouble: {accepted} of {} accepted",
            cases()
        );
        // A test that refuses everything, or nothing, says nothing.
        assert!(accepted > cases() / 200, "too few accepted");
        assert!(accepted < cases(), "nothing refused");
    }
}

#[test]
fn a_batch_is_read_back_line_by_line() {
    let mut rng = Rng::with_seed(seed() ^ 1);
    for _ in 0..cases() / 100 {
        let mut enc = Encoder::with_sink(Vec::new());
        let mut want = Vec::new();
        for _ in 0..50 {
            let spec = arbitrary::spec(&mut rng, 10);
            if spec.write(&mut enc).is_ok() {
                want.push(expected(&spec));
            }
        }
        assert_eq!(enc.line_count(), want.len());
        let body = String::from_utf8(enc.into_sink()).unwrap();
        let lines = grammar::lines(&body);
        assert_eq!(lines.len(), want.len());
        for (line, want) in lines.iter().zip(&want) {
            assert!(same(&grammar::parse(line).unwrap(), want), "{line:?}");
        }
        let theirs = official::parse_lines(&body).filter(Result::is_ok).count();
        assert_eq!(theirs, want.len(), "{body:?}");
    }
}

#[test]
fn every_way_to_write_a_line_writes_the_same() {
    let mut rng = Rng::with_seed(seed() ^ 2);
    for _ in 0..cases() {
        let spec = arbitrary::spec(&mut rng, 6);
        let direct = encode(&spec);

        // Through a series, whose tags are checked when it is built.
        let mut series = Series::<2_048>::new(&spec.measurement);
        for (key, value) in &spec.tags {
            series = series.and_then(|series| series.tag(key, value));
        }
        let mut fields_only = spec.clone();
        fields_only.tags.clear();
        let through_series = series.and_then(|series| {
            let mut enc = Encoder::with_sink(Vec::new()).precision(spec.precision);
            let mut line = enc.series(&series).fields();
            for (key, value) in &spec.fields {
                line = match value {
                    Value::Float(v) => line.field(key, Some(*v)),
                    Value::Integer(v) => line.field(key, v),
                    Value::Unsigned(v) => line.field(key, v),
                    Value::Boolean(v) => line.field(key, v),
                    // Formatted in place instead of copied.
                    Value::Text(v) => line.field(key, Text(v)),
                    Value::Missing => line.field(key, None::<&str>),
                };
            }
            match spec.time {
                Some(time) => line.timestamp(time)?,
                None => line.finish()?,
            }
            Ok(String::from_utf8(enc.into_sink()).unwrap())
        });
        assert_eq!(through_series, direct, "{spec:?}");

        // With every field's key prepared.
        let mut enc = Encoder::with_sink(Vec::new()).precision(spec.precision);
        let mut line = enc.line(&spec.measurement);
        for (key, value) in &spec.tags {
            line = line.tag(key, value);
        }
        let mut line = line.fields();
        let mut refused = false;
        for (key, value) in &spec.fields {
            let Ok(key) = FieldKey::<128>::new(key) else {
                refused = true;
                continue;
            };
            line = match value {
                Value::Float(v) => line.field(&key, *v),
                Value::Integer(v) => line.field(&key, *v),
                Value::Unsigned(v) => line.field(&key, *v),
                Value::Boolean(v) => line.field(&key, *v),
                Value::Text(v) => line.field(&key, v),
                Value::Missing => line.field(&key, None::<i8>),
            };
        }
        let done = match spec.time {
            Some(time) => line.timestamp(time),
            None => line.finish(),
        };
        if !refused {
            let prepared = done.map(|()| String::from_utf8(enc.into_sink()).unwrap());
            assert_eq!(prepared, direct, "{spec:?}");
        }

        // With every tag's value formatted in place.
        let mut enc = Encoder::with_sink(Vec::new()).precision(spec.precision);
        let mut line = enc.line(&spec.measurement);
        for (key, value) in &spec.tags {
            line = line.tag(key, format_args!("{value}"));
        }
        let mut line = line.fields();
        for (key, value) in &spec.fields {
            line = match value {
                Value::Float(v) => line.field(key, *v),
                Value::Integer(v) => line.field(key, *v),
                Value::Unsigned(v) => line.field(key, *v),
                Value::Boolean(v) => line.field(key, *v),
                Value::Text(v) => line.field(key, format_args!("{v}")),
                Value::Missing => line.field(key, None::<u64>),
            };
        }
        let done = spec
            .time
            .map_or_else(|| Ok(None), |t| Ok::<_, EncodeError>(Some(t)));
        let done = match done.unwrap() {
            Some(time) => line.timestamp(time),
            None => line.finish(),
        };
        let formatted = done.map(|()| String::from_utf8(enc.into_sink()).unwrap());
        assert_eq!(formatted, direct, "{spec:?}");
    }
}

#[test]
fn sanitized_names_are_accepted_and_good_ones_untouched() {
    let mut rng = Rng::with_seed(seed() ^ 4);
    for _ in 0..cases() {
        let text = arbitrary::text(&mut rng, 8, 2);
        for part in [
            Part::Measurement,
            Part::TagKey,
            Part::TagValue,
            Part::FieldKey,
        ] {
            let clean = sanitize(part, &text).to_string();
            let line = |name: &str| {
                let one = Value::Integer(1);
                encode(&match part {
                    Part::Measurement => Spec::new(name).field("f", one),
                    Part::TagKey => Spec::new("m").tag(name, "v").field("f", one),
                    Part::TagValue => Spec::new("m").tag("k", name).field("f", one),
                    _ => Spec::new("m").field(name, one),
                })
            };
            assert!(line(&clean).is_ok(), "{part:?} {text:?} {clean:?}");
            if line(&text).is_ok() {
                assert_eq!(clean, text);
            }
            assert_eq!(sanitize(part, &clean).to_string(), clean);
        }
    }
}

#[test]
fn times_are_brought_to_the_precision_by_rounding_down() {
    let mut rng = Rng::with_seed(seed() ^ 5);
    for _ in 0..cases() {
        let nanos = match rng.below(64) {
            0 => i64::MAX - rng.below(4) as i64,
            1 => i64::MIN + rng.below(4) as i64,
            shift => rng.bits() as i64 >> shift,
        };
        for precision in [
            Precision::Second,
            Precision::Millisecond,
            Precision::Microsecond,
            Precision::Nanosecond,
        ] {
            let mut enc = Encoder::with_sink(Vec::new()).precision(precision);
            let done = enc
                .line("m")
                .field("f", 1)
                .timestamp(Timestamp::from_nanos(nanos));
            let floor = i128::from(nanos).div_euclid(i128::from(precision.nanos()));
            let scaled = floor * i128::from(precision.nanos());
            let storable = i128::from(i64::MIN) + 2..=i128::from(i64::MAX) - 2;
            let fits = storable.contains(&scaled) && storable.contains(&i128::from(nanos));
            assert_eq!(done.is_ok(), fits, "{nanos} {precision:?}");
            if fits {
                assert_eq!(enc.as_bytes(), format!("m f=1i {floor}\n").as_bytes());
            }
        }
    }
}

#[test]
fn system_times_before_and_after_1970() {
    use std::time::{Duration, UNIX_EPOCH};
    let after = UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
    let before = UNIX_EPOCH - Duration::new(1, 500_000_000);
    for (time, precision, text) in [
        (after, Precision::Nanosecond, "1700000000123456789"),
        (after, Precision::Millisecond, "1700000000123"),
        (before, Precision::Nanosecond, "-1500000000"),
        (before, Precision::Second, "-2"),
    ] {
        let mut enc = Encoder::with_sink(Vec::new()).precision(precision);
        enc.line("m").field("f", 1).timestamp(time).unwrap();
        assert_eq!(enc.as_bytes(), format!("m f=1i {text}\n").as_bytes());
    }
    let far = UNIX_EPOCH + Duration::from_secs(10_000_000_000);
    let mut enc = Encoder::with_sink(Vec::new());
    let refused = enc.line("m").field("f", 1).timestamp(far);
    assert_eq!(refused, Err(EncodeError::TimestampOutOfRange));
    // What was wrong first is what is said.
    let refused = enc.line("").field("f", 1).timestamp(far);
    assert!(matches!(refused, Err(EncodeError::Empty(_))));
}
