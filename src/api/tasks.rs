//! Tasks: Flux that the server runs on a schedule.

use super::listed::{Paging, listed};
use super::resource::{Change, Kind, Lookup, OrgParameter};
use super::schedule::{When, check_cron, with_option};
use super::serde_util::{or_default, status, time};
use super::setters::{setters, update};
use super::{
    Deletable, Editable, Ensure, Id, InOrg, Interval, Label, Labeled, List, Named, Organization,
    Resource, Resources, Shared, Status, User,
};
use crate::Timestamp;
use crate::client::Client;
use crate::client::names::{check_name, without_bom};
use crate::error::Error;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A task, as a server describes it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let task = client.tasks().find_by_name("hourly")?.expect("it exists");
/// assert_eq!(
///     (task.every.as_deref(), task.offset.as_deref()),
///     (Some("1h"), Some("5m"))
/// );
/// assert_eq!(task.last_run_error, None);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Task {
    /// The id.
    pub id: Id<Task>,
    /// The organization it belongs to.
    #[serde(rename = "orgID")]
    pub org_id: Option<Id<Organization>>,
    /// That organization's name. Empty in a [`basic`](List::basic) list.
    pub org: Option<String>,
    /// The user it runs as.
    #[serde(rename = "ownerID")]
    pub owner_id: Option<Id<User>>,
    /// The name. Several tasks may have it.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// The status: an inactive task doesn't run.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<Status>,
    /// The script, with its `option task`. Empty in a [`basic`](List::basic) list.
    #[serde(default, deserialize_with = "or_default")]
    pub flux: String,
    /// The interval between runs, as a Flux duration: `1h30m`. Either this or `cron` is set.
    pub every: Option<String>,
    /// The times of its runs, as a cron schedule.
    pub cron: Option<String>,
    /// The delay of each run after its scheduled time, as a Flux duration.
    pub offset: Option<String>,
    /// The time up to which it has run.
    #[serde(rename = "latestCompleted", default, deserialize_with = "time")]
    pub latest_completed: Option<Timestamp>,
    /// The status of the last run: `success`, `failed` or `canceled`.
    #[serde(rename = "lastRunStatus")]
    pub last_run_status: Option<String>,
    /// The error of the last run.
    #[serde(rename = "lastRunError")]
    pub last_run_error: Option<String>,
    /// The authorization it uses. Cloud only.
    #[serde(rename = "authorizationID")]
    pub authorization_id: Option<String>,
    /// The time of its creation.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// The time of the last change.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
    /// The labels on it. Empty in the response to a create.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
}

listed!(Task, "tasks", in pages of 500 at most);

impl Resource for Task {
    type Single = Task;

    const KIND: Kind = Kind::new("a task", &["tasks"], Paging::After, OrgParameter::Lists);
}

impl InOrg for Task {}

impl Named for Task {
    const LOOKUP: Lookup = Lookup::Parameter("name");

