//! Permissions: actions that a token allows.

use super::serde_util::or_default;
use super::{Bucket, Id, Organization, Task};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One action, on one resource or on all of a kind.
///
/// ```
/// use influx_edge::api::{Bucket, Id, Permission};
///
/// let bucket: Id<Bucket> = "97c45955947a12be".parse()?;
/// let permissions = [
///     Permission::write().bucket(&bucket),
///     Permission::read().buckets(),
/// ];
/// assert_eq!(permissions[0].resource.id.as_deref(), Some("97c45955947a12be"));
/// # Ok::<(), influx_edge::Error>(())
/// ```
///
/// A permission made here is for the organization of its authorization, filled in when that is created:
/// without one, OSS grants it for *all* organizations. A permission from a response is sent back
/// unchanged.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permission {
    /// `read` or `write`.
    #[serde(default, deserialize_with = "or_default")]
    pub action: String,
    /// The resource, or the kind of them.
    pub resource: PermissionResource,
    /// The organization is filled in when it's sent.
    #[serde(skip)]
    of_its_org: bool,
}

/// The resource of a permission.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// # let id = "0123456789abcdef".parse()?;
/// let token = client.authorizations().find(&id)?.expect("it exists");
/// let resource = &token.permissions[0].resource;
/// assert_eq!(
///     (resource.kind.as_str(), resource.name.as_deref()),
///     ("buckets", Some("edge"))
/// );
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[non_exhaustive]
pub struct PermissionResource {
    /// The kind: `buckets`, `tasks`, `telegrafs`, … The server decides which there are; OSS lists them at
    /// `GET /api/v2/resources`.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    /// The id of one resource; all of the kind if unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The organization; all of them if unset.
    #[serde(rename = "orgID", skip_serializing_if = "Option::is_none")]
    pub org_id: Option<Id<Organization>>,
    /// The resource's name, in responses.
    #[serde(skip_serializing)]
    pub name: Option<String>,
    /// The organization's name, in responses.
    #[serde(skip_serializing)]
    pub org: Option<String>,
}

/// The kinds of an all-access token: every one of OSS 2.9 but `instance`, which is the operator's.
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
    /// Starts a permission to read: `Permission::read().buckets()`.
    pub fn read() -> PermissionBuilder {
        PermissionBuilder("read")
    }

    /// Starts a permission to write, which includes to create, change and delete:
    /// `Permission::write().bucket(&id)`.
    pub fn write() -> PermissionBuilder {
        PermissionBuilder("write")
    }

    /// Returns the permissions to read and write everything in the organization. A token for somebody
    /// else should have fewer.
    ///
    /// ```
    /// use influx_edge::api::Permission;
    ///
    /// assert_eq!(Permission::all_access().len(), 2 * Permission::read_only().len());
    /// ```
    #[must_use]
    pub fn all_access() -> Vec<Permission> {
        let mut all = Permission::read_only();
        all.extend(KINDS.map(|kind| Permission::write().all(kind)));
        all
    }

    /// Returns the permissions to read everything in the organization.
    #[must_use]
    pub fn read_only() -> Vec<Permission> {
        KINDS.map(|kind| Permission::read().all(kind)).to_vec()
    }

    /// Limits it to this organization instead of the authorization's own. The server rejects (400)
    /// resources that belong to another.
    #[must_use]
    pub fn in_org(mut self, org: &Id<Organization>) -> Self {
        self.fill(org);
        self.of_its_org = false;
        self
    }

    /// Extends it to all organizations, as OSS's operator token has it.
    #[must_use]
    pub fn in_all_orgs(mut self) -> Self {
        self.resource.org_id = None;
        self.of_its_org = false;
        self
    }

    /// The permission as it is sent for an authorization of this organization.
    pub(super) fn sent(&self, org: &Id<Organization>) -> Permission {
        let mut sent = self.clone();
        if self.of_its_org {
            sent.fill(org);
        }
        sent
    }

    /// Returns `true` if two lists allow the same, in any order and with any repetitions.
    pub(super) fn are_same(some: &[Permission], others: &[Permission]) -> bool {
        let within = |some: &[Permission], others: &[Permission]| {
            some.iter().all(|one| {
                others.iter().any(|other| {
                    // Names are added by the server.
                    let (a, b) = (&one.resource, &other.resource);
                    one.action == other.action
                        && (&a.kind, &a.id, &a.org_id) == (&b.kind, &b.id, &b.org_id)
                })
            })
        };
        within(some, others) && within(others, some)
    }

    fn fill(&mut self, org: &Id<Organization>) {
        let resource = &mut self.resource;
        if resource.kind != "orgs" {
            resource.org_id = Some(org.clone());
        } else if resource.id.is_none() {
            // An organization belongs to none; it is named by its own id.
            resource.id = Some(org.as_str().to_owned());
        }
    }
}

/// A permission without its resource.
///
/// Made by [`Permission::read`] and [`Permission::write`].
///
/// ```
/// use influx_edge::api::Permission;
///
/// let may = Permission::read().all("dashboards"); // a kind without a method of its own
/// assert_eq!(
///     (may.action.as_str(), may.resource.kind.as_str()),
///     ("read", "dashboards")
/// );
/// assert_eq!(may.resource.id, None); // all of them
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "name the resource: `.bucket(&id)`, `.buckets()`, …"]
pub struct PermissionBuilder(&'static str);

impl PermissionBuilder {
    /// One bucket.
    #[must_use]
    pub fn bucket(self, id: &Id<Bucket>) -> Permission {
        self.one("buckets", id.as_str())
    }

    /// All buckets.
    #[must_use]
    pub fn buckets(self) -> Permission {
        self.all("buckets")
    }

    /// One task.
    #[must_use]
    pub fn task(self, id: &Id<Task>) -> Permission {
        self.one("tasks", id.as_str())
    }

    /// All tasks.
    #[must_use]
    pub fn tasks(self) -> Permission {
        self.all("tasks")
    }

    /// The organization itself: its name and its members. A token that may `read` it can look up the
    /// organization's id by its name.
    #[must_use]
    pub fn org(self) -> Permission {
        self.all("orgs")
    }

    /// All resources of any other kind: `labels`, `dbrp`, `secrets`, `telegrafs`, …
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

    /// One resource of any other kind, by its id.
    #[must_use]
    pub fn one(self, kind: &str, id: &str) -> Permission {
        let mut one = self.all(kind);
        one.resource.id = Some(id.to_owned());
        one
    }
}
