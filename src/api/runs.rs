//! Runs of a task, and their logs.

use super::list::Page;
use super::listed::{Paging, sealed};
use super::resource::{Kind, OrgParameter};
use super::serde_util::{or_default, time};
use super::{Id, List, Listed, Paged, Resource, Resources, Task};
use crate::Timestamp;
use crate::error::Error;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One run of a task, as a server describes it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// let mut ended = client.tasks().runs(&id).list();
/// let run = ended.next().transpose()?.expect("it has run");
/// assert!(run.is_success());
/// assert_eq!(
///     run.log.last().map(|event| event.message.as_str()),
///     Some("Completed(success)")
/// );
///
/// let run = client.tasks().runs(&id).start()?;
/// assert!(!run.is_finished()); // it has been scheduled
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// The id.
    pub id: Id<Run>,
    /// The task.
    #[serde(rename = "taskID")]
    pub task_id: Option<Id<Task>>,
    /// `scheduled`, `started`, `failed`, `success` or `canceled`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// The time it is for, which is `now()` in its script. Whole seconds.
    #[serde(rename = "scheduledFor", default, deserialize_with = "time")]
    pub scheduled_for: Option<Timestamp>,
    /// The time it started.
    #[serde(rename = "startedAt", default, deserialize_with = "time")]
    pub started_at: Option<Timestamp>,
    /// The time it finished.
    #[serde(rename = "finishedAt", default, deserialize_with = "time")]
    pub finished_at: Option<Timestamp>,
    /// The time of the request that started it, if it wasn't the schedule.
    #[serde(rename = "requestedAt", default, deserialize_with = "time")]
    pub requested_at: Option<Timestamp>,
    /// Its log.
    #[serde(default, deserialize_with = "or_default")]
    pub log: Vec<LogEvent>,
    /// The script it ran. Cloud only.
    pub flux: Option<String>,
}

impl Run {
    /// Returns `true` if it has failed, succeeded or been canceled.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.status.as_str(), "failed" | "success" | "canceled")
    }

    /// Returns `true` if it has succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status == "success"
    }
}

impl sealed::Sealed for Run {}

impl Listed for Run {
    const KEY: &'static str = "runs";

    fn id_text(&self) -> &str {
        self.id.as_str()
    }

    fn at(&self) -> Option<Timestamp> {
        // Unfinished runs are on every page, whatever time they are for.
        self.scheduled_for.filter(|_| self.is_finished())
    }
}

impl Paged for Run {
    const LARGEST: u16 = 500;
}

impl Resource for Run {
    type Single = Run;

    const KIND: Kind = Kind::new("a run", &["runs"], Paging::Before, OrgParameter::None);
}

/// One line of a task's log.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// let events = client.tasks().logs(&id)?;
/// let done: Vec<_> = events
///     .iter()
///     .filter(|event| event.message.starts_with("Completed"))
///     .collect();
/// assert_eq!(done[0].run_id, Some("11ac5699fb7b4000".parse()?));
/// assert!(done[0].time > events[0].time);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEvent {
    /// The run that logged it.
    #[serde(rename = "runID")]
    pub run_id: Option<Id<Run>>,
    /// The time.
    #[serde(default, deserialize_with = "time")]
    pub time: Option<Timestamp>,
    /// The text.
    #[serde(default, deserialize_with = "or_default")]
    pub message: String,
}

impl sealed::Sealed for LogEvent {}

impl Listed for LogEvent {
    const KEY: &'static str = "events";

    fn id_text(&self) -> &str {
        ""
    }
}

