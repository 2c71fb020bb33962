//! A firmware in the small: the codecs behind two C functions, no std, no heap.
//!
//! std brings its own panic handler. So if any feature or dependency let std in, this crate would
//! have two, and the compiler stops (E0152). `prove.sh` builds it, reads the symbols of the
//! archive, and runs it from C.

#![no_std]

use core::slice;
use influx_edge::Precision;
use influx_edge::line::{EncodeError, Encoder, Series};

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
        Ok(()) => enc.len(),
        Err(_) => 0,
    }
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
    let series = Series::<64>::new("weather")
        .tag("station", "zrh 2")
        .build()?;
    enc.point(&series)
        .field("temp_c", celsius)
        .timestamp(time)?;
    Ok(enc.len())
}
