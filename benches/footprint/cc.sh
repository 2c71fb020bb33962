#!/usr/bin/env bash
# The linker that run.sh has rustc call, which knows by this name what it can take. It links as asked,
# and each program a second time as X.tight, with what rustc doesn't do by itself (TIGHT, set by
# run.sh): so both sizes come from one compilation.
set -euo pipefail
cc "$@"
tight=() out=
while (($# > 0)); do
    if [[ $1 == -o ]]; then
        out=$2
        tight+=(-o "$out.tight")
        shift
    else
        tight+=("$1")
    fi
    shift
done
# Programs only, not build scripts and macros.
if [[ $out == */release/deps/* && $out != *.so ]]; then
    # shellcheck disable=SC2086 # one word each
    cc "${tight[@]}" $TIGHT || rm -f "$out.tight"
fi
