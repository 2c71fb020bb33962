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

/// Encoded lines, and the unit their timestamps count in: what a write takes.
///
/// The two travel together so that they can't disagree.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::line::{Encoder, Lines};
///
/// let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
/// enc.line("t").field("v", 1).timestamp(1_700_000_000)?;
/// assert_eq!(enc.lines(), Lines { bytes: b"t v=1i 1700000000\n", precision: Precision::Second });
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
/// The order of the parts is in the types: [`line`](Self::line) gives a [`Line`], which takes tags
/// and then fields; the first field gives [`Fields`], which takes fields and then an end. An error
/// on the way is kept and comes out at the end, so a chain needs one `?`. After an error, and
/// after a line that was dropped half-way, the buffer ends with the last complete line, and the
/// next `line` works.
///
/// What is refused and why is listed at [`EncodeError`]. Nothing is allocated except by the
/// growing sinks, and then only to grow.
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
/// // A line that is refused leaves no trace.
/// let refused = enc.line("weather").field("temp_c", f64::NAN).finish();
/// assert!(matches!(refused, Err(EncodeError::NotFinite(_))));
/// assert_eq!(
///     enc.as_bytes(),
///     b"weather,station=zrh-1 temp_c=21.5,door_open=false 1700000000\n"
/// );
/// # Ok::<(), EncodeError>(())
/// ```
///
/// Misuse does not compile. A tag after a field:
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
    /// An encoder into a fixed buffer. A line that does not fit is
    /// [`BufferFull`](EncodeError::BufferFull).
    ///
    /// A usual line takes 60 to 200 bytes; the buffer need only hold the longest one.
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
    /// An encoder into a `Vec` that grows to `max` bytes at most. Beyond them a line is
    /// [`BufferFull`](EncodeError::BufferFull). Allocates with the first line, and by doubling from then on.
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
    /// An encoder into any [`Sink`]. What was in the sink is overwritten.
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

    /// Sets the unit of the timestamps. Defaults to nanoseconds.
    ///
    /// Set it before the first line: it speaks for every line in the buffer.
    ///
    /// ```
    /// use influx_edge::{Precision, Timestamp, line::Encoder};
    ///
    /// let mut enc = Encoder::with_sink(Vec::new()).precision(Precision::Second);
    /// enc.line("t").field("v", 1).timestamp(Timestamp::from_nanos(7_900_000_000))?;
    /// assert_eq!(enc.as_bytes(), b"t v=1i 7\n"); // an instant is rounded down; a number is taken as it is
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn precision(mut self, precision: Precision) -> Self {
        self.core.precision = precision;
        self
    }

    /// Refuses a string field with a newline in it. Defaults to off.
    ///
    /// InfluxDB stores such a string unchanged. Servers that cut their input into lines before
    /// they parse it (VictoriaMetrics does) take the rest of the string for new lines: whoever
    /// controls the string can then write points of their own.
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut enc = Encoder::with_sink(Vec::new()).reject_newlines(true);
    /// assert!(enc.line("log").field("text", "two\nlines").finish().is_err());
    /// ```
    #[must_use]
    pub fn reject_newlines(mut self, refuse: bool) -> Self {
        self.core.rules.reject_newlines = refuse;
        self
    }

    /// Refuses a field key with a `"` in it. Defaults to off.
    ///
    /// Every InfluxDB reads such a key back. VictoriaMetrics takes the quote for the beginning of a
    /// string: an odd number of them makes it drop the line, misread its values, or find fields
    /// inside a string value. Set it together with [`reject_newlines`](Self::reject_newlines) for
    /// such servers.
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut enc = Encoder::with_sink(Vec::new()).reject_quoted_keys(true);
    /// assert!(enc.line("t").field("the \"key\"", 1).finish().is_err());
    /// ```
    #[must_use]
    pub fn reject_quoted_keys(mut self, refuse: bool) -> Self {
        self.core.rules.reject_quoted_keys = refuse;
        self
    }

    /// Leaves a NaN or infinite field out instead of refusing its line. Defaults to off.
    ///
    /// Each one is counted in [`skipped`](Self::skipped). A line of which nothing is left is
    /// still [`NoFields`](EncodeError::NoFields).
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

    /// Rejects a line with a tag whose value is empty: [`EncodeError::Empty`]. Defaults to off.
    ///
    /// No server can store an empty value, so the tag is left out: points of two stations whose names
    /// could not be read become points of one series, and of two at the same time only one is stored.
    /// Without this setting each is counted in [`empty_tags`](Self::empty_tags). `None` is a tag that is
    /// absent on purpose, neither counted nor rejected. A [`Series`](super::Series) left its empty tags
    /// out when it was built.
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut enc = Encoder::with_sink(Vec::new()).refuse_empty_tags(true);
    /// let error = enc.line("t").tag("station", "").field("v", 1).finish().unwrap_err();
    /// assert_eq!(error.to_string(), "tag value 1 is empty");
    /// enc.line("t").tag("station", None::<&str>).field("v", 1).finish()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn refuse_empty_tags(mut self, refuse: bool) -> Self {
        self.core.rules.refuse_empty_tags = refuse;
        self
    }

    /// Adds these tags to every line that does not have them itself: see
    /// [`DefaultTags`](super::DefaultTags). Defaults to none.
    ///
    /// ```
    /// use influx_edge::line::{DefaultTags, Encoder};
    ///
    /// let tags = DefaultTags::<32>::new().tag("host", "gw-7")?;
    /// let mut enc = Encoder::with_sink(Vec::new()).default_tags(tags);
    /// enc.line("load").field("one", 0.5).finish()?;
    /// enc.line("load").tag("host", "other").field("one", 0.5).finish()?; // a line's own tag wins
    /// assert_eq!(enc.as_bytes(), b"load,host=gw-7 one=0.5\nload,host=other one=0.5\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn default_tags<D: Sink>(self, tags: DefaultTagsIn<D>) -> Encoder<(S, DefaultTagsIn<D>)> {
        Encoder {
            sink: (self.sink, tags),
            core: self.core,
        }
    }

    /// Begins a line. Not-yet-finished bytes of an earlier line are forgotten.
    ///
    /// Sorted tags are a little cheaper for the server; they are written in the order given.
    ///
    /// ```
    /// use influx_edge::line::Encoder;
    ///
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// enc.line("weather").tag("station", "zrh 1").field("temp_c", 21.5).finish()?;
    /// assert!(enc.line("").field("temp_c", 21.5).finish().is_err()); // the line before it stays
    /// assert_eq!(enc.as_bytes(), b"weather,station=zrh\\ 1 temp_c=21.5\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn line(&mut self, measurement: &str) -> Line<'_, S> {
        self.line_of(measurement.as_bytes())
    }

    /// As [`line`](Self::line), of a text that is known to be UTF-8.
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

    /// The whole lines in the buffer.
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

    /// The whole lines in the buffer with their precision: what a write takes.
    #[inline]
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines {
            bytes: self.as_bytes(),
            precision: self.core.precision,
        }
    }

    /// True if there is no whole line in the buffer.
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

    /// How many lines were completed since the last [`clear`](Self::clear).
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

    /// How many lines [`as_bytes`](Self::as_bytes) has and whether one of them has no time; `None` if some of
    /// those that are counted have left.
    #[cfg(feature = "client")]
    pub(crate) fn counts(&self) -> Option<(usize, bool)> {
        (!S::DRAINS).then_some((self.core.lines, self.core.untimed > 0))
    }

    /// How many of those lines ended without a time: what a batching writer still has to stamp.
    #[cfg(feature = "client")]
    #[inline]
    pub(crate) fn untimed_count(&self) -> usize {
        self.core.untimed
    }

    /// The key of the tag or field that an error is about, as it was given (a
    /// [`FieldKey`](super::FieldKey): as it is escaped); of a long one the start, at most 256 bytes and
    /// what the buffer had space for. To be asked right after the error, before the next line. `None` if
    /// the error is about no key, or about an empty one. Allocates nothing.
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

    /// How many non-finite fields were left out since the encoder was made
    /// (see [`skip_non_finite`](Self::skip_non_finite)).
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new()).skip_non_finite(true);
    /// enc.line("t").field("broken", f64::INFINITY).field("good", 1).finish()?;
    /// assert_eq!(enc.skipped(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.core.skipped as u64
    }

    /// How many tags were left out for their empty value since the encoder was made, those of rejected
    /// lines included; `None` isn't counted. Stops counting at `u64::MAX`.
    /// [`refuse_empty_tags`](Self::refuse_empty_tags) rejects their lines instead.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// enc.line("t").tag("station", "").tag("site", None::<&str>).field("v", 1).finish()?;
    /// assert_eq!((enc.as_bytes(), enc.empty_tags()), (&b"t v=1i\n"[..], 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn empty_tags(&self) -> u64 {
        self.core.empty_tags as u64
    }

    /// Empties the buffer for the next lines; its storage stays.
    #[inline]
    pub fn clear(&mut self) {
        self.core.committed = 0;
        self.core.lines = 0;
        self.core.untimed = 0;
        // The rest is reset by the next line's beginning.
        self.core.pos = 0;
    }

    /// Gives the sink back, cut to the whole lines.
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

    /// The sink, to look at.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// enc.line("t").field("v", 1).finish()?;
    /// assert!(enc.sink().starts_with(enc.as_bytes())); // what follows in it means nothing
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sink(&self) -> &S {
        &self.sink
    }

    /// Runs one part of a line, again if the sink can make space. The first error is kept.
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
    /// Passes every whole line on and flushes the writer: for encoders into a
    /// [`IoSink`](super::IoSink), with or without default tags.
    ///
    /// # Errors
    /// Returns the writer's error if it fails. The lines it did not take stay in the buffer; call
    /// again to go on.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.core.begin();
        let (gone, done) = self.sink.drain(self.core.committed, self.core.pos);
        self.core.moved(gone);
        done.and_then(|()| self.sink.flush_out())
    }
}

