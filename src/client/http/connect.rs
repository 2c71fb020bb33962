//! Our layer between the HTTP library and its sockets. It lives on the library's `unversioned`
//! interface, which may change in a minor release; nothing outside this folder may depend on it.
//!
//! Three jobs: the head of a request waits for the start of its body, so that a small write is one
//! system call; an answer that is TLS on a plain connection is recognized; and what happened to
//! the current call (new connection? sent? answered?) is noted, which decides whether a second try
//! is right.

use super::resolve::Addresses;
use core::cell::Cell;
use core::fmt;
use std::boxed::Box;
use std::sync::Arc;
use std::thread_local;
use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};

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

    fn note(change: impl FnOnce(&mut Trace)) {
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

#[derive(Debug)]
pub(super) struct EdgeConnector {
    pub(super) inner: DefaultConnector,
    pub(super) addresses: Arc<Addresses>,
}

impl Connector<()> for EdgeConnector {
    type Out = EdgeTransport;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<EdgeTransport>, Error> {
        match self.inner.connect(details, chained) {
            Ok(Some(inner)) => {
                // Only now: a handshake inside `connect` goes through this layer too (a proxy).
                Trace::note(|t| {
                    *t = Trace {
                        connected: true,
                        ..Trace::default()
                    }
                });
                Ok(Some(EdgeTransport {
                    may_be_tls: !inner.is_tls(),
                    inner,
                    held: 0,
                }))
            }
            Ok(None) => Ok(None),
            Err(e) => {
                Trace::note(|t| {
                    *t = Trace {
                        connected: true,
                        ..Trace::default()
                    }
                });
                // The host may have moved: ask for its address again next time.
                self.addresses.forget();
                Err(e)
            }
        }
    }
}

pub(super) struct EdgeTransport {
    inner: Box<dyn Transport>,
    /// Bytes at the start of the output buffer that are not sent yet.
    held: usize,
    /// Nothing has arrived yet and this side speaks plainly.
    may_be_tls: bool,
}

impl EdgeTransport {
    fn flush(&mut self, timeout: NextTimeout) -> Result<(), Error> {
        if self.held > 0 {
            let held = core::mem::take(&mut self.held);
            Trace::note(|t| t.sent = true);
            self.inner.transmit_output(held, timeout)?;
        }
        Ok(())
    }
}

impl Transport for EdgeTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        // While a head waits, only output is asked for: reading starts with `await_input`, which
        // sends the head first.
        if self.held > 0 {
            self
        } else {
            self.inner.buffers()
        }
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.held = self.held.saturating_add(amount);
        let output = self.inner.buffers().output();
        let room = output.len().saturating_sub(self.held);
        let head = output
            .get(..self.held)
            .is_some_and(|out| out.ends_with(b"\r\n\r\n"));
        // A whole head, and at least as much room behind it: wait for the body. Awaiting input
        // flushes, so a request without body is only later by nothing.
        if head && room >= self.held {
            return Ok(());
        }
        self.flush(timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.flush(timeout)?;
        let more = self.inner.await_input(timeout)?;
        if more {
            Trace::note(|t| t.answered = true);
        }
        if self.may_be_tls {
            // TLS record types alert and handshake, major version 3.
            match self.inner.buffers().input() {
                [] | [0x15 | 0x16] => {}
                [0x15 | 0x16, 3, ..] => return Err(Error::Other(Box::new(SpeaksTls))),
                _ => self.may_be_tls = false,
            }
        }
        Ok(more)
    }

    fn is_open(&mut self) -> bool {
        self.held == 0 && self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// The inner buffers while a head waits: the held bytes are hidden from the start of the output,
/// and there is no input yet.
impl Buffers for EdgeTransport {
    fn output(&mut self) -> &mut [u8] {
        let held = self.held;
        self.inner
            .buffers()
            .output()
            .get_mut(held..)
            .unwrap_or(&mut [])
    }

    fn input(&self) -> &[u8] {
        &[]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.inner.buffers().input_append_buf()
    }

    fn input_appended(&mut self, amount: usize) {
        self.inner.buffers().input_appended(amount);
    }

    fn input_consume(&mut self, amount: usize) {
        self.inner.buffers().input_consume(amount);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        let held = self.held;
        let (tmp, output) = self.inner.buffers().tmp_and_output();
        (tmp, output.get_mut(held..).unwrap_or(&mut []))
    }

    fn can_use_input(&self) -> bool {
        false
    }
}

impl fmt::Debug for EdgeTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EdgeTransport").finish_non_exhaustive()
    }
}
