//! `ensure` of a label on a resource: attached if absent, left alone if there.

use influx_edge::api::{Id, Resource};

use crate::common::api::ORG;
use crate::common::wire::{Wire, json_error, response};

const ID: &str = "0123456789abcdef";
const LABEL: &str = "11ac5699ca541000";
const OTHER: &str = "11ac5699ca541001";

fn label(id: &str) -> String {
    format!(r#"{{"id":"{id}","orgID":"{ORG}","name":"north","properties":{{}}}}"#)
}

fn json(status: &str, body: String) -> Vec<u8> {
    response(status, "Content-Type: application/json\r\n", body)
}

fn listed(ids: &[&str]) -> Vec<u8> {
    let labels: Vec<String> = ids.iter().map(|id| label(id)).collect();
    json("200 OK", format!(r#"{{"labels":[{}]}}"#, labels.join(",")))
}

fn added() -> Vec<u8> {
    json("201 Created", format!(r#"{{"label":{}}}"#, label(LABEL)))
}

/// As InfluxDB 2.9.1 responds.
fn on_it_already() -> Vec<u8> {
    json_error(
        "422 Unprocessable Entity",
        "conflict",
        "Cannot add label, label already exists on resource",
    )
}

fn not_found() -> Vec<u8> {
    json_error("404 Not Found", "not found", "label not found")
}

fn id<T: Resource>(text: &str) -> Id<T> {
    text.parse().unwrap()
}

#[test]
fn ensured() {
    let forbidden = || json_error("403 Forbidden", "forbidden", "insufficient permissions");
    for (case, responses, outcome) in [
        ("none on it", vec![listed(&[]), added()], Ok("created")),
        (
            "others on it",
            vec![listed(&[OTHER]), added()],
            Ok("created"),
        ),
        ("on it", vec![listed(&[LABEL])], Ok("unchanged")),
        (
            "among others",
            vec![listed(&[OTHER, LABEL])],
            Ok("unchanged"),
        ),
        (
            "another program was faster",
            vec![listed(&[]), on_it_already(), listed(&[LABEL])],
            Ok("unchanged"),
        ),
        (
            "and took it off again",
            vec![listed(&[]), on_it_already(), listed(&[OTHER])],
            Err("label already exists on resource"),
        ),
        ("no resource", vec![not_found()], Err("label not found")),
        (
            "no label",
            vec![listed(&[]), not_found()],
            Err("label not found"),
        ),
        (
            "may not read",
            vec![forbidden()],
            Err("insufficient permissions"),
        ),
        (
            "may not write",
            vec![listed(&[OTHER]), forbidden()],
            Err("insufficient permissions"),
        ),
    ] {
        for kind in ["buckets", "tasks", "variables"] {
            let count = responses.len();
            let responses = responses.clone();
            let wire = Wire::scenes(vec![Box::new(move |peer| {
                for response in &responses {
                    peer.request();
                    peer.send(response);
                }
                peer.wait_for_close();
            })]);
            let client = wire.builder().org_id(ORG).build().unwrap();
            let (bucket, task, variable) = (id(ID), id(ID), id(ID));
            let on_it = match kind {
                "buckets" => client.buckets().labels(&bucket),
                "tasks" => client.tasks().labels(&task),
                _ => client.variables().labels(&variable),
            };
            let got = on_it.ensure(&id(LABEL));
            match (&got, outcome) {
                (Ok(got), Ok(outcome)) => {
                    assert_eq!(
                        (got.as_str(), got.get().id.as_str()),
                        (outcome, LABEL),
                        "{case}"
                    );
                }
                (Err(error), Err(wanted)) => {
                    assert!(error.to_string().contains(wanted), "{case}: {error}");
                }
                _ => panic!("{case}: {got:?}"),
            }
            let seen = wire.seen();
            assert_eq!(seen.len(), count, "{case}");
            for seen in &seen {
                assert!(
                    seen.target
                        .starts_with(&format!("/api/v2/{kind}/{ID}/labels")),
                    "{}",
                    seen.target
                );
            }
        }
    }
}
