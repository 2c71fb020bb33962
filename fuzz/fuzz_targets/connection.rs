//! A board's connection: whatever is received, each kind of call ends, and the connection is open only
//! behind a whole response.
//!
//! The input's first bytes are the call, the size of the buffer, and how many of the next ones are sizes of
//! pieces; the rest is what is received.

#![no_main]

#[allow(dead_code, reason = "shared with the target of responses")]
#[path = "../../tests/common/board.rs"]
mod board;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some(([call, size, count], rest)) = input.split_first_chunk::<3>() else {
        return;
    };
    let Some((sizes, bytes)) = rest.split_at_checked(usize::from(count % 8)) else {
        return;
    };
    board::check_connection(*call, *size, bytes, sizes);
});
