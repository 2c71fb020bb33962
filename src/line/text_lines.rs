//! Line protocol that exists already as text: its lines, each checked as servers check it. Doesn't allocate.

// Two passes over each line, as in the servers. The first finds its end, which a newline in a string is not, by
// the rule of InfluxDB's `scanLine`, which every server since has copied. The second parses the line by the
// grammar of InfluxDB 3. The rule and the grammar disagree about some odd texts; that is why both are needed, and
// where they disagree the line is rejected (`whole`).

use core::fmt;

/// A line of text that servers accept: made by [`text_lines`].
///
/// ```
/// let mut lines = influx_edge::line::text_lines("# a comment\r\n t v=1 60\r\n");
/// let (number, line) = lines.next().unwrap();
/// let line = line?;
/// assert_eq!((number, line.bytes, line.has_time), (2, &b"t v=1 60"[..], true));
/// # Ok::<(), influx_edge::line::LineSyntaxError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextLine<'a> {
    /// The line without its newline, and without the blanks around it.
    pub bytes: &'a [u8],
    /// True if the line ends with a time.
    pub has_time: bool,
}

/// The reason why a line of text isn't line protocol, and the position.
///
/// ```
/// # use influx_edge::line::text_lines;
/// # let (_, line) = text_lines("weather temp_c=21,5").next().unwrap();
/// # let error = line.unwrap_err();
/// // Of the line `weather temp_c=21,5`:
/// assert_eq!(error.to_string(), "a field has no =, at byte 19");
/// assert_eq!(error.offset, 19);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSyntaxError {
    reason: &'static str,
    /// The byte of the line at which parsing ended, from 0, without the blanks before the line.
    pub offset: usize,
    /// The number of the line in a text of several, from 1; otherwise 0.
    number: u64,
}

impl LineSyntaxError {
    /// Returns the error of a line that isn't UTF-8 from this byte on.
    #[cfg(feature = "client")]
    pub(crate) const fn not_utf8(offset: usize) -> LineSyntaxError {
        LineSyntaxError {
            reason: "the text isn't UTF-8",
            offset,
            number: 0,
        }
    }

    /// Returns the same error with the number of the line in a text of several.
    #[cfg(feature = "client")]
    pub(crate) const fn in_line(self, number: u64) -> LineSyntaxError {
        LineSyntaxError { number, ..self }
    }
}

impl fmt::Display for LineSyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at byte {}", self.reason, self.offset)?;
        match self.number {
            0 => Ok(()),
            number => write!(f, " of line {number}"),
        }
    }
}

impl core::error::Error for LineSyntaxError {}

/// The lines of a text: made by [`text_lines`].
#[derive(Clone, Debug)]
pub struct TextLines<'a> {
    text: &'a [u8],
    rest: &'a [u8],
    /// The number of the line that `rest` begins with.
    number: u64,
}

impl TextLines<'_> {
    /// Returns the offset of the next line in the text, which is the end of the last item and its newline.
    ///
    /// ```
    /// use influx_edge::line::text_lines;
    ///
    /// let text = "# a comment\nm f=1,\nm f=2\n";
    /// let mut lines = text_lines(text);
    /// assert!(
    ///     lines
    ///         .next()
    ///         .is_some_and(|(number, line)| number == 2 && line.is_err())
    /// );
    /// assert_eq!(&text[lines.offset()..], "m f=2\n");
    /// ```
    #[must_use]
    pub fn offset(&self) -> usize {
        self.text.len().saturating_sub(self.rest.len())
    }
}

/// Parses the lines of a text, each with its line number.
///
/// The number is that which an editor shows. (A string with newlines takes several.) Skips blank lines,
/// comments, a byte order mark at the start, and a carriage return at the end of a line.
///
/// A line is accepted if the published parser of InfluxDB 3, `influxdb-line-protocol`, accepts it, with
/// these exceptions:
/// - The byte order mark and the carriage return: that parser reads the one as a part of the first name, and
///   rejects the other.
/// - Blanks at the end of a line without a time: rejected there, accepted by InfluxDB 1.x and 2.x. They are
///   removed, so that all servers accept the line.
/// - A string with a newline behind a field key with a comma: rejected, because where servers end such a line
///   depends on the blanks before it.
/// - A comma behind the first and only field: accepted there by accident, rejected by InfluxDB 1.x and 2.x.
/// - Control characters from U+0080 to U+009F in a tag key or field key: accepted as there, though InfluxDB 3.6
///   itself rejects them, and so does the encoder. The text exists already, and was made for some server that
///   accepts it.
/// - A comment ends at its newline. There, and in InfluxDB 1.x and 2.x, `# a="` opens a string that hides
///   the lines behind it.
///
/// ```
/// use influx_edge::line::text_lines;
///
/// let mut lines =
///     text_lines("weather temp_c=21.5 1700000000\nweather temp_c=21,5\n");
/// let (number, line) = lines.next().unwrap();
/// assert!(number == 1 && line.is_ok_and(|line| line.has_time));
/// let (number, line) = lines.next().unwrap();
/// assert!(number == 2 && line.is_err());
/// ```
#[must_use]
pub fn text_lines(text: &str) -> TextLines<'_> {
    TextLines {
        text: text.as_bytes(),
        rest: text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes(),
        number: 1,
    }
}

