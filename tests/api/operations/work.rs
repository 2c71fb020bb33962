//! Tasks with their runs, and invokable scripts.

use super::{Case, case, id};
use crate::common::api::{documented, recorded};
use influx_edge::Timestamp;
use influx_edge::api::*;
use std::time::Duration;

const DOWN: &str = "11ac5699f1fb4000";
const NIGHTLY: &str = "11ac5699f2bb4000";
const RUN: &str = "11ac5699fb7b4000";
const ANA: &str = "11ac5699ad141000";
const LABEL: &str = "11ac5699ca541000";
const FLUX: &str = r#"from(bucket: "edge") |> range(start: -1h) |> last()"#;

pub(crate) fn cases() -> Vec<Case> {
    [tasks(), parts(), runs(), scripts()]
        .into_iter()
        .flatten()
        .collect()
}

fn tasks() -> Vec<Case> {
    vec![
        case(
            "GET /api/v2/tasks",
            [
                recorded("tasks/list").also(&[("limit", "100")]),
                documented(
                    "GET",
                    "/api/v2/tasks?orgID=66de4893384f6b2b&limit=100&after=11ac5699f2bb4000",
                    "",
                    200,
                    r#"{"tasks":[]}"#,
                ),
            ],
            |c| {
                let all: Vec<_> = c.tasks().list().map(Result::unwrap).collect();
                assert_eq!(all.len(), 2);
                assert_eq!(all[0].offset.as_deref(), Some("5m"));
                assert_eq!(all[1].cron.as_deref(), Some("0 2 * * *"));
            },
        ),
        case(
            "GET /api/v2/tasks",
            [
                recorded("tasks/list-basic"),
                documented(
                    "GET",
                    "/api/v2/tasks?orgID=66de4893384f6b2b&type=basic&limit=1&after=11ac5699f1fb4000",
                    "",
                    200,
                    r#"{"tasks":null}"#,
                ),
            ],
            |c| {
                let mut list = c.tasks().list().basic().page_size(1);
                assert_eq!(list.next().unwrap().unwrap().flux, "");
                assert!(list.next().is_none());
            },
        ),
        case("GET /api/v2/tasks", [recorded("tasks/find-by-name")], |c| {
            let found = c.tasks().find_by_name("nightly").unwrap().unwrap();
            assert_eq!(found.id.as_str(), NIGHTLY);
        }),
        case(
            "POST /api/v2/tasks",
            [recorded("tasks/create-every")],
            |c| {
                let new = NewTask::every("downsample", hours(1), FLUX)
                    .offset(Duration::from_secs(300))
                    .description("hourly")
                    .status(Status::Active);
                let made = c.tasks().create(&new).unwrap();
                assert_eq!(made.id.as_str(), DOWN);
                assert_eq!(made.every.as_deref(), Some("1h"));
            },
        ),
        case("POST /api/v2/tasks", [recorded("tasks/create-cron")], |c| {
            let new = NewTask::cron("nightly", "0 2 * * *", FLUX);
            assert_eq!(c.tasks().create(&new).unwrap().name, "nightly");
        })
        .with(|b| b.org("acme")),
        case(
            "POST /api/v2/tasks",
            [recorded("tasks/create-no-option")],
            |c| {
                let error = c.tasks().create(&NewTask::from_flux(FLUX)).unwrap_err();
                assert_eq!(error.message(), "invalid options: no task options defined");
            },
        ),
        case(
            "POST /api/v2/tasks",
            [recorded("tasks/get"), recorded("tasks/create-every")],
            |c| {
                let copy = c.tasks().duplicate(&id(DOWN)).unwrap();
                assert_eq!(copy.name, "downsample");
            },
        )
        .with(|b| b),
        case("GET /api/v2/tasks/{taskID}", [recorded("tasks/get")], |c| {
            let found = c.tasks().find(&id(DOWN)).unwrap().unwrap();
            assert_eq!(found.name, "downsample");
            assert!(found.latest_completed.is_some() && found.updated_at.is_none());
        }),
        case(
            "GET /api/v2/tasks/{taskID}",
            [recorded("tasks/get-unknown")],
            |c| {
                assert_eq!(c.tasks().find(&id("00000000000000aa")).unwrap(), None);
            },
        ),
        case(
            "PATCH /api/v2/tasks/{taskID}",
            [
                recorded("tasks/update-every"),
                recorded("tasks/update-name-flux"),
                recorded("tasks/update-cron"),
            ],
            |c| {
                let every = TaskUpdate::new().every("30m").offset("1m");
                let now = c.tasks().update(&id(DOWN), &every).unwrap();
                assert_eq!(now.every.as_deref(), Some("30m"));
                let flux = format!("option task = {{name: \"ds2\", every: 2h}}\n{FLUX}");
                let flux = TaskUpdate::new().flux(flux);
                assert_eq!(c.tasks().update(&id(DOWN), &flux).unwrap().name, "ds2");
                let cron = TaskUpdate::new().cron("0 * * * *");
                let now = c.tasks().update(&id(DOWN), &cron).unwrap();
                assert_eq!((now.every, now.cron.as_deref()), (None, Some("0 * * * *")));
            },
        ),
        case(
            "PATCH /api/v2/tasks/{taskID}",
            [recorded("tasks/update-status")],
            |c| {
                let update = TaskUpdate::new().status(Status::Inactive);
                let now = c.tasks().update(&id(NIGHTLY), &update).unwrap();
                assert_eq!(now.status, Some(Status::Inactive));
            },
        ),
        case(
            "PATCH /api/v2/tasks/{taskID}",
            [recorded("tasks/update-description-only")],
            |c| {
                let update = TaskUpdate::new().description("only");
                let error = c.tasks().update(&id(DOWN), &update).unwrap_err();
                assert_eq!(error.status(), Some(400));
            },
        ),
        case(
            "DELETE /api/v2/tasks/{taskID}",
            [recorded("tasks/delete"), recorded("tasks/delete-unknown")],
            |c| {
                c.tasks().delete(&id(NIGHTLY)).unwrap();
                let error = c.tasks().delete(&id("00000000000000aa")).unwrap_err();
                assert!(error.is_not_found());
            },
        ),
    ]
}

