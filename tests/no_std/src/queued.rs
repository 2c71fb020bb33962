//! A station's loop: lines are queued, and delivered when an attempt is due.

use crate::delivery::{CONFIG, Wire};
use core::slice;
use core::time::Duration;
use influx_edge::Precision;
use influx_edge::embedded::{Backoff, Connection, Queue};
use influx_edge::line::Lines;

/// Queues lines and delivers them, as the loop of a station does. Returns the seconds until the next attempt.
///
/// # Safety
/// As [`deliver_reading`]; `lines` must be `lines_len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deliver_queued(
    wire: *const Wire,
    storage: *mut u8,
    len: usize,
    lines: *const u8,
    lines_len: usize,
) -> u32 {
    // SAFETY: the caller's promise.
    let (wire, storage, bytes) = unsafe {
        (
            &*wire,
            slice::from_raw_parts_mut(storage, len),
            slice::from_raw_parts(lines, lines_len),
        )
    };
    let (ring, buffer) = storage.split_at_mut(len / 2);
    let (precision, now) = (Precision::Second, Duration::ZERO);
    let mut connection = Connection::new(wire, buffer, &CONFIG);
    let mut queue = Queue::new(ring, precision);
    let mut backoff = Backoff::new(1);
    if queue.push(Lines { bytes, precision }).is_err() {
        return 0;
    }
    while !queue.is_empty() && backoff.is_due(now) {
        let result = queue.deliver(1024, |lines| connection.write("sensors", lines));
        backoff.on_result(now, &result);
    }
    backoff.wait(now).as_secs() as u32
}
