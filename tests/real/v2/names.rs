//! Names with white space around them, long ones and those that can't be: what is made is found, by the
//! name that was given, and can be made again when it is gone.

use influx_edge::Client;
use influx_edge::api::*;

use super::place::{Place, unique};

/// White space around a name, or none of it.
const AROUND: [(&str, &str); 9] = [
    ("", ""),
    (" ", ""),
    ("", " "),
    ("  ", "  "),
    ("\t", "\n"),
    ("\u{a0}", ""),
    ("", "\u{3000}"),
    ("\u{85}", "\u{2028}"),
    ("\u{200b}", "\u{feff}"),
];

/// Makes, finds and removes a thing, twice. Gives its name.
type Kind = fn(&Client, &str) -> String;

const KINDS: [(&str, Kind); 6] = [
    ("bucket", |c, name| {
        let buckets = c.buckets();
        let made = buckets.create(&NewBucket::new(name)).unwrap();
        let found = buckets.find_by_name(name).unwrap().unwrap();
        assert_eq!(found.id, made.id, "{name:?}");
        assert!(
            buckets
                .create(&NewBucket::new(name))
                .unwrap_err()
                .is_conflict()
        );
        buckets.delete(&made.id).unwrap();
        made.name
    }),
    ("organization", |c, name| {
        let orgs = c.organizations();
        let made = orgs.create(&NewOrganization::new(name)).unwrap();
        let found = orgs.find_by_name(name).unwrap().unwrap();
        assert_eq!(found.id, made.id, "{name:?}");
        let again = orgs.create(&NewOrganization::new(name)).unwrap_err();
        assert!(again.is_conflict(), "{name:?}: {again}");
        // By another name, and back.
        let other = OrganizationUpdate::new().name(format!("\t{name}2"));
        orgs.update(&made.id, &other).unwrap();
        assert_eq!(orgs.find_by_name(name).unwrap(), None, "{name:?}");
        let back = OrganizationUpdate::new().name(name);
        orgs.update(&made.id, &back).unwrap();
        orgs.delete(&made.id).unwrap();
        made.name
    }),
    ("user", |c, name| {
        // In a name nobody could sign in with, a control character is an error.
        let name = &name.replace(['\t', '\n'], " ");
        let users = c.users();
        let made = users.create(&NewUser::new(name)).unwrap();
        let found = users.find_by_name(name).unwrap().unwrap();
        assert_eq!(found.id, made.id, "{name:?}");
        assert!(users.create(&NewUser::new(name)).unwrap_err().is_conflict());
        users.delete(&made.id).unwrap();
        made.name
    }),
    ("label", |c, name| {
        let labels = c.labels();
        let made = labels.create(&NewLabel::new(name)).unwrap();
        let found = labels.find_by_name(name).unwrap().unwrap();
        assert_eq!(found.id, made.id, "{name:?}");
        assert!(
            labels
                .create(&NewLabel::new(name))
                .unwrap_err()
                .is_conflict()
        );
        labels.delete(&made.id).unwrap();
        made.name
    }),
    ("variable", |c, name| {
        let variables = c.variables();
        let name = &format!("{name}_");
        // Its first character is a letter.
        let name = name.trim_start_matches('\u{200b}');
        let new = NewVariable::new(name, VariableArguments::constant(["a"]));
        let made = variables.create(&new).unwrap();
        let found = variables.find_by_name(name).unwrap().unwrap();
        assert_eq!(found.id, made.id, "{name:?}");
        let again = variables.create(&new).unwrap_err();
        assert!(again.is_conflict(), "{name:?}: {again}");
        let same = VariableUpdate::new().name(name);
        assert_eq!(
            variables.update(&made.id, &same).unwrap().name,
            made.name,
            "{name:?}"
        );
        variables.replace(&made.id, &new).unwrap();
        variables.delete(&made.id).unwrap();
        made.name
    }),
    ("task", |c, name| {
        let tasks = c.tasks();
        let new = NewTask::every(name, hours(1), "buckets()").status(Status::Inactive);
        let made = tasks.create(&new).unwrap();
        let found = tasks.find_by_name(name).unwrap().unwrap();
        assert_eq!(found.id, made.id, "{name:?}");
        let same = TaskUpdate::new().name(name);
        assert_eq!(tasks.update(&made.id, &same).unwrap().name, made.name);
        tasks.delete(&made.id).unwrap();
        made.name
    }),
];

