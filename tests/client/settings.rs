//! Settings: credentials and sessions, proxies, limits, and what is refused when a client is built.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::wire::{NO_CONTENT, Peer, TOKEN, Wire, json_error, no_secret, response};
use influx_edge::client::Method;
use influx_edge::client::Setup;
use influx_edge::{Client, Error};

const LINE: &str = "m f=1";
const PASSWORD: &str = "canary-7f3a-PASSWORD";

/// A server with sessions: signs in whom it knows, and forgets when told to.
fn sessions(forget_after: usize) -> (Wire, Arc<AtomicUsize>) {
    let signed_in = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&signed_in);
    let calls = Arc::new(AtomicUsize::new(0));
    let wire = Wire::each(32, move |peer| {
        while let Some(seen) = peer.request() {
            match seen.target.as_str() {
                "/api/v2/signin" => {
                    // user:canary-7f3a-PASSWORD
                    let right = "Basic dXNlcjpjYW5hcnktN2YzYS1QQVNTV09SRA==";
                    if seen.header("authorization") == Some(right) {
                        let n = counter.fetch_add(1, Ordering::SeqCst);
                        peer.send(format!("HTTP/1.1 204 No Content\r\nSet-Cookie: influxdb-oss-session=canary-7f3a-{n}; Path=/api/; Expires=Sun, 22 Nov 2026 04:46:42 GMT; HttpOnly; SameSite=Strict\r\n\r\n"));
                    } else {
                        peer.send(json_error(
                            "401 Unauthorized",
                            "unauthorized",
                            "unauthorized access",
                        ));
                    }
                }
                _ => {
                    assert_eq!(seen.header("authorization"), None);
                    let current = format!(
                        "influxdb-oss-session=canary-7f3a-{}",
                        counter.load(Ordering::SeqCst).wrapping_sub(1)
                    );
                    let forgotten = calls.fetch_add(1, Ordering::SeqCst) == forget_after;
                    if forgotten || seen.header("cookie") != Some(current.as_str()) {
                        peer.send(json_error(
                            "401 Unauthorized",
                            "unauthorized",
                            "unauthorized access",
                        ));
                    } else {
                        peer.send(NO_CONTENT);
                    }
                }
            }
        }
    });
    (wire, signed_in)
}

fn with_session(wire: &Wire, password: &str) -> Client {
    Client::builder(wire.url())
        .org("acme")
        .session("user", password)
        .build()
        .unwrap()
}

#[test]
fn a_session_signs_in_once_and_again_when_forgotten() {
    let (wire, signed_in) = sessions(2);
    let client = with_session(&wire, PASSWORD);
    assert_eq!(
        signed_in.load(Ordering::SeqCst),
        0,
        "building connects to nothing"
    );
    for _ in 0..4 {
        client.write("b", LINE).unwrap();
    }
    assert_eq!(signed_in.load(Ordering::SeqCst), 2);
    let targets: Vec<_> = wire.seen().iter().map(|s| s.target.clone()).collect();
    assert_eq!(targets.iter().filter(|t| *t == "/api/v2/signin").count(), 2);
    // The third write was asked for twice; the others once.
    assert_eq!(targets.len(), 2 + 5);
    assert!(!format!("{client:?}").contains("canary"));

    client.sign_out().unwrap();
    let last = wire.seen().pop().unwrap();
    assert_eq!(
        (last.method.as_str(), last.target.as_str()),
        ("POST", "/api/v2/signout")
    );
    assert_eq!(
        last.header("cookie"),
        Some("influxdb-oss-session=canary-7f3a-1"),
        "the attributes stay here"
    );
    // Twice is no more than once; and the next call begins anew.
    client.sign_out().unwrap();
    client.write("b", LINE).unwrap();
    assert_eq!(signed_in.load(Ordering::SeqCst), 3);
}

#[test]
fn many_threads_share_one_sign_in() {
    let (wire, signed_in) = sessions(usize::MAX);
    let client = with_session(&wire, PASSWORD);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let client = client.clone();
            scope.spawn(move || client.write("b", LINE).unwrap());
        }
    });
    assert_eq!(signed_in.load(Ordering::SeqCst), 1);
}

