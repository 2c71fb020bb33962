//! Everything a logger needs on a server, made in one go: an organization, a bucket, a label, a
//! token that may do no more than it has to, a mapping for programs of InfluxDB 1.x, a task.
//!
//! ```sh
//! cargo run --example provision            # against a mock server inside this program
//! cargo run --example provision -- keep    # leave it there, and print the new token
//! ```
//!
//! With `INFLUXDB_V2_URL` the server is yours, and either `INFLUXDB_V2_TOKEN` (an operator's token)
//! or `INFLUXDB_V2_USERNAME` and `INFLUXDB_V2_PASSWORD`: a new server is set up with them first, at
//! any other they sign in. What is there already is made right or left alone: run it as often as you
//! like, the second run changes nothing. At the end it removes what it made, unless told to keep it.
//!
//! Ends with 0 when all is there, 1 when not; a server that doesn't respond costs half a minute.

#[path = "common/say.rs"]
#[macro_use]
mod say;

// The mock server that the tests use.
#[path = "../tests/common/mock_api.rs"]
pub(crate) mod mock_server;

use std::process::ExitCode;

use influx_edge::api::{
    Authorization, Bucket, Dbrp, Label, NewAuthorization, NewBucket, NewDbrp, NewLabel,
    NewOrganization, NewTask, Organization, Permission, Task, days, hours,
};
use influx_edge::client::Setup;
use influx_edge::{Client, Error};

const ORG: &str = "influx-edge-demo";
const BUCKET: &str = "sensors";
const HOURLY: &str = "sensors-hourly";
const LABEL: &str = "provisioned";
const LOGGER: &str = "the logger of the demo: writes sensors, and nothing else";
const DATABASE: (&str, &str) = ("sensors-v1", "autogen");
const TASK: &str = "sensors hourly";
const FLUX: &str = r#"
from(bucket: "sensors")
    |> range(start: -task.every)
    |> aggregateWindow(every: 1h, fn: mean)
    |> to(bucket: "sensors-hourly")
"#;

/// What is there afterwards.
#[derive(Debug, PartialEq)]
pub(crate) struct Provisioned {
    pub(crate) org: Organization,
    pub(crate) buckets: [Bucket; 2],
    pub(crate) label: Label,
    pub(crate) logger: Authorization,
    pub(crate) mapping: Dbrp,
    pub(crate) task: Task,
}

