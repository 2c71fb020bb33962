//! Unit tests of `slice_writer`.

use super::*;

#[test]
fn short_copies_copy_everything_of_every_length() {
    let text: [u8; 80] = core::array::from_fn(|i| i as u8);
    for len in 0..=text.len() {
        for space in 0..=text.len() {
            let mut buf = [0xEE; 80];
            let mut cursor = SliceWriter::new(&mut buf[..space], 0);
            let done = cursor.copy_short(&text[..len]);
            assert_eq!(done.is_ok(), len <= space);
            assert_eq!(cursor.pos(), if len <= space { len } else { 0 });
            if len <= space {
                assert_eq!(&buf[..len], &text[..len]);
                assert!(buf[len..].iter().all(|b| *b == 0xEE));
            }
        }
    }
}
