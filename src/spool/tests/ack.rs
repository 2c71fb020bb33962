//! The two slots of the file `ack`.

use super::*;

#[test]
fn slots_read_back_and_every_flipped_bit_is_seen() {
    let slot = encode(3, 99);
    assert_eq!(decode(&slot), Some((3, 99)));
    for bit in 0..SLOT * 8 {
        let mut bad = slot;
        bad[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(decode(&bad), None, "bit {bit}");
    }
    assert_eq!(decode(&[0; SLOT]), None);
    assert_eq!(decode(&slot[..19]), None);
    assert_eq!(decode(&encode(1, u64::MAX)), None);
}
