//! Settings that stand in the wrong place, or are mistyped: what is shown of them, and what is not.

use std::path::PathBuf;

use crate::common::wire::no_secret;
use influx_edge::client::ClientBuilder;
use influx_edge::{Client, Error};

/// A token as InfluxDB makes them.
const TOKEN: &str =
    "mGyAcanary7f3aPWJ0Qm3q0HbKzvYVpB1nIiB0k3lVh2w3sI6XcJxj8Xv0t4iGz5mN1qS7uE9rT2yW4oA6dF8g==";

fn variables(pairs: &[(&str, &str)]) -> Result<Client, Error> {
    let pairs = pairs
        .iter()
        .map(|(n, v)| (format!("INFLUXDB_V2_{n}"), v.to_string()));
    ClientBuilder::from_variables(pairs)?.build()
}

fn file(name: &str, text: &str) -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("misplaced-{number}"));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// The error of a file without the file's path, and what was warned of.
fn outcome(name: &str, text: &str) -> Result<Vec<String>, String> {
    let path = file(name, text);
    let shown = format!("the configuration file {}", path.display());
    match ClientBuilder::from_config_file(&path).and_then(ClientBuilder::build) {
        Ok(client) => {
            let own = client.warnings().iter().filter(|w| !w.contains("chmod"));
            Ok(own.map(|w| w.replace(&shown, "FILE")).collect())
        }
        Err(error) => {
            no_secret(&error);
            assert!(error.is_config(), "{error}");
            Err(error.to_string().replace(&shown, "FILE"))
        }
    }
}

#[test]
fn a_value_is_shown_if_it_cannot_be_a_secret() {
    let truth = "which isn't true or false";
    let ms = "which isn't a whole number of milliseconds";
    let connections = "which isn't a whole number of connections";
    let long = "canary-7f3a-long-enough";
    for (name, value, shown, wanted) in [
        (
            "AUTH_BASIC",
            "admin:canary-7f3a",
            "a text of 17 characters",
            truth,
        ),
        (
            "AUTH_BASIC",
            "canary-7f3a",
            "a text of 11 characters",
            truth,
        ),
        ("AUTH_BASIC", TOKEN, "a text of 88 characters", truth),
        ("AUTH_BASIC", "a:b", "\"a:b\"", truth),
        ("AUTH_BASIC", "basic", "\"basic\"", truth),
        ("VERIFY_SSL", long, "a text of 23 characters", truth),
        (
            "VERIFY_SSL",
            "/etc/canary-7f3a.pem",
            "a text of 20 characters",
            truth,
        ),
        ("VERIFY_SSL", "maybe", "\"maybe\"", truth),
        ("VERIFY_SSL", "disabled", "\"disabled\"", truth),
        ("VERIFY_SSL", "'false'", "\"'false'\"", truth),
        ("TIMEOUT", TOKEN, "a text of 88 characters", ms),
        ("TIMEOUT", "canary7f3a", "a text of 10 characters", ms),
        ("TIMEOUT", "10canary7f3a", "a text of 12 characters", ms),
        (
            "TIMEOUT",
            "12345678901234567890123",
            "a text of 23 characters",
            ms,
        ),
        ("TIMEOUT", "6s", "\"6s\"", ms),
        ("TIMEOUT", "6 seconds", "\"6 seconds\"", ms),
        ("TIMEOUT", "10000 ms", "\"10000 ms\"", ms),
        (
            "TIMEOUT",
            "10000 Milliseconds",
            "\"10000 Milliseconds\"",
            ms,
        ),
        ("TIMEOUT", "1.5 minutes", "\"1.5 minutes\"", ms),
        ("TIMEOUT", "10_000.00", "\"10_000.00\"", ms),
        (
            "CONNECTION_POOL_MAXSIZE",
            long,
            "a text of 23 characters",
            connections,
        ),
        ("CONNECTION_POOL_MAXSIZE", "many", "\"many\"", connections),
        (
            "CONNECTION_POOL_MAXSIZE",
            "4 connections",
            "\"4 connections\"",
            connections,
        ),
        (
            "CONNECTION_POOL_MAXSIZE",
            "canary 7f3a",
            "a text of 11 characters",
            connections,
        ),
    ] {
        let give = if name == "AUTH_BASIC" && value.contains(':') {
            [
                "; a user and a password are given as INFLUXDB_V2_USERNAME and INFLUXDB_V2_PASSWORD, or as the token user:password with INFLUXDB_V2_AUTH_BASIC=true",
                "; a user and a password are given as username and password, or as the token user:password with auth_basic=true",
            ]
        } else {
            [""; 2]
        };
        let error = variables(&[(name, value)]).unwrap_err();
        no_secret(&error);
        let error = error.to_string();
        assert_eq!(
            error,
            format!("INFLUXDB_V2_{name} is {shown}, {wanted}{}", give[0])
        );
        let name = name.to_lowercase();
        for (ending, text) in [
            (
                "ini",
                format!("[influx2]\nurl = http://h\n{name} = {value}\n"),
            ),
            (
                "toml",
                format!("[influx2]\nurl = 'http://h'\n{name} = \"{value}\"\n"),
            ),
            (
                "json",
                format!("{{\"url\":\"http://h\",\"{name}\":\"{value}\"}}"),
            ),
        ] {
            let error = outcome(&format!("v.{ending}"), &text).unwrap_err();
            assert_eq!(
                error,
                format!("{name} in FILE is {shown}, {wanted}{}", give[1])
            );
        }
    }
}

