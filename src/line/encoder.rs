//! The `Encoder`: builds a line part by part, in the order of line protocol.

use super::default_tags::DefaultTagsIn;
use super::error::EncodeError;
use super::field_key::FieldName;
use super::into_timestamp::IntoTimestamp;
use super::line_state::LineState;
use super::series::SeriesIn;
use super::sink::Sink;
#[cfg(feature = "std")]
use super::sink::sealed::Draining;
use super::sink::sealed::Grow;
#[cfg(feature = "alloc")]
use super::value::sealed::Value;
use super::value::{FieldValue, TagValue};
use crate::Precision;

/// Encoded lines and the unit of their timestamps.
///
/// A write takes both together, so they can't disagree.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::line::{Encoder, Lines};
///
/// let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
/// enc.line("t").field("v", 1).timestamp(1_700_000_000)?;
/// assert_eq!(
///     enc.lines(),
///     Lines { bytes: b"t v=1i 1700000000\n", precision: Precision::Second }
/// );
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines<'a> {
    /// Whole lines of line protocol, each with its newline.
    pub bytes: &'a [u8],
    /// The unit of the timestamps in `bytes`.
    pub precision: Precision,
}

/// Writes line protocol into a [`Sink`]: whole lines, or none.
///
/// The types enforce the order of the parts: [`line`](Self::line) returns a [`Line`], which takes tags
/// and then fields; the first field returns [`Fields`], which takes fields and then an end. An error
/// on the way is returned at the end, so a chain needs one `?`. After an error, and after a line that
/// was dropped before its end, the buffer ends with the last complete line, and the next `line` works.
///
/// [`EncodeError`] lists what is rejected, and why. Only growing sinks allocate, and only to grow.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::line::{EncodeError, Encoder};
///
/// let mut storage = [0u8; 128];
/// let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
/// enc.line("weather")
///     .tag("station", "zrh-1")
///     .field("temp_c", 21.5)
///     .field("door_open", false)
///     .timestamp(1_700_000_000)?;
///
/// // A line that is rejected leaves no trace.
/// let rejected = enc.line("weather").field("temp_c", f64::NAN).finish();
/// assert!(matches!(rejected, Err(EncodeError::NotFinite(_))));
/// assert_eq!(
///     enc.as_bytes(),
///     b"weather,station=zrh-1 temp_c=21.5,door_open=false 1700000000\n"
/// );
/// # Ok::<(), EncodeError>(())
/// ```
///
/// Misuse doesn't compile. A tag after a field:
///
/// ```compile_fail,E0599
/// # use influx_edge::line::Encoder;
/// # let mut storage = [0u8; 64];
/// # let mut enc = Encoder::new(&mut storage);
/// enc.line("m").field("f", 1).tag("t", "v").finish();
/// ```
///
/// A line without a field:
///
/// ```compile_fail,E0599
/// # use influx_edge::line::Encoder;
/// # let mut storage = [0u8; 64];
/// # let mut enc = Encoder::new(&mut storage);
/// enc.line("m").tag("t", "v").finish();
/// ```
///
/// Two lines at once:
///
/// ```compile_fail,E0499
/// # use influx_edge::line::Encoder;
/// # let mut storage = [0u8; 64];
/// # let mut enc = Encoder::new(&mut storage);
/// let first = enc.line("a");
/// let second = enc.line("b");
/// first.field("f", 1).finish();
/// ```
#[derive(Debug)]
pub struct Encoder<S> {
    pub(super) sink: S,
    pub(super) core: LineState,
}

impl<'b> Encoder<&'b mut [u8]> {
    /// Creates an encoder into a fixed buffer. A line that doesn't fit is
    /// [`BufferFull`](EncodeError::BufferFull).
    ///
    /// A usual line takes 60 to 200 bytes. The buffer must hold the longest one.
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut storage = [0u8; 64];
    /// let mut enc = Encoder::new(&mut storage);
    /// enc.line("pulses").field("n", 1).finish()?;
    /// assert_eq!(enc.as_bytes(), b"pulses n=1i\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(storage: &'b mut [u8]) -> Self {
        Encoder::with_sink(storage)
    }
}

