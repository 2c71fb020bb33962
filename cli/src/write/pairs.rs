//! `Pairs`: the format of `--pairs`, a field on each line: `name value` or `name value time`.

use super::format::{Format, LineEncoder, Lines, Position, RejectedRecord};
use crate::failure::Failure;
use std::io::Read;

/// The longest line.
const MAX_LINE: usize = 64 * 1024;

/// One input of pairs, which are fields of one measurement.
pub(super) struct Pairs {
    measurement: String,
    /// The beginning of a line that isn't complete.
    pending: Vec<u8>,
    /// The number of its bytes beyond the longest line.
    left_out: u64,
    at: Position,
}

impl Pairs {
    pub(super) fn new(measurement: String) -> Pairs {
        Pairs {
            measurement,
            pending: Vec::new(),
            left_out: 0,
            at: Position::default(),
        }
    }

    fn keep(&mut self, part: &[u8]) {
        let space = MAX_LINE.saturating_sub(self.pending.len()).min(part.len());
        let (kept, rest) = part.split_at_checked(space).unwrap_or((part, &[]));
        self.pending.extend_from_slice(kept);
        self.left_out = self.left_out.saturating_add(rest.len() as u64);
    }

    /// Takes a whole line, or the last one without a newline.
    fn line(&mut self, newline: u64, lines: &mut Lines) {
        let number = self.at.lines.saturating_add(1);
        let len = (self.pending.len() as u64).saturating_add(self.left_out);
        self.at.bytes = self.at.bytes.saturating_add(len).saturating_add(newline);
        self.at.lines = self.at.lines.saturating_add(newline);
        let mut line = self.pending.as_slice();
        if number == 1 {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        let line = line.trim_ascii();
        if !matches!(line, [] | [b'#', ..]) {
            let pair = match self.left_out {
                0 => pair(&mut lines.encoder, &self.measurement, line),
                _ => Err("the line is longer than 64 KiB".to_owned()),
            };
            match pair {
                Ok(()) => lines.numbers.push(number),
                Err(reason) => lines.rejected.push(RejectedRecord {
                    number,
                    record: line.to_vec(),
                    reason,
                }),
            }
        }
        self.pending.clear();
        self.left_out = 0;
    }
}

impl Format for Pairs {
    fn push(&mut self, piece: &[u8], lines: &mut Lines) -> Result<(), Failure> {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            match part {
                [line @ .., b'\n'] => {
                    self.keep(line);
                    self.line(1, lines);
                }
                _ => self.keep(part),
            }
        }
        Ok(())
    }

    fn finish(&mut self, lines: &mut Lines) -> Result<(), Failure> {
        if !self.pending.is_empty() {
            self.line(0, lines);
        }
        Ok(())
    }

    fn position(&self) -> Position {
        self.at
    }

    fn resume(&mut self, at: Position, _start: &mut dyn Read) -> Result<(), Failure> {
        self.at = at;
        Ok(())
    }
}

/// Writes the line of a pair.
fn pair(encoder: &mut LineEncoder, measurement: &str, line: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(line).map_err(|_| "the line isn't UTF-8".to_owned())?;
    let mut parts = text.split_ascii_whitespace();
    let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
        return Err("the line isn't `name value [time]`".to_owned());
    };
    let value = Value::parse(value).ok_or("the value is not a number, true or false")?;
    let time = parts.next().map(str::parse::<i64>).transpose();
    let time = time.map_err(|_| "the time is not an integer".to_owned())?;
    if parts.next().is_some() {
        return Err("something follows the time".to_owned());
    }
    let line = encoder.line(measurement);
    let fields = match value {
        Value::Bool(value) => line.field(name, value),
        Value::Int(value) => line.field(name, value),
        Value::UInt(value) => line.field(name, value),
        Value::Float(value) => line.field(name, value),
    };
    match time {
        Some(count) => fields.timestamp(count),
        None => fields.finish(),
    }
    .map_err(|error| error.to_string())
}

enum Value {
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
}

impl Value {
    /// Parses `21.5`, `7i`, `7u`, `true` or `false`.
    fn parse(text: &str) -> Option<Value> {
        match text {
            "true" => return Some(Value::Bool(true)),
            "false" => return Some(Value::Bool(false)),
            _ => {}
        }
        if let Some(digits) = text.strip_suffix('i') {
            return digits.parse().ok().map(Value::Int);
        }
        match text.strip_suffix('u') {
            Some(digits) => digits.parse().ok().map(Value::UInt),
            None => text.parse().ok().map(Value::Float),
        }
    }
}
