//! What a person reads: sentences of errors, and the server's own words beside them.

use crate::connection::{STORED, lines};
use crate::scripted::{CONFIG, Scripted, response};
use influx_edge::csv::Decoder;
use influx_edge::embedded::{Connection, Error};
use influx_edge::http::HeadError;

type OverScript<'a> = Connection<'a, Scripted>;

/// Whatever comes next, a request or none, no error is shown with the words of an earlier one.
#[test]
fn the_servers_words_are_those_of_the_last_call() {
    type Call = fn(&mut OverScript<'_>) -> bool;
    let calls: [(&str, Call, bool); 7] = [
        (
            "nothing to write",
            |c| c.write("b", lines(b"")).is_ok(),
            true,
        ),
        (
            "nothing to write",
            |c| c.write_v3("b", lines(b"")).is_ok(),
            true,
        ),
        (
            "no bucket",
            |c| c.write("", lines(b"m f=1\n")).is_ok(),
            false,
        ),
        (
            "no database",
            |c| c.write_v1("", lines(b"m f=1\n")).is_ok(),
            false,
        ),
        ("ping", |c| c.ping().is_ok(), true),
        ("no identifier", |c| queries(c, &["a b"]), false),
        ("two of a name", |c| queries(c, &["a", "a"]), false),
    ];
    for (name, call, good) in calls {
        let page = b"<html><h1>Not here</h1></html>".as_slice();
        for (body, message) in [
            (
                br#"{"code":"not found","message":"no bucket"}"#.as_slice(),
                true,
            ),
            (page, false),
        ] {
            let missing = response("404 Not Found", "", body, None);
            let mut buffer = [0; 256];
            let transport = Scripted::new(&[&missing, STORED]);
            let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
            assert!(connection.write("b", lines(b"m f=1\n")).is_err());
            assert_eq!(connection.error_bytes(), body);
            assert_eq!(connection.error_body().message().is_some(), message);
            assert_eq!(call(&mut connection), good, "{name}");
            assert_eq!(connection.error_bytes(), b"", "{name}");
            assert!(connection.error_body().message().is_none(), "{name}");
        }
    }
    // The page of a ping that succeeds is none.
    let page = response("200 OK", "", br#"{"message":"ready"}"#, None);
    let mut buffer = [0; 256];
    let mut connection = Connection::new(Scripted::new(&[&page]), &mut buffer, &CONFIG);
    assert_eq!(connection.ping(), Ok(()));
    assert_eq!(connection.error_bytes(), b"");
}

fn queries(connection: &mut OverScript<'_>, names: &[&str]) -> bool {
    let params: Vec<_> = names.iter().map(|name| (*name, &1_i64 as _)).collect();
    let (mut text, mut ends) = ([0; 64], [0; 8]);
    let mut decoder = Decoder::new(&mut text, &mut ends);
    connection.query("x", &params, &mut decoder).is_ok()
}

/// A board starts as it goes on after an outage.
#[test]
fn a_transport_that_is_not_open_yet() {
    let mut buffer = [0; 128];
    let mut connection = Connection::closed(Scripted::new(&[STORED]), &mut buffer, &CONFIG);
    assert!(!connection.is_open());
    assert_eq!(
        connection.write("b", lines(b"m f=1\n")),
        Err(Error::NotOpen)
    );
    assert!(connection.transport().written.is_empty());
    connection.reopened();
    assert_eq!(connection.write("b", lines(b"m f=1\n")), Ok(()));
    // What is wrong with the settings is found before that, or after it.
    let mut buffer = [0; 10];
    let mut connection = Connection::closed(Scripted::new(&[]), &mut buffer, &CONFIG);
    assert_eq!(connection.ping(), Err(Error::NotOpen));
    connection.reopened();
    assert_eq!(connection.ping(), Err(Error::Head(HeadError::Full)));
}

#[test]
fn an_error_says_what_became_of_the_lines() {
    let conflict = |dropped: &str| {
        format!(
            r#"{{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict: input field \"f\" on measurement \"m\" is type string, already exists as type float{dropped}"}}"#
        )
    };
    for (status, body, sentence) in [
        (
            "422 Unprocessable Entity",
            conflict(" dropped=1"),
            "the server responded with status 422 (stored: the good lines); nothing can be done; lines dropped: 1",
        ),
        (
            "422 Unprocessable Entity",
            conflict(" dropped=2"),
            "the server responded with status 422 (stored: nothing); nothing can be done; lines dropped: 2",
        ),
        (
            "422 Unprocessable Entity",
            conflict(""),
            "the server responded with status 422 (stored: the good lines); nothing can be done",
        ),
        (
            "400 Bad Request",
            r#"{"code":"invalid","message":"unable to parse 'm f=x': invalid boolean"}"#.into(),
            "the server responded with status 400 (stored: nothing); take the bad lines out and send the rest; it names line 2",
        ),
        (
            "404 Not Found",
            "no assets included in binary".into(),
            "the server responded with status 404 (stored: nothing); keep it until a person has corrected the cause",
        ),
        (
            "503 Service Unavailable",
            String::new(),
            "the server responded with status 503 (stored: unknown); send it again later",
        ),
    ] {
        let mut buffer = [0; 512];
        let transport = Scripted::new(&[&response(status, "", body.as_bytes(), None)]);
        let mut connection = Connection::new(transport, &mut buffer, &CONFIG);
        let error = connection.write("b", lines(b"m f=1\nm f=x\n")).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
}
