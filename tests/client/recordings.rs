//! Every recorded exchange with a real server that the client has a call for: what we send equals
//! what was recorded (method, path, query as a set, body as JSON or to the byte, the headers that
//! matter), and the recorded response means what it should.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::common::wire::{Seen, Wire, no_secret};
use base64::Engine as _;
use influx_edge::api::Status;
use influx_edge::client::{Method, Setup};
use influx_edge::line::Lines;
use influx_edge::{Client, Error, Precision, Remedy, Stored, Timestamp};
use serde_json::Value;

/// One recorded exchange.
struct Exchange {
    name: String,
    request: Value,
    response: Value,
}

fn group(name: &str) -> Vec<Exchange> {
    let dir = format!(
        "{}/tests/recordings/http/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let mut all: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
            Exchange {
                name: file.file_stem().unwrap().to_string_lossy().into_owned(),
                request: all["request"].take(),
                response: all["response"].take(),
            }
        })
        .collect()
}

impl Exchange {
    fn header(&self, name: &str) -> Option<&str> {
        self.request["headers"][name].as_str()
    }

    fn status(&self) -> u16 {
        u16::try_from(self.response["status"].as_u64().unwrap()).unwrap()
    }

    fn method(&self) -> &str {
        self.request["method"].as_str().unwrap()
    }

    fn target(&self) -> &str {
        self.request["target"].as_str().unwrap()
    }

    fn path(&self) -> &str {
        self.target().split('?').next().unwrap()
    }

    fn query(&self) -> BTreeMap<String, String> {
        parameters(self.target())
    }

    fn body(&self) -> Vec<u8> {
        bytes(&self.request)
    }

    /// The recorded response, as it goes over the wire.
    fn response(&self) -> Vec<u8> {
        let body = bytes(&self.response);
        let mut out = format!("HTTP/1.1 {} Recorded\r\n", self.status());
        let mut chunked = false;
        for (name, value) in self.response["headers"].as_object().unwrap() {
            chunked |= name == "Transfer-Encoding";
            out.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap()));
        }
        let mut out = out.into_bytes();
        if chunked {
            out.extend_from_slice(b"\r\n");
            for piece in body.chunks(100) {
                out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                out.extend_from_slice(piece);
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b"0\r\n\r\n");
        } else if self.status() == 204 {
            out.extend_from_slice(b"\r\n");
        } else {
            out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            out.extend_from_slice(&body);
        }
        out
    }

    /// A client as the recorded one was: its token, its organization.
    fn client(&self, wire: &Wire) -> Client {
        let mut builder = Client::builder(wire.url()).timeout(Duration::from_secs(5));
        if let Some(token) = self
            .header("Authorization")
            .and_then(|h| h.strip_prefix("Token "))
        {
            builder = builder.token(token);
        }
        if let Some(org) = self.query().get("org") {
            builder = builder.org(org);
        }
        #[cfg(feature = "gzip")]
        if self.header("Content-Encoding") == Some("gzip") {
            builder = builder.gzip_min_bytes(0);
        }
        builder.build().unwrap()
    }

    /// Plays the exchange: makes the call, compares what went out, gives what came of it.
    fn play<T>(&self, call: impl FnOnce(&Client) -> Result<T, Error>) -> Result<T, Error> {
        let wire = Wire::responding(self.response());
        let result = call(&self.client(&wire));
        let seen = wire.seen();
        assert_eq!(seen.len(), 1, "{}: one request", self.name);
        self.compare(&seen[0]);
        if let Err(error) = &result {
            no_secret(error);
            if let Some(token) = self
                .header("Authorization")
                .and_then(|h| h.strip_prefix("Token "))
            {
                let shown = format!("{error} {error:?}");
                assert!(
                    token.len() < 5 || !shown.contains(token),
                    "{}: {shown}",
                    self.name
                );
            }
            assert_eq!(
                error.status(),
                Some(self.status()),
                "{}: {error}",
                self.name
            );
            let code = self.response["headers"]["X-Platform-Error-Code"].as_str();
            assert_eq!(error.code(), code, "{}", self.name);
            let body: Value = serde_json::from_slice(&bytes(&self.response)).unwrap();
            // A message of several lines is one line here.
            let message = body["message"].as_str().unwrap().replace('\n', "\\n");
            // The names that stand for tokens in the recordings are ordinary words.
            let message = message.replace("operator", "***");
            let shown = error.message();
            assert!(message.starts_with(shown), "{}: {shown}", self.name);
            assert!(!error.to_string().chars().any(char::is_control));
        }
        result
    }

    fn compare(&self, seen: &Seen) {
        let name = &self.name;
        assert_eq!(seen.method, self.method(), "{name}");
        assert_eq!(
            seen.target.split('?').next().unwrap(),
            self.path(),
            "{name}"
        );
        let mut ours = parameters(&seen.target);
        let recorded = self.query();
        // We always say the precision; nanoseconds are what a server takes when nobody does.
        if !recorded.contains_key("precision") && ours.get("precision").is_some_and(|p| p == "ns") {
            ours.remove("precision");
        }
        assert_eq!(ours, recorded, "{name}");
        for header in [
            "Authorization",
            "Content-Type",
            "Content-Encoding",
            "Cookie",
            "Prefer",
        ] {
            let Some(value) = self.header(header) else {
                continue;
            };
            assert_eq!(
                seen.header(&header.to_ascii_lowercase()),
                Some(value),
                "{name}: {header}"
            );
        }
        let (ours, recorded) = (plain(&seen.body), plain(&self.body()));
        match (
            serde_json::from_slice::<Value>(&ours),
            serde_json::from_slice::<Value>(&recorded),
        ) {
            (Ok(mut ours), Ok(mut recorded)) => {
                for body in [&mut ours, &mut recorded] {
                    // Flux is what a query is unless it says otherwise.
                    if body["type"] == "flux" {
                        body.as_object_mut().unwrap().remove("type");
                    }
                }
                assert_eq!(ours, recorded, "{name}");
            }
            _ => assert_eq!(ours, recorded, "{name}"),
        }
    }
}

