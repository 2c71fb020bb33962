# The steps of .ci/run, each a function that fails, passes or skips. Sourced, not run.

# The ladder, literally: what clippy and the tests go through.
NO_CLIENT=('' 'alloc' 'std' 'serde' 'alloc,serde' 'spool')
WITH_CLIENT=('client' 'client,gzip' 'client,rustls' 'client,spool' 'client,log' 'client,v1')

formatting() {
    cargo fmt --all --check
    # Packages of their own, beside the crate.
    local manifest
    for manifest in $(own_workspaces); do
        cargo fmt --manifest-path "$manifest" --check
    done
}

# The manifests of the packages in this repository that are not the crate itself.
own_workspaces() {
    git ls-files '*/Cargo.toml'
}

file_sizes() {
    local long
    long=$(git ls-files '*.rs' '*.sh' '*.toml' '*.md' '.ci/*' |
        xargs wc -l | awk '$2 != "total" && $1 > 800')
    if [[ -n $long ]]; then
        printf 'over 800 lines:\n%s\n' "$long"
        return 1
    fi
}

# The crate itself on every rung; its tests and examples, which look alike on most, on two.
clippy_ladder() {
    local features targets
    for features in "${NO_CLIENT[@]}" "${WITH_CLIENT[@]}"; do
        targets=--lib
        [[ -n $features ]] || targets=--all-targets
        printf -- '--- clippy %s, features: %s\n' "$targets" "${features:-none}"
        cargo clippy --locked --no-default-features --features "$features" "$targets" -- -D warnings
    done
    if openssl_headers; then
        printf -- '--- clippy --lib, features: client,native-tls\n'
        cargo clippy --locked --no-default-features --features client,native-tls --lib -- -D warnings
    else
        skip 'native-tls' 'no OpenSSL headers (libssl-dev, pkg-config), and no root to install them'
    fi
    printf -- '--- clippy --all-targets, features: default\n'
    cargo clippy --locked --all-targets -- -D warnings
}

# OpenSSL's headers for the native-tls rung: there, or installed if we may.
openssl_headers() {
    pkg-config --exists openssl 2>/dev/null && return 0
    [[ $(id -u) == 0 ]] && apt_ready || return 1
    apt-get install -qq -y --no-install-recommends libssl-dev pkg-config >/dev/null &&
        pkg-config --exists openssl
}

readme_tests() {
    cargo test --locked
}

# What each rung has of its own; the README's command ran everything on the top one. (Doc examples
# use Vec and std, so the low rungs go without them.) The random tests ran in full there: here a
# tenth of their cases shows what a rung changes.
test_ladder() {
    export INFLUX_EDGE_CASES=1000 INFLUX_EDGE_FUZZ_RUNS=20000
    rung '' line csv flux
    rung 'alloc' line
    rung 'serde'
    rung 'std,serde' csv line resource_use
    rung 'spool' 'spool_*'
    rung 'client' client client_log http_faults resource_use
    rung 'client,v1' v1
    # The examples of what is off by default.
    printf -- '--- examples in the documentation, features: default, v1\n'
    cargo test --locked --features v1 --doc -- v1 servers
}

# rung FEATURES TEST...: the unit tests and these test programs.
rung() {
    local features=$1 test args=()
    shift
    for test in "$@"; do args+=(--test "$test"); done
    printf -- '--- tests, features: %s\n' "${features:-none}"
    cargo test --locked --no-default-features --features "$features" --lib "${args[@]}"
}

# What takes optimised code: many crashes, many power cuts, long streams, many random inputs.
at_length() {
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
    export SPOOL_KILLS=1000 SPOOL_CUT_STATES=100000 SPOOL_OUTAGE_MB=1000
    export SPOOL_FUZZ=200000 SPOOL_MODEL_SCRIPTS=10000 SPOOL_EXT4_CUTS=200
    export INFLUX_EDGE_FUZZ_RUNS=500000
    cargo test --locked --release --no-default-features --features std,serde,spool \
        --test spool_kill --test spool_memory
    cargo test --locked --release --no-default-features --features std,serde,spool \
        --lib -- spool::
    cargo test --locked --release --no-default-features --features std,serde,spool \
        --test csv --test line -- fuzz::
    cargo test --locked --release --no-default-features --features std,serde,spool \
        --test resource_use -- --ignored
    # The writer: every position of a batch, a million points, three days, ten thousand restarts.
    export INFLUX_EDGE_LONG=1
    cargo test --locked --release --no-default-features --features client,spool \
        --lib --test writer -- writer:: three_requests --nocapture 2>&1 |
        tee "$SCRATCH/writer"
    # Alone, so that what the process holds is what the writer holds.
    INFLUX_EDGE_ALONE=1 cargo test --locked --release --no-default-features \
        --features client,spool --lib -- --exact --nocapture \
        writer::tests::long_runs::a_day_takes_as_much_memory_as_a_minute 2>&1 |
        tee -a "$SCRATCH/writer"
    while read -r line; do
        note "$line"
    done < <(grep -E '^(a day:|[0-9]+ positions,|[0-9]+ points in|model:)' "$SCRATCH/writer")
}

