//! `CallTrace`: the events of the current call, by which it is decided whether it is sent again.

use super::headers::HeaderText;
use core::cell::Cell;
use std::thread_local;

/// The events since [`CallTrace::begin`] on this thread.
//
// A thread-local, because the library passes no value of a request to the socket, and a call runs on one
// thread from its start to the head of its response.
#[derive(Clone, Copy, Default)]
pub(super) struct CallTrace {
    /// A new connection was made. Otherwise the connection is from the pool.
    pub(super) connected: bool,
    /// Bytes of the request were passed to the system.
    pub(super) sent: bool,
    /// Bytes of a response were received. TLS' own messages, such as a closure alert, don't count.
    pub(super) responded: bool,
    /// The other side stopped accepting bytes before the request was complete.
    pub(super) cut: bool,
    /// Nothing was received while the body waited for `100 Continue`.
    pub(super) silent: bool,
    /// The whole head of the request was passed on.
    pub(super) head_done: bool,
    /// A part of its body was, which a reader yields only once.
    pub(super) body_begun: bool,
    /// The connection has no TLS, so that each byte received is the server's own.
    pub(super) plain: bool,
    /// The check for bytes received before the request was made.
    pub(super) looked: bool,
    /// It found some.
    pub(super) early: bool,
    /// The first bytes of the request passed the place where a proxy's request line is made.
    pub(super) begun: bool,
    /// The length of the request's body, as far as known at the start.
    pub(super) body: u64,
    /// The body that is read ends with the connection, so only an orderly close ends it.
    pub(super) open_ended: bool,
}

thread_local! {
    static TRACE: Cell<CallTrace> = Cell::default();
    /// The header with the secret of the call that begins, until it is sent.
    static CREDENTIAL: Cell<Option<(&'static str, HeaderText)>> = const { Cell::new(None) };
}

impl CallTrace {
    /// Begins a call. Its credential bypasses the library, which logs every byte that it sends at the level
    /// `trace`.
    pub(super) fn begin(credential: Option<(&'static str, HeaderText)>, body: u64) {
        TRACE.set(CallTrace {
            body,
            ..CallTrace::default()
        });
        CREDENTIAL.set(credential);
    }

    /// Ends the call and returns its events. A credential that wasn't sent is removed.
    pub(super) fn end(outer: CallTrace) -> CallTrace {
        CREDENTIAL.take();
        TRACE.replace(outer)
    }

    /// Records a new connection. Bytes of a proxy's tunnel or of a TLS handshake aren't the call's.
    pub(super) fn connected_anew() {
        TRACE.set(CallTrace {
            connected: true,
            body: TRACE.get().body,
            ..CallTrace::default()
        });
    }

    /// Takes the header with the secret, once.
    pub(super) fn take_credential() -> Option<(&'static str, HeaderText)> {
        CREDENTIAL.take()
    }

    pub(super) fn now() -> CallTrace {
        TRACE.get()
    }

    pub(super) fn note(change: impl FnOnce(&mut CallTrace)) {
        let mut trace = TRACE.get();
        change(&mut trace);
        TRACE.set(trace);
    }
}
