//! A mock server for InfluxDB's resources: organizations, buckets, labels, authorizations,
//! mappings and tasks, in memory, for the tests and the provisioning example. It has the rules
//! that matter to a program that provisions (names that are taken, things that aren't there, a
//! token that is shown once, a setup that works once, sessions) and responds with the recorded
//! messages of InfluxDB OSS 2.9.1.
//!
//! It is not InfluxDB: it has one token, and one user, that may do everything, and runs no task.
#![allow(
    dead_code,
    reason = "shared by a test and an example, each of which uses a part"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

/// The one token that may do everything.
pub(crate) const TOKEN: &str = "mock-server-operator-token";

/// A server on a free port of the loopback. Stops when dropped.
pub(crate) struct MockServer {
    url: String,
    state: Arc<Mutex<State>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MockServer {
    pub(crate) fn start() -> MockServer {
        #[cfg(test)]
        crate::common::watch::watch(TOKEN);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of the loopback");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        listener.set_nonblocking(true).expect("a listening socket");
        let state = Arc::new(Mutex::new(State::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, stopped) = (Arc::clone(&state), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let state = Arc::clone(&shared);
                        std::thread::spawn(move || serve(stream, &state));
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        MockServer {
            url,
            state,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The number of resources of a kind.
    pub(crate) fn count(&self, kind: &str) -> usize {
        let state = self.state.lock().expect("no thread panicked");
        state.things.get(kind).map_or(0, BTreeMap::len)
    }

    /// All resources, without tokens, for comparison.
    pub(crate) fn everything(&self) -> Json {
        let state = self.state.lock().expect("no thread panicked");
        json!({ "things": state.things, "labelled": state.labelled })
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[derive(Default)]
struct State {
    next: u64,
    /// By kind (`buckets`) and id.
    things: BTreeMap<String, BTreeMap<String, Json>>,
    /// `buckets/<id>` to ids of labels.
    labelled: BTreeMap<String, Vec<String>>,
    /// `Authorization` of the one user, once there is one.
    user: Option<String>,
    /// The cookies of those who are signed in.
    sessions: Vec<String>,
}

struct Request {
    method: String,
    path: Vec<String>,
    query: BTreeMap<String, String>,
    body: Json,
    authorization: String,
    cookie: String,
}

type Response = (u16, Json);

fn error(status: u16, code: &str, message: &str) -> Response {
    (status, json!({ "code": code, "message": message }))
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let _ = stream.set_nonblocking(false);
    let _ = stream.set_nodelay(true);
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let mut stream = BufReader::new(stream);
    while let Some(request) = receive(&mut stream) {
        let mut state = state.lock().expect("no thread panicked");
        let mut session = None;
        let known = request.authorization == format!("Token {TOKEN}")
            || state.sessions.contains(&request.cookie);
        let path = request.path.iter().map(String::as_str);
        let (status, body) = match (&*request.method, path.collect::<Vec<_>>().as_slice()) {
            ("GET", ["setup"]) => (200, json!({ "allowed": state.user.is_none() })),
            ("POST", ["setup"]) => state.set_up(&request.body),
            ("POST", ["signin"]) if state.user.as_ref() == Some(&request.authorization) => {
                session = Some(state.sign_in());
                (204, Json::Null)
            }
            ("POST", ["signout"]) if known => {
                state.sessions.retain(|open| *open != request.cookie);
                (204, Json::Null)
            }
            _ if known => state.response(&request),
            _ => error(401, "unauthorized", "unauthorized access"),
        };
        drop(state);
        let mut response = format!("HTTP/1.1 {status} Mock\r\n");
        if let Some(cookie) = session {
            response += &format!("Set-Cookie: {cookie}; Path=/api/; HttpOnly; SameSite=Strict\r\n");
        }
        if status != 204 {
            let body = body.to_string();
            response += "Content-Type: application/json; charset=utf-8\r\n";
            response += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        } else {
            response += "\r\n";
        }
        if stream.get_mut().write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}

/// One request; `None` at the end, or of something that isn't one.
fn receive(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    let mut next = || {
        line.clear();
        stream.read_line(&mut line).ok().filter(|n| *n > 0)?;
        Some(line.trim_end().to_owned())
    };
    let first = next()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    let path = path.strip_prefix("/api/v2/").unwrap_or(path);
    let path = path.split('/').map(decode).collect();
    let (mut length, mut authorization, mut cookie) = (0, String::new(), String::new());
    loop {
        let header = next()?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(": ")?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => value.clone_into(&mut authorization),
            "cookie" => value.clone_into(&mut cookie),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        path,
        query,
        body: serde_json::from_slice(&body).unwrap_or(Json::Null),
        authorization,
        cookie,
    })
}

fn decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut hex = || bytes.next().and_then(|b| char::from(b).to_digit(16));
        match byte {
            b'%' => out.extend(
                hex()
                    .zip(hex())
                    .and_then(|(a, b)| u8::try_from(a * 16 + b).ok()),
            ),
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The name of a kind in an error and in a response.
fn names(kind: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match kind {
        "orgs" => ("organization", None),
        "buckets" => ("bucket", None),
        "labels" => ("label", Some("label")),
        "authorizations" => ("authorization", None),
        "dbrps" => ("DBRP mapping", Some("content")),
        "tasks" => ("task", None),
        _ => return None,
    })
}

impl State {
    /// The first user, with an organization and a bucket.
    fn set_up(&mut self, body: &Json) -> Response {
        if self.user.is_some() {
            return error(422, "conflict", "onboarding has already been completed");
        }
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        let (user, password) = (text("username"), text("password"));
        if password.len() < 8 {
            return error(
                400,
                "invalid",
                "passwords must be at least 8 characters long",
            );
        }
        let (_, org) = self.create("orgs", "organization", &json!({ "name": text("org") }));
        let bucket = json!({
            "name": text("bucket"),
            "orgID": org["id"],
            "retentionRules": [{ "type": "expire", "everySeconds": body["retentionPeriodSeconds"] }],
        });
        let (_, bucket) = self.create("buckets", "bucket", &bucket);
        self.user = Some(format!(
            "Basic {}",
            STANDARD.encode(format!("{user}:{password}"))
        ));
        let made = json!({
            "user": { "id": "11ac569900000000", "name": user },
            "org": org,
            "bucket": bucket,
            "auth": { "token": TOKEN },
        });
        (201, made)
    }

    fn sign_in(&mut self) -> String {
        self.next += 1;
        let cookie = format!("influxdb-oss-session=mock-server-{}", self.next);
        self.sessions.push(cookie.clone());
        cookie
    }

    fn response(&mut self, request: &Request) -> Response {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let Some((name, wrap)) = path.first().and_then(|kind| names(kind)) else {
            return error(404, "not found", "path not found");
        };
        let wrapped = |thing: &Json| match wrap {
            Some(key) => json!({ key: thing }),
            None => thing.clone(),
        };
        let missing = || error(404, "not found", &format!("{name} not found"));
        match (request.method.as_str(), path.as_slice()) {
            ("GET", [kind]) => self.list(kind, name, &request.query),
            ("POST", [kind]) => self.create(kind, name, &request.body),
            ("GET", [kind, id]) => self
                .shown(kind, id)
                .map_or_else(missing, |thing| (200, wrapped(&thing))),
            ("PATCH", [kind, id]) => {
                let Some(thing) = self.thing(kind, id) else {
                    return missing();
                };
                for (key, value) in request.body.as_object().into_iter().flatten() {
                    thing[key] = value.clone();
                }
                (200, wrapped(thing))
            }
            ("DELETE", [kind, id]) => self
                .delete(kind, id)
                .map_or_else(missing, |()| (204, Json::Null)),
            (method, [kind, id, "labels", rest @ ..]) => {
                if self.thing(kind, id).is_none() {
                    return missing();
                }
                self.label(method, &format!("{kind}/{id}"), rest, &request.body)
            }
            _ => error(405, "method not allowed", "allow: GET"),
        }
    }

    fn thing(&mut self, kind: &str, id: &str) -> Option<&mut Json> {
        self.things.get_mut(kind)?.get_mut(id)
    }

    /// A thing with its labels.
    fn shown(&self, kind: &str, id: &str) -> Option<Json> {
        let mut thing = self.things.get(kind)?.get(id)?.clone();
        if matches!(kind, "buckets" | "tasks") {
            thing["labels"] = self.labels_of(&format!("{kind}/{id}"));
        }
        Some(thing)
    }

    fn labels_of(&self, owner: &str) -> Json {
        let ids = self.labelled.get(owner).into_iter().flatten();
        ids.filter_map(|id| self.things.get("labels")?.get(id).cloned())
            .collect()
    }

    fn list(&self, kind: &str, name: &str, query: &BTreeMap<String, String>) -> Response {
        let key = if kind == "dbrps" { "content" } else { kind };
        // What a parameter filters by.
        let by = |parameter: &str| match (kind, parameter) {
            ("orgs", "org") => Some("name"),
            (_, "name") => Some("name"),
            (_, "orgID") => Some("orgID"),
            ("dbrps", "db") => Some("database"),
            ("dbrps", "rp") => Some("retention_policy"),
            _ => None,
        };
        if kind == "dbrps" && !query.contains_key("orgID") {
            return error(400, "invalid", "either 'org' or 'orgID' must be provided");
        }
        let fits = |thing: &Json| {
            query
                .iter()
                .all(|(p, v)| by(p).is_none_or(|member| thing[member] == json!(v)))
        };
        let ids = self.things.get(kind).into_iter().flatten();
        let all: Vec<_> = ids
            .filter(|(_, thing)| fits(thing))
            .filter(|(id, _)| query.get("after").is_none_or(|after| *id > after))
            .filter_map(|(id, _)| self.shown(kind, id))
            .collect();
        let asked = query.get(if kind == "orgs" { "org" } else { "name" });
        if let (Some(asked), true, "orgs" | "buckets") = (asked, all.is_empty(), kind) {
            return error(404, "not found", &format!("{name} {asked:?} not found"));
        }
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
        let page: Vec<_> = all
            .into_iter()
            .skip(number("offset").unwrap_or(0))
            .take(number("limit").unwrap_or(usize::MAX))
            .collect();
        (200, json!({ "links": {}, key: page }))
    }

    fn create(&mut self, kind: &str, name: &str, body: &Json) -> Response {
        let Some(body) = body.as_object() else {
            return error(400, "invalid", "failed to unmarshal json");
        };
        if kind != "orgs" {
            let org = body.get("orgID").and_then(Json::as_str).unwrap_or_default();
            if self.thing("orgs", org).is_none() {
                return error(404, "not found", "organization not found");
            }
        }
        let mut thing = body.clone();
        if kind == "tasks" {
            match task(body) {
                Some(options) => thing.extend(options),
                None => return error(400, "invalid", "invalid options: no task options defined"),
            }
        }
        let same =
            |members: &[&str], other: &Json| members.iter().all(|m| thing.get(*m) == other.get(*m));
        let unique: Option<&[&str]> = match kind {
            "orgs" | "buckets" | "labels" => Some(&["name", "orgID"]),
            "dbrps" => Some(&["database", "retention_policy", "orgID"]),
            _ => None,
        };
        let others = self.things.get(kind).into_iter().flatten();
        if let Some(members) = unique {
            if others.into_iter().any(|(_, other)| same(members, other)) {
                let which = thing.get("name").and_then(Json::as_str).unwrap_or("this");
                let said = format!("{name} with name {which} already exists");
                return error(422, "conflict", &said);
            }
        }
        self.next += 1;
        let id = format!("{:016x}", 0x11ac_5699_0000_0000 + self.next);
        thing.insert("id".to_owned(), json!(id));
        let mut response = Json::Object(thing.clone());
        if kind == "authorizations" {
            // Shown once; kept without.
            response["token"] = json!(format!("mock-server-token-{}", self.next));
            thing.insert("token".to_owned(), json!(""));
        }
        let things = self.things.entry(kind.to_owned()).or_default();
        things.insert(id, Json::Object(thing));
        match kind {
            "labels" => (201, json!({ "label": response })),
            _ => (201, response),
        }
    }

    /// Deletes a thing; an organization with all it has.
    fn delete(&mut self, kind: &str, id: &str) -> Option<()> {
        self.things.get_mut(kind)?.remove(id)?;
        self.labelled.remove(&format!("{kind}/{id}"));
        for labels in self.labelled.values_mut() {
            labels.retain(|label| label != id);
        }
        if kind == "orgs" {
            for things in self.things.values_mut() {
                things.retain(|_, thing| thing["orgID"] != json!(id));
            }
        }
        Some(())
    }

    fn label(&mut self, method: &str, owner: &str, rest: &[&str], body: &Json) -> Response {
        match (method, rest) {
            ("GET", []) => (200, json!({ "labels": self.labels_of(owner) })),
            ("POST", []) => {
                let id = body["labelID"].as_str().unwrap_or_default().to_owned();
                let Some(label) = self.thing("labels", &id).cloned() else {
                    return error(404, "not found", "label not found");
                };
                let labels = self.labelled.entry(owner.to_owned()).or_default();
                if labels.contains(&id) {
                    let said = format!("label {id} is already attached");
                    return error(422, "conflict", &said);
                }
                labels.push(id);
                (201, json!({ "label": label }))
            }
            ("DELETE", [id]) => {
                let labels = self.labelled.entry(owner.to_owned()).or_default();
                labels.retain(|label| label != id);
                (204, Json::Null)
            }
            _ => error(405, "method not allowed", "allow: GET"),
        }
    }
}

/// Name and schedule out of a script's `option task = {name: "…", every: …}`.
fn task(body: &Map<String, Json>) -> Option<Map<String, Json>> {
    let flux = body.get("flux")?.as_str()?;
    let (_, option) = flux.split_once("option task = {")?;
    let (option, _) = option.split_once('}')?;
    let mut out = Map::new();
    for member in option.split(", ") {
        let (name, value) = member.split_once(": ")?;
        out.insert(name.to_owned(), json!(value.trim_matches('"')));
    }
    let scheduled = out.contains_key("every") || out.contains_key("cron");
    out.insert("status".to_owned(), json!("active"));
    scheduled.then_some(out)
}
