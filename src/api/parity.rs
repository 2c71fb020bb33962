//! Coming from InfluxDB's Python client: what each of its methods is called here.
//!
//! The list is that of `influxdb-client` 1.50. Where something has no counterpart, the reason
//! stands in its place.
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
//! | … `ssl_context` | none: what TLS and HTTP are made of isn't shown |
//! | … `debug` | the feature `log`, and a logger of your own |
//! | `from_config_file` | [`ClientBuilder::from_config_file`] |
//! | `from_env_properties` | [`Client::from_env`], [`ClientBuilder::from_variables`] |
//! | `write_api`, `query_api`, `delete_api` | none needed: [`Client::write`], [`Client::query`], [`Client::delete_points`] |
//! | `buckets_api`, `organizations_api`, `users_api`, `authorizations_api`, `tasks_api`, `labels_api`, `invokable_scripts_api` | [`Client::buckets`], [`Client::organizations`], [`Client::users`], [`Client::authorizations`], [`Client::tasks`], [`Client::labels`], [`Client::scripts`] |
//! | `health` | [`Client::health`] |
//! | `ready` | [`Client::ready`] |
//! | `ping` | [`Client::ping`] |
//! | `version` | [`Client::version`] |
//! | `build` | the header `X-Influxdb-Build` of `GET /ping`, by [`Client::request`] |
//! | `close`, `with` | [`Client::sign_out`] where there is a session; else nothing is to be closed |
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
//! | `InvokableScriptsApi.create_script` | [`Scripts::create`] |
//! | `find_scripts` | [`Scripts::list`], [`Scripts::find`] |
//! | `update_script` | [`Scripts::update`] |
//! | `delete_script` | [`Scripts::delete`] |
//! | `invoke_script`, `invoke_script_stream` | [`Invocation::call`] |
//! | `invoke_script_csv`, `invoke_script_raw` | [`Invocation::response`] |
//! | `invoke_script_data_frame` | none: there is no pandas |
//! | `MultiprocessingWriter` | none: a [`Client`] and its clones serve every thread |
//! | `DateHelper` | none: a [`Timestamp`](crate::Timestamp) is exact and UTC |
//!
//! # Buckets
//! | Python | here |
//! |---|---|
//! | `create_bucket` | [`Buckets::create`] |
//! | `update_bucket` | [`Buckets::update`] |
//! | `delete_bucket` | [`Buckets::delete`] |
//! | `find_bucket_by_id` | [`Buckets::find`] |
//! | `find_bucket_by_name` | [`Buckets::find_by_name`] |
//! | `find_buckets`, `find_buckets_iter` | [`Buckets::list`] |
//!
//! # Organizations and users
//! | Python | here |
//! |---|---|
//! | `create_organization` | [`Organizations::create`] |
//! | `update_organization` | [`Organizations::update`] |
//! | `delete_organization` | [`Organizations::delete`] |
//! | `find_organization` | [`Organizations::find`], [`Organizations::find_by_name`] |
//! | `find_organizations` | [`Organizations::list`] |
//! | `me` | [`Client::me`] |
//! | `create_user` | [`Users::create`] |
//! | `update_user` | [`Users::update`] |
//! | `update_password` | [`Users::set_password`], and as oneself [`Users::change_my_password`] |
//! | `delete_user` | [`Users::delete`] |
//! | `find_users` | [`Users::list`], [`Users::find_by_name`] |
//! | `get_users_id` | [`Users::find`] |
//!
//! # Authorizations
//! | Python | here |
//! |---|---|
//! | `create_authorization` | [`Authorizations::create`] |
//! | `find_authorization_by_id` | [`Authorizations::find`] |
//! | `find_authorizations`, `find_authorizations_by_org` | [`Authorizations::list`], [`Authorizations::in_org`] |
//! | `find_authorizations_by_user_id`, `find_authorizations_by_user_name` | `of_user` and `of_user_named` of [`Authorizations::list`] |
//! | `update_authorization` | [`Authorizations::update`] |
//! | `clone_authorization` | [`Authorizations::duplicate`] |
//! | `delete_authorization` | [`Authorizations::delete`] |
//!
//! # Tasks
//! | Python | here |
//! |---|---|
//! | `create_task` | [`Tasks::create`] of [`NewTask::from_flux`] |
//! | `create_task_every` | [`Tasks::create`] of [`NewTask::every`] |
//! | `create_task_cron` | [`Tasks::create`] of [`NewTask::cron`] |
//! | `update_task`, `update_task_request` | [`Tasks::update`] |
//! | `clone_task` | [`Tasks::duplicate`] |
//! | `delete_task` | [`Tasks::delete`] |
//! | `find_task_by_id` | [`Tasks::find`] |
//! | `find_tasks`, `find_tasks_iter` | [`Tasks::list`], [`Tasks::find_by_name`] |
//! | `find_tasks_by_user` | `of_user` of [`Tasks::list`] |
//! | `get_runs` | [`Runs::list`] of [`Tasks::runs`] |
//! | `get_run` | [`Runs::find`] |
//! | `run_manually` | [`Runs::start`], [`Runs::start_for`] |
//! | `retry_run` | [`Runs::retry`] |
//! | `cancel_run` | [`Runs::cancel`] |
//! | `get_logs` | [`Tasks::logs`] |
//! | `get_run_logs` | [`Runs::logs`] |
//! | `get_labels`, `add_label`, `delete_label` | [`AttachedLabels::list`], [`AttachedLabels::add`], [`AttachedLabels::remove`] of [`Tasks::labels`] |
//! | `get_members`, `add_member`, `delete_member` | [`Members::list`], [`Members::add`], [`Members::remove`] of [`Tasks::members`] |
//! | `get_owners`, `add_owner`, `delete_owner` | the same of [`Tasks::owners`] |
//!
//! # Labels
//! | Python | here |
//! |---|---|
//! | `create_label` | [`Labels::create`] |
//! | `update_label` | [`Labels::update`] |
//! | `delete_label` | [`Labels::delete`] |
//! | `clone_label` | [`Labels::duplicate`] |
//! | `find_labels`, `find_label_by_org` | [`Labels::list`], [`Labels::in_org`] |
//! | `find_label_by_id` | [`Labels::find`] |
//!
//! # Errors
//! | Python, or its descriptions | here |
//! |---|---|
//! | `InfluxDBError`, `ApiException` | [`Error::status`](crate::Error::status), [`Error::message`](crate::Error::message), [`Error::retry_after`](crate::Error::retry_after) |
//! | `ResourceNotFoundError` | [`Error::is_not_found`](crate::Error::is_not_found), and `None` from every `find` |
//! | `DuplicateResourceError` | [`Error::is_conflict`](crate::Error::is_conflict) |
//! | `InsufficientPermissionsError` | [`Error::is_forbidden`](crate::Error::is_forbidden) |

#[allow(unused_imports, reason = "what the links above name")]
use super::*;
#[allow(unused_imports, reason = "what the links above name")]
use crate::client::{Client, ClientBuilder, DeletePoints, Query, Rows};
