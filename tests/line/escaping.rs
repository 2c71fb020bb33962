//! The table of what is escaped and what is refused, through every sink and every buffer size.

use crate::common::line::{Spec, Value, encode, through_every_sink};
use influx_edge::Precision;
use influx_edge::line::{
    EncodeError, Encoder, FieldKey, IoSink, Location, OwnedDefaultTags, OwnedFieldKey, Part, Point,
    Series, Sink, ToLine,
};
use std::io::{self, ErrorKind, Write};

/// Where a text can stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    Measurement,
    TagKey,
    TagValue,
    FieldKey,
    Text,
}

const EVERYWHERE: [At; 5] = [
    At::Measurement,
    At::TagKey,
    At::TagValue,
    At::FieldKey,
    At::Text,
];
pub(crate) const NAMES: [At; 4] = [At::Measurement, At::TagKey, At::TagValue, At::FieldKey];

/// A line with the text at this place, and the escaped text in the line that should come out.
pub(crate) fn line(at: At, text: &str, escaped: &str) -> (Spec, String) {
    let one = Value::Integer(1);
    match at {
        At::Measurement => (Spec::new(text).field("f", one), format!("{escaped} f=1i\n")),
        At::TagKey => (
            Spec::new("m").tag(text, "v").field("f", one),
            format!("m,{escaped}=v f=1i\n"),
        ),
        At::TagValue => (
            Spec::new("m").tag("k", text).field("f", one),
            format!("m,k={escaped} f=1i\n"),
        ),
        At::FieldKey => (Spec::new("m").field(text, one), format!("m {escaped}=1i\n")),
        At::Text => (
            Spec::new("m").field("f", Value::Text(text.into())),
            format!("m f=\"{escaped}\"\n"),
        ),
    }
}

pub(crate) fn accepted(at: At, text: &str, escaped: &str) {
    let (spec, expected) = line(at, text, escaped);
    through_every_sink(Ok(&expected), spec);
}

/// Refused with this error, at this part and this byte of the text.
pub(crate) fn refused(at: At, text: &str, kind: fn(&EncodeError) -> bool, offset: u32) {
    let (spec, _) = line(at, text, "");
    let error = encode(&spec).expect_err(text);
    assert!(kind(&error), "{text:?} at {at:?}: {error:?}");
    let place = error.location().expect("a place");
    let part = match at {
        At::Measurement => Part::Measurement,
        At::TagKey => Part::TagKey,
        At::TagValue => Part::TagValue,
        At::FieldKey => Part::FieldKey,
        At::Text => Part::FieldValue,
    };
    assert_eq!(
        (place.part, place.offset),
        (part, offset),
        "{text:?} at {at:?}"
    );
    assert!(!error.to_string().is_empty());
    through_every_sink(Err(error), spec);
}

#[test]
fn what_survives_everywhere_goes_out_as_it_is() {
    for at in EVERYWHERE {
        for text in [
            "a",
            "it's",
            "grüezi",
            "日本語",
            "😀",
            "a\\b",
            "a#",
            "a.b-c/d",
            "a;b",
            "1",
            "true",
            "a'b",
            "(x)",
            "${x}",
            "%20",
            "\u{FEFF}x",
            "\u{2028}",
            "~#!",
            "a#!",
            "a!~#",
            "exactly8",
            "nine9nine",
            "sixteen-bytes-16",
            "seventeen-bytes17",
        ] {
            // Only a string field escapes its backslash.
            let escaped = if at == At::Text {
                text.replace('\\', "\\\\")
            } else {
                text.into()
            };
            accepted(at, text, &escaped);
        }
    }
}

#[test]
fn names_escape_comma_and_space_and_all_but_the_measurement_equals() {
    for at in NAMES {
        accepted(at, "a,b", "a\\,b");
        accepted(at, "a b", "a\\ b");
        accepted(at, " a ", "\\ a\\ ");
        accepted(at, ",,", "\\,\\,");
        accepted(
            at,
            "a long name, with spaces",
            "a\\ long\\ name\\,\\ with\\ spaces",
        );
        let equals = if at == At::Measurement {
            "a=b"
        } else {
            "a\\=b"
        };
        accepted(at, "a=b", equals);
        accepted(at, "a\"b", "a\"b");
        accepted(at, "\\a", "\\a");
    }
}

