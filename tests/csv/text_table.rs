//! Results as text: alignment, cuts, columns left out, what a terminal must not get.

use influx_edge::csv::{Rows, TextTable};

use crate::common::random::{Draw, Rng};

fn table(rows: &[&[&str]]) -> TextTable {
    let mut table = TextTable::new(rows[0]);
    for row in &rows[1..] {
        table.row(*row);
    }
    table
}

#[test]
fn layouts() {
    let long = "a text of more than twenty characters";
    let time = "2023-11-14T22:13:20Z";
    for (rows, width, expected) in [
        (&[&["a", "b"][..]][..], 80, "a  b"),
        (&[&[], &["x"]], 80, "\n"),
        // Numbers to the right, text to the left, a null is empty, no spaces at the end.
        (
            &[
                &["n", "text", "v"],
                &["1.5", "x", "-20"],
                &["", "yy", ""],
                &["10", "", "3"],
            ],
            80,
            "  n  text    v\n1.5  x     -20\n     yy\n 10          3",
        ),
        // One cell that is no number makes it text.
        (&[&["n"], &["1"], &["-"], &["300"]], 80, "n\n1\n-\n300"),
        // Cells that are missing, and too many.
        (
            &[&["a", "b"], &["1"], &["1", "2", "3"]],
            80,
            "a  b\n1\n1  2",
        ),
        // Text is cut before numbers and times are.
        (
            &[&["time", "v", "note"], &[time, "12345.678", long]],
            50,
            "time                          v  note\n2023-11-14T22:13:20Z  12345.678  a text of more...",
        ),
        // Columns are left out, and named.
        (
            &[&["v", "w", "x"], &["-12345.678", "12345.678", "1"]],
            21,
            "         v          w\n-12345.678  12345.678\n(1 more column: x)",
        ),
        // The first is shown in any case.
        (&[&["note"], &[long]], 0, "note\na text of more th..."),
        // Two texts share what there is.
        (
            &[&["first", "second"], &[long, long]],
            40,
            "first                second\na text of more t...  a text of more t...",
        ),
        // What would move the cursor, start a line or reorder the text.
        (
            &[&["a\nb", "c"], &["\x1b[2J", "\u{202e}x\r"]],
            80,
            "a\\nb       c\n\\u{1b}[2J  \\u{202e}x\\r",
        ),
        (&[&["é", "日本"], &["ü", "1"]], 80, "é  日本\nü     1"),
        // Two columns a character, none for a mark that combines; a cut is no wider than its column.
        (
            &[&["place", "t"], &["東京", "Café"], &["Cafe\u{301}", "x"]],
            80,
            "place  t\n東京   Café\nCafe\u{301}   x",
        ),
        (
            &[&["日本語日本語日本語日本語日本語"]],
            20,
            "日本語日本語日本...",
        ),
    ] {
        let text = table(rows).display(width).to_string();
        assert_eq!(text, expected, "{rows:?} in {width}");
    }
}

/// Times are shortened before a column is left out, text is left out before numbers are, and what isn't
/// shown is stated.
#[test]
fn narrow() {
    let time = "2023-11-14T22:13:20.123456789Z";
    let later = "2023-11-14T22:13:30Z";
    let next_day = "2023-11-15T00:00:00.000Z";
    for (rows, width, expected) in [
        // Wide enough.
        (
            &[&["_time", "station", "v"][..], &[time, "zrh-1", "20.25"]][..],
            46,
            "_time                           station      v\n\
             2023-11-14T22:13:20.123456789Z  zrh-1    20.25",
        ),
        // Without fractions, then without a date.
        (
            &[
                &["_time", "a", "b"],
                &[time, "20.25", "1013.5"],
                &[next_day, "", "9"],
            ],
            40,
            "_time                     a       b\n\
             2023-11-14T22:13:20Z  20.25  1013.5\n\
             2023-11-15T00:00:00Z              9\n\
             (whole seconds: _time)",
        ),
        (
            &[
                &["_time", "a", "b", "c", "d"],
                &[time, "20.25", "1013.5", "55.5", "-3"],
                &[later, "20.5", "1013.25", "", "0"],
                &["", "1", "2", "3", "4"],
            ],
            40,
            "_time          a        b     c   d\n\
             22:13:20Z  20.25   1013.5  55.5  -3\n\
             22:13:30Z   20.5  1013.25         0\n\
             \x20              1        2     3   4\n\
             (whole seconds: _time)\n\
             (2023-11-14: _time)",
        ),
        // Nothing is lost with zeros.
        (
            &[&["t", "v"], &["2023-11-14T22:13:20.000Z", "1"]],
            24,
            "t                     v\n2023-11-14T22:13:20Z  1",
        ),
        // Two times, each of a date of its own, with an offset.
        (
            &[
                &["from", "to", "n"],
                &[
                    "2023-11-14T22:13:20+01:00",
                    "2023-11-15T22:13:20Z",
                    "12345.5",
                ],
            ],
            40,
            "from            to               n\n\
             22:13:20+01:00  22:13:20Z  12345.5\n\
             (2023-11-14: from)\n\
             (2023-11-15: to)",
        ),
        // Dates that differ stay.
        (
            &[&["_time", "v"], &[later, "1"], &[next_day, "2"]],
            20,
            "_time\n2023-11-14T22:13:30Z\n2023-11-15T00:00:00Z\n(1 more column: v)",
        ),
        // Long text leaves times as they are as long as it has 16 characters itself.
        (
            &[
                &["_time", "note"],
                &[time, "a text of more than twenty characters"],
            ],
            48,
            "_time                           note\n\
             2023-11-14T22:13:20.123456789Z  a text of mor...",
        ),
        (
            &[
                &["_time", "note"],
                &[time, "a text of more than twenty characters"],
            ],
            47,
            "_time                 note\n\
             2023-11-14T22:13:20Z  a text of more than tw...\n\
             (whole seconds: _time)",
        ),
        // Text at the right is left out before numbers, and the first column never.
        (
            &[
                &["station", "a", "note", "b", "c", "d"],
                &["lausanne", "20.25", "a long one", "1013.5", "55.5", "-3"],
            ],
            40,
            "station       a       b     c   d\n\
             lausanne  20.25  1013.5  55.5  -3\n\
             (1 more column: note)",
        ),
        (
            &[
                &["a", "t", "note", "b", "c"],
                &["1234567.25", later, "a long one", "7654321.5", "1"],
            ],
            24,
            "         a          b  c\n\
             1234567.25  7654321.5  1\n\
             (2 more columns: t, n...",
        ),
        (
            &[
                &["station", "a", "b"],
                &["lausanne", "1234567.25", "7654321.5"],
            ],
            24,
            "station            a\nlausanne  1234567.25\n(1 more column: b)",
        ),
        // A long name doesn't leave its numbers out.
        (
            &[
                &["temperature_celsius", "pressure_hectopascal"],
                &["20.25", "1013.5"],
            ],
            20,
            "temper...  pressu...\n    20.25     1013.5",
        ),
        // A number alone is cut where that can be seen.
        (
            &[&["v"], &["123456789012345678901234567890"]],
            20,
            "                   v\n12345678901234567...",
        ),
    ] {
        let text = table(rows).display(width).to_string();
        assert_eq!(text, expected, "{rows:?} in {width}");
    }
}

