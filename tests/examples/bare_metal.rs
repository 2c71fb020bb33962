//! The example without a heap, run to its end: its station writes, and reads back what it wrote.

use crate::common::built;
use std::process::Command;

#[test]
fn it_writes_and_reads_back() {
    let output = Command::new(built::example("bare_metal"))
        .output()
        .expect("it runs");
    let out = String::from_utf8(output.stdout).expect("text");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("written  20 readings in "), "{out}");
    assert!(out.contains("newest   24.5 °C"), "{out}");
}
