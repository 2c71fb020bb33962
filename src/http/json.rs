//! A borrowing reader of JSON (RFC 8259): it checks a text and finds members by name, and builds no tree.
//!
//! A program that only writes needs JSON for errors alone, and is 24 KiB (of 682) smaller with this than
//! with `serde_json`'s tree of values. Types of this crate are read by `serde_json`.
//!
//! It accepts everything that `serde_json` accepts, and also half of a surrogate pair, which becomes U+FFFD,
//! and numbers of any size. It doesn't recurse: a deep text needs no more stack than a flat one.
//!
//! A text may be cut short anywhere, since an error's body is read up to a limit. The cursor stops at the
//! first byte that doesn't fit. If that is the end of the text, the text is the start of valid JSON.

use super::json_str::JsonStr;
use super::words::number;

/// A value in a checked text, in its written form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Checks that the text is one JSON object and nothing else, or the start of one if it is `truncated`.
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

    /// Returns the last member of this name, if it is a string.
    #[inline(never)]
    pub(crate) fn get_text(self, name: &str) -> Option<JsonStr<'a>> {
        self.get(name)?.text()
    }

    pub(crate) fn is_object(self) -> bool {
        self.first() == Some(b'{')
    }

    /// Returns a string, or its start if the text was cut short within it.
    pub(crate) fn text(self) -> Option<JsonStr<'a>> {
        let mut cursor = Cursor {
            text: self.0,
            at: 0,
        };
        let whole = cursor.string();
        let inside = whole.or_else(|| self.0.get(1..).filter(|_| self.first() == Some(b'"')));
        inside.map(JsonStr::new)
    }

    /// Returns a number in its written form.
    pub(crate) fn number(self) -> Option<JsonStr<'a>> {
        let first = self.first()?;
        (first == b'-' || first.is_ascii_digit()).then(|| JsonStr::new(self.0))
    }

    /// Returns a whole number from 0 to 4 294 967 295.
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
    /// Returns the next element, and `true` if it is complete.
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

/// The parts of an object or an array that are still to be returned.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts<'a> {
    rest: &'a str,
    in_object: bool,
}

impl<'a> Parts<'a> {
    /// The parts of a value, none if it doesn't begin with the bracket `open`.
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

    /// Returns name (empty in an array) and value of the next part, and `true` if the value is complete.
    fn next_part(&mut self) -> Option<(&'a str, Json<'a>, bool)> {
        // Every early return leaves `rest` empty, and so ends the iteration.
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
            // The text ends here, in the middle of a part: of a number more digits may have followed.
            return None;
        }
        Some((key, Json(value), whole))
    }
}

/// The open brackets, as a stack of bits: 1 for an object, 0 for an array.
#[derive(Default)]
struct Nesting {
    kinds: u64,
    depth: u32,
}

impl Nesting {
    fn open(&mut self, object: bool) -> Option<()> {
        // 64 levels are enough: an error's JSON has three.
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

/// A position in a text. A method that doesn't find what it expects returns `None` and leaves the cursor
/// before the byte that is there instead; at the end of the text, the text was cut short.
///
/// It reads bytes, because the syntax of JSON is ASCII.
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

    /// Skips a byte, if it comes next.
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

    /// Skips a value with all that is in it.
    //
    // A pushdown automaton whose stack is `Nesting`:
    //
    //   value        { or [ with content   push, key if in {   -> value
    //                { or [ without        push                -> after value
    //                string or scalar                          -> after value
    //   after value  ,                     key if in {         -> value
    //                } or ]                pop                 -> after value
    //                (stack empty)                             -> done
    fn skip_value(&mut self) -> Option<()> {
        let mut nesting = Nesting::default();
        loop {
            // State: value.
            match self.peek()? {
                open @ (b'{' | b'[') => {
                    nesting.open(open == b'{')?;
                    self.at += 1;
                    self.skip_blank();
                    // In ASCII a closing bracket is its opening one plus 2.
                    if self.peek()? != open + 2 {
                        self.skip_key(nesting.in_object())?;
                        continue;
                    }
                }
                b'"' => _ = self.string()?,
                _ => self.skip_scalar()?,
            }
            // State: after value.
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

    /// Skips a member's name, in an object.
    fn skip_key(&mut self, in_object: bool) -> Option<()> {
        if in_object {
            self.key()?;
        }
        Some(())
    }

    /// Returns the name of a member, and skips the colon.
    #[inline(never)]
    fn key(&mut self) -> Option<&'a str> {
        let key = self.string()?;
        self.skip_blank();
        self.expect(b':')?;
        self.skip_blank();
        Some(key)
    }

    /// Returns the inside of a string, escapes checked but not decoded.
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

    /// Skips `true`, `false`, `null` or a number.
    fn skip_scalar(&mut self) -> Option<()> {
        let literal = match self.peek()? {
            b't' => "true",
            b'f' => "false",
            b'n' => "null",
            _ => return self.skip_number(),
        };
        literal.bytes().try_for_each(|byte| self.expect(byte))
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

    /// Skips one or more digits.
    #[inline(never)]
    fn skip_digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}