#[test]
fn strings_escape_quote_and_backslash_and_keep_the_rest() {
    for (text, escaped) in [
        ("", ""),
        ("\"", "\\\""),
        ("\\", "\\\\"),
        ("ends\\", "ends\\\\"),
        ("a,b=c d", "a,b=c d"),
        ("line\nline", "line\nline"),
        ("\r\n\t\0\x7F", "\r\n\t\0\x7F"),
        ("#!~#", "#!~#"),
        (
            "a long text with \"quotes\" in it",
            "a long text with \\\"quotes\\\" in it",
        ),
        ("\\\"\\\"", "\\\\\\\"\\\\\\\""),
        ("12345678\"", "12345678\\\""),
    ] {
        accepted(At::Text, text, escaped);
    }
}

#[test]
fn control_characters_are_refused_in_names() {
    for at in NAMES {
        for byte in (0..0x20).chain([0x7F]) {
            let c = char::from(byte);
            let is = |e: &EncodeError| matches!(e, EncodeError::ControlCharacter(..));
            refused(at, &format!("ab{c}d"), is, 2);
            refused(at, &format!("{c}"), is, 0);
            refused(at, &format!("a longer name, escaped{c}"), is, 22);
            refused(at, &format!("{c}").repeat(16), is, 0);
        }
    }
}

#[test]
fn backslashes_that_a_server_reads_as_escapes_are_refused() {
    let is = |e: &EncodeError| matches!(e, EncodeError::Backslash(_));
    for at in NAMES {
        for (text, offset) in [
            ("\\", 0),
            ("a\\", 1),
            ("a\\,b", 1),
            ("a\\=b", 1),
            ("a\\ b", 1),
            ("a\\\"b", 1),
            ("a\\\\b", 1),
        ] {
            refused(at, text, is, offset);
        }
        accepted(at, "C:\\dir\\x", "C:\\dir\\x");
    }
}

#[test]
fn the_storage_separator_is_refused_in_the_series_key() {
    let is = |e: &EncodeError| matches!(e, EncodeError::StorageSeparator(_));
    for at in [At::Measurement, At::TagKey, At::TagValue] {
        for (text, offset) in [
            ("a#!~#b", 1),
            ("a#!~", 1),
            ("a b#!~#", 3),
            ("a##!~#", 2),
            ("a#!~#!~#", 1),
            ("a#!#!~", 3),
        ] {
            refused(at, text, is, offset);
        }
        accepted(at, "a#!~b", "a#!~b");
        accepted(at, "a#!", "a#!");
    }
    accepted(At::FieldKey, "a#!~#b", "a#!~#b");
    accepted(At::FieldKey, "#!~", "#!~");
}

#[test]
fn a_measurement_that_would_be_a_comment_is_refused() {
    for text in ["#", "#m", "# m", "#!~#"] {
        refused(At::Measurement, text, |e| *e == EncodeError::Comment, 0);
    }
    for at in [At::TagKey, At::TagValue, At::FieldKey] {
        accepted(at, "#m", "#m");
    }
    accepted(At::Measurement, "m#", "m#");
}

#[test]
fn names_must_not_be_empty_and_an_empty_tag_is_absent() {
    let is = |e: &EncodeError| matches!(e, EncodeError::Empty(_));
    for at in [At::Measurement, At::TagKey, At::FieldKey] {
        refused(at, "", is, 0);
    }
    let spec = Spec::new("m")
        .tag("gone", "")
        .tag("k", "v")
        .field("f", Value::Integer(1));
    through_every_sink(Ok("m,k=v f=1i\n"), spec);
    // An absent tag is not a first one of two.
    let spec = Spec::new("m")
        .tag("k", "")
        .tag("k", "v")
        .field("f", Value::Integer(1));
    through_every_sink(Ok("m,k=v f=1i\n"), spec);
}

#[test]
fn reserved_names_are_refused_where_they_are_reserved() {
    let is = |e: &EncodeError| matches!(e, EncodeError::Reserved(_));
    for text in [
        "time",
        "_field",
        "_measurement",
        "_time",
        "_value",
        "_start",
        "_stop",
    ] {
        refused(At::TagKey, text, is, 0);
        accepted(At::Measurement, text, text);
        accepted(At::TagValue, text, text);
        if text == "time" {
            refused(At::FieldKey, text, is, 0);
        } else {
            accepted(At::FieldKey, text, text);
        }
    }
    for text in [
        "Time", "times", "tim", "_Time", "_times", "_", "_startx", "table", "result",
    ] {
        accepted(At::TagKey, text, text);
        accepted(At::FieldKey, text, text);
    }
}

