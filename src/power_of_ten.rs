//! Powers of ten in 128 bits, for conversions between floats and text in little code.
//!
//! A table of all of them, as the standard library and zmij have it, takes 10 KiB. Here every 28th
//! power is stored, and the others are a product of one of these and a power of five that fits in 64
//! bits. The product is exact as far as it goes, or less than the true value by one in the last bit;
//! one bit per power records which.

/// Returns the first 128 bits of 10^`exponent`, rounded down, for exponents from -343 to 323. The
/// highest bit is set, so the power is this number times 2^([`log2_of_ten_to`] - 127).
#[inline(never)]
pub(crate) fn power_of_ten(exponent: i32) -> u128 {
    let place = (exponent - FIRST) as u32;
    let (large, small) = (place / STEP, place % STEP);
    // In range for the exponents above.
    let large = POWERS.get(large as usize).copied().unwrap_or(0);
    let small = 5_u64.pow(small);
    let small = small << small.leading_zeros();
    let mut power = high_part(large, small);
    if power >> 127 == 0 {
        // The next bit is the highest of the product's lowest 64.
        let next = (large as u64).wrapping_mul(small) >> 63;
        power = power << 1 | u128::from(next);
    }
    let too_small = ONE_TOO_SMALL.get(place as usize / 32).copied().unwrap_or(0);
    // The product for 10^0 is all ones, to which one is added.
    power
        .checked_add((too_small >> (place % 32) & 1).into())
        .unwrap_or(1 << 127)
}

/// Returns the floor of the binary logarithm of 10^`exponent`, for exponents from -350 to 350.
#[inline]
pub(crate) fn log2_of_ten_to(exponent: i32) -> i32 {
    (exponent * 217_706) >> 16
}

/// Returns `large` × `small` / 2^64, rounded down.
#[cfg_attr(feature = "std", inline)]
#[cfg_attr(not(feature = "std"), inline(never))]
pub(crate) fn high_part(large: u128, small: u64) -> u128 {
    let small = u128::from(small);
    (large >> 64) * small + ((u128::from(large as u64) * small) >> 64)
}

/// The exponent of the first power in the table, and the step from one to the next. With most other
/// values some products would be less by two.
const FIRST: i32 = -343;
const STEP: u32 = 28;
/// The first 128 bits of 5^[`FIRST`], rounded down, and every [`STEP`]th power from there on.
#[rustfmt::skip]
const POWERS: [u128; 24] = [
    0xbf29dcab_a82fdeae_7432ee87_3880fc33,
    0xc1069cd4_eabe89f8_999ec0bb_696e840a,
    0xc2e801fb_244576d5_229c41f7_93cda73f,
    0xc4ce17b3_99107c22_cb550fb4_384d21d3,
    0xc6b8e9b0_709f109a_359ab641_9ca1091b,
    0xc8a883c0_fdaf7df0_6122cd12_8006b2cd,
    0xca9cf1d2_06fdc03b_a6d90811_f0e4851c,
    0xcc963fee_10b7d1b3_318df905_079926a8,
    0xce947a3d_a6a9273e_733d2262_29feea32,
    0xd097ad07_a71f26b2_7e2000a4_1346a7a7,
    0xd29fe4b1_8e88640e_8eec7f0d_19a03aad,
    0xd4ad2dbf_c3d07787_955e4ec6_4b44e864,
    0xd6bf94d5_e57a42bc_3d329076_04691b4c,
    0xd8d726b7_177a8000_00000000_00000000,
    0xdaf3f046_51d47b4c_3c0cdd76_5f114000,
    0xdd15fe86_affad912_49ef0eb7_13f39ebe,
    0xdf3d5e9b_c0f653e1_2f2967b6_6737e3ed,
    0xe16a1dc9_d8545e94_f4296dd6_fef3d67a,
    0xe39c4976_5fdf9d94_ed5a7e85_fda0b80b,
    0xe5d3ef28_2a242e81_8f1668c8_a86da5fa,
    0xe8111c87_c5c1ba99_c8fa8db6_ccdd0437,
    0xea53df5f_d18d5513_84c86189_216dc5ed,
    0xec9c459d_51852ba2_ddf8e7d6_0ed1219e,
    0xeeea5d50_04981478_1858ccfc_e06cac74,
];

/// A bit for each power from 10^[`FIRST`] on: set if the product is less by one.
#[rustfmt::skip]
const ONE_TOO_SMALL: [u32; 21] = [
    0xe000_0200, 0x0201_7662, 0x0c6f_0482, 0x2582_5d3f, 0x9eed_2218, 0x0810_243f, 0x7751_8c00,
    0x01ed_e5c8, 0x08a1_d7df, 0x2e82_000c, 0xff80_a03e, 0x0000_0fff, 0x0000_0000, 0xf4dd_cca0,
    0x00f8_4060, 0x2a82_9cc3, 0xefca_5a70, 0x4004_fddf, 0x9fbf_8680, 0x8d3e_32bf, 0x0000_200f,
];

#[cfg(test)]
#[path = "tests/power_of_ten.rs"]
mod tests;
