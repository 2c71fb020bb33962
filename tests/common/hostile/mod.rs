//! Strings that break clients: at least 600 of them, each put in all five places of a line.
//!
//! A literal table by what the string is after, and a generated part that puts what is special
//! side by side. The generated part is the same in every run.

pub(crate) mod connect;
pub(crate) mod http;
pub(crate) mod influx;
pub(crate) mod json;
pub(crate) mod report;
mod table;
pub(crate) mod victoria;

use crate::common::random::{Draw, Rng};
use influx_edge::line::{EncodeError, Encoder};
use std::collections::BTreeSet;

/// The position of a string in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Position {
    Measurement,
    TagKey,
    TagValue,
    FieldKey,
    StringField,
}

pub(crate) const POSITIONS: [Position; 5] = [
    Position::Measurement,
    Position::TagKey,
    Position::TagValue,
    Position::FieldKey,
    Position::StringField,
];

/// The set: distinct, in the same order in every run.
pub(crate) fn strings() -> Vec<String> {
    let mut all = vec![String::new()];
    all.extend(table::ALL.iter().copied().flatten().map(|s| s.to_string()));
    all.extend(neighbours());
    all.extend(long());
    all.extend(mixtures(160));
    let mut seen = BTreeSet::new();
    all.retain(|s| seen.insert(s.clone()));
    all
}

/// Each special character in front, in the middle, at the end, doubled, and next to each other.
fn neighbours() -> Vec<String> {
    let special = [",", "=", " ", "\"", "\\", "#", "\n", "\t", "é", "😀"];
    let mut all = Vec::new();
    for a in special {
        all.extend([
            format!("{a}x"),
            format!("x{a}"),
            format!("x{a}y"),
            format!("x{a}{a}y"),
        ]);
        for b in special {
            all.push(format!("p{a}{b}q"));
            all.push(format!("{a}{b}"));
        }
    }
    all
}

/// Around the widths in which an encoder may work (8, 16, 32, 64), and really long ones.
fn long() -> Vec<String> {
    let mut all = Vec::new();
    for width in [7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 257] {
        all.push("w".repeat(width));
        all.push(format!("{},", "w".repeat(width - 1)));
        all.push(format!(" {}", "w".repeat(width - 1)));
    }
    for len in [1_000, 16_384, 16_385, 30_000] {
        all.push("long".repeat(len / 4) + &"!".repeat(len % 4));
    }
    all.push(", =\"".repeat(500));
    all.push("é".repeat(4_000));
    // Longer than a key may be.
    all.push("k".repeat(65_536));
    all
}

/// Random sequences of what is special and what is not.
fn mixtures(count: usize) -> Vec<String> {
    const PARTS: [&str; 24] = [
        ",", "=", " ", "\"", "\\", "#", "'", "a", "b", "0", "1i", "é", "度", "😀", "\u{301}",
        "#!~", "\u{200b}", "\n", "/", "%", "_", "\\n", "t=", " f=1",
    ];
    let mut random = Rng::with_seed(0x1f1u64);
    (0..count)
        .map(|_| {
            let len = 2 + random.below(9);
            (0..len).map(|_| PARTS[random.below(PARTS.len())]).collect()
        })
        .collect()
}

/// A line with `text` in one place and plain words in the others. `n` tells the lines apart: it is
/// the value of the field where the text is not, and the tag `hostile_n` where that is asked for.
pub(crate) fn write_line(
    enc: &mut Encoder<Vec<u8>>,
    position: Position,
    text: &str,
    n: i64,
    tagged: bool,
    time: i64,
) -> Result<(), EncodeError> {
    let tag = tagged.then_some(n);
    let number = format!("{n:04}");
    let line = match position {
        Position::Measurement => enc.line(text),
        Position::TagKey => enc.line(&format!("tk{number}")).tag(text, "v"),
        Position::TagValue => enc.line("tv").tag("t", text),
        Position::FieldKey => enc.line(&format!("fk{number}")),
        Position::StringField => enc.line("sf"),
    };
    let line = line.tag("hostile_n", tag).fields();
    let line = match position {
        Position::FieldKey => line.field(text, n),
        Position::StringField => line.field("s", text).field("n", n),
        _ => line.field("n", n),
    };
    line.timestamp(time)
}

/// The encoder's options for servers that cut their input into lines first, as VictoriaMetrics.
pub(crate) fn for_line_splitters(enc: Encoder<Vec<u8>>, yes: bool) -> Encoder<Vec<u8>> {
    enc.reject_newlines(yes).reject_quoted_keys(yes)
}

/// Whether the text must be refused in this place: the portable rule, implemented
/// independently of the encoder. `splitters`: with [`for_line_splitters`].
pub(crate) fn must_be_refused(position: Position, text: &str, splitters: bool) -> bool {
    if position == Position::StringField {
        return splitters && text.contains('\n');
    }
    if text.is_empty() {
        // An empty tag value is no tag.
        return position != Position::TagValue;
    }
    // Both kinds are `char::is_control`; InfluxDB 3 minds the later ones in the names of columns.
    let column = matches!(position, Position::TagKey | Position::FieldKey);
    let control = text
        .chars()
        .any(|c| c.is_ascii_control() || column && c.is_control());
    let swallows = ["\\,", "\\=", "\\ ", "\\\"", "\\\\"]
        .iter()
        .any(|escape| text.contains(escape));
    // As on the wire, with the shortest of companions; the longest text is far beyond.
    let too_long = text.len() > 65_500;
    let separator = text.contains("#!~#") || text.ends_with("#!~");
    let own = match position {
        Position::Measurement => separator || text.starts_with('#'),
        Position::TagKey => {
            let reserved = [
                "time",
                "_field",
                "_measurement",
                "_time",
                "_value",
                "_start",
                "_stop",
            ];
            separator || reserved.contains(&text)
        }
        Position::TagValue => separator,
        Position::FieldKey => text == "time" || (splitters && text.contains('"')),
        Position::StringField => false,
    };
    control || swallows || text.ends_with('\\') || too_long || own
}
