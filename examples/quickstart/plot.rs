//! A table and small bar plots, for a terminal or for a file.

use std::io::{IsTerminal, stdout};
use std::iter::once;
use std::process::{Command, Stdio};

use influx_edge::Timestamp;
use influx_edge::csv::TextTable;

/// One line of numbers over time.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(Timestamp, f64)>,
}

/// The output device.
#[derive(Clone, Copy)]
pub(crate) struct Canvas {
    /// Columns of text.
    pub(crate) width: usize,
    /// A terminal gets block characters and a little colour; a file or a pipe plain ASCII.
    pub(crate) is_terminal: bool,
    pub(crate) colours: bool,
}

impl Canvas {
    /// Standard output. `COLUMNS` overrides its width, `NO_COLOR` turns colours off.
    pub(crate) fn stdout() -> Self {
        let is_terminal = stdout().is_terminal();
        let given = std::env::var("COLUMNS").ok().and_then(|n| n.parse().ok());
        let asked = || is_terminal.then(terminal_width).flatten();
        Self {
            width: given.or_else(asked).unwrap_or(80).clamp(40, 160),
            is_terminal,
            colours: is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        }
    }

    /// Emphasized text.
    pub(crate) fn strong(self, text: &str) -> String {
        self.coloured("1", text)
    }

    /// Dimmed text.
    pub(crate) fn faint(self, text: &str) -> String {
        self.coloured("2", text)
    }

    fn coloured(self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// A row for each time, a column for each series, as many as fit.
    pub(crate) fn table(self, times: &[Timestamp], series: &[Series]) {
        let names = series.iter().map(|series| series.name.as_str());
        let mut table = TextTable::new(once("time (UTC)").chain(names));
        for time in times {
            let cells = series.iter().map(|one| one.at(*time).map(short));
            table.row(once(clock(*time)).chain(cells.map(Option::unwrap_or_default)));
        }
        self.print(&table);
    }

    /// A table with an emphasized heading.
    pub(crate) fn print(self, table: &TextTable) {
        let text = table.display(self.width).to_string();
        let (heading, rows) = text.split_once('\n').unwrap_or((&text, ""));
        say!("{}\n{rows}", self.strong(heading));
    }

    /// Bars over time, above an axis with round numbers.
    pub(crate) fn plot(self, times: &[Timestamp], series: &Series) {
        for line in self.bars(times, series) {
            say!("{line}");
        }
    }

    /// The lines of a plot.
    pub(crate) fn bars(self, times: &[Timestamp], series: &Series) -> Vec<String> {
        const NAME: usize = 20;
        const SCALE: usize = 10;
        let (rows, steps, line) = match self.is_terminal {
            true => (3, BLOCKS, '│'),
            false => (4, ASCII, '|'),
        };
        let axis = Axis::new(series.points.iter().map(|(_, value)| *value));
        let row_steps = steps.len() - 1;
        // The height of each bar in steps, at least one so that a reading is visible.
        let heights: Vec<usize> = times
            .iter()
            .map(|time| {
                let share = series.at(*time).map(|value| axis.share(value));
                let steps = share.map(|share| (share * (rows * row_steps) as f64).round() as usize);
                steps.map_or(0, |steps| steps.max(1))
            })
            .collect();

        let space = self.width.saturating_sub(NAME + SCALE + 2);
        let bar = (space / times.len().max(1)).clamp(1, 6);
        let mut lines = Vec::new();
        for row in (0..rows).rev() {
            let (name, scale) = match row {
                0 => ("", axis.label(axis.low)),
                _ if row == rows - 1 => (series.name.as_str(), axis.label(axis.high)),
                _ => ("", String::new()),
            };
            let mut text = format!("{:<NAME$}", clip(name, NAME));
            text += &self.faint(&format!("{scale:>SCALE$} {line}"));
            for height in &heights {
                let reached = height.saturating_sub(row * row_steps).min(row_steps);
                text.extend(std::iter::repeat_n(steps[reached], bar));
            }
            lines.push(text.trim_end().to_owned());
        }
        lines
    }

    /// The part of a line that fits.
    pub(crate) fn fit(self, text: &str) -> String {
        if text.chars().count() <= self.width {
            return text.to_owned();
        }
        clip(text, self.width - 4) + " ..."
    }
}

/// The fillings of a cell, from empty to full.
const BLOCKS: &[char] = &[' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: &[char] = &[' ', '.', ':', '#'];

/// The range of a plot, between round numbers.
struct Axis {
    low: f64,
    high: f64,
    /// The labels' digits behind the point.
    decimals: usize,
}

impl Axis {
    /// A range around all values, from zero or with a visible bar for the least.
    fn new(values: impl Iterator<Item = f64> + Clone) -> Self {
        let values = values.filter(|value| value.is_finite());
        let least = values.clone().reduce(f64::min).unwrap_or(0.0);
        let most = values.reduce(f64::max).unwrap_or(0.0);
        // Equal values are shown above or below zero.
        let (from, to) = match least < most {
            true => (least, most),
            false if least == 0.0 => (0.0, 1.0),
            false => (least.min(0.0), most.max(0.0)),
        };
        let step = round_step(to / 4.0 - from / 4.0);
        let low = (from / step).floor() * step;
        let high = ((to / step).ceil() * step).max(low + step);
        let is_low = low != 0.0 && least - low < (high - low) / 8.0;
        Axis {
            low: if is_low { low - step } else { low },
            high,
            decimals: (-step.log10().floor()).max(0.0) as usize,
        }
    }

    /// The part of the range below a value, from 0 to 1.
    fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn label(&self, value: f64) -> String {
        match value.abs() {
            size if size < 1e7 && self.decimals < 7 => format!("{value:.*}", self.decimals),
            _ => format!("{value:.1e}"),
        }
    }
}

/// The least of 1, 2, 5, 10, 20 … (and 0.5, 0.2 …) that is no smaller.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let of_ten = [1.0, 2.0, 5.0].map(|digit| digit * power);
    let found = of_ten.into_iter().find(|round| *round >= step);
    found.unwrap_or(10.0 * power)
}

impl Series {
    fn at(&self, time: Timestamp) -> Option<f64> {
        let mut points = self.points.iter();
        points.find(|(at, _)| *at == time).map(|(_, value)| *value)
    }
}

fn clip(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}

/// The time of day, to the millisecond.
fn clock(time: Timestamp) -> String {
    let text = time.to_string();
    let clock = text
        .split('T')
        .nth(1)
        .unwrap_or(&text)
        .trim_end_matches('Z');
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    format!("{seconds}.{fraction:0<3.3}")
}

/// A number in a few characters.
fn short(value: f64) -> String {
    match value.abs() {
        size if size < 10_000.0 => format!("{value:.2}"),
        size if size < 1e9 => format!("{value:.0}"),
        _ => format!("{value:e}"),
    }
}

/// Reads the terminal's width with `stty`, which saves a dependency and an `ioctl`.
fn terminal_width() -> Option<usize> {
    let terminal = std::fs::File::open("/dev/tty").ok()?;
    let stty = Command::new("stty")
        .arg("size")
        .stdin(terminal)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let size = String::from_utf8(stty.stdout).ok()?;
    size.split_whitespace()
        .nth(1)?
        .parse()
        .ok()
        .filter(|width| *width > 0)
}
