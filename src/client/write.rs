//! Writes of one batch: body, compression, precision.

use super::Client;
use super::transport::{HttpRequest, HttpResponse, RequestBody};
use super::url::Target;
use super::write_data::WriteData;
use crate::error::{Error, PointError};
use crate::line::{Encoder, Lines, OwnedDefaultTags, ToLine};
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::time::Instant;

/// The sink for a batch of lines, which get the client's default tags.
type Body = (Vec<u8>, OwnedDefaultTags);

/// The most storage that is reserved for a batch before it is needed.
const MAX_CAPACITY: u32 = 1 << 20;

impl Client {
    /// Writes one batch into a bucket, by name or id. `Ok` means that the server responded with 204: all lines are
    /// stored (InfluxDB Cloud: accepted). Without any line nothing is sent.
    ///
    /// Blocks until the response is there. Makes one request, however large the data: about 5 000 lines or a few
    /// hundred kilobytes are a good size, and servers refuse very large ones. Encoded [`Lines`] and text are sent as
    /// they are, without a copy; points are encoded first, into memory.
    ///
    /// # Errors
    /// Returns an error if a point can't be encoded or the name of the bucket is empty (nothing is sent then), the
    /// server rejects some or all lines, or no response is received. [`stored`](Error::stored) returns which lines are
    /// in the database, [`remedy`](Error::remedy) what to do, and [`line_errors`](Error::line_errors) the refused
    /// lines.
    pub fn write(&self, bucket: &str, data: impl WriteData) -> Result<(), Error> {
        self.lines_of(&data, |lines| self.write_lines(bucket, lines))
    }

