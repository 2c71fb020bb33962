//! Who may do what, and how it is said.

use influx_edge::api::{
    AuthorizationUpdate, Id, NewAuthorization, NewBucket, Organization, Permission, Status,
};
use influx_edge::{Client, Error, Remedy, Stored, Timestamp};

use super::place::Place;

/// What a person has to mend, and not the data.
fn nothing_for_a_machine(error: &Error) {
    assert_eq!(error.stored(), Stored::None, "{error}");
    assert_eq!(error.remedy(), Remedy::Operator, "{error}");
    assert!(!error.is_retryable(), "{error}");
    assert!(error.response().unwrap().is_from_influxdb(), "{error}");
}

#[test]
fn tokens() {
    let Some(place) = Place::new("tokens") else {
        return;
    };
    let id = &place.bucket.id;
    let nobody = place.builder().build().unwrap();
    let wrong = place.builder().token("wrong-token-canary").build().unwrap();
    for client in [&nobody, &wrong] {
        let error = client.write("b", "m v=1 1").unwrap_err();
        assert_eq!(error.status(), Some(401), "{error}");
        assert!(error.is_unauthorized() && !error.is_forbidden());
        nothing_for_a_machine(&error);
        assert!(!format!("{error} {error:?}").contains("canary"));
        let error = client.query("buckets()").call().unwrap_err();
        assert!(error.is_unauthorized(), "{error}");
        let error = client.buckets().list().next().unwrap().unwrap_err();
        assert!(error.is_unauthorized() && !error.is_forbidden());
        let error = client.me().unwrap_err();
        assert!(error.is_unauthorized(), "{error}");
        // What anybody may ask.
        client.ping().unwrap();
        assert_eq!(client.health().unwrap().status, "pass");
        assert!(!client.needs_setup().unwrap());
    }

    let reader = place.allowed([Permission::read().bucket(id)]);
    let error = reader.write("b", "m v=1 1").unwrap_err();
    assert_eq!(error.status(), Some(403), "{error}");
    assert!(error.is_forbidden());
    nothing_for_a_machine(&error);
    let deleted = reader.delete_points("b", Timestamp::from_nanos(0), Timestamp::from_nanos(1));
    let error = deleted.call().unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    let rows = reader
        .query(r#"from(bucket: "b") |> range(start: 0)"#)
        .call();
    assert!(rows.unwrap().next().unwrap().is_none());
    let error = reader
        .buckets()
        .create(&NewBucket::new("mine"))
        .unwrap_err();
    assert_eq!(error.status(), Some(401), "{error}");
    assert!(error.is_forbidden(), "{error}");
    // It sees its bucket and no other.
    let seen: Vec<_> = reader.buckets().list().map(|b| b.unwrap().id).collect();
    assert_eq!(seen, std::slice::from_ref(id));

    let writer = place.allowed([Permission::write().bucket(id)]);
    writer.write("b", "m v=1 1").unwrap();
    // Queries don't find what they may not read.
    let error = writer
        .query(r#"from(bucket: "b") |> range(start: 0)"#)
        .call()
        .and_then(|mut rows| rows.next().map(|_| ()))
        .unwrap_err();
    assert!(error.is_not_found() || error.is_forbidden(), "{error}");

    // One that is switched off, and on again.
    let tokens = place.client.authorizations();
    let new = NewAuthorization::new([Permission::write().bucket(id)]).status(Status::Inactive);
    let made = tokens.create(&new).unwrap();
    assert_eq!(made.status, Some(Status::Inactive));
    let token = made.reveal_token().unwrap();
    let client = place.builder().token(token).build().unwrap();
    let error = client.write("b", "m v=1 1").unwrap_err();
    assert_eq!(error.status(), Some(403), "{error}");
    assert!(error.is_forbidden());
    nothing_for_a_machine(&error);
    let on = AuthorizationUpdate::new().status(Status::Active);
    tokens.update(&made.id, &on).unwrap();
    client.write("b", "m v=1 1").unwrap();
    tokens.delete(&made.id).unwrap();
    let error = client.write("b", "m v=1 1").unwrap_err();
    assert!(error.is_unauthorized() && !error.is_forbidden(), "{error}");
    // The token was shown once: nothing later shows it.
    assert_eq!(tokens.find(&made.id).unwrap(), None);
    let listed: Vec<_> = tokens.list().map(Result::unwrap).collect();
    assert!(!listed.is_empty() && listed.iter().all(|one| one.reveal_token().is_none()));
}

#[test]
fn what_is_not_there() {
    let Some(place) = Place::new("missing") else {
        return;
    };
    let error = place.client.write("nope", "m v=1 1").unwrap_err();
    assert_eq!(error.status(), Some(404), "{error}");
    assert!(error.is_not_found());
    nothing_for_a_machine(&error);
    let elsewhere = place.client.in_org("influx-edge no such organization");
    let error = elsewhere.write("b", "m v=1 1").unwrap_err();
    assert_eq!(error.status(), Some(404), "{error}");
    nothing_for_a_machine(&error);
    let token = std::env::var("INFLUXDB_V2_TOKEN").unwrap();
    let nowhere = Client::builder(&place.url).token(token).build().unwrap();
    let error = nowhere.write("b", "m v=1 1").unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    nothing_for_a_machine(&error);
    // To a query an unknown organization is a fault of the request.
    let error = elsewhere.query("buckets()").call().unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
    let gone = elsewhere
        .delete_points("b", Timestamp::from_nanos(0), Timestamp::from_nanos(1))
        .call()
        .unwrap_err();
    assert!(gone.is_not_found(), "{gone}");
    let error = place
        .client
        .delete_points("nope", Timestamp::from_nanos(0), Timestamp::from_nanos(1))
        .call()
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let org = Id::<Organization>::new("00000000000000ff").unwrap();
    assert_eq!(place.client.organizations().find(&org).unwrap(), None);
    assert!(
        place
            .client
            .organizations()
            .delete(&org)
            .unwrap_err()
            .is_not_found()
    );

    // A bucket that is deleted under a client's feet.
    let bucket = place
        .client
        .buckets()
        .create(&NewBucket::new("short"))
        .unwrap();
    place.client.write("short", "m v=1 1").unwrap();
    place.client.buckets().delete(&bucket.id).unwrap();
    let error = place.client.write("short", "m v=1 1").unwrap_err();
    assert!(error.is_not_found(), "{error}");
}
