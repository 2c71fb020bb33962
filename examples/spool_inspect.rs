//! What is in a spool: segments, targets, ages, damage, and what a server refused and why.
//!
//! ```sh
//! # A spool to look at, for nobody listens at port 9. Or take the directory of your own.
//! printf 'weather temp_c=21.5\n' | INFLUXDB_V2_URL=http://127.0.0.1:9 cargo run --example pipe -- --spool /tmp/spool sensors
//!
//! cargo run --example spool_inspect -- /tmp/spool             # a summary
//! cargo run --example spool_inspect -- /tmp/spool --batches   # each batch, too
//! cargo run --example spool_inspect -- /tmp/spool --verify    # fails if anything is damaged
//! cargo run --example spool_inspect -- /tmp/spool --export    # what waits, as line protocol
//! cargo run --example spool_inspect -- /tmp/spool --export-rejected
//! ```
//!
//! It reads only, and takes no lock: safe beside a running owner. Exported lines go to standard
//! output, a comment line before each batch says where they were to go and in which unit their times
//! are; the rest goes to standard error then.

use influx_edge::spool::{Entry, Inspector, Section, SpoolError, StoredBatch, Target};
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

const USAGE: &str =
    "usage: spool_inspect <directory> [--batches | --verify | --export | --export-rejected]";

/// Prints a line, also into a pipe that nobody reads any more.
macro_rules! say {
    ($($arg:tt)*) => {{
        let _ = writeln!(io::stdout(), $($arg)*);
    }};
}

#[derive(Clone, Copy, PartialEq)]
enum Job {
    Summary,
    Batches,
    Verify,
    Export(Section),
}

/// What was counted on the way.
#[derive(Default)]
struct Counts {
    segments: u64,
    batches: u64,
    points: u64,
    bytes: u64,
    delivered: u64,
    damage: u64,
    targets: BTreeMap<Target, (u64, u64, u64)>,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (dir, job) = match args[..] {
        ["--help" | "-h"] => {
            say!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [dir] => (dir, Job::Summary),
        [dir, "--batches"] => (dir, Job::Batches),
        [dir, "--verify"] => (dir, Job::Verify),
        [dir, "--export"] => (dir, Job::Export(Section::Queue)),
        [dir, "--export-rejected"] => (dir, Job::Export(Section::Rejected)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = match job {
        Job::Export(part) => export(dir, part).map(|damage| damage == 0),
        _ => look(dir, job).map(|damage| damage == 0 || job != Job::Verify),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Prints what is there; how many damaged places there are.
fn look(dir: &str, job: Job) -> Result<u64, SpoolError> {
    let inspector = Inspector::new(dir)?;
    say!("delivered up to number {}", inspector.acked());
    let mut waiting = Counts::default();
    inspector.walk(Section::Queue, &mut |item| waiting.take(&item, job))?;
    say!(
        "waiting: {} batches, {} points, {} bytes in {} segments; {} more are delivered already",
        waiting.batches,
        waiting.points,
        waiting.bytes,
        waiting.segments,
        waiting.delivered
    );
    for (target, (batches, points, bytes)) in &waiting.targets {
        say!(
            "  {}: {batches} batches, {points} points, {bytes} bytes",
            name(target)
        );
    }
    let mut rejected = Counts::default();
    inspector.walk(Section::Rejected, &mut |item| {
        if let Entry::Batch(batch) = &item {
            let reason = batch.reason.unwrap_or_default().escape_debug();
            say!(
                "rejected: {} lines for {}: {reason}",
                batch.points,
                name(&batch.target)
            );
            if job == Job::Batches {
                say!("{}", String::from_utf8_lossy(batch.lines).trim_end());
            }
        }
        rejected.take(&item, Job::Summary);
    })?;
    say!("rejected: {} lines in all", rejected.points);
    let damage = waiting.damage + rejected.damage;
    say!("damaged places: {damage}");
    Ok(damage)
}

impl Counts {
    fn take(&mut self, item: &Entry<'_>, job: Job) {
        match item {
            Entry::Segment { path, header, len } => {
                self.segments += 1;
                let age = age(header.created);
                say!("{}: {len} bytes, begun {age}", path.display());
            }
            Entry::Batch(batch) => {
                if job == Job::Batches {
                    print_batch(batch);
                }
                if batch.delivered {
                    self.delivered += 1;
                    return;
                }
                self.batches += 1;
                self.points += u64::from(batch.points);
                self.bytes += batch.lines.len() as u64;
                let target = self.targets.entry(batch.target.clone()).or_default();
                target.0 += 1;
                target.1 += u64::from(batch.points);
                target.2 += batch.lines.len() as u64;
            }
            Entry::Corrupt { seq, points, bytes } => {
                self.damage += 1;
                say!("  batch {seq} is corrupt: {points} points, {bytes} bytes");
            }
            Entry::Damage { at, bytes } => {
                self.damage += 1;
                say!("  {bytes} bytes at {at} are no batch");
            }
            Entry::Tail { at, bytes } => {
                say!("  {bytes} bytes at {at}, the end: torn, or being written");
            }
            Entry::Unreadable { path, why } => {
                self.damage += 1;
                say!("{}: unreadable ({why:?})", path.display());
            }
            Entry::Other { path } => say!("{}: not part of the queue", path.display()),
            _ => {}
        }
    }
}

fn print_batch(batch: &StoredBatch<'_>) {
    let state = if batch.delivered { ", delivered" } else { "" };
    say!(
        "  batch {}: {} points, {} bytes for {}, times in {}{state}",
        batch.seq,
        batch.points,
        batch.lines.len(),
        name(&batch.target),
        batch.precision.as_str()
    );
}

/// Writes what waits, or what was rejected, to standard output; how many damaged places there are.
fn export(dir: &str, part: Section) -> Result<u64, SpoolError> {
    let inspector = Inspector::new(dir)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut written, mut damage, mut failed) = (0_u64, 0, false);
    inspector.walk(part, &mut |item| match item {
        Entry::Batch(batch) if !batch.delivered && !failed => {
            written += u64::from(batch.points);
            failed = write_lines(&mut out, &batch).is_err();
        }
        Entry::Corrupt { .. } | Entry::Damage { .. } | Entry::Unreadable { .. } => damage += 1,
        _ => {}
    })?;
    if failed || out.flush().is_err() {
        eprintln!("standard output was closed");
        return Ok(1);
    }
    eprintln!("{written} points exported, {damage} damaged places");
    Ok(damage)
}

fn write_lines(out: &mut impl Write, batch: &StoredBatch<'_>) -> io::Result<()> {
    // A comment of line protocol. Names can't end the line: they are escaped.
    writeln!(
        out,
        "# {} precision={}{}",
        name(&batch.target),
        batch.precision.as_str(),
        batch.reason.map_or(String::new(), |r| format!(
            " rejected: {}",
            r.escape_debug()
        ))
    )?;
    out.write_all(batch.lines)?;
    if !batch.lines.ends_with(b"\n") {
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn name(target: &Target) -> String {
    let kind = if target.org_is_id() { "orgID" } else { "org" };
    let (org, bucket) = (target.org().escape_debug(), target.bucket().escape_debug());
    format!("{kind}={org} bucket={bucket}")
}

/// How long ago, by this machine's clock.
fn age(created: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    match now.checked_sub(created) {
        None => "in the future: a clock was wrong".to_owned(),
        Some(s) if s < 120 => format!("{s} s ago"),
        Some(s) if s < 7200 => format!("{} min ago", s / 60),
        Some(s) if s < 172_800 => format!("{} h ago", s / 3600),
        Some(s) => format!("{} days ago", s / 86_400),
    }
}
