//! What was delivered leaves: acknowledgements, and the room they free.

use super::batch::Ticket;
use super::clock::Clock;
use super::fs::Fs;
use super::queue::Spool;
use super::report::bump;
use super::segment::Share;

impl<F: Fs, C: Clock> Spool<F, C> {
    /// Notes that batches were delivered; how many points they held. Their room is freed with the
    /// last batch of their segment.
    ///
    /// Tickets of batches that were acknowledged or dropped before do nothing and count nothing.
    /// Writes 20 bytes to the disk and syncs nothing: an acknowledgement that a crash takes makes the
    /// batch be delivered again, which changes nothing in the database if its points have timestamps.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("spool-doc-{}-ack", std::process::id()));
    /// use influx_edge::spool::{Batch, Spool, Target};
    ///
    /// # use influx_edge::Precision;
    /// let mut spool = Spool::open(&dir)?;
    /// let target = Target::new("acme", "sensors")?;
    /// let ticket = spool.append(Batch::new(&target, Precision::Second, 1, b"t v=1 60\n"))?;
    /// spool.ack([&ticket]); // it was delivered
    /// assert!(spool.is_empty());
    /// # drop(spool);
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ack<'t>(&mut self, tickets: impl IntoIterator<Item = &'t Ticket>) -> u64 {
        let mut points = 0;
        for ticket in tickets {
            if self.finish(ticket) {
                bump(&mut self.stats.acknowledged, 1);
                bump(&mut points, u64::from(ticket.points));
            }
        }
        bump(&mut self.stats.acknowledged_points, points);
        self.tidy();
        points
    }

    /// Takes a batch out of the account; whether it was in it.
    pub(super) fn finish(&mut self, ticket: &Ticket) -> bool {
        if self.is_finished(ticket.seq) {
            return false;
        }
        let index = self.log.index_of(ticket.seq);
        let Some(segment) = index.and_then(|index| self.log.segments.get_mut(index)) else {
            return false;
        };
        segment.set_done(ticket.seq);
        segment.take(Share {
            target: ticket.target,
            batches: 1,
            points: u64::from(ticket.points),
            bytes: u64::from(ticket.bytes),
        });
        true
    }

    /// Whether a number is delivered, dropped, or was never there.
    pub(super) fn is_finished(&self, seq: u64) -> bool {
        let segment = || self.log.segments.get(self.log.index_of(seq)?);
        seq <= self.ack.acked() || segment().is_none_or(|segment| segment.seq_done(seq))
    }

    /// Whether a batch still waits: not acknowledged, not dropped for want of room.
    #[cfg(feature = "client")]
    pub(crate) fn is_waiting(&self, ticket: &Ticket) -> bool {
        !self.is_finished(ticket.seq)
    }

    /// Removes segments in which nothing waits, and notes up to where all is delivered.
    pub(super) fn tidy(&mut self) {
        let acked = self.delivered_up_to();
        if acked > self.ack.acked() && self.ack.write(&self.log.fs, acked).is_err() {
            bump(&mut self.stats.unnoted_acks, 1);
        }
        // The newest segment stays while anything waits: it is what remembers the last number.
        let newest = self.log.segments.len().saturating_sub(1);
        let idle = self.is_empty();
        for index in (0..self.log.segments.len()).rev() {
            let Some(segment) = self.log.segments.get(index).filter(|s| s.is_done()) else {
                continue;
            };
            // Of an empty spool the active one stays to be written to, unless it is nearly full.
            let spent = segment.len > self.settings.effective_segment_bytes() / 2;
            let surplus = idle && (spent || !self.log.is_active(index));
            if index != newest || surplus {
                self.log.remove(index);
            }
        }
    }

    /// The number up to which nothing waits.
    fn delivered_up_to(&self) -> u64 {
        let Some(oldest) = self.log.segments.iter().find(|s| !s.is_done()) else {
            return self.log.next_seq.saturating_sub(1);
        };
        let mut seq = oldest.base.max(self.ack.acked().saturating_add(1));
        while seq < oldest.end_seq && oldest.seq_done(seq) {
            seq = seq.saturating_add(1);
        }
        seq.saturating_sub(1)
    }
}
