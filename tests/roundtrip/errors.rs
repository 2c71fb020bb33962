//! What goes wrong between client and server, seen from the client: what kind of error it is, what
//! is in the database afterwards, and that the connection goes on.

use std::time::Duration;

use crate::common::mock_server::{Fault, Server};
use influx_edge::line::{Encoder, Lines};
use influx_edge::{Client, Error, Precision, Remedy, Stored};

const ALL: &str = r#"from(bucket: "sensors") |> range(start: 0, stop: 1)"#;

fn connect(server: &Server) -> Client {
    let builder = Client::builder(server.url()).org(server.org());
    builder.token(server.token()).build().expect("a client")
}

/// Bytes as lines, whatever is in them: the encoder would refuse the bad ones.
fn raw(text: &str) -> Lines<'_> {
    Lines {
        bytes: text.as_bytes(),
        precision: Precision::Nanosecond,
    }
}

fn write(server: &Server, client: &Client) -> Result<(), Error> {
    let mut enc = Encoder::with_sink(Vec::new());
    enc.line("m").field("f", 1.5).timestamp(1).expect("a line");
    client.write(server.bucket(), enc.lines())
}

/// Reads a query to its end; the values before an error, and the error.
fn read(client: &Client, flux: &str) -> (Vec<f64>, Option<Error>) {
    let mut values = Vec::new();
    let mut rows = match client.query(flux).call() {
        Ok(rows) => rows,
        Err(error) => return (values, Some(error)),
    };
    loop {
        match rows.next() {
            Ok(Some(row)) => values.push(row.get("_value").expect("a value")),
            Ok(None) => return (values, None),
            Err(error) => return (values, Some(error)),
        }
    }
}

#[test]
fn a_bad_line_names_itself_and_nothing_is_written() {
    let server = Server::start();
    let client = connect(&server);
    let body =
        "weather temp_c=1 1\nweather,=x temp_c=2 2\nweather temp_c=3 3\nweather temp_c=x 4\n";
    let error = client.write(server.bucket(), raw(body)).expect_err("400");
    assert_eq!((error.status(), error.code()), (Some(400), Some("invalid")));
    assert_eq!(error.stored(), Stored::None);
    assert_eq!(error.remedy(), Remedy::RemoveBadLines);
    assert!(!error.is_retryable());
    let bad: Vec<_> = error
        .line_errors()
        .iter()
        .map(|b| (b.line.as_str(), b.reason.as_str()))
        .collect();
    assert_eq!(
        bad,
        [
            ("weather,=x temp_c=2 2", "missing tag key"),
            ("weather temp_c=x 4", "invalid boolean"),
        ]
    );
    assert!(server.points(server.bucket()).is_empty());
}

#[test]
fn a_type_conflict_leaves_the_good_lines() {
    let server = Server::start();
    let client = connect(&server);
    client
        .write(server.bucket(), raw("m f=1i 1\n"))
        .expect("204");
    let error = client
        .write(server.bucket(), raw("m f=1.5 2\nm f=7i 3\n"))
        .expect_err("422");
    assert_eq!(error.status(), Some(422));
    assert_eq!(error.stored(), Stored::Partial);
    assert_eq!(error.remedy(), Remedy::None);
    assert!(!error.is_retryable());
    assert_eq!(
        error.response().and_then(|response| response.dropped()),
        Some(1)
    );
    let times: Vec<_> = server
        .points(server.bucket())
        .iter()
        .map(|p| p.time)
        .collect();
    assert_eq!(times, [1, 3]);
}

#[test]
fn an_unknown_token_org_or_bucket_waits_for_a_person() {
    let server = Server::start();
    let good = connect(&server);
    let stranger = Client::builder(server.url())
        .org(server.org())
        .token("stranger");
    let stranger = stranger.build().expect("a client");
    let nobody = Client::builder(server.url())
        .org("nobody")
        .token(server.token());
    let nobody = nobody.build().expect("a client");
    for (client, bucket, status, said) in [
        (&stranger, "sensors", 401, "unauthorized access"),
        (&good, "nope", 404, "bucket \"nope\" not found"),
        (
            &nobody,
            "sensors",
            404,
            "organization name \"nobody\" not found",
        ),
    ] {
        let error = client.write(bucket, raw("m f=1 1\n")).expect_err(said);
        assert_eq!(error.status(), Some(status), "{said}");
        assert_eq!(error.message(), said);
        assert_eq!(
            (error.is_unauthorized(), error.is_not_found()),
            (status == 401, status == 404)
        );
        assert_eq!(
            (error.stored(), error.remedy()),
            (Stored::None, Remedy::Operator),
            "{said}"
        );
        assert!(!error.is_retryable(), "{said}");
        assert!(
            !format!("{error} {error:?}").contains("stranger"),
            "the token shows"
        );
    }
}

