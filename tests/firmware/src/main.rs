//! A station on a microcontroller: 200 readings, delivered in batches to a database, and the newest one
//! read back. Static buffers, no heap, no operating system.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod batch;
#[allow(unsafe_code, reason = "registers, semihosting, the words of the stack")]
mod board;
mod modem;
mod settings;
mod station;

use batch::{Batch, Reading};
use board::{Once, Uart, print};
use core::fmt;
use influx_edge::embedded::{Config, Connection};
use influx_edge::line::{EncodeError, Series};
use modem::Modem;
use settings::Settings;
use station::{Failure, Station};

/// All memory that is not on the stack.
struct Memory {
    arguments: [u8; 256],
    lines: [u8; 1536],
    connection: [u8; 512],
    text: [u8; 256],
    ends: [usize; 32],
}

static MEMORY: Once<Memory> = Once::new(Memory {
    arguments: [0; 256],
    lines: [0; 1536],
    connection: [0; 512],
    text: [0; 256],
    ends: [0; 32],
});

const READINGS: u32 = 200;

/// Between two of them, in seconds.
const INTERVAL: i64 = 1;

/// What an instrument sends that can't read its sensor.
const BAD_LINE: &str = "weather,station=serial celsius=?";

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
    let modem = Modem::new(uart, settings.limit_ms);
    let connection = Connection::new(modem, &mut memory.connection, &config);
    let mut station = Station::new(connection, &settings);

    let clock = station.set_clock()?.ok_or(Failed::NoDate)?;
    let first = clock.set_to.as_secs() - INTERVAL * i64::from(READINGS);
    print(format_args!(
        "clock {}\nfirst {first}\n",
        clock.set_to.as_secs()
    ));

    let series = Series::builder("weather")
        .tag("station", settings.station)
        .build()?;
    let mut batch = Batch::new(&mut memory.lines);
    for n in 0..READINGS {
        if settings.bad == Some(n) && !batch.add_text(BAD_LINE) {
            station.deliver(&mut batch)?;
            batch.add_text(BAD_LINE);
        }
        let reading = Reading {
            time: first + INTERVAL * i64::from(n),
            celsius: f64::from(200 + n) / 10.0,
            pulses: n,
        };
        if let Err(EncodeError::BufferFull) = batch.add(&series, &reading) {
            station.deliver(&mut batch)?;
            batch.add(&series, &reading)?;
        }
    }
    station.deliver(&mut batch)?;
    if settings.query {
        match station.newest(&mut memory.text, &mut memory.ends)? {
            Some(celsius) => print(format_args!("newest {celsius}\n")),
            None => return Err(Failed::NothingFound),
        }
    }

    let now = clock.now().map_or(0, |now| now.as_secs());
    print(format_args!(
        "{}connections {}\nbuffered {}\nnow {now}\nstack_free {}\n",
        station.account,
        station.connections(),
        batch.count(),
        board::stack_free(),
    ));
    Ok(())
}

/// Why the station gave up.
enum Failed {
    Settings,
    NoDate,
    NothingFound,
    Encode(EncodeError),
    Call(Failure),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Settings => f.write_str("the arguments can't be read"),
            Failed::NoDate => f.write_str("the server sends no Date"),
            Failed::NothingFound => f.write_str("the readings are not there"),
            Failed::Encode(error) => error.fmt(f),
            Failed::Call(error) => error.fmt(f),
        }
    }
}

impl From<EncodeError> for Failed {
    fn from(error: EncodeError) -> Self {
        Failed::Encode(error)
    }
}

impl From<Failure> for Failed {
    fn from(error: Failure) -> Self {
        Failed::Call(error)
    }
}
