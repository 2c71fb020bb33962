//! `Stats` as a line of line protocol: a writer's own health as points.

use super::account::Stats;
use crate::line::{EncodeError, Encoder, Sink, ToLine};
use core::time::Duration;

/// The measurement of [`Stats`] without another name.
const MEASUREMENT: &str = "influx_edge_writer";

/// One line of the measurement `influx_edge_writer`, without tags (the writer adds its default tags) and without a
/// time. [`Stats::named`] gives it another measurement.
///
/// Every field is on every line, so that the last value of each is current. All but the last are integers (`i64`,
/// which every server accepts; they saturate):
///
/// | field | |
/// |---|---|
/// | `accepted` `recovered` `delivered` `spooled` `buffered` `not_accepted` | lines, as in [`Stats`] |
/// | `rejected` | lines, of which `rejected_refused` `rejected_partial` `rejected_too_large` `rejected_poison` |
/// | `dropped` | lines, of which `dropped_overflow` `dropped_given_up` `dropped_closed` `dropped_spool` `dropped_panicked` |
/// | `own` `foreign` | lines, as in [`Stats`] |
/// | `skipped_fields` `empty_tags` | fields and tags that were left out |
/// | `buffered_bytes` `bytes_sent` | bytes |
/// | `requests` `failures` | requests |
/// | `next_attempt_s` | float: seconds until the next attempt, 0 if there is no delay |
///
/// ```
/// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
/// let mut w = client.writer("sensors").build()?;
/// let stats = w.stats();
/// w.write(&stats)?;
/// assert!(
///     w.unsent()
///         .next()
///         .unwrap()
///         .1
///         .bytes
///         .starts_with(b"influx_edge_writer accepted=0i,")
/// );
/// # drop(w.close_within(core::time::Duration::ZERO));
/// # Ok::<(), influx_edge::Error>(())
/// ```
impl ToLine for Stats {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        self.named(MEASUREMENT).to_line(enc)
    }
}

impl Stats {
    /// Returns these numbers as a line of another measurement, with the fields of
    /// [`Stats`](Stats#impl-ToLine-for-Stats). Allocates nothing.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder("http://localhost:8086").org("acme").build()?;
    /// let mut w = client
    ///     .writer("sensors")
    ///     .default_tag("host", "gw-7")
    ///     .build()?;
    /// let stats = w.stats();
    /// w.write(&stats.named("logger"))?;
    /// assert!(
    ///     w.unsent()
    ///         .next()
    ///         .unwrap()
    ///         .1
    ///         .bytes
    ///         .starts_with(b"logger,host=gw-7 accepted=0i,")
    /// );
    /// # drop(w.close_within(core::time::Duration::ZERO));
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn named<'a>(&self, measurement: &'a str) -> impl ToLine + use<'a> {
        NamedStats {
            stats: *self,
            measurement,
        }
    }
}

/// [`Stats`] with the measurement they are written to.
struct NamedStats<'a> {
    stats: Stats,
    measurement: &'a str,
}

impl ToLine for NamedStats<'_> {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        let Stats {
            rejected, dropped, ..
        } = &self.stats;
        let integers = [
            ("accepted", self.stats.accepted),
            ("recovered", self.stats.recovered),
            ("delivered", self.stats.delivered),
            ("spooled", self.stats.spooled),
            ("buffered", self.stats.buffered),
            ("buffered_bytes", self.stats.buffered_bytes),
            ("not_accepted", self.stats.not_accepted),
            ("own", self.stats.own),
            ("foreign", self.stats.foreign),
            ("skipped_fields", self.stats.skipped_fields),
            ("empty_tags", self.stats.empty_tags),
            ("rejected", rejected.total()),
            ("rejected_refused", rejected.refused),
            ("rejected_partial", rejected.partial),
            ("rejected_too_large", rejected.too_large),
            ("rejected_poison", rejected.poison),
            ("dropped", dropped.total()),
            ("dropped_overflow", dropped.overflow),
            ("dropped_given_up", dropped.given_up),
            ("dropped_closed", dropped.closed),
            ("dropped_spool", dropped.spool),
            ("dropped_panicked", dropped.panicked),
            ("requests", self.stats.requests),
            ("failures", self.stats.failures),
            ("bytes_sent", self.stats.bytes_sent),
        ];
        let mut line = enc.line(self.measurement).fields();
        for (name, number) in integers {
            line = line.field(name, i64::try_from(number).unwrap_or(i64::MAX));
        }
        let wait = self.stats.next_attempt.unwrap_or(Duration::ZERO);
        line.field("next_attempt_s", wait.as_secs_f64()).finish()
    }
}

#[cfg(test)]
#[path = "tests/report.rs"]
mod tests;
