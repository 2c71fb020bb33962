//! Strings that have broken other clients, in every position where a string can stand: each comes
//! back as it was, or was refused before anything was sent.

use crate::common::mock_server::Server;
use influx_edge::line::{EncodeError, Encoder};
use influx_edge::{Client, Timestamp};

const HOSTILE: &[&str] = &[
    "plain",
    "",
    " ",
    "  ",
    " leading",
    "trailing ",
    "a b",
    "a,b",
    "a=b",
    ",",
    "=",
    "a,b c=d",
    "\"",
    "\"quoted\"",
    "quo\"te",
    "'",
    "it's",
    "\\",
    "\\\\",
    "back\\slash",
    "trailing\\",
    "\\leading",
    "a\\,b",
    "a\\ b",
    "a\\=b",
    "a\\\"b",
    "a\\\\b",
    "\\n",
    "a\nb",
    "\n",
    "a\r\nb",
    "a\rb",
    "a\tb",
    "\tlead",
    "a\0b",
    "\u{7f}",
    "\u{1b}[31m",
    "#comment",
    "a#b",
    "#!~#",
    "a#!~#b",
    "a#!~",
    "#datatype,string,long",
    "#group",
    "time",
    "_time",
    "_field",
    "_measurement",
    "_value",
    "_start",
    "_stop",
    "result",
    "table",
    "error",
    "reference",
    "grüezi",
    "Zürich, 8001",
    "日本語",
    "😀",
    "👨‍👩‍👧‍👦",
    "e\u{301}",
    "\u{202e}rtl",
    "\u{feff}bom",
    "\u{2028}",
    "\u{a0}",
    "${x}",
    "${",
    "$",
    "\" or true or r.x == \"",
    "x f=1 1\ny f=2 2",
    "m,t=a f=1 1",
    "1i",
    "true",
    "NaN",
    "-",
    "%20&x=y?z",
    "<script>",
    "\\.",
    ";",
    "|",
    "null",
];

fn connect(server: &Server) -> Client {
    let builder = Client::builder(server.url()).org(server.org());
    builder.token(server.token()).build().expect("a client")
}

/// What a query gives for a stored string: Go's CSV writer drops every CR, in a real server too.
fn as_queried(text: &str) -> String {
    text.replace('\r', "")
}

/// The four cells that hold strings, of the only row of the bucket.
struct Back {
    measurement: String,
    field: String,
    tag: Option<String>,
    value: String,
}

/// Reads the only row. `tag` is the key of the tag, which is a column's name.
fn read_back(client: &Client, bucket: &str, tag: &str) -> Back {
    let mut rows = client
        .query("from(bucket: params.b) |> range(start: 0, stop: 1)")
        .param("b", bucket)
        .call()
        .expect("a response");
    let row = rows.next().expect("a row").expect("one row");
    let text = |column: &str| row.get::<&str>(column).expect("text").to_owned();
    // A name means the data's column first: a tag may well be called `result`. Only without such a
    // tag it is the frame's, which has no index.
    let column = row
        .table()
        .column(tag)
        .filter(|column| column.index().is_some());
    Back {
        measurement: text("_measurement"),
        field: text("_field"),
        tag: column.map(|column| text(column.name())),
        value: text("_value"),
    }
}

/// Writes one line with these strings and reads it back. `None`: refused by the encoder.
fn there_and_back(
    measurement: &str,
    key: &str,
    tag: &str,
    field: &str,
    value: &str,
) -> Result<Back, EncodeError> {
    let server = Server::start();
    let client = connect(&server);
    let mut enc = Encoder::with_sink(Vec::new());
    enc.line(measurement)
        .tag(key, tag)
        .field(field, value)
        .timestamp(7)?;
    client.write(server.bucket(), enc.lines()).expect("204");
    assert_eq!(
        server.points(server.bucket()).len(),
        1,
        "one point and no other"
    );
    Ok(read_back(&client, server.bucket(), &as_queried(key)))
}

