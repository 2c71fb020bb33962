//! Settings from the environment and from files, as the other clients write them, without their
//! traps.

use std::path::PathBuf;

use crate::common::wire::{NO_CONTENT, TOKEN, Wire, no_secret};
use influx_edge::client::ClientBuilder;
use influx_edge::line::Point;
use influx_edge::{Client, Timestamp};

fn file(name: &str, text: &str) -> PathBuf {
    let path =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    private(&path, 0o600);
    path
}

#[cfg(unix)]
fn private(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn private(_: &std::path::Path, _: u32) {}

fn variables(pairs: &[(&str, &str)]) -> Result<Client, influx_edge::Error> {
    let pairs = pairs
        .iter()
        .map(|(n, v)| (format!("INFLUXDB_V2_{n}"), v.to_string()));
    ClientBuilder::from_variables(pairs)?.build()
}

/// One point written: what arrives shows every setting.
fn written(client: &Client, wire: &Wire) -> (String, String, String) {
    let point = Point::new("m")
        .tag("own", "1")
        .field("f", 1_i64)
        .time(Timestamp::from_nanos(1));
    client.write("b", [point]).unwrap();
    let seen = wire.seen().pop().unwrap();
    (
        seen.target.clone(),
        seen.header("authorization").unwrap_or("").to_string(),
        String::from_utf8(seen.body).unwrap(),
    )
}

#[test]
fn one_file_in_three_forms() {
    let wire = Wire::responding(NO_CONTENT);
    let url = wire.url();
    let ini = format!(
        "# for the loggers\n[influx2]\nURL = {url}/\norg: acme\ntoken={TOKEN}\ntimeout = 6000\n; nothing\n[tags]\nID = 132-987-655\nsite = north side\nmissing = ${{env.INFLUX_EDGE_NO_SUCH_VARIABLE}}\nhome = ${{env.CARGO_MANIFEST_DIR}}\n[other]\nnot even = read\nat all\n"
    );
    let toml = format!(
        "[influx2]\nurl = \"{url}\" # here\norg = \"acme\"\ntoken = \"{TOKEN}\"\ntimeout = 6000\nverify_ssl = true\n\n[tags]\nID = \"132-987-655\"\nsite = \"north side\"\nhome = \"${{env.CARGO_MANIFEST_DIR}}\"\n"
    );
    let json = format!(
        r#" {{"url":"{url}","org":"acme","token":"{TOKEN}","timeout":6000,"verify_ssl":true,"proxy":null,"tags":{{"ID":"132-987-655","site":"north side","home":"${{env.CARGO_MANIFEST_DIR}}"}}}}"#
    );
    // Under `cargo test` this variable is set.
    let home = std::env::var("CARGO_MANIFEST_DIR")
        .unwrap()
        .replace(' ', "\\ ");
    for (name, text) in [("a.ini", ini), ("a.toml", toml), ("a.json", json)] {
        let client = ClientBuilder::from_config_file(file(name, &text))
            .and_then(ClientBuilder::build)
            .unwrap();
        let (target, authorization, body) = written(&client, &wire);
        assert_eq!(
            target, "/api/v2/write?org=acme&bucket=b&precision=ns",
            "{name}"
        );
        assert_eq!(authorization, format!("Token {TOKEN}"));
        for tag in [
            "own=1",
            "ID=132-987-655",
            "site=north\\ side",
            &format!("home={home}"),
        ] {
            assert!(body.contains(&format!(",{tag}")), "{tag} is not in {body}");
        }
        assert!(!body.contains("missing"), "{body}");
        assert_eq!(client.warnings(), [""; 0]);
    }
}

#[test]
fn the_environment() {
    let wire = Wire::responding(NO_CONTENT);
    let client = variables(&[
        ("URL", &wire.url()),
        ("TOKEN", TOKEN),
        ("ORG", "acme"),
        ("TIMEOUT", "10000"),
        ("VERIFY_SSL", "True"),
        ("AUTH_BASIC", "False"),
        ("CONNECTION_POOL_MAXSIZE", "7"),
        ("PROFILERS", "query, operator"),
        ("TAG_ID", "132"),
        ("TAG_SITE_NAME", "north"),
        ("CERT_FILE", ""),
    ])
    .unwrap();
    let (target, authorization, body) = written(&client, &wire);
    assert_eq!(target, "/api/v2/write?org=acme&bucket=b&precision=ns");
    assert_eq!(authorization, format!("Token {TOKEN}"));
    assert!(
        body.contains(",id=132") && body.contains(",site_name=north"),
        "{body}"
    );
    let _ = client.query("buckets()").call();
    let seen = wire.seen().pop().unwrap();
    let sent: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert!(
        sent["extern"].to_string().contains("enabledProfilers"),
        "{sent}"
    );
    assert!(sent["extern"].to_string().contains("operator"), "{sent}");

    // The token as user and password.
    let client = variables(&[
        ("URL", &wire.url()),
        ("TOKEN", "user:canary-7f3a"),
        ("AUTH_BASIC", "true"),
    ])
    .unwrap();
    assert_eq!(written(&client, &wire).1, "Basic dXNlcjpjYW5hcnktN2YzYQ==");

    // User and password under their own names: for every call, or for a session.
    let user = [("USERNAME", "user"), ("PASSWORD", "canary-7f3a")];
    let settings = [
        ("URL", &*wire.url()),
        ("AUTH_BASIC", "yes"),
        user[0],
        user[1],
    ];
    let client = variables(&settings).unwrap();
    assert_eq!(written(&client, &wire).1, "Basic dXNlcjpjYW5hcnktN2YzYQ==");
    assert_eq!(client.warnings(), [""; 0]);
    let server = Wire::each(1, |peer| {
        peer.request();
        peer.send("HTTP/1.1 204 No Content\r\nSet-Cookie: s=canary-7f3a-1\r\n\r\n");
        peer.request();
        peer.send(NO_CONTENT);
    });
    let client = variables(&[("URL", &server.url()), user[0], user[1]]).unwrap();
    client.write("b", "m f=1").unwrap();
    assert_eq!(server.seen()[0].target, "/api/v2/signin");
    assert_eq!(server.seen()[1].header("cookie"), Some("s=canary-7f3a-1"));
    for half in [&user[..1], &user[1..]] {
        assert!(variables(half).unwrap_err().is_config());
    }
    let both = [user[0], user[1], ("TOKEN", TOKEN)];
    let error = variables(&both).unwrap_err();
    no_secret(&error);
    assert!(error.to_string().contains("one of them"), "{error}");

    // Nothing is made up: no `my-token`, no `my-org`.
    let client = variables(&[]).unwrap();
    assert_eq!(client.url(), "http://localhost:8086");
    let client = variables(&[("URL", &wire.url())]).unwrap();
    let (target, authorization, _) = written(&client, &wire);
    assert_eq!(
        (target.as_str(), authorization.as_str()),
        ("/api/v2/write?bucket=b&precision=ns", "")
    );
}

/// The real environment belongs to the whole process, so this runs in one of its own.
#[test]
fn the_real_environment() {
    if std::env::var("INFLUX_EDGE_TEST_CHILD").is_ok() {
        let client = Client::from_env().unwrap();
        client
            .write("b", [Point::new("m").field("f", 1_i64)])
            .unwrap();
        return;
    }
    let wire = Wire::responding(NO_CONTENT);
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["config::the_real_environment", "--exact"])
        .env("INFLUX_EDGE_TEST_CHILD", "1")
        .env("INFLUXDB_V2_URL", wire.url())
        .env("INFLUXDB_V2_TOKEN", TOKEN)
        .env("INFLUXDB_V2_TAG_HOST", "gw-7")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(wire.seen()[0].body, b"m,host=gw-7 f=1i\n");
}

