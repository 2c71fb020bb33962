//! `provision`: buckets, labels, tokens, mappings and tasks as a file wants them.

mod connect;
mod ensure;
mod file;
mod items;
mod secret_file;

use crate::command::{Command, Count, Kind, Matches, Operand, Opt};
use crate::failure::Failure;
use crate::report::Report;
use file::Wanted;
use items::Items;
use std::path::Path;
use std::process::ExitCode;

pub(crate) const COMMAND: Command = Command {
    name: "provision",
    summary: "make the buckets, labels, tokens and tasks of a file",
    operands: &[Operand {
        name: "FILE",
        help: "what is to be there, in TOML (or JSON: *.json)",
        count: Count::One,
        kind: Kind::File,
    }],
    options: &[
        Opt::flag("dry-run", "change nothing; print what would be done").short('n'),
        Opt::value(
            "token-dir",
            "DIR",
            Kind::Directory,
            "new tokens go to DIR/NAME, mode 0600",
        ),
        Opt::flag("show-tokens", "print new tokens"),
    ],
    connects: true,
    notes: "org = \"acme\"                 # must exist, unless create_org = true\n\
            [[bucket]]\n\
            name = \"sensors\"\n\
            retention = \"30d\"            # or \"forever\"\n\
            [[token]]\n\
            name = \"logger\"              # also its description on the server\n\
            write = [\"sensors\"]          # read = […], permissions = [\"read:tasks\"]\n\
            [[task]]\n\
            name = \"hourly\"\n\
            every = \"1h\"                 # or cron; offset\n\
            flux_file = \"hourly.flux\"    # or flux\n\
            Also [[label]], [[dbrp]] and [setup]: see influx-edge man.\n\
            A second run changes nothing.",
    examples: &[],
    commands: &[],
    run,
};

fn run(matches: &Matches) -> Result<ExitCode, Failure> {
    let report = Report::new(matches);
    let wanted = Wanted::read(Path::new(matches.operand(0)?.unwrap_or_default()))?;
    let dry = matches.has("dry-run");
    let places = [matches.has("token-dir"), matches.has("show-tokens")];
    if !wanted.tokens.is_empty() && !dry && places == [false, false] {
        return Err(matches.misused(
            "the file has tokens, which the server shows once: --token-dir DIR or --show-tokens",
        ));
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
