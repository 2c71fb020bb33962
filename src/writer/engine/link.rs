//! `Link`: an estimate of how many bytes the link carries in a given time.
//!
//! The model is `time = latency + bytes · per_kib`, with both parts estimated from the response times of requests: two
//! requests of different sizes give the slope, and what is left of a request's time is the latency. Each part is an
//! exponentially weighted average with weight 1/2, since links at the edge change fast (a modem wakes, a cell
//! changes). Beside the model there is a cap, as in TCP's congestion control: it is halved when a request was ended by
//! a time limit, and doubled when one of at least half its size took no more than half of the limit.

use core::time::Duration;

/// The smallest size to which requests are reduced for the client's own time limits.
const LEAST: usize = 16 * 1024;

/// The time limit of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The client's own limits.
    Client,
    /// This time, which a caller waits for.
    Until(Duration),
    /// This time, and a request that can't be expected to end by then is made smaller, or waits for the next tick.
    /// The first request of a tick is made in any case.
    Tick { end: Duration, first: bool },
}

impl Limit {
    /// The time itself, unless it is the client's.
    pub(crate) fn end(self) -> Option<Duration> {
        match self {
            Limit::Client => None,
            Limit::Until(end) | Limit::Tick { end, .. } => Some(end),
        }
    }

    /// The time left from now on.
    pub(crate) fn left(self, now: Duration) -> Option<Duration> {
        let left = self.end()?.saturating_sub(now);
        Some(left.max(Duration::from_millis(1)))
    }
}

/// The estimate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// The largest body that is tried.
    cap: usize,
    /// The time of a request without its bytes.
    latency: Duration,
    /// The time for each 1 024 bytes.
    per_kib: Duration,
    /// The size and time of the previous request.
    before: Option<(usize, Duration)>,
}

impl Default for Link {
    fn default() -> Self {
        Link {
            cap: usize::MAX,
            latency: Duration::ZERO,
            per_kib: Duration::ZERO,
            before: None,
        }
    }
}

impl Link {
    /// The most bytes that a request may have, at least a line. `None`: not even a line can be expected to be sent in
    /// the time left.
    pub(crate) fn fits(&self, limit: Limit, now: Duration) -> Option<usize> {
        let Limit::Tick { end, first } = limit else {
            return Some(self.cap.max(LEAST));
        };
        let bytes = self.expected(end.saturating_sub(now));
        bytes.or_else(|| first.then_some(1))
    }

    /// The number of bytes, of `len`, to send first if a request may have `most`: that many in a tick, else an even
    /// share, so that no small rest needs a request of its own.
    pub(crate) fn share(limit: Limit, len: usize, most: usize) -> usize {
        if let Limit::Tick { .. } = limit {
            return most;
        }
        let parts = len.div_ceil(most.saturating_add(most / 16).max(1));
        len.div_ceil(parts.max(1))
    }

    /// The number of bytes of a backlog to read for one request: `usual`, or up to `most` if that is expected to be
    /// sent in half of the client's limit. At most four times the previous request, so that a wrong estimate is
    /// corrected before it costs a time limit.
    pub(crate) fn backlog(&self, usual: usize, most: usize, limit: Duration) -> usize {
        let more = self.before.and_then(|(last, _)| {
            let expected = self.expected(limit / 2)?;
            Some(expected.min(last.saturating_mul(4)).min(most))
        });
        usual.max(more.unwrap_or(usual)).min(self.cap.max(LEAST))
    }

    fn expected(&self, left: Duration) -> Option<usize> {
        // (A margin of a tenth, because times vary.)
        let left = left.saturating_sub(left / 10);
        let send = left.checked_sub(self.latency).filter(|t| !t.is_zero())?;
        let nanos = send.as_nanos().saturating_mul(1024);
        let bytes = nanos.checked_div(self.per_kib.as_nanos());
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
        let bytes = bytes.unwrap_or(usize::MAX);
        Some(bytes.min(self.cap))
    }

    /// Takes the time of a request of so many bytes that got a response, and would have been given up after `limit`.
    pub(crate) fn responded(&mut self, size: usize, took: Duration, limit: Duration) {
        let has_time = took <= limit / 2;
        if self.cap < usize::MAX && size >= self.cap / 2 && has_time {
            self.cap = self.cap.saturating_mul(2);
        }
        match self.before.replace((size, took)) {
            None => {
                // One request can't separate the two parts: half each.
                self.per_kib = scaled(took / 2, 1024, size);
                self.latency = took / 2;
            }
            Some((other, other_took)) => {
                let (less, more) = (size.min(other), size.max(other));
                // Two sizes give the slope, if they differ by more than a factor of two; else noise would dominate.
                if less < more / 2 {
                    let longer = match size > other {
                        true => took.checked_sub(other_took),
                        false => other_took.checked_sub(took),
                    };
                    if let Some(longer) = longer {
                        let sample = scaled(longer, 1024, more.saturating_sub(less));
                        self.per_kib = (self.per_kib.saturating_add(sample)) / 2;
                    }
                }
                let bytes = scaled(self.per_kib, size, 1024);
                let sample = took.saturating_sub(bytes);
                self.latency = (self.latency.saturating_add(sample)) / 2;
            }
        }
    }

    /// Takes note that the caller's limit ended a request of so many bytes.
    pub(crate) fn cut_off(&mut self, size: usize) {
        self.cap = (size / 2).max(1);
    }

    /// Takes note that the client's own limit ended one: the link or the server is too slow for it.
    pub(crate) fn timed_out(&mut self, size: usize) {
        self.cap = (size / 2).max(LEAST);
    }
}

/// The time for `bytes`, if `of` bytes take `took`.
fn scaled(took: Duration, bytes: usize, of: usize) -> Duration {
    let nanos = took.as_nanos().saturating_mul(bytes as u128) / (of as u128).max(1);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
