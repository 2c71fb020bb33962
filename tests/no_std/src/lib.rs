//! A firmware in the small: the codecs behind two C functions, no std, no heap.
//!
//! std brings its own panic handler. So if any feature or dependency let std in, this crate would
//! have two, and the compiler stops (E0152). `prove.sh` builds it, reads the symbols of the
//! archive, and runs it from C.

#![no_std]

#[cfg(feature = "embedded")]
pub mod delivery;
#[cfg(feature = "queue")]
pub mod queued;
#[cfg(feature = "serde")]
pub mod structs;

use core::slice;
use influx_edge::csv::{DecodeError, Decoder, Step, ValueError};
use influx_edge::flux;
use influx_edge::http::{Stored, WriteResponse, WriteStatus, encode_component};
use influx_edge::line::{EncodeError, Encoder, Series};
use influx_edge::{Precision, Timestamp};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Writes one line with one whole number: the least a sensor can say. Gives its length, or 0.
///
/// # Safety
/// `storage` must be `len` writable bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn encode_count(storage: *mut u8, len: usize, count: u32) -> usize {
    // SAFETY: the caller's promise.
    let storage = unsafe { slice::from_raw_parts_mut(storage, len) };
    let mut enc = Encoder::new(storage);
    match enc.line("pulses").field("count", count).finish() {
        Ok(()) => enc.as_bytes().len(),
        Err(_) => 0,
    }
}

/// The encoder's half of a sensor that also listens: a line with a tag, a float, an integer and its
/// time. Gives its length, or 0.
///
/// # Safety
/// `storage` must be `len` writable bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn encode_reading(
    storage: *mut u8,
    len: usize,
    time: i64,
    celsius: f64,
    count: i64,
) -> usize {
    // SAFETY: the caller's promise.
    let storage = unsafe { slice::from_raw_parts_mut(storage, len) };
    let mut enc = Encoder::new(storage).precision(Precision::Second);
    let done = enc
        .line("weather")
        .tag("station", "zrh 1")
        .field("temp_c", celsius)
        .field("count", count)
        .timestamp(time);
    if done.is_ok() {
        enc.as_bytes().len()
    } else {
        0
    }
}

/// What [`decode_readings`] found in a response.
#[repr(C)]
pub struct Readings {
    /// How many rows there are.
    rows: u32,
    /// How many bytes of the stations' names.
    name_bytes: u32,
    /// The newest time, in nanoseconds.
    newest: i64,
    /// The value at that time.
    value: f64,
}

/// The decoder's half: a response that comes in pieces of `piece` bytes, of which times, floats and
/// texts are read. False if it is not what it should be.
///
/// # Safety
/// `response` must be `len` readable bytes, `found` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn decode_readings(
    response: *const u8,
    len: usize,
    piece: usize,
    found: *mut Readings,
) -> bool {
    // SAFETY: the caller's promise.
    let (response, found) = unsafe { (slice::from_raw_parts(response, len), &mut *found) };
    let (mut text, mut ends) = ([0; 256], [0; 40]);
    let mut decoder = Decoder::new(&mut text, &mut ends);
    for mut piece in response.chunks(piece.max(1)) {
        loop {
            let Ok((used, step)) = decoder.feed(piece) else {
                return false;
            };
            piece = piece.get(used..).unwrap_or_default();
            match step {
                Step::Record if read(&decoder, found).is_err() => return false,
                Step::NeedInput => break,
                _ => {}
            }
        }
    }
    loop {
        match decoder.finish() {
            Ok(Step::End) => return true,
            Ok(Step::Record) if read(&decoder, found).is_err() => return false,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

fn read(decoder: &Decoder<'_>, found: &mut Readings) -> Result<(), ValueError> {
    let record = decoder.record();
    let time: Timestamp = record.get("_time")?;
    let value = record.get("_value")?;
    if time.as_nanos() >= found.newest {
        (found.newest, found.value) = (time.as_nanos(), value);
    }
    found.name_bytes += record.get::<&str>("station")?.len() as u32;
    found.rows += 1;
    Ok(())
}

/// Writes two readings into `storage` and says how many bytes they took; 0 if they did not fit.
///
/// # Safety
/// `storage` must be `len` writable bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn encode_readings(
    storage: *mut u8,
    len: usize,
    time: i64,
    celsius: f64,
    count: u32,
) -> usize {
    // SAFETY: the caller's promise.
    let storage = unsafe { slice::from_raw_parts_mut(storage, len) };
    readings(storage, time, celsius, count).unwrap_or(0)
}

fn readings(storage: &mut [u8], time: i64, celsius: f64, count: u32) -> Result<usize, EncodeError> {
    let mut enc = Encoder::new(storage).precision(Precision::Second);
    enc.line("weather")
        .tag("station", "zrh 1")
        .tag("channel", count)
        .field("temp_c", celsius)
        .field("count", count)
        .field("ok", true)
        .field("note", "a \"b\"")
        .timestamp(time)?;
    let series = Series::<64>::new("weather")?.tag("station", "zrh 2")?;
    enc.series(&series)
        .field("temp_c", celsius)
        .timestamp(time)?;
    Ok(enc.as_bytes().len())
}

/// Adds up the `_value` column of a response, as doubles, and counts its rows; a negative count if
/// the response is not what it should be.
///
/// # Safety
/// `response` must be `len` readable bytes, `sum` one writable double.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sum_values(response: *const u8, len: usize, sum: *mut f64) -> i32 {
    // SAFETY: the caller's promise.
    let (response, sum) = unsafe { (slice::from_raw_parts(response, len), &mut *sum) };
    decode(response, sum).unwrap_or(-1)
}

fn decode(mut response: &[u8], sum: &mut f64) -> Result<i32, DecodeError> {
    let (mut text, mut ends) = ([0; 256], [0; 40]);
    let mut decoder = Decoder::new(&mut text, &mut ends);
    let mut rows = 0;
    loop {
        let step = if response.is_empty() {
            decoder.finish()?
        } else {
            let (used, step) = decoder.feed(response)?;
            response = &response[used..];
            step
        };
        match step {
            Step::Record => {
                *sum += decoder.record().get::<f64>("_value").unwrap_or(f64::NAN);
                rows += 1;
            }
            Step::End => return Ok(rows),
            Step::NeedInput | Step::Table => {}
        }
    }
}

/// Writes a query for one station into `storage`. Gives its length, or 0.
///
/// # Safety
/// `storage` must be `len` writable bytes that nobody else uses during the call; `name` must be
/// `name_len` readable ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write_query(
    storage: *mut u8,
    len: usize,
    name: *const u8,
    name_len: usize,
) -> usize {
    // SAFETY: the caller's promise.
    let (storage, name) = unsafe {
        (
            slice::from_raw_parts_mut(storage, len),
            slice::from_raw_parts(name, name_len),
        )
    };
    let mut out = Text { storage, len: 0 };
    let name = core::str::from_utf8(name).unwrap_or("?");
    let done = query(name, &mut out);
    if done.is_ok() { out.len } else { 0 }
}