/// A body, however it is kept.
fn bytes(side: &Value) -> Vec<u8> {
    if let Some(text) = side["body_base64"].as_str() {
        return base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap();
    }
    side["body"].as_str().unwrap_or("").as_bytes().to_vec()
}

fn parameters(target: &str) -> BTreeMap<String, String> {
    let Some((_, query)) = target.split_once('?') else {
        return BTreeMap::new();
    };
    query
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_string(), value.to_string())
        })
        .collect()
}

/// Compressed bodies differ from one library to the next; what is in them doesn't.
fn plain(body: &[u8]) -> Vec<u8> {
    #[cfg(feature = "gzip")]
    if body.starts_with(&[0x1f, 0x8b]) {
        use std::io::Read;
        let mut out = Vec::new();
        if flate2::read::GzDecoder::new(body)
            .read_to_end(&mut out)
            .is_ok()
        {
            return out;
        }
    }
    body.to_vec()
}

/// Plays each exchange of a group; the names left over must be those we say can't be asked.
fn play_group(name: &str, except: &[&str], play: impl Fn(&Exchange)) {
    let mut left: BTreeSet<&str> = except.iter().copied().collect();
    let all = group(name);
    assert!(!all.is_empty());
    for exchange in &all {
        if !left.remove(exchange.name.as_str()) {
            play(exchange);
        }
    }
    assert!(left.is_empty(), "not recorded: {left:?}");
}

