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
        (fits && text.starts_with('{')).then_some(Json(text))
    }

    /// The members of an object; none if this is no object.
    pub(crate) fn members(self) -> Members<'a> {
        Members(Parts::of(self, '{'))
    }

    /// The elements of an array. `None` if this is no array.
    pub(crate) fn items(self) -> Option<Items<'a>> {
        self.0.starts_with('[').then(|| Items(Parts::of(self, '[')))
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
        self.0.starts_with('{')
    }

    /// A string; what is there of it if the text was cut short within it.
    pub(crate) fn text(self) -> Option<JsonStr<'a>> {
        let inside = self.0.strip_prefix('"')?;
        let inside = match skip_string(inside) {
            Ok((inside, _)) => inside,
            Err(_) => inside,
        };
        Some(JsonStr::new(inside))
    }

    /// A number, as it is written.
    pub(crate) fn number(self) -> Option<JsonStr<'a>> {
        self.0
            .starts_with(|c: char| c == '-' || c.is_ascii_digit())
            .then_some(JsonStr::new(self.0))
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
    fn of(value: Json<'a>, open: char) -> Self {
        Parts {
            rest: value.0.strip_prefix(open).map_or("", skip_blank),
            in_object: open == '{',
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
                if behind.is_empty() && value.ends_with(|c: char| c.is_ascii_digit()) {
                    // The text was cut short behind it: more digits may have followed.
                    return None;
                }
                if let Some(behind) = skip_blank(behind).strip_prefix(',') {
                    self.rest = skip_blank(behind);
                }
                Some((key, Json(value), true))
            }
            Err(Stop::Truncated) if !value.is_empty() => Some((key, Json(value), false)),
            Err(_) => None,
        }
    }
}

fn skip_blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
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
            '{' | '[' => {
                let inside = skip_blank(behind);
                match inside.strip_prefix(if first == '{' { '}' } else { ']' }) {
                    Some(behind) => behind,
                    None => {
                        nesting.open(first == '{')?;
                        rest = next_value(inside, first == '{')?;
                        continue;
                    }
                }
            }
            '"' => skip_string(behind)?.1,
            _ => skip_scalar(rest)?,
        };
        // Here one has ended, and with it perhaps those around it.
        loop {
            let Some(in_object) = nesting.in_object() else {
                return Ok(rest);
            };
            let (next, behind) = split_first(skip_blank(rest))?;
            match next {
                ',' => {
                    rest = next_value(skip_blank(behind), in_object)?;
                    break;
                }
                '}' if in_object => nesting.close(),
                ']' if !in_object => nesting.close(),
                _ => return Err(Stop::Invalid),
            }
            rest = behind;
        }
    }
}

fn split_first(text: &str) -> Result<(char, &str), Stop> {
    let mut chars = text.chars();
    let first = chars.next().ok_or(Stop::Truncated)?;
    Ok((first, chars.as_str()))
}

/// The start of the next value, behind its name if it has one.
fn next_value(text: &str, in_object: bool) -> Result<&str, Stop> {
    if in_object {
        skip_key(text).map(|(_, value)| value)
    } else {
        Ok(text)
    }
}

/// The name of a member, and the start of its value.
fn skip_key(text: &str) -> Result<(&str, &str), Stop> {
    let (key, rest) = skip_string(expect(text, '"')?)?;
    Ok((key, skip_blank(expect(skip_blank(rest), ':')?)))
}

fn expect(text: &str, wanted: char) -> Result<&str, Stop> {
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
fn skip_scalar(text: &str) -> Result<&str, Stop> {
    for word in ["true", "false", "null"] {
        if let Some(rest) = text.strip_prefix(word) {
            return Ok(rest);
        }
        if word.starts_with(text) {
            return Err(Stop::Truncated);
        }
    }
    let text = text.strip_prefix('-').unwrap_or(text);
    let mut rest = match text.strip_prefix('0') {
        Some(rest) => rest,
        None => skip_digits(text)?,
    };
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = skip_digits(fraction)?;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        rest = skip_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))?;
    }
    Ok(rest)
}

/// What stands behind the digits, of which there must be one.
fn skip_digits(text: &str) -> Result<&str, Stop> {
    let (first, _) = split_first(text)?;
    if !first.is_ascii_digit() {
        return Err(Stop::Invalid);
    }
    Ok(text.trim_start_matches(|c: char| c.is_ascii_digit()))
}
