//! Line protocol as text: any text falls into the lines of the published parser of InfluxDB 3, and the
//! same of them are accepted, but for the listed exceptions.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/common/line/text.rs"]
mod text;

fuzz_target!(|text: &str| text::compare(text));
