//! Unit tests of `power_of_ten`.

use super::*;
use std::vec::Vec;

/// A number as long as it takes, little end first.
fn times(number: &mut Vec<u32>, factor: u64) {
    let mut carry = 0_u128;
    for word in number.iter_mut() {
        let product = u128::from(*word) * u128::from(factor) + carry;
        (*word, carry) = (product as u32, product >> 32);
    }
    while carry > 0 {
        number.push(carry as u32);
        carry >>= 32;
    }
}

fn new(value: u128) -> Vec<u32> {
    (0..4).map(|n| (value >> (32 * n)) as u32).collect()
}

fn below(a: &[u32], b: &[u32]) -> bool {
    let ordered = |number: &[u32]| -> Vec<u32> {
        let words = number.iter().rev().copied();
        words.skip_while(|word| *word == 0).collect()
    };
    let (a, b) = (ordered(a), ordered(b));
    (a.len(), a) < (b.len(), b)
}

#[test]
fn every_power_is_rounded_down_and_by_less_than_one() {
    for exponent in -343..=323 {
        let power = power_of_ten(exponent);
        assert_eq!(power.leading_zeros(), 0, "10^{exponent}");
        // power × 2^twos ≤ 10^exponent < (power + 1) × 2^twos, with nothing negative on either
        // side.
        let twos = log2_of_ten_to(exponent) - 127;
        let mut tens = new(1);
        let mut this = new(power);
        let mut next = match power.checked_add(1) {
            Some(next) => new(next),
            None => std::vec![0, 0, 0, 0, 1],
        };
        for _ in 0..exponent.unsigned_abs() {
            if exponent > 0 {
                times(&mut tens, 10);
            } else {
                times(&mut this, 10);
                times(&mut next, 10);
            }
        }
        for _ in 0..twos.unsigned_abs() {
            if twos > 0 {
                times(&mut this, 2);
                times(&mut next, 2);
            } else {
                times(&mut tens, 2);
            }
        }
        assert!(!below(&tens, &this), "10^{exponent}");
        assert!(below(&tens, &next), "10^{exponent}");
    }
}
