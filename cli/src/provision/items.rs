//! `Items`: the report, a line for each resource.

use crate::command::Matches;
use crate::failure::Failure;
use crate::object::Object;
use crate::report::{Printable, Report};
use std::io::{self, Write};

pub(super) struct Items {
    dry: bool,
    quiet: bool,
    json: bool,
    created: u64,
    changed: u64,
    unchanged: u64,
    done: Vec<Object>,
}

/// The change that is made, or would be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Created,
    Changed,
    Unchanged,
}

impl Items {
    pub(super) fn new(matches: &Matches, dry: bool) -> Items {
        Items {
            dry,
            quiet: matches.has("quiet"),
            json: matches.has("json"),
            created: 0,
            changed: 0,
            unchanged: 0,
            done: Vec::new(),
        }
    }

    /// Reports one resource, with a note for the operator.
    pub(super) fn add(
        &mut self,
        kind: &str,
        name: &str,
        id: Option<&str>,
        done: Done,
        note: &str,
    ) -> Result<(), Failure> {
        let (count, outcome, future) = match done {
            Done::Created => (&mut self.created, "created", "would be created"),
            Done::Changed => (&mut self.changed, "changed", "would be changed"),
            Done::Unchanged => (&mut self.unchanged, "unchanged", "unchanged"),
        };
        *count = count.saturating_add(1);
        if self.json {
            let mut item = Object::default();
            item.set("kind", kind);
            item.set("name", name);
            item.set("outcome", outcome);
            if let Some(id) = id {
                item.set("id", id);
            }
            if !note.is_empty() {
                item.set("note", note);
            }
            self.done.push(item);
            return Ok(());
        }
        if self.quiet {
            return Ok(());
        }
        let (outcome, width) = match self.dry {
            true => (future, 16),
            false => (outcome, 9),
        };
        let id = id.map(|id| format!(" ({id})")).unwrap_or_default();
        let separator = if note.is_empty() { "" } else { ": " };
        let text = format!("{kind} {}{id}{separator}{note}", name.escape_debug());
        writeln!(io::stdout(), "{outcome:<width$}  {}", Printable(&text))?;
        Ok(())
    }

    /// Prints a token, or adds it to the JSON report.
    pub(super) fn token(&mut self, name: &str, token: &str) -> Result<(), Failure> {
        if self.json {
            if let Some(item) = self.done.last_mut() {
                item.set("token", token);
            }
            return Ok(());
        }
        writeln!(io::stdout(), "token {}: {token}", name.escape_debug())?;
        Ok(())
    }

    pub(super) fn end(self, report: &Report) -> Result<(), Failure> {
        let Items {
            created,
            changed,
            unchanged,
            dry,
            done,
            ..
        } = self;
        if self.json {
            let items: Vec<serde_json::Value> = done.into_iter().map(Into::into).collect();
            let line = serde_json::json!({
                "dry_run": dry, "created": created, "changed": changed,
                "unchanged": unchanged, "items": items,
            });
            writeln!(io::stdout(), "{line}")?;
        } else if created.saturating_add(changed) == 0 {
            report.note(format_args!("nothing to change: {unchanged} unchanged"));
        } else if dry {
            report.note(format_args!(
                "{created} would be created, {changed} changed; {unchanged} unchanged"
            ));
        } else {
            report.note(format_args!(
                "{created} created, {changed} changed, {unchanged} unchanged"
            ));
        }
        Ok(())
    }
}
