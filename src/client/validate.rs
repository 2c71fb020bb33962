//! The check of a client's settings at a program's start: server, permissions, clock.

use super::Client;
use super::names::is_id;
use crate::Timestamp;
use crate::error::Error;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;
use core::time::Duration;
use std::time::{Instant, SystemTime};

/// By how much this machine's clock may differ from the server's.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(60);

/// A line that the server takes for a comment: nothing is stored.
const COMMENT: &str = "# is this bucket writable?\n";

/// A second in which no machine has written, so that there is nothing to be read.
const RANGE: &str = "range(start: 1970-01-01T00:00:00Z, stop: 1970-01-01T00:00:01Z) |> limit(n: 1)";

/// The result of [`Client::validate`]: four checks, each of them one sentence. Printed, it is a line
/// for each.
///
/// A program that only writes needs no permission to read: it looks at the checks it needs instead of
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
    /// Whether InfluxDB responds at the client's URL.
    pub server: Check,
    /// Whether the bucket exists and the credentials may write to it.
    pub write: Check,
    /// Whether the bucket exists and the credentials may read it.
    pub read: Check,
    /// Whether this machine's clock is within a minute of the server's.
    pub clock: Check,
}

/// One check of a [`Validation`]; printed, one sentence without secrets.
///
/// ```
/// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
/// let found = client.validate("nowhere");
/// assert!(found.server.is_passed());
/// assert!(found.write.error().is_some_and(|error| error.is_not_found()));
/// // A check that could not be made neither passes nor fails.
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
    fn passed(sentence: String) -> Self {
        Check {
            sentence,
            outcome: Outcome::Passed,
            elapsed: None,
        }
    }

    fn failed(error: Error) -> Self {
        Check {
            sentence: error.to_string(),
            outcome: Outcome::Failed(error),
            elapsed: None,
        }
    }

    fn unknown(sentence: &str) -> Self {
        Check {
            sentence: String::from(sentence),
            outcome: Outcome::Unknown,
            elapsed: None,
        }
    }

    /// The same of a check that took requests.
    fn timed(check: impl FnOnce() -> Self) -> Self {
        let begun = Instant::now();
        let mut check = check();
        check.elapsed = Some(begun.elapsed());
        check
    }

    /// Whether it was made and passed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed)
    }

    /// The error of a check that failed. `None` also of one that could not be made: those of a server
    /// that does not respond, and the clock's if no response has a `Date`.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match &self.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// How long its requests took, retries included. `None` of a check that made none.
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
    /// Whether no check failed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.checks().iter().all(|check| check.error().is_none())
    }

    /// All checks, in the order in which they were made.
    #[must_use]
    pub fn checks(&self) -> [&Check; 4] {
        [&self.server, &self.clock, &self.write, &self.read]
    }

    /// The error of the first check that failed, for `?`.
    ///
    /// # Errors
    /// Returns an error if a check failed: an unreachable server, then a wrong clock
    /// ([`ErrorKind::Content`](crate::ErrorKind::Content)), then a permission that is missing.
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
    /// Checks at a program's start what would else be noticed by the first batch: that InfluxDB
    /// responds, that the credentials may write to a bucket and read it, and that this machine's clock
    /// is within a minute of the server's.
    ///
    /// `bucket` is a name or an id. By its id InfluxDB 2.9.1 lets every token of the organization read a
    /// bucket, so that check passes then.
    ///
    /// Nothing is stored: what is written is a comment. Three requests, each with the client's limits
    /// and retries; one if the server does not respond. Blocks until they are done.
    ///
    /// ```
    /// # let client = influx_edge::Client::builder(include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doc/server.rs"))).org("acme").build()?;
    /// let found = client.validate("sensors");
    /// println!("{found}");
    /// if let Some(error) = found.write.error() {
    ///     println!("it will be tried again: {error}");
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
            let unknown = || Check::unknown("not checked, for the server did not respond");
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
            // A write takes an id for a name, too. (Of an id that is none InfluxDB 2.9.1 makes a 500.)
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
        Check::passed(String::from(
            "this machine's clock is within a minute of the server's",
        ))
    }
}
