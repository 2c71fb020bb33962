//! Get-or-create: created, changed or left alone, and the second time always left alone.

use std::time::Duration;

use influx_edge::Error;
use influx_edge::api::*;

use super::place::Place;

/// Ensures twice: with the outcome expected, then with no change; the second time as the first.
fn twice<T: PartialEq + std::fmt::Debug>(
    expected: &str,
    ensure: impl Fn() -> Result<Ensured<T>, Error>,
    same: impl Fn(&T, &T) -> bool,
) -> T {
    let first = ensure().unwrap();
    assert_eq!(first.as_str(), expected, "{first:?}");
    let second = ensure().unwrap();
    assert!(second.is_unchanged(), "{first:?}, then {second:?}");
    assert!(same(first.get(), second.get()), "{first:?}, {second:?}");
    first.into_inner()
}

/// Names with white space around them, some of which servers trim.
const NAMES: [&str; 7] = ["x", " x ", "\tx\n", "\u{a0}x", "x\u{3000}", "é x", "x/y?&%"];

#[test]
fn names_with_white_space() {
    let Some(place) = Place::new("ensure names") else {
        return;
    };
    let client = &place.client;
    for (n, name) in NAMES.iter().enumerate() {
        let expected = |trimmed: bool| match trimmed && (1..5).contains(&n) {
            true => "unchanged",
            false => "created",
        };
        let bucket = NewBucket::new(*name).retention(days(1));
        let bucket = twice(
            "created",
            || client.buckets().ensure(&bucket),
            |a, b| a.id == b.id,
        );
        let label = NewLabel::new(*name)
            .property("color", " #fff ")
            .property("none", "");
        twice(
            expected(true),
            || client.labels().ensure(&label),
            |a, b| a.id == b.id,
        );
        let token = NewAuthorization::new([Permission::write().bucket(&bucket.id)]);
        let token = token.description(*name);
        twice(
            "created",
            || client.authorizations().ensure(&token),
            |a, b| a.id == b.id,
        );
        let task = NewTask::every(*name, hours(1), "\n buckets()  \n").status(Status::Inactive);
        let task = task.description(*name).offset("5m");
        twice(
            "created",
            || client.tasks().ensure(&task),
            |a, b| a.id == b.id,
        );
        if !name.contains(['/', '\t', '\u{3000}', '\u{a0}']) {
            let mapping = NewDbrp::new(&bucket.id, *name, *name);
            twice("created", || client.dbrps().ensure(&mapping), |a, b| a == b);
        }
    }
}

/// Names of labels that the server takes for the same, though it keeps the one that came first.
#[test]
fn labels_by_case() {
    let Some(place) = Place::new("ensure labels by case") else {
        return;
    };
    let labels = || place.client.labels();
    for (first, second) in [
        ("North", "north"),
        ("west", "WEST"),
        ("Süd", "sÜd"),
        (" Ost ", "oST\n"),
        ("Ж1", "ж1"),
    ] {
        let made = labels()
            .ensure(&NewLabel::new(first).property("k", "v"))
            .unwrap();
        assert_eq!(made.as_str(), "created", "{first:?}");
        let same = NewLabel::new(second).property("k", "v");
        assert!(labels().ensure(&same).unwrap().is_unchanged(), "{second:?}");
        let other = NewLabel::new(second).property("k", "w");
        let now = labels().ensure(&other).unwrap();
        assert_eq!(now.as_str(), "changed", "{second:?}");
        assert_eq!(
            (&now.get().id, &now.get().name),
            (&made.get().id, &made.get().name)
        );
        assert!(
            labels().ensure(&other).unwrap().is_unchanged(),
            "{second:?}"
        );
    }
}