#[cfg(feature = "alloc")]
impl Encoder<alloc::vec::Vec<u8>> {
    /// Creates an encoder into a `Vec` that grows to at most `max` bytes. A line beyond them is
    /// [`BufferFull`](EncodeError::BufferFull). Allocates at the first line, and then by doubling.
    ///
    /// ```
    /// use influx_edge::line::{EncodeError, Encoder};
    ///
    /// let mut enc = Encoder::bounded(40);
    /// enc.line("weather").field("temp_c", 21.5).finish()?;
    /// enc.line("weather").field("temp_c", 21.6).finish()?;
    /// let third = enc.line("weather").field("temp_c", 21.7).finish();
    /// assert_eq!((third, enc.into_sink().len()), (Err(EncodeError::BufferFull), 40));
    /// # Ok::<(), EncodeError>(())
    /// ```
    #[must_use]
    pub fn bounded(max: usize) -> Self {
        let mut enc = Encoder::with_sink(alloc::vec::Vec::new());
        enc.core.max_bytes = Some(max);
        enc
    }
}

impl<S: Sink> Encoder<S> {
    /// Creates an encoder into any [`Sink`]. Bytes that were in it are overwritten.
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// enc.line("weather").field("temp_c", 21.5).finish()?;
    /// assert_eq!(enc.into_sink(), b"weather temp_c=21.5\n");
    /// # Ok::<(), influx_edge::line::EncodeError>(())
    /// ```
    #[must_use]
    pub fn with_sink(mut sink: S) -> Self {
        sink.open();
        Encoder {
            sink,
            core: LineState::default(),
        }
    }

