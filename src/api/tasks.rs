//! Tasks: Flux that the server runs on a schedule.

use super::ensure::{Ensured, Plan};
use super::id::{OrgId, TaskId, UserId};
use super::labels::Label;
use super::list::{List, Page, Paging, listed};
use super::relations::{AttachedLabels, Members};
use super::request::{ApiRequest, Scope};
use super::runs::{LogEvent, Runs};
use super::schedule::{Interval, When, check_cron, with_option};
use super::serde_util::{Status, or_default, status, time};
use crate::Timestamp;
use crate::client::Client;
use crate::client::names::{check_name, without_bom};
use crate::error::Error;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A task, as the server tells it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let task = client.tasks().find_by_name("hourly")?.expect("it was made");
/// assert_eq!((task.every.as_deref(), task.offset.as_deref()), (Some("1h"), Some("5m")));
/// assert_eq!(task.last_run_error, None);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The organization it belongs to.
    #[serde(rename = "orgID", default)]
    pub org_id: Option<OrgId>,
    /// That organization's name. Empty in a [`basic`](List::basic) list.
    #[serde(default)]
    pub org: Option<String>,
    /// The user it runs as.
    #[serde(rename = "ownerID", default)]
    pub owner_id: Option<UserId>,
    /// Its name. More than one task may have it.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Description; empty if unset.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// Whether it runs.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<Status>,
    /// The script, with its `option task`. Empty in a [`basic`](List::basic) list.
    #[serde(default, deserialize_with = "or_default")]
    pub flux: String,
    /// How often it runs, as Flux writes a duration: `1h30m`. This or `cron`.
    #[serde(default)]
    pub every: Option<String>,
    /// When it runs, as cron writes it.
    #[serde(default)]
    pub cron: Option<String>,
    /// How long after its time it starts.
    #[serde(default)]
    pub offset: Option<String>,
    /// Up to when it has run.
    #[serde(rename = "latestCompleted", default, deserialize_with = "time")]
    pub latest_completed: Option<Timestamp>,
    /// How the last run ended: `success`, `failed` or `canceled`.
    #[serde(rename = "lastRunStatus", default)]
    pub last_run_status: Option<String>,
    /// Why it failed.
    #[serde(rename = "lastRunError", default)]
    pub last_run_error: Option<String>,
    /// The authorization it uses. Cloud only.
    #[serde(rename = "authorizationID", default)]
    pub authorization_id: Option<String>,
    /// When it was made.
    #[serde(rename = "createdAt", default, deserialize_with = "time")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(rename = "updatedAt", default, deserialize_with = "time")]
    pub updated_at: Option<Timestamp>,
    /// The labels on it. Empty in the response to a create, even if it has some.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<Label>,
}

listed!(Task, "tasks", in pages of 500 at most);

/// A task to be made.
///
/// A server takes name and schedule from the script only, from a line `option task = {…}`.
/// [`every`](NewTask::every) and [`cron`](NewTask::cron) write it, with the name escaped; a script
/// that has it already is for [`from_flux`](NewTask::from_flux).
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// use influx_edge::api::{NewTask, hours};
///
/// let flux = r#"from(bucket: "sensors") |> range(start: -1h) |> mean() |> to(bucket: "hourly")"#;
/// let task = client.tasks().create(&NewTask::every("hourly", hours(1), flux).offset("5m"))?;
/// assert!(task.flux.starts_with(r#"option task = {name: "hourly", every: 1h, offset: 5m}"#));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewTask {
    schedule: Option<(String, When)>,
    offset: Option<Interval>,
    flux: String,
    description: Option<String>,
    status: Option<Status>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "orgID", skip_serializing_if = "Option::is_none")]
    org_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
    flux: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

impl NewTask {
    /// A task that runs again and again: every hour, or by text as Flux writes a duration, `1d`.
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

    /// A task that runs at the times cron would: `0 2 * * *` is at two o'clock, UTC. A sixth field, in
    /// front, is seconds. A date that never comes, as `0 0 30 2 *`, is an error of
    /// [`create`](Tasks::create), before anything is sent.
    pub fn cron(name: impl Into<String>, cron: impl Into<String>, flux: impl Into<String>) -> Self {
        NewTask {
            schedule: Some((name.into(), When::Cron(cron.into()))),
            ..NewTask::from_flux(flux)
        }
    }

