//! Every operation of the v2 interface that has a method here: what we ask is what a real server
//! was recorded to understand, or what the API's documents say, and its response can be read.
//!
//! The table below is the list. An operation without a case fails the test, and so does a case
//! that doesn't make its operation's call.

mod access;
mod data;
mod names;
mod places;
mod work;

use crate::common::api::{self, Turn, play_as};
use influx_edge::Client;
use influx_edge::client::ClientBuilder;

/// One way to make an operation's call.
pub(crate) struct Case {
    op: &'static str,
    turns: Vec<Turn>,
    build: fn(ClientBuilder) -> ClientBuilder,
    run: fn(&Client),
}

/// A case for a client that knows its organization's id.
pub(crate) fn case<const N: usize>(op: &'static str, turns: [Turn; N], run: fn(&Client)) -> Case {
    Case {
        op,
        turns: turns.to_vec(),
        build: |builder| builder.org_id(api::ORG),
        run,
    }
}

impl Case {
    /// With another client.
    pub(crate) fn with(self, build: fn(ClientBuilder) -> ClientBuilder) -> Case {
        Case { build, ..self }
    }
}

/// An id of any kind.
pub(crate) fn id<T: std::str::FromStr<Err = influx_edge::Error>>(text: &str) -> T {
    text.parse().unwrap()
}

