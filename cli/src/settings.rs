//! The client, as configured by environment, file and options.

use crate::command::Matches;
use crate::failure::Failure;
use crate::report::Report;
use influx_edge::Client;
use influx_edge::client::ClientBuilder;
use std::fs::File;
use std::io::Read;

const PREFIX: &str = "INFLUXDB_V2_";

/// Returns the builder of the client: from the file that `--config` names, otherwise from the environment;
/// options override both. A file and the environment are never mixed, so that a token can't be sent to a
/// server that it isn't for.
///
/// # Errors
/// Returns an error if a file can't be read, or if the settings are invalid.
pub(crate) fn builder(matches: &Matches) -> Result<ClientBuilder, Failure> {
    let (url, org) = (matches.text("url")?, matches.text("org")?);
    let token = token(matches)?;
    let mut builder = match matches.path("config") {
        Some(_) if url.is_some() => {
            return Err(matches.misused("--config and --url exclude each other"));
        }
        Some(file) => ClientBuilder::from_config_file(file)?,
        None => {
            let v3 = if url.is_none() { influxdb3() } else { None };
            let is_v3 = v3.is_some();
            let ours = |name: &str| match name.strip_prefix(PREFIX) {
                Some("URL") => url.is_none(),
                Some("TOKEN" | "USERNAME" | "PASSWORD" | "AUTH_BASIC") => token.is_none() && !is_v3,
                rest => rest.is_some(),
            };
            let variables = std::env::vars_os().filter_map(|(name, value)| {
                let name = name.into_string().ok()?;
                ours(&name).then(|| (name, value.to_string_lossy().into_owned()))
            });
            let url = url.map(|url| (format!("{PREFIX}URL"), url.to_owned()));
            let v3 = v3.into_iter().flatten();
            let v3 = v3.map(|(name, value)| (format!("{PREFIX}{name}"), value));
            ClientBuilder::from_variables(variables.chain(v3).chain(url))?
        }
    };
    if let Some(org) = org {
        builder = builder.org(org);
    }
    if let Some(token) = token {
        builder = builder.token(token);
    }
    if let Some(file) = matches.path("ca-file") {
        builder = builder.ca_file(file);
    }
    if let Some(limit) = matches.duration("timeout")? {
        builder = builder.timeout(limit);
    }
    Ok(builder.user_agent(concat!("influx-edge-cli/", env!("CARGO_PKG_VERSION"))))
}

/// Returns the URL and the token of InfluxDB 3 if `INFLUXDB_V2_URL` is unset. The token of one server is never
/// combined with the URL of the other.
fn influxdb3() -> Option<impl Iterator<Item = (&'static str, String)>> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if set("INFLUXDB_V2_URL").is_some() {
        return None;
    }
    let url = set("INFLUXDB3_URL")?;
    let token = set("INFLUXDB3_TOKEN").map(|token| ("TOKEN", token));
    Some(std::iter::once(("URL", url)).chain(token))
}

/// Builds the client and prints its warnings.
///
/// # Errors
/// As [`builder`].
pub(crate) fn client(matches: &Matches, report: &Report) -> Result<Client, Failure> {
    let client = builder(matches)?.build()?;
    warn(&client, report);
    Ok(client)
}

/// Prints the client's warnings.
pub(crate) fn warn(client: &Client, report: &Report) {
    for warning in client.warnings() {
        report.note(format_args!("warning: {warning}"));
    }
}

/// The most bytes of a token file that are read.
const MAX_TOKEN_FILE: u64 = 64 * 1024;

/// Reads the token from `--token-file`.
fn token(matches: &Matches) -> Result<Option<String>, Failure> {
    let Some(path) = matches.path("token-file") else {
        return Ok(None);
    };
    let name = path.display();
    let failed = |why: std::io::Error| Failure::settings(format_args!("{name}: {why}"));
    let file = File::open(path).map_err(failed)?;
    if is_world_readable(&file) {
        Report::new(matches).note(format_args!(
            "warning: all users of this machine can read the token in {name}; run chmod 600"
        ));
    }
    let mut text = String::new();
    let mut start = file.take(MAX_TOKEN_FILE);
    start.read_to_string(&mut text).map_err(failed)?;
    match text.trim() {
        "" => Err(Failure::settings(format_args!(
            "{name}: the file holds no token"
        ))),
        token => Ok(Some(token.to_owned())),
    }
}

/// Returns `true` if all users may read the file. The group's permission is not checked: systemd grants a
/// service its credentials by an access control list, whose mask takes the place of the group's bits.
#[cfg(unix)]
fn is_world_readable(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let found = file.metadata();
    found.is_ok_and(|found| found.is_file() && found.mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn is_world_readable(_: &File) -> bool {
    false
}
