//! `Point`: the same bytes and the same errors as by the encoder, whatever is set and in which order.

use crate::common::line::{Value, arbitrary};
use crate::common::random::{Draw, Rng};
use influx_edge::line::{DefaultTags, EncodeError, Encoder, Location, Part, Sink, Text};
use influx_edge::{Point, Precision, Timestamp, ToLine};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

/// A tag's value as data.
#[derive(Clone, Debug)]
enum Tag {
    Text(String),
    Display(String),
    Number(i64),
    Flag(bool),
    Letter(char),
    Broken,
    None,
}

/// A field's value as data.
#[derive(Clone, Debug)]
enum Field {
    Plain(Value),
    Single(f32),
    Small(u16),
    Display(String),
    Broken,
}

#[derive(Clone, Copy, Debug)]
enum Time {
    None,
    Count(i64),
    Named(i64, Precision),
    System(u64),
}

/// A `Display` that fails half-way.
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half")?;
        Err(fmt::Error)
    }
}

/// What a point should be.
#[derive(Clone, Debug)]
struct Model {
    measurement: String,
    tags: BTreeMap<String, Tag>,
    fields: Vec<(String, Field)>,
    time: Time,
}

impl Model {
    fn set_field(&mut self, key: &str, value: Field) {
        let known = self.fields.iter().position(|(k, _)| k == key);
        match (known, &value) {
            (Some(at), Field::Plain(Value::Missing)) => drop(self.fields.remove(at)),
            (None, Field::Plain(Value::Missing)) => {}
            (Some(at), _) => self.fields[at].1 = value,
            (None, _) => self.fields.push((key.into(), value)),
        }
    }

    fn formats(&self) -> bool {
        self.tags
            .values()
            .any(|v| matches!(v, Tag::Display(_) | Tag::Broken))
            || self
                .fields
                .iter()
                .any(|(_, v)| matches!(v, Field::Display(_) | Field::Broken))
    }

    fn encode<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        let mut line = enc.line(&self.measurement);
        for (key, value) in &self.tags {
            line = match value {
                Tag::Text(v) => line.tag(key, v),
                Tag::Display(v) => line.tag(key, format_args!("{v}")),
                Tag::Number(v) => line.tag(key, *v),
                Tag::Flag(v) => line.tag(key, *v),
                Tag::Letter(v) => line.tag(key, *v),
                Tag::Broken => line.tag(key, Text(Broken)),
                Tag::None => line.tag(key, None::<u8>),
            };
        }
        let mut line = line.fields();
        for (key, value) in &self.fields {
            line = match value {
                Field::Plain(Value::Float(v)) => line.field(key, *v),
                Field::Plain(Value::Integer(v)) => line.field(key, *v),
                Field::Plain(Value::Unsigned(v)) => line.field(key, *v),
                Field::Plain(Value::Boolean(v)) => line.field(key, *v),
                Field::Plain(Value::Text(v)) => line.field(key, v),
                Field::Plain(Value::Missing) => line,
                Field::Single(v) => line.field(key, *v),
                Field::Small(v) => line.field(key, *v),
                Field::Display(v) => line.field(key, format_args!("{v}")),
                Field::Broken => line.field(key, Text(Broken)),
            };
        }
        match self.time {
            Time::None => line.finish(),
            Time::Count(count) => line.timestamp(count),
            Time::Named(count, precision) => match count.checked_mul(precision.nanos()) {
                Some(nanos) => line.timestamp(Timestamp::from_nanos(nanos)),
                // As an instant that is out of range.
                None => line.timestamp(UNIX_EPOCH + Duration::from_secs(1 << 40)),
            },
            Time::System(secs) => line.timestamp(UNIX_EPOCH + Duration::from_secs(secs)),
        }
    }
}

fn set_tag(point: &mut Point, key: &str, value: &Tag) {
    match value {
        Tag::Text(v) => point.set_tag(key, v),
        Tag::Display(v) => point.set_tag(key, Text(v)),
        Tag::Number(v) => point.set_tag(key, *v),
        Tag::Flag(v) => point.set_tag(key, *v),
        Tag::Letter(v) => point.set_tag(key, *v),
        Tag::Broken => point.set_tag(key, Text(Broken)),
        Tag::None => point.set_tag(key, None::<&str>),
    };
}

