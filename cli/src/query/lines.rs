//! CSV and JSON lines: a row at a time, in constant memory.

use super::cell::{Cell, Head, Kind, Sink, is_unprintable, printable};
use crate::failure::Failure;
use std::io::{self, Write};

/// CSV without annotations: one header for consecutive tables of the same columns, and an empty line before
/// another header.
pub(super) struct Csv<W> {
    out: W,
    /// `true` to escape control characters.
    escapes: bool,
    head: Head,
    /// The last header: statement and names.
    written: Option<(u32, Vec<String>)>,
    begun: bool,
}

impl<W: Write> Csv<W> {
    pub(super) fn new(out: W, escapes: bool) -> Self {
        Csv {
            out,
            escapes,
            head: Head::default(),
            written: None,
            begun: false,
        }
    }

    fn names(&mut self) -> io::Result<()> {
        self.begun = true;
        let same = self.written.as_ref().is_some_and(|(statement, names)| {
            let columns = self.head.columns.iter().map(|column| &column.name);
            *statement == self.head.statement && columns.eq(names)
        });
        if same {
            return Ok(());
        }
        if self.written.is_some() {
            self.out.write_all(b"\n")?;
        }
        let names = self.head.columns.iter().map(|column| column.name.clone());
        let names: Vec<String> = names.collect();
        let cells: Vec<Cell<'_>> = names.iter().map(|name| Cell::text(name)).collect();
        self.record(&cells)?;
        self.written = Some((self.head.statement, names));
        Ok(())
    }

    fn record(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let only_one = cells.len() == 1;
        for (number, cell) in cells.iter().enumerate() {
            if number > 0 {
                self.out.write_all(b",")?;
            }
            if self.escapes && cell.kind == Kind::Text {
                let text = printable(&String::from_utf8_lossy(cell.text));
                quoted(&mut self.out, text.as_bytes(), only_one)?;
            } else {
                quoted(&mut self.out, cell.text, only_one)?;
            }
        }
        self.out.write_all(b"\n")
    }
}

/// Writes a cell, in quotes where RFC 4180 requires them, and if it is empty and the only one of its row.
fn quoted(out: &mut impl Write, text: &[u8], only_one: bool) -> io::Result<()> {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\r' | b'\n');
    let would_vanish = only_one && text.is_empty();
    if !would_vanish && !text.iter().any(special) {
        return out.write_all(text);
    }
    out.write_all(b"\"")?;
    for piece in text.split_inclusive(|byte| *byte == b'"') {
        out.write_all(piece)?;
        if piece.ends_with(b"\"") {
            out.write_all(b"\"")?;
        }
    }
    out.write_all(b"\"")
}

impl<W: Write> Sink for Csv<W> {
    fn table(&mut self, head: Head) -> Result<(), Failure> {
        self.head = head;
        self.begun = false;
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure> {
        if !self.begun {
            self.names()?;
        }
        Ok(self.record(cells)?)
    }

    fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

/// JSON lines: an object for each row.
pub(super) struct Json<W> {
    out: W,
    /// `"name":`, as JSON.
    names: Vec<String>,
}

impl<W: Write> Json<W> {
    pub(super) fn new(out: W) -> Self {
        Json {
            out,
            names: Vec::new(),
        }
    }

    fn object(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        let out = &mut self.out;
        let mut before = "{";
        for (name, cell) in self.names.iter().zip(cells) {
            out.write_all(before.as_bytes())?;
            before = ",";
            out.write_all(name.as_bytes())?;
            match cell.kind {
                Kind::Null => out.write_all(b"null")?,
                Kind::Number if is_json_number(cell.text) => out.write_all(cell.text)?,
                // NaN and infinities.
                Kind::Number => out.write_all(b"null")?,
                Kind::Bool if cell.text.eq_ignore_ascii_case(b"true") => out.write_all(b"true")?,
                Kind::Bool if cell.text.eq_ignore_ascii_case(b"false") => {
                    out.write_all(b"false")?
                }
                Kind::Bool | Kind::Text | Kind::Time => {
                    let text = String::from_utf8_lossy(cell.text);
                    out.write_all(json_string(&text).as_bytes())?;
                }
            }
        }
        out.write_all(if before == "{" { b"{}\n" } else { b"}\n" })
    }
}

impl<W: Write> Sink for Json<W> {
    fn table(&mut self, head: Head) -> Result<(), Failure> {
        let names = head.columns.iter();
        self.names = names
            .map(|column| format!("{}:", json_string(&column.name)))
            .collect();
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure> {
        Ok(self.object(cells)?)
    }

    fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

/// Encodes a text as a JSON string.
fn json_string(text: &str) -> String {
    escaped_json(&serde_json::Value::from(text).to_string())
}

/// Escapes the characters that JSON allows but a terminal would interpret. They occur only inside strings, so
/// the value stays the same.
pub(super) fn escaped_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unprintable(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns `true` if the text is a number by JSON's grammar, so that it can be copied.
pub(super) fn is_json_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| -> usize { text.iter().take_while(|b| b.is_ascii_digit()).count() };
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.first() == Some(&b'0')) {
        return false;
    }
    rest = rest.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = fraction.get(count..).unwrap_or_default();
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', digits @ ..] => digits,
            digits => digits,
        };
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}
