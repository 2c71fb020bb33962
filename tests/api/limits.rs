//! What would become something else at the server, or could not be undone: refused before it is sent,
//! at both ends alike.

use std::time::Duration;

use influx_edge::api::{
    BucketUpdate, DbrpUpdate, LabelUpdate, NewBucket, NewDbrp, NewLabel, NewOrganization,
    NewScript, NewTask, NewUser, NewVariable, OrganizationUpdate, TaskUpdate, UserUpdate,
    VariableArguments, VariableUpdate, days, hours,
};
use influx_edge::client::Setup;
use influx_edge::{Client, Error};
use serde_json::{Value as Json, json};

use crate::common::api::ORG;
use crate::common::wire::{Wire, response};

const SECOND: Duration = Duration::from_secs(1);

fn id<T: std::str::FromStr<Err = Error>>() -> T {
    "00000000000000aa".parse().unwrap()
}

/// A server that is not asked, and its client.
fn unasked() -> (Wire, Client) {
    responding(json!({}))
}

fn responding(body: Json) -> (Wire, Client) {
    let kind = "Content-Type: application/json\r\n";
    let wire = Wire::responding(response("200 OK", kind, body.to_string()));
    let client = Client::builder(wire.url()).org_id(ORG).build().unwrap();
    (wire, client)
}

#[track_caller]
fn refused<T>(result: Result<T, Error>, wanted: &str) {
    let Err(error) = result else {
        panic!("taken, where {wanted:?} was wanted");
    };
    assert!(error.is_config(), "{error}");
    assert!(error.to_string().contains(wanted), "{wanted}: {error}");
}

/// The bodies that were sent.
fn sent(wire: &Wire) -> Vec<Json> {
    let seen = wire.seen();
    let bodies = seen.iter().map(|seen| seen.body.as_slice());
    bodies
        .filter(|body| !body.is_empty())
        .map(|body| serde_json::from_slice(body).unwrap())
        .collect()
}

#[test]
fn no_duration_becomes_another() {
    let (wire, c) = unasked();
    for (keep, says) in [
        (Duration::from_nanos(1), "1ns"),
        (Duration::from_millis(999), "999ms"),
        (SECOND, "1s"),
        (Duration::from_millis(3_600_500), "3600.5s"),
        (hours(1) - SECOND, "3599s"),
        (hours(1) - Duration::from_nanos(1), "3599.999999999s"),
        // In nanoseconds it would not fit, and mean something else.
        (Duration::from_secs(9_223_372_037), "292 years"),
        (days(300 * 365), "292 years"),
        (Duration::MAX, "292 years"),
    ] {
        refused(
            c.buckets().create(&NewBucket::new("b").retention(keep)),
            says,
        );
        let update = BucketUpdate::new().retention(keep);
        refused(c.buckets().update(&id(), &update), says);
        refused(c.setup(&Setup::new("u", "o", "b").retention(keep)), says);
    }
    for (shard, says) in [
        (Duration::ZERO, "at least an hour"),
        (Duration::from_millis(999), "999ms"),
        (hours(1) - SECOND, "3599s"),
        (Duration::from_millis(3_600_500), "3600.5s"),
        (Duration::MAX, "whole seconds"),
    ] {
        let new = NewBucket::new("b").shard_group_duration(shard);
        refused(c.buckets().create(&new), says);
        let update = BucketUpdate::new().shard_group_duration(shard);
        refused(c.buckets().update(&id(), &update), says);
    }
    let longer = NewBucket::new("b")
        .retention(hours(1))
        .shard_group_duration(hours(2));
    refused(c.buckets().create(&longer), "must not be less");
    let longer = BucketUpdate::new()
        .shard_group_duration(days(2))
        .retention(days(1));
    refused(c.buckets().update(&id(), &longer), "must not be less");
    for offset in ["1d", "1mo", "1w", "1y", "1d1h", "1h1d"] {
        let task = NewTask::every("t", "1h", "x").offset(offset);
        refused(c.tasks().create(&task), "24h instead of 1d");
        refused(
            c.tasks().update(&id(), &TaskUpdate::new().offset(offset)),
            "24h",
        );
    }
    assert!(wire.seen().is_empty());
}

