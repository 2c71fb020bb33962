//! `provision`: creates and updates the buckets, labels, tokens, mappings and tasks that a file describes.

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
    summary: "create the buckets, labels, tokens and tasks of a file",
    operands: &[Operand {
        name: "FILE",
        help: "the resources, in TOML",
        count: Count::Optional,
        kind: Kind::File,
    }],
    options: &[
        Opt::flag("dry-run", "change nothing; print what would be done").short('n'),
        Opt::value(
            "token-dir",
            "DIR",
            Kind::Directory,
            "write new tokens to DIR/NAME, mode 0600; DIR is created",
        ),
        Opt::flag("show-tokens", "print new tokens"),
        Opt::flag("example", "print an example of FILE with comments"),
    ],
    connects: true,
    notes: "FILE has buckets with their retention, labels, tokens with their permissions,\n\
            mappings for clients of InfluxDB 1.x and tasks; the organization, and the\n\
            first user of a new server. Resources that it doesn't name are left alone; a\n\
            second run changes nothing.",
    examples: &[
        (
            "Print a file with every key",
            "influx-edge provision --example >site.toml",
        ),
        (
            "Print what would be done",
            "influx-edge provision --dry-run site.toml",
        ),
        (
            "Make the changes",
            "influx-edge provision site.toml --token-dir /etc/influx-edge/tokens",
        ),
    ],
    commands: &[],
    run,
};

/// A file with every key.
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
            "the file has tokens, which the server shows only once; use --token-dir DIR or --show-tokens",
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
    // Otherwise a session stays valid on the server for an hour.
    let signed_out = connection.client.sign_out();
    // Changes made before a failure are reported as well.
    items.end(&report)?;
    done?;
    signed_out?;
    Ok(ExitCode::SUCCESS)
}
