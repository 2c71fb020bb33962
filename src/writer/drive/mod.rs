//! The two ways to drive an engine: on the thread of its caller, or by a keeper and a sender.

pub(super) mod handle;
mod inbox;
pub(super) mod inline;
mod keeper;
pub(super) mod seams;
mod slot;
mod threaded;

#[cfg(all(test, feature = "spool"))]
pub(crate) use inbox::{Command, Entry};
#[cfg(all(test, feature = "spool"))]
pub(crate) use keeper::{Finished, Input, Keeper};

use super::engine::Engine;
use super::event::Listener;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Tells the listener what has happened. One that panics isn't called again.
fn tell(engine: &mut Engine, listener: &mut Option<Listener>) {
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

/// One line on stderr, if that can be written to.
pub(super) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "influx-edge: {message}");
}
