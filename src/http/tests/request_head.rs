//! Unit tests of `request_head`: from any names there is one head, and the one that was meant, or an error
//! and not a byte.
//!
//! `INFLUX_EDGE_CASES` sets the number of cases, `INFLUX_EDGE_SEED` the seed.

use super::super::{Credentials, HeadError, Operation, RequestHead};
use super::random_responses::{cases, pick, rng};
use crate::Precision;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use base64::Engine as _;
use fastrand::Rng;

/// What a head should be.
#[derive(Debug)]
struct Meant {
    method: &'static str,
    path: String,
    query: Vec<(String, String)>,
    /// Sorted, names in lower case.
    headers: Vec<(String, String)>,
}

/// Text that tries to be more than a name.
fn hostile(rng: &mut Rng) -> String {
    let pieces = [
        "a",
        "Z9",
        "-._~",
        " ",
        "\r",
        "\n",
        "\r\n",
        "\r\n\r\n",
        "\0",
        "\t",
        "\x1b",
        "\x7f",
        "\u{80}",
        "ä",
        "日本",
        "🦀",
        "%",
        "%0d%0a",
        "%2",
        "&",
        "=",
        "#",
        "?",
        "/",
        "..",
        "//",
        "+",
        ";",
        ",",
        "\"",
        "'",
        "\\",
        "<",
        ":",
        "@",
        "HTTP/1.1",
        " HTTP/1.1\r\nX-Injected: 1\r\n\r\n",
        "Content-Length: 0",
        "\u{feff}",
        "\u{2028}",
    ];
    let len = if rng.u8(..10) == 0 {
        rng.usize(..30)
    } else {
        rng.usize(..4)
    };
    (0..len).map(|_| pick(rng, &pieces)).collect()
}

/// Text as it should be, mostly.
fn name(rng: &mut Rng, plain: &[&str]) -> String {
    match rng.u8(..3) {
        0 => hostile(rng),
        _ => pick(rng, plain).to_string(),
    }
}

struct Texts {
    host: String,
    prefix: String,
    user: String,
    secret: String,
    agent: String,
    names: [String; 2],
    params: Vec<(String, String)>,
    precision: Precision,
    length: usize,
    operation: u8,
    scheme: u8,
}

fn texts(rng: &mut Rng) -> Texts {
    let calm = rng.bool();
    let plain = |rng: &mut Rng, plain: &[&str]| match calm {
        true => pick(rng, plain).to_string(),
        false => name(rng, plain),
    };
    Texts {
        host: plain(rng, &["influx:8086", "192.168.1.10", "[::1]:8086"]),
        prefix: plain(rng, &["", "", "/influx", "/a%20b/c", "/..", "/a//b"]),
        user: plain(rng, &["admin", "ä"]),
        secret: plain(rng, &["my-token", "a==", "x:y", "0"]),
        agent: plain(rng, &["", "board/1.0 (x; y)", "b"]),
        names: [name(rng, &["sensors", "acme"]), name(rng, &["acme", ""])],
        params: (0..rng.usize(..4))
            .map(|_| (format!("p{}", hostile(rng)), hostile(rng)))
            .collect(),
        precision: *pick(
            rng,
            &[
                &Precision::Second,
                &Precision::Millisecond,
                &Precision::Microsecond,
                &Precision::Nanosecond,
            ],
        ),
        length: match rng.u8(..4) {
            0 => 0,
            1 => rng.usize(..),
            2 => usize::MAX,
            _ => rng.usize(..100_000),
        },
        operation: rng.u8(..7),
        scheme: rng.u8(..4),
    }
}

/// By another encoder.
fn base64(text: &str) -> String {
    let mut out = vec![0; text.len() * 2 + 4];
    let engine = base64::engine::general_purpose::STANDARD;
    let len = engine.encode_slice(text, &mut out).unwrap();
    out.truncate(len);
    String::from_utf8(out).unwrap()
}

const LINES: &str = "text/plain; charset=utf-8";