fn set_plain<'p>(point: &'p mut Point, key: &str, value: &Value) -> &'p mut Point {
    match value {
        Value::Float(v) => point.set_field(key, *v),
        Value::Integer(v) => point.set_field(key, Some(*v)),
        Value::Unsigned(v) => point.set_field(key, v),
        Value::Boolean(v) => point.set_field(key, *v),
        Value::Text(v) => point.set_field(key, v),
        Value::Missing => point.set_field(key, None::<bool>),
    }
}

fn set_field(point: &mut Point, key: &str, value: &Field) {
    match value {
        Field::Plain(v) => set_plain(point, key, v),
        Field::Single(v) => point.set_field(key, *v),
        Field::Small(v) => point.set_field(key, *v),
        Field::Display(v) => point.set_field(key, Text(v)),
        Field::Broken => point.set_field(key, Text(Broken)),
    };
}

fn set_time(point: Point, time: Time) -> Point {
    match time {
        Time::None => point,
        Time::Count(count) => point.time(count),
        Time::Named(count, Precision::Second) => point.time(Timestamp::from_secs(count)),
        Time::Named(count, Precision::Millisecond) => point.time(Timestamp::from_millis(count)),
        Time::Named(count, Precision::Microsecond) => point.time(Timestamp::from_micros(count)),
        Time::Named(count, Precision::Nanosecond) => point.time(Timestamp::from_nanos(count)),
        Time::System(secs) => point.time(UNIX_EPOCH + Duration::from_secs(secs)),
    }
}

/// A text of any length, so that lengths of one, two and three bytes occur.
fn text(rng: &mut Rng, calm: usize) -> String {
    let text = arbitrary::text(rng, 6, calm);
    match rng.below(30) {
        0 => text.repeat(rng.below(12)),
        1 if rng.one_in(20) => "long ".repeat(13_000 + rng.below(10)),
        _ => text,
    }
}

fn key(rng: &mut Rng, calm: usize) -> String {
    // Few keys, so that they come again.
    if rng.one_in(2) {
        return (*rng.pick(&[
            "a",
            "b",
            "c",
            "dd",
            "e e",
            "temp_c",
            "a-longer-key-of-a-field",
        ]))
        .into();
    }
    text(rng, calm)
}

fn tag(rng: &mut Rng, calm: usize) -> Tag {
    match rng.below(12) {
        0..=5 => Tag::Text(text(rng, calm)),
        6 => Tag::Display(text(rng, calm)),
        7..=8 => Tag::Number(rng.bits() as i64 >> rng.below(64)),
        9 => Tag::Flag(rng.one_in(2)),
        10 => Tag::Letter(*rng.pick(&['a', 'é', '😀', ','])),
        _ if rng.one_in(calm) => Tag::Broken,
        _ => Tag::None,
    }
}

fn field(rng: &mut Rng, calm: usize) -> Field {
    match rng.below(12) {
        0 => Field::Single(f32::from_bits(rng.bits() as u32)),
        1 => Field::Small(rng.bits() as u16),
        2 => Field::Display(text(rng, calm)),
        3 if rng.one_in(calm) => Field::Broken,
        _ => Field::Plain(arbitrary::value(rng, calm)),
    }
}

const PRECISIONS: [Precision; 4] = [
    Precision::Second,
    Precision::Millisecond,
    Precision::Microsecond,
    Precision::Nanosecond,
];

/// The settings of an encoder, drawn once for both.
#[derive(Clone, Copy, Debug)]
struct Rules {
    precision: Precision,
    bits: usize,
}

impl Rules {
    fn apply<S: Sink>(self, sink: S) -> Encoder<S> {
        let on = |bit: usize| self.bits & 1 << bit != 0;
        Encoder::with_sink(sink)
            .precision(self.precision)
            .reject_newlines(on(0))
            .reject_quoted_keys(on(1))
            .skip_non_finite(on(2))
            .reject_empty_tags(on(3))
    }
}