#[test]
fn a_busy_server_says_when_to_come_back() {
    for status in [429, 503] {
        let server = Server::start();
        let client = connect(&server);
        server.fault(Fault::status(status).header("Retry-After", "7"));
        let error = write(&server, &client).expect_err("an error");
        assert_eq!(error.status(), Some(status));
        assert!(error.is_retryable());
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(error.remedy(), Remedy::Retry);
        // And the next write goes through, on the same connection.
        write(&server, &client).expect("204");
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn a_success_that_is_not_204_is_no_success() {
    for (status, kind) in [
        (200, "text/html"),
        (202, "text/plain"),
        (200, "application/json"),
    ] {
        let server = Server::start();
        let client = connect(&server);
        server.fault(
            Fault::status(status)
                .header("Content-Type", kind)
                .body("<html>hello</html>"),
        );
        let error = write(&server, &client).expect_err("an error");
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.stored(), Stored::Unknown);
        assert!(!error.is_retryable());
    }
}

#[test]
fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start();
        let elsewhere = Server::start();
        let client = connect(&server);
        let target = format!("{}/api/v2/write?org=acme&bucket=sensors", elsewhere.url());
        server.fault(Fault::status(status).header("Location", &target));
        let error = write(&server, &client).expect_err("an error");
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.stored(), Stored::None);
        assert!(elsewhere.requests().is_empty(), "the token went elsewhere");
    }
}

#[test]
fn a_lost_response_is_unknown_and_harmless_to_repeat() {
    let server = Server::start();
    let client = connect(&server);
    server.fault(Fault::lost_response());
    let error = write(&server, &client).expect_err("no response");
    assert!(error.is_transport() && error.is_retryable());
    assert_eq!(error.stored(), Stored::Unknown);
    write(&server, &client).expect("204");
    assert_eq!(
        server.points(server.bucket()).len(),
        1,
        "the same point twice is one point"
    );
}

#[test]
fn a_closed_port_stored_nothing() {
    let server = Server::start();
    let client = connect(&server);
    write(&server, &client).expect("204");
    let url = server.url();
    drop(server);
    let client = Client::builder(&url)
        .org("acme")
        .token("t")
        .build()
        .expect("a client");
    let error = client
        .write("sensors", raw("m f=1 1\n"))
        .expect_err("no server");
    assert!(error.is_transport() && error.is_retryable());
    assert_eq!(error.stored(), Stored::None);
}

#[test]
fn a_query_that_fails_before_its_first_row_says_why() {
    let server = Server::start();
    let client = connect(&server);
    for (flux, status, said) in [
        ("foo()", 400, "error @1:1-1:4: undefined identifier foo"),
        (
            "from(bucket:",
            400,
            "compilation failed: error @1:1-1:13: expected RPAREN, got EOF\\n\\n\
             error @1:6-1:12: missing property value",
        ),
        (
            "from(bucket: \"nope\") |> range(start: -1h)",
            404,
            "failed to initialize execute state: could not find bucket \"nope\"",
        ),
    ] {
        let (values, error) = read(&client, flux);
        let error = error.expect(flux);
        assert!(values.is_empty());
        assert_eq!(error.status(), Some(status), "{flux}");
        assert_eq!(error.message(), said, "{flux}");
        assert!(!error.is_retryable(), "{flux}");
    }
    assert_eq!(server.connections(), 1, "errors are read to their end");
}

#[test]
fn a_query_that_fails_in_mid_stream_gives_its_rows_and_then_the_error() {
    for fault in [
        Fault::error_table("out of memory, \"really\""),
        Fault::panic_tail("out of memory, \"really\""),
    ] {
        let server = Server::start();
        let client = connect(&server);
        client
            .write(server.bucket(), raw("m f=1 1\nm f=2 2\n"))
            .expect("204");
        server.fault(fault);
        let (values, error) = read(&client, ALL);
        assert_eq!(values, [1.0, 2.0]);
        let error = error.expect("an error behind the rows");
        assert!(
            error.to_string().contains("out of memory, \"really\""),
            "{error}"
        );
    }
}

#[test]
fn a_cut_response_is_an_error_never_a_quiet_end() {
    let server = Server::start();
    let client = connect(&server);
    let lines: String = (0..200).map(|i| format!("m f={i} {i}\n")).collect();
    client.write(server.bucket(), raw(&lines)).expect("204");
    let (whole, error) = read(&client, ALL);
    assert_eq!((whole.len(), error.is_none()), (200, true));
    // The compressed response, where there is compression, is a good thousand bytes long.
    for cut in [0, 1, 100, 500, 1_000] {
        server.fault(Fault::cut_body(cut));
        let (values, error) = read(&client, ALL);
        assert!(error.is_some(), "cut after {cut} bytes");
        assert!(
            values.len() < 200 && whole.starts_with(&values),
            "cut after {cut} bytes"
        );
    }
}

#[test]
fn a_page_in_place_of_rows_is_recognized() {
    let server = Server::start();
    let client = connect(&server);
    let page = "<html>Please log in</html>";
    server.fault(
        Fault::status(200)
            .header("Content-Type", "text/html")
            .body(page),
    );
    let (values, error) = read(&client, ALL);
    assert!(values.is_empty());
    let error = error.expect("not CSV");
    assert_eq!(error.status(), Some(200));
    assert!(error.to_string().contains("text/html"), "{error}");
}
