//! Rows 38 and 39 of the fault table, for a server on http: proxies that are down, refuse, or are
//! none, and proxies that are slow. Those of tunnels are in `proxy_tunnel`.

use std::time::{Duration, Instant};

use crate::common::wire::{NO_CONTENT, Peer, TOKEN, Wire, closed_port, no_secret};
use influx_edge::client::{ClientBuilder, Method};
use influx_edge::{Client, Error, ErrorKind, Remedy, Stored, TransportErrorKind};

pub(crate) const LINE: &str = "weather,station=zrh-1 temp_c=21.5 1700000000000000000";
pub(crate) const MS: Duration = Duration::from_millis(1);
/// An alert, as a TLS server responds to plain HTTP.
pub(crate) const ALERT: &[u8] = &[0x15, 3, 1, 0, 2, 2, 0x46];

pub(crate) use TransportErrorKind::{Proxy, ProxyUnavailable};

/// The error of a write that the proxy is to blame for, checked: its class and remedy, that it names
/// the proxy and the server, and shows no secret.
#[track_caller]
pub(crate) fn blamed(builder: ClientBuilder, proxy: &str, kind: TransportErrorKind) -> String {
    let start = Instant::now();
    let error: Error = builder.build().unwrap().write("b", LINE).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(3), "{error}");
    no_secret(&error);
    let text = error.to_string();
    let ErrorKind::Transport(transport) = error.kind() else {
        panic!("{text}");
    };
    assert_eq!(transport.kind(), kind, "{text}");
    assert_eq!(error.stored(), Stored::None, "{text}");
    let retryable = kind != Proxy;
    assert_eq!(error.is_retryable(), retryable, "{text}");
    let remedy = if retryable {
        Remedy::Retry
    } else {
        Remedy::Operator
    };
    assert_eq!(error.remedy(), remedy, "{text}");
    let address = format!("proxy {}", proxy.split_once("://").unwrap().1);
    assert!(text.contains(&address), "{address:?} is not in: {text}");
    assert!(text.contains(transport.host()), "{text}");
    assert!(!text.contains("InfluxDB"), "{text}");
    text
}

/// With user and password for the proxy.
pub(crate) fn with_user(url: &str) -> String {
    url.replace("://", "://me:canary-7f3a@")
}

fn through(proxy: &str) -> ClientBuilder {
    Client::builder("http://influx.example:8086")
        .org("acme")
        .token(TOKEN)
        .timeout(Duration::from_secs(5))
        .proxy(proxy)
}

#[test]
fn row_38_a_proxy_that_is_down_refuses_or_is_none() {
    // Nobody there.
    let closed = closed_port();
    let nowhere = "http://no-such-proxy.invalid:3128";
    for (url, words) in [
        (closed.as_str(), "nothing listens at the proxy"),
        (nowhere, "no address is known for the proxy"),
    ] {
        for shown in [url, &with_user(url)] {
            let text = blamed(through(shown), url, ProxyUnavailable);
            assert!(text.contains(words), "{text}");
        }
    }

    // Somebody is there.
    let basic = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"canary-7f3a\"\r\nContent-Length: 11\r\n\r\ncanary-7f3a";
    let two = "HTTP/1.0 407 X\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n";
    let bare = "HTTP/1.1 407 Proxy Authentication Required\r\nConnection: close\r\n\r\n";
    let table: [(&[u8], bool, &str); 6] = [
        (
            basic.as_bytes(),
            false,
            "asks for Basic); it wants credentials",
        ),
        (
            basic.as_bytes(),
            true,
            "asks for Basic); check user and password",
        ),
        (two.as_bytes(), false, "asks for Negotiate, asks for NTLM"),
        (bare.as_bytes(), true, "status 407"),
        (ALERT, false, "write https:// in the proxy's URL"),
        (
            &[0x16, 3, 3, 0, 50, 2],
            true,
            "write https:// in the proxy's URL",
        ),
    ];
    for (response, named, words) in table {
        let response = response.to_vec();
        let proxy = Wire::each(2, move |peer| {
            peer.request();
            peer.send(&response);
            peer.wait_for_close();
        });
        let url = proxy.url();
        let shown = if named { with_user(&url) } else { url.clone() };
        let text = blamed(through(&shown), &url, Proxy);
        assert!(text.contains(words), "{words:?} is not in: {text}");
    }

    // Before it took a large body, and then it closes.
    let large = "m f=1\n".repeat(200_000);
    let proxy = Wire::each(1, |peer| {
        assert_eq!(peer.head().unwrap().header("expect"), Some("100-continue"));
        peer.send("HTTP/1.1 407 No\r\nConnection: close\r\n\r\n");
    });
    // (Compressed it would be small.)
    let client = through(&proxy.url()).gzip_min_bytes(usize::MAX);
    let client = client.build().unwrap();
    let error = client.write("b", large.as_str()).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Transport(e) if e.kind() == Proxy),
        "{error}"
    );
    assert_eq!(error.stored(), Stored::None);

    // What is no proxy; be it a few bytes of it.
    for response in [
        "SSH-2.0-OpenSSH_9.9\r\n",
        "\0\0\0\0\r\n\r\n",
        "220 mail.example ESMTP\r\n",
        "-ERR unknown command 'POST'\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "H?",
        "<html>",
    ] {
        let proxy = Wire::each(2, move |peer| {
            peer.request();
            peer.send(response);
            peer.wait_for_close();
        });
        let url = proxy.url();
        for shown in [url.clone(), with_user(&url)] {
            let text = blamed(through(&shown).timeout(2000 * MS), &url, Proxy);
            assert!(
                text.ends_with(&format!(
                    "on the way to influx.example:8086, no HTTP proxy responds at the proxy {} (what it sends isn't HTTP/1); check the proxy's URL",
                    proxy.addr()
                )),
                "{response:?}: {text}"
            );
        }
    }

    // What may be the proxy's fault or the server's names both.
    for (response, words) in [
        ("", "closed"),
        ("HTTP/1.1 204 No Con", "closed"),
        ("HTTP/1.1 twohundred\r\n\r\n", "isn't valid HTTP"),
        ("HTTP/1.1 200 OK\r\nno header\r\n\r\n", "isn't valid HTTP"),
    ] {
        let proxy = Wire::each(1, move |peer| {
            peer.request();
            peer.send(response);
        });
        let client = through(&proxy.url()).build().unwrap();
        let text = client.write("b", LINE).unwrap_err().to_string();
        let via = format!("through the proxy {}", proxy.addr());
        for words in [words, "influx.example:8086", &via] {
            assert!(text.contains(words), "{words:?} is not in: {text}");
        }
    }

    // The client works afterwards.
    let proxy = Wire::scenes(vec![
        Box::new(|peer: &mut Peer| {
            peer.request();
            peer.send("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
        }),
        Box::new(|peer: &mut Peer| {
            peer.request();
            peer.send(NO_CONTENT);
        }),
    ]);
    let client = through(&proxy.url()).build().unwrap();
    client.write("b", LINE).unwrap_err();
    client.write("b", LINE).unwrap();
}

