//! `TextTable`: tables as text, for a terminal, a log or a mail.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::display_width::{char_width, display_width};
use super::owned_table::OwnedTable;
use super::table::Column;
use crate::Timestamp;
use crate::http::write_printable;

/// A text table with aligned columns and a maximum width.
///
/// The form of [`OwnedTable::display`], for rows of any origin.
///
/// Columns are as wide as their longest cell, with two spaces between them; a column of numbers is
/// right-aligned. If the table is too wide, these steps are taken in order until it fits:
///
/// 1. Text and names of columns are cut, to no less than 16 characters, and end in `...`.
/// 2. Times lose the fraction of their seconds, then the date if all rows have the same one; lines below the
///    table say so.
/// 3. Text and names are cut to no less than 8 characters.
/// 4. Columns of text and times are hidden, from the right, except the first column; then columns of numbers,
///    from the right. A line below the table names them.
///
/// A number is never cut, unless it is too wide by itself. Characters that could move the cursor or reorder text
/// are escaped. [`display_width`] has the width of characters.
///
/// ```
/// use influx_edge::csv::TextTable;
///
/// let mut table = TextTable::new(["station", "count", "mean"]);
/// table.row(["zrh-1", "24", "15.25"]).row(["lausanne", "7", "9.5"]);
/// assert_eq!(
///     table.display(80).to_string(),
///     "station   count   mean\n\
///      zrh-1        24  15.25\n\
///      lausanne      7    9.5"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct TextTable {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The spaces between two columns.
const GAP: usize = 2;
/// The least width that text is cut to.
const MIN_TEXT: usize = 8;
/// The least width that text is cut to while times can still be shortened.
const FAIR_TEXT: usize = 16;
/// The least width of a table.
const MIN_WIDTH: usize = 20;
const ELLIPSIS: &str = "...";

impl TextTable {
    /// Returns a table with these columns and no rows.
    pub fn new(heading: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        TextTable {
            heading: heading.into_iter().map(printable).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. Missing cells are empty; cells beyond the heading are dropped. Allocates once for each cell.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl fmt::Display>) -> &mut Self {
        let columns = self.heading.len();
        self.rows
            .push(cells.into_iter().take(columns).map(printable).collect());
        self
    }

    /// Returns the table as text, at most `width` columns wide (at least 20): heading, rows, and lines about what
    /// is hidden, without a line end after the last line.
    pub fn display(&self, width: usize) -> impl fmt::Display {
        LaidOut {
            table: Cow::Borrowed(self),
            width: width.max(MIN_WIDTH),
        }
    }

    fn cells(&self, column: usize) -> impl Iterator<Item = &str> {
        let cells = self.rows.iter().filter_map(move |row| row.get(column));
        cells.map(String::as_str)
    }

    fn kind(&self, column: usize) -> Kind {
        let filled = || self.cells(column).filter(|cell| !cell.is_empty());
        let Some(first) = filled().next() else {
            return Kind::Text;
        };
        if filled().all(is_number) {
            return Kind::Number;
        }
        if filled().all(is_time) {
            let date = first.get(..DATE);
            return Kind::Time {
                one_date: filled().all(|cell| cell.get(..DATE) == date),
            };
        }
        Kind::Text
    }

    fn measure(&self, column: usize, kind: Kind, form: TimeForm) -> Layout {
        let cells = self.cells(column);
        let cells = cells
            .map(|cell| display_width(&kind.shown(cell, form)))
            .max();
        let cells = cells.unwrap_or(0);
        let name = self
            .heading
            .get(column)
            .map_or(0, |name| display_width(name));
        let least = |text: usize| match kind {
            Kind::Text => cells.max(name).min(text),
            Kind::Number | Kind::Time { .. } => cells.max(name.min(text)),
        };
        Layout {
            column,
            kind,
            form,
            natural: cells.max(name),
            fair: least(FAIR_TEXT),
            width: least(MIN_TEXT),
        }
    }

    /// Chooses the columns that are shown, and their widths.
    fn layout(&self, width: usize) -> Vec<Layout> {
        let kinds: Vec<Kind> = (0..self.heading.len()).map(|n| self.kind(n)).collect();
        let in_form = |form| -> Vec<Layout> {
            let kinds = kinds.iter().enumerate();
            kinds
                .map(|(n, kind)| self.measure(n, *kind, form))
                .collect()
        };
        let mut shown = in_form(TimeForm::Full);
        for form in [TimeForm::Seconds, TimeForm::Clock] {
            if total(&shown, |one| one.fair) <= width {
                break;
            }
            shown = in_form(form);
        }
        while shown.len() > 1 && total(&shown, |one| one.width) > width {
            let number = |one: &Layout| matches!(one.kind, Kind::Number);
            let least = shown.iter().skip(1).rposition(|one| !number(one));
            let least = least.map_or(shown.len().saturating_sub(1), |n| n.saturating_add(1));
            shown.remove(least);
        }
        if let [only] = &mut shown[..] {
            only.width = only.width.min(width);
        }
        // The space that is left goes to the narrowest of the cut columns, one by one.
        for _ in total(&shown, |one| one.width)..width {
            let cut = shown.iter_mut().filter(|one| one.width < one.natural);
            let Some(narrowest) = cut.min_by_key(|one| one.width) else {
                break;
            };
            narrowest.width = narrowest.width.saturating_add(1);
        }
        shown
    }

    /// Returns the lines below the table about what it hides.
    fn notes(&self, shown: &[Layout]) -> Vec<String> {
        let mut notes = Vec::new();
        let name = |column: usize| self.heading.get(column).map_or("", String::as_str);
        let rounded = shown.iter().filter(|one| {
            let full = TimeForm::Full;
            one.form != full
                && self
                    .cells(one.column)
                    .any(|cell| one.kind.loses_digits(cell))
        });
        let rounded: Vec<&str> = rounded.map(|one| name(one.column)).collect();
        if !rounded.is_empty() {
            notes.push(format!("(whole seconds: {})", rounded.join(", ")));
        }
        for one in shown {
            let dates = self.cells(one.column).filter_map(|cell| one.date(cell));
            if let Some(date) = dates.last() {
                notes.push(format!("({date}: {})", name(one.column)));
            }
        }
        let hidden = (0..self.heading.len()).filter(|n| shown.iter().all(|one| one.column != *n));
        let hidden: Vec<&str> = hidden.map(name).collect();
        if !hidden.is_empty() {
            let columns = if hidden.len() == 1 {
                "column"
            } else {
                "columns"
            };
            let names = hidden.join(", ");
            notes.push(format!("({} more {columns}: {names})", hidden.len()));
        }
        notes
    }
}

/// The bytes of `2023-11-14`.
const DATE: usize = 10;
/// The bytes of `2023-11-14T22:13:20`.
const SECONDS: usize = 19;

/// The kind of a column's values, apart from empty cells.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Time { one_date: bool },
}

