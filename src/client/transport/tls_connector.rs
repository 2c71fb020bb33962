//! The TLS layer of a connection, by rustls (`tls_rustls`) or by the system's library (`tls_native`). Invalid
//! files are errors when the client is built, not at the first connection.
//!
//! The HTTP library's own TLS isn't used, because it hides two facts that decide about data: whether the other
//! side closed the connection in an orderly way, and whether a failure was in the handshake, before which
//! nothing was sent.

use super::error::HttpError;
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
use super::pem::KeyForm;
use super::tls::TlsSettings;
use super::tls_library::{Identity, Trust, Unusable};
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
use super::tls_native as library;
#[cfg(feature = "rustls")]
use super::tls_rustls as library;
use crate::error::{Error, TransportErrorKind};
use core::fmt;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

impl TlsSettings {
    /// Parses the files and sets up the library, if it is needed.
    pub(super) fn connector(&self, wanted: bool) -> Result<TlsConnector, Error> {
        let trust = match &self.ca {
            Some(ca) => Trust::Only(ca.certificates()?),
            None => Trust::Default,
        };
        let identity = match &self.client {
            Some((chain, key)) => {
                let chain = chain.certificates()?;
                let pem = key;
                let key = pem.key()?;
                #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
                if key.form != KeyForm::Pkcs8 {
                    return Err(pem.not_pkcs8());
                }
                Some(Identity { chain, key })
            }
            None => None,
        };
        if !wanted && self.ca.is_none() && identity.is_none() {
            return Ok(TlsConnector(None));
        }
        let trust = if self.no_verification {
            Trust::All
        } else {
            trust
        };
        library::Library::new(trust, identity)
            .map(|library| TlsConnector(Some(library)))
            .map_err(|unusable| self.unusable(&unusable))
    }

    fn unusable(&self, unusable: &Unusable) -> Error {
        let (name, with, why) = match (unusable, &self.ca, &self.client) {
            (Unusable::Ca(why), Some(ca), _) => (ca.name.as_str(), "", why),
            (Unusable::Client(why), _, Some((chain, key))) => {
                (chain.name.as_str(), key.name.as_str(), why)
            }
            (Unusable::Ca(why) | Unusable::Client(why) | Unusable::Library(why), ..) => {
                ("TLS", "", why)
            }
        };
        let (and, together) = if with.is_empty() {
            ("", "")
        } else {
            (" and ", "; do they belong together?")
        };
        Error::config([name, and, with, " can't be used: ", why, together].concat())
    }
}

/// Adds TLS to a connection if the URL is `https`.
#[derive(Clone, Debug)]
pub(super) struct TlsConnector(Option<library::Library>);

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(inner) = chained else {
            return Ok(None);
        };
        let (Some(library), true) = (&self.0, details.needs_tls() && !inner.is_tls()) else {
            return Ok(Some(Either::A(inner)));
        };
        // Without the brackets of an IPv6 address.
        let host = details.uri.host().unwrap_or_default();
        let host = host.strip_prefix('[').unwrap_or(host);
        let host = host.strip_suffix(']').unwrap_or(host);
        let mut socket = TransportAdapter::new(inner.boxed(), details.current_time.clone());
        // The handshake shares the time limit of connecting.
        let mut timeout = details.timeout;
        if let Instant::Exact(begun) = details.now {
            timeout.after = Duration::Exact(timeout.after.saturating_sub(begun.elapsed()));
        }
        socket.set_timeout(timeout);
        let session = library.connect(host, socket)?;
        let config = details.config;
        Ok(Some(Either::B(TlsTransport {
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            session,
        })))
    }
}

pub(super) struct TlsTransport {
    buffers: LazyBuffers,
    session: library::Session,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.session.socket().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or(&[]);
        self.session.send(output)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.session.socket().set_timeout(timeout);
        let amount = self.session.receive(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        // The session may hold input that the socket doesn't show: a `close_notify`, or an unexpected
        // response, which would be taken for the next call's.
        self.session.is_silent() && self.session.socket().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTransport").finish_non_exhaustive()
    }
}

/// Adds general advice to the error of a handshake that has none.
pub(super) fn advised(mut e: HttpError) -> HttpError {
    if e.kind == TransportErrorKind::Tls {
        e.detail = e.detail.advise("check the certificate, the host name, the clock, and whether that port speaks TLS; a private CA is given as ca_file");
    }
    e
}