/// Writes both into encoders of their own and compares all that can be seen.
fn compare<S: Sink>(
    point: &Point,
    model: &Model,
    encoders: [Encoder<S>; 2],
) -> Option<EncodeError> {
    let [mut ours, mut theirs] = encoders;
    let before = |enc: &mut Encoder<S>| enc.line("before").field("v", 1).finish().is_ok();
    assert_eq!(before(&mut ours), before(&mut theirs));
    let done = ours.encode(point);
    assert_eq!(done, model.encode(&mut theirs), "{model:?}");
    assert_eq!(
        String::from_utf8_lossy(ours.as_bytes()),
        String::from_utf8_lossy(theirs.as_bytes()),
        "{model:?}"
    );
    assert_eq!(ours.line_count(), theirs.line_count());
    assert_eq!(ours.skipped(), theirs.skipped());
    assert_eq!(ours.empty_tags(), theirs.empty_tags());
    let error = done.err()?;
    // Of a long key it is what the buffer has space for, and a text that is formatted in place takes more.
    let keys = [&ours, &theirs].map(|enc| enc.error_key(&error).unwrap_or_default());
    let [short, long] = if keys[0].len() < keys[1].len() {
        keys
    } else {
        [keys[1], keys[0]]
    };
    assert!(
        short == long || model.formats() && long.starts_with(short),
        "{model:?}"
    );
    Some(error)
}

#[test]
fn same_bytes_and_same_errors_as_by_the_encoder() {
    let set = std::env::var("INFLUX_EDGE_SEED").ok();
    let seed = set.and_then(|n| n.parse().ok()).unwrap_or(20_260_102);
    println!("seed {seed}");
    let set = std::env::var("INFLUX_EDGE_CASES").ok();
    let cases = set.and_then(|n| n.parse().ok()).unwrap_or(10_000_usize);
    let mut rng = Rng::with_seed(seed);
    let mut accepted = 0;
    let mut kinds = HashMap::new();
    let tags = DefaultTags::<64>::new()
        .tag("a", "default")
        .unwrap()
        .tag("host", "gw 7")
        .unwrap();
    for _ in 0..cases {
        let calm = *rng.pick(&[3, 20, 400]);
        let measurement = if rng.one_in(3) {
            text(&mut rng, calm)
        } else {
            "m".into()
        };
        let mut point = Point::new(&measurement);
        let mut model = Model {
            measurement,
            tags: BTreeMap::new(),
            fields: Vec::new(),
            time: Time::None,
        };
        for _ in 0..rng.below(14) + 1 {
            match rng.below(10) {
                0..=3 => {
                    let (key, value) = (key(&mut rng, calm), tag(&mut rng, calm));
                    set_tag(&mut point, &key, &value);
                    model.tags.insert(key, value);
                }
                4..=8 => {
                    let (key, value) = (key(&mut rng, calm), field(&mut rng, calm));
                    set_field(&mut point, &key, &value);
                    model.set_field(&key, value);
                }
                _ if rng.one_in(4) => {
                    point.clear();
                    model.tags.clear();
                    model.fields.clear();
                    model.time = Time::None;
                }
                _ => {
                    let count = rng.bits() as i64 >> rng.below(64);
                    model.time = match rng.below(3) {
                        0 => Time::Count(count),
                        1 => Time::Named(count, *rng.pick(&PRECISIONS)),
                        _ => Time::System(rng.bits() >> 32),
                    };
                    point = set_time(point, model.time);
                }
            }
        }
        // Made in one go, it is the same.
        let mut again = set_time(Point::new(&model.measurement), model.time);
        for (key, value) in &model.fields {
            set_field(&mut again, key, value);
        }
        for (key, value) in model.tags.iter().rev() {
            set_tag(&mut again, key, value);
        }
        assert_eq!(point, again, "{model:?}");
        assert_eq!(point.clone(), point);

        let rules = Rules {
            precision: *rng.pick(&PRECISIONS),
            bits: rng.below(16),
        };
        let grown = [(); 2].map(|()| rules.apply(Vec::new()));
        let error = compare(&point, &model, grown);
        accepted += usize::from(error.is_none());
        let kind = |e: &EncodeError| std::mem::discriminant(e);
        *kinds.entry(error.as_ref().map(kind)).or_insert(0) += 1;
        let tagged = [(); 2].map(|()| rules.apply(Vec::new()).default_tags(tags.clone()));
        compare(&point, &model, tagged);
        // A formatted text is checked when it is whole, a copied one before: in a buffer that is too
        // small one may be refused for this and the other for that.
        if !model.formats() {
            let size = rng.below(200);
            let mut storage = [vec![0; size], vec![0; size]];
            let fixed = storage.each_mut().map(|s| rules.apply(&mut s[..]));
            compare(&point, &model, fixed);
        }
    }
    println!(
        "{accepted} of {cases} accepted, {} kinds of errors",
        kinds.len() - 1
    );
    // A test that refuses everything, or nothing, says nothing.
    assert!(accepted > cases / 4 && accepted < cases * 9 / 10);
    assert!(kinds.len() > 13 || cases < 10_000, "{}", kinds.len());
}

