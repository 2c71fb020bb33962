//! The check at a program's start: one sentence each, and nothing stored.

use influx_edge::Client;
use influx_edge::api::Permission;

use super::place::Place;

#[test]
fn sentences_of_every_outcome() {
    let Some(place) = Place::new("validate") else {
        return;
    };
    let id = &place.bucket.id;
    let (write, read) = (
        Permission::write().bucket(id),
        Permission::read().bucket(id),
    );
    let both = place.allowed([write.clone(), read.clone()]);
    let writer = place.allowed([write]);
    let reader = place.allowed([read]);
    let stranger = place.builder().token("nobodys-token").build().unwrap();
    let may_write = "may be written to";
    let hidden = "permission to read it is missing";
    for (client, bucket, ok, written, readable) in [
        (&both, "b", true, may_write, "may be read"),
        (&both, id.as_str(), true, may_write, "may be read"),
        (&place.client, "b", true, may_write, "may be read"),
        (&writer, "b", false, may_write, hidden),
        // By id this server lets every token of the organization read.
        (&writer, id.as_str(), true, may_write, "may be read"),
        (
            &reader,
            id.as_str(),
            false,
            "insufficient permissions",
            "may be read",
        ),
        (
            &reader,
            "b",
            false,
            "insufficient permissions",
            "may be read",
        ),
        (&both, "none", false, "none", "none"),
        (
            &both,
            "0123456789abcdef",
            false,
            "0123456789abcdef",
            "0123456789abcdef",
        ),
        (&stranger, "b", false, "401", "401"),
        (&both, "", false, "no bucket is named", "no bucket is named"),
    ] {
        let found = client.validate(bucket);
        let text = found.to_string();
        assert_eq!(found.is_ok(), ok, "{bucket:?}: {text}");
        assert!(
            found.server.is_passed() && found.clock.is_passed(),
            "{text}"
        );
        assert!(found.write.to_string().contains(written), "{text}");
        assert!(found.read.to_string().contains(readable), "{text}");
        assert_eq!(found.write.is_passed(), written == may_write, "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(!text.contains("nobodys-token"), "{text}");
        println!("{text}\n");
        assert_eq!(found.into_result().is_ok(), ok);
    }
    let mut rows = place
        .client
        .query("from(bucket: \"b\") |> range(start: 0)")
        .call()
        .unwrap();
    assert!(rows.next().unwrap().is_none(), "a check stored something");

    // Nobody there: one sentence, and three that could not be checked.
    let nobody = Client::builder("http://127.0.0.1:1")
        .org("o")
        .build()
        .unwrap();
    let found = nobody.validate("b");
    assert!(!found.is_ok() && found.server.error().unwrap().is_transport());
    assert!(found.write.error().is_none() && !found.write.is_passed());
    assert!(found.into_result().unwrap_err().is_transport());
}
