//! The API of InfluxDB 3 Core, as recorded of 3.6.0.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::http::{Request, Response};
use super::query::Buckets;
use super::sql;
use super::v3_lines::{self, Columns, Refused};

/// The most databases of a server.
const MAX_DATABASES: usize = 5;
const NO_DATABASE_LEFT: &str = "Adding a new database would exceed limit of 5 databases";
const BAD_NAME: &str = "invalid character in database or rp name: must be ASCII, containing only letters, numbers, underscores, or hyphens";
const EXISTS: &str = "attempted to create a resource that already exists";
const MISSING: &str = "the requested resource was not found";

/// The tables of a database: their columns.
pub(crate) type Tables = BTreeMap<String, Columns>;

/// The state of such a server besides its points.
#[derive(Debug, Default)]
pub(crate) struct V3 {
    /// No token is required.
    open: bool,
    /// Names and secrets.
    tokens: Vec<(String, String)>,
    made: usize,
    databases: BTreeMap<String, Tables>,
}

impl V3 {
    pub(crate) fn open() -> Self {
        Self {
            open: true,
            ..Self::default()
        }
    }

    pub(crate) fn add_token(&mut self, name: &str, secret: &str) {
        self.tokens.push((name.to_owned(), secret.to_owned()));
        self.made += 1;
    }

    /// Responds to any request.
    pub(crate) fn serve(&mut self, request: &Request, buckets: &mut Buckets) -> Response {
        let response = self.route(request, buckets).unwrap_or_else(|error| error);
        let origin = "access-control-allow-origin";
        match response.status {
            // So are its own errors, but not those of the router.
            400..=500 if response.body != b"not found" => response,
            _ => response.header(origin, "*"),
        }
    }

    fn route(&mut self, request: &Request, buckets: &mut Buckets) -> Result<Response, Response> {
        let (path, method) = (request.path(), request.method.as_str());
        if (path, method) == ("/api/v3/configure/token/admin", "POST") {
            return self.create_token("_admin");
        }
        self.authorize(request)?;
        match (path, method) {
            ("/ping", "GET") => Ok(json_response(&json!({
                "version": "3.6.0-mock", "revision": "mock-server", "process_id": "0"
            }))
            .header("x-influxdb-build", "mock-server")
            .header("x-influxdb-version", "3.6.0-mock")),
            ("/health" | "/api/v1/health", "GET") => Ok(Response::new(200).body("OK")),
            ("/api/v3/write_lp", "POST") => self.write(request, buckets),
            ("/api/v2/write", "POST") => self.write_v2(request, buckets),
            ("/write", "POST") => self.write_v1(request, buckets),
            ("/api/v3/query_sql" | "/api/v3/query_influxql", "GET" | "POST") => {
                let asked = sql::Asked::of(request)?;
                sql::response(&asked, &self.databases, buckets)
            }
            ("/api/v3/configure/database", "GET") => self.list(request),
            ("/api/v3/configure/database", "POST") => self.create_database(request),
            ("/api/v3/configure/database", "PUT") => {
                let body = body(request)?;
                retention(request, &body)?;
                self.tables(&text(&body, "db")?)?;
                Ok(Response::new(200))
            }
            ("/api/v3/configure/database", "DELETE") => {
                let db = parameter(request, "db")?;
                self.tables(&db)?;
                self.databases.remove(&db);
                buckets.remove(&db);
                Ok(Response::new(200))
            }
            // (Whatever its method, it looks for the parameter.)
            ("/api/v3/configure/database/retention_period", _) => {
                self.tables(&parameter(request, "db")?)?;
                Ok(Response::new(204))
            }
            ("/api/v3/configure/table", "POST") => self.create_table(request),
            ("/api/v3/configure/table", "DELETE") => {
                let (db, table) = (parameter(request, "db")?, parameter(request, "table")?);
                let gone = self.tables(&db)?.remove(&table);
                if let Some(bucket) = buckets.get_mut(&db) {
                    bucket.remove(&table);
                }
                gone.map(|_| Response::new(200)).ok_or_else(missing)
            }
            ("/api/v3/configure/token/named_admin", "POST") => {
                self.create_token(&text(&body(request)?, "token_name")?)
            }
            ("/api/v3/configure/token", "DELETE") => {
                let name = parameter(request, "token_name")?;
                let before = self.tokens.len();
                self.tokens.retain(|(known, _)| *known != name);
                match before == self.tokens.len() {
                    true => Err(missing()),
                    false => Ok(Response::new(200)),
                }
            }
            _ => Err(Response::new(404).body("not found")),
        }
    }

    fn authorize(&self, request: &Request) -> Result<(), Response> {
        let given = request.header("Authorization").unwrap_or_default();
        let (scheme, given) = given.split_once(' ').unwrap_or_default();
        let known = |secret: &str| self.tokens.iter().any(|(_, token)| token == secret);
        let right = match scheme {
            "Token" | "Bearer" => known(given),
            _ => request.query("p").is_some_and(|password| known(&password)),
        };
        match self.open || right {
            true => Ok(()),
            false => Err(Response::new(401)),
        }
    }

