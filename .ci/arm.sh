# The boards that gateways are made of: the tests on armv7 and aarch64 under an emulator, and a
# build for armv6. Sourced, not run.
#
# Debian's std for these targets is used, with Debian's compiler, whatever rustup has here. The
# compiler is the oldest supported one (see debian_rust), so this is a check of that one as well.

# What matters where usize has 32 bits and time_t too: both codecs, times, a board's connection, the disk,
# TLS, and the client's and the writer's units. Not what starts programs: the emulator starts only one.
ARM_TESTS=(
    line:properties,values,numbers,escaping,allocations
    csv:recordings,rows,structs,descriptions,buffers,mistakes,model,timestamps
    flux embedded:connection,queries,queue,recorded
    spool spool_memory http_faults:tls
)
# And where nothing is left out.
ARM_LONG_TESTS=("${ARM_TESTS[@]}" client:contract,calls,query roundtrip writer)
# Tests that start programs, which an emulator can't.
STARTS_PROGRAMS=(
    the_real_environment proxies_of_the_environment_are_ignored
    ahead::what_was_accepted_is_there_after_a_kill drops::with_stderr_closed
    drops::what_is_lost_is_reported_in_one_line listeners::one_that_panics_is_switched_off
)
# Up to minutes each under an emulator: every cut, every flipped bit, days of a writer. Left out by
# .ci/run, and run by .ci/run --long.
SLOW=(
    cut_at_every_byte a_hostile_directory every_flipped_bit writer::tests::long_runs
    writer::tests::scenarios::a_gateway_with_an_outage_at_noon writer::tests::link writer::tests::refusals
    the_reader_takes_anything any_failure_anywhere thousands_of_lines_are_each_found documents_are_read_back
    writer::tests::keeper writer::tests::disk_faults spool::tests::unsynced spool::tests::full
    spool::tests::numbers spool::tests::targets stress:: without_any_one_of_the_syncs_it_is_noticed
)

# Cross compilers, the C libraries of the boards, and emulators: prints their folder.
arm_tools() {
    unpacked arm-tools gcc-arm-linux-gnueabihf libc6-dev-armhf-cross \
        gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
        gcc-arm-linux-gnueabi libc6-dev-armel-cross qemu-user-static
}

