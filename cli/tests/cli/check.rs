//! `check`: a line for each check, and the exit code of the first that failed.

use crate::common::mock_server::{Fault, Server};
use crate::common::temp_dir::TempDir;
use crate::pty::on_terminal;
use crate::run::{Run, TOKEN, at, run};
use influx_edge::Precision;
use influx_edge::spool::{Batch, Spool, Target};
use serde_json::Value;

fn check(url: &str, args: &[&str]) -> Run {
    run(at(url, [&["check"], args].concat()), b"")
}

/// The name and the outcome of each line.
fn words(out: &str) -> Vec<(&str, &str)> {
    let words = |line| {
        let mut words = str::split_whitespace(line);
        (words.next().unwrap(), words.next().unwrap())
    };
    out.lines().map(words).collect()
}

#[test]
fn every_check_has_a_line() {
    let server = Server::with_token(TOKEN);
    let found = check(&server.url(), &["sensors"]);
    assert_eq!(found.code, Some(0), "{found:?}");
    let lines = [
        ("server", "ok"),
        ("write", "ok"),
        ("read", "ok"),
        ("clock", "--"),
    ];
    assert_eq!(words(&found.out), lines, "{found:?}");
    assert!(found.out.contains(" ms\n"), "{found:?}");
    assert!(server.points("sensors").is_empty());
    assert_eq!(check(&server.url(), &["sensors", "-q"]).out, "");

    let found = check(&server.url(), &["sensors", "--json"]);
    let found: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(found["checks"].as_array().unwrap().len(), 4, "{found}");
    assert_eq!(found["checks"][1]["outcome"], "ok");
    assert!(found["checks"][1]["milliseconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_first_failure_is_the_exit_code() {
    let server = Server::with_token(TOKEN);
    let url = server.url();
    let away = check("http://127.0.0.1:9", &["sensors"]);
    assert_eq!(away.code, Some(69), "{away:?}");
    assert_eq!(words(&away.out), [("server", "FAILED")], "{away:?}");
    let nowhere = check(&url, &["nowhere"]);
    assert_eq!(nowhere.code, Some(78), "{nowhere:?}");
    assert!(nowhere.out.contains("write   FAILED"), "{nowhere:?}");
    let mut stranger = at(&url, ["check", "sensors"]);
    stranger.env("INFLUXDB_V2_TOKEN", "another-token");
    let stranger = run(stranger, b"");
    assert_eq!(stranger.code, Some(77), "{stranger:?}");
    assert!(!stranger.out.contains("another-token"), "{stranger:?}");
    // Quiet shows only failures.
    let quiet = check(&url, &["nowhere", "-q"]);
    assert!(
        words(&quiet.out).iter().all(|words| words.1 == "FAILED"),
        "{quiet:?}"
    );
    // Control characters of a server's error don't reach the terminal, and make no second line.
    let hostile = "{\"code\":\"invalid\",\"message\":\"a\\u001b[31m\\nb\"}";
    server.fault(
        Fault::status(400)
            .body(hostile)
            .header("Content-Type", "application/json")
            .on("/api/v2/write"),
    );
    let hostile = check(&url, &["sensors"]);
    assert_eq!(hostile.code, Some(1), "{hostile:?}");
    assert_eq!(hostile.out.lines().count(), 4, "{hostile:?}");
    assert!(!hostile.out.contains('\u{1b}'), "{hostile:?}");
}

/// A logger's token needs no permission but to write.
#[test]
fn a_token_that_may_not_read_is_no_failure() {
    for status in [403, 404] {
        let server = Server::with_token(TOKEN);
        server.fault(Fault::status(status).on("/api/v2/query").times(3));
        let found = check(&server.url(), &["sensors"]);
        assert_eq!(found.code, Some(0), "{found:?}");
        assert!(words(&found.out).contains(&("read", "no")), "{found:?}");
        assert_eq!(check(&server.url(), &["sensors", "-q"]).out, "");
        let found = check(&server.url(), &["sensors", "--json"]);
        let found: Value = serde_json::from_str(&found.out).unwrap();
        assert_eq!(found["checks"][2]["outcome"], "denied", "{found}");
        // A token without write permission is a failure.
        let server = Server::with_token(TOKEN);
        server.fault(Fault::status(403).on("/api/v2/write"));
        let found = check(&server.url(), &["sensors"]);
        assert_eq!(found.code, Some(77), "{found:?}");
    }
}

/// A time relative to this machine's clock, in the format of HTTP.
fn date(ahead: &str) -> String {
    let mut date = std::process::Command::new("date");
    date.args(["-u", "-d", ahead, "+%a, %d %b %Y %H:%M:%S GMT"])
        .env("LC_ALL", "C");
    let text = date.output().unwrap().stdout;
    String::from_utf8(text).unwrap().trim().to_owned()
}

#[test]
fn the_difference_of_the_clocks() {
    for (ahead, code, text) in [
        (
            "now",
            0,
            "clock   ok      this machine's clock agrees with the server's to a second",
        ),
        (
            "30 seconds ago",
            0,
            "clock   ok      this machine's clock is 3",
        ),
        ("2 hours ago", 1, " s ahead of the server's"),
        ("2 hours", 1, " s behind the server's"),
    ] {
        let server = Server::with_token(TOKEN);
        let head = format!("Date: {}\r\nX-Influxdb-Version: v2.9.1\r\n", date(ahead));
        let empty = format!("HTTP/1.1 204 No Content\r\n{head}\r\n");
        server.fault(Fault::raw(empty.clone()).on("/ping").times(2));
        server.fault(Fault::raw(empty).on("/api/v2/write"));
        let rows = format!(
            "HTTP/1.1 200 OK\r\n{head}Content-Type: text/csv\r\nContent-Length: 2\r\n\r\n\r\n"
        );
        server.fault(Fault::raw(rows).on("/api/v2/query"));
        let found = check(&server.url(), &["sensors"]);
        assert_eq!(found.code, Some(code), "{found:?}");
        assert!(found.out.contains(text), "{found:?}");
    }
}

#[test]
fn what_another_server_does_not_have_is_not_checked() {
    let plain = |version: &str| {
        let server = Server::with_token(TOKEN);
        let version = format!("{version}\r\n");
        let version = if version.len() > 2 {
            format!("X-Influxdb-Version: {version}")
        } else {
            String::new()
        };
        server.fault(
            Fault::raw(format!("HTTP/1.1 204 No Content\r\n{version}\r\n"))
                .on("/ping")
                .times(2),
        );
        server
    };
    // No version, no Flux: VictoriaMetrics.
    let server = plain("");
    server.fault(
        Fault::status(400)
            .body("unsupported path requested")
            .on("/api/v2/query"),
    );
    let found = check(&server.url(), &["sensors"]);
    assert_eq!(found.code, Some(0), "{found:?}");
    assert!(
        found.out.contains("read    --      not checked: "),
        "{found:?}"
    );
    assert!(found.out.contains("write   ok"), "{found:?}");

    if cfg!(feature = "v1") {
        let server = plain("1.8.10");
        server.add_bucket("telegraf/autogen");
        let empty = "{\"results\":[{\"statement_id\":0}]}\n";
        server.fault(Fault::raw(format!(
            "HTTP/1.1 200 OK\r\nX-Influxdb-Version: 1.8.10\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{empty}",
            empty.len()
        )).on("/query"));
        let found = check(&server.url(), &["telegraf/autogen"]);
        assert_eq!(found.code, Some(0), "{found:?}");
        assert!(
            found
                .out
                .contains("database \"telegraf\" may be written to"),
            "{found:?}"
        );
        assert!(
            found.out.contains("database \"telegraf\" may be read"),
            "{found:?}"
        );
    }
    if cfg!(feature = "v3") {
        let server = Server::v3();
        let mut known = at(&server.url(), ["check", "sensors"]);
        known.env("INFLUXDB_V2_TOKEN", server.token());
        let known = run(known, b"");
        assert_eq!(known.code, Some(0), "{known:?}");
        assert!(known.out.contains("write   --"), "{known:?}");
        assert!(
            known.out.contains("no database \"sensors\" yet"),
            "{known:?}"
        );
        let stranger = check(&server.url(), &["sensors"]);
        assert_eq!(stranger.code, Some(77), "{stranger:?}");
    }
}

#[test]
fn without_a_bucket_the_token_alone() {
    let server = Server::with_token(TOKEN);
    let me = "{\"id\":\"11ac569900000000\",\"name\":\"logger\"}";
    server.fault(
        Fault::status(200)
            .body(me)
            .header("Content-Type", "application/json")
            .on("/api/v2/me"),
    );
    let found = check(&server.url(), &[]);
    assert_eq!(found.code, Some(0), "{found:?}");
    assert!(
        found.out.contains("token   ok      of user logger"),
        "{found:?}"
    );
}

#[test]
fn the_spool_and_what_waits_in_it() {
    let server = Server::with_token(TOKEN);
    let dir = TempDir::new("cli-check-spool");
    let spool = |path: &std::path::Path| {
        check(
            &server.url(),
            &["sensors", "--spool", path.to_str().unwrap()],
        )
    };
    let at_all = dir.path().join("a/b");
    let found = spool(&at_all);
    assert_eq!(found.code, Some(0), "{found:?}");
    assert!(
        found.out.contains("doesn't exist yet; write creates it"),
        "{found:?}"
    );
    assert!(!at_all.exists());

    let mut owner = Spool::open(dir.path().join("spool")).unwrap();
    let target = Target::new("acme", "sensors").unwrap();
    owner
        .append(Batch::new(
            &target,
            Precision::Second,
            2,
            b"t v=1 1\nt v=2 2\n",
        ))
        .unwrap();
    let found = spool(owner.dir());
    assert_eq!(found.code, Some(0), "{found:?}");
    assert!(
        found.out.contains("2 points wait in 1 batch, 16 B, since "),
        "{found:?}"
    );

    let file = dir.path().join("file");
    std::fs::write(&file, "no directory").unwrap();
    let found = spool(&file);
    assert_eq!(found.code, Some(66), "{found:?}");
    assert!(found.out.contains("spool   FAILED"), "{found:?}");
    let away = check(
        "http://127.0.0.1:9",
        &["sensors", "--spool", file.to_str().unwrap()],
    );
    assert_eq!(away.code, Some(69), "the first failure: {away:?}");
    assert!(away.out.contains("spool   FAILED"), "{away:?}");
}

#[test]
fn colours_are_for_terminals() {
    let server = Server::with_token(TOKEN);
    let check = || at(&server.url(), ["check", "nowhere"]);
    let shown = on_terminal(80, check());
    assert_eq!(shown.code, Some(78), "{shown:?}");
    assert!(shown.out.contains("\u{1b}[32mok    \u{1b}[0m"), "{shown:?}");
    assert!(shown.out.contains("\u{1b}[31mFAILED\u{1b}[0m"), "{shown:?}");
    let mut plain = check();
    plain.env("TERM", "dumb");
    assert!(!run(plain, b"").out.contains('\u{1b}'));
}
