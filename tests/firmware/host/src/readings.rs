//! The readings that the firmware's station takes, computed a second time.

/// How many there are.
pub(crate) const READINGS: u32 = 200;
/// Between two of them, in seconds.
pub(crate) const INTERVAL: i64 = 1;

/// A reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    /// Seconds since 1970.
    pub time: i64,
    pub celsius: f64,
    pub pulses: i64,
}

/// All of them, from the first one's time.
pub(crate) fn expected(first: i64) -> Vec<Reading> {
    (0..READINGS)
        .map(|n| Reading {
            time: first + INTERVAL * i64::from(n),
            celsius: f64::from(200 + n) / 10.0,
            pulses: i64::from(n),
        })
        .collect()
}
