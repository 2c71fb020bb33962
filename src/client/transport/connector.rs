//! The connector and transport between the HTTP library and its sockets, which add the credentials and
//! note what happens to a call. They live on the library's `unversioned` interface, which may change in a
//! minor release; nothing outside this folder may depend on it.

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

/// The way to the server: through a proxy if there is one.
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

/// The whole chain: the path through a proxy if one is set, else our own socket; TLS if the URL says
/// so.
pub(super) fn chain(proxy: Option<ProxyConnector>, tls: TlsConnector) -> impl Connector<()> {
    let chain = OptionalProxy(proxy).chain(TcpConnector);
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let chain = chain.chain(tls);
    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    let TlsConnector = tls;
    chain
}

/// Around the chain: notes that a connection is new, and doubts the addresses when none was made.
pub(super) struct EdgeConnector<C> {
    pub(super) inner: C,
    pub(super) addresses: Arc<Addresses>,
}

/// The library asks for it and prints it nowhere; so of the transport below.
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
            // The host may have moved: ask for its address again next time.
            self.addresses.forget();
        }
        Ok(made?.map(|inner| CredentialTransport { inner, new: false }))
    }
}

/// Outside of everything: adds the credential to a request's head, and lets the library look twice
/// at what has come.
///
/// It looks for `100 Continue` first, and when it finds another response instead, waits for more to
/// come before it looks at that response. If the server has sent everything already, it would wait
/// for ever.
pub(super) struct CredentialTransport<T> {
    inner: T,
    /// Something came since the last pretended arrival.
    new: bool,
}

impl<T> fmt::Debug for CredentialTransport<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialTransport")
    }
}

impl<T: Transport> CredentialTransport<T> {
    /// Puts a header behind the request line, which is what the output begins with.
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
        // No space for both: one after the other.
        let rest = output.get(line..amount).unwrap_or(&[]).to_vec();
        let deadline = Deadline::new(timeout);
        self.inner.transmit_output(line, timeout)?;
        for part in parts.into_iter().chain([rest.as_slice()]) {
            send(&mut self.inner, part, &deadline)?;
        }
        Ok(())
    }
}

/// A time limit that goes on running from one step to the next. A transport's own starts anew with
/// each of its calls.
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

    /// What is left of it; an error if nothing is.
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

/// Sends bytes from elsewhere, in as many pieces as the buffer needs.
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

/// Copies into a buffer that is known to have the space.
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
        // A TLS server sends tickets unasked; whether they are a response can't be told before they
        // are decrypted.
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
            // The library takes these for the end of a body that has no other.
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
