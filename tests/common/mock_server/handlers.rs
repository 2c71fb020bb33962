//! The handlers of the paths.

use super::http::{Request, Response};
use super::lines;
use super::query::{self, Buckets};
use super::time;

/// The credentials: one organization, one token.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub org: String,
    pub org_id: String,
    pub token: String,
}

/// Responds to any request.
pub(crate) fn serve(request: &Request, setup: &Setup, buckets: &mut Buckets) -> Response {
    route(request, setup, buckets)
        .unwrap_or_else(|error| error)
        .header("X-Influxdb-Build", "mock-server")
        .header("X-Influxdb-Version", "mock-server")
}

fn route(request: &Request, setup: &Setup, buckets: &mut Buckets) -> Result<Response, Response> {
    match (request.path(), request.method.as_str()) {
        ("/ping", "GET" | "HEAD") => Ok(Response::new(204).header("Vary", "Accept-Encoding")),
        ("/health", "GET") => Ok(json(HEALTH)),
        ("/ready", "GET") => Ok(json(READY)),
        ("/api/v2/write", "POST") => {
            authorize(request, setup)?;
            write(request, setup, buckets)
        }
        ("/api/v2/query", "POST") => {
            authorize(request, setup)?;
            organization(request, setup).map_err(|words| {
                let words = format!("failed to decode request body: {words}");
                Response::error(400, "invalid", &words).header("Vary", "Accept-Encoding")
            })?;
            Ok(query::response(request, buckets))
        }
        ("/api/v2/write" | "/api/v2/query", _) => {
            Err(
                Response::error(405, "method not allowed", "allow: OPTIONS, POST")
                    .header("Allow", "OPTIONS, POST"),
            )
        }
        (path, _) if path.starts_with("/api/v2") => {
            Err(Response::error(404, "not found", "path not found")
                .body("{\n\t\"code\": \"not found\",\n\t\"message\": \"path not found\"\n}"))
        }
        // As on a real server, every other path is a page of its user interface.
        _ => Ok(Response::new(200)
            .header("Content-Type", "text/html; charset=utf-8")
            .body("<!doctype html><html><head><title>mock server</title></head></html>")),
    }
}

const HEALTH: &str = "{\"name\":\"mock-server\", \"message\":\"ready for queries and writes\", \
    \"status\":\"pass\", \"checks\":[], \"version\": \"mock-server\", \"commit\": \"mock-server\"}\n";
const READY: &str = "{\n    \"status\": \"ready\",\n    \"started\": \"2023-11-14T22:13:20Z\",\n    \
    \"up\": \"1s\"\n}\n";

fn json(body: &str) -> Response {
    Response::new(200)
        .header("Content-Type", "application/json; charset=utf-8")
        .body(body)
}

fn authorize(request: &Request, setup: &Setup) -> Result<(), Response> {
    let given = request.header("Authorization").unwrap_or_default();
    let (scheme, token) = given.split_once(' ').unwrap_or_default();
    let known = ["token", "bearer"].contains(&scheme.to_ascii_lowercase().as_str());
    if known && token == setup.token {
        Ok(())
    } else {
        Err(Response::error(401, "unauthorized", "unauthorized access"))
    }
}

/// Checks the organization; `Err` is the server's message if it is missing or unknown.
fn organization(request: &Request, setup: &Setup) -> Result<(), String> {
    let named = request.query("org").or_else(|| request.query("orgID"));
    match named.filter(|name| !name.is_empty()) {
        None => Err("Please provide either orgID or org".into()),
        Some(name) if name == setup.org || name == setup.org_id => Ok(()),
        Some(name) => Err(format!("organization name \"{name}\" not found")),
    }
}

fn write(request: &Request, setup: &Setup, buckets: &mut Buckets) -> Result<Response, Response> {
    organization(request, setup).map_err(|words| match words {
        words if words.ends_with("not found") => Response::error(404, "not found", &words),
        words => Response::error(400, "invalid", &words),
    })?;
    let bucket = request.query("bucket").unwrap_or_default();
    let bucket = buckets.get_mut(&bucket).ok_or_else(|| {
        let words = match bucket.as_str() {
            "" => "bucket not found".to_owned(),
            name => format!("bucket \"{name}\" not found"),
        };
        Response::error(404, "not found", &words)
    })?;
    let unit = match request.query("precision").as_deref() {
        None | Some("" | "ns") => 1,
        Some("us") => 1_000,
        Some("ms") => 1_000_000,
        Some("s") => 1_000_000_000,
        Some(_) => {
            let words = "invalid precision; valid precision units are ns, us, ms, and s";
            return Err(Response::error(400, "invalid", words));
        }
    };
    let body = request.plain_body().map_err(|_| {
        let words = "An internal error has occurred - check server logs";
        Response::error(500, "internal error", words)
    })?;
    // The parser takes text. A real 2.x server takes any bytes, but the client must never send
    // others, so they are rejected with a message of the mock's own.
    let body = String::from_utf8(body)
        .map_err(|_| Response::error(400, "invalid", "mock server: the body is not UTF-8"))?;
    let lines = lines::parse(&body, unit, time::now())
        .map_err(|words| Response::error(400, "invalid", &words))?;
    bucket.write(lines).map_err(|words| {
        let words = format!("failure writing points to database: {words}");
        Response::error(422, "unprocessable entity", &words)
    })?;
    Ok(Response::new(204))
}
