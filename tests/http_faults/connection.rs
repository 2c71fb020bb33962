//! Rows 1–12, 29, 30 and 35 of the fault table: the connection, and what comes over it instead of
//! a response. Each within its time limit and a tenth, in the right class, without a false success,
//! and with a client that works afterwards.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::wire::{
    NO_CONTENT, Peer, Scene, TOKEN, Wire, closed_port, json_error, no_secret, response,
};
use influx_edge::client::Method;
use influx_edge::client::RetryPolicy;
use influx_edge::{Client, Error, ErrorKind, Remedy, Stored, TransportErrorKind};

const LINE: &str = "weather,station=zrh-1 temp_c=21.5 1700000000000000000";
const MS: Duration = Duration::from_millis(1);

/// The class of an error that no response came for.
#[track_caller]
fn fault(error: &Error) -> TransportErrorKind {
    no_secret(error);
    match error.kind() {
        ErrorKind::Transport(e) => e.kind(),
        other => panic!("{other:?}"),
    }
}

/// Runs, and checks that it ended within its limit and a tenth. The machine may be busy: 100 ms more.
#[track_caller]
fn within<T>(limit: Duration, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    let took = start.elapsed();
    assert!(
        took <= limit + limit / 10 + 100 * MS,
        "took {took:?} of {limit:?}"
    );
    result
}

fn scene(play: impl FnOnce(&mut Peer) + Send + 'static) -> Scene {
    Box::new(play)
}

/// Responds like a good server until the client closes.
fn good() -> Scene {
    scene(|peer| {
        while peer.request().is_some() {
            peer.send(NO_CONTENT);
        }
    })
}

/// A write against one bad connection: the error, in time; then a write over a good one.
#[track_caller]
fn one_bad(limit: Duration, bad: impl FnOnce(&mut Peer) + Send + 'static) -> Error {
    let wire = Wire::scenes(vec![scene(bad), good()]);
    let client = wire.builder().timeout(limit).build().unwrap();
    let error = within(limit, || client.write("b", LINE)).unwrap_err();
    no_secret(&error);
    client
        .write("b", LINE)
        .expect("the client works afterwards");
    error
}

fn quick_retry(n: u32) -> RetryPolicy {
    RetryPolicy {
        max_retries: n,
        interval: MS,
        max_interval: 5 * MS,
        ..RetryPolicy::default()
    }
}

#[test]
fn row_01_connection_refused() {
    let url = closed_port();
    let client = Client::builder(&url)
        .org("acme")
        .token(TOKEN)
        .build()
        .unwrap();
    let error = within(300 * MS, || client.write("b", LINE)).unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Refused);
    assert_eq!(
        (error.stored(), error.remedy()),
        (Stored::None, Remedy::Retry)
    );
    // The server comes up at the same place.
    let listener = TcpListener::bind(url.trim_start_matches("http://")).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
        stream.write_all(NO_CONTENT.as_bytes()).unwrap();
    });
    client.write("b", LINE).unwrap();
    server.join().unwrap();
}

#[test]
fn row_02_dns_failure() {
    let client = Client::builder("http://no-such-host.invalid:8086")
        .org("acme")
        .token(TOKEN)
        .connect_timeout(2000 * MS)
        .build()
        .unwrap();
    for _ in 0..2 {
        let error = within(2000 * MS, || client.write("b", LINE)).unwrap_err();
        // A machine whose name service is silent sees the limit of the lookup instead.
        assert!(
            matches!(
                fault(&error),
                TransportErrorKind::Dns | TransportErrorKind::Timeout
            ),
            "{error}"
        );
        assert_eq!(
            (error.stored(), error.remedy()),
            (Stored::None, Remedy::Retry)
        );
    }
}