    fn create_token(&mut self, name: &str) -> Result<Response, Response> {
        if self.tokens.iter().any(|(known, _)| known == name) {
            let words = format!("token name already exists, {name}");
            return Err(plain(409, &words));
        }
        let id = self.made;
        let secret = format!("apiv3_mock-server-{id}");
        self.add_token(name, &secret);
        let body = json!({
            "id": id, "name": name, "token": secret, "hash": "00",
            "created_at": "2026-11-26T18:02:34.611Z", "expiry": null
        });
        Ok(Response::new(201)
            .header("content-type", "json")
            .body(body.to_string()))
    }

    /// The tables of a database.
    fn tables(&mut self, db: &str) -> Result<&mut Tables, Response> {
        self.databases.get_mut(db).ok_or_else(missing)
    }

    /// The same; makes the database if there isn't one.
    fn tables_or_new(&mut self, db: &str) -> Result<&mut Tables, &'static str> {
        if !self.databases.contains_key(db) && self.databases.len() >= MAX_DATABASES {
            return Err(NO_DATABASE_LEFT);
        }
        Ok(self.databases.entry(db.to_owned()).or_default())
    }

    fn list(&self, request: &Request) -> Result<Response, Response> {
        let own = String::from("_internal");
        let names = [&own].into_iter().chain(self.databases.keys());
        let rows = names.map(|name| json!({ "iox::database": name }));
        match parameter(request, "format")?.as_str() {
            "json" => Ok(json_response(&Json::Array(rows.collect())).chunked()),
            "jsonl" => {
                let lines = rows.map(|row| format!("{row}\n"));
                Ok(Response::new(200)
                    .header("content-type", "application/jsonl")
                    .body(lines.collect::<String>())
                    .chunked())
            }
            other => Err(unknown_format(other)),
        }
    }

    fn create_database(&mut self, request: &Request) -> Result<Response, Response> {
        let body = body(request)?;
        let db = text(&body, "db")?;
        retention(request, &body)?;
        check_name(&db)?;
        if self.databases.contains_key(&db) {
            return Err(plain(409, EXISTS));
        }
        self.tables_or_new(&db)
            .map(|_| Response::new(200))
            .map_err(|words| json_error(422, words))
    }

    fn create_table(&mut self, request: &Request) -> Result<Response, Response> {
        let body = body(request)?;
        let (db, table) = (text(&body, "db")?, text(&body, "table")?);
        let tables = self.tables(&db)?;
        if tables.contains_key(&table) {
            return Err(plain(409, EXISTS));
        }
        let mut columns = v3_lines::no_columns();
        for tag in body["tags"].as_array().into_iter().flatten() {
            let tag = tag.as_str().unwrap_or_default().to_owned();
            columns.insert(tag, "iox::column_type::tag");
        }
        for field in body["fields"].as_array().into_iter().flatten() {
            let name = field["name"].as_str().unwrap_or_default().to_owned();
            let kind = match field["type"].as_str().unwrap_or_default() {
                "int64" => "iox::column_type::field::integer",
                "uint64" => "iox::column_type::field::uinteger",
                "float64" => "iox::column_type::field::float",
                "bool" => "iox::column_type::field::boolean",
                "utf8" => "iox::column_type::field::string",
                other => {
                    let words = format!("serde json error: unknown variant `{other}`");
                    return Err(plain(400, &words));
                }
            };
            columns.insert(name, kind);
        }
        tables.insert(table, columns);
        Ok(Response::new(200))
    }

    fn write(&mut self, request: &Request, buckets: &mut Buckets) -> Result<Response, Response> {
        let db = parameter(request, "db")?;
        check_name(&db)?;
        let unit = request.query("precision").unwrap_or("auto".into());
        let unit =
            v3_lines::unit(&unit).map_err(|words| plain(400, &format!("serde error: {words}")))?;
        let partial = request
            .query("accept_partial")
            .is_none_or(|word| word != "false");
        let body = request_text(request).map_err(|words| json_error(400, &words))?;
        if body.is_empty() {
            return Err(plain(400, "incoming write was empty"));
        }
        match self.store(&db, &body, unit, partial, buckets) {
            Ok(()) => Ok(Response::new(204)),
            Err(Refused::Lines(data)) => Err(Response::new(400).body(
                // In this order, as the server writes it.
                match partial {
                    true => format!(
                        r#"{{"error":"partial write of line protocol occurred","data":[{}]}}"#,
                        data.join(",")
                    ),
                    false => format!(
                        r#"{{"error":"parsing failed for write_lp endpoint","data":{}}}"#,
                        data[0]
                    ),
                },
            )),
            Err(Refused::Whole(words)) => Err(json_error(422, words)),
        }
    }

    fn write_v2(&mut self, request: &Request, buckets: &mut Buckets) -> Result<Response, Response> {
        let invalid = |words: &str| {
            let words = Json::from(words);
            Response::new(400).body(format!(r#"{{"code":"invalid","message":{words}}}"#))
        };
        let bucket = request.query("bucket").unwrap_or_default();
        if bucket.is_empty() {
            return Err(invalid("missing bucket value"));
        }
        let unit = match request.query("precision") {
            None => 1,
            Some(word) => v3_lines::unit(&word)
                .map_err(|words| words.replace("`auto`, ", ""))
                .map_err(|words| {
                    invalid(&format!(
                        "failed to deserialize org/bucket/precision in request: {words}"
                    ))
                })?,
        };
        if let Some(at) = bucket.chars().position(|c| !is_name(c)) {
            return Err(invalid(&format!(
                "namespace name '{bucket}' contains invalid character, character number {at} is not whitelisted"
            )));
        }
        let body = request_text(request).map_err(|words| invalid(&words))?;
        if body.is_empty() {
            return Err(invalid("write buffer error: incoming write was empty"));
        }
        match self.store(&bucket, &body, unit, false, buckets) {
            Ok(()) => Ok(Response::new(204)),
            Err(Refused::Lines(_)) => Err(invalid(
                "write buffer error: parsing for line protocol failed",
            )),
            Err(Refused::Whole(words)) => Err(invalid(&format!(
                "write buffer error: catalog update error: {words}"
            ))),
        }
    }

    fn write_v1(&mut self, request: &Request, buckets: &mut Buckets) -> Result<Response, Response> {
        let db = parameter(request, "db")?;
        let unit = request.query("precision").unwrap_or("ns".into());
        let unit = v3_lines::unit(&unit).map_err(|words| plain(400, &words))?;
        let body = request_text(request).map_err(|words| json_error(400, &words))?;
        match self.store(&db, &body, unit, false, buckets) {
            Ok(()) => Ok(Response::new(204)),
            Err(Refused::Lines(data)) => {
                // The parser's own message; write_lp has another one.
                let data = data[0].replace(
                    "No fields were provided",
                    "A generic parsing error occurred: TakeWhile1",
                );
                Err(Response::new(400).body(format!(
                    r#"{{"error":"parsing failed for write_lp endpoint","data":{data}}}"#
                )))
            }
            Err(Refused::Whole(words)) => Err(json_error(422, words)),
        }
    }

    /// Stores the valid lines. With a `unit` of 0 it is inferred from each time.
    fn store(
        &mut self,
        db: &str,
        body: &str,
        unit: i64,
        partial: bool,
        buckets: &mut Buckets,
    ) -> Result<(), Refused> {
        let tables = self.tables_or_new(db).map_err(Refused::Whole)?;
        let (lines, refused) = v3_lines::read(body, unit, tables, partial);
        let bucket = buckets.entry(db.to_owned()).or_default();
        // Checked lines have no type conflict.
        bucket.write(lines).expect("lines that fit");
        match refused.is_empty() {
            true => Ok(()),
            false => Err(Refused::Lines(refused)),
        }
    }
}

fn request_text(request: &Request) -> Result<String, String> {
    let body = request
        .plain_body()
        .map_err(|_| "error decoding gzip stream: invalid gzip header".to_owned())?;
    String::from_utf8(body)
        .map_err(|error| format!("body content is not valid utf8: {}", error.utf8_error()))
}

fn body(request: &Request) -> Result<Json, Response> {
    serde_json::from_slice(&request.body)
        .map_err(|error| plain(400, &format!("serde json error: {error}")))
}

fn text(body: &Json, name: &str) -> Result<String, Response> {
    let text = body[name].as_str().map(str::to_owned);
    text.ok_or_else(|| plain(400, &format!("serde json error: missing field `{name}`")))
}

fn parameter(request: &Request, name: &str) -> Result<String, Response> {
    let value = request.query(name);
    value.ok_or_else(|| plain(400, &format!("serde error: missing field `{name}`")))
}

fn retention(request: &Request, body: &Json) -> Result<(), Response> {
    let Some(word) = body["retention_period"].as_str() else {
        return Ok(());
    };
    let number = word.trim_end_matches(char::is_alphabetic);
    if number.parse::<u64>().is_ok() && number.len() < word.len() {
        return Ok(());
    }
    let at = request.body.len().saturating_sub(1);
    Err(plain(
        400,
        &format!(
            "serde json error: invalid value: string {word:?}, expected a duration at line 1 column {at}"
        ),
    ))
}

fn check_name(db: &str) -> Result<(), Response> {
    match db.chars().all(is_name) {
        true => Ok(()),
        false => Err(json_error(400, BAD_NAME)),
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn missing() -> Response {
    plain(404, MISSING)
}

pub(crate) fn unknown_format(word: &str) -> Response {
    plain(
        400,
        &format!(
            "serde error: unknown variant `{word}`, expected one of `parquet`, `csv`, `pretty`, `json`, `json_lines`, `jsonl`"
        ),
    )
}

pub(crate) fn plain(status: u16, words: &str) -> Response {
    Response::new(status).body(words)
}

pub(crate) fn json_error(status: u16, words: &str) -> Response {
    Response::new(status).body(json!({ "error": words }).to_string())
}

fn json_response(body: &Json) -> Response {
    Response::new(200)
        .header("content-type", "application/json")
        .body(body.to_string())
}
