//! Decoding of a response's body by `Content-Encoding`.
//!
//! The HTTP library isn't used for this: it knows one spelling of one coding, passes unknown ones on without
//! an error, and reports a damaged stream and a lost connection alike.

use super::detail::Detail;
use super::error::HttpError;
use crate::error::TransportErrorKind;
use alloc::string::String;
#[cfg(feature = "gzip")]
use alloc::string::ToString as _;
use std::io::{self, Read};
use ureq::http::{HeaderMap, header};

#[cfg(feature = "gzip")]
type Gunzip = flate2::bufread::MultiGzDecoder<io::BufReader<WireBody>>;

/// The size of a compressed body's read buffer.
#[cfg(feature = "gzip")]
const COMPRESSED_PIECE: usize = 8 * 1024;

/// A decoded body.
pub(super) enum Decoder {
    Plain(WireBody),
    /// gzip of which nothing was read yet. The decoder is large and reads when it is made, and an empty body
    /// needs none.
    #[cfg(feature = "gzip")]
    Unopened(Option<WireBody>),
    #[cfg(feature = "gzip")]
    Gzip(alloc::boxed::Box<Gunzip>),
    /// Encoded with a coding that wasn't asked for.
    Unknown(WireBody, String),
}

/// A body as received. Its errors are around an [`HttpError`], and a decoder's aren't.
pub(super) struct WireBody {
    reader: ureq::BodyReader<'static>,
    /// It has a length or chunks. Otherwise it ends with the connection.
    #[cfg(feature = "gzip")]
    framed: bool,
}

impl Decoder {
    /// Makes a decoder, and removes the headers that don't hold for the decoded body. `as_asked`: the caller
    /// set `Accept-Encoding`, and so gets unknown codings undecoded.
    pub(super) fn new(headers: &mut HeaderMap, body: ureq::Body, as_asked: bool) -> Self {
        let wire = WireBody {
            #[cfg(feature = "gzip")]
            framed: headers.contains_key(header::CONTENT_LENGTH)
                || headers.contains_key(header::TRANSFER_ENCODING),
            reader: body.into_reader(),
        };
        match Coding::of(headers) {
            #[cfg(feature = "gzip")]
            Coding::Gzip => {
                headers.remove(header::CONTENT_ENCODING);
                headers.remove(header::CONTENT_LENGTH);
                Decoder::Unopened(Some(wire))
            }
            Coding::Unknown(name) if !as_asked => Decoder::Unknown(wire, name),
            _ => Decoder::Plain(wire),
        }
    }
}

impl Read for Decoder {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        #[cfg(feature = "gzip")]
        if let Decoder::Unopened(wire) = self {
            let Some(wire) = wire.take() else {
                return Ok(0);
            };
            let mut wire = io::BufReader::with_capacity(COMPRESSED_PIECE, wire);
            // Many servers send an empty body for empty gzip.
            if io::BufRead::fill_buf(&mut wire)?.is_empty() {
                return Ok(0);
            }
            *self = Decoder::Gzip(Gunzip::new(wire).into());
        }
        match self {
            Decoder::Plain(wire) => wire.read(buf),
            #[cfg(feature = "gzip")]
            Decoder::Unopened(_) => Ok(0),
            #[cfg(feature = "gzip")]
            Decoder::Gzip(gzip) => {
                let framed = gzip.get_ref().get_ref().framed;
                gzip.read(buf).map_err(|e| gzip_error(e, framed))
            }
            Decoder::Unknown(wire, name) => match wire.read(buf)? {
                0 => Ok(0),
                _ => Err(HttpError::new(
                    TransportErrorKind::Compression,
                    Detail::quote(
                        "its Content-Encoding is ",
                        name,
                        if cfg!(feature = "gzip") {
                            ", and gzip, once, was asked for"
                        } else {
                            ", and none was asked for"
                        },
                    ),
                )
                .into_io()),
            },
        }
    }
}

/// Passes the connection's errors on; the others are the stream's.
#[cfg(feature = "gzip")]
fn gzip_error(e: io::Error, framed: bool) -> io::Error {
    if e.get_ref().is_some_and(|inner| inner.is::<HttpError>()) {
        return e;
    }
    let (fault, detail) = match e.kind() {
        io::ErrorKind::UnexpectedEof if framed => (
            TransportErrorKind::Compression,
            "gzip ends too early".into(),
        ),
        // The end of the body was the end of the connection.
        io::ErrorKind::UnexpectedEof => (
            TransportErrorKind::Closed,
            "the connection ended before the gzip in it".into(),
        ),
        _ => (
            TransportErrorKind::Compression,
            Detail::foreign(e.to_string()),
        ),
    };
    HttpError::new(fault, detail).into_io()
}

impl Read for WireBody {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader
            .read(buf)
            .map_err(|e| HttpError::from_read(e).into_io())
    }
}

/// The coding of a body.
enum Coding {
    None,
    #[cfg(feature = "gzip")]
    Gzip,
    /// Another one, or more than one, in the server's spelling.
    Unknown(String),
}

impl Coding {
    /// RFC 9110 §8.4: a list without regard to case; `x-gzip` is `gzip`, and `identity` none.
    fn of(headers: &HeaderMap) -> Self {
        let mut found = None;
        let content = headers.get_all(header::CONTENT_ENCODING).iter();
        // Transfer codings encode the body as well. The library decodes chunks only.
        let transfer = headers.get_all(header::TRANSFER_ENCODING).iter();
        for value in content.chain(transfer) {
            let value = value.to_str().unwrap_or("not ASCII");
            for name in value.split(',') {
                let name = name.trim();
                let nothing = ["", "identity", "chunked"];
                if nothing.iter().any(|n| name.eq_ignore_ascii_case(n)) {
                    continue;
                }
                if found.replace(name).is_some() {
                    return Coding::Unknown(value.into());
                }
            }
        }
        match found {
            None => Coding::None,
            #[cfg(feature = "gzip")]
            Some(name) if is_gzip(name) => Coding::Gzip,
            Some(name) => Coding::Unknown(name.into()),
        }
    }
}

#[cfg(feature = "gzip")]
fn is_gzip(name: &str) -> bool {
    name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip")
}
