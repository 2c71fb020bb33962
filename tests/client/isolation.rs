//! The modules above the client: no secret shows in what their calls give back, print or keep on
//! disk, and no name or value of the caller's becomes a header, a parameter or Flux of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::wire::{NO_CONTENT, TOKEN, Wire, echo, hidden, no_secret, response};
use influx_edge::api::*;
use influx_edge::client::Setup;
use influx_edge::line::Point;
use influx_edge::{Client, Error};

/// Fits every id.
const ID: &str = "66de4893384f6b2b";

fn id<T: std::str::FromStr<Err = Error>>() -> T {
    ID.parse().unwrap()
}

const STATUSES: [&str; 6] = [
    "200 OK",
    "302 Found",
    "400 Bad Request",
    "404 Not Found",
    "422 What",
    "500 Internal Server Error",
];

/// Whether a response that tells everything back leaves nothing in an error.
#[track_caller]
fn clean<T>(result: Result<T, Error>) {
    if let Err(error) = result {
        no_secret(&error);
        hidden(&error);
    }
}

#[test]
fn no_error_of_a_resource_shows_a_secret() {
    for status in STATUSES {
        let wire = echo(status);
        for builder in [
            Client::builder(wire.url()).token(TOKEN),
            Client::builder(wire.url()).session("user", "canary-7f3a-password"),
        ] {
            let c = builder.org_id(ID).build().unwrap();
            hidden(&(c.buckets(), c.users(), c.tasks(), c.authorizations()));
            clean(c.buckets().find(&id()));
            clean(c.buckets().create(&NewBucket::new("b")));
            clean(c.buckets().delete(&id()));
            c.tasks().list().take(2).for_each(clean);
            clean(c.tasks().logs(&id()));
            clean(c.labels().find_by_name("l"));
            clean(c.dbrps().find(&id()));
            clean(c.variables().delete(&id()));
            clean(c.scripts().invoke(&id(), &()).call());
            let may = [Permission::read().bucket(&id())];
            clean(c.authorizations().create(&NewAuthorization::new(may)));
            // Secrets that only this one call has.
            clean(c.users().set_password(&id(), "canary-7f3a-new"));
            let old = "canary-7f3a-old";
            let users = c.users();
            clean(users.change_my_password("me", old, "canary-7f3a-new"));
            clean(users.change_password(&id(), "me", old, "canary-7f3a-new"));
            let secret = [("key", "canary-7f3a-value")];
            clean(c.organizations().set_secrets(&id(), secret));
            let setup = Setup::new("u", "o", "b").password("canary-7f3a-first");
            hidden(&setup);
            clean(c.setup(&setup.token("canary-7f3a-chosen")));
        }
    }
    // A token is shown once, to who asks for it.
    let made = format!(r#"{{"id":"{ID}","token":"canary-7f3a-made","orgID":"{ID}"}}"#);
    let json = "Content-Type: application/json\r\n";
    let wire = Wire::responding(response("201 Created", json, made));
    let c = wire.client();
    let made = c.authorizations().find(&id()).unwrap().unwrap();
    hidden(&made);
    assert_eq!(made.reveal_token(), Some("canary-7f3a-made"));
}

#[cfg(feature = "v1")]
#[test]
fn no_error_of_1_x_shows_a_secret() {
    for status in STATUSES {
        let wire = echo(status);
        let c = Client::builder(wire.url()).build().unwrap();
        // One whose characters need encoding, too.
        for password in ["canary-7f3a-p", "canary-7f3a / &?=p"] {
            let db = c.v1("d").credentials_in_url("u", password);
            hidden(&(&db, db.query("SELECT 1")));
            clean(db.write("m f=1 1"));
            clean(
                db.query("SELECT 1")
                    .call()
                    .and_then(|mut r| r.next().map(drop)),
            );
            clean(db.query("SELECT 1").use_get().run());
        }
        let c = Client::builder(wire.url())
            .basic("u", "canary-7f3a")
            .build();
        clean(c.unwrap().v1("d").write("m f=1 1"));
    }
}

/// Everything that the writer tells, and every byte that the spool keeps.
#[test]
fn neither_writer_nor_disk_shows_a_secret() {
    for status in STATUSES {
        let wire = echo(status);
        for (n, builder) in [
            Client::builder(wire.url()).token(TOKEN),
            Client::builder(wire.url()).session("user", "canary-7f3a-password"),
        ]
        .into_iter()
        .enumerate()
        {
            let said = Arc::new(Mutex::new(Vec::new()));
            let told = Arc::clone(&said);
            let writer = builder
                .org("acme")
                .build()
                .unwrap()
                .writer("b")
                .flush_timeout(Duration::from_millis(300))
                .on_event(move |event| told.lock().unwrap().push(format!("{event:?}")));
            #[cfg(feature = "spool")]
            let (writer, dir) = {
                let name = format!("influx-edge-isolation-{}-{n}-{status}", std::process::id());
                let dir = std::env::temp_dir().join(name.replace(' ', "-"));
                let _ = std::fs::remove_dir_all(&dir);
                let spool = influx_edge::spool::Spool::open(&dir).unwrap();
                (writer.spool(spool), dir)
            };
            let _ = n;
            hidden(&writer);
            let mut w = writer.build().unwrap();
            for value in 0..3 {
                w.write(
                    Point::new("m")
                        .field("f", value)
                        .time(influx_edge::Timestamp::from_nanos(value)),
                )
                .unwrap();
            }
            let flushed = w.flush();
            hidden(&(&w, w.stats(), &flushed, w.last_error()));
            if let Some(error) = w.last_error() {
                no_secret(&error);
            }
            w.take_rejected().iter().for_each(|line| hidden(line));
            let closed = w.close();
            hidden(&closed);
            clean(flushed);
            clean(closed);
            said.lock().unwrap().iter().for_each(|event| hidden(event));
            #[cfg(feature = "spool")]
            {
                assert!(files(&dir) > 0, "the spool wrote nothing");
                std::fs::remove_dir_all(&dir).unwrap();
            }
        }
    }
}

/// How many bytes of files there are, none of them with a secret.
#[cfg(feature = "spool")]
fn files(dir: &std::path::Path) -> usize {
    let mut total = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            total += files(&path);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for secret in [&b"canary-7f3a"[..], b"Y2FuYXJ5"] {
            assert!(
                !bytes.windows(secret.len()).any(|w| w == secret),
                "{} has a secret",
                path.display()
            );
        }
        total += bytes.len();
    }
    total
}

