//! Rows 40 and 41 of the fault table, for a server on https: the tunnel that a proxy is asked for.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use super::proxy::{
    ALERT, LINE, MS, Proxy, ProxyUnavailable, blamed, drip, hurried, too_slow, with_user,
};
use super::tls_server::{Authority, params, server};
use crate::common::wire::{NO_CONTENT, Peer, TOKEN, Wire, closed_port, no_secret};
use influx_edge::client::ClientBuilder;
use influx_edge::{Client, ErrorKind, TransportErrorKind};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

fn tls<S: Read + Write>(config: &Arc<ServerConfig>, stream: S) -> StreamOwned<ServerConnection, S> {
    StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream)
}

/// Reads the head of one request.
fn head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// The server: takes writes of `LINE` until the client closes.
fn serve(stream: &mut (impl Read + Write)) {
    while let Some(head) = head(stream) {
        let lower = head.to_ascii_lowercase();
        assert!(head.starts_with("POST /api/v2/write?"), "{head}");
        assert!(lower.contains("host: influx.example\r\n"), "{head}");
        assert!(head.contains(TOKEN));
        assert!(!lower.contains("proxy-"), "the server sees {head}");
        assert!(!lower.contains("x-site"), "the server sees {head}");
        let mut body = [0; LINE.len()];
        stream.read_exact(&mut body).unwrap();
        assert_eq!(body, LINE.as_bytes());
        stream.write_all(NO_CONTENT.as_bytes()).unwrap();
        stream.flush().unwrap();
    }
}

fn through(proxy: &str, ca: &Authority) -> ClientBuilder {
    Client::builder("https://influx.example")
        .org("acme")
        .token(TOKEN)
        .timeout(Duration::from_secs(5))
        .ca_file(&ca.file)
        .proxy(proxy)
}

/// Checks what a proxy is asked: all that is meant for it, and nothing that isn't.
fn check_connect(head: &str) {
    assert!(
        head.starts_with("CONNECT influx.example:443 HTTP/1.1\r\nHost: influx.example:443\r\n"),
        "{head}"
    );
    let count = |name: &str| head.to_ascii_lowercase().matches(name).count();
    assert_eq!(count("\nuser-agent: logger/7\r\n"), 1, "{head}");
    assert_eq!(count("\nx-site: north\r\n"), 1, "{head}");
    assert_eq!(count("\nproxy-authorization: "), 1, "{head}");
    assert_eq!(
        count("\nauthorization"),
        0,
        "the token is not for the proxy"
    );
    assert_eq!(count("x-server"), 0, "{head}");
    assert!(!head.contains(TOKEN));
}

#[test]
fn an_https_server_through_every_kind_of_proxy() {
    let ca = Authority::new("proxy-ca");
    let names = params(&["influx.example"]);
    let inner = server(ca.issue(&names));
    let outer = server(ca.issue(&params(&["127.0.0.1", "::1", "localhost"])));
    let responses = [
        ESTABLISHED,
        "HTTP/1.0 200 OK\r\nProxy-Agent: x\r\n\r\n",
        // Neither a length nor chunks mean anything here.
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 204\r\n\r\n",
        "HTTP/1.1 200 OK\nVia: x\n\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ];
    for response in responses {
        for scheme in ["http", "https"] {
            let (inner, outer) = (Arc::clone(&inner), Arc::clone(&outer));
            let proxy = Wire::each(1, move |peer| {
                let mut stream = peer.stream.try_clone().unwrap();
                if scheme == "https" {
                    let mut stream = tls(&outer, stream);
                    check_connect(&head(&mut stream).unwrap());
                    stream.write_all(response.as_bytes()).unwrap();
                    serve(&mut tls(&inner, stream));
                } else {
                    check_connect(&head(&mut stream).unwrap());
                    stream.write_all(response.as_bytes()).unwrap();
                    serve(&mut tls(&inner, stream));
                }
            });
            let url = format!("{scheme}://{}", proxy.addr());
            let builder = through(&with_user(&url), &ca)
                .user_agent("logger/7")
                .header("X-Server", "only")
                .proxy_header("X-Site", "north");
            let client = builder.build().unwrap();
            assert!(client.warnings().is_empty(), "{:?}", client.warnings());
            client.write("b", LINE).expect(response);
            client.write("b", LINE).expect("over the same tunnel");
        }
    }

    // At an IPv6 address; and a server on http, through a proxy that speaks TLS.
    if let Ok(listener) = TcpListener::bind("[::1]:0") {
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut stream = tls(&outer, stream);
            let head = head(&mut stream).unwrap();
            assert!(
                head.starts_with("GET http://influx.example:8086/ping HTTP/1.1\r\n"),
                "{head}"
            );
            stream.write_all(NO_CONTENT.as_bytes()).unwrap();
            stream.flush().unwrap();
        });
        Client::builder("http://influx.example:8086")
            .ca_file(&ca.file)
            .proxy(format!("https://{address}"))
            .build()
            .unwrap()
            .ping()
            .unwrap();
        thread.join().unwrap();
    }
}

