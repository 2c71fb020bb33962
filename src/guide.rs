//! Pages about topics that span several modules. There is no code here.
//!
//! | page | for whom |
//! |---|---|
//! | [`embedded`] | small machines: onto a Linux board, watchdogs, clocks, read-only disks, sizes, no std |
//! | [`reliability`] | whoever must not lose a point: the promise, every error, every fault and its test |
//! | [`service`] | gateways that start with the machine: systemd, timers and cron, OpenRC, procd, containers |
//! | [`structs`] | structs by serde, into lines and back from rows |
//! | [`security`] | whoever lets others near: injection, secrets, TLS, files |
//! | [`servers`] | feature matrix, and how each entry was verified |
//! | [`migration`] | coming from the Python client, `influxdb2`, `influxdb`, `questdb-rs` |

#[doc = include_str!("../docs/embedded.md")]
pub mod embedded {}

#[doc = include_str!("../docs/reliability.md")]
pub mod reliability {}

#[doc = include_str!("../docs/service.md")]
pub mod service {}

#[doc = include_str!("../docs/structs.md")]
pub mod structs {}

#[doc = include_str!("../docs/security.md")]
pub mod security {}

#[doc = include_str!("../docs/servers.md")]
pub mod servers {}

#[doc = include_str!("../docs/migration.md")]
pub mod migration {}
