//! Unit tests of `tcp`.

use crate::Client;
use crate::client::Method;
use alloc::string::String;
use core::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

std::thread_local! {
    /// How often this thread asked the system to send.
    pub(super) static WRITES: Cell<u32> = const { Cell::new(0) };
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
