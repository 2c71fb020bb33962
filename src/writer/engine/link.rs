//! What a link carries in the time there is: until the caller's next tick, or within the client's limits.

use core::time::Duration;

/// A request of so many bytes is worth a try on any link: it isn't made smaller for taking too long
/// for the client's own limits.
const LEAST: usize = 16 * 1024;

/// How long a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// As long as the client's own limits allow.
    Client,
    /// Until this time: somebody waits for it.
    Until(Duration),
    /// Until this time, and what can't be expected to be sent by then is made smaller, or waits: the
    /// caller comes again. The first request of a tick is made in any case.
    Tick { end: Duration, first: bool },
}

impl Limit {
    /// When that is over.
    pub(crate) fn end(self) -> Option<Duration> {
        match self {
            Limit::Client => None,
            Limit::Until(end) | Limit::Tick { end, .. } => Some(end),
        }
    }

    /// How long that is from now on.
    pub(crate) fn left(self, now: Duration) -> Option<Duration> {
        let left = self.end()?.saturating_sub(now);
        Some(left.max(Duration::from_millis(1)))
    }
}

/// What requests have shown of the link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// The largest body that is worth a try; halved when one was cut off, doubled when one fitted.
    cap: usize,
    /// What each request takes, whatever its size.
    latency: Duration,
    /// What each 1 024 bytes take on top.
    per_kib: Duration,
    /// The request before: its size, and how long it took.
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
    /// The most bytes that a request may have, which is a line at least. `None`: not even a line can
    /// be expected to be sent in the time left.
    pub(crate) fn fits(&self, limit: Limit, now: Duration) -> Option<usize> {
        let Limit::Tick { end, first } = limit else {
            return Some(self.cap.max(LEAST));
        };
        let bytes = self.expected(end.saturating_sub(now));
        bytes.or_else(|| first.then_some(1))
    }

    /// How many of `len` bytes to send first if a request may have `most`: as much as fits in a tick,
    /// else an even share, so that no rest is left that is hardly worth a request.
    pub(crate) fn share(limit: Limit, len: usize, most: usize) -> usize {
        if let Limit::Tick { .. } = limit {
            return most;
        }
        let parts = len.div_ceil(most.saturating_add(most / 16).max(1));
        len.div_ceil(parts.max(1))
    }

    /// How much of a backlog is worth reading for one request: `usual`, or up to `most` if requests have
    /// shown that it is sent in half of the client's limit. (What is read is cut to what fits.)
    pub(crate) fn backlog(&self, usual: usize, most: usize, limit: Duration) -> usize {
        let more = self.before.and_then(|(last, _)| {
            let expected = self.expected(limit / 2)?;
            Some(expected.min(last.saturating_mul(4)).min(most))
        });
        usual.max(more.unwrap_or(usual)).min(self.cap.max(LEAST))
    }

    fn expected(&self, left: Duration) -> Option<usize> {
        // A tenth is kept back: no two requests take the same time.
        let left = left.saturating_sub(left / 10);
        let send = left.checked_sub(self.latency).filter(|t| !t.is_zero())?;
        let nanos = send.as_nanos().saturating_mul(1024);
        let bytes = nanos.checked_div(self.per_kib.as_nanos());
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
        let bytes = bytes.unwrap_or(usize::MAX);
        Some(bytes.min(self.cap))
    }

    /// A request of so many bytes got its response after this time; it would have been given up
    /// after `limit`.
    pub(crate) fn responded(&mut self, size: usize, took: Duration, limit: Duration) {
        let has_time = took <= limit / 2;
        if self.cap < usize::MAX && size >= self.cap / 2 && has_time {
            self.cap = self.cap.saturating_mul(2);
        }
        match self.before.replace((size, took)) {
            None => {
                // Which part is the latency can't be told yet: half of it, say.
                self.per_kib = scaled(took / 2, 1024, size);
                self.latency = took / 2;
            }
            Some((other, other_took)) => {
                let (less, more) = (size.min(other), size.max(other));
                // Two sizes tell the two apart, if they differ by enough.
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

    /// A request of so many bytes was cut off by the caller's limit.
    pub(crate) fn cut_off(&mut self, size: usize) {
        self.cap = (size / 2).max(1);
    }

    /// One was given up after the client's own limit: the link is too slow for it, or the server is.
    pub(crate) fn timed_out(&mut self, size: usize) {
        self.cap = (size / 2).max(LEAST);
    }
}

/// How long `bytes` take, if `of` take so long.
fn scaled(took: Duration, bytes: usize, of: usize) -> Duration {
    let nanos = took.as_nanos().saturating_mul(bytes as u128) / (of as u128).max(1);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
