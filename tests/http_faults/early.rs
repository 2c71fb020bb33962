//! Row 43 of the fault table: a server, or a proxy, that responds before it was asked. What comes at
//! the very moment of the request is tested beside the socket (`client/transport/tests/tcp.rs`).

use std::io::Read;
use std::time::Duration;

use crate::common::wire::{NO_CONTENT, Wire, no_secret};
use influx_edge::client::Method;
use influx_edge::{Error, ErrorKind, Stored, TransportErrorKind};

const LINE: &str = "weather,station=zrh-1 temp_c=21.5 1700000000000000000";

/// A body whose first byte takes its time.
struct Slow<'a>(&'a [u8], bool);

impl Read for Slow<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if std::mem::take(&mut self.1) {
            std::thread::sleep(Duration::from_millis(50));
        }
        self.0.read(buf)
    }
}

#[track_caller]
fn is_protocol(error: &Error) {
    no_secret(error);
    let ErrorKind::Transport(broken) = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(broken.kind(), TransportErrorKind::Protocol, "{error}");
    assert!(broken.detail().contains("before there was a request"));
    assert_eq!(error.stored(), Stored::None);
    assert!(!error.is_retryable());
}

#[test]
fn row_43_a_response_before_the_request() {
    for early in [
        NO_CONTENT,
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2",
        "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    ] {
        // The request is late: it was to be sent when its body came.
        let wire = Wire::each(2, move |peer| {
            peer.send(early);
            while peer.request().is_some() {
                peer.send(NO_CONTENT);
            }
        });
        // The server itself, and a proxy.
        for builder in [wire.builder(), wire.builder().proxy(wire.url())] {
            let client = builder.build().unwrap();
            let length = Some(LINE.len() as u64);
            let mut body = Slow(LINE.as_bytes(), true);
            let request = client.request(Method::Post, "/x");
            let error = request.reader(&mut body, length).call().unwrap_err();
            // Its bytes can't be had again.
            is_protocol(&error);
        }
        assert!(wire.seen().is_empty(), "{early:?}");
    }
}
