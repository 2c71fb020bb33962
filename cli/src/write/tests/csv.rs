//! CSV into lines.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use crate::write::columns::tests::{convert, is_the_same_in_all_pieces, no_lines};
use crate::write::records::{EXCERPT, MAX_RECORD};

/// Arguments, an input, and what it becomes: `number: line` and `number! reason`.
const CASES: &[(&str, &str, &str)] = &[
    // Numbers are floats, tags are sorted, the time is exact.
    (
        "--csv -m weather --tags station,room",
        "time,station,room,temp_c,count\n2023-11-14T22:13:20Z,zrh 1,a,21.50,7\n2023-11-14T22:13:21Z, zrh-2,,-3,8\n",
        "2: weather,room=a,station=zrh\\ 1 temp_c=21.5,count=7 1700000000000000000\n\
         3: weather,station=zrh-2 temp_c=-3,count=8 1700000001000000000\n",
    ),
    // No column of a time: untimed. Types, blanks in the header, empty cells.
    (
        "--csv -m m --types n=int,u=uint,on=bool,s=string",
        "n, u ,on,s,f\n7.0,7,yes, x ,\n,,,,1\n,,,,\n",
        "2: m n=7i,u=7u,on=true,s=\" x \"\n3: m f=1\n4! the record has no fields: all of them are empty\n",
    ),
    // What is rejected changes nothing for the next record.
    (
        "--csv -m m --precision s --types n=int --tags t",
        "time,t,f,n\n1,a,ERR,1\n2,a,NaN,1\n3,a,1,1.5\n,a,1,1\nx,a,1,1\n6,a\\,1,1\n7,a,1,1,\n8,a\n99999999999,a,1,1\n9.5,a,1,1\n",
        "11: m,t=a f=1,n=1i 9500000000\n\
         2! f: \"ERR\" is not a number; leave it empty where there is none, or declare the column: --types f=string, --types f=bool or --tags f\n\
         3! f: \"NaN\" is not finite; leave it empty where there is no number\n\
         4! n: \"1.5\" is not an integer of 64 bits\n\
         5! time: the time is missing\n\
         6! time: \"x\": not an RFC 3339 time\n\
         7! t: tag value 1 has a backslash at byte 1 that a server would read as an escape\n\
         8! 5 cells instead of 4\n\
         9! 2 cells instead of 4\n\
         10! time: \"99999999999\": time outside the years 1677 to 2262\n",
    ),
    // Numbers without a unit are no times.
    (
        "--csv -m m",
        "time,f\n1700000000,1\n",
        "2! time: \"1700000000\": a number needs a unit to be a time: --precision s, ms, us or ns\n",
    ),
    // Records of several lines, quotes, CRLF, no line end at the end, blank lines, a byte order mark.
    (
        "--csv -m m --tags t --types s=string",
        "\u{FEFF}t,s\r\n\r\n\"a,b\",\"x\r\ny \"\"z\"\"\"\r\n\r\nc,\"\"\r\nd,w",
        "3: m,t=a\\,b s=\"x\r\n6! the record has no fields: all of them are empty\n",
    ),
    // A quote that isn't closed.
    (
        "--csv -m m --types s=string",
        "s,f\n\"a,1\nb,2\nc,\"3\nd,4\n",
        "5: m s=\"d\",f=4\n2! 1 cell instead of 2 (lines 2 to 4; a closing quote may be missing)\n",
    ),
    // A delimiter, lines before the header, only some fields, columns without a name.
    (
        "--csv -m m --delimiter ; --skip 2 --fields b,c",
        "station 7\n\"no quote\n;a;b;c\n1;2;3;4\n",
        "4: m b=3,c=4\n",
    ),
    (
        "--csv -m m --delimiter tab --columns a,b",
        "1\t2\n",
        "1: m a=1,b=2\n",
    ),
    // The measurement from a column; every other column is a text.
    (
        "--csv --measurement-from m --types *=string",
        "m,s\nx y,1\n,2\n",
        "2: x\\ y s=\"1\"\n3! measurement is empty\n",
    ),
    // A time without an offset; a tag that isn't there.
    (
        "--csv -m m --time at --utc --tags host",
        "at,host,f\n2023-11-14 22:13:20,,1\n2023-11-14,gw-8,2\n",
        "2: m f=1 1700000000000000000\n3: m,host=gw-8 f=2 1699920000000000000\n",
    ),
    // What can't be a header.
    (
        "--csv -m m --tags s",
        "a,b\n1,2\n",
        "failure: there is no column \"s\"; there are \"a\", \"b\"\n",
    ),
    (
        "--csv -m m --time t --types x=int",
        "t,b\n1,2\n",
        "failure: there is no column \"x\"; there are \"t\", \"b\"\n",
    ),
    (
        "--csv -m m",
        "a,b,a\n1,2,3\n",
        "failure: two columns are named \"a\"; rename one, or give all names with --columns and skip the header with --skip 1\n",
    ),
    (
        "--csv -m m",
        ",a\n0,1\n",
        "failure: column 1 has no name; select the columns of the fields with --fields\n",
    ),
    (
        "--csv -m m --time at",
        "at,time\n1,2\n",
        "failure: column \"time\" can't be a field: field key 1 is a name the server keeps for itself: rename it (--fields selects the columns)\n",
    ),
    (
        "--csv -m m --tags a;b",
        "a;b\n0;1\n",
        "failure: no column is left for a field; there are \"a;b\". Is --delimiter right?\n",
    ),
    (
        "--csv -m m",
        "#group,false\n",
        "failure: the header begins with \"#group\"; if it is a comment, or an annotation of a query's result, skip it with --skip\n",
    ),
    ("--csv -m m", "", ""),
    ("--csv -m m", "\u{FEFF}\r\n\r\n", ""),
    ("--csv -m m --skip 3", "a\n1\n", ""),
];

