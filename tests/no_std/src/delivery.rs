//! A sensor that delivers its own points, and reads back what the server has.

use core::slice;
use embedded_io::{ErrorType, Read, Write};
use influx_edge::Precision;
use influx_edge::csv::Decoder;
use influx_edge::embedded::{Config, Connection, Error};
use influx_edge::line::Encoder;

pub(crate) const CONFIG: Config<'static> = Config::new("influx:8086").org("acme").token("my-token");

/// Where the bytes go and where they come from: what a board's driver is.
#[repr(C)]
pub struct Wire {
    send: extern "C" fn(*const u8, usize) -> isize,
    receive: extern "C" fn(*mut u8, usize) -> isize,
}

/// What a driver reports.
#[derive(Clone, Copy, Debug)]
pub struct Broken;

impl core::fmt::Display for Broken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("broken")
    }
}

impl core::error::Error for Broken {}

impl embedded_io::Error for Broken {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

impl ErrorType for &Wire {
    type Error = Broken;
}

impl Read for &Wire {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Broken> {
        usize::try_from((self.receive)(into.as_mut_ptr(), into.len())).map_err(|_| Broken)
    }
}

impl Write for &Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        usize::try_from((self.send)(bytes.as_ptr(), bytes.len())).map_err(|_| Broken)
    }

    fn flush(&mut self) -> Result<(), Broken> {
        Ok(())
    }
}

/// The outcome of a write.
#[repr(C)]
pub struct Outcome {
    /// The HTTP status; 204 if all is stored, 0 if there was no response.
    status: u16,
    /// The number of the line that the server names; 0 if none.
    line: u32,
    /// Seconds to wait.
    wait: u32,
}

/// Encodes a reading with floats and writes it. True if it is stored.
///
/// # Safety
/// `storage` must be `len` writable bytes that nobody else uses during the call, `wire` and `outcome` valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deliver_reading(
    wire: *const Wire,
    storage: *mut u8,
    len: usize,
    time: i64,
    celsius: f64,
    outcome: *mut Outcome,
) -> bool {
    // SAFETY: the caller's promise.
    let (wire, storage, outcome) = unsafe {
        (
            &*wire,
            slice::from_raw_parts_mut(storage, len),
            &mut *outcome,
        )
    };
    let (lines, buffer) = storage.split_at_mut(len / 2);
    let mut enc = Encoder::new(lines).precision(Precision::Second);
    let encoded = enc
        .line("weather")
        .tag("station", "zrh 1")
        .field("temp_c", celsius)
        .timestamp(time);
    if encoded.is_err() {
        return false;
    }
    let mut connection = Connection::new(wire, buffer, &CONFIG);
    match connection.write("sensors", enc.lines()) {
        Ok(()) => {
            outcome.status = 204;
            true
        }
        Err(error) => {
            outcome.status = error.response().map(|r| r.status).unwrap_or(0);
            outcome.line = error.response().and_then(|r| r.line).unwrap_or(0);
            outcome.wait = error
                .response()
                .and_then(|r| r.retry_after)
                .map_or(0, |wait| wait.as_secs() as u32);
            false
        }
    }
}

/// Asks for the newest value. NaN if there is none, or the response isn't what it should be.
///
/// # Safety
/// As [`deliver_reading`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn query_newest(wire: *const Wire, storage: *mut u8, len: usize) -> f64 {
    // SAFETY: the caller's promise.
    let (wire, storage) = unsafe { (&*wire, slice::from_raw_parts_mut(storage, len)) };
    let (text, buffer) = storage.split_at_mut(len / 2);
    let mut ends = [0; 40];
    let mut connection = Connection::new(wire, buffer, &CONFIG);
    let mut decoder = Decoder::new(text, &mut ends);
    newest(&mut connection, &mut decoder).unwrap_or(f64::NAN)
}

fn newest(
    connection: &mut Connection<'_, &Wire>,
    decoder: &mut Decoder<'_>,
) -> Result<f64, Error<Broken>> {
    let flux = "from(bucket: params.b) |> range(start: -1h) |> last()";
    let mut rows = connection.query(flux, &[("b", &"sensors")], decoder)?;
    let mut newest = f64::NAN;
    while let Some(record) = rows.next()? {
        newest = record.get("_value")?;
    }
    Ok(newest)
}
