//! The writer in simulated time: what its tests share ([`sim`]), and its tests by subject.

mod bisect;
#[cfg(feature = "spool")]
mod disk_faults;
#[cfg(feature = "spool")]
mod keeper;
mod link;
mod long_runs;
mod model;
#[cfg(feature = "spool")]
mod outages;
mod own_line;
mod refusals;
mod scenarios;
mod sim;
#[cfg(feature = "spool")]
mod spool_failures;