#[test]
fn row_40_a_tunnel_that_is_refused() {
    let ca = Authority::new("row40-ca");
    let config = server(ca.issue(&params(&["influx.example"])));
    let long = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(20_000));
    let extra = format!("{ESTABLISHED}HTTP/1.1 204 No Content\r\n\r\n");
    let head =
        |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").into_bytes();
    let asks = "407 Go\r\nProxy-Authenticate: Basic realm=\"x\"";
    let table: [(Vec<u8>, TransportErrorKind, &str); 24] = [
        (
            head(asks),
            Proxy,
            "407 Go, asks for Basic); check user and password",
        ),
        // A proxy that repeats what it was told.
        (
            head("407 canary-7f3a bWU6Y2FuYXJ5LTdmM2E="),
            Proxy,
            "407 *** ***)",
        ),
        (
            head("403 Filtered by policy"),
            Proxy,
            "403 Filtered by policy); it must be set to allow",
        ),
        (head("401 Unauthorized"), Proxy, "401"),
        (
            head("301 Moved\r\nLocation: http://login.example/"),
            Proxy,
            "login page",
        ),
        (head("302 Found"), Proxy, "302"),
        (head("307 X"), Proxy, "307"),
        (head("400 Bad Request"), Proxy, "no proxy"),
        (head("404 Not Found"), Proxy, "no proxy"),
        (head("405 Method Not Allowed"), Proxy, "CONNECT"),
        (head("501 Not Implemented"), Proxy, "CONNECT"),
        (head("511 Network Authentication Required"), Proxy, "511"),
        (head("429 Slow Down"), ProxyUnavailable, "429"),
        (head("500 Oops"), ProxyUnavailable, "500"),
        (
            head("502 Bad Gateway"),
            ProxyUnavailable,
            "can't reach the server now",
        ),
        (
            head("503 Service Unavailable"),
            ProxyUnavailable,
            "try again later",
        ),
        (head("504 Gateway Timeout"), ProxyUnavailable, "504"),
        (
            Vec::new(),
            ProxyUnavailable,
            "the connection was closed by the proxy",
        ),
        (
            b"HTTP/1.1 200 OK\r\nVia".to_vec(),
            ProxyUnavailable,
            "closed",
        ),
        (ALERT.to_vec(), Proxy, "write https:// in the proxy's URL"),
        (
            b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(),
            Proxy,
            "no HTTP proxy responds at",
        ),
        (
            b"HTTP/1.1 twohundred\r\n\r\n".to_vec(),
            Proxy,
            "no HTTP proxy",
        ),
        (long.into_bytes(), Proxy, "longer than 8 KiB"),
        (extra.into_bytes(), Proxy, "bytes follow"),
    ];
    for (response, kind, words) in table {
        let config = Arc::clone(&config);
        let shown = String::from_utf8_lossy(&response).into_owned();
        let proxy = Wire::scenes(vec![
            Box::new(move |peer: &mut Peer| {
                peer.head();
                peer.send(&response);
            }),
            Box::new(move |peer: &mut Peer| {
                peer.head();
                peer.send(ESTABLISHED);
                serve(&mut tls(&config, peer.stream.try_clone().unwrap()));
            }),
        ]);
        let url = proxy.url();
        let builder = through(&with_user(&url), &ca);
        let text = blamed(builder.clone(), &url, kind);
        assert!(
            text.contains(words),
            "{words:?} is not in {text} for {shown}"
        );
        let client = builder.build().unwrap();
        client
            .write("b", LINE)
            .expect("the client works afterwards");
    }

    // Nobody there, http and https taken for each other, and a certificate that isn't trusted.
    let closed = closed_port();
    let text = blamed(through(&with_user(&closed), &ca), &closed, ProxyUnavailable);
    assert!(text.contains("nothing listens at the proxy"), "{text}");
    let nowhere = "https://no-such-proxy.invalid";
    let error = through(nowhere, &ca)
        .build()
        .unwrap()
        .write("b", LINE)
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Transport(e) if e.kind() == ProxyUnavailable),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("proxy no-such-proxy.invalid:443"),
        "{error}"
    );
    no_secret(&error);
    let plain = Wire::each(1, |peer| {
        peer.exactly(100);
        peer.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    let url = plain.url().replace("http", "https");
    let text = blamed(through(&with_user(&url), &ca), &url, Proxy);
    assert!(text.contains("write http:// in the proxy's URL"), "{text}");
    let other = server(Authority::new("row40-other").issue(&params(&["127.0.0.1"])));
    let strange = Wire::each(1, move |peer| {
        head_of_nothing(&mut tls(&other, peer.stream.try_clone().unwrap()));
    });
    let url = strange.url().replace("http", "https");
    let text = blamed(through(&with_user(&url), &ca), &url, Proxy);
    assert!(
        text.contains("no trusted TLS connection to the proxy"),
        "{text}"
    );

    // The server's own certificate is the server's fault, not the proxy's.
    let wrong = server(ca.issue(&params(&["other.example"])));
    let proxy = Wire::each(1, move |peer| {
        peer.head();
        peer.send(ESTABLISHED);
        head_of_nothing(&mut tls(&wrong, peer.stream.try_clone().unwrap()));
    });
    let error = through(&proxy.url(), &ca)
        .build()
        .unwrap()
        .write("b", LINE)
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Transport(e) if e.kind() == TransportErrorKind::Tls),
        "{error}"
    );
}

