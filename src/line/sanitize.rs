//! `sanitize`: names from outside the program made valid, with loss.

use core::fmt::{self, Write as _};

use super::error::Part;
use super::escape::offence;
use super::names::reserved;

/// Returns `text` with everything that the encoder rejects replaced by `_`.
///
/// For names from outside the program (the label of a device, the name of a file), where a point with a
/// changed name is better than none. **Two different texts can become one name**: don't use it where that
/// matters, nor for names that the program chooses. This crate never calls it.
///
/// A reserved name gets a `_` at its end, and an empty measurement or key becomes `_`. An empty tag value stays
/// empty, and the tag absent. Characters that are only escaped stay. The length isn't checked.
///
/// Doesn't allocate. A tag's value is `Text(sanitize(…))`. For a key, format it into a `heapless::String` or,
/// with an allocator, a `String`.
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
        // A replacement can make a reserved name: of "\ntime", a tag's key, `_time`.
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
