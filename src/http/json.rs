//! A reader of JSON that borrows: it checks a text, finds members by name, and builds nothing.
//!
//! A program that only writes meets JSON nowhere else, and pays 24 KiB less for this (of 682) than
//! for a tree of values by `serde_json`. Whatever becomes a type of this crate is read by
//! `serde_json`.
//!
//! It accepts what `serde_json` accepts, and besides it half a surrogate pair (which becomes
//! U+FFFD) and numbers of any size. It needs no more stack for a deep text than for a flat one.

use super::json_str::JsonStr;
use super::words::number;

/// A value in a checked text, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Checks that this is one JSON object and nothing else; or the start of one, if the text is
    /// `truncated`.
    pub(crate) fn object(text: &'a str, truncated: bool) -> Option<Self> {
        let mut cursor = Cursor { text, at: 0 };
        cursor.skip_blank();
        let object = Json(cursor.rest());
        let fits = match cursor.skip_value() {
            Some(()) => {
                cursor.skip_blank();
                cursor.is_at_end()
            }
            None => truncated && cursor.is_at_end(),
        };
        (fits && object.is_object()).then_some(object)
    }

    /// Returns the elements of an array. `None` if this is no array.
    pub(crate) fn items(self) -> Option<Items<'a>> {
        let is_array = self.first() == Some(b'[');
        is_array.then(|| Items(Parts::of(self, b'[')))
    }

    /// Returns the members of an object; none if this is no object.
    pub(crate) fn members(self) -> impl Iterator<Item = (JsonStr<'a>, Json<'a>)> {
        let mut parts = Parts::of(self, b'{');
        core::iter::from_fn(move || {
            let (key, value, _) = parts.next_part()?;
            Some((JsonStr::new(key), value))
        })
    }

    /// Returns the last member of this name.
    pub(crate) fn get(self, name: &str) -> Option<Json<'a>> {
        let mut found = None;
        for (key, value) in self.members() {
            if key == name {
                found = Some(value);
            }
        }
        found
    }

    /// The last member of this name, if it is a string.
    #[inline(never)]
    pub(crate) fn get_text(self, name: &str) -> Option<JsonStr<'a>> {
        self.get(name)?.text()
    }

    pub(crate) fn is_object(self) -> bool {
        self.first() == Some(b'{')
    }

    /// A string; what is there of it if the text was cut short within it.
    pub(crate) fn text(self) -> Option<JsonStr<'a>> {
        let mut cursor = Cursor {
            text: self.0,
            at: 0,
        };
        let whole = cursor.string();
        let inside = whole.or_else(|| self.0.get(1..).filter(|_| self.first() == Some(b'"')));
        inside.map(JsonStr::new)
    }

    /// A number, as it is written.
    pub(crate) fn number(self) -> Option<JsonStr<'a>> {
        let first = self.first()?;
        (first == b'-' || first.is_ascii_digit()).then(|| JsonStr::new(self.0))
    }

    /// A whole number from 0 to 4 294 967 295.
    pub(crate) fn integer(self) -> Option<u32> {
        u32::try_from(number(self.0.as_bytes(), 10)?).ok()
    }

    fn first(self) -> Option<u8> {
        self.0.as_bytes().first().copied()
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
    pub(crate) fn count_items(mut self) -> usize {
        let mut count: usize = 0;
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
    /// Nothing if the value doesn't open so.
    fn of(value: Json<'a>, open: u8) -> Self {
        let mut cursor = Cursor {
            text: value.0,
            at: 0,
        };
        let mut rest = "";
        if cursor.skip(open) {
            cursor.skip_blank();
            rest = cursor.rest();
        }
        Parts {
            rest,
            in_object: open == b'{',
        }
    }

    /// Name (empty in an array) and value of the next part, and whether all of it is there.
    fn next_part(&mut self) -> Option<(&'a str, Json<'a>, bool)> {
        // Every way out but the last one ends the iteration.
        let text = core::mem::take(&mut self.rest);
        let mut cursor = Cursor { text, at: 0 };
        let key = if self.in_object { cursor.key()? } else { "" };
        let start = cursor.at;
        let whole = cursor.skip_value().is_some();
        let value = text.get(start..cursor.at)?;
        if !cursor.is_at_end() {
            if !whole {
                return None;
            }
            cursor.skip_blank();
            if cursor.skip(b',') {
                cursor.skip_blank();
                self.rest = cursor.rest();
            }
        } else if value.is_empty() || whole && value.as_bytes().last()?.is_ascii_digit() {
            // The text was cut short behind it: more digits may have followed.
            return None;
        }
        Some((key, Json(value), whole))
    }
}

/// Which brackets are open: a bit each, set for an object.
#[derive(Default)]
struct Nesting {
    kinds: u64,
    depth: u32,
}

impl Nesting {
    fn open(&mut self, object: bool) -> Option<()> {
        // An error's JSON has three levels.
        if self.depth == u64::BITS {
            return None;
        }
        self.kinds = self.kinds << 1 | u64::from(object);
        self.depth += 1;
        Some(())
    }

    fn close(&mut self) {
        self.kinds >>= 1;
        self.depth = self.depth.saturating_sub(1);
    }

    fn in_object(&self) -> bool {
        self.kinds & 1 == 1
    }
}

/// A place in a text. Everything that is expected and isn't there is `None`, with the cursor before what
/// is there instead: if that is the end, the text was cut short.
///
/// It sees bytes, not characters: what counts here is ASCII.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline(never)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    #[inline(never)]
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes over a byte, if it comes next.
    #[inline(never)]
    fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.skip(byte).then_some(())
    }

    #[inline(never)]
    fn skip_blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn skip_value(&mut self) -> Option<()> {
        let mut nesting = Nesting::default();
        loop {
            // Here a value begins.
            match self.peek()? {
                open @ (b'{' | b'[') => {
                    nesting.open(open == b'{')?;
                    self.at += 1;
                    self.skip_blank();
                    // The brackets are two apart, in ASCII.
                    if self.peek()? != open + 2 {
                        self.skip_key(nesting.in_object())?;
                        continue;
                    }
                }
                b'"' => _ = self.string()?,
                _ => self.skip_scalar()?,
            }
            // Here one has ended, and with it perhaps those around it.
            loop {
                if nesting.depth == 0 {
                    return Some(());
                }
                self.skip_blank();
                if self.skip(b',') {
                    self.skip_blank();
                    self.skip_key(nesting.in_object())?;
                    break;
                }
                self.expect(if nesting.in_object() { b'}' } else { b']' })?;
                nesting.close();
            }
        }
    }

    /// Passes over a member's name, if this is in an object.
    fn skip_key(&mut self, in_object: bool) -> Option<()> {
        if in_object {
            self.key()?;
        }
        Some(())
    }

    /// The name of a member, up to its value.
    #[inline(never)]
    fn key(&mut self) -> Option<&'a str> {
        let key = self.string()?;
        self.skip_blank();
        self.expect(b':')?;
        self.skip_blank();
        Some(key)
    }

    /// The inside of a string.
    #[inline(never)]
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    match self.peek()? {
                        b'u' => {
                            for _ in 0..4 {
                                self.at += 1;
                                self.peek()?.is_ascii_hexdigit().then_some(())?;
                            }
                        }
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        _ => return None,
                    }
                }
                ..0x20 => return None,
                _ => {}
            }
            self.at += 1;
        }
        self.at += 1;
        self.text.get(start..self.at - 1)
    }

    /// A number or a word.
    fn skip_scalar(&mut self) -> Option<()> {
        let word = match self.peek()? {
            b't' => "true",
            b'f' => "false",
            b'n' => "null",
            _ => return self.skip_number(),
        };
        word.bytes().try_for_each(|byte| self.expect(byte))
    }

    fn skip_number(&mut self) -> Option<()> {
        self.skip(b'-');
        if !self.skip(b'0') {
            self.skip_digits()?;
        }
        if self.skip(b'.') {
            self.skip_digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _ = self.skip(b'+') || self.skip(b'-');
            self.skip_digits()?;
        }
        Some(())
    }

    /// One digit at least.
    #[inline(never)]
    fn skip_digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}
