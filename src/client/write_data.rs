//! `WriteData`: the types that can be written, by a client in one batch or by a writer.

use crate::Precision;
use crate::line::split_lines::split;
use crate::line::{EncodeError, Encoder, Lines, Sink, ToLine};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// Data that every write accepts, by value or by reference.
///
/// Used by [`Client::write`](super::Client::write), [`Writer::write`](crate::Writer::write), databases and handles.
///
/// | data | for instance |
/// |---|---|
/// | points: [`ToLine`] | a [`Point`](crate::line::Point), a type of your own, slices, arrays and vectors of them |
/// | a struct of serde | [`schema.point(&value)`](crate::line::Schema::point) |
/// | an [`Encoder`], with the lines in it | `&enc` |
/// | line protocol | `&str`, `String`, `&[u8]`, a list of texts, [`Lines`] |
///
/// If there is an encoder, pass the encoder: a writer accepts its lines as they are, but checks [`Lines`] and text
/// line by line.
///
/// The times of text are in nanoseconds; for another unit use `Lines { bytes: text.as_bytes(), precision }`. A byte
/// order mark before text is removed, and so are carriage returns at line ends (for which it is copied). A client
/// sends `Lines` as they are. Default tags are not added to lines that are encoded already.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::{ErrorKind, Point};
///
/// let point = Point::new("weather")
///     .tag("station", "zrh-1")
///     .field("temp_c", 21.5);
/// client.write("sensors", &point)?;
/// client.write("sensors", [point.clone(), point])?;
/// client.write(
///     "sensors",
///     "weather,station=zrh-1 temp_c=21.5 1700000000000000000",
/// )?;
/// // A point without a field is an error, and nothing is sent:
/// let error = client.write("sensors", Point::new("weather")).unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Encode(_)));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be written",
    label = "not lines, text, a point or a collection of them",
    note = "write line protocol (`&str`, `String`, `&[u8]`), `&enc`, `enc.lines()`, a `Point`, `&points`, or a type of \
            your own that implements `ToLine`",
    note = "for an iterator, write `write_each(…)`; for a struct with serde's `Serialize`, \
            `schema.point(&value)`"
)]
pub trait WriteData: sealed::Sealed {
    /// The lines, if they are encoded already.
    #[doc(hidden)]
    fn encoded(&self) -> Option<EncodedLines<'_>>;

    /// Encodes them, if they aren't.
    #[doc(hidden)]
    fn encode_into<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError>;
}

/// Lines that are encoded already.
#[doc(hidden)]
#[derive(Debug)]
pub struct EncodedLines<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) precision: Precision,
    /// The number of lines of an encoder, and whether one has no time. `None` if the lines must be checked.
    pub(crate) counts: Option<(usize, bool)>,
}

impl EncodedLines<'_> {
    pub(super) fn as_lines(&self) -> Lines<'_> {
        Lines {
            bytes: &self.bytes,
            precision: self.precision,
        }
    }
}

impl<T: ToLine> WriteData for T {
    #[inline]
    fn encoded(&self) -> Option<EncodedLines<'_>> {
        None
    }

    #[inline]
    fn encode_into<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        self.to_line(enc)
    }
}

fn nanoseconds(bytes: Cow<'_, [u8]>) -> EncodedLines<'_> {
    EncodedLines {
        bytes,
        precision: Precision::Nanosecond,
        counts: None,
    }
}

fn text(bytes: &[u8]) -> EncodedLines<'_> {
    // (Editors and spreadsheets write a byte order mark, which servers read as a part of the first name.)
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    nanoseconds(match bytes.contains(&b'\r') {
        false => Cow::Borrowed(bytes),
        true => Cow::Owned(without_returns(bytes)),
    })
}

/// Removes carriage returns at line ends, which servers read as a part of the last value. Those in strings stay.
fn without_returns(text: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let line = match rest.iter().find(|byte| !matches!(byte, b' ' | b'\t')) {
            // (A comment ends at its newline, even within quotes.)
            Some(b'#') => rest.split_inclusive(|byte| *byte == b'\n').next(),
            _ => split(rest).next(),
        };
        let Some((line, behind)) = rest.split_at_checked(line.map_or(0, <[u8]>::len)) else {
            break;
        };
        let (bare, end) = match line.strip_suffix(b"\n") {
            Some(bare) => (bare, &b"\n"[..]),
            None => (line, &b""[..]),
        };
        all.extend_from_slice(bare.strip_suffix(b"\r").unwrap_or(bare));
        all.extend_from_slice(end);
        rest = behind;
    }
    all
}

/// Joins texts of one or several lines each.
fn texts<T: AsRef<str>>(texts: &[T]) -> EncodedLines<'_> {
    let mut all = Vec::new();
    for each in texts {
        all.extend_from_slice(&text(each.as_ref().as_bytes()).bytes);
        if all.last().is_some_and(|last| *last != b'\n') {
            all.push(b'\n');
        }
    }
    nanoseconds(Cow::Owned(all))
}

macro_rules! encoded {
    ($({$($generics:tt)*} $type:ty, $it:ident => $lines:expr;)*) => {$(
        impl<$($generics)*> sealed::Sealed for $type {}
        impl<$($generics)*> WriteData for $type {
            fn encoded(&self) -> Option<EncodedLines<'_>> {
                let $it = self;
                Some($lines)
            }

            fn encode_into<S: Sink>(&self, _: &mut Encoder<S>) -> Result<(), EncodeError> {
                Ok(())
            }
        }
    )*};
}

encoded! {
    {T: Sink} Encoder<T>, it => of_encoder(it);
    {T: Sink} &Encoder<T>, it => of_encoder(it);
    {} Lines<'_>, it => as_they_are(it);
    {} &Lines<'_>, it => as_they_are(it);
    {} &str, it => text(it.as_bytes());
    {} &&str, it => text(it.as_bytes());
    {} String, it => text(it.as_bytes());
    {} &String, it => text(it.as_bytes());
    {} Cow<'_, str>, it => text(it.as_bytes());
    {} &Cow<'_, str>, it => text(it.as_bytes());
    {} &[u8], it => text(it);
    {} Vec<u8>, it => text(it);
    {} &Vec<u8>, it => text(it);
    {const N: usize} [u8; N], it => text(it);
    {const N: usize} &[u8; N], it => text(*it);
    {} &[&str], it => texts(it);
    {} &[String], it => texts(it);
    {} Vec<&str>, it => texts(it);
    {} Vec<String>, it => texts(it);
    {} &Vec<&str>, it => texts(it);
    {} &Vec<String>, it => texts(it);
    {const N: usize} [&str; N], it => texts(it);
    {const N: usize} [String; N], it => texts(it);
    {const N: usize} &[&str; N], it => texts(*it);
    {const N: usize} &[String; N], it => texts(*it);
}

fn as_they_are<'a>(lines: &Lines<'a>) -> EncodedLines<'a> {
    EncodedLines {
        bytes: Cow::Borrowed(lines.bytes),
        precision: lines.precision,
        counts: None,
    }
}

fn of_encoder<S: Sink>(enc: &Encoder<S>) -> EncodedLines<'_> {
    EncodedLines {
        counts: enc.counts(),
        ..as_they_are(&enc.lines())
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T: crate::line::ToLine> Sealed for T {}
}