impl<'a> Resources<'a, Task> {
    /// Returns the runs of a task: to list, start, retry and cancel them.
    ///
    /// The list has the unfinished runs first, then the others, latest first. Runs are requested by their
    /// times, which are whole seconds: if one second has more of them than a page, the rest of that
    /// second is missing. InfluxDB OSS keeps finished runs for some days, and may leave out for a moment
    /// one that has just finished.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = "0123456789abcdef".parse()?;
    /// let failed = client
    ///     .tasks()
    ///     .runs(&id)
    ///     .list()
    ///     .filter(|run| run.as_ref().is_ok_and(|run| !run.is_success()));
    /// println!("{} failed", failed.count());
    /// # assert!(client.tasks().runs(&id).list().next().is_some_and(|run| run.is_ok()));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn runs(self, id: &'a Id<Task>) -> Resources<'a, Run> {
        Resources::inside(self.scope, Some(["tasks", id.as_str()]))
    }

    /// Returns the log of a task: of all its runs.
    ///
    /// # Errors
    /// Returns an error if there is no such task, the token lacks permission, or no response is
    /// received.
    pub fn logs(self, id: &Id<Task>) -> Result<Vec<LogEvent>, Error> {
        self.request("GET", &[id.as_str(), "logs"])
            .send_json::<Page<LogEvent>>(&format_args!("read the logs of task {id}"))
            .map(|page| page.0)
    }
}

impl<'a> Resources<'a, Run> {
    fn task(self) -> &'a str {
        self.parent.map_or("", |[_, task]| task)
    }

    /// Starts a run now, in addition to the schedule. Returns it as it is then: `scheduled`.
    ///
    /// # Errors
    /// Returns an error if the task is inactive (400) or doesn't exist, a run for this second is
    /// queued already ([`Error::is_conflict`]), the token lacks permission, or no response is
    /// received.
    pub fn start(self) -> Result<Run, Error> {
        self.request("POST", &[])
            .send_json(&format_args!("start task {}", self.task()))
    }

    /// Starts a run for another time, which is `now()` in its script. Whole seconds; the rest is cut off.
    ///
    /// # Errors
    /// Returns the same errors as [`start`](Self::start).
    pub fn start_for(self, time: Timestamp) -> Result<Run, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            scheduled_for: Timestamp,
        }
        let nanos = time.as_nanos();
        let scheduled_for =
            Timestamp::from_nanos(nanos.saturating_sub(nanos.rem_euclid(1_000_000_000)));
        self.request("POST", &[])
            .json(&Body { scheduled_for })
            .send_json(&format_args!("start task {} for {time}", self.task()))
    }

    /// Runs a run again. InfluxDB OSS creates a new run for it, with another id.
    ///
    /// # Errors
    /// Returns an error if the task is inactive (400), there is no such run, the token lacks
    /// permission, or no response is received.
    pub fn retry(self, run: &Id<Run>) -> Result<Run, Error> {
        self.request("POST", &[run.as_str(), "retry"])
            .send_json(&format_args!("retry run {run} of task {}", self.task()))
    }

    /// Cancels a run. InfluxDB Cloud always rejects this (405).
    ///
    /// # Errors
    /// Returns an error if the run has [finished already](Error::is_not_found) or never existed, the
    /// token lacks permission, or no response is received.
    pub fn cancel(self, run: &Id<Run>) -> Result<(), Error> {
        self.request("DELETE", &[run.as_str()])
            .send(&format_args!("cancel run {run} of task {}", self.task()))
    }

    /// Returns the log of a run.
    ///
    /// # Errors
    /// Returns an error if there is no such run, the token lacks permission, or no response is
    /// received.
    pub fn logs(self, run: &Id<Run>) -> Result<Vec<LogEvent>, Error> {
        self.request("GET", &[run.as_str(), "logs"])
            .send_json::<Page<LogEvent>>(&format_args!("read the logs of run {run}"))
            .map(|page| page.0)
    }
}

impl List<'_, Run> {
    /// Keeps only those for a time after this one.
    pub fn after(self, time: Timestamp) -> Self {
        self.since(time)
    }

    /// Keeps only those for a time before this one.
    pub fn until(self, time: Timestamp) -> Self {
        self.before(time)
    }
}
