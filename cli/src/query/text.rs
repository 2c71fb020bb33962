//! The text of a query.

use crate::command::Matches;
use crate::failure::Failure;
use crate::report::Report;
use std::fs::File;
use std::io::{self, IsTerminal, Read};

/// The longest query, in bytes.
const MAX_TEXT: u64 = 1 << 20;

/// Reads the query from the argument, a file or standard input.
pub(super) fn text(matches: &Matches, report: &Report) -> Result<String, Failure> {
    let operand = matches.operand(0)?;
    let text = match (matches.path("file"), operand) {
        (Some(_), Some(_)) => {
            return Err(matches.misused("the query is given twice, as an argument and by --file"));
        }
        (Some(path), None) => {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|why| Failure::no_input(&name, why))?;
            whole(file, &name)?
        }
        (None, None | Some("-")) => {
            if io::stdin().is_terminal() {
                report.note("reading the query from the terminal; Ctrl-D ends it");
            }
            whole(io::stdin().lock(), "standard input")?
        }
        (None, Some(text)) => text.to_owned(),
    };
    if text.trim().is_empty() {
        return Err(matches.misused("the query is empty"));
    }
    Ok(text)
}

fn whole(input: impl Read, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    input
        .take(MAX_TEXT.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|why| Failure::no_input(name, why))?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(Failure::no_input(name, "the query has more than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| Failure::no_input(name, "the query is not UTF-8 text"))
}