#[test]
fn writes() {
    // Exceptions: an empty body isn't sent; a bucket is always named; there is no precision of
    // hours; a body that isn't gzip isn't called so; another method is the raw call's.
    let mut except = vec![
        "empty",
        "no-bucket",
        "bad-precision",
        "bad-gzip",
        "wrong-method",
    ];
    if cfg!(not(feature = "gzip")) {
        except.push("ok-gzip");
    }
    play_group("write", &except, |x| {
        let query = x.query();
        let precision = match query.get("precision").map(String::as_str) {
            Some("s") => Precision::Second,
            Some("ms") => Precision::Millisecond,
            Some("us") => Precision::Microsecond,
            _ => Precision::Nanosecond,
        };
        let body = plain(&x.body());
        let lines = Lines {
            bytes: &body,
            precision,
        };
        let result = x.play(|client| client.write(&query["bucket"], lines));
        let expected = match x.name.as_str() {
            "ok" | "ok-gzip" | "ok-org-id" | "ok-seconds" | "ok-writer-token" | "only-comment"
            | "only-newlines" => {
                return result.unwrap();
            }
            "type-conflict" | "outside-retention" => (Stored::Partial, Remedy::None),
            // One line, and one was dropped.
            "all-outside-retention" => (Stored::None, Remedy::None),
            "no-token" | "wrong-token" | "read-only-token" | "inactive-token" | "no-org"
            | "unknown-org" | "unknown-bucket" => (Stored::None, Remedy::Operator),
            "two-bad-lines"
            | "one-bad-line"
            | "nan"
            | "duplicate-tag"
            | "bad-timestamp"
            | "bad-line-with-quote"
            | "bad-line-long"
            | "reserved-tag"
            | "timestamp-overflow" => (Stored::None, Remedy::RemoveBadLines),
            other => panic!("{other} has no expectation"),
        };
        let error = result.unwrap_err();
        assert_eq!(
            (error.stored(), error.remedy()),
            expected,
            "{}: {error}",
            x.name
        );
        assert!(!error.is_retryable());
        if expected.1 == Remedy::RemoveBadLines {
            // Each is one of the lines that were sent, to the byte.
            let text = String::from_utf8(body).unwrap();
            let count = if x.name == "two-bad-lines" { 2 } else { 1 };
            assert_eq!(error.line_errors().len(), count, "{}", x.name);
            for bad in error.line_errors() {
                assert!(text.lines().any(|l| l == bad.line), "{}: {bad:?}", x.name);
                assert!(!bad.reason.is_empty());
            }
        }
        if expected.1 == Remedy::None {
            assert_eq!(error.response().unwrap().dropped(), Some(1));
        }
    });
}

#[test]
fn queries() {
    // Exceptions: other interfaces and dialects, which are the raw call's (below).
    let except = [
        "analyze",
        "analyze-ok",
        "ast",
        "suggestion",
        "vnd-flux",
        "params-ignored",
        "no-annotations",
        "prefer-error",
        "prefer-no-content",
        "extern",
        "extern-unary-and-call",
        "extern-unsigned",
    ];
    play_group("query", &except, |x| {
        let body: Value = serde_json::from_slice(&x.body()).unwrap();
        let flux = body["query"].as_str().unwrap();
        let mut rows = 0;
        let result = x.play(|client| {
            let mut response = client.query(flux).call()?;
            while response.next()?.is_some() {
                rows += 1;
            }
            Ok(())
        });
        match x.name.as_str() {
            "ok" | "gzip" => {
                result.unwrap();
                assert!(rows > 0);
            }
            name => {
                let error = result.unwrap_err();
                assert!(!error.is_retryable());
                assert_eq!(error.is_unauthorized(), name == "wrong-token");
                assert_eq!(
                    error.is_not_found(),
                    matches!(name, "unknown-bucket" | "write-only-token" | "unknown-org")
                );
            }
        }
    });
}

