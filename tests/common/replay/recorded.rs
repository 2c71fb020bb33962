//! Exchanges with real servers, an InfluxDB 2.9.1 first of all, kept under `tests/recordings`.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use serde_json::Value as Json;

use super::raw::{Client, Response};

/// The token the recordings were made with.
pub(crate) const TOKEN: &str = "edge-test-operator-token";

/// A recorded request and its response.
pub(crate) struct Exchange {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub response: Response,
}

/// Bytes of a file under `tests/recordings`.
pub(crate) fn file(path: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tests/recordings").join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The exchange of this name, such as `write/ok`, or of another server, `http-3.6.0/configure/list`.
pub(crate) fn exchange(name: &str) -> Exchange {
    let folder = if name.starts_with("http-") {
        ""
    } else {
        "http/"
    };
    let text = file(&format!("{folder}{name}.json"));
    let json: Json = serde_json::from_slice(&text).expect("a recording");
    let (request, response) = (&json["request"], &json["response"]);
    let text = |node: &Json| node.as_str().expect("text").to_owned();
    let status = response["status"].as_u64().expect("a status");
    Exchange {
        method: text(&request["method"]),
        target: text(&request["target"]),
        headers: headers(&request["headers"]),
        body: body(request),
        response: Response {
            status: u16::try_from(status).expect("a status"),
            headers: headers(&response["headers"]),
            body: body(response),
        },
    }
}

impl Exchange {
    /// Sends the recorded request again, as it was.
    pub(crate) fn replay(&self, client: &mut Client) -> Response {
        let headers = self.headers.iter();
        let headers: Vec<_> = headers.map(|(k, v)| (k.as_str(), v.as_str())).collect();
        client
            .exchange(&self.method, &self.target, &headers, &self.body)
            .expect("a response")
    }
}

/// The headers of a response, sorted, without those of the body's length and the two with the server's name,
/// which is another one for the mock server.
pub(crate) fn meaning(response: &Response) -> Vec<(String, String)> {
    let all = response.headers.iter().filter(|(name, _)| {
        name != "Content-Length" && name != "X-Influxdb-Build" && name != "X-Influxdb-Version"
    });
    let mut headers: Vec<_> = all.cloned().collect();
    headers.sort();
    headers
}

fn headers(node: &Json) -> Vec<(String, String)> {
    let all = node.as_object().into_iter().flatten();
    all.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()))
        .collect()
}

fn body(node: &Json) -> Vec<u8> {
    if let Some(text) = node["body"].as_str() {
        return text.as_bytes().to_vec();
    }
    match node["body_base64"].as_str() {
        Some(text) => {
            let mut bytes = vec![0; text.len()];
            let base64 = base64::engine::general_purpose::STANDARD;
            let length = base64.decode_slice(text, &mut bytes).expect("base64");
            bytes.truncate(length);
            bytes
        }
        None => Vec::new(),
    }
}
