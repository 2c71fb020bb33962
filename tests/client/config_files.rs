//! Configuration files as other programs write them: TOML, INI, and the `influx` command's.

use crate::common::wire::{NO_CONTENT, TOKEN, Wire, no_secret};
use influx_edge::client::ClientBuilder;
use std::path::PathBuf;

fn file(name: &str, text: &[u8]) -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("config-{number}"));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// What a client made of the file sends: organization, token, tags.
fn sent(name: &str, text: &str) -> (String, String, String) {
    let wire = Wire::responding(NO_CONTENT);
    let text = text
        .replace("http://h", &wire.url())
        .replace("TOKEN", TOKEN);
    let path = file(name, text.as_bytes());
    let client = ClientBuilder::from_config_file(&path)
        .and_then(ClientBuilder::build)
        .unwrap_or_else(|e| panic!("{name} {text}: {e}"));
    let point = influx_edge::line::Point::new("m").field("f", 1_i64);
    client.write("b", [point]).unwrap();
    let seen = wire.seen().pop().unwrap();
    let (_, org) = seen.target.split_once("org=").unwrap_or_default();
    (
        org.split('&').next().unwrap_or("").to_owned(),
        seen.header("authorization").unwrap_or("").to_owned(),
        String::from_utf8(seen.body).unwrap(),
    )
}

/// A file of each of these names gives the organization `a b`, the token, and nothing else.
#[track_caller]
fn says_the_same(names: [&str; 4], text: &str) {
    for name in names {
        let (org, token, body) = sent(name, text);
        assert_eq!(
            (org.as_str(), token, body.as_str()),
            ("a%20b", format!("Token {TOKEN}"), "m f=1i\n"),
            "{name}: {text}"
        );
    }
}

/// The same settings in every form TOML has for them.
#[test]
fn toml_is_read_as_toml_says() {
    for text in [
        "[influx2]\nurl = \"http://h\"\norg = \"a b\"\ntoken = \"TOKEN\"\n",
        "[influx2]\nurl = 'http://h'\norg = 'a b'\ntoken = 'TOKEN'\n",
        "[ influx2 ] # settings\nurl='http://h' # the server\norg=\"a\\u0020b\"#\ntoken=\"TOKEN\" # \"x\"\n",
        "[influx2]\r\nurl = \"\"\"http://h\"\"\"\r\norg = '''a b'''\r\ntoken = \"\"\"\r\nTOKEN\"\"\"\r\n",
        "[\"influx2\"]\n\"url\" = \"http://h\"\n'org' = \"a b\"\nToken = \"TOKEN\"\ntimeout = 10_000\n",
        "influx2.url = \"http://h\"\ninflux2.org = \"a b\"\ninflux2 . \"token\" = 'TOKEN'\ninflux2.timeout = 0x2710\n",
        "influx2 = { url = \"http://h\", org = 'a b', token = 'TOKEN' }\n",
        "x = { influx2 = { url = 'http://no' } }\n[influx2]\nurl = 'http://h'\norg = 'a b'\ntoken = 'TOKEN'\n",
        "[other]\nx = [1, [2, 3], {a = 'b'}]\nd = 1979-05-27\n[[list]]\nn = 1\n[[list]]\nn = 2\n[influx2]\nverify_ssl = true\nurl = \"http://h\"\norg = \"a b\"\ntoken = \"TOKEN\"\nconnection_pool_maxsize = +7\n",
        "\u{feff}[influx2]\nurl = \"http://h\"\norg = \"a b\"\ntoken = \"TOKEN\"\nprofilers = \"\"\n",
    ] {
        says_the_same(["t.toml", "T.TOML", "t.conf", "settings"], text);
    }
    let (org, _, body) = sent(
        "tags.toml",
        "[influx2]\nurl = \"http://h\"\norg = \"a \\\"q\\\" \\\\\"\n[tags]\nID = '1#2'\n\"a b\" = \"x y\" # c\nn = 1_000\non = true\nempty = ''\n",
    );
    assert_eq!(org, "a%20%22q%22%20%5C");
    assert_eq!(body, "m,ID=1#2,a\\ b=x\\ y,n=1000,on=true f=1i\n");
}

/// Tags in every place that TOML and JSON have for them.
#[test]
fn tags_are_read_wherever_they_stand() {
    let settings = "[influx2]\nurl = 'http://h'\n";
    for (name, text) in [
        ("t.toml", format!("{settings}[tags]\na = 'x'\nb = 'y'\n")),
        (
            "t.toml",
            format!("tags = {{ a = 'x', b = 'y' }}\n{settings}"),
        ),
        (
            "t.toml",
            format!("{settings}tags = {{ a = 'x', b = 'y' }}\n"),
        ),
        (
            "t.toml",
            format!("{settings}[influx2.tags]\na = 'x'\nb = 'y'\n"),
        ),
        ("t.toml", format!("{settings}tags.a = 'x'\ntags.b = 'y'\n")),
        (
            "t.toml",
            "influx2 = { url = 'http://h', tags = { a = 'x', b = 'y' } }\n".to_owned(),
        ),
        (
            "t.toml",
            "influx2.url = 'http://h'\ninflux2.tags.b = 'y'\ntags.a = 'x'\n".to_owned(),
        ),
        (
            "t.json",
            r#"{"influx2":{"url":"http://h","tags":{"b":"y"}},"tags":{"a":"x"}}"#.to_owned(),
        ),
    ] {
        let (_, _, body) = sent(name, &text);
        assert_eq!(body, "m,a=x,b=y f=1i\n", "{text}");
    }
}

