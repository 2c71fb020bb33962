//! `Sender`: sends a request in pieces as large as the buffer.

use super::error::Error;
use core::fmt;
use embedded_io::{Error as _, ErrorKind, Write};

/// A buffered writer, so that head and body are one packet if they fit into the buffer.
pub(super) struct Sender<'s, T: Write> {
    transport: &'s mut T,
    buffer: &'s mut [u8],
    len: usize,
    sent: Sent,
    failure: Option<Failure<T::Error>>,
}

/// The reason why nothing more can be sent.
pub(super) enum Failure<E> {
    Transport(E),
    /// The transport accepts no more bytes.
    Closed,
}

impl<E> Failure<E> {
    pub(super) fn error(self, sent: bool) -> Error<E> {
        match self {
            Failure::Transport(error) => Error::Transport { error, sent },
            Failure::Closed => Error::Closed { sent },
        }
    }
}

/// The part of a request that the transport accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Nothing,
    Part,
    All,
}

impl<'s, T: Write> Sender<'s, T> {
    pub(super) fn new(transport: &'s mut T, buffer: &'s mut [u8]) -> Self {
        Sender {
            transport,
            buffer,
            len: 0,
            sent: Sent::Nothing,
            failure: None,
        }
    }

    /// Adds bytes. After an error nothing more is sent.
    pub(super) fn write_bytes(&mut self, mut bytes: &[u8]) -> fmt::Result {
        while !bytes.is_empty() {
            let space = self.buffer.get_mut(self.len..).unwrap_or_default();
            let len = space.len().min(bytes.len());
            let (piece, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
            if let Some(space) = space.get_mut(..len) {
                space.copy_from_slice(piece);
            }
            self.len += len;
            bytes = rest;
            if self.len == self.buffer.len() {
                self.drain()?;
                // Bytes that would fill the buffer again need no copy.
                if bytes.len() >= self.buffer.len() {
                    let all = core::mem::take(&mut bytes);
                    self.send(Source::Slice(all))?;
                }
            }
        }
        Ok(())
    }

    /// Sends the rest and flushes the transport. Returns the part that was sent, and the failure if any.
    pub(super) fn finish(mut self) -> (Sent, Result<(), Failure<T::Error>>) {
        while self.failure.is_none() && self.drain().is_ok() {
            self.sent = Sent::All;
            match self.transport.flush() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => self.failure = Some(Failure::Transport(error)),
                Ok(()) => {}
            }
            break;
        }
        (self.sent, self.failure.map_or(Ok(()), Err))
    }

    fn drain(&mut self) -> fmt::Result {
        self.send(Source::Buffer(self.len))?;
        self.len = 0;
        Ok(())
    }

    fn send(&mut self, source: Source<'_>) -> fmt::Result {
        if self.failure.is_some() {
            return Err(fmt::Error);
        }
        let mut bytes = match source {
            Source::Buffer(len) => self.buffer.get(..len).unwrap_or_default(),
            Source::Slice(bytes) => bytes,
        };
        while !bytes.is_empty() {
            match self.transport.write(bytes) {
                Ok(0) => self.failure = Some(Failure::Closed),
                Ok(len) => {
                    self.sent = Sent::Part;
                    bytes = bytes.get(len..).unwrap_or_default();
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => self.failure = Some(Failure::Transport(error)),
            }
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// The bytes to send: a part of the buffer, or the caller's. (Both can't be slices: the buffer is borrowed.)
enum Source<'b> {
    Buffer(usize),
    Slice(&'b [u8]),
}