# arm_target TARGET GNU EMULATOR: how cargo compiles, links and runs for this target. Uses TOOLS.
arm_target() {
    local low=${1//-/_} gnu=$2 emulator=$3 up
    up=${low^^}
    export "CC_$low=$gnu-gcc" "AR_$low=$gnu-ar" "CFLAGS_$low=--sysroot=$TOOLS"
    export "CARGO_TARGET_${up}_LINKER=$gnu-gcc"
    export "CARGO_TARGET_${up}_RUSTFLAGS=-C link-arg=--sysroot=$TOOLS"
    # The folders of LD_LIBRARY_PATH are this machine's, not the board's.
    export "CARGO_TARGET_${up}_RUNNER=$emulator -L $TOOLS/usr/$gnu -U LD_LIBRARY_PATH"
}

# use_arm_tools WHAT: the compiler and the tools for the rest of the step, or the step is skipped.
use_arm_tools() {
    RUST=$(debian_rust) || skip_step "$1" "Debian's compiler could not be fetched"
    TOOLS=$(arm_tools) || skip_step "$1" "Debian's cross compilers and qemu could not be fetched"
    use_debian_rust "$RUST"
    export LD_LIBRARY_PATH="$LD_LIBRARY_PATH:$TOOLS/usr/lib/$(gcc -print-multiarch)"
    # Before the machine's own, so that the same tools run everywhere.
    export PATH="$TOOLS/usr/bin:$PATH"
    # Shared with the step of the oldest Rust: what runs on this machine is compiled once.
    export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/oldest"
    arm_target armv7-unknown-linux-gnueabihf arm-linux-gnueabihf qemu-arm-static
    arm_target aarch64-unknown-linux-gnu aarch64-linux-gnu qemu-aarch64-static
    arm_target arm-unknown-linux-gnueabi arm-linux-gnueabi 'qemu-arm-static -cpu arm1176'
}

# arm_tests TARGET ARCHITECTURE TEST...: the unit tests and these test programs, whole or only the
# modules behind the colon; if ARM_LONG is set, with the slow tests and all random cases.
arm_tests() {
    local target=$1 arch=$2 version std test modules args=(--lib)
    shift 2
    use_arm_tools "tests on $target"
    version=$(version_of rustc-web "$(oldest_version).")
    std=$(foreign "$arch" libstd-rust-web-dev "$version") ||
        skip_step "tests on $target" "Debian's std of $arch could not be fetched"
    ln -sfn "$std/usr/lib/rustlib/$target" "$RUST/usr/lib/rustlib/$target"
    for test in "$@"; do args+=(--test "${test%%:*}"); done
    local without=("${STARTS_PROGRAMS[@]/#/--skip=}")
    if [[ -z ${ARM_LONG:-} ]]; then
        # An emulator takes ten times as long: fewer random cases, the same kinds.
        export INFLUX_EDGE_CASES=100 INFLUX_EDGE_FUZZ_RUNS=1000 INFLUX_EDGE_MODEL_SCRIPTS=30
        export SPOOL_FUZZ=300 SPOOL_MODEL_SCRIPTS=30 SPOOL_CUT_STATES=300
        skip "the longest tests (SLOW in .ci/arm.sh) on $target" \
            'too slow for an emulator here; .ci/run --long runs them'
        without+=("${SLOW[@]/#/--skip=}")
    fi
    cargo test --locked --features embedded --target "$target" "${args[@]}" --no-run
    cargo test --locked --features embedded --target "$target" --lib -- "${without[@]}"
    for test in "$@"; do
        modules=()
        [[ $test != *:* ]] || IFS=, read -r -a modules <<<"${test#*:}"
        cargo test --locked --features embedded --target "$target" --test "${test%%:*}" -- \
            "${modules[@]/%/::}" "${without[@]}"
    done
}

armv7() {
    arm_tests armv7-unknown-linux-gnueabihf armhf "${ARM_TESTS[@]}"
}

# armv6, the oldest boards: Debian has no std for them, so it is built from the compiler's own
# source, and with it the minimal program. The C library that
# fits is Debian's for soft floats (armel): the one for hard floats is compiled for armv7. Run on
# the emulated processor of those boards against a server of its own kind.
armv6() {
    local target=arm-unknown-linux-gnueabi bin url pid run=()
    use_arm_tools "armv6 ($target)"
    rust_source "$RUST" || skip_step "armv6 ($target)" "the compiler's source could not be fetched"
    skip 'tests on armv6' 'the minimal program is built and run there; its tests are those of armv7'
    skip 'armv6 with hard floats' "Debian's C library for hard floats is compiled for armv7"
    # Debian's compiler is a stable one; building std needs a word with it.
    export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$CARGO_TARGET_DIR/armv6" CARGO_PROFILE_DEV_DEBUG=0
    cd benches/footprint
    cp ../../Cargo.lock .
    cargo build -Z build-std=std,panic_abort --target "$target" --bin write --bin sink
    bin=$CARGO_TARGET_DIR/$target/debug
    arm-linux-gnueabi-readelf -A "$bin/write" | grep -E 'Tag_CPU_arch: v6'
    run=(qemu-arm-static -cpu arm1176 -L "$TOOLS/usr/arm-linux-gnueabi" -U LD_LIBRARY_PATH)
    coproc SINK { exec "${run[@]}" "$bin/sink"; }
    pid=$SINK_PID
    read -r -t 30 url <&"${SINK[0]}"
    # Its last words are the memory that it took; that it ends well is what counts here.
    timeout 240 "${run[@]}" "$bin/write" "$url"
    kill "$pid"
    wait "$pid" || true
}