#[test]
fn ini_is_read_as_pythons_configparser_does() {
    for text in [
        "[influx2]\nurl=http://h\norg=a b\ntoken=TOKEN\n",
        "; c\n# c\n[influx2]\nURL : http://h\nOrg = a b\ntOkEn=TOKEN\n  # c\n",
        "[influx2]\nurl = \"http://h\"\norg = \"a b\"\ntoken = \"TOKEN\"\n",
        "[x]\nurl = no\n[influx2]\r\nurl = http://h\r\norg =\ta b \r\ntoken =TOKEN\r\n",
        "[influx2]\n  url = http://h\n  org = a b\n  token = TOKEN\n",
        "[influx2]\nurl = http://h\norg = a b\ntoken = TOKEN\nbucket =\n",
        "[DEFAULT]\nurl = http://h\ntoken = TOKEN\n[influx2]\norg = a b\n",
        "[influx2]\norg = a b\nURL = http://h\n[tags]\n[DEFAULT]\ntoken = \"TOKEN\"\nurl = http://no\n",
    ] {
        says_the_same(["i.ini", "i.cfg", "i.conf", "settings"], text);
    }
    let (org, _, body) = sent(
        "i2.ini",
        "[influx2]\nurl = http://h\norg = 100%% 'x' # no comment\n[tags]\nID = 1;2 # 3\nlong = a\n",
    );
    assert_eq!(org, "100%25%20%27x%27%20%23%20no%20comment");
    assert_eq!(body, "m,ID=1;2\\ #\\ 3,long=a f=1i\n");
    // A value goes on in lines that are indented further.
    let (org, _, _) = sent(
        "i3.ini",
        "[influx2]\nurl = http://h\norg = a\n   b\n\n   c\n",
    );
    assert_eq!(org, "a%0Ab%0A%0Ac");
}

/// As the `influx` command writes `~/.influxdbv2/configs`.
#[test]
fn the_file_of_the_influx_command() {
    let one =
        "[default]\n  url = \"http://h\"\n  token = \"TOKEN\"\n  org = \"acme\"\n  active = true\n";
    let two = "[eu]\n  url = \"http://other.invalid\"\n  token = \"canary-7f3a-other\"\n  org = \"eu\"\n  previous = true\n# \n# [eu-central]\n#   url = \"https://eu-central-1-1.aws.cloud2.influxdata.com\"\n";
    for text in [
        one.to_owned(),
        format!("{one}\n{two}"),
        format!("{two}\n{one}"),
        format!("{two}\n[other]\nsite = 'north'\n{one}"),
        one.replace("active = true", "active = true # now"),
    ] {
        for name in ["configs", "c.toml", "influx.conf", "c.ini"] {
            // INI has no comments behind a value.
            if name == "c.ini" && (text.contains("# now") || text.contains("'north'")) {
                continue;
            }
            let (org, token, _) = sent(name, &text);
            assert_eq!(
                (org.as_str(), token),
                ("acme", format!("Token {TOKEN}")),
                "{text}"
            );
        }
    }
    let wire = Wire::responding(NO_CONTENT);
    let text = one.replace("http://h", &wire.url());
    let client = ClientBuilder::from_config_file(file("configs", text.as_bytes()))
        .and_then(ClientBuilder::build)
        .unwrap();
    let all = client.warnings().join("\n");
    assert!(!all.contains("active"), "{all}");
}

