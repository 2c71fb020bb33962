//! Settings from the environment and from a file, under the names of InfluxDB's other clients, so that
//! one file serves all of them. The defaults are in `builder`.
//!
//! It deviates from those clients where they surprise:
//! - without a time limit the default of this client holds, not none at all;
//! - without a token there is none, not `my-token`; the same for the organization;
//! - the keys of tags in a file keep their case (those in the environment are capitals by convention,
//!   and become lower case);
//! - a boolean that isn't one is an error, not false; `1`, `on` and `yes` are true;
//! - an unknown setting is a warning ([`Client::warnings`]), not ignored.

use super::Client;
use super::builder::ClientBuilder;
use super::checks::others_may_read;
use super::config_file::{self, Found, Setting};
use super::secret::Secret;
use super::setting_text::{self, ENV, Place, is_quoted, quoted};
use super::url::BaseUrl;
use crate::error::Error;
use alloc::format;
use core::time::Duration;
use std::ffi::OsString;
use std::path::Path;

const DEFAULT_URL: &str = "http://localhost:8086";
const TAG: &str = "TAG_";

impl Client {
    /// Creates a client from environment variables.
    ///
    /// See [`ClientBuilder::from_variables`] for the variables, and for a client with further settings.
    ///
    /// # Errors
    /// Returns an error if a variable is invalid, or the settings can't work.
    pub fn from_env() -> Result<Client, Error> {
        ClientBuilder::from_variables(std::env::vars_os())?.build()
    }
}

impl ClientBuilder {
    /// Reads settings from pairs of name and value, such as `std::env::vars_os()`:
    /// `INFLUXDB_V2_URL` (default: `http://localhost:8086`), `_TOKEN`, `_ORG`, `_TIMEOUT` (milliseconds
    /// for a whole call, queries included), `_VERIFY_SSL`, `_SSL_CA_CERT`, `_CERT_FILE`,
    /// `_CERT_KEY_FILE`, `_CONNECTION_POOL_MAXSIZE`, `_AUTH_BASIC` (the token is `user:password`),
    /// `_PROFILERS` (the [profilers](super::Query::profiler) of every query, separated by commas), and a
    /// default tag from each `INFLUXDB_V2_TAG_<NAME>`. An empty variable counts as unset. `_BUCKET` is
    /// for the program: each call names its bucket.
    ///
    /// Two names are this crate's own: `_USERNAME` and `_PASSWORD`, instead of a token, for a
    /// [session](ClientBuilder::session), or for [Basic](ClientBuilder::basic) with `_AUTH_BASIC`.
    ///
    /// ```
    /// use influx_edge::client::ClientBuilder;
    ///
    /// let variables = [
    ///     ("INFLUXDB_V2_URL", "http://db:8086"),
    ///     ("INFLUXDB_V2_ORG", "acme"),
    /// ];
    /// let client = ClientBuilder::from_variables(variables)?.build()?;
    /// assert_eq!(client.url(), "http://db:8086");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if a variable is invalid.
    pub fn from_variables<N: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<ClientBuilder, Error> {
        let mut found = Found::default();
        for (name, value) in variables {
            let Ok(name) = name.into().into_string() else {
                continue;
            };
            let Some(setting) = name.strip_prefix(ENV) else {
                continue;
            };
            let value = value.into().to_string_lossy().into_owned();
            if value.is_empty() {
                continue;
            }
            match setting.strip_prefix(TAG) {
                Some(tag) => found.tags.push((tag.to_ascii_lowercase(), value)),
                None => found.settings.push(Setting {
                    name: setting.to_ascii_lowercase(),
                    value: Secret::new(value),
                    line: None,
                }),
            }
        }
        // The environment has no order.
        found.tags.sort();
        found.into_builder(&Place::Environment)
    }

