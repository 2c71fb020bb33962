//! A proxy for a server on http: what it gets, what it keeps, and the URLs that are refused. Tunnels
//! and faults of proxies are in `http_faults`.

use std::time::Duration;

use crate::common::wire::{NO_CONTENT, Seen, TOKEN, Wire, json_error, no_secret};
use influx_edge::client::{ClientBuilder, Method};
use influx_edge::{Client, ErrorKind};

const LINE: &str = "m f=1";

fn count(seen: &Seen, name: &str) -> usize {
    seen.headers.iter().filter(|(n, _)| n == name).count()
}

/// As curl does: the request line has the whole URL, the server's headers stay what they are, and
/// the proxy's are beside them.
#[test]
fn requests_to_http_go_to_the_proxy_in_absolute_form() {
    type Change = fn(ClientBuilder) -> ClientBuilder;
    let large = "m f=1\n".repeat(50_000);
    let long = "t".repeat(3900);
    let plain: Change = |b| b.token(TOKEN);
    let table: [(&str, &str, Change, &str); 9] = [
        (
            "http://influx.example:8086",
            "influx.example:8086",
            plain,
            LINE,
        ),
        // A default port, written and not.
        ("http://influx.example", "influx.example", plain, LINE),
        (
            "http://influx.example:80/a/b",
            "influx.example",
            plain,
            LINE,
        ),
        (
            "http://[2001:db8::1]:8086",
            "[2001:db8::1]:8086",
            plain,
            LINE,
        ),
        // Its own loopback isn't the proxy's.
        ("http://localhost:8086", "localhost:8086", plain, LINE),
        // Without credentials, there is nothing else to put into the head.
        (
            "http://influx.example:8086",
            "influx.example:8086",
            |b| b,
            LINE,
        ),
        (
            "http://influx.example:8086",
            "influx.example:8086",
            plain,
            &large,
        ),
        // A head larger than any buffer of the path.
        (
            "http://influx.example:8086",
            "influx.example:8086",
            |b| {
                b.token(TOKEN)
                    .header("X-A", "a".repeat(3000))
                    .header("X-B", "b".repeat(3000))
                    .proxy_header("X-Long", "l".repeat(6000))
            },
            LINE,
        ),
        (
            "http://influx.example:8086",
            "influx.example:8086",
            |b| b.token(format!("{TOKEN}{}", "t".repeat(3900))),
            &large,
        ),
    ];
    for (url, host, change, body) in table {
        let proxy = Wire::responding(NO_CONTENT);
        let builder = Client::builder(url)
            .org("acme")
            .user_agent("logger/7")
            .header("X-Server", "only")
            .proxy_header("X-Site", "north")
            .proxy_header("X-Two", "1")
            .proxy_header("X-Two", "2")
            .gzip_min_bytes(usize::MAX)
            .proxy(format!("http://me:canary-7f3a%40@{}/", proxy.addr()));
        let client = change(builder).build().unwrap();
        client.write("b", body).unwrap();
        client.write("b", body).unwrap();
        client.request(Method::Get, "/ping").call().unwrap();
        let seen = proxy.seen();
        let base = url.trim_end_matches('/');
        let write = format!("{base}/api/v2/write?");
        assert!(seen[0].target.starts_with(&write), "{}", seen[0].target);
        assert_eq!(seen[2].target, format!("{base}/ping"));
        for seen in &seen {
            assert_eq!(seen.header("host"), Some(host), "{url}");
            assert_eq!(
                seen.header("proxy-authorization"),
                Some("Basic bWU6Y2FuYXJ5LTdmM2FA")
            );
            assert_eq!(seen.header("user-agent"), Some("logger/7"));
            assert_eq!(seen.header("x-server"), Some("only"));
            assert_eq!(seen.header("x-site"), Some("north"));
            assert_eq!(count(seen, "x-two"), 2);
            for once in ["host", "proxy-authorization", "x-site", "x-server"] {
                assert_eq!(count(seen, once), 1, "{once}");
            }
            assert_eq!(seen.connection, 0, "one connection for all of them");
            if let Some(token) = seen.header("authorization") {
                assert!(token.starts_with(&format!("Token {TOKEN}")));
                assert!(token.len() < 100 || token.ends_with(&long));
                assert_eq!(count(seen, "authorization"), 1);
            }
            if let Some(a) = seen.header("x-a") {
                assert_eq!(a.len() + seen.header("x-b").unwrap().len(), 6000);
                assert_eq!(seen.header("x-long").unwrap().len(), 6000);
            }
        }
        assert_eq!(seen[0].body, body.as_bytes());
        assert_eq!(seen[1].body, body.as_bytes());
        let expects = (body.len() >= 256 * 1024).then_some("100-continue");
        assert_eq!(seen[0].header("expect"), expects);
        let anonymous = seen[0].header("authorization").is_none();
        let told = client.warnings().join("\n");
        assert_eq!(
            told.contains("the proxy can read them"),
            !anonymous,
            "{told}"
        );
        assert!(!format!("{client:?}").contains("canary"));
    }
}

