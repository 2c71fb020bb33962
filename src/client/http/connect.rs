//! Our layer between the HTTP library and its sockets. It lives on the library's `unversioned`
//! interface, which may change in a minor release; nothing outside this folder may depend on it.
//!
//! What happened to the current call (a new connection? sent? answered?) is noted here, which
//! decides whether a second try is right.

use super::resolve::Addresses;
use super::tcp::EdgeTcp;
use core::cell::Cell;
use core::fmt;
use std::sync::Arc;
use std::thread_local;
use ureq::Error;
use ureq::unversioned::transport::{ConnectProxyConnector, ConnectionDetails, Connector};

/// What happened since [`Trace::begin`] on this thread.
///
/// A thread-local, because the library hands no request-bound value through to the socket, and a
/// call runs on one thread from its start to its answer's head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    /// A new connection was made, so the one used was not from the pool.
    pub(super) connected: bool,
    /// Bytes of the request were handed to the system.
    pub(super) sent: bool,
    /// Bytes of an answer arrived.
    pub(super) answered: bool,
}

thread_local! {
    static TRACE: Cell<Trace> = const {
        Cell::new(Trace {
            connected: false,
            sent: false,
            answered: false,
        })
    };
}

impl Trace {
    pub(super) fn begin() {
        TRACE.set(Trace::default());
    }

    pub(super) fn now() -> Trace {
        TRACE.get()
    }

    pub(super) fn note(change: impl FnOnce(&mut Trace)) {
        let mut trace = TRACE.get();
        change(&mut trace);
        TRACE.set(trace);
    }
}

/// The marker inside the library's error when the port turns out to speak TLS.
#[derive(Debug)]
pub(super) struct SpeaksTls;

impl fmt::Display for SpeaksTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it answered plain HTTP with a TLS record")
    }
}

impl std::error::Error for SpeaksTls {}

/// The whole chain: a tunnel through a proxy if one is set, our own socket, TLS if the URL says so.
pub(super) fn chain() -> impl Connector<()> {
    let chain = ().chain(ConnectProxyConnector::default()).chain(EdgeTcp);
    #[cfg(feature = "rustls")]
    let chain = chain.chain(ureq::unversioned::transport::RustlsConnector::default());
    #[cfg(feature = "native-tls")]
    let chain = chain.chain(ureq::unversioned::transport::NativeTlsConnector::default());
    chain
}

/// Around the chain: notes that a connection is new, and doubts the addresses when none was made.
#[derive(Debug)]
pub(super) struct EdgeConnector<C> {
    pub(super) inner: C,
    pub(super) addresses: Arc<Addresses>,
}

impl<C: Connector<()>> Connector<()> for EdgeConnector<C> {
    type Out = C::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<C::Out>, Error> {
        let made = self.inner.connect(details, chained);
        // What a proxy or a TLS handshake sent and received is not the call's.
        TRACE.set(Trace {
            connected: true,
            ..Trace::default()
        });
        if made.is_err() {
            // The host may have moved: ask for its address again next time.
            self.addresses.forget();
        }
        made
    }
}