    /// Reads settings from a file: INI, TOML, JSON, or the `influx` command's own.
    ///
    /// INI and TOML have the sections `[influx2]` and `[tags]`. JSON has the settings at the top or in an
    /// object `influx2`, and the tags in an object `tags`. In the file `configs` of the `influx` command the
    /// active section counts (`url`, `token`, `org`). The names are those of
    /// [`from_variables`](ClientBuilder::from_variables) in lower case, and `proxy`. Only `url` is required.
    ///
    /// The name decides about the format (`.toml` and `configs`, `.json`, `.ini` and `.cfg`), for other
    /// names the content: JSON begins with `{`, valid TOML is TOML, the rest is INI. INI follows Python's
    /// `configparser` and the Python client: names in any case, comments only on lines of their own,
    /// `%%` for `%`, double quotes around a value removed, and settings that `[influx2]` lacks from
    /// `[DEFAULT]`, but no tags. In TOML and JSON the tags may also be in `influx2` itself.
    ///
    /// A tag `${env.NAME}` is read from the environment; see
    /// [`default_tag`](ClientBuilder::default_tag).
    ///
    /// ```toml
    /// [influx2]
    /// url = "http://localhost:8086"
    /// org = "acme"
    /// token = "my-token"
    /// timeout = 6000
    ///
    /// [tags]
    /// site = "north"
    /// host = "${env.HOSTNAME}"
    /// ```
    ///
    /// ```
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/influx.toml");
    /// use influx_edge::client::ClientBuilder;
    ///
    /// // For instance "/etc/influx.toml":
    /// let client = ClientBuilder::from_config_file(path)?.build()?;
    /// for warning in client.warnings() {
    ///     eprintln!("{warning}"); // others may read the file, for example
    /// }
    /// assert_eq!(client.url(), "http://localhost:8086");
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the file can't be read, has no such section (the error names those it has),
    /// or a value is invalid.
    pub fn from_config_file(path: impl AsRef<Path>) -> Result<ClientBuilder, Error> {
        let path = path.as_ref();
        let what = format!("the configuration file {}", path.display());
        let text = std::fs::read_to_string(path)
            .map_err(|e| Error::config(format!("{what} can't be read: {e}")))?;
        let text = text.trim_start_matches('\u{feff}');
        let found = config_file::read(path, text, &what)?;
        let has = |name: &str| found.settings.iter().any(|setting| setting.name == name);
        if !has("url") {
            let why = if found.empty.iter().any(|name| name == "url") {
                "url is empty in"
            } else {
                "there is no url in"
            };
            return Err(Error::config(format!("{why} {what}")));
        }
        let has_token = has("token") || has("password");
        let mut builder = found.into_builder(&Place::File(&what))?;
        if has_token {
            if let Some(mode) = others_may_read(path) {
                builder.warn(format!(
                    "{what} holds a secret and others may read it (mode {mode:o}); chmod 600"
                ));
            }
        }
        Ok(builder)
    }
}

