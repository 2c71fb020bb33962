//! What a person reads: each refusal in the server's words, for each way to ask, and the sentence that
//! is made of it. The bodies are those of InfluxDB 2.9.1, of 3.6.0 where it says so, and of proxies.

use crate::common::wire::{Wire, json_error, response};
use influx_edge::client::{ClientBuilder, Method};
use influx_edge::{Client, Error, Remedy, Stored};

/// Builds a client of another kind from a server's URL.
type Build = fn(&str) -> ClientBuilder;

fn token(url: &str) -> ClientBuilder {
    Client::builder(url).org("acme").token("canary-7f3a-token")
}

fn nothing(url: &str) -> ClientBuilder {
    Client::builder(url)
}

fn no_org(url: &str) -> ClientBuilder {
    Client::builder(url).token("canary-7f3a-token")
}

fn no_token(url: &str) -> ClientBuilder {
    Client::builder(url).org("acme")
}

fn basic(url: &str) -> ClientBuilder {
    Client::builder(url)
        .org("acme")
        .basic("logger", "canary-7f3a-password")
}

fn session(url: &str) -> ClientBuilder {
    Client::builder(url)
        .org("acme")
        .session("logger", "canary-7f3a-password")
}

fn header(url: &str) -> ClientBuilder {
    Client::builder(url)
        .org("acme")
        .header("Authorization", "Bearer canary-7f3a-token")
}

fn write(client: &Client) -> Result<(), Error> {
    client.write("edge", "m v=1")
}

fn query(client: &Client) -> Result<(), Error> {
    client
        .query("from(bucket: \"edge\") |> range(start: -1h)")
        .call()
        .map(drop)
}

fn delete(client: &Client) -> Result<(), Error> {
    use influx_edge::Timestamp;
    client
        .delete_points("edge", Timestamp::MIN, Timestamp::MAX)
        .call()
}

fn buckets(client: &Client) -> Result<(), Error> {
    client.buckets().list().next().unwrap().map(drop)
}

fn raw(client: &Client) -> Result<(), Error> {
    client
        .request(Method::Post, "/api/v2/tasks")
        .call()?
        .error_for_status()
        .map(drop)
}

struct Row {
    build: Build,
    call: fn(&Client) -> Result<(), Error>,
    status: &'static str,
    code: &'static str,
    message: &'static str,
    /// Between "cannot …: HOST " and the end.
    says: &'static str,
    lacks_permission: bool,
}

