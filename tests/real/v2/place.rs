//! Where a test works: an organization of its own on the server in the environment.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::gzip::forced;
use influx_edge::Client;
use influx_edge::api::{
    Bucket, NewAuthorization, NewBucket, NewOrganization, NewUser, Organization,
};
use influx_edge::api::{Permission, User};
use influx_edge::client::ClientBuilder;

/// An organization with a bucket, removed in the end.
pub(super) struct Place {
    pub url: String,
    /// May do everything.
    pub client: Client,
    pub org: Organization,
    pub bucket: Bucket,
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        println!("skipped: {name} not set");
    }
    value
}

/// A name that nobody else has.
pub(super) fn unique(purpose: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = crate::common::hostile::connect::now();
    format!("influx-edge real {purpose} {now}-{count}")
}

impl Place {
    pub(super) fn new(purpose: &str) -> Option<Place> {
        let url = variable("INFLUXDB_V2_URL")?;
        let token = variable("INFLUXDB_V2_TOKEN")?;
        let operator = Client::builder(&url).token(&token).build().unwrap();
        let new = NewOrganization::new(unique(purpose));
        let org = operator.organizations().create(&new).unwrap();
        let client = Client::builder(&url).token(token).org_id(org.id.as_str());
        let client = forced(client).build().unwrap();
        let bucket = client.buckets().create(&NewBucket::new("b")).unwrap();
        Some(Place {
            url,
            client,
            org,
            bucket,
        })
    }

    /// A client for this organization, without credentials yet.
    pub(super) fn builder(&self) -> ClientBuilder {
        forced(Client::builder(&self.url).org_id(self.org.id.as_str()))
    }

    /// A client that may do this here, and nothing else.
    pub(super) fn allowed(&self, may: impl IntoIterator<Item = Permission>) -> Client {
        let tokens = self.client.authorizations();
        let made = tokens.create(&NewAuthorization::new(may)).unwrap();
        let token = made.reveal_token().unwrap();
        self.builder().token(token).build().unwrap()
    }

    /// How many points a bucket has of a measurement, counted by one field.
    pub(super) fn count(&self, bucket: &str, measurement: &str, field: &str) -> i64 {
        let flux = "from(bucket: params.bucket) |> range(start: 1677-09-21T00:12:43.145224194Z, stop: 2262-01-01T00:00:00Z)
            |> filter(fn: (r) => r._measurement == params.m and r._field == params.f)
            |> group() |> count()";
        let mut rows = self
            .client
            .query(flux)
            .param("bucket", bucket)
            .param("m", measurement)
            .param("f", field)
            .call()
            .unwrap();
        rows.next()
            .unwrap()
            .map_or(0, |row| row.get("_value").unwrap())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // InfluxDB keeps the labels and variables of an organization that is gone.
        let (labels, variables) = (self.client.labels(), self.client.variables());
        let found = labels.list().flatten().collect::<Vec<_>>();
        for label in found
            .iter()
            .filter(|one| one.org_id.as_ref() == Some(&self.org.id))
        {
            drop(labels.delete(&label.id));
        }
        let found = variables.list().flatten().collect::<Vec<_>>();
        for one in found
            .iter()
            .filter(|one| one.org_id.as_ref() == Some(&self.org.id))
        {
            drop(variables.delete(&one.id));
        }
        // A test that fails has said more already.
        if let Err(error) = self.client.organizations().delete(&self.org.id) {
            println!("{} stays: {error}", self.org.name);
        }
    }
}

/// A user, removed in the end.
pub(super) struct Somebody<'a> {
    client: &'a Client,
    pub user: User,
}

impl<'a> Somebody<'a> {
    /// With a password, and a part in the place's organization.
    pub(super) fn new(place: &'a Place, password: &str) -> Somebody<'a> {
        let users = place.client.users();
        let user = users.create(&NewUser::new(unique("user"))).unwrap();
        users.set_password(&user.id, password).unwrap();
        let owners = place.client.organizations().owners(&place.org.id);
        owners.add(&user.id).unwrap();
        Somebody {
            client: &place.client,
            user,
        }
    }
}

impl Drop for Somebody<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.client.users().delete(&self.user.id) {
            println!("{} stays: {error}", self.user.name);
        }
    }
}
