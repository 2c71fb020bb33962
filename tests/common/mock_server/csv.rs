//! Annotated CSV, framed as the server frames it.

use super::store::Value;
use super::time;

/// One column of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub label: String,
    pub datatype: &'static str,
    pub group: bool,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Time(i64),
    Value(Value),
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Time(nanos) => time::format(*nanos),
            Self::Value(value) => value.to_string(),
        }
    }
}

/// One table of a result.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

/// The dialect that the client requests.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    pub header: bool,
    pub delimiter: char,
    /// `datatype`, `group`, `default`, in the requested order.
    pub annotations: Vec<String>,
}

impl Default for Dialect {
    /// The dialect of a request without one: a header, no annotations.
    fn default() -> Self {
        Self {
            header: true,
            delimiter: ',',
            annotations: Vec::new(),
        }
    }
}

/// The body of a response: named results, each with its tables.
pub(crate) fn encode(results: &[(String, Vec<Table>)], dialect: &Dialect) -> String {
    let mut out = Writer {
        text: String::new(),
        delimiter: dialect.delimiter,
    };
    let in_default_row = dialect.annotations.iter().any(|name| name == "default");
    for (name, tables) in results {
        let mut open: Option<&[Column]> = None;
        for (id, table) in tables.iter().enumerate() {
            // Tables of one schema share a header; only their number distinguishes them.
            if open != Some(&table.columns) {
                if open.is_some() {
                    out.end_row();
                }
                out.open_block(name, &table.columns, dialect);
                open = Some(&table.columns);
            }
            let (result, id) = (if in_default_row { "" } else { name }, id.to_string());
            for row in &table.rows {
                let cells = row.iter().map(Cell::text);
                out.row(
                    ["", result, &id]
                        .map(str::to_owned)
                        .into_iter()
                        .chain(cells),
                );
            }
        }
        out.end_row();
    }
    out.text
}

/// The table by which the server reports an error after the first byte: no `result`, no `table`.
pub(crate) fn error_table(message: &str) -> String {
    let mut out = Writer {
        text: String::new(),
        delimiter: ',',
    };
    out.row(["#datatype", "string", "string"]);
    out.row(["#group", "true", "true"]);
    out.row(["#default", "", ""]);
    out.row(["", "error", "reference"]);
    out.row(["", message, ""]);
    out.text
}

struct Writer {
    text: String,
    delimiter: char,
}

impl Writer {
    /// Annotations and header of a block.
    fn open_block(&mut self, result: &str, columns: &[Column], dialect: &Dialect) {
        for name in &dialect.annotations {
            let lead: [&str; 3] = match name.as_str() {
                "datatype" => ["#datatype", "string", "long"],
                "group" => ["#group", "false", "false"],
                _ => ["#default", result, ""],
            };
            let cells = columns.iter().map(|column| match name.as_str() {
                "datatype" => column.datatype,
                "group" if column.group => "true",
                "group" => "false",
                _ => "",
            });
            self.row(lead.into_iter().chain(cells));
        }
        if dialect.header {
            let labels = columns.iter().map(|column| column.label.as_str());
            self.row(["", "result", "table"].into_iter().chain(labels));
        }
    }

    fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) {
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.text.push(self.delimiter);
            }
            self.cell(cell.as_ref());
        }
        self.end_row();
    }

    fn end_row(&mut self) {
        self.text.push_str("\r\n");
    }

    /// Go's CSV writer, set to CRLF: it quotes only when it must, and inside the quotes turns LF into
    /// CRLF and drops CR. That is how line ends come back altered from a real server.
    fn cell(&mut self, cell: &str) {
        let special = [self.delimiter, '"', '\r', '\n'];
        let quoted =
            cell == r"\." || cell.contains(special) || cell.starts_with(char::is_whitespace);
        if !quoted {
            self.text.push_str(cell);
            return;
        }
        self.text.push('"');
        for c in cell.chars() {
            match c {
                '"' => self.text.push_str("\"\""),
                '\n' => self.text.push_str("\r\n"),
                '\r' => {}
                other => self.text.push(other),
            }
        }
        self.text.push('"');
    }
}
