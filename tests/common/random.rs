//! The one random generator of the tests: `fastrand`, started from a seed that a test can print.

#![allow(
    dead_code,
    reason = "shared by several test programs, each of which uses a part"
)]

pub(crate) use fastrand::Rng;

/// Draws that several tests make.
pub(crate) trait Draw {
    /// Any number of 64 bits.
    fn bits(&mut self) -> u64;

    /// A number below `n`; 0 if `n` is 0.
    fn below(&mut self, n: usize) -> usize;

    /// True once in `n` draws.
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// True in this many of a hundred draws.
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

impl Draw for Rng {
    fn bits(&mut self) -> u64 {
        self.u64(..)
    }

    fn below(&mut self, n: usize) -> usize {
        self.usize(..n.max(1))
    }
}