/// Runs every string through a position. The strings that `portable` allows come back; the others
/// are refused.
fn check(portable: impl Fn(&str) -> bool, run: impl Fn(&str) -> Result<(), EncodeError>) {
    for text in HOSTILE {
        assert_eq!(run(text).is_ok(), portable(text), "{text:?}");
    }
}

/// What every server understands alike as a name or a tag value, escaped where it has to be.
fn portable(text: &str) -> bool {
    let swallows = [r"\,", r"\=", r"\ ", r#"\""#, r"\\"];
    !text.is_empty()
        && !text.chars().any(|c| c < ' ' || c == '\u{7f}')
        && !text.ends_with('\\')
        && !swallows.iter().any(|pair| text.contains(pair))
}

/// The storage engine parts a series key from a field key by `#!~#`.
fn keeps_clear_of_the_separator(text: &str) -> bool {
    !text.contains("#!~#") && !text.ends_with("#!~")
}

#[test]
fn as_a_string_field_everything_passes() {
    let everything = |_: &str| true;
    check(everything, |text| {
        let back = there_and_back("m", "k", "v", "f", text)?;
        assert_eq!(back.value, as_queried(text), "{text:?}");
        Ok(())
    });
}

#[test]
fn as_a_measurement() {
    let allowed =
        |text: &str| portable(text) && keeps_clear_of_the_separator(text) && !text.starts_with('#');
    check(allowed, |text| {
        let back = there_and_back(text, "k", "v", "f", "x")?;
        assert_eq!(back.measurement, text);
        Ok(())
    });
}

#[test]
fn as_a_tag_key() {
    let reserved = [
        "time",
        "_field",
        "_measurement",
        "_time",
        "_value",
        "_start",
        "_stop",
    ];
    let allowed = |text: &str| {
        portable(text) && keeps_clear_of_the_separator(text) && !reserved.contains(&text)
    };
    check(allowed, |text| {
        let back = there_and_back("m", text, "v", "f", "x")?;
        assert_eq!(back.tag.as_deref(), Some("v"), "{text:?}");
        Ok(())
    });
}

#[test]
fn as_a_tag_value() {
    // An empty tag is no tag.
    let allowed =
        |text: &str| text.is_empty() || portable(text) && keeps_clear_of_the_separator(text);
    check(allowed, |text| {
        let back = there_and_back("m", "k", text, "f", "x")?;
        let expected = Some(text).filter(|text| !text.is_empty());
        assert_eq!(back.tag.as_deref(), expected);
        Ok(())
    });
}

#[test]
fn as_a_field_key() {
    let allowed = |text: &str| portable(text) && text != "time";
    check(allowed, |text| {
        let back = there_and_back("m", "k", "v", text, "x")?;
        assert_eq!(back.field, text);
        Ok(())
    });
}

/// Every string at once in one bucket, and each found by a parameter: a parameter is a value,
/// whatever it looks like.
#[test]
fn a_parameter_selects_exactly_its_own_series() {
    let server = Server::start();
    let client = connect(&server);
    let mut enc = Encoder::with_sink(Vec::new());
    let mut accepted = Vec::new();
    for (time, text) in (1_i64..).zip(HOSTILE) {
        let line = enc.line("m").tag("k", *text).field("n", time);
        if line.timestamp(time).is_ok() && !text.is_empty() {
            accepted.push((time, *text));
        }
    }
    client.write(server.bucket(), enc.lines()).expect("204");
    for (number, text) in accepted {
        let mut rows = client
            .query(
                "from(bucket: params.b) |> range(start: params.from, stop: params.to) \
                 |> filter(fn: (r) => r.k == params.k)",
            )
            .param("b", server.bucket())
            .param("k", text)
            .param("from", Timestamp::from_nanos(0))
            .param("to", Timestamp::from_nanos(1_000_000))
            .call()
            .expect("a response");
        let row = rows.next().expect("a row").expect("one row");
        assert_eq!(
            row.get::<i64>("_value").expect("a number"),
            number,
            "{text:?}"
        );
        assert!(rows.next().expect("the end").is_none(), "{text:?}");
    }
}
