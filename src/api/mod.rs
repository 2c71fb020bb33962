//! The resources of a server, typed: buckets, tasks, tokens and the others.
//!
//! ```
//! use influx_edge::api::{NewAuthorization, NewBucket, Permission, days};
//! # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
//!
//! let bucket = client
//!     .buckets()
//!     .create(&NewBucket::new("sensors").retention(days(30)))?;
//! let permissions = [Permission::write().bucket(&bucket.id)];
//! let logger = NewAuthorization::new(permissions).description("logger");
//! let token = client.authorizations().create(&logger)?;
//! assert!(token.reveal_token().is_some());
//! # Ok::<(), influx_edge::Error>(())
//! ```
//!
//! A method of [`Client`](crate::Client) returns the handle of each kind, a [`Resources`]:
//! [`buckets`](crate::Client::buckets), [`organizations`](crate::Client::organizations) and their
//! secrets, [`users`](crate::Client::users) and passwords,
//! [`authorizations`](crate::Client::authorizations) (tokens) and their [`Permission`]s,
//! [`tasks`](crate::Client::tasks) with their runs and logs, [`labels`](crate::Client::labels),
//! [`variables`](crate::Client::variables), [`dbrps`](crate::Client::dbrps) (mappings for InfluxDB 1.x
//! clients), invokable [`scripts`](crate::Client::scripts), and the
//! [`schemas`](Resources::schemas) of measurements. A program that uses none of them has none of their
//! code.
//!
//! The verbs are the same everywhere. `list` returns a [`List`], which requests page after page as it is
//! used. `find` returns an `Option`. `create` takes a `New…`, whose constructor has the arguments that
//! the server requires. `update` sends the values that are set, and no others. `ensure` creates what does
//! not exist, changes what differs, leaves alone what doesn't, and [reports which](Ensured); `plan`
//! returns what it [would do](Plan). Labels, members and owners of a resource are
//! [`Attached`]: `list`, `add`, `remove`.
//!
//! **Out of scope**: dashboards, checks, notifications, Telegraf configurations, templates, backups.
//! Those are documents for a user interface or an operator's tools, and one
//! [raw request](crate::Client::request) away. First setup, `me` and sessions are in
//! [`client`](crate::client).
//!
//! [`parity`] lists the counterpart of each method of the Python client.
//!
//! # Pitfalls
//! - *Organization.* It is the client's; `in_org` chooses another. Some requests need its id, so a client
//!   that has only the name looks it up before each of them: set
//!   [`org_id`](crate::client::ClientBuilder::org_id) where that matters.
//! - *Tokens.* A token is in the response to its create, and in no later one:
//!   [`Authorization::reveal_token`].
//! - *Permissions.* A missing permission is 401, not 403, and so is a wrong token:
//!   [`Error::is_forbidden`](crate::Error::is_forbidden) tells them apart.
//! - *Names.* A taken name is 422, not 409: [`Error::is_conflict`](crate::Error::is_conflict).
//! - *Invalid values.* Values that every server rejects aren't sent: an empty name, a retention of less
//!   than an hour, a page of 1000. Those errors are [`is_config`](crate::Error::is_config).
//! - *InfluxDB 3* has none of these resources. Each call fails there with an error that names its
//!   counterpart, such as databases (feature `v3`).
//! - *OSS and Cloud* differ. Fields that only one of them has are `Option`, or empty.

mod authorizations;
mod buckets;
mod dbrps;
mod ensure;
mod id;
mod labels;
mod list;
mod listed;
mod organizations;
#[cfg(doc)]
pub mod parity;
mod permission;
mod relations;
mod request;
mod resource;
mod resources;
mod retention;
mod runs;
mod schedule;
mod schemas;
mod scripts;
mod secrets;
mod serde_util;
mod setters;
mod tasks;
mod users;
mod variables;

pub use authorizations::{Authorization, AuthorizationUpdate, NewAuthorization};
pub use buckets::{Bucket, BucketUpdate, NewBucket};
pub use dbrps::{Dbrp, DbrpUpdate, NewDbrp};
pub use ensure::{Ensured, Plan};
pub use id::Id;
pub use labels::{Label, LabelUpdate, NewLabel};
pub use list::List;
pub use listed::{Listed, Paged};
pub use organizations::{NewOrganization, Organization, OrganizationUpdate};
pub use permission::{Permission, PermissionBuilder, PermissionResource};
pub use relations::{Attachable, Attached, Member};
pub use resource::{Deletable, Editable, Ensure, InOrg, Labeled, Named, Resource, Shared};
pub use resources::Resources;
pub use retention::{days, hours};
pub use runs::{LogEvent, Run};
pub use schedule::Interval;
pub use schemas::{FieldType, MeasurementSchema, NewMeasurementSchema, SchemaColumn};
pub use scripts::{NewScript, Script, ScriptUpdate};
pub use serde_util::Status;
pub use tasks::{NewTask, Task, TaskUpdate};
pub use users::{NewUser, User, UserUpdate};
pub use variables::{NewVariable, Variable, VariableArguments, VariableUpdate};