#[test]
fn records_become_lines_or_are_rejected_with_their_numbers() {
    for (args, input, expected) in CASES {
        let outcome = convert(args, [input.as_bytes()]);
        // Of a text in several lines the first is shown.
        let shown = outcome.shown();
        let shown = shown.replace("4: y \\\"z\\\"\"\n", "");
        if input.contains("y \"\"z") {
            assert_eq!(outcome.numbers, [3, 7]);
            assert!(
                outcome
                    .text
                    .contains("s=\"x\r\ny \\\"z\\\"\"\nm,t=d s=\"w\"\n"),
                "{outcome:?}"
            );
            continue;
        }
        assert_eq!(shown, *expected, "{args}: {input:?}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_rejected_with_what_to_do() {
    let cases: &[(&[u8], &str)] = &[
        (
            b"s,f\n\xE9,1\nx,1\n",
            "3: m,s=x f=1\n2! not UTF-8; convert the input, for example with iconv -f LATIN1 -t UTF-8\n",
        ),
        // Two halves of a character in two cells.
        (
            b"s,f\n\xC3,\xA9\n",
            "2! not UTF-8; convert the input, for example with iconv -f LATIN1 -t UTF-8\n",
        ),
        (
            b"s,\xE9\n",
            "failure: the header is not UTF-8; convert the input, for example with iconv -f LATIN1 -t UTF-8\n",
        ),
        (
            b"\xFF\xFEs\0,\0f\0\n\0",
            "failure: the input is UTF-16, not UTF-8; convert it with iconv -f UTF-16 -t UTF-8\n",
        ),
        (
            b"\xEF\xBBs,f\n",
            "failure: the header is not UTF-8; convert the input, for example with iconv -f LATIN1 -t UTF-8\n",
        ),
        (
            b"\xEF\xBB",
            "failure: the header is not UTF-8; convert the input, for example with iconv -f LATIN1 -t UTF-8\n",
        ),
        (
            b"s,f\na\0b,1\n",
            "2! s: tag value 1 has the control character 0x00 at byte 1: remove it or sanitize the text\n",
        ),
    ];
    for (input, expected) in cases {
        let outcome = convert("--csv -m m --tags s", [*input]);
        assert_eq!(
            outcome.shown(),
            *expected,
            "{:?}",
            String::from_utf8_lossy(input)
        );
    }
}

#[test]
fn a_record_that_is_too_long_is_rejected_and_not_kept() {
    let mut input = b"s,f\n\"".to_vec();
    input.resize(input.len() + 3 * MAX_RECORD, b'\n');
    input.extend_from_slice(b"\",1\nx,2\n");
    let last = 2 + 3 * MAX_RECORD;
    let whole = convert("--csv -m m --tags s", [&input[..]]);
    let expected = format!(
        "{}: m,s=x f=2\n2! longer than 1048576 bytes, up to line {last}; a closing quote may be missing in line 2\n",
        last + 1
    );
    assert_eq!(whole.shown(), expected);
    assert_eq!(whole.rejected[0].record.len(), EXCERPT);
    assert_eq!(whole, convert("--csv -m m --tags s", input.chunks(1 << 16)));
    // Just as long as it may be, with its line end, in few and in many cells; and one byte longer.
    for (long, cells) in [
        (false, 1),
        (true, 1),
        (false, MAX_RECORD),
        (true, MAX_RECORD),
    ] {
        let mut record =
            vec![if cells == 1 { b'1' } else { b',' }; MAX_RECORD - 1 + usize::from(long)];
        record.push(b'\n');
        let input = [b"f\n".as_slice(), &record].concat();
        let outcome = convert("--csv -m m --types f=string", [&input[..]]);
        let reason = outcome
            .rejected
            .first()
            .map(|rejected| rejected.reason.clone());
        let reason = reason.unwrap_or_default();
        assert_eq!(reason.starts_with("longer"), long, "{reason}");
        assert_eq!(
            reason.starts_with("1048576 cells instead of 1"),
            !long && cells > 1,
            "{reason}"
        );
        assert_eq!(
            outcome,
            convert("--csv -m m --types f=string", input.chunks(4096))
        );
    }
    let header = vec![b','; MAX_RECORD + 1];
    let outcome = convert("--csv -m m", [&header[..]]);
    assert!(
        outcome
            .shown()
            .starts_with("failure: the header is longer than"),
        "{outcome:?}"
    );
}

#[test]
fn pieces_and_resumed_runs_make_no_difference() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for (args, input, _) in CASES {
        for _ in 0..20 {
            is_the_same_in_all_pieces(args, input.as_bytes(), &mut random);
        }
    }
    let parts = [
        "a",
        "7",
        ",",
        ",",
        ",",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\"",
        "\"\"",
        "é",
        "\u{FEFF}",
        " ",
        "x,1,2\n",
        "y,3,4\r\n",
        "\"z\nz\",5,6\n",
    ];
    for _ in 0..2000 {
        let mut input = String::from(
            random
                .choice(["s,f,g\n", "\u{FEFF}s,f,g\r\n", "\n\ns,f,g\r"])
                .expect("one"),
        );
        for _ in 0..random.usize(..40) {
            input.push_str(random.choice(parts).expect("one"));
        }
        let args = random.choice([
            "--csv -m m --tags s",
            "--csv -m m --types *=string",
            "--csv -m m --skip 2 --columns a,b,c --types *=string",
        ]);
        is_the_same_in_all_pieces(args.expect("one"), input.as_bytes(), &mut random);
    }
}

#[test]
fn a_record_allocates_nothing() {
    use crate::write::columns::tests::format_of;
    let record = b"2023-11-14T22:13:20Z,zrh 1,21.53,7,true,\"a \"\"text\"\"\"\n1700000000.5,zrh 2,21.54,8,false,\n";
    let mut format =
        format_of("--csv -m w --tags station --precision s --types n=int,on=bool,s=string");
    let mut lines = no_lines();
    let mut round = |format: &mut dyn super::Format, count: usize| {
        for _ in 0..count {
            // A record in two pieces.
            for piece in [&record[..30], &record[30..]] {
                format.push(piece, &mut lines).expect("records");
            }
            assert_eq!((lines.numbers.len(), lines.rejected.len()), (2, 0));
            lines.encoder.clear();
            lines.numbers.clear();
        }
    };
    format
        .push(b"time,station,temp_c,n,on,s\n", &mut no_lines())
        .expect("a header");
    round(&mut *format, 10);
    let used = allocation_counter::measure(|| round(&mut *format, 100));
    assert_eq!(used.count_total, 0, "{used:?}");
}
