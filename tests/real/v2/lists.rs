//! Lists longer than a page, and pages from which the server has taken what may not be seen.

use std::collections::BTreeSet;

use influx_edge::api::*;

use super::place::{Place, unique};

/// More than two pages of a hundred, and not a whole number of them.
const MANY: usize = 230;

/// What should be listed is listed, once each, whatever the page.
macro_rules! listed {
    ($what:literal, $wanted:expr, $($list:expr),+ $(,)?) => {
        let wanted: &BTreeSet<_> = &$wanted;
        $(
            let ids: Vec<_> = $list.map(|item| item.unwrap().id).collect();
            let found: BTreeSet<_> = ids.iter().cloned().collect();
            assert_eq!(ids.len(), found.len(), "{}: some twice, {}", $what, stringify!($list));
            assert_eq!(&found, wanted, "{}: {}", $what, stringify!($list));
        )+
    };
}

#[test]
fn buckets() {
    let Some(place) = Place::new("many buckets") else {
        return;
    };
    let buckets = place.client.buckets();
    let mut made = BTreeSet::from([place.bucket.id.clone()]);
    for n in 0..MANY {
        made.insert(buckets.create(&NewBucket::new(format!("n{n}"))).unwrap().id);
    }
    let mut all = made.clone();
    // The server's own.
    for own in ["_monitoring", "_tasks"] {
        all.insert(buckets.find_by_name(own).unwrap().unwrap().id);
    }
    listed!(
        "buckets",
        all,
        buckets.list(),
        buckets.list().page_size(1),
        buckets.list().page_size(99),
        buckets.in_org(&place.org.id).list().page_size(100),
    );
    let first: Vec<_> = buckets.list().take(3).map(Result::unwrap).collect();
    assert_eq!(first.len(), 3);

    // One who may see every tenth gets short pages, and all of them.
    // (The server's own are for those who may see them all.)
    let in_order: Vec<_> = buckets
        .list()
        .map(|bucket| bucket.unwrap().id)
        .filter(|id| made.contains(id))
        .collect();
    let some: BTreeSet<_> = in_order.iter().step_by(10).cloned().collect();
    let client = place.allowed(some.iter().map(|id| Permission::read().bucket(id)));
    listed!(
        "buckets one may see",
        some,
        client.buckets().list(),
        client.buckets().list().page_size(25),
    );
    // A whole page of which nothing may be seen is not the end, though the server says no more of
    // an end than that.
    let last = in_order.last().unwrap();
    let client = place.allowed([Permission::read().bucket(last)]);
    let hidden: Vec<_> = client.buckets().list().map(|b| b.unwrap().id).collect();
    assert_eq!(hidden, std::slice::from_ref(last));
    let found = client.buckets().find(last).unwrap().unwrap();
    let by_name = client.buckets().find_by_name(&found.name).unwrap();
    assert_eq!(by_name.map(|bucket| bucket.id), Some(found.id));
    assert!(
        buckets
            .list()
            .page_size(101)
            .next()
            .unwrap()
            .unwrap_err()
            .is_config()
    );
}

