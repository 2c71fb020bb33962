//! The decoder of annotated CSV, on all its levels, and timestamps.

#[path = "../common"]
mod common {
    pub(crate) mod csv;
    pub(crate) mod random;
}

#[cfg(all(feature = "serde", feature = "std"))]
mod allocations;
mod buffers;
#[cfg(feature = "std")]
mod descriptions;
mod fuzz;
mod mistakes;
mod model;
mod recordings;
#[cfg(feature = "std")]
mod rows;
#[cfg(all(feature = "serde", feature = "std"))]
mod structs;
#[cfg(feature = "std")]
mod text_table;
mod timestamps;
