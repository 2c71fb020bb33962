//! SIGINT, SIGTERM and SIGHUP: the first one requests the command's end, the second one ends the process.

use crate::failure::Failure;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// The signal that requested the command's end, if there was one.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<AtomicI32>);

impl Stop {
    /// Starts to listen. `wake` is called once, on another thread, when the first signal is received.
    ///
    /// # Errors
    /// Returns an error if the handlers can't be installed.
    #[cfg(unix)]
    pub(crate) fn listen(wake: impl FnOnce() + Send + 'static) -> Result<Stop, Failure> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let stop = Stop::default();
        let shared = stop.clone();
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])
            .map_err(|why| Failure::new(1, format_args!("signals can't be caught: {why}")))?;
        std::thread::spawn(move || {
            let mut wake = Some(wake);
            for signal in signals.forever() {
                match wake.take() {
                    Some(wake) => {
                        shared.0.store(signal, Ordering::SeqCst);
                        wake();
                    }
                    None => std::process::exit(128_i32.saturating_add(signal)),
                }
            }
        });
        Ok(stop)
    }

    #[cfg(not(unix))]
    pub(crate) fn listen(_wake: impl FnOnce() + Send + 'static) -> Result<Stop, Failure> {
        Ok(Stop::default())
    }

    pub(crate) fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    /// Returns 130 after SIGINT, 143 after SIGTERM; `None` without a signal.
    pub(crate) fn exit_code(&self) -> Option<ExitCode> {
        match self.0.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(ExitCode::from(
                u8::try_from(128_i32.saturating_add(signal)).unwrap_or(1),
            )),
        }
    }
}
