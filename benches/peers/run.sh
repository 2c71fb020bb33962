#!/usr/bin/env bash
# All tables of this folder: encode, decode, write and query, with other clients.
#
#     benches/peers/run.sh
#
# Builds what it needs first: some minutes. The crates in use are those of the two lock files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# Everything goes over loopback; some of the clients would ask a proxy for it.
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY

# The two crates have most of what they need in common.
export CARGO_TARGET_DIR=$PWD/target
cargo build --locked --release --quiet
cargo build --locked --release --quiet --manifest-path end_to_end/Cargo.toml

printf '%s, %s, %s processors\n\n' "$(date -u +%F)" "$(uname -m)" "$(nproc)"
cargo run --locked --release --quiet --bin encode
cargo run --locked --release --quiet --bin decode
cd end_to_end
cargo run --locked --release --quiet --bin write
cargo run --locked --release --quiet --bin query
