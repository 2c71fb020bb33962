//! Input: all forms of lines, pairs, files, pipes that stay open.

use super::*;
use crate::common::temp_dir::TempDir;
use crate::run::command;

#[test]
fn lines_go_to_the_bucket_and_bad_ones_are_named() {
    let server = server();
    let input = "# a comment\n\nweather,station=zrh-1 temp_c=21.5,n=3i,u=4u,ok=t 1700000000\n\
                 no fields\nweather temp_c=1 1700000001\r\n\u{b5},t=x s=\"a \\\"b\\\"\" 1700000002\n\
                 weather temp_c=x 1\nweather temp_c=2 1700000003";
    let args = write(&["--precision", "s", "--rejected", "-", "sensors"]);
    let run = run(at(&server.url(), args), input.as_bytes());
    assert_eq!(run.code, Some(2), "{run:?}");
    let out: Vec<&str> = run.out.lines().collect();
    assert_eq!((out[1], out[3]), ("no fields", "weather temp_c=x 1"));
    assert!(out[0].starts_with("# line 4: "), "{run:?}");
    assert!(out[2].starts_with("# line 7: "), "{run:?}");
    assert_eq!(run.account(), "6 lines read = 4 delivered + 2 rejected");
    // The counts of fields: 4, 1, 1, 1.
    assert_eq!(stored(&server), 7);
}

/// The lines as they are stored.
#[test]
fn every_spelling_of_a_line() {
    let cases: &[(&[u8], u64, u64)] = &[
        (b"", 0, 0),
        (b"\n\r\n# x\n", 0, 0),
        (b"m a=1i 1", 1, 0),
        (b"m a=1i 1\r\nm a=2i 2\r\n", 2, 0),
        (b"\xef\xbb\xbfm a=1i 1\n", 1, 0),
        (b"m a=\"x\ny\" 1\nm a=\"z\" 2\n", 2, 0),
        (b"m a=1i 1\nm a=\xff 2\nm a=3i 3\n", 2, 1),
        (b"m a=\"\xff\"", 0, 1),
        (b"m a=1i 1\nm\0 a=2i 2\nm a=3i 3\n", 2, 1),
        // A string that isn't closed affects no other line.
        (b"m a=\"x\nm b=2i 2\nm b=3i 3", 2, 1),
    ];
    for (input, good, bad) in cases {
        let server = server();
        let run = run(at(&server.url(), write(&["sensors"])), input);
        let shown = String::from_utf8_lossy(input);
        assert_eq!(stored(&server) as u64, *good, "{shown:?}: {run:?}");
        assert_eq!(run.code, Some(if *bad > 0 { 2 } else { 0 }), "{shown:?}");
        let read = good + bad;
        let plural = if read == 1 { "" } else { "s" };
        let rejected = match bad {
            0 => String::new(),
            bad => format!(" + {bad} rejected"),
        };
        let account = format!("{read} line{plural} read = {good} delivered{rejected}");
        assert_eq!(run.account(), account, "{shown:?}");
        assert_eq!(run.out, "");
    }
}

#[test]
fn pairs_become_fields_with_tags_and_times() {
    let server = server();
    let args = write(&["--pairs=weather", "--tag", "site=north", "sensors"]);
    let input = "temp_c 21.5\nn 4i 5\nu 7u 5\nok true\nx y\nx 1 2 3\nx 1 z\nx\n# x\n\nlast 1 9";
    let run = run(at(&server.url(), args), input.as_bytes());
    assert_eq!(run.code, Some(2), "{run:?}");
    for number in [5, 6, 7, 8] {
        assert!(
            run.err.contains(&format!("line {number} rejected: ")),
            "{run:?}"
        );
    }
    assert_eq!(run.account(), "9 lines read = 5 delivered + 4 rejected");
    let sent: String = server.requests().iter().map(|r| r.text()).collect();
    for line in [
        "weather,site=north temp_c=21.5 1",
        "weather,site=north n=4i 5\n",
        "weather,site=north u=7u 5\n",
        "weather,site=north ok=true 1",
        "weather,site=north last=1 9\n",
    ] {
        assert!(sent.contains(line), "{line}: {sent}");
    }
}

#[test]
fn tags_come_from_the_command_line_and_the_environment() {
    let server = server();
    let mut command = at(
        &server.url(),
        write(&["--tag", "host=gw 7", "--tag", "site=north", "sensors"]),
    );
    command.env("INFLUXDB_V2_TAG_REGION", "eu");
    let run = run(command, b"m,site=own f=1i 1\nm f=2i 2\nbad\n");
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("line 3 rejected: "), "{run:?}");
    let sent: String = server.requests().iter().map(|r| r.text()).collect();
    assert!(
        sent.contains("m,region=eu,host=gw\\ 7,site=own f=1i 1\n"),
        "{sent}"
    );
    assert!(
        sent.contains("m,region=eu,host=gw\\ 7,site=north f=2i 2\n"),
        "{sent}"
    );
}

#[test]
fn several_files_and_standard_input() {
    let dir = TempDir::new("write-files");
    let (one, two) = (dir.path().join("one.lp"), dir.path().join("two.lp"));
    std::fs::write(&one, "m f=1i 1\nbad").expect("a file");
    std::fs::write(&two, "\nm f=2i 2\nbad\n").expect("a file");
    let (one, two) = (one.to_str().expect("text"), two.to_str().expect("text"));
    let server = server();
    let run = run(
        at(&server.url(), write(&["sensors", one, "-", two])),
        b"m f=3i 3\nbad\n",
    );
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(stored(&server), 3);
    for place in [
        &format!("line 2 of {one} rejected"),
        "line 2 of standard input rejected",
        &format!("line 3 of {two} rejected"),
    ] {
        assert!(run.err.contains(place), "{place}: {run:?}");
    }
}

