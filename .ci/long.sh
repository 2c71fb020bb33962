# The steps of `.ci/run --long`: what takes more time than `.ci/run` may take. Sourced, not run.

# Targets of other systems and processors, checked against their std. Each kind of lock that the spool
# has is among them: by descriptor, by a file, by a file that is not shared (Windows), by a list of the
# program's (ESP-IDF), none (Solaris).
STD_TARGETS=(
    x86_64-pc-windows-gnu aarch64-apple-darwin x86_64-unknown-freebsd
    armv7-unknown-linux-uclibceabihf riscv32imc-esp-espidf
    x86_64-unknown-linux-musl i686-unknown-linux-gnu riscv64gc-unknown-linux-gnu
    powerpc64-unknown-linux-gnu aarch64-linux-android x86_64-pc-solaris
)
# Microcontrollers: the codecs only.
CORE_TARGETS=(
    thumbv6m-none-eabi thumbv7em-none-eabihf thumbv8m.main-none-eabihf riscv32imc-unknown-none-elf
)

# Makes the source of std available beside the compiler in use, or uses Debian's compiler and its source
# for the rest of the step. Fails if there is none.
std_source() {
    local root
    [[ ! -d $(rustc --print sysroot)/lib/rustlib/src/rust/library ]] || return 0
    if command -v rustup >/dev/null && rustup component add rust-src >&2; then
        return 0
    fi
    root=$(debian_rust) && rust_source "$root" || return 1
    use_debian_rust "$root"
}

# The tools of x86_64-pc-windows-gnu: std needs its dlltool to be built, and TLS its C compiler.
mingw() {
    local root prefix=x86_64-w64-mingw32
    if ! command -v "$prefix-gcc" >/dev/null; then
        apt_ready && root=$(unpacked mingw gcc-mingw-w64-x86-64) || return 1
        export PATH="$root/usr/bin:$PATH"
    fi
    CC_x86_64_pc_windows_gnu=$(command -v "$prefix-gcc" || command -v "$prefix-gcc-win32") || return 1
    export CC_x86_64_pc_windows_gnu
}

# foreign_target TARGET BUILD-STD FEATURES...: checks the library for this target with each of these
# sets of features, with the compiled std that rustup has, or with one built from source. It is a
# failure if the compiler warns of anything. Checked, not linked: that takes no linker of the target.
foreign_target() {
    local target=$1 crates=$2 origin='delivered by rustup' bootstrap=() options=() features
    shift 2
    if ! has_target "$target"; then
        if ! std_source; then
            skip "target $target" 'rustup has no std of it here, and there is no source to build one from'
            return 0
        fi
        origin='built from source'
        # A stable compiler takes the unstable flag with this.
        bootstrap=(RUSTC_BOOTSTRAP=1)
        options=(-Z "build-std=$crates")
    fi
    for features in "$@"; do
        printf -- '--- %s, features: %s\n' "$target" "${features:-none}"
        if ! env "${bootstrap[@]}" cargo check --locked --lib --target "$target" \
            --no-default-features --features "$features" "${options[@]}" 2>&1 |
            tee "$SCRATCH/foreign" || grep -q '^warning' "$SCRATCH/foreign"; then
            note "target $target: FAILED (${crates%%,*} $origin; features: ${features:-none})"
            return 1
        fi
    done
    note "target $target: checked (${crates%%,*} $origin; features: $(join ' and ' "${@:-none}"))"
}

# join BETWEEN WORD...
join() {
    local between=$1 all=${2:-none}
    shift 2
    printf '%s' "$all" "${@/#/$between}"
}

# The features are the default ones without rustls, where there is no C compiler of the target: TLS by
# ring needs one. And the spool alone, without which some of it would be used by the client only.
foreign_targets() {
    local target features=client,gzip,spool,log,v1,v3 tls failed=
    for target in "${STD_TARGETS[@]}"; do
        tls=
        if [[ $target == *-windows-gnu ]]; then
            if mingw; then
                tls=,rustls
            elif ! has_target "$target"; then
                skip "target $target" 'gcc-mingw-w64-x86-64 could not be fetched, and std needs its dlltool'
                continue
            fi
        fi
        [[ -n $tls ]] || printf -- '--- %s: without TLS, no C compiler for it\n' "$target"
        foreign_target "$target" std,panic_abort "$features$tls" spool || failed=1
    done
    for target in "${CORE_TARGETS[@]}"; do
        foreign_target "$target" core '' embedded || failed=1
        foreign_target "$target" core,alloc alloc,serde || failed=1
    done
    [[ -z $failed ]]
}

# The tests of the boards with nothing left out that can run under an emulator (SLOW in arm.sh), and
# with as many random cases as on this machine.
armv7_long() {
    ARM_LONG=1
    arm_tests armv7-unknown-linux-gnueabihf armhf "${ARM_LONG_TESTS[@]}"
}

aarch64_long() {
    ARM_LONG=1
    arm_tests aarch64-unknown-linux-gnu arm64 "${ARM_LONG_TESTS[@]}"
}

# The crashes, power failures and random inputs of `.ci/run`, ten times as many.
at_length_long() {
    at_length 10
    cargo test --locked --release --no-default-features --features v3 \
        --test resource_use -- --ignored v3_
}

# The writer's programs with every body compressed.
writer_compressed() {
    INFLUX_EDGE_GZIP=1 cargo test --locked --test writer
}

# The benchmarks beside other clients, which pull in those clients: compiled only.
peers() {
    local manifest
    for manifest in benches/peers/Cargo.toml benches/peers/end_to_end/Cargo.toml; do
        cargo check --locked --all-targets --manifest-path "$manifest"
    done
}
