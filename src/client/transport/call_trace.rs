//! What happened to the current call: a new connection? sent? responded? It decides whether a second try
//! is right.

use super::headers::HeaderText;
use core::cell::Cell;
use std::thread_local;

/// What happened since [`CallTrace::begin`] on this thread.
///
/// A thread-local, because the library hands no request-bound value through to the socket, and a
/// call runs on one thread from its start to its response's head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CallTrace {
    /// A new connection was made, so the one used was not from the pool.
    pub(super) connected: bool,
    /// Bytes of the request were handed to the system.
    pub(super) sent: bool,
    /// Bytes of a response arrived. What TLS says for itself, as that it closes, is none of it.
    pub(super) responded: bool,
    /// The other side stopped taking bytes before the request was complete.
    pub(super) cut: bool,
    /// Nothing came while the body waited for `100 Continue`.
    pub(super) silent: bool,
    /// The head of the request was handed over whole.
    pub(super) head_done: bool,
    /// So was a part of its body, which a reader gives only once.
    pub(super) body_begun: bool,
    /// The request goes over a connection of which each byte is the server's own, not TLS'.
    pub(super) plain: bool,
    /// It has been looked whether anything came before the request.
    pub(super) looked: bool,
    /// Something did.
    pub(super) early: bool,
    /// The request's first bytes passed the place where a proxy's request line is made.
    pub(super) begun: bool,
    /// How many bytes of body the request has, as far as known when it begins.
    pub(super) body: u64,
    /// The body being read ends where the connection does, so only an orderly close ends it.
    pub(super) open_ended: bool,
}

thread_local! {
    static TRACE: Cell<CallTrace> = const {
        Cell::new(CallTrace {
            connected: false,
            sent: false,
            responded: false,
            cut: false,
            silent: false,
            head_done: false,
            body_begun: false,
            plain: false,
            looked: false,
            early: false,
            begun: false,
            body: 0,
            open_ended: false,
        })
    };
}

thread_local! {
    /// The header with the secret of the call that begins, until it's sent. Thread-local for the
    /// same reason.
    static CREDENTIAL: Cell<Option<(&'static str, HeaderText)>> = const { Cell::new(None) };
}

impl CallTrace {
    /// A call begins. Its credential goes past the library, which would write every byte it handles
    /// to the log at the level `trace`.
    pub(super) fn begin(credential: Option<(&'static str, HeaderText)>, body: u64) {
        TRACE.set(CallTrace {
            body,
            ..CallTrace::default()
        });
        CREDENTIAL.set(credential);
    }

    /// The call is over: what happened in it. One that never got as far as sending leaves no
    /// secret behind.
    pub(super) fn end(outer: CallTrace) -> CallTrace {
        CREDENTIAL.take();
        TRACE.replace(outer)
    }

    /// A connection was made for the call. What a proxy or a TLS handshake sent and received is not the
    /// call's.
    pub(super) fn connected_anew() {
        TRACE.set(CallTrace {
            connected: true,
            body: TRACE.get().body,
            ..CallTrace::default()
        });
    }

    /// The header with the secret, once.
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
