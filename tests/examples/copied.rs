//! The examples that a person copies, run as a person or cron runs them: with a server, without settings, and
//! with a server that is away.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::common::mock_server::{Fault, Server};
use crate::common::temp_dir::TempDir;
use crate::common::wire::{TOKEN, Wire, closed_port};
#[cfg(unix)]
use crate::run::{command, ended};
use crate::run::{run, settings};
use influx_edge::Client;
use influx_edge::line::Point;

/// Each with arguments that it can work with.
const EXAMPLES: [(&str, &[&str]); 5] = [
    ("minimal_write", &["zrh-1", "21.5"]),
    ("minimal_query", &["zrh-1"]),
    ("struct_roundtrip", &[]),
    ("backfill_csv", &["examples/backfill_csv.rs"]),
    ("cron_report", &["weather"]),
];

fn client(server: &Server) -> Client {
    let client = Client::builder(server.url()).org("acme").token(TOKEN);
    client.build().unwrap()
}

#[test]
fn what_is_written_is_found() {
    let server = Server::with_token(TOKEN);
    let url = server.url();
    let settings = settings(&url, TOKEN, server.bucket());
    run("minimal_query", &["zrh-1"], &settings).says(0, &[]);
    run("minimal_write", &["zrh-1", "21.5"], &settings).says(0, &["zrh-1: 21.5 °C"]);
    run("minimal_write", &["x' or true", "-3"], &settings).says(0, &["in bucket \"sensors\""]);
    run("minimal_write", &["zrh-1", "warm"], &settings).says(1, &["\\\"warm\\\" is no number"]);
    for (station, temp_c) in [("zrh-1", " 21.5 °C\n"), ("x' or true", " -3.0 °C\n")] {
        let found = run("minimal_query", &[station], &settings);
        found.says(0, &[temp_c]);
        assert_eq!(found.out.lines().count(), 1, "{}", found.out);
    }
    // Its output is closed from the start: an error, and no panic.
    #[cfg(unix)]
    {
        let (reader, output) = std::os::unix::net::UnixStream::pair().unwrap();
        drop(reader);
        let mut query = command("minimal_query", &["zrh-1"], &settings);
        query.stdout(std::os::fd::OwnedFd::from(output));
        let closed = ended(query.output().unwrap());
        closed.says(1, &["Broken pipe"]);
        assert!(!closed.err.contains("panicked"), "{}", closed.err);
    }

    // Points of another measurement, one more with each run.
    for runs in 1..3 {
        let found = run("struct_roundtrip", &[], &settings);
        found.says(0, &["mast: \"north\", speed: 7.5, gust: None }"]);
        assert_eq!(found.out.lines().count(), runs, "{}", found.out);
    }
}

