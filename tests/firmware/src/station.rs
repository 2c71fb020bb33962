//! The station: takes readings, delivers them, and keeps an account of it.

use crate::batch::{Batch, Reading};
use crate::board::{self, print};
use crate::modem::{Modem, ModemError};
use crate::settings::{Api, Settings};
use core::fmt;
use core::time::Duration;
use influx_edge::Timestamp;
use influx_edge::embedded::{Backoff, Connection, Error};
use influx_edge::http::{Remedy, Stored};

/// How often a call is repeated before the station gives up.
const ATTEMPTS: u32 = 20;

/// The newest temperature of a station. Names are parameters: what is in them stays a name.
const NEWEST: &str = "from(bucket: params.bucket) |> range(start: 0) \
    |> filter(fn: (r) => r.station == params.station) \
    |> filter(fn: (r) => r._field == \"temp_c\") |> last()";

/// Why a call of the station failed.
pub type Failure = Error<ModemError>;

/// What became of the lines, and what it took.
#[derive(Debug, Default)]
pub struct Account {
    /// Lines stored by the server.
    pub delivered: u32,
    /// Lines that the server named as bad.
    pub rejected: u32,
    /// Lines that the server dropped without naming them.
    pub dropped: u32,
    /// The number of the line that the server named last.
    pub line_error: u32,
    /// Batches delivered.
    pub batches: u32,
    /// The longest time that a server has asked to wait, as it was waited.
    pub waited_ms: u32,
    /// Bytes of stack taken by calls of the connection, at most.
    pub stack_ping: u32,
    pub stack_write: u32,
    pub stack_query: u32,
}

/// One line for each, a name and a number.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, number) in [
            ("delivered", self.delivered),
            ("rejected", self.rejected),
            ("dropped", self.dropped),
            ("line_error", self.line_error),
            ("batches", self.batches),
            ("waited_ms", self.waited_ms),
            ("stack_ping", self.stack_ping),
            ("stack_write", self.stack_write),
            ("stack_query", self.stack_query),
        ] {
            writeln!(f, "{name} {number}")?;
        }
        Ok(())
    }
}

/// The clock of a board that has none: the server's, and the milliseconds since.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    pub set_to: Timestamp,
    at_ms: u32,
}

impl Clock {
    pub fn now(&self) -> Option<Timestamp> {
        let since = board::millis().wrapping_sub(self.at_ms);
        self.set_to.checked_add(Duration::from_millis(since.into()))
    }
}

pub struct Station<'a> {
    connection: Connection<'a, Modem>,
    settings: &'a Settings<'a>,
    backoff: Backoff,
    /// A response came over the connection that is open.
    served: bool,
    pub account: Account,
}

impl<'a> Station<'a> {
    pub fn new(connection: Connection<'a, Modem>, settings: &'a Settings<'a>) -> Self {
        Station {
            connection,
            settings,
            backoff: Backoff::new(1),
            served: false,
            account: Account::default(),
        }
    }

    /// Connections opened so far.
    pub fn connections(&mut self) -> u32 {
        self.connection.transport().opened()
    }

    /// Sets the clock by the `Date` of the response to a ping. None if it has none.
    pub fn set_clock(&mut self) -> Result<Option<Clock>, Failure> {
        self.repeated(|station| {
            let (result, stack) = board::stack_used(|| station.connection.ping());
            station.account.stack_ping = station.account.stack_ping.max(stack);
            result
        })?;
        Ok(self.connection.server_time().map(|set_to| Clock {
            set_to,
            at_ms: board::millis(),
        }))
    }

    /// Delivers the lines. Those that the server names as bad are removed.
    pub fn deliver(&mut self, batch: &mut Batch) -> Result<(), Failure> {
        while !batch.lines().is_empty() {
            match self.repeated(|station| station.write(batch)) {
                Ok(()) => {
                    self.account.delivered += batch.count();
                    self.account.batches += 1;
                    batch.clear();
                }
                Err(error) if error.stored() == Stored::Partial => {
                    // How many of them, the server has reported.
                    self.account.dropped += batch.count();
                    batch.clear();
                }
                Err(error) => {
                    let line = error.line_error().filter(|line| batch.remove(*line));
                    self.account.line_error = line.ok_or(error)?;
                    self.account.rejected += 1;
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> Result<(), Failure> {
        let (bucket, lines) = (self.settings.bucket, batch.lines());
        let (result, stack) = board::stack_used(|| match self.settings.api {
            Api::V2 => self.connection.write(bucket, lines),
            Api::V1 => self.connection.write_v1(bucket, lines),
        });
        self.account.stack_write = self.account.stack_write.max(stack);
        result
    }

    /// Asks for the newest temperature that the server has of this station.
    pub fn newest(&mut self, text: &mut [u8], ends: &mut [usize]) -> Result<Option<f64>, Failure> {
        self.repeated(|station| {
            let params = [
                ("bucket", station.settings.bucket),
                ("station", station.settings.station),
            ];
            let (result, stack) = board::stack_used(|| {
                let mut rows = station.connection.query(NEWEST, &params, text, ends)?;
                let mut newest = None;
                while let Some(record) = rows.next()? {
                    newest = Some(record.get("_value")?);
                }
                Ok(newest)
            });
            station.account.stack_query = station.account.stack_query.max(stack);
            result
        })
    }

    /// Opens the connection if it isn't, and calls. What may be repeated is repeated, after the time that
    /// the server has asked for or else an increasing one.
    fn repeated<R>(
        &mut self,
        mut call: impl FnMut(&mut Self) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        for _ in 1..ATTEMPTS {
            let result = self.open().and_then(|()| call(self));
            match &result {
                Err(error) if error.remedy() == Remedy::Retry => self.wait(error),
                _ => {
                    self.backoff.on_result(now(), &result);
                    self.served = true;
                    return result;
                }
            }
        }
        self.open().and_then(|()| call(self))
    }

    fn open(&mut self) -> Result<(), Failure> {
        if !self.connection.is_open() || !self.connection.transport().is_open() {
            let opened = self.connection.transport().open();
            opened.map_err(|error| Error::Transport { error, sent: false })?;
            self.connection.reopened();
        }
        Ok(())
    }

    fn wait(&mut self, error: &Failure) {
        print(format_args!("retry {error}\n"));
        // A server may close a connection that it has served, at any time. That is no reason to wait.
        if core::mem::replace(&mut self.served, error.status().is_some())
            && error.status().is_none()
        {
            return;
        }
        let since = board::millis();
        self.backoff.on_result(now(), &Err::<(), _>(*error));
        while !self.backoff.is_due(now()) {
            board::sleep();
        }
        if error.retry_after().is_some() {
            let waited = board::millis().wrapping_sub(since);
            self.account.waited_ms = self.account.waited_ms.max(waited);
        }
    }
}

/// The time since the start.
fn now() -> Duration {
    Duration::from_millis(board::millis().into())
}