    /// A task whose script says its name and its schedule itself. A byte order mark in front of a script is
    /// taken off.
    pub fn from_flux(flux: impl Into<String>) -> Self {
        NewTask {
            schedule: None,
            offset: None,
            flux: without_bom(flux.into()),
            description: None,
            status: None,
        }
    }

    /// How long after its time it starts, so that late points are there. Hours at most.
    #[must_use]
    pub fn offset(mut self, offset: impl Into<Interval>) -> Self {
        self.offset = Some(offset.into());
        self
    }

    /// Description.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Whether it runs from the beginning. Default active.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
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

    /// What to change of the task there is.
    fn difference(&self, flux: &str, there: &Task) -> Option<TaskUpdate> {
        let differs = |wanted: &Option<String>, is: &str| wanted.clone().filter(|w| w != is);
        let mut update = TaskUpdate {
            flux: (flux != there.flux).then(|| flux.into()),
            description: differs(&self.description, &there.description),
            status: self.status.filter(|status| there.status != Some(*status)),
            ..TaskUpdate::default()
        };
        if update.flux.is_none() && update.description.is_none() && update.status.is_none() {
            return None;
        }
        if update.flux.is_none() && update.status.is_none() {
            // (OSS refuses a description alone.)
            update.status = there.status;
        }
        Some(update)
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

/// What to change of a task. What isn't set stays. Name and schedule are changed in its script, by
/// the server.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
/// use influx_edge::api::{TaskUpdate, hours};
///
/// let task = client.tasks().update(&id, &TaskUpdate::new().every(hours(2)))?;
/// assert!(task.flux.starts_with(r#"option task = {name: "hourly", every: 2h, offset: 5m}"#));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TaskUpdate {
    flux: Option<String>,
    name: Option<String>,
    every: Option<Interval>,
    cron: Option<String>,
    offset: Option<Interval>,
    description: Option<String>,
    status: Option<Status>,
}

#[derive(Serialize)]
struct UpdateBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    flux: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cron: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

impl TaskUpdate {
    /// No change yet.
    #[must_use]
    pub fn new() -> Self {
        TaskUpdate::default()
    }

    /// Another script, with its `option task`.
    #[must_use]
    pub fn flux(mut self, flux: impl Into<String>) -> Self {
        self.flux = Some(without_bom(flux.into()));
        self
    }

    /// Another name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How often it runs, instead of any cron.
    #[must_use]
    pub fn every(mut self, every: impl Into<Interval>) -> Self {
        self.every = Some(every.into());
        self
    }

    /// When it runs, instead of any interval. As in [`NewTask::cron`].
    #[must_use]
    pub fn cron(mut self, cron: impl Into<String>) -> Self {
        self.cron = Some(cron.into());
        self
    }

    /// How long after its time it starts. OSS takes `0s` for nothing: to be without an offset,
    /// set the script.
    #[must_use]
    pub fn offset(mut self, offset: impl Into<Interval>) -> Self {
        self.offset = Some(offset.into());
        self
    }

    /// Another description. OSS refuses (400) an update with nothing but this.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Whether it runs.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    fn body(&self) -> Result<UpdateBody<'_>, Error> {
        if self.every.is_some() && self.cron.is_some() {
            return Err(Error::config("cannot specify both every and cron"));
        }
        // Of an empty one the server takes no notice.
        if let Some(name) = &self.name {
            check_name("a task", name)?;
        }
        if let Some(cron) = &self.cron {
            check_cron(cron)?;
        }
        Ok(UpdateBody {
            flux: &self.flux,
            name: &self.name,
            every: self.every.as_ref().map(Interval::positive).transpose()?,
            cron: &self.cron,
            offset: self.offset.as_ref().map(Interval::offset).transpose()?,
            description: &self.description,
            status: self.status,
        })
    }
}

/// The tasks of an organization. Made by [`Client::tasks`].
#[derive(Clone, Copy, Debug)]
pub struct Tasks<'a>(Scope<'a>);

impl Client {
    /// The tasks of this client's organization; of all the token may see, if it has none.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let all = client.tasks().list().collect::<Result<Vec<_>, _>>()?;
    /// println!("{} of them", all.len());
    /// # assert!(!all.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn tasks(&self) -> Tasks<'_> {
        Tasks(Scope::of(self))
    }
}