fn main() -> ExitCode {
    match run(std::env::args().any(|argument| argument == "keep")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One sentence: what failed, whose fault it is, what to do.
            eprintln!("provision: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(keep: bool) -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = variable("INFLUXDB_V2_USERNAME").unwrap_or("admin".into());
    let mut password = variable("INFLUXDB_V2_PASSWORD");
    // Stops when it goes out of scope, so it is kept until the end.
    let mut mock = None;
    let client = if variable("INFLUXDB_V2_URL").is_some() {
        Client::from_env()?
    } else {
        let server = mock.insert(mock_server::MockServer::start());
        mention!(
            "(No INFLUXDB_V2_URL: a mock server inside this program, at {}.)\n",
            server.url()
        );
        let password = password.insert("of-the-mock-server".into());
        Client::builder(server.url())
            .session(&user, &*password)
            .build()?
    };
    for warning in client.warnings() {
        eprintln!("warning: {warning}");
    }
    if let (Some(password), true) = (&password, client.needs_setup()?) {
        set_up(&client, &user, password)?;
        mention!("set up        first user {user}");
    }

    let made = provision(&client)?;
    mention!("organization  {} ({})", made.org.name, made.org.id);
    for bucket in &made.buckets {
        let keep = bucket.retention().map_or("for ever".to_owned(), |keep| {
            format!("{} days", keep.as_secs() / 86_400)
        });
        mention!("bucket        {} ({}), kept {keep}", bucket.name, bucket.id);
    }
    mention!("label         {}", made.label.name);
    match made.logger.reveal_token() {
        // The only time it can be read. A program would put it where the logger finds it.
        Some(token) if keep => mention!("token         {token}"),
        Some(token) => mention!("token         new, {} characters", token.len()),
        None => mention!("token         there already, and not to be read again"),
    }
    let (database, rp) = (&made.mapping.database, &made.mapping.retention_policy);
    mention!("1.x programs  write to {database}/{rp}");
    mention!(
        "task          {}, every {}",
        made.task.name,
        made.task.every.as_deref().unwrap_or("?")
    );

    let again = provision(&client)?;
    if (&again.org.id, &again.logger.id) == (&made.org.id, &made.logger.id) {
        mention!("a second run found all of it and made nothing");
    }

    if !keep {
        remove(&client, &made)?;
        mention!("removed");
    }
    // A session that is only dropped lives on in the server for an hour.
    client.sign_out()
}

/// The first steps of a new server: whoever comes first becomes its owner. If somebody else was
/// faster, that is what the sign-in will say.
pub(crate) fn set_up(client: &Client, user: &str, password: &str) -> Result<(), Error> {
    let setup = Setup::new(user, ORG, BUCKET)
        .password(password)
        .retention(days(30));
    match client.setup(&setup) {
        Err(error) if error.is_conflict() => Ok(()),
        done => done.map(|_| ()),
    }
}

/// Makes what isn't there, and leaves alone what is right. Where two programs provision at once, one of
/// them may get [`Error::is_duplicate`] and try again; tokens, mappings and tasks may be there twice.
pub(crate) fn provision(client: &Client) -> Result<Provisioned, Error> {
    let org = match client.organizations().find_by_name(ORG)? {
        Some(org) => org,
        None => client.organizations().create(&NewOrganization::new(ORG))?,
    };

    let buckets = client.buckets().in_org(&org.id);
    let bucket = |name: &str, keep| buckets.ensure(&NewBucket::new(name).retention(keep));
    let raw = bucket(BUCKET, days(30))?.into_inner();
    let hourly = bucket(HOURLY, days(365))?.into_inner();

    let label = NewLabel::new(LABEL).property("color", "#3b82f6");
    let labels = client.labels().in_org(&org.id);
    let label = labels.ensure(&label)?.into_inner();
    for bucket in [&raw, &hourly] {
        buckets.labels(&bucket.id).ensure(&label.id)?;
    }

    // Tokens have no names; the description is what it's found by.
    let may = [Permission::write().bucket(&raw.id)];
    let logger = NewAuthorization::new(may).description(LOGGER);
    let tokens = client.authorizations().in_org(&org.id);
    let logger = tokens.ensure(&logger)?.into_inner();

    let (database, rp) = DATABASE;
    let mapping = NewDbrp::new(&raw.id, database, rp).default_for_database(true);
    let mapping = client.dbrps().in_org(&org.id).ensure(&mapping)?;

    let task = NewTask::every(TASK, hours(1), FLUX).offset("5m");
    let task = client.tasks().in_org(&org.id).ensure(&task)?;

    Ok(Provisioned {
        org,
        buckets: [raw, hourly],
        label,
        logger,
        mapping: mapping.into_inner(),
        task: task.into_inner(),
    })
}

/// Removes it again, the last first. What somebody else has removed meanwhile is no error.
pub(crate) fn remove(client: &Client, made: &Provisioned) -> Result<(), Error> {
    let org = &made.org.id;
    gone(client.tasks().delete(&made.task.id))?;
    gone(client.dbrps().in_org(org).delete(&made.mapping.id))?;
    gone(client.authorizations().delete(&made.logger.id))?;
    gone(client.labels().delete(&made.label.id))?;
    for bucket in &made.buckets {
        gone(client.buckets().delete(&bucket.id))?;
    }
    gone(client.organizations().delete(org))
}

fn gone(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(error) if error.is_not_found() => Ok(()),
        result => result,
    }
}