fn line(point: &Point) -> Result<String, EncodeError> {
    let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
    enc.encode(point)?;
    Ok(String::from_utf8(enc.into_sink()).unwrap())
}

#[test]
fn setters() {
    let map = BTreeMap::from([("b".to_string(), 2.0), ("a".to_string(), 1.0)]);
    let owned = HashMap::from([("unit".to_string(), "7".to_string())]);
    let keys: Vec<String> = (0..3).map(|n| format!("k{n}")).collect();
    let mut looped = Point::new("t");
    for (n, key) in keys.iter().enumerate() {
        looped = looped.field(key, n);
    }
    let mut in_place = Point::new(String::from("t"));
    for key in &keys {
        in_place.set_field(key, true).set_tag(key, 'x');
    }
    let small = heapless::String::<8>::try_from("n").unwrap();
    let table = [
        (
            Point::new("t").tag("unit", 7u16).field("v", 1),
            "t,unit=7 v=1i\n",
        ),
        (
            Point::new("t").fields([("a", 1.0), ("b", 2.0)]),
            "t a=1,b=2\n",
        ),
        (Point::new("t").fields(&map), "t a=1,b=2\n"),
        (Point::new("t").fields(map.clone()), "t a=1,b=2\n"),
        (
            Point::new("t").fields(vec![("a", None), ("b", Some(2u64))]),
            "t b=2u\n",
        ),
        (
            Point::new("t")
                .tags([("z", "1"), ("a", "x y")])
                .field("v", 1),
            "t,a=x\\ y,z=1 v=1i\n",
        ),
        (
            Point::new("t").tags(&owned).field("v", "a"),
            "t,unit=7 v=\"a\"\n",
        ),
        (
            Point::new("t").tags(owned).field("v", "a"),
            "t,unit=7 v=\"a\"\n",
        ),
        (looped, "t k0=0u,k1=1u,k2=2u\n"),
        (in_place, "t,k0=x,k1=x,k2=x k0=true,k1=true,k2=true\n"),
        (
            Point::new("t").field("v", 1).tag("late", true),
            "t,late=true v=1i\n",
        ),
        (
            Point::new("t")
                .field("v", 1)
                .field("w", 2)
                .field("v", "long"),
            "t v=\"long\",w=2i\n",
        ),
        (
            Point::new("t")
                .field("v", 1)
                .field("w", 2)
                .field("v", None::<u8>),
            "t w=2i\n",
        ),
        (
            Point::new("t")
                .tag("a", 1)
                .tag("a", None::<u8>)
                .field("v", 1),
            "t v=1i\n",
        ),
        (
            Point::new("t").tag(small, Text(1.5)).field("v", 0.1f32),
            "t,n=1.5 v=0.1\n",
        ),
        (Point::new("t").field("v", 1).time(4), "t v=1i 4\n"),
        (
            Point::new("t")
                .field("v", 1)
                .time(influx_edge::Timestamp::from_millis(4_500)),
            "t v=1i 4\n",
        ),
        (Point::new("t").field("v", 1).time(UNIX_EPOCH), "t v=1i 0\n"),
    ];
    for (point, text) in table {
        assert_eq!(line(&point).as_deref(), Ok(text), "{point:?}");
    }
}