documentation() {
    export RUSTDOCFLAGS='-D warnings'
    cargo doc --locked --no-deps
    # Rooms that this rung lacks are named all the same; those links have nowhere to go.
    export RUSTDOCFLAGS='-D warnings -A rustdoc::broken_intra_doc_links'
    cargo doc --locked --no-deps --no-default-features
}

# Documentation and examples in numbers, and the public interface against its listing.
public_surface() {
    local code=0
    .ci/surface.sh | tee "$SCRATCH/surface" || code=$?
    ((code == 3)) && skip_step 'documentation in numbers, listing of the interface' \
        "this compiler gives no JSON of its documentation"
    note "items, documented, functions, with an example, that also runs: $(awk -F'|' \
        '$2 ~ /all/ { print $3 $4 $5 $6 $7 }' "$SCRATCH/surface")"
    return "$code"
}

no_std_proof() {
    tests/no_std/prove.sh
}

dependencies() {
    local count banned
    count=$(cargo tree --locked -e normal --no-default-features -F client --prefix none |
        awk '{ print $1, $2 }' | sort -u | wc -l)
    note "crates of the client without TLS: $count (this one included; at most 30)"
    note "crates of the default features: $(cargo tree --locked -e normal --prefix none |
        awk '{ print $1, $2 }' | sort -u | wc -l)"
    ((count <= 30))
    # The spool adds three crates to the default tree; Cargo.toml says why not fewer, and where more.
    local with without
    with=$(cargo tree --locked -e normal --prefix none | awk '{ print $1, $2 }' | sort -u)
    without=$(cargo tree --locked -e normal --no-default-features -F client,rustls,gzip \
        --prefix none | awk '{ print $1, $2 }' | sort -u)
    note "crates that the spool adds: $(comm -23 <(printf '%s\n' "$with") \
        <(printf '%s\n' "$without") | awk '{ print $1 }' | paste -sd ' ')"
    (($(wc -l <<<"$with") - $(wc -l <<<"$without") <= 3))
    # No runtime and no second HTTP stack: not for us, not for tests, not on any target.
    banned=$(cargo tree --locked -e all --target all --all-features --prefix none |
        awk '{ print $1 }' | sort -u | grep -xE 'tokio|hyper|reqwest|async-std' || true)
    if [[ -n $banned ]]; then
        printf 'not wanted anywhere: %s\n' "$banned"
        return 1
    fi
}

package() {
    local list file
    list=$(cargo package --locked --allow-dirty --list)
    printf '%s\n' "$list" | grep -v '^tests/recordings/'
    for file in Cargo.toml README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE src/lib.rs \
        examples/quickstart.rs; do
        grep -qxF "$file" <<<"$list" || {
            printf 'missing in the package: %s\n' "$file"
            return 1
        }
    done
    if grep -E '^(\.|benches/|target/|tests/no_std/|deny\.toml)' <<<"$list" |
        grep -vxF .cargo_vcs_info.json; then
        printf 'these do not belong into the package\n'
        return 1
    fi
    # Unpacks what would be published and builds it by itself.
    cargo package --locked --allow-dirty
    note "package: $(wc -l <<<"$list") files, $(du -k "$CARGO_TARGET_DIR"/package/*.crate |
        awk '{ print $1 }') KiB packed"
}

