//! What a person reads where a server decides: missing credentials, permissions, organizations, lines.

use influx_edge::api::{NewBucket, NewTask, Permission};
use influx_edge::client::Method;
use influx_edge::{Client, Error, Point, Stored, Timestamp};

use super::place::Place;

type Call = fn(&Client) -> Result<(), Error>;

fn write(client: &Client) -> Result<(), Error> {
    client.write("b", "m v=1 1")
}

fn query(client: &Client) -> Result<(), Error> {
    let flux = "from(bucket: \"b\") |> range(start: 0)";
    let mut rows = client.query(flux).call()?;
    while rows.next()?.is_some() {}
    Ok(())
}

fn delete(client: &Client) -> Result<(), Error> {
    client
        .delete_points("b", Timestamp::MIN, Timestamp::MAX)
        .call()
}

fn create_bucket(client: &Client) -> Result<(), Error> {
    client.buckets().create(&NewBucket::new("c")).map(drop)
}

fn create_task(client: &Client) -> Result<(), Error> {
    let flux = "from(bucket: \"b\") |> range(start: -1h)";
    let task = NewTask::every("t", core::time::Duration::from_secs(3600), flux);
    client.tasks().create(&task).map(drop)
}

fn me(client: &Client) -> Result<(), Error> {
    client.me().map(drop)
}

fn raw(client: &Client) -> Result<(), Error> {
    let body = serde_json::json!({"name": "x", "retentionRules": []});
    let request = client.request(Method::Post, "/api/v2/buckets").json(&body);
    request.call()?.error_for_status().map(drop)
}

fn says(error: &Error, words: &str) {
    let said = error.to_string();
    assert!(said.contains(words), "{said}\nnot: {words}");
    assert!(!error.is_retryable(), "{said}");
}

#[test]
fn who_may_what() {
    let Some(place) = Place::new("messages") else {
        return;
    };
    let reader = place.allowed([Permission::read().bucket(&place.bucket.id)]);
    let writer = place.allowed([Permission::write().bucket(&place.bucket.id)]);
    let org = place.org.id.as_str();
    let to_buckets =
        format!("accepts the token, but it lacks the permission write:orgs/{org}/buckets (401");
    let table: [(&Client, Call, &str); 7] = [
        (
            &reader,
            write,
            "accepts the token, but it lacks the permission to write to the bucket (403",
        ),
        (
            &reader,
            delete,
            "accepts the token, but it lacks the permission to write to the bucket (403",
        ),
        (&reader, create_bucket, &to_buckets),
        (
            &reader,
            create_task,
            "accepts the token, but it lacks the permission for this (500",
        ),
        (
            &reader,
            me,
            "accepts the token, but it lacks the permission read:users/",
        ),
        (
            &writer,
            query,
            "doesn't have it, or not for these credentials (404",
        ),
        (
            &writer,
            create_task,
            "accepts the token, but it lacks the permission for this (500",
        ),
    ];
    for (client, call, words) in table {
        let error = call(client).unwrap_err();
        says(&error, words);
        assert_eq!(error.stored(), Stored::None, "{error}");
        assert_eq!(
            error.is_forbidden(),
            !words.contains("doesn't have it"),
            "{error}"
        );
    }

    // Nothing, the wrong thing, and no organization.
    let nobody = place.builder().build().unwrap();
    let wrong = place.builder().token("wrong-token-canary").build().unwrap();
    let basic = place
        .builder()
        .basic("nobody", "wrong-password-canary")
        .build()
        .unwrap();
    let session = place
        .builder()
        .session("nobody", "wrong-password-canary")
        .build()
        .unwrap();
    let calls: [Call; 6] = [write, query, delete, create_bucket, create_task, me];
    for call in calls {
        says(
            &call(&nobody).unwrap_err(),
            "asks for credentials, and none are set (401: unauthorized access); set a token",
        );
        says(&call(&wrong).unwrap_err(), "doesn't accept the token (401");
        says(
            &call(&basic).unwrap_err(),
            "doesn't accept user and password (401",
        );
        says(
            &call(&session).unwrap_err(),
            "doesn't accept user and password, or the session (401",
        );
    }
    let token = std::env::var("INFLUXDB_V2_TOKEN").unwrap();
    let nowhere = Client::builder(&place.url).token(&token).build().unwrap();
    let calls: [Call; 4] = [write, query, delete, raw];
    for call in calls {
        says(&call(&nowhere).unwrap_err(), "no organization is set, and");
    }
    let elsewhere = place.client.in_org("influx-edge no such organization");
    let calls: [Call; 3] = [write, query, delete];
    for call in calls {
        says(
            &call(&elsewhere).unwrap_err(),
            "has no such organization, or the credentials are of another (40",
        );
    }
}

#[test]
fn lines_that_are_not_stored() {
    let Some(place) = Place::new("conflicts") else {
        return;
    };
    let client = &place.client;
    client.write("b", "my\\ m,t=1 f\\ 1=1 1").unwrap();
    let lines = "my\\ m,t=1 f\\ 1=2 2\nmy\\ m,t=2 g=1,f\\ 1=\"two\" 3\nmy\\ m g=1 4\nmy\\ m f\\ 1=\"three\" 5";
    let error = client.write("b", lines).unwrap_err();
    assert_eq!(error.stored(), Stored::Partial, "{error}");
    let numbers: Vec<_> = error
        .line_errors()
        .iter()
        .filter_map(|e| e.number)
        .collect();
    assert_eq!(numbers, [2, 4], "{error}");
    says(&error, "stored the good lines and dropped the others");
    says(&error, "; lines probably at fault: 2, 4; correct it");
    assert_eq!(place.count("b", "my m", "g"), 1);

    // The only line.
    let error = client.write("b", "my\\ m f\\ 1=t 9").unwrap_err();
    assert_eq!(error.stored(), Stored::None, "{error}");
    says(&error, "stored nothing: it dropped the line");
    // Line numbers where the server gives the text.
    let error = client.write("b", "a v=1 1\nb v= 2\nc v=1 3").unwrap_err();
    says(&error, "; lines at fault: 2; correct it");

    // The writer's account names the same lines.
    let mut writer = client.writer("b").build().unwrap();
    for (time, value) in [(11, "x"), (12, "y")] {
        let point = Point::new("my m")
            .field("f 1", value)
            .time(Timestamp::from_nanos(time));
        writer.write(&point).unwrap();
    }
    writer
        .write(
            Point::new("my m")
                .field("f 1", 3.0)
                .time(Timestamp::from_nanos(13)),
        )
        .unwrap();
    let _ = writer.flush().unwrap();
    let stats = writer.stats();
    assert_eq!(
        (stats.delivered, stats.rejected.partial),
        (1, 2),
        "{stats:?}"
    );
    let rejected: Vec<String> = writer
        .take_rejected()
        .into_iter()
        .map(|one| one.line)
        .collect();
    assert_eq!(rejected, ["my\\ m f\\ 1=\"x\" 11", "my\\ m f\\ 1=\"y\" 12"]);
    drop(writer);
}