#[test]
fn a_points_own_tag_wins() {
    let wire = Wire::responding(NO_CONTENT);
    let client = wire
        .builder()
        .default_tag("own", "default")
        .default_tag("x", "old")
        .default_tag("x", "new")
        .build()
        .unwrap();
    assert_eq!(written(&client, &wire).2, "m,own=1,x=new f=1i 1\n");
    client
        .write_each("b", [Point::new("m").field("f", 1_i64)])
        .unwrap();
    assert_eq!(
        wire.seen().pop().unwrap().body,
        b"m,own=default,x=new f=1i\n"
    );
    // Lines that are encoded already are sent as they are.
    client.write("b", "m f=1").unwrap();
    assert_eq!(wire.seen().pop().unwrap().body, b"m f=1");
    for (key, value, says) in [
        (
            "a\nb",
            "c",
            "the default tag … can't be used: tag key 2 has",
        ),
        (
            "site",
            "c\nd",
            "the default tag site can't be used: tag value 2 has",
        ),
        (
            "a b",
            "c\\",
            "the default tag a b can't be used: tag value 2 has",
        ),
        (
            "time",
            "c",
            "the default tag time can't be used: tag key 2 is",
        ),
        (
            "",
            "c",
            "the default tag  can't be used: tag key 2 is empty",
        ),
        (
            "_value",
            "",
            "the default tag _value can't be used: tag key 2 is",
        ),
    ] {
        let builder = wire.builder().default_tag("good", "1");
        let builder = builder.default_tag("none", "").default_tag(key, value);
        let error = builder.default_tag("more", "x").build().unwrap_err();
        assert!(error.is_config(), "{error}");
        assert!(error.to_string().starts_with(says), "{error}");
    }
}

