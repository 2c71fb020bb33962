//! The examples as programs, as a user runs them.

use std::path::PathBuf;
use std::process::Command;

/// The path of a built example. A plain `cargo test` has built all of them; if a single `--test` has
/// not, this does.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.ancestors().nth(2).expect("target/debug");
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let built = profile.join("examples").join(file);
    if !built.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--example", name]);
        assert!(build.status().expect("cargo").success());
    }
    built
}
