//! How a connection ends, and what the caller hears of it: in the handshake, behind a whole request,
//! between two requests, in the middle of a response. Each over both versions of TLS.

use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::wire::{NO_CONTENT, Peer, Scene, Wire};
use crate::tls_server::{Authority, End, LINE, Server, VERSIONS, fault, https, params, server_of};
use influx_edge::client::Method;
use influx_edge::{Client, Error, Remedy, Stored, TransportErrorKind};
use rustls::pki_types::PrivateKeyDer;

const ROWS: &str = "#datatype,string,long,double\r\n#default,_result,,\r\n,result,table,_value\r\n,,0,1\r\n,,0,2\r\n";

/// Longer than what a server reads that reads the head alone.
fn long_query() -> String {
    "x".repeat(20_000)
}

/// The rows of a query, and how they ended.
fn rows(client: &Client) -> (usize, Result<(), Error>) {
    let mut rows = match client.query(long_query()).call() {
        Ok(rows) => rows,
        Err(e) => return (0, Err(e)),
    };
    let mut n = 0;
    loop {
        match rows.next() {
            Ok(Some(_)) => n += 1,
            Ok(None) => return (n, Ok(())),
            Err(e) => return (n, Err(e)),
        }
    }
}

#[track_caller]
fn broke_off(error: &Error, case: &dyn std::fmt::Debug) {
    assert_eq!(
        fault(error),
        TransportErrorKind::Closed,
        "{case:?}: {error}"
    );
    assert!(error.is_retryable(), "{case:?}: {error}");
    assert_eq!(error.stored(), Stored::Unknown, "{case:?}: {error}");
    assert!(
        !error.to_string().contains("certificate"),
        "{case:?}: {error}"
    );
}

#[test]
fn a_body_without_an_end_is_complete_at_an_orderly_close_only() {
    let open = [
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nConnection: close\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: identity\r\n\r\n",
    ];
    let whole = format!("{}{ROWS}", open[0]);
    let with_length = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {}\r\n\r\n{ROWS}",
        ROWS.len()
    );
    let too_short = with_length.replace(",,0,2\r\n", "");
    let in_chunks = |end: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{ROWS}\r\n{end}",
            ROWS.len()
        )
    };
    let mut cases: Vec<(String, End, bool)> = Vec::new();
    for head in open {
        for end in [
            End::Farewell,
            End::Silence,
            End::Reset,
            End::Garbage,
            End::HalfRecord,
            End::Alert,
        ] {
            cases.push((format!("{head}{ROWS}"), end, end == End::Farewell));
        }
    }
    // Whoever said where the end is needs no farewell.
    for end in [End::Farewell, End::Silence, End::Reset] {
        cases.push((with_length.clone(), end, true));
        cases.push((too_short.clone(), end, false));
        cases.push((in_chunks("0\r\n\r\n"), end, true));
        cases.push((in_chunks("0\r\n"), end, true));
        cases.push((in_chunks(""), end, false));
    }
    let ca = Authority::new("ends-body-ca");
    for version in VERSIONS {
        let config = server_of(version, ca.issue(&params(&["127.0.0.1"])));
        // A connection for each case, and another for each that isn't complete.
        let scenes = cases
            .iter()
            .flat_map(|(response, end, complete)| {
                let scene = (response.clone(), *end);
                std::iter::repeat_n(scene, if *complete { 1 } else { 2 })
            })
            .map(|(response, end)| {
                let config = Arc::clone(&config);
                Box::new(move |peer: &mut Peer| {
                    let mut server = Server::accept(&config, peer).unwrap();
                    if end == End::Reset {
                        server.head();
                    } else {
                        server.request();
                    }
                    server.send(&response);
                    server.end(end);
                }) as Scene
            })
            .collect();
        let wire = Wire::scenes(scenes);
        let client = https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap();
        for (response, end, complete) in &cases {
            let case = (version.version, response, end);
            let (n, result) = rows(&client);
            if *complete {
                result.unwrap_or_else(|e| panic!("{case:?}: {e}"));
                assert_eq!(n, 2, "{case:?}");
                // So that the next call finds its end, whatever it is.
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
            broke_off(&result.unwrap_err(), &case);
            // The same for a body read whole.
            let result = client
                .request(Method::Post, "/x")
                .body(long_query().into_bytes())
                .call()
                .and_then(influx_edge::client::Response::into_bytes);
            broke_off(&result.unwrap_err(), &case);
        }
    }

    // Over plain HTTP TCP's end is all the order there is; a reset isn't.
    for reset in [false, true] {
        let whole = whole.clone();
        let wire = Wire::each(1, move |peer: &mut Peer| {
            if reset {
                // The rest stays unread.
                peer.stream.read_exact(&mut [0; 100]).unwrap();
            } else {
                peer.request();
            }
            peer.send(&whole);
            std::thread::sleep(Duration::from_millis(40));
        });
        let (n, result) = rows(&wire.client());
        if reset {
            broke_off(&result.unwrap_err(), &"plain");
        } else {
            assert_eq!((n, result.is_ok()), (2, true));
        }
    }
}