#[test]
fn row_03_connect_stall() {
    // A listener whose queue is full drops what knocks, like a host that isn't there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    let full = (0..900).any(|_| match TcpStream::connect_timeout(&addr, 150 * MS) {
        Ok(stream) => {
            queue.push(stream);
            false
        }
        Err(_) => true,
    });
    assert!(full, "the queue never filled");
    let client = Client::builder(format!("http://{addr}"))
        .org("acme")
        .token(TOKEN)
        .connect_timeout(300 * MS)
        .build()
        .unwrap();
    let error = within(300 * MS, || client.write("b", LINE)).unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Timeout);
    assert!(error.message().contains("connecting"), "{error}");
    assert_eq!(
        (error.stored(), error.remedy()),
        (Stored::None, Remedy::Retry)
    );
}

#[test]
fn row_04_closed_or_reset_before_the_response() {
    for reset in [false, true] {
        let error = one_bad(1000 * MS, move |peer| {
            if reset {
                peer.head();
                peer.reset();
            } else {
                peer.request();
            }
        });
        assert_eq!(fault(&error), TransportErrorKind::Closed);
        assert_eq!(
            (error.stored(), error.remedy()),
            (Stored::Unknown, Remedy::Retry)
        );
    }
    // With a policy the same bytes are sent again.
    let wire = Wire::scenes(vec![
        scene(|p| drop(p.request())),
        scene(|p| drop(p.request())),
        good(),
    ]);
    let client = wire.builder().retry(quick_retry(3)).build().unwrap();
    client.write("b", LINE).unwrap();
    let seen = wire.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|s| s.plain_body() == LINE.as_bytes()));
}

#[test]
fn row_05_reset_in_mid_request() {
    for size in [100_000usize, 2_000_000] {
        let big = "m f=1\n".repeat(size / 6);
        let wire = Wire::scenes(vec![
            scene(|peer| {
                let head = peer.head().unwrap();
                if head.header("expect").is_some() {
                    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
                }
                peer.exactly(10_000);
                peer.reset();
            }),
            good(),
        ]);
        let client = wire.plain_client();
        let error = within(1000 * MS, || client.write("b", big.as_str())).unwrap_err();
        assert_eq!(fault(&error), TransportErrorKind::Closed, "{error}");
        assert_eq!(
            (error.stored(), error.remedy()),
            (Stored::Unknown, Remedy::Retry)
        );
        client.write("b", big.as_str()).unwrap();
    }
}

#[test]
fn row_06_stall_without_a_response() {
    let wire = Wire::scenes(vec![
        scene(|peer| {
            peer.request();
            peer.wait_for_close();
        }),
        good(),
    ]);
    let client = wire.builder().read_timeout(300 * MS).build().unwrap();
    let error = within(300 * MS, || client.write("b", LINE)).unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Timeout);
    assert!(error.message().contains("`read_timeout`"), "{error}");
    assert_eq!(
        (error.stored(), error.remedy()),
        (Stored::Unknown, Remedy::Retry)
    );
    client.write("b", LINE).unwrap();

    // And one that takes no bytes: the body is larger than all buffers between. The system may
    // still squeeze a few in now and then, so the overall limit is there, too.
    let wire = Wire::scenes(vec![
        scene(|peer| {
            peer.head();
            peer.send("HTTP/1.1 100 Continue\r\n\r\n");
            std::thread::sleep(2000 * MS);
        }),
        good(),
    ]);
    let client = wire
        .plain_builder()
        .write_timeout(300 * MS)
        .timeout(800 * MS)
        .build()
        .unwrap();
    let big = "m f=1\n".repeat(5_000_000);
    let error = within(800 * MS, || client.write("b", big.as_str())).unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Timeout, "{error}");
    client.write("b", LINE).unwrap();
}

