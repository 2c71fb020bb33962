//! Unit tests of `url`.

use super::*;
use alloc::format;
use alloc::string::ToString;

#[test]
fn good_urls() {
    let table = [
        (
            "http://localhost:8086",
            "localhost:8086",
            "localhost:8086",
            "",
        ),
        (
            "http://localhost:8086/",
            "localhost:8086",
            "localhost:8086",
            "",
        ),
        ("HTTP://h", "h", "h:80", ""),
        ("https://h/a/b/", "h", "h:443", "/a/b"),
        ("http://[::1]:8086/x", "[::1]:8086", "[::1]:8086", "/x"),
        ("http://[fe80::1]", "[fe80::1]", "[fe80::1]:80", ""),
        (" http://10.0.0.1:80 \n", "10.0.0.1:80", "10.0.0.1:80", ""),
    ];
    for (url, authority, host_port, prefix) in table {
        let base = BaseUrl::parse(url).unwrap();
        assert_eq!(base.authority, authority, "{url}");
        assert_eq!(base.host_port, host_port, "{url}");
        assert_eq!(base.prefix, prefix, "{url}");
    }
    assert!(BaseUrl::parse("http://127.0.0.2:1").unwrap().is_loopback());
    assert!(BaseUrl::parse("http://[::1]").unwrap().is_loopback());
    assert!(!BaseUrl::parse("http://influx.local").unwrap().is_loopback());
}

#[test]
fn bad_urls_say_why() {
    let table = [
        ("", "empty"),
        ("localhost:8086", "http://"),
        ("ftp://h", "http://"),
        ("http://", "no host"),
        ("http://:80", "no host"),
        ("http://h:0", "port"),
        ("http://h:99999", "port"),
        ("http://h:+80", "port"),
        ("http://h:", "port"),
        ("http://::1", "brackets"),
        ("http://[::1", "bracket"),
        ("http://[::g]", "IPv6"),
        ("http://[fe80::1%25eth0]", "zones"),
        ("http://[fe80::1%eth0]:8086", "zones"),
        ("http://[fe80::1%25]", "zones"),
        ("https://[fe80::a:b%251]/x", "zones"),
        ("http://[%25]", "zones"),
        ("http://[::1]x", "follows"),
        ("http://h/?a=b", "query"),
        ("http://h#x", "query"),
        ("http://h/a b", "space"),
        ("http://h\r\nX: y", "control"),
        ("http://bücher.de", "ASCII"),
        ("http://h/<", "percent"),
        ("http://a,b/", "host name"),
    ];
    for (url, why) in table {
        let error = BaseUrl::parse(url).unwrap_err();
        assert!(error.to_string().contains(why), "{url:?}: {error}");
    }
}

/// Copied from a document, a log or a browser: the client adds these paths itself.
#[test]
fn the_url_of_a_call_is_refused_with_what_to_give() {
    let table = [
        ("http://h:8086/api/v2", "http://h:8086"),
        ("http://h:8086/api/v2/", "http://h:8086"),
        ("http://h:8086//api//v2//", "http://h:8086"),
        ("HTTPS://h/API/V2", "https://h"),
        ("https://h/influx/api/v2", "https://h/influx"),
        ("http://h/a/b/api/v2/write", "http://h/a/b"),
        ("http://h/api/v2/query/", "http://h"),
        ("http://h/api/v2/delete", "http://h"),
        ("http://h/api/v3/write_lp", "http://h"),
        ("http://h/api/v3", "http://h"),
        ("http://h:8086/write", "http://h:8086"),
        ("http://h:8086/query", "http://h:8086"),
        ("http://h:8086/ping", "http://h:8086"),
        ("http://h:8086/health/", "http://h:8086"),
        ("http://h:8086/signin", "http://h:8086"),
        (
            "http://[::1]:8086/orgs/66de4893384f6b2b",
            "http://[::1]:8086",
        ),
    ];
    for (url, give) in table {
        let error = BaseUrl::parse(url).unwrap_err();
        assert!(error.is_config(), "{url}: {error}");
        let error = error.to_string();
        assert!(error.ends_with(&format!("; give {give}")), "{url}: {error}");
        assert!(BaseUrl::parse(give).is_ok(), "{give}");
    }
    // A prefix of a proxy, however much it looks like one.
    for url in [
        "http://h/api",
        "http://h/influx/v2",
        "http://h/api/datasources/proxy/1",
        "https://k/api/v1/namespaces/n/services/influx:8086/proxy",
        "http://h/orgs/acme",
        "http://h/writer",
        "http://h/apiv2",
    ] {
        let base = BaseUrl::parse(url).unwrap();
        assert_eq!(base.to_text(), url);
    }
}

