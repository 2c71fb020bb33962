//! Which bodies are compressed by default, and that each is whole.

use super::{Compressor, min_bytes};
use crate::line::Lines;
use crate::{Client, Error, Precision};
use alloc::vec::Vec;
use core::time::Duration;
use std::io::Read;
use std::time::Instant;

#[test]
fn bodies_are_compressed_unless_the_server_is_on_this_machine() {
    const OFF: usize = usize::MAX;
    // The URL, whether there is a proxy, the setting; and from how many bytes on.
    let table = [
        ("http://db.example:8086", false, None, 1024),
        ("https://db.example", false, None, 1024),
        ("http://192.168.1.7:8086", false, None, 1024),
        ("http://[fe80::1]:8086", false, None, 1024),
        ("http://localhost.example:8086", false, None, 1024),
        ("http://localhost:8086", false, None, OFF),
        ("https://LOCALHOST", false, None, OFF),
        ("http://127.0.0.1:8086", false, None, OFF),
        ("http://127.8.8.8", false, None, OFF),
        ("http://[::1]:8086", false, None, OFF),
        // What the proxy takes for itself is somewhere else.
        ("http://localhost:8086", true, None, 1024),
        ("http://db.example", true, None, 1024),
        // What is set counts everywhere.
        ("http://localhost", false, Some(0), 0),
        ("http://localhost", false, Some(4096), 4096),
        ("http://db.example", false, Some(4096), 4096),
        ("http://db.example", true, Some(1), 1),
        ("http://db.example", false, Some(OFF), OFF),
        ("http://localhost", true, Some(OFF), OFF),
    ];
    for (url, proxied, set, expected) in table {
        let mut builder = Client::builder(if url.starts_with("https") && !has_tls() {
            url.replacen("https", "http", 1)
        } else {
            url.into()
        });
        if proxied {
            builder = builder.proxy("http://proxy.example:3128");
        }
        if let Some(bytes) = set {
            builder = builder.gzip_min_bytes(bytes);
        }
        let client = builder.build().unwrap();
        let what = (url, proxied, set);
        let compressor = client.inner().compressor.as_ref();
        let from = compressor.map_or(OFF, |compressor| compressor.min_bytes);
        assert_eq!(from, expected, "{what:?}");
        let loopback = client.inner().base.is_loopback();
        assert_eq!(min_bytes(set, loopback, proxied), expected, "{what:?}");
        // From that size on, and no earlier.
        for len in [0, 1, 1023, 1024, 4095, 4096] {
            let compressed = client.compress(&alloc::vec![b'x'; len]);
            assert_eq!(compressed.is_some(), len >= expected, "{what:?}, {len}");
        }
    }
}

fn has_tls() -> bool {
    cfg!(any(feature = "rustls", feature = "native-tls"))
}

/// Bytes that compress by nothing.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let byte = |_| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        u8::try_from(state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56).unwrap()
    };
    (0..len).map(byte).collect()
}

#[test]
fn one_compressor_makes_whole_bodies_one_after_the_other() {
    let lines = "weather,station=zrh-1 temp_c=21.5,hum_pct=40.25 1700000000000000000\n";
    let compressor = Compressor::new(0).unwrap();
    let mut sizes = Vec::new();
    for body in [
        Vec::new(),
        lines.as_bytes().to_vec(),
        lines.repeat(10_000).into_bytes(),
        noise(1),
        noise(100),
        noise(300_000),
        [noise(70_000), lines.repeat(1_000).into_bytes()].concat(),
        lines.as_bytes().to_vec(),
    ] {
        let gzip = compressor.gzip(&body).unwrap();
        let mut plain = Vec::new();
        let mut reader = flate2::read::MultiGzDecoder::new(&gzip[..]);
        reader.read_to_end(&mut plain).unwrap();
        assert!(plain == body, "{} bytes", body.len());
        // No more than stored blocks, header and trailer take.
        assert!(gzip.len() <= body.len() + body.len() / 1_000 + 64);
        sizes.push(gzip.len());
    }
    // Nothing of the bodies before is left in it.
    assert_eq!(sizes.first().copied(), Some(20));
    assert_eq!(sizes.last(), sizes.get(1));
}

#[test]
fn many_threads_share_one_compressor() {
    let compressor = Compressor::new(0).unwrap();
    std::thread::scope(|threads| {
        for thread in 0..4usize {
            let compressor = &compressor;
            threads.spawn(move || {
                for round in 0..20usize {
                    let body = alloc::format!("m,t={thread} v={round} {round}\n").repeat(500);
                    let gzip = compressor.gzip(body.as_bytes()).unwrap();
                    let mut plain = Vec::new();
                    flate2::read::GzDecoder::new(&gzip[..])
                        .read_to_end(&mut plain)
                        .unwrap();
                    assert!(plain == body.as_bytes());
                }
            });
        }
    });
}

/// A server that accepts and never responds: how long each connection is open.
fn silent() -> (u16, std::sync::mpsc::Receiver<Duration>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, open) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, start) = (stream.unwrap(), Instant::now());
            let mut piece = [0; 65_536];
            while matches!(stream.read(&mut piece), Ok(1..)) {}
            if sender.send(start.elapsed()).is_err() {
                return;
            }
        }
    });
    (port, open)
}

/// The limit of an attempt begins before its body is compressed: what that takes is not waited for again.
#[test]
fn an_attempt_is_limited_with_its_compression() {
    let (port, open) = silent();
    let client = Client::builder(alloc::format!("http://127.0.0.1:{port}"))
        .gzip_min_bytes(1)
        .build()
        .unwrap();
    let mut rng = fastrand::Rng::with_seed(7);
    let mut text = alloc::string::String::new();
    // As much as takes half a second to compress.
    let takes = loop {
        for _ in 0..20_000 {
            text += &alloc::format!("t v={} {}\n", rng.f64(), rng.u32(..));
        }
        let start = Instant::now();
        client.compress(text.as_bytes()).unwrap();
        if start.elapsed() > Duration::from_millis(500) {
            break start.elapsed();
        }
    };
    let lines = Lines {
        bytes: text.as_bytes(),
        precision: Precision::Nanosecond,
    };
    type Attempt = fn(&Client, Lines<'_>, Duration) -> Result<(), Error>;
    let v2: Attempt = |client, lines, limit| client.write_once("b", lines, false, Some(limit));
    #[cfg(feature = "v3")]
    let v3: Attempt = |client, lines, limit| {
        let options = crate::v3::WriteOptions::default();
        let database = crate::v3::Database::with_options(client, "b", options);
        database.write_once(lines, false, Some(limit))
    };
    let attempts = [
        ("v2", v2),
        #[cfg(feature = "v3")]
        ("v3", v3),
    ];
    for (call, attempt) in attempts {
        // The limit of the whole attempt, as a part of the time that compression takes.
        for percent in [0, 1, 10, 30, 50] {
            let limit = takes * percent / 100;
            let error = attempt(&client, lines, limit).unwrap_err();
            assert!(error.is_timeout(), "{call}, {percent} %: {error}");
            // (It may not even have connected.)
            let open = open
                .recv_timeout(Duration::from_millis(500))
                .unwrap_or_default();
            assert!(
                open < takes / 3,
                "{call}, {percent} %: {open:?} of {takes:?}"
            );
        }
    }
}
