//! The servers named in the environment, and a note for each that isn't.

use super::influx::Influx;
use super::victoria::Victoria;
use std::env;
use std::time::SystemTime;

fn variable(name: &str) -> Option<String> {
    let value = env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        println!("skipped: {name} not set");
    }
    value
}

pub(crate) fn influx_one() -> Option<Influx> {
    variable("INFLUXDB_V1_URL").map(|url| Influx::one(&url))
}

pub(crate) fn influx_two() -> Option<Influx> {
    let url = variable("INFLUXDB_V2_URL")?;
    let token = variable("INFLUXDB_V2_TOKEN")?;
    let org = variable("INFLUXDB_V2_ORG")?;
    let bucket = variable("INFLUXDB_V2_BUCKET")?;
    Some(Influx::two(&url, &token, &org, &bucket))
}

/// `purpose` is part of the label that marks what is written.
pub(crate) fn victoria(purpose: &str) -> Option<Victoria> {
    let url = variable("VICTORIAMETRICS_URL")?;
    Some(Victoria::new(&url, format!("{purpose}_{}", now())))
}

/// Nanoseconds since the epoch.
pub(crate) fn now() -> i64 {
    let age = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(age.as_nanos()).unwrap()
}

/// A whole second, an hour ago: no server takes it for the future.
pub(crate) fn an_hour_ago() -> i64 {
    (now() / 1_000_000_000 - 3_600) * 1_000_000_000
}