#[test]
fn a_wrong_password_is_not_tried_for_ever() {
    let (wire, _) = sessions(usize::MAX);
    let client = with_session(&wire, "canary-7f3a-wrong");
    let error = client.write("b", LINE).unwrap_err();
    no_secret(&error);
    assert!(error.is_unauthorized());
    assert!(error.to_string().starts_with("cannot sign in: "), "{error}");
    assert_eq!(wire.seen().len(), 1);
}

#[test]
fn a_401_that_stays_is_asked_twice_and_no_more() {
    let wire = Wire::each(4, |peer| {
        while let Some(seen) = peer.request() {
            if seen.target == "/api/v2/signin" {
                peer.send("HTTP/1.1 204 No Content\r\nSet-Cookie: s=canary-7f3a\r\n\r\n");
            } else {
                peer.send(json_error(
                    "401 Unauthorized",
                    "unauthorized",
                    "the session canary-7f3a expired",
                ));
            }
        }
    });
    let error = with_session(&wire, PASSWORD).write("b", LINE).unwrap_err();
    no_secret(&error);
    assert!(error.is_unauthorized());
    assert_eq!(wire.seen().len(), 4);
}

#[test]
fn basic_authentication() {
    let wire = Wire::responding(NO_CONTENT);
    let client = Client::builder(wire.url())
        .basic("user", PASSWORD)
        .build()
        .unwrap();
    client.write("db/rp", LINE).unwrap();
    let seen = &wire.seen()[0];
    assert_eq!(
        seen.header("authorization"),
        Some("Basic dXNlcjpjYW5hcnktN2YzYS1QQVNTV09SRA==")
    );
    assert_eq!(seen.target, "/api/v2/write?bucket=db%2Frp&precision=ns");
}

#[test]
fn org_by_id() {
    let wire = Wire::responding(NO_CONTENT);
    let client = Client::builder(wire.url())
        .org_id("66de4893384f6b2b")
        .token(TOKEN)
        .build()
        .unwrap();
    client.write("b", LINE).unwrap();
    assert_eq!(
        wire.seen()[0].target,
        "/api/v2/write?orgID=66de4893384f6b2b&bucket=b&precision=ns"
    );
}

#[test]
fn headers_and_user_agent() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire
        .builder()
        .user_agent("logger/7")
        .header("X-Forwarded-Org", "a")
        .header("X-Forwarded-Org", "b")
        .header("Accept", "application/json")
        .build()
        .unwrap();
    client.write("b", LINE).unwrap();
    let seen = &wire.seen()[0];
    assert_eq!(seen.header("user-agent"), Some("logger/7"));
    assert_eq!(seen.header("accept"), Some("application/json"));
    let all: Vec<_> = seen
        .headers
        .iter()
        .filter(|(n, _)| n == "x-forwarded-org")
        .map(|(_, v)| v.as_str())
        .collect();
    assert_eq!(all, ["a", "b"]);
    // A call's own header replaces the client's.
    client
        .request(Method::Get, "/x")
        .header("user-agent", "once")
        .call()
        .unwrap();
    assert_eq!(wire.seen()[1].header("user-agent"), Some("once"));
}

#[test]
fn a_path_prefix_is_kept() {
    let wire = Wire::responding(NO_CONTENT);
    let client = Client::builder(format!("{}/influx/", wire.url()))
        .token(TOKEN)
        .build()
        .unwrap();
    client.write("b", LINE).unwrap();
    client.ping().unwrap();
    client.request(Method::Get, "/metrics").call().unwrap();
    let targets: Vec<_> = wire.seen().into_iter().map(|s| s.target).collect();
    assert_eq!(
        targets,
        [
            "/influx/api/v2/write?bucket=b&precision=ns",
            "/influx/ping",
            "/influx/metrics"
        ]
    );
}

