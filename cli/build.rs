//! Leaves out what a program that aborts on a panic doesn't need: the tables for unwinding, a sixth of it.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=no-unwind.ld");
    let is = |name: &str, value: &str| var(name).is_ok_and(|found| found == value);
    // In the profile `small`, which is the one with this level; a script can't see how panics end. ARM has the
    // tables in another form.
    if !is("OPT_LEVEL", "z")
        || !is("CARGO_CFG_TARGET_OS", "linux")
        || is("CARGO_CFG_TARGET_ARCH", "arm")
    {
        return;
    }
    let musl = is("CARGO_CFG_TARGET_ENV", "musl");
    // A C compiler passes the words on, a linker takes them as they are.
    let linker = var("RUSTC_LINKER").unwrap_or_default();
    let prefix = if linker.contains("lld") { "" } else { "-Wl," };
    let mut words = vec!["--no-eh-frame-hdr".to_owned()];
    // A C library that knows the short form of relocations: musl, or glibc 2.36, if it is this machine's own.
    if musl || var("HOST") == var("TARGET") {
        words.extend(["-z", "pack-relative-relocs"].map(str::to_owned));
    }
    let script = format!(
        "{}/no-unwind.ld",
        var("CARGO_MANIFEST_DIR").unwrap_or_default()
    );
    words.extend(["-T".to_owned(), script]);
    for word in words {
        println!("cargo:rustc-link-arg-bins={prefix}{word}");
    }
}
