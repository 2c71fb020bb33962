//! Advice for calls that InfluxDB 3 lacks: what to use in place of each. The texts don't depend on the
//! feature `v3`: they name it.

use crate::error::{Error, ErrorKind, ResponseError};

/// One entry a line: the start of a path after the client's prefix, and what to use in its place. The
/// first line that matches counts. (One text takes less space in a program than a table.)
const INSTEAD: &str = "/api/v2/query: it is InfluxDB 3, which has no Flux; query it in SQL or InfluxQL: `client.v3(db).sql(…)`, `.influxql(…)` (feature `v3`)
/api/v2/delete: it is InfluxDB 3, which deletes no single points; delete a table (`client.v3(db).tables()`) or set how long rows are kept (`client.v3_databases().set_retention(…)`, feature `v3`)
/api/v2/buckets: it is InfluxDB 3, which has databases in place of buckets: `client.v3_databases()` (feature `v3`)
/api/v2/authorizations: it is InfluxDB 3, which has tokens without permissions in place of authorizations: `client.v3_tokens()` (feature `v3`)
/api/v2/dbrps: it is InfluxDB 3, whose databases need no mapping: write by `client.v3(db).write(…)`, query by `client.v3(db).influxql(…)` (feature `v3`)
/api/v2/orgs: it is InfluxDB 3, which has no organizations and nothing that belongs to them; its databases are `client.v3_databases()`, its tokens `client.v3_tokens()` (feature `v3`)
/api/v2/setup: it is InfluxDB 3, which has no setup; its first token is made by `client.v3_tokens().create_admin()` (feature `v3`)
/api/v2/sign: it is InfluxDB 3, which has no sessions; give the client a token (ClientBuilder::token)
/api/v2/users: it is InfluxDB 3, which has no users, only tokens: `client.v3_tokens()` (feature `v3`)
/api/v2/me: it is InfluxDB 3, which has no users, only tokens: `client.v3_tokens()` (feature `v3`)
/api/v2/tasks: it is InfluxDB 3, which has no tasks; run the query from a program: `client.v3(db).sql(…)` (feature `v3`)
/api/v2/scripts: it is InfluxDB 3, which has no Flux; query it in SQL or InfluxQL: `client.v3(db).sql(…)`, `.influxql(…)` (feature `v3`)
/api/v2/variables: it is InfluxDB 3, which has no variables; give parameters to a query: `client.v3(db).sql(…).param(…)` (feature `v3`)
/api/v3/: it is InfluxDB 3, but of a version or an edition without it
/ready: it is InfluxDB 3, which has no such state; use `Client::health` or `Client::ping`";

/// The error of a call to this target (with prefix and query). If InfluxDB 3 lacks the call, the error
/// gets the advice.
pub(crate) fn on_v3(mut error: Error, prefix: &str, target: &str) -> Error {
    if let ErrorKind::Response(ResponseError(parts)) = error.kind_mut() {
        let path = target.strip_prefix(prefix).unwrap_or(target);
        let mut lines = INSTEAD.lines().filter_map(|line| {
            let (begins, _) = line.split_once(':')?;
            path.starts_with(begins).then(|| line.get(begins.len()..))?
        });
        if parts.no_such_call {
            parts.advice = lines.next().unwrap_or(parts.advice);
        }
    }
    error
}
