//! Guides: pages about topics that span several modules. There is no code here.
//!
//! | guide | after it you can |
//! |---|---|
//! | [`getting_started`] | start a server, write, query and plot |
//! | [`reliability`] | tell when a point is safe, and size buffer and spool |
//! | [`service`] | run a logger under systemd, cron, OpenRC, procd or in a container |
//! | [`embedded`] | put a program onto a Raspberry Pi or a router |
//! | [`microcontrollers`] | write and query without std |
//! | [`structs`] | write structs, and read them back, by serde |
//! | [`security`] | tell what is protected, and what remains to do |
//! | [`servers`] | see what works with which server |
//! | [`performance`] | see sizes and speeds, and tune them |
//! | [`migration`] | move from another client, or from Telegraf |
//!
//! For maintainers: [`fault_tests`] and [`spool_format`].

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/getting-started.md")]
pub mod getting_started {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/reliability.md")]
pub mod reliability {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/fault-tests.md")]
pub mod fault_tests {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/spool-format.md")]
pub mod spool_format {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/service.md")]
pub mod service {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/embedded.md")]
pub mod embedded {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/microcontrollers.md")]
pub mod microcontrollers {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/structs.md")]
pub mod structs {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/security.md")]
pub mod security {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/servers.md")]
pub mod servers {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/performance.md")]
pub mod performance {}

#[doc = include_str!("guide_links.md")]
#[doc = include_str!("../docs/migration.md")]
pub mod migration {}
