//! The spool against the bare system calls it can't do without: ratios, measured in one run.
//!
//! `cargo bench --bench spool`. The files go to the build's temporary directory, or to
//! `SPOOL_BENCH_DIR`; in a RAM disk the syncs cost nothing and the ratios mean nothing.

use influx_edge::Precision;
use influx_edge::spool::{Batch, Durability, Spool, Target};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const BATCH: usize = 5_000;
/// What a record adds: 32 bytes and the target.
const RECORD: usize = 32 + b"acme\0sensors".len();
const ROUNDS: usize = 15;

fn main() {
    let base = std::env::var_os("SPOOL_BENCH_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let dir = base.join(format!("spool-bench-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    println!("medians of {ROUNDS} rounds in turn, batches of {BATCH} bytes\n");
    append_without_sync(&dir);
    append_with_sync(&dir);
    recovery(&dir);
    amplification(&dir);
    fs::remove_dir_all(&dir).unwrap();
}

fn append_without_sync(dir: &Path) {
    const N: usize = 2_000;
    let (ours, bare) = in_turn(
        || appending(dir, Durability::OsManaged, N),
        || writing(dir, N, false),
    );
    report("append, OsManaged", ours, "bare positional write", bare, N);
    println!("  ratio of times {:.2} (at most 2)\n", ours / bare);
}

fn append_with_sync(dir: &Path) {
    const N: usize = 200;
    let (ours, bare) = in_turn(
        || appending(dir, Durability::EveryBatch, N),
        || writing(dir, N, true),
    );
    report(
        "append, EveryBatch",
        ours,
        "bare write + fdatasync",
        bare,
        N,
    );
    println!("  ratio of rates {:.2} (at least 0.9)\n", bare / ours);
}

fn recovery(dir: &Path) {
    let spool_dir = dir.join("recovery");
    let mut spool = open(&spool_dir, Durability::OsManaged);
    fill(&mut spool, (64 << 20) / (BATCH + RECORD));
    spool.close().unwrap();
    let (ours, bare) = in_turn(
        || {
            let start = Instant::now();
            let spool = open(&spool_dir, Durability::OsManaged);
            let time = start.elapsed();
            assert!(spool.stats().bytes > 60 << 20);
            time
        },
        || read_all(&spool_dir),
    );
    report(
        "recovery of 64 MiB",
        ours,
        "reading the same files",
        bare,
        1,
    );
    println!("  ratio of rates {:.2} (at least 0.5)\n", bare / ours);
}

/// What reaches the disk for each byte handed in, by the kernel's own account.
fn amplification(dir: &Path) {
    println!("write amplification: bytes to the disk for each byte of payload");
    for (name, durability, n) in [
        ("EveryBatch", Durability::EveryBatch, 400),
        (
            "Interval(100 ms)",
            Durability::Interval(Duration::from_millis(100)),
            4_000,
        ),
        ("OsManaged", Durability::OsManaged, 4_000),
    ] {
        let path = dir.join("amplification");
        let before = written();
        let mut spool = open(&path, durability);
        fill(&mut spool, n);
        spool.sync().unwrap();
        let stats = spool.stats();
        let payload = (n * BATCH) as f64;
        let logical = stats.bytes_written as f64 / payload;
        match before.zip(written()) {
            Some((before, after)) => {
                let disk = (after - before) as f64 / payload;
                println!(
                    "  {name:18} {disk:.2} (written by the spool {logical:.3}, {} syncs)",
                    stats.syncs
                );
            }
            None => println!(
                "  {name:18} written by the spool {logical:.3}, {} syncs",
                stats.syncs
            ),
        }
        drop(spool);
        fs::remove_dir_all(&path).unwrap();
    }
}

/// Medians of both, in seconds.
fn in_turn(mut a: impl FnMut() -> Duration, mut b: impl FnMut() -> Duration) -> (f64, f64) {
    let (mut times_a, mut times_b) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        times_a.push(a().as_secs_f64());
        times_b.push(b().as_secs_f64());
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    (median(&mut times_a), median(&mut times_b))
}

fn report(ours: &str, a: f64, bare: &str, b: f64, n: usize) {
    println!("{ours:22} {:10.1} µs", a / n as f64 * 1e6);
    println!("{bare:22} {:10.1} µs", b / n as f64 * 1e6);
}

fn open(dir: &Path, durability: Durability) -> Spool {
    Spool::builder(dir)
        .max_bytes(256 << 20)
        .durability(durability)
        .open()
        .unwrap()
}

fn fill(spool: &mut Spool, n: usize) {
    let target = Target::new("acme", "sensors").unwrap();
    let bytes = vec![b'x'; BATCH];
    for _ in 0..n {
        spool
            .append(Batch::new(&target, Precision::Second, 100, &bytes))
            .unwrap();
    }
}

fn appending(dir: &Path, durability: Durability, n: usize) -> Duration {
    let path = dir.join("append");
    let mut spool = open(&path, durability);
    let start = Instant::now();
    fill(&mut spool, n);
    let time = start.elapsed();
    drop(spool);
    fs::remove_dir_all(&path).unwrap();
    time
}

fn writing(dir: &Path, n: usize, sync: bool) -> Duration {
    let path = dir.join("bare");
    let bytes = vec![b'x'; BATCH + RECORD];
    let file = File::create(&path).unwrap();
    let start = Instant::now();
    for i in 0..n {
        write_at(&file, &bytes, (i * bytes.len()) as u64);
        if sync {
            file.sync_data().unwrap();
        }
    }
    let time = start.elapsed();
    fs::remove_file(&path).unwrap();
    time
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at).unwrap();
}

#[cfg(not(unix))]
fn write_at(mut file: &File, bytes: &[u8], at: u64) {
    use std::io::{Seek, SeekFrom, Write};
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

fn read_all(dir: &Path) -> Duration {
    let mut buf = vec![0; 64 << 10];
    let start = Instant::now();
    let mut sum = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            let mut file = File::open(entry.path()).unwrap();
            loop {
                match file.read(&mut buf).unwrap() {
                    0 => break,
                    n => sum += n,
                }
            }
        }
    }
    assert!(sum > 60 << 20);
    start.elapsed()
}

/// Bytes this process caused to be written to a disk, where the kernel says.
fn written() -> Option<u64> {
    let io = fs::read_to_string("/proc/self/io").ok()?;
    let line = io.lines().find_map(|l| l.strip_prefix("write_bytes: "))?;
    line.parse().ok()
}
