//! Runs of a task, and their logs.

use super::id::{RunId, TaskId};
use super::list::{List, Listed, Page, Paged, Paging, sealed};
use super::request::ApiRequest;
use super::serde_util::{or_default, time};
use crate::Timestamp;
use crate::client::Client;
use crate::error::Error;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One run of a task, as the server tells it.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
/// let mut ended = client.tasks().runs(&id).list();
/// let run = ended.next().transpose()?.expect("it has run");
/// assert!(run.is_success());
/// assert_eq!(run.log.last().map(|event| event.message.as_str()), Some("Completed(success)"));
///
/// let run = client.tasks().runs(&id).start()?;
/// assert!(!run.is_finished()); // it has been scheduled
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The task.
    #[serde(rename = "taskID", default)]
    pub task_id: Option<TaskId>,
    /// `scheduled`, `started`, `failed`, `success` or `canceled`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// The time it is for, which is `now()` in its script. Whole seconds.
    #[serde(rename = "scheduledFor", default, deserialize_with = "time")]
    pub scheduled_for: Option<Timestamp>,
    /// When it began.
    #[serde(rename = "startedAt", default, deserialize_with = "time")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(rename = "finishedAt", default, deserialize_with = "time")]
    pub finished_at: Option<Timestamp>,
    /// When somebody asked for it.
    #[serde(rename = "requestedAt", default, deserialize_with = "time")]
    pub requested_at: Option<Timestamp>,
    /// What it said.
    #[serde(default, deserialize_with = "or_default")]
    pub log: Vec<LogEvent>,
    /// The script it ran. Cloud only.
    #[serde(default)]
    pub flux: Option<String>,
}

impl Run {
    /// Whether it has ended, one way or another.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.status.as_str(), "failed" | "success" | "canceled")
    }

    /// Whether it has ended well.
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
        // Runs that haven't ended are on every page, whatever they are for.
        self.scheduled_for.filter(|_| self.is_finished())
    }
}

impl Paged for Run {
    const LARGEST: u16 = 500;
}

/// One thing that a run said.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
/// let events = client.tasks().logs(&id)?;
/// let done: Vec<_> = events.iter().filter(|event| event.message.starts_with("Completed")).collect();
/// assert_eq!(done[0].run_id, Some("11ac5699fb7b4000".parse()?));
/// assert!(done[0].time > events[0].time);
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEvent {
    /// The run.
    #[serde(rename = "runID", default)]
    pub run_id: Option<RunId>,
    /// When.
    #[serde(default, deserialize_with = "time")]
    pub time: Option<Timestamp>,
    /// What.
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

/// The runs of one task. Made by [`Tasks::runs`](super::Tasks::runs). OSS keeps finished ones for
/// some days.
#[derive(Clone, Debug)]
pub struct Runs<'a> {
    client: &'a Client,
    task: TaskId,
}

impl<'a> Runs<'a> {
    pub(super) fn new(client: &'a Client, task: &TaskId) -> Self {
        Runs {
            client,
            task: task.clone(),
        }
    }

    fn call(&self, method: &'static str, rest: &[&str]) -> ApiRequest<'a> {
        let mut path = alloc::vec!["tasks", self.task.as_str(), "runs"];
        path.extend(rest);
        ApiRequest::new(self.client, method, &path)
    }

    /// All runs: those that haven't ended first, then the others, the latest first. Runs are asked
    /// for by their times, which are whole seconds: if one second has more of them than a page,
    /// the rest of that second is left out. OSS may leave out one that has just ended, for a moment.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
    /// let failed = client.tasks().runs(&id).list().filter(|run| run.as_ref().is_ok_and(|run| !run.is_success()));
    /// println!("{} didn't end well", failed.count());
    /// # assert!(client.tasks().runs(&id).list().next().is_some_and(|run| run.is_ok()));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    pub fn list(&self) -> List<'a, Run> {
        let path = ["tasks", self.task.as_str(), "runs"];
        List::new(self.client, "list runs", &path, Paging::Before)
    }

    /// The run with this id, if there is one.
    ///
    /// # Errors
    /// Returns an error if the token lacks permission or no response is received.
    pub fn find(&self, run: &RunId) -> Result<Option<Run>, Error> {
        self.call("GET", &[run.as_str()])
            .find(&format_args!("find run {run} of task {}", self.task))
    }

    /// Starts a run now, besides the schedule. Gives it as it is then: `scheduled`.
    ///
    /// # Errors
    /// Returns an error if the task is inactive (400) or doesn't exist, a run for this second is
    /// queued already ([`Error::is_conflict`]), the token lacks permission, or no response is
    /// received.
    pub fn start(&self) -> Result<Run, Error> {
        self.call("POST", &[])
            .send_json(&format_args!("start task {}", self.task))
    }

    /// Starts a run for another time, which will be `now()` in the script. Whole seconds: the rest
    /// is cut off.
    ///
    /// # Errors
    /// Returns the same errors as [`start`](Runs::start).
    pub fn start_for(&self, time: Timestamp) -> Result<Run, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            scheduled_for: Timestamp,
        }
        let nanos = time.as_nanos();
        let scheduled_for =
            Timestamp::from_nanos(nanos.saturating_sub(nanos.rem_euclid(1_000_000_000)));
        self.call("POST", &[])
            .json(&Body { scheduled_for })
            .send_json(&format_args!("start task {} for {time}", self.task))
    }

    /// Runs a run again. OSS makes a new one for it, with another id.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
    /// let runs = client.tasks().runs(&id);
    /// if let Some(last) = runs.list().next() {
    ///     runs.retry(&last?.id)?;
    /// }
    /// # assert!(runs.list().next().is_some());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the task is inactive (400), there is no such run, the token lacks
    /// permission, or no response is received.
    pub fn retry(&self, run: &RunId) -> Result<Run, Error> {
        self.call("POST", &[run.as_str(), "retry"])
            .send_json(&format_args!("retry run {run} of task {}", self.task))
    }

    /// Ends a run before it is done. InfluxDB Cloud refuses always (405).
    ///
    /// # Errors
    /// Returns an error if the run has [ended already](Error::is_not_found) or never existed, the
    /// token lacks permission, or no response is received.
    pub fn cancel(&self, run: &RunId) -> Result<(), Error> {
        self.call("DELETE", &[run.as_str()])
            .send(&format_args!("cancel run {run} of task {}", self.task))
    }

    /// What a run said.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// # let id = influx_edge::api::TaskId::new("0123456789abcdef")?;
    /// let runs = client.tasks().runs(&id);
    /// let run = runs.start()?;
    /// for event in runs.logs(&run.id)? {
    ///     println!("{:?}", event.message);
    /// }
    /// # assert!(!runs.logs(&run.id)?.is_empty());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if there is no such run, the token lacks permission, or no response is
    /// received.
    pub fn logs(&self, run: &RunId) -> Result<Vec<LogEvent>, Error> {
        self.call("GET", &[run.as_str(), "logs"])
            .send_json::<Page<LogEvent>>(&format_args!("read the logs of run {run}"))
            .map(|page| page.0)
    }
}

impl List<'_, Run> {
    /// Only those for a time after this one.
    pub fn after(self, time: Timestamp) -> Self {
        self.since(time)
    }

    /// Only those for a time before this one.
    pub fn until(self, time: Timestamp) -> Self {
        self.before(time)
    }
}