    /// Sets the unit of the timestamps. Default: nanoseconds.
    ///
    /// Set it before the first line: it applies to every line in the buffer.
    ///
    /// ```
    /// use influx_edge::{Precision, Timestamp, line::Encoder};
    ///
    /// let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
    /// enc.line("t")
    ///     .field("v", 1)
    ///     .timestamp(Timestamp::from_nanos(7_900_000_000))?;
    /// // An instant is rounded down; a number is taken as it is.
    /// assert_eq!(enc.as_bytes(), b"t v=1i 7\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.core.precision = precision;
        self
    }

    /// Rejects string fields with a newline. Default: off.
    ///
    /// InfluxDB stores such a string unchanged. Servers that split their input into lines before parsing
    /// it, such as VictoriaMetrics, read the rest of the string as new lines. Anyone who controls the
    /// string can then inject points.
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut enc = Encoder::with_sink(Vec::new()).reject_newlines(true);
    /// assert!(enc.line("log").field("text", "two\nlines").finish().is_err());
    /// ```
    #[must_use]
    pub fn reject_newlines(mut self, reject: bool) -> Self {
        self.core.rules.reject_newlines = reject;
        self
    }

    /// Rejects field keys with a `"`. Default: off.
    ///
    /// Every InfluxDB reads such a key back. To VictoriaMetrics the quote begins a string: after an odd
    /// number of quotes it drops the line, misreads its values, or finds fields inside a string value.
    /// For such servers, set this together with [`reject_newlines`](Self::reject_newlines).
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut enc = Encoder::with_sink(Vec::new()).reject_quoted_keys(true);
    /// assert!(enc.line("t").field("the \"key\"", 1).finish().is_err());
    /// ```
    #[must_use]
    pub fn reject_quoted_keys(mut self, reject: bool) -> Self {
        self.core.rules.reject_quoted_keys = reject;
        self
    }

    /// Leaves out NaN and infinite fields instead of rejecting their line. Default: off.
    ///
    /// Each is counted in [`skipped`](Self::skipped). A line without any field left is still
    /// [`NoFields`](EncodeError::NoFields).
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut enc = Encoder::with_sink(Vec::new()).skip_non_finite(true);
    /// enc.line("t").field("broken", f64::NAN).field("good", 1.5).finish()?;
    /// assert_eq!((enc.as_bytes(), enc.skipped()), (&b"t good=1.5\n"[..], 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn skip_non_finite(mut self, skip: bool) -> Self {
        self.core.rules.skip_non_finite = skip;
        self
    }

    /// Rejects lines with a tag whose value is empty: [`EncodeError::Empty`]. Default: off.
    ///
    /// No server can store an empty value, so the tag is left out and counted in
    /// [`empty_tags`](Self::empty_tags). The danger: if the names of two stations could not be read, their
    /// points become points of one series, and of two at the same time only one is stored. `None` is a tag
    /// that is absent on purpose, and neither counted nor rejected. A [`Series`](super::Series) leaves out
    /// empty tags when it is made.
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut enc = Encoder::with_sink(Vec::new()).reject_empty_tags(true);
    /// let error = enc
    ///     .line("t")
    ///     .tag("station", "")
    ///     .field("v", 1)
    ///     .finish()
    ///     .unwrap_err();
    /// assert_eq!(error.to_string(), "tag value 1 is empty");
    /// enc.line("t")
    ///     .tag("station", None::<&str>)
    ///     .field("v", 1)
    ///     .finish()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reject_empty_tags(mut self, reject: bool) -> Self {
        self.core.rules.reject_empty_tags = reject;
        self
    }

    /// Adds these tags to every line that doesn't have them itself: see
    /// [`DefaultTags`](super::DefaultTags). Default: none.
    ///
    /// ```
    /// use influx_edge::line::{DefaultTags, Encoder};
    ///
    /// let tags = DefaultTags::<32>::new().tag("host", "gw-7")?;
    /// let mut enc = Encoder::with_sink(Vec::new()).default_tags(tags);
    /// enc.line("load").field("one", 0.5).finish()?;
    /// enc.line("load")
    ///     .tag("host", "other")
    ///     .field("one", 0.5)
    ///     .finish()?; // a line's own tag wins
    /// assert_eq!(
    ///     enc.as_bytes(),
    ///     b"load,host=gw-7 one=0.5\nload,host=other one=0.5\n"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn default_tags<D: Sink>(self, tags: DefaultTagsIn<D>) -> Encoder<(S, DefaultTagsIn<D>)> {
        Encoder {
            sink: (self.sink, tags),
            core: self.core,
        }
    }

    /// Begins a line, and discards an unfinished one.
    ///
    /// Tags are written in the order given. Sorted ones are a little cheaper for the server.
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// enc.line("weather")
    ///     .tag("station", "zrh 1")
    ///     .field("temp_c", 21.5)
    ///     .finish()?;
    /// // A rejected line leaves the one before it:
    /// assert!(enc.line("").field("temp_c", 21.5).finish().is_err());
    /// assert_eq!(enc.as_bytes(), b"weather,station=zrh\\ 1 temp_c=21.5\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn line(&mut self, measurement: &str) -> Line<'_, S> {
        self.line_of(measurement.as_bytes())
    }

    /// Begins a line of a measurement that is known to be UTF-8.
    #[inline]
    pub(super) fn line_of(&mut self, measurement: &[u8]) -> Line<'_, S> {
        self.core.begin();
        self.attempt(|core, buf, _| core.measurement(buf, measurement));
        Line { enc: self }
    }

    /// Begins a line of a prepared [`Series`](super::Series). More tags may follow.
    ///
    /// ```
    /// use influx_edge::line::{Encoder, Series};
    ///
    /// let series = Series::<64>::new("weather")?.tag("station", "zrh-1")?;
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// for (at, temp) in [(1, 21.5), (2, 21.75)] {
    ///     enc.series(&series).field("temp_c", temp).timestamp(at)?;
    /// }
    /// assert_eq!(enc.line_count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn series<T: Sink>(&mut self, series: &SeriesIn<T>) -> Line<'_, S> {
        let series = series.borrow();
        self.core.begin();
        self.attempt(|core, buf, _| core.series(buf, series));
        Line { enc: self }
    }

    /// Returns the whole lines in the buffer.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// drop(enc.line("t").field("v", 1)); // never finished, so never there
    /// assert_eq!(enc.as_bytes(), b"");
    /// ```
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.sink
            .bytes()
            .get(..self.core.committed)
            .unwrap_or_default()
    }

    /// Returns the whole lines in the buffer with their precision.
    #[inline]
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines {
            bytes: self.as_bytes(),
            precision: self.core.precision,
        }
    }

    /// Returns `true` if there is no whole line in the buffer.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// assert!(enc.is_empty());
    /// enc.line("t").field("v", 1).finish()?;
    /// assert!(!enc.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.core.committed == 0
    }

    /// Returns the number of lines completed since the last [`clear`](Self::clear).
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// enc.line("t").field("v", "two\nlines of text").finish()?;
    /// assert_eq!(enc.line_count(), 1); // of line protocol
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.core.lines
    }

    /// Returns the number of lines in [`as_bytes`](Self::as_bytes), and `true` if one of them has no time.
    /// `None` if some of the counted lines have left the buffer.
    #[cfg(feature = "client")]
    pub(crate) fn counts(&self) -> Option<(usize, bool)> {
        (!S::DRAINS).then_some((self.core.lines, self.core.untimed > 0))
    }

    /// Returns the number of lines without a time, which a batching writer still has to stamp.
    #[cfg(feature = "client")]
    #[inline]
    pub(crate) fn untimed_count(&self) -> usize {
        self.core.untimed
    }

    /// Returns the key of the tag or field that the last error is about, until the next line begins.
    ///
    /// It is the key as it was given, or the escaped form of a [`FieldKey`](super::FieldKey). A long key is
    /// cut to 256 bytes, or to the space that the buffer had. `None` if the error is about no key, or about
    /// an empty one. Doesn't allocate.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// let line = enc.line("weather").field("temp_c", 21.5).field("wind", f64::NAN);
    /// let error = line.finish().unwrap_err();
    /// assert_eq!(enc.error_key(&error), Some("wind"));
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn error_key(&self, error: &EncodeError) -> Option<&str> {
        self.core.error_key(self.sink.bytes(), error)
    }

    /// Returns the number of non-finite fields left out since the encoder was made: see
    /// [`skip_non_finite`](Self::skip_non_finite).
    ///
    /// ```
    /// let mut enc =
    ///     influx_edge::line::Encoder::with_sink(Vec::new()).skip_non_finite(true);
    /// enc.line("t")
    ///     .field("broken", f64::INFINITY)
    ///     .field("good", 1)
    ///     .finish()?;
    /// assert_eq!(enc.skipped(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.core.skipped as u64
    }

    /// Returns the number of tags left out for their empty value since the encoder was made, including those
    /// of rejected lines. `None` isn't counted.
    /// [`reject_empty_tags`](Self::reject_empty_tags) rejects their lines instead.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// enc.line("t")
    ///     .tag("station", "")
    ///     .tag("site", None::<&str>)
    ///     .field("v", 1)
    ///     .finish()?;
    /// assert_eq!((enc.as_bytes(), enc.empty_tags()), (&b"t v=1i\n"[..], 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn empty_tags(&self) -> u64 {
        self.core.empty_tags as u64
    }

    /// Empties the buffer and keeps its storage.
    #[inline]
    pub fn clear(&mut self) {
        self.core.committed = 0;
        self.core.lines = 0;
        self.core.untimed = 0;
        // `begin` resets the rest.
        self.core.pos = 0;
    }

    /// Returns the sink, cut to the whole lines.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// enc.line("t").field("v", 1).finish()?;
    /// let bytes: Vec<u8> = enc.into_sink();
    /// assert_eq!(bytes, b"t v=1i\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_sink(mut self) -> S {
        self.sink.close(self.core.committed);
        self.sink
    }

    /// Returns the sink, for its own methods. Its bytes beyond [`as_bytes`](Self::as_bytes) are undefined.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// enc.line("t").field("v", 1).finish()?;
    /// assert!(enc.sink().starts_with(enc.as_bytes()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sink(&self) -> &S {
        &self.sink
    }

    /// Runs one part of a line, again whenever the sink could make space. The first error is kept.
    //
    // A part that fails leaves `pos` where it was. So running it again begins it anew, and the line needs no
    // other record of how far it got.
    #[inline]
    pub(super) fn attempt(
        &mut self,
        part: impl Fn(&mut LineState, &mut [u8], &[u8]) -> Result<(), EncodeError>,
    ) {
        if self.core.failed() {
            return;
        }
        loop {
            let (buf, defaults) = self.sink.parts();
            match part(&mut self.core, buf, defaults) {
                Ok(()) => return,
                Err(EncodeError::BufferFull) => {
                    if let Err(error) = self.grow() {
                        return self.core.fail(error);
                    }
                }
                Err(error) => return self.core.fail(error),
            }
        }
    }

    #[cold]
    pub(super) fn grow(&mut self) -> Result<(), EncodeError> {
        #[cfg(feature = "alloc")]
        let max = self.core.max_bytes.unwrap_or(usize::MAX);
        #[cfg(not(feature = "alloc"))]
        let max = usize::MAX;
        match self.sink.grow(self.core.committed, self.core.pos, max) {
            Grow::None => Err(EncodeError::BufferFull),
            Grow::Grown => Ok(()),
            Grow::Drained(gone) => {
                self.core.moved(gone);
                Ok(())
            }
            Grow::Failed(gone) => {
                self.core.moved(gone);
                Err(EncodeError::Sink)
            }
        }
    }
}