fn parts() -> Vec<Case> {
    vec![
        case(
            "GET /api/v2/tasks/{taskID}/labels",
            [recorded("tasks/labels")],
            |c| {
                assert_eq!(
                    c.tasks().labels(&id(DOWN)).list().unwrap()[0].name,
                    "outside"
                );
            },
        ),
        case(
            "POST /api/v2/tasks/{taskID}/labels",
            [recorded("tasks/labels-add")],
            |c| {
                c.tasks().labels(&id(DOWN)).add(&id(LABEL)).unwrap();
            },
        ),
        case(
            "DELETE /api/v2/tasks/{taskID}/labels/{labelID}",
            [recorded("tasks/labels-delete")],
            |c| c.tasks().labels(&id(DOWN)).remove(&id(LABEL)).unwrap(),
        ),
        case(
            "GET /api/v2/tasks/{taskID}/members",
            [recorded("tasks/members")],
            |c| {
                assert_eq!(c.tasks().members(&id(DOWN)).list().unwrap().len(), 1);
            },
        ),
        case(
            "POST /api/v2/tasks/{taskID}/members",
            [recorded("tasks/members-add")],
            |c| {
                c.tasks().members(&id(DOWN)).add(&id(ANA)).unwrap();
            },
        ),
        case(
            "DELETE /api/v2/tasks/{taskID}/members/{userID}",
            [recorded("tasks/members-delete")],
            |c| c.tasks().members(&id(DOWN)).remove(&id(ANA)).unwrap(),
        ),
        case(
            "GET /api/v2/tasks/{taskID}/owners",
            [recorded("tasks/owners")],
            |c| {
                assert_eq!(c.tasks().owners(&id(DOWN)).list().unwrap()[0].role, "owner");
            },
        ),
        case(
            "POST /api/v2/tasks/{taskID}/owners",
            [recorded("tasks/owners-add")],
            |c| {
                c.tasks().owners(&id(DOWN)).add(&id(ANA)).unwrap();
            },
        ),
        case(
            "DELETE /api/v2/tasks/{taskID}/owners/{userID}",
            [recorded("tasks/owners-delete")],
            |c| c.tasks().owners(&id(DOWN)).remove(&id(ANA)).unwrap(),
        ),
    ]
}