/// The head, and what it should be.
fn built(texts: &Texts) -> (RequestHead<'_>, Meant) {
    let [first, second] = &texts.names;
    let precision = |words: [&'static str; 4]| match texts.precision {
        Precision::Second => words[0],
        Precision::Millisecond => words[1],
        Precision::Microsecond => words[2],
        Precision::Nanosecond => words[3],
    };
    let (mut operation, path, content_type, query): (_, _, _, Vec<(&str, &str)>) =
        match texts.operation {
            0 => (
                Operation::write(first, second, texts.precision),
                "/api/v2/write",
                LINES,
                vec![
                    ("bucket", first),
                    ("org", second),
                    ("precision", precision(["s", "ms", "us", "ns"])),
                ],
            ),
            1 => (
                Operation::write_v1(first, texts.precision),
                "/write",
                LINES,
                vec![
                    ("db", first),
                    ("precision", precision(["s", "ms", "u", ""])),
                ],
            ),
            2 => (
                Operation::write_v3(first, texts.precision),
                "/api/v3/write_lp",
                LINES,
                vec![
                    ("db", first),
                    (
                        "precision",
                        precision(["second", "millisecond", "microsecond", "nanosecond"]),
                    ),
                ],
            ),
            3 => (
                Operation::query(second),
                "/api/v2/query",
                "application/json",
                vec![("org", second)],
            ),
            4 => (
                Operation::delete(first, second),
                "/api/v2/delete",
                "application/json",
                vec![("bucket", first), ("org", second)],
            ),
            5 => (Operation::ping(), "/ping", "", vec![]),
            _ => (Operation::health(), "/health", "", vec![]),
        };
    let mut query: Vec<(String, String)> = query
        .into_iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    for (name, value) in &texts.params {
        operation = operation.param(name, value);
        query.push((name.clone(), value.clone()));
    }
    query.retain(|(_, value)| !value.is_empty());
    let (credentials, authorization) = match texts.scheme {
        0 => (Credentials::NONE, None),
        1 => (
            Credentials::token(&texts.secret),
            Some(format!("Token {}", texts.secret)),
        ),
        2 => (
            Credentials::bearer(&texts.secret),
            Some(format!("Bearer {}", texts.secret)),
        ),
        _ => (
            Credentials::basic(&texts.user, &texts.secret),
            Some(format!(
                "Basic {}",
                base64(&format!("{}:{}", texts.user, texts.secret))
            )),
        ),
    };
    let head = RequestHead::new(&texts.host, operation)
        .path_prefix(&texts.prefix)
        .credentials(credentials)
        .user_agent(&texts.agent)
        .content_length(texts.length);
    let mut headers = vec![("host".to_string(), texts.host.clone())];
    if !texts.agent.is_empty() {
        // Blanks around a value are none of it.
        headers.push(("user-agent".to_string(), texts.agent.trim().to_string()));
    }
    headers.extend(authorization.map(|value| ("authorization".to_string(), value)));
    if !content_type.is_empty() {
        headers.push(("content-type".to_string(), content_type.to_string()));
        headers.push(("content-length".to_string(), texts.length.to_string()));
    }
    headers.sort();
    let meant = Meant {
        method: if content_type.is_empty() {
            "GET"
        } else {
            "POST"
        },
        path: format!("{}{path}", texts.prefix),
        query,
        headers,
    };
    (head, meant)
}

/// Percent-decoded; of a text that has no other characters than those that stand for themselves.
fn decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        assert!(plain || byte == b'%', "{text:?}");
        out.push(match byte {
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(core::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            _ => byte,
        });
    }
    String::from_utf8(out).unwrap()
}

/// Exactly this head, by another parser.
fn compare(text: &str, meant: &Meant) {
    assert!(text.is_ascii(), "{text:?}");
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(text.as_bytes());
    assert_eq!(
        parsed,
        Ok(httparse::Status::Complete(text.len())),
        "{text:?}"
    );
    assert_eq!(
        (request.method, request.version),
        (Some(meant.method), Some(1))
    );
    let target = request.path.unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    assert_eq!(path, meant.path, "{text:?}");
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs: Vec<_> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            (decode(name), decode(value))
        })
        .collect();
    assert_eq!(pairs, meant.query, "{text:?}");
    let mut headers: Vec<_> = request
        .headers
        .iter()
        .map(|header| {
            (
                header.name.to_ascii_lowercase(),
                String::from_utf8(header.value.to_vec()).unwrap(),
            )
        })
        .collect();
    headers.sort();
    assert_eq!(headers, meant.headers, "{text:?}");
    // Line by line there is nothing else, either.
    assert_eq!(text.matches("\r\n").count(), headers.len() + 2);
    assert_eq!(text.matches(['\r', '\n']).count(), 2 * (headers.len() + 2));
}

