//! Log lines, behind the feature `log`: method, path, status and duration of each request.
//! No secret, no data, no query parameter. Without the feature there is nothing here, and no clock
//! is read.

use super::transport::{HttpResponse, SendError};
use core::time::Duration;

/// The target of every line.
#[cfg(feature = "log")]
const TARGET: &str = "influx_edge";

/// One exchange, from before it is sent.
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

/// A call is going to be tried again.
#[cfg_attr(not(feature = "log"), allow(unused_variables))]
pub(super) fn retry(attempt: u32, pause: Duration, error: &crate::Error) {
    #[cfg(feature = "log")]
    log::warn!(target: TARGET, "retry {attempt} in {pause:.1?}: {error}");
}

/// Something that works, but that a person should know.
#[cfg_attr(not(feature = "log"), allow(unused_variables))]
pub(super) fn warning(text: &str) {
    #[cfg(feature = "log")]
    log::warn!(target: TARGET, "{text}");
}
