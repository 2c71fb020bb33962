//! Unit tests of `pace`.

use super::*;

#[test]
fn the_rate_is_never_exceeded() {
    let second = Duration::from_secs(1);
    for (size, rate, least) in [
        (1 << 20, 1 << 20, second),
        (256 << 10, 1 << 20, second / 4),
        (1_000, 10, second * 100),
        (1, 0, second),
        (0, 1, Duration::ZERO),
        (1 << 20, u64::MAX, Duration::ZERO),
    ] {
        assert_eq!(pause(size, rate, 0), least);
        let most = pause(size, rate, u64::MAX);
        assert!(most >= least && most <= least + least / 2, "{most:?}");
    }
}
