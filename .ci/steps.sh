# The steps of .ci/run, each a function that fails, passes or skips. Sourced, not run.

# The feature levels that clippy goes through.
NO_CLIENT=('' 'alloc' 'std' 'serde' 'alloc,serde' 'embedded' 'spool')
WITH_CLIENT=('client' 'client,gzip' 'client,rustls' 'client,spool' 'client,log' 'client,v1' 'client,v3')

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

# The library on every feature level; tests and examples, which differ little between most, on two.
clippy_levels() {
    local features targets
    for features in "${NO_CLIENT[@]}" "${WITH_CLIENT[@]}"; do
        targets=--lib
        [[ -n $features ]] || targets=--all-targets
        printf -- '--- clippy %s, features: %s\n' "$targets" "${features:-none}"
        cargo clippy --locked --no-default-features --features "$features" "$targets" -- -D warnings
    done
    if openssl_headers; then
        printf -- '--- clippy --lib, the tests of TLS, features: client,native-tls\n'
        cargo clippy --locked --no-default-features --features client,native-tls --lib \
            --test http_faults -- -D warnings
    else
        skip 'native-tls' 'no OpenSSL headers (libssl-dev, pkg-config), and no root to install them'
    fi
    printf -- '--- clippy --all-targets, features: default\n'
    cargo clippy --locked --all-targets -- -D warnings
}

# OpenSSL's headers for the feature native-tls: installed if they are missing and this is root.
openssl_headers() {
    pkg-config --exists openssl 2>/dev/null && return 0
    [[ $(id -u) == 0 ]] && apt_ready || return 1
    apt-get install -qq -y --no-install-recommends libssl-dev pkg-config >/dev/null &&
        pkg-config --exists openssl
}

# The README's command, which runs at least as many tests, documentation examples apart, as
# .ci/tests.minimum says: a test that is no longer compiled is noticed.
readme_tests() {
    local count minimum
    cargo test --locked 2>&1 | tee "$SCRATCH/tests"
    count=$(awk '/^ *Doc-tests / { exit } /^test result: / { sum += $4 } END { print sum + 0 }' \
        "$SCRATCH/tests")
    minimum=$(<.ci/tests.minimum)
    note "tests of the README's command, documentation examples apart: $count (at least $minimum)"
    if ((count < minimum)); then
        printf '%d tests passed, %d is the minimum (.ci/tests.minimum)\n' "$count" "$minimum"
        return 1
    fi
}

# The tests of what each feature level adds; the README's command ran all of them with the default
# features. (Documentation examples use Vec and std, so they don't run on the lower levels.) A tenth
# of the random cases suffices to show a difference between levels.
test_levels() {
    export INFLUX_EDGE_CASES=1000 INFLUX_EDGE_FUZZ_RUNS=20000
    export INFLUX_EDGE_MODEL_SCRIPTS=30 SPOOL_MODEL_SCRIPTS=60
    local unit=(--lib)
    level '' csv
    level 'serde'
    level 'std,serde' csv line resource_use
    level 'embedded' embedded
    level 'spool' spool
    # With a board's connection, which has to make of each response what the client does.
    level 'client,embedded' client client_log embedded resource_use
    # (Its unit tests run with all features of the dependencies on.)
    unit=()
    # TLS by the system's library, which has to do whatever rustls does.
    if openssl_headers; then
        # OpenSSL reads the system's store anew for each client, whomever that trusts.
        SSL_CERT_FILE=/dev/null SSL_CERT_DIR=/dev/null level 'client,native-tls,gzip' http_faults
    else
        skip 'tests of native-tls' 'no OpenSSL headers (libssl-dev, pkg-config), and no root to install them'
    fi
    # The examples of what is off by default.
    printf -- '--- examples in the documentation, features: default, v1, v3, embedded\n'
    cargo test --locked --features v1,v3,embedded --doc -- v1 v3 servers migration embedded microcontrollers
    cargo build --locked --features v1,v3,embedded --example embedded_tcp --example sql
    cargo test --locked --features v1,v3,embedded --test examples -- embedded_tcp sql::
}

# The faults of servers and of the path once more with every body compressed: the mock servers are on the
# loopback, to which none is by default. (The real servers' step does the same.) InfluxDB 1.x and 3 first without.
forced_compression() {
    cargo test --locked --features v1,v3,embedded --test v1 --test v3
    cargo test --locked --features v1,v3,embedded --lib --test resource_use -- csv::plain v3_
    INFLUX_EDGE_GZIP=1 timeout 600 cargo test --locked --features v1,v3,embedded --test http_faults \
        --test v1 --test v3
}

# level FEATURES TEST...: the unit tests, if `unit` has them, and these test programs, on one feature level.
level() {
    local features=$1 test args=()
    shift
    for test in "$@"; do args+=(--test "$test"); done
    printf -- '--- tests, features: %s\n' "${features:-none}"
    cargo test --locked --no-default-features --features "$features" "${unit[@]}" "${args[@]}"
}

