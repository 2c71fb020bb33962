//! Unit tests of `error`.

use super::*;

#[test]
fn an_error_is_small() {
    assert!(size_of::<EncodeError>() <= 16);
    assert!(size_of::<Result<(), EncodeError>>() <= 16);
}
