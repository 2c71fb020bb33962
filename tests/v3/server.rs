//! A loopback server that plays recorded exchanges, and what was recorded.

use crate::common::wire::{self, Wire};
use influx_edge::Client;
use serde_json::Value as Json;
use std::fs;
use std::path::PathBuf;

/// One recorded exchange with an InfluxDB 3 Core 3.6.0.
pub(crate) struct Recorded {
    pub name: String,
    pub request: Json,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The chunked body broke off.
    pub cut: bool,
}

/// What a recorded query asked, wherever in the request it stood.
#[derive(Debug, PartialEq)]
pub(crate) struct Asked {
    pub path: String,
    pub db: String,
    pub q: String,
    pub params: Json,
    pub format: String,
}

/// All of a group, such as `sql`.
pub(crate) fn group(name: &str) -> Vec<Recorded> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/http-3.6.0");
    let mut all: Vec<_> = fs::read_dir(root.join(name))
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let json: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let response = &json["response"];
            let headers = response["headers"].as_object().unwrap().iter();
            Recorded {
                name: format!("{name}/{}", path.file_stem().unwrap().to_str().unwrap()),
                request: json["request"].clone(),
                status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
                headers: headers
                    .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                    .collect(),
                body: response["body"].as_str().unwrap().to_owned(),
                cut: response["cut"] == true,
            }
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

pub(crate) fn recorded(name: &str) -> Recorded {
    let (of, _) = name.split_once('/').unwrap();
    let found = group(of).into_iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("no recording {name}"))
}

impl Recorded {
    pub(crate) fn asked(&self) -> Asked {
        let target = self.request["target"].as_str().unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut json: Json = match self.request["body"].as_str().unwrap() {
            "" => serde_json::json!({}),
            body => serde_json::from_str(body).unwrap(),
        };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            json[name] = Json::from(decoded(value));
        }
        Asked::of(path, &json)
    }

    /// The response's bytes, in chunks if it came so.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let mut bytes = format!("HTTP/1.1 {} Recorded\r\n{headers}\r\n", self.status).into_bytes();
        if self
            .headers
            .iter()
            .any(|(name, _)| name == "transfer-encoding")
        {
            for chunk in self.body.as_bytes().chunks(50) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            if !self.cut {
                bytes.extend_from_slice(b"0\r\n\r\n");
            }
        } else {
            bytes.extend_from_slice(self.body.as_bytes());
        }
        bytes
    }
}

impl Asked {
    pub(crate) fn of(path: &str, json: &Json) -> Asked {
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Asked {
            path: path.to_owned(),
            db: text("db"),
            q: text("q"),
            params: json["params"].clone(),
            format: text("format"),
        }
    }
}

/// A response in chunks with a body of CSV.
pub(crate) fn csv(body: &str) -> Recorded {
    Recorded {
        name: String::from("made"),
        request: Json::Null,
        status: 200,
        headers: vec![
            ("content-type".into(), "text/csv".into()),
            ("transfer-encoding".into(), "chunked".into()),
        ],
        body: body.to_owned(),
        cut: false,
    }
}

/// A client whose only request gets this response; the connection is closed behind it. Returns what
/// was asked, too.
pub(crate) fn play<T>(response: &Recorded, ask: impl FnOnce(&Client) -> T) -> (T, Asked) {
    let bytes = response.bytes();
    let wire = Wire::each(1, move |peer| {
        peer.request();
        peer.send(&bytes);
    });
    let client = wire.client();
    let done = ask(&client);
    let seen = wire.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].method, "POST");
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    let token = format!("Token {}", wire::TOKEN);
    assert_eq!(seen[0].header("authorization"), Some(&*token));
    let json: Json = serde_json::from_slice(&seen[0].body).unwrap();
    (done, Asked::of(&seen[0].target, &json))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [left.next().unwrap(), left.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}