const EVIL: &[&str] = &[
    "a\r\nX-Evil: 1",
    "a\nX-Evil: 1",
    "a HTTP/1.1\r\nHost: evil\r\n\r\nGET /evil",
    "a&org=evil&name=evil",
    "a?x=evil#evil",
    "../../evil",
    "a/../../evil",
    "a%0d%0aX-Evil: 1",
    "a\0evil",
    "a\u{2028}X-Evil: 1",
    "ü\u{85}evil",
    "a\", every: 1s} //",
    "\" |> drop() //",
    "\\\" |> drop() //",
    "${evil()}",
    "'; DROP DATABASE evil --",
];

/// Whether nothing that arrived was made up by the text.
#[track_caller]
fn unharmed(wire: &Wire, text: &str, at_least: usize) {
    let all = wire.seen();
    assert!(all.len() >= at_least, "{text:?}: only {} calls", all.len());
    for seen in all {
        assert!(seen.header("x-evil").is_none(), "{text:?} made a header");
        assert!(seen.header("host").unwrap().starts_with("127.0.0.1:"));
        let target = &seen.target;
        assert!(
            target.starts_with("/api/v2/")
                || target.starts_with("/write?")
                || target.starts_with("/query?"),
            "{text:?}: {target}"
        );
        assert!(
            !target.contains("/../") && !target.contains("=evil") && !target.contains('#'),
            "{text:?}: {target}"
        );
        assert!(
            target.bytes().all(|b| b.is_ascii_graphic()),
            "{text:?}: {target}"
        );
    }
}