/// A line with its measurement: takes tags, then fields. See [`Encoder::line`].
#[derive(Debug)]
#[must_use = "the line is written only after timestamp() or finish()"]
pub struct Line<'e, S> {
    enc: &'e mut Encoder<S>,
}

impl<'e, S: Sink> Line<'e, S> {
    /// Adds a tag. An empty value or `None` means the tag is absent and writes nothing; an empty value is
    /// counted, or refused: see [`Encoder::refuse_empty_tags`].
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

    /// As [`tag`](Self::tag), of what a point keeps.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(super) fn kept_tag(self, key: &[u8], value: &impl Value) -> Self {
        self.enc.attempt(|core, buf, _| core.tag(buf, key, value));
        self
    }

    /// Adds the first field. `None` writes nothing. The key is a text, or a
    /// [`FieldKey`](super::FieldKey) prepared before.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// enc.line("t").field("whole", 7).field("float", 7.0).field("yes", true).field("text", "x").finish()?;
    /// assert_eq!(enc.as_bytes(), b"t whole=7i,float=7,yes=true,text=\"x\"\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn field(self, key: impl FieldName, value: impl FieldValue) -> Fields<'e, S> {
        self.fields().field(key, value)
    }

    /// Ends the tags without a field yet: for loops that add fields.
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

