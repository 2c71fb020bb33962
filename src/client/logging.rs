//! Log lines, with the feature `log`: method, path, status and duration of each request, without
//! secrets, data or query parameters. Without the feature nothing is compiled, and no clock is read.

use super::transport::{HttpResponse, SendError};
use core::time::Duration;

/// The target of every log line.
#[cfg(feature = "log")]
const TARGET: &str = "influx_edge";

/// A request and its response, from before it is sent.
pub(super) struct Exchange {
    #[cfg(feature = "log")]
    start: Option<std::time::Instant>,
}

impl Exchange {
    pub(super) fn begin() -> Self {
        Exchange {
            #[cfg(feature = "log")]
            start: log::log_enabled!(target: TARGET, log::Level::Debug)
                .then(std::time::Instant::now),
        }
    }

    #[cfg_attr(not(feature = "log"), allow(unused_variables))]
    pub(super) fn end(self, method: &str, target: &str, result: &Result<HttpResponse, SendError>) {
        #[cfg(feature = "log")]
        if let Some(start) = self.start {
            let path = target.split('?').next().unwrap_or("");
            let took = start.elapsed();
            match result {
                Ok(response) => {
                    log::debug!(target: TARGET, "{method} {path}: {} after {took:.1?}", response.status);
                }
                Err(failed) => {
                    log::debug!(target: TARGET, "{method} {path}: {:?} after {took:.1?}", failed.http_error.kind);
                }
            }
        }
    }
}

/// Logs a retry.
#[cfg_attr(not(feature = "log"), allow(unused_variables))]
pub(super) fn retry(attempt: u32, pause: Duration, error: &crate::Error) {
    #[cfg(feature = "log")]
    log::warn!(target: TARGET, "retry {attempt} in {pause:.1?}: {error}");
}

/// Logs a warning about something that works.
#[cfg_attr(not(feature = "log"), allow(unused_variables))]
pub(super) fn warning(text: &str) {
    #[cfg(feature = "log")]
    log::warn!(target: TARGET, "{text}");
}