/// What the proxy does with its connections is no different from what a server does.
#[test]
fn a_proxy_may_close_its_connections() {
    let answers: [(&str, usize); 5] = [
        (NO_CONTENT, 1),
        ("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 3),
        ("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 3),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 1),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            1,
        ),
    ];
    for (answer, connections) in answers {
        for announced in [true, false] {
            let proxy = Wire::each(4, move |peer| {
                while peer.request().is_some() {
                    peer.send(answer);
                    if !announced {
                        // Closed without a word: the pooled connection is dead.
                        return;
                    }
                }
            });
            let client = Client::builder("http://influx.example:8086")
                .token(TOKEN)
                .proxy(proxy.url())
                .timeout(Duration::from_secs(5))
                .build()
                .unwrap();
            for _ in 0..3 {
                let response = client.request(Method::Get, "/ping").call().unwrap();
                response.into_bytes().unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
            let seen = proxy.seen();
            assert_eq!(seen.len(), 3);
            let last = seen[2].connection + 1;
            assert_eq!(last, if announced { connections } else { 3 }, "{answer}");
            assert!(
                seen.iter()
                    .all(|s| s.target == "http://influx.example:8086/ping")
            );
        }
    }
}

/// The proxy speaks for itself in a 407 alone; every other status may be the server's own.
#[test]
fn the_servers_responses_come_through() {
    for (status, retryable) in [
        ("302 Found", false),
        ("401 Unauthorized", false),
        ("403 Forbidden", false),
        ("404 Not Found", false),
        ("429 Too Many Requests", true),
        ("502 Bad Gateway", true),
        ("503 Service Unavailable", true),
        ("504 Gateway Timeout", true),
    ] {
        let proxy = Wire::responding(crate::common::wire::response(status, "", "why"));
        let error = Client::builder("http://influx.example:8086")
            .token(TOKEN)
            .proxy(proxy.url())
            .build()
            .unwrap()
            .write("b", LINE)
            .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Response(_)), "{error:?}");
        assert_eq!(error.status().unwrap().to_string(), status[..3]);
        assert_eq!(error.is_retryable(), retryable, "{error}");
        assert_eq!(proxy.seen().len(), 1);
        // Whose response it is can't be known; so the proxy is named.
        let named = format!(
            "the proxy {}, which may have responded itself",
            proxy.addr()
        );
        assert!(error.to_string().ends_with(&named), "{error}");
    }
    // InfluxDB's own words are InfluxDB's; and through a tunnel the proxy sees nothing.
    let own = json_error("403 Forbidden", "forbidden", "no");
    let proxy = Wire::responding(own);
    let client = Client::builder("http://influx.example:8086").proxy(proxy.url());
    let error = client.build().unwrap().write("b", LINE).unwrap_err();
    assert!(!error.to_string().contains("proxy"), "{error}");
}

/// A URL that can't be meant as it stands is refused with what to write, and without the secret.
#[test]
fn proxy_urls_that_cannot_work_are_refused_when_built() {
    for (url, words) in [
        ("http://h:99999", "port isn't a number from 1 to 65535"),
        ("http://h:0", "port isn't a number from 1 to 65535"),
        ("http://h:", "port"),
        ("http://h:31x8", "port"),
        ("http://user:canary-7f3a", "port"),
        ("http://", "no host"),
        ("http://:3128", "no host"),
        ("http://u:canary-7f3a@", "no host"),
        ("http://u:canary-7f3a@:3128", "no host"),
        ("http://h/path", "path"),
        ("http://h?canary-7f3a", "query"),
        ("http://h#canary-7f3a", "fragment"),
        (
            "http://u:canary#7f3a@h",
            "# in its user or password must be written as %23",
        ),
        (
            "http://u:canary/7f3a@h",
            "/ in its user or password must be written as %2F",
        ),
        (
            "http://u:canary?7f3a@h:1",
            "? in its user or password must be written as %3F",
        ),
        (
            "http://u:canary\\7f3a@h",
            "\\ in its user or password must be written as %5C",
        ),
        (
            "http://u:canary@7f3a@h",
            "@ in its user or password must be written as %40",
        ),
        ("http://u:canary-7f3a \u{fc}@h", "%20"),
        ("http://u:canary-7f3a\r\nX: y@h", "control"),
        ("http://u:canary-7f3a%0d%0a@h", "control"),
        ("http://u%3Av:canary-7f3a@h", "colon"),
        ("http://::1:3128", "brackets"),
        ("http://[::1", "bracket"),
        ("http://[::1]x", "IPv6"),
        ("http://a,b", "host name"),
        ("http://b\u{fc}cher.example", "xn--"),
        ("h:3128", "http://"),
        ("http:/h", "http://"),
        ("socks5://u:canary-7f3a@h", "http://"),
        ("", "http://"),
    ] {
        let error = Client::builder("http://influx.example")
            .proxy(url)
            .build()
            .expect_err(url);
        assert!(error.is_config());
        let text = error.to_string();
        assert!(text.contains(words), "{words:?} is not in: {text}");
        assert!(text.contains("proxy's URL"), "{text}");
        no_secret(&error);
        for part in ["canary", "7f3a"] {
            assert!(!format!("{error} {error:?}").contains(part), "{url}");
        }
    }
    let named = || Client::builder("http://h").proxy("http://u:canary-7f3a@h");
    let error = named().proxy_header("Proxy-Authorization", "Bearer canary-7f3a");
    let error = error.build().unwrap_err();
    no_secret(&error);
    assert!(error.to_string().contains("one of them"), "{error}");
    assert!(!format!("{:?}", named()).contains("canary"));
}
