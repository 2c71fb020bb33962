//! Permissions: what a token may read or write.

use super::id::{BucketId, OrgId, TaskId};
use super::serde_util::or_default;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One thing a token may do: an action on one resource, or on all of a kind.
///
/// ```
/// use influx_edge::api::{BucketId, Permission};
///
/// let bucket: BucketId = "97c45955947a12be".parse()?;
/// let may = [Permission::write().bucket(&bucket), Permission::read().buckets()];
/// # Ok::<(), influx_edge::Error>(())
/// ```
///
/// A permission made here is for the organization of the authorization it goes into, filled in when
/// that is created: without one, OSS grants it for *all* organizations. One that was read from a
/// server is kept as it is.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permission {
    /// `read` or `write`.
    #[serde(default, deserialize_with = "or_default")]
    pub action: String,
    /// On what.
    pub resource: PermissionResource,
    /// The organization is filled in when it's sent.
    #[serde(skip)]
    of_its_org: bool,
}

/// What a permission is about.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = influx_edge::api::AuthorizationId::new("0123456789abcdef")?;
/// let token = client.authorizations().find(&id)?.expect("it was made");
/// let resource = &token.permissions[0].resource;
/// assert_eq!((resource.kind.as_str(), resource.name.as_deref()), ("buckets", Some("edge")));
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct PermissionResource {
    /// The kind: `buckets`, `tasks`, `telegrafs`, … Which there are depends on the server; OSS
    /// tells at `GET /api/v2/resources`.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    /// One of that kind; all of them without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// In which organization; in all of them without.
    #[serde(rename = "orgID", default, skip_serializing_if = "Option::is_none")]
    pub org_id: Option<OrgId>,
    /// The resource's name, as the server tells it.
    #[serde(default, skip_serializing)]
    pub name: Option<String>,
    /// The organization's name, as the server tells it.
    #[serde(default, skip_serializing)]
    pub org: Option<String>,
}

/// The kinds an all-access token is for: every one that OSS 2.9 has but `instance`, which is the
/// operator's.
const KINDS: [&str; 22] = [
    "authorizations",
    "buckets",
    "dashboards",
    "orgs",
    "sources",
    "tasks",
    "telegrafs",
    "users",
    "variables",
    "scrapers",
    "secrets",
    "labels",
    "views",
    "documents",
    "notificationRules",
    "notificationEndpoints",
    "checks",
    "dbrp",
    "notebooks",
    "annotations",
    "remotes",
    "replications",
];

impl Permission {
    /// To read something: `Permission::read().buckets()`.
    pub fn read() -> PermissionBuilder {
        PermissionBuilder("read")
    }

    /// To write something, which also means to make, change and delete it:
    /// `Permission::write().bucket(&id)`.
    pub fn write() -> PermissionBuilder {
        PermissionBuilder("write")
    }

    /// To read and write everything in the organization. A token that is given away should be able
    /// to do less.
    ///
    /// ```
    /// assert!(influx_edge::api::Permission::all_access().len() > influx_edge::api::Permission::read_only().len());
    /// ```
    #[must_use]
    pub fn all_access() -> Vec<Permission> {
        let mut all = Permission::read_only();
        all.extend(KINDS.map(|kind| Permission::write().all(kind)));
        all
    }

    /// To read everything in the organization.
    ///
    /// ```
    /// assert!(!influx_edge::api::Permission::read_only().is_empty());
    /// ```
    #[must_use]
    pub fn read_only() -> Vec<Permission> {
        KINDS.map(|kind| Permission::read().all(kind)).to_vec()
    }

    /// The same in this organization, whatever the authorization's own is. The server refuses (400)
    /// what belongs to another.
    #[must_use]
    pub fn in_org(mut self, org: &OrgId) -> Self {
        self.fill(org);
        self.of_its_org = false;
        self
    }

    /// The same in all organizations: what OSS's operator token has.
    #[must_use]
    pub fn in_all_orgs(mut self) -> Self {
        self.resource.org_id = None;
        self.of_its_org = false;
        self
    }

    /// As it is sent for an authorization of this organization.
    pub(super) fn sent(&self, org: &OrgId) -> Permission {
        let mut sent = self.clone();
        if self.of_its_org {
            sent.fill(org);
        }
        sent
    }

    /// Whether two lists allow the same: in any order, and however often.
    pub(super) fn are_same(some: &[Permission], others: &[Permission]) -> bool {
        let within = |some: &[Permission], others: &[Permission]| {
            some.iter().all(|one| {
                others.iter().any(|other| {
                    // Names are the server's addition.
                    let (a, b) = (&one.resource, &other.resource);
                    one.action == other.action
                        && (&a.kind, &a.id, &a.org_id) == (&b.kind, &b.id, &b.org_id)
                })
            })
        };
        within(some, others) && within(others, some)
    }

    fn fill(&mut self, org: &OrgId) {
        let resource = &mut self.resource;
        if resource.kind != "orgs" {
            resource.org_id = Some(org.clone());
        } else if resource.id.is_none() {
            // An organization belongs to none, it is one.
            resource.id = Some(org.as_str().to_owned());
        }
    }
}

/// A permission that doesn't say yet on what. Made by [`Permission::read`] and
/// [`Permission::write`].
///
/// ```
/// use influx_edge::api::Permission;
///
/// let may = Permission::read().all("dashboards"); // a kind that has no method of its own
/// assert_eq!((may.action.as_str(), may.resource.kind.as_str()), ("read", "dashboards"));
/// assert_eq!(may.resource.id, None); // all of them
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "say on what: `.bucket(&id)`, `.buckets()`, …"]
pub struct PermissionBuilder(&'static str);

impl PermissionBuilder {
    /// One bucket.
    #[must_use]
    pub fn bucket(self, id: &BucketId) -> Permission {
        self.one("buckets", id.as_str())
    }

    /// All buckets.
    #[must_use]
    pub fn buckets(self) -> Permission {
        self.all("buckets")
    }

    /// One task.
    #[must_use]
    pub fn task(self, id: &TaskId) -> Permission {
        self.one("tasks", id.as_str())
    }

    /// All tasks.
    #[must_use]
    pub fn tasks(self) -> Permission {
        self.all("tasks")
    }

    /// The organization itself: its name, and who belongs to it. With `read` a token can find the
    /// organization's id by its name.
    #[must_use]
    pub fn org(self) -> Permission {
        self.all("orgs")
    }

    /// All of any other kind: `labels`, `dbrp`, `secrets`, `telegrafs`, …
    #[must_use]
    pub fn all(self, kind: &str) -> Permission {
        Permission {
            action: self.0.to_owned(),
            resource: PermissionResource {
                kind: kind.to_owned(),
                ..PermissionResource::default()
            },
            of_its_org: true,
        }
    }

    /// One of any other kind, by its id.
    #[must_use]
    pub fn one(self, kind: &str, id: &str) -> Permission {
        let mut one = self.all(kind);
        one.resource.id = Some(id.to_owned());
        one
    }
}
