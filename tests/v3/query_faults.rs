//! Responses that break off, and others that are none.

use crate::common::wire::Wire;
use crate::server::{csv, play, recorded};
use influx_edge::{Client, TransportErrorKind};
use std::time::Duration;

#[test]
fn a_response_that_breaks_off_is_an_error_after_its_rows() {
    let whole = recorded("sql/all-types-csv").body;
    let full = whole.lines().count() - 1;
    // At every byte: in the names, in cells, in quotes, behind a row, and before the last chunk.
    for at in 0..=whole.len() {
        let mut response = csv(&whole[..at]);
        response.cut = true;
        let ((count, error), _) = play(&response, |client: &Client| {
            let mut rows = client.v3("rec").sql("x").call().unwrap();
            let mut count = 0;
            let error = loop {
                match rows.next() {
                    Ok(Some(row)) => {
                        count += 1;
                        assert!(row.get::<f64>("temp_c").is_ok());
                    }
                    Ok(None) => panic!("an end after {at} bytes"),
                    Err(error) => break error,
                }
            };
            assert!(rows.next().unwrap().is_none(), "the error is said once");
            (count, error)
        });
        let ended = whole[..at].matches('\n').count().saturating_sub(1);
        assert_eq!(count, ended, "after {at} bytes");
        assert!(count <= full);
        let text = error.to_string();
        assert!(
            text.contains("; InfluxDB 3 breaks a response off, too, when a query fails while its rows are made, such as by a division by zero: its log has the reason"),
            "{text}"
        );
        let kind = match error.kind() {
            influx_edge::ErrorKind::Transport(error) => error.kind(),
            other => panic!("{other:?}"),
        };
        assert_eq!(kind, TransportErrorKind::Closed);
    }
}

#[test]
fn every_way_to_the_rows_sees_that_it_broke_off() {
    let mut response = csv("a,b\n1,2\n3,4\n5");
    response.cut = true;
    let (error, _) = play(&response, |client| {
        let query = client.v3("rec").sql("x");
        let mut values = query.deserialize::<(i32, i32)>().unwrap();
        assert_eq!(values.next().unwrap().unwrap(), (1, 2));
        assert_eq!(values.next().unwrap().unwrap(), (3, 4));
        let error = values.next().unwrap().unwrap_err();
        assert!(values.next().is_none());
        error
    });
    assert!(error.to_string().contains("breaks a response off"));
    let (error, _) = play(&response, |client| {
        let mut rows = client.v3("rec").sql("x").call().unwrap().into_iter();
        assert!(rows.next().unwrap().is_ok() && rows.next().unwrap().is_ok());
        let error = rows.next().unwrap().unwrap_err();
        assert!(rows.next().is_none());
        error
    });
    assert!(error.to_string().contains("breaks a response off"));
    let (error, _) = play(&response, |client| {
        let mut seen = 0;
        let mut rows = client.v3("rec").sql("x").call().unwrap();
        let error = rows.for_each(|_| {
            seen += 1;
            Ok(())
        });
        assert_eq!(seen, 2);
        error.unwrap_err()
    });
    assert!(error.to_string().contains("breaks a response off"));
    let (error, _) = play(&response, |client| {
        let mut out = Vec::new();
        client.v3("rec").sql("x").write_to(&mut out).unwrap_err()
    });
    assert!(error.to_string().contains("breaks a response off"));
    response.body.clear();
    let (error, _) = play(&response, |client| {
        let mut rows = client.v3("rec").sql("x").call().unwrap();
        rows.columns().map(drop).unwrap_err()
    });
    assert!(error.to_string().contains("breaks a response off"));
}

/// A body that ends as it should, in the middle of a row.
#[test]
fn a_row_that_ends_early_is_an_error_too() {
    for (body, rows) in [("a,b", 0), ("a,b\n1,2\n3", 1), ("a,b\n1,2\n3,\"x", 1)] {
        let ((), _) = play(&csv(body), |client| {
            let mut all = client.v3("rec").sql("x").call().unwrap();
            let mut count = 0;
            let error = loop {
                match all.next() {
                    Ok(Some(_)) => count += 1,
                    Ok(None) => panic!("an end of {body:?}"),
                    Err(error) => break error,
                }
            };
            assert_eq!(count, rows);
            assert!(!error.is_retryable());
            let text = error.to_string();
            assert!(text.contains("the stream ends in the middle"), "{text}");
        });
    }
}

#[test]
fn what_is_no_csv_is_no_result() {
    for (kind, body) in [
        ("text/html", "<html><title>Sign in</title></html>"),
        ("application/json", "[]"),
        ("application/jsonl", ""),
        ("text/plain; charset=utf-8", "+--+"),
    ] {
        let mut response = csv(body);
        response.headers[0].1 = kind.into();
        let (error, _) = play(&response, |client| {
            client.v3("rec").sql("x").call().unwrap_err()
        });
        assert!(!error.is_retryable(), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("cannot query database \"rec\": "),
            "{error}"
        );
    }
    // Parameters of the type, and any case.
    let mut response = csv("one\n1\n");
    response.headers[0].1 = "Text/CSV; charset=utf-8".into();
    let (value, _) = play(&response, |client| {
        let mut rows = client.v3("rec").sql("SELECT 1 AS one").call().unwrap();
        let row = rows.next().unwrap().unwrap();
        row.get::<i64>("one").unwrap()
    });
    assert_eq!(value, 1);
}

#[test]
fn the_limits_are_kept() {
    let body = format!("a,b\n{},2\n", "x".repeat(5000));
    let (errors, _) = play(&csv(&body), |client| {
        let mut rows = client
            .v3("rec")
            .sql("x")
            .max_record_bytes(4096)
            .call()
            .unwrap();
        rows.next().map(drop).unwrap_err()
    });
    assert!(
        errors.to_string().contains("the limit of max_record_bytes"),
        "{errors}"
    );
    let (errors, _) = play(&csv(&body), |client| {
        let mut rows = client.v3("rec").sql("x").max_columns(1).call().unwrap();
        rows.next().map(drop).unwrap_err()
    });
    assert!(
        errors.to_string().contains("the limit of max_columns"),
        "{errors}"
    );
    let (errors, _) = play(&csv(&body), |client| {
        let mut rows = client
            .v3("rec")
            .sql("x")
            .max_body_bytes(1000)
            .call()
            .unwrap();
        rows.next().map(drop).unwrap_err()
    });
    assert!(!errors.is_retryable(), "{errors}");

    // Silence, and drips.
    let wire = Wire::each(2, |peer| {
        peer.request();
        peer.send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        for _ in 0..100 {
            peer.send("4\r\na\n1\n\r\n");
            std::thread::sleep(Duration::from_millis(30));
        }
    });
    let client = wire.client();
    let mut rows = client
        .v3("rec")
        .sql("x")
        .timeout(Duration::from_millis(200))
        .call()
        .unwrap();
    let error = loop {
        match rows.next() {
            Ok(row) => assert!(row.is_some()),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("exceeded `timeout`"), "{error}");
    let query = client.v3("rec").sql("x");
    let mut rows = query.read_timeout(Duration::from_millis(5)).call().unwrap();
    let error = loop {
        match rows.next() {
            Ok(row) => assert!(row.is_some()),
            Err(error) => break error,
        }
    };
    assert!(
        error.to_string().contains("within `read_timeout`"),
        "{error}"
    );
}
