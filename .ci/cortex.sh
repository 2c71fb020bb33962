# Code size of the codecs on a Cortex-M, with each of the two builds of core that a program can have.
# Sourced, not run.

CORTEX_M=thumbv7em-none-eabihf

# has_target TARGET: whether the toolchain in use has the compiled standard library of this target;
# rustup is asked to add it if it does not.
has_target() {
    local libraries
    libraries=$(rustc --print sysroot)/lib/rustlib/$1/lib
    [[ -d $libraries ]] && return 0
    command -v rustup >/dev/null && rustup target add "$1" >&2 && [[ -d $libraries ]]
}

# The compiled core that rustup delivers. This is what users of a stable toolchain link, so these
# are the published sizes, and the limits apply to them. Without it, the one below.
cortex_m() {
    if ! has_target "$CORTEX_M"; then
        skip "Cortex-M with rustup's core" "the toolchain has no $CORTEX_M, nor can rustup add it"
        cortex_m_built
        return
    fi
    skip 'Cortex-M with a core built from source' '.ci/run --long builds it'
    LLD=$(rust_lld)
    rustc --version
    cortex_m_sizes "$CORTEX_M" 21 21
}

# The core that cargo builds from source with the profile of tests/no_std (-Z build-std), here with
# Debian's compiler and its source. It is smaller, since it is optimised for size, too.
cortex_m_built() {
    local root
    LLD=$(rust_lld)
    root=$(debian_rust) || skip_step 'Cortex-M with a core built from source' \
        "Debian's compiler (rustc-web) could not be fetched"
    rust_source "$root" || skip_step 'Cortex-M with a core built from source' \
        'the source of the compiler could not be fetched'
    use_debian_rust "$root"
    # Debian's compiler is a stable one; building core takes an unstable flag.
    export RUSTC_BOOTSTRAP=1
    rustc --version
    cortex_m_sizes "$CORTEX_M, core built from source" 20 20 -Z build-std=core
}

# Prints the path of the toolchain's own linker, or nothing.
rust_lld() {
    find "$(rustc --print sysroot)" -name rust-lld | head -n 1
}

# cortex_m_sizes NAME KIB KIB_Z [CARGO-OPTION...]: builds tests/no_std with the compiler in use and
# these options, links each function, and notes the sizes as those of NAME. The encoder and the
# decoder with floats take at most KIB of code, and KIB_Z at opt-level z. Uses LLD.
cortex_m_sizes() {
    local name=$1 limit=$2 limit_z=$3 archive entries entry
    shift 3
    # Not the folder of the boards, which the second job queue builds in.
    export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/cortex-m"
    rm -f "$SCRATCH/too-large"
    cd tests/no_std
    cp ../../Cargo.lock .
    cargo build --release --target "$CORTEX_M" "$@"
    archive=$CARGO_TARGET_DIR/$CORTEX_M/release/libno_std_proof.a
    [[ -n $LLD ]] || skip_step "code size on $name" 'the toolchain has no rust-lld to link with'
    # Linked with nothing undefined: not even memcpy is taken from outside.
    entries=$(sed -n 's/.*extern "C" fn \([a-z_]*\).*/\1/p' src/lib.rs)
    for entry in $entries; do
        code_size "$entry" "$entry"
    done
    # shellcheck disable=SC2086 # one word each
    code_size 'all of them together' $entries
    code_size 'encoder and decoder with floats' encode_reading decode_readings
    size_limit "$limit"
    cargo build --release --target "$CORTEX_M" --features serde "$@"
    code_size 'a struct by serde' serialize_reading
    deliveries "$@"
    # For programs where size matters most.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=z cargo build --release --target "$CORTEX_M" "$@"
    for entry in encode_reading decode_readings; do
        code_size "$entry, opt-level z" "$entry"
    done
    # shellcheck disable=SC2086 # one word each
    code_size 'all of them together, opt-level z' $entries
    code_size 'encoder and decoder with floats, opt-level z' encode_reading decode_readings
    size_limit "$limit_z"
    CARGO_PROFILE_RELEASE_OPT_LEVEL=z cargo build --release --target "$CORTEX_M" --features serde "$@"
    code_size 'a struct by serde, opt-level z' serialize_reading
    [[ ! -s $SCRATCH/too-large ]]
}

# deliveries [CARGO-OPTION...]: the connection. A delivery takes at most 18 KiB, with a query at most 36.
# No call of it panics, nor of the queue.
deliveries() {
    cargo build --release --target "$CORTEX_M" --features embedded "$@"
    code_size 'a reading encoded, written and the response understood' deliver_reading
    size_limit 18
    never_panics 'a delivery'
    code_size 'the same, and a query' deliver_reading query_newest
    size_limit 36
    note "what may panic in a query, all of it in csv-core: $(nm -C "$SCRATCH/linked" |
        grep -oE '[a-z:]*(panic[a-z_]*|unwrap_failed|expect_failed)$' | sort -u | paste -sd ' ')"
    cargo build --release --target "$CORTEX_M" --features queue "$@"
    code_size 'a delivery, and lines queued and delivered' deliver_reading deliver_queued
    never_panics 'the queue'
}

# never_panics NAME: the program that code_size linked last has no code for panics.
never_panics() {
    if nm "$SCRATCH/linked" | grep -E 'panic|_fail'; then
        printf '%s may panic\n' "$1" | tee -a "$SCRATCH/too-large"
    fi
}

# size_limit KIB: the program that code_size linked last has no more code. The step goes on to
# measure the rest and fails at its end.
size_limit() {
    local bytes
    bytes=$(size -A "$SCRATCH/linked" | awk '$1 == ".text" { print $2 }')
    if ((bytes > $1 * 1024)); then
        printf '%d bytes of code, %d KiB is the limit\n' "$bytes" "$1" | tee -a "$SCRATCH/too-large"
    fi
}

# code_size TITLE ENTRY...: notes the size of these functions, linked alone. Uses LLD and the
# variables of cortex_m_sizes.
code_size() {
    local title=$1
    shift
    "$LLD" -flavor gnu --gc-sections --no-undefined -e "$1" "${@/#/--undefined=}" \
        -o "$SCRATCH/linked" "$archive"
    note "$name, $title: $(size -A "$SCRATCH/linked" | awk '
        $1 == ".text" { text = $2 } $1 == ".rodata" { tables = $2 }
        END { printf "%.1f KiB of code, %.1f KiB of tables", text / 1024, tables / 1024 }')"
}
