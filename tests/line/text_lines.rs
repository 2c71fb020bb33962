//! Line protocol as text: which lines are accepted, against the published parser of InfluxDB 3.
//!
//! `INFLUX_EDGE_FUZZ_RUNS` sets how many texts are tried (60 000 if it is not set), `INFLUX_EDGE_SEED`
//! where it begins.

use crate::common::line::text::compare;
use crate::common::random::{Draw, Rng};
use crate::fuzz::number;
use influx_edge::line::{text_lines, whole_lines};

/// What each line of a text becomes: the line, with a `@` behind it if it has a time, or why not.
fn parsed(text: &str) -> Vec<String> {
    text_lines(text)
        .map(|(number, line)| match line {
            Ok(line) => format!(
                "{number}: {}{}",
                std::str::from_utf8(line.bytes).unwrap(),
                if line.has_time { "@" } else { "" }
            ),
            Err(error) => format!("{number}! {error}"),
        })
        .collect()
}

#[test]
fn lines_of_a_text() {
    let table: &[(&str, &[&str])] = &[
        ("", &[]),
        ("\n\r\n \t\n", &[]),
        ("\u{feff}", &[]),
        ("m f=1", &["1: m f=1"]),
        ("m f=1 5\n", &["1: m f=1 5@"]),
        ("m f=1 5\r\nm f=2\r\n", &["1: m f=1 5@", "2: m f=2"]),
        ("m f=1 5\r", &["1: m f=1 5@"]),
        ("\u{feff}m f=1\n", &["1: m f=1"]),
        // A mark in the middle belongs to a name.
        ("m f=1\n\u{feff}m f=1", &["1: m f=1", "2: \u{feff}m f=1"]),
        ("# m f=1\n  # m\n#\n\nm f=1", &["5: m f=1"]),
        (
            "# it's a=\"\nm f=1\nm f=\"x\"",
            &["2: m f=1", "3: m f=\"x\""],
        ),
        (
            "m f=1 # no comment",
            &["1! something follows the fields that isn't a time, at byte 6"],
        ),
        // A string with newlines is one line, with all of them.
        (
            "m f=\"a\nb\r\n\n# c\",g=2 7\nn f=1",
            &["1: m f=\"a\nb\r\n\n# c\",g=2 7@", "5: n f=1"],
        ),
        ("m f=\"a\\\"\nb\" 7\n", &["1: m f=\"a\\\"\nb\" 7@"]),
        ("m f=\"a\\\\\"\nn f=1", &["1: m f=\"a\\\\\"", "2: n f=1"]),
        // One without an end takes the rest with it, as on the server.
        (
            "m f=1\nm f=\"a\nm f=2\n",
            &["1: m f=1", "2! a string has no end, at byte 13"],
        ),
        // Where servers end such a line depends on the blanks before it.
        (
            " m,t==a k,s=\"b\nc\" 5\nn f=1",
            &[
                "1! a newline in a string behind such a field key ends the line, at byte 13",
                "3: n f=1",
            ],
        ),
        ("m,t==a k,s=\"bc\" 5", &["1: m,t==a k,s=\"bc\" 5@"]),
        // Blanks around a line are not in it.
        (" \tm f=1 \n m f=1 5  ", &["1: m f=1", "2: m f=1 5@"]),
        ("m,a=b   f=1   5", &["1: m,a=b   f=1   5@"]),
        ("m,a=\\ \\,\\= f=1", &["1: m,a=\\ \\,\\= f=1"]),
        ("m\\ x,a\\=b=c f\\ g=1", &["1: m\\ x,a\\=b=c f\\ g=1"]),
        ("m f=1,g=2,h=\"3\" -5", &["1: m f=1,g=2,h=\"3\" -5@"]),
        // Two blanks, and no other.
        (
            "m f=1\t5",
            &["1! a field's value isn't a number, a boolean or a string, at byte 5"],
        ),
        ("m", &["1! there is no field, at byte 1"]),
        ("m ", &["1! there is no field, at byte 2"]),
        ("m 5", &["1! a field has no =, at byte 3"]),
        (",a=b f=1", &["1! there is no measurement, at byte 0"]),
        ("m, f=1", &["1! a tag has no key, at byte 2"]),
        ("m,a f=1", &["1! a tag has no =, at byte 3"]),
        ("m,a= f=1", &["1! a tag has no value, at byte 4"]),
        ("m,a=b", &["1! there is no field, at byte 5"]),
        ("m,a=b\\ f=1", &["1! there is no field, at byte 10"]),
        (
            "m\\\\ f=1",
            &["1! a name or a tag's value ends with a backslash, at byte 3"],
        ),
        ("m =1", &["1! there is no field, at byte 2"]),
        (
            "m f=1,",
            &["1! there is no field behind the comma, at byte 6"],
        ),
        (
            "m f=1, 5",
            &["1! there is no field behind the comma, at byte 6"],
        ),
        (
            "m f=1,g=2,",
            &["1! there is no field behind the comma, at byte 10"],
        ),
        (
            "m f=9223372036854775808i",
            &["1! an integer is outside the range of 64 bits, at byte 4"],
        ),
        (
            "m f=18446744073709551616u",
            &["1! an unsigned integer is outside the range of 64 bits, at byte 4"],
        ),
        (
            "m f=1 9223372036854775808",
            &["1! the time is outside the range of 64 bits, at byte 6"],
        ),
        (
            "m f=1 5 6",
            &["1! something follows the time, or the time isn't a whole number, at byte 8"],
        ),
        (
            "m f=1 5.0",
            &["1! something follows the time, or the time isn't a whole number, at byte 7"],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(parsed(text), *expected, "{text:?}");
        compare(text);
    }
}

#[test]
fn whole_lines_of_a_piece() {
    for (whole, rest) in [
        ("", ""),
        ("", "m f=1"),
        ("m f=1\n", ""),
        ("m f=1\r\n\n", "m f=2"),
        ("m f=1\n", "m f=\"a\nb"),
        ("m f=1\nm f=\"a\nb\"\n", "m"),
        ("# it's a=\"\n", "m f=1"),
        ("\u{feff}# a=\"\n", "m f=\"\n"),
        ("m,a=\\ b f=1\n", "m"),
        // The newline is escaped, and doesn't end the line on any server.
        ("m f=1\n", "m,a=b\\\nm f=2"),
    ] {
        let text = [whole, rest].concat();
        assert_eq!(whole_lines(text.as_bytes()), whole.len(), "{text:?}");
    }
}

#[test]
fn values_in_every_spelling() {
    let yes = "t T true True TRUE f F false False FALSE 0 -0 00 1 -1 1.5 -1.5 1e3 1E3 1e+3 1e-3 -1.5e300 \
        1.5E-400 1e999 007.50 1i -1i 0i -9223372036854775808i 9223372036854775807i 1u \
        18446744073709551615u \"\" \"x\" \"a,b=c\" \"\\\"\" \"\\\\\" \"\\x\" \"é\"";
    let no = "tr tRUE truE yes TrUe FALSe nan NaN inf -inf +1 .5 5. -.5 1e 1e+ 1.e3 1.5e- - -- -i i u 1I 1U \
        -1u 1.5i 1.5u 1e3i 0x10 1_000 1ii \" \"x x\" \"x\"y \\\"x\" 'x' 9223372036854775808i \
        -9223372036854775809i 18446744073709551616u é";
    let lines = |value: &str| {
        [
            format!("m f={value}"),
            format!("m f={value} 5"),
            format!("m f={value},g=1"),
            format!("m,t=a e=1,f={value},g=t -5\n"),
        ]
    };
    for value in yes.split_whitespace() {
        for line in lines(value) {
            assert!(text_lines(&line).all(|(_, line)| line.is_ok()), "{line:?}");
            compare(&line);
        }
    }
    for value in no.split_whitespace() {
        for line in lines(value) {
            assert!(text_lines(&line).any(|(_, line)| line.is_err()), "{line:?}");
            compare(&line);
        }
    }
}

/// Pieces that texts are made of: what the grammar knows, and what it nearly knows.
const PIECES: &[&str] = &[
    "m",
    "weather",
    ",",
    ",",
    " ",
    " ",
    " ",
    "=",
    "=",
    "\"",
    "\"",
    "\\",
    "\n",
    "\n",
    "\r",
    "\t",
    "#",
    "\0",
    "\u{feff}",
    "é",
    "1",
    "5i",
    "7u",
    "-",
    ".",
    "e",
    "E",
    "+",
    "true",
    "F",
    "t=a",
    "f=1",
    "f=\"x\"",
    "g=2.5",
    " 1700000000",
    "\\ ",
    "\\,",
    "\\=",
    "\\\\",
    "\\\"",
    "=\"",
    "\" ",
    "9223372036854775808",
];

const WHOLE: &[&str] = &[
    "weather,station=zrh-1,site=north temp_c=21.5,door=f,n=5i,u=7u,s=\"a b\" 1700000000000000000\n",
    "m\\ x,a\\=b=\\,c f\\ g=1e-3,s=\"two\nlines, \\\"quoted\\\"\" -5\n",
    " m f=TRUE \n# note\n\nn f=\"\" 0\r\n",
    "m,t=\"q f=\"a\\\\\"\n",
];

fn text(rng: &mut Rng) -> String {
    let mut text = String::new();
    if rng.one_in(3) {
        for _ in 0..rng.below(24) {
            text.push_str(rng.pick::<&str>(PIECES));
        }
        return text;
    }
    for _ in 0..=rng.below(3) {
        text.push_str(rng.pick::<&str>(WHOLE));
    }
    for _ in 0..rng.below(4) {
        let mut at = rng.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        match rng.below(3) {
            0 => text.insert_str(at, rng.pick::<&str>(PIECES)),
            1 if at < text.len() => drop(text.remove(at)),
            _ => text.truncate(at),
        }
    }
    text
}

#[test]
fn random_and_mutated_texts_fare_as_in_the_published_parser() {
    let runs = number("INFLUX_EDGE_FUZZ_RUNS", 60_000);
    let seed = number("INFLUX_EDGE_SEED", 1);
    let mut accepted = 0u64;
    for run in 0..runs {
        let text = text(&mut Rng::with_seed(seed.wrapping_add(run)));
        compare(&text);
        in_pieces(&text, run as usize % (text.len() + 1));
        accepted += text_lines(&text).filter(|(_, line)| line.is_ok()).count() as u64;
    }
    // It tries what it is meant to try.
    assert!(accepted >= runs / 2, "{accepted} of {runs}");
}

/// Whole lines and what is left of a piece give the same lines as the text at once.
fn in_pieces(text: &str, len: usize) {
    let end = whole_lines(&text.as_bytes()[..len]);
    let (first, rest) = text.split_at(end);
    // (A byte order mark there would be taken for the beginning of a text.)
    if rest.starts_with('\u{feff}') {
        return;
    }
    let before = first.matches('\n').count() as u64;
    let pieces: Vec<_> = text_lines(first)
        .chain(text_lines(rest).map(|(number, line)| (number + before, line)))
        .collect();
    assert_eq!(
        pieces,
        text_lines(text).collect::<Vec<_>>(),
        "{text:?} at {end}"
    );
    let mut lines = text_lines(first);
    let mut offset = 0;
    while lines.next().is_some() {
        assert!(offset < lines.offset() && lines.offset() <= end, "{text:?}");
        assert_eq!(first.as_bytes()[lines.offset() - 1], b'\n', "{text:?}");
        offset = lines.offset();
    }
}

#[test]
fn reading_a_text_allocates_nothing() {
    let text = WHOLE.concat().repeat(50) + "m f=\nm\n";
    let mut lines = 0;
    let counted = allocation_counter::measure(|| lines = text_lines(&text).count());
    assert_eq!(counted.count_total, 0);
    assert!(lines > 200);
}
