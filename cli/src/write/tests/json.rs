//! JSON into lines.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use crate::write::columns::tests::{convert, format_of, is_the_same_in_all_pieces, no_lines};
use crate::write::records::{EXCERPT, MAX_RECORD};

/// Arguments, an input, and what it becomes: `number: line` and `number! reason`.
const CASES: &[(&str, &str, &str)] = &[
    // Nested objects, numbers as floats, tags anywhere, a time.
    (
        "--jsonl -m weather --tags station,meta_id",
        "{\"temp\":21.50,\"meta\":{\"id\":7,\"fw\":\"1.2\"},\"n\":7,\"station\":\"zrh 1\",\"time\":\"2023-11-14T22:13:20Z\"}\n",
        "1: weather,meta_id=7,station=zrh\\ 1 temp=21.5,meta_fw=\"1.2\",n=7 1700000000000000000\n",
    ),
    // Types, null, no time, numbers in strings, tags by their text.
    (
        "--jsonl -m m --types n=int,u=uint,on=bool,s=string,f=float --tags t",
        "{\"n\":9223372036854775807,\"u\":18446744073709551615,\"on\":true,\"s\":1.10,\"f\":\"21.5\",\"t\":1.10,\"x\":null}\n\
         {\"n\":7.0,\"f\":\"\",\"on\":0,\"t\":null,\"free\":\"\",\"yes\":false,\"s\":\"a\\u00e9\\n\"}\n",
        "1: m,t=1.10 n=9223372036854775807i,u=18446744073709551615u,on=true,s=\"1.10\",f=21.5\n2: m n=7i,on=false,free=\"\",yes=false,s=\"aé\n",
    ),
    // What is rejected, with the key, and changes nothing for the next record.
    (
        "--jsonl -m m --types n=int --tags t --precision s",
        "{\"a\":[1,2]}\n{\"o\":{\"a\":[]}}\n{\"n\":9223372036854775808}\n{\"n\":1e3}\n{\"n\":{}}\n{\"t\":[1],\"a\":1}\n\
         {\"a\":NaN}\n{\"a\":{\"b\":-Infinity}}\n{\"a\":1e400}\n{\"a\":1,\"a\":2}\n{\"a\":{\"b\":1},\"a_b\":2}\n\
         {\"a\":1,\"t\":\"x\",\"t\":\"y\"}\n{}\n{\"a\":null}\n[1]\n7\n{\"a\":1\n{\"a\":1} x\n{\"\":1}\n{\"a\":1,\"time\":null}\n\
         {\"a\":1,\"time\":true}\n{\"a\":1,\"time\":1.5}\n{\"a\":\"\\ud800\"}\n",
        "22: m a=1 1500000000\n\
         1! a: the value is an array, which a field can't be\n\
         2! o_a: the value is an array, which a field can't be\n\
         3! n: \"9223372036854775808\" is not an integer of 64 bits\n\
         4! n: \"1e3\" is not an integer of 64 bits\n\
         5! n: the value is an object\n\
         6! t: the value is an array\n\
         7! a: NaN is not finite; use null for a missing value\n\
         8! a_b: Infinity is not finite; use null for a missing value\n\
         9! a: number out of range at byte 10\n\
         10! a: the name occurs twice\n\
         11! a_b: the name occurs twice\n\
         12! t: the key occurs twice\n\
         13! the record has no fields: all of them are empty\n\
         14! the record has no fields: all of them are empty\n\
         15! invalid type: sequence, expected an object at byte 0 (a record is one JSON object on one line)\n\
         16! invalid type: integer `7`, expected an object at byte 1 (a record is one JSON object on one line)\n\
         17! EOF while parsing an object at byte 6\n\
         18! trailing characters at byte 9\n\
         19! field key 1 is empty\n\
         20! time: the time is missing\n\
         21! time: \"true\": not an RFC 3339 time\n\
         23! a: unexpected end of hex escape at byte 13\n",
    ),
    // Only some fields: what else is there doesn't matter. A named time has to be there.
    (
        "--jsonl --measurement-from kind --fields a,o_x --time at --utc",
        "{\"kind\":\"k\",\"a\":1,\"b\":[1,{\"c\":2}],\"o\":{\"x\":2,\"y\":[3]},\"at\":\"2023-11-14 22:13:20\"}\n{\"kind\":\"k\",\"a\":1}\n{\"a\":1,\"at\":\"2023-11-14\"}\n",
        "1: k a=1,o_x=2 1700000000000000000\n2! at: the time is missing\n3! kind: the key of the measurement is missing\n",
    ),
    // A byte order mark, CRLF, blank lines, a comment, no line end at the end.
    (
        "--jsonl -m m",
        "\u{FEFF}{\"a\":1}\r\n\r\n # line 7: no\n\t{\"a\":2} \r\n{\"a\":3}",
        "1: m a=1\n4: m a=2\n5: m a=3\n",
    ),
    ("--jsonl -m m", "", ""),
    // The shortest text of the float that was read, bit for bit.
    (
        "--jsonl -m m",
        "{\"a\":0.1,\"b\":9007199254740993,\"c\":-5e-324,\"d\":1.7976931348623157e308,\"e\":2.2250738585072011e-308,\"f\":-0.0}\n",
        "1: m a=0.1,b=9007199254740992,c=-5e-324,d=1.7976931348623157e+308,e=2.225073858507201e-308,f=-0\n",
    ),
];