#[test]
fn a_key_stands_once_for_any_number_of_keys() {
    for count in 2..=64 {
        for again in [0, (count - 1) / 2, count - 2] {
            // Names with every kind of escape, and such that one is a part of another.
            let name = |n: usize| match n % 4 {
                0 => format!("k{n}"),
                1 => format!("k,{n}=x"),
                2 => format!("{n}"),
                _ => format!("k {n}\"y"),
            };
            let keys = (0..count - 1).map(name).chain([name(again)]);
            let (mut tags, mut fields) = (Spec::new("m"), Spec::new("m"));
            for key in keys {
                tags = tags.tag(&key, "a=b,c \\x");
                fields = fields.field(&key, Value::Text("k0=1,k,1=2\",".into()));
            }
            let tags = tags.field("f", Value::Integer(1));
            for (spec, part) in [(tags, Part::TagKey), (fields, Part::FieldKey)] {
                let error = encode(&spec).expect_err("a duplicate");
                assert!(matches!(error, EncodeError::Duplicate(_)), "{error:?}");
                let place = error.location().expect("a place");
                assert_eq!((place.part, usize::from(place.index)), (part, count - 1));
                // Without the last key it is legal.
                let mut spec = spec;
                match part {
                    Part::TagKey => drop(spec.tags.pop()),
                    _ => drop(spec.fields.pop()),
                }
                encode(&spec).expect("no duplicate");
            }
        }
    }
    // A tag and a field may share a name.
    let spec = Spec::new("m").tag("k", "v").field("k", Value::Integer(1));
    through_every_sink(Ok("m,k=v k=1i\n"), spec);
}

#[test]
fn values_have_their_forms() {
    for (value, text) in [
        (Value::Float(21.5), "21.5"),
        (Value::Float(-0.0), "-0"),
        (Value::Float(1e16), "1e+16"),
        (Value::Float(1e-7), "1e-7"),
        (Value::Float(f64::MAX), "1.7976931348623157e+308"),
        (Value::Float(5e-324), "5e-324"),
        (Value::Integer(i64::MIN), "-9223372036854775808i"),
        (Value::Integer(i64::MAX), "9223372036854775807i"),
        (Value::Unsigned(u64::MAX), "18446744073709551615u"),
        (Value::Boolean(true), "true"),
        (Value::Boolean(false), "false"),
        (Value::Text(String::new()), "\"\""),
    ] {
        through_every_sink(
            Ok(&format!("m f={text}\n")),
            Spec::new("m").field("f", value),
        );
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let spec = Spec::new("m")
            .field("g", Value::Integer(1))
            .field("f", Value::Float(value));
        let error = encode(&spec).unwrap_err();
        assert!(matches!(error, EncodeError::NotFinite(place) if place.index == 1));
        through_every_sink(Err(error), spec);
    }
}

#[test]
fn a_missing_value_writes_nothing_and_a_line_of_nothing_is_refused() {
    let spec = Spec::new("m")
        .field("a", Value::Missing)
        .field("f", Value::Integer(1));
    through_every_sink(Ok("m f=1i\n"), spec);
    let spec = Spec::new("m").tag("t", "v").field("a", Value::Missing);
    through_every_sink(Err(EncodeError::NoFields), spec);
    through_every_sink(Err(EncodeError::NoFields), Spec::new("m"));
}

#[test]
fn times_are_refused_where_they_could_not_be_stored_and_found() {
    for (precision, max, min) in [
        (Precision::Nanosecond, i64::MAX - 2, i64::MIN + 2),
        (Precision::Microsecond, i64::MAX / 1_000, i64::MIN / 1_000),
        (
            Precision::Millisecond,
            i64::MAX / 1_000_000,
            i64::MIN / 1_000_000,
        ),
        (
            Precision::Second,
            i64::MAX / 1_000_000_000,
            i64::MIN / 1_000_000_000,
        ),
    ] {
        let spec = Spec::new("m").field("f", Value::Integer(1));
        for time in [max, min, 0, 1, -1] {
            let text = format!("m f=1i {time}\n");
            through_every_sink(Ok(&text), spec.clone().time(time, precision));
        }
        for time in [max + 1, min - 1, i64::MAX, i64::MIN] {
            let spec = spec.clone().time(time, precision);
            through_every_sink(Err(EncodeError::TimestampOutOfRange), spec);
        }
    }
}

