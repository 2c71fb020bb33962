//! The provisioning example, end to end: twice the same, and nothing left behind. Against the
//! mock server always; against a real server when `INFLUXDB_V2_URL` and `INFLUXDB_V2_TOKEN` (an
//! operator's) are set.

#[allow(dead_code)]
#[path = "../../examples/provision.rs"]
pub(crate) mod example;

use example::mock_server::{MockServer, TOKEN};
use influx_edge::Client;
use influx_edge::api::*;

fn client(server: &MockServer) -> Client {
    let builder = Client::builder(server.url()).token(TOKEN);
    builder.build().unwrap()
}

#[test]
fn twice_is_once_and_removed_is_gone() {
    let server = MockServer::start();
    let client = client(&server);
    let first = example::provision(&client).unwrap();
    assert!(first.logger.reveal_token().is_some());
    let may = &first.logger.permissions;
    assert_eq!(may.len(), 1);
    assert_eq!(may[0].action, "write");
    assert_eq!(
        may[0].resource.id.as_deref(),
        Some(first.buckets[0].id.as_str())
    );
    assert_eq!(may[0].resource.org_id.as_ref(), Some(&first.org.id));
    assert_eq!(first.task.every.as_deref(), Some("1h"));

    let after_first = server.everything();
    let second = example::provision(&client).unwrap();
    assert_eq!(server.everything(), after_first);
    assert_eq!(second.logger.id, first.logger.id);
    assert_eq!(second.logger.reveal_token(), None);
    assert_eq!(second.buckets[0].labels, std::slice::from_ref(&first.label));

    // Half of it is missing: the other half is made again.
    client.tasks().delete(&first.task.id).unwrap();
    client.buckets().delete(&first.buckets[1].id).unwrap();
    let third = example::provision(&client).unwrap();
    assert_ne!(third.task.id, first.task.id);
    assert_eq!(third.buckets[0].id, first.buckets[0].id);

    example::remove(&client, &third).unwrap();
    for kind in [
        "orgs",
        "buckets",
        "labels",
        "authorizations",
        "dbrps",
        "tasks",
    ] {
        assert_eq!(server.count(kind), 0, "{kind}");
    }
    // Once more is no error.
    example::remove(&client, &third).unwrap();
}

/// Without a token: a new server is set up and signed in to, another only signed in to.
#[test]
fn by_user_and_password() {
    let server = MockServer::start();
    let session = |password: &str| {
        let builder = Client::builder(server.url()).session("admin", password);
        builder.build().unwrap()
    };
    let client = session("long-enough");
    assert!(client.needs_setup().unwrap());
    assert!(client.me().unwrap_err().is_unauthorized());
    assert!(example::set_up(&client, "admin", "short").is_err());
    example::set_up(&client, "admin", "long-enough").unwrap();
    assert!(!client.needs_setup().unwrap());
    // Somebody else was faster.
    example::set_up(&client, "admin", "another-one").unwrap();
    let made = example::provision(&client).unwrap();
    assert_eq!(server.count("orgs"), 1);
    assert_eq!(server.count("buckets"), 2);
    assert!(made.logger.reveal_token().is_some());
    client.sign_out().unwrap();

    let again = example::provision(&session("long-enough")).unwrap();
    assert_eq!(again.buckets.map(|b| b.id), made.buckets.map(|b| b.id));
    let error = example::provision(&session("another-one")).unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
}

#[test]
fn what_is_taken_is_said_so() {
    let server = MockServer::start();
    let client = client(&server);
    let made = example::provision(&client).unwrap();
    let buckets = client.buckets().in_org(&made.org.id);
    let error = buckets.create(&NewBucket::new("sensors")).unwrap_err();
    assert!(error.is_duplicate(), "{error}");
    let wrong = Client::builder(server.url())
        .token("wrong")
        .build()
        .unwrap();
    let error = example::provision(&wrong).unwrap_err();
    assert!(error.is_unauthorized() && !error.is_insufficient_permission());
}

#[test]
fn on_a_real_server() {
    if std::env::var_os("INFLUXDB_V2_URL").is_none() {
        eprintln!("skipped: INFLUXDB_V2_URL not set");
        return;
    }
    let client = Client::from_env().unwrap();
    let first = example::provision(&client).unwrap();
    let second = example::provision(&client).unwrap();
    assert_eq!(second.org.id, first.org.id);
    assert_eq!(
        second.buckets.map(|b| b.id),
        first.buckets.clone().map(|b| b.id)
    );
    assert_eq!(second.logger.id, first.logger.id);
    assert_eq!(second.task.id, first.task.id);
    example::remove(&client, &first).unwrap();
    assert_eq!(
        client
            .organizations()
            .find_by_name(&first.org.name)
            .unwrap(),
        None
    );
}
