//! Rows 44 and 45 of the fault table: the connection lost in the middle of a compressed response,
//! and what a body may be encoded with.

use crate::common::wire::{NO_CONTENT, Wire, no_secret};
use influx_edge::client::Method;
use influx_edge::{Client, Error, ErrorKind, TransportErrorKind};

const PLAIN: &str = "#datatype,string,long,double\r\n#default,_result,,\r\n,result,table,_value\r\n,,0,1\r\n,,0,2\r\n";

#[track_caller]
fn fault(error: &Error) -> TransportErrorKind {
    no_secret(error);
    match error.kind() {
        ErrorKind::Transport(e) => e.kind(),
        other => panic!("{other:?}"),
    }
}

/// A server of whose connections each gets these bytes, whole or not, and is closed then.
fn closing(connections: usize, head: String, body: Vec<u8>) -> Wire {
    Wire::each(connections, move |peer| {
        if let Some(seen) = peer.request() {
            if seen.target.contains("/write") {
                return peer.send(NO_CONTENT);
            }
            peer.send(&head);
            peer.send(&body);
        }
    })
}

/// Streamed as rows, and read whole.
fn both(client: &Client) -> [Result<String, Error>; 2] {
    let rows = || {
        let mut rows = client.query("x").call()?;
        let mut n = 0;
        while rows.next()?.is_some() {
            n += 1;
        }
        Ok(format!("{n} rows"))
    };
    let whole = || {
        let body = client.request(Method::Get, "/x").call()?.into_bytes()?;
        Ok(String::from_utf8(body).unwrap())
    };
    [rows(), whole()]
}

#[cfg(feature = "gzip")]
fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[cfg(feature = "gzip")]
fn chunked(body: &[u8], end: &str) -> Vec<u8> {
    let mut out = format!("{:x}\r\n", body.len()).into_bytes();
    out.extend_from_slice(body);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(end.as_bytes());
    out
}

#[cfg(feature = "gzip")]
#[test]
fn row_44_a_connection_lost_in_compressed_data() {
    // Rows that don't compress to nothing.
    let text: String = (0..3000u64)
        .map(|i| format!(",,0,{}\r\n", i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40))
        .collect();
    let whole = gzip(&format!("{PLAIN}{text}"));
    let length = whole.len();
    let head = |framing: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Encoding: gzip\r\n{framing}\r\n"
        )
    };
    let announced = head(&format!("Content-Length: {length}\r\n"));
    let chunks = head("Transfer-Encoding: chunked\r\n");
    // In its header, in its data, in its trailer.
    for cut in [1, 5, 15, length / 2, length - 8, length - 1] {
        let part = &whole[..cut];
        for (head, body) in [
            (announced.clone(), part.to_vec()),
            (chunks.clone(), chunked(part, "")),
            (chunks.clone(), chunked(part, "40\r\n")),
            (head(""), part.to_vec()),
            (head("Connection: close\r\n"), part.to_vec()),
        ] {
            let wire = closing(3, head.clone(), body);
            let client = wire.client();
            for result in both(&client) {
                let error = result.unwrap_err();
                let what = format!("{cut} of {length}, {head}: {error}");
                assert_eq!(fault(&error), TransportErrorKind::Closed, "{what}");
                assert!(error.is_retryable(), "{what}");
            }
            client.write("b", "m f=1").unwrap();
        }
        // The message is whole, and what is in it isn't: whoever compressed it is at fault.
        for (head, body) in [
            (head(&format!("Content-Length: {cut}\r\n")), part.to_vec()),
            (chunks.clone(), chunked(part, "0\r\n\r\n")),
        ] {
            let wire = closing(2, head.clone(), body);
            for result in both(&wire.client()) {
                let error = result.unwrap_err();
                let what = format!("{cut} of {length}, {head}: {error}");
                assert_eq!(fault(&error), TransportErrorKind::Compression, "{what}");
                assert!(!error.is_retryable(), "{what}");
            }
        }
    }
}