#[test]
fn invalid_values_are_errors() {
    let table = [
        (
            "TIMEOUT",
            "6s",
            "INFLUXDB_V2_TIMEOUT is \"6s\", which isn't a whole number of milliseconds",
        ),
        ("TIMEOUT", "0", "INFLUXDB_V2_TIMEOUT is zero"),
        ("TIMEOUT", "-1", "INFLUXDB_V2_TIMEOUT is \"-1\""),
        ("TIMEOUT", "6.5", "INFLUXDB_V2_TIMEOUT is \"6.5\""),
        ("TIMEOUT", "\"6000\"", "whole number of milliseconds"),
        (
            "VERIFY_SSL",
            "maybe",
            "INFLUXDB_V2_VERIFY_SSL is \"maybe\", which isn't true or false",
        ),
        ("AUTH_BASIC", "'yes'", "INFLUXDB_V2_AUTH_BASIC is \"'yes'\""),
        (
            "CONNECTION_POOL_MAXSIZE",
            "many",
            "INFLUXDB_V2_CONNECTION_POOL_MAXSIZE is \"many\", which isn't a whole number of connections",
        ),
        (
            "URL",
            "localhost",
            "INFLUXDB_V2_URL: the URL \"localhost\" can't be used: it must start with http://",
        ),
        (
            "URL",
            "'http://h'",
            "INFLUXDB_V2_URL: the URL \"http://h\" can't be used: it stands in quotes",
        ),
        ("TOKEN", "canary-7f3a\n", "line break"),
        ("CERT_KEY_FILE", "/k", "cert_file"),
        ("CERT_KEY_PASSWORD", "canary-7f3a", "password"),
    ];
    for (name, value, words) in table {
        let error = variables(&[(name, value)]).unwrap_err();
        no_secret(&error);
        assert!(
            error.is_config() && error.to_string().contains(words),
            "{name}: {error}"
        );
    }
    let error = variables(&[("TOKEN", "canary-7f3a"), ("AUTH_BASIC", "1")]).unwrap_err();
    no_secret(&error);
    assert!(error.to_string().contains("user:password"), "{error}");

    let files = [
        (
            "b1.ini",
            "[influx]\nurl = http://h\n[x y]\n",
            "no section [influx2]; it has [influx], [x y]",
        ),
        ("b2.ini", "url = http://h\n", "no [section] before it"),
        (
            "b11.ini",
            "[influx2]\norg = a b\nurl = 'http://h'\n",
            "b11.ini",
        ),
        (
            "b12.ini",
            "[influx2]\norg = a b\nurl = 'http://h'\n",
            "stands in quotes",
        ),
        (
            "b13.json",
            "{\"url\":\"http://h/api/v2\"}",
            "url in the configuration file",
        ),
        (
            "b3.ini",
            "[influx2]\ntoken = canary-7f3a\n",
            "there is no url in",
        ),
        ("b4.ini", "[influx2]\nurl http//h\n", "line 2"),
        ("b5.ini", "[influx2\nurl=http://h\n", "line 1"),
        (
            "b7.json",
            "{\"url\":\"http://h\",\"token\":\"canary-7f3a",
            "valid JSON",
        ),
        ("b8.json", "{\"url\":[\"http://h\"]}", "plain value"),
        ("b9.json", "{}", "no url"),
        ("b10.ini", "", "no section"),
    ];
    for (name, text, words) in files {
        let path = file(name, text);
        let error = ClientBuilder::from_config_file(&path)
            .and_then(ClientBuilder::build)
            .unwrap_err();
        no_secret(&error);
        assert!(
            error.is_config() && error.to_string().contains(words),
            "{name}: {error}"
        );
    }
    // Quotes that something kept: used as given, and said.
    for (name, value, told) in [
        ("TOKEN", "\"canary-7f3a\"", true),
        ("TOKEN", "'canary-7f3a'", true),
        ("ORG", "\"acme\"", true),
        ("TAG_SITE", "'north'", true),
        ("BUCKET", "\"\"", true),
        ("ORG", "ac\"me\"", false),
        ("ORG", "\"", false),
        ("ORG", "\"acme'", false),
    ] {
        let client = variables(&[(name, value)]).unwrap();
        let all = client.warnings().join("\n");
        assert!(!all.contains("canary"), "{all}");
        let words = format!("INFLUXDB_V2_{name} stands in quotes");
        assert_eq!(all.contains(&words), told, "{name}={value}: {all}");
    }
    let error = ClientBuilder::from_config_file("/no/such/file.toml")
        .and_then(ClientBuilder::build)
        .unwrap_err();
    assert!(error.to_string().contains("/no/such/file.toml"), "{error}");
}

#[test]
fn warnings() {
    let text =
        format!("[influx2]\nurl = http://influx.example\ntoken = {TOKEN}\ntokn = canary-7f3a\n");
    let path = file("w.ini", &text);
    private(&path, 0o644);
    if cfg!(any(feature = "rustls", feature = "native-tls")) {
        let client = ClientBuilder::from_config_file(&path)
            .and_then(ClientBuilder::build)
            .unwrap();
        let all = client.warnings().join("\n");
        for words in ["tokn", "in clear to influx.example:80"] {
            assert!(all.contains(words), "{words:?} is not in {all}");
        }
        assert_eq!(
            all.contains("others may read it (mode 644)"),
            cfg!(unix),
            "{all}"
        );
        assert!(!all.contains("canary"), "{all}");
    }
    // The loopback is nobody else's, and a file of one's own neither. The bucket is the program's.
    let path = file(
        "w2.ini",
        &format!("[influx2]\nurl = http://localhost:8086\ntoken = {TOKEN}\nbucket = b\n"),
    );
    assert_eq!(
        ClientBuilder::from_config_file(&path)
            .and_then(ClientBuilder::build)
            .unwrap()
            .warnings(),
        [""; 0]
    );
}