#[test]
fn what_is_not_set_is_not_sent() {
    let bucket = json!({"id": "00000000000000aa", "name": "b",
        "retentionRules": [{"type": "expire", "everySeconds": 2_592_000, "shardGroupDurationSeconds": 86_400}]});
    let rules = |keep: Json| json!({"retentionRules": [keep]});
    let (wire, c) = responding(bucket);
    let there = c.buckets().find(&id()).unwrap().unwrap();
    let table = [
        (
            BucketUpdate::new().shard_group_duration(hours(2)),
            rules(json!({"type": "expire", "shardGroupDurationSeconds": 7_200})),
        ),
        (
            BucketUpdate::new().retention(hours(2)),
            rules(json!({"type": "expire", "everySeconds": 7_200})),
        ),
        (
            BucketUpdate::new().retention(Duration::ZERO),
            rules(json!({"type": "expire", "everySeconds": 0})),
        ),
        (
            BucketUpdate::new()
                .retention(hours(2))
                .shard_group_duration(hours(2)),
            rules(
                json!({"type": "expire", "everySeconds": 7_200, "shardGroupDurationSeconds": 7_200}),
            ),
        ),
        (
            BucketUpdate::of(&there).shard_group_duration(hours(3)),
            rules(
                json!({"type": "expire", "everySeconds": 2_592_000, "shardGroupDurationSeconds": 10_800}),
            ),
        ),
        (BucketUpdate::new().name("n"), json!({"name": "n"})),
    ];
    for (update, wanted) in table {
        c.buckets().update(&id(), &update).unwrap();
        assert_eq!(sent(&wire).last().unwrap(), &wanted);
    }
    for (new, wanted) in [
        (NewBucket::new("b"), json!([])),
        (NewBucket::new("b").retention(Duration::ZERO), json!([])),
        (
            NewBucket::new("b").shard_group_duration(hours(1)),
            json!([{"type": "expire", "shardGroupDurationSeconds": 3_600}]),
        ),
        (
            NewBucket::new("b").retention(Duration::from_secs(9_223_372_036)),
            json!([{"type": "expire", "everySeconds": 9_223_372_036_u64}]),
        ),
    ] {
        c.buckets().create(&new).unwrap();
        assert_eq!(sent(&wire).last().unwrap()["retentionRules"], wanted);
    }
}

/// Of labels the server takes the white space off, and of nothing else.
#[test]
fn a_label_is_called_as_the_server_keeps_it() {
    for (given, kept) in [
        (" x ", "x"),
        ("x", "x"),
        ("\tx\r\n", "x"),
        ("\u{a0}x y\u{3000}", "x y"),
        ("x\u{2003}", "x"),
    ] {
        let label = json!({"id": "00000000000000aa", "name": kept});
        let (wire, c) = responding(json!({"label": label}));
        assert_eq!(c.labels().create(&NewLabel::new(given)).unwrap().name, kept);
        c.labels()
            .update(&id(), &LabelUpdate::new().name(given))
            .unwrap();
        for body in sent(&wire) {
            assert_eq!(body["name"], kept, "{given:?}");
        }
        let (_wire, c) = responding(json!({"labels": [label]}));
        let found = c.labels().find_by_name(given).unwrap();
        assert_eq!(found.map(|label| label.name).as_deref(), Some(kept));
    }
    let (wire, c) = unasked();
    for empty in ["", " ", "\t\r\n", "\u{a0}"] {
        refused(c.labels().create(&NewLabel::new(empty)), "empty");
        refused(c.labels().find_by_name(empty), "empty");
        refused(
            c.labels().update(&id(), &LabelUpdate::new().name(empty)),
            "empty",
        );
    }
    assert!(wire.seen().is_empty());
}

