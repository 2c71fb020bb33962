//! `write --csv` and `write --jsonl`.

use crate::common::mock_server::Server;
use crate::common::temp_dir::TempDir;
use crate::run::{Run, at, command, run, server};
use std::fs;

/// Runs `write --no-spool` with these arguments, which are separated by spaces, and the bucket.
fn write(server: &Server, args: &str, input: &[u8]) -> Run {
    let args = ["write", "--no-spool", "sensors"]
        .into_iter()
        .chain(args.split(' '));
    run(at(&server.url(), args), input)
}

/// The stored points, as `measurement,tags field=value time`, sorted.
fn stored(server: &Server) -> Vec<String> {
    let mut points = server
        .points("sensors")
        .iter()
        .map(|point| format!("{point:?}"))
        .collect::<Vec<_>>();
    points.sort();
    points
}

/// CSV and JSON lines store the same points as line protocol.
fn assert_stores(args: &str, input: &str, lines: &str) {
    let (server, other) = (server(), server_with(lines));
    let run = write(&server, args, input.as_bytes());
    assert_eq!(run.code, Some(0), "{args}: {run:?}");
    assert_eq!(stored(&server), stored(&other), "{args}");
    assert!(!stored(&server).is_empty());
}

fn server_with(lines: &str) -> Server {
    let server = server();
    let run = write(&server, "-q", lines.as_bytes());
    assert_eq!(run.code, Some(0), "{run:?}");
    server
}

#[test]
fn tables_and_objects_are_stored_as_their_lines() {
    let csv = "time,station,temp_c,n\n1700000000,zrh 1,21.50,7\n1700000001.5,,-3,\n";
    let lines = "w,station=zrh\\ 1,host=gw temp_c=21.5,n=7i 1700000000000000000\n\
                 w,host=gw temp_c=-3 1700000001500000000\n";
    let options = "-m w --tags station --precision s --types n=int --tag host=gw";
    assert_stores(&format!("--csv {options}"), csv, lines);
    let json = "{\"time\":1700000000,\"station\":\"zrh 1\",\"temp\":{\"c\":21.50},\"n\":7}\n\
                {\"time\":1700000001.5,\"temp\":{\"c\":-3},\"station\":null}\n";
    assert_stores(&format!("--jsonl {options}"), json, lines);
}

#[test]
fn a_header_that_is_wrong_ends_it_before_anything_is_sent() {
    let server = server();
    let run = write(
        &server,
        "--csv -m w --tags room",
        b"time,temp_c\n2023-11-14T22:13:20Z,1\n",
    );
    assert_eq!(run.code, Some(64), "{run:?}");
    assert!(
        run.err
            .contains("there is no column \"room\"; there are \"time\", \"temp_c\""),
        "{run:?}"
    );
    assert!(stored(&server).is_empty());
    for args in [
        "--csv",
        "--csv --pairs w -m w",
        "--tags room",
        "--csv --jsonl -m w",
    ] {
        let run = write(&server, args, b"");
        assert_eq!(run.code, Some(64), "{args}: {run:?}");
    }
}

#[test]
fn rejected_records_come_with_number_and_reason_and_can_be_written_again() {
    let server = server();
    let dir = TempDir::new("formats-rejected");
    let file = dir.path().join("rejected");
    let args = format!("--jsonl -m w --rejected {}", file.display());
    let input = "{\"a\":1}\n{\"a\":\n\n{\"a\":[1]}\n{\"b\":2}\n";
    let run = write(&server, &args, input.as_bytes());
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(stored(&server).len(), 2);
    let rejected = fs::read_to_string(&file).expect("a file");
    assert!(rejected.contains("line 2: "), "{rejected}");
    assert!(
        rejected.contains("line 4: a: the value is an array"),
        "{rejected}"
    );
    let put_right = rejected
        .replace("{\"a\":\n", "{\"a\":3}\n")
        .replace("[1]", "1");
    let again = write(&server, "--jsonl -m w", put_right.as_bytes());
    assert_eq!(again.code, Some(0), "{again:?}\n{put_right}");
    let csv = write(&server, "--csv -m w", b"a,b\n1,2\nx\n\"\n\",\x1b[2J\n");
    assert_eq!(csv.code, Some(2), "{csv:?}");
    assert!(
        csv.err.contains("line 3 rejected: 1 cell instead of 2"),
        "{csv:?}"
    );
    assert!(csv.err.contains("line 4 rejected: b: "), "{csv:?}");
    assert!(!csv.err.contains('\x1b'), "{csv:?}");
}

#[test]
fn a_table_that_has_grown_goes_on_with_its_header() {
    let server = server();
    let dir = TempDir::new("formats-resume");
    let (table, state) = (dir.path().join("t.csv"), dir.path().join("state"));
    let mut text = String::from("\u{FEFF}time,s,f\r\n2023-11-14T22:13:20Z,\"a\r\nb\",1\r\n");
    let (table_text, state_text) = (table.display().to_string(), state.display().to_string());
    let args = [
        "write", "sensors", "--csv", "-m", "w", "--types", "s=string", "--resume",
    ];
    let args = args
        .into_iter()
        .chain([state_text.as_str(), "--no-spool", table_text.as_str()]);
    for (number, more) in ["", "2023-11-14T22:13:21Z,c,2\r\n", "x,d,3\r\n"]
        .iter()
        .enumerate()
    {
        text.push_str(more);
        fs::write(&table, &text).expect("a file");
        let run = run(at(&server.url(), args.clone()), b"");
        let expected = if number == 2 { 2 } else { 0 };
        assert_eq!(run.code, Some(expected), "{run:?}");
        assert_eq!(
            run.err.contains("line 5 rejected: time: "),
            number == 2,
            "{run:?}"
        );
        assert!(run.err.contains("1 line read"), "{run:?}");
    }
    assert_eq!(
        stored(&server).len(),
        4,
        "two fields each: {:?}",
        stored(&server)
    );
}

#[test]
fn the_help_has_the_formats_on_one_screen() {
    let help = run(command(["write", "--help"]), b"");
    assert!(help.out.lines().count() <= 40, "{}", help.out);
    assert!(
        help.out.lines().all(|line| line.chars().count() <= 80),
        "{}",
        help.out
    );
    for option in ["--csv", "--jsonl", "--measurement", "--types"] {
        assert!(help.out.contains(option), "{option}");
    }
}