fn query(station: &str, out: &mut Text<'_>) -> Result<(), flux::FluxError> {
    let write = |out: &mut Text<'_>, text| {
        core::fmt::Write::write_str(out, text).map_err(|_| flux::FluxError::Write)
    };
    write(
        out,
        "from(bucket: \"b\") |> filter(fn: (r) => r.station == ",
    )?;
    flux::literal(station, out)?;
    write(out, ")\n")
}

/// What [`classify_write`] makes of a response.
#[repr(C)]
pub struct Meaning {
    /// How many lines the server names as bad.
    line_errors: u32,
    /// How many bytes those lines have.
    line_bytes: u32,
    /// How many lines were dropped.
    dropped: u64,
    /// Milliseconds to wait.
    wait: u64,
}

/// Reads the response to a write: 0 if all is stored, 1 if nothing is, 2 for a part, 3 if nobody
/// knows.
///
/// # Safety
/// `body` must be `len` readable bytes, `meaning` writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn classify_write(
    status: u16,
    body: *const u8,
    len: usize,
    meaning: *mut Meaning,
) -> i32 {
    // SAFETY: the caller's promise.
    let (body, meaning) = unsafe { (slice::from_raw_parts(body, len), &mut *meaning) };
    let status = WriteStatus::classify(&WriteResponse {
        status,
        retry_after: Some("Sun, 22 Nov 2026 06:00:09 GMT"),
        date: Some("Sun, 22 Nov 2026 06:00:00 GMT"),
        body,
        truncated: false,
    });
    for named in status.line_errors {
        meaning.line_errors += 1;
        meaning.line_bytes += named.line.chars().map(|c| c.len_utf8() as u32).sum::<u32>();
    }
    meaning.dropped = status.dropped.unwrap_or(0);
    meaning.wait = status.retry_after.map_or(0, |wait| wait.as_millis() as u64);
    match status.stored {
        Stored::All => 0,
        Stored::None => 1,
        Stored::Partial => 2,
        _ => 3,
    }
}

/// Writes the target of a write to this bucket into `storage`. Gives its length, or 0.
///
/// # Safety
/// `storage` must be `len` writable bytes that nobody else uses during the call; `name` must be
/// `name_len` readable ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write_target(
    storage: *mut u8,
    len: usize,
    name: *const u8,
    name_len: usize,
) -> usize {
    // SAFETY: the caller's promise.
    let (storage, name) = unsafe {
        (
            slice::from_raw_parts_mut(storage, len),
            slice::from_raw_parts(name, name_len),
        )
    };
    let mut out = Text { storage, len: 0 };
    let name = core::str::from_utf8(name).unwrap_or("?");
    let done = core::fmt::Write::write_str(&mut out, "/api/v2/write?bucket=")
        .and_then(|()| encode_component(name, &mut out));
    if done.is_ok() { out.len } else { 0 }
}

/// Text into a fixed buffer.
struct Text<'b> {
    storage: &'b mut [u8],
    len: usize,
}

impl core::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let space = self.storage.get_mut(self.len..).unwrap_or_default();
        let space = space.get_mut(..text.len()).ok_or(core::fmt::Error)?;
        space.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}
