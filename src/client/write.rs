//! Writes of one batch: body, gzip, precision.

use super::Client;
use super::transport::{HttpRequest, HttpResponse, RequestBody};
use super::write_data::{WriteData, encode};
use crate::error::{Error, PointError};
use crate::line::{Encoder, Lines, Schema, Sink, Tagged, ToLine};
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::time::Instant;

/// The lines of one batch, which get the client's default tags.
type Body = Tagged<Vec<u8>, Vec<u8>>;

/// No more storage is taken for a batch before it is needed.
const MAX_CAPACITY: u32 = 1 << 20;

fn encode_each<S: Sink, T: ToLine>(
    enc: &mut Encoder<S>,
    points: impl IntoIterator<Item = T>,
) -> Result<(), PointError> {
    for (number, point) in (1..).zip(points) {
        encode(enc, &point).map_err(|e| e.numbered(number))?;
    }
    Ok(())
}

fn serialize_each<S: Sink, T: serde::Serialize>(
    enc: &mut Encoder<S>,
    schema: &Schema<'_>,
    values: impl IntoIterator<Item = T>,
) -> Result<(), PointError> {
    for (number, value) in (1..).zip(values) {
        enc.serialize(schema, &value)
            .map_err(|error| PointError::of(enc, error.into()).numbered(number))?;
    }
    Ok(())
}

impl Client {
    /// Writes one batch into a bucket, by name or id. `Ok` means that the server responded with 204: all
    /// of it is stored (InfluxDB Cloud: accepted). Without any line nothing is sent.
    ///
    /// Blocks until the response is there; one request, however large the data: some 5 000 lines or a
    /// few hundred kilobytes are a good size, and servers refuse very large ones. Encoded
    /// [`Lines`] and text are sent as they are, with no copy; points are encoded first, into memory.
    ///
    /// # Errors
    /// Returns an error if a point can't be encoded or the name of the bucket is empty (nothing is
    /// sent then), the server rejects the lines or a part of them, or no response is received.
    /// [`stored`](Error::stored) says what is in the database, [`remedy`](Error::remedy) what to
    /// do, [`line_errors`](Error::line_errors) which lines were refused.
    pub fn write(&self, bucket: &str, data: impl WriteData) -> Result<(), Error> {
        self.lines_of(&data, |lines| self.write_lines(bucket, lines))
    }

    /// Writes what an iterator gives, in one batch. For a slice, an array or a vector
    /// [`write`](Client::write) does the same.
    ///
    /// # Errors
    /// Returns the same errors as [`write`](Client::write). If one point can't be encoded, none is
    /// sent.
    pub fn write_each<T: ToLine>(
        &self,
        bucket: &str,
        points: impl IntoIterator<Item = T>,
    ) -> Result<(), Error> {
        let encode = |enc: &mut Encoder<Body>| encode_each(enc, points);
        self.encoded(encode, |lines| self.write_lines(bucket, lines))
    }

    /// Writes structs, or maps, in one batch, by serde: see [`Encoder::serialize`]. Times that are integers
    /// count nanoseconds, or in [the schema's precision](Schema::precision).
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
    /// client.write_serialized("sensors", &WEATHER, &readings)?;
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`write`](Client::write). If one value has no form as a line,
    /// none is sent.
    pub fn write_serialized<T: serde::Serialize>(
        &self,
        bucket: &str,
        schema: &Schema<'_>,
        values: impl IntoIterator<Item = T>,
    ) -> Result<(), Error> {
        let encode = |enc: &mut Encoder<Body>| serialize_each(enc, schema, values);
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

    /// Encodes a batch and sends it, if all of it could be encoded. The storage begins as large as the
    /// last batch was: those of one program are mostly alike, and storage that grows is copied.
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
        let len = u32::try_from(enc.len()).unwrap_or(MAX_CAPACITY);
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

    /// One attempt, whatever the client's own policy of retries: the batching writer has its own.
    /// `expect` makes the body wait until the server asks for it; `limit`, if shorter than the
    /// client's, is the whole attempt's, the time included in which the body is compressed.
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

    /// The body of an attempt, compressed if it is to be, and what is left then of the attempt's limit, if
    /// it has one of its own.
    pub(crate) fn compress_within(
        &self,
        body: &[u8],
        limit: Option<Duration>,
    ) -> (Option<Vec<u8>>, Duration) {
        let start = Instant::now();
        let compressed = self.compress(body);
        let left = limit.map_or(Duration::MAX, |limit| {
            // (With nothing left it ends as with any limit: by an error of time.)
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

    /// Whether the server is known to take no compressed bodies.
    pub(crate) fn refuses_compression(&self) -> bool {
        #[cfg(feature = "gzip")]
        return self.inner().observed.compression.is_refused();
        #[cfg(not(feature = "gzip"))]
        false
    }

    /// Whether bodies of this size are compressed, unless the server turns out not to take them.
    #[cfg_attr(not(feature = "gzip"), expect(unused_variables, reason = "none is"))]
    pub(crate) fn compresses(&self, bytes: usize) -> bool {
        #[cfg(feature = "gzip")]
        return (self.inner().compressor.as_ref()).is_some_and(|c| bytes >= c.min_bytes);
        #[cfg(not(feature = "gzip"))]
        false
    }

    /// Within this time a write is given up at the earliest.
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
        let mut out = self.http_request("POST", target);
        out.content_type = Some("text/plain; charset=utf-8");
        // The same points written twice are the same points.
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

/// Refuses a bucket without a name: the server would respond as if it were one that is missing.
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
