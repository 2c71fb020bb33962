//! What Linux itself measures: load, memory, processor time, temperatures, network.

use influx_edge::Timestamp;
use influx_edge::writer::Writer;
use std::fs;
use std::path::PathBuf;

/// The sensors of this machine.
pub(crate) struct Sensors {
    /// Name and file of each temperature.
    thermal: Vec<(String, PathBuf)>,
}

impl Sensors {
    /// Looks for what there is.
    pub(crate) fn find() -> Self {
        let mut thermal = Vec::new();
        for entry in fs::read_dir("/sys/class/thermal")
            .into_iter()
            .flatten()
            .flatten()
        {
            let zone = entry.path();
            if let (Ok(name), true) = (
                fs::read_to_string(zone.join("type")),
                zone.join("temp").exists(),
            ) {
                thermal.push((name.trim().to_owned(), zone.join("temp")));
            }
        }
        Sensors { thermal }
    }

    pub(crate) fn names(&self) -> String {
        let mut names = vec!["load", "memory", "cpu", "network"];
        names.extend(self.thermal.iter().map(|(name, _)| name.as_str()));
        names.join(", ")
    }

    /// Reads each once. One that can't be read, or doesn't say what it should, is left out.
    pub(crate) fn read(&mut self, w: &mut Writer, now: Timestamp) {
        let results = [
            load(w, now),
            memory(w, now),
            cpu(w, now),
            network(w, now),
            self.temperatures(w, now),
        ];
        for error in results.into_iter().filter_map(Result::err) {
            eprintln!("\na reading wasn't taken: {error}");
        }
    }

    fn temperatures(&self, w: &mut Writer, now: Timestamp) -> Result<(), influx_edge::WriteError> {
        for (name, file) in &self.thermal {
            let milli: Option<i32> = number(&fs::read_to_string(file).unwrap_or_default());
            let Some(milli) = milli else { continue };
            w.write_with(|enc| {
                let line = enc.line("temperature").tag("sensor", name.as_str());
                line.field("celsius", f64::from(milli) / 1000.0)
                    .timestamp(now)
            })?;
        }
        Ok(())
    }
}

fn load(w: &mut Writer, now: Timestamp) -> Result<(), influx_edge::WriteError> {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut parts = text.split(' ').map(number::<f64>);
    let (one, five) = (parts.next().flatten(), parts.next().flatten());
    if one.is_none() && five.is_none() {
        return Ok(());
    }
    w.write_with(|enc| {
        let line = enc.line("load").field("one", one);
        line.field("five", five).timestamp(now)
    })
}

fn memory(w: &mut Writer, now: Timestamp) -> Result<(), influx_edge::WriteError> {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let of = |name: &str| -> Option<u64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    let (free, available) = (of("MemFree:"), of("MemAvailable:"));
    if free.is_none() && available.is_none() {
        return Ok(());
    }
    w.write_with(|enc| {
        let line = enc.line("memory").field("free_kib", free);
        line.field("available_kib", available).timestamp(now)
    })
}

fn cpu(w: &mut Writer, now: Timestamp) -> Result<(), influx_edge::WriteError> {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    for line in text.lines().filter(|line| line.starts_with("cpu")) {
        let mut parts = line.split_whitespace();
        let name = parts.next().unwrap_or("cpu");
        let ticks: Vec<i64> = parts.filter_map(number).collect();
        let [user, _, system, idle, ..] = ticks[..] else {
            continue;
        };
        w.write_with(|enc| {
            let line = enc.line("cpu").tag("cpu", name).field("user", user);
            line.field("system", system)
                .field("idle", idle)
                .timestamp(now)
        })?;
    }
    Ok(())
}

fn network(w: &mut Writer, now: Timestamp) -> Result<(), influx_edge::WriteError> {
    let text = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    for line in text.lines().skip(2) {
        let Some((name, counts)) = line.split_once(':') else {
            continue;
        };
        let counts: Vec<i64> = counts.split_whitespace().filter_map(number).collect();
        let (Some(received), Some(sent)) = (counts.first(), counts.get(8)) else {
            continue;
        };
        w.write_with(|enc| {
            let line = enc.line("network").tag("interface", name.trim());
            let line = line.field("received", *received).field("sent", *sent);
            line.timestamp(now)
        })?;
    }
    Ok(())
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}
