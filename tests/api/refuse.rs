//! What a server is known to refuse isn't sent, and the error says the server's rule; and what a
//! response may leave out, say as null or say too much.

use crate::common::wire::{self, Wire, closed_port, response};
use influx_edge::api::*;
use influx_edge::{Client, Error};
use std::time::Duration;

/// A client that reaches nobody: whatever isn't refused before is a transport error.
fn client() -> Client {
    Client::builder(closed_port())
        .org_id("66de4893384f6b2b")
        .token(wire::TOKEN)
        .build()
        .unwrap()
}

fn id<T: std::str::FromStr<Err = Error>>(text: &str) -> T {
    text.parse().unwrap()
}

#[test]
fn known_refusals_stay_here() {
    let c = client();
    let bucket = id::<Id<Bucket>>("97c45955947a12be");
    let no_tag = [SchemaColumn::tag("host")];
    let bad_name = [
        SchemaColumn::time(),
        SchemaColumn::field("_x", FieldType::Integer),
    ];
    let both = TaskUpdate::new().every("1h").cron("* * * * *");
    let task = id::<Id<Task>>("11ac5699f1fb4000");
    let table: Vec<(Result<(), Error>, &str)> = vec![
        (c.buckets().create(&NewBucket::new("")).map(drop), "empty"),
        (
            c.buckets().create(&NewBucket::new("_x")).map(drop),
            "underscore",
        ),
        (
            c.buckets().create(&NewBucket::new("a\"b")).map(drop),
            "quotation",
        ),
        (
            c.buckets()
                .create(&NewBucket::new("x").retention(Duration::from_secs(1800)))
                .map(drop),
            "at least an hour",
        ),
        (
            c.buckets()
                .update(
                    &bucket,
                    &BucketUpdate::new().retention(Duration::from_secs(1)),
                )
                .map(drop),
            "at least an hour",
        ),
        (c.buckets().find_by_name("").map(drop), "empty"),
        (
            c.organizations()
                .create(&NewOrganization::new(""))
                .map(drop),
            "empty",
        ),
        (c.users().create(&NewUser::new("")).map(drop), "empty"),
        (
            c.users().set_password(&id("11ac5699ad141000"), "short"),
            "between 8 and 72",
        ),
        (c.labels().create(&NewLabel::new("")).map(drop), "empty"),
        (
            c.authorizations()
                .create(&NewAuthorization::new([]))
                .map(drop),
            "must include permissions",
        ),
        (
            c.organizations()
                .set_secrets(&id("66de4893384f6b2b"), [("", "x")]),
            "empty",
        ),
        (
            c.organizations().delete_secret(&id("66de4893384f6b2b"), ""),
            "empty",
        ),
        (
            c.dbrps().create(&NewDbrp::new(&bucket, "", "rp")).map(drop),
            "empty",
        ),
        (
            c.tasks().create(&NewTask::every("", "1h", "x")).map(drop),
            "empty",
        ),
        (
            c.tasks()
                .create(&NewTask::every("n", "1 hour", "x"))
                .map(drop),
            "no duration",
        ),
        (
            c.tasks()
                .create(&NewTask::every("n", hours(0), "x"))
                .map(drop),
            "zero",
        ),
        (
            c.tasks().create(&NewTask::cron("n", " ", "x")).map(drop),
            "cron schedule is empty",
        ),
        (
            c.tasks()
                .create(&NewTask::cron("n", "0 0 30 2 *", "x"))
                .map(drop),
            "never comes",
        ),
        (
            c.tasks()
                .update(&task, &TaskUpdate::new().cron("0 0 31 4,6 *"))
                .map(drop),
            "never comes",
        ),
        (
            c.tasks()
                .update(&task, &TaskUpdate::new().every("1h").name(""))
                .map(drop),
            "empty",
        ),
        (
            c.tasks()
                .update(&task, &TaskUpdate::new().name("n".repeat(3_000)))
                .map(drop),
            "3000 bytes",
        ),
        (
            c.tasks()
                .update(&task, &TaskUpdate::new().description("d").cron(""))
                .map(drop),
            "cron schedule is empty",
        ),
        (
            c.tasks()
                .create(&NewTask::from_flux("x").offset("1m"))
                .map(drop),
            "offset",
        ),
        (
            c.tasks().update(&task, &both).map(drop),
            "both every and cron",
        ),
        (
            c.variables()
                .create(&NewVariable::new("and", VariableArguments::flux("")))
                .map(drop),
            "protected",
        ),
        (
            c.variables()
                .create(&NewVariable::new("1a", VariableArguments::flux("")))
                .map(drop),
            "start with a letter",
        ),
        (
            c.buckets()
                .schemas(&bucket)
                .create(&NewMeasurementSchema::new("cpu", no_tag))
                .map(drop),
            "one timestamp",
        ),
        (
            c.buckets()
                .schemas(&bucket)
                .create(&NewMeasurementSchema::new("cpu", bad_name))
                .map(drop),
            "1 to 128",
        ),
    ];
    for (result, wanted) in table {
        let error = result.unwrap_err();
        assert!(error.is_config(), "{error}");
        assert!(error.to_string().contains(wanted), "{wanted}: {error}");
    }
}

