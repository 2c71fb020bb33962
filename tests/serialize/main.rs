//! Structs by serde: as lines, and back from rows.

#![cfg(all(feature = "std", feature = "serde"))]

mod allocations;
mod errors;
mod forms;