#[test]
fn a_query_with_parameters() {
    let all = group("query");
    let x = all.iter().find(|x| x.name == "extern").unwrap();
    let body: Value = serde_json::from_slice(&x.body()).unwrap();
    let row = x
        .play(|client| {
            let mut rows = client
                .query(body["query"].as_str().unwrap())
                .param("s", "a \"q\" ${x} \\ \n z")
                .param("i", -9223372036854775807_i64)
                .param("f", 1.5)
                .param("b", true)
                .param("t", Timestamp::from_nanos(1_700_000_000_123_456_789))
                .param("d", Duration::new(3600, 1))
                .param("l", ["x", "y"])
                .call()?;
            let row = rows.next()?.unwrap();
            Ok((
                row.get::<String>("s")?,
                row.get::<i64>("i")?,
                row.get::<f64>("f")?,
                row.get::<bool>("b")?,
            ))
        })
        .unwrap();
    assert_eq!((row.1, row.2, row.3), (-9223372036854775807, 1.5, true));
    assert!(row.0.starts_with("a \"q\" ${x} \\ "));
}

/// What has no call of its own goes through the raw one, and its responses keep their status.
#[test]
fn raw_calls() {
    let mut played = 0;
    let raw_only = [
        ("raw", &[][..]),
        (
            "query",
            &[
                "analyze",
                "analyze-ok",
                "ast",
                "suggestion",
                "vnd-flux",
                "params-ignored",
                "no-annotations",
                "prefer-error",
                "prefer-no-content",
                "extern-unary-and-call",
                "extern-unsigned",
            ][..],
        ),
        (
            "write",
            &["wrong-method", "no-bucket", "bad-precision", "bad-gzip"][..],
        ),
        ("delete", &["bad-time", "no-bucket", "no-start"][..]),
        (
            "auth",
            &[
                "me-bearer",
                "me-basic",
                "me-none",
                "me-cookie",
                "me-signed-out",
                "me-token-lowercase",
                "me-password",
                "me-password-wrong-old",
            ][..],
        ),
        ("status", &["ping-head"][..]),
    ];
    for (name, only) in raw_only {
        for x in group(name) {
            if !only.is_empty() && !only.contains(&x.name.as_str()) {
                continue;
            }
            let wire = Wire::responding(x.response());
            let client = x.client(&wire);
            let mut request =
                client.request(x.method().to_ascii_lowercase().parse().unwrap(), x.target());
            let body = x.body();
            if !body.is_empty() {
                request = request.body(body);
            }
            for (name, value) in x.request["headers"].as_object().unwrap() {
                request = request.header(name, value.as_str().unwrap());
            }
            let response = request.call().unwrap();
            assert_eq!(response.status(), x.status(), "{}", x.name);
            assert_eq!(response.header("x-influxdb-version"), Some("v2.9.1"));
            let got = response.into_bytes().unwrap();
            if x.method() != "HEAD" {
                assert_eq!(got, bytes(&x.response), "{}", x.name);
            }
            x.compare(&wire.seen()[0]);
            played += 1;
        }
    }
    assert!(played > 35, "{played}");
}

#[test]
fn deletions() {
    // (`reversed`: to times in the wrong order the server responds with 204 and deletes nothing.)
    let not_sent = ["bad-time", "no-bucket", "no-start", "reversed"];
    play_group("delete", &not_sent, |x| {
        let body: Value = serde_json::from_slice(&x.body()).unwrap();
        let time = |name: &str| Timestamp::parse(body[name].as_str().unwrap()).unwrap();
        let result = x.play(|client| {
            let mut delete =
                client.delete_points(&x.query()["bucket"], time("start"), time("stop"));
            if let Some(predicate) = body["predicate"].as_str() {
                delete = delete.predicate(predicate);
            }
            delete.call()
        });
        match x.status() {
            204 => result.unwrap(),
            status => {
                let error = result.unwrap_err();
                assert!(!error.is_retryable(), "{status}");
                assert_eq!(error.is_forbidden(), x.name == "read-only-token");
                assert_eq!(error.is_not_found(), x.name == "unknown-bucket");
            }
        }
    });
}

