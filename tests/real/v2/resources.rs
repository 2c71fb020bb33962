//! Each resource through its life: made, found, changed, taken once more, removed.

use std::collections::BTreeMap;

use influx_edge::api::*;
use influx_edge::{Client, Error};

use super::place::{Place, Somebody, unique};

/// Taken: whose fault, and that trying again won't help.
fn taken<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert_eq!(error.status(), Some(422), "{error}");
    assert!(error.is_conflict() && !error.is_retryable(), "{error}");
}

fn missing<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert!(error.is_not_found() && !error.is_retryable(), "{error}");
}

#[test]
fn buckets() {
    let Some(place) = Place::new("buckets") else {
        return;
    };
    let buckets = place.client.buckets();
    let new = NewBucket::new("sensors / of \u{fc}ber roof")
        .retention(days(30))
        .shard_group_duration(days(1))
        .description("what the roof says")
        .retention_policy("autogen");
    let made = buckets.create(&new).unwrap();
    assert_eq!(made.retention(), Some(days(30)));
    assert_eq!(made.shard_group_duration(), Some(days(1)));
    assert_eq!(made.description, "what the roof says");
    assert_eq!(made.org_id.as_ref(), Some(&place.org.id));
    assert!(made.created_at.is_some());
    taken(buckets.create(&new));
    assert_eq!(buckets.find(&made.id).unwrap().unwrap().name, made.name);
    assert_eq!(
        buckets.find_by_name(&made.name).unwrap().unwrap().id,
        made.id
    );
    assert_eq!(buckets.find_by_name("sensors").unwrap(), None);

    // What isn't set stays.
    let renamed = buckets
        .update(&made.id, &BucketUpdate::new().name("roof"))
        .unwrap();
    assert_eq!(
        (renamed.name.as_str(), renamed.retention()),
        ("roof", Some(days(30)))
    );
    assert_eq!(renamed.description, "what the roof says");
    let update = BucketUpdate::of(&renamed).description("");
    let changed = buckets.update(&made.id, &update).unwrap();
    assert_eq!(
        (changed.description.as_str(), changed.retention()),
        ("", Some(days(30)))
    );
    let for_ever = BucketUpdate::new().retention(std::time::Duration::ZERO);
    assert_eq!(
        buckets.update(&made.id, &for_ever).unwrap().retention(),
        None
    );
    taken(buckets.update(&made.id, &BucketUpdate::new().name("b")));
    for bad in ["", "_own", "a\"b"] {
        assert!(
            buckets
                .create(&NewBucket::new(bad))
                .unwrap_err()
                .is_config()
        );
    }
    // The server's own can't go.
    let own = buckets.find_by_name("_tasks").unwrap().unwrap();
    assert!(buckets.delete(&own.id).is_err());

    buckets.delete(&made.id).unwrap();
    assert_eq!(buckets.find(&made.id).unwrap(), None);
    missing(buckets.delete(&made.id));
    missing(buckets.update(&made.id, &BucketUpdate::new().name("roof")));
}

#[test]
fn what_hangs_on_a_bucket() {
    let Some(place) = Place::new("attached") else {
        return;
    };
    let somebody = Somebody::new(&place, "some password");
    let (buckets, id) = (place.client.buckets(), &place.bucket.id);
    let label = place.client.labels().create(&NewLabel::new("l")).unwrap();
    let on_it = buckets.labels(id);
    assert_eq!(on_it.list().unwrap(), []);
    assert_eq!(on_it.add(&label.id).unwrap().id, label.id);
    taken(on_it.add(&label.id));
    assert_eq!(on_it.list().unwrap(), std::slice::from_ref(&label));
    assert_eq!(
        buckets.find(id).unwrap().unwrap().labels,
        std::slice::from_ref(&label)
    );
    on_it.remove(&label.id).unwrap();
    assert_eq!(on_it.list().unwrap(), []);
    // Once more is no error.
    on_it.remove(&label.id).unwrap();

    for (part, role) in [
        (buckets.members(id), "member"),
        (buckets.owners(id), "owner"),
    ] {
        let before = part.list().unwrap().len();
        let added = part.add(&somebody.user.id).unwrap();
        assert_eq!(
            (added.id, added.role.as_str()),
            (somebody.user.id.clone(), role)
        );
        let error = part.add(&somebody.user.id).unwrap_err();
        assert!(error.is_conflict(), "{error}");
        let listed = part.list().unwrap();
        assert_eq!(listed.len(), before + 1);
        assert!(
            listed
                .iter()
                .any(|one| one.name == somebody.user.name && one.role == role)
        );
        part.remove(&somebody.user.id).unwrap();
        assert_eq!(part.list().unwrap().len(), before);
        // Once more is no error.
        part.remove(&somebody.user.id).unwrap();
    }
}

