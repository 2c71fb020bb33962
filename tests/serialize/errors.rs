//! What has no place in a line is an error that names the field, and leaves no trace.

use influx_edge::line::{Encoder, Schema};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// The sentence for a value, by a fixed buffer and by a growing one, behind a line that stays.
fn refused<T: Serialize>(schema: &Schema<'_>, value: &T) -> String {
    let mut storage = [0u8; 256];
    let mut fixed = Encoder::new(&mut storage);
    fixed.line("t").field("v", 1).finish().unwrap();
    let error = fixed.serialize(schema, value).unwrap_err();
    assert_eq!(fixed.as_bytes(), b"t v=1i\n");
    let mut grown = Encoder::with_sink(Vec::new());
    assert_eq!(grown.serialize(schema, value), Err(error));
    assert_eq!(grown.as_bytes(), b"");
    grown.line("t").field("v", 1).finish().unwrap();
    assert_eq!(grown.as_bytes(), b"t v=1i\n");
    error.to_string()
}

#[derive(Clone, Serialize)]
enum External {
    Unit,
    New(i64),
    Tuple(i64, i64),
    Struct { a: i64 },
}

#[derive(Serialize)]
struct Of<T> {
    id: u16,
    x: T,
}

fn of<T>(x: T) -> Of<T> {
    Of { id: 1, x }
}

#[derive(Serialize)]
struct Inner {
    a: i64,
}

struct Bytes;
impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(b"x")
    }
}

struct Fails;
impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

struct FailsToFormat;
impl std::fmt::Display for FailsToFormat {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Err(std::fmt::Error)
    }
}
impl Serialize for FailsToFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[test]
fn what_has_no_place_names_its_field() {
    const T: Schema = Schema::new("t").tags(&["id"]);
    const KEY: Schema = Schema::new("t").tags(&["a\u{9f}"]);
    const NO_FORM: &str = "which has no form in line protocol";
    let field = |what: &str| format!("the value of field `x` is {what}, {NO_FORM}");
    let variant = field("an enum's variant with data");
    for (found, expected) in [
        (refused(&T, &of(vec![1])), field("a sequence")),
        (refused(&T, &of([1, 2])), field("a sequence")),
        (refused(&T, &of((1, "a"))), field("a sequence")),
        (refused(&T, &of(Some(vec![1]))), field("a sequence")),
        (refused(&T, &of(Bytes)), field("bytes")),
        (refused(&T, &of(Inner { a: 1 })), field("a struct")),
        (refused(&T, &of(std::time::Duration::ZERO)), field("a struct")),
        (refused(&T, &of(BTreeMap::from([(1, 2)]))), field("a map")),
        (refused(&T, &of(External::New(1))), variant.clone()),
        (refused(&T, &of(External::Tuple(1, 2))), variant.clone()),
        (refused(&T, &of(External::Struct { a: 1 })), variant),
        (
            refused(&T, &of(u128::MAX)),
            field("an integer outside the range of 64 bits"),
        ),
        (
            refused(&T, &of(i128::MIN)),
            field("an integer outside the range of 64 bits"),
        ),
        (
            refused(&T, &of(Fails)),
            "the value of field `x` could not be serialized: its own Serialize returned an error".into(),
        ),
        (
            refused(&T, &of(FailsToFormat)),
            "the value of field `x` could not be formatted".into(),
        ),
        (
            refused(&T, &of(f64::NAN)),
            "the value of field `x` is NaN or infinite: leave the field out where there is no number".into(),
        ),
        (
            refused(&T, &BTreeMap::from([("a\nb", 1)])),
            "field key `a\\nb` has the control character 0x0a at byte 1: remove it or sanitize the text"
                .into(),
        ),
        (
            refused(&T, &BTreeMap::from([("a\u{85}b", 1)])),
            "field key `a\\u{85}b` has the control character 0x85 at byte 1: remove it or sanitize the text"
                .into(),
        ),
        (
            refused(&KEY, &BTreeMap::from([("a\u{9f}", "x"), ("b", "x")])),
            "tag key `a\\u{9f}` has the control character 0x9f at byte 1: remove it or sanitize the text"
                .into(),
        ),
    ] {
        assert_eq!(found, expected);
    }
}

