//! Structs by serde: one pass over the value for its tags, one for its fields.

// Line protocol has all tags before the first field, and a struct has them in any order. To sort them would take
// a buffer. Instead the value is serialized two or three times, and each pass writes its part of the line straight
// into the sink:
//
//   Pass::Measurement   only if the schema takes the measurement from a field   `weather`
//   Pass::Tags          only if the schema has tags                             `,station=zrh-1`
//   Pass::Fields        fields, and the time, which is kept until the end       ` temp_c=21.5 1700000000`
//
// Each entry has a role in the line, by its name: `Schema::role`. Nearly all entries are fields. So each name is
// first looked up in a Bloom filter of the schema's names, which the compiler evaluates where the name is a
// constant (`schema::bits`), and only names that hit it are compared.
//
// `Top` takes the value as a whole, `Value` that of one entry, `Key` the key of a map. All three implement
// `Receiver`. An error is kept in the encoder, as for lines by hand; serde only sees `Failed`.

mod error;
mod receiver;
mod schema;
mod text;
mod top;
mod value;

pub use error::SerializeError;
pub(crate) use schema::Measurement;
pub use schema::Schema;

use core::fmt;

use serde::Serialize;

use self::error::Name;
use self::receiver::Serializer;
use self::schema::Role;
use self::text::NoKey;
use super::encoder::Encoder;
use super::error::{EncodeError, Location, Part};
use super::into_timestamp::sealed::IntoTimestamp as _;
use super::sink::Sink;
use super::value::sealed::Value;
use crate::Timestamp;

impl<S: Sink> Encoder<S> {
    /// Writes a struct or a map as one line, by serde. The [`Schema`] names the fields that are tags, and the
    /// one that is the time.
    ///
    /// | serde | in a field | in a tag |
    /// |---|---|---|
    /// | `f64`, `f32` | float, the shortest text | the same text |
    /// | signed integers | integer, `5i` | digits |
    /// | unsigned integers | unsigned, `5u`, which InfluxDB 1.x doesn't read | digits |
    /// | `bool` | boolean | `true`, `false` |
    /// | text, `char`, unit variants | string | text |
    /// | `None`, `()` | nothing | no tag |
    ///
    /// A newtype is written as its content. The keys of a map may be any scalar, of at most 128 bytes unless
    /// it is a text. `#[serde(flatten)]` adds the fields of a struct or a map to the others; serde has it only
    /// with feature `alloc`. `rename`, `skip` and `skip_serializing_if` work as usual. The time is an integer in
    /// the encoder's precision (or [the schema's](Schema::precision)), a [`Timestamp`], a `SystemTime`, or
    /// RFC 3339 text. The encoder's settings and checks are the same as for [`line`](Encoder::line).
    ///
    /// Allocates only to grow the sink, and in `Serialize` implementations. The value is serialized two or
    /// three times. If it changes in between, the line has the tags of one moment and the fields of the next.
    ///
    /// ```
    /// use influx_edge::Timestamp;
    /// use influx_edge::line::{Encoder, Schema};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Reading {
    ///     time: Timestamp,
    ///     station: String,
    ///     #[serde(rename = "temp_c")]
    ///     temperature: f32,
    ///     gust: Option<f64>,
    /// }
    ///
    /// const WEATHER: Schema = Schema::new("weather").tags(&["station"]).time("time");
    ///
    /// let mut enc = Encoder::with_sink(Vec::new());
    /// let time = Timestamp::from_nanos(1_700_000_000_000_000_000);
    /// enc.serialize(
    ///     &WEATHER,
    ///     &Reading {
    ///         time,
    ///         station: "zrh-1".into(),
    ///         temperature: 21.57,
    ///         gust: None,
    ///     },
    /// )?;
    /// assert_eq!(
    ///     enc.as_bytes(),
    ///     b"weather,station=zrh-1 temp_c=21.57 1700000000000000000\n"
    /// );
    /// # Ok::<(), influx_edge::line::SerializeError>(())
    /// ```
    ///
    /// # Errors
    /// Returns the first error of the line, with the name of the field; the line is rolled back. Besides the
    /// errors of a line by hand, these are
    /// [`Unsupported`](EncodeError::Unsupported) for sequences, bytes, structs and maps inside the
    /// struct, and for externally tagged enums whose variants hold data;
    /// [`MissingTag`](EncodeError::MissingTag) and [`MissingTime`](EncodeError::MissingTime) for a
    /// name of the schema that the struct lacks.
    #[inline]
    pub fn serialize<T: Serialize + ?Sized>(
        &mut self,
        schema: &Schema<'_>,
        value: &T,
    ) -> Result<(), SerializeError> {
        self.core.begin();
        let mut walk = Walk {
            enc: self,
            schema,
            pass: Pass::Tags,
            next_tag: 0,
            seen_tags: 0,
            seen: false,
            is_map: false,
            time: None,
            seconds: 0,
            nanos: 0,
            name: None,
        };
        // The encoder keeps the error.
        let _ = walk.line(schema, value);
        match walk.enc.core.take_error() {
            None => Ok(()),
            Some(error) => Err(SerializeError::new(error, walk.name)),
        }
    }
}