#[test]
fn what_could_not_be_found_again_is_not_made() {
    let (wire, c) = unasked();
    for long in ["n".repeat(1_025), "n".repeat(3_000), "ü".repeat(513)] {
        let says = "more than 1024 don't fit";
        refused(c.buckets().create(&NewBucket::new(&*long)), says);
        refused(c.buckets().find_by_name(&long), says);
        refused(
            c.buckets().update(&id(), &BucketUpdate::new().name(&*long)),
            says,
        );
        refused(
            c.organizations().create(&NewOrganization::new(&*long)),
            says,
        );
        refused(c.organizations().find_by_name(&long), says);
        refused(c.users().create(&NewUser::new(&*long)), says);
        refused(c.users().find_by_name(&long), says);
        refused(c.labels().create(&NewLabel::new(&*long)), says);
        refused(c.labels().find_by_name(&long), says);
        refused(c.tasks().create(&NewTask::every(&*long, "1h", "x")), says);
        refused(c.tasks().find_by_name(&long), says);
        refused(c.scripts().create(&NewScript::new(&*long, "d", "x")), says);
        refused(c.scripts().find_by_name(&long), says);
        refused(c.variables().find_by_name(&long), says);
        refused(c.dbrps().create(&NewDbrp::new(&id(), &*long, "rp")), says);
        refused(c.dbrps().create(&NewDbrp::new(&id(), "db", &*long)), says);
        let constant = || VariableArguments::constant(["a"]);
        let new = NewVariable::new(&*long, constant());
        refused(c.variables().create(&new), says);
        refused(c.variables().replace(&id(), &new), says);
        let update = VariableUpdate::new().name(&*long);
        refused(c.variables().update(&id(), &update), says);
        let update = OrganizationUpdate::new().name(&*long);
        refused(c.organizations().update(&id(), &update), says);
        refused(
            c.users().update(&id(), &UserUpdate::new().name(&*long)),
            says,
        );
        refused(
            c.labels().update(&id(), &LabelUpdate::new().name(&*long)),
            says,
        );
        let update = DbrpUpdate::new().retention_policy(&*long);
        refused(c.dbrps().update(&id(), &update), says);
        refused(
            c.tasks().update(&id(), &TaskUpdate::new().name(&*long)),
            says,
        );
        for setup in [
            Setup::new(&*long, "o", "b"),
            Setup::new("u", &*long, "b"),
            Setup::new("u", "o", &*long),
        ] {
            refused(c.setup(&setup), says);
        }
    }
    assert!(wire.seen().is_empty());
    // The longest, of characters that take the most in a URL.
    let longest = "\u{1f600}".repeat(256);
    let (wire, c) = responding(json!({"buckets": [{"id": "00000000000000aa", "name": longest}]}));
    assert!(c.buckets().find_by_name(&longest).unwrap().is_some());
    assert_eq!(wire.seen().len(), 1);
}

/// White space around a name: as the server keeps it, or keeps looking for it.
#[test]
fn an_organization_and_a_variable_have_no_white_space_around_their_names() {
    for (given, kept) in [
        (" n", "n"),
        ("n ", "n"),
        ("\tn\n", "n"),
        ("\u{a0}n\u{3000}", "n"),
        ("\u{85}n\u{2028}", "n"),
        (" a b ", "a b"),
        ("n\u{200b}", "n\u{200b}"),
        ("n", "n"),
    ] {
        // Others may have made one with white space around it.
        for there in [given, kept] {
            let org = json!({"id": "00000000000000aa", "name": there});
            let (wire, c) = responding(json!({"orgs": [org]}));
            let found = c.organizations().find_by_name(given).unwrap().unwrap();
            assert_eq!(found.name, there, "{given:?}");
            let asked = crate::common::api::split(&wire.seen()[0].target).1;
            assert_eq!(asked["org"], kept, "{given:?}");
        }
        let one = json!({"id": "00000000000000aa", "name": kept,
            "arguments": {"type": "constant", "values": []}});
        let (wire, c) = responding(one.clone());
        c.organizations()
            .create(&NewOrganization::new(given))
            .unwrap();
        let update = OrganizationUpdate::new().name(given);
        c.organizations().update(&id(), &update).unwrap();
        let new = NewVariable::new(given, VariableArguments::constant(["a"]));
        c.variables().create(&new).unwrap();
        c.variables().replace(&id(), &new).unwrap();
        let update = VariableUpdate::new().name(given);
        c.variables().update(&id(), &update).unwrap();
        let _ = c.setup(&Setup::new("u", given, "b"));
        let seen = wire.seen();
        assert_eq!(seen.len(), 6);
        for call in seen {
            let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
            let sent = body.get("org").unwrap_or(&body["name"]);
            assert_eq!(sent, kept, "{given:?} {}", call.target);
        }
        let (_wire, c) = responding(json!({"variables": [one]}));
        let found = c.variables().find_by_name(given).unwrap().unwrap();
        assert_eq!(found.name, kept, "{given:?}");
    }
    let (wire, c) = unasked();
    for empty in ["", " ", "\n\u{a0}"] {
        let says = "empty";
        refused(c.organizations().find_by_name(empty), says);
        refused(c.organizations().create(&NewOrganization::new(empty)), says);
        let update = OrganizationUpdate::new().name(empty);
        refused(c.organizations().update(&id(), &update), says);
        refused(c.variables().find_by_name(empty), says);
        refused(c.setup(&Setup::new("u", empty, "b")), says);
    }
    assert!(wire.seen().is_empty());
}