    fn has_name(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Editable for Task {
    type New = NewTask;
    type Update = TaskUpdate;

    fn check_new(new: &NewTask) -> Result<&str, Error> {
        new.own_name()
    }

    fn check_update(update: &TaskUpdate) -> Result<(), Error> {
        if update.every.is_some() && update.cron.is_some() {
            return Err(Error::config("cannot specify both every and cron"));
        }
        // The server ignores an empty one.
        if let Some(name) = &update.name {
            check_name("a task", name)?;
        }
        if let Some(cron) = &update.cron {
            check_cron(cron)?;
        }
        if let Some(every) = &update.every {
            every.positive()?;
        }
        if let Some(offset) = &update.offset {
            offset.offset()?;
        }
        Ok(())
    }

    fn create(at: Resources<'_, Self>, new: &NewTask) -> Result<Self, Error> {
        // The only create for which the organization's name is enough.
        let (mut org, mut org_id) = (None, None);
        match at.scope.org_parameter() {
            Some(("org", name)) => org = Some(name),
            Some((_, id)) => org_id = Some(id),
            None => at.scope.check_org()?,
        }
        let new = &NewTask {
            flux: new.script()?.into_owned(),
            ..new.clone()
        };
        at.request("POST", &[])
            .json(&Body { org_id, org, new })
            .send_json(&"create a task")
    }
}

impl Deletable for Task {}
impl Labeled for Task {}
impl Shared for Task {}

impl Ensure for Task {
    fn check(new: &NewTask) -> Result<(), Error> {
        new.own_name()?;
        new.script().map(drop)
    }

    /// The task of this name. If there are several, none can be chosen: all of them run.
    fn find_same(at: Resources<'_, Self>, new: &NewTask) -> Result<Option<Self>, Error> {
        let name = new.own_name()?;
        let mut found: Option<Task> = None;
        for task in at.list().named(name) {
            let task = task?;
            if task.name != name {
                continue;
            }
            if let Some(other) = &found {
                return Err(Error::content(
                    format!("cannot change the task {name:?}"),
                    format!(
                        "the tasks {} and {} both have that name; delete one of them",
                        other.id, task.id
                    ),
                ));
            }
            found = Some(task);
        }
        Ok(found)
    }

    fn difference(
        _at: Resources<'_, Self>,
        there: &Task,
        new: &NewTask,
    ) -> Result<Option<Change<TaskUpdate>>, Error> {
        let flux = new.script()?;
        let differs = |wanted: &Option<String>, is: &str| wanted.clone().filter(|w| w != is);
        let mut update = TaskUpdate {
            flux: (flux != there.flux).then(|| flux.into()),
            description: differs(&new.description, &there.description),
            status: new.status.filter(|status| there.status != Some(*status)),
            ..TaskUpdate::default()
        };
        if update.flux.is_none() && update.status.is_none() {
            if update.description.is_none() {
                return Ok(None);
            }
            // InfluxDB OSS rejects an update of the description alone.
            update.status = there.status;
        }
        Ok(Some(Change::Update(update)))
    }
}

/// A task to be created.
///
/// A server takes the name and the schedule from the script alone, from a line `option task = {…}`.
/// [`every`](NewTask::every) and [`cron`](NewTask::cron) write that line, with the name escaped; a script
/// that has it already is for [`from_flux`](NewTask::from_flux).
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{NewTask, hours};
///
/// let flux = r#"from(bucket: "sensors") |> range(start: -1h) |> mean() |> to(bucket: "hourly")"#;
/// let task = client
///     .tasks()
///     .create(&NewTask::every("hourly", hours(1), flux).offset("5m"))?;
/// assert!(
///     task.flux.starts_with(
///         r#"option task = {name: "hourly", every: 1h, offset: 5m}"#
///     )
/// );
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct NewTask {
    #[serde(skip)]
    schedule: Option<(String, When)>,
    #[serde(skip)]
    offset: Option<Interval>,
    flux: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

/// A task whose script has its option, in an organization.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "orgID", skip_serializing_if = "Option::is_none")]
    org_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
    #[serde(flatten)]
    new: &'a NewTask,
}

impl NewTask {
    /// A task that runs at an interval: a [`Duration`](core::time::Duration), or a Flux duration as text,
    /// `1d`.
    pub fn every(
        name: impl Into<String>,
        every: impl Into<Interval>,
        flux: impl Into<String>,
    ) -> Self {
        NewTask {
            schedule: Some((name.into(), When::Every(every.into()))),
            ..NewTask::from_flux(flux)
        }
    }

    /// A task that runs by a cron schedule, in UTC: `0 2 * * *` is every day at two o'clock. A sixth
    /// field, in front, is seconds. A date that never comes, such as `0 0 30 2 *`, is an error of
    /// [`create`](Resources::create), before anything is sent.
    pub fn cron(name: impl Into<String>, cron: impl Into<String>, flux: impl Into<String>) -> Self {
        NewTask {
            schedule: Some((name.into(), When::Cron(cron.into()))),
            ..NewTask::from_flux(flux)
        }
    }

    /// A task whose script has its own `option task`. A byte order mark in front of a script is removed.
    pub fn from_flux(flux: impl Into<String>) -> Self {
        NewTask {
            schedule: None,
            offset: None,
            flux: without_bom(flux.into()),
            description: None,
            status: None,
        }
    }

    setters! {
        /// Sets the delay of each run after its scheduled time, for points that arrive late. Units up to
        /// hours.
        offset = |offset: impl Into<Interval>| offset.into();

        /// Sets the description.
        description = |text: impl Into<String>| text.into();

        /// Sets the status. Default: active.
        status = |status: Status| status;
    }

    /// The name by which it is found again.
    fn own_name(&self) -> Result<&str, Error> {
        match &self.schedule {
            Some((name, _)) => Ok(name),
            None => Err(Error::config(
                "the name of a task with its own option isn't known before it is made: use `NewTask::every` or `NewTask::cron`",
            )),
        }
    }

    fn script(&self) -> Result<Cow<'_, str>, Error> {
        match &self.schedule {
            Some((name, when)) => {
                check_name("a task", name)?;
                with_option(name, when, self.offset.as_ref(), &self.flux).map(Cow::Owned)
            }
            None if self.offset.is_some() => Err(Error::config(
                "the offset of a task with its own option belongs into that option",
            )),
            None => Ok(Cow::Borrowed(&self.flux)),
        }
    }
}

update! {
    /// Changes of a task. Values that aren't set are unchanged. The server writes a new name or schedule into
    /// the script.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// use influx_edge::api::{TaskUpdate, hours};
    ///
    /// let task = client
    ///     .tasks()
    ///     .update(&id, &TaskUpdate::new().every(hours(2)))?;
    /// assert!(
    ///     task.flux.starts_with(
    ///         r#"option task = {name: "hourly", every: 2h, offset: 5m}"#
    ///     )
    /// );
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub struct TaskUpdate {
        /// Changes the script, with its `option task`.
        flux: String = |flux: impl Into<String>| without_bom(flux.into());

        /// Changes the name.
        name: String = |name: impl Into<String>| name.into();

        /// Changes the interval between runs, which replaces any cron schedule.
        every: Interval = |every: impl Into<Interval>| every.into();

        /// Changes the cron schedule, which replaces any interval. As in [`NewTask::cron`].
        cron: String = |cron: impl Into<String>| cron.into();

        /// Changes the delay of each run after its scheduled time. InfluxDB OSS ignores `0s`: to remove the
        /// offset, change the script.
        offset: Interval = |offset: impl Into<Interval>| offset.into();

        /// Changes the description. InfluxDB OSS rejects (400) an update of this alone.
        description: String = |text: impl Into<String>| text.into();

        /// Changes the status.
        status: Status = |status: Status| status;
    }
}

impl Client {
    /// Returns the tasks of this client's organization; of all that the token may see, if it has none.
    #[must_use]
    pub fn tasks(&self) -> Resources<'_, Task> {
        Resources::of(self)
    }
}

