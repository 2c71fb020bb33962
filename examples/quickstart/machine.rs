//! Readings of this machine that need no privileges.
//!
//! On Linux from `/proc` and `/sys`. Elsewhere only with std, which can at least measure how late the system
//! wakes a sleeping program.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, thread};

use influx_edge::line::{EncodeError, Encoder, Sink, ToLine};
use influx_edge::{Timestamp, TimestampError};

/// Temperatures shown. A server has dozens of them; a first look needs a few.
const MAX_SENSORS: usize = 4;

/// The machine, and the state between two samples.
pub(crate) struct Machine {
    host: String,
    sensors: Vec<Sensor>,
    ticks: Option<Ticks>,
}

/// One sample. A reading that isn't available is `None`, and isn't written.
pub(crate) struct Sample {
    pub(crate) host: String,
    pub(crate) time: Timestamp,
    /// Part of the processors' time that was not idle since the sample before.
    pub(crate) cpu_percent: Option<f64>,
    pub(crate) load_1m: Option<f64>,
    pub(crate) memory_percent: Option<f64>,
    pub(crate) uptime_s: Option<f64>,
    /// The delay with which the system woke this program.
    pub(crate) wakeup_late_ms: f64,
    /// Sensor and degrees Celsius.
    pub(crate) temperatures: Vec<(String, f64)>,
}

/// A type needs no more than this to be written.
impl ToLine for Sample {
    fn to_line<S: Sink>(&self, enc: &mut Encoder<S>) -> Result<(), EncodeError> {
        enc.line("quickstart")
            .tag("host", &self.host)
            .field("wakeup_late_ms", self.wakeup_late_ms)
            .field("cpu_percent", self.cpu_percent)
            .field("load_1m", self.load_1m)
            .field("memory_percent", self.memory_percent)
            .field("uptime_s", self.uptime_s)
            .timestamp(self.time)?;
        for (sensor, celsius) in &self.temperatures {
            enc.line("quickstart")
                .tag("host", &self.host)
                .tag("sensor", sensor)
                .field("celsius", *celsius)
                .timestamp(self.time)?;
        }
        Ok(())
    }
}

impl Sample {
    /// The number of its values.
    pub(crate) fn len(&self) -> usize {
        let optional = [
            self.cpu_percent,
            self.load_1m,
            self.memory_percent,
            self.uptime_s,
        ];
        1 + optional.iter().flatten().count() + self.temperatures.len()
    }
}

impl Machine {
    /// Finds the available readings.
    pub(crate) fn new() -> Self {
        let host = text("/proc/sys/kernel/hostname")
            .or_else(|| env::var("HOSTNAME").ok())
            .or_else(|| env::var("COMPUTERNAME").ok())
            .filter(|name| !name.is_empty());
        Self {
            host: host.unwrap_or_else(|| "localhost".to_owned()),
            sensors: sensors(),
            ticks: ticks(),
        }
    }

    /// The name of the samples.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// `true` if only std is available.
    pub(crate) fn is_bare(&self) -> bool {
        self.ticks.is_none()
    }

    /// Sleeps, then reads everything.
    pub(crate) fn sample_after(&mut self, pause: Duration) -> Result<Sample, TimestampError> {
        let asleep = Instant::now();
        thread::sleep(pause);
        let late = asleep.elapsed().saturating_sub(pause);

        let ticks = ticks();
        let cpu_percent = match (self.ticks, ticks) {
            (Some(before), Some(now)) => now.busy_percent_since(before),
            _ => None,
        };
        self.ticks = ticks;
        let celsius = |sensor: &Sensor| {
            let millis: f64 = text(&sensor.path)?.parse().ok()?;
            Some((sensor.name.clone(), millis / 1_000.0))
        };
        Ok(Sample {
            host: self.host.clone(),
            time: Timestamp::try_from(SystemTime::now())?,
            cpu_percent: cpu_percent.map(two_decimals),
            load_1m: first_number("/proc/loadavg"),
            memory_percent: memory_percent().map(two_decimals),
            uptime_s: first_number("/proc/uptime"),
            wakeup_late_ms: late.as_micros() as f64 / 1_000.0,
            temperatures: self.sensors.iter().filter_map(celsius).collect(),
        })
    }
}

/// A file under `/sys` that holds a temperature in thousandths of a degree.
struct Sensor {
    name: String,
    path: PathBuf,
}

/// Thermal zones, or hardware monitors if there are none, as on many PCs.
fn sensors() -> Vec<Sensor> {
    let mut found = Vec::new();
    for zone in entries("/sys/class/thermal", "thermal_zone") {
        let name = text(zone.join("type")).unwrap_or_default();
        let path = zone.join("temp");
        found.push(Sensor { name, path });
    }
    if found.is_empty() {
        for chip in entries("/sys/class/hwmon", "hwmon") {
            let name = text(chip.join("name")).unwrap_or_default();
            let path = chip.join("temp1_input");
            found.push(Sensor { name, path });
        }
    }
    found.retain(|sensor| !sensor.name.is_empty() && text(&sensor.path).is_some());
    // Two of one name would be one series, in which their points overwrite each other.
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    found.truncate(MAX_SENSORS);
    found
}

fn entries(folder: &str, prefix: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    let wanted = all.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    wanted.map(|entry| entry.path()).collect()
}

/// Time the processors have spent since the machine started, in the kernel's ticks.
#[derive(Clone, Copy)]
struct Ticks {
    idle: u64,
    all: u64,
}

impl Ticks {
    fn busy_percent_since(self, before: Self) -> Option<f64> {
        let all = self.all.checked_sub(before.all).filter(|all| *all > 0)?;
        let idle = self.idle.saturating_sub(before.idle).min(all);
        Some((all - idle) as f64 / all as f64 * 100.0)
    }
}

/// The first line of `/proc/stat`: `cpu user nice system idle iowait irq …`.
fn ticks() -> Option<Ticks> {
    let stat = text("/proc/stat")?;
    let words = stat
        .lines()
        .next()?
        .strip_prefix("cpu ")?
        .split_whitespace();
    let counts: Vec<u64> = words.map_while(|word| word.parse().ok()).collect();
    // The last two, time given to guests, are counted in the first two already.
    let all = counts.iter().take(8).sum();
    let idle = counts.iter().skip(3).take(2).sum();
    Some(Ticks { idle, all })
}

fn memory_percent() -> Option<f64> {
    let table = text("/proc/meminfo")?;
    let kilobytes = |name: &str| -> Option<f64> {
        let line = table.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let (total, free) = (kilobytes("MemTotal:")?, kilobytes("MemAvailable:")?);
    Some((total - free) / total * 100.0).filter(|percent| percent.is_finite())
}

fn first_number(path: &str) -> Option<f64> {
    text(path)?.split_whitespace().next()?.parse().ok()
}

fn text(path: impl AsRef<Path>) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

fn two_decimals(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
