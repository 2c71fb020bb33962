//! A struct by serde, behind a C function.

use core::slice;
use influx_edge::Precision;
use influx_edge::line::{Encoder, Schema};

/// A struct by serde.
#[derive(serde::Serialize)]
struct Reading<'r> {
    station: &'r str,
    temp_c: f64,
    count: i64,
    time: i64,
}

const WEATHER: Schema<'_> = Schema::new("weather").tags(&["station"]).time("time");

/// The same line as [`encode_reading`](crate::encode_reading), from a struct.
///
/// # Safety
/// `storage` must be `len` writable bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn serialize_reading(
    storage: *mut u8,
    len: usize,
    time: i64,
    celsius: f64,
    count: i64,
) -> usize {
    // SAFETY: the caller's promise.
    let storage = unsafe { slice::from_raw_parts_mut(storage, len) };
    let mut enc = Encoder::new(storage).precision(Precision::Second);
    let reading = Reading {
        station: "zrh 1",
        temp_c: celsius,
        count,
        time,
    };
    match enc.serialize(&WEATHER, &reading) {
        Ok(()) => enc.as_bytes().len(),
        Err(_) => 0,
    }
}