impl<'a> Tasks<'a> {
    /// The same of another organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::OrgId::new("0123456789abcdef")?;
    /// let theirs = client.tasks().in_org(&id).list().collect::<Result<Vec<_>, _>>()?;
    /// # assert!(!theirs.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn in_org(self, org: &'a OrgId) -> Self {
        Tasks(self.0.in_org(org))
    }

    /// All tasks.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// for one in client.tasks().list() {
    ///     println!("{:?}", one?.name); // page after page is asked for as it is needed
    /// }
    /// # assert!(client.tasks().list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn list(self) -> List<'a, Task> {
        List::new(self.0.client, "list tasks", &["tasks"], Paging::After).org(self.0)
    }

    /// The task with this id, if there is one.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
    /// match client.tasks().find(&id)? {
    ///     Some(found) => println!("{found:?}"),
    ///     None => println!("it is gone"),
    /// }
    /// # assert!(client.tasks().find(&id)?.is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find(self, id: &TaskId) -> Result<Option<Task>, Error> {
        ApiRequest::get(self.0.client, &["tasks", id.as_str()])
            .find(&format_args!("find task {id}"))
    }

    /// The first task with this name, if there is one. Names need not be unique:
    /// [`list`](Tasks::list) with [`named`](List::named) gives all.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let there = client.tasks().find_by_name("hourly")?.is_some();
    /// # assert!(there);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find_by_name(self, name: &str) -> Result<Option<Task>, Error> {
        check_name("a task", name)?;
        let found = ApiRequest::get(self.0.client, &["tasks"])
            .org(self.0)
            .query("name", name)
            .find::<Page<Task>>(&format_args!("find task {name:?}"))?;
        Ok(found.and_then(|page| page.0.into_iter().find(|task| task.name == name)))
    }

    /// Makes a task.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::NewTask;
    ///
    /// let made = client.tasks().create(&NewTask::every("hourly", "1h", "from(bucket: \"sensors\") |> range(start: -1h) |> mean() |> to(bucket: \"hourly\")"))?;
    /// println!("{:?}", made.id);
    /// # assert_eq!(made.name, "hourly");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the name is empty, the schedule is invalid, the script can't be parsed
    /// (400, with the position; OSS checks its meaning only at the first run), there is no
    /// organization, the token lacks permission, or no response is received.
    pub fn create(self, new: &NewTask) -> Result<Task, Error> {
        let (mut org, mut org_id) = (None, None);
        match self.0.org_parameter() {
            Some(("org", name)) => org = Some(name),
            Some((_, id)) => org_id = Some(id),
            None => self.0.check_org()?,
        }
        let body = Body {
            org_id,
            org,
            flux: new.script()?,
            description: &new.description,
            status: new.status,
        };
        ApiRequest::new(self.0.client, "POST", &["tasks"])
            .json(&body)
            .send_json(&"create a task")
    }

    /// Makes the task if there is none of its name, and changes what is different of the one there is:
    /// the script with its schedule, as text; description and status, where `new` sets them.
    ///
    /// A task that was changed in another program, which writes the script anew, gets this script
    /// again. Safe to repeat, but not from several programs at once: the server takes equal names.
    ///
    /// # Errors
    /// Returns an error if `new` is a script with an option of its own, whose name only the server
    /// reads, or several tasks have the name; else as [`create`](Tasks::create) and
    /// [`update`](Tasks::update).
    pub fn ensure(self, new: &NewTask) -> Result<Ensured<Task>, Error> {
        let name = new.own_name()?;
        let flux = new.script()?;
        self.0.check_org()?;
        Ensured::find_or_create(|| self.find_only(name), || self.create(new))?.or_change(|there| {
            let update = new.difference(&flux, there);
            update.map(|u| self.update(&there.id, &u)).transpose()
        })
    }

    /// What [`ensure`](Tasks::ensure) would do, found out without changing anything.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::api::{NewTask, Plan, hours};
    ///
    /// let flux = r#"from(bucket: "sensors") |> range(start: -task.every) |> mean() |> to(bucket: "hourly")"#;
    /// let plan = client.tasks().plan(&NewTask::every("hourly means", hours(1), flux))?;
    /// println!("{plan:?}");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ensure`](Tasks::ensure), but for permission to write and what the server thinks of the script.
    pub fn plan(self, new: &NewTask) -> Result<Plan<Task>, Error> {
        let name = new.own_name()?;
        let flux = new.script()?;
        self.0.check_org()?;
        Plan::of(self.find_only(name)?, |there| {
            Ok(new.difference(&flux, there))
        })
    }

    /// The task with this name. Of two none can be chosen: both run.
    fn find_only(self, name: &str) -> Result<Option<Task>, Error> {
        let mut found: Option<Task> = None;
        for task in self.list().named(name) {
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

    /// Makes a task with the script, the description, the status and the labels of this one, in
    /// the same organization.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
    /// let second = client.tasks().duplicate(&id)?;
    /// # assert!(!second.flux.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such task, and the same errors as [`create`](Tasks::create).
    /// Returns an error, too, if a label can't be added; the new task is there then, without it and
    /// those that follow.
    pub fn duplicate(self, id: &TaskId) -> Result<Task, Error> {
        let old: Task = ApiRequest::get(self.0.client, &["tasks", id.as_str()])
            .send_json(&format_args!("duplicate task {id}"))?;
        let new = NewTask {
            description: Some(old.description).filter(|text| !text.is_empty()),
            status: old.status,
            ..NewTask::from_flux(old.flux)
        };
        let mut made = match (&old.org_id, self.0.org) {
            (Some(org), None) => Tasks(self.0.in_org(org)).create(&new),
            _ => self.create(&new),
        }?;
        for label in &old.labels {
            made.labels.push(self.labels(&made.id).add(&label.id)?);
        }
        Ok(made)
    }

    /// Changes what is set in `update`, and gives the task as it is then.
    ///
    /// # Errors
    /// Returns an error if there is no such task, both `every` and `cron` are set, the script is
    /// invalid, the token lacks permission, or no response is received.
    pub fn update(self, id: &TaskId, update: &TaskUpdate) -> Result<Task, Error> {
        ApiRequest::new(self.0.client, "PATCH", &["tasks", id.as_str()])
            .json(&update.body()?)
            .send_json(&format_args!("update task {id}"))
    }

    /// Deletes a task, its runs and logs.
    ///
    /// # Errors
    /// Returns an error if there is [no such task](Error::is_not_found), the token lacks
    /// permission, or no response is received.
    pub fn delete(self, id: &TaskId) -> Result<(), Error> {
        ApiRequest::new(self.0.client, "DELETE", &["tasks", id.as_str()])
            .send(&format_args!("delete task {id}"))
    }

    /// The runs of a task: to look at, to start, to repeat, to end.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
    /// for run in client.tasks().runs(&id).list() {
    ///     println!("{:?}", run?.status);
    /// }
    /// # assert!(client.tasks().runs(&id).list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn runs(self, id: &TaskId) -> Runs<'a> {
        Runs::new(self.0.client, id)
    }

    /// What a task's runs have said.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
    /// for event in client.tasks().logs(&id)? {
    ///     println!("{:?}", event.message);
    /// }
    /// # assert!(!client.tasks().logs(&id)?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such task, the token lacks permission, or no response is
    /// received.
    pub fn logs(self, id: &TaskId) -> Result<Vec<LogEvent>, Error> {
        ApiRequest::get(self.0.client, &["tasks", id.as_str(), "logs"])
            .send_json::<Page<LogEvent>>(&format_args!("read the logs of task {id}"))
            .map(|page| page.0)
    }

    /// The labels on a task.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
    /// for label in client.tasks().labels(&id).list()? {
    ///     println!("{:?}", label.name);
    /// }
    /// # assert!(!client.tasks().labels(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn labels(self, id: &TaskId) -> AttachedLabels<'a> {
        AttachedLabels::new(self.0.client, "tasks", id.as_str())
    }

    /// The members of a task.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
    /// for member in client.tasks().members(&id).list()? {
    ///     println!("{member:?}");
    /// }
    /// # assert!(!client.tasks().members(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn members(self, id: &TaskId) -> Members<'a> {
        Members::new(self.0.client, "tasks", id.as_str(), "members")
    }

    /// The owners of a task.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
    /// println!("{} owners", client.tasks().owners(&id).list()?.len());
    /// # assert!(!client.tasks().owners(&id).list()?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn owners(self, id: &TaskId) -> Members<'a> {
        Members::new(self.0.client, "tasks", id.as_str(), "owners")
    }
}

impl List<'_, Task> {
    /// Only those with this name.
    pub fn named(self, name: impl Into<String>) -> Self {
        self.with("name", name)
    }

    /// Only those that run as this user.
    pub fn of_user(self, user: &UserId) -> Self {
        self.with("user", user.as_str())
    }

    /// Only those that run, or only those that don't.
    pub fn status(self, status: Status) -> Self {
        self.with(
            "status",
            match status {
                Status::Active => "active",
                Status::Inactive => "inactive",
            },
        )
    }

    /// Without scripts and organizations' names, which is quicker.
    pub fn basic(self) -> Self {
        self.with("type", "basic")
    }
}