/// A line whose tags are complete: takes fields and an end. See [`Encoder::line`].
#[derive(Debug)]
#[must_use = "the line is written only after timestamp() or finish()"]
pub struct Fields<'e, S> {
    enc: &'e mut Encoder<S>,
}

impl<S: Sink> Fields<'_, S> {
    /// Adds a field. `None` writes nothing. The key is a text, or a
    /// [`FieldKey`](super::FieldKey) prepared before.
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

    /// As [`field`](Self::field), of what a point keeps.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(super) fn kept_field(self, key: &[u8], value: &impl Value) -> Self {
        self.enc.attempt(|core, buf, _| core.field(buf, key, value));
        self
    }

    /// Ends the line with its time, which makes it one of the whole lines.
    ///
    /// # Errors
    /// Returns an error for the first thing that is wrong with the line, which leaves no trace then.
    #[inline]
    pub fn timestamp(self, time: impl IntoTimestamp) -> Result<(), EncodeError> {
        match time.count(self.enc.core.precision) {
            Ok(count) => self.end(Some(count)),
            // What was wrong before the time comes first.
            Err(error) => {
                if !self.enc.core.failed() {
                    self.enc.core.fail(error);
                }
                self.end(None)
            }
        }
    }

    /// Ends the line without a time. A writer gives it the machine's when it is written; anywhere else it
    /// travels without one, and the server takes its own clock when the request arrives.
    ///
    /// The server reads its clock once per request and rounds it to the precision. Two lines of
    /// one series without a time in one request are one point, and the second overwrites the
    /// first.
    ///
    /// ```
    /// let mut enc = influx_edge::line::Encoder::with_sink(Vec::new());
    /// enc.line("t").field("v", 1).finish()?; // the server's clock decides
    /// assert_eq!(enc.as_bytes(), b"t v=1i\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error for the first thing that is wrong with the line, which leaves no trace then.
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
