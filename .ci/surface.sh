#!/usr/bin/env bash
# The public interface: whether it is what docs/public-api.txt lists, so that no change of it goes
# unnoticed, and whether all of it is documented and each type has an example.
#
#     .ci/surface.sh             prints the table; fails below its minimum, or if the listing differs
#     .ci/surface.sh --missing   prints the types that have no example
#     .ci/surface.sh --bless     writes the listing anew
#
# The listing is the output of cargo-public-api: `cargo install cargo-public-api`, or the one that
# CARGO_PUBLIC_API names. .ci/surface counts documentation and examples, which that tool doesn't.
# Both read rustdoc's JSON, which a stable compiler emits with RUSTC_BOOTSTRAP. A version of
# cargo-public-api reads the one format of the JSON that some compilers emit; VERSION is the one for
# Rust 1.95. Exit status: 3 without JSON, 4 if the listing could not be made, else 0 or 1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
VERSION=0.52.0
LISTING=docs/public-api.txt
if [[ ${1-} == --tool-version ]]; then
    printf '%s\n' "$VERSION"
    exit
fi
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/surface

cargo build --quiet --release --locked --manifest-path .ci/surface/Cargo.toml
surface=$CARGO_TARGET_DIR/release/surface
RUSTC_BOOTSTRAP=1 cargo rustdoc --quiet --locked --lib --features v1,v3,embedded,log -- \
    -Z unstable-options --output-format json --cap-lints allow || exit 3
json=$CARGO_TARGET_DIR/doc/influx_edge.json
[[ -s $json ]] || exit 3

# Without implementations that every type has, and without auto traits.
listing() {
    "${CARGO_PUBLIC_API:-cargo-public-api}" public-api --rustdoc-json "$json" -ss --color never \
        >"$CARGO_TARGET_DIR/listing" || exit 4
}

case ${1-} in
--missing)
    "$surface" missing "$json"
    ;;
--bless)
    listing
    cp "$CARGO_TARGET_DIR/listing" "$LISTING"
    ;;
*)
    "$surface" coverage "$json"
    listing
    if ! diff "$LISTING" "$CARGO_TARGET_DIR/listing"; then
        printf 'the public interface is not what %s lists; if that is meant: %s --bless\n' \
            "$LISTING" .ci/surface.sh
        exit 1
    fi
    ;;
esac
