#!/usr/bin/env bash
# `influx-edge write` with a program of the library that does the same: a million lines from a file to a sink
# on the loopback interface, without TLS. Whole processes, in turns; the median of the processor times, and the
# largest resident memory. Fails above a ratio of 1.2 or 6 MiB.
#
#     benches/cli/run.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rounds=${1:-7}
target=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --quiet --release --package influx-edge-cli --no-default-features
cargo build --quiet --release --manifest-path benches/cli/Cargo.toml --target-dir "$target/bench-cli"
command=$target/release/influx-edge
library=$target/bench-cli/release/influx-edge-bench-cli

work=$(mktemp -d)
mkfifo "$work/open"
trap 'exec 3>&-; rm -rf "$work"' EXIT
"$library" lines 1000000 >"$work/lines.lp"
"$library" records 1000000 >"$work/records.csv"
"$library" sink <"$work/open" >"$work/url" &
exec 3>"$work/open"
until [[ -s $work/url ]]; do sleep 0.05; done
export INFLUXDB_V2_URL=$(<"$work/url") INFLUXDB_V2_ORG=acme INFLUXDB_V2_TOKEN=a-token-for-the-sink

TIMEFORMAT='%3U %3S'
timed() { # name, command line
    local name=$1
    shift
    # (GNU time counts in hundredths of a second.)
    { time /usr/bin/time -f %M -o "$work/kib" "$@" >"$work/out" 2>&1; } 2>"$work/time" ||
        { cat "$work/out"; exit 1; }
    paste -d ' ' "$work/time" "$work/kib" >>"$work/$name"
}
for ((round = 0; round < rounds; round++)); do
    timed library "$library" write "$work/lines.lp"
    timed command "$command" write --spool "$work/spool" sensors "$work/lines.lp"
    timed resume "$command" write --spool "$work/spool" --resume "$work/state" sensors "$work/lines.lp"
    rm -f "$work/state"
    timed library-csv "$library" write-csv "$work/records.csv"
    timed command-csv "$command" write --spool "$work/spool" \
        --csv -m weather --tags station,site sensors "$work/records.csv"
done
median() { awk '{ print $1 + $2 }' "$work/$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
peak() { awk '$3 > most { most = $3 } END { print most }' "$work/$1"; }
status=0
compare() { # base, limit of the ratio, names
    local base=$1 limit=$2 name
    shift 2
    for name in "$base" "$@"; do
        awk -v name="$name" -v cpu="$(median "$name")" -v base="$(median "$base")" -v kib="$(peak "$name")" \
            -v limit="$limit" 'BEGIN {
            printf "%-12s %.3f s of processor time, ratio %.2f, %.1f MiB resident\n", name, cpu, cpu / base, kib / 1024
            exit name ~ /^command/ && (cpu / base > limit || kib > 6 * 1024)
        }' || status=1
    done
}
compare library 1.2 command resume
compare library-csv 2 command-csv
exit $status
