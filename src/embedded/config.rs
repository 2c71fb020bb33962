//! `Config`: the server of a connection, and the credentials for it.

use crate::http::{Credentials, Operation, RequestHead};

/// The server and the credentials of a [`Connection`](super::Connection).
///
/// Everything is borrowed, so it can be a `const`.
///
/// `Debug` shows no secret. An invalid setting is an error of the first call
/// ([`HeadError`](crate::http::HeadError)).
///
/// ```
/// use influx_edge::embedded::Config;
///
/// const CONFIG: Config<'static> = Config::new("192.168.1.10:8086")
///     .org("acme")
///     .token("my-token");
/// assert!(!format!("{CONFIG:?}").contains("my-token"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Config<'a> {
    host: &'a str,
    org: &'a str,
    path: &'a str,
    user_agent: Option<&'a str>,
    credentials: Credentials<'a>,
}

impl<'a> Config<'a> {
    /// A server without credentials. `host` is the header `Host`: a name or an address, with the port unless
    /// it is 80 (443 with TLS). It isn't used to open a connection.
    #[must_use]
    pub const fn new(host: &'a str) -> Self {
        Config {
            host,
            org: "",
            path: "",
            user_agent: None,
            credentials: Credentials::NONE,
        }
    }

    /// Sets the name of the organization, which InfluxDB 2.x and Cloud need and others ignore. Default: none.
    #[must_use]
    pub const fn org(self, org: &'a str) -> Self {
        Config { org, ..self }
    }

    /// Sets the token, sent as `Authorization: Token …`. Default: none.
    #[must_use]
    pub const fn token(self, token: &'a str) -> Self {
        self.credentials(Credentials::token(token))
    }

    /// Sets the credentials, for other schemes than [`token`](Self::token). Default: none.
    #[must_use]
    pub const fn credentials(self, credentials: Credentials<'a>) -> Self {
        Config {
            credentials,
            ..self
        }
    }

    /// Sets the prefix that a proxy puts before the server's own paths, such as `/influx`. Default: none.
    #[must_use]
    pub const fn path_prefix(self, path: &'a str) -> Self {
        Config { path, ..self }
    }

    /// Sets the header `User-Agent`. Default: `influx-edge/` and the version.
    #[must_use]
    pub const fn user_agent(self, user_agent: &'a str) -> Self {
        Config {
            user_agent: Some(user_agent),
            ..self
        }
    }

    pub(super) const fn organization(&self) -> &'a str {
        self.org
    }

    pub(super) fn head(&self, operation: Operation<'a>) -> RequestHead<'a> {
        let head = RequestHead::new(self.host, operation)
            .credentials(self.credentials)
            .path_prefix(self.path);
        match self.user_agent {
            Some(user_agent) => head.user_agent(user_agent),
            None => head,
        }
    }
}
