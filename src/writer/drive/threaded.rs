//! `Writer::spawn`: the threads of a writer, a keeper that owns the engine, and a sender, so that a stalled server
//! delays nothing else.
//!
//! Handles, one or more for each of the program's threads, encode lines themselves and hand over whole lines.

use super::super::engine::{Attempt, Engine, Finished};
use super::super::event::Listener;
use super::super::route::Sender;
use super::super::settings::Settings;
use super::super::{Writer, WriterHandle};
use super::handle::Handle;
use super::keeper::Keeper;
use super::polled::Polled;
use super::seams::{Clock, Transport};
use super::shared::Shared;
use super::{complain, emit};
use crate::OverflowPolicy;
use crate::error::{Error, TransportError, TransportErrorKind};
use alloc::string::ToString;
use alloc::sync::Arc;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

impl Writer {
    /// Moves the writer to threads of its own, and returns a handle to it. One thread keeps the lines, another sends
    /// them, so a stalled server delays neither the program nor the disk.
    ///
    /// The limit on memory, [`max_buffer_bytes`](crate::writer::WriterBuilder::max_buffer_bytes), then covers the
    /// lines that wait for the thread as well. `policy` defines what happens at the limit, in place of
    /// [`overflow_policy`](crate::writer::WriterBuilder::overflow_policy). Events are emitted on the keeper's thread,
    /// where handles can write but [not flush](crate::writer#listeners).
    ///
    /// A process that is forked later doesn't have the threads: its handles return
    /// [`WriteError::Forked`](crate::WriteError::Forked). Daemonize first.
    ///
    /// # Errors
    /// Returns an error if a thread can't be started. The writer is closed then, within its `flush_timeout`.
    pub fn spawn(mut self, policy: OverflowPolicy) -> Result<WriterHandle, Error> {
        let inline = &mut self.driver.inline;
        inline.engine.settings.overflow_policy = policy;
        let clock = inline.clock.clone();
        let shared = Arc::new(Shared::new(&mut inline.engine, clock));
        let bucket = inline.engine.main_bucket();
        let (to_sender, attempts) = sync_channel(1);
        let (to_server, for_sender) = (inline.transport.clone(), Arc::clone(&shared));
        start("influx-edge sender", move || {
            send_all(to_server, &for_sender, &attempts);
        })?;
        let for_keeper = Arc::clone(&shared);
        start("influx-edge writer", move || {
            keep(self.driver, &for_keeper, &to_sender);
        })?;
        let driver = Handle::new(shared, std::process::id(), bucket);
        Ok(Writer { driver })
    }
}

/// Starts a thread.
fn start(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let started = Builder::new().name(name.to_string()).spawn(body);
    started
        .map(drop)
        .map_err(|error| Error::config(alloc::format!("cannot start the writer's thread: {error}")))
}

/// The sender's thread: one request after the other.
fn send_all(mut to_server: Sender, shared: &Shared, attempts: &Receiver<Attempt>) {
    while let Ok(attempt) = attempts.recv() {
        let id = attempt.id;
        let sent = catch_unwind(AssertUnwindSafe(|| to_server.make(attempt)));
        shared.finish(sent.unwrap_or_else(|_| Finished {
            id,
            result: Err(panicked()),
            uncompressed: Transport::refuses_compression(&to_server),
        }));
    }
}

/// The error after which the lines are kept and sent again.
fn panicked() -> Error {
    TransportError {
        kind: TransportErrorKind::Closed,
        what: "write".to_string(),
        host: alloc::string::String::new(),
        detail: "the HTTP client panicked".to_string(),
        unsent: false,
        source: None,
    }
    .into()
}

/// The keeper's thread, until the account is final.
fn keep(mut writer: Polled, shared: &Shared, to_sender: &SyncSender<Attempt>) {
    let _ = shared.keeper.set(std::thread::current().id());
    let inline = &mut writer.inline;
    // (The driver that is left must not send anything when it is dropped.)
    inline.closed = true;
    let mut listener = inline.listener.take();
    let empty = Engine::new(Settings::default(), ("", false), 0);
    let engine = core::mem::replace(&mut inline.engine, empty);
    // The keeper, and with it the spool, is dropped before `close` returns to a handle: a program that has closed a
    // writer may open its spool at once.
    let served = catch_unwind(AssertUnwindSafe(|| {
        serve(Keeper::new(engine), &mut listener, shared, to_sender);
    }));
    if served.is_err() {
        complain("a writer's thread panicked: what it had in memory is lost");
    }
    // (Only a panic leaves lines; these are counted as dropped.)
    shared.close();
}

fn serve(
    mut keeper: Keeper,
    listener: &mut Option<Listener>,
    shared: &Shared,
    to_sender: &SyncSender<Attempt>,
) {
    let mut wakeup = keeper.engine.next_wakeup();
    loop {
        let input = shared.next(wakeup);
        let now = shared.clock.now();
        let out = keeper.step(now, shared.reading(), input);
        if let Some(attempt) = out.attempt {
            // (The channel has space, because one request is in flight at a time. A sender that has ended has left
            // its result.)
            let _ = to_sender.try_send(attempt);
        }
        shared.publish(&mut keeper.engine, now, out.spare);
        for (reply, taken) in out.settled {
            let _ = reply.try_send(taken);
        }
        let listens = listener.is_some();
        emit(&mut keeper.engine, listener);
        for (command, outcome) in out.replies {
            match (command.reply, outcome) {
                // (The thread may have stopped waiting.)
                (Some(reply), outcome) => drop(reply.try_send(outcome)),
                (None, Err(error)) if !listens => {
                    complain(&alloc::format!("a writer was dropped: {error}"));
                }
                (None, _) => {}
            }
        }
        if out.ended {
            return;
        }
        wakeup = out.wakeup;
    }
}
