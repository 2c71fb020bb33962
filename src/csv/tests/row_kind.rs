//! Unit tests of `row_kind`.

use super::*;

#[test]
fn moved_one_by_one_is_moved_at_once() {
    let all: [u8; 12] = core::array::from_fn(|place| place as u8);
    for start in 0..=all.len() {
        for end in start..=all.len() {
            for to in 0..=all.len() - (end - start) {
                let (mut expected, mut found) = (all, all);
                expected.copy_within(start..end, to);
                move_each(&mut found, start..end, to);
                assert_eq!(found, expected, "{start}..{end} to {to}");
            }
        }
    }
}