/// One variable after the other is named, until it works.
#[test]
fn without_settings_they_say_what_to_set() {
    let server = Server::with_token(TOKEN);
    let url = server.url();
    let set = settings(&url, TOKEN, server.bucket());
    let dir = TempDir::new("settings");
    let file = dir.path().join("good.csv");
    fs::write(
        &file,
        "time,station,temp_c\n2023-11-14T22:13:20Z,zrh-1,21.5\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let mut examples = EXAMPLES.to_vec();
    examples.push(("minimal_gateway", &[]));
    for (example, arguments) in examples {
        if example == "minimal_gateway" && !cfg!(feature = "spool") {
            continue;
        }
        let names = [set[0].0, set[1].0, set[2].0, set[3].0];
        run(example, arguments, &[]).says(1, &names);
        run(example, arguments, &set[..3]).says(1, &names);
        if example == "minimal_gateway" {
            continue;
        }
        let arguments = match example {
            "backfill_csv" => &[file],
            _ => arguments,
        };
        let without = |name: &str| -> Vec<_> {
            set.into_iter()
                .filter(|(other, _)| *other != name)
                .collect()
        };
        run(example, arguments, &without(names[1])).says(1, &[names[1]]);
    }
    run(
        "minimal_write",
        &[],
        &[set[3], ("INFLUXDB_V2_URL", "db:8086")],
    )
    .says(1, &[set[0].0]);
}

#[test]
fn where_the_server_is_away_they_say_so_and_end() {
    let refused = closed_port();
    let silent = Wire::each(8, |peer| peer.wait_for_close());
    let dir = TempDir::new("away");
    let file = dir.path().join("good.csv");
    fs::write(
        &file,
        "time,station,temp_c\n2023-11-14T22:13:20Z,zrh-1,21.5\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let portal = Server::with_token("some-other-token");
    for (example, arguments) in EXAMPLES {
        let arguments = match example {
            "backfill_csv" => &[file],
            _ => arguments,
        };
        let (away, silent, foreign) = (refused.clone(), silent.url(), portal.url());
        for (url, words) in [
            (away, "nothing listens"),
            (silent, "took too long"),
            (foreign, "401"),
        ] {
            let settings = settings(&url, TOKEN, "sensors");
            let ended = run(example, arguments, &settings);
            ended.says(1, &[words]);
            assert_eq!(ended.err.lines().count(), 1, "{example}: {}", ended.err);
        }
    }
}

#[test]
fn a_file_is_stored_but_for_the_lines_that_are_named() {
    let server = Server::with_token(TOKEN);
    let url = server.url();
    let settings = settings(&url, TOKEN, server.bucket());
    let dir = TempDir::new("backfill");
    let path = dir.path().join("readings.csv");
    let file = path.to_str().unwrap();
    let backfill = |text: &str| {
        fs::write(&path, text).unwrap();
        run("backfill_csv", &[file], &settings)
    };
    let stored = || {
        let points = server.points(server.bucket());
        points
            .iter()
            .filter(|point| point.field == "temp_c")
            .count()
    };

    // More than one request, and stations whose names have commas and quotes.
    let mut text = String::from("time,station,temp_c\n");
    for n in 0..5_001 {
        let (minute, second) = (n / 60 % 60, n % 60);
        let hour = n / 3600;
        text += &format!("2023-11-14T{hour:02}:{minute:02}:{second:02}Z,\"a, \"\"b\"\"\",{n}\n");
    }
    let run_1 = backfill(&text);
    run_1.says(0, &[]);
    assert_eq!(
        (stored(), run_1.err.as_str(), run_1.out.as_str()),
        (5_001, "", "")
    );

    // What isn't a reading is named by its line, and all else is stored.
    let bad = backfill(
        "time,station,temp_c\n\
         2023-11-15T00:00:00Z,c,1\n\
         yesterday,c,2\n\
         2023-11-15T00:00:02+01:00,c,3\n\
         2023-11-15T00:00:03Z,\"c\nd\",4\n\
         2023-11-15T00:00:04Z,c\n\
         2023-11-15T00:00:05Z,c,NaN\n\
         2023-11-15T00:00:06Z,c,warm\n\
         2023-11-15T00:00:07Z,c,5\n",
    );
    bad.says(1, &[]);
    assert_eq!(stored(), 5_001 + 4 - 1, "{}", bad.err);
    let numbers: Vec<&str> = bad
        .err
        .lines()
        .map(|line| line.strip_prefix(file).unwrap_or(line))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(numbers, [":3:", ":5:", ":7:", ":8:", ":9:"], "{}", bad.err);

    // What the server refuses is named, too: here it holds integers.
    let integers = Point::new("weather")
        .tag("station", "int")
        .field("temp_c", 1);
    let other = server.bucket().to_owned() + "-2";
    server.add_bucket(&other);
    client(&server)
        .write(&other, integers.time(SystemTime::UNIX_EPOCH))
        .unwrap();
    let settings = self::settings(&url, TOKEN, &other);
    fs::write(
        &path,
        "time,station,temp_c\n2023-11-15T00:00:00Z,c,x\n2023-11-15T00:00:00Z,c,1\n",
    )
    .unwrap();
    let refused = run("backfill_csv", &[file], &settings);
    refused.says(1, &[":2:", ":3: ", "type conflict"]);
    // A server that can't take it now: everything is to be sent again.
    server.fault(Fault::status(503));
    run("backfill_csv", &[file], &settings).says(1, &["503"]);
    run("backfill_csv", &["no-such-file"], &settings).says(1, &["no-such-file"]);
}

#[test]
fn a_report_is_of_yesterday_and_of_each_series() {
    let server = Server::with_token(TOKEN);
    let url = server.url();
    let settings = settings(&url, TOKEN, server.bucket());
    // Nothing there is a result of its own.
    let none = run("cron_report", &["weather"], &settings);
    none.says(2, &["weather, the day before "]);
    assert_eq!(none.err, "");

    let day = Duration::from_secs(86_400);
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let today = SystemTime::UNIX_EPOCH + day * u32::try_from(since.as_secs() / 86_400).unwrap();
    let host = "gateway-in-the-cellar-of-building-12-";
    let mut points = Vec::new();
    for minute in 0..100u32 {
        for (end, value) in [("a", f64::from(minute) + 0.25), ("b", -1.5)] {
            points.push(
                Point::new("weather")
                    .tag("host", format!("{host}{end}"))
                    .field("temp_c", value)
                    .field("state", "ok")
                    .time(today - day + Duration::from_secs(60) * minute),
            );
        }
    }
    // Of the day before yesterday, and of today.
    for time in [today - day - Duration::from_nanos(1), today] {
        points.push(Point::new("weather").field("old", 1.0).time(time));
    }
    client(&server).write(server.bucket(), points).unwrap();

    let report = run("cron_report", &["weather"], &settings);
    if SystemTime::now() >= today + day {
        return; // (midnight came in between)
    }
    let rows = [
        format!("temp_c host={host}a       100  0.25  49.750  99.25\n"),
        format!("temp_c host={host}b       100  -1.5  -1.500   -1.5\n"),
    ];
    report.says(0, &[&rows[0], &rows[1]]);
    assert_eq!(report.out.lines().count(), 4, "{}", report.out);
}
