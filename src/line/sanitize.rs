//! Sanitizing of names from outside into valid ones: explicit, and lossy.

use core::fmt::{self, Write as _};

use super::error::Part;
use super::escape::offence;
use super::names::reserved;

/// A name that takes the place of `text`, with everything the encoder refuses replaced by `_`.
///
/// For names that come from outside the program (a device's label, a file's name) where a point
/// with a changed name is better than none. **Two different texts can become one name**, so use it
/// where that is acceptable, and never for names the program chooses itself. Nothing in this crate
/// calls it.
///
/// A reserved name gets a `_` at its end, an empty measurement or key becomes `_`; an empty tag
/// value stays empty (the tag is then absent). What needs escaping but is not refused stays as it
/// is. The length is not looked at.
///
/// Nothing is allocated. As a tag's value write `Text(sanitize(…))`; for a key, format it into a
/// `heapless::String` or, with an allocator, a `String`.
///
/// ```
/// use influx_edge::line::{Encoder, Part, Text, sanitize};
///
/// let label = "boiler\n2\\";
/// let mut storage = [0u8; 64];
/// let mut enc = Encoder::new(&mut storage);
/// enc.line("heat")
///     .tag("unit", Text(sanitize(Part::TagValue, label)))
///     .field("on", true)
///     .finish()?;
/// assert_eq!(enc.as_bytes(), b"heat,unit=boiler_2_ on=true\n");
/// assert_eq!(sanitize(Part::TagKey, "_time").to_string(), "_time_");
/// # Ok::<(), influx_edge::line::EncodeError>(())
/// ```
#[must_use]
pub const fn sanitize(part: Part, text: &str) -> impl fmt::Display + Copy {
    Sanitized { part, text }
}

#[derive(Clone, Copy)]
struct Sanitized<'a> {
    part: Part,
    text: &'a str,
}

impl Sanitized<'_> {
    fn chars(&self) -> impl Iterator<Item = char> {
        let Sanitized { part, text } = *self;
        text.char_indices().map(move |(at, c)| {
            let comment = at == 0 && c == '#' && matches!(part, Part::Measurement);
            if comment || offence(text.as_bytes(), at, part).is_some() {
                '_'
            } else {
                c
            }
        })
    }
}

impl fmt::Display for Sanitized<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars().try_for_each(|c| f.write_char(c))?;
        // A replaced character can make a reserved name: "\n" before "time" in a tag's key.
        let kept = reserved(self.part)
            .iter()
            .any(|name| name.chars().eq(self.chars()));
        let empty = self.text.is_empty() && !matches!(self.part, Part::TagValue);
        if kept || empty {
            f.write_char('_')?;
        }
        Ok(())
    }
}
