//! Values of every type, in every way to give them; and what a value that is none costs.

use std::borrow::Cow;
use std::fmt;

use influx_edge::line::{
    DefaultTags, EncodeError, Encoder, FieldValue, IoSink, Location, OwnedDefaultTags, Part, Point,
    Series, Sink, TagValue, Text,
};

use crate::common::line::show;

/// The encoder's line, and the same from a point.
fn both(value: impl FieldValue) -> (String, String) {
    let mut enc = Encoder::with_sink(Vec::new());
    enc.line("m")
        .field("f", &value)
        .field("g", 1)
        .finish()
        .unwrap();
    let line = String::from_utf8(enc.into_sink()).unwrap();
    let mut enc = Encoder::with_sink(Vec::new());
    let point = Point::new("m").field("f", value).field("g", 1);
    enc.encode(&point).unwrap();
    (line, String::from_utf8(enc.into_sink()).unwrap())
}

#[test]
fn a_field_has_its_value_in_a_line_and_in_a_point() {
    let seven: heapless::String<8> = "se\"ven".try_into().unwrap();
    for ((line, point), text) in [
        (both(-7i8), "-7i"),
        (both(7u8), "7i"),
        (both(7u32), "7i"),
        (both(-7i64), "-7i"),
        (both(7isize), "7i"),
        (both(7u64), "7u"),
        (both(7usize), "7u"),
        (both(0.1f64), "0.1"),
        (both(0.1f32), "0.1"),
        (both(true), "true"),
        (both(false), "false"),
        (both("se\"ven"), "\"se\\\"ven\""),
        (both("seven"), "\"seven\""),
        (both(String::from("seven")), "\"seven\""),
        (both(Cow::Borrowed("seven")), "\"seven\""),
        (both(seven), "\"se\\\"ven\""),
        (both(Text("se\"ven")), "\"se\\\"ven\""),
        (both(Text(7)), "\"7\""),
        (both(format_args!("{}\\", 7)), "\"7\\\\\""),
        (both(Some(7)), "7i"),
        (both(Some("seven")), "\"seven\""),
        (both(Some(Some(0.5))), "0.5"),
    ] {
        assert_eq!(line, format!("m f={text},g=1i\n"));
        assert_eq!(point, line);
    }
    for (line, point) in [
        both(None::<f64>),
        both(None::<&str>),
        both(Some(None::<i64>)),
    ] {
        assert_eq!(line, "m g=1i\n");
        assert_eq!(point, line);
    }
}