#[test]
fn a_connection_that_tls_closes_is_replaced_like_any_other() {
    let ca = Authority::new("ends-stale-ca");
    for version in VERSIONS {
        let config = server_of(version, ca.issue(&params(&["127.0.0.1"])));
        for (end, response, replaced) in [
            (End::Farewell, "", true),
            (End::Silence, "", true),
            (End::Alert, "", true),
            (End::HalfRecord, "", true),
            // It began to respond: that is no dead connection.
            (End::Farewell, "HTTP/1.1 204", false),
            (End::Silence, "HTTP/1.1 204", false),
        ] {
            for last_fails in [false, true] {
                let case = (version.version, end, response, last_fails);
                let config = Arc::clone(&config);
                let wire = Wire::each(3, move |peer| {
                    let connection = peer.connection;
                    let Some(mut server) = Server::accept(&config, peer) else {
                        return;
                    };
                    if connection == 0 || !last_fails {
                        server.request();
                        server.send(NO_CONTENT);
                    }
                    if server.request().is_some() {
                        server.send(response);
                        server.end(end);
                    }
                });
                let client = https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap();
                client.write("b", LINE).unwrap();
                let start = Instant::now();
                let result = client.write("b", LINE);
                assert!(start.elapsed() < Duration::from_millis(900), "{case:?}");
                if replaced && !last_fails {
                    result.unwrap_or_else(|e| panic!("{case:?}: {e}"));
                } else {
                    broke_off(&result.unwrap_err(), &case);
                }
            }
        }
    }

    // What was tried again and found nobody may have been stored by the one that died.
    let config = server_of(VERSIONS[1], ca.issue(&params(&["127.0.0.1"])));
    let wire = Wire::each(1, move |peer| {
        let mut server = Server::accept(&config, peer).unwrap();
        server.request();
        server.send(NO_CONTENT);
        server.request();
        server.end(End::Farewell);
    });
    let client = https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap();
    client.write("b", LINE).unwrap();
    let error = client.write("b", LINE).unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Refused, "{error}");
    assert_eq!(error.stored(), Stored::Unknown);
}

#[test]
fn what_is_left_in_tls_is_not_taken_for_the_next_response() {
    let ca = Authority::new("ends-left-ca");
    // Of the size of the client's buffer, and around it: what is left is not in the buffer then.
    for size in [1000, 8191, 8192, 8193, 12_288, 16_384 - 400, 16_384, 24_576] {
        for version in VERSIONS {
            let config = server_of(version, ca.issue(&params(&["127.0.0.1"])));
            let wire = Wire::each(2, move |peer| {
                let connection = peer.connection;
                let mut server = Server::accept(&config, peer).unwrap();
                server.request();
                if connection == 0 {
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {:05}\r\n\r\n", 0);
                    let body = size - head.len();
                    let head = head.replace("00000", &format!("{body:05}"));
                    let first = format!("{head}{}", "a".repeat(body));
                    let second = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong";
                    server.send(format!("{first}{second}"));
                } else {
                    server.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright");
                }
                server.peer.wait_for_close();
            });
            let client = https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap();
            let get = || client.request(Method::Get, "/x").call()?.into_bytes();
            let case = (version.version, size);
            let first = get().unwrap_or_else(|e| panic!("{case:?}: {e}"));
            assert!(first.iter().all(|b| *b == b'a'), "{case:?}");
            let second = get().unwrap_or_else(|e| panic!("{case:?}: {e}"));
            assert_eq!(String::from_utf8_lossy(&second), "right", "{case:?}");
        }
    }
}

#[test]
fn what_breaks_behind_the_handshake_leaves_open_what_is_stored() {
    let ca = Authority::new("ends-write-ca");
    for version in VERSIONS {
        let config = server_of(version, ca.issue(&params(&["127.0.0.1"])));
        let ends = [
            End::Farewell,
            End::Silence,
            End::Garbage,
            End::HalfRecord,
            End::Alert,
            End::PlainAlert,
            End::TooLong,
            End::NoTls,
        ];
        let wire = Wire::each(ends.len(), move |peer| {
            let end = ends[peer.connection];
            let mut server = Server::accept(&config, peer).unwrap();
            server.request().unwrap();
            server.end(end);
        });
        let client = https(&wire, "127.0.0.1").ca_file(&ca.file).build().unwrap();
        for end in ends {
            let case = (version.version, end);
            broke_off(&client.write("b", LINE).unwrap_err(), &case);
        }
    }
}