/// The form in which times are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TimeForm {
    Full,
    /// Without a fraction.
    Seconds,
    /// Without the date too, if all rows have the same one.
    Clock,
}

impl Kind {
    /// Returns a cell in this form.
    fn shown(self, cell: &str, form: TimeForm) -> Cow<'_, str> {
        let (Kind::Time { one_date }, Some((seconds, _, zone))) = (self, split_time(cell)) else {
            return Cow::Borrowed(cell);
        };
        match form {
            TimeForm::Full => Cow::Borrowed(cell),
            TimeForm::Clock if one_date => {
                let clock = seconds.get(DATE.saturating_add(1)..).unwrap_or_default();
                Cow::Owned(format!("{clock}{zone}"))
            }
            TimeForm::Seconds | TimeForm::Clock => Cow::Owned(format!("{seconds}{zone}")),
        }
    }

    /// Returns `true` if the cell has a fraction other than zero.
    fn loses_digits(self, cell: &str) -> bool {
        let fraction = split_time(cell).map_or("", |(_, fraction, _)| fraction);
        matches!(self, Kind::Time { .. }) && fraction.contains(|c| matches!(c, '1'..='9'))
    }
}

/// Splits a time into date and time, the fraction with its point, and the zone.
fn split_time(cell: &str) -> Option<(&str, &str, &str)> {
    let (seconds, rest) = cell.split_at_checked(SECONDS)?;
    let zone = rest.find(|c: char| c != '.' && !c.is_ascii_digit())?;
    let (fraction, zone) = rest.split_at_checked(zone)?;
    Some((seconds, fraction, zone))
}

/// The width of a line with these columns.
fn total(shown: &[Layout], width: impl Fn(&Layout) -> usize) -> usize {
    let gaps = shown.len().saturating_sub(1).saturating_mul(GAP);
    let widths = shown.iter().map(width);
    widths.fold(gaps, usize::saturating_add)
}

/// A column and the width in which it is shown.
struct Layout {
    column: usize,
    kind: Kind,
    form: TimeForm,
    /// The width of its widest cell.
    natural: usize,
    /// The least width while times can still be shortened.
    fair: usize,
    /// The least width at first, the final width in the end.
    width: usize,
}

impl Layout {
    /// Returns the cell's date if it isn't shown.
    fn date<'c>(&self, cell: &'c str) -> Option<&'c str> {
        match self.kind {
            Kind::Time { one_date: true } if self.form == TimeForm::Clock => cell.get(..DATE),
            _ => None,
        }
    }
}

/// A table with the width it is shown in.
struct LaidOut<'a> {
    table: Cow<'a, TextTable>,
    width: usize,
}

impl fmt::Display for LaidOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = &*self.table;
        let shown = table.layout(self.width);
        line(f, &table.heading, &shown, true)?;
        for row in &table.rows {
            f.write_str("\n")?;
            line(f, row, &shown, false)?;
        }
        for note in table.notes(&shown) {
            write!(f, "\n{}", clip(&note, self.width))?;
        }
        Ok(())
    }
}

