#!/usr/bin/env bash
# Proves that codecs and connection need neither std nor a heap, with nothing but the host's own toolchain:
# the crate is built as a no_std static library with a panic handler of its own, the symbols of the
# archive are read, and the library is called from a C program.
#
# Needs cc and nm (binutils), which Rust's linker needs anyway.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/no_std
ARCHIVE=$CARGO_TARGET_DIR/release/libno_std_proof.a

# The very versions that the crate is tested with.
cp ../../Cargo.lock .
cargo build --release --features serde,embedded

# What the archive wants from outside. The compiler itself calls memcpy and its like, and libgcc's
# arithmetic (__udivti3, __aeabi_…); everything else, an allocator above all, would mean that
# something beside core has come in.
defined=$(nm --defined-only "$ARCHIVE" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u)
wanted=$(nm --undefined-only "$ARCHIVE" 2>/dev/null | awk 'NF == 2 { print $2 }' | sort -u)
outside=$(comm -13 <(printf '%s\n' "$defined") <(printf '%s\n' "$wanted") |
    grep -vxE 'memcpy|memmove|memset|memcmp|bcmp|__aeabi_[a-z0-9]+|__u?(div|mod|mul)[sdt]i3' || true)
if [[ -n $outside ]]; then
    printf 'the archive wants from outside:\n%s\n' "$outside"
    exit 1
fi
if grep -E '__rust_alloc|__rg_alloc|^malloc$' <<<"$defined"; then
    printf 'there is an allocator in the archive\n'
    exit 1
fi

# It also works.
cc -O1 -Wall -Werror run.c "$ARCHIVE" -o "$CARGO_TARGET_DIR/run"
diff <("$CARGO_TARGET_DIR/run") expected.txt

# The counter-proof: a build that lets std or a heap in must fail, or the proof proves nothing.
fails_with() {
    local feature=$1 words=$2
    if cargo build --release --features "$feature" >"$CARGO_TARGET_DIR/$feature.log" 2>&1; then
        printf 'with feature %s the proof should not build, and does\n' "$feature"
        exit 1
    fi
    grep -qF -e "$words" "$CARGO_TARGET_DIR/$feature.log" || {
        cat "$CARGO_TARGET_DIR/$feature.log"
        exit 1
    }
}
fails_with std 'E0152'
fails_with alloc 'no global memory allocator found'
printf 'no std, no heap: nothing is wanted from outside but memcpy and its like\n'