#[test]
fn what_breaks_in_the_handshake_stored_nothing() {
    let silence: fn(&mut Peer) = |peer| {
        peer.exactly(100);
    };
    let reset: fn(&mut Peer) = |peer| {
        peer.stream.peek(&mut [0]).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    };
    let half_hello: fn(&mut Peer) = |peer| {
        peer.exactly(100);
        peer.send([0x16, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3]);
    };
    let farewell: fn(&mut Peer) = |peer| {
        peer.exactly(100);
        peer.send([0x15, 3, 3, 0, 2, 1, 0]);
    };
    let alert: fn(&mut Peer) = |peer| {
        peer.exactly(100);
        peer.send([0x15, 3, 3, 0, 2, 2, 40]);
        peer.wait_for_close();
    };
    let internal: fn(&mut Peer) = |peer| {
        peer.exactly(100);
        peer.send([0x15, 3, 3, 0, 2, 2, 80]);
        peer.wait_for_close();
    };
    let garbage: fn(&mut Peer) = |peer| {
        peer.exactly(100);
        peer.send("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n");
        peer.wait_for_close();
    };
    let stall: fn(&mut Peer) = |peer| peer.wait_for_close();
    use TransportErrorKind::{Closed, Timeout, Tls};
    for (name, scene, kind) in [
        ("silence", silence, Closed),
        ("reset", reset, Closed),
        ("half a hello", half_hello, Closed),
        ("farewell", farewell, Closed),
        ("handshake failure", alert, Tls),
        ("internal error", internal, Tls),
        ("no TLS", garbage, Tls),
        ("stall", stall, Timeout),
    ] {
        let wire = Wire::each(1, scene);
        let client = https(&wire, "127.0.0.1")
            .connect_timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        let error = client.write("b", LINE).unwrap_err();
        assert_eq!(fault(&error), kind, "{name}: {error}");
        assert_eq!(error.is_retryable(), kind != Tls, "{name}: {error}");
        assert_eq!(error.stored(), Stored::None, "{name}: {error}");
    }

    // Connecting has one limit, whatever it consists of.
    for slow in [100, 200, 300] {
        let proxy = Wire::each(1, move |peer| {
            peer.head();
            std::thread::sleep(Duration::from_millis(slow));
            peer.send("HTTP/1.1 200 OK\r\n\r\n");
            peer.wait_for_close();
        });
        let client = https(&proxy, "127.0.0.1")
            .proxy(proxy.url())
            .connect_timeout(Duration::from_millis(350))
            .build()
            .unwrap();
        let start = Instant::now();
        let error = client.write("b", LINE).unwrap_err();
        assert_eq!(fault(&error), Timeout, "{error}");
        let took = start.elapsed();
        assert!(took < Duration::from_millis(440), "{slow}: {took:?}");
    }
}

#[test]
fn a_server_that_wants_a_client_certificate_says_so() {
    let ca = Authority::new("ends-mtls-ca");
    let stranger = Authority::new("ends-mtls-stranger");
    let (cert, key) = stranger.issue(&params(&["edge-1"]));
    let pem = |label: &str, der: &[u8]| crate::tls_files::pem(label, der);
    let chain = crate::tls_server::temp("ends-mtls-cert", pem("CERTIFICATE", &cert));
    let key = crate::tls_server::temp("ends-mtls-key", key.serialize_pem());

    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::clone(&provider),
    )
    .build()
    .unwrap();
    for version in VERSIONS {
        let (server_cert, server_key) = ca.issue(&params(&["127.0.0.1"]));
        let config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(Arc::clone(&verifier))
            .with_single_cert(
                vec![server_cert],
                PrivateKeyDer::try_from(server_key.serialize_der()).unwrap(),
            )
            .unwrap();
        let config = Arc::new(config);
        let wire = Wire::each(8, move |peer| {
            assert!(Server::accept(&config, peer).is_none());
            peer.wait_for_close();
        });
        let without = https(&wire, "127.0.0.1").ca_file(&ca.file);
        let with_another = without.clone().client_certificate(&chain, &key);
        let none = "none is given as client_certificate";
        let other = "doesn't accept the certificate given as client_certificate";
        for (name, error, words) in [
            (
                "write",
                without
                    .clone()
                    .build()
                    .unwrap()
                    .write("b", LINE)
                    .unwrap_err(),
                none,
            ),
            (
                "ping",
                without.clone().build().unwrap().ping().unwrap_err(),
                none,
            ),
            (
                "query",
                rows(&without.build().unwrap()).1.unwrap_err(),
                none,
            ),
            (
                "write",
                with_another
                    .clone()
                    .build()
                    .unwrap()
                    .write("b", LINE)
                    .unwrap_err(),
                other,
            ),
            (
                "ping",
                with_another.build().unwrap().ping().unwrap_err(),
                other,
            ),
        ] {
            let case = (version.version, name);
            assert_eq!(fault(&error), TransportErrorKind::Tls, "{case:?}: {error}");
            assert_eq!(error.remedy(), Remedy::Operator, "{case:?}");
            assert!(!error.is_retryable(), "{case:?}");
            assert!(error.to_string().contains(words), "{case:?}: {error}");
        }
    }

    // An older server's word for it.
    let wire = Wire::each(1, |peer| {
        peer.exactly(100);
        peer.send([0x15, 3, 3, 0, 2, 2, 40]);
        peer.wait_for_close();
    });
    let error = https(&wire, "127.0.0.1")
        .build()
        .unwrap()
        .ping()
        .unwrap_err();
    assert!(error.to_string().contains("client_certificate"), "{error}");
}