fn runs() -> Vec<Case> {
    vec![
        case(
            "GET /api/v2/tasks/{taskID}/runs",
            [
                recorded("tasks/runs"),
                documented(
                    "GET",
                    // A second after the oldest one's time.
                    "/api/v2/tasks/11ac5699f1fb4000/runs?limit=5&beforeTime=2026-11-22T03:00:01Z",
                    "",
                    200,
                    r#"{"runs":[]}"#,
                ),
            ],
            |c| {
                let of = id(DOWN);
                let list = c.tasks().runs(&of).list().page_size(5);
                let all: Vec<_> = list.map(Result::unwrap).collect();
                assert_eq!(all.len(), 2);
                assert!(all[0].is_success() && all[0].log.len() == 2);
            },
        ),
        case(
            "GET /api/v2/tasks/{taskID}/runs",
            [recorded("tasks/runs-bad-times").also(&[("limit", "100")])],
            |c| {
                let (after, until) = ("2026-11-22T03:00:00Z", "2026-11-22T02:00:00Z");
                let of = id(DOWN);
                let runs = c.tasks().runs(&of);
                let mut list = runs
                    .list()
                    .after(Timestamp::parse(after).unwrap())
                    .until(Timestamp::parse(until).unwrap());
                assert_eq!(list.next().unwrap().unwrap_err().status(), Some(400));
                assert!(list.next().is_none());
            },
        ),
        case(
            "POST /api/v2/tasks/{taskID}/runs",
            [recorded("tasks/run")],
            |c| {
                let run = c.tasks().runs(&id(DOWN)).start().unwrap();
                assert_eq!((run.id.as_str(), run.is_finished()), (RUN, false));
            },
        ),
        case(
            "POST /api/v2/tasks/{taskID}/runs",
            [recorded("tasks/run-scheduled")],
            |c| {
                // What is finer than a second is cut off.
                let time = Timestamp::parse("2026-11-22T03:00:00.9Z").unwrap();
                let run = c.tasks().runs(&id(DOWN)).start_for(time).unwrap();
                assert_eq!(
                    run.scheduled_for.unwrap().to_string(),
                    "2026-11-22T03:00:00Z"
                );
            },
        ),
        case(
            "POST /api/v2/tasks/{taskID}/runs",
            [recorded("tasks/run-inactive")],
            |c| {
                let error = c.tasks().runs(&id(NIGHTLY)).start().unwrap_err();
                assert_eq!(error.message(), "failed to force run: inactive task");
            },
        ),
        case(
            "GET /api/v2/tasks/{taskID}/runs/{runID}",
            [recorded("tasks/run-get"), recorded("tasks/run-get-unknown")],
            |c| {
                let of = id(DOWN);
                let runs = c.tasks().runs(&of);
                assert!(runs.find(&id(RUN)).unwrap().unwrap().is_success());
                assert_eq!(runs.find(&id("00000000000000aa")).unwrap(), None);
            },
        ),
        case(
            "DELETE /api/v2/tasks/{taskID}/runs/{runID}",
            [
                recorded("tasks/run-cancel-finished"),
                documented(
                    "DELETE",
                    "/api/v2/tasks/11ac5699f1fb4000/runs/11ac5699fb7b4000",
                    "",
                    200,
                    "",
                ),
            ],
            |c| {
                let of = id(DOWN);
                let runs = c.tasks().runs(&of);
                assert!(runs.cancel(&id(RUN)).unwrap_err().is_not_found());
                runs.cancel(&id(RUN)).unwrap();
            },
        ),
        case(
            "POST /api/v2/tasks/{taskID}/runs/{runID}/retry",
            [recorded("tasks/run-retry")],
            |c| {
                let again = c.tasks().runs(&id(DOWN)).retry(&id(RUN)).unwrap();
                assert_ne!(again.id.as_str(), RUN);
            },
        ),
        case(
            "GET /api/v2/tasks/{taskID}/runs/{runID}/logs",
            [recorded("tasks/run-logs")],
            |c| {
                let logs = c.tasks().runs(&id(DOWN)).logs(&id(RUN)).unwrap();
                assert_eq!(logs[1].message, "Completed(success)");
            },
        ),
        case(
            "GET /api/v2/tasks/{taskID}/logs",
            [
                recorded("tasks/logs"),
                documented(
                    "GET",
                    "/api/v2/tasks/11ac5699f2bb4000/logs",
                    "",
                    200,
                    r#"{"events":null}"#,
                ),
            ],
            |c| {
                let logs = c.tasks().logs(&id(DOWN)).unwrap();
                assert_eq!(logs.len(), 4);
                assert!(logs[0].time.is_some());
                assert!(c.tasks().logs(&id(NIGHTLY)).unwrap().is_empty());
            },
        ),
    ]
}

