# What another program's tree makes of this crate: every feature of its dependencies on, and the oldest
# versions that Cargo.toml allows. Sourced, not run.

# The features of the dependencies that another crate of the same program may turn on, beside those that
# this crate asks for. Left out: what a program decides for itself (log's `max_level_*`), nightly's
# (`unstable`, `crc32fast/nightly`), private ones (`_test`), what needs more than a crate
# (`portable-atomic-critical-section` an implementation, `use-explicitly-provided-auxv` a call,
# `vendored` and `fips` minutes of C), Windows' (`win-system-proxy`), what assumes a newer kernel than
# the machine's (`linux_latest`), and `toml_parser/debug`, which prints every step to stderr.
UNIFIED=(
    serde/rc
    serde_json/{arbitrary_precision,float_roundtrip,preserve_order,raw_value,unbounded_depth}
    ureq/{brotli,charset,cookies,gzip,json,multipart,platform-verifier,rustls,socks-proxy}
    rustls/{default,brotli,zlib}
    flate2/zlib-rs
    log/{kv,kv_serde,kv_std,kv_sval}
    base64/default
    csv-core/{default,libc}
    heapless/{defmt-03,mpmc_large,portable-atomic,serde,ufmt}
    rustix/{all-apis,try_close,use-libc,use-libc-auxv}
    toml_parser/{default,simd,unsafe}
)

# copied NAME: copies the repository, without what is ignored, and prints the folder of the copy, which
# is always the same so that dependencies are built once. Its Cargo.lock may change.
copied() {
    local dir="$CARGO_TARGET_DIR/$1"
    rm -rf "$dir"
    mkdir -p "$dir"
    git ls-files -z --cached --others --exclude-standard |
        tar --create --null --files-from=- --ignore-failed-read | tar --extract --directory="$dir"
    printf '%s\n' "$dir"
}

# The tests with all of these features on. What a feature changes is a dependency's conduct, so the
# random cases of the codecs, the disk and the batches are left to other steps, and so is what uses no
# dependency.
unified_tree() {
    local dir features
    dir=$(copied unified)
    cd "$dir"
    printf -v features '%s,' "${UNIFIED[@]}"
    if openssl_headers; then
        features+=ureq/native-tls,native-tls/alpn,native-tls,
    else
        skip 'features of native-tls beside all others' 'no OpenSSL headers'
    fi
    export INFLUX_EDGE_CASES=100 INFLUX_EDGE_FUZZ_RUNS=1000 INFLUX_EDGE_MODEL_SCRIPTS=30
    # Not --locked: the lock file has no crate that only these features need.
    cargo test --features "${features}v1,v3,log" --lib --test client --test csv --test http_faults \
        --test v1 --test v3 -- --skip spool:: --skip writer::
    note "features of dependencies that the unified tree has on: $(tr , '\n' <<<"${features%,}" |
        wc -l)"
}

# The oldest versions of the direct dependencies, development's included: whether all targets build
# with them. `lower_bounds_long` also runs the tests of what they are used for.
lower_bounds() {
    oldest_versions
    cargo check --locked --all-targets --features v1,v3,log
    if openssl_headers; then
        cargo check --locked --no-default-features --features client,native-tls
    fi
}

lower_bounds_long() {
    oldest_versions
    cargo test --locked --features v1,v3,log --test client --test http_faults --test v1 --test v3
}

# Goes to a copy of the repository whose lock file has the oldest versions.
oldest_versions() {
    local dir
    dir=$(copied lower)
    cd "$dir"
    # The library alone: it is what others' trees have in them.
    rm -r Cargo.lock cli
    sed -i 's/^members = .*/members = []/' Cargo.toml
    # Cargo resolves so only for those who ask for unstable options.
    RUSTC_BOOTSTRAP=1 cargo update -Z direct-minimal-versions
}
