//! Something between the writer and the database refuses every request, over real sockets.

use crate::common::mock_server::{Fault, Server};
use influx_edge::line::Point;
use influx_edge::{Client, Remedy};
use std::time::Duration;

/// Thirty requests are refused, whatever is in them. No line is rejected; the error asks for a
/// person, whatever the words; and when it ends, everything arrives.
#[test]
fn whoever_refuses_everything_rejects_no_line() {
    let silent = "write buffer error: parsing for line protocol failed";
    let named = r#"{"error":"parsing failed for write_lp endpoint","data":{"error_message":"no","line_number":70000,"original_line":"bad"}}"#;
    let table: [(&str, Fault); 7] = [
        (silent, Fault::error(400, "invalid", silent)),
        ("policy", Fault::error(422, "invalid", "policy")),
        (
            "unable to parse",
            Fault::error(400, "invalid", "unable to parse 'no line of ours': no"),
        ),
        ("parsing failed", Fault::status(400).body(named)),
        (
            "too large",
            Fault::error(413, "request too large", "too large"),
        ),
        (
            "413",
            Fault::status(413).body("<html>413 Request Entity Too Large</html>"),
        ),
        // (This one is about no line by its words alone.)
        (
            "Bad Request",
            Fault::status(400).body(r#"{"message":"Bad Request"}"#),
        ),
    ];
    for (says, fault) in table {
        for (before, lines) in [(0, 1), (1, 1), (0, 40), (3, 40)] {
            let server = Server::start();
            let client = Client::builder(server.url())
                .org(server.org())
                .token(server.token())
                .build()
                .unwrap();
            let mut w = client.writer(server.bucket()).build().unwrap();
            let mut write = |numbers: std::ops::Range<i64>| {
                for n in numbers {
                    let point = Point::new("weather").field("n", n);
                    w.write(point.time(influx_edge::Timestamp::from_nanos(n)))
                        .unwrap();
                }
                w.flush_within(Duration::from_secs(2))
            };
            let _ = write(0..before).unwrap();
            server.fault(fault.clone().times(30));
            let error = write(before..before + lines).unwrap_err();
            assert_eq!(error.remedy(), Remedy::Operator, "{error}");
            assert!(!error.is_retryable());
            assert!(error.to_string().contains(says), "{error}");
            let first = server.requests().len();
            assert!(first <= 20, "{first}");
            let outcome = (0..40).find_map(|_| write(0..0).ok());
            assert!(outcome.is_some(), "{says}");
            let stats = w.stats();
            assert_eq!((stats.rejected.total(), stats.dropped.total()), (0, 0));
            assert_eq!(stats.delivered, stats.accepted);
            let all = usize::try_from(before + lines).unwrap();
            assert_eq!(server.points(server.bucket()).len(), all, "{says}");
        }
    }
}
