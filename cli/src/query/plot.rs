//! Series of numbers as text: statistics, bars over time, sparklines.

use super::cell::{Column, Head, printable};
use super::series::Series;
use super::table::{self, HEADING, KEY, NOTE, painted, wrapped};
use crate::terminal::Terminal;
use influx_edge::{Timestamp, csv::display_width};
use std::io::{self, Write};

/// The style of plots.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) terminal: Terminal,
    /// `true` for block characters, `false` for ASCII.
    pub(super) unicode: bool,
    /// One line a series, in the table of statistics.
    pub(super) sparklines: bool,
}

/// The width without a terminal.
const WIDTH: usize = 80;
/// The most columns of a plot.
const MAX_COLUMNS: usize = 120;
/// The least and the most columns of a sparkline.
const SPARK: (usize, usize) = (16, 40);
/// The most columns of one bar.
const MAX_BAR: usize = 6;
const ROWS: usize = 6;
/// The fillings of a cell, from empty to full.
const BLOCKS: &[char] = &[' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: &[char] = &[' ', '.', ':', '#'];
const STATISTICS: [&str; 5] = ["count", "min", "mean", "max", "last"];

impl Style {
    fn width(self) -> usize {
        self.terminal.width.unwrap_or(WIDTH).max(20)
    }

    fn steps(self) -> &'static [char] {
        if self.unicode { BLOCKS } else { ASCII }
    }

    fn painted(self, text: &str, style: &str) -> String {
        painted(text, style, self.terminal.colour).into_owned()
    }
}

/// Writes a table of statistics, with sparklines or followed by plots. If it doesn't fit without cutting a
/// name, each series is printed on lines of its own.
pub(super) fn print(out: &mut impl Write, series: &[Series], style: Style) -> io::Result<()> {
    let tabulated = statistics(out, series, style)?;
    for (number, one) in series.iter().enumerate() {
        if tabulated && style.sparklines {
            continue;
        }
        if tabulated || number > 0 {
            writeln!(out)?;
        }
        let key = one.key.iter();
        let key = key.map(|(name, value)| printable(&format!("{name}={value}")));
        for line in wrapped(key, style.width()) {
            writeln!(out, "{}", style.painted(&line, KEY))?;
        }
        if !tabulated {
            let cells = STATISTICS.iter().zip(numbers(one));
            let cells = cells.map(|(name, value)| format!("{name} {value}"));
            for line in wrapped(cells, style.width()) {
                writeln!(out, "{line}")?;
            }
        }
        if style.sparklines {
            writeln!(out, "{}", sparkline(one, style, style.width().min(SPARK.1)))?;
        } else {
            plot(out, one, style)?;
        }
    }
    Ok(())
}

