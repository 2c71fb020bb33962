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

/// Where it is printed to.
#[derive(Clone, Copy)]
pub(crate) struct Canvas {
    /// Columns of text.
    width: usize,
    /// A terminal gets block characters and a little colour; a file or a pipe plain ASCII.
    pub(crate) is_terminal: bool,
    colours: bool,
}

impl Canvas {
    /// Standard output, whatever it is connected to. `COLUMNS` overrides its width, `NO_COLOR` takes
    /// the colours away.
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

    /// Text that stands out.
    pub(crate) fn strong(self, text: &str) -> String {
        self.coloured("1", text)
    }

    /// Text that steps back.
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

    /// A row for each time, a column for each series, as many as there is space for.
    pub(crate) fn table(self, times: &[Timestamp], series: &[Series]) {
        let names = series.iter().map(|series| series.name.as_str());
        let mut table = TextTable::new(once("time (UTC)").chain(names));
        for time in times {
            let cells = series.iter().map(|one| one.at(*time).map(short));
            table.row(once(clock(*time)).chain(cells.map(Option::unwrap_or_default)));
        }
        self.print(&table);
    }

    /// A table whose heading stands out.
    pub(crate) fn print(self, table: &TextTable) {
        let text = table.display(self.width).to_string();
        let (heading, rows) = text.split_once('\n').unwrap_or((&text, ""));
        say!("{}\n{rows}", self.strong(heading));
    }

    /// Bars over time: the lowest value is a thin bar, the highest a full one.
    pub(crate) fn plot(self, times: &[Timestamp], series: &Series) {
        let (rows, steps) = if self.is_terminal {
            (3, BLOCKS)
        } else {
            (4, HASHES)
        };
        let values = || series.points.iter().map(|(_, value)| *value);
        let (low, high) = (
            values().fold(f64::INFINITY, f64::min),
            values().fold(f64::NEG_INFINITY, f64::max),
        );
        // How high each bar is, in steps; all the same if nothing moved.
        let full = rows * (steps.len() - 1);
        let heights: Vec<Option<usize>> = times
            .iter()
            .map(|time| {
                let share = (series.at(*time)? - low) / (high - low);
                let share = if share.is_finite() { share } else { 0.5 };
                Some(1 + (share * (full - 1) as f64).round() as usize)
            })
            .collect();

        const NAME: usize = 20;
        const SCALE: usize = 10;
        let space = self.width.saturating_sub(NAME + SCALE + 2);
        let bar = (space / times.len().max(1)).clamp(1, 6);
        let axis = if self.is_terminal { '│' } else { '|' };
        for row in (0..rows).rev() {
            let (name, scale) = match row {
                _ if row == rows - 1 => (series.name.as_str(), short(high)),
                0 if low < high => ("", short(low)),
                _ => ("", String::new()),
            };
            let mut line = format!("{:<NAME$}", clip(name, NAME));
            line += &self.faint(&format!("{scale:>SCALE$} {axis}"));
            for height in &heights {
                let reached = height.unwrap_or(0).saturating_sub(row * (steps.len() - 1));
                let step = steps[reached.min(steps.len() - 1)];
                line.extend(std::iter::repeat_n(step, bar));
            }
            say!("{}", line.trim_end());
        }
    }

    /// As much of a line as there is space for.
    pub(crate) fn fit(self, text: &str) -> String {
        if text.chars().count() <= self.width {
            return text.to_owned();
        }
        clip(text, self.width - 4) + " ..."
    }
}

/// From nothing to a full cell.
const BLOCKS: &[char] = &[' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const HASHES: &[char] = &[' ', '#'];

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

/// Asks the terminal by way of `stty`, which saves a dependency and an `ioctl`.
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