#[test]
fn status_calls() {
    play_group("status", &["ping-head"], |x| match x.name.as_str() {
        "ping" => {
            x.play(Client::ping).unwrap();
            assert_eq!(x.play(Client::version).unwrap().as_deref(), Some("v2.9.1"));
            let ping = x.play(|c| c.request(Method::Get, "/ping").call()).unwrap();
            assert_eq!(ping.header("X-Influxdb-Build"), Some("OSS"));
        }
        "health" => {
            let health = x.play(Client::health).unwrap();
            assert_eq!(health.status, "pass");
            assert_eq!(health.name, "influxdb");
            assert_eq!(
                health.message.as_deref(),
                Some("ready for queries and writes")
            );
        }
        "ready" => {
            let ready = x.play(Client::ready).unwrap();
            assert_eq!(
                (ready.status.as_str(), ready.up.as_deref()),
                ("ready", Some("223.482249ms"))
            );
        }
        other => panic!("{other}"),
    });
}

#[test]
fn accounts() {
    for x in group("auth") {
        match x.name.as_str() {
            "me-token" => {
                let me = x.play(Client::me).unwrap();
                assert_eq!(
                    (me.name.as_str(), me.status),
                    ("admin", Some(Status::Active))
                );
            }
            "me-wrong-token" => assert!(x.play(Client::me).unwrap_err().is_unauthorized()),
            "signin" => {
                let wire = Wire::responding(x.response());
                let client = Client::builder(wire.url())
                    .session("admin", "correct horse")
                    .build()
                    .unwrap();
                client.sign_in().unwrap();
                x.compare(&wire.seen()[0]);
                // The cookie of the recording is what goes back.
                client.sign_out().unwrap();
                assert_eq!(
                    wire.seen()[1].header("cookie"),
                    Some("influxdb-oss-session=throwaway-token-1")
                );
            }
            "signin-wrong" => {
                let wire = Wire::responding(x.response());
                let client = Client::builder(wire.url())
                    .session("admin", "wrong password")
                    .build()
                    .unwrap();
                let error = client.sign_in().unwrap_err();
                assert!(error.is_unauthorized() && !error.to_string().contains("wrong password"));
                x.compare(&wire.seen()[0]);
            }
            _ => {}
        }
    }
}

#[test]
fn setups() {
    // Exceptions: a write before the setup; a name, an org and a bucket are always given.
    play_group("setup", &["before-write", "missing-fields"], |x| {
        if x.method() == "GET" {
            assert_eq!(x.play(Client::needs_setup).unwrap(), x.name == "allowed");
            return;
        }
        let body: Value = serde_json::from_slice(&x.body()).unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_string();
        let mut setup =
            Setup::new(text("username"), text("org"), text("bucket")).password(text("password"));
        if body["token"].is_string() {
            setup = setup.token(text("token"));
        }
        let wire = Wire::responding(x.response());
        let result = x.client(&wire).setup(&setup);
        if x.name == "short-password" {
            // The server's rule is kept here.
            let rule: Value = serde_json::from_slice(&bytes(&x.response)).unwrap();
            let error = result.unwrap_err();
            assert!(error.is_config(), "{error}");
            assert_eq!(error.message(), rule["message"].as_str().unwrap());
            assert!(wire.seen().is_empty());
            return;
        }
        let mut sent: Value = serde_json::from_slice(&wire.seen()[0].body).unwrap();
        // We always say for how long: zero is what a server takes when nobody does.
        if body["retentionPeriodSeconds"].is_null() {
            assert_eq!(
                sent.as_object_mut()
                    .unwrap()
                    .remove("retentionPeriodSeconds"),
                Some(0.into())
            );
        }
        assert_eq!(sent, body);
        match x.name.as_str() {
            "ok" => {
                let done = result.unwrap();
                assert_eq!(done.token(), "edge-test-operator-token");
                assert_eq!(done.org_id, "66de4893384f6b2b");
                assert_eq!(done.bucket_id, "7750f6f049e6eadb");
            }
            "again" => assert!(result.unwrap_err().is_conflict()),
            other => panic!("{other}"),
        }
    });
}
