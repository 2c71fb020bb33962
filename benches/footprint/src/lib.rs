//! What the programs have in common, which is only the reading of their own size.

use std::fs;

/// How many writes a program makes before it is measured.
pub const WRITES: i64 = 1_000;

/// Prints what the kernel says about this process: resident memory now and at most, and threads.
pub fn report() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.map(|line| line.trim_start_matches(':').trim().to_owned())
            .unwrap_or_else(|| "?".to_owned())
    };
    println!(
        "RSS {} (at most {}), {} thread",
        value("VmRSS"),
        value("VmHWM"),
        value("Threads")
    );
}