/// A server that refuses one of these takes itself for set up, and nobody has a token.
#[test]
fn a_setup_that_the_server_would_refuse_is_not_sent() {
    let (wire, c) = unasked();
    for (setup, says) in [
        (Setup::new("", "o", "b"), "a user is empty"),
        (Setup::new("u", "", "b"), "an organization is empty"),
        (Setup::new("u", " ", "b"), "an organization is empty"),
        (Setup::new("u", "o", ""), "a bucket is empty"),
        (Setup::new("u", "o", "_b"), "underscore"),
        (Setup::new("u", "o", "_monitoring"), "underscore"),
        (Setup::new("u", "o", "a\"b"), "quotation"),
        (Setup::new("a:b", "o", "b"), "colon"),
        (Setup::new("a\nb", "o", "b"), "control character"),
        (Setup::new("u", "o", "b").password(""), "between 8 and 72"),
        (
            Setup::new("u", "o", "b").password("short"),
            "between 8 and 72",
        ),
        (
            Setup::new("u", "o", "b").password("é".repeat(37)),
            "between 8 and 72",
        ),
    ] {
        refused(c.setup(&setup), says);
    }
    for name in ["a:b", ":", "a\nb", "\0", "a\u{7f}"] {
        let says = "a colon or a control character";
        refused(c.users().create(&NewUser::new(name)), says);
        refused(c.users().update(&id(), &UserUpdate::new().name(name)), says);
    }
    assert!(wire.seen().is_empty());
}

#[test]
fn a_password_that_can_t_sign_in_is_not_set() {
    let (wire, c) = unasked();
    for password in [
        "long enough\n",
        "long\tenough",
        "\0long enough",
        "long enough\r\n",
        "long\u{7f}enough",
        "\u{1b}[31mlong",
    ] {
        let says = "control character";
        refused(c.users().set_password(&id(), password), says);
        refused(c.users().change_password(&id(), "u", "old", password), says);
        refused(c.users().change_my_password("u", "old", password), says);
        refused(c.setup(&Setup::new("u", "o", "b").password(password)), says);
        refused(
            Client::builder("http://h").basic("u", password).build(),
            says,
        );
        refused(
            Client::builder("http://h").session("u", password).build(),
            says,
        );
    }
    assert!(wire.seen().is_empty());
}

/// InfluxDB OSS maps each bucket to a database of its name by itself, and responds to the change of
/// such a mapping with success, and with nothing changed.
#[test]
fn a_virtual_mapping_can_not_be_changed() {
    for (is_virtual, changed) in [
        (json!(true), false),
        (json!(false), true),
        (json!(null), true),
    ] {
        let mapping = json!({"id": "00000000000000aa", "database": "edge", "retention_policy": "autogen",
            "default": true, "virtual": is_virtual});
        let wire = Wire::each(4, move |peer| {
            while let Some(seen) = peer.request() {
                let kind = "Content-Type: application/json\r\n";
                let body = json!({"content": mapping}).to_string();
                match seen.method.as_str() {
                    "DELETE" => peer.send("HTTP/1.1 204 No Content\r\n\r\n"),
                    _ => peer.send(response("200 OK", kind, body)),
                }
            }
        });
        let c = Client::builder(wire.url()).org_id(ORG).build().unwrap();
        let update = DbrpUpdate::new().default_for_database(false);
        let results = [
            c.dbrps().update(&id(), &update).map(drop),
            c.dbrps().delete(&id()),
        ];
        for result in results {
            match result {
                Ok(()) => assert!(changed),
                Err(error) => {
                    assert!(!changed && !error.is_retryable(), "{error}");
                    assert!(error.to_string().contains("it is virtual"), "{error}");
                }
            }
        }
        // (OSS keeps the change of a virtual one for those who ask by its id, and for nothing else.)
        for method in ["PATCH", "DELETE"] {
            let sent = wire.seen().iter().any(|seen| seen.method == method);
            assert_eq!(sent, changed, "{method}");
        }
    }
}
