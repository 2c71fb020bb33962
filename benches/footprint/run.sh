#!/usr/bin/env bash
# Prints what a minimal program costs: stripped size, crates, memory after 1 000 writes, threads.
#
#     benches/footprint/run.sh           the table
#     benches/footprint/run.sh --check   a failure if anything is above its limit; with TLS only the
#                                        rows that have one
#
# TLS=none, rustls or native-tls: a third of it. What the columns mean stands in README.md of the
# repository.
#
# The programs talk plain HTTP to a process on the loopback, whatever TLS is built in, so the memory
# of a TLS session is not in these figures. Linux only (/proc).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../../target}/footprint
BIN=$CARGO_TARGET_DIR/release
SPOOLS=$(mktemp -d)
FAILED=0
CHECK=no
[[ ${1:-} != --check ]] || CHECK=yes

# What --check refuses to exceed: KiB stripped, KiB tight, crates, KiB of memory. On x86_64; sizes are
# what was reached and some space for another compiler, the rest is what the crate promises.
declare -A LIMITS=(
    ['write none']='680 574 28 4096'
    ['write_query none']='757 639 28 4096'
    ['write_query_spool none']='994 828 34 4096'
    ['compressing none']='760 643 34 4608'
    ['write rustls']='1650 1412 42 6144'
    ['write_query rustls']='1726 1475 42 6144'
)

# What the second size is linked with, in words for `-C link-arg`: relocations packed (glibc 2.36 or
# later, or musl), and no tables for unwinding.
export TIGHT="-Wl,-z,pack-relative-relocs -Wl,-T,$PWD/no-unwind.ld -Wl,--no-eh-frame-hdr"
export RUSTFLAGS="-C linker=$PWD/cc.sh"

# The very versions that the crate is tested with.
cp ../../Cargo.lock .
cargo build --quiet --release --bin sink
coproc SINK { exec "$BIN/sink"; }
trap 'kill "$SINK_PID" 2>/dev/null || true; rm -rf "$SPOOLS"' EXIT
read -r url <&"${SINK[0]}"

printf '%s, %s, opt-level %s, %s\n\n' "$(rustc --version | cut -d' ' -f1,2)" "$(uname -m)" \
    "$(sed -n 's/^opt-level = //p' Cargo.toml)" "$(date -u +%F)"
printf '| program | TLS | stripped | tight | crates | memory | threads | heap |\n'
printf '|---|---|---|---|---|---|---|---|\n'

# crates_of CRATE FEATURES: how many crates a program gets by depending on this one, itself included.
crates_of() {
    cargo tree -e normal --features "$2" --prefix depth --no-dedupe | awk -v of="$1" '
        { depth = $1; sub(/[^0-9].*/, "", depth); name = substr($1, length(depth) + 1) }
        depth == 1 { inside = (name == of) }
        inside && depth >= 1 { seen[name " " $2] }
        END { for (crate in seen) n++; print n + 0 }'
}

# rows TLS CRATE FEATURES PROGRAM...: builds the programs, runs them, prints a row for each.
rows() {
    local tls=$1 crate=$2 features=$3 program crates size tight memory threads heap bins=()
    shift 3
    for program in "$@"; do bins+=(--bin "$program"); done
    cargo build --quiet --release "${bins[@]}" --features "$features"
    crates=$(crates_of "$crate" "$features")
    for program in "$@"; do
        size=$(kib "$BIN/$program")
        tight=$(kib_tight "$program")
        read -r memory threads heap < <("$BIN/$program" "$url" "$SPOOLS/$program-$tls" | tail -n 1)
        printf '| %s | %s | %d KiB | %s KiB | %d | %d KiB | %d | %d KiB |\n' "$program" "$tls" \
            "$size" "$tight" "$crates" "$memory" "$threads" "$heap"
        within "$program $tls" "$size" "$tight" "$crates" "$memory"
    done
}

kib() {
    echo $((($(stat -c %s "$1") + 1023) / 1024))
}

# The second size of a program. It must do the same: it is run, too.
kib_tight() {
    local linked
    linked=$(find "$BIN/deps" -samefile "$BIN/$1" | head -n 1).tight
    if [[ -x $linked ]] && "$linked" "$url" "$SPOOLS/$1-tight" >/dev/null; then
        kib "$linked"
    else
        echo '?'
    fi
}

# within ROW VALUE...: notes what is above the row's limits.
within() {
    local row=$1 value limit
    [[ -n ${LIMITS[$row]:-} && $(uname -m) == x86_64 ]] || return 0
    shift
    for limit in ${LIMITS[$row]}; do
        value=$1
        shift
        if [[ $value != '?' ]] && ((value > limit)); then
            printf '%s: %d is more than %d\n' "$row" "$value" "$limit" >&2
            [[ $CHECK == no ]] || FAILED=1
        fi
    done
}

# three TLS FEATURES: a table's third.
three() {
    [[ -z ${TLS:-} || $TLS == "$1" ]] || return 0
    rows "$1" influx-edge "$2" write write_query
    [[ $CHECK == no || $1 == none ]] || return 0
    rows "$1" influx-edge "$2,spool" write_query_spool
    # (It fails if its heap is above the limits that stand in it.)
    rows "$1" influx-edge "$2,gzip" compressing
    rows "$1" ureq "$2,bare" bare
}

[[ -n ${TLS:-} && $TLS != none ]] || rows none none '' nothing
three none ''
three rustls rustls
if [[ $CHECK == no ]] && pkg-config --exists openssl 2>/dev/null; then
    three native-tls native-tls
fi
exit "$FAILED"