/// Whether a text may be there as it is.
fn is_allowed(texts: &Texts) -> Result<(), HeadError> {
    let visible = |text: &str| text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    let control = |text: &str| text.bytes().any(|byte| byte < 0x20 || byte == 0x7f);
    if texts.host.is_empty() || !visible(&texts.host) || texts.host.contains(['/', '@', '?', '#']) {
        return Err(HeadError::Host);
    }
    let prefix = &texts.prefix;
    if !visible(prefix)
        || prefix.contains(['?', '#'])
        || prefix.ends_with('/')
        || !(prefix.is_empty() || prefix.starts_with('/'))
    {
        return Err(HeadError::Path);
    }
    let fits = match texts.scheme {
        0 => true,
        1 | 2 => !texts.secret.is_empty() && visible(&texts.secret),
        _ => {
            !texts.user.is_empty()
                && !texts.user.contains(':')
                && !control(&texts.user)
                && !control(&texts.secret)
        }
    };
    if !fits {
        return Err(HeadError::Credentials);
    }
    if control(&texts.agent) || !texts.agent.is_ascii() {
        return Err(HeadError::UserAgent);
    }
    if matches!(texts.operation, 0 | 1 | 2 | 4) && texts.names[0].is_empty() {
        return Err(HeadError::Name);
    }
    let own = [3, 2, 2, 1, 2, 0, 0][usize::from(texts.operation)];
    if own + texts.params.len() > 5 {
        return Err(HeadError::Params);
    }
    Ok(())
}

#[test]
fn any_text_gives_one_head_or_none() {
    let mut rng = rng();
    let (mut heads, mut errors) = (0, 0);
    for case in 0..cases() {
        let texts = texts(&mut rng);
        let (head, meant) = built(&texts);
        let mut text = String::new();
        let result = head.write_to(&mut text);
        let mut buffer = vec![b'#'; 64 * 1024];
        let into = head.write_into(&mut buffer).map(ToString::to_string);
        let mut target = String::new();
        let alone = head.write_target_to(&mut target);
        assert_eq!(alone, result, "case {case}");
        assert_eq!(target, text.split(' ').nth(1).unwrap_or(""), "case {case}");
        if let Err(error) = result {
            assert_eq!((text.as_str(), into), ("", Err(error)), "case {case}");
            assert!(buffer.iter().all(|byte| *byte == b'#'), "case {case}");
            errors += 1;
        } else {
            compare(&text, &meant);
            assert_eq!(into.as_deref(), Ok(text.as_str()), "case {case}");
            heads += 1;
        }
        // The one that comes first where there are several.
        assert_eq!(result, is_allowed(&texts), "case {case}: {head:?}");
        assert!(!format!("{head:?}").contains("my-token"));
        // A buffer of any size has the whole or nothing.
        if result.is_ok() && case % 20 == 0 {
            for len in 0..text.len() + 3 {
                let mut buffer = vec![0; len];
                let expected = if len < text.len() {
                    Err(HeadError::Full)
                } else {
                    Ok(text.as_str())
                };
                assert_eq!(head.write_into(&mut buffer), expected, "case {case}: {len}");
            }
            for pieces in 0..100 {
                let mut limited = Limited {
                    text: String::new(),
                    pieces,
                };
                match head.write_to(&mut limited) {
                    Ok(()) => assert_eq!(limited.text, text),
                    Err(error) => {
                        assert_eq!(error, HeadError::Full);
                        assert!(text.starts_with(&limited.text) && limited.text.len() < text.len());
                    }
                }
            }
        }
    }
    std::println!("{heads} heads, {errors} errors");
    assert!(heads > cases() / 10 && errors > cases() / 10);
}

/// A writer that fails after so many pieces.
struct Limited {
    text: String,
    pieces: usize,
}

impl core::fmt::Write for Limited {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.pieces = self.pieces.checked_sub(1).ok_or(core::fmt::Error)?;
        self.text.push_str(text);
        Ok(())
    }
}

