//! `spool resend` and `spool rejected --drop`, which lock the spool.

use super::{TempDir, append, filled, json, locking, reject, sensors, spool};
use crate::common::mock_server::{Fault, Server};
use crate::run::{Run, TOKEN, at, command, run};
use influx_edge::Precision;
use influx_edge::spool::{Spool, SpoolError, Target};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

fn server() -> Server {
    let server = Server::with_token(TOKEN);
    server.add_bucket("b");
    server
}

fn resend(server: &Server, dir: &Path, more: &[&str]) -> Run {
    locking(|| {
        let mut resend = at(&server.url(), ["spool", "resend"]);
        resend.arg(dir).args(more);
        resend
    })
}

fn waiting(dir: &Path) -> u64 {
    let list = spool(dir, ["list", "--json"]);
    json(&list.out)["points"].as_u64().unwrap()
}

#[test]
fn resend_delivers_every_bucket_and_then_nothing_waits() {
    let server = server();
    let dir = TempDir::new("cli-spool-resend");
    let mut owner = filled(dir.path());
    let points = owner.stats().points;
    let held = run(
        at(
            &server.url(),
            ["spool", "resend", dir.path().to_str().unwrap()],
        ),
        b"",
    );
    assert_eq!(held.code, Some(75), "{held:?}");
    if cfg!(target_os = "linux")
        && std::fs::read_to_string("/proc/locks").is_ok_and(|l| l.contains("FLOCK"))
    {
        let pid = format!("process {}", std::process::id());
        assert!(held.err.contains(&pid), "{held:?}");
    }
    assert!(server.requests().is_empty());
    append(&mut owner, &sensors(), Precision::Nanosecond, "w v=1 5\n");
    drop(owner);

    // Two organizations: an error before anything is moved.
    let unsure = resend(&server, dir.path(), &["--rejected"]);
    assert_eq!(unsure.code, Some(64), "{unsure:?}");
    assert!(unsure.err.contains("0123456789abcdef, acme"), "{unsure:?}");
    assert_eq!(waiting(dir.path()), points + 1);
    let sent = resend(&server, dir.path(), &["--org", "acme", "--json"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    let account = json(&sent.out);
    assert_eq!(
        (&account["delivered"], &account["left"]),
        (&(points + 1).into(), &0.into())
    );
    assert_eq!(server.points("b").len(), 2);
    assert_eq!(server.points("sensors").len() as u64, points - 1);
    assert_eq!(waiting(dir.path()), 0);
    // Rejected lines stay.
    assert_eq!(
        json(&spool(dir.path(), ["rejected", "--json"]).out)["lines"],
        1
    );
    let again = resend(&server, dir.path(), &[]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.err.contains("nothing waits"), "{again:?}");
}

#[test]
fn what_can_not_be_sent_stays_and_the_code_says_why() {
    let dir = TempDir::new("cli-spool-stays");
    let mut owner = Spool::open(dir.path()).unwrap();
    append(&mut owner, &sensors(), Precision::Second, "t v=1 1\n");
    drop(owner);
    let server = server();
    let away = "http://127.0.0.1:9";
    for (url, token, code) in [(away, TOKEN, 69), (&server.url(), "another-token", 77)] {
        let run = locking(|| {
            let mut resend = at(url, ["spool", "resend", "--patience", "300ms"]);
            resend.arg(dir.path()).env("INFLUXDB_V2_TOKEN", token);
            resend
        });
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.err.contains("0 delivered + 1 left"), "{run:?}");
        assert_eq!(waiting(dir.path()), 1);
    }
    // The server comes back within the time.
    server.fault(Fault::status(503).on("/api/v2/write").times(2));
    let sent = resend(&server, dir.path(), &["--patience", "30s"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert_eq!(server.points("sensors").len(), 1);
}

#[test]
fn a_bucket_that_has_another_name_now() {
    let dir = TempDir::new("cli-spool-rename");
    let mut owner = Spool::builder(dir.path())
        .segment_bytes(4096)
        .open()
        .unwrap();
    let old = Target::new("acme", "sensor").unwrap();
    for n in 0..300 {
        append(
            &mut owner,
            &old,
            Precision::Second,
            &format!("t,n={n} v={n} {n}\n"),
        );
    }
    append(&mut owner, &sensors(), Precision::Millisecond, "u v=1 1\n");
    drop(owner);
    let server = server();
    let sent = resend(&server, dir.path(), &["--rename", "sensor=sensors"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(
        sent.err
            .contains("300 points of bucket sensor are for bucket sensors now"),
        "{sent:?}"
    );
    let points = server.points("sensors");
    assert_eq!(points.len(), 301);
    assert!(points.iter().any(|point| point.time == 299_000_000_000));
    assert_eq!(waiting(dir.path()), 0);
}

#[test]
fn rejected_lines_are_put_right_dropped_or_sent_again() {
    let dir = TempDir::new("cli-spool-rejected");
    let mut owner = Spool::open(dir.path()).unwrap();
    reject(
        &mut owner,
        &sensors(),
        "t v=1i 1\nt v=2i 2\n",
        "field type conflict",
    );
    let held = spool(dir.path(), ["rejected", "--drop"]);
    assert_eq!(held.code, Some(75), "{held:?}");
    drop(owner);
    let server = server();
    // The field had another type before; now the server stores them.
    let sent = resend(&server, dir.path(), &["--rejected"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(sent.err.contains("2 rejected lines wait again"), "{sent:?}");
    assert!(sent.err.contains("2 lines found = 2 delivered"), "{sent:?}");
    assert_eq!(server.points("sensors").len(), 2);
    assert_eq!(spool(dir.path(), ["rejected"]).out, "");

    // If they are rejected again, they are in the spool with the new reason.
    let refuse = |owner: &mut Spool| reject(owner, &sensors(), "t v=\"text\" 3\n", "before");
    let mut owner = loop {
        match Spool::open(dir.path()) {
            Ok(owner) => break owner,
            Err(error) => assert!(matches!(error, SpoolError::Locked { .. }), "{error}"),
        }
    };
    refuse(&mut owner);
    drop(owner);
    let sent = resend(&server, dir.path(), &["--rejected"]);
    assert_eq!(sent.code, Some(2), "{sent:?}");
    assert!(sent.err.contains("field type conflict"), "{sent:?}");
    let rejected = spool(dir.path(), ["rejected"]);
    assert!(
        rejected.out.contains(": 1 line: ") && !rejected.out.contains("before"),
        "{rejected:?}"
    );
    let dropped = locking(|| {
        let mut drop = command(["spool", "rejected", "--drop"]);
        drop.arg(dir.path());
        drop
    });
    assert_eq!(dropped.code, Some(0), "{dropped:?}");
    assert!(
        dropped.err.contains("1 rejected line dropped"),
        "{dropped:?}"
    );
    assert_eq!(spool(dir.path(), ["rejected"]).out, "");
}

#[test]
fn a_signal_ends_with_the_account() {
    let dir = TempDir::new("cli-spool-signal");
    let mut owner = Spool::open(dir.path()).unwrap();
    append(&mut owner, &sensors(), Precision::Second, "t v=1 1\n");
    drop(owner);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let run = loop {
            let mut resend = at("http://127.0.0.1:9", ["spool", "resend"]);
            let mut child = resend.arg(dir.path()).spawn().unwrap();
            // The first attempt failed: it waits for the next.
            let mut err = BufReader::new(child.stderr.take().unwrap());
            let mut line = String::new();
            err.read_line(&mut line).unwrap();
            if line.contains("in use") {
                child.wait().unwrap();
                continue;
            }
            assert!(line.contains("next attempt in"), "{line}");
            let kill = std::process::Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status();
            assert!(kill.unwrap().success());
            let mut rest = String::new();
            err.read_to_string(&mut rest).unwrap();
            break (child.wait().unwrap().code(), rest);
        };
        assert_eq!(run.0, Some(code), "{run:?}");
        assert!(run.1.contains("0 delivered + 1 left"), "{run:?}");
    }
    assert_eq!(waiting(dir.path()), 1);
}

#[test]
fn to_influxdb_3() {
    if !cfg!(feature = "v3") {
        return;
    }
    use influx_edge::spool::ServerKind;
    let dir = TempDir::new("cli-spool-v3");
    let mut owner = Spool::open(dir.path()).unwrap();
    let target = Target::new("", "sensors")
        .unwrap()
        .for_server(ServerKind::V3);
    append(&mut owner, &target, Precision::Second, "t v=1 1\n");
    append(&mut owner, &sensors(), Precision::Second, "t v=2 2\n");
    drop(owner);
    let server = Server::v3_open();
    let list = spool(dir.path(), ["list"]);
    assert!(
        list.out.contains("bucket=sensors server=v3: 1 point"),
        "{list:?}"
    );
    let unsure = resend(&server, dir.path(), &[]);
    assert_eq!(unsure.code, Some(64), "{unsure:?}");
    let sent = resend(&server, dir.path(), &["--api", "v3"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    let writes = server.requests();
    let v3 = |path: &str| path == "/api/v3/write_lp";
    assert!(
        !writes.is_empty() && writes.iter().all(|r| v3(r.path())),
        "{writes:?}"
    );
    assert_eq!(waiting(dir.path()), 0);
}

/// The whole of an export is line protocol, comments included, for two independent parsers.
#[test]
fn an_export_can_be_written_again() {
    let dir = TempDir::new("cli-spool-roundtrip");
    let mut owner = filled(dir.path());
    let hostile = "w s=\"# a\nb 5\",t=\"\\\"\" 6\nw\\ x,k\\ y=\"z v=1 7\n";
    append(&mut owner, &sensors(), Precision::Millisecond, hostile);
    let export = spool(dir.path(), ["export", "--bucket", "sensors"]);
    assert_eq!(export.code, Some(0), "{export:?}");
    let server = server();
    let client = influx_edge::Client::builder(server.url());
    let client = client.org("acme").token(TOKEN).build().unwrap();
    client.write("sensors", export.out.as_str()).unwrap();
    let points = server.points("sensors");
    // All but the two of the other bucket. (The last batch has three fields, on three lines of text.)
    assert_eq!(points.len() as u64, owner.stats().points - 2);
    let times = |measurement: &str| {
        let of = points
            .iter()
            .filter(|point| point.measurement == measurement);
        of.map(|point| point.time).collect::<Vec<_>>()
    };
    assert_eq!(times("w"), [6_000_000, 6_000_000]);
    assert_eq!(times("w x"), [7_000_000]);
    assert!(times("t").contains(&99_000_000_000));
}

/// Batches of a later version stay; the rest is sent.
#[test]
fn a_kind_of_server_that_is_not_known_yet() {
    use influx_edge::spool::ServerKind;
    let dir = TempDir::new("cli-spool-unknown");
    let mut owner = Spool::open(dir.path()).unwrap();
    let later = sensors().for_server(ServerKind::Unknown(9));
    append(&mut owner, &later, Precision::Second, "t v=1 1\nt v=1 2\n");
    append(&mut owner, &sensors(), Precision::Second, "t v=2 3\n");
    drop(owner);
    let server = server();
    // Batches before the first one that waits are acknowledged; those after it are sent again.
    for _ in 0..2 {
        let run = resend(&server, dir.path(), &["--json"]);
        assert_eq!(run.code, Some(75), "{run:?}");
        let account = json(&run.out);
        assert_eq!(account["delivered"], 1);
        assert_eq!(account["left"], 2);
        assert!(
            run.err.contains("server=unknown (9) is of a later version"),
            "{run:?}"
        );
    }
    assert_eq!(server.points("sensors").len(), 1);
}
