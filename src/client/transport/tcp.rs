//! The TCP socket under the HTTP library. It differs from the library's own in six ways:
//!
//! - the overall limit also holds within a write: a system that accepts a few bytes now and then would start
//!   the limit anew each time;
//! - the head of a request waits for the start of its body, so that a small write is one system call;
//! - a large body gets a larger buffer while it is sent, so that it takes few system calls;
//! - a TLS record on a plain connection is recognized;
//! - bytes received before the request aren't taken for its response;
//! - if the other side stops reading in the middle of a request, its response is still read: a 413, a 401,
//!   or the alert with the reason why TLS failed.

use super::call_trace::CallTrace;
use super::error::HttpError;
use crate::error::TransportErrorKind;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Error, Timeout};

/// The least time that each of several addresses gets.
const MIN_CONNECT: Duration = Duration::from_millis(10);

/// The size from which a body gets a buffer of its own, because it may not fit after its head.
const LARGE_FROM: u64 = 3 * 1024;
/// The largest such buffer. A body of 256 KiB takes 5 system calls with it, and 65 without.
const LARGE_MAX: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct TcpConnector;

impl<In: Transport> Connector<In> for TcpConnector {
    type Out = Either<In, EdgeTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        if let Some(there) = chained {
            // Through a proxy.
            return Ok(Some(Either::A(there)));
        }
        let stream = connect(details)?;
        stream.set_nodelay(true)?;
        let config = details.config;
        Ok(Some(Either::B(EdgeTransport {
            stream,
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
            large: None,
            held: 0,
            read_limit: None,
            write_limit: None,
            plain: !details.needs_tls(),
            may_be_tls: !details.needs_tls(),
            cut: None,
        })))
    }
}

/// Tries the addresses one after the other.
//
// Not Happy Eyeballs (RFC 8305), which would need a thread or non-blocking sockets to try them at once. Each
// address gets half of the time that is left and the last one all of it, so that one that drops packets leaves
// time for the others, and a single address has the whole limit.
fn connect(details: &ConnectionDetails<'_>) -> Result<TcpStream, Error> {
    let start = Instant::now();
    let limit = *details.timeout.after;
    let mut last = Error::ConnectionFailed;
    let mut addresses = details.addrs.iter().peekable();
    while let Some(address) = addresses.next() {
        let left = limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(Error::Timeout(details.timeout.reason));
        }
        let share = if addresses.peek().is_some() {
            (left / 2).max(MIN_CONNECT)
        } else {
            left
        };
        match TcpStream::connect_timeout(address, share) {
            Ok(stream) => return Ok(stream),
            Err(e) if is_timeout(&e) => last = Error::Timeout(details.timeout.reason),
            Err(e) => last = Error::Io(e),
        }
    }
    Err(last)
}

// A request is sent in these steps:
//
//   transmit_output(head)   held: the head stays in the buffer, and the library writes the body after it
//   tmp_and_output()        the body begins: a large one gets the larger buffer, with the head at its start
//   transmit_output(body)   flush: head and body in one system call
//   await_input()           flush, if the request has no body; then the larger buffer is freed
pub(super) struct EdgeTransport {
    stream: TcpStream,
    buffers: LazyBuffers,
    /// In the place of the output buffer while a large body is sent.
    large: Option<Vec<u8>>,
    /// Bytes at the start of the output buffer that aren't sent yet.
    held: usize,
    /// The socket's current limits. Setting one is a system call.
    read_limit: Option<Duration>,
    write_limit: Option<Duration>,
    /// No TLS to the other side, which may be a proxy.
    plain: bool,
    /// Nothing was received yet, on a connection without TLS.
    may_be_tls: bool,
    /// The other side stopped reading. Sending then does nothing, until the response is read, or this error is
    /// returned if there is none.
    cut: Option<io::Error>,
}

