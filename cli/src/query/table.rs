//! Tables in columns, page by page, so that memory is bounded.

use super::cell::{Cell, Head, Sink, printable};
use crate::failure::Failure;
use crate::terminal::Terminal;
use influx_edge::csv::{TextTable, display_width};
use std::borrow::Cow;
use std::io::{self, Write};

/// The most rows of a page. The widths of columns are those of a page.
const PAGE_ROWS: usize = 1000;
/// The most bytes of a page, except for its last row.
const PAGE_BYTES: usize = 1 << 20;
/// Bytes of a cell in addition to its text.
const CELL_BYTES: usize = 32;

/// Writes tables as text. Columns of the group key with a single value are printed above the rows, and tables
/// of one row each, as `last()` and `mean()` return them, are combined.
pub(super) struct Tables<W> {
    out: W,
    terminal: Terminal,
    /// A table without rows so far.
    next: Option<Head>,
    page: Page,
    printed: bool,
}

#[derive(Default)]
struct Page {
    head: Head,
    rows: Vec<Vec<String>>,
    bytes: usize,
    /// `true` while each row is a table of its own.
    single: bool,
}

impl<W: Write> Tables<W> {
    pub(super) fn new(out: W, terminal: Terminal) -> Self {
        Tables {
            out,
            terminal,
            next: None,
            page: Page::default(),
            printed: false,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.page.rows);
        self.page.bytes = 0;
        if rows.is_empty() {
            return Ok(());
        }
        if self.printed {
            self.out.write_all(b"\n")?;
        }
        self.printed = true;
        print(&mut self.out, &self.page.head, &rows, self.terminal)
    }

    fn push(&mut self, row: Vec<String>) -> io::Result<()> {
        let bytes = row.iter().map(|cell| cell.len().saturating_add(CELL_BYTES));
        self.page.bytes = bytes.fold(self.page.bytes, usize::saturating_add);
        self.page.rows.push(row);
        if self.page.rows.len() >= PAGE_ROWS || self.page.bytes > PAGE_BYTES {
            self.flush()?;
        }
        Ok(())
    }
}

impl<W: Write> Sink for Tables<W> {
    fn table(&mut self, head: Head) -> Result<(), Failure> {
        self.next = Some(head);
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure> {
        // A cell is cut to the most bytes that a line can show.
        let most = self.terminal.width.map_or(usize::MAX, |width| {
            width.saturating_add(1).saturating_mul(4)
        });
        let text = |cell: &Cell<'_>| match cell.text.get(..most) {
            Some(part) if part.len() < cell.text.len() => {
                format!("{}...", String::from_utf8_lossy(part))
            }
            _ => String::from_utf8_lossy(cell.text).into_owned(),
        };
        let row: Vec<String> = cells.iter().map(text).collect();
        match self.next.take() {
            Some(head) if self.page.single && self.page.head == head => {}
            Some(head) => {
                self.flush()?;
                self.page.head = head;
                self.page.single = true;
            }
            // A second row of the last table: the earlier tables are printed without that one.
            None if self.page.single => {
                let first = self.page.rows.pop();
                self.flush()?;
                self.page.single = false;
                if let Some(first) = first {
                    self.push(first)?;
                }
            }
            None => {}
        }
        Ok(self.push(row)?)
    }

    fn finish(&mut self) -> Result<(), Failure> {
        self.flush()?;
        Ok(self.out.flush()?)
    }
}

/// Writes rows below the names of their columns.
pub(super) fn print(
    out: &mut impl Write,
    head: &Head,
    rows: &[Vec<String>],
    terminal: Terminal,
) -> io::Result<()> {
    let page = layout(head, rows, terminal.width.unwrap_or(usize::MAX));
    for line in &page.key {
        writeln!(out, "{}", painted(line, KEY, terminal.colour))?;
    }
    for (number, line) in page.table.lines().enumerate() {
        let style = match number {
            0 => HEADING,
            _ if number > rows.len() => NOTE,
            _ => "",
        };
        writeln!(out, "{}", painted(line, style, terminal.colour))?;
    }
    Ok(())
}

/// Rows as text.
pub(super) struct Layout {
    /// The columns with the same value in all rows, `name=value`.
    pub(super) key: Vec<String>,
    /// The names of the columns, a line for each row, and notes.
    pub(super) table: String,
}

pub(super) fn layout(head: &Head, rows: &[Vec<String>], width: usize) -> Layout {
    let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
    let first = rows.first().map(Vec::as_slice).unwrap_or_default();
    let in_common: Vec<bool> = head
        .columns
        .iter()
        .enumerate()
        .map(|(n, column)| column.is_group && rows.iter().all(|row| row.get(n) == first.get(n)))
        .collect();
    // A table without other columns keeps them.
    let only_key = in_common.iter().all(|common| *common);
    let is_column = |n: &usize| only_key || in_common.get(*n) == Some(&false);
    let columns: Vec<usize> = (0..head.columns.len()).filter(is_column).collect();
    let name = |n: usize| head.columns.get(n).map_or("", |column| &column.name);
    let key = (0..head.columns.len())
        .filter(|n| !is_column(n) && !matches!(name(*n), "_start" | "_stop"))
        .map(|n| printable(&format!("{}={}", name(n), cell(first, n))));
    let mut table = TextTable::new(columns.iter().map(|n| name(*n)));
    for row in rows {
        table.row(
            columns
                .iter()
                .map(|n| row.get(*n).map_or("", String::as_str)),
        );
    }
    Layout {
        key: wrapped(key, width),
        table: table.display(width).to_string(),
    }
}

/// Breaks items into lines; only an item that is wider than a line is broken itself.
pub(super) fn wrapped(items: impl Iterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0usize;
    for item in items {
        let needed = display_width(&item).saturating_add(1);
        if used > 0 && used.saturating_add(needed) > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        } else if used > 0 {
            line.push(' ');
            used = used.saturating_add(1);
        }
        for c in item.chars() {
            let columns = display_width(c.encode_utf8(&mut [0; 4]));
            if used > 0 && used.saturating_add(columns) > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used = used.saturating_add(columns);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

pub(super) const HEADING: &str = "1";
pub(super) const KEY: &str = "36";
pub(super) const NOTE: &str = "2";

pub(super) fn painted<'t>(text: &'t str, style: &str, colour: bool) -> Cow<'t, str> {
    if colour && !style.is_empty() && !text.is_empty() {
        Cow::Owned(format!("\x1b[{style}m{text}\x1b[0m"))
    } else {
        Cow::Borrowed(text)
    }
}
