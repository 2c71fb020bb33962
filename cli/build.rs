//! Removes the unwind tables, a sixth of the binary, which a program that aborts on a panic doesn't need.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=no-unwind.ld");
    let is = |name: &str, value: &str| var(name).is_ok_and(|found| found == value);
    // Only for the profile `small`, recognized by its level: a build script can't see the panic strategy. ARM
    // stores the tables in another form.
    if !is("OPT_LEVEL", "z")
        || !is("CARGO_CFG_TARGET_OS", "linux")
        || is("CARGO_CFG_TARGET_ARCH", "arm")
    {
        return;
    }
    let musl = is("CARGO_CFG_TARGET_ENV", "musl");
    // A C compiler passes `-Wl,` arguments to the linker; a linker takes them directly.
    let linker = var("RUSTC_LINKER").unwrap_or_default();
    let prefix = if linker.contains("lld") { "" } else { "-Wl," };
    let mut args = vec!["--no-eh-frame-hdr".to_owned()];
    // Packed relocations need musl or glibc 2.36; the latter only if the target is this machine.
    if musl || var("HOST") == var("TARGET") {
        args.extend(["-z", "pack-relative-relocs"].map(str::to_owned));
    }
    let script = format!(
        "{}/no-unwind.ld",
        var("CARGO_MANIFEST_DIR").unwrap_or_default()
    );
    args.extend(["-T".to_owned(), script]);
    for arg in args {
        println!("cargo:rustc-link-arg-bins={prefix}{arg}");
    }
}
