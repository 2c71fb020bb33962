//! Signing in, being forgotten, signing out; and passwords.

use influx_edge::Client;
use influx_edge::api::{Status, UserUpdate};
use influx_edge::client::Method;

use super::place::{Place, Somebody};
use super::relay::Relay;

const PASSWORD: &str = "correct horse, canary";

/// Makes the server forget a session, from outside.
fn forget(place: &Place, cookie: &str) {
    let stranger = Client::builder(&place.url).build().unwrap();
    let done = stranger
        .request(Method::Post, "/api/v2/signout")
        .header("Cookie", cookie);
    assert_eq!(done.call().unwrap().status(), 204);
}

#[test]
fn signs_in_once_again_once_and_out() {
    let Some(place) = Place::new("sessions") else {
        return;
    };
    let somebody = Somebody::new(&place, PASSWORD);
    let relay = Relay::start(&place.url);
    let builder = Client::builder(relay.url()).org_id(place.org.id.as_str());
    let client = builder
        .session(&somebody.user.name, PASSWORD)
        .build()
        .unwrap();
    let sign_ins = || relay.asked("POST /api/v2/signin ");

    // By itself, with the first call; once for all that follow.
    assert_eq!(client.me().unwrap().name, somebody.user.name);
    client.write("b", "m v=1 1").unwrap();
    let mut rows = client
        .query(r#"from(bucket: "b") |> range(start: 0)"#)
        .call()
        .unwrap();
    assert!(rows.next().unwrap().is_some());
    drop(rows);
    assert_eq!(client.buckets().list().count(), 3);
    assert_eq!(sign_ins(), 1);

    // Forgotten by the server: in again, once, for each kind of call.
    for n in 1..=4 {
        forget(&place, &relay.cookie());
        match n {
            1 => client.write("b", "m v=2 2").unwrap(),
            2 => drop(client.query("buckets()").call().unwrap()),
            3 => drop(client.buckets().find(&place.bucket.id).unwrap().unwrap()),
            _ => assert_eq!(client.me().unwrap().name, somebody.user.name),
        }
        assert_eq!(sign_ins(), 1 + n);
    }
    assert_eq!(place.count("b", "m", "v"), 2);

    // Many at once see it forgotten: one sign-in serves them all.
    forget(&place, &relay.cookie());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let client = client.clone();
            scope.spawn(move || client.me().unwrap());
        }
    });
    assert_eq!(sign_ins(), 6);

    // Out: the cookie opens nothing more; and the next call begins a new session.
    let cookie = relay.cookie();
    client.sign_out().unwrap();
    let stranger = Client::builder(&place.url).build().unwrap();
    let left = stranger
        .request(Method::Get, "/api/v2/me")
        .header("Cookie", &cookie)
        .call()
        .unwrap();
    assert_eq!(left.status(), 401);
    client.sign_out().unwrap();
    assert_eq!(sign_ins(), 6);
    client.me().unwrap();
    assert_eq!(sign_ins(), 7);
    // Out of a session that the server has forgotten: what was wanted is so.
    forget(&place, &relay.cookie());
    client.sign_out().unwrap();
    assert!(!format!("{client:?}").contains("canary"));
}

#[test]
fn wrong_passwords_and_others() {
    let Some(place) = Place::new("passwords") else {
        return;
    };
    let somebody = Somebody::new(&place, PASSWORD);
    let (id, name) = (&somebody.user.id, &somebody.user.name);
    let relay = Relay::start(&place.url);
    let signed = |password: &str| {
        let builder = Client::builder(relay.url()).org_id(place.org.id.as_str());
        builder.session(name, password).build().unwrap()
    };
    let wrong = signed("another canary");
    let error = wrong.write("b", "m v=1 1").unwrap_err();
    assert_eq!(error.status(), Some(401), "{error}");
    assert!(error.is_unauthorized() && !error.is_forbidden());
    assert!(
        !format!("{error} {error:?}").contains("canary"),
        "{error:?}"
    );
    // It wasn't tried twice.
    assert_eq!(relay.asked("POST /api/v2/signin "), 1);

    let users = place.client.users();
    let error = users
        .change_password(id, name, "another canary", "new password")
        .unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    users
        .change_password(id, name, PASSWORD, "new password")
        .unwrap();
    assert!(signed(PASSWORD).me().unwrap_err().is_unauthorized());
    signed("new password").me().unwrap();
    users
        .change_my_password(name, "new password", "newer password")
        .unwrap();
    signed("newer password").me().unwrap();
    users.set_password(id, PASSWORD).unwrap();
    signed(PASSWORD).me().unwrap();
    for short in ["", "7 bytes", &"x".repeat(73)] {
        assert!(users.set_password(id, short).unwrap_err().is_config());
    }

    // A user who may do nothing any more.
    users
        .update(id, &UserUpdate::new().status(Status::Inactive))
        .unwrap();
    let error = signed(PASSWORD).me().unwrap_err();
    assert!(error.is_unauthorized() || error.is_forbidden(), "{error}");
    users
        .update(id, &UserUpdate::new().status(Status::Active))
        .unwrap();
    signed(PASSWORD).me().unwrap();
}
