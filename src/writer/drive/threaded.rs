//! `Writer::spawn`: a keeper, which owns the engine, and a sender beside it, so that a server that
//! stalls holds up nothing.
//!
//! Handles, one or more for each of the program's threads, encode for themselves and hand over whole
//! lines through an inbox.

use super::super::Writer;
use super::super::engine::{Attempt, Engine};
use super::super::event::Listener;
use super::super::settings::Settings;
use super::handle::WriterHandle;
use super::inbox::{Limits, Shared, State};
use super::keeper::{Finished, Keeper, Output};
use super::seams::{Clock, Transport};
use super::slot::MAX_SLOT;
use super::{complain, tell};
use crate::OverflowPolicy;
use crate::client::Client;
use crate::error::{Error, TransportError, TransportErrorKind};
use alloc::string::ToString;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, OnceLock};
use std::thread::Builder;

impl Writer {
    /// Gives the writer threads of its own, and this program a handle to it: one thread keeps the
    /// lines, another sends them, so a server that stalls holds up neither the program nor the disk.
    ///
    /// The limit on memory, [`max_buffer_bytes`](crate::writer::WriterBuilder::max_buffer_bytes), now covers
    /// what waits for the thread as well. `policy` defines what happens there, in place
    /// of [`overflow_policy`](crate::writer::WriterBuilder::overflow_policy). Events are emitted in the keeper's
    /// thread, where handles can be written to but [not flushed](crate::writer#listeners).
    ///
    /// A process that is forked after this has no such threads: its handles return
    /// [`WriteError::Forked`](crate::WriteError::Forked). Daemonize first.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// use influx_edge::writer::OverflowPolicy;
    ///
    /// let handle = client.writer("sensors").build()?.spawn(OverflowPolicy::Reject)?;
    /// let mut mine = handle.clone(); // one for each thread that writes
    /// mine.write_with(|enc| enc.line("t").field("v", 1).finish())?;
    /// println!("{}", handle.flush()?);
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the system starts no thread. The writer is closed then, within its `flush_timeout`.
    pub fn spawn(mut self, policy: OverflowPolicy) -> Result<WriterHandle, Error> {
        let inline = &mut self.inline;
        let settings = &mut inline.engine.settings;
        settings.send_in_write = false;
        settings.overflow_policy = match policy {
            OverflowPolicy::DropOldest => OverflowPolicy::DropOldest,
            _ => OverflowPolicy::Reject,
        };
        let limits = Limits {
            batch_lines: settings.batch_lines,
            batch_bytes: settings.batch_bytes,
            max_bytes: settings.max_buffer_bytes,
            // (What is there travels to the keeper as one: never more than a batch takes.)
            slot_bytes: MAX_SLOT
                .min(settings.max_buffer_bytes / 16)
                .min(settings.batch_bytes),
            interval: settings.flush_interval,
            flush_timeout: settings.flush_timeout,
            policy,
            ahead: false,
            compares: false,
        };
        let limits = Limits {
            ahead: inline.engine.is_ahead(),
            compares: inline.engine.compares_clocks(),
            ..limits
        };
        let rejected = inline.engine.settings.max_rejected_bytes;
        let mut state = State::new(
            inline.stats(),
            inline.engine.bytes,
            inline.engine.take_stamper(),
            rejected,
        );
        move_rejected(&mut inline.engine, &mut state);
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            to_keeper: Condvar::new(),
            to_handles: Condvar::new(),
            limits,
            clock: inline.clock.clone(),
            keeper: OnceLock::new(),
            idle: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let spec = inline.engine.spec.clone();
        let bucket = inline.engine.main_bucket();
        let (to_sender, attempts) = sync_channel(1);
        let (client, for_sender) = (inline.transport.clone(), Arc::clone(&shared));
        let refused = |e: std::io::Error| {
            Error::config(alloc::format!("cannot start the writer's thread: {e}"))
        };
        Builder::new()
            .name("influx-edge sender".to_string())
            .spawn(move || send_all(client, &for_sender, &attempts))
            .map_err(refused)?;
        let for_keeper = Arc::clone(&shared);
        Builder::new()
            .name("influx-edge writer".to_string())
            .spawn(move || keep(self, &for_keeper, &to_sender))
            .map_err(refused)?;
        Ok(WriterHandle::new(shared, spec, bucket))
    }
}