# at_length [FACTOR]: what takes optimised code: many crashes, many power failures, long streams, many
# random inputs; this many times as many.
at_length() {
    local factor=${1:-1}
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
    export SPOOL_KILLS=$((1000 * factor)) SPOOL_CUT_STATES=$((100000 * factor))
    export SPOOL_OUTAGE_MB=1000 SPOOL_FUZZ=$((200000 * factor))
    export SPOOL_MODEL_SCRIPTS=$((10000 * factor)) SPOOL_EXT4_CUTS=$((200 * factor))
    export INFLUX_EDGE_FUZZ_RUNS=$((500000 * factor))
    # One set of features, so that the library is compiled once.
    local features=client,embedded,spool
    cargo test --locked --release --no-default-features --features $features \
        --test spool_kill --test spool_memory
    cargo test --locked --release --no-default-features --features $features --lib -- spool::
    cargo test --locked --release --no-default-features --features $features \
        --test csv --test embedded --test line -- fuzz::
    cargo test --locked --release --no-default-features --features $features \
        --test resource_use -- --ignored
    # The writer: every position of a batch, a million points, three simulated days, ten thousand
    # random scenarios.
    export INFLUX_EDGE_LONG=1 INFLUX_EDGE_MODEL_SCRIPTS=$((10000 * factor))
    cargo test --locked --release --no-default-features --features $features \
        --lib --test writer -- writer:: three_requests --nocapture 2>&1 |
        tee "$SCRATCH/writer"
    # Alone, so that what the process holds is what the writer holds.
    INFLUX_EDGE_ALONE=1 cargo test --locked --release --no-default-features \
        --features $features --lib -- --exact --nocapture \
        writer::tests::long_runs::a_day_takes_as_much_memory_as_a_minute 2>&1 |
        tee -a "$SCRATCH/writer"
    while read -r line; do
        note "$line"
    done < <(grep -E '^(a day:|[0-9]+ positions,|[0-9]+ points in|model:)' "$SCRATCH/writer")
}

documentation() {
    export RUSTDOCFLAGS='-D warnings'
    cargo doc --locked --no-deps
    # Modules that this feature level lacks are named all the same; those links have no target.
    export RUSTDOCFLAGS='-D warnings -A rustdoc::broken_intra_doc_links'
    cargo doc --locked --no-deps --no-default-features
}

# The share of documented items and of types with an example, and the public interface against
# its listing.
public_surface() {
    local code=0 tool
    if tool=$(cargo_tool cargo-public-api "$(.ci/surface.sh --tool-version)"); then
        export CARGO_PUBLIC_API=$tool
    fi
    .ci/surface.sh | tee "$SCRATCH/surface" || code=$?
    case $code in
    3) skip_step 'public surface' "this compiler's JSON of its documentation could not be read" ;;
    4) skip 'listing of the public interface' \
        "cargo-public-api is not here, or can't read this compiler's JSON" && code=0 ;;
    esac
    note "items, documented, functions, types, with an example: $(awk -F'|' \
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
    if grep -E '^(\.|benches/|fuzz/|target/|tests/no_std/|tests/firmware/|deny\.toml)' <<<"$list" |
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

# The examples that talk to a server, as a user runs them: against their mock servers or with nothing set, and
# against a server of one's own, if INFLUXDB_V2_URL and its companions (an operator's token) were set when
# .ci/run began. Each ends in time, says something, and ends with the right code.
examples() {
    local name
    cargo build --locked --example quickstart --example minimal_write \
        --example minimal_query --example cron_report --example struct_roundtrip --example backfill_csv
    example 0 quickstart
    for name in minimal_write minimal_query cron_report struct_roundtrip backfill_csv; do
        example 1 "$name"
    done
    if [[ -z ${OWN[INFLUXDB_V2_URL]:-} ]]; then
        skip 'examples against a real server' 'INFLUXDB_V2_URL was not set'
        return
    fi
    for name in "${!OWN[@]}"; do
        export "$name=${OWN[$name]}"
    done
    example 0 quickstart
    example 0 minimal_write zrh-1 21.5
    example 0 minimal_query zrh-1
    example 0 struct_roundtrip
    # (Of yesterday there may be nothing.)
    example 2 cron_report no-such-measurement
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
    cargo check --locked -p influx-edge-cli
    # The boards' tests are compiled with Debian's compiler of this version, so they stand for the rest.
    [[ -z ${RUSTUP_TOOLCHAIN:-} ]] || cargo test --locked --lib --test client
}

# rust_source FOLDER: puts the source of core and std beside this compiler of Debian's, where cargo
# looks for it to build them. Both job queues may want it at the same time.
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

# Licences, banned crates, sources and security advisories.
supply_chain() {
    local version=0.18.9 deny
    deny=$(command -v cargo-deny) || deny=$(cargo_tool cargo-deny "$version") ||
        skip_step 'cargo deny' "cargo-deny $version could not be built"
    "$deny" --version
    "$deny" --locked --offline --all-features check licenses bans sources
    if "$deny" --locked fetch db; then
        "$deny" --locked --all-features check --disable-fetch advisories
    else
        skip 'security advisories' 'their database (a git repository) can not be reached from here'
    fi
}