#[test]
fn a_name_is_shown_if_it_looks_like_one() {
    let ini = "[influx2]\nurl = http://localhost:8086\n";
    let token = TOKEN;
    let alone = " is not a setting of this client";
    for (name, text, warned) in [
        (
            "m.ini",
            format!("{ini}{token}\n"),
            &[&*format!("line 3 of FILE{alone}")][..],
        ),
        (
            "m.ini",
            format!("{ini}# c\n\ntoken {token}\n"),
            &[&format!("line 5 of FILE{alone}")],
        ),
        (
            "m.ini",
            format!("{ini}token =\n{token}\n"),
            &["token in FILE is empty", &format!("line 4 of FILE{alone}")],
        ),
        (
            "m.ini",
            format!("{ini}Token {token}\n"),
            &[&format!("line 3 of FILE{alone}")],
        ),
        (
            "m.conf",
            format!("{ini}canary:7f3a=x\n"),
            &[&format!("canary in FILE{alone}")],
        ),
        (
            "m.ini",
            format!("{ini}tokn = canary-7f3a\n"),
            &[&format!("tokn in FILE{alone}")],
        ),
        (
            "m.ini",
            format!("{ini}read.time-out = 1\n"),
            &[&format!("read.time-out in FILE{alone}")],
        ),
        (
            "m.toml",
            format!("[influx2]\nurl = 'http://localhost:8086'\n\n'{token}' = 1\n"),
            &[&format!("line 4 of FILE{alone}")],
        ),
        (
            "m.toml",
            "[influx2]\nurl = 'http://localhost:8086'\nmGyA7f3a = ''\n\"mGyA 7f3a\" = 1\n"
                .to_owned(),
            &[&format!("line 4 of FILE{alone}")],
        ),
        (
            "m.json",
            format!("{{\"url\":\"http://localhost:8086\",\"{token}\":1}}"),
            &[&format!("a name (88 characters) in FILE{alone}")],
        ),
        (
            "m.json",
            "{\"url\":\"http://localhost:8086\",\"tokn\":\"canary-7f3a\",\"token\":\"\"}"
                .to_owned(),
            &["token in FILE is empty", &format!("tokn in FILE{alone}")],
        ),
        (
            "m.ini",
            format!("{ini}password =\nusername =\n"),
            &["password in FILE is empty", "username in FILE is empty"],
        ),
        ("m.ini", format!("{ini}org =\ntimeout =\n"), &[]),
    ] {
        let warnings = outcome(name, &text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(warnings, warned, "{text}");
    }
    let list = "isn't a plain value";
    for (name, text, words) in [
        (
            "s.ini",
            format!("[{token}]\nurl = http://h\n"),
            "FILE has no section [influx2]; it has […]; none of them has active = true".to_owned(),
        ),
        (
            "s.ini",
            "[influx]\n[x y]\n[db-2]\n".to_owned(),
            "FILE has no section [influx2]; it has [influx], [x y], [db-2]".to_owned(),
        ),
        (
            "s.toml",
            format!("['{token}']\nx = 1\n[b]\n"),
            "FILE has no section [influx2]; it has […], [b]".to_owned(),
        ),
        (
            "s.toml",
            format!("['{token}']\nactive = true\n[b]\nactive = true\n"),
            "FILE has two active configurations, \"…\" and \"b\"".to_owned(),
        ),
        (
            "s.toml",
            "url = 'http://h'\n".to_owned(),
            "FILE has no section [influx2]; put that line above its settings".to_owned(),
        ),
        (
            "s.toml",
            "url = 'http://h'\ntoken = 'canary-7f3a'\n[tags]\nx = 'y'\n".to_owned(),
            "FILE has no section [influx2]; it has [tags]".to_owned(),
        ),
        (
            "s.toml",
            "[eu]\nurl = 'http://h'\n".to_owned(),
            "FILE has no section [influx2]; it has [eu]; none of them has active = true".to_owned(),
        ),
        (
            "s.toml",
            "[eu]\nx = 'http://h'\n".to_owned(),
            "FILE has no section [influx2]; it has [eu]".to_owned(),
        ),
        (
            "s.toml",
            String::new(),
            "FILE has no section [influx2]".to_owned(),
        ),
        (
            "s.toml",
            format!("[influx2]\nurl = 'http://h'\n'{token}' = []\n"),
            format!("line 3 of FILE {list}"),
        ),
        (
            "s.toml",
            "[influx2]\nurl = []\n".to_owned(),
            format!("url in FILE {list}"),
        ),
        (
            "s.toml",
            format!("[influx2]\nurl = 'http://h'\n[tags]\n'{token}' = []\n"),
            format!("the tag … in FILE {list}"),
        ),
        (
            "s.json",
            format!("{{\"{token}\":[]}}"),
            format!("a name (88 characters) in FILE {list}"),
        ),
        (
            "s.ini",
            format!("{ini}{token}%x\n"),
            "line 3 of FILE has a % that isn't written %%; other settings can't be inserted"
                .to_owned(),
        ),
    ] {
        assert_eq!(outcome(name, &text).unwrap_err(), words, "{text}");
    }
    for (name, warned) in [
        ("TOKN", "INFLUXDB_V2_TOKN"),
        ("READ_TIMEOUT", "INFLUXDB_V2_READ_TIMEOUT"),
        ("canary 7f3a", "a variable INFLUXDB_V2_… (11 characters)"),
        (TOKEN, "a variable INFLUXDB_V2_… (88 characters)"),
        ("canary7f3a", "a variable INFLUXDB_V2_… (10 characters)"),
    ] {
        let client = variables(&[(name, "x")]).unwrap();
        assert_eq!(client.warnings(), [format!("{warned}{alone}")]);
    }
}

#[test]
fn an_empty_url_is_called_empty() {
    for (name, text) in [
        ("u.ini", "[influx2]\nurl =\n"),
        ("u.ini", "[influx2]\nurl = \"\"\ntoken = canary-7f3a\n"),
        ("u.toml", "[influx2]\nurl = \"\"\n"),
        ("u.toml", "[influx2]\nurl = ''\norg = 'acme'\n"),
        ("u.json", "{\"url\":\"\"}"),
        ("configs", "[a]\nurl = \"\"\nactive = true\n"),
    ] {
        assert_eq!(
            outcome(name, text).unwrap_err(),
            "url is empty in FILE",
            "{text}"
        );
    }
    for (name, text) in [
        ("u.ini", "[influx2]\norg = a\n"),
        ("u.toml", "[influx2]\ntoken = 'canary-7f3a'\n"),
        ("u.json", "{}"),
        ("u.json", "{\"influx2\":{}}"),
        ("configs", "[a]\nactive = true\n"),
    ] {
        assert_eq!(
            outcome(name, text).unwrap_err(),
            "there is no url in FILE",
            "{text}"
        );
    }
    for url in ["", " ", "\n"] {
        let error = Client::builder(url).build().unwrap_err();
        assert_eq!(error.to_string(), "the URL is empty");
    }
    let error = variables(&[("URL", " ")]).unwrap_err().to_string();
    assert_eq!(error, "INFLUXDB_V2_URL: the URL is empty");
}

#[test]
fn json_has_its_settings_at_its_top_or_in_an_object() {
    let flat = r#"{"url":"http://localhost:1","org":"acme","timeout":5000,"tags":{"a":"b"}}"#;
    for text in [
        flat,
        r#"{"influx2":{"url":"http://localhost:1","org":"acme"},"tags":{"a":"b"}}"#,
        r#"{"influx2":{"url":"http://localhost:1","org":"acme","tags":{"a":"b"}}}"#,
        r#"{"tags":{"a":"b"},"other":[1,{"x":2}],"influx2":{"URL":"http://localhost:1"}}"#,
        r#"{"url":"http://other:1","influx2":{"url":"http://localhost:1","token":null}}"#,
    ] {
        for name in ["j.json", "j.conf"] {
            let client = ClientBuilder::from_config_file(file(name, text))
                .and_then(ClientBuilder::build)
                .unwrap();
            assert_eq!(client.url(), "http://localhost:1", "{text}");
            let warnings = client.warnings().iter().filter(|w| !w.contains("chmod"));
            assert_eq!(warnings.count(), 0, "{text}: {:?}", client.warnings());
        }
    }
    // What stands in there is checked as well.
    for (text, words) in [
        (
            r#"{"influx2":{"url":"http://h","timeout":"6s"}}"#,
            "timeout in FILE is \"6s\"",
        ),
        (
            r#"{"influx2":{"url":"http://h","org":["a"]}}"#,
            "org in FILE isn't a plain value",
        ),
        (r#"{"influx2":"http://h"}"#, "there is no url in FILE"),
        (
            r#"{"influx2":["http://h"]}"#,
            "a name (7 characters) in FILE isn't a plain value",
        ),
        (r#"["influx2"]"#, "FILE isn't a JSON object"),
    ] {
        let error = outcome("j.json", text).unwrap_err();
        assert!(error.starts_with(words), "{text}: {error}");
    }
}

#[test]
fn quotes_around_a_value_are_warned_of() {
    let told = |name: &str| {
        format!("the value of {name} stands in quotes, which are taken as a part of it")
    };
    let ini = "[influx2]\nurl = http://localhost:8086\n";
    for (name, text, quoted) in [
        (
            "q.ini",
            format!("{ini}token = 'canary-7f3a'\n"),
            Some("token in FILE"),
        ),
        ("q.ini", format!("{ini}org = 'acme'\n"), Some("org in FILE")),
        (
            "q.ini",
            format!("{ini}[tags]\nsite = 'north'\n"),
            Some("the tag site in FILE"),
        ),
        (
            "q.toml",
            "[influx2]\nurl = 'http://localhost:8086'\ntoken = \"'canary-7f3a'\"\n".to_owned(),
            Some("token in FILE"),
        ),
        (
            "q.json",
            "{\"url\":\"http://localhost:8086\",\"token\":\"\\\"canary-7f3a\\\"\"}".to_owned(),
            Some("token in FILE"),
        ),
        ("q.ini", format!("{ini}token = \"canary-7f3a\"\n"), None),
        ("q.ini", format!("{ini}token = canary'7f3a\n"), None),
    ] {
        let wanted: Vec<_> = quoted.map(told).into_iter().collect();
        assert_eq!(outcome(name, &text).unwrap(), wanted, "{text}");
    }
    for (name, value, quoted) in [
        ("TOKEN", "\"canary-7f3a\"", true),
        ("TOKEN", "'canary-7f3a'", true),
        ("PROFILERS", "\"query\"", true),
        ("TAG_SITE", "'north'", true),
        ("TOKEN", "canary-7f3a'", false),
    ] {
        let client = variables(&[(name, value)]).unwrap();
        let wanted = quoted.then(|| told(&format!("INFLUXDB_V2_{name}")));
        let wanted: Vec<_> = wanted.into_iter().collect();
        assert_eq!(client.warnings(), wanted, "{name}");
    }
    for (token, quoted) in [
        ("\"canary-7f3a\"", true),
        ("'canary-7f3a'", true),
        ("\"canary-7f3a", false),
        ("\"canary-7f3a'", false),
        ("canary-7f3a", false),
    ] {
        let builder = Client::builder("http://localhost:8086").token(token);
        let client = builder.clone().build().unwrap();
        let wanted: Vec<_> = quoted.then(|| told("the token")).into_iter().collect();
        assert_eq!(client.warnings(), wanted, "{token}");
        // The last one counts.
        let client = builder.token("canary-7f3b").build().unwrap();
        assert_eq!(client.warnings(), [""; 0]);
    }
}

#[test]
fn a_token_with_the_words_of_its_header_is_refused() {
    let builder = || Client::builder("http://localhost:8086");
    for (token, word) in [
        ("Token canary-7f3a", "Token"),
        ("token canary-7f3a", "Token"),
        ("Bearer canary-7f3a", "Bearer"),
        ("BEARER  canary-7f3a", "Bearer"),
        (" Token canary-7f3a\n", "Token"),
        ("Authorization: Token canary-7f3a", "Authorization:"),
    ] {
        let why = format!("the token can't be used: it begins with {word:?}; omit that");
        let error = builder().token(token).build().unwrap_err();
        no_secret(&error);
        assert_eq!((error.to_string(), error.is_config()), (why.clone(), true));
        assert_eq!(variables(&[("TOKEN", token)]).unwrap_err().to_string(), why);
    }
    for (token, words) in [
        ("Tokencanary-7f3a", None),
        ("bearer-canary-7f3a", None),
        ("canary Token 7f3a", Some("a space")),
        ("", Some("it is empty")),
    ] {
        let built = builder().token(token).build();
        let error = built.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(
            words.map_or(error.is_empty(), |words| error.contains(words)),
            "{token}: {error}"
        );
    }
}

#[test]
fn an_empty_organization_is_refused() {
    let why = "the organization is empty; leave it out if there is none";
    for org in ["", " ", "\t", "\n", "\u{a0}"] {
        for builder in [
            Client::builder("http://h").org(org),
            Client::builder("http://h").org_id(org),
            Client::builder("http://h")
                .token("canary-7f3a")
                .org("acme")
                .org(org),
        ] {
            let error = builder.build().unwrap_err();
            assert!(error.is_config());
            assert_eq!(error.to_string(), why, "{org:?}");
        }
    }
    // In the environment and in a file that is none.
    assert!(variables(&[("ORG", "")]).is_ok());
    assert_eq!(
        outcome("o.json", r#"{"url":"http://h","org":""}"#),
        Ok(vec![])
    );
}

/// Nobody named the URL, or its port: the error says so, for nothing else shows it.
#[test]
fn a_default_url_or_port_is_named_when_nothing_listens() {
    // A port of this machine where nothing listens; the default ones may be in use.
    let refused = |builder: ClientBuilder| {
        let error = builder.build().unwrap().ping().unwrap_err();
        error.to_string()
    };
    let port =
        "; the URL names no port, and InfluxDB's is 8086); start InfluxDB there or correct the URL";
    let unset = "; no URL is set, and this is the default: set INFLUXDB_V2_URL); start InfluxDB there or correct the URL";
    for (url, ending) in [
        ("http://127.9.9.1", port),
        ("http://127.9.9.2/", port),
        ("http://127.9.9.3/influx", port),
        ("http://127.9.9.4:80", ""),
        ("http://127.9.9.5:8086", ""),
    ] {
        let error = refused(Client::builder(url));
        assert!(error.contains("nothing listens at 127.9.9."), "{error}");
        assert!(error.ends_with(ending), "{error}");
        assert_eq!(
            error.contains("names no port"),
            !ending.is_empty(),
            "{error}"
        );
    }
    for pairs in [
        &[][..],
        &[("ORG", "acme")],
        &[("TOKEN", "canary-7f3a"), ("URL", "")],
        &[("URL", "http://localhost:8086")],
    ] {
        let pairs = pairs.iter();
        let set = pairs
            .clone()
            .any(|(name, value)| *name == "URL" && !value.is_empty());
        let pairs = pairs.map(|(n, v)| (format!("INFLUXDB_V2_{n}"), v.to_string()));
        let builder = ClientBuilder::from_variables(pairs).unwrap();
        if std::net::TcpStream::connect("localhost:8086").is_ok() {
            return; // Somebody's InfluxDB.
        }
        let error = refused(builder);
        assert!(
            error.contains("nothing listens at localhost:8086"),
            "{error}"
        );
        assert_eq!(error.ends_with(unset), !set, "{error}");
    }
}

/// Over plain http there is no certificate that could be verified. (A build without TLS refuses the
/// setting.)
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn certificates_are_warned_of_where_there_are_some() {
    let warned = |builder: ClientBuilder| {
        let client = builder.build().unwrap();
        client.warnings().iter().any(|w| w.contains("not verified"))
    };
    let builder = |url: &str| Client::builder(url).danger_accept_any_certificate(true);
    for (builder, wanted) in [
        (builder("http://localhost:8086"), false),
        (builder("HTTP://db.example"), false),
        (builder("http://h").proxy("http://p:3128"), false),
        (builder("http://h").proxy("https://p:3128"), true),
        (builder("https://h").proxy("http://p:3128"), true),
        (builder("https://localhost:8086"), true),
    ] {
        assert_eq!(warned(builder.clone()), wanted, "{builder:?}");
    }
    for (url, wanted) in [
        ("http://localhost:8086", false),
        ("https://localhost:8086", true),
    ] {
        let pairs = [("URL", url), ("VERIFY_SSL", "false")];
        let pairs = pairs.map(|(n, v)| (format!("INFLUXDB_V2_{n}"), v.to_owned()));
        assert_eq!(
            warned(ClientBuilder::from_variables(pairs).unwrap()),
            wanted
        );
    }
}
