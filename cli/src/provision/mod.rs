//! `provision`: buckets, labels, tokens, mappings and tasks as a file wants them.

mod connect;
mod ensure;
mod fields;
mod file;
mod items;
mod secret_file;

use crate::command::{Command, Count, Kind, Matches, Operand, Opt};
use crate::failure::Failure;
use crate::report::Report;
use file::Wanted;
use items::Items;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

pub(crate) const COMMAND: Command = Command {
    name: "provision",
    summary: "make the buckets, labels, tokens and tasks of a file",
    operands: &[Operand {
        name: "FILE",
        help: "what is to be there, in TOML",
        count: Count::Optional,
        kind: Kind::File,
    }],
    options: &[
        Opt::flag("dry-run", "change nothing; print what would be done").short('n'),
        Opt::value(
            "token-dir",
            "DIR",
            Kind::Directory,
            "new tokens go to DIR/NAME, mode 0600; made if it is absent",
        ),
        Opt::flag("show-tokens", "print new tokens"),
        Opt::flag("example", "print a FILE with comments, and nothing else"),
    ],
    connects: true,
    notes: "Names buckets with their retention, labels, tokens with what they may do,\n\
            mappings for programs of InfluxDB 1.x, tasks; the organization, and the\n\
            first user of a new server. What isn't named is left alone; a second run\n\
            changes nothing, and says so.",
    examples: &[
        (
            "Everything that can be in a file",
            "influx-edge provision --example >site.toml",
        ),
        (
            "What would be done",
            "influx-edge provision --dry-run site.toml",
        ),
        (
            "Do it",
            "influx-edge provision site.toml --token-dir /etc/influx-edge/tokens",
        ),
    ],
    commands: &[],
    run,
};

/// A file with everything that can be in it.
const EXAMPLE: &str = include_str!("example.toml");

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    if matches.has("example") {
        io::stdout().write_all(EXAMPLE.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = Report::new(matches);
    let Some(file) = matches.operands_from(0).next() else {
        return Err(matches.misused("FILE is missing"));
    };
    let wanted = Wanted::read(Path::new(file))?;
    let dry = matches.has("dry-run");
    let places = [matches.has("token-dir"), matches.has("show-tokens")];
    if !wanted.tokens.is_empty() && !dry && places == [false, false] {
        return Err(matches.misused(
            "the file has tokens, which the server shows once: --token-dir DIR or --show-tokens",
        ));
    }
    if let Some(dir) = matches
        .path("token-dir")
        .filter(|_| !dry && !wanted.tokens.is_empty())
    {
        secret_file::make_dir(dir)?;
    }
    let mut items = Items::new(matches, dry);
    let connection = connect::connect(matches, &report, &wanted, &mut items)?;
    let done = ensure::all(matches, &connection, &wanted, &mut items);
    // A session that is only dropped lives on in the server for an hour.
    let signed_out = connection.client.sign_out();
    // What was done before a failure is reported, too.
    items.end(&report)?;
    done?;
    signed_out?;
    Ok(ExitCode::SUCCESS)
}
