//! `query` on terminals of 60, 80 and 200 columns: layout, colours, escaped control characters.

use super::{play, query, recording};
use crate::pty::on_terminal;
use crate::run::{Run, run, server};
use influx_edge::csv::display_width;

/// Runs a query on a terminal of so many columns.
fn shown(body: impl Into<Vec<u8>>, columns: u16, args: &[&str]) -> Run {
    let server = server();
    play(&server, body);
    let mut command = query(&server, args);
    command.env("NO_COLOR", "1").env("LANG", "C.UTF-8");
    let columns_of = crate::pty::Pty::new(columns);
    command
        .stdin(std::process::Stdio::null())
        .stdout(columns_of.stdio());
    columns_of.run(command)
}

/// A table of these rows, of which the columns are text but for `_time` and `_value`.
fn table(columns: &[&str], rows: &[&[&str]]) -> String {
    let of_type = |name: &&str| match *name {
        "_time" => "dateTime:RFC3339",
        "_value" => "double",
        _ => "string",
    };
    let list = |cells: Vec<&str>| cells.join(",");
    let mut text = format!(
        "#datatype,string,long,{}\r\n",
        list(columns.iter().map(of_type).collect())
    );
    let is_group = |name: &&str| {
        if name.starts_with("tag") {
            "true"
        } else {
            "false"
        }
    };
    text += &format!(
        "#group,false,false,{}\r\n",
        list(columns.iter().map(is_group).collect())
    );
    text += &format!(
        "#default,_result,,{}\r\n",
        list(columns.iter().map(|_| "").collect())
    );
    text += &format!(",result,table,{}\r\n", columns.join(","));
    for row in rows {
        let quoted = row
            .iter()
            .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        text += &format!(",,0,{}\r\n", quoted.collect::<Vec<_>>().join(","));
    }
    text + "\r\n"
}

#[test]
fn a_table_fits_its_terminal() {
    let time = "2023-11-14T22:13:20.123456789Z";
    let long = "a text of some length that means little but that it is long, and no more";
    let body = table(
        &["_time", "_value", "note", "more", "tag"],
        &[
            &[time, "-12345.678901234", long, long, "zrh-1"],
            &[time, "9007199254740993", "", "x", "zrh-1"],
        ],
    );
    for columns in [60, 80, 200] {
        let run = shown(body.clone(), columns, &[]);
        assert_eq!((run.code, &*run.err), (Some(0), ""), "{run:?}");
        for line in run.out.lines() {
            assert!(
                display_width(line) <= usize::from(columns),
                "{columns}: {line}"
            );
        }
        assert!(run.out.starts_with("tag=zrh-1\n"), "{run:?}");
        // Numbers and times of day are not cut.
        for text in ["-12345.678901234", "9007199254740993", "22:13:20"] {
            assert!(run.out.contains(text), "{columns}: {run:?}");
        }
        assert_eq!(
            run.out.contains(time),
            columns == 200,
            "{columns}: {}",
            run.out
        );
        assert_eq!(
            run.out.contains(long),
            columns == 200,
            "{columns}: {}",
            run.out
        );
        assert_eq!(
            run.out.contains("(whole seconds: _time)"),
            columns < 200,
            "{}",
            run.out
        );
        assert_eq!(
            run.out.contains("(2023-11-14: _time)"),
            columns == 60,
            "{}",
            run.out
        );
    }
}

