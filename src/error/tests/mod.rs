//! Unit tests of `error`.

mod every_kind;

use super::*;

#[test]
fn one_pointer_wide_and_send() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    fn check<T: Send + Sync + std::error::Error + 'static>() {}
    check::<Error>();
}