fn cases() -> Vec<Case> {
    [
        data::cases(),
        places::cases(),
        names::cases(),
        access::cases(),
        work::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_operation_has_a_case_that_makes_its_call() {
    assert_eq!(OPERATIONS.len(), 104);
    let cases = cases();
    for op in OPERATIONS {
        assert_eq!(OPERATIONS.iter().filter(|o| **o == op).count(), 1, "{op}");
        let of_op: Vec<_> = cases.iter().filter(|case| case.op == op).collect();
        assert!(!of_op.is_empty(), "{op} has no test");
        let (method, path) = op.split_once(' ').unwrap();
        for case in of_op {
            let made = case.turns.iter().any(|turn| {
                let call = turn.exchange();
                call.method == method && fits(path, &call.target)
            });
            assert!(made, "no call of {op} in {:?}", case.turns);
        }
    }
    for case in &cases {
        assert!(OPERATIONS.contains(&case.op), "{} isn't listed", case.op);
    }
}

/// Whether a target is one of a path with `{id}`s.
fn fits(path: &str, target: &str) -> bool {
    let target = target.split('?').next().unwrap();
    let (path, target): (Vec<_>, Vec<_>) = (path.split('/').collect(), target.split('/').collect());
    path.len() == target.len()
        && path
            .iter()
            .zip(&target)
            .all(|(p, t)| p == t || (p.starts_with('{') && !t.is_empty()))
}

fn run_all(cases: Vec<Case>) {
    for case in cases {
        play_as(&case.turns, case.build, case.run);
    }
}

#[test]
fn data_and_server() {
    run_all(data::cases());
}

#[test]
fn buckets_orgs_labels_variables_dbrps_schemas() {
    run_all(places::cases());
    run_all(names::cases());
}

#[test]
fn users_authorizations_sessions() {
    run_all(access::cases());
}

#[test]
fn tasks_runs_scripts() {
    run_all(work::cases());
}

/// The operations with a method of their own.
const OPERATIONS: [&str; 104] = [
    "POST /api/v2/write",
    "POST /api/v2/query",
    "POST /api/v2/delete",
    "GET /ping",
    "HEAD /ping",
    "GET /health",
    "GET /ready",
    "GET /api/v2/setup",
    "POST /api/v2/setup",
    "POST /api/v2/signin",
    "POST /api/v2/signout",
    "GET /api/v2/buckets",
    "POST /api/v2/buckets",
    "GET /api/v2/buckets/{bucketID}",
    "PATCH /api/v2/buckets/{bucketID}",
    "DELETE /api/v2/buckets/{bucketID}",
    "GET /api/v2/buckets/{bucketID}/labels",
    "POST /api/v2/buckets/{bucketID}/labels",
    "DELETE /api/v2/buckets/{bucketID}/labels/{labelID}",
    "GET /api/v2/buckets/{bucketID}/members",
    "POST /api/v2/buckets/{bucketID}/members",
    "DELETE /api/v2/buckets/{bucketID}/members/{userID}",
    "GET /api/v2/buckets/{bucketID}/owners",
    "POST /api/v2/buckets/{bucketID}/owners",
    "DELETE /api/v2/buckets/{bucketID}/owners/{userID}",
    "GET /api/v2/buckets/{bucketID}/schema/measurements",
    "POST /api/v2/buckets/{bucketID}/schema/measurements",
    "GET /api/v2/buckets/{bucketID}/schema/measurements/{measurementID}",
    "PATCH /api/v2/buckets/{bucketID}/schema/measurements/{measurementID}",
    "GET /api/v2/orgs",
    "POST /api/v2/orgs",
    "GET /api/v2/orgs/{orgID}",
    "PATCH /api/v2/orgs/{orgID}",
    "DELETE /api/v2/orgs/{orgID}",
    "GET /api/v2/orgs/{orgID}/members",
    "POST /api/v2/orgs/{orgID}/members",
    "DELETE /api/v2/orgs/{orgID}/members/{userID}",
    "GET /api/v2/orgs/{orgID}/owners",
    "POST /api/v2/orgs/{orgID}/owners",
    "DELETE /api/v2/orgs/{orgID}/owners/{userID}",
    "GET /api/v2/orgs/{orgID}/secrets",
    "PATCH /api/v2/orgs/{orgID}/secrets",
    "DELETE /api/v2/orgs/{orgID}/secrets/{secretID}",
    "GET /api/v2/me",
    "PUT /api/v2/me/password",
    "GET /api/v2/users",
    "POST /api/v2/users",
    "GET /api/v2/users/{userID}",
    "PATCH /api/v2/users/{userID}",
    "DELETE /api/v2/users/{userID}",
    "POST /api/v2/users/{userID}/password",
    "PUT /api/v2/users/{userID}/password",
    "GET /api/v2/authorizations",
    "POST /api/v2/authorizations",
    "GET /api/v2/authorizations/{authID}",
    "PATCH /api/v2/authorizations/{authID}",
    "DELETE /api/v2/authorizations/{authID}",
    "GET /api/v2/tasks",
    "POST /api/v2/tasks",
    "GET /api/v2/tasks/{taskID}",
    "PATCH /api/v2/tasks/{taskID}",
    "DELETE /api/v2/tasks/{taskID}",
    "GET /api/v2/tasks/{taskID}/runs",
    "POST /api/v2/tasks/{taskID}/runs",
    "GET /api/v2/tasks/{taskID}/runs/{runID}",
    "DELETE /api/v2/tasks/{taskID}/runs/{runID}",
    "POST /api/v2/tasks/{taskID}/runs/{runID}/retry",
    "GET /api/v2/tasks/{taskID}/runs/{runID}/logs",
    "GET /api/v2/tasks/{taskID}/logs",
    "GET /api/v2/tasks/{taskID}/labels",
    "POST /api/v2/tasks/{taskID}/labels",
    "DELETE /api/v2/tasks/{taskID}/labels/{labelID}",
    "GET /api/v2/tasks/{taskID}/members",
    "POST /api/v2/tasks/{taskID}/members",
    "DELETE /api/v2/tasks/{taskID}/members/{userID}",
    "GET /api/v2/tasks/{taskID}/owners",
    "POST /api/v2/tasks/{taskID}/owners",
    "DELETE /api/v2/tasks/{taskID}/owners/{userID}",
    "GET /api/v2/labels",
    "POST /api/v2/labels",
    "GET /api/v2/labels/{labelID}",
    "PATCH /api/v2/labels/{labelID}",
    "DELETE /api/v2/labels/{labelID}",
    "GET /api/v2/scripts",
    "POST /api/v2/scripts",
    "GET /api/v2/scripts/{scriptID}",
    "PATCH /api/v2/scripts/{scriptID}",
    "DELETE /api/v2/scripts/{scriptID}",
    "POST /api/v2/scripts/{scriptID}/invoke",
    "GET /api/v2/scripts/{scriptID}/params",
    "GET /api/v2/dbrps",
    "POST /api/v2/dbrps",
    "GET /api/v2/dbrps/{dbrpID}",
    "PATCH /api/v2/dbrps/{dbrpID}",
    "DELETE /api/v2/dbrps/{dbrpID}",
    "GET /api/v2/variables",
    "POST /api/v2/variables",
    "GET /api/v2/variables/{variableID}",
    "PATCH /api/v2/variables/{variableID}",
    "PUT /api/v2/variables/{variableID}",
    "DELETE /api/v2/variables/{variableID}",
    "GET /api/v2/variables/{variableID}/labels",
    "POST /api/v2/variables/{variableID}/labels",
    "DELETE /api/v2/variables/{variableID}/labels/{labelID}",
];