/// Lines are sent without waiting for the next one or for the end.
#[test]
fn a_pipe_that_stays_open() {
    let server = server();
    for (name, flush) in [("default", &[][..]), ("short", &["--flush", "50ms"])] {
        let args = write(&[flush, &["sensors"]].concat());
        let before = stored(&server);
        let mut pipe = Pipe::start(at(&server.url(), args));
        pipe.send(&format!("weather,flush={name} n=1i 1\n"));
        until("the line", || stored(&server) == before + 1);
        // The beginning of a line isn't sent.
        pipe.send(&format!("weather,flush={name} n=2i 2\nweather n="));
        until("the second", || stored(&server) == before + 2);
        pipe.send("3i 3");
        let run = pipe.end();
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(run.account(), "3 lines read = 3 delivered");
    }
}

/// A quote too many delays the following lines for some seconds only.
#[test]
fn a_string_that_is_not_closed_in_a_pipe() {
    let server = server();
    let mut pipe = Pipe::start(at(&server.url(), write(&["sensors"])));
    pipe.send("weather n=\"1 1\nweather n=2i 2\n");
    until("the line behind it", || stored(&server) == 1);
    pipe.send("weather n=3i 3\n");
    let run = pipe.end();
    assert_eq!(run.account(), "3 lines read = 2 delivered + 1 rejected");
    assert!(run.err.contains("line 1 rejected: "), "{run:?}");
}

#[test]
fn a_line_too_long_is_rejected_and_its_neighbours_are_not() {
    let server = server();
    // Behind the limit, what is left of it looks like a line.
    let long = format!("a s=\"{}\"", "weather n=9i 9 ".repeat(100_000));
    let input = format!("{long}\nweather n=1i 1\n");
    let args = write(&["--rejected", "-", "sensors"]);
    let run = run(at(&server.url(), args), input.as_bytes());
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert_eq!(stored(&server), 1);
    assert_eq!(run.account(), "2 lines read = 1 delivered + 1 rejected");
    // It is recorded in full.
    let (reason, line) = run.out.split_once('\n').expect("two lines");
    assert_eq!(reason, "# line 1: the line is longer than 1 MiB");
    assert!(line == format!("{long}\n"));
}

#[test]
fn options_are_checked_before_anything_is_read() {
    let dir = TempDir::new("write-options");
    let folder = dir.path().to_str().expect("text");
    let cases: &[(&[&str], i32, &str)] = &[
        (&[], 64, "BUCKET is missing"),
        (&[""], 64, "BUCKET is empty"),
        (&["b", "--precision", "h"], 64, "ns, us, ms, s"),
        (&["b", "--tag", "x"], 64, "KEY=VALUE"),
        (&["b", "--tag", "=x"], 64, "KEY=VALUE"),
        (&["b", "--tag", "time=x"], 78, "tag key"),
        (&["b", "--patience", "-1"], 64, "expected a time"),
        (&["b", "--spool", "x", "--no-spool"], 64, "exclude"),
        (&["b", "--spool-max", "0"], 64, "--spool-max"),
        (&["b", "--spool", "/proc/none/such"], 66, "/proc/none"),
        (&["b", "--resume", "x"], 64, "standard input"),
        (&["b", "-", "-"], 64, "once"),
        (&["b", "/none/such"], 66, "/none/such"),
        (&["b", folder], 66, folder),
        (&["b", "--config", "/none/such"], 78, "/none/such"),
        (&["b", "--rejected", "/none/such"], 1, "/none/such"),
    ];
    for (args, code, text) in cases {
        let args = [&["write"], *args].concat();
        let run = run(at(&nothing_there(), &args), b"m f=1i 1\n");
        assert_eq!(run.code, Some(*code), "{args:?}: {run:?}");
        assert!(run.err.contains(text), "{args:?}: {run:?}");
        assert_eq!(run.out, "", "{args:?}");
    }
    let help = run(command(["write", "--help"]), b"");
    assert_eq!(help.code, Some(0));
    assert!(help.out.lines().count() <= 40, "{}", help.out);
}

#[test]
fn the_summary_for_programs_and_for_no_output() {
    let server = server();
    let json = run(
        at(&server.url(), write(&["--json", "sensors"])),
        b"m f=1i 1\nbad\n",
    );
    assert_eq!(json.code, Some(2), "{json:?}");
    let account: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(account["read"], 2);
    assert_eq!(account["delivered"], 1);
    assert_eq!(account["rejected"], 1);
    assert_eq!(account["spooled"], 0);
    assert_eq!(account["not_delivered"], 0);
    let quiet = run(at(&server.url(), write(&["-q", "sensors"])), b"m f=1i 1\n");
    assert_eq!((quiet.code, &*quiet.out, &*quiet.err), (Some(0), "", ""));
    // Errors are printed all the same.
    let quiet = run(at(&server.url(), write(&["-q", "sensors"])), b"bad\n");
    assert!(quiet.err.contains("line 1 rejected"), "{quiet:?}");
}
