//! `Schema`: the tags, the time and the measurement of a struct.

use super::super::encoder::Encoder;
use super::super::error::EncodeError;
use super::super::sink::Sink;
use super::super::to_line::ToLine;
use crate::Precision;
use serde::Serialize;

/// The parts of line protocol that the fields of a struct become.
///
/// Names the tags, the time, and the measurement; all others are fields. Names are those that serde sees,
/// after `rename`.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::line::{Encoder, Schema};
///
/// #[derive(serde::Serialize)]
/// struct Reading<'a> {
///     station: &'a str,
///     temp_c: f32,
///     count: u64,
///     at: i64,
/// }
///
/// const WEATHER: Schema = Schema::new("weather").tags(&["station"]).time("at");
///
/// let mut storage = [0u8; 128];
/// let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
/// enc.serialize(
///     &WEATHER,
///     &Reading { station: "zrh-1", temp_c: 21.5, count: 7, at: 1_700_000_000 },
/// )?;
/// assert_eq!(
///     enc.as_bytes(),
///     b"weather,station=zrh-1 temp_c=21.5,count=7u 1700000000\n"
/// );
/// # Ok::<(), influx_edge::line::SerializeError>(())
/// ```
///
/// A field of the struct has one role. A schema that names one twice doesn't compile as a constant, and panics
/// elsewhere.
///
/// ```compile_fail
/// # use influx_edge::line::Schema;
/// const WEATHER: Schema =
///     Schema::new("weather").tags(&["station", "at"]).time("at");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema<'a> {
    measurement: Measurement<'a>,
    tags: &'a [&'a str],
    time: Option<&'a str>,
    precision: Option<Precision>,
    /// The Bloom filter of the tags' names, and that of the time's and the measurement's: see [`bits`].
    tag_bits: u64,
    other_bits: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measurement<'a> {
    Fixed(&'a str),
    FromField(&'a str),
}

/// The part that an entry of the value becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Measurement,
    /// The tag with this index in the schema.
    Tag(usize),
    Field,
    Time,
    /// The time as nanoseconds.
    Instant,
    /// The two parts of a `SystemTime`.
    Seconds,
    Nanos,
}

impl<'a> Schema<'a> {
    /// Creates a schema of this measurement, without tags and without a time.
    #[must_use]
    pub const fn new(measurement: &'a str) -> Self {
        Schema {
            measurement: Measurement::Fixed(measurement),
            tags: &[],
            time: None,
            precision: None,
            tag_bits: 0,
            other_bits: 0,
        }
    }

    /// Creates a schema whose measurement is the text in this field of each value: a string, a `char`, a unit
    /// variant, or the tag of an internally tagged enum. Takes one more pass over the value.
    ///
    /// ```
    /// use influx_edge::line::{Encoder, Schema};
    ///
    /// #[derive(serde::Serialize)]
    /// #[serde(tag = "kind", rename_all = "snake_case")]
    /// enum Sample {
    ///     Weather { temp_c: f64 },
    ///     Door { open: bool },
    /// }
    ///
    /// const SAMPLE: Schema = Schema::measurement_from("kind");
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// enc.serialize(&SAMPLE, &Sample::Weather { temp_c: 21.5 })?;
    /// enc.serialize(&SAMPLE, &Sample::Door { open: true })?;
    /// assert_eq!(enc.as_bytes(), b"weather temp_c=21.5\ndoor open=true\n");
    /// # Ok::<(), influx_edge::line::SerializeError>(())
    /// ```
    #[must_use]
    pub const fn measurement_from(field: &'a str) -> Self {
        let mut schema = Schema::new("");
        schema.measurement = Measurement::FromField(field);
        schema.other_bits |= bits(field);
        schema
    }