/// Lets a handshake fail.
fn head_of_nothing(stream: &mut impl Read) {
    assert_eq!(head(stream), None);
}

#[test]
fn row_41_a_tunnel_that_is_slow() {
    type Scene = fn(&mut Peer);
    let ca = Authority::new("row41-ca");
    // A TLS record of 16 KiB that never gets complete.
    const RECORD: &[u8] = &[0x16, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc];
    let table: [(&str, &str, Scene); 8] = [
        ("no response", "http", Peer::wait_for_close),
        ("a head in drips", "http", |peer| {
            peer.head();
            let start = b"HTTP/1.1 200 OK\r\nX: ".iter().copied();
            drip(peer, start.chain(std::iter::repeat(b'x')));
        }),
        ("headers without end", "http", |peer| {
            peer.head();
            let start = b"HTTP/1.1 200 OK\r\n".iter().copied();
            drip(peer, start.chain(b"X: y\r\n".iter().copied().cycle()));
        }),
        ("interim responses without end", "http", |peer| {
            peer.head();
            drip(
                peer,
                b"HTTP/1.1 102 Processing\r\n\r\n".iter().copied().cycle(),
            );
        }),
        ("a proxy whose TLS is silent", "https", Peer::wait_for_close),
        ("a proxy whose TLS is in drips", "https", |peer| {
            drip(peer, RECORD.iter().copied().chain(std::iter::repeat(0)));
        }),
        ("a server's TLS that is silent", "http", |peer| {
            peer.head();
            peer.send(ESTABLISHED);
            peer.wait_for_close();
        }),
        ("a server's TLS in drips", "http", |peer| {
            peer.head();
            peer.send(ESTABLISHED);
            peer.exactly(100);
            drip(peer, RECORD.iter().copied().chain(std::iter::repeat(0)));
        }),
    ];
    for (name, scheme, scene) in table {
        let proxy = Wire::each(1, scene);
        let url = format!("{scheme}://{}", proxy.addr());
        let client = hurried(through(&with_user(&url), &ca));
        let text = too_slow(name, &client, 200 * MS);
        let named = text.contains(&format!("waiting for the proxy {}", proxy.addr()));
        assert_eq!(named, !name.starts_with("a server's"), "{text}");
        assert!(
            text.contains(&format!("the proxy {}", proxy.addr())),
            "{text}"
        );
    }

    // The other limits hold while a tunnel is asked for, too, if they are shorter.
    type Change = fn(ClientBuilder) -> ClientBuilder;
    let table: [(&str, Change, Scene); 3] = [
        ("read", |b| b.read_timeout(100 * MS), Peer::wait_for_close),
        ("overall", |b| b.timeout(100 * MS), Peer::wait_for_close),
        (
            "overall, in drips",
            |b| b.timeout(100 * MS),
            |peer| {
                peer.head();
                drip(
                    peer,
                    std::iter::repeat_n(b"HTTP/1.1 102 X\r\n\r\n", 99)
                        .flatten()
                        .copied(),
                );
            },
        ),
    ];
    for (name, change, scene) in table {
        let proxy = Wire::each(1, scene);
        let client = change(through(&proxy.url(), &ca)).build().unwrap();
        too_slow(name, &client, 100 * MS);
    }
}