/// One line, without spaces at its end.
fn line(
    f: &mut fmt::Formatter<'_>,
    cells: &[String],
    shown: &[Layout],
    heading: bool,
) -> fmt::Result {
    let mut spaces = 0;
    for layout in shown {
        let cell = cells.get(layout.column).map_or("", String::as_str);
        let cell = if heading {
            Cow::Borrowed(cell)
        } else {
            layout.kind.shown(cell, layout.form)
        };
        let cell = clip(&cell, layout.width);
        let padding = layout.width.saturating_sub(display_width(&cell));
        let (before, after) = if matches!(layout.kind, Kind::Number) {
            (padding, 0)
        } else {
            (0, padding)
        };
        spaces += before;
        if !cell.is_empty() {
            // (The width of a format string is limited to 65 535.)
            (0..spaces).try_for_each(|_| f.write_str(" "))?;
            f.write_str(&cell)?;
            spaces = 0;
        }
        spaces += after + GAP;
    }
    Ok(())
}

/// Cuts a text to a width.
fn clip(text: &str, width: usize) -> Cow<'_, str> {
    if display_width(text) <= width {
        return Cow::Borrowed(text);
    }
    let kept = width.saturating_sub(ELLIPSIS.len());
    let mut used = 0usize;
    let fits = |c: &char| {
        used = used.saturating_add(char_width(*c));
        used <= kept
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.push_str(ELLIPSIS);
    Cow::Owned(cut)
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

fn is_time(text: &str) -> bool {
    Timestamp::parse(text).is_ok()
}

fn printable(text: impl fmt::Display) -> String {
    let text = text.to_string();
    let mut out = String::new();
    // Writing to a `String` doesn't fail.
    let _ = write_printable(text.chars(), &mut out);
    out
}

impl OwnedTable {
    /// Returns the table as [text](TextTable), at most `width` columns wide (at least 20).
    ///
    /// The columns of the group key, whose values are the same in all rows, are on a line above the table as
    /// `name=value`, without `_start` and `_stop`. If the table has no other columns, they are columns of the text
    /// too. A null is an empty cell. Allocates the text of all cells when it is printed.
    ///
    /// ```
    /// # let response = b"#datatype,string,long,double,string\r\n#group,false,false,false,true\r\n\
    /// #     #default,_result,,,\r\n,result,table,_value,station\r\n\
    /// #     ,,0,20.25,zrh-1\r\n,,0,20.5,zrh-1\r\n";
    /// # let rows = influx_edge::csv::Rows::new(&response[..]);
    /// for table in &rows.tables()? {
    ///     println!("{}", table.display(80));
    /// #   assert_eq!(table.display(80).to_string(), "station=zrh-1\n_value\n 20.25\n  20.5");
    /// }
    /// # Ok::<(), influx_edge::csv::ReadError>(())
    /// ```
    pub fn display(&self, width: usize) -> impl fmt::Display {
        ShownTable {
            table: self,
            width: width.max(MIN_WIDTH),
        }
    }
}

struct ShownTable<'a> {
    table: &'a OwnedTable,
    width: usize,
}

impl fmt::Display for ShownTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.table.table();
        let in_rows = |column: &Column<'_>| !column.is_group();
        let only_key =
            !table.columns().any(|column| in_rows(&column)) || self.table.rows().len() == 0;
        let is_column = |column: &Column<'_>| only_key || in_rows(column);
        if let (false, Some(row)) = (only_key, self.table.rows().next()) {
            let key = table
                .columns()
                .zip(row.cells())
                .filter_map(|(column, cell)| {
                    let name = column.name();
                    let is_shown = column.is_group() && !matches!(name, "_start" | "_stop");
                    is_shown.then(|| format!("{name}={}", self.text(cell.as_bytes())))
                });
            let key = key.collect::<Vec<_>>().join(" ");
            if !key.is_empty() {
                writeln!(f, "{}", clip(&printable(key), self.width))?;
            }
        }
        let columns = table.columns().filter(is_column);
        let mut text = TextTable::new(columns.map(|column| column.name()));
        for row in self.table.rows() {
            let cells = table.columns().zip(row.cells());
            let shown = cells.filter(|(column, _)| is_column(column));
            text.row(shown.map(|(_, cell)| self.text(cell.as_bytes())));
        }
        let laid = LaidOut {
            table: Cow::Owned(text),
            width: self.width,
        };
        laid.fmt(f)
    }
}

impl ShownTable<'_> {
    /// Returns as much of a cell as can be shown, and one character more, so that it is cut visibly.
    fn text<'c>(&self, bytes: &'c [u8]) -> Cow<'c, str> {
        let most = self.width.saturating_add(1).saturating_mul(4);
        String::from_utf8_lossy(bytes.get(..most).unwrap_or(bytes))
    }
}