/// A secret anywhere in a URL is refused, and not repeated.
#[test]
fn secrets_in_a_url_are_refused_and_not_repeated() {
    let table = [
        ("http://me:S3CRET@h", "***"),
        ("http://S3CRET@h:8086/x", "***"),
        ("http://me:S3@CRET@h:8086", "***"),
        ("http://me:S3/CRET@h:8086", "***"),
        ("http://me:S3?CRET@h", "***"),
        ("http://me:S3#CRET@h", "***"),
        ("http://me:S3CRET", "***"),
        ("http://me:S3CRET:8086", "***"),
        ("http://me::S3CRET", "***"),
        ("http://h?token=S3CRET", "http://h?***"),
        ("http://h:8086?S3CRET", "http://h:8086?***"),
        ("http://h:8086/?p=S3@CRET", "***"),
        ("https://h/a#S3CRET", "https://h/***"),
        ("https://h#S3CRET", "https://h#***"),
        ("https://h/S3CRET/<", "https://h/***"),
        ("http://h/S3 CRET", "http://h/***"),
        ("http://h\r\nX: S3CRET", "***"),
        ("http://local S3CRET", "***"),
        ("http://S3,CRET", "***"),
        ("http://h:8086 S3CRET-S3CRET", "***"),
        ("http://h:8086;S3CRET", "***"),
        ("http://h:S3CRET", "***"),
        ("http://h:1234567", "***"),
        ("http://h=S3CRET/", "***"),
        ("ftp://h/S3CRET", "ftp://h/***"),
        ("S3CRET://h", "***"),
        ("S3CRET", "***"),
        ("S3CRET.S3CRET", "***"),
        ("S3CRET;8086", "***"),
        ("influx S3CRET", "***"),
        ("localhost:S3CRET", "***"),
        ("mGyA-S3CRET-S3CRET-S3CRET-S3CRET-S3CRET==", "***"),
        ("mGyA_S3CRET_S3CRET_S3CRET_S3CRET_S3CRET", "***"),
        ("http://mGyA-S3CRET-S3CRET-S3CRET-S3CRET-S3CRET==", "***"),
        ("htp://mGyA-S3CRET-S3CRET-S3CRET-S3CRET-S3CRET", "***"),
        ("http:/mGyA-S3CRET-S3CRET-S3CRET-S3CRET-S3CRET==", "***"),
        ("http://mGyA-S3CRET-S3CRET-S3CRET-S3CRET-S3CRET:0", "***"),
        ("http://[S3CRETS3CRET]", "***"),
        ("token=S3CRET", "***"),
        ("Token S3CRET", "***"),
        ("h:8086/S3CRET", "h:8086/***"),
        ("me:S3CRET@h:8086", "***"),
        ("\"http://h?t=S3CRET\"", "http://h?***"),
        ("'http://me:S3CRET@h'", "***"),
        ("\"S3CRET\"", "***"),
        ("influxS3CRET", "***"),
        ("http://127.0.0.1:S3CRET", "***"),
        (
            "http://localhost:8086/api/v2/S3CRET",
            "http://localhost:8086/***",
        ),
    ];
    for (url, shown) in table {
        let error = BaseUrl::parse(url).unwrap_err().to_string();
        let start = format!("the URL {shown:?} can't be used");
        assert!(error.starts_with(&start), "{url:?}: {error}");
        let error = error.replace("***", "");
        assert!(!error.contains("S3") && !error.contains("CRET"), "{error}");
    }
}

/// The quotes of a file for a shell.
#[test]
fn a_url_in_quotes_is_shown_without_them() {
    for (url, shown) in [
        ("\"http://localhost:8086\"", "http://localhost:8086"),
        ("'http://localhost:8086'", "http://localhost:8086"),
        ("\"localhost:8086\"", "localhost:8086"),
        ("\"http://localhost:8086", "http://localhost:8086"),
        ("'https://db.example/influx'", "https://db.example/***"),
    ] {
        let error = BaseUrl::parse(url).unwrap_err().to_string();
        let says = format!("the URL {shown:?} can't be used: it stands in quotes");
        assert_eq!(error, says, "{url}");
    }
}