#[test]
fn without_an_organization_it_says_what_to_do() {
    let c = Client::builder(closed_port()).build().unwrap();
    for result in [
        c.buckets().create(&NewBucket::new("x")).map(drop),
        c.tasks().create(&NewTask::from_flux("x")).map(drop),
        c.labels().create(&NewLabel::new("x")).map(drop),
    ] {
        let error = result.unwrap_err();
        assert!(
            error.is_config() && error.to_string().contains("in_org"),
            "{error}"
        );
    }
}

#[test]
fn a_proxy_s_404_is_not_nothing() {
    let page = response("404 Not Found", "Content-Type: text/html\r\n", "<html>");
    let wire = Wire::responding(page);
    let error = wire
        .client()
        .buckets()
        .find(&id("97c45955947a12be"))
        .unwrap_err();
    assert_eq!(error.status(), Some(404));
}

#[test]
fn responses_with_less_null_and_more() {
    let little = r#"{"id":"97c45955947a12be"}"#;
    let nulls = r#"{"id":"97c45955947a12be","orgID":null,"name":null,"type":null,"description":null,
        "retentionRules":null,"labels":null,"createdAt":null,"status":null,"properties":null,
        "permissions":null,"token":null,"flux":null,"every":null,"log":null,"selected":null,
        "scheduledFor":null,"columns":null,"arguments":{"type":"constant","values":null}}"#;
    let more = r#"{"id":"97c45955947a12be","new":{"a":[1]},"status":"hibernating","createdAt":"0001-01-01T00:00:00Z",
        "retentionRules":[{"type":"expire","everySeconds":null,"x":1}],"arguments":{"type":"map"}}"#;
    for body in [little, nulls, more] {
        let json = "Content-Type: application/json; charset=utf-8\r\n";
        let wire = Wire::responding(response("200 OK", json, body));
        let c = wire.client();
        let bucket = c.buckets().find(&id("97c45955947a12be")).unwrap().unwrap();
        assert_eq!((bucket.name.as_str(), bucket.retention()), ("", None));
        c.organizations()
            .find(&id("97c45955947a12be"))
            .unwrap()
            .unwrap();
        let user = c.users().find(&id("97c45955947a12be")).unwrap().unwrap();
        assert_eq!(user.status, None);
        let auth = c.authorizations().find(&id("97c45955947a12be"));
        assert_eq!(auth.unwrap().unwrap().reveal_token(), None);
        c.tasks().find(&id("97c45955947a12be")).unwrap().unwrap();
        let task = id("97c45955947a12be");
        let run = c.tasks().runs(&task).find(&id("97c45955947a12be"));
        assert_eq!(run.unwrap().unwrap().scheduled_for, None);
        c.scripts().find(&id("97c45955947a12be")).unwrap().unwrap();
        let of = id("97c45955947a12be");
        let schemas = c.buckets().schemas(&of);
        schemas.find(&id("97c45955947a12be")).unwrap().unwrap();
        if body != little {
            c.variables().find(&id("97c45955947a12be")).unwrap();
        }
    }
}

#[test]
fn permissions_read_like_sentences_and_name_their_organization() {
    let json = "Content-Type: application/json; charset=utf-8\r\n";
    let wire = Wire::responding(response(
        "201 Created",
        json,
        r#"{"id":"97c45955947a12be"}"#,
    ));
    let c = Client::builder(wire.url())
        .org_id("66de4893384f6b2b")
        .build()
        .unwrap();
    let other = id::<Id<Organization>>("fa3e1575bfeede79");
    let mut may = vec![
        Permission::read().org(),
        Permission::write().task(&id("11ac5699f1fb4000")),
        Permission::read().tasks().in_all_orgs(),
        Permission::read().all("labels").in_org(&other),
        Permission::write().one("telegrafs", "11ac5699f1fb4001"),
    ];
    let all = Permission::all_access();
    assert_eq!((all.len(), Permission::read_only().len()), (44, 22));
    assert!(Permission::read_only().iter().all(|p| p.action == "read"));
    may.extend(all);
    c.authorizations()
        .create(&NewAuthorization::new(may))
        .unwrap();
    let body: serde_json::Value = serde_json::from_slice(&wire.seen()[0].body).unwrap();
    let sent = body["permissions"].as_array().unwrap();
    let one = |i: usize| sent[i].to_string();
    let org = r#""orgID":"66de4893384f6b2b""#;
    assert_eq!(
        sent[0],
        serde_json::json!({"action":"read","resource":{"type":"orgs","id":"66de4893384f6b2b"}})
    );
    assert!(one(1).contains(org) && one(1).contains("11ac5699f1fb4000"));
    assert!(!one(2).contains("orgID"));
    assert!(one(3).contains("fa3e1575bfeede79"));
    assert!(one(4).contains("telegrafs"));
    // None of the others is for all organizations by accident.
    for permission in &sent[5..] {
        let text = permission.to_string();
        assert!(text.contains("66de4893384f6b2b"), "{text}");
    }
}
