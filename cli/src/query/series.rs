//! Series of numbers over time, each in bounded memory, for plots.

use super::cell::{Cell, Head, Kind, Sink};
use super::plot::{self, Style};
use crate::failure::Failure;
use influx_edge::Timestamp;
use std::collections::HashMap;
use std::io::Write;

/// The most series that are drawn; a note reports further ones.
const MAX_SERIES: usize = 100;
/// The most spans of a series. When it is reached, each two neighbours become one, so that memory is bounded
/// without knowing the length of the series.
const MAX_SPANS: usize = 512;

/// Names and values of the group key: `station=zrh-1`.
type Key = Vec<(String, String)>;

pub(super) struct Series {
    pub(super) key: Key,
    pub(super) count: u64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) mean: f64,
    pub(super) last: f64,
    last_time: i64,
    pub(super) spans: Vec<Span>,
    /// The number of values in a full span.
    per_span: u64,
    /// `true` if all values have times; otherwise they are drawn in their order.
    pub(super) timed: bool,
}

/// Values that follow one another.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// The time of its first value in nanoseconds, or its position.
    pub(super) start: i64,
    pub(super) count: u64,
    pub(super) mean: f64,
}

impl Series {
    fn new(key: Key) -> Series {
        Series {
            key,
            count: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            mean: 0.0,
            last: 0.0,
            last_time: i64::MIN,
            spans: Vec::new(),
            per_span: 1,
            timed: true,
        }
    }

    fn push(&mut self, time: Option<Timestamp>, value: f64) {
        self.timed &= time.is_some();
        let order = i64::try_from(self.count).unwrap_or(i64::MAX);
        let time = time.map_or(order, Timestamp::as_nanos);
        self.count = self.count.saturating_add(1);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.mean = mean_of(self.mean, value, self.count);
        if time >= self.last_time {
            (self.last, self.last_time) = (value, time);
        }
        match self.spans.last_mut() {
            Some(span) if span.count < self.per_span => {
                span.count = span.count.saturating_add(1);
                span.mean = mean_of(span.mean, value, span.count);
                span.start = span.start.min(time);
            }
            _ => {
                if self.spans.len() >= MAX_SPANS {
                    self.halve();
                }
                self.spans.push(Span {
                    start: time,
                    count: 1,
                    mean: value,
                });
            }
        }
    }

    fn halve(&mut self) {
        let pair = |pair: &[Span]| match *pair {
            [a, b] => Some(Span {
                start: a.start.min(b.start),
                count: a.count.saturating_add(b.count),
                mean: a.mean / 2.0 + b.mean / 2.0,
            }),
            [a] => Some(a),
            _ => None,
        };
        self.spans = self.spans.chunks(2).filter_map(pair).collect();
        self.per_span = self.per_span.saturating_mul(2);
    }
}

/// Returns the mean after one more value: Welford's update, with the division first against overflow.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn mean_of(mean: f64, value: f64, count: u64) -> f64 {
    mean + (value / count as f64 - mean / count as f64)
}

/// Collects the numbers of all rows and draws them at the end.
pub(super) struct Plots<W> {
    out: W,
    style: Style,
    head: Head,
    series: Vec<Series>,
    by_key: HashMap<Vec<u8>, usize>,
    left_out: bool,
    /// Rows without a number.
    numberless: u64,
}

impl<W: Write> Plots<W> {
    pub(super) fn new(out: W, style: Style) -> Self {
        Plots {
            out,
            style,
            head: Head::default(),
            series: Vec::new(),
            by_key: HashMap::new(),
            left_out: false,
            numberless: 0,
        }
    }

    /// Returns `true` if there was no number.
    pub(super) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    fn add(&mut self, id: &[u8], key: impl FnOnce() -> Key, time: Option<Timestamp>, value: f64) {
        let at = match self.by_key.get(id) {
            Some(at) => *at,
            None if self.series.len() >= MAX_SERIES => {
                self.left_out = true;
                return;
            }
            None => {
                self.by_key.insert(id.to_vec(), self.series.len());
                self.series.push(Series::new(key()));
                self.series.len().saturating_sub(1)
            }
        };
        if let Some(series) = self.series.get_mut(at) {
            series.push(time, value);
        }
    }
}

impl<W: Write> Sink for Plots<W> {
    fn table(&mut self, head: Head) -> Result<(), Failure> {
        self.head = head;
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure> {
        let head = std::mem::take(&mut self.head);
        let columns = || head.columns.iter().zip(cells);
        let in_key = |name: &str| !matches!(name, "_start" | "_stop");
        let keys = || columns().filter(|(column, _)| column.is_group && in_key(&column.name));
        let values = columns().filter(|(column, cell)| !column.is_group && cell.number().is_some());
        let mut numbers = 0u64;
        for (column, cell) in values {
            let Some(value) = cell.number() else { continue };
            numbers = numbers.saturating_add(1);
            let mut id = head.statement.to_le_bytes().to_vec();
            for text in keys().flat_map(|(column, cell)| [column.name.as_bytes(), cell.text]) {
                id.extend_from_slice(&text.len().to_le_bytes());
                id.extend_from_slice(text);
            }
            id.extend_from_slice(column.name.as_bytes());
            let key = || {
                let text = |cell: &Cell<'_>| String::from_utf8_lossy(cell.text).into_owned();
                let mut key: Key = keys()
                    .map(|(column, cell)| (column.name.clone(), text(cell)))
                    .collect();
                if column.name != "_value" {
                    key.push((String::from("field"), column.name.clone()));
                }
                key
            };
            self.add(&id, key, time(columns()), value);
        }
        self.numberless = self.numberless.saturating_add(u64::from(numbers == 0));
        self.head = head;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Failure> {
        plot::print(&mut self.out, &self.series, self.style)?;
        let rows = |count: u64| if count == 1 { "row has" } else { "rows have" };
        if self.numberless > 0 {
            let count = self.numberless;
            writeln!(self.out, "({count} {} no number)", rows(count))?;
        }
        if self.left_out {
            writeln!(self.out, "(only the first {MAX_SERIES} series are drawn)")?;
        }
        Ok(self.out.flush()?)
    }
}

/// Returns the time of a row: its column `_time` or `time`, or any other time that isn't the bound of a range.
fn time<'c>(
    columns: impl Iterator<Item = (&'c super::cell::Column, &'c Cell<'c>)> + Clone,
) -> Option<Timestamp> {
    let times = columns.filter(|(column, cell)| {
        cell.kind == Kind::Time && !matches!(&*column.name, "_start" | "_stop")
    });
    let named =
        |(column, _): &(&super::cell::Column, &Cell<'_>)| matches!(&*column.name, "_time" | "time");
    let (_, cell) = times.clone().find(named).or_else(|| times.clone().next())?;
    Timestamp::parse(std::str::from_utf8(cell.text).ok()?).ok()
}
