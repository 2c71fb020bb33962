//! Row 21 of the fault table once more: refusals of which only a part arrives.

use crate::common::wire::{Wire, json_error, no_secret};
use influx_edge::{Remedy, Stored};

const LINE: &str = "weather,station=zrh-1 temp_c=21.5 1700000000000000000";

/// What is there of an error counts, though the connection ended within it.
#[test]
fn a_refusal_that_breaks_off_counts_as_far_as_it_got() {
    let none = (Stored::None, Remedy::RemoveBadLines);
    let partial = (Stored::Partial, Remedy::None);
    let dropped = r#"{"code":"unprocessable entity","message":"partial write: x dropped=1"#;
    let v3 = r#"{"error":"partial write of line protocol occurred","data":[{"error_message":"a""#;
    for (status, body, meant) in [
        (
            "400",
            r#"{"code":"invalid","message":"unable to parse 'wea"#,
            none,
        ),
        (
            "400",
            r#"{"code":"invalid","message":"unable to parse 'a': b""#,
            none,
        ),
        (
            "400",
            r#"{"code":"invalid","message":"write buffer error"#,
            none,
        ),
        ("422", dropped, partial),
        ("400", v3, partial),
        // Not so much that it is InfluxDB's; a gateway's.
        (
            "400",
            r#"{"code":"invalid","mess"#,
            (Stored::None, Remedy::Operator),
        ),
        (
            "400",
            r#"{"message":"Bad Req"#,
            (Stored::None, Remedy::Operator),
        ),
    ] {
        for framing in [
            format!("Content-Length: 999\r\n\r\n{body}"),
            format!(
                "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n",
                body.len()
            ),
        ] {
            let bytes = format!("HTTP/1.1 {status} X\r\n{framing}");
            let wire = Wire::each(1, move |peer| {
                peer.request();
                peer.send(&bytes);
            });
            let error = wire.plain_client().write("b", LINE).unwrap_err();
            no_secret(&error);
            assert_eq!((error.stored(), error.remedy()), meant, "{body}");
            // More digits may have followed.
            assert_eq!(error.response().unwrap().dropped(), None, "{body}");
        }
    }
    // A message may be empty.
    let wire = Wire::responding(json_error("400 Bad Request", "invalid", ""));
    let error = wire.plain_client().write("b", LINE).unwrap_err();
    assert!(error.message().contains("invalid"), "{error}");
}