#[test]
fn an_error_names_the_place_and_no_secret() {
    let url = "[influx2]\nurl = 'http://h'\n";
    for (name, text, words) in [
        (
            "a.toml",
            "[default]\nurl = 'http://h'\n[eu]\n",
            "no section [influx2]; it has [default], [eu]; none of them has active = true",
        ),
        (
            "a.toml",
            "[a]\nactive = true\n[b]\nactive = true\n",
            "two active configurations, \"a\" and \"b\"",
        ),
        ("a.toml", "[a]\nactive = false\n", "it has [a]"),
        ("a.toml", "url = 'http://h'\n", "no section [influx2]"),
        ("a.toml", "", "no section [influx2]"),
        (
            "a.toml",
            "[influx2]\nurl = http://h\n",
            "isn't valid TOML, line 2",
        ),
        (
            "a.toml",
            &format!("{url}token = 'canary-7f3a\n"),
            "isn't valid TOML, line 3",
        ),
        (
            "a.toml",
            "[influx2]\ntoken = \"canary-7f3a\\q\"\n",
            "isn't valid TOML, line 2",
        ),
        (
            "a.toml",
            "[influx2]\ntoken = 'canary-7f3a' x\n",
            "isn't valid TOML, line 2",
        ),
        (
            "a.toml",
            "[influx2\nurl = 'http://h'\n",
            "isn't valid TOML, line 1",
        ),
        (
            "a.toml",
            &format!("{url}url = 'http://i'\n"),
            "stands there twice",
        ),
        ("a.toml", &format!("{url}[influx2]\n"), "stands there twice"),
        ("a.toml", "[influx2]\nurl = ['http://h']\n", "url in"),
        (
            "a.toml",
            &format!("{url}[tags]\nx = {{a = 1}}\n"),
            "the tag x",
        ),
        (
            "a.toml",
            &format!("influx2 = {{ org = 'a' }}\n{url}"),
            "stands there twice",
        ),
        (
            "a.toml",
            "influx2 = { url = 'http://h', url = 'http://i' }\n",
            "stands there twice",
        ),
        ("a.toml", "influx2 = { org = 'a' }\n", "there is no url in"),
        (
            "a.toml",
            "influx2 = { url = { a = 1 } }\n",
            "isn't a plain value",
        ),
        (
            "a.toml",
            &format!("{url}timeout = 6.5\n"),
            "whole number of milliseconds",
        ),
        ("a.toml", &format!("{url}timeout = '6s'\n"), "\"6s\""),
        ("configs", "[a]\nactive = true\n", "there is no url in"),
        ("configs", "url: x", "isn't valid TOML"),
        (
            "a.ini",
            "[influx2]\nurl = http://h\ntoken = canary%7f3a\n",
            "token in",
        ),
        (
            "a.ini",
            "[influx2]\nurl = http://h\norg = %(token)s\n",
            "other settings can't be inserted",
        ),
        (
            "a.ini",
            "[influx2]\nurl = http://h\nURL = http://i\n",
            "line 3: a name stands there twice",
        ),
        (
            "a.ini",
            "[influx2]\nurl = http://h\n[influx2]\n",
            "line 3: a [section] stands there twice",
        ),
        ("a.ini", "[\u{1b}[31m]\nurl = http://h\n", "it has […]"),
        ("a.ini", "{\"url\": \"http://h\"}", "no [section] before it"),
        ("a.json", "[influx2]\nurl = http://h\n", "isn't valid JSON"),
    ] {
        let path = file(name, text.as_bytes());
        let error = ClientBuilder::from_config_file(&path)
            .and_then(ClientBuilder::build)
            .unwrap_err();
        no_secret(&error);
        let said = error.to_string();
        assert!(
            error.is_config() && said.contains(words),
            "{name} {text:?}: {said}"
        );
        assert!(said.contains(&path.display().to_string()), "{said}");
        assert!(!said.contains("7f3a") && !said.contains('\u{1b}'), "{said}");
    }
}

/// Whatever a file holds: an error or a client, and not the stack's end.
#[test]
fn any_text_ends_in_an_error_or_a_client() {
    let lists = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let deep = format!("[influx2]\nurl = 'http://h'\nx = {lists}\n");
    let tables = format!("[influx2]\nurl='http://h'\nx = {}", "{a=".repeat(5_000));
    let dots = format!("a{} = 1\n", ".a".repeat(20_000));
    for text in [
        deep.as_str(),
        &tables,
        &dots,
        "\0",
        "[",
        "[[",
        "'''",
        "\"\"\"",
        "=",
        "a.",
        "[]\n[]\n",
    ] {
        for name in ["x.toml", "x.ini", "x.json", "x"] {
            let _ = ClientBuilder::from_config_file(file(name, text.as_bytes()))
                .and_then(ClientBuilder::build);
        }
    }
    let error = ClientBuilder::from_config_file(file("x.toml", b"[influx2]\nurl = '\xff'\n"))
        .and_then(ClientBuilder::build)
        .unwrap_err();
    assert!(error.to_string().contains("can't be read"), "{error}");
    let mut rng = fastrand::Rng::with_seed(7);
    let pieces = [
        "[influx2]",
        "[",
        "]",
        "url",
        "=",
        "\"",
        "'",
        "\n",
        " ",
        "\\",
        "{",
        "}",
        ",",
        ".",
        "#",
        ":",
        "http://h",
        "%",
        "1_0",
        "\"\"\"",
        "é",
        "\r\n",
        "true",
    ];
    let path = file("f", b"");
    for _ in 0..1_000 {
        let text: String = (0..rng.usize(..30))
            .map(|_| pieces[rng.usize(..pieces.len())])
            .collect();
        for ending in ["toml", "ini", "conf"] {
            let path = path.with_extension(ending);
            std::fs::write(&path, &text).unwrap();
            let _ = ClientBuilder::from_config_file(&path).and_then(ClientBuilder::build);
        }
    }
}
