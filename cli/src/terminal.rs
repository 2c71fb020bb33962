//! The terminal that standard output goes to, if it is one.

use std::io::{self, IsTerminal};

/// Width and colours of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// In columns; `None` if standard output is a file or a pipe, where lines are not cut.
    pub(crate) width: Option<usize>,
    /// `true` if colours are enabled and supported.
    pub(crate) colour: bool,
}

impl Terminal {
    /// Inspects standard output. `NO_COLOR` and `TERM=dumb` turn colours off.
    pub(crate) fn stdout() -> Terminal {
        if !io::stdout().is_terminal() {
            return Terminal {
                width: None,
                colour: false,
            };
        }
        let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Terminal {
            width: Some(columns().unwrap_or(80)),
            colour: unset("NO_COLOR") && !dumb,
        }
    }
}

#[cfg(unix)]
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(not(unix))]
fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}