#[test]
fn series_key_and_field_key_have_a_length_as_escaped() {
    // "m,t=<v> " and a field key of one byte: 4 + v for the series key, 4 for the separator.
    let spec = |tag: String, field: &str| {
        Spec::new("m")
            .tag("t", &tag)
            .field(field, Value::Integer(1))
    };
    let most = 65_535 - 4 - 4 - 1;
    encode(&spec("x".repeat(most), "f")).expect("65 535 is stored");
    let error = encode(&spec("x".repeat(most + 1), "f")).unwrap_err();
    assert!(
        matches!(error, EncodeError::KeyTooLong(_, 65_536)),
        "{error:?}"
    );
    let error = encode(&spec("x".repeat(most), "fg")).unwrap_err();
    assert!(
        matches!(error, EncodeError::KeyTooLong(_, 65_536)),
        "{error:?}"
    );
    // A space takes two.
    encode(&spec(" ".repeat(most / 2), "f")).expect("fits");
    let error = encode(&spec(" ".repeat(most / 2 + 1), "f")).unwrap_err();
    assert!(matches!(error, EncodeError::KeyTooLong(..)), "{error:?}");
    // Any string fits.
    let long = Value::Text("x".repeat(100_000));
    encode(&Spec::new("m").field("f", long)).expect("no limit");
}

#[test]
fn newlines_in_strings_are_rejected_if_set() {
    let mut enc = Encoder::with_sink(Vec::new()).reject_newlines(true);
    let error = enc
        .line("m")
        .field("a", 1)
        .field("f", "ab\nc")
        .finish()
        .unwrap_err();
    assert!(matches!(error, EncodeError::Newline(p) if p.index == 1 && p.offset == 2));
    let error = enc
        .line("m")
        .field("f", format_args!("ab{}c", '\n'))
        .finish()
        .unwrap_err();
    assert!(matches!(error, EncodeError::Newline(p) if p.offset == 2));
    enc.line("m").field("f", "ab\rc").finish().unwrap();
    assert_eq!(enc.as_bytes(), b"m f=\"ab\rc\"\n");
}

#[test]
fn default_tags_step_in_where_the_line_has_none() {
    let tags = || {
        OwnedDefaultTags::new()
            .tag("host", "gw 7")
            .unwrap()
            .tag("a=b", "x")
            .unwrap()
            .tag("gone", "")
            .unwrap()
    };
    assert_eq!(tags().as_bytes(), br",host=gw\ 7,a\=b=x");
    let mut drained = Encoder::with_sink(IoSink::new(Vec::new(), 64)).default_tags(tags());
    let mut enc = Encoder::with_sink(Vec::new()).default_tags(tags());
    for (own, expected) in [
        (vec![], r"m,host=gw\ 7,a\=b=x f=1i"),
        (vec![("host", "me")], r"m,host=me,a\=b=x f=1i"),
        (vec![("host", "")], r"m,host=gw\ 7,a\=b=x f=1i"),
        (
            vec![("a=b", "y"), ("z", "1")],
            r"m,a\=b=y,z=1,host=gw\ 7 f=1i",
        ),
        (
            vec![("hos", "1"), ("a", "2")],
            r"m,hos=1,a=2,host=gw\ 7,a\=b=x f=1i",
        ),
    ] {
        enc.clear();
        let (mut line, mut other) = (enc.line("m"), drained.line("m"));
        for (key, value) in own {
            line = line.tag(key, value);
            other = other.tag(key, value);
        }
        line.field("f", 1).finish().unwrap();
        other.field("f", 1).finish().unwrap();
        assert_eq!(enc.as_bytes(), format!("{expected}\n").as_bytes());
        drained.flush().unwrap();
        assert!(drained.is_empty());
    }
    // A series is a line like any other.
    let series = Series::<32>::new("m").unwrap().tag("host", "me").unwrap();
    enc.clear();
    enc.series(&series).field("f", 1).finish().unwrap();
    assert_eq!(
        enc.as_bytes(),
        br"m,host=me,a\=b=x f=1i"
            .iter()
            .chain(b"\n")
            .copied()
            .collect::<Vec<_>>()
    );
    let wrong = OwnedDefaultTags::new().tag("time", "x");
    assert!(matches!(wrong, Err(EncodeError::Reserved(_))));
    let twice = OwnedDefaultTags::new().tag("a", "x").unwrap().tag("a", "y");
    assert!(matches!(twice, Err(EncodeError::Duplicate(p)) if p.index == 1));
    let full = Series::<8>::new("weather").unwrap().tag("a", "x");
    assert_eq!(full.unwrap_err(), EncodeError::BufferFull);
}