const fn row(
    build: Build,
    call: fn(&Client) -> Result<(), Error>,
    (status, code, message): (&'static str, &'static str, &'static str),
    says: &'static str,
    lacks_permission: bool,
) -> Row {
    Row {
        build,
        call,
        status,
        code,
        message,
        says,
        lacks_permission,
    }
}

const UNAUTHORIZED: (&str, &str, &str) =
    ("401 Unauthorized", "unauthorized", "unauthorized access");

fn table() -> Vec<Row> {
    let set_token = "asks for credentials, and none are set (401: unauthorized access); set a token: ClientBuilder::token, INFLUXDB_V2_TOKEN, or token in a file";
    vec![
        // Not known.
        row(
            token,
            write,
            UNAUTHORIZED,
            "doesn't accept the token (401: unauthorized access); check that it is whole, active and of this server",
            false,
        ),
        row(
            token,
            query,
            UNAUTHORIZED,
            "doesn't accept the token (401: unauthorized access); check that it is whole, active and of this server",
            false,
        ),
        row(
            token,
            buckets,
            ("401 Unauthorized", "unauthorized", "Unauthorized"),
            "doesn't accept the token (401: Unauthorized); check that it is whole, active and of this server",
            false,
        ),
        row(no_token, write, UNAUTHORIZED, set_token, false),
        row(no_token, query, UNAUTHORIZED, set_token, false),
        row(nothing, delete, UNAUTHORIZED, set_token, false),
        row(nothing, buckets, UNAUTHORIZED, set_token, false),
        row(
            basic,
            write,
            UNAUTHORIZED,
            "doesn't accept user and password (401: unauthorized access); check them; InfluxDB 2 takes them for a session only (ClientBuilder::session)",
            false,
        ),
        row(
            session,
            write,
            UNAUTHORIZED,
            "doesn't accept user and password, or the session (401: unauthorized access); check user and password",
            false,
        ),
        row(
            header,
            write,
            UNAUTHORIZED,
            "doesn't accept the credentials (401: unauthorized access); check their header",
            false,
        ),
        // Known, and not allowed.
        row(
            token,
            write,
            (
                "403 Forbidden",
                "forbidden",
                "insufficient permissions for write",
            ),
            "accepts the token, but it lacks the permission to write to the bucket (403: insufficient permissions for write)",
            true,
        ),
        row(
            token,
            delete,
            (
                "403 Forbidden",
                "forbidden",
                "insufficient permissions to delete",
            ),
            "accepts the token, but it lacks the permission to write to the bucket (403: insufficient permissions to delete)",
            true,
        ),
        row(
            token,
            query,
            (
                "403 Forbidden",
                "forbidden",
                "failed to initialize execute state: user not authorized to write",
            ),
            "accepts the token, but it lacks the permission to write to the bucket (403: failed to initialize execute state: user not authorized to write)",
            true,
        ),
        row(
            token,
            write,
            (
                "403 Forbidden",
                "forbidden",
                "insufficient permissions for write: token is inactive",
            ),
            "accepts the token, but it is inactive (403: insufficient permissions for write: token is inactive); activate it or use another",
            true,
        ),
        row(
            token,
            buckets,
            ("401 Unauthorized", "unauthorized", "token is inactive"),
            "accepts the token, but it is inactive (401: token is inactive); activate it or use another",
            true,
        ),
        row(
            token,
            buckets,
            (
                "401 Unauthorized",
                "unauthorized",
                "read:orgs/8c3066bb48aa1640/buckets/a7b6fc119c589ffa is unauthorized",
            ),
            "accepts the token, but it lacks the permission read:orgs/8c3066bb48aa1640/buckets/a7b6fc119c589ffa (401: read:orgs/8c3066bb48aa1640/buckets/a7b6fc119c589ffa is unauthorized)",
            true,
        ),
        row(
            token,
            raw,
            (
                "401 Unauthorized",
                "unauthorized",
                "write:orgs is unauthorized",
            ),
            "accepts the token, but it lacks the permission write:orgs (401: write:orgs is unauthorized)",
            true,
        ),
        row(
            token,
            raw,
            (
                "500 Internal Server Error",
                "internal error",
                "failed to create task: unauthorized",
            ),
            "accepts the token, but it lacks the permission for this (500: failed to create task: unauthorized)",
            true,
        ),
        row(
            token,
            raw,
            (
                "500 Internal Server Error",
                "internal error",
                "unauthorized",
            ),
            "accepts the token, but it lacks the permission for this (500: unauthorized)",
            true,
        ),
        row(
            session,
            raw,
            (
                "401 Unauthorized",
                "unauthorized",
                "task ID unknown or unauthorized: unauthorized",
            ),
            "accepts the user, who lacks the permission (401: task ID unknown or unauthorized: unauthorized)",
            true,
        ),
        // A query's bucket.
        row(
            token,
            query,
            (
                "404 Not Found",
                "not found",
                "failed to initialize execute state: could not find bucket \"edge\"",
            ),
            "doesn't have it, or not for these credentials (404: failed to initialize execute state: could not find bucket \"edge\"); check the names, the org and the permissions, or create it",
            false,
        ),
        row(
            session,
            query,
            (
                "404 Not Found",
                "not found",
                "failed to initialize execute state: could not find bucket \"edge\"",
            ),
            "doesn't have it, or not for these credentials (404: failed to initialize execute state: could not find bucket \"edge\"); check the names, the org and the permissions, or create it",
            false,
        ),
        row(
            token,
            query,
            (
                "404 Not Found",
                "not found",
                "no buckets found in organization 67b3222a1be85b0b",
            ),
            "doesn't have it, or not for these credentials (404: no buckets found in organization 67b3222a1be85b0b); check the names, the org and the permissions, or create it",
            false,
        ),
        row(
            token,
            raw,
            ("404 Not Found", "not found", "404 page not found"),
            "doesn't have it, or not for these credentials (404: 404 page not found); check the names, the org and the permissions, or create it",
            false,
        ),
        row(
            token,
            write,
            ("404 Not Found", "not found", "bucket \"edge\" not found"),
            "doesn't have it, or not for these credentials (404: bucket \"edge\" not found); check the names, the org and the permissions, or create it",
            false,
        ),
        // The organization.
        row(
            session,
            raw,
            (
                "500 Internal Server Error",
                "internal error",
                "could not read variables: organization name \"nope\" not found",
            ),
            "has no such organization, or the credentials are of another (500: could not read variables: organization name \"nope\" not found); check the org",
            false,
        ),
        row(
            token,
            raw,
            (
                "404 Not Found",
                "not found",
                "invalid org \"nope\": organization not found",
            ),
            "has no such organization, or the credentials are of another (404: invalid org \"nope\": organization not found); check the org",
            false,
        ),
        row(
            no_org,
            write,
            (
                "400 Bad Request",
                "invalid",
                "Please provide either orgID or org",
            ),
            "asks for one (400: Please provide either orgID or org); set it: ClientBuilder::org, INFLUXDB_V2_ORG, or org in a file",
            false,
        ),
        row(
            no_org,
            query,
            (
                "400 Bad Request",
                "invalid",
                "failed to decode request body: Please provide either orgID or org",
            ),
            "asks for one (400: failed to decode request body: Please provide either orgID or org); set it: ClientBuilder::org, INFLUXDB_V2_ORG, or org in a file",
            false,
        ),
        row(
            no_org,
            raw,
            (
                "400 Bad Request",
                "invalid",
                "failed to decode request: missing orgID and org",
            ),
            "asks for one (400: failed to decode request: missing orgID and org); set it: ClientBuilder::org, INFLUXDB_V2_ORG, or org in a file",
            false,
        ),
        row(
            no_org,
            raw,
            (
                "400 Bad Request",
                "invalid",
                "organization id must be provided",
            ),
            "asks for one (400: organization id must be provided); set it: ClientBuilder::org, INFLUXDB_V2_ORG, or org in a file",
            false,
        ),
        row(
            no_org,
            raw,
            (
                "400 Bad Request",
                "invalid",
                "either 'org' or 'orgID' must be provided",
            ),
            "asks for one (400: either 'org' or 'orgID' must be provided); set it: ClientBuilder::org, INFLUXDB_V2_ORG, or org in a file",
            false,
        ),
        row(
            token,
            raw,
            ("400 Bad Request", "invalid", "orgID is required"),
            "refuses the request (400: orgID is required); correct it, sending it again won't help",
            false,
        ),
        row(
            token,
            write,
            (
                "404 Not Found",
                "not found",
                "organization name \"nope\" not found",
            ),
            "has no such organization, or the credentials are of another (404: organization name \"nope\" not found); check the org",
            false,
        ),
        row(
            token,
            query,
            (
                "400 Bad Request",
                "invalid",
                "failed to decode request body: organization name \"nope\" not found",
            ),
            "has no such organization, or the credentials are of another (400: failed to decode request body: organization name \"nope\" not found); check the org",
            false,
        ),
        row(
            token,
            write,
            ("404 Not Found", "not found", "organization not found"),
            "has no such organization, or the credentials are of another (404: organization not found); check the org",
            false,
        ),
    ]
}

#[test]
fn an_error_names_what_is_missing_and_where_to_set_it() {
    for row in table() {
        let wire = Wire::responding(json_error(row.status, row.code, row.message));
        let client = (row.build)(&wire.url()).build().unwrap();
        let error = (row.call)(&client).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("cannot "), "{said}");
        let behind = format!("{} {}", wire.addr(), row.says);
        assert!(said.ends_with(&behind), "{said}\nnot: {behind}");
        assert_eq!(error.is_forbidden(), row.lacks_permission, "{said}");
        assert!(!error.is_retryable(), "{said}");
        assert_eq!(error.remedy(), Remedy::Operator, "{said}");
        assert_eq!(error.stored(), Stored::None, "{said}");
    }
}

