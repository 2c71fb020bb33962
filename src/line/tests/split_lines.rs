//! Unit tests of `split`.

use super::*;
use crate::line::Encoder;
use alloc::string::String;
use alloc::vec::Vec;

#[test]
fn lines_are_cut_where_servers_cut_them() {
    let mut enc = Encoder::with_sink(Vec::new());
    let mut ends = Vec::new();
    for odd in [
        "plain",
        "a\"b",
        "\"",
        "a b",
        "a,b=c",
        "two\"quotes\"",
        "back\\slash",
    ] {
        for text in [
            "",
            "a\nb",
            "\n",
            "say \"hi\"\n",
            "back\\",
            "\\\"\n\\",
            "x,y=1 2\nz f=1 3",
        ] {
            enc.line(odd)
                .tag("t", odd)
                .field(odd, 1)
                .field("s", text)
                .field("last", 5i64)
                .timestamp(7)
                .unwrap();
            ends.push((enc.as_bytes().len(), true));
            enc.line(odd).field("s", text).finish().unwrap();
            ends.push((enc.as_bytes().len(), false));
            enc.line(odd).field("s", 1.5).finish().unwrap();
            ends.push((enc.as_bytes().len(), false));
            enc.line(odd).field("s", true).timestamp(-3).unwrap();
            ends.push((enc.as_bytes().len(), true));
        }
    }
    let mut at = 0;
    let mut expected = ends.iter();
    for line in split(enc.as_bytes()) {
        at += line.len();
        let (end, timed) = *expected.next().unwrap();
        assert_eq!(at, end, "{:?}", core::str::from_utf8(line));
        assert_eq!(has_time(line), timed, "{:?}", core::str::from_utf8(line));
    }
    assert!(expected.next().is_none());
}

#[test]
fn a_time_is_digits_behind_a_space() {
    for (line, timed) in [
        ("m f=1 5", true),
        ("m f=1 -5\n", true),
        // A space alone, a sign alone, digits that belong to the value.
        ("m f=1 ", false),
        ("m f=1 \n", false),
        ("m f=1 -", false),
        ("m f=15", false),
        ("m f=-15", false),
        ("5", false),
        ("", false),
    ] {
        assert_eq!(has_time(line.as_bytes()), timed, "{line:?}");
    }
}

#[test]
fn a_last_line_may_lack_its_newline() {
    assert_eq!(split(b"a f=1\nb f=2").count(), 2);
    assert_eq!(split(b"").count(), 0);
}

/// Text that is accepted is cut by a rule of its own; what comes out is one line here, too.
#[test]
fn accepted_text_is_one_line() {
    const PIECES: [&str; 22] = [
        "m", "m", ",t=a", ",", " ", " ", " f=1", " f=\"", "\"", "\"", "=", "=", "\\", "\\ ", "\n",
        "\t", "1", "5i", "t", "-5", " 7", "é",
    ];
    let mut rng = fastrand::Rng::with_seed(1);
    let mut accepted = 0;
    for _ in 0..40_000 {
        let mut text = String::from("m,t=a f=1");
        for _ in 0..rng.usize(..10) {
            text.push_str(PIECES[rng.usize(..PIECES.len())]);
        }
        for (_, line) in crate::line::text_lines(&text) {
            let Ok(line) = line else { continue };
            accepted += 1;
            let with_end = [line.bytes, b"\n"].concat();
            assert_eq!(split(&with_end).count(), 1, "{text:?}");
            assert_eq!(has_time(&with_end), line.has_time, "{text:?}");
        }
    }
    assert!(accepted > 2_000, "{accepted}");
}