/// A mistyped URL without anything that may be a secret is shown, so that the mistake is seen.
#[test]
fn a_mistyped_url_is_shown_with_what_is_wrong() {
    let scheme = "it must start with http:// or https://";
    let port = "its port isn't a number from 1 to 65535";
    let colon = "it has a colon too many: its host is followed by one colon and one port";
    let brackets = "an IPv6 address must stand in [brackets]";
    let ascii = "it contains a space, a control character or a character outside ASCII";
    let table = [
        ("htp://localhost:18087", scheme),
        ("http:/localhost:18087", scheme),
        ("http:localhost:18087", scheme),
        ("http//localhost:18087", scheme),
        ("htttp://influx.plant.example:8086", scheme),
        ("https;//db-7:8086", scheme),
        ("ftp://h", scheme),
        ("localhost", scheme),
        ("localhost:8086", scheme),
        ("localhost;18087", scheme),
        ("influxdb", scheme),
        ("10.0.0.7", scheme),
        ("db.plant.example:8086", scheme),
        ("[::1]:8086", scheme),
        (
            "http://localhost;18087",
            "its host has a character that no host name has, ';'",
        ),
        (
            "http://localhost,18087",
            "its host has a character that no host name has, ','",
        ),
        (
            "http://10.0.0.7;8086",
            "its host has a character that no host name has, ';'",
        ),
        ("http://bücher.de:8086", ascii),
        ("http://localhost:180870", port),
        ("http://localhost:0", port),
        ("http://localhost:", port),
        ("http://localhost:18087:18087", colon),
        ("http://localhost:8086:", colon),
        ("http://10.0.0.7:8086:8086", colon),
        ("http://db.example:80:86:", colon),
        ("http://[::1:18087", "its bracket isn't closed"),
        ("http://[::1", "its bracket isn't closed"),
        ("http://::1", brackets),
        ("http://::1:8086", brackets),
        ("http://fe80::1:8086", brackets),
        ("https://2001:db8::7", brackets),
        (
            "http://http://localhost:18087",
            "its scheme stands there twice",
        ),
        ("https://http://localhost", "its scheme stands there twice"),
        ("http://HTTPS://db.example", "its scheme stands there twice"),
        ("http://http:/localhost", "its scheme stands there twice"),
        ("http:///localhost", "it names no host"),
        ("influx", scheme),
        ("influxd", scheme),
        ("http://127.0.0.1:abc", port),
        ("http://localhost:port", port),
        ("http://10.0.0.7:http", port),
        (
            "http://localhost:8086/api/v2",
            "its path is that of a call, and the client adds those itself; give http://localhost:8086",
        ),
        (
            "https://db.example/api/v2/",
            "its path is that of a call, and the client adds those itself; give https://db.example",
        ),
    ];
    for (url, why) in table {
        let error = BaseUrl::parse(&format!(" {url}\n"))
            .unwrap_err()
            .to_string();
        let start = format!("the URL {url:?} can't be used: {why}");
        assert!(error.starts_with(&start), "{url:?}: {error}");
    }
    for empty in ["", " ", "\n", "\t \r\n", "\u{a0}"] {
        let error = BaseUrl::parse(empty).unwrap_err().to_string();
        assert_eq!(error, "the URL is empty", "{empty:?}");
    }
    // A token in the query belongs elsewhere.
    for (url, reported) in [
        ("http://h?token=x", true),
        ("http://h/?a=b&Token=x", true),
        ("http://h:8086/p#access_token=x", true),
        ("http://h?a=b", false),
        ("http://h#x", false),
    ] {
        let error = BaseUrl::parse(url).unwrap_err().to_string();
        let words = "; a token is given as ClientBuilder::token or INFLUXDB_V2_TOKEN";
        assert_eq!(error.ends_with(words), reported, "{url}: {error}");
    }
}

#[test]
fn targets_are_encoded() {
    let base = BaseUrl::parse("http://h/influx/").unwrap();
    let target = base
        .target("/api/v2/write")
        .query("org", "a b&c=d")
        .query("bucket", "ü\r\n/..?#%+")
        .into_string();
    assert_eq!(
        target,
        "/influx/api/v2/write?org=a%20b%26c%3Dd&bucket=%C3%BC%0D%0A%2F..%3F%23%25%2B"
    );
    assert_eq!(encode_segment("../x"), "..%2Fx");
    assert_eq!(encode_segment(".."), "%2E%2E");
    assert_eq!(
        encode_path("/a b/%41?x=1&y=\u{e9}#"),
        "/a%20b/%41?x=1&y=%C3%A9%23"
    );
}
