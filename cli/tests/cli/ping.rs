//! `ping`, and the behaviour that all subcommands share.

use crate::common::temp_dir::TempDir;
use crate::run::{TOKEN, at, command, run, server};

#[test]
fn a_server_that_responds_and_one_that_does_not() {
    let server = server();
    let there = run(at(&server.url(), ["ping"]), b"");
    assert_eq!(there.code, Some(0), "{there:?}");
    assert!(there.out.starts_with(&server.url()), "{there:?}");
    assert_eq!(there.err, "");
    let away = run(at("http://127.0.0.1:9", ["ping"]), b"");
    assert_eq!(away.code, Some(69), "{away:?}");
    assert_eq!(away.out, "");
    assert!(away.err.contains("127.0.0.1:9"), "{away:?}");
}

#[test]
fn arguments_that_are_wrong_are_usage_errors() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "usage:"),
        (&["pong"], "\"pong\" is not a command"),
        (&["ping", "x"], "unexpected argument"),
        (&["ping", "--pong"], "--pong"),
        (&["ping", "--timeout", "fast"], "expected a time such as"),
        (&["ping", "--timeout"], "--timeout"),
        (&["ping", "--token", "s3cret"], "--token-file FILE"),
        (&["ping", "--token=s3cret"], "--token-file FILE"),
        (&["ping", "-t", "s3cret"], "--token-file FILE"),
        (&["ping", "-c", "f", "--url", "u"], "exclude each other"),
    ];
    for (args, text) in cases {
        let run = run(command(*args), b"");
        assert_eq!(run.code, Some(64), "{args:?}: {run:?}");
        assert!(run.err.contains(text), "{args:?}: {run:?}");
        assert_eq!(run.out, "", "{args:?}");
        assert!(!run.err.contains("s3cret"), "{args:?}: {run:?}");
    }
}

#[test]
fn files_of_tokens() {
    use std::os::unix::fs::PermissionsExt;
    let (server, dir) = (server(), TempDir::new("cli-token-file"));
    let file = dir.path().join("token");
    let long = TOKEN.repeat(1000);
    for (text, mode, code, warning) in [
        (TOKEN, 0o600, 0, ""),
        (TOKEN, 0o640, 0, ""),
        (TOKEN, 0o644, 0, "all users of this machine can read"),
        ("\n", 0o600, 78, "holds no token"),
        (&*long, 0o600, 78, "longer than 4000 bytes"),
    ] {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut ping = command(["ping", "--url", &server.url(), "--token-file"]);
        ping.arg(&file);
        let ping = run(ping, b"");
        assert_eq!(ping.code, Some(code), "{ping:?}");
        let fits = ping.err.is_empty() == warning.is_empty() && ping.err.contains(warning);
        assert!(fits, "{ping:?}");
    }
    // An endless one is not read into memory.
    let endless = run(command(["ping", "--token-file", "/dev/zero"]), b"");
    assert_eq!(endless.code, Some(78), "{endless:?}");
}