#[cfg(feature = "std")]
impl<S: Sink + Draining> Encoder<S> {
    /// Writes every whole line to the [`io::Write`](std::io::Write) of an [`IoSink`](super::IoSink), and
    /// flushes it.
    ///
    /// # Errors
    /// Returns the writer's error. Lines that were not written stay in the buffer for the next call.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.core.begin();
        let (gone, done) = self.sink.drain(self.core.committed, self.core.pos);
        self.core.moved(gone);
        done.and_then(|()| self.sink.flush_out())
    }
}

/// A line that has its measurement, and takes tags, then fields. Made by [`Encoder::line`].
#[derive(Debug)]
#[must_use = "the line is written only after timestamp() or finish()"]
pub struct Line<'e, S> {
    enc: &'e mut Encoder<S>,
}

impl<'e, S: Sink> Line<'e, S> {
    /// Adds a tag. `None` and an empty value write nothing; an empty value is counted or rejected: see
    /// [`Encoder::reject_empty_tags`].
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// let missing: Option<&str> = None;
    /// enc.line("t").tag("channel", 3).tag("site", missing).field("v", 1).finish()?;
    /// assert_eq!(enc.as_bytes(), b"t,channel=3 v=1i\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn tag(self, key: &str, value: impl TagValue) -> Self {
        let key = key.as_bytes();
        self.enc.attempt(|core, buf, _| core.tag(buf, key, &value));
        self
    }

    /// Adds a tag that a point keeps.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(super) fn kept_tag(self, key: &[u8], value: &impl Value) -> Self {
        self.enc.attempt(|core, buf, _| core.tag(buf, key, value));
        self
    }

    /// Adds the first field. `None` writes nothing. The key is a text or a prepared
    /// [`FieldKey`](super::FieldKey).
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// enc.line("t")
    ///     .field("whole", 7)
    ///     .field("float", 7.0)
    ///     .field("yes", true)
    ///     .field("text", "x")
    ///     .finish()?;
    /// assert_eq!(enc.as_bytes(), b"t whole=7i,float=7,yes=true,text=\"x\"\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn field(self, key: impl FieldName, value: impl FieldValue) -> Fields<'e, S> {
        self.fields().field(key, value)
    }

    /// Ends the tags before the first field, for loops that add fields.
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut storage = [0u8; 64];
    /// let mut enc = Encoder::new(&mut storage);
    /// let mut line = enc.line("core").tag("cpu", 0).fields();
    /// for (key, value) in [("user", 3.5), ("idle", 96.0)] {
    ///     line = line.field(key, value);
    /// }
    /// line.finish()?;
    /// assert_eq!(enc.as_bytes(), b"core,cpu=0 user=3.5,idle=96\n");
    /// # Ok::<(), influx_edge::line::EncodeError>(())
    /// ```
    #[inline]
    pub fn fields(self) -> Fields<'e, S> {
        self.enc
            .attempt(|core, buf, defaults| core.close_tags(buf, defaults));
        Fields { enc: self.enc }
    }
}

