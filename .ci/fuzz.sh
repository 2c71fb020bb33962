# The fuzz targets of fuzz/, built and run by cargo-fuzz. Sourced, not run.

# What cargo-fuzz itself needs, at a version that builds with the supported compilers.
CARGO_FUZZ=0.13.2

# Builds every target and runs each for 8 s, those of a board's connection for 12 s, from its seeds,
# with the compiler in use and without a sanitizer: the crate has no unsafe code, so what can go wrong is a panic, an
# endless loop, or memory.
fuzz() {
    fuzz_targets 8 stable
}

# The same for FUZZ_SECONDS each (ten minutes if unset), with the address sanitizer where a nightly
# toolchain is installed.
fuzz_long() {
    local toolchain=stable
    if rustup run nightly rustc --version >/dev/null 2>&1; then
        toolchain=nightly
    else
        skip 'fuzzing with the address sanitizer' 'no nightly toolchain here'
    fi
    fuzz_targets "${FUZZ_SECONDS:-600}" "$toolchain"
}

# fuzz_targets SECONDS stable|nightly
fuzz_targets() {
    local each=$1 toolchain=$2 seconds tool target folder options=(--sanitizer none)
    command -v c++ >/dev/null || skip_step 'fuzz targets' 'no C++ compiler to build libFuzzer with'
    tool=$(cargo_tool cargo-fuzz "$CARGO_FUZZ") ||
        skip_step 'fuzz targets' "cargo-fuzz $CARGO_FUZZ could not be built"
    if [[ $toolchain == nightly ]]; then
        export RUSTUP_TOOLCHAIN=nightly
        options=(--sanitizer address)
    fi
    export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/fuzz-$toolchain"
    # cargo-fuzz has no --locked of its own.
    cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
    "$tool" build "${options[@]}" --target-dir "$CARGO_TARGET_DIR"
    # Files of the targets: in memory where the system has a folder for that.
    [[ ! -w /dev/shm ]] || export TMPDIR=/dev/shm
    folder=$(mktemp -d "$SCRATCH/fuzz.XXXX")
    for target in $(sed -n 's/^name = "\([a-z]*\)"$/\1/p' fuzz/Cargo.toml); do
        seconds=$each
        [[ $target != @(parser|connection) ]] || seconds=$((each < 12 ? 12 : each))
        printf -- '--- fuzz target %s, %s s\n' "$target" "$seconds"
        mkdir "$folder/$target"
        # A failing input is kept in fuzz/artifacts; cargo-fuzz prints its path.
        "$tool" run "${options[@]}" --target-dir "$CARGO_TARGET_DIR" "$target" \
            "$folder/$target" "fuzz/seeds/$target" -- -max_total_time="$seconds" -timeout=20 \
            -rss_limit_mb=1024 -max_len=4096 -print_final_stats=1 2>&1 |
            tee "$SCRATCH/fuzz-$target" | grep -vE '^#[0-9]+.*(NEW|REDUCE|pulse)'
        note "fuzz target $target: $(sed -n \
            's/^stat::number_of_executed_units: *//p' "$SCRATCH/fuzz-$target") inputs in $seconds s"
        rm -rf "${TMPDIR:-/tmp}"/influx-edge-fuzz-*
    done
    rm -rf "$folder"
}
