//! Control characters from U+0080 to U+009F in each place of a line, and wherever keys are prepared.

use crate::common::line::{Spec, Value, encode};
use crate::escaping::{At, NAMES, accepted, line, refused};
use influx_edge::line::{
    DefaultTags, EncodeError, Encoder, FieldKey, Location, OwnedDefaultTags, OwnedFieldKey,
    OwnedSeries, Part, Point, Series, ToLine as _, sanitize,
};

/// U+0080 to U+009F: InfluxDB 3 refuses them in the names of columns, and keeps them everywhere else.
#[test]
fn later_control_characters_are_refused_in_keys_alone() {
    for c in '\u{80}'..='\u{9F}' {
        let is = |e: &EncodeError| matches!(e, EncodeError::ControlCharacter(..));
        for at in [At::TagKey, At::FieldKey] {
            refused(at, &format!("ab{c}d"), is, 2);
            refused(at, &format!("{c}"), is, 0);
            refused(at, &format!("é µ {c}{c}"), is, 6);
            refused(at, &format!("exactly8{c}"), is, 8);
            refused(at, &format!("1234567{c}, and more of it"), is, 7);
            refused(at, &format!("a longer name, escaped{c}"), is, 22);
            refused(at, &format!("température_à_l'ombre_{c}"), is, 24);
            refused(at, &format!("{c}").repeat(16), is, 0);
            // What stands before it has its own error.
            let first = encode(&line(at, &format!("a\n{c}"), "").0).unwrap_err();
            assert!(matches!(first, EncodeError::ControlCharacter(_, b'\n')));
        }
        for at in [At::Measurement, At::TagValue, At::Text] {
            for text in [format!("a{c}b"), format!("{c}"), format!("1234567{c}ü{c}")] {
                accepted(at, &text, &text);
            }
        }
        let error = encode(&Spec::new("m").field(&format!("ab{c}"), Value::Integer(1)));
        assert_eq!(
            error.unwrap_err().to_string(),
            format!(
                "field key 1 has the control character {:#04x} at byte 2: remove it or sanitize the text",
                u32::from(c)
            )
        );
    }
    // Those beside them, of one, two and three bytes, with the same bytes in them.
    for at in NAMES {
        for text in [
            "\u{A0}",
            "a\u{A0}b",
            "°C",
            "µ",
            "µg/m³",
            "12345678°",
            "1234567°",
            "\u{BF}",
            "\u{C0}",
            "é",
            "\u{C2}\u{C3}",
            "\u{7FF}",
            "\u{800}",
            "\u{2080}",
            "\u{C280}",
            "日\u{A0}本",
            "\u{1F080}",
            "température_extérieure_°C",
            "a\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}\u{A0}",
        ] {
            accepted(at, text, text);
        }
        let escaped = |text: &str| text.replace(' ', "\\ ");
        accepted(at, "température °C", &escaped("température °C"));
    }
}

#[test]
fn later_control_characters_wherever_keys_are_prepared() {
    let refused = |what: &str, c: char, error: EncodeError, part: Part, offset: u32| {
        let place = Location {
            part,
            index: 0,
            offset,
        };
        let expected = EncodeError::ControlCharacter(place, u8::try_from(c).unwrap());
        assert_eq!(error, expected, "{what} {c:?}");
    };
    for c in '\u{80}'..='\u{9F}' {
        for (start, offset) in [("", 0), ("k", 1), ("key of more than eight ", 23)] {
            let key = format!("{start}{c}x");
            let tag = |e, what| refused(what, c, e, Part::TagKey, offset);
            let field = |e, what| refused(what, c, e, Part::FieldKey, offset);
            tag(
                OwnedDefaultTags::new().tag(&key, "v").unwrap_err(),
                "default tag",
            );
            tag(
                DefaultTags::<64>::new().tag(&key, "v").unwrap_err(),
                "fixed default tag",
            );
            tag(
                Series::<64>::new("m").unwrap().tag(&key, "v").unwrap_err(),
                "series",
            );
            tag(
                OwnedSeries::new("m").unwrap().tag(&key, "").unwrap_err(),
                "absent tag of a series",
            );
            field(FieldKey::<64>::new(&key).unwrap_err(), "field key");
            field(OwnedFieldKey::new(&key).unwrap_err(), "owned field key");
            let mut enc = Encoder::with_sink(Vec::new());
            let point = Point::new("m").tag(&*key, "v").field("f", 1);
            tag(point.to_line(&mut enc).unwrap_err(), "point");
            let point = Point::new("m").field(&*key, 1);
            field(point.to_line(&mut enc).unwrap_err(), "point");
            tag(
                enc.line("m")
                    .tag(&key, None::<&str>)
                    .field("f", 1)
                    .finish()
                    .unwrap_err(),
                "absent tag",
            );
            assert!(enc.as_bytes().is_empty());
            for part in [Part::TagKey, Part::FieldKey] {
                assert_eq!(sanitize(part, &key).to_string(), format!("{start}_x"));
            }
            for part in [Part::Measurement, Part::TagValue] {
                assert_eq!(sanitize(part, &key).to_string(), key);
            }
            // Values and measurements keep them.
            let series = OwnedSeries::new(&key).unwrap().tag("k", &*key).unwrap();
            assert!(series.as_bytes().ends_with(format!("{c}x").as_bytes()));
            enc.line(&key)
                .tag("k", &*key)
                .field("f", &*key)
                .finish()
                .unwrap();
        }
    }
    for text in ["\u{7F}", "\u{A0}", "é", "°"] {
        let clean = if text == "\u{7F}" { "_" } else { text };
        assert_eq!(sanitize(Part::TagKey, text).to_string(), clean);
    }
    // What was replaced can make a reserved name.
    assert_eq!(sanitize(Part::TagKey, "\u{85}time").to_string(), "_time_");
}