/// A map's key that can't be a name: what it is, and of which field, also where a walk for tags comes
/// first. (A key has no name of its own, and serde doesn't give that of a flattened map.)
#[test]
fn keys_that_are_no_scalar() {
    /// A map whose last key is this one.
    struct Map<K>(usize, K, bool);
    impl<K: Serialize> Serialize for Map<K> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeMap;
            let mut map = serializer.serialize_map(None)?;
            for n in 0..self.0 {
                map.serialize_entry(&n, &n)?;
            }
            if self.2 {
                map.serialize_entry(&self.1, &1)?;
            } else {
                map.serialize_key(&self.1)?;
                map.serialize_value(&1)?;
            }
            map.end()
        }
    }
    #[derive(Serialize)]
    struct Outer<T> {
        id: u16,
        a: bool,
        #[serde(flatten)]
        rest: T,
    }
    fn keyed<K: Serialize + Clone>(key: K, expected: &str) {
        let known = Schema::new("t").tags(&["id"]);
        for together in [true, false] {
            for before in [0, 1, 3] {
                let map = Map(before, key.clone(), together);
                let sentence = |n: usize| format!("field key {n} {expected}");
                assert_eq!(refused(&Schema::new("t"), &map), sentence(before + 1));
                assert_eq!(refused(&known, &map), sentence(before + 1));
                let by_name = Schema::measurement_from("0").tags(&["id"]);
                if before > 0 {
                    let found = refused(&by_name, &Map(before, key.clone(), together));
                    assert!(found.contains("measurement"), "{found}");
                }
                let (id, a) = (1, true);
                let outer = Outer { id, a, rest: map };
                assert_eq!(refused(&known, &outer), sentence(before + 2));
            }
        }
    }
    let only = "a map's key is a text, a number or a boolean";
    keyed(vec![1], &format!("is a sequence: {only}"));
    keyed((1, "a"), &format!("is a sequence: {only}"));
    keyed(BTreeMap::from([(1, 2)]), &format!("is a map: {only}"));
    keyed(None::<i64>, &format!("is nothing: {only}"));
    keyed((), &format!("is nothing: {only}"));
    keyed(Some(vec![1]), &format!("is a sequence: {only}"));
    keyed(
        External::New(1),
        &format!("is an enum's variant with data: {only}"),
    );
    keyed(
        External::Struct { a: 1 },
        &format!("is an enum's variant with data: {only}"),
    );
    keyed(std::time::Duration::ZERO, &format!("is a struct: {only}"));
}

#[test]
fn keys_that_fail_by_themselves() {
    /// A map of one key.
    struct Map<K>(K);
    impl<K: Serialize> Serialize for Map<K> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(&self.0, 1)])
        }
    }
    /// A key as long as that.
    struct Shown(usize);
    impl Serialize for Shown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&format_args!("{:x>1$}", "", self.0))
        }
    }
    let t = Schema::new("t").tags(&["id"]);
    let format = "field key 1 could not be formatted";
    let own = "field key 1 could not be serialized: its own Serialize returned an error";
    assert_eq!(refused(&t, &Map(Fails)), own);
    assert_eq!(refused(&t, &Map(FailsToFormat)), format);
    assert_eq!(refused(&t, &Map(Shown(129))), format);
    assert_eq!(refused(&t, &Map(Some(Shown(300)))), format);
    let mut enc = Encoder::with_sink(Vec::new());
    enc.serialize(&t, &Map(Shown(128))).unwrap();
    assert_eq!(
        enc.as_bytes(),
        format!("t {}=1i\n", "x".repeat(128)).as_bytes()
    );
}

