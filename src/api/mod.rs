//! The resources: everything a server lets you manage, typed.
//!
//! **What it is for.** Buckets, organizations and their secrets, users and passwords, tokens
//! ([authorizations](Authorizations)) and what they may do ([`Permission`]), tasks, their runs and
//! logs, labels, mappings for InfluxDB 1.x programs ([DBRPs](Dbrps)), invokable scripts, variables,
//! measurement schemas. Each is reached by a method of [`Client`](crate::Client) of the same name:
//! [`buckets`](crate::Client::buckets), [`tasks`](crate::Client::tasks), … A program that uses none
//! of them has none of their code.
//!
//! ```
//! use influx_edge::api::{NewAuthorization, NewBucket, Permission, days};
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
//!
//! let bucket = client.buckets().create(&NewBucket::new("sensors").retention(days(30)))?;
//! let may = [Permission::write().bucket(&bucket.id)];
//! let made = client.authorizations().create(&NewAuthorization::new(may).description("logger"))?;
//! println!("{}", made.reveal_token().unwrap_or_default());
//! # assert!(made.reveal_token().is_some());
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! **In scope**: one verb for one thing, everywhere. `list` gives a [`List`], which asks for page
//! after page as it is used. `find` gives an `Option`. `create` takes a `New…`, whose constructor
//! wants what the server wants. `update` sends what was set and nothing else. `delete` deletes.
//! `ensure` makes what does not exist, changes what is different, leaves alone what is right, and
//! [reports which](Ensured): for buckets, labels, tokens, tasks and DBRPs; `plan` reports
//! [what it would do](Plan).
//! What hangs on something, labels, members, owners, has `list`, `add` and `remove`; labels also have
//! `ensure`.
//!
//! **Out of scope**: dashboards, checks, notifications, Telegraf configurations, templates, backups:
//! those are documents for a user interface or an operator's tools, and one
//! [raw request](crate::Client::request) away. First setup, `me` and sessions are the
//! [client](crate::client)'s own.
//!
//! Whoever comes from the Python client finds its methods, one by one, in
//! [`parity`].
//!
//! # What to watch
//! - *Which organization.* The client's; `in_org` names another. Bodies need its id, so a client
//!   that has only the name asks for it first, each time: give it
//!   [`org_id`](crate::client::ClientBuilder::org_id) where that matters.
//! - *A token is shown once*, by the response to its create: [`Authorization::reveal_token`].
//! - *What isn't allowed* is 401 here, not 403, and a wrong token is 401, too:
//!   [`Error::is_forbidden`](crate::Error::is_forbidden) tells.
//! - *Names that are taken* are 422, not 409: [`Error::is_conflict`](crate::Error::is_conflict).
//! - *What is known to be refused isn't sent*: an empty name, a retention of less than an hour, a
//!   page of 1000. Those errors are [`is_config`](crate::Error::is_config).
//! - *InfluxDB 3 has none of these.* Each call fails there with a sentence that names what it has instead,
//!   such as databases (feature `v3`).
//! - *OSS and Cloud differ.* Fields that only one of them has are `Option`, or empty.

mod authorizations;
mod buckets;
mod dbrps;
mod ensure;
mod id;
mod labels;
mod list;
mod organizations;
#[cfg(doc)]
pub mod parity;
mod permission;
mod relations;
mod request;
mod retention;
mod runs;
mod schedule;
mod schemas;
mod scripts;
mod secrets;
mod serde_util;
mod tasks;
mod users;
mod variables;

pub use authorizations::{Authorization, AuthorizationUpdate, Authorizations, NewAuthorization};
pub use buckets::{Bucket, BucketUpdate, Buckets, NewBucket};
pub use dbrps::{Dbrp, DbrpUpdate, Dbrps, NewDbrp};
pub use ensure::{Ensured, Plan};
pub use id::{
    AuthorizationId, BucketId, DbrpId, LabelId, OrgId, RunId, SchemaId, ScriptId, TaskId, UserId,
    VariableId,
};
pub use labels::{Label, LabelUpdate, Labels, NewLabel};
pub use list::{List, Listed, Paged};
pub use organizations::{NewOrganization, Organization, OrganizationUpdate, Organizations};
pub use permission::{Permission, PermissionBuilder, PermissionResource};
pub use relations::{AttachedLabels, Member, Members};
pub use retention::{RetentionRule, days, hours};
pub use runs::{LogEvent, Run, Runs};
pub use schedule::Interval;
pub use schemas::{FieldType, MeasurementSchema, SchemaColumn, Schemas};
pub use scripts::{Invocation, NewScript, Script, ScriptUpdate, Scripts};
pub use secrets::Secrets;
pub use serde_util::Status;
pub use tasks::{NewTask, Task, TaskUpdate, Tasks};
pub use users::{NewUser, User, UserUpdate, Users};
pub use variables::{NewVariable, Variable, VariableArguments, VariableUpdate, Variables};