#[test]
fn an_ipv6_address() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
        eprintln!("skipped: no IPv6 loopback here");
        return;
    };
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let mut piece = [0; 4096];
        let n = stream.read(&mut piece).unwrap();
        stream.write_all(NO_CONTENT.as_bytes()).unwrap();
        String::from_utf8_lossy(&piece[..n]).into_owned()
    });
    Client::builder(&url).build().unwrap().ping().unwrap();
    let head = server.join().unwrap().to_lowercase();
    assert!(
        head.contains(&format!("host: {}", url.trim_start_matches("http://"))),
        "{head}"
    );
}

#[test]
fn without_a_pool_each_call_connects() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.builder().pool_size(0).build().unwrap();
    for _ in 0..3 {
        client.write("b", LINE).unwrap();
    }
    let connections: Vec<_> = wire.seen().iter().map(|s| s.connection).collect();
    assert_eq!(connections, [0, 1, 2]);
}

/// Proxies in the environment would see every token; they are used only when asked for. The
/// environment belongs to the whole process, so this runs in one of its own.
#[test]
fn proxies_of_the_environment_are_ignored() {
    const MARK: &str = "INFLUX_EDGE_TEST_TARGET";
    if let Ok(url) = std::env::var(MARK) {
        Client::builder(url)
            .token(TOKEN)
            .build()
            .unwrap()
            .write("b", LINE)
            .unwrap();
        return;
    }
    let proxy = Wire::responding("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    let wire = Wire::responding(NO_CONTENT);
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child
        .args([
            "settings::proxies_of_the_environment_are_ignored",
            "--exact",
        ])
        .env(MARK, wire.url());
    for name in [
        "ALL_PROXY",
        "all_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
    ] {
        child.env(name, proxy.url());
    }
    assert!(child.output().unwrap().status.success());
    assert_eq!(wire.seen().len(), 1);
    assert!(proxy.seen().is_empty());
}

#[test]
fn what_cannot_work_is_refused_when_built() {
    #[track_caller]
    fn refused(result: Result<Client, Error>, words: &str) {
        let error = result.unwrap_err();
        no_secret(&error);
        assert!(error.is_config());
        assert!(
            error.to_string().contains(words),
            "{words:?} is not in: {error}"
        );
    }
    let base = || Client::builder("http://h");
    refused(Client::builder("h:80").build(), "http://");
    refused(base().https_only(true).build(), "https_only");
    refused(base().token("").build(), "empty");
    refused(base().token("canary-7f3a\n").build(), "line break");
    refused(base().token("canary-7f3a x").build(), "space");
    refused(
        base().token("canary-7f3a".repeat(364)).build(),
        "4000 bytes",
    );
    refused(base().token("canary-7f3aü").build(), "ASCII");
    refused(base().basic("a:b", "canary-7f3a").build(), "colon");
    refused(base().session("user", "canary-7f3a\r\n").build(), "control");
    refused(base().user_agent("a\r\nb").build(), "user agent");
    refused(
        base().header("X", "canary-7f3a\r\nY: z").build(),
        "header x",
    );
    refused(base().header("X\r\nY", "z").build(), "header's name");
    refused(
        base().header("Content-Length", "7").build(),
        "set by the client",
    );
    refused(base().proxy("socks5://canary-7f3a@h").build(), "http://");
    refused(base().proxy("http://").build(), "proxy");
    refused(base().proxy_header("X-Site", "north").build(), "no proxy");
    let proxied = || base().proxy("http://u:canary-7f3a@h");
    for (name, value, words) in [
        ("Proxy-Authorization", "Bearer canary-7f3a", "one of them"),
        ("X-Site", "canary-7f3a\r\nX-Evil: 1", "for the proxy"),
        ("X\r\nY", "z", "for the proxy"),
        ("Host", "evil", "set by the client"),
        ("Content-Length", "7", "set by the client"),
    ] {
        refused(proxied().proxy_header(name, value).build(), words);
    }
    refused(base().timeout(Duration::ZERO).build(), "timeout");
    refused(
        base().connect_timeout(Duration::ZERO).build(),
        "connect_timeout",
    );
    if cfg!(not(any(feature = "rustls", feature = "native-tls"))) {
        refused(Client::builder("https://h").build(), "no TLS");
        refused(base().ca_file("/etc/hostname").build(), "no TLS");
    }
    if cfg!(not(feature = "gzip")) {
        refused(base().gzip_min_bytes(1).build(), "no gzip");
        base().gzip_min_bytes(usize::MAX).build().unwrap();
    }
    // And what can, can.
    base()
        .https_only(false)
        .pool_size(0)
        .timeout(Duration::from_secs(3600 * 24 * 365))
        .build()
        .unwrap();
    assert!(
        !format!("{:?}", base().token(TOKEN).proxy("http://u:canary-7f3a@h")).contains("canary")
    );
}

#[cfg(feature = "gzip")]
#[test]
fn large_writes_compressed() {
    use std::io::Read;
    let wire = Wire::responding(NO_CONTENT);
    let client = wire.builder().gzip_min_bytes(1000).build().unwrap();
    let (small, large) = ("m f=1\n".repeat(100), "m f=1\n".repeat(1000));
    client.write("b", small.as_str()).unwrap();
    client.write("b", large.as_str()).unwrap();
    let seen = wire.seen();
    assert_eq!(seen[0].header("content-encoding"), None);
    assert_eq!(seen[0].body, small.as_bytes());
    assert_eq!(seen[1].header("content-encoding"), Some("gzip"));
    assert!(seen[1].body.len() < 200);
    let mut text = String::new();
    flate2::read::GzDecoder::new(&seen[1].body[..])
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, large);
    // To a server on this machine nothing is by default, nor to any with the largest number.
    for builder in [
        wire.plain_builder(),
        wire.builder().gzip_min_bytes(usize::MAX),
    ] {
        builder.build().unwrap().write("b", large.as_str()).unwrap();
        let seen = wire.seen();
        assert_eq!(seen.last().unwrap().header("content-encoding"), None);
    }
}

