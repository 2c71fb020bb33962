//! Scripts as an editor saves them, with a byte order mark in front.

use influx_edge::api::{Id, NewScript, NewTask, Script, ScriptUpdate, Task, TaskUpdate, hours};
use influx_edge::{Client, Error};
use serde_json::Value as Json;

use crate::common::api::ORG;
use crate::common::wire::{Wire, response};

const IMPORT: &str = "\u{feff}import \"date\"\nbuckets()";
const OPTION: &str = "\u{feff}option task = {name: \"t\", every: 1h}\nbuckets()";
const TWICE: &str = "\u{feff}\u{feff}buckets()";

/// Sends something.
type Call = fn(&Client) -> Result<(), Error>;

fn id<T: std::str::FromStr<Err = Error>>() -> T {
    "00000000000000aa".parse().unwrap()
}

#[test]
fn taken_off() {
    let calls: [(&str, Call, &str); 9] = [
        (
            "flux",
            |c| {
                c.tasks()
                    .create(&NewTask::every("t", hours(1), IMPORT))
                    .map(drop)
            },
            "import \"date\"\nbuckets()\n\noption task = {name: \"t\", every: 1h}\n",
        ),
        (
            "flux",
            |c| {
                c.tasks()
                    .create(&NewTask::cron("t", "0 3 * * *", TWICE))
                    .map(drop)
            },
            "option task = {name: \"t\", cron: \"0 3 * * *\"}\nbuckets()",
        ),
        (
            "flux",
            |c| c.tasks().create(&NewTask::from_flux(OPTION)).map(drop),
            "option task = {name: \"t\", every: 1h}\nbuckets()",
        ),
        (
            "flux",
            |c| {
                c.tasks()
                    .update(&id::<Id<Task>>(), &TaskUpdate::new().flux(OPTION))
                    .map(drop)
            },
            "option task = {name: \"t\", every: 1h}\nbuckets()",
        ),
        (
            "script",
            |c| {
                c.scripts()
                    .create(&NewScript::new("s", "", IMPORT))
                    .map(drop)
            },
            "import \"date\"\nbuckets()",
        ),
        (
            "script",
            |c| {
                let update = ScriptUpdate::new().script(TWICE);
                c.scripts().update(&id::<Id<Script>>(), &update).map(drop)
            },
            "buckets()",
        ),
        (
            "query",
            |c| c.query(IMPORT).call().map(drop),
            "import \"date\"\nbuckets()",
        ),
        ("query", |c| c.query(TWICE).call().map(drop), "buckets()"),
        // Elsewhere it may be part of a text.
        (
            "query",
            |c| c.query("x = \"\u{feff}\"").call().map(drop),
            "x = \"\u{feff}\"",
        ),
    ];
    for (member, call, expected) in calls {
        let wire = Wire::responding(response(
            "200 OK",
            "Content-Type: application/json\r\n",
            "{}",
        ));
        let client = Client::builder(wire.url()).org_id(ORG).build().unwrap();
        // (Whether the response is one is of no concern.)
        let _ = call(&client);
        let seen = wire.seen();
        let body: Json = serde_json::from_slice(&seen.last().unwrap().body).unwrap();
        assert_eq!(body[member], expected);
    }
}