#[test]
fn row_45_content_encodings() {
    let serve = |headers: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        closing(2, head, body.to_vec())
    };
    let reads = |headers: &str, body: &[u8]| {
        let wire = serve(headers, body);
        let [rows, whole] = both(&wire.client()).map(|r| r.unwrap_or_else(|e| panic!("{e}")));
        assert_eq!((&*rows, &*whole), ("2 rows", PLAIN), "{headers}");
    };
    for nothing in [
        "",
        "Content-Encoding: identity\r\n",
        "Content-Encoding: Identity\r\n",
        "Content-Encoding:\r\n",
        "content-encoding: identity , identity\r\n",
    ] {
        reads(nothing, PLAIN.as_bytes());
    }
    #[cfg(feature = "gzip")]
    {
        let whole = gzip(PLAIN);
        let (start, end) = PLAIN.split_at(40);
        // One behind the other are one.
        let members = [gzip(start), gzip(""), gzip(end)].concat();
        for spelled in [
            "gzip",
            "GZip",
            "GZIP",
            "x-gzip",
            "X-GZip",
            " gzip ",
            "gzip, identity",
            "identity,gzip",
            ",gzip,",
            "gzip\r\nContent-Encoding: identity",
        ] {
            let header = format!("Content-Encoding: {spelled}\r\n");
            reads(&header, &whole);
            reads(&header, &members);
        }
        // The same said of the transfer.
        for spelled in [
            "gzip, chunked",
            "x-gzip,chunked",
            "GZIP, Chunked",
            "identity, gzip ,chunked",
        ] {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: {spelled}\r\n\r\n"
            );
            let wire = closing(2, head, chunked(&whole, "0\r\n\r\n"));
            let [rows, text] = both(&wire.client()).map(|r| r.unwrap_or_else(|e| panic!("{e}")));
            assert_eq!((&*rows, &*text), ("2 rows", PLAIN), "{spelled}");
        }
        // Nothing, encoded as nothing.
        let wire = serve("Content-Encoding: gzip\r\n", b"");
        assert_eq!(both(&wire.client())[1].as_ref().unwrap(), "");
        for garbage in [
            "x",
            "more than the head of another member",
            "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ] {
            let mut body = whole.clone();
            body.extend_from_slice(garbage.as_bytes());
            let wire = serve("Content-Encoding: gzip\r\n", &body);
            for result in both(&wire.client()) {
                assert_eq!(fault(&result.unwrap_err()), TransportErrorKind::Compression);
            }
        }
    }
    // What wasn't asked for is named.
    let mut unknown = vec![
        "br",
        "zstd",
        "deflate",
        "compress",
        "gzip, br",
        "br, gzip",
        "gzip, gzip",
        "aes128gcm",
    ];
    if cfg!(not(feature = "gzip")) {
        unknown.extend(["gzip", "x-gzip", "GZIP"]);
    }
    for name in unknown {
        let header = format!("Content-Encoding: {name}\r\n");
        let wire = serve(&header, b"whatever that is");
        for result in both(&wire.client()) {
            let error = result.unwrap_err();
            assert_eq!(fault(&error), TransportErrorKind::Compression, "{error}");
            assert!(error.to_string().contains(name), "{error}");
            assert!(!error.is_retryable(), "{error}");
        }
        // Nothing in it is nothing in any coding, and a status says enough.
        let wire = serve(&header, b"");
        assert_eq!(both(&wire.client())[1].as_ref().unwrap(), "");
        let head = format!("HTTP/1.1 401 Unauthorized\r\n{header}Content-Length: 4\r\n\r\n");
        let error = both(&closing(2, head, b"what".to_vec()).client())[0]
            .as_ref()
            .unwrap_err()
            .status();
        assert_eq!(error, Some(401));
        // Where only the body could say more, it is said why it doesn't.
        let head = format!("HTTP/1.1 400 Bad Request\r\n{header}Content-Length: 4\r\n\r\n");
        let wire = Wire::responding(format!("{head}what"));
        let error = wire.client().write("b", "m f=1").unwrap_err();
        assert!(error.message().contains(name), "{error}");
        // Whoever asked for it gets it as it is.
        let wire = serve(&header, b"whatever that is");
        let client = wire.client();
        let request = client
            .request(Method::Get, "/x")
            .header("Accept-Encoding", name);
        let response = request.call().unwrap();
        assert_eq!(response.header("Content-Encoding"), Some(name));
        assert_eq!(response.into_bytes().unwrap(), b"whatever that is");
    }
}

/// What a program makes of a charset is its own affair: the HTTP library would transcode the body, were
/// its feature for it on.
#[test]
fn a_charset_changes_no_byte() {
    let body = b"caf\xe9 \x80\xff \xf0\x9f\x8c\xa1";
    for kind in [
        "text/plain; charset=iso-8859-1",
        "text/csv;charset=windows-1252",
        "text/csv; header=present; charset=ISO-8859-15",
        "text/plain; charset=utf-8; charset=latin1",
        "text/html; charset=utf-16le",
        "text/plain; charset=\"iso-8859-1\"",
        "text/plain; charset=utf-8",
        "application/json; charset=iso-8859-1",
        "text/plain",
    ] {
        let head = format!(
            "HTTP/1.1 200 OK\r\nConTent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let wire = closing(1, head, body.to_vec());
        let response = wire.client().request(Method::Get, "/x").call().unwrap();
        assert_eq!(response.header("Content-Type"), Some(kind));
        assert_eq!(response.headers().count(), 2, "{kind}");
        assert_eq!(response.into_bytes().unwrap(), body, "{kind}");
    }
}