/// Each kind of text at each place, one at a time.
#[test]
fn what_cannot_be_in_a_head_is_an_error() {
    let ping = Operation::ping();
    for bad in [
        "",
        " ",
        "a b",
        "a\r\nX: 1",
        "a\n",
        "\r",
        "a\0",
        "a\t",
        "a\x7f",
        "ä",
        "a/b",
        "u@h",
        "a?b",
        "a#b",
    ] {
        let head = RequestHead::new(bad, ping);
        assert_eq!(
            head.write_into(&mut [0; 512]),
            Err(HeadError::Host),
            "{bad:?}"
        );
    }
    for bad in [
        "a", "/", "/a/", "/a b", "/a\r\n", "/a\0", "/ä", "/a?b", "/a#b", " ", "//", "a/b", "/\x7f",
    ] {
        let head = RequestHead::new("h", ping).path_prefix(bad);
        assert_eq!(
            head.write_into(&mut [0; 512]),
            Err(HeadError::Path),
            "{bad:?}"
        );
    }
    for bad in [
        "",
        " ",
        "a b",
        "a\r\nX: 1",
        "a\n",
        "a\0",
        "a\t",
        "a\x7f",
        "ä",
        "\u{85}",
    ] {
        for credentials in [Credentials::token(bad), Credentials::bearer(bad)] {
            let head = RequestHead::new("h", ping).credentials(credentials);
            assert_eq!(
                head.write_into(&mut [0; 512]),
                Err(HeadError::Credentials),
                "{bad:?}"
            );
        }
    }
    for (user, password) in [
        ("", "x"),
        ("a:b", "x"),
        ("a\n", "x"),
        ("a", "x\r\n"),
        ("a\0", ""),
        ("a", "\x7f"),
        ("\x1f", ""),
    ] {
        let head = RequestHead::new("h", ping).credentials(Credentials::basic(user, password));
        assert_eq!(
            head.write_into(&mut [0; 512]),
            Err(HeadError::Credentials),
            "{user:?} {password:?}"
        );
    }
    for bad in ["a\r\nX: 1", "a\n", "\r", "\0", "\t", "\x7f", "ä", "\u{85}"] {
        let head = RequestHead::new("h", ping).user_agent(bad);
        assert_eq!(
            head.write_into(&mut [0; 512]),
            Err(HeadError::UserAgent),
            "{bad:?}"
        );
    }
    for operation in [
        Operation::write("", "o", Precision::Second),
        Operation::write_v1("", Precision::Second),
        Operation::write_v1("", Precision::Nanosecond),
        Operation::write_v3("", Precision::Second),
        Operation::delete("", "o"),
        Operation::delete("", ""),
    ] {
        let head = RequestHead::new("h", operation);
        assert_eq!(
            head.write_into(&mut [0; 512]),
            Err(HeadError::Name),
            "{operation:?}"
        );
    }
    let full = ping
        .param("a", "1")
        .param("b", "2")
        .param("c", "3")
        .param("d", "4")
        .param("e", "5");
    let head = RequestHead::new("h", full)
        .write_into(&mut [0; 512])
        .map(|_| ());
    assert_eq!(head, Ok(()));
    let more = RequestHead::new("h", full.param("f", "6"));
    assert_eq!(more.write_into(&mut [0; 512]), Err(HeadError::Params));
    for error in [
        HeadError::Host,
        HeadError::Path,
        HeadError::Credentials,
        HeadError::UserAgent,
        HeadError::Name,
        HeadError::Params,
        HeadError::Full,
    ] {
        let text = error.to_string();
        assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
    }
}

/// A parameter without a value is left out, wherever it stands; one without a name, too.
#[test]
fn parameters_are_written_in_order() {
    for (params, expected) in [
        (&[][..], "/ping"),
        (&[("a", "")], "/ping"),
        (&[("a", ""), ("b", "1")], "/ping?b=1"),
        (&[("a", "1"), ("b", ""), ("a", "2")], "/ping?a=1&a=2"),
        (&[("a b", "c&d=e#f")], "/ping?a%20b=c%26d%3De%23f"),
        (&[("", "1")], "/ping"),
        (&[("", "1"), ("b", "2")], "/ping?b=2"),
    ] {
        let add = |operation: Operation<'static>, param: &(&'static str, &'static str)| {
            operation.param(param.0, param.1)
        };
        let operation = params.iter().fold(Operation::ping(), add);
        let mut buffer = [0; 512];
        let head = RequestHead::new("h", operation)
            .write_into(&mut buffer)
            .unwrap();
        assert_eq!(head.split(' ').nth(1), Some(expected), "{params:?}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let write = Operation::write_v1("db", Precision::Second);
    let with = |credentials| RequestHead::new("h", write).credentials(credentials);
    let param = |operation: Operation<'static>| RequestHead::new("h", operation);
    for head in [
        with(Credentials::token("canary")),
        with(Credentials::bearer("canary")),
        with(Credentials::basic("me", "canary")),
        param(write.param("u", "me").param("p", "canary")),
        param(Operation::ping().param("p", "canary")),
        param(
            Operation::query("acme")
                .param("p", "canary")
                .param("q", "x"),
        ),
    ] {
        let shown = alloc::format!("{head:?}");
        assert!(!shown.contains("canary"), "{shown}");
        let mut buffer = [0; 256];
        let sent = head.write_into(&mut buffer).unwrap();
        assert!(sent.contains("canary") || sent.contains("Basic"), "{sent}");
    }
    let shown = alloc::format!("{:?}", param(write.param("u", "me")));
    assert!(shown.contains("me") && shown.contains("/write"), "{shown}");
}
