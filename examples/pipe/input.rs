//! Standard input as lines, and lines as points.

use influx_edge::Precision;
use influx_edge::line::Point;
use influxdb_line_protocol::{FieldValue, parse_lines};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// A longer line is refused, in parts of this length: nobody's input may fill the memory.
const MAX_LINE: usize = 1 << 20;

/// The bytes of standard input, read by a thread that does nothing else.
///
/// All it has read is here, or in its hand while it waits for space: nothing is in a buffer of its
/// own, which Ctrl-C would lose.
pub(crate) struct Input {
    chunks: Receiver<Vec<u8>>,
    /// The thread waits in `read`, with empty hands.
    reading: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    line: Vec<u8>,
    /// The line's begin was too long, and is refused.
    too_long: bool,
}

impl Input {
    pub(crate) fn start(stop: Arc<AtomicBool>) -> Self {
        let (send, chunks) = sync_channel(4);
        let reading = Arc::new(AtomicBool::new(true));
        let (waits, ended) = (Arc::clone(&reading), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut stdin = std::io::stdin().lock();
            let mut chunk = vec![0; 16 * 1024];
            while !ended.load(Ordering::SeqCst) {
                waits.store(true, Ordering::SeqCst);
                let n = stdin.read(&mut chunk);
                waits.store(false, Ordering::SeqCst);
                match n {
                    Ok(0) => return,
                    Ok(n) => {
                        if send.send(chunk[..n].to_vec()).is_err() {
                            return;
                        }
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        eprintln!("pipe: standard input can't be read: {error}");
                        return;
                    }
                }
            }
        });
        Input {
            chunks,
            reading,
            stop,
            line: Vec::new(),
            too_long: false,
        }
    }

    /// Waits for something to come, so long at most, and gives out the lines that end in it.
    /// `Disconnected` is the end of the input, or of reading it.
    pub(crate) fn lines(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(&[u8], bool),
    ) -> Result<(), RecvTimeoutError> {
        let chunk = self.chunks.recv_timeout(wait).map_err(|end| {
            let stopped = self.stop.load(Ordering::SeqCst) && self.reading.load(Ordering::SeqCst);
            if stopped {
                RecvTimeoutError::Disconnected
            } else {
                end
            }
        })?;
        for part in chunk.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(part);
            if let [line @ .., b'\n'] = &self.line[..] {
                take(line.strip_suffix(b"\r").unwrap_or(line), !self.too_long);
                self.line.clear();
                self.too_long = false;
            } else if self.line.len() > MAX_LINE {
                self.too_long = true;
                take(&self.line, false);
                self.line.clear();
            }
        }
        Ok(())
    }

    /// What came behind the last line end, and whether it is all of its line.
    pub(crate) fn rest(self) -> Option<(Vec<u8>, bool)> {
        (!is_blank(&self.line)).then_some((self.line, !self.too_long))
    }
}

/// Nothing, or a comment.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    line.is_empty() || line.starts_with(b"#")
}

/// A line of line protocol. It is read and written again: what goes out was looked at by the encoder,
/// and a line can't be more than one.
pub(crate) fn line(line: &[u8], precision: Precision) -> Result<Point, String> {
    let mut lines = parse_lines(text(line)?);
    let parsed = match (lines.next(), lines.next()) {
        (Some(Ok(parsed)), None) => parsed,
        (Some(Err(error)), _) => return Err(error.to_string()),
        _ => return Err("it is not one line".to_owned()),
    };
    let mut point = Point::new(parsed.series.measurement.as_str());
    for (key, value) in parsed.series.tag_set.iter().flatten() {
        point = point.tag(key.as_str(), value.as_str());
    }
    for (key, value) in &parsed.field_set {
        let key = key.as_str();
        point = match value {
            FieldValue::I64(v) => point.field(key, *v),
            FieldValue::U64(v) => point.field(key, *v),
            FieldValue::F64(v) => point.field(key, *v),
            FieldValue::Boolean(v) => point.field(key, *v),
            FieldValue::String(v) => point.field(key, v.as_str()),
        };
    }
    Ok(match parsed.timestamp {
        Some(count) => point.timestamp(count, precision),
        None => point,
    })
}

/// `name value`, or `name value time`.
pub(crate) fn pair(line: &[u8], measurement: &str, precision: Precision) -> Result<Point, String> {
    let mut words = text(line)?.split_ascii_whitespace();
    let (Some(name), Some(value)) = (words.next(), words.next()) else {
        return Err("it is not `name value`".to_owned());
    };
    let point = Point::new(measurement);
    let whole = value.strip_suffix('i').map(str::parse::<i64>);
    let point = match (value, whole, value.parse::<f64>()) {
        ("true", ..) => point.field(name, true),
        ("false", ..) => point.field(name, false),
        (_, Some(Ok(whole)), _) => point.field(name, whole),
        (.., Ok(number)) => point.field(name, number),
        _ => return Err(format!("{value:?} is no value")),
    };
    let point = match words.next().map(str::parse) {
        None => point,
        Some(Ok(count)) => point.timestamp(count, precision),
        Some(Err(_)) => return Err("its time is not a whole number".to_owned()),
    };
    match words.next() {
        None => Ok(point),
        Some(_) => Err("there is more behind its time".to_owned()),
    }
}

fn text(line: &[u8]) -> Result<&str, &'static str> {
    std::str::from_utf8(line).map_err(|_| "it is not UTF-8")
}