/// Returns the length of the whole lines at the start of a text.
///
/// For a text that arrives in pieces: the rest belongs to the next piece. Lines end as in [`text_lines`].
///
/// ```
/// use influx_edge::line::whole_lines;
///
/// assert_eq!(whole_lines(b"m f=1\nm f="), 6);
/// assert_eq!(whole_lines(b"m f=\"a\nb"), 0); // the string goes on
/// ```
#[must_use]
pub fn whole_lines(text: &[u8]) -> usize {
    let last = text.iter().rposition(|byte| *byte == b'\n');
    let end = last.map_or(0, |at| at.saturating_add(1));
    // Without a quote there is no string; without a backslash no newline is escaped.
    if !text.contains(&b'"') && !text.contains(&b'\\') {
        return end;
    }
    let whole = text.get(..end).unwrap_or_default();
    let mut at = usize::from(whole.starts_with(BYTE_ORDER_MARK)) * BYTE_ORDER_MARK.len();
    while let Some(rest) = whole.get(at..).filter(|rest| !rest.is_empty()) {
        let line = first_line(rest).saturating_add(1);
        if line > rest.len() {
            return at;
        }
        at = at.saturating_add(line);
    }
    at
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Returns the offset of the newline that ends the first line, or comment; the length if none does.
fn first_line(text: &[u8]) -> usize {
    let newline = text.iter().position(|byte| *byte == b'\n');
    let newline = newline.unwrap_or(text.len());
    let first = text.get(..newline).unwrap_or_default();
    let comment = after_blanks(first).first() == Some(&b'#');
    match comment || !(first.contains(&b'"') || first.ends_with(b"\\")) {
        true => newline,
        false => end_of_line(text),
    }
}

impl<'a> Iterator for TextLines<'a> {
    type Item = (u64, Result<TextLine<'a>, LineSyntaxError>);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let number = self.number;
            let comment = after_blanks(self.rest).first() == Some(&b'#');
            let end = match comment {
                true => first_line(self.rest),
                false => end_of_line(self.rest),
            };
            let line = self.rest.get(..end).unwrap_or_default();
            self.rest = self.rest.get(end.saturating_add(1)..).unwrap_or_default();
            let newlines = line.iter().filter(|byte| **byte == b'\n').count();
            self.number = number.saturating_add(newlines as u64).saturating_add(1);
            let line = after_blanks(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !comment && !line.is_empty() {
                let read = Parser { line, at: 0 }.line();
                return Some((number, read.and_then(whole)));
            }
        }
        None
    }
}

/// Returns the line if its end stays the same without the blanks before it.
fn whole(line: TextLine<'_>) -> Result<TextLine<'_>, LineSyntaxError> {
    let offset = end_of_line(line.bytes);
    match offset < line.bytes.len() {
        true => Err(LineSyntaxError {
            reason: "a newline in a string behind such a field key ends the line",
            offset,
            number: 0,
        }),
        false => Ok(line),
    }
}

fn after_blanks(line: &[u8]) -> &[u8] {
    let blanks = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
    line.get(blanks.count()..).unwrap_or_default()
}

/// Returns the offset of the newline that ends the first line.
//
// Behind the first unescaped space, a quote opens or closes a string if there are more equals signs than commas
// before it. This isn't the grammar, but it is what all servers do.
fn end_of_line(text: &[u8]) -> usize {
    let (mut escaped, mut fields, mut quoted) = (false, false, false);
    let (mut equals, mut commas) = (0usize, 0usize);
    for (at, byte) in text.iter().enumerate() {
        if escaped {
            escaped = false;
            continue;
        }
        match byte {
            b'\\' => escaped = true,
            b' ' => fields = true,
            b'=' if fields && !quoted => equals = equals.saturating_add(1),
            b',' if fields && !quoted => commas = commas.saturating_add(1),
            b'"' if fields && equals > commas => quoted = !quoted,
            b'\n' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

/// A line, and the number of bytes that were parsed.
struct Parser<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn line(mut self) -> Result<TextLine<'a>, LineSyntaxError> {
        self.name(
            |byte| matches!(byte, b' ' | b'\t' | b'\n' | b',' | 0),
            "there is no measurement",
        )?;
        while self.take(b',') {
            self.name(is_key_end, "a tag has no key")?;
            self.expect(b'=', "a tag has no =")?;
            let is_end = |byte| matches!(byte, b' ' | b'\t' | b'\n' | b',');
            self.name(is_end, "a tag has no value")?;
        }
        if self.spaces() == 0 {
            return Err(self.error("there is no field"));
        }
        let mut missing = "there is no field";
        loop {
            self.name(is_key_end, missing)?;
            self.expect(b'=', "a field has no =")?;
            self.value()?;
            if !self.take(b',') {
                break;
            }
            missing = "there is no field behind the comma";
        }
        let mut end = self.at;
        let spaces = self.spaces();
        let has_time = self.peek().is_some();
        if has_time {
            if spaces == 0 {
                return Err(self.error("a field's value isn't a number, a boolean or a string"));
            }
            self.time()?;
            end = self.at;
            self.spaces();
            if self.peek().is_some() {
                return Err(
                    self.error("something follows the time, or the time isn't a whole number")
                );
            }
        }
        Ok(TextLine {
            bytes: self.line.get(..end).unwrap_or_default(),
            has_time,
        })
    }

    fn error(&self, reason: &'static str) -> LineSyntaxError {
        LineSyntaxError {
            reason,
            offset: self.at,
            number: 0,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.step();
        }
        there
    }

    fn expect(&mut self, byte: u8, missing: &'static str) -> Result<(), LineSyntaxError> {
        match self.take(byte) {
            true => Ok(()),
            false => Err(self.error(missing)),
        }
    }

    fn spaces(&mut self) -> usize {
        let start = self.at;
        while self.take(b' ') {}
        self.at.saturating_sub(start)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.step();
        }
        self.at.saturating_sub(start)
    }

    /// Parses a measurement, a key, or a tag's value. An escaped byte ends none of them, and none may end with a
    /// backslash.
    fn name(
        &mut self,
        is_end: impl Fn(u8) -> bool,
        missing: &'static str,
    ) -> Result<(), LineSyntaxError> {
        let start = self.at;
        let mut backslash = false;
        while let Some(byte) = self.peek().filter(|byte| !is_end(*byte)) {
            self.step();
            backslash = false;
            if byte == b'\\' {
                backslash = matches!(self.peek(), None | Some(b'\\'));
                self.step();
            }
        }
        match self.at > start {
            false => Err(self.error(missing)),
            true if backslash => Err(self.error("a name or a tag's value ends with a backslash")),
            true => Ok(()),
        }
    }

    fn value(&mut self) -> Result<(), LineSyntaxError> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.boolean(),
        }
    }

    fn string(&mut self) -> Result<(), LineSyntaxError> {
        self.step();
        while let Some(byte) = self.peek() {
            self.step();
            match byte {
                b'"' => return Ok(()),
                // (The byte behind a backslash doesn't end the string, even if the backslash escapes nothing.)
                b'\\' => self.step(),
                _ => {}
            }
        }
        Err(self.error("a string has no end"))
    }

    fn number(&mut self) -> Result<(), LineSyntaxError> {
        const NOT_A_NUMBER: &str = "a number has no digits where it needs some";
        let start = self.at;
        let negative = self.take(b'-');
        if self.digits() == 0 {
            return Err(self.error(NOT_A_NUMBER));
        }
        match self.peek() {
            Some(b'i') => {
                self.whole::<i64>(start, "an integer is outside the range of 64 bits")?;
                self.step();
                return Ok(());
            }
            Some(b'u') if !negative => {
                self.whole::<u64>(start, "an unsigned integer is outside the range of 64 bits")?;
                self.step();
                return Ok(());
            }
            _ => {}
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(self.error(NOT_A_NUMBER));
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'-') || self.take(b'+');
            if self.digits() == 0 {
                return Err(self.error(NOT_A_NUMBER));
            }
        }
        Ok(())
    }

    /// Checks that the digits from `start` on fit.
    fn whole<T: core::str::FromStr>(
        &self,
        start: usize,
        too_large: &'static str,
    ) -> Result<(), LineSyntaxError> {
        let digits = self.line.get(start..self.at).unwrap_or_default();
        let text = core::str::from_utf8(digits).unwrap_or_default();
        match text.parse::<T>() {
            Ok(_) => Ok(()),
            Err(_) => Err(LineSyntaxError {
                reason: too_large,
                offset: start,
                number: 0,
            }),
        }
    }

    fn boolean(&mut self) -> Result<(), LineSyntaxError> {
        const WORDS: [&[u8]; 10] = [
            b"true", b"True", b"TRUE", b"t", b"T", b"false", b"False", b"FALSE", b"f", b"F",
        ];
        let rest = self.line.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|byte| matches!(byte, b',' | b' '));
        let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if !WORDS.contains(&word) {
            return Err(self.error("a field's value isn't a number, a boolean or a string"));
        }
        self.at = self.at.saturating_add(word.len());
        Ok(())
    }

    fn time(&mut self) -> Result<(), LineSyntaxError> {
        let start = self.at;
        self.take(b'-');
        if self.digits() == 0 {
            return Err(self.error("something follows the fields that isn't a time"));
        }
        self.whole::<i64>(start, "the time is outside the range of 64 bits")
    }
}

fn is_key_end(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'=')
}
