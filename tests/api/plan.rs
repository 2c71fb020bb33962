//! `plan`: what `ensure` would do, found out before it and changing nothing.

use influx_edge::api::{
    Ensured, Id, NewAuthorization, NewBucket, NewDbrp, NewLabel, NewOrganization, NewTask,
    Organization, Permission, Plan, Status, days, hours,
};
use influx_edge::{Client, Error};

use crate::common::mock_api::{MockServer, TOKEN};

/// Plans, makes it so, and plans again.
fn step<T: Clone>(
    server: &MockServer,
    plan: impl Fn() -> Result<Plan<T>, Error>,
    ensure: impl Fn() -> Result<Ensured<T>, Error>,
) -> (&'static str, Option<T>) {
    let before = server.everything();
    let planned = plan().unwrap();
    assert_eq!(server.everything(), before, "a plan changed something");
    let word = match (&planned, ensure().unwrap()) {
        (Plan::Create, Ensured::Created(_)) => "created",
        (Plan::Change(_), Ensured::Changed(_)) => "changed",
        (Plan::Unchanged(_), Ensured::Unchanged(_)) => "unchanged",
        (_, done) => panic!("planned otherwise than {}", done.as_str()),
    };
    assert_eq!(planned.is_unchanged(), word == "unchanged");
    (word, planned.get().cloned())
}

fn org(client: &Client) -> Id<Organization> {
    let acme = NewOrganization::new("acme");
    client.organizations().create(&acme).unwrap().id
}

#[test]
fn a_plan_is_what_ensure_does() {
    let server = MockServer::start();
    let client = Client::builder(server.url()).token(TOKEN).build().unwrap();
    let org = org(&client);

    let buckets = client.buckets().in_org(&org);
    let bucket = NewBucket::new("sensors").retention(days(30));
    let longer = NewBucket::new("sensors").retention(days(60));
    for (new, word) in [
        (&bucket, "created"),
        (&bucket, "unchanged"),
        (&longer, "changed"),
    ] {
        let found = step(&server, || buckets.plan(new), || buckets.ensure(new));
        assert_eq!(found.0, word);
        // As it is before the change.
        let keep = found.1.map(|bucket| bucket.retention().unwrap());
        assert_eq!(keep, (word != "created").then_some(days(30)));
    }
    let id = buckets.find_by_name("sensors").unwrap().unwrap().id;

    let labels = client.labels().in_org(&org);
    let label = |color: &str| NewLabel::new("north").property("color", color);
    for (color, word) in [
        ("red", "created"),
        ("red", "unchanged"),
        ("blue", "changed"),
    ] {
        let new = label(color);
        assert_eq!(
            step(&server, || labels.plan(&new), || labels.ensure(&new)).0,
            word
        );
    }

    let tokens = client.authorizations().in_org(&org);
    let write = [Permission::write().bucket(&id)];
    let both = [
        Permission::write().bucket(&id),
        Permission::read().bucket(&id),
    ];
    let token = |may: &[Permission]| NewAuthorization::new(may.to_vec()).description("logger");
    for (new, word) in [
        (token(&write), "created"),
        (token(&write), "unchanged"),
        (token(&write).status(Status::Inactive), "changed"),
        (token(&write).status(Status::Inactive), "unchanged"),
        (token(&both), "changed"),
    ] {
        assert_eq!(
            step(&server, || tokens.plan(&new), || tokens.ensure(&new)).0,
            word
        );
    }
    assert_eq!(server.count("authorizations"), 1);
    let nameless = NewAuthorization::new(write);
    assert!(tokens.plan(&nameless).unwrap_err().is_config());

    let dbrps = client.dbrps().in_org(&org);
    let other = buckets
        .ensure(&NewBucket::new("other"))
        .unwrap()
        .into_inner()
        .id;
    for (bucket, word) in [(&id, "created"), (&id, "unchanged"), (&other, "changed")] {
        let new = NewDbrp::new(bucket, "plant", "yearly");
        assert_eq!(
            step(&server, || dbrps.plan(&new), || dbrps.ensure(&new)).0,
            word
        );
    }

    let tasks = client.tasks().in_org(&org);
    let flux = "from(bucket: \"sensors\") |> range(start: -task.every)";
    for (every, status, word) in [
        (1, Status::Active, "created"),
        (1, Status::Active, "unchanged"),
        (2, Status::Active, "changed"),
        (2, Status::Inactive, "changed"),
    ] {
        let new = NewTask::every("hourly", hours(every), flux).status(status);
        assert_eq!(
            step(&server, || tasks.plan(&new), || tasks.ensure(&new)).0,
            word
        );
    }
    let own = NewTask::from_flux("option task = {name: \"x\", every: 1h}");
    assert!(tasks.plan(&own).unwrap_err().is_config());
}
