//! A reader of JSON that borrows: it checks a text, finds members by name, and builds nothing.
//!
//! A program that only writes meets JSON nowhere else, and pays 24 KiB less for this (of 682) than
//! for a tree of values by `serde_json`. Whatever becomes a type of this crate is read by
//! `serde_json`.
//!
//! It accepts what `serde_json` accepts, and besides it half a surrogate pair (which becomes
//! U+FFFD) and numbers of any size. It needs no more stack for a deep text than for a flat one.

use super::json_str::JsonStr;

/// Why a text isn't a whole value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// It ends too early; all of it may be the start of a value.
    Truncated,
    Invalid,
}

/// A value in a checked text, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Checks that this is one JSON object and nothing else; or the start of one, if the text is
    /// `truncated`.
    pub(crate) fn object(text: &'a str, truncated: bool) -> Option<Self> {
        let text = skip_blank(text);
        let fits = match skip_value(text) {
            Ok(rest) => skip_blank(rest).is_empty(),
            Err(stop) => truncated && stop == Stop::Truncated,
        };
        (fits && text.starts_with("{")).then_some(Json(text))
    }

    /// The members of an object; none if this is no object.
    pub(crate) fn members(self) -> Members<'a> {
        Members(Parts::of(self, b'{'))
    }

    /// The elements of an array. `None` if this is no array.
    pub(crate) fn items(self) -> Option<Items<'a>> {
        self.0
            .starts_with("[")
            .then(|| Items(Parts::of(self, b'[')))
    }

    /// The last member of this name.
    pub(crate) fn get(self, name: &str) -> Option<Json<'a>> {
        let mut found = None;
        for (key, value) in self.members() {
            if key == name {
                found = Some(value);
            }
        }
        found
    }

    pub(crate) fn is_object(self) -> bool {
        self.0.starts_with("{")
    }

    /// A string; what is there of it if the text was cut short within it.
    pub(crate) fn text(self) -> Option<JsonStr<'a>> {
        let inside = skip_one(self.0, b"\"")?;
        let inside = match skip_string(inside) {
            Ok((inside, _)) => inside,
            Err(_) => inside,
        };
        Some(JsonStr::new(inside))
    }

    /// A number, as it is written.
    pub(crate) fn number(self) -> Option<JsonStr<'a>> {
        skip_one(self.0, b"-0123456789").map(|_| JsonStr::new(self.0))
    }

    /// A whole number from 0 to 4 294 967 295.
    pub(crate) fn integer(self) -> Option<u32> {
        self.0.parse().ok()
    }
}

/// The members of an object: name and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Members<'a>(Parts<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (JsonStr<'a>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value, _) = self.0.next_part()?;
        Some((JsonStr::new(key), value))
    }
}

/// The elements of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Items<'a>(Parts<'a>);

impl<'a> Items<'a> {
    /// The next element, and whether all of it is there.
    pub(crate) fn next_item(&mut self) -> Option<(Json<'a>, bool)> {
        let (_, value, whole) = self.0.next_part()?;
        Some((value, whole))
    }

    /// How many elements are left.
    pub(crate) fn count_items(mut self) -> u64 {
        let mut count: u64 = 0;
        while self.next_item().is_some() {
            count = count.saturating_add(1);
        }
        count
    }
}

/// What stands between the brackets of an object or an array, from the next part on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts<'a> {
    rest: &'a str,
    in_object: bool,
}

impl<'a> Parts<'a> {
    fn of(value: Json<'a>, open: u8) -> Self {
        Parts {
            rest: skip_one(value.0, &[open]).map_or("", skip_blank),
            in_object: open == b'{',
        }
    }

    /// Name (empty in an array) and value of the next part, and whether all of it is there.
    fn next_part(&mut self) -> Option<(&'a str, Json<'a>, bool)> {
        // Every way out but the last one ends the iteration.
        let rest = core::mem::take(&mut self.rest);
        let (key, value) = if self.in_object {
            skip_key(rest).ok()?
        } else {
            ("", rest)
        };
        match skip_value(value) {
            Ok(behind) => {
                let len = value.len().saturating_sub(behind.len());
                let value = value.get(..len)?;
                if behind.is_empty()
                    && value
                        .bytes()
                        .last()
                        .is_some_and(|byte| byte.is_ascii_digit())
                {
                    // The text was cut short behind it: more digits may have followed.
                    return None;
                }
                if let Some(behind) = skip_one(skip_blank(behind), b",") {
                    self.rest = skip_blank(behind);
                }
                Some((key, Json(value), true))
            }
            Err(Stop::Truncated) if !value.is_empty() => Some((key, Json(value), false)),
            Err(_) => None,
        }
    }
}

// Bytes, not characters, and no patterns of `str`: what counts here is ASCII, and each pattern is a
// function of its own in a small program.