/// The error that serde sees. The reason is in the encoder, or is added by the caller.
#[derive(Debug)]
struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rejected")
    }
}

impl core::error::Error for Failed {}

impl serde::ser::Error for Failed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Failed
    }
}

/// A pass over the value, by what it writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Measurement,
    Tags,
    /// Fields, and the time.
    Fields,
}

/// A line under way, and the pass over its value.
struct Walk<'e, 's, S> {
    enc: &'e mut Encoder<S>,
    schema: &'s Schema<'s>,
    pass: Pass,
    /// The index in the schema of the tag that is expected next.
    next_tag: usize,
    /// A bit for each of the schema's first 64 tags that were found.
    seen_tags: u64,
    /// True if the measurement, or in the last pass the time, was found.
    seen: bool,
    /// True for a map, which may lack names of the schema.
    is_map: bool,
    time: Option<i64>,
    seconds: u64,
    nanos: u64,
    /// The name of the field that the line was rejected for.
    name: Option<Name>,
}

impl<S: Sink> Walk<'_, '_, S> {
    /// (The schema is a parameter of its own so that, if it is a constant, the compiler knows each role.)
    #[inline]
    fn line<T: Serialize + ?Sized>(
        &mut self,
        schema: &Schema<'_>,
        value: &T,
    ) -> Result<(), Failed> {
        match schema.measurement() {
            Measurement::Fixed(name) => {
                self.enc
                    .attempt(|core, buf, _| core.measurement(buf, name.as_bytes()));
                self.check()?;
            }
            Measurement::FromField(name) => {
                self.walk::<false, T>(Pass::Measurement, schema.other_bits(), value)?;
                if !self.seen {
                    return Err(self.missing(name, EncodeError::MissingMeasurement));
                }
            }
        }
        if !schema.tag_names().is_empty() {
            self.walk::<false, T>(Pass::Tags, schema.tag_bits(), value)?;
            self.check_tags()?;
        }
        self.enc
            .attempt(|core, buf, defaults| core.close_tags(buf, defaults));
        let special = schema.tag_bits() | schema.other_bits();
        self.walk::<true, T>(Pass::Fields, special, value)?;
        if let (Some(name), false, false) = (schema.time_name(), self.seen, self.is_map) {
            return Err(self.missing(name, EncodeError::MissingTime));
        }
        let time = self.time;
        self.enc.attempt(|core, buf, _| core.end(buf, time));
        Ok(())
    }

