//! The connection of `provision`: a new server is set up first, if the file has `[setup]`.

use super::file::{self, Setup, Wanted};
use super::items::{Done, Items};
use super::secret_file::SecretFile;
use crate::command::Matches;
use crate::failure::Failure;
use crate::report::Report;
use crate::settings;
use influx_edge::api::{Id, NewOrganization, Organization};
use influx_edge::client::ClientBuilder;
use influx_edge::{Client, Error};

pub(super) struct Connection {
    pub(super) client: Client,
    /// The organization of the file; `None` is the client's own.
    pub(super) org: Option<Id<Organization>>,
    /// The organization would be created, in a dry run, so nothing exists in it.
    pub(super) is_new: bool,
}

pub(super) fn connect(
    matches: &Matches,
    report: &Report,
    wanted: &Wanted,
    items: &mut Items,
) -> Result<Connection, Failure> {
    let org = matches.text("org")?.or(wanted.org.as_deref());
    let builder = settings::builder(matches)?;
    let builder = match org {
        Some(org) => builder.org(org),
        None => builder,
    };
    let dry = matches.has("dry-run");
    let client = match &wanted.setup {
        None => builder.build()?,
        Some(setup) => {
            let anonymous = builder.clone().build()?;
            if anonymous.needs_setup()? {
                let name = org.unwrap_or_default();
                if dry {
                    items.add("setup", &setup.user, None, Done::Created, "")?;
                    items.add("organization", name, None, Done::Created, "")?;
                    return Ok(Connection {
                        client: anonymous,
                        org: None,
                        is_new: true,
                    });
                }
                set_up(builder, &anonymous, wanted, setup, name, items)?
            } else {
                items.add("setup", &setup.user, None, Done::Unchanged, "")?;
                known(matches, builder, setup)?.build()?
            }
        }
    };
    settings::warn(&client, report);
    let Some(name) = org else {
        return Ok(Connection {
            client,
            org: None,
            is_new: false,
        });
    };
    let (org, is_new) = organization(&client, name, wanted.create_org, dry, items)?;
    Ok(Connection {
        client,
        org,
        is_new,
    })
}

/// Sets up a new server; returns a client with the operator's token.
fn set_up(
    builder: ClientBuilder,
    anonymous: &Client,
    wanted: &Wanted,
    setup: &Setup,
    org: &str,
    items: &mut Items,
) -> Result<Client, Failure> {
    let first = wanted.buckets.first();
    let name = setup.bucket.as_deref();
    let name = name.or(first.map(|bucket| bucket.name.as_str()));
    let name = name.unwrap_or_default();
    let password = file::secret(&setup.password_file)?;
    let mut new = influx_edge::client::Setup::new(&setup.user, org, name).password(password);
    let same = |bucket: &&file::Bucket| bucket.name == name;
    if let Some(bucket) = wanted.buckets.iter().find(same) {
        let keep = bucket.keep().map_err(Failure::settings)?;
        new = new.retention(keep.unwrap_or_default());
    }
    // If the file exists, its token becomes the operator's; otherwise the server generates one.
    let mut place = None;
    if let Some(file) = &setup.token_file {
        if file.exists() {
            new = new.token(file::secret(file)?);
        } else {
            place = Some(SecretFile::make(file)?);
        }
    }
    let done = match anonymous.setup(&new) {
        // Another program has set it up in between.
        Err(error) if error.is_conflict() => {
            return Err(Failure::new(
                1,
                "the server was just set up by another program; run this again",
            ));
        }
        done => done?,
    };
    let note = match (&setup.token_file, place) {
        (Some(file), Some(place)) => {
            place.keep(done.token())?;
            format!("the operator's token is in {}", file.display())
        }
        _ => String::new(),
    };
    items.add(
        "setup",
        &setup.user,
        Some(&done.user_id),
        Done::Created,
        &note,
    )?;
    Ok(builder.token(done.token()).build()?)
}

/// Adds the credentials for a server that is already set up: those of environment and options, else the
/// operator's token, else the user's password.
fn known(
    matches: &Matches,
    builder: ClientBuilder,
    setup: &Setup,
) -> Result<ClientBuilder, Failure> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let environment = ["INFLUXDB_V2_TOKEN", "INFLUXDB_V2_USERNAME"]
        .into_iter()
        .any(set);
    if matches.has("token-file") || matches.has("config") || environment {
        return Ok(builder);
    }
    match &setup.token_file {
        Some(file) if file.exists() => Ok(builder.token(file::secret(file)?)),
        _ => Ok(builder.session(&setup.user, file::secret(&setup.password_file)?)),
    }
}

/// Returns the organization of the file, and `true` if a dry run would create it.
fn organization(
    client: &Client,
    name: &str,
    create: bool,
    dry: bool,
    items: &mut Items,
) -> Result<(Option<Id<Organization>>, bool), Failure> {
    let find = || -> Result<_, Error> { client.organizations().find_by_name(name) };
    let (there, done) = match find()? {
        Some(org) => (org, Done::Unchanged),
        None if !create => {
            return Err(Failure::settings(format_args!(
                "there is no organization {name:?} that this token may see; create_org = true in the file \
                 creates it"
            )));
        }
        None if dry => {
            items.add("organization", name, None, Done::Created, "")?;
            return Ok((None, true));
        }
        None => match client.organizations().create(&NewOrganization::new(name)) {
            // Another program has created it in between.
            Err(error) if error.is_conflict() => (find()?.ok_or(error)?, Done::Unchanged),
            made => (made?, Done::Created),
        },
    };
    items.add("organization", name, Some(there.id.as_str()), done, "")?;
    Ok((Some(there.id), false))
}