#[inline(never)]
fn skip_blank(text: &str) -> &str {
    skip_while(text, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

fn skip_while(text: &str, wanted: impl Fn(u8) -> bool) -> &str {
    let len = text.bytes().take_while(|byte| wanted(*byte)).count();
    text.get(len..).unwrap_or_default()
}

/// Which brackets are open: a bit each, set for an object.
#[derive(Default)]
struct Nesting {
    kinds: u64,
    depth: u32,
}

impl Nesting {
    fn open(&mut self, object: bool) -> Result<(), Stop> {
        // An error's JSON has three levels.
        if self.depth == u64::BITS {
            return Err(Stop::Invalid);
        }
        self.kinds = self.kinds << 1 | u64::from(object);
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }

    fn close(&mut self) {
        self.kinds >>= 1;
        self.depth = self.depth.saturating_sub(1);
    }

    /// Whether the innermost is an object. `None` if nothing is open.
    fn in_object(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.kinds & 1 == 1)
    }
}

/// What stands behind the value at the start of the text.
fn skip_value(text: &str) -> Result<&str, Stop> {
    let mut nesting = Nesting::default();
    let mut rest = text;
    loop {
        // Here a value begins.
        let (first, behind) = split_first(rest)?;
        rest = match first {
            b'{' | b'[' => {
                let inside = skip_blank(behind);
                let object = first == b'{';
                match inside.bytes().next() {
                    Some(end) if end == (if object { b'}' } else { b']' }) => {
                        inside.get(1..).unwrap_or_default()
                    }
                    _ => {
                        nesting.open(object)?;
                        rest = next_value(inside, object)?;
                        continue;
                    }
                }
            }
            b'"' => skip_string(behind)?.1,
            _ => skip_scalar(rest)?,
        };
        // Here one has ended, and with it perhaps those around it.
        loop {
            let Some(in_object) = nesting.in_object() else {
                return Ok(rest);
            };
            let (next, behind) = split_first(skip_blank(rest))?;
            match next {
                b',' => {
                    rest = next_value(skip_blank(behind), in_object)?;
                    break;
                }
                b'}' if in_object => nesting.close(),
                b']' if !in_object => nesting.close(),
                _ => return Err(Stop::Invalid),
            }
            rest = behind;
        }
    }
}

/// The first byte, and what stands behind it; beyond ASCII it is invalid wherever this is asked.
#[inline(never)]
fn split_first(text: &str) -> Result<(u8, &str), Stop> {
    let first = text.bytes().next().ok_or(Stop::Truncated)?;
    Ok((first, text.get(1..).ok_or(Stop::Invalid)?))
}

/// The start of the next value, behind its name if it has one.
#[inline(never)]
fn next_value(text: &str, in_object: bool) -> Result<&str, Stop> {
    if in_object {
        skip_key(text).map(|(_, value)| value)
    } else {
        Ok(text)
    }
}

/// The name of a member, and the start of its value.
fn skip_key(text: &str) -> Result<(&str, &str), Stop> {
    let (key, rest) = skip_string(expect(text, b'"')?)?;
    Ok((key, skip_blank(expect(skip_blank(rest), b':')?)))
}

#[inline(never)]
fn expect(text: &str, wanted: u8) -> Result<&str, Stop> {
    match split_first(text)? {
        (first, rest) if first == wanted => Ok(rest),
        _ => Err(Stop::Invalid),
    }
}

/// The inside of a string that has begun, and what stands behind it.
fn skip_string(text: &str) -> Result<(&str, &str), Stop> {
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                let rest = text.get(at.saturating_add(1)..);
                return text.get(..at).zip(rest).ok_or(Stop::Invalid);
            }
            b'\\' => match bytes.next().ok_or(Stop::Truncated)?.1 {
                b'u' => {
                    for _ in 0..4 {
                        let (_, digit) = bytes.next().ok_or(Stop::Truncated)?;
                        if !digit.is_ascii_hexdigit() {
                            return Err(Stop::Invalid);
                        }
                    }
                }
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                _ => return Err(Stop::Invalid),
            },
            ..0x20 => return Err(Stop::Invalid),
            _ => {}
        }
    }
    Err(Stop::Truncated)
}

/// What stands behind a number or a word.
#[inline(never)]
fn skip_scalar(text: &str) -> Result<&str, Stop> {
    for word in ["true", "false", "null"] {
        if let Some(rest) = text.strip_prefix(word) {
            return Ok(rest);
        }
        if word.starts_with(text) {
            return Err(Stop::Truncated);
        }
    }
    let text = skip_one(text, b"-").unwrap_or(text);
    let mut rest = match skip_one(text, b"0") {
        Some(rest) => rest,
        None => skip_digits(text)?,
    };
    if let Some(fraction) = skip_one(rest, b".") {
        rest = skip_digits(fraction)?;
    }
    if let Some(exponent) = skip_one(rest, b"eE") {
        rest = skip_digits(skip_one(exponent, b"+-").unwrap_or(exponent))?;
    }
    Ok(rest)
}

/// What stands behind any of these bytes.
#[inline(never)]
fn skip_one<'a>(text: &'a str, any: &[u8]) -> Option<&'a str> {
    let first = text.bytes().next()?;
    any.iter()
        .any(|byte| *byte == first)
        .then(|| text.get(1..))?
}

/// What stands behind the digits, of which there must be one.
fn skip_digits(text: &str) -> Result<&str, Stop> {
    let (first, _) = split_first(text)?;
    if !first.is_ascii_digit() {
        return Err(Stop::Invalid);
    }
    Ok(skip_while(text, |byte| byte.is_ascii_digit()))
}