/// A line whose tags are complete, and which takes fields and an end. Made by [`Line`].
#[derive(Debug)]
#[must_use = "the line is written only after timestamp() or finish()"]
pub struct Fields<'e, S> {
    enc: &'e mut Encoder<S>,
}

impl<S: Sink> Fields<'_, S> {
    /// Adds a field. `None` writes nothing. The key is a text or a prepared
    /// [`FieldKey`](super::FieldKey).
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// let broken_sensor: Option<f32> = None;
    /// enc.line("t").field("a", 1.5).field("b", broken_sensor).finish()?;
    /// assert_eq!(enc.as_bytes(), b"t a=1.5\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn field(self, key: impl FieldName, value: impl FieldValue) -> Self {
        self.enc
            .attempt(|core, buf, _| core.field(buf, key.key(), &value));
        self
    }

    /// Adds a field that a point keeps.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(super) fn kept_field(self, key: &[u8], value: &impl Value) -> Self {
        self.enc.attempt(|core, buf, _| core.field(buf, key, value));
        self
    }

    /// Ends the line with its time, and commits it.
    ///
    /// # Errors
    /// Returns the first error of the line, which is then rolled back.
    #[inline]
    pub fn timestamp(self, time: impl IntoTimestamp) -> Result<(), EncodeError> {
        match time.count(self.enc.core.precision) {
            Ok(count) => self.end(Some(count)),
            // An earlier error of the line comes first.
            Err(error) => {
                if !self.enc.core.failed() {
                    self.enc.core.fail(error);
                }
                self.end(None)
            }
        }
    }

    /// Ends the line without a time, and commits it. A writer adds the machine's time when it takes the line.
    /// Sent in any other way, the line gets the server's time when the request arrives.
    ///
    /// The server reads its clock once per request and rounds it to the precision. So two untimed lines
    /// of one series in one request are one point, and the second overwrites the first.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// enc.line("t").field("v", 1).finish()?; // the server's clock decides
    /// assert_eq!(enc.as_bytes(), b"t v=1i\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the first error of the line, which is then rolled back.
    #[inline]
    pub fn finish(self) -> Result<(), EncodeError> {
        self.end(None)
    }

    #[inline]
    fn end(self, count: Option<i64>) -> Result<(), EncodeError> {
        self.enc.attempt(|core, buf, _| core.end(buf, count));
        match self.enc.core.take_error() {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }
}
