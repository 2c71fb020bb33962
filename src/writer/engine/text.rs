//! Line protocol that exists already as text, perhaps with times of another unit than the writer's.

use super::super::seams::Clock;
use super::Engine;
use super::accept::{Accepted, Pending};
use crate::Precision;
use crate::error::WriteError;
use crate::line::TextLine;

impl Engine {
    /// Lines of this precision come next. Those of another one get a batch of their own: nothing is
    /// rescaled.
    pub(crate) fn begin_text(&mut self, at: usize, precision: Precision) {
        if self
            .queues
            .get(at)
            .is_some_and(|q| q.precision != precision)
        {
            self.seal(at);
            if let Some(queue) = self.queues.get_mut(at) {
                queue.precision = precision;
            }
        }
    }

    /// The writer's own lines come next.
    pub(crate) fn end_text(&mut self, at: usize) {
        self.begin_text(at, self.settings.precision);
    }

    /// Takes a line of text.
    pub(crate) fn write_text(
        &mut self,
        clock: &impl Clock,
        at: usize,
        line: &TextLine<'_>,
    ) -> Result<Accepted, WriteError> {
        self.now = self.now.max(clock.now());
        let precision = self.queues.get(at).map(|queue| queue.precision);
        let Some(precision) = precision else {
            return Err(WriteError::Closed);
        };
        if let Some(queue) = self.queues.get_mut(at) {
            queue.write_line_behind(line.bytes);
        }
        let mut pending = Pending {
            queue: at,
            len: line.bytes.len().saturating_add(1),
            lines: 1,
            left_out: (0, 0),
        };
        if !line.has_time {
            let reading = clock.reading(self.stamper.compares());
            pending.len = self.stamp(pending, precision, reading)?;
        }
        self.accept(pending)
    }
}