#[test]
fn quotes_in_field_keys_are_rejected_if_set() {
    let mut enc = Encoder::with_sink(Vec::new()).reject_quoted_keys(true);
    let error = enc
        .line("m")
        .field("a", 1)
        .field("ab\"c", 1)
        .finish()
        .unwrap_err();
    assert!(matches!(error, EncodeError::Quote(p) if p.index == 1 && p.offset == 2));
    enc.line("m\"")
        .tag("t\"", "v\"")
        .field("f", "\"")
        .finish()
        .unwrap();
    assert_eq!(enc.as_bytes(), b"m\",t\"=v\" f=\"\\\"\"\n");
}

#[test]
fn prepared_field_keys_are_refused_when_they_are_made() {
    for (key, wrong) in [
        ("", EncodeError::Empty as fn(_) -> _),
        ("time", EncodeError::Reserved),
        ("a\\", EncodeError::Backslash),
    ] {
        let error = FieldKey::<16>::new(key).unwrap_err();
        assert_eq!(Some(error), error.location().map(wrong), "{key:?}");
    }
    assert_eq!(FieldKey::<4>::new("a b c"), Err(EncodeError::BufferFull));
    let (a, quoted) = (
        FieldKey::<8>::new("a b").unwrap(),
        OwnedFieldKey::new("a b\"").unwrap(),
    );
    let mut enc = Encoder::with_sink(Vec::new()).reject_quoted_keys(true);
    enc.line("m").field(&a, 1).field("b", 2).finish().unwrap();
    assert_eq!(enc.as_bytes(), b"m a\\ b=1i,b=2i\n");
    let twice = enc.line("m").field(&a, 1).field("a b", 2).finish();
    assert!(matches!(twice, Err(EncodeError::Duplicate(_))));
    let refused = enc.line("m").field(&quoted, 1).finish();
    assert!(matches!(refused, Err(EncodeError::Quote(p)) if p.offset == 3));
}

#[test]
fn non_finite_fields_are_left_out_and_counted_if_set() {
    let mut enc = Encoder::with_sink(Vec::new()).skip_non_finite(true);
    enc.line("m")
        .field("a", f64::NAN)
        .field("b", 1.5)
        .field("c", f32::INFINITY)
        .finish()
        .unwrap();
    assert_eq!(enc.as_bytes(), b"m b=1.5\n");
    assert_eq!(enc.skipped(), 2);
    let nothing = enc.line("m").field("a", f64::NAN).finish();
    assert_eq!(nothing, Err(EncodeError::NoFields));
    assert_eq!(enc.skipped(), 3);
}

#[test]
fn an_error_says_where() {
    for (part, index, text) in [
        (Part::Measurement, 0, "measurement"),
        (Part::TagKey, 0, "tag key 1"),
        (Part::TagKey, 1, "tag key 2"),
        (Part::TagValue, 2, "tag value 3"),
        (Part::FieldKey, 65_535, "field key 65536"),
        (Part::FieldValue, 0, "field value 1"),
        (Part::Timestamp, 0, "timestamp"),
    ] {
        let place = Location {
            part,
            index,
            offset: 7,
        };
        assert_eq!(place.to_string(), text);
    }
}

#[test]
fn a_point_without_a_possible_time_is_refused_for_what_was_wrong_first() {
    let late = |measurement: &str| {
        Point::new(measurement)
            .field("f", 1)
            .time(influx_edge::Timestamp::from_secs(i64::MAX))
    };
    let mut enc = Encoder::with_sink(Vec::new());
    assert_eq!(
        enc.encode(&late("m")),
        Err(EncodeError::TimestampOutOfRange)
    );
    let refused = enc.encode(&late(""));
    assert!(matches!(refused, Err(EncodeError::Empty(p)) if p.part == Part::Measurement));
    assert!(enc.is_empty());
}