#[test]
fn setting_a_server_up() {
    let made = r#"{"user":{"id":"u1","name":"admin"},"bucket":{"id":"b1"},"org":{"id":"o1"},"auth":{"id":"a1","token":"canary-7f3a-new"}}"#;
    let allowed = |peer: &mut Peer| {
        peer.request();
        peer.send(response("200 OK", "", r#"{"allowed":true}"#));
    };
    let rest = move |peer: &mut Peer| {
        peer.request();
        peer.send(response("201 Created", "", made));
        peer.request();
        peer.send(json_error(
            "422 Unprocessable Entity",
            "conflict",
            "onboarding has already been completed",
        ));
        peer.request();
        peer.send(response(
            "201 Created",
            "",
            r#"{"user":{"id":"u1"},"auth":{"token":"canary-7f3a-new"}}"#,
        ));
    };
    let wire = Wire::scenes(vec![Box::new(allowed), Box::new(rest)]);
    let client = wire.client();
    // Whoever has a session signs in afterwards: there is nobody yet.
    assert!(with_session(&wire, PASSWORD).needs_setup().unwrap());
    assert_eq!(wire.seen()[0].header("cookie"), None);
    let setup = Setup::new("admin", "acme", "sensors")
        .password(PASSWORD)
        .retention(Duration::from_secs(3600));
    let done = client.setup(&setup).unwrap();
    assert_eq!(
        (done.org_id.as_str(), done.bucket_id.as_str(), done.token()),
        ("o1", "b1", "canary-7f3a-new")
    );
    assert!(!format!("{done:?} {setup:?}").contains("canary"));
    let seen = &wire.seen()[1];
    assert_eq!(seen.header("authorization"), None);
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({"username": "admin", "password": PASSWORD, "org": "acme", "bucket": "sensors", "retentionPeriodSeconds": 3600})
    );
    let error = client.setup(&setup).unwrap_err();
    assert!(error.is_conflict());
    let error = client.setup(&setup).unwrap_err();
    no_secret(&error);
    assert!(error.to_string().contains("missing field"), "{error}");
}