/// A tag of a line, of a series and of a list of defaults.
fn tagged(value: impl TagValue) -> String {
    let series = Series::<64>::new("m").unwrap().tag("t", &value).unwrap();
    let tags = DefaultTags::<64>::new().tag("t", &value).unwrap();
    let mut enc = Encoder::with_sink(Vec::new());
    enc.line("m")
        .tag("t", &value)
        .field("f", 1)
        .finish()
        .unwrap();
    enc.series(&series).field("f", 1).finish().unwrap();
    let mut defaults = Encoder::with_sink(Vec::new()).default_tags(tags);
    defaults.line("m").field("f", 1).finish().unwrap();
    let text = String::from_utf8(enc.into_sink()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let other = std::str::from_utf8(defaults.as_bytes()).unwrap().trim_end();
    assert_eq!(lines, [other, other]);
    let tags = other
        .strip_prefix("m")
        .unwrap()
        .strip_suffix(" f=1i")
        .unwrap();
    tags.into()
}

#[test]
fn a_tag_has_the_text_of_its_value() {
    let text: heapless::String<8> = "a b".try_into().unwrap();
    for (written, expected) in [
        (tagged("a b"), ",t=a\\ b"),
        (tagged(String::from("a b")), ",t=a\\ b"),
        (tagged(Cow::Borrowed("a b")), ",t=a\\ b"),
        (tagged(text), ",t=a\\ b"),
        (tagged(Some("a b")), ",t=a\\ b"),
        (tagged(Some(Some(7))), ",t=7"),
        (tagged(Text("a b")), ",t=a\\ b"),
        (tagged(Text(0.5)), ",t=0.5"),
        (tagged(format_args!("a{}b", ',')), ",t=a\\,b"),
        (tagged(-7i64), ",t=-7"),
        (tagged(7u64), ",t=7"),
        (tagged(true), ",t=true"),
        (tagged('='), ",t=\\="),
        // Nothing is no tag, whatever says so.
        (tagged(""), ""),
        (tagged(Some("")), ""),
        (tagged(None::<i64>), ""),
        (tagged(Text("")), ""),
        (tagged(format_args!("")), ""),
    ] {
        assert_eq!(written, expected);
    }
}

/// Where there is space for the line without the tag and for nothing else.
fn costs_nothing(value: impl TagValue) {
    let key = "a key that would not fit";
    let mut storage = [0; b"m f=1i\n".len()];
    let mut enc = Encoder::new(&mut storage);
    let done = enc.line("m").tag(key, &value).field("f", 1).finish();
    assert_eq!((done, enc.as_bytes()), (Ok(()), &b"m f=1i\n"[..]));
    let series = Series::<1>::new("m").unwrap().tag(key, &value).unwrap();
    assert_eq!(series.as_bytes(), b"m");
}

#[test]
fn a_tag_that_is_absent_takes_no_space() {
    costs_nothing("");
    costs_nothing(String::new());
    costs_nothing(Cow::Borrowed(""));
    costs_nothing(heapless::String::<4>::new());
    costs_nothing(None::<i64>);
    costs_nothing(Some(""));
    costs_nothing(Some(None::<&str>));
}

/// One tag, by a closure that is generic over its value's type.
fn one_tag(value: impl TagValue, refuse: bool) -> (Result<String, EncodeError>, u64, String) {
    let mut enc = Encoder::with_sink(Vec::new()).reject_empty_tags(refuse);
    let done = enc.line("m").tag("key", value).field("f", 1).finish();
    let key = match &done {
        Err(error) => enc.error_key(error).unwrap_or("").to_string(),
        Ok(()) => String::new(),
    };
    let (left_out, line) = (enc.empty_tags(), show(enc.as_bytes()));
    (done.map(|()| line), left_out, key)
}

#[test]
fn an_empty_tag_is_counted_or_refused_and_none_is_neither() {
    fn check(value: impl TagValue + Clone, tag: &str, empty: bool) {
        let (line, left_out, _) = one_tag(value.clone(), false);
        assert_eq!(line, Ok(format!("m{tag} f=1i\n")));
        assert_eq!(left_out, u64::from(empty), "{tag:?}");
        let (line, left_out, key) = one_tag(value, true);
        assert_eq!(left_out, 0);
        if !empty {
            assert_eq!(line, Ok(format!("m{tag} f=1i\n")));
            return;
        }
        let error = line.expect_err("an empty tag");
        let part = Part::TagValue;
        assert!(matches!(error, EncodeError::Empty(place) if place.part == part));
        assert_eq!(error.to_string(), "tag value 1 is empty");
        assert_eq!(key, "key");
    }
    let nothing = "";
    check("", "", true);
    check(String::new(), "", true);
    check(Some(""), "", true);
    check(Some(String::new()), "", true);
    check(&&"", "", true);
    check(heapless::String::<4>::new(), "", true);
    check(Cow::Borrowed(""), "", true);
    check(Text(&nothing), "", true);
    check(format_args!("{nothing}"), "", true);
    check(None::<&str>, "", false);
    check(None::<u8>, "", false);
    check(&None::<String>, "", false);
    check(Some(None::<&str>), "", false);
    check("x", ",key=x", false);
    check(0, ",key=0", false);
    check(false, ",key=false", false);

    // Each counts, over all lines; what a default tag replaces, too.
    let tags = DefaultTags::<32>::new().tag("a", "1").unwrap();
    let mut enc = Encoder::with_sink(Vec::new()).default_tags(tags);
    for _ in 0..3 {
        let line = enc.line("m").tag("a", "").tag("b", "").tag("c", "x");
        line.field("f", 1).finish().unwrap();
    }
    assert!(enc.line("m").tag("a", "").fields().finish().is_err());
    enc.clear();
    assert_eq!(enc.empty_tags(), 7);
    // A wrong key is refused as before.
    assert!(enc.line("m").tag("", "").field("f", 1).finish().is_err());
    assert_eq!(enc.empty_tags(), 7);
}

#[test]
fn only_a_full_buffer_is_full() {
    let mut storage = [0; 8];
    let mut enc = Encoder::new(&mut storage);
    let long = enc.line("m").field("long", 1).finish().unwrap_err();
    assert_eq!(long, EncodeError::BufferFull);
    for refused in [
        enc.line("").field("f", 1).finish().unwrap_err(),
        enc.line("m").fields().finish().unwrap_err(),
        enc.line("m").field("f", f64::NAN).finish().unwrap_err(),
    ] {
        assert_ne!(refused, EncodeError::BufferFull);
    }
}

#[test]
fn lines_know_whether_there_are_any() {
    let mut enc = Encoder::with_sink(Vec::new());
    assert!(enc.is_empty() && enc.lines().bytes.is_empty());
    enc.line("m").field("f", 1).finish().unwrap();
    assert!(!enc.is_empty() && !enc.lines().bytes.is_empty());
    enc.clear();
    assert!(enc.is_empty() && enc.lines().bytes.is_empty());
}

/// A sink that was given back with one line in it, `m f=1i`.
fn filled<S: Sink>(sink: S) -> S {
    let mut enc = Encoder::with_sink(sink);
    enc.line("m").field("f", 1).finish().unwrap();
    enc.into_sink()
}

#[test]
fn a_sink_comes_back_with_its_lines_and_nothing_else() {
    let line = b"m f=1i\n";
    let mut storage = [0; 16];
    assert_eq!(filled(&mut storage[..]), line);
    assert_eq!(filled(heapless::Vec::<u8, 16>::new()), line);
    assert_eq!(filled(filled(Vec::new())), line);
    let mut bounded = Encoder::bounded(line.len());
    bounded.line("m").field("f", 1).finish().unwrap();
    assert_eq!(filled(bounded.into_sink()), line);
    let tags = OwnedDefaultTags::new().tag("t", "v").unwrap();
    let enc = Encoder::with_sink(Vec::new()).default_tags(tags);
    let tagged = filled(filled(enc.into_sink()));
    assert_eq!(tagged.0, b"m,t=v f=1i\n");
}

/// Where there is space, nothing is asked for.
#[test]
fn storage_that_is_given_is_used() {
    let vec = filled(Vec::with_capacity(8));
    assert_eq!(vec.capacity(), 8);
    let mut enc = Encoder::with_sink(vec);
    enc.line("m").field("f", 10).finish().unwrap();
    assert_eq!(enc.into_sink().capacity(), 8);
    // Also behind tags.
    let tags = OwnedDefaultTags::new().tag("t", "v").unwrap();
    let enc = Encoder::with_sink(Vec::with_capacity(12)).default_tags(tags);
    let mut enc = Encoder::with_sink(filled(enc.into_sink()));
    enc.line("m").field("f", 10).finish().unwrap();
    let vec = enc.into_sink().0;
    assert_eq!((&vec[..], vec.capacity()), (&b"m,t=v f=10i\n"[..], 12));
}

#[test]
fn what_is_not_passed_on_yet_can_be_looked_at() {
    let mut enc = Encoder::with_sink(IoSink::new(Vec::new(), 16));
    for n in 0..3 {
        enc.line("m").field("f", n).finish().unwrap();
    }
    assert_eq!(enc.as_bytes(), b"m f=2i\n");
    assert_eq!(enc.line_count(), 3);
    enc.flush().unwrap();
    assert!(enc.as_bytes().is_empty());
    assert_eq!(enc.into_sink().into_writer(), b"m f=0i\nm f=1i\nm f=2i\n");
}

/// A `Display` that gives up after some text.
struct Fails(&'static str);

impl fmt::Display for Fails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        Err(fmt::Error)
    }
}

#[test]
fn a_display_that_fails_differs_from_one_that_does_not_fit() {
    let place = |part| Location {
        part,
        index: 0,
        offset: 0,
    };
    let mut storage = [0; 16];
    for (value, refused) in [
        (Fails(""), true),
        (Fails("text"), true),
        (Fails("far too long for the storage"), false),
    ] {
        let expected = |part| match refused {
            true => EncodeError::Format(place(part)),
            false => EncodeError::BufferFull,
        };
        let mut enc = Encoder::new(&mut storage);
        let field = enc.line("m").field("f", Text(&value)).finish();
        assert_eq!(field, Err(expected(Part::FieldValue)));
        let field = enc.line("m").field("f", format_args!("{value}")).finish();
        assert_eq!(field, Err(expected(Part::FieldValue)));
        let tag = enc.line("m").tag("t", Text(&value)).field("f", 1).finish();
        assert_eq!(tag, Err(expected(Part::TagValue)));
        assert!(enc.is_empty());
        // With storage that grows it's the failure alone that counts.
        let mut enc = Encoder::with_sink(Vec::new());
        let field = enc.line("m").field("f", Text(&value)).finish();
        assert_eq!(field, Err(EncodeError::Format(place(Part::FieldValue))));
    }
}
