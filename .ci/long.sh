# The steps of `.ci/run --long`: what takes more time than `.ci/run` may take. Sourced, not run.

# Targets of other systems and processors, checked against their std.
STD_TARGETS=(
    x86_64-pc-windows-gnu aarch64-apple-darwin x86_64-unknown-freebsd x86_64-unknown-linux-musl
    i686-unknown-linux-gnu riscv64gc-unknown-linux-gnu powerpc64-unknown-linux-gnu
    aarch64-linux-android
)
# Microcontrollers: the codecs only.
CORE_TARGETS=(
    thumbv6m-none-eabi thumbv7em-none-eabihf thumbv8m.main-none-eabihf riscv32imc-unknown-none-elf
)

# foreign_target TARGET BUILD-STD FEATURES: checks the library for this target, with the compiled
# std that rustup has, or with one built from the toolchain's source.
foreign_target() {
    local target=$1 crates=$2 features=$3 options=()
    if ! has_target "$target"; then
        if [[ ! -d $(rustc --print sysroot)/lib/rustlib/src/rust/library ]]; then
            skip "target $target" 'rustup has no std of it here, nor does the toolchain have the source'
            return 0
        fi
        # A stable compiler takes the unstable flag with this.
        export RUSTC_BOOTSTRAP=1
        options=(-Z "build-std=$crates")
    fi
    printf -- '--- %s, features: %s\n' "$target" "${features:-none}"
    cargo check --locked --lib --target "$target" --no-default-features --features "$features" \
        "${options[@]}"
}

# Checked, not linked: that takes no C compiler of the target, which TLS by ring would, so the
# features are the default ones without rustls.
foreign_targets() {
    local target
    for target in "${STD_TARGETS[@]}"; do
        foreign_target "$target" std client,gzip,spool,log,v1,v3
    done
    for target in "${CORE_TARGETS[@]}"; do
        foreign_target "$target" core ''
        foreign_target "$target" core,alloc alloc,serde
    done
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
