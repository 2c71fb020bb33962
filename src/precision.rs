//! `Precision`: the unit of a timestamp, for encoder and client.

/// The unit of a line's timestamp.
///
/// It stays with the bytes of the lines: see [`Lines`](crate::line::Lines). Default:
/// [`Nanosecond`](Precision::Nanosecond), as on the server.
///
/// ```
/// use influx_edge::Precision;
///
/// assert_eq!(Precision::default(), Precision::Nanosecond);
/// assert_eq!(Precision::Millisecond.as_str(), "ms");
/// assert_eq!(Precision::Second.nanos(), 1_000_000_000);
/// assert_eq!(Precision::Second.to_string(), "s"); // Display writes `as_str`
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Precision {
    /// Whole seconds: `s`.
    Second,
    /// Milliseconds: `ms`.
    Millisecond,
    /// Microseconds: `us`.
    Microsecond,
    /// Nanoseconds: `ns`, the default.
    #[default]
    Nanosecond,
}

impl Precision {
    /// Returns the value of the `precision` query parameter of `/api/v2/write`.
    ///
    /// ```
    /// assert_eq!(influx_edge::Precision::Microsecond.as_str(), "us");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Precision::Second => "s",
            Precision::Millisecond => "ms",
            Precision::Microsecond => "us",
            Precision::Nanosecond => "ns",
        }
    }

    /// Returns the number of nanoseconds in one unit.
    ///
    /// ```
    /// assert_eq!(influx_edge::Precision::Millisecond.nanos(), 1_000_000);
    /// ```
    #[must_use]
    pub const fn nanos(self) -> i64 {
        match self {
            Precision::Second => 1_000_000_000,
            Precision::Millisecond => 1_000_000,
            Precision::Microsecond => 1_000,
            Precision::Nanosecond => 1,
        }
    }
}

impl core::fmt::Display for Precision {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.as_str())
    }
}