#[test]
fn other_failures_of_the_server_are_still_retryable() {
    for message in [
        "An internal error has occurred - check server logs",
        "failed to create task: unauthorized access to the store failed",
        "unauthorized: maybe",
        "",
    ] {
        let wire = Wire::responding(json_error(
            "500 Internal Server Error",
            "internal error",
            message,
        ));
        let error = raw(&wire.client()).unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert!(!error.is_forbidden(), "{error}");
        assert!(error.to_string().ends_with("; try again later"), "{error}");
    }
    // In a gateway's words it is nobody's permission.
    let wire = Wire::responding(response("500 Oops", "", "unauthorized"));
    let error = raw(&wire.client()).unwrap_err();
    assert!(error.is_retryable() && !error.is_forbidden(), "{error}");
}

#[test]
fn empty_and_foreign_bodies() {
    for (status, body, says) in [
        (
            "404 Not Found",
            "",
            "responded with an empty body, which InfluxDB never sends (404: not found); check the URL, with its path prefix, and any proxy",
        ),
        (
            "400 Bad Request",
            "",
            "responded with an empty body, which InfluxDB never sends (400: bad request); check the URL, with its path prefix, and any proxy",
        ),
        (
            "405 No",
            "",
            "responded with an empty body, which InfluxDB never sends (405: method not allowed); check the URL, with its path prefix, and any proxy",
        ),
        (
            "404 Not Found",
            "<html>no such page</html>",
            "responded, but not as InfluxDB does (404: <html>no such page</html>); check the URL, with its path prefix, and any proxy",
        ),
        (
            "501 No",
            "",
            "responded with an empty body, which InfluxDB never sends (501: not implemented); check the URL, with its path prefix, and any proxy",
        ),
        (
            "500 Oops",
            "",
            "failed, but not as InfluxDB does (500: internal server error); try again later, or check the URL and any proxy",
        ),
        (
            "500 Oops",
            "<html>oops</html>",
            "failed, but not as InfluxDB does (500: <html>oops</html>); try again later, or check the URL and any proxy",
        ),
        (
            "502 Bad Gateway",
            "nginx",
            "failed (502: nginx); try again later",
        ),
        (
            "407 No",
            "",
            "asks for credentials (407: proxy authentication required); give it as `proxy`",
        ),
    ] {
        let wire = Wire::responding(response(status, "", body));
        let error = delete(&wire.client()).unwrap_err();
        let said = error.to_string();
        assert!(said.ends_with(&format!("{} {says}", wire.addr())), "{said}");
        assert_eq!(error.is_retryable(), says.contains("again later"), "{said}");
    }
}