/// Writes the table of statistics; returns `false` if it doesn't fit.
fn statistics(out: &mut impl Write, series: &[Series], style: Style) -> io::Result<bool> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in series.iter().flat_map(|one| &one.key) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let column = |name: &str, is_group| Column {
        name: name.to_owned(),
        is_group,
    };
    let keys = names.iter().map(|name| column(name, true));
    let head = Head {
        statement: 0,
        columns: keys
            .chain(STATISTICS.map(|name| column(name, false)))
            .collect(),
    };
    let row = |one: &Series| -> Vec<String> {
        let value = |name: &&str| {
            let found = one.key.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        names.iter().map(value).chain(numbers(one)).collect()
    };
    let rows: Vec<Vec<String>> = series.iter().map(row).collect();
    let natural = table::layout(&head, &rows, usize::MAX);
    let widest = natural.table.lines().map(display_width).max().unwrap_or(0);
    let space = style.width().saturating_sub(widest).saturating_sub(2);
    let needed = if style.sparklines { SPARK.0 } else { 0 };
    if series.is_empty() || widest > style.width() || space < needed {
        return Ok(false);
    }
    for line in table::layout(&head, &rows, style.width()).key {
        writeln!(out, "{}", style.painted(&line, KEY))?;
    }
    let mut series = series.iter();
    for (number, line) in natural.table.lines().enumerate() {
        if number == 0 {
            writeln!(out, "{}", style.painted(line, HEADING))?;
        } else if let (true, Some(one)) = (style.sparklines, series.next()) {
            let gap = widest.saturating_add(2).saturating_sub(display_width(line));
            let gap = " ".repeat(gap);
            let bars = sparkline(one, style, space.min(SPARK.1));
            writeln!(out, "{}", format!("{line}{gap}{bars}").trim_end())?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(true)
}

fn numbers(series: &Series) -> impl Iterator<Item = String> {
    let values = [series.min, series.mean, series.max, series.last];
    std::iter::once(series.count.to_string()).chain(values.map(short))
}

/// Divides the time of a series into at most `space` columns and returns the mean of the values in each;
/// `None` for a column without values.
fn columns(series: &Series, space: usize) -> Vec<Option<f64>> {
    let count = space.min(series.spans.len());
    let starts = || series.spans.iter().map(|span| i128::from(span.start));
    let (Some(first), Some(last)) = (starts().min(), starts().max()) else {
        return Vec::new();
    };
    let steps = i128::try_from(count.saturating_sub(1)).unwrap_or(0);
    let range = last.saturating_sub(first).max(1);
    let mut columns: Vec<(f64, f64)> = vec![(0.0, 0.0); count];
    for span in &series.spans {
        let at = i128::from(span.start).saturating_sub(first);
        // Rounded to the nearest column, in integers: times in nanoseconds exceed the digits of a float.
        let at = at.saturating_mul(steps).saturating_add(range / 2) / range;
        let at = usize::try_from(at).unwrap_or(0);
        if let Some((mean, weight)) = columns.get_mut(at) {
            #[allow(clippy::cast_precision_loss, reason = "a weight")]
            let more = span.count as f64;
            *weight += more;
            *mean += span.mean * (more / *weight) - *mean * (more / *weight);
        }
    }
    let filled = |(mean, weight): (f64, f64)| (weight > 0.0).then_some(mean);
    columns.into_iter().map(filled).collect()
}

/// A range with round ends around all values; equal values are in its middle.
struct Scale {
    low: f64,
    high: f64,
    decimals: usize,
}

impl Scale {
    fn of(values: &[Option<f64>]) -> Scale {
        let values = || values.iter().flatten().copied();
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        let size = low.abs().max(high.abs());
        // A range within rounding errors counts as empty.
        if high - low <= size * 1e-9 {
            let half = if size > 0.0 { size * 0.1 } else { 1.0 };
            let step = round_step(half);
            return Scale {
                low: low - step,
                high: high + step,
                decimals: decimals(step),
            };
        }
        // The difference of two finite numbers may overflow; that of their quarters can't.
        let step = round_step((high / 4.0 - low / 4.0).max(f64::MIN_POSITIVE));
        Scale {
            low: ((low / step).floor() * step).max(f64::MIN),
            high: ((high / step).ceil() * step).min(f64::MAX),
            decimals: decimals(step),
        }
    }

    /// Returns the part of the range below the value, from 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.5
        }
    }

    fn label(&self, value: f64) -> String {
        if value.abs() >= 1e15 || self.decimals > 9 {
            return short(value);
        }
        format!("{value:.*}", self.decimals)
    }
}

/// Returns the largest step of 1, 2 or 5 times a power of ten up to `size`: Heckbert's nice numbers for graph
/// labels (Graphics Gems, 1990).
fn round_step(size: f64) -> f64 {
    let power = 10f64.powf(size.log10().floor());
    let times = [5.0, 2.0, 1.0];
    let fits = times
        .into_iter()
        .find(|times| power * times <= size * 1.000_001);
    power * fits.unwrap_or(1.0)
}

/// Returns the number of decimals that distinguishes multiples of the step.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 400"
)]
fn decimals(step: f64) -> usize {
    (-(step.log10() + 1e-9).floor()).clamp(0.0, 400.0) as usize
}

