//! A station on a microcontroller: 200 readings, delivered in batches to a database, and the newest one
//! read back. Static buffers, no heap, no operating system.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

#[allow(unsafe_code, reason = "registers, semihosting, the words of the stack")]
mod board;
mod checks;
mod modem;
mod settings;
mod station;

use board::{Once, Uart, print};
use core::fmt;
use influx_edge::csv::Decoder;
use influx_edge::embedded::{Config, Connection, Queue, QueueError};
use influx_edge::line::{EncodeError, Encoder, Lines, Series};
use influx_edge::{Precision, Timestamp};
use modem::Modem;
use settings::Settings;
use station::{Failure, Station};

/// All memory that is not on the stack.
struct Memory {
    arguments: [u8; 256],
    line: [u8; 128],
    queue: [u8; 4096],
    connection: [u8; 512],
    text: [u8; 384],
    ends: [usize; 48],
}

static MEMORY: Once<Memory> = Once::new(Memory {
    arguments: [0; 256],
    line: [0; 128],
    queue: [0; 4096],
    connection: [0; 512],
    text: [0; 384],
    ends: [0; 48],
});

const PRECISION: Precision = Precision::Second;
const READINGS: u32 = 200;
/// How many are delivered together.
const BATCH: u64 = 25;

/// Between two of them, in seconds.
const INTERVAL: i64 = 1;

/// What an instrument sends that can't read its sensor.
const BAD_LINE: &[u8] = b"weather,station=serial celsius=?\n";

/// The program; the board's start calls it, and its result is the exit status.
fn run() -> u32 {
    let (Some(memory), Some(uart)) = (MEMORY.take(), Uart::take()) else {
        return 2;
    };
    match station(memory, uart) {
        Ok(()) => 0,
        Err(error) => {
            print(format_args!("failed {error}\n"));
            1
        }
    }
}

fn station(memory: &'static mut Memory, uart: Uart) -> Result<(), Failed> {
    let line = board::command_line(&mut memory.arguments).ok_or(Failed::Settings)?;
    let settings = Settings::read(line).ok_or(Failed::Settings)?;
    let mut config = Config::new(settings.host).org(settings.org);
    if !settings.token.is_empty() {
        config = config.token(settings.token);
    }
    let mut modem = Modem::new(uart, settings.limit_ms);
    if let Some(what) = settings.check {
        return checks::run(what, &mut modem);
    }
    let connection = Connection::new(modem, &mut memory.connection, &config);
    let mut station = Station::new(connection, &settings);

    let clock = station.set_clock()?.ok_or(Failed::NoDate)?;
    let first = clock.set_to.as_secs() - INTERVAL * i64::from(READINGS);
    print(format_args!(
        "clock {}\nfirst {first}\n",
        clock.set_to.as_secs()
    ));

    let series = Series::<64>::new("weather")?.tag("station", settings.station)?;
    let mut queue = Queue::new(&mut memory.queue, PRECISION);
    for n in 0..READINGS {
        if settings.bad == Some(n) {
            queue.push(Lines {
                bytes: BAD_LINE,
                precision: PRECISION,
            })?;
        }
        let mut enc = Encoder::new(&mut memory.line).precision(PRECISION);
        enc.series(&series)
            .field("temp_c", f64::from(200 + n) / 10.0)
            .field("pulses", n)
            .timestamp(first + INTERVAL * i64::from(n))?;
        queue.push(enc.lines())?;
        if queue.stats().buffered >= BATCH {
            station.deliver(&mut queue)?;
        }
    }
    station.deliver(&mut queue)?;
    if settings.query {
        let mut decoder = Decoder::new(&mut memory.text, &mut memory.ends);
        match station.newest(&mut decoder)? {
            Some(celsius) => print(format_args!("newest {celsius}\n")),
            None => return Err(Failed::NothingFound),
        }
    }

    print(format_args!(
        "now {}\nconnections {}\nstack_free {}\n{}",
        clock.now().map_or(0, Timestamp::as_secs),
        station.connections(),
        board::stack_free(),
        station.account(),
    ));
    let lines = queue.stats();
    for (name, number) in [
        ("accepted", lines.accepted),
        ("delivered", lines.delivered),
        ("rejected", lines.rejected),
        ("dropped", lines.dropped),
        ("buffered", lines.buffered),
    ] {
        print(format_args!("{name} {number}\n"));
    }
    Ok(())
}

/// Why the station gave up.
enum Failed {
    Settings,
    NoDate,
    NothingFound,
    Check,
    Encode(EncodeError),
    Queue(QueueError),
    Call(Failure),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Settings => f.write_str("the arguments can't be read"),
            Failed::NoDate => f.write_str("the server sends no Date"),
            Failed::NothingFound => f.write_str("the readings are not there"),
            Failed::Check => f.write_str("the board doesn't do what it should"),
            Failed::Encode(error) => error.fmt(f),
            Failed::Queue(error) => error.fmt(f),
            Failed::Call(error) => error.fmt(f),
        }
    }
}

impl From<EncodeError> for Failed {
    fn from(error: EncodeError) -> Self {
        Failed::Encode(error)
    }
}

impl From<QueueError> for Failed {
    fn from(error: QueueError) -> Self {
        Failed::Queue(error)
    }
}

impl From<Failure> for Failed {
    fn from(error: Failure) -> Self {
        Failed::Call(error)
    }
}
