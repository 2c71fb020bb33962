//! `Client::validate`: checks of a client's settings when a program starts: server, permissions, clock.

use super::Client;
use super::names::is_id;
use crate::Timestamp;
use crate::error::Error;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;
use std::time::{Instant, SystemTime};

/// The largest difference between this machine's clock and the server's.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// A comment in line protocol: nothing is stored.
const COMMENT: &str = "# is this bucket writable?\n";

/// A second long ago, which has no points, so that the response is empty.
const RANGE: &str = "range(start: 1970-01-01T00:00:00Z, stop: 1970-01-01T00:00:01Z) |> limit(n: 1)";

/// The result of [`Client::validate`]: four checks.
///
/// `Display` writes one sentence for each, on its own line.
///
/// A program that only writes needs no permission to read, so it reads the fields it needs instead of
/// [`is_ok`](Validation::is_ok).
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let found = client.validate("sensors");
/// println!("{found}");
/// assert_eq!(found.to_string().lines().count(), 4);
/// assert!(found.is_ok());
/// found.into_result()?;
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Validation {
    /// InfluxDB responds at the client's URL.
    pub server: Check,
    /// The bucket exists, and the credentials may write to it.
    pub write: Check,
    /// The bucket exists, and the credentials may read it.
    pub read: Check,
    /// This machine's clock is within a minute of the server's.
    pub clock: Check,
}

/// A check of a [`Validation`]. Its `Display` is a sentence without secrets.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let found = client.validate("nowhere");
/// assert!(found.server.is_passed());
/// assert!(found.write.error().is_some_and(|error| error.is_not_found()));
/// // A check that can't be made neither passes nor fails.
/// assert!(!found.clock.is_passed() && found.clock.error().is_none());
/// # Ok::<(), influx_edge::Error>(())
/// ```
#[derive(Debug)]
pub struct Check {
    sentence: String,
    outcome: Outcome,
    elapsed: Option<Duration>,
}

#[derive(Debug)]
enum Outcome {
    Passed,
    Failed(Error),
    Unknown,
}

impl Check {
    fn new(sentence: impl Into<String>, outcome: Outcome) -> Self {
        Check {
            sentence: sentence.into(),
            outcome,
            elapsed: None,
        }
    }

    fn passed(sentence: impl Into<String>) -> Self {
        Check::new(sentence, Outcome::Passed)
    }

    fn failed(error: Error) -> Self {
        Check::new(error.to_string(), Outcome::Failed(error))
    }

    fn unknown(sentence: &str) -> Self {
        Check::new(sentence, Outcome::Unknown)
    }

    /// Measures a check that sends requests.
    fn timed(check: impl FnOnce() -> Self) -> Self {
        let begun = Instant::now();
        let mut check = check();
        check.elapsed = Some(begun.elapsed());
        check
    }

    /// Returns `true` if the check was made and passed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed)
    }

    /// Returns the error of a check that failed. It is `None` too if the check could not be made: because the server
    /// doesn't respond, or, for the clock, because no response has a `Date`.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match &self.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the duration of the check's requests, with retries; `None` if it sent none.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let found = client.validate("sensors");
    /// if let Some(took) = found.write.elapsed() {
    ///     println!("a write takes {} ms", took.as_millis());
    /// }
    /// # assert!(found.write.elapsed().is_some() && found.clock.elapsed().is_none());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Option<Duration> {
        self.elapsed
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Validation {
    /// Returns `true` if no check failed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.checks().iter().all(|check| check.error().is_none())
    }

    /// Returns all checks, in the order in which they were made.
    #[must_use]
    pub fn checks(&self) -> [&Check; 4] {
        [&self.server, &self.clock, &self.write, &self.read]
    }

    /// Returns the error of the first check that failed, for `?`.
    ///
    /// # Errors
    /// Returns an error if a check failed, in this order: the server is unreachable, the clock is wrong
    /// ([`ErrorKind::Content`](crate::ErrorKind::Content)), or a permission is missing.
    pub fn into_result(self) -> Result<(), Error> {
        for check in [self.server, self.clock, self.write, self.read] {
            if let Outcome::Failed(error) = check.outcome {
                return Err(error);
            }
        }
        Ok(())
    }
}

impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, check) in self.checks().into_iter().enumerate() {
            let line_end = if n == 0 { "" } else { "\n" };
            write!(f, "{line_end}{check}")?;
        }
        Ok(())
    }
}

impl Client {
    /// Checks server, credentials, bucket and clock when a program starts.
    ///
    /// The checks: InfluxDB responds, the credentials may write to the bucket and read it, and this machine's
    /// clock is within a minute of the server's.
    ///
    /// `bucket` is a name or an id. InfluxDB 2.9.1 lets every token of the organization read a bucket by its id, so that
    /// check passes for an id.
    ///
    /// Stores nothing: it writes a comment. Blocks for three requests, each with the client's timeouts and retries, or
    /// for one if the server doesn't respond.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let found = client.validate("sensors");
    /// println!("{found}");
    /// if let Some(error) = found.write.error() {
    ///     println!("writes will be retried: {error}");
    /// }
    /// # assert!(found.server.is_passed());
    /// # Ok::<(), influx_edge::Error>(())
    /// ```
    #[must_use]
    pub fn validate(&self, bucket: &str) -> Validation {
        let server = Check::timed(|| match self.version() {
            Ok(Some(version)) => Check::passed(format!("{} is InfluxDB {version}", self.url())),
            Ok(None) => Check::passed(format!("{} is InfluxDB", self.url())),
            Err(error) => Check::failed(error),
        });
        if server.error().is_some() {
            let unknown = || Check::unknown("not checked: the server did not respond");
            return Validation {
                server,
                write: unknown(),
                read: unknown(),
                clock: unknown(),
            };
        }
        let write = Check::timed(|| match self.write(bucket, COMMENT) {
            Ok(()) => Check::passed(format!("bucket {bucket:?} may be written to")),
            Err(error) => Check::failed(error),
        });
        let exists = !write.error().is_some_and(Error::is_not_found);
        let read = Check::timed(|| match self.may_read(bucket, exists) {
            Ok(()) => Check::passed(format!("bucket {bucket:?} may be read")),
            Err(error) => {
                let no_flux = error.response().is_some_and(|r| r.0.no_such_call);
                let hidden = error.is_not_found() && write.is_passed() && !no_flux;
                let mut check = Check::failed(error);
                if hidden {
                    // The server hides from a token what it may not read.
                    check.sentence.push_str(
                        "; it may be written to, so it exists, and permission to read it is missing",
                    );
                }
                check
            }
        });
        Validation {
            server,
            write,
            read,
            clock: self.validate_clock(),
        }
    }

    fn may_read(&self, bucket: &str, exists: bool) -> Result<(), Error> {
        super::write::check_bucket(bucket)?;
        let ask = |argument: &str| -> Result<(), Error> {
            let flux = format!("from({argument}: params.bucket) |> {RANGE}");
            let mut rows = self.query(flux).param("bucket", bucket).call()?;
            while rows.next()?.is_some() {}
            Ok(())
        };
        match ask("bucket") {
            // A write accepts an id in place of a name, so this may be one. (InfluxDB 2.9.1 responds to an invalid id
            // with 500, hence `is_id`.)
            Err(error) if exists && is_id(bucket) && error.is_not_found() => {
                ask("bucketID").map_err(|_| error)
            }
            done => done,
        }
    }

    fn validate_clock(&self) -> Check {
        let Some(server) = self.server_clock() else {
            return Check::unknown("the server's time is not known: its responses have no Date");
        };
        let Ok(here) = Timestamp::try_from(SystemTime::now()) else {
            return Check::failed(Error::content(
                "cannot use this machine's clock",
                "it shows no time between the years 1677 and 2262",
            ));
        };
        if server.differs(here, MAX_CLOCK_DIFFERENCE) {
            return Check::failed(Error::content(
                "cannot use this machine's clock",
                format!("it shows {here}, the server's {}", server.at_least),
            ));
        }
        Check::passed("this machine's clock is within a minute of the server's")
    }
}