#[test]
fn row_07_slow_drips_meet_the_overall_limit() {
    // The head, a byte at a time: every read is in time, the whole is not.
    let error = one_bad(500 * MS, |peer| {
        peer.request();
        for b in "HTTP/1.1 204 No Content\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            .bytes()
            .cycle()
            .take(40)
        {
            peer.send([b]);
            std::thread::sleep(30 * MS);
        }
    });
    assert_eq!(fault(&error), TransportErrorKind::Timeout);
    assert!(error.message().contains("exceeded `timeout`"), "{error}");

    // The body of a query.
    let wire = Wire::scenes(vec![
        scene(|peer| {
            peer.request();
            peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\n");
            for _ in 0..50 {
                peer.send("#");
                std::thread::sleep(30 * MS);
            }
        }),
        good(),
    ]);
    let client = wire.client();
    let error = within(500 * MS, || {
        let mut rows = client.query("x").timeout(500 * MS).call()?;
        while rows.next()?.is_some() {}
        Ok::<_, Error>(())
    })
    .unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Timeout);
    client.write("b", LINE).unwrap();
}

#[test]
fn row_09_what_is_not_http() {
    let table: [&str; 9] = [
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffffff\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 3x\r\n\r\nabc",
        "HTTP/1.1 two hundred\r\n\r\n",
        "<html>Welcome to our router</html>\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n",
        "\0\0\0\0\0\0\r\n\r\n",
    ];
    for bytes in table {
        let wire = Wire::scenes(vec![
            scene(move |peer| {
                peer.request();
                peer.send(bytes);
            }),
            good(),
        ]);
        let client = wire.client();
        let error = within(1000 * MS, || {
            let mut rows = client.query("x").call()?;
            while rows.next()?.is_some() {}
            Ok::<_, Error>(())
        })
        .unwrap_err();
        assert_eq!(
            fault(&error),
            TransportErrorKind::Protocol,
            "{bytes:?}: {error}"
        );
        assert_eq!(error.remedy(), Remedy::Operator);
        client.write("b", LINE).unwrap();
    }
}

#[test]
fn row_10_a_second_response_is_not_taken_for_the_next_call() {
    let refused = response("401 Unauthorized", "", "");
    for extra in [refused.clone(), b"garbage\r\n".to_vec()] {
        let wire = Wire::scenes(vec![
            scene(move |peer| {
                peer.request();
                // Both in one piece.
                let mut both = NO_CONTENT.as_bytes().to_vec();
                both.extend_from_slice(&extra);
                peer.send(both);
                peer.wait_for_close();
            }),
            good(),
        ]);
        let client = wire.client();
        client.write("b", LINE).unwrap();
        client.write("b", LINE).unwrap();
        let seen = wire.seen();
        assert_eq!((seen[0].connection, seen[1].connection), (0, 1));
    }
    // The second one comes a little later, when the connection is in the pool already.
    let wire = Wire::scenes(vec![
        scene(move |peer| {
            peer.request();
            peer.send(NO_CONTENT);
            std::thread::sleep(30 * MS);
            peer.send(refused);
            peer.wait_for_close();
        }),
        good(),
    ]);
    let client = wire.client();
    client.write("b", LINE).unwrap();
    std::thread::sleep(100 * MS);
    client.write("b", LINE).unwrap();
    assert_eq!(wire.seen()[1].connection, 1);
}

#[test]
fn row_11_a_thousand_continues_are_bounded() {
    let wire = Wire::scenes(vec![scene(|peer| {
        peer.request();
        for _ in 0..1000 {
            peer.send("HTTP/1.1 100 Continue\r\n\r\n");
        }
        peer.send(NO_CONTENT);
        peer.wait_for_close();
    })]);
    // Either is right, as long as it ends: the response behind them, or a word about the flood.
    if let Err(error) = within(1000 * MS, || wire.client().write("b", LINE)) {
        assert_eq!(fault(&error), TransportErrorKind::Protocol, "{error}");
    }

    let error = one_bad(500 * MS, |peer| {
        peer.request();
        let start = Instant::now();
        while start.elapsed() < 700 * MS {
            peer.send("HTTP/1.1 100 Continue\r\n\r\n".repeat(10));
        }
    });
    assert!(
        matches!(
            fault(&error),
            TransportErrorKind::Timeout | TransportErrorKind::Protocol
        ),
        "{error}"
    );
}