# As a new user: a clone, one command, nothing set.
quickstart() {
    local clone="$SCRATCH/clone" begun=$SECONDS lines
    git clone --quiet "$ROOT" "$clone"
    cd "$clone"
    (
        unset CARGO_TARGET_DIR CARGO_INCREMENTAL CARGO_PROFILE_DEV_DEBUG
        timeout 900 cargo run --example quickstart
    ) | tee "$SCRATCH/quickstart"
    lines=$(wc -l <"$SCRATCH/quickstart")
    processor_time
    note "quickstart from a clean clone, build included: $((SECONDS - begun)) s ($CPU s of \
processor time), $lines lines"
    ((lines >= 10))
    # Two minutes at most; on a machine that is busy with other things, two minutes of its own.
    ((SECONDS - begun <= 120 || CPU <= 120))
}

# The examples that talk to a server, as a user runs them: against their mock servers, and against a
# server of one's own, if INFLUXDB_V2_URL and its companions (an operator's token) were set when
# .ci/run began. Each ends in time, says something, and ends with the right code.
examples() {
    local name
    cargo build --locked --example quickstart --example cron_report --example raw_call \
        --example provision
    example 0 quickstart
    example 0 cron_report
    example 0 raw_call
    example 0 raw_call GET /health
    example 1 raw_call GET no-slash
    example 0 provision
    if [[ -z ${OWN[INFLUXDB_V2_URL]:-} ]]; then
        skip 'examples against a real server' 'INFLUXDB_V2_URL was not set'
        return
    fi
    for name in "${!OWN[@]}"; do
        export "$name=${OWN[$name]}"
    done
    example 0 quickstart
    example 0 cron_report quickstart
    example 2 cron_report no-such-measurement
    example 0 raw_call GET /api/v2/buckets limit=10
    example 0 provision
}

# example CODE NAME ARGUMENT...: runs a built example, which ends with this code within a minute
# and prints at least one line.
example() {
    local wanted=$1 name=$2 code=0 output="$SCRATCH/example"
    shift 2
    printf -- '--- %s %s\n' "$name" "$*"
    timeout 60 "$CARGO_TARGET_DIR/debug/examples/$name" "$@" >"$output" 2>&1 || code=$?
    cat "$output"
    if ((code != wanted)) || [[ ! -s $output ]]; then
        printf '%s ended with %s, not %s\n' "$name" "$code" "$wanted"
        return 1
    fi
}

# Built and run; fails when a program has grown beyond its limit. The figures go into the summary.
footprint() {
    benches/footprint/run.sh --check | tee "$SCRATCH/footprint"
    while read -r line; do
        note "$line"
    done < <(grep '^|' "$SCRATCH/footprint")
}

# The compiler that Cargo.toml promises (rust-version).
oldest_version() {
    sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml
}

# Debian's own compiler of that version, unpacked beside the machine's toolchain: prints its folder.
debian_rust() {
    local rust version
    rust=$(oldest_version)
    apt_ready && version=$(version_of rustc-web "$rust.") || return 1
    unpacked "rust-$rust" "rustc-web=$version" "cargo-web=$version" \
        "libstd-rust-web-dev=$version" "libstd-rust-web-$rust=$version"
}

# Makes the rest of the step use the toolchain in this folder.
use_debian_rust() {
    local libs
    libs=$(gcc -print-multiarch)
    export LD_LIBRARY_PATH="$1/usr/lib/$libs:$1/lib/$libs" PATH="$1/usr/bin:$PATH"
    hash -r
}

oldest_rust() {
    local rust root
    rust=$(oldest_version)
    export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/oldest"
    if rustup run "$rust" rustc --version >/dev/null 2>&1; then
        export RUSTUP_TOOLCHAIN=$rust
    elif root=$(debian_rust); then
        use_debian_rust "$root"
    else
        skip_step "Rust $rust" 'neither rustup nor Debian (rustc-web) has it here'
    fi
    rustc --version
    cargo --version
    [[ $(rustc --version) == "rustc $rust."* ]]
    cargo build --locked --no-default-features
    cargo check --locked --all-targets
    # Debian's compiler, this very version, makes the boards' tests, so they are the run.
    [[ -z ${RUSTUP_TOOLCHAIN:-} ]] || cargo test --locked --lib --test client
}

# rust_source FOLDER: puts the source of core and std beside this compiler of Debian's, where cargo
# looks for it to build them. Both lanes may want it at the same time.
rust_source() (
    source=$1/usr/lib/rustlib/src/rust
    exec 9>"$CACHE/.source.lock"
    flock 9
    [[ ! -d $source ]] || exit 0
    version=$(version_of rustc-web "$(oldest_version).") || exit 1
    tarball=$(source_of rustc-web "$version" '[.]orig[.]tar') || exit 1
    rm -rf "$source.new"
    mkdir -p "$source.new"
    tar -xf "$tarball" -C "$source.new" --strip-components=1 --wildcards '*/library' || exit 1
    mv -T "$source.new" "$source" || exit 1
    rm -f "$tarball"
)

