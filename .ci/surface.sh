#!/usr/bin/env bash
# What the crate shows to the world: how much of it is documented and has an example, and whether it is
# what docs/public-api.txt lists, so that nobody changes the interface without seeing it.
#
#     .ci/surface.sh             prints the table; fails below the marks, or if the listing differs
#     .ci/surface.sh --missing   the functions that have no example
#     .ci/surface.sh --bless     writes the listing anew
#
# It reads rustdoc's JSON, which a stable compiler gives if it is asked by RUSTC_BOOTSTRAP. Ends with 3
# if it doesn't.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
LISTING=docs/public-api.txt
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/surface

cargo build --quiet --release --locked --manifest-path .ci/surface/Cargo.toml
surface=$CARGO_TARGET_DIR/release/surface
RUSTC_BOOTSTRAP=1 cargo rustdoc --quiet --locked --lib --features v1,log -- \
    -Z unstable-options --output-format json || exit 3
json=$CARGO_TARGET_DIR/doc/influx_edge.json
[[ -s $json ]] || exit 3

case ${1-} in
--missing)
    "$surface" missing "$json"
    ;;
--bless)
    "$surface" listing "$json" >"$LISTING"
    ;;
*)
    "$surface" coverage "$json"
    if ! "$surface" listing "$json" | diff "$LISTING" - >"$CARGO_TARGET_DIR/difference"; then
        cat "$CARGO_TARGET_DIR/difference"
        printf 'the public interface is not what %s lists; if that is meant: %s --bless\n' \
            "$LISTING" .ci/surface.sh
        exit 1
    fi
    ;;
esac
