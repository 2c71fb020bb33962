//! Unit tests of `error`.

use super::*;

#[test]
fn errors_are_small() {
    assert!(size_of::<DecodeError>() <= 32);
    assert!(size_of::<ValueError>() <= 48);
}