#[test]
fn organizations_and_their_secrets() {
    let Some(place) = Place::new("orgs") else {
        return;
    };
    let orgs = place.client.organizations();
    let name = unique("another");
    let made = orgs
        .create(&NewOrganization::new(&name).description("d"))
        .unwrap();
    assert_eq!(
        (made.name.as_str(), made.description.as_str()),
        (name.as_str(), "d")
    );
    taken(orgs.create(&NewOrganization::new(&name)));
    assert_eq!(orgs.find_by_name(&name).unwrap().unwrap().id, made.id);
    assert_eq!(orgs.find(&made.id).unwrap().unwrap().name, name);
    assert_eq!(orgs.find_by_name("influx-edge nobody's").unwrap(), None);
    let other = unique("renamed");
    let changed = orgs
        .update(&made.id, &OrganizationUpdate::new().name(&other))
        .unwrap();
    assert_eq!(
        (changed.name.as_str(), changed.description.as_str()),
        (other.as_str(), "d")
    );
    taken(orgs.update(&made.id, &OrganizationUpdate::new().name(&place.org.name)));

    assert_eq!(orgs.secrets(&made.id).unwrap(), [""; 0]);
    // Keys of every kind: a name, a path, an address, text that is a path's own.
    let keys = [
        "key one",
        "zwei/\u{fc}?",
        "a+b",
        "user@host:1",
        "50%",
        "%2F",
        "a&b=c;d,e$f",
        ".",
        "..",
        "!'()*",
        "[x]",
        "#",
        "\\",
        "~-._",
        "delete",
    ];
    orgs.set_secrets(&made.id, keys.map(|key| (key, "v\"1\n")))
        .unwrap();
    orgs.set_secrets(&made.id, [("a+b", "another"), ("three", "3")])
        .unwrap();
    let mut found = orgs.secrets(&made.id).unwrap();
    found.sort_unstable();
    let mut wanted = [&keys[..], &["three"]].concat();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    for key in keys {
        orgs.delete_secret(&made.id, key).unwrap();
        let left = orgs.secrets(&made.id).unwrap();
        assert!(!left.iter().any(|one| one == key), "{key:?} is still there");
    }
    assert_eq!(orgs.secrets(&made.id).unwrap(), ["three"]);
    orgs.delete_secret(&made.id, "never there").unwrap();
    orgs.delete_secret(&made.id, "never/there").unwrap();

    let somebody = Somebody::new(&place, "some password");
    let members = orgs.members(&made.id);
    members.add(&somebody.user.id).unwrap();
    assert!(members.add(&somebody.user.id).unwrap_err().is_conflict());
    assert_eq!(members.list().unwrap().len(), 1);
    let of_user: Vec<_> = orgs
        .list()
        .of_user(&somebody.user.id)
        .map(|o| o.unwrap().id)
        .collect();
    assert!(of_user.contains(&made.id) && of_user.contains(&place.org.id));
    members.remove(&somebody.user.id).unwrap();

    // With everything in it.
    let inside = place.client.buckets().in_org(&made.id);
    let bucket = inside.create(&NewBucket::new("inside")).unwrap();
    orgs.delete(&made.id).unwrap();
    assert_eq!(orgs.find(&made.id).unwrap(), None);
    assert_eq!(place.client.buckets().find(&bucket.id).unwrap(), None);
    missing(orgs.delete(&made.id));
    missing(orgs.update(&made.id, &OrganizationUpdate::new().name("x")));
}

