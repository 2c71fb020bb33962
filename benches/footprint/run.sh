#!/usr/bin/env bash
# Prints what a minimal program costs: stripped size, crates, memory after 1 000 writes, threads.
#
#     benches/footprint/run.sh
#
# The programs talk plain HTTP to a process on the loopback, whatever TLS is built in, so the memory
# of a TLS session is not in these figures. Linux only (/proc).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../../target}/footprint
BIN=$CARGO_TARGET_DIR/release

# The very versions that the crate is tested with.
cp ../../Cargo.lock .
cargo build --quiet --release --bin sink
coproc SINK { exec "$BIN/sink"; }
trap 'kill "$SINK_PID" 2>/dev/null || true' EXIT
read -r url <&"${SINK[0]}"

printf '%s, %s, opt-level %s\n\n' "$(rustc --version | cut -d' ' -f1,2)" "$(uname -m)" \
    "$(sed -n 's/^opt-level = //p' Cargo.toml)"
printf '| program | TLS | stripped | crates | after 1 000 writes |\n|---|---|---|---|---|\n'

# crates_of CRATE FEATURES: how many crates a program gets by depending on this one, itself included.
crates_of() {
    cargo tree -e normal --features "$2" --prefix depth --no-dedupe | awk -v of="$1" '
        { depth = $1; sub(/[^0-9].*/, "", depth); name = substr($1, length(depth) + 1) }
        depth == 1 { inside = (name == of) }
        inside && depth >= 1 { seen[name " " $2] }
        END { for (crate in seen) n++; print n }'
}

# row PROGRAM CRATE FEATURES [TLS]
row() {
    local program=$1 crate=$2 features=$3 tls=${4:-none}
    cargo build --quiet --release --bin "$program" --features "$features"
    printf '| %s | %s | %d KiB | %d | %s |\n' "$program" "$tls" \
        $(($(stat -c %s "$BIN/$program") / 1024)) "$(crates_of "$crate" "$features")" \
        "$("$BIN/$program" "$url" | tail -n 1)"
}

row write influx-edge ''
row write_query influx-edge ''
row write influx-edge rustls rustls
row write_query influx-edge rustls rustls
if pkg-config --exists openssl 2>/dev/null; then
    row write influx-edge native-tls native-tls
fi
row bare ureq bare
row bare ureq bare,rustls rustls
