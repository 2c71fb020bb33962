//! `ClientBuilder::build`: the checks of all settings.

use super::builder::{ClientBuilder, Credentials};
use crate::client::auth::Auth;
#[cfg(feature = "gzip")]
use crate::client::compression::{Compressor, min_bytes};
use crate::client::logging;
use crate::client::names::is_id;
use crate::client::own_words::OWN_WORDS;
use crate::client::scrub::{Needles, RUN, repeats};
use crate::client::secret::{SecretSource, Secrets};
use crate::client::setting_text::{is_quoted, quoted};
use crate::client::transport::{self, Http, HttpSettings, TlsSettings};
use crate::client::url::{Assumed, BaseUrl};
use crate::client::{Client, Inner, Org};
use crate::error::Error;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::sync::Arc;
use core::time::Duration;

const SHORT_SECRET: &str = "the token or password is shorter than 8 characters: an error that repeats it \
    hides it only as a word of its own";

impl ClientBuilder {
    /// Checks the settings and makes the client. Reads the certificate files, but connects to nothing.
    ///
    /// ```
    /// use influx_edge::Client;
    ///
    /// for url in ["localhost:8086", "ftp://localhost", "http://"] {
    ///     assert!(Client::builder(url).build().unwrap_err().is_config());
    /// }
    /// ```
    ///
    /// # Errors
    /// Returns an error ([`Error::is_config`]) that names the setting and the reason if one can't work.
    pub fn build(mut self) -> Result<Client, Error> {
        let mut base = BaseUrl::parse(&self.url)?;
        if self.default_url {
            base.assumed = Some(Assumed::Url);
        }
        let org_wrong = match &self.org {
            Some(Org::Name(org) | Org::Id(org)) if org.trim().is_empty() => {
                "the organization is empty; leave it out if there is none"
            }
            Some(Org::Id(id)) if !is_id(id) => {
                "the organization's id isn't 16 hexadecimal digits; a name is given as `org`"
            }
            _ => "",
        };
        if !org_wrong.is_empty() {
            return Err(Error::config(org_wrong));
        }
        if self.https_only && !base.https {
            return Err(Error::config(
                "the URL is http://, but https_only is set: credentials would travel in clear",
            ));
        }
        if base.https {
            if let Some(why) = transport::tls_missing() {
                return Err(Error::config(why));
            }
        }
        let wants_gzip = self.gzip_min_bytes.is_some_and(|bytes| bytes < usize::MAX);
        if wants_gzip && !cfg!(feature = "gzip") {
            return Err(Error::config(
                "gzip_min_bytes is set, but this build has no gzip; enable the feature gzip",
            ));
        }
        for (name, limit) in [
            ("connect_timeout", &mut self.connect),
            ("read_timeout", &mut self.read),
            ("write_timeout", &mut self.write),
            ("timeout", &mut self.overall),
        ] {
            if *limit < Duration::from_millis(1) {
                return Err(Error::config(format!("{name} is shorter than 1 ms")));
            }
            *limit = transport::bounded(*limit);
        }
        let auth = match &self.credentials {
            None => Auth::None,
            Some(given) => (given.check)(&given.user, &given.secret)?,
        };
        let headers = (self.check_headers)(&self.headers).map_err(Error::config)?;
        let proxy_headers = (self.check_headers)(&self.proxy_headers)
            .map_err(|why| Error::config(format!("for the proxy: {why}")))?;
        let default_tags = match self.check_tags {
            Some(check) => Some(check(&self.default_tags)?),
            None => None,
        };
        // With a proxy they leave this machine even if the server's name is that of the loopback.
        let proxied = self.proxy.is_some();
        if !base.https && (proxied || !base.is_loopback()) && self.credentials.is_some() {
            self.warn(format!(
                "credentials travel in clear to {}: its URL is http://{}",
                base.host_port,
                if proxied {
                    ", and the proxy can read them"
                } else {
                    ""
                }
            ));
        }
        let in_quotes = |c: &&Credentials| !c.quotes_warned && is_quoted(c.secret.reveal());
        if self.credentials.as_ref().filter(in_quotes).is_some() {
            self.warn(quoted("the token"));
        }
        if self.tls_files.no_verification && (base.https || self.proxy_tls) {
            self.warn(
                "certificates are not verified: anyone on the network path can read and change everything"
                    .to_owned(),
            );
        }
        let tls = match self.read_files {
            Some(read) => read(&self.tls_files, &mut self.warnings)?,
            None => TlsSettings {
                no_verification: self.tls_files.no_verification,
                ..TlsSettings::default()
            },
        };
        let secrets = self.secrets(&auth, &base);
        for text in &self.warnings {
            logging::warning(text);
        }
        let auth = Arc::new(auth);
        let settings = HttpSettings {
            connect: self.connect,
            read: self.read,
            write: self.write,
            overall: self.overall,
            pool: self.pool,
            proxy: self.proxy.clone(),
            proxy_headers,
            user_agent: self.user_agent.clone(),
            headers,
            tls,
            secrets: Arc::new(Secrets::new(
                secrets,
                Arc::clone(&auth) as Arc<dyn SecretSource>,
            )),
        };
        Ok(Client::from_inner(Inner {
            http: Http::new(&base, settings)?,
            #[cfg(feature = "gzip")]
            compressor: Compressor::new(min_bytes(
                self.gzip_min_bytes,
                base.is_loopback(),
                proxied,
            )),
            base,
            org: self.org,
            auth,
            retry: self.retry,
            on_retry: self.on_retry,
            overall: self.overall,
            query_limits: self.query_limits,
            default_tags: default_tags.filter(|tags| !tags.as_bytes().is_empty()),
            profilers: self.profilers,
            warnings: self.warnings,
            observed: Arc::default(),
        }))
    }

    /// The secrets that are never printed; warns of those that can't be masked everywhere.
    fn secrets(&mut self, auth: &Auth, base: &BaseUrl) -> Needles {
        let given = self.credentials.as_ref().map_or("x", |c| c.secret.reveal());
        if self.credentials.is_some() && given.chars().count() < RUN {
            self.warnings.push(SHORT_SECRET.to_owned());
        }
        let mut needles = core::mem::replace(&mut self.needles, Needles::NONE);
        let mut own = Needles::NONE;
        for secret in auth.secrets() {
            own.add(secret.reveal());
            needles.add(secret.reveal());
        }
        let noun = self.credentials.as_ref().map_or("", Credentials::noun);
        self.warn_of_words(&own, &[&base.host_port, &base.prefix], noun);
        needles
    }

    /// Warns of a secret that shares 8 characters with the crate's own words, the proxy's host, or these
    /// texts, which are printed unmasked. The methods for headers and proxies call it themselves:
    /// programs without them aren't linked with it.
    pub(super) fn warn_of_words(&mut self, secret: &Needles, texts: &[&str], noun: &str) {
        let [words, tls, v1] = OWN_WORDS;
        let ours = [&*self.proxy_host, words, tls, v1];
        if ours
            .iter()
            .chain(texts)
            .any(|text| repeats(&[secret], text.as_bytes()))
        {
            self.warnings.push(format!(
                "8 characters of the {noun} are also in the URL, the proxy's or an ordinary word of an error, where they are printed; choose another, or ignore this if they give nothing away"
            ));
        }
    }
}
