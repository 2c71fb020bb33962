#![cfg(feature = "embedded")]
