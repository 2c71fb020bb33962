//! Shared code of the encoder's tests: a line as data, its encoding into every sink, and two independent
//! readers.

// Each test program uses a part of it.
#![allow(dead_code)]

pub(crate) mod arbitrary;
pub(crate) mod grammar;
pub(crate) mod text;

use influx_edge::Precision;
use influx_edge::line::{EncodeError, Encoder, IoSink, Sink};

/// A field's value as data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Float(f64),
    Integer(i64),
    Unsigned(u64),
    Boolean(bool),
    Text(String),
    Missing,
}

/// A line as data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spec {
    pub measurement: String,
    pub tags: Vec<(String, String)>,
    pub fields: Vec<(String, Value)>,
    pub time: Option<i64>,
    pub precision: Precision,
}

impl Spec {
    pub(crate) fn new(measurement: &str) -> Spec {
        Spec {
            measurement: measurement.into(),
            tags: Vec::new(),
            fields: Vec::new(),
            time: None,
            precision: Precision::Nanosecond,
        }
    }

    pub(crate) fn tag(mut self, key: &str, value: &str) -> Spec {
        self.tags.push((key.into(), value.into()));
        self
    }

    pub(crate) fn field(mut self, key: &str, value: Value) -> Spec {
        self.fields.push((key.into(), value));
        self
    }

    pub(crate) fn time(mut self, time: i64, precision: Precision) -> Spec {
        self.time = Some(time);
        self.precision = precision;
        self
    }

    /// Writes the line into an encoder.
    pub(crate) fn write<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        let mut line = enc.line(&self.measurement);
        for (key, value) in &self.tags {
            line = line.tag(key, value);
        }
        let mut line = line.fields();
        for (key, value) in &self.fields {
            line = match value {
                Value::Float(v) => line.field(key, *v),
                Value::Integer(v) => line.field(key, *v),
                Value::Unsigned(v) => line.field(key, *v),
                Value::Boolean(v) => line.field(key, *v),
                Value::Text(v) => line.field(key, v),
                Value::Missing => line.field(key, None::<f64>),
            };
        }
        match self.time {
            Some(time) => line.timestamp(time),
            None => line.finish(),
        }
    }
}

/// The lines in the buffer before and after the line under test.
const BEFORE: &str = "before,t=1 f=1i 1\n";
const AFTER: &str = "after f=2i\n";

fn before<S: Sink>(enc: &mut Encoder<S>) -> Result<(), EncodeError> {
    enc.line("before").tag("t", "1").field("f", 1).timestamp(1)
}

fn after<S: Sink>(enc: &mut Encoder<S>) -> Result<(), EncodeError> {
    enc.line("after").field("f", 2).finish()
}

/// Runs `write` through every sink, and through every size of the fixed ones from nothing to one
/// byte more than it needs, between two other lines that must come out untouched.
pub(crate) fn through_every_sink<F>(expected: Result<&str, EncodeError>, write: F)
where
    F: WriteLine,
{
    let text = expected.unwrap_or_default();
    // A refused line may need space before it is found out; no buffer makes it legal.
    let needed = BEFORE.len() + text.len().max(300);
    let last = if expected.is_ok() {
        BEFORE.len() + text.len() + 1
    } else {
        needed
    };

    for size in 0..=last {
        let mut storage = vec![0xEE; size];
        fixed(size, text, expected, Encoder::new(&mut storage), &write);
        fixed(size, text, expected, Encoder::bounded(size), &write);
        drained(size, text, expected, &write);
    }
    growing(text, expected, Encoder::with_sink(Vec::new()), &write);
    growing(
        text,
        expected,
        Encoder::with_sink(heapless::Vec::<u8, 200_000>::new()),
        &write,
    );
}

/// A closure that is generic over the sink.
pub(crate) trait WriteLine {
    fn write<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError>;
    fn precision(&self) -> Precision {
        Precision::Nanosecond
    }
}