#[test]
fn tags_times_and_measurements_have_their_own_sentences() {
    const TAG: Schema = Schema::new("t").tags(&["x"]);
    const TIME: Schema = Schema::new("t").time("x");
    const NAME: Schema = Schema::measurement_from("x");
    const A_TIME: &str = "a time is an integer, a Timestamp, a SystemTime or RFC 3339 text";
    let before = std::time::UNIX_EPOCH - std::time::Duration::from_secs(1);
    for (found, expected) in [
        (
            refused(&TAG, &of(vec![1])),
            "the value of tag `x` is a sequence, which has no form in line protocol".to_owned(),
        ),
        (
            refused(&TAG, &of(f32::NAN)),
            "the value of tag `x` is NaN or infinite: leave the field out where there is no number".into(),
        ),
        (
            refused(&TAG, &of("a\tb")),
            "the value of tag `x` has the control character 0x09 at byte 1: remove it or sanitize the text"
                .into(),
        ),
        (
            refused(&TIME, &of(1.5)),
            format!("the time, field `x` is a float: {A_TIME}"),
        ),
        (
            refused(&TIME, &of(true)),
            format!("the time, field `x` is a boolean: {A_TIME}"),
        ),
        (
            refused(&TIME, &of(Inner { a: 1 })),
            format!("the time, field `x` is a struct: {A_TIME}"),
        ),
        (
            refused(&TIME, &of("yesterday")),
            "the time, field `x`: not an RFC 3339 time".into(),
        ),
        (
            refused(&TIME, &of("2023-02-30T00:00:00Z")),
            "the time, field `x`: no such date or time of day".into(),
        ),
        (
            refused(&TIME, &of(u64::MAX)),
            "the time, field `x` is outside the years 1677 to 2262: check the clock and the precision".into(),
        ),
        (
            refused(&TIME, &of(before)),
            "the time, field `x` could not be serialized: its own Serialize returned an error".into(),
        ),
        (
            refused(&NAME, &of(7)),
            "the measurement, field `x` is an integer: a measurement is a text".into(),
        ),
        (
            refused(&NAME, &of("")),
            "the measurement, field `x` is empty".into(),
        ),
        (
            refused(&NAME, &of("#x")),
            "the measurement, field `x` begins with #: a server would drop the line as a comment".into(),
        ),
        (
            refused(&NAME, &of(None::<&str>)),
            "the measurement, field `x` is nothing: a measurement is a text".into(),
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn names_of_the_schema_that_the_struct_lacks() {
    let typo = Schema::new("t").tags(&["id", "y"]);
    let time = Schema::new("t").tags(&["id"]).time("y");
    let name = Schema::measurement_from("y");
    let many: Vec<String> = (0..200).map(|n| format!("tag{n}")).collect();
    let many: Vec<&str> = std::iter::once("id")
        .chain(many.iter().map(|name| &**name))
        .collect();
    for (found, expected) in [
        (
            refused(&typo, &of(1)),
            "tag key `y` is in the schema, but not in the value",
        ),
        (
            refused(&Schema::new("t").tags(&many), &of(1)),
            "tag key `tag0` is in the schema, but not in the value",
        ),
        (
            refused(&time, &of(1)),
            "the time, field `y` is in the schema, but not in the value",
        ),
        (
            refused(&name, &of(1)),
            "the measurement, field `y` is taken from a field that the value does not have",
        ),
    ] {
        assert_eq!(found, expected);
    }
}

/// A name can be one of them. In a constant the same is an error of compilation: see the messages among
/// the first guesses.
#[test]
fn schemas_that_name_a_field_twice() {
    type Build = fn() -> Schema<'static>;
    let tags = "a schema names the same tag twice";
    let time = "a schema names one field as a tag and as the time";
    let measurement = "a schema names one field as the measurement and as a tag";
    let neither = "a schema names one field as the measurement and as the time";
    let cases: [(Build, Option<&str>); 16] = [
        (|| Schema::new("t").tags(&["x", "x"]), Some(tags)),
        (|| Schema::new("t").tags(&["x", "y", "z", "y"]), Some(tags)),
        (|| Schema::new("t").tags(&["", ""]), Some(tags)),
        (|| Schema::new("t").tags(&["x"]).time("x"), Some(time)),
        (|| Schema::new("t").time("x").tags(&["x"]), Some(time)),
        (
            || Schema::new("t").tags(&["a", "b", "é"]).time("é"),
            Some(time),
        ),
        (|| Schema::new("t").time("").tags(&["a", ""]), Some(time)),
        (
            || Schema::measurement_from("m").tags(&["m"]),
            Some(measurement),
        ),
        (
            || Schema::measurement_from("m").time("t").tags(&["x", "m"]),
            Some(measurement),
        ),
        (|| Schema::measurement_from("m").time("m"), Some(neither)),
        (
            || Schema::measurement_from("m").tags(&["x"]).time("m"),
            Some(neither),
        ),
        // The measurement's name is no field, and neither of these is another's beginning or end.
        (|| Schema::new("x").tags(&["x"]), None),
        (|| Schema::new("x").time("x"), None),
        (
            || Schema::new("t").tags(&["x", "xx", "X", ""]).time("xxx"),
            None,
        ),
        (
            || Schema::measurement_from("x").tags(&["xx"]).time(""),
            None,
        ),
        (|| Schema::new("t").tags(&[]).time("at"), None),
    ];
    for (n, (build, expected)) in cases.into_iter().enumerate() {
        let panic = std::panic::catch_unwind(build).err();
        let message = panic.map(|panic| *panic.downcast_ref::<&str>().unwrap());
        assert_eq!(message, expected, "case {n}");
    }
}

#[test]
fn what_is_no_struct() {
    const T: Schema = Schema::new("t");
    for (found, expected) in [
        (refused(&T, &1), "an integer"),
        (refused(&T, &"x"), "a text"),
        (refused(&T, &[1, 2]), "a sequence"),
        (refused(&T, &None::<Inner>), "nothing"),
        (refused(&T, &External::Unit), "a text"),
        (
            refused(&T, &External::Struct { a: 1 }),
            "an enum's variant with data",
        ),
        (refused(&T, &()), "nothing"),
    ] {
        assert_eq!(
            found,
            format!("a line is made of a struct or a map, not of {expected}")
        );
    }
    #[derive(Serialize)]
    struct Empty {}
    assert_eq!(
        refused(&T, &Empty {}),
        "the line has no field: give it at least one"
    );
}

/// Goes on after an error, and returns what it likes.
struct GoesOn {
    names: [&'static str; 3],
    wrong: usize,
}

impl Serialize for GoesOn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut all = serializer.serialize_struct("GoesOn", 3)?;
        for (n, name) in self.names.into_iter().enumerate() {
            let _ = match n == self.wrong {
                true => all.serialize_field(name, &[1]),
                false => all.serialize_field(name, &1),
            };
        }
        all.end()
    }
}

#[test]
fn the_first_error_names_its_field() {
    const TAG: Schema = Schema::new("m").tags(&["a"]);
    for (names, wrong, schema, expected) in [
        (
            ["x", "y", "z"],
            0,
            Schema::new("m"),
            "the value of field `x`",
        ),
        (
            ["x", "y", "z"],
            1,
            Schema::new("m"),
            "the value of field `y`",
        ),
        (
            ["x", "y", "z"],
            2,
            Schema::new("m"),
            "the value of field `z`",
        ),
        (["a", "y", "z"], 0, TAG, "the value of tag `a`"),
        (["x", "a", "z"], 0, TAG, "the value of field `x`"),
        (["x", "a", "z"], 1, TAG, "the value of tag `a`"),
        (
            ["x", "time", "z"],
            1,
            Schema::new("m").time("time"),
            "the time, field `time`",
        ),
    ] {
        let sentence = refused(&schema, &GoesOn { names, wrong });
        assert!(
            sentence.starts_with(&format!("{expected} is a sequence")),
            "{sentence}"
        );
    }
}

/// `enc.serialize(…)?` in a function that returns the crate's error: the field is still named.
#[cfg(feature = "client")]
#[test]
fn the_crates_error_keeps_the_name_of_the_field() {
    use influx_edge::{Error, ErrorKind};
    fn write<T: Serialize>(schema: &Schema<'_>, value: &T) -> Result<(), Error> {
        let mut storage = [0u8; 16];
        Encoder::new(&mut storage).serialize(schema, value)?;
        Ok(())
    }
    let t = Schema::new("t");
    let start = "cannot encode a point: ";
    for (error, key, sentence) in [
        (
            write(&t, &of(f64::NAN)),
            Some("x"),
            "the value of field `x` is NaN",
        ),
        (
            write(&t, &of([1, 2])),
            Some("x"),
            "the value of field `x` is a sequence",
        ),
        (
            write(&t, &of(External::New(1))),
            Some("x"),
            "the value of field `x`",
        ),
        (write(&t.tags(&["site"]), &of(1)), Some("site"), ""),
        (write(&t.time("at"), &of(1)), Some("at"), ""),
        (write(&t, &of("longer than the buffer")), None, ""),
        (write(&Schema::new(""), &of(1)), None, ""),
    ] {
        let error = error.unwrap_err();
        let ErrorKind::Encode(point) = error.kind() else {
            panic!("{error}")
        };
        assert_eq!((point.key.as_deref(), point.number), (key, None), "{error}");
        let text = error.to_string();
        let rest = text.strip_prefix(start).unwrap_or_else(|| panic!("{text}"));
        assert!(rest.starts_with(sentence), "{text}");
        assert!(
            key.is_none_or(|key| rest.contains(&format!("`{key}`"))),
            "{text}"
        );
    }
}