#[test]
fn white_space_around_them() {
    let Some(place) = Place::new("names") else {
        return;
    };
    for (kind, make) in KINDS {
        let base = format!("n{}", unique("name"));
        for (before, after) in AROUND {
            let name = format!("{before}{base}{after}");
            for _ in 0..2 {
                let kept = make(&place.client, &name);
                if matches!(kind, "organization" | "label" | "variable") {
                    assert_eq!(kept.trim(), kept, "{kind}");
                }
            }
        }
    }
}

#[test]
fn long_ones_and_those_that_cannot_be() {
    let Some(place) = Place::new("long names") else {
        return;
    };
    for (kind, make) in KINDS {
        let longest = format!("n{}", unique(kind).replace(' ', "-"));
        let longest = format!("{longest:x<1022}");
        make(&place.client, &longest);
    }
    let users = place.client.users();
    for name in ["a:b", "a\nb", "\u{7f}"] {
        assert!(users.create(&NewUser::new(name)).unwrap_err().is_config());
    }
    let bucket = &place.bucket.id;
    let dbrps = place.client.dbrps();
    for (database, rp) in [("a/b", "r"), ("a", "r\t"), ("\u{a0}", "r"), ("é\n", "r")] {
        let error = dbrps
            .create(&NewDbrp::new(bucket, database, rp))
            .unwrap_err();
        assert_eq!(error.status(), Some(400), "{error}");
        assert!(!error.is_retryable(), "{error}");
    }
    // The server's own mapping of the bucket: an update and a removal that would change nothing.
    let own = dbrps.list().map(Result::unwrap).find(|one| one.is_virtual);
    let own = own.unwrap();
    let update = DbrpUpdate::new().retention_policy("other");
    for result in [
        dbrps.update(&own.id, &update).map(drop),
        dbrps.delete(&own.id),
    ] {
        let error = result.unwrap_err();
        assert!(error.to_string().contains("virtual"), "{error}");
        assert!(!error.is_retryable(), "{error}");
    }
    assert_eq!(dbrps.find(&own.id).unwrap().unwrap(), own);
}

/// A duration is kept to the second, or refused; what isn't changed stays.
#[test]
fn retentions() {
    let Some(place) = Place::new("retentions") else {
        return;
    };
    let buckets = place.client.buckets();
    let made = buckets
        .create(&NewBucket::new("r").retention(days(30)))
        .unwrap();
    let rule = |bucket: &Bucket| {
        let keep = bucket.retention().unwrap_or_default().as_secs();
        (
            keep,
            bucket.shard_group_duration().map(|time| time.as_secs()),
        )
    };
    assert_eq!(rule(&made), (2_592_000, Some(86_400)));
    for (update, kept) in [
        (
            BucketUpdate::new().shard_group_duration(hours(2)),
            (2_592_000, Some(7_200)),
        ),
        (
            BucketUpdate::new().description("d"),
            (2_592_000, Some(7_200)),
        ),
        (BucketUpdate::new().name("s"), (2_592_000, Some(7_200))),
        (
            BucketUpdate::new().retention(hours(2)),
            (7_200, Some(7_200)),
        ),
        (
            BucketUpdate::new().retention(std::time::Duration::ZERO),
            (0, Some(7_200)),
        ),
        (
            BucketUpdate::new().shard_group_duration(std::time::Duration::from_secs(3_601)),
            (0, Some(3_601)),
        ),
        (
            BucketUpdate::new()
                .retention(hours(3))
                .shard_group_duration(hours(3)),
            (10_800, Some(10_800)),
        ),
    ] {
        let now = buckets.update(&made.id, &update).unwrap();
        assert_eq!(rule(&now), kept, "{update:?}");
    }
    // Shorter than the points share a file: the server's sentence, once.
    let error = buckets
        .update(&made.id, &BucketUpdate::new().retention(hours(2)))
        .unwrap_err();
    assert_eq!(error.status(), Some(422), "{error}");
    assert!(!error.is_retryable(), "{error}");
    let milli = std::time::Duration::from_millis(1);
    for update in [
        BucketUpdate::new().retention(999 * milli),
        BucketUpdate::new().retention(hours(1) + milli),
        BucketUpdate::new().retention(hours(1) - milli),
        BucketUpdate::new().shard_group_duration(hours(1) + milli),
        BucketUpdate::new().shard_group_duration(std::time::Duration::ZERO),
        BucketUpdate::new()
            .retention(hours(2))
            .shard_group_duration(hours(3)),
    ] {
        let error = buckets.update(&made.id, &update).unwrap_err();
        assert!(error.is_config(), "{update:?}: {error}");
    }
    assert_eq!(
        rule(&buckets.find(&made.id).unwrap().unwrap()),
        (10_800, Some(10_800))
    );
}
