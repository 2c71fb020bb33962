//! `Content-Encoding`: the decoding of a response's body. Here and not in the HTTP library, which
//! knows one spelling of one coding, hands on in silence what it doesn't know, and can't tell a
//! damaged stream from a connection that ended in its middle.

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

/// How much of a compressed body is read at once.
#[cfg(feature = "gzip")]
const COMPRESSED_PIECE: usize = 8 * 1024;

/// A body as it was before it was encoded.
pub(super) enum Decoder {
    Plain(WireBody),
    /// gzip of which nothing was read yet. The decoder is large, reads when it's made, and an empty
    /// body needs none.
    #[cfg(feature = "gzip")]
    Unopened(Option<WireBody>),
    #[cfg(feature = "gzip")]
    Gzip(alloc::boxed::Box<Gunzip>),
    /// Encoded in a way that nobody asked for.
    Unknown(WireBody, String),
}

/// A body as it comes over the wire. Its errors carry ours, which tells them from a decoder's.
pub(super) struct WireBody {
    reader: ureq::BodyReader<'static>,
    /// Its end was announced, by a length or in chunks. Otherwise the connection's end is its own.
    #[cfg(feature = "gzip")]
    framed: bool,
}

impl Decoder {
    /// Takes the headers away that aren't true of what comes out. `as_asked`: the caller asked for
    /// codings of its own and gets what this client doesn't know.
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
            // Many servers encode nothing as nothing.
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

/// The connection's errors as they are; what is left is the stream's own.
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
        // Nothing else said where the end is.
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

/// What a body is encoded with.
enum Coding {
    None,
    #[cfg(feature = "gzip")]
    Gzip,
    /// Another one, or more than one; as the server named it.
    Unknown(String),
}

impl Coding {
    /// RFC 9110, 8.4: a list, in any case; `x-gzip` is `gzip`, and `identity` nothing.
    fn of(headers: &HeaderMap) -> Self {
        let mut found = None;
        let content = headers.get_all(header::CONTENT_ENCODING).iter();
        // It says the same of a body, but for the chunks, which the library undoes.
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