/// The sender's life: one request after the other.
fn send_all(mut client: Client, shared: &Shared, attempts: &Receiver<Attempt>) {
    while let Ok(attempt) = attempts.recv() {
        let id = attempt.id;
        let sent = catch_unwind(AssertUnwindSafe(|| Transport::send(&mut client, &attempt)));
        // (Its body is the batch's again.)
        drop(attempt);
        let result = sent.unwrap_or_else(|_| Err(panicked()));
        let uncompressed = Transport::refuses_compression(&client);
        shared.finish(Finished {
            id,
            result,
            uncompressed,
        });
    }
}

/// The lines are still there, and sent again.
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

/// The keeper's life, from the spawning to the closing of the account.
fn keep(mut writer: Writer, shared: &Shared, to_sender: &SyncSender<Attempt>) {
    let _ = shared.keeper.set(std::thread::current().id());
    let inline = &mut writer.inline;
    // Whatever state it is in, the writer is not to send any more when it is dropped.
    inline.closed = true;
    let mut listener = inline.listener.take();
    let spec = inline.engine.spec.clone();
    let empty = Engine::new(Settings::default(), spec, ("", false), 0);
    let engine = core::mem::replace(&mut inline.engine, empty);
    let mut keeper = Keeper::new(engine);
    // The keeper ends with it: who has closed a writer may open its spool at once.
    let served = catch_unwind(AssertUnwindSafe(|| {
        serve(&mut keeper, &mut listener, shared, to_sender);
        drop(keeper);
    }));
    if served.is_err() {
        complain("a writer's thread panicked: what it had in memory is lost");
    }
    // Only a panic leaves something. The account is closed with it.
    shared.ended.store(true, Ordering::SeqCst);
    shared.collect_all();
    shared.state().close(&shared.limits);
    shared.to_handles.notify_all();
}

fn serve(
    keeper: &mut Keeper,
    listener: &mut Option<Listener>,
    shared: &Shared,
    to_sender: &SyncSender<Attempt>,
) {
    let mut wakeup = keeper.engine.next_wakeup();
    loop {
        let input = shared.next(wakeup);
        let now = shared.clock.now();
        let Output {
            failed,
            attempt,
            replies,
            wakeup: next,
            ended,
            spare,
        } = keeper.step(now, input);
        if let Some(attempt) = attempt {
            // There is space: one request is out at a time. A sender that is gone has left its
            // result.
            let _ = to_sender.try_send(attempt);
        }
        let stats = keeper.engine.stats(now);
        let mut state = shared.state();
        state.publish(stats, keeper.engine.bytes, failed, spare);
        move_rejected(&mut keeper.engine, &mut state);
        let wake = state.may_go_on(&shared.limits);
        drop(state);
        if wake {
            shared.to_handles.notify_all();
        }
        let listens = listener.is_some();
        tell(&mut keeper.engine, listener);
        for (reply, outcome) in replies {
            // (Whoever asked may have stopped waiting.)
            let _ = reply.try_send(outcome);
        }
        match ended {
            None => wakeup = next,
            Some(closed) => {
                if let Err(error) = closed {
                    if !listens {
                        complain(&alloc::format!("a writer was dropped: {error}"));
                    }
                }
                return;
            }
        }
    }
}

fn move_rejected(engine: &mut Engine, state: &mut State) {
    for rejected in engine.rejected.take() {
        state.rejected.push(rejected);
    }
}
