//! `spool`: what waits on disk and what was rejected, to be looked at, exported and sent.

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
use influx_edge::Spool;
use influx_edge::spool::{Entry, Inspector, ServerKind, SpoolBuilder, SpoolError, Target};
use std::path::PathBuf;
pub(crate) use survey::Survey;

pub(crate) const COMMAND: Command = Command {
    name: "spool",
    summary: "look at what waits on disk, export it, send it",
    operands: &[],
    options: &[],
    connects: false,
    notes: "list, verify and export only read, so they are safe beside a running\n\
            owner; resend and rejected --drop need the spool for themselves.",
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
    help: "the spool; default: that of write",
    count: Count::Optional,
    kind: Kind::Directory,
}];

/// A walk over the queue or over the rejected lines: a method of [`Inspector`].
type Walk = fn(&Inspector, &mut dyn FnMut(Entry<'_>)) -> Result<(), SpoolError>;

const BUCKET: Opt = Opt::value("bucket", "BUCKET", Kind::Text, "only of this bucket");

/// The spool that is meant.
fn directory(matches: &Matches) -> Result<PathBuf, Failure> {
    let given = matches.operands_from(0).next().map(PathBuf::from);
    given.or_else(state::spool_dir).ok_or_else(|| {
        matches.misused("DIR is missing: STATE_DIRECTORY, XDG_STATE_HOME and HOME are unset")
    })
}

fn inspect(matches: &Matches) -> Result<(PathBuf, Inspector), Failure> {
    let dir = directory(matches)?;
    let inspector = Inspector::new(&dir).map_err(|error| failure(&error))?;
    Ok((dir, inspector))
}

/// Opens a spool that exists, to be changed.
fn open(builder: SpoolBuilder) -> Result<Spool, Failure> {
    builder.open().map_err(|error| failure(&error))
}

/// Another process that has the spool is named where the system tells its number.
pub(crate) fn failure(error: &SpoolError) -> Failure {
    use influx_edge::spool::SpoolError::{Failed, Full, Io, Locked};
    match error {
        Locked { dir } => match holder::of(dir) {
            Some(process) => Failure::new(
                LATER,
                format_args!(
                    "the spool {} is in use by {process}; it delivers what waits, or end it first",
                    dir.display()
                ),
            ),
            None => Failure::new(LATER, error),
        },
        Io { error: why, .. } if why.kind() == std::io::ErrorKind::NotFound => {
            Failure::new(NO_INPUT, format_args!("there is no spool: {error}"))
        }
        Full | Failed => Failure::new(LATER, error),
        _ => Failure::new(NO_INPUT, error),
    }
}

/// `bucket=sensors org=acme`, and the API if it isn't that of InfluxDB 2.
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

/// The same for programs.
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
