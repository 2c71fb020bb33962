//! The crate's own sentences are whole, whatever the secret is; what a server, a proxy or a library
//! repeats of the same secret in the same error is not there. No mask tells how long a secret is.

use crate::common::wire::{Peer, TOKEN, Wire, closed_port, response};
use influx_edge::client::{ClientBuilder, Method};
use influx_edge::{Client, Error};

/// Everything that an error prints.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {}", error.message());
    if let Some(response) = error.response() {
        text.push_str(&format!("{:?}", response.location()));
    }
    let mut source = std::error::Error::source(error);
    while let Some(e) = source {
        text.push_str(&format!(" {e} {e:?}"));
        source = e.source();
    }
    assert!(!text.contains("****"), "{text}");
    text
}

/// The sentence of an error whose words are the secret's, and which is whole.
#[track_caller]
fn whole(client: &Client, secret: &str, sentence: &str) {
    let error = client.write("b", "m f=1").unwrap_err();
    let text = error.to_string();
    assert!(text.contains(sentence), "{secret}: {text}");
    assert!(!shown(&error).contains(secret), "{secret}: {text}");
}

fn builders(url: &str, secret: &str) -> [ClientBuilder; 3] {
    [
        Client::builder(url).token(secret),
        Client::builder(url).basic("user", secret),
        Client::builder(url).header("X-Api-Key", secret),
    ]
}

#[test]
fn a_secret_in_the_words_of_this_crate_does_not_mask_them() {
    let refused = std::net::TcpStream::connect(closed_port().trim_start_matches("http://"))
        .unwrap_err()
        .to_string();
    for secret in [
        "my-connection-refused",
        "Connection",
        "nothing-listens-at",
        "start-InfluxDB-there",
        "influxdb",
        "os-error-connection",
    ] {
        let url = closed_port();
        let host = url.trim_start_matches("http://");
        let sentence = format!(
            "cannot write to bucket \"b\": nothing listens at {host} ({refused}); start InfluxDB there or correct the URL"
        );
        for builder in builders(&url, secret) {
            let error = builder.build().unwrap().write("b", "m f=1").unwrap_err();
            assert_eq!(error.to_string(), sentence, "{secret}");
        }
    }
    // What is repeated in the same sentence: a header's value, a reason.
    for secret in [
        "Content-Encoding-1",
        "my-content-encoding",
        "the-compressed-response",
        "compressed",
        "asked-for-gzip-once",
    ] {
        let wire = Wire::each(3, move |peer| {
            peer.request();
            peer.send(response(
                "200 OK",
                &format!("Content-Encoding: x-{secret}\r\n"),
                "x",
            ));
            peer.wait_for_close();
        });
        let asked = if cfg!(feature = "gzip") {
            "gzip, once,"
        } else {
            "none"
        };
        for builder in builders(&wire.url(), secret) {
            let client = builder.build().unwrap();
            let response = client.request(Method::Get, "/x").call().unwrap();
            let error = response.into_bytes().unwrap_err();
            let text = error.to_string();
            let head = format!("the compressed response of {} can't be read", wire.addr());
            assert!(text.contains(&head), "{secret}: {text}");
            assert!(
                text.contains("(its Content-Encoding is x-***, and "),
                "{text}"
            );
            assert!(text.contains(asked), "{text}");
            assert!(!text.contains(&format!("x-{secret}")), "{text}");
            shown(&error);
        }
    }
    // What doesn't fit is refused in whole words, too.
    let client = Client::builder("http://127.0.0.1:1").token("path-and-query-are");
    let path = "/path-and-query-are".repeat(300);
    let error = client.build().unwrap().request(Method::Get, path).call();
    let text = error.unwrap_err().to_string();
    let words = ": path and query are longer than 4096 bytes; put it in the body";
    assert!(text.ends_with(words), "{text}");
}

