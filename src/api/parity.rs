//! The counterpart of each method of InfluxDB's Python client.
//!
//! The client is `influxdb-client` 1.50. A method without a counterpart has the reason.
//!
//! A method after `buckets()` is one of the [`Resources`] that [`Client::buckets`] returns, and so on;
//! `runs()` are those that [`tasks().runs`](Resources::runs) returns.
//!
//! # Client
//! | Python | here |
//! |---|---|
//! | `InfluxDBClient(url, token, org, timeout, …)` | [`Client::builder`], [`ClientBuilder::build`] |
//! | … `enable_gzip` | [`ClientBuilder::gzip_min_bytes`] |
//! | … `default_tags` | [`ClientBuilder::default_tag`] |
//! | … `verify_ssl`, `ssl_ca_cert`, `cert_file`, `cert_key_file` | [`ClientBuilder::danger_accept_any_certificate`], [`ClientBuilder::ca_file`], [`ClientBuilder::client_certificate`] |
//! | … `proxy`, `proxy_headers` | [`ClientBuilder::proxy`], [`ClientBuilder::proxy_header`] |
//! | … `connection_pool_maxsize` | [`ClientBuilder::pool_size`] |
//! | … `retries` | [`ClientBuilder::retry`] |
//! | … `auth_basic` | [`ClientBuilder::basic`] |
//! | … `username`, `password` | [`ClientBuilder::session`] |
//! | … `profilers` | [`Query::profiler`], or `INFLUXDB_V2_PROFILERS` |
//! | … `cert_key_password` | none: such a key is refused, with the command that decrypts it |
//! | … `ssl_context` | none: the TLS and HTTP libraries are not part of the interface |
//! | … `debug` | the feature `log`, with a logger of your own |
//! | `from_config_file` | [`ClientBuilder::from_config_file`] |
//! | `from_env_properties` | [`Client::from_env`], [`ClientBuilder::from_variables`] |
//! | `write_api`, `query_api`, `delete_api` | none needed: [`Client::write`], [`Client::query`], [`Client::delete_points`] |
//! | `buckets_api`, `organizations_api`, `users_api`, `authorizations_api`, `tasks_api`, `labels_api`, `invokable_scripts_api` | [`Client::buckets`], [`Client::organizations`], [`Client::users`], [`Client::authorizations`], [`Client::tasks`], [`Client::labels`], [`Client::scripts`] |
//! | `health` | [`Client::health`] |
//! | `ready` | [`Client::ready`] |
//! | `ping` | [`Client::ping`] |
//! | `version` | [`Client::version`] |
//! | `build` | the header `X-Influxdb-Build` of `GET /ping`, by [`Client::request`] |
//! | `close`, `with` | [`Client::sign_out`] where there is a session; otherwise nothing needs closing |
//!
//! # Data
//! | Python | here |
//! |---|---|
//! | `WriteApi.write` | [`Client::write`], [`Client::write_each`] |
//! | `WriteApi.flush`, `close`, batching, callbacks | [`Client::writer`], which reports the outcome of every line |
//! | `QueryApi.query_stream`, `query` | [`Query::call`] |
//! | `QueryApi.query_csv`, `query_raw` | [`Query::write_to`] |
//! | `QueryApi.query_data_frame` | [`Query::deserialize`], into structs; there is no pandas |
//! | … `params`, `dialect`, `profilers` | [`Query::param`], [`Query::dialect`], [`Query::profiler`], [`Rows::profile`] |
//! | `DeleteApi.delete` | [`Client::delete_points`], [`DeletePoints::predicate`], [`DeletePoints::call`] |
//! | `InvokableScriptsApi.create_script` | [`scripts().create`](Resources::create) |
//! | `find_scripts` | [`scripts().list`](Resources::list), [`scripts().find`](Resources::find) |
//! | `update_script` | [`scripts().update`](Resources::update) |
//! | `delete_script` | [`scripts().delete`](Resources::delete) |
//! | `invoke_script`, `invoke_script_stream` | [`scripts().invoke`](Resources::invoke), then as a query: [`Query::call`] |
//! | `invoke_script_csv`, `invoke_script_raw` | [`Query::write_to`] of the same |
//! | `invoke_script_data_frame` | [`Query::deserialize`] of the same, into structs; there is no pandas |
//! | `MultiprocessingWriter` | none: a [`Client`] and its clones serve every thread |
//! | `DateHelper` | none: a [`Timestamp`](crate::Timestamp) is exact and UTC |
//!
//! # Buckets
//! | Python | here |
//! |---|---|
//! | `create_bucket` | [`buckets().create`](Resources::create) |
//! | `update_bucket` | [`buckets().update`](Resources::update) |
//! | `delete_bucket` | [`buckets().delete`](Resources::delete) |
//! | `find_bucket_by_id` | [`buckets().find`](Resources::find) |
//! | `find_bucket_by_name` | [`buckets().find_by_name`](Resources::find_by_name) |
//! | `find_buckets`, `find_buckets_iter` | [`buckets().list`](Resources::list) |
//!
//! # Organizations and users
//! | Python | here |
//! |---|---|
//! | `create_organization` | [`organizations().create`](Resources::create) |
//! | `update_organization` | [`organizations().update`](Resources::update) |
//! | `delete_organization` | [`organizations().delete`](Resources::delete) |
//! | `find_organization` | [`organizations().find`](Resources::find), [`organizations().find_by_name`](Resources::find_by_name) |
//! | `find_organizations` | [`organizations().list`](Resources::list) |
//! | `me` | [`Client::me`] |
//! | `create_user` | [`users().create`](Resources::create) |
//! | `update_user` | [`users().update`](Resources::update) |
//! | `update_password` | [`users().set_password`](Resources::set_password), and as oneself [`users().change_my_password`](Resources::change_my_password) |
//! | `delete_user` | [`users().delete`](Resources::delete) |
//! | `find_users` | [`users().list`](Resources::list), [`users().find_by_name`](Resources::find_by_name) |
//! | `get_users_id` | [`users().find`](Resources::find) |
//!
//! # Authorizations
//! | Python | here |
//! |---|---|
//! | `create_authorization` | [`authorizations().create`](Resources::create) |
//! | `find_authorization_by_id` | [`authorizations().find`](Resources::find) |
//! | `find_authorizations`, `find_authorizations_by_org` | [`authorizations().list`](Resources::list), [`authorizations().in_org`](Resources::in_org) |
//! | `find_authorizations_by_user_id`, `find_authorizations_by_user_name` | `of_user` and `of_user_named` of [`authorizations().list`](Resources::list) |
//! | `update_authorization` | [`authorizations().update`](Resources::update) |
//! | `clone_authorization` | [`authorizations().duplicate`](Resources::duplicate) |
//! | `delete_authorization` | [`authorizations().delete`](Resources::delete) |
//!
//! # Tasks
//! | Python | here |
//! |---|---|
//! | `create_task` | [`tasks().create`](Resources::create) of [`NewTask::from_flux`] |
//! | `create_task_every` | [`tasks().create`](Resources::create) of [`NewTask::every`] |
//! | `create_task_cron` | [`tasks().create`](Resources::create) of [`NewTask::cron`] |
//! | `update_task`, `update_task_request` | [`tasks().update`](Resources::update) |
//! | `clone_task` | [`tasks().duplicate`](Resources::duplicate) |
//! | `delete_task` | [`tasks().delete`](Resources::delete) |
//! | `find_task_by_id` | [`tasks().find`](Resources::find) |
//! | `find_tasks`, `find_tasks_iter` | [`tasks().list`](Resources::list), [`tasks().find_by_name`](Resources::find_by_name) |
//! | `find_tasks_by_user` | `of_user` of [`tasks().list`](Resources::list) |
//! | `get_runs` | [`runs().list`](Resources::list) of [`tasks().runs`](Resources::runs) |
//! | `get_run` | [`runs().find`](Resources::find) |
//! | `run_manually` | [`runs().start`](Resources::start), [`runs().start_for`](Resources::start_for) |
//! | `retry_run` | [`runs().retry`](Resources::retry) |
//! | `cancel_run` | [`runs().cancel`](Resources::cancel) |
//! | `get_logs` | [`tasks().logs`](Resources::logs) |
//! | `get_run_logs` | [`runs().logs`](Resources::logs) |
//! | `get_labels`, `add_label`, `delete_label` | [`Attached::list`], [`Attached::add`], [`Attached::remove`] of [`tasks().labels`](Resources::labels) |
//! | `get_members`, `add_member`, `delete_member` | the same of [`tasks().members`](Resources::members) |
//! | `get_owners`, `add_owner`, `delete_owner` | the same of [`tasks().owners`](Resources::owners) |
//!
//! # Labels
//! | Python | here |
//! |---|---|
//! | `create_label` | [`labels().create`](Resources::create) |
//! | `update_label` | [`labels().update`](Resources::update) |
//! | `delete_label` | [`labels().delete`](Resources::delete) |
//! | `clone_label` | [`labels().duplicate`](Resources::duplicate) |
//! | `find_labels`, `find_label_by_org` | [`labels().list`](Resources::list), [`labels().in_org`](Resources::in_org) |
//! | `find_label_by_id` | [`labels().find`](Resources::find) |
//!
//! # Errors
//! | Python, or its descriptions | here |
//! |---|---|
//! | `InfluxDBError`, `ApiException` | [`Error::status`](crate::Error::status), [`Error::message`](crate::Error::message), [`Error::retry_after`](crate::Error::retry_after) |
//! | `ResourceNotFoundError` | [`Error::is_not_found`](crate::Error::is_not_found), and `None` from every `find` |
//! | `DuplicateResourceError` | [`Error::is_conflict`](crate::Error::is_conflict) |
//! | `InsufficientPermissionsError` | [`Error::is_forbidden`](crate::Error::is_forbidden) |

#[allow(unused_imports, reason = "targets of the links above")]
use super::*;
#[allow(unused_imports, reason = "targets of the links above")]
use crate::client::{Client, ClientBuilder, DeletePoints, Query, Rows};