#[test]
fn refusals_name_the_place_on_the_line() {
    let at = Location {
        part: Part::TagKey,
        index: 1,
        offset: 0,
    };
    let value = |part, index, offset| Location {
        part,
        index,
        offset,
    };
    let table = [
        // Counted in the order of the line, not of the calls.
        (
            Point::new("t").tag("time", "x").tag("a", "y").field("v", 1),
            EncodeError::Reserved(at),
        ),
        (
            Point::new("t").tag("b", "x\ny").tag("a", "y").field("v", 1),
            EncodeError::ControlCharacter(value(Part::TagValue, 1, 1), b'\n'),
        ),
        (
            Point::new("t").field("a", 1).field("b", f32::NAN),
            EncodeError::NotFinite(value(Part::FieldValue, 1, 0)),
        ),
        (
            Point::new("t").field("a", Text(Broken)),
            EncodeError::Format(value(Part::FieldValue, 0, 0)),
        ),
        (
            Point::new("t").tag("a", Text(Broken)).field("v", 1),
            EncodeError::Format(value(Part::TagValue, 0, 0)),
        ),
        (Point::new("t").tag("a", "b"), EncodeError::NoFields),
        (
            Point::new("t").field("v", 1).time(i64::MAX),
            EncodeError::TimestampOutOfRange,
        ),
        (
            Point::new("").field("v", 1),
            EncodeError::Empty(value(Part::Measurement, 0, 0)),
        ),
    ];
    for (point, error) in table {
        assert_eq!(line(&point), Err(error), "{point:?}");
    }
}

#[test]
fn a_reading_that_is_set_again_does_not_make_the_point_longer() {
    let mut point = Point::new("t").tag("a", 1).field("v", 1).field("w", 2);
    for n in 0..10_000 {
        point
            .set_tag("a", n % 100)
            .set_field("v", n)
            .set_field("w", n % 7)
            .set_time(n);
        point.set_field("x", (n % 3 == 0).then_some(n));
    }
    assert_eq!(line(&point).unwrap(), "t,a=99 v=9999i,w=3i,x=9999i 9999\n");
    let counted = allocation_counter::measure(|| drop(point.clone()));
    assert!(counted.bytes_total < 64, "{}", counted.bytes_total);
}

#[test]
fn debug_shows_the_parts() {
    let point = Point::new("t")
        .tag("b", 2)
        .tag("a", "x y")
        .field("v", f64::NAN)
        .field("w", 1);
    assert_eq!(
        format!("{point:?}"),
        r#"Point { measurement: "t", tags: {"a": "x y", "b": 2}, fields: {"v": none, "w": 1i}, time: Untimed }"#
    );
}

type Tags = Vec<(String, String)>;
type Fields = Vec<(String, Value)>;

/// Points whose lines take from a few bytes to 200, many small parts and few large ones.
fn of_200_bytes(size: usize) -> Vec<(Tags, Fields)> {
    let mut kinds = Vec::new();
    let key = |n: usize| format!("{}{}", ["a", "b", "c", "d"][n % 4], n / 4);
    for (tag, field) in [
        ("x", Value::Integer(1)),
        ("zrh-1", Value::Float(21.57)),
        ("a longer value of more than 32 bytes", Value::Boolean(true)),
        ("x", Value::Float(0.1 + 0.2)),
        (
            "x",
            Value::Text("a text of many words in a field, \"quoted\"".into()),
        ),
        ("x", Value::Text(String::new())),
    ] {
        for tags in [0, 1, 4, 20] {
            let tags: Vec<_> = (0..tags).map(|n| (key(n), tag.to_string())).collect();
            let mut fields = Vec::new();
            loop {
                fields.push((key(fields.len()), field.clone()));
                let spec = crate::common::line::Spec {
                    measurement: "m".into(),
                    tags: tags.clone(),
                    fields: fields.clone(),
                    time: None,
                    precision: Precision::Second,
                };
                if crate::common::line::encode(&spec).unwrap().len() > size {
                    break;
                }
            }
            fields.pop();
            kinds.push((tags, fields));
        }
    }
    kinds.retain(|(_, fields)| !fields.is_empty());
    kinds
}

fn build(point: &mut Point, tags: &[(String, String)], fields: &[(String, Value)]) {
    for (key, value) in tags {
        point.set_tag(key, value);
    }
    for (key, value) in fields {
        set_plain(point, key, value);
    }
    point.set_time(7);
}