impl Found {
    fn into_builder(self, place: &Place<'_>) -> Result<ClientBuilder, Error> {
        let text = |name: &str| {
            self.settings
                .iter()
                .rev()
                .find(|setting| setting.name == name)
                .map(|setting| setting.value.reveal())
        };
        let bad = |name: &str, why: &str| Error::config(format!("{} {why}", place.name(name)));
        let not = |name: &str, text: &str, wanted: &str| {
            let mut why = format!("{}, which isn't {wanted}", setting_text::value(text));
            if name == "auth_basic" && text.contains(':') {
                why.push_str(&format!(
                    "; a user and a password are given as {} and {}, or as the token user:password with {}=true",
                    place.short("username"),
                    place.short("password"),
                    place.short(name)
                ));
            }
            bad(name, &why)
        };
        let number = |name: &str, unit: &str| match text(name) {
            Some(text) => text
                .parse::<u64>()
                .map(Some)
                .map_err(|_| not(name, text, &format!("a whole number of {unit}"))),
            None => Ok(None),
        };
        let truth = |name: &str| match text(name) {
            Some(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Ok(Some(true)),
                "false" | "no" | "off" | "0" => Ok(Some(false)),
                _ => Err(not(name, text, "true or false")),
            },
            None => Ok(None),
        };

        let url = text("url").unwrap_or(DEFAULT_URL);
        // `build` refuses it as well, but can't name the file or variable.
        if let Err(e) = BaseUrl::parse(url) {
            return Err(Error::config(format!("{}: {e}", place.name("url"))));
        }
        let mut builder = Client::builder(url);
        builder.default_url = text("url").is_none();
        if let Some(org) = text("org") {
            builder = builder.org(org);
        }
        let basic = truth("auth_basic")?.unwrap_or(false);
        match (text("username"), text("password")) {
            (Some(_), Some(_)) if text("token").is_some() => {
                return Err(bad("username", "stands beside a token; give one of them"));
            }
            (Some(user), Some(password)) if basic => builder = builder.basic(user, password),
            (Some(user), Some(password)) => builder = builder.session(user, password),
            (Some(_), None) => return Err(bad("username", "has no password")),
            (None, Some(_)) => return Err(bad("password", "has no username")),
            (None, None) => {}
        }
        if let Some(token) = text("token") {
            builder = if basic {
                let (user, password) = token
                    .split_once(':')
                    .ok_or_else(|| bad("token", "must be user:password with auth_basic"))?;
                builder.basic(user, password)
            } else {
                builder.token(token)
            };
            builder.quotes_warned();
        }
        if let Some(ms) = number("timeout", "milliseconds")? {
            if ms == 0 {
                return Err(bad("timeout", "is zero; leave it out for the default"));
            }
            builder = builder.timeout(Duration::from_millis(ms));
            if ms < 100 {
                builder.warn(format!(
                    "{} is {ms}, and the unit is milliseconds; were seconds meant?",
                    place.name("timeout")
                ));
            }
        }
        if let Some(n) = number("connection_pool_maxsize", "connections")? {
            builder = builder.pool_size(usize::try_from(n).unwrap_or(usize::MAX));
        }
        if truth("verify_ssl")? == Some(false) {
            builder = builder.danger_accept_any_certificate(true);
        }
        if let Some(file) = text("ssl_ca_cert") {
            builder = builder.ca_file(file);
        }
        match (text("cert_file"), text("cert_key_file")) {
            (Some(chain), Some(key)) => builder = builder.client_certificate(chain, key),
            // Both in one file.
            (Some(both), None) => builder = builder.client_certificate(both, both),
            (None, Some(_)) => return Err(bad("cert_key_file", "has no cert_file")),
            (None, None) => {}
        }
        if text("cert_key_password").is_some() {
            return Err(bad(
                "cert_key_password",
                "can't be used: keys with a password aren't read; decrypt it once: (umask 077; openssl pkey -in client.key -out client-plain.key)",
            ));
        }
        if let Some(proxy) = text("proxy") {
            builder = builder.proxy(proxy);
        }
        for profiler in text("profilers").unwrap_or("").split(',') {
            let profiler = profiler.trim();
            if !profiler.is_empty() {
                builder = builder.profiler(profiler);
            }
        }
        for (key, value) in &self.tags {
            builder = builder.default_tag(key, value);
        }
        for name in &self.empty {
            if matches!(&**name, "token" | "username" | "password") {
                builder.warn(format!("{} is empty", place.name(name)));
            }
        }
        for Setting { name, value, line } in &self.settings {
            let known = KNOWN.contains(&name.as_str());
            let name = if known {
                place.name(name)
            } else {
                place.unknown(name, *line)
            };
            if !known {
                builder.warn(format!("{name} is not a setting of this client"));
            }
            // The file was written for a shell, but read by a program that keeps the quotes.
            if is_quoted(value.reveal()) {
                builder.warn(quoted(&name));
            }
        }
        for (key, value) in &self.tags {
            if is_quoted(value) {
                builder.warn(quoted(&match place {
                    Place::Environment => place.unknown(&format!("tag_{key}"), None),
                    Place::File(what) => format!("the tag {} in {what}", setting_text::label(key)),
                }));
            }
        }
        Ok(builder)
    }
}

/// The settings that `into_builder` reads. Any other is a warning.
const KNOWN: [&str; 16] = [
    "url",
    "token",
    "username",
    "password",
    "org",
    "timeout",
    "verify_ssl",
    "ssl_ca_cert",
    "cert_file",
    "cert_key_file",
    "cert_key_password",
    "connection_pool_maxsize",
    "auth_basic",
    "profilers",
    "proxy",
    // For the program, not for the client; programs keep it beside the others.
    "bucket",
];
