//! The station: delivers what is queued, and keeps an account of it.

use crate::board::{self, print};
use crate::modem::{Modem, ModemError};
use crate::settings::{Api, Settings};
use core::fmt;
use core::mem;
use core::time::Duration;
use influx_edge::Timestamp;
use influx_edge::csv::Decoder;
use influx_edge::embedded::{Backoff, Connection, Error, Queue};
use influx_edge::flux::ToFlux;
use influx_edge::http::Remedy;
use influx_edge::line::Lines;

/// How often a call is tried before the station gives up.
const ATTEMPTS: u32 = 20;
/// What goes into one request.
const REQUEST_BYTES: usize = 1024;

/// The newest temperature of a station. Names are parameters: what is in them stays a name.
const NEWEST: &str = "from(bucket: params.bucket) |> range(start: 0) \
    |> filter(fn: (r) => r.station == params.station) \
    |> filter(fn: (r) => r._field == \"temp_c\") |> last()";

/// Why a call of the station failed.
pub type Failure = Error<ModemError>;

/// What it took to deliver. The queue counts the lines.
#[derive(Debug, Default)]
pub struct Account {
    /// Requests whose lines are stored.
    batches: u32,
    /// The number of the line that the server named last.
    line_error: u32,
    /// The longest time that a server has asked to wait, as it was waited.
    waited_ms: u32,
    /// Bytes of stack taken by calls of the connection, at most.
    stack_ping: u32,
    stack_write: u32,
    stack_query: u32,
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
    account: Account,
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

    pub fn account(&self) -> &Account {
        &self.account
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

    /// Delivers all lines. Those that the server rejects are removed and counted by the queue.
    pub fn deliver(&mut self, queue: &mut Queue<'_>) -> Result<(), Failure> {
        while !queue.is_empty() {
            let result =
                self.repeated(|station| queue.deliver(REQUEST_BYTES, |lines| station.write(lines)));
            match result {
                Ok(_) => self.account.batches += 1,
                Err(error) if error.remedy() == Remedy::Operator => return Err(error),
                Err(error) => {
                    print(format_args!("rejected {error}\n"));
                    self.account.line_error =
                        error.response().and_then(|r| r.line).unwrap_or_default();
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, lines: Lines<'_>) -> Result<(), Failure> {
        let bucket = self.settings.bucket;
        let (result, stack) = board::stack_used(|| match self.settings.api {
            Api::V2 => self.connection.write(bucket, lines),
            Api::V1 => self.connection.write_v1(bucket, lines),
        });
        self.account.stack_write = self.account.stack_write.max(stack);
        result
    }

    /// Asks for the newest temperature that the server has of this station.
    pub fn newest(&mut self, decoder: &mut Decoder<'_>) -> Result<Option<f64>, Failure> {
        let Settings {
            bucket, station, ..
        } = self.settings;
        self.repeated(|this| {
            let (result, stack) = board::stack_used(|| {
                let params: [(&str, &dyn ToFlux); 2] = [("bucket", bucket), ("station", station)];
                let mut rows = this.connection.query(NEWEST, &params, decoder)?;
                let mut newest = None;
                while let Some(record) = rows.next()? {
                    newest = record.get("_value").ok();
                }
                Ok(newest)
            });
            this.account.stack_query = this.account.stack_query.max(stack);
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
                    self.served = true;
                    self.backoff.on_result(now(), &result);
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

    /// Waits until it is time to repeat a call that failed.
    fn wait(&mut self, error: &Failure) {
        print(format_args!("repeated {error}\n"));
        let responded = error.response().map(|r| r.status).is_some();
        let was_served = mem::replace(&mut self.served, responded);
        // A connection that has served may be closed at any time, which is no reason to wait.
        if was_served && !responded {
            return;
        }
        let since = board::millis();
        self.backoff.on_result(now(), &Err::<(), _>(*error));
        while !self.backoff.is_due(now()) {
            board::sleep();
        }
        if error.response().and_then(|r| r.retry_after).is_some() {
            let waited = board::millis().wrapping_sub(since);
            self.account.waited_ms = self.account.waited_ms.max(waited);
        }
    }
}

/// The time since the start.
fn now() -> Duration {
    Duration::from_millis(board::millis().into())
}

/// A line for each, a name and a number.
impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, number) in [
            ("batches", self.batches),
            ("line_error", self.line_error),
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