impl Resources<'_, Task> {
    /// Creates a task with the script, the description, the status and the labels of this one, in
    /// the same organization unless [`in_org`](Self::in_org) chose another.
    ///
    /// # Errors
    /// Returns an error if there is no such task, and the same errors as [`create`](Self::create). If a
    /// label can't be added, that is an error, too, and the new task exists without it and the later
    /// ones.
    pub fn duplicate(self, id: &Id<Task>) -> Result<Task, Error> {
        let old = self.original(id)?;
        let new = NewTask {
            description: Some(old.description).filter(|text| !text.is_empty()),
            status: old.status,
            ..NewTask::from_flux(old.flux)
        };
        let at = self.in_known_org(old.org_id.as_ref());
        let mut made = at.create(&new)?;
        for label in &old.labels {
            made.labels.push(at.labels(&made.id).add(&label.id)?);
        }
        Ok(made)
    }
}

impl List<'_, Task> {
    /// Keeps only those with this name.
    pub fn named(self, name: impl Into<String>) -> Self {
        self.with("name", name)
    }

    /// Keeps only those that run as this user.
    pub fn of_user(self, user: &Id<User>) -> Self {
        self.with("user", user.as_str())
    }

    /// Keeps only those with this status.
    pub fn status(self, status: Status) -> Self {
        self.with(
            "status",
            match status {
                Status::Active => "active",
                Status::Inactive => "inactive",
            },
        )
    }

    /// Leaves out scripts and organizations' names, which is quicker.
    pub fn basic(self) -> Self {
        self.with("type", "basic")
    }
}
