//! `Queue`: lines in a ring buffer during an outage.

use super::error::Error;
use crate::Precision;
use crate::http::{Remedy, Stored};
use crate::line::Lines;
use crate::line::split_lines::{is_whole, split};
use core::fmt;

/// A first-in, first-out queue of whole lines in a buffer of yours, for outages.
///
/// When the buffer is full, the oldest lines are dropped and counted; with
/// [`reject_new`](Self::reject_new), new lines are rejected instead. A line stays in the buffer until the
/// server stores it or rejects it for good. At any time
/// `accepted = delivered + rejected + dropped + buffered`.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::embedded::{Error, Queue};
/// use influx_edge::line::Encoder;
///
/// let mut ring = [0; 4096];
/// let mut queue = Queue::new(&mut ring, Precision::Second);
/// let mut storage = [0; 128];
/// let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
/// for second in 1_700_000_000..1_700_000_010 {
///     enc.clear();
///     enc.line("weather")
///         .field("temp_c", 21.5)
///         .timestamp(second)?;
///     queue.push(enc.lines())?;
/// }
/// // A program passes `|lines| connection.write("sensors", lines)`.
/// // Here the connection isn't open.
/// let result = queue.deliver(1024, |_| Err(Error::<()>::NotOpen));
/// assert!(result.is_err() && queue.stats().buffered == 10);
/// queue
///     .deliver(1024, |_| Ok::<(), Error<()>>(()))
///     .map_err(|_| "failed")?;
/// assert_eq!((queue.stats().delivered, queue.stats().buffered), (10, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
//
// A bip buffer (Simon Cooke): a line is never split at the end of the ring, so that lines can be sent from
// where they are.
//
//   wrap = None                            wrap = Some(w)
//   |....[oldest ... newest].....|         |[... newest]....[oldest ...]w..|
//        head               tail                       tail head
//
// Once the lines from `head` to `w` are removed, `head` is 0 and `wrap` is None again.
pub struct Queue<'b> {
    ring: &'b mut [u8],
    precision: Precision,
    rejects_new: bool,
    /// The start of the oldest line.
    head: usize,
    /// The end of the newest line.
    tail: usize,
    /// The end of the lines at the end of the ring, if the newest ones are at its start again.
    wrap: Option<usize>,
    /// The most lines that are sent together. Halved while a bad line is searched, doubled by a delivery.
    most_lines: u64,
    stats: QueueStats,
}

/// The counts of a queue's lines. `accepted` is the sum of the others.
///
/// ```
/// use influx_edge::embedded::QueueStats;
///
/// let nothing = QueueStats::default();
/// assert_eq!(
///     nothing.to_string(),
///     "accepted 0: 0 delivered, 0 rejected, 0 dropped, 0 buffered"
/// );
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStats {
    /// Lines that were added to the queue.
    pub accepted: u64,
    /// Lines that the server has stored.
    pub delivered: u64,
    /// Lines that the server rejected for good.
    pub rejected: u64,
    /// Lines that were dropped for newer ones.
    pub dropped: u64,
    /// Lines that are in the queue.
    pub buffered: u64,
}

impl fmt::Display for QueueStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let QueueStats {
            accepted,
            delivered,
            rejected,
            dropped,
            buffered,
        } = self;
        write!(
            f,
            "accepted {accepted}: {delivered} delivered, {rejected} rejected, {dropped} dropped, {buffered} buffered"
        )
    }
}

/// The reason why lines aren't added to a queue.
///
/// ```
/// use influx_edge::Precision;
/// use influx_edge::embedded::{Queue, QueueError};
/// use influx_edge::line::Lines;
///
/// let mut ring = [0; 8];
/// let mut queue = Queue::new(&mut ring, Precision::Second);
/// let lines = Lines {
///     bytes: b"weather temp_c=21.5\n",
///     precision: Precision::Second,
/// };
/// assert_eq!(queue.push(lines), Err(QueueError::TooLong));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueError {
    /// The queue is full, and rejects new lines.
    Full,
    /// A line is longer than the buffer of the queue.
    TooLong,
    /// The timestamps are in another unit than the queue's.
    Precision,
    /// The last line doesn't end with a newline.
    Incomplete,
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            QueueError::Full => "the queue is full",
            QueueError::TooLong => "a line is longer than the queue",
            QueueError::Precision => "the timestamps are in another unit than the queue's",
            QueueError::Incomplete => "the last line doesn't end with a newline",
        })
    }
}