/// Returns the height of each bar in steps. The least value has one step, so that its bar is visible.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of some fifty steps"
)]
fn heights(values: &[Option<f64>], scale: &Scale, full: usize) -> Vec<usize> {
    let most = full.saturating_sub(1) as f64;
    let height = |value: f64| ((scale.share(value) * most).round() as usize).saturating_add(1);
    values.iter().map(|value| value.map_or(0, height)).collect()
}

fn sparkline(series: &Series, style: Style, width: usize) -> String {
    let values = columns(series, width);
    let scale = Scale::of(&values);
    let steps = style.steps();
    let heights = heights(&values, &scale, steps.len().saturating_sub(1));
    let bars = heights.into_iter().filter_map(|height| steps.get(height));
    bars.collect::<String>().trim_end().to_owned()
}

fn plot(out: &mut impl Write, series: &Series, style: Style) -> io::Result<()> {
    let steps = style.steps();
    let per_row = steps.len().saturating_sub(1);
    // The width of the labels depends on the scale, the scale on the means of the columns, and their number on
    // the width of the labels: repeated with fewer columns until the labels fit.
    let mut space = style.width().saturating_sub(12).min(MAX_COLUMNS);
    let (values, scale, label) = loop {
        let values = columns(series, space);
        let scale = Scale::of(&values);
        let labels = [&scale.label(scale.low), &scale.label(scale.high)];
        let label = labels
            .map(|label| label.len())
            .into_iter()
            .max()
            .unwrap_or(0);
        let fits = style.width().saturating_sub(label.saturating_add(2));
        if space <= fits || space <= 8 {
            break (values, scale, label);
        }
        space = fits.max(8);
    };
    let bar = space
        .checked_div(values.len())
        .unwrap_or(1)
        .clamp(1, MAX_BAR);
    let full = ROWS.saturating_mul(per_row);
    let heights = heights(&values, &scale, full);
    let axis = if style.unicode { '│' } else { '|' };
    for row in (0..ROWS).rev() {
        let text = match row {
            0 => scale.label(scale.low),
            _ if row.saturating_add(1) == ROWS => scale.label(scale.high),
            _ => String::new(),
        };
        let below = row.saturating_mul(per_row);
        let mut bars = String::new();
        for height in &heights {
            let step = height.saturating_sub(below).min(per_row);
            let step = steps.get(step).copied().unwrap_or(' ');
            bars.extend(std::iter::repeat_n(step, bar));
        }
        let scale = style.painted(&format!("{text:>label$} {axis}"), NOTE);
        writeln!(out, "{}{}", scale, bars.trim_end())?;
    }
    if let Some(times) = time_axis(series, values.len().saturating_mul(bar)) {
        let indent = " ".repeat(label.saturating_add(2));
        writeln!(out, "{}", style.painted(&format!("{indent}{times}"), NOTE))?;
    }
    Ok(())
}

/// Returns the time axis: the first time on the left, the last on the right if it fits.
fn time_axis(series: &Series, width: usize) -> Option<String> {
    if !series.timed {
        return None;
    }
    let starts = || series.spans.iter().map(|span| span.start);
    let text = |nanos: i64| Timestamp::from_secs(nanos.div_euclid(1_000_000_000)).to_string();
    let (first, last) = (text(starts().min()?), text(starts().max()?));
    let date = |text: &str| text.split('T').next().map(str::to_owned);
    let last = if date(&first) == date(&last) {
        let clock = last.split('T').nth(1);
        clock.unwrap_or(&last).to_owned()
    } else {
        last
    };
    let used = first.len().saturating_add(last.len());
    if used.saturating_add(2) > width {
        return Some(first);
    }
    let gap = " ".repeat(width.saturating_sub(used));
    Some(format!("{first}{gap}{last}"))
}

/// Formats a number with six significant digits, but never cuts digits before the point.
fn short(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{value:.5e}").replace(".00000e", "e");
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 9"
    )]
    let decimals = (5.0 - size.max(1e-4).log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}
