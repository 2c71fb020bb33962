//! Unit tests of `proxy_url`.

use super::*;
use alloc::string::ToString as _;

/// User and password as the proxy gets them.
#[test]
fn user_and_password_are_decoded_as_the_url_standard_says() {
    for (user_info, pair) in [
        ("u:p", Some("u:p")),
        ("u:p%40h", Some("u:p@h")),
        ("u:pa%23ss%2F%3f", Some("u:pa#ss/?")),
        ("u%20v:a%C3%BC", Some("u v:a\u{fc}")),
        ("u:100%", Some("u:100%")),
        ("u:%zz%4", Some("u:%zz%4")),
        ("u:%2540", Some("u:%40")),
        ("u:a+b", Some("u:a+b")),
        ("u:a:b%3A", Some("u:a:b:")),
        ("u", Some("u:")),
        (":p", Some(":p")),
        (":", None),
        ("", None),
    ] {
        let parsed = parse(&format!("http://{user_info}@h:3128")).unwrap();
        let basic = pair.map(|pair| BASE64_STANDARD.encode(pair));
        assert_eq!(
            parsed.basic.as_ref().map(Secret::reveal),
            basic.as_deref(),
            "{user_info}"
        );
        assert_eq!(parsed.uri, "http://h:3128/");
    }
    let latin = parse("http://u:%FC@h").unwrap().basic.unwrap();
    assert_eq!(latin.reveal(), BASE64_STANDARD.encode(b"u:\xfc"));
}

#[test]
fn host_and_port() {
    let https = cfg!(any(feature = "rustls", feature = "native-tls"));
    for (url, host_port) in [
        ("http://proxy.example", "proxy.example:80"),
        ("HTTP://proxy.example:3128/", "proxy.example:3128"),
        (" http://10.0.0.1:1\n", "10.0.0.1:1"),
        ("http://[::1]", "[::1]:80"),
        ("http://u:p@[fe80::1]:65535", "[fe80::1]:65535"),
        ("https://h", "h:443"),
        ("https://h:3129", "h:3129"),
    ] {
        if !https && url.starts_with("https") {
            assert!(parse(url).is_err_and(|e| e.to_string().contains("no TLS")));
            continue;
        }
        assert_eq!(parse(url).unwrap().host_port, host_port, "{url}");
    }
}

#[test]
fn quotes_that_stay_are_named() {
    for (url, why) in [
        ("'http://p:3128'", "it stands in quotes"),
        ("\"http://p:3128\"", "it stands in quotes"),
        (" 'https://p' ", "it stands in quotes"),
        ("\"http://p", "it stands in quotes"),
        ("''", "it stands in quotes"),
        ("p:3128", "it must start with http:// or https://"),
        ("", "it must start with http:// or https://"),
    ] {
        let error = parse(url).err().unwrap().to_string();
        assert_eq!(error, format!("the proxy's URL can't be used: {why}"));
    }
}
