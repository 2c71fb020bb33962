//! The minimal program whose bodies are compressed: a hundred readings a request. Beside the row of the
//! others it holds the heap to its limits, whoever runs it: between two calls, at the peak of one, and how
//! often a call allocates.

use influx_edge::line::Encoder;
use influx_edge::{Client, Precision};

/// KiB of heap between calls, KiB at a call's peak, allocations of a call.
const LIMITS: [usize; 3] = [344, 352, 32];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("usage: compressing URL")?;
    let client = Client::builder(url).org("acme").token("token");
    // (By default nothing is compressed to a server on this machine.)
    let client = client.gzip_min_bytes(1024).build()?;
    let mut storage = [0u8; 16 * 1024];
    let mut enc = Encoder::new(&mut storage).precision(Precision::Second);
    let mut before = footprint::heap();
    for n in 0..footprint::WRITES {
        for m in n * 100..(n + 1) * 100 {
            enc.line("weather")
                .tag("station", "zrh-1")
                .field("temp_c", 20.0 + m as f64 / 100.0)
                .timestamp(1_700_000_000 + m)?;
        }
        before = footprint::heap();
        client.write("sensors", enc.lines())?;
        enc.clear();
    }
    let after = footprint::heap();
    let kib = |bytes: usize| bytes.div_ceil(1024);
    let measured = [kib(after.live), kib(after.peak), after.count - before.count];
    if measured.iter().zip(LIMITS).any(|(n, limit)| *n > limit) {
        return Err(format!("{measured:?} is more than {LIMITS:?}").into());
    }
    eprintln!(
        "compressing: {measured:?} (KiB between calls, KiB at the peak, allocations of a call)"
    );
    footprint::report();
    Ok(())
}
