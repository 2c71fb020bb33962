//! A real InfluxDB 2.x, asked through this crate alone: what recordings only remember.
//!
//! Runs when `INFLUXDB_V2_URL` and `INFLUXDB_V2_TOKEN` (an operator's: it may make organizations
//! and users) say where one is, on plain `http://`; says so and passes otherwise. Each test works
//! in an organization of its own, whose name begins with `influx-edge real`, and removes it. A 2.9.1
//! of the open-source kind has passed every line of this.

mod access;
#[cfg(feature = "v1")]
mod compat;
mod deletes;
mod ensure;
mod lists;
mod messages;
mod names;
mod outage;
mod place;
mod queries;
mod relay;
mod resources;
mod sessions;
mod structs;
mod sweeps;
mod tasks;
mod validate;
mod writes;

/// Any whole second that all servers take for the past.
const T: i64 = 1_700_000_000_000_000_000;
