//! The two drivers of an engine.
//!
//! - `inline`: on the thread of its caller.
//! - `threaded`: a keeper, which steps the engine (`keeper`), and a sender. Handles (`handle`) encode lines
//!   into an inbox of their own (`inbox`), from which they get to the state that all share (`state`);
//!   `shared` is what each of the threads does on it, and how they wait for each other.
//! - `seams`: clock and server, which tests replace.

pub(super) mod driver;
pub(super) mod handle;
mod inbox;
pub(super) mod inline;
mod keeper;
pub(super) mod polled;
pub(super) mod seams;
mod shared;
mod state;
mod threaded;

#[cfg(all(test, feature = "spool"))]
pub(crate) use inbox::Entry;
#[cfg(all(test, feature = "spool"))]
pub(crate) use keeper::{Command, Finished, Input, Keeper};

use super::engine::Engine;
use super::event::Listener;
use super::lines::LinesOutcome;
use crate::error::WriteError;
use crate::line::{TextLine, text_lines};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Emits the events that the engine has collected. A listener that panics isn't called again.
fn emit(engine: &mut Engine, listener: &mut Option<Listener>) {
    while let Some(note) = engine.events.next() {
        let Some(call) = listener else {
            continue;
        };
        if catch_unwind(AssertUnwindSafe(|| call(&note.event()))).is_err() {
            *listener = None;
            complain("a writer's event listener panicked: it isn't called again");
        }
    }
}

/// Has `write` take the lines of a text one by one, and refuse those that aren't line protocol.
fn write_text(
    text: &str,
    mut write: impl FnMut(Result<TextLine<'_>, WriteError>) -> Result<(), WriteError>,
) -> LinesOutcome {
    let mut outcome = LinesOutcome::default();
    for (number, line) in text_lines(text) {
        match write(line.map_err(WriteError::Syntax)) {
            Ok(()) => outcome.accepted = outcome.accepted.saturating_add(1),
            Err(error) => outcome.rejected.push((number, error)),
        }
    }
    outcome
}

/// One line on stderr, if that can be written to.
fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "influx-edge: {message}");
}