impl core::error::Error for QueueError {}

impl<'b> Queue<'b> {
    /// Makes an empty queue of lines whose timestamps are in the unit `precision`.
    #[must_use]
    pub fn new(ring: &'b mut [u8], precision: Precision) -> Self {
        Queue {
            ring,
            precision,
            rejects_new: false,
            head: 0,
            tail: 0,
            wrap: None,
            most_lines: u64::MAX,
            stats: QueueStats::default(),
        }
    }

    /// Rejects new lines when the queue is full: [`push`](Self::push) returns [`QueueError::Full`], and
    /// [`stats`](Self::stats) doesn't count them. Default: the oldest lines are dropped.
    #[must_use]
    pub fn reject_new(self) -> Self {
        Queue {
            rejects_new: true,
            ..self
        }
    }

    /// Adds lines, each of which ends with a newline. All are added, or none.
    ///
    /// # Errors
    /// Returns an error if the lines can't be added. Nothing is dropped then.
    pub fn push(&mut self, lines: Lines<'_>) -> Result<(), QueueError> {
        if lines.precision != self.precision {
            return Err(QueueError::Precision);
        }
        // A newline at the end may be within a string that isn't closed.
        if split(lines.bytes).any(|line| !is_whole(line)) {
            return Err(QueueError::Incomplete);
        }
        if split(lines.bytes).any(|line| line.len() > self.ring.len()) {
            return Err(QueueError::TooLong);
        }
        self.rewind_if_empty();
        if self.rejects_new && !self.fits(lines.bytes) {
            return Err(QueueError::Full);
        }
        for line in split(lines.bytes) {
            while !self.push_line(line) {
                self.remove_oldest();
                self.stats.dropped = self.stats.dropped.saturating_add(1);
            }
            self.stats.accepted = self.stats.accepted.saturating_add(1);
            self.stats.buffered = self.stats.buffered.saturating_add(1);
        }
        Ok(())
    }

    /// Moves to the start of an empty ring, so that a line as long as the ring fits.
    fn rewind_if_empty(&mut self) {
        if self.stats.buffered == 0 {
            (self.head, self.tail, self.wrap) = (0, 0, None);
        }
    }

    /// Returns the start of a line of this length, and the new `wrap`, if the line fits after these ends.
    fn place(
        &self,
        len: usize,
        tail: usize,
        wrap: Option<usize>,
    ) -> Option<(usize, Option<usize>)> {
        match wrap {
            // Before the oldest line.
            Some(_) => (self.head.saturating_sub(tail) >= len).then_some((tail, wrap)),
            None if self.ring.len().saturating_sub(tail) >= len => Some((tail, None)),
            // At the start of the ring again.
            None => (self.head >= len).then_some((0, Some(tail))),
        }
    }

    /// Returns `true` if all of the lines fit without a drop.
    fn fits(&self, lines: &[u8]) -> bool {
        let (mut tail, mut wrap) = (self.tail, self.wrap);
        split(lines).all(|line| match self.place(line.len(), tail, wrap) {
            Some((start, new)) => {
                (tail, wrap) = (start.saturating_add(line.len()), new);
                true
            }
            None => false,
        })
    }

    fn push_line(&mut self, line: &[u8]) -> bool {
        self.rewind_if_empty();
        let Some((start, wrap)) = self.place(line.len(), self.tail, self.wrap) else {
            return false;
        };
        let space = self.ring.get_mut(start..).unwrap_or_default();
        for (to, from) in space.iter_mut().zip(line) {
            *to = *from;
        }
        (self.tail, self.wrap) = (start.saturating_add(line.len()), wrap);
        true
    }

    /// Returns the oldest lines that are in one piece.
    fn oldest(&self) -> &[u8] {
        let end = self.wrap.unwrap_or(self.tail);
        self.ring.get(self.head..end).unwrap_or_default()
    }

    fn remove_oldest(&mut self) {
        let len = split(self.oldest()).next().map_or(0, <[u8]>::len);
        self.remove(len, 1);
    }

    /// Removes the oldest `lines`, which have so many `bytes`.
    fn remove(&mut self, bytes: usize, lines: u64) {
        self.head = self.head.saturating_add(bytes);
        if self.wrap == Some(self.head) {
            (self.head, self.wrap) = (0, None);
        }
        self.stats.buffered = self.stats.buffered.saturating_sub(lines);
    }

