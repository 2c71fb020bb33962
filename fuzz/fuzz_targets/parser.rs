//! Responses byte by byte: whatever comes, and however it is split, it means one thing.
//!
//! The input's first byte says how many of the next ones are sizes of pieces; the rest is the response.

#![no_main]

#[allow(dead_code, reason = "shared with the target of connections")]
#[path = "../../tests/common/board.rs"]
mod board;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((count, rest)) = input.split_first() else {
        return;
    };
    let Some((sizes, bytes)) = rest.split_at_checked(usize::from(count % 8)) else {
        return;
    };
    board::check_parser(bytes, sizes);
});