#[test]
fn row_12_endless_heads() {
    let heads: [fn(&mut Peer); 3] = [
        |peer| {
            peer.send(format!(
                "HTTP/1.1 204 No Content\r\nX: {}\r\n\r\n",
                "a".repeat(1 << 20)
            ))
        },
        |peer| {
            peer.send("HTTP/1.1 204 No Content\r\n");
            for i in 0..100_000 {
                if peer
                    .stream
                    .write_all(format!("X-{i}: b\r\n").as_bytes())
                    .is_err()
                {
                    return;
                }
            }
        },
        |peer| peer.send("a".repeat(1 << 20)),
    ];
    for head in heads {
        let error = one_bad(1000 * MS, move |peer| {
            peer.request();
            head(peer);
        });
        assert_eq!(fault(&error), TransportErrorKind::Protocol, "{error}");
    }
}

#[test]
fn row_29_applied_but_the_response_got_lost() {
    // A server that knows a point by its line: what comes twice is stored once.
    let points = Arc::new(Mutex::new(BTreeSet::new()));
    let shared = Arc::clone(&points);
    let arrived = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&arrived);
    let wire = Wire::each(3, move |peer| {
        if let Some(seen) = peer.request() {
            shared.lock().unwrap().insert(seen.body);
            let mut n = counted.lock().unwrap();
            *n += 1;
            if *n == 3 {
                peer.send(NO_CONTENT);
            }
        }
    });
    let client = wire.builder().retry(quick_retry(5)).build().unwrap();
    client.write("b", LINE).unwrap();
    assert_eq!(*arrived.lock().unwrap(), 3);
    assert_eq!(points.lock().unwrap().len(), 1);
}

#[test]
fn row_30_a_stale_pooled_connection() {
    // Closed while it waited in the pool.
    let wire = Wire::scenes(vec![
        scene(|peer| {
            peer.request();
            peer.send(NO_CONTENT);
        }),
        good(),
    ]);
    let client = wire.client();
    client.write("b", LINE).unwrap();
    std::thread::sleep(50 * MS);
    client.write("b", LINE).unwrap();

    // Closed, or reset, at the very moment of the next request: one retry, at once, by itself.
    for reset in [false, true] {
        let wire = Wire::scenes(vec![
            scene(move |peer| {
                peer.request();
                peer.send(NO_CONTENT);
                if reset {
                    peer.head();
                    peer.reset();
                } else {
                    peer.request();
                }
            }),
            good(),
        ]);
        let client = wire.client();
        client.write("b", LINE).unwrap();
        within(300 * MS, || client.write("b", LINE)).unwrap();
        let last = wire.seen().pop().unwrap();
        assert_eq!(
            (last.connection, last.plain_body().as_slice()),
            (1, LINE.as_bytes())
        );
    }

    // Only one retry, and only on a connection that came from the pool.
    let wire = Wire::scenes(vec![
        scene(|peer| {
            peer.request();
            peer.send(NO_CONTENT);
            peer.request();
        }),
        scene(|peer| drop(peer.request())),
        good(),
    ]);
    let client = wire.client();
    client.write("b", LINE).unwrap();
    let error = client.write("b", LINE).unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Closed);
    assert_eq!(wire.seen().len(), 3);

    // A call that can't be repeated isn't, once its bytes are out.
    let wire = Wire::scenes(vec![
        scene(|peer| {
            peer.request();
            peer.send(NO_CONTENT);
            peer.request();
        }),
        good(),
    ]);
    let client = wire.client();
    client.write("b", LINE).unwrap();
    let error = client
        .request(Method::Post, "/api/v2/buckets")
        .body("{}")
        .call()
        .unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Closed);
    assert_eq!(wire.seen().len(), 2);

    // A NAT that forgot the connection: nothing comes back, the read limit ends it.
    let wire = Wire::scenes(vec![
        scene(|peer| {
            peer.request();
            peer.send(NO_CONTENT);
            peer.wait_for_close();
        }),
        good(),
    ]);
    let client = wire.builder().read_timeout(200 * MS).build().unwrap();
    client.write("b", LINE).unwrap();
    let error = within(200 * MS, || client.write("b", LINE)).unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Timeout);
    client.write("b", LINE).unwrap();
}

