//! Validation of a client's settings: each invalid one is an error of `build`, with a reason.

use super::builder::ClientBuilder;
use crate::client::auth::Auth;
use crate::client::config::{others_may_read, placeholder};
use crate::client::logging;
use crate::client::scrub::{Needles, RUN, repeats};
use crate::client::secret::Secrets;
use crate::client::transport::{self, HeaderList, Http, HttpSettings, PemFile, TlsSettings};
use crate::client::url::BaseUrl;
use crate::client::{Client, Inner};
use crate::error::Error;
use crate::line::OwnedDefaultTags;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::sync::Arc;
use core::time::Duration;
use std::path::Path;

/// The words of this crate's errors that are as long as a secret may be.
const OWN_WORDS: &str = "database bucket sensors response responded influxdb unauthorized certificate \
    connection credentials permission password forbidden redirects unavailable compressed";
const SHORT_SECRET: &str = "the token or password is shorter than 8 characters: an error that repeats it \
    hides it only as a word of its own";
const ORDINARY_SECRET: &str = "8 characters of a secret are also in the URL or in an ordinary word of an \
    error, where they are printed";

impl ClientBuilder {
    /// Checks the settings and makes the client. Reads the certificate files; connects to nothing.
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
    /// A configuration error ([`Error::is_config`]) that says which setting can't work, and why.
    pub fn build(mut self) -> Result<Client, Error> {
        let base = BaseUrl::parse(&self.url)?;
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
        if self.gzip_min_bytes.is_some() && !cfg!(feature = "gzip") {
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
        let mut headers = HeaderList::default();
        for (name, value) in &self.headers {
            headers.add(name, value.reveal()).map_err(Error::config)?;
        }
        let mut proxy_headers = HeaderList::default();
        for (name, value) in &self.proxy_headers {
            proxy_headers
                .add(name, value.reveal())
                .map_err(|why| Error::config(format!("for the proxy: {why}")))?;
        }
        let mut tags = OwnedDefaultTags::builder();
        for (key, value) in &self.default_tags {
            tags = tags.tag(key, placeholder(value).as_deref());
        }
        let tags = tags
            .build()
            .map_err(|e| Error::config(format!("a default tag can't be used: {e}")))?;
        // A proxy takes them off this machine even if the server's name is loopback's.
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
        if self.no_verification {
            self.warn(
                "certificates are not verified: anybody on the line can read and change everything"
                    .to_owned(),
            );
        }
        if let Some((_, key)) = &self.client_files {
            if let Some(mode) = others_may_read(key) {
                let key = key.display();
                self.warnings.push(format!(
                    "others may read the client key {key} (mode {mode:o}); chmod 600"
                ));
            }
        }
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
            tls: self.tls()?,
            secrets: Arc::new(Secrets::new(secrets, Arc::clone(&auth))),
        };
        Ok(Client::from_inner(Inner {
            http: Http::new(&base, settings)?,
            base,
            org: self.org,
            auth,
            retry: self.retry,
            on_retry: self.on_retry,
            overall: self.overall,
            default_tags: (!tags.as_bytes().is_empty()).then_some(tags),
            profilers: self.profilers,
            warnings: self.warnings,
            deletions: Arc::default(),
            #[cfg(feature = "gzip")]
            gzip_min_bytes: self.gzip_min_bytes,
        }))
    }

    /// What must never be printed; warns of what can't be kept out of everything.
    fn secrets(&mut self, auth: &Auth, base: &BaseUrl) -> Needles {
        let mut needles = core::mem::replace(&mut self.needles, Needles::NONE);
        let given = self.credentials.as_ref().map_or("x", |c| c.secret.reveal());
        if self.credentials.is_some() && given.chars().count() < RUN {
            self.warnings.push(SHORT_SECRET.to_owned());
        }
        for secret in auth.secrets() {
            needles.add(secret.reveal());
        }
        let ours = [base.host_port.as_str(), base.prefix.as_str(), OWN_WORDS];
        if ours
            .iter()
            .any(|text| repeats(&[&needles], text.as_bytes()))
        {
            self.warnings.push(ORDINARY_SECRET.to_owned());
        }
        needles
    }

    fn tls(&self) -> Result<TlsSettings, Error> {
        Ok(TlsSettings {
            ca: match &self.ca_file {
                Some(path) => Some(read(path, "the CA file")?),
                None => None,
            },
            client: match &self.client_files {
                Some((chain, key)) => Some((
                    read(chain, "the client certificate")?,
                    read(key, "the client key")?,
                )),
                None => None,
            },
            no_verification: self.no_verification,
        })
    }
}

fn read(path: &Path, what: &str) -> Result<PemFile, Error> {
    let name = format!("{what} {}", path.display());
    match std::fs::read(path) {
        Ok(bytes) => Ok(PemFile { name, bytes }),
        Err(e) => Err(Error::config(format!("{name} can't be read: {e}"))),
    }
}
