#!/usr/bin/env bash
# Checks the units of this folder with systemd's own tools, and prints how exposed each service is.
#
#     cli/systemd/check.sh
#
# It ends with 77 where there is no systemd-analyze.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
command -v systemd-analyze >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for unit in *.service *.socket *.timer; do
    # The programs are not on this machine; any that is will do.
    sed -E 's|^(ExecStart=)(/usr/[^ ]*)|\1/bin/true|' "$unit" >"$work/$unit"
    if [[ $unit == *.service ]]; then
        mkdir "$work/$unit.d"
        cp hardening.conf "$work/$unit.d"
    fi
done
units=("$work"/*.socket "$work"/*.timer)
for unit in *.service; do units+=("$work/$unit"); done
# Whatever it prints is a complaint.
complaints=$(systemd-analyze verify --man=no "${units[@]}" 2>&1) || true
if [[ -n $complaints ]]; then
    printf '%s\n' "$complaints"
    exit 1
fi
for unit in *.service; do
    # 20: 2.0 of 10, "OK".
    systemd-analyze security --no-pager --offline=true --threshold=20 "$work/$unit" >"$work/report" || {
        cat "$work/report"
        exit 1
    }
    tail -1 "$work/report"
done