#[test]
fn users() {
    let Some(place) = Place::new("users") else {
        return;
    };
    let users = place.client.users();
    let name = unique("user");
    let made = users
        .create(&NewUser::new(&name).status(Status::Inactive))
        .unwrap();
    assert_eq!(
        (made.name.as_str(), made.status),
        (name.as_str(), Some(Status::Inactive))
    );
    taken(users.create(&NewUser::new(&name)));
    assert_eq!(users.find(&made.id).unwrap().unwrap(), made);
    assert_eq!(users.find_by_name(&name).unwrap().unwrap().id, made.id);
    assert_eq!(users.find_by_name("influx-edge nobody").unwrap(), None);
    let other = unique("renamed");
    let changed = users
        .update(&made.id, &UserUpdate::new().name(&other))
        .unwrap();
    assert_eq!(
        (changed.name.as_str(), changed.status),
        (other.as_str(), Some(Status::Inactive))
    );
    users.delete(&made.id).unwrap();
    assert_eq!(users.find(&made.id).unwrap(), None);
    missing(users.delete(&made.id));
    missing(users.update(&made.id, &UserUpdate::new().name("x")));
    assert!(!place.client.me().unwrap().id.as_str().is_empty());
}

#[test]
fn authorizations() {
    let Some(place) = Place::new("authorizations") else {
        return;
    };
    let tokens = place.client.authorizations();
    let may = [
        Permission::write().bucket(&place.bucket.id),
        Permission::read().buckets(),
        Permission::read().org(),
    ];
    let made = tokens
        .create(&NewAuthorization::new(may).description("d"))
        .unwrap();
    let token = made.reveal_token().unwrap();
    assert!(!format!("{made:?}").contains(token));
    assert_eq!(made.permissions.len(), 3);
    assert!(made.permissions.iter().all(|p| p.resource.kind == "orgs"
        || p.resource.org_id.as_ref() == Some(&place.org.id)));
    // It finds its organization by name, and so can be used with no more than that.
    let client = Client::builder(&place.url)
        .org(&place.org.name)
        .token(token)
        .build()
        .unwrap();
    client.write("b", "m v=1 1").unwrap();
    assert_eq!(
        client
            .organizations()
            .find_by_name(&place.org.name)
            .unwrap()
            .unwrap()
            .id,
        place.org.id
    );
    let labels = client.labels().create(&NewLabel::new("x")).unwrap_err();
    assert!(labels.is_forbidden(), "{labels}");

    let found = tokens.find(&made.id).unwrap().unwrap();
    assert_eq!(
        (found.reveal_token(), found.description.as_str()),
        (None, "d")
    );
    let changed = AuthorizationUpdate::new().description("e");
    assert_eq!(tokens.update(&made.id, &changed).unwrap().description, "e");
    let copy = tokens.duplicate(&made.id).unwrap();
    assert_ne!(copy.id, made.id);
    assert_eq!(copy.permissions, made.permissions);
    assert_eq!(
        (copy.description.as_str(), &copy.user_id),
        ("e", &made.user_id)
    );
    assert!(copy.reveal_token().is_some_and(|other| other != token));
    let of_user: Vec<_> = tokens
        .list()
        .of_user(&made.user_id.clone().unwrap())
        .collect();
    assert_eq!(of_user.len(), 2);
    assert!(
        tokens
            .create(&NewAuthorization::new([]))
            .unwrap_err()
            .is_config()
    );

    // Everything in the organization, and nothing outside it.
    let all = place.allowed(Permission::all_access());
    all.buckets()
        .create(&NewBucket::new("by all-access"))
        .unwrap();
    all.labels()
        .create(&NewLabel::new("by all-access"))
        .unwrap();
    assert!(
        all.organizations()
            .create(&NewOrganization::new(unique("x")))
            .is_err()
    );
    let read_only = place.allowed(Permission::read_only());
    assert!(
        read_only
            .buckets()
            .find_by_name("by all-access")
            .unwrap()
            .is_some()
    );
    let error = read_only.labels().create(&NewLabel::new("y")).unwrap_err();
    assert!(error.is_forbidden(), "{error}");

    tokens.delete(&made.id).unwrap();
    missing(tokens.delete(&made.id));
    missing(tokens.update(&made.id, &changed));
    assert!(client.write("b", "m v=1 1").unwrap_err().is_unauthorized());
}