    #[inline]
    fn walk<const FIELDS: bool, T: Serialize + ?Sized>(
        &mut self,
        pass: Pass,
        special: u64,
        value: &T,
    ) -> Result<(), Failed> {
        self.pass = pass;
        self.seen = false;
        self.next_tag = 0;
        let done = value.serialize(Serializer(top::Top::<S, FIELDS> {
            walk: self,
            special,
        }));
        if done.is_err() {
            self.blame("", Part::FieldValue);
        }
        // (A `Serialize` may have ignored the error of a part.)
        self.check()
    }

    fn check_tags(&mut self) -> Result<(), Failed> {
        let names = self.schema.tag_names();
        if self.is_map {
            return Ok(());
        }
        // (Only 64 tags have bits.)
        let all = 1u64
            .checked_shl(u32::try_from(names.len()).unwrap_or(u32::MAX))
            .map_or(u64::MAX, |bit| bit.wrapping_sub(1));
        let missing = usize::try_from((all & !self.seen_tags).trailing_zeros());
        match missing
            .ok()
            .and_then(|index| Some((index, names.get(index)?)))
        {
            None => Ok(()),
            Some((index, name)) => {
                let index = u16::try_from(index).unwrap_or(u16::MAX);
                let place = Location::new(Part::TagKey, index, 0);
                Err(self.missing(name, EncodeError::MissingTag(place)))
            }
        }
    }

    #[cold]
    fn missing(&mut self, name: &str, error: EncodeError) -> Failed {
        let failed = self.fail(error);
        self.name_error(name);
        failed
    }

    /// Writes a field.
    #[inline(always)]
    fn plain<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Failed> {
        let done = value.serialize(Serializer(value::Value {
            walk: self,
            key: name,
            role: Role::Field,
        }));
        if done.is_err() {
            self.blame(name, Part::FieldValue);
        }
        done
    }