#[test]
fn columns_that_are_hidden_are_named() {
    let names: Vec<String> = (0..3000).map(|n| format!("column{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let row = vec!["some text"; names.len()];
    let body = table(&names, &[&row, &row]);
    for columns in [60, 80, 200] {
        let run = shown(body.clone(), columns, &[]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.out.contains(" more columns: column"), "{}", run.out);
        assert_eq!(run.out.lines().count(), 4, "{}", run.out);
        for line in run.out.lines() {
            assert!(
                display_width(line) <= usize::from(columns),
                "{columns}: {line}"
            );
        }
    }
    // More than the decoder's limit is an error that names the limit.
    let names = vec!["c"; 5000];
    let run = shown(table(&names, &[]), 80, &[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.err.contains("4096 columns"), "{run:?}");
}

#[test]
fn control_characters_never_reach_a_terminal() {
    let hostile = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}\ttab\nline\u{7f}";
    let body = table(
        &["_value", "note", "tag"],
        &[&["1.5", hostile, hostile], &["2", "東京", hostile]],
    );
    for output in ["table", "csv", "jsonl", "raw", "plot", "sparkline"] {
        for columns in [60, 80, 200] {
            let run = shown(body.clone(), columns, &["-O", output]);
            assert_eq!(run.code, Some(0), "{output}: {run:?}");
            let bad = |c: char| c.is_control() && c != '\n';
            assert!(!run.out.contains(bad), "{output}: {:?}", run.out);
            if output == "table" {
                for line in run.out.lines() {
                    assert!(
                        display_width(line) <= usize::from(columns),
                        "{columns}: {line}"
                    );
                }
            }
            if output == "jsonl" {
                let first = run.out.lines().next().unwrap();
                let row: serde_json::Value = serde_json::from_str(first).unwrap();
                assert_eq!(row["note"], hostile);
            }
        }
    }
    // An error of the server.
    let server = server();
    server.fault(crate::common::mock_server::Fault::error(
        400, "invalid", hostile,
    ));
    let failed = run(query(&server, &[]), b"");
    assert!(
        !failed.err.trim_end().contains(char::is_control),
        "{failed:?}"
    );
}

#[test]
fn cells_of_any_length() {
    let long = "x".repeat(70_000);
    let wide = "語".repeat(30_000);
    let body = table(
        &["_value", "note", "other", "tag"],
        &[&["1.5", &long, &wide, &long[..300]]],
    );
    for columns in [60, 80, 200] {
        let run = shown(body.clone(), columns, &[]);
        assert_eq!(run.code, Some(0));
        assert!(run.out.contains("1.5"), "{}", run.out);
        for line in run.out.lines() {
            assert!(
                display_width(line) <= usize::from(columns),
                "{columns}: {line}"
            );
        }
    }
    let json = shown(body, 80, &["-O", "jsonl"]);
    assert!(json.out.contains(&long) && json.out.contains(&wide));
}

#[test]
fn colours_only_on_terminals_that_want_them() {
    let server = server();
    let body = recording("csv/one-table.csv");
    let coloured = "\x1b[1m_time";
    let cases: &[(&[(&str, &str)], bool)] = &[
        (&[], true),
        (&[("NO_COLOR", "")], true),
        (&[("NO_COLOR", "1")], false),
        (&[("TERM", "dumb")], false),
    ];
    for (variables, expected) in cases {
        play(&server, body.clone());
        let mut command = query(&server, &[]);
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        command.envs(variables.iter().copied());
        let pty = crate::pty::Pty::new(80);
        command
            .stdin(std::process::Stdio::null())
            .stdout(pty.stdio());
        let run = pty.run(command);
        assert_eq!(
            run.out.contains(coloured),
            *expected,
            "{variables:?}: {run:?}"
        );
        assert_eq!(
            run.out.contains('\x1b'),
            *expected,
            "{variables:?}: {run:?}"
        );
    }
    play(&server, body.clone());
    let on_terminal = on_terminal(80, query(&server, &[]));
    assert!(on_terminal.out.contains(coloured), "{on_terminal:?}");
    play(&server, body);
    let piped = run(query(&server, &[]), b"");
    assert!(
        !piped.out.contains('\x1b') && piped.out.contains("_time"),
        "{piped:?}"
    );
}

#[test]
fn tables_of_different_columns_and_of_one_row() {
    let one = |host: &str, value: &str| format!(",,{},{value},{host}\r\n", host.len());
    let head = "#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
        #default,_result,,,\r\n,result,table,_value,host\r\n";
    // `last()` of three hosts is one table; a table of two rows stands alone.
    let body = format!(
        "{head}{}{}{}",
        one("a", "1"),
        one("bb", "2.5"),
        one("ccc", "3")
    );
    let run = shown(body.clone(), 80, &[]);
    assert_eq!(
        run.out,
        "_value  host\n     1  a\n   2.5  bb\n     3  ccc\n"
    );
    let body = format!("{body}{}", one("ccc", "4"));
    let run = shown(body, 80, &[]);
    assert_eq!(
        run.out,
        "_value  host\n     1  a\n   2.5  bb\n\nhost=ccc\n_value\n     3\n     4\n"
    );
    let run = shown(recording("csv/union-schemas.csv"), 80, &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("\n\n"), "{}", run.out);
    // Two statements.
    let run = shown(recording("csv/two-yields.csv"), 80, &[]);
    assert!(run.out.matches("result=").count() >= 1, "{}", run.out);
}

#[test]
fn a_long_table_is_laid_out_in_pages() {
    let rows = vec![&["2023-11-14T22:13:20Z", "1"][..]; 2500];
    let run = shown(table(&["_time", "_value"], &rows), 80, &[]);
    assert_eq!(run.out.matches("_time").count(), 3, "{}", run.out);
    assert_eq!(run.out.lines().count(), 2500 + 3 + 2);
}
