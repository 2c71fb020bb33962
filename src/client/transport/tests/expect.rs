//! A small body that waits for `100 Continue` because the path broke before, as the batching writer
//! has it.

use crate::line::Lines;
use crate::{Client, Precision};
use alloc::string::String;
use alloc::vec::Vec;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Reacts to each `Expect` by these bytes, and to each body by 204. Returns the heads.
fn server(
    reaction: &'static [u8],
    requests: usize,
) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = alloc::format!("http://{}", listener.local_addr().unwrap());
    let heads = std::thread::spawn(move || {
        let mut heads = Vec::new();
        while heads.len() < requests {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = Vec::new();
            let mut piece = [0; 4096];
            let mut reacted = false;
            while let Ok(n @ 1..) = stream.read(&mut piece) {
                seen.extend_from_slice(&piece[..n]);
                let text = String::from_utf8_lossy(&seen).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                if head.contains("expect: ") && !core::mem::replace(&mut reacted, true) {
                    stream.write_all(reaction).unwrap();
                }
                if body.ends_with('\n') {
                    heads.push(head.into());
                    stream.write_all(b"HTTP/1.1 204 No\r\n\r\n").unwrap();
                    (seen, reacted) = (Vec::new(), false);
                    if heads.len() == requests {
                        break;
                    }
                }
            }
        }
        heads
    });
    (url, heads)
}

#[test]
fn a_small_body_that_expects_gets_through() {
    for (reaction, expects) in [
        ("HTTP/1.1 100 Continue\r\n\r\n", [true; 3]),
        (
            "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
            [true; 3],
        ),
        // Sent anew, without: all that arrives are bodies without a 100 Continue.
        (
            "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n",
            [false; 3],
        ),
        ("HTTP/1.0 417 No\r\n\r\n", [false; 3]),
        (
            "HTTP/1.1 417 No\r\nConnection: close\r\nContent-Length: 4\r\n\r\nnone",
            [false; 3],
        ),
        // The first waited in vain.
        ("", [true, false, false]),
    ] {
        let (url, heads) = server(reaction.as_bytes(), 3);
        let client = Client::builder(url)
            .org("acme")
            .read_timeout(Duration::from_millis(200))
            .build()
            .unwrap();
        let lines = Lines {
            bytes: b"m f=1\n",
            precision: Precision::Nanosecond,
        };
        for (call, expects) in expects.into_iter().enumerate() {
            let start = Instant::now();
            client.write_once("b", lines, true, None).unwrap();
            let in_vain = reaction.is_empty() && expects;
            assert!(
                !in_vain || start.elapsed() >= Duration::from_millis(100),
                "{reaction:?}, call {call}"
            );
        }
        drop(client);
        let heads = heads.join().unwrap();
        let seen: Vec<bool> = heads.iter().map(|h| h.contains("expect: ")).collect();
        assert_eq!(seen, expects, "{reaction:?}");
    }
}
