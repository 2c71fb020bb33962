//! Values as Flux literals and as parameters of queries.

#[cfg(feature = "std")]
mod values;
