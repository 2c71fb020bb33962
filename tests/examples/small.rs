//! The example `provision`, run as a person runs it: what it prints, how it ends, and that it ends.

use crate::common::wire::{TOKEN, Wire, closed_port};
use crate::provision::example::mock_server::MockServer;
use crate::run::{run, settings};

#[test]
fn without_settings_it_runs_against_the_mock_server_and_says_so() {
    let run = run("provision", &[], &[]);
    run.says(
        0,
        &[
            "mock server",
            "a second run found all of it and made nothing",
        ],
    );
    assert_eq!(run.err, "");
}

#[test]
fn a_server_is_provisioned_with_a_token_or_with_a_password() {
    let server = MockServer::start();
    let settings = [
        ("INFLUXDB_V2_URL", server.url()),
        ("INFLUXDB_V2_USERNAME", "admin"),
        ("INFLUXDB_V2_PASSWORD", "long-enough"),
    ];
    let first = run("provision", &["keep"], &settings);
    first.says(0, &["set up", "token         mock-server-token-"]);
    assert_eq!(server.count("buckets"), 2);
    // Signs in, finds all of it, and takes it away again.
    let second = run("provision", &[], &settings);
    second.says(0, &["there already", "removed"]);
    assert!(!second.out.contains("set up"), "{}", second.out);
    assert_eq!((server.count("orgs"), server.count("buckets")), (0, 0));
    let wrong = [settings[0], settings[1], ("INFLUXDB_V2_PASSWORD", TOKEN)];
    run("provision", &[], &wrong).says(1, &["cannot sign in", "401"]);
}

#[test]
fn where_it_cannot_work_it_says_why_and_ends() {
    let refused = closed_port();
    let set = settings(&refused, TOKEN, "sensors");
    run("provision", &[], &set).says(1, &["provision", "nothing listens"]);
    let silent = Wire::each(8, |peer| peer.wait_for_close());
    let url = silent.url();
    let set = settings(&url, TOKEN, "sensors");
    run("provision", &[], &set).says(1, &["provision", "took too long"]);
}