#[test]
fn objects_become_lines_or_are_rejected_with_their_numbers() {
    for (args, input, expected) in CASES {
        let shown = convert(args, [input.as_bytes()]).shown();
        assert_eq!(shown, *expected, "{args}: {input:?}");
    }
}

#[test]
fn nothing_that_comes_makes_it_panic_or_keep_more_than_a_record() {
    let deep = |open: &str, close: &str, depth| {
        format!("{{\"a\":{}1{}}}\n", open.repeat(depth), close.repeat(depth))
    };
    let many = |count: usize| {
        let members = (0..count)
            .map(|n| format!("\"k{n}\":{n}"))
            .collect::<Vec<_>>();
        format!("{{{}}}\n", members.join(","))
    };
    let key = "k".repeat(60_000);
    let joined = format!("{{\"{key}\":{}}}\n", many(100).trim());
    let long_key = format!("{{\"{}\":1}}\n", "k".repeat(70_000));
    let long = format!("{{\"a\":\"{}\"}}\n", "x".repeat(MAX_RECORD));
    let cases: &[(&str, &str)] = &[
        (&deep("{\"b\":", "}", 100), ""),
        (&deep("{\"b\":", "}", 10_000), "recursion limit exceeded"),
        (&deep("[", "]", 100_000), "the value is an array"),
        (&many(4096), ""),
        (&many(4097), "more than 4096 fields"),
        (&joined, "longer than 1048576 bytes with its keys joined"),
        (&long_key, "a key is longer than 65535 bytes"),
        (&long, "longer than 1048576 bytes"),
    ];
    for (input, reason) in cases {
        let input = format!("{input}{{\"a\":1}}\n");
        let outcome = convert("--jsonl -m m", [input.as_bytes()]);
        let found = outcome
            .rejected
            .first()
            .map(|rejected| rejected.reason.as_str());
        assert!(
            found.unwrap_or_default().contains(reason),
            "{found:?}, not {reason:?}"
        );
        assert_eq!(found.is_some(), !reason.is_empty(), "{found:?}");
        assert!(outcome.text.ends_with("m a=1\n"), "{reason}");
        assert!(
            outcome == convert("--jsonl -m m", input.as_bytes().chunks(1000)),
            "{reason}"
        );
        if input.len() > MAX_RECORD {
            assert_eq!(outcome.rejected[0].record, &input.as_bytes()[..EXCERPT]);
        }
    }
    // What isn't taken is passed over without recursion.
    let input = deep("[", "]", 100_000);
    let outcome = convert("--jsonl -m m --fields b", [input.as_bytes()]);
    assert!(
        outcome.shown().starts_with("1! the record has no fields"),
        "{}",
        outcome.shown()
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
        "{",
        "}",
        "\"a\"",
        ":",
        ",",
        "1",
        "\"",
        "\\",
        "[",
        "]",
        "null",
        "\n",
        "\n",
        "\r\n",
        "é",
        "\u{FEFF}",
        "-",
        "{\"a\":1}\n",
        "{\"time\":\"2023-11-14T22:13:20Z\",\"s\":\"x\",\"f\":2}\n",
        "\"s\":{\"b\":",
        "1e5",
    ];
    for _ in 0..2000 {
        let mut input = String::new();
        for _ in 0..random.usize(..40) {
            input.push_str(random.choice(parts).expect("one"));
        }
        let args = random.choice(["--jsonl -m m --tags s", "--jsonl -m m --types a=int"]);
        is_the_same_in_all_pieces(args.expect("one"), input.as_bytes(), &mut random);
    }
}

#[test]
fn a_record_allocates_nothing() {
    let record = b"{\"time\":1700000000.5,\"station\":\"zrh 1\",\"temp\":21.53,\"o\":{\"n\":7,\"s\":\"text\"},\"on\":true}\n";
    let mut format = format_of("--jsonl -m w --tags station --precision s --types o_n=int");
    let mut lines = no_lines();
    let mut round = |format: &mut dyn super::Format, count: usize| {
        for _ in 0..count {
            for piece in [&record[..30], &record[30..]] {
                format.push(piece, &mut lines).expect("records");
            }
            assert_eq!((lines.numbers.len(), lines.rejected.len()), (1, 0));
            lines.encoder.clear();
            lines.numbers.clear();
        }
    };
    round(&mut *format, 10);
    let used = allocation_counter::measure(|| round(&mut *format, 100));
    assert_eq!(used.count_total, 0, "{used:?}");
}