#[test]
fn row_35_success_without_reading_the_body() {
    let big = "m f=1\n".repeat(100_000);
    let wire = Wire::scenes(vec![
        scene(|peer| {
            // It doesn't even let the body come.
            peer.head();
            peer.send(NO_CONTENT);
        }),
        good(),
    ]);
    let client = wire.plain_client();
    let error = within(1000 * MS, || client.write("b", big.as_str())).unwrap_err();
    assert_eq!(fault(&error), TransportErrorKind::Closed, "{error}");
    assert_eq!(
        (error.stored(), error.remedy()),
        (Stored::Unknown, Remedy::Retry)
    );
    client.write("b", big.as_str()).unwrap();
    assert_eq!(wire.seen().last().unwrap().body.len(), big.len());
}

#[test]
fn a_response_before_the_end_of_the_request_is_read() {
    // Too small a body to wait for `100 Continue`, too large for the buffers between.
    let body = "m f=1\n".repeat(40_000);
    let wire = Wire::scenes(vec![
        scene(|peer| {
            peer.head();
            peer.send(json_error(
                "413 Request Entity Too Large",
                "request too large",
                "no",
            ));
            std::thread::sleep(50 * MS);
        }),
        // The same with a success, which is none: the lines never arrived.
        scene(|peer| {
            peer.head();
            peer.send(NO_CONTENT);
            peer.reset();
        }),
        good(),
    ]);
    let client = wire.client();
    let error = client.write("b", body.as_str()).unwrap_err();
    assert!(error.is_too_large(), "{error}");
    client.write("b", LINE).ok();
    client.write("b", LINE).unwrap();
}

/// A TLS port to which plain HTTP is spoken may do no more than close, or reset, the connection.
#[test]
fn a_new_connection_that_is_closed_without_a_byte_may_be_to_a_tls_port() {
    let hint = "; if that port speaks TLS, write https:// in the URL)";
    let closes: fn(&mut Peer) = |peer| {
        peer.request();
    };
    let resets: fn(&mut Peer) = |peer| {
        // What is unread makes it a reset.
        peer.stream.read_exact(&mut [0; 5]).unwrap();
    };
    let begins: fn(&mut Peer) = |peer| {
        peer.request();
        peer.send("HTTP/1.1 204");
    };
    for (name, scene, hinted) in [
        ("closes", closes, true),
        ("resets", resets, true),
        ("begins a response", begins, false),
    ] {
        for through in [false, true] {
            let wire = Wire::each(2, scene);
            let builder = match through {
                true => Client::builder("http://influx.example:8086").proxy(wire.url()),
                false => wire.builder(),
            };
            let client = builder.build().unwrap();
            for attempt in [
                client.write("b", LINE).unwrap_err(),
                client.ping().unwrap_err(),
            ] {
                let text = attempt.to_string();
                assert_eq!(fault(&attempt), TransportErrorKind::Closed, "{text}");
                assert!(attempt.is_retryable(), "{name}: {text}");
                let by_proxy = format!(
                    ", through the proxy {}; if the proxy's port speaks TLS, write https:// in the proxy's URL)",
                    wire.addr()
                );
                let hint = if through { &by_proxy } else { hint };
                assert_eq!(text.contains(hint), hinted, "{name}: {text}");
                assert!(hinted || !text.contains("speaks TLS"), "{text}");
            }
        }
    }
    // A connection from the pool spoke HTTP before; one that is closed at once has read nothing.
    let wire = Wire::scenes(vec![Box::new(|peer: &mut Peer| {
        peer.request();
        peer.send(NO_CONTENT);
        peer.request();
    })]);
    let client = wire.client();
    client.write("b", LINE).unwrap();
    let text = client.write("b", LINE).unwrap_err().to_string();
    assert!(!text.contains("speaks TLS"), "{text}");
}