    /// Passes the oldest lines to `write`, and removes those that the server stored or rejected for good. The
    /// lines have at most `max_bytes` together; a longer line goes alone. They aren't copied, so `max_bytes`
    /// may exceed a connection's buffer. Returns the number of delivered lines. If the queue is empty, that is
    /// 0, and `write` isn't called.
    ///
    /// A line that the server names as bad is removed. If it names none, or doesn't report how many lines of a
    /// batch it dropped, the batch is halved from call to call until the bad line is alone. A batch that is too
    /// large for the server is halved, too.
    ///
    /// # Errors
    /// Returns the error of `write`, also after lines were removed: [`stats`](Self::stats) has the counts.
    /// Call it again when an attempt is due by [`Backoff`](super::Backoff), which is at once after lines were
    /// removed or a batch was halved.
    pub fn deliver<E>(
        &mut self,
        max_bytes: usize,
        write: impl FnOnce(Lines<'_>) -> Result<(), Error<E>>,
    ) -> Result<u64, Error<E>> {
        let (mut len, mut lines) = (0_usize, 0_u64);
        for line in split(self.oldest()) {
            let longer = len.saturating_add(line.len());
            if lines > 0 && (longer > max_bytes || lines >= self.most_lines) {
                break;
            }
            (len, lines) = (longer, lines.saturating_add(1));
        }
        if lines == 0 {
            return Ok(0);
        }
        let result = write(Lines {
            bytes: self.oldest().get(..len).unwrap_or_default(),
            precision: self.precision,
        });
        let Err(error) = result else {
            self.remove(len, lines);
            self.stats.delivered = self.stats.delivered.saturating_add(lines);
            self.most_lines = self.most_lines.saturating_mul(2);
            return Ok(lines);
        };
        let response = error.response();
        // The number of lines that are rejected for good, if it is known.
        let rejected = match (
            error.stored(),
            response.and_then(|response| response.dropped),
        ) {
            (Stored::None, _) => Some(lines),
            (_, dropped) => dropped.map(|dropped| u64::from(dropped).min(lines)),
        };
        let bad_line = response.and_then(|response| response.line);
        match (error.remedy(), bad_line, rejected) {
            (Remedy::None, _, Some(rejected)) => {
                self.remove(len, lines);
                self.stats.rejected = self.stats.rejected.saturating_add(rejected);
                let delivered = lines.saturating_sub(rejected);
                self.stats.delivered = self.stats.delivered.saturating_add(delivered);
            }
            (Remedy::RemoveBadLines, Some(line), _) if (1..=lines).contains(&u64::from(line)) => {
                self.remove_bad(line);
            }
            // Neither the bad lines nor their number are known, so halving searches for them. Lines that are
            // stored already are sent again, which makes the same points.
            (Remedy::RemoveBadLines | Remedy::Split | Remedy::None, ..) => match lines {
                1 => {
                    self.remove(len, 1);
                    self.stats.rejected = self.stats.rejected.saturating_add(1);
                }
                _ => self.most_lines = lines / 2,
            },
            _ => {}
        }
        Err(error)
    }

    /// Removes the line of this number, from 1, by moving the lines before it over it.
    fn remove_bad(&mut self, number: u32) {
        let before = number.saturating_sub(1) as usize;
        let mut lines = split(self.oldest());
        let len: usize = lines.by_ref().take(before).map(<[u8]>::len).sum();
        let bad = lines.next().map_or(0, <[u8]>::len);
        let end = self.head.saturating_add(bad).saturating_add(len);
        if let Some(moved) = self.ring.get_mut(self.head..end) {
            move_up(moved, bad);
        }
        self.remove(bad, 1);
        self.stats.rejected = self.stats.rejected.saturating_add(1);
    }

    /// Returns the counts of lines.
    #[must_use]
    pub fn stats(&self) -> QueueStats {
        self.stats
    }

    /// Returns `true` if the queue has no lines.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stats.buffered == 0
    }
}

/// Moves the bytes of a buffer towards its end, over the last `by` of them. From the end backwards, because the
/// two ranges overlap. `copy_within` does the same, but links the `memmove` of the prebuilt core, and panics.
fn move_up(buffer: &mut [u8], by: usize) {
    for to in (by..buffer.len()).rev() {
        let byte = buffer.get(to - by).copied().unwrap_or_default();
        if let Some(slot) = buffer.get_mut(to) {
            *slot = byte;
        }
    }
}

impl fmt::Debug for Queue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the lines: they are the user's data.
        f.debug_struct("Queue")
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}
