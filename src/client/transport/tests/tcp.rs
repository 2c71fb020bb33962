//! Unit tests of `tcp`.

use crate::Client;
use crate::client::Method;
use crate::{Error, ErrorKind, Stored, TransportErrorKind};
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

std::thread_local! {
    /// How often this thread asked the system to send.
    pub(super) static WRITES: Cell<u32> = const { Cell::new(0) };
    /// Before how many requests this thread waits until something has come.
    static AWAITED: Cell<u32> = const { Cell::new(0) };
}

/// What a slow moment before a request would let come.
pub(super) fn before_look(stream: &TcpStream) {
    if let Some(left) = AWAITED.get().checked_sub(1) {
        AWAITED.set(left);
        let limit = stream.read_timeout().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let _ = stream.peek(&mut [0]);
        stream.set_read_timeout(limit).unwrap();
    }
}

/// A server that reads whole requests of one connection and says 204 to each.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = alloc::format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = alloc::vec![0; 1 << 20];
        loop {
            let mut have = 0;
            let head = loop {
                if let Some(at) = seen[..have].windows(4).position(|w| w == b"\r\n\r\n") {
                    break at + 4;
                }
                match stream.read(&mut seen[have..]) {
                    Ok(0) | Err(_) => return,
                    Ok(n) => have += n,
                }
            };
            let text = String::from_utf8_lossy(&seen[..head]).to_ascii_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |n| n.parse().unwrap());
            while have < head + length {
                have += stream.read(&mut seen[have..]).unwrap();
            }
            assert!(seen[head..have].iter().all(|b| *b == b'#'));
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .unwrap();
        }
    });
    url
}

#[test]
fn head_and_body_are_one_system_call() {
    let client = Client::builder(server())
        .org("acme")
        .token("t".repeat(88))
        .build()
        .unwrap();
    let count = |run: &dyn Fn(&Client)| {
        WRITES.set(0);
        run(&client);
        WRITES.get()
    };
    for (body, writes) in [
        (10, 1),
        (2 << 10, 1),
        ((3 << 10) - 1, 1),
        (3 << 10, 1),
        (4 << 10, 1),
        (63 << 10, 1),
        // As many as the largest buffer needs, the head in the first.
        (64 << 10, 2),
        (200 << 10, 4),
    ] {
        // One comment, which stores nothing.
        let text = "#".repeat(body);
        for _ in 0..2 {
            let n = count(&|client| client.write("sensors", text.as_str()).unwrap());
            assert_eq!(n, writes, "a body of {body} bytes");
        }
        // What has no body isn't held back by its absence.
        assert_eq!(count(&|client| client.ping().unwrap()), 1);
    }
    // The same for what is read while it's sent, if its length is known.
    let length = 20 << 10;
    let n = count(&|client| {
        let mut body: &[u8] = &alloc::vec![b'#'; length];
        let request = client
            .request(Method::Post, "/x")
            .reader(&mut body, Some(length as u64));
        assert_eq!(request.call().unwrap().status(), 204);
    });
    assert_eq!(n, 1);
}

/// Plays one script on each connection: what is sent at once, and whether requests are served then.
fn early(scripts: &'static [(&'static str, bool)]) -> (Client, std::thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = alloc::format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut served = 0;
        let mut open = Vec::new();
        for (early, serves) in scripts {
            let (mut stream, _) = listener.accept().unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(2)))
                .unwrap();
            stream.write_all(early.as_bytes()).unwrap();
            let mut piece = [0; 4096];
            if *serves && matches!(stream.read(&mut piece), Ok(1..)) {
                served += 1;
                stream
                    .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                    .unwrap();
                if scripts.iter().all(|(early, _)| early.is_empty()) {
                    // Closed only when the connection is in the pool, and out of it again.
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
            if !early.is_empty() {
                // Not the end of the connection, which is another case.
                open.push(stream);
            }
        }
        served
    });
    let client = Client::builder(url)
        .org("acme")
        .token("a-token")
        .build()
        .unwrap();
    (client, served)
}

#[test]
fn what_comes_before_the_request_is_no_response_to_it() {
    const GOOD: (&str, bool) = ("", true);
    const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";
    // What comes first over a new connection, and what the second one does.
    let write = |client: &Client| client.write("b", "m f=1");
    let post = |client: &Client| {
        // Can't be repeated, once it was sent.
        let request = client.request(Method::Post, "/x").body("{}");
        request.call()?.error_for_status().map(drop)
    };
    let reader = |client: &Client| {
        let mut body: &[u8] = b"as long as it wants";
        let request = client.request(Method::Post, "/x").reader(&mut body, None);
        request.call()?.error_for_status().map(drop)
    };
    let ping = |client: &Client| client.ping().map(drop);
    for (first, scripts) in [
        (OK, &[(OK, false), GOOD] as &[_]),
        (
            "a 500",
            &[
                ("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", false),
                GOOD,
            ],
        ),
        ("a part of one", &[("HTTP/1.1 2", false), GOOD]),
        ("a byte", &[("H", false), GOOD]),
        ("a greeting", &[("220 mail.example ESMTP\r\n", false), GOOD]),
        (
            "two at once",
            &[
                ("HTTP/1.1 204 No\r\n\r\nHTTP/1.1 204 No\r\n\r\n", false),
                GOOD,
            ],
        ),
    ] {
        for call in [
            &write as &dyn Fn(&Client) -> Result<(), Error>,
            &post,
            &reader,
            &ping,
        ] {
            let (client, served) = early(scripts);
            AWAITED.set(1);
            call(&client).unwrap_or_else(|e| panic!("{first:?}: {e}"));
            assert_eq!(served.join().unwrap(), 1, "{first:?}");
        }
    }
    // One that always does so isn't tried for ever, and stored nothing.
    let (client, served) = early(&[(OK, false), (OK, false)]);
    AWAITED.set(2);
    let error = write(&client).unwrap_err();
    let ErrorKind::Transport(broken) = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(broken.kind(), TransportErrorKind::Protocol);
    assert!(
        broken.detail().contains("before there was a request"),
        "{error}"
    );
    assert_eq!(error.stored(), Stored::None);
    assert!(!error.is_retryable());
    served.join().unwrap();

    // One that closed meanwhile hasn't seen the request: a call that can't be repeated goes out.
    let (client, served) = early(&[GOOD, GOOD]);
    write(&client).unwrap();
    AWAITED.set(1);
    post(&client).unwrap();
    assert_eq!(served.join().unwrap(), 2);
}