#[test]
fn no_line_is_wider() {
    let mut rng = Rng::with_seed(7);
    for _ in 0..2_000 {
        let columns = rng.below(12);
        let cell = |rng: &mut Rng| match rng.below(5) {
            0 => String::new(),
            1 => format!("{}", rng.below(1_000_000)),
            2 => "2023-11-14T22:13:20.123456789Z".to_owned(),
            3 => "é\n\u{202e}".repeat(rng.below(20)),
            _ => "text ".repeat(rng.below(30)),
        };
        let mut table = TextTable::new((0..columns).map(|_| cell(&mut rng)));
        for _ in 0..rng.below(5) {
            let width = rng.below(14);
            table.row((0..width).map(|_| cell(&mut rng)));
        }
        let width = rng.below(120);
        let text = table.display(width).to_string();
        for line in text.lines() {
            assert!(line.chars().count() <= width.max(20), "{width}: {text}");
            assert!(!line.contains(char::is_control), "{text:?}");
        }
    }
}

/// All tables of a result in 80 columns, with an empty line between two of them.
fn shown(csv: &str) -> String {
    let tables = Rows::new(csv.as_bytes()).tables().unwrap();
    let tables: Vec<_> = tables.iter().map(|t| t.display(80).to_string()).collect();
    tables.join("\n\n")
}

#[test]
fn results() {
    let two = "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,double,string,string\r\n\
        #group,false,false,true,false,false,true,true\r\n#default,_result,,,,,,\r\n\
        ,result,table,_start,_time,_value,_field,station\r\n\
        ,,0,2023-01-01T00:00:00Z,2023-11-14T22:13:20Z,20.25,temp_c,zrh-1\r\n\
        ,,0,2023-01-01T00:00:00Z,2023-11-14T22:13:30Z,,temp_c,zrh-1\r\n\
        ,,1,2023-01-01T00:00:00Z,2023-11-14T22:13:20Z,9,temp_c,\"b\nc\"\r\n";
    assert_eq!(
        shown(two),
        "_field=temp_c station=zrh-1\n\
         _time                 _value\n\
         2023-11-14T22:13:20Z   20.25\n\
         2023-11-14T22:13:30Z\n\
         \n\
         _field=temp_c station=b\\nc\n\
         _time                 _value\n\
         2023-11-14T22:13:20Z       9"
    );
    let all_in_the_key = "#datatype,string,long,string\r\n#group,false,false,true\r\n\
        #default,_result,,\r\n,result,table,name\r\n,,0,edge\r\n";
    let text = shown(all_in_the_key);
    assert_eq!(text, "name\nedge");
    // Without annotations, and without anything.
    let bare = shown(",result,table,a,b\r\n,_result,0,1,x\r\n");
    assert_eq!(bare, "a  b\n1  x");
    assert_eq!(shown(""), "");
}

/// More spaces than a width in a format string may ask for.
#[test]
fn cells_of_any_length() {
    for len in [0, 1, 65_534, 65_535, 65_536, 70_000, 200_000] {
        let long = "x".repeat(len);
        let digits = "1".repeat(len.max(1));
        for width in [0, 80, 65_535, 65_536, 100_000, usize::MAX] {
            let mut text = TextTable::new(["a", "b", "n"]);
            text.row([long.as_str(), "", "2"]);
            text.row(["y", "2", &digits]);
            text.row(["", "", "3"]);
            let shown = text.display(width).to_string();
            let widest = shown.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(width.max(20)), "{len}, {width}");
            // All of it is there, if there is space.
            if width == usize::MAX {
                assert!(shown.contains(&long) && shown.contains(&digits));
                let last = shown.lines().last().unwrap();
                assert_eq!(last.len(), len.max(1) + 2 + 1 + 2 + len.max(1), "{len}");
            }
        }
    }
}