# The codecs on a microcontroller. Registry toolchains bring no core for it, so core is built from
# Debian's source of the very compiler that is used.
cortex_m() {
    local target=thumbv7em-none-eabihf lld root std=() entry archive
    lld=$(find "$(rustc --print sysroot)" -name rust-lld | head -n 1)
    if [[ ! -d $(rustc --print sysroot)/lib/rustlib/$target ]]; then
        root=$(debian_rust) ||
            skip_step 'Cortex-M' "no $target in the toolchain, and no Debian compiler to build it"
        rust_source "$root" ||
            skip_step 'Cortex-M' 'the source of the compiler could not be fetched'
        use_debian_rust "$root"
        # Debian's compiler is a stable one; building core needs a word with it.
        export RUSTC_BOOTSTRAP=1
        std=(-Z build-std=core)
    fi
    # Not the folder of the boards, which the second lane builds in.
    export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/cortex-m"
    cd tests/no_std
    cp ../../Cargo.lock .
    cargo build --release --target "$target" "${std[@]}"
    archive=$CARGO_TARGET_DIR/$target/release/libno_std_proof.a
    [[ -n $lld ]] || skip_step 'code size on Cortex-M' 'the toolchain has no rust-lld to link with'
    # Linked with nothing undefined: not even memcpy comes from outside.
    local entries
    entries=$(sed -n 's/.*extern "C" fn \([a-z_]*\).*/\1/p' src/lib.rs)
    for entry in $entries; do
        code_size "$entry" "$entry"
    done
    # shellcheck disable=SC2086 # one word each
    code_size 'all of them together' $entries
    code_size 'encoder and decoder with floats' encode_reading decode_readings
    size_limit 24
    # The same for whom size is everything.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=z cargo build --release --target "$target" "${std[@]}"
    for entry in encode_reading decode_readings; do
        code_size "$entry, opt-level z" "$entry"
    done
    # shellcheck disable=SC2086 # one word each
    code_size 'all of them together, opt-level z' $entries
    code_size 'encoder and decoder with floats, opt-level z' encode_reading decode_readings
    size_limit 22
}

# size_limit KIB: the code that code_size linked last takes no more.
size_limit() {
    local bytes
    bytes=$(size -A "$SCRATCH/linked" | awk '$1 == ".text" { print $2 }')
    if ((bytes > $1 * 1024)); then
        printf '%d bytes of code, %d KiB is the limit\n' "$bytes" "$1"
        return 1
    fi
}

# code_size TITLE ENTRY...: notes what these functions take when linked alone. Uses the variables
# of cortex_m.
code_size() {
    local title=$1
    shift
    "$lld" -flavor gnu --gc-sections --no-undefined -e "$1" "${@/#/--undefined=}" \
        -o "$SCRATCH/linked" "$archive"
    note "$target, $title: $(size -A "$SCRATCH/linked" | awk '
        $1 == ".text" { text = $2 } $1 == ".rodata" { tables = $2 }
        END { printf "%.1f KiB of code, %.1f KiB of tables", text / 1024, tables / 1024 }')"
}

# cargo-deny is built once, without optimisation, and kept in the cache.
supply_chain() {
    local version=0.18.9 deny="$CACHE/cargo-deny/bin/cargo-deny"
    if [[ $("$deny" --version 2>/dev/null) != "cargo-deny $version" ]]; then
        if command -v cargo-deny >/dev/null; then
            deny=$(command -v cargo-deny)
        else
            # One job, for it runs beside other steps.
            CARGO_TARGET_DIR="$SCRATCH/cargo-deny" CARGO_PROFILE_DEV_DEBUG=0 CARGO_BUILD_JOBS=1 \
                cargo install --quiet --locked --debug --root "$CACHE/cargo-deny" \
                --version "$version" cargo-deny ||
                skip_step 'cargo deny' "cargo-deny $version could not be built"
        fi
    fi
    "$deny" --version
    "$deny" --locked --offline --all-features check licenses bans sources
    if "$deny" --locked fetch db; then
        "$deny" --locked --all-features check --disable-fetch advisories
    else
        skip 'security advisories' 'their database (a git repository) can not be reached from here'
    fi
}
