//! A server of recorded responses, and the comparison of requests with the recorded ones.
#![allow(
    dead_code,
    reason = "shared by several test binaries, each of which uses a part"
)]

use std::collections::BTreeMap;

use influx_edge::Client;
use serde_json::Value as Json;

use super::replay::{Exchange, TOKEN, exchange};
use super::wire::{Peer, Scene, Seen, Wire};

/// The organization of the recordings.
pub(crate) const ORG: &str = "66de4893384f6b2b";

/// The source of a case's requests and responses.
#[derive(Clone, Debug)]
pub(crate) enum Play {
    /// As a real 2.9.1 was recorded.
    Recorded(&'static str),
    /// From the API's documentation, if no available server has it: mostly InfluxDB Cloud.
    Documented {
        method: &'static str,
        target: &'static str,
        body: &'static str,
        status: u16,
        response: &'static str,
    },
}

/// One request and its response.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub play: Play,
    /// Parameters that the client sends and the recording leaves to the server's default.
    pub also: &'static [(&'static str, &'static str)],
}

pub(crate) fn recorded(name: &'static str) -> Turn {
    Turn {
        play: Play::Recorded(name),
        also: &[],
    }
}

pub(crate) fn documented(
    method: &'static str,
    target: &'static str,
    body: &'static str,
    status: u16,
    response: &'static str,
) -> Turn {
    Turn {
        play: Play::Documented {
            method,
            target,
            body,
            status,
            response,
        },
        also: &[],
    }
}

impl Turn {
    pub(crate) fn also(self, also: &'static [(&'static str, &'static str)]) -> Turn {
        Turn { also, ..self }
    }

    pub(crate) fn exchange(&self) -> Exchange {
        match &self.play {
            Play::Recorded(name) => exchange(name),
            Play::Documented {
                method,
                target,
                body,
                status,
                response,
            } => Exchange {
                method: (*method).to_owned(),
                target: (*target).to_owned(),
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
                response: super::replay::Response {
                    status: *status,
                    headers: vec![
                        (
                            "Content-Type".to_owned(),
                            if response.starts_with('{') {
                                "application/json; charset=utf-8".to_owned()
                            } else {
                                "text/csv; charset=utf-8".to_owned()
                            },
                        ),
                        // As in every recorded response.
                        ("X-Influxdb-Build".to_owned(), "OSS".to_owned()),
                    ],
                    body: response.as_bytes().to_vec(),
                },
            },
        }
    }
}

/// A response's bytes on the wire.
pub(crate) fn bytes(response: &super::replay::Response) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} Recorded\r\n", response.status);
    for (name, value) in &response.headers {
        if !name.eq_ignore_ascii_case("transfer-encoding")
            && !name.eq_ignore_ascii_case("content-length")
        {
            head += &format!("{name}: {value}\r\n");
        }
    }
    if response.status != 204 {
        head += &format!("Content-Length: {}\r\n", response.body.len());
    }
    let mut out = (head + "\r\n").into_bytes();
    out.extend_from_slice(&response.body);
    out
}

/// Sends these responses, one per request, over any number of connections.
pub(crate) fn responses(responses: Vec<Vec<u8>>) -> Wire {
    let left = std::sync::Arc::new(std::sync::Mutex::new(std::collections::VecDeque::from(
        responses,
    )));
    let scene = move |peer: &mut Peer| {
        while peer.request().is_some() {
            let Some(response) = left.lock().unwrap().pop_front() else {
                return;
            };
            peer.send(&response);
        }
    };
    let scene = std::sync::Arc::new(scene);
    Wire::scenes(
        (0..3)
            .map(|_| {
                let scene = std::sync::Arc::clone(&scene);
                Box::new(move |peer: &mut Peer| scene(peer)) as Scene
            })
            .collect(),
    )
}

/// Plays the responses to a case, and compares the requests.
pub(crate) fn play(turns: &[Turn], run: impl FnOnce(&Client)) {
    play_as(turns, |builder| builder.org_id(ORG), run);
}

/// The same with another client.
pub(crate) fn play_as(
    turns: &[Turn],
    build: impl FnOnce(influx_edge::client::ClientBuilder) -> influx_edge::client::ClientBuilder,
    run: impl FnOnce(&Client),
) {
    let exchanges: Vec<_> = turns.iter().map(Turn::exchange).collect();
    let wire = responses(exchanges.iter().map(|e| bytes(&e.response)).collect());
    let builder = Client::builder(wire.url())
        .token(TOKEN)
        .timeout(std::time::Duration::from_secs(5));
    run(&build(builder).build().unwrap());
    let seen = wire.seen();
    assert_eq!(seen.len(), turns.len(), "requests of {turns:?}: {seen:#?}");
    for ((turn, exchange), seen) in turns.iter().zip(&exchanges).zip(&seen) {
        same(turn, exchange, seen);
    }
}

/// Compares method, path, query as a set, the body's value, and the credentials.
fn same(turn: &Turn, wanted: &Exchange, seen: &Seen) {
    let about = format!("{:?}", turn.play);
    let is_v3 = matches!(turn.play, Play::Recorded(name) if name.starts_with("http-3."));
    assert_eq!(seen.method, wanted.method, "{about}");
    let (path, mut query) = split(&wanted.target);
    for (name, value) in turn.also {
        query
            .entry((*name).to_owned())
            .or_insert((*value).to_owned());
    }
    assert_eq!(split(&seen.target), (path, query), "{about}");
    let kind = seen.header("content-type").unwrap_or_default();
    if wanted.body.is_empty() {
        assert!(seen.body.is_empty(), "{about}: {:?}", seen.body);
    } else if kind.starts_with("application/json") {
        let json = |bytes: &[u8]| serde_json::from_slice::<Json>(bytes).unwrap();
        assert_eq!(json(&seen.body), json(&wanted.body), "{about}");
    } else {
        assert_eq!(seen.body, wanted.body, "{about}");
    }
    for (name, value) in &wanted.headers {
        if let (true, Some(("Bearer", token))) = (is_v3, value.split_once(' ')) {
            // InfluxDB 3 accepts both schemes for a token.
            let given = format!("Token {token}");
            assert_eq!(seen.header("authorization"), Some(&*given), "{about}");
        } else if name == "Authorization" {
            assert_eq!(seen.header("authorization"), Some(&**value), "{about}");
        }
        if name == "Cookie" {
            // Sessions are not the same, their form is.
            let cookie = seen.header("cookie").unwrap_or_default();
            let (name, value) = cookie.split_once('=').unwrap_or_default();
            assert_eq!(name, "influxdb-oss-session", "{about}");
            assert!(
                !value.is_empty() && !value.contains(';'),
                "{about}: {cookie}"
            );
        }
        if name == "Content-Type" {
            assert_eq!(kind, value, "{about}");
        }
    }
}

/// A target's path, and its query with the encoding taken off.
pub(crate) fn split(target: &str) -> (String, BTreeMap<String, String>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut all = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let twice = all.insert(decode(name), decode(value));
        assert!(twice.is_none(), "{name} twice in {target}");
    }
    (path.to_owned(), all)
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            // So a form writes a space.
            out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}