#[test]
fn one_allocation_for_a_point_of_200_bytes_and_none_when_used_again() {
    let mut enc = Encoder::with_sink(Vec::with_capacity(4_096));
    let kinds = of_200_bytes(200);
    assert!(kinds.len() > 15, "{}", kinds.len());
    for (tags, fields) in kinds {
        enc.clear();
        let mut kept = None;
        let first = allocation_counter::measure(|| {
            let mut point = Point::new("m");
            build(&mut point, &tags, &fields);
            point.to_line(&mut enc).unwrap();
            kept = Some(point);
        });
        assert_eq!(first.count_total, 1, "{tags:?} {fields:?}");
        let mut point = kept.unwrap();
        let again = allocation_counter::measure(|| {
            for _ in 0..10 {
                point.clear();
                build(&mut point, &tags, &fields);
                enc.clear();
                point.to_line(&mut enc).unwrap();
            }
        });
        assert_eq!(again.count_total, 0, "{tags:?} {fields:?}");
    }
}

#[test]
fn slices_and_their_iterators_are_lines() {
    let points = vec![Point::new("t").field("v", 1), Point::new("t").field("v", 2)];
    let encode = |write: &dyn Fn(&mut Encoder<Vec<u8>>)| {
        let mut enc = Encoder::with_sink(Vec::new());
        write(&mut enc);
        assert_eq!(enc.as_bytes(), b"t v=1i\nt v=2i\n");
    };
    encode(&|enc| points.to_line(enc).unwrap());
    encode(&|enc| points[..].to_line(enc).unwrap());
    encode(&|enc| points.iter().to_line(enc).unwrap());
    encode(&|enc| enc.encode(&&points).unwrap());
    let mut rest = points.iter();
    rest.next();
    let mut enc = Encoder::with_sink(Vec::new());
    enc.encode(&rest).unwrap();
    assert_eq!(enc.as_bytes(), b"t v=2i\n");
}

#[test]
fn a_tag_from_a_number_equals_its_text_and_a_field_does_not() {
    let tagged = |tag: &str| Point::new("t").tag("a", tag).field("v", 1);
    for (point, text) in [
        (Point::new("t").tag("a", 7u16), "7"),
        (Point::new("t").tag("a", 0), "0"),
        (Point::new("t").tag("a", i64::MIN), "-9223372036854775808"),
        (Point::new("t").tag("a", u64::MAX), "18446744073709551615"),
        (Point::new("t").tag("a", true), "true"),
        (Point::new("t").tag("a", Text(1.5)), "1.5"),
    ] {
        let point = point.field("v", 1);
        assert_eq!(point, tagged(text));
        assert_ne!(point, tagged("other"));
        assert_ne!(point, tagged(text).tag("b", "x"));
        assert_ne!(point, tagged(text).field("v", "1"));
    }
    assert_ne!(
        Point::new("t").field("v", 7),
        Point::new("t").field("v", "7")
    );
    assert_ne!(Point::new("t").tag("a", ""), Point::new("t").tag("a", "x"));
}

#[test]
fn tags_in_any_order_are_those_set_in_order() {
    for count in [1, 2, 3, 8, 15, 16, 17, 18, 40] {
        let keys: Vec<String> = (0..count).map(|n| format!("k{n:02}")).collect();
        let mut ordered = Point::new("m");
        for key in &keys {
            ordered.set_tag(key, "new");
        }
        for rotate in 0..count {
            let mut point = Point::new("m");
            for key in keys.iter().rev() {
                point.set_tag(key, "an older and longer value");
            }
            for at in 0..count {
                point.set_tag(&keys[(at * 7 + rotate) % count], "new");
            }
            // (Seven has a factor in common with none of the counts.)
            assert_eq!(point, ordered, "{count} {rotate}");
            assert_eq!(format!("{point:?}"), format!("{ordered:?}"));
            let text = |point: &Point| {
                let mut enc = Encoder::with_sink(Vec::new());
                let without = enc.encode(point);
                enc.encode(&point.clone().field("v", 1)).unwrap();
                (without, enc.into_sink())
            };
            assert_eq!(text(&point), text(&ordered));
            point
                .set_field("v", 1)
                .set_tag("a", "first")
                .set_tag("z", "last");
            assert_eq!(
                point,
                ordered
                    .clone()
                    .tag("z", "last")
                    .tag("a", "first")
                    .field("v", 1)
            );
        }
    }
}
