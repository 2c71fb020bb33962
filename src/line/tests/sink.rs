//! Unit tests of `sink`.

use super::Appending;
use crate::line::{EncodeError, Encoder};
use alloc::vec::Vec;

#[test]
fn what_is_appended_can_be_looked_at_and_what_was_there_cannot() {
    let mut batch = Vec::from(*b"m f=0i\n");
    let mut enc = Encoder::with_sink(Appending::new(&mut batch, 7, 16, b",t=v"));
    enc.line("m").field("f", 1).finish().unwrap();
    assert_eq!(enc.as_bytes(), b"m,t=v f=1i\n");
    let second = enc.line("m").field("f", 2).finish();
    assert_eq!(second, Err(EncodeError::BufferFull));
    assert_eq!(enc.as_bytes(), b"m,t=v f=1i\n");
    assert!(batch.starts_with(b"m f=0i\nm,t=v f=1i\n"));
}