impl EdgeTransport {
    fn flush(&mut self, timeout: NextTimeout) -> Result<(), Error> {
        let end = core::mem::take(&mut self.held);
        if end == 0 || self.cut.is_some() {
            return Ok(());
        }
        let trace = CallTrace::now();
        if self.plain && trace.plain && !trace.looked {
            self.look()?;
        }
        CallTrace::note(|t| t.sent = true);
        let start = Instant::now();
        let mut done = 0;
        while done < end {
            let (limit, reason) = limit(timeout.for_write(), timeout, start)?;
            set(&mut self.write_limit, limit, |d| {
                self.stream.set_write_timeout(d)
            })?;
            let output = output_of(&mut self.large, &mut self.buffers);
            let rest = output.get(done..end).unwrap_or(&[]);
            #[cfg(test)]
            tests::WRITES.set(tests::WRITES.get().saturating_add(1));
            match self.stream.write(rest) {
                Ok(0) => return Err(Error::Io(ErrorKind::WriteZero.into())),
                Ok(n) => done = done.saturating_add(n),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if is_timeout(&e) => return Err(Error::Timeout(reason)),
                Err(e)
                    if matches!(
                        e.kind(),
                        ErrorKind::BrokenPipe
                            | ErrorKind::ConnectionReset
                            | ErrorKind::ConnectionAborted
                    ) =>
                {
                    CallTrace::note(|t| t.cut = true);
                    self.cut = Some(e);
                    return Ok(());
                }
                Err(e) => return Err(Error::Io(e)),
            }
        }
        Ok(())
    }

    /// Checks before the first byte of a request that nothing was received. It would belong to an earlier call
    /// or to none, and would be taken for the response to this one.
    fn look(&mut self) -> Result<(), Error> {
        CallTrace::note(|t| t.looked = true);
        #[cfg(test)]
        tests::before_look(&self.stream);
        match self.waiting()? {
            None if self.buffers.input().is_empty() => Ok(()),
            Some(0) => Err(Error::Io(ErrorKind::UnexpectedEof.into())),
            _ => {
                CallTrace::note(|t| t.early = true);
                let why = "it sent a response before there was a request";
                Err(HttpError::new(TransportErrorKind::Protocol, why).into())
            }
        }
    }

