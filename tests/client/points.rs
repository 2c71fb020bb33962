//! Points that can't be encoded: the error names key and number, by whichever call they are written.

use crate::common::wire::{NO_CONTENT, Wire};
use influx_edge::line::{EncodeError, Encoder, Sink, ToLine};
use influx_edge::writer::OverflowPolicy;
use influx_edge::{Error, ErrorKind, Point, Timestamp, WriteError};

/// A point with fields that only some calls know how to refuse.
struct Bad(fn() -> Point);

fn good() -> Point {
    Point::new("weather")
        .tag("station", "zrh-1")
        .field("temp_c", 21.5)
}

fn long_key() -> String {
    "é".repeat(200)
}

/// The point, its key in the error, and the sentence behind the number.
fn table() -> [(Bad, Option<String>, &'static str); 11] {
    let key = |text: &str| Some(text.to_string());
    [
        (
            Bad(|| good().field("wind", f64::NAN)),
            key("wind"),
            "the value of field `wind` is NaN or infinite: leave the field out where there is no number",
        ),
        (
            Bad(|| good().field("wind", f32::NEG_INFINITY)),
            key("wind"),
            "the value of field `wind` is NaN or infinite: leave the field out where there is no number",
        ),
        (
            Bad(|| good().field("time", 1)),
            key("time"),
            "field key `time` is a name the server keeps for itself: rename it",
        ),
        (Bad(|| good().field("", 1)), None, "field key 2 is empty"),
        (
            Bad(|| good().tag("_field", "x")),
            key("_field"),
            "tag key `_field` is a name the server keeps for itself: rename it",
        ),
        (
            Bad(|| good().tag("site", "a\nb")),
            key("site"),
            "the value of tag `site` has the control character 0x0a at byte 1: remove it or sanitize the text",
        ),
        (
            // What a terminal would obey is escaped.
            Bad(|| good().tag("si\x1b[2Jte", "a")),
            key("si\x1b[2Jte"),
            "tag key `si\\u{1b}[2Jte` has the control character 0x1b at byte 2: remove it or sanitize the text",
        ),
        (
            Bad(|| good().tag("site", "a\\")),
            key("site"),
            "the value of tag `site` has a backslash at byte 1 that a server would read as an escape",
        ),
        (
            // The start of a long one, in whole characters.
            Bad(|| good().field(long_key(), f64::INFINITY)),
            Some("é".to_string()),
            "` is NaN or infinite: leave the field out where there is no number",
        ),
        (
            Bad(|| Point::new("weather").tag("station", "zrh-1")),
            None,
            "the line has no field: give it at least one",
        ),
        (
            Bad(|| good().time(influx_edge::Timestamp::from_secs(i64::MAX))),
            None,
            "timestamp is outside the years 1677 to 2262: check the clock and the precision",
        ),
    ]
}

fn server() -> Wire {
    Wire::responding(NO_CONTENT)
}

fn is(error: &Error, number: Option<usize>, key: Option<&str>, text: &str) {
    let ErrorKind::Encode(e) = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(e.number, number, "{error}");
    match (e.key.as_deref(), key) {
        (Some(found), Some("é")) => {
            assert!(found.len() > 32 && found.len() <= 256, "{error}");
            assert!(long_key().starts_with(found), "{error}");
        }
        (found, key) => assert_eq!(found, key, "{error}"),
    }
    let start = match number {
        Some(number) => format!("cannot encode point {number}: "),
        None => "cannot encode a point: ".to_string(),
    };
    let said = error.to_string();
    assert!(said.starts_with(&start) && said.ends_with(text), "{said}");
    assert!(!error.is_retryable());
}

#[test]
fn the_error_names_key_and_number() {
    let wire = server();
    let tagged = wire
        .builder()
        .default_tag("host", "edge-1")
        .build()
        .unwrap();
    let clients = [wire.client(), tagged];
    for (bad, key, text) in table() {
        let (bad, key) = (bad.0(), key.as_deref());
        let batch = [good(), good(), bad.clone(), good()];
        for client in &clients {
            let error = client.write("sensors", &bad).unwrap_err();
            is(&error, Some(1), key, text);
            let error = client.write("sensors", &batch).unwrap_err();
            is(&error, Some(3), key, text);
            let error = client.write("sensors", batch.to_vec()).unwrap_err();
            is(&error, Some(3), key, text);
            let error = client.write_each("sensors", &batch).unwrap_err();
            is(&error, Some(3), key, text);
            #[cfg(feature = "v1")]
            is(
                &client.v1("plant").write(&batch).unwrap_err(),
                Some(3),
                key,
                text,
            );
            let mut writer = client.writer("sensors").build().unwrap();
            // Behind other lines of the open batch.
            writer.write(good()).unwrap();
            is(&writer.write(&bad).unwrap_err().into(), None, key, text);
            let error = writer.write(&batch).unwrap_err();
            is(&error.into(), Some(3), key, text);
            let error = writer.write_each(&batch).unwrap_err();
            is(&error.into(), Some(3), key, text);
            let error = writer
                .write_with(|enc| {
                    good().to_line(enc)?;
                    bad.to_line(enc)
                })
                .unwrap_err();
            is(&error.into(), Some(2), key, text);
            // What was refused left no trace: of `write_each` the two good ones are there.
            assert_eq!(writer.stats().buffered, 3);
            let _ = writer.close();
            let mut handle = client
                .writer("sensors")
                .build()
                .unwrap()
                .spawn(OverflowPolicy::Reject)
                .unwrap();
            is(&handle.write(&bad).unwrap_err().into(), None, key, text);
            let error = handle.write(&batch).unwrap_err();
            is(&error.into(), Some(3), key, text);
            assert!(handle.close().unwrap().is_safe());
        }
        // Only what the writers had taken went out.
        for seen in wire.seen() {
            let body = String::from_utf8(seen.body).unwrap();
            assert!(
                body.lines().all(|line| line.contains("temp_c=21.5 ")),
                "{body}"
            );
        }
        // The encoder alone.
        let mut enc = Encoder::with_sink(Vec::new());
        enc.encode(&good()).unwrap();
        let error = enc.encode(&bad).unwrap_err();
        match enc.error_key(&error) {
            Some(long) if key == Some("é") => assert!(long_key().starts_with(long)),
            found => assert_eq!(found, key),
        }
        is(&Error::from(error), None, None, "");
        assert_eq!(enc.line_count(), 1);
    }
}

/// An item of two lines, whose second is bad.
struct Pair;

impl ToLine for Pair {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        enc.line("a")
            .field("v", 1)
            .timestamp(Timestamp::from_nanos(1))?;
        enc.line("b").field("v", 1).field("v", 2).finish()
    }
}

#[test]
fn lines_count_where_an_item_has_several() {
    let client = server().client();
    let error = client.write("sensors", [Pair, Pair]).unwrap_err();
    is(
        &error,
        Some(2),
        Some("v"),
        "field key `v` is already on this line: each key may stand once",
    );
    // An iterator's items are counted, whatever they write.
    let error = client.write_each("sensors", [Pair]).unwrap_err();
    is(
        &error,
        Some(1),
        Some("v"),
        "field key `v` is already on this line: each key may stand once",
    );
}

#[test]
fn other_refusals_of_the_writer_carry_no_point() {
    let client = server().client();
    let mut writer = client.writer("sensors").batch_bytes(64).build().unwrap();
    let long = Point::new("m").field("text", "x".repeat(100));
    assert!(matches!(writer.write(&long), Err(WriteError::TooLarge(64))));
    assert!(matches!(
        writer.write_each([&long]),
        Err(WriteError::TooLarge(64))
    ));
    assert!(writer.close().unwrap().is_safe());
}