    /// Makes these fields tags, and no others. They are written in the order of the struct. Default: no tags.
    ///
    /// If the struct lacks one of the first 64 names, serializing it is an error. A field that serde leaves out
    /// with `skip_serializing_if` counts as present. A map, and so a struct with `#[serde(flatten)]`, may lack any
    /// name.
    ///
    /// # Panics
    /// Panics if a name is given twice, or is that of the time or of the measurement's field. In a constant this
    /// is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn tags(mut self, names: &'a [&'a str]) -> Self {
        self.tags = names;
        let mut rest = names;
        while let Some((name, more)) = rest.split_first() {
            assert!(!among(more, name), "a schema names the same tag twice");
            self.tag_bits |= bits(name);
            rest = more;
        }
        self.one_role_each();
        self
    }

    /// Makes this field the time: an integer, a [`Timestamp`](crate::Timestamp), a `SystemTime` as serde
    /// writes it, or RFC 3339 text. With `None` the line has no time. Default: no time.
    ///
    /// # Panics
    /// Panics if the name is that of a tag or of the measurement's field. In a constant this is a compile error.
    #[must_use]
    #[track_caller]
    pub const fn time(mut self, name: &'a str) -> Self {
        self.time = Some(name);
        self.other_bits |= bits(name);
        self.one_role_each();
        self
    }

    #[track_caller]
    const fn one_role_each(&self) {
        if let Some(time) = self.time {
            assert!(
                !among(self.tags, time),
                "a schema names one field as a tag and as the time"
            );
            if let Measurement::FromField(field) = self.measurement {
                assert!(
                    !equal(field, time),
                    "a schema names one field as the measurement and as the time"
                );
            }
        }
        if let Measurement::FromField(field) = self.measurement {
            assert!(
                !among(self.tags, field),
                "a schema names one field as the measurement and as a tag"
            );
        }
    }

    /// Sets the unit of a time that is an integer, in both directions. Default: on writing the encoder's
    /// [`precision`](super::Encoder::precision), on reading nanoseconds.
    ///
    /// Integers of another unit than the encoder's are converted, rounded down.
    ///
    /// ```
    /// use influx_edge::Precision;
    /// use influx_edge::line::{Encoder, Schema};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Reading { v: i64, at: u32 }
    ///
    /// const T: Schema = Schema::new("t").time("at").precision(Precision::Second);
    /// let mut enc = Encoder::with_sink(Vec::new()); // nanoseconds
    /// enc.serialize(&T, &Reading { v: 1, at: 1_700_000_000 })?;
    /// assert_eq!(enc.as_bytes(), b"t v=1i 1700000000000000000\n");
    /// # Ok::<(), influx_edge::line::SerializeError>(())
    /// ```
    #[must_use]
    pub const fn precision(mut self, unit: Precision) -> Self {
        self.precision = Some(unit);
        self
    }

    /// Returns a value as a point of this schema, for every `write` that takes points. Allocates nothing;
    /// [`Encoder::serialize`](super::Encoder::serialize) has the rules.
    ///
    /// ```
    /// use influx_edge::line::{Encoder, Schema};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Load { host: &'static str, one: f64 }
    ///
    /// const LOAD: Schema = Schema::new("load").tags(&["host"]);
    /// let loads = [Load { host: "a", one: 0.5 }, Load { host: "b", one: 1.5 }];
    ///
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// enc.encode(&loads.each_ref().map(|load| LOAD.point(load)))?;
    /// assert_eq!(enc.as_bytes(), b"load,host=a one=0.5\nload,host=b one=1.5\n");
    /// # Ok::<(), influx_edge::line::EncodeError>(())
    /// ```
    pub const fn point<T: Serialize>(&self, value: T) -> impl ToLine {
        SchemaPoint {
            schema: self,
            value,
        }
    }

    pub(crate) const fn measurement(&self) -> Measurement<'a> {
        self.measurement
    }

    pub(super) const fn tag_names(&self) -> &'a [&'a str] {
        self.tags
    }

    pub(crate) const fn time_name(&self) -> Option<&'a str> {
        self.time
    }

    pub(crate) const fn time_unit(&self) -> Option<Precision> {
        self.precision
    }

    pub(super) const fn tag_bits(&self) -> u64 {
        self.tag_bits
    }

    pub(super) const fn other_bits(&self) -> u64 {
        self.other_bits
    }

    /// Returns `true` if the tag with this index has this name; `false` decides nothing. Most structs have
    /// their tags in the schema's order, and the linker mostly keeps one copy of a text, so comparing the
    /// addresses is enough.
    #[inline(always)]
    pub(super) fn is_tag(&self, index: usize, name: &str) -> bool {
        self.tags
            .get(index)
            .is_some_and(|tag| core::ptr::eq(*tag, name))
    }

    /// Returns the role of the entry with this name. Most structs have their tags in the schema's order, so the
    /// tag with index `next` is compared first.
    #[inline]
    pub(super) fn role(&self, name: &str, next: usize) -> Role {
        if self.tags.get(next).is_some_and(|tag| same(tag, name)) {
            return Role::Tag(next);
        }
        if self.time.is_some_and(|time| same(time, name)) {
            return Role::Time;
        }
        if let Measurement::FromField(field) = self.measurement {
            if same(field, name) {
                return Role::Measurement;
            }
        }
        match self.tags.iter().position(|tag| same(tag, name)) {
            Some(index) => Role::Tag(index),
            None => Role::Field,
        }
    }
}

/// A value with the schema by which it becomes a line.
struct SchemaPoint<'s, T> {
    schema: &'s Schema<'s>,
    value: T,
}

impl<T: Serialize> ToLine for SchemaPoint<'_, T> {
    #[inline]
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        Ok(enc.serialize(self.schema, &self.value)?)
    }
}

/// Returns `true` if a name is one of these.
const fn among(mut names: &[&str], name: &str) -> bool {
    while let Some((first, rest)) = names.split_first() {
        if equal(first, name) {
            return true;
        }
        names = rest;
    }
    false
}

/// Compares texts, in constants.
const fn equal(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let ([first, rest @ ..], [other, others @ ..]) = (a, b) {
        if *first != *other {
            return false;
        }
        (a, b) = (rest, others);
    }
    a.is_empty() && b.is_empty()
}

/// Compares two names, mostly without a call to memcmp, which would take longer than comparing so few bytes.
#[inline]
fn same(a: &str, b: &str) -> bool {
    if core::ptr::eq(a, b) {
        return true;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    a.len() == b.len()
        && match (a.first_chunk::<8>(), a.last_chunk::<8>()) {
            (first @ Some(_), last) if a.len() <= 16 => {
                first == b.first_chunk() && last == b.last_chunk()
            }
            (None, _) if a.len() >= 4 => {
                a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk()
            }
            _ => a == b,
        }
}

/// Returns the three bits of a name in a Bloom filter of 64, by its length and three of its bytes. For the names
/// of a struct the compiler evaluates it.
#[inline(always)]
pub(super) const fn bits(name: &str) -> u64 {
    let name = name.as_bytes();
    let (_, half) = name.split_at(name.len() / 2);
    let mixed = match (name, half) {
        ([first, .., last], [middle, ..]) => {
            u32::from_le_bytes([*first, *last, *middle, name.len() as u8])
        }
        ([only], _) => *only as u32,
        _ => 0,
    };
    let mixed = mixed.wrapping_mul(0x85EB_CA6B);
    1 << (mixed >> 26) | 1 << ((mixed >> 20) & 63) | 1 << ((mixed >> 14) & 63)
}