/// A line that is itself an item, for what holds items.
struct Item(i64);

impl ToLine for Item {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        enc.line("m").field("f", self.0).finish()
    }
}

#[test]
fn what_holds_items_writes_each() {
    fn lines(items: &(impl ToLine + ?Sized)) -> String {
        let mut enc = Encoder::with_sink(Vec::new());
        enc.encode(items).unwrap();
        String::from_utf8(enc.into_sink()).unwrap()
    }
    let (one, both) = ("m f=1i\n", "m f=1i\nm f=2i\n");
    assert_eq!(lines(&Item(1)), one);
    assert_eq!(lines(&&Item(1)), one);
    assert_eq!(lines(&Box::new(Item(1))), one);
    assert_eq!(lines(&Some(Item(1))), one);
    assert_eq!(lines(&None::<Item>), "");
    assert_eq!(lines(&[Item(1), Item(2)]), both);
    assert_eq!(lines(&[Item(1), Item(2)][..]), both);
    assert_eq!(lines(&vec![Item(1), Item(2)]), both);
}

#[test]
fn tags_of_other_types_have_their_text() {
    let mut enc = Encoder::with_sink(Vec::new());
    enc.line("m")
        .tag("a", true)
        .tag("b", false)
        .tag("c", ',')
        .tag("d", 'é')
        .field("f", 1)
        .finish()
        .unwrap();
    let text = "m,a=true,b=false,c=\\,,d=é f=1i\n";
    assert_eq!(String::from_utf8(enc.into_sink()).unwrap(), text);
}

/// A writer that is interrupted, fails, takes nothing; then goes on.
struct Moody {
    moods: Vec<Mood>,
    out: Vec<u8>,
    flushed: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Fails(ErrorKind),
    TakesNothing,
}

impl Write for Moody {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.moods.pop() {
            Some(Mood::Fails(kind)) => Err(kind.into()),
            Some(Mood::TakesNothing) => Ok(0),
            None => self.out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed += 1;
        Ok(())
    }
}

#[test]
fn a_writer_is_asked_again_after_an_interruption_and_only_then() {
    use ErrorKind::{BrokenPipe, Interrupted, WriteZero};

    for (mood, told) in [
        (Mood::Fails(Interrupted), None),
        (Mood::Fails(BrokenPipe), Some(BrokenPipe)),
        (Mood::TakesNothing, Some(WriteZero)),
    ] {
        let out = Moody {
            moods: vec![mood],
            out: Vec::new(),
            flushed: 0,
        };
        let mut enc = Encoder::with_sink(IoSink::new(out, 64));
        enc.encode(&Item(1)).unwrap();
        let done = enc.flush();
        assert_eq!(done.err().map(|error| error.kind()), told);
        if told.is_some() {
            // The line is still there, and goes out with the next.
            enc.flush().unwrap();
        }
        let out = enc.into_sink().into_writer();
        assert_eq!(out.out, b"m f=1i\n");
        assert_eq!(out.flushed, 1);
    }

    // Behind default tags it is the same writer.
    let out = Moody {
        moods: Vec::new(),
        out: Vec::new(),
        flushed: 0,
    };
    let tags = OwnedDefaultTags::new().tag("t", "v").unwrap();
    let mut enc = Encoder::with_sink(IoSink::new(out, 64)).default_tags(tags);
    enc.encode(&Item(1)).unwrap();
    enc.flush().unwrap();
    let out = enc.into_sink().0.into_writer();
    assert_eq!((&out.out[..], out.flushed), (&b"m,t=v f=1i\n"[..], 1));

    // Where a line needs the space, the encoder says so, and the sink why.
    let out = Moody {
        moods: vec![Mood::Fails(BrokenPipe)],
        out: Vec::new(),
        flushed: 0,
    };
    let mut enc = Encoder::with_sink(IoSink::new(out, 10));
    enc.encode(&Item(1)).unwrap();
    assert_eq!(enc.encode(&Item(2)), Err(EncodeError::Sink));
    let kind = enc.sink().error().map(io::Error::kind);
    assert_eq!(kind, Some(BrokenPipe));
    enc.encode(&Item(2)).unwrap();
    assert!(enc.sink().error().is_none());
    enc.flush().unwrap();
    assert_eq!(enc.into_sink().into_writer().out, b"m f=1i\nm f=2i\n");
}