#[test]
fn a_secret_in_the_words_about_a_proxy_does_not_mask_them() {
    for secret in [
        "my-password",
        "password",
        "check-user-and-password",
        "Proxy-Authorization",
        "proxy-authorization-header",
        "the-proxys-URL",
    ] {
        // (A proxy that repeats it in the reason, and in what it asks for.)
        for head in [
            format!("HTTP/1.1 407 {secret}\r\nProxy-Authenticate: {secret} realm=\"x\"\r\n"),
            format!("HTTP/1.1 407 No\r\nProxy-Authenticate: {secret}\r\n"),
        ] {
            let proxy = Wire::each(1, move |peer| {
                peer.request();
                peer.send(format!("{head}Content-Length: 0\r\n\r\n"));
                peer.wait_for_close();
            });
            let with_user = proxy.url().replace("://", &format!("://u:{secret}@"));
            let client = Client::builder("http://influx.example:8086")
                .token(TOKEN)
                .proxy(with_user)
                .build()
                .unwrap();
            let sentence = format!(
                "on the way to influx.example:8086, the proxy {} refused a request for influx.example:8086 (status 407, asks for ***); check user and password in the proxy's URL, or the header Proxy-Authorization",
                proxy.addr()
            );
            let error = client.write("b", "m f=1").unwrap_err();
            assert!(error.to_string().ends_with(&sentence), "{secret}: {error}");
            shown(&error);
        }
    }
    // The proxy's host is of the settings.
    let proxy = Wire::each(1, |peer: &mut Peer| {
        peer.request();
        peer.send("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
    });
    let host = proxy.addr().to_string();
    let url = format!("http://u:{}@{host}", host.replace(':', "%3A"));
    let client = Client::builder("http://influx.example:8086").proxy(url);
    let client = client.build().unwrap();
    let warned = client.warnings().join("\n");
    assert!(
        warned.contains("8 characters of the proxy's password"),
        "{warned}"
    );
    assert!(!warned.contains(&host), "{warned}");
    let text = client.write("b", "m f=1").unwrap_err().to_string();
    assert!(
        text.contains(&format!("the proxy {host} refused")),
        "{text}"
    );
}

#[test]
fn no_mask_shows_the_length_of_a_secret() {
    for secret in [
        "QXZJKVWY",
        "QXZJKVWY-0123456789_abcdef",
        "QXZJKVWYqxzjkvwyQXZJKVWYqxzjkvwyQXZJKVWYqxzjkvwyQXZJKVWYqxzjkvwy",
    ] {
        for (head, sentence) in [
            (
                format!("302 Found\r\nLocation: http://{secret}.example/"),
                "redirects (302) to http://***.example, which",
            ),
            (
                format!("302 Found\r\nLocation: http://a.{secret}.{secret}.example"),
                "to http://a.***.***.example,",
            ),
            (
                format!("307 {secret}\r\nLocation: /x/{secret}"),
                "to another path",
            ),
            (
                format!("500 No\r\nX-Influx-Error: no {secret}, no"),
                "(500: no ***, no); try again later, or",
            ),
            (
                format!("200 OK\r\nContent-Type: text/{secret}"),
                "with 200 with text/*** instead",
            ),
        ] {
            let wire = Wire::each(3, move |peer| {
                peer.request();
                peer.send(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n"));
                peer.wait_for_close();
            });
            for builder in builders(&wire.url(), secret) {
                whole(&builder.build().unwrap(), secret, sentence);
            }
        }
        // Neither in the headers that are handed over.
        let wire = Wire::responding(response("200 OK", &format!("X-A: a {secret}b\r\n"), "x"));
        let client = Client::builder(wire.url()).token(secret).build().unwrap();
        let response = client.request(Method::Get, "/x").call().unwrap();
        assert_eq!(response.header("x-a"), Some("a ***b"));
        assert_eq!(response.into_bytes().unwrap(), b"x");
    }
}

/// What the builder says of a secret that can't be hidden everywhere: which, and what to do.
#[test]
fn a_warning_names_the_kind_of_the_secret() {
    let url = "http://database-1.example:8086/pre-fix-1";
    let new = || Client::builder(url);
    // Words of sentences that only TLS has.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let tls = [
        (new().token("subjectAltName1"), "token"),
        (
            new().header("X-Key", "Bearer overwrites"),
            "value of a header",
        ),
    ];
    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    let tls = [];
    let all = [
        (new().token("influxdb-secret-token"), "token"),
        (new().token("my-connection-refused"), "token"),
        (new().token("x-DATABASE-1.exa"), "token"),
        (new().basic("u", "Unauthorized-1"), "password"),
        (new().session("u", "pre-fix-1"), "password"),
        (new().header("X-Key", "certificate"), "value of a header"),
        (
            new().proxy("http://u:my-password@proxy.example"),
            "proxy's password",
        ),
        (
            new().proxy("http://u:proxy.example@proxy.example"),
            "proxy's password",
        ),
        (
            new()
                .proxy("http://p.example")
                .proxy_header("X", "forbidden"),
            "value of a header",
        ),
    ];
    for (builder, kind) in all.into_iter().chain(tls) {
        let client = builder.build().unwrap();
        let about: Vec<_> = client
            .warnings()
            .iter()
            .filter(|w| w.starts_with("8 "))
            .collect();
        let expected = format!(
            "8 characters of the {kind} are also in the URL, the proxy's or an ordinary word of an error, where they are printed; choose another, or ignore this if they give nothing away"
        );
        assert_eq!(about, [&expected]);
    }
    for builder in [
        new().token("QXZJKVWY"),
        new().basic("u", "QXZJKVWY").header("X-Key", "zjkvwyqx-1"),
        new().proxy("http://u:QXZJKVWY@proxy.example"),
    ] {
        let client = builder.build().unwrap();
        assert!(!client.warnings().iter().any(|w| w.starts_with("8 ")));
    }
}