#[test]
fn lines_at_fault_are_numbered() {
    let conflict = |dropped: usize| {
        format!(
            "failure writing points to database: partial write: field type conflict: input field \"v\" on measurement \"m\" is type string, already exists as type float dropped={dropped}"
        )
    };
    let long = "x".repeat(900);
    let long_line = format!("m v=\"{long}");
    let unable = |line: &str, why: &str| format!("unable to parse '{line}': {why}");
    let invalid = |message: String| json_error("400 Bad Request", "invalid", &message);
    let unprocessable = |dropped| {
        json_error(
            "422 Unprocessable Entity",
            "unprocessable entity",
            &conflict(dropped),
        )
    };
    let table = [
        // A type conflict: the lines that can be the cause.
        (
            "m v=1\nm v=\"a\"\nm v=2\nn v=\"a\"".to_string(),
            unprocessable(1),
            vec![2],
            Stored::Partial,
            "stored the good lines and dropped the others (422: …); lines probably at fault: 2; correct it, sending it again won't help",
        ),
        (
            "m v=\"a\"\nm v=1\nm v=\"b\",w=1".to_string(),
            unprocessable(2),
            vec![1, 3],
            Stored::Partial,
            "stored the good lines and dropped the others (422: …); lines probably at fault: 1, 3; correct it, sending it again won't help",
        ),
        (
            "m v=\"a\"".to_string(),
            unprocessable(1),
            vec![1],
            Stored::None,
            "stored nothing: it dropped the line (422: …); lines probably at fault: 1; correct it, sending it again won't help",
        ),
        (
            "m v=\"a\"\n# comment\n\nm v=\"a\"\n".to_string(),
            unprocessable(2),
            vec![1, 4],
            Stored::None,
            "stored nothing: it dropped all 2 lines (422: …); lines probably at fault: 1, 4; correct it, sending it again won't help",
        ),
        (
            "m v=\"a\"\n".repeat(8) + "m v=1",
            unprocessable(8),
            vec![1, 2, 3, 4, 5, 6, 7, 8],
            Stored::Partial,
            "stored the good lines and dropped the others (422: …); lines probably at fault: 1, 2, 3, 4, 5 and 3 more; correct it, sending it again won't help",
        ),
        // Lines that can't be parsed.
        (
            "m v=1\nm v=\nm v=3".to_string(),
            invalid(unable("m v=", "missing field value")),
            vec![2],
            Stored::None,
            "refuses the request (400: …); lines at fault: 2; correct it, sending it again won't help",
        ),
        (
            format!("m v=1\n{long_line}"),
            invalid(unable(&long_line, "unbalanced quotes")),
            vec![2],
            Stored::None,
            "refuses the request (400: unbalanced quotes); lines at fault: 2; correct it, sending it again won't help",
        ),
    ];
    for (body, response, numbers, stored, says) in table {
        let wire = Wire::responding(response);
        let error = wire.client().write("edge", &body).unwrap_err();
        let found: Vec<u32> = error
            .line_errors()
            .iter()
            .filter_map(|line| line.number)
            .collect();
        assert_eq!(found, numbers, "{error}");
        assert_eq!(error.stored(), stored, "{error}");
        assert!(!error.is_retryable());
        let said = error.to_string();
        let message = if error.message().len() > 512 {
            "…"
        } else {
            error.message()
        };
        assert!(
            said.ends_with(&says.replace('…', message)),
            "{said}\nnot: {says}"
        );
    }
}
