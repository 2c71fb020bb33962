//! Tasks that really run: now, for another time, again; what they say; and how they end.

use std::time::{Duration, Instant};

use influx_edge::api::*;
use influx_edge::{Client, Timestamp};

use super::T;
use super::place::Place;

/// A run once it has ended.
pub(super) fn finished(client: &Client, task: &Id<Task>, run: &Id<Run>) -> Run {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let found = match client.tasks().runs(task).find(run) {
            // 2.9.1 panics now and then while the run that is asked for ends.
            Err(e) if e.message().contains("a panic has occurred") => None,
            other => other.unwrap(),
        };
        match found {
            Some(run) if run.is_finished() => return run,
            _ if Instant::now() > end => panic!("{run} has not ended: {found:?}"),
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

#[test]
fn made_found_changed_and_removed() {
    let Some(place) = Place::new("tasks") else {
        return;
    };
    let tasks = place.client.tasks();
    // A name that would be more than a name, were it not escaped.
    let name = "n\", every: 1s}\n${x} \\ \u{fc}";
    let new = NewTask::every(name, hours(2), "import \"math\"\nbuckets()")
        .offset("5m")
        .description("d")
        .status(Status::Inactive);
    let made = tasks.create(&new).unwrap();
    assert_eq!(
        (made.name.as_str(), made.every.as_deref()),
        (name, Some("2h"))
    );
    assert_eq!(
        (made.offset.as_deref(), made.cron.as_deref()),
        (Some("5m"), None)
    );
    assert_eq!(
        (made.description.as_str(), made.status),
        ("d", Some(Status::Inactive))
    );
    assert_eq!(tasks.find(&made.id).unwrap().unwrap().flux, made.flux);
    assert_eq!(tasks.find_by_name(name).unwrap().unwrap().id, made.id);
    assert_eq!(tasks.find_by_name("nobody").unwrap(), None);

    let update = TaskUpdate::new().cron("0 2 * * *").name("other \"name\"");
    let changed = tasks.update(&made.id, &update).unwrap();
    assert_eq!(
        (changed.cron.as_deref(), changed.every.as_deref()),
        (Some("0 2 * * *"), None)
    );
    assert_eq!(changed.name, "other \"name\"");
    let update = TaskUpdate::new()
        .every(hours(3))
        .description("e")
        .status(Status::Active);
    let changed = tasks.update(&made.id, &update).unwrap();
    assert_eq!(
        (changed.cron.as_deref(), changed.every.as_deref()),
        (None, Some("3h"))
    );
    assert_eq!(
        (changed.description.as_str(), changed.status),
        ("e", Some(Status::Active))
    );
    let by_cron = NewTask::cron("c", "30 4 * * 1", "buckets()");
    assert_eq!(
        tasks.create(&by_cron).unwrap().cron.as_deref(),
        Some("30 4 * * 1")
    );

    let label = place.client.labels().create(&NewLabel::new("l")).unwrap();
    tasks.labels(&made.id).add(&label.id).unwrap();
    let copy = tasks.duplicate(&made.id).unwrap();
    assert_ne!(copy.id, made.id);
    assert_eq!(
        (&copy.flux, &copy.description),
        (&changed.flux, &changed.description)
    );
    assert_eq!(copy.labels, std::slice::from_ref(&label));
    assert_eq!(tasks.labels(&copy.id).list().unwrap(), [label]);

    let new = NewTask::every("bad", hours(1), "buckets(");
    let error = tasks.create(&new).unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    // What only its run would find out is taken.
    let new = NewTask::every("bad", hours(1), "x = nobody()");
    tasks.create(&new).unwrap();
    let error = tasks
        .create(&NewTask::cron("bad", "every day", "buckets()"))
        .unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    let error = tasks.create(&NewTask::from_flux("buckets()")).unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");

    tasks.delete(&made.id).unwrap();
    assert_eq!(tasks.find(&made.id).unwrap(), None);
    assert!(tasks.delete(&made.id).unwrap_err().is_not_found());
    assert!(tasks.update(&made.id, &update).unwrap_err().is_not_found());
}

/// Schedules: those that come, those that are refused before they are sent, and those that the server
/// refuses, for good, in its words.
#[test]
fn schedules() {
    let Some(place) = Place::new("schedules") else {
        return;
    };
    let tasks = place.client.tasks();
    let task = tasks
        .create(&NewTask::cron("t", "0 2 * * *", "buckets()"))
        .unwrap()
        .id;
    for cron in [
        "0 2 * * *",
        "0 0 29 2 *",
        "0 0 28-31 2 *",
        "0 0 30 2,3 *",
        "0 0 31 * *",
        "0 0 31 JAN *",
        "30 0 2 * * *",
        "0 2 * * MON-FRI",
        "@daily",
        "@every 1h",
    ] {
        let made = tasks.create(&NewTask::cron("c", cron, "buckets()"));
        let made = made.unwrap_or_else(|e| panic!("{cron}: {e}"));
        assert_eq!(made.cron.as_deref(), Some(cron));
        tasks.delete(&made.id).unwrap();
        let changed = tasks.update(&task, &TaskUpdate::new().cron(cron)).unwrap();
        assert_eq!(changed.cron.as_deref(), Some(cron));
    }
    for cron in ["0 0 30 2 *", "0 0 31 4,6 *", "0 0 0 31 feb *", "", " "] {
        let error = tasks.create(&NewTask::cron("c", cron, "buckets()"));
        assert!(error.unwrap_err().is_config(), "{cron}");
        let error = tasks.update(&task, &TaskUpdate::new().cron(cron));
        assert!(error.unwrap_err().is_config(), "{cron}");
    }
    // What the client takes, the server refuses; and so a task that brings its own option.
    let own = |option: &str| {
        NewTask::from_flux(format!(
            "option task = {{name: \"o\", {option}}}\nbuckets()"
        ))
    };
    for (new, status, said) in [
        (
            own("cron: \"0 0 30 2 *\""),
            500,
            "could not fulfil schedule",
        ),
        (own("cron: \"0 0 0 1 1 * 2020\""), 500, "could not fulfil"),
        (
            NewTask::cron("c", "0 0 0 1 1 * 2020", "buckets()"),
            500,
            "could not fulfil schedule",
        ),
        (
            NewTask::cron("c", "60 * * * *", "buckets()"),
            400,
            "invalid start minute 60",
        ),
        (NewTask::cron("c", "0 0 32 2 *", "buckets()"), 400, "month"),
        (NewTask::cron("c", "0 0 L * *", "buckets()"), 400, "parse"),
        (NewTask::cron("c", "@never", "buckets()"), 400, "parse"),
        (NewTask::cron("c", "* * * *", "buckets()"), 400, "parse"),
        (
            NewTask::every("e", "500ms", "buckets()"),
            400,
            "at least 1 second",
        ),
        (
            NewTask::every("e", "1500ms", "buckets()"),
            400,
            "whole seconds",
        ),
        (
            NewTask::every("e", "300y", "buckets()"),
            400,
            "invalid duration",
        ),
        (
            NewTask::every("e", Duration::MAX - Duration::from_nanos(999_999_999), "x"),
            400,
            "",
        ),
        (
            NewTask::every("e", "1h", "buckets()").offset("500ms"),
            400,
            "whole seconds",
        ),
        (
            NewTask::every("e", "1h", "buckets()").offset("2562048h"),
            400,
            "invalid duration",
        ),
    ] {
        let error = tasks.create(&new).unwrap_err();
        assert_eq!(error.status(), Some(status), "{error}");
        assert!(!error.is_retryable(), "{error}");
        let text = error.to_string();
        assert!(text.contains("refuses the request"), "{text}");
        assert!(error.message().contains(said), "{said}: {text}");
    }
    for every in ["1s", "1m30s", "1mo", "1y2mo", "292y"] {
        let new = NewTask::every("e", every, "buckets()").offset(hours(25));
        let made = tasks
            .create(&new)
            .unwrap_or_else(|e| panic!("{every}: {e}"));
        assert_eq!(made.every.as_deref(), Some(every));
        assert_eq!(made.offset.as_deref(), Some("25h"));
        tasks.delete(&made.id).unwrap();
    }
    let changed = TaskUpdate::new().every("1h").offset("0s");
    assert_eq!(tasks.update(&task, &changed).unwrap().offset, None);
    assert_eq!(tasks.find(&task).unwrap().unwrap().name, "t");
}

#[test]
fn runs() {
    let Some(place) = Place::new("runs") else {
        return;
    };
    let (client, tasks) = (&place.client, place.client.tasks());
    let flux = r#"import "array"
        array.from(rows: [{_time: now(), _measurement: "m", _field: "v", _value: 1.0}])
            |> to(bucket: "b")"#;
    let task = tasks
        .create(&NewTask::every("writes", hours(24), flux))
        .unwrap();
    let runs = tasks.runs(&task.id);
    let started = runs.start().unwrap();
    let ended = finished(client, &task.id, &started.id);
    assert!(ended.is_success(), "{ended:?}");
    assert!(ended.started_at.is_some() && ended.finished_at >= ended.started_at);
    assert_eq!(place.count("b", "m", "v"), 1);

    // For another time: `now()` of the script, whole seconds.
    let then = Timestamp::from_nanos(T + 5);
    let started = runs.start_for(then).unwrap();
    let ended = finished(client, &task.id, &started.id);
    assert!(ended.is_success(), "{ended:?}");
    assert_eq!(ended.scheduled_for, Some(Timestamp::from_nanos(T)));
    let mut rows = client
        .query(r#"from(bucket: "b") |> range(start: 0, stop: 2024-01-01T00:00:00Z)"#)
        .call()
        .unwrap();
    let row = rows.next().unwrap().unwrap();
    assert_eq!(
        row.get::<Timestamp>("_time").unwrap(),
        Timestamp::from_nanos(T)
    );
    drop(rows);

    // Again: another run for the same time.
    let again = runs.retry(&started.id).unwrap();
    assert_ne!(again.id, started.id);
    let ended = finished(client, &task.id, &again.id);
    assert_eq!(ended.scheduled_for, Some(Timestamp::from_nanos(T)));
    assert_eq!(
        place.count("b", "m", "v"),
        2,
        "the same point again is the same point"
    );

    let said = runs.logs(&started.id).unwrap();
    assert!(
        said.iter().any(|event| event.message.contains("Completed")),
        "{said:?}"
    );
    assert!(!tasks.logs(&task.id).unwrap().is_empty());

    // More runs than a page, by every page.
    for n in 1..=12 {
        let run = runs
            .start_for(Timestamp::from_nanos(T + n * 1_000_000_000))
            .unwrap();
        finished(client, &task.id, &run.id);
    }
    let list = |page: u16| -> Vec<Id<Run>> {
        runs.list()
            .page_size(page)
            .map(|run| run.unwrap().id)
            .collect()
    };
    // One that has just ended is listed a moment later.
    let end = Instant::now() + Duration::from_secs(20);
    let all = loop {
        let all = list(500);
        if all.len() >= 15 || Instant::now() > end {
            break all;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(all.len(), 15, "{all:?}");
    for page in [2, 3, 7, 15] {
        let mut found = list(page);
        let mut wanted = all.clone();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "by pages of {page}");
    }
    let some = runs
        .list()
        .after(Timestamp::from_nanos(T + 3_000_000_000))
        .until(Timestamp::from_nanos(T + 6_000_000_000))
        .page_size(1);
    let mut times: Vec<_> = some
        .map(|run| run.unwrap().scheduled_for.unwrap().as_nanos())
        .collect();
    times.sort_unstable();
    let seconds: Vec<_> = times.iter().map(|t| (t - T) / 1_000_000_000).collect();
    assert_eq!(seconds, [4, 5], "both ends are outside");

    // What can't be.
    assert!(
        runs.cancel(&started.id).unwrap_err().is_not_found(),
        "it has ended"
    );
    let unknown = Id::<Run>::new("00000000000000ff").unwrap();
    assert_eq!(runs.find(&unknown).unwrap(), None);
    assert!(runs.retry(&unknown).unwrap_err().is_not_found());
    tasks
        .update(&task.id, &TaskUpdate::new().status(Status::Inactive))
        .unwrap();
    let error = runs.start().unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    assert!(error.message().contains("inactive"), "{error}");
}

#[test]
fn a_run_that_fails_says_why_and_one_that_takes_long_can_be_ended() {
    let Some(place) = Place::new("bad runs") else {
        return;
    };
    let (client, tasks) = (&place.client, place.client.tasks());
    let flux = "import \"array\"\narray.from(rows: [{v: 1}]) |> map(fn: (r) => ({v: die(msg: \"told you\")}))";
    let task = tasks
        .create(&NewTask::every("fails", hours(24), flux))
        .unwrap();
    let run = tasks.runs(&task.id).start().unwrap();
    let ended = finished(client, &task.id, &run.id);
    assert_eq!(ended.status, "failed");
    assert!(ended.is_finished() && !ended.is_success());
    let said = tasks.runs(&task.id).logs(&run.id).unwrap();
    assert!(
        said.iter().any(|event| event.message.contains("told you")),
        "{said:?}"
    );
    // The task learns of it a moment later.
    let end = Instant::now() + Duration::from_secs(10);
    let task = loop {
        let task = tasks.find(&task.id).unwrap().unwrap();
        if task.last_run_status.is_some() || Instant::now() > end {
            break task;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(task.last_run_status.as_deref(), Some("failed"));
    // Which of the run's words this is differs from run to run.
    assert!(task.last_run_error.is_some());

    let flux = "import \"internal/gen\"
gen.tables(n: 2000000000) |> count()";
    let task = tasks
        .create(&NewTask::every("counts", hours(24), flux))
        .unwrap();
    let runs = tasks.runs(&task.id);
    let run = runs.start().unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    let found: Vec<_> = runs.list().map(Result::unwrap).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(!found[0].is_finished(), "{found:?}");
    runs.cancel(&run.id).unwrap();
    let ended = finished(client, &task.id, &run.id);
    assert_eq!(ended.status, "canceled", "{ended:?}");
}