impl WriteLine for Spec {
    fn write<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        Spec::write(self, enc)
    }
    fn precision(&self) -> Precision {
        self.precision
    }
}

/// The precision is set behind a first line in nanoseconds: here only one precision is used, so
/// the first line counts in it too.
fn fixed<S: Sink>(
    size: usize,
    text: &str,
    expected: Result<&str, EncodeError>,
    enc: Encoder<S>,
    write: &impl WriteLine,
) {
    let mut enc = enc.precision(write.precision());
    let first = before(&mut enc).is_ok();
    assert_eq!(first, size >= BEFORE.len());
    let start = if first { BEFORE } else { "" };
    // Half a line, dropped, must not show.
    let _ = enc.line("dropped").tag("half", "way");
    let done = write.write(&mut enc);
    let fits = start.len() + text.len() <= size;
    match expected {
        Ok(_) if fits => assert_eq!(done, Ok(()), "{text:?} into {size}"),
        Ok(_) => assert_eq!(done, Err(EncodeError::BufferFull), "{text:?} into {size}"),
        Err(error) => assert!(
            done == Err(error) || done == Err(EncodeError::BufferFull),
            "{done:?} instead of {error:?} into {size}"
        ),
    }
    let line = if done.is_ok() { text } else { "" };
    let so_far = format!("{start}{line}");
    assert_eq!(show(enc.as_bytes()), show(so_far.as_bytes()));
    assert_eq!(enc.lines().bytes.len(), so_far.len());
    assert_eq!(enc.is_empty(), so_far.is_empty());
    assert_eq!(
        enc.line_count(),
        usize::from(first) + usize::from(done.is_ok())
    );
    let last = after(&mut enc);
    assert_eq!(last.is_ok(), so_far.len() + AFTER.len() <= size);
    let all = format!("{so_far}{}", if last.is_ok() { AFTER } else { "" });
    assert_eq!(show(enc.as_bytes()), show(all.as_bytes()));
}

fn growing<S: Sink>(
    text: &str,
    expected: Result<&str, EncodeError>,
    enc: Encoder<S>,
    write: &impl WriteLine,
) {
    let mut enc = enc.precision(write.precision());
    before(&mut enc).unwrap();
    let _ = enc.line("dropped").tag("half", "way");
    assert_eq!(write.write(&mut enc), expected.map(|_| ()), "{text:?}");
    after(&mut enc).unwrap();
    let all = format!("{BEFORE}{text}{AFTER}");
    assert_eq!(show(enc.as_bytes()), show(all.as_bytes()));
}

fn drained(size: usize, text: &str, expected: Result<&str, EncodeError>, write: &impl WriteLine) {
    let mut enc = Encoder::with_sink(IoSink::new(Vec::new(), size)).precision(write.precision());
    let mut all = String::new();
    if before(&mut enc).is_ok() {
        all.push_str(BEFORE);
    }
    let _ = enc.line("dropped").tag("half", "way");
    match (write.write(&mut enc), expected) {
        (Ok(()), Ok(text)) => all.push_str(text),
        // Whole lines leave, so only the line itself must fit.
        (Err(EncodeError::BufferFull), Ok(_)) => assert!(size < text.len()),
        (Err(EncodeError::BufferFull), Err(_)) => {}
        (done, _) => assert_eq!(done, expected.map(|_| ())),
    }
    if after(&mut enc).is_ok() {
        all.push_str(AFTER);
    }
    enc.flush().unwrap();
    assert!(enc.is_empty());
    let out = enc.into_sink().into_writer();
    assert_eq!(show(&out), show(all.as_bytes()));
}

/// Bytes as text that a failed assertion can show.
pub(crate) fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Encodes one line alone, without a limit.
pub(crate) fn encode(spec: &Spec) -> Result<String, EncodeError> {
    let mut enc = Encoder::with_sink(Vec::new()).precision(spec.precision);
    spec.write(&mut enc)?;
    Ok(String::from_utf8(enc.into_sink()).expect("line protocol is UTF-8"))
}