    /// Peeks at the input: `None` if there is none yet, 0 at the end of the stream.
    fn waiting(&self) -> io::Result<Option<usize>> {
        self.stream.set_nonblocking(true)?;
        let found = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false)?;
        match found {
            Ok(n) => Ok(Some(n)),
            Err(e) if is_timeout(&e) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Allocates the larger buffer for a large body, and moves the held head into it.
    fn enlarge(&mut self) {
        let body = CallTrace::now().body;
        if body < LARGE_FROM || self.large.is_some() {
            return;
        }
        let small = self.buffers.output();
        let size = usize::try_from(body)
            .unwrap_or(usize::MAX)
            .saturating_add(self.held);
        let mut large = alloc::vec![0; size.min(LARGE_MAX)];
        if let Some((held, at)) = small.get(..self.held).zip(large.get_mut(..self.held)) {
            at.copy_from_slice(held);
        }
        self.large = Some(large);
    }

    fn fill(&mut self, timeout: NextTimeout) -> Result<usize, Error> {
        let start = Instant::now();
        loop {
            let (limit, reason) = limit(timeout.for_read(), timeout, start)?;
            set(&mut self.read_limit, limit, |d| {
                self.stream.set_read_timeout(d)
            })?;
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(n) => {
                    self.buffers.input_appended(n);
                    return Ok(n);
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if is_timeout(&e) => return Err(Error::Timeout(reason)),
                Err(e) => return Err(Error::Io(e)),
            }
        }
    }
}

/// Returns the buffer that is sent from, including the held bytes.
fn output_of<'a>(large: &'a mut Option<Vec<u8>>, small: &'a mut LazyBuffers) -> &'a mut [u8] {
    match large {
        Some(large) => large,
        None => small.output(),
    }
}

/// Returns the limit of the next system call: its own, or the time left of the whole call.
fn limit(
    own: NextTimeout,
    whole: NextTimeout,
    start: Instant,
) -> Result<(Duration, Timeout), Error> {
    let left = whole.after.saturating_sub(start.elapsed());
    if left.is_zero() {
        return Err(Error::Timeout(whole.reason));
    }
    if *own.after < left {
        // std rejects a limit of zero.
        Ok(((*own.after).max(Duration::from_micros(1)), own.reason))
    } else {
        Ok((left, whole.reason))
    }
}

/// Sets a socket's limit, if it changes.
fn set(
    now: &mut Option<Duration>,
    limit: Duration,
    set: impl Fn(Option<Duration>) -> io::Result<()>,
) -> Result<(), Error> {
    if *now != Some(limit) {
        match set(Some(limit)) {
            Ok(()) => *now = Some(limit),
            // macOS returns this after the other side has closed. Its response may still be in the socket.
            Err(e) if cfg!(target_os = "macos") && e.kind() == ErrorKind::InvalidInput => {}
            Err(e) => return Err(Error::Io(e)),
        }
    }
    Ok(())
}

/// Returns `true` for both kinds of errors with which systems report a time limit.
fn is_timeout(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl Transport for EdgeTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.held = self.held.saturating_add(amount);
        let held = self.held;
        let output = output_of(&mut self.large, &mut self.buffers);
        let space = output.len().saturating_sub(held);
        let head = output
            .get(..held)
            .is_some_and(|out| out.ends_with(b"\r\n\r\n"));
        // Hold a whole head if there is at least as much space after it, or will be in the larger buffer.
        // `await_input` flushes first, so a request without a body isn't delayed.
        if head && (space >= held || CallTrace::now().body >= LARGE_FROM) {
            return Ok(());
        }
        self.flush(timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.flush(timeout)?;
        self.large = None;
        let more = match self.fill(timeout) {
            Ok(n) if n > 0 => true,
            // No response, and the request is incomplete: the cut is the cause.
            Ok(_) | Err(Error::Io(_)) if self.cut.is_some() => {
                let e = self
                    .cut
                    .take()
                    .unwrap_or_else(|| ErrorKind::BrokenPipe.into());
                return Err(Error::Io(e));
            }
            other => other? > 0,
        };
        if self.may_be_tls {
            // RFC 8446 §5.1: record types alert (21) and handshake (22), major version 3.
            match self.buffers.input() {
                [] | [0x15 | 0x16] => {}
                [0x15 | 0x16, 3, ..] => {
                    let why = "it responded to plain HTTP with a TLS record";
                    return Err(HttpError::new(TransportErrorKind::NeedsTls, why).into());
                }
                _ => self.may_be_tls = false,
            }
        }
        Ok(more)
    }

    fn is_open(&mut self) -> bool {
        // Neither the end of the stream nor bytes may be there to read. A part of a TLS record may be in the
        // buffer already.
        let unread = !self.buffers.input().is_empty();
        self.held == 0 && self.cut.is_none() && !unread && matches!(self.waiting(), Ok(None))
    }
}

/// The buffers, with the held bytes at the start of the output hidden.
impl Buffers for EdgeTransport {
    fn output(&mut self) -> &mut [u8] {
        let output = output_of(&mut self.large, &mut self.buffers);
        output.get_mut(self.held..).unwrap_or(&mut [])
    }

    fn input(&self) -> &[u8] {
        self.buffers.input()
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.buffers.input_append_buf()
    }

    fn input_appended(&mut self, amount: usize) {
        self.buffers.input_appended(amount);
    }

    fn input_consume(&mut self, amount: usize) {
        self.buffers.input_consume(amount);
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.enlarge();
        let held = self.held;
        let (tmp, small) = self.buffers.tmp_and_output();
        let output = match &mut self.large {
            Some(large) => large,
            None => small,
        };
        (tmp, output.get_mut(held..).unwrap_or(&mut []))
    }

    fn can_use_input(&self) -> bool {
        self.held == 0 && self.buffers.can_use_input()
    }
}

impl fmt::Debug for EdgeTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EdgeTransport")
    }
}

#[cfg(test)]
#[path = "tests/tcp.rs"]
mod tests;