    /// Writes the points of an iterator in one batch. A slice, an array and a vector can be given to
    /// [`write`](Client::write) as they are.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::line::Schema;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Reading {
    ///     station: &'static str,
    ///     temp_c: f32,
    ///     time: std::time::SystemTime,
    /// }
    ///
    /// const WEATHER: Schema = Schema::new("weather").tags(&["station"]).time("time");
    ///
    /// let time = std::time::SystemTime::now();
    /// let readings = [
    ///     Reading { station: "zrh-1", temp_c: 21.5, time },
    ///     Reading { station: "zrh-2", temp_c: 19.0, time },
    /// ];
    /// client.write_each(
    ///     "sensors",
    ///     readings.iter().map(|reading| WEATHER.point(reading)),
    /// )?;
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`write`](Client::write). If one point can't be encoded, none is
    /// sent.
    pub fn write_each<T: ToLine>(
        &self,
        bucket: &str,
        points: impl IntoIterator<Item = T>,
    ) -> Result<(), Error> {
        let encode = |enc: &mut Encoder<Body>| {
            (1..).zip(points).try_for_each(|(number, point)| {
                let encoded = point.to_line(enc);
                encoded.map_err(|error| PointError::of(enc, error).numbered(number))
            })
        };
        self.encoded(encode, |lines| self.write_lines(bucket, lines))
    }

    /// Sends the lines of `data`, encoded first if they aren't.
    pub(crate) fn lines_of(
        &self,
        data: &impl WriteData,
        send: impl FnOnce(Lines<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if let Some(lines) = data.encoded() {
            return send(lines.as_lines());
        }
        let encode = |enc: &mut Encoder<Body>| {
            let encoded = data.encode_into(enc);
            encoded.map_err(|error| PointError::of(enc, error))
        };
        self.encoded(encode, send)
    }

    /// Encodes a batch and, if all of it could be encoded, sends it. Reserves as much storage as the last batch took:
    /// the batches of one program are mostly alike, and storage that grows is copied.
    fn encoded(
        &self,
        encode: impl FnOnce(&mut Encoder<Body>) -> Result<(), PointError>,
        send: impl FnOnce(Lines<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let last = &self.inner().observed.body_bytes;
        let capacity = usize::try_from(last.load(Ordering::Relaxed)).unwrap_or_default();
        let tags = self.default_tags().cloned().unwrap_or_default();
        let mut enc = Encoder::with_sink(Vec::with_capacity(capacity)).default_tags(tags);
        encode(&mut enc)?;
        let len = u32::try_from(enc.as_bytes().len()).unwrap_or(MAX_CAPACITY);
        last.store(len.min(MAX_CAPACITY), Ordering::Relaxed);
        send(enc.lines())
    }

    fn write_lines(&self, bucket: &str, lines: Lines<'_>) -> Result<(), Error> {
        check_bucket(bucket)?;
        if lines.bytes.is_empty() {
            return Ok(());
        }
        let what = WriteTo(bucket);
        let compressed = self.compress(lines.bytes);
        let mut out = self.write_request(bucket, lines, compressed.as_deref());
        self.run_attempts(&mut out, |out| self.write_attempt(&what, out, lines.bytes))
    }

    /// Makes one attempt, whatever the client's retry policy: the batching writer has its own. `expect` makes the body
    /// wait for `100 Continue`; `limit`, if shorter than the client's, is for the whole attempt, including the
    /// compression of the body.
    pub(crate) fn write_once(
        &self,
        bucket: &str,
        lines: Lines<'_>,
        expect: bool,
        limit: Option<Duration>,
    ) -> Result<(), Error> {
        let what = WriteTo(bucket);
        let (compressed, left) = self.compress_within(lines.bytes, limit);
        let mut out = self.write_request(bucket, lines, compressed.as_deref());
        out.expect = expect;
        out.overall = out.overall.min(left);
        self.write_attempt(&what, &mut out, lines.bytes)
    }

    /// Returns the body of an attempt if it is to be compressed, and the time that is left then of the attempt's own
    /// limit.
    pub(crate) fn compress_within(
        &self,
        body: &[u8],
        limit: Option<Duration>,
    ) -> (Option<Vec<u8>>, Duration) {
        let start = Instant::now();
        let compressed = self.compress(body);
        let left = limit.map_or(Duration::MAX, |limit| {
            // (With no time left the attempt ends with a timeout, as with any limit.)
            limit
                .saturating_sub(start.elapsed())
                .max(Duration::from_millis(1))
        });
        (compressed, left)
    }

    fn write_attempt<'a>(
        &self,
        what: &WriteTo<'_>,
        out: &mut HttpRequest<'a>,
        lines: &'a [u8],
    ) -> Result<(), Error> {
        self.attempt_write(out, lines, |out| {
            self.authorized(what, out)
                .and_then(|response| self.written(what, response, lines))
        })
    }

    /// Returns `true` if the server is known not to accept compressed bodies.
    pub(crate) fn refuses_compression(&self) -> bool {
        #[cfg(feature = "gzip")]
        return self.inner().observed.compression.is_refused();
        #[cfg(not(feature = "gzip"))]
        false
    }

    /// Returns `true` if bodies of this size are compressed, as long as the server accepts that.
    #[cfg_attr(not(feature = "gzip"), expect(unused_variables, reason = "none is"))]
    pub(crate) fn compresses(&self, bytes: usize) -> bool {
        #[cfg(feature = "gzip")]
        return (self.inner().compressor.as_ref()).is_some_and(|c| bytes >= c.min_bytes);
        #[cfg(not(feature = "gzip"))]
        false
    }

    /// A write is given up after this time at the earliest.
    pub(crate) fn request_limit(&self) -> Duration {
        self.inner().overall.min(self.inner().http.read_limit())
    }

    fn write_request<'a>(
        &self,
        bucket: &str,
        lines: Lines<'a>,
        compressed: Option<&'a [u8]>,
    ) -> HttpRequest<'a> {
        let target = self
            .target_with_org("/api/v2/write")
            .query("bucket", bucket)
            .query("precision", lines.precision.as_str());
        self.lines_request(target, lines, compressed)
    }

    /// A write of lines to any target, with its body as it is or compressed.
    pub(crate) fn lines_request<'a>(
        &self,
        target: Target,
        lines: Lines<'a>,
        compressed: Option<&'a [u8]>,
    ) -> HttpRequest<'a> {
        let mut out = self.http_request("POST", target);
        out.content_type = Some("text/plain; charset=utf-8");
        // (A point that is written twice is stored once.)
        out.repeatable = true;
        out.gzipped = compressed.is_some();
        out.body = RequestBody::Bytes(compressed.unwrap_or(lines.bytes));
        out
    }

    fn written(
        &self,
        what: &WriteTo<'_>,
        response: HttpResponse,
        lines: &[u8],
    ) -> Result<(), Error> {
        if response.status == 204 {
            return Ok(());
        }
        Err(self.refused_write(what, response, lines))
    }

    #[cfg(not(feature = "gzip"))]
    pub(crate) fn compress(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    #[cfg(not(feature = "gzip"))]
    pub(crate) fn attempt_write<'a>(
        &self,
        out: &mut HttpRequest<'a>,
        _: &'a [u8],
        mut attempt: impl FnMut(&mut HttpRequest<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        attempt(out)
    }
}

/// Refuses a bucket without a name, for which the server would respond that it is missing.
pub(super) fn check_bucket(name: &str) -> Result<(), Error> {
    match name {
        "" => Err(Error::config("no bucket is named")),
        _ => Ok(()),
    }
}

struct WriteTo<'a>(&'a str);

impl fmt::Display for WriteTo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "write to bucket {:?}", self.0)
    }
}
