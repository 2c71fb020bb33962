//! `spool`: lists, exports and sends spooled and rejected lines.

mod entries;
mod export;
mod holder;
mod list;
mod moves;
mod rejected;
mod rescale;
mod resend;
mod survey;

use crate::command::{Command, Count, Kind, Matches, Operand, Opt};
use crate::failure::{Failure, LATER, NO_INPUT};
use crate::object::Object;
use crate::state;
use influx_edge::spool::{Entry, Inspector, ServerKind, SpoolError, Target};
use std::path::PathBuf;
pub(crate) use survey::Survey;

pub(crate) const COMMAND: Command = Command {
    name: "spool",
    summary: "list, export and send the lines that wait on disk",
    operands: &[],
    options: &[],
    connects: false,
    notes: "list, verify and export only read, so they are safe while a process uses the\n\
            spool; resend and rejected --drop need it to be free.",
    examples: &[],
    commands: &[
        &list::LIST,
        &list::VERIFY,
        &export::COMMAND,
        &resend::COMMAND,
        &rejected::COMMAND,
    ],
    run: |matches| Err(matches.misused("a command is missing")),
};

const DIR: &[Operand] = &[Operand {
    name: "DIR",
    help: "the spool (default: that of write)",
    count: Count::Optional,
    kind: Kind::Directory,
}];

/// A walk over the queue or over the rejected lines: a method of [`Inspector`].
type Walk = fn(&Inspector, &mut dyn FnMut(Entry<'_>)) -> Result<(), SpoolError>;

const BUCKET: Opt = Opt::value("bucket", "BUCKET", Kind::Text, "only lines for this bucket");

/// A spool that is only read.
struct Stored {
    dir: PathBuf,
    /// `None` if the default directory doesn't exist yet: nothing was ever spooled.
    inspector: Option<Inspector>,
}

impl Stored {
    /// Opens the spool of the operand, or the default.
    fn open(matches: &Matches) -> Result<Stored, Failure> {
        let given = matches.operands_from(0).next().map(PathBuf::from);
        let is_default = given.is_none();
        let dir = given.or_else(state::spool_dir).ok_or_else(|| {
            matches.misused("DIR is missing: STATE_DIRECTORY, XDG_STATE_HOME and HOME are unset")
        })?;
        let inspector = match Inspector::new(&dir) {
            Err(error) if is_default && is_missing(&error) => None,
            opened => Some(opened?),
        };
        Ok(Stored { dir, inspector })
    }

    fn walk(&self, walk: Walk, take: &mut dyn FnMut(Entry<'_>)) -> Result<(), Failure> {
        match &self.inspector {
            Some(inspector) => Ok(walk(inspector, take)?),
            None => Ok(()),
        }
    }

    fn survey(&self, walk: Walk) -> Result<Survey, Failure> {
        match &self.inspector {
            Some(inspector) => Ok(Survey::of(inspector, walk)?),
            None => Ok(Survey::default()),
        }
    }
}

fn is_missing(error: &SpoolError) -> bool {
    matches!(error, SpoolError::Io { error, .. } if error.kind() == std::io::ErrorKind::NotFound)
}

/// Names the process that uses the spool, where the system shows it.
impl From<SpoolError> for Failure {
    fn from(error: SpoolError) -> Failure {
        use influx_edge::spool::SpoolError::{Failed, Full, Locked};
        match &error {
            Locked { dir } => match holder::of(dir) {
                Some(process) => Failure::new(
                    LATER,
                    format_args!(
                        "the spool {} is in use by {process}, which delivers its lines; wait, or stop it",
                        dir.display()
                    ),
                ),
                None => Failure::new(LATER, error),
            },
            missing if is_missing(missing) => {
                Failure::new(NO_INPUT, format_args!("there is no spool: {error}"))
            }
            Full | Failed => Failure::new(LATER, error),
            _ => Failure::new(NO_INPUT, error),
        }
    }
}

/// Returns `bucket=sensors org=acme`, and the API if it isn't that of InfluxDB 2.
fn name(target: &Target) -> String {
    let bucket = target.bucket().escape_debug();
    let mut name = format!("bucket={bucket}");
    if !target.org().is_empty() {
        let kind = if target.org_is_id() { "orgID" } else { "org" };
        name.push_str(&format!(" {kind}={}", target.org().escape_debug()));
    }
    match target.server() {
        ServerKind::V2 => {}
        other => name.push_str(&format!(" server={}", server(other))),
    }
    name
}

/// Returns the same as JSON.
fn json(target: &Target) -> Object {
    let org = if target.org_is_id() { "org_id" } else { "org" };
    let mut object = Object::default();
    object.set("bucket", target.bucket());
    object.set(org, target.org());
    object.set("server", server(target.server()));
    object
}

fn server(kind: ServerKind) -> String {
    match kind {
        ServerKind::V1 => "v1".to_owned(),
        ServerKind::V2 => "v2".to_owned(),
        ServerKind::V3 => "v3".to_owned(),
        ServerKind::Unknown(code) => format!("unknown ({code})"),
        _ => "unknown".to_owned(),
    }
}

/// `1 line`, `2 lines`
fn count(number: u64, what: &str) -> String {
    let plural = match (number, what) {
        (1, _) => "",
        (_, "batch") => "es",
        _ => "s",
    };
    format!("{number} {what}{plural}")
}