#[test]
fn names_of_resources_stay_names() {
    for text in EVIL {
        let json = "Content-Type: application/json\r\n";
        let wire = Wire::responding(response("404 Not Found", json, r#"{"code":"not found"}"#));
        let c = Client::builder(wire.url()).org(*text).token(TOKEN).build();
        let c = c.unwrap();
        let t = *text;
        // Refused or sent, it harms nothing; what was sent is looked at below.
        let _ = c.buckets().find_by_name(t);
        let _ = c
            .buckets()
            .create(&NewBucket::new(t).description(t).retention_policy(t));
        let _ = c.buckets().update(&id(), &BucketUpdate::new().name(t));
        let _ = c.buckets().schemas(&id()).find_by_name(t);
        let _ = c.organizations().find_by_name(t);
        let _ = c
            .organizations()
            .create(&NewOrganization::new(t).description(t));
        let _ = c.organizations().set_secrets(&id(), [(t, t)]);
        let _ = c.organizations().delete_secret(&id(), t);
        let _ = c.users().find_by_name(t);
        let _ = c.users().create(&NewUser::new(t));
        let _ = c.users().change_my_password("u", "old-password", t);
        let _ = c.labels().find_by_name(t);
        let _ = c.labels().create(&NewLabel::new(t).property(t, t));
        let _ = c.authorizations().list().of_user_named(t).next();
        let _ = c.dbrps().list().database(t).retention_policy(t).next();
        let _ = c.dbrps().create(&NewDbrp::new(&id(), t, t));
        let _ = c.tasks().find_by_name(t);
        let _ = c.tasks().list().named(t).next();
        let _ = c.variables().find_by_name(t);
        let _ = c
            .variables()
            .create(&NewVariable::new(t, VariableArguments::constant([t])));
        let _ = c.scripts().find_by_name(t);
        let _ = c.scripts().invoke(&id(), &BTreeMap::from([(t, t)])).call();
        unharmed(&wire, text, 8);

        // The one place where a name goes into Flux.
        let before = wire.seen().len();
        let _ = c
            .tasks()
            .create(&NewTask::every(t, "1h", "from(bucket: \"b\")"));
        let _ = c
            .tasks()
            .create(&NewTask::cron(t, "0 * * * *", "from(bucket: \"b\")"));
        for seen in &wire.seen()[before..] {
            let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
            let Some(flux) = body["flux"].as_str() else {
                continue;
            };
            let (_, option) = flux.split_once("option task = {name: \"").unwrap();
            // To the first quote that isn't escaped.
            let mut name = String::new();
            let mut rest = option.chars();
            loop {
                match rest.next().unwrap() {
                    '"' => break,
                    '\\' => match rest.next().unwrap() {
                        'n' => name.push('\n'),
                        'r' => name.push('\r'),
                        'x' => {
                            let hex: String = rest.by_ref().take(2).collect();
                            name.push(char::from(u8::from_str_radix(&hex, 16).unwrap()));
                        }
                        escaped => name.push(escaped),
                    },
                    '$' => {
                        assert_ne!(rest.clone().next(), Some('{'), "{flux}");
                        name.push('$');
                    }
                    other => name.push(other),
                }
            }
            assert_eq!(name, t);
            let behind = rest.as_str();
            assert!(
                behind.starts_with(", every: 1h}") || behind.starts_with(", cron: \"0 * * * *\"}"),
                "{flux}"
            );
        }
    }
}

#[cfg(feature = "v1")]
#[test]
fn names_of_1_x_stay_names() {
    for text in EVIL {
        let wire = Wire::responding(NO_CONTENT);
        let c = Client::builder(wire.url()).build().unwrap();
        let db = c.v1(*text).retention_policy(*text);
        db.write("m f=1 1").unwrap();
        let db = db.credentials_in_url(*text, *text);
        db.write("m f=1 1").unwrap();
        let _ = db.query(*text).param(*text, *text).call();
        let get = format!("SHOW {}", text.replace(';', ""));
        let _ = db.query(get).param(*text, *text).use_get().call();
        unharmed(&wire, text, 4);
        let body = String::from_utf8(wire.seen()[2].body.clone()).unwrap();
        assert_eq!(body.matches('&').count(), 1, "{body}");
        assert_eq!(body.matches('=').count(), 2, "{body}");
    }
}

/// A bucket's name, on its way through the writer, the disk and the writer of another life.
#[test]
fn names_of_buckets_stay_names() {
    let point = Point::new("m")
        .field("f", 1.5)
        .time(influx_edge::Timestamp::from_nanos(1));
    for (n, text) in EVIL.iter().enumerate() {
        let wire = Wire::responding(NO_CONTENT);
        let writer = |url: String| {
            let client = Client::builder(url).org(*text).token(TOKEN).build();
            client.unwrap().writer(*text)
        };
        // What the disk has no form for is refused with and without one.
        if text.contains('\0') {
            assert!(writer(wire.url()).build().unwrap_err().is_config());
            continue;
        }
        let mut w = writer(wire.url()).build().unwrap();
        w.write(&point).unwrap();
        assert_eq!(w.close().unwrap().delivered, 1);
        unharmed(&wire, text, 1);
        let direct = wire.seen().remove(0).target;
        let _ = n;
        #[cfg(feature = "spool")]
        {
            use influx_edge::spool::Spool;
            let dir = format!("influx-edge-names-{}-{n}", std::process::id());
            let dir = std::env::temp_dir().join(dir);
            let _ = std::fs::remove_dir_all(&dir);
            let spool = Spool::open(&dir).unwrap();
            let nobody = writer(crate::common::wire::closed_port())
                .flush_timeout(Duration::from_millis(200))
                .spool(spool);
            let mut w = nobody.build().unwrap();
            w.write(&point).unwrap();
            assert_eq!(w.close().unwrap().spooled, 1, "{text:?}");
            let spool = Spool::open(&dir).unwrap();
            let mut w = writer(wire.url()).spool(spool).build().unwrap();
            let _ = w.flush().unwrap();
            let _ = w.close().unwrap();
            let again = wire.seen();
            assert_eq!(again.len(), 2, "{text:?}");
            assert!(again.iter().all(|seen| seen.target == direct), "{text:?}");
            std::fs::remove_dir_all(&dir).unwrap();
        }
        assert!(direct.starts_with("/api/v2/write?org="), "{direct}");
    }
}