/// InfluxDB Cloud only: by its documents, and by what OSS was recorded to say.
fn scripts() -> Vec<Case> {
    const ID: &str = "085138a111448000";
    const ONE: &str = r#"{"id":"085138a111448000","name":"getLastPoint","description":"finds the last point","orgID":"66de4893384f6b2b","script":"from(bucket: params.bucket) |> range(start: -7d) |> last()","language":"flux","createdAt":"2022-01-01T00:00:00Z","updatedAt":"0001-01-01T00:00:00Z","url":"https://cloud.example/api/v2/scripts/085138a111448000/invoke"}"#;
    vec![
        case(
            "GET /api/v2/scripts",
            [documented(
                "GET",
                "/api/v2/scripts?name=getLastPoint&limit=500&offset=0",
                "",
                200,
                r#"{"scripts":[{"id":"085138a111448000","name":"getLastPoint"}]}"#,
            )],
            |c| {
                let mut list = c.scripts().list().named("getLastPoint").page_size(500);
                assert_eq!(list.next().unwrap().unwrap().name, "getLastPoint");
            },
        ),
        case(
            "GET /api/v2/scripts",
            [documented(
                "GET",
                "/api/v2/scripts?name=getLastPoint&limit=100&offset=0",
                "",
                200,
                r#"{"scripts":[{"id":"085138a111448000","name":"getLastPoint"}]}"#,
            )],
            |c| {
                let found = c.scripts().find_by_name("getLastPoint").unwrap();
                assert_eq!(found.unwrap().id.as_str(), ID);
            },
        ),
        case(
            "GET /api/v2/scripts",
            [recorded("raw/scripts").also(&[("limit", "100"), ("offset", "0")])],
            |c| {
                let error = c.scripts().list().next().unwrap().unwrap_err();
                assert_eq!(error.message(), "path not found");
            },
        ),
        case(
            "POST /api/v2/scripts",
            [documented(
                "POST",
                "/api/v2/scripts",
                r#"{"name":"getLastPoint","description":"finds the last point","script":"buckets()","language":"flux"}"#,
                201,
                ONE,
            )],
            |c| {
                let new = NewScript::new("getLastPoint", "finds the last point", "buckets()");
                let made = c.scripts().create(&new).unwrap();
                // The year 1 is Go's word for never.
                assert!(made.created_at.is_some() && made.updated_at.is_none());
            },
        ),
        case(
            "GET /api/v2/scripts/{scriptID}",
            [
                documented("GET", "/api/v2/scripts/085138a111448000", "", 200, ONE),
                documented(
                    "GET",
                    "/api/v2/scripts/085138a111448000",
                    "",
                    404,
                    r#"{"code":5,"message":"script not found","details":[]}"#,
                ),
                documented(
                    "GET",
                    "/api/v2/scripts/085138a111448000",
                    "",
                    404,
                    r#"{"code":"not found","message":"path not found"}"#,
                ),
            ],
            |c| {
                assert!(c.scripts().find(&id(ID)).unwrap().is_some());
                assert!(c.scripts().find(&id(ID)).unwrap().is_none());
                // A server without scripts isn't one without this script.
                assert!(c.scripts().find(&id(ID)).unwrap_err().is_not_found());
            },
        ),
        case(
            "PATCH /api/v2/scripts/{scriptID}",
            [documented(
                "PATCH",
                "/api/v2/scripts/085138a111448000",
                r#"{"script":"buckets()"}"#,
                200,
                ONE,
            )],
            |c| {
                let update = ScriptUpdate::new().script("buckets()");
                c.scripts().update(&id(ID), &update).unwrap();
            },
        ),
        case(
            "DELETE /api/v2/scripts/{scriptID}",
            [documented(
                "DELETE",
                "/api/v2/scripts/085138a111448000",
                "",
                204,
                "",
            )],
            |c| c.scripts().delete(&id(ID)).unwrap(),
        ),
        case(
            "POST /api/v2/scripts/{scriptID}/invoke",
            [documented(
                "POST",
                "/api/v2/scripts/085138a111448000/invoke",
                r#"{"params":{"bucket":"edge","limit":3}}"#,
                200,
                ",result,table,_value\r\n,_result,0,21.5\r\n,_result,0,22\r\n",
            )],
            |c| {
                let params = serde_json::json!({"bucket": "edge", "limit": 3});
                let mut rows = c.scripts().invoke(&id(ID), &params).call().unwrap();
                let mut values = Vec::new();
                while let Some(row) = rows.next().unwrap() {
                    values.push(row.get::<&str>("_value").unwrap().to_owned());
                }
                assert_eq!(values, ["21.5", "22"]);
            },
        ),
        case(
            "GET /api/v2/scripts/{scriptID}/params",
            [documented(
                "GET",
                "/api/v2/scripts/085138a111448000/params",
                "",
                200,
                r#"{"params":{"bucket":"string","limit":"int"}}"#,
            )],
            |c| assert_eq!(c.scripts().params(&id(ID)).unwrap()["limit"], "int"),
        ),
    ]
}