/// Limits of 200 ms to connect, to read, and 400 ms in all.
pub(crate) fn hurried(builder: ClientBuilder) -> Client {
    builder
        .connect_timeout(200 * MS)
        .read_timeout(200 * MS)
        .timeout(400 * MS)
        .build()
        .unwrap()
}

/// A write that has to end at its limit, by a limit.
#[track_caller]
pub(crate) fn too_slow(name: &str, client: &Client, limit: Duration) -> String {
    too_slow_to(name, limit, || client.write("b", LINE))
}

#[track_caller]
fn too_slow_to<T>(name: &str, limit: Duration, run: impl FnOnce() -> Result<T, Error>) -> String {
    let start = Instant::now();
    let Err(error) = run() else {
        panic!("{name}: a success");
    };
    let took = start.elapsed();
    no_secret(&error);
    assert!(
        took <= limit + limit / 10 + 100 * MS,
        "{name}: took {took:?} of {limit:?}"
    );
    assert!(
        error.is_timeout() && error.is_retryable(),
        "{name}: {error}"
    );
    error.to_string()
}

/// Sends a byte every 20 ms until the client closes, at most for ten seconds.
pub(crate) fn drip(peer: &mut Peer, bytes: impl Iterator<Item = u8>) {
    use std::io::Write as _;
    for byte in bytes.take(500) {
        if peer.stream.write_all(&[byte]).is_err() {
            return;
        }
        std::thread::sleep(20 * MS);
    }
}

#[test]
fn row_39_a_proxy_that_is_slow() {
    type Scene = fn(&mut Peer);
    let table: [(&str, u32, Scene); 5] = [
        ("no response", 200, Peer::wait_for_close),
        ("a head in drips", 400, |peer| {
            peer.request();
            drip(peer, b"HTTP/1.1 204 No Content\r\n".iter().copied().cycle());
        }),
        ("a 407 in drips", 400, |peer| {
            peer.request();
            let start = b"HTTP/1.1 407 No\r\nX: ".iter().copied();
            drip(peer, start.chain(std::iter::repeat(b'x')));
        }),
        ("interim responses without end", 400, |peer| {
            peer.request();
            drip(
                peer,
                b"HTTP/1.1 102 Processing\r\n\r\n".iter().copied().cycle(),
            );
        }),
        ("a body in drips", 400, |peer| {
            peer.request();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
            drip(peer, std::iter::repeat(b'x'));
        }),
    ];
    for (name, limit, scene) in table {
        let proxy = Wire::each(1, scene);
        let client = hurried(through(&proxy.url()));
        if name == "a body in drips" {
            too_slow_to(name, limit * MS, || {
                client.request(Method::Get, "/x").call()?.into_bytes()
            });
            continue;
        }
        too_slow(name, &client, limit * MS);
    }
}