    /// Writes an entry that may be a tag, the time, or the measurement, if it belongs to this pass. Returns
    /// `false` if it is a field.
    #[inline(never)]
    fn special<const FIELDS: bool, T: Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &T,
    ) -> Result<bool, Failed> {
        // (One arm per role, so that the role is a constant where the value is written.)
        match (self.role(name), FIELDS) {
            (Role::Time, true) if self.meets(Role::Time)? => self.put(name, Role::Time, value),
            (Role::Field, true) => Ok(false),
            (role @ Role::Tag(_), false) if self.meets(role)? => self.put(name, role, value),
            (Role::Measurement, false) if self.meets(Role::Measurement)? => {
                self.put(name, Role::Measurement, value)
            }
            _ => Ok(true),
        }
    }

    #[inline(always)]
    fn put<T: Serialize + ?Sized>(
        &mut self,
        name: &str,
        role: Role,
        value: &T,
    ) -> Result<bool, Failed> {
        let done = value.serialize(Serializer(value::Value {
            walk: self,
            key: name,
            role,
        }));
        if done.is_err() {
            self.blame(name, part(role));
        }
        done.map(|()| true)
    }

    #[inline]
    fn role(&mut self, name: &str) -> Role {
        let role = self.schema.role(name, self.next_tag);
        if let Role::Tag(index) = role {
            self.next_tag = index.wrapping_add(1);
        }
        role
    }

    /// Returns `true` if this pass is for entries of that role, and notes that there is one.
    #[inline]
    fn meets(&mut self, role: Role) -> Result<bool, Failed> {
        match (self.pass, role) {
            (Pass::Tags, Role::Tag(index)) => {
                let bit = u32::try_from(index)
                    .ok()
                    .and_then(|index| 1u64.checked_shl(index));
                self.seen_tags |= bit.unwrap_or(0);
                Ok(true)
            }
            (Pass::Measurement, Role::Measurement) | (Pass::Fields, Role::Time) => {
                if self.seen {
                    let place = self.place(role);
                    return Err(self.fail(EncodeError::Duplicate(place)));
                }
                self.seen = true;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    #[inline]
    fn check(&self) -> Result<(), Failed> {
        match self.enc.core.failed() {
            true => Err(Failed),
            false => Ok(()),
        }
    }

    #[inline(never)]
    fn field(&mut self, key: &str, value: impl Value) -> Result<(), Failed> {
        self.enc
            .attempt(|core, buf, _| core.field(buf, key.as_bytes(), &value));
        self.check()
    }

    #[inline(never)]
    fn tag(&mut self, key: &str, value: impl Value) -> Result<(), Failed> {
        self.enc
            .attempt(|core, buf, _| core.tag(buf, key.as_bytes(), &value));
        self.check()
    }

    fn measurement(&mut self, name: &str) -> Result<(), Failed> {
        self.enc
            .attempt(|core, buf, _| core.measurement(buf, name.as_bytes()));
        self.check()
    }

    /// Sets the line's time to an instant.
    fn instant(&mut self, time: Timestamp) -> Result<(), Failed> {
        match time.count(self.enc.core.precision) {
            Ok(count) => {
                self.time = Some(count);
                Ok(())
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Sets the line's time to a count.
    #[inline]
    fn count(&mut self, count: i64) -> Result<(), Failed> {
        let precision = self.enc.core.precision;
        match self.schema.time_unit() {
            Some(unit) if unit != precision => match count.checked_mul(unit.nanos()) {
                Some(nanos) => self.instant(Timestamp::from_nanos(nanos)),
                None => Err(self.fail(EncodeError::TimestampOutOfRange)),
            },
            _ => {
                self.time = Some(count);
                Ok(())
            }
        }
    }

    /// Keeps the error, unless there is one already.
    #[cold]
    fn fail(&mut self, error: EncodeError) -> Failed {
        if !self.enc.core.failed() {
            self.enc.core.fail(error);
        }
        Failed
    }

    /// Adds the reason, if there is none, and the name to the error of an entry.
    #[cold]
    fn blame(&mut self, name: &str, part: Part) {
        if !self.enc.core.failed() {
            let place = self.enc.core.place(part);
            self.enc.core.fail(EncodeError::Serialize(place));
            #[cfg(feature = "alloc")]
            self.enc.core.forget_key();
        }
        // (Only the first name: a `Serialize` may go on after an error.)
        if !name.is_empty() && self.name.is_none() {
            self.name_error(name);
        }
    }

    /// Adds the reason, if there is none, to the error of a map's key.
    #[cold]
    fn blame_key(&mut self, why: Option<NoKey>) {
        if self.enc.core.failed() {
            return;
        }
        let place = self.enc.core.place(Part::FieldKey);
        self.enc.core.fail(match why {
            Some(NoKey::Kind(kind)) => EncodeError::Unsupported(place, kind),
            Some(NoKey::Format) => EncodeError::Format(place),
            None => EncodeError::Serialize(place),
        });
        #[cfg(feature = "alloc")]
        self.enc.core.forget_key();
    }

    #[cold]
    fn name_error(&mut self, name: &str) {
        self.name = Some(Name::cut(name));
        #[cfg(feature = "alloc")]
        self.keep_name(name);
    }

    /// Keeps the name in the buffer, for [`Encoder::error_key`].
    #[cfg(feature = "alloc")]
    fn keep_name(&mut self, name: &str) {
        let space = self.enc.sink.bytes().len();
        if space.saturating_sub(self.enc.core.committed) < name.len() {
            let _ = self.enc.grow();
        }
        let (buf, _) = self.enc.sink.parts();
        self.enc.core.name_error(buf, name);
    }

    fn place(&self, role: Role) -> Location {
        self.enc.core.place(part(role))
    }
}

/// Returns the part of the line that an entry becomes.
fn part(role: Role) -> Part {
    match role {
        Role::Measurement => Part::Measurement,
        Role::Tag(_) => Part::TagValue,
        Role::Field => Part::FieldValue,
        Role::Time | Role::Instant | Role::Seconds | Role::Nanos => Part::Timestamp,
    }
}
