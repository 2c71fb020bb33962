//! Unit tests of `head`.

use super::*;
use alloc::string::String;
use ureq::http::HeaderValue;

#[test]
fn what_the_library_would_act_on_is_renamed_in_the_head_and_only_there() {
    let secrets = Secrets::none();
    let ok = "HTTP/1.1 200 OK\r\n";
    for (input, wanted) in [
        // None of them, or one that changes nothing.
        ("Date: x\r\n\r\n", None),
        ("Content-Types: text/csv\r\n\r\n", None),
        ("X-Set-Cookie: a=1\r\nSet-Cookies: a=1\r\n\r\n", None),
        // The body is none of the head.
        ("Date: x\r\n\r\nSet-Cookie: a=1\r\n\r\n", None),
        // Not all of it is there.
        ("Set-Cookie: a=1\r\n", None),
        ("Set-Cookie: a=1\r\n\r\n", Some("set~cookie: a=1\r\n\r\n")),
        (
            "SET-COOKIE:a=1\nset-cookie: b=2\n\nbody",
            Some("set~cookie:a=1\nset~cookie: b=2\n\nbody"),
        ),
        (
            "Content-Encoding: gzip\r\nVary: *\r\n\r\nContent-Encoding: br",
            Some("content~encoding: gzip\r\nVary: *\r\n\r\nContent-Encoding: br"),
        ),
        (
            "Content-Type: text/csv;charset=latin1\r\n\r\n",
            Some("content~type: text/csv;charset=latin1\r\n\r\n"),
        ),
    ] {
        for before in ["", "HTTP/1.1 100 Continue\r\n\r\n"] {
            let head = |rest: &str| [before, ok, rest].concat();
            let out = rewritten(&secrets, head(input).as_bytes());
            let out = out.map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(out, wanted.map(head), "{input}");
        }
    }
}

#[test]
fn hidden_headers_get_their_names_and_all_values_back() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("set~cookie", "a=1"),
        ("content~type", "text/csv; charset=latin1"),
        ("content~encoding", "gzip"),
        ("set~cookie", "b=2"),
        ("date", "x"),
    ] {
        headers.append(name, HeaderValue::from_static(value));
    }
    restore(&mut headers);
    assert_eq!(headers.len(), 5);
    let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(headers["content-type"], "text/csv; charset=latin1");
    assert_eq!(headers["content-encoding"], "gzip");
}
