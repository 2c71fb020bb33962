//! The encoder: values and numbers as text, what is escaped and what is rejected,
//! random lines; that nothing is allocated.

#![cfg(feature = "std")]

#[path = "../common"]
mod common {
    pub(crate) mod line;
    pub(crate) mod random;
}

mod allocations;
mod escaping;
mod fuzz;
mod later_controls;
mod numbers;
mod points;
mod properties;
mod text_lines;
mod values;