#[test]
fn buckets() {
    let Some(place) = Place::new("ensure buckets") else {
        return;
    };
    let buckets = place.client.buckets();
    let rule = |bucket: &Bucket| {
        let keep = bucket.retention().unwrap_or_default().as_secs();
        Some((
            keep,
            bucket.shard_group_duration().map(|time| time.as_secs()),
        ))
    };
    let new = || NewBucket::new("e");
    let month = 2_592_000;
    let mut ids = Vec::new();
    for (new, outcome, kept, description) in [
        (new(), "created", Some((0, Some(604_800))), ""),
        (
            new().description("d"),
            "changed",
            Some((0, Some(604_800))),
            "d",
        ),
        // What isn't set stays.
        (new(), "unchanged", Some((0, Some(604_800))), "d"),
        // Shorter than the time for which points share a file, which goes with it.
        (
            new().retention(days(3)),
            "changed",
            Some((259_200, Some(86_400))),
            "d",
        ),
        (
            new().retention(hours(1)),
            "changed",
            Some((3_600, Some(3_600))),
            "d",
        ),
        (
            new().retention(days(30)),
            "changed",
            Some((month, Some(3_600))),
            "d",
        ),
        (
            new().shard_group_duration(hours(2)).description(""),
            "changed",
            Some((month, Some(7_200))),
            "",
        ),
        (
            new().retention(days(30)).shard_group_duration(hours(2)),
            "unchanged",
            Some((month, Some(7_200))),
            "",
        ),
        (
            new().retention(Duration::ZERO),
            "changed",
            Some((0, Some(7_200))),
            "",
        ),
        // Of the kind of schema this server takes no notice.
        (
            new().explicit_schema(),
            "unchanged",
            Some((0, Some(7_200))),
            "",
        ),
    ] {
        let now = twice(outcome, || buckets.ensure(&new), |a, b| a.id == b.id);
        assert_eq!(
            (rule(&now), &*now.description),
            (kept, description),
            "{new:?}"
        );
        ids.push(now.id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let error = buckets.ensure(&new().retention_policy("rp")).unwrap_err();
    assert!(error.to_string().contains("retention policy"), "{error}");
    for bad in [
        NewBucket::new(""),
        NewBucket::new("_x"),
        new().retention(hours(0) + Duration::from_secs(1)),
    ] {
        assert!(buckets.ensure(&bad).unwrap_err().is_config());
    }
    // Without an organization the server would look in all of them.
    let nowhere = influx_edge::Client::builder(&place.url)
        .token("t")
        .build()
        .unwrap();
    assert!(nowhere.buckets().ensure(&new()).unwrap_err().is_config());
}

#[test]
fn labels() {
    let Some(place) = Place::new("ensure labels") else {
        return;
    };
    let labels = place.client.labels();
    let new = || NewLabel::new("l");
    for (new, outcome, properties) in [
        (
            new().property("a", "1").property("z", ""),
            "created",
            &[("a", "1"), ("z", "")][..],
        ),
        (
            new().property("b", "2"),
            "changed",
            &[("a", "1"), ("b", "2"), ("z", "")],
        ),
        (new(), "unchanged", &[("a", "1"), ("b", "2"), ("z", "")]),
        (new().property("a", ""), "changed", &[("b", "2"), ("z", "")]),
        (
            new().property("b", " 2"),
            "changed",
            &[("b", " 2"), ("z", "")],
        ),
    ] {
        let now = twice(outcome, || labels.ensure(&new), |a, b| a == b);
        let pairs = now.properties.iter().map(|(k, v)| (&**k, &**v));
        // Whether an empty one stays after another is changed is the server's.
        let pairs: Vec<_> = pairs.filter(|(_, v)| !v.is_empty()).collect();
        let wanted: Vec<_> = properties
            .iter()
            .copied()
            .filter(|(_, v)| !v.is_empty())
            .collect();
        assert_eq!(pairs, wanted, "{new:?}");
    }
    assert_eq!(labels.list().count(), 1);
}

#[test]
fn tokens() {
    let Some(place) = Place::new("ensure tokens") else {
        return;
    };
    let tokens = place.client.authorizations();
    let write = || Permission::write().bucket(&place.bucket.id);
    let read = || Permission::read().org();
    let new = |may: &[Permission]| NewAuthorization::new(may.to_vec()).description("logger");
    let (one, both) = (new(&[write()]), new(&[write(), read()]));
    let made = twice("created", || tokens.ensure(&one), |a, b| a.id == b.id);
    let old = made.reveal_token().unwrap().to_owned();
    let by = |token: &str| place.builder().token(token).build().unwrap();
    by(&old).write("b", "m v=1 1").unwrap();
    // Another status in place; the same with none set leaves that.
    let asleep = one.clone().status(Status::Inactive);
    assert_eq!(
        twice("changed", || tokens.ensure(&asleep), |a, b| a == b).id,
        made.id
    );
    assert!(tokens.ensure(&one).unwrap().is_unchanged());
    let awake = one.clone().status(Status::Active);
    twice("changed", || tokens.ensure(&awake), |a, b| a == b);
    // Other permissions: a new one, and the old one opens nothing.
    let changed = twice("changed", || tokens.ensure(&both), |a, b| a.id == b.id);
    assert_ne!(changed.id, made.id);
    assert_eq!(changed.user_id, made.user_id);
    by(changed.reveal_token().unwrap())
        .write("b", "m v=1 2")
        .unwrap();
    assert!(
        by(&old)
            .write("b", "m v=1 3")
            .unwrap_err()
            .is_unauthorized()
    );
    // In any order, and however often.
    for same in [new(&[read(), write()]), new(&[write(), read(), write()])] {
        assert!(tokens.ensure(&same).unwrap().is_unchanged());
    }
    // Everything an organization has.
    let all = NewAuthorization::new(Permission::all_access()).description("all");
    twice("created", || tokens.ensure(&all), |a, b| a.id == b.id);
    let everywhere = NewAuthorization::new([Permission::read().buckets().in_all_orgs()]);
    let everywhere = everywhere.description("everywhere");
    twice(
        "created",
        || tokens.ensure(&everywhere),
        |a, b| a.id == b.id,
    );
    // Which of two is meant nobody knows, unless one of them is right.
    tokens.create(&one).unwrap();
    assert!(tokens.ensure(&both).unwrap().is_unchanged());
    let error = tokens.ensure(&new(&[read()])).unwrap_err();
    assert!(error.to_string().contains("2 tokens"), "{error}");
    for bad in [NewAuthorization::new([write()]), new(&[])] {
        assert!(tokens.ensure(&bad).unwrap_err().is_config(), "{bad:?}");
    }
    assert_eq!(tokens.list().count(), 4);
}

#[test]
fn tasks() {
    let Some(place) = Place::new("ensure tasks") else {
        return;
    };
    let tasks = place.client.tasks();
    let new = |hour| NewTask::every("t", hours(hour), "buckets()").status(Status::Inactive);
    let mut ids = Vec::new();
    for (new, outcome) in [
        (new(1).description("d"), "created"),
        (new(2), "changed"),
        (new(2).offset("1m"), "changed"),
        (new(2), "changed"),
        (NewTask::cron("t", "0 * * * *", "buckets()"), "changed"),
        (new(2).status(Status::Active), "changed"),
        (NewTask::every("t", hours(2), "buckets()"), "unchanged"),
        (new(2).description(""), "changed"),
        // Nothing but the description.
        (new(2).description("a \"b\""), "changed"),
        (new(2), "unchanged"),
        (new(2).description(""), "changed"),
    ] {
        ids.push(twice(outcome, || tasks.ensure(&new), |a, b| a.flux == b.flux).id);
    }
    // What another program changed, which writes the script anew.
    tasks
        .update(&ids[0], &TaskUpdate::new().every(hours(5)))
        .unwrap();
    let back = twice("changed", || tasks.ensure(&new(2)), |a, b| a.flux == b.flux);
    assert_eq!(back.every.as_deref(), Some("2h"));
    ids.push(back.id);
    ids.dedup();
    assert_eq!(ids.len(), 1);
    // Two of one name both run.
    tasks.create(&new(3)).unwrap();
    let error = tasks.ensure(&new(3)).unwrap_err();
    assert!(error.to_string().contains("both have that name"), "{error}");
    let own = NewTask::from_flux("option task = {name: \"o\", every: 1h}\nbuckets()");
    assert!(tasks.ensure(&own).unwrap_err().is_config());
}

#[test]
fn mappings() {
    let Some(place) = Place::new("ensure mappings") else {
        return;
    };
    let dbrps = place.client.dbrps();
    let other = place
        .client
        .buckets()
        .create(&NewBucket::new("other"))
        .unwrap();
    let new = |bucket: &Bucket, rp: &str| NewDbrp::new(&bucket.id, "db", rp);
    let first = |bucket| new(bucket, "first");
    let b = &place.bucket;
    for (new, outcome, default) in [
        // The only one is the default, whatever is wanted.
        (first(b).default_for_database(false), "created", true),
        (first(b), "unchanged", true),
        (new(b, "second").default_for_database(true), "created", true),
        (first(b), "unchanged", false),
        (first(b).default_for_database(true), "changed", true),
        (new(b, "second"), "unchanged", false),
        (first(&other), "changed", true),
        (first(b).default_for_database(false), "changed", false),
        (
            new(b, "second").default_for_database(false),
            "changed",
            false,
        ),
        (first(b), "unchanged", true),
    ] {
        let now = twice(outcome, || dbrps.ensure(&new), |a, b| a == b);
        assert_eq!(now.default, default, "{new:?}");
        assert!(!now.is_virtual);
    }
    // A bucket that doesn't exist: the mapping stays.
    let nowhere = Id::<Bucket>::new("0123456789abcdef").unwrap();
    let error = dbrps
        .ensure(&NewDbrp::new(&nowhere, "db", "first"))
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(
        dbrps
            .ensure(&first(b).default_for_database(true))
            .unwrap()
            .is_unchanged()
    );
    // The server's own mapping of a bucket is none.
    let own = NewDbrp::new(&other.id, "other", "autogen");
    twice("created", || dbrps.ensure(&own), |a, b| a == b);
}

/// Several programs at once, where the server keeps names unique. (Of mappings it makes several then.)
#[test]
fn at_once() {
    let Some(place) = Place::new("ensure at once") else {
        return;
    };
    let client = &place.client;
    for round in 0..5 {
        let name = format!(" {round} ");
        let ensure = || {
            let bucket = NewBucket::new(&name).retention(days(2));
            let label = NewLabel::new(&name).property("k", "v");
            let bucket = client.buckets().ensure(&bucket).unwrap();
            [
                bucket.as_str(),
                client.labels().ensure(&label).unwrap().as_str(),
            ]
        };
        let outcomes = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(ensure)).collect();
            let joined = all.into_iter().map(|one| one.join().unwrap());
            joined.collect::<Vec<_>>()
        });
        for n in 0..2 {
            let created = outcomes.iter().filter(|one| one[n] == "created").count();
            assert_eq!(created, 1, "{outcomes:?}");
            let changed = outcomes.iter().any(|one| one[n] == "changed");
            assert!(!changed, "{outcomes:?}");
        }
    }
}
