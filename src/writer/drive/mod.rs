//! The two drivers of an engine.
//!
//! - `driver`: the trait of both, for [`Writer`](super::Writer).
//! - `polled`: on the caller's thread; `inline` does the same on any clock and transport, for tests.
//! - `threaded`: a keeper, which steps the engine (`keeper`), and a sender. Handles (`handle`) encode lines into
//!   slots of their own (`inbox`), from which they are moved to the common state (`state`). `shared` has what each
//!   thread does on that state, and how the threads wait for each other.
//! - `seams`: clock and transport, which tests replace.

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
pub(crate) use keeper::{Command, Input, Keeper};

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

/// Passes the lines of a text to `write` one by one, and errors for those that aren't line protocol.
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

/// Prints one line on stderr, if that can be written to.
fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "influx-edge: {message}");
}