#[test]
fn labels() {
    let Some(place) = Place::new("labels") else {
        return;
    };
    let labels = place.client.labels();
    let made = labels.create(
        &NewLabel::new("l")
            .property("color", "#00ff00")
            .property("x", "y"),
    );
    let made = made.unwrap();
    taken(labels.create(&NewLabel::new("l")));
    assert_eq!(labels.find(&made.id).unwrap().unwrap(), made);
    assert_eq!(labels.find_by_name("l").unwrap().unwrap().id, made.id);
    let copy = labels.duplicate(&made.id, "copy").unwrap();
    assert_eq!(copy.properties, made.properties);
    let update = LabelUpdate::new()
        .name("m")
        .property("z", "1")
        .without_property("x");
    let changed = labels.update(&made.id, &update).unwrap();
    assert_eq!(changed.name, "m");
    let wanted = [("color", "#00ff00"), ("z", "1")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(changed.properties, BTreeMap::from(wanted));
    taken(labels.update(&made.id, &LabelUpdate::new().name("copy")));
    labels.delete(&made.id).unwrap();
    assert_eq!(labels.find(&made.id).unwrap(), None);
    missing(labels.delete(&made.id));
}

#[test]
fn variables() {
    let Some(place) = Place::new("variables") else {
        return;
    };
    let variables = place.client.variables();
    let kinds = [
        VariableArguments::flux("buckets() |> keep(columns: [\"name\"])"),
        VariableArguments::constant(["a", "b\"c"]),
        VariableArguments::map([("k", "v"), ("l", "w")]),
    ];
    for (n, arguments) in kinds.into_iter().enumerate() {
        let new = NewVariable::new(format!("v{n}"), arguments.clone())
            .description("d")
            .select("a");
        let made = variables.create(&new).unwrap();
        assert_eq!(
            (&made.arguments, made.description.as_str()),
            (&arguments, "d")
        );
        assert_eq!(made.selected, ["a"]);
        taken(variables.create(&new));
        assert_eq!(
            variables.find(&made.id).unwrap().unwrap().arguments,
            arguments
        );
        let changed = variables.update(&made.id, &VariableUpdate::new().name(format!("w{n}")));
        let changed = changed.unwrap();
        assert_eq!(
            (changed.name, changed.arguments),
            (format!("w{n}"), arguments)
        );
        let other = NewVariable::new(format!("x{n}"), VariableArguments::constant(["z"]));
        let replaced = variables.replace(&made.id, &other).unwrap();
        assert_eq!(replaced.id, made.id);
        assert_eq!(replaced.arguments, VariableArguments::constant(["z"]));
    }
    let one = variables.find_by_name("x1").unwrap().unwrap();
    let label = place.client.labels().create(&NewLabel::new("l")).unwrap();
    variables.labels(&one.id).add(&label.id).unwrap();
    let on_it = variables.labels(&one.id).list().unwrap();
    assert_eq!(on_it, std::slice::from_ref(&label));
    variables.labels(&one.id).remove(&label.id).unwrap();
    variables.delete(&one.id).unwrap();
    assert_eq!(variables.find(&one.id).unwrap(), None);
    missing(variables.delete(&one.id));
    missing(variables.update(&one.id, &VariableUpdate::new().name("y")));
}

#[test]
fn mappings() {
    let Some(place) = Place::new("mappings") else {
        return;
    };
    let dbrps = place.client.dbrps();
    let new = NewDbrp::new(&place.bucket.id, "plant", "one");
    let made = dbrps.create(&new).unwrap();
    assert!(made.default && !made.is_virtual);
    assert_eq!(made.bucket_id.as_ref(), Some(&place.bucket.id));
    taken(dbrps.create(&new));
    let second = dbrps
        .create(&NewDbrp::new(&place.bucket.id, "plant", "two"))
        .unwrap();
    assert!(!second.default);
    assert_eq!(dbrps.find(&made.id).unwrap().unwrap(), made);
    let update = DbrpUpdate::new()
        .default_for_database(true)
        .retention_policy("three");
    let changed = dbrps.update(&second.id, &update).unwrap();
    assert_eq!(
        (changed.retention_policy.as_str(), changed.default),
        ("three", true)
    );
    assert!(
        !dbrps.find(&made.id).unwrap().unwrap().default,
        "there is one default"
    );
    let found: Vec<_> = dbrps
        .list()
        .database("plant")
        .default_for_database(true)
        .collect();
    assert_eq!(found.len(), 1);
    // Each bucket has a virtual one, until there is a real one by its name.
    let own = dbrps
        .list()
        .database("b")
        .map(Result::unwrap)
        .next()
        .unwrap();
    assert!(own.is_virtual);
    dbrps.delete(&made.id).unwrap();
    assert_eq!(dbrps.find(&made.id).unwrap(), None);
    missing(dbrps.delete(&made.id));
    missing(dbrps.update(&made.id, &update));
}