#[test]
fn organizations_and_users() {
    let Some(place) = Place::new("many people") else {
        return;
    };
    let client = &place.client;
    let before: BTreeSet<_> = client
        .organizations()
        .list()
        .map(|o| o.unwrap().id)
        .collect();
    let before_users: BTreeSet<_> = client.users().list().map(|u| u.unwrap().id).collect();
    let (mut orgs, mut users) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..MANY {
        let new = NewUser::new(unique("listed"));
        users.insert(client.users().create(&new).unwrap().id);
    }
    for _ in 0..110 {
        let new = NewOrganization::new(unique("listed"));
        orgs.insert(client.organizations().create(&new).unwrap().id);
    }
    // Other tests make and remove theirs meanwhile.
    for page in [1, 99, 100] {
        let found: Vec<_> = client
            .organizations()
            .list()
            .page_size(page)
            .map(|o| o.unwrap().id)
            .collect();
        let distinct: BTreeSet<_> = found.iter().cloned().collect();
        assert_eq!(found.len(), distinct.len(), "an organization twice");
        let seen = orgs.intersection(&distinct).count();
        // A list by offset may skip while others delete; it must not lose more than they took.
        assert!(
            seen + 20 >= orgs.len(),
            "{seen} of {} organizations",
            orgs.len()
        );
    }
    for page in [1, 99, 100] {
        let found: Vec<_> = client
            .users()
            .list()
            .page_size(page)
            .map(|u| u.unwrap().id)
            .collect();
        let distinct: BTreeSet<_> = found.iter().cloned().collect();
        assert_eq!(found.len(), distinct.len(), "a user twice");
        let seen = users.intersection(&distinct).count();
        assert!(seen + 20 >= users.len(), "{seen} of {} users", users.len());
    }
    assert!(before.contains(&place.org.id) && !before_users.is_empty());
    orgs.iter()
        .for_each(|id| client.organizations().delete(id).unwrap());
    users
        .iter()
        .for_each(|id| client.users().delete(id).unwrap());
}

#[test]
fn what_comes_in_one_response() {
    let Some(place) = Place::new("many others") else {
        return;
    };
    let client = &place.client;
    let (mut labels, mut variables, mut tokens) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut mappings = BTreeSet::new();
    let may = [Permission::read().bucket(&place.bucket.id)];
    for n in 0..MANY {
        let name = format!("n{n}");
        labels.insert(client.labels().create(&NewLabel::new(&name)).unwrap().id);
        let new = NewVariable::new(&name, VariableArguments::constant(["a"]));
        variables.insert(client.variables().create(&new).unwrap().id);
        let new = NewAuthorization::new(may.clone());
        tokens.insert(client.authorizations().create(&new).unwrap().id);
        let new = NewDbrp::new(&place.bucket.id, &name, "rp");
        mappings.insert(client.dbrps().create(&new).unwrap().id);
    }
    listed!("labels", labels, client.labels().list());
    listed!(
        "variables",
        variables,
        client.variables().list(),
        client.variables().list().page_size(1),
        client.variables().list().page_size(100),
    );
    listed!("tokens", tokens, client.authorizations().list());
    let own = |list: List<'_, Dbrp>| -> BTreeSet<_> {
        let real = list.map(Result::unwrap).filter(|one| !one.is_virtual);
        real.map(|one| one.id).collect()
    };
    assert_eq!(own(client.dbrps().list()), mappings);
    assert_eq!(
        own(client.dbrps().list().bucket(&place.bucket.id)),
        mappings
    );
    assert_eq!(own(client.dbrps().list().database("n7")).len(), 1);
    assert_eq!(
        client.labels().find_by_name("n229").unwrap().unwrap().name,
        "n229"
    );
    assert_eq!(
        client
            .variables()
            .find_by_name("n229")
            .unwrap()
            .unwrap()
            .name,
        "n229"
    );
}

#[test]
fn tasks() {
    let Some(place) = Place::new("many tasks") else {
        return;
    };
    let tasks = place.client.tasks();
    let mut made = BTreeSet::new();
    for n in 0..MANY {
        // Names need not be unique.
        let name = if n % 2 == 0 { "even" } else { "odd" };
        let new = NewTask::every(name, hours(1), "buckets()").status(Status::Inactive);
        made.insert(tasks.create(&new).unwrap().id);
    }
    listed!(
        "tasks",
        made,
        tasks.list(),
        tasks.list().basic(),
        tasks.list().page_size(1),
        tasks.list().page_size(500),
        tasks.list().page_size(100).status(Status::Inactive),
    );
    assert_eq!(tasks.list().named("odd").page_size(10).count(), MANY / 2);
    assert_eq!(tasks.list().status(Status::Active).count(), 0);
}
