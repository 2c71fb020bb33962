//! The connectors and transports between the HTTP library and its sockets. They add credentials and record
//! the events of a call.
//!
//! They implement the library's `unversioned` interface, which may change in a minor release, so nothing
//! outside this module depends on it.

use super::call_trace::CallTrace;
use super::error::disguised;
use super::head;
use super::headers::HeaderText;
use super::resolver::Addresses;
use super::tcp::TcpConnector;
use super::tls_connector::TlsConnector;
use alloc::boxed::Box;
use core::fmt;
use std::sync::Arc;
use std::time::Instant;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use ureq::{Error, Timeout};

/// Connects to the server through a proxy.
pub(super) type ProxyConnector = Box<dyn Connector<(), Out = Box<dyn Transport>>>;

/// Connects through a proxy, if there is one.
#[derive(Debug)]
struct OptionalProxy(Option<ProxyConnector>);

impl Connector<()> for OptionalProxy {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        match &self.0 {
            Some(proxy) => proxy.connect(details, chained),
            None => Ok(None),
        }
    }
}

/// The chain of connectors: a proxy if one is set, else a TCP socket; then TLS if the URL is `https`.
//
// The transports of a connection, from the library down to the system:
//
//   CredentialTransport -> [TlsTransport] -> EdgeTransport                          (no proxy)
//   CredentialTransport -> [TlsTransport] -> Through -> [TlsTransport] -> EdgeTransport
//                          to the server     proxy      to the proxy
pub(super) fn chain(proxy: Option<ProxyConnector>, tls: TlsConnector) -> impl Connector<()> {
    let chain = OptionalProxy(proxy).chain(TcpConnector);
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let chain = chain.chain(tls);
    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    let TlsConnector = tls;
    chain
}

/// Wraps the chain: records that a connection is new, and marks the addresses as doubted after a failure.
pub(super) struct EdgeConnector<C> {
    pub(super) inner: C,
    pub(super) addresses: Arc<Addresses>,
}

/// The library requires it and doesn't print it.
impl<C> fmt::Debug for EdgeConnector<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EdgeConnector")
    }
}

impl<C: Connector<()>> Connector<()> for EdgeConnector<C> {
    type Out = CredentialTransport<C::Out>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        let made = self.inner.connect(details, chained);
        CallTrace::connected_anew();
        if made.is_err() {
            // The host may have another address now.
            self.addresses.forget();
        }
        Ok(made?.map(|inner| CredentialTransport { inner, new: false }))
    }
}

/// The outermost transport: inserts the credential into a request's head, and returns a received head to the
/// library twice.
//
// The credential bypasses the library, because that logs every byte of a head at the level `trace`. It is
// inserted after the request line, in the buffer if there is space, so that the head stays one packet.
//
// While a body waits for `100 Continue`, the library reads the input once to find it. If it finds a final
// response instead, it waits for more input before it parses that. A server that has sent its whole response
// sends no more, so the wait would last until the time limit. `await_input` therefore returns once more
// without reading, if the buffer holds a whole head.
pub(super) struct CredentialTransport<T> {
    inner: T,
    /// Input was received since `await_input` last returned without reading.
    new: bool,
}

impl<T> fmt::Debug for CredentialTransport<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialTransport")
    }
}

impl<T: Transport> CredentialTransport<T> {
    /// Sends the output with a header inserted after its first line, which is the request line.
    fn with_header(
        &mut self,
        amount: usize,
        (name, value): &(&'static str, HeaderText),
        timeout: NextTimeout,
    ) -> Result<(), Error> {
        let value = value.0.as_bytes();
        let parts: [&[u8]; 4] = [name.as_bytes(), b": ", value, b"\r\n"];
        let size: usize = parts.iter().map(|p| p.len()).sum();
        let output = self.inner.buffers().output();
        let line = output
            .get(..amount)
            .and_then(|out| out.windows(2).position(|w| w == b"\r\n"))
            .map_or(amount, |at| at.saturating_add(2));
        if amount.saturating_add(size) <= output.len() {
            output.copy_within(line..amount, line.saturating_add(size));
            let mut at = line;
            for part in parts {
                put(output, &mut at, part);
            }
            return self
                .inner
                .transmit_output(amount.saturating_add(size), timeout);
        }
        // No space for both: in several pieces.
        let rest = output.get(line..amount).unwrap_or(&[]).to_vec();
        let deadline = Deadline::new(timeout);
        self.inner.transmit_output(line, timeout)?;
        for part in parts.into_iter().chain([rest.as_slice()]) {
            send(&mut self.inner, part, &deadline)?;
        }
        Ok(())
    }
}

/// A time limit for several steps. A transport's own limit starts anew with each of its calls.
pub(super) struct Deadline {
    start: Instant,
    timeout: NextTimeout,
}

impl Deadline {
    pub(super) fn new(timeout: NextTimeout) -> Self {
        Deadline {
            start: Instant::now(),
            timeout,
        }
    }

    /// Returns the time left, or an error if there is none.
    pub(super) fn left(&self) -> Result<NextTimeout, Error> {
        let left = self.timeout.after.saturating_sub(self.start.elapsed());
        if left.is_zero() {
            return Err(Error::Timeout(self.timeout.reason));
        }
        Ok(NextTimeout {
            after: left.into(),
            ..self.timeout
        })
    }
}

/// Sends bytes that aren't in the buffer, in as many pieces as it needs.
pub(super) fn send(
    transport: &mut dyn Transport,
    mut bytes: &[u8],
    deadline: &Deadline,
) -> Result<(), Error> {
    while !bytes.is_empty() {
        let output = transport.buffers().output();
        let (now, later) = bytes.split_at_checked(output.len()).unwrap_or((bytes, &[]));
        let mut at = 0;
        put(output, &mut at, now);
        transport.transmit_output(at, deadline.left()?)?;
        bytes = later;
    }
    Ok(())
}

/// Copies into a buffer that has the space.
fn put(output: &mut [u8], at: &mut usize, part: &[u8]) {
    let end = at.saturating_add(part.len());
    if let Some(there) = output.get_mut(*at..end) {
        there.copy_from_slice(part);
        *at = end;
    }
}

impl<T: Transport> Transport for CredentialTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        // A TLS server sends session tickets at any time, which only decryption tells from a response.
        let plain = !self.inner.is_tls();
        let output = self.inner.buffers().output();
        let ends = output
            .get(..amount)
            .is_some_and(|out| out.ends_with(b"\r\n\r\n"));
        CallTrace::note(|t| {
            t.plain = plain;
            t.body_begun |= t.head_done;
            t.head_done |= ends;
        });
        if let Some(credential) = CallTrace::take_credential() {
            return self.with_header(amount, &credential, timeout);
        }
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if core::mem::take(&mut self.new) {
            let there = self.inner.buffers().input();
            if there.windows(4).any(|w| w == b"\r\n\r\n") {
                return Ok(true);
            }
        }
        let more = match self.inner.await_input(timeout) {
            // The library would take these for the end of a body without a length.
            Err(Error::Io(e)) if CallTrace::now().open_ended => return Err(disguised(e)),
            Err(Error::Timeout(Timeout::Await100)) => {
                CallTrace::note(|t| t.silent = true);
                return Err(Error::Timeout(Timeout::Await100));
            }
            other => other?,
        };
        if more {
            CallTrace::note(|t| t.responded = true);
        }
        head::rewrite(self.inner.buffers());
        self.new = more;
        Ok(more)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
